"""Pictures moved and bent exactly, in every Blender: by its own nodes where these are right, else by hand.

Coefficients are keyed in parts of the frame, so that they hold at any render percentage. In Blenders whose
Scale and Rotate are off (``versions.EXACT_WARPS``), and where Map UV knows no bilinear sampling, each pixel
looks up the four around its source with Map UV, which is exact for single pixels, and mixes them itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from bpy.types import NodeSocket

from ..engine.model import Floats
from . import versions
from .nodes import MARK, Builder, Value, feed, tidy

Keyed = list[tuple[NodeSocket, int, Floats]]
"""Sockets, which of their numbers, and the values (n,) to key: what ``nodes.set_keys`` takes."""


def coordinates(build: Builder) -> tuple[NodeSocket, NodeSocket]:
    """Sockets with the place of each of the frame's pixels across and up, 0 to 1 from edge to edge."""
    if versions.EXACT_WARPS:
        node = build.node("coordinates", "image coordinates", "Coordinates")
        frame = versions.output_socket(build.node("frame", "frame", "Frame"), "frame", "mask")
        feed(build.tree, frame, versions.input_socket(node, "image coordinates", "image"))
        apart = build.node("apart", "separate xyz", "Across and Up")
        feed(
            build.tree,
            versions.output_socket(node, "image coordinates", "uniform"),
            versions.input_socket(apart, "separate xyz", "vector"),
        )
        return tuple(versions.output_socket(apart, "separate xyz", axis) for axis in ("x", "y"))
    return _ramp(build, "across", "HORIZONTAL"), _ramp(build, "up", "VERTICAL")


def _ramp(build: Builder, role: str, axis: str) -> NodeSocket:
    node = build.node(role, "ramp", role.title())
    if node.texture is None or MARK not in node.texture:
        node.texture = bpy.data.textures.new(f"{build.tree.name} {role.title()}", "BLEND")
        node.texture[MARK] = "ramp"
    node.texture.progression = "LINEAR"
    node.texture.use_flip_axis = axis
    return versions.output_socket(node, "ramp", "value")


def frame_size(build: Builder, scene: bpy.types.Scene) -> tuple[NodeSocket, NodeSocket]:
    """Sockets with the rendered frame's width and height in pixels, which follow the scene's settings."""
    sockets = []
    for role, name in (("width", "resolution_x"), ("height", "resolution_y")):
        socket = build.value(role)
        path = socket.path_from_id("default_value")
        data = build.tree.animation_data_create()
        old = next((curve for curve in data.drivers if curve.data_path == path), None)
        driver = (old or data.drivers.new(path)).driver
        driver.type = "SCRIPTED"
        for variable in list(driver.variables):
            driver.variables.remove(variable)
        for short, prop in (("size", name), ("share", "resolution_percentage")):
            variable = driver.variables.new()
            variable.name = short
            variable.targets[0].id_type = "SCENE"
            variable.targets[0].id = scene
            variable.targets[0].data_path = f"render.{prop}"
        driver.expression = "floor(size * share / 100)"
        sockets.append(socket)
    return sockets[0], sockets[1]


def bend(
    build: Builder,
    image: NodeSocket,
    matrices: Floats,
    *,
    place: tuple[NodeSocket, NodeSocket],
    size: tuple[Value, Value],
    extend: bool = False,
) -> tuple[NodeSocket, Keyed]:
    """The picture seen through homographies (n, 3, 3) at the frame's size; and what is to be keyed.

    A matrix takes a ``place`` of the frame, as ``coordinates`` gives it, to one of the picture, both in parts
    of their sizes. ``size`` is the picture's, in pixels. Bilinear; what lies outside the picture is clear,
    or with ``extend`` what its edge is.
    """
    scaled = matrices / matrices[:, 2:, 2:]
    rows = ("u", "v", "w") if scaled[:, 2, :2].any() else ("u", "v")
    keyed: Keyed = []
    sums = []
    for row, name in enumerate(rows):
        terms = []
        for column, along in enumerate(place):
            factor = build.value(f"{name}{column}")
            keyed.append((factor, 0, scaled[:, row, column]))
            terms.append(build.math("multiply", along, factor, role=f"{name}{column} times"))
        total = build.math("add", terms[0], terms[1], role=f"{name} sum")
        offset = build.value(f"{name}2")
        keyed.append((offset, 0, scaled[:, row, 2]))
        sums.append(build.math("add", total, offset, role=f"{name} whole"))
    u, v = sums[:2]
    if len(sums) == 3:
        u = build.math("divide", u, sums[2], role="u source")
        v = build.math("divide", v, sums[2], role="v source")
    return look_up(build, image, u, v, size, extend=extend), keyed


def look_up(
    build: Builder,
    image: NodeSocket,
    u: NodeSocket,
    v: NodeSocket,
    size: tuple[Value, Value],
    *,
    extend: bool = False,
) -> NodeSocket:
    """The picture looked up bilinearly at ``u`` and ``v``, in parts of its ``size``; as ``bend`` has it."""
    if extend:
        u, v = _inside(build, u, size[0], "u"), _inside(build, v, size[1], "v")
    if versions.MAP_UV_IS_BILINEAR:
        uv = _vector(build, u, v, 1.0, "uv")
        return build.sampled("map uv bilinear", image, {"uv": uv}, role="map")
    columns, part_x = _neighbours(build, u, size[0], "x")
    lines, part_y = _neighbours(build, v, size[1], "y")
    corners = [
        _pixel(build, image, column, row, extend, f"{high} {side}")
        for high, row in zip(("lower", "upper"), lines)
        for side, column in zip(("left", "right"), columns)
    ]
    lower = _between(build, corners[0], corners[1], part_x, "lower")
    upper = _between(build, corners[2], corners[3], part_x, "upper")
    color, alpha = _between(build, lower, upper, part_y, "whole")
    return build.set_alpha(color, alpha, "replace", role="bent", label="Bent")


def look_up_whole(
    build: Builder, image: NodeSocket, u: NodeSocket, v: NodeSocket, size: tuple[float, float]
) -> NodeSocket:
    """As ``look_up``, but each pixel is one of the picture's, taken whole: for depth, vectors and ids."""
    parts = []
    there: Value = 1.0
    for axis, place, pixels in (("x", u, size[0]), ("y", v, size[1])):
        index = build.math(
            "floor", build.math("multiply", place, pixels, role=f"{axis} pixel"), role=f"{axis} index"
        )
        inside = build.math("above", index, -0.5, role=f"{axis} from")
        below = build.math("subtract", pixels - 0.5, index, role=f"{axis} left over")
        within = build.math(
            "multiply", inside, build.math("above", below, 0.0, role=f"{axis} to"), role=f"{axis} there"
        )
        there = within if axis == "x" else build.math("multiply", there, within, role="there")
        # A quarter into the pixel, as in ``_neighbours``.
        middle = build.math("add", index, 0.25, role=f"{axis} inside")
        parts.append(build.math("divide", middle, pixels, role=f"{axis} part"))
    uv = _vector(build, parts[0], parts[1], there, "uv")
    meaning = "map uv nearest"
    node = build.node("map", meaning, "Looked Up Whole")
    if versions.has_option(meaning, "interpolation"):
        versions.set_option(node, meaning, "interpolation", "nearest")
    feed(build.tree, image, versions.input_socket(node, meaning, "image"))
    feed(build.tree, uv, versions.input_socket(node, meaning, "uv"))
    return versions.output_socket(node, meaning, "image")


def _inside(build: Builder, place: NodeSocket, size: Value, name: str) -> NodeSocket:
    """The place kept between the centres of the outermost pixels."""
    half = build.math("divide", 0.5, size, role=f"{name} half pixel")
    most = build.math("subtract", 1.0, half, role=f"{name} most")
    low = build.math("maximum", place, half, role=f"{name} from")
    return build.math("minimum", low, most, role=f"{name} to")


def _vector(build: Builder, x: NodeSocket, y: NodeSocket, there: Value, role: str) -> NodeSocket:
    """A coordinate for Map UV, whose third number says whether there is picture."""
    node = build.node(role, "combine xyz", role.title())
    for axis, value in (("x", x), ("y", y), ("z", there)):
        feed(build.tree, value, versions.input_socket(node, "combine xyz", axis))
    return versions.output_socket(node, "combine xyz", "vector")


def fit_to_frame(
    build: Builder, image: NodeSocket, size: tuple[int, int], frame: tuple[int, int], method: str
) -> NodeSocket:
    """A picture of that size in pixels brought to another, stretched or ("fit") whole in the middle of it.

    Unlike the Scale node it keeps the middle in the middle whatever the sizes, in a group of its own.
    """
    node = build.group("fit", f"{build.tree.name} Fit", "To Render Size")
    for in_out in ("INPUT", "OUTPUT"):
        versions.ensure_group_socket(node.node_tree, "Image", in_out)
    inside = Builder(node.node_tree, "Inside")
    entry, end = inside.node("input", "group input"), inside.node("output", "group output")
    share = min(frame[0] / size[0], frame[1] / size[1])
    shares = (1.0, 1.0) if method == "stretch" else (size[0] * share / frame[0], size[1] * share / frame[1])
    matrix = np.eye(3)
    for axis, part in enumerate(shares):
        matrix[axis, axis], matrix[axis, 2] = 1.0 / part, 0.5 - 0.5 / part
    result, values = bend(
        inside,
        entry.outputs["Image"],
        matrix[None],
        place=coordinates(inside),
        size=(float(size[0]), float(size[1])),
        extend=method == "stretch",
    )
    set_values(values)
    feed(node.node_tree, result, end.inputs["Image"])
    inside.finish(result)
    tidy(inside.nodes)
    feed(build.tree, image, node.inputs["Image"])
    return node.outputs["Image"]


def set_values(values: Keyed) -> None:
    """Set what is to be keyed to its first values and leave it there."""
    for socket, _, value in values:
        socket.default_value = float(value[0])


@dataclass(frozen=True)
class _Line:
    """A row or column of the picture's pixels, another for each pixel of the frame."""

    index: NodeSocket
    uv: NodeSocket


def _neighbours(
    build: Builder, place: NodeSocket, size: Value, axis: str
) -> tuple[tuple[_Line, _Line], NodeSocket]:
    """The lines of pixels on both sides of a place, and how far it is from one's middle to the other's."""
    pixel = build.math("multiply", place, size, role=f"{axis} pixel")
    middle = build.math("subtract", pixel, 0.5, role=f"{axis} index")
    first = build.math("floor", middle, role=f"{axis} floor")
    part = build.math("subtract", middle, first, role=f"{axis} part")
    second = build.math("add", first, 1.0, role=f"{axis} next")
    lines = []
    for name, index in (("first", first), ("second", second)):
        # A quarter into a pixel: 4.3 rounds to the nearest edge, the others take the pixel around the place.
        inside = build.math("add", index, 0.25, role=f"{axis} {name}")
        lines.append(_Line(index, build.math("divide", inside, size, role=f"{axis} {name} uv")))
    return (lines[0], lines[1]), part


def _pixel(
    build: Builder, image: NodeSocket, column: _Line, row: _Line, extend: bool, name: str
) -> tuple[NodeSocket, NodeSocket]:
    """Colour and alpha of single pixels."""
    there: Value = 1.0
    if not extend:  # 4.5 takes what lies less than a pixel before the first one for the first one
        least = build.math("minimum", column.index, row.index, role=f"{name} least")
        there = build.math("above", least, -0.5, role=f"{name} there")
    look = build.node(name, "map uv nearest", name.title())
    feed(build.tree, image, versions.input_socket(look, "map uv nearest", "image"))
    uv = _vector(build, column.uv, row.uv, there, f"{name} uv")
    feed(build.tree, uv, versions.input_socket(look, "map uv nearest", "uv"))
    picture = versions.output_socket(look, "map uv nearest", "image")
    apart = build.node(f"{name} alpha", "separate color", f"{name.title()} Alpha")
    feed(build.tree, picture, versions.input_socket(apart, "separate color", "image"))
    return picture, versions.output_socket(apart, "separate color", "alpha")


def _between(
    build: Builder,
    one: tuple[NodeSocket, NodeSocket],
    other: tuple[NodeSocket, NodeSocket],
    part: NodeSocket,
    name: str,
) -> tuple[NodeSocket, NodeSocket]:
    """Colour and alpha on the way from one to the other; a mix alone would keep the first one's alpha."""
    color = build.mix("mix", one[0], other[0], part, role=f"{name} color", label=f"{name.title()} Colour")
    step = build.math("subtract", other[1], one[1], role=f"{name} step")
    share = build.math("multiply", step, part, role=f"{name} share")
    return color, build.math("add", one[1], share, role=f"{name} alpha sum")


def relative(matrices: Floats, size: tuple[int, int]) -> Floats:
    """Matrices (n, 3, 3) between places in pixels as ones between parts of a frame of that size."""
    grow = np.diag([size[0], size[1], 1.0])
    inside: Floats = np.linalg.inv(grow) @ matrices @ grow
    return inside
