"""The command line: ``blender --command tracked_shot VERB …`` and ``python -m addon VERB …``.

Exit status: 0 done, 1 the job failed, 2 the input or the call is wrong, 3 done, but the solve is worse than
``--require`` asks, 130 or 143 interrupted with everything saved. Errors are one line each on
standard error; results go to standard output.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from .tracking.errors import Cancelled, InputError, SessionDamagedError, SessionError, TrackedShotError

if TYPE_CHECKING:
    from .tracking.shotfile import Problem

PROGRAM = "tracked_shot"
LOG_SECONDS = 10.0
"""Where standard error is no terminal, progress is a line this often."""
WORSE_THAN_REQUIRED = 3
VERDICTS = ("good", "usable", "poor", "failed")
UNEXPECTED = 1


def main(arguments: Sequence[str]) -> int:
    """Runs one verb; returns the exit status."""
    from .tracking.session.worker import Interrupted, raise_on_signals

    raise_on_signals()
    try:
        options = _parser().parse_args(list(arguments))
        return int(options.run(options))
    except Cancelled as stop:
        _say_error(str(stop))
        return stop.exit_status
    except TrackedShotError as error:
        _say_error(str(error))
        return error.exit_status
    except Interrupted as stop:
        _say_error("interrupted; all finished steps are saved")
        return stop.exit_status
    except BrokenPipeError:
        return 1


def _say_error(text: str) -> None:
    """Writes errors a line each; those that name their place already are written as they are."""
    for line in text.splitlines():
        print(line if ": error: " in line else f"{PROGRAM}: error: {line}", file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a call in one line."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see '{self.prog} --help'")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog=PROGRAM, description="From a filmed plate to a tracked, composited shot.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)

    def verb(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        made.set_defaults(run=run)
        return made

    made = verb("assemble", assemble, "track, solve and build a shot, and save the .blend")
    made.add_argument("shot", metavar="SHOT.yaml")
    made.add_argument(
        "--blend", metavar="OUT.blend", help="where to save (the shot's name beside the shot file)"
    )
    made.add_argument("--from", dest="start", metavar="STAGE", help="run this stage and all after it anew")
    made.add_argument("--dry-run", action="store_true", help="only say what would be done, and why")
    _scripts_option(made)
    _session_options(made)
    _json_option(made)

    made = verb("render", render, "render the composited frames of a shot or a .blend")
    made.add_argument("file", metavar="FILE", help="a shot file or a .blend")
    made.add_argument("--frames", metavar="A-B", help="scene frames, as 1-24 or 1,12,24 (the scene's range)")
    made.add_argument("--output", metavar="DIR", required=True)
    made.add_argument("--format", choices=("png", "exr", "mp4"), default=None)
    made.add_argument("--all", action="store_true", help="render frames that are finished, too")
    _scripts_option(made)
    _session_options(made)

    made = verb("validate", validate, "tell all that is wrong with a shot file")
    made.add_argument("shot", metavar="SHOT.yaml")
    _json_option(made)

    made = verb("status", status, "tell what each session holds and where it would go on")
    made.add_argument("session", metavar="SESSION_OR_DIR")
    _json_option(made)

    made = verb("report", report, "tell what a session's solve is worth, with plots and pictures")
    made.add_argument("session", metavar="SESSION_OR_DIR", help="of a folder the newest session")
    made.add_argument(
        "--html", metavar="FILE", help="write a page (beside the session where nothing is named)"
    )
    made.add_argument("--markdown", metavar="FILE", help="write a report for people")
    _json_option(made)

    made = verb("tracks", tracks, "write a session's 2D tracks as text for other programs")
    made.add_argument("session", metavar="SESSION")
    made.add_argument("--out", metavar="FILE", required=True)
    made.add_argument("--format", choices=("text", "3de"), default="text", help="one line a marker (text)")
    made.add_argument("--all", action="store_true", help="those that are switched off, too")
    made.add_argument("--first", type=int, default=1, metavar="N", help="number of the first frame (1)")

    made = verb("resume", resume, "go on with an interrupted session")
    made.add_argument("session", metavar="SESSION")
    made.add_argument("--footage", metavar="FILE_OR_DIR", help="where the footage lies now")
    _json_option(made)
    _require_option(made)

    made = verb("merge", merge, "join two sessions of one clip into a third")
    made.add_argument("one", metavar="ONE")
    made.add_argument("other", metavar="OTHER")
    made.add_argument("--output", metavar="OUT", help="the session to write (beside the first)")

    made = verb("recover", recover, "save what can be read of a damaged session into a new one")
    made.add_argument("session", metavar="SESSION")
    made.add_argument("--output", metavar="OUT", help="the session to write (beside the damaged one)")

    made = verb("cleanup", cleanup, "delete old sessions that are done")
    made.add_argument("folder", metavar="DIR")
    made.add_argument("--days", type=float, default=30.0, help="nothing written for so long (30)")
    made.add_argument("--keep", type=int, default=5, help="the newest so many always stay (5)")
    made.add_argument("--unfinished", action="store_true", help="those that are not done, too")
    made.add_argument("--dry-run", action="store_true", help="only say which")

    verb("presets", presets, "list the tracking and composite presets")

    made = verb("track", track, "track and solve a clip without a Blender scene")
    made.add_argument("footage", metavar="FOOTAGE")
    made.add_argument("--preset", default=None, help="a tracking preset (balanced)")
    made.add_argument("--frames", metavar="A-B", help="footage frames, first and last")
    made.add_argument(
        "--mask", metavar="PICTURE", help="a picture, or a sequence's first file, white where not to track"
    )
    _session_options(made)
    _json_option(made)

    made = verb("stmap", stmap, "write the ST-maps of a solved lens")
    made.add_argument("source", metavar="SOURCE", help="a shot file, a .blend or a session")
    made.add_argument("--undistort", metavar="U.exr", help="the map that straightens the plate")
    made.add_argument("--distort", metavar="D.exr", help="the map that bends the CG to the plate")
    made.add_argument(
        "--overscan",
        metavar="auto|none|SHARE",
        default="auto",
        help="how far the straight picture reaches beyond the plate (auto: as far as is needed)",
    )
    made.add_argument("--zip", action="store_true", help="pack the files: smaller, but slower to write")
    made.add_argument("--bits", type=int, default=32, help=argparse.SUPPRESS)
    made.add_argument("--session-dir", metavar="DIR", help="where a shot's session lies")
    _json_option(made)

    made = verb("even-copy", even_copy, "make a lossless, evenly timed copy of a clip that Blender misreads")
    made.add_argument("footage", metavar="FOOTAGE")
    made.add_argument("--output", metavar="OUT", help="the movie to write (beside the footage)")
    return parser


def _scripts_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--allow-scripts", action="store_true", help="run the hooks that the shot file names (Python files)"
    )


def _session_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--session-dir", metavar="DIR", help="where the session lies")
    parser.add_argument("--fresh", action="store_true", help="track anew, whatever session is there")
    _require_option(parser)


def _require_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--require", choices=("good", "usable"), help="exit with 3 where the solve is worse")


def _json_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", metavar="FILE", help="write a report")


# --- verbs -------------------------------------------------------------------


def assemble(options: argparse.Namespace) -> int:
    """Builds a shot and saves it."""
    from .tracking.report import write_report
    from .tracking.shotfile import load_shot

    config = load_shot(options.shot)
    _check_report_path(options.json)
    blender = _blender_room("assemble")
    if options.dry_run:
        return _say_plan(options, config, blender)
    with Progress() as progress, _blender_quiet():
        result = blender.assemble_shot_with_tracking(
            config,
            blend=options.blend,
            session_dir=options.session_dir,
            fresh=options.fresh,
            start=options.start,
            allow_scripts=_scripts_allowed(options),
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
    return _required(options.require, result.solve.verdict if result.solve else None)


def _say_plan(options, config, blender) -> int:  # type: ignore[no-untyped-def]
    """Says what a build would do, stage by stage."""
    import json

    from .tracking.files import write_atomically

    with _blender_quiet():
        plan = blender.plan_shot(
            config,
            blend=options.blend,
            fresh=options.fresh,
            start=options.start,
            allow_scripts=_scripts_allowed(options),
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
    """Renders frames of a shot or a .blend."""
    path = Path(options.file)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    frames = parse_frames(options.frames) if options.frames else None
    blender = _blender_room("render")
    verdict = None
    with Progress() as progress, _blender_quiet():
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
        for step in blender.render_steps(scene, wanted, options.output, **settings):
            if step.path.suffix != ".mp4":
                done, skipped = done + 1, skipped + step.skipped
            left = (len(wanted) - done) * (time.monotonic() - began) / max(done - skipped, 1)
            what = "Finished before:" if step.skipped else "Rendered"
            left = None if done == skipped else left
            progress.show(done / len(wanted), f"{what} {step.path.name}", step.frame, left)
    where = step.path if step.path.suffix == ".mp4" else step.path.parent
    before = f", {skipped} of them finished before" if skipped else ""
    print(f"{len(wanted)} frames in {where}{before if done else ', finished before'}")
    return _required(options.require, verdict)


def _render_settings(options: argparse.Namespace, wishes, blend: Path, blender):  # type: ignore[no-untyped-def]
    """How frames are rendered: as the call says, else the shot; the .blend tells what they are made from."""
    return {
        "format": options.format or wishes.get("format", "png"),
        "name": wishes.get("name"),
        "passes": bool(wishes.get("passes")),
        "made_from": "" if options.all else blender.file_and_linked(blend),
    }


def _render_shot(options, path, blender, progress):  # type: ignore[no-untyped-def]
    """Builds the shot, taking up what is there; gives its scene, its verdict and the .blend."""
    from .tracking.shotfile import load_shot

    config = load_shot(path)
    result = blender.assemble_shot_with_tracking(
        config,
        session_dir=options.session_dir,
        fresh=options.fresh,
        allow_scripts=_scripts_allowed(options),
        on_step=lambda step: progress.show(step.done, step.text, step.frame),
    )
    return result.scene, result.solve.verdict if result.solve else None, result.blend


def validate(options: argparse.Namespace) -> int:
    """Tells all that is wrong with a shot file and its footage."""
    import json

    from .tracking.files import write_atomically
    from .tracking.shotfile import ShotFileError

    _check_report_path(options.json)
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
    from .tracking.shotfile import ShotFileError, check_shot, load_shot, problem_at

    try:
        config = load_shot(shot)
    except ShotFileError as error:
        return error.problems, []
    problems = check_shot(config)
    if problems:
        return problems, []
    from .tracking.preflight import check_footage

    first, last = config.footage.frame_range or (1, None)
    found = check_footage(config.footage_path, first=first, last=last, fps=config.footage.fps)
    for finding in found.errors:
        key = "frame_range" if finding.code == "range" else "file"
        problems.append(problem_at(config.source, ("footage", key), finding.message))
    return problems, [finding.message for finding in found.warnings]


def status(options: argparse.Namespace) -> int:
    """Tells what sessions hold; 1 where one of them can't be read."""
    import json

    from .tracking.files import write_atomically
    from .tracking.session import list_sessions, load_session

    path = Path(options.session)
    if not path.exists():
        raise InputError(f"{path}: no such session or folder")
    rows = []
    broken = 0
    for file in list_sessions(path) if path.is_dir() else [path]:
        try:
            session = load_session(file)
            session.check()
            progress, point = session.get_progress(), session.get_resume_point()
        except TrackedShotError as error:
            broken += 1
            _say_error(str(error))
            if isinstance(error, SessionDamagedError):
                _say_saved(file)
            continue
        row = {
            "session": str(file),
            "name": session.name,
            "footage": str(session.footage_path()),
            "status": progress.status.value,
            "done": round(progress.done, 4),
            "frame": progress.frame,
            "last": progress.last,
            "tracks": progress.tracks,
            "resumes_with": None if progress.status.finished else point.operation,
            "resumes_after_frame": None if progress.status.finished else point.frame,
        }
        rows.append(row)
        where = (
            "" if progress.status.finished else f", goes on with {point.operation} after frame {point.frame}"
        )
        at = f"frame {progress.frame} of {progress.last}"
        print(f"{file}: {progress.status.value}, {progress.done:.0%}, {at}{where}")
    if not rows and not broken:
        print(f"{path}: no sessions")
    if options.json:
        write_atomically(Path(options.json), json.dumps({"version": 1, "sessions": rows}, indent=1) + "\n")
    return 1 if broken else 0


def _say_saved(file: Path) -> None:
    """Says what could be saved of a damaged session."""
    from .tracking.session import salvage

    try:
        print(f"{file}: damaged, {salvage.inspect(file).text()}")
    except SessionError as error:
        _say_error(str(error))


def report(options: argparse.Namespace) -> int:
    """Writes what a session's solve is worth."""
    from .tracking.report import write_markdown, write_report
    from .tracking.report_page import write_page
    from .tracking.session import load_session
    from .tracking.session.report import session_page, session_report
    from .tracking.solve_facts import advice

    path = _one_session(options.session)
    page = options.html
    if not (page or options.markdown or options.json):
        page = str(path.with_suffix(".html"))
    targets = [target for target in (page, options.markdown, options.json) if target]
    for target in targets:
        _check_report_path(target)
    session = load_session(path)
    session.check()
    if page:
        write_page(session_page(session), page)
    if options.markdown or options.json:
        made = session_report(session)
        if options.markdown:
            write_markdown(made, options.markdown)
        if options.json:
            write_report(made, options.json)
    solve = session.solve()
    if solve is not None:
        print(solve_line(solve))
        first, last = session.about["range"]
        for said in advice(session.tracks(), solve, first, last):
            if said not in solve.reasons:
                print(f"also: {said}")
    else:
        print(f"no camera: the session is {session.status.value}")
    for target in targets:
        print(f"written: {target}")
    return 0


def tracks(options: argparse.Namespace) -> int:
    """Writes a session's 2D tracks, and those that the artist made by hand."""
    import numpy as np

    from .tracking.session import load_session
    from .tracking.session.own_tracks import joined, own_tracks
    from .tracking.solve_facts import used_tracks
    from .tracking.track_text import chosen, write_tracks

    _check_report_path(options.out)
    session = load_session(options.session)
    session.check()
    found, own = session.tracks(), own_tracks(session)
    used = np.concatenate([used_tracks(found, session.solve()), own.enabled])
    found = joined(found, own)
    found = chosen(found, (found.lengths() > 0) & (used | options.all))
    write_tracks(found, options.out, options.format, first=options.first)
    print(f"{found.count} tracks, {len(found.track)} markers")
    print(f"written: {options.out}")
    return 0


def _one_session(place: str) -> Path:
    """The session's file; of a folder the newest one. Raises InputError where there is none."""
    from .tracking.session import list_sessions

    path = Path(place)
    if not path.is_dir():
        if not path.exists():
            raise InputError(f"{path}: no such session or folder")
        return path
    found = list_sessions(path)
    if not found:
        raise InputError(f"{path}: no sessions")
    if len(found) > 1:
        print(f"session: {found[0]} (the newest of {len(found)})")
    return found[0]


def resume(options: argparse.Namespace) -> int:
    """Goes on with a session."""
    from .tracking.session import load_session, take_in_growth

    session = load_session(options.session)
    if options.footage:
        print(f"footage: {session.relocate(options.footage)}")
    if session.status.finished and take_in_growth(session):
        print(f"the footage is longer now: going on after frame {session.tracked_to()}")
    return _run_session(session, options)


def merge(options: argparse.Namespace) -> int:
    """Joins two sessions."""
    from .tracking.session import merge_sessions

    report = merge_sessions(options.one, options.other, options.output)
    print(report.text())
    print(f"session: {report.path}; solve it with: {PROGRAM} resume {report.path}")
    return 0


def recover(options: argparse.Namespace) -> int:
    """Saves what is left of a damaged session."""
    from .tracking.session import salvage

    path, saved = salvage.recover(options.session, options.output)
    for damage in saved.damage:
        print(f"damage: {damage}")
    print(saved.text().replace("can be saved", "saved"))
    if not saved.exact:
        print("tracking goes on with new tracks after that frame")
    print(f"session: {path}")
    return 0


def cleanup(options: argparse.Namespace) -> int:
    """Deletes old sessions."""
    from .tracking.session import cleanup_old_sessions

    gone = cleanup_old_sessions(
        options.days,
        options.keep,
        folder=options.folder,
        unfinished=options.unfinished,
        dry_run=options.dry_run,
    )
    for path in gone:
        print(f"{'would delete' if options.dry_run else 'deleted'}: {path}")
    print(f"{len(gone)} sessions {'to delete' if options.dry_run else 'deleted'}")
    return 0


def track(options: argparse.Namespace) -> int:
    """Tracks and solves a clip; needs no Blender."""
    from .tracking.engine.footage import open_footage
    from .tracking.engine.masks import with_mask
    from .tracking.engine.model import LensStart
    from .tracking.lens_metadata import start_of_footage
    from .tracking.presets import DEFAULT_TRACKING_PRESET, load_tracking_preset
    from .tracking.session import take_up_session
    from .tracking.session.places import footage_name, session_folder

    settings = load_tracking_preset(options.preset or DEFAULT_TRACKING_PRESET)
    if options.mask:
        settings = with_mask(settings, Path(options.mask))
    first, last = parse_range(options.frames) if options.frames else (1, None)
    _check_report_path(options.json)
    footage = open_footage(options.footage, first=first, last=last)
    chosen = Path(options.session_dir).absolute() if options.session_dir else None
    session = take_up_session(
        footage,
        footage_name(footage.path),
        session_folder(footage.path.absolute(), chosen=chosen),
        settings=settings,
        lens=start_of_footage(footage, LensStart()),
        fresh=options.fresh,
    )
    return _run_session(session, options)


def _run_session(session, options: argparse.Namespace) -> int:  # type: ignore[no-untyped-def]
    """Does what is left of a session, and tells what came of it."""
    from .tracking.session import run_session

    _check_report_path(options.json)
    if not session.status.finished:
        with Progress() as progress:
            for step in run_session(session):
                progress.show(step.done, step.text, step.frame)
    if options.json:
        from .tracking.report import write_report
        from .tracking.session.report import session_report

        write_report(session_report(session), options.json)
    solve = session.solve()
    if solve is not None:
        print(solve_line(solve))
    print(f"session: {session.path}")
    return _required(options.require, solve.verdict if solve else None)


def stmap(options: argparse.Namespace) -> int:
    """Writes the ST-maps of a lens and says how far they undo each other."""
    import json

    from .tracking.files import write_atomically
    from .tracking.stmap_out import write_stmap_sequence, write_stmaps

    if not (options.undistort or options.distort):
        raise InputError("name a file to write: --undistort U.exr, --distort D.exr or both")
    _check_report_path(options.json)
    lens, zoom = _lens_of(Path(options.source), options.session_dir)
    overscan = None if zoom and options.overscan == "auto" else parse_overscan(options.overscan, lens)
    written: list[Path] = []
    if zoom and options.bits == 32:
        with Progress() as progress:
            sequence = write_stmap_sequence(
                zoom,
                options.undistort,
                options.distort,
                overscan=overscan,
                zipped=options.zip,
                on_frame=lambda frame: progress.show(0.0, "Wrote the ST-maps", frame),
            )
        report, frames = sequence.worst, sequence.frames
        written = [path for paths in sequence.files.values() for path in paths.values()]
    else:
        report = write_stmaps(
            lens, options.undistort, options.distort, overscan=overscan, bits=options.bits, zipped=options.zip
        )
        frames = {}
        written = [path for path in (report.undistort, report.distort) if path is not None]
    if options.json:
        write_atomically(
            Path(options.json),
            json.dumps({"version": 1, "stmap": {**report.to_dict(), "frames": frames}}, indent=1) + "\n",
        )
    print(report.text())
    for path in written:
        print(f"saved: {path}")
    return 0


def _lens_of(path: Path, session_dir: str | None):  # type: ignore[no-untyped-def]
    """The lens of a .blend's clip, a session or a shot, and by frame where the .blend's camera zooms.

    Raises InputError where there is none.
    """
    from .tracking.lens_sources import lens_of_session, lens_of_shot
    from .tracking.session import load_session
    from .tracking.shotfile import load_shot

    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.suffix.lower() == ".blend":
        blender = _blender_room("stmap")
        with _blender_quiet():
            scene = blender.open_scene(path)
            clip = blender.scene_clip(scene)
            return blender.clip_lens(clip), blender.zoom_lenses(scene, clip)
    if path.suffix.lower() == ".tracksession":
        return lens_of_session(load_session(path)), {}
    return lens_of_shot(load_shot(path), session_dir), {}


def parse_overscan(text: str, lens):  # type: ignore[no-untyped-def]
    """The overscan of "auto", "none" or a share of the frame as "0.1" or "10%". Raises InputError."""
    from .tracking.overscan import NO_OVERSCAN, find_overscan, overscan_share

    if text == "auto":
        return find_overscan(lens)
    if text == "none":
        return NO_OVERSCAN
    try:
        share = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InputError(f"'{text}' is no overscan: auto, none, or a share of the frame from 0 to 1")
    return overscan_share(lens, share)


def presets(_options: argparse.Namespace) -> int:
    """Lists the presets."""
    from .tracking.presets import list_composite_presets, list_tracking_presets

    for kind, infos in (("tracking", list_tracking_presets()), ("composite", list_composite_presets())):
        for info in infos:
            own = "" if info.built_in else " (your own)"
            print(f"{kind}: {info.name}{own}: {info.error or info.description}")
    return 0


def even_copy(options: argparse.Namespace) -> int:
    """Writes an evenly timed copy of a clip."""
    from .tracking.preflight import make_even_copy

    footage = Path(options.footage)
    with Progress() as progress:
        out = make_even_copy(
            footage,
            options.output or footage.with_name(f"{footage.stem}_even.avi"),
            on_progress=lambda frame, frames: progress.show(frame / frames, "Copying", frame),
        )
    print(f"saved: {out}")
    return 0


# --- what verbs share --------------------------------------------------------


def _blender_room(verb: str):  # type: ignore[no-untyped-def]
    """The Blender rooms; raises InputError where this Python has no Blender."""
    try:
        import bpy  # noqa: F401
    except ImportError:
        raise InputError(f"{verb} needs Blender: run it as blender --command {PROGRAM} {verb} …") from None
    from .tracking.blender import commands

    return commands


def _scripts_allowed(options: argparse.Namespace) -> bool:
    """Whether a shot's hooks may run: asked for in the call, or allowed in the preferences."""
    from .preferences import choices

    return bool(options.allow_scripts) or choices().allow_scripts


@contextmanager
def _blender_quiet() -> Iterator[None]:
    """Keeps what Blender itself prints (every sample of a render) out of our standard output."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _check_report_path(path: str | None) -> None:
    """Raises InputError where the report could not be written at the end of the work."""
    from .tracking.session.places import can_write

    if path is not None and (Path(path).is_dir() or not can_write(Path(path).absolute().parent)):
        raise InputError(f"{path}: the report can't be written there")


def _required(wanted: str | None, verdict: str | None) -> int:
    """0, or 3 where the verdict is worse than what was asked for."""
    if wanted is None:
        return 0
    if verdict is None or VERDICTS.index(verdict) > VERDICTS.index(wanted):
        print(f"the solve is {verdict or 'missing'}, not {wanted}", file=sys.stderr)
        return WORSE_THAN_REQUIRED
    return 0


def solve_line(solve) -> str:  # type: ignore[no-untyped-def]
    """What a solve is, in a line."""
    reasons = f" ({'; '.join(solve.reasons)})" if solve.reasons else ""
    return (
        f"solve: {solve.verdict}{reasons}, {solve.average_error:.3f} px over {len(solve.frames)} frames,"
        f" {solve.lens.focal_length_mm:.2f} mm"
    )


def parse_range(text: str) -> tuple[int, int]:
    """First and last of "A-B", or of a single number. Raises InputError."""
    first, dash, last = text.strip().partition("-")
    try:
        low = int(first)
        high = int(last) if dash else low
    except ValueError:
        raise InputError(f"'{text}' is no frame range: write it as 1-24") from None
    if high < low:
        raise InputError(f"the frame range {text} ends before it begins")
    return low, high


def parse_frames(text: str) -> list[int]:
    """The frames of "1-24" or "1,12,20-24", each once, in the order given. Raises InputError."""
    frames: dict[int, None] = {}
    for part in text.split(","):
        low, high = parse_range(part)
        frames.update(dict.fromkeys(range(low, high + 1)))
    return list(frames)


def duration(seconds: float) -> str:
    """Seconds as 45 s, 12:05 min or 3:07 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"


class Progress:
    """Progress on standard error: a line that updates on a terminal, a line now and then in a log."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self._said = 0.0
        self._width = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.terminal and self._width:
            self.stream.write("\n")

    def show(self, done: float, text: str, frame: int = 0, left: float | None = None) -> None:
        """Says how far the work is: ``done`` is a share, ``frame`` the last one done, 0 for none.

        ``left`` is how many seconds the rest will take, where that is known.
        """
        line = f"{done:4.0%} {text}" + (f", frame {frame}" if frame else "")
        line += f", {duration(left)} left" if left is not None and done < 1 else ""
        if self.terminal:
            self.stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        elif done >= 1 or time.monotonic() - self._said >= LOG_SECONDS:
            self.stream.write(line + "\n")
            self._said = time.monotonic()
        self.stream.flush()


def execute(arguments: Sequence[str]) -> int:
    """What ``blender --command tracked_shot`` calls; NumPy is loaded after this."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the worker, for the same reasons
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    status_ = main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    return status_
