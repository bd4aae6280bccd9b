"""A long clip in many pixels: whether memory and the time per frame stay as they are from end to end.

    python benchmarks/long_clip.py [--frames N] [--width N] [--height N] [--preset NAME] [--keep FILE]

Draws a walk along a long wall into a temporary folder, compressed as MJPEG, then tracks and solves it in a
process of its own as the worker does, without a session. Printed: seconds of tracking and of the solve,
the most memory held, the processor's time per frame (which other work on the machine hardly changes) early
(about frame 100), in the middle and late (about 100 frames before the end) as medians over tracking steps,
bare decoding per frame at the same places, and the camera against the truth.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the worker has it
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
from solve import most_memory_mb  # noqa: E402

from addon.tracking.engine.footage import open_footage  # noqa: E402
from addon.tracking.engine.model import LensStart  # noqa: E402
from addon.tracking.engine.plan import Job, run  # noqa: E402
from addon.tracking.presets import load_tracking_preset  # noqa: E402
from tests import drawn  # noqa: E402

METRES_A_FRAME = 0.02
ROOM = 6.0
"""Length of one stretch of wall, metres."""
EARLY_FRAME = 100
AROUND = 60
"""Frames before and after over which times are taken."""
FOCAL_MM = 30.0
DRAWN_WIDTH = 960
"""Wider pictures are enlarged from this: they are soft, but cost the same to read and to track."""


def walk(frames: int) -> np.ndarray:
    """(frames, 4, 4) cameras of a walk along a wall, looking at it at a slant."""
    at = METRES_A_FRAME * np.arange(frames)
    places = np.stack([at, -3.0 + 0.2 * np.sin(1.1 * at), 1.5 + 0.05 * np.sin(4.7 * at)], 1)
    spots = places + np.stack([0.25 * np.sin(0.4 * at) + 0.2, 3.0 + 0 * at, -0.35 + 0 * at], 1)
    return drawn.looking_at(places, spots)


def street(length: float) -> list[drawn.Plane]:
    """A wall, a floor before it and a board before each stretch of wall, over ``length`` metres."""
    x, y, z = np.eye(3)
    planes = []
    for number, start in enumerate(np.arange(-2 * ROOM, length + 2 * ROOM, ROOM)):
        seeds = 10 * (number % 5)  # few textures, so that drawing needs little memory
        planes += [
            drawn.Plane(start * x + 1.6 * y, ROOM * x, 4.5 * z, drawn.texture_of(seeds + 1)),
            drawn.Plane(start * x - 2 * y, ROOM * x, 3.6 * y, drawn.texture_of(seeds + 2)),
            drawn.Plane(start * x + x + 0.3 * y, 1.3 * x, 1.1 * z, drawn.texture_of(seeds + 3)[:200, :200]),
        ]
    planes.sort(key=lambda plane: (-plane.corner[1] - plane.up[1], plane.corner[0]))
    return planes


def draw(path: Path, frames: int, width: int, height: int) -> None:
    """The clip; planes out of sight are left out of each picture."""
    cameras = walk(frames)
    everything = street(METRES_A_FRAME * frames)

    def near(row: int) -> list[drawn.Plane]:
        here = cameras[row, 0, 3]
        return [plane for plane in everything if abs(plane.corner[0] + ROOM / 2 - here) < 1.1 * ROOM]

    drawn.draw_clip(
        path,
        width=width,
        height=height,
        focal_mm=FOCAL_MM,
        cameras=cameras,
        planes=near,
        codec="MJPG",
        detail=DRAWN_WIDTH / width,
    )


def measure(path: Path, preset: str) -> None:
    """Tracks and solves the clip, and prints what that took."""
    began = time.perf_counter()
    footage = open_footage(path)
    job = Job(footage, load_tracking_preset(preset), LensStart(FOCAL_MM))
    per_frame: list[tuple[int, float]] = []
    last_frame, last_work, tracked, solve = 0, time.process_time(), began, None
    for step in run(job):
        if step.stage == "track":
            now = time.process_time()
            per_frame.append((step.frame, (now - last_work) / max(step.frame - last_frame, 1)))
            last_frame, last_work = step.frame, now
            tracked = time.perf_counter()
        solve = step.solve or solve
    ended = time.perf_counter()
    late_frame = footage.count - EARLY_FRAME
    looked_at = (EARLY_FRAME, footage.count // 2, late_frame)
    early, halfway, late = (
        statistics.median(seconds for frame, seconds in per_frame if abs(frame - middle) <= AROUND)
        for middle in looked_at
    )
    memory = most_memory_mb()
    bare_early, _, bare_late = (decoding(path, middle) for middle in looked_at)
    assert solve is not None
    error = drawn.path_error_percent(solve.cameras, walk(footage.count)[solve.frames - 1])
    print(
        f"{footage.count} frames of {footage.width}x{footage.height}, {preset}: tracked in"
        f" {tracked - began:.0f} s, solved in {ended - tracked:.0f} s, {memory:.0f} MB at most\n"
        f"processor's time for a frame at {EARLY_FRAME}: {1000 * early:.0f} ms"
        f" (decoding {1000 * bare_early:.0f}), at {looked_at[1]}: {1000 * halfway:.0f} ms,"
        f" at {late_frame}: {1000 * late:.0f} ms (decoding {1000 * bare_late:.0f}):"
        f" {late / early:.2f} times\n"
        f"{solve.verdict}: {len(solve.frames)} cameras, {solve.average_error:.3f} px,"
        f" {solve.lens.focal_length_mm:.3f} mm of {FOCAL_MM}, path {error:.4f}%"
    )
    for reason in solve.reasons:
        print(f"  {reason}")


def decoding(path: Path, middle: int) -> float:
    """Seconds that a picture alone takes around a frame."""
    times = []
    before = None
    footage = open_footage(path)
    for _ in footage.frames(middle - AROUND // 2, min(middle + AROUND // 2, footage.last)):
        now = time.process_time()
        if before is not None:
            times.append(now - before)
        before = now
    return statistics.mean(times[5:])


def main() -> None:
    """Draws, then measures in a process of its own, so that drawing does not count."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=2000)
    parser.add_argument("--width", type=int, default=3840)
    parser.add_argument("--height", type=int, default=2160)
    parser.add_argument("--preset", default="balanced")
    parser.add_argument("--keep", type=Path, help="where the clip stays, and is found again")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        measure(options.one, options.preset)
        return
    with tempfile.TemporaryDirectory(prefix="tracked-shot-long-") as folder:
        clip = options.keep or Path(folder) / "walk.avi"
        if not clip.exists():
            began = time.perf_counter()
            draw(clip, options.frames, options.width, options.height)
            print(f"drawn in {time.perf_counter() - began:.0f} s", flush=True)
        command = [sys.executable, __file__, "--one", str(clip), "--preset", options.preset]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
