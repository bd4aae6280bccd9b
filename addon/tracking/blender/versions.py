"""What differs between Blender 4.2 and 5.2, in one place: mostly tables, and a few functions that read them.

Everybody else names things by meaning ("alpha over", its "background") and never asks which Blender runs.
Three things differ: where a scene's compositor tree hangs and what ends it, what a node and its sockets are
called, and whether an option is a property of the node or (from 5.0) a menu socket. Sockets are named here by
their identifier, which is unique within a node; names are not.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy

BLENDER: tuple[int, int] = (bpy.app.version[0], bpy.app.version[1])
"""The running Blender, as (major, minor)."""

BLENDER_NAME = f"{BLENDER[0]}.{BLENDER[1]}"

TREE_IS_A_GROUP = BLENDER >= (5, 0)
"""True where a scene's compositor tree is a node group that ends in a Group Output."""

EXACT_WARPS = BLENDER >= (4, 5)
"""False where Scale, Rotate and Corner Pin are off by parts of a pixel, and Rotate after Scale or Translate
leaves rubbish from memory at the frame's edges."""

MAP_UV_IS_BILINEAR = BLENDER >= (5, 0)
"""False where Map UV takes single pixels or an ellipse of them that is off by up to a third of a pixel."""

RENDER_LAYERS_IN_GROUPS = BLENDER >= (5, 0)
"""True where a Render Layers node may stand inside a node group."""


# --- Nodes by meaning -------------------------------------------------------------------------------------


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


Kinds = tuple[tuple[tuple[int, int], NodeKind], ...]
"""The first Blender with it, and the kind, for each change; oldest first."""


def _shader_node_from_5(kind: NodeKind) -> Kinds:
    """A kind that is called otherwise from 5.0, where the compositor has the shader nodes' one."""
    name = kind.idname.replace("CompositorNode", "ShaderNode")
    return ((4, 2), kind), ((5, 0), replace(kind, idname=name))


_IMAGE = {"image": "Image"}
_FRAME_METHODS = {"stretch": "STRETCH", "fit": "FIT", "crop": "CROP"}
_FRAME_METHOD_NAMES = {"stretch": "Stretch", "fit": "Fit", "crop": "Crop"}
_BLENDS = {"mix": "MIX", "multiply": "MULTIPLY", "add": "ADD", "subtract": "SUBTRACT", "screen": "SCREEN"}
_EXTENSIONS = {"clip": "Clip", "extend": "Extend", "repeat": "Repeat"}
_INTERPOLATIONS = {"nearest": "Nearest", "bilinear": "Bilinear", "bicubic": "Bicubic"}

_KINDS: dict[str, Kinds] = {
    "render layers": (((4, 2), NodeKind("CompositorNodeRLayers", outputs=_IMAGE | {"alpha": "Alpha"})),),
    "group": (((4, 2), NodeKind("CompositorNodeGroup")),),
    "group input": (((4, 2), NodeKind("NodeGroupInput")),),
    "group output": (((4, 2), NodeKind("NodeGroupOutput")),),
    "movie clip": (((4, 2), NodeKind("CompositorNodeMovieClip", outputs=_IMAGE | {"alpha": "Alpha"})),),
    "image": (((4, 2), NodeKind("CompositorNodeImage", outputs=_IMAGE | {"alpha": "Alpha"})),),
    "color": (
        ((4, 2), NodeKind("CompositorNodeRGB", outputs={"color": "RGBA"})),
        ((5, 0), NodeKind("CompositorNodeRGB", outputs={"color": "Color"})),
    ),
    "alpha over": (
        (
            (4, 2),
            NodeKind(
                "CompositorNodeAlphaOver",
                inputs={"factor": "Fac", "background": "Image", "foreground": "Image_001"},
                outputs=_IMAGE,
                settings={"use_premultiply": False, "premul": 0.0},
            ),
        ),
        (
            (5, 0),
            NodeKind(
                "CompositorNodeAlphaOver",
                inputs={"factor": "Fac", "background": "Background", "foreground": "Foreground"},
                outputs=_IMAGE,
            ),
        ),
    ),
    "mix": (
        (
            (4, 2),
            NodeKind(
                "CompositorNodeMixRGB",
                inputs={"factor": "Fac", "a": "Image", "b": "Image_001"},
                outputs=_IMAGE,
                options={"blend": Option("blend_type", _BLENDS)},
                settings={"use_alpha": False, "use_clamp": False},
            ),
        ),
        (
            (5, 0),
            NodeKind(
                "ShaderNodeMix",
                inputs={"factor": "Factor_Float", "a": "A_Color", "b": "B_Color"},
                outputs={"image": "Result_Color"},
                options={"blend": Option("blend_type", _BLENDS)},
                settings={"data_type": "RGBA", "clamp_factor": True, "clamp_result": False},
            ),
        ),
    ),
    "scale to render": (
        (
            (4, 2),
            NodeKind(
                "CompositorNodeScale",
                inputs=_IMAGE,
                outputs=_IMAGE,
                options={"frame method": Option("frame_method", _FRAME_METHODS)},
                settings={"space": "RENDER_SIZE"},
            ),
        ),
        (
            (5, 0),
            NodeKind(
                "CompositorNodeScale",
                inputs=_IMAGE,
                outputs=_IMAGE,
                options={
                    "type": Option("Type", {"render size": "Render Size"}, is_menu=True),
                    "frame method": Option("Frame Type", _FRAME_METHOD_NAMES, is_menu=True),
                    "interpolation": Option("Interpolation", _INTERPOLATIONS, is_menu=True),
                    "extension x": Option("Extension X", _EXTENSIONS, is_menu=True),
                    "extension y": Option("Extension Y", _EXTENSIONS, is_menu=True),
                },
            ),
        ),
    ),
    "blur": (
        (
            (4, 2),
            NodeKind(
                "CompositorNodeBlur",
                inputs=_IMAGE,
                outputs=_IMAGE,
                options={"filter": Option("filter_type", {"gaussian": "GAUSS"})},
                settings={"use_relative": False, "use_extended_bounds": False},
            ),
        ),
        (
            (4, 5),
            NodeKind(
                "CompositorNodeBlur",
                inputs=_IMAGE | {"size": "Size"},
                outputs=_IMAGE,
                options={"filter": Option("filter_type", {"gaussian": "GAUSS"})},
            ),
        ),
        (
            (5, 0),
            NodeKind(
                "CompositorNodeBlur",
                inputs=_IMAGE | {"size": "Size"},
                outputs=_IMAGE,
                options={"filter": Option("Type", {"gaussian": "Gaussian"}, is_menu=True)},
            ),
        ),
    ),
}

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
_CORNERS = {
    "upper left": "Upper Left",
    "upper right": "Upper Right",
    "lower left": "Lower Left",
    "lower right": "Lower Right",
}
_PINNED = _IMAGE | {"plane": "Plane"}
_XYZ = {"x": "X", "y": "Y", "z": "Z"}
_CHANNELS = {"red": "Red", "green": "Green", "blue": "Blue", "alpha": "Alpha"}

_KINDS.update(
    {
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
        "separate color": (
            ((4, 2), NodeKind("CompositorNodeSeparateColor", inputs=_IMAGE, outputs=_CHANNELS)),
        ),
        "combine color": (
            ((4, 2), NodeKind("CompositorNodeCombineColor", inputs=_CHANNELS, outputs=_IMAGE)),
        ),
        "convert colorspace": (
            ((4, 2), NodeKind("CompositorNodeConvertColorSpace", inputs=_IMAGE, outputs=_IMAGE)),
        ),
        "set alpha": (
            (
                (4, 2),
                NodeKind(
                    "CompositorNodeSetAlpha",
                    inputs=_IMAGE | {"alpha": "Alpha"},
                    outputs=_IMAGE,
                    options={"mode": Option("mode", {"apply": "APPLY", "replace": "REPLACE_ALPHA"})},
                ),
            ),
            (
                (5, 0),
                NodeKind(
                    "CompositorNodeSetAlpha",
                    inputs=_IMAGE | {"alpha": "Alpha"},
                    outputs=_IMAGE,
                    options={
                        "mode": Option(
                            "Type", {"apply": "Apply Mask", "replace": "Replace Alpha"}, is_menu=True
                        )
                    },
                ),
            ),
        ),
        "translate": (
            (
                (4, 2),
                NodeKind(
                    "CompositorNodeTranslate",
                    inputs=_SHIFTED,
                    outputs=_IMAGE,
                    options={
                        "interpolation": Option(
                            "interpolation",
                            {name: name.title() for name in _ENUM_INTERPOLATIONS}
                            if BLENDER < (4, 5)
                            else _ENUM_INTERPOLATIONS,
                        )
                    },
                    settings={"use_relative": False, "wrap_axis": "NONE"},
                ),
            ),
            (
                (5, 0),
                NodeKind("CompositorNodeTranslate", inputs=_SHIFTED, outputs=_IMAGE, options=_MENU_SAMPLING),
            ),
        ),
        "rotate": (
            (
                (4, 2),
                NodeKind(
                    "CompositorNodeRotate",
                    inputs=_IMAGE | {"angle": "Degr"},
                    outputs=_IMAGE,
                    options=_ROTATE_FILTER,
                ),
            ),
            (
                (5, 0),
                NodeKind(
                    "CompositorNodeRotate",
                    inputs=_IMAGE | {"angle": "Angle"},
                    outputs=_IMAGE,
                    options=_MENU_SAMPLING,
                ),
            ),
        ),
        "scale": (
            (
                (4, 2),
                NodeKind(
                    "CompositorNodeScale", inputs=_SHIFTED, outputs=_IMAGE, settings={"space": "RELATIVE"}
                ),
            ),
            (
                (4, 5),
                NodeKind(
                    "CompositorNodeScale",
                    inputs=_SHIFTED,
                    outputs=_IMAGE,
                    options={"interpolation": Option("interpolation", _ENUM_INTERPOLATIONS)},
                    settings={"space": "RELATIVE"},
                ),
            ),
            (
                (5, 0),
                NodeKind(
                    "CompositorNodeScale",
                    inputs=_SHIFTED,
                    outputs=_IMAGE,
                    options=_MENU_SAMPLING | {"type": Option("Type", {"relative": "Relative"}, is_menu=True)},
                ),
            ),
        ),
        "corner pin": (
            ((4, 2), NodeKind("CompositorNodeCornerPin", inputs=_IMAGE | _CORNERS, outputs=_PINNED)),
            (
                (4, 5),
                NodeKind(
                    "CompositorNodeCornerPin",
                    inputs=_IMAGE | _CORNERS,
                    outputs=_PINNED,
                    options={"interpolation": Option("interpolation", _ENUM_INTERPOLATIONS)},
                ),
            ),
            (
                (5, 0),
                NodeKind(
                    "CompositorNodeCornerPin",
                    inputs=_IMAGE | _CORNERS,
                    outputs=_PINNED,
                    options=_MENU_SAMPLING,
                ),
            ),
        ),
        "plane track deform": (
            ((4, 2), NodeKind("CompositorNodePlaneTrackDeform", inputs=_IMAGE, outputs=_PINNED)),
        ),
        "track position": (
            (
                (4, 2),
                NodeKind(
                    "CompositorNodeTrackPos",
                    outputs={"x": "X", "y": "Y"},
                    options={"mode": Option("position", {"absolute": "ABSOLUTE"})},
                ),
            ),
            (
                (5, 0),
                NodeKind(
                    "CompositorNodeTrackPos",
                    outputs={"x": "X", "y": "Y"},
                    options={"mode": Option("Mode", {"absolute": "Absolute"}, is_menu=True)},
                ),
            ),
        ),
        "map uv nearest": (
            (
                (4, 2),
                NodeKind(
                    "CompositorNodeMapUV",
                    inputs=_IMAGE | {"uv": "UV"},
                    outputs=_IMAGE,
                    settings={"filter_type": "NEAREST", "alpha": 0},
                ),
            ),
            (
                (5, 0),
                NodeKind(
                    "CompositorNodeMapUV",
                    inputs=_IMAGE | {"uv": "UV"},
                    outputs=_IMAGE,
                    options=_MENU_SAMPLING,
                ),
            ),
        ),
        "map uv bilinear": (
            (
                (5, 0),
                NodeKind(
                    "CompositorNodeMapUV",
                    inputs=_IMAGE | {"uv": "UV"},
                    outputs=_IMAGE,
                    options=_MENU_SAMPLING,
                ),
            ),
        ),
        # Without an input its mask has the size of the frame.
        "frame": (((4, 2), NodeKind("CompositorNodeBoxMask", outputs={"mask": "Mask"})),),
        # A Blend texture runs from 0 to 1 across the frame, pixel centres at one half.
        "ramp": (((4, 2), NodeKind("CompositorNodeTexture", outputs={"value": "Value"})),),
        "image coordinates": (
            (
                (4, 5),
                NodeKind("CompositorNodeImageCoordinates", inputs=_IMAGE, outputs={"uniform": "Normalized"}),
            ),
        ),
        "relative to pixel": (
            (
                (4, 5),
                NodeKind(
                    "CompositorNodeRelativeToPixel",
                    inputs=_IMAGE | {"vector": "Vector Value"},
                    outputs={"vector": "Vector Value"},
                    settings={"data_type": "VECTOR", "reference_dimension": "PER_DIMENSION"},
                ),
            ),
        ),
    }
)


def node_kind(meaning: str) -> NodeKind:
    """The kind of node that this Blender has for a meaning; KeyError for one that no table names."""
    return [kind for since, kind in _KINDS[meaning] if since <= BLENDER][-1]


def new_node(tree: bpy.types.NodeTree, meaning: str) -> bpy.types.Node:
    """Add a node by meaning, with the settings that its meaning asks for."""
    kind = node_kind(meaning)
    node = tree.nodes.new(kind.idname)
    for name, value in kind.settings.items():
        setattr(node, name, value)
    return node


def input_socket(node: bpy.types.Node, meaning: str, name: str) -> bpy.types.NodeSocket:
    """The input ``name`` of a node of that meaning."""
    return _by_identifier(node.inputs, node_kind(meaning).inputs[name])


def output_socket(node: bpy.types.Node, meaning: str, name: str) -> bpy.types.NodeSocket:
    """The output ``name`` of a node of that meaning."""
    return _by_identifier(node.outputs, node_kind(meaning).outputs[name])


def set_option(node: bpy.types.Node, meaning: str, option: str, value: str) -> None:
    """Choose a value of a node's option, whether it is a property or a menu socket in this Blender."""
    where = node_kind(meaning).options[option]
    if where.is_menu:
        node.inputs[where.name].default_value = where.values[value]
    else:
        setattr(node, where.name, where.values[value])


def has_option(meaning: str, option: str) -> bool:
    """Whether a node of that meaning has this option in the running Blender."""
    return option in node_kind(meaning).options


def set_blur_radius(node: bpy.types.Node, pixels: float) -> None:
    """Set how far a "blur" node spreads, in pixels of its picture, the same in x and y."""
    if "size" in node_kind("blur").inputs:
        input_socket(node, "blur", "size").default_value = (pixels, pixels)
    else:  # whole pixels only, times a factor that may shrink them
        whole = int(-(-pixels // 1))
        node.size_x = node.size_y = whole
        node.inputs["Size"].default_value = pixels / whole if whole else 0.0


def _by_identifier(
    sockets: bpy.types.NodeInputs | bpy.types.NodeOutputs, identifier: str
) -> bpy.types.NodeSocket:
    for socket in sockets:
        if socket.identifier == identifier:
            return socket
    known = ", ".join(socket.identifier for socket in sockets)
    raise KeyError(f"no socket {identifier!r} among {known}")


# --- Keys -------------------------------------------------------------------------------------------------


def fresh_curves(owner: bpy.types.ID, name: str, mark: str) -> bpy.types.bpy_prop_collection:
    """The animation curves of an ID, emptied or new; ``mark`` is the custom property of an action of ours.

    From 4.4 an action has slots, and from 5.0 its curves are reached only through them.
    """
    data = owner.animation_data_create()
    action = data.action
    if action is None or mark not in action:
        action = bpy.data.actions.new(name)
        action[mark] = "keys"
        data.action = action
    if not hasattr(action, "slots"):
        curves = action.fcurves
    else:
        slot = data.action_slot
        if slot is None:
            slot = action.slots.new(owner.id_type, owner.name)
            data.action_slot = slot
        layer = action.layers[0] if action.layers else action.layers.new("Keys")
        strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
        curves = strip.channelbag(slot, ensure=True).fcurves
    for curve in list(curves):
        curves.remove(curve)
    return curves


def curves_of(owner: bpy.types.ID) -> list[bpy.types.FCurve]:
    """All animation curves that an ID's action holds for it."""
    data = owner.animation_data
    if data is None or data.action is None:
        return []
    if not hasattr(data.action, "slots"):
        return list(data.action.fcurves)
    bags = [strip.channelbag(data.action_slot) for layer in data.action.layers for strip in layer.strips]
    return [curve for bag in bags if bag is not None for curve in bag.fcurves]


# --- Groups -----------------------------------------------------------------------------------------------


def new_group(name: str) -> bpy.types.NodeTree:
    """A new compositor node group, empty and without sockets."""
    return bpy.data.node_groups.new(name, "CompositorNodeTree")


def group_sockets(tree: bpy.types.NodeTree, in_out: str) -> list[bpy.types.NodeTreeInterfaceSocket]:
    """The sockets of a group's interface, in order; ``in_out`` is INPUT or OUTPUT."""
    return [
        item for item in tree.interface.items_tree if item.item_type == "SOCKET" and item.in_out == in_out
    ]


def ensure_group_socket(
    tree: bpy.types.NodeTree,
    name: str,
    in_out: str,
    description: str = "",
    kind: str = "NodeSocketColor",
) -> bpy.types.NodeTreeInterfaceSocket:
    """The socket of that name in a group's interface, added where it is missing; of colour if not said."""
    for item in group_sockets(tree, in_out):
        if item.name == name:
            return item
    return tree.interface.new_socket(name, description=description, in_out=in_out, socket_type=kind)


# --- The scene's compositor tree --------------------------------------------------------------------------

TREE_NONE = "none"
TREE_OFF = "off"
TREE_ON = "on"


def scene_tree(scene: bpy.types.Scene) -> bpy.types.NodeTree | None:
    """The compositor tree that makes this scene's picture, or None where there is none or it is off."""
    return stored_scene_tree(scene) if scene_tree_state(scene) == TREE_ON else None


def stored_scene_tree(scene: bpy.types.Scene) -> bpy.types.NodeTree | None:
    """The scene's compositor tree, even where it is switched off."""
    return scene.compositing_node_group if TREE_IS_A_GROUP else scene.node_tree


def scene_tree_state(scene: bpy.types.Scene) -> str:
    """``TREE_NONE``, ``TREE_OFF`` (there, but unused; only before 5.0) or ``TREE_ON``."""
    if stored_scene_tree(scene) is None:
        return TREE_NONE
    return TREE_ON if TREE_IS_A_GROUP or scene.use_nodes else TREE_OFF


def hang_scene_tree(scene: bpy.types.Scene) -> bpy.types.NodeTree:
    """The scene's tree, made or switched on where needed.

    Before 5.0 Blender fills a tree that it makes with render layers and an output; from 5.0 it is empty.
    """
    if TREE_IS_A_GROUP:
        if scene.compositing_node_group is None:
            scene.compositing_node_group = new_group(f"{scene.name} Compositor")
        return scene.compositing_node_group
    scene.use_nodes = True
    return scene.node_tree


def take_off_scene_tree(scene: bpy.types.Scene) -> None:
    """Leave the scene without a tree. Before 5.0 a tree cannot be cleared: it is switched off."""
    if not TREE_IS_A_GROUP:
        scene.use_nodes = False
        return
    tree = scene.compositing_node_group
    scene.compositing_node_group = None
    if tree is not None and tree.users == 0:
        bpy.data.node_groups.remove(tree)


def picture_inputs(tree: bpy.types.NodeTree) -> list[bpy.types.NodeSocket]:
    """The input sockets that end a scene's compositor tree, in the order of their nodes.

    From 5.0 that is one, of the active Group Output. Before, which of several Composite nodes is
    the active one cannot be read from Python, so all of them are given.
    """
    if not TREE_IS_A_GROUP:
        return [node.inputs["Image"] for node in tree.nodes if node.bl_idname == "CompositorNodeComposite"]
    picture = next(iter(group_sockets(tree, "OUTPUT")), None)
    if picture is None:
        return []
    return [
        _by_identifier(node.inputs, picture.identifier)
        for node in tree.nodes
        if node.bl_idname == "NodeGroupOutput" and node.is_active_output
    ]


@dataclass(frozen=True)
class MadeOutput:
    """What ``make_output`` had to add to a tree."""

    socket: bpy.types.NodeSocket
    node: bpy.types.Node | None
    """The new output node; None where one stood there and only lacked its socket."""
    interface_socket: str
    """Identifier of the interface socket that was added, or empty."""


def make_output(tree: bpy.types.NodeTree) -> MadeOutput:
    """Give a tree without a picture output what it lacks."""
    if not TREE_IS_A_GROUP:
        node = tree.nodes.new("CompositorNodeComposite")
        return MadeOutput(node.inputs["Image"], node, "")
    added = ""
    if not group_sockets(tree, "OUTPUT"):
        added = ensure_group_socket(tree, "Image", "OUTPUT").identifier
    node = None
    if not any(n.bl_idname == "NodeGroupOutput" and n.is_active_output for n in tree.nodes):
        node = new_node(tree, "group output")
        node.is_active_output = True
    return MadeOutput(picture_inputs(tree)[0], node, added)


def remove_interface_socket(tree: bpy.types.NodeTree, identifier: str) -> None:
    """Take a socket out of a tree's interface, where it is still there."""
    for item in list(tree.interface.items_tree):
        if item.item_type == "SOCKET" and item.identifier == identifier:
            tree.interface.remove(item)


def absolute_location(node: bpy.types.Node) -> tuple[float, float]:
    """Where a node stands in its tree, whatever frames it is in."""
    x, y = node.location
    parent = node.parent
    while parent is not None:
        x, y = x + parent.location[0], y + parent.location[1]
        parent = parent.parent
    return x, y


# --- Colour management ------------------------------------------------------------------------------------

PLATE_EXACT_VIEW: tuple[tuple[str, object], ...] = (
    # view_transform first: choosing it may change the look
    ("view_settings.view_transform", "Standard"),
    ("view_settings.look", "None"),
    ("view_settings.exposure", 0.0),
    ("view_settings.gamma", 1.0),
    ("view_settings.use_curve_mapping", False),
    ("view_settings.use_white_balance", False),  # from 4.3
    # Dithering adds noise of one step to every 8-bit value it writes, in all Blenders.
    ("render.dither_intensity", 0.0),
)
"""Scene settings under which an 8-bit sRGB plate leaves the compositor with the values it came with."""


def plate_exact_view(scene: bpy.types.Scene) -> list[tuple[str, object]]:
    """``PLATE_EXACT_VIEW`` without what this Blender does not have."""
    return [(path, value) for path, value in PLATE_EXACT_VIEW if has_setting(scene, path)]


VIEW_SPACES: Mapping[str, str] = {"AgX": "AgX Base sRGB", "Filmic": "Filmic sRGB"}
"""For each view that can be undone, the colour space that says what it makes of linear light."""
LINEAR_SPACE, DISPLAY_SPACE = "Linear Rec.709", "sRGB"


def matched_view(scene: bpy.types.Scene) -> list[tuple[str, object]]:
    """Scene settings under which the inverse of the scene's view is what its colour space says."""
    return [(path, value) for path, value in plate_exact_view(scene) if not path.endswith("view_transform")]


def as_kept(number: float) -> float:
    """A number as a property of Blender's gives it back: with the 32 bits that it keeps."""
    return struct.unpack("f", struct.pack("f", number))[0]


def has_setting(scene: bpy.types.Scene, path: str) -> bool:
    """Whether a scene has a property at this data path."""
    owner, _, name = path.rpartition(".")
    try:
        return hasattr(scene.path_resolve(owner) if owner else scene, name)
    except ValueError:  # the path leads nowhere, as to a view layer that is gone
        return False


def set_image_format(image: bpy.types.ImageFormatSettings, values: Mapping[str, object]) -> None:
    """Sets a file format with what belongs to it, the format first; from 5.0 its kind before that."""
    if hasattr(image, "media_type"):
        kinds = {"OPEN_EXR_MULTILAYER": "MULTI_LAYER_IMAGE", "FFMPEG": "VIDEO"}
        image.media_type = kinds.get(str(values["file_format"]), "IMAGE")
    for name, value in values.items():
        setattr(image, name, value)


def new_picture_strip(scene: bpy.types.Scene, files: Sequence[Path]) -> bpy.types.bpy_struct:
    """A strip of pictures of one folder, a frame each, from frame 1 on, in a scene's sequencer."""
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_image("Frames", str(files[0]), 1, 1)
    for file in files[1:]:
        strip.elements.append(file.name)
    strip.frame_final_duration = len(files)
    return strip


# --- Render passes ----------------------------------------------------------------------------------------

PASS_SETTINGS: Mapping[str, str] = {
    # pass: property of a view layer
    "combined": "use_pass_combined",
    "depth": "use_pass_z",
    "mist": "use_pass_mist",
    "position": "use_pass_position",
    "normal": "use_pass_normal",
    "vector": "use_pass_vector",
    "uv": "use_pass_uv",
    "object_index": "use_pass_object_index",
    "material_index": "use_pass_material_index",
    "diffuse_direct": "use_pass_diffuse_direct",
    "diffuse_indirect": "use_pass_diffuse_indirect",
    "diffuse_color": "use_pass_diffuse_color",
    "glossy_direct": "use_pass_glossy_direct",
    "glossy_indirect": "use_pass_glossy_indirect",
    "glossy_color": "use_pass_glossy_color",
    "transmission_direct": "use_pass_transmission_direct",
    "transmission_indirect": "use_pass_transmission_indirect",
    "transmission_color": "use_pass_transmission_color",
    "volume_direct": "cycles.use_pass_volume_direct",
    "volume_indirect": "cycles.use_pass_volume_indirect",
    "emission": "use_pass_emit",
    "environment": "use_pass_environment",
    "ambient_occlusion": "use_pass_ambient_occlusion",
    "shadow": "use_pass_shadow",
    "shadow_catcher": "cycles.use_pass_shadow_catcher",
    "cryptomatte_object": "use_pass_cryptomatte_object",
    "cryptomatte_material": "use_pass_cryptomatte_material",
    "cryptomatte_asset": "use_pass_cryptomatte_asset",
}
"""Where a view layer switches each pass on, by the pass names of shot files."""

PASS_OUTPUTS: Mapping[str, tuple[str, ...]] = {
    "depth": ("Depth",),
    "mist": ("Mist",),
    "position": ("Position",),
    "normal": ("Normal",),
    "vector": ("Vector",),
    "uv": ("UV",),
    "object_index": ("IndexOB", "Object Index"),
    "material_index": ("IndexMA", "Material Index"),
    "cryptomatte_object": ("CryptoObject",),
    "cryptomatte_material": ("CryptoMaterial",),
    "cryptomatte_asset": ("CryptoAsset",),
}
"""What Render Layers calls the outputs of passes that are data, in one Blender or another.

Cryptomatte has several, with numbers behind that name.
"""


def pass_outputs(node: bpy.types.Node, render_pass: str) -> list[bpy.types.NodeSocket]:
    """The outputs of a Render Layers node that hold that pass; none where it is not rendered."""
    names = PASS_OUTPUTS[render_pass]
    return [
        output
        for output in node.outputs
        if output.enabled and (output.name in names or output.name.rstrip("0123456789") in names)
    ]


SHADOW_CATCHER_OUTPUT = "Shadow Catcher"
"""Render Layers output of Cycles' pass of that name: the light left on the catcher, 1 where it is lit."""


# --- Render engines ---------------------------------------------------------------------------------------

_ENGINES = {
    "cycles": "CYCLES",
    "eevee": "BLENDER_EEVEE_NEXT" if BLENDER < (5, 0) else "BLENDER_EEVEE",
    "workbench": "BLENDER_WORKBENCH",
}


def engine_idname(engine: str) -> str:
    """The identifier of a render engine by its plain name: cycles, eevee or workbench."""
    return _ENGINES[engine]


def engine_name(idname: str) -> str | None:
    """The plain name of a render engine by its identifier in any Blender; None for somebody else's."""
    if idname.startswith("BLENDER_EEVEE"):
        return "eevee"
    return next((name for name, known in _ENGINES.items() if known == idname), None)


def has_strips(scene: bpy.types.Scene) -> bool:
    """Whether a scene has anything in its video sequencer."""
    editor = scene.sequence_editor
    if editor is None:
        return False
    return bool(editor.strips if BLENDER >= (4, 4) else editor.sequences)


# --- Camera files -----------------------------------------------------------------------------------------


def lacks_format(form: str) -> str:
    """Why this Blender can't write and read a format of cameras (alembic, usd, fbx); empty where it can.

    Distributions of Linux build Blender without Alembic and USD.
    """
    if form in ("alembic", "usd") and not getattr(bpy.app, form).supported:
        return f"this Blender is built without {'Alembic' if form == 'alembic' else 'USD'}"
    if form == "fbx" and "fbx" not in dir(bpy.ops.export_scene):
        return "the FBX add-on is switched off in the preferences"
    return ""


# --- icons ---


def color_icon(number: int) -> str:
    """A square in one of Blender's colours for strips: 1 red, 2 orange, 3 yellow, 4 green."""
    icons = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
    name = f"STRIP_COLOR_{number:02}"  # from 4.4
    return name if name in icons else f"SEQUENCE_COLOR_{number:02}"
