"""Clips of every kind in a drawn street: what the solve finds, beside the true camera.

    python benchmarks/street.py [--kinds KIND …] [--preset NAME] [--starts MM …] [--folder DIR]

Draws what is missing (see city.py), tracks each clip once and solves it from each start, nothing else told.
The interval is the 95% one of the focal length, with whether the truth lies in it; path and rotation as
truth.py has them. Seconds are those of one core. All kinds from one start take some eight minutes of it, six
of them drawing, which is done once.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the worker has it
sys.path.insert(0, str(REPOSITORY))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from city import FOLDER, KINDS, Kind, clip_of  # noqa: E402
from truth import path_percent, read_truth, rotation_degrees  # noqa: E402

from addon.tracking.engine.footage import open_footage  # noqa: E402
from addon.tracking.engine.model import LensStart, Solve  # noqa: E402
from addon.tracking.engine.plan import Job, run  # noqa: E402
from addon.tracking.errors import SolveError  # noqa: E402
from addon.tracking.presets import load_tracking_preset  # noqa: E402

COLUMNS = (
    "kind",
    "",
    "start",
    "frames",
    "error px",
    "focal length",
    "95% interval",
    "k1 (true)",
    "path",
    "rotation",
    "verdict",
    "tracking s",
    "solving s",
)


def track(clip: Path, preset: str) -> Job:
    """A job whose clip is tracked and that is yet to be solved."""
    job = Job(open_footage(clip), load_tracking_preset(preset), solve=False)
    for _ in run(job):
        pass
    return replace(job, solve=True)


def solve(job: Job, start_mm: float) -> Solve:
    """The camera of a tracked job from a focal length, with its verdict. Raises SolveError."""
    *_, last = run(replace(job, lens=LensStart(start_mm)))
    assert last.solve is not None
    return last.solve


def interval_text(found: Solve, true_mm: float) -> str:
    """The interval, and whether the truth lies in it."""
    if found.focal_interval_mm is None:
        return "none"
    low, high = found.focal_interval_mm
    if not np.isfinite(high):
        return "not told"
    return f"{low:.2f} to {high:.2f} mm, {'in' if low <= true_mm <= high else 'out'}"


def cells(found: Solve, kind: Kind, clip: Path) -> list[str]:
    """What stands in a solve's line from the frames to the verdict."""
    truth = read_truth(clip)
    assert truth is not None
    cameras = {int(frame): camera for frame, camera in zip(found.frames, found.cameras)}
    path, turn = path_percent(cameras, truth), rotation_degrees(cameras, truth)
    return [
        f"{len(cameras)} of {kind.frames}",
        f"{found.average_error:.3f}",
        f"{100 * (found.lens.focal_length_mm / truth.focal_mm - 1):+.2f}%",
        interval_text(found, truth.focal_mm),
        f"{found.lens.k1:.4f} ({kind.distortion[0]:g})",
        "" if path is None else f"{path:.3f}%",
        "" if turn is None else f"{turn:.4f}°",
        found.verdict,
    ]


def line(values: list[str]) -> str:
    """A line of the table."""
    return "| " + " | ".join(values) + " |"


def measure(kind: Kind, clip: Path, preset: str, starts: list[float]) -> None:
    """Tracks a clip, solves it from each start, and prints a line for each."""
    began = time.process_time()
    job = track(clip, preset)
    tracking = time.process_time() - began
    for start in starts:
        began = time.process_time()
        try:
            values = cells(solve(job, start), kind, clip)
        except SolveError as error:
            values = ["none", *[""] * 6, f"no camera: {error}"]
        solving = time.process_time() - began
        head = [kind.name, kind.what, f"{start:g} mm"]
        print(line([*head, *values, f"{tracking:.1f}", f"{solving:.1f}"]), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="+", choices=tuple(KINDS), default=list(KINDS), metavar="KIND")
    parser.add_argument("--preset", default="high_quality")
    parser.add_argument("--starts", nargs="+", type=float, default=[30.0], metavar="MM")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print(line(list(COLUMNS)) + "\n|" + " --- |" * len(COLUMNS), flush=True)
    for name in options.kinds:
        clip = clip_of(KINDS[name], options.folder)
        measure(KINDS[name], clip, options.preset, options.starts)


if __name__ == "__main__":
    main()
