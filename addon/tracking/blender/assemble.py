"""A whole shot in one go: the stages of a build, one after the other, as far as they have to run.

``tracking/stages.py`` says which stages there are and decides which of them run, ``stages.py`` beside this
says what they do. Here they are driven: the file is opened, each stage is asked and run, what was built is
remembered in the scene, and the file is saved, where anything ran. ``assemble_steps`` is a generator that
yields after each piece of work, so that the command line, a panel and the tests can show progress and stop
between two steps.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import bpy

from ..config import CompositeShotConfig
from ..errors import InputError, SessionError
from ..hooks import load_hooks
from ..report import ShotReport, footage_section
from ..session import TrackingSessionManager, load_session
from ..session.clip_tracks import compare_taken
from ..session.places import can_write
from ..session.report import fill_report
from ..shotfile import ShotFileError, check_shot, load_shot_dict
from ..stages import MEMORY_VERSION, NAMES, Decision, Memory, Plan
from .build import Build, BuildStep, ShotResult
from .by_hand import stale
from .clip import find_clip
from .clip_state import is_half_taken, taken_marks, track_marks
from .composite import composite_status
from .nodes import MARK
from .owned import MEMORY, Edits, Keeper, Look
from .remove import remember_before
from .shot_solve import solve_print
from .stages import WORK, absolute, outcomes

__all__ = ["BuildStep", "ShotResult", "assemble_shot_with_tracking", "assemble_steps", "plan_shot"]


@dataclass
class _Remembered:
    """What a scene remembers of its build."""

    shot: str = ""
    into: str = ""
    session: str = ""
    """The session's file; relative to the .blend where both lie in one place."""
    solve: str = ""
    """What told that session's solve from others."""
    footage: dict[str, Any] = field(default_factory=dict)
    """The report's words on the footage."""
    look: Look = field(default_factory=dict)
    """How things of ours looked afterwards."""
    stages: Memory = field(default_factory=Memory)


def assemble_shot_with_tracking(
    shot: CompositeShotConfig | Mapping[str, Any],
    *,
    blend: str | os.PathLike[str] | None = None,
    session_dir: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    start: str | None = None,
    allow_scripts: bool = False,
    scene: bpy.types.Scene | None = None,
    on_step: Callable[[BuildStep], None] | None = None,
) -> ShotResult:
    """Builds a shot, or of one that was built before what has changed since; returns what came of it.

    Without ``scene`` it is built into a new file, or the one that the shot names with ``into``, and
    saved as ``blend`` (the shot's name beside the shot file where that is left out). Where that is there
    already from an earlier build, it goes on from it, and is only written where a stage ran. With ``scene``
    it is built into that scene of the open file, which is not saved unless ``blend`` says where.
    ``start`` names a stage: it and all after it run, whatever has changed. ``fresh`` runs all of them, and
    tracks anew where a session of this footage would be taken up. ``allow_scripts`` runs the hooks that the
    shot names; one that fails stops the build, and nothing is saved. Raises ShotFileError, FootageError,
    SessionError, SolveError, HookError or InputError, each in plain words.
    """
    config = shot if isinstance(shot, CompositeShotConfig) else load_shot_dict(shot)
    result = ShotResult(scene=scene)
    steps = assemble_steps(
        config,
        result,
        blend=blend,
        session_dir=session_dir,
        fresh=fresh,
        start=start,
        allow_scripts=allow_scripts,
    )
    for step in steps:
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
    start: str | None = None,
    allow_scripts: bool = False,
) -> Iterator[BuildStep]:
    """The build as steps; ``result`` fills as it goes. See ``assemble_shot_with_tracking``."""
    yield BuildStep("footage", 0.0, "Reading the shot")
    hooks = load_hooks(config, allow_scripts)
    if hooks.warning:
        result.warnings.append(hooks.warning)
    build, remembered, plan = _begin(config, result, blend, session_dir, fresh, start, allow_scripts)
    edits = Edits.of(build.scene, remembered.look)
    edits.forget(plan.asked)
    build.held_by_hand = frozenset(edits.held.values())
    ran: list[str] = []
    for name in NAMES:
        decision = _decide(build, plan, name)
        if decision.runs:
            if not ran:
                remember_before(build.scene, config.footage_path)
            build.notes, build.changed = [], frozenset(decision.changed)
            hooks.call("before", name, config, result)
            edits.told(decision.changed)
            keeper = Keeper(build.scene, edits)
            yield from WORK[name](build)
            keeper.put_back()
            hooks.call("after", name, config, result)
            ran.append(name)
            done = replace(plan.note(name), warnings=tuple(build.notes))
            remembered.stages.stages[name] = done
            _remember(build, remembered)
        elif decision.kept:
            result.warnings.append(f"{name}: {decision.why}")
        if name in remembered.stages.stages:
            result.warnings += remembered.stages.stages[name].warnings
    result.ran = tuple(ran)
    edits.settle_holdouts(build.scene, config.scene.holdout)
    result.warnings += edits.lines()
    if ran:
        remembered.look = edits.baseline(build.scene, plan.asked)
        _remember(build, remembered)
    build.find_again()
    result.warnings += _tracks_by_hand(build)
    result.report = _report(build, remembered)
    if build.target is not None:
        if ran:
            _save(build.target)
        result.blend = build.target
    yield BuildStep("render_settings", 1.0, "Done" if ran else "Nothing has changed")


def plan_shot(
    shot: CompositeShotConfig | Mapping[str, Any],
    *,
    blend: str | os.PathLike[str] | None = None,
    fresh: bool = False,
    start: str | None = None,
    allow_scripts: bool = False,
    scene: bpy.types.Scene | None = None,
) -> list[Decision]:
    """What a build would do, stage by stage, and why; nothing is written. Raises as the build would."""
    config = shot if isinstance(shot, CompositeShotConfig) else load_shot_dict(shot)
    build, _, plan = _begin(config, ShotResult(scene=scene), blend, None, fresh, start, allow_scripts)
    return [_decide(build, plan, name) for name in NAMES]


# --- before anything is touched ----------------------------------------------


def _begin(
    config: CompositeShotConfig,
    result: ShotResult,
    blend: str | os.PathLike[str] | None,
    session_dir: str | os.PathLike[str] | None,
    fresh: bool,
    start: str | None,
    allow_scripts: bool,
) -> tuple[Build, _Remembered, Plan]:
    """Opens what is built into, and recalls what was built there before."""
    target = _target(config, result, blend)
    problems = check_shot(config)
    if problems:
        raise ShotFileError(problems)
    Plan(config, Memory(), start=start)  # what is wrong with the call is said before a file is opened
    if result.scene is None:
        result.scene = _open_file(config, target)
    remembered = _recall(result.scene)
    anew = fresh or (start is not None and NAMES.index(start) <= NAMES.index("track"))
    build = Build(config, result.scene, result, target, absolute(session_dir), start, anew=anew)
    build.runs_hooks = allow_scripts and bool(config.hooks)
    if remembered.session:
        build.session = _session_again(build, remembered)
        if build.session is not None:
            result.session = build.session.path
            result.solve = build.session.solve() if config.tracking.solve else None
    if build.session is None:
        build.solve_before = remembered.solve
    plan = Plan(config, remembered.stages, outcomes=outcomes(build), start=start, fresh=fresh)
    build.asked = plan.asked
    return build, remembered, plan


def _decide(build: Build, plan: Plan, name: str) -> Decision:
    """Whether the stage runs. A composite that was changed by hand is kept unless it was asked for."""
    decision = plan.decide(name, needed=_needed(build, name))
    if decision.runs and name == "composite" and name not in plan.asked and _composite_by_hand(build.scene):
        return replace(decision, runs=False, kept=True, why=KEPT)
    return decision


KEPT = "the composite was changed by hand and is kept; build from the stage composite to have it anew"


def _composite_by_hand(scene: bpy.types.Scene) -> bool:
    """Whether there is a composite of ours that somebody has changed or taken out of the way."""
    status = composite_status(scene)
    there = status.applied or bool(status.settings)
    return there and (status.edited or not status.applied)


def _tracks_by_hand(build: Build) -> list[str]:
    """What somebody did to the tracks in the clip since they were put there, as a sentence."""
    if build.session is None:
        return []
    clip = build.clip
    marks = taken_marks(clip, build.session)
    done = stale(clip, marks) if marks else ""
    if not done:
        return []
    more = "Solve Again counts that in"
    if compare_taken(marks, track_marks(clip)).ours:
        more = "Solve Again counts that in, building from the stage camera takes it back"
    return [f"{clip.name}: {done} by hand and kept; {more}"]


def _needed(build: Build, name: str) -> str:
    """Why a stage has to run although nothing has changed; empty where it has not."""
    if name == "track" and build.config.tracking.enabled and build.session is not None:
        return "" if build.session.status.finished else "the session is not finished"
    if name == "camera" and build.session is not None:
        clip = find_clip(build.config.footage_path)
        return "the tracks are not all in the clip" if clip is not None and is_half_taken(clip) else ""
    return ""


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


def _open_file(config: CompositeShotConfig, target: Path | None) -> bpy.types.Scene:
    """The scene to build into: of an earlier build, of the file that the shot names, or a new file's.

    Raises InputError for a file that is in the way: no build of ours has made it, or one of another ``into``.
    """
    if bpy.data.is_dirty and not bpy.app.background:
        raise InputError("the open file has unsaved changes; save it before a shot is built into another one")
    into = config.resolve(config.into) if config.into is not None else None
    if target is not None and target.exists():
        _open(target)
        found = _built_scene()
        if into is not None and target.exists() and into.exists() and target.samefile(into):
            return found or bpy.context.scene
        if found is None:
            raise InputError(
                f"{target}: is there already and was not built by Tracked Shot; name it with 'into' to build"
                " into it, or save elsewhere with --blend"
            )
        before = _recall(found).into
        if before != (str(into) if into is not None else ""):
            raise InputError(
                f"{target}: was built {f'into {before}' if before else 'as a new file'}; save elsewhere"
                " with --blend, or delete it"
            )
        return found
    if into is not None:
        _open(into)
        return bpy.context.scene
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True, load_ui=False)
    scene = bpy.context.scene
    scene.name = config.name
    return scene


def _open(path: Path) -> None:
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False)
    except RuntimeError as error:
        raise InputError(f"{path}: cannot be opened: {' '.join(str(error).split())}") from error


def _built_scene() -> bpy.types.Scene | None:
    """The scene of the open file that was built by us: the one that is shown where there are more."""
    scenes = [bpy.context.scene, *bpy.data.scenes]
    built = [scene for scene in scenes if MEMORY in scene]
    # Built by a version that did not remember: it has our collection.
    built += [scene for scene in scenes if any(MARK in child for child in scene.collection.children)]
    return built[0] if built else None


# --- what is remembered ------------------------------------------------------


def _recall(scene: bpy.types.Scene) -> _Remembered:
    """What the scene remembers; nothing where it is of another version, so that all is built."""
    try:
        values = json.loads(scene.get(MEMORY, "{}"))
    except (TypeError, ValueError):
        return _Remembered()
    if not isinstance(values, dict) or values.get("version") != MEMORY_VERSION:
        return _Remembered()
    names = ("shot", "into", "session", "solve", "footage", "look")
    return _Remembered(**{name: values[name] for name in names}, stages=Memory.from_dict(values["stages"]))


def render_wishes(scene: bpy.types.Scene) -> dict[str, Any]:
    """How the shot that was built in a scene wants to be rendered: name, format, passes; {} for none."""
    try:
        wishes = json.loads(scene.get(MEMORY, "{}")).get("render", {})
    except (TypeError, ValueError, AttributeError):
        return {}
    return wishes if isinstance(wishes, dict) else {}


def _remember(build: Build, remembered: _Remembered) -> None:
    config = build.config
    remembered.shot = config.name
    remembered.into = str(config.resolve(config.into)) if config.into is not None else ""
    if build.session is not None:
        remembered.session = _short(build.session.path, build.target)
        remembered.solve = solve_print(build.session)
    elif not config.tracking.enabled:
        remembered.session = remembered.solve = ""
    footage = build.footage
    remembered.footage = footage_section(footage.count, (footage.width, footage.height), footage.fps)
    values = {
        "version": MEMORY_VERSION,
        "shot": remembered.shot,
        "into": remembered.into,
        "session": remembered.session,
        "solve": remembered.solve,
        "footage": remembered.footage,
        "look": remembered.look,
        "render": {"name": config.name, "format": config.render.format, "passes": list(config.render.passes)},
        "stages": remembered.stages.to_dict(),
    }
    build.scene[MEMORY] = json.dumps(values)


def _short(session: Path, target: Path | None) -> str:
    """The session's path, relative to the .blend where it lies below its folder: both may be moved."""
    folder = target.parent if target is not None else None
    if folder is not None and session.is_relative_to(folder):
        return session.relative_to(folder).as_posix()
    return str(session)


def _session_again(build: Build, remembered: _Remembered) -> TrackingSessionManager | None:
    """The session that the build before used; None where it is gone or cannot be read."""
    folder = build.target.parent if build.target is not None else Path()
    try:
        return load_session(folder / remembered.session)
    except SessionError:
        return None


# --- in the end --------------------------------------------------------------


def _save(path: Path) -> None:
    """Saves the open file; raises InputError where Blender can't."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        bpy.ops.wm.save_as_mainfile(filepath=str(path), check_existing=False, compress=True)
    except (OSError, RuntimeError) as error:
        raise InputError(f"{path}: cannot be written: {' '.join(str(error).split())}") from error


def _report(build: Build, remembered: _Remembered) -> ShotReport:
    report = ShotReport(
        build.config.name,
        blender=bpy.app.version_string,
        session=build.result.session,
        blend=build.target,
        footage={**remembered.footage, "warnings": list(build.result.warnings)},
    )
    if build.session is not None:
        fill_report(report, build.session)
    return report
