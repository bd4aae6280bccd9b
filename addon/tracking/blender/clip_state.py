"""A clip's tracks, read and put back to the bit: checkpoints of work by hand, and what changed since.

The artist's own tracks are all whose names do not begin with ours. Ours need no checkpoint, the session has
them; only those that the artist changed since they were taken in are kept.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..session import TrackingSessionManager
from ..session.clip_tracks import (
    ClipPlane,
    ClipSnapshot,
    ClipTrack,
    Differences,
    compare_taken,
    load_snapshot,
    save_snapshot,
    set_clip_source,
    track_mark,
)
from .clip import PREFIX, camera_object, clip_editor, select_track, set_markers

TRACK_SETTINGS = (
    "weight", "weight_stab", "use_custom_color", "lock", "hide", "use_red_channel", "use_green_channel",
    "use_blue_channel", "use_grayscale_preview", "use_alpha_preview", "motion_model", "pattern_match",
    "margin", "correlation_min", "frames_limit", "use_normalization", "use_brute", "use_mask",
)  # fmt: skip
"""What is kept of a track beside its markers; all Blenders from 4.2 on have these."""
TRACK_VECTORS = ("color", "offset")
PLANE_SETTINGS = ("use_auto_keying", "image_opacity")
CORNERS_NEEDED = 4
TAKEN = "tracked_shot_taken"
"""Custom property of a clip: which session's tracks are in it and how they were then, as JSON.

It is saved and undone with the tracks themselves, and kept, too, by a build from Python, where the add-on's
own properties are not registered."""
HALF = "tracked_shot_half"
"""Custom property of a clip while a session is on its way into it: how far that is."""
HALF_TRACKS, HALF_SOLVED = "tracks", "solve"
"""Not all tracks are there yet; they are, and Blender's own solve is not."""


def read_clip(clip: bpy.types.MovieClip) -> ClipSnapshot:
    """The artist's own tracks and all plane tracks of the clip."""
    tracks = [read_track(owner.name, track) for owner, track in _tracks(clip, ours=False)]
    planes = [
        read_plane(owner.name, plane) for owner in clip.tracking.objects for plane in owner.plane_tracks
    ]
    return ClipSnapshot(tracks, planes)


def checkpoint_clip(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> int:
    """Keeps the clip's tracks in the session as they are; returns how many differ from those kept before.

    Raises SessionError where the session can't be written.
    """
    return save_snapshot(session.store, _snapshot(clip, session))


def note_taking(
    clip: bpy.types.MovieClip, session: TrackingSessionManager, kept: Mapping[str, str] | None = None
) -> None:
    """Notes, before the first of the session's tracks comes into the clip, that not all are there yet.

    Until ``note_whole`` the clip is half taken in: what is missing or new in it is nobody's doing, and a file
    that is saved meanwhile says so. ``kept`` is as in ``note_taken``.
    """
    marks = {**_own_marks(clip, session), **(kept or {})}
    clip[TAKEN] = json.dumps({"session": str(session.path), "marks": {str(session.path): marks}})
    clip[HALF] = HALF_TRACKS


def note_whole(clip: bpy.types.MovieClip) -> None:
    """Notes that all of the session is in the clip, and what came of Blender's own solve."""
    if HALF in clip:
        del clip[HALF]


def is_half_taken(clip: bpy.types.MovieClip) -> bool:
    """Whether a session was still on its way into the clip, as far as nobody works on it now.

    An undo may lead to where Blender had just solved and we had not noted it: that is whole, and noted then.
    """
    if clip.get(HALF) == HALF_SOLVED and clip.tracking.reconstruction.is_valid:
        note_whole(clip)
    return HALF in clip


def note_taken(
    clip: bpy.types.MovieClip, session: TrackingSessionManager, kept: Mapping[str, str] | None = None
) -> None:
    """Notes that the session's tracks are in the clip, and how, so that what is done to them is seen later.

    Of the artist's own it stays noted how they were when they were handed over to the session. ``kept``
    are the marks of ours that were not put there anew: they count as changed still. Blender's own solve is
    still to come: ``note_whole`` where it has, or where there is none.
    """
    ours = {name: mark for name, mark in track_marks(clip).items() if name.startswith(PREFIX)}
    marks = {str(session.path): {**_own_marks(clip, session), **ours, **(kept or {})}}
    clip[TAKEN] = json.dumps({"session": str(session.path), "marks": marks})
    clip[HALF] = HALF_SOLVED


def _own_marks(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> dict[str, str]:
    """How the artist's own tracks were when they were handed over to the session."""
    return {name: mark for name, mark in taken_marks(clip, session).items() if not name.startswith(PREFIX)}


def clip_differences(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> Differences:
    """What the artist did since: to ours since they were taken in, to their own since the last checkpoint.

    Nothing is said of ours in a clip that this session was not taken into.
    """
    before = taken_marks(clip, session)
    found = compare_taken(before, track_marks(clip) if before else {})
    kept = {(t.object, t.name): t for t in load_snapshot(session.store).tracks if not t.ours}
    now = {(t.object, t.name): t for t in read_clip(clip).tracks}
    changed = [key for key, track in now.items() if key in kept and kept[key].digest() != track.digest()]
    return replace(
        found,
        added=tuple(name for owner, name in now if (owner, name) not in kept),
        changed=tuple(name for _, name in changed),
        lost=tuple(name for owner, name in kept if (owner, name) not in now),
    )


def restore_clip(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> list[str]:
    """Puts the artist's own tracks and planes back as they were checkpointed; what cannot be, as sentences.

    Tracks that were added since stay. A plane that is gone is made anew from the four tracks nearest to its
    corners, since Blender does not tell which it was made from.
    """
    kept = load_snapshot(session.store)
    now = {(owner.name, track.name): track for owner, track in _tracks(clip, ours=False)}
    for track in kept.tracks:
        if track.ours:
            continue
        there = now.get((track.object, track.name))
        if there is None or read_track(track.object, there).digest() != track.digest():
            put_track(clip, track, there)
    return [trouble for plane in kept.planes if (trouble := _restore_plane(clip, plane))]


def source(footage: Path) -> ClipSnapshot | None:
    """The tracks of the open file's clip of this footage; None where no clip shows it."""
    wanted = os.path.realpath(footage)
    for clip in bpy.data.movieclips:
        if (
            clip.filepath
            and os.path.realpath(bpy.path.abspath(clip.filepath, library=clip.library)) == wanted
        ):
            return read_clip(clip)
    return None


set_clip_source(source)


# --- tracks ------------------------------------------------------------------


def read_track(owner: str, track: bpy.types.MovieTrackingTrack) -> ClipTrack:
    """All that is kept of a track."""
    count = len(track.markers)

    def column(name: str, kind: Any, width: int = 1) -> Any:
        values = np.empty(count * width, kind)
        track.markers.foreach_get(name, values)
        return values.reshape(count, width) if width > 1 else values

    settings = {name: getattr(track, name) for name in TRACK_SETTINGS}
    settings |= {name: list(getattr(track, name)) for name in TRACK_VECTORS}
    return ClipTrack(
        owner,
        track.name,
        settings,
        column("frame", np.int32),
        column("co", np.float32, 2),
        column("pattern_corners", np.float32, 8),
        np.hstack([column("search_min", np.float32, 2), column("search_max", np.float32, 2)]),
        column("is_keyed", bool),
        column("mute", bool),
    )


def read_mark(track: bpy.types.MovieTrackingTrack) -> str:
    """The track's mark, without reading what it does not tell of."""
    count = len(track.markers)
    frames, places, muted = np.empty(count, np.int32), np.empty(2 * count, np.float32), np.empty(count, bool)
    track.markers.foreach_get("frame", frames)
    track.markers.foreach_get("co", places)
    track.markers.foreach_get("mute", muted)
    return track_mark(frames, places, muted, track.weight)


def put_track(
    clip: bpy.types.MovieClip, kept: ClipTrack, track: bpy.types.MovieTrackingTrack | None = None
) -> None:
    """Makes ``track``, or a new one, just as it was kept."""
    if track is None:
        owner = clip.tracking.objects.get(kept.object) or clip.tracking.objects.new(kept.object)
        track = owner.tracks.new(name=kept.name, frame=int(kept.frames[0]) if len(kept.frames) else 1)
    set_markers(
        track,
        kept.frames,
        kept.places,
        kept.corners,
        kept.search,
        keyed=kept.keyed,
        muted=kept.muted,
    )
    for name in (*TRACK_SETTINGS, *TRACK_VECTORS):
        setattr(track, name, kept.settings[name])


def _snapshot(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> ClipSnapshot:
    """The artist's own tracks, and ours that the artist changed."""
    snapshot = read_clip(clip)
    before = taken_marks(clip, session)
    for owner, track in _tracks(clip, ours=True):
        if track.name in before:
            read = read_track(owner.name, track)
            if read.mark() != before[track.name]:
                snapshot.tracks.append(read)
    return snapshot


def taken_marks(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> dict[str, str]:
    """How the clip's tracks were when the session was taken in, or they were handed over; by name."""
    marks: dict[str, dict[str, str]] = _taken(clip).get("marks", {})
    path = session.path
    moved = (file for file in marks if Path(file).name == path.name and not Path(file).is_file())
    return marks.get(str(path)) or marks.get(next(moved, "")) or {}


def track_marks(clip: bpy.types.MovieClip) -> dict[str, str]:
    """A mark for each of the camera's tracks, and for ours on other objects."""
    marks = {track.name: read_mark(track) for _, track in _tracks(clip, ours=True)}
    for track in camera_object(clip).tracks:
        if track.name not in marks:
            marks[track.name] = read_mark(track)
    return marks


def _tracks(
    clip: bpy.types.MovieClip, *, ours: bool
) -> Iterator[tuple[bpy.types.MovieTrackingObject, bpy.types.MovieTrackingTrack]]:
    for owner in clip.tracking.objects:
        for track in owner.tracks:
            if track.name.startswith(PREFIX) == ours:
                yield owner, track


def note_handed(clip: bpy.types.MovieClip, session: TrackingSessionManager, marks: Mapping[str, str]) -> None:
    """Notes how the tracks are as the session's next solve will count them in; whose they are stays noted."""
    found = _taken(clip)
    owner = found.get("session", "")
    before = {file: known for file, known in found.get("marks", {}).items() if file == owner}
    clip[TAKEN] = json.dumps({"session": owner, "marks": {**before, str(session.path): dict(marks)}})


def taken_session(clip: bpy.types.MovieClip) -> Path | None:
    """The file of the session whose tracks are in the clip, None for none; it may be gone."""
    file = _taken(clip).get("session")
    return Path(file) if file else None


def forget_taken(clip: bpy.types.MovieClip) -> None:
    """The clip has nothing of a session any more."""
    for name in (TAKEN, HALF):
        if name in clip:
            del clip[name]


def _taken(clip: bpy.types.MovieClip) -> dict[str, Any]:
    try:
        found = json.loads(clip.get(TAKEN, "{}"))
    except (TypeError, ValueError):  # somebody else has written it
        return {}
    return found if isinstance(found, dict) else {}


# --- planes ------------------------------------------------------------------


def read_plane(owner: str, plane: bpy.types.MovieTrackingPlaneTrack) -> ClipPlane:
    """All that can be known of a plane track."""
    count = len(plane.markers)
    frames, muted = np.empty(count, np.int32), np.empty(count, bool)
    corners = np.empty(count * 8, np.float32)
    plane.markers.foreach_get("frame", frames)
    plane.markers.foreach_get("mute", muted)
    plane.markers.foreach_get("corners", corners)
    settings = {name: getattr(plane, name) for name in PLANE_SETTINGS}
    settings["image"] = plane.image.name if plane.image is not None else ""
    return ClipPlane(owner, plane.name, settings, frames, corners.reshape(-1, 8), muted)


def _restore_plane(clip: bpy.types.MovieClip, kept: ClipPlane) -> str:
    """Makes the plane as it was kept; why not, where it can't be."""
    owner = clip.tracking.objects.get(kept.object)
    plane = owner.plane_tracks.get(kept.name) if owner is not None else None
    if owner is not None and plane is None:
        plane = _new_plane(clip, owner, kept)
    if plane is None:
        return (
            f"The plane {kept.name} could not be put back: it takes {CORNERS_NEEDED} tracks in it to make one"
        )
    set_markers(plane, kept.frames, corners=kept.corners, muted=kept.muted)
    for name in PLANE_SETTINGS:
        setattr(plane, name, kept.settings[name])
    plane.image = bpy.data.images.get(kept.settings["image"])
    return ""


def _new_plane(
    clip: bpy.types.MovieClip, owner: bpy.types.MovieTrackingObject, kept: ClipPlane
) -> bpy.types.MovieTrackingPlaneTrack | None:
    """A plane track of the artist's tracks that lie nearest to its corners; None where there are too few."""
    frame = int(kept.frames[0])
    corners = kept.corners[0].reshape(4, 2)
    away = []
    for track in owner.tracks:
        marker = track.markers.find_frame(frame, exact=True)
        if marker is not None and not marker.mute and not track.name.startswith(PREFIX):
            away.append((float(np.linalg.norm(corners - np.array(marker.co), axis=1).min()), track.name))
    chosen = {name for _, name in sorted(away)[:CORNERS_NEEDED]}
    if len(chosen) < CORNERS_NEEDED:
        return None
    selected = {track.name: track.select for track in owner.tracks}
    active = clip.tracking.objects.active
    before = set(owner.plane_tracks.keys())
    with clip_editor(bpy.context, clip) as space:
        clip.tracking.objects.active = owner
        user_frame = space.clip_user.frame_current
        space.clip_user.frame_current = clip.frame_start + frame - 1
        for track in owner.tracks:
            select_track(track, track.name in chosen)
        try:
            bpy.ops.clip.create_plane_track()
        finally:
            space.clip_user.frame_current = user_frame
            clip.tracking.objects.active = active
            for track in owner.tracks:
                select_track(track, selected[track.name])
    plane = next((plane for plane in owner.plane_tracks if plane.name not in before), None)
    if plane is not None:
        plane.name = kept.name
    return plane
