"""What kind of move the camera makes, told from the tracks before anything is solved.

A camera that stands still is told here; one that only turns is solved as such (tripod.py) and compared.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .model import Bools, Floats, Tracks
from .sizes import REFERENCE_SIDE

GENERAL, TURNS, STILL = "general", "turns", "still"
"""The camera moves; it turns where it stands; it neither moves nor turns."""

STILL_PX = 1.5
"""A track that spans less than this on a frame 960 pixels wide has not moved."""
LEAST_LENGTH = 12
"""Shorter tracks say nothing."""
STILL_SHARE = 0.85
"""The camera stands where so many of the tracks have not moved,"""
STILL_BESIDE_MOVERS = 0.12
"""or so many, spread over ``STILL_AREA`` of the frame: then something moves before it."""
STILL_AREA = 0.25
LEAST_STILL = 15


@dataclass(frozen=True)
class Stillness:
    """Which tracks do not move in the frame, and what that says."""

    tracks: Bools
    """(count,) True for tracks that do not move."""
    share: float
    """Of the tracks that are long enough to tell."""
    camera: bool
    """True where the camera stands still."""


def stillness(tracks: Tracks) -> Stillness:
    """Looks for tracks that do not move: a standing camera's, or what sticks to the frame (logos, dirt)."""
    lengths = tracks.lengths()
    tell = lengths >= min(LEAST_LENGTH, max(2, tracks.frames // 2))
    still = tell & (_spans(tracks) < STILL_PX * max(1.0, max(tracks.width, tracks.height) / REFERENCE_SIDE))
    share = float(still.sum() / max(tell.sum(), 1))
    wide = _area(tracks, still) >= STILL_AREA * tracks.width * tracks.height
    beside = share >= STILL_BESIDE_MOVERS and still.sum() >= LEAST_STILL and wide
    return Stillness(still, share, bool(tell.any()) and (share >= STILL_SHARE or beside))


def _spans(tracks: Tracks) -> Floats:
    """(count,) the diagonal of the box that each track's markers fill, pixels; 0 for a track without any."""
    out = np.zeros(tracks.count)
    filled, starts = np.unique(tracks.track, return_index=True)
    if len(filled):
        low, high = (op.reduceat(tracks.xy, starts, axis=0) for op in (np.minimum, np.maximum))
        out[filled] = np.hypot(*(high - low).T)
    return out


def _area(tracks: Tracks, which: Bools) -> float:
    """The area of the frame, in square pixels, that the first markers of the tracks span."""
    filled, starts = np.unique(tracks.track, return_index=True)
    spots = tracks.xy[starts[which[filled]]]
    if len(spots) < 3:
        return 0.0
    return float(cv2.contourArea(cv2.convexHull(spots.astype(np.float32))))
