"""Sessions: what was tracked, on disk after every step, and the process that tracks it."""

from .manager import (
    Progress,
    ResumePoint,
    TrackingSessionManager,
    create_session,
    find_session,
    list_sessions,
    load_session,
    take_up_session,
)
from .report import export_session_report
from .runner import resume_tracking, run_session
from .status import SessionStatus
from .worker import start_worker

__all__ = [
    "Progress",
    "ResumePoint",
    "SessionStatus",
    "TrackingSessionManager",
    "create_session",
    "export_session_report",
    "find_session",
    "list_sessions",
    "load_session",
    "resume_tracking",
    "run_session",
    "start_worker",
    "take_up_session",
]
