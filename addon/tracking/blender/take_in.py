"""From a session into the clip: its tracks, and its camera by one native solve."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import bpy
import numpy as np

from ..engine.model import Solve, Tracks
from .clip import PREFIX, Steps, at_once, putting_tracks
from .native import NativeResult, NativeSolve, run_native


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
