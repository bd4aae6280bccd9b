"""What is done to a picture before points are looked for and followed in it.

Each picture is treated for itself, so that work that was interrupted goes on with the very same pictures.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]

SMOOTH_PX = 0.65
"""Deviation of the blur. Between pixels a picture is read by linear interpolation, which pulls a sharp or
noisy patch towards whole and half pixels; so little blur takes most of that away (the path of a rendered clip
came a third closer to the truth), and tracks last longer in noise."""
TAILS = (2, 98)
"""Percentiles between which a picture's values are taken to lie;"""
NARROW = 60
"""where they span less than this (dark or log footage, haze), they are stretched"""
WIDE = 160
"""to that,"""
MOST_GAIN = 12.0
"""but no more than so many times."""
COMBED = 2.0
"""From this ``interlacing`` on a picture looks like two fields: filmed clips stay below 0.3 and finely
striped ground below 1.5; two frames woven together reach 1.2 to 24."""
TAKEN_APART = 5.0
"""From this on, which fine stripes do not reach either, one field of it is used."""
COMB_STEP = 12
COMB_SAME = 8
SAMPLING = 8


def condition(gray: Gray) -> Gray:
    """The picture (H, W) as it is tracked: one field where it is interlaced, stretched, smoothed."""
    if interlacing(gray) >= TAKEN_APART:
        gray = first_field(gray)
    low, high = np.percentile(gray[::SAMPLING, ::SAMPLING], TAILS)
    if high - low >= NARROW:
        return cv2.GaussianBlur(gray, (0, 0), SMOOTH_PX)
    # Smoothed first, at full precision: that gives back levels between those of a coarse picture.
    smooth = cv2.GaussianBlur(gray.astype(np.float32), (0, 0), SMOOTH_PX)
    gain = min(MOST_GAIN, WIDE / max(high - low, 1.0))
    return cv2.convertScaleAbs(np.maximum(smooth * gain + (128 - gain * (low + high) / 2), 0))


def interlacing(gray: Gray) -> float:
    """How many more lines than columns of a picture (H, W) stand out from both neighbours, in percent.

    In a moving interlaced picture the lines comb: each differs from the ones above and below, in the same
    direction, while those two agree. Columns show what the picture's own detail does in that way.
    """
    return _combed(gray[:, ::SAMPLING]) - 2.0 * _combed(gray[::SAMPLING].T)


def _combed(gray: Gray) -> float:
    rows = gray.astype(np.int16)
    above, here, below = rows[:-2], rows[1:-1], rows[2:]
    if not here.size:
        return 0.0
    up, down = here - above, here - below
    teeth = (np.minimum(up, down) > COMB_STEP) | (np.maximum(up, down) < -COMB_STEP)
    teeth &= np.abs(up - down) < COMB_SAME
    return 100.0 * (np.count_nonzero(teeth) / teeth.size)


def first_field(gray: Gray) -> Gray:
    """The picture (H, W) with its odd rows made from the even ones beside them."""
    out = gray.copy()
    below = gray[2::2]
    odd = out[1::2]
    odd[: len(below)] = cv2.addWeighted(gray[0::2][: len(below)], 0.5, below, 0.5, 0)
    odd[len(below) :] = gray[0::2][len(below) : len(odd)]
    return out
