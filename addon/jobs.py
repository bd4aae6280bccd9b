"""What the buttons and the watcher do, apart from how Blender calls them.

Each function takes datablocks and plain values, and raises TrackedShotError, in plain words,
before it has changed anything in the file.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from .composite_settings import composite_config
from .preferences import choices, user_folder
from .preset_items import COMPOSITE, TRACKING
from .properties import DATA_VERSION, chosen_preset
from .tracking.blender import by_hand, clip_state, versions
from .tracking.blender import take_in as taking
from .tracking.blender.assemble import assemble_shot_with_tracking
from .tracking.blender.assemble import plan_shot as plan_build
from .tracking.blender.build import Build, ShotResult, load_shot_clip
from .tracking.blender.camera import apply_solved_camera, set_frame_range, solve_by_native
from .tracking.blender.clip import Steps, at_once, check_offset, load_clip, native_cameras
from .tracking.blender.clip_lens import copy_lens, start_of_clip
from .tracking.blender.composite import check_compositing, setup_shot_compositing
from .tracking.blender.layout import SolvedWorld, clip_names, kept_layout, solved_world
from .tracking.blender.mask_pictures import write_mask_pictures
from .tracking.blender.native import NativeResult, NativeSolve, run_native
from .tracking.blender.remove import remember_before
from .tracking.blender.scene import add_stand_in, setup_shadow_catcher
from .tracking.blender.shot_from_scene import Chosen, shot_from_scene
from .tracking.blender.shot_solve import look_at_footage, shot_session
from .tracking.config import CompositeShotConfig
from .tracking.engine.footage import Footage, open_footage
from .tracking.engine.masks import with_mask
from .tracking.engine.model import LensStart, Solve, Tracks
from .tracking.errors import FootageError, SessionError, TrackedShotError
from .tracking.floor import SURE_FLOOR, Floor, find_floor
from .tracking.lens_metadata import start_of_footage
from .tracking.preflight import Finding, Preflight, number_runs
from .tracking.presets import load_tracking_preset
from .tracking.session import (
    TrackingSessionManager,
    delete_session,
    list_sessions,
    load_session,
    session_infos,
    take_up_session,
)
from .tracking.session.clip_tracks import Differences, load_snapshot
from .tracking.session.mask_source import relocate_mask, settle_mask
from .tracking.session.places import can_write, footage_name, session_folder
from .tracking.shot_write import WrittenShot, write_shot
from .tracking.shotfile import ShotFileError, check_shot, load_shot
from .tracking.solve_facts import MOVES, focal_text
from .tracking.stages import Decision

log = logging.getLogger(__name__)

MOST_SESSIONS = 30
"""How many of the newest sessions of a folder are looked at to find a clip's."""
ASK, MINE, SESSION = "ask", "mine", "session"
"""What to do with tracks of ours that the artist changed: ask, keep them so, take the session's."""


class ChangedByHand(TrackedShotError):
    """Taking in would overwrite what the artist did to the tracks; nothing was taken in."""

    def __init__(self, differences: Differences) -> None:
        super().__init__(f"{differences.text()} since they were taken in: keep yours or take the session's")
        self.differences = differences


# --- the clip ----------------------------------------------------------------


def footage_path(clip: bpy.types.MovieClip) -> Path:
    """The clip's file, absolute; an image sequence's first one."""
    return Path(bpy.path.abspath(clip.filepath, library=clip.library)).absolute()


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, the gravest first."""
    return tuple(sorted(findings, key=lambda finding: ("error", "warning", "info").index(finding.severity)))


def stop_on_errors(findings: tuple[Finding, ...]) -> None:
    """Raises FootageError with the first error among the findings."""
    for finding in findings:
        if finding.severity == "error":
            raise FootageError(finding.message)


def readable(preflight: Preflight | None, path: Path) -> Footage:
    """The footage that was looked over. Raises FootageError where it cannot be read."""
    if preflight is None or preflight.footage is None:
        raise FootageError(f"{path}: cannot be read")
    return preflight.footage


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
    copy.tracked_shot.find_axis = clip.tracked_shot.find_axis
    copy.tracked_shot.mask = clip.tracked_shot.mask
    copy_lens(clip, copy)
    for scene in bpy.data.scenes:
        if scene.active_clip == clip and scene.library is None:
            scene.active_clip = copy
    for space in clip_spaces():
        if space.clip == clip:
            space.clip = copy
    return copy


def misfits(scene: bpy.types.Scene, clip: bpy.types.MovieClip) -> list[str]:
    """What of the scene is not as in the clip, as short sentences: its rate, its frames."""
    found = []
    rate = scene.render.fps / scene.render.fps_base
    if clip.source == "MOVIE" and clip.fps > 0 and abs(rate - clip.fps) > 0.005:
        found.append(f"The scene has {rate:g} frames a second")
    first, last = clip.frame_start, clip.frame_start + clip.frame_duration - 1
    if clip.frame_duration > 0 and (scene.frame_start, scene.frame_end) != (first, last):
        found.append(f"The scene has frames {scene.frame_start} to {scene.frame_end}")
    return found


def fit_scene(scene: bpy.types.Scene, clip: bpy.types.MovieClip) -> None:
    """Gives the scene the clip's rate and frames; nothing where Blender finds no frames in it."""
    if clip.frame_duration > 0:
        set_frame_range(scene, clip)


def mark_gaps(scene: bpy.types.Scene, clip: bpy.types.MovieClip, footage: Footage) -> int:
    """A timeline marker where each run of missing pictures begins, unless one is there; how many runs."""
    there = {marker.frame for marker in scene.timeline_markers}
    runs = number_runs(footage.gaps)
    for low, high in runs:
        frame = clip.frame_start + low - footage.first_number
        if frame not in there:
            scene.timeline_markers.new(f"Gap {low}-{high}" if high > low else f"Gap {low}", frame=frame)
    return len(runs)


def other_color_space(clip: bpy.types.MovieClip, preflight: Preflight | None) -> str:
    """The colour space in which such files usually are, where the clip has another; else empty."""
    if preflight is None or preflight.footage is None:
        return ""
    same = clip.colorspace_settings.name == preflight.color_space
    return "" if same else preflight.color_space


def other_pixel_aspect(clip: bpy.types.MovieClip, preflight: Preflight | None) -> float:
    """The shape of pixels that the footage's header tells, where the clip has another; else 0."""
    if preflight is None or preflight.footage is None:
        return 0.0
    told = preflight.footage.pixel_aspect
    return told if told != 1 and abs(told - clip.tracking.camera.pixel_aspect) > 1e-3 else 0.0


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
    check_offset(clip)
    path = footage_path(clip)
    folder, mask = _folder(path), clip.tracked_shot.mask
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


def _folder(path: Path) -> Path:
    """Where a new session of the footage is put. Raises SessionError where nothing can be written."""
    return session_folder(
        path, blend=_blend(), chosen=choices().session_folder, fallback=user_folder("sessions")
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
    blend = _blend()
    places = [
        choices().session_folder,
        blend.parent if blend else None,
        path.parent if path else None,
        user_folder("sessions"),
    ]
    return [place for place in places if place is not None]


def _blend() -> Path | None:
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


# --- tracks made by hand -----------------------------------------------------


def track_names(clip: bpy.types.MovieClip) -> set[tuple[str, str]]:
    """Object and name of every track of the clip."""
    return {(owner.name, track.name) for owner in clip.tracking.objects for track in owner.tracks}


def kept_names(session: TrackingSessionManager) -> frozenset[tuple[str, str]]:
    """Object and name of every track of the artist's own that the session keeps."""
    return frozenset((t.object, t.name) for t in load_snapshot(session.store).tracks if not t.ours)


def differs_from_kept(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> bool:
    """Whether the session keeps tracks of the artist's own that the clip lacks, or has otherwise."""
    found = clip_state.clip_differences(clip, session)
    return bool(found.lost or found.changed)


def stale(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> str:
    """What was done to the clip's tracks since the session's solve counted them in, in words; else empty."""
    marks = clip_state.taken_marks(clip, session)
    return by_hand.stale(clip, marks) if marks else ""


checkpoint = clip_state.checkpoint_clip
restore = clip_state.restore_clip


# --- the solve ---------------------------------------------------------------


@dataclass
class TakingIn:
    """A session that is being taken into a clip."""

    tracks: int
    """How many came into the clip."""
    native: NativeSolve | None
    """Blender's own solve, still to be done; None where the session has no camera."""


def take_in(clip: bpy.types.MovieClip, session: TrackingSessionManager, *, changed: str = ASK) -> TakingIn:
    """Puts the session's tracks and camera into the clip, which then remembers what the solve is worth.

    Tracks of ours that the artist moved, switched off or deleted since: with MINE they stay as they are, with
    SESSION they are put back, with ASK this raises ChangedByHand. Raises SessionError where nothing was
    tracked yet and FootageError where the clip has another size.
    """
    begun = at_once(clip, taking_in(clip, session, found_in(session), changed=changed))
    if begun.native is not None:
        end_take_in(clip, run_native(begun.native, clip, bpy.context))
    return begun


def found_in(session: TrackingSessionManager) -> tuple[Tracks, Solve | None]:
    """The session's tracks and its solve: something for a thread. Raises SessionError."""
    return session.tracks(), session.solve()


def taking_in(
    clip: bpy.types.MovieClip,
    session: TrackingSessionManager,
    found: tuple[Tracks, Solve | None],
    *,
    changed: str = ASK,
) -> Steps[TakingIn]:
    """The same in steps, with what was found in the session; without Blender's own solve, which the clip is
    then to be given, and ``end_take_in``.
    """
    changes = taking.changes_by_hand(clip, session)
    if changes.differences.ours and changed == ASK:
        raise ChangedByHand(changes.differences)
    tracks, solve = found
    count, native = yield from taking.taking_session(
        clip, session, tracks, solve, changes, keep=changed != SESSION
    )
    clip = yield
    memory = clip.tracked_shot
    remember_session(clip, session)
    if not memory.taken_in:
        _hide_ended(clip)
    memory.taken_in = True
    memory.find_axis = session.lens().refine_principal
    first, last = session.about["range"]
    memory.frames_wanted = last - first + 1
    memory.native_trouble = ""
    if solve is None:
        memory.verdict = ""
        return TakingIn(count, native)
    memory.verdict = solve.verdict
    memory.reasons = "\n".join(solve.reasons)
    memory.average_error = solve.average_error
    memory.frames_solved = len(solve.frames)
    memory.focal_length, memory.sensor_width = solve.lens.focal_length_mm, solve.lens.sensor_width_mm
    memory.focal_text, memory.move_text = focal_text(solve), MOVES.get(solve.motion, solve.motion)
    return TakingIn(count, native)


def _hide_ended(clip: bpy.types.MovieClip) -> None:
    """Switches Show Disabled off where the clip is shown: hundreds of ended tracks would stand in red."""
    for space in clip_spaces():
        if space.clip == clip:
            space.show_disabled = False


def end_take_in(clip: bpy.types.MovieClip, result: NativeResult) -> None:
    """Notes what came of Blender's own solve."""
    clip.tracked_shot.native_trouble = result.reason


def solve_again(clip: bpy.types.MovieClip, footage: Footage) -> TrackingSessionManager:
    """A session that waits to be solved from the clip's tracks as they are; see by_hand.solve_clip_again.

    The clip's lens is kept where it is known; else the solve begins where the session's did.
    """
    check_offset(clip)
    session = _taken_session(clip)
    lens: LensStart | None = None
    memory = clip.tracked_shot
    if memory.lens_known or (session is not None and not session.lens().refine):
        lens = lens_start(clip)
    elif session is not None:
        lens = replace(session.lens(), refine_principal=memory.find_axis)
    path = footage_path(clip)
    found = by_hand.solve_clip_again(
        clip,
        lens,
        session,
        footage=footage,
        folder=_folder(path),
        name=footage_name(path),
        settings=load_tracking_preset(chosen_preset(clip.tracked_shot, TRACKING)),
    )
    remember_session(clip, found)
    return found


def _taken_session(clip: bpy.types.MovieClip) -> TrackingSessionManager | None:
    """The session whose tracks are in the clip; None where none is, or it is gone or not all tracked."""
    path = clip_state.taken_session(clip)
    if path is None:
        return None
    try:
        session = load_session(path) if path.is_file() else clip_session(clip)
    except SessionError as error:
        log.warning("the tracks in the clip are all that there is: %s", error)
        return None
    if session is None or session.path.name != path.name:
        return None
    return session if not session.follows or session.tracked_to() >= session.about["range"][1] else None


# --- the shot ----------------------------------------------------------------


def set_up_shot(
    scene: bpy.types.Scene, clip: bpy.types.MovieClip, *, stand_in: bool, catcher: bool
) -> list[str]:
    """The clip's camera, shadow catcher, stand-in, composite and settings; what to know, as sentences.

    Raises SolveError where the clip has no solved camera, InputError where the composite cannot be built.
    """
    notes: list[str] = []
    solve = _solve_of(clip, notes)
    bake = solve is not None and bool(clip.tracked_shot.native_trouble)
    config = composite_config(
        scene.tracked_shot.composite_settings, chosen_preset(scene.tracked_shot, COMPOSITE)
    )
    solve_by_native(clip, solve, bake=bake)
    check_compositing(scene, clip, config, tuple(clip.size))
    remember_before(scene, footage_path(clip))
    if bake:
        notes.append(f"The camera has keys and does not follow the clip: {clip.tracked_shot.native_trouble}")
    floor = kept_layout(scene, clip, solve)
    if floor is None:
        floor = _floor(clip, solve)
        scene.tracked_shot.floor_text = f"Found, {floor.confidence:.0%} sure"
        if floor.confidence < SURE_FLOOR:
            notes.append("No clear floor was found: check where it lies, or set it by tracks")
    apply_solved_camera(scene, clip, solve=solve, bake=bake, floor=floor)
    setup_shot_compositing(scene, clip, config)
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


def world_of(scene: bpy.types.Scene, clip: bpy.types.MovieClip, notes: list[str]) -> SolvedWorld:
    """What was solved of the clip, as it lies in the scene. Raises SolveError where that is nothing."""
    solve = _solve_of(clip, notes)
    names = clip_names(load_session(clip.tracked_shot.session).tracks(), solve) if solve is not None else None
    return solved_world(scene, clip, solve, names)


def set_camera(scene: bpy.types.Scene, clip: bpy.types.MovieClip, *, bake: bool) -> list[str]:
    """The camera becomes live or baked where it stands; what to know, as sentences.

    Raises SolveError where there is no such camera.
    """
    notes: list[str] = []
    world = world_of(scene, clip, notes)
    solve = _solve_of(clip, [])
    if not bake and clip.tracked_shot.native_trouble:
        notes.append(f"The camera follows Blender's own solve: {clip.tracked_shot.native_trouble}")
    floor = Floor(world.to_world, 1.0, np.zeros(0, dtype=bool))
    apply_solved_camera(scene, clip, solve=solve, bake=bake, floor=floor, set_scene=False)
    return notes


def _floor(clip: bpy.types.MovieClip, solve: Solve | None) -> Floor:
    """The floor of the solve, or of the clip's own where there is none."""
    if solve is not None:
        return find_floor(solve.points, solve.cameras)
    bundles = [tuple(track.bundle) for track in clip.tracking.tracks if track.has_bundle]
    return find_floor(np.array(bundles, dtype=np.float64).reshape(-1, 3), native_cameras(clip)[1])


# --- the shot file -----------------------------------------------------------


def open_shot_file(scene: bpy.types.Scene, path: Path) -> list[str]:
    """Remembers a shot file as the scene's; what is wrong with the files it names, a line each.

    Raises ShotFileError, with a line for each mistake, where it cannot be read; the scene then keeps the one
    that it has.
    """
    config = load_shot(path)
    scene.tracked_shot.shot_file = str(path)
    scene.tracked_shot.data_version = DATA_VERSION
    return [str(problem) for problem in check_shot(config)]


def save_shot_file(scene: bpy.types.Scene, clip: bpy.types.MovieClip, path: Path) -> WrittenShot:
    """Writes the scene's shot into a shot file, which is the scene's from then on.

    A file that is there keeps its comments and order, and what the scene does not tell. Raises InputError
    where nothing can be written.
    """
    memory = clip.tracked_shot
    chosen = Chosen(
        tracking_preset=chosen_preset(memory, TRACKING),
        composite=composite_config(
            scene.tracked_shot.composite_settings, chosen_preset(scene.tracked_shot, COMPOSITE)
        ),
        lens_known=memory.lens_known,
        find_axis=memory.find_axis,
        mask=memory.mask.name if memory.mask is not None else None,
        tracked=memory.taken_in,
    )
    base = _shot_before(scene, path)
    written = write_shot(shot_from_scene(scene, clip, path.parent, base=base, chosen=chosen), path)
    scene.tracked_shot.shot_file = str(written.path)
    scene.tracked_shot.data_version = DATA_VERSION
    return written


def shot_to_track(
    scene: bpy.types.Scene, config: CompositeShotConfig
) -> tuple[bpy.types.MovieClip, TrackingSessionManager] | None:
    """The shot's clip and its session where there is tracking left to do; None where it can be built at once.

    Raises ShotFileError for footage that cannot be used, SessionError where no session can be made.
    """
    if not config.tracking.enabled or config.tracking.session is not None:
        return None
    build = Build(config, scene, ShotResult(scene=scene), session_dir=_folder(config.footage_path))
    look_at_footage(build)
    session = shot_session(build)
    if session.status.finished:
        return None
    clip = load_shot_clip(config)
    remember_session(clip, session)
    return clip, session


def assemble_shot(scene: bpy.types.Scene, config: CompositeShotConfig) -> ShotResult:
    """Builds the shot into the scene, as far as it has changed. Raises TrackedShotError."""
    return assemble_shot_with_tracking(
        config,
        scene=scene,
        session_dir=_folder(config.footage_path),
        allow_scripts=choices().allow_scripts,
    )


def plan_shot(scene: bpy.types.Scene, config: CompositeShotConfig) -> list[Decision]:
    """What ``assemble_shot`` would do, stage by stage; nothing is changed. Raises TrackedShotError."""
    return plan_build(config, scene=scene, allow_scripts=choices().allow_scripts)


def shot_of(scene: bpy.types.Scene) -> CompositeShotConfig:
    """The shot in the scene's shot file. Raises ShotFileError."""
    return load_shot(shot_path(scene))


def shot_path(scene: bpy.types.Scene) -> Path:
    """The scene's shot file; where it was moved along with the .blend, the one of that name beside it."""
    path = Path(bpy.path.abspath(scene.tracked_shot.shot_file))
    blend = _blend()
    moved = blend.parent / path.name if blend is not None else path
    return moved if not path.exists() and moved.is_file() else path


def _shot_before(scene: bpy.types.Scene, path: Path) -> CompositeShotConfig | None:
    """The shot that the file holds already, else that of the scene's own shot file, if they can be read."""
    for file in (path, shot_path(scene)):
        if file.is_file():
            try:
                return load_shot(file)
            except ShotFileError as error:  # it is left as it is, and the shot is written beside it
                log.info("%s", error)
    return None
