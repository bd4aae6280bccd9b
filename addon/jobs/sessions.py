"""Which session is a clip's: found, begun, kept with it, led to moved footage, and old ones cleared away."""

from __future__ import annotations

import logging
from pathlib import Path

import bpy

from ..preferences import choices, user_folder
from ..preset_items import TRACKING
from ..properties import DATA_VERSION, chosen_preset
from ..tracking.blender import by_hand, clip_state
from ..tracking.blender.clip import check_offset
from ..tracking.blender.clip_lens import start_of_clip
from ..tracking.blender.mask_pictures import write_mask_pictures
from ..tracking.engine.footage import Footage, open_footage
from ..tracking.engine.masks import with_mask
from ..tracking.engine.model import LensStart
from ..tracking.errors import FootageError, SessionError
from ..tracking.lens_metadata import start_of_footage
from ..tracking.presets import load_tracking_preset
from ..tracking.session import (
    TrackingSessionManager,
    delete_session,
    list_sessions,
    load_session,
    session_infos,
    take_up_session,
)
from ..tracking.session.mask_source import relocate_mask, settle_mask
from ..tracking.session.places import footage_name, session_folder
from .clip import footage_path

log = logging.getLogger(__name__)

MOST_SESSIONS = 30
"""How many of the newest sessions of a folder are looked at to find a clip's."""


def take_up(clip: bpy.types.MovieClip, footage: Footage, *, fresh: bool = False) -> TrackingSessionManager:
    """The session of this clip with the settings chosen, as far as it is; a new one where there is none.

    Raises InputError for a clip or preset that cannot be used, SessionError where nothing can be written.
    """
    check_offset(clip)
    path = footage_path(clip)
    folder, mask = new_session_folder(path), clip.tracked_shot.mask
    pictures = None if mask is None else write_mask_pictures(mask, clip, footage, folder)
    session = take_up_session(
        footage,
        footage_name(path),
        folder,
        settings=with_mask(load_tracking_preset(chosen_preset(clip.tracked_shot, TRACKING)), pictures),
        lens=start_of_footage(footage, lens_start(clip)),
        fresh=fresh,
    )
    if not session.status.finished and not session.get_progress().alive:
        by_hand.count_in(clip, session)
    remember_session(clip, session)
    return session


def new_session_folder(path: Path) -> Path:
    """Where a new session of the footage is put. Raises SessionError where nothing can be written."""
    return session_folder(
        path, blend=blend_path(), chosen=choices().session_folder, fallback=user_folder("sessions")
    )


def lens_start(clip: bpy.types.MovieClip) -> LensStart:
    """What is known of the clip's lens. Raises InputError where it is known and is no lens."""
    camera = clip.tracking.camera
    if not clip.tracked_shot.lens_known:
        return LensStart(
            sensor_width_mm=camera.sensor_width,
            refine_principal=clip.tracked_shot.find_axis,
            pixel_aspect=camera.pixel_aspect,
        )
    return start_of_clip(clip, refine=False)


def remember_session(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> None:
    """Notes in the clip which session is its own; what an earlier one came to no longer holds."""
    memory = clip.tracked_shot
    if memory.session != str(session.path):
        memory.session = str(session.path)
        memory.taken_in = False
    memory.data_version = DATA_VERSION


def clip_session(clip: bpy.types.MovieClip) -> TrackingSessionManager | None:
    """The session that the clip remembers, else the newest of its footage in the usual places, else None.

    One that was moved along with the .blend, with its footage left behind, is known by its file's name.
    """
    remembered = Path(clip.tracked_shot.session) if clip.tracked_shot.session else None
    if remembered is not None and remembered.is_file():
        try:
            return load_session(remembered)
        except SessionError as error:
            log.warning("%s", error)
    path = footage_path(clip)
    for folder in session_places(path):
        if not folder.is_dir():
            continue
        for file in list_sessions(folder)[:MOST_SESSIONS]:
            try:
                session = load_session(file)
                moved = remembered is not None and file.name == remembered.name and not path.exists()
                if session.footage_path() == path or moved:
                    return session
            except SessionError as error:  # somebody else's file, or a damaged one: no reason to stop
                log.info("passed over: %s", error)
    return None


def session_places(path: Path | None) -> list[Path]:
    """The folders in which a session of the footage may lie, in the order of where one would be made."""
    blend = blend_path()
    places = [
        choices().session_folder,
        blend.parent if blend else None,
        path.parent if path else None,
        user_folder("sessions"),
    ]
    return [place for place in places if place is not None]


def blend_path() -> Path | None:
    """The open .blend; None where it was never saved."""
    return Path(bpy.data.filepath) if bpy.data.filepath else None


def drop_old_sessions(session: TrackingSessionManager, keep: int) -> list[Path]:
    """Deletes the oldest finished sessions of this footage beside this one, but for ``keep``; returns which.

    Those that a clip of this file uses stay, and those that can't be deleted. 0 keeps all.
    """
    if keep < 1:
        return []
    used = {Path(clip.tracked_shot.session) for clip in bpy.data.movieclips}
    used |= {clip_state.taken_session(clip) or session.path for clip in bpy.data.movieclips} | {session.path}
    name = Path(session.about["footage"]["path"]).name
    done = [
        info
        for info in session_infos([session.path.parent])
        if info.finished and not info.alive and info.footage == name and info.path not in used
    ]
    dropped = []
    for info in sorted(done, key=lambda info: -info.updated)[keep:]:
        try:
            delete_session(info.path)
        except SessionError as error:  # no reason not to track
            log.warning("%s", error)
            continue
        log.info("deleted, as the preferences keep %d: %s", keep, info.path)
        dropped.append(info.path)
    return dropped


def fit_session(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> None:
    """Sees to it that the session's footage is the clip's.

    Raises FootageError where it is another one.
    """
    path = footage_path(clip)
    known = session.footage_path()
    if not path.exists():
        raise FootageError(f"{path}: the clip's file is not there; Find Footage says where it is now")
    if not known.exists() or not known.samefile(path):
        session.relocate(path)


def fit_mask(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> None:
    """Sees to it that the session's mask is there; where its pictures are gone, the clip's is drawn anew.

    Raises FootageError where it is not there, or another one by now, InputError where it cannot be drawn.
    """
    try:
        settle_mask(session)
    except FootageError:
        mask = clip.tracked_shot.mask
        if mask is None:
            raise
        first, last = session.about["range"]
        footage = open_footage(footage_path(clip), first=first, last=last)
        relocate_mask(session, write_mask_pictures(mask, clip, footage, session.path.parent))


def find_footage(clip: bpy.types.MovieClip, session: TrackingSessionManager, place: Path) -> Path:
    """Looks for the session's footage at ``place``, a file or folder; the clip is led there, too.

    Raises FootageError where it is not there.
    """
    found = session.relocate(place)
    if not footage_path(clip).exists():
        clip.filepath = str(found)
    return found
