"""What a solve is worth, in words.

First form: reprojection error, frames without a camera, points per frame and
parallax. The numbers are for a frame 960 pixels wide and scale with it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .footage import Footage
from .model import Floats, Solve, Tracks
from .sizes import REFERENCE_SIDE

GOOD_PX = 0.5
USABLE_PX = 1.5
FEW_POINTS = 12
LEAST_RAY_DEGREES = 2.0

VERDICTS = ("good", "usable", "poor", "failed")


def judge(solve: Solve, tracks: Tracks, footage: Footage) -> Solve:
    """The solve with its verdict and the reasons for it."""
    scale = max(1.0, max(tracks.width, tracks.height) / REFERENCE_SIDE)
    wanted = footage.last - footage.first + 1
    missing = wanted - len(solve.frames)
    marks: list[tuple[str, str]] = []
    error = solve.average_error / scale
    if error > USABLE_PX:
        marks.append(("poor", f"average error {solve.average_error:.2f} px"))
    elif error > GOOD_PX:
        marks.append(("usable", f"average error {solve.average_error:.2f} px"))
    if missing:
        level = "usable" if missing <= 0.05 * wanted else "poor" if missing < 0.5 * wanted else "failed"
        marks.append((level, f"{missing} of {wanted} frames have no camera"))
    few = frames_with_few_points(solve, tracks)
    if few:
        marks.append(("usable", f"frames {ranges_text(few)}: fewer than {FEW_POINTS} points"))
    spread = parallax_degrees(solve)
    if spread < LEAST_RAY_DEGREES:
        marks.append(("poor", f"points are seen under {spread:.1f} degrees only: depth is a guess"))
    if solve.lens.focal_px < 0.3 * tracks.width or solve.lens.focal_px > 10 * tracks.width:
        marks.append(("poor", f"a focal length of {solve.lens.focal_length_mm:.0f} mm is unlikely"))
    worst = max((VERDICTS.index(level) for level, _ in marks), default=0)
    return replace(solve, verdict=VERDICTS[worst], reasons=[text for _, text in marks])


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
    return float(np.degrees(np.median(np.arccos(np.clip(widest, -1, 1)))))


def ranges_text(frames: list[int]) -> str:
    """Ascending frame numbers as "3, 7 to 9"."""
    parts: list[list[int]] = []
    for number in frames:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in parts)
