"""Hooks in a real build: called around each stage that runs, and what happens where one fails."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from addon import cli
from addon.tracking.stages import NAMES
from tests import drawn

HOOK = """\
import bpy

def after_composite(data):
    data.result.scene["hooked"] = data.result.clip.name

def before(data):
    with open(__file__ + ".txt", "a") as out:
        print(data.stage, file=out)
    print("on the way to", data.stage)
"""


@pytest.fixture
def shot(tmp_path: Path) -> Path:
    drawn.draw_clip(tmp_path / "walls.avi", frames=8, width=160, height=90)
    path = tmp_path / "shot.yaml"
    path.write_text(
        "shot:\n  name: walls\n  footage: {file: walls.avi}\n  tracking: {enabled: false}\n  hooks: hook.py\n"
    )
    (tmp_path / "hook.py").write_text(HOOK)
    return path


def test_hooks_run_where_they_are_allowed(
    blender_file: ModuleType, shot: Path, capfd: pytest.CaptureFixture
) -> None:
    called = shot.with_name("hook.py.txt")
    assert cli.main(["assemble", str(shot)]) == 0
    assert "allow scripts from shot files" in capfd.readouterr().out
    assert not called.exists()
    assert cli.main(["assemble", str(shot), "--allow-scripts"]) == 0
    assert called.read_text().split() == list(NAMES)
    assert "on the way" not in capfd.readouterr().out
    blender_file.ops.wm.open_mainfile(filepath=str(shot.with_name("walls.blend")))
    assert blender_file.context.scene["hooked"] == "walls.avi"
    assert cli.main(["assemble", str(shot), "--allow-scripts"]) == 0
    assert called.read_text().split() == list(NAMES)  # nothing has changed, nothing is called


def test_one_that_fails_stops_the_build_and_the_file_stays(
    blender_file: ModuleType, shot: Path, capfd: pytest.CaptureFixture
) -> None:
    assert cli.main(["assemble", str(shot), "--allow-scripts"]) == 0
    blend = shot.with_name("walls.blend")
    before = blend.read_bytes()
    hook = shot.with_name("hook.py")
    hook.write_text(
        "def after_cg(data):\n    data.result.scene['half'] = 1\n    raise RuntimeError('no CG')\n"
    )
    capfd.readouterr()
    assert cli.main(["assemble", str(shot), "--allow-scripts"]) == 1
    said = capfd.readouterr().err.strip().splitlines()
    assert said[-1] == f"{hook}:3: error: in the hook after cg: RuntimeError: no CG"
    assert "Traceback" not in "".join(said)
    assert blend.read_bytes() == before
    hook.write_text("def after_cg(data)\n    pass\n")
    assert cli.main(["assemble", str(shot), "--allow-scripts"]) == 1
    assert capfd.readouterr().err.strip().splitlines()[-1] == f"{hook}:1: error: expected ':'"
