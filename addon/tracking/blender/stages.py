"""What each stage of a build does in Blender.

``tracking/stages.py`` says what goes into a stage and when it runs; here stands, by the same names, what it
does. A stage is a generator over ``BuildStep``: it reads what it needs from the ``Build``, changes the open
file, and leaves in the ``Build`` what later stages need. What a stage needs of one that did not run this time
is found again by the ``Build`` itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..config import CompositeConfig, CompositeShotConfig, KnownDistance
from ..engine.footage import Footage, identity, open_footage
from ..engine.masks import with_mask
from ..engine.model import Floats, LensStart, Solve, Tracks
from ..errors import InputError, SessionError, SolveError
from ..floor import SURE_FLOOR, Floor
from ..layout import LayoutError, laid_out
from ..preflight import Finding, Preflight, check_footage
from ..presets import load_tracking_preset, resolve_composite
from ..report import ShotReport
from ..session import (
    TrackingSessionManager,
    create_session,
    find_session,
    find_tracked,
    load_session,
    run_session,
    solve_again,
)
from ..session.clip_tracks import PREFIX
from ..session.places import session_folder
from ..shotfile import ShotFileError, problem_at
from ..stages import digest
from . import versions
from .by_hand import LEAST_TRACKS, solve_clip_again, usable
from .camera import apply_solved_camera, find_camera, set_frame_range, set_frame_size, show_plate
from .camera_io import export_camera, load_camera, put_camera
from .camera_presets import camera_preset
from .clip import camera_object, check_offset, find_clip, load_clip, native_cameras, native_points
from .clip_state import track_marks
from .composite import composite_status, setup_shot_compositing
from .holdout import set_holdout
from .layout import clip_names, solved_world
from .mask_pictures import mask_mark, write_mask_pictures
from .native import NativeResult
from .points import NONE, remove_point_cloud, setup_point_cloud
from .preflight import compare_with_blender
from .scene import (
    add_stand_in,
    append_cg,
    remove_shadow_catcher,
    remove_stand_in,
    remove_sun,
    setup_hdri,
    setup_light,
    setup_shadow_catcher,
    turn_sun_back,
)
from .scene_settings import set_passes
from .take_in import take_in_session

NEW_FILE_SAMPLES = 128
"""Samples a pixel in a new file: Blender's own 4096 would take minutes a frame."""
TRACKED_SHARE = 0.05, 0.85
"""The shares of a build that are done before and after tracking and solving."""

NOT_YET = (
    "tracking.lens.k3", "tracking.lens.k4", "tracking.lens.p1", "tracking.lens.p2",
)  # fmt: skip
"""Keys of a shot file that are read and checked, and that no stage acts on so far."""


@dataclass(frozen=True)
class BuildStep:
    """What a build has just done, and how far it is."""

    stage: str
    done: float
    """Share of the whole build, 0 to 1."""
    text: str
    frame: int = 0
    """Last footage frame that is done, while tracking."""


@dataclass
class ShotResult:
    """What a build came to."""

    scene: bpy.types.Scene | None = None
    clip: bpy.types.MovieClip | None = None
    camera: bpy.types.Object | None = None
    session: Path | None = None
    blend: Path | None = None
    """Where it lies, None where it was not saved anywhere."""
    solve: Solve | None = None
    native: NativeResult | None = None
    """Blender's own solve beside ours; None where the camera was not built this time."""
    floor: Floor | None = None
    warnings: list[str] = field(default_factory=list)
    report: ShotReport | None = None
    ran: tuple[str, ...] = ()
    """The stages that ran; none where nothing has changed since the build before."""


@dataclass
class Build:
    """A build at work: the shot, where it goes, and what the stages so far have made."""

    config: CompositeShotConfig
    scene: bpy.types.Scene
    result: ShotResult
    target: Path | None = None
    """Where the .blend will be saved."""
    session_dir: Path | None = None
    start: str | None = None
    """The stage that was asked for, with all after it."""
    asked: frozenset[str] = frozenset()
    """The stages that were asked for, whatever has changed."""
    anew: bool = False
    """Whether it is tracked anew where a session could be taken up."""
    changed: frozenset[str] = frozenset()
    """The keys of the stage at work that have another value than when it ran last."""
    runs_hooks: bool = False
    """Whether the hooks that the shot names are called."""
    solve_before: str = ""
    """What told the solve from others that the build before took from a session that is gone now."""
    session: TrackingSessionManager | None = None
    notes: list[str] = field(default_factory=list)
    """What the stage at work has to say: warnings, in plain words."""
    preflight: Preflight | None = None
    new_clip: bool = False
    """Whether the clip came into the file in this build."""
    _footage: Footage | None = None
    _composite: CompositeConfig | None = None

    @property
    def footage(self) -> Footage:
        """The footage in the shot's range; opened and counted when it is first asked for."""
        if self._footage is None and self.preflight is not None:
            self._footage = self.preflight.footage
        if self._footage is None:
            first, last = self.config.footage.frame_range or (1, None)
            self._footage = open_footage(
                self.config.footage_path, first=first, last=last, fps=self.config.footage.fps
            )
        return self._footage

    @property
    def clip(self) -> bpy.types.MovieClip:
        """The shot's clip in the open file; loaded where it is not there yet."""
        if self.result.clip is None:
            self.result.clip = find_clip(self.config.footage_path) or load_shot_clip(self.config)
        return self.result.clip

    @property
    def composite(self) -> CompositeConfig:
        """The preset with what the shot says over it."""
        if self._composite is None:
            found = resolve_composite(self.config.composite, base=self.config.base)
            blur = self.config.cg.motion_blur
            self._composite = found if blur is False else replace(found, motion_blur=blur)
        return self._composite

    def anew_or_changed(self, stage: str, key: str) -> bool:
        """Whether the stage was asked for, or the key changed: then what it no longer wants goes."""
        return stage in self.asked or key in self.changed

    def find_again(self) -> None:
        """What is there of the stages that do not run this time."""
        self.result.clip = self.clip
        if self.result.camera is None:
            self.result.camera = find_camera(self.scene)


Steps = Iterator[BuildStep]


# --- footage and preflight ---------------------------------------------------


def footage_stage(build: Build) -> Steps:
    """The clip in the .blend, with what the shot says of it; footage that nobody can read stops here."""
    yield BuildStep("footage", 0.01, "Reading the footage")
    look_at_footage(build)
    known = find_clip(build.config.footage_path)
    build.result.clip = load_shot_clip(build.config)
    build.new_clip = known is None


def preflight_stage(build: Build) -> Steps:
    """Looks whether the footage can be used, and whether Blender shows the same frames of it."""
    yield BuildStep("preflight", 0.02, "Looking at the footage")
    preflight = look_at_footage(build)
    findings = preflight.findings + compare_with_blender(build.clip, build.footage)
    try:
        stop_on_errors(build.config, findings)
    except ShotFileError:
        if build.new_clip:
            bpy.data.movieclips.remove(build.clip)
            build.result.clip = None
        raise
    build.notes += [finding.message for finding in findings if finding.severity == "warning"]
    told, taken = build.footage.pixel_aspect, build.config.footage.pixel_aspect
    if told != 1 and abs(told - taken) > 1e-3:
        build.notes.append(f"the file's pixels are {told:g} times as wide as high, the shot takes {taken:g}")
    build.notes += [f"{key} is not acted on by this version yet" for key in keys_without_effect(build.config)]


def look_at_footage(build: Build) -> Preflight:
    """What the preflight says of the footage; raises ShotFileError, at its line, where it can't be read."""
    if build.preflight is None:
        config = build.config
        first, last = config.footage.frame_range or (1, None)
        build.preflight = check_footage(config.footage_path, first=first, last=last, fps=config.footage.fps)
        stop_on_errors(config, [item for item in build.preflight.errors if not item.fix])
    return build.preflight


def stop_on_errors(config: CompositeShotConfig, findings: list[Finding]) -> None:
    """Raises ShotFileError, at the footage's lines, where there is an error among the findings."""
    problems = []
    for finding in findings:
        if finding.severity == "error":
            key = "frame_range" if finding.code == "range" else "file"
            way_out = finding.fix_label.lower()
            fix = f"; {way_out}" if way_out and way_out not in finding.message else ""
            problems.append(problem_at(config.source, ("footage", key), finding.message + fix))
    if problems:
        raise ShotFileError(problems)


def load_shot_clip(config: CompositeShotConfig) -> bpy.types.MovieClip:
    """The shot's footage as a clip, with the scene start, colour space and pixel aspect of the shot file.

    Raises InputError where the .blend has it with a frame offset.
    """
    clip = load_clip(
        config.footage_path, scene_start=config.scene_start, color_space=config.footage.color_space
    )
    check_offset(clip)
    clip.tracking.camera.pixel_aspect = config.footage.pixel_aspect
    return clip


def keys_without_effect(config: CompositeShotConfig) -> list[str]:
    """The keys in NOT_YET that the shot sets, so that nobody waits for what will not happen."""
    written = config.to_dict()["shot"]
    found = []
    for key in NOT_YET:
        value: Any = written
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not None:
            found.append(key)
    return found


# --- tracking ----------------------------------------------------------------


def track_stage(build: Build) -> Steps:
    """Finds or makes the session, and does what is left of its work, the solve too."""
    if not build.config.tracking.enabled:
        if build.config.tracking.session is not None:
            build.session = shot_session(build)
            build.result.session = build.session.path
        elif build.session is not None and build.session.follows:
            build.session = build.result.session = build.result.solve = None
        return
    build.session = shot_session(build)
    build.result.session = build.session.path
    if build.session.status.finished:
        build.session.check()
        yield BuildStep("track", TRACKED_SHARE[1], "Taking the tracks of the session that is there")
        return
    yield from _run(build.session)


def solve_stage(build: Build) -> Steps:
    """The camera of the session's tracks; solved again where the lens is another one, or where asked for."""
    build.result.solve = None
    config, session = build.config, build.session
    if not config.tracking.solve:
        return
    if not config.tracking.enabled:
        yield from _camera_as_it_is(build)
        return
    if session is None:
        return
    yield BuildStep("solve", TRACKED_SHARE[1], "Taking the camera")
    named = config.tracking.session is not None
    lens = session.lens() if named else _lens_start(build)
    anew = build.start == "solve"
    if session.lens() != lens and not anew:
        settings = session.settings()
        session = find_session(session.path.parent, build.footage, settings=settings, lens=lens) or session
    if anew or session.lens() != lens or session.solve() is None:
        session = solve_again(session, lens)
    build.session = session
    build.result.session = session.path
    if not session.status.finished:
        yield from _run(session)
    build.result.solve = session.solve()


def _camera_as_it_is(build: Build) -> Steps:
    """For a shot that is not tracked: the camera of the session that it names, else of the clip's tracks."""
    if build.config.tracking.session is not None and build.session is not None:
        build.result.solve = build.session.solve()
        if build.result.solve is None:
            build.notes.append(f"{build.session.path}: has no camera, and tracking is not enabled")
    elif has_tracks_to_solve(build):
        yield from _solve_by_hand(build)


def _solve_by_hand(build: Build) -> Steps:
    """The camera of the artist's tracks in the clip, where it has no solve of its own."""
    clip, config = build.clip, build.config
    footage = build.footage
    folder = session_folder(footage.path, blend=build.target, chosen=build.session_dir)
    lens = _lens_start(build) if config.tracking.lens.focal_length_mm is not None else None
    build.session = solve_clip_again(
        clip,
        lens,
        build.session,
        footage=footage,
        folder=folder,
        name=config.name,
        settings=load_tracking_preset(config.tracking.preset),
    )
    build.result.session = build.session.path
    yield from _run(build.session)
    build.result.solve = build.session.solve()


def has_tracks_to_solve(build: Build) -> bool:
    """Whether the shot's camera is to be solved from the tracks that somebody made in the clip."""
    tracking = build.config.tracking
    if tracking.enabled or not tracking.solve or tracking.session is not None:
        return False
    clip = find_clip(build.config.footage_path)
    if clip is None or sum(usable(track) for track in camera_object(clip).tracks) < LEAST_TRACKS:
        return False
    return build.session is not None or not len(native_cameras(clip)[0])


def _run(session: TrackingSessionManager) -> Steps:
    low, high = TRACKED_SHARE
    for step in run_session(session):
        stage = "solve" if step.stage == "solve" else "track"
        yield BuildStep(stage, low + (high - low) * step.done, step.text, step.frame)


def shot_session(build: Build) -> TrackingSessionManager:
    """The session that the shot names, else the newest of this footage and settings, else a new one.

    Raises ShotFileError where the named one is not there or of other footage.
    """
    config, footage = build.config, build.footage
    if config.tracking.session is not None:
        return _named_session(config, footage)
    folder = session_folder(footage.path, blend=build.target, chosen=build.session_dir)
    settings = with_mask(load_tracking_preset(config.tracking.preset), _mask(build, folder))
    lens, solve = _lens_start(build), config.tracking.solve
    if not build.anew:
        found = find_session(folder, footage, settings=settings, lens=lens, solve=solve)
        if found is not None:
            return found
        tracked = find_tracked(folder, footage, settings)
        if tracked is not None:
            return solve_again(tracked, lens) if solve else tracked
    return create_session(
        footage.path,
        config.name,
        directory=folder,
        frame_range=(footage.first, footage.last),
        settings=settings,
        lens=lens,
        solve=solve,
    )


def _named_session(config: CompositeShotConfig, footage: Footage) -> TrackingSessionManager:
    path = ("tracking", "session")
    try:
        session = load_session(config.resolve(str(config.tracking.session)))
    except SessionError as error:
        raise ShotFileError([problem_at(config.source, path, str(error))]) from None
    known = session.about["footage"]
    differs = [key for key, value in identity(footage).items() if known.get(key) != value]
    if differs:
        text = f"{session.path}: is of other footage than the shot's ({', '.join(differs)} differ)"
        raise ShotFileError([problem_at(config.source, path, text)])
    return session


def _lens_start(build: Build) -> LensStart:
    """What is known of the lens, with the sensor of the camera that the shot names.

    Raises ShotFileError for one that Blender has no preset for.
    """
    config, wanted = build.config, build.config.tracking.lens.camera
    if wanted is None:
        return config.lens_start(build.footage)
    try:
        preset = camera_preset(wanted)
    except InputError as error:
        path = ("tracking", "lens", "camera")
        raise ShotFileError([problem_at(config.source, path, str(error))]) from None
    lens = replace(config.tracking.lens, sensor_width_mm=preset.sensor_width_mm)
    if lens.focal_length_mm is None:
        lens.focal_length_mm = preset.focal_length_mm
    return replace(config, tracking=replace(config.tracking, lens=lens)).lens_start(build.footage)


def _mask(build: Build, folder: Path) -> Path | None:
    """The first picture of the shot's mask: one of the .blend is drawn for it, beside the sessions.

    Raises ShotFileError for one that is neither, or cannot be used.
    """
    config, mask = build.config, _mask_of_file(build.config)
    if not config.tracking.mask:
        return None
    try:
        if mask is not None:
            return write_mask_pictures(mask, build.clip, build.footage, folder)
        return open_footage(config.resolve(config.tracking.mask)).path
    except InputError as error:
        text = str(error)
        if mask is None and not Path(config.tracking.mask).suffix:
            text = f"{config.tracking.mask!r} is neither a mask of the .blend nor a picture"
        raise ShotFileError([problem_at(config.source, ("tracking", "mask"), text)]) from None


def _mask_of_file(config: CompositeShotConfig) -> bpy.types.Mask | None:
    """The mask of the open .blend that the shot names, if it names one."""
    return bpy.data.masks.get(config.tracking.mask or "")


def _mask_mark(build: Build) -> str:
    """A word that changes with the .blend's mask; empty where the shot names none, or it cannot be drawn."""
    mask, clip = _mask_of_file(build.config), find_clip(build.config.footage_path)
    if mask is None or clip is None or not build.config.tracking.enabled:
        return ""
    try:
        return mask_mark(mask, clip, build.footage)
    except InputError:  # the stage says what is wrong with it
        return ""


# --- into the scene ----------------------------------------------------------


def camera_stage(build: Build) -> Steps:
    """Tracks and the camera, where there is one, into the clip; it into the scene and files."""
    tracks = None
    if build.session is not None:
        yield BuildStep("camera", TRACKED_SHARE[1], "Tracks into the clip")
        tracks = build.session.tracks()
        build.result.native = take_in_session(
            build.clip, build.session, build.result.solve, keep="camera" not in build.asked
        )
    if build.config.camera.import_file is not None:
        yield from _camera_of_file(build)
    elif build.config.camera.from_tracking and tracks is not None:
        yield from _camera_of_session(build, tracks)
    elif build.config.camera.from_tracking:
        yield from _camera_of_clip(build)
    _export_camera(build)


def _camera_of_session(build: Build, tracks: Tracks) -> Steps:
    config, result, clip = build.config, build.result, build.clip
    solve = result.solve
    if solve is None:
        return
    yield BuildStep("camera", 0.9, "The camera into the scene")
    bake = config.camera.bake
    if result.native is not None and not result.native.agrees:
        build.notes.append(f"the camera has keys and does not follow the clip: {result.native.reason}")
        bake = True
    names = [tracks.names[number] for number in solve.point_tracks]
    result.floor = shot_floor(config, names, solve.points, solve.cameras)
    _say_floor(build)
    result.camera = apply_solved_camera(
        build.scene, clip, solve=solve, bake=bake, name=config.camera.name, floor=result.floor
    )


def _camera_of_clip(build: Build) -> Steps:
    """The camera of the solve that the clip has, for a shot that is not tracked here."""
    clip = build.clip
    frames, cameras = native_cameras(clip)
    if not len(frames):
        build.notes.append(f"the clip {clip.name} has no solved camera, and tracking is not enabled")
        return
    yield BuildStep("camera", 0.9, "The camera of the clip's own solve into the scene")
    names, points = native_points(clip)
    build.result.floor = shot_floor(build.config, names, points, cameras)
    _say_floor(build)
    build.result.camera = apply_solved_camera(
        build.scene,
        clip,
        bake=build.config.camera.bake,
        name=build.config.camera.name,
        floor=build.result.floor,
    )


def _camera_of_file(build: Build) -> Steps:
    """A camera from elsewhere. A cloud of points that came with it lays it out; else it stands as it was."""
    config, scene, clip = build.config, build.scene, build.clip
    yield BuildStep("camera", 0.9, "The camera of a file into the scene")
    file = config.resolve(str(config.camera.import_file))
    set_frame_size(scene, clip)
    set_frame_range(scene, clip)
    try:
        way = load_camera(scene, file, sensor_width_mm=config.tracking.lens.sensor_width_mm)
    except InputError as error:
        raise ShotFileError([problem_at(config.source, ("camera", "import"), str(error))]) from None
    build.notes += way.notes
    if len(way.points):
        build.result.floor = shot_floor(config, [""] * len(way.points), way.points, way.cameras)
        _say_floor(build)
    if build.result.floor is not None:
        way = way.moved(build.result.floor.matrix)
    build.result.camera = put_camera(scene, way, name=config.camera.name, source=file.name)
    show_plate(build.result.camera.data, clip)
    scene.active_clip = clip


def _export_camera(build: Build) -> None:
    """Writes the camera over the shot's frames to the files that the shot names."""
    config, first = build.config, build.clip.frame_start - 1
    if not config.camera.exports or build.scene.camera is None:
        return
    frames = np.arange(first + build.footage.first, first + build.footage.last + 1, dtype=np.int32)
    for name in config.camera.exports:
        try:
            build.notes += export_camera(build.scene, config.resolve(name), frames=frames)
        except InputError as error:
            raise ShotFileError([problem_at(config.source, ("camera", "export"), str(error))]) from None


def _say_floor(build: Build) -> None:
    if build.result.floor is not None and build.result.floor.confidence < SURE_FLOOR:
        build.notes.append("no clear floor was found: check where the ground lies")


def shot_floor(
    config: CompositeShotConfig, names: list[str], points: Floats, cameras: Floats
) -> Floor | None:
    """Floor, origin and scale that the shot asks for, from points (n, 3) with their tracks' names and cameras
    (c, 4, 4).

    Raises ShotFileError for tracks that are unsolved or no plane.
    """
    wanted = config.scene
    scale = wanted.scale
    if isinstance(scale, KnownDistance):
        scale = (scale.tracks, scale.distance)
    try:
        return laid_out(points, cameras, names, floor=wanted.floor, scale=scale, origin=wanted.origin)
    except LayoutError as error:
        raise ShotFileError([problem_at(config.source, ("scene", error.key), str(error))]) from None


def scene_stage(build: Build) -> Steps:
    """What stands round the camera: light, ground and points."""
    yield BuildStep("scene", 0.92, "Setting up the scene")
    config, scene = build.config, build.scene
    choose_engine(config, scene)
    light = config.scene.light
    try:
        setup_hdri(scene, None if light.hdri is None else config.resolve(light.hdri))
    except InputError as error:
        raise ShotFileError([problem_at(config.source, ("scene", "light", "hdri"), str(error))]) from None
    if light.direction is not None:
        setup_light(scene, light.direction)
    elif light.hdri is not None:
        remove_sun(scene)
    elif build.anew_or_changed("scene", "scene.light.direction"):
        turn_sun_back(scene)
    if build.composite.shadow_catcher and scene.camera is not None:
        setup_shadow_catcher(scene, light=light.hdri is None)
    elif build.anew_or_changed("scene", "composite.shadow_catcher"):
        remove_shadow_catcher(scene)
    _point_cloud(build)


def _point_cloud(build: Build) -> None:
    """The solved points in the scene, where the shot asks for them."""
    kind, solve, names = build.config.scene.point_cloud, build.result.solve, None
    if kind == NONE:
        remove_point_cloud(build.scene)
        return
    if build.session is not None and solve is not None:
        names = clip_names(build.session.tracks(), solve)
    try:
        world = solved_world(build.scene, build.clip, solve, names)
        plain = [name.removeprefix(PREFIX) for name in world.names]
        setup_point_cloud(build.scene, kind, plain, world.points)
    except (InputError, SolveError) as error:
        build.notes.append(f"no point cloud: {error}")


def cg_stage(build: Build) -> Steps:
    """The shot's CG, or a stand-in where it names none and there is a camera to see it."""
    yield BuildStep("cg", 0.94, "Placing the CG")
    config, scene = build.config, build.scene
    if config.cg.blend is not None:
        remove_stand_in(scene)
        append_cg(scene, config.resolve(config.cg.blend), config.cg.collection)
    elif config.into is None and scene.camera is not None:
        add_stand_in(scene)
    try:
        set_holdout(scene, config.scene.holdout)
    except InputError as error:
        raise ShotFileError([problem_at(config.source, ("scene", "holdout"), str(error))]) from None


def composite_stage(build: Build) -> Steps:
    """The compositor tree; it has to know who renders, and how large."""
    yield BuildStep("composite", 0.96, "Building the composite")
    choose_engine(build.config, build.scene)
    build.scene.render.resolution_percentage = build.config.render.resolution_percentage
    setup_shot_compositing(build.scene, build.clip, build.composite)
    build.notes += composite_status(build.scene).warnings


def choose_engine(config: CompositeShotConfig, scene: bpy.types.Scene) -> None:
    """The engine that the shot asks for; a new file's is Cycles."""
    engine = config.render.engine or ("cycles" if config.into is None else None)
    if engine is not None:
        scene.render.engine = versions.engine_idname(engine)


def render_settings_stage(build: Build) -> Steps:
    """Samples and the frames of the shot."""
    yield BuildStep("render_settings", 0.98, "Setting up the render")
    render, scene, footage = build.config.render, build.scene, build.footage
    samples = render.samples or (NEW_FILE_SAMPLES if build.config.into is None else None)
    if samples is not None:
        scene.cycles.samples = samples
        scene.eevee.taa_render_samples = samples
    build.notes += set_passes(scene, render.passes)
    clip = build.clip
    scene.frame_start = clip.frame_start + footage.first - 1
    scene.frame_end = clip.frame_start + footage.last - 1
    scene.frame_start = clip.frame_start + footage.first - 1  # the old end may have moved it
    scene.frame_set(scene.frame_start)


WORK: Mapping[str, Callable[[Build], Steps]] = {
    "footage": footage_stage,
    "preflight": preflight_stage,
    "track": track_stage,
    "solve": solve_stage,
    "camera": camera_stage,
    "scene": scene_stage,
    "cg": cg_stage,
    "composite": composite_stage,
    "render_settings": render_settings_stage,
}
"""What each stage does, by its name."""


def outcomes(build: Build) -> Callable[[str], Mapping[str, Any]]:
    """What goes into a stage beside the shot file, for ``stages.Plan``."""

    def of(stage: str) -> Mapping[str, Any]:
        found: dict[str, Any] = {"running the hooks": True} if build.runs_hooks else {}
        if stage == "track" and (mark := _mask_mark(build)):
            found["the mask"] = mark
        if stage == "solve" and has_tracks_to_solve(build):
            found["the clip's tracks"] = digest(track_marks(build.clip))
        if stage == "camera":
            found["the solve"] = _solve_print(build)
        if stage == "composite":
            found["Blender"] = versions.BLENDER_NAME
        return found

    return of


def _solve_print(build: Build) -> str:
    if build.session is not None:
        return solve_print(build.session)
    if build.config.tracking.enabled:
        return build.solve_before
    clip = find_clip(build.config.footage_path)
    return digest(native_cameras(clip)[1].tolist()) if clip is not None else ""


def solve_print(session: TrackingSessionManager | None) -> str:
    """A word that changes when a session is solved anew; empty where there is none."""
    solve = session.solve() if session is not None else None
    return digest([solve.cameras.tolist(), solve.lens.focal_length_mm]) if solve is not None else ""


def absolute(path: str | os.PathLike[str] | None) -> Path | None:
    """The path made absolute, None for none."""
    return None if path is None else Path(path).absolute()
