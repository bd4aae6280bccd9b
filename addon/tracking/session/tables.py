"""The tables of a session file, and how an older file gets those that it lacks.

docs/session-format.md says what each column means.
"""

from __future__ import annotations

import sqlite3

FORMAT = 4
APPLICATION_ID = 0x54534854  # "TSHT": tells a session from any other SQLite file

_FIRST = """
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

_CORNERS = ", ".join(f"x{n} REAL NOT NULL, y{n} REAL NOT NULL" for n in range(1, 5))

_SECOND = f"""
CREATE TABLE writer (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, host TEXT NOT NULL, versions TEXT NOT NULL
);
CREATE TABLE frame (frame INTEGER PRIMARY KEY, checksum INTEGER NOT NULL);
ALTER TABLE step ADD COLUMN tracks INTEGER;
ALTER TABLE step ADD COLUMN markers INTEGER;
ALTER TABLE step ADD COLUMN digest INTEGER;
ALTER TABLE step ADD COLUMN live_digest INTEGER;
CREATE INDEX step_by_stage ON step (stage, frame);
ALTER TABLE solve ADD COLUMN motion TEXT NOT NULL DEFAULT 'general';
ALTER TABLE solve ADD COLUMN focal_low REAL;
ALTER TABLE solve ADD COLUMN focal_high REAL;
ALTER TABLE solve ADD COLUMN digest INTEGER;
ALTER TABLE camera ADD COLUMN position_sigma REAL;
ALTER TABLE camera ADD COLUMN rotation_sigma REAL;
ALTER TABLE camera ADD COLUMN focal_px REAL;
ALTER TABLE point ADD COLUMN depth_sigma REAL;
CREATE TABLE clip_track (
    id INTEGER PRIMARY KEY, object TEXT NOT NULL, name TEXT NOT NULL, settings TEXT NOT NULL,
    digest TEXT NOT NULL, UNIQUE (object, name)
);
CREATE TABLE clip_marker (
    track INTEGER NOT NULL, frame INTEGER NOT NULL, x REAL NOT NULL, y REAL NOT NULL, {_CORNERS},
    "left" REAL NOT NULL, bottom REAL NOT NULL, "right" REAL NOT NULL, top REAL NOT NULL,
    keyed INTEGER NOT NULL, muted INTEGER NOT NULL
);
CREATE INDEX clip_marker_by_track ON clip_marker (track);
CREATE TABLE clip_plane (
    id INTEGER PRIMARY KEY, object TEXT NOT NULL, name TEXT NOT NULL, tracks TEXT NOT NULL,
    settings TEXT NOT NULL, digest TEXT NOT NULL, UNIQUE (object, name)
);
CREATE TABLE clip_plane_marker (
    plane INTEGER NOT NULL, frame INTEGER NOT NULL, {_CORNERS}, muted INTEGER NOT NULL
);
CREATE INDEX clip_plane_marker_by_plane ON clip_plane_marker (plane);
"""

_THIRD = """
ALTER TABLE solve ADD COLUMN shutter_rows REAL NOT NULL DEFAULT 0;
ALTER TABLE solve ADD COLUMN shutter_columns REAL NOT NULL DEFAULT 0;
"""

_FOURTH = """
CREATE TABLE hand_over (solve INTEGER PRIMARY KEY, at REAL NOT NULL, digest INTEGER NOT NULL);
CREATE TABLE hand (
    solve INTEGER NOT NULL, number INTEGER NOT NULL, track INTEGER, name TEXT NOT NULL, weight REAL NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY (solve, number)
);
CREATE TABLE hand_marker (
    solve INTEGER NOT NULL, number INTEGER NOT NULL, frame INTEGER NOT NULL, x REAL NOT NULL, y REAL NOT NULL
);
"""

CHANGES = {1: _FIRST, 2: _SECOND, 3: _THIRD, 4: _FOURTH}
"""What each format added to the one before it."""


def bring_up(db: sqlite3.Connection, found: int) -> None:
    """Brings a file of format ``found`` (0: an empty one) to the present one, as part of one transaction."""
    for number in range(found + 1, FORMAT + 1):
        for statement in CHANGES[number].split(";"):  # executescript would end the transaction
            if statement.strip():
                db.execute(statement)
    db.execute(f"PRAGMA user_version = {FORMAT}")
