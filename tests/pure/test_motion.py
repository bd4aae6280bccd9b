"""What kind of move a camera makes, and what is said of each; on tracks that a known camera sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from addon.tracking.engine.lens import PlateLens
from addon.tracking.engine.model import LensStart, Solve, TrackingSettings, Tracks
from addon.tracking.engine.motion import stillness
from addon.tracking.engine.plan import clean
from addon.tracking.engine.reconstruct import drop_bare, solve_steps
from addon.tracking.engine.scene import Scene
from addon.tracking.engine.verdict import marks_of
from tests import seen

FOCAL_PX = 800.0


def solve(tracks: Tracks, start: LensStart | None = None) -> Solve:
    still = stillness(tracks)
    pairs = clean(tracks, TrackingSettings(), still)
    result = list(solve_steps(tracks, pairs, start or LensStart(), still))[-1].result
    assert result is not None
    return result


def pan(frames: int = 90) -> np.ndarray:
    share = np.linspace(0, 1, frames)
    return seen.looking(np.radians(40) * share, np.radians(6) * np.sin(3 * share))


@pytest.mark.parametrize("k1", (0.0, -0.1))
def test_a_pan_is_solved_as_a_tripod_with_its_lens(k1: float) -> None:
    cameras = pan()
    found = solve(seen.see(cameras, seen.cloud(900), FOCAL_PX, k1=k1))
    assert found.motion == "turns" and len(found.frames) == 90
    assert not np.ptp(found.cameras[:, :3, 3], axis=0).any()
    assert found.lens.focal_px == pytest.approx(FOCAL_PX, rel=3e-3)
    assert found.lens.k1 == pytest.approx(k1, abs=5e-3)
    low, high = found.focal_interval_mm or (0.0, 0.0)
    assert low <= FOCAL_PX * 36 / 960 <= high and high - low < 1.0
    turn = found.cameras[0, :3, :3].T @ found.cameras[-1, :3, :3]
    true = cameras[0, :3, :3].T @ cameras[-1, :3, :3]
    assert np.degrees(np.arccos((np.trace(turn.T @ true) - 1) / 2)) < 0.05


def test_a_small_move_beside_the_turn_is_a_move() -> None:
    share = np.linspace(0, 1, 90)
    places = np.stack([1.2 * share, 0.2 * np.sin(3 * share), 0 * share], 1)
    cameras = seen.looking(np.radians(20) * share, 0 * share, places)
    found = solve(seen.see(cameras, seen.cloud(900), FOCAL_PX))
    assert found.motion == "general"
    assert found.lens.focal_px == pytest.approx(FOCAL_PX, rel=5e-3)


def a_turn_with_a_small_move() -> Tracks:
    share = np.linspace(0, 1, 90)
    places = np.stack([0.02 * share, 0 * share, 0 * share], 1)
    return seen.see(seen.looking(np.radians(20) * share, 0 * share, places), seen.cloud(900), FOCAL_PX)


def test_what_is_known_of_the_camera_is_kept_to() -> None:
    """A tripod's head that is carried along by 2 cm: taken for a move, its focal length is 5% off."""
    tracks = a_turn_with_a_small_move()
    assert [_last(tracks, expected).motion for expected in ("any", "moves")] == ["general", "general"]
    turned = _last(tracks, "turns")
    assert turned.motion == "turns" and not np.ptp(turned.cameras[:, :3, 3], axis=0).any()
    assert turned.lens.focal_px == pytest.approx(FOCAL_PX, rel=0.01)


def test_a_pan_is_a_move_and_a_move_a_pan_where_that_is_said() -> None:
    turning = seen.see(pan(), seen.cloud(900), FOCAL_PX)
    assert [_last(turning, expected).motion for expected in ("any", "moves")] == ["turns", "general"]
    share = np.linspace(0, 1, 90)
    places = np.stack([3.0 * share, 0 * share, 0 * share], 1)
    moving = seen.see(seen.looking(0 * share, 0 * share, places), seen.cloud(900), FOCAL_PX)
    assert _last(moving, "any").motion == "general"
    wrong = _last(moving, "turns")
    assert wrong.motion == "turns" and wrong.average_error > 2.0  # and its error says so


def _last(tracks: Tracks, expected: str) -> Solve:
    tracks.reasons = [""] * tracks.count
    still = stillness(tracks)
    pairs = clean(tracks, TrackingSettings(), still)
    *_, last = solve_steps(tracks, pairs, LensStart(), still, expected=expected)
    assert last.result is not None
    return last.result


def long_lens() -> Tracks:
    """Under 2 degrees of a street 25 to 45 m away, past which a long lens is carried and turned a little."""
    share = np.linspace(0, 1, 60)
    places = np.stack([1.6 * share, 0.3 * share, 0.1 * np.sin(3 * share)], 1)
    cameras = seen.looking(np.radians(5) * share, 0.002 * np.sin(9 * share), places)
    rng = np.random.default_rng(3)
    points = rng.uniform([-8, 25, -4], [8, 45, 4], (700, 3))
    return seen.see(cameras, points, 3600.0, noise_px=0.06)


@pytest.mark.once  # the solves of the other tests are made of the same steps
def test_a_long_lens_is_found_from_a_short_one() -> None:
    """Begun at 30 mm it ends at 52 mm with much distortion, which fits nearly as well."""
    tracks = long_lens()
    found = solve(tracks)
    assert found.lens.focal_length_mm == pytest.approx(135.0, rel=0.02)
    assert found.lens.k1 == pytest.approx(0.0, abs=0.02)


def test_a_locked_off_camera_stands_still() -> None:
    none = np.zeros(60)
    found = solve(seen.see(seen.looking(none, none), seen.cloud(900), FOCAL_PX))
    assert found.motion == "still" and len(found.frames) == 60
    assert (found.cameras == np.eye(4)).all()
    assert found.lens.focal_length_mm == 30.0


def test_something_that_turns_before_a_standing_camera_is_no_camera_move() -> None:
    share = np.linspace(0, 1, 90)
    none = np.zeros(90)
    rng = np.random.default_rng(6)
    box = rng.uniform(-0.8, 0.8, (300, 3))
    around = seen.looking(2 * share, none)
    moved = np.linalg.inv(around)
    moved[:, :3, 3] = [0, 0, -5]  # the box turns five metres before the camera
    of_box = seen.see(np.linalg.inv(moved), box, FOCAL_PX)
    of_wall = seen.see(seen.looking(none, none), seen.cloud(1500), FOCAL_PX)
    both = Tracks(
        960,
        540,
        90,
        np.concatenate([of_box.track, of_wall.track + of_box.count]).astype(np.int32),
        np.concatenate([of_box.frame, of_wall.frame]),
        np.concatenate([of_box.xy, of_wall.xy]),
        of_box.names + of_wall.names,
    )
    assert stillness(both).camera
    assert solve(both).motion == "still"


def test_a_logo_does_not_make_the_camera_stand() -> None:
    tracks = seen.see(pan(), seen.cloud(900), FOCAL_PX)
    count = tracks.count
    rng = np.random.default_rng(7)
    logo = np.repeat(rng.uniform([800, 470], [900, 520], (25, 2)), 90, axis=0)
    stuck = Tracks(
        960,
        540,
        90,
        np.concatenate([tracks.track, np.repeat(np.arange(count, count + 25), 90)]).astype(np.int32),
        np.concatenate([tracks.frame, np.tile(np.arange(1, 91), 25)]).astype(np.int32),
        np.concatenate([tracks.xy, logo + rng.normal(0, 0.1, logo.shape)]),
        [*tracks.names, *(f"Logo {number}" for number in range(25))],
    )
    found = solve(stuck)
    assert found.motion == "turns"
    assert found.lens.focal_px == pytest.approx(FOCAL_PX, rel=3e-3)
    assert all("sticks" in stuck.reasons[number] for number in range(count, count + 25))


@pytest.mark.once  # one such interval is looked at in the pan and in test_footages.py
def test_the_interval_holds_the_true_focal_length_and_places() -> None:
    """Tracks with nothing but noise: the intervals must hold the truth nearly always."""
    share = np.linspace(0, 1, 60)
    inside = places = 0.0
    runs = 12
    for seed in range(runs):
        path = np.stack([1.5 * share, 0.3 * np.sin(4 * share), 0.1 * np.cos(5 * share)], 1)
        cameras = seen.looking(np.radians(15) * share, 0.05 * np.sin(6 * share), path)
        tracks = seen.see(cameras, seen.cloud(700, seed), FOCAL_PX, noise_px=0.15, seed=seed + 50)
        found = solve(tracks, LensStart(refine_distortion=False))
        low, high = found.focal_interval_mm or (0.0, 0.0)
        inside += low <= 30.0 <= high
        middle, true = (c[:, :3, 3] - c[:, :3, 3].mean(0) for c in (found.cameras, cameras))
        left, size, right = np.linalg.svd(true.T @ middle)
        fit = size.sum() / np.sum(middle**2) * middle @ (left @ right).T
        scale = size.sum() / np.sum(middle**2)
        places += np.mean(np.linalg.norm(fit - true, axis=1) / scale < 1.96 * found.position_sigmas)
    assert inside >= runs - 1
    assert places / runs >= 0.9
    assert np.median(found.position_sigmas) < 0.05


def zooming(frames: int = 90) -> np.ndarray:
    return FOCAL_PX * np.exp(0.5 * np.linspace(0, 1, frames) ** 2)


def test_a_zoom_from_a_tripod_is_told_with_its_focal_lengths() -> None:
    cameras, focals = pan(), zooming()
    found = solve(seen.see(cameras, seen.cloud(1200), focals))
    assert found.motion == "turns" and len(found.frame_focals_px) == 90
    np.testing.assert_allclose(
        found.frame_focals_px / found.frame_focals_px[0], focals / focals[0], rtol=5e-3
    )
    np.testing.assert_allclose(found.frame_focals_px, focals, rtol=2e-2)


def test_a_zoom_while_the_camera_moves_is_told_with_its_focal_lengths() -> None:
    share = np.linspace(0, 1, 90)
    places = np.stack([1.5 * share, 0.3 * np.sin(3 * share), 0.1 * np.sin(5 * share)], 1)
    cameras = seen.looking(np.radians(20) * share, 0.05 * np.sin(4 * share), places)
    found = solve(seen.see(cameras, seen.cloud(1200), zooming()))
    assert found.motion == "general" and len(found.frame_focals_px) == 90
    np.testing.assert_allclose(found.frame_focals_px, zooming(), rtol=2e-2)


def test_a_lens_that_does_not_zoom_has_one_focal_length() -> None:
    assert not len(solve(seen.see(pan(), seen.cloud(900), FOCAL_PX)).frame_focals_px)


def test_frames_far_apart_are_solved_from_short_tracks() -> None:
    """A few frames a second: no track lasts eight frames."""
    share = np.linspace(0, 1, 40)
    places = np.stack([9 * share, 0.6 * np.sin(5 * share), 0.2 * np.sin(7 * share)], 1)
    cameras = seen.looking(0.2 * np.sin(3 * share), 0.05 * np.sin(4 * share), places)
    rng = np.random.default_rng(9)
    street = rng.uniform([-4, 4, -2], [14, 10, 3], (2500, 3))
    tracks = seen.see(cameras, street, FOCAL_PX)
    lasts = rng.integers(2, 7, tracks.count)
    begun = tracks.frame[tracks.bounds()[:-1].clip(max=len(tracks.frame) - 1)]
    rows = tracks.frame - begun[tracks.track] < lasts[tracks.track]
    brief = Tracks(960, 540, 40, tracks.track[rows], tracks.frame[rows], tracks.xy[rows], list(tracks.names))
    assert brief.lengths().max() < 8
    found = solve(brief)
    assert len(found.frames) == 40
    assert found.lens.focal_px == pytest.approx(FOCAL_PX, rel=0.02)


def test_a_fast_stretch_is_solved_from_the_short_tracks_that_it_has() -> None:
    """A fifth of the frames, so that the others have long ones."""
    tracks = wandering(None, "POLYNOMIAL", (0.0,))
    turn = tracks.track % 4
    piece = np.where(tracks.frame < 7 + turn, (tracks.frame + 1 - turn) // 4, 9)
    named, track = np.unique(10 * tracks.track + piece, return_inverse=True)
    names = [str(number) for number in named]
    parts = Tracks(960, 540, 40, track.astype(np.int32), tracks.frame, tracks.xy, names)
    early = np.unique(parts.track[parts.frame < 5])
    assert parts.lengths()[early].max() <= 4
    assert len(solve(parts).frames) == 40


def test_a_frame_that_too_few_points_are_left_in_has_no_camera() -> None:
    """Any place fits so few; tracks are dropped after the frame's camera was found from them."""
    tracks = wandering(None, "POLYNOMIAL", (0.0,))
    scene = Scene(tracks, LensStart(), FOCAL_PX)
    scene.solved[:] = True
    scene.points[:] = [0.0, 0.0, 1.0, 0.0]
    in_frame = np.unique(tracks.track[tracks.frame == 20])
    scene.dropped[in_frame[3:]] = True
    drop_bare(scene)
    assert not scene.solved[19] and scene.solved[[0, 39]].all()
    scene.dropped[in_frame[:4]] = False
    scene.dropped[in_frame[4:]] = True
    scene.solved[:] = True
    drop_bare(scene)
    assert scene.solved[19]


def wandering(
    principal: tuple[float, float] | None,
    model: str,
    coefficients: tuple[float, ...],
    focal_px: float = FOCAL_PX,
) -> Tracks:
    """A camera that walks and looks about, seen through a lens."""
    share = np.linspace(0, 1, 40)
    places = np.stack([1.5 * share, 0.3 * np.sin(4 * share), 0.1 * np.cos(5 * share)], 1)
    cameras = seen.looking(0.2 * share, 0.05 * np.sin(6 * share), places)
    tracks = seen.see(cameras, seen.cloud(600), focal_px)
    lens = PlateLens(960, 540, focal_px, model, coefficients, principal)
    straight = tracks.xy - [480, 270] + np.array(lens.center)
    return replace(tracks, xy=lens.distort(straight))


@pytest.mark.parametrize(
    ("model", "coefficients", "principal"),
    (
        ("DIVISION", (0.15,), None),
        ("NUKE", (0.06,), None),
        ("NUKE", (0.06, 0.0, 0.05, -0.04), (470.0, 281.0)),
        ("POLYNOMIAL", (-0.1, 0.02, 0.3), (520.0, 250.0)),
        ("BROWN", (-0.1, 0.02, 0.1, 0.05, 0.03, -0.02), (480.0, 290.0)),
    ),
)
def test_a_known_lens_of_any_model_is_kept_and_used(
    model: str, coefficients: tuple[float, ...], principal: tuple[float, float] | None
) -> None:
    k1, k2, *more = (*coefficients, 0.0)[: max(2, len(coefficients))]
    tracks = wandering(principal, model, coefficients)
    known = LensStart(
        30.0,
        distortion_model=model,
        k1=k1,
        k2=k2,
        more=tuple(more),
        principal=principal,
        refine=False,
    )
    found = solve(tracks, known)
    assert (found.lens.model, found.lens.principal) == (model, principal)
    assert found.lens.coefficients[: len(coefficients)] == pytest.approx(coefficients, rel=1e-9)
    assert len(found.frames) == 40 and found.average_error < 0.15
    if more and any(more):  # without its further terms the lens does not fit
        assert solve(tracks, replace(known, more=())).average_error > 1.1 * found.average_error


@pytest.mark.parametrize("k3", (0.04, 0.0))
def test_a_wide_lens_gets_a_third_term_where_it_has_one(k3: float) -> None:
    found = solve(wandering(None, "POLYNOMIAL", (-0.2, 0.05, k3), 420.0), LensStart())
    assert found.lens.focal_px == pytest.approx(420.0, rel=3e-3) and found.average_error < 0.15
    assert found.lens.more == (pytest.approx((k3,), abs=0.004) if k3 else ())


def test_the_principal_point_is_found_where_it_is_wished() -> None:
    tracks = wandering((503.0, 262.0), "POLYNOMIAL", (-0.1, 0.02))
    found = solve(tracks, LensStart(refine_principal=True))
    assert found.lens.principal == pytest.approx((503.0, 262.0), abs=2.0)
    assert found.lens.focal_px == pytest.approx(FOCAL_PX, rel=2e-3)
    assert found.average_error < 0.15
    assert solve(tracks).lens.principal is None


def test_an_axis_off_the_middle_is_told_and_makes_the_solve_usable_only() -> None:
    """A plate that was cropped: not told, the focal length would make up for it."""
    tracks = wandering((560.0, 240.0), "POLYNOMIAL", (-0.1, 0.02))
    found = solve(tracks)
    worst = marks_of(found, tracks, 1, 40)[0]
    assert worst.level == "usable" and worst.text.startswith("the lens's axis seems to meet the picture at 5")
    assert found.axis_hint == pytest.approx((560.0, 240.0), abs=6.0)
    assert found.lens.principal is None
    assert solve(wandering(None, "POLYNOMIAL", (-0.1, 0.02))).axis_hint is None


def test_a_principal_point_that_the_footage_does_not_tell_stays_in_the_middle() -> None:
    """A camera that hardly turns: to be off the middle is to look a little aside."""
    share = np.linspace(0, 1, 40)
    places = np.stack([1.2 * share, 0.05 * np.sin(4 * share), 0 * share], 1)
    tracks = seen.see(seen.looking(0.002 * share, 0 * share, places), seen.cloud(300), FOCAL_PX, noise_px=0.4)
    assert solve(tracks, LensStart(refine_principal=True)).lens.principal is None
