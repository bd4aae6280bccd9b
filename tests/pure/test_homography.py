"""Four corners: the matrix through them, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from addon.tracking import homography
from addon.tracking.errors import InputError

CORNERS = np.array([[20.0, 15.0], [170.0, 10.0], [160.0, 95.0], [-31.0, 88.0]])


def test_corners_go_to_corners_and_lines_stay_lines() -> None:
    frame = homography.frame_corners(193, 109)
    matrix = homography.homography(frame, CORNERS)
    np.testing.assert_allclose(homography.apply(matrix, frame), CORNERS, atol=1e-9)
    back = homography.apply(np.linalg.inv(matrix), CORNERS)
    np.testing.assert_allclose(back, frame, atol=1e-9)
    # where the picture's diagonals cross is where the corners' diagonals cross
    cross = homography.apply(matrix, np.array([[96.5, 54.5]]))[0]
    for one, other in ((0, 2), (1, 3)):
        line, off = CORNERS[other] - CORNERS[one], cross - CORNERS[one]
        assert abs(line[0] * off[1] - line[1] * off[0]) < 1e-6


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ((0, 2, 1, 3), "corners in frame 7 cross"),
        ((0, 1, 3, 2), "cross"),
        ((3, 2, 1, 0), "wrong way"),
    ],
)
def test_an_order_that_crosses_is_refused(order: tuple[int, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        homography.check_corners(CORNERS[list(order)], 7)


def test_corners_that_are_no_picture_are_refused() -> None:
    inside = CORNERS.copy()
    inside[2] = (40.0, 30.0)
    line = CORNERS.copy()
    line[1] = (CORNERS[0] + CORNERS[2]) / 2
    for corners in (inside, line):
        with pytest.raises(InputError, match="no flat picture"):
            homography.check_corners(corners)
    for corners in (CORNERS[:3], CORNERS * np.nan):
        with pytest.raises(InputError, match="four corners"):
            homography.check_corners(corners)
    np.testing.assert_array_equal(homography.check_corners(CORNERS), CORNERS)


@pytest.mark.parametrize("start", range(4))
def test_a_picture_may_lie_on_its_side(start: int) -> None:
    homography.check_corners(np.roll(CORNERS, start, axis=0))
