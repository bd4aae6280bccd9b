"""2D tracks as text, for other programs: one line a marker, out and in.

The plain form (docs/track-text.md)::

    # 2D tracks, version 1
    # size 960 540
    # frames 120
    # first 1
    # name	frame	x	y
    Nose	1	480.250000	270.125000

Fields are parted by tabs; x and y are pixels with their origin at the bottom left corner of the frame, edges
at integers. A fifth field says why a track is switched off. ``first`` is the number that the footage's first
frame has in the file. Of a file from elsewhere, fields may be parted by blanks, too; the last three are
numbers.

The form of 3DEqualizer (its own "Export 2D Tracks" and "Import 2D Tracks"): the number of points, and for
each its name, a colour, the number of its frames, and a line ``frame x y`` for each, in the same pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from .engine.model import Bools, Tracks
from .errors import InputError
from .files import write_atomically

TEXT, EQUALIZER = "text", "3de"
FORMATS = (TEXT, EQUALIZER)
HEADER = "# 2D tracks, version 1"
MOST_MARKERS = 20_000_000
MOST_FRAMES = 10_000_000
LARGEST = 1e6
"""A position further from the frame than this, in pixels, is a mistake."""


class TrackTextError(InputError):
    """A file of tracks cannot be read; the message names file and line."""


# --- out ---------------------------------------------------------------------


def to_text(tracks: Tracks, *, first: int = 1) -> str:
    """The tracks in the plain form; ``first`` is the number written for footage frame 1."""
    lines = [
        HEADER,
        f"# size {tracks.width} {tracks.height}",
        f"# frames {tracks.frames}",
        f"# first {first}",
        "# name\tframe\tx\ty",
    ]
    for name, reason, rows in _each(tracks):
        end = f"\t{_one_line(reason)}" if reason else ""
        lines += [
            f"{name}\t{frame + first - 1}\t{x:.6f}\t{y:.6f}{end}"
            for frame, (x, y) in zip(tracks.frame[rows].tolist(), tracks.xy[rows].tolist())
        ]
    return "\n".join(lines) + "\n"


def to_3de(tracks: Tracks, *, first: int = 1) -> str:
    """The tracks as 3DEqualizer reads them; names have no blanks there."""
    parts = list(_each(tracks))
    lines = [str(len(parts))]
    for name, _, rows in parts:
        frames = tracks.frame[rows].tolist()
        lines += ["_".join(name.split()), "0", str(len(frames))]
        lines += [
            f"{frame + first - 1} {x:.6f} {y:.6f}" for frame, (x, y) in zip(frames, tracks.xy[rows].tolist())
        ]
    return "\n".join(lines) + "\n"


def write_tracks(tracks: Tracks, path: Path | str, form: str = TEXT, *, first: int = 1) -> None:
    """Writes the tracks to a file, as a whole or not at all; raises InputError where that cannot be done."""
    if form not in FORMATS:
        raise InputError(f"'{form}' is no form of 2D tracks; known: {', '.join(FORMATS)}")
    made = to_text(tracks, first=first) if form == TEXT else to_3de(tracks, first=first)
    write_atomically(Path(path), made)


def _each(tracks: Tracks) -> Iterator[tuple[str, str, slice]]:
    """Name, reason and rows of every track that has markers; each name but once."""
    bounds = tracks.bounds()
    taken: set[str] = set()
    for number, (given, reason) in enumerate(zip(tracks.names, tracks.reasons)):
        if bounds[number] == bounds[number + 1]:
            continue
        name = plain = _one_line(given).lstrip("#").strip() or f"Track {number + 1}"
        more = 1
        while "_".join(name.split()) in taken:
            name, more = f"{plain}.{more:03}", more + 1
        taken.add("_".join(name.split()))
        yield name, reason, slice(int(bounds[number]), int(bounds[number + 1]))


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


# --- in ----------------------------------------------------------------------


@dataclass
class _Found:
    """What was read so far."""

    source: str
    last: int | None
    """The last footage frame there may be."""
    size: tuple[int, int] | None = None
    first: int = 1
    names: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    rows: list[tuple[int, int, float, float]] = field(default_factory=list)
    seen: set[tuple[int, int]] = field(default_factory=set)

    def error(self, line: int, message: str) -> TrackTextError:
        return TrackTextError(f"{self.source}:{line}: error: {message}")

    def track(self, name: str) -> int:
        number = self.names.setdefault(name, len(self.names))
        if number == len(self.reasons):
            self.reasons.append("")
        return number

    def add(self, line: int, track: int, numbers: Sequence[str]) -> None:
        """A marker from the texts of its frame, x and y."""
        try:
            frame = int(numbers[0]) - self.first + 1
        except ValueError:
            raise self.error(line, f"'{_short(numbers[0])}' is no frame number") from None
        if frame < 1:
            raise self.error(line, f"frame {_short(numbers[0])} is before the first one, {self.first}")
        if self.last is not None and frame > self.last:
            last = self.last + self.first - 1
            raise self.error(line, f"frame {_short(numbers[0])} is after the last one, {last}")
        if frame > MOST_FRAMES:
            raise self.error(line, f"{_short(numbers[0])} is no frame of a clip")
        if (track, frame) in self.seen:
            raise self.error(line, f"the track has a marker at frame {numbers[0]} already")
        x, y = (self.number(line, text) for text in numbers[1:])
        if len(self.rows) >= MOST_MARKERS:
            raise self.error(line, f"more than {MOST_MARKERS} markers")
        self.seen.add((track, frame))
        self.rows.append((track, frame, x, y))

    def number(self, line: int, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise self.error(line, f"'{_short(text)}' is no number") from None
        if not math.isfinite(value) or abs(value) > LARGEST:
            raise self.error(line, f"{_short(text)} is no place in a picture")
        return value

    def whole(self, line: int, text: str, least: int, what: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise self.error(line, f"{what} has to be a whole number from {least} on, not '{_short(text)}'")
        return value


def read_tracks(
    path: Path | str,
    *,
    size: tuple[int, int] | None = None,
    frames: int | None = None,
    first: int | None = None,
) -> Tracks:
    """The tracks of a file in either form, told by its first line.

    ``size`` is that of the clip in pixels: positions are scaled to it where the file says another size of
    the same proportions (a proxy); needed where the file names none. ``frames`` is the clip's length: a
    marker after it is an error. ``first`` is the number of the footage's first frame, over what the file
    says. Raises TrackTextError, with file and line, for what cannot be read, InputError where there is no
    such file.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise TrackTextError(f"{path}: error: not a text in UTF-8") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    return from_text(text, str(path), size=size, frames=frames, first=first)


def from_text(
    text: str,
    source: str = "tracks",
    *,
    size: tuple[int, int] | None = None,
    frames: int | None = None,
    first: int | None = None,
) -> Tracks:
    """The tracks of a text; ``source`` names it in errors, the rest is as in ``read_tracks``."""
    lines = text.splitlines()
    found = _Found(source, frames)
    start = next((line.strip() for line in lines if line.strip()), "")
    if start.isdigit():
        found.first = 1 if first is None else first
        _read_3de(lines, found)
    else:
        _read_plain(lines, found, first)
    if not found.rows:
        raise TrackTextError(f"{source}: error: there is no marker in it")
    width, height = found.size or size or (0, 0)
    if not width:
        raise TrackTextError(
            f"{source}: error: it does not say the size of the frame ('# size WIDTH HEIGHT')"
        )
    table = np.array(found.rows, np.float64)
    order = np.lexsort((table[:, 1], table[:, 0]))
    tracks = Tracks(
        width,
        height,
        frames or int(table[:, 1].max()),
        table[order, 0].astype(np.int32),
        table[order, 1].astype(np.int32),
        np.ascontiguousarray(table[order, 2:]),
        list(found.names),
        found.reasons,
    )
    return tracks if size is None else _scaled(tracks, size, source)


def _read_plain(lines: list[str], found: _Found, first: int | None) -> None:
    if first is not None:
        found.first = first
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#"):
            _read_header(number, line.lstrip()[1:].split(), found, keep_first=first is not None)
        elif line.strip():
            fields = line.split("\t") if "\t" in line.strip() else line.rsplit(None, 3)
            fields = [part.strip() for part in fields]
            if len(fields) not in (4, 5):
                raise found.error(number, "not a marker: name, frame, x and y are wanted, parted by tabs")
            if not fields[0]:
                raise found.error(number, "the track has no name")
            track = found.track(fields[0])
            found.add(number, track, fields[1:4])
            if len(fields) == 5:
                found.reasons[track] = fields[4]


def _read_header(number: int, words: list[str], found: _Found, *, keep_first: bool) -> None:
    """A line of comment that may say size and first frame; all others are passed over."""
    if words[:1] == ["size"] and len(words) == 3:
        width, height = (found.whole(number, word, 1, "a size") for word in words[1:])
        found.size = (width, height)
    elif words[:1] == ["first"] and len(words) == 2 and not keep_first:
        if found.rows:
            raise found.error(number, "'first' has to stand before the markers")
        found.first = found.whole(number, words[1], -1_000_000, "the first frame")
    elif words[:3] == ["2D", "tracks,", "version"] and words[3:] != ["1"]:
        raise found.error(number, f"version {' '.join(words[3:])} of the form is not known; this reads 1")


def _read_3de(lines: list[str], found: _Found) -> None:
    filled = ((number, line.strip()) for number, line in enumerate(lines, 1) if line.strip())

    def take(what: str) -> tuple[int, str]:
        for entry in filled:
            return entry
        raise found.error(len(lines) + 1, f"the file ends where {what} is wanted")

    number, text = take("the number of points")
    for _ in range(found.whole(number, text, 0, "the number of points")):
        number, name = take("the name of a point")
        if name in found.names:
            raise found.error(number, f"there is a point '{_short(name)}' already")
        track = found.track(name)
        number, text = take("a point's colour")
        found.whole(number, text, 0, "a point's colour")
        number, text = take("a point's number of frames")
        for _ in range(found.whole(number, text, 0, "a point's number of frames")):
            number, text = take("a marker")
            if len(text.split()) != 3:
                raise found.error(number, "not a marker: frame, x and y are wanted")
            found.add(number, track, text.split())
    for number, _ in filled:
        raise found.error(number, "there is more than the points that were announced")


def _scaled(tracks: Tracks, size: tuple[int, int], source: str) -> Tracks:
    """The tracks for a frame of ``size``. Raises TrackTextError where its proportions are others."""
    if (tracks.width, tracks.height) == size:
        return tracks
    across, up = size[0] / tracks.width, size[1] / tracks.height
    # A proxy's size is rounded to whole pixels.
    if abs(across * tracks.height - size[1]) > 2 * max(1.0, across):
        made, there = f"{tracks.width}x{tracks.height}", f"{size[0]}x{size[1]}"
        raise TrackTextError(f"{source}: error: made for a frame of {made}, the clip has {there}")
    return replace(tracks, width=size[0], height=size[1], xy=tracks.xy * [across, up])


def chosen(tracks: Tracks, wanted: Bools) -> Tracks:
    """The tracks for which ``wanted`` (count,) is true; raises InputError where there is none."""
    if not wanted.any():
        raise InputError("there are no such tracks to write")
    return tracks.subset(wanted)


def _short(text: str) -> str:
    line = _one_line(text)
    return line if len(line) <= 40 else line[:39] + "…"
