"""What the panels and the overlay show of a solve, from a solve that is known by construction."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest

from addon.tracking.engine.lens import FoldError, plate_lens
from addon.tracking.engine.model import Lens, Solve, Tracks
from addon.tracking.solve_view import GRAPH_COLUMNS, SolveView, error_colors, solve_view, sparkline

WIDTH, HEIGHT, FOCAL = 960, 540, 900.0
FRAMES = 30


def looking_down(at: float) -> np.ndarray:
    """A camera two metres up, looking ahead and down, moved to the side by ``at``."""
    camera = np.eye(4)
    turn = np.radians(60.0)
    camera[1:3, 1:3] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    camera[:3, 3] = (at, -3.0, 2.0)
    return camera


def pictured_by(lens: Lens, points: np.ndarray, camera: np.ndarray) -> np.ndarray:
    """Where the lens pictures points, pixels; not a number for those behind the camera or beyond its fold."""
    seen = (points - camera[:3, 3]) @ camera[:3, :3]
    spots, plate = np.full((len(points), 2), np.nan), plate_lens(lens)
    for at in np.flatnonzero(seen[:, 2] < 0):
        with contextlib.suppress(FoldError):
            spots[at] = plate.distort(plate.to_pixels(seen[at, :2] / -seen[at, 2]))
    return spots


def pictured(points: np.ndarray, camera: np.ndarray) -> np.ndarray:
    seen = (points - camera[:3, 3]) @ camera[:3, :3]
    return seen[:, :2] / -seen[:, 2:] * FOCAL + (WIDTH / 2, HEIGHT / 2)


@pytest.fixture(scope="module")
def view() -> SolveView:
    """A floor of 40 points, the first of them wrong by 5 pixels, and one track that is left out."""
    rng = np.random.default_rng(3)
    points = np.column_stack([rng.uniform(-1.5, 1.5, 40), rng.uniform(-1.0, 3.0, 40), np.zeros(40)])
    cameras = np.array([looking_down(0.05 * frame) for frame in range(FRAMES)])
    spots = np.array([pictured(points, camera) for camera in cameras])
    spots = np.concatenate([spots, np.full((FRAMES, 1, 2), 100.0)], axis=1)
    count = spots.shape[1]
    tracks = Tracks(
        WIDTH,
        HEIGHT,
        FRAMES,
        np.repeat(np.arange(count, dtype=np.int32), FRAMES),
        np.tile(np.arange(1, FRAMES + 1, dtype=np.int32), count),
        spots.transpose(1, 0, 2).reshape(-1, 2),
        [f"T{n}" for n in range(count)],
        [""] * (count - 1) + ["moves by itself"],
    )
    errors = np.full(40, 0.1)
    errors[0] = 5.0
    frame_errors = np.linspace(0.1, 0.4, FRAMES)
    solve = Solve(
        Lens(FOCAL, WIDTH, HEIGHT),
        np.arange(1, FRAMES + 1, dtype=np.int32),
        cameras,
        points,
        np.arange(40, dtype=np.int32),
        errors,
        frame_errors,
        0.2,
        (1, FRAMES),
    )
    return solve_view(tracks, solve, 1, FRAMES)


def test_the_worst_track_comes_first_and_what_is_left_out_last(view: SolveView) -> None:
    assert view.rows[0].name == "T0" and view.rows[0].harm > 0.95
    assert sum(row.harm for row in view.rows) == pytest.approx(1.0)
    last = view.rows[-1]
    assert (last.name, last.reason, last.harm) == ("T40", "moves by itself", 0.0) and np.isnan(last.error)
    assert (last.first, last.last, last.markers) == (1, FRAMES, FRAMES)


def test_a_frame_has_its_own_markers(view: SolveView) -> None:
    here = view.at(7)
    assert sorted(view.track[here].tolist()) == list(range(41))
    spot = view.xy[here][view.track[here] == 40][0]
    assert spot == pytest.approx((100 / WIDTH, 100 / HEIGHT))
    assert view.at(0) == view.at(FRAMES + 1) == slice(0, 0)


def test_the_worst_frames_and_the_plot(view: SolveView) -> None:
    assert view.worst_frames[:2] == (FRAMES, FRAMES - 1)
    bars = sparkline(view.frame_errors, 10)
    assert len(bars) == 10 and bars[-1] == "█" and bars[0] < bars[-1]
    assert sparkline(np.array([np.nan, 1.0]), 8) == " █"
    assert sparkline(np.full(3, np.nan), 8) == "" == sparkline(np.zeros(0), 8)


def test_a_long_clip_has_as_many_columns_as_a_screen_shows() -> None:
    from addon.tracking.solve_view import _columns

    errors = np.zeros(5000)
    errors[4321] = 3.0
    columns = _columns(errors)
    assert len(columns) == GRAPH_COLUMNS and columns.max() == 3.0 and np.count_nonzero(columns) == 1


def test_colours_tell_errors_and_what_is_left_out() -> None:
    used = np.array([True, True, False])
    colors = error_colors(np.array([0.01, 5.0, np.nan]), used)
    assert len({tuple(color) for color in colors.tolist()}) == 3
    assert colors[1][0] > 0.9 and colors[1][1] < 0.4


def test_the_floor_lies_where_the_points_are(view: SolveView) -> None:
    """The lines are on the ground on which the points were put, and are drawn where the camera sees them."""
    assert view.floor.size and np.abs(view.floor[..., 2]).max() < 0.01
    starts, ends = view.floor_lines(10)
    seen = pictured(view.floor.reshape(-1, 3), view.cameras[10]) / (WIDTH, HEIGHT)
    assert len(starts) > 20
    for spots in (starts, ends):
        away = np.linalg.norm(spots[:, None] - seen[None], axis=2).min(axis=1)
        assert away.max() < 1e-5
    assert len(view.floor_lines(FRAMES + 5)[0]) == 0


@pytest.mark.parametrize(
    "lens",
    [
        Lens(FOCAL, WIDTH, HEIGHT, k1=-0.15, k2=0.05),
        Lens(FOCAL, WIDTH, HEIGHT, k1=-0.9),  # folds over in the picture's corners
        Lens(FOCAL, WIDTH, HEIGHT, k1=0.2, k2=0.1, model="DIVISION"),
        Lens(FOCAL, WIDTH, HEIGHT, k1=0.05, k2=-0.01, model="NUKE"),
        Lens(FOCAL, WIDTH, HEIGHT, k1=0.1, model="DIVISION", pixel_aspect=2.0),
    ],
    ids=lambda lens: f"{lens.model} {lens.k1} {lens.pixel_aspect}",
)
def test_the_floor_is_bent_as_the_lens_bends(view: SolveView, lens: Lens) -> None:
    starts, ends = replace(view, lens=lens).floor_lines(10)
    spots = pictured_by(lens, view.floor.reshape(-1, 3), view.cameras[10]) / (WIDTH, HEIGHT)
    straight = pictured(view.floor.reshape(-1, 3), view.cameras[10]) / (WIDTH, HEIGHT)
    assert len(starts) > 20
    for found in (starts, ends):
        away = np.linalg.norm(found[:, None] - spots[None], axis=2)
        assert np.nanmin(away, axis=1).max() < 1e-5
        assert np.linalg.norm(found[:, None] - straight[None], axis=2).min(axis=1).max() > 1e-3
