"""From a session into the clip: its tracks, and its camera by one native solve."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import bpy
import numpy as np

from ..engine.model import Solve, Tracks
from .clip import NativeResult, put_tracks, solve_native


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
    ``keep``: changed ones are not overwritten, deleted ones not put back. ``pattern`` is the side of the
    matched patch, as in TrackingSettings. Raises FootageError where the clip has another size.
    """
    if solve is None:
        return TakenIn(put_tracks(clip, tracks.subset(tracks.enabled), pattern=pattern, keep=keep), None)
    used = np.zeros(tracks.count, bool)
    used[solve.point_tracks] = True
    count = put_tracks(clip, tracks.subset(used), pattern=pattern, keep=keep)
    return TakenIn(count, solve_native(clip, solve))
