"""What the Solve panel and the overlay show of a clip's solve: worked out in an errand, kept ready here.

The rows of the list of tracks live in the window manager, a list for each clip.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from .errands import Errand
from .tracking.blender.clip import select_track
from .tracking.blender.clip_state import taken_session
from .tracking.errors import SessionError
from .tracking.session import load_session
from .tracking.session.clip_tracks import PREFIX
from .tracking.solve_view import SolveView, solve_view, sparkline

log = logging.getLogger(__name__)

Key = tuple[str, int]
"""A session's file and when it was written to."""
GONE = "The session is not there any more"
MOST_ROWS = 2000
"""Of the list; the rest is harmless or left out."""


@dataclass
class _Known:
    """What is known of a clip's solve."""

    key: Key | None
    """None where the session is gone."""
    view: SolveView | None = None
    errand: Errand | None = None
    trouble: str = ""
    """Why there is no view, in one line."""
    bars: dict[int, str] = field(default_factory=dict)
    """The error over the clip as a line of so many bars at most."""


_known: dict[int, _Known] = {}
"""By the clip's session_uid."""


def view_of(clip: bpy.types.MovieClip | None) -> SolveView | None:
    """The clip's solve as it is shown; reads nothing, None where it was not worked out yet."""
    known = _known.get(clip.session_uid) if clip is not None else None
    return known.view if known is not None else None


def bars_of(clip: bpy.types.MovieClip | None, most: int) -> str:
    """The error over the clip as a line of bars, ``most`` at most; worked out once for each width."""
    known = _known.get(clip.session_uid) if clip is not None else None
    if known is None or known.view is None:
        return ""
    if most not in known.bars:
        known.bars[most] = sparkline(known.view.frame_errors, most)
    return known.bars[most]


def trouble_of(clip: bpy.types.MovieClip | None) -> str:
    """Why the clip's solve cannot be shown; empty where it can, or is being worked out."""
    known = _known.get(clip.session_uid) if clip is not None else None
    return known.trouble if known is not None else ""


def rows_of(clip: bpy.types.MovieClip | None) -> bpy.types.PropertyGroup | None:
    """The clip's list of tracks in the window manager; None where there is none yet."""
    if clip is None:
        return None
    return bpy.context.window_manager.tracked_shot.solves.get(str(clip.session_uid))


def look(clips: list[bpy.types.MovieClip]) -> bool:
    """Sees to it that the solves of these clips are ready to be shown; True where one became so."""
    wanted = {clip.session_uid: clip for clip in clips if clip is not None and clip.library is None}
    changed = False
    for uid, clip in wanted.items():
        session = _session_of(clip)
        known = _known.get(uid)
        if not session:
            if known is not None:
                drop(uid)
                changed = True
            continue
        key = _key_of(session)
        if key is None:
            if known is None or known.key is not None:
                drop(uid)
                _known[uid] = _Known(None, trouble=GONE)
                changed = True
            continue
        if known is None or (known.key != key and known.errand is None):
            view = known.view if known is not None else None
            _known[uid] = known = _Known(key, view, _errand_for(key))
        if known.errand is not None and known.errand.done:
            errand, known.errand = known.errand, None
            known.view, known.trouble, known.bars = errand.result, errand.error, {}
            _fill(clip, known.view)
            changed = True
    return changed


def look_now(clip: bpy.types.MovieClip) -> SolveView | None:
    """The clip's solve, worked out at once where it was not yet."""
    look([clip])
    known = _known.get(clip.session_uid)
    if known is not None and known.errand is not None:
        known.errand.wait()
        look([clip])
    return view_of(clip)


def drop(uid: int) -> None:
    """Forgets a clip's solve."""
    _known.pop(uid, None)
    solves = bpy.context.window_manager.tracked_shot.solves
    at = solves.find(str(uid))
    if at >= 0:
        solves.remove(at)


def forget() -> None:
    """Forgets all."""
    _known.clear()
    if hasattr(bpy.types.WindowManager, "tracked_shot"):
        bpy.context.window_manager.tracked_shot.solves.clear()


def choose(rows: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Selects the track of the chosen row in its clip, alone; for the list's index."""
    clip = next((c for c in bpy.data.movieclips if str(c.session_uid) == rows.name), None)
    if clip is None or clip.library is not None or not 0 <= rows.index < len(rows.tracks):
        return
    name = rows.tracks[rows.index].name
    for track in clip.tracking.tracks:
        select_track(track, track.name in (name, PREFIX + name))


def _session_of(clip: bpy.types.MovieClip) -> str:
    """The session that the clip's solve was taken from; empty where none was."""
    memory = clip.tracked_shot
    return str(taken_session(clip) or memory.session) if memory.taken_in else ""


def _key_of(session: str) -> Key | None:
    """The session as it is now; None where it is gone."""
    try:
        return session, Path(session).stat().st_mtime_ns
    except OSError as error:  # what is in the clip stays
        log.debug("%s", error)
        return None


def _errand_for(key: Key) -> Errand:
    """Works the session's solve out beside the window."""

    def work(_errand: Errand) -> SolveView:
        session = load_session(key[0])
        if not session.about["range"]:
            raise SessionError(f"{session.path}: nothing has been tracked in this session yet")
        return solve_view(session.tracks(), session.solve(), *session.about["range"])

    return Errand(work)


def _fill(clip: bpy.types.MovieClip, view: SolveView | None) -> None:
    """Makes the list's rows."""
    solves = bpy.context.window_manager.tracked_shot.solves
    rows = solves.get(str(clip.session_uid))
    if rows is None:
        rows = solves.add()
        rows.name = str(clip.session_uid)
    rows.tracks.clear()
    for found in view.rows[:MOST_ROWS] if view is not None else ():
        row = rows.tracks.add()
        row.name, row.reason = found.name, found.reason
        row.error = "" if found.reason else f"{found.error:.2f}"
        row.harm, row.markers = found.harm, found.markers
        row.first, row.last = found.first, found.last
    rows["index"] = -1
