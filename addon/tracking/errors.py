"""What can go wrong, said for the person who has to mend it.

Every error carries the exit status that the command line ends with: 1 where the
job failed, 2 where the input or the call is wrong. The message is one line.
"""

from __future__ import annotations


class TrackedShotError(Exception):
    """The job could not be done; the message says why in one line."""

    exit_status: int = 1


class InputError(TrackedShotError):
    """What was handed in is wrong: a missing clip, a range outside it, a bad option."""

    exit_status = 2


class FootageError(InputError):
    """The footage is missing, unreadable or not what it claims to be."""


class SessionError(TrackedShotError):
    """The session file cannot be read, written or owned."""


class NoSessionError(SessionError):
    """What was named as a session is not there, or another kind of file."""

    exit_status = 2


class SessionFullError(SessionError):
    """The disk with the session is full; all earlier steps are on it."""


class SessionDamagedError(SessionError):
    """The session file is not as it was written."""


class SolveError(TrackedShotError):
    """No camera could be found for the tracks."""


class Cancelled(TrackedShotError):
    """Somebody asked the work to stop; all finished steps are saved."""

    exit_status = 130
