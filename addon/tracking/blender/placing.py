"""Where a shot's composite group stands in the scene's tree: between what fed the output and the output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy

from . import lens_nodes, versions
from .composite_inside import CG, IMAGE, PLATE, SHADOW, drop_held, held_by
from .marks import mark_of, store
from .nodes import MARK, feed

_NODE_WIDTH = 200.0
_GAP = 40.0
_ROW = 300.0
"""Height that a node may need, as far as it is known without drawing."""


def scene_group(tree: bpy.types.NodeTree) -> bpy.types.NodeTree | None:
    """Our group, where a node in the tree uses it."""
    for node in tree.nodes:
        inside = getattr(node, "node_tree", None)
        if node.bl_idname == "CompositorNodeGroup" and inside is not None and mark_of(inside) is not None:
            return inside
    return None


def unused_group(scene: bpy.types.Scene) -> bpy.types.NodeTree | None:
    """A group that we made for this scene and that nothing uses any more."""
    group = bpy.data.node_groups.get(f"Tracked Shot {scene.name}")
    usable = group is not None and group.users == 0 and group.library is None and mark_of(group) is not None
    return group if usable else None


def group_nodes(tree: bpy.types.NodeTree, group: bpy.types.NodeTree | None) -> list[bpy.types.Node]:
    """The nodes of a tree that use that group."""
    if group is None:
        return []
    return [
        node for node in tree.nodes if node.bl_idname == "CompositorNodeGroup" and node.node_tree == group
    ]


def place_group(
    scene: bpy.types.Scene, tree: bpy.types.NodeTree, group: bpy.types.NodeTree, memory: dict[str, Any]
) -> list[bpy.types.Node]:
    """See to it that all that ends the tree comes through the group.

    Returns the group's nodes, one for each socket that fed an end.
    """
    nodes = group_nodes(tree, group)
    ends = versions.picture_inputs(tree)
    if not ends:
        made = versions.make_output(tree)
        ends = [made.socket]
        if made.node is not None:
            store(made.node, MARK, {"kind": "helper"})
            made.node.location = (300.0, 0.0)
        memory["interface"] = made.interface_socket
    for end in ends:
        if not passes_through(end, nodes):
            _insert(scene, tree, group, end, nodes)
    return nodes


def _insert(
    scene: bpy.types.Scene,
    tree: bpy.types.NodeTree,
    group: bpy.types.NodeTree,
    end: bpy.types.NodeSocket,
    nodes: list[bpy.types.Node],
) -> None:
    """Put the group between an output's socket and what feeds it; a new node of it is added to ``nodes``."""
    link = end.links[0] if end.links else None
    source = link.from_socket if link is not None else _render_image(scene, tree, end.node)
    fed = link is not None
    muted = fed and link.is_muted
    node = next((n for n in nodes if _fed_by(n) == source and mark_of(n)["fed"] == fed), None)
    if node is None:
        node = versions.new_node(tree, "group")
        node.node_tree = group
        node.label = "Tracked Shot"
        node.width = _NODE_WIDTH
        node.select = False
        store(node, MARK, {"kind": "composite node", "fed": fed, "muted": []})
        node.location = _location_between(tree, source.node, end.node)
        tree.links.new(source, node.inputs[CG])
        nodes.append(node)
    if muted:
        mark = mark_of(node)
        store(node, MARK, {**mark, "muted": [*mark["muted"], end.node.name]})
    tree.links.new(node.outputs[IMAGE], end)


def _render_image(
    scene: bpy.types.Scene, tree: bpy.types.NodeTree, end: bpy.types.Node
) -> bpy.types.NodeSocket:
    """The image of the scene's render layers, for an output that nothing feeds.

    Where the tree has no such node, one of our own is added.
    """
    node = next((n for n in _render_layers(tree) if n.scene == scene), None)
    if node is None:
        node = versions.new_node(tree, "render layers")
        node.scene = scene
        node.select = False
        store(node, MARK, {"kind": "helper"})
        x, y = versions.absolute_location(end)
        node.location = (x - _NODE_WIDTH - node.width - 2 * _GAP, y)
    return versions.output_socket(node, "render layers", "image")


def _render_layers(tree: bpy.types.NodeTree) -> list[bpy.types.Node]:
    return [node for node in tree.nodes if node.bl_idname == "CompositorNodeRLayers"]


def _location_between(
    tree: bpy.types.NodeTree, source: bpy.types.Node, end: bpy.types.Node
) -> tuple[float, float]:
    """A free place between two nodes, or below the second; below everything else where there is none."""
    left, _ = versions.absolute_location(source)
    right, y = versions.absolute_location(end)
    left += source.width
    x = right - _NODE_WIDTH - _GAP
    if right - left >= _NODE_WIDTH + 2 * _GAP and _is_free(tree, x, y):
        return x, y
    if _is_free(tree, right, y - _ROW):
        return right, y - _ROW
    lowest = min(versions.absolute_location(node)[1] for node in tree.nodes if node.bl_idname != "NodeFrame")
    return x, lowest - 400.0


def _is_free(tree: bpy.types.NodeTree, x: float, y: float) -> bool:
    """Whether no node stands where a group node would, as far as sizes are known without drawing."""
    for node in tree.nodes:
        left, top = versions.absolute_location(node)
        beside = left + node.width < x or left > x + _NODE_WIDTH
        if node.bl_idname != "NodeFrame" and not beside and abs(top - y) < _ROW:
            return False
    return True


def _fed_by(node: bpy.types.Node) -> bpy.types.NodeSocket | None:
    links = node.inputs[CG].links
    return links[0].from_socket if links else None


def passes_through(socket: bpy.types.NodeSocket, nodes: Sequence[bpy.types.Node]) -> bool:
    """Whether what feeds a socket comes, at once or further up, from one of these nodes."""
    feeding: dict[str, list[bpy.types.Node]] = {}
    for (
        link
    ) in socket.id_data.links:  # once: a socket's own ``links`` goes through all of the tree's each time
        if not link.is_muted:
            feeding.setdefault(link.to_node.name, []).append(link.from_node)
    names = {node.name for node in nodes}
    seen: set[str] = set()
    waiting = [link.from_node for link in socket.links if not link.is_muted]
    while waiting:
        node = waiting.pop()
        if node.name in names:
            return True
        if node.name not in seen:
            seen.add(node.name)
            waiting += feeding.get(node.name, [])
    return False


def take_out(tree: bpy.types.NodeTree, node: bpy.types.Node) -> None:
    """Remove a group node and link what it fed to what fed it, as before."""
    mark = mark_of(node)
    source = _fed_by(node)
    targets = [link.to_socket for link in node.outputs[IMAGE].links]
    data = [
        (entry.links[0].from_socket, link.to_socket)
        for entry in node.inputs
        if entry.name not in (CG, SHADOW) and entry.links
        for link in node.outputs[entry.name].links
    ]
    # An output that nothing fed is left so, unless somebody put nodes of their own before our group.
    fed = mark["fed"] or (source is not None and source.node.bl_idname != "CompositorNodeRLayers")
    tree.nodes.remove(node)
    for origin, target in data:
        tree.links.new(origin, target)
    if source is None or not fed:
        return
    for target in targets:
        link = tree.links.new(source, target)
        link.is_muted = target.node.name in mark["muted"]


def drop_helpers(tree: bpy.types.NodeTree, memory: dict[str, Any]) -> None:
    """Remove the render layers and the output that we added, unless the user has linked them meanwhile."""
    for node in list(tree.nodes):
        mark = mark_of(node)
        if mark is None or mark["kind"] != "helper":
            continue
        if any(socket.links for socket in (*node.inputs, *node.outputs)):
            del node[MARK]  # the user's own from now on
        else:
            tree.nodes.remove(node)
    identifier = memory.get("interface", "")
    if identifier and not any(socket.links for socket in versions.picture_inputs(tree)):
        versions.remove_interface_socket(tree, identifier)


def drop_group(group: bpy.types.NodeTree) -> None:
    """Remove our group, with its parts and the pictures that we loaded for it alone."""
    held = held_by(group)
    bpy.data.node_groups.remove(group)
    drop_held(held)
    lens_nodes.drop_unused()


def link_shadow(
    scene: bpy.types.Scene, tree: bpy.types.NodeTree, nodes: Sequence[bpy.types.Node], wanted: bool
) -> list[str]:
    """Link the Shadow Catcher pass into the group's nodes, or take it off; what is missing, as sentences."""
    source = None
    for node in _render_layers(tree):
        if node.scene == scene:
            source = next((o for o in node.outputs if o.name == versions.SHADOW_CATCHER_OUTPUT), None)
    if wanted and scene.render.engine != "CYCLES":
        missing = [
            "The shadow cannot be changed apart from the render: only Cycles has a Shadow Catcher pass"
        ]
    elif wanted and (source is None or not source.enabled):
        missing = ["The shadow cannot be changed apart from the render: no Shadow Catcher pass was found"]
    else:
        missing = []
    for node in nodes:
        entry = node.inputs[SHADOW]
        if wanted and not missing:
            feed(tree, source, entry)
        else:
            for link in list(entry.links):
                tree.links.remove(link)
    return missing


def link_data_passes(
    scene: bpy.types.Scene,
    tree: bpy.types.NodeTree,
    group: bpy.types.NodeTree,
    nodes: Sequence[bpy.types.Node],
    wanted: Sequence[str],
) -> tuple[list[str], list[str]]:
    """Lead the wanted data passes into the group, which has a socket on both sides for each output.

    Returns the sockets' names, and what is missing, as sentences.
    """
    layers = next((node for node in _render_layers(tree) if node.scene == scene), None)
    found: dict[str, bpy.types.NodeSocket] = {}
    missing = []
    for name in wanted:
        outputs = versions.pass_outputs(layers, name) if layers is not None else []
        found |= {output.name: output for output in outputs}
        if not outputs:
            missing.append(f"The pass {name} is not rendered here and so not bent")
    for in_out, own in (("INPUT", (CG, SHADOW)), ("OUTPUT", (IMAGE, PLATE))):
        for item in versions.group_sockets(group, in_out):
            if item.name not in own and item.name not in found:
                versions.remove_interface_socket(group, item.identifier)
        for name in found:
            versions.ensure_group_socket(group, name, in_out, "Data, each pixel taken whole")
    for node in nodes:
        for name, output in found.items():
            feed(tree, output, node.inputs[name])
    return list(found), missing


def rendered_layer(scene: bpy.types.Scene, tree: bpy.types.NodeTree) -> bpy.types.ViewLayer:
    """The view layer whose render the composite takes."""
    for node in _render_layers(tree):
        if node.scene == scene and node.layer in scene.view_layers:
            return scene.view_layers[node.layer]
    return scene.view_layers[0]
