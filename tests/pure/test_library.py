"""Sessions among each other: lists, joining, clearing away."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from addon.tracking.errors import InputError, SessionError
from addon.tracking.session import (
    SessionStatus,
    TrackingSessionManager,
    cleanup_old_sessions,
    create_session,
    delete_session,
    library,
    list_sessions,
    load_session,
    merge_sessions,
    owner,
    resume_tracking,
    run_session,
    session_infos,
)
from addon.tracking.session.clip_tracks import ClipSnapshot, ClipTrack, load_snapshot, save_snapshot
from tests import drawn


def tracked(
    clip: Path, folder: Path, name: str, first: int = 1, last: int = 40, **options: object
) -> TrackingSessionManager:
    session = create_session(clip, name, directory=folder, frame_range=(first, last), **options)
    return resume_tracking(session)


def hand_made(name: str, x: float) -> ClipTrack:
    ones = np.ones((2, 8), np.float32)
    return ClipTrack(
        "Camera",
        name,
        {"weight": 1.0},
        np.array([1, 2], np.int32),
        np.array([[x, 0.5], [x, 0.6]], np.float32),
        ones,
        ones[:, :4],
        np.array([True, False]),
        np.array([False, False]),
    )


def grow_old(session: TrackingSessionManager, days: float) -> None:
    with session.store.connect() as db:
        db.execute("UPDATE run SET updated = ?", (time.time() - days * 86400,))


# --- lists -------------------------------------------------------------------


def test_a_list_tells_of_every_session_newest_first(clip: Path, tmp_path: Path) -> None:
    done = tracked(clip, tmp_path / "hero_tracking", "done", last=12, solve=False)
    begun = create_session(clip, "begun", directory=tmp_path)
    (tmp_path / "torn.tracksession").write_bytes(b"SQLite format 3\0" + b"\1" * 200)
    grow_old(done, 2)
    infos = {info.name: info for info in session_infos([tmp_path, tmp_path / "hero_tracking"])}
    assert set(infos) == {"done", "begun", "torn"}
    assert (infos["done"].status, infos["done"].done, infos["done"].frame) == ("complete", 1.0, 12)
    assert infos["done"].finished
    assert infos["done"].footage == "walls.avi"
    assert infos["begun"].status == "created"
    assert infos["torn"].status == "damaged"
    assert "torn.tracksession" in infos["torn"].trouble
    newest = [info.path for info in session_infos([tmp_path])]
    assert newest.index(begun.path) < newest.index(done.path)
    assert infos["done"].size_bytes == done.path.stat().st_size


# --- clearing away -----------------------------------------------------------


def test_a_list_passes_over_what_is_deleted_meanwhile(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = create_session(clip, "kept", directory=tmp_path)
    (tmp_path / "link.tracksession").symlink_to(tmp_path / "nowhere.tracksession")
    assert list_sessions(tmp_path) == [kept.path]
    gone = create_session(clip, "gone", directory=tmp_path).path
    found = list_sessions(tmp_path)
    gone.unlink()
    monkeypatch.setattr(library, "list_sessions", lambda _folder: found)
    assert [info.path for info in session_infos([tmp_path])] == [kept.path]


def test_only_old_sessions_that_are_done_are_cleared_away(clip: Path, tmp_path: Path) -> None:
    old = tracked(clip, tmp_path / "hero_tracking", "old", last=12, solve=False)
    new = tracked(clip, tmp_path, "new", last=12, solve=False)
    unfinished = create_session(clip, "unfinished", directory=tmp_path)
    torn = tmp_path / "torn.tracksession"
    torn.write_bytes(b"torn")
    os.utime(torn, (0, 0))
    grow_old(old, 40)
    grow_old(unfinished, 50)
    old.path.with_suffix(".log").write_text("what the worker said")
    assert cleanup_old_sessions(30, 0, folder=tmp_path, dry_run=True) == [old.path]
    assert old.path.exists()
    assert cleanup_old_sessions(30, 2, folder=tmp_path) == []
    assert cleanup_old_sessions(30, 0, folder=tmp_path) == [old.path]
    assert not old.path.parent.exists(), "its folder was ours and is empty now"
    assert new.path.exists() and unfinished.path.exists() and torn.exists()
    assert cleanup_old_sessions(30, 0, folder=tmp_path, unfinished=True) == [unfinished.path]


def test_bad_calls_delete_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        cleanup_old_sessions(folder=tmp_path / "nowhere")
    with pytest.raises(InputError, match="negative"):
        cleanup_old_sessions(-1, folder=tmp_path)


def test_a_session_at_work_is_not_deleted(clip: Path, tmp_path: Path) -> None:
    session = create_session(clip, "busy", directory=tmp_path)
    work = run_session(session)
    next(work)
    with pytest.raises(SessionError, match="at work"):
        delete_session(session.path)
    work.close()
    delete_session(session.path)
    assert not session.path.exists()


# --- joining -----------------------------------------------------------------


def test_two_halves_of_a_clip_are_joined_and_solved(clip: Path, tmp_path: Path) -> None:
    one = tracked(clip, tmp_path, "one", 1, 24, solve=True)
    other = tracked(clip, tmp_path, "other", 15, 40, solve=False)
    report = merge_sessions(one, other)
    assert report.path == tmp_path / "one-merged.tracksession"
    assert (report.frames, report.gap) == ((1, 40), None)
    counts = [len(session.tracks().names) for session in (one, other)]
    assert [tracks for _, tracks, _ in report.taken] == counts
    merged = load_session(report.path)
    tracks = merged.tracks()
    assert tracks.count == sum(counts)
    rows = tracks.track < counts[0]
    assert np.array_equal(tracks.xy[rows], one.tracks().xy)
    assert np.array_equal(tracks.xy[~rows], other.tracks().xy)
    assert merged.store.verify() == []
    resume_tracking(merged)
    solve = merged.solve()
    assert merged.status is SessionStatus.SOLVED and solve is not None
    assert list(solve.frames) == list(range(1, 41))
    assert np.array_equal(merged.tracks().xy, tracks.xy), "going on only solves"


def test_tracks_of_one_name_are_kept_apart(clip: Path, tmp_path: Path) -> None:
    one, other = (tracked(clip, tmp_path, name, last=12, solve=False) for name in ("one", "other"))
    save_snapshot(one.store, ClipSnapshot([hand_made("Nose", 0.1), hand_made("Ear", 0.2)]))
    save_snapshot(other.store, ClipSnapshot([hand_made("Nose", 0.3), hand_made("Ear", 0.2)]))
    report = merge_sessions(one, other, tmp_path / "both.tracksession")
    joined = {
        track.name: track.places[0, 0] for track in load_snapshot(load_session(report.path).store).tracks
    }
    assert joined == {"Nose": np.float32(0.1), "Ear": np.float32(0.2), "Nose.001": np.float32(0.3)}
    assert report.renamed == (("Nose", "Nose.001"),)
    assert "Nose of the second session is called Nose.001 now" in report.text()


def test_a_gap_is_told(clip: Path, tmp_path: Path) -> None:
    one = tracked(clip, tmp_path, "one", 1, 12, solve=False)
    other = tracked(clip, tmp_path, "other", 20, 31, solve=False)
    assert merge_sessions(other, one).gap == (13, 19)


def test_sessions_of_other_footage_are_not_joined(clip: Path, tmp_path: Path) -> None:
    other_clip = tmp_path / "other.avi"
    drawn.draw_clip(other_clip, frames=14)
    one = tracked(clip, tmp_path, "one", last=12, solve=False)
    other = tracked(other_clip, tmp_path, "other", last=12, solve=False)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SessionError, match="of other footage"):
        merge_sessions(one, other)
    with pytest.raises(SessionError, match="with itself"):
        merge_sessions(one, one.path)
    assert sorted(tmp_path.iterdir()) == before


def test_a_session_at_work_is_not_joined(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (tracked(clip, tmp_path, name, last=12, solve=False) for name in ("one", "other"))
    one.store.change_run(owner=owner.this_process())
    with pytest.raises(SessionError, match="at work"):
        merge_sessions(one, other)
