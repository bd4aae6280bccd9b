"""A session that is done, on its way into its clip: some milliseconds at a time, then Blender's own solve."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import bpy

from .. import jobs
from ..errands import Errand
from ..tracking.blender.clip import Steps, at_once
from ..tracking.blender.native import NativeJob, run_native
from ..tracking.errors import SessionError, TrackedShotError
from ..tracking.session import TrackingSessionManager
from .pulse import hurry
from .screen import in_a_window, redraw, somebody_is_busy
from .sessions import bind, known
from .state import ClipState

log = logging.getLogger(__name__)

STEP_SECONDS, BREATH_SECONDS = 0.012, 0.005
"""How long tracks are taken in at a time, and how long the window then has for itself."""


@dataclass
class Taking:
    """A session that is being taken into its clip, a few milliseconds a tick."""

    session: TrackingSessionManager
    reading: Errand
    """Tracks and solve out of it."""
    changed: str = jobs.ASK
    """What becomes of tracks of ours that the artist changed."""
    steps: Steps[jobs.TakingIn] | None = None

    def go_on(self, clip: bpy.types.MovieClip) -> jobs.TakingIn | None:
        """Takes some steps; what came of all of them after the last. Raises as ``jobs.taking_in`` does."""
        ends = time.perf_counter() + STEP_SECONDS
        try:
            if self.steps is None:
                self.steps = jobs.taking_in(clip, self.session, self.reading.result, changed=self.changed)
                next(self.steps)
            while True:  # one at least, however long the rest of the tick took
                self.steps.send(clip)
                if time.perf_counter() >= ends:
                    break
        except StopIteration as end:
            begun: jobs.TakingIn = end.value
            return begun
        return None


def take_in(
    clip: bpy.types.MovieClip, session: TrackingSessionManager, changed: str = jobs.ASK
) -> jobs.TakingIn:
    """Takes the session into the clip. In a window Blender's own solve is still at work afterwards.

    Raises as ``jobs.taking_in`` does.
    """
    begun = at_once(clip, jobs.taking_in(clip, session, jobs.found_in(session), changed=changed))
    state = known(clip)
    bind(state, session)
    _begin_native(clip, state, begun)
    return begun


def begin_to_take_in(state: ClipState, changed: str = jobs.ASK) -> None:
    """Begins to take a session that is done into its clip."""
    session = state.manager
    assert session is not None
    state.followed = False
    state.taking = Taking(session, Errand(lambda _errand: jobs.found_in(session)), changed)


def go_on(clip: bpy.types.MovieClip, state: ClipState) -> None:
    """Takes some more of it in; in the end that is a step which can be undone."""
    taking = state.taking
    assert taking is not None
    if not taking.reading.done or somebody_is_busy():
        return
    state.taking = None  # whatever goes wrong from here on is not tried again
    with in_a_window():
        try:
            if taking.reading.result is None:
                raise SessionError(taking.reading.error)
            begun = taking.go_on(clip)
            if begun is None:
                state.taking = taking
                return
            _begin_native(clip, state, begun)
        except jobs.ChangedByHand as changed:
            state.differences = changed.differences
            return
        except TrackedShotError as error:
            state.trouble = str(error)
            return
        if state.native is None:  # else Blender itself makes the step, when it has solved
            bpy.ops.ed.undo_push(message="Take In Solve")
    redraw(views=True)


def _begin_native(clip: bpy.types.MovieClip, state: ClipState, begun: jobs.TakingIn) -> None:
    """Has Blender solve the clip for itself, as a job where there is a window."""
    state.followed, state.trouble, state.differences, state.stale_at = False, "", None, 0.0
    native = begun.native
    if native is None:
        return
    native.begin(clip)
    if not native.unfit:
        try:
            state.native = NativeJob(native, bpy.context, clip)
            hurry()
            return
        except LookupError as error:
            log.info("Blender's solve runs at once: %s", error)
    jobs.end_take_in(clip, run_native(native, clip, bpy.context))


def end_native(clip: bpy.types.MovieClip, state: ClipState) -> None:
    """Takes in what came of Blender's own solve."""
    native, state.native = state.native, None
    assert native is not None
    with in_a_window():
        jobs.end_take_in(clip, native.end(clip))
    redraw(views=True)
