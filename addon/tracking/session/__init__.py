"""Sessions: what was tracked, on disk after every step, and the process that tracks it."""

from .manager import (
    Progress,
    ResumePoint,
    TrackingSessionManager,
    create_session,
    find_unfinished,
    list_sessions,
    load_session,
)
from .runner import run_session
from .status import SessionStatus
from .worker import start_worker

__all__ = [
    "Progress",
    "ResumePoint",
    "SessionStatus",
    "TrackingSessionManager",
    "create_session",
    "find_unfinished",
    "list_sessions",
    "load_session",
    "run_session",
    "start_worker",
]
