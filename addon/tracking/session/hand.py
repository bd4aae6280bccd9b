"""The work by hand that a session's solves count in: handed over by the clip, kept beside the solves.

A hand-over holds for all solves from a number on, until the next one. What a solve rested on thus stays told,
whatever the artist does in the clip later.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

import numpy as np

from ..engine.by_hand import HandTrack
from ..engine.model import Solve
from . import rows
from .store import Store

STAGE = "hand"
"""What the log of steps calls a hand-over."""


def hand_over(store: Store, hand: Sequence[HandTrack]) -> None:
    """Keeps what the artist did to the tracks, for the next solve and those after it."""
    started = time.monotonic()
    with store.connect() as db:
        last = _last_solve(db)
        # What waited for a solve that never came is replaced; what no solve that is read rests on goes, too.
        kept = _since(db, last)
        for table in ("hand_over", "hand", "hand_marker"):
            db.execute(f"DELETE FROM {table} WHERE solve > ? OR solve < ?", (last, kept))
        write_hand(db, last + 1, hand)
        store.log_in(db, STAGE, f"{len(hand)} tracks of the artist's handed over", time.monotonic() - started)


def write_hand(db: sqlite3.Connection, solve: int, hand: Sequence[HandTrack]) -> None:
    """Writes a hand-over that holds from the solve of that number on."""
    db.execute("INSERT INTO hand_over VALUES (?, ?, ?)", (solve, time.time(), rows.hand_digest(hand)))
    for number, item in enumerate(hand):
        db.execute(
            "INSERT INTO hand VALUES (?, ?, ?, ?, ?, ?)",
            (solve, number, item.of, item.name, item.weight, item.reason),
        )
        db.executemany(
            "INSERT INTO hand_marker VALUES (?, ?, ?, ?, ?)",
            zip(
                [solve] * len(item.frames),
                [number] * len(item.frames),
                item.frames.tolist(),
                *item.xy.T.tolist(),
            ),
        )


def solved_hand(store: Store) -> list[HandTrack]:
    """What the newest solve counted in; nothing where there is no solve."""
    with store.connect() as db:
        last = _last_solve(db)
        return rows.read_hand(db, _since(db, last)) if last else []


def waiting_hand(store: Store) -> list[HandTrack]:
    """What the next solve will count in."""
    with store.connect() as db:
        return rows.read_hand(db, _since(db, _last_solve(db) + 1))


def last_before_hand(store: Store) -> Solve | None:
    """The newest solve, where something was handed over since; None else: then nothing is new about it."""
    with store.connect() as db:
        last = _last_solve(db)
        waits = last and _since(db, last + 1) == last + 1
    return store.last_solve() if waits else None


def keep_waiting(db: sqlite3.Connection) -> None:
    """Leaves only what the next solve will count in, for a copy of the session without its solves."""
    since = _since(db, _last_solve(db) + 1)
    for table in ("hand_over", "hand", "hand_marker"):
        db.execute(f"DELETE FROM {table} WHERE solve != ?", (since,))
        db.execute(f"UPDATE {table} SET solve = 1")


def _last_solve(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT max(id) FROM solve").fetchone()[0] or 0)


def _since(db: sqlite3.Connection, solve: int) -> int:
    """The number of the hand-over that holds for the solve; 0 where none does."""
    return int(db.execute("SELECT max(solve) FROM hand_over WHERE solve <= ?", (solve,)).fetchone()[0] or 0)


def numbered_in(tracks: np.ndarray, count: int) -> np.ndarray:
    """Numbers of tracks as the file has them: the artist's own, ``count`` and up, become -1, -2 and so on.

    The engine's may become more while the clip grows; the artist's stay who they are.
    """
    return np.where(tracks < count, tracks, count - 1 - tracks).astype(np.int32)


def numbered_out(tracks: np.ndarray, count: int) -> np.ndarray:
    """The other way."""
    return np.where(tracks >= 0, tracks, count - 1 - tracks).astype(np.int32)
