"""COLMAP's text models: cameras.txt, images.txt and points3D.txt in one folder.

After COLMAP's "Output Format", https://colmap.github.io/format.html. An image has the rotation, as a
quaternion (w, x, y, z), and the translation that bring the world to the camera, whose x points right, y down
and z ahead. Pixels count from the upper left corner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..engine.model import Floats
from .path import CameraFileError, CameraPath, numbers, read_text

_CAMERAS, _IMAGES, _POINTS = "cameras.txt", "images.txt", "points3D.txt"

MODELS: dict[str, tuple[str, ...]] = {
    "SIMPLE_PINHOLE": ("f", "cx", "cy"),
    "PINHOLE": ("fx", "fy", "cx", "cy"),
    "SIMPLE_RADIAL": ("f", "cx", "cy", "k1"),
    "RADIAL": ("f", "cx", "cy", "k1", "k2"),
    "OPENCV": ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2"),
    "FULL_OPENCV": ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6"),
}
"""Parameters of each camera model that has a straight picture at its heart."""

_TO_BLENDER = np.diag([1.0, -1.0, -1.0, 1.0])
"""From a camera with y up that looks along -z to COLMAP's, y down and z ahead; the same back."""


@dataclass(frozen=True)
class _Lens:
    model: str
    size: tuple[int, int]
    values: dict[str, float]

    @property
    def across(self) -> float:
        return self.values.get("fx", self.values.get("f", 0.0))

    @property
    def up(self) -> float:
        return self.values.get("fy", self.values.get("f", 0.0))

    @property
    def bends(self) -> bool:
        return any(value for name, value in self.values.items() if name[0] in "kp")


def read_colmap(folder: Path | str, *, sensor_width_mm: float, first: int = 1) -> CameraPath:
    """The camera of a text model; ``folder`` may also be one of its three files.

    A picture's frame is the last number in its name (``frame_0012.jpg`` is 12); without numbers they are
    counted from ``first`` in the order of their names. The world stays COLMAP's, which knows no up: lay it
    on a floor. Raises CameraFileError, with file and line, for what cannot be read, InputError for a file
    that cannot be had.
    """
    place = Path(folder)
    if place.suffix == ".txt":
        place = place.parent
    lenses = _read_cameras(str(place / _CAMERAS))
    images = _read_images(str(place / _IMAGES), lenses)
    if not images:
        raise CameraFileError(f"{place / _IMAGES}: error: there is no image in it")
    frames = _frames([name for _, _, name in images], first, str(place / _IMAGES))
    order = np.argsort(frames)
    used = [lenses[images[row][1]] for row in order]
    cameras = np.array([images[row][0] for row in order])
    across = np.array([lens.across / lens.size[0] for lens in used])
    shifts = np.array([_shift(lens) for lens in used])
    points = place / _POINTS
    found = _read_points(str(points)) if points.is_file() else np.zeros((0, 3))
    return CameraPath(
        frames[order], cameras, across * sensor_width_mm, sensor_width_mm, shifts, found, _notes(used)
    )


def _shift(lens: _Lens) -> tuple[float, float]:
    """Blender's shift, in widths, of a lens whose axis is not in the picture's middle."""
    width, height = lens.size
    right, down = lens.values["cx"] - 0.5 * width, lens.values["cy"] - 0.5 * height
    return -right / width, down * lens.across / lens.up / width


def _notes(used: list[_Lens]) -> tuple[str, ...]:
    found = []
    if any(lens.bends for lens in used):
        found.append("The lens's distortion stays behind: a camera in a scene is straight")
    if any(abs(lens.across / lens.up - 1) > 1e-3 for lens in used):
        aspect = used[0].up / used[0].across
        found.append(f"Its pixels have an aspect of {aspect:.4f}; give the render the same")
    return tuple(found)


def _read_cameras(source: str) -> dict[int, _Lens]:
    lenses: dict[int, _Lens] = {}
    for number, line in _lines(source):
        words = line.split()
        if not words:
            continue
        if len(words) < 5:
            raise CameraFileError(f"{source}:{number}: error: a camera has an id, model, size and parameters")
        names = MODELS.get(words[1])
        if names is None:
            known = ", ".join(MODELS)
            raise CameraFileError(
                f"{source}:{number}: error: camera model {words[1][:40]}; known are {known}"
            )
        if len(words) - 4 != len(names):
            raise CameraFileError(
                f"{source}:{number}: error: {words[1]} has {len(names)} parameters, not {len(words) - 4}"
            )
        values = numbers(source, number, [words[0], *words[2:]])
        lens = _Lens(words[1], (int(values[1]), int(values[2])), dict(zip(names, values[3:])))
        if min(lens.size) < 1 or lens.across <= 0 or lens.up <= 0:
            raise CameraFileError(f"{source}:{number}: error: a camera without size or focal length")
        lenses[int(values[0])] = lens
    return lenses


def _read_images(source: str, lenses: dict[int, _Lens]) -> list[tuple[Floats, int, str]]:
    """Camera to world, lens and name of each image; the line after each, of its 2D points, is passed over."""
    images = []
    lines = _lines(source)
    for number, line in lines:
        words = line.split(None, 9)
        if not words:
            continue
        if len(words) != 10:
            raise CameraFileError(f"{source}:{number}: error: an image has ten parts, not {len(words)}")
        values = numbers(source, number, words[:9])
        if int(values[8]) not in lenses:
            raise CameraFileError(f"{source}:{number}: error: there is no camera {words[8]}")
        images.append((_camera(source, number, values), int(values[8]), words[9].strip()))
        next(lines, None)
    return images


def _camera(source: str, number: int, values: list[float]) -> Floats:
    """(4, 4) camera to world of an image's quaternion and translation."""
    quaternion = np.array(values[1:5])
    length = float(np.linalg.norm(quaternion))
    if not 0.5 < length < 2:
        raise CameraFileError(f"{source}:{number}: error: the rotation is no unit quaternion")
    w, x, y, z = quaternion / length
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    camera = np.eye(4)
    camera[:3, :3] = turn.T
    camera[:3, 3] = -turn.T @ values[5:8]
    return camera @ _TO_BLENDER


def _read_points(source: str) -> Floats:
    rows = []
    for number, line in _lines(source):
        words = line.split()
        if not words:
            continue
        if len(words) < 8:
            raise CameraFileError(f"{source}:{number}: error: a point has an id, a place, a colour, an error")
        rows.append(numbers(source, number, words[1:4]))
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _frames(names: list[str], first: int, source: str) -> np.ndarray:
    """(n,) the frame of each picture. Raises CameraFileError where two would have the same."""
    found = [re.findall(r"\d+", Path(name).stem) for name in names]
    if all(found):
        frames = [int(digits[-1]) for digits in found]
    else:
        ranks = {name: rank for rank, name in enumerate(sorted(names))}
        frames = [first + ranks[name] for name in names]
    seen: set[int] = set()
    for frame, name in zip(frames, names):
        if frame in seen:
            raise CameraFileError(f"{source}: error: two images are of frame {frame}, one is {name[:60]}")
        seen.add(frame)
        if frame > 1_048_574:
            raise CameraFileError(f"{source}: error: {frame} in {name[:60]} is no frame that Blender has")
    return np.array(frames, dtype=np.int32)


def _lines(source: str) -> Iterator[tuple[int, str]]:
    """The lines of a file that are no comments, with their numbers; empty ones, too."""
    for number, line in enumerate(read_text(source).splitlines(), 1):
        if not line.lstrip().startswith("#"):
            yield number, line
