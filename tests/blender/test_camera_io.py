"""Cameras out of and into Blender: the same way, lens and frames after a round trip, and no trace of it."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Matrix  # noqa: E402

from addon.tracking.blender import camera_io, versions  # noqa: E402
from addon.tracking.blender.camera import bake_cameras, bake_values  # noqa: E402
from addon.tracking.errors import InputError  # noqa: E402
from tests.blender.synthetic import camera_walk, datablocks  # noqa: E402

ENDINGS = (".chan", ".abc", ".fbx", ".usda", ".usdc")
COUNT, FIRST = 12, 1001


def lacking(ending):
    return versions.lacks_format(camera_io.ENDINGS[ending])


@pytest.fixture(params=["landscape", "portrait"])
def scene(request, blender_file):
    """A camera that walks and rolls, in a scene at 23.976 frames a second."""
    scene = bpy.context.scene
    size = (640, 360) if request.param == "landscape" else (360, 640)
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.fps, scene.render.fps_base = 24, 1.001
    scene.frame_start, scene.frame_end = FIRST, FIRST + COUNT - 1
    camera = bpy.data.objects.new("Hero", bpy.data.cameras.new("Hero"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.data.sensor_fit, camera.data.sensor_width, camera.data.lens = "HORIZONTAL", 23.7, 31.25
    cameras = camera_walk(COUNT)
    cameras[:, :3, 3] += [20.0, -7.0, 3.0]
    bake_cameras(camera, frames(), cameras)
    scene.frame_set(FIRST + 3)
    return scene


def frames():
    return np.arange(FIRST, FIRST + COUNT, dtype=np.int32)


def again(scene, file):
    """The camera that a file gives in a scene of its own, of the same size and rate."""
    other = scene.copy()
    other.camera = None
    for thing in list(other.collection.objects):
        other.collection.objects.unlink(thing)
    camera_io.import_camera(other, file, sensor_width_mm=23.7)
    return camera_io.read_camera(other, other.camera, frames())


def compare(back, before, shift=1e-6):
    path = np.linalg.norm(np.ptp(before.cameras[:, :3, 3], axis=0))
    assert np.abs(back.cameras[:, :3, 3] - before.cameras[:, :3, 3]).max() < 1e-4 * path
    turned = np.linalg.norm(back.cameras[:, :3, :3] - before.cameras[:, :3, :3], axis=(1, 2)) / np.sqrt(2)
    assert np.degrees(turned.max()) < 0.001
    across = back.focals_mm * before.sensor_width_mm / back.sensor_width_mm
    assert np.abs(across - before.focals_mm).max() < 0.001
    assert np.abs(back.shifts - before.shifts).max() < shift


@pytest.mark.parametrize("ending", ENDINGS)
def test_out_and_in_again(scene, tmp_path, ending):
    if lacking(ending):
        pytest.skip(lacking(ending))
    if ending != ".chan":
        scene.camera.data.shift_x, scene.camera.data.shift_y = 0.03, -0.02
    before, there = camera_io.read_camera(scene, scene.camera), datablocks()
    file = tmp_path / f"hero{ending}"
    assert camera_io.export_camera(scene, file) == []
    assert [item.name for item in tmp_path.iterdir()] == [file.name], "nothing is left beside it"
    assert datablocks() == there and scene.frame_current == FIRST + 3
    compare(again(scene, file), before)


@pytest.mark.parametrize("ending", (".chan", ".fbx", ".usda"))
def test_a_zoom_goes_along(scene, tmp_path, ending):
    if lacking(ending):
        pytest.skip(lacking(ending))
    if ending == ".usda" and bpy.app.version < (4, 5):
        pytest.skip("this Blender reads no zoom from USD")
    bake_values(scene.camera.data, frames(), {"lens": np.linspace(30.0, 44.0, COUNT) ** 1.1})
    before = camera_io.read_camera(scene, scene.camera)
    assert before.zooms
    camera_io.export_camera(scene, tmp_path / f"hero{ending}")
    compare(again(scene, tmp_path / f"hero{ending}"), before)


def test_a_camera_on_a_moving_parent_that_fits_upright_is_taken_as_it_is_seen(scene, tmp_path):
    rig = bpy.data.objects.new("Rig", None)
    scene.collection.objects.link(rig)
    rig.matrix_world = Matrix.Translation((1, 2, 3)) @ Matrix.Rotation(0.5, 4, "Y") @ Matrix.Scale(3, 4)
    for frame, x in ((FIRST, 0.0), (FIRST + COUNT, 5.0)):
        rig.location.x = x
        rig.keyframe_insert("location", frame=frame)
    scene.camera.parent = rig
    scene.camera.data.sensor_fit, scene.camera.data.sensor_height = "VERTICAL", 13.3
    scene.camera.data.shift_y = 0.02
    before = camera_io.read_camera(scene, scene.camera)
    upright = scene.render.resolution_y / scene.render.resolution_x
    assert before.sensor_width_mm == pytest.approx(13.3 / upright)
    assert before.shifts[0, 1] == pytest.approx(0.02 * upright)
    scene.camera.data.shift_y = 0.0
    before = camera_io.read_camera(scene, scene.camera)
    camera_io.export_camera(scene, tmp_path / "a.chan")
    compare(again(scene, tmp_path / "a.chan"), before)


def test_a_chan_says_that_it_has_no_shift(scene, tmp_path):
    scene.camera.data.shift_x = 0.1
    assert "no lens shift" in camera_io.export_camera(scene, tmp_path / "a.chan")[0]


def test_a_camera_that_came_in_takes_the_place_of_ours_and_again_makes_no_doubles(scene, tmp_path):
    (tmp_path / "a.chan").write_text("3 0 2 5 0 0 0 50\n4 1 2 5 0 0 0 50\n5 2 2 5 0 0 0 50\n")
    mine = scene.camera
    ours, way = camera_io.import_camera(scene, tmp_path / "a.chan")
    assert scene.camera == ours != mine and way.frames.tolist() == [3, 4, 5]
    there = datablocks()
    assert camera_io.import_camera(scene, tmp_path / "a.chan")[0] == ours
    assert datablocks() == there
    scene.frame_set(4)
    assert np.allclose(ours.matrix_world.translation, (1, -5, 2), atol=1e-6)


def test_a_chan_without_a_field_of_view_keeps_the_lens(scene, tmp_path):
    (tmp_path / "a.chan").write_text("3 0 2 5 0 0 0 50\n")
    ours, _ = camera_io.import_camera(scene, tmp_path / "a.chan")
    ours.data.lens = 77.0
    (tmp_path / "b.chan").write_text("3 0 2 5 0 0 0\n")
    camera_io.import_camera(scene, tmp_path / "b.chan")
    assert ours.data.lens == pytest.approx(77.0)


@pytest.mark.parametrize(
    ("name", "says"),
    [("a.obj", "ends in .chan, .abc"), ("none/a.chan", "no such folder"), ("a", "ends in .chan")],
)
def test_what_cannot_be_written_is_said(scene, tmp_path, name, says):
    with pytest.raises(InputError, match=says):
        camera_io.export_camera(scene, tmp_path / name)
    scene.camera = None
    with pytest.raises(InputError, match="no camera"):
        camera_io.export_camera(scene, tmp_path / "a.chan")


@pytest.mark.parametrize("name", ["a.chan", "a.abc", "a.fbx", "a.usda", "a.usdc"])
def test_a_file_that_is_none_leaves_the_scene_as_it_was(scene, tmp_path, name):
    if lacking(name[1:]):
        with pytest.raises(InputError, match="this Blender is built without"):
            camera_io.export_camera(scene, tmp_path / name)
        return
    (tmp_path / name).write_text("no camera at all\n")
    there, camera = datablocks(), scene.camera
    with pytest.raises(InputError, match=name):
        camera_io.import_camera(scene, tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        camera_io.import_camera(scene, tmp_path / f"none{name}")
    assert datablocks() == there and scene.camera == camera


# --- the buttons ---------------------------------------------------------------


def test_the_buttons_write_and_read(scene, tmp_path):
    file = tmp_path / "hero.chan"
    assert bpy.ops.tracked_shot.export_camera(filepath=str(file)) == {"FINISHED"}
    assert len(file.read_text().splitlines()) == COUNT
    assert bpy.ops.tracked_shot.import_camera(filepath=str(file), sensor_width=23.7) == {"FINISHED"}
    assert scene.camera.name != "Hero"
    with pytest.raises(RuntimeError, match="no such file"):
        bpy.ops.tracked_shot.import_camera(filepath=str(tmp_path / "none.chan"))
