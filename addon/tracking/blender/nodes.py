"""A small builder of compositor nodes: found again by their marks, linked by meaning, laid out tidily.

Every node carries a mark, ``name/role``. Building again under the same name finds the nodes by their marks,
so that it changes nothing where nothing is new, and drops what the new build does not need any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import bpy
import numpy as np
from bpy.types import NodeSocket

from ..engine.model import Floats, Ints
from . import versions

MARK = "tracked_shot_mark"
"""Custom property that every node, group and scene of ours carries."""

Value = bpy.types.NodeSocket | float | Sequence[float]
"""What can be put into a socket: another socket, a number, or a colour of 3 or 4 numbers in linear light."""

COLUMN = 220.0
ROW = 320.0
"""Distances of the layout, in the units of a node's location."""

WHITE = (1.0, 1.0, 1.0, 1.0)


class Builder:
    """Builds one named thing in a tree. Use the node methods, then ``finish`` with the result."""

    def __init__(self, tree: bpy.types.NodeTree, name: str) -> None:
        self.tree = tree
        self.name = name
        self.nodes: list[bpy.types.Node] = []
        self.added: list[bpy.types.Node] = []
        self._old = {
            node[MARK]: node for node in tree.nodes if str(node.get(MARK, "")).startswith(f"{name}/")
        }

    def node(self, role: str, meaning: str, label: str = "") -> bpy.types.Node:
        """The node in this role, found again or added; a role is used once in a build."""
        mark = f"{self.name}/{role}"
        node = self._old.pop(mark, None)
        if node is not None and node.bl_idname != versions.node_kind(meaning).idname:
            self._old[mark] = node  # of another kind by now: left for finish to drop
            node = None
        if node is None:
            node = versions.new_node(self.tree, meaning)
            node[MARK] = mark
            node.select = False
            self.added.append(node)
        node.label = label
        self.nodes.append(node)
        return node

    def alpha_over(
        self, background: Value, foreground: Value, factor: Value, *, role: str, label: str = ""
    ) -> bpy.types.NodeSocket:
        """A premultiplied picture over another; returns the result's socket."""
        node = self.node(role, "alpha over", label)
        for name, value in (("background", background), ("foreground", foreground), ("factor", factor)):
            feed(self.tree, value, versions.input_socket(node, "alpha over", name))
        return versions.output_socket(node, "alpha over", "image")

    def mix(
        self, blend: str, a: Value, b: Value, factor: Value = 1.0, *, role: str, label: str = ""
    ) -> bpy.types.NodeSocket:
        """Colour ``b`` blended into ``a`` by factor, 0 to 1, with the alpha of ``a``; returns the socket."""
        node = self.node(role, "mix", label)
        versions.set_option(node, "mix", "blend", blend)
        for name, value in (("a", a), ("b", b), ("factor", factor)):
            feed(self.tree, value, versions.input_socket(node, "mix", name))
        return versions.output_socket(node, "mix", "image")

    def blur(self, image: Value, pixels: float, *, role: str, label: str = "") -> bpy.types.NodeSocket:
        """A picture softened by a Gaussian of that radius in pixels; returns the socket."""
        node = self.node(role, "blur", label)
        versions.set_option(node, "blur", "filter", "gaussian")
        versions.set_blur_radius(node, pixels)
        feed(self.tree, image, versions.input_socket(node, "blur", "image"))
        return versions.output_socket(node, "blur", "image")

    def scale_to_render(
        self, image: Value, method: str, *, role: str, label: str = ""
    ) -> bpy.types.NodeSocket:
        """A picture brought to the render size (stretch, fit or crop); the same picture where sizes agree."""
        node = self.node(role, "scale to render", label)
        wanted = {
            "type": "render size",
            "frame method": method,
            "interpolation": "bilinear",
            "extension x": "extend" if method == "stretch" else "clip",
            "extension y": "extend" if method == "stretch" else "clip",
        }
        for option, value in wanted.items():
            if versions.has_option("scale to render", option):
                versions.set_option(node, "scale to render", option, value)
        feed(self.tree, image, versions.input_socket(node, "scale to render", "image"))
        return versions.output_socket(node, "scale to render", "image")

    def color(self, color: Sequence[float], *, role: str, label: str = "") -> bpy.types.NodeSocket:
        """One colour (3 or 4 numbers, linear light) everywhere; returns the socket."""
        node = self.node(role, "color", label)
        socket = versions.output_socket(node, "color", "color")
        socket.default_value = rgba(color)
        return socket

    def math(self, operation: str, a: Value, b: Value = 0.0, *, role: str) -> bpy.types.NodeSocket:
        """One number of two, or of the first alone; ``operation`` is one of those that ``versions`` lists."""
        node = self.node(role, "math", role.title())
        versions.set_option(node, "math", "operation", operation)
        feed(self.tree, a, versions.input_socket(node, "math", "a"))
        feed(self.tree, b, versions.input_socket(node, "math", "b"))
        return versions.output_socket(node, "math", "value")

    def value(self, role: str, value: float = 0.0, label: str = "") -> bpy.types.NodeSocket:
        """A number of its own, to be keyed or driven; returns the socket that holds it."""
        node = self.node(role, "value", label or role.title())
        socket = versions.output_socket(node, "value", "value")
        socket.default_value = value
        return socket

    def set_alpha(
        self, image: Value, alpha: Value, mode: str, *, role: str, label: str = ""
    ) -> bpy.types.NodeSocket:
        """A picture all of whose channels are multiplied ("apply"), or whose alpha is set ("replace")."""
        node = self.node(role, "set alpha", label or role.title())
        versions.set_option(node, "set alpha", "mode", mode)
        feed(self.tree, image, versions.input_socket(node, "set alpha", "image"))
        feed(self.tree, alpha, versions.input_socket(node, "set alpha", "alpha"))
        return versions.output_socket(node, "set alpha", "image")

    def sampled(
        self, meaning: str, image: Value, values: Mapping[str, Value], *, role: str, label: str = ""
    ) -> bpy.types.NodeSocket:
        """A node that samples a picture elsewhere, bilinear and clear outside; returns the socket."""
        node = self.node(role, meaning, label or role.title())
        wanted = {
            "interpolation": "bilinear",
            "extension x": "clip",
            "extension y": "clip",
            "type": "relative",
        }
        for option, value in wanted.items():
            if versions.has_option(meaning, option):
                versions.set_option(node, meaning, option, value)
        for name, value in {"image": image, **values}.items():
            feed(self.tree, value, versions.input_socket(node, meaning, name))
        return versions.output_socket(node, meaning, "image")

    def group(self, role: str, name: str, label: str = "") -> bpy.types.Node:
        """A node of a group of our own, found again with its group, or both new; the group may be empty."""
        node = self.node(role, "group", label or role.title())
        if node.node_tree is None or MARK not in node.node_tree:
            node.node_tree = versions.new_group(name)
            node.node_tree[MARK] = "part"
        return node

    def frame(self, role: str, label: str, nodes: Iterable[bpy.types.Node]) -> None:
        """Put a labelled frame around nodes that are laid out already, where there are any."""
        nodes = list(nodes)
        if not nodes:
            return
        frame = self.tree.nodes.new("NodeFrame")
        frame[MARK] = f"{self.name}/{role}"
        frame.label = label
        frame.select = False
        for node in nodes:
            location = versions.absolute_location(node)
            node.parent = frame
            node.location = location  # the frame itself stands at the origin
        self.nodes.append(frame)

    def finish(self, result: bpy.types.NodeSocket) -> None:
        """Drop what an earlier build under this name left and this one did not use.

        What hung on a result that is gone now hangs on the new one.
        """
        stale = list(self._old.values())
        for node in stale:
            for link in [link for output in node.outputs for link in output.links]:
                if link.to_node not in stale and link.to_node not in self.nodes:
                    self.tree.links.new(result, link.to_socket)
        groups = {getattr(node, "node_tree", None) for node in stale}
        for node in stale:
            self.tree.nodes.remove(node)
        self._old.clear()
        for group in groups:
            if group is not None:
                drop_part(group)


def drop_part(group: bpy.types.NodeTree) -> None:
    """Remove a group that a Builder made, with its parts, keys and textures, unless it is still used."""
    if group.users or group.library is not None or group.get(MARK) != "part":
        return
    action = group.animation_data.action if group.animation_data else None
    held = [getattr(node, name, None) for node in group.nodes for name in ("node_tree", "texture")]
    bpy.data.node_groups.remove(group)
    if action is not None and MARK in action and action.users == 0:
        bpy.data.actions.remove(action)
    for part in held:
        if isinstance(part, bpy.types.NodeTree):
            drop_part(part)
        elif isinstance(part, bpy.types.Texture) and MARK in part and part.users == 0:
            bpy.data.textures.remove(part)


def set_keys(
    tree: bpy.types.NodeTree, frames: Ints, values: Sequence[tuple[NodeSocket, int, Floats]]
) -> None:
    """Key sockets of a tree of ours, linearly, and nothing else of it; what was keyed before is not any more.

    ``frames`` (n,) are scene frames; each of ``values`` is a socket, which number of a vector (0 for a
    plain number) and its values (n,). Whole curves are written at once: a key at a time takes ages.
    """
    curves = versions.fresh_curves(tree, f"{tree.name} Keys", MARK)
    for socket, index, value in values:
        _set_number(socket, index, float(value[0]))
        if np.ptp(value) == 0.0:
            continue  # what never changes needs no key
        curve = curves.new(socket.path_from_id("default_value"), index=index)
        points = np.column_stack([frames, value]).astype(np.float32)
        curve.keyframe_points.add(len(points))
        curve.keyframe_points.foreach_set("co", points.ravel())
        curve.keyframe_points.foreach_set("interpolation", np.ones(len(points), dtype=np.int32))  # linear
        curve.update()


def _set_number(socket: NodeSocket, index: int, value: float) -> None:
    if hasattr(socket.default_value, "__len__"):
        socket.default_value[index] = value
    else:
        socket.default_value = value


def feed(tree: bpy.types.NodeTree, value: Value, socket: bpy.types.NodeSocket) -> None:
    """Link a socket into another, or set its value and take off its link; the same twice changes nothing."""
    if isinstance(value, bpy.types.NodeSocket):
        if not any(link.from_socket == value for link in socket.links):
            tree.links.new(value, socket)
        return
    for link in list(socket.links):
        tree.links.remove(link)
    socket.default_value = rgba(value) if isinstance(value, Sequence) else value


def rgba(color: Sequence[float]) -> tuple[float, float, float, float]:
    """A colour of 3 or 4 numbers with its alpha, 1 where none is given."""
    red, green, blue, *rest = (float(part) for part in color)
    return red, green, blue, rest[0] if rest else 1.0


def tidy(
    nodes: Sequence[bpy.types.Node],
    lanes: Sequence[Sequence[bpy.types.Node]] = (),
    origin: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Lay nodes out left to right by how far they are from the sources, each lane below the one before.

    Nodes in no lane go into the last row. Only links among ``nodes`` count.
    """
    columns = _columns(nodes)
    top = origin[1]
    in_lanes = [node for lane in lanes for node in lane]
    for lane in [*lanes, [node for node in nodes if node not in in_lanes]]:
        heights: dict[int, int] = {}
        for node in lane:
            column = columns[node.name]
            node.location = (origin[0] + column * COLUMN, top - heights.get(column, 0) * ROW)
            heights[column] = heights.get(column, 0) + 1
        top -= max(heights.values(), default=0) * ROW


def _columns(nodes: Sequence[bpy.types.Node]) -> dict[str, int]:
    """For each node's name the length of the longest chain of links that leads to it from a source."""
    names = {node.name for node in nodes}
    columns: dict[str, int] = {}

    def column(node: bpy.types.Node) -> int:
        if node.name not in columns:
            before = [link.from_node for socket in node.inputs for link in socket.links]
            columns[node.name] = max((column(n) + 1 for n in before if n.name in names), default=0)
        return columns[node.name]

    for node in nodes:
        column(node)
    return columns
