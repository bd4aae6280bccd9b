"""The plate's grain on the CG, from nothing but arithmetic nodes, the same in every Blender."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
from bpy.types import NodeSocket

from . import versions, warp
from .nodes import Builder, feed, set_keys, tidy

IMAGE, CG = "Image", "CG"
_SLOPE, _POWER = 2.2, 1.2 / 2.2
"""Grain is even in display values; in linear light it grows as the display curve's slope does."""
_EVEN = 6.0**0.5
"""Makes the sum of two evenly spread numbers, less 1, a noise of deviation 1."""


def add_grain(
    tree: bpy.types.NodeTree,
    image: NodeSocket,
    cg: NodeSocket,
    sigma: Sequence[float],
    scene: bpy.types.Scene,
    name: str = "Grain",
) -> tuple[NodeSocket, tuple[bpy.types.Node, ...]]:
    """Grain of deviation ``sigma`` (3,), in display values of 1, on a composite where its CG's alpha is.

    Another pattern every frame, the same each time the frame is rendered. Returns the picture's socket and
    the nodes; again with the same name, the same nodes are set anew.
    """
    build = Builder(tree, name)
    node = build.group("group", f"Tracked Shot {name}", name)
    group = node.node_tree
    for socket in (IMAGE, CG):
        versions.ensure_group_socket(group, socket, "INPUT")
    versions.ensure_group_socket(group, IMAGE, "OUTPUT")
    _fill(group, sigma, scene)
    feed(tree, image, node.inputs[IMAGE])
    feed(tree, cg, node.inputs[CG])
    build.finish(node.outputs[IMAGE])
    return node.outputs[IMAGE], tuple(build.nodes)


def _fill(group: bpy.types.NodeTree, sigma: Sequence[float], scene: bpy.types.Scene) -> None:
    build = Builder(group, "Inside")
    entry, end = build.node("input", "group input"), build.node("output", "group output")
    light = build.node("light", "separate color", "Light")
    feed(group, entry.outputs[IMAGE], versions.input_socket(light, "separate color", "image"))
    cover = build.node("cover", "separate color", "CG's Alpha")
    feed(group, entry.outputs[CG], versions.input_socket(cover, "separate color", "image"))
    alpha = versions.output_socket(cover, "separate color", "alpha")
    frame = build.value("frame number")
    seed = _seed(build, frame, scene)
    joined = build.node("joined", "combine color", "Grained")
    for number, channel in enumerate(("red", "green", "blue")):
        value = versions.output_socket(light, "separate color", channel)
        above = build.math("maximum", value, 0.0, role=f"{channel} above")
        slope = build.math("power", above, _POWER, role=f"{channel} slope")
        first = _even(build, seed, 17.13 * (number + 1), f"{channel} first")
        second = _even(build, seed, 71.77 * (number + 1), f"{channel} second")
        both = build.math("add", first, second, role=f"{channel} both")
        noise = build.math("subtract", both, 1.0, role=f"{channel} noise")
        amount = build.math("multiply", noise, slope, role=f"{channel} amount")
        strength = build.value(f"{channel} strength", float(sigma[number]) * _SLOPE * _EVEN)
        grain = build.math("multiply", amount, strength, role=f"{channel} grain")
        seen = build.math("multiply", grain, alpha, role=f"{channel} on the cg")
        grained = build.math("add", value, seen, role=f"{channel} grained")
        feed(group, grained, versions.input_socket(joined, "combine color", channel))
    feed(
        group,
        versions.output_socket(light, "separate color", "alpha"),
        versions.input_socket(joined, "combine color", "alpha"),
    )
    result = versions.output_socket(joined, "combine color", "image")
    feed(group, result, end.inputs[IMAGE])
    build.finish(result)
    set_keys(group, np.array([0, 1000]), [(frame, 0, np.array([0.0, 1000.0]))])
    for curve in versions.curves_of(group):
        curve.extrapolation = "LINEAR"  # a frame's number, whatever the frame
    tidy([*build.nodes])


def _seed(build: Builder, frame: NodeSocket, scene: bpy.types.Scene) -> NodeSocket:
    """A number that is another for each pixel and frame."""
    place, size = warp.coordinates(build), warp.frame_size(build, scene)
    terms = []
    for along, pixels, factor, axis in zip(place, size, (12.9898, 78.233), ("x", "y")):
        pixel = build.math("multiply", along, pixels, role=f"{axis} pixel")
        terms.append(build.math("multiply", pixel, factor, role=f"{axis} term"))
    moved = build.math("multiply", frame, 3.7717, role="frame term")
    return build.math("add", build.math("add", *terms, role="pixel term"), moved, role="seed")


def _even(build: Builder, seed: NodeSocket, offset: float, role: str) -> NodeSocket:
    """A number spread evenly from 0 to 1: the far digits of a sine."""
    moved = build.math("add", seed, offset, role=f"{role} seed")
    sine = build.math("sine", moved, role=f"{role} sine")
    large = build.math("multiply", sine, 43758.5453, role=f"{role} large")
    return build.math("fraction", large, role=role)
