"""Whatever an artist changes about the shadow catcher's material is seen, and nothing else counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from addon.tracking.blender import catcher, versions
from addon.tracking.blender import scene as scene_room
from addon.tracking.blender.material_look import same_values
from addon.tracking.blender.owned import MATERIAL, Edits, look

Change = Callable[[Any, Any], Any]
"""Of the material and the ground; calling what it returns takes it back."""


def setting(path: str, value: Any) -> Change:
    """Another value at a path below the material."""

    def change(material: Any, _ground: Any) -> Any:
        owner, _, name = path.rpartition(".")
        target = material.path_resolve(owner) if owner else material
        before = getattr(target, name)
        before = tuple(before) if hasattr(before, "__len__") and not isinstance(before, str) else before
        assert before != value
        setattr(target, name, value)
        return lambda: setattr(target, name, before)

    return change


def node(name: str) -> str:
    return f'node_tree.nodes["{name}"]'


CHANGES: dict[str, Change] = {
    "roughness of the floor": setting(node("Diffuse BSDF") + ".inputs[1].default_value", 0.7),
    "colour of the floor": setting(node("Diffuse BSDF") + ".inputs[0].default_value", (0.9, 1.0, 1.0, 1.0)),
    "colour of the clear part": setting(
        node("Transparent BSDF") + ".inputs[0].default_value", (1.0, 0.5, 1.0, 1.0)
    ),
    "strength of the shadow": setting(node("Emission") + ".inputs[1].default_value", 0.2),
    "colour of the shadow": setting(node("Emission") + ".inputs[0].default_value", (0.0, 0.0, 1.0, 1.0)),
    "what Math does": setting(node("Math") + ".operation", "MULTIPLY"),
    "clamped Math": setting(node("Math") + ".use_clamp", True),
    "steps of the range": setting(node("Map Range") + ".interpolation_type", "SMOOTHSTEP"),
    "open range": setting(node("Map Range") + ".clamp", False),
    "start of the range": setting(node("Map Range") + ".inputs[1].default_value", 0.1),
    "renderer of the output": setting(node("Material Output") + ".target", "ALL"),
    "muted node": setting(node("Map Range") + ".mute", True),
    "EEVEE's method": setting("surface_render_method", "DITHERED"),
    "no shadow of its own": setting("use_transparent_shadow", False),
    "backface culling": setting("use_backface_culling", True),
    "displacement": setting("displacement_method", "DISPLACEMENT"),
    "pass index": setting("pass_index", 3),
    "colour in the viewport": setting("diffuse_color", (0.1, 0.1, 0.1, 1.0)),
    "line art": setting("lineart.mat_occlusion", 4),
}


def added_ramp(material: Any, _ground: Any) -> Any:
    tree = material.node_tree
    tree.nodes.new("ShaderNodeValToRGB").name = "By Hand"
    return lambda: tree.nodes.remove(tree.nodes["By Hand"])


def muted_link(material: Any, _ground: Any) -> Any:
    link = material.node_tree.links[0]
    link.is_muted = True
    return lambda: setattr(link, "is_muted", False)


def driven(material: Any, _ground: Any) -> Any:
    socket = material.node_tree.nodes["Map Range"].inputs["From Max"]
    before = socket.default_value
    socket.driver_add("default_value").driver.expression = "0.98"
    return lambda: (socket.driver_remove("default_value"), setattr(socket, "default_value", before))


def keyed(material: Any, _ground: Any) -> Any:
    socket = material.node_tree.nodes["Emission"].inputs["Strength"]
    socket.keyframe_insert("default_value", frame=1)
    return lambda: setattr(material.node_tree.animation_data, "action", None)


def light_by_hand(material: Any, _ground: Any) -> Any:
    socket = material.node_tree.nodes[catcher.LIT].outputs[0]
    path = socket.path_from_id("default_value")
    driver = material.node_tree.animation_data.drivers.find(path).driver
    before = driver.expression
    driver.expression = f"2*({before})"
    return lambda: setattr(driver, "expression", before)


def in_the_objects_slot(_material: Any, ground: Any) -> Any:
    slot = ground.material_slots[0]
    slot.link = "OBJECT"
    return lambda: setattr(slot, "link", "DATA")


def without_nodes(material: Any, _ground: Any) -> Any:
    material.use_nodes = False
    return lambda: setattr(material, "use_nodes", True)


CHANGES |= {
    "node added": added_ramp,
    "link muted": muted_link,
    "driver": driven,
    "keys": keyed,
    "how bright the light is": light_by_hand,
    "a material of the object's": in_the_objects_slot,
}
if not versions.TREE_IS_A_GROUP:
    CHANGES["nodes not used"] = without_nodes


@pytest.fixture
def ground(blender_file: ModuleType) -> Any:
    found = scene_room.setup_shadow_catcher(blender_file.context.scene, size=10.0)
    blender_file.context.view_layer.update()
    return found


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen_and_taken_back(ground: Any, blender_file: ModuleType, name: str) -> None:
    scene = blender_file.context.scene
    before = look(scene)
    take_back = CHANGES[name](ground.data.materials[0], ground)
    assert Edits.of(scene, before).changed == {scene_room.CATCHER_MARK: {MATERIAL}}
    scene_room.setup_shadow_catcher(scene, size=10.0)  # what a build does with it
    changed = Edits.of(scene, before).changed.get(scene_room.CATCHER_MARK, set())
    assert MATERIAL in changed, "it is there still"
    take_back()
    assert Edits.of(scene, before).changed == {}


def test_a_ramp_and_a_curve_of_the_artists_are_seen_to_the_last_point(
    ground: Any, blender_file: ModuleType
) -> None:
    scene, tree = blender_file.context.scene, ground.data.materials[0].node_tree
    ramp, curve = tree.nodes.new("ShaderNodeValToRGB"), tree.nodes.new("ShaderNodeFloatCurve")
    before = look(scene)
    ramp.color_ramp.elements[1].position = 0.8
    assert Edits.of(scene, before).changed
    before = look(scene)
    curve.mapping.curves[0].points[1].location = (0.9, 0.4)
    assert Edits.of(scene, before).changed
    before = look(scene)
    tree.nodes["Math"].location.x += 50
    tree.nodes["Math"].label = "Share"
    assert not Edits.of(scene, before).changed, "where a node stands and what it is called shows nowhere"


def test_a_light_that_is_turned_or_deleted_is_no_change(ground: Any, blender_file: ModuleType) -> None:
    scene = blender_file.context.scene
    before = look(scene)[scene_room.CATCHER_MARK][MATERIAL]
    sun = next(item for item in scene.objects if item.type == "LIGHT")
    sun.data.energy, sun.rotation_euler.x, sun.name = 9.0, 1.0, "My Sun"
    scene.frame_set(7)
    assert look(scene)[scene_room.CATCHER_MARK][MATERIAL] == before
    second = blender_file.data.objects.new("Second", blender_file.data.lights.new("Second", "SUN"))
    scene.collection.objects.link(second)
    scene_room.setup_shadow_catcher(scene, size=10.0)
    driver = ground.data.materials[0].node_tree.animation_data.drivers[0].driver
    assert "e1" in driver.expression, "the new sun counts"
    assert look(scene)[scene_room.CATCHER_MARK][MATERIAL] == before
    blender_file.data.objects.remove(sun)
    assert look(scene)[scene_room.CATCHER_MARK][MATERIAL] == before
    scene_room.setup_shadow_catcher(scene, size=10.0, light=False)
    assert "e1" not in driver_of(ground).expression


def driver_of(ground: Any) -> Any:
    return ground.data.materials[0].node_tree.animation_data.drivers[0].driver


def test_a_light_told_by_hand_is_left_until_the_material_is_made_anew(
    ground: Any, blender_file: ModuleType
) -> None:
    scene = blender_file.context.scene
    socket = ground.data.materials[0].node_tree.nodes[catcher.LIT].outputs[0]
    socket.driver_remove("default_value")
    socket.default_value = 0.25
    scene_room.setup_shadow_catcher(scene, size=10.0)
    assert socket.default_value == 0.25
    scene_room.setup_shadow_catcher(scene, size=10.0, anew=True)
    assert "e0" in driver_of(ground).expression


def test_a_saved_file_says_the_same(ground: Any, blender_file: ModuleType, tmp_path: Path) -> None:
    scene = blender_file.context.scene
    before = look(scene)
    blender_file.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    blender_file.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert Edits.of(blender_file.context.scene, before).changed == {}


def test_what_another_blender_makes_of_a_file_is_no_change_by_hand(ground: Any) -> None:
    """5.0 turns one setting of older files, and settings come and go."""
    here = catcher.ground_values(ground)
    turned = {
        **here,
        "Blender": "4.1",
        "use_backface_culling_lightprobe_volume": "other",
        "gone": "1",
    }
    del turned["displacement_method"]
    assert same_values(turned, here) and same_values(here, turned)
    assert not same_values({**turned, "Blender": here["Blender"]}, here), "here it is the artist who turns it"
    assert not same_values({**turned, "pass_index": "3"}, here)
