"""Pictures through ST-maps in the compositor, and the camera that is widened for them."""

from __future__ import annotations

from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

from addon.tracking import exr
from addon.tracking.blender import lens_nodes, versions
from addon.tracking.blender.clip_lens import clip_lens, zoom_lenses
from addon.tracking.blender.lens_nodes import apply_stmap_distortion, map_group, plan_lens
from addon.tracking.blender.nodes import Builder
from addon.tracking.config import LensDistortionConfig
from addon.tracking.engine.lens import PlateLens
from addon.tracking.errors import InputError
from addon.tracking.overscan import find_overscan, frame_of, widened_frame
from addon.tracking.stmap import DISTORT, UNDISTORT, StMap, bands
from tests.blender.coordinates import clip_with_lens, composited, coordinate_image, float_image
from tests.blender.tree_dump import differences, dump_tree
from tests.conftest import empty_file

SIZE = (320, 180)
LENS = PlateLens(*SIZE, 300.0, "BROWN", (-0.2, 0.08, 0.05, -0.02, 0.004, -0.003), (150.0, 97.0))
DISTORT_CG = LensDistortionConfig(workflow="distort_cg")


@pytest.fixture(autouse=True)
def fresh_file() -> None:
    empty_file()


def values(lens: PlateLens, kind: str, frame: object) -> np.ndarray:
    return np.concatenate([band for _, band in bands(StMap(lens, kind, frame))], axis=1)


def through(
    folder: Path, image: bpy.types.Image, map_: np.ndarray, source_size: tuple[int, int]
) -> np.ndarray:
    group = map_group("map", map_, source_size)

    def node(tree: bpy.types.NodeTree, source: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        node = tree.nodes.new("CompositorNodeGroup")
        node.node_tree = group
        tree.links.new(source, node.inputs["Image"])
        return node.outputs["Image"]

    return composited(folder, image, node, (map_.shape[2], map_.shape[1]))


def noise(width: int, height: int) -> np.ndarray:
    """(height, width, 4) premultiplied noise, clear in places."""
    picture = np.random.default_rng(2).random((height, width, 4))
    picture[: height // 3, : width // 3] = 0
    return picture


@pytest.mark.parametrize("kind", [DISTORT, UNDISTORT])
def test_places_are_looked_up_to_a_hundredth_of_a_pixel(kind: str, tmp_path: Path) -> None:
    frame = widened_frame(LENS)
    map_ = values(LENS, kind, frame)
    seen = through(tmp_path, coordinate_image(*SIZE), map_, SIZE)
    expected = np.moveaxis(map_[:2, ::-1].astype(float), 0, -1) * SIZE
    inside = np.all((expected >= 0.5 - 2e-5) & (expected <= np.array(SIZE) - 0.5 + 2e-5), axis=-1)
    away = np.abs(seen[..., :2] - expected)[inside]
    assert away.max() < 0.01
    assert inside.all() or kind == UNDISTORT
    assert np.all(seen[inside][:, 2:] > 1 - 2e-3), "no pixel is empty"


def test_sampling_is_bilinear_in_colour_and_alpha(tmp_path: Path) -> None:
    map_ = values(LENS, DISTORT, widened_frame(LENS))
    picture = noise(*SIZE)
    seen = through(tmp_path, float_image(picture, "noise"), map_, SIZE)
    place = np.moveaxis(map_[:2, ::-1].astype(float), 0, -1) * SIZE - 0.5
    low = np.clip(np.floor(place), 0, np.array(SIZE) - 2).astype(int)
    part = place - low
    expected = np.zeros_like(picture)
    for x in (0, 1):
        for y in (0, 1):
            weight = np.abs(1 - x - part[..., 0]) * np.abs(1 - y - part[..., 1])
            expected += weight[..., None] * picture[low[..., 1] + y, low[..., 0] + x]
    # 5.0 samples as graphics cards do, whose weights have 8 bits.
    assert np.abs(seen - expected).max() < 0.012
    assert np.abs(seen - expected).mean() < 0.002


def test_an_identity_map_returns_the_picture(tmp_path: Path) -> None:
    lens = PlateLens(*SIZE, 300.0)
    picture = noise(*SIZE).astype(np.float32)
    seen = through(tmp_path, float_image(picture, "noise"), values(lens, DISTORT, frame_of(lens)), SIZE)
    assert np.abs(seen - picture).max() < (1e-5 if bpy.app.version >= (5, 0) else 1e-7)


def test_a_camera_widened_and_bent_back_sees_what_the_plate_does(tmp_path: Path) -> None:
    """Points of the world, where the plate has them, and where the widened camera and the map put them."""
    clip = clip_with_lens(tmp_path, LENS)
    lens = clip_lens(clip)
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    for fit in ("HORIZONTAL", "AUTO", "VERTICAL"):
        camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        scene.collection.objects.link(camera)
        scene.camera = camera
        data = camera.data
        data.sensor_fit = fit
        if fit == "VERTICAL":
            data.sensor_height = 36.0 * SIZE[1] / SIZE[0]
        data.lens = lens.focal_px * 36.0 / SIZE[0]
        side = SIZE[1] if fit == "VERTICAL" else SIZE[0]
        data.shift_x = (0.5 * SIZE[0] - lens.center[0]) / side
        data.shift_y = (0.5 * SIZE[1] - lens.center[1]) / side
        before = [getattr(data, name) for name in lens_nodes._SENSOR]
        plan = plan_lens(clip, DISTORT_CG, SIZE)
        assert plan.workflow == "distort_cg" and plan.frame.pitch > 1.01
        assert lens_nodes.widen_camera(scene, plan) == []
        assert lens_nodes.lens_notes(scene, SIZE) == []
        bpy.context.view_layer.update()
        matrix = np.array(
            camera.calc_matrix_camera(bpy.context.evaluated_depsgraph_get(), x=SIZE[0], y=SIZE[1])
        )
        slopes = np.random.default_rng(3).uniform([-0.4, -0.25], [0.4, 0.25], (50, 2))
        seen = np.column_stack([slopes, -np.ones(50), np.ones(50)]) @ matrix.T
        widened = 0.5 + 0.5 * seen[:, :2] / seen[:, 3:]  # in parts of the rendered frame
        frame = plan.frame
        straight = np.array([frame.left, frame.bottom]) + widened * frame.pitch * np.array(SIZE)
        np.testing.assert_allclose(straight, lens.to_pixels(slopes), atol=2e-3)
        lens_nodes.restore_camera(scene)
        assert [getattr(data, name) for name in lens_nodes._SENSOR] == before


def test_what_changes_later_is_noticed(tmp_path: Path) -> None:
    clip = clip_with_lens(tmp_path, LENS)
    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    assert lens_nodes.lens_notes(scene, SIZE) == []
    lens_nodes.widen_camera(scene, plan_lens(clip, DISTORT_CG, SIZE))
    assert lens_nodes.lens_notes(scene, SIZE) == []
    assert "render is 160x90 now" in lens_nodes.lens_notes(scene, (160, 90))[0]
    clip.tracking.camera.brown_k1 += 0.01
    assert "lens of" in lens_nodes.lens_notes(scene, SIZE)[0]
    clip.tracking.camera.brown_k1 = LENS.coefficients[0]
    scene.camera.data.shift_x += 0.1
    assert "was changed since it was widened" in lens_nodes.lens_notes(scene, SIZE)[0]
    shift, width = scene.camera.data.shift_x, scene.camera.data.sensor_width
    lens_nodes.restore_camera(scene)
    assert scene.camera.data.shift_x == shift, "what the user set stays"
    assert scene.camera.data.sensor_width < width
    assert lens_nodes.lens_notes(scene, SIZE) == []


def zooming(clip: bpy.types.MovieClip, fit_lens: float = 30.0, last: float = 80.0) -> bpy.types.Scene:
    """The scene with a camera that zooms over frames 1 to 9."""
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 9
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    for frame, focal in ((1, fit_lens), (9, last)):
        scene.camera.data.lens = focal
        scene.camera.data.keyframe_insert("lens", frame=frame)
    return scene


def test_a_zoom_is_followed_frame_by_frame(tmp_path: Path) -> None:
    """What the nodes look up in each frame is what that frame's lens says, to a hundredth of a pixel."""
    clip = clip_with_lens(tmp_path, LENS)
    scene = zooming(clip)
    lenses = zoom_lenses(scene, clip)
    plan = plan_lens(clip, DISTORT_CG, SIZE, lenses)
    assert plan.zoom is not None and plan.zoom.error_px < 0.01
    assert lens_nodes.widen_camera(scene, plan) == []
    assert lens_nodes.lens_notes(scene, SIZE) == []

    def build(tree: bpy.types.NodeTree, source: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        return lens_nodes.bend(Builder(tree, "Lens"), source, plan, DISTORT, role="cg")

    frame = plan.frame
    x, y = np.meshgrid(np.arange(SIZE[0]) + 0.5, np.arange(SIZE[1]) + 0.5)
    for number in (1, 4, 9):
        scene.frame_set(number)
        seen = composited(tmp_path, coordinate_image(*SIZE), build, SIZE)
        straight = lenses[number].undistort(np.stack([x, y], -1).reshape(-1, 2)).reshape(SIZE[1], SIZE[0], 2)
        expected = (straight - [frame.left, frame.bottom]) / frame.pitch
        assert (seen[..., 3] > 0.999).all(), "no pixel is empty at any focal length"
        assert np.abs(seen[..., :2] - expected).max() < 0.01
    scene.camera.data.lens = 50.0
    scene.camera.data.keyframe_insert("lens", frame=5)
    assert "zoom has changed" in lens_nodes.lens_notes(scene, SIZE)[0]


def test_data_is_taken_whole(tmp_path: Path) -> None:
    """Every value that comes out is one that went in, from the pixel that the lens names."""
    clip = clip_with_lens(tmp_path, LENS)
    plan = plan_lens(clip, DISTORT_CG, SIZE)
    picture = np.random.default_rng(2).random((SIZE[1], SIZE[0], 4)).astype(np.float32) * 1000

    def build(tree: bpy.types.NodeTree, source: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        return lens_nodes.bend(Builder(tree, "Lens"), source, plan, DISTORT, role="depth", whole=True)

    picture[..., 3] = 1.0
    seen = composited(tmp_path, float_image(picture, "data"), build, SIZE)
    u, v = plan.values(DISTORT)[:2, ::-1].astype(float)
    column, row = np.floor(u * SIZE[0]).astype(int), np.floor(v * SIZE[1]).astype(int)
    near = np.minimum(
        np.abs(u * SIZE[0] - np.round(u * SIZE[0])), np.abs(v * SIZE[1] - np.round(v * SIZE[1]))
    )
    sure = near > 1e-3  # nearer to an edge than 32 bits tell apart it may be either pixel
    assert sure.mean() > 0.99
    np.testing.assert_array_equal(seen[sure][:, :3], picture[row, column][sure][:, :3])


def test_plans_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs a movie clip"):
        plan_lens(None, DISTORT_CG, SIZE)
    clip = clip_with_lens(tmp_path, LENS)
    with pytest.raises(InputError, match="of another shape than the clip"):
        plan_lens(clip, DISTORT_CG, (320, 200))
    clip.tracking.camera.brown_k1 = -3.0
    with pytest.raises(InputError, match="folds over"):
        plan_lens(clip, DISTORT_CG, SIZE)
    for name in ("k1", "k2", "k3", "k4", "p1", "p2"):
        setattr(clip.tracking.camera, f"brown_{name}", 0.0)
    plan = plan_lens(clip, DISTORT_CG, SIZE)
    assert plan.workflow == "none" and "no distortion" in plan.notes[0]


@pytest.mark.parametrize("name", ["ours", "foreign"])
def test_a_map_from_a_file_plans_as_the_lens_does(name: str, tmp_path: Path) -> None:
    from addon.tracking.stmap_out import write_stmaps

    clip = clip_with_lens(tmp_path, LENS)
    lens = clip_lens(clip)
    path = tmp_path / "d.exr"
    if name == "ours":
        write_stmaps(lens, tmp_path / "u.exr", path, overscan=find_overscan(lens))
    else:
        map_ = values(lens, DISTORT, frame_of(lens))
        map_[1] = 1 - map_[1]
        with exr.Writer(path, *SIZE) as writer:
            writer.write(writer.pack(map_))
    wanted = LensDistortionConfig(workflow="distort_cg", use_st_map=True, st_map_path=str(path))
    of_file, of_lens = plan_lens(clip, wanted, SIZE), plan_lens(clip, DISTORT_CG, SIZE)
    assert of_file.frame.pitch == pytest.approx(of_lens.frame.pitch, abs=1e-6)
    difference = np.abs(of_file.values(DISTORT) - of_lens.values(DISTORT))[:2]
    assert difference.max() * SIZE[0] < 1e-3
    if name == "ours":
        wrong = LensDistortionConfig(
            workflow="distort_cg", use_st_map=True, st_map_path=str(tmp_path / "u.exr")
        )
        with pytest.raises(InputError, match="is an undistort map"):
            plan_lens(clip, wrong, SIZE)


def test_a_map_in_anybody_s_tree(tmp_path: Path) -> None:
    path = tmp_path / "d.exr"
    map_ = values(LENS, DISTORT, frame_of(LENS))
    upside_down = map_.copy()
    upside_down[1] = 1 - map_[1]
    with exr.Writer(path, *SIZE) as writer:
        writer.write(writer.pack(upside_down))
    found = []

    def node(tree: bpy.types.NodeTree, source: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
        for _ in range(2):
            found.append(apply_stmap_distortion(tree, source, path, plate_size=SIZE))
        return found[-1].image

    seen = composited(tmp_path, coordinate_image(*SIZE), node, SIZE)
    assert found[0].node == found[1].node
    assert found[1].found.convention.origin == "top_left"
    assert len([group for group in bpy.data.node_groups if group.name.startswith("ST-Map")]) == 1
    expected = np.moveaxis(map_[:2, ::-1].astype(float), 0, -1) * SIZE
    inside = np.all((expected >= 0.5) & (expected <= np.array(SIZE) - 0.5), axis=-1)
    assert np.abs(seen[..., :2] - expected)[inside].max() < 0.01


def test_maps_in_four_conventions_give_the_same_picture(tmp_path: Path) -> None:
    lens = PlateLens(*SIZE, 300.0, "POLYNOMIAL", (-0.15, 0.03), (150.0, 95.0))
    u, v = values(lens, DISTORT, frame_of(lens))[:2].astype(float)
    x, y = u * SIZE[0], v * SIZE[1]
    own_x, own_y = np.meshgrid(np.arange(SIZE[0]) + 0.5, SIZE[1] - np.arange(SIZE[1]) - 0.5)
    foreign = {
        "ours": ((u, v), {}),
        "top left": ((u, 1 - v), {}),
        "whole numbers": (((x - 0.5) / SIZE[0], (y - 0.5) / SIZE[1]), {"centers": "integer"}),
        "corners": (((x - 0.5) / (SIZE[0] - 1), (y - 0.5) / (SIZE[1] - 1)), {"centers": "corner"}),
        "offsets": (((x - own_x) / SIZE[0], (y - own_y) / SIZE[1]), {}),
        "pixels down": ((x - own_x, own_y - y), {}),
    }
    picture = cv2.GaussianBlur(np.random.default_rng(2).random((SIZE[1], SIZE[0], 4)), (0, 0), 1.0)
    picture[..., 3] = 1.0
    image, seen = float_image(picture, "picture"), {}
    for name, (channels, by_hand) in foreign.items():
        path = tmp_path / f"{name}.exr"
        with exr.Writer(path, *SIZE, ("R", "G")) as writer:
            writer.write(writer.pack(np.stack(channels).astype(np.float32)))

        def node(
            tree: bpy.types.NodeTree, source: bpy.types.NodeSocket, path: Path = path, given: dict = by_hand
        ) -> bpy.types.NodeSocket:
            return apply_stmap_distortion(tree, source, path, plate_size=SIZE, **given).image

        seen[name] = composited(tmp_path, image, node, SIZE)
    for name, result in seen.items():
        assert np.abs(result - seen["ours"])[2:-2, 2:-2].max() < 1 / 255, name
    assert np.abs(seen["ours"] - picture)[2:-2, 2:-2].max() > 0.1


def test_what_is_no_map_changes_no_tree(tmp_path: Path) -> None:
    """Each bad map is refused in one line, and the tree and the file's pictures stay as they were."""
    tree = versions.new_group("theirs")
    source = tree.nodes.new("CompositorNodeRGB").outputs[0]
    good = values(LENS, DISTORT, frame_of(LENS))
    holed = good.astype(np.float32)
    holed[0, 5, 7] = np.nan
    with exr.Writer(tmp_path / "nan.exr", *SIZE) as writer:
        writer.write(writer.pack(holed))
    cv2.imwrite(str(tmp_path / "map.png"), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "text.exr").write_text("no picture")
    before = dump_tree(tree), len(bpy.data.images), len(bpy.data.node_groups)
    cases = [
        ("nan.exr", "not numbers"),
        ("map.png", "is a PNG"),
        ("text.exr", "no OpenEXR"),
        ("gone.exr", "no such file"),
    ]
    for name, message in cases:
        with pytest.raises(InputError, match=message) as caught:
            apply_stmap_distortion(tree, source, tmp_path / name)
        assert "\n" not in str(caught.value)
    with exr.Writer(tmp_path / "good.exr", *SIZE) as writer:
        writer.write(writer.pack(good.astype(np.float32)))
    with pytest.raises(InputError, match="of another aspect than the plate"):
        apply_stmap_distortion(tree, source, tmp_path / "good.exr", plate_size=(300, 300))
    after = dump_tree(tree), len(bpy.data.images), len(bpy.data.node_groups)
    assert differences(before, after) == []
