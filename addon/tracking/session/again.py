"""Solving again from tracks that are there: changed by hand, with another lens, or only tracked before."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from ..engine.by_hand import HandTrack
from ..engine.footage import Footage, identity
from ..engine.masks import same_settings
from ..engine.model import LensStart, TrackingSettings
from ..engine.plan import TRACK_SHARE
from ..errors import SessionError
from . import owner
from .hand import hand_over, keep_waiting
from .manager import TrackingSessionManager, list_sessions, load_session
from .places import free_path
from .status import SessionStatus
from .store import Store


def find_tracked(folder: Path, footage: Footage, settings: TrackingSettings) -> TrackingSessionManager | None:
    """The newest session in ``folder`` of this footage and range that these settings have tracked to its end.

    Whatever its lens, and whether it was solved. One that a process works on is passed over.
    """
    known = identity(footage)
    for path in list_sessions(folder):
        try:
            session = load_session(path)
            about = session.about
            same = all(about["footage"].get(key) == value for key, value in known.items())
            same = same and about["range"] == [footage.first, footage.last]
            same = same and same_settings(session.settings(), settings)
            state = session.store.run_state()
            if (
                same
                and session.tracked_to() >= footage.last
                and not owner.is_alive(state.owner, state.updated)
            ):
                return session
        except (SessionError, KeyError, TypeError):  # somebody else's file; ``status`` tells what is wrong
            continue
    return None


def solve_again(
    session: TrackingSessionManager, lens: LensStart, hand: Sequence[HandTrack] | None = None
) -> TrackingSessionManager:
    """A session with the tracks of this one that waits to be solved from ``lens``.

    With the lens that it has it is this very session, else a copy beside it, so that the camera that is
    there stays. ``hand`` is what the artist did to the tracks; left out, it is what was counted in before.
    Raises SessionError where it is not tracked to its end, is at work, or can't be written.
    """
    state = session.store.run_state()
    if session.follows and session.tracked_to() < session.about["range"][1]:
        raise SessionError(f"{session.path}: is not tracked to its end yet")
    if owner.is_alive(state.owner, state.updated):
        raise SessionError(f"{session.path}: a process is at work on it; cancel that first")
    session.check()
    if session.lens() != lens:
        session = _copy(session, lens)
    if hand is not None:
        hand_over(session.store, hand)
    if not session.about["solve"]:
        session.change_about("to be solved, too", solve=True)
    session.store.change_run(status=SessionStatus.INTERRUPTED, stage="track", done=TRACK_SHARE)
    return session


def _copy(session: TrackingSessionManager, lens: LensStart) -> TrackingSessionManager:
    """A session beside this one with its tracks, another lens and no camera; there whole or not at all."""
    target = free_path(session.path)
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with session.store.connect() as db, closing(sqlite3.connect(part)) as copy:
            db.backup(copy)
        with Store(part).connect() as db:
            keep_waiting(db)
            for table in ("solve", "camera", "point"):
                db.execute(f"DELETE FROM {table}")
        Store(part).change_about(
            f"tracks of {session.path.name}, to be solved from another lens",
            name=target.stem,
            lens=asdict(lens),
            created=time.time(),
        )
        os.replace(part, target)
    except (OSError, sqlite3.Error) as error:
        raise SessionError(f"{target}: cannot be written: {error}") from error
    finally:
        for left in (part, part.with_name(f"{part.name}-journal")):
            left.unlink(missing_ok=True)
    return load_session(target)
