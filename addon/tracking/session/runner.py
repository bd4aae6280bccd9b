"""Doing a session's work: the engine's steps, each on disk before the next begins.

The worker process, the command line and the tests all drive ``run_session``.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from ..engine.plan import Job, Step, run
from ..errors import Cancelled, SessionError, TrackedShotError
from . import owner
from .manager import TrackingSessionManager, load_session
from .mask_source import settle_mask
from .source import FrameChecks, open_session_footage
from .status import SessionStatus
from .versions import versions

log = logging.getLogger(__name__)


def run_session(session: TrackingSessionManager, *, asked_before: bool = False) -> Iterator[Step]:
    """Goes on with ``session`` until it is done, one saved step at a time.

    ``asked_before``: an order to pause or stop that is there already counts, too; else it is an old one.
    Raises SessionError where another live process owns it, FootageError where the footage or the mask is
    not the session's, SolveError, and Cancelled when the session was asked to stop. However it ends, the
    finished steps are on disk and the status says what happened.
    """
    footage = open_session_footage(session)
    settle_mask(session)
    run_owner = _own(session, asked_before)
    session.store.at_work = True
    heart = _Heart(session)
    try:
        _obey(session)
        checks = FrameChecks(session, footage.first, footage.last)
        job = session.job(replace(footage, on_frame=checks.see))
        started = time.monotonic()
        for step in run(job):
            _save(session, job, step, time.monotonic() - started, checks)
            started = time.monotonic()
            yield step
            _obey(session)
    except (Cancelled, SessionError):
        raise
    except TrackedShotError as error:
        session.store.change_run(status=SessionStatus.FAILED, text=str(error))
        raise
    finally:
        heart.stop()
        session.store.at_work = False
        owner.end_run(run_owner)
        _leave(session)


def resume_tracking(session: TrackingSessionManager | str | os.PathLike[str]) -> TrackingSessionManager:
    """Does what is left of a session, in this process; returns it. Raises as ``run_session`` does."""
    if not isinstance(session, TrackingSessionManager):
        session = load_session(session)
    for _ in run_session(session):
        pass
    return session


def _own(session: TrackingSessionManager, asked_before: bool) -> str:
    """Makes this process the session's owner, and returns what it is called as such.

    Raises SessionError where another one is at work.
    """
    run_owner = owner.begin_run()
    try:
        _write_owner(session, run_owner, asked_before)
    except BaseException:
        owner.end_run(run_owner)
        raise
    return run_owner


def _write_owner(session: TrackingSessionManager, run_owner: str, asked_before: bool) -> None:
    with session.store.connect() as db:
        db.execute("BEGIN IMMEDIATE")
        state = session.store.run_state()
        if owner.is_alive(state.owner, state.updated):
            who = json.loads(state.owner)
            raise SessionError(f"{session.path}: process {who['pid']} on {who['host']} is at work on it")
        resumed = session.tracked_to() if session.store.track_count() else None
        me = json.loads(run_owner) | {"at": time.time(), "done": state.done, "frame": state.frame}
        db.execute(
            "UPDATE run SET owner = ?, asked = ?, resumed_at = ?, status ="
            " CASE WHEN status IN ('tracking', 'solving') THEN 'interrupted' ELSE status END",
            (json.dumps(me), state.asked if asked_before else "", resumed),
        )
        session.store.add_writer(db, socket.gethostname(), versions())


class _Heart:
    """Gives the owner's sign while a step takes long, for those who watch from another computer."""

    def __init__(self, session: TrackingSessionManager) -> None:
        self._session = session
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="session heart", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stopped.wait(owner.BEAT_SECONDS):
            try:
                self._session.store.beat()
            except SessionError as error:  # the steps themselves will tell, and stop the work
                log.warning("%s", error)


def _leave(session: TrackingSessionManager) -> None:
    """Says that nobody works on the session any more.

    Where that can't be written (the disk is full, the folder gone), an owner that no longer lives tells it.
    """
    try:
        running = session.store.run_state().status.running
        status = {"status": SessionStatus.INTERRUPTED} if running else {}
        session.store.change_run(owner="", **status)
    except SessionError as error:
        log.warning("%s", error)


def _save(session: TrackingSessionManager, job: Job, step: Step, seconds: float, checks: FrameChecks) -> None:
    """Writes what a step changed, and where the session stands after it."""
    store = session.store
    if step.change is not None:
        passed = checks.take(step.change.frame)
        status = SessionStatus.SOLVING if step.stage == "look" else SessionStatus.TRACKING
        store.add_tracking(step.change, step.text, seconds, passed, step.stage, **_run(step, status))
    elif step.reasons is not None and step.stage == "solve":
        store.set_reasons(step.reasons, step.text, step.frame, seconds, **_run(step, SessionStatus.SOLVING))
    elif step.reasons is not None:
        _reach_tracked(session)
        store.set_reasons(step.reasons, step.text, step.frame, seconds, **_run(step, SessionStatus.TRACKED))
        if not job.solve:
            store.change_run(status=SessionStatus.COMPLETE)
    elif step.solve is not None:
        session.add_solve(step.solve, step.text, step.frame, seconds, **_run(step, SessionStatus.SOLVED))
    else:
        store.log_step("solve", step.frame, step.text, seconds, **_run(step, SessionStatus.SOLVING))


def _reach_tracked(session: TrackingSessionManager) -> None:
    """A session may go on when all its frames were tracked already; its status then catches up."""
    if session.store.run_state().status is not SessionStatus.TRACKED:
        session.store.change_run(status=SessionStatus.TRACKING)


def _run(step: Step, status: SessionStatus) -> dict[str, object]:
    return {"status": status, "done": step.done, "tracks": step.tracks, "error_px": step.error_px}


def _obey(session: TrackingSessionManager) -> None:
    """Stops when the session was asked to."""
    asked = session.store.run_state().asked
    if asked == "pause":
        session.store.change_run(status=SessionStatus.PAUSED, asked="")
        raise Cancelled("paused; all finished steps are saved")
    if asked == "cancel":
        session.store.change_run(status=SessionStatus.INTERRUPTED, asked="")
        raise Cancelled("cancelled; all finished steps are saved")
