"""Sessions: what is on disk, who owns it, and going on after a kill."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from addon.tracking.engine import sizes
from addon.tracking.engine.footage import open_footage
from addon.tracking.engine.model import LensStart
from addon.tracking.engine.plan import run
from addon.tracking.errors import Cancelled, FootageError, SessionError, SolveError
from addon.tracking.session import (
    SessionStatus,
    TrackingSessionManager,
    create_session,
    find_session,
    find_tracked,
    list_sessions,
    load_session,
    owner,
    resume_tracking,
    run_session,
    solve_again,
    start_worker,
)
from addon.tracking.session.places import footage_name, session_folder, session_path
from addon.tracking.session.status import ALLOWED, check_change
from addon.tracking.session.store import Store
from tests import drawn


@pytest.fixture(scope="module")
def worked(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> TrackingSessionManager:
    """As ``whole``, by a worker: its one thread of linear algebra gives other last bits than ours may."""
    session = create_session(clip, "worked", directory=tmp_path_factory.mktemp("worked"))
    assert start_worker(session.path).wait(120) == 0
    return session


def assert_same(one: TrackingSessionManager, other: TrackingSessionManager) -> None:
    """Tracks, reasons, cameras and lens are equal bit for bit."""
    a, b = one.tracks(), other.tracks()
    assert (a.track == b.track).all()
    assert (a.frame == b.frame).all()
    assert (a.xy == b.xy).all()
    assert a.reasons == b.reasons
    first, second = one.solve(), other.solve()
    assert first is not None and second is not None
    assert (first.cameras == second.cameras).all()
    assert (first.points == second.points).all()
    assert first.lens == second.lens
    assert first.average_error == second.average_error


def test_a_run_that_was_never_interrupted_is_solved(whole: TrackingSessionManager) -> None:
    assert whole.status is SessionStatus.SOLVED
    progress = whole.get_progress()
    assert (progress.done, progress.frame, progress.last) == (1.0, 40, 40)
    assert not progress.alive
    assert whole.store.run_state().resumed_at is None
    reread = load_session(whole.path)
    assert_same(whole, reread)


def test_stopping_after_any_step_and_going_on_gives_the_same(
    clip: Path, whole: TrackingSessionManager, tmp_path: Path
) -> None:
    session = create_session(clip, "steps", directory=tmp_path)
    steps = 0
    while not session.status.finished:
        work = run_session(session)
        next(work)
        work.close()
        steps += 1
        assert steps < 40
        if not session.status.finished:
            assert session.status in (SessionStatus.INTERRUPTED, SessionStatus.TRACKED)
        if session.status is SessionStatus.TRACKED:
            break  # what follows is one piece: votes and solve
    resume_tracking(session)
    assert steps >= 4
    assert_same(session, whole)


def test_a_worker_that_is_killed_loses_nothing(
    clip: Path, worked: TrackingSessionManager, tmp_path: Path
) -> None:
    session = create_session(clip, "killed", directory=tmp_path)
    for share in (0.3, 0.5):
        worker = start_worker(session.path)
        give_up = time.monotonic() + 60
        while session.get_progress().done < share and worker.poll() is None and time.monotonic() < give_up:
            time.sleep(0.02)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        assert session.status is SessionStatus.INTERRUPTED
        assert session.get_resume_point().frame >= 10
    worker = start_worker(session.path)
    assert worker.wait(120) == 0
    assert session.store.run_state().resumed_at is not None
    assert_same(session, worked)


def test_a_worker_stops_when_it_is_asked_to(clip: Path, tmp_path: Path) -> None:
    session = create_session(clip, "asked", directory=tmp_path)
    session.ask("cancel")
    work = run_session(session)
    session.store.change_run(asked="")
    next(work)
    session.ask("cancel")
    with pytest.raises(Cancelled):
        next(work)
    assert session.status is SessionStatus.INTERRUPTED
    work = run_session(session)
    next(work)
    session.ask("pause")
    with pytest.raises(Cancelled):
        next(work)
    assert session.status is SessionStatus.PAUSED


@pytest.mark.parametrize(("order", "status"), [("pause", "paused"), ("cancel", "interrupted")])
def test_an_order_counts_from_the_moment_a_worker_is_started(
    clip: Path, tmp_path: Path, order: str, status: str
) -> None:
    session = create_session(clip, "early", directory=tmp_path)
    session.ask("cancel")  # an old one, for nobody
    worker = start_worker(session.path)
    assert session.store.run_state().asked == ""
    session.ask(order)
    assert worker.wait(60) == 130
    assert session.status.value == status
    assert session.tracked_to() < 40
    assert start_worker(session.path).wait(60) == 0
    assert session.status is SessionStatus.SOLVED


def test_a_signal_ends_the_worker_with_its_own_status(clip: Path, tmp_path: Path) -> None:
    session = create_session(clip, "signal", directory=tmp_path)
    worker = start_worker(session.path)
    give_up = time.monotonic() + 60
    while session.get_progress().done < 0.1 and time.monotonic() < give_up:
        time.sleep(0.02)
    worker.terminate()
    assert worker.wait(30) == 143
    assert session.status is SessionStatus.INTERRUPTED


def test_two_processes_do_not_work_on_one_session(clip: Path, tmp_path: Path) -> None:
    session = create_session(clip, "owned", directory=tmp_path)
    work = run_session(session)
    next(work)
    assert session.status is SessionStatus.TRACKING
    with pytest.raises(SessionError, match="is at work on it"):
        next(run_session(load_session(session.path)))
    work.close()
    next(run_session(load_session(session.path)))


def test_an_owner_is_told_from_a_later_process_with_its_number() -> None:
    me = json.loads(owner.this_process())
    assert owner.is_alive(json.dumps(me), time.time())
    assert not owner.is_alive(json.dumps(me | {"started": "0"}), time.time())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert owner.process_started(ended.pid) is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no ps")
def test_a_process_started_at_one_time_in_any_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on macOS: there is no /proc, and ps says days and months in the language of who asks."""
    ps = tmp_path / "ps"
    ps.write_text('#!/bin/sh\ncase "$LC_ALL" in C) echo "Mon Nov 30";; *) echo "Mo 30 Nov";; esac\n')
    ps.chmod(0o755)
    monkeypatch.setattr(owner, "PROCESSES", tmp_path / "nowhere")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert owner.process_started(os.getpid()) == "Mon Nov 30"


def test_the_example_of_the_interface_runs(clip: Path, tmp_path: Path) -> None:
    session = create_session(clip, "hero_shot", directory=tmp_path)
    session.save_checkpoint(frame=50, operation="track_forward")
    point = load_session(session.path).get_resume_point()
    assert (point.operation, point.frame) == ("track_forward", 50)
    resume_tracking(session)
    assert session.status is SessionStatus.SOLVED


def test_other_footage_under_the_same_name_is_refused(clip: Path, tmp_path: Path) -> None:
    footage = tmp_path / "walls.avi"
    footage.write_bytes(clip.read_bytes())
    session = create_session(footage, "changed", directory=tmp_path)
    drawn.draw_clip(footage, frames=30)
    with pytest.raises(FootageError, match="not the footage that this session began with"):
        resume_tracking(session)


def test_footage_that_moved_with_its_session_is_found(clip: Path, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    (here / "walls.avi").write_bytes(clip.read_bytes())
    session = create_session(here / "walls.avi", "moved")
    assert session.path == here / "walls_tracking" / "moved.tracksession"
    here.rename(there)
    moved = load_session(there / "walls_tracking" / "moved.tracksession")
    assert moved.footage_path().resolve() == (there / "walls.avi").resolve()


def test_a_camera_that_stands_still_is_an_end_like_any_other(tmp_path: Path) -> None:
    drawn.draw_clip(
        tmp_path / "still.avi", frames=14, width=320, height=180, cameras=drawn.standing(14), noise=2.0
    )
    session = resume_tracking(create_session(tmp_path / "still.avi", "still", directory=tmp_path))
    found = session.solve()
    assert session.status is SessionStatus.SOLVED and found is not None
    assert found.motion == "still" and found.verdict == "poor"


def test_a_solve_that_fails_says_so_and_keeps_the_tracks(tmp_path: Path) -> None:
    import cv2
    import numpy as np

    path = tmp_path / "black.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"HFYU"), 24.0, (320, 240))
    for _ in range(12):
        writer.write(np.zeros((240, 320, 3), np.uint8))
    writer.release()
    session = create_session(path, "black", directory=tmp_path)
    with pytest.raises(SolveError):
        resume_tracking(session)
    assert session.status is SessionStatus.FAILED
    assert "too few points" in session.get_progress().text


def test_the_same_settings_find_a_session_again_and_others_do_not(
    clip: Path, whole: TrackingSessionManager
) -> None:
    footage = open_footage(clip)
    folder = whole.path.parent
    found = find_session(folder, footage, settings=whole.settings(), lens=whole.lens())
    assert found is not None and found.path == whole.path
    other = type(whole.settings())(density=99)
    assert find_session(folder, footage, settings=other, lens=whole.lens()) is None
    assert (
        find_session(folder, open_footage(clip, last=20), settings=whole.settings(), lens=whole.lens())
        is None
    )


def test_names_that_are_taken_get_a_number(clip: Path, tmp_path: Path) -> None:
    assert create_session(clip, "a/b", directory=tmp_path).path.name == "a_b.tracksession"
    assert create_session(clip, "a/b", directory=tmp_path).path.name == "a_b-2.tracksession"
    assert len(list_sessions(tmp_path)) == 2


def test_foreign_newer_and_damaged_files_are_refused(whole: TrackingSessionManager, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.tracksession"
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE run (id)")
    with pytest.raises(SessionError, match="not a Tracked Shot session"):
        load_session(foreign)
    newer = tmp_path / "newer.tracksession"
    newer.write_bytes(whole.path.read_bytes())
    with sqlite3.connect(newer) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(SessionError, match="newer Tracked Shot"):
        load_session(newer)
    cut = tmp_path / "cut.tracksession"
    cut.write_bytes(whole.path.read_bytes()[:3000])
    with pytest.raises(SessionError):
        load_session(cut)
    text = tmp_path / "text.tracksession"
    text.write_text("hello " * 100)
    with pytest.raises(SessionError):
        load_session(text)
    with pytest.raises(SessionError, match="no such session"):
        load_session(tmp_path / "none.tracksession")


def test_a_step_is_written_whole_or_not_at_all(clip: Path, tmp_path: Path) -> None:
    session = create_session(clip, "atomic", directory=tmp_path)
    steps = run(session.job(open_footage(clip)))
    change = next(steps).change
    assert change is not None
    session.store.add_tracking(change, "Tracking", 0.0, status=SessionStatus.TRACKING)
    before = session.tracks()
    broken = next(steps).change
    assert broken is not None
    broken.live_ids = broken.live_ids[:-1]  # one short of its affines: fails after tracks and markers are in
    with pytest.raises(ValueError, match="zip"):
        session.store.add_tracking(broken, "Tracking", 0.0)
    after = session.tracks()
    assert after.count == before.count
    assert (before.xy == after.xy).all()
    assert session.get_resume_point().frame == 10


def test_a_session_file_is_there_whole_or_not_at_all(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    finish = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (seen.append(list(tmp_path.glob("*"))), finish(*paths)))
    session = create_session(clip, "whole", directory=tmp_path)
    assert not any(path.suffix == ".tracksession" for path in seen[0])
    assert [path.name for path in tmp_path.iterdir()] == [session.path.name]


def test_statuses_change_only_as_the_table_allows() -> None:
    assert set(ALLOWED) == set(SessionStatus)
    check_change(SessionStatus.TRACKING, SessionStatus.TRACKED)
    check_change(SessionStatus.FAILED, SessionStatus.FAILED)
    with pytest.raises(SessionError, match="complete cannot become paused"):
        check_change(SessionStatus.COMPLETE, SessionStatus.PAUSED)


def test_a_folder_that_cannot_be_made_is_said(clip: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(SessionError, match="can't be written"):
        create_session(clip, "x", directory=blocked / "below")


def test_where_sessions_lie(tmp_path: Path) -> None:
    footage = tmp_path / "shot_1001.exr"
    assert footage_name(footage) == "shot"
    assert session_folder(footage) == tmp_path / "shot_tracking"
    assert session_folder(footage, blend=tmp_path / "a" / "b.blend") == tmp_path / "a" / "b_tracking"
    assert session_folder(footage, chosen=tmp_path / "c") == tmp_path / "c"
    assert session_path(tmp_path, "x").name == "x.tracksession"


def test_the_store_is_readable_with_plain_sqlite(whole: TrackingSessionManager) -> None:
    with sqlite3.connect(whole.path) as db:
        count = db.execute("SELECT count(*) FROM marker").fetchone()[0]
        frames = db.execute("SELECT count(DISTINCT frame) FROM camera").fetchone()[0]
    assert count == len(whole.tracks().track)
    assert frames == 40
    assert Store.open(whole.path).run_state().stage == "solve"


def test_an_owner_gives_signs_in_a_long_step(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = create_session(clip, "beats", directory=tmp_path)
    monkeypatch.setattr(owner, "BEAT_SECONDS", 0.01)
    work = run_session(session)
    next(work)
    give_up = time.monotonic() + 10
    while "beat" not in session.store.run_state().owner and time.monotonic() < give_up:
        time.sleep(0.01)
    state = session.store.run_state()
    work.close()
    who = json.loads(state.owner)
    elsewhere = json.dumps({**who, "host": "another"})
    assert owner.is_alive(elsewhere, state.updated - 2 * owner.STALE_SECONDS)
    del who["beat"]
    elsewhere = json.dumps({**who, "host": "another"})
    assert not owner.is_alive(elsewhere, state.updated - 2 * owner.STALE_SECONDS)


def test_what_was_begun_with_patches_of_another_size_goes_on_with_them(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = create_session(clip, directory=tmp_path)
    with monkeypatch.context() as then:
        then.setattr(sizes, "LEAST_HALF", 10)
        work = run_session(session)
        next(step for step in work if step.frame >= 20)
        work.close()
    job = load_session(session.path).job(open_footage(clip))
    assert job.state.sizes.half_pattern == 10 != sizes.sizes_for(480, 270, job.settings).half_pattern
    assert job.state.sizes.border == 10 + job.settings.margin
    assert resume_tracking(load_session(session.path)).solve().verdict == "good"


def test_tracks_are_solved_again_from_another_lens(
    clip: Path, whole: TrackingSessionManager, tmp_path: Path
) -> None:
    settings = whole.settings()
    (tmp_path / whole.path.name).write_bytes(whole.path.read_bytes())
    lens = LensStart(31.0, distortion_model="BROWN", more=(0, 0, 1e-4), principal=(241.0, 135.5))
    found = find_tracked(tmp_path, open_footage(clip), settings)
    assert found is not None
    again = solve_again(found, lens)
    assert again.path != found.path and again.lens() == lens
    assert again.solve() is None and found.solve() is not None
    stages = {step.stage for step in run_session(again)}
    assert stages == {"clean", "solve"}  # nothing is tracked again
    again.check()
    told = again.solve().lens
    assert (told.model, told.more[2], told.principal) == ("BROWN", 1e-4, (241.0, 135.5))
    one, other = whole.tracks(), again.tracks()
    assert one.xy.tobytes() == other.xy.tobytes() and one.reasons == other.reasons
    assert again.status is SessionStatus.SOLVED
    # With the lens that it has, it is the same session; what comes out equals what was there, bit for bit.
    before = found.solve()
    same = resume_tracking(solve_again(found, found.lens()))
    assert same.path == found.path
    assert same.solve().cameras.tobytes() == before.cameras.tobytes()
    assert sorted(tmp_path.glob("*.tracksession")) == sorted([found.path, again.path])


def test_what_is_not_tracked_to_its_end_is_not_solved_again(clip: Path, tmp_path: Path) -> None:
    session = create_session(clip, directory=tmp_path)
    assert find_tracked(tmp_path, open_footage(clip), session.settings()) is None
    with pytest.raises(SessionError, match="not tracked to its end"):
        solve_again(session, session.lens())


def test_no_journal_stays_beside_a_session_that_nobody_works_on(clip: Path, tmp_path: Path) -> None:
    session = create_session(clip, "alone", directory=tmp_path)
    next(work := run_session(session))
    assert (tmp_path / "alone.tracksession-journal").exists()  # kept between two steps
    work.close()
    session.ask("pause")
    assert [file.name for file in tmp_path.iterdir()] == ["alone.tracksession"]
