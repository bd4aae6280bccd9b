"""The solved camera in a scene: what it sees lands on the markers, live and baked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from mathutils import Matrix, Vector  # noqa: E402

from addon.tracking.blender import clip as clip_room  # noqa: E402
from addon.tracking.blender.camera import apply_solved_camera, set_camera_lens, set_frame_size  # noqa: E402
from addon.tracking.blender.native import solve_native  # noqa: E402
from addon.tracking.errors import SolveError  # noqa: E402
from addon.tracking.floor import find_floor  # noqa: E402
from tests.blender.synthetic import datablocks, make_shot, project  # noqa: E402
from tests.conftest import empty_file  # noqa: E402

SIZES = [(640, 360), (360, 640)]
START = 11
"""Scene frame of footage frame 1 in these tests."""


@pytest.fixture(autouse=True)
def empty_blend():
    empty_file()


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shots")
    return {size: make_shot(folder, *size) for size in SIZES}


def solved_clip(shot, native=True):
    clip = clip_room.load_clip(shot.movie, scene_start=START)
    clip_room.put_tracks(clip, shot.tracks, shot.solve)
    if native:
        assert solve_native(clip, shot.solve).agrees
    return clip


def farthest_from_markers(scene, camera, shot, world_points):
    """Largest distance, pixels, of the bundles in the scene's camera from where they were filmed."""
    size = np.array([shot.solve.lens.width, shot.solve.lens.height])
    worst = 0.0
    for frame, matrix in zip(shot.solve.frames, shot.solve.cameras):
        scene.frame_set(int(frame) + START - 1)
        seen = (
            np.array([world_to_camera_view(scene, camera, Vector(point))[:2] for point in world_points])
            * size
        )
        wanted = project(shot.solve.points, matrix, shot.solve.lens, distort=False)
        worst = max(worst, float(np.abs(seen - wanted).max()))
    return worst


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("bake", [False, True])
def test_bundles_land_on_the_markers(shots, size, bake):
    shot, scene = shots[size], bpy.context.scene
    clip = solved_clip(shot, native=not bake)
    floor = find_floor(shot.solve.points, shot.solve.cameras)
    camera = apply_solved_camera(scene, clip, solve=shot.solve, bake=bake, floor=floor)
    world = shot.solve.points @ floor.matrix[:3, :3].T + floor.matrix[:3, 3]
    assert farthest_from_markers(scene, camera, shot, world) < 0.05
    ground = world[np.abs(shot.solve.points[:, 2] + 1.3) < 1e-9]
    assert len(ground) > 20 and np.abs(ground[:, 2]).max() < 1e-3, "the filmed floor is z = 0"


def test_native_bundles_follow_the_cameras_own_transform(shots):
    shot, scene = shots[SIZES[0]], bpy.context.scene
    clip = solved_clip(shot)
    camera = apply_solved_camera(
        scene, clip, solve=shot.solve, floor=find_floor(shot.solve.points, shot.solve.cameras)
    )
    bundles = [track.bundle for track in clip.tracking.tracks]
    world = [camera.matrix_basis @ bundle for bundle in bundles]
    assert farthest_from_markers(scene, camera, shot, world) < 0.05


def test_scene_becomes_the_clips(shots):
    shot, scene = shots[SIZES[1]], bpy.context.scene
    clip = solved_clip(shot)
    camera = apply_solved_camera(scene, clip, solve=shot.solve)
    render = scene.render
    assert (render.resolution_x, render.resolution_y) == (360, 640)
    assert (scene.frame_start, scene.frame_end) == (START, START + 39)
    assert (render.fps, render.fps_base) == (25, 1.0)
    assert scene.camera == camera and scene.active_clip == clip
    assert camera.data.lens == pytest.approx(shot.solve.lens.focal_length_mm)
    plate = camera.data.background_images[0]
    assert camera.data.show_background_images and plate.clip == clip
    assert plate.source == "MOVIE_CLIP" and not plate.clip_user.use_render_undistorted


def test_the_scenes_range_can_be_kept(shots):
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1001, 1100
    apply_solved_camera(scene, solved_clip(shots[SIZES[0]]), set_scene=False)
    assert (scene.frame_start, scene.frame_end) == (1001, 1100)


@pytest.mark.parametrize("bake", [False, True])
def test_again_changes_nothing(shots, bake):
    shot, scene = shots[SIZES[0]], bpy.context.scene
    clip = solved_clip(shot)
    floor = find_floor(shot.solve.points, shot.solve.cameras)
    camera = apply_solved_camera(scene, clip, solve=shot.solve, floor=floor, bake=bake)
    scene.frame_set(START + 7)
    before, place = datablocks(), camera.matrix_world.copy()
    for _ in range(2):
        assert apply_solved_camera(scene, clip, solve=shot.solve, floor=floor, bake=bake) == camera
    scene.frame_set(START + 7)
    assert datablocks() == before
    assert len(camera.constraints) == (0 if bake else 1)
    assert len(camera.data.background_images) == 1
    assert np.allclose(camera.matrix_world, place, atol=1e-6)


def test_live_and_baked_can_be_changed_for_each_other(shots):
    shot, scene = shots[SIZES[0]], bpy.context.scene
    clip = solved_clip(shot)
    floor = find_floor(shot.solve.points, shot.solve.cameras)
    places = []
    for bake in (False, True, False):
        camera = apply_solved_camera(scene, clip, solve=shot.solve, floor=floor, bake=bake)
        scene.frame_set(START + 20)
        places.append(np.array(camera.matrix_world.normalized()))
    assert np.allclose(places[0], places[1], atol=1e-4)
    assert np.allclose(places[0], places[2], atol=1e-6)
    assert not len(bpy.data.actions)


def test_a_live_camera_that_was_moved_stays_without_a_floor(shots):
    shot, scene = shots[SIZES[0]], bpy.context.scene
    clip = solved_clip(shot)
    camera = apply_solved_camera(scene, clip, solve=shot.solve)
    camera.matrix_basis = moved = Matrix.Translation((1, 2, 3)) @ camera.matrix_basis
    apply_solved_camera(scene, clip, solve=shot.solve)
    assert np.allclose(camera.matrix_basis, moved, atol=1e-6)


def test_a_baked_camera_made_live_without_a_floor_is_in_our_solves_space(shots):
    shot, scene = shots[SIZES[0]], bpy.context.scene
    clip = solved_clip(shot)
    apply_solved_camera(scene, clip, solve=shot.solve, bake=True)
    camera = apply_solved_camera(scene, clip, solve=shot.solve)
    assert farthest_from_markers(scene, camera, shot, shot.solve.points) < 0.05


def test_baking_without_our_solve_takes_the_clips(shots):
    shot, scene = shots[SIZES[0]], bpy.context.scene
    clip = solved_clip(shot)
    camera = apply_solved_camera(scene, clip, bake=True)
    frames, native = clip_room.native_cameras(clip)
    scene.frame_set(int(frames[9]) + START - 1)
    assert np.allclose(camera.matrix_world, native[9], atol=1e-5)


@pytest.mark.parametrize("bake", [False, True])
def test_an_unsolved_clip_is_refused_and_nothing_changes(shots, bake):
    scene = bpy.context.scene
    clip = clip_room.load_clip(shots[SIZES[0]].movie)
    before = datablocks(), scene.render.resolution_x
    with pytest.raises(SolveError, match="no solved camera"):
        apply_solved_camera(scene, clip, bake=bake)
    assert (datablocks(), scene.render.resolution_x) == before


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("aspect", [1.0, 1.5, 0.75])
def test_lens_with_shifted_axis_and_wide_pixels(shots, size, aspect):
    """A point straight ahead falls on the principal point, one to the side where the clip's lens puts it."""
    clip, scene = clip_room.load_clip(shots[size].movie), bpy.context.scene
    lens = clip.tracking.camera
    lens.pixel_aspect, lens.sensor_width, lens.focal_length = aspect, 23.5, 31.0
    width, height = size
    axis = np.array([0.5 * width + 20, 0.5 * height - 30])
    lens.principal_point_pixels = axis
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    set_camera_lens(camera.data, clip)
    set_frame_size(scene, clip)
    bpy.context.view_layer.update()
    focal = lens.focal_length / lens.sensor_width * width
    for point in ((0.0, 0.0, -2.0), (0.3, -0.2, -2.0)):
        seen = np.array(world_to_camera_view(scene, camera, Vector(point))[:2]) * size
        wanted = axis + focal * np.array([point[0], point[1] * aspect]) / -point[2]
        assert np.allclose(seen, wanted, atol=0.01)


def test_a_zoom_gives_the_baked_camera_keys_of_its_focal_length(shots):
    shot, scene = shots[SIZES[0]], bpy.context.scene
    clip = solved_clip(shot)
    focals = shot.solve.lens.focal_px * np.linspace(1.0, 1.5, len(shot.solve.frames))
    zoomed = replace(shot.solve, frame_focals_px=focals)
    camera = apply_solved_camera(scene, clip, solve=zoomed, bake=True)
    for row in (0, 5, -1):
        scene.frame_set(int(zoomed.frames[row]) + START - 1)
        assert camera.data.lens == pytest.approx(focals[row] * 36.0 / zoomed.lens.width, rel=1e-5)
    apply_solved_camera(scene, clip, solve=shot.solve)
    assert camera.data.animation_data is None or camera.data.animation_data.action is None
    assert not len(bpy.data.actions)
