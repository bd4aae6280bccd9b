"""Masks: nothing is tracked where they are white, and a mover under one does no harm."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from addon import cli
from addon.tracking.engine.footage import Footage, open_footage
from addon.tracking.engine.masks import open_masks, with_mask
from addon.tracking.engine.model import TrackingSettings
from addon.tracking.engine.plan import Job, run
from addon.tracking.engine.sizes import sizes_for
from addon.tracking.engine.track import collect_tracks
from addon.tracking.session import create_session, find_session, load_session, resume_tracking, run_session
from tests import drawn

FRAMES, WIDTH, HEIGHT = 40, 480, 270
EDGE = 240
"""The mover covers the picture from this column on."""
FIRST_STEP = 10
"""Frames that a stopped session has behind it."""


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory) -> tuple[Footage, drawn.Truth, Path]:
    """A drawn clip whose right half is covered by a sliding wall, and masks of that half."""
    folder = tmp_path_factory.mktemp("half")
    truth = drawn.draw_clip(folder / "plain.avi")
    rng = np.random.default_rng(11)
    wall = cv2.resize(
        rng.integers(0, 255, (90, 400, 3), np.uint8), (1600, 360), interpolation=cv2.INTER_CUBIC
    )
    writer = cv2.VideoWriter(str(folder / "half.avi"), cv2.VideoWriter.fourcc(*"HFYU"), 24.0, (WIDTH, HEIGHT))
    for number, picture in open_footage(folder / "plain.avi").pictures():
        picture = picture.copy()
        left = 4 * number
        picture[:, EDGE:] = wall[number : number + HEIGHT, left : left + WIDTH - EDGE]
        writer.write(picture)
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[:, EDGE:] = 255
        cv2.imwrite(str(folder / f"mask_{number:04}.png"), mask)
    writer.release()
    return open_footage(folder / "half.avi"), truth, folder / "mask_0001.png"


def test_nothing_is_tracked_under_a_mask(half: tuple[Footage, drawn.Truth, Path]) -> None:
    footage, truth, mask = half
    job = Job(footage, TrackingSettings(mask=str(mask)))
    solve = list(run(job))[-1].solve
    assert job.state is not None and solve is not None
    tracks = collect_tracks(job.markers, job.state.count, WIDTH, HEIGHT, FRAMES, job.doubts)
    assert tracks.count > 60 and tracks.xy[:, 0].max() < EDGE
    assert len(solve.frames) == FRAMES
    assert drawn.path_error_percent(solve.cameras, truth.cameras) < 0.15


def test_a_mover_of_half_the_picture_is_told_or_left_out(half: tuple[Footage, drawn.Truth, Path]) -> None:
    footage, truth, _ = half
    solve = list(run(Job(footage)))[-1].solve
    assert solve is not None
    exact = len(solve.frames) == FRAMES and drawn.path_error_percent(solve.cameras, truth.cameras) < 0.3
    assert exact or solve.verdict != "good"


def test_one_picture_stands_for_all_frames_and_is_fitted(
    half: tuple[Footage, drawn.Truth, Path], tmp_path: Path
) -> None:
    footage, _, _ = half
    small = np.zeros((27, 48), np.uint8)
    small[:, :10] = 255
    cv2.imwrite(str(tmp_path / "still.png"), small)
    sizes = sizes_for(WIDTH, HEIGHT, TrackingSettings())
    masks = open_masks(tmp_path / "still.png", footage, sizes)
    for number in (1, 2, 40):
        found = masks(number)
        assert found.shape == (HEIGHT, WIDTH)
        assert found[:, : 100 + sizes.half_pattern].all() and not found[:, 120 + sizes.half_pattern :].any()


def test_a_mask_that_is_not_there_is_said_before_anything_is_begun(
    half: tuple[Footage, drawn.Truth, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["track", str(half[0].path), "--session-dir", str(tmp_path), "--mask", str(tmp_path / "none.png")]
    assert cli.execute(asked) == 2
    assert "none.png" in capsys.readouterr().err and not list(tmp_path.iterdir())


@pytest.fixture
def project(half: tuple[Footage, drawn.Truth, Path], tmp_path: Path) -> Path:
    """A folder with the clip, its masks in a folder of their own, and a session that was stopped."""
    folder = tmp_path / "project"
    (folder / "roto" / "left").mkdir(parents=True)
    shutil.copy(half[0].path, folder)
    for picture in half[2].parent.glob("mask_*.png"):
        shutil.copy(picture, folder / "roto" / "left")
    begun(folder, folder / "sessions")
    return folder


def begun(project: Path, folder: Path) -> Path:
    settings = with_mask(TrackingSettings(), project / "roto" / "left" / "mask_0001.png")
    session = create_session(project / "half.avi", "begun", directory=folder, settings=settings, solve=False)
    work = run_session(session)
    next(work)
    work.close()
    assert FIRST_STEP <= session.tracked_to() < FRAMES
    return session.path


def finish(path: Path) -> Path:
    """Where the mask was when the session was tracked to its end, with nothing under it."""
    session = resume_tracking(path)
    assert session.tracked_to() == FRAMES and session.tracks().xy[:, 0].max() < EDGE
    return Path(load_session(path).settings().mask)


def test_a_project_that_was_moved_goes_on_with_its_mask(project: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "project"
    moved.parent.mkdir()
    project.rename(moved)
    assert finish(moved / "sessions" / "begun.tracksession") == moved / "roto" / "left" / "mask_0001.png"


def test_a_mask_is_found_as_it_lay_from_the_footage(project: Path, tmp_path: Path) -> None:
    path = begun(project, tmp_path / "sessions")
    moved = tmp_path / "disk" / "plates"
    moved.parent.mkdir()
    project.rename(moved)
    load_session(path).relocate(moved)
    assert finish(path) == moved / "roto" / "left" / "mask_0001.png"


def test_a_mask_is_found_by_its_name_beside_the_session(project: Path) -> None:
    (project / "roto" / "left").rename(project / "sessions" / "left")
    assert finish(project / "sessions" / "begun.tracksession") == project / "sessions/left/mask_0001.png"


def test_a_mask_that_is_gone_or_another_one_is_told(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, old = project / "sessions" / "begun.tracksession", project / "roto" / "left" / "mask_0001.png"
    far = tmp_path / "far"
    old.parent.rename(far)
    assert cli.execute(["resume", str(path)]) != 0
    said = capsys.readouterr().err
    assert f"{old}: the mask is not there; put it beside the session or the footage" in said
    old.parent.mkdir()
    cv2.imwrite(str(old), np.zeros((HEIGHT, WIDTH), np.uint8))
    for asked in ([], ["--mask", str(old)]):
        assert cli.execute(["resume", str(path), *asked]) != 0
        assert f"{old}: not the mask that this session began with" in capsys.readouterr().err
    assert cli.execute(["resume", str(path), "--mask", str(far / "mask_0001.png")]) == 0
    session = load_session(path)
    assert session.settings().mask == str(far / "mask_0001.png") and session.tracked_to() == FRAMES


def test_the_same_mask_elsewhere_is_no_reason_to_track_anew(project: Path, tmp_path: Path) -> None:
    path, old = project / "sessions" / "begun.tracksession", project / "roto" / "left"
    footage, lens = open_footage(project / "half.avi"), load_session(path).lens()

    def found(mask: Path) -> Path | None:
        settings = with_mask(TrackingSettings(), mask)
        session = find_session(path.parent, footage, settings=settings, lens=lens, solve=False)
        return session.path if session is not None else None

    shutil.copytree(old, tmp_path / "copy")
    assert found(tmp_path / "copy" / "mask_0001.png") == path
    assert load_session(path).settings().mask == str(old / "mask_0001.png")  # where it still is
    shutil.rmtree(old)
    assert found(tmp_path / "copy" / "mask_0001.png") == path
    assert finish(path) == tmp_path / "copy" / "mask_0001.png"
    cv2.imwrite(str(tmp_path / "other.png"), np.zeros((HEIGHT, WIDTH), np.uint8))
    assert found(tmp_path / "other.png") is None
