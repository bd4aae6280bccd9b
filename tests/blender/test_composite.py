"""The composite by its pixels, and the tree it stands in by a full dump."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")  # read by cv2 when it is imported

import bpy
import cv2
import numpy as np
import pytest

from addon.tracking.blender import blends, composite, versions
from addon.tracking.blender.nodes import MARK
from addon.tracking.config import CompositeConfig
from addon.tracking.errors import InputError
from tests.blender.pixels import blended, input_picture, rendered, scene_of
from tests.blender.tree_dump import differences, dump_scene, dump_tree
from tests.conftest import empty_file

WIDTH, HEIGHT = 193, 109  # odd on purpose
FRAMES = (1, 2, 3)


@pytest.fixture(autouse=True)
def fresh_file() -> None:
    empty_file()


@pytest.fixture
def scene() -> bpy.types.Scene:
    return prepared_scene(WIDTH, HEIGHT)


@pytest.fixture
def plate(tmp_path: Path) -> bpy.types.MovieClip:
    return drawn_clip(tmp_path / "plate")


def prepared_scene(width: int, height: int) -> bpy.types.Scene:
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 4
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    return scene


def drawn_plates() -> list[np.ndarray]:
    """Three frames (height, width, 3) of BGR bytes: noise, ramps and flat fields, moving."""
    random = np.random.default_rng(3)
    base = random.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    base[: HEIGHT // 3] = (np.arange(WIDTH) * 255 // WIDTH).astype(np.uint8)[None, :, None]
    base[-12:] = (30, 140, 250)
    return [np.roll(base, 7 * index, axis=1) for index in range(len(FRAMES))]


def drawn_clip(folder: Path) -> bpy.types.MovieClip:
    folder.mkdir()
    for frame, picture in zip(FRAMES, drawn_plates()):
        cv2.imwrite(str(folder / f"plate_{frame:04d}.png"), picture)
    return bpy.data.movieclips.load(str(folder / "plate_0001.png"))


def add_emitter(
    scene: bpy.types.Scene, color: tuple[float, ...], opacity: float, x: float, size: float
) -> None:
    """A square facing the camera that shines with a colour, partly see-through."""
    bpy.ops.mesh.primitive_plane_add(size=size, location=(x, 0.0, 0.1 * x))
    material = bpy.data.materials.new("emitter")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    emit, clear = tree.nodes.new("ShaderNodeEmission"), tree.nodes.new("ShaderNodeBsdfTransparent")
    emit.inputs["Color"].default_value = (*color, 1.0)
    mix, end = tree.nodes.new("ShaderNodeMixShader"), tree.nodes.new("ShaderNodeOutputMaterial")
    mix.inputs[0].default_value = opacity
    tree.links.new(clear.outputs[0], mix.inputs[1])
    tree.links.new(emit.outputs[0], mix.inputs[2])
    tree.links.new(mix.outputs[0], end.inputs["Surface"])
    bpy.context.object.data.materials.append(material)


def add_camera(scene: bpy.types.Scene) -> None:
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location = (0.0, 0.0, 8.0)
    scene.collection.objects.link(camera)
    scene.camera = camera


def add_flat_cg(scene: bpy.types.Scene) -> None:
    """CG with solid, half clear and antialiased parts, one of them brighter than white."""
    add_camera(scene)
    add_emitter(scene, (0.9, 0.2, 0.05), 1.0, -1.2, 1.1)
    add_emitter(scene, (0.1, 0.4, 2.5), 0.4, 0.1, 1.3)
    add_emitter(scene, (0.02, 0.02, 0.02), 0.7, 1.3, 0.8)
    bpy.context.view_layer.objects.active.rotation_euler = (0.0, 0.0, 0.4)


def add_caught_shadow(scene: bpy.types.Scene) -> None:
    """A cube over a ground that catches its shadow."""
    add_camera(scene)
    scene.camera.location = (0.0, -6.0, 5.0)
    scene.camera.rotation_euler = (math.radians(50.0), 0.0, 0.0)
    bpy.ops.mesh.primitive_cube_add(size=1.0, location=(0.0, 0.0, 0.5))
    bpy.ops.mesh.primitive_plane_add(size=8.0)
    bpy.context.object.is_shadow_catcher = True
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.data.energy = 3.0
    sun.rotation_euler = (0.7, 0.3, 0.0)
    scene.collection.objects.link(sun)


# --- Rendering and reading --------------------------------------------------------------------------------


def render(scene: bpy.types.Scene, path: Path, frame: int) -> np.ndarray:
    """The picture that Blender writes for a frame, 8 bits, (height, width, 4) BGRA."""
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGBA", "8"
    scene.frame_set(frame)
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def render_cg(scene: bpy.types.Scene, path: Path, frame: int) -> np.ndarray:
    """The CG without any composite, linear and premultiplied, (height, width, 4) BGRA."""
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "OPEN_EXR", "RGBA", "32"
    scene.frame_set(frame)
    scene.render.filepath = str(path)
    was = scene.render.use_compositing
    scene.render.use_compositing = False
    bpy.ops.render.render(write_still=True)
    scene.render.use_compositing = was
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def to_linear(bytes_: np.ndarray) -> np.ndarray:
    """Linear light of 8-bit sRGB values (IEC 61966-2-1)."""
    value = bytes_.astype(np.float64) / 255.0
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def to_bytes(linear: np.ndarray) -> np.ndarray:
    """8-bit sRGB of linear light, as numbers that may lie between two bytes."""
    value = np.clip(linear, 0.0, 1.0)
    return 255.0 * np.where(value <= 0.0031308, value * 12.92, 1.055 * value ** (1.0 / 2.4) - 0.055)


def assert_composite(
    picture: np.ndarray, plate: np.ndarray, cg: np.ndarray, blend: str = "over", factor: float = 1.0
) -> None:
    """Exactly the plate where the CG's alpha is 0, the formula to 1/255 elsewhere, and opaque throughout."""
    alpha = cg[..., 3]
    free = alpha == 0.0
    assert free.any()
    assert (alpha > 0.0).any()
    np.testing.assert_array_equal(picture[..., :3][free], plate[free])
    expected = to_bytes(blended(to_linear(plate), cg, blend, factor))
    assert np.abs(picture[..., :3] - expected).max() <= 1.0
    assert (picture[..., 3] == 255).all()


def plate_alone(clip_path: Path, folder: Path, frames: tuple[int, ...]) -> dict[int, np.ndarray]:
    """A clip as this Blender itself writes it, through a tree of a clip and an output."""
    clip = bpy.data.movieclips.load(str(clip_path))
    scene = prepared_scene(*clip.size)
    scene.view_settings.view_transform = "Standard"
    scene.render.dither_intensity = 0.0
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    node = tree.nodes.new("CompositorNodeMovieClip")
    node.clip = clip
    tree.links.new(node.outputs["Image"], versions.make_output(tree).socket)
    pictures = {frame: render(scene, folder / "alone.png", frame)[..., :3] for frame in frames}
    empty_file()
    return pictures


# --- Pixels -----------------------------------------------------------------------------------------------


def test_plate_is_untouched_and_cg_lies_over_it(
    scene: bpy.types.Scene, plate: bpy.types.MovieClip, tmp_path: Path
) -> None:
    add_flat_cg(scene)
    composite.setup_shot_compositing(scene, plate, CompositeConfig())
    for frame, source in zip(FRAMES, drawn_plates()):
        cg = render_cg(scene, tmp_path / "cg.exr", frame)
        assert_composite(render(scene, tmp_path / "out.png", frame), source, cg)
    assert composite.composite_status(scene, CompositeConfig()).warnings == ()


@pytest.mark.parametrize("blend", ["over", "multiply", "add", "screen"])
def test_blends_with_a_factor(
    scene: bpy.types.Scene, plate: bpy.types.MovieClip, tmp_path: Path, blend: str
) -> None:
    add_flat_cg(scene)
    composite.setup_shot_compositing(scene, plate, CompositeConfig(blend=blend, factor=0.6))
    cg = render_cg(scene, tmp_path / "cg.exr", 2)
    picture = render(scene, tmp_path / "out.png", 2)
    assert_composite(picture, drawn_plates()[1], cg, blend, 0.6)


def test_caught_shadow_darkens_the_plate(
    scene: bpy.types.Scene, plate: bpy.types.MovieClip, tmp_path: Path
) -> None:
    add_caught_shadow(scene)
    composite.setup_shot_compositing(scene, plate, CompositeConfig(shadow_catcher=True))
    for frame, source in zip(FRAMES, drawn_plates()):
        cg = render_cg(scene, tmp_path / "cg.exr", frame)
        shadow = (cg[..., 3] > 0.3) & (cg[..., :3].max(axis=2) < 1e-6)
        assert shadow.sum() > 50
        picture = render(scene, tmp_path / "out.png", frame)
        assert_composite(picture, source, cg)
        assert (picture[..., :3][shadow] <= source[shadow]).all()


def test_plate_is_untouched_whatever_view_the_user_had(
    scene: bpy.types.Scene, plate: bpy.types.MovieClip, tmp_path: Path
) -> None:
    own_settings(scene)
    scene.view_settings.use_curve_mapping = True
    scene.view_settings.curve_mapping.black_level = (0.2, 0.1, 0.0)
    if versions.has_setting(scene, "view_settings.use_white_balance"):
        scene.view_settings.use_white_balance = True
        scene.view_settings.white_balance_temperature = 3000.0
    add_flat_cg(scene)
    versions.scene_tree(scene).nodes["Blur"].mute = True  # a user's blur would soften the CG
    composite.setup_shot_compositing(scene, plate, CompositeConfig())
    cg = render_cg(scene, tmp_path / "cg.exr", 1)
    assert_composite(render(scene, tmp_path / "out.png", 1), drawn_plates()[0], cg)


def test_clip_start_and_offset_are_heeded(
    scene: bpy.types.Scene, plate: bpy.types.MovieClip, tmp_path: Path
) -> None:
    add_flat_cg(scene)
    plate.frame_start = 101
    composite.setup_shot_compositing(scene, plate, CompositeConfig())
    cg = render_cg(scene, tmp_path / "cg.exr", 103)
    assert_composite(render(scene, tmp_path / "out.png", 103), drawn_plates()[2], cg)


def test_over_an_image(scene: bpy.types.Scene, tmp_path: Path) -> None:
    add_flat_cg(scene)
    path = tmp_path / "matte_painting.png"
    cv2.imwrite(str(path), drawn_plates()[2])
    config = CompositeConfig(background_source="image", background_image=str(path))
    composite.setup_shot_compositing(scene, None, config)
    cg = render_cg(scene, tmp_path / "cg.exr", 1)
    assert_composite(render(scene, tmp_path / "out.png", 1), drawn_plates()[2], cg)
    assert composite.remove_shot_compositing(scene)
    assert not bpy.data.images.get("matte_painting.png")


def test_over_a_color(scene: bpy.types.Scene, tmp_path: Path) -> None:
    add_flat_cg(scene)
    color = (0.2, 0.5, 0.05)
    composite.setup_shot_compositing(
        scene, None, CompositeConfig(background_source="color", background_color=color)
    )
    assert scene.view_settings.view_transform != "Standard"  # no plate to keep: the view is the user's
    scene.view_settings.view_transform = "Standard"
    scene.render.dither_intensity = 0.0
    cg = render_cg(scene, tmp_path / "cg.exr", 1)
    picture = render(scene, tmp_path / "out.png", 1)
    flat = np.broadcast_to(np.array(color[::-1]), (HEIGHT, WIDTH, 3))
    assert np.abs(picture[..., :3] - to_bytes(blended(flat, cg, "over", 1.0))).max() <= 1.0


@pytest.mark.parametrize("factor", [1.0, 0.25])
def test_over_nothing_keeps_the_alpha(scene: bpy.types.Scene, tmp_path: Path, factor: float) -> None:
    add_flat_cg(scene)
    composite.setup_shot_compositing(scene, None, CompositeConfig(background_source="none", factor=factor))
    scene.render.dither_intensity = 0.0
    cg = render_cg(scene, tmp_path / "cg.exr", 1)
    picture = render(scene, tmp_path / "out.png", 1)
    assert np.abs(picture[..., 3] - 255.0 * factor * cg[..., 3]).max() <= 1.0


def test_shadow_pass_never_falls_on_the_cg_and_follows_its_density(
    scene: bpy.types.Scene, plate: bpy.types.MovieClip, tmp_path: Path
) -> None:
    add_caught_shadow(scene)
    scene.cycles.samples = 16
    source = drawn_plates()[0]
    pictures = {}
    for density in (0.0, 0.5, 1.0):
        config = CompositeConfig.from_dict(
            {"passes": ["combined", "shadow_catcher"], "shadow": {"density": density}}
        )
        composite.setup_shot_compositing(scene, plate, config)
        assert composite.composite_status(scene, config).warnings == ()
        assert composite.composite_status(scene, config).matches
        pictures[density] = render(scene, tmp_path / "out.png", 1)
    cg = render_cg(scene, tmp_path / "cg.exr", 1)
    alpha = cg[..., 3]
    # Without its density the shadow is gone: only the cube is left over the plate.
    assert_composite(pictures[0.0], source, cg)
    # Half the density lies half way, in linear light, between the plate and the full shadow.
    full, half = pictures[1.0][..., :3], pictures[0.5][..., :3]
    ground = alpha == 0.0
    light = to_linear(full).sum(axis=2) / np.maximum(to_linear(source).sum(axis=2), 1e-9)
    assert (light[ground & (source.min(axis=2) > 60)] < 0.5).sum() > 50
    measured = ground[..., None] & (full < 255)  # noise of the pass may lighten a little, and white clips
    expected = to_bytes((to_linear(source) + to_linear(full)) / 2.0)
    assert np.abs(half - expected)[measured].max() <= 1.0 + 0.5  # a rounded picture went into it
    # On the cube nothing changes.
    solid = alpha == 1.0
    assert solid.sum() > 50
    np.testing.assert_array_equal(pictures[1.0][..., :3][solid], pictures[0.0][..., :3][solid])
    # Another config without the pass takes it off again.
    composite.setup_shot_compositing(scene, plate, CompositeConfig())
    assert not scene.view_layers[0].cycles.use_pass_shadow_catcher


@pytest.mark.parametrize(
    ("name", "frames"), [("courtyard_orbit.mp4", (1, 60, 120)), ("kitchen_handheld.mp4", (1, 200))]
)
def test_over_real_clips(footage: Path, tmp_path: Path, name: str, frames: tuple[int, ...]) -> None:
    if not (footage / name).is_file():
        pytest.skip(f"{name} is not among the shared footage")
    alone = plate_alone(footage / name, tmp_path, frames)
    assert len({picture.tobytes() for picture in alone.values()}) == len(frames)
    clip = bpy.data.movieclips.load(str(footage / name))
    scene = prepared_scene(*clip.size)
    scene.cycles.samples = 1
    add_caught_shadow(scene)
    composite.setup_shot_compositing(scene, clip, CompositeConfig(shadow_catcher=True))
    cg = render_cg(scene, tmp_path / "cg.exr", frames[0])  # it stands still: the same in every frame
    for frame in frames:
        assert_composite(render(scene, tmp_path / "out.png", frame), alone[frame], cg)


# --- The builders in somebody's tree ----------------------------------------------------------------------


def picture_node(tree: bpy.types.NodeTree, path: Path, pixels: np.ndarray) -> bpy.types.NodeSocket:
    """An Image node that gives these linear pixels, (height, width, 4) RGBA from the top."""
    cv2.imwrite(str(path), cv2.cvtColor(pixels.astype(np.float32), cv2.COLOR_RGBA2BGRA))
    node = tree.nodes.new("CompositorNodeImage")
    node.image = bpy.data.images.load(str(path))
    return node.outputs["Image"]


def rendered_linear(scene: bpy.types.Scene, path: Path) -> np.ndarray:
    """What the scene's compositor gives, linear RGBA from the top."""
    return rendered(scene, path)[::-1]


@pytest.fixture
def pictures(scene: bpy.types.Scene, tmp_path: Path) -> dict[str, tuple[np.ndarray, bpy.types.NodeSocket]]:
    """Plate, CG and light of random linear pixels, as nodes in the scene's tree with an output."""
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    random = np.random.default_rng(8)
    shape = (HEIGHT, WIDTH, 4)
    plate, cg, light = random.random(shape), random.random(shape), random.random(shape)
    plate[..., 3] = light[..., 3] = 1.0
    cg[:40, :, 3] = 0.0
    cg[..., :3] *= cg[..., 3:]
    light[..., 1:3] = light[..., :1]
    return {
        name: (pixels, picture_node(tree, tmp_path / f"{name}.exr", pixels))
        for name, pixels in (("plate", plate), ("cg", cg), ("light", light))
    }


def test_alpha_over_builder(scene: bpy.types.Scene, pictures: dict, tmp_path: Path) -> None:
    tree = versions.scene_tree(scene)
    (plate, plate_socket), (cg, cg_socket) = pictures["plate"], pictures["cg"]
    end = versions.make_output(tree).socket
    for blend in ("over", "multiply", "add", "screen"):
        built = blends.create_alpha_over_composite(tree, plate_socket, cg_socket, factor=0.8, blend=blend)
        tree.links.new(built.image, end)
        expected = blended(plate[..., :3], cg, blend, 0.8)
        got = rendered_linear(scene, tmp_path / "out.exr")
        np.testing.assert_allclose(got[..., :3], expected, atol=1e-5)
        np.testing.assert_allclose(got[..., 3], 1.0, atol=1e-6)
        before = dump_tree(tree)
        again = blends.create_alpha_over_composite(tree, plate_socket, cg_socket, factor=0.8, blend=blend)
        assert differences(before, dump_tree(tree)) == []
        assert again.image == built.image
    # Another blend under the same name takes the place of the one before, with what hung on it.
    blends.create_alpha_over_composite(tree, plate_socket, cg_socket)
    assert [node.bl_idname for node in tree.nodes if MARK in node] == ["CompositorNodeAlphaOver"]
    assert end.links[0].from_node[MARK] == "Alpha Over/over"


def test_alpha_over_builder_refuses_an_unknown_blend(scene: bpy.types.Scene, pictures: dict) -> None:
    tree = versions.scene_tree(scene)
    with pytest.raises(InputError, match="unknown blend 'overlay'"):
        blends.create_alpha_over_composite(tree, pictures["plate"][1], pictures["cg"][1], blend="overlay")


def test_shadow_builder(scene: bpy.types.Scene, pictures: dict, tmp_path: Path) -> None:
    tree = versions.scene_tree(scene)
    plate, cg, light = (pictures[name][0] for name in ("plate", "cg", "light"))
    sockets = [pictures[name][1] for name in ("plate", "cg", "light")]
    color, density = (0.1, 0.2, 0.4), 0.7

    def build() -> blends.Composite:
        return blends.create_shadow_composite(tree, *sockets, density=density, color=color)

    built = build()
    tree.links.new(built.image, versions.make_output(tree).socket)
    shaded = plate[..., :3] * (1.0 - density * (1.0 - light[..., :3]) * (1.0 - np.array(color)))
    got = rendered_linear(scene, tmp_path / "out.exr")
    np.testing.assert_allclose(got[..., :3], blended(shaded, cg, "over", 1.0), atol=1e-5)
    np.testing.assert_allclose(got[..., 3], 1.0, atol=1e-6)
    before = dump_tree(tree)
    build()
    assert differences(before, dump_tree(tree)) == []


def test_softness_spreads_a_shadows_edge_by_its_pixels(scene: bpy.types.Scene, tmp_path: Path) -> None:
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    light = np.ones((HEIGHT, WIDTH, 4))
    light[:, : WIDTH // 2, :3] = 0.0
    shadow = picture_node(tree, tmp_path / "light.exr", light)
    plate = picture_node(tree, tmp_path / "plate.exr", np.ones((HEIGHT, WIDTH, 4)))
    end = versions.make_output(tree).socket
    widths = []
    for softness in (0.0, 4.0, 9.5):
        built = blends.create_shadow_composite(tree, plate, (0.0, 0.0, 0.0, 0.0), shadow, softness=softness)
        tree.links.new(built.image, end)
        row = rendered_linear(scene, tmp_path / "out.exr")[HEIGHT // 2, :, 0]
        assert (np.diff(row) >= -1e-5).all()
        assert row[WIDTH // 2 - 1] == pytest.approx(1.0 - row[WIDTH // 2], abs=1e-4)
        widths.append(int(((row > 1e-4) & (row < 1.0 - 1e-4)).sum()))
    assert widths[0] == 0
    assert abs(widths[1] - 8) <= 2  # so many pixels to both sides
    assert abs(widths[2] - 19) <= 2


# --- The tree it stands in --------------------------------------------------------------------------------


def no_tree(scene: bpy.types.Scene) -> None:
    """A scene as it comes."""


def switched_off(scene: bpy.types.Scene) -> None:
    if versions.TREE_IS_A_GROUP:
        pytest.skip("from 5.0 a tree cannot be switched off")
    user_nodes(scene)
    scene.use_nodes = False


def empty_tree(scene: bpy.types.Scene) -> None:
    versions.hang_scene_tree(scene).nodes.clear()


def default_tree(scene: bpy.types.Scene) -> None:
    tree = versions.hang_scene_tree(scene)
    if not tree.nodes:
        layers = versions.new_node(tree, "render layers")
        layers.location = (-300.0, 0.0)
        made = versions.make_output(tree)
        made.node.location = (300.0, 0.0)
        tree.links.new(layers.outputs["Image"], made.socket)


def user_nodes(scene: bpy.types.Scene) -> None:
    """Render layers through a glare and a blur in a frame, with a muted side branch."""
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    tree["theirs"] = {"keep": [1, 2, 3]}
    layers = versions.new_node(tree, "render layers")
    glare, blur = tree.nodes.new("CompositorNodeGlare"), tree.nodes.new("CompositorNodeBlur")
    frame = tree.nodes.new("NodeFrame")
    made = versions.make_output(tree)
    frame.location, glare.parent = (40.0, -30.0), frame
    for index, node in enumerate((layers, glare, blur, made.node)):
        node.location = (index * 170.0 - 300.0, 13.0 * index)
    tree.links.new(layers.outputs["Image"], glare.inputs["Image"])
    tree.links.new(glare.outputs["Image"], blur.inputs["Image"])
    tree.links.new(blur.outputs["Image"], made.socket)
    viewer = tree.nodes.new("CompositorNodeViewer")
    tree.links.new(blur.outputs["Image"], viewer.inputs["Image"]).is_muted = True
    glare["note"] = "mine"
    glare.mute = True


def unlinked_output(scene: bpy.types.Scene) -> None:
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    versions.make_output(tree)
    versions.new_node(tree, "render layers")


def muted_feed(scene: bpy.types.Scene) -> None:
    default_tree(scene)
    versions.picture_inputs(versions.scene_tree(scene))[0].links[0].is_muted = True


def several_outputs(scene: bpy.types.Scene) -> None:
    """Three outputs: two fed by different nodes, one by nothing."""
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    layers = versions.new_node(tree, "render layers")
    blur = tree.nodes.new("CompositorNodeBlur")
    tree.links.new(layers.outputs["Image"], blur.inputs["Image"])
    first = versions.make_output(tree)
    idname = first.node.bl_idname
    second, _third = tree.nodes.new(idname), tree.nodes.new(idname)
    tree.links.new(layers.outputs["Image"], first.socket)
    tree.links.new(blur.outputs["Image"], second.inputs[0])


def reroute_before_output(scene: bpy.types.Scene) -> None:
    default_tree(scene)
    tree = versions.scene_tree(scene)
    end = versions.picture_inputs(tree)[0]
    source = end.links[0].from_socket
    reroute = tree.nodes.new("NodeReroute")
    tree.links.new(source, reroute.inputs[0])
    tree.links.new(reroute.outputs[0], end)


def own_settings(scene: bpy.types.Scene) -> None:
    """A scene whose owner has set the very things that we set."""
    user_nodes(scene)
    scene.view_settings.view_transform = "Filmic"
    scene.view_settings.look = "High Contrast"
    scene.view_settings.exposure = 0.7
    scene.view_settings.gamma = 1.3
    scene.render.dither_intensity = 0.25
    scene.render.use_compositing = False
    scene.render.film_transparent = True


def blenders_own_tracking_scene(scene: bpy.types.Scene) -> None:
    """What Blender's Setup Tracking Scene builds from a solved clip."""
    clip = solved_clip(scene)
    window = bpy.context.window
    area = window.screen.areas[0]
    area.type = "CLIP_EDITOR"
    area.spaces.active.clip = clip
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region, space_data=area.spaces.active):
        assert bpy.ops.clip.solve_camera() == {"FINISHED"}
        assert bpy.ops.clip.setup_tracking_scene() == {"FINISHED"}
    tree = versions.scene_tree(scene)
    assert tree is not None
    assert len(tree.nodes) > 5


def solved_clip(scene: bpy.types.Scene) -> bpy.types.MovieClip:
    """The drawn clip with tracks of 24 points, as a camera that goes sideways sees them."""
    clip = bpy.data.movieclips[0]
    scene.frame_end = 3
    clip.tracking.camera.sensor_width, clip.tracking.camera.focal_length = 36.0, 35.0
    random = np.random.default_rng(5)
    points = np.column_stack(
        [random.uniform(-1.5, 1.5, 24), random.uniform(-0.8, 0.8, 24), random.uniform(4, 7, 24)]
    )
    for number, point in enumerate(points):
        track = clip.tracking.tracks.new(name=f"point {number}", frame=1)
        for frame in FRAMES:
            x, y, depth = point - (0.4 * (frame - 2), 0.05 * frame, 0.0)
            u, v = x / depth * 35.0 / 36.0, y / depth * 35.0 / 36.0 * WIDTH / HEIGHT
            track.markers.insert_frame(frame, co=(0.5 + u, 0.5 + v))
    item = clip.tracking.objects.active
    item.keyframe_a, item.keyframe_b = 1, 3
    clip.tracking.settings.use_keyframe_selection = False
    return clip


TREES: list[Callable[[bpy.types.Scene], None]] = [
    no_tree,
    switched_off,
    empty_tree,
    default_tree,
    user_nodes,
    unlinked_output,
    muted_feed,
    several_outputs,
    reroute_before_output,
    own_settings,
    blenders_own_tracking_scene,
]

CONFIGS = [
    CompositeConfig(),
    CompositeConfig.from_dict({"mode": "shadow", "passes": ["combined", "shadow_catcher", "depth"]}),
    CompositeConfig(mode="none", background_source="none", factor=0.5, film_transparent=False),
    CompositeConfig(mode="color", background_source="color", blend="screen"),
    CompositeConfig(mode="multiply", blend="multiply"),
]


@pytest.mark.parametrize("make_tree", TREES, ids=lambda make: make.__name__)
def test_apply_again_and_remove(
    scene: bpy.types.Scene, plate: bpy.types.MovieClip, make_tree: Callable[[bpy.types.Scene], None]
) -> None:
    make_tree(scene)
    before = dump_scene(scene)
    outside = None
    for config in CONFIGS:
        group = composite.setup_shot_compositing(scene, plate, config)
        status = composite.composite_status(scene, config)
        assert (status.applied, status.matches, status.edited) == (True, True, False)
        assert status.preset == config.mode
        applied = dump_scene(scene)
        assert composite.setup_shot_compositing(scene, plate, config) == group
        assert differences(applied, dump_scene(scene)) == []
        # Another config changes the inside of our group, settings, and the link of the shadow pass.
        tree = outside_of(versions.scene_tree(scene))
        outside = outside or tree
        assert differences(outside, tree) == []
    assert composite.remove_shot_compositing(scene)
    after = dump_scene(scene)
    if before["tree"] is None and not versions.TREE_IS_A_GROUP:
        # Before 5.0 a tree once made stays, switched off: it is the one that Blender makes by itself.
        assert not scene.use_nodes
        after["tree"] = None
    assert not differences(before, after)
    assert not composite.remove_shot_compositing(scene)
    assert not composite.composite_status(scene).applied


def outside_of(tree: bpy.types.NodeTree) -> dict:
    """A dump of the scene's tree without what follows the render passes that are on."""
    dump = dump_tree(tree)
    dump["links"] = [link for link in dump["links"] if link[1] != versions.SHADOW_CATCHER_OUTPUT]
    for node in dump["nodes"]:
        if node["bl_idname"] == "CompositorNodeRLayers":
            del node["outputs"]
    return dump


def test_nothing_else_moves_when_applied(scene: bpy.types.Scene, plate: bpy.types.MovieClip) -> None:
    user_nodes(scene)
    before = {node["name"]: node for node in dump_tree(versions.scene_tree(scene))["nodes"]}
    group = composite.setup_shot_compositing(scene, plate, CompositeConfig())
    after = {node["name"]: node for node in dump_tree(versions.scene_tree(scene))["nodes"]}
    ours = [name for name in after if name not in before]
    assert len(ours) == 1
    assert group.name.startswith("Tracked Shot ")
    for name, node in before.items():
        assert differences(node, after[name]) == []


def test_every_output_comes_through_the_group(scene: bpy.types.Scene, plate: bpy.types.MovieClip) -> None:
    several_outputs(scene)
    group = composite.setup_shot_compositing(scene, plate, CompositeConfig())
    for socket in versions.picture_inputs(versions.scene_tree(scene)):
        assert socket.links[0].from_node.node_tree == group


def test_what_the_user_linked_meanwhile_stays(scene: bpy.types.Scene, plate: bpy.types.MovieClip) -> None:
    default_tree(scene)
    tree = versions.scene_tree(scene)
    composite.setup_shot_compositing(scene, plate, CompositeConfig())
    end = versions.picture_inputs(tree)[0]
    glare = tree.nodes.new("CompositorNodeGlare")
    tree.links.new(end.links[0].from_socket, glare.inputs["Image"])
    tree.links.new(glare.outputs["Image"], end)
    assert composite.composite_status(scene, CompositeConfig()).matches
    composite.setup_shot_compositing(scene, plate, CompositeConfig())
    assert len([node for node in tree.nodes if node.bl_idname == "CompositorNodeGroup"]) == 1
    composite.remove_shot_compositing(scene)
    assert end.links[0].from_node == glare
    assert glare.inputs["Image"].links[0].from_node.bl_idname in ("CompositorNodeRLayers", "NodeReroute")


def test_nodes_added_to_our_own_tree_are_kept(scene: bpy.types.Scene, plate: bpy.types.MovieClip) -> None:
    composite.setup_shot_compositing(scene, plate, CompositeConfig())
    tree = versions.scene_tree(scene)
    tree.nodes.new("CompositorNodeGlare").name = "theirs"
    composite.remove_shot_compositing(scene)
    assert versions.scene_tree(scene) == tree
    assert "theirs" in tree.nodes


def test_settings_are_told_and_later_choices_kept(scene: bpy.types.Scene, plate: bpy.types.MovieClip) -> None:
    was = scene.view_settings.view_transform
    composite.setup_shot_compositing(scene, plate, CompositeConfig())
    status = composite.composite_status(scene)
    assert f"View Transform: Standard (was {was})" in status.settings
    assert "Dither: 0.0 (was 1.0)" in status.settings
    scene.view_settings.view_transform = "Filmic"
    warnings = composite.composite_status(scene).warnings
    assert "View Transform is Filmic now; the composite needs Standard" in warnings
    composite.remove_shot_compositing(scene)
    assert scene.view_settings.view_transform == "Filmic"
    assert scene.render.dither_intensity == 1.0


def test_what_may_change_the_picture_afterwards_is_said(
    scene: bpy.types.Scene, plate: bpy.types.MovieClip
) -> None:
    composite.setup_shot_compositing(scene, plate, CompositeConfig())
    scene.render.image_settings.color_management = "OVERRIDE"
    editor = scene.sequence_editor_create()
    strips = editor.strips if versions.BLENDER >= (4, 4) else editor.sequences
    strips.new_clip("plate", plate, channel=1, frame_start=1)
    text = "\n".join(composite.composite_status(scene).warnings)
    assert "overrides the scene's colour management" in text
    assert "sequencer has strips" in text


def test_a_saved_file_comes_back_as_it_was(
    scene: bpy.types.Scene, plate: bpy.types.MovieClip, tmp_path: Path
) -> None:
    user_nodes(scene)
    before = dump_scene(scene)
    composite.setup_shot_compositing(scene, plate, CompositeConfig(blend="screen"))
    applied = dump_scene(scene)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    scene, plate = bpy.context.scene, bpy.data.movieclips[0]
    assert composite.composite_status(scene, CompositeConfig(blend="screen")).matches
    composite.setup_shot_compositing(scene, plate, CompositeConfig(blend="screen"))
    assert differences(applied, dump_scene(scene)) == []
    composite.remove_shot_compositing(scene)
    assert differences(before, dump_scene(scene)) == []


def test_what_is_not_built_yet_is_said(scene: bpy.types.Scene, plate: bpy.types.MovieClip) -> None:
    config = CompositeConfig.from_dict(
        {
            "lens_distortion": {"workflow": "distort_cg"},
            "corner_pin": {"plane_track": "Plane"},
            "shadow": {"density": 0.5},
        }
    )
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.render.resolution_percentage = 50
    composite.setup_shot_compositing(scene, plate, config)
    text = "\n".join(composite.composite_status(scene).warnings)
    words = ("no distortion", "no picture", "only Cycles", "scaled")
    for word in words:
        assert word in text


def test_hand_made_changes_inside_are_noticed_and_kept(
    scene: bpy.types.Scene, plate: bpy.types.MovieClip
) -> None:
    group = composite.setup_shot_compositing(scene, plate, CompositeConfig())
    over = next(node for node in group.nodes if node.bl_idname == "CompositorNodeAlphaOver")
    over.location = (1000.0, 1000.0)
    assert not composite.composite_status(scene).edited
    versions.input_socket(over, "alpha over", "factor").default_value = 0.25
    assert composite.composite_status(scene).edited
    assert not composite.composite_status(scene, CompositeConfig()).matches
    composite.setup_shot_compositing(scene, plate, CompositeConfig())
    assert composite.composite_status(scene, CompositeConfig()).matches
    copy = bpy.data.node_groups[f"{group.name} (edited)"]
    over = next(node for node in copy.nodes if node.bl_idname == "CompositorNodeAlphaOver")
    assert versions.input_socket(over, "alpha over", "factor").default_value == 0.25
    assert any("kept in" in line for line in composite.composite_status(scene).warnings)


def test_deleted_group_is_told_and_put_back(scene: bpy.types.Scene, plate: bpy.types.MovieClip) -> None:
    user_nodes(scene)
    before = dump_scene(scene)
    group = composite.setup_shot_compositing(scene, plate, CompositeConfig())
    tree = versions.scene_tree(scene)
    feed = versions.picture_inputs(tree)[0].links[0].from_node.inputs["CG"].links[0].from_socket
    tree.nodes.remove(next(node for node in tree.nodes if getattr(node, "node_tree", None) == group))
    assert not composite.composite_status(scene).applied
    assert "apply again" in composite.composite_status(scene).warnings[0]
    tree.links.new(feed, versions.picture_inputs(tree)[0])
    composite.setup_shot_compositing(scene, plate, CompositeConfig())
    assert composite.composite_status(scene, CompositeConfig()).matches
    composite.remove_shot_compositing(scene)
    assert differences(before, dump_scene(scene)) == []


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (CompositeConfig(), "needs a movie clip"),
        (CompositeConfig(background_source="image"), "no background_image"),
        (CompositeConfig(background_source="image", background_image="/nowhere/at_all.png"), "is not there"),
    ],
)
def test_refusals_leave_everything_as_it_was(
    scene: bpy.types.Scene, config: CompositeConfig, message: str
) -> None:
    before = dump_scene(scene)
    with pytest.raises(InputError, match=message):
        composite.setup_shot_compositing(scene, None, config)
    assert differences(before, dump_scene(scene)) == []


def test_the_group_is_tidy(scene: bpy.types.Scene, plate: bpy.types.MovieClip) -> None:
    group = composite.setup_shot_compositing(scene, plate, CONFIGS[1])
    for link in group.links:
        from_x, _ = versions.absolute_location(link.from_node)
        to_x, _ = versions.absolute_location(link.to_node)
        assert from_x + link.from_node.width <= to_x, (link.from_node.name, link.to_node.name)
    frames = {node.label for node in group.nodes if node.bl_idname == "NodeFrame"}
    assert {"Background", "CG"} <= frames
    inside = [node for node in group.nodes if not node.bl_idname.startswith("NodeGroup")]
    assert all(node.label for node in inside)
    names = [(item.name, item.in_out) for item in group.interface.items_tree]
    assert sorted(names) == [("CG", "INPUT"), ("Image", "OUTPUT"), ("Plate", "OUTPUT"), ("Shadow", "INPUT")]


def test_faint_shadow_goes_and_true_shadow_keeps_its_density(tmp_path: Path) -> None:
    """Alpha from 0 to 0.06 without and with colour, over a white plate."""
    scene = scene_of((64, 4))
    alpha = np.linspace(0.0, 0.063, 64)
    picture = np.zeros((4, 64, 4))
    picture[..., 3] = alpha
    picture[2:, :, :3] = 0.5  # light that has hardly any alpha
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    cg = input_picture(tree, tmp_path / "cg.exr", picture)
    for _ in range(2):  # a second call adds nothing
        cleared = blends.clear_faint_shadow(tree, cg)
    over = blends.create_alpha_over_composite(tree, (1.0, 1.0, 1.0, 1.0), cleared.image)
    tree.links.new(over.image, versions.make_output(tree).socket)
    assert len(tree.nodes) == 2 + len(cleared.nodes) + len(over.nodes)
    seen = rendered(scene, tmp_path / "out.exr")
    low, high = blends.FAINT
    wanted = 1.0 - alpha * np.clip((alpha - low) / (high - low), 0.0, 1.0)
    assert np.abs(seen[:2, :, 0] - wanted).max() < 1e-6
    assert (seen[:2, alpha < 0.008, :3] == 1.0).all(), "the plate, untouched"
    assert np.abs(seen[:2, alpha > 0.0241, 0] - (1.0 - alpha[alpha > 0.0241])).max() < 1e-6
    assert np.abs(seen[2:, :, 0] - (wanted + 0.5)).max() < 1e-6
