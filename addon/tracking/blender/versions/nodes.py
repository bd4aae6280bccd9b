"""Nodes and their sockets by meaning, as the running Blender has them."""

from __future__ import annotations

import bpy

from .node_tables import KINDS, NodeKind
from .running import BLENDER


def node_kind(meaning: str) -> NodeKind:
    """The kind of node that this Blender has for a meaning; KeyError where no table names one for it."""
    kinds = [kind for since, kind in KINDS[meaning].items() if since <= BLENDER]
    if not kinds or kinds[-1] is None:
        raise KeyError(meaning)
    return kinds[-1]


def new_node(tree: bpy.types.NodeTree, meaning: str) -> bpy.types.Node:
    """Add a node by meaning, with the settings that its meaning asks for."""
    kind = node_kind(meaning)
    node = tree.nodes.new(kind.idname)
    for name, value in kind.settings.items():
        setattr(node, name, value)
    return node


def input_socket(node: bpy.types.Node, meaning: str, name: str) -> bpy.types.NodeSocket:
    """The input ``name`` of a node of that meaning."""
    return by_identifier(node.inputs, node_kind(meaning).inputs[name])


def output_socket(node: bpy.types.Node, meaning: str, name: str) -> bpy.types.NodeSocket:
    """The output ``name`` of a node of that meaning."""
    return by_identifier(node.outputs, node_kind(meaning).outputs[name])


def set_option(node: bpy.types.Node, meaning: str, option: str, value: str) -> None:
    """Choose a value of a node's option, whether it is a property or a menu socket in this Blender."""
    where = node_kind(meaning).options[option]
    if where.is_menu:
        node.inputs[where.name].default_value = where.values[value]
    else:
        setattr(node, where.name, where.values[value])


def has_option(meaning: str, option: str) -> bool:
    """Whether a node of that meaning has this option in the running Blender."""
    return option in node_kind(meaning).options


def set_blur_radius(node: bpy.types.Node, pixels: float) -> None:
    """Set how far a "blur" node spreads, in pixels of its picture, the same in x and y."""
    if "size" in node_kind("blur").inputs:
        input_socket(node, "blur", "size").default_value = (pixels, pixels)
    else:  # whole pixels only, times a factor that may shrink them
        whole = int(-(-pixels // 1))
        node.size_x = node.size_y = whole
        node.inputs["Size"].default_value = pixels / whole if whole else 0.0


def by_identifier(
    sockets: bpy.types.NodeInputs | bpy.types.NodeOutputs, identifier: str
) -> bpy.types.NodeSocket:
    """The socket with that identifier; KeyError, which names those that are there, where none has it."""
    for socket in sockets:
        if socket.identifier == identifier:
            return socket
    known = ", ".join(socket.identifier for socket in sockets)
    raise KeyError(f"no socket {identifier!r} among {known}")
