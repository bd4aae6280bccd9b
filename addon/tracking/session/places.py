"""Where sessions lie."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import SessionError
from .store import SUFFIX

MASKS = "masks"
"""Folder, beside sessions, of the pictures of a .blend's masks that they are tracked with."""


def session_folder(
    footage: Path, *, blend: Path | None = None, chosen: Path | None = None, fallback: Path | None = None
) -> Path:
    """The folder for sessions of ``footage``.

    ``chosen`` where the user named one; else ``NAME_tracking`` beside the saved .blend; else beside the
    footage; else, where that is read-only, ``fallback`` (the user's data folder).
    Raises SessionError where none of them can be written.
    """
    if chosen is not None:
        return chosen
    wanted = [blend.parent / f"{blend.stem}_tracking"] if blend is not None else []
    wanted.append(footage.parent / f"{footage_name(footage)}_tracking")
    if fallback is not None:
        wanted.append(fallback)
    for folder in wanted:
        if can_write(folder):
            return folder
    raise SessionError(
        f"{wanted[-1]}: no folder for the session can be written; choose one with --session-dir"
    )


def can_write(folder: Path) -> bool:
    """True where ``folder``, or the nearest folder above it that exists, lets us write."""
    while not folder.exists():
        if folder.parent == folder:
            return False
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def footage_name(footage: Path) -> str:
    """A short name for footage: the file's, without a sequence's number."""
    return re.sub(r"[._-]*(\d+|#+|%0?\d*d)$", "", footage.stem) or footage.stem


def session_path(folder: Path, name: str) -> Path:
    """The file of the session ``name`` in ``folder``; characters that a file name can't hold become _."""
    return folder / (re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name).strip(". ") + SUFFIX)


def free_path(path: Path) -> Path:
    """``path``, or with a number where a file of that name is there."""
    number = 2
    free = path
    while free.exists():
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return free
