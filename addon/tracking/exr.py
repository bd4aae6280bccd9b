"""OpenEXR files of float channels, written line by line and read with their windows.

The format is that of the OpenEXR file layout, https://openexr.com/en/latest/OpenEXRFileLayout.html:
single part, scan lines. OpenCV, which ships with the add-on, reads and writes no windows and no
channels but B, G, R and A; ST-maps need both, and writing them in bands keeps memory bounded.
Rows here go down, as in the file.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

Float32 = NDArray[np.float32]
Window = tuple[int, int, int, int]
"""First and last column and row, all included: x_min, y_min, x_max, y_max, y down."""

MAGIC = 20000630
_SINGLE_PART = 2
_TILED, _DEEP, _MULTI_PART = 0x200, 0x800, 0x1000
_TYPES: dict[int, np.dtype[Any]] = {0: np.dtype("<u4"), 1: np.dtype("<f2"), 2: np.dtype("<f4")}
TYPE_NAMES = {0: "32-bit integer", 1: "16-bit float (half)", 2: "32-bit float"}
_FLOAT = 2

NONE, ZIPS, ZIP = 0, 2, 3
_LINES = {NONE: 1, ZIPS: 1, ZIP: 16}
_COMPRESSIONS = {
    0: "none", 1: "RLE", 2: "ZIPS", 3: "ZIP", 4: "PIZ", 5: "PXR24", 6: "B44", 7: "B44A", 8: "DWAA", 9: "DWAB",
}  # fmt: skip
_LARGEST = 1 << 17
"""A side longer than this is taken for a damaged header."""


def width(window: Window) -> int:
    """Columns of a window."""
    return window[2] - window[0] + 1


def height(window: Window) -> int:
    """Rows of a window."""
    return window[3] - window[1] + 1


@dataclass(frozen=True)
class Header:
    """What the header of an EXR file says."""

    channels: tuple[tuple[str, int], ...]
    """Name and type (a key of ``TYPE_NAMES``) of each channel, in the order of the file."""
    data_window: Window
    display_window: Window
    compression: int
    strings: Mapping[str, str] = field(default_factory=dict)
    """The attributes of type string."""


# --- Writing ------------------------------------------------------------------------------------


class Writer:
    """Writes an EXR of 32-bit float channels band by band; the file appears when it is complete.

    Use as a context manager. Left by an exception, nothing is written and an old file stays.
    """

    def __init__(
        self,
        path: Path | str,
        columns: int,
        rows: int,
        channels: Iterable[str] = ("R", "G", "B"),
        *,
        compression: int = NONE,
        strings: Mapping[str, str] | None = None,
    ) -> None:
        """Begin the file. ``compression`` is ``NONE`` or ``ZIP``; raises InputError where it can't be."""
        self.path = Path(path)
        self.columns, self.rows = columns, rows
        self.order = sorted(range(len(names := list(channels))), key=lambda k: names[k])
        self.lines = _LINES[compression]
        self.compression = compression
        self._row = 0
        self._offsets: list[int] = []
        self._temporary = self.path.with_name(f".{self.path.name[:60]}.{os.getpid()}.tmp")
        header = _header_bytes(columns, rows, sorted(names), compression, strings or {})
        try:
            self._file: BinaryIO = open(self._temporary, "wb")  # noqa: SIM115 (closed by __exit__)
            self._file.write(header)
            self._table = self._file.tell()
            self._file.write(bytes(8 * -(-rows // self.lines)))
        except OSError as error:
            self._drop()
            raise InputError(f"{self.path}: cannot be written: {error.strerror or error}") from None

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._drop()
            return
        if self._row != self.rows:
            self._drop()
            raise ValueError(f"{self._row} of {self.rows} rows were written")
        try:
            self._file.seek(self._table)
            self._file.write(np.array(self._offsets, "<u8").tobytes())
            self._file.close()
            os.replace(self._temporary, self.path)
        except OSError as problem:
            self._drop()
            raise InputError(f"{self.path}: cannot be written: {problem.strerror or problem}") from None

    def pack(self, band: Float32) -> list[bytes]:
        """The blocks of a band (channels, rows, columns) of rows, channels in the order given at first.

        Any thread may call it. All bands but the last have a multiple of ``lines`` rows.
        """
        blocks = []
        ordered = np.ascontiguousarray(band[self.order].transpose(1, 0, 2), dtype="<f4")
        for first in range(0, len(ordered), self.lines):
            raw = ordered[first : first + self.lines].tobytes()
            blocks.append(_deflate(raw) if self.compression == ZIP else raw)
        return blocks

    def write(self, blocks: Iterable[bytes]) -> None:
        """Append what ``pack`` gave, in order. Raises InputError where the disk refuses."""
        try:
            for block in blocks:
                self._offsets.append(self._file.tell())
                self._file.write(struct.pack("<ii", self._row, len(block)))
                self._file.write(block)
                self._row = min(self._row + self.lines, self.rows)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror or error}") from None

    def _drop(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()
        with contextlib.suppress(FileNotFoundError):
            self._temporary.unlink()


def _header_bytes(
    columns: int, rows: int, names: list[str], compression: int, strings: Mapping[str, str]
) -> bytes:
    def attribute(name: str, kind: str, value: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value

    channels = b"".join(name.encode() + b"\0" + struct.pack("<iiii", _FLOAT, 0, 1, 1) for name in names)
    window = struct.pack("<iiii", 0, 0, columns - 1, rows - 1)
    return b"".join(
        [
            struct.pack("<ii", MAGIC, _SINGLE_PART),
            attribute("channels", "chlist", channels + b"\0"),
            attribute("compression", "compression", bytes([compression])),
            attribute("dataWindow", "box2i", window),
            attribute("displayWindow", "box2i", window),
            attribute("lineOrder", "lineOrder", b"\0"),
            attribute("pixelAspectRatio", "float", struct.pack("<f", 1.0)),
            attribute("screenWindowCenter", "v2f", struct.pack("<ff", 0.0, 0.0)),
            attribute("screenWindowWidth", "float", struct.pack("<f", 1.0)),
            *(attribute(name, "string", value.encode()) for name, value in strings.items()),
            b"\0",
        ]
    )


def _deflate(raw: bytes) -> bytes:
    """A block as EXR's ZIP has it: bytes split by parity, differences, zlib; raw where that is no gain."""
    data = np.frombuffer(raw, np.uint8)
    split = np.concatenate([data[::2], data[1::2]])
    split[1:] = split[1:] - split[:-1] + np.uint8(128)
    packed = zlib.compress(split.tobytes(), 4)
    return packed if len(packed) < len(raw) else raw


def _inflate(packed: bytes, size: int) -> bytes:
    if len(packed) == size:
        return packed
    data = np.frombuffer(zlib.decompress(packed), np.uint8)
    if len(data) != size:
        raise ValueError("a block has another size than its rows")
    # Undo the differences: their running sum, modulo 256, as EXR counts them from 128.
    summed = np.cumsum(data, dtype=np.uint64) - 128 * np.arange(size, dtype=np.uint64)
    plain = np.empty(size, np.uint8)
    half = (size + 1) // 2
    plain[::2], plain[1::2] = summed[:half].astype(np.uint8), summed[half:].astype(np.uint8)
    return plain.tobytes()


# --- Reading ------------------------------------------------------------------------------------


def read_header(path: Path | str) -> Header:
    """The header of an EXR file; InputError, one line, for what is none or is not readable here."""
    try:
        with open(path, "rb") as file:
            return _parse_header(Path(path), file)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None


def read(path: Path | str, names: Iterable[str]) -> tuple[Header, Float32]:
    """Header and the named channels as (channels, rows, columns) of 32-bit floats over the data window.

    Raises InputError, one line, for what is no EXR, lacks a channel, is damaged or packed in a way
    that neither this reader (none, ZIPS, ZIP) nor OpenCV reads.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            header = _parse_header(path, file)
            present = [name for name, _ in header.channels]
            wanted = list(names)
            for name in wanted:
                if name not in present:
                    raise InputError(f"{path}: has no channel {name}, only {', '.join(present) or 'none'}")
            if header.compression not in _LINES:
                return header, _read_with_opencv(path, header, wanted)
            return header, _read_lines(file, header, [present.index(name) for name in wanted])
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (struct.error, ValueError, zlib.error) as error:
        raise InputError(f"{path}: the file is damaged or cut off ({error})") from None


def _parse_header(path: Path, file: BinaryIO) -> Header:
    start = file.read(8)
    if len(start) < 8 or struct.unpack("<i", start[:4])[0] != MAGIC:
        raise InputError(f"{path}: is no OpenEXR file")
    flags = struct.unpack("<i", start[4:])[0]
    if flags & (_DEEP | _MULTI_PART | _TILED):
        kind = "deep" if flags & _DEEP else "a file of several parts" if flags & _MULTI_PART else "tiled"
        raise InputError(f"{path}: is {kind}; save it as plain scan lines")
    found: dict[str, tuple[str, bytes]] = {}
    try:
        while name := _text(file):
            kind = _text(file)
            (size,) = struct.unpack("<i", file.read(4))
            if not 0 <= size <= 1 << 24:
                raise ValueError(f"attribute {name} says it has {size} bytes")
            found[name] = kind, file.read(size)
        channels = tuple(_channels(found["channels"][1]))
        data = struct.unpack("<iiii", found["dataWindow"][1])
        display = struct.unpack("<iiii", found["displayWindow"][1])
        compression = found["compression"][1][0]
    except (struct.error, ValueError, KeyError, IndexError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the header is damaged ({error})") from None
    if not (0 < width(data) <= _LARGEST and 0 < height(data) <= _LARGEST):
        raise InputError(f"{path}: says that it has {width(data)}x{height(data)} pixels")
    strings = {
        name: value.decode("utf-8", "replace") for name, (kind, value) in found.items() if kind == "string"
    }
    return Header(channels, data, display, compression, strings)


def _text(file: BinaryIO) -> str:
    letters = bytearray()
    while (letter := file.read(1)) != b"\0":
        if not letter or len(letters) > 255:
            raise ValueError("a name does not end")
        letters += letter
    return letters.decode("utf-8")


def _channels(value: bytes) -> Iterable[tuple[str, int]]:
    at = 0
    while value[at] != 0:
        end = value.index(b"\0", at)
        kind, _, across, down = struct.unpack_from("<iiii", value, end + 1)
        if kind not in _TYPES or (across, down) != (1, 1):
            raise ValueError(f"channel {value[at:end].decode()} is of a kind that is not known or is thinned")
        yield value[at:end].decode(), kind
        at = end + 17


def _read_lines(file: BinaryIO, header: Header, wanted: list[int]) -> Float32:
    columns, rows = width(header.data_window), height(header.data_window)
    lines = _LINES[header.compression]
    blocks = -(-rows // lines)
    offsets = np.frombuffer(file.read(8 * blocks), "<u8")
    if len(offsets) != blocks:
        raise ValueError("it ends inside its table of rows")
    dtypes = [_TYPES[kind] for _, kind in header.channels]
    begins = list(accumulate((columns * dtype.itemsize for dtype in dtypes), initial=0))
    out = np.empty((len(wanted), rows, columns), np.float32)
    table = _in_one_go(file, header, offsets, begins[-1]) if header.compression == NONE else None
    if table is not None:
        for place, channel in enumerate(wanted):
            part = np.ascontiguousarray(table[:, begins[channel] : begins[channel + 1]])
            out[place] = part.view(dtypes[channel])
        return out
    for offset in offsets:
        file.seek(int(offset))
        y, size = struct.unpack("<ii", file.read(8))
        first = y - header.data_window[1]
        count = min(lines, rows - first)
        if not 0 <= first < rows or size < 0:
            raise ValueError("a block lies outside the picture")
        raw = _inflate(file.read(size), count * begins[-1])
        table = np.frombuffer(raw, np.uint8).reshape(count, -1)
        for place, channel in enumerate(wanted):
            part = np.ascontiguousarray(table[:, begins[channel] : begins[channel + 1]])
            out[place, first : first + count] = part.view(dtypes[channel])
    return out


def _in_one_go(
    file: BinaryIO, header: Header, offsets: NDArray[np.uint64], size: int
) -> NDArray[np.uint8] | None:
    """(rows, size) the bytes of all rows of a file that is not packed; None where they are not in order."""
    rows = np.arange(len(offsets), dtype=np.int64)
    if not np.array_equal(offsets.astype(np.int64), int(offsets[0]) + rows * (8 + size)):
        return None
    file.seek(int(offsets[0]))
    table = np.frombuffer(file.read(len(rows) * (8 + size)), np.uint8)
    if len(table) != len(rows) * (8 + size):
        raise ValueError("it ends inside its rows")
    table = table.reshape(len(rows), 8 + size)
    heads = np.ascontiguousarray(table[:, :8]).view("<i4")
    if not np.array_equal(heads, np.column_stack([header.data_window[1] + rows, np.full(len(rows), size)])):
        return None
    return table[:, 8:]


def _read_with_opencv(path: Path, header: Header, names: list[str]) -> Float32:
    """Channels of a file whose packing (PIZ and others) OpenCV's own OpenEXR undoes."""
    packing = _COMPRESSIONS.get(header.compression, str(header.compression))
    os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")  # read by cv2 at its first look at an EXR
    import cv2

    image = None
    if set(names) <= set("RGBA"):
        with contextlib.suppress(cv2.error):
            image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    shape = height(header.data_window), width(header.data_window)
    if image is None or image.ndim != 3 or image.shape[:2] != shape:
        raise InputError(f"{path}: is packed with {packing}; save it uncompressed or with ZIP")
    return np.stack([image[:, :, "BGRA".index(name)] for name in names]).astype(np.float32)
