"""The demo: tracks the bundled clip, sets a robot into it, renders three stills, checks the camera.

``python examples/demo.py`` with a Python that has bpy, PyYAML and OpenCV; ``make demo`` sets that up. The
results go to the folder ``demo`` in the repository. The camera that was solved is compared with the one that
drew the clip (``first_shot/truth.json``). Exit status 0 when everything was built and the camera is right,
else 1.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

REPOSITORY = Path(__file__).resolve().parent.parent
SHOT = Path("examples/first_shot/shot.yaml")
TRUTH = Path("examples/first_shot/truth.json")

FOCAL_LIMIT_PERCENT = 0.5
PATH_LIMIT_PERCENT = 0.2
"""A camera farther than this from the true one makes the demo fail."""


@dataclass(frozen=True)
class Comparison:
    """How far a solved camera is from the true one."""

    frames: int
    frames_true: int
    focal_mm: float
    """On the truth's sensor, which is ``sensor_mm`` wide."""
    sensor_mm: float
    focal_error_percent: float
    path_error_percent: float
    """Root mean square distance of the camera centres, of the diagonal of the true path's bounding box."""
    rotation_degrees: float
    """Mean angle between the orientations."""

    def complaints(self) -> list[str]:
        """What is outside the limits, one line each."""
        found = []
        if self.frames < self.frames_true:
            found.append(f"only {self.frames} of {self.frames_true} frames have a camera")
        if not abs(self.focal_error_percent) <= FOCAL_LIMIT_PERCENT:
            found.append(
                f"the focal length is {self.focal_error_percent:+.3f}% off; limit {FOCAL_LIMIT_PERCENT}%"
            )
        if not self.path_error_percent <= PATH_LIMIT_PERCENT:
            found.append(
                f"the camera's path is {self.path_error_percent:.3f}% off; limit {PATH_LIMIT_PERCENT}%"
            )
        return found


def nearest_rotation(matrix: Floats) -> Floats:
    """The rotation (3, 3) nearest to a (3, 3) matrix."""
    u, _, vt = np.linalg.svd(matrix)
    return u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt


def similarity(points: Floats, targets: Floats) -> tuple[float, Floats, Floats]:
    """Scale, rotation (3, 3) and shift (3,) that bring points (n, 3) nearest to targets (n, 3).

    Least squares, after Umeyama, "Least-squares estimation of transformation parameters between two
    point patterns", 1991.
    """
    points_mean, targets_mean = points.mean(axis=0), targets.mean(axis=0)
    centred, wanted = points - points_mean, targets - targets_mean
    rotation = nearest_rotation(wanted.T @ centred)
    spread = float(np.sum(centred**2))
    scale = float(np.sum(wanted * (centred @ rotation.T))) / spread if spread else 0.0
    return scale, rotation, targets_mean - scale * rotation @ points_mean


def mean_angle(solved: Floats, true: Floats) -> float:
    """Mean angle in degrees between orientations (n, 3, 3) after the best constant rotation of the world."""
    world = nearest_rotation(np.einsum("nij,nkj->ik", true, solved))
    chords = np.linalg.norm(world @ solved - true, axis=(1, 2)) / math.sqrt(8.0)
    return math.degrees(float(np.mean(2.0 * np.arcsin(np.clip(chords, 0.0, 1.0)))))


def compare(matrices: Floats, focal_mm: Floats, frames: list[int], truth: dict) -> Comparison:
    """The solved cameras against the truth.

    ``matrices`` (n, 4, 4) camera to world, ``focal_mm`` (n,) on the truth's sensor, for footage ``frames``.
    Raises ValueError where fewer than three frames have a camera.
    """
    if len(frames) < 3:
        raise ValueError(f"{len(frames)} frames with a camera are too few to compare")
    every = np.array([truth["camera_to_world"][str(i)] for i in range(1, truth["frames"] + 1)])
    true = every[np.array(frames) - 1]
    scale, rotation, shift = similarity(matrices[:, :3, 3], true[:, :3, 3])
    apart = matrices[:, :3, 3] @ (scale * rotation).T + shift - true[:, :3, 3]
    diagonal = float(np.linalg.norm(np.ptp(every[:, :3, 3], axis=0)))
    turns = np.array([nearest_rotation(m) for m in matrices[:, :3, :3]])
    focal = float(np.mean(focal_mm))
    return Comparison(
        frames=len(frames),
        frames_true=truth["frames"],
        focal_mm=focal,
        sensor_mm=truth["sensor_mm"],
        focal_error_percent=100.0 * (focal / truth["focal_mm"] - 1.0),
        path_error_percent=100.0 * math.sqrt(float(np.mean(np.sum(apart**2, axis=1)))) / diagonal,
        rotation_degrees=mean_angle(turns, true[:, :3, :3]),
    )


def read_cameras(blend: Path, truth: dict) -> tuple[Floats, Floats, list[int]]:
    """The scene camera of a .blend: matrices (n, 4, 4), focal lengths (n,) and their footage frames.

    A frame that has no camera in the clip's solve is left out. Raises ValueError where the file has no
    camera or no solved clip.
    """
    import bpy

    bpy.ops.wm.open_mainfile(filepath=str(blend), load_ui=False)
    scene = bpy.context.scene
    clip = next((c for c in bpy.data.movieclips if c.tracking.reconstruction.is_valid), None)
    if scene.camera is None or clip is None:
        raise ValueError(f"{blend} has no {'camera' if scene.camera is None else 'solved clip'}")
    solved = {c.frame for c in clip.tracking.reconstruction.cameras}
    matrices, focal_mm, frames = [], [], []
    for frame in sorted(solved & set(range(1, truth["frames"] + 1))):
        scene.frame_set(frame + clip.frame_start - 1)
        camera = scene.camera.evaluated_get(bpy.context.evaluated_depsgraph_get())
        matrices.append(np.array(camera.matrix_world))
        focal_mm.append(camera.data.lens / camera.data.sensor_width * truth["sensor_mm"])
        frames.append(frame)
    return np.array(matrices).reshape(-1, 4, 4), np.array(focal_mm), frames


def step(title: str, *arguments: str) -> bool:
    """Runs one verb of the add-on in a process of its own, its output shown; True when it ended well."""
    print(f"== {title}", flush=True)
    started = time.perf_counter()
    status = subprocess.run(
        [sys.executable, "-m", "addon", *arguments], cwd=REPOSITORY, check=False
    ).returncode
    if status:
        print(
            f"demo: error: `python -m addon {' '.join(arguments)}` ended with status {status}",
            file=sys.stderr,
        )
    else:
        print(f"   {time.perf_counter() - started:.0f} s", flush=True)
    return status == 0


def describe(report: dict, result: Comparison, blend: Path, pictures: list[Path]) -> str:
    """The demo's closing lines."""
    solve, tracking = report["solve"], report["tracking"]
    lines = [
        "",
        f"Solve     {tracking['tracks']} tracks, {solve['frames_solved']} frames, average error"
        f" {solve['average_error_px']:.3f} px, verdict {solve['verdict']}",
        f"Camera    {result.focal_mm:.3f} mm on a {result.sensor_mm:g} mm sensor,"
        f" {result.focal_error_percent:+.3f}% from the true one;"
        f" path off by {result.path_error_percent:.4f}%, rotation by {result.rotation_degrees:.4f} degrees",
        *(f"Picture   {picture}" for picture in pictures),
        f"Blender   {blend}",
    ]
    return "\n".join(lines)


def arguments() -> argparse.Namespace:
    """What the call asks for."""
    parser = argparse.ArgumentParser(description="Tracks, builds and renders the bundled example.")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "demo", help="folder for the results")
    parser.add_argument(
        "--compare", type=Path, metavar="BLEND", help="only compare this solved .blend with the truth"
    )
    return parser.parse_args()


def check(blend: Path, truth: dict) -> tuple[Comparison | None, list[str]]:
    """The comparison of a .blend's camera with the truth, and what is wrong."""
    try:
        result = compare(*read_cameras(blend, truth), truth)
    except (ValueError, RuntimeError) as error:
        return None, [str(error).strip()]
    return result, result.complaints()


def shown(path: Path) -> Path:
    """The path from the working folder where it lies below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def main() -> int:
    """Runs the demo; the exit status."""
    options = arguments()
    truth = json.loads((REPOSITORY / TRUTH).read_text(encoding="utf-8"))
    if options.compare:
        result, wrong = check(options.compare, truth)
        print(result)
        for line in wrong:
            print(f"demo: error: {line}", file=sys.stderr)
        return 1 if wrong else 0

    started = time.perf_counter()
    output = Path(os.path.abspath(options.output))
    blend, report_file, pictures_folder = (
        output / "first_shot.blend",
        output / "report.json",
        output / "pictures",
    )
    pictures_folder.mkdir(parents=True, exist_ok=True)
    for old in (blend, report_file, *pictures_folder.glob("*.png")):
        old.unlink(missing_ok=True)
    if not step(
        "Track, solve and build the shot",
        "assemble",
        str(SHOT),
        "--blend",
        str(blend),
        "--session-dir",
        str(output),
        "--fresh",
        "--json",
        str(report_file),
    ):
        return 1
    middle, last = (truth["frames"] + 1) // 2, truth["frames"]
    for frame in (1, middle, last):
        if not step(
            f"Render frame {frame}",
            "render",
            str(blend),
            "--frames",
            f"{frame}-{frame}",
            "--output",
            str(pictures_folder),
        ):
            return 1
    pictures = sorted(pictures_folder.glob("*.png"))
    result, wrong = check(blend, truth)
    if len(pictures) < 3:
        wrong.append(f"{len(pictures)} pictures were rendered instead of 3")
    if result is not None:
        report = json.loads(report_file.read_text(encoding="utf-8"))
        print(describe(report, result, shown(blend), [shown(p) for p in pictures]))
    print(f"{'Failed' if wrong else 'Done'} in {time.perf_counter() - started:.0f} s")
    for line in wrong:
        print(f"demo: error: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
