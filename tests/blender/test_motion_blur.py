"""The CG's motion blur: set to the plate's shutter, seen in the pixels, given back."""

from __future__ import annotations

from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

from addon.tracking.blender import composite
from addon.tracking.blender.clip import put_tracks
from addon.tracking.config import CompositeConfig
from addon.tracking.errors import InputError
from tests.blender.test_composite import add_camera, add_emitter, drawn_clip, prepared_scene, render_cg
from tests.blender.tree_dump import differences, dump_scene
from tests.conftest import empty_file
from tests.pure.test_shutter import SIZE, shaken


@pytest.fixture(autouse=True)
def fresh_file() -> None:
    empty_file()


def blur_of(scene: bpy.types.Scene) -> tuple[bool, float, str]:
    render = scene.render
    return render.use_motion_blur, render.motion_blur_shutter, render.motion_blur_position


@pytest.mark.parametrize("shutter", [0.25, 0.8])
def test_a_moving_thing_is_smeared_as_far_as_it_goes_in_the_shutter(shutter: float, tmp_path: Path) -> None:
    scene = prepared_scene(193, 109)
    scene.cycles.samples = 64
    clip = drawn_clip(tmp_path / "plate")
    add_camera(scene)
    add_emitter(scene, (1.0, 1.0, 1.0), 1.0, 0.0, 1.2)
    square = bpy.context.object
    for frame in (0, 4):
        square.location = (0.5 * (frame - 2), 0.0, 0.0)
        square.keyframe_insert("location", frame=frame)
    from addon.tracking.blender import versions

    for curve in versions.curves_of(square):
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"
    speed = 0.5 / (8.0 * scene.camera.data.sensor_width / scene.camera.data.lens) * 193
    composite.setup_shot_compositing(scene, clip, CompositeConfig(motion_blur=shutter))
    row = render_cg(scene, tmp_path / "cg.exr", 2)[54, :, 3]
    smear = shutter * speed
    # Its edges rise evenly over the smear, and it stays in its place.
    x = np.arange(193) + 0.5
    half = 0.5 * 1.2 / 0.5 * speed
    expected = np.clip((half - np.abs(x - 96.5)) / smear + 0.5, 0.0, 1.0)
    assert np.abs(row - expected).max() < 0.15
    assert abs(row.sum() - expected.sum()) < 0.5
    assert abs((row * x).sum() / row.sum() - 96.5) < 0.2


def test_what_was_set_is_told_and_given_back(tmp_path: Path) -> None:
    scene = prepared_scene(193, 109)
    clip = drawn_clip(tmp_path / "plate")
    scene.render.motion_blur_position = "START"
    before, was = dump_scene(scene), blur_of(scene)
    composite.setup_shot_compositing(scene, clip, CompositeConfig())
    assert blur_of(scene) == was, "left alone unless asked"
    composite.setup_shot_compositing(scene, clip, CompositeConfig(motion_blur=0.25))
    assert blur_of(scene) == (True, 0.25, "CENTER")
    status = composite.composite_status(scene)
    assert {"Motion Blur: on (was off)", "Shutter: 0.25 (was 0.5)"} <= set(status.settings)
    composite.setup_shot_compositing(scene, clip, CompositeConfig())
    assert blur_of(scene) == was
    composite.setup_shot_compositing(scene, clip, CompositeConfig(motion_blur=0.25))
    composite.remove_shot_compositing(scene)
    assert blur_of(scene) == was
    tree = dump_scene(scene)
    tree["tree"] = before["tree"]
    assert differences(before, tree) == []


def test_the_plate_s_own_shutter(tmp_path: Path) -> None:
    pictures, tracks = shaken(0.35)
    (tmp_path / "shaken").mkdir()
    for number, picture in enumerate(pictures, 1):
        cv2.imwrite(str(tmp_path / "shaken" / f"s_{number:04d}.png"), picture)
    clip = bpy.data.movieclips.load(str(tmp_path / "shaken" / "s_0001.png"))
    put_tracks(clip, tracks)
    scene = prepared_scene(*SIZE)
    composite.setup_shot_compositing(scene, clip, CompositeConfig(motion_blur=True))
    assert scene.render.use_motion_blur
    assert abs(scene.render.motion_blur_shutter - 0.35) < 0.06
    status = composite.composite_status(scene)
    assert status.warnings == ()
    assert any(line.startswith("Shutter of the plate, measured in") for line in status.settings)


def test_a_plate_that_does_not_tell(tmp_path: Path) -> None:
    scene = prepared_scene(193, 109)
    clip = drawn_clip(tmp_path / "plate")
    composite.setup_shot_compositing(scene, clip, CompositeConfig(motion_blur=True))
    assert scene.render.motion_blur_shutter == 0.5
    assert any("does not tell its shutter" in line for line in composite.composite_status(scene).warnings)
    with pytest.raises(InputError, match="shutter is measured in the footage"):
        config = CompositeConfig(background_source="color", motion_blur=True)
        composite.setup_shot_compositing(scene, clip, config)
