"""A solve as the panels and the clip's overlay show it: rows, colours and plots, worked out once. No bpy.

Drawing only slices what stands here: the markers of a frame lie together, colours and harm are ready.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .engine.lens import plate_lens
from .engine.model import Floats, Ints, Lens, Solve, Tracks
from .engine.sizes import REFERENCE_SIDE
from .floor import LEAST_CONFIDENCE, find_floor
from .solve_facts import coverage, frame_facts, used_tracks, why_unused

Colors = NDArray[np.float32]

ERROR_STEPS_PX = (0.1, 0.2, 0.4, 0.8)
"""Where a track's mean error, in a frame 960 pixels wide, comes to the next colour; as in the report."""
ERROR_COLORS = (
    (0.18, 0.90, 0.84, 0.9), (0.65, 0.93, 0.36, 0.9), (1.00, 0.85, 0.23, 0.9), (1.00, 0.60, 0.24, 0.95),
    (1.00, 0.30, 0.30, 1.0),
)  # fmt: skip
UNUSED_COLOR = (1.0, 0.48, 0.95, 0.8)
"""Of tracks that the solve leaves out."""
GRAPH_COLUMNS = 600
WORST_FRAMES = 5
FLOOR_REACH = 6
"""The floor is drawn so many metres to each side of its origin, by the guessed scale."""
FLOOR_STEPS = 24
"""Pieces of each line: the lens bends it."""
BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class TrackRow:
    """A track as the list shows it."""

    name: str
    number: int
    """In the session's tracks."""
    error: float
    """Mean reprojection error, pixels; not a number where the solve leaves it out."""
    harm: float
    """Share of the solve's whole squared error that is this track's, 0 to 1."""
    markers: int
    first: int
    last: int
    """Footage frames of its first and last marker."""
    reason: str
    """Why it is left out; empty where it is in use."""


@dataclass(frozen=True)
class SolveView:
    """All that is drawn of a solve."""

    size: tuple[int, int]
    first: int
    last: int
    """Footage frames, both included."""
    rows: tuple[TrackRow, ...]
    """The most harmful first, those left out last."""
    frame_errors: Floats
    """(n,) mean error of each frame of the range, pixels; not a number where it has no camera."""
    average_error: float
    worst_frames: tuple[int, ...]
    """Footage frames with the greatest errors, the worst first."""
    xy: NDArray[np.float32]
    """(m, 2) markers in shares of the picture, 0 to 1 from the bottom left, sorted by frame."""
    track: Ints
    """(m,) whose they are."""
    starts: NDArray[np.intp]
    """(n + 1,) markers of footage frame f are ``starts[f - first]`` up to ``starts[f - first + 1]``."""
    colors: Colors
    """(count, 4) a colour a track, by its error."""
    used: NDArray[np.bool_]
    """(count,) whether the solve rests on it."""
    coverage: Floats
    """(rows, columns), top row first: in what share of the frames a used track is in that cell."""
    graph: Floats
    """(k,) error in each of k columns over the range, pixels; not a number where there is no camera."""
    floor: Floats
    """(lines, steps, 3) lines on the ground in the solve's space; none where no floor was found."""
    cameras: dict[int, Floats]
    """(4, 4) camera to world, by footage frame."""
    lens: Lens | None

    def at(self, frame: int) -> slice:
        """Which markers are in that footage frame."""
        if not self.first <= frame <= self.last:
            return slice(0, 0)
        return slice(int(self.starts[frame - self.first]), int(self.starts[frame - self.first + 1]))

    def floor_lines(self, frame: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Starts (k, 2) and ends (k, 2) of the floor's pieces in that frame, in shares of the picture."""
        camera = self.cameras.get(frame)
        if camera is None or self.lens is None or not len(self.floor):
            return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
        seen = (self.floor - camera[:3, 3]) @ np.linalg.inv(camera[:3, :3]).T
        depth = -seen[..., 2]
        ahead = depth > 1e-3 * max(float(np.median(np.abs(depth))), 1e-9)
        slopes = seen[..., :2] / np.where(ahead, depth, 1.0)[..., None]
        # Far outside the picture, and beyond its fold, the lens's model means nothing.
        ahead &= (np.abs(slopes) < 1.5 * self.lens.width / self.lens.focal_px).all(axis=-1)
        lens = plate_lens(self.lens)
        bend = lens.distortion.try_inverse if lens.distortion.gives_rays else lens.distortion.try_formula
        bent, there = bend(np.where(ahead[..., None], slopes, 0.0))
        ahead &= there
        spots = (lens.to_pixels(bent) / np.array(self.size)).astype(np.float32)
        inside = ((spots >= 0) & (spots <= 1)).all(axis=-1)
        whole = ahead[:, :-1] & ahead[:, 1:] & (inside[:, :-1] | inside[:, 1:])
        return spots[:, :-1][whole], spots[:, 1:][whole]


def solve_view(tracks: Tracks, solve: Solve | None, first: int, last: int) -> SolveView:
    """The view of a session's tracks and camera; ``first`` and ``last`` are footage frames, both included."""
    used = used_tracks(tracks, solve)
    errors = np.full(tracks.count, np.nan)
    if solve is not None:
        errors[solve.point_tracks] = solve.point_errors
    facts = frame_facts(tracks, solve, first, last)
    inside = (tracks.frame >= first) & (tracks.frame <= last)
    order = np.flatnonzero(inside)[np.argsort(tracks.frame[inside], kind="stable")]
    frames = tracks.frame[order]
    size = np.array([tracks.width, tracks.height], float)
    scale = max(1.0, max(tracks.width, tracks.height) / REFERENCE_SIDE)
    return SolveView(
        (tracks.width, tracks.height),
        first,
        last,
        _rows(tracks, solve, errors, used),
        facts.errors,
        solve.average_error if solve is not None else float("nan"),
        _worst(facts.errors, first),
        (tracks.xy[order] / size).astype(np.float32),
        tracks.track[order].astype(np.int32),
        np.searchsorted(frames, np.arange(first, last + 2)),
        error_colors(errors / scale, used),
        used,
        coverage(tracks, solve),
        _columns(facts.errors),
        _floor_lines(solve),
        {} if solve is None else dict(zip(solve.frames.tolist(), solve.cameras)),
        None if solve is None else solve.lens,
    )


def error_colors(errors: Floats, used: NDArray[np.bool_]) -> Colors:
    """(n, 4) from errors (n,) in pixels of a frame 960 wide."""
    known = np.nan_to_num(errors, nan=0.0)
    colors = np.array(ERROR_COLORS, np.float32)[np.searchsorted(ERROR_STEPS_PX, known)]
    colors[~used] = UNUSED_COLOR
    return colors


def sparkline(values: Floats, columns: int) -> str:
    """The values as a line of little bars, so many at most; a gap where there is none."""
    if not len(values) or columns < 1:
        return ""
    bars = _columns(values, min(columns, len(values)))
    top = np.nanmax(bars) if np.isfinite(bars).any() else 0.0
    if not top > 0:
        return ""
    levels = np.nan_to_num(bars / top * (len(BLOCKS) - 1), nan=-1.0).round().astype(int)
    return "".join(BLOCKS[level] if level >= 0 else " " for level in levels)


def _rows(
    tracks: Tracks, solve: Solve | None, errors: Floats, used: NDArray[np.bool_]
) -> tuple[TrackRow, ...]:
    lengths, bounds = tracks.lengths(), tracks.bounds()
    reasons = why_unused(tracks, solve)
    squares = np.nan_to_num(errors) ** 2 * lengths * used
    harm = squares / max(float(squares.sum()), 1e-12)
    order = np.lexsort((np.arange(tracks.count), -harm, ~used))
    return tuple(
        TrackRow(
            tracks.names[n],
            int(n),
            float(errors[n]),
            float(harm[n]),
            int(lengths[n]),
            int(tracks.frame[bounds[n]]),
            int(tracks.frame[bounds[n + 1] - 1]),
            reasons[n],
        )
        for n in order
        if lengths[n]
    )


def _worst(errors: Floats, first: int) -> tuple[int, ...]:
    order = np.argsort(-np.nan_to_num(errors, nan=-1.0), kind="stable")[:WORST_FRAMES]
    return tuple(int(first + at) for at in order if np.isfinite(errors[at]))


def _columns(errors: Floats, most: int = GRAPH_COLUMNS) -> Floats:
    """The greatest error in each of at most ``most`` equal parts of the range."""
    if len(errors) <= most:
        return errors
    edges = np.linspace(0, len(errors), most + 1).astype(int)[:-1]
    greatest = np.maximum.reduceat(np.nan_to_num(errors, nan=-1.0), edges)
    return np.where(greatest < 0, np.nan, greatest)


def _floor_lines(solve: Solve | None) -> Floats:
    """A grid of one metre by the guessed scale, where a floor was found."""
    if solve is None or not len(solve.cameras) or not len(solve.points):
        return np.zeros((0, 0, 3))
    floor = find_floor(solve.points, solve.cameras)
    if floor.confidence < LEAST_CONFIDENCE:
        return np.zeros((0, 0, 3))
    along = np.linspace(-FLOOR_REACH, FLOOR_REACH, FLOOR_STEPS + 1)
    across = np.arange(-FLOOR_REACH, FLOOR_REACH + 1.0)
    one = np.stack(np.broadcast_arrays(along[None], across[:, None], 0.0, 1.0), axis=-1)
    lines = np.concatenate([one, one[..., [1, 0, 2, 3]]])
    return (lines @ np.linalg.inv(floor.matrix).T)[..., :3]
