"""Open and Save Shot File: a built shot comes out as it was written, and changes with the scene."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import bpy
import cv2
import numpy as np
import pytest

from addon import jobs, watch
from addon.tracking import assemble_shot_with_tracking
from addon.tracking.blender import holdout
from addon.tracking.presets import load_tracking_preset
from addon.tracking.session import create_session, resume_tracking
from addon.tracking.shotfile import load_shot
from tests import drawn

SHOT = """\
# Ask Ada first.
shot:
  name: walls
  footage: {file: walls.avi, frame_range: [2, 11]}  # without the slate
  tracking:
    preset: fast
  camera:
    name: Hero      # as in the edit
  scene:
    floor: none
    light: {direction: [0, 0.6, -0.8]}
  composite:
    mode: shadow_multiply
    shadow: {density: 0.5}
    x-look: warm
  render: {samples: 4, resolution_percentage: 50}
  x-farm: night
"""


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a drawn clip and its solved session."""
    folder = tmp_path_factory.mktemp("solved")
    drawn.draw_clip(folder / "walls.avi", frames=12, width=320, height=180)
    settings = load_tracking_preset("fast")
    session = create_session(
        folder / "walls.avi",
        "walls",
        directory=folder / "walls_tracking",
        settings=settings,
        frame_range=(2, 11),
    )
    resume_tracking(session)
    return folder


@pytest.fixture
def shot(blender_file: ModuleType, solved: Path, tmp_path: Path) -> Path:
    """A shot file whose shot is built in the open file."""
    os.link(solved / "walls.avi", tmp_path / "walls.avi")
    path = tmp_path / "shot.yaml"
    path.write_text(SHOT)
    assemble_shot_with_tracking(load_shot(path), session_dir=solved / "walls_tracking")
    clip = bpy.context.scene.active_clip
    clip.tracked_shot.tracking_preset_name = "fast"
    clip.tracked_shot.taken_in = True
    return path


def save(path: Path) -> set[str]:
    return bpy.ops.tracked_shot.save_shot_file(filepath=str(path))


def test_a_shot_that_was_built_is_saved_as_it_was_written(shot: Path) -> None:
    assert bpy.ops.tracked_shot.open_shot_file(filepath=str(shot)) == {"FINISHED"}
    assert bpy.context.scene.tracked_shot.shot_file == str(shot)
    assert save(shot) == {"FINISHED"}
    assert shot.read_text() == SHOT


def test_what_the_scene_says_otherwise_is_changed_and_nothing_else(shot: Path) -> None:
    scene = bpy.context.scene
    scene.frame_end = 8
    scene.camera.name = "Second"
    scene.render.resolution_percentage = 25
    scene.render.image_settings.file_format = "OPEN_EXR"
    sun = next(item for item in scene.objects if item.type == "LIGHT")
    sun.rotation_euler = (0.0, 0.0, 0.0)
    assert save(shot) == {"FINISHED"}
    expected = (
        SHOT.replace("[2, 11]", "[2, 8]")
        .replace("Hero ", "Second ")
        .replace("resolution_percentage: 50", "resolution_percentage: 25, format: exr")
    )
    said = shot.read_text()
    light = next(line for line in said.splitlines() if "direction" in line)
    assert said == expected.replace("    light: {direction: [0, 0.6, -0.8]}", light)
    assert load_shot(shot).scene.light.direction == pytest.approx((0, 0, -1), abs=1e-6)


def test_the_objects_that_hide_the_cg_are_saved(shot: Path) -> None:
    scene = bpy.context.scene
    walls = bpy.data.collections.new("Walls")
    scene.collection.children.link(walls)
    for name in ("Wall A", "Wall B", "Table"):
        item = bpy.data.objects.new(name, bpy.data.meshes.new(name))
        (walls if name.startswith("Wall") else scene.collection).objects.link(item)
    holdout.hold_out(scene, list(walls.objects))  # as the button does
    assert save(shot) == {"FINISHED"}
    assert load_shot(shot).scene.holdout == ["Wall A", "Wall B"]
    shot.write_text(shot.read_text().replace("[Wall A, Wall B]", "[Walls]"))
    assert save(shot) == {"FINISHED"} and load_shot(shot).scene.holdout == ["Walls"]
    scene.objects["Wall A"].is_holdout = False
    assert save(shot) == {"FINISHED"} and load_shot(shot).scene.holdout == ["Wall B"]
    holdout.clear_holdout(scene)
    assert save(shot) == {"FINISHED"} and load_shot(shot).scene.holdout == []


def test_a_new_file_says_the_same(shot: Path, tmp_path: Path) -> None:
    bpy.context.scene.name = "walls"
    new = tmp_path / "sub" / "new.yaml"
    new.parent.mkdir()
    assert save(new) == {"FINISHED"}
    assert bpy.context.scene.tracked_shot.shot_file == str(new)
    old, made = load_shot(shot), load_shot(new)
    assert made.footage.file == "../walls.avi"
    assert made.composite.mode == "shadow_multiply"
    for name in ("frame_range", "scene_start", "fps"):
        assert getattr(made.footage, name) == getattr(old.footage, name)
    assert made.composite.overrides == {"shadow": {"density": 0.5}}
    assert made.scene.light.direction == pytest.approx(old.scene.light.direction, abs=1e-5)
    assert (made.camera, made.render, made.tracking) == (old.camera, old.render, old.tracking)


def test_a_file_with_mistakes_stays_and_the_shot_is_written_beside(shot: Path) -> None:
    shot.write_text("shot: {footage: {fil: a.mp4}}")
    assert save(shot) == {"FINISHED"}
    assert shot.read_text() == "shot: {footage: {fil: a.mp4}}"
    assert load_shot(shot.with_name("shot.new.yaml")).footage.file == "walls.avi"


def test_mistakes_are_shown_and_the_scene_keeps_its_file(blender_file: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("shot: {footage: {file: gone.mp4}, cg: {blend: gone.blend}}")
    (tmp_path / "bad.yaml").write_text("shot:\n  footage: {fil: a.mp4}\n  trackin: {}\n")
    scene = bpy.context.scene
    assert bpy.ops.tracked_shot.open_shot_file(filepath=str(tmp_path / "good.yaml")) == {"FINISHED"}
    assert scene.tracked_shot.shot_file == str(tmp_path / "good.yaml")
    lines = bpy.data.texts["Shot File Errors"].as_string().splitlines()
    assert len(lines) == 2 and all("there is no such file" in line for line in lines)
    with pytest.raises(RuntimeError, match=r"bad.yaml:2:13: error: .*and 1 more"):
        bpy.ops.tracked_shot.open_shot_file(filepath=str(tmp_path / "bad.yaml"))
    assert scene.tracked_shot.shot_file == str(tmp_path / "good.yaml")
    assert "did you mean 'tracking'?" in bpy.data.texts["Shot File Errors"].as_string()


def test_without_a_clip_the_button_says_why(blender_file: ModuleType) -> None:
    assert not bpy.ops.tracked_shot.save_shot_file.poll()
    assert bpy.ops.tracked_shot.open_shot_file.poll()


def test_a_sequence_lies_on_its_own_numbers(blender_file: ModuleType, tmp_path: Path) -> None:
    for number in range(1001, 1011):
        cv2.imwrite(str(tmp_path / f"plate.{number}.png"), np.full((90, 160, 3), number % 100, np.uint8))
    text = (
        "shot:\n  footage: {file: plate.####.png, frame_range: [2, 9]}  # handles\n"
        "  tracking: {enabled: false}\n"
    )
    path = tmp_path / "shot.yaml"
    path.write_text(text)
    result = assemble_shot_with_tracking(load_shot(path))
    assert result.clip.frame_start == 1001
    assert (result.scene.frame_start, result.scene.frame_end) == (1002, 1009)
    assert save(path) == {"FINISHED"}
    assert path.read_text() == text
    result.clip.frame_start = 1
    assert save(path) == {"FINISHED"}
    assert path.read_text() == text.replace("9]}", "9], scene_start: 1}")


@pytest.fixture
def unbuilt(blender_file: ModuleType, solved: Path, tmp_path: Path) -> Path:
    """A shot file that the scene remembers, of footage that is tracked already."""
    path = tmp_path / "shot.yaml"
    path.write_text(SHOT.replace("walls.avi", (solved / "walls.avi").as_posix()))
    assert not bpy.ops.tracked_shot.assemble_shot.poll()
    bpy.ops.tracked_shot.open_shot_file(filepath=str(path))
    return path


def test_the_shot_is_built_from_the_sidebar(unbuilt: Path) -> None:
    scene = bpy.context.scene
    assert bpy.ops.tracked_shot.plan_shot() == {"FINISHED"}
    plan = bpy.data.texts["Shot File Dry Run"].as_string().splitlines()
    assert plan[0] == "footage: would run: was not built yet" and len(plan) == 9
    assert not bpy.data.movieclips
    assert bpy.ops.tracked_shot.assemble_shot() == {"FINISHED"}
    assert scene.camera.name == "Hero" and scene.render.resolution_percentage == 50
    unbuilt.write_text(unbuilt.read_text().replace("resolution_percentage: 50", "resolution_percentage: 25"))
    bpy.ops.tracked_shot.plan_shot()
    plan = bpy.data.texts["Shot File Dry Run"].as_string().splitlines()
    assert [line.split(":")[0] for line in plan if "would run" in line] == ["composite", "render_settings"]
    assert bpy.ops.tracked_shot.assemble_shot() == {"FINISHED"}
    assert scene.render.resolution_percentage == 25


def test_what_is_not_tracked_yet_is_tracked_first(unbuilt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    monkeypatch.setattr(watch, "begin", lambda clip, session: begun.append((clip.name, session.path)))
    text = unbuilt.read_text()
    unbuilt.write_text(text.replace("preset: fast", "preset: balanced"))
    assert bpy.ops.tracked_shot.assemble_shot() == {"FINISHED"}
    assert len(begun) == 1 and begun[0][0] == "walls.avi" and begun[0][1].is_file()
    assert bpy.context.scene.camera is None
    begun[0][1].unlink()
    unbuilt.write_text(text.replace("name: walls", "nam: walls"))
    with pytest.raises(RuntimeError, match="did you mean 'name'"):
        bpy.ops.tracked_shot.assemble_shot()


def test_a_shot_file_that_moved_with_the_blend_is_found(blender_file: ModuleType, tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    path = tmp_path / "here" / "shot.yaml"
    path.write_text("shot: {footage: {file: a.mp4}}")
    bpy.ops.tracked_shot.open_shot_file(filepath=str(path))
    scene = bpy.context.scene
    assert jobs.shot_path(scene) == path
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "there" / "shot.blend"))
    path.rename(tmp_path / "there" / "shot.yaml")
    assert jobs.shot_path(scene) == tmp_path / "there" / "shot.yaml"
