"""What the index of an MP4 or QuickTime file says of its pictures.

Boxes as in ISO/IEC 14496-12, which QuickTime shares; only what tells whether every picture that is listed
is also shown, and whether the file is all there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

_MOST_INDEX = 64 << 20
"""A larger index is not read; nobody has films of a million pictures tracked."""
_AS_FAST = 1 << 16
"""An edit's rate of 1."""
_CHECKED = frozenset({b"avc1", b"avc3", b"hvc1", b"hev1"})
"""H.264 and H.265: FFmpeg takes each packet apart while it lists them, and stops at one that is damaged."""


def pictures_shown(path: Path) -> int:
    """How many pictures the index lists, where all are in the file and all are shown; 0 where in doubt.

    In doubt are files of another kind, those cut off, in fragments, with several video tracks, with an edit
    list that leaves something out, and codecs whose damage does not show before they are decoded.
    """
    try:
        with path.open("rb") as stream:
            index = _index(stream)
        return _count(index) if index else 0
    except (OSError, struct.error, ValueError):
        return 0


def _index(stream: BinaryIO) -> bytes:
    """The content of the file's ``moov`` box; empty where there is none or the file ends within a box."""
    size = stream.seek(0, 2)
    at, index = 0, b""
    while at < size:
        stream.seek(at)
        head = stream.read(16)
        length, kind = struct.unpack_from(">I4s", head)
        begin = 8
        if length == 1:
            (length,), begin = struct.unpack_from(">Q", head, 8), 16
        if length < begin or at + length > size or kind == b"moof":
            return b""
        if kind == b"moov":
            if index or length > _MOST_INDEX:
                return b""
            stream.seek(at + begin)
            index = stream.read(length - begin)
        at += length
    return index


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box in ``data`` that is there as a whole."""
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if length < 8 or at + length > len(data):
            return
        yield kind, data[at + 8 : at + length]
        at += length


def _inside(data: bytes, *kinds: bytes) -> bytes:
    """The content of the first box of a kind in the first one of another, and so on; empty if not there."""
    for kind in kinds:
        data = next((content for found, content in boxes(data) if found == kind), b"")
    return data


def _count(index: bytes) -> int:
    tracks = [content for kind, content in boxes(index) if kind == b"trak"]
    films = [track for track in tracks if _inside(track, b"mdia", b"hdlr")[8:12] == b"vide"]
    if len(films) != 1 or any(kind == b"mvex" for kind, _ in boxes(index)):
        return 0
    table = _inside(films[0], b"mdia", b"minf", b"stbl")
    times = _times(table)
    codecs = {kind for kind, _ in boxes(_inside(table, b"stsd")[8:])}
    if len(times) < 2 or len(codecs) != 1 or not codecs <= _CHECKED:
        return 0
    edits = _inside(films[0], b"edts", b"elst")
    if edits:
        units = _units(_inside(films[0], b"mdia", b"mdhd")) / _units(_inside(index, b"mvhd"))
        begin, length = _only_edit(edits)
        ordered = np.sort(times)
        last = ordered[-1] + 0.5 * (ordered[-1] - ordered[-2])
        if begin < 0 or begin > ordered[0] or begin + length * units < last:
            return 0
    return len(times)


def _units(header: bytes) -> int:
    """The units of a second in an ``mvhd`` or ``mdhd`` box."""
    units = int(struct.unpack_from(">I", header, 20 if header[0] else 12)[0])
    if not units:
        raise ValueError("a second of no units")
    return units


def _times(table: bytes) -> NDArray[np.int64]:
    """When each sample is shown, in the order of decoding and in units of its track."""
    steps = _runs(_inside(table, b"stts"))
    times = np.cumsum(steps) - steps
    late = _inside(table, b"ctts")
    if late:
        offsets = _runs(late)
        if len(offsets) != len(times):
            raise ValueError("samples without a time")
        times = times + offsets
    sizes = _inside(table, b"stsz")
    if struct.unpack_from(">I", sizes, 8)[0] != len(times):
        raise ValueError("samples without a time")
    if not struct.unpack_from(">I", sizes, 4)[0] and not np.frombuffer(sizes, ">u4", offset=12).all():
        raise ValueError("an empty sample")
    return times


def _runs(box: bytes) -> NDArray[np.int64]:
    """The values of a table that says how often each comes in a row."""
    (count,) = struct.unpack_from(">I", box, 4)
    pairs = np.frombuffer(box, ">i4", 2 * count, 8).reshape(-1, 2)
    if pairs[:, 0].sum(dtype=np.int64) * 8 > _MOST_INDEX:
        raise ValueError("too many samples")
    return np.repeat(pairs[:, 1], pairs[:, 0]).astype(np.int64)


def _only_edit(edits: bytes) -> tuple[int, int]:
    """Where the one edit of a list begins, in units of its track, and how long it is, in the film's units.

    A pause before it is passed over. It begins at -1 where there are more, or it runs at another speed.
    """
    (count,) = struct.unpack_from(">I", edits, 4)
    form = ">Qqi" if edits[0] else ">Iii"
    size = struct.calcsize(form)
    listed = [struct.unpack_from(form, edits, 8 + size * number) for number in range(min(count, 3))]
    if len(listed) == 2 and listed[0][1] == -1:
        listed = listed[1:]
    if len(listed) != 1 or listed[0][2] != _AS_FAST:
        return -1, 0
    return int(listed[0][1]), int(listed[0][0])
