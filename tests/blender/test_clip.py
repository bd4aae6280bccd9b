"""Tracks go into a clip and come back; Blender's own solve finds the camera that filmed them."""

from __future__ import annotations

import copy
import time
from dataclasses import replace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from addon.tracking.blender import clip as clip_room  # noqa: E402
from addon.tracking.blender.clip_lens import check_terms, set_clip_lens, start_of_clip  # noqa: E402
from addon.tracking.blender.native import solve_native  # noqa: E402
from addon.tracking.engine.model import Lens, TrackingSettings, Tracks  # noqa: E402
from addon.tracking.engine.motion import stillness  # noqa: E402
from addon.tracking.engine.plan import clean  # noqa: E402
from addon.tracking.engine.reconstruct import solve_steps  # noqa: E402
from addon.tracking.errors import FootageError, InputError  # noqa: E402
from tests import drawn  # noqa: E402
from tests.blender.synthetic import datablocks, draw_movie, make_shot  # noqa: E402
from tests.conftest import empty_file  # noqa: E402

SIZES = [(640, 360), (360, 640)]


@pytest.fixture(autouse=True)
def empty_blend():
    empty_file()


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shots")
    return {size: make_shot(folder, *size) for size in SIZES}


@pytest.fixture
def shot(shots):
    return shots[SIZES[0]]


def same_tracks(one: Tracks, other: Tracks, within: float = 1e-3) -> bool:
    return (
        one.names == other.names
        and np.array_equal(one.track, other.track)
        and np.array_equal(one.frame, other.frame)
        and np.allclose(one.xy, other.xy, atol=within)
    )


def areas() -> list[str]:
    return [area.ui_type for area in bpy.context.window.screen.areas]


# --- loading ----------------------------------------------------------------


def test_load_uses_the_same_clip_again(shot):
    first = clip_room.load_clip(shot.movie, scene_start=101)
    second = clip_room.load_clip(shot.movie.parent / "." / shot.movie.name)
    assert first == second and len(bpy.data.movieclips) == 1
    assert (first.frame_start, first.frame_duration) == (101, 40)


@pytest.mark.parametrize("content", [None, b"", b"no picture at all\n" * 100])
def test_load_refuses_what_is_no_footage(tmp_path, content):
    file = tmp_path / "plate.mp4"
    if content is not None:
        file.write_bytes(content)
    before = datablocks()
    with pytest.raises(FootageError, match=r"plate\.mp4"):
        clip_room.load_clip(file)
    assert datablocks() == before


def test_load_refuses_an_unknown_colour_space(shot):
    with pytest.raises(InputError, match="colour space"):
        clip_room.load_clip(shot.movie, color_space="Chartreuse")
    assert not len(bpy.data.movieclips)


# --- tracks -----------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_tracks_come_back_as_they_went_in(shots, size):
    shot = shots[size]
    clip = clip_room.load_clip(shot.movie)
    assert clip_room.put_tracks(clip, shot.tracks, shot.solve) == shot.tracks.count
    assert same_tracks(shot.tracks, clip_room.read_tracks(clip))


def test_a_muted_marker_closes_each_run(shot):
    clip = clip_room.load_clip(shot.movie)
    frame = np.array([1, 2, 5, 6, 8], dtype=np.int32)
    tracks = Tracks(640, 360, 40, np.zeros(5, np.int32), frame, np.arange(10.0).reshape(5, 2) + 50, ["a"])
    clip_room.put_tracks(clip, tracks)
    markers = clip.tracking.tracks[0].markers
    assert [marker.frame for marker in markers] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert [marker.frame for marker in markers if marker.mute] == [3, 4, 7, 9]
    assert same_tracks(tracks, clip_room.read_tracks(clip))
    width = markers[0].pattern_corners[1][0] - markers[0].pattern_corners[0][0]
    assert np.isclose(width * 640, 21 * 640 / 960)


def test_again_replaces_ours_and_keeps_the_artists(shot):
    clip = clip_room.load_clip(shot.movie)
    mine = clip.tracking.tracks.new(name="mine", frame=1)
    mine.markers.insert_frame(2, co=(0.25, 0.75))
    mine.select = True
    other = clip.tracking.tracks.new(name="unselected", frame=4)
    clip_room.select_track(other, False)
    clip_room.put_tracks(clip, shot.tracks)
    ours = [track.name for track in clip.tracking.tracks if track.name.startswith(clip_room.PREFIX)]
    clip.tracking.tracks[ours[0]].hide = True
    clip.tracking.tracks[ours[1]].lock = True
    before = areas()
    half = shot.tracks.subset(np.arange(shot.tracks.count) % 2 == 0)
    clip_room.put_tracks(clip, half)
    assert len(clip.tracking.tracks) == half.count + 2
    assert same_tracks(half, clip_room.read_tracks(clip, ours_only=True))
    mine, other = clip.tracking.tracks["mine"], clip.tracking.tracks["unselected"]
    assert mine.select and not other.select
    assert tuple(mine.markers[1].co) == (0.25, 0.75)
    assert areas() == before


def test_tracks_are_not_put_beside_their_frames(shot):
    clip = clip_room.load_clip(shot.movie)
    clip.frame_offset = 3
    for put in (clip_room.put_tracks, clip_room.add_tracks):
        with pytest.raises(InputError, match="has a frame offset of 3"):
            put(clip, shot.tracks)
    assert not len(clip.tracking.tracks)


def test_tracks_of_another_size_are_refused(shots):
    clip = clip_room.load_clip(shots[SIZES[0]].movie)
    clip_room.put_tracks(clip, shots[SIZES[0]].tracks)
    with pytest.raises(FootageError, match="360x640 was tracked"):
        clip_room.put_tracks(clip, shots[SIZES[1]].tracks)
    assert len(clip.tracking.tracks) == shots[SIZES[0]].tracks.count


def test_many_markers_go_in_quickly(tmp_path):
    clip = clip_room.load_clip(draw_movie(tmp_path / "long.mp4", 96, 54, 300))
    count, length = 500, 120
    frame = np.tile(np.arange(1, length + 1, dtype=np.int32), count)
    track = np.repeat(np.arange(count, dtype=np.int32), length)
    xy = np.random.default_rng(1).uniform(0, 50, (count * length, 2))
    tracks = Tracks(96, 54, 300, track, frame, xy, [str(number) for number in range(count)])
    started = time.perf_counter()
    clip_room.put_tracks(clip, tracks)
    assert time.perf_counter() - started < 2.0, "60,000 markers take about 0.15 s"


# --- the native solve -------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_native_solve_finds_the_camera(shots, size):
    shot = shots[size]
    clip = clip_room.load_clip(shot.movie)
    clip_room.put_tracks(clip, shot.tracks, shot.solve)
    result = solve_native(clip, shot.solve)
    assert result.agrees and result.reason == ""
    assert result.frames == 40
    assert result.average_error < 0.01
    assert result.path_percent < 0.05
    assert result.picture_px < 0.01
    assert clip.tracking.camera.k1 == pytest.approx(shot.solve.lens.k1)
    similarity = clip_room.native_to_solve(clip, shot.solve)
    name = clip_room.PREFIX + shot.tracks.names[7]
    bundle = similarity @ [*clip.tracking.tracks[name].bundle, 1.0]
    assert np.allclose(bundle[:3], shot.solve.points[7], atol=1e-3)


@pytest.mark.parametrize(
    ("model", "coefficients"),
    [
        ("POLYNOMIAL", (-0.1, 0.02, 0.1)),
        ("BROWN", (-0.1, 0.02, 0.05, 0.03, 0.02, -0.015)),
        ("DIVISION", (0.1, 0.01)),
        ("NUKE", (0.05, 0.0)),
        ("NUKE", (0.05, 0.0, 0.03, -0.02)),
    ],
)
def test_both_solvers_take_a_whole_lens_alike(model, coefficients, tmp_path):
    """Ours finds a known lens's camera, and Blender's from the lens that is put into the clip the same."""
    k1, k2, *more = coefficients
    lens = Lens(570.0, 640, 360, k1, k2, model=model, more=tuple(more), principal=(333.0, 171.0))
    if len(more) == 2 and "nuke_p1" not in bpy.types.MovieTrackingCamera.bl_rna.properties:
        with pytest.raises(InputError, match="has no p1"):
            check_terms(lens)
        return
    shot = make_shot(tmp_path, lens=lens)
    clip = clip_room.load_clip(shot.movie)
    set_clip_lens(clip, lens)
    start = start_of_clip(clip, refine=False)
    assert start.coefficients == pytest.approx(lens.coefficients, rel=1e-6)
    assert start.principal == pytest.approx(lens.principal, abs=1e-3)
    still = stillness(shot.tracks)
    pairs = clean(shot.tracks, TrackingSettings(), still)
    *_, last = solve_steps(shot.tracks, pairs, start, still)
    found = last.result
    assert found.average_error < 2e-3 and len(found.frames) == shot.tracks.frames
    assert drawn.path_error_percent(found.cameras, shot.solve.cameras) < 2e-3
    clip_room.put_tracks(clip, shot.tracks, found)
    native = solve_native(clip, found)
    assert native.agrees and native.average_error < 5e-3


def test_native_solve_puts_back_what_it_touches(shot):
    scene = bpy.context.scene
    clip = clip_room.load_clip(shot.movie)
    clip_room.put_tracks(clip, shot.tracks)
    camera = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    scene.collection.objects.link(camera)
    scene.camera, camera.data.lens, scene.render.resolution_x = camera, 85.0, 1234
    other = clip.tracking.objects.new("Object")
    clip.tracking.objects.active = other
    settings = clip.tracking.settings
    settings.use_keyframe_selection = settings.refine_intrinsics_focal_length = True

    def state():
        names = [prop.identifier for prop in settings.bl_rna.properties if not prop.is_readonly]
        return (
            {name: getattr(settings, name) for name in names},
            (scene.camera, camera.data.lens, camera.data.sensor_width, scene.render.resolution_x),
            (clip.tracking.objects.active.name, areas(), bpy.context.area),
        )

    before = state()
    assert solve_native(clip, shot.solve).agrees
    assert state() == before


def test_outliers_without_weight_do_not_move_the_camera(shot):
    clip = clip_room.load_clip(shot.movie)
    random = np.random.default_rng(2)
    bad = random.random(shot.tracks.count) < 0.3
    tracks = copy.deepcopy(shot.tracks)
    rows = bad[tracks.track]
    tracks.xy[rows] += random.normal(0, 8, (int(rows.sum()), 2))
    clip_room.put_tracks(clip, tracks)
    assert not solve_native(clip, shot.solve).agrees, "the test would show nothing"
    tracks.reasons = ["outlier" if is_bad else "" for is_bad in bad]
    clip_room.put_tracks(clip, tracks)
    result = solve_native(clip, shot.solve)
    assert result.agrees and result.path_percent < 0.05
    assert np.array_equal(clip_room.read_tracks(clip).enabled, ~bad)


def test_tracks_without_a_bundle_get_no_weight(shot):
    clip = clip_room.load_clip(shot.movie)
    solve = copy.copy(shot.solve)
    solve.point_tracks = shot.solve.point_tracks[5:]
    clip_room.put_tracks(clip, shot.tracks, solve)
    assert [track.weight for track in clip.tracking.tracks][:6] == [0, 0, 0, 0, 0, 1]


def test_a_camera_that_differs_does_not_agree(shot):
    clip = clip_room.load_clip(shot.movie)
    clip_room.put_tracks(clip, shot.tracks)
    solve = copy.copy(shot.solve)
    solve.cameras = shot.solve.cameras.copy()
    solve.cameras[20, :3, 3] += [0.1, 0, 0]
    result = solve_native(clip, solve)
    assert not result.agrees and "px away" in result.reason
    assert result.path_percent > 0.5


def test_a_solve_that_blender_refuses_is_told(shot):
    clip = clip_room.load_clip(shot.movie)
    clip_room.put_tracks(clip, shot.tracks.subset(np.arange(shot.tracks.count) < 4))
    result = solve_native(clip, shot.solve)
    assert not result.agrees and result.frames == 0
    assert "Only 4 tracks" in result.reason and "\n" not in result.reason


def test_similarity_of_cameras():
    random = np.random.default_rng(4)
    cameras = np.array([np.eye(4)] * 12)
    cameras[:, :3, :3] = np.linalg.qr(random.normal(size=(12, 3, 3)))[0]
    cameras[:, :3, :3] *= np.linalg.det(cameras[:, :3, :3])[:, None, None]
    cameras[:, :3, 3] = random.normal(size=(12, 3))
    turn = cameras[0, :3, :3]
    wanted = np.eye(4)
    wanted[:3, :3], wanted[:3, 3] = 2.5 * turn, [1, 2, 3]
    moved = clip_room.move_cameras(wanted, cameras)
    assert np.allclose(moved[:, :3, :3] @ moved[:, :3, :3].transpose(0, 2, 1), np.eye(3))
    assert np.allclose(clip_room.camera_similarity(cameras, moved), wanted)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"lens": {"focal_px": float("nan")}}, "no lens"),
        ({"lens": {"focal_px": 1e6}}, "nothing for Blender"),
        ({"keyframes": (5, 5)}, "no two keyframes"),
        ({"keyframes": (1, 400)}, "no two keyframes"),
    ],
)
def test_blenders_solver_is_not_started_with_what_may_crash_it(shot, change, reason):
    clip = clip_room.load_clip(shot.movie)
    clip_room.put_tracks(clip, shot.tracks)
    lens = replace(shot.solve.lens, **change.get("lens", {}))
    solve = replace(shot.solve, lens=lens, keyframes=change.get("keyframes", shot.solve.keyframes))
    focal_length = clip.tracking.camera.focal_length
    result = solve_native(clip, solve)
    assert not result.agrees and reason in result.reason
    assert clip.tracking.camera.focal_length == focal_length


def test_blenders_solver_is_not_started_with_too_few_tracks(shot):
    clip = clip_room.load_clip(shot.movie)
    clip_room.put_tracks(clip, shot.tracks)
    for track in list(clip.tracking.tracks)[7:]:
        track.weight = 0.0
    assert "Only 7 tracks" in solve_native(clip, shot.solve).reason
