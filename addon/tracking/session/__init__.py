"""Sessions: what was tracked, on disk after every step, and the process that tracks it."""

from .again import find_tracked, solve_again
from .library import (
    MergeReport,
    SessionInfo,
    cleanup_old_sessions,
    delete_session,
    merge_sessions,
    session_infos,
)
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
from .source import take_in_growth
from .status import SessionStatus
from .worker import start_worker

__all__ = [
    "MergeReport",
    "Progress",
    "ResumePoint",
    "SessionInfo",
    "SessionStatus",
    "TrackingSessionManager",
    "cleanup_old_sessions",
    "create_session",
    "delete_session",
    "export_session_report",
    "find_session",
    "find_tracked",
    "list_sessions",
    "load_session",
    "merge_sessions",
    "resume_tracking",
    "run_session",
    "session_infos",
    "solve_again",
    "start_worker",
    "take_in_growth",
    "take_up_session",
]
