"""Verbs on shots: assemble, render, validate."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..tracking.errors import InputError
from .common import (
    Progress,
    blender_quiet,
    blender_room,
    check_report_path,
    parse_frames,
    required,
    scripts_allowed,
    solve_line,
)

if TYPE_CHECKING:
    import bpy

    from ..tracking.config import CompositeShotConfig
    from ..tracking.shotfile import Problem


def assemble(options: argparse.Namespace) -> int:
    """Builds a shot and saves it."""
    from ..tracking.report import write_report
    from ..tracking.shotfile import load_shot

    config = load_shot(options.shot)
    check_report_path(options.json)
    blender = blender_room("assemble")
    if options.dry_run:
        return _say_plan(options, config, blender)
    with Progress() as progress, blender_quiet():
        result = blender.assemble_shot_with_tracking(
            config,
            blend=options.blend,
            session_dir=options.session_dir,
            fresh=options.fresh,
            start=options.start,
            allow_scripts=scripts_allowed(options),
            on_step=lambda step: progress.show(step.done, step.text, step.frame),
        )
    if options.json:
        write_report(result.report, options.json)
    for warning in result.warnings:
        print(f"warning: {warning}")
    if result.solve is not None:
        print(solve_line(result.solve))
    if result.session is not None:
        print(f"session: {result.session}")
    print(f"saved: {result.blend}" if result.ran else f"nothing has changed: {result.blend}")
    return required(options.require, result.solve.verdict if result.solve else None)


def _say_plan(options: argparse.Namespace, config: CompositeShotConfig, blender: ModuleType) -> int:
    """Says what a build would do, stage by stage."""
    import json

    from ..tracking.files import write_atomically

    with blender_quiet():
        plan = blender.plan_shot(
            config,
            blend=options.blend,
            fresh=options.fresh,
            start=options.start,
            allow_scripts=scripts_allowed(options),
        )
    for decision in plan:
        print(f"{decision.stage}: {'would run' if decision.runs else 'stays'}: {decision.why}")
    if options.json:
        rows = [
            {"stage": item.stage, "runs": item.runs, "why": item.why, "changed": list(item.changed)}
            for item in plan
        ]
        write_atomically(Path(options.json), json.dumps({"version": 1, "stages": rows}, indent=1) + "\n")
    return 0


def render(options: argparse.Namespace) -> int:
    """Renders frames of a shot or a .blend; a signal ends it after the frame that is under way."""
    from ..tracking.session.worker import signals_held

    path = Path(options.file)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    frames = parse_frames(options.frames) if options.frames else None
    blender = blender_room("render")
    verdict = None
    with Progress() as progress, blender_quiet():
        if path.suffix.lower() == ".blend":
            scene = blender.open_scene(path)
        else:
            scene, verdict, path = _render_shot(options, path, blender, progress)
        settings = _render_settings(options, blender.render_wishes(scene), path, blender)
        wanted = frames or list(range(scene.frame_start, scene.frame_end + 1))
        outside = [frame for frame in wanted if not scene.frame_start <= frame <= scene.frame_end]
        if outside:
            scope = f"{scene.frame_start}-{scene.frame_end}"
            raise InputError(f"frame {outside[0]} is outside the scene's range ({scope})")
        done, skipped, began = 0, 0, time.monotonic()
        with signals_held() as check:
            for step in blender.render_steps(scene, wanted, options.output, **settings):
                if step.path.suffix != ".mp4":
                    done, skipped = done + 1, skipped + step.skipped
                left = (len(wanted) - done) * (time.monotonic() - began) / max(done - skipped, 1)
                what = "Finished before:" if step.skipped else "Rendered"
                left = None if done == skipped else left
                progress.show(done / len(wanted), f"{what} {step.path.name}", step.frame, left)
                check()
    where = step.path if step.path.suffix == ".mp4" else step.path.parent
    before = f", {skipped} of them finished before" if skipped else ""
    count = "1 frame" if len(wanted) == 1 else f"{len(wanted)} frames"
    print(f"{count} in {where}{before if done else ', finished before'}")
    return required(options.require, verdict)


def _render_settings(
    options: argparse.Namespace, wishes: Mapping[str, Any], blend: Path, blender: ModuleType
) -> dict[str, Any]:
    """How frames are rendered: as the call says, else the shot; the .blend tells what they are made from."""
    return {
        "format": options.format or wishes.get("format", "png"),
        "name": wishes.get("name"),
        "passes": bool(wishes.get("passes")),
        "made_from": "" if options.all else blender.file_and_linked(blend),
    }


def _render_shot(
    options: argparse.Namespace, path: Path, blender: ModuleType, progress: Progress
) -> tuple[bpy.types.Scene, str | None, Path]:
    """Builds the shot, taking up what is there; gives its scene, its verdict and the .blend."""
    from ..tracking.shotfile import load_shot

    config = load_shot(path)
    result = blender.assemble_shot_with_tracking(
        config,
        session_dir=options.session_dir,
        fresh=options.fresh,
        allow_scripts=scripts_allowed(options),
        on_step=lambda step: progress.show(step.done, step.text, step.frame),
    )
    return result.scene, result.solve.verdict if result.solve else None, result.blend


def validate(options: argparse.Namespace) -> int:
    """Tells all that is wrong with a shot file and its footage."""
    import json

    from ..tracking.files import write_atomically
    from ..tracking.shotfile import ShotFileError

    check_report_path(options.json)
    problems, warnings = _problems_of_shot(options.shot)
    for warning in warnings:
        print(f"warning: {warning}")
    if options.json:
        rows = [
            {"file": item.path, "line": item.line, "column": item.column, "message": item.message}
            for item in problems
        ]
        values = {"version": 1, "shot": options.shot, "errors": rows, "warnings": warnings}
        write_atomically(Path(options.json), json.dumps(values, indent=1) + "\n")
    if problems:
        raise ShotFileError(problems)
    print(f"{options.shot}: nothing wrong")
    return 0


def _problems_of_shot(shot: str) -> tuple[list[Problem], list[str]]:
    """What is wrong with a shot file and its footage, and what to know besides."""
    from ..tracking.shotfile import ShotFileError, check_shot, load_shot, problem_at

    try:
        config = load_shot(shot)
    except ShotFileError as error:
        return error.problems, []
    problems = check_shot(config)
    if problems:
        return problems, []
    from ..tracking.preflight import check_footage

    first, last = config.footage.frame_range or (1, None)
    found = check_footage(config.footage_path, first=first, last=last, fps=config.footage.fps)
    for finding in found.errors:
        key = "frame_range" if finding.code == "range" else "file"
        problems.append(problem_at(config.source, ("footage", key), finding.message))
    return problems, [finding.message for finding in found.warnings]
