"""Sessions among each other: what there is in a folder, joining two of one clip, clearing away old ones."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..engine.footage import IDENTITY
from ..engine.track import KeyPatches, Markers, TrackChange
from ..errors import InputError, NoSessionError, SessionError
from . import owner
from .clip_tracks import ClipPlane, ClipSnapshot, ClipTrack, load_snapshot, save_snapshot
from .manager import TrackingSessionManager, list_sessions, load_session
from .places import MASKS, free_path
from .status import SessionStatus
from .store import Store

log = logging.getLogger(__name__)

Item = TypeVar("Item", ClipTrack, ClipPlane)
DAY = 86400.0


@dataclass(frozen=True)
class SessionInfo:
    """A session in a list."""

    path: Path
    name: str
    footage: str
    """The clip's file name."""
    status: str
    """A SessionStatus, or "damaged" where the file can't be read."""
    done: float
    """Share of the whole job, 0 to 1."""
    frame: int
    """Last footage frame that is done."""
    last: int
    updated: float
    """Seconds since 1970."""
    size_bytes: int
    alive: bool = False
    """A process is at work on it."""
    trouble: str = ""
    """Why it can't be read, in a line."""

    @property
    def finished(self) -> bool:
        """True where nothing is left to do."""
        return self.status in (SessionStatus.SOLVED, SessionStatus.COMPLETE)


def session_info(path: Path) -> SessionInfo:
    """What a list shows of a session; one that can't be read says why. Raises NoSessionError for no file."""
    try:
        stat = path.stat()
    except OSError as error:
        raise NoSessionError(f"{path}: no such session") from error
    try:
        session = load_session(path)
        progress, state = session.get_progress(), session.store.run_state()
        footage = Path(session.about["footage"]["path"]).name
        name = session.name
    except (SessionError, KeyError) as error:
        return SessionInfo(
            path, path.stem, "", "damaged", 0.0, 0, 0, stat.st_mtime, stat.st_size, trouble=str(error)
        )
    return SessionInfo(
        path,
        name,
        footage,
        progress.status.value,
        progress.done,
        progress.frame,
        progress.last,
        state.updated,
        stat.st_size,
        progress.alive,
    )


def session_infos(folders: Iterable[str | os.PathLike[str]]) -> list[SessionInfo]:
    """The sessions in the folders and their ``…_tracking`` folders, each once, newest first."""
    files = {file.resolve(): file for folder in folders for file in list_sessions(folder)}
    found = []
    for file in files.values():
        try:
            found.append(session_info(file))
        except NoSessionError as error:  # deleted since the folder was read
            log.info("%s", error)
    return sorted(found, key=lambda info: -info.updated)


# --- clearing away -----------------------------------------------------------


def delete_session(path: str | os.PathLike[str]) -> None:
    """Deletes a session with its log; with the last one the masks, and its folder where we made it.

    Raises SessionError where a process is at work on it, or the file can't be deleted.
    """
    file = Path(path)
    if session_info(file).alive:
        raise SessionError(f"{file}: a process is at work on it; cancel that first")
    try:
        for belonging in (file, file.with_name(f"{file.name}-journal"), file.with_suffix(".log")):
            belonging.unlink(missing_ok=True)
        if not list_sessions(file.parent):
            shutil.rmtree(file.parent / MASKS, ignore_errors=True)
        if file.parent.name.endswith("_tracking") and not any(file.parent.iterdir()):
            file.parent.rmdir()
    except OSError as error:
        raise SessionError(f"{file}: cannot be deleted: {error.strerror or error}") from error


def cleanup_old_sessions(
    days: float = 30.0,
    keep: int = 5,
    *,
    folder: str | os.PathLike[str] = ".",
    unfinished: bool = False,
    dry_run: bool = False,
) -> list[Path]:
    """Deletes the sessions in ``folder`` that nothing was written to for ``days``; returns which.

    The newest ``keep`` always stay, and so do those that a process works on, that can't be read, and, unless
    ``unfinished`` says otherwise, that are not done. With ``dry_run`` nothing is deleted.
    Raises InputError for a folder that is not there or a negative number.
    """
    if days < 0 or keep < 0:
        raise InputError("days and the number to keep cannot be negative")
    if not Path(folder).is_dir():
        raise InputError(f"{folder}: no such folder")
    old = [
        info.path
        for info in session_infos([folder])[keep:]
        if time.time() - info.updated > days * DAY
        and not info.alive
        and not info.trouble
        and (info.finished or unfinished)
    ]
    if not dry_run:
        for path in old:
            delete_session(path)
    return old


# --- joining -----------------------------------------------------------------


@dataclass(frozen=True)
class MergeReport:
    """What came of joining two sessions."""

    path: Path
    taken: tuple[tuple[str, int, int], ...]
    """Of each session: its name, tracks and markers."""
    frames: tuple[int, int]
    """First and last footage frame that is tracked now."""
    clip_tracks: int
    """The artist's own tracks and planes that were kept."""
    renamed: tuple[tuple[str, str], ...]
    """Of these, the ones of the second session whose name was taken: old and new name."""
    gap: tuple[int, int] | None
    """Frames that neither session has tracked."""

    def text(self) -> str:
        """In words, a line each."""
        lines = [f"{name}: {tracks} tracks, {markers} markers" for name, tracks, markers in self.taken]
        lines.append(f"frames {self.frames[0]} to {self.frames[1]}, {self.clip_tracks} tracks made by hand")
        lines += [f"{old} of the second session is called {new} now" for old, new in self.renamed]
        if self.gap is not None:
            lines.append(f"frames {self.gap[0]} to {self.gap[1]} are in neither session")
        return "\n".join(lines)


def merge_sessions(
    one: str | os.PathLike[str] | TrackingSessionManager,
    other: str | os.PathLike[str] | TrackingSessionManager,
    path: str | os.PathLike[str] | None = None,
) -> MergeReport:
    """Joins two sessions of one clip into a third, which then waits to be cleaned and solved.

    Both stay as they are. All automatic tracks are taken, the first session's first; the artist's own that
    have one name in both are kept apart by a number, or once where they are alike. ``path`` is the new file
    (the first one's name with ``-merged``). Raises SessionError where they are of different footage, one is
    damaged or at work, or the new one can't be written.
    """
    sessions = [
        item if isinstance(item, TrackingSessionManager) else load_session(item) for item in (one, other)
    ]
    first, second = sessions
    if first.path.resolve() == second.path.resolve():
        raise SessionError(f"{first.path}: a session cannot be merged with itself")
    _check_same_footage(first, second)
    for session in sessions:
        state = session.store.run_state()
        if owner.is_alive(state.owner, state.updated):
            raise SessionError(f"{session.path}: a process is at work on it; cancel that first")
        session.check()
    target = Path(path) if path is not None else free_path(first.path.with_stem(f"{first.path.stem}-merged"))
    if target.exists():
        raise SessionError(f"{target}: there is a session of this name already")
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        report = _merge(first, second, Store.create(part, _merged_about(first, second, target)), target)
        os.replace(part, target)
    except OSError as error:
        raise SessionError(f"{target}: cannot be written: {error.strerror or error}") from error
    finally:
        for left in (part, part.with_name(f"{part.name}-journal")):
            left.unlink(missing_ok=True)
    return report


def _check_same_footage(first: TrackingSessionManager, second: TrackingSessionManager) -> None:
    one, other = (session.about["footage"] for session in (first, second))
    differs = [key for key in IDENTITY if one.get(key) != other.get(key)]
    if differs:
        raise SessionError(
            f"{second.path}: of other footage than {first.path.name} ({', '.join(differs)} differ)"
        )


def _merged_about(
    first: TrackingSessionManager, second: TrackingSessionManager, target: Path
) -> dict[str, object]:
    last = max(first.tracked_to(), second.tracked_to())
    start = min(session.about["range"][0] for session in (first, second))
    return {
        **first.about,
        "name": target.stem,
        "range": (start, max(start, last)),
        "created": time.time(),
        "swept": last,  # the joined tracks are done: none of them is followed further
        "merged": [str(first.path.absolute()), str(second.path.absolute())],
    }


def _merge(
    first: TrackingSessionManager, second: TrackingSessionManager, store: Store, target: Path
) -> MergeReport:
    taken, frames = [], []
    for session in (first, second):
        tracks, markers = copy_tracks(session, store)
        taken.append((session.name, tracks, markers))
        frames.append((session.about["range"][0], session.tracked_to()))
    snapshot, renamed = _join(load_snapshot(first.store), load_snapshot(second.store))
    save_snapshot(store, snapshot)
    (low, low_end), (high, high_end) = sorted(frames)
    store.change_run(
        status=SessionStatus.INTERRUPTED,
        stage="track",
        frame=max(low_end, high_end),
        done=0.75,
        text="Merged",
        tracks=sum(tracks for _, tracks, _ in taken),
    )
    return MergeReport(
        target,
        tuple(taken),
        (low, max(low_end, high_end)),
        len(snapshot.tracks) + len(snapshot.planes),
        tuple(renamed),
        (low_end + 1, high - 1) if high > low_end + 1 else None,
    )


def copy_tracks(session: TrackingSessionManager, store: Store) -> tuple[int, int]:
    """Adds a session's automatic tracks to ``store``, numbered after those there; returns tracks, markers."""
    offset = store.track_count()
    markers = session.store.markers()
    count = 0
    for keys in session.store.keys_by_size():
        rows = np.isin(markers.tracks, keys.ids)
        count += int(rows.sum())
        change = TrackChange(
            session.tracked_to(),
            KeyPatches(keys.ids + np.int32(offset), keys.frames, keys.points, keys.pixels),
            Markers(markers.tracks[rows] + np.int32(offset), markers.frames[rows], markers.points[rows]),
            np.zeros(0, np.int32),
            np.zeros((0, 6), np.float32),
        )
        store.add_tracking(change, f"tracks of {session.name}", 0.0, session.store.checksums())
    return store.track_count() - offset, count


def _join(one: ClipSnapshot, other: ClipSnapshot) -> tuple[ClipSnapshot, list[tuple[str, str]]]:
    """Both clips' tracks and planes; the second one's get another name where theirs is taken."""
    renamed: list[tuple[str, str]] = []
    tracks = _apart(one.tracks, other.tracks, renamed)
    planes = _apart(one.planes, other.planes, renamed)
    return ClipSnapshot(tracks, planes), renamed


def _apart(one: list[Item], other: list[Item], renamed: list[tuple[str, str]]) -> list[Item]:
    joined = {(item.object, item.name): item for item in one}
    for item in other:
        there = joined.get((item.object, item.name))
        if there is not None and there.digest() == item.digest():
            continue
        name, number = item.name, 1
        while (item.object, name) in joined:
            name, number = f"{item.name}.{number:03}", number + 1
        if name != item.name:
            renamed.append((item.name, name))
        joined[item.object, name] = replace(item, name=name)
    return list(joined.values())
