"""The CG over the plate: the node group that a shot's composite is.

The picture is made in linear light from premultiplied CG: ``plate * (1 - alpha) + cg``. A shadow catcher of
Cycles is part of the render's alpha (premultiplied black), so that the same formula darkens the plate; asked
for as a pass of its own, the shadow is multiplied into the plate first.

``setup_shot_compositing`` puts one group, ``Tracked Shot …``, between whatever fed the scene's output and
the output. Everything of ours bears a mark; what a scene had before is kept in a custom property of it, and
``remove_shot_compositing`` gives it back.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..config import CompositeConfig
from ..engine.footage import open_footage
from ..engine.model import Floats, Ints
from ..errors import InputError
from ..grain import measure_grain
from ..stabilize import Similarities, smoothing_frames, steady
from ..stmap import DISTORT, UNDISTORT
from . import lens_nodes, versions
from .blends import Composite, create_alpha_over_composite, shade_plate
from .corner_pin import create_corner_pin_nodes, pin_corners
from .grain import add_grain
from .lens_nodes import LensPlan
from .nodes import MARK, Builder, drop_part, feed, tidy
from .stabilization import add_stabilization, chosen_tracks, clip_aspect
from .warp import fit_to_frame

VERSION = 2
"""Version of what we build inside the group; another one is rebuilt."""

MEMORY = "tracked_shot_composite"
"""Custom property of a scene: what was there before, as JSON."""

CG, SHADOW, IMAGE, PLATE = "CG", "Shadow", "Image", "Plate"
_NODE_WIDTH = 200.0
_GAP = 40.0
_GRAIN_FRAMES = 5
"""How many frames of the footage the grain is measured in."""
_ROW = 300.0
"""Height that a node may need, as far as it is known without drawing."""
_CLEAR = (0.0, 0.0, 0.0, 0.0)


# --- The shot's group -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CompositeStatus:
    """What a panel or a report says of a scene's composite."""

    applied: bool
    """Whether the scene's picture goes through our group."""
    preset: str = ""
    """The preset's name, as applied."""
    matches: bool = False
    """Whether what stands there is what was applied (and equals the config asked about)."""
    edited: bool = False
    """Whether somebody changed nodes inside our group since."""
    settings: tuple[str, ...] = ()
    """What was set on the scene, as lines: ``View Transform: Standard (was AgX)``."""
    warnings: tuple[str, ...] = ()
    """What the picture does not have, or what keeps it from being right, as plain sentences."""


def setup_shot_compositing(
    scene: bpy.types.Scene, clip: bpy.types.MovieClip | None, config: CompositeConfig
) -> bpy.types.NodeTree:
    """Make the scene's picture the CG over the plate, in a group of ours; returns the group.

    The group stands between what fed the scene's output and the output; nothing of the user's is changed.
    The same again changes nothing; another config changes what is inside the group, and the scene's settings.
    Over footage or an image the view transform is set so that 8-bit output equals the plate where the CG's
    alpha is 0. What was set and what is missing stands in ``composite_status``.

    Raises InputError, with everything as it was, where there is no clip, no picture, no track to stabilise or
    to pin by, or where the tree is linked.
    """
    parts = _checked(scene, clip, config)
    lens = lens_nodes.plan_lens(clip, config.lens_distortion, render_size(scene))
    memory = _memory(scene) or {"tree": versions.scene_tree_state(scene), "settings": []}
    tree = versions.hang_scene_tree(scene)
    if memory["tree"] == versions.TREE_NONE:
        memory.setdefault("made", [node.name for node in tree.nodes])
    group = _scene_group(tree) or _unused_group(scene) or versions.new_group(f"Tracked Shot {scene.name}")
    for name, in_out, text in (
        (CG, "INPUT", "The render, premultiplied"),
        (SHADOW, "INPUT", "Cycles' Shadow Catcher pass, where the composite uses it"),
        (IMAGE, "OUTPUT", "The composite"),
        (PLATE, "OUTPUT", "The plate alone, at the render's size"),
    ):
        versions.ensure_group_socket(group, name, in_out, text)
    nodes = _place(scene, tree, group, memory)

    layer = _view_layer(scene, tree)
    memory["settings"], unset = _apply_settings(
        scene, memory["settings"], _wanted_settings(scene, layer, config)
    )
    shaded = _wants_shadow_pass(config) and config.background_source != "none"
    missing = _link_shadow(scene, tree, nodes, shaded)
    recipe = {
        "kind": "composite",
        "version": VERSION,
        "blender": versions.BLENDER_NAME,
        "config": config.to_dict(full=True),
        "source": _source_name(clip, parts.image, config),
        "fit": _fit(scene, clip, parts.image, config),
        "shaded": shaded and not missing,
        "lens": lens.facts,
        "movement": parts.digest(),
    }
    notes = [*_notes(config, parts), *missing, *unset, *lens.notes]
    notes += lens_nodes.widen_camera(scene, lens)
    _build(scene, group, recipe, clip, parts, config, lens, notes)
    lens_nodes.drop_unused()
    _store(scene, MEMORY, memory)
    return group


def remove_shot_compositing(scene: bpy.types.Scene) -> bool:
    """Take our composite out and give back the tree and the settings of before; False where there was none.

    Settings that somebody changed since stay as they are now, and so do nodes of the user that were linked to
    ours meanwhile.
    """
    memory = _memory(scene)
    if memory is None:
        return False
    lens_nodes.restore_camera(scene)
    _restore_settings(scene, memory["settings"])
    tree = versions.stored_scene_tree(scene)
    if tree is not None:
        group = _scene_group(tree)
        for node in _group_nodes(tree, group):
            _take_out(tree, node)
        if group is not None and group.users == 0:
            _drop_group(group)
        _drop_helpers(tree, memory)
        untouched = {node.name for node in tree.nodes} <= set(memory.get("made", []))
        if memory["tree"] == versions.TREE_OFF or (memory["tree"] == versions.TREE_NONE and untouched):
            versions.take_off_scene_tree(scene)
    del scene[MEMORY]
    return True


def composite_status(scene: bpy.types.Scene, config: CompositeConfig | None = None) -> CompositeStatus:
    """What composite a scene has, cheap enough for a panel; with a config, whether it is that one."""
    memory = _memory(scene)
    if memory is None:
        return CompositeStatus(applied=False)
    tree = versions.scene_tree(scene)
    group = _scene_group(tree) if tree is not None else None
    mark = _mark(group) if group is not None else None
    if tree is None or group is None or mark is None:
        lost = "The Tracked Shot group is no longer in the scene's compositor tree: apply again, or remove"
        return CompositeStatus(applied=False, settings=_settings_lines(memory), warnings=(lost,))
    nodes = _group_nodes(tree, group)
    in_place = all(_passes_through(socket, nodes) for socket in versions.picture_inputs(tree))
    in_place = in_place and not any(node.mute for node in nodes)
    elsewhere = _built_elsewhere(mark)
    edited = not elsewhere and mark["fingerprint"] != _fingerprint(group)
    same = config is None or mark["recipe"]["config"] == _plain(config.to_dict(full=True))
    warnings = list(mark["notes"]) + _size_notes(scene, mark["recipe"]) + _setting_notes(scene, memory)
    warnings += _output_notes(scene, tree, mark["recipe"]["config"])
    warnings += lens_nodes.lens_notes(scene, render_size(scene))
    if not in_place:
        warnings.append("The scene's output does not come through the Tracked Shot group: apply again")
    if elsewhere:
        warnings.append(elsewhere)
    if edited:
        warnings.append("Nodes inside the Tracked Shot group were changed by hand")
    return CompositeStatus(
        applied=in_place,
        preset=mark["recipe"]["config"]["mode"],
        matches=same and in_place and not edited and not elsewhere,
        edited=edited,
        settings=_settings_lines(memory),
        warnings=tuple(warnings),
    )


def applied_config(scene: bpy.types.Scene) -> CompositeConfig | None:
    """The config of the composite that a scene has; None where it has none."""
    tree = versions.stored_scene_tree(scene)
    group = _scene_group(tree) if tree is not None and _memory(scene) is not None else None
    return CompositeConfig.from_dict(_mark(group)["recipe"]["config"]) if group is not None else None


@dataclass(frozen=True)
class _Parts:
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

    def digest(self) -> str:
        """A word that changes with the tracks that stabilising and corner pin go by."""
        arrays: list[np.ndarray] = list(self.corners or ())
        if self.grain is not None:
            arrays.append(self.grain)
        if self.motion is not None:
            arrays += [self.motion.frames, self.motion.shift, self.motion.angle, self.motion.scale]
        return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16]


def _checked(scene: bpy.types.Scene, clip: bpy.types.MovieClip | None, config: CompositeConfig) -> _Parts:
    """What the composite needs; InputError for what cannot be built."""
    if scene.library is not None:
        raise InputError(f"the scene {scene.name} is linked from another file: make it local first")
    tree = versions.stored_scene_tree(scene)
    if tree is not None and tree.library is not None:
        raise InputError(f"the compositor tree {tree.name} is linked from another file: make it local first")
    if config.background_source == "footage":
        if clip is None:
            raise InputError("the composite needs a movie clip for its background")
        if clip.frame_duration == 0 or not clip.size[0]:
            raise InputError(f"the clip {clip.name} has no frames: its file is missing or is no footage")
    if config.background_source == "image" and not config.background_image:
        raise InputError("background_source is image, but no background_image is given")
    pin = config.corner_pin
    motion, corners = None, None
    if config.stabilization.enabled:
        motion = shot_motion(scene, clip, config)
    if pin.image is not None:
        corners = pin_corners(clip, plane_track=pin.plane_track, tracks=pin.tracks, corners=pin.corners)
    grain = _measured_grain(clip, config) if config.grain else None
    image = None
    if config.background_source == "image":
        image = _load_image(config.background_image, "background image")
    pinned = _load_image(pin.image, "picture to pin") if pin.image is not None else None
    return _Parts(image, motion, pinned, corners, grain)


def _measured_grain(clip: bpy.types.MovieClip | None, config: CompositeConfig) -> Floats:
    """The plate's grain, times how much of it is wanted."""
    if clip is None or config.background_source != "footage":
        raise InputError("grain is measured in the footage, and the background is none")
    footage = open_footage(bpy.path.abspath(clip.filepath))
    frames = np.unique(np.linspace(footage.first, footage.last, _GRAIN_FRAMES).astype(int))
    # OpenCV's channels run the other way round
    pictures = (np.asarray(footage.picture(int(frame)))[..., ::-1] for frame in frames)
    grain: Floats = float(config.grain) * measure_grain(pictures)
    return grain


def shot_motion(
    scene: bpy.types.Scene, clip: bpy.types.MovieClip | None, config: CompositeConfig
) -> Similarities:
    """How a config steadies the picture of a clip; raises InputError where there are no tracks for it."""
    if clip is None:
        raise InputError("stabilising needs a movie clip with tracks")
    wanted = config.stabilization
    rate = scene.render.fps / scene.render.fps_base
    return steady(
        chosen_tracks(clip, wanted.tracks),
        lock=wanted.lock,
        smooth=smoothing_frames(wanted.smooth, rate),
        auto_scale=wanted.auto_scale,
        aspect=clip_aspect(clip),
    )


def _load_image(path: str, what: str) -> bpy.types.Image:
    """A picture from disk, marked as ours where we were the first to load it."""
    path = bpy.path.abspath(path)
    if not os.path.isfile(path):
        raise InputError(f"the {what} is not there: {path}")
    known = set(bpy.data.images)
    try:
        image = bpy.data.images.load(path, check_existing=True)
    except RuntimeError as problem:
        raise InputError(f"the {what} cannot be read: {path}") from problem
    if image not in known:
        image[MARK] = _json({"kind": "background"})
    return image


# --- Inside the group -------------------------------------------------------------------------------------


def _build(
    scene: bpy.types.Scene,
    group: bpy.types.NodeTree,
    recipe: dict[str, Any],
    clip: bpy.types.MovieClip | None,
    parts: _Parts,
    config: CompositeConfig,
    lens: LensPlan,
    notes: list[str],
) -> None:
    """Build the group's inside by the recipe, unless it stands there as it should."""
    mark = _mark(group)
    edited = mark is not None and not _built_elsewhere(mark) and mark["fingerprint"] != _fingerprint(group)
    if mark is None or edited or mark["recipe"] != _plain(recipe):
        if edited:
            notes = [*notes, f"Nodes changed by hand inside the group are kept in {_keep_copy(group)!r}"]
        _empty(group)
        _fill(scene, group, clip, parts, config, lens, recipe["fit"], recipe["shaded"])
    elif mark["notes"]:
        kept = [note for note in mark["notes"] if "kept in" in note]
        notes = [*notes, *kept]
    _store(group, MARK, {"recipe": recipe, "notes": notes, "fingerprint": _fingerprint(group)})


def _empty(group: bpy.types.NodeTree) -> None:
    """Take out all nodes of our group, and the groups and pictures of ours that were only in there."""
    held = _held(group)
    group.nodes.clear()
    _drop_held(held)


def _held(group: bpy.types.NodeTree) -> list[bpy.types.ID]:
    """The groups and images that a group's nodes hold."""
    names = ("node_tree", "image")
    found = [getattr(node, name, None) for node in group.nodes for name in names]
    return [held for held in found if isinstance(held, bpy.types.NodeTree | bpy.types.Image)]


def _drop_held(held: Iterable[bpy.types.ID]) -> None:
    for part in set(held):
        if isinstance(part, bpy.types.NodeTree):
            drop_part(part)
        elif MARK in part and part.users == 0:
            bpy.data.images.remove(part)


def _fill(
    scene: bpy.types.Scene,
    group: bpy.types.NodeTree,
    clip: bpy.types.MovieClip | None,
    parts: _Parts,
    config: CompositeConfig,
    lens: LensPlan,
    fit: dict[str, Any],
    shaded: bool,
) -> None:
    """Add the nodes of a composite to an empty group."""
    build = Builder(group, "Shot")
    entry = build.node("input", "group input")
    end = build.node("output", "group output")
    cg, shadow = entry.outputs[CG], entry.outputs[SHADOW]

    back, bent = Builder(group, "Background"), Builder(group, "Lens")
    plate = _background(back, clip, parts.image, config, fit)
    if lens.workflow == "distort_cg":
        cg = lens_nodes.bend(bent, cg, lens, DISTORT, role="cg")
        shadow = lens_nodes.bend(bent, shadow, lens, DISTORT, role="shadow") if shaded else shadow
    elif lens.workflow == "undistort_plate" and plate is not None:
        plate = lens_nodes.bend(bent, plate, lens, UNDISTORT, role="plate")
    shadow_nodes: tuple[bpy.types.Node, ...] = ()
    pin_nodes: tuple[bpy.types.Node, ...] = ()
    if plate is None:
        over = Composite(cg, ())
        if config.factor < 1.0:
            over = create_alpha_over_composite(group, _CLEAR, cg, factor=config.factor, name="CG")
    else:
        lit = plate
        if parts.corners is not None:
            frames, corners = parts.corners
            pin = create_corner_pin_nodes(
                group,
                plate,
                parts.pinned,
                clip,
                corners=dict(zip(frames.tolist(), corners.tolist())),
                scene=scene,
            )
            lit, pin_nodes = pin.image, pin.nodes
        if shaded:
            shade = shade_plate(
                group,
                lit,
                shadow,
                density=config.shadow.density,
                color=config.shadow.color,
                softness=config.shadow.softness,
            )
            lit, shadow_nodes = shade.image, shade.nodes
        over = create_alpha_over_composite(
            group, lit, cg, factor=config.factor, blend=config.blend, name=_BLEND_LABELS[config.blend]
        )
        feed(group, plate, end.inputs[PLATE])
    picture, steady_nodes, grain_nodes = over.image, (), ()
    if parts.grain is not None:
        picture, grain_nodes = add_grain(group, picture, cg, parts.grain, scene)
    if lens.workflow == "undistort_plate":
        picture = lens_nodes.bend(bent, picture, lens, DISTORT, role="picture")
    if parts.motion is not None:
        steadied = add_stabilization(group, picture, clip, parts.motion, scene=scene)
        picture, steady_nodes = steadied.image, steadied.nodes
    feed(group, picture, end.inputs[IMAGE])
    lanes = (back.nodes, bent.nodes, pin_nodes, shadow_nodes, over.nodes, grain_nodes, steady_nodes)
    tidy([entry, *(node for lane in lanes for node in lane), end], lanes=lanes)
    build.frame("plate frame", "Background", back.nodes)
    build.frame("pin frame", "Corner Pin", pin_nodes)
    build.frame("grain frame", "Grain", grain_nodes)
    build.frame("steady frame", "Stabilisation", steady_nodes)
    build.frame("shadow frame", "Shadow on the Plate", shadow_nodes)
    build.frame("cg frame", "CG", over.nodes)
    build.frame("lens frame", "Lens", bent.nodes)


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
) -> bpy.types.NodeSocket | None:
    """The socket with what lies behind the CG; None for nothing."""
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
        return build.scale_to_render(picture, fit["method"], role="fit", label="To Render Size")
    return fit_to_frame(build, picture, fit["size"], fit["frame"], fit["method"])


def _source_name(
    clip: bpy.types.MovieClip | None, image: bpy.types.Image | None, config: CompositeConfig
) -> str:
    source = {"footage": clip, "image": image}.get(config.background_source)
    return source.name_full if source is not None else ""


def _fit(
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


def _fingerprint(group: bpy.types.NodeTree) -> str:
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
    inside = [_fingerprint(part) for part in parts if part is not None and part.get(MARK) == "part"]
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


# --- Where the group stands -------------------------------------------------------------------------------


def _scene_group(tree: bpy.types.NodeTree) -> bpy.types.NodeTree | None:
    """Our group, where a node in the tree uses it."""
    for node in tree.nodes:
        inside = getattr(node, "node_tree", None)
        if node.bl_idname == "CompositorNodeGroup" and inside is not None and _mark(inside) is not None:
            return inside
    return None


def _unused_group(scene: bpy.types.Scene) -> bpy.types.NodeTree | None:
    """A group that we made for this scene and that nothing uses any more."""
    group = bpy.data.node_groups.get(f"Tracked Shot {scene.name}")
    usable = group is not None and group.users == 0 and group.library is None and _mark(group) is not None
    return group if usable else None


def _group_nodes(tree: bpy.types.NodeTree, group: bpy.types.NodeTree | None) -> list[bpy.types.Node]:
    if group is None:
        return []
    return [
        node for node in tree.nodes if node.bl_idname == "CompositorNodeGroup" and node.node_tree == group
    ]


def _place(
    scene: bpy.types.Scene, tree: bpy.types.NodeTree, group: bpy.types.NodeTree, memory: dict[str, Any]
) -> list[bpy.types.Node]:
    """See to it that all that ends the tree comes through the group.

    Returns the group's nodes, one for each socket that fed an end.
    """
    nodes = _group_nodes(tree, group)
    ends = versions.picture_inputs(tree)
    if not ends:
        made = versions.make_output(tree)
        ends = [made.socket]
        if made.node is not None:
            _store(made.node, MARK, {"kind": "helper"})
            made.node.location = (300.0, 0.0)
        memory["interface"] = made.interface_socket
    for end in ends:
        if not _passes_through(end, nodes):
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
    node = next((n for n in nodes if _fed_by(n) == source and _mark(n)["fed"] == fed), None)
    if node is None:
        node = versions.new_node(tree, "group")
        node.node_tree = group
        node.label = "Tracked Shot"
        node.width = _NODE_WIDTH
        node.select = False
        _store(node, MARK, {"kind": "composite node", "fed": fed, "muted": []})
        node.location = _location_between(tree, source.node, end.node)
        tree.links.new(source, node.inputs[CG])
        nodes.append(node)
    if muted:
        mark = _mark(node)
        _store(node, MARK, {**mark, "muted": [*mark["muted"], end.node.name]})
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
        _store(node, MARK, {"kind": "helper"})
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


def _passes_through(socket: bpy.types.NodeSocket, nodes: Sequence[bpy.types.Node]) -> bool:
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


def _take_out(tree: bpy.types.NodeTree, node: bpy.types.Node) -> None:
    """Remove a group node and link what it fed to what fed it, as before."""
    mark = _mark(node)
    source = _fed_by(node)
    targets = [link.to_socket for link in node.outputs[IMAGE].links]
    # An output that nothing fed is left so, unless somebody put nodes of their own before our group.
    fed = mark["fed"] or (source is not None and source.node.bl_idname != "CompositorNodeRLayers")
    tree.nodes.remove(node)
    if source is None or not fed:
        return
    for target in targets:
        link = tree.links.new(source, target)
        link.is_muted = target.node.name in mark["muted"]


def _drop_helpers(tree: bpy.types.NodeTree, memory: dict[str, Any]) -> None:
    """Remove the render layers and the output that we added, unless the user has linked them meanwhile."""
    for node in list(tree.nodes):
        mark = _mark(node)
        if mark is None or mark["kind"] != "helper":
            continue
        if any(socket.links for socket in (*node.inputs, *node.outputs)):
            del node[MARK]  # the user's own from now on
        else:
            tree.nodes.remove(node)
    identifier = memory.get("interface", "")
    if identifier and not any(socket.links for socket in versions.picture_inputs(tree)):
        versions.remove_interface_socket(tree, identifier)


def _drop_group(group: bpy.types.NodeTree) -> None:
    """Remove our group, with its parts and the pictures that we loaded for it alone."""
    held = _held(group)
    bpy.data.node_groups.remove(group)
    _drop_held(held)
    lens_nodes.drop_unused()


# --- The shadow pass --------------------------------------------------------------------------------------


def _wants_shadow_pass(config: CompositeConfig) -> bool:
    """Whether the shadow must be had apart from the render: asked for, or changed from what was rendered."""
    shadow = config.shadow
    plain = shadow.density == 1.0 and not any(shadow.color[:3]) and shadow.softness == 0.0
    return "shadow_catcher" in config.passes or not plain


def _link_shadow(
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


def _view_layer(scene: bpy.types.Scene, tree: bpy.types.NodeTree) -> bpy.types.ViewLayer:
    """The view layer whose render the composite takes."""
    for node in _render_layers(tree):
        if node.scene == scene and node.layer in scene.view_layers:
            return scene.view_layers[node.layer]
    return scene.view_layers[0]


# --- Settings of the scene --------------------------------------------------------------------------------


def _wanted_settings(
    scene: bpy.types.Scene, layer: bpy.types.ViewLayer, config: CompositeConfig
) -> list[tuple[str, Any]]:
    """Data paths from the scene and the values that the config needs there."""
    wanted: list[tuple[str, Any]] = [
        ("render.use_compositing", True),
        ("render.film_transparent", config.film_transparent),
    ]
    if config.background_source in ("footage", "image") and config.view == "plate_exact":
        wanted += versions.plate_exact_view(scene)
    passes = set(config.passes)
    if _wants_shadow_pass(config) and config.background_source != "none":
        passes.add("shadow_catcher")
    name = bpy.utils.escape_identifier(layer.name)
    for render_pass in sorted(passes):
        path = f'view_layers["{name}"].{versions.PASS_SETTINGS[render_pass]}'
        if versions.has_setting(scene, path):
            wanted.append((path, True))
    return wanted


def _apply_settings(
    scene: bpy.types.Scene, known: list[list[Any]], wanted: list[tuple[str, Any]]
) -> tuple[list[list[Any]], list[str]]:
    """Set what is wanted, give back what no longer is.

    Returns rows of path, value before (None where it was never set and has its default) and value set; and as
    sentences what this Blender would not take.
    """
    paths = {path for path, _ in wanted}
    _restore_settings(scene, [row for row in known if row[0] not in paths])
    before = {path: old for path, old, _ in known}
    rows = [
        [path, before[path] if path in before else _get_or_unset(scene, path), value]
        for path, value in wanted
    ]
    taken, notes = [], []
    for row in rows:
        path, _, value = row
        try:
            if _get(scene, path) != value:
                _set(scene, path, value)
        except TypeError:  # the colour configuration has no such view transform or look
            notes.append(
                f"{_title(path)} cannot be set to {value}: the plate may not come out as it was filmed"
            )
        else:
            taken.append(row)
    return taken, notes


def _restore_settings(scene: bpy.types.Scene, rows: Iterable[Sequence[Any]]) -> None:
    """Give back what was before, where nobody has changed what we set."""
    ours = [row for row in rows if versions.has_setting(scene, row[0]) and _get(scene, row[0]) == row[2]]
    for path, old, _ in ours:
        owner, _, name = path.rpartition(".")
        if old is None:
            scene.path_resolve(owner).property_unset(name)
        elif _get(scene, path) != old:
            _set(scene, path, old)


def _get(scene: bpy.types.Scene, path: str) -> Any:
    return scene.path_resolve(path)


def _get_or_unset(scene: bpy.types.Scene, path: str) -> Any:
    """A setting's value; None for one of an add-on's, as Cycles', that was never set and has its default."""
    owner, _, name = path.rpartition(".")
    return _get(scene, path) if scene.path_resolve(owner).is_property_set(name) else None


def _set(scene: bpy.types.Scene, path: str, value: Any) -> None:
    owner, _, name = path.rpartition(".")
    setattr(scene.path_resolve(owner), name, value)


_TITLES = {
    "view_transform": "View Transform",
    "look": "Look",
    "exposure": "Exposure",
    "gamma": "Gamma",
    "use_curve_mapping": "Use Curves",
    "use_white_balance": "White Balance",
    "dither_intensity": "Dither",
    "film_transparent": "Film Transparent",
    "use_compositing": "Compositing",
}


def _title(path: str) -> str:
    """A setting's name as Blender's panels have it."""
    name = path.rpartition(".")[2]
    return _TITLES.get(name) or name.removeprefix("use_pass_").replace("_", " ").title() + " Pass"


def _value(value: Any) -> str:
    if value is None:
        return "as it comes"
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def _settings_lines(memory: dict[str, Any]) -> tuple[str, ...]:
    lines = [] if memory["tree"] == versions.TREE_ON else [f"Compositor Nodes: on (was {memory['tree']})"]
    return (*lines, *_changed(memory))


def _changed(memory: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{_title(path)}: {_value(new)} (was {_value(old)})"
        for path, old, new in memory["settings"]
        if old != new
    )


# --- What to say ------------------------------------------------------------------------------------------


def _notes(config: CompositeConfig, parts: _Parts) -> list[str]:
    """What the config asks for and this composite does not do, as sentences."""
    notes = []
    if parts.motion is not None and config.stabilization.auto_scale and not parts.motion.covered:
        notes.append(
            f"The picture moves too far to hide its edges, even {parts.motion.zoom:g} times enlarged"
        )
    pin = config.corner_pin
    if (pin.plane_track or pin.tracks or pin.corners) and not pin.image:
        notes.append("The corner pin has corners but no picture")
    return notes


def _size_notes(scene: bpy.types.Scene, recipe: dict[str, Any]) -> list[str]:
    """What keeps the background from lying on the render pixel for pixel."""
    fit, size = recipe["fit"], list(render_size(scene))
    notes = []
    if fit["frame"] != size:
        notes.append(f"It was built for {_by(fit['frame'])} and the render is {_by(size)} now: apply again")
    elif fit["size"] != size:
        notes.append(
            f"{recipe['source']} is {_by(fit['size'])} and is scaled to the render's {_by(size)}: "
            "its pixels are not those of the footage"
        )
    return notes


def _by(size: Sequence[int]) -> str:
    return f"{size[0]}x{size[1]}"


def _setting_notes(scene: bpy.types.Scene, memory: dict[str, Any]) -> list[str]:
    """What somebody changed of the settings that the composite needs."""
    notes = []
    for path, _, value in memory["settings"]:
        if not versions.has_setting(scene, path):
            continue
        now = _get(scene, path)
        if now != value:
            notes.append(f"{_title(path)} is {_value(now)} now; the composite needs {_value(value)}")
    return notes


def _output_notes(scene: bpy.types.Scene, tree: bpy.types.NodeTree, config: dict[str, Any]) -> list[str]:
    """What after the composite may change its picture, or who else it is the picture of."""
    notes = []
    view = scene.view_settings.view_transform
    if config["view"] == "scene_referred" and view not in ("Standard", "Raw"):
        notes.append(f"{view} changes how the plate looks; what is saved as EXR is the plate's own light")
    if scene.display_settings.display_device != "sRGB":
        notes.append(
            f"The display is {scene.display_settings.display_device}: 8-bit output is not the plate's sRGB"
        )
    if scene.render.image_settings.color_management == "OVERRIDE":
        notes.append("The output overrides the scene's colour management: the plate may come out changed")
    if scene.render.use_sequencer and versions.has_strips(scene):
        notes.append("The video sequencer has strips: they are rendered in place of the composite")
    for other in bpy.data.scenes:
        if other != scene and versions.stored_scene_tree(other) == tree:
            notes.append(f"The compositor tree is also that of the scene {other.name}")
    return notes


# --- Marks ------------------------------------------------------------------------------------------------


def _built_elsewhere(mark: dict[str, Any]) -> str:
    """Why a group of ours is to be built anew though nobody changed it; empty where it is not.

    Nodes differ between Blenders, and so do their sockets and what was compensated for.
    """
    recipe = mark["recipe"]
    blender = recipe.get("blender", "another version")
    if recipe["version"] == VERSION and blender == versions.BLENDER_NAME:
        return ""
    return f"The composite was built in Blender {blender}: apply again to build it anew for this one"


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _plain(value: Any) -> Any:
    """A value as it comes back from JSON, tuples as lists, to compare with a stored one."""
    return json.loads(_json(value))


def _mark(owner: Any) -> dict[str, Any] | None:
    """What our mark on a group or a node of the scene's tree says; None where there is none of that kind."""
    text = owner.get(MARK)
    if not isinstance(text, str) or not text.startswith("{"):
        return None  # nodes that a Builder made have plain words there
    return json.loads(text)


def _memory(scene: bpy.types.Scene) -> dict[str, Any] | None:
    text = scene.get(MEMORY)
    return json.loads(text) if isinstance(text, str) else None


def _store(owner: Any, name: str, value: Any) -> None:
    """Write a value as JSON into a custom property, unless it says so already."""
    text = _json(value)
    if owner.get(name) != text:
        owner[name] = text
