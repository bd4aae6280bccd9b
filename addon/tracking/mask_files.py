"""Pictures of a mask that the engine reads, kept where other masks never take their place."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from .errors import InputError

FIRST = "mask_00001.png"
_NO_NAME = re.compile(r"[^\w-]+")

Draw = Callable[[Sequence[int]], Iterable[NDArray[np.uint8]]]
"""From frames, as places in a list and in ascending order, to their pictures (h, w), white where masked."""


def write_masks(marks: Sequence[bytes], draw: Draw, folder: Path, name: str, about: str) -> Path:
    """Writes the mask of every footage frame (the first first) as pictures; returns the first one's path.

    ``marks`` has a word for each frame; ``draw`` is asked only for frames that differ from the one before.
    They lie in a folder of their own, called by ``name`` and ``about``, which changes with the marks: other
    masks never take their place, and the same ones are not drawn again. Where all frames are alike there is
    one picture. Raises InputError where they cannot be written.
    """
    wanted = [at for at in range(len(marks)) if not at or marks[at] != marks[at - 1]]
    place = folder / f"{_NO_NAME.sub('_', name)}_{about}"
    first = place / FIRST
    if first.is_file():
        return first
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".masks.") as part:
            half = Path(part) / "pictures"  # all of them are there, or none
            half.mkdir()
            for at, picture in zip(wanted, draw(wanted), strict=True):
                _file(half, at).write_bytes(cv2.imencode(".png", picture)[1].tobytes())
            if len(wanted) > 1:
                for at in range(len(marks)):
                    if not _file(half, at).exists():
                        shutil.copyfile(_file(half, at - 1), _file(half, at))
            half.rename(place)
    except OSError as error:
        raise InputError(f"{place}: the mask cannot be written: {error.strerror or error}") from None
    return first


def digest(parts: Iterable[bytes]) -> str:
    """A word of 12 letters that changes with any of the parts."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(4, "little") + part)
    return found.hexdigest()[:12]


def _file(folder: Path, at: int) -> Path:
    return folder / f"mask_{at + 1:05}.png"
