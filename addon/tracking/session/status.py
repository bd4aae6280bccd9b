"""What a session is doing, and which changes of that are allowed."""

from __future__ import annotations

from enum import StrEnum

from ..errors import SessionError


class SessionStatus(StrEnum):
    """The state of a session, as the panel and ``status`` name it."""

    CREATED = "created"
    TRACKING = "tracking"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    TRACKED = "tracked"
    SOLVING = "solving"
    SOLVED = "solved"
    FAILED = "failed"
    COMPLETE = "complete"

    @property
    def finished(self) -> bool:
        """True where nothing is left for the engine to do."""
        return self in (SessionStatus.SOLVED, SessionStatus.COMPLETE)

    @property
    def running(self) -> bool:
        """True while a process should be at work."""
        return self in (SessionStatus.TRACKING, SessionStatus.SOLVING)


_S = SessionStatus
ALLOWED: dict[SessionStatus, frozenset[SessionStatus]] = {
    _S.CREATED: frozenset({_S.TRACKING, _S.PAUSED, _S.INTERRUPTED, _S.FAILED}),
    _S.TRACKING: frozenset({_S.PAUSED, _S.INTERRUPTED, _S.TRACKED, _S.FAILED}),
    _S.PAUSED: frozenset({_S.TRACKING, _S.SOLVING, _S.INTERRUPTED, _S.FAILED}),
    _S.INTERRUPTED: frozenset({_S.TRACKING, _S.SOLVING, _S.FAILED}),
    _S.TRACKED: frozenset({_S.TRACKING, _S.SOLVING, _S.INTERRUPTED, _S.COMPLETE, _S.FAILED}),
    _S.SOLVING: frozenset({_S.SOLVED, _S.PAUSED, _S.INTERRUPTED, _S.FAILED}),
    _S.SOLVED: frozenset({_S.SOLVING, _S.TRACKING, _S.INTERRUPTED, _S.COMPLETE, _S.FAILED}),
    _S.FAILED: frozenset({_S.TRACKING, _S.SOLVING, _S.INTERRUPTED}),
    _S.COMPLETE: frozenset({_S.TRACKING, _S.SOLVING, _S.INTERRUPTED}),
}
"""From each status to those that may follow it; staying is always allowed.

A session that is done becomes interrupted where its footage has grown."""


def check_change(old: SessionStatus, new: SessionStatus) -> None:
    """Raises SessionError where ``new`` may not follow ``old``."""
    if new is not old and new not in ALLOWED[old]:
        raise SessionError(f"a session that is {old.value} cannot become {new.value}")
