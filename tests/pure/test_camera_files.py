"""Camera files by their own documents: what is written reads right, what is wrong is said with its line."""

from __future__ import annotations

import numpy as np
import pytest

from addon.tracking.camera_files import CameraFileError, CameraPath, read_chan, read_colmap, write_chan
from addon.tracking.camera_files.chan import ORDERS, Y_UP, rotations
from addon.tracking.errors import InputError
from tests.blender.synthetic import camera_walk

UPRIGHT = 360 / 640


def walk(count=12, zoom=True):
    focals = np.linspace(30.0, 42.0, count) if zoom else np.full(count, 31.25)
    return CameraPath(np.arange(101, 101 + count, dtype=np.int32), camera_walk(count), focals, 23.7)


# --- .chan ------------------------------------------------------------------------


def test_a_camera_goes_out_and_comes_in_again(tmp_path):
    way = walk()
    write_chan(tmp_path / "a.chan", way, height_to_width=UPRIGHT)
    back = read_chan(tmp_path / "a.chan", sensor_width_mm=23.7, height_to_width=UPRIGHT)
    assert np.array_equal(back.frames, way.frames)
    np.testing.assert_allclose(back.cameras, way.cameras, atol=1e-9)
    np.testing.assert_allclose(back.focals_mm, way.focals_mm, atol=1e-8)


def test_a_chan_from_elsewhere_is_read_as_nuke_means_it(tmp_path):
    """Frame 1: five metres back and two up, level, 20 degrees to the left, 90 degrees up and down."""
    file = tmp_path / "b.chan"
    file.write_text("1 0 2 5 0 0 0 90\n2\t1\t2\t5\t0\t20\t0\t90\n3 1 2 5 -90 0 0 90\n4 1 2 5 0 0 30 90\n")
    way = read_chan(file, sensor_width_mm=36.0, height_to_width=0.5)
    np.testing.assert_allclose(way.cameras[0][:3, 3], [0, -5, 2], atol=1e-12)
    ahead, up = -way.cameras[:, :3, 2], way.cameras[:, :3, 1]
    np.testing.assert_allclose(ahead[0], [0, 1, 0], atol=1e-12)
    left = np.radians(20)
    np.testing.assert_allclose(ahead[1], [-np.sin(left), np.cos(left), 0], atol=1e-12)
    np.testing.assert_allclose(ahead[2], [0, 0, -1], atol=1e-12)
    np.testing.assert_allclose(up[2], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(up[3], [-0.5, 0, np.sqrt(0.75)], atol=1e-12)
    assert way.focals_mm == pytest.approx([9.0] * 4), "half of 18 mm over the tangent of 45 degrees"


def test_rotation_orders_turn_by_their_first_letter_first():
    angles = np.radians([[10.0, 20.0, 30.0]])
    x, y, z = (rotations(angles * axis, "XYZ")[0] for axis in np.eye(3))
    np.testing.assert_allclose(rotations(angles, "ZXY")[0], y @ x @ z)
    np.testing.assert_allclose(rotations(angles, "XYZ")[0], z @ y @ x)
    assert len({tuple(rotations(angles, order).ravel().round(6)) for order in ORDERS}) == 6


@pytest.mark.parametrize("steep", [90.0, -90.0, 89.9999999])
def test_a_camera_that_looks_straight_down_or_up(tmp_path, steep):
    turns = rotations(np.radians([[steep, 33.0, 0.0], [steep, 33.0, 12.0]]), "ZXY")
    cameras = np.tile(np.eye(4), (2, 1, 1))
    cameras[:, :3, :3] = turns
    way = CameraPath(np.array([1, 2], np.int32), Y_UP.T @ cameras, np.full(2, 30.0), 36.0)
    write_chan(tmp_path / "s.chan", way, height_to_width=0.5)
    back = read_chan(tmp_path / "s.chan", sensor_width_mm=36.0, height_to_width=0.5)
    np.testing.assert_allclose(back.cameras, way.cameras, atol=2e-9)


def test_angles_run_on_over_a_full_turn(tmp_path):
    angles = np.column_stack([np.zeros(30), np.linspace(0, 900, 30), np.zeros(30)])
    cameras = np.tile(np.eye(4), (30, 1, 1))
    cameras[:, :3, :3] = rotations(np.radians(angles), "ZXY")
    way = CameraPath(np.arange(30, dtype=np.int32), Y_UP.T @ cameras, np.full(30, 30.0), 36.0)
    write_chan(tmp_path / "t.chan", way, height_to_width=0.5)
    table = np.loadtxt(tmp_path / "t.chan")
    np.testing.assert_allclose(table[:, 5], angles[:, 1], atol=1e-6)


def test_without_the_last_column_there_is_no_focal_length(tmp_path):
    (tmp_path / "c.chan").write_text("# a comment\n\n7 0 0 0 0 0 0\n")
    way = read_chan(tmp_path / "c.chan", sensor_width_mm=36.0, height_to_width=0.5)
    assert way.frames.tolist() == [7] and not len(way.focals_mm)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no frame in it"),
        ("1 0 0 0 0 0\n", r"a\.chan:1: error: a frame has 7 or 8 numbers, not 6"),
        ("1 0 0 0 0 0 0 40\n2 0 0 x 0 0 0 40\n", r"a\.chan:2: error: 'x' is no number"),
        ("1 0 0 nan 0 0 0 40\n", "'nan' is no number"),
        ("1.5 0 0 0 0 0 0 40\n", "'1.5' is no frame"),
        ("2 0 0 0 0 0 0 40\n2 0 0 0 0 0 0 40\n", "comes after frame 2"),
        ("1 0 0 0 0 0 0 40\n2 0 0 0 0 0 0\n", "7 numbers, where the lines before have 8"),
        ("1 0 0 0 0 0 0 180\n", "field of view of 180"),
        ("99999999999 0 0 0 0 0 0 40\n", "is no frame"),
    ],
)
def test_what_is_no_chan_is_said_with_its_line(tmp_path, text, says):
    file = tmp_path / "a.chan"
    file.write_text(text)
    with pytest.raises(CameraFileError, match=says):
        read_chan(file, sensor_width_mm=36.0, height_to_width=0.5)


def test_files_that_are_not_there_or_no_text(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_chan(tmp_path / "none.chan", sensor_width_mm=36.0, height_to_width=0.5)
    (tmp_path / "b.chan").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(CameraFileError, match="not a text"):
        read_chan(tmp_path / "b.chan", sensor_width_mm=36.0, height_to_width=0.5)
    with pytest.raises(InputError, match="rotation order"):
        read_chan(tmp_path / "b.chan", sensor_width_mm=36.0, height_to_width=0.5, order="XXX")


# --- COLMAP -------------------------------------------------------------------------

CAMERAS = """# Camera list with one line of data per camera:
#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]
# Number of cameras: 2
1 SIMPLE_PINHOLE 3072 2304 2559.81 1536 1152
4 OPENCV 1000 500 900 900 520 240 0.1 0.01 0 0
"""
IMAGES = """# Image list with two lines of data per image:
#   IMAGE_ID, QW, QX, QY, QZ, TX, TY, TZ, CAMERA_ID, NAME
#   POINTS2D[] as (X, Y, POINT3D_ID)
# Number of images: 2, mean observations per image: 2
1 0.851773 0.0165051 0.503764 -0.142941 -0.737434 1.02973 3.74354 1 left/P18042.JPG
2362.39 248.498 58396 1784.7 268.254 59027 1784.7 268.254 -1
2 1 0 0 0 0 0 2 1 left/P18041.JPG

"""
POINTS = """# 3D point list with one line of data per point:
#   POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[] as (IMAGE_ID, POINT2D_IDX)
63390 1.67241 0.292931 0.609726 115 121 122 1.33927 16 6542 15 7345 6 6714 14 7227
63376 2.01848 0.108877 -0.0260841 102 209 250 1.73449 16 6519 15 7322 14 7212 8 3991
"""


def model(folder, cameras=CAMERAS, images=IMAGES, points=POINTS):
    for name, text in (("cameras", cameras), ("images", images), ("points3D", points)):
        (folder / f"{name}.txt").write_text(text)
    return folder


def test_a_model_as_colmap_documents_it(tmp_path):
    way = read_colmap(model(tmp_path), sensor_width_mm=36.0)
    assert way.frames.tolist() == [18041, 18042], "the last number of a name"
    assert way.focals_mm == pytest.approx([2559.81 / 3072 * 36] * 2)
    np.testing.assert_allclose(way.points, [[1.67241, 0.292931, 0.609726], [2.01848, 0.108877, -0.0260841]])
    assert not way.has_shift and not way.notes
    # Two ahead of the camera is the world's origin; its y goes down there.
    np.testing.assert_allclose(way.cameras[0], [[1, 0, 0, 0], [0, -1, 0, 0], [0, 0, -1, -2], [0, 0, 0, 1]])


def test_a_point_falls_where_colmap_says(tmp_path):
    """By the document: x = K (R X + t), pixels from the upper left; ours: from the lower left."""
    way = read_colmap(model(tmp_path), sensor_width_mm=36.0)
    point = np.array([0.4, -0.3, 1.2])
    w, x, y, z = np.array([0.851773, 0.0165051, 0.503764, -0.142941])
    turn = np.eye(3) + 2 * np.array(
        [
            [-y * y - z * z, x * y - w * z, x * z + w * y],
            [x * y + w * z, -x * x - z * z, y * z - w * x],
            [x * z - w * y, y * z + w * x, -x * x - y * y],
        ]
    )
    seen = turn @ point + [-0.737434, 1.02973, 3.74354]
    wanted = 2559.81 * seen[:2] / seen[2] + [1536, 1152]
    camera = way.cameras[1]
    local = camera[:3, :3].T @ (point - camera[:3, 3])
    ours = way.focals_mm[1] / 36 * 3072 * local[:2] / -local[2] + [1536, 1152]
    np.testing.assert_allclose([ours[0], 2304 - ours[1]], wanted, atol=0.01)


def test_lens_axis_distortion_and_names_without_numbers(tmp_path):
    images = "1 1 0 0 0 0 0 0 4 b.png\n\n2 1 0 0 0 0 0 0 4 a file.png\n\n"
    way = read_colmap(model(tmp_path, images=images), sensor_width_mm=36.0, first=1001)
    assert way.frames.tolist() == [1001, 1002]
    np.testing.assert_allclose(way.shifts[0], [-0.02, -0.01])
    assert way.has_shift and "distortion stays behind" in way.notes[0]


@pytest.mark.parametrize(
    ("part", "text", "says"),
    [
        ("cameras", "1 FISHEYE 10 10 5 5 5\n", r"cameras\.txt:1: error: camera model FISHEYE"),
        ("cameras", "1 PINHOLE 10 10 5 5 5\n", "PINHOLE has 4 parameters, not 3"),
        ("cameras", "1 SIMPLE_PINHOLE 10 10 0 5 5\n", "without size or focal length"),
        ("images", "1 0 0 0 0 0 0 2 1 a1.png\n\n", r"images\.txt:1: error: the rotation"),
        ("images", "1 1 0 0 0 0 0 2 9 a1.png\n\n", "no camera 9"),
        ("images", "1 1 0 0 0 0 0 2 1\n\n", "ten parts, not 9"),
        ("images", "1 1 0 0 0 0 0 2 1 a1.png\n\n2 1 0 0 0 0 0 2 1 b1.png\n\n", "two images are of frame 1"),
        ("images", "# nothing\n", "no image in it"),
        ("points", "1 2 3\n", r"points3D\.txt:1: error: a point has"),
    ],
)
def test_what_is_no_model_is_said_with_its_line(tmp_path, part, text, says):
    with pytest.raises(CameraFileError, match=says):
        read_colmap(model(tmp_path, **{part: text}), sensor_width_mm=36.0)


def test_points_may_be_missing_and_cameras_may_not(tmp_path):
    model(tmp_path)
    (tmp_path / "points3D.txt").unlink()
    assert not len(read_colmap(tmp_path / "images.txt", sensor_width_mm=36.0).points)
    (tmp_path / "cameras.txt").unlink()
    with pytest.raises(InputError, match=r"cameras\.txt: No such file"):
        read_colmap(tmp_path, sensor_width_mm=36.0)
