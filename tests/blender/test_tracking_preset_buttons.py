"""The buttons for the user's own tracking presets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import bpy
import cv2
import numpy as np
import pytest

from addon import preferences, preset_items
from addon.operators import presets
from addon.operators.presets import _SETTINGS
from addon.tracking.presets import TRACKING_KINDS, load_tracking_preset, set_user_folder

KIND = preset_items.TRACKING


@pytest.fixture
def clip(blender_file: ModuleType, tmp_path: Path) -> Iterator[bpy.types.MovieClip]:
    set_user_folder(tmp_path / "presets")
    preset_items.refresh()
    path = tmp_path / "gray.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"HFYU"), 24.0, (64, 36))
    writer.write(np.zeros((36, 64, 3), np.uint8))
    writer.release()
    clip = bpy.data.movieclips.load(str(path))
    bpy.context.scene.active_clip = clip
    yield clip
    set_user_folder(preferences.user_folder("presets"))
    preset_items.refresh()


def test_every_key_of_a_preset_is_in_the_dialog(clip: bpy.types.MovieClip) -> None:
    shown = set(bpy.ops.tracked_shot.add_tracking_preset.get_rna_type().properties.keys())
    assert set(TRACKING_KINDS) == set(_SETTINGS) <= shown
    for name in ("add", "edit"):
        kind = getattr(presets, f"TRACKED_SHOT_OT_{name}_tracking_preset")
        there = getattr(bpy.ops.tracked_shot, f"{name}_tracking_preset").get_rna_type().properties.keys()
        assert set(there) - {"rna_type", *_SETTINGS} == set(kind.heads), "all of it can be typed in"


def test_added_edited_renamed_and_deleted(clip: bpy.types.MovieClip, tmp_path: Path) -> None:
    memory = clip.tracked_shot
    memory.tracking_preset = "fast"
    for button in ("edit", "rename", "delete"):
        assert not getattr(bpy.ops.tracked_shot, f"{button}_tracking_preset").poll()
    done = bpy.ops.tracked_shot.add_tracking_preset(new_name="Night", density=321, correlation=0.7)
    assert done == {"FINISHED"} and memory.tracking_preset == "Night"
    made, fast = load_tracking_preset("Night"), load_tracking_preset("fast")
    assert (made.density, made.correlation, made.pattern) == (321, 0.7, fast.pattern)
    assert preset_items.is_own(KIND, "Night") and not preset_items.is_own(KIND, "fast")

    assert bpy.ops.tracked_shot.edit_tracking_preset(redetect=7, description="dark") == {"FINISHED"}
    assert (load_tracking_preset("Night").redetect, load_tracking_preset("Night").density) == (7, 321)
    assert preset_items.description(KIND, "Night") == "dark"
    assert bpy.ops.tracked_shot.edit_tracking_preset(redetect=8) == {"FINISHED"}
    assert preset_items.description(KIND, "Night") == "dark"

    file = tmp_path / "for you.yaml"
    assert bpy.ops.tracked_shot.export_tracking_preset(filepath=str(file)) == {"FINISHED"}
    assert bpy.ops.tracked_shot.import_tracking_preset(filepath=str(file)) == {"FINISHED"}
    assert memory.tracking_preset == "for you" and load_tracking_preset("for you").density == 321
    assert bpy.ops.tracked_shot.delete_tracking_preset() == {"FINISHED"}
    memory.tracking_preset = "Night"

    other = bpy.data.movieclips.load(clip.filepath)
    other = other if other != clip else clip.copy()
    other.tracked_shot.tracking_preset_name = "Night"
    assert bpy.ops.tracked_shot.rename_tracking_preset(new_name="Dark") == {"FINISHED"}
    assert memory.tracking_preset_name == other.tracked_shot.tracking_preset_name == "Dark"
    assert not preset_items.is_known(KIND, "Night")

    assert bpy.ops.tracked_shot.delete_tracking_preset() == {"FINISHED"}
    assert not list((tmp_path / "presets").rglob("*.yaml"))
    assert memory.tracking_preset_name == other.tracked_shot.tracking_preset_name == ""
    assert not bpy.ops.tracked_shot.delete_tracking_preset.poll()


def test_what_cannot_be_is_said_and_changes_nothing(clip: bpy.types.MovieClip, tmp_path: Path) -> None:
    memory = clip.tracked_shot
    for name, message in (("fast", "built-in"), ("", "cannot name"), ("a/b", "cannot name")):
        with pytest.raises(RuntimeError, match=message):
            bpy.ops.tracked_shot.add_tracking_preset(new_name=name)
    with pytest.raises(RuntimeError, match="pattern: must be odd"):
        bpy.ops.tracked_shot.add_tracking_preset(new_name="mine", pattern=20)
    assert memory.tracking_preset_name == "" and not list(tmp_path.rglob("*.yaml"))


def test_a_broken_preset_can_be_deleted_but_not_edited(clip: bpy.types.MovieClip, tmp_path: Path) -> None:
    file = tmp_path / "presets" / "tracking" / "typo.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("patern: 3\n")
    preset_items.refresh()
    clip.tracked_shot.tracking_preset = "typo"
    assert "did you mean 'pattern'" in preset_items.description(KIND, "typo")
    with pytest.raises(RuntimeError, match="unknown key"):
        bpy.ops.tracked_shot.edit_tracking_preset(redetect=7)
    assert file.read_text() == "patern: 3\n"
    assert bpy.ops.tracked_shot.delete_tracking_preset() == {"FINISHED"} and not file.exists()
