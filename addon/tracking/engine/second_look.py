"""A second, denser look at the stretches of a clip in which its camera rests on few points.

The tracks that are there stay; new ones begin where none of those in use lies: also beside tracks that were
switched off, which had kept others out of their places in the first pass.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from itertools import pairwise

import numpy as np

from .covers import covered_frames
from .findings import VERDICTS
from .footage import Footage
from .masks import Masks
from .model import Bools, Solve, TrackingSettings, Tracks
from .motion import STILL
from .patches import Floats32
from .sizes import sizes_for
from .track import TrackChange, TrackState, joined, track_steps

THIN_POINTS = 40
"""A frame whose camera rests on fewer points is looked at again,"""
CELLS = (6, 4)
THIN_SHARE = 0.25
"""and one of whose picture, in so many cells, less than this share has a point."""
AROUND = 12
"""Frames before and after a thin stretch in which new tracks may begin or end: there the camera is known."""
LONGEST = 100
"""Frames at most that are looked at in one step; what is done is safe after it."""
DENSER = 2
"""So many times the points are wanted. Taking what looks less like its key frame, too, gained no camera."""
MOSTLY = 0.5
"""Where more of the frames are thin and the solve is good all the same, there is no more in the footage."""
NO_WORSE = 1.3
"""Times the error before: what was blurred or far was left out before, and fits less well."""
NO_MORE_DOUBT = 1.1
"""Times the doubt of the cameras' places in the frames that had one before;"""
LESS_DOUBT = 0.95
"""a gain is less than this."""


def thin_stretches(solve: Solve, tracks: Tracks, first: int, last: int) -> list[tuple[int, int]]:
    """First and last frame of each stretch within ``first`` to ``last`` that is to be looked at again.

    None where the camera stands still, and none in frames in which the lens is covered.
    """
    if solve.motion == STILL:
        return []
    thin = _thin(solve, tracks)
    frames = np.arange(1, tracks.frames + 1)
    thin &= (frames >= first) & (frames <= last) & ~covered_frames(tracks)
    if solve.verdict == VERDICTS[0] and thin.sum() > MOSTLY * (last - first + 1):
        return []
    near = np.zeros(tracks.frames + 2, bool)
    for number in frames[thin].tolist():
        near[max(first, number - AROUND) : min(last, number + AROUND) + 1] = True
    edges = np.flatnonzero(np.diff(near)).tolist()
    found = []
    for start, end in zip(edges[::2], edges[1::2]):
        parts = -(-(end - start) // LONGEST)
        bounds = [start + (end - start) * part // parts for part in range(parts + 1)]
        found += [(one + 1, other) for one, other in pairwise(bounds)]
    return found


def _thin(solve: Solve, tracks: Tracks) -> Bools:
    """(frames,) where a camera rests on few points, or on a small part of the picture, or there is none."""
    known = np.zeros(tracks.count, bool)
    known[solve.point_tracks] = True
    rows = known[tracks.track]
    frame = tracks.frame[rows] - 1
    across, up = np.clip(
        (tracks.xy[rows] / [tracks.width, tracks.height] * CELLS).astype(int), 0, np.array(CELLS) - 1
    ).T
    filled = np.zeros((tracks.frames, CELLS[0] * CELLS[1]), bool)
    filled[frame, up * CELLS[0] + across] = True
    thin: Bools = np.bincount(frame, minlength=tracks.frames) < THIN_POINTS
    thin |= filled.mean(1) < THIN_SHARE
    without = np.ones(tracks.frames, bool)
    without[solve.frames - 1] = False
    return thin | without


def look_again(
    footage: Footage,
    stretch: tuple[int, int],
    used: Tracks,
    state: TrackState,
    settings: TrackingSettings,
    masks: Masks | None = None,
) -> TrackChange:
    """Tracks a stretch of the footage anew, beside the tracks in use, ``used``, as one step.

    ``state`` is that of the first pass: its tracks in view stay as they are, and the new ones are counted on.
    """
    first, last = stretch
    denser = replace(settings, density=DENSER * settings.density)
    sizes = replace(
        sizes_for(footage.width, footage.height, denser),
        half_pattern=state.sizes.half_pattern,
        border=state.sizes.border,
    )
    looking = TrackState(sizes, first, first - 1, state.count)
    with closing(footage.frames(first, last)) as frames:
        changes = list(track_steps(frames, last, looking, denser, masks, _places(used, footage)))
    state.count = looking.count
    return replace(joined(changes), live_ids=state.live.ids, live_affine=state.live.affine)


def _places(tracks: Tracks, footage: Footage) -> dict[int, Floats32]:
    """Where the tracks are in each frame, (n, 2) image pixels by footage frame."""
    order = np.argsort(tracks.frame, kind="stable")
    up = tracks.xy[:, 1] * footage.height / tracks.height
    places = np.stack([tracks.xy[:, 0] - 0.5, footage.height - 0.5 - up], 1)[order]
    numbers, starts = np.unique(tracks.frame[order], return_index=True)
    pieces = np.split(places.astype(np.float32), starts[1:])
    return dict(zip(numbers.tolist(), pieces))


def is_better(second: Solve, first: Solve, tracks: Tracks) -> bool:
    """Whether the solve with the tracks of a second look is one to go on with; never a worse one.

    ``tracks`` are all there are, by whose numbers both solves name their points.
    """
    if second.motion != first.motion or second.average_error > NO_WORSE * first.average_error:
        return False
    doubts = _doubt(second, first), _doubt(first, second)
    if not np.isin(second.frames, first.frames).any() or np.isnan(doubts[0]) > np.isnan(doubts[1]):
        return False
    pairs = [
        (VERDICTS.index(second.verdict), VERDICTS.index(first.verdict)),
        (tracks.frames - len(second.frames), tracks.frames - len(first.frames)),
        (int(_thin(second, tracks).sum()), int(_thin(first, tracks).sum())),
    ]
    if doubts[0] > NO_MORE_DOUBT * doubts[1] or any(now > before for now, before in pairs):
        return False
    return doubts[0] < LESS_DOUBT * doubts[1] or any(now < before for now, before in pairs)


def _doubt(solve: Solve, other: Solve) -> float:
    """How unsure places are, as a share of the path, or rotations where the camera only turns.

    Root mean square over the frames that both solves have; NaN where it is not known.
    """
    both = np.isin(solve.frames, other.frames)
    if not both.any():
        return float("nan")
    if len(solve.position_sigmas):
        extent = float(np.linalg.norm(np.ptp(solve.cameras[both, :3, 3], axis=0)))
        return float(np.sqrt(np.mean(solve.position_sigmas[both] ** 2))) / max(extent, 1e-12)
    if len(solve.rotation_sigmas):
        return float(np.sqrt(np.mean(solve.rotation_sigmas[both] ** 2)))
    return float("nan")
