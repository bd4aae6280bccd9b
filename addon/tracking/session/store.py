"""The session on disk: one SQLite file that says all that was done.

Every step is one transaction with only what the step changed, so a checkpoint
costs the same late in a long clip as early. The pragmas: ``journal_mode =
TRUNCATE`` keeps a rollback journal, which is safe on network drives where a WAL
is not, and spares the removal of a file a step; ``synchronous = FULL`` has each
step on the disk before the next one counts on it, power cuts included;
``busy_timeout`` lets the window read while the worker writes. Tables are plain rows, described
in docs/session-format.md; numbers that following needs to go on bit for bit are
stored as they are (a 32-bit float fits a REAL exactly).
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..engine.model import Lens, Solve
from ..engine.track import KeyPatches, Markers, TrackChange
from ..errors import SessionError
from .status import SessionStatus, check_change

FORMAT = 1
APPLICATION_ID = 0x54534854  # "TSHT": tells a session from any other SQLite file
BUSY_SECONDS = 10.0
SUFFIX = ".tracksession"

SCHEMA = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE run (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    status TEXT NOT NULL, stage TEXT NOT NULL, frame INTEGER NOT NULL, done REAL NOT NULL, text TEXT NOT NULL,
    tracks INTEGER NOT NULL, error_px REAL, updated REAL NOT NULL,
    asked TEXT NOT NULL, owner TEXT NOT NULL, resumed_at INTEGER
);
CREATE TABLE track (
    id INTEGER PRIMARY KEY, key_frame INTEGER NOT NULL, key_x REAL NOT NULL, key_y REAL NOT NULL,
    patch BLOB NOT NULL, reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX track_by_key ON track (key_frame);
CREATE TABLE marker (track INTEGER NOT NULL, frame INTEGER NOT NULL, x REAL NOT NULL, y REAL NOT NULL);
CREATE TABLE live (
    track INTEGER PRIMARY KEY, a REAL NOT NULL, b REAL NOT NULL, x REAL NOT NULL,
    c REAL NOT NULL, d REAL NOT NULL, y REAL NOT NULL
);
CREATE TABLE step (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, seconds REAL NOT NULL, stage TEXT NOT NULL,
    frame INTEGER NOT NULL, text TEXT NOT NULL
);
CREATE TABLE solve (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, lens TEXT NOT NULL, average_error REAL NOT NULL,
    keyframe_a INTEGER NOT NULL, keyframe_b INTEGER NOT NULL, verdict TEXT NOT NULL, reasons TEXT NOT NULL
);
CREATE TABLE camera (
    solve INTEGER NOT NULL, frame INTEGER NOT NULL, matrix TEXT NOT NULL, error REAL NOT NULL
);
CREATE TABLE point (
    solve INTEGER NOT NULL, track INTEGER NOT NULL, x REAL NOT NULL, y REAL NOT NULL, z REAL NOT NULL,
    error REAL NOT NULL
);
"""


@dataclass(frozen=True)
class RunState:
    """The one row that says what the session is doing; cheap to read."""

    status: SessionStatus
    stage: str
    """track, clean or solve, or what a checkpoint by hand was called."""
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

    @classmethod
    def create(cls, path: Path, about: dict[str, Any]) -> Store:
        """Makes a new session file; raises SessionError where it exists or can't be written."""
        if path.exists():
            raise SessionError(f"{path}: there is a session of this name already")
        part = path.with_name(f".{path.name}.{os.getpid()}")  # a session is there whole or not at all
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(part)) as db, db:
                db.executescript(
                    f"PRAGMA journal_mode = TRUNCATE; PRAGMA application_id = {APPLICATION_ID};"
                    f"PRAGMA user_version = {FORMAT}; BEGIN; {SCHEMA}"
                )
                rows = [(key, json.dumps(value)) for key, value in about.items()]
                db.executemany("INSERT INTO about VALUES (?, ?)", rows)
                created = SessionStatus.CREATED.value
                db.execute(
                    "INSERT INTO run VALUES (1, ?, '', 0, 0, '', 0, NULL, ?, '', '', NULL)",
                    (created, time.time()),
                )
            os.replace(part, path)
        except (OSError, sqlite3.Error) as error:
            raise SessionError(f"{path}: the session can't be written: {error}") from error
        finally:
            for left in (part, part.with_name(f"{part.name}-journal")):
                if left.exists():
                    left.unlink()
        return cls(path)

    @classmethod
    def open(cls, path: Path) -> Store:
        """Opens a session file; raises SessionError where it is none, or is damaged."""
        if not path.is_file():
            raise SessionError(f"{path}: no such session")
        store = cls(path)
        with store.connect() as db:
            if db.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                raise SessionError(f"{path}: not a Tracked Shot session")
            found = db.execute("PRAGMA user_version").fetchone()[0]
            if found > FORMAT:
                raise SessionError(
                    f"{path}: written by a newer Tracked Shot (format {found}, this one reads {FORMAT})"
                )
            if db.execute("SELECT count(*) FROM run").fetchone()[0] != 1:
                raise SessionError(f"{path}: the session is damaged: it does not say what it was doing")
        return store

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """A connection; what is written through it is one transaction. Raises SessionError."""
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as db:
                db.execute("PRAGMA journal_mode = TRUNCATE")
                db.execute("PRAGMA synchronous = FULL")
                with db:
                    yield db
        except sqlite3.Error as error:
            raise SessionError(f"{self.path}: {error}") from error

    # What it is about

    def about(self) -> dict[str, Any]:
        """Name, footage, settings, lens, versions: what the session was made with."""
        with self.connect() as db:
            return {key: json.loads(value) for key, value in db.execute("SELECT key, value FROM about")}

    # What it is doing

    def run_state(self) -> RunState:
        with self.connect() as db:
            return _run_state(db)

    def change_run(self, **values: Any) -> RunState:
        """Sets columns of the run row; a status that may not follow the present one raises SessionError."""
        with self.connect() as db:
            _change_run(db, **values)
            return _run_state(db)

    def log_step(self, stage: str, frame: int, text: str, seconds: float, **run: Any) -> None:
        """Writes a step that changed nothing but where the session stands."""
        with self.connect() as db:
            _log(db, stage, frame, text, seconds)
            _change_run(db, stage=stage, frame=frame, text=text, **run)

    def steps(self) -> list[tuple[float, float, str, int, str]]:
        """All steps: at, seconds, stage, frame, text."""
        with self.connect() as db:
            return db.execute("SELECT at, seconds, stage, frame, text FROM step ORDER BY id").fetchall()

    # Tracks

    def add_tracking(self, change: TrackChange, text: str, seconds: float, **run: Any) -> None:
        """Writes one step of tracking."""
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
            _log(db, "track", change.frame, text, seconds)
            _change_run(db, stage="track", frame=change.frame, text=text, **run)

    def markers(self) -> Markers:
        """All markers, in image pixels, in the order in which they were found."""
        with self.connect() as db:
            rows = db.execute("SELECT track, frame, x, y FROM marker ORDER BY rowid").fetchall()
        table = np.array(rows, np.float64).reshape(-1, 4)
        return Markers(
            table[:, 0].astype(np.int32), table[:, 1].astype(np.int32), table[:, 2:].astype(np.float32)
        )

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
            _log(db, "clean", frame, text, seconds)
            _change_run(db, stage="clean", frame=frame, text=text, **run)

    def following(self, since: int, side: int) -> tuple[KeyPatches, np.ndarray, np.ndarray]:
        """What following needs: keys of the tracks in view or begun after ``since``; live ids, affines.

        ``side`` is that of the kept patches in pixels.
        """
        with self.connect() as db:
            live = db.execute("SELECT track, a, b, x, c, d, y FROM live ORDER BY track").fetchall()
            keys = db.execute(
                "SELECT id, key_frame, key_x, key_y, patch FROM track"
                " WHERE key_frame > ? OR id IN (SELECT track FROM live) ORDER BY id",
                (since,),
            ).fetchall()
        table = np.array(live, np.float64).reshape(-1, 7)
        patches = [np.frombuffer(row[4], np.uint8) for row in keys]
        if any(patch.size != side * side for patch in patches):
            raise SessionError(f"{self.path}: the session is damaged: a key patch has the wrong size")
        pixels = np.array(patches, np.uint8).reshape(-1, side, side)
        spots = np.array([row[2:4] for row in keys], np.float32).reshape(-1, 2)
        numbers = np.array([row[:2] for row in keys], np.int32).reshape(-1, 2)
        return (
            KeyPatches(numbers[:, 0], numbers[:, 1], spots, pixels),
            table[:, 0].astype(np.int32),
            table[:, 1:].astype(np.float32),
        )

    # Cameras

    def add_solve(self, solve: Solve, text: str, frame: int, seconds: float, **run: Any) -> None:
        with self.connect() as db:
            number = db.execute(
                "INSERT INTO solve (at, lens, average_error, keyframe_a, keyframe_b, verdict, reasons)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    time.time(),
                    json.dumps(asdict(solve.lens)),
                    solve.average_error,
                    *solve.keyframes,
                    solve.verdict,
                    json.dumps(solve.reasons),
                ),
            ).lastrowid
            db.executemany(
                "INSERT INTO camera VALUES (?, ?, ?, ?)",
                (
                    (number, int(frame_), json.dumps(matrix.tolist()), float(error))
                    for frame_, matrix, error in zip(
                        solve.frames, solve.cameras, solve.frame_errors, strict=True
                    )
                ),
            )
            db.executemany(
                "INSERT INTO point VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (number, int(track), *map(float, point), float(error))
                    for track, point, error in zip(
                        solve.point_tracks, solve.points, solve.point_errors, strict=True
                    )
                ),
            )
            _log(db, "solve", frame, text, seconds)
            _change_run(db, stage="solve", frame=frame, text=text, **run)

    def last_solve(self) -> Solve | None:
        """The newest camera, bit for bit as it was found."""
        with self.connect() as db:
            row = db.execute(
                "SELECT id, lens, average_error, keyframe_a, keyframe_b, verdict, reasons FROM solve"
                " ORDER BY id DESC LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            cameras = db.execute(
                "SELECT frame, matrix, error FROM camera WHERE solve = ? ORDER BY frame", (row[0],)
            ).fetchall()
            points = db.execute(
                "SELECT track, x, y, z, error FROM point WHERE solve = ? ORDER BY rowid", (row[0],)
            ).fetchall()
        spots = np.array(points, np.float64).reshape(-1, 5)
        return Solve(
            Lens(**json.loads(row[1])),
            np.array([camera[0] for camera in cameras], np.int32),
            np.array([json.loads(camera[1]) for camera in cameras]).reshape(-1, 4, 4),
            spots[:, 1:4],
            spots[:, 0].astype(np.int32),
            spots[:, 4],
            np.array([camera[2] for camera in cameras]),
            row[2],
            (row[3], row[4]),
            row[5],
            json.loads(row[6]),
        )


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


def _log(db: sqlite3.Connection, stage: str, frame: int, text: str, seconds: float) -> None:
    db.execute(
        "INSERT INTO step (at, seconds, stage, frame, text) VALUES (?, ?, ?, ?, ?)",
        (time.time(), seconds, stage, frame, text),
    )
