"""A scene's settings by their data path, and those under which a plate keeps its values."""

from __future__ import annotations

import struct
from collections.abc import Mapping

import bpy

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
