"""The whole engine on a drawn clip whose camera is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from addon.tracking.engine.findings import frames_text
from addon.tracking.engine.footage import Footage, open_footage
from addon.tracking.engine.model import LensStart, Solve, TrackingSettings, Tracks
from addon.tracking.engine.motion import stillness
from addon.tracking.engine.plan import Job, Step, clean, run
from addon.tracking.engine.reconstruct import solve_steps
from addon.tracking.engine.track import collect_tracks
from addon.tracking.errors import SolveError
from tests import drawn


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Footage, drawn.Truth]:
    path = tmp_path_factory.mktemp("clip") / "walls.avi"
    truth = drawn.draw_clip(path)
    return open_footage(path), truth


def solve(footage: Footage, lens: LensStart | None = None) -> tuple[list[Step], Solve]:
    steps = list(run(Job(footage, lens=lens or LensStart())))
    assert steps[-1].solve is not None
    return steps, steps[-1].solve


@pytest.fixture(scope="module")
def solved(clip: tuple[Footage, drawn.Truth]) -> tuple[list[Step], Solve]:
    """Of the clip, from 30 mm."""
    return solve(clip[0])


@pytest.fixture(scope="module")
def followed(clip: tuple[Footage, drawn.Truth]) -> tuple[list[Step], Tracks]:
    """The clip's tracks, without a camera."""
    job = Job(clip[0], solve=False)
    steps = list(run(job))
    assert job.state is not None
    footage = clip[0]
    return steps, collect_tracks(job.markers, job.state.count, footage.width, footage.height, footage.count)


def test_the_true_camera_is_found_from_30_mm(
    clip: tuple[Footage, drawn.Truth], solved: tuple[list[Step], Solve]
) -> None:
    truth, (steps, found) = clip[1], solved
    assert found.frames.tolist() == list(range(1, 41))
    assert found.average_error < 0.1
    assert found.lens.focal_px == pytest.approx(truth.focal_px, rel=2e-3)
    assert drawn.path_error_percent(found.cameras, truth.cameras) < 0.1
    assert found.verdict == "good"
    shares = [step.done for step in steps]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_cameras_look_along_minus_z_with_y_up(solved: tuple[list[Step], Solve]) -> None:
    _, found = solved
    seen = np.linalg.inv(found.cameras[0]) @ np.append(found.points, np.ones((len(found.points), 1)), 1).T
    assert (seen[2] < 0).all()
    flat = seen[:2] / -seen[2] * found.lens.focal_px
    # The floor lies low in the picture and nearer than the wall above it.
    depth_low = np.median(-seen[2][flat[1] < np.quantile(flat[1], 0.2)])
    depth_high = np.median(-seen[2][flat[1] > np.quantile(flat[1], 0.8)])
    assert depth_low < depth_high


def test_the_same_input_gives_the_same_bits(
    clip: tuple[Footage, drawn.Truth], solved: tuple[list[Step], Solve]
) -> None:
    first, second = solved[1], solve(clip[0])[1]
    assert (first.cameras == second.cameras).all()
    assert (first.points == second.points).all()
    assert first.lens == second.lens


@pytest.mark.parametrize("start_mm", [18.0, 50.0, 85.0])
def test_other_starts_end_at_the_same_lens(
    clip: tuple[Footage, drawn.Truth], followed: tuple[list[Step], Tracks], start_mm: float
) -> None:
    tracks = followed[1]
    tracks.reasons = [""] * tracks.count
    still = stillness(tracks)
    pairs = clean(tracks, TrackingSettings(), still)
    *_, last = solve_steps(tracks, pairs, LensStart(start_mm), still)
    assert last.result is not None
    assert last.result.lens.focal_px == pytest.approx(clip[1].focal_px, rel=2e-3)


def test_a_known_lens_is_kept(clip: tuple[Footage, drawn.Truth]) -> None:
    footage, truth = clip
    half = truth.focal_mm / 2  # the same lens, said of a sensor 18 mm wide
    found = solve(footage, LensStart(half, sensor_width_mm=18.0, refine=False))[1]
    assert found.lens.sensor_width_mm == 18.0
    assert found.lens.focal_length_mm == pytest.approx(half)
    assert found.lens.focal_px == pytest.approx(truth.focal_px, rel=1e-12)
    assert (found.lens.k1, found.lens.k2) == (0.0, 0.0)


def test_a_frame_range_is_all_that_is_tracked(clip: tuple[Footage, drawn.Truth]) -> None:
    footage = open_footage(clip[0].path, first=8, last=33)
    steps, found = solve(footage)
    assert found.frames.tolist() == list(range(8, 34))
    markers = np.concatenate([step.change.markers.frames for step in steps if step.change])
    assert (markers.min(), markers.max()) == (8, 33)


def test_tracking_alone_ends_after_the_votes(followed: tuple[list[Step], Tracks]) -> None:
    steps, _ = followed
    assert steps[-1].stage == "clean"
    assert steps[-1].done == 1.0
    assert steps[-1].reasons


def write(path: Path, pictures: list[np.ndarray]) -> Footage:
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"HFYU"), 24.0, (width, height))
    for each in pictures:
        writer.write(each)
    writer.release()
    return open_footage(path)


def test_a_camera_that_stands_still_is_told_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    still = cv2.resize(rng.integers(0, 255, (40, 60, 3), np.uint8), (480, 320), interpolation=cv2.INTER_CUBIC)
    noisy = [np.clip(still + rng.normal(0, 2, still.shape), 0, 255).astype(np.uint8) for _ in range(20)]
    found = list(run(Job(write(tmp_path / "still.avi", noisy))))[-1].solve
    assert found is not None and found.motion == "still" and found.verdict == "poor"
    assert "stands still" in found.reasons[0] and len(found.frames) == 20
    part = list(run(Job(open_footage(tmp_path / "still.avi", first=5, last=17))))[-1].solve
    assert part is not None and part.frames.tolist() == list(range(5, 18))
    assert len(part.cameras) == len(part.frame_errors) == 13 and part.keyframes == (5, 17)


def test_footage_without_a_corner_is_told_so(tmp_path: Path) -> None:
    black = [np.zeros((240, 320, 3), np.uint8)] * 12
    with pytest.raises(SolveError, match="too few points"):
        list(run(Job(write(tmp_path / "black.avi", black))))


def test_pure_noise_is_no_camera(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    noise = [rng.integers(0, 255, (240, 320, 3), np.uint8) for _ in range(15)]
    with pytest.raises(SolveError):
        list(run(Job(write(tmp_path / "noise.avi", noise))))


def test_no_pairs_is_no_solve() -> None:
    none = np.zeros(0, np.int32)
    with pytest.raises(SolveError):
        list(solve_steps(Tracks(100, 100, 5, none, none, np.zeros((0, 2)), []), [], LensStart()))


def test_settings_scale_with_the_frame() -> None:
    from addon.tracking.engine.sizes import sizes_for

    small, large = (sizes_for(w, h, TrackingSettings()) for w, h in ((960, 540), (3840, 2160)))
    assert large.half_pattern == pytest.approx(4 * small.half_pattern, abs=3)
    assert large.ring * 3840 * 2160 <= 384 * 1024 * 1024 < (small.ring + 1) * 3840 * 2160
    assert small.sweep % TrackingSettings().redetect == 0


def test_frame_numbers_are_said_as_ranges() -> None:
    assert frames_text([3, 7, 8, 9, 12]) == "frames 3, 7 to 9, 12"
    assert frames_text([1]) == "frame 1" and frames_text([1, 2]) == "frames 1 to 2"
    assert frames_text(list(range(1, 21, 2)), 3) == "frames 1, 3, 5 and 7 more"


def test_the_shared_clips_meet_their_figures(footage: Path) -> None:
    import json

    for name, k1 in (("courtyard_orbit", None), ("courtyard_handheld", -0.12)):
        truth = json.loads((footage / f"{name}.json").read_text())
        found = solve(open_footage(footage / f"{name}.mp4"))[1]
        true = np.array([truth["camera_to_world"][str(number)] for number in found.frames])
        assert len(found.frames) == truth["frames"]
        assert found.average_error <= 0.1
        assert found.lens.focal_px == pytest.approx(truth["focal_px"], rel=2e-3)
        assert drawn.path_error_percent(found.cameras, true) <= 0.02
        if k1 is not None:
            assert found.lens.k1 == pytest.approx(k1, abs=0.005)
