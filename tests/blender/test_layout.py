"""The solved world in the scene: floor, origin and scale, live and baked, and back by undo."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from mathutils import Matrix, Vector  # noqa: E402

from addon import jobs  # noqa: E402
from addon.tracking import layout as moves  # noqa: E402
from addon.tracking.blender import clip as clip_room  # noqa: E402
from addon.tracking.blender import layout, versions  # noqa: E402
from addon.tracking.blender.camera import apply_solved_camera, bake_cameras, scene_frames  # noqa: E402
from addon.tracking.blender.native import solve_native  # noqa: E402
from addon.tracking.blender.scene import setup_shadow_catcher  # noqa: E402
from addon.tracking.errors import InputError, SolveError  # noqa: E402
from addon.tracking.floor import find_floor  # noqa: E402
from tests.blender.synthetic import make_shot, project  # noqa: E402

START = 11
FLOOR = ("ts:floor 1", "ts:floor 30", "ts:floor 60", "ts:floor 80")


@pytest.fixture(scope="module")
def shot(tmp_path_factory):
    shot = make_shot(tmp_path_factory.mktemp("shot"))
    on_floor = np.abs(shot.solve.points[:, 2] + 1.3) < 1e-9
    shot.tracks.names = [
        f"{'floor' if flat else 'thing'} {number}" for number, flat in enumerate(on_floor.tolist())
    ]
    return shot


@pytest.fixture(params=["live", "baked", "on an empty"])
def placed(request, shot, blender_file):
    """A scene with the camera of the shot, laid out askew: no floor yet."""
    scene = bpy.context.scene
    clip = clip_room.load_clip(shot.movie, scene_start=START)
    clip_room.put_tracks(clip, shot.tracks, shot.solve)
    assert solve_native(clip, shot.solve).agrees
    camera = apply_solved_camera(scene, clip, solve=shot.solve, bake=request.param == "baked")
    if request.param == "on an empty":
        empty = bpy.data.objects.new("Rig", None)
        scene.collection.objects.link(empty)
        empty.matrix_world = Matrix.Translation((1, 2, 3)) @ Matrix.Rotation(0.4, 4, "X") @ Matrix.Scale(2, 4)
        camera.parent = empty
    bpy.context.view_layer.update()
    return scene, clip


def world_of(shot, scene, clip):
    return layout.solved_world(scene, clip, shot.solve, layout.clip_names(shot.tracks, shot.solve))


def off_the_markers(scene, shot, world):
    """Largest distance, pixels, of the points as they lie in the world from where they were filmed."""
    size = np.array([shot.solve.lens.width, shot.solve.lens.height])
    worst = 0.0
    for row in (0, 17, -1):
        scene.frame_set(int(shot.solve.frames[row]) + START - 1)
        for name, point in zip(world.names, world.points):
            seen = np.array(world_to_camera_view(scene, scene.camera, Vector(point))[:2]) * size
            number = shot.tracks.names.index(name.removeprefix("ts:"))
            wanted = project(
                shot.solve.points[[number]], shot.solve.cameras[row], shot.solve.lens, distort=False
            )
            worst = max(worst, float(np.abs(seen - wanted[0]).max()))
    return worst


def test_floor_origin_and_scale_by_tracks(shot, placed):
    scene, clip = placed
    scene.frame_set(START + 5)
    layout.set_floor(scene, world_of(shot, scene, clip), set(FLOOR))
    layout.set_origin(scene, world_of(shot, scene, clip), {"ts:floor 30"})
    world = world_of(shot, scene, clip)
    ends = [world.names.index(name) for name in ("ts:floor 30", "ts:floor 60")]
    layout.set_scale(scene, world, {world.names[end] for end in ends}, 3.0)
    layout.set_x_axis(scene, world_of(shot, scene, clip), {"ts:floor 60"})
    world = world_of(shot, scene, clip)
    flat = [number for number, name in enumerate(world.names) if "floor" in name]
    assert np.abs(world.points[flat, 2]).max() < 2e-3
    assert np.allclose(world.points[ends], [[0, 0, 0], [3, 0, 0]], atol=2e-3)
    assert world.cameras[:, 2, 3].min() > 0, "up is up"
    assert scene.frame_current == START + 5
    assert off_the_markers(scene, shot, world) < 0.06


def test_the_floor_is_found_and_the_cameras_height_sets_the_size(shot, placed):
    scene, clip = placed
    found = layout.find_floor_again(scene, world_of(shot, scene, clip))
    assert found.confidence > 0.5
    scene.frame_set(START + 20)
    layout.set_camera_height(scene, world_of(shot, scene, clip), 1.8)
    assert scene.camera.matrix_world.translation.z == pytest.approx(1.8, abs=1e-4)
    assert off_the_markers(scene, shot, world_of(shot, scene, clip)) < 0.06


def test_the_shadow_catcher_comes_along(shot, placed):
    scene, clip = placed
    layout.find_floor_again(scene, world_of(shot, scene, clip))
    ground = setup_shadow_catcher(scene)
    before = ground.dimensions.x
    layout.set_scale(scene, world_of(shot, scene, clip), {"ts:floor 30", "ts:floor 60"}, 20.0)
    bpy.context.view_layer.update()
    assert ground.dimensions.x > 3 * before


@pytest.mark.parametrize(
    ("call", "names", "says"),
    [
        (layout.set_floor, {"ts:floor 1", "ts:floor 2"}, "three tracks"),
        (layout.set_floor, {"Nobody", "ts:floor 1", "ts:floor 2"}, "Nobody has no solved point"),
        (layout.set_origin, set(), "select the track"),
        (lambda *given: layout.set_scale(*given, 1.0), {"ts:floor 1"}, "two tracks"),
        (layout.set_x_axis, {"ts:floor 1", "ts:floor 2"}, "one track"),
    ],
)
def test_a_wrong_choice_is_refused_and_nothing_moves(shot, placed, call, names, says):
    scene, clip = placed
    world, place = world_of(shot, scene, clip), scene.camera.matrix_world.copy()
    with pytest.raises(InputError, match=says):
        call(scene, world, names)
    bpy.context.view_layer.update()
    assert scene.camera.matrix_world == place


# --- one camera is enough for these ----------------------------------------------


def solved(shot, bake=False):
    scene = bpy.context.scene
    clip = clip_room.load_clip(shot.movie, scene_start=START)
    clip_room.put_tracks(clip, shot.tracks, shot.solve)
    assert solve_native(clip, shot.solve).agrees
    apply_solved_camera(
        scene, clip, solve=shot.solve, bake=bake, floor=find_floor(shot.solve.points, shot.solve.cameras)
    )
    bpy.context.view_layer.update()
    return scene, clip


def test_the_artists_own_camera_that_follows_the_clip_is_moved(shot, blender_file):
    scene, clip = solved(shot)
    ours = scene.camera
    mine = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    scene.collection.objects.link(mine)
    mine.constraints.new("CAMERA_SOLVER").clip = clip
    scene.camera = mine
    bpy.data.objects.remove(ours)
    layout.set_floor(scene, world_of(shot, scene, clip), set(FLOOR))
    world = world_of(shot, scene, clip)
    assert world.camera == mine
    assert abs(world.points[world.names.index("ts:floor 50")][2]) < 2e-3


def test_keys_of_the_artists_are_left_alone(shot, blender_file):
    scene, clip = solved(shot)
    scene.camera.keyframe_insert("location", frame=START)
    before = scene.camera.matrix_basis.copy()
    with pytest.raises(InputError, match="keys that are not Tracked Shot's"):
        layout.set_floor(scene, world_of(shot, scene, clip), set(FLOOR))
    assert scene.camera.matrix_basis == before


def test_keys_that_were_changed_are_told(shot, blender_file):
    scene, clip = solved(shot, bake=True)
    scene.camera.keyframe_insert("location", index=0, frame=START + 70)
    with pytest.raises(InputError, match="bake the camera again"):
        layout.set_floor(scene, world_of(shot, scene, clip), set(FLOOR))


def test_keys_that_were_changed_leave_the_others_as_they_are(shot, blender_file):
    """The place's keys are whole here, the turn's are not: neither is moved."""
    scene, clip = solved(shot, bake=True)
    scene.camera.keyframe_insert("rotation_quaternion", index=0, frame=START + 70)
    before = keys(scene.camera)
    with pytest.raises(InputError, match="bake the camera again"):
        layout.set_floor(scene, world_of(shot, scene, clip), set(FLOOR))
    assert keys(scene.camera) == before


def keys(camera):
    return [
        (curve.data_path, curve.array_index, [tuple(point.co) for point in curve.keyframe_points])
        for curve in versions.curves_of(camera)
    ]


def test_no_camera_no_layout(shot, blender_file):
    clip = clip_room.load_clip(shot.movie)
    with pytest.raises(SolveError, match="Set Up Shot"):
        layout.solved_world(bpy.context.scene, clip)


def test_what_lies_between_the_keys_moves_along(blender_file):
    """A world that is moved shows the same picture at half frames, too: keys run straight."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    random = np.random.default_rng(4)
    cameras = [
        np.array(
            Matrix.LocRotScale(
                Vector(random.normal(size=3)), Vector(random.normal(size=3)).to_track_quat("Z", "Y"), None
            )
        )
        for _ in range(4)
    ]
    frames = np.array([1, 4, 5, 9], np.int32)
    bake_cameras(camera, frames, np.array(cameras))

    def seen():
        found = []
        for half in range(2, 19):
            scene.frame_set(half // 2, subframe=0.5 * (half % 2))
            found.append(np.array(camera.matrix_world))
        return np.array(found)

    before = seen()
    move = np.array(
        Matrix.LocRotScale(Vector((1, 2, 3)), Vector((1, 2, 0.5)).to_track_quat("Z", "Y"), Vector((2.5,) * 3))
    )
    layout._move_keys(camera, move)
    assert np.allclose(seen(), clip_room.move_cameras(move, before), atol=1e-5)


def test_needless_keys_go_and_a_camera_that_stands_keeps_two(blender_file):
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    cameras = np.tile(np.eye(4), (50, 1, 1))
    cameras[20:, 0, 3] = np.linspace(0, 3, 30)
    bake_cameras(camera, np.arange(1, 51, dtype=np.int32), cameras)
    counts = {(c.data_path, c.array_index): len(c.keyframe_points) for c in versions.curves_of(camera)}
    assert counts == {("location", i): 3 for i in range(3)} | {
        ("rotation_quaternion", i): 2 for i in range(4)
    }


def test_a_layout_by_hand_outlives_setting_up_and_changing_modes(shot, blender_file):
    scene, clip = solved(shot)
    names = layout.clip_names(shot.tracks, shot.solve)
    layout.set_scale(scene, world_of(shot, scene, clip), {names[0], names[40]}, 7.0)
    wanted = world_of(shot, scene, clip).to_world
    kept = layout.kept_layout(scene, clip, shot.solve)
    assert np.allclose(kept.matrix, wanted, atol=1e-4)
    for bake in (True, False, True):
        floor = layout.kept_layout(scene, clip, shot.solve)
        apply_solved_camera(scene, clip, solve=shot.solve, bake=bake, floor=floor)
        assert np.allclose(world_of(shot, scene, clip).to_world, wanted, atol=1e-3)
    other = moves.apply(np.eye(4), shot.solve.points)
    assert layout.kept_layout(scene, clip, None) is None and len(other), "another solve lies otherwise"


def test_a_clip_with_an_offset_is_baked_to_the_frames_that_show_it(shot, blender_file):
    clip = clip_room.load_clip(shot.movie, scene_start=START)
    clip.frame_offset = 4
    assert scene_frames(clip, np.array([5]))[0] == START


# --- the buttons ---------------------------------------------------------------


def select(clip, names):
    for track in clip.tracking.tracks:
        clip_room.select_track(track, track.name in names)


def test_the_buttons_report_and_undo(shot, blender_file):
    scene, clip = solved(shot)
    bpy.ops.ed.undo_push(message="before")
    place = scene.camera.matrix_basis.copy()
    select(clip, set(FLOOR))
    assert bpy.ops.tracked_shot.set_floor() == {"FINISHED"}
    assert scene.tracked_shot.floor_text == "By 4 tracks"
    assert scene.camera.matrix_basis != place
    select(clip, {"ts:floor 1", "ts:floor 2"})
    scene.tracked_shot.known_distance = 2.0
    assert bpy.ops.tracked_shot.set_scale() == {"FINISHED"}
    points = jobs.world_of(scene, clip, []).chosen({"ts:floor 1", "ts:floor 2"})
    assert np.linalg.norm(points[0] - points[1]) == pytest.approx(2.0, rel=1e-4)
    with pytest.raises(RuntimeError, match="select three tracks or more"):
        bpy.ops.tracked_shot.set_floor()
    assert bpy.ops.tracked_shot.find_floor() == {"FINISHED"}
    assert "sure" in scene.tracked_shot.floor_text
    assert bpy.ops.tracked_shot.set_camera_height(height=1.25) == {"FINISHED"}
    assert bpy.ops.tracked_shot.set_camera(mode="BAKED") == {"FINISHED"}
    assert scene.camera.animation_data.action is not None
    assert scene.camera.matrix_world.translation.z == pytest.approx(1.25, abs=1e-3)
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert np.allclose(bpy.context.scene.camera.matrix_basis, place, atol=1e-6)
