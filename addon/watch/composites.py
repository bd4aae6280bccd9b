"""The scenes' composites as they were found last."""

from __future__ import annotations

import time

import bpy

from ..tracking.blender.composite import CompositeStatus, composite_status

LOOK_SECONDS = 1.0
"""How often the composites that a Compositor shows are read."""

composites: dict[int, CompositeStatus] = {}
"""By the scene's session_uid."""
_looked_at = [0.0]


def composite_of(scene: bpy.types.Scene) -> CompositeStatus | None:
    """The scene's composite as it was found last; None where nobody looked yet."""
    return composites.get(scene.session_uid)


def look_at_composite(scene: bpy.types.Scene) -> CompositeStatus:
    """Reads the scene's composite anew."""
    status = composite_status(scene)
    composites[scene.session_uid] = status
    return status


def look_at_composites() -> None:
    """Reads the composites of the scenes that a Compositor shows, once a second."""
    if time.monotonic() - _looked_at[0] < LOOK_SECONDS:
        return
    _looked_at[0] = time.monotonic()
    for window in bpy.context.window_manager.windows:
        if any(area.ui_type == "CompositorNodeTree" for area in window.screen.areas):
            look_at_composite(window.scene)


def forget() -> None:
    """Drops what was found."""
    composites.clear()
    _looked_at[0] = 0.0
