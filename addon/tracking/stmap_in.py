"""ST-maps from elsewhere: which convention they follow, and the same map in ours.

Programs differ in where v begins, in what stands for the first pixel's centre (half a pixel, 0, or 0 with
1 for the last), in whether places or offsets are stored, and in how overscan is told. Origin and kind of
value can be told from any map of a lens, by its slopes. Where centres lie can be told only from a map
that is nearly the identity: any other could be a lens half a pixel off axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from . import exr
from .engine.model import Floats
from .errors import InputError
from .overscan import NO_OVERSCAN, Overscan
from .stmap import UNDISTORT
from .stmap_out import KIND, OVERSCAN, PLATE_SIZE

ORIGINS = ("bottom_left", "top_left")
CENTERS = ("half", "integer", "corner")
"""What u the first pixel's centre has: half a pixel, 0, or 0 where the last one has 1."""
VALUES = ("uv", "offset", "offset_px")
"""Places in the picture, or offsets from the pixel itself, in pictures or in pixels."""

NEAR_IDENTITY_PX = 0.2
"""A map nearer to the identity than this, in one of the ways to count, and not in another, is one."""
ASPECT_TOLERANCE = 0.01


@dataclass(frozen=True)
class Convention:
    """How a map is to be read."""

    origin: str = "bottom_left"
    centers: str = "half"
    values: str = "uv"

    def text(self) -> str:
        """The convention in words."""
        return ", ".join(
            [
                "origin " + self.origin.replace("_", " "),
                {
                    "half": "pixel centres at one half",
                    "integer": "pixel centres at whole numbers",
                    "corner": "0 and 1 at the centres of the outermost pixels",
                }[self.centers],
                {"uv": "places", "offset": "offsets in pictures", "offset_px": "offsets in pixels"}[
                    self.values
                ],
            ]
        )


@dataclass(frozen=True)
class ForeignMap:
    """A map that was read, in our own convention."""

    path: Path
    values: exr.Float32
    """(3, rows, columns) u, v and blue, rows down; over the plate's frame and the map's overscan."""
    overscan: Overscan
    """How far the map itself reaches beyond the frame."""
    source_overscan: Overscan
    """How far the picture that it looks up does; known for our own files only."""
    convention: Convention
    assumed: tuple[str, ...]
    """Fields of the convention that could not be told from the map and were not given."""
    kind: str = ""
    """``undistort`` or ``distort`` where the file says so."""
    converted: bool = False
    """Whether the values differ from those in the file."""
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the map."""
        return self.values.shape[2], self.values.shape[1]

    def text(self) -> str:
        """What was found, in one line for a panel."""
        sure = f" ({' and '.join(self.assumed)} assumed)" if self.assumed else ""
        return f"{self.size[0]}x{self.size[1]}, {self.convention.text()}{sure}"


def read_stmap(
    path: Path | str,
    plate_size: tuple[int, int] | None = None,
    given: Mapping[str, str] | None = None,
) -> ForeignMap:
    """Read a map of ours or of another program.

    ``plate_size`` is the size of the plate in pixels, where it is known; ``given`` sets fields of the
    convention by hand. Raises InputError, one line, for what is no map: a PNG, whole numbers, channels
    missing, values that are not numbers, another aspect than the plate's, a convention that cannot be told.
    """
    path = Path(path)
    given = dict(given or {})
    for name, choices in (("origin", ORIGINS), ("centers", CENTERS), ("values", VALUES)):
        if name in given and given[name] not in choices:
            raise InputError(f"unknown {name} of an ST-map {given[name]!r}: one of {', '.join(choices)}")
    header, uv = _read_uv(path)
    warnings = []
    if any(kind == 1 for name, kind in header.channels if name in "RG"):
        steps = exr.width(header.display_window) * 2.0**-12
        warnings.append(f"{path.name} has 16-bit floats: its pixels are placed to within {steps:.2f} px only")
    frame = exr.width(header.display_window), exr.height(header.display_window)
    blue = None
    if header.strings.get(KIND):
        return _own(path, header, uv, tuple(warnings))
    uv, blue, overscan = _to_frame(uv, header)
    if plate_size is not None and overscan == NO_OVERSCAN:
        overscan, frame = _overscan_by_size(path, uv, frame, plate_size, given)
    if plate_size is not None:
        _check_aspect(path, frame, plate_size)
    convention, assumed = _find_convention(path, uv, frame, overscan, given)
    values = _to_ours(uv, blue, frame, overscan, convention)
    return ForeignMap(
        path,
        values,
        overscan,
        NO_OVERSCAN,
        convention,
        assumed,
        converted=convention != Convention() or not np.array_equal(values[:2], uv),
        warnings=tuple(warnings),
    )


def _read_uv(path: Path) -> tuple[exr.Header, exr.Float32]:
    """Header, and red and green (2, rows, columns); InputError for what cannot be a map."""
    suffix = path.suffix.lower()
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with open(path, "rb") as file:
        start = file.read(4)
    if start != exr.MAGIC.to_bytes(4, "little"):
        kind = "a PNG" if start == b"\x89PNG" else f"a {suffix[1:] or 'file'}, no OpenEXR"
        raise InputError(f"{path}: is {kind}: an ST-map needs the 32-bit floats of an EXR")
    header = exr.read_header(path)
    types = dict(header.channels)
    missing = [name for name in "RG" if name not in types]
    if missing:
        raise InputError(
            f"{path}: lacks the channel {' and '.join(missing)}: an ST-map has u in R and v in G "
            f"(here: {', '.join(types) or 'none'})"
        )
    if any(types[name] == 0 for name in "RG"):
        raise InputError(f"{path}: has whole numbers in R and G: an ST-map needs floats")
    _, uv = exr.read(path, "RG")
    wrong = ~np.isfinite(uv).all(axis=0)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise InputError(
            f"{path}: {np.count_nonzero(wrong)} pixels are not numbers, the first at "
            f"{column}, {row} from the top left"
        )
    return header, uv


def _own(path: Path, header: exr.Header, uv: exr.Float32, warnings: tuple[str, ...]) -> ForeignMap:
    """A file that this add-on wrote: it says itself what it is."""
    try:
        sides = Overscan(*map(int, header.strings[OVERSCAN].split()))
        width, height = map(int, header.strings[PLATE_SIZE].split())
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{path}: its own words on plate and overscan are damaged") from None
    kind = header.strings[KIND]
    of_map, of_source = (sides, NO_OVERSCAN) if kind == UNDISTORT else (NO_OVERSCAN, sides)
    if of_map.size(width, height) != (uv.shape[2], uv.shape[1]):
        raise InputError(f"{path}: was scaled or cropped since it was written")
    inside = ((uv >= 0) & (uv <= 1)).all(axis=0)
    if any(name == "B" for name, _ in header.channels):
        inside = exr.read(path, "B")[1][0] > 0
    values = np.concatenate([uv, inside[None].astype(np.float32)])
    return ForeignMap(path, values, of_map, of_source, Convention(), (), kind, warnings=warnings)


def _to_frame(uv: exr.Float32, header: exr.Header) -> tuple[exr.Float32, np.ndarray | None, Overscan]:
    """Red and green over the frame at least, where there are values, and what reaches beyond."""
    data, display = header.data_window, header.display_window
    beyond = display[0] - data[0], data[2] - display[2], data[3] - display[3], display[1] - data[1]
    left, right, bottom, top = (max(0, side) for side in beyond)
    if min(beyond) < 0:  # less than the frame: nothing is known there
        pad = [(0, 0)] + [(max(0, -beyond[3]), max(0, -beyond[2])), (max(0, -beyond[0]), max(0, -beyond[1]))]
        blue = np.pad(np.ones(uv.shape[1:], bool), pad[1:])
        return np.pad(uv, pad), blue, Overscan(left, right, bottom, top)
    return uv, None, Overscan(left, right, bottom, top)


def _overscan_by_size(
    path: Path, uv: exr.Float32, frame: tuple[int, int], plate: tuple[int, int], given: Mapping[str, str]
) -> tuple[Overscan, tuple[int, int]]:
    """A map larger than the plate that counts in plates has overscan, the same on opposite sides."""
    more = frame[0] - plate[0], frame[1] - plate[1]
    if min(more) < 0 or max(more) == 0 or given.get("values", "uv") != "uv":
        return NO_OVERSCAN, frame
    slope = abs(_slope(uv[0], 1)) * frame[0]  # u over the whole width: 1 of the map, or of the plate
    if abs(slope - frame[0] / plate[0]) >= abs(slope - 1):
        return NO_OVERSCAN, frame
    if more[0] % 2 or more[1] % 2:
        raise InputError(
            f"{path}: is {frame[0]}x{frame[1]} for a plate of {plate[0]}x{plate[1]}: "
            "overscan by size has to be the same on opposite sides"
        )
    return Overscan(more[0] // 2, more[0] // 2, more[1] // 2, more[1] // 2), plate


def _check_aspect(path: Path, frame: tuple[int, int], plate: tuple[int, int]) -> None:
    aspect = frame[0] * plate[1] / (frame[1] * plate[0])
    if abs(aspect - 1) > ASPECT_TOLERANCE:
        raise InputError(
            f"{path}: is {frame[0]}x{frame[1]}, of another aspect than the plate ({plate[0]}x{plate[1]})"
        )


def _slope(channel: exr.Float32, axis: int) -> float:
    """By how much a channel grows from pixel to pixel about the middle, where lenses bend least."""
    rows, columns = channel.shape
    middle = channel[rows // 4 : rows - rows // 4, columns // 4 : columns - columns // 4].astype(float)
    ends = np.take(middle, [0, -1], axis=axis).mean(axis=1 - axis)
    return float((ends[1] - ends[0]) / max(1, middle.shape[axis] - 1))


def _find_convention(
    path: Path, uv: exr.Float32, frame: tuple[int, int], overscan: Overscan, given: Mapping[str, str]
) -> tuple[Convention, tuple[str, ...]]:
    """What is given, what the values tell, and the names of what is neither."""
    assumed = []
    across = _slope(uv[0], 1) * frame[0]
    down = _slope(uv[1], 0) * frame[1]
    values = given.get("values")
    if values is None:
        values = _kind_of_values(uv, frame, across, down)
        if values is None:
            raise InputError(
                f"{path}: does not look like an ST-map (u grows by {across:.2f} across it, v by {down:.2f})"
            )
    origin = given.get("origin")
    if origin is None:
        if values == "uv":
            origin = "bottom_left" if down < 0 else "top_left"
        elif across * down:
            # A lens moves points outwards or inwards in both directions alike.
            origin = "bottom_left" if across * down < 0 else "top_left"
        else:
            origin = "bottom_left"
            if uv.any():
                assumed.append("origin")
    centers = given.get("centers")
    if centers is None:
        centers = "half"
        if values == "uv":
            found = _centers_of_identity(uv, frame, overscan, origin)
            if found is None:
                assumed.append("centers")
            else:
                centers = found
    return Convention(origin, centers, values), tuple(assumed)


def _kind_of_values(uv: exr.Float32, frame: tuple[int, int], across: float, down: float) -> str | None:
    """One of ``VALUES``; None where it is none of them."""
    rows, columns = uv.shape[1:]
    middle = uv[:, rows // 2, columns // 2]
    if 0.4 < across < 2.5 and 0.4 < abs(down) < 2.5 and np.all(np.abs(middle - 0.5) < 0.3):
        return "uv"
    largest = float(np.abs(uv).max())
    # An offset grows by no more than a lens bends, and is small near the axis.
    if largest >= 1.0 and max(abs(across) / frame[0], abs(down) / frame[1]) < 0.4:
        return "offset_px" if np.all(np.abs(middle) < 0.1 * np.array(frame)) else None
    if max(abs(across), abs(down)) < 0.4 and np.all(np.abs(middle) < 0.1):
        return "offset"
    return None


def _centers_of_identity(
    uv: exr.Float32, frame: tuple[int, int], overscan: Overscan, origin: str
) -> str | None:
    """The way to count in which the map is nearly the identity; None where it is in none, or not clearly."""
    away = {}
    for centers in CENTERS:
        places = _places(uv, frame, Convention(origin, centers))
        away[centers] = float(np.max(np.abs(places - _own_places(uv.shape[1:], frame, overscan))))
    best, second, _ = sorted(away, key=lambda name: away[name])
    return best if away[best] < min(NEAR_IDENTITY_PX, 0.5 * away[second]) else None


def _own_places(shape: tuple[int, ...], frame: tuple[int, int], overscan: Overscan) -> Floats:
    """(2, rows, columns) where each pixel of the map lies in the frame, pixels from the bottom left."""
    rows, columns = shape
    x = np.arange(columns) + 0.5 - overscan.left
    y = frame[1] + overscan.top - np.arange(rows) - 0.5
    return np.stack(np.broadcast_arrays(x[None, :], y[:, None]))


def _places(uv: exr.Float32, frame: tuple[int, int], convention: Convention) -> Floats:
    """(2, rows, columns) the places that u and v mean, in pixels from the bottom left."""
    out = []
    for channel, size in zip(uv.astype(float), frame):
        if convention.centers == "half":
            out.append(channel * size)
        elif convention.centers == "integer":
            out.append(channel * size + 0.5)
        else:
            out.append(channel * (size - 1) + 0.5)
    if convention.origin == "top_left":
        out[1] = frame[1] - out[1]
    return np.stack(out)


def _to_ours(
    uv: exr.Float32,
    blue: np.ndarray | None,
    frame: tuple[int, int],
    overscan: Overscan,
    convention: Convention,
) -> exr.Float32:
    """(3, rows, columns) the map as this add-on writes it."""
    size = np.array(frame, dtype=float)[:, None, None]
    if convention.values == "uv":
        ours = _places(uv, frame, convention) / size if convention != Convention() else uv.astype(float)
    else:
        offset = uv.astype(float) * (size if convention.values == "offset" else 1.0)
        if convention.origin == "top_left":
            offset[1] = -offset[1]
        ours = (_own_places(uv.shape[1:], frame, overscan) + offset) / size
    inside = ((ours >= 0) & (ours <= 1)).all(axis=0)
    if blue is not None:
        inside &= blue
    return np.concatenate([ours, inside[None]]).astype(np.float32)


def write_converted(foreign: ForeignMap, path: Path | str) -> Path:
    """Write the map in our convention, for programs that take no other; returns the path."""
    path = Path(path)
    width, height = foreign.size
    with exr.Writer(path, width, height) as writer:
        for first in range(0, height, 64):
            writer.write(writer.pack(foreign.values[:, first : first + 64]))
    return path


def cropped_to_frame(foreign: ForeignMap) -> ForeignMap:
    """Without the overscan that the map itself has."""
    sides = foreign.overscan
    rows, columns = foreign.values.shape[1:]
    values = foreign.values[:, sides.top : rows - sides.bottom, sides.left : columns - sides.right]
    return replace(foreign, values=values, overscan=NO_OVERSCAN, converted=True)
