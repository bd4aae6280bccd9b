"""What a solve is worth, in words, with what helps.

Every check that fails gives a reason and the best verdict that is left with it; the worst of them stands.
Numbers in pixels are for a frame 960 pixels wide and scale with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from .footage import Footage
from .model import Floats, Solve, Tracks
from .motion import STILL, TURNS, stillness
from .sizes import REFERENCE_SIDE

GOOD_PX = 0.5
USABLE_PX = 1.5
BLURRED = 4.0
"""A frame whose error is so many times the clip's median one is named."""
FEW_POINTS = 12
FEW_FRAMES = 8
"""A shorter clip is never called good."""
LEAST_RAY_DEGREES = 2.0
LEAST_TURN_DEGREES = 3.0
"""A turning camera that turns less than this tells nothing of its lens."""
SURE_FOCAL = 0.025
UNSURE_FOCAL = 0.1
"""Half the 95% interval of the focal length, as a share: sure below the first, a guess above the second."""
UNSURE_PLACE = 0.03
"""95% radius of a camera's place, as a share of the path's diagonal."""
MANY_MOVERS = 0.6
"""Share of the long tracks that do not fit one still world."""

VERDICTS = ("good", "usable", "poor", "failed")
Mark = tuple[str, str]
"""The best verdict that is left, and why."""


def judge(solve: Solve, tracks: Tracks, footage: Footage) -> Solve:
    """The solve with its verdict and the reasons for it, the gravest first."""
    marks = [*_of_the_move(solve, tracks), *_of_the_fit(solve, tracks, footage)]
    marks.sort(key=lambda mark: -VERDICTS.index(mark[0]))
    verdict = marks[0][0] if marks else VERDICTS[0]
    return replace(solve, verdict=verdict, reasons=[text for _, text in marks] + _remarks(solve))


def _of_the_move(solve: Solve, tracks: Tracks) -> Iterator[Mark]:
    """What the kind of move leaves open."""
    mm = solve.lens.focal_length_mm
    if solve.motion == STILL:
        moving = 1.0 - stillness(tracks).share
        if moving > 0.15:
            yield (
                "poor",
                f"the camera stands still, and {moving:.0%} of the tracks move: something moves before it;"
                " there is no camera move to solve",
            )
        yield (
            "poor",
            f"the camera stands still: depth and lens can't be told; {mm:.0f} mm is what was given",
        )
        return
    if solve.motion == TURNS:
        turn = _turn_degrees(solve)
        if turn < LEAST_TURN_DEGREES and solve.focal_interval_mm is not None:
            yield "poor", f"the camera turns by {turn:.1f} degrees only: its focal length is a guess"
        yield "usable", "the camera turns where it stands, as on a tripod: it is solved so, without depth"
    elif (spread := parallax_degrees(solve)) < LEAST_RAY_DEGREES:
        yield (
            "poor",
            f"points are seen under {spread:.1f} degrees only: depth is a guess; a longer move would tell it",
        )
    yield from _of_the_lens(solve, tracks)
    extent = float(np.linalg.norm(np.ptp(solve.cameras[:, :3, 3], axis=0)))
    if len(solve.position_sigmas) and extent > 0:
        unsure = solve.frames[1.96 * solve.position_sigmas > UNSURE_PLACE * extent]
        if len(unsure):
            yield (
                "usable" if len(unsure) < 0.2 * len(solve.frames) else "poor",
                f"frames {ranges_text(unsure.tolist())}: the camera's place is unsure; add tracks there,"
                " near and far",
            )


def _of_the_lens(solve: Solve, tracks: Tracks) -> Iterator[Mark]:
    mm = solve.lens.focal_length_mm
    if solve.lens.focal_px < 0.3 * tracks.width or solve.lens.focal_px > 10 * tracks.width:
        yield "poor", f"a focal length of {mm:.0f} mm is unlikely; give it under Lens Known"
    if solve.focal_interval_mm is None:
        return
    low, high = solve.focal_interval_mm
    if not np.isfinite(high):
        yield (
            "poor",
            f"the footage does not tell the focal length; the given {mm:.0f} mm was kept: set the right one",
        )
    else:
        unsure = (high - low) / 2 / mm
        if unsure > SURE_FOCAL:
            yield (
                "usable" if unsure <= UNSURE_FOCAL else "poor",
                f"the focal length is unsure: {low:.1f} to {high:.1f} mm; give it under Lens Known",
            )


def _of_the_fit(solve: Solve, tracks: Tracks, footage: Footage) -> Iterator[Mark]:
    """How well the tracks fit, and where they are missing."""
    scale = max(1.0, max(tracks.width, tracks.height) / REFERENCE_SIDE)
    error = solve.average_error / scale
    if error > GOOD_PX:
        yield (
            "poor" if error > USABLE_PX else "usable",
            f"average error {solve.average_error:.2f} px; mask what moves, or try another tracking preset",
        )
    wanted = footage.last - footage.first + 1
    if wanted < FEW_FRAMES:
        yield "usable", f"{wanted} frames only: there is little to check the camera by"
    missing = sorted(set(range(footage.first, footage.last + 1)) - set(solve.frames.tolist()))
    if missing:
        level = (
            "usable" if len(missing) <= 0.05 * wanted else "poor" if len(missing) < 0.5 * wanted else "failed"
        )
        yield level, f"frames {ranges_text(missing)} have no camera: too few points are shared with the rest"
    if solve.motion == STILL:
        return
    few = frames_with_few_points(solve, tracks)
    if few:
        yield "usable", f"frames {ranges_text(few)}: fewer than {FEW_POINTS} points; add tracks by hand there"
    usual = float(np.median(solve.frame_errors)) if len(solve.frame_errors) else 0.0
    blurred = solve.frames[solve.frame_errors > max(BLURRED * usual, GOOD_PX * scale)]
    if len(blurred):
        yield (
            "usable",
            f"frames {ranges_text(blurred.tolist())}: errors far above the rest; motion blur, or something"
            " moves through the picture",
        )
    lengths = tracks.lengths()
    telling = lengths >= 10
    moving = telling & np.array(["move" in reason for reason in tracks.reasons], bool)
    if moving.sum() > MANY_MOVERS * max(int(telling.sum()), 1):
        yield (
            "usable",
            f"{moving.sum()} of {telling.sum()} tracks do not fit one still world; mask what moves, to be"
            " sure that the camera follows the right part",
        )


def _remarks(solve: Solve) -> list[str]:
    """What the artist should know, without making the solve any worse."""
    rows, columns = solve.shutter
    if rows or columns:
        share = rows or columns
        side = "rows" if rows else "columns"
        return [
            f"rolling shutter: the {side} take {abs(share):.2f} of a frame's time; the solve allows for it,"
            " and CG sits exactly in the middle of the picture only"
        ]
    return []


def tells_no_lens(solve: Solve) -> bool:
    """Whether the focal length is the one that was given, since the footage does not tell it."""
    given = solve.focal_interval_mm is not None and not np.isfinite(solve.focal_interval_mm[1])
    return solve.motion == STILL or given


def _turn_degrees(solve: Solve) -> float:
    """The widest angle between the first view and any other."""
    axes = solve.cameras[:, :3, 2]
    return float(np.degrees(np.arccos(np.clip(np.min(axes @ axes[0]), -1, 1))))


def frames_with_few_points(solve: Solve, tracks: Tracks) -> list[int]:
    """Solved frames whose camera rests on fewer than FEW_POINTS points."""
    known = np.zeros(tracks.count, bool)
    known[solve.point_tracks] = True
    seen = np.bincount(tracks.frame[known[tracks.track]], minlength=tracks.frames + 1)
    return [int(number) for number in solve.frames if seen[number] < FEW_POINTS]


def parallax_degrees(solve: Solve) -> float:
    """The median over the points of the widest angle under which the whole path sees them."""
    centres = solve.cameras[:, :3, 3]
    away: Floats = solve.points[:, None] - centres[None, :: max(1, len(centres) // 50)]
    away = away / np.maximum(np.linalg.norm(away, axis=2, keepdims=True), 1e-12)
    widest = np.min(np.sum(away * away[:, :1], axis=2), axis=1)
    return float(np.degrees(np.median(np.arccos(np.clip(widest, -1, 1))))) if len(widest) else 0.0


def ranges_text(frames: list[int]) -> str:
    """Ascending frame numbers as "3, 7 to 9"."""
    parts: list[list[int]] = []
    for number in frames:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in parts)
