"""Verbs on sessions: track, status, report, tracks, resume, merge, recover, cleanup."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..tracking.errors import InputError, SessionDamagedError, SessionError, TrackedShotError
from .common import (
    PROGRAM,
    Progress,
    check_report_path,
    parse_range,
    required,
    say_error,
    solve_line,
)

if TYPE_CHECKING:
    from ..tracking.session import TrackingSessionManager


def status(options: argparse.Namespace) -> int:
    """Tells what sessions hold; of a folder 1 where one of them can't be read."""
    import json

    from ..tracking.files import write_atomically
    from ..tracking.session import list_sessions, load_session

    path = Path(options.session)
    if not path.exists():
        raise InputError(f"{path}: no such session or folder")
    rows = []
    worst = 0
    for file in list_sessions(path) if path.is_dir() else [path]:
        try:
            session = load_session(file)
            session.check()
            progress, point = session.get_progress(), session.get_resume_point()
        except TrackedShotError as error:
            worst = 1 if path.is_dir() else error.exit_status
            say_error(str(error))
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
    if not rows and not worst:
        print(f"{path}: no sessions")
    if options.json:
        write_atomically(Path(options.json), json.dumps({"version": 1, "sessions": rows}, indent=1) + "\n")
    return worst


def _say_saved(file: Path) -> None:
    """Says what could be saved of a damaged session."""
    from ..tracking.session import salvage

    try:
        print(f"{file}: damaged, {salvage.inspect(file).text()}")
    except SessionError as error:
        say_error(str(error))


def report(options: argparse.Namespace) -> int:
    """Writes what a session's solve is worth."""
    from ..tracking.report import write_markdown, write_report
    from ..tracking.report_page import write_page
    from ..tracking.session import load_session
    from ..tracking.session.report import session_page, session_report
    from ..tracking.solve_facts import advice

    path = _one_session(options.session)
    page = options.html
    if not (page or options.markdown or options.json):
        page = str(path.with_suffix(".html"))
    targets = [target for target in (page, options.markdown, options.json) if target]
    for target in targets:
        check_report_path(target)
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

    from ..tracking.session import load_session
    from ..tracking.session.own_tracks import joined, own_tracks
    from ..tracking.solve_facts import used_tracks
    from ..tracking.track_text import chosen, write_tracks

    check_report_path(options.out)
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
    from ..tracking.session import list_sessions

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
    from ..tracking.session import load_session, take_in_growth
    from ..tracking.session.mask_source import relocate_mask

    session = load_session(options.session)
    session.check()  # one that is done would be believed otherwise
    if options.footage:
        print(f"footage: {session.relocate(options.footage)}")
    if options.mask:
        print(f"mask: {relocate_mask(session, Path(options.mask))}")
    if session.status.finished and take_in_growth(session):
        print(f"the footage is longer now: going on after frame {session.tracked_to()}")
    return _run_session(session, options)


def merge(options: argparse.Namespace) -> int:
    """Joins two sessions."""
    from ..tracking.session import merge_sessions

    report = merge_sessions(options.one, options.other, options.output)
    print(report.text())
    print(f"session: {report.path}; solve it with: {PROGRAM} resume {report.path}")
    return 0


def recover(options: argparse.Namespace) -> int:
    """Saves what is left of a damaged session."""
    from ..tracking.session import salvage

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
    from ..tracking.session import cleanup_old_sessions

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
    from ..tracking.engine.footage import open_footage
    from ..tracking.engine.masks import with_mask
    from ..tracking.engine.model import LensStart
    from ..tracking.lens_metadata import start_of_footage
    from ..tracking.presets import DEFAULT_TRACKING_PRESET, load_tracking_preset
    from ..tracking.session import take_up_session
    from ..tracking.session.places import footage_name, session_folder

    settings = load_tracking_preset(options.preset or DEFAULT_TRACKING_PRESET)
    if options.mask:
        settings = with_mask(settings, Path(options.mask))
    first, last = parse_range(options.frames) if options.frames else (1, None)
    check_report_path(options.json)
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


def _run_session(session: TrackingSessionManager, options: argparse.Namespace) -> int:
    """Does what is left of a session, and tells what came of it."""
    from ..tracking.session import run_session

    check_report_path(options.json)
    if not session.status.finished:
        with Progress() as progress:
            for step in run_session(session):
                progress.show(step.done, step.text, step.frame)
    if options.json:
        from ..tracking.report import write_report
        from ..tracking.session.report import session_report

        write_report(session_report(session), options.json)
    solve = session.solve()
    if solve is not None:
        print(solve_line(solve))
    print(f"session: {session.path}")
    return required(options.require, solve.verdict if solve else None)
