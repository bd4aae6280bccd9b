"""Following: sub-pixel moves, light, loss at the edge, and going on from what was kept."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from addon.tracking.engine.detect import detect_corners
from addon.tracking.engine.follow import begin_tracks, follow
from addon.tracking.engine.model import TrackingSettings
from addon.tracking.engine.sizes import Sizes, sizes_for
from addon.tracking.engine.track import Markers, TrackState, collect_tracks, track_steps

SETTINGS = TrackingSettings()


def picture(seed: int = 1, width: int = 420, height: int = 300) -> np.ndarray:
    """Smooth noise with corners everywhere, float32."""
    noise = np.random.default_rng(seed).random((height // 4, width // 4), np.float32)
    return 40 + 170 * cv2.GaussianBlur(
        cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), (5, 5), 0
    )


def warped(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The picture after an affine move (2, 3) of its points."""
    height, width = image.shape
    return cv2.warpAffine(
        image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
    )


def gray(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


@pytest.fixture
def sizes() -> Sizes:
    return sizes_for(420, 300, SETTINGS)


def test_a_turn_and_a_change_of_light_are_followed_to_a_twentieth_of_a_pixel(sizes: Sizes) -> None:
    image = picture()
    matrix = cv2.getRotationMatrix2D((210, 150), 2.0, 1.02) + np.array([[0, 0, 3.3], [0, 0, -2.6]])
    first, second = gray(image), gray(0.7 * warped(image, matrix) + 25)
    points = detect_corners(first, np.zeros((0, 2), np.float32), sizes)
    live = begin_tracks(first, points, np.arange(len(points), dtype=np.int32), sizes)
    found = follow(first, second, live, sizes, 0.8)
    true = points[found.ids] @ matrix[:, :2].T + matrix[:, 2]
    assert len(found.ids) > 0.6 * len(points) > 20
    assert np.median(np.linalg.norm(found.points - true, axis=1)) < 0.05


def test_what_leaves_the_frame_or_looks_different_is_lost(sizes: Sizes) -> None:
    first = gray(picture())
    points = detect_corners(first, np.zeros((0, 2), np.float32), sizes)
    live = begin_tracks(first, points, np.arange(len(points), dtype=np.int32), sizes)
    gone = follow(first, gray(warped(picture(), np.float32([[1, 0, 60], [0, 1, 0]]))), live, sizes, 0.8)
    assert not (points[gone.ids][:, 0] > 420 - 60 - sizes.border).any()
    assert len(follow(first, gray(picture(2)), live, sizes, 0.8).ids) < 0.1 * len(points)


def test_new_corners_keep_clear_of_points_that_are_followed(sizes: Sizes) -> None:
    image = gray(picture())
    taken = detect_corners(image, np.zeros((0, 2), np.float32), sizes)
    assert len(detect_corners(image, taken, sizes)) < 0.35 * len(taken)
    assert not len(detect_corners(np.full((300, 420), 90, np.uint8), taken[:0], sizes))
    assert not len(detect_corners(np.zeros((20, 20), np.uint8), taken[:0], sizes))


def moving_frames(count: int = 34) -> list[tuple[int, np.ndarray]]:
    image = picture()
    return [
        (number, gray(warped(image, np.float32([[1, 0, 1.3 * number], [0, 1, 3 * np.sin(number / 5)]]))))
        for number in range(3, 3 + count)
    ]


def test_going_on_from_any_step_gives_the_same_tracks_to_the_bit(sizes: Sizes) -> None:
    settings = TrackingSettings(redetect=4, ring=20, density=60)
    sizes = sizes_for(420, 300, settings)
    frames = moving_frames()
    last = frames[-1][0]
    whole_state = TrackState(sizes, 3, 2)
    whole = list(track_steps(iter(frames), last, whole_state, settings))
    expected = collect_tracks([change.markers for change in whole], whole_state.count, 420, 300, last)
    assert expected.count > 40
    assert len(whole) >= 8
    for stop in range(1, len(whole)):
        done = whole[:stop]
        keys = [change.keys for change in done]
        ids = np.concatenate([key.ids for key in keys])
        known = type(keys[0])(
            ids,
            np.concatenate([key.frames for key in keys]),
            np.concatenate([key.points for key in keys]),
            np.concatenate([key.pixels for key in keys]),
        )
        state = TrackState.restore(
            sizes, 3, done[-1].frame, len(ids), known, done[-1].live_ids, done[-1].live_affine
        )
        again = [frame for frame in frames if frame[0] >= state.first_frame_needed()]
        rest = list(track_steps(iter(again), last, state, settings))
        found = collect_tracks([change.markers for change in done + rest], state.count, 420, 300, last)
        assert (found.track == expected.track).all()
        assert (found.frame == expected.frame).all()
        assert (found.xy == expected.xy).all()


def test_points_are_followed_back_to_where_they_came_into_view() -> None:
    settings = TrackingSettings(redetect=10, ring=40, density=60)
    sizes = sizes_for(420, 300, settings)
    frames = moving_frames(30)
    state = TrackState(sizes, 3, 2)
    changes = list(track_steps(iter(frames), frames[-1][0], state, settings))
    keys = np.concatenate([change.keys.frames for change in changes])
    tracks = collect_tracks([change.markers for change in changes], state.count, 420, 300, 40)
    starts = tracks.frame[tracks.bounds()[:-1]]
    assert (starts[keys > 10] < keys[keys > 10]).mean() > 0.5


def test_markers_come_out_with_the_origin_at_the_bottom_left() -> None:
    markers = Markers(np.zeros(1, np.int32), np.ones(1, np.int32), np.array([[10.0, 20.0]], np.float32))
    assert collect_tracks([markers], 1, 420, 300, 1).xy.tolist() == [[10.5, 279.5]]
