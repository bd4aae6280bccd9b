"""Masks: nothing is tracked where they are white, and a mover under one does no harm."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from addon import cli
from addon.tracking.engine.footage import Footage, open_footage
from addon.tracking.engine.masks import open_masks
from addon.tracking.engine.model import TrackingSettings
from addon.tracking.engine.plan import Job, run
from addon.tracking.engine.sizes import sizes_for
from addon.tracking.engine.track import collect_tracks
from tests import drawn

FRAMES, WIDTH, HEIGHT = 40, 480, 270
EDGE = 240
"""The mover covers the picture from this column on."""


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
    tracks = collect_tracks(job.markers, job.state.count, WIDTH, HEIGHT, FRAMES)
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
