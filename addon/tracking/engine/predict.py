"""Where points are likely to be in the next picture, before their patches are fitted.

Pyramidal Lucas-Kanade on a smaller picture, or the motion of the whole. Image pixels: origin top left,
centres at integers, y down.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .model import Bools
from .patches import Floats32, Gray
from .sizes import Sizes

LK_LEVELS = 4
"""Halvings of the picture down to the coarsest on which LK looks, those of the small picture included."""
LK_STOP = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 15, 0.05)
AGAIN_WINDOW = 21
"""Side of LK's window where a point is looked for again; odd."""
MOTION_POINTS = 12
"""With fewer points found, the motion is taken from what LK saw of all,"""
AGREE_SHARE = 0.4
"""or, where fewer of them agree, from the pictures as a whole."""
MOTION_PX = 3.0
SHIFT_SIDE = 160
"""Longer side of the picture in which the motion as a whole is looked for."""


@dataclass(frozen=True)
class View:
    """A picture as tracks are followed in it."""

    gray: Gray
    small: Gray
    """The same, halved ``Sizes.halvings`` times."""


def view(gray: Gray, sizes: Sizes) -> View:
    """The picture (H, W) with its smaller one."""
    small = gray
    for _ in range(sizes.halvings):
        small = cv2.pyrDown(small)
    return View(gray, small)


def predict(
    source: View, target: View, points: Floats32, guess: Floats32 | None, sizes: Sizes
) -> tuple[Floats32, Bools]:
    """Where LK sees ``points`` (n, 2) in the target, and which it found at all."""
    scale = np.float32(1 / 2**sizes.halvings)
    start, ahead, flags = np.ascontiguousarray(points * scale).reshape(-1, 1, 2), None, 0
    window, levels = sizes.window, LK_LEVELS - min(sizes.halvings, 1)
    if guess is not None:
        ahead, flags = np.ascontiguousarray(guess * scale).reshape(-1, 1, 2), cv2.OPTFLOW_USE_INITIAL_FLOW
        window, levels = max(window, AGAIN_WINDOW), levels - 1
    ahead, ok, _ = cv2.calcOpticalFlowPyrLK(
        source.small,
        target.small,
        start,
        ahead,
        winSize=(window, window),
        maxLevel=levels,
        criteria=LK_STOP,
        flags=flags,
    )
    return ahead[:, 0] / scale, ok[:, 0] > 0


def moved(
    source: View, target: View, before: Floats32, after: Floats32, found: Bools, sizes: Sizes
) -> Floats32:
    """Where points that LK saw go from ``before`` to ``after`` (n, 2) should be by the motion of most.

    Those that were ``found`` tell it; if they are few, LK's word where enough agree; else the picture.
    """
    for told, share in ((found, 0.0), (np.ones_like(found), AGREE_SHARE)):
        if told.sum() < MOTION_POINTS:
            continue
        reach = MOTION_PX * sizes.scale
        matrix, agrees = cv2.findHomography(before[told], after[told], cv2.RANSAC, reach, maxIters=200)
        if matrix is not None and agrees.mean() >= share:
            return cv2.perspectiveTransform(before[:, None], matrix)[:, 0].astype(np.float32)
    return before + _shift(source.small, target.small) * np.float32(2**sizes.halvings)


def _shift(first: Gray, second: Gray) -> Floats32:
    """(2,) by how much the picture moved as a whole, pixels, up to a quarter of its side.

    The first one's middle is looked for in the second, both made small: there blur and turns do little harm.
    """
    factor = 1
    while max(first.shape) > SHIFT_SIDE:
        first, second, factor = cv2.pyrDown(first), cv2.pyrDown(second), 2 * factor
    height, width = first.shape
    top, left = height // 4, width // 4
    middle = first[top : height - top, left : width - left]
    match = cv2.matchTemplate(second, middle, cv2.TM_CCOEFF_NORMED)
    row, column = np.unravel_index(int(match.argmax()), match.shape)
    across = _peak(match[row, max(column - 1, 0) : column + 2])
    down = _peak(match[max(row - 1, 0) : row + 2, column])
    return np.array([column + across - left, row + down - top], np.float32) * factor


def _peak(values: Floats32) -> float:
    """Where the parabola through three values has its top, from the middle one; 0 if there are not three."""
    if len(values) < 3:
        return 0.0
    before, middle, after = (float(value) for value in values)
    bend = before - 2 * middle + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
