"""A session's tracks and camera into its clip, and a solve from the clip's tracks as they are."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import bpy

from ..preset_items import TRACKING
from ..properties import chosen_preset
from ..tracking.blender import by_hand, clip_state
from ..tracking.blender import take_in as taking
from ..tracking.blender.clip import Steps, check_offset
from ..tracking.blender.native import NativeResult, NativeSolve
from ..tracking.engine.footage import Footage
from ..tracking.engine.model import LensStart, Solve, Tracks
from ..tracking.errors import SessionError, TrackedShotError
from ..tracking.presets import load_tracking_preset
from ..tracking.session import (
    TrackingSessionManager,
    load_session,
)
from ..tracking.session.clip_tracks import Differences
from ..tracking.session.places import footage_name
from ..tracking.solve_facts import MOVES, focal_text
from .clip import clip_spaces, footage_path
from .sessions import clip_session, lens_start, new_session_folder, remember_session

log = logging.getLogger(__name__)

ASK, MINE, SESSION = "ask", "mine", "session"
"""What to do with tracks of ours that the artist changed: ask, keep them so, take the session's."""


class ChangedByHand(TrackedShotError):
    """Taking in would overwrite what the artist did to the tracks; nothing was taken in."""

    def __init__(self, differences: Differences) -> None:
        super().__init__(f"{differences.text()} since they were taken in: keep yours or take the session's")
        self.differences = differences


@dataclass
class TakingIn:
    """A session that is being taken into a clip."""

    tracks: int
    """How many came into the clip."""
    native: NativeSolve | None
    """Blender's own solve, still to be done; None where the session has no camera."""


def found_in(session: TrackingSessionManager) -> tuple[Tracks, Solve | None]:
    """The session's tracks and its solve: something for a thread. Raises SessionError."""
    return session.tracks(), session.solve()


def taking_in(
    clip: bpy.types.MovieClip,
    session: TrackingSessionManager,
    found: tuple[Tracks, Solve | None],
    *,
    changed: str = ASK,
) -> Steps[TakingIn]:
    """Puts what was found in the session into the clip, in steps; the clip then remembers what it is worth.

    Blender's own solve is still to be done afterwards, and then ``end_take_in``. Tracks of ours that the
    artist moved, switched off or deleted since: with MINE they stay as they are, with SESSION they are put
    back, with ASK this raises ChangedByHand. Raises SessionError where nothing was tracked yet and
    FootageError where the clip has another size.
    """
    changes = taking.changes_by_hand(clip, session)
    if changes.differences.ours and changed == ASK:
        raise ChangedByHand(changes.differences)
    tracks, solve = found
    count, native = yield from taking.taking_session(
        clip, session, tracks, solve, changes, keep=changed != SESSION
    )
    clip = yield
    memory = clip.tracked_shot
    remember_session(clip, session)
    if not memory.taken_in:
        _hide_ended(clip)
    memory.taken_in = True
    memory.find_axis = session.lens().refine_principal
    first, last = session.about["range"]
    memory.frames_wanted = last - first + 1
    memory.native_trouble = ""
    if solve is None:
        memory.verdict = ""
        return TakingIn(count, native)
    memory.verdict = solve.verdict
    memory.reasons = "\n".join(solve.reasons)
    memory.average_error = solve.average_error
    memory.frames_solved = len(solve.frames)
    memory.focal_length, memory.sensor_width = solve.lens.focal_length_mm, solve.lens.sensor_width_mm
    memory.focal_text, memory.move_text = focal_text(solve), MOVES.get(solve.motion, solve.motion)
    return TakingIn(count, native)


def _hide_ended(clip: bpy.types.MovieClip) -> None:
    """Switches Show Disabled off where the clip is shown: hundreds of ended tracks would stand in red."""
    for space in clip_spaces():
        if space.clip == clip:
            space.show_disabled = False


def end_take_in(clip: bpy.types.MovieClip, result: NativeResult) -> None:
    """Notes what came of Blender's own solve."""
    clip.tracked_shot.native_trouble = result.reason
    clip_state.note_whole(clip)


def solve_again(clip: bpy.types.MovieClip, footage: Footage) -> TrackingSessionManager:
    """A session that waits to be solved from the clip's tracks as they are; see by_hand.solve_clip_again.

    The clip's lens is kept where it is known; else the solve begins where the session's did.
    """
    check_offset(clip)
    session = _taken_session(clip)
    lens: LensStart | None = None
    memory = clip.tracked_shot
    if memory.lens_known or (session is not None and not session.lens().refine):
        lens = lens_start(clip)
    elif session is not None:
        lens = replace(session.lens(), refine_principal=memory.find_axis)
    path = footage_path(clip)
    found = by_hand.solve_clip_again(
        clip,
        lens,
        session,
        footage=footage,
        folder=new_session_folder(path),
        name=footage_name(path),
        settings=load_tracking_preset(chosen_preset(clip.tracked_shot, TRACKING)),
    )
    remember_session(clip, found)
    return found


def _taken_session(clip: bpy.types.MovieClip) -> TrackingSessionManager | None:
    """The session whose tracks are in the clip; None where none is, or it is gone or not all tracked."""
    path = clip_state.taken_session(clip)
    if path is None:
        return None
    try:
        session = load_session(path) if path.is_file() else clip_session(clip)
    except SessionError as error:
        log.warning("the tracks in the clip are all that there is: %s", error)
        return None
    if session is None or session.path.name != path.name:
        return None
    return session if not session.follows or session.tracked_to() >= session.about["range"][1] else None
