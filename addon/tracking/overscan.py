"""Overscan: how much larger than the plate a straight picture must be, so that none of it lacks once bent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .engine.lens import PlateLens
from .engine.model import Floats

SLACK = 1e-6
"""Pixels by which a straight picture may fall short at its edge; less than any filter or file can tell."""


@dataclass(frozen=True)
class Overscan:
    """How many pixels the straight picture has beyond each edge of the plate."""

    left: int = 0
    right: int = 0
    bottom: int = 0
    top: int = 0

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the straight picture of a plate of that size."""
        return width + self.left + self.right, height + self.bottom + self.top


NO_OVERSCAN = Overscan()


@dataclass(frozen=True)
class StraightFrame:
    """A frame on the straight picture that is rendered with a number of pixels of its own.

    Where a render must keep the plate's size (Blender writes a composite at the size of the render), the
    straight picture's overscan comes from a wider view with the same number of pixels, each a little larger.
    """

    left: float
    bottom: float
    """The frame's corner, in pixels of the plate."""
    pitch: float
    """Side of one of its pixels, in pixels of the plate."""
    width: int
    height: int
    """Its size in its own pixels."""


def frame_of(lens: PlateLens, overscan: Overscan = NO_OVERSCAN) -> StraightFrame:
    """The plate's frame and overscan around it, in the plate's pixels."""
    size = overscan.size(lens.width, lens.height)
    return StraightFrame(-float(overscan.left), -float(overscan.bottom), 1.0, *size)


def widened_frame(lens: PlateLens, share: float | None = None) -> StraightFrame:
    """The smallest frame of the plate's shape and number of pixels that leaves none of the plate empty.

    With ``share``, that share of the plate beyond each edge instead. Found as by ``find_overscan``; the
    frame may lie off the plate's middle. Raises FoldError where the lens folds over within the plate.
    """
    size = np.array([lens.width, lens.height], dtype=float)
    if share is not None:
        left, bottom = -share * size
        return StraightFrame(float(left), float(bottom), 1.0 + 2 * share, lens.width, lens.height)
    return frame_of_places(lens, lens.undistort(edge_centres(lens)).T)


def frame_of_places(lens: PlateLens, places: Floats) -> StraightFrame:
    """The smallest frame of the plate's shape and number of pixels with all ``places`` (2, ...) inside.

    Places are in pixels of the plate, and inside is where a bilinear filter finds four full pixels.
    """
    size = np.array([lens.width, lens.height], dtype=float)
    flat = places.reshape(2, -1)
    low, high = flat.min(axis=1), flat.max(axis=1)
    if np.all(low >= 0.5 - SLACK) and np.all(high <= size - 0.5 + SLACK):
        return frame_of(lens)
    pitch = max(1.0, float(np.max((high - low) / np.maximum(size - 1, 1))))
    # As near the plate's middle as it can lie with all that is needed half a pixel inside.
    centred = -0.5 * (pitch - 1) * size
    left, bottom = np.clip(centred, high - pitch * (size - 0.5), low - 0.5 * pitch)
    return StraightFrame(float(left), float(bottom), pitch, lens.width, lens.height)


def edge_centres(lens: PlateLens) -> Floats:
    """(n, 2) the centres of the pixels along the plate's edge."""
    across, up = np.arange(lens.width) + 0.5, np.arange(lens.height) + 0.5
    return np.concatenate(
        [np.stack([across, np.full_like(across, at)], -1) for at in (0.5, lens.height - 0.5)]
        + [np.stack([np.full_like(up, at), up], -1) for at in (0.5, lens.width - 0.5)]
    )


def find_overscan(lens: PlateLens) -> Overscan:
    """The smallest overscan with which bending the straight picture leaves no pixel of the plate empty.

    Every pixel's centre along the plate's edge is followed into the straight picture: the edge goes to
    the edge, so the farthest of them bound it all. Enough is as far as a bilinear filter needs full
    pixels: centres from half a pixel inside. Where a side needs any, width and height are rounded up to
    even. Raises FoldError where the lens folds over within the frame.
    """
    straight = lens.undistort(edge_centres(lens))
    low = 0.5 - straight.min(axis=0)
    high = straight.max(axis=0) - (np.array([lens.width, lens.height]) - 0.5)
    left, right = _even(lens.width, low[0], high[0])
    bottom, top = _even(lens.height, low[1], high[1])
    return Overscan(left, right, bottom, top)


def overscan_share(lens: PlateLens, share: float) -> Overscan:
    """The overscan of that share of the frame beyond each edge; width and height come out even."""
    left, right = _even(lens.width, share * lens.width, share * lens.width)
    bottom, top = _even(lens.height, share * lens.height, share * lens.height)
    return Overscan(left, right, bottom, top)


def _even(size: int, before: float, after: float) -> tuple[int, int]:
    """Whole pixels that cover what is needed before and after, the whole rounded up to even."""
    first, last = max(0, math.ceil(before - SLACK)), max(0, math.ceil(after - SLACK))
    if first + last and (size + first + last) % 2:
        if before > after:
            first += 1
        else:
            last += 1
    return first, last


def largest_overscan(found: list[Overscan], lens: PlateLens) -> Overscan:
    """The overscan that is enough for all, width and height even where any side needs some."""
    left, right = _even(lens.width, max(o.left for o in found), max(o.right for o in found))
    bottom, top = _even(lens.height, max(o.bottom for o in found), max(o.top for o in found))
    return Overscan(left, right, bottom, top)
