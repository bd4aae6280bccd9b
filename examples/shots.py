"""Seven shots of seven kinds: draws their footage, builds and renders them, and shows them on one sheet.

``python examples/shots.py FOLDER`` with a Python that has bpy, PyYAML and OpenCV. The shot files are those
in ``examples/shots``; what they need is drawn here: textured planes before a camera that is known exactly.
FOLDER gets the shots, what was built of them, the rendered frames, and ``sheet.jpg``. ``--only NAME`` does
one of them. Exit status 0 when every shot was built and rendered.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")

import cv2
import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

from addon.tracking.camera_files.chan import write_chan  # noqa: E402
from addon.tracking.camera_files.path import CameraPath  # noqa: E402
from addon.tracking.engine.lens import PlateLens  # noqa: E402
from addon.tracking.stmap_out import write_stmaps  # noqa: E402
from tests import drawn  # noqa: E402

SHOTS = REPOSITORY / "examples" / "shots"
WIDTH, HEIGHT = 240, 136
FRAMES = 24
HERO_FRAMES, SEQUENCE_FRAMES, FIRST_NUMBER = 150, 40, 1001
BENT_MM, BENT_K1 = 24.0, -0.1
FOCAL_MM = 30.0

RENDERED = {
    "composite_knob_hero": (1, 75),
    "sequence_with_handles": (1009, 1032),
    "portrait": (1, 24),
    "locked_off": (1, 24),
    "st_map": (1, 24),
    "corner_pin": (1, 24),
    "stabilised": (1, 24),
}
"""Two scene frames of each shot."""


def draw(folder: Path) -> None:
    """Copies the shot files into ``folder`` and draws what they need beside them."""
    footage = folder / "footage"
    footage.mkdir(parents=True, exist_ok=True)
    for shot in SHOTS.glob("*.yaml"):
        shutil.copy(shot, folder)
    drawn.draw_clip(
        footage / "knob_hero_4k.mp4", frames=HERO_FRAMES, width=WIDTH, height=HEIGHT, codec="mp4v"
    )
    drawn.draw_clip(footage / "handheld.avi", frames=FRAMES, width=WIDTH, height=HEIGHT)
    drawn.draw_clip(footage / "portrait.avi", frames=FRAMES, width=HEIGHT, height=WIDTH, focal_mm=48.0)
    drawn.draw_clip(
        footage / "st_map.avi", frames=FRAMES, width=WIDTH, height=HEIGHT, focal_mm=BENT_MM, k1=BENT_K1
    )
    lens = PlateLens(WIDTH, HEIGHT, BENT_MM / 36.0 * WIDTH, coefficients=(BENT_K1,))
    write_stmaps(lens, None, footage / "distort.exr")
    cameras = drawn.standing(FRAMES)
    drawn.draw_clip(footage / "locked_off.avi", frames=FRAMES, width=WIDTH, height=HEIGHT, cameras=cameras)
    numbers = np.arange(1, FRAMES + 1, dtype=np.int32)
    path = CameraPath(numbers, cameras, np.full(FRAMES, FOCAL_MM), 36.0)
    write_chan(footage / "locked_off.chan", path, height_to_width=HEIGHT / WIDTH)
    poster = np.zeros((90, 120, 3), np.uint8)
    poster[:], poster[15:-15, 15:-15] = (40, 60, 220), (60, 220, 240)
    cv2.imwrite(str(footage / "poster.png"), poster)
    _draw_sequence(footage)


def _draw_sequence(footage: Path) -> None:
    """The pictures plate.1001.png and on."""
    whole = footage / "whole.avi"
    drawn.draw_clip(whole, frames=SEQUENCE_FRAMES, width=WIDTH, height=HEIGHT, cameras=drawn.dolly(40))
    capture = cv2.VideoCapture(str(whole))
    for number in range(FIRST_NUMBER, FIRST_NUMBER + SEQUENCE_FRAMES):
        cv2.imwrite(str(footage / f"plate.{number}.png"), capture.read()[1])
    capture.release()
    whole.unlink()


def build(folder: Path, name: str) -> bool:
    """Builds and renders one shot, each in a process of its own; True where both went well."""
    frames = ",".join(map(str, RENDERED[name]))
    shot, out = str(folder / f"{name}.yaml"), str(folder / "frames")
    for verb, *more in (("assemble",), ("render", "--frames", frames, "--output", out)):
        began = time.perf_counter()
        call = [sys.executable, "-m", "addon", verb, shot, *more]
        status = subprocess.run(call, cwd=REPOSITORY, check=False).returncode
        print(f"{name}: {verb} ended with {status} after {time.perf_counter() - began:.1f} s", flush=True)
        if status:
            return False
    return True


def sheet(folder: Path, names: list[str]) -> Path:
    """The rendered frames of the shots, a row each, as one picture."""
    rows = []
    for name in names:
        pictures = [_picture(next((folder / "frames").glob(f"{name}_{at:04}.*"))) for at in RENDERED[name]]
        row = np.hstack([_fitted(picture) for picture in pictures])
        cv2.putText(row, name, (6, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 255), 1, cv2.LINE_AA)
        rows.append(row)
    path = folder / "sheet.jpg"
    cv2.imwrite(str(path), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return path


def _picture(path: Path) -> np.ndarray:
    """A frame as 8 bit BGR; of an EXR the linear light gets the display's curve."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., :3]
    if path.suffix != ".exr":
        return picture
    linear = np.clip(picture.astype(np.float32), 0, 1)
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * curved).astype(np.uint8)


def _fitted(picture: np.ndarray) -> np.ndarray:
    """The picture in the middle of a field of the sheet."""
    scale = min(WIDTH / picture.shape[1], HEIGHT / picture.shape[0])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    field = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    top, left = (HEIGHT - small.shape[0]) // 2, (WIDTH - small.shape[1]) // 2
    field[top : top + small.shape[0], left : left + small.shape[1]] = small
    return field


def main() -> int:
    """Draws, builds, renders; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", action="append", choices=RENDERED, metavar="NAME")
    options = parser.parse_args()
    folder = options.folder.absolute()
    names = options.only or list(RENDERED)
    draw(folder)
    failed = [name for name in names if not build(folder, name)]
    if not failed:
        print(f"sheet: {sheet(folder, names)}")
    for name in failed:
        print(f"shots: error: {name} was not built and rendered", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
