"""New points to follow: corners spread over the frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .sizes import Sizes

CANDIDATES = 2000
QUALITY = 0.002
"""Weakest corner accepted, as a share of the strongest (Shi and Tomasi, Good Features to Track, 1994)."""


def detect_corners(
    gray: NDArray[np.uint8], taken: NDArray[np.float32], sizes: Sizes, masked: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Corners in the cells of the frame where no point is followed yet.

    ``gray`` (H, W), ``taken`` (n, 2) points in view, ``masked`` (H, W) true where none is wanted. Returns
    (m, 2), the strongest corner of each free cell. Both in image pixels: origin top left.
    """
    height, width = gray.shape
    border, cell = sizes.border, sizes.cell
    if min(height, width) <= 2 * border:
        return np.zeros((0, 2), np.float32)
    mask = np.zeros((height, width), np.uint8)
    mask[border : height - border, border : width - border] = 255
    if masked is not None:
        mask[masked] = 0
    for x, y in taken:
        cv2.circle(mask, (int(x), int(y)), cell // 2, 0, -1)
    corners = cv2.goodFeaturesToTrack(gray, CANDIDATES, QUALITY, cell // 3, mask=mask, blockSize=5)
    if corners is None:
        return np.zeros((0, 2), np.float32)
    corners = corners[:, 0]
    columns = width // cell + 1
    full = {int(number) for number in _cells(taken, cell, columns)}
    chosen = []
    for row, number in enumerate(_cells(corners, cell, columns)):
        if int(number) not in full:
            full.add(int(number))
            chosen.append(row)
    return corners[chosen]


def _cells(points: NDArray[np.float32], cell: int, columns: int) -> NDArray[np.int64]:
    """The number of the cell in which each point lies."""
    grid = (points // cell).astype(np.int64)
    return grid[:, 1] * columns + grid[:, 0]
