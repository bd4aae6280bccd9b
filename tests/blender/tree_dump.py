"""Everything that a scene's compositing consists of, as plain values: equal dumps mean an equal scene."""

from __future__ import annotations

from typing import Any

import bpy

_SKIP = {"rna_type", "dimensions", "internal_links", "inputs", "outputs"}


def plain(value: Any) -> Any:
    """A property's value as something that can be compared and printed."""
    if isinstance(value, bpy.types.ID):
        return f"{type(value).__name__}:{value.name_full}"
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, str | int | float | bool | type(None)):
        return value
    if isinstance(value, bpy.types.bpy_struct):
        return getattr(value, "name", type(value).__name__)
    try:
        return tuple(plain(part) for part in value)
    except TypeError:
        return repr(value)


def properties(owner: Any, skip: set[str] = _SKIP) -> dict[str, Any]:
    """All properties of a struct that Blender knows, and its custom ones."""
    values = {
        prop.identifier: plain(getattr(owner, prop.identifier))
        for prop in owner.bl_rna.properties
        if prop.identifier not in skip and prop.type != "COLLECTION"
    }
    return values | {"custom": custom_properties(owner)}


def custom_properties(owner: Any) -> dict[str, Any]:
    try:
        return {key: plain(value) for key, value in owner.items()}
    except TypeError:  # a kind of struct that can have none
        return {}


def dump_socket(socket: bpy.types.NodeSocket) -> tuple[Any, ...]:
    has_value = socket.type != "CUSTOM"  # the empty socket at a group node's end has none
    value = getattr(socket, "default_value", None) if has_value else None
    return socket.identifier, socket.name, socket.bl_idname, socket.enabled, socket.hide, plain(value)


def dump_node(node: bpy.types.Node) -> dict[str, Any]:
    return properties(node) | {
        "bl_idname": node.bl_idname,
        "inputs": [dump_socket(socket) for socket in node.inputs],
        # Render layers keep, unseen and unordered, the outputs of passes that were on once.
        "outputs": [dump_socket(socket) for socket in node.outputs if socket.enabled],
    }


def dump_tree(tree: bpy.types.NodeTree | None) -> dict[str, Any] | None:
    """Nodes in their order with all they hold, links, interface and custom properties of a tree."""
    if tree is None:
        return None
    links = [
        (
            link.from_node.name,
            link.from_socket.identifier,
            link.to_node.name,
            link.to_socket.identifier,
            link.is_muted,
            link.is_valid,
        )
        for link in tree.links
    ]
    return {
        "name": tree.name,
        "nodes": [dump_node(node) for node in tree.nodes],
        "links": sorted(links),
        "interface": [
            (item.item_type, getattr(item, "identifier", ""), item.name, getattr(item, "in_out", ""))
            for item in tree.interface.items_tree
        ],
        "custom": custom_properties(tree),
    }


def dump_scene(scene: bpy.types.Scene) -> dict[str, Any]:
    """The scene's compositor tree, colour management, render settings, passes and custom properties, all
    node groups, and the names of clips and images (but those that Blender makes to show results).
    """
    has_group = hasattr(scene, "compositing_node_group")
    return {
        "tree": dump_tree(scene.compositing_node_group if has_group else scene.node_tree),
        "use_nodes": None if has_group else scene.use_nodes,
        "view": properties(scene.view_settings),
        "display": properties(scene.display_settings),
        "render": properties(scene.render),
        "layers": [
            properties(layer) | {"cycles": properties(layer.cycles) if hasattr(layer, "cycles") else None}
            for layer in scene.view_layers
        ],
        "custom": custom_properties(scene),
        "groups": {group.name: dump_tree(group) for group in bpy.data.node_groups},
        "images": sorted(image.name for image in bpy.data.images if image.source != "VIEWER"),
        "clips": sorted(clip.name for clip in bpy.data.movieclips),
    }


def differences(before: Any, after: Any, place: str = "") -> list[str]:
    """Where two dumps differ, one line each; empty for equal ones."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            line
            for key in sorted({*before, *after}, key=str)
            for line in differences(before.get(key, "(absent)"), after.get(key, "(absent)"), f"{place}/{key}")
        ]
    if isinstance(before, list | tuple) and isinstance(after, list | tuple) and len(before) == len(after):
        return [
            line
            for index, (old, new) in enumerate(zip(before, after))
            for line in differences(old, new, f"{place}/{index}")
        ]
    return [] if before == after else [f"{place}: {before!r} -> {after!r}"]
