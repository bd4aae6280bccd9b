"""A camera from a handful of tracks that somebody made by hand, too few to vote on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from addon.tracking.engine.by_hand import HandTrack
from addon.tracking.engine.footage import Footage, open_footage
from addon.tracking.engine.model import Solve
from addon.tracking.engine.plan import Job, run
from tests import drawn

FRAMES = 30
ALL = np.arange(1, FRAMES + 1)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Footage, drawn.Truth]:
    file = tmp_path_factory.mktemp("few") / "clip.avi"
    truth = drawn.draw_clip(file, frames=FRAMES, width=960, height=540, detail=0.1)
    return open_footage(file), truth


def by_hand(truth: drawn.Truth, count: int, seed: int = 0, frames: np.ndarray = ALL) -> list[HandTrack]:
    """Tracks of points on the drawn planes that stay in the picture, with an artist's small errors."""
    random = np.random.default_rng(seed)
    found: list[HandTrack] = []
    planes = drawn._planes()
    while len(found) < count:
        plane = planes[random.integers(len(planes))]
        point = plane.corner + random.random() * plane.along + random.random() * plane.up
        seen = np.linalg.inv(truth.cameras) @ np.append(point, 1)
        xy = truth.focal_px * seen[:, :2] / -seen[:, 2:3] + [truth.width / 2, truth.height / 2]
        if (seen[:, 2] < -0.1).all() and ((xy > 5) & (xy < [truth.width - 5, truth.height - 5])).all():
            xy = xy[frames - 1] + random.normal(0, 0.15, (len(frames), 2))
            found.append(HandTrack(f"Hand {len(found)}", None, frames.astype(np.int32), xy))
    return found


def solved(footage: Footage, hand: list[HandTrack]) -> Solve:
    solve = list(run(Job(footage, follow=False, hand=hand)))[-1].solve
    assert solve is not None
    return solve


@pytest.mark.parametrize("count", [8, 10, 15])
def test_a_few_tracks_are_a_camera(clip: tuple[Footage, drawn.Truth], count: int) -> None:
    footage, truth = clip
    solve = solved(footage, by_hand(truth, count))
    assert len(solve.frames) == FRAMES and solve.verdict in ("good", "usable")
    assert solve.lens.focal_length_mm == pytest.approx(30.0, rel=0.05)
    assert drawn.path_error_percent(solve.cameras, truth.cameras) < 0.6


def test_one_that_slipped_stays_and_stands_out(clip: tuple[Footage, drawn.Truth]) -> None:
    footage, truth = clip
    hand = by_hand(truth, 14, 3)
    hand[5].xy[:] += np.arange(FRAMES)[:, None] * [0.0, 0.6]
    solve = solved(footage, hand)
    others = np.delete(solve.point_errors, 5)
    assert len(others) == 13 and solve.point_errors[5] > 3.0 > 1.0 > others.max()
    assert drawn.path_error_percent(solve.cameras, truth.cameras) < 1.0


def test_tracks_across_a_covered_lens_join_what_falls_apart(tmp_path: Path) -> None:
    """Something is held before the lens for long: one side alone is solved, until there is a bridge."""
    covered = range(10, 23)
    truth = drawn.draw_clip(tmp_path / "covered.avi", frames=FRAMES, black=covered)
    job = Job(open_footage(tmp_path / "covered.avi"))
    apart = [step.solve for step in run(job)][-1]
    assert apart is not None and len(apart.frames) == 9
    assert any("frames 1 to 9 and frames 23 to 30 share no points; add 8" in one for one in apart.reasons)
    bridge = by_hand(truth, 8, frames=np.r_[3:10, 23:30])
    again = Job(job.footage, follow=False, hand=bridge, state=job.state, markers=job.markers)
    joined = [step.solve for step in run(again)][-1]
    assert joined is not None and set(range(1, FRAMES + 1)) - set(joined.frames.tolist()) == set(covered)
    assert drawn.path_error_percent(joined.cameras, truth.cameras[joined.frames - 1]) < 0.3
