"""Four corners and the flat picture between them. Plain NumPy.

Corners run lower left, lower right, upper right, upper left; places are pixels with the origin at the
bottom left, edges at integers and centres at one half.
"""

from __future__ import annotations

import numpy as np

from .engine.model import Floats
from .errors import InputError


def check_corners(corners: Floats, frame: int | None = None) -> Floats:
    """The corners (4, 2) as numbers; raises InputError where they are no picture's.

    They must go round counter-clockwise, no three in line and without a fold: otherwise the picture would
    be turned over, crossed or bent through infinity.
    """
    given = np.asarray(corners, dtype=np.float64)
    where = "" if frame is None else f" in frame {frame}"
    if given.shape != (4, 2) or not np.isfinite(given).all():
        raise InputError(f"four corners of two numbers each are needed{where}")
    sides = np.roll(given, -1, axis=0) - given
    after = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]
    if (turns > 1e-9).all():
        return given
    order = "they run lower left, lower right, upper right, upper left"
    if (turns < -1e-9).all():
        raise InputError(f"the corners{where} go round the wrong way: {order}")
    if (turns > 0).sum() == 2 and (turns < 0).sum() == 2:
        raise InputError(f"the corners{where} cross: {order}")
    raise InputError(f"the corners{where} make no flat picture: one lies inside the others, or three in line")


def homography(source: Floats, target: Floats) -> Floats:
    """(3, 3) matrix that takes four places (4, 2) to four others, its last element 1."""
    rows, values = [], []
    for (x, y), (u, v) in zip(np.asarray(source, dtype=float), np.asarray(target, dtype=float)):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    solved = np.linalg.solve(np.array(rows), np.array(values))
    return np.append(solved, 1.0).reshape(3, 3)


def apply(matrix: Floats, places: Floats) -> Floats:
    """Places (m, 2) through a homography (3, 3); (m, 2)."""
    whole = np.column_stack([places, np.ones(len(places))]) @ matrix.T
    moved: Floats = whole[:, :2] / whole[:, 2:]
    return moved


def frame_corners(width: float, height: float) -> Floats:
    """The corners (4, 2) of a frame of that size."""
    return np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])
