"""What the watcher has to do with windows: what they show is drawn anew, and what goes on is told below."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from ..words import say
from .composites import composites
from .state import ClipState, clips

_shown: list[Any] = []
"""What the sidebars were drawn from last."""
_status = [""]
"""What the status bar says of us."""


def redraw_if_changed() -> None:
    """Draws the sidebars anew where they would show something else than they do."""
    now = [
        [(uid, state.shown) for uid, state in clips.items()],
        dict(composites),
        [row.path + row.status + row.when for row in bpy.context.window_manager.tracked_shot.sessions],
    ]
    if now != _shown:
        _shown[:] = now
        redraw()


def show_status() -> None:
    """A line in the status bar while a clip is tracked; nothing of it where none is."""
    text = next((line for state in clips.values() if (line := status_line(state))), "")
    if text == _status[0] or bpy.app.background:
        return
    _status[0] = text
    for window in bpy.context.window_manager.windows:
        with bpy.context.temp_override(window=window, screen=window.screen):
            window.workspace.status_text_set(text or None)


def status_line(state: ClipState) -> str:
    """What the status bar says of a clip; empty where nobody works on it."""
    at_work = state.running and state.progress is not None
    return f"{state.path.name}: {doing(state)}" if at_work else ""


def doing(state: ClipState) -> str:
    """What the clip's process does just now, in the user's language."""
    progress = state.progress
    assert progress is not None
    if state.asked:
        return say("Pausing") if state.asked == "pause" else say("Stopping")
    if progress.stage == "track" and progress.frame >= progress.first:
        return say("Tracking {frame} of {last}", frame=progress.frame, last=progress.last)
    return say(
        {"clean": "Cleaning Tracks", "solve": "Solving", "look": "Looking Again"}.get(
            progress.stage, "Starting"
        )
    )


def is_shown() -> bool:
    """Whether any window shows an editor in whose sidebar we are."""
    return any(
        area.type in ("CLIP_EDITOR", "NODE_EDITOR")
        for window in bpy.context.window_manager.windows
        for area in window.screen.areas
    )


def redraw(*, views: bool = False) -> None:
    """Draws the sidebars anew in which our panels may be; with ``views`` what is beside them, too."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("CLIP_EDITOR", "NODE_EDITOR"):
                for region in area.regions:
                    if views or region.type == "UI":
                        region.tag_redraw()


def somebody_is_busy() -> bool:
    """Rendering, or in the middle of something with the mouse: no time to change the file."""
    windows = bpy.context.window_manager.windows
    return bpy.app.is_job_running("RENDER") or any(len(window.modal_operators) for window in windows)


@contextmanager
def in_a_window() -> Iterator[None]:
    """Gives operators a window: a timer has none."""
    window = bpy.context.window or bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window, screen=window.screen):
        yield


def forget() -> None:
    """Drops what was shown."""
    _shown.clear()
    show_status()
