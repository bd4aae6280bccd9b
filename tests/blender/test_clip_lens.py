"""Our lens against Blender's own: the clip's camera read, and its Movie Distortion node measured."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np
import pytest

from addon import cli
from addon.tracking import exr
from addon.tracking.blender.clip_lens import clip_lens, lens_properties, scene_clip, zoom_lenses
from addon.tracking.blender.owned import BEFORE
from addon.tracking.blender.remove import remember_before
from addon.tracking.engine.lens import PlateLens
from addon.tracking.errors import InputError
from addon.tracking.overscan import NO_OVERSCAN, find_overscan
from addon.tracking.stmap_in import read_stmap
from tests.blender.coordinates import clip_with_lens, composited, coordinate_image
from tests.conftest import empty_file
from tests.lenses import MODELS, random_lens

SIZE = (320, 180)
LENSES = {
    f"{model} {number}": random_lens(np.random.default_rng(20 + number), model, SIZE)
    for model, number in itertools.product(MODELS, range(4))
}


@pytest.fixture(autouse=True)
def fresh_file() -> None:
    empty_file()


def in_this_blender(lens: PlateLens) -> PlateLens:
    """Without Nuke's tangential terms where this Blender has none."""
    if lens.model == "NUKE" and "nuke_p1" not in bpy.types.MovieTrackingCamera.bl_rna.properties:
        return replace(lens, coefficients=lens.coefficients[:2])
    return lens


@pytest.mark.parametrize("name", LENSES)
def test_clip_s_lens_is_read_as_it_was_set(name: str, tmp_path: Path) -> None:
    lens = in_this_blender(LENSES[name])
    found = clip_lens(clip_with_lens(tmp_path, lens))
    assert (found.width, found.height, found.model) == (lens.width, lens.height, lens.model)
    points = np.random.default_rng(1).uniform(0, SIZE, (100, 2))
    np.testing.assert_allclose(found.distort(points), lens.distort(points), atol=2e-4)  # Blender's 32 bits


@pytest.mark.parametrize("direction", ["UNDISTORT", "DISTORT"])
@pytest.mark.parametrize("name", LENSES)
def test_blender_s_own_node_bends_as_we_do(name: str, direction: str, tmp_path: Path) -> None:
    """From 4.5 the node enlarges the picture on each side by what it needs there and centres the whole
    again: where sides differ the picture is shifted, by a multiple of half a pixel that is the lens's own.
    """
    clip = clip_with_lens(tmp_path, in_this_blender(LENSES[name]))
    lens = clip_lens(clip)
    if bpy.app.version >= (4, 4):
        # There the node takes every pixel for square, but the principal point's height as of square ones.
        right, up = lens.center
        lens = replace(lens, principal=(right, up / lens.pixel_aspect), pixel_aspect=1.0)

    def node(tree: bpy.types.NodeTree, source: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        node = tree.nodes.new("CompositorNodeMovieDistortion")
        node.clip = clip
        if "Type" in node.inputs:
            node.inputs["Type"].default_value = direction.title()
        else:
            node.distortion_type = direction
        tree.links.new(source, node.inputs["Image"])
        return node.outputs["Image"]

    seen = composited(tmp_path, coordinate_image(*SIZE), node, SIZE)
    inside = (seen[..., 2] > 1 - 1e-6) & (seen[..., 3] > 1 - 1e-6)
    assert inside.mean() > 0.6
    places = np.stack(np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5), -1)[inside]
    looked_up = seen[inside][:, :2]
    # "Undistort" gives the straight picture: it looks the plate up, as our distort does.
    there, back = (
        (lens.distort, lens.undistort) if direction == "UNDISTORT" else (lens.undistort, lens.distort)
    )
    shift = np.median(back(looked_up) - places, axis=0)
    if bpy.app.version < (4, 4):
        assert np.abs(shift).max() < 1e-3
    np.testing.assert_allclose(shift * 2, np.round(shift * 2), atol=0.01)
    away = np.hypot(*(there(places + np.round(shift * 2) / 2) - looked_up).T)
    assert away.max() < 0.01


def test_which_clip_is_the_scene_s(tmp_path: Path) -> None:
    scene = bpy.context.scene
    with pytest.raises(InputError, match="has no movie clip"):
        scene_clip(scene)
    one = clip_with_lens(tmp_path, PlateLens(64, 36, 50.0))
    assert scene_clip(scene) == one
    two = clip_with_lens(tmp_path, PlateLens(32, 18, 50.0))
    with pytest.raises(InputError, match="2 movie clips and none of them active"):
        scene_clip(scene)
    scene.active_clip = two
    assert scene_clip(scene) == two


def test_a_shot_remembers_all_of_a_clips_lens(tmp_path: Path) -> None:
    """Every coefficient that this Blender has; 5.1 brought Nuke's p1 and p2."""
    clip = clip_with_lens(tmp_path, PlateLens(320, 180, 300.0, "BROWN", (-0.1, 0.02), (150.0, 95.0)))
    camera = bpy.types.MovieTrackingCamera.bl_rna.properties
    terms = {item.identifier for item in camera if re.search(r"(^|_)[kp]\d$", item.identifier)}
    assert len(terms) >= 13 and terms < set(lens_properties(clip.tracking.camera))
    remember_before(bpy.context.scene, Path(bpy.path.abspath(clip.filepath)))
    kept = json.loads(bpy.context.scene[BEFORE])["clip"]
    assert {f"tracking.camera.{name}" for name in terms} < set(kept)
    assert kept["tracking.camera.brown_k1"] == pytest.approx(-0.1)


def test_maps_of_a_blend_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    lens = PlateLens(320, 180, 300.0, "BROWN", (-0.1, 0.02), (150.0, 95.0))
    bpy.context.scene.active_clip = clip_with_lens(tmp_path, lens)
    blend = tmp_path / "shot.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    call = ["stmap", str(blend), "--undistort", str(tmp_path / "u.exr"), "--distort", str(tmp_path / "d.exr")]
    assert cli.main(call) == 0
    assert "there and back 0.000" in capsys.readouterr().out
    assert exr.read_header(tmp_path / "d.exr").data_window == (0, 0, 319, 179)


@pytest.mark.usefixtures("registered_addon")
def test_the_button_writes_both_maps(tmp_path: Path) -> None:
    lens = PlateLens(320, 180, 300.0, "BROWN", (-0.1, 0.02), (150.0, 95.0))
    assert not bpy.ops.tracked_shot.write_stmaps.poll()
    bpy.context.scene.active_clip = clip_with_lens(tmp_path, lens)
    assert bpy.ops.tracked_shot.write_stmaps() == {"CANCELLED"}  # no file chosen
    bpy.ops.tracked_shot.write_stmaps(filepath=str(tmp_path / "shot.exr"))
    found = read_stmap(tmp_path / "shot_distort.exr", SIZE)
    assert found.kind == "distort" and found.source_overscan == find_overscan(lens)
    assert read_stmap(tmp_path / "shot_undistort.exr", SIZE).kind == "undistort"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.tracked_shot.write_stmaps(filepath="//beside.exr")
    assert (tmp_path / "beside_undistort.exr").is_file() and (tmp_path / "beside_distort.exr").is_file()
    # once more over a name that the dialog offers
    bpy.ops.tracked_shot.write_stmaps(filepath=str(tmp_path / "shot_distort.exr"), use_overscan=False)
    assert read_stmap(tmp_path / "shot_distort.exr", SIZE).source_overscan == NO_OVERSCAN
    assert not (tmp_path / "shot_distort_distort.exr").exists()
    bpy.context.scene.active_clip.tracking.camera.brown_k1 = -9.0
    with pytest.raises(RuntimeError, match="folds over"):
        bpy.ops.tracked_shot.write_stmaps(filepath=str(tmp_path / "shot.exr"))


def test_a_zooming_camera_gets_a_sequence(tmp_path: Path) -> None:
    scene = bpy.context.scene
    scene.active_clip = clip_with_lens(tmp_path, PlateLens(320, 180, 300.0, "POLYNOMIAL", (-0.1, 0.02)))
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    for frame, millimetres in ((2, 36.0), (4, 40.0)):
        scene.camera.data.lens = millimetres
        scene.camera.data.keyframe_insert("lens", frame=frame)
    scene.frame_start, scene.frame_end = 1, 6
    lenses = zoom_lenses(scene, scene.active_clip)
    assert [round(lens.focal_px, 2) for lens in lenses.values()][:2] == [320.0, 320.0]
    assert lenses[5].focal_px == pytest.approx(40 * 320 / 36) and 320 < lenses[3].focal_px < 355
    blend = tmp_path / "zoom.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    assert cli.main(["stmap", str(blend), "--distort", str(tmp_path / "d.exr")]) == 0
    assert sorted(path.name for path in tmp_path.glob("d*")) == ["d.0001.exr", "d.0003.exr", "d.0004.exr"]
