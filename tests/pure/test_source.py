"""A session's footage: moved, changed, grown, decoded otherwise."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from addon.tracking.engine.footage import open_footage
from addon.tracking.engine.model import LensStart, TrackingSettings
from addon.tracking.errors import FootageError
from addon.tracking.session import (
    SessionStatus,
    TrackingSessionManager,
    create_session,
    find_session,
    load_session,
    resume_tracking,
    run_session,
)
from tests import drawn

FRAMES = 30


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn clip as numbered images: 1001 to 1030."""
    folder = tmp_path_factory.mktemp("pictures")
    movie = folder / "walls.avi"
    drawn.draw_clip(movie)
    for frame, picture in open_footage(movie).pictures(1, FRAMES):
        cv2.imwrite(str(folder / f"walls.{1000 + frame}.bmp"), picture)
    return folder


def copy_frames(source: Path, target: Path, first: int, last: int) -> Path:
    """Frames ``first`` to ``last`` of the images in ``source``, copied; the first file's path."""
    target.mkdir(parents=True, exist_ok=True)
    for number in range(1000 + first, 1001 + last):
        shutil.copy(source / f"walls.{number}.bmp", target)
    return target / f"walls.{1000 + first}.bmp"


def begun(footage: Path, folder: Path) -> TrackingSessionManager:
    """A session in ``folder`` that was stopped after its first step."""
    session = create_session(footage, "begun", directory=folder)
    work = run_session(session)
    next(work)
    work.close()
    assert session.tracked_to() == 10
    return session


def test_each_frame_that_was_passed_has_its_checksum(pictures: Path, tmp_path: Path) -> None:
    first = copy_frames(pictures, tmp_path / "plate", 1, 12)
    session = create_session(first, "sums", directory=tmp_path, solve=False)
    resume_tracking(session)
    sums = session.store.checksums()
    assert sorted(sums) == list(range(1, 13))
    assert len(set(sums.values())) == 12
    writer = session.store.writers()[-1][2]
    assert writer["opencv"] == cv2.__version__
    assert writer["numpy"] == np.__version__
    assert writer["tracked_shot"]


def test_footage_that_was_moved_is_found_by_its_fingerprint(pictures: Path, tmp_path: Path) -> None:
    first = copy_frames(pictures, tmp_path / "plate", 1, 12)
    session = begun(first, tmp_path / "sessions")
    (tmp_path / "plate").rename(tmp_path / "elsewhere")
    with pytest.raises(FootageError, match="not there"):
        next(run_session(session))
    copy_frames(pictures, tmp_path / "elsewhere" / "other", 3, 20)
    found = session.relocate(tmp_path / "elsewhere")
    assert found == tmp_path / "elsewhere" / "walls.1001.bmp"
    assert load_session(session.path).footage_path() == found
    resume_tracking(session)
    assert session.tracked_to() == 12


def test_other_footage_is_not_taken_for_the_one_that_was_moved(pictures: Path, tmp_path: Path) -> None:
    first = copy_frames(pictures, tmp_path / "plate", 1, 12)
    session = begun(first, tmp_path / "sessions")
    other = copy_frames(pictures, tmp_path / "other", 3, 14)
    with pytest.raises(FootageError, match="not this session's footage"):
        session.relocate(other)
    with pytest.raises(FootageError, match="not in this folder"):
        session.relocate(tmp_path / "other")
    assert session.footage_path() == first


def test_a_session_and_its_footage_moved_together_go_on(pictures: Path, tmp_path: Path) -> None:
    first = copy_frames(pictures, tmp_path / "job" / "plate", 1, 12)
    begun(first, tmp_path / "job" / "track")
    (tmp_path / "job").rename(tmp_path / "archive")
    session = load_session(tmp_path / "archive" / "track" / "begun.tracksession")
    resume_tracking(session)
    assert session.tracked_to() == 12


def test_a_movie_beside_the_session_is_found_under_another_name(pictures: Path, tmp_path: Path) -> None:
    movie = tmp_path / "old" / "plate.avi"
    movie.parent.mkdir()
    shutil.copy(pictures / "walls.avi", movie)
    session = begun(movie, tmp_path / "sessions")
    movie.rename(tmp_path / "sessions" / "hero.avi")
    resume_tracking(session)
    assert session.footage_path() == tmp_path / "sessions" / "hero.avi"


def test_a_link_that_leads_nowhere_is_passed_over(pictures: Path, tmp_path: Path) -> None:
    movie = shutil.copy(pictures / "walls.avi", tmp_path / "take.avi")
    session = begun(Path(movie), tmp_path)
    Path(movie).rename(tmp_path / "renamed.avi")
    (tmp_path / "another.avi").symlink_to(tmp_path / "nowhere.avi")
    resume_tracking(session)
    assert Path(session.about["footage"]["path"]).name == "renamed.avi"


def test_a_frame_that_was_changed_is_noticed_where_it_lies(pictures: Path, tmp_path: Path) -> None:
    """The fingerprint reads head, middle and tail; this frame is none of them and keeps its size."""
    first = copy_frames(pictures, tmp_path / "plate", 1, 20)
    session = begun(first, tmp_path / "sessions")
    changed = tmp_path / "plate" / "walls.1004.bmp"
    data = bytearray(changed.read_bytes())
    data[len(data) // 2] ^= 0x40
    changed.write_bytes(data)
    with pytest.raises(FootageError, match="frame 4 of the footage"):
        resume_tracking(session)
    assert session.status is SessionStatus.FAILED
    assert session.tracked_to() == 10


def test_another_decoder_is_let_go_on(
    pictures: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = copy_frames(pictures, tmp_path / "plate", 1, 20)
    session = begun(first, tmp_path / "sessions")
    with closing(sqlite3.connect(session.path)) as db, db:
        db.execute("UPDATE frame SET checksum = checksum + 1 WHERE frame = 4")
        db.execute("""UPDATE writer SET versions = json_set(versions, '$.opencv', '4.5.0')""")
    resume_tracking(session)
    assert session.tracked_to() == 20
    assert "frame 4 is decoded otherwise" in caplog.text


@pytest.fixture
def grown(pictures: Path, tmp_path: Path) -> Iterator[TrackingSessionManager]:
    """A session that is done, whose footage then got ten frames more."""
    first = copy_frames(pictures, tmp_path / "plate", 1, 20)
    session = create_session(first, "grown", directory=tmp_path / "sessions")
    resume_tracking(session)
    copy_frames(pictures, tmp_path / "plate", 21, FRAMES)
    yield session


def test_a_longer_version_goes_on_where_it_ended(grown: TrackingSessionManager) -> None:
    before = grown.tracks()
    resume_tracking(grown)
    after = grown.tracks()
    assert grown.status is SessionStatus.SOLVED
    assert (after.frames, grown.tracked_to(), grown.store.run_state().resumed_at) == (FRAMES, FRAMES, 20)
    solve = grown.solve()
    assert solve is not None
    assert solve.frames.max() == FRAMES
    # What was tracked stays, and no frame of a track has two markers.
    kept = after.frame <= 20
    old = {(track, frame): tuple(xy) for track, frame, xy in zip(before.track, before.frame, before.xy)}
    new = {(t, f): tuple(xy) for t, f, xy in zip(after.track[kept], after.frame[kept], after.xy[kept])}
    assert old.items() <= new.items()
    assert len(set(zip(after.track.tolist(), after.frame.tolist()))) == len(after.track)


def test_a_longer_version_is_taken_up_by_the_next_start(
    grown: TrackingSessionManager, tmp_path: Path
) -> None:
    footage = open_footage(tmp_path / "plate" / "walls.1001.bmp")
    found = find_session(tmp_path / "sessions", footage, settings=TrackingSettings(), lens=LensStart())
    assert found is not None
    assert found.path == grown.path
    assert found.status is SessionStatus.INTERRUPTED
    assert found.about["range"] == [1, FRAMES]


def test_a_longer_clip_of_something_else_is_refused(pictures: Path, tmp_path: Path) -> None:
    first = copy_frames(pictures, tmp_path / "plate", 1, 12)
    session = begun(first, tmp_path / "sessions")
    for number in range(1001, 1021):
        picture = cv2.imread(str(pictures / f"walls.{number}.bmp"))
        cv2.imwrite(str(tmp_path / "plate" / f"walls.{number}.bmp"), picture[:, ::-1])
    with pytest.raises(FootageError, match="not the footage that this session began with"):
        next(run_session(session))
