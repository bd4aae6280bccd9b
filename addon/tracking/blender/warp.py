"""Pictures moved and bent exactly, in every Blender: by its own nodes where these are right, else by hand.

Coefficients are keyed in parts of the frame, so that they hold at any render percentage. In Blenders whose
Scale, Rotate and Corner Pin are off (``versions.EXACT_WARPS``), each pixel looks up the four around its
source with Map UV, which is exact for single pixels, and mixes them itself.
"""

from __future__ import annotations

import bpy
import numpy as np
from bpy.types import NodeSocket

from ..engine.model import Floats
from . import versions
from .nodes import MARK, Builder, feed

Keyed = list[tuple[NodeSocket, int, Floats]]
"""Sockets, which of their numbers, and the values (n,) to key: what ``nodes.set_keys`` takes."""


def coordinates(build: Builder, image: NodeSocket) -> tuple[NodeSocket, NodeSocket]:
    """Sockets with each pixel's place across and up, 0 to 1 from edge to edge."""
    if versions.EXACT_WARPS:
        node = build.node("coordinates", "image coordinates", "Coordinates")
        feed(build.tree, image, versions.input_socket(node, "image coordinates", "image"))
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
    build: Builder, image: NodeSocket, matrices: Floats, scene: bpy.types.Scene
) -> tuple[NodeSocket, Keyed]:
    """The picture seen through homographies (n, 3, 3), by hand; and what is to be keyed.

    A matrix takes a place of the result to its source, both in parts of the frame. What lies outside the
    source is clear; bilinear in between.
    """
    across, up = coordinates(build, image)
    width, height = frame_size(build, scene)
    scaled = matrices / matrices[:, 2:, 2:]
    keyed: Keyed = []
    sums = []
    for row, name in enumerate(("u", "v", "w")):
        terms = []
        for column, place in enumerate((across, up)):
            factor = build.value(f"{name}{column}")
            keyed.append((factor, 0, scaled[:, row, column]))
            terms.append(build.math("multiply", place, factor, role=f"{name}{column} times"))
        total = build.math("add", terms[0], terms[1], role=f"{name} sum")
        offset = build.value(f"{name}2")
        keyed.append((offset, 0, scaled[:, row, 2]))
        sums.append(build.math("add", total, offset, role=f"{name} whole"))
    u = build.math("divide", sums[0], sums[2], role="u source")
    v = build.math("divide", sums[1], sums[2], role="v source")
    left, right, part_x = _neighbours(build, u, width, "x")
    low, high, part_y = _neighbours(build, v, height, "y")
    # a pixel that a plane seen from behind would mirror has w below 0: it stays clear
    front = build.math("above", sums[2], 0.0, role="front")
    corners = [
        _pixel(build, image, x, y, front, name)
        for name, x, y in (
            ("lower left", left, low),
            ("lower right", right, low),
            ("upper left", left, high),
            ("upper right", right, high),
        )
    ]
    lower = _between(build, corners[0], corners[1], part_x, "lower")
    upper = _between(build, corners[2], corners[3], part_x, "upper")
    color, alpha = _between(build, lower, upper, part_y, "whole")
    return build.set_alpha(color, alpha, "replace", role="bent", label="Bent"), keyed


def _neighbours(
    build: Builder, place: NodeSocket, size: NodeSocket, axis: str
) -> tuple[NodeSocket, NodeSocket, NodeSocket]:
    """Places in the pixels on both sides, in parts of the frame, and how far from one to the other."""
    pixel = build.math("multiply", place, size, role=f"{axis} pixel")
    index = build.math("subtract", pixel, 0.5, role=f"{axis} index")
    first = build.math("floor", index, role=f"{axis} floor")
    part = build.math("subtract", index, first, role=f"{axis} part")
    # A quarter into a pixel: 4.3 rounds to the nearest edge, the others take the pixel that holds the place.
    places = []
    for name, offset in (("first", 0.25), ("second", 1.25)):
        inside = build.math("add", first, offset, role=f"{axis} {name}")
        places.append(build.math("divide", inside, size, role=f"{axis} {name} uv"))
    return places[0], places[1], part


def _pixel(
    build: Builder,
    image: NodeSocket,
    x: NodeSocket,
    y: NodeSocket,
    front: NodeSocket,
    name: str,
) -> tuple[NodeSocket, NodeSocket]:
    """Colour and alpha of single pixels."""
    vector = build.node(f"{name} uv", "combine xyz", f"{name.title()} UV")
    for axis, value in (("x", x), ("y", y), ("z", front)):
        feed(build.tree, value, versions.input_socket(vector, "combine xyz", axis))
    look = build.node(name, "map uv nearest", name.title())
    feed(build.tree, image, versions.input_socket(look, "map uv nearest", "image"))
    feed(
        build.tree,
        versions.output_socket(vector, "combine xyz", "vector"),
        versions.input_socket(look, "map uv nearest", "uv"),
    )
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
