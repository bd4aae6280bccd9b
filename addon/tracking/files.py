"""Paths as people write them, and writing files so that a crash leaves the old one or the new one whole."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from .errors import InputError

MOST_UP = 3
"""A path that would go up more folders than this is written as a whole."""
_VARIABLE = re.compile(r"\$\{([^}]*)(\}?)")


def expand_variables(text: str) -> str:
    """The text with each ``${NAME}`` as the environment has it.

    Raises InputError for a variable that is not set or empty, and for one that is not closed.
    """

    def value(match: re.Match[str]) -> str:
        name, end = match.groups()
        if not end or not (name.isascii() and name.isidentifier()):
            raise InputError(f"'{match.group()[:40]}' is no environment variable: write ${{NAME}}")
        found = os.environ.get(name, "")
        if not found:
            empty = "is empty" if name in os.environ else "is not set"
            raise InputError(f"the environment variable {name} {empty}")
        return found

    return _VARIABLE.sub(value, text)


def absolute_path(text: str, base: Path | None = None) -> Path:
    """A path of a shot file as an absolute one, relative to ``base`` or the current folder.

    Environment variables are put in; raises InputError where one is not set.
    """
    return Path(os.path.abspath((base or Path.cwd()) / expand_variables(text)))


def stands_alone(text: str) -> bool:
    """Whether a path says where it is without a folder to start from, on whatever system."""
    begins = text.startswith("${")
    return begins or PurePosixPath(text).is_absolute() or PureWindowsPath(text).is_absolute()


def near_path(path: Path, folder: Path) -> str:
    """An absolute path as a file in ``folder`` names it: relative, unless it lies somewhere else."""
    try:
        relative = Path(os.path.relpath(path, folder))
    except ValueError:  # another drive
        return Path(path).as_posix()
    return (Path(path) if relative.parts.count("..") > MOST_UP else relative).as_posix()


def moved_path(text: str, old: Path, new: Path) -> str:
    """A path written relative to the folder ``old``, as it has to be written relative to ``new``."""
    if stands_alone(text) or old == new:
        return text
    whole = os.path.join(old, text)
    try:
        return Path(os.path.relpath(whole, new)).as_posix()
    except ValueError:  # another drive
        return Path(os.path.normpath(whole)).as_posix()


def write_atomically(path: Path, text: str) -> None:
    """Write text as UTF-8 beside ``path`` and move it there; raises InputError where that cannot be done."""
    path = Path(path)
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name[:60]}.", suffix=".tmp", dir=path.parent)
        with open(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException as error:
        if temporary:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
        if isinstance(error, OSError):
            raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
        raise


def _umask() -> int:
    """The process's umask; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
