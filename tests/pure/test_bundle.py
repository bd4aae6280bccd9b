"""Bundle adjustment and the lens: derivatives, convergence, frames held to points."""

from __future__ import annotations

import numpy as np
import pytest

from addon.tracking.engine import bundle
from addon.tracking.engine.bundle import (
    LENS_TERMS,
    Freedom,
    Rig,
    Sights,
    adjust,
    hold_to_points,
    project,
    rotations,
    unit,
)
from addon.tracking.engine.certainty import certainty
from addon.tracking.engine.lens import Bending, Distortion, distort, fold_radius, undistort

LENS = np.array([800.0, -0.12, 0.03, 0.0, 0.0, 0.0, 0.0, 0.0])
ALL = Freedom(True, True, True)


def make_rig(cameras: int = 8, points: int = 60) -> tuple[Rig, Sights]:
    """A rig that looks at a cloud of points, and where it sees them exactly."""
    rng = np.random.default_rng(5)
    cloud = rng.uniform([-2, -1.5, 4], [2, 1.5, 9], (points, 3))
    turns = rotations(rng.normal(0, 0.08, (cameras, 3)))
    shifts = np.stack(
        [np.linspace(-1, 1, cameras), rng.normal(0, 0.1, cameras), rng.normal(0, 0.1, cameras)], 1
    )
    rig = Rig(turns, shifts, unit(cloud), LENS.copy())
    camera, point = np.divmod(np.arange(cameras * points), points)
    sights = Sights(camera, point, np.zeros((cameras * points, 2)))
    return rig, Sights(camera, point, project(rig, sights)[0])


def driving_rig() -> tuple[Rig, Sights]:
    """A camera that drives straight ahead and hardly turns, and what it sees, 0.1 pixels off."""
    rng = np.random.default_rng(3)
    count, points = 16, 120
    sway = 0.05 * np.sin(np.linspace(0, 3, count))
    turns = rotations(np.stack([rng.normal(0, 0.002, count), sway, rng.normal(0, 0.002, count)], 1))
    along = np.linspace(0, -9, count)
    shifts = np.matmul(turns, np.stack([0 * along, 0.05 * np.sin(along), along], 1)[:, :, None])[:, :, 0]
    rig = Rig(turns, shifts, unit(rng.uniform([-12, -4, 12], [12, 4, 70], (points, 3))), LENS.copy())
    camera, point = np.divmod(np.arange(count * points), points)
    uv, depth = project(rig, Sights(camera, point, np.zeros((count * points, 2))))
    seen = (depth > 0) & (np.abs(uv) < [480, 270]).all(1)
    seen &= (np.bincount(point[seen], minlength=points) >= 3)[point]
    used, owner = np.unique(point[seen], return_inverse=True)
    rig.points = rig.points[used]
    return rig, Sights(camera[seen], owner, uv[seen] + rng.normal(0, 0.1, (int(seen.sum()), 2)))


def test_a_camera_that_drives_ahead_finds_its_lens_in_few_rounds() -> None:
    """Focal length and depths go together along a bent valley: without its points fitted it takes 83."""
    rig, sights = driving_rig()
    best = adjust(rig, sights, rounds=200, loss_px=1.0, freedom=ALL, tolerance=1e-10)
    start = Rig(rig.rotation, rig.translation, rig.points, LENS * [1.5, 0, 0, 0, 0, 0, 0, 0])
    found = adjust(start, sights, rounds=30, loss_px=1.0, freedom=ALL, tolerance=1e-9)
    assert found.rounds < 30
    assert abs(found.rig.lens[0] / best.rig.lens[0] - 1) < 1e-4


def test_how_sure_a_lens_is_does_not_hang_on_a_far_point_that_is_not_quite_at_its_best() -> None:
    rig, sights = driving_rig()
    best = adjust(rig, sights, rounds=50, loss_px=1.0, freedom=ALL).rig
    sure = certainty(best, sights, loss_px=1.0, freedom=ALL).lens[0]
    far = np.argsort(best.points[:, 3])[:40]
    best.points[far, 3] *= 1.003
    best.points = unit(best.points)
    moved = certainty(best, sights, loss_px=1.0, freedom=ALL).lens[0]
    assert abs(moved / sure - 1) < 0.01
    assert 3 < sure < 40  # it was drawn at 800 and found at 824


@pytest.mark.parametrize(
    ("bending", "k3"),
    [
        (Bending("POLYNOMIAL"), 0.0),
        (Bending("POLYNOMIAL"), 0.04),
        (Bending("DIVISION"), 0.0),
        (Bending("BROWN"), 0.0),
        (Bending("BROWN", (-0.01, 0.03, -0.05)), 0.02),
        (Bending("NUKE"), 0.0),
        (Bending("NUKE", (0.04, -0.03)), 0.0),
    ],
    ids=str,
)
def test_derivatives_are_those_of_the_projection(bending: Bending, k3: float) -> None:
    rig, sights = make_rig(3, 5)
    rig.bending = bending
    rig.points[4] = unit(np.append(rig.points[4, :3], 0.0)[None])[0]  # at infinity
    rng = np.random.default_rng(8)
    rig.zoom = np.array([1.0, 1.1, 0.9])
    rig.lens[3:] = 0.2, -0.1, 7.0, -4.0, k3
    sights = Sights(sights.camera, sights.point, sights.uv, rng.normal(0, 3, (len(sights.uv), 2, 2)))
    derivatives = bundle.derivatives(rig, sights, 1e9, np.arange(7))
    step = 1e-6

    def moved(cameras: np.ndarray, points: np.ndarray, lens: np.ndarray) -> np.ndarray:
        return project(bundle._moved(rig, cameras, lens, points), sights)[0]

    none = np.zeros((3, 7)), np.zeros((5, 3)), np.zeros(LENS_TERMS)
    base = moved(*none)
    for column in range(7):
        change = none[0].copy()
        change[:, column] = step
        found = (moved(change, none[1], none[2]) - base) / step
        np.testing.assert_allclose(derivatives.camera[:, :, column], found, atol=2e-2, rtol=1e-4)
    for column in range(3):
        change = none[1].copy()
        change[:, column] = step
        found = (moved(none[0], change, none[2]) - base) / step
        np.testing.assert_allclose(derivatives.point[:, :, column], found, atol=2e-2, rtol=1e-4)
    for column in range(LENS_TERMS if bending.has_k3 else LENS_TERMS - 1):
        lens = np.zeros(LENS_TERMS)
        lens[column] = step
        found = (moved(none[0], none[1], lens) - base) / step
        np.testing.assert_allclose(derivatives.lens[:, :, column], found, atol=2e-2, rtol=1e-4)


@pytest.mark.parametrize("seen", [1, 3, 9, 40])
def test_points_eliminated_part_by_part_are_those_eliminated_at_once(seen: int) -> None:
    """Points that come into view and go, each seen by so many cameras, in no order."""
    rig, sights = make_rig(40, 90)
    rng = np.random.default_rng(4)
    begins = rng.integers(0, 41 - seen, 90)[sights.point]
    kept = (sights.camera >= begins) & (sights.camera < begins + seen)
    uv = sights.uv[kept] + rng.normal(0, 0.3, (int(kept.sum()), 2))
    sights = Sights(sights.camera[kept], sights.point[kept], uv)
    freedom = Freedom(principal=True)
    layout = bundle.Layout(sights, 40, 90, freedom)
    d = bundle.derivatives(rig, sights, 1.0, layout.columns)
    left, right, half = layout.normal(d).reduced(1e-3)

    rows = np.zeros((len(uv), 2, 240 + LENS_TERMS + 270))
    for number, (camera, point) in enumerate(zip(sights.camera, sights.point)):
        rows[number, :, 6 * camera : 6 * camera + 6] = d.camera[number]
        rows[number, :, 240 : 240 + LENS_TERMS] = d.lens[number]
        rows[number, :, 248 + 3 * point : 251 + 3 * point] = d.point[number]
    rows = rows.reshape(2 * len(uv), -1)
    whole = rows.T @ rows
    whole += np.diag(1e-3 * np.diag(whole) + np.where(np.arange(len(whole)) < 248, 1e-12, 1e-9))
    gradient = rows.T @ d.residual.ravel()
    inverse = np.linalg.inv(whole[248:, 248:])
    across = whole[:248, 248:]
    size = np.abs(whole).max()
    np.testing.assert_allclose(left, whole[:248, :248] - across @ inverse @ across.T, atol=1e-9 * size)
    np.testing.assert_allclose(right, across @ inverse @ gradient[248:] - gradient[:248], atol=1e-9 * size)
    found = np.matmul(half.transpose(0, 2, 1), half)
    np.testing.assert_allclose(found[7], inverse[21:24, 21:24], rtol=1e-6)

    free = layout.free()
    step = bundle._solve_step(layout.normal(d), 1e-3, free)
    assert step is not None
    kept_rows = np.concatenate([free, np.arange(248, len(whole))])
    expected = np.zeros(len(whole))
    expected[kept_rows] = np.linalg.solve(whole[np.ix_(kept_rows, kept_rows)], -gradient[kept_rows])
    assert not step[0][:6].any()
    np.testing.assert_allclose(step[0], expected[:248], atol=1e-6 * np.abs(expected).max())
    np.testing.assert_allclose(step[1].ravel(), expected[248:], atol=1e-6 * np.abs(expected).max())


def test_a_camera_that_only_turns_stays_where_it_is() -> None:
    rig, sights = make_rig()
    rig.translation[:] = 0
    rig.points[:, 3] = 0
    rig.points = unit(rig.points)
    sights = Sights(sights.camera, sights.point, project(rig, sights)[0])
    start = Rig(rig.rotation, rig.translation, rig.points, rig.lens * [1.05, 1, 1, 1, 1, 1, 1, 1])
    turned = adjust(
        start, sights, rounds=40, loss_px=0.5, freedom=Freedom(True, False, False, moves=False)
    ).rig
    assert (turned.translation == 0).all() and (turned.lens[1:] == start.lens[1:]).all()
    assert turned.lens[0] == pytest.approx(800.0, rel=1e-3)
    assert (turned.points[:, 3] == 0).all()


def test_each_camera_finds_its_own_focal_length() -> None:
    rig, _ = make_rig()
    rig.zoom = np.linspace(1.0, 1.4, 8)
    camera, point = np.divmod(np.arange(8 * 60), 60)
    sights = Sights(camera, point, np.zeros((480, 2)))
    sights = Sights(camera, point, project(rig, sights)[0])
    start = Rig(rig.rotation, rig.translation, rig.points, rig.lens)
    found = adjust(start, sights, rounds=60, loss_px=0.5, freedom=Freedom(zooms=True)).rig
    np.testing.assert_allclose(found.zoom / found.zoom[0], rig.zoom / rig.zoom[0], rtol=1e-3)


def test_a_rolling_shutter_is_found() -> None:
    rig, plain = make_rig()
    late = np.random.default_rng(4).normal(0, 4, (len(plain.uv), 2, 2))
    rig.lens[3] = 0.6
    seen = Sights(plain.camera, plain.point, np.zeros_like(plain.uv), late)
    seen = Sights(plain.camera, plain.point, project(rig, seen)[0], late)
    start = Rig(rig.rotation, rig.translation, rig.points, LENS.copy())
    found = adjust(start, seen, rounds=60, loss_px=0.5, freedom=Freedom(rows=True)).rig
    assert found.lens[3] == pytest.approx(0.6, abs=1e-4) and found.lens[4] == 0.0


def test_a_disturbed_rig_finds_its_lens_again_in_spite_of_outliers() -> None:
    rig, sights = make_rig()
    rng = np.random.default_rng(6)
    uv = sights.uv.copy()
    uv[rng.choice(len(uv), 12, replace=False)] += 40.0
    start = Rig(
        np.matmul(rotations(rng.normal(0, 0.01, (8, 3))), rig.rotation),
        rig.translation + rng.normal(0, 0.02, (8, 3)),
        unit(rig.points[:, :3] / rig.points[:, 3:] + rng.normal(0, 0.05, (60, 3))),
        np.array([700.0, 0, 0, 0, 0, 0, 0, 0]),
    )
    found = adjust(start, Sights(sights.camera, sights.point, uv), rounds=200, loss_px=0.5, freedom=ALL)
    assert found.rig.lens[0] == pytest.approx(800.0, rel=5e-3)
    assert found.rig.lens[1] == pytest.approx(-0.12, abs=5e-3)
    assert np.median(found.errors) < 0.05


def test_a_fixed_lens_stays_to_the_bit() -> None:
    rig, sights = make_rig()
    start = Rig(rig.rotation, rig.translation + 0.01, rig.points, rig.lens)
    found = adjust(start, sights, rounds=20, loss_px=0.5, freedom=Freedom(False, False, False))
    assert (found.rig.lens == LENS).all()


def test_frames_held_to_points_come_back_each_on_its_own() -> None:
    rig, sights = make_rig()
    rng = np.random.default_rng(7)
    start = Rig(
        np.matmul(rotations(rng.normal(0, 0.02, (8, 3))), rig.rotation),
        rig.translation + rng.normal(0, 0.05, (8, 3)),
        rig.points,
        rig.lens,
    )
    held = hold_to_points(start, sights, rounds=30, loss_px=0.5, freedom=ALL)
    np.testing.assert_allclose(held.translation, rig.translation, atol=1e-6)
    np.testing.assert_allclose(held.rotation, rig.rotation, atol=1e-6)


@pytest.mark.parametrize(("k1", "k2"), [(0.0, 0.0), (-0.12, 0.02), (0.2, -0.05), (0.05, 0.3)])
def test_undistorting_undoes_distorting(k1: float, k2: float) -> None:
    rays = np.random.default_rng(8).uniform(-0.6, 0.6, (500, 2))
    for model in ("POLYNOMIAL", "DIVISION", "BROWN"):
        np.testing.assert_allclose(
            undistort(distort(rays, k1, k2, model), k1, k2, model), rays, atol=1e-8, err_msg=model
        )
    points = rays * min(1.0, 0.9 * fold_radius(Distortion("NUKE", (k1, k2))) / 0.85)
    np.testing.assert_allclose(distort(undistort(points, k1, k2, "NUKE"), k1, k2, "NUKE"), points, atol=1e-8)


@pytest.mark.parametrize("model", ("POLYNOMIAL", "DIVISION", "BROWN", "NUKE"))
def test_the_solvers_lens_is_that_of_the_lens_room(model: str) -> None:
    rays = np.random.default_rng(9).uniform(-0.6, 0.6, (500, 2))
    whole = Distortion(model, (-0.1, 0.03))
    np.testing.assert_allclose(distort(rays, -0.1, 0.03, model), whole.distort(rays), atol=1e-9)


def test_a_far_point_tells_how_the_camera_turns() -> None:
    """Points at infinity alone hold the rotations; those near alone the places."""
    rig, sights = make_rig(points=120)
    rig.points[60:, 3] = 0.0
    rig.points = unit(rig.points)
    sights = Sights(sights.camera, sights.point, project(rig, sights)[0])
    rng = np.random.default_rng(3)
    start = Rig(
        np.matmul(rotations(rng.normal(0, 0.01, (8, 3))), rig.rotation),
        rig.translation,
        unit(rig.points + rng.normal(0, 0.003, (120, 4))),
        LENS,
    )
    held = Freedom(False, False, False)
    found = adjust(start, sights, rounds=60, loss_px=5.0, freedom=held, tolerance=1e-12).rig
    turned = np.matmul(found.rotation, found.rotation[0].T), np.matmul(rig.rotation, rig.rotation[0].T)
    np.testing.assert_allclose(*turned, atol=1e-5)
    np.testing.assert_allclose(found.points[60:, 3], 0.0, atol=1e-4)
