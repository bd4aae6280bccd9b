"""Small pictures of the built-in composite presets, for the panel; they lie beside the presets' files."""

from __future__ import annotations

import bpy
import bpy.utils.previews

from .tracking.presets import BUILT_IN

_loaded: list[bpy.utils.previews.ImagePreviewCollection] = []


def load() -> None:
    """Reads the pictures; nothing without a window, where nobody sees them."""
    if bpy.app.background:
        return
    pictures = bpy.utils.previews.new()
    for file in sorted((BUILT_IN / "composite").glob("*.png")):
        pictures.load(file.stem, str(file), "IMAGE")
    _loaded.append(pictures)


def forget() -> None:
    """Frees them."""
    while _loaded:
        bpy.utils.previews.remove(_loaded.pop())


def icon(name: str) -> int:
    """The picture of the preset of that name, as Blender numbers icons; 0 where there is none."""
    found = _loaded[0].get(name) if _loaded else None
    return found.icon_id if found is not None else 0
