"""The processes that work on sessions: those started from here, and whoever else is at one."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from ..tracking.session import TrackingSessionManager, start_worker
from ..tracking.session.worker import log_path
from .state import clips

log = logging.getLogger(__name__)

started: dict[Path, subprocess.Popen[bytes]] = {}
"""Those started from here, by their session."""


def start(session: Path, *, low_priority: bool) -> None:
    """Starts a process that works on the session."""
    started[session] = start_worker(session, low_priority=low_priority)


def is_at_work(session: Path) -> bool:
    """Whether a process started from here is at work on the session."""
    worker = started.get(session)
    return worker is not None and worker.poll() is None


def take_exit_code(session: Path) -> int | None:
    """What the process started from here ended with, which is forgotten then; None where there was none."""
    worker = started.pop(session, None)
    return worker.returncode if worker is not None else None


def foreign_worker(session: TrackingSessionManager) -> str:
    """The process at work on the session, in words; empty where it was started from here."""
    who = _owner(session)
    worker = started.get(session.path)
    if not who or (worker is not None and worker.pid == who["pid"] and who["host"] == socket.gethostname()):
        return ""
    place = "" if who["host"] == socket.gethostname() else f" on {who['host']}"
    return f"Process {who['pid']}{place}"


def _owner(session: TrackingSessionManager) -> dict[str, Any]:
    owner = session.store.run_state().owner
    return json.loads(owner) if owner else {}


def end(session: TrackingSessionManager) -> None:
    """Ends the process at work on the session, where it runs on this computer; whoever started it."""
    who = _owner(session)
    if who and who["host"] == socket.gethostname() and who["pid"] != os.getpid():
        try:
            os.kill(who["pid"], signal.SIGTERM)
        except ProcessLookupError:  # it came to its end by itself meanwhile
            log.info("process %d is gone already", who["pid"])


def last_error(session: Path) -> str:
    """What the worker wrote last into its log, where that is why it gave up."""
    try:
        lines = log_path(session).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        log.warning("%s", error)
        return ""
    _, found, said = (lines[-1] if lines else "").partition(" ERROR ")
    return said if found else ""


def let_go() -> None:
    """Forgets the workers that ended while no clip showed their session."""
    followed = {state.session for state in clips.values() if state.running}
    for session in [path for path, worker in started.items() if worker.poll() is not None]:
        if session not in followed:
            del started[session]
