"""A camera's way through a shot, as it passes between files and scenes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..engine.model import Floats, Ints
from ..errors import InputError

CHAN, ALEMBIC, FBX, USD, COLMAP = "chan", "alembic", "fbx", "usd", "colmap"
ENDINGS = {".chan": CHAN, ".abc": ALEMBIC, ".fbx": FBX, ".usd": USD, ".usda": USD, ".usdc": USD}
"""The formats of a camera by the ending of a file's name, out and in."""
COLMAP_FILES = ("cameras.txt", "images.txt", "points3D.txt")

MOST_BYTES = 256 * 1024 * 1024
"""A larger text is no camera."""


class CameraFileError(InputError):
    """A file of a camera cannot be read; the message names file and line."""


@dataclass(frozen=True)
class CameraPath:
    """A camera frame by frame, in Blender's world: +Z is up, the camera looks along its -Z."""

    frames: Ints
    """(c,) scene frames, ascending."""
    cameras: Floats
    """(c, 4, 4) camera to world, without scale."""
    focals_mm: Floats
    """(c,) focal length of each frame."""
    sensor_width_mm: float
    """Width of the sensor, which is that of the picture."""
    shifts: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    """(c, 2) shift of the lens as Blender has it, in widths of the picture; empty for none."""
    points: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    """(p, 3) points that came along, in the world."""
    notes: tuple[str, ...] = ()
    """What of the file could not be taken over, as sentences."""

    def moved(self, world: Floats) -> CameraPath:
        """The same in a world that a similarity (4, 4) leads to."""
        cameras = world @ self.cameras
        cameras[:, :3, :3] /= np.cbrt(np.linalg.det(world[:3, :3]))
        return replace(self, cameras=cameras, points=self.points @ world[:3, :3].T + world[:3, 3])

    @property
    def has_shift(self) -> bool:
        return bool(len(self.shifts)) and bool(np.abs(self.shifts).max() > 1e-9)

    @property
    def zooms(self) -> bool:
        return bool(np.ptp(self.focals_mm) > 1e-6)


def read_text(path: str) -> str:
    """The text of a file. Raises CameraFileError where it is none, InputError where it can't be had."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    if len(data) > MOST_BYTES:
        raise CameraFileError(f"{path}: error: too large for a camera")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CameraFileError(f"{path}: error: not a text") from None


def numbers(path: str, line: int, words: list[str]) -> list[float]:
    """The words as numbers. Raises CameraFileError, at its line, for one that is none."""
    values = []
    for word in words:
        try:
            value = float(word)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            raise CameraFileError(f"{path}:{line}: error: '{word[:40]}' is no number")
        values.append(value)
    return values
