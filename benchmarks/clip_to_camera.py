"""From a clip to a camera in Blender: this add-on against Blender's own tools, side by side in one run.

    .envs/bpy-4.5/bin/python benchmarks/clip_to_camera.py CLIP [CLIP …] [--rounds N] [--json FILE]

Ours: look at the footage, track, vote, solve, tracks into the clip, one native solve with the lens fixed.
Blender's: detect features, track the whole clip, solve with keyframe selection and the focal length refined;
"stock" with detection as it stands by default, which finds a dozen or two points, and "stock dense" with
about as many points in view as ours has (threshold 0.01, 40 pixels apart). All start at 30 mm with the clip
just loaded, each in a process of its own, taking turns. Printed are the medians of the rounds and their
ratios; where CLIP.json holds a true camera, the focal length's error too.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START_MM = 30.0
PRESET = "balanced"
"""The tracking preset that an artist finds chosen."""
REPOSITORY = Path(__file__).resolve().parent.parent


def measure_ours(path: Path) -> dict:
    """One run of ours; seconds, error, frames, focal length."""
    sys.path.insert(0, str(REPOSITORY))
    import bpy

    from addon.tracking.blender.clip import load_clip
    from addon.tracking.blender.take_in import take_in
    from addon.tracking.engine.model import LensStart
    from addon.tracking.presets import load_tracking_preset
    from addon.tracking.session import create_session, run_session

    with tempfile.TemporaryDirectory() as folder:
        clip = load_clip(path)
        started = time.perf_counter()
        session = create_session(
            path,
            "benchmark",
            directory=folder,
            settings=load_tracking_preset(PRESET),
            lens=LensStart(START_MM),
        )
        for _ in run_session(session):
            pass
        taken = take_in(clip, session.tracks(), session.solve())
        seconds = time.perf_counter() - started
    assert taken.native is not None
    return found(bpy, clip, seconds)


def measure_dense(path: Path) -> dict:
    """One run of Blender's own tools with about as many points in view as ours."""
    return measure_stock(path, threshold=0.01, min_distance=40)


def measure_stock(path: Path, **detection: float) -> dict:
    """One run of Blender's own tools."""
    import bpy

    clip = bpy.data.movieclips.load(str(path))
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, clip.frame_duration
    camera, settings = clip.tracking.camera, clip.tracking.settings
    camera.sensor_width, camera.focal_length = 36.0, START_MM
    window = bpy.context.window
    area = window.screen.areas[0]
    area.type = "CLIP_EDITOR"
    space = area.spaces.active
    space.clip, space.mode = clip, "TRACKING"
    region = next(region for region in area.regions if region.type == "WINDOW")
    settings.use_keyframe_selection = True
    settings.refine_intrinsics_focal_length = True
    with bpy.context.temp_override(window=window, area=area, region=region, space_data=space):
        started = time.perf_counter()
        scene.frame_set(1)
        space.clip_user.frame_current = 1
        bpy.ops.clip.detect_features(**detection)
        bpy.ops.clip.track_markers(backwards=False, sequence=True)
        try:
            bpy.ops.clip.solve_camera()
        except RuntimeError as error:
            print(error, file=sys.stderr)
        seconds = time.perf_counter() - started
    return found(bpy, clip, seconds)


def found(bpy, clip, seconds: float) -> dict:
    """What stands in the clip after a run."""
    reconstruction = clip.tracking.reconstruction
    return {
        "seconds": seconds,
        "blender": bpy.app.version_string,
        "error_px": reconstruction.average_error,
        "tracks": len(clip.tracking.tracks),
        "frames": len(reconstruction.cameras),
        "of": clip.frame_duration,
        "focal_mm": clip.tracking.camera.focal_length,
    }


KINDS = {"ours": measure_ours, "stock": measure_stock, "stock dense": measure_dense}


def in_a_process(kind: str, path: Path) -> dict:
    """One run in a process of its own; Blender's chatter is dropped."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [sys.executable, __file__, str(path), "--one", kind, "--json", out.name]
        # One thread of linear algebra for ours, as the worker has it.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"} if kind == "ours" else None
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            raise SystemExit(f"{kind} on {path.name} failed ({done.returncode}): {done.stderr[-2000:]}")
        return json.loads(Path(out.name).read_text())


def true_focal(path: Path) -> float | None:
    truth = path.with_suffix(".json")
    if not truth.is_file():
        return None
    values = json.loads(truth.read_text())
    return values["focal_mm"] * 36.0 / values["sensor_mm"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", choices=tuple(KINDS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        result = KINDS[options.one](options.clips[0].resolve())
        options.json.write_text(json.dumps(result))
        sys.stdout.flush()
        os._exit(0)  # the module's own clean-up may complain after everything is written
    rows = []
    print(
        "| clip | | seconds | tracks | error px | frames | focal mm | focal error |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for clip in options.clips:
        runs: dict[str, list[dict]] = {kind: [] for kind in KINDS}
        for _ in range(options.rounds):
            for kind, results in runs.items():
                results.append(in_a_process(kind, clip.resolve()))
        truth = true_focal(clip)
        for kind, results in runs.items():
            seconds = statistics.median(run["seconds"] for run in results)
            last = results[-1]
            error = "" if truth is None else f"{100 * (last['focal_mm'] / truth - 1):+.3f}%"
            print(
                f"| {clip.stem} | {kind} | {seconds:.1f} | {last['tracks']} | {last['error_px']:.3f} |"
                f" {last['frames']} of {last['of']} | {last['focal_mm']:.3f} | {error} |"
            )
            rows.append({"clip": clip.stem, "kind": kind, "seconds": seconds, "runs": results})
        ours, stock, dense = (row["seconds"] for row in rows[-3:])
        for kind, other in (("stock", stock), ("stock dense", dense)):
            print(f"| {clip.stem} | ours / {kind} | {ours / other:.2f} | | | | | |", flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
