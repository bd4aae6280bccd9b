"""Node groups and their sockets, and where a scene's compositor tree hangs and what ends it."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from .nodes import by_identifier, new_node
from .running import TREE_IS_A_GROUP


def new_group(name: str) -> bpy.types.NodeTree:
    """A new compositor node group, empty and without sockets."""
    return bpy.data.node_groups.new(name, "CompositorNodeTree")


def group_sockets(tree: bpy.types.NodeTree, in_out: str) -> list[bpy.types.NodeTreeInterfaceSocket]:
    """The sockets of a group's interface, in order; ``in_out`` is INPUT or OUTPUT."""
    return [
        item for item in tree.interface.items_tree if item.item_type == "SOCKET" and item.in_out == in_out
    ]


def ensure_group_socket(
    tree: bpy.types.NodeTree,
    name: str,
    in_out: str,
    description: str = "",
    kind: str = "NodeSocketColor",
) -> bpy.types.NodeTreeInterfaceSocket:
    """The socket of that name in a group's interface, added where it is missing; of colour if not said."""
    for item in group_sockets(tree, in_out):
        if item.name == name:
            return item
    return tree.interface.new_socket(name, description=description, in_out=in_out, socket_type=kind)


TREE_NONE = "none"
TREE_OFF = "off"
TREE_ON = "on"


def scene_tree(scene: bpy.types.Scene) -> bpy.types.NodeTree | None:
    """The compositor tree that makes this scene's picture, or None where there is none or it is off."""
    return stored_scene_tree(scene) if scene_tree_state(scene) == TREE_ON else None


def stored_scene_tree(scene: bpy.types.Scene) -> bpy.types.NodeTree | None:
    """The scene's compositor tree, even where it is switched off."""
    return scene.compositing_node_group if TREE_IS_A_GROUP else scene.node_tree


def scene_tree_state(scene: bpy.types.Scene) -> str:
    """``TREE_NONE``, ``TREE_OFF`` (there, but unused; only before 5.0) or ``TREE_ON``."""
    if stored_scene_tree(scene) is None:
        return TREE_NONE
    return TREE_ON if TREE_IS_A_GROUP or scene.use_nodes else TREE_OFF


def uses_nodes(material: bpy.types.Material) -> bool:
    """Whether the material's nodes count; from 5.0 they always do, and asking would warn."""
    return TREE_IS_A_GROUP or material.use_nodes


def hang_scene_tree(scene: bpy.types.Scene) -> bpy.types.NodeTree:
    """The scene's tree, made or switched on where needed.

    Before 5.0 Blender fills a tree that it makes with render layers and an output; from 5.0 it is empty.
    """
    if TREE_IS_A_GROUP:
        if scene.compositing_node_group is None:
            scene.compositing_node_group = new_group(f"{scene.name} Compositor")
        return scene.compositing_node_group
    scene.use_nodes = True
    return scene.node_tree


def take_off_scene_tree(scene: bpy.types.Scene) -> None:
    """Leave the scene without a tree. Before 5.0 a tree cannot be cleared: it is switched off."""
    if not TREE_IS_A_GROUP:
        scene.use_nodes = False
        return
    tree = scene.compositing_node_group
    scene.compositing_node_group = None
    if tree is not None and tree.users == 0:
        bpy.data.node_groups.remove(tree)


def picture_inputs(tree: bpy.types.NodeTree) -> list[bpy.types.NodeSocket]:
    """The input sockets that end a scene's compositor tree, in the order of their nodes.

    From 5.0 that is one, of the active Group Output. Before, which of several Composite nodes is
    the active one cannot be read from Python, so all of them are given.
    """
    if not TREE_IS_A_GROUP:
        return [node.inputs["Image"] for node in tree.nodes if node.bl_idname == "CompositorNodeComposite"]
    picture = next(iter(group_sockets(tree, "OUTPUT")), None)
    if picture is None:
        return []
    return [
        by_identifier(node.inputs, picture.identifier)
        for node in tree.nodes
        if node.bl_idname == "NodeGroupOutput" and node.is_active_output
    ]


@dataclass(frozen=True)
class MadeOutput:
    """What ``make_output`` had to add to a tree."""

    socket: bpy.types.NodeSocket
    node: bpy.types.Node | None
    """The new output node; None where one stood there and only lacked its socket."""
    interface_socket: str
    """Identifier of the interface socket that was added, or empty."""


def make_output(tree: bpy.types.NodeTree) -> MadeOutput:
    """Give a tree without a picture output what it lacks."""
    if not TREE_IS_A_GROUP:
        node = tree.nodes.new("CompositorNodeComposite")
        return MadeOutput(node.inputs["Image"], node, "")
    added = ""
    if not group_sockets(tree, "OUTPUT"):
        added = ensure_group_socket(tree, "Image", "OUTPUT").identifier
    node = None
    if not any(n.bl_idname == "NodeGroupOutput" and n.is_active_output for n in tree.nodes):
        node = new_node(tree, "group output")
        node.is_active_output = True
    return MadeOutput(picture_inputs(tree)[0], node, added)


def remove_interface_socket(tree: bpy.types.NodeTree, identifier: str) -> None:
    """Take a socket out of a tree's interface, where it is still there."""
    for item in list(tree.interface.items_tree):
        if item.item_type == "SOCKET" and item.identifier == identifier:
            tree.interface.remove(item)


def absolute_location(node: bpy.types.Node) -> tuple[float, float]:
    """Where a node stands in its tree, whatever frames it is in."""
    x, y = node.location
    parent = node.parent
    while parent is not None:
        x, y = x + parent.location[0], y + parent.location[1]
        parent = parent.parent
    return x, y
