"""What stands inside a shot's composite group: built by a recipe, and told from what hands changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..config import CompositeConfig, CornerPinConfig
from ..engine.model import Floats, Ints
from ..stabilize import Similarities
from ..stmap import DISTORT, UNDISTORT
from . import lens_nodes, versions
from .blends import clear_faint_shadow, create_alpha_over_composite, shade_plate
from .corner_pin import CornerPin, create_corner_pin_nodes
from .grain import add_grain
from .lens_nodes import LensPlan
from .marks import mark_of, plain, store
from .nodes import MARK, Builder, drop_part, feed, tidy
from .stabilization import add_stabilization
from .warp import fit_to_frame

VERSION = 3
"""Version of what we build inside the group; another one is rebuilt."""

CG, SHADOW, IMAGE, PLATE = "CG", "Shadow", "Image", "Plate"
_CLEAR = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Parts:
    """What a composite needs beside clip and config, found before anything is built."""

    image: bpy.types.Image | None
    """The background image."""
    motion: Similarities | None
    """How the finished picture is steadied."""
    pinned: bpy.types.Image | None
    """The picture on the corner pin."""
    corners: tuple[Ints, Floats] | None
    grain: Floats | None
    """Deviation of the grain that the CG gets, by channel."""
    shutter: float | None = None
    """How long the CG is smeared, in frames; None leaves the scene's motion blur alone."""
    facts: tuple[str, ...] = ()
    """What was measured on the way, as lines."""
    notes: tuple[str, ...] = ()
    """What could not be, as sentences."""

    def digest(self) -> str:
        """A word that changes with the tracks that stabilising and corner pin go by."""
        arrays: list[np.ndarray] = list(self.corners or ())
        if self.grain is not None:
            arrays.append(self.grain)
        if self.motion is not None:
            arrays += [self.motion.frames, self.motion.shift, self.motion.angle, self.motion.scale]
        return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16]


def build_inside(
    scene: bpy.types.Scene,
    group: bpy.types.NodeTree,
    recipe: dict[str, Any],
    clip: bpy.types.MovieClip | None,
    parts: Parts,
    config: CompositeConfig,
    lens: LensPlan,
    notes: list[str],
) -> None:
    """Build the group's inside by the recipe, unless it stands there as it should."""
    mark = mark_of(group)
    edited = mark is not None and not built_elsewhere(mark) and mark["fingerprint"] != fingerprint(group)
    if mark is None or edited or mark["recipe"] != plain(recipe):
        if edited:
            notes = [*notes, f"Nodes changed by hand inside the group are kept in {_keep_copy(group)!r}"]
        _empty(group)
        _fill(scene, group, clip, parts, config, lens, recipe)
    elif mark["notes"]:
        kept = [note for note in mark["notes"] if "kept in" in note]
        notes = [*notes, *kept]
    store(group, MARK, {"recipe": recipe, "notes": notes, "fingerprint": fingerprint(group)})


def _empty(group: bpy.types.NodeTree) -> None:
    """Take out all nodes of our group, and the groups and pictures of ours that were only in there."""
    held = held_by(group)
    group.nodes.clear()
    drop_held(held)


def held_by(group: bpy.types.NodeTree) -> list[bpy.types.ID]:
    """The groups and images that a group's nodes hold."""
    names = ("node_tree", "image")
    found = [getattr(node, name, None) for node in group.nodes for name in names]
    return [held for held in found if isinstance(held, bpy.types.NodeTree | bpy.types.Image)]


def drop_held(held: Iterable[bpy.types.ID]) -> None:
    """Remove those of them that are ours and that nothing uses any more."""
    for part in set(held):
        if isinstance(part, bpy.types.NodeTree):
            drop_part(part)
        elif MARK in part and part.users == 0:
            bpy.data.images.remove(part)


_LANES = {
    "plate": "Background",
    "faint": "Faint Shadow",
    "lens": "Lens",
    "pin": "Corner Pin",
    "shadow": "Shadow on the Plate",
    "cg": "CG",
    "grain": "Grain",
    "steady": "Stabilisation",
}
"""The parts of a composite, from left to right, and the titles of the frames that they stand in."""


def _fill(
    scene: bpy.types.Scene,
    group: bpy.types.NodeTree,
    clip: bpy.types.MovieClip | None,
    parts: Parts,
    config: CompositeConfig,
    lens: LensPlan,
    recipe: dict[str, Any],
) -> None:
    """Add the nodes of a composite to an empty group."""
    fit, shaded = recipe["fit"], recipe["shaded"]
    build = Builder(group, "Shot")
    entry = build.node("input", "group input")
    end = build.node("output", "group output")
    cg, shadow = entry.outputs[CG], entry.outputs[SHADOW] if shaded else None
    lanes: dict[str, Sequence[bpy.types.Node]] = dict.fromkeys(_LANES, ())
    if config.shadow_catcher:
        cleared = clear_faint_shadow(group, cg)
        cg, lanes["faint"] = cleared.image, cleared.nodes

    back, bent = Builder(group, "Background"), Builder(group, "Lens")
    plate = _background(back, clip, parts.image, config, fit, recipe["undone view"])
    if lens.workflow == "distort_cg":
        cg = lens_nodes.bend(bent, cg, lens, DISTORT, role="cg")
        if shadow is not None:
            shadow = lens_nodes.bend(bent, shadow, lens, DISTORT, role="shadow")
        for name in recipe["data"]:
            whole = lens_nodes.bend(bent, entry.outputs[name], lens, DISTORT, role=name, whole=True)
            feed(group, whole, end.inputs[name])
    elif lens.workflow == "undistort_plate" and plate is not None:
        plate = lens_nodes.bend(bent, plate, lens, UNDISTORT, role="plate")
    if plate is not None:
        lit = plate
        if parts.corners is not None:
            pin = _pin(group, plate, clip, parts, config.corner_pin, scene)
            lit, lanes["pin"] = pin.image, pin.nodes
        picture = _lay_over(group, lit, cg, shadow, config, lanes)
        feed(group, plate, end.inputs[PLATE])
    elif config.factor < 1.0:
        over = create_alpha_over_composite(group, _CLEAR, cg, factor=config.factor, name="CG")
        picture, lanes["cg"] = over.image, over.nodes
    else:
        picture = cg
    if parts.grain is not None:
        picture, lanes["grain"] = add_grain(group, picture, cg, parts.grain, scene)
    if lens.workflow == "undistort_plate":
        picture = lens_nodes.bend(bent, picture, lens, DISTORT, role="picture")
    if parts.motion is not None:
        steadied = add_stabilization(group, picture, clip, parts.motion, scene=scene)
        picture, lanes["steady"] = steadied.image, steadied.nodes
    feed(group, picture, end.inputs[IMAGE])
    lanes["plate"], lanes["lens"] = back.nodes, bent.nodes
    tidy([entry, *(node for lane in lanes.values() for node in lane), end], lanes=tuple(lanes.values()))
    for name, title in _LANES.items():
        build.frame(f"{name} frame", title, lanes[name])


def _lay_over(
    group: bpy.types.NodeTree,
    plate: bpy.types.NodeSocket,
    cg: bpy.types.NodeSocket,
    shadow: bpy.types.NodeSocket | None,
    config: CompositeConfig,
    lanes: dict[str, Sequence[bpy.types.Node]],
) -> bpy.types.NodeSocket:
    """The CG over the plate, on it the caught shadow where there is one; what is added goes to ``lanes``."""
    if shadow is not None:
        shade = shade_plate(
            group,
            plate,
            shadow,
            density=config.shadow.density,
            color=config.shadow.color,
            softness=config.shadow.softness,
        )
        plate, lanes["shadow"] = shade.image, shade.nodes
    over = create_alpha_over_composite(
        group, plate, cg, factor=config.factor, blend=config.blend, name=_BLEND_LABELS[config.blend]
    )
    lanes["cg"] = over.nodes
    return over.image


def _pin(
    group: bpy.types.NodeTree,
    plate: bpy.types.NodeSocket,
    clip: bpy.types.MovieClip | None,
    parts: Parts,
    wanted: CornerPinConfig,
    scene: bpy.types.Scene,
) -> CornerPin:
    """The picture on the plate: live on its plane track, or on the corners that were found."""
    if wanted.live:
        return create_corner_pin_nodes(
            group, plate, parts.pinned, clip, plane_track=wanted.plane_track, live=True, scene=scene
        )
    frames, corners = parts.corners
    by_frame = dict(zip(frames.tolist(), corners.tolist()))
    return create_corner_pin_nodes(group, plate, parts.pinned, clip, corners=by_frame, scene=scene)


_BLEND_LABELS = {
    "over": "CG over Plate",
    "multiply": "CG times Plate",
    "add": "CG plus Plate",
    "screen": "CG screened on Plate",
}


def _background(
    build: Builder,
    clip: bpy.types.MovieClip | None,
    image: bpy.types.Image | None,
    config: CompositeConfig,
    fit: dict[str, Any],
    view: str,
) -> bpy.types.NodeSocket | None:
    """The socket with what lies behind the CG; None for nothing.

    ``view`` names the view transform whose inverse the picture goes through, if any.
    """
    if config.background_source == "none":
        return None
    if config.background_source == "color":
        return build.color(config.background_color, role="color", label="Background Colour")
    meaning = "movie clip" if config.background_source == "footage" else "image"
    node = build.node("source", meaning, "Plate" if meaning == "movie clip" else "Background Image")
    if meaning == "movie clip":
        node.clip = clip  # start frame and offset are the clip's own, and its node heeds them
    else:
        node.image = image
    picture = versions.output_socket(node, meaning, "image")
    if fit["size"] == fit["frame"]:
        picture = build.scale_to_render(picture, fit["method"], role="fit", label="To Render Size")
    else:
        picture = fit_to_frame(build, picture, fit["size"], fit["frame"], fit["method"])
    return _undo_view(build, picture, view) if view else picture


def _undo_view(build: Builder, picture: bpy.types.NodeSocket, view: str) -> bpy.types.NodeSocket:
    """The light that a view transform turns into the display values that the picture has now."""
    steps = (
        ("as shown", versions.LINEAR_SPACE, versions.DISPLAY_SPACE),
        ("before the view", versions.VIEW_SPACES[view], versions.LINEAR_SPACE),
    )
    for role, before, after in steps:
        node = build.node(role, "convert colorspace", role.capitalize())
        node.from_color_space, node.to_color_space = before, after
        feed(build.tree, picture, versions.input_socket(node, "convert colorspace", "image"))
        picture = versions.output_socket(node, "convert colorspace", "image")
    return picture


def source_name(
    clip: bpy.types.MovieClip | None, image: bpy.types.Image | None, config: CompositeConfig
) -> str:
    """The full name of the clip or image behind the CG, empty for neither."""
    source = {"footage": clip, "image": image}.get(config.background_source)
    return source.name_full if source is not None else ""


def fitting(
    scene: bpy.types.Scene,
    clip: bpy.types.MovieClip | None,
    image: bpy.types.Image | None,
    config: CompositeConfig,
) -> dict[str, Any]:
    """How the background comes to the frame's size: stretched where the shapes agree to a pixel, so that
    rounding leaves no edge; else whole, with what is left over clear.
    """
    source = {"footage": clip, "image": image}.get(config.background_source)
    frame = list(render_size(scene))
    size = list(source.size) if source is not None and source.size[0] else frame
    alike = abs(size[1] * frame[0] / size[0] - frame[1]) <= 1.0
    return {"method": "stretch" if alike else "fit", "size": size, "frame": frame}


def render_size(scene: bpy.types.Scene) -> tuple[int, int]:
    """Width and height of a rendered frame in pixels, the percentage taken in."""
    render = scene.render
    share = render.resolution_percentage / 100.0
    return max(1, int(render.resolution_x * share)), max(1, int(render.resolution_y * share))


def fingerprint(group: bpy.types.NodeTree) -> str:
    """A digest of a group's nodes, links, values and keys, and of our groups in it; where nodes stand does
    not count.
    """
    curves = versions.curves_of(group)
    keyed = {(curve.data_path, curve.array_index) for curve in curves}
    keys = []
    for curve in curves:
        points = np.zeros(2 * len(curve.keyframe_points), dtype=np.float32)
        curve.keyframe_points.foreach_get("co", points)
        keys.append((curve.data_path, curve.array_index, hashlib.sha256(points.tobytes()).hexdigest()))
    driven = {curve.data_path for curve in group.animation_data.drivers} if group.animation_data else set()
    moving = {path for path, _ in keyed} | driven
    nodes = [_node_facts(node, moving) for node in group.nodes if node.bl_idname != "NodeFrame"]
    parts = [getattr(node, "node_tree", None) for node in group.nodes]
    inside = [fingerprint(part) for part in parts if part is not None and part.get(MARK) == "part"]
    links = [
        (ln.from_node.name, ln.from_socket.identifier, ln.to_node.name, ln.to_socket.identifier, ln.is_muted)
        for ln in group.links
    ]
    facts = (sorted(nodes), sorted(links), sorted(keys), inside)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]


_APPEARANCE = {
    "rna_type", "name", "label", "parent", "location", "location_absolute", "dimensions", "select",
    "show_options", "show_preview", "show_texture", "hide", "width", "height", "color", "use_custom_color",
    "color_tag", "warning_propagation",
}  # fmt: skip
"""What may change about a node without changing the picture."""


def _node_facts(node: bpy.types.Node, moving: set[str]) -> tuple[Any, ...]:
    """A node's properties and socket values, but for those at ``moving`` paths, which change by frame."""
    facts = []
    for prop in node.bl_rna.properties:
        if prop.identifier in _APPEARANCE or prop.type == "COLLECTION":
            continue
        value = getattr(node, prop.identifier)
        if prop.type == "POINTER":
            if isinstance(value, bpy.types.ID):
                facts.append((prop.identifier, value.name_full))
        elif getattr(prop, "is_array", False):
            facts.append((prop.identifier, tuple(value)))
        else:
            facts.append((prop.identifier, str(value)))
    values = []
    for socket in (*node.inputs, *node.outputs):
        # The empty socket at the end of a group's input and output nodes has no value.
        value = None if socket.type == "CUSTOM" else getattr(socket, "default_value", None)
        if moving and value is not None and socket.path_from_id("default_value") in moving:
            value = None
        values.append((socket.identifier, tuple(value) if hasattr(value, "__len__") else str(value)))
    return node.name, node.bl_idname, str(facts), str(values)


def _keep_copy(group: bpy.types.NodeTree) -> str:
    """Copy the group as the user's own, so that what they changed is not lost; the copy's name."""
    copy = group.copy()
    copy.name = f"{group.name} (edited)"
    copy.use_fake_user = True
    del copy[MARK]
    for node in copy.nodes:
        if MARK in node:
            del node[MARK]
    return copy.name


def built_elsewhere(mark: dict[str, Any]) -> str:
    """Why a group of ours is to be built anew though nobody changed it; empty where it is not.

    Nodes differ between Blenders, and so do their sockets and what was compensated for.
    """
    recipe = mark["recipe"]
    blender = recipe.get("blender", "another version")
    if recipe["version"] == VERSION and blender == versions.BLENDER_NAME:
        return ""
    return f"The composite was built in Blender {blender}: apply again to build it anew for this one"
