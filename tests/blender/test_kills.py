"""Blender is killed while it assembles a shot; the same command again builds what a whole run builds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

bpy = pytest.importorskip("bpy")

from addon import cli  # noqa: E402
from addon.tracking.stages import NAMES  # noqa: E402
from tests import drawn  # noqa: E402
from tests.blender.conftest import SHOT  # noqa: E402
from tests.blender.file_dump import dump_file  # noqa: E402
from tests.blender.tree_dump import differences  # noqa: E402

KILLS_ITSELF = """
import os, pathlib, signal

def after(data):
    wanted = pathlib.Path(__file__).with_name("stage.txt")
    if wanted.exists() and wanted.read_text() == data.stage:
        wanted.unlink()
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(bool(bpy.app.binary_path), reason="needs Blender as a module")
def test_a_blender_that_is_killed_loses_nothing(repo, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(repo / "tools"))
    import kill_runs

    clip = tmp_path / "walls.avi"
    drawn.draw_clip(clip, frames=24)  # three steps of tracking
    tally = kill_runs.kill_runs("blender", clip, tmp_path, range(1, 2), seed=5)
    assert (tally.equal, tally.runs) == (1, 1)
    assert sum(tally.stages.values()) >= 1, "it was killed"


@pytest.mark.skipif(bool(bpy.app.binary_path), reason="needs Blender as a module")
@pytest.mark.skipif(bpy.app.version[:2] != (4, 5), reason="starts ten Blenders: once is enough")
def test_killed_in_every_stage_it_completes_and_is_the_same(
    blender_file: ModuleType, repo: Path, shot: Path, solved_folder: Path
) -> None:
    shot.write_text(SHOT + "  hooks: hook.py\n")
    shot.with_name("hook.py").write_text(KILLS_ITSELF)
    call = ["assemble", str(shot), "--session-dir", str(solved_folder), "--allow-scripts", "--blend"]
    whole, killed = shot.with_name("whole.blend"), shot.with_name("killed.blend")
    env = {**os.environ, "PYTHONPATH": str(repo), "OPENBLAS_NUM_THREADS": "1"}
    for stage in NAMES:
        shot.with_name("stage.txt").write_text(stage)
        run = subprocess.run(
            [sys.executable, "-m", "addon", *call, str(killed)], env=env, capture_output=True, timeout=120
        )
        assert run.returncode == -signal.SIGKILL, run.stderr.decode()
        assert not killed.exists() and not shot.with_name("stage.txt").exists()
    dumps = []
    for blend in (killed, whole):
        assert cli.main([*call, str(blend)]) == 0
        blender_file.ops.wm.open_mainfile(filepath=str(blend))
        dumps.append(dump_file(ours=True))
    assert len(dumps[0]) > 10 and differences(*dumps) == []
