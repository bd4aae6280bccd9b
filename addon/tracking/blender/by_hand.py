"""Solving from a clip's tracks as they are: the artist's own, and ours with what the artist did to them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import bpy
import numpy as np

from ..engine.by_hand import DELETED, FEWEST, SWITCHED_OFF, HandTrack
from ..engine.footage import Footage
from ..engine.model import LensStart, TrackingSettings
from ..errors import InputError
from ..session import TrackingSessionManager, create_session, solve_again
from ..session.clip_tracks import stale_text
from ..session.hand import hand_over, solved_hand, waiting_hand
from .clip import PREFIX, camera_object
from .clip_lens import start_of_clip
from .clip_state import note_handed, read_mark, read_track, taken_marks, track_marks

LEAST_TRACKS = FEWEST
"""A camera cannot be solved from fewer tracks."""
BY_HAND = "_by_hand"
"""How the name of a session ends that rests on the artist's tracks alone."""


def solve_clip_again(
    clip: bpy.types.MovieClip,
    lens: LensStart | None,
    session: TrackingSessionManager | None = None,
    *,
    footage: Footage | None = None,
    folder: Path | None = None,
    name: str = "",
    settings: TrackingSettings | None = None,
) -> TrackingSessionManager:
    """A session that waits to be solved from the clip's tracks as they are; nothing is tracked for it.

    ``session`` is the one that was taken into the clip. Without one a new one is made, of ``footage``, called
    ``name``, in ``folder``: it rests on the tracks in the clip alone. ``lens`` is where the solve starts
    from; None for what the session has, of a new one what the clip has. Raises InputError where the clip has
    too few tracks, SessionError where the session is at work, not tracked to its end, or cannot be written.
    """
    count = sum(usable(track) for track in camera_object(clip).tracks)
    if count < LEAST_TRACKS:
        raise InputError(f"the clip has {count} tracks that can be used; a camera takes {LEAST_TRACKS}")
    if session is not None:
        session = solve_again(session, lens or session.lens(), hand_of(clip, session))
    else:
        assert footage is not None and folder is not None
        session = create_session(
            footage.path,
            name + BY_HAND,
            directory=folder,
            frame_range=(footage.first, footage.last),
            settings=settings,
            lens=lens or start_of_clip(clip, refine=True),
            follow=False,
        )
        hand_over(session.store, hand_of(clip, session))
    _note_handed(clip, session)
    return session


def count_in(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> int:
    """Hands the artist's tracks over to a session that is not done yet; returns how many there are of them.

    Where there are none, and none were handed over before, nothing is written.
    """
    hand = hand_of(clip, session)
    if hand or waiting_hand(session.store):
        hand_over(session.store, hand)
        _note_handed(clip, session)
    return len(hand)


def hand_of(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> list[HandTrack]:
    """What the artist did to the clip's tracks, as the session counts it."""
    return clip_by_hand(clip, session) if session.follows else own_by_hand(clip, with_ours=True)


def kept_as_they_are(session: TrackingSessionManager) -> list[str]:
    """Tracks with our prefix that the session's solve took from a clip, and that stay there as they are."""
    names = [item.name if item.of is None else PREFIX + item.name for item in solved_hand(session.store)]
    return [name for name in names if name.startswith(PREFIX)]


def _note_handed(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> None:
    """Notes how the tracks are, as the session's next solve will count them in."""
    tracks = camera_object(clip).tracks
    left_out = {track.name for track in tracks if not track.name.startswith(PREFIX) and not usable(track)}
    marks = track_marks(clip)
    note_handed(clip, session, {name: mark for name, mark in marks.items() if name not in left_out})


def own_by_hand(clip: bpy.types.MovieClip, *, with_ours: bool = False) -> list[HandTrack]:
    """The artist's own tracks of the camera that have weight and markers; ``with_ours``: ours just alike."""
    found = []
    for track in camera_object(clip).tracks:
        if (with_ours or not track.name.startswith(PREFIX)) and usable(track):
            found.append(_hand_track(clip, track, track.name))
    return found


def clip_by_hand(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> list[HandTrack]:
    """All that the artist did to the tracks of a clip that this session was taken into.

    Their own tracks as they are; ours that were moved, switched off or deleted, since they were taken in or
    before an earlier hand-over.
    """
    before = taken_marks(clip, session)
    earlier = {item.of: item for item in waiting_hand(session.store) if item.of is not None}
    numbers = {PREFIX + name: number for number, name in enumerate(session.names())}
    there = {track.name: track for track in camera_object(clip).tracks if track.name in numbers}
    ours: dict[int, HandTrack] = {
        number: item
        for number, item in earlier.items()
        if number is not None and PREFIX + item.name not in there
    }
    for name, number in numbers.items():
        if name in there:
            item = _of_ours(clip, there[name], number, before.get(name), earlier.get(number))
            if item is not None:
                ours[number] = item
        elif name in before:
            ours.setdefault(number, HandTrack(name.removeprefix(PREFIX), number, reason=DELETED))
    return [*(ours[number] for number in sorted(ours)), *own_by_hand(clip)]


def _of_ours(
    clip: bpy.types.MovieClip,
    track: bpy.types.MovieTrackingTrack,
    number: int,
    before: str | None,
    earlier: HandTrack | None,
) -> HandTrack | None:
    """What the artist did to one of ours; None where it is as it was put there."""
    if before is None or read_mark(track) == before:
        return earlier
    name = track.name.removeprefix(PREFIX)
    if not usable(track):
        return HandTrack(name, number, reason=SWITCHED_OFF)
    return _hand_track(clip, track, name, number)


def _hand_track(
    clip: bpy.types.MovieClip, track: bpy.types.MovieTrackingTrack, name: str, of: int | None = None
) -> HandTrack:
    read = read_track("", track)
    size = np.array(clip.size, np.float64)
    places = read.places[~read.muted].astype(np.float64) + np.array(track.offset)
    return HandTrack(name, of, read.frames[~read.muted], places * size, float(track.weight))


def usable(track: bpy.types.MovieTrackingTrack) -> bool:
    """Whether a solve counts the track in: it has weight, and two markers that are not switched off."""
    if track.weight <= 0 or len(track.markers) < 2:
        return False
    muted = np.empty(len(track.markers), bool)
    track.markers.foreach_get("mute", muted)
    return bool((~muted).sum() >= 2)


def stale(clip: bpy.types.MovieClip, marks: Mapping[str, str]) -> str:
    """What was done to the clip's tracks since a solve counted them in with these ``marks``, in words."""
    tracks = camera_object(clip).tracks
    return stale_text(marks, track_marks(clip), {track.name for track in tracks if usable(track)})
