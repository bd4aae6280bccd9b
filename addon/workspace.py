"""A workspace for a shot: the clip on the left, scene and compositor on the right, the timeline below."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import bpy

NAME = "Tracked Shot"
CATEGORY = "Tracked Shot"
CLIP_SHARE, SCENE_SHARE, TIMELINE_SHARE = 0.5, 0.5, 0.12
"""At most a half: then the new area is the lower or left one. It cannot be cut again before it was drawn."""


def open_workspace(window: bpy.types.Window) -> bool:
    """Shows the workspace in the window, made anew where the file has none; True where it was made."""
    known = bpy.data.workspaces.get(NAME)
    if known is not None:
        window.workspace = known
        return False
    before = set(bpy.data.workspaces)
    with bpy.context.temp_override(window=window, screen=window.screen):
        bpy.ops.workspace.duplicate()
    (made,) = set(bpy.data.workspaces) - before
    made.name = NAME
    window.workspace = made
    # Blender changes the window's screen when it comes to it; until then the old one would be laid out.
    _once(lambda: _lay_out(window, made))
    return True


def _once(call: Callable[[], bool], *, first: float = 0.05, tries: int = 40) -> None:
    """Calls it now and then until it returns True."""
    left = [tries]

    def run() -> float | None:
        left[0] -= 1
        return None if call() or left[0] <= 0 else 0.05

    bpy.app.timers.register(run, first_interval=first)


def _lay_out(window: bpy.types.Window, workspace: bpy.types.WorkSpace) -> bool:
    """Cuts the window's largest area into the editors; False where the window does not show it yet."""
    if window not in list(bpy.context.window_manager.windows) or workspace.name not in bpy.data.workspaces:
        return True
    if window.workspace != workspace:
        return False
    screen = window.screen
    _close_others(window, screen)
    clip = max(screen.areas, key=lambda area: area.width * area.height)
    clip.ui_type = "CLIP_EDITOR"
    timeline, clip = _split(window, clip, "HORIZONTAL", TIMELINE_SHARE)
    timeline.ui_type = "TIMELINE"
    clip, scene = _split(window, clip, "VERTICAL", CLIP_SHARE)
    tree, scene = _split(window, scene, "HORIZONTAL", SCENE_SHARE)
    scene.ui_type, tree.ui_type = "VIEW_3D", "CompositorNodeTree"
    # An area that was never drawn has no regions yet that could be shown or hidden.
    _once(lambda: _choose_tab(window), first=0.5)
    return True


def _close_others(window: bpy.types.Window, screen: bpy.types.Screen) -> None:
    """Joins areas into the largest as far as Blender can; what cannot be joined stays."""
    stuck: set[int] = set()
    while len(screen.areas) > 1:
        largest = max(screen.areas, key=lambda area: area.width * area.height)
        rest = [area for area in screen.areas if area != largest and area.as_pointer() not in stuck]
        if not rest:
            return
        area = min(rest, key=lambda area: area.width * area.height)
        count = len(screen.areas)
        override = {"window": window, "screen": screen, "area": area, "region": area.regions[0]}
        # An area without a neighbour that could take its place stays.
        with bpy.context.temp_override(**override), contextlib.suppress(RuntimeError):
            bpy.ops.screen.area_close()
        if len(screen.areas) == count:
            stuck.add(area.as_pointer())


def _split(
    window: bpy.types.Window, area: bpy.types.Area, direction: str, share: float
) -> tuple[bpy.types.Area, bpy.types.Area]:
    """Cuts an area in two; the lower or left one first, which gets ``share`` of it."""
    screen = window.screen
    before = {known.as_pointer() for known in screen.areas}
    with bpy.context.temp_override(window=window, screen=screen, area=area, region=area.regions[0]):
        bpy.ops.screen.area_split(direction=direction, factor=share)
    new = next(known for known in screen.areas if known.as_pointer() not in before)
    return new, area


def _choose_tab(window: bpy.types.Window) -> bool:
    """Our tab in both sidebars; False where one was not drawn yet, whose tab cannot be chosen before."""
    if window not in list(bpy.context.window_manager.windows):
        return True
    done = True
    for area in window.screen.areas:
        if area.ui_type not in ("CLIP_EDITOR", "CompositorNodeTree"):
            continue
        area.spaces.active.show_region_ui = True
        bar = next(region for region in area.regions if region.type == "UI")
        try:
            bar.active_panel_category = CATEGORY
        except (AttributeError, TypeError):
            done = False
        area.tag_redraw()
    return done
