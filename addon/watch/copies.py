"""Copies of footage that Blender misreads: written beside the window, then shown."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import jobs
from ..errands import Errand
from ..tracking.errors import TrackedShotError
from ..tracking.preflight import EVEN_COPY, make_even_copy, make_image_sequence
from .pulse import hurry
from .screen import in_a_window, redraw
from .sessions import known
from .state import ClipState


def begin_copy(clip: bpy.types.MovieClip, fix: str) -> None:
    """Starts to write a copy of the footage that Blender reads right; it is shown when it is done."""
    state = known(clip)
    source, target = state.path, jobs.copy_target(state.path)

    def work(errand: Errand) -> Path:
        if fix == EVEN_COPY:
            return make_even_copy(source, target, on_progress=errand.step)
        return make_image_sequence(source, target.with_suffix(""), on_progress=errand.step)

    state.trouble = ""
    state.copying = Errand(work)
    hurry()


def end_copy(clip: bpy.types.MovieClip, state: ClipState) -> None:
    """Shows the copy that was written in place of the clip."""
    errand, state.copying = state.copying, None
    assert errand is not None
    if errand.result is None:
        state.trouble = errand.error
        return
    with in_a_window():
        try:
            jobs.show_copy(clip, errand.result)
        except TrackedShotError as error:
            state.trouble = str(error)
            return
        bpy.ops.ed.undo_push(message="Show Evenly Timed Copy")
    redraw(views=True)
