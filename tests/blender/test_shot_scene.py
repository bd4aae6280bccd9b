"""A shot file's scene and camera sections, built on a clip whose solve is exact."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from mathutils import Matrix  # noqa: E402

from addon.tracking.blender import clip as clip_room  # noqa: E402
from addon.tracking.blender import layout  # noqa: E402
from addon.tracking.blender.assemble import assemble_shot_with_tracking  # noqa: E402
from addon.tracking.blender.native import solve_native  # noqa: E402
from addon.tracking.blender.points import POINTS_MARK  # noqa: E402
from addon.tracking.blender.remove import remove_shot  # noqa: E402
from addon.tracking.blender.scene import (  # noqa: E402
    CATCHER_MARK,
    SUN_MARK,
    marked_object,
    setup_light,
    setup_shadow_catcher,
)
from addon.tracking.shotfile import ShotFileError  # noqa: E402
from tests.blender.synthetic import make_shot  # noqa: E402

FLOOR = ["T1", "T30", "T60", "T80"]


@pytest.fixture(scope="module")
def shot(tmp_path_factory):
    shot = make_shot(tmp_path_factory.mktemp("shot"), frames=24)
    shot.tracks.names = [f"T{number}" for number in range(shot.tracks.count)]
    return shot


@pytest.fixture
def build(shot, blender_file, tmp_path):
    """Builds the shot with what a test says of its sections, on the clip's own solve."""
    clip = clip_room.load_clip(shot.movie)
    clip_room.put_tracks(clip, shot.tracks, shot.solve)
    assert solve_native(clip, shot.solve).agrees

    def build(**sections):
        values = {
            "footage": {"file": str(shot.movie)},
            "tracking": {"enabled": False},
            "composite": {"shadow_catcher": "scene" in sections},
            **sections,
        }
        return assemble_shot_with_tracking({"shot": values}, scene=bpy.context.scene)

    return build


def test_floor_scale_and_origin(shot, build):
    result = build(
        scene={"floor": FLOOR, "scale": {"tracks": ["T1", "T60"], "distance": 3.0}, "origin": "T30"}
    )
    world = layout.solved_world(bpy.context.scene, result.clip)
    points = {name.removeprefix("ts:"): point for name, point in zip(world.names, world.points)}
    assert np.linalg.norm(points["T1"] - points["T60"]) == pytest.approx(3.0, rel=1e-3)
    assert np.abs(points["T30"]).max() < 2e-3
    assert max(abs(points[name][2]) for name in FLOOR) < 2e-3


@pytest.mark.parametrize(
    ("scene", "says"),
    [
        ({"origin": "Nobody"}, "no solved track is called 'Nobody'"),
        ({"scale": {"tracks": ["T1", "Nobody"], "distance": 1.0}}, "no solved track is called 'Nobody'"),
        ({"floor": ["T1", "T2", "Nobody"]}, "no solved track is called 'Nobody'"),
    ],
)
def test_a_track_that_is_not_there_is_told(build, scene, says):
    with pytest.raises(ShotFileError, match=says):
        build(scene=scene)


def test_the_camera_goes_out_and_another_shot_takes_it_in(shot, build, tmp_path):
    file = tmp_path / "hero.chan"
    before = build(camera={"export": [str(file)]}).camera
    bpy.context.scene.frame_set(9)
    place = before.matrix_world.copy()
    assert len(file.read_text().splitlines()) == 24
    after = build(camera={"import": str(file), "name": "Theirs"}).camera
    bpy.context.scene.frame_set(9)
    assert not after.constraints and np.allclose(after.matrix_world, place, atol=1e-5)
    assert after.data.lens == pytest.approx(shot.solve.lens.focal_length_mm, abs=1e-3)
    assert after.data.background_images[0].clip is not None


def test_a_colmap_model_is_laid_on_its_floor(build, tmp_path, shot):
    flip = np.diag([1.0, -1.0, -1.0, 1.0])
    images = []
    for number, camera in enumerate(shot.solve.cameras, 1):
        seen = np.linalg.inv(camera @ flip)
        turn = Matrix(seen[:3, :3]).to_quaternion()
        parts = [number, *turn, *seen[:3, 3], 1, f"f{number:04}.png"]
        images.append(" ".join(map(str, parts)) + "\n")
    lens = shot.solve.lens
    (tmp_path / "cameras.txt").write_text(
        f"1 SIMPLE_PINHOLE {lens.width} {lens.height} {lens.focal_px} 320 180\n"
    )
    (tmp_path / "images.txt").write_text("\n".join(images) + "\n")
    rows = [
        f"{number} {x} {y} {z} 0 0 0 0.1" for number, (x, y, z) in enumerate(shot.solve.points.tolist(), 1)
    ]
    (tmp_path / "points3D.txt").write_text("\n".join(rows))
    result = build(camera={"import": str(tmp_path / "images.txt")})
    assert result.floor.confidence > 0.5
    heights = []
    for frame in (1, 12, 24):
        bpy.context.scene.frame_set(frame)
        heights.append(result.camera.matrix_world.translation.z)
    wanted = (shot.solve.cameras[:, 2, 3] + 1.3) * 1.6 / (shot.solve.cameras[:, 2, 3] + 1.3).mean()
    assert heights == pytest.approx(wanted[[0, 11, 23]], abs=2e-3)


@pytest.mark.parametrize(
    ("camera", "says"),
    [({"import": "/none/a.chan"}, "a.chan"), ({"export": "/none/a.chan"}, "no such folder")],
)
def test_files_that_cannot_be_had_are_told(build, camera, says):
    with pytest.raises(ShotFileError, match=says):
        build(camera=camera)


def test_points_light_and_holdout(shot, build, tmp_path):
    picture = np.full((8, 16, 3), 1.5, np.float32)
    assert cv2.imwrite(str(tmp_path / "sky.hdr"), picture)
    scene = bpy.context.scene
    wall = bpy.data.objects.new("Wall", bpy.data.meshes.new("Wall"))
    scene.collection.objects.link(wall)
    mine = scene.world = bpy.data.worlds.new("Mine")
    wanted = {
        "floor": FLOOR,
        "point_cloud": "mesh",
        "light": {"hdri": str(tmp_path / "sky.hdr")},
        "holdout": ["Wall"],
    }
    build(scene=wanted)
    root = marked_object(scene, POINTS_MARK)
    assert len(root.data.vertices) == len(shot.solve.points)
    heights = [abs(vertex.co.z) for vertex in root.data.vertices]
    assert sorted(heights)[60] < 2e-3, "most of them lie on the floor"
    assert scene.world != mine and wall.is_holdout
    assert not [item for item in scene.objects if item.type == "LIGHT"], "the picture is the light"
    build(scene={"floor": FLOOR})
    assert scene.world == mine and not wall.is_holdout and marked_object(scene, POINTS_MARK) is None
    build(scene=wanted)
    assert remove_shot(scene)
    assert scene.world == mine and not wall.is_holdout and marked_object(scene, POINTS_MARK) is None


def test_a_stand_in_for_the_real_that_is_not_there_is_told(build):
    with pytest.raises(ShotFileError, match="no object or collection 'Nobody'"):
        build(scene={"holdout": ["Nobody"]})


def test_what_the_shot_does_not_ask_for_any_more_goes(build):
    scene = bpy.context.scene
    build(scene={"light": {"direction": [1, 0, -1]}})
    sun, turned = marked_object(scene, SUN_MARK), tuple(marked_object(scene, SUN_MARK).rotation_euler)
    assert marked_object(scene, CATCHER_MARK) is not None
    assert "scene" in build(scene={}).ran
    new = setup_light(bpy.data.scenes.new("Fresh"))
    assert tuple(sun.rotation_euler) == tuple(new.rotation_euler) != turned
    assert "scene" in build(composite={"shadow_catcher": False}).ran
    assert marked_object(scene, CATCHER_MARK) is None and not bpy.data.meshes.get("Shadow Catcher")
    setup_shadow_catcher(scene)  # by the button: the shot has nothing to do with it
    for engine in ("eevee", "workbench"):
        assert "scene" in build(composite={"shadow_catcher": False}, render={"engine": engine}).ran
        assert marked_object(scene, CATCHER_MARK) is not None


def test_a_world_that_was_changed_by_hand_is_kept(build, tmp_path):
    assert cv2.imwrite(str(tmp_path / "sky.hdr"), np.full((8, 16, 3), 1.5, np.float32))
    light, scene = {"hdri": str(tmp_path / "sky.hdr")}, bpy.context.scene
    build(scene={"light": light})
    world = scene.world
    tree = world.node_tree
    background = next(node for node in tree.nodes if node.bl_idname == "ShaderNodeBackground")
    hue = tree.nodes.new("ShaderNodeHueSaturation")
    tree.links.new(background.inputs["Color"].links[0].from_socket, hue.inputs["Color"])
    tree.links.new(hue.outputs["Color"], background.inputs["Color"])
    build(scene={"light": light, "point_cloud": "mesh"})
    assert scene.world == world and background.inputs["Color"].links[0].from_node == hue
    tree.nodes.remove(background)
    mine = scene.world = bpy.data.worlds.new("Mine")
    count = len(bpy.data.worlds)
    result = build(scene={"light": light})
    assert "scene" in result.ran and scene.world == mine and len(bpy.data.worlds) == count
    told = "Tracked Shot Surroundings was replaced by hand by Mine, which is kept"
    assert [line for line in result.warnings if line.startswith(told)]
    assert cv2.imwrite(str(tmp_path / "sky.hdr"), np.full((8, 16, 3), 2.5, np.float32))
    result = build(scene={"light": light})  # the file is later than the hand
    assert scene.world != mine and not [line for line in result.warnings if told in line]
    assert remove_shot(scene)
    assert scene.world in (None, mine)


def test_one_point_that_was_deleted_is_one_change(build):
    result = build(scene={"point_cloud": "empties"})
    root = marked_object(result.scene, POINTS_MARK)
    names = sorted(point.name for point in root.children)
    bpy.data.objects.remove(bpy.data.objects[names[3]])
    told = [line for line in build(scene={"point_cloud": "empties"}).warnings if "by hand" in line]
    assert len(told) == 1 and told[0].startswith(names[3])
