"""Which frames of a render are finished: kept beside them, so that an interrupted render goes on.

A frame counts as finished where it was made from what is rendered now, is as long as it was when it was
written, and has its end. The log is a line of JSON a frame, appended when its files are in place; its first
line says what the frames are made from. Frames of anything else are rendered anew.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .errors import InputError

_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_EXR_BEGIN = b"\x76\x2f\x31\x01"


class RenderLog:
    """The log of the frames ``STEM_0001.png`` and so on in a folder."""

    def __init__(self, folder: Path, stem: str, kind: str, made_from: str) -> None:
        """``made_from`` tells what is rendered from anything else; empty: nothing is ever finished.

        ``kind`` is the format: each has a log of its own.
        """
        self._path = folder / f".{stem}.{kind}.render"
        self._made_from = made_from
        self._finished: dict[int, list[tuple[str, int]]] = {}
        self._read()

    def finished(self, frame: int, files: Iterable[Path]) -> bool:
        """Whether all the files of a frame are there as they were written."""
        kept = dict(self._finished.get(frame, ()))
        return all(
            path.name in kept and is_whole(path) and path.stat().st_size == kept[path.name] for path in files
        )

    def note(self, frame: int, files: Iterable[Path]) -> None:
        """Notes a frame whose files are in place. Raises InputError where that can't be written."""
        if not self._made_from:
            return
        made = [(path.name, path.stat().st_size) for path in files]
        self._finished[frame] = made
        self._write({"frame": frame, "files": made}, "a")

    def forget(self) -> None:
        """Deletes the log: its frames are gone."""
        self._path.unlink(missing_ok=True)

    def _read(self) -> None:
        """Takes in an earlier render of the same; one of something else is begun anew."""
        lines: list[Any] = []
        with contextlib.suppress(OSError):
            for line in self._path.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError):  # a line that was cut short
                    lines.append(json.loads(line))
        if not self._made_from:
            self._path.unlink(missing_ok=True)
        elif not lines or lines[0] != {"made_from": self._made_from}:
            self._write({"made_from": self._made_from}, "w")
        else:
            for row in lines[1:]:
                self._finished[row["frame"]] = [(name, size) for name, size in row["files"]]

    def _write(self, row: dict[str, Any], mode: str) -> None:
        try:
            with self._path.open(mode, encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise InputError(f"{self._path}: cannot be written: {error.strerror or error}") from None


def is_whole(path: Path) -> bool:
    """Whether a picture has its beginning and, where its kind has one, its end."""
    try:
        with path.open("rb") as stream:
            if path.suffix.lower() == ".exr":
                return stream.read(len(_EXR_BEGIN)) == _EXR_BEGIN
            size = stream.seek(0, os.SEEK_END)
            if path.suffix.lower() != ".png":
                return size > 0
            stream.seek(max(0, size - len(_PNG_END)))
            return stream.read() == _PNG_END
    except OSError:
        return False
