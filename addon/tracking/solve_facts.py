"""What a solve's numbers mean for the artist: per frame, over the picture, per point, and what would help.

All is measured from the tracks and the camera alone, so that it holds for any lens and any way of solving.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .engine.findings import Mark, few_points, mark, movers
from .engine.model import Bools, Floats, Ints, Solve, Tracks

GRID = (9, 16)
"""Rows and columns of the map of where tracks are in the picture; the other way round for an upright one."""
THIN_COVERAGE = 0.6
BLOCKS = (3, 4)
"""Rows and columns of blocks into which the picture is cut to judge how much of it tracks cover."""
MOVES = {"general": "moves", "turns": "turns where it stands", "still": "stands still"}
"""Kinds of move, in a panel's words."""
MOST_RAYS = 48
"""So many of a point's frames are looked at for its parallax."""
NOT_PLACED = "left out by the solve"
"""Stands where the solve gave a track no point, and no reason."""


@dataclass(frozen=True)
class FrameFacts:
    """One value a frame of the range, not a number where there is none."""

    first: int
    errors: Floats
    """(n,) mean reprojection error, pixels."""
    used: Floats
    """(n,) tracks that hold the camera."""
    tracks: Floats
    """(n,) all tracks in the frame."""
    position: Floats
    """(n,) how sure its place is: one standard deviation, percent of the path's size; may be empty."""
    rotation: Floats
    """(n,) how sure its rotation is: one standard deviation, degrees; may be empty."""
    focal: Floats
    """(n,) focal length where the lens zooms, mm; empty where it does not."""


def used_tracks(tracks: Tracks, solve: Solve | None) -> Bools:
    """(count,) True for each track that the camera rests on; without one, that is not switched off."""
    if solve is None:
        return tracks.enabled
    used = np.zeros(tracks.count, bool)
    used[solve.point_tracks] = True
    return used


def why_unused(tracks: Tracks, solve: Solve | None) -> list[str]:
    """A reason a track, empty for those in use."""
    used = used_tracks(tracks, solve)
    return ["" if used[number] else reason or NOT_PLACED for number, reason in enumerate(tracks.reasons)]


def frame_facts(tracks: Tracks, solve: Solve | None, first: int, last: int) -> FrameFacts:
    """What is known of each frame from ``first`` to ``last``, footage frames, both included."""
    count = last - first + 1
    used = used_tracks(tracks, solve)[tracks.track] if tracks.count else np.zeros(0, bool)
    errors = np.full(count, np.nan)
    position = rotation = focal = np.empty(0)
    if solve is not None:
        within = (solve.frames >= first) & (solve.frames <= last)
        at = solve.frames[within] - first
        errors[at] = solve.frame_errors[within]
        size = path_size(solve)
        if len(solve.position_sigmas) and size > 0:
            position = np.full(count, np.nan)
            position[at] = 100 * solve.position_sigmas[within] / size
        if len(solve.rotation_sigmas):
            rotation = np.full(count, np.nan)
            rotation[at] = np.degrees(solve.rotation_sigmas[within])
        if len(solve.frame_focals_px):
            focal = np.full(count, np.nan)
            focal[at] = solve.frame_focals_px[within] * solve.lens.sensor_width_mm / solve.lens.width
    return FrameFacts(
        first,
        errors,
        _count(tracks.frame[used], first, last),
        _count(tracks.frame, first, last),
        position,
        rotation,
        focal,
    )


def _count(frames: Ints, first: int, last: int) -> Floats:
    inside = frames[(frames >= first) & (frames <= last)] - first
    return np.bincount(inside, minlength=last - first + 1).astype(np.float64)


def path_size(solve: Solve) -> float:
    """The diagonal of the box around the camera's path, in scene units."""
    if not len(solve.cameras):
        return 0.0
    return float(np.linalg.norm(np.ptp(solve.cameras[:, :3, 3], axis=0)))


def coverage(tracks: Tracks, solve: Solve | None) -> Floats:
    """(rows, columns) as GRID, top row first: in what share of the frames a used track is in that cell."""
    used = used_tracks(tracks, solve)[tracks.track] if tracks.count else np.zeros(0, bool)
    rows, columns = grid = GRID if tracks.width >= tracks.height else GRID[::-1]
    xy, frames = tracks.xy[used], tracks.frame[used]
    column = np.clip((xy[:, 0] * columns / tracks.width).astype(int), 0, columns - 1)
    row = np.clip(((tracks.height - xy[:, 1]) * rows / tracks.height).astype(int), 0, rows - 1)
    seen = np.unique((frames.astype(int) * rows + row) * columns + column) % (rows * columns)
    counts = np.bincount(seen, minlength=rows * columns).reshape(grid)
    return counts / max(1, len(np.unique(tracks.frame)))


def covered_share(shares: Floats) -> float:
    """How much of the picture has tracks, 0 to 1, from a map as ``coverage`` gives it: judged by blocks."""
    return float((_blocks(shares) >= 1).mean())


def ray_angles(tracks: Tracks, solve: Solve) -> Floats:
    """(p,) for each point the widest angle, in degrees, between rays from the cameras that saw it."""
    bounds = tracks.bounds()
    angles = np.zeros(len(solve.points))
    for number, (track, point) in enumerate(zip(solve.point_tracks, solve.points)):
        frames = tracks.frame[bounds[track] : bounds[track + 1]]
        at = np.searchsorted(solve.frames, frames)
        at = at[(at < len(solve.frames)) & (solve.frames[np.minimum(at, len(solve.frames) - 1)] == frames)]
        if len(at) > MOST_RAYS:
            at = at[np.linspace(0, len(at) - 1, MOST_RAYS).astype(int)]
        rays = point - solve.cameras[at, :3, 3]
        rays /= np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-12)
        if len(rays):
            angles[number] = np.degrees(np.arccos(np.clip((rays @ rays.T).min(), -1, 1)))
    return angles


def seen_from_above(solve: Solve) -> tuple[Floats, Floats]:
    """The path (c, 2) and the points (p, 2) on the ground: to the right, and away, for the first camera.

    Up is what is up in the pictures on average.
    """
    if not len(solve.cameras):
        return np.zeros((0, 2)), np.zeros((0, 2))
    up = solve.cameras[:, :3, 1].mean(axis=0)
    up /= max(float(np.linalg.norm(up)), 1e-12)
    right = solve.cameras[0, :3, 0] - (solve.cameras[0, :3, 0] @ up) * up
    right /= max(float(np.linalg.norm(right)), 1e-12)
    ground = np.stack([right, np.cross(up, right)], 1)
    points = solve.points[np.isfinite(solve.points).all(axis=1)]
    return solve.cameras[:, :3, 3] @ ground, points @ ground


# --- what helps --------------------------------------------------------------


def focal_text(solve: Solve) -> str:
    """The focal length with how sure it is, as a panel shows it."""
    if len(solve.frame_focals_px):
        to_mm = solve.lens.sensor_width_mm / solve.lens.width
        low, high = solve.frame_focals_px.min() * to_mm, solve.frame_focals_px.max() * to_mm
        return f"zooms, {low:.1f} to {high:.1f} mm"
    mm = solve.lens.focal_length_mm
    if solve.focal_interval_mm is None:
        return f"{mm:.2f} mm, as given"
    low, high = solve.focal_interval_mm
    if not np.isfinite(high):
        return f"{mm:.2f} mm, not told"
    return f"{mm:.2f} ± {(high - low) / 2:.2f} mm"


def advice(
    tracks: Tracks, solve: Solve | None, first: int, last: int, *, unfinished: bool = False
) -> list[str]:
    """What the artist can do for a better camera, a line each; empty where nothing needs doing.

    The verdict's reasons that say what helps, then what only shows beside the solve. ``unfinished`` where
    tracking has not come to the end of the range.
    """
    found = [reason for reason in solve.reasons if "; " in reason] if solve is not None else []
    return found + [one.text for one in _beside_the_solve(tracks, solve, first, last, unfinished)]


def _beside_the_solve(
    tracks: Tracks, solve: Solve | None, first: int, last: int, unfinished: bool
) -> Iterator[Mark]:
    if unfinished:
        yield mark("poor", "unfinished")
    elif not len(tracks.track):
        yield mark("failed", "nothing")
    elif not used_tracks(tracks, solve).any():
        reasons = [reason for reason in tracks.reasons if reason] or [NOT_PLACED]
        yield mark("failed", "unused", tracks.count, max(sorted(set(reasons)), key=reasons.count))
    else:
        if solve is None:
            yield from few_points(np.arange(first, last + 1), frame_facts(tracks, None, first, last).used)
            yield from movers(tracks)
        shares = coverage(tracks, solve)
        if (covered := covered_share(shares)) < THIN_COVERAGE:
            yield mark("usable", "coverage", f"{covered:.0%}", _empty_side(shares))


def _blocks(shares: Floats) -> Floats:
    """(rows, columns) as BLOCKS: how many cells of each have a track in a frame, on average."""
    rows, columns = shares.shape
    high, wide = BLOCKS if rows < columns else BLOCKS[::-1]
    return shares.reshape(high, rows // high, wide, columns // wide).sum(axis=(1, 3))


def _empty_side(shares: Floats) -> str:
    """``, least on the left`` where one side has much less than the opposite one."""
    rows, columns = shares.shape
    thirds = {
        "on the left": shares[:, : columns // 3],
        "on the right": shares[:, -(columns // 3) :],
        "at the top": shares[: rows // 3],
        "at the bottom": shares[-(rows // 3) :],
    }
    means = {side: float(part.mean()) for side, part in thirds.items()}
    side = min(means, key=lambda name: means[name])
    return f", least {side}" if means[side] < 0.5 * max(means.values()) else ""
