"""A session's mask: where its pictures lie now, and whether they still are what was tracked with."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.masks import with_mask
from ..engine.model import TrackingSettings
from ..errors import FootageError

if TYPE_CHECKING:
    from .manager import TrackingSessionManager

TAIL = 3
"""So many last parts of a mask's path are looked for beside the session and the footage."""


def mask_about(settings: TrackingSettings, footage: Path, session: Path) -> dict[str, Any]:
    """What a session keeps of its mask's place: how it lies from the session's and the footage's folders."""
    if not settings.mask:
        return {}
    places = {}
    for name, file in (("session", session), ("footage", footage)):
        try:
            places[name] = Path(os.path.relpath(settings.mask, file.absolute().parent)).as_posix()
        except ValueError:  # another drive on Windows
            continue
    return {"mask": places}


def settle_mask(session: TrackingSessionManager) -> None:
    """Sees to it that the mask is where the session looks for it, where frames are left to be tracked.

    One that was moved along with the session or with the footage is found and remembered. Raises FootageError
    where it is gone or has another content.
    """
    settings = session.settings()
    if not settings.mask or not session.follows or session.tracked_to() >= session.about["range"][1]:
        return
    wrong: FootageError | None = None
    for path in _likely_places(session):
        if not path.is_file() and str(path) != settings.mask:
            continue
        try:
            found = with_mask(settings, path)
        except FootageError:  # not there, or no picture
            continue
        if settings.mask_print in ("", found.mask_print):
            remember_mask(session, found)
            return
        wrong = wrong or FootageError(f"{path}: not the mask that this session began with")
    if wrong is not None:
        raise wrong
    raise FootageError(
        f"{settings.mask}: the mask is not there; put it beside the session or the footage, or say where it"
        " is now with --mask"
    )


def relocate_mask(session: TrackingSessionManager, path: Path) -> Path:
    """Remembers that the mask is at ``path`` now; returns it. Raises FootageError where it is another one."""
    settings = session.settings()
    if not settings.mask:
        raise FootageError(f"{path}: this session has no mask")
    found = with_mask(settings, path)
    if settings.mask_print not in ("", found.mask_print):
        raise FootageError(f"{path}: not the mask that this session began with")
    remember_mask(session, found)
    return Path(found.mask)


def remember_mask(session: TrackingSessionManager, settings: TrackingSettings) -> None:
    """Notes where the mask, the same one, lies now."""
    if settings.mask == session.settings().mask:
        return
    about = mask_about(settings, session.footage_path(), session.path)
    session.change_about(f"mask found at {settings.mask}", settings=asdict(settings), **about)


def follow_mask(session: TrackingSessionManager, settings: TrackingSettings) -> None:
    """Takes the mask's place from settings like the session's, where it is gone from where it was."""
    known = session.settings().mask
    if settings.mask and known and not Path(known).exists():
        remember_mask(session, settings)


def _likely_places(session: TrackingSessionManager) -> Iterator[Path]:
    """Files that may be the mask: as given, as it lay from session and footage, of its name nearby."""
    given = session.settings().mask
    footage = session.footage_path().absolute().parent
    places = session.about.get("mask", {})
    yield Path(given)
    for name, folder in (("session", session.path.absolute().parent), ("footage", footage)):
        if name in places:
            yield Path(os.path.normpath(folder / places[name]))
    parts = [part for part in re.split(r"[\\/]", given) if part]  # it may be of another system
    beside = dict.fromkeys((session.path.absolute().parent, footage, footage.parent))
    for count in range(min(TAIL, len(parts)), 0, -1):
        yield from (folder.joinpath(*parts[-count:]) for folder in beside)
