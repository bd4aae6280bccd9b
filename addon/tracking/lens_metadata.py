"""What a clip's own metadata says of its lens.

Phones write the focal length as it would be on 35 mm film (36 mm along the longer side of the picture) into
the movie: Apple's key in the QuickTime metadata of the file or of its picture track (QuickTime File Format,
Metadata). Pictures have it in their EXIF block (CIPA DC-008), in JPEG, TIFF and PNG files.

Such a number is a place to start from, never a known lens: it is rounded to whole millimetres, made for a
photograph of the whole sensor, and movies are cropped for their shape and against shake.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from .engine.model import LensStart
from .engine.mp4_index import boxes

if TYPE_CHECKING:
    from .engine.footage import Footage

FILM_MM = 36.0
MOST_BYTES = 64 << 20
"""No more of a file is read than this."""
APPLE = "com.apple.quicktime.camera.focal_length.35mm_equivalent"
_EXIF_POINTER, _IN_35MM, _FOCAL, _ACROSS, _UNIT, _PIXELS = 0x8769, 0xA405, 0x920A, 0xA20E, 0xA210, 0xA002
_UNIT_MM = {2: 25.4, 3: 10.0, 4: 1.0}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8}


@dataclass(frozen=True)
class LensHint:
    """A focal length for a frame whose longer side is 36 mm, and where it was found."""

    focal_35mm: float
    source: str


def lens_hint(path: Path) -> LensHint | None:
    """What the file's metadata says of the lens; None where it says nothing that can be read."""
    try:
        with path.open("rb") as stream:
            head = stream.read(12)
            stream.seek(0)
            if head[4:8] in (b"ftyp", b"moov", b"wide", b"mdat", b"free"):
                found, source = _of_movie(stream), "metadata of the movie"
            else:
                found, source = _of_picture(stream, head), "EXIF"
    except (OSError, struct.error, ValueError, ZeroDivisionError):  # damaged or cut short: it says nothing
        return None
    return LensHint(found, source) if found is not None and 1.0 <= found <= 5000.0 else None


def start_of_footage(footage: Footage, start: LensStart) -> LensStart:
    """The start with the focal length that the footage's metadata tells; as it is where it tells none."""
    hint = lens_hint(footage.path) if start.refine else None
    if hint is None:
        return start
    high = footage.height / start.pixel_aspect
    longer = max(footage.width, high) / footage.width
    focal = hint.focal_35mm * longer * start.sensor_width_mm / FILM_MM
    return replace(start, focal_length_mm=focal, source=hint.source)


# --- movies ------------------------------------------------------------------------------------


def _of_movie(stream: BinaryIO) -> float | None:
    stream.seek(0, 2)
    end, at = stream.tell(), 0
    while at + 8 <= end:
        stream.seek(at)
        head = stream.read(16)
        size, kind = struct.unpack(">I4s", head[:8])
        skip = 8
        if size == 1:
            size, skip = struct.unpack(">Q", head[8:16])[0], 16
        size = size or end - at
        if size < skip:
            return None
        if kind == b"moov":
            stream.seek(at + skip)
            return _of_movie_box(stream.read(min(size - skip, MOST_BYTES)))
        at += size
    return None


def _of_movie_box(box: bytes) -> float | None:
    """From a moov box, or the trak box of a track: its own metadata, then that of what it holds."""
    for kind, body in boxes(box):
        found = None
        if kind == b"meta":
            found = _of_meta(body)
        elif kind == b"trak":
            found = _of_movie_box(body)
        if found is not None:
            return found
    return None


def _of_meta(body: bytes) -> float | None:
    """From a metadata box; in a QuickTime file it has no version before its boxes, in an MP4 it has."""
    held = dict(boxes(body if body[4:8] == b"hdlr" else body[4:]))
    keys, values = held.get(b"keys", b""), held.get(b"ilst", b"")
    names = [name for _, name in boxes(keys[8:])]
    for number, entry in boxes(values):
        at = struct.unpack(">I", number)[0] - 1
        if not 0 <= at < len(names) or names[at].decode("utf-8", "replace") != APPLE:
            continue
        for kind, data in boxes(entry):
            if kind == b"data":
                return _number(struct.unpack(">I", data[:4])[0], data[8:])
    return None


def _number(kind: int, data: bytes) -> float:
    """A value of QuickTime metadata: text, whole number or float, by its kind."""
    if kind in (23, 24):
        return float(struct.unpack(">f" if kind == 23 else ">d", data)[0])
    return float(data.decode("utf-8")) if kind == 1 else float(int.from_bytes(data, "big"))


# --- pictures ----------------------------------------------------------------------------------


def _of_picture(stream: BinaryIO, head: bytes) -> float | None:
    if head[:4] in (b"II*\0", b"MM\0*"):
        return _of_exif(stream.read(MOST_BYTES))
    if head[:2] == b"\xff\xd8":
        exif = _in_jpeg(stream)
    elif head[:8] == b"\x89PNG\r\n\x1a\n":
        exif = _in_png(stream)
    else:
        return None
    return None if exif is None else _of_exif(exif)


def _in_jpeg(stream: BinaryIO) -> bytes | None:
    stream.seek(2)
    while len(marker := stream.read(4)) == 4 and marker[0] == 0xFF and marker[1] not in (0xD9, 0xDA):
        content = stream.read(struct.unpack(">H", marker[2:])[0] - 2)
        if marker[1] == 0xE1 and content[:6] == b"Exif\0\0":
            return content[6:]
    return None


def _in_png(stream: BinaryIO) -> bytes | None:
    stream.seek(8)
    while len(head := stream.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        if kind == b"eXIf":
            return stream.read(min(size, MOST_BYTES))
        stream.seek(size + 4, 1)
    return None


def _of_exif(data: bytes) -> float | None:
    """From a TIFF structure: the focal length on film, else the true one with the sensor's size."""
    order = "<" if data[:2] == b"II" else ">"
    first = _directory(data, order, struct.unpack_from(f"{order}I", data, 4)[0])
    if _EXIF_POINTER not in first:
        return None
    tags = _directory(data, order, int(first[_EXIF_POINTER]))
    if tags.get(_IN_35MM):
        return tags[_IN_35MM]
    wanted = (_FOCAL, _ACROSS, _PIXELS)
    if not all(tags.get(tag) for tag in wanted) or int(tags.get(_UNIT, 2)) not in _UNIT_MM:
        return None
    sensor = tags[_PIXELS] / tags[_ACROSS] * _UNIT_MM[int(tags.get(_UNIT, 2))]
    return tags[_FOCAL] * FILM_MM / sensor


def _directory(data: bytes, order: str, at: int) -> dict[int, float]:
    """The first number of each tag of a TIFF directory that has one."""
    found = {}
    for row in range(struct.unpack_from(f"{order}H", data, at)[0]):
        tag, kind, count = struct.unpack_from(f"{order}HHI", data, at + 2 + 12 * row)
        place = at + 10 + 12 * row
        if _SIZES.get(kind, 0) * count > 4:
            place = struct.unpack_from(f"{order}I", data, place)[0]
        if kind in (3, 4, 9):
            found[tag] = float(struct.unpack_from(order + {3: "H", 4: "I", 9: "i"}[kind], data, place)[0])
        elif kind in (5, 10):
            over, under = struct.unpack_from(order + ("II" if kind == 5 else "ii"), data, place)
            found[tag] = over / under if under else 0.0
    return found
