"""A whole shot in one go: the stages of a build, one after the other.

The stages are those of the shot file, in order: footage, preflight, track, solve,
camera, scene, cg, composite, render_settings. ``assemble_steps`` is a generator that
yields after each piece of work, so that the command line, a panel and the tests
can show progress and stop between two steps.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..config import CompositeShotConfig
from ..engine.footage import Footage, open_footage
from ..engine.model import Solve, Tracks
from ..errors import FootageError, InputError
from ..floor import Floor, find_floor, fit_floor
from ..preflight import Finding, Preflight, check_footage
from ..presets import load_tracking_preset, resolve_composite
from ..report import ShotReport, footage_section
from ..session import TrackingSessionManager, load_session, run_session, take_up_session
from ..session.places import can_write, session_folder
from ..session.report import fill_report
from ..shotfile import ShotFileError, check_shot, load_shot_dict, problem_at
from . import versions
from .camera import apply_solved_camera
from .clip import NativeResult, load_clip
from .composite import composite_status, setup_shot_compositing
from .preflight import compare_with_blender
from .scene import add_stand_in, append_cg, remove_stand_in, setup_light, setup_shadow_catcher
from .take_in import take_in

STAGES = ("footage", "preflight", "track", "solve", "camera", "scene", "cg", "composite", "render_settings")
SURE_FLOOR = 0.5
"""A floor that is less sure than this is reported."""
NEW_FILE_SAMPLES = 128
"""Samples a pixel in a new file: Blender's own 4096 would take minutes a frame."""
_TRACKED_SHARE = 0.05, 0.85
"""The shares of a build that are done before and after tracking and solving."""


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
    """Where it was saved, None where it was not."""
    solve: Solve | None = None
    native: NativeResult | None = None
    floor: Floor | None = None
    warnings: list[str] = field(default_factory=list)
    report: ShotReport | None = None


def assemble_shot_with_tracking(
    shot: CompositeShotConfig | Mapping[str, Any],
    *,
    blend: str | os.PathLike[str] | None = None,
    session_dir: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    scene: bpy.types.Scene | None = None,
    on_step: Callable[[BuildStep], None] | None = None,
) -> ShotResult:
    """Builds a shot and returns what came of it.

    Without ``scene`` it is built into a new file, or the one that the shot names with ``into``, and
    saved as ``blend`` (the shot's name beside the shot file where that is left out). With ``scene`` it is
    built into that scene of the open file, which is not saved unless ``blend`` says where.
    ``fresh`` tracks anew where a session of this footage would be taken up. Raises ShotFileError,
    FootageError, SessionError, SolveError or InputError, each in plain words.
    """
    config = shot if isinstance(shot, CompositeShotConfig) else load_shot_dict(shot)
    result = ShotResult(scene=scene)
    for step in assemble_steps(config, result, blend=blend, session_dir=session_dir, fresh=fresh):
        if on_step is not None:
            on_step(step)
    return result


def assemble_steps(
    config: CompositeShotConfig,
    result: ShotResult,
    *,
    blend: str | os.PathLike[str] | None = None,
    session_dir: str | os.PathLike[str] | None = None,
    fresh: bool = False,
) -> Iterator[BuildStep]:
    """The build as steps; ``result`` fills as it goes. See ``assemble_shot_with_tracking``."""
    yield BuildStep("footage", 0.0, "Reading the shot")
    target = _target(config, result, blend)
    preflight = check_shot_footage(config)
    footage = preflight.footage
    assert footage is not None  # check_shot_footage raises where there is none
    if result.scene is None:
        result.scene = _open_file(config)
    yield BuildStep("preflight", 0.02, "Looking at the footage")
    result.clip = load_shot_clip(config)
    findings = preflight.findings + compare_with_blender(result.clip, footage)
    _stop_on_errors(config, findings)
    result.warnings = [finding.message for finding in findings if finding.severity == "warning"]
    result.warnings += [f"{key} is not acted on by this version yet" for key in keys_without_effect(config)]

    session = None
    if config.tracking.enabled:
        session = shot_session(config, footage, target, session_dir, fresh)
        result.session = session.path
        yield from _track(session)
        result.solve = session.solve()
    if session is not None:
        yield BuildStep("camera", _TRACKED_SHARE[1], "Tracks into the clip")
        _put_tracking(config, result, session.tracks())
    composite = resolve_composite(config.composite)
    yield BuildStep("scene", 0.92, "Setting up the scene")
    if composite.shadow_catcher and result.scene.camera is not None:
        setup_shadow_catcher(result.scene)
    if config.scene.light.direction is not None:
        setup_light(result.scene, config.scene.light.direction)
    yield BuildStep("cg", 0.94, "Placing the CG")
    place_cg(config, result)
    yield BuildStep("composite", 0.96, "Building the composite")
    choose_engine_and_size(config, result.scene)
    setup_shot_compositing(result.scene, result.clip, composite)
    result.warnings += composite_status(result.scene).warnings
    yield BuildStep("render_settings", 0.98, "Setting up the render")
    apply_render_settings(config, result.scene, footage)
    result.report = _report(config, result, footage, session, target)
    if target is not None:
        _save(target)
        result.blend = target
    yield BuildStep("render_settings", 1.0, "Done")


# --- before anything is touched ----------------------------------------------


def _target(
    config: CompositeShotConfig, result: ShotResult, blend: str | os.PathLike[str] | None
) -> Path | None:
    """Where the .blend is saved; raises InputError where that can't be."""
    if blend is None and result.scene is not None:
        return None
    if blend is None:
        blend = config.into or f"{config.name}.blend"
        path = config.resolve(blend)
    else:
        path = Path(blend).absolute()
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a file to save")
    if not can_write(path.parent) or (path.exists() and not os.access(path, os.W_OK)):
        raise InputError(f"{path}: cannot be written")
    return path


def check_shot_footage(config: CompositeShotConfig) -> Preflight:
    """Looks at the footage of a shot; raises ShotFileError, at its line, where it can't be used."""
    problems = check_shot(config)
    if problems:
        raise ShotFileError(problems)
    first, last = config.footage.frame_range or (1, None)
    preflight = check_footage(config.footage_path, first=first, last=last, fps=config.footage.fps)
    _stop_on_errors(config, [item for item in preflight.errors if not item.fix])
    return preflight


def _stop_on_errors(config: CompositeShotConfig, findings: list[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity == "error"]
    if not errors:
        return
    problems = []
    for finding in errors:
        key = "frame_range" if finding.code == "range" else "file"
        fix = f"; {finding.fix_label.lower()}" if finding.fix_label else ""
        problems.append(problem_at(config.source, ("footage", key), finding.message + fix))
    raise ShotFileError(problems)


def _open_file(config: CompositeShotConfig) -> bpy.types.Scene:
    """The scene of a new, empty file, or of the one that the shot is built into."""
    if bpy.data.is_dirty and not bpy.app.background:
        raise InputError("the open file has unsaved changes; save it before a shot is built into another one")
    if config.into is None:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True, load_ui=False)
        scene = bpy.context.scene
        scene.name = config.name
        return scene
    path = config.resolve(config.into)
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False)
    except RuntimeError as error:
        raise InputError(f"{path}: cannot be opened: {' '.join(str(error).split())}") from error
    return bpy.context.scene


def load_shot_clip(config: CompositeShotConfig) -> bpy.types.MovieClip:
    """The shot's footage as a clip, with the scene start, colour space and pixel aspect of the shot file."""
    clip = load_clip(
        config.footage_path, scene_start=config.footage.scene_start, color_space=config.footage.color_space
    )
    clip.tracking.camera.pixel_aspect = config.footage.pixel_aspect
    return clip


NOT_YET = (
    "hooks", "tracking.lens.k3", "tracking.lens.k4", "tracking.lens.p1", "tracking.lens.p2",
    "camera.import", "camera.export", "scene.origin", "scene.scale", "scene.point_cloud", "scene.light.hdri",
    "scene.holdout", "cg.motion_blur", "render.passes",
)  # fmt: skip
"""Keys of a shot file that are read and checked, and that no stage acts on so far."""


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


def shot_session(
    config: CompositeShotConfig,
    footage: Footage,
    blend: Path | None,
    session_dir: str | os.PathLike[str] | None,
    fresh: bool,
) -> TrackingSessionManager:
    """The session that the shot names, else the newest of this footage and settings, else a new one."""
    if config.tracking.session is not None:
        return load_session(config.resolve(config.tracking.session))
    settings = replace(load_tracking_preset(config.tracking.preset), mask=_mask(config))
    lens = config.tracking.lens.start()
    folder = session_folder(
        footage.path, blend=blend, chosen=None if session_dir is None else Path(session_dir).absolute()
    )
    return take_up_session(
        footage, config.name, folder, settings=settings, lens=lens, solve=config.tracking.solve, fresh=fresh
    )


def _mask(config: CompositeShotConfig) -> str:
    """The file of the shot's mask, empty for none.

    Raises ShotFileError for a mask of the .blend: those are not drawn as pictures yet.
    """
    wanted = config.tracking.mask
    if not wanted:
        return ""
    file = config.resolve(wanted)
    if not file.suffix or wanted in bpy.data.masks:
        text = (
            f"{wanted!r}: masks of a .blend cannot be used yet; render it to pictures, and name the first one"
        )
        raise ShotFileError([problem_at(config.source, ("tracking", "mask"), text)])
    try:
        open_footage(file)
    except FootageError as error:
        raise ShotFileError([problem_at(config.source, ("tracking", "mask"), str(error))]) from None
    return str(file)


def _track(session: TrackingSessionManager) -> Iterator[BuildStep]:
    """Does what is left of the session's work."""
    low, high = _TRACKED_SHARE
    if session.status.finished:
        session.check()
        yield BuildStep("solve", high, "Taking the camera of the session that is there")
        return
    for step in run_session(session):
        stage = "solve" if step.stage == "solve" else "track"
        yield BuildStep(stage, low + (high - low) * step.done, step.text, step.frame)


# --- into the scene ----------------------------------------------------------


def _put_tracking(config: CompositeShotConfig, result: ShotResult, tracks: Tracks) -> None:
    """Tracks and, where there is one, the camera into the clip; the camera into the scene."""
    assert result.clip is not None and result.scene is not None
    clip, solve = result.clip, result.solve
    pattern = load_tracking_preset(config.tracking.preset).pattern
    result.native = take_in(clip, tracks, solve, pattern=pattern).native
    if solve is None or not config.camera.from_tracking:
        return
    bake = config.camera.bake
    if result.native is not None and not result.native.agrees:
        result.warnings.append(f"the camera has keys and does not follow the clip: {result.native.reason}")
        bake = True
    result.floor = _floor(config, tracks, solve)
    if result.floor is not None and result.floor.confidence < SURE_FLOOR:
        result.warnings.append("no clear floor was found: check where the ground lies")
    result.camera = apply_solved_camera(
        result.scene, clip, solve=solve, bake=bake, name=config.camera.name, floor=result.floor
    )


def _floor(config: CompositeShotConfig, tracks: Tracks, solve: Solve) -> Floor | None:
    """The floor that the shot asks for; raises ShotFileError for tracks that are unsolved or no plane."""
    wanted = config.scene.floor
    if wanted == "none":
        return None
    if wanted == "auto":
        return find_floor(solve.points, solve.cameras)
    solved = [tracks.names[number] for number in solve.point_tracks]
    missing = [name for name in wanted if name not in solved]
    try:
        if missing:
            raise ValueError(f"no solved track is called {missing[0]!r}")
        return fit_floor(solve.points, solve.cameras, np.isin(solved, wanted))
    except ValueError as error:
        raise ShotFileError([problem_at(config.source, ("scene", "floor"), str(error))]) from None


def place_cg(config: CompositeShotConfig, result: ShotResult) -> None:
    """The shot's CG, or a stand-in where it names none and there is a camera to see it."""
    assert result.scene is not None
    if config.cg.blend is not None:
        remove_stand_in(result.scene)
        append_cg(result.scene, config.resolve(config.cg.blend), config.cg.collection)
    elif config.into is None and result.scene.camera is not None:
        add_stand_in(result.scene)


def choose_engine_and_size(config: CompositeShotConfig, scene: bpy.types.Scene) -> None:
    """What the composite must know before it is built: who renders, and how large."""
    engine = config.render.engine or ("cycles" if config.into is None else None)
    if engine is not None:
        scene.render.engine = versions.engine_idname(engine)
    scene.render.resolution_percentage = config.render.resolution_percentage


def apply_render_settings(config: CompositeShotConfig, scene: bpy.types.Scene, footage: Footage) -> None:
    """Samples and the frames of the shot."""
    render = config.render
    samples = render.samples or (NEW_FILE_SAMPLES if config.into is None else None)
    if samples is not None:
        scene.cycles.samples = samples
        scene.eevee.taa_render_samples = samples
    clip = scene.active_clip
    if clip is not None:
        scene.frame_start = clip.frame_start + footage.first - 1
        scene.frame_end = clip.frame_start + footage.last - 1
        scene.frame_set(scene.frame_start)


def _save(path: Path) -> None:
    """Saves the open file; raises InputError where Blender can't."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        bpy.ops.wm.save_as_mainfile(filepath=str(path), check_existing=False, compress=True)
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path}: cannot be written: {' '.join(str(error).split())}") from error


def _report(
    config: CompositeShotConfig,
    result: ShotResult,
    footage: Footage,
    session: TrackingSessionManager | None,
    target: Path | None,
) -> ShotReport:
    report = ShotReport(
        config.name,
        blender=bpy.app.version_string,
        session=result.session,
        blend=target,
        footage=footage_section(footage.count, (footage.width, footage.height), footage.fps, result.warnings),
    )
    if session is not None:
        fill_report(report, session)
    return report
