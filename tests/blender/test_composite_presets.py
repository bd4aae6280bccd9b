"""The presets, one by one, rendered and compared with their formulas on every pixel."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")  # read by cv2 when it is imported

import bpy
import cv2
import numpy as np
import pytest

from addon.tracking import presets
from addon.tracking.blender import composite, versions
from addon.tracking.blender.camera import set_camera_lens
from addon.tracking.blender.clip import put_tracks
from addon.tracking.blender.nodes import MARK
from addon.tracking.blender.scene import setup_shadow_catcher
from addon.tracking.config import CompositeConfig
from addon.tracking.engine.model import Tracks
from addon.tracking.errors import InputError
from tests.blender.pixels import bilinear, come_from, rendered
from tests.blender.test_composite import (
    add_camera,
    add_caught_shadow,
    add_emitter,
    add_flat_cg,
    prepared_scene,
    render,
    render_cg,
    to_linear,
)
from tests.blender.test_corner_pin import card, expected_pin
from tests.blender.tree_dump import differences, dump_scene
from tests.conftest import empty_file

SIZES = [(193, 109), (110, 193)]
FRAMES = 4
BLENDS = {
    "over_plate": "over",
    "over_footage": "over",
    "additive_glow": "add",
    "screen_blend": "screen",
    "shadow_multiply": "over",
    "stabilized": "over",
    "with_distortion": "over",
}


@pytest.fixture(autouse=True)
def fresh_file() -> None:
    empty_file()


def plates(size: tuple[int, int]) -> list[np.ndarray]:
    """Smooth frames of 8-bit values (height, width, 3), from the bottom, as RGB."""
    first = (255 * card(size, 7)[..., :3]).astype(np.uint8)
    return [np.roll(first, 3 * frame, axis=1) for frame in range(FRAMES)]


def tracked_plate(folder: Path, size: tuple[int, int]) -> bpy.types.MovieClip:
    """A clip of those frames with tracks that shake a little."""
    width, height = size
    folder.mkdir()
    for number, plate in enumerate(plates(size), 1):
        cv2.imwrite(str(folder / f"plate_{number:04d}.png"), plate[::-1, :, ::-1])
    clip = bpy.data.movieclips.load(str(folder / "plate_0001.png"))
    places = np.array([[0.2, 0.3], [0.8, 0.25], [0.5, 0.7]]) * size
    shake = np.array([[0.0, 0.0], [2.3, -1.1], [-1.6, 1.9], [0.7, -2.2]])
    xy = (places[:, None, :] * (1 + 0.01 * np.arange(FRAMES))[None, :, None] + shake[None]).reshape(-1, 2)
    put_tracks(
        clip,
        Tracks(
            width,
            height,
            FRAMES,
            np.repeat(np.arange(3, dtype=np.int32), FRAMES),
            np.tile(np.arange(1, FRAMES + 1, dtype=np.int32), 3),
            xy,
            ["a", "b", "c"],
        ),
    )
    return clip


def rgba(bgra: np.ndarray) -> np.ndarray:
    """A picture as tests/blender/pixels.py has them."""
    return cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA)[::-1].astype(np.float64)


def over(plate: np.ndarray, cg: np.ndarray, blend: str) -> np.ndarray:
    """Linear plate (h, w, 3) with the premultiplied CG (h, w, 4), opaque."""
    color, alpha = cg[..., :3], cg[..., 3:]
    whole = {
        "over": plate * (1 - alpha) + color,
        "add": plate + color,
        "screen": 1 - (1 - plate) * (1 - color),
    }[blend]
    return np.concatenate([whole, np.ones_like(alpha)], axis=2)


def shadow_pass(scene: bpy.types.Scene, folder: Path) -> np.ndarray:
    """The Shadow Catcher pass alone, through a tree of its own."""
    tree = versions.scene_tree(scene)
    layers = next(node for node in tree.nodes if node.bl_idname == "CompositorNodeRLayers")
    end = versions.picture_inputs(tree)[0]
    before = end.links[0].from_socket
    light = next(output for output in layers.outputs if output.name == versions.SHADOW_CATCHER_OUTPUT)
    tree.links.new(light, end)
    picture = rendered(scene, folder / "light.exr")
    tree.links.new(before, end)
    return picture.astype(np.float64)


SHAPES = {
    "odd": ((193, 109), 100, 1.0),
    "portrait": ((110, 193), 100, 1.0),
    "anamorphic": ((121, 109), 100, 1.5),
    "half": ((386, 218), 50, 1.0),
}
"""Size of the clip, render percentage and pixel aspect."""
K1 = -0.2


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", BLENDS)
def test_each_preset_is_its_formula(name: str, shape: str, tmp_path: Path) -> None:
    size, percentage, aspect = SHAPES[shape]
    scene = prepared_scene(*size)
    scene.render.resolution_percentage, scene.render.pixel_aspect_x = percentage, aspect
    clip = tracked_plate(tmp_path / "clip", size)
    clip.tracking.camera.pixel_aspect = aspect
    (add_caught_shadow if name in ("over_footage", "shadow_multiply") else add_flat_cg)(scene)
    if name == "with_distortion":
        clip.tracking.camera.k1, clip.tracking.camera.focal_length = K1, 45.0
        set_camera_lens(scene.camera.data, clip)
    config = presets.load_composite_preset(name)
    composite.setup_shot_compositing(scene, clip, config)
    status = composite.composite_status(scene, config)
    assert status.matches
    assert [line for line in status.warnings if "is scaled to the render" not in line] == []
    for frame in (2, 4) if shape == "odd" else (4,):
        cg = rgba(render_cg(scene, tmp_path / "cg.exr", frame))
        assert (cg[..., 3] > 0).any()
        plate = to_linear(plates(size)[frame - 1])
        if percentage != 100:
            scaled = np.concatenate([plate, np.ones((*plate.shape[:2], 1))], axis=2)
            there = np.diag([size[0] / cg.shape[1], size[1] / cg.shape[0], 1.0])
            plate = bilinear(scaled, there, (cg.shape[1], cg.shape[0]))[..., :3]
        scene.frame_set(frame)
        if name == "shadow_multiply":
            plate = plate * shadow_pass(scene, tmp_path)[..., :3]
        if name == "with_distortion":
            straight, cg = cg, seen_through(cg, straight_places(scene, clip, (cg.shape[1], cg.shape[0])))
            assert np.abs(straight - cg).max() > 0.1, "the lens bends nothing"
        expected = over(plate, cg, BLENDS[name])
        if name == "stabilized":
            motion = composite.shot_motion(scene, clip, config)
            inside = np.diag([cg.shape[1] / size[0], cg.shape[0] / size[1], 1.0])
            back = inside @ np.linalg.inv(motion.matrices()[frame - 1]) @ np.linalg.inv(inside)
            expected = bilinear(expected, back)
            assert np.abs(motion.shift).max() > 0.5
        got = rendered(scene, tmp_path / "out.exr")
        assert np.abs(got - expected).max() <= 1.0 / 255.0


def straight_places(
    scene: bpy.types.Scene, clip: bpy.types.MovieClip, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Where each pixel of the plate looks in the render, in its pixels, from the polynomial model alone.

    Slopes before the lens by a fixed-point iteration; from them to the render by the camera as it is now.
    """
    tracking, camera = clip.tracking.camera, scene.camera.data
    width, height = size
    share = width / clip.size[0]
    focal = tracking.focal_length_pixels * share
    across = (np.arange(width) + 0.5 - width / 2)[None, :] / focal
    # The pixel aspect is the width of a pixel over its height: rows are closer than columns.
    up = (np.arange(height) + 0.5 - height / 2)[:, None] / (focal * tracking.pixel_aspect)
    bent_x, bent_y = np.broadcast_arrays(across, up)
    x, y = bent_x, bent_y
    for _ in range(60):
        factor = 1 + tracking.k1 * (x * x + y * y)
        x, y = bent_x / factor, bent_y / factor
    assert camera.sensor_fit == "HORIZONTAL"
    side = width
    per_slope = camera.lens / camera.sensor_width * side
    return (
        x * per_slope + width / 2 - camera.shift_x * side,
        y * per_slope * scene.render.pixel_aspect_x
        + height / 2
        - camera.shift_y * side * scene.render.pixel_aspect_x,
    )


def seen_through(picture: np.ndarray, places: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """A picture looked up bilinearly at places in its pixels; outside there is nothing."""
    u, v = places[0] - 0.5, places[1] - 0.5
    padded = np.pad(picture, ((2, 3), (2, 3), (0, 0)))
    left = np.clip(np.floor(u).astype(int), -2, picture.shape[1])
    low = np.clip(np.floor(v).astype(int), -2, picture.shape[0])
    part_x, part_y = (u - left)[..., None], (v - low)[..., None]
    left, low = left + 2, low + 2
    lower = padded[low, left] * (1 - part_x) + padded[low, left + 1] * part_x
    upper = padded[low + 1, left] * (1 - part_x) + padded[low + 1, left + 1] * part_x
    return lower * (1 - part_y) + upper * part_y


@pytest.mark.parametrize("name", BLENDS)
def test_nothing_of_ours_is_left(name: str, tmp_path: Path) -> None:
    size = SIZES[0]
    scene = prepared_scene(*size)
    clip = tracked_plate(tmp_path / "clip", size)
    picture = tmp_path / "poster.png"
    cv2.imwrite(str(picture), np.full((20, 30, 3), 99, np.uint8))
    versions.hang_scene_tree(scene)
    before = dump_scene(scene), len(bpy.data.actions), len(bpy.data.textures)
    config = presets.load_composite_preset(name)
    config.corner_pin.image = str(picture)
    config.corner_pin.corners = ((10.0, 10.0), (100.0, 12.0), (98.0, 80.0), (12.0, 77.0))
    composite.setup_shot_compositing(scene, clip, config)
    composite.setup_shot_compositing(scene, clip, presets.load_composite_preset("over_plate"))
    parts = [group for group in bpy.data.node_groups if group.get(MARK) == "part"]
    assert not parts  # another preset takes its parts along
    composite.setup_shot_compositing(scene, clip, config)
    composite.remove_shot_compositing(scene)
    assert differences(before, (dump_scene(scene), len(bpy.data.actions), len(bpy.data.textures))) == []


def test_a_preset_without_a_shadow_hides_our_catcher_and_no_other(tmp_path: Path) -> None:
    scene = prepared_scene(*SIZES[0])
    clip = tracked_plate(tmp_path / "clip", SIZES[0])
    add_caught_shadow(scene)
    theirs = next(item for item in scene.objects if item.is_shadow_catcher)
    ours = setup_shadow_catcher(scene, size=8.0, light=False)
    for name in ("over_footage", "over_plate", "shadow_multiply", "additive_glow"):
        config = presets.load_composite_preset(name)
        composite.setup_shot_compositing(scene, clip, config)
        assert ours.hide_render != config.shadow_catcher, name
        assert not theirs.hide_render
    assert "Shadow Catcher Hidden: on (was off)" in composite.composite_status(scene).settings
    composite.remove_shot_compositing(scene)
    assert not ours.hide_render


@pytest.mark.parametrize("percentage", [50, 33])
@pytest.mark.parametrize("size", [(386, 218), (387, 219)])
def test_the_plate_at_another_size_stays_in_its_place(
    size: tuple[int, int], percentage: int, tmp_path: Path
) -> None:
    """The Scale node would move it by up to half a pixel, in one Blender or another."""
    folder = tmp_path / "places"
    folder.mkdir()
    cv2.imwrite(
        str(folder / "p_0001.exr"), cv2.cvtColor(come_from(size)[::-1].astype("f4"), cv2.COLOR_RGBA2BGRA)
    )
    clip = bpy.data.movieclips.load(str(folder / "p_0001.exr"))
    clip.colorspace_settings.name = "Non-Color"
    scene = prepared_scene(*size)
    add_camera(scene)
    scene.render.resolution_percentage = percentage
    composite.setup_shot_compositing(scene, clip, CompositeConfig())
    scene.frame_set(1)
    got = rendered(scene, tmp_path / "out.exr")
    height, width = got.shape[:2]
    assert (width, height) == composite.render_size(scene)
    expected = bilinear(come_from(size), np.diag([size[0] / width, size[1] / height, 1.0]), (width, height))
    assert np.abs(got - expected).max() < 0.02
    scene.render.resolution_percentage = 100
    assert any("apply again" in line for line in composite.composite_status(scene).warnings)
    composite.setup_shot_compositing(scene, clip, CompositeConfig())
    np.testing.assert_array_equal(rendered(scene, tmp_path / "out.exr"), come_from(size).astype("f4"))


def test_a_plate_of_another_shape_is_shown_whole(tmp_path: Path) -> None:
    size = (193, 109)
    clip = tracked_plate(tmp_path / "clip", size)
    scene = prepared_scene(200, 300)
    add_camera(scene)
    composite.setup_shot_compositing(scene, clip, CompositeConfig(view="scene_referred"))
    scene.frame_set(1)
    got = rendered(scene, tmp_path / "out.exr")
    plate = np.concatenate([to_linear(plates(size)[0]), np.ones((109, 193, 1))], axis=2)
    share = 200 / 193
    back = np.array([[1 / share, 0, 0], [0, 1 / share, 54.5 - 150 / share], [0, 0, 1]])
    expected = bilinear(plate, back, (200, 300))
    assert np.abs(got - expected).max() <= 1.0 / 255.0


def test_a_picture_pinned_into_the_plate_lies_under_the_cg(tmp_path: Path) -> None:
    size = (193, 109)
    scene = prepared_scene(*size)
    clip = tracked_plate(tmp_path / "clip", size)
    add_flat_cg(scene)
    path = tmp_path / "poster.png"
    poster = (255 * card((61, 47), 9)[..., :3]).astype(np.uint8)
    cv2.imwrite(str(path), poster[::-1, :, ::-1])
    corners = ((20.3, 15.2), (170.7, 10.1), (160.2, 95.6), (31.1, 88.8))
    config = CompositeConfig.from_dict({"corner_pin": {"image": str(path), "corners": corners}})
    composite.setup_shot_compositing(scene, clip, config)
    cg = rgba(render_cg(scene, tmp_path / "cg.exr", 1))
    front = np.concatenate([to_linear(poster), np.ones((47, 61, 1))], axis=2)
    pinned = expected_pin(front, np.array(corners), size)
    plate = to_linear(plates(size)[0]) * (1 - pinned[..., 3:]) + pinned[..., :3]
    got = rendered(scene, tmp_path / "out.exr")
    assert np.abs(got - over(plate, cg, "over")).max() <= 1.0 / 255.0
    config.corner_pin.corners = tuple(corners[number] for number in (0, 2, 1, 3))
    before = dump_scene(scene)
    with pytest.raises(InputError, match="cross"):
        composite.setup_shot_compositing(scene, clip, config)
    assert differences(before, dump_scene(scene)) == []


def test_scene_referred_leaves_view_and_light_alone(tmp_path: Path) -> None:
    size = (193, 109)
    scene = prepared_scene(*size)
    add_camera(scene)
    clip = tracked_plate(tmp_path / "clip", size)
    scene.view_settings.view_transform = "AgX"
    config = CompositeConfig(view="scene_referred")
    composite.setup_shot_compositing(scene, clip, config)
    assert scene.view_settings.view_transform == "AgX"
    status = composite.composite_status(scene, config)
    assert any("AgX" in line and "EXR" in line for line in status.warnings)
    scene.frame_set(1)
    got = rendered(scene, tmp_path / "out.exr")
    assert np.abs(got[..., :3] - to_linear(plates(size)[0])).max() < 1e-4
    composite.setup_shot_compositing(scene, clip, CompositeConfig())
    assert scene.view_settings.view_transform == "Standard"


@pytest.mark.parametrize("view", ["AgX", "Filmic"])
def test_the_plate_comes_out_as_filmed_under_the_cg_s_own_view(view: str, tmp_path: Path) -> None:
    """8-bit output equals the plate to one step; the CG goes through the view as it does alone."""
    size = (193, 109)
    scene = prepared_scene(*size)
    add_flat_cg(scene)
    folder = tmp_path / "clip"
    folder.mkdir()
    # No fully saturated colours: AgX has none to give back.
    plate = (20 + 190 * card(size, 7)[..., :1] + 25 * card(size, 9)[..., :3]).astype(np.uint8)
    cv2.imwrite(str(folder / "plate_0001.png"), plate[::-1, :, ::-1])
    clip = bpy.data.movieclips.load(str(folder / "plate_0001.png"))
    scene.view_settings.view_transform = view
    scene.view_settings.exposure = 0.5
    config = CompositeConfig(view="view_matched")
    composite.setup_shot_compositing(scene, clip, CompositeConfig())  # which sets Standard
    composite.setup_shot_compositing(scene, clip, config)
    assert composite.composite_status(scene, config).matches
    assert scene.view_settings.view_transform == view and scene.view_settings.exposure == 0.0
    cg = render_cg(scene, tmp_path / "cg.exr", 1)
    picture = render(scene, tmp_path / "with.png", 1)
    free, solid = cg[..., 3] == 0.0, cg[..., 3] == 1.0
    apart = np.abs(picture[..., :3].astype(int) - plate[::-1, :, ::-1].astype(int))[free]
    assert apart.max() <= 1
    scene.render.use_compositing = False
    alone = render(scene, tmp_path / "alone.png", 1)
    scene.render.use_compositing = True
    assert np.abs(picture.astype(int) - alone.astype(int))[solid].max() <= 1
    scene.view_settings.view_transform = "Standard"
    assert any("apply again" in line for line in composite.composite_status(scene).warnings)
    with pytest.raises(InputError, match="Standard cannot be undone"):
        composite.setup_shot_compositing(scene, clip, config)
    scene.view_settings.view_transform = view
    composite.remove_shot_compositing(scene)
    assert scene.view_settings.exposure == 0.5


def test_stabilising_needs_tracks(tmp_path: Path) -> None:
    size = (193, 109)
    scene = prepared_scene(*size)
    tracked_plate(tmp_path / "clip", size)
    bare = bpy.data.movieclips.load(str(tmp_path / "clip" / "plate_0002.png"))
    before = dump_scene(scene)
    with pytest.raises(InputError, match="no tracks to stabilise by"):
        composite.setup_shot_compositing(scene, bare, presets.load_composite_preset("stabilized"))
    assert differences(before, dump_scene(scene)) == []


def test_moved_tracks_are_taken_up_and_hand_made_keys_are_noticed(tmp_path: Path) -> None:
    size = (193, 109)
    scene = prepared_scene(*size)
    clip = tracked_plate(tmp_path / "clip", size)
    config = presets.load_composite_preset("stabilized")
    group = composite.setup_shot_compositing(scene, clip, config)
    for frame in (1, 3):
        scene.frame_set(frame)
        assert not composite.composite_status(scene, config).edited  # keys move values, nobody's hand did

    def keyed() -> list[bpy.types.FCurve]:
        part = next(node.node_tree for node in group.nodes if getattr(node, "node_tree", None))
        return versions.curves_of(part)

    was = [point.co[1] for point in keyed()[0].keyframe_points]
    clip.tracking.tracks[0].markers[1].co[0] += 0.05
    composite.setup_shot_compositing(scene, clip, config)
    assert [point.co[1] for point in keyed()[0].keyframe_points] != was
    keyed()[0].keyframe_points[1].co[1] += 0.1
    assert composite.composite_status(scene, config).edited
    composite.setup_shot_compositing(scene, clip, config)
    assert not composite.composite_status(scene, config).edited
    copy = bpy.data.node_groups[f"{group.name} (edited)"]
    kept = next(node.node_tree for node in copy.nodes if getattr(node, "node_tree", None))
    assert versions.curves_of(kept)[0].keyframe_points[1].co[1] != keyed()[0].keyframe_points[1].co[1]


def test_the_cg_gets_the_grain_of_the_plate_and_the_plate_none(tmp_path: Path) -> None:
    size, sigma = (193, 109), 6.0
    folder = tmp_path / "grainy"
    folder.mkdir()
    random = np.random.default_rng(3)
    frames = []
    for frame in (1, 2):
        picture = np.clip(np.round(128 + random.normal(0, sigma, (109, 193, 3))), 0, 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"g_{frame:04d}.png"), picture)
        frames.append(picture)
    clip = bpy.data.movieclips.load(str(folder / "g_0001.png"))
    scene = prepared_scene(*size)
    add_camera(scene)
    add_emitter(scene, (0.18, 0.3, 0.09), 1.0, 0.0, 1.6)
    composite.setup_shot_compositing(scene, clip, CompositeConfig(grain=True))
    assert composite.composite_status(scene).warnings == ()
    cg = render_cg(scene, tmp_path / "cg.exr", 1)
    solid, free = cg[..., 3] == 1.0, cg[..., 3] == 0.0
    pictures = [render(scene, tmp_path / "out.png", frame)[..., :3] for frame in (1, 2, 1)]
    for picture, plate in zip(pictures, frames):
        np.testing.assert_array_equal(picture[free], plate[free])
        grain = picture[solid].astype(float)
        np.testing.assert_allclose(grain.std(axis=0), sigma, rtol=0.15)
        light = to_linear(grain)
        apart = np.abs(light.mean(axis=0) - cg[..., :3][solid].mean(axis=0))
        assert (apart < 4.0 * light.std(axis=0) / np.sqrt(len(light))).all()  # no light comes or goes
        channels = np.corrcoef(grain.T)
        assert np.abs(channels - np.eye(3)).max() < 0.1
    apart = (pictures[0] - pictures[1].astype(float))[solid]
    assert apart.std() > sigma  # another pattern in every frame
    np.testing.assert_array_equal(pictures[0], pictures[2])  # and the same one again
    composite.remove_shot_compositing(scene)
    assert not [group for group in bpy.data.node_groups if MARK in group]


def test_grain_needs_footage(tmp_path: Path) -> None:
    scene = prepared_scene(193, 109)
    with pytest.raises(InputError, match="grain is measured in the footage"):
        composite.setup_shot_compositing(scene, None, CompositeConfig(background_source="color", grain=True))
