"""What is done to pictures before they are tracked: dark, log and interlaced footage."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from addon.tracking.engine.condition import COMBED, TAKEN_APART, condition, first_field, interlacing
from addon.tracking.engine.model import TrackingSettings
from addon.tracking.engine.sizes import sizes_for
from addon.tracking.engine.track import TrackState, collect_tracks, track_steps

WIDTH, HEIGHT, FRAMES = 480, 270, 12
STEP = np.array([7.3, 1.6])
"""Pixels by which the drawn picture moves each frame, y down."""


def scene() -> np.ndarray:
    """A picture with corners everywhere, float32, 0 to 255."""
    noise = np.random.default_rng(3).random((HEIGHT // 9, WIDTH // 9), np.float32)
    return cv2.GaussianBlur(
        cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST) * 255, (3, 3), 0
    )


def moved(image: np.ndarray, by: np.ndarray) -> np.ndarray:
    matrix = np.float32([[1, 0, by[0]], [0, 1, by[1]]])
    return cv2.warpAffine(image, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)


def plain(number: int) -> np.ndarray:
    return moved(scene(), number * STEP)


def dark(number: int) -> np.ndarray:
    return 3 + plain(number) * 5 / 255


def log(number: int) -> np.ndarray:
    return 95 + plain(number) * 60 / 255


def interlaced(number: int) -> np.ndarray:
    """The odd rows are of half a frame later."""
    image = plain(number)
    image[1::2] = moved(scene(), (number + 0.5) * STEP)[1::2]
    return image


def drawn(kind, noise: float) -> list[tuple[int, np.ndarray]]:
    random = np.random.default_rng(9)
    return [
        (
            number,
            np.clip(np.rint(kind(number) + random.normal(0, noise, (HEIGHT, WIDTH))), 0, 255).astype(
                np.uint8
            ),
        )
        for number in range(1, FRAMES + 1)
    ]


@pytest.mark.parametrize(
    ("kind", "noise", "limit"),
    [(plain, 2.0, 0.05), (dark, 0.3, 0.1), (log, 1.5, 0.08), (interlaced, 1.5, 0.1)],
)
def test_footage_of_each_kind_is_followed(kind, noise: float, limit: float) -> None:
    settings = TrackingSettings(redetect=4, density=80)
    state = TrackState(sizes_for(WIDTH, HEIGHT, settings), 1, 0)
    changes = list(track_steps(iter(drawn(kind, noise)), FRAMES, state, settings))
    tracks = collect_tracks([change.markers for change in changes], state.count, WIDTH, HEIGHT, FRAMES)
    bounds = tracks.bounds()
    long = np.flatnonzero(tracks.lengths() >= 8)
    assert len(long) > 95
    off: list[np.ndarray] = []
    for number in long:
        rows = slice(bounds[number], bounds[number + 1])
        path = tracks.xy[rows] - tracks.frame[rows, None] * STEP * [1, -1]
        off.append(np.linalg.norm(path - np.median(path, axis=0), axis=1))
    assert np.median(np.concatenate(off)) < limit


def test_a_comb_is_told_from_noise_and_texture() -> None:
    assert interlacing(drawn(interlaced, 1.5)[4][1]) > TAKEN_APART
    assert interlacing(drawn(plain, 8.0)[4][1]) < COMBED
    stripes = np.full((HEIGHT, WIDTH), 60, np.uint8)
    stripes[:, ::2] = 200
    assert interlacing(stripes) < COMBED


def test_one_field_keeps_its_rows_and_fills_in_the_others() -> None:
    for height in (6, 7):
        gray = (np.arange(height, dtype=np.uint8)[:, None] * 10).repeat(4, axis=1)
        gray[1::2] = 255
        field = first_field(gray)
        assert (field[::2] == gray[::2]).all()
        assert field[1, 0] == 10
        assert field.shape == gray.shape
        assert field.max() <= 60


def test_a_narrow_picture_is_stretched_and_a_wide_one_is_not() -> None:
    narrow, wide = condition(drawn(dark, 0.0)[0][1]), condition(drawn(plain, 0.0)[0][1])
    assert np.ptp(np.percentile(narrow, (5, 95))) > 50 > np.ptp(drawn(dark, 0.0)[0][1])
    assert abs(float(wide.mean()) - float(drawn(plain, 0.0)[0][1].mean())) < 1
    assert condition(np.full((40, 40), 17, np.uint8)).std() == 0
