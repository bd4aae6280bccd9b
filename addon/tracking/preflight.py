"""What is wrong with a clip before anybody works on it, and copies that mend it. No bpy.

The findings are written for the artist: one line what is the matter, and, where there is one, the fix by its
id and the words for its button. ``even_copy`` is mended by ``make_even_copy``, ``image_sequence`` by
``make_image_sequence``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from .engine.condition import COMBED, interlacing
from .engine.footage import SEQUENCE_FPS, Footage, Picture, check_range, frame_checksum, open_footage
from .errors import FootageError, TrackedShotError

Progress = Callable[[int, int], None]
"""Called with frames done and frames in all; may raise (Cancelled) to stop."""

GAPS = "gaps"
"""Code of the finding that pictures of a sequence are missing."""
EVEN_COPY = "even_copy"
IMAGE_SEQUENCE = "image_sequence"
FIX_LABELS = {EVEN_COPY: "Make an Evenly Timed Copy", IMAGE_SEQUENCE: "Make an Image Sequence"}

LEAST_FRAMES = 8
LEAST_SIDE = 240
USUAL_RATES = (
    12.0, 15.0, 24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 48.0, 50.0, 60000 / 1001, 60.0,
    100.0, 120000 / 1001, 120.0, 240.0,
)  # fmt: skip
LINEAR_SUFFIXES = frozenset({".exr", ".hdr"})
COPY_SUFFIX = ".avi"
_RATE_TOLERANCE = 0.005
_UNEVEN_SHARE = 0.1
_UNEVEN_MS = 1.01


@dataclass(frozen=True)
class Finding:
    """One thing to know about the clip."""

    severity: str
    """"error": the shot will not come out right; "warning": look at it; "info"."""
    code: str
    message: str
    """One line for the artist."""
    fix: str | None = None
    """``EVEN_COPY``, ``IMAGE_SEQUENCE`` or None where the artist alone can mend it."""

    @property
    def fix_label(self) -> str:
        """Words for the fix's button, empty without a fix."""
        return FIX_LABELS[self.fix] if self.fix else ""


@dataclass(frozen=True)
class Preflight:
    """A clip as it was found."""

    findings: list[Finding] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)
    """Width and height in pixels, after a rotation flag."""
    fps: float = 0.0
    frames: int = 0
    duration: float = 0.0
    """Seconds."""
    color_space: str = "sRGB"
    """Blender's name of the colour space that such files are usually in: a guess."""
    footage: Footage | None = None
    """The opened clip, None where it could not be opened."""

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "warning"]

    @property
    def ok(self) -> bool:
        """True without errors; there may be warnings."""
        return not self.errors

    @property
    def fix(self) -> str | None:
        """The fix that the gravest finding offers."""
        fixes = [finding.fix for finding in self.errors + self.warnings if finding.fix]
        return fixes[0] if fixes else None


def check_footage(
    path: str | os.PathLike[str], *, first: int = 1, last: int | None = None, fps: float | None = None
) -> Preflight:
    """Look at a movie or an image sequence without working on it; never raises for bad footage.

    ``first`` and ``last`` (included) are the footage frames wanted, ``fps`` a rate that overrides the file's.
    """
    path = Path(path)
    color_space = "Linear Rec.709" if path.suffix.lower() in LINEAR_SUFFIXES else "sRGB"
    try:
        footage = open_footage(path, fps=fps)
    except FootageError as error:
        return Preflight(findings=[Finding("error", _code_of(path), str(error))], color_space=color_space)
    findings, pictures = [], []
    try:
        check_range(first, last or footage.count, footage.count)
        footage = replace(footage, first=first, last=last or footage.count)
    except FootageError as error:
        findings.append(Finding("error", "range", f"{path}: {error}"))
    try:
        pictures = _few_pictures(footage)
    except FootageError as error:
        findings.append(Finding("error", "unreadable", str(error)))
    findings += [
        *_check_gaps(footage),
        *_check_timing(footage),
        *_check_rotation(footage),
        *_check_readable(footage),
        *_check_length(footage),
        *_check_size(footage),
        *_check_rate(footage),
        *_check_interlaced(footage, pictures),
    ]
    seconds = footage.count / footage.fps if footage.fps > 0 else 0.0
    if len(footage.timestamps) > 1:
        span = float(np.ptp(footage.timestamps))
        seconds = span / 1000.0 * footage.count / (footage.count - 1)
    return Preflight(
        findings=findings,
        size=(footage.width, footage.height),
        fps=footage.fps,
        frames=footage.count,
        duration=seconds,
        color_space=color_space,
        footage=footage,
    )


def copy_fix(footage: Footage) -> str:
    """The copy that suits the clip: OpenCV's movies have even sides only."""
    return IMAGE_SEQUENCE if footage.width % 2 or footage.height % 2 else EVEN_COPY


def number_runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each unbroken run of ascending numbers."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def number_ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers in the shortest form: "1005, 1010-1012"."""
    return ", ".join(f"{low}-{high}" if high > low else str(low) for low, high in number_runs(numbers))


def even_rate(footage: Footage) -> float:
    """Frames a second for an even copy: the header's where it is a usual rate, else the clip's average."""
    if _is_usual(footage.fps):
        return _nearest_rate(footage.fps)
    if len(footage.timestamps) > 1 and np.ptp(footage.timestamps) > 0.0:
        return 1000.0 * (footage.count - 1) / float(np.ptp(footage.timestamps))
    return SEQUENCE_FPS


# What is looked at


def _code_of(path: Path) -> str:
    if _names_a_file(path) and not path.exists():
        return "missing"
    if path.is_file() and path.stat().st_size == 0:
        return "empty"
    return "unreadable"


def _names_a_file(path: Path) -> bool:
    return "#" not in path.name and "%" not in path.name


def _few_pictures(footage: Footage) -> list[Picture]:
    """Up to three gray pictures from the wanted range; raises FootageError where one cannot be read."""
    # Near the start, where getting there costs little: the end was decoded when the clip was counted.
    wanted = sorted({footage.first, *(min(footage.first + on, footage.last) for on in (16, 48))})
    present = [frame for frame in wanted if not footage.files or footage.files[frame - 1]]
    return [cv2.cvtColor(footage.picture(frame), cv2.COLOR_BGR2GRAY) for frame in present]


def _check_gaps(footage: Footage) -> list[Finding]:
    findings = []
    if footage.gaps:
        first, last = footage.first_number, footage.first_number + footage.count - 1
        wanted = range(first + footage.first - 1, first + footage.last)
        hurts = any(number in wanted for number in footage.gaps)
        message = (
            f"{footage.path.name}: {_count(len(footage.gaps), 'picture')} of {first}-{last} missing: "
            f"{number_ranges(footage.gaps)}; put them back or choose a frame range without them"
        )
        findings.append(Finding("error" if hurts else "warning", GAPS, message))
    numbered = enumerate(footage.files, footage.first_number)
    empty = [number for number, file in numbered if file is not None and file.stat().st_size == 0]
    if empty:
        message = f"{footage.path.name}: empty files at {number_ranges(empty)}; copy or render them again"
        findings.append(Finding("error", "empty_pictures", message))
    return findings


def _check_timing(footage: Footage) -> list[Finding]:
    steps = np.diff(footage.timestamps)
    if len(steps) == 0:
        return []
    typical = float(np.median(steps))
    if np.abs(steps - typical).max() <= max(_UNEVEN_MS, _UNEVEN_SHARE * typical):
        return []
    message = (
        f"{footage.path.name}: the file times its frames unevenly "
        f"({round(steps.min())} to {round(steps.max())} ms apart), "
        "so Blender shows other frames than are in it; make an evenly timed copy"
    )
    return [Finding("warning", "uneven_timing", message, copy_fix(footage))]


def _check_rotation(footage: Footage) -> list[Finding]:
    if not footage.rotation:
        return []
    message = (
        f"{footage.path.name}: the file asks to be shown turned by {footage.rotation} degrees, "
        "which Blender 4.2 and 4.3 do not do; make an upright, evenly timed copy"
    )
    return [Finding("warning", "rotation", message, copy_fix(footage))]


def _check_readable(footage: Footage) -> list[Finding]:
    lost = footage.packets - footage.count
    if lost <= 0:
        return []
    said = f"{lost} of {_count(footage.packets, 'frame')} cannot be read; the other {footage.count} are used"
    return [Finding("warning", "lost_frames", f"{footage.path.name}: {said}", copy_fix(footage))]


def _check_length(footage: Footage) -> list[Finding]:
    length = footage.last - footage.first + 1
    if length >= LEAST_FRAMES:
        return []
    message = f"{footage.path.name}: {_count(length, 'frame')}, too short: it takes {LEAST_FRAMES} or more"
    return [Finding("error", "too_short", message)]


def _check_size(footage: Footage) -> list[Finding]:
    if min(footage.width, footage.height) >= LEAST_SIDE:
        return []
    size = f"{footage.width}x{footage.height}"
    message = f"{footage.path.name}: {size} pixels is very small, is there a larger original?"
    return [Finding("warning", "small", message)]


def _check_rate(footage: Footage) -> list[Finding]:
    if footage.kind == "sequence":
        return []
    rate = footage.fps
    if _is_usual(rate):
        return []
    message = f"{footage.path.name}: {rate:.2f} frames a second is no usual rate; check what it was filmed at"
    return [Finding("warning", "odd_rate", message)]


def _check_interlaced(footage: Footage, pictures: list[Picture]) -> list[Finding]:
    if not pictures or max(interlacing(picture) for picture in pictures) < COMBED:
        return []
    message = (
        f"{footage.path.name}: every other line shows another moment (interlaced); where that is plain,"
        " one field is tracked; better deinterlace the clip first"
    )
    return [Finding("warning", "interlaced", message)]


def _is_usual(rate: float) -> bool:
    return abs(_nearest_rate(rate) - rate) <= _RATE_TOLERANCE * rate


def _nearest_rate(rate: float) -> float:
    return min(USUAL_RATES, key=lambda usual: abs(usual - rate))


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


# Copies


def make_even_copy(
    path: str | os.PathLike[str], out: str | os.PathLike[str], *, on_progress: Progress | None = None
) -> Path:
    """Write a movie with every frame of the clip once, upright, in order and evenly timed; give its path.

    HuffYUV in AVI (``out`` gets that suffix): lossless for 8 bit pictures, each frame on its own, so that
    Blender and the engine find the same frame at the same number; about half of a raw picture a frame
    (0.7 MB at 960x540). A file that stands at ``out`` is replaced at the end. Raises FootageError where the
    clip cannot be read or has an odd side, TrackedShotError where the copy cannot be written; then nothing
    is left behind.
    """
    footage = open_footage(path)
    if copy_fix(footage) != EVEN_COPY:
        size = f"{footage.width}x{footage.height}"
        raise FootageError(
            f"{footage.path}: a movie of {size} pixels cannot be written; make an image sequence"
        )
    out = Path(out).with_suffix(COPY_SUFFIX)
    if out.resolve() == footage.path.resolve():
        raise FootageError(f"{out}: the copy would replace the clip itself")
    _check_room(out.parent, footage)
    part = out.with_name(f".{out.stem}.part{COPY_SUFFIX}")
    try:
        _write_movie(footage, part, on_progress)
        _check_copy(footage, part)
        os.replace(part, out)
    except OSError as error:
        raise TrackedShotError(f"{out}: cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return out


def make_image_sequence(
    path: str | os.PathLike[str], folder: str | os.PathLike[str], *, on_progress: Progress | None = None
) -> Path:
    """Write every frame of the clip, upright, as ``folder/NAME.0001.png`` and on; give the first file's path.

    PNG, 8 bit, lossless: about 0.9 MB at 960x540. ``folder`` must not hold anything yet. Errors as for
    ``make_even_copy``.
    """
    footage = open_footage(path)
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TrackedShotError(f"{folder}: there is something in it already; choose a new folder")
    _check_room(folder.parent, footage)
    part = folder.with_name(f".{folder.name}.part")
    name = footage.path.stem.rstrip("0123456789").rstrip("._-") or "frame"
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        digits = max(4, len(str(footage.count)))
        with closing(footage.pictures(1, footage.count)) as pictures:
            for frame, picture in pictures:
                _write_png(part / f"{name}.{frame:0{digits}d}.png", picture)
                if on_progress:
                    on_progress(frame, footage.count)
        if folder.exists():
            folder.rmdir()
        os.replace(part, folder)
    except OSError as error:
        raise TrackedShotError(f"{folder}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder / f"{name}.{1:0{digits}d}.png"


def _write_movie(footage: Footage, part: Path, on_progress: Progress | None) -> None:
    size = (footage.width, footage.height)
    fourcc = cv2.VideoWriter.fourcc(*"HFYU")
    writer: Any = cv2.VideoWriter(str(part), cv2.CAP_FFMPEG, fourcc, even_rate(footage), size)
    try:
        if not writer.isOpened():
            raise TrackedShotError(f"{part.parent}: no movie can be written there")
        with closing(footage.pictures(1, footage.count)) as pictures:
            for frame, picture in pictures:
                writer.write(picture)
                if on_progress:
                    on_progress(frame, footage.count)
    finally:
        writer.release()


def _check_copy(footage: Footage, part: Path) -> None:
    """OpenCV's writer keeps silent where the disk is full: count the copy and compare three frames."""
    try:
        copy = open_footage(part)
        spots = sorted({1, (footage.count + 1) // 2, footage.count})
        same = copy.count == footage.count and all(
            frame_checksum(copy.picture(frame)) == frame_checksum(footage.picture(frame)) for frame in spots
        )
    except FootageError as error:
        raise TrackedShotError(f"{part.parent}: the copy cannot be read back; is the disk full?") from error
    if not same:
        raise TrackedShotError(f"{part.parent}: the copy does not read back as the clip; is the disk full?")


def _write_png(file: Path, picture: Picture) -> None:
    written, data = cv2.imencode(".png", picture)
    if not written:
        raise TrackedShotError(f"{file}: the picture could not be encoded")
    file.write_bytes(data.tobytes())


def _check_room(folder: Path, footage: Footage) -> None:
    """Raise TrackedShotError unless ``folder`` has room for the clip's raw pictures, the most it can need."""
    if not folder.is_dir():
        raise TrackedShotError(f"{folder}: no such folder")
    if not os.access(folder, os.W_OK):
        raise TrackedShotError(f"{folder}: this folder cannot be written to")
    need = footage.width * footage.height * 3 * footage.count
    free = shutil.disk_usage(folder).free
    if free < need:
        raise TrackedShotError(
            f"{folder}: {_gigabytes(free)} free, the copy may need {_gigabytes(need)}; choose another disk"
        )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
