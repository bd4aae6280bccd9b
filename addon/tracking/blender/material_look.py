"""How the ground's materials are made, as plain values: all that an artist can change about how they render.

The values stand one by one by their paths, and only those that both sides know are compared: settings and
sockets come and go with Blender's versions, which tells nothing of a hand. Nodes and links are one value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from typing import Any

import bpy
import numpy as np

from . import versions

Values = dict[str, str | list[str]]
"""By a value's path, the value as text, and a list of them for an array."""

_NO_LOOK = {
    "label", "name", "parent", "location", "location_absolute", "width", "width_hidden", "height",
    "dimensions", "select", "hide", "color", "use_custom_color", "color_tag", "warning_propagation", "inputs",
    "outputs", "internal_links", "show_options", "show_preview", "show_texture", "active_preview",
    "panel_states",
}  # fmt: skip
"""What may change about a node without changing the picture, and sockets, which are read on their own."""
_NOT_OF_THE_MATERIAL = {
    "node_tree", "use_nodes", "animation_data", "preview_render_type", "use_preview_world",
    "texture_paint_images", "texture_paint_slots", "paint_active_slot", "paint_clone_slot", "grease_pencil",
    "is_grease_pencil", "blend_method", "shadow_method",
}  # fmt: skip
"""What is read on its own, shows in no render, or is an older name of another setting."""
_TURNED_ON_OPENING = {"use_backface_culling_lightprobe_volume"}
"""What Blender 5.0 and later make anew of an older file's settings."""
_BLENDER = "Blender"
"""The version that the values were read in."""
_DEPTH = 3
"""A curve's points lie so deep below their node."""


def material_values(material: bpy.types.Material, *, but: Collection[str] = ()) -> Values:
    """All values of a material by their paths, save those of sockets at the paths ``but`` in its tree."""
    of_every_id = {prop.identifier for prop in bpy.types.ID.bl_rna.properties}
    found = dict(_values(material, "", of_every_id | _NOT_OF_THE_MATERIAL))
    found |= {"animation": _animation(material, ()), _BLENDER: versions.BLENDER_NAME}
    tree = material.node_tree
    if tree is None or not versions.uses_nodes(material):
        return found | {"nodes": "none"}
    moving = {*but, *_moving_paths(tree)}
    for node in tree.nodes:
        found |= _values(node, f"{node.name} ", _NO_LOOK)
        for socket in (*node.inputs, *node.outputs):
            unused = not hasattr(socket, "default_value") or (socket.is_linked and not socket.is_output)
            if not unused and socket.path_from_id("default_value") not in moving:
                side = "gives" if socket.is_output else "takes"
                found[f"{node.name} {side} {socket.identifier}"] = _plain(socket.default_value)
    links = [
        f"{link.from_node.name} {link.from_socket.identifier} {link.to_node.name} {link.to_socket.identifier}"
        f" {link.is_muted}"
        for link in tree.links
    ]
    nodes = [f"{node.name} {node.bl_idname}" for node in tree.nodes if node.bl_idname != "NodeFrame"]
    found["nodes"] = _digest((sorted(nodes), sorted(links)))
    found["nodes' animation"] = _animation(tree, but)
    return found


def same_values(one: Values, other: Values) -> bool:
    """Whether two are alike in all that both know."""
    leave = {_BLENDER} if one.get(_BLENDER) == other.get(_BLENDER) else {_BLENDER, *_TURNED_ON_OPENING}
    return all(one[name] == other[name] for name in (one.keys() & other.keys()) - leave)


def _values(owner: Any, path: str, leave: Collection[str], depth: int = _DEPTH) -> Iterator[tuple[str, Any]]:
    """What can be set of something in Blender and of what belongs to it, such as a ramp or a curve."""
    for prop in owner.bl_rna.properties:
        name = prop.identifier
        if name in leave or name == "rna_type" or name.startswith("bl_"):
            continue
        below = prop.type in ("POINTER", "COLLECTION")
        if prop.is_readonly and not below:
            continue
        value = getattr(owner, name)
        if not below:
            yield path + name, _plain(value)
        elif prop.type == "POINTER" and (value is None or isinstance(value, bpy.types.ID)):
            yield path + name, value.name_full if value is not None else "none"
        elif depth and prop.type == "POINTER":
            yield from _values(value, f"{path}{name}.", (), depth - 1)
        elif depth:
            yield f"{path}{name}", str(len(value))
            for number, item in enumerate(value):
                yield from _values(item, f"{path}{name} {number}.", (), depth - 1)


def _plain(value: Any) -> str | list[str]:
    if isinstance(value, bpy.types.ID):
        return value.name_full
    if isinstance(value, float):
        return f"{value:.5g}"
    if hasattr(value, "__len__") and not isinstance(value, str | set):
        return [str(_plain(part)) for part in value]
    return str(sorted(value) if isinstance(value, set) else value)


def _moving_paths(tree: bpy.types.NodeTree) -> set[str]:
    """What has keys or a driver is another value in each frame."""
    drivers = tree.animation_data.drivers if tree.animation_data is not None else ()
    return {curve.data_path for curve in (*versions.curves_of(tree), *drivers)}


def _animation(owner: bpy.types.ID, but: Collection[str]) -> str:
    """A word for the keys and drivers of an ID, save those at the paths ``but``."""
    drivers = owner.animation_data.drivers if owner.animation_data is not None else ()
    facts = []
    for curve in versions.curves_of(owner):
        points = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", points)
        facts.append((curve.data_path, curve.array_index, str(curve.mute), _digest(points.tolist())))
    for curve in drivers:
        if curve.data_path not in but:
            facts.append((curve.data_path, curve.array_index, "driver", driver_words(curve)))
    return _digest(sorted(facts))


def driver_words(curve: bpy.types.FCurve) -> str:
    """How a driver is made, in plain words; which lights or objects it looks at does not count."""
    driver = curve.driver
    if driver is None:
        return ""
    variables = [
        (
            item.name,
            item.type,
            [
                (goal.data_path, goal.transform_type, goal.rotation_mode, goal.transform_space)
                for goal in item.targets
            ],
        )
        for item in driver.variables
    ]
    bent = len(curve.keyframe_points), len(curve.modifiers)
    return str((driver.type, driver.expression, driver.use_self, curve.mute, bent, variables))


def _digest(facts: Any) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
