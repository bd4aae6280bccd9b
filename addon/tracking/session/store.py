"""The session on disk: one SQLite file that says all that was done.

Every step is one transaction with only what the step changed, so a checkpoint
costs the same late in a long clip as early. The pragmas: ``journal_mode =
TRUNCATE`` keeps a rollback journal, which is safe on network drives where a WAL
is not, and spares the removal of a file a step while a process is at work (what is written in between removes
the journal); ``synchronous = FULL`` has each
step on the disk before the next one counts on it, power cuts included;
``busy_timeout`` lets the window read while the worker writes. Tables are plain rows, described
in docs/session-format.md; numbers that following needs to go on bit for bit are
stored as they are (a 32-bit float fits a REAL exactly).

SQLite has no checksum of its own for what lies in its pages. Each step therefore
notes how many rows there were after it and a CRC of what it wrote, so that a
flipped byte is noticed before anything is built on it.
"""

from __future__ import annotations

import errno
import itertools
import json
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..engine.model import Solve
from ..engine.plan import Look
from ..engine.track import KeyPatches, Markers, TrackChange
from ..errors import NoSessionError, SessionDamagedError, SessionError, SessionFullError
from .rows import (
    HURT,
    KEY_COLUMNS,
    TRACKING_STAGES,
    about_digest,
    check_about,
    check_hand,
    check_pages,
    check_solves,
    check_steps,
    column,
    crc,
    patch_side,
    read_live,
    read_markers,
    read_solve,
    reasons_digest,
    solve_digest,
    to_keys,
    tracking_digest,
)
from .status import SessionStatus, check_change
from .tables import APPLICATION_ID, FORMAT, bring_up

log = logging.getLogger(__name__)

BUSY_SECONDS = 10.0
SUFFIX = ".tracksession"
RECOVER = "'tracked_shot recover' saves what can be read"


@dataclass(frozen=True)
class RunState:
    """The one row that says what the session is doing; cheap to read."""

    status: SessionStatus
    stage: str
    """track, clean, solve or look, or what a checkpoint by hand was called."""
    frame: int
    """Last footage frame that is done."""
    done: float
    text: str
    tracks: int
    error_px: float | None
    updated: float
    """Seconds since 1970."""
    asked: str
    """What the worker is asked to do: "", pause or cancel."""
    owner: str
    """JSON of the process at work, empty where there is none."""
    resumed_at: int | None
    """The frame after which the last run went on, where it did."""


class Store:
    """One session file. Opens a connection a call: nothing stays locked between two."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.at_work = False
        """True while steps are written one after the other: the journal then stays between two, empty."""

    @classmethod
    def create(cls, path: Path, about: dict[str, Any]) -> Store:
        """Makes a new session file; raises SessionError where it exists or can't be written."""
        if path.exists():
            raise SessionError(f"{path}: there is a session of this name already")
        part = path.with_name(f".{path.name}.{os.getpid()}")  # a session is there whole or not at all
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(part)) as db, db:
                db.execute("PRAGMA journal_mode = TRUNCATE")
                db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                db.execute("BEGIN")
                bring_up(db, 0)
                _write_about(db, about)
                created = SessionStatus.CREATED.value
                db.execute(
                    "INSERT INTO run VALUES (1, ?, '', 0, 0, '', 0, NULL, ?, '', '', NULL)",
                    (created, time.time()),
                )
            os.replace(part, path)
        except OSError as error:
            raise _os_error(path, error) from error
        except sqlite3.Error as error:
            raise _session_error(path, error) from error
        finally:
            for left in (part, part.with_name(f"{part.name}-journal")):
                if left.exists():
                    left.unlink()
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Opens a session file; an older format is brought up to date.

        Raises SessionError where it is no session or of a newer format, SessionDamagedError where it is hurt.
        """
        if not path.is_file():
            raise NoSessionError(f"{path}: no such session")
        store = cls(path)
        with store.connect() as db:
            if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise NoSessionError(f"{path}: not a Tracked Shot session")
            found = db.execute("PRAGMA user_version").fetchone()[0]
            if found > FORMAT:
                raise SessionError(
                    f"{path}: written by a newer Tracked Shot (format {found}, this one reads {FORMAT})"
                )
            if found < FORMAT:
                db.execute("BEGIN IMMEDIATE")
                bring_up(db, db.execute("PRAGMA user_version").fetchone()[0])
            if db.execute("SELECT count(*) FROM run").fetchone()[0] != 1:
                raise SessionDamagedError(
                    f"{path}: the session is damaged: it does not say what it was doing; {RECOVER}"
                )
        return store

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """A connection; what is written through it is one transaction. Raises SessionError."""
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as db:
                db.execute(f"PRAGMA journal_mode = {'TRUNCATE' if self.at_work else 'DELETE'}")
                db.execute("PRAGMA synchronous = FULL")
                with db:
                    yield db
        except sqlite3.Error as error:
            raise _session_error(self.path, error) from error
        except (UnicodeDecodeError, OverflowError) as error:
            log.info("%s: %s", self.path, error)
            raise SessionDamagedError(f"{self.path}: the session is damaged: {HURT}; {RECOVER}") from error

    def verify(self) -> list[str]:
        """What is not as it was written, a line each; empty where all is well. Reads the whole file."""
        with self.connect() as db:
            found = check_pages(db)
            return found or [*check_about(db), *check_steps(db), *check_solves(db), *check_hand(db)]

    # What it is about

    def about(self) -> dict[str, Any]:
        """Name, footage, settings, lens: what the session was made with. Raises SessionDamagedError."""
        with self.connect() as db:
            wrong = check_about(db)
            if wrong:
                raise SessionDamagedError(f"{self.path}: the session is damaged: {wrong[0]}; {RECOVER}")
            rows = db.execute("SELECT key, value FROM about WHERE key != 'digest'")
            return {key: json.loads(value) for key, value in rows}

    def change_about(self, text: str, **values: Any) -> None:
        """Sets facts of what the session is about, and notes why in the log of steps."""
        with self.connect() as db:
            _write_about(db, values)
            state = _run_state(db)
            _log(db, state.stage, state.frame, text, 0.0)

    def add_writer(self, db: sqlite3.Connection, host: str, versions: Mapping[str, str]) -> None:
        """Notes a run, as part of a transaction: which computer, which programs in which versions."""
        db.execute(
            "INSERT INTO writer (at, host, versions) VALUES (?, ?, ?)",
            (time.time(), host, json.dumps(dict(versions))),
        )

    def writers(self) -> list[tuple[float, str, dict[str, str]]]:
        """The runs: at, host, versions; the first one first."""
        with self.connect() as db:
            rows = db.execute("SELECT at, host, versions FROM writer ORDER BY id").fetchall()
        return [(at, host, json.loads(versions)) for at, host, versions in rows]

    def checksums(self, first: int = 0, last: int = 2**31) -> dict[int, int]:
        """CRC-32 of each decoded frame that was passed, by footage frame."""
        with self.connect() as db:
            return dict(
                db.execute("SELECT frame, checksum FROM frame WHERE frame BETWEEN ? AND ?", (first, last))
            )

    # What it is doing

    def run_state(self) -> RunState:
        with self.connect() as db:
            return _run_state(db)

    def change_run(self, **values: Any) -> RunState:
        """Sets columns of the run row; a status that may not follow the present one raises SessionError."""
        with self.connect() as db:
            _change_run(db, **values)
            return _run_state(db)

    def beat(self) -> None:
        """The owner's sign that it lives."""
        with self.connect() as db:
            db.execute(
                "UPDATE run SET owner = json_set(owner, '$.beat', ?) WHERE owner != ''", (time.time(),)
            )

    def log_step(self, stage: str, frame: int, text: str, seconds: float, **run: Any) -> None:
        """Writes a step that changed nothing but where the session stands."""
        with self.connect() as db:
            _log(db, stage, frame, text, seconds)
            _change_run(db, stage=stage, frame=frame, text=text, **run)

    def log_in(self, db: sqlite3.Connection, stage: str, text: str, seconds: float) -> None:
        """Writes a step as part of a transaction that is under way; where the session stands stays."""
        _log(db, stage, _run_state(db).frame, text, seconds)

    def steps(self) -> list[tuple[float, float, str, int, str]]:
        """All steps: at, seconds, stage, frame, text."""
        with self.connect() as db:
            return db.execute("SELECT at, seconds, stage, frame, text FROM step ORDER BY id").fetchall()

    # Tracks

    def add_tracking(
        self,
        change: TrackChange,
        text: str,
        seconds: float,
        checksums: Mapping[int, int] | None = None,
        stage: str = "track",
        **run: Any,
    ) -> None:
        """Writes one step of tracking, with the checksums of the frames that were passed for it.

        ``stage`` is "look" for a second look, whose tracks are not those of the steps before, followed on.
        """
        keys, markers = change.keys, change.markers
        with self.connect() as db:
            db.executemany(
                "INSERT INTO track (id, key_frame, key_x, key_y, patch) VALUES (?, ?, ?, ?, ?)",
                zip(
                    keys.ids.tolist(),
                    keys.frames.tolist(),
                    keys.points[:, 0].tolist(),
                    keys.points[:, 1].tolist(),
                    (patch.tobytes() for patch in keys.pixels),
                    strict=True,
                ),
            )
            db.executemany(
                "INSERT INTO marker VALUES (?, ?, ?, ?)",
                zip(
                    markers.tracks.tolist(),
                    markers.frames.tolist(),
                    markers.points[:, 0].tolist(),
                    markers.points[:, 1].tolist(),
                    strict=True,
                ),
            )
            db.execute("DELETE FROM live")
            rows = zip(change.live_ids.tolist(), *change.live_affine.T.tolist(), strict=True)
            db.executemany("INSERT INTO live VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            db.executemany("INSERT OR REPLACE INTO frame VALUES (?, ?)", (checksums or {}).items())
            _log(
                db,
                stage,
                change.frame,
                text,
                seconds,
                tracks=_largest(db, "id", "track"),
                markers=_largest(db, "rowid", "marker"),
                digest=tracking_digest(keys, markers),
                live_digest=crc(change.live_ids, change.live_affine),
            )
            reached = {} if stage == "look" else {"frame": change.frame}
            _change_run(db, stage=stage, text=text, **reached, **run)

    def looks(self) -> list[Look]:
        """The second looks that were taken, in their order."""
        with self.connect() as db:
            steps = db.execute(
                f"SELECT stage, frame, tracks FROM step WHERE stage IN {TRACKING_STAGES} ORDER BY id"
            ).fetchall()
        found, before = [], -1
        for stage, frame, tracks in steps:
            if stage == "look":
                found.append(Look(frame, range(before + 1, tracks + 1)))
            before = tracks if tracks is not None else before
        return found

    def markers(self) -> Markers:
        """All markers, in image pixels, in the order in which they were found."""
        with self.connect() as db:
            return read_markers(db)

    def track_count(self) -> int:
        with self.connect() as db:
            return int(db.execute("SELECT count(*) FROM track").fetchone()[0])

    def reasons(self) -> dict[int, str]:
        """Why tracks are switched off, by track."""
        with self.connect() as db:
            return dict(db.execute("SELECT id, reason FROM track WHERE reason != ''"))

    def set_reasons(self, reasons: dict[int, str], text: str, frame: int, seconds: float, **run: Any) -> None:
        with self.connect() as db:
            db.execute("UPDATE track SET reason = '' WHERE reason != ''")
            rows = [(reason, track) for track, reason in reasons.items()]
            db.executemany("UPDATE track SET reason = ? WHERE id = ?", rows)
            _log(db, "clean", frame, text, seconds, digest=reasons_digest(reasons))
            _change_run(db, stage="clean", frame=frame, text=text, **run)

    def following(self, since: int, side: int) -> tuple[KeyPatches, np.ndarray, np.ndarray]:
        """What following needs: keys of the tracks in view or begun after ``since``; live ids, affines.

        ``side`` is that of the patches in pixels where none is kept.
        """
        with self.connect() as db:
            ids, affine = read_live(db)
            keys = db.execute(
                f"SELECT {KEY_COLUMNS} FROM track"
                " WHERE key_frame > ? OR id IN (SELECT track FROM live) ORDER BY id",
                (since,),
            ).fetchall()
        return to_keys(keys, patch_side(keys) if keys else side), ids, affine

    def keys_by_size(self) -> list[KeyPatches]:
        """The keys of all tracks, in groups of one patch size that follow each other."""
        with self.connect() as db:
            rows = db.execute(f"SELECT {KEY_COLUMNS} FROM track ORDER BY id").fetchall()
        groups = [list(group) for _, group in itertools.groupby(rows, key=lambda row: len(row[4]))]
        return [to_keys(group, patch_side(group)) for group in groups]

    # Cameras

    def add_solve(self, solve: Solve, text: str, frame: int, seconds: float, **run: Any) -> None:
        """Writes a camera beside those that were found before."""
        low, high = solve.focal_interval_mm or (None, None)
        with self.connect() as db:
            number = db.execute(
                "INSERT INTO solve (at, lens, average_error, keyframe_a, keyframe_b, verdict, reasons,"
                " motion, shutter_rows, shutter_columns, focal_low, focal_high, digest)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    time.time(),
                    json.dumps(asdict(solve.lens)),
                    solve.average_error,
                    *(int(frame_) for frame_ in solve.keyframes),
                    solve.verdict,
                    json.dumps(solve.reasons),
                    solve.motion,
                    *solve.shutter,
                    low,
                    high,
                    solve_digest(solve),
                ),
            ).lastrowid
            db.executemany(
                "INSERT INTO camera VALUES (?, ?, ?, ?, ?, ?, ?)",
                zip(
                    [number] * len(solve.frames),
                    solve.frames.tolist(),
                    (json.dumps(matrix.tolist()) for matrix in solve.cameras),
                    solve.frame_errors.tolist(),
                    *(
                        column(values, len(solve.frames))
                        for values in (solve.position_sigmas, solve.rotation_sigmas, solve.frame_focals_px)
                    ),
                    strict=True,
                ),
            )
            db.executemany(
                "INSERT INTO point VALUES (?, ?, ?, ?, ?, ?, ?)",
                zip(
                    [number] * len(solve.points),
                    solve.point_tracks.tolist(),
                    *solve.points.T.tolist(),
                    solve.point_errors.tolist(),
                    column(solve.depth_sigmas, len(solve.points)),
                    strict=True,
                ),
            )
            _log(db, "solve", frame, text, seconds)
            _change_run(db, stage="solve", frame=frame, text=text, **run)

    def last_solve(self) -> Solve | None:
        """The newest camera, bit for bit as it was found."""
        with self.connect() as db:
            row = db.execute("SELECT max(id) FROM solve").fetchone()
            return None if row[0] is None else read_solve(db, row[0])


_RUN_COLUMNS = tuple(field.name for field in fields(RunState))


def _run_state(db: sqlite3.Connection) -> RunState:
    row = db.execute(f"SELECT {', '.join(_RUN_COLUMNS)} FROM run").fetchone()
    return RunState(SessionStatus(row[0]), *row[1:])


def _change_run(db: sqlite3.Connection, **values: Any) -> None:
    if "status" in values:
        old = SessionStatus(db.execute("SELECT status FROM run").fetchone()[0])
        new = SessionStatus(values["status"])
        check_change(old, new)
        values["status"] = new.value
    values["updated"] = time.time()
    names = ", ".join(f"{name} = :{name}" for name in values)
    db.execute(f"UPDATE run SET {names}", values)


def _log(
    db: sqlite3.Connection, stage: str, frame: int, text: str, seconds: float, **kept: int | None
) -> None:
    names = ["at", "seconds", "stage", "frame", "text", *kept]
    places = ", ".join("?" * len(names))
    db.execute(
        f"INSERT INTO step ({', '.join(names)}) VALUES ({places})",
        (time.time(), seconds, stage, frame, text, *kept.values()),
    )


def _largest(db: sqlite3.Connection, column: str, table: str) -> int:
    """The largest number in use, -1 where there is no row; no scan."""
    found = db.execute(f"SELECT max({column}) FROM {table}").fetchone()[0]
    return -1 if found is None else int(found)


def _write_about(db: sqlite3.Connection, values: Mapping[str, Any]) -> None:
    rows = [(key, json.dumps(value)) for key, value in values.items()]
    db.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", rows)
    digest = json.dumps(about_digest(db))
    db.execute("INSERT OR REPLACE INTO about VALUES ('digest', ?)", (digest,))


# --- errors ------------------------------------------------------------------


def _session_error(path: Path, error: sqlite3.Error) -> SessionError:
    """What SQLite says, in words for the person."""
    name = getattr(error, "sqlite_errorname", "") or ""
    if name == "SQLITE_FULL":
        return SessionFullError(f"{path}: the disk is full; all finished steps are saved")
    if name == "SQLITE_NOTADB":
        return NoSessionError(f"{path}: not a Tracked Shot session")
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM")):
        return SessionError(f"{path}: the file or its folder is read-only")
    if name.startswith("SQLITE_CANTOPEN"):
        return SessionError(f"{path}: the file cannot be opened; its folder may be gone or read-only")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return SessionError(f"{path}: another program has kept the file locked for {BUSY_SECONDS:.0f} s")
    if name.startswith("SQLITE_IOERR"):
        return SessionError(f"{path}: the disk cannot be read or written ({error})")
    log.info("%s: %s (%s)", path, error, name)
    return SessionDamagedError(f"{path}: the session is damaged: {HURT}; {RECOVER}")


def _os_error(path: Path, error: OSError) -> SessionError:
    if error.errno == errno.ENOSPC:
        return SessionFullError(f"{path}: the disk is full")
    return SessionError(f"{path}: the session can't be written: {error.strerror or error}")
