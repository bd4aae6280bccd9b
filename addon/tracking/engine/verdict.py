"""What a solve is worth, in words, with what helps.

Every check that fails gives a reason and the best verdict that is left with it; the worst of them stands.
Numbers in pixels are for a frame 960 pixels wide and scale with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .covers import covered_frames
from .findings import VERDICTS, Mark, cuts, few_points, frames_text, mark, movers
from .footage import Footage
from .model import Floats, Solve, Tracks
from .motion import STILL, TURNS, stillness
from .parts import LEAST_SHARED, parts_of
from .sizes import REFERENCE_SIDE

GOOD_PX = 0.5
USABLE_PX = 1.5
WORSE = 4.0
"""A frame whose error is so many times the clip's median one is named."""
FEW_FRAMES = 8
"""A shorter clip is never called good."""
LEAST_PART = 5
"""Frames of a part that is worth naming."""
LEAST_RAY_DEGREES = 2.0
LONG_MM = 30.0
"""With a longer lens than this a smaller angle is as many pixels, and tells depth as well."""
LEAST_TURN_DEGREES = 3.0
"""A turning camera that turns less than this tells nothing of its lens."""
SURE_FOCAL = 0.025
UNSURE_FOCAL = 0.1
"""Half the 95% interval of the focal length, as a share: sure below the first, a guess above the second."""
FLAT = 0.03
"""Points that stand less than this off a plane, as a share of its shorter side, all lie in it."""
LEAST_FOR_A_PLANE = 20
UNSURE_PLACE = 0.03
"""95% radius of a camera's place, as a share of the path's diagonal,"""
UNSURE_SHIFT_PX = 1.0
"""that shifts what is near by so many pixels at least."""
NEAR_SHARE = 10
"""Percent of a frame's points that are near."""


def judge(solve: Solve, tracks: Tracks, footage: Footage) -> Solve:
    """The solve with its verdict and the reasons for it, the gravest first."""
    marks = marks_of(solve, tracks, footage.first, footage.last)
    verdict = marks[0].level if marks else VERDICTS[0]
    return replace(solve, verdict=verdict, reasons=[mark.text for mark in marks])


def marks_of(solve: Solve, tracks: Tracks, first: int, last: int) -> list[Mark]:
    """All that is to be said of a solve of the frames ``first`` to ``last``, the gravest first."""
    marks = [*_of_the_move(solve, tracks), *_of_the_fit(solve, tracks, first, last), *_of_the_shutter(solve)]
    return sorted(marks, key=lambda mark: -VERDICTS.index(mark.level))


def _of_the_move(solve: Solve, tracks: Tracks) -> Iterator[Mark]:
    """What the kind of move leaves open."""
    if solve.motion == STILL:
        moving = 1.0 - stillness(tracks).share
        if moving > 0.15:
            yield mark("poor", "still_movers", f"{moving:.0%}")
        yield mark("poor", "still", f"{solve.lens.focal_length_mm:.0f}")
        return
    if solve.motion == TURNS:
        turn = _turn_degrees(solve)
        if turn < LEAST_TURN_DEGREES and solve.focal_interval_mm is not None:
            yield mark("poor", "turns_little", f"{turn:.1f}")
        yield mark("usable", "turns")
    elif (spread := parallax_degrees(solve)) < LEAST_RAY_DEGREES * min(1.0, LONG_MM / _mm_of_36(solve)):
        # Where it turns, it is worth as much as a camera on a tripod, which tells no depth either.
        turns = _turn_degrees(solve) >= LEAST_TURN_DEGREES and not tells_no_lens(solve)
        yield mark("usable" if turns else "poor", "parallax", f"{spread:.1f}")
    elif flatness(solve.points) < FLAT:
        yield mark("good", "planar")
    yield from _of_the_lens(solve, tracks)
    extent = float(np.linalg.norm(np.ptp(solve.cameras[:, :3, 3], axis=0)))
    if len(solve.position_sigmas) and extent > 0:
        radius = 1.96 * solve.position_sigmas
        shift = radius / _near(solve) * solve.lens.focal_px
        scale = max(1.0, max(tracks.width, tracks.height) / REFERENCE_SIDE)
        unsure = solve.frames[(radius > UNSURE_PLACE * extent) & (shift > UNSURE_SHIFT_PX * scale)]
        if len(unsure):
            level = "usable" if len(unsure) < 0.2 * len(solve.frames) else "poor"
            yield mark(level, "place", frames_text(unsure.tolist()))


def flatness(points: Floats) -> float:
    """How far the points (p, 3) stand off their best plane, as a share of its shorter side.

    By the three quarters nearest to their middle, so that a few far ones say nothing; 1 where they are few.
    """
    if len(points) < LEAST_FOR_A_PLANE:
        return 1.0
    away = points - np.median(points, axis=0)
    distance = np.linalg.norm(away, axis=1)
    near = away[distance <= np.percentile(distance, 75)]
    _, across, off = np.linalg.svd(near - near.mean(0), compute_uv=False)
    return float(off / max(across, 1e-12))


def _of_the_lens(solve: Solve, tracks: Tracks) -> Iterator[Mark]:
    mm = solve.lens.focal_length_mm
    if solve.lens.focal_px < 0.3 * tracks.width or solve.lens.focal_px > 10 * tracks.width:
        yield mark("poor", "focal_unlikely", f"{mm:.0f}")
    if solve.axis_hint is not None:
        yield mark("usable", "axis", *(f"{value:.0f}" for value in solve.axis_hint))
    if solve.focal_interval_mm is None:
        return
    low, high = solve.focal_interval_mm
    if not np.isfinite(high):
        yield mark("poor", "focal_untold", f"{mm:.0f}")
    elif (unsure := (high - low) / 2 / mm) > SURE_FOCAL:
        yield mark(
            "usable" if unsure <= UNSURE_FOCAL else "poor", "focal_unsure", f"{low:.1f}", f"{high:.1f}"
        )


def _of_the_fit(solve: Solve, tracks: Tracks, first: int, last: int) -> Iterator[Mark]:
    """How well the tracks fit, and where they are missing."""
    scale = max(1.0, max(tracks.width, tracks.height) / REFERENCE_SIDE)
    error = solve.average_error / scale
    if error > GOOD_PX:
        yield mark("poor" if error > USABLE_PX else "usable", "error", f"{solve.average_error:.2f}")
    wanted = last - first + 1
    if wanted < FEW_FRAMES:
        yield mark("usable", "short", wanted)
    missing = sorted(set(range(first, last + 1)) - set(solve.frames.tolist()))
    if missing:
        level = (
            "usable" if len(missing) <= 0.05 * wanted else "poor" if len(missing) < 0.5 * wanted else "failed"
        )
        covered = covered_frames(tracks)
        for code, hidden in (("missing", False), ("covered", True)):
            if there := [number for number in missing if covered[number - 1] == hidden]:
                yield mark(level, code, frames_text(there))
        if len(parts := _parts(tracks, first, last)) > 1:
            yield mark(level, "parts", " and ".join(parts))
    if solve.motion == STILL:
        return
    yield from few_points(solve.frames, points_in_frames(solve, tracks))
    usual = float(np.median(solve.frame_errors)) if len(solve.frame_errors) else 0.0
    worse = solve.frames[solve.frame_errors > max(WORSE * usual, GOOD_PX * scale)]
    if len(worse):
        yield mark("usable", "worse", frames_text(worse.tolist()))
    yield from cuts(tracks)
    yield from movers(tracks)


def _parts(tracks: Tracks, first: int, last: int) -> list[str]:
    """The frames of each part of the clip that could have been solved by itself, in words."""
    used = tracks.subset(tracks.enabled)
    part = parts_of(used)
    seen = np.bincount(used.frame, minlength=tracks.frames + 1)[1:]
    frames = np.arange(1, tracks.frames + 1)
    fit = (seen >= LEAST_SHARED) & (frames >= first) & (frames <= last)
    runs = [frames[(part == number) & fit] for number in range(int(part.max()) + 1)]
    return [frames_text(run.tolist()) for run in runs if len(run) >= LEAST_PART]


def _of_the_shutter(solve: Solve) -> Iterator[Mark]:
    """What the artist should know, without making the solve any worse."""
    rows, columns = solve.shutter
    if rows or columns:
        yield mark("good", "shutter", "rows" if rows else "columns", f"{abs(rows or columns):.2f}")


def tells_no_lens(solve: Solve) -> bool:
    """Whether the focal length is the one that was given, since the footage does not tell it."""
    given = solve.focal_interval_mm is not None and not np.isfinite(solve.focal_interval_mm[1])
    return solve.motion == STILL or given


def _mm_of_36(solve: Solve) -> float:
    """The focal length on a sensor whose longer side is 36 mm."""
    return 36.0 * solve.lens.focal_px / max(solve.lens.width, solve.lens.height)


def _near(solve: Solve) -> Floats:
    """(c,) how far from each camera the nearest points before it are, but for NEAR_SHARE percent of them."""
    out = np.empty(len(solve.frames))
    for row, camera in enumerate(solve.cameras):
        depth = (camera[:3, 3] - solve.points) @ camera[:3, 2]
        depth = depth[depth > 0]
        out[row] = np.percentile(depth, NEAR_SHARE) if len(depth) else 0.0
    return np.maximum(out, 1e-12)


def _turn_degrees(solve: Solve) -> float:
    """The widest angle between the first view and any other."""
    axes = solve.cameras[:, :3, 2]
    return float(np.degrees(np.arccos(np.clip(np.min(axes @ axes[0]), -1, 1))))


def points_in_frames(solve: Solve, tracks: Tracks) -> Floats:
    """(c,) how many points each solved frame's camera rests on."""
    known = np.zeros(tracks.count, bool)
    known[solve.point_tracks] = True
    seen = np.bincount(tracks.frame[known[tracks.track]], minlength=tracks.frames + 1)
    return seen[solve.frames].astype(np.float64)


def parallax_degrees(solve: Solve) -> float:
    """The median over the points of the widest angle under which the whole path sees them."""
    centres = solve.cameras[:, :3, 3]
    away: Floats = solve.points[:, None] - centres[None, :: max(1, len(centres) // 50)]
    away = away / np.maximum(np.linalg.norm(away, axis=2, keepdims=True), 1e-12)
    widest = np.min(np.sum(away * away[:, :1], axis=2), axis=1)
    return float(np.degrees(np.median(np.arccos(np.clip(widest, -1, 1))))) if len(widest) else 0.0
