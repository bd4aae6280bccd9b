"""What can befall a session file: full disk, read-only folder, a cut, flipped bytes, foreign files."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from addon import cli
from addon.tracking.errors import (
    FootageError,
    SessionDamagedError,
    SessionError,
    SessionFullError,
    TrackedShotError,
)
from addon.tracking.session import (
    SessionStatus,
    TrackingSessionManager,
    create_session,
    load_session,
    resume_tracking,
    rows,
    run_session,
    salvage,
    start_worker,
)
from addon.tracking.session.tables import CHANGES, FORMAT
from addon.tracking.session.worker import DISK_FULL
from tests import drawn
from tests.pure.test_session import assert_same

FRAMES = 40
FLIPS = int(os.environ.get("TRACKED_SHOT_FLIPS", "60"))
"""So many seeded places of a session file are flipped, one at a time."""


@pytest.fixture(scope="module")
def half(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> TrackingSessionManager:
    """A session that was interrupted after two steps."""
    session = create_session(clip, "half", directory=tmp_path_factory.mktemp("half"))
    work = run_session(session)
    next(work)
    next(work)
    work.close()
    return session


def copy_of(session: TrackingSessionManager, folder: Path, name: str = "copy") -> Path:
    target = folder / f"{name}.tracksession"
    shutil.copy(session.path, target)
    return target


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit status, output and errors of a call of the command line."""
    capsys.readouterr()
    status = cli.main(arguments)
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return status, out, err


# --- a full disk -------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own of one megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, leave: int) -> Path:
    """Fills the disk up to ``leave`` bytes."""
    ballast = place / "ballast"
    free = shutil.disk_usage(place).free
    ballast.write_bytes(b"\0" * max(0, free - leave))
    return ballast


def test_a_full_disk_loses_no_finished_step(
    clip: Path, whole: TrackingSessionManager, small_disk: Path
) -> None:
    session = create_session(clip, "full", directory=small_disk)
    work = run_session(session)
    next(work)
    ballast = fill(small_disk, 30_000)
    with pytest.raises(SessionFullError, match="the disk is full"):
        for _ in work:
            pass
    reached = session.tracked_to()
    assert 10 <= reached < FRAMES
    assert session.status is SessionStatus.INTERRUPTED
    assert session.store.verify() == []
    ballast.unlink()
    resume_tracking(load_session(session.path))
    assert session.store.run_state().resumed_at == reached
    assert_same(session, whole)


def test_a_worker_says_by_its_end_that_the_disk_is_full(clip: Path, small_disk: Path) -> None:
    session = create_session(clip, "full", directory=small_disk)
    fill(small_disk, 40_000)
    assert start_worker(session.path).wait(60) == DISK_FULL
    assert session.status in (SessionStatus.INTERRUPTED, SessionStatus.CREATED)


def test_no_session_is_begun_on_a_full_disk(clip: Path, small_disk: Path) -> None:
    fill(small_disk, 0)
    with pytest.raises(SessionError, match="the disk is full"):
        create_session(clip, "full", directory=small_disk)
    assert [file.name for file in small_disk.iterdir()] == ["ballast"]


def test_a_folder_that_became_read_only_loses_no_finished_step(
    clip: Path, whole: TrackingSessionManager, small_disk: Path
) -> None:
    session = create_session(clip, "locked", directory=small_disk)
    work = run_session(session)
    next(work)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(SessionError, match="read-only"):
        for _ in work:
            pass
    assert load_session(session.path).tracked_to() == 10, "it can still be read"
    assert session.get_progress().frame == 10
    with pytest.raises(SessionError, match="read-only"):
        resume_tracking(session)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    resume_tracking(session)
    assert_same(session, whole)


# --- a damaged file ----------------------------------------------------------


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_file_that_was_cut_short_is_told_and_saved_from(
    whole: TrackingSessionManager, tmp_path: Path, share: float, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copy_of(whole, tmp_path)
    with path.open("r+b") as file:
        file.truncate(int(share * path.stat().st_size))
    before = path.read_bytes()
    status, _, err = said(capsys, "status", str(path))
    assert status == 1
    assert "damaged: parts of the file are lost or hold something else; 'tracked_shot recover'" in err
    assert "malformed" not in err and "database" not in err
    assert len(err.splitlines()) <= 2
    status, _, err = said(capsys, "recover", str(path))
    assert path.read_bytes() == before
    if status:
        assert len(err.splitlines()) == 1
        return
    saved = load_session(path.with_stem("copy-recovered"))
    saved.check()
    tracks = saved.tracks()
    assert 0 < len(tracks.track) <= len(whole.tracks().track)
    resume_tracking(saved)
    assert saved.status is SessionStatus.SOLVED


def test_no_flipped_byte_is_built_on(
    half: TrackingSessionManager, whole: TrackingSessionManager, tmp_path: Path
) -> None:
    """Each is refused in a line, or did no harm: then the result is the one of the uninterrupted run."""
    clean = half.path.read_bytes()
    chance = random.Random(7)
    told = 0
    for number in range(FLIPS):
        place, bit = chance.randrange(len(clean)), chance.randrange(8)
        data = bytearray(clean)
        data[place] ^= 1 << bit
        path = tmp_path / f"flip-{number}.tracksession"
        path.write_bytes(data)
        try:
            session = load_session(path)
            session.check()
        except TrackedShotError as error:
            told += 1
            assert "\n" not in str(error)
            assert path.read_bytes() == data, "what is damaged is left as it is"
            continue
        assert_followed_alike(session, half)
    assert told > FLIPS / 4, "pages have unused room, but not that much"


def assert_followed_alike(session: TrackingSessionManager, other: TrackingSessionManager) -> None:
    """All that going on is built on is equal."""
    assert session.about == other.about
    one, two = (item.store.following(0, 23) for item in (session, other))
    assert (one[0].pixels == two[0].pixels).all()
    assert (one[0].points == two[0].points).all()
    assert (one[1] == two[1]).all()
    assert (one[2] == two[2]).all()
    assert (session.store.markers().points == other.store.markers().points).all()
    assert session.tracked_to() == other.tracked_to()


def damage_text(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert data.count(old) >= 1
    path.write_bytes(data.replace(old, new))


def test_changed_settings_are_noticed(half: TrackingSessionManager, tmp_path: Path) -> None:
    path = copy_of(half, tmp_path)
    damage_text(path, b'"redetect": 10', b'"redetect": 90')
    with pytest.raises(SessionDamagedError, match="settings"):
        resume_tracking(path)


def test_where_only_the_camera_is_hurt_tracking_is_saved_to_the_bit(
    whole: TrackingSessionManager, tmp_path: Path
) -> None:
    path = copy_of(whole, tmp_path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE camera SET matrix = replace(matrix, '1', '2') WHERE frame = 7")
    assert salvage.inspect(path).damage == ["camera 1 is not as it was written"]
    with pytest.raises(SessionDamagedError):
        load_session(path).check()
    target, saved = salvage.recover(path)
    assert saved.exact and saved.cameras == 0
    session = load_session(target)
    assert session.solve() is None
    assert session.status is SessionStatus.INTERRUPTED
    resume_tracking(session)
    assert_same(session, whole)


def test_a_step_that_is_hurt_is_left_out_and_the_rest_saved(
    whole: TrackingSessionManager, tmp_path: Path
) -> None:
    path = copy_of(whole, tmp_path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE marker SET x = x + 1 WHERE rowid = 1500")
    target, saved = salvage.recover(path)
    assert not saved.exact
    assert len(saved.damage) == 1
    session = load_session(target)
    assert 0 < session.tracks().count < whole.tracks().count
    solve = session.solve()
    assert solve is not None, "the camera is whole"
    assert (solve.cameras == whole.solve().cameras).all()  # type: ignore[union-attr]
    assert solve.point_tracks.max() < session.tracks().count


# --- files that are none of ours ---------------------------------------------


def make_foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE recipes (name TEXT)")


def make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA application_id = 0x54534854")
        db.execute(f"PRAGMA user_version = {FORMAT + 1}")
        db.execute("CREATE TABLE run (id INTEGER)")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (make_foreign, "not a Tracked Shot session"),
        (make_newer, f"written by a newer Tracked Shot (format {FORMAT + 1}, this one reads {FORMAT})"),
        (lambda path: path.write_text("Dear diary"), "not a Tracked Shot session"),
        (lambda path: path.write_bytes(b""), "not a Tracked Shot session"),
    ],
)
def test_a_file_that_is_no_session_is_named_and_left_alone(
    tmp_path: Path, make, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.tracksession"
    make(path)
    before = path.read_bytes()
    for verb in ("status", "resume", "recover"):
        status, _, err = said(capsys, verb, str(path))
        assert status == (1 if make is make_newer else 2)
        assert len(err.splitlines()) == 1
        assert words.partition(" (")[0] in err
    assert path.read_bytes() == before


def test_a_session_of_the_first_format_is_brought_up_to_date_and_goes_on(
    half: TrackingSessionManager, whole: TrackingSessionManager, tmp_path: Path
) -> None:
    """Made with the tables of that format and the rows of an interrupted session."""
    path = tmp_path / "first.tracksession"
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(CHANGES[1])
        db.execute("PRAGMA application_id = 0x54534854")
        db.execute("PRAGMA user_version = 1")
        db.execute("ATTACH ? AS other", (str(half.path),))
        for table in ("about", "run", "track", "marker", "live", "step"):
            names = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM other.{table}")
        db.execute("DELETE FROM main.about WHERE key = 'digest'")
    session = load_session(path)
    with session.store.connect() as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == FORMAT
    resume_tracking(session)
    assert_same(session, whole)


# --- footage -----------------------------------------------------------------


def test_footage_that_is_gone_or_another_one_is_named(
    clip: Path, half: TrackingSessionManager, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    footage = tmp_path / "plates" / "walls.avi"
    footage.parent.mkdir()
    shutil.copy(clip, footage)
    session = create_session(footage, "plate", directory=tmp_path / "s")
    footage.unlink()
    status, _, err = said(capsys, "resume", str(session.path))
    assert (status, len(err.splitlines())) == (2, 1)
    assert "the footage is not there" in err
    drawn.draw_clip(footage, frames=12)
    status, _, err = said(capsys, "resume", str(session.path))
    assert (status, len(err.splitlines())) == (2, 1)
    assert "not the footage that this session began with" in err
    with pytest.raises(FootageError):
        session.relocate(footage)
    status, out, _ = said(capsys, "resume", str(session.path), "--footage", str(clip.parent))
    assert status == 0
    assert f"footage: {clip}" in out


# --- the verbs ---------------------------------------------------------------


def test_a_solve_from_before_a_lens_had_a_pixel_aspect_is_whole(whole: TrackingSessionManager) -> None:
    """What was written then must not be told to be damaged now."""
    solve = whole.solve()
    assert solve is not None and not any(solve.shutter)
    names = ("focal_px", "width", "height", "k1", "k2", "sensor_width_mm", "model")
    lens = {name: getattr(solve.lens, name) for name in names}
    parts = (solve.frames, solve.cameras, solve.frame_errors)
    parts += (solve.point_tracks, solve.points, solve.point_errors)
    then = rows.crc(
        json.dumps([lens, solve.verdict, solve.reasons, solve.motion]),
        *(np.asarray(part, np.float64) for part in parts),
    )
    assert rows.solve_digest(solve) == then


def test_a_session_that_is_done_is_not_believed_when_it_is_damaged(
    whole: TrackingSessionManager, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copy_of(whole, tmp_path, "hurt")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE marker SET x = x + 1 WHERE rowid = 100")
    status, out, err = said(capsys, "resume", str(path))
    assert status == 1 and "is damaged" in err and "solve:" not in out


def test_recover_merge_and_cleanup_on_the_command_line(
    whole: TrackingSessionManager, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = copy_of(whole, tmp_path, "hero")
    other = copy_of(whole, tmp_path, "other")
    with closing(sqlite3.connect(other)) as db, db:
        db.execute("UPDATE run SET updated = 0")
    status, out, _ = said(
        capsys, "merge", str(path), str(other), "--output", str(tmp_path / "m.tracksession")
    )
    assert status == 0
    assert f"whole: {whole.tracks().count} tracks" in out
    status, out, _ = said(capsys, "cleanup", str(tmp_path), "--keep", "0", "--dry-run")
    assert out.splitlines() == [f"would delete: {other}", "1 sessions to delete"]
    assert other.exists()
    assert said(capsys, "cleanup", str(tmp_path), "--keep", "0")[0] == 0
    assert not other.exists()
    assert path.exists()
    status, out, _ = said(capsys, "recover", str(path))
    assert "session:" in out and status == 0
    assert_same(load_session(tmp_path / "hero-recovered.tracksession"), whole)
