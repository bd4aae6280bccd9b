"""The CG over the plate: the node group that a shot's composite is.

The picture is made in linear light from premultiplied CG: ``plate * (1 - alpha) + cg``. A shadow catcher of
Cycles is part of the render's alpha (premultiplied black), so that the same formula darkens the plate; asked
for as a pass of its own, the shadow is multiplied into the plate first.

``setup_shot_compositing`` puts one group, ``Tracked Shot …``, between whatever fed the scene's output and
the output. Everything of ours bears a mark; what a scene had before is kept in a custom property of it, and
``remove_shot_compositing`` gives it back.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..config import CompositeConfig
from ..engine.footage import open_footage
from ..engine.lens import PlateLens
from ..engine.model import Floats
from ..errors import InputError
from ..grain import measure_grain
from ..shutter import USUAL_SHUTTER, measure_shutter
from ..stabilize import Similarities, smoothing_frames, steady
from . import lens_nodes, versions
from .clip import read_tracks
from .clip_lens import zoom_lenses
from .composite_inside import (
    CG,
    IMAGE,
    PLATE,
    SHADOW,
    VERSION,
    Parts,
    build_inside,
    built_elsewhere,
    fingerprint,
    fitting,
    render_size,
    source_name,
)
from .corner_pin import check_live, pin_corners
from .marks import MEMORY, mark_of, memory_of, plain, store, to_json
from .nodes import MARK
from .placing import (
    drop_group,
    drop_helpers,
    group_nodes,
    link_data_passes,
    link_shadow,
    passes_through,
    place_group,
    rendered_layer,
    scene_group,
    take_out,
    unused_group,
)
from .scene_settings import (
    apply_settings,
    restore_settings,
    setting_notes,
    settings_lines,
    user_value,
    wanted_settings,
    wants_shadow_pass,
)
from .stabilization import chosen_tracks, clip_aspect

_GRAIN_FRAMES = 5
"""How many frames of the footage the grain is measured in."""


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
    lens = lens_nodes.plan_lens(clip, config.lens_distortion, render_size(scene), _zoom(scene, clip))
    memory = memory_of(scene) or {"tree": versions.scene_tree_state(scene), "settings": []}
    tree = versions.hang_scene_tree(scene)
    if memory["tree"] == versions.TREE_NONE:
        memory.setdefault("made", [node.name for node in tree.nodes])
    group = scene_group(tree) or unused_group(scene) or versions.new_group(f"Tracked Shot {scene.name}")
    for name, in_out, text in (
        (CG, "INPUT", "The render, premultiplied"),
        (SHADOW, "INPUT", "Cycles' Shadow Catcher pass, where the composite uses it"),
        (IMAGE, "OUTPUT", "The composite"),
        (PLATE, "OUTPUT", "The plate alone, at the render's size"),
    ):
        versions.ensure_group_socket(group, name, in_out, text)
    nodes = place_group(scene, tree, group, memory)

    layer = rendered_layer(scene, tree)
    memory["settings"], unset = apply_settings(
        scene, memory["settings"], wanted_settings(scene, layer, config, parts.shutter)
    )
    shaded = wants_shadow_pass(config) and config.background_source != "none"
    missing = link_shadow(scene, tree, nodes, shaded)
    wanted = config.lens_distortion.nearest if lens.workflow == "distort_cg" else []
    data, lacking = link_data_passes(scene, tree, group, nodes, wanted)
    missing += lacking
    recipe = {
        "kind": "composite",
        "version": VERSION,
        "blender": versions.BLENDER_NAME,
        "config": config.to_dict(full=True),
        "source": source_name(clip, parts.image, config),
        "fit": fitting(scene, clip, parts.image, config),
        "shaded": shaded and not missing,
        "lens": lens.facts,
        "data": data,
        "undone view": _undone_view(scene, config),
        "movement": parts.digest(),
    }
    notes = [*_notes(config, parts), *missing, *unset, *lens.notes]
    notes += lens_nodes.widen_camera(scene, lens)
    build_inside(scene, group, recipe, clip, parts, config, lens, notes)
    lens_nodes.drop_unused()
    memory["facts"] = [*parts.facts, *lens.said]
    store(scene, MEMORY, memory)
    return group


def check_compositing(
    scene: bpy.types.Scene, clip: bpy.types.MovieClip | None, config: CompositeConfig, size: tuple[int, int]
) -> None:
    """Raises InputError where ``setup_shot_compositing`` would, were the render ``size`` pixels large."""
    _checked(scene, clip, config)
    lens_nodes.plan_lens(clip, config.lens_distortion, size)


def remove_shot_compositing(scene: bpy.types.Scene) -> bool:
    """Take our composite out and give back the tree and the settings of before; False where there was none.

    Settings that somebody changed since stay as they are now, and so do nodes of the user that were linked to
    ours meanwhile.
    """
    memory = memory_of(scene)
    if memory is None:
        return False
    lens_nodes.restore_camera(scene)
    restore_settings(scene, memory["settings"])
    tree = versions.stored_scene_tree(scene)
    if tree is not None:
        group = scene_group(tree)
        for node in group_nodes(tree, group):
            take_out(tree, node)
        if group is not None and group.users == 0:
            drop_group(group)
        drop_helpers(tree, memory)
        untouched = {node.name for node in tree.nodes} <= set(memory.get("made", []))
        if memory["tree"] == versions.TREE_OFF or (memory["tree"] == versions.TREE_NONE and untouched):
            versions.take_off_scene_tree(scene)
    del scene[MEMORY]
    return True


def composite_status(scene: bpy.types.Scene, config: CompositeConfig | None = None) -> CompositeStatus:
    """What composite a scene has, cheap enough for a panel; with a config, whether it is that one."""
    memory = memory_of(scene)
    if memory is None:
        return CompositeStatus(applied=False)
    tree = versions.scene_tree(scene)
    group = scene_group(tree) if tree is not None else None
    mark = mark_of(group) if group is not None else None
    if tree is None or group is None or mark is None:
        lost = "The Tracked Shot group is no longer in the scene's compositor tree: apply again, or remove"
        return CompositeStatus(applied=False, settings=settings_lines(memory), warnings=(lost,))
    nodes = group_nodes(tree, group)
    in_place = all(passes_through(socket, nodes) for socket in versions.picture_inputs(tree))
    in_place = in_place and not any(node.mute for node in nodes)
    elsewhere = built_elsewhere(mark)
    edited = not elsewhere and mark["fingerprint"] != fingerprint(group)
    same = config is None or mark["recipe"]["config"] == plain(config.to_dict(full=True))
    warnings = list(mark["notes"]) + _size_notes(scene, mark["recipe"]) + setting_notes(scene, memory)
    warnings += _output_notes(scene, tree, mark["recipe"])
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
        settings=settings_lines(memory),
        warnings=tuple(warnings),
    )


def applied_config(scene: bpy.types.Scene) -> CompositeConfig | None:
    """The config of the composite that a scene has; None where it has none."""
    tree = versions.stored_scene_tree(scene)
    group = scene_group(tree) if tree is not None and memory_of(scene) is not None else None
    return CompositeConfig.from_dict(mark_of(group)["recipe"]["config"]) if group is not None else None


def _checked(scene: bpy.types.Scene, clip: bpy.types.MovieClip | None, config: CompositeConfig) -> Parts:
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
    view = _undone_view(scene, config)
    if view and view not in versions.VIEW_SPACES:
        raise InputError(
            f"the view transform {view} cannot be undone for the plate: "
            f"{' or '.join(versions.VIEW_SPACES)} can, or take the view plate_exact"
        )
    pin = config.corner_pin
    motion, corners = None, None
    if config.stabilization.enabled:
        motion = shot_motion(scene, clip, config)
    if pin.image is not None:
        if pin.live:
            check_live(pin.plane_track)
        corners = pin_corners(clip, plane_track=pin.plane_track, tracks=pin.tracks, corners=pin.corners)
    grain = _measured_grain(clip, config) if config.grain else None
    image = None
    if config.background_source == "image":
        image = _load_image(config.background_image, "background image")
    pinned = _load_image(pin.image, "picture to pin") if pin.image is not None else None
    shutter, measured = _shutter(clip, config)
    facts, notes = (), ()
    if measured and shutter is not None:
        facts = (f"Shutter of the plate, measured in {measured} places: {shutter:.2f} of a frame",)
    elif config.motion_blur is True:
        notes = (f"The plate does not tell its shutter: {USUAL_SHUTTER:g} of a frame (180 degrees) is taken",)
    return Parts(image, motion, pinned, corners, grain, shutter, facts, notes)


def _shutter(clip: bpy.types.MovieClip | None, config: CompositeConfig) -> tuple[float | None, int]:
    """The shutter that the CG is to have, in frames, and in how many places of the plate it was measured."""
    wanted = config.motion_blur
    if not isinstance(wanted, bool):
        return (versions.as_kept(wanted) if wanted > 0.0 else None), 0
    if not wanted:
        return None, 0
    if clip is None or config.background_source != "footage":
        raise InputError("the shutter is measured in the footage, and the background is none")
    found = measure_shutter(open_footage(bpy.path.abspath(clip.filepath)).picture, read_tracks(clip))
    if found is None:
        return USUAL_SHUTTER, 0
    # Blender's own shutter ends at a hundredth.
    return versions.as_kept(min(1.0, max(0.01, round(found.frames, 2)))), found.squares


def _undone_view(scene: bpy.types.Scene, config: CompositeConfig) -> str:
    """The view transform whose inverse the plate goes through; empty for none."""
    if config.view != "view_matched" or config.background_source not in ("footage", "image"):
        return ""
    return str(user_value(scene, memory_of(scene), "view_settings.view_transform"))


def _zoom(scene: bpy.types.Scene, clip: bpy.types.MovieClip | None) -> dict[int, PlateLens]:
    """The lens of each scene frame, where the scene's camera zooms."""
    return zoom_lenses(scene, clip) if clip is not None and clip.size[0] else {}


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
        image[MARK] = to_json({"kind": "background"})
    return image


# --- What to say ------------------------------------------------------------------------------------------


def _notes(config: CompositeConfig, parts: Parts) -> list[str]:
    """What the config asks for and this composite does not do, as sentences."""
    notes = list(parts.notes)
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


def _output_notes(scene: bpy.types.Scene, tree: bpy.types.NodeTree, recipe: dict[str, Any]) -> list[str]:
    """What after the composite may change its picture, or who else it is the picture of."""
    config, undone = recipe["config"], recipe.get("undone view", "")
    notes = []
    view = scene.view_settings.view_transform
    if config["view"] == "scene_referred" and view not in ("Standard", "Raw"):
        notes.append(f"{view} changes how the plate looks; what is saved as EXR is the plate's own light")
    if config["view"] == "view_matched" and undone and view != undone:
        notes.append(
            f"The view transform is {view} now, the plate goes through the inverse of {undone}: apply again"
        )
    if undone == "AgX":
        notes.append("AgX shows no fully saturated colours: where the plate has them they come out paler")
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
