"""What is ours and what is the user's: varied trees, all presets in turn, and away again without a trace."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest

from addon.tracking import presets
from addon.tracking.blender import composite, versions
from addon.tracking.blender.clip import put_tracks
from addon.tracking.blender.nodes import MARK
from addon.tracking.config import CompositeConfig
from addon.tracking.engine.model import Tracks
from addon.tracking.errors import InputError
from tests.blender.test_composite import HEIGHT, TREES, WIDTH, drawn_clip, prepared_scene, user_nodes
from tests.blender.tree_dump import differences, dump_scene
from tests.conftest import empty_file

SEEDS = range(12)
KINDS = (
    "CompositorNodeBlur",
    "CompositorNodeGlare",
    "CompositorNodeFilter",
    "CompositorNodeDilateErode",
    "CompositorNodeAlphaOver",
    "CompositorNodeSetAlpha",
    "CompositorNodeScale",
    "CompositorNodeTranslate",
    "CompositorNodeRGB",
    "CompositorNodeHueSat",
    "CompositorNodeSeparateColor",
    "CompositorNodeCombineColor",
    "CompositorNodeMovieClip",
    "NodeReroute",
)


@pytest.fixture(autouse=True)
def fresh_file() -> None:
    empty_file()


def random_tree(scene: bpy.types.Scene, seed: int) -> None:
    """A tree of nodes in frames and groups, with links, values and marks of its own, as chance has it."""
    chance = random.Random(seed)
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    inside = versions.new_group("Theirs")
    for in_out in ("INPUT", "OUTPUT"):
        versions.ensure_group_socket(inside, "Image", in_out)
    nodes = [versions.new_node(tree, "render layers")]
    for _ in range(chance.randint(3, 40)):
        if chance.random() < 0.1:
            node = versions.new_node(tree, "group")
            node.node_tree = inside
        else:
            node = tree.nodes.new(chance.choice(KINDS))
        nodes.append(node)
    ends = [versions.make_output(tree).node]
    ends += [tree.nodes.new(ends[0].bl_idname) for _ in range(chance.randint(0, 2))]
    if chance.random() < 0.5:
        ends.append(tree.nodes.new("CompositorNodeViewer"))
    sockets = [output for output in nodes[0].outputs if output.enabled][:1]
    for node in [*nodes[1:], *ends]:
        for entry in node.inputs:
            if entry.enabled and not entry.hide and chance.random() < 0.5 and entry.type != "MENU":
                link = tree.links.new(chance.choice(sockets), entry)
                if link is not None:  # some kinds of socket do not go together
                    link.is_muted = chance.random() < 0.1
            elif entry.type == "VALUE" and chance.random() < 0.3:
                entry.default_value = chance.random()
        sockets += [output for output in node.outputs if output.enabled]
        node.mute = chance.random() < 0.1
        node.hide = chance.random() < 0.1
    frames: list[bpy.types.Node] = []
    for number in range(chance.randint(0, 4)):
        frame = tree.nodes.new("NodeFrame")
        frame.label = f"frame {number}"
        if frames and chance.random() < 0.5:
            frame.parent = frames[-1]
        frames.append(frame)
    for node in [*nodes, *ends]:
        node.location = (chance.uniform(-2000, 2000), chance.uniform(-900, 900))
        if frames and chance.random() < 0.4:
            node.parent = chance.choice(frames)
        if chance.random() < 0.2:
            node["mine"] = chance.randint(0, 99)
            node.label = chance.choice(("Tracked Shot", "grade", ""))
        node.width = chance.uniform(100, 300)
    if chance.random() < 0.5:
        value = next((n for n in nodes if n.bl_idname == "CompositorNodeRGB"), None)
        if value is not None:
            value.outputs[0].keyframe_insert("default_value", frame=1)
            value.outputs[0].keyframe_insert("default_value", frame=9)


def keyed_tree(scene: bpy.types.Scene) -> None:
    """A user's own keys and drivers on the tree that ours goes into."""
    user_nodes(scene)
    tree = versions.scene_tree(scene)
    color = tree.nodes.new("CompositorNodeRGB")
    color.outputs[0].keyframe_insert("default_value", frame=3)
    over = tree.nodes.new("CompositorNodeAlphaOver")
    over.inputs["Factor" if versions.BLENDER >= (5, 0) else "Fac"].driver_add("default_value")


def everything(scene: bpy.types.Scene) -> tuple[object, ...]:
    """A full dump, with the user's curves and all that could be left behind."""
    tree = versions.stored_scene_tree(scene)
    curves = []
    if tree is not None:
        curves = [
            (curve.data_path, curve.array_index, [point.co[:] for point in curve.keyframe_points])
            for curve in versions.curves_of(tree)
        ]
        if tree.animation_data:
            curves += [driver.data_path for driver in tree.animation_data.drivers]
    kinds = ("actions", "textures", "images", "node_groups", "movieclips", "scenes", "masks")
    counts = {kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in kinds}
    counts["images"] = [name for name in counts["images"] if name not in ("Render Result", "Viewer Node")]
    return dump_scene(scene), curves, counts


def give_tracks(clip: bpy.types.MovieClip) -> None:
    """Three tracks to stabilise by, beside those that are there."""
    places = np.array([[40.0, 30.0], [150.0, 35.0], [90.0, 80.0]])
    xy = (places[:, None, :] + np.array([[0, 0], [1.5, -0.5], [-1, 1]])[None]).reshape(-1, 2)
    frames = np.tile(np.arange(1, 4, dtype=np.int32), 3)
    put_tracks(
        clip,
        Tracks(WIDTH, HEIGHT, 3, np.repeat(np.arange(3, dtype=np.int32), 3), frames, xy, ["a", "b", "c"]),
    )


def makers() -> list[Callable[[bpy.types.Scene], None]]:
    generated = [lambda scene, seed=seed: random_tree(scene, seed) for seed in SEEDS]
    for seed, make in zip(SEEDS, generated):
        make.__name__ = f"generated {seed}"
    return [*TREES, keyed_tree, *generated]


@pytest.mark.parametrize("make_tree", makers(), ids=lambda make: make.__name__)
def test_all_presets_in_turn_and_away_without_a_trace(
    make_tree: Callable[[bpy.types.Scene], None], tmp_path: Path
) -> None:
    scene = prepared_scene(WIDTH, HEIGHT)
    clip = drawn_clip(tmp_path / "plate")
    make_tree(scene)
    give_tracks(clip)
    versions_of_tree = versions.stored_scene_tree(scene)
    before = everything(scene)
    for info in presets.list_composite_presets():
        config = presets.load_composite_preset(info.name)
        composite.setup_shot_compositing(scene, clip, config)
        assert composite.composite_status(scene, config).matches, info.name
        applied = everything(scene)
        composite.setup_shot_compositing(scene, clip, config)
        assert differences(applied, everything(scene)) == [], info.name
    assert composite.remove_shot_compositing(scene)
    after = everything(scene)
    if versions_of_tree is None and not versions.TREE_IS_A_GROUP:
        assert not scene.use_nodes  # a tree once made can only be switched off before 5.0
        after[0]["tree"] = None
    assert differences(before, after) == []


def test_a_tree_of_two_scenes_is_said_and_given_back(tmp_path: Path) -> None:
    if not versions.TREE_IS_A_GROUP:
        pytest.skip("only from 5.0 can two scenes have one tree")
    scene = prepared_scene(WIDTH, HEIGHT)
    clip = drawn_clip(tmp_path / "plate")
    user_nodes(scene)
    other = bpy.data.scenes.new("Other")
    other.compositing_node_group = scene.compositing_node_group
    other.view_layers[0].update()  # a scene just made has no layer collection until then
    before = everything(scene), dump_scene(other)
    composite.setup_shot_compositing(scene, clip, CompositeConfig())
    assert any("of the scene Other" in line for line in composite.composite_status(scene).warnings)
    composite.remove_shot_compositing(scene)
    assert differences(before, (everything(scene), dump_scene(other))) == []


def test_a_linked_tree_is_refused_and_stays(tmp_path: Path) -> None:
    if not versions.TREE_IS_A_GROUP:
        pytest.skip("before 5.0 a tree belongs to its scene")
    scene = prepared_scene(WIDTH, HEIGHT)
    user_nodes(scene)
    name = scene.compositing_node_group.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    empty_file()
    scene = prepared_scene(WIDTH, HEIGHT)
    clip = drawn_clip(tmp_path / "plate")
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, into):
        into.node_groups = [name]
    scene.compositing_node_group = into.node_groups[0]
    before = dump_scene(scene)
    with pytest.raises(InputError, match="linked from another file"):
        composite.setup_shot_compositing(scene, clip, CompositeConfig())
    assert differences(before, dump_scene(scene)) == []


def test_what_another_blender_built_is_rebuilt_by_one_click(tmp_path: Path) -> None:
    """A group of another version of ours is told from one that stands as it should, and made anew."""
    scene = prepared_scene(WIDTH, HEIGHT)
    clip = drawn_clip(tmp_path / "plate")
    give_tracks(clip)
    config = presets.load_composite_preset("stabilized")
    group = composite.setup_shot_compositing(scene, clip, config)
    group[MARK] = group[MARK].replace(f'"blender": "{versions.BLENDER[0]}.', '"blender": "3.')
    status = composite.composite_status(scene, config)
    assert not status.matches
    assert any("built in Blender 3." in line and "apply again" in line for line in status.warnings)
    assert not status.edited
    assert composite.setup_shot_compositing(scene, clip, config) == group
    assert composite.composite_status(scene, config).matches


def test_a_tree_of_five_hundred_nodes_is_quick(tmp_path: Path) -> None:
    """Under half a second by a wide margin: what goes through all links once a node takes longer."""
    scene = prepared_scene(WIDTH, HEIGHT)
    clip = drawn_clip(tmp_path / "plate")
    give_tracks(clip)
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    socket = versions.new_node(tree, "render layers").outputs["Image"]
    for _ in range(498):
        node = tree.nodes.new("CompositorNodeBlur")
        tree.links.new(socket, node.inputs["Image"])
        socket = node.outputs["Image"]
    tree.links.new(socket, versions.make_output(tree).socket)
    started = time.perf_counter()
    composite.setup_shot_compositing(scene, clip, presets.load_composite_preset("stabilized"))
    assert time.perf_counter() - started < 0.5
