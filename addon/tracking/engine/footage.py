"""Footage in: movies and image sequences, one picture after the other.

Frames are footage frames, 1 = the first picture the footage gives, whatever its file's number or time is.
Pictures are arrays with the top row first, as OpenCV has them; a rotation flag is already applied.

A movie's header is not believed: the frames are counted. The packets are listed without decoding them
(milliseconds); where their times are even and both ends of the clip decode to just those times, there are as
many frames as packets. The end need not be decoded where the file's index and its packets leave no doubt (see
mp4_index.py). Everywhere else all frames are decoded once.
"""

from __future__ import annotations

import hashlib
import os
import queue
import re
import threading
import zlib
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FootageError
from .mp4_index import pictures_shown

# OpenCV reads these when a picture or a movie is first opened: EXR is off by default, and its movie reader
# writes every oddity of a stream to standard error, where only our own one-line errors belong.
os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

import cv2

cv2.setLogLevel(0)  # the same for what it says of files that it cannot open

Picture = NDArray[np.uint8]
"""(height, width, 3) BGR or (height, width) gray, top row first."""
Frames = Generator[tuple[int, Picture], None, None]
"""Footage frames and their pictures, ascending; ``close`` it where it is left early."""

IMAGE_SUFFIXES = frozenset({".exr", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".bmp", ".webp", ".hdr"})
SEQUENCE_FPS = 24.0
"""Image files carry no rate; this stands where nobody gave one (a new Blender scene's)."""

_SAME_TIME_MS = 0.5
_HEAD_FRAMES = 32
_HEAD_FRAMES_SURE = 8
"""Where the index says that all pictures are shown, a few tell whether they decode."""
_SEEK_FROM = 64
_QUEUE = 4
_FINGERPRINT_PART = 1 << 20
_ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_HASHES = re.compile(r"#+")
_PERCENT = re.compile(r"%0?(\d*)d")
_LAST_NUMBER = re.compile(r"(\d+)(?=\D*$)")


@dataclass(frozen=True)
class Footage:
    """A clip that was opened and counted; hand it around, it holds no file open."""

    path: Path
    """The movie, or the first file of the sequence."""
    kind: str
    """"movie" or "sequence"."""
    width: int
    """Pixels, after the rotation."""
    height: int
    fps: float
    """Frames a second; of a movie what its header says."""
    count: int
    """Frames that can be read; of a sequence the span from first to last file, gaps included."""
    first: int
    """First footage frame of the range that was asked for."""
    last: int
    """Last footage frame of the range, included."""
    first_number: int = 1
    """The number in the name of the sequence's first file; 1 for a movie."""
    rotation: int = 0
    """Degrees clockwise by which the stored pictures are turned for showing: 0, 90, 180 or 270."""
    timestamps: NDArray[np.float64] = field(default_factory=lambda: np.empty(0), repr=False, compare=False)
    """(count,) milliseconds at which each frame is shown, in the order of decoding; empty for a sequence."""
    seekable: bool = True
    """True where a frame's time names it without doubt, so that a seek can be checked."""
    files: tuple[Path | None, ...] = field(default=(), repr=False)
    """A sequence's file for each frame, None where it is missing."""
    pixel_aspect: float = 1.0
    """Width of a pixel over its height, as a movie's header says it; 1 where it says nothing."""
    packets: int = 0
    """Compressed pictures in a movie, readable or not."""
    on_frame: Callable[[int, Picture], None] | None = field(default=None, repr=False, compare=False)
    """Called with each gray frame as it is decoded, in the thread; what it raises ends the reading."""

    @property
    def gaps(self) -> tuple[int, ...]:
        """Numbers that are missing among a sequence's files."""
        return tuple(self.first_number + at for at, file in enumerate(self.files) if file is None)

    def frames(self, start: int | None = None, stop: int | None = None, step: int = 1) -> Frames:
        """Footage frame and its gray picture (height, width), in ascending order.

        ``start`` and ``stop`` (included) are the range's first and last frame unless given. Pictures are
        decoded ahead in a thread, which ends when the iterator is exhausted or closed. Gray is OpenCV's
        BGR2GRAY of the picture. Raises FootageError, with the frame, where a picture cannot be read.
        """
        return self._ahead(start, stop, step, gray=True)

    def pictures(self, start: int | None = None, stop: int | None = None, step: int = 1) -> Frames:
        """As ``frames``, in colour: (height, width, 3) BGR."""
        return self._ahead(start, stop, step, gray=False)

    def picture(self, frame: int) -> Picture:
        """One frame (height, width, 3) in BGR; raises FootageError where it cannot be read."""
        with closing(self.pictures(frame, frame)) as found:
            return next(found)[1]

    def _ahead(self, start: int | None, stop: int | None, step: int, *, gray: bool) -> Frames:
        start = self.first if start is None else start
        stop = self.last if stop is None else stop
        check_range(start, stop, self.count)
        if step < 1:
            raise FootageError(f"a step of {step} frames: the step has to be 1 or more")
        read = _read_movie if self.kind == "movie" else _read_sequence
        pictures = read(self, start, stop, step, gray)
        return _in_thread(_told(pictures, self.on_frame) if gray and self.on_frame else pictures)


def open_footage(
    path: str | os.PathLike[str], *, first: int = 1, last: int | None = None, fps: float | None = None
) -> Footage:
    """Open a movie or an image sequence and count its frames.

    A sequence is given as its first file, as ``name.####.ext`` or as ``name.%04d.ext``. ``first`` and
    ``last`` (included) choose a range of footage frames; ``fps`` overrides the rate. Raises FootageError,
    in one line, where the file is missing, empty, not footage, or the range lies outside the clip.
    """
    path = Path(path)
    footage = _open_sequence(path) if _is_sequence(path) else _open_movie(path)
    last = footage.count if last is None else last
    check_range(first, last, footage.count)
    return replace(footage, first=first, last=last, fps=fps or footage.fps)


def check_range(first: int, last: int, count: int) -> None:
    """Raise FootageError unless 1 <= first <= last <= count."""
    if last < first:
        raise FootageError(f"frame range {first}-{last} ends before it begins")
    if first < 1 or last > count:
        raise FootageError(f"frame range {first}-{last} is outside the clip (1-{count})")


def frame_checksum(gray: Picture) -> int:
    """CRC-32 of the pixels of a picture (any shape), rows top first."""
    return zlib.crc32(np.ascontiguousarray(gray).tobytes())


IDENTITY = ("kind", "bytes", "sha256", "count", "width", "height", "first_number", "last_number", "gaps")
"""What ``identity`` tells of footage."""


def identity(footage: Footage) -> dict[str, Any]:
    """What tells this footage from another one, wherever it lies: JSON values only.

    Reads at most three megabytes: head, middle and tail of the movie, or of the first, middle and last file.
    """
    present = [file for file in footage.files if file is not None] or [footage.path]
    sizes = [file.stat().st_size for file in present]
    digest = hashlib.sha256()
    if footage.kind == "movie":
        size, part = sizes[0], _FINGERPRINT_PART
        spots = [(footage.path, at) for at in (0, max(0, size // 2 - part // 2), max(0, size - part))]
    else:
        spots = [(present[at], 0) for at in (0, len(present) // 2, len(present) - 1)]
    for file, offset in spots:
        with file.open("rb") as stream:
            stream.seek(offset)
            digest.update(stream.read(_FINGERPRINT_PART))
    return {
        "kind": footage.kind,
        "bytes": sum(sizes),
        "sha256": digest.hexdigest(),
        "count": footage.count,
        "width": footage.width,
        "height": footage.height,
        "first_number": footage.first_number,
        "last_number": footage.first_number + footage.count - 1,
        "gaps": list(footage.gaps),
    }


def to_8_bit(picture: NDArray[Any]) -> Picture:
    """A picture of any depth as 8 bit: whole numbers by their top bits, floats as linear light.

    Linear light gets the sRGB curve (IEC 61966-2-1), so that shadows keep the contrast a tracker needs;
    what is brighter than white is clipped.
    """
    if picture.dtype == np.uint8:
        return picture
    if picture.dtype == np.uint16:
        return ((picture.astype(np.uint32) + 128) // 257).astype(np.uint8)
    linear = np.clip(np.nan_to_num(picture.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.power(linear, 1.0 / 2.4) - 0.055)
    return np.rint(curved * 255.0).astype(np.uint8)


# Image sequences


def _is_sequence(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def _split_name(path: Path) -> tuple[str, int, int | None, str]:
    """Before the number, its digits at least, the number (None for a pattern), after it.

    Digits are 0 where the name carries no number.
    """
    for pattern in (_HASHES, _PERCENT):
        match = pattern.search(path.name)
        if match:
            digits = len(match[0]) if pattern is _HASHES else int(match[1] or 1)
            return path.name[: match.start()], digits, None, path.name[match.end() :]
    match = _LAST_NUMBER.search(path.stem)
    if match is None:
        return path.stem, 0, None, path.suffix
    return path.name[: match.start()], len(match[0]), int(match[0]), path.name[match.end() :]


def _sequence_files(path: Path) -> dict[int, Path]:
    """The files of a sequence by their number, from the one given on; a lone picture counts as number 1."""
    before, digits, start, after = _split_name(path)
    if digits == 0:
        return {1: path} if path.is_file() else {}
    if not path.parent.is_dir():
        return {}
    name = re.compile(re.escape(before) + r"(\d+)" + re.escape(after) + r"\Z")
    found: dict[int, Path] = {}
    for file in path.parent.iterdir():
        match = name.match(file.name)
        # 0999 is followed by 1000, and 9999 by 10000; 00001 beside 0001 is another sequence.
        if match and (len(match[1]) == digits or (len(match[1]) > digits and match[1][0] != "0")):
            found[int(match[1])] = file
    return {number: file for number, file in found.items() if start is None or number >= start}


def _open_sequence(path: Path) -> Footage:
    pattern = _split_name(path)[2] is None and _split_name(path)[1] > 0
    if not pattern and not path.is_file():
        raise FootageError(f"{path}: no such file")
    found = _sequence_files(path)
    if not found:
        raise FootageError(f"{path}: no picture of this sequence is there")
    numbers = sorted(found)
    count = numbers[-1] - numbers[0] + 1
    first_file = found[numbers[0]]
    height, width = _read_image(first_file).shape[:2]
    return Footage(
        path=first_file,
        kind="sequence",
        width=width,
        height=height,
        fps=SEQUENCE_FPS,
        count=count,
        first=1,
        last=count,
        first_number=numbers[0],
        files=tuple(found.get(number) for number in range(numbers[0], numbers[-1] + 1)),
    )


def _read_image(file: Path) -> Picture:
    """A picture file as (height, width, 3) BGR, 8 bit; raises FootageError where it cannot be read."""
    try:
        data = np.fromfile(file, dtype=np.uint8)  # imread has no way to non-Latin names on Windows
    except OSError as error:
        raise FootageError(f"{file}: {error.strerror or error}") from error
    if data.size == 0:
        raise FootageError(f"{file}: the file is empty")
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        picture = cv2.imdecode(data, flags)
    except cv2.error as error:
        raise FootageError(f"{file}: not a picture that can be read ({error.err})") from error
    if picture is None:
        raise FootageError(f"{file}: not a picture that can be read")
    return to_8_bit(picture)


def _read_sequence(footage: Footage, start: int, stop: int, step: int, gray: bool) -> Frames:
    for frame in range(start, stop + 1, step):
        file = footage.files[frame - 1]
        if file is None:
            number = footage.first_number + frame - 1
            raise FootageError(f"{_unreadable(footage, frame)}: there is no file number {number}")
        picture = _read_image(file)
        if picture.shape[:2] != (footage.height, footage.width):
            size = f"{picture.shape[1]}x{picture.shape[0]}"
            raise FootageError(f"{file}: {size} pixels in a sequence of {footage.width}x{footage.height}")
        yield frame, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) if gray else picture


# Movies


def _capture(path: Path) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if capture.isOpened():
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)  # turned here, so that every OpenCV does the same
    return capture


def _open_movie(path: Path) -> Footage:
    if path.is_dir():
        raise FootageError(f"{path}: a folder; give a movie or the first file of an image sequence")
    if not path.is_file():
        raise FootageError(f"{path}: no such file")
    try:
        with path.open("rb") as stream:
            if not stream.read(1):
                raise FootageError(f"{path}: the file is empty")
        told = path.stat()
    except OSError as error:
        raise FootageError(f"{path}: {error.strerror or error}") from error
    return _count_movie(path, told.st_size, told.st_mtime_ns)


@lru_cache(maxsize=16)
def _count_movie(path: Path, _size: int, _changed: int) -> Footage:
    """The movie with its frames counted; known from the last time where the file has not changed since.

    Who opens a clip soon opens it again (preflight, session, the frames themselves), and where the end has to
    be decoded counting takes half the time of decoding.
    """
    capture = _capture(path)
    try:
        if not capture.isOpened():
            raise FootageError(f"{path}: not a movie that can be read")
        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        rotation = round(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 360
        aspect = _pixel_aspect(capture)
        packets = _packet_times(path)
        times = packets if _ends_agree(path, capture, packets) else _decoded_times(path)
    finally:
        capture.release()
    if len(times) == 0 or width < 1 or height < 1:
        raise FootageError(f"{path}: no frame of this movie can be read")
    if rotation not in _ROTATIONS:
        rotation = 0
    if rotation in (90, 270):
        width, height, aspect = height, width, 1 / aspect
    return Footage(
        path=path,
        kind="movie",
        width=width,
        height=height,
        fps=fps,
        count=len(times),
        first=1,
        last=len(times),
        rotation=rotation,
        pixel_aspect=aspect,
        timestamps=times,
        seekable=bool(len(times) > 1 and np.diff(times).min() > 2.0 * _SAME_TIME_MS),
        packets=len(packets),
    )


def _pixel_aspect(capture: cv2.VideoCapture) -> float:
    """What the header says of the pixels' shape; 1 where it says nothing that can be."""
    wide, high = (capture.get(name) for name in (cv2.CAP_PROP_SAR_NUM, cv2.CAP_PROP_SAR_DEN))
    return wide / high if wide > 0 and high > 0 and 0.1 <= wide / high <= 10 else 1.0


def _packet_times(path: Path) -> NDArray[np.float64]:
    """Ascending times (ms) of a movie's packets, read without decoding; empty where not to be had."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    times = []
    try:
        while capture.isOpened() and capture.grab():
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC))
    finally:
        capture.release()
    return np.sort(np.array(times, dtype=np.float64))


def _decoded_times(path: Path) -> NDArray[np.float64]:
    """Times in milliseconds of all frames, decoding each of them once."""
    capture = _capture(path)
    times = []
    try:
        while capture.grab():
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC))
    finally:
        capture.release()
    return np.array(times, dtype=np.float64)


def _ends_agree(path: Path, capture: cv2.VideoCapture, packets: NDArray[np.float64]) -> bool:
    """Whether the packets are evenly timed and the first and the last of them decode to just their times.

    An edit list, a damaged end or pictures that come out of order show themselves here. To reach the last one
    all since a key frame have to be decoded, so that is only done where it is in doubt.
    """
    if len(packets) <= _SEEK_FROM or capture.get(cv2.CAP_PROP_FRAME_COUNT) != len(packets):
        return False
    steps = np.diff(packets)
    typical = float(np.median(steps))
    # Containers that keep whole milliseconds (33, 33, 34) are even too.
    if typical < 2.0 or np.abs(steps - typical).max() > max(1.01, 0.02 * typical):
        return False
    sure = pictures_shown(path) == len(packets)
    for time in packets[: _HEAD_FRAMES_SURE if sure else _HEAD_FRAMES]:
        if not capture.grab() or abs(capture.get(cv2.CAP_PROP_POS_MSEC) - time) > _SAME_TIME_MS:
            return False
    if sure:
        return True
    return _seek(capture, packets, len(packets)) and not capture.grab()


def _seek(capture: cv2.VideoCapture, times: NDArray[np.float64], frame: int) -> bool:
    """Grab ``frame`` (1 = first) by seeking; False where its time says that another one was found."""
    capture.set(cv2.CAP_PROP_POS_FRAMES, frame - 1)
    if not capture.grab():
        return False
    return abs(capture.get(cv2.CAP_PROP_POS_MSEC) - times[frame - 1]) <= _SAME_TIME_MS


def _grab_to(footage: Footage, frame: int) -> cv2.VideoCapture:
    """A capture that has just grabbed ``frame``: by a seek that was checked, else from the beginning."""
    capture = _capture(footage.path)
    if frame > _SEEK_FROM and footage.seekable:
        if _seek(capture, footage.timestamps, frame):
            return capture
        capture.release()
        capture = _capture(footage.path)
    for number in range(1, frame + 1):
        if not capture.grab():
            capture.release()
            raise _unreadable(footage, number)
    return capture


def _read_movie(footage: Footage, start: int, stop: int, step: int, gray: bool) -> Frames:
    capture = _grab_to(footage, start)
    try:
        frame = start
        while True:
            if (frame - start) % step == 0:
                found, picture = capture.retrieve()
                if not found:
                    raise _unreadable(footage, frame)
                yield frame, _finish(picture, footage.rotation, gray)
            if frame + step > stop and (frame - start) % step == 0:
                return
            frame += 1
            if not capture.grab():
                raise _unreadable(footage, frame)
    finally:
        capture.release()


def _finish(picture: Picture, rotation: int, gray: bool) -> Picture:
    if gray:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return cv2.rotate(picture, _ROTATIONS[rotation]) if rotation else picture


def _unreadable(footage: Footage, frame: int) -> FootageError:
    return FootageError(f"{footage.path}: frame {frame} cannot be read")


def _told(source: Frames, on_frame: Callable[[int, Picture], None]) -> Frames:
    """What ``source`` yields, each told of first."""
    with closing(source):
        for frame, picture in source:
            on_frame(frame, picture)
            yield frame, picture


# Decoding ahead


def _in_thread(source: Frames) -> Frames:
    """What ``source`` yields, worked out ahead in a thread; its error is raised where it happened."""
    ready: queue.Queue[tuple[int, Picture] | BaseException | None] = queue.Queue(maxsize=_QUEUE)
    stopped = threading.Event()

    def put(item: tuple[int, Picture] | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.05)
                return
            except queue.Full:
                continue

    def work() -> None:
        end: BaseException | None = None
        try:
            for item in source:
                put(item)
                if stopped.is_set():
                    break
        except BaseException as error:  # handed over to the one who iterates
            end = error
        finally:
            source.close()
        put(end)

    thread = threading.Thread(target=work, name="footage", daemon=True)
    thread.start()
    try:
        while True:
            item = ready.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        thread.join()
