"""The report of a shot: what was done and how well, for farms as JSON and for people as Markdown.

The sections are plain dictionaries. Numbers are rounded to what they mean; what is not a
finite number becomes null, since JSON has no other word for it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .engine.lens import named_coefficients, plate_lens
from .engine.model import Solve, Tracks
from .files import write_atomically
from .solve_facts import advice, coverage, covered_share, frame_facts, ray_angles, why_unused

REPORT_VERSION = 1


def rounded(value: float | None, digits: int) -> float | None:
    """The number with so many digits after the point; None where it is none or not finite."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), digits)


def footage_section(
    frames: int, size: tuple[int, int], fps: float | None, warnings: Sequence[str] = ()
) -> dict[str, Any]:
    """The clip: its length in frames, its size in pixels, what the preflight found."""
    return {
        "frames": int(frames),
        "size": [int(size[0]), int(size[1])],
        "fps": rounded(fps, 6),
        "warnings": [str(warning) for warning in warnings],
    }


def tracking_section(
    tracks: Tracks, seconds: float, checkpoints: int, resumed_at: int | None = None
) -> dict[str, Any]:
    """What was tracked; ``resumed_at`` is the footage frame where an earlier run was taken up."""
    return {
        "tracks": tracks.count,
        "markers": len(tracks.track),
        "frames_tracked": len(np.unique(tracks.frame)),
        "seconds": rounded(seconds, 2),
        "checkpoints": int(checkpoints),
        "resumed_at": None if resumed_at is None else int(resumed_at),
    }


def solve_section(
    solve: Solve, seconds: float, focal_interval_mm: tuple[float, float] | None = None
) -> dict[str, Any]:
    """What was solved; ``focal_interval_mm`` is how sure the focal length is, over what the solve says."""
    lens = solve.lens
    ends = focal_interval_mm or solve.focal_interval_mm
    interval = None if ends is None else [rounded(end, 4) for end in ends]
    return {
        "average_error_px": rounded(solve.average_error, 4),
        "frames_solved": len(solve.frames),
        "keyframes": [int(frame) for frame in solve.keyframes],
        "seconds": rounded(seconds, 2),
        "focal_length_mm": rounded(lens.focal_length_mm, 4),
        "focal_interval_mm": interval,
        "distortion": {
            "model": lens.model,
            **{name: rounded(value, 6) for name, value in named_coefficients(lens).items()},
        },
        "principal_point_px": [rounded(value, 3) for value in plate_lens(lens).center],
        "frame_errors_px": {
            str(int(frame)): rounded(error, 4) for frame, error in zip(solve.frames, solve.frame_errors)
        },
        "motion": solve.motion,
        "verdict": solve.verdict,
        "reasons": list(solve.reasons),
    }


def quality_section(tracks: Tracks, solve: Solve, first: int, last: int) -> dict[str, Any]:
    """How far the solve of the footage frames ``first`` to ``last`` can be trusted, and what would help.

    ``coverage`` is a share of the picture, 0 to 1; sigmas are one standard deviation, of the camera's place
    in percent of the path's size; null where the solve does not know them.
    """
    facts = frame_facts(tracks, solve, first, last)
    angles = ray_angles(tracks, solve)
    why = [reason for reason in why_unused(tracks, solve) if reason]
    return {
        "tracks_used": len(solve.points),
        "tracks_unused": {reason: why.count(reason) for reason in sorted(set(why))},
        "parallax_degrees": rounded(float(np.median(angles)), 2) if len(angles) else None,
        "coverage": rounded(covered_share(coverage(tracks, solve)), 3),
        "position_sigmas_percent": _by_frame(facts.position, first, 5),
        "rotation_sigmas_degrees": _by_frame(facts.rotation, first, 5),
        "track_errors_px": {
            tracks.names[track]: rounded(error, 4)
            for track, error in zip(solve.point_tracks, solve.point_errors)
        },
        "advice": advice(tracks, solve, first, last),
    }


def _by_frame(values: np.ndarray, first: int, digits: int) -> dict[str, float | None] | None:
    """Numbers by footage frame, the frames without one left out; None where there is none at all."""
    known = {str(first + at): rounded(value, digits) for at, value in enumerate(values) if np.isfinite(value)}
    return known or None


@dataclass
class ShotReport:
    """The whole report; a section is None where that part of the work was not done."""

    shot: str
    blender: str | None = None
    """Version of the Blender it ran in; None where there was none."""
    session: Path | str | None = None
    blend: Path | str | None = None
    footage: dict[str, Any] | None = None
    tracking: dict[str, Any] | None = None
    solve: dict[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {
            "version": REPORT_VERSION,
            "shot": self.shot,
            "blender": self.blender,
            "session": None if self.session is None else str(self.session),
            "blend": None if self.blend is None else str(self.blend),
            "footage": self.footage,
            "tracking": self.tracking,
            "solve": self.solve,
        }

    def to_json(self) -> str:
        """The report as JSON; raises ValueError where a section holds a number that JSON has no word for."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def to_markdown(self) -> str:
        """The report for people."""
        lines = [f"# {self.shot}", ""]
        lines += _facts({"Blender": self.blender, "Session": self.session, "Saved as": self.blend})
        if self.footage:
            lines += _footage_lines(self.footage)
        if self.tracking:
            lines += _tracking_lines(self.tracking)
        if self.solve:
            lines += _solve_lines(self.solve)
        return "\n".join(lines).rstrip() + "\n"


def write_report(report: ShotReport, path: Path | str) -> None:
    """Write the JSON report, as a whole or not at all; raises InputError where it cannot be written."""
    write_atomically(Path(path), report.to_json())


def write_markdown(report: ShotReport, path: Path | str) -> None:
    """Write the report for people; raises InputError where it cannot be written."""
    write_atomically(Path(path), report.to_markdown())


def _facts(facts: dict[str, Any]) -> list[str]:
    """A list item for each fact that is known."""
    lines = [f"- {name}: {value}" for name, value in facts.items() if value is not None]
    return [*lines, ""] if lines else []


def _footage_lines(footage: dict[str, Any]) -> list[str]:
    width, height = footage["size"]
    facts = {
        "Frames": footage["frames"],
        "Size": f"{width} x {height} pixels",
        "Frames per second": footage["fps"],
    }
    warnings = [f"- Mind: {warning}" for warning in footage["warnings"]]
    return ["## Footage", "", *_facts(facts), *warnings, *([""] if warnings else [])]


def _tracking_lines(tracking: dict[str, Any]) -> list[str]:
    facts = {
        "Tracks": tracking["tracks"],
        "Markers": tracking["markers"],
        "Frames tracked": tracking["frames_tracked"],
        "Seconds": tracking["seconds"],
        "Taken up at frame": tracking["resumed_at"],
    }
    return ["## Tracking", "", *_facts(facts)]


def _solve_lines(solve: dict[str, Any]) -> list[str]:
    distortion = solve["distortion"]
    focal = None if solve["focal_length_mm"] is None else f"{solve['focal_length_mm']} mm"
    if focal and solve["focal_interval_mm"]:
        low, high = solve["focal_interval_mm"]
        focal += f" (between {low} and {high})"
    facts = {
        "Verdict": solve["verdict"],
        "Average error": f"{solve['average_error_px']} px",
        "Frames solved": solve["frames_solved"],
        "Camera's move": solve.get("motion"),
        "Parallax": _with_unit(solve.get("parallax_degrees"), " degrees (half of the points have more)"),
        "Coverage": None if solve.get("coverage") is None else f"{solve['coverage']:.0%} of the picture",
        "Keyframes": f"{solve['keyframes'][0]} and {solve['keyframes'][1]}",
        "Focal length": focal,
        "Distortion": f"{distortion['model']}, k1 {distortion['k1']}, k2 {distortion['k2']}",
        "Seconds": solve["seconds"],
    }
    said = dict.fromkeys([*solve["reasons"], *(solve.get("advice") or [])])
    lines = ["## Solve", "", *_facts(facts), *(f"- {one}" for one in said), *([""] if said else [])]
    return [*lines, *_worst_frames(solve["frame_errors_px"])]


def _with_unit(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value}{unit}"


def _worst_frames(errors: dict[str, float | None], most: int = 5) -> list[str]:
    """A table of the frames that fit worst."""
    known = [(error, frame) for frame, error in errors.items() if error is not None]
    if not known:
        return []
    worst = sorted(known, key=lambda item: (-item[0], int(item[1])))[:most]
    return [
        "| worst frame | error, px |",
        "| --- | --- |",
        *(f"| {frame} | {error} |" for error, frame in worst),
        "",
    ]
