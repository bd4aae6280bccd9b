"""Settings of a scene that its composite needs: set, remembered, told, and given back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import bpy

from ..config import CompositeConfig
from . import versions
from .scene import CATCHER_MARK, marked_object


def wants_shadow_pass(config: CompositeConfig) -> bool:
    """Whether the shadow must be had apart from the render: asked for, or changed from what was rendered."""
    shadow = config.shadow
    plain = shadow.density == 1.0 and not any(shadow.color[:3]) and shadow.softness == 0.0
    return "shadow_catcher" in config.passes or not plain


def wanted_settings(
    scene: bpy.types.Scene, layer: bpy.types.ViewLayer, config: CompositeConfig, shutter: float | None
) -> list[tuple[str, Any]]:
    """Data paths from the scene and the values that the config needs there; ``shutter`` in frames, if any."""
    wanted: list[tuple[str, Any]] = [
        ("render.use_compositing", True),
        ("render.film_transparent", config.film_transparent),
    ]
    if config.background_source in ("footage", "image") and config.view == "plate_exact":
        wanted += versions.plate_exact_view(scene)
    if config.background_source in ("footage", "image") and config.view == "view_matched":
        wanted += versions.matched_view(scene)
    if shutter is not None:
        # A track lies in the middle of its smear, and so must the CG.
        wanted += [
            ("render.use_motion_blur", True),
            ("render.motion_blur_shutter", shutter),
            ("render.motion_blur_position", "CENTER"),
        ]
    ground = marked_object(scene, CATCHER_MARK)
    if ground is not None and not config.shadow_catcher:
        wanted.append((f'objects["{bpy.utils.escape_identifier(ground.name)}"].hide_render', True))
    passes = set(config.passes)
    if wants_shadow_pass(config) and config.background_source != "none":
        passes.add("shadow_catcher")
    if config.lens_distortion.workflow == "distort_cg":
        passes |= set(config.lens_distortion.nearest)
    name = bpy.utils.escape_identifier(layer.name)
    for render_pass in sorted(passes):
        path = f'view_layers["{name}"].{versions.PASS_SETTINGS[render_pass]}'
        if versions.has_setting(scene, path):
            wanted.append((path, True))
    return wanted


PASSES = "tracked_shot_passes"
"""Custom property of a scene: the passes that were switched on beside the composite's, as JSON."""


def set_passes(scene: bpy.types.Scene, passes: Iterable[str]) -> list[str]:
    """Switches on render passes, by a shot file's names, and off again those that are no longer wanted.

    None is switched off that the artist had on. Returns what cannot be had, as sentences.
    """
    layer = bpy.utils.escape_identifier(scene.view_layers[0].name)
    paths = {name: f'view_layers["{layer}"].{versions.PASS_SETTINGS[name]}' for name in passes}
    there = {name: path for name, path in paths.items() if versions.has_setting(scene, path)}
    known = json.loads(scene.get(PASSES, "[]"))
    rows, notes = apply_settings(scene, known, [(path, True) for path in there.values()])
    if rows:
        scene[PASSES] = json.dumps(rows)
    elif PASSES in scene:
        del scene[PASSES]
    return [*notes, *(f"this Blender has no pass {name}" for name in paths if name not in there)]


def apply_settings(
    scene: bpy.types.Scene, known: list[list[Any]], wanted: list[tuple[str, Any]]
) -> tuple[list[list[Any]], list[str]]:
    """Set what is wanted, give back what no longer is.

    Returns rows of path, value before (None where it was never set and has its default) and value set; and as
    sentences what this Blender would not take.
    """
    paths = {path for path, _ in wanted}
    restore_settings(scene, [row for row in known if row[0] not in paths])
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


def restore_settings(scene: bpy.types.Scene, rows: Iterable[Sequence[Any]]) -> None:
    """Give back what was before, where nobody has changed what we set."""
    ours = [row for row in rows if versions.has_setting(scene, row[0]) and _get(scene, row[0]) == row[2]]
    for path, old, _ in ours:
        owner, _, name = path.rpartition(".")
        if old is None:
            scene.path_resolve(owner).property_unset(name)
        elif _get(scene, path) != old:
            _set(scene, path, old)


def user_value(scene: bpy.types.Scene, memory: dict[str, Any] | None, path: str) -> Any:
    """What a setting is, or was before we set it."""
    now = _get(scene, path)
    rows = memory["settings"] if memory is not None else []
    return next((old for at, old, new in rows if at == path and now == new), now)


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
    "hide_render": "Shadow Catcher Hidden",
    "use_motion_blur": "Motion Blur",
    "motion_blur_shutter": "Shutter",
    "motion_blur_position": "Shutter Position",
}


def _title(path: str) -> str:
    """A setting's name as Blender's panels have it."""
    name = path.rpartition(".")[2]
    return _TITLES.get(name) or name.removeprefix("use_pass_").replace("_", " ").title() + " Pass"


def _value(value: Any) -> str:
    if value is None:
        return "as it comes"
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def settings_lines(memory: dict[str, Any]) -> tuple[str, ...]:
    """What was set, a line each, with what it was before."""
    lines = [] if memory["tree"] == versions.TREE_ON else [f"Compositor Nodes: on (was {memory['tree']})"]
    return (*lines, *_changed(memory), *memory.get("facts", ()))


def _changed(memory: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{_title(path)}: {_value(new)} (was {_value(old)})"
        for path, old, new in memory["settings"]
        if old != new
    )


def setting_notes(scene: bpy.types.Scene, memory: dict[str, Any]) -> list[str]:
    """What somebody changed of the settings that the composite needs."""
    notes = []
    for path, _, value in memory["settings"]:
        if not versions.has_setting(scene, path):
            continue
        now = _get(scene, path)
        if now != value:
            notes.append(f"{_title(path)} is {_value(now)} now; the composite needs {_value(value)}")
    return notes
