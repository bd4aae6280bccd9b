"""The artist's own tracks beside those of a session."""

from __future__ import annotations

import bpy

from ..tracking.blender import by_hand, clip_state, native
from ..tracking.session import TrackingSessionManager
from ..tracking.session.clip_tracks import load_snapshot


def track_names(clip: bpy.types.MovieClip) -> set[tuple[str, str]]:
    """Object and name of every track of the clip."""
    return {(owner.name, track.name) for owner in clip.tracking.objects for track in owner.tracks}


def kept_names(session: TrackingSessionManager) -> frozenset[tuple[str, str]]:
    """Object and name of every track of the artist's own that the session keeps."""
    return frozenset((t.object, t.name) for t in load_snapshot(session.store).tracks if not t.ours)


def differs_from_kept(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> bool:
    """Whether the session keeps tracks of the artist's own that the clip lacks, or has otherwise."""
    found = clip_state.clip_differences(clip, session)
    return bool(found.lost or found.changed)


def stale(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> str:
    """What was done to the clip's tracks since the session's solve counted them in, in words; else empty.

    Of a clip that is half taken in there is nothing to say.
    """
    if clip_state.is_half_taken(clip):
        return ""
    marks = clip_state.taken_marks(clip, session)
    return by_hand.stale(clip, marks) if marks else ""


checkpoint = clip_state.checkpoint_clip
is_half_taken = clip_state.is_half_taken
unhush = native.unhush
unhush_what_was_left = native.unhush_what_was_left
restore = clip_state.restore_clip
