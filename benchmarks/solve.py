"""From a clip to a camera: this add-on against Blender's own tools and pycolmap, one table in one run.

    .envs/bpy-4.5/bin/python benchmarks/solve.py CLIP [CLIP …] [--dense] [--colmap [PYTHON]]

Ours: look at the footage, track, vote, solve, tracks into the clip, one native solve with the lens fixed.
Stock: Blender's detection as it stands, which finds a dozen or two points, the whole clip tracked, solved
with keyframe selection and the focal length refined; "stock dense" (--dense) has about as many points in
view as ours (threshold 0.01, 40 pixels apart). pycolmap (--colmap, with the Python that has its wheel and
OpenCV's where it is not this one): SIFT on every frame, sequential matching, one SIMPLE_RADIAL camera.
Decoding: every picture of the clip read with OpenCV and thrown away.

All start at 30 mm, each measurement in a process of its own, taking turns. Seconds are the medians of the
rounds, memory the most that a process held, Blender itself included. Where CLIP.json holds a true camera:
the focal length's error, the path's in percent of its size and the rotation's in degrees (see truth.py).
Other work on the machine changes seconds; the ratios, measured side by side, are what counts.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from truth import path_percent, read_truth, rotation_degrees

START_MM = 30.0
PRESET = "high_quality"
REPOSITORY = Path(__file__).resolve().parent.parent
LIMIT_S = 900.0
"""pycolmap is stopped after so many seconds."""
COLUMNS = (
    "clip",
    "",
    "error px",
    "frames",
    "focal mm",
    "focal error",
    "path",
    "rotation",
    "tracks",
    "seconds",
    "memory",
)


def measure_ours(path: Path, preset: str) -> dict:
    """One run of ours."""
    sys.path.insert(0, str(REPOSITORY))
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
            settings=load_tracking_preset(preset),
            lens=LensStart(START_MM),
        )
        for _ in run_session(session):
            pass
        solve = session.solve()
        taken = take_in(clip, session.tracks(), solve)
        seconds = time.perf_counter() - started
    assert taken.native is not None
    return {**in_the_clip(clip, seconds), "verdict": solve.verdict, "k1": solve.lens.k1}


def measure_dense(path: Path, _preset: str) -> dict:
    """One run of Blender's own tools with about as many points in view as ours."""
    return _stock(path, threshold=0.01, min_distance=40)


def measure_stock(path: Path, _preset: str) -> dict:
    """One run of Blender's own tools."""
    return _stock(path)


def _stock(path: Path, **detection: float) -> dict:
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
    return in_the_clip(clip, seconds)


def in_the_clip(clip, seconds: float) -> dict:
    """What stands in Blender's clip after a run."""
    reconstruction = clip.tracking.reconstruction
    return {
        "seconds": seconds,
        "error_px": reconstruction.average_error,
        "tracks": len(clip.tracking.tracks),
        "of": clip.frame_duration,
        "focal_mm": clip.tracking.camera.focal_length,
        "cameras": {camera.frame: np.array(camera.matrix).tolist() for camera in reconstruction.cameras},
    }


def measure_colmap(path: Path, _preset: str) -> dict:
    """One run of pycolmap, its pictures written as PNG files first."""
    import cv2
    import pycolmap

    pycolmap.logging.minloglevel = 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pictures, base = folder / "pictures", folder / "base.db"
        pictures.mkdir()
        started = time.perf_counter()
        capture = cv2.VideoCapture(str(path))
        count, width, height = 0, 0, 0
        while (read := capture.read())[0]:
            count += 1
            height, width = read[1].shape[:2]
            cv2.imwrite(str(pictures / f"{count:05}.png"), read[1])
        focal = START_MM / 36.0 * width
        pycolmap.extract_features(
            base,
            pictures,
            camera_mode=pycolmap.CameraMode.SINGLE,
            reader_options=pycolmap.ImageReaderOptions(
                camera_model="SIMPLE_RADIAL", camera_params=f"{focal},{width / 2},{height / 2},0"
            ),
            device=pycolmap.Device.cpu,
        )
        pycolmap.match_sequential(base, device=pycolmap.Device.cpu)
        models = pycolmap.incremental_mapping(base, pictures, folder)
        seconds = time.perf_counter() - started
        result = {"seconds": seconds, "of": count, "cameras": {}, "error_px": None, "focal_mm": None}
        if not models:
            return result
        best = max(models.values(), key=lambda model: model.num_reg_images())
        flip = np.diag([1.0, -1.0, -1.0, 1.0])
        for image in best.images.values():
            if not image.has_pose:
                continue
            world = np.eye(4)
            world[:3] = image.cam_from_world().inverse().matrix()
            result["cameras"][int(Path(image.name).stem)] = (world @ flip).tolist()
        camera = next(iter(best.cameras.values()))
        result["error_px"] = best.compute_mean_reprojection_error()
        result["tracks"] = best.num_points3D()
        result["focal_mm"] = camera.mean_focal_length() / width * 36.0
    return result


def measure_decoding(path: Path, _preset: str) -> dict:
    """Every picture of the clip decoded once, and nothing else."""
    import cv2

    started = time.perf_counter()
    capture, count = cv2.VideoCapture(str(path)), 0
    while capture.read()[0]:
        count += 1
    return {"seconds": time.perf_counter() - started, "of": count}


KINDS = {
    "ours": measure_ours,
    "stock": measure_stock,
    "stock dense": measure_dense,
    "pycolmap": measure_colmap,
    "decoding": measure_decoding,
}


def most_memory_mb() -> float:
    """The most memory that this process ever held, in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def in_a_process(kind: str, path: Path, preset: str, python: str, limit: float | None) -> dict | None:
    """One measurement in a process of its own; None where it took longer than ``limit`` seconds."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [python, __file__, str(path), "--one", kind, "--json", out.name, "--preset", preset]
        # One thread of linear algebra for ours, as the worker has it.
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"} if kind == "ours" else None
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, env=environment, timeout=limit
            )
        except subprocess.TimeoutExpired:
            return None
        if done.returncode:
            raise SystemExit(f"{kind} on {path.name} failed ({done.returncode}): {done.stderr[-2000:]}")
        return dict(json.loads(Path(out.name).read_text()))


def can_import(python: str, module: str) -> bool:
    """True where a Python has a module."""
    if python == sys.executable:
        return importlib.util.find_spec(module) is not None
    done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
    return done.returncode == 0


def row(clip: Path, kind: str, runs: list[dict], preset: str) -> str:
    """A line of the table."""
    last = runs[-1]
    seconds = statistics.median(run["seconds"] for run in runs)
    memory = max(run["memory_mb"] for run in runs)
    cells = [clip.stem, f"ours, {preset}" if kind == "ours" else kind]
    if "cameras" not in last:
        cells += ["", f"{last['of']}"] + [""] * 5
    else:
        cameras = {int(frame): np.array(matrix) for frame, matrix in last["cameras"].items()}
        truth = read_truth(clip)
        focal, error = last["focal_mm"], last["error_px"]
        path = path_percent(cameras, truth) if truth else None
        turn = rotation_degrees(cameras, truth) if truth else None
        cells += [
            "" if error is None else f"{error:.3f}",
            f"{len(cameras)} of {last['of']}",
            "" if focal is None else f"{focal:.3f}",
            "" if focal is None or truth is None else f"{100 * (focal / truth.focal_mm - 1):+.3f}%",
            "" if path is None else f"{path:.4f}%",
            "" if turn is None else f"{turn:.4f}°",
            str(last.get("tracks", "")),
        ]
    return "| " + " | ".join([*cells, f"{seconds:.1f}", f"{memory:.0f} MB"]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3, help="pycolmap runs once")
    parser.add_argument("--preset", default=PRESET, help="tracking preset of ours")
    parser.add_argument("--dense", action="store_true", help="Blender's tools with many points too")
    parser.add_argument("--colmap", nargs="?", const=sys.executable, metavar="PYTHON")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds that pycolmap may take")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--one", choices=tuple(KINDS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        result = KINDS[options.one](options.clips[0].resolve(), options.preset)
        result["memory_mb"] = most_memory_mb()
        options.json.write_text(json.dumps(result))
        sys.stdout.flush()
        os._exit(0)  # the module's own clean-up may complain after everything is written
    kinds = ["ours", "stock", *(["stock dense"] if options.dense else []), "decoding"]
    print("| " + " | ".join(COLUMNS) + " |\n|" + " --- |" * len(COLUMNS), flush=True)
    kept = []
    for clip in (path.resolve() for path in options.clips):
        runs: dict[str, list[dict]] = {kind: [] for kind in kinds}
        for _ in range(options.rounds):
            for kind, results in runs.items():
                done = in_a_process(kind, clip, options.preset, sys.executable, None)
                assert done is not None
                results.append(done)
        for kind, results in runs.items():
            print(row(clip, kind, results, options.preset), flush=True)
        if options.colmap:
            why = "not measured: no pycolmap here"
            if can_import(options.colmap, "pycolmap"):
                found = in_a_process("pycolmap", clip, options.preset, options.colmap, options.limit)
                why = f"not done after {options.limit:.0f} s"
                if found:
                    runs["pycolmap"] = [found]
                    print(row(clip, "pycolmap", [found], options.preset), flush=True)
            if "pycolmap" not in runs:
                print(f"| {clip.stem} | pycolmap | {why} |" + " |" * (len(COLUMNS) - 3), flush=True)
        seconds = {kind: statistics.median(run["seconds"] for run in some) for kind, some in runs.items()}
        ratios = [f"{seconds['ours'] / seconds[kind]:.3g} of {kind}" for kind in seconds if kind != "ours"]
        blank = " |" * (len(COLUMNS) - 3)
        print(f"| {clip.stem} | ours takes | {', '.join(ratios)} |{blank}", flush=True)
        kept.append({"clip": clip.stem, "preset": options.preset, "runs": runs})
    if options.json:
        options.json.write_text(json.dumps(kept, indent=1))


if __name__ == "__main__":
    main()
