"""Nuke's .chan: a line a frame, with the camera's place, its angles and its field of view.

As Nuke's Camera node writes and reads it: frame, x y z, angles about x y z in degrees, and the vertical field
of view in degrees, parted by blanks. Y is up there and the camera looks along -Z; angles are of the rotation
order that the node is set to, ZXY unless somebody changed it (first about z, then x, then y).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..engine.model import Floats
from ..errors import InputError
from ..files import write_atomically
from .path import CameraFileError, CameraPath, numbers, read_text

ORDERS = ("ZXY", "XYZ", "XZY", "YXZ", "YZX", "ZYX")
"""Rotation orders; the first letter turns first."""

Y_UP = np.array([[1.0, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]])
"""From Blender's world, +Z up, to one with +Y up: what is ahead there (+Y) is -Z."""

MOST_FRAME = 1_048_574
"""Blender's last frame."""


def write_chan(path: Path | str, camera: CameraPath, *, height_to_width: float) -> None:
    """Writes a camera; ``height_to_width`` is the picture's height over its width, as it is shown.

    Raises InputError where the file cannot be written.
    """
    write_atomically(Path(path), to_chan(camera, height_to_width=height_to_width))


def to_chan(camera: CameraPath, *, height_to_width: float) -> str:
    """The text of a camera's .chan, in rotation order ZXY."""
    places = (Y_UP @ camera.cameras)[:, :3]
    angles = np.degrees(np.unwrap(_zxy_angles(places[:, :, :3]), axis=0))
    height = camera.sensor_width_mm * height_to_width
    fields = np.degrees(2 * np.arctan2(0.5 * height, camera.focals_mm))
    table = np.column_stack([places[:, :, 3], angles, fields])
    lines = [
        "\t".join([str(frame), *(f"{value:.12g}" for value in row)])
        for frame, row in zip(camera.frames.tolist(), table.tolist())
    ]
    return "\n".join(lines) + "\n"


def _zxy_angles(turns: Floats) -> Floats:
    """(c, 3) angles about x, y and z of rotations (c, 3, 3) that are Ry Rx Rz."""
    about_x = np.arctan2(-turns[:, 1, 2], np.hypot(turns[:, 1, 0], turns[:, 1, 1]))
    about_y = np.arctan2(turns[:, 0, 2], turns[:, 2, 2])
    about_z = np.arctan2(turns[:, 1, 0], turns[:, 1, 1])
    # Straight up or down, y and z turn about one axis: all of it is given to y.
    locked = np.hypot(turns[:, 1, 0], turns[:, 1, 1]) < 1e-9
    about_y[locked] = np.arctan2(-turns[locked, 2, 0], turns[locked, 0, 0])
    about_z[locked] = 0.0
    return np.column_stack([about_x, about_y, about_z])


def read_chan(
    path: Path | str, *, sensor_width_mm: float, height_to_width: float, order: str = "ZXY"
) -> CameraPath:
    """The camera of a .chan file.

    The file says how far up and down the lens sees; ``sensor_width_mm`` and the picture's
    ``height_to_width`` make a focal length of it. Without that column the camera keeps the one it has
    (``focals_mm`` is empty). Raises CameraFileError, with file and line, for what is no .chan, InputError
    for a file that cannot be had or an unknown ``order``.
    """
    if order not in ORDERS:
        raise InputError(f"'{order}' is no rotation order; known: {', '.join(ORDERS)}")
    source = str(path)
    rows: list[list[float]] = []
    for number, line in enumerate(read_text(source).splitlines(), 1):
        words = line.replace(",", " ").split()
        if not words or words[0].startswith("#"):
            continue
        rows.append(_row(source, number, words, rows))
    if not rows:
        raise CameraFileError(f"{source}: error: there is no frame in it")
    table = np.array(rows)
    cameras = np.tile(np.eye(4), (len(table), 1, 1))
    cameras[:, :3, :3] = rotations(np.radians(table[:, 4:7]), order)
    cameras[:, :3, 3] = table[:, 1:4]
    focals = np.empty(0)
    if table.shape[1] == 8:
        focals = 0.5 * sensor_width_mm * height_to_width / np.tan(0.5 * np.radians(table[:, 7]))
    return CameraPath(table[:, 0].astype(np.int32), Y_UP.T @ cameras, focals, sensor_width_mm)


def _row(source: str, number: int, words: list[str], rows: list[list[float]]) -> list[float]:
    """The numbers of a line. Raises CameraFileError where they cannot be a frame of a camera."""

    def error(message: str) -> CameraFileError:
        return CameraFileError(f"{source}:{number}: error: {message}")

    if len(words) not in (7, 8):
        raise error(f"a frame has 7 or 8 numbers, not {len(words)}")
    values = numbers(source, number, words)
    if values[0] != int(values[0]) or abs(values[0]) > MOST_FRAME:
        raise error(f"'{words[0]}' is no frame")
    if rows and len(values) != len(rows[0]):
        raise error(f"{len(values)} numbers, where the lines before have {len(rows[0])}")
    if rows and values[0] <= rows[-1][0]:
        raise error(f"frame {words[0]} comes after frame {rows[-1][0]:g}")
    if len(values) == 8 and not 0 < values[7] < 180:
        raise error(f"a field of view of {words[7]} degrees cannot be")
    return values


def rotations(angles: Floats, order: str) -> Floats:
    """(c, 3, 3) rotations of angles about x, y and z (c, 3); the first letter of ``order`` turns first."""
    made = np.tile(np.eye(3), (len(angles), 1, 1))
    for letter in order:
        axis = "XYZ".index(letter)
        cosine, sine = np.cos(angles[:, axis]), np.sin(angles[:, axis])
        one, other = (axis + 1) % 3, (axis + 2) % 3
        turn = np.tile(np.eye(3), (len(angles), 1, 1))
        turn[:, one, one] = turn[:, other, other] = cosine
        turn[:, other, one], turn[:, one, other] = sine, -sine
        made = turn @ made
    return made
