"""A small builder of compositor nodes: found again by their marks, linked by meaning, laid out tidily.

Every node carries a mark, ``name/role``. Building again under the same name finds the nodes by their marks,
so that it changes nothing where nothing is new, and drops what the new build does not need any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import bpy

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
        for node in stale:
            self.tree.nodes.remove(node)
        self._old.clear()


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
