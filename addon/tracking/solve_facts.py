"""What a solve's numbers mean for the artist: per frame, over the picture, per point, and what would help.

All is measured from the tracks and the camera alone, so that it holds for any lens and any way of solving.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .engine.model import Bools, Floats, Ints, Solve, Tracks

GRID = (9, 16)
"""Rows and columns of the map of where tracks are in the picture; the other way round for an upright one."""
FEW_TRACKS = 12
"""A camera that rests on fewer tracks than this in a frame is weak there."""
LEAST_DEGREES = 2.0
"""Points seen under less than this have a depth that is a guess."""
HIGH_ERROR_PX = 0.5
"""Mean error, in a frame 960 pixels wide, above which something is wrong."""
WORSE_THAN_REST = 2.5
"""Frames whose error is so many times the middle one's are named."""
WIDE_INTERVAL = 0.02
"""Half the focal length's interval, as a share of it, above which it is called uncertain."""
THIN_COVERAGE = 0.6
BLOCKS = (3, 4)
"""Rows and columns of blocks into which the picture is cut to judge how much of it tracks cover."""
MANY_MOVE = 0.4
MOVES = {"general": "moves", "turns": "turns where it stands", "still": "stands still"}
"""Kinds of move, in a panel's words."""
TURNS_ONLY = ("turns", "still")
"""Words of kinds of move that give no depth, and need none."""
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


def frame_ranges(wanted: Bools, first: int) -> list[tuple[int, int]]:
    """First and last footage frame of each unbroken run; ``first`` is the frame of ``wanted[0]``."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
    return [(first + int(start), first + int(stop) - 1) for start, stop in zip(edges[::2], edges[1::2])]


def ranges_text(ranges: list[tuple[int, int]], most: int = 6) -> str:
    """Ranges of frames as "frames 3, 7 to 9 and 2 more stretches"."""
    said = [str(low) if low == high else f"{low} to {high}" for low, high in ranges[:most]]
    single = len(ranges) == 1 and ranges[0][0] == ranges[0][1]
    text = f"{'frame' if single else 'frames'} {', '.join(said)}"
    more = len(ranges) - most
    return f"{text} and {more} more {'stretch' if more == 1 else 'stretches'}" if more > 0 else text


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
    tracks: Tracks,
    solve: Solve | None,
    first: int,
    last: int,
    *,
    unfinished: bool = False,
    angles: Floats | None = None,
) -> list[str]:
    """What the artist can do for a better camera, a sentence each; empty where nothing needs doing.

    ``unfinished`` where tracking has not come to the end of the range; ``angles`` are those of
    ``ray_angles``, where they are known already.
    """
    if unfinished:
        return ["Tracking is not done: resume the session."]
    if not len(tracks.track):
        return [
            "There is nothing to follow in the picture: it is black, blank or out of focus. Footage with"
            " contrast is needed; where there is some, a denser preset or tracks by hand may find it."
        ]
    if not used_tracks(tracks, solve).any():
        return [_about_none(tracks)]
    facts = frame_facts(tracks, solve, first, last)
    found = _about_frames(facts, solve)
    if solve is not None:
        found += _about_fit(tracks, solve)
        found += _about_depth(solve, ray_angles(tracks, solve) if angles is None else angles)
    found += _about_picture(tracks, solve)
    return found


def _about_none(tracks: Tracks) -> str:
    """What helps where no track at all is in use."""
    reasons = [reason for reason in tracks.reasons if reason]
    most = max(set(reasons), key=lambda reason: (reasons.count(reason), reason)) if reasons else NOT_PLACED
    return (
        f"None of the {tracks.count} tracks could be used (most of them: {most}). Noise, blur, darkness, or"
        " steps too big from frame to frame do that: denoise or brighten the footage, try the preset"
        " handheld, or set tracks by hand."
    )


def _about_frames(facts: FrameFacts, solve: Solve | None) -> list[str]:
    found = []
    if solve is not None:
        missing = frame_ranges(~np.isfinite(facts.errors), facts.first)
        if missing:
            found.append(
                f"{_capital(ranges_text(missing))}: no camera. Add tracks by hand that reach from there into"
                " frames that have one, or leave those frames out of the range."
            )
    few = facts.used < FEW_TRACKS
    if solve is not None:
        few &= np.isfinite(facts.errors)
    if few.any():
        mean = float(facts.used[few].mean())
        where = _capital(ranges_text(frame_ranges(few, facts.first)))
        found.append(
            f"{where}: {mean:.0f} tracks on average. Add tracks by hand there, or track again"
            " with a denser preset."
        )
    middle = np.nanmedian(facts.errors) if np.isfinite(facts.errors).any() else np.nan
    worse = np.nan_to_num(facts.errors) > max(WORSE_THAN_REST * middle, 0.5 * HIGH_ERROR_PX)
    if np.isfinite(middle) and worse.any():
        mean = float(facts.errors[worse].mean())
        where = _capital(ranges_text(frame_ranges(worse, facts.first)))
        found.append(
            f"{where}: {mean:.2f} px, where half of all frames are below {middle:.2f} px. Look there for"
            " motion blur, a flash of light, or something that moves close to the camera; mask it, or"
            " switch off the tracks on it."
        )
    return found


def _about_fit(tracks: Tracks, solve: Solve) -> list[str]:
    found = []
    scale = max(1.0, max(tracks.width, tracks.height) / 960)
    if solve.average_error > HIGH_ERROR_PX * scale:
        found.append(
            f"The tracks miss their points by {solve.average_error:.2f} px: mask what moves by itself"
            " (people, cars, leaves, water), delete the worst tracks below, and give the lens where you"
            " know it."
        )
    focal = solve.lens.focal_length_mm
    if solve.focal_interval_mm is not None:
        low, high = solve.focal_interval_mm
        if (high - low) / 2 > WIDE_INTERVAL * focal:
            found.append(
                f"The focal length is known to about {50 * (high - low) / focal:.0f}% only: give it where"
                " you know it (Lens Known)."
            )
    return found


def _about_depth(solve: Solve, angles: Floats) -> list[str]:
    if solve.motion in TURNS_ONLY:
        return []
    middle = float(np.median(angles)) if len(angles) else 0.0
    if middle >= LEAST_DEGREES:
        return []
    return [
        "The points are hardly seen from two sides, so their depth is a guess. A camera that moves sideways"
        " would tell it; where it only turned, use Blender's tripod solver."
    ]


def _about_picture(tracks: Tracks, solve: Solve | None) -> list[str]:
    found = []
    shares = coverage(tracks, solve)
    covered = covered_share(shares)
    if covered < THIN_COVERAGE:
        found.append(
            f"Tracks cover {covered:.0%} of the picture{_empty_side(shares)}: add some by hand where it is"
            " empty and nothing moves."
        )
    moving = [reason for reason in tracks.reasons if "move" in reason.lower()]
    if tracks.count and len(moving) > MANY_MOVE * tracks.count:
        found.append(
            f"{len(moving) / tracks.count:.0%} of the tracks do not belong to the still world: mask"
            " what moves."
        )
    return found


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


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
