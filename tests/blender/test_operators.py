"""The buttons on a clip of which we know the camera, pressed one after the other."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import bpy
import cv2
import numpy as np
import pytest

from addon import bug_report, jobs, session_list, solve_list, watch
from addon.errands import Errand
from addon.jobs import sessions
from addon.tracking.blender.clip import PREFIX
from addon.tracking.errors import SessionError
from addon.tracking.session import (
    TrackingSessionManager,
    create_session,
    list_sessions,
    load_session,
    run_session,
    start_worker,
)
from addon.tracking.session.versions import product_version
from addon.tracking.session.worker import DISK_FULL, log_path
from addon.tracking.solve_view import sparkline
from addon.watch import taking, timer, workers
from addon.watch.state import clips


def drawn() -> ModuleType:
    """tests/drawn.py, which draws a clip."""
    if "drawn" not in sys.modules:
        file = Path(__file__).resolve().parents[1] / "drawn.py"
        spec = importlib.util.spec_from_file_location("drawn", file)
        assert spec is not None and spec.loader is not None
        sys.modules["drawn"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["drawn"])
    return sys.modules["drawn"]


@pytest.fixture(scope="module")
def footage_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("drawn") / "drawn.avi"
    drawn().draw_clip(file)
    return file


@pytest.fixture
def clip(blender_file: ModuleType, footage_file: Path) -> bpy.types.MovieClip:
    """The drawn clip, opened in the only Clip Editor."""
    clip = bpy.data.movieclips.load(str(footage_file))
    bpy.context.scene.active_clip = clip
    return clip


def test_from_the_clip_to_the_shot_and_back(clip: bpy.types.MovieClip, footage_file: Path) -> None:
    assert not bpy.ops.tracked_shot.take_in.poll() and not bpy.ops.tracked_shot.setup_shot.poll()
    assert bpy.ops.tracked_shot.check_clip() == {"FINISHED"}
    assert not [finding for finding in watch.state_of(clip).findings if finding.severity == "error"]

    session = jobs.take_up(clip, watch.checked(clip).preflight.footage)
    assert clip.tracked_shot.session == str(session.path)
    for _ in run_session(session):
        pass
    assert bpy.ops.tracked_shot.track_solve() == {"FINISHED"}  # what is done is taken in, not tracked again
    assert len(list_sessions(footage_file.parent)) == 1
    memory = clip.tracked_shot
    assert memory.taken_in and memory.verdict in ("good", "usable") and memory.frames_solved == 40
    # drawn with 30 mm on 36 mm; the clip keeps the sensor that it has
    assert abs(memory.focal_length / clip.tracking.camera.sensor_width * 36.0 - 30.0) < 0.3
    assert clip.tracking.reconstruction.is_valid and not memory.native_trouble

    assert bpy.ops.tracked_shot.setup_shot() == {"FINISHED"}
    scene = bpy.context.scene
    assert scene.camera is not None and scene.render.film_transparent and scene.render.engine == "CYCLES"
    assert (scene.frame_start, scene.frame_end) == (1, 40)
    assert (scene.render.resolution_x, scene.render.resolution_y) == tuple(clip.size)
    assert watch.composite_of(scene).applied
    objects = sorted(item.name for item in bpy.data.objects)
    assert bpy.ops.tracked_shot.setup_shot() == {"FINISHED"}
    assert sorted(item.name for item in bpy.data.objects) == objects

    scene.tracked_shot.composite_preset = "over_plate"
    assert bpy.ops.tracked_shot.apply_composite() == {"FINISHED"}
    assert watch.composite_of(scene).preset == "over_plate"
    assert bpy.ops.tracked_shot.remove_composite() == {"FINISHED"}
    assert not watch.composite_of(scene).applied and not bpy.ops.tracked_shot.remove_composite.poll()


def test_a_session_is_found_again_without_the_files_memory(
    clip: bpy.types.MovieClip, footage_file: Path
) -> None:
    if not list_sessions(footage_file.parent):
        jobs.take_up(clip, watch.checked(clip).preflight.footage)
    clip.tracked_shot.session = ""
    timer.forget()
    state = watch.known(clip)
    assert state.session == list_sessions(footage_file.parent)[0]
    assert state.waiting or state.finished


def test_the_known_lens_is_kept(clip: bpy.types.MovieClip) -> None:
    camera = clip.tracking.camera
    camera.sensor_width, camera.focal_length, camera.k1 = 23.5, 18.0, 0.01
    assert jobs.lens_start(clip).refine
    clip.tracked_shot.lens_known = True
    lens = jobs.lens_start(clip)
    assert not lens.refine
    assert (lens.sensor_width_mm, lens.focal_length_mm, lens.k1) == pytest.approx((23.5, 18.0, 0.01))
    assert (lens.more, lens.principal) == ((), None)
    camera.distortion_model, camera.brown_p1 = "BROWN", 0.002
    camera.principal_point = (0.02, 0.0)
    lens = jobs.lens_start(clip)
    assert (lens.distortion_model, lens.k1) == ("BROWN", 0.0)
    assert lens.more == pytest.approx((0.0, 0.0, 0.002))
    width, height = clip.size
    assert lens.principal == pytest.approx((0.51 * width, 0.5 * height))


def test_a_clip_with_a_frame_offset_is_refused(clip: bpy.types.MovieClip, footage_file: Path) -> None:
    """Its markers would stand on other frames than those that they were tracked in."""
    clip.frame_offset = 3
    before = list_sessions(footage_file.parent)
    with pytest.raises(RuntimeError, match="has a frame offset of 3; set it to 0 in Footage Settings"):
        bpy.ops.tracked_shot.track_solve()
    assert list_sessions(footage_file.parent) == before


# --- sessions ----------------------------------------------------------------

PATIENCE = 90.0


@pytest.fixture
def own_clip(blender_file: ModuleType, footage_file: Path, tmp_path: Path) -> bpy.types.MovieClip:
    """The drawn clip in a folder of its own, without a session."""
    clip = bpy.data.movieclips.load(str(shutil.copy(footage_file, tmp_path / "own.avi")))
    bpy.context.scene.active_clip = clip
    return clip


@pytest.fixture
def done_clip(own_clip: bpy.types.MovieClip, tmp_path: Path, done_session: Path) -> bpy.types.MovieClip:
    """That clip with a session that is done."""
    folder = tmp_path / "own_tracking"
    folder.mkdir()
    session = load_session(shutil.copy(done_session, folder / "own.tracksession"))
    session.relocate(own_clip.filepath)
    jobs.remember_session(own_clip, session)
    watch.known(own_clip)
    return own_clip


@pytest.fixture(scope="module")
def done_session(footage_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of the drawn clip that is done."""
    session = create_session(footage_file, "done", directory=tmp_path_factory.mktemp("done"))
    for _ in run_session(session):
        pass
    return session.path


def look_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Has the watcher look until it holds."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)
        timer.look()


def ours(clip: bpy.types.MovieClip) -> list[bpy.types.MovieTrackingTrack]:
    return [track for track in clip.tracking.tracks if track.name.startswith(PREFIX)]


def own_track(clip: bpy.types.MovieClip, name: str = "Nose") -> bpy.types.MovieTrackingTrack:
    track = clip.tracking.tracks.new(name=name, frame=2)
    track.markers[0].co = (0.25, 0.75)
    return track


def test_pause_go_on_and_show(own_clip: bpy.types.MovieClip) -> None:
    assert not bpy.ops.tracked_shot.pause.poll() and not bpy.ops.tracked_shot.show_frame.poll()
    assert bpy.ops.tracked_shot.track_solve() == {"FINISHED"}
    state = watch.state_of(own_clip)
    assert not bpy.ops.tracked_shot.take_up_session.poll()
    look_until(lambda: state.progress.frame >= state.progress.first, "the worker has tracked a frame")
    assert bpy.ops.tracked_shot.pause() == {"FINISHED"}
    assert not bpy.ops.tracked_shot.pause.poll()
    look_until(lambda: not state.running, "it pauses")
    assert state.progress.status == "paused" and not state.trouble and not state.asked
    assert bpy.ops.tracked_shot.show_frame() == {"FINISHED"}
    assert bpy.context.scene.frame_current == state.progress.frame
    paused_at = state.progress.frame
    assert bpy.ops.tracked_shot.resume() == {"FINISHED"}
    look_until(lambda: state.progress.frame > paused_at, "it goes on")
    if state.running:  # else it was done before it could be stopped
        assert bpy.ops.tracked_shot.cancel() == {"FINISHED"}
    look_until(lambda: not state.running, "it stops")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_worker_is_told_of_and_one_of_another_blender_respected(
    own_clip: bpy.types.MovieClip,
) -> None:
    session = jobs.take_up(own_clip, watch.checked(own_clip).preflight.footage)
    worker = start_worker(session.path)  # as another Blender would
    try:
        state = watch.attach(own_clip, session)
        look_until(lambda: state.running and state.worker, "the other's worker is seen")
        assert str(worker.pid) in state.worker
        assert not bpy.ops.tracked_shot.track_solve.poll() and not bpy.ops.tracked_shot.resume.poll()
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        look_until(lambda: state.waiting, "its end is seen", 2.0)
        assert "unexpectedly" in state.trouble
        assert bpy.ops.tracked_shot.resume.poll()
    finally:
        worker.kill()
        worker.wait()


def test_a_full_disk_has_its_own_words(own_clip: bpy.types.MovieClip) -> None:
    session = jobs.take_up(own_clip, watch.checked(own_clip).preflight.footage)
    state = watch.attach(own_clip, session)
    workers.started[session.path] = subprocess.Popen([sys.executable, "-c", f"exit({DISK_FULL})"])
    state.running = True
    look_until(lambda: not state.running, "the worker ends")
    assert "full" in state.trouble


def look_until_taken_in(state: watch.ClipState) -> None:
    """Ticks of the watcher, as in a window."""
    timer.look()
    while state.taking is not None:
        state.taking.reading.wait()
        timer.look()


def test_a_window_takes_tracks_in_bit_by_bit(
    done_clip: bpy.types.MovieClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A track a tick; one that comes from elsewhere meanwhile ends it, and what is asked anew is whole."""
    monkeypatch.setattr(taking, "STEP_SECONDS", 0.0)
    state = watch.known(done_clip)
    state.followed = True
    timer.look()
    state.taking.reading.wait()
    for _ in range(3):
        timer.look()
    assert state.taking is not None and 0 < len(ours(done_clip)) < 10
    assert not bpy.ops.tracked_shot.take_in.poll()
    done_clip.tracking.tracks.new(name="Mine", frame=1)
    monkeypatch.setattr(taking, "STEP_SECONDS", 60.0)
    timer.look()
    assert "came or went" in state.trouble and state.taking is None and not done_clip.tracked_shot.taken_in

    assert bpy.ops.tracked_shot.take_in() == {"FINISHED"}
    once = len(ours(done_clip))
    state.followed = True
    look_until_taken_in(state)
    assert len(ours(done_clip)) == once > 50 and "Mine" in done_clip.tracking.tracks
    assert done_clip.tracking.reconstruction.is_valid and not state.trouble


def test_what_the_artist_changed_is_asked_about(done_clip: bpy.types.MovieClip) -> None:
    assert bpy.ops.tracked_shot.take_in() == {"FINISHED"} and done_clip.tracked_shot.taken_in
    state = watch.state_of(done_clip)
    assert not bpy.ops.tracked_shot.settle_changes.poll()
    moved = ours(done_clip)[0].name
    was = tuple(done_clip.tracking.tracks[moved].markers[0].co)
    done_clip.tracking.tracks[moved].markers[0].co = (0.5, 0.5)
    count = len(ours(done_clip))

    state.followed = True  # as after a run that just ended
    look_until_taken_in(state)
    assert state.differences.moved == (moved,)
    assert tuple(done_clip.tracking.tracks[moved].markers[0].co) == (0.5, 0.5)
    assert bpy.ops.tracked_shot.settle_changes(changed="mine") == {"FINISHED"}
    assert tuple(done_clip.tracking.tracks[moved].markers[0].co) == (0.5, 0.5)
    assert state.differences is None and len(ours(done_clip)) == count

    assert bpy.ops.tracked_shot.take_in() == {"FINISHED"}  # kept ones are asked about again
    assert state.differences.moved == (moved,)
    assert bpy.ops.tracked_shot.settle_changes(changed="session") == {"FINISHED"}
    assert tuple(done_clip.tracking.tracks[moved].markers[0].co) == was


def test_tracks_by_hand_are_kept_on_save_and_restored(own_clip: bpy.types.MovieClip, tmp_path: Path) -> None:
    assert not bpy.ops.tracked_shot.checkpoint_tracks.poll()
    own_track(own_clip)
    assert bpy.ops.tracked_shot.checkpoint_tracks() == {"FINISHED"}  # begins a session
    assert not bpy.ops.tracked_shot.restore_tracks.poll()
    before, after = str(tmp_path / "before.blend"), str(tmp_path / "after.blend")
    bpy.ops.wm.save_as_mainfile(filepath=before)
    own_track(own_clip, "Ear")
    bpy.ops.wm.save_as_mainfile(filepath=after)
    assert {name for _, name in watch.state_of(own_clip).kept} == {"Nose", "Ear"}

    bpy.ops.wm.open_mainfile(filepath=before)  # the older file: saving it must not throw Ear away
    clip = bpy.data.movieclips[0]
    timer.look()
    assert watch.state_of(clip).lacking == 1
    bpy.ops.wm.save_mainfile()
    assert bpy.ops.tracked_shot.restore_tracks() == {"FINISHED"}
    assert tuple(clip.tracking.tracks["Ear"].markers[0].co) == (0.25, 0.75)
    assert not bpy.ops.tracked_shot.restore_tracks.poll()


def test_a_session_that_cannot_be_read_for_a_while_keeps_what_it_has(
    own_clip: bpy.types.MovieClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where another program locks it: an older file's tracks do not take the place of those it keeps."""
    own_track(own_clip)
    assert bpy.ops.tracked_shot.checkpoint_tracks() == {"FINISHED"}
    before = str(tmp_path / "before.blend")
    bpy.ops.wm.save_as_mainfile(filepath=before)
    own_track(own_clip, "Ear")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "after.blend"))
    bpy.ops.wm.open_mainfile(filepath=before)
    clip = bpy.data.movieclips[0]

    def refuse(_session: TrackingSessionManager) -> frozenset[tuple[str, str]]:
        raise SessionError("the file is locked")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "kept_names", refuse)
        timer.look()
        state = watch.state_of(clip)
        assert state.trouble == "the file is locked"
        bpy.ops.wm.save_mainfile()
    timer.look()
    assert state.trouble == "" and state.lacking == 1 and state.older
    assert {name for _, name in state.kept} == {"Nose", "Ear"}


def test_a_log_that_is_gone_is_told(
    done_clip: bpy.types.MovieClip, capfd: pytest.CaptureFixture[str]
) -> None:
    state = watch.known(done_clip)
    log_path(state.session).write_text("INFO tracked\n", encoding="utf-8")
    assert bpy.ops.tracked_shot.open_log() == {"FINISHED"}
    assert bpy.data.texts["Tracked Shot Log"].as_string().startswith("INFO tracked")
    log_path(state.session).unlink()
    assert bpy.ops.tracked_shot.open_log() == {"CANCELLED"}
    assert "No such file" in capfd.readouterr().out


def test_a_bug_report_tells_versions_session_and_the_end_of_its_log(
    done_clip: bpy.types.MovieClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = watch.known(done_clip)
    lines = [f"line {number} of {Path.home() / 'shot'}" for number in range(bug_report.LOG_LINES + 1)]
    log_path(state.session).write_text("\n".join(lines), encoding="utf-8")
    said = bug_report.words(done_clip)
    assert said.startswith(f"Tracked Shot {product_version()}, Blender {bpy.app.version_string}")
    assert "Clip: movie, 480x270, 40 frames" in said and "status=<SessionStatus" in said
    assert "line 1 of ~" in said and "line 0" not in said and str(Path.home()) not in said


def test_footage_that_moved_is_found(done_clip: bpy.types.MovieClip, tmp_path: Path) -> None:
    state = watch.known(done_clip)
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "own.avi", tmp_path / "elsewhere" / "renamed.avi")
    timer.look()
    assert state.missing == "own.avi"
    with pytest.raises(RuntimeError, match="not in this folder"):
        bpy.ops.tracked_shot.find_footage(filepath=str(tmp_path / "own_tracking"))
    assert bpy.ops.tracked_shot.find_footage(filepath=str(tmp_path / "elsewhere")) == {"FINISHED"}
    assert Path(done_clip.filepath).name == "renamed.avi" and not watch.state_of(done_clip).missing
    assert bpy.ops.tracked_shot.take_in() == {"FINISHED"}


def test_the_list_of_sessions(done_clip: bpy.types.MovieClip, tmp_path: Path) -> None:
    assert bpy.ops.tracked_shot.refresh_sessions() == {"FINISHED"}
    row = session_list.chosen()
    assert (row.footage, row.finished, row.done) == ("own.avi", True, 1.0) and row.size and row.when
    done_clip.tracked_shot.session = ""
    assert bpy.ops.tracked_shot.take_up_session() == {"FINISHED"}
    assert done_clip.tracked_shot.session == row.path and watch.state_of(done_clip).finished
    assert bpy.ops.tracked_shot.report_session() == {"FINISHED"}
    written = Path(row.path).with_suffix(".md")
    assert written.is_file() and written.with_suffix(".json").is_file()
    assert "<h2>Numbers</h2>" in written.with_suffix(".html").read_text(encoding="utf-8")
    assert bpy.data.texts[written.name].as_string().strip() == written.read_text(encoding="utf-8").strip()
    written.with_suffix(".html").unlink()
    assert bpy.ops.tracked_shot.report_clip() == {"FINISHED"} and written.with_suffix(".html").is_file()
    row.alive = True
    assert not bpy.ops.tracked_shot.delete_session.poll()
    row.alive = False
    path = Path(row.path)
    assert bpy.ops.tracked_shot.delete_session() == {"FINISHED"}
    assert not path.exists() and session_list.chosen() is None
    assert not bpy.ops.tracked_shot.delete_session.poll()
    timer.look()
    assert watch.state_of(done_clip).session is None


def test_what_is_known_of_the_footage_outlives_its_session(done_clip: bpy.types.MovieClip) -> None:
    state = watch.checked(done_clip)
    state.copying = Errand(lambda _errand: None)
    assert state.session is not None and state.preflight is not None
    state.session.unlink()
    timer.look()
    now = watch.state_of(done_clip)
    assert (now.session, now.progress, now.kept) == (None, None, None)
    assert now.preflight is state.preflight and now.compared
    assert now.copying is None and now.trouble == ""  # it was done, and its end was seen


def test_the_line_of_bars_is_kept_by_width_and_goes_with_its_solve(done_clip: bpy.types.MovieClip) -> None:
    assert solve_list.bars_of(done_clip, 30) == ""
    assert bpy.ops.tracked_shot.take_in() == {"FINISHED"}
    view = solve_list.look_now(done_clip)
    bars = [solve_list.bars_of(done_clip, most) for most in (12, 20, 12)]
    assert bars[0] is bars[2] and bars == [sparkline(view.frame_errors, most) for most in (12, 20, 12)]
    path = Path(done_clip.tracked_shot.session)
    path.write_bytes(b"no session" * 1000)
    solve_list.look_now(done_clip)
    assert solve_list.bars_of(done_clip, 12) == "", "nothing is shown of a solve that cannot be read"


def test_the_list_of_tracks_says_why_it_is_empty(done_clip: bpy.types.MovieClip) -> None:
    assert bpy.ops.tracked_shot.take_in() == {"FINISHED"}
    assert solve_list.look_now(done_clip) is not None and solve_list.trouble_of(done_clip) == ""
    path = Path(done_clip.tracked_shot.session)
    path.write_bytes(b"no session" * 1000)
    solve_list.look_now(done_clip)
    assert "not a Tracked Shot session" in solve_list.trouble_of(done_clip)
    path.unlink()
    assert solve_list.look_now(done_clip) is None
    assert solve_list.trouble_of(done_clip) == solve_list.GONE and solve_list.rows_of(done_clip) is None


def test_an_old_session_that_cannot_be_deleted_keeps_nobody_from_tracking(
    done_clip: bpy.types.MovieClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Path(shutil.copy(list_sessions(tmp_path)[0], tmp_path / "own_tracking" / "old.tracksession"))
    session = load_session(list_sessions(tmp_path)[1])
    third = Path(shutil.copy(old, old.with_stem("third")))
    assert session.path not in (old, third)
    done_clip.tracked_shot.session = str(session.path)

    def refuse(path: Path) -> None:
        raise SessionError(f"{path}: cannot be deleted")

    with monkeypatch.context() as patch:
        patch.setattr(sessions, "delete_session", refuse)
        assert jobs.drop_old_sessions(session, 1) == [] and old.exists() and third.exists()
    assert len(jobs.drop_old_sessions(session, 1)) == 1
    assert old.exists() != third.exists()


def test_a_session_of_other_footage_is_not_taken_up(
    own_clip: bpy.types.MovieClip, tmp_path: Path, done_session: Path
) -> None:
    drawn().draw_clip(tmp_path / "own.avi", frames=12, focal_mm=50.0)
    (tmp_path / "own_tracking").mkdir()
    shutil.copy(done_session, tmp_path / "own_tracking" / "done.tracksession")
    assert bpy.ops.tracked_shot.refresh_sessions() == {"FINISHED"}
    with pytest.raises(RuntimeError, match="not this session's footage"):
        bpy.ops.tracked_shot.take_up_session()
    assert not own_clip.tracked_shot.session


def test_clips_are_renamed_and_removed_and_files_opened(done_clip: bpy.types.MovieClip) -> None:
    state = watch.known(done_clip)
    done_clip.name = "another name"
    timer.look()
    assert watch.state_of(done_clip) is state and state.session is not None
    bpy.data.movieclips.remove(done_clip)
    timer.look()
    assert not clips
    assert not bpy.ops.tracked_shot.resume.poll() and not bpy.ops.tracked_shot.cancel.poll()


def test_the_timeline_shows_where_pictures_are_missing(blender_file: ModuleType, tmp_path: Path) -> None:
    for number in (1001, 1002, 1005, 1006, 1007, 1009, *range(1010, 1020)):
        cv2.imwrite(str(tmp_path / f"plate.{number}.png"), np.full((240, 320, 3), number % 200, np.uint8))
    clip = bpy.data.movieclips.load(str(tmp_path / "plate.1001.png"))
    scene = bpy.context.scene
    scene.active_clip = clip
    assert not bpy.ops.tracked_shot.mark_gaps.poll()
    bpy.ops.tracked_shot.check_clip()
    assert bpy.ops.tracked_shot.mark_gaps() == {"FINISHED"}
    found = {marker.frame: marker.name for marker in scene.timeline_markers}
    assert found == {clip.frame_start + 2: "Gap 1003-1004", clip.frame_start + 7: "Gap 1008"}
    assert bpy.ops.tracked_shot.mark_gaps() == {"FINISHED"}
    assert len(scene.timeline_markers) == 2


def test_a_window_looks_the_clip_over_a_picture_at_a_time(clip: bpy.types.MovieClip) -> None:
    """Comparing Blender's frames with the engine's takes a tick each, and the button need not wait for it."""
    area = bpy.context.window_manager.windows[0].screen.areas[0]
    before, area.type = area.type, "CLIP_EDITOR"
    area.spaces.active.clip = clip
    try:
        timer.look()
        state = watch.state_of(clip)
        state.check.wait()
        ticks = 0
        while not state.compared:
            assert ticks < 5
            timer.look()
            ticks += state.check is None
        assert ticks == 4 and state.findings == ()  # one for what the footage is, three pictures
        scene = bpy.context.scene
        assert state.misfits[scene.session_uid] == ("The scene has frames 1 to 250",)
        with bpy.context.temp_override(area=area):
            assert bpy.ops.tracked_shot.fit_scene() == {"FINISHED"}
        timer.look()
        assert state.misfits[scene.session_uid] == ()
    finally:
        area.type = before
