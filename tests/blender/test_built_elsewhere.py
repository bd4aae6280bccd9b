"""Composites that another Blender built and saved: here they say so, and one click makes them right."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

from addon.tracking import presets
from addon.tracking.blender import composite, versions
from tests.blender.test_composite import render, render_cg
from tests.conftest import empty_file

BUILT = Path(__file__).parent / "built"


@pytest.mark.parametrize("built_in", ["4.5", "5.2"])
def test_one_click_makes_it_right(built_in: str, tmp_path: Path) -> None:
    if built_in == "5.2" and versions.BLENDER < (4, 5):
        pytest.skip("Blender opens files of 5.x from 4.5 on")
    folder = shutil.copytree(BUILT, tmp_path / "built")
    bpy.ops.wm.open_mainfile(filepath=str(folder / f"{built_in}.blend"), load_ui=False)
    scene, clip = bpy.data.scenes[0], bpy.data.movieclips[0]
    config = presets.load_composite_preset("with_distortion")
    status = composite.composite_status(scene, config)
    if built_in == versions.BLENDER_NAME:
        assert status.applied and not status.edited
    else:
        assert not status.matches
        assert any("apply again" in line for line in status.warnings), status
    composite.setup_shot_compositing(scene, clip, config)
    status = composite.composite_status(scene, config)
    assert status.matches and status.warnings == ()
    plate = cv2.imread(str(folder / "plate_0001.png"))
    picture = render(scene, tmp_path / "out.png", 1)[..., :3]
    straight = render_cg(scene, tmp_path / "cg.exr", 1)
    changed = np.any(picture != plate, axis=2)
    # The CG's square is there, hardly bent, and the rest is the plate to the last bit.
    near = cv2.dilate((straight[..., 3] > 0).astype(np.uint8), np.ones((9, 9))) > 0
    assert not changed[~near].any()
    assert 0.7 < changed.sum() / (straight[..., 3] > 0.0).sum() < 1.4
    composite.remove_shot_compositing(scene)
    assert not composite.composite_status(scene).applied
    assert scene.camera.data.sensor_width == pytest.approx(clip.tracking.camera.sensor_width)
    empty_file()
