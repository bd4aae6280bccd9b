"""The add-on's one timer, as Blender knows it: started, stopped, and brought to look at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import bpy

SOON_SECONDS = 0.05

_beat: list[Callable[[], float]] = []
"""What the timer calls; none where it does not run."""


def start(beat: Callable[[], float], first: float) -> None:
    """Has ``beat`` called after ``first`` seconds, and from then on after as many as it returns each time."""
    _beat[:] = [beat]
    bpy.app.timers.register(beat, first_interval=first, persistent=True)


def stop() -> None:
    """Ends the timer."""
    while _beat:
        # Blender itself drops it where reading another file failed half-way.
        with contextlib.suppress(ValueError):
            bpy.app.timers.unregister(_beat.pop())


def hurry() -> None:
    """Has the timer look at once."""
    for beat in _beat:
        if bpy.app.timers.is_registered(beat):
            bpy.app.timers.unregister(beat)
            bpy.app.timers.register(beat, first_interval=SOON_SECONDS, persistent=True)
