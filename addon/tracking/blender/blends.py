"""The builders for anybody's tree that lay CG on a plate, and its shadow first.

The picture is made in linear light from premultiplied CG: ``plate * (1 - alpha) + cg``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import bpy

from ..errors import InputError
from . import versions
from .nodes import WHITE, Builder, Value, feed, rgba, tidy

_GAP = 40.0
FAINT = 0.008, 0.024
"""Alpha that is no shadow, and alpha from which on it is one for sure: under a lit world Cycles leaves up to
0.0065 on 99 of 100 pixels of ground that nothing shades."""


@dataclass(frozen=True)
class Composite:
    """What a builder built: the socket with the picture, and its nodes."""

    image: bpy.types.NodeSocket
    nodes: tuple[bpy.types.Node, ...]


def create_alpha_over_composite(
    tree: bpy.types.NodeTree,
    background: Value,
    foreground: Value,
    *,
    factor: Value = 1.0,
    blend: str = "over",
    name: str = "Alpha Over",
) -> Composite:
    """Lay premultiplied CG on a background in a compositor tree.

    ``background`` and ``foreground`` are sockets of the tree, or linear colours; ``factor`` is how much of
    the CG is seen, 0 to 1. With background b, CG c and its alpha a, the picture is, at factor 1: over
    b(1-a) + c, multiply b(1-a) + bc, add b + c, screen b + c - bc; where a and c are 0 that is b. Called
    again with the same name, the same nodes are set anew and nothing is added. Raises InputError for an
    unknown blend.
    """
    if blend not in ("over", "multiply", "add", "screen"):
        raise InputError(f"unknown blend {blend!r}: over, multiply, add or screen")
    build = Builder(tree, name)
    if blend == "over":
        image = build.alpha_over(background, foreground, factor, role="over", label=name)
    elif blend == "multiply":
        # b(1-a) + bc is b times (CG over white)
        light = build.alpha_over(WHITE, foreground, factor, role="over white", label="CG over White")
        image = build.mix("multiply", background, light, role="blend", label=name)
    else:
        image = build.mix(blend, background, foreground, factor, role="blend", label=name)
    return _finished(build, image, (background, foreground))


def create_shadow_composite(
    tree: bpy.types.NodeTree,
    plate: Value,
    cg: Value,
    shadow: Value,
    *,
    density: float = 1.0,
    color: Sequence[float] = (0.0, 0.0, 0.0),
    softness: float = 0.0,
    factor: Value = 1.0,
    blend: str = "over",
    name: str = "Shadow",
) -> Composite:
    """Multiply a shadow into the plate, then lay the CG on it; the shadow never falls on the CG.

    ``shadow`` is the light that is left, as in Cycles' Shadow Catcher pass: 1 where it is lit, 0 in full
    shadow. The plate is multiplied, in linear light, by 1 - density * (1 - shadow) * (1 - color): density is
    0 to 1, ``color`` the linear colour of what full shadow leaves of the plate. ``softness`` blurs the
    shadow, in pixels. ``factor`` and ``blend`` are those of create_alpha_over_composite; so is a second call.
    """
    shaded = shade_plate(tree, plate, shadow, density=density, color=color, softness=softness, name=name)
    over = create_alpha_over_composite(
        tree, shaded.image, cg, factor=factor, blend=blend, name=f"{name}: CG over Plate"
    )
    return Composite(over.image, shaded.nodes + over.nodes)


def shade_plate(
    tree: bpy.types.NodeTree,
    plate: Value,
    shadow: Value,
    *,
    density: float = 1.0,
    color: Sequence[float] = (0.0, 0.0, 0.0),
    softness: float = 0.0,
    name: str = "Shadow",
) -> Composite:
    """The plate with the shadow on it: the first half of create_shadow_composite, with its formula."""
    build = Builder(tree, name)
    light = shadow
    if softness > 0.0:
        light = build.blur(light, softness, role="soften", label="Shadow Softness")
    # 1 - (1 - shadow)(1 - color) is what Blender calls screen
    light = build.mix("screen", light, rgba(color), role="tint", label="Shadow Colour")
    image = build.mix("multiply", plate, light, density, role="density", label="Shadow Density")
    return _finished(build, image, (plate, shadow))


def clear_faint_shadow(
    tree: bpy.types.NodeTree, cg: bpy.types.NodeSocket, *, name: str = "Faint Shadow"
) -> Composite:
    """CG whose alpha is 0 where a shadow catcher leaves a trace of it, far from any shadow.

    Below the first of FAINT alpha becomes 0, above the second it stays as it is, between them it rises
    steadily. The colour stays, so that light without alpha does, too. A second call adds nothing.
    """
    build, (low, high) = Builder(tree, name), FAINT
    apart = build.node("apart", "separate color", "CG's Alpha")
    feed(tree, cg, versions.input_socket(apart, "separate color", "image"))
    alpha = versions.output_socket(apart, "separate color", "alpha")
    rise = build.math("subtract", alpha, low, role="above")
    rise = build.math("divide", rise, high - low, role="rise")
    rise = build.math("maximum", rise, 0.0, role="from 0")
    rise = build.math("minimum", rise, 1.0, role="to 1")
    alpha = build.math("multiply", alpha, rise, role="cleared alpha")
    image = build.set_alpha(cg, alpha, "replace", role="cleared", label="CG without Faint Shadow")
    return _finished(build, image, (cg,))


def _finished(build: Builder, image: bpy.types.NodeSocket, sources: Iterable[Value]) -> Composite:
    """Drop what is left of an earlier build, and lay out new nodes to the right of what feeds them."""
    build.finish(image)
    feeding = [source.node for source in sources if isinstance(source, bpy.types.NodeSocket)]
    if build.added and feeding:
        places = [(versions.absolute_location(node), node.width) for node in feeding]
        right = max(x + width for (x, _), width in places) + _GAP
        tidy(build.added, origin=(right, max(y for (_, y), _ in places)))
    return Composite(image, tuple(build.nodes))
