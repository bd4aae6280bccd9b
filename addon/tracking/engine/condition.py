"""What is done to a picture before points are looked for and followed in it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SMOOTH_PX = 0.6
"""Deviation of the blur. Between pixels a picture is read by linear interpolation, which pulls a sharp or
noisy patch towards whole and half pixels; so little blur takes most of that away (the path of a rendered clip
came a third closer to the truth), and tracks last longer in noise."""


def condition(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture (H, W) as it is tracked; depends on nothing but the picture."""
    return cv2.GaussianBlur(gray, (0, 0), SMOOTH_PX)
