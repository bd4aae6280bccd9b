"""What can still be read of a damaged session, and saving that into a new one.

The damaged file is never written to: a copy of it is read. Only what is as it was written counts; each step
of tracking and each camera has a digest that tells.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..engine.by_hand import HandTrack
from ..engine.model import Solve
from ..engine.track import KeyPatches, Markers, TrackChange
from ..errors import NoSessionError, SessionDamagedError, SessionError
from . import rows
from .hand import write_hand
from .places import free_path
from .status import SessionStatus
from .store import Store
from .tables import APPLICATION_ID, FORMAT

log = logging.getLogger(__name__)

NEEDED = ("name", "range", "footage", "settings", "lens", "solve")
"""Without these nothing can be made of the rest."""
MOST_ROWS = 1 << 24
"""No table is searched for rows beyond this one."""
MOST_TRIES = 5000
"""A table that is in so many pieces is given up."""


@dataclass
class Salvage:
    """What of a session can be read."""

    damage: list[str] = field(default_factory=list)
    """What is not as it was written, a line each; empty where all is well."""
    tracks: int = 0
    markers: int = 0
    frame: int = 0
    """The last footage frame of which tracking is whole."""
    cameras: int = 0
    """Frames of the newest camera that is whole; 0 where there is none."""
    exact: bool = False
    """Tracking can go on bit for bit where it was."""

    def text(self) -> str:
        """In a line, for the person."""
        kept = f"{self.tracks} tracks with {self.markers} markers up to frame {self.frame}"
        camera = f", a camera of {self.cameras} frames" if self.cameras else ""
        return f"{kept}{camera} can be saved"


@dataclass
class _Found:
    """The parts that are whole."""

    about: dict[str, Any]
    keys: KeyPatches | None
    markers: Markers
    solve: Solve | None
    hand: list[HandTrack]
    """The work by hand that the camera counts in."""
    salvage: Salvage


def inspect(path: str | os.PathLike[str]) -> Salvage:
    """Looks at a session that may be damaged. Raises SessionError where it is none, or nothing is left."""
    with _copy(Path(path)) as db:
        return _find(Path(path), db).salvage


def recover(
    path: str | os.PathLike[str], target: str | os.PathLike[str] | None = None
) -> tuple[Path, Salvage]:
    """Writes what is whole of a damaged session to a new file; returns that, and what was saved.

    ``target`` is the name with ``-recovered`` unless given. Where the tracking is whole the new session goes
    on bit for bit; otherwise it goes on after the last frame that is whole, with new tracks.
    Raises SessionError where nothing can be saved, or the new file can't be written.
    """
    source = Path(path)
    goal = Path(target) if target is not None else free_path(source.with_stem(f"{source.stem}-recovered"))
    if goal.exists():
        raise SessionError(f"{goal}: there is a session of this name already")
    with _copy(source) as db:
        found = _find(source, db)
        part = goal.with_name(f".{goal.name}.{os.getpid()}")
        try:
            _write(found, db, Store.create(part, _about(found, source)))
            os.replace(part, goal)
        except OSError as error:
            raise SessionError(f"{goal}: cannot be written: {error.strerror or error}") from error
        finally:
            for left in (part, part.with_name(f"{part.name}-journal")):
                left.unlink(missing_ok=True)
    return goal, found.salvage


@contextmanager
def _copy(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a copy of the file and its journal, in which text that is no text can be read."""
    if not path.is_file():
        raise NoSessionError(f"{path}: no such session")
    with tempfile.TemporaryDirectory(prefix="tracked-shot-") as folder:
        copy = Path(folder, path.name)
        shutil.copy(path, copy)
        journal = path.with_name(f"{path.name}-journal")
        if journal.exists():
            shutil.copy(journal, copy.with_name(journal.name))
        with closing(sqlite3.connect(copy)) as db:
            db.text_factory = lambda data: data.decode(errors="replace")
            try:
                number = db.execute("PRAGMA application_id").fetchone()[0]
                found = db.execute("PRAGMA user_version").fetchone()[0]
            except sqlite3.DatabaseError as error:
                raise NoSessionError(
                    f"{path}: not a Tracked Shot session, or nothing of it can be read"
                ) from error
            if number != APPLICATION_ID:
                raise NoSessionError(f"{path}: not a Tracked Shot session")
            if found > FORMAT:
                raise SessionError(f"{path}: written by a newer Tracked Shot; that one can save it")
            yield db


def _rows(db: sqlite3.Connection, query: str, table: str) -> list[tuple[Any, ...]]:
    """The rows of ``query`` (which selects from ``table`` and ends before WHERE) that can be read."""
    try:
        last = min(int(db.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0), MOST_ROWS)
    except (sqlite3.DatabaseError, TypeError, ValueError):
        last = MOST_ROWS
    found: list[tuple[Any, ...]] = []
    waiting = [(0, last)]
    for _ in range(MOST_TRIES):
        if not waiting:
            break
        low, high = waiting.pop()
        try:
            found += db.execute(
                f"{query} WHERE rowid >= ? AND rowid <= ? ORDER BY rowid", (low, high)
            ).fetchall()
        except sqlite3.DatabaseError:
            if low < high:
                middle = (low + high) // 2
                waiting += [(middle + 1, high), (low, middle)]
    return found


def _find(path: Path, db: sqlite3.Connection) -> _Found:
    about = _read_about(path, db)
    salvage = Salvage()
    salvage.damage, salvage.exact = _damage(db)
    keys, markers, frame = _whole_tracking(db)
    solve, hand = _whole_solve(db)
    salvage.tracks = 0 if keys is None else len(keys.ids)
    salvage.markers, salvage.frame = len(markers.tracks), frame
    salvage.cameras = 0 if solve is None else len(solve.frames)
    return _Found(about, keys, markers, solve, hand, salvage)


def _read_about(path: Path, db: sqlite3.Connection) -> dict[str, Any]:
    about: dict[str, Any] = {}
    for key, value in _rows(db, "SELECT key, value FROM about", "about"):
        try:
            about[key] = json.loads(value)
        except (TypeError, ValueError):
            continue  # of no use; a key that is needed is missed below
    missing = [key for key in NEEDED if key not in about]
    if missing:
        raise SessionDamagedError(
            f"{path}: nothing can be saved: what it says of its {missing[0]} cannot be read"
        )
    return about


def _damage(db: sqlite3.Connection) -> tuple[list[str], bool]:
    """What is wrong, and whether tracking could go on all the same."""
    try:
        tracking = [*rows.check_pages(db), *rows.check_about(db), *rows.check_steps(db)]
        return [*tracking, *rows.check_solves(db), *rows.check_hand(db)], not tracking
    except (sqlite3.DatabaseError, ValueError, TypeError) as error:
        log.info("%s", error)
        return [rows.HURT], False


def _whole_tracking(db: sqlite3.Connection) -> tuple[KeyPatches | None, Markers, int]:
    """Tracks, markers and the last frame of all steps whose digest holds."""
    tracks = {row[0]: row for row in _rows(db, f"SELECT {rows.KEY_COLUMNS} FROM track", "track")}
    markers = {row[0]: row[1:] for row in _rows(db, "SELECT rowid, track, frame, x, y FROM marker", "marker")}
    steps = _rows(db, "SELECT stage, frame, tracks, markers, digest FROM step", "step")
    kept_tracks: list[tuple[Any, ...]] = []
    kept_markers: list[tuple[Any, ...]] = []
    before = (-1, 0)
    frame = 0
    for stage, step_frame, last_track, last_marker, digest in steps:
        if stage not in rows.TRACKING_STAGES or not all(
            isinstance(n, int) for n in (last_track, last_marker, digest)
        ):
            continue
        if last_track - before[0] > len(tracks) or last_marker - before[1] > len(markers):
            continue  # no step that we wrote
        begun = [tracks[n] for n in range(before[0] + 1, last_track + 1) if n in tracks]
        places = [markers[n] for n in range(before[1] + 1, last_marker + 1) if n in markers]
        before = (last_track, last_marker)
        if stage == "look" and step_frame > frame:
            continue  # what was followed up to there is lost, and will be followed again
        if _as_written(begun, places, digest):
            kept_tracks += begun
            kept_markers += places
            frame = max(frame, step_frame if stage == "track" else 0)
    known = {row[0] for row in kept_tracks}
    kept_markers = [row for row in kept_markers if row[0] in known]
    keys = rows.to_keys(kept_tracks, rows.patch_side(kept_tracks)) if kept_tracks else None
    return keys, rows.to_markers(kept_markers), frame


def _as_written(tracks: list[tuple[Any, ...]], markers: list[tuple[Any, ...]], digest: int) -> bool:
    try:
        keys = rows.to_keys(tracks, rows.patch_side(tracks))
        return rows.tracking_digest(keys, rows.to_markers(markers)) == digest
    except (SessionError, TypeError, ValueError, OverflowError):
        return False


def _whole_solve(db: sqlite3.Connection) -> tuple[Solve | None, list[HandTrack]]:
    """The newest camera whose digest holds, with the work by hand that it counts in."""
    for number, digest in sorted(_rows(db, "SELECT id, digest FROM solve", "solve"), reverse=True):
        try:
            solve = rows.read_solve(db, number)
            if rows.solve_digest(solve) == digest:
                return solve, _hand_of(db, number, solve)
        except (sqlite3.DatabaseError, TypeError, ValueError, KeyError):
            continue  # told as damage already
    return None, []


def _hand_of(db: sqlite3.Connection, number: int, solve: Solve) -> list[HandTrack]:
    """The work by hand of the camera. Raises ValueError where the camera rests on what is not whole."""
    for since, digest in sorted(_rows(db, "SELECT solve, digest FROM hand_over", "hand_over"), reverse=True):
        if since <= number:
            hand = rows.read_hand(db, since)
            if rows.hand_digest(hand) == digest:
                return hand
            break
    if (solve.point_tracks < 0).any():
        raise ValueError("the artist's tracks are not whole")
    return []


def _about(found: _Found, source: Path) -> dict[str, Any]:
    about = {key: value for key, value in found.about.items() if key != "digest"}
    about["recovered"] = {"from": str(source.absolute()), "damage": found.salvage.damage}
    if not found.salvage.exact:
        about["swept"] = found.salvage.frame
    return about


def _write(found: _Found, db: sqlite3.Connection, store: Store) -> None:
    if found.salvage.exact:
        _copy_tables(db, store)
    elif found.keys is not None:
        _write_tracks(found, found.keys, store)
    state = store.run_state()
    tracked = state.frame >= found.about["range"][1]
    if found.solve is not None:
        solve = _points_of_tracks(found.solve, found.keys, found.salvage.exact)
        if found.hand and found.salvage.exact:
            with store.connect() as db:
                write_hand(db, 1, found.hand)
        store.add_solve(solve, "camera saved", state.frame, 0.0, error_px=solve.average_error)
    done = found.solve is not None and tracked
    store.change_run(status=SessionStatus.INTERRUPTED, text="Recovered", done=1.0 if done else 0.0)
    if done:
        store.change_run(status=SessionStatus.SOLVING)
        store.change_run(status=SessionStatus.SOLVED)


def _copy_tables(db: sqlite3.Connection, store: Store) -> None:
    """Tracking as it is, row for row; the clip's tracks as far as they can be read."""
    with store.connect() as new:
        for table in (
            "track", "marker", "live", "step", "frame", "writer",
            "clip_track", "clip_marker", "clip_plane", "clip_plane_marker",
        ):  # fmt: skip
            for row in _rows(db, f"SELECT rowid, * FROM {table}", table):
                columns = [item[1] for item in db.execute(f"PRAGMA table_info({table})")]
                names = ", ".join(["rowid", *(f'"{name}"' for name in columns)])
                places = ", ".join("?" * (len(columns) + 1))
                new.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})", row)
        last = new.execute("SELECT max(frame) FROM step WHERE stage = 'track'").fetchone()[0] or 0
        count = new.execute("SELECT count(*) FROM track").fetchone()[0]
    store.change_run(stage="track", frame=last, tracks=count)


def _write_tracks(found: _Found, keys: KeyPatches, store: Store) -> None:
    """The tracks that are whole, numbered anew; none of them is in view any more."""
    markers = found.markers
    numbers = np.searchsorted(keys.ids, markers.tracks).astype(np.int32)
    change = TrackChange(
        found.salvage.frame,
        replace(keys, ids=np.arange(len(keys.ids), dtype=np.int32)),
        Markers(numbers, markers.frames, markers.points),
        np.zeros(0, np.int32),
        np.zeros((0, 6), np.float32),
    )
    store.add_tracking(change, "tracks saved", 0.0, tracks=len(keys.ids))


def _points_of_tracks(solve: Solve, keys: KeyPatches | None, exact: bool) -> Solve:
    """The camera with the bundles whose tracks were saved, by their new numbers."""
    if exact or keys is None:
        return solve
    kept = np.isin(solve.point_tracks, keys.ids)
    return replace(
        solve,
        points=solve.points[kept],
        point_tracks=np.searchsorted(keys.ids, solve.point_tracks[kept]).astype(np.int32),
        point_errors=solve.point_errors[kept],
        depth_sigmas=solve.depth_sigmas[kept] if len(solve.depth_sigmas) else solve.depth_sigmas,
    )
