"""Following: sub-pixel moves, light, loss at the edge, and going on from what was kept."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from addon.tracking.engine.detect import detect_corners
from addon.tracking.engine.follow import COVERED, begin_tracks, follow
from addon.tracking.engine.model import TrackingSettings
from addon.tracking.engine.predict import view
from addon.tracking.engine.sizes import Sizes, sizes_for
from addon.tracking.engine.track import Markers, TrackChange, TrackState, collect_tracks, track_steps

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
    live = begin_tracks(first, points, 0, sizes)
    found = follow(view(first, sizes), view(second, sizes), live, sizes, 0.8)
    true = live.points[found.ids] @ matrix[:, :2].T + matrix[:, 2]
    assert len(found.ids) > 0.6 * len(points) > 20
    assert np.median(np.linalg.norm(found.points - true, axis=1)) < 0.05


def test_what_leaves_the_frame_or_looks_different_is_lost(sizes: Sizes) -> None:
    first = gray(picture())
    points = detect_corners(first, np.zeros((0, 2), np.float32), sizes)
    live = begin_tracks(first, points, 0, sizes)
    moved = gray(warped(picture(), np.float32([[1, 0, 60], [0, 1, 0]])))
    gone = follow(view(first, sizes), view(moved, sizes), live, sizes, 0.8)
    assert len(gone.ids) > 20
    assert not (live.points[gone.ids][:, 0] > 420 - 60 - sizes.border).any()
    other = view(gray(picture(2)), sizes)
    assert len(follow(view(first, sizes), other, live, sizes, 0.8).in_view().ids) < 0.1 * len(points)


def test_a_large_step_is_followed(sizes: Sizes) -> None:
    first = gray(picture())
    live = begin_tracks(first, detect_corners(first, np.zeros((0, 2), np.float32), sizes), 0, sizes)
    matrix = cv2.getRotationMatrix2D((210, 150), 4.0, 1.0) + np.array([[0, 0, 75], [0, 0, -40]])
    found = follow(view(first, sizes), view(gray(warped(picture(), matrix)), sizes), live, sizes, 0.8)
    found = found.in_view()
    true = live.points @ matrix[:, :2].T + matrix[:, 2]
    stay = ((true > sizes.border + 1) & (true < np.array([419, 299]) - sizes.border)).all(1).sum()
    assert len(found.ids) > 0.8 * stay
    assert np.median(np.linalg.norm(found.points - true[found.ids], axis=1)) < 0.1


def test_an_edge_is_no_point(sizes: Sizes) -> None:
    image = np.full((300, 420), 60, np.uint8)
    image[:, 200:] = 180
    image[150:, :90] = 180
    points = np.array([[200, 100], [90, 150]], np.float32)
    assert begin_tracks(image, points, 7, sizes).points.tolist() == [[90, 150]]
    assert begin_tracks(image, points, 7, sizes).ids.tolist() == [7]


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


def streaked(frames: list[tuple[int, np.ndarray]], which: range) -> list[tuple[int, np.ndarray]]:
    """The frames, some of them blurred by a fast move."""
    return [(number, cv2.blur(image, (25, 3)) if number in which else image) for number, image in frames]


def tracked(frames: list[tuple[int, np.ndarray]], sizes: Sizes, settings: TrackingSettings):
    state = TrackState(sizes, frames[0][0], frames[0][0] - 1)
    return list(track_steps(iter(frames), frames[-1][0], state, settings)), state


def gone_on(
    done: list[TrackChange], frames: list[tuple[int, np.ndarray]], sizes: Sizes, settings: TrackingSettings
) -> list[TrackChange]:
    """The steps after those that are done, from nothing but what they hold."""
    keys = [change.keys for change in done]
    ids = np.concatenate([key.ids for key in keys])
    known = type(keys[0])(
        ids,
        np.concatenate([key.frames for key in keys]),
        np.concatenate([key.points for key in keys]),
        np.concatenate([key.pixels for key in keys]),
    )
    state = TrackState.restore(
        sizes,
        frames[0][0],
        done[-1].frame,
        len(ids),
        known,
        done[-1].live_ids,
        done[-1].live_affine,
        markers=[change.markers for change in done],
    )
    again = [frame for frame in frames if frame[0] >= state.first_frame_needed()]
    return list(track_steps(iter(again), frames[-1][0], state, settings))


@pytest.mark.parametrize(
    ("blurred", "covered", "cloth"),
    [
        (range(0), range(0), False),
        (range(13, 17), range(0), False),
        (range(0), range(13, 21), False),
        (range(0), range(13, 21), True),
        (range(11, 13), range(14, 19), True),
    ],
)
def test_going_on_from_any_step_gives_the_same_tracks_to_the_bit(
    blurred: range, covered: range, cloth: bool
) -> None:
    settings = TrackingSettings(redetect=4, ring=20, density=60)
    sizes = sizes_for(420, 300, settings)
    blank = np.full((300, 420), 90, np.uint8)
    other = {n: gray(warped(picture(2), np.float32([[1, 0, 9 * n], [0, 1, -4 * n]]))) for n in covered}
    frames = [
        (n, seen if n not in covered else other[n] if cloth else blank)
        for n, seen in streaked(moving_frames(), blurred)
    ]
    whole, state = tracked(frames, sizes, settings)
    expected = collect_tracks([change.markers for change in whole], state.count, 420, 300, 40)
    assert expected.count > 40
    assert len(whole) >= 8
    assert state.covers or not covered
    if blurred or covered:
        assert any(len(change.live_ids) and state_waits(change) for change in whole)
    for stop in range(1, len(whole)):
        both = whole[:stop] + gone_on(whole[:stop], frames, sizes, settings)
        found = collect_tracks([change.markers for change in both], state.count, 420, 300, 40)
        assert (found.track == expected.track).all()
        assert (found.frame == expected.frame).all()
        assert (found.xy == expected.xy).all()


def state_waits(change: TrackChange) -> bool:
    """Whether tracks wait at the end of a step."""
    here = change.markers.tracks[change.markers.frames == change.frame]
    return bool(set(change.live_ids.tolist()) - set(here.tolist()))


def test_tracks_that_a_blur_hides_come_back_where_they_belong(sizes: Sizes) -> None:
    settings = TrackingSettings(redetect=4, ring=20, density=60)
    clear = moving_frames()
    blurred = range(15, 18)
    markers = {}
    for name, frames in (("clear", clear), ("streaked", streaked(clear, blurred))):
        changes, state = tracked(frames, sizes, settings)
        markers[name] = collect_tracks([change.markers for change in changes], state.count, 420, 300, 40)
    before, after = blurred[0] - 1, blurred[-1] + 1
    rows = {
        frame: {int(t): row for row, t in enumerate(tracks.track) if tracks.frame[row] == frame}
        for tracks in [markers["streaked"]]
        for frame in (before, blurred[1], after)
    }
    assert len(rows[blurred[1]]) < 0.5 * len(rows[before])
    back = rows[before].keys() & rows[after].keys()
    assert len(back) > 0.8 * len(rows[before])
    xy = markers["streaked"].xy
    step = np.array([1.3 * (after - before), 3 * (np.sin(before / 5) - np.sin(after / 5))])
    off = [np.linalg.norm(xy[rows[after][t]] - xy[rows[before][t]] - step) for t in back]
    assert np.percentile(off, 90) < 0.15


def test_what_does_not_come_back_is_given_up(sizes: Sizes) -> None:
    frames = moving_frames(8)
    blank = np.full((300, 420), 90, np.uint8)
    frames += [(number, blank) for number in range(11, 12 + COVERED)]
    changes, _ = tracked(frames, sizes, TrackingSettings(redetect=4, ring=20, density=60))
    assert not len(changes[-1].live_ids)


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
