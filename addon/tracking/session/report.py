"""What a session did, as a report."""

from __future__ import annotations

import os
from pathlib import Path

from ..report import (
    ShotReport,
    footage_section,
    solve_section,
    tracking_section,
    write_markdown,
    write_report,
)
from .manager import TrackingSessionManager


def fill_report(report: ShotReport, session: TrackingSessionManager) -> None:
    """The report's parts on tracking and solving, from the session."""
    times = session.seconds_by_stage()
    report.tracking = tracking_section(
        session.tracks(),
        times.get("track", 0.0) + times.get("clean", 0.0),
        session.checkpoints(),
        session.store.run_state().resumed_at,
    )
    solve = session.solve()
    if solve is not None:
        report.solve = solve_section(solve, times.get("solve", 0.0))


def session_report(session: TrackingSessionManager) -> ShotReport:
    """The report of a session alone, without a scene. Raises SessionError where nothing was tracked."""
    footage = session.about["footage"]
    size = (footage["width"], footage["height"])
    report = ShotReport(
        session.name, session=session.path, footage=footage_section(footage["count"], size, footage["fps"])
    )
    fill_report(report, session)
    return report


def export_session_report(session: TrackingSessionManager, path: str | os.PathLike[str]) -> Path:
    """Writes the session's report: for people where ``path`` ends in .md, else as JSON; returns the path."""
    target = Path(path)
    report = session_report(session)
    if target.suffix.lower() == ".md":
        write_markdown(report, target)
    else:
        write_report(report, target)
    return target
