"""Render engines, passes, file formats and the sequencer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import bpy

from .running import BLENDER

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


def engine_here(idname: str) -> str:
    """The identifier that this Blender has for an engine by that of any Blender; somebody else's as it is."""
    name = engine_name(idname)
    return idname if name is None else _ENGINES[name]


def has_strips(scene: bpy.types.Scene) -> bool:
    """Whether a scene has anything in its video sequencer."""
    editor = scene.sequence_editor
    return editor is not None and bool(_strips(editor))


def set_image_format(image: bpy.types.ImageFormatSettings, values: Mapping[str, object]) -> None:
    """Sets a file format with what belongs to it, the format first; from 5.0 its kind before that."""
    if hasattr(image, "media_type"):
        kinds = {"OPEN_EXR_MULTILAYER": "MULTI_LAYER_IMAGE", "FFMPEG": "VIDEO"}
        image.media_type = kinds.get(str(values["file_format"]), "IMAGE")
    for name, value in values.items():
        setattr(image, name, value)


def new_picture_strip(scene: bpy.types.Scene, files: Sequence[Path]) -> bpy.types.bpy_struct:
    """A strip of pictures of one folder, a frame each, from frame 1 on, in a scene's sequencer."""
    strip = _strips(scene.sequence_editor_create()).new_image("Frames", str(files[0]), 1, 1)
    for file in files[1:]:
        strip.elements.append(file.name)
    strip.frame_final_duration = len(files)
    return strip


def _strips(editor: bpy.types.SequenceEditor) -> bpy.types.bpy_prop_collection:
    return editor.strips if BLENDER >= (4, 4) else editor.sequences


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
