"""The artist's own tracks: kept in the session, put back, and whether the solve still counts them in."""

from __future__ import annotations

import logging
import time

import bpy

from .. import jobs
from ..tracking.errors import TrackedShotError
from .sessions import count_lacking, known, look_at_session, session_of
from .state import state_of, work_of

log = logging.getLogger(__name__)

STALE_SHARE, STALE_SECONDS = 50.0, 1.0
"""Looking whether the tracks changed takes one part in so many of the time, at most, and is done so often."""


def checkpoint(clip: bpy.types.MovieClip) -> int:
    """Keeps the clip's tracks in its session as they are; returns how many had changed.

    Raises SessionError where it has no session, or they can't be written.
    """
    state, session = known(clip), session_of(clip)
    changed = jobs.checkpoint(clip, session)
    state.kept, state.older = jobs.kept_names(session), False
    count_lacking(clip, state)
    return changed


def restore(clip: bpy.types.MovieClip) -> list[str]:
    """Puts the artist's own tracks back as the session keeps them; what cannot be, as sentences."""
    state = known(clip)
    troubles = jobs.restore(clip, session_of(clip))
    state.older = False
    count_lacking(clip, state)
    return troubles


def look_at_tracks() -> None:
    """Sees whether the tracks of the clips that a Clip Editor shows are still those that were solved.

    It takes 10 to 30 ms with some hundred tracks, so it is done the less often the longer it takes.
    """
    now = time.monotonic()
    for space in jobs.clip_spaces():
        state = state_of(space.clip)
        if state is None or state.manager is None or work_of(state) or now < state.stale_at:
            continue
        state.stale = ""
        if space.clip.tracked_shot.taken_in and not state.waiting:
            try:
                state.stale = jobs.stale(space.clip, state.manager)
            except TrackedShotError as error:
                log.info("%s", error)  # what is wrong with the session is said where it is looked at
        done = time.monotonic()
        state.stale_at = done + max(STALE_SECONDS, STALE_SHARE * (done - now))


def keep_tracks(clip: bpy.types.MovieClip) -> None:
    """Checkpoints the clip's tracks, unless the session keeps other ones that nobody decided on yet."""
    try:
        state = known(clip)
        if state.manager is None or not state.manager.path.is_file():
            return
        if state.kept is None:
            look_at_session(clip, state)
        if state.kept is not None and not state.older:
            checkpoint(clip)
    except TrackedShotError as error:
        log.warning("%s: the tracks were not kept: %s", clip.name, error)
        if (known_state := state_of(clip)) is not None:
            known_state.trouble = str(error)
