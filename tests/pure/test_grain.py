"""Grain is found as it was put in."""

from __future__ import annotations

import numpy as np
import pytest

from addon.tracking.errors import InputError
from addon.tracking.grain import measure_grain


def picture(sigma: tuple[float, float, float], seed: int) -> np.ndarray:
    """Ramps, flat fields and a busy corner, with noise of that deviation, 8 bits."""
    random = np.random.default_rng(seed)
    height, width = 240, 320
    y, x = np.mgrid[:height, :width]
    base = np.stack([90 + x * 0.3, 60 + y * 0.5, 120 + 0.1 * (x + y)], axis=2)
    base[:80, :100] += random.integers(-60, 60, (80, 100, 1))
    base[200:] = 255
    return np.clip(np.round(base + random.normal(0, 255, base.shape) * sigma), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("sigma", [(0.01, 0.02, 0.03), (0.05, 0.05, 0.05)])
def test_it_is_what_was_put_in(sigma: tuple[float, float, float]) -> None:
    found = measure_grain(picture(sigma, seed) for seed in range(3))
    np.testing.assert_allclose(found, sigma, rtol=0.1)


def test_a_clean_picture_has_next_to_none() -> None:
    assert measure_grain([picture((0.0, 0.0, 0.0), 1)]).max() < 0.002


def test_refusals() -> None:
    with pytest.raises(InputError, match="there is none"):
        measure_grain([])
    with pytest.raises(InputError, match="less than 66 pixels"):
        measure_grain([np.zeros((20, 400, 3), np.uint8)])
