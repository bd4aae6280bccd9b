"""The list of sessions in both sidebars: found out in an errand, shown from rows that are ready."""

from __future__ import annotations

import time
from pathlib import Path

import bpy

from . import jobs
from .errands import Errand
from .tracking.session import SessionInfo, session_infos

REFRESH_SECONDS = 10.0

_errand: list[Errand] = []
_listed: list[SessionInfo] = []
_at = [0.0]
_clips: list[str] = []
"""The footage of the file's clips when the list was looked up last."""


def refresh() -> None:
    """Has the list looked up anew as soon as may be."""
    _at[0] = 0.0


def forget() -> None:
    """Drops the list."""
    _errand.clear()
    _listed.clear()
    refresh()


def look(*, shown: bool) -> bool:
    """Looks the sessions up from time to time while an editor shows them; True where the list changed."""
    if _errand and _errand[0].done:
        done = _errand.pop()
        if done.result is not None and done.result != _listed:
            _listed[:] = done.result
            fill(done.result)
            return True
    if not shown or _errand:
        return False
    clips = [clip.filepath for clip in bpy.data.movieclips]
    if clips != _clips or not _at[0] or time.monotonic() - _at[0] > REFRESH_SECONDS:
        _clips[:], _at[0] = clips, time.monotonic()
        wanted = folders()
        _errand.append(Errand(lambda _errand: session_infos(wanted)))
    return False


def look_now() -> int:
    """Looks the sessions up at once; returns how many there are."""
    _errand.clear()
    _at[0] = time.monotonic()
    _listed[:] = session_infos(folders())
    fill(_listed)
    return len(_listed)


def folders() -> list[Path]:
    """Where the sessions of this file's clips may lie."""
    found: dict[Path, None] = {}
    for clip in bpy.data.movieclips:
        if clip.filepath:
            found.update(dict.fromkeys(jobs.session_places(jobs.footage_path(clip))))
            if clip.tracked_shot.session:
                found[Path(clip.tracked_shot.session).parent] = None
    if not found:
        found = dict.fromkeys(jobs.session_places(None))
    return [folder for folder in found if folder.is_dir()]


def fill(infos: list[SessionInfo]) -> None:
    """Makes the window manager's rows from what was found; the chosen session stays chosen."""
    listing = bpy.context.window_manager.tracked_shot
    row = chosen()
    path = row.path if row is not None else ""
    listing.sessions.clear()
    for info in infos:
        row = listing.sessions.add()
        row.name, row.path, row.footage = info.name, str(info.path), info.footage
        row.status, row.done, row.at = info.status, info.done, _at_frame(info)
        row.when = time.strftime("%Y-%m-%d %H:%M", time.localtime(info.updated))
        row.size = _size(info.size_bytes)
        row.finished, row.alive, row.trouble = info.finished, info.alive, info.trouble
    names = [str(info.path) for info in infos]
    listing.session_index = names.index(path) if path in names else 0


def chosen() -> bpy.types.PropertyGroup | None:
    """The chosen row; None where there is none."""
    listing = bpy.context.window_manager.tracked_shot
    at = listing.session_index
    return listing.sessions[at] if 0 <= at < len(listing.sessions) else None


def _at_frame(info: SessionInfo) -> str:
    return f"frame {info.frame} of {info.last}" if info.frame and not info.finished else ""


def _size(count: int) -> str:
    """A file's size as a file browser shows it."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} kB"
