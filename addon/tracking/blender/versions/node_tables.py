"""What each kind of node, its sockets and its options are called in each Blender: tables alone.

An option is a property of the node or, from 5.0, a menu socket. Sockets are named by their identifier, which
is unique within a node; names are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Option:
    """A choice of a node: where it is kept, and what each of its values is called there."""

    name: str
    values: Mapping[str, str]
    is_menu: bool = False
    """True where it is a menu socket with that name, False where it is a property of the node."""


@dataclass(frozen=True)
class NodeKind:
    """One kind of node as this Blender knows it; sockets by meaning give the socket's identifier."""

    idname: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Option] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    """Properties to set on every new node of this kind, so that it does what its meaning says."""


Kinds = Mapping[tuple[int, int], NodeKind | None]
"""The kind by the first Blender that has it, for each change; oldest first, None where it was taken away."""


def _shader_node_from_5(kind: NodeKind) -> Kinds:
    """A kind that is called otherwise from 5.0, where the compositor has the shader nodes' one."""
    name = kind.idname.replace("CompositorNode", "ShaderNode")
    return {(4, 2): kind, (5, 0): replace(kind, idname=name)}


_IMAGE = {"image": "Image"}
_FRAME_METHODS = {"stretch": "STRETCH", "fit": "FIT", "crop": "CROP"}
_FRAME_METHOD_NAMES = {"stretch": "Stretch", "fit": "Fit", "crop": "Crop"}
_BLENDS = {"mix": "MIX", "multiply": "MULTIPLY", "add": "ADD", "subtract": "SUBTRACT", "screen": "SCREEN"}
_EXTENSIONS = {"clip": "Clip", "extend": "Extend", "repeat": "Repeat"}
_INTERPOLATIONS = {"nearest": "Nearest", "bilinear": "Bilinear", "bicubic": "Bicubic"}
_MATHS = {
    name: name.upper() for name in ("add", "subtract", "multiply", "divide", "floor", "minimum", "maximum")
} | {"above": "GREATER_THAN", "power": "POWER", "sine": "SINE", "fraction": "FRACT"}
_MATH_SOCKETS = {"a": "Value", "b": "Value_001"}
_MENU_SAMPLING = {
    "interpolation": Option("Interpolation", _INTERPOLATIONS, is_menu=True),
    "extension x": Option("Extension X", _EXTENSIONS, is_menu=True),
    "extension y": Option("Extension Y", _EXTENSIONS, is_menu=True),
}
_ENUM_INTERPOLATIONS = {"nearest": "NEAREST", "bilinear": "BILINEAR", "bicubic": "BICUBIC"}
_ROTATE_FILTER = {"interpolation": Option("filter_type", _ENUM_INTERPOLATIONS)}
_SHIFTED = _IMAGE | {"x": "X", "y": "Y"}
_ABSOLUTE = {"use_relative": False, "wrap_axis": "NONE"}
_CORNERS = {
    "upper left": "Upper Left",
    "upper right": "Upper Right",
    "lower left": "Lower Left",
    "lower right": "Lower Right",
}
_PINNED = _IMAGE | {"plane": "Plane"}
_XYZ = {"x": "X", "y": "Y", "z": "Z"}
_CHANNELS = {"red": "Red", "green": "Green", "blue": "Blue", "alpha": "Alpha"}

KINDS: Mapping[str, Kinds] = {
    "render layers": {(4, 2): NodeKind("CompositorNodeRLayers", outputs=_IMAGE | {"alpha": "Alpha"})},
    "group": {(4, 2): NodeKind("CompositorNodeGroup")},
    "group input": {(4, 2): NodeKind("NodeGroupInput")},
    "group output": {(4, 2): NodeKind("NodeGroupOutput")},
    "movie clip": {(4, 2): NodeKind("CompositorNodeMovieClip", outputs=_IMAGE | {"alpha": "Alpha"})},
    "image": {(4, 2): NodeKind("CompositorNodeImage", outputs=_IMAGE | {"alpha": "Alpha"})},
    "color": {
        (4, 2): NodeKind("CompositorNodeRGB", outputs={"color": "RGBA"}),
        (5, 0): NodeKind("CompositorNodeRGB", outputs={"color": "Color"}),
    },
    "alpha over": {
        (4, 2): NodeKind(
            "CompositorNodeAlphaOver",
            inputs={"factor": "Fac", "background": "Image", "foreground": "Image_001"},
            outputs=_IMAGE,
            settings={"use_premultiply": False, "premul": 0.0},
        ),
        (5, 0): NodeKind(
            "CompositorNodeAlphaOver",
            inputs={"factor": "Fac", "background": "Background", "foreground": "Foreground"},
            outputs=_IMAGE,
        ),
    },
    "mix": {
        (4, 2): NodeKind(
            "CompositorNodeMixRGB",
            inputs={"factor": "Fac", "a": "Image", "b": "Image_001"},
            outputs=_IMAGE,
            options={"blend": Option("blend_type", _BLENDS)},
            settings={"use_alpha": False, "use_clamp": False},
        ),
        (5, 0): NodeKind(
            "ShaderNodeMix",
            inputs={"factor": "Factor_Float", "a": "A_Color", "b": "B_Color"},
            outputs={"image": "Result_Color"},
            options={"blend": Option("blend_type", _BLENDS)},
            settings={"data_type": "RGBA", "clamp_factor": True, "clamp_result": False},
        ),
    },
    "scale to render": {
        (4, 2): NodeKind(
            "CompositorNodeScale",
            inputs=_IMAGE,
            outputs=_IMAGE,
            options={"frame method": Option("frame_method", _FRAME_METHODS)},
            settings={"space": "RENDER_SIZE"},
        ),
        (5, 0): NodeKind(
            "CompositorNodeScale",
            inputs=_IMAGE,
            outputs=_IMAGE,
            options=_MENU_SAMPLING
            | {
                "type": Option("Type", {"render size": "Render Size"}, is_menu=True),
                "frame method": Option("Frame Type", _FRAME_METHOD_NAMES, is_menu=True),
            },
        ),
    },
    "blur": {
        (4, 2): NodeKind(
            "CompositorNodeBlur",
            inputs=_IMAGE,
            outputs=_IMAGE,
            options={"filter": Option("filter_type", {"gaussian": "GAUSS"})},
            settings={"use_relative": False, "use_extended_bounds": False},
        ),
        (4, 5): NodeKind(
            "CompositorNodeBlur",
            inputs=_IMAGE | {"size": "Size"},
            outputs=_IMAGE,
            options={"filter": Option("filter_type", {"gaussian": "GAUSS"})},
        ),
        (5, 0): NodeKind(
            "CompositorNodeBlur",
            inputs=_IMAGE | {"size": "Size"},
            outputs=_IMAGE,
            options={"filter": Option("Type", {"gaussian": "Gaussian"}, is_menu=True)},
        ),
    },
    "math": _shader_node_from_5(
        NodeKind(
            "CompositorNodeMath",
            inputs=_MATH_SOCKETS,
            outputs={"value": "Value"},
            options={"operation": Option("operation", _MATHS)},
        )
    ),
    "value": _shader_node_from_5(NodeKind("CompositorNodeValue", outputs={"value": "Value"})),
    "combine xyz": _shader_node_from_5(
        NodeKind("CompositorNodeCombineXYZ", inputs=_XYZ, outputs={"vector": "Vector"})
    ),
    "separate xyz": _shader_node_from_5(
        NodeKind("CompositorNodeSeparateXYZ", inputs={"vector": "Vector"}, outputs=_XYZ)
    ),
    "separate color": {(4, 2): NodeKind("CompositorNodeSeparateColor", inputs=_IMAGE, outputs=_CHANNELS)},
    "combine color": {(4, 2): NodeKind("CompositorNodeCombineColor", inputs=_CHANNELS, outputs=_IMAGE)},
    "convert colorspace": {
        (4, 2): NodeKind("CompositorNodeConvertColorSpace", inputs=_IMAGE, outputs=_IMAGE)
    },
    "set alpha": {
        (4, 2): NodeKind(
            "CompositorNodeSetAlpha",
            inputs=_IMAGE | {"alpha": "Alpha"},
            outputs=_IMAGE,
            options={"mode": Option("mode", {"apply": "APPLY", "replace": "REPLACE_ALPHA"})},
        ),
        (5, 0): NodeKind(
            "CompositorNodeSetAlpha",
            inputs=_IMAGE | {"alpha": "Alpha"},
            outputs=_IMAGE,
            options={
                "mode": Option("Type", {"apply": "Apply Mask", "replace": "Replace Alpha"}, is_menu=True)
            },
        ),
    },
    "translate": {
        (4, 2): NodeKind(
            "CompositorNodeTranslate",
            inputs=_SHIFTED,
            outputs=_IMAGE,
            options={"interpolation": Option("interpolation", _INTERPOLATIONS)},
            settings=_ABSOLUTE,
        ),
        (4, 5): NodeKind(
            "CompositorNodeTranslate",
            inputs=_SHIFTED,
            outputs=_IMAGE,
            options={"interpolation": Option("interpolation", _ENUM_INTERPOLATIONS)},
            settings=_ABSOLUTE,
        ),
        (5, 0): NodeKind("CompositorNodeTranslate", inputs=_SHIFTED, outputs=_IMAGE, options=_MENU_SAMPLING),
    },
    "rotate": {
        (4, 2): NodeKind(
            "CompositorNodeRotate",
            inputs=_IMAGE | {"angle": "Degr"},
            outputs=_IMAGE,
            options=_ROTATE_FILTER,
        ),
        (5, 0): NodeKind(
            "CompositorNodeRotate",
            inputs=_IMAGE | {"angle": "Angle"},
            outputs=_IMAGE,
            options=_MENU_SAMPLING,
        ),
    },
    "scale": {
        (4, 2): NodeKind(
            "CompositorNodeScale", inputs=_SHIFTED, outputs=_IMAGE, settings={"space": "RELATIVE"}
        ),
        (4, 5): NodeKind(
            "CompositorNodeScale",
            inputs=_SHIFTED,
            outputs=_IMAGE,
            options={"interpolation": Option("interpolation", _ENUM_INTERPOLATIONS)},
            settings={"space": "RELATIVE"},
        ),
        (5, 0): NodeKind(
            "CompositorNodeScale",
            inputs=_SHIFTED,
            outputs=_IMAGE,
            options=_MENU_SAMPLING | {"type": Option("Type", {"relative": "Relative"}, is_menu=True)},
        ),
    },
    "corner pin": {
        (4, 2): NodeKind("CompositorNodeCornerPin", inputs=_IMAGE | _CORNERS, outputs=_PINNED),
        (4, 5): NodeKind(
            "CompositorNodeCornerPin",
            inputs=_IMAGE | _CORNERS,
            outputs=_PINNED,
            options={"interpolation": Option("interpolation", _ENUM_INTERPOLATIONS)},
        ),
        (5, 0): NodeKind(
            "CompositorNodeCornerPin",
            inputs=_IMAGE | _CORNERS,
            outputs=_PINNED,
            options=_MENU_SAMPLING,
        ),
    },
    "plane track deform": {
        (4, 2): NodeKind("CompositorNodePlaneTrackDeform", inputs=_IMAGE, outputs=_PINNED)
    },
    "track position": {
        (4, 2): NodeKind(
            "CompositorNodeTrackPos",
            outputs={"x": "X", "y": "Y"},
            options={"mode": Option("position", {"absolute": "ABSOLUTE"})},
        ),
        (5, 0): NodeKind(
            "CompositorNodeTrackPos",
            outputs={"x": "X", "y": "Y"},
            options={"mode": Option("Mode", {"absolute": "Absolute"}, is_menu=True)},
        ),
    },
    "map uv nearest": {
        (4, 2): NodeKind(
            "CompositorNodeMapUV",
            inputs=_IMAGE | {"uv": "UV"},
            outputs=_IMAGE,
            settings={"filter_type": "NEAREST", "alpha": 0},
        ),
        (5, 0): NodeKind(
            "CompositorNodeMapUV",
            inputs=_IMAGE | {"uv": "UV"},
            outputs=_IMAGE,
            options=_MENU_SAMPLING,
        ),
    },
    "map uv bilinear": {
        (5, 0): NodeKind(
            "CompositorNodeMapUV",
            inputs=_IMAGE | {"uv": "UV"},
            outputs=_IMAGE,
            options=_MENU_SAMPLING,
        )
    },
    # A mask of the .blend, with its feather and as large as the frame.
    "mask": {(4, 2): NodeKind("CompositorNodeMask", outputs={"mask": "Mask"})},
    # Without an input its mask has the size of the frame.
    "frame": {(4, 2): NodeKind("CompositorNodeBoxMask", outputs={"mask": "Mask"})},
    # A Blend texture runs from 0 to 1 across the frame, pixel centres at one half.
    "ramp": {(4, 2): NodeKind("CompositorNodeTexture", outputs={"value": "Value"}), (5, 0): None},
    "image coordinates": {
        (4, 5): NodeKind("CompositorNodeImageCoordinates", inputs=_IMAGE, outputs={"uniform": "Normalized"})
    },
    "relative to pixel": {
        (4, 5): NodeKind(
            "CompositorNodeRelativeToPixel",
            inputs=_IMAGE | {"vector": "Vector Value"},
            outputs={"vector": "Vector Value"},
            settings={"data_type": "VECTOR", "reference_dimension": "PER_DIMENSION"},
        )
    },
}
