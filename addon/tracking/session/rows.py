"""Rows of a session file as arrays, and the digests by which they are known to be what was written."""

from __future__ import annotations

import json
import logging
import math
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.by_hand import HandTrack
from ..engine.model import Lens, Solve
from ..engine.track import KeyPatches, Markers
from ..errors import SessionDamagedError

log = logging.getLogger(__name__)

KEY_COLUMNS = "id, key_frame, key_x, key_y, patch"
TRACKING_STAGES = ("track", "look")
"""Stages whose steps write tracks and markers."""
HURT = "parts of the file are lost or hold something else"
"""What a person is told where SQLite cannot read its own pages; its words for it go to the log."""


def read_markers(db: sqlite3.Connection, after: int = 0, last: int = 2**62) -> Markers:
    """The markers of the rows after ``after`` up to ``last``."""
    rows = db.execute(
        "SELECT track, frame, x, y FROM marker WHERE rowid > ? AND rowid <= ? ORDER BY rowid", (after, last)
    ).fetchall()
    return to_markers(rows)


def to_markers(rows: list[tuple[Any, ...]]) -> Markers:
    """Markers of rows of track, frame, x, y."""
    table = np.array(rows, np.float64).reshape(-1, 4)
    return Markers(
        table[:, 0].astype(np.int32), table[:, 1].astype(np.int32), table[:, 2:].astype(np.float32)
    )


def patch_side(rows: list[tuple[Any, ...]]) -> int:
    """Side in pixels of the first row's key patch; 1 where there is no row."""
    return math.isqrt(len(rows[0][4])) if rows else 1


def read_live(db: sqlite3.Connection) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Tracks in view at the last step: ids (n,), affine maps (n, 6)."""
    rows = db.execute("SELECT track, a, b, x, c, d, y FROM live ORDER BY track").fetchall()
    table = np.array(rows, np.float64).reshape(-1, 7)
    return table[:, 0].astype(np.int32), table[:, 1:].astype(np.float32)


def to_keys(rows: list[tuple[Any, ...]], side: int) -> KeyPatches:
    """Key patches of the rows; raises SessionDamagedError where one has not ``side`` by ``side`` pixels."""
    patches = [np.frombuffer(row[4], np.uint8) for row in rows]
    if any(patch.size != side * side for patch in patches):
        raise SessionDamagedError("the session is damaged: a key patch has the wrong size")
    numbers = np.array([row[:2] for row in rows], np.int32).reshape(-1, 2)
    return KeyPatches(
        numbers[:, 0],
        numbers[:, 1],
        np.array([row[2:4] for row in rows], np.float32).reshape(-1, 2),
        np.array(patches, np.uint8).reshape(-1, side, side),
    )


def read_solve(db: sqlite3.Connection, number: int) -> Solve:
    """The camera of this number, bit for bit as it was found."""
    row = db.execute(
        "SELECT lens, average_error, keyframe_a, keyframe_b, verdict, reasons, motion, focal_low, focal_high,"
        " shutter_rows, shutter_columns"
        " FROM solve WHERE id = ?",
        (number,),
    ).fetchone()
    cameras = db.execute(
        "SELECT frame, error, position_sigma, rotation_sigma, focal_px, matrix FROM camera WHERE solve = ?"
        " ORDER BY rowid",
        (number,),
    ).fetchall()
    points = db.execute(
        "SELECT track, x, y, z, error, depth_sigma FROM point WHERE solve = ? ORDER BY rowid", (number,)
    ).fetchall()
    spots = np.array([point[:5] for point in points], np.float64).reshape(-1, 5)
    return Solve(
        Lens(**json.loads(row[0])),
        np.array([camera[0] for camera in cameras], np.int32),
        np.array([json.loads(camera[5]) for camera in cameras]).reshape(-1, 4, 4),
        spots[:, 1:4],
        spots[:, 0].astype(np.int32),
        spots[:, 4],
        np.array([camera[1] for camera in cameras], np.float64),
        row[1],
        (row[2], row[3]),
        row[4],
        json.loads(row[5]),
        motion=row[6],
        shutter=(row[9], row[10]),
        focal_interval_mm=None if row[7] is None else (row[7], row[8]),
        position_sigmas=known([camera[2] for camera in cameras]),
        rotation_sigmas=known([camera[3] for camera in cameras]),
        depth_sigmas=known([point[5] for point in points]),
        frame_focals_px=known([camera[4] for camera in cameras]),
    )


def read_hand(db: sqlite3.Connection, solve: int) -> list[HandTrack]:
    """What an artist did to the tracks, as it was handed over for the solve of this number."""
    found = []
    for number, of, name, weight, reason in db.execute(
        "SELECT number, track, name, weight, reason FROM hand WHERE solve = ? ORDER BY number", (solve,)
    ).fetchall():
        table = np.array(
            db.execute(
                "SELECT frame, x, y FROM hand_marker WHERE solve = ? AND number = ? ORDER BY frame",
                (solve, number),
            ).fetchall(),
            np.float64,
        ).reshape(-1, 3)
        found.append(HandTrack(name, of, table[:, 0].astype(np.int32), table[:, 1:].copy(), weight, reason))
    return found


def column(values: NDArray[np.float64], count: int) -> list[float | None]:
    """The values of a column; NULL in all rows where they are not known."""
    return values.tolist() if len(values) else [None] * count


def known(column: list[float | None]) -> NDArray[np.float64]:
    """The values of a column, empty where they are not known."""
    return np.array([value for value in column if value is not None], np.float64)


# --- digests: what was written, in a number ----------------------------------


def crc(*parts: Any) -> int:
    """CRC-32 over arrays and texts, one after the other."""
    value = 0
    for part in parts:
        data = part.encode() if isinstance(part, str) else np.ascontiguousarray(part).tobytes()
        value = zlib.crc32(data, value)
    return value


def tracking_digest(keys: KeyPatches, markers: Markers) -> int:
    """Of the tracks begun and the markers found in a step."""
    return crc(
        *(part.astype(np.int32) for part in (keys.ids, keys.frames)),
        keys.points.astype(np.float32),
        keys.pixels,
        *(part.astype(np.int32) for part in (markers.tracks, markers.frames)),
        markers.points.astype(np.float32),
    )


def reasons_digest(reasons: Mapping[int, str]) -> int:
    """Of what is switched off, and why."""
    return crc(json.dumps([(int(track), reason) for track, reason in sorted(reasons.items())]))


def solve_digest(solve: Solve) -> int:
    """Of a camera with its bundles."""
    lens = asdict(solve.lens)
    for name, usual in (("pixel_aspect", 1), ("more", ()), ("principal", None)):
        if lens[name] == usual:
            del lens[name]  # older files have digests without
    return crc(
        json.dumps(
            [lens, solve.verdict, solve.reasons, solve.motion]
            + ([solve.shutter] if any(solve.shutter) else [])  # older files have digests without
        ),
        *(np.asarray(part, np.float64) for part in (solve.frames, solve.cameras, solve.frame_errors)),
        *(np.asarray(part, np.float64) for part in (solve.point_tracks, solve.points, solve.point_errors)),
    )


def hand_digest(hand: Sequence[HandTrack]) -> int:
    """Of what an artist did to the tracks."""
    return crc(
        *(
            part
            for item in hand
            for part in (
                json.dumps([item.name, item.of, float(item.weight), item.reason]),
                item.frames.astype(np.int32),
                item.xy.astype(np.float64),
            )
        )
    )


def about_digest(db: sqlite3.Connection) -> int:
    """Of all facts but this one."""
    rows = db.execute("SELECT key, value FROM about WHERE key != 'digest' ORDER BY key").fetchall()
    return crc(*(f"{key}\0{value}\0" for key, value in rows))


def check_pages(db: sqlite3.Connection) -> list[str]:
    """What SQLite itself finds wrong with the file."""
    found = [str(row[0]) for row in db.execute("PRAGMA quick_check(3)")]
    wrong = [" ".join(text.split()) for text in found if text != "ok"]
    for text in wrong:
        log.info("quick_check: %s", text)
    return [HURT] if wrong else []


def check_about(db: sqlite3.Connection) -> list[str]:
    """Whether footage, settings and lens are as they were written."""
    row = db.execute("SELECT value FROM about WHERE key = 'digest'").fetchone()
    if row is not None and row[0] != str(about_digest(db)):
        return ["what it says of its footage and settings was changed"]
    return []


def check_steps(db: sqlite3.Connection) -> list[str]:
    """Compares what each step wrote with its digest; steps of the first format have none."""
    found = []
    tracks = markers = -1
    last = None
    steps = db.execute("SELECT frame, stage, tracks, markers, digest, live_digest FROM step ORDER BY id")
    reasons = None
    for frame, stage, step_tracks, step_markers, digest, live_digest in steps.fetchall():
        if stage == "clean" and digest is not None:
            reasons = digest
        if stage not in TRACKING_STAGES or digest is None:
            continue
        rows = db.execute(
            f"SELECT {KEY_COLUMNS} FROM track WHERE id > ? AND id <= ? ORDER BY id", (tracks, step_tracks)
        ).fetchall()
        try:
            written = tracking_digest(
                to_keys(rows, patch_side(rows)), read_markers(db, max(markers, 0), step_markers)
            )
        except (SessionDamagedError, TypeError, ValueError):
            written = None
        if written != digest:
            found.append(f"the tracks of the step up to frame {frame} are not as they were written")
        tracks, markers, last = step_tracks, step_markers, live_digest
    if last is not None and crc(*read_live(db)) != last:
        found.append("the tracks in view at the last step are not as they were written")
    if reasons is not None:
        switched_off = db.execute("SELECT id, reason FROM track WHERE reason != ''").fetchall()
        if reasons_digest(dict(switched_off)) != reasons:
            found.append("the reasons of tracks that are switched off are not as they were written")
    return found


def check_solves(db: sqlite3.Connection) -> list[str]:
    """Compares each camera with its digest."""
    found = []
    for number, digest in db.execute("SELECT id, digest FROM solve ORDER BY id").fetchall():
        try:
            same = digest is None or solve_digest(read_solve(db, number)) == digest
        except (TypeError, ValueError):
            same = False
        if not same:
            found.append(f"camera {number} is not as it was written")
    return found


def check_hand(db: sqlite3.Connection) -> list[str]:
    """Compares what was handed over for the solves with its digest."""
    found = []
    for solve, digest in db.execute("SELECT solve, digest FROM hand_over ORDER BY solve").fetchall():
        try:
            same = hand_digest(read_hand(db, solve)) == digest
        except (TypeError, ValueError):
            same = False
        if not same:
            found.append(f"the artist's tracks of camera {solve} are not as they were written")
    return found
