"""How much a plate's pixels flicker of themselves. Plain NumPy."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .engine.model import Floats
from .errors import InputError

BLOCK = 32
"""Side in pixels of the squares that are looked at one by one."""
FLAT_SHARE = 0.5
"""Share of the squares, the flattest ones, that count."""


def measure_grain(pictures: Iterable[NDArray[np.uint8]]) -> Floats:
    """(3,) standard deviation of the grain in each channel, of 1, from 8-bit pictures (height, width, 3).

    A second difference across and up leaves noise and takes ramps away; its spread is measured in the
    flattest squares of each picture, so that texture hardly counts, and the pictures' median is taken. After
    Immerkær, "Fast noise variance estimation", 1996. Raises InputError for pictures too small, or none.
    """
    found = [_one(np.asarray(picture, dtype=np.float64) / 255.0) for picture in pictures]
    if not found:
        raise InputError("grain is measured in pictures, and there is none")
    median: Floats = np.median(np.array(found), axis=0)
    return median


def _one(picture: Floats) -> Floats:
    rows = (picture.shape[0] - 2) // BLOCK
    columns = (picture.shape[1] - 2) // BLOCK
    if rows < 2 or columns < 2:
        raise InputError(f"grain cannot be measured in less than {2 * BLOCK + 2} pixels across and up")
    across = picture[:, :-2] - 2 * picture[:, 1:-1] + picture[:, 2:]
    both = across[:-2] - 2 * across[1:-1] + across[2:]
    squares = both[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK, 3)
    deviation = np.sqrt(np.mean(squares**2, axis=(1, 3))).reshape(-1, 3) / 6.0
    light = picture[1:-1, 1:-1][: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK, 3)
    clipped = ((light <= 0.0) | (light >= 1.0)).mean(axis=(1, 3)).reshape(-1, 3)
    found = np.zeros(3)
    for channel in range(3):
        open_ = clipped[:, channel] < 0.02  # clipped light shows no grain
        values = np.sort(deviation[open_, channel] if open_.any() else deviation[:, channel])
        found[channel] = np.mean(values[: max(1, int(len(values) * FLAT_SHARE))])
    return found
