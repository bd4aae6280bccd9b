"""Ground, light, CG and frames: ours alone, once, and where they belong."""

from __future__ import annotations

import math
import os

import cv2
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from bpy_extras.object_utils import world_to_camera_view  # noqa: E402
from mathutils import Euler, Vector  # noqa: E402

from addon.tracking.blender import catcher, holdout, points, versions  # noqa: E402
from addon.tracking.blender import scene as scene_room  # noqa: E402
from addon.tracking.blender.render import render_frames, render_steps  # noqa: E402
from addon.tracking.errors import InputError  # noqa: E402
from addon.tracking.exr import read as read_exr  # noqa: E402
from tests.blender.synthetic import datablocks  # noqa: E402
from tests.conftest import empty_file  # noqa: E402


@pytest.fixture
def scene():
    """A camera at eye height that walks past the origin, and no world."""
    empty_file()
    scene = bpy.context.scene
    scene.world = None
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    camera.rotation_euler = Euler((math.radians(70), 0, 0))
    for frame, x in ((1, -1.0), (20, 1.0)):
        camera.location = (x, -4.4, 1.6)
        camera.keyframe_insert("location", frame=frame)
    scene.camera, scene.frame_start, scene.frame_end = camera, 1, 20
    scene.render.resolution_x, scene.render.resolution_y = 160, 90
    scene.render.resolution_percentage = 100
    scene.frame_set(1)
    return scene


def extent(thing):
    corners = np.array([thing.matrix_world @ Vector(corner) for corner in thing.bound_box])
    return corners.min(axis=0), corners.max(axis=0)


# --- ground and light -------------------------------------------------------


def test_ground_covers_what_the_camera_sees(scene):
    scene.frame_set(7)
    ground = scene_room.setup_shadow_catcher(scene)
    assert scene.frame_current == 7
    assert ground.is_shadow_catcher and scene.render.film_transparent
    assert scene.world is not None
    bpy.context.view_layer.update()
    low, high = extent(ground)
    assert np.allclose([low[2], high[2]], 0)
    for frame in (1, 20):
        scene.frame_set(frame)
        camera = scene.camera.matrix_world
        for corner in scene.camera.data.view_frame(scene=scene)[1:3]:  # the lower two
            ray = camera.to_3x3() @ corner
            hit = camera.translation - ray * (camera.translation.z / ray.z)
            assert low[0] < hit.x < high[0] and low[1] < hit.y < high[1]
    assert np.all(high - low < 60), "bounded, though the camera sees the horizon"


def test_ground_of_a_given_size_needs_no_camera(scene):
    scene.camera = None
    ground = scene_room.setup_shadow_catcher(scene, size=3.0)
    bpy.context.view_layer.update()
    assert np.allclose(extent(ground)[1], [1.5, 1.5, 0])


def test_no_camera_and_no_size_is_refused(scene):
    scene.camera = None
    before = datablocks()
    with pytest.raises(InputError, match="no camera"):
        scene_room.setup_shadow_catcher(scene)
    assert datablocks() == before and not scene.render.film_transparent


def test_again_makes_no_doubles_and_keeps_the_artists_light(scene):
    ground = scene_room.setup_shadow_catcher(scene)
    cube = scene_room.add_stand_in(scene)
    sun = scene_room.setup_light(scene)
    sun.data.energy, sun.rotation_euler.x, cube.location.x = 1.25, 0.5, 0.4
    before = datablocks()
    assert scene_room.setup_shadow_catcher(scene) == ground
    assert scene_room.add_stand_in(scene) == cube
    assert datablocks() == before
    assert (sun.data.energy, sun.rotation_euler.x) == (1.25, 0.5)
    assert cube.location.x == pytest.approx(0.4)
    ours = scene_room.owned_collection(scene)
    assert {item.name for item in ours.all_objects} == {ground.name, cube.name, sun.name}


def test_a_world_that_is_there_stays(scene):
    world = scene.world = bpy.data.worlds.new("Mine")
    scene_room.setup_shadow_catcher(scene)
    assert scene.world == world and len(bpy.data.worlds) == 1


def test_collection_of_another_scene_is_not_ours(scene):
    other = bpy.data.scenes.new("Other")
    assert scene_room.owned_collection(other) != scene_room.owned_collection(scene)
    assert scene_room.owned_collection(scene) == scene_room.owned_collection(scene)


def test_the_catcher_goes_without_a_trace(scene):
    scene_room.setup_light(scene)
    before = datablocks()
    scene_room.setup_shadow_catcher(scene)
    assert scene_room.remove_shadow_catcher(scene)
    assert datablocks() == before
    assert not scene_room.remove_shadow_catcher(scene)


def shot_of_a_shadow(scene, folder, engine, samples):
    """(h, w, 4) a small render, lowest row first, of a cube on the catcher."""
    scene_room.setup_shadow_catcher(scene)
    scene_room.add_stand_in(scene, size=0.7)
    scene.render.engine = versions.engine_idname(engine)
    scene.cycles.samples = scene.eevee.taa_render_samples = samples
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = 64, 36
    scene.frame_end = 1
    scene.camera.location = (0.0, -4.4, 1.6)
    (file,) = render_frames(scene, [1], folder, format="exr")
    return np.moveaxis(read_exr(file, "RGBA")[1], 0, -1)[::-1]


EEVEE = pytest.mark.skipif(
    "TRACKED_SHOT_EEVEE" not in os.environ,
    reason="a minute or more without a graphics card: set TRACKED_SHOT_EEVEE to run it",
)


@pytest.mark.parametrize(("engine", "samples"), [("cycles", 24), pytest.param("eevee", 8, marks=EEVEE)])
def test_a_shadow_is_dark_and_the_ground_far_from_it_is_not_there(scene, tmp_path, engine, samples):
    picture = shot_of_a_shadow(scene, tmp_path, engine, samples)
    alpha = picture[..., 3]
    ground = alpha[:12]  # in front of the cube
    assert np.median(ground) < 0.005
    shaded = (alpha > 0.3) & (alpha < 0.98) & (picture[..., :3].max(axis=-1) < 0.02)
    assert shaded.sum() > 12, "black, and darker than nothing: the cube's shadow"
    assert alpha.max() > 0.99, "the cube itself"
    # Under a lit world Cycles leaves a trace of shadow far away, 0.006 with few samples in 5.0.
    assert alpha[-2:, :16].max() < 0.01, "the far ground and the sky, to the left of the cube"


def test_the_lit_floor_follows_the_sun_and_the_world(scene):
    ground = scene_room.setup_shadow_catcher(scene)
    sun = scene_room.setup_light(scene, (0.0, 0.0, -1.0))
    lit = ground.data.materials[0].node_tree.nodes[catcher.LIT].outputs[0]

    def value():
        scene.frame_set(scene.frame_current)
        graph = scene.view_layers[0].depsgraph
        material = ground.data.materials[0].evaluated_get(graph)
        return material.node_tree.nodes[catcher.LIT].outputs[0].default_value

    world = 0.4 * (0.2126 * 0.75 + 0.7152 * 0.8 + 0.0722 * 0.85)
    assert value() == pytest.approx(3.0 / math.pi + world, rel=1e-4)
    sun.data.energy, sun.rotation_euler.x = 5.0, math.radians(60)
    assert value() == pytest.approx(5.0 * 0.5 / math.pi + world, rel=1e-4)
    scene.world.node_tree.nodes["Background"].inputs["Strength"].default_value = 1.0
    assert scene_room.setup_shadow_catcher(scene) == ground
    assert value() == pytest.approx(5.0 * 0.5 / math.pi + world / 0.4, rel=1e-4)
    bpy.data.objects.remove(sun)
    scene_room.setup_shadow_catcher(scene, light=False)
    assert lit.default_value == pytest.approx(world / 0.4, rel=1e-4)


# --- light from a picture --------------------------------------------------------


@pytest.fixture
def sky(tmp_path):
    """A picture of surroundings: 2 from above, 0.5 from below."""
    pixels = np.full((16, 32, 3), 2.0, np.float32)
    pixels[8:] = 0.5  # rows go down in a file
    file = tmp_path / "sky.hdr"
    assert cv2.imwrite(str(file), pixels)
    return file


def test_a_picture_lights_the_scene_and_goes_again(scene, sky):
    mine = scene.world = bpy.data.worlds.new("Mine")
    before = datablocks()
    world = scene_room.setup_hdri(scene, sky)
    assert scene.world == world != mine
    assert catcher.world_light(world) == pytest.approx(2.0, rel=0.02), (
        "what lies below does not light the floor"
    )
    there = datablocks()
    assert scene_room.setup_hdri(scene, sky) == world and datablocks() == there
    assert scene_room.setup_hdri(scene, None) == mine
    assert datablocks() == before


def test_what_is_no_picture_is_refused(scene, tmp_path):
    (tmp_path / "sky.hdr").write_text("no picture\n")
    before = datablocks()
    for name in ("sky.hdr", "none.hdr"):
        with pytest.raises(InputError, match=name):
            scene_room.setup_hdri(scene, tmp_path / name)
    assert scene.world is None and datablocks() == before


# --- holdout and points ------------------------------------------------------------


def test_holdouts_by_object_and_collection_and_back(scene):
    wall, part = bpy.data.objects.new("Wall", None), bpy.data.objects.new("Part", None)
    group = bpy.data.collections.new("Room")
    scene.collection.children.link(group)
    scene.collection.objects.link(wall)
    group.objects.link(part)
    part.is_holdout = True
    assert holdout.set_holdout(scene, ["Wall", "Room"]) == [wall, part]
    assert wall.is_holdout and part.is_holdout
    with pytest.raises(InputError, match="'Nobody'"):
        holdout.set_holdout(scene, ["Nobody"])
    assert wall.is_holdout
    holdout.set_holdout(scene, [])
    assert not wall.is_holdout and part.is_holdout, "what it was before"
    assert not list(wall.keys()) and not list(part.keys())


@pytest.mark.parametrize("kind", ["mesh", "empties"])
def test_points_come_once_and_go_without_a_trace(scene, kind):
    scene_room.owned_collection(scene)
    places = np.array([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
    before = datablocks()
    for _ in range(2):
        root = points.setup_point_cloud(scene, kind, ["A", "B"], places)
    assert datablocks()["objects"] == before["objects"] + (1 if kind == "mesh" else 3)
    bpy.context.view_layer.update()
    if kind == "mesh":
        found = [root.matrix_world @ vertex.co for vertex in root.data.vertices]
    else:
        found = [bpy.data.objects[name].matrix_world.translation for name in "AB"]
    assert np.allclose(found, places) and root.hide_render
    assert points.remove_point_cloud(scene)
    assert datablocks() == before


# --- stand-in ---------------------------------------------------------------


def test_stand_in_stands_on_the_floor_in_view(scene):
    cube = scene_room.add_stand_in(scene)
    scene.frame_set(10)
    low, high = extent(cube)
    assert low[2] == pytest.approx(0, abs=1e-5)
    edge = cube.data.vertices[1].co.x - cube.data.vertices[0].co.x
    left, right = (
        world_to_camera_view(scene, scene.camera, Vector((side * edge / 2, 0, 0))).x for side in (-1, 1)
    )
    assert right - left == pytest.approx(scene_room.STAND_IN_SHARE, rel=0.1)
    middle = world_to_camera_view(scene, scene.camera, Vector((0, 0, high[2] / 2)))
    assert 0 < middle.x < 1 and 0 < middle.y < 1 and middle.z > 0


def test_stand_in_goes_without_a_trace(scene):
    scene_room.owned_collection(scene)
    before = datablocks()
    scene_room.add_stand_in(scene)
    assert scene_room.remove_stand_in(scene)
    assert datablocks() == before
    assert not scene_room.remove_stand_in(scene)


def test_a_material_that_the_artist_gave_the_stand_in_stays(scene):
    scene_room.owned_collection(scene)
    cube, glass = scene_room.add_stand_in(scene), bpy.data.materials.new("Glass")
    before = {item.name for item in bpy.data.materials} - {cube.data.materials[0].name}
    cube.data.materials.append(cube.data.materials[0])
    cube.data.materials.append(glass)
    assert scene_room.remove_stand_in(scene)
    assert {item.name for item in bpy.data.materials} == before and "Glass" in before


# --- CG from a file ---------------------------------------------------------


@pytest.fixture
def cg_blend(tmp_path, scene):
    """A .blend with a collection Hero (a cube about z = 5, and a child collection) and a collection Spare."""
    hero, part, spare = (bpy.data.collections.new(name) for name in ("Hero", "Part", "Spare"))
    hero.children.link(part)
    mesh = bpy.data.meshes.new("Cube")
    corners = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    mesh.from_pydata(corners, [(0, 7)], [])
    mesh.materials.append(bpy.data.materials.new("Paint"))
    for collection, name, height in ((hero, "Body", 5.0), (part, "Top", 7.0), (spare, "Wheel", 0.0)):
        thing = bpy.data.objects.new(name, mesh)
        thing.location.z = height
        collection.objects.link(thing)
    path = tmp_path / "cg.blend"
    bpy.data.libraries.write(str(path), {hero, spare})
    things = [thing for collection in (hero, part, spare) for thing in collection.objects]
    bpy.data.batch_remove([hero, part, spare, *things, *mesh.materials, mesh])
    return path


def test_cg_stands_on_the_floor(scene, cg_blend):
    empty = scene_room.append_cg(scene, cg_blend, "Hero")
    bpy.context.view_layer.update()
    assert extent(bpy.data.objects["Body"])[0][2] == pytest.approx(0, abs=1e-5)
    assert extent(bpy.data.objects["Top"])[0][2] == pytest.approx(2, abs=1e-5)
    assert bpy.data.objects["Body"].parent == empty
    assert "Wheel" not in bpy.data.objects
    assert bpy.data.objects["Body"].name in scene_room.owned_collection(scene).all_objects


def test_whole_file_comes_where_no_collection_is_named(scene, cg_blend):
    scene_room.append_cg(scene, cg_blend)
    there = scene_room.owned_collection(scene).all_objects
    assert {"Body", "Top", "Wheel"} <= {thing.name for thing in there}
    assert len(there) == 4


def test_cg_again_replaces_it_and_keeps_its_place(scene, cg_blend):
    empty = scene_room.append_cg(scene, cg_blend, "Hero")
    empty.location = (1, 2, 0)
    before = datablocks()
    mine = bpy.data.objects.new("Mine", None)
    bpy.data.collections["Part"].objects.link(mine)
    assert scene_room.append_cg(scene, cg_blend, "Hero") == empty
    assert datablocks() == {**before, "objects": before["objects"] + 1}
    assert tuple(empty.location) == (1, 2, 0)
    assert "Body" in bpy.data.objects and "Body.001" not in bpy.data.objects
    assert mine.name in scene.objects, "what the artist put into our collection stays in the scene"


def test_file_without_collections_gives_its_objects(scene, tmp_path):
    thing = bpy.data.objects.new("Alone", bpy.data.meshes.new("Alone"))
    bpy.data.libraries.write(str(tmp_path / "alone.blend"), {thing})
    bpy.data.batch_remove([thing, thing.data])
    scene_room.append_cg(scene, tmp_path / "alone.blend")
    assert "Alone" in scene.objects


def test_cg_that_cannot_be_had_is_refused_and_the_old_stays(scene, cg_blend, tmp_path):
    scene_room.append_cg(scene, cg_blend, "Hero")
    before = datablocks()
    (tmp_path / "text.blend").write_text("no blend\n" * 50)
    with pytest.raises(InputError, match="no such file"):
        scene_room.append_cg(scene, tmp_path / "missing.blend")
    with pytest.raises(InputError, match=r"not a \.blend"):
        scene_room.append_cg(scene, tmp_path / "text.blend")
    with pytest.raises(InputError, match="Hero, Part, Spare"):
        scene_room.append_cg(scene, cg_blend, "Villain")
    assert datablocks() == before


# --- rendered frames --------------------------------------------------------


def settings(scene):
    render, image = scene.render, scene.render.image_settings
    return (
        render.filepath, render.engine, render.resolution_percentage, render.use_compositing,
        render.use_sequencer, render.use_file_extension, image.file_format, image.color_mode,
        image.color_depth, scene.cycles.samples, scene.frame_current,
    )  # fmt: skip


def test_frames_are_written_and_settings_put_back(scene, tmp_path):
    scene_room.setup_shadow_catcher(scene)
    scene_room.add_stand_in(scene)
    image = scene.render.image_settings
    image.file_format, image.color_mode, image.color_depth = "TIFF", "RGBA", "16"
    scene.frame_set(3)
    before, heard = settings(scene), []
    paths = render_frames(
        scene, [2, 20], tmp_path / "new" / "out", name="my shot", engine="cycles", samples=4,
        on_frame=lambda frame, path: heard.append((frame, path)),
    )  # fmt: skip
    assert [path.name for path in paths] == ["my_shot_0002.png", "my_shot_0020.png"]
    assert heard == list(zip([2, 20], paths))
    assert settings(scene) == before
    first, last = (cv2.imread(str(path)) for path in paths)
    assert first.shape == (90, 160, 3)
    assert np.abs(first.astype(int) - last).max() > 20, "the camera moved"


def test_shadow_falls_on_the_catcher_alone(scene, tmp_path):
    scene_room.setup_shadow_catcher(scene)
    scene_room.add_stand_in(scene)
    scene.view_settings.view_transform = "Raw"
    [path] = render_frames(scene, [10], tmp_path, format="exr", engine="cycles", samples=16)
    picture = bpy.data.images.load(str(path))
    pixels = np.empty(160 * 90 * 4, np.float32)
    picture.pixels.foreach_get(pixels)
    alpha = pixels.reshape(90, 160, 4)[:, :, 3]
    assert alpha.max() > 0.99, "the stand-in is there"
    assert np.sum((alpha > 0.2) & (alpha < 0.9)) > 20, "its shadow is there"
    assert np.mean(alpha < 0.01) > 0.5, "the rest is left to the plate"


def test_stopping_early_puts_settings_back(scene, tmp_path):
    before = settings(scene)
    steps = render_steps(scene, [1, 2, 3], tmp_path, engine="cycles", samples=1)
    next(steps)
    assert settings(scene) != before
    steps.close()
    assert settings(scene) == before
    assert len(list(tmp_path.iterdir())) == 1


def test_folder_that_cannot_be_written_is_refused_before_anything(scene, tmp_path):
    (tmp_path / "file").write_text("")
    before = settings(scene)
    for options, match in (
        ({"output_dir": tmp_path / "file" / "out"}, "cannot be written"),
        ({"output_dir": tmp_path, "format": "gif"}, "png, exr, mp4"),
        ({"output_dir": tmp_path, "engine": "luxury"}, "engine"),
        ({"output_dir": tmp_path, "frames": []}, "no frames"),
    ):
        with pytest.raises(InputError, match=match):
            render_frames(scene, **{"frames": [1], **options})
    assert settings(scene) == before
