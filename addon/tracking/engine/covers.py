"""Frames in which something was before the lens, as the tracks tell: they go on behind it, unseen."""

from __future__ import annotations

import numpy as np

from .model import Bools, Tracks
from .scene import LEAST_POINTS

CROSSING_SHARE = 0.25
"""Of the tracks that a frame usually has, at least so many go on across a covered one"""
THROUGH_SHARE = 0.1
"""and, beside those, so few are seen before it, in it and after it."""


def covered_frames(tracks: Tracks) -> Bools:
    """(frames,) where the lens is covered, or the picture blank, between frames that share tracks."""
    covered = np.zeros(tracks.frames, bool)
    if not len(tracks.frame):
        return covered
    bounds = tracks.bounds()
    there = np.flatnonzero(np.diff(bounds) > 0)
    first, last = np.zeros((2, tracks.count), np.int64)
    first[there], last[there] = tracks.frame[bounds[:-1][there]], tracks.frame[bounds[1:][there] - 1]
    seen = np.bincount(tracks.frame, minlength=tracks.frames + 2)[1:-1]
    begun = np.bincount(first[there], minlength=tracks.frames + 2)[1:-1]
    ended = np.bincount(last[there] + 1, minlength=tracks.frames + 2)[1:-1]
    crossing = np.cumsum(begun - ended) - seen
    least = max(LEAST_POINTS, CROSSING_SHARE * float(np.median(seen[seen > 0])))
    for number in (np.flatnonzero(crossing >= least) + 1).tolist():
        before, after = _gaps(tracks, number)
        inside = np.zeros(tracks.count, bool)
        inside[tracks.track[tracks.frame == number]] = True
        through = inside & (first <= before.min()) & (last >= after.max())
        covered[number - 1] = through.sum() < THROUGH_SHARE * len(before)
    return covered


def _gaps(tracks: Tracks, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Frames in which tracks that cross a frame unseen were seen last before it, and first after it."""
    follows = np.flatnonzero(tracks.track[1:] == tracks.track[:-1])
    gap = follows[(tracks.frame[follows] < number) & (tracks.frame[follows + 1] > number)]
    return tracks.frame[gap], tracks.frame[gap + 1]


def on_the_cover(tracks: Tracks) -> Bools:
    """(count,) which tracks are seen in covered frames: they lie on what is before the lens."""
    covered = covered_frames(tracks)
    found = np.zeros(tracks.count, bool)
    found[tracks.track[covered[tracks.frame - 1]]] = True
    return found
