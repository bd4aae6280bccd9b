"""Where a clip falls apart: a whip pan, or something before the lens, and nothing is seen on both sides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .model import Bools, Tracks
from .scene import LEAST_POINTS
from .votes import FramePair

LEAST_SHARED = LEAST_POINTS
"""Tracks that must go on from one frame to the next for the two to be one part."""


def parts_of(tracks: Tracks, least: int = LEAST_SHARED) -> NDArray[np.intp]:
    """(frames,) which part of the clip each frame lies in, from 0; ``least`` tracks hold two together."""
    bounds = tracks.bounds()
    there = np.diff(bounds) > 0
    first, last = tracks.frame[bounds[:-1][there]], tracks.frame[bounds[1:][there] - 1]
    begun = np.bincount(first - 1, minlength=tracks.frames)
    ended = np.bincount(last - 1, minlength=tracks.frames)
    going_on = np.cumsum(begun - ended)[:-1]
    return np.concatenate([[0], np.cumsum(going_on < least)])


def longest_part(
    tracks: Tracks, pairs: Sequence[FramePair], least: int = LEAST_SHARED
) -> tuple[Bools, list[FramePair]]:
    """(frames,) which frames the longest part with parallax has, and its pairs, best first."""
    part = parts_of(tracks, least)
    sizes = np.bincount(part)
    number = max({int(part[pair.first - 1]) for pair in pairs}, key=lambda one: int(sizes[one]))
    inside = part == number
    return inside, [pair for pair in pairs if inside[pair.first - 1] and inside[pair.second - 1]]
