"""What the buttons and the watcher do, apart from how Blender calls them.

Each function takes datablocks and plain values, and raises TrackedShotError, in plain words,
before it has changed anything in the file.
"""

from __future__ import annotations

import logging
from pathlib import Path

import bpy
import numpy as np

from .preferences import choices, user_folder
from .preset_items import COMPOSITE, TRACKING
from .properties import DATA_VERSION, chosen_preset
from .tracking.blender import take_in as taking
from .tracking.blender import versions
from .tracking.blender.camera import apply_solved_camera
from .tracking.blender.clip import load_clip, native_cameras
from .tracking.blender.composite import setup_shot_compositing
from .tracking.blender.preflight import compare_with_blender
from .tracking.blender.scene import add_stand_in, setup_shadow_catcher
from .tracking.engine.footage import Footage
from .tracking.engine.model import LensStart, Solve
from .tracking.errors import FootageError, InputError, SessionError, SolveError, TrackedShotError
from .tracking.floor import Floor, find_floor
from .tracking.preflight import Finding, Preflight
from .tracking.presets import load_composite_preset, load_tracking_preset
from .tracking.session import TrackingSessionManager, list_sessions, load_session, take_up_session
from .tracking.session.places import can_write, footage_name, session_folder

log = logging.getLogger(__name__)

MOST_SESSIONS = 30
"""How many of the newest sessions of a folder are looked at to find a clip's."""


# --- the clip ----------------------------------------------------------------


def footage_path(clip: bpy.types.MovieClip) -> Path:
    """The clip's file, absolute; an image sequence's first one."""
    return Path(bpy.path.abspath(clip.filepath, library=clip.library)).absolute()


def all_findings(clip: bpy.types.MovieClip, preflight: Preflight) -> tuple[Finding, ...]:
    """What is wrong with the footage, and with what Blender makes of it; the gravest first."""
    found = list(preflight.findings)
    if preflight.footage is not None:
        found += compare_with_blender(clip, preflight.footage)
    return tuple(sorted(found, key=lambda finding: ("error", "warning", "info").index(finding.severity)))


def stop_on_errors(findings: tuple[Finding, ...]) -> None:
    """Raises FootageError with the first error among the findings."""
    for finding in findings:
        if finding.severity == "error":
            raise FootageError(finding.message)


def copy_target(path: Path) -> Path:
    """Where a mended copy of the footage is written: beside it, else in the user's own data folder."""
    folder = path.parent
    if not can_write(folder):
        folder = user_folder("copies")
        folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{footage_name(path)}_even.avi"


def show_copy(clip: bpy.types.MovieClip, file: Path) -> bpy.types.MovieClip:
    """Loads the mended copy and shows it wherever the clip was shown; the clip itself stays in the file."""
    copy = load_clip(file, scene_start=clip.frame_start, color_space=clip.colorspace_settings.name)
    copy.tracked_shot.tracking_preset_name = clip.tracked_shot.tracking_preset_name
    copy.tracked_shot.lens_known = clip.tracked_shot.lens_known
    for name in ("sensor_width", "focal_length", "pixel_aspect", "distortion_model", "k1", "k2", "k3"):
        setattr(copy.tracking.camera, name, getattr(clip.tracking.camera, name))
    for scene in bpy.data.scenes:
        if scene.active_clip == clip and scene.library is None:
            scene.active_clip = copy
    for space in clip_spaces():
        if space.clip == clip:
            space.clip = copy
    return copy


def clip_spaces() -> list[bpy.types.SpaceClipEditor]:
    """Every Clip Editor of every window."""
    return [
        area.spaces.active
        for window in bpy.context.window_manager.windows
        for area in window.screen.areas
        if area.type == "CLIP_EDITOR"
    ]


# --- sessions ----------------------------------------------------------------


def take_up(clip: bpy.types.MovieClip, footage: Footage, *, fresh: bool = False) -> TrackingSessionManager:
    """The session of this clip with the settings chosen, as far as it is; a new one where there is none.

    Raises InputError for a clip or preset that cannot be used, SessionError where nothing can be written.
    """
    if clip.source == "SEQUENCE" and clip.frame_offset:
        raise InputError(
            f"{clip.name} has a frame offset of {clip.frame_offset}; set it to 0 in Footage Settings"
        )
    path = footage_path(clip)
    session = take_up_session(
        footage,
        footage_name(path),
        session_folder(
            path, blend=_blend(), chosen=choices().session_folder, fallback=user_folder("sessions")
        ),
        settings=load_tracking_preset(chosen_preset(clip.tracked_shot, TRACKING)),
        lens=lens_start(clip),
        fresh=fresh,
    )
    remember_session(clip, session)
    return session


def lens_start(clip: bpy.types.MovieClip) -> LensStart:
    """What is known of the clip's lens. Raises InputError where it is known in a form that cannot be kept."""
    camera = clip.tracking.camera
    if not clip.tracked_shot.lens_known:
        return LensStart(sensor_width_mm=camera.sensor_width)
    if camera.distortion_model != "POLYNOMIAL":
        raise InputError(
            "a known lens has to have polynomial distortion; choose that, or let the lens be found"
        )
    return LensStart(
        focal_length_mm=camera.focal_length,
        sensor_width_mm=camera.sensor_width,
        k1=camera.k1,
        k2=camera.k2,
        refine=False,
    )


def remember_session(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> None:
    """Notes in the clip which session is its own; what an earlier one came to no longer holds."""
    memory = clip.tracked_shot
    if memory.session != str(session.path):
        memory.session = str(session.path)
        memory.taken_in = False
    memory.data_version = DATA_VERSION


def clip_session(clip: bpy.types.MovieClip) -> TrackingSessionManager | None:
    """The session that the clip remembers, else the newest of its footage in the usual places, else None."""
    if clip.tracked_shot.session and Path(clip.tracked_shot.session).is_file():
        try:
            return load_session(clip.tracked_shot.session)
        except SessionError as error:
            log.warning("%s", error)
    path = footage_path(clip)
    for folder in _session_places(path):
        if not folder.is_dir():
            continue
        for file in list_sessions(folder)[:MOST_SESSIONS]:
            try:
                session = load_session(file)
                if session.footage_path() == path:
                    return session
            except SessionError as error:  # somebody else's file, or a damaged one: no reason to stop
                log.info("passed over: %s", error)
    return None


def _session_places(path: Path) -> list[Path]:
    """The folders in which a session of the footage may lie, in the order of where one would be made."""
    blend = _blend()
    places = [choices().session_folder, blend.parent if blend else None, path.parent, user_folder("sessions")]
    return [place for place in places if place is not None]


def _blend() -> Path | None:
    return Path(bpy.data.filepath) if bpy.data.filepath else None


# --- the solve ---------------------------------------------------------------


def take_in(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> taking.TakenIn:
    """Puts the session's tracks and camera into the clip, which then remembers what the solve is worth.

    Raises SessionError where nothing was tracked yet and FootageError where the clip has another size.
    """
    solve = session.solve()
    taken = taking.take_in(clip, session.tracks(), solve, pattern=session.settings().pattern)
    memory = clip.tracked_shot
    remember_session(clip, session)
    memory.taken_in = True
    first, last = session.about["range"]
    memory.frames_wanted = last - first + 1
    if solve is None:
        memory.verdict = ""
        return taken
    memory.verdict = solve.verdict
    memory.reasons = "\n".join(solve.reasons)
    memory.average_error = solve.average_error
    memory.frames_solved = len(solve.frames)
    memory.focal_length = solve.lens.focal_length_mm
    memory.native_trouble = taken.native.reason if taken.native is not None else ""
    return taken


# --- the shot ----------------------------------------------------------------


def set_up_shot(
    scene: bpy.types.Scene, clip: bpy.types.MovieClip, *, stand_in: bool, catcher: bool
) -> list[str]:
    """The clip's camera, shadow catcher, stand-in, composite and settings; what to know, as sentences.

    Raises SolveError where the clip has no solved camera, InputError where the composite cannot be built.
    """
    if not len(native_cameras(clip)[0]):
        raise SolveError(f"{clip.name} has no solved camera yet; track and solve it first")
    config = load_composite_preset(chosen_preset(scene.tracked_shot, COMPOSITE))
    notes: list[str] = []
    solve = _solve_of(clip, notes)
    setup_shot_compositing(scene, clip, config)
    bake = solve is not None and bool(clip.tracked_shot.native_trouble)
    if bake:
        notes.append(f"The camera has keys and does not follow the clip: {clip.tracked_shot.native_trouble}")
    apply_solved_camera(scene, clip, solve=solve, bake=bake, floor=_floor(clip, solve))
    if catcher:
        setup_shadow_catcher(scene)
        # EEVEE has no shadow catcher.
        scene.render.engine = versions.engine_idname("cycles")
    if stand_in:
        add_stand_in(scene)
    return notes


def _solve_of(clip: bpy.types.MovieClip, notes: list[str]) -> Solve | None:
    """Our solve of the clip from its session; None where that is gone, and the clip's own then has to do."""
    if not clip.tracked_shot.taken_in:
        return None
    try:
        return load_session(clip.tracked_shot.session).solve()
    except TrackedShotError as error:
        notes.append(f"The clip's own solve was used: {error}")
        return None


def _floor(clip: bpy.types.MovieClip, solve: Solve | None) -> Floor:
    """The floor of the solve, or of the clip's own where there is none."""
    if solve is not None:
        return find_floor(solve.points, solve.cameras)
    bundles = [tuple(track.bundle) for track in clip.tracking.tracks if track.has_bundle]
    return find_floor(np.array(bundles, dtype=np.float64).reshape(-1, 3), native_cameras(clip)[1])
