"""What the command line needs of Blender."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..errors import InputError
from .assemble import assemble_shot_with_tracking, plan_shot, render_wishes
from .clip_lens import clip_lens, scene_clip, zoom_lenses
from .render import file_and_linked, render_steps

__all__ = [
    "assemble_shot_with_tracking",
    "clip_lens",
    "file_and_linked",
    "open_scene",
    "plan_shot",
    "render_steps",
    "render_wishes",
    "scene_clip",
    "zoom_lenses",
]


def open_scene(path: Path) -> bpy.types.Scene:
    """Opens a .blend and gives its scene; raises InputError where it is none."""
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path.absolute()), load_ui=False)
    except RuntimeError as error:
        raise InputError(f"{path}: cannot be opened: {' '.join(str(error).split())}") from error
    return bpy.context.scene
