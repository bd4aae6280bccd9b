"""Holding a picture still, in numbers: movement that is known to the last digit."""

from __future__ import annotations

import numpy as np
import pytest

from addon.tracking import stabilize
from addon.tracking.engine.model import Tracks
from addon.tracking.errors import InputError

WIDTH, HEIGHT = 641, 359
CENTRE = np.array([WIDTH, HEIGHT]) / 2.0


def tracks_of(seen: dict[tuple[int, int], tuple[float, float]]) -> Tracks:
    """Tracks of markers by (track, frame)."""
    rows = sorted(seen)
    return Tracks(
        WIDTH,
        HEIGHT,
        max(frame for _, frame in rows),
        np.array([track for track, _ in rows], dtype=np.int32),
        np.array([frame for _, frame in rows], dtype=np.int32),
        np.array([seen[row] for row in rows]),
        [f"track {number}" for number in range(max(track for track, _ in rows) + 1)],
    )


def shaking(frames: int, aspect: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Turns and places of a camera that shakes, turns and comes nearer, complex (frames,)."""
    time = np.arange(frames)
    place = 3.0 * time + 9 * np.sin(1.3 * time) + 1j * (5 * np.cos(0.9 * time) - 4 + 0.4 * time)
    return np.exp(0.05 * np.sin(0.21 * time) + 0.04j * np.sin(1.1 * time + 0.3)), place


def seen_by(
    points: np.ndarray, turn: np.ndarray, place: np.ndarray, aspect: float = 1.0
) -> dict[tuple[int, int], tuple[float, float]]:
    """Where points (complex, relative to the centre) are seen in frames 1, 2 and so on."""
    seen = {}
    for number in range(len(turn)):
        for track, point in enumerate(points):
            moved = turn[number] * point + place[number]
            seen[track, number + 1] = (moved.real / aspect + CENTRE[0], moved.imag + CENTRE[1])
    return seen


@pytest.fixture
def points() -> np.ndarray:
    random = np.random.default_rng(2)
    return random.uniform(-250, 250, 9) + 1j * random.uniform(-150, 150, 9)


@pytest.mark.parametrize("aspect", [1.0, 1.4587])
@pytest.mark.parametrize("lock", [1, 20, 60])
def test_a_locked_point_stands_still(points: np.ndarray, lock: int, aspect: float) -> None:
    seen = seen_by(points, *shaking(60), aspect)
    steady = stabilize.steady(tracks_of(seen), lock=lock, auto_scale=False, aspect=aspect)
    assert steady.frames.tolist() == list(range(1, 61))
    for (track, frame), place in seen.items():
        moved = steady.move(frame, np.array([place]))[0]
        np.testing.assert_allclose(moved, seen[track, lock], atol=1e-6)


def test_tracks_that_come_and_go(points: np.ndarray) -> None:
    """No track lasts over the whole clip, one frame has a single marker and two have none."""
    seen = seen_by(points, *shaking(60))
    kept = {
        (track, frame): place
        for (track, frame), place in seen.items()
        if 6 * track - 8 < frame < 6 * track + 20 and frame not in (30, 31) and (frame != 40 or track == 5)
    }
    steady = stabilize.steady(tracks_of(kept), lock=10, auto_scale=False)
    for (track, frame), place in seen.items():
        if frame not in (30, 31, 40):
            moved = steady.move(frame, np.array([place]))[0]
            np.testing.assert_allclose(moved, seen[track, 10], atol=1e-3)
    held = steady.move(40, np.array([kept[5, 40]]))[0]
    np.testing.assert_allclose(held, seen[5, 10], atol=1e-3)  # the one marker there still stands still
    assert np.abs(np.diff(steady.shift[28:32], axis=0)).max() < 20  # and gaps are bridged, not jumped


def test_noise_is_shared_by_all_tracks(points: np.ndarray) -> None:
    random = np.random.default_rng(5)
    seen = seen_by(points, *shaking(60))
    noisy = {key: tuple(np.array(place) + random.normal(0, 0.1, 2)) for key, place in seen.items()}
    steady = stabilize.steady(tracks_of(noisy), lock=30, auto_scale=False)
    rest = [
        steady.move(frame, np.array([place]))[0] - seen[track, 30] for (track, frame), place in seen.items()
    ]
    assert np.sqrt(np.mean(np.square(rest))) < 0.1  # less than one marker's own noise


def test_one_track_gives_the_position_only(points: np.ndarray) -> None:
    seen = seen_by(points[:1], *shaking(40))
    steady = stabilize.steady(tracks_of(seen), lock=5, auto_scale=False)
    assert (steady.angle == 0).all()
    assert (steady.scale == 1).all()
    for (_, frame), place in seen.items():
        np.testing.assert_allclose(steady.move(frame, np.array([place]))[0], seen[0, 5], atol=1e-9)


@pytest.mark.parametrize(("rotation", "scale"), [(False, True), (True, False), (False, False)])
def test_what_is_switched_off_is_not_corrected(points: np.ndarray, rotation: bool, scale: bool) -> None:
    seen = seen_by(points, *shaking(40))
    steady = stabilize.steady(tracks_of(seen), lock=5, rotation=rotation, scale=scale, auto_scale=False)
    assert rotation == (np.abs(steady.angle).max() > 1e-3)
    assert scale == (np.abs(steady.scale - 1).max() > 1e-3)


def test_smoothing_takes_the_shake_and_leaves_the_pan() -> None:
    frames, sigma = 400, 8.0
    time = np.arange(frames)
    random = np.random.default_rng(1)
    shake = random.normal(0, 3, (frames, 2)).cumsum(axis=0)
    shake -= shake.mean(axis=0)
    places = CENTRE + shake + np.column_stack([0.7 * time, -0.2 * time])
    seen = {(0, int(frame) + 1): tuple(place) for frame, place in zip(time, places)}
    steady = stabilize.steady(tracks_of(seen), smooth=sigma, auto_scale=False)
    after = np.array([steady.move(frame, np.array([seen[0, frame]]))[0] for frame in range(1, frames + 1)])
    window = np.hanning(frames)[:, None]
    line = np.column_stack([time, np.ones(frames)])

    def spectrum(values: np.ndarray) -> np.ndarray:
        rest = values - line @ np.linalg.lstsq(line, values, rcond=None)[0]
        return np.abs(np.fft.rfft(rest * window, axis=0))

    above = np.fft.rfftfreq(frames) > 1 / (2.9 * sigma) + 2 / frames  # the window smears by two bins
    drop = 20 * np.log10(np.linalg.norm(spectrum(after)[above]) / np.linalg.norm(spectrum(places)[above]))
    assert drop < -20.0
    # Nothing but a pan stays one, to the very ends.
    pan = {(0, int(frame) + 1): (0.7 * frame, 30 - 0.2 * frame) for frame in time}
    assert np.abs(stabilize.steady(tracks_of(pan), smooth=sigma, auto_scale=False).shift).max() < 1e-6


def test_strength_is_how_much_is_corrected(points: np.ndarray) -> None:
    tracks = tracks_of(seen_by(points, *shaking(30)))
    whole = stabilize.steady(tracks, lock=3, auto_scale=False)
    half = stabilize.steady(tracks, lock=3, strength=0.5, auto_scale=False)
    np.testing.assert_allclose(half.shift, 0.5 * whole.shift, atol=1e-9)
    np.testing.assert_allclose(half.angle, 0.5 * whole.angle, atol=1e-9)
    np.testing.assert_allclose(half.scale**2, whole.scale, atol=1e-9)
    none = stabilize.steady(tracks, lock=3, strength=0.0)
    assert none.zoom == 1.0
    np.testing.assert_allclose(none.matrices(), np.broadcast_to(np.eye(3), (30, 3, 3)), atol=1e-9)


@pytest.mark.parametrize("aspect", [1.0, 2.0])
def test_the_zoom_is_the_least_without_a_black_edge(points: np.ndarray, aspect: float) -> None:
    turn, place = shaking(25)
    steady = stabilize.steady(tracks_of(seen_by(points, turn, 0.3 * place, aspect)), lock=12, aspect=aspect)
    assert steady.covered
    assert steady.zoom > 1.0
    corners = np.array([[0.5, 0.5], [WIDTH - 0.5, 0.5], [WIDTH - 0.5, HEIGHT - 0.5], [0.5, HEIGHT - 0.5]])
    whole = np.column_stack([corners, np.ones(4)])
    inside = np.array([(whole @ np.linalg.inv(matrix).T)[:, :2] for matrix in steady.matrices()])
    room = np.minimum(inside - 0.5, np.array([WIDTH, HEIGHT]) - 0.5 - inside)
    assert room.min() == pytest.approx(0.0, abs=1e-6)


def test_a_shift_beyond_the_picture_is_not_chased_with_a_zoom() -> None:
    seen = {(0, frame): (10.0 + 300.0 * frame, 100.0) for frame in range(1, 6)}
    steady = stabilize.steady(tracks_of(seen), lock=1)
    assert not steady.covered
    assert steady.zoom == stabilize.MOST_ZOOM


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lock": 99}, "marker in frame 99"),
        ({"smooth": -1.0}, "at least 0"),
        ({"strength": 2.0}, "from 0 to 1"),
    ],
)
def test_what_cannot_be_is_refused(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        stabilize.steady(tracks_of({(0, 1): (5.0, 5.0)}), **arguments)
    empty = Tracks(10, 10, 1, np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 2)), [])
    with pytest.raises(InputError, match="at least one track"):
        stabilize.steady(empty)
