"""Which Blender runs, and what it can do that others cannot."""

from __future__ import annotations

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


def lacks_format(form: str) -> str:
    """Why this Blender can't write and read a format of cameras (alembic, usd, fbx); empty where it can.

    Distributions of Linux build Blender without Alembic and USD.
    """
    if form in ("alembic", "usd") and not getattr(bpy.app, form).supported:
        return f"this Blender is built without {'Alembic' if form == 'alembic' else 'USD'}"
    if form == "fbx" and "fbx" not in dir(bpy.ops.export_scene):
        return "the FBX add-on is switched off in the preferences"
    return ""


def color_icon(number: int) -> str:
    """A square in one of Blender's colours for strips: 1 red, 2 orange, 3 yellow, 4 green."""
    icons = bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items
    name = f"STRIP_COLOR_{number:02}"  # from 4.4
    return name if name in icons else f"SEQUENCE_COLOR_{number:02}"
