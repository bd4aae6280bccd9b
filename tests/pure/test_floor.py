"""The floor of a solve: level, below the camera, in front of it, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from addon.tracking.floor import (
    CAMERA_HEIGHT_M,
    FALLBACK_CONFIDENCE,
    LEAST_CONFIDENCE,
    find_floor,
    fit_floor,
    upright_direction,
)


def look_at(place, target, up=(0.0, 0.0, 1.0)):
    back = np.subtract(place, target).astype(float)
    back /= np.linalg.norm(back)
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    camera = np.eye(4)
    camera[:3, :3] = np.column_stack([right, np.cross(back, right), back])
    camera[:3, 3] = place
    return camera


def walk(spread=0.6, height=1.5, target=(0.0, 0.0, 0.3), count=30):
    """Cameras on an arc of ``spread`` radians, 4 away from the middle."""
    angles = -np.pi / 2 + spread * np.linspace(-0.5, 0.5, count)
    return np.array([look_at((4 * np.cos(a), 4 * np.sin(a), height), target) for a in angles])


def room(floor=120, others=80, noise=0.01, seed=1):
    """Points of a floor at z = 0 with ``noise``, and of things that stand on it."""
    random = np.random.default_rng(seed)
    ground = np.column_stack([random.uniform(-2, 2, (floor, 2)), random.normal(0, noise, floor)])
    return np.vstack([ground, random.uniform([-2, -1, 0.05], [2, 2, 2.5], (others, 3))])


def random_similarity(seed, scale):
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    rotation *= np.sign(np.linalg.det(rotation))
    matrix = np.eye(4)
    matrix[:3, :3] = scale * rotation
    matrix[:3, 3] = np.random.default_rng(seed + 1).normal(size=3) * 5
    return matrix


def moved(similarity, points, cameras):
    scale = np.cbrt(np.linalg.det(similarity[:3, :3]))
    turned = similarity @ cameras
    turned[:, :3, :3] /= scale
    return points @ similarity[:3, :3].T + similarity[:3, 3], turned


def tilt_degrees(floor, similarity):
    """Angle between the world's up and that of the floor that was built, in degrees."""
    up = floor.matrix[:3, :3] @ similarity[:3, :3] @ np.array([0.0, 0.0, 1.0])
    return np.degrees(np.arccos(np.clip(up[2] / np.linalg.norm(up), -1, 1)))


@pytest.mark.parametrize(("seed", "scale"), [(1, 1.0), (2, 0.01), (3, 700.0)])
def test_floor_is_level_with_noise_and_40_percent_off_the_plane(seed, scale):
    similarity = random_similarity(seed, scale)
    points, cameras = moved(similarity, room(), walk())
    floor = find_floor(points, cameras)
    assert tilt_degrees(floor, similarity) < 1.0
    world = points[:120] @ floor.matrix[:3, :3].T + floor.matrix[:3, 3]
    assert abs(np.median(world[:, 2])) < 0.02
    assert floor.confidence > 0.5
    assert floor.inliers[:120].mean() > 0.9
    assert floor.inliers[120:].mean() < 0.1


def test_world_stands_on_the_floor_in_front_of_a_camera_at_eye_height():
    cameras = walk()
    floor = find_floor(room(), cameras)
    places = (floor.matrix @ cameras)[:, :3, 3]
    assert np.isclose(places[:, 2].mean(), CAMERA_HEIGHT_M)
    linear = floor.matrix[:3, :3]
    scale = np.cbrt(np.linalg.det(linear))
    assert np.allclose(linear @ linear.T, scale**2 * np.eye(3))
    middle = np.linalg.inv(floor.matrix) @ [0, 0, 0, 1]
    local = np.linalg.inv(cameras[15]) @ middle
    assert np.all(np.abs(local[:2]) < 0.1 * -local[2]), "the origin is in the middle of the picture"
    assert places[:, 1].mean() < 0 and abs(places[:, 0].mean()) < 0.2, "the camera looks along +Y"


def test_a_measured_scale_is_kept():
    similarity = random_similarity(4, 0.25)
    points, cameras = moved(similarity, room(), walk())
    floor = find_floor(points, cameras, known=4.0)
    assert np.isclose(np.cbrt(np.linalg.det(floor.matrix[:3, :3])), 4.0)


def test_floor_and_not_the_larger_wall():
    random = np.random.default_rng(5)
    wall = np.column_stack([random.uniform(-3, 3, 300), np.full(300, 2.0), random.uniform(0, 3, 300)])
    floor = find_floor(np.vstack([room(60, 0), wall]), walk())
    assert tilt_degrees(floor, np.eye(4)) < 1.0
    assert floor.inliers[:60].mean() > 0.9


def test_floor_and_not_the_ceiling_or_the_table():
    random = np.random.default_rng(6)
    flat = random.uniform([-2, -2, 0], [2, 2, 0], (250, 3))
    ceiling, table = flat + np.array([0, 0, 3.0]), flat[:70] * 0.4 + np.array([0, 0, 0.8])
    floor = find_floor(np.vstack([room(80, 10), ceiling, table]), walk())
    world = floor.matrix[:3, :3] @ [0, 0, 0] + floor.matrix[:3, 3]
    assert abs(world[2]) < 0.02


def test_camera_that_looks_over_the_floor_gets_an_origin_near_the_points():
    cameras = walk(target=(0.0, 0.0, 1.6))
    floor = find_floor(room(), cameras)
    origin = np.linalg.inv(floor.matrix)[:3, 3]
    assert np.linalg.norm(origin) < 1.5
    assert tilt_degrees(floor, np.eye(4)) < 1.0


def test_a_cloud_without_a_floor_is_admitted():
    points = np.random.default_rng(7).uniform(-1, 1, (300, 3)) + np.array([0, 0, 1])
    floor = find_floor(points, walk())
    assert floor.confidence == FALLBACK_CONFIDENCE < LEAST_CONFIDENCE
    assert not floor.inliers.any()
    assert tilt_degrees(floor, np.eye(4)) < 3.0, "up is then the cameras' up"
    assert np.all((floor.matrix @ walk())[:, 2, 3] > 0), "the cameras stay above it"


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_points_still_give_a_floor(count):
    floor = find_floor(room()[:count], walk())
    assert floor.confidence == FALLBACK_CONFIDENCE
    assert np.isfinite(floor.matrix).all()


def test_points_that_are_not_finite_are_passed_over():
    points = room()
    points[7] = np.nan
    floor = find_floor(points, walk())
    assert tilt_degrees(floor, np.eye(4)) < 1.0
    assert not floor.inliers[7]


def test_straight_down_camera():
    cameras = np.array([look_at((x, 0.0, 2.0), (x, 0.0, 0.0), up=(0.0, 1.0, 0.0)) for x in (-0.1, 0.0, 0.1)])
    floor = find_floor(room(120, 0), cameras)
    assert np.isfinite(floor.matrix).all()


def test_same_input_same_floor():
    first, second = find_floor(room(), walk()), find_floor(room(), walk())
    assert np.array_equal(first.matrix, second.matrix)
    assert first.confidence == second.confidence


def test_upright_direction_of_cameras_that_look_down():
    assert upright_direction(walk(height=3.0, spread=1.0))[2] > 0.999
    still = walk(height=3.0, spread=0.0)
    assert np.allclose(upright_direction(still), still[0, :3, 1]), "one direction only: the cameras' up"


def test_upright_direction_of_a_rolling_camera_over_a_table():
    """All right axes lie in one plane then, and the direction across it has two ends."""
    cameras = [
        look_at((0.1 * roll, 0.0, 2.0), (0.0, 0.3, 0.0), up=(np.sin(roll), np.cos(roll), 0.0))
        for roll in np.linspace(-0.5, 0.5, 20)
    ]
    assert upright_direction(np.array(cameras))[2] > 0.8
    points = np.random.default_rng(8).uniform([-1, -1, 0], [1, 1, 0], (100, 3))
    assert tilt_degrees(find_floor(points, np.array(cameras)), np.eye(4)) < 1.0


def test_origin_lies_on_a_table_and_not_beside_it():
    table = np.random.default_rng(9).uniform([0.8, -0.5, 0], [1.8, 0.5, 0], (150, 3))
    things = np.random.default_rng(9).uniform([-2, 0, -0.6], [2, 2, 2], (60, 3))
    origin = np.linalg.inv(find_floor(np.vstack([table, things]), walk()).matrix)[:3, 3]
    assert 0.8 < origin[0] < 1.8 and -0.5 < origin[1] < 0.5


def test_no_camera_is_refused():
    with pytest.raises(ValueError, match="camera"):
        find_floor(room(), np.zeros((0, 4, 4)))


def test_chosen_points_are_the_floor_wherever_the_largest_plane_is():
    cameras = walk(height=2.5)
    random = np.random.default_rng(4)
    table = np.column_stack([random.uniform(-0.3, 0.3, (12, 2)), np.full(12, 0.75)])
    points = np.vstack([room(), table])
    chosen = np.arange(len(points)) >= len(points) - 12
    similarity = random_similarity(3, 2.0)
    floor = fit_floor(*moved(similarity, points, cameras), chosen)
    world = moved(floor.matrix, *moved(similarity, points, cameras))[0]
    assert np.abs(world[chosen, 2]).max() < 1e-9
    assert tilt_degrees(floor, similarity) < 1e-6
    np.testing.assert_allclose(world[chosen].mean(axis=0), 0, atol=1e-9)


def test_points_that_make_no_plane_are_refused():
    line = np.outer(np.arange(5.0), [1.0, 2.0, 0.5])
    with pytest.raises(ValueError, match="on a line"):
        fit_floor(line, walk(), np.ones(5, bool))
    with pytest.raises(ValueError, match="three points"):
        fit_floor(line, walk(), np.arange(5) < 2)
