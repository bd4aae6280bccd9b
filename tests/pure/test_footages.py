"""What is said of each kind of footage, from its pictures on; no camera is called good that is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from addon.tracking.engine.footage import Footage, open_footage
from addon.tracking.engine.model import LensStart, Solve, TrackingSettings, Tracks
from addon.tracking.engine.motion import stillness
from addon.tracking.engine.plan import Job, clean, run
from addon.tracking.engine.reconstruct import solve_steps
from addon.tracking.engine.track import collect_tracks
from addon.tracking.engine.verdict import flatness, judge
from addon.tracking.errors import SolveError
from tests import drawn

FRAMES = 40
STARTS_MM = (18.0, 24.0, 30.0, 50.0, 85.0)

Draw = Callable[..., tuple[Footage, drawn.Truth]]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Draws a clip; the footage and its truth."""

    def drawing(**how: object) -> tuple[Footage, drawn.Truth]:
        truth = drawn.draw_clip(tmp_path / "clip.avi", **how)  # type: ignore[arg-type]
        return open_footage(tmp_path / "clip.avi"), truth

    return drawing


def tracks_of(footage: Footage) -> Tracks:
    job = Job(footage, solve=False)
    for _ in run(job):
        pass
    assert job.state is not None
    return collect_tracks(
        job.markers, job.state.count, footage.width, footage.height, footage.count, job.doubts
    )


def solve(footage: Footage, tracks: Tracks, start_mm: float = 30.0) -> Solve:
    """The judged camera of tracks that are switched on and off anew."""
    tracks.reasons = [""] * tracks.count
    still = stillness(tracks)
    pairs = clean(tracks, TrackingSettings(), still)
    *_, last = solve_steps(tracks, pairs, LensStart(start_mm), still)
    assert last.result is not None
    return judge(last.result, tracks, footage)


def says(found: Solve, words: str) -> bool:
    return any(words in reason for reason in found.reasons)


@pytest.mark.slow
@pytest.mark.once  # the next test has such a dolly, test_engine.py other starts
def test_a_forward_dolly_is_found_from_any_focal_length(draw: Draw) -> None:
    footage, truth = draw(cameras=drawn.dolly(FRAMES))
    tracks = tracks_of(footage)
    solves = [solve(footage, tracks, start) for start in STARTS_MM]
    for found in solves:
        assert found.motion == "general" and found.verdict == "good" and len(found.frames) == FRAMES
        assert drawn.path_error_percent(found.cameras, truth.cameras) < 0.02
    focals = [found.lens.focal_length_mm for found in solves]
    assert max(focals) / min(focals) < 1.001
    assert focals[0] == pytest.approx(truth.focal_mm, rel=1e-3)


def test_a_forward_dolly_with_a_lens_that_bends(draw: Draw) -> None:
    footage, truth = draw(cameras=drawn.dolly(FRAMES), k1=-0.1)
    found = solve(footage, tracks_of(footage))
    assert found.motion == "general" and found.verdict == "good" and len(found.frames) == FRAMES
    assert found.lens.k1 == pytest.approx(-0.1, abs=3e-3)
    assert drawn.path_error_percent(found.cameras, truth.cameras) < 0.02
    low, high = found.focal_interval_mm or (0.0, 0.0)
    # One clip in twenty lies outside its interval (benchmarks/certainty.py counts them), none far outside.
    assert abs(truth.focal_mm - (low + high) / 2) < 1.5 * (high - low) / 2 and high - low < 0.5


def test_one_plane_is_named_and_a_room_is_not(draw: Draw) -> None:
    footage, _ = draw(planes=drawn._planes()[:1], frames=20)
    found = solve(footage, tracks_of(footage))
    assert found.motion == "general" and says(found, "in one plane") and flatness(found.points) < 0.01
    footage, _ = draw(frames=20)
    found = solve(footage, tracks_of(footage))
    assert not says(found, "in one plane") and flatness(found.points) > 0.1


def test_a_tripod_pan_is_usable_and_why(draw: Draw) -> None:
    footage, truth = draw(cameras=drawn.pan(FRAMES))
    found = solve(footage, tracks_of(footage))
    assert found.motion == "turns" and found.verdict == "usable" and len(found.frames) == FRAMES
    assert says(found, "as on a tripod")
    assert found.lens.focal_length_mm == pytest.approx(truth.focal_mm, rel=2e-3)


def test_a_camera_that_is_said_to_turn_is_solved_as_on_a_tripod(draw: Draw) -> None:
    """What a preset says of the camera holds, whatever the tracks tell."""
    footage, _ = draw(frames=20)
    found = {}
    for motion in ("any", "turns"):
        *_, last = run(Job(footage, TrackingSettings(motion=motion)))
        assert last.solve is not None
        found[motion] = last.solve
    assert [found["any"].motion, found["turns"].motion] == ["general", "turns"]
    assert found["turns"].average_error > 5 * found["any"].average_error
    assert found["turns"].verdict == "poor"


def test_a_zoom_from_a_tripod_is_no_move(draw: Draw) -> None:
    """Begun where one focal length had bent itself to, it was missed, and a "good" moving camera came out."""
    zoom = 30 * np.exp(0.4 * np.linspace(0, 1, FRAMES) ** 2)
    footage, truth = draw(cameras=drawn.pan(FRAMES), focal_mm=zoom)
    found = solve(footage, tracks_of(footage))
    assert found.motion == "turns" and found.verdict == "usable"
    np.testing.assert_allclose(found.frame_focals_px, truth.focals_px, rtol=5e-3)


def test_a_locked_off_clip_stands_still(draw: Draw) -> None:
    footage, _ = draw(cameras=drawn.standing(FRAMES), noise=2.0)
    found = solve(footage, tracks_of(footage))
    assert found.motion == "still" and found.verdict == "poor"
    assert says(found, "the camera stands still")


def test_black_frames_are_named(draw: Draw) -> None:
    """What was seen before a covered lens is found again after it, and joins the two sides."""
    footage, truth = draw(black=range(18, 26))
    found = solve(footage, tracks_of(footage))
    assert found.verdict == "poor" and says(found, "no camera in frames 18 to 25: there the lens is covered")
    assert found.frames.tolist() == [*range(1, 18), *range(26, 41)]
    assert drawn.path_error_percent(found.cameras, truth.cameras[found.frames - 1]) < 0.1


ONCE = pytest.mark.once  # as the others are, but for the length


@pytest.mark.parametrize(
    ("length", "slide"), [pytest.param(4, 0, marks=ONCE), (8, 0), (8, 2), pytest.param(12, 0, marks=ONCE)]
)
def test_a_hand_before_the_lens_is_bridged(draw: Draw, length: int, slide: int) -> None:
    """New tracks began on it, and what was seen before it was looked for from where they went."""
    cover = range(27, 27 + length)
    footage, truth = draw(cameras=drawn.sideways(60), cover=cover, slide=slide)
    tracks = tracks_of(footage)
    found = solve(footage, tracks)
    assert says(found, f"no camera in frames {cover[0]} to")
    assert says(found, "there the lens is covered")
    missing = set(range(1, 61)) - set(found.frames.tolist())
    assert set(cover) <= missing <= set(range(cover[0] - slide, cover[-1] + 1 + slide))
    assert drawn.path_error_percent(found.cameras, truth.cameras[found.frames - 1]) < 0.05


def test_a_clip_of_five_frames_is_never_called_good(draw: Draw) -> None:
    footage, _ = draw(frames=5)
    found = solve(footage, tracks_of(footage))
    assert found.verdict != "good"
    assert says(found, "5 frames only")


def test_pure_noise_is_refused(draw: Draw) -> None:
    footage, _ = draw(planes=[], noise=40.0, frames=20)
    with pytest.raises(SolveError):
        solve(footage, tracks_of(footage))


@pytest.fixture(scope="module")
def half_moving(tmp_path_factory: pytest.TempPathFactory) -> tuple[Solve, drawn.Truth]:
    """A clip half of which is a board that slides, solved without a mask."""
    path = tmp_path_factory.mktemp("half") / "clip.avi"
    truth = drawn.draw_clip(path, mover=drawn.sliding_plane(FRAMES))
    footage = open_footage(path)
    return solve(footage, tracks_of(footage)), truth


def test_half_the_picture_moving_leaves_the_path(half_moving: tuple[Solve, drawn.Truth]) -> None:
    found, truth = half_moving
    assert len(found.frames) == FRAMES
    assert drawn.path_error_percent(found.cameras, truth.cameras) < 0.05
    assert found.lens.focal_length_mm == pytest.approx(truth.focal_mm, rel=2e-3)
    assert found.focal_interval_mm is not None
    assert found.focal_interval_mm[0] < truth.focal_mm < found.focal_interval_mm[1]
