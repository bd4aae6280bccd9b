"""Whether a solve is as sure as it says: intervals against the truth, over many pieces of rendered clips.

    python benchmarks/certainty.py CLIP [CLIP …] [--pieces N] [--seed N] [--preset NAME]

Every CLIP needs a CLIP.json with its true camera. Each is tracked once; pieces of 40 to 90 frames at random
places are cut from its tracks, the clips taking turns, and solved from 30 mm, nothing else told. Printed:
how many true focal lengths lie in their 95% interval, the root mean square of the error in standard
deviations (1 where they are right, less where they are too wide), and how many frames' cameras lie within
their own 95% radius of the true place (after a similarity fit) and of the true rotation.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the worker has it
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402
from truth import Floats, TrueCamera, nearest_rotation, place_errors, read_truth  # noqa: E402

from addon.tracking.engine.certainty import NORMAL_95, SHARED  # noqa: E402
from addon.tracking.engine.footage import open_footage  # noqa: E402
from addon.tracking.engine.model import LensStart, Solve, TrackingSettings, Tracks  # noqa: E402
from addon.tracking.engine.motion import stillness  # noqa: E402
from addon.tracking.engine.plan import Job, clean, run  # noqa: E402
from addon.tracking.engine.reconstruct import solve_steps  # noqa: E402
from addon.tracking.engine.track import collect_tracks  # noqa: E402
from addon.tracking.errors import SolveError  # noqa: E402
from addon.tracking.presets import load_tracking_preset  # noqa: E402

SHORTEST, LONGEST = 40, 90


@dataclass(frozen=True)
class Piece:
    """How one piece came out."""

    deviations: float
    """The focal length's error in standard deviations; NaN where the solve says that it can't be told."""
    focal: float
    """The focal length's error as a share of itself,"""
    path: float
    """and the path's, as truth.py has it."""
    width: float
    """The whole interval, as a share of the focal length."""
    places: float
    """Share of the frames whose camera lies within its 95% radius."""
    rotations: float
    """The same of the rotations."""


def track(clip: Path, settings: TrackingSettings) -> Tracks:
    """All tracks of a clip, none switched off."""
    job = Job(open_footage(clip), settings, solve=False)
    for _ in run(job):
        pass
    assert job.state is not None
    footage = job.footage
    return collect_tracks(
        job.markers, job.state.count, footage.width, footage.height, footage.count, job.doubts
    )


def cut(tracks: Tracks, first: int, last: int) -> Tracks:
    """What of the tracks lies in footage frames first to last, frames counted anew from 1."""
    rows = (tracks.frame >= first) & (tracks.frame <= last)
    part = replace(
        tracks,
        frames=last - first + 1,
        track=tracks.track[rows],
        frame=tracks.frame[rows] - np.int32(first - 1),
        xy=tracks.xy[rows],
        reasons=[""] * tracks.count,
    )
    return part.subset(part.lengths() > 0)


def solve(tracks: Tracks, settings: TrackingSettings) -> Solve:
    """The camera of a piece. Raises SolveError."""
    still = stillness(tracks)
    pairs = clean(tracks, settings, still)
    *_, last = solve_steps(tracks, pairs, LensStart(), still)
    assert last.result is not None
    return last.result


def compare(found: Solve, truth: TrueCamera, first: int) -> Piece:
    """A solve of the frames from ``first`` on against the truth."""
    interval = found.focal_interval_mm or (0.0, np.inf)
    sigma = (interval[1] - interval[0]) / 2 / NORMAL_95
    focal = found.lens.focal_length_mm
    true = np.array([truth.cameras[int(frame) + first - 1] for frame in found.frames])
    errors, scale = place_errors(found.cameras, true)
    size = float(np.linalg.norm(np.ptp(true[:, :3, 3], axis=0)))
    return Piece(
        (focal - truth.focal_mm) / sigma if np.isfinite(sigma) else np.nan,
        focal / truth.focal_mm - 1,
        float(np.sqrt(np.mean(errors**2))) / size,
        (interval[1] - interval[0]) / focal,
        float(np.mean(errors <= NORMAL_95 * found.position_sigmas * scale)),
        float(np.mean(_turn_errors(found.cameras, true) <= NORMAL_95 * found.rotation_sigmas)),
    )


def _turn_errors(cameras: Floats, true: Floats) -> Floats:
    """(n,) angles left after the best constant rotation, radians."""
    a, b = (np.array([nearest_rotation(one[:3, :3]) for one in some]) for some in (cameras, true))
    world = nearest_rotation(np.einsum("nij,nkj->ik", b, a))
    chords = np.linalg.norm(world @ a - b, axis=(1, 2)) / 8**0.5
    return np.asarray(2 * np.arcsin(np.clip(chords, 0, 1)))


def _rms(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def main() -> None:
    """Tracks, cuts, solves, and prints a line a piece and what they come to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--pieces", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--preset", default="high_quality")
    options = parser.parse_args()
    settings = load_tracking_preset(options.preset)
    chance = np.random.default_rng(options.seed)
    sources = []
    for clip in options.clips:
        truth = read_truth(clip)
        if truth is None:
            parser.error(f"{clip}: no true camera in {clip.with_suffix('.json').name}")
        began = time.perf_counter()
        sources.append((clip.stem, track(clip, settings), truth))
        print(f"{clip.stem}: tracked in {time.perf_counter() - began:.1f} s", flush=True)
    pieces: list[Piece] = []
    for number in range(options.pieces):
        name, tracks, truth = sources[number % len(sources)]
        length = int(chance.integers(SHORTEST, min(LONGEST, tracks.frames) + 1))
        first = int(chance.integers(1, tracks.frames - length + 2))
        label = f"{number + 1:3} {name} {first} to {first + length - 1}"
        try:
            found = solve(cut(tracks, first, first + length - 1), settings)
        except SolveError as error:
            print(f"{label}: no camera: {error}", flush=True)
            continue
        piece = compare(found, truth, first)
        pieces.append(piece)
        print(
            f"{label}: {found.motion}, {len(found.frames)} of {length} frames,"
            f" {found.lens.focal_length_mm:.3f} mm, {piece.deviations:+.2f} deviations,"
            f" interval {100 * piece.width:.2f}% wide, places {piece.places:.0%},"
            f" rotations {piece.rotations:.0%}",
            flush=True,
        )
    if not pieces:
        raise SystemExit("no piece has a camera")
    deviations = np.array([piece.deviations for piece in pieces])
    told = np.isfinite(deviations)
    inside = int(np.sum(np.abs(deviations[told]) <= NORMAL_95))
    print(
        f"\nSHARED = {SHARED}: {inside} of {options.pieces} true focal lengths in the 95% interval"
        f" ({int((~told).sum())} not told, {options.pieces - len(pieces)} without a camera),"
        f" z rms {np.sqrt(np.mean(deviations[told] ** 2)):.2f},"
        f" intervals {100 * np.median([piece.width for piece in pieces]):.2f}% wide in the middle,"
        f" places {np.mean([piece.places for piece in pieces]):.1%} of frames within their own radius,"
        f" rotations {np.mean([piece.rotations for piece in pieces]):.1%};"
        f" rms errors: focal length {100 * _rms([piece.focal for piece in pieces]):.3f}%,"
        f" path {100 * _rms([piece.path for piece in pieces]):.4f}% of the piece's own"
    )


if __name__ == "__main__":
    main()
