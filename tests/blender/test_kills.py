"""Blender is killed while it assembles a shot; the same command again builds what a whole run builds."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy")

from tests import drawn  # noqa: E402


@pytest.mark.skipif(bool(bpy.app.binary_path), reason="needs Blender as a module")
def test_a_blender_that_is_killed_loses_nothing(repo, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(repo / "tools"))
    import kill_runs

    clip = tmp_path / "walls.avi"
    drawn.draw_clip(clip)
    tally = kill_runs.kill_runs("blender", clip, tmp_path, range(1, 2), seed=5)
    assert (tally.equal, tally.runs) == (1, 1)
    assert sum(tally.stages.values()) >= 1, "it was killed"
