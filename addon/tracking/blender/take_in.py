"""From a session into the clip: its tracks, and its camera by one native solve."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import bpy
import numpy as np

from ..engine.model import Solve, Tracks
from ..errors import SessionError
from ..session import TrackingSessionManager, load_session
from ..session.clip_tracks import Differences
from .by_hand import kept_as_they_are
from .clip import PREFIX, Steps, at_once, check_fits, putting_tracks
from .clip_state import (
    clip_differences,
    note_taken,
    note_taking,
    note_whole,
    taken_marks,
    taken_session,
)
from .native import NativeResult, NativeSolve, run_native

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TakenIn:
    """What came into the clip."""

    tracks: int
    native: NativeResult | None
    """Blender's own solve beside ours; None where the session has no camera."""


def take_in(
    clip: bpy.types.MovieClip,
    tracks: Tracks,
    solve: Solve | None,
    *,
    pattern: int = 21,
    keep: Collection[str] = (),
) -> TakenIn:
    """Puts a session's tracks and camera into ``clip`` in place of what an earlier session put there.

    With a camera, the tracks are those that it rests on; the others stay in the session, with the reason why.
    Without one, they are all that are not switched off. The artist's own tracks stay, and those of ours in
    ``keep``: changed ones are not overwritten, deleted ones not put back. Tracks that the camera does not
    rest on have no say in Blender's solve either. ``pattern`` is the side of the matched patch, as in
    TrackingSettings. Raises FootageError where the clip has another size.
    """
    count, native = at_once(clip, taking_in(clip, tracks, solve, pattern=pattern, keep=keep))
    if native is None:
        return TakenIn(count, None)
    return TakenIn(count, run_native(native, clip, bpy.context))


def taking_in(
    clip: bpy.types.MovieClip,
    tracks: Tracks,
    solve: Solve | None,
    *,
    pattern: int = 21,
    keep: Collection[str] = (),
) -> Steps[tuple[int, NativeSolve | None]]:
    """The same as far as the tracks, a track a step: how many, and the solve that Blender is still to do."""
    used = tracks.enabled
    if solve is not None:
        used = np.zeros(tracks.count, bool)
        used[solve.point_tracks] = True
    put = tracks.subset(used & ~tracks.own)
    count = yield from putting_tracks(clip, put, pattern=pattern, keep=keep)
    if solve is None:
        return count, None
    names = [name if own else PREFIX + name for name, own in zip(tracks.names, tracks.own)]
    return count, NativeSolve(solve, {name for name, counts in zip(names, used) if counts})


# --- a session, with heed to what was done by hand ----------------------------


@dataclass(frozen=True)
class Changes:
    """What was done by hand to our tracks in a clip since they were taken in."""

    differences: Differences = Differences()
    marks: Mapping[str, str] = field(default_factory=dict)
    """How each of ours was then, by name."""


def changes_by_hand(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> Changes:
    """What taking ``session`` in would undo; it need not be the one whose tracks are in the clip."""
    before = taken_session(clip)
    if before is None:
        return Changes()
    moved_along = not before.is_file() and before.name == session.path.name
    if before == session.path or moved_along:
        return Changes(clip_differences(clip, session), taken_marks(clip, session))
    try:
        earlier = load_session(before)
    except SessionError as error:
        log.warning("what was changed since the last session was taken in is not known: %s", error)
        return Changes()
    # Another session means other points by the same names: one deleted there is not deleted here.
    found = replace(clip_differences(clip, earlier), deleted=())
    return Changes(found, taken_marks(clip, earlier))


def taking_session(
    clip: bpy.types.MovieClip,
    session: TrackingSessionManager,
    tracks: Tracks,
    solve: Solve | None,
    changes: Changes,
    *,
    keep: bool = True,
) -> Steps[tuple[int, NativeSolve | None]]:
    """As ``taking_in``, of a session, which the clip then remembers. ``keep``: what was changed stays so.

    Tracks that its solve took from the clip stay as they are. What is kept counts as changed still. Where
    there is a solve that Blender is still to do, ``note_whole`` comes after that.
    """
    changed = changes.differences.ours
    counted = set(kept_as_they_are(session))
    marks = {name: changes.marks[name] for name in changed} if keep else None
    check_fits(clip, tracks)
    note_taking(clip, session, marks)
    count, native = yield from taking_in(
        clip,
        tracks,
        solve,
        pattern=session.settings().pattern,
        keep=counted.union(changed) if keep else counted.difference(changed),
    )
    clip = yield
    note_taken(clip, session, marks)
    if native is None:
        note_whole(clip)
    return count, native


def take_in_session(
    clip: bpy.types.MovieClip, session: TrackingSessionManager, solve: Solve | None, *, keep: bool = True
) -> NativeResult | None:
    """The same at once, with Blender's own solve; what came of that, None where there is no camera."""
    changes = changes_by_hand(clip, session)
    steps = taking_session(clip, session, session.tracks(), solve, changes, keep=keep)
    _, native = at_once(clip, steps)
    if native is None:
        return None
    result = run_native(native, clip, bpy.context)
    note_whole(clip)
    return result
