"""Which session is each clip's, how far it is, and the process at work on it."""

from __future__ import annotations

import time
from pathlib import Path

import bpy

from .. import jobs, session_list
from ..preferences import choices
from ..tracking.errors import SessionError, TrackedShotError
from ..tracking.session import SessionStatus, TrackingSessionManager
from ..tracking.session.worker import DISK_FULL
from . import workers
from .pulse import hurry
from .state import ClipState, clips

CANCEL_SECONDS = 3.0
"""A worker that was asked to stop and is in a long step is ended after this time; its steps are saved."""
CLEAN_EXITS = (0, 130, 143)
ERROR_EXITS = (1, 2)
"""A worker that ends with one of these has said why in its log."""


def known(clip: bpy.types.MovieClip) -> ClipState:
    """The clip's state, looked up on disk where it was not yet, or its file is another one now."""
    path = jobs.footage_path(clip)
    state = clips.get(clip.session_uid)
    if state is None or state.path != path:
        state = clips[clip.session_uid] = ClipState(path)
    if not state.looked_for:
        state.looked_for = True
        session = jobs.clip_session(clip)
        if session is not None:
            bind(state, session)
            state.followed = state.running
    return state


def session_of(clip: bpy.types.MovieClip) -> TrackingSessionManager:
    """The clip's session. Raises SessionError where it has none."""
    session = known(clip).manager
    if session is None:
        raise SessionError("The clip has no session yet")
    return session


def attach(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> ClipState:
    """Makes the session the clip's, as it is."""
    state = known(clip)
    bind(state, session)
    state.followed, state.trouble, state.differences = False, "", None
    hurry()
    return state


def detach(session: Path) -> None:
    """Forgets a session that is no more."""
    for state in clips.values():
        if state.session == session:
            state.drop_session()
    hurry()


def begin(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> None:
    """Starts a process that works on the session, unless one does, and watches it."""
    state = attach(clip, session)
    state.followed, state.asked = True, ""
    session_list.refresh()
    if not state.running:
        jobs.drop_old_sessions(session, choices().keep_sessions)
        workers.start(session.path, low_priority=choices().low_priority)
        state.running = True
    hurry()


def stop(clip: bpy.types.MovieClip, how: str) -> None:
    """Asks the process at work on the clip's session to "pause" or to "cancel"."""
    state = known(clip)
    if state.manager is not None:
        state.manager.ask(how)
        state.asked, state.asked_at = how, time.monotonic()
    hurry()


def bind(state: ClipState, session: TrackingSessionManager) -> None:
    """Makes the session the one that the state tells of."""
    if state.session != session.path:
        state.kept, state.lacking, state.older = None, 0, False
    state.manager, state.session = session, session.path
    state.progress = session.get_progress()
    state.running = state.progress.alive or workers.is_at_work(session.path)
    state.worker = workers.foreign_worker(session) if state.progress.alive else ""
    state.missing = ""
    if not state.path.exists() and not session.footage_path().exists():
        state.missing = Path(session.about["footage"]["path"]).name


def follow(state: ClipState) -> None:
    """Reads how far the session is, and what became of its process."""
    assert state.manager is not None and state.session is not None
    try:
        bind(state, state.manager)
    except TrackedShotError as error:
        state.running, state.trouble, state.unread = False, str(error), str(error)
        return
    if state.running:
        if state.asked == "cancel" and time.monotonic() - state.asked_at > CANCEL_SECONDS:
            workers.end(state.manager)
        return
    asked, state.asked = state.asked, ""
    code = workers.take_exit_code(state.session)
    session_list.refresh()
    if state.progress.status is SessionStatus.FAILED:
        state.trouble = state.progress.text
    elif code == DISK_FULL:
        state.trouble = (
            "The disk with the session is full. All earlier steps are saved: make room, then Resume"
        )
    elif not state.progress.status.finished and not asked and code not in CLEAN_EXITS:
        ended = "The tracking process ended unexpectedly; all finished steps are saved"
        state.trouble = (workers.last_error(state.session) if code in ERROR_EXITS else "") or ended


def look_at_session(clip: bpy.types.MovieClip, state: ClipState) -> None:
    """Looks at a session on which nobody worked just now: somebody may have begun to, elsewhere."""
    assert state.manager is not None
    if not state.manager.path.is_file():
        state.drop_session()
        return
    try:
        bind(state, state.manager)
        if state.running:
            state.followed = True
        if state.kept is None:
            state.kept = jobs.kept_names(state.manager)
            state.older = bool(state.kept) and jobs.differs_from_kept(clip, state.manager)
    except TrackedShotError as error:
        state.trouble = state.unread = str(error)
        return
    if state.unread and state.trouble == state.unread:
        state.trouble = ""
    state.unread = ""
    count_lacking(clip, state)


def count_lacking(clip: bpy.types.MovieClip, state: ClipState) -> None:
    """Counts the tracks that the session keeps and the clip has not."""
    state.lacking = len(state.kept - jobs.track_names(clip)) if state.kept else 0
