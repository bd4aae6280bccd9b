"""A few runs of tools/kill_runs.py: the worker and the command line are killed, resumed, and compared."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import drawn


@pytest.fixture(scope="module")
def kill_runs(repo: Path):
    """tools/kill_runs.py as a module."""
    import importlib

    sys.path.insert(0, str(repo / "tools"))
    yield importlib.import_module("kill_runs")
    sys.path.remove(str(repo / "tools"))


@pytest.mark.parametrize("who", ["worker", "command-line"])
def test_what_was_killed_ends_as_if_nothing_had_happened(kill_runs, who: str, tmp_path: Path) -> None:
    clip = tmp_path / "walls.avi"
    drawn.draw_clip(clip, frames=24)  # three steps of tracking
    tally = kill_runs.kill_runs(who, clip, tmp_path, range(1, 3), seed=3)
    assert (tally.equal, tally.runs) == (2, 2)
    assert sum(tally.stages.values()) >= 2, "each was killed"
