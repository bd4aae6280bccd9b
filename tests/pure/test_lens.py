"""The lens: four models both ways, their derivatives, and where they fold over."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from addon.tracking.engine.lens import (
    RESIDUAL,
    Distortion,
    FoldError,
    PlateLens,
    distort,
    fold_radius,
    plate_lens,
    undistort,
)
from addon.tracking.engine.model import Lens
from addon.tracking.errors import InputError
from tests.lenses import SIZES, edge, random_lenses

CASES = {
    "POLYNOMIAL": (-0.2, 0.08, 0.05),
    "DIVISION": (0.2, 0.08),
    "BROWN": (-0.2, 0.08, 0.05, -0.02, 0.02, -0.03),
    "NUKE": (0.1, 0.03, 0.02, -0.01),
}


def grid(lens: PlateLens, columns: int = 97, rows: int = 61) -> np.ndarray:
    """Points (rows, columns, 2) all over the frame, its edges and corners included."""
    return np.stack(
        np.meshgrid(np.linspace(0, lens.width, columns), np.linspace(0, lens.height, rows)), axis=-1
    )


@pytest.mark.once  # plain arithmetic; the inverse of each model is looked at up to the fold below
def test_two_hundred_lenses_there_and_back() -> None:
    lenses = random_lenses(200)
    assert {lens.model for lens in lenses} == set(CASES)
    assert {(lens.width, lens.height) for lens in lenses} == set(SIZES)
    worst, bends = 0.0, []
    for lens in lenses:
        plate = grid(lens)
        straight = lens.undistort(plate)
        worst = max(worst, float(np.max(np.abs(lens.distort(straight) - plate))))
        worst = max(worst, float(np.max(np.abs(lens.undistort(lens.distort(plate)) - plate))))
        bends.append(float(np.max(np.abs(straight - plate))))
    assert worst < 0.001, f"there and back is {worst:g} px off"
    assert np.median(bends) > 20, "the lenses bend too little to prove anything"


@pytest.mark.parametrize("model", CASES)
def test_formulas_are_the_published_ones(model: str) -> None:
    x, y = 0.31, -0.17
    s = x * x + y * y
    k = CASES[model]
    if model == "POLYNOMIAL":
        b = 1 + k[0] * s + k[1] * s**2 + k[2] * s**3
        expected = x * b, y * b
    elif model == "DIVISION":
        b = 1 + k[0] * s + k[1] * s**2
        expected = x / b, y / b
    elif model == "BROWN":
        b = 1 + k[0] * s + k[1] * s**2 + k[2] * s**3 + k[3] * s**4
        expected = (
            x * b + k[4] * (s + 2 * x * x) + k[5] * 2 * x * y,
            y * b + k[5] * (s + 2 * y * y) + k[4] * 2 * x * y,
        )
    else:
        b = 1 + k[0] * s + k[1] * s**2
        expected = x / (b + k[2] * y * y), y / (b + k[3] * x * x)
    found = Distortion(model, k).formula(np.array([x, y]))
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("model", CASES)
def test_derivatives_are_those_of_the_distortion(model: str) -> None:
    rng = np.random.default_rng(3)
    slopes = rng.uniform(-0.5, 0.5, (20, 2))
    lens = Distortion(model, CASES[model])
    by_slopes, step = lens.distort_by_slopes(slopes), 1e-6
    for column in range(2):
        move = np.eye(2)[column] * step
        found = (lens.distort(slopes + move) - lens.distort(slopes - move)) / (2 * step)
        np.testing.assert_allclose(by_slopes[..., column], found, atol=1e-8)
    by_coefficients = lens.distort_by_coefficients(slopes)
    assert by_coefficients.shape == (20, 2, len(CASES[model]))
    for column in range(len(CASES[model])):
        move = np.eye(len(CASES[model]))[column] * step
        up, down = (Distortion(model, tuple(np.array(CASES[model]) + sign * move)) for sign in (1, -1))
        found = (up.distort(slopes) - down.distort(slopes)) / (2 * step)
        np.testing.assert_allclose(by_coefficients[..., column], found, atol=1e-8)


def test_pixel_derivatives_heed_focal_length_and_pixel_aspect() -> None:
    lens = PlateLens(640, 480, 500.0, "BROWN", CASES["BROWN"], (310.0, 255.0), pixel_aspect=2.0)
    points = np.array([[20.0, 30.0], [600.0, 400.0]])
    for column in range(2):
        move = np.eye(2)[column] * 1e-3
        found = (lens.distort(points + move) - lens.distort(points - move)) / 2e-3
        np.testing.assert_allclose(lens.distort_by_pixel(points)[..., column], found, atol=1e-8)


def test_the_solver_s_short_form_is_the_polynomial_model() -> None:
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (50, 2))
    lens = Distortion("POLYNOMIAL", (-0.12, 0.03))
    np.testing.assert_allclose(lens.distort(points), distort(points, -0.12, 0.03), rtol=1e-14)
    np.testing.assert_allclose(lens.undistort(points), undistort(points, -0.12, 0.03), atol=1e-11)
    solved = plate_lens(Lens(focal_px=900.0, width=960, height=540, k1=-0.12, k2=0.03))
    assert solved.center == (480.0, 270.0)
    np.testing.assert_allclose(
        solved.distort(points * 900 + [480, 270]), distort(points, -0.12, 0.03) * 900 + [480, 270]
    )


def test_no_distortion_changes_no_bit() -> None:
    points = np.random.default_rng(2).uniform(0, 640, (100, 2))
    for model in CASES:
        lens = PlateLens(640, 480, 500.0, model)
        assert np.array_equal(lens.distort(points), points)
        assert np.array_equal(lens.undistort(points), points)
        assert lens.fold_radius_px == math.inf


def test_nuke_counts_in_halves_of_the_longer_side() -> None:
    # A point on the right edge's middle of a landscape frame has radius 1 whatever the focal length.
    for focal in (300.0, 900.0):
        lens = PlateLens(640, 480, focal, "NUKE", (0.1,))
        straight = lens.undistort(np.array([640.0, 240.0]))
        np.testing.assert_allclose(straight, [320 + 320 / 1.1, 240.0])
    tall = PlateLens(640, 480, 300.0, "NUKE", (0.1,), pixel_aspect=0.5)  # 480 high pixels are 960 wide ones
    np.testing.assert_allclose(tall.undistort(np.array([320.0, 480.0])), [320.0, 240 + 240 / 1.1])


# --- the fold -----------------------------------------------------------------------------------


def test_fold_radius_is_where_the_radius_stops_growing() -> None:
    assert fold_radius(Distortion("POLYNOMIAL", (-0.3,))) == pytest.approx(math.sqrt(1 / 0.9))
    assert fold_radius(Distortion("DIVISION", (0.5,))) == pytest.approx(math.sqrt(2))
    assert fold_radius(Distortion("DIVISION", (-0.5,))) == pytest.approx(math.sqrt(2))  # its pole
    assert fold_radius(Distortion("POLYNOMIAL", (0.3,))) == math.inf
    with_tangential = Distortion("BROWN", (-0.3, 0, 0, 0, 1e-9, 0))
    assert fold_radius(with_tangential) == pytest.approx(math.sqrt(1 / 0.9), rel=1e-4)


@pytest.mark.parametrize("p1", [0.0, 0.01])
def test_a_point_beyond_the_fold_is_an_error_that_names_the_radius(p1: float) -> None:
    lens = PlateLens(1000, 1000, 500.0, "BROWN", (-0.3, 0, 0, 0, p1, 0))
    with pytest.raises(FoldError, match=r"BROWN distortion folds over 5\d\d px") as caught:
        lens.undistort(edge(1000, 1000))
    assert caught.value.radius == pytest.approx(500 * math.sqrt(1 / 0.9), rel=0.05)
    assert "\n" not in str(caught.value)
    with pytest.raises(FoldError):  # the formula itself goes on beyond it, and must not be believed
        lens.distort(np.array([[1100.0, 500.0]]))
    inside = 500 + 300 * np.array([[0.0, 1.0], [0.6, 0.8]])
    np.testing.assert_allclose(lens.distort(lens.undistort(inside)), inside, atol=1e-6)


@pytest.mark.parametrize("model", CASES)
def test_up_to_the_fold_every_point_is_found(model: str) -> None:
    strong = {
        "POLYNOMIAL": (-0.4, 0.1, -0.02),
        "DIVISION": (0.6, 0.1),
        "BROWN": (-0.4, 0.1, -0.02, 0.0, 0.01, -0.02),
        "NUKE": (0.5, 0.2, 0.02, -0.03),
    }[model]
    lens = Distortion(model, strong)
    turns = np.linspace(0, 2 * math.pi, 361)
    along = np.stack([np.cos(turns), np.sin(turns)], -1)
    for share in (1e-9, 0.01, 0.5, 0.9, 0.99, 0.999):
        points = along * fold_radius(lens) * share
        found = lens.invert_formula(lens.formula(points))
        assert np.max(np.abs(lens.formula(found) - lens.formula(points))) <= RESIDUAL
        assert np.max(np.abs(found - points)) < 1e-6
    beyond, found = lens.try_inverse(along * 100)
    assert not found.any() and np.isnan(beyond).all()


def test_not_a_number_is_not_found() -> None:
    for model, k in itertools.product(CASES, ((0.1, 0.01), ())):
        points = np.array([[0.1, 0.1], [math.nan, 0.0], [0.2, math.inf]])
        _, found = Distortion(model, k).try_inverse(points)
        assert found.tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "FISHEYE"}, "unknown lens distortion model 'FISHEYE'"),
        ({"coefficients": (0.1,) * 4}, "POLYNOMIAL has 3 coefficients, not 4"),
        ({"coefficients": (math.nan,)}, "is not a number"),
        ({"focal_px": 0.0}, "focal length of 0 pixels"),
        ({"width": 0}, "not one of 0x480"),
        ({"pixel_aspect": -1.0}, "aspect of -1"),
        ({"principal": (math.inf, 0.0)}, "principal point is not a number"),
    ],
)
def test_a_lens_that_cannot_be_is_refused(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        PlateLens(**{"width": 640, "height": 480, "focal_px": 500.0, **change})
