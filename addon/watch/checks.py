"""What is wrong with the footage, and what of clip and scene is not as it: looked up beside the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import bpy

from .. import jobs
from ..errands import Errand
from ..tracking.blender.preflight import Comparison, Sample, engine_samples
from ..tracking.errors import TrackedShotError
from ..tracking.preflight import Finding, Preflight, check_footage
from .sessions import known
from .state import ClipState, state_of


def checked(clip: bpy.types.MovieClip) -> ClipState:
    """The clip's state with all findings there; looks them up where that was not done yet."""
    state = known(clip)
    if state.check is not None:
        state.check.wait()
        end_check(state)
    if state.preflight is None:
        state.preflight = check_footage(state.path)
    while not state.compared:
        _compare(clip, state)
    return state


def check_again(clip: bpy.types.MovieClip) -> ClipState:
    """Forgets what was found wrong with the clip and looks again."""
    state = known(clip)
    state.preflight, state.findings, state.compared = None, (), False
    state.comparison = state.samples = None
    return checked(clip)


def begin_checks() -> None:
    """Looks over the clips that a Clip Editor shows and nobody looked at yet."""
    for space in jobs.clip_spaces():
        state = state_of(space.clip)
        if state is not None and state.preflight is None and state.check is None:
            state.check = Errand(_check_of(state.path))


def look_at_settings() -> None:
    """Sees what of the scenes that the windows show, and of the clips in them, is not as the footage is."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            clip = area.spaces.active.clip if area.type == "CLIP_EDITOR" else None
            state = state_of(clip)
            if state is not None:
                state.misfits[window.scene.session_uid] = tuple(jobs.misfits(window.scene, clip))
                state.other_space = jobs.other_color_space(clip, state.preflight)
                state.other_aspect = jobs.other_pixel_aspect(clip, state.preflight)


def _check_of(path: Path) -> Callable[[Errand], tuple[Preflight, Mapping[int, Sample] | None]]:
    def work(_errand: Errand) -> tuple[Preflight, Mapping[int, Sample] | None]:
        found = check_footage(path)
        movie = found.footage is not None and found.footage.kind == "movie"
        return found, engine_samples(found.footage) if movie else None

    return work


def end_check(state: ClipState) -> None:
    """Takes in what was found of the footage; Blender's frames are then still to be compared."""
    errand, state.check = state.check, None
    assert errand is not None
    # check_footage does not raise for bad footage; what else went wrong must not be tried again and again.
    found, samples = errand.result or (Preflight([Finding("error", "unreadable", errand.error)]), None)
    state.preflight, state.samples, state.comparison = found, samples, None
    state.findings, state.compared = tuple(found.findings), False


def try_to_compare(clip: bpy.types.MovieClip, state: ClipState) -> None:
    """Compares the next of Blender's pictures; where it cannot be read, that is what was found."""
    try:
        _compare(clip, state)
    except TrackedShotError as error:
        state.findings, state.compared = (Finding("error", "unreadable", str(error)),), True


def _compare(clip: bpy.types.MovieClip, state: ClipState) -> None:
    """Compares one picture of Blender's with the engine's, and after the last one has all findings."""
    assert state.preflight is not None
    found = list(state.preflight.findings)
    if state.preflight.footage is not None:
        if state.comparison is None:
            state.comparison = Comparison(clip, state.preflight.footage, state.samples)
        if not state.comparison.done:
            state.comparison.step(clip)
        if not state.comparison.done:
            return
        found += state.comparison.findings
    state.findings, state.compared = jobs.in_order(found), True
    state.comparison = state.samples = None
