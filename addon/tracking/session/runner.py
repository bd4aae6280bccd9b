"""Doing a session's work: the engine's steps, each on disk before the next begins.

The worker process, the command line and the tests all drive ``run_session``.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..engine.footage import Footage, identity, open_footage
from ..engine.plan import Job, Step, run
from ..errors import Cancelled, FootageError, SessionError, TrackedShotError
from . import owner
from .manager import TrackingSessionManager, load_session
from .status import SessionStatus


def run_session(session: TrackingSessionManager) -> Iterator[Step]:
    """Goes on with ``session`` until it is done, one saved step at a time.

    Raises SessionError where another live process owns it, FootageError where the footage is not
    the session's, SolveError, and Cancelled when the session was asked to stop. However it ends, the finished
    steps are on disk and the status says what happened.
    """
    footage = open_session_footage(session)
    with _owned(session):
        job = session.job(footage)
        started = time.monotonic()
        try:
            for step in run(job):
                _save(session, job, step, time.monotonic() - started)
                started = time.monotonic()
                yield step
                _obey(session)
        except Cancelled:
            raise
        except TrackedShotError as error:
            session.store.change_run(status=SessionStatus.FAILED, text=str(error))
            raise
        finally:
            if session.store.run_state().status.running:
                session.store.change_run(status=SessionStatus.INTERRUPTED)


def resume_tracking(session: TrackingSessionManager | str | os.PathLike[str]) -> TrackingSessionManager:
    """Does what is left of a session, in this process; returns it. Raises as ``run_session`` does."""
    if not isinstance(session, TrackingSessionManager):
        session = load_session(session)
    for _ in run_session(session):
        pass
    return session


def open_session_footage(session: TrackingSessionManager) -> Footage:
    """The session's footage, opened; raises FootageError where it is gone or has another content."""
    first, last = session.about["range"]
    footage = open_footage(session.footage_path())
    known = session.about["footage"]
    for key, value in identity(footage).items():
        if known.get(key) != value:
            raise FootageError(
                f"{footage.path}: not the footage that this session began with ({key} differs)"
            )
    return replace(footage, first=first, last=last)


@contextmanager
def _owned(session: TrackingSessionManager) -> Iterator[None]:
    """Makes this process the session's owner while it works."""
    with session.store.connect() as db:
        db.execute("BEGIN IMMEDIATE")
        state = session.store.run_state()
        if owner.is_alive(state.owner, state.updated):
            who = json.loads(state.owner)
            raise SessionError(f"{session.path}: process {who['pid']} on {who['host']} is at work on it")
        resumed = session.tracked_to() if session.store.track_count() else None
        me = json.loads(owner.this_process()) | {"at": time.time(), "done": state.done, "frame": state.frame}
        db.execute(
            "UPDATE run SET owner = ?, asked = '', resumed_at = ?, status ="
            " CASE WHEN status IN ('tracking', 'solving') THEN 'interrupted' ELSE status END",
            (json.dumps(me), resumed),
        )
    try:
        yield
    finally:
        session.store.change_run(owner="")


def _save(session: TrackingSessionManager, job: Job, step: Step, seconds: float) -> None:
    """Writes what a step changed, and where the session stands after it."""
    store = session.store
    if step.change is not None:
        store.add_tracking(step.change, step.text, seconds, **_run(step, SessionStatus.TRACKING))
    elif step.reasons is not None:
        _reach_tracked(session)
        store.set_reasons(step.reasons, step.text, step.frame, seconds, **_run(step, SessionStatus.TRACKED))
        if not job.solve:
            store.change_run(status=SessionStatus.COMPLETE)
    elif step.solve is not None:
        store.add_solve(step.solve, step.text, step.frame, seconds, **_run(step, SessionStatus.SOLVED))
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
