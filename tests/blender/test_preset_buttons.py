"""Presets of one's own, by the buttons of the Compositor's sidebar."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import bpy
import pytest

from addon import preset_items
from addon.composite_settings import composite_config, is_adjusted
from addon.properties import chosen_preset
from addon.tracking import presets
from addon.tracking.blender import composite
from addon.tracking.config import CompositeConfig
from tests.blender.test_composite import drawn_clip


@pytest.fixture
def own_folder(blender_file: ModuleType, tmp_path: Path) -> Iterator[Path]:
    """A user folder of our own for the test."""
    before = presets._user_folder
    presets.set_user_folder(tmp_path / "presets")
    preset_items.refresh()
    yield tmp_path / "presets"
    presets.set_user_folder(before)
    preset_items.refresh()


def memory() -> bpy.types.PropertyGroup:
    return bpy.context.scene.tracked_shot


def chosen() -> str:
    return chosen_preset(memory(), preset_items.COMPOSITE)


def test_what_is_set_is_applied_and_saved(own_folder: Path, tmp_path: Path) -> None:
    scene = bpy.context.scene
    scene.active_clip = drawn_clip(tmp_path / "plate")
    memory().composite_preset = "additive_glow"
    settings = memory().composite_settings
    assert (settings.over, settings.blend) == ("additive_glow", "add")
    settings.factor, settings.blend, settings.view = 0.25, "screen", "scene_referred"
    assert is_adjusted(settings)
    assert bpy.ops.tracked_shot.apply_composite() == {"FINISHED"}
    assert not is_adjusted(settings)
    applied = composite.composite_status(scene)
    assert applied.preset == "additive_glow"
    assert bpy.ops.tracked_shot.add_composite_preset(new_name="Hologram", description="Faint") == {"FINISHED"}
    assert chosen() == "Hologram"
    saved = presets.load_composite_preset("Hologram")
    assert (saved.blend, saved.factor, saved.view) == ("screen", 0.25, "scene_referred")
    assert saved.description == preset_items.description(preset_items.COMPOSITE, "Hologram") == "Faint"
    assert bpy.ops.tracked_shot.apply_composite() == {"FINISHED"}
    assert composite.composite_status(scene, saved).matches
    # Another preset puts its own values there.
    memory().composite_preset = "over_footage"
    assert (settings.blend, settings.factor, settings.view) == ("over", 1.0, "plate_exact")


def test_stabilising_is_set_and_taken_off(own_folder: Path) -> None:
    memory().composite_preset = "stabilized"
    settings = memory().composite_settings
    assert composite_config(settings, "stabilized") == presets.load_composite_preset("stabilized")
    settings.use_lock, settings.lock, settings.auto_scale = True, 7, False
    config = composite_config(settings, "stabilized").stabilization
    assert (config.enabled, config.lock, config.auto_scale) == (True, 7, False)
    settings.stabilize = False
    assert not composite_config(settings, "stabilized").stabilization.enabled
    assert composite_config(settings, "over_plate") == presets.load_composite_preset("over_plate")


def test_rename_share_and_delete(own_folder: Path, tmp_path: Path) -> None:
    assert not bpy.ops.tracked_shot.rename_composite_preset.poll()
    assert not bpy.ops.tracked_shot.delete_composite_preset.poll()
    assert bpy.ops.tracked_shot.add_composite_preset(new_name="mine") == {"FINISHED"}
    assert bpy.ops.tracked_shot.rename_composite_preset(new_name="ours") == {"FINISHED"}
    assert chosen() == "ours"
    file = tmp_path / "for you.yaml"
    assert bpy.ops.tracked_shot.export_composite_preset(filepath=str(file)) == {"FINISHED"}
    assert bpy.ops.tracked_shot.import_composite_preset(filepath=str(file)) == {"FINISHED"}
    assert chosen() == "for you"
    assert bpy.ops.tracked_shot.delete_composite_preset() == {"FINISHED"}
    assert not preset_items.is_known(preset_items.COMPOSITE, "for you")
    assert chosen() == "over_footage"


@pytest.mark.parametrize("name", ["over_footage", "../out", ""])
def test_names_that_cannot_be_are_said(own_folder: Path, name: str) -> None:
    with pytest.raises(RuntimeError, match="built-in|cannot name"):
        bpy.ops.tracked_shot.add_composite_preset(new_name=name)
    assert not own_folder.exists()


def test_a_broken_file_is_listed_and_stops_nothing(own_folder: Path) -> None:
    (own_folder / "composite").mkdir(parents=True)
    (own_folder / "composite" / "broken.yaml").write_text("blend: sideways\n")
    preset_items.refresh()
    assert "sideways" in preset_items.description(preset_items.COMPOSITE, "broken")
    memory().composite_preset = "broken"
    assert memory().composite_settings.over == ""
    with pytest.raises(RuntimeError, match="sideways"):
        bpy.ops.tracked_shot.apply_composite()
    assert bpy.ops.tracked_shot.delete_composite_preset() == {"FINISHED"}
    memory().composite_preset = "over_plate"
    assert memory().composite_settings.over == "over_plate"


@pytest.mark.parametrize("name", [info.name for info in presets.list_composite_presets()])
def test_what_is_shown_of_a_preset_is_the_preset(blender_file: ModuleType, name: str) -> None:
    memory().composite_preset = name
    assert (
        composite_config(memory().composite_settings, name).to_dict()
        == presets.load_composite_preset(name).to_dict()
    )


def test_background_lens_and_corner_pin_are_heeded(blender_file: ModuleType, tmp_path: Path) -> None:
    memory().composite_preset = "over_footage"
    settings = memory().composite_settings
    settings.background, settings.background_color = "color", (0.25, 0.5, 0.75)
    settings.workflow, settings.auto_overscan, settings.overscan = "undistort_plate", False, 0.125
    settings.pin_track, settings.pin_image = "Plane Track", str(tmp_path / "poster.png")
    assert is_adjusted(settings)
    config = composite_config(settings, "over_footage")
    assert config.background_source == "color" and config.background_color == (0.25, 0.5, 0.75, 1.0)
    assert (config.lens_distortion.workflow, config.lens_distortion.overscan) == ("undistort_plate", 0.125)
    assert config.corner_pin.plane_track == "Plane Track"
    assert config.corner_pin.image == str(tmp_path / "poster.png")


def test_how_a_map_counts_and_the_shutter_are_set_by_hand(blender_file: ModuleType, tmp_path: Path) -> None:
    memory().composite_preset = "with_distortion"
    settings = memory().composite_settings
    assert (settings.st_map_origin, settings.motion_blur) == ("found", "scene")
    settings.st_map = str(tmp_path / "map.exr")
    settings.st_map_origin, settings.st_map_centers, settings.st_map_values = "top_left", "corner", "offset"
    settings.pin_track, settings.pin_live = "Plane Track", True
    settings.motion_blur = "plate"
    config = composite_config(settings, "with_distortion")
    lens = config.lens_distortion
    assert (lens.use_st_map, lens.st_map_path) == (True, str(tmp_path / "map.exr"))
    assert (lens.st_map_origin, lens.st_map_centers, lens.st_map_values) == ("top_left", "corner", "offset")
    assert config.corner_pin.live and config.motion_blur is True
    assert CompositeConfig.from_dict(config.to_dict()) == config
    settings.motion_blur, settings.shutter = "shutter", 0.25
    assert composite_config(settings, "with_distortion").motion_blur == 0.25
    settings.st_map = ""
    assert not composite_config(settings, "with_distortion").lens_distortion.use_st_map
