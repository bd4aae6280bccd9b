"""Laying a solve into the world: each move does what it says, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from addon.tracking import layout
from addon.tracking.errors import InputError
from addon.tracking.keys import needed_keys, without_flips
from tests.blender.synthetic import camera_walk, scene_points
from tests.solves import plain_solve


def turn(axis, angle):
    x, y, z = np.asarray(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    matrix = np.eye(4)
    matrix[:3, :3] = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return matrix


def tilted(seed=1):
    """A floor of points, and cameras above it, in a world that leans."""
    lean = turn([1.0, 0.4, 0.1], 0.7)
    random = np.random.default_rng(seed)
    floor = np.column_stack([random.uniform(-2, 2, (20, 2)), np.full(20, -1.0)])
    places = np.column_stack([random.uniform(-1, 1, (5, 2)) + [0, -4], np.full(5, 0.5)])
    return layout.apply(lean, floor), layout.apply(lean, places)


def test_level_makes_the_points_the_floor_and_keeps_sizes():
    points, places = tilted()
    move = layout.level(points, places)
    world = layout.apply(move, points)
    assert np.abs(world[:, 2]).max() < 1e-9
    np.testing.assert_allclose(world.mean(axis=0), 0, atol=1e-9)
    assert np.allclose(layout.apply(move, places)[:, 2], 1.5), "up is where the cameras are"
    assert np.allclose(move[:3, :3] @ move[:3, :3].T, np.eye(3)) and np.linalg.det(move[:3, :3]) > 0


def test_level_turns_no_more_than_it_must():
    points, places = tilted()
    lean = layout.level(points, places)[:3, :3]
    assert np.degrees(np.arccos((np.trace(lean) - 1) / 2)) == pytest.approx(np.degrees(0.7), rel=0.05)
    flat = np.array([[0.0, 0, 3], [1, 0, 3], [0, 1, 3]])
    np.testing.assert_allclose(layout.level(flat, [[0.0, 0, 9]])[:3, :3], np.eye(3), atol=1e-12)


def test_a_world_on_its_head_is_set_up():
    flat = np.array([[0.0, 0, 3], [1, 0, 3], [0, 1, 3]])
    below = np.array([[0.3, 0.3, 1.0]])
    move = layout.level(flat, below)
    assert layout.apply(move, below)[0, 2] == pytest.approx(2.0)
    assert np.linalg.det(move[:3, :3]) == pytest.approx(1.0)


@pytest.mark.parametrize("points", [np.zeros((2, 3)), np.outer(np.arange(4.0), [1, 2, 3])])
def test_what_is_no_plane_is_refused(points):
    with pytest.raises(InputError):
        layout.level(points, np.ones((1, 3)))


def test_origin_on_the_floor_leaves_the_floor_where_it_is():
    move = layout.to_origin(np.array([1.0, 2.0, 0.004]), floor_within=0.01)
    np.testing.assert_allclose(move[:3, 3], [-1, -2, 0])
    move = layout.to_origin(np.array([1.0, 2.0, 0.7]), floor_within=0.01)
    np.testing.assert_allclose(move[:3, 3], [-1, -2, -0.7])


def test_axis_distance_and_height():
    point = np.array([[-1.0, 1.0, 0.5]])
    np.testing.assert_allclose(
        layout.apply(layout.along_x(point[0]), point)[0], [np.sqrt(2), 0, 0.5], atol=1e-12
    )
    move = layout.to_distance(np.zeros(3), np.array([0.0, 4.0, 0.0]), 1.0)
    np.testing.assert_allclose(layout.apply(move, point), point / 4)
    assert layout.to_height(3.2, 1.6)[0, 0] == pytest.approx(0.5)
    for wrong in (
        lambda: layout.along_x(np.array([0.0, 0.0, 2.0])),
        lambda: layout.to_distance(np.ones(3), np.ones(3), 1.0),
        lambda: layout.to_height(-0.1, 1.6),
        lambda: layout.scaled(0.0),
    ):
        with pytest.raises(InputError):
            wrong()


# --- as a shot file says it ---------------------------------------------------


@pytest.fixture(scope="module")
def solve():
    return plain_solve(scene_points(), camera_walk(20))


def laid_out(solve, **wanted):
    names = [f"T{number}" for number in range(len(solve.points))]
    return layout.laid_out(solve.points, solve.cameras, names, **wanted)


def test_floor_scale_and_origin_of_a_shot(solve):
    one, other = solve.points[3], solve.points[120]
    found = laid_out(solve, floor=["T0", "T10", "T20"], scale=(["T3", "T120"], 2.5), origin="T5")
    world = layout.apply(found.matrix, solve.points)
    assert np.abs(world[:90, 2]).max() < 1e-6, "the first 90 lie on the floor"
    assert np.linalg.norm(world[3] - world[120]) == pytest.approx(2.5)
    assert np.linalg.norm(one - other) != pytest.approx(2.5)
    np.testing.assert_allclose(world[5], 0, atol=1e-6)


def test_origin_above_the_floor_becomes_the_ground(solve):
    found = laid_out(solve, floor=["T0", "T10", "T20"], scale=1.0, origin="T110")
    np.testing.assert_allclose(layout.apply(found.matrix, solve.points)[110], 0, atol=1e-9)


def test_without_a_floor_there_is_still_a_scale(solve):
    assert laid_out(solve, floor="none") is None
    found = laid_out(solve, floor="none", scale=3.0)
    np.testing.assert_allclose(found.matrix, np.diag([3, 3, 3, 1]))


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("floor", {"floor": ["T0", "T1", "Nobody"]}),
        ("scale", {"scale": (["T0", "Nobody"], 1.0)}),
        ("origin", {"origin": "Nobody"}),
    ],
)
def test_a_track_that_is_not_solved_is_named_with_its_key(solve, key, wanted):
    with pytest.raises(layout.LayoutError, match="'Nobody'") as caught:
        laid_out(solve, **wanted)
    assert caught.value.key == key


# --- keys -----------------------------------------------------------------------


def test_needless_keys_are_those_on_a_straight_line():
    frames = np.arange(30.0)
    still = np.zeros((30, 2))
    assert needed_keys(frames, still, 0.0).sum() == 2
    bent = np.column_stack([np.minimum(frames, 12.0), frames])
    assert np.flatnonzero(needed_keys(frames, bent, 1e-9)).tolist() == [0, 12, 29]
    assert needed_keys(frames, np.sin(frames)[:, None], 1e-3).all()
    assert needed_keys(frames[:1], still[:1], 0.0).all()


@pytest.mark.parametrize("tolerance", [0.3, 0.01, 1e-4])
def test_what_is_left_says_the_same_within_the_tolerance(tolerance):
    frames = np.cumsum(np.random.default_rng(2).integers(1, 4, 60)).astype(float)
    values = np.column_stack([np.sin(frames / 20), np.cos(frames / 9)])
    kept = needed_keys(frames, values, tolerance)
    for column in values.T:
        line = np.interp(frames, frames[kept], column[kept])
        assert np.abs(line - column).max() <= tolerance
    assert tolerance < 0.01 or not kept.all()


def test_quaternions_never_flip():
    angles = np.linspace(0, 9, 40) / 2
    turns = np.column_stack([np.cos(angles), np.sin(angles), 0 * angles, 0 * angles])
    flipped = turns * np.random.default_rng(1).choice([-1.0, 1.0], 40)[:, None]
    np.testing.assert_allclose(np.abs(without_flips(flipped)), np.abs(turns))
    assert np.einsum("ij,ij->i", without_flips(flipped)[1:], without_flips(flipped)[:-1]).min() > 0
