"""The report, as JSON and as Markdown."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from addon.tracking.engine.model import Lens, Solve, Tracks
from addon.tracking.errors import InputError
from addon.tracking.report import (
    ShotReport,
    footage_section,
    solve_section,
    tracking_section,
    write_markdown,
    write_report,
)
from tests.solves import plain_solve


def make_report() -> ShotReport:
    tracks = Tracks(
        width=960,
        height=540,
        frames=5,
        names=["a", "b"],
        track=np.array([0, 0, 0, 1, 1], np.int32),
        frame=np.array([1, 2, 3, 2, 3], np.int32),
        xy=np.zeros((5, 2)),
    )
    solve = Solve(
        lens=Lens(focal_px=960 * 35.00004 / 36.0, width=960, height=540, k1=0.00123456789, k2=0.0),
        frames=np.array([1, 2, 3], np.int32),
        cameras=np.tile(np.eye(4), (3, 1, 1)),
        points=np.zeros((2, 3)),
        point_tracks=np.array([0, 1], np.int32),
        point_errors=np.zeros(2),
        frame_errors=np.array([0.291234567, np.nan, 0.5]),
        average_error=0.0712345,
        keyframes=(1, 3),
        verdict="good",
        reasons=["enough parallax"],
    )
    return ShotReport(
        shot="hero",
        blender="4.5.15",
        session=Path("s/hero.tracksession"),
        blend="hero.blend",
        footage=footage_section(5, (960, 540), 24.0, ["rotated"]),
        tracking=tracking_section(tracks, 3.14159, 1),
        solve=solve_section(solve, 3.4, (34.97, 35.03)),
    )


def test_the_report_is_as_promised(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_report(make_report(), path)
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "version": 1,
        "shot": "hero",
        "blender": "4.5.15",
        "session": os.path.join("s", "hero.tracksession"),
        "blend": "hero.blend",
        "footage": {"frames": 5, "size": [960, 540], "fps": 24.0, "warnings": ["rotated"]},
        "tracking": {
            "tracks": 2,
            "markers": 5,
            "frames_tracked": 3,
            "seconds": 3.14,
            "checkpoints": 1,
            "resumed_at": None,
        },
        "solve": {
            "average_error_px": 0.0712,
            "frames_solved": 3,
            "keyframes": [1, 3],
            "seconds": 3.4,
            "focal_length_mm": 35.0,
            "focal_interval_mm": [34.97, 35.03],
            "distortion": {"model": "POLYNOMIAL", "k1": 0.001235, "k2": 0.0},
            "principal_point_px": [480.0, 270.0],
            "frame_errors_px": {"1": 0.2912, "2": None, "3": 0.5},
            "motion": "general",
            "verdict": "good",
            "reasons": ["enough parallax"],
        },
    }


def test_parts_that_were_not_done_are_null() -> None:
    values = json.loads(ShotReport("short").to_json())
    assert [values[name] for name in ("blender", "session", "blend", "footage", "tracking", "solve")] == [
        None
    ] * 6
    assert ShotReport("short").to_markdown() == "# short\n"


def test_resumed_at_is_told() -> None:
    report = make_report()
    tracks = Tracks(9, 9, 1, np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 2)), [])
    report.tracking = tracking_section(tracks, 0.0, 0, resumed_at=73)
    assert json.loads(report.to_json())["tracking"]["resumed_at"] == 73
    assert "Taken up at frame: 73" in report.to_markdown()


def test_markdown_names_what_counts(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    write_markdown(make_report(), path)
    text = path.read_text(encoding="utf-8")
    for words in (
        "# hero",
        "Verdict: good",
        "35.0 mm (between 34.97 and 35.03)",
        "- enough parallax",
        "Mind: rotated",
    ):
        assert words in text
    assert text.index("| 3 | 0.5 |") < text.index("| 1 | 0.2912 |")


def test_writing_replaces_the_whole_file_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old" * 10_000)
    write_report(make_report(), path)
    assert json.loads(path.read_text(encoding="utf-8"))["shot"] == "hero"
    assert [item.name for item in tmp_path.iterdir()] == ["report.json"]


def test_what_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"report\.json: cannot be written: No such file"):
        write_report(make_report(), tmp_path / "none" / "report.json")
    (tmp_path / "report.json").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_report(make_report(), tmp_path / "report.json")
    report = make_report()
    report.solve = {"average_error_px": float("nan")}
    with pytest.raises(ValueError, match="JSON"):
        write_report(report, tmp_path / "other.json")
    assert [item.name for item in tmp_path.iterdir()] == ["report.json"]


def test_a_lens_with_further_terms_is_told_whole() -> None:
    solve = plain_solve(np.zeros((1, 3)), np.eye(4)[None])
    solve.lens = Lens(
        900.0, 960, 540, -0.1, 0.02, model="BROWN", more=(0, 0, 0.003), principal=(480.5, 262.25)
    )
    told = solve_section(solve, 1.0)
    assert told["distortion"] == {"model": "BROWN", "k1": -0.1, "k2": 0.02, "p1": 0.003}
    assert told["principal_point_px"] == [480.5, 262.25]
