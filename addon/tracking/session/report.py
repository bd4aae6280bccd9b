"""What a session did, as a report: JSON for programs, Markdown and a page with pictures for people."""

from __future__ import annotations

import os
from pathlib import Path

from ..engine.footage import Footage, identity, open_footage
from ..errors import FootageError
from ..report import (
    ShotReport,
    footage_section,
    quality_section,
    solve_section,
    tracking_section,
    write_markdown,
    write_report,
)
from ..report_page import SolvePage, write_page
from .manager import TrackingSessionManager
from .status import SessionStatus


def fill_report(report: ShotReport, session: TrackingSessionManager) -> None:
    """The report's parts on tracking and solving, from the session."""
    times = session.seconds_by_stage()
    report.tracking = tracking_section(
        session.tracks(),
        sum(times.get(stage, 0.0) for stage in ("track", "clean", "look")),
        session.checkpoints(),
        session.store.run_state().resumed_at,
    )
    solve = session.solve()
    if solve is not None:
        first, last = session.about["range"]
        report.solve = solve_section(solve, times.get("solve", 0.0))
        report.solve |= quality_section(session.tracks(), solve, first, last)


def session_report(session: TrackingSessionManager) -> ShotReport:
    """The report of a session alone, without a scene. Raises SessionError where nothing was tracked."""
    footage = session.about["footage"]
    size = (footage["width"], footage["height"])
    report = ShotReport(
        session.name, session=session.path, footage=footage_section(footage["count"], size, footage["fps"])
    )
    fill_report(report, session)
    return report


def session_page(session: TrackingSessionManager) -> SolvePage:
    """What the page of a session is made of; nothing is written to the session.

    Raises SessionError where the session cannot be read.
    """
    about = session.about
    first, last = about["range"]
    known = about["footage"]
    footage, trouble = _footage(session)
    times = session.seconds_by_stage()
    fps = f", {known['fps']:g} frames a second" if known.get("fps") else ""
    size = f"{known['width']} x {known['height']} pixels"
    facts = {
        "Footage": f"{session.footage_path().name}: {known['count']} frames{fps}, {size}",
        "Frames asked for": f"{first} to {last}",
        "Seconds": ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in times.items()) or "none",
        "Session": str(session.path),
    }
    return SolvePage(
        session.name,
        session.tracks(),
        session.solve(),
        first,
        last,
        _state(session),
        session.tracked_to() < last,
        facts,
        footage,
        trouble,
    )


def _state(session: TrackingSessionManager) -> str:
    """Where a session stands that is not simply done: one sentence; empty where it is."""
    progress = session.get_progress()
    if progress.status is SessionStatus.FAILED:
        return progress.text or "the session failed"
    if progress.status is SessionStatus.COMPLETE:
        return "only tracks were asked for, and all are there"
    if progress.status.finished:
        return ""
    if progress.status is SessionStatus.CREATED:
        return "the session has not begun"
    where = "solving" if progress.stage in ("clean", "solve", "look") else "tracking"
    return f"the session is {progress.status.value}, {where}, at frame {progress.frame} of {progress.last}"


def _footage(session: TrackingSessionManager) -> tuple[Footage | None, str]:
    """The session's footage, or why there are no pictures of it."""
    path = session.footage_path()
    try:
        footage = open_footage(path)
    except FootageError as error:
        return None, str(error)
    known = session.about["footage"]
    if any(known.get(key) != value for key, value in identity(footage).items()):
        return None, f"{path} is not the footage that was tracked"
    return footage, ""


def export_session_report(session: TrackingSessionManager, path: str | os.PathLike[str]) -> Path:
    """Writes the session's report and returns the path.

    A page with pictures where ``path`` ends in .html, Markdown where it ends in .md, else JSON.
    """
    target = Path(path)
    if target.suffix.lower() in (".html", ".htm"):
        write_page(session_page(session), target)
        return target
    report = session_report(session)
    if target.suffix.lower() == ".md":
        write_markdown(report, target)
    else:
        write_report(report, target)
    return target
