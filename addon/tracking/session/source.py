"""A session's footage: where it lies now, and whether it still is what was tracked.

A clip is told by its fingerprint (``engine.footage.identity``), which reads three megabytes of it at most.
What the fingerprint cannot see, a change in the middle of a large file, the checksums of the decoded frames
show: each frame's is kept as it is passed, and compared when the frame is passed again.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.footage import Footage, Picture, frame_checksum, identity, open_footage
from ..errors import FootageError
from .status import SessionStatus
from .versions import same_decoder, versions

if TYPE_CHECKING:
    from .manager import TrackingSessionManager

log = logging.getLogger(__name__)

MOST_FILES = 20_000
"""So many files of a folder are looked at to find footage in it."""
PROOFS = 8
"""So many frames of a longer clip are compared with those that were tracked, first and last among them."""


def footage_about(footage: Footage, session: Path) -> dict[str, Any]:
    """What a session keeps of its footage."""
    path = footage.path.absolute()
    try:
        relative = os.path.relpath(path, session.absolute().parent)
    except ValueError:  # another drive on Windows
        relative = ""
    return {"path": str(path), "relative": relative, "fps": footage.fps, **identity(footage)}


def open_session_footage(session: TrackingSessionManager) -> Footage:
    """The session's footage, opened; looked for nearby where it is not at its place.

    Raises FootageError where it is gone or has another content.
    """
    known = session.about["footage"]
    wrong: FootageError | None = None
    for path in _likely_places(session):
        footage = open_footage(path)
        differs = _differences(footage, known)
        if not differs:
            if str(path.absolute()) != known["path"]:
                remember_footage(session, footage)
            return _in_range(footage, session)
        if take_in_growth(session, footage):
            return _in_range(footage, session)
        wrong = wrong or FootageError(
            f"{path}: not the footage that this session began with ({', '.join(differs)} differ)"
        )
    raise wrong or FootageError(
        f"{known['path']}: the footage is not there; say where it is now with --footage, or with Find Footage"
    )


def relocate(session: TrackingSessionManager, place: Path) -> Path:
    """Finds the session's footage, by its fingerprint, and remembers where it is; returns its path.

    ``place`` is the file itself, or a folder in which it is looked for. Raises FootageError where it is not.
    """
    known = session.about["footage"]
    if not place.exists():
        raise FootageError(f"{place}: no such file or folder")
    for path in _alike(known, place) if place.is_dir() else [place]:
        footage = open_footage(path)
        differs = _differences(footage, known)
        if not differs:
            remember_footage(session, footage)
            return path
        if path == place:
            raise FootageError(f"{path}: not this session's footage ({', '.join(differs)} differ)")
    raise FootageError(f"{place}: this session's footage ({Path(known['path']).name}) is not in this folder")


def remember_footage(session: TrackingSessionManager, footage: Footage) -> None:
    """Notes where the footage lies now."""
    about = footage_about(footage, session.path)
    about["fps"] = session.about["footage"]["fps"]
    session.change_about(f"footage found at {footage.path}", footage=about)


def take_in_growth(session: TrackingSessionManager, footage: Footage | None = None) -> bool:
    """True where the footage is a longer version of what was tracked: the session then goes on to its end.

    It is the same footage where frames that were tracked decode to the very pixels that they had then.
    Only a session that was to track its clip to the end grows with it. ``footage`` is the clip as it is now,
    where it is known; else the file at the session's place is looked at.
    """
    known = session.about["footage"]
    first, last = session.about["range"]
    if last != known["count"]:
        return False
    if footage is None:
        path = session.footage_path()
        same_size = known["kind"] == "movie" and path.is_file() and path.stat().st_size == known["bytes"]
        if not path.exists() or same_size:
            return False
        footage = open_footage(path)
    if not is_longer(session, footage):
        return False
    swept = session.tracked_to()
    session.change_about(
        f"the footage has {footage.count} frames now, {known['count']} before",
        footage=footage_about(footage, session.path),
        range=(first, footage.count),
        swept=swept if swept >= last else session.about.get("swept", 0),
    )
    if session.store.run_state().status.finished:
        session.store.change_run(status=SessionStatus.INTERRUPTED, done=last / footage.count)
    return True


def is_longer(session: TrackingSessionManager, footage: Footage) -> bool:
    """Whether ``footage`` begins with the frames that the session has tracked, and has more of them."""
    known = session.about["footage"]
    same = ("kind", "width", "height", "first_number")
    if any(getattr(footage, key) != known[key] for key in same) or footage.count <= known["count"]:
        return False
    checksums = session.store.checksums()
    if not checksums:
        return False
    passed = sorted(checksums)
    chosen = {passed[round(at)] for at in np.linspace(0, len(passed) - 1, min(PROOFS, len(passed)))}
    whole = replace(footage, first=1, last=footage.count)
    for frame in sorted(chosen):
        with closing(whole.frames(frame, frame)) as pictures:
            if frame_checksum(next(pictures)[1]) != checksums[frame]:
                return False
    return True


class FrameChecks:
    """Checksums of the frames that are passed: known ones are compared, new ones wait for the next step."""

    def __init__(self, session: TrackingSessionManager, first: int, last: int) -> None:
        self.known = session.store.checksums(first, last)
        self.fresh: dict[int, int] = {}
        self.differ: list[int] = []
        """Frames that another decoder gave other pixels of."""
        writers = session.store.writers()
        self.strict = all(same_decoder(used, versions()) for _, _, used in writers)
        """Written with the very decoder of this process: a difference can only be another file."""

    def see(self, frame: int, gray: Picture) -> None:
        """Notes a frame; raises FootageError where the file has other pixels than when it was tracked."""
        checksum = frame_checksum(gray)
        before = self.known.get(frame)
        if before is None:
            self.fresh[frame] = checksum
        elif before != checksum:
            if self.strict:
                raise FootageError(
                    f"frame {frame} of the footage is not as it was when it was tracked: the file was changed"
                )
            if not self.differ:
                log.warning("frame %d is decoded otherwise here than where the session was begun", frame)
            self.differ.append(frame)

    def take(self, last: int) -> dict[int, int]:
        """The new checksums of the frames up to ``last``."""
        return {frame: self.fresh.pop(frame) for frame in sorted(self.fresh) if frame <= last}


def _in_range(footage: Footage, session: TrackingSessionManager) -> Footage:
    first, last = session.about["range"]
    return replace(footage, first=first, last=last)


def _differences(footage: Footage, known: dict[str, Any]) -> list[str]:
    return [key for key, value in identity(footage).items() if known.get(key) != value]


def _likely_places(session: TrackingSessionManager) -> Iterator[Path]:
    """Files that may be the session's footage: as given, as seen from the session, of its look nearby."""
    known = session.about["footage"]
    tried = {session.footage_path(), Path(known["path"])}
    yield from (
        path for path in sorted(tried, key=lambda path: path != session.footage_path()) if path.exists()
    )
    for folder in (session.path.parent, session.path.parent.parent):
        yield from (path for path in _alike(known, folder, deep=False) if path not in tried)


def _alike(known: dict[str, Any], folder: Path, *, deep: bool = True) -> Iterator[Path]:
    """Files in ``folder`` that could be the footage by name or size; those of its name first."""
    name = Path(known["path"]).name
    same_name, same_size = [], []
    for count, path in enumerate(_files(folder, deep)):
        if count >= MOST_FILES:
            break
        if path.name == name:
            same_name.append(path)
        elif known.get("kind") == "movie" and _size(path) == known.get("bytes"):
            same_size.append(path)
    yield from sorted(same_name)
    yield from sorted(same_size)


def _size(path: Path) -> int | None:
    """A file's size in bytes; None for a link that leads nowhere, or where it was deleted just now."""
    try:
        return path.stat().st_size
    except OSError as error:
        log.info("%s", error)
        return None


def _files(folder: Path, deep: bool) -> Iterable[Path]:
    """The files of a folder, and of those in it; folders that cannot be read are left out by the walk."""
    for here, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(here, name) for name in names)
        if not deep:
            return
