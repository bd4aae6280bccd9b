"""What keeping every step costs: ratios and sizes, measured side by side in one run.

    python benchmarks/sessions.py [CLIP]

Tracking with checkpoints against the same without (the engine alone, in memory), in turns; a checkpoint late
in sessions of different lengths; opening a large session; taking many tracks into a clip (where bpy is a
module); bytes a marker. The clip is a drawn one unless it is named.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the worker has it
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402

from addon.tracking.engine.footage import open_footage  # noqa: E402
from addon.tracking.engine.model import Tracks  # noqa: E402
from addon.tracking.engine.plan import Job, run  # noqa: E402
from addon.tracking.engine.track import KeyPatches, Markers, TrackChange  # noqa: E402
from addon.tracking.session import (  # noqa: E402
    TrackingSessionManager,
    create_session,
    load_session,
    run_session,
    session_infos,
)
from tests import drawn  # noqa: E402

TURNS = 5
IN_VIEW = 170
STEP_FRAMES = 10
SIDE = 23
LONG = (100, 1_000, 10_000)
LARGE_TRACKS = 3_000
CLIP_TRACKS, CLIP_FRAMES = 500, 1_000


def overhead(clip: Path, folder: Path) -> None:
    """Tracking and solving in memory, and with every step on disk, in turns."""
    memory, disk = [], []
    for turn in range(TURNS):
        began = time.perf_counter()
        for _ in run(Job(open_footage(clip))):
            pass
        memory.append(time.perf_counter() - began)
        session = create_session(clip, f"turn-{turn}", directory=folder)
        began = time.perf_counter()
        for _ in run_session(session):
            pass
        disk.append(time.perf_counter() - began)
    ratios = [kept / bare for kept, bare in zip(disk, memory, strict=True)]
    print(
        f"tracking with checkpoints: {statistics.median(disk):.2f} s, without"
        f" {statistics.median(memory):.2f} s: {statistics.median(ratios):.3f} times"
        f" ({min(ratios):.3f} to {max(ratios):.3f} in {TURNS} turns)"
    )
    session = load_session(folder / "turn-0.tracksession")
    markers = len(session.tracks().track)
    print(f"a session has {session.path.stat().st_size / markers:.0f} bytes a marker ({markers} markers)")


def fill(session: TrackingSessionManager, frames: int, tracks: int) -> float:
    """Writes a session of so many frames and tracks, a step every few frames; seconds of a late step."""
    chance = np.random.default_rng(1)
    steps = frames // STEP_FRAMES
    per_step = tracks // steps + 1
    late: list[float] = []
    for step in range(steps):
        began = time.perf_counter()
        session.store.add_tracking(_change(chance, step, per_step), "Tracking", 0.0, status="tracking")
        if step >= steps - 10:
            late.append(time.perf_counter() - began)
    return statistics.median(late)


def _change(chance: np.random.Generator, step: int, begun: int) -> TrackChange:
    """A step as following gives it: some tracks begun, all in view seen in each frame."""
    last = (step + 1) * STEP_FRAMES
    ids = np.arange(step * begun, (step + 1) * begun, dtype=np.int32)
    live = np.arange(max(0, ids[-1] + 1 - IN_VIEW), ids[-1] + 1, dtype=np.int32)
    frames = np.repeat(np.arange(last - STEP_FRAMES + 1, last + 1, dtype=np.int32), len(live))
    return TrackChange(
        last,
        KeyPatches(
            ids,
            np.full(begun, last, np.int32),
            chance.random((begun, 2)).astype(np.float32),
            chance.integers(0, 255, (begun, SIDE, SIDE), dtype=np.uint8),
        ),
        Markers(np.tile(live, STEP_FRAMES), frames, chance.random((len(frames), 2)).astype(np.float32)),
        live,
        chance.random((len(live), 6)).astype(np.float32),
    )


def checkpoints(clip: Path, folder: Path) -> None:
    """One checkpoint late in sessions of different lengths, and opening the longest."""
    for frames in LONG:
        session = create_session(clip, f"long-{frames}", directory=folder)
        tracks = LARGE_TRACKS if frames == LONG[-1] else frames
        print(f"a checkpoint at frame {frames}: {1000 * fill(session, frames, tracks):.1f} ms")
    times = []
    for _ in range(10):
        began = time.perf_counter()
        session = load_session(folder / f"long-{LONG[-1]}.tracksession")
        session.get_progress()
        session.get_resume_point()
        times.append(time.perf_counter() - began)
    size = session.path.stat().st_size / 1e6
    print(
        f"opening a session of {LONG[-1]} frames and {LARGE_TRACKS} tracks ({size:.0f} MB):"
        f" {1000 * statistics.median(times):.1f} ms"
    )
    began = time.perf_counter()
    session_infos([folder])
    print(
        f"listing {len(list(folder.glob('*.tracksession')))}: {1000 * (time.perf_counter() - began):.1f} ms"
    )


def into_a_clip(folder: Path) -> None:
    """Many long tracks into a clip of Blender's."""
    if importlib.util.find_spec("bpy") is None:
        print("taking tracks into a clip: left out, this Python has no bpy")
        return
    import cv2

    from addon.tracking.blender.clip import load_clip, put_tracks

    movie = folder / "black.avi"
    writer = cv2.VideoWriter(str(movie), cv2.VideoWriter.fourcc(*"MJPG"), 24.0, (320, 180))
    for _ in range(CLIP_FRAMES):
        writer.write(np.zeros((180, 320, 3), np.uint8))
    writer.release()
    count = CLIP_TRACKS * CLIP_FRAMES
    tracks = Tracks(
        320,
        180,
        CLIP_FRAMES,
        np.repeat(np.arange(CLIP_TRACKS, dtype=np.int32), CLIP_FRAMES),
        np.tile(np.arange(1, CLIP_FRAMES + 1, dtype=np.int32), CLIP_TRACKS),
        np.random.default_rng(2).random((count, 2)) * 100,
        [f"{number:04}" for number in range(CLIP_TRACKS)],
    )
    clip = load_clip(movie)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    put_tracks(clip, tracks)
    seconds = time.perf_counter() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{CLIP_TRACKS} tracks of {CLIP_FRAMES} frames into a clip: {seconds:.2f} s, {grown:.0f} MB")


def main() -> None:
    """Measures one thing after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", nargs="?", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tracked-shot-sessions-") as name:
        folder = Path(name)
        clip = options.clip
        if clip is None:
            clip = folder / "walls.avi"
            drawn.draw_clip(clip, frames=120, width=960, height=540)
        overhead(clip, folder)
        checkpoints(clip, folder)
        into_a_clip(folder)


if __name__ == "__main__":
    main()
