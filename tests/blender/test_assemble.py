"""A whole shot: from a drawn clip to a saved .blend and composited frames."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from addon import cli, registration
from addon.tracking.config import CompositeShotConfig
from addon.tracking.errors import InputError
from addon.tracking.session import SessionStatus, TrackingSessionManager, load_session
from addon.tracking.shotfile import ShotFileError, load_shot
from addon.tracking.stages import NAMES as STAGES
from tests import drawn
from tests.blender.conftest import SHOT


def camera_error(scene, truth: drawn.Truth) -> tuple[float, float]:
    """Focal length's error as a share, and the path's in percent, of the scene's camera."""
    matrices = []
    for frame in range(scene.frame_start, scene.frame_end + 1):
        scene.frame_set(frame)
        matrices.append(np.array(scene.camera.matrix_world))
    focal_px = scene.camera.data.lens / scene.camera.data.sensor_width * truth.width
    return focal_px / truth.focal_px - 1, drawn.path_error_percent(np.array(matrices), truth.cameras)


def test_a_clip_becomes_a_saved_shot_with_the_true_camera(
    blender_file: ModuleType, shot: Path, drawn_clip: tuple[Path, drawn.Truth], capfd: pytest.CaptureFixture
) -> None:
    report = shot.with_name("report.json")
    assert cli.main(["assemble", str(shot), "--json", str(report)]) == 0
    said = capfd.readouterr()
    assert "solve: good" in said.out
    assert "Traceback" not in said.err

    blend = shot.with_name("walls.blend")
    blender_file.ops.wm.open_mainfile(filepath=str(blend))
    scene = blender_file.context.scene
    focal, path = camera_error(scene, drawn_clip[1])
    assert abs(focal) < 2e-3
    assert path < 0.1
    assert (scene.frame_start, scene.frame_end) == (1, 40)
    assert (scene.render.resolution_x, scene.render.resolution_y) == (480, 270)
    assert scene.render.film_transparent
    clip = scene.active_clip
    assert clip.tracking.reconstruction.is_valid
    assert len(clip.tracking.reconstruction.cameras) == 40
    assert clip.tracking.reconstruction.average_error < 0.1

    values = json.loads(report.read_text())
    assert values["blend"] == str(blend)
    assert values["solve"]["verdict"] == "good"
    assert values["blender"] == blender_file.app.version_string
    assert load_session(values["session"]).status is SessionStatus.SOLVED
    assert Path(values["session"]).parent == shot.with_name("walls_tracking")
    assert cli.main(["stmap", str(shot), "--distort", str(shot.with_name("d.exr"))]) == 0


def test_a_session_that_is_there_is_taken_up(
    blender_file: ModuleType, shot: Path, solved_folder: Path, capfd: pytest.CaptureFixture
) -> None:
    sessions = set(solved_folder.glob("*.tracksession"))
    calls = ["assemble", str(shot), "--session-dir", str(solved_folder)]
    assert cli.main(calls) == 0
    assert set(solved_folder.glob("*.tracksession")) == sessions
    assert cli.main([*calls, "--fresh"]) == 0
    assert len(set(solved_folder.glob("*.tracksession"))) == len(sessions) + 1


def test_composited_frames_are_the_plate_where_no_cg_is(
    blender_file: ModuleType, shot: Path, solved_folder: Path, drawn_clip: tuple[Path, drawn.Truth]
) -> None:
    out = shot.with_name("frames")
    assert cli.main(["assemble", str(shot), "--session-dir", str(solved_folder)]) == 0
    # Denoising takes most of the time; test_example_shots.py has a frame with it.
    blender_file.context.scene.cycles.use_denoising = False
    blender_file.ops.wm.save_mainfile()
    assert (
        cli.main(["render", str(shot.with_name("walls.blend")), "--frames", "1,20,40", "--output", str(out)])
        == 0
    )
    names = sorted(path.name for path in out.glob("*.png"))
    assert names == ["walls_0001.png", "walls_0020.png", "walls_0040.png"]

    scene = blender_file.context.scene
    capture = cv2.VideoCapture(str(drawn_clip[0]))
    plates = [capture.read()[1] for _ in range(40)]
    for name, plate in zip(names, (plates[0], plates[19], plates[39])):
        picture = cv2.imread(str(out / name))
        assert picture.shape == plate.shape
        same = np.abs(picture.astype(int) - plate).max(axis=2) <= 2
        assert same.mean() > 0.5  # most of the frame is the plate
        assert not same.all()  # the stand-in and its shadow are there
    assert scene.camera is not None


@pytest.mark.parametrize("mode", ["shadow_multiply", "stabilized"])
def test_the_composite_knows_engine_and_size_of_the_render(
    blender_file: ModuleType, shot: Path, solved_folder: Path, mode: str
) -> None:
    from addon.tracking.blender.assemble import assemble_shot_with_tracking
    from addon.tracking.blender.composite import composite_status

    config = load_shot(shot)
    config.composite.mode = mode
    config.render.resolution_percentage = 50
    result = assemble_shot_with_tracking(config, session_dir=solved_folder)
    status = composite_status(result.scene)
    assert status.applied
    assert status.preset == mode
    assert not [line for line in status.warnings if "apply again" in line or "only Cycles" in line]
    assert any("is scaled to the render's" in line for line in status.warnings)


def test_assembling_twice_into_the_same_file_doubles_nothing(
    blender_file: ModuleType, shot: Path, solved_folder: Path
) -> None:
    shot.write_text(SHOT + "  into: walls.blend\n")
    blender_file.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    own = blender_file.data.objects.new("Mine", None)
    blender_file.context.scene.collection.objects.link(own)
    blender_file.ops.wm.save_as_mainfile(filepath=str(shot.with_name("walls.blend")))
    counts = []
    for _ in range(2):
        assert cli.main(["assemble", str(shot), "--session-dir", str(solved_folder)]) == 0
        data = blender_file.data
        rooms = (data.objects, data.cameras, data.meshes, data.movieclips, data.node_groups, data.collections)
        counts.append([len(room) for room in rooms] + [len(data.movieclips[0].tracking.tracks)])
        assert "Mine" in data.objects
    assert counts[0] == counts[1]


def test_the_open_scene_can_be_built_into(blender_file: ModuleType, shot: Path, solved_folder: Path) -> None:
    from addon.tracking import assemble_shot_with_tracking

    scene = blender_file.context.scene
    result = assemble_shot_with_tracking(load_shot(shot), scene=scene, session_dir=solved_folder)
    assert result.blend is None
    assert scene.camera is result.camera
    assert result.native is not None and result.native.agrees
    assert result.native.picture_px < 0.1
    assert result.native.path_percent < 0.1


def test_frame_ranges_and_scene_starts_meet(blender_file: ModuleType, shot: Path) -> None:
    values = {
        "name": "part",
        "footage": {"file": str(shot.with_name("walls.avi")), "frame_range": [6, 30], "scene_start": 101},
        "render": {"samples": 1},
    }
    from addon.tracking import assemble_shot_with_tracking

    result = assemble_shot_with_tracking(values, scene=blender_file.context.scene, session_dir=shot.parent)
    scene, clip = result.scene, result.clip
    assert (scene.frame_start, scene.frame_end) == (106, 130)
    assert clip.frame_start == 101
    frames = [camera.frame for camera in clip.tracking.reconstruction.cameras]
    assert (min(frames), max(frames)) == (6, 30)


def test_solving_can_be_left_out(blender_file: ModuleType, shot: Path, tmp_path: Path) -> None:
    from addon.tracking import assemble_shot_with_tracking

    config = CompositeShotConfig.from_dict(
        {"footage": {"file": "walls.avi", "frame_range": [1, 12]}, "tracking": {"solve": False}}
    )
    config.base = shot.parent
    result = assemble_shot_with_tracking(config, scene=blender_file.context.scene, session_dir=tmp_path)
    assert result.solve is None
    assert result.camera is None
    assert len(result.clip.tracking.tracks) > 20


BAD = {
    "missing footage": ("gone.avi", "", "footage.file: there is no such file"),
    "zero bytes": ("empty.mp4", "", "the file is empty"),
    "a text named .mp4": ("text.mp4", "", "not a movie"),
    "a wrong key": ("walls.avi", "  compozite: {}\n", "unknown key"),
    "a range outside the clip": ("walls.avi", "    frame_range: [30, 41]\n", "outside the clip (1-40)"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_nothing_is_written(
    name: str, blender_file: ModuleType, shot: Path, capfd: pytest.CaptureFixture
) -> None:
    footage, more, expected = BAD[name]
    shot.with_name("empty.mp4").write_bytes(b"")
    shot.with_name("text.mp4").write_text("hello\n" * 99)
    shot.write_text(f"shot:\n  footage:\n    file: {footage}\n{more}")
    before = {path: path.stat().st_mtime_ns for path in shot.parent.rglob("*")}
    assert cli.main(["assemble", str(shot)]) == 2
    said = capfd.readouterr()
    lines = [line for line in said.err.splitlines() if "error" in line]
    assert len(lines) == 1
    assert lines[0].startswith(f"{shot}:") and expected in lines[0]
    assert "Traceback" not in said.err
    assert {path: path.stat().st_mtime_ns for path in shot.parent.rglob("*")} == before


def test_a_place_that_cannot_be_written_is_said_before_any_work(
    blender_file: ModuleType, shot: Path, capfd: pytest.CaptureFixture
) -> None:
    blocked = shot.with_name("blocked")
    blocked.write_text("a file, not a folder")
    assert cli.main(["assemble", str(shot), "--blend", str(blocked / "out.blend")]) == 2
    assert "cannot be written" in capfd.readouterr().err
    assert cli.main(["assemble", str(shot), "--json", str(blocked / "r.json")]) == 2
    assert "can't be written" in capfd.readouterr().err
    assert not list(shot.parent.glob("**/*.tracksession"))


def test_frames_outside_the_scene_are_refused(
    blender_file: ModuleType, shot: Path, solved_folder: Path, capfd: pytest.CaptureFixture
) -> None:
    assert cli.main(["assemble", str(shot), "--session-dir", str(solved_folder)]) == 0
    call = [
        "render",
        str(shot.with_name("walls.blend")),
        "--output",
        str(shot.parent / "o"),
        "--frames",
        "39-41",
    ]
    assert cli.main(call) == 2
    assert "frame 41 is outside" in capfd.readouterr().err


def test_footage_that_blender_reads_otherwise_stops_the_build(
    blender_file: ModuleType, footage: Path, tmp_path: Path
) -> None:
    from addon.tracking import assemble_shot_with_tracking

    values = {"footage": {"file": str(footage / "desk_variable_rate.mp4")}}
    with pytest.raises(ShotFileError, match="evenly timed copy"):
        assemble_shot_with_tracking(values, scene=blender_file.context.scene, session_dir=tmp_path)
    with pytest.raises(InputError):
        assemble_shot_with_tracking({"footage": {}}, scene=blender_file.context.scene)


def test_built_again_at_once_no_stage_runs_and_nothing_is_written(
    blender_file: ModuleType, shot: Path, solved_folder: Path, capfd: pytest.CaptureFixture
) -> None:
    call = ["assemble", str(shot), "--session-dir", str(solved_folder)]
    assert cli.main(call) == 0
    blend = shot.with_name("walls.blend")
    files = [blend, *solved_folder.iterdir()]
    before = [(path.stat().st_mtime_ns, path.read_bytes()) for path in files]
    capfd.readouterr()
    assert cli.main([*call, "--require", "good"]) == 0
    said = capfd.readouterr().out
    assert f"nothing has changed: {blend}" in said and "solve: good" in said
    assert [(path.stat().st_mtime_ns, path.read_bytes()) for path in files] == before


def test_a_dry_run_says_what_would_be_done_and_why(
    blender_file: ModuleType, shot: Path, solved_folder: Path, capfd: pytest.CaptureFixture
) -> None:
    call = ["assemble", str(shot), "--session-dir", str(solved_folder)]
    assert cli.main([*call, "--dry-run"]) == 0
    assert capfd.readouterr().out.count("would run: was not built yet") == 9
    assert not shot.with_name("walls.blend").exists()
    assert cli.main(call) == 0
    shot.write_text(SHOT.replace("samples: 4", "samples: 5") + "  scene:\n    floor: none\n")
    written = shot.with_name("walls.blend").stat().st_mtime_ns
    plan = shot.with_name("plan.json")
    capfd.readouterr()
    assert cli.main([*call, "--dry-run", "--json", str(plan)]) == 0
    said = capfd.readouterr().out.splitlines()
    assert said[3] == "solve: stays: nothing changed"
    assert said[4] == "camera: would run: scene.floor changed"
    assert said[5] == "scene: would run: follows from camera"
    assert said[8] == "render_settings: would run: render.samples changed"
    assert [row["runs"] for row in json.loads(plan.read_text())["stages"]] == [False] * 4 + [True] * 5
    assert shot.with_name("walls.blend").stat().st_mtime_ns == written
    assert cli.main([*call, "--dry-run", "--from", "cgg"]) == 2


def test_a_file_that_is_not_ours_is_not_written_over(
    blender_file: ModuleType, shot: Path, solved_folder: Path, capfd: pytest.CaptureFixture
) -> None:
    blend = shot.with_name("walls.blend")
    blender_file.ops.wm.save_as_mainfile(filepath=str(blend))
    before = blend.read_bytes()
    assert cli.main(["assemble", str(shot), "--session-dir", str(solved_folder), "--fresh"]) == 2
    assert "was not built by Tracked Shot" in capfd.readouterr().err
    assert blend.read_bytes() == before


def test_another_lens_solves_again_and_tracks_nothing(
    blender_file: ModuleType, shot: Path, solved_folder: Path, tmp_path: Path
) -> None:
    from addon.tracking import assemble_shot_with_tracking

    sessions = tmp_path / "sessions"
    shutil.copytree(solved_folder, sessions)
    first = assemble_shot_with_tracking(load_shot(shot), session_dir=sessions)
    assert first.ran == STAGES
    shot.write_text(SHOT + "  camera:\n    bake: true\n")
    assert assemble_shot_with_tracking(load_shot(shot), session_dir=sessions).ran == STAGES[4:8]
    shot.write_text(SHOT.replace("balanced", "balanced\n    lens: {focal_length_mm: 31}"))
    again = assemble_shot_with_tracking(load_shot(shot), session_dir=sessions)
    assert again.ran == STAGES[3:8]
    assert again.session != first.session
    one, other = load_session(first.session), load_session(again.session)
    assert one.tracks().xy.tobytes() == other.tracks().xy.tobytes()
    assert assemble_shot_with_tracking(load_shot(shot), session_dir=sessions).ran == ()
    assert assemble_shot_with_tracking(load_shot(shot), session_dir=sessions, start="solve").ran == STAGES[3:]


def test_a_shot_that_is_not_tracked_uses_the_solve_of_the_clip_in_the_file(
    blender_file: ModuleType,
    shot: Path,
    solved_folder: Path,
    drawn_clip: tuple[Path, drawn.Truth],
) -> None:
    from addon.tracking import assemble_shot_with_tracking

    first = assemble_shot_with_tracking(load_shot(shot), session_dir=solved_folder)
    shutil.copy(first.blend, shot.with_name("solved.blend"))
    shot.write_text(SHOT.replace("preset: balanced", "enabled: false") + "  into: solved.blend\n")
    result = assemble_shot_with_tracking(load_shot(shot), session_dir=shot.parent / "none")
    assert result.session is None and result.solve is None
    focal, path = camera_error(result.scene, drawn_clip[1])
    assert abs(focal) < 2e-3 and path < 0.1
    assert not (shot.parent / "none").exists()


def test_tracks_made_by_hand_are_solved_and_again_when_they_change(
    blender_file: ModuleType, shot: Path, solved_folder: Path, drawn_clip: tuple[Path, drawn.Truth]
) -> None:
    from addon.tracking import assemble_shot_with_tracking
    from addon.tracking.blender.clip import add_tracks, load_clip

    session = load_session(next(solved_folder.glob("*.tracksession")))
    clip = load_clip(shot.with_name("walls.avi"))
    used = np.zeros(session.tracks().count, bool)
    used[session.solve().point_tracks[::3]] = True
    add_tracks(clip, session.tracks().subset(used))
    blender_file.context.scene.active_clip = clip
    blender_file.ops.wm.save_as_mainfile(filepath=str(shot.with_name("hand.blend")))
    shot.write_text(SHOT.replace("preset: balanced", "enabled: false") + "  into: hand.blend\n")
    sessions = shot.with_name("sessions")

    registration.unregister()  # as from Python, or with python -m addon
    try:
        result = assemble_shot_with_tracking(load_shot(shot), session_dir=sessions)
    finally:
        registration.register()
    assert result.solve is not None and result.session.parent == sessions
    focal, path = camera_error(result.scene, drawn_clip[1])
    assert abs(focal) < 5e-3 and path < 0.3
    assert assemble_shot_with_tracking(load_shot(shot), session_dir=sessions).ran == ()
    blender_file.data.movieclips[0].tracking.tracks[0].weight = 0.0
    blender_file.ops.wm.save_mainfile()
    again = assemble_shot_with_tracking(load_shot(shot), session_dir=sessions)
    assert again.ran == STAGES[3:8]
    assert len(again.solve.points) == len(result.solve.points) - 1


def test_a_session_from_elsewhere_is_used_as_it_is(
    blender_file: ModuleType, shot: Path, solved_folder: Path, capfd: pytest.CaptureFixture
) -> None:
    elsewhere = shot.with_name("elsewhere.tracksession")
    shutil.copy(next(solved_folder.glob("*.tracksession")), elsewhere)
    shot.write_text(SHOT.replace("preset: balanced", f"session: {elsewhere.name}"))
    before = elsewhere.read_bytes()
    assert cli.main(["assemble", str(shot)]) == 0
    assert f"session: {elsewhere}" in capfd.readouterr().out
    assert elsewhere.read_bytes() == before
    assert [path.name for path in shot.parent.glob("**/*.tracksession")] == [elsewhere.name]
    text = shot.read_text()
    shot.write_text(text.replace("session:", "enabled: false\n    session:"))
    capfd.readouterr()
    assert cli.main(["assemble", str(shot), "--fresh"]) == 0
    said = capfd.readouterr().out
    assert "solve: good" in said and f"session: {elsewhere}" in said and "warning" not in said
    assert elsewhere.read_bytes() == before
    shot.write_text(text)
    shot.with_name("walls.avi").unlink()  # a link to the clip of all tests
    drawn.draw_clip(shot.with_name("walls.avi"), frames=9, width=96, height=54, detail=0.5)
    shot.with_name("walls.blend").unlink()
    assert cli.main(["assemble", str(shot)]) == 2
    assert "tracking.session: " in (said := capfd.readouterr().err) and "of other footage" in said
    elsewhere.unlink()
    assert cli.main(["assemble", str(shot)]) == 2
    assert "no such session" in capfd.readouterr().err


def test_a_shot_names_one_of_blenders_cameras(blender_file: ModuleType, shot: Path) -> None:
    from addon.tracking.blender.assemble import ShotResult
    from addon.tracking.blender.build import Build
    from addon.tracking.blender.camera_presets import camera_presets
    from addon.tracking.blender.shot_solve import shot_session

    def session_with(camera: str) -> TrackingSessionManager:
        lens = f"preset: fast\n    lens: {{camera: '{camera}', focal_length_mm: 18}}"
        shot.write_text(SHOT.replace("preset: balanced", lens))
        scene = blender_file.context.scene
        return shot_session(Build(load_shot(shot), scene, ShotResult(), session_dir=shot.parent))

    preset = next(item for item in camera_presets() if item.focal_length_mm is None)
    start = session_with(preset.name.lower()).lens()
    assert (start.sensor_width_mm, start.focal_length_mm) == (preset.sensor_width_mm, 18.0) and start.refine
    with pytest.raises(ShotFileError, match="shot.yaml:7:20: error: .*no camera preset 'No Such Camera'"):
        session_with("No Such Camera")
