"""What of a scene is ours: how it looked after a build, what was changed of it since, and keeping that.

After a build every object of ours is remembered as plain values (``look``). What differs from them at the
next one was changed by hand: it is told (``Edits``), and where a stage builds such a thing again, the changed
values are put back afterwards (``Keeper``).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from . import versions
from .catcher import ground_values
from .holdout import HELD_OUT, is_named
from .material_look import same_values
from .nodes import MARK
from .points import POINT_MARK
from .scene import (
    CATCHER_MARK,
    CG_MARK,
    CG_ROOT_MARK,
    HDRI_MARK,
    STAND_IN_MARK,
    delete_object,
    drop_world,
)

BEFORE = "tracked_shot_before"
"""Custom property of a scene: how it was before anything of ours came into it, as JSON."""
MEMORY = "tracked_shot_build"
"""Custom property of a scene: what was built there, as JSON."""
SETTINGS = "scene"
"""Stands for the scene's own settings among the things of ours."""
WORLD = "world"
"""Stands for the scene's world, where ours lights it by a picture."""
HOLDOUT = "holdout "
"""Begins the name of a thing that is the artist's own and only a holdout by our doing."""
KEYS, DATA_KEYS, SHAPE, MATERIAL = "animation", "lens animation", "geometry", "material"
"""Names of what is kept of a thing beside its plain values; no stage changes a material that is there."""

Look = dict[str, dict[str, Any]]
"""By thing, by the name of a value, the value: JSON's kinds only."""

ENGINE = "render.engine"
SETTING_PATHS = (
    ENGINE, "render.resolution_x", "render.resolution_y", "render.resolution_percentage",
    "render.pixel_aspect_x", "render.pixel_aspect_y", "render.fps", "render.fps_base",
    "frame_start", "frame_end", "cycles.samples", "eevee.taa_render_samples",
)  # fmt: skip
"""Settings of a scene that a build sets; those of the compositor are remembered with the composite."""

_OBJECT = (
    "location", "rotation_mode", "rotation_euler", "rotation_quaternion", "scale", "hide_render",
    "hide_viewport", "is_shadow_catcher", "is_holdout",
)  # fmt: skip
_DATA = {
    "CAMERA": ("lens", "sensor_width", "sensor_fit", "shift_x", "shift_y", "clip_start", "clip_end"),
    "LIGHT": ("energy", "color", "angle"),
}
_STAGES = {"camera": "camera", STAND_IN_MARK: "cg", CG_ROOT_MARK: "cg"}
"""The stage that builds a thing, by its mark; the others are the scene stage's."""

_TOLD = {
    ("camera", "name"): ("camera.name",),
    ("camera", KEYS): ("camera.bake",),
    ("camera", DATA_KEYS): ("camera.bake",),
    ("sun", "rotation_euler"): ("scene.light.direction",),
    (SETTINGS, ENGINE): ("render.engine",),
    (SETTINGS, "render.resolution_percentage"): ("render.resolution_percentage",),
    (SETTINGS, "render.resolution_x"): ("footage.file",),
    (SETTINGS, "render.resolution_y"): ("footage.file",),
    (SETTINGS, "render.pixel_aspect_x"): ("footage.pixel_aspect",),
    (SETTINGS, "render.pixel_aspect_y"): ("footage.pixel_aspect",),
    (SETTINGS, "render.fps"): ("footage.fps", "footage.file"),
    (SETTINGS, "render.fps_base"): ("footage.fps", "footage.file"),
    (SETTINGS, "frame_start"): ("footage.frame_range", "footage.scene_start", "footage.file"),
    (SETTINGS, "frame_end"): ("footage.frame_range", "footage.scene_start", "footage.file"),
    (SETTINGS, "cycles.samples"): ("render.samples",),
    (SETTINGS, "eevee.taa_render_samples"): ("render.samples",),
}
"""Keys of the shot file that say just this value: where they are changed, the file is later than the hand."""
_TOLD_OF = {CATCHER_MARK: ("composite.shadow_catcher",), WORLD: ("scene.light.hdri",)}
"""The same of whether a thing is there."""


def owned_objects(scene: bpy.types.Scene) -> dict[str, bpy.types.Object]:
    """Our objects in the scene by a name that stays: their mark, with a number where several bear it.

    Points are known by the track's name, too, lest one that is deleted makes others of all that follow.
    What came with the CG is the artist's own and not among them.
    """
    found: dict[str, bpy.types.Object] = {}
    for item in sorted((item for item in scene.objects if MARK in item), key=lambda item: item.name):
        mark = item[MARK]
        if not isinstance(mark, str) or mark == CG_MARK or item.library is not None:
            continue
        name, number = f"{mark} {item.name}" if mark == POINT_MARK else mark, 2
        while name in found:
            name, number = f"{mark} {number}", number + 1
        found[name] = item
    return found


def held_out(scene: bpy.types.Scene) -> dict[str, bpy.types.Object]:
    """The artist's objects that we made holdouts, by the names of their things."""
    return {
        HOLDOUT + item.name: item
        for item in scene.objects
        if HELD_OUT in item and item.library is None and item.get(MARK) in (None, CG_MARK)
    }


def look(scene: bpy.types.Scene) -> Look:
    """All things of ours in the scene as plain values."""
    found: Look = {SETTINGS: dict(_settings(scene))}
    if scene.world is not None and scene.world.get(MARK) == HDRI_MARK:
        found[WORLD] = {"name": scene.world.name}
    for name, item in owned_objects(scene).items():
        found[name] = {"name": item.name, **_values(item, _OBJECT), **_keys(item, KEYS)}
        if item.data is not None:
            found[name] |= _values(item.data, _DATA.get(item.type, ()))
            found[name] |= _keys(item.data, DATA_KEYS) | _shape(item.data)
        for part in (*item.constraints, *item.modifiers):
            found[name] |= {f"{part.name}: {key}": value for key, value in _part(part)}
        if item.get(MARK) == CATCHER_MARK:
            found[name][MATERIAL] = ground_values(item)
    for name, item in held_out(scene).items():
        found[name] = _held(item)
    return found


def _held(item: bpy.types.Object) -> dict[str, Any]:
    return {"name": item.name, "is_holdout": item.is_holdout}


def _settings(scene: bpy.types.Scene) -> Iterator[tuple[str, Any]]:
    for path in SETTING_PATHS:
        if versions.has_setting(scene, path):
            yield path, _plain(scene.path_resolve(path))


def _values(owner: bpy.types.ID, names: Iterable[str]) -> dict[str, Any]:
    """Values of those names; what has keys is another one in each frame, and left out."""
    keyed = {curve.data_path for curve in versions.curves_of(owner)}
    return {
        name: _plain(getattr(owner, name)) for name in names if hasattr(owner, name) and name not in keyed
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else [float(part) for part in value]


def _part(part: bpy.types.Constraint | bpy.types.Modifier) -> Iterator[tuple[str, Any]]:
    """Whether a constraint or modifier acts, and how much."""
    if isinstance(part, bpy.types.Constraint):
        yield "mute", part.mute
        yield "influence", part.influence
    else:
        yield "show_render", part.show_render


def _shape(data: bpy.types.ID) -> dict[str, str]:
    if not isinstance(data, bpy.types.Mesh):
        return {}
    places = np.empty(3 * len(data.vertices), np.float32)
    data.vertices.foreach_get("co", places)
    return {SHAPE: hashlib.sha256(places.tobytes()).hexdigest()[:16]}


def _keys(owner: bpy.types.ID, name: str) -> dict[str, str]:
    """A word for the keys of an object or its data; nothing where it has none."""
    curves = versions.curves_of(owner)
    found = hashlib.sha256()
    for curve in curves:
        points = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", points)
        found.update(f"{curve.data_path} {curve.array_index}".encode() + points.tobytes())
    return {name: found.hexdigest()[:16]} if curves else {}


# --- what was changed by hand ------------------------------------------------


@dataclass
class Edits:
    """What somebody has changed of ours since the build before."""

    before: Look
    """How things looked after that build."""
    now: Look
    """How they look at the beginning of this one."""
    changed: dict[str, set[str]] = field(default_factory=dict)
    """By thing, the names of the values that are others."""
    deleted: set[str] = field(default_factory=set)
    held: dict[str, str] = field(default_factory=dict)
    """Things that our button made holdouts and no build remembers as such, with their objects' names."""
    world: str = ""
    """The world that lights the scene now; empty where there is none."""

    @classmethod
    def of(cls, scene: bpy.types.Scene, before: Look) -> Edits:
        """What differs from how things looked ``before``; a thing that nobody remembers counts as new."""
        before = as_named_here(before)
        found = cls(before, look(scene), world=scene.world.name if scene.world is not None else "")
        for thing, values in before.items():
            if thing.startswith(HOLDOUT) and values["name"] in scene.objects:
                found.now.setdefault(thing, _held(scene.objects[values["name"]]))  # taken back by our button
            there = found.now.get(thing)
            if there is None and thing.startswith(HOLDOUT):
                continue  # the artist's own to delete
            if there is None:
                found.deleted.add(thing)
                continue
            names = {
                name
                for name in {**values, **there}
                if not _same(values.get(name), there.get(name)) and not (name in there and name not in values)
            }
            if names:
                found.changed[thing] = names
        for thing, item in (owned_objects(scene) | held_out(scene)).items():
            if HELD_OUT in item and item.is_holdout and not before.get(thing, {}).get("is_holdout"):
                found.held[thing] = item.name
        return found

    def lines(self) -> list[str]:
        """What is kept, as sentences."""
        names = self._names()
        found = []
        for thing in sorted(self.deleted):
            again = f"build from the stage {stage_of(thing)} to have it again"
            if thing == WORLD and self.world:
                found.append(f"{names[thing]} was replaced by hand by {self.world}, which is kept; {again}")
                continue
            found.append(f"{names[thing]} was deleted by hand and stays away; {again}")
        for thing, values in sorted(self.changed.items()):
            words = ", ".join(sorted(value.replace("_", " ") for value in values))
            anew = f"build from the stage {stage_of(thing)} to set it anew"
            found.append(f"{names[thing]}: {words} changed by hand and kept; {anew}")
        for thing, name in sorted(self.held.items()):
            if "is_holdout" not in self.changed.get(thing, ()):
                back = f"build from the stage {stage_of(thing)} to take it back"
                found.append(f"{name}: made a holdout by hand and kept; {back}")
        return found

    def _names(self) -> dict[str, str]:
        """What each thing is called."""
        return {
            thing: values.get("name", "the scene") for thing, values in {**self.now, **self.before}.items()
        }

    def forget(self, stages: Collection[str]) -> None:
        """What was changed of the things that these stages build no longer counts: it was asked for anew."""
        for thing in [*self.changed, *self.deleted]:
            if stage_of(thing) in stages:
                self.changed.pop(thing, None)
                self.deleted.discard(thing)
        self.held = {thing: name for thing, name in self.held.items() if stage_of(thing) not in stages}

    def told(self, keys: Collection[str]) -> None:
        """Values that a changed key of the shot file says no longer count."""
        self.deleted -= {thing for thing in self.deleted if set(_TOLD_OF.get(thing, ())) & set(keys)}
        for thing in list(self.changed):
            self.changed[thing] = {
                name for name in self.changed[thing] if not set(_told_by(thing, name)) & set(keys)
            }
            if not self.changed[thing]:
                del self.changed[thing]

    def settle_holdouts(self, scene: bpy.types.Scene, names: Sequence[str]) -> None:
        """After the stages: holdouts that the shot file's ``names`` mean are its own, not the artist's."""
        for thing, name in list(self.held.items()):
            item = scene.objects.get(name)
            if item is None or not item.is_holdout or is_named(item, scene, names):
                del self.held[thing]

    def baseline(self, scene: bpy.types.Scene, anew: Collection[str]) -> Look:
        """How things look after this build, with what is still changed by hand as it was remembered.

        ``anew`` are the stages that were asked for: of what they build nothing counts as changed.
        """
        after = look(scene)
        for thing, values in after.items():
            known = self.before.get(thing)
            if known is None or stage_of(thing) in anew:
                continue
            for name in self.changed.get(thing, ()):
                if name in known and _same(values.get(name), self.now[thing].get(name)):
                    values[name] = known[name]
        for thing in self.held.keys() & after.keys():
            if thing.startswith(HOLDOUT):
                del after[thing]
            else:
                after[thing]["is_holdout"] = False
        away = self.deleted | {thing for thing in self.changed if thing not in after}
        return after | {thing: self.before[thing] for thing in away}


def as_named_here(known: Look) -> Look:
    """A look that another Blender may have remembered, its render engine by the name that it has here."""
    settings = known.get(SETTINGS, {})
    if ENGINE not in settings:
        return known
    return {**known, SETTINGS: {**settings, ENGINE: versions.engine_here(settings[ENGINE])}}


def stage_of(thing: str) -> str:
    """The stage that builds a thing."""
    if thing == SETTINGS:
        return "render_settings"
    if thing.startswith(HOLDOUT):
        return "cg"
    return _STAGES.get(thing, "scene")


def _told_by(thing: str, name: str) -> tuple[str, ...]:
    """Keys of the shot file that say just this value."""
    return ("scene.holdout",) if name == "is_holdout" else _TOLD.get((thing, name), ())


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) or isinstance(other, dict):  # a word where an earlier version remembered it
        return not (isinstance(one, dict) and isinstance(other, dict)) or same_values(one, other)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return all(_same(a, b) for a, b in zip(one, other))
    return bool(one == other)


# --- keeping it --------------------------------------------------------------


class Keeper:
    """Holds what was changed by hand over a stage that builds the same things, and puts it back."""

    def __init__(self, scene: bpy.types.Scene, edits: Edits) -> None:
        self._scene = scene
        self._edits = edits
        self._copies: dict[tuple[str, str], bpy.types.ID] = {}
        self._world = scene.world
        objects = owned_objects(scene)
        for thing, names in edits.changed.items():
            item = objects.get(thing)
            if item is None:
                continue
            for name in names & {KEYS, DATA_KEYS, SHAPE}:
                for kept in _copied(item, name):
                    self._copies[thing, name] = kept

    def put_back(self) -> None:
        """After the stage: the values of before it, and what was deleted is deleted again."""
        objects = owned_objects(self._scene) | held_out(self._scene)
        for thing in self._edits.deleted & set(objects):
            delete_object(objects[thing])
        if WORLD in self._edits.deleted:
            self._put_back_world()
        after = look(self._scene) if self._edits.changed else {}
        for thing, changed in self._edits.changed.items():
            values = self._edits.now[thing]
            built = after.get(thing, {})
            names = {name for name in changed if not _same(values.get(name), built.get(name))}
            if thing == SETTINGS:
                for name in sorted(names, key=_ends_first(self._scene, values)):
                    _set(self._scene, name, values[name])
            elif thing in objects:
                for name in sorted(names):
                    self._put_back_value(thing, objects[thing], name, values.get(name))
        for kept in self._copies.values():  # of things that the stage did not build
            bpy.data.batch_remove([kept])
        self._copies.clear()

    def _put_back_world(self) -> None:
        """The world of before the stage, which somebody chose in place of ours."""
        built, self._scene.world = self._scene.world, self._world
        if built is not None and MARK in built:
            drop_world(built)

    def _put_back_value(self, thing: str, item: bpy.types.Object, name: str, value: Any) -> None:
        if (thing, name) in self._copies:
            _give(item, name, self._copies.pop((thing, name)))
        elif ": " in name:
            part, _, key = name.rpartition(": ")
            owner = item.constraints.get(part) or item.modifiers.get(part)
            if owner is not None and value is not None:
                setattr(owner, key, value)
            elif owner is not None and isinstance(owner, bpy.types.Constraint):
                item.constraints.remove(owner)
            elif owner is not None:
                item.modifiers.remove(owner)
        elif name not in (KEYS, DATA_KEYS, SHAPE, MATERIAL) and value is not None:
            owner = item if name in item.bl_rna.properties else item.data
            setattr(owner, name, value)


def _copied(item: bpy.types.Object, name: str) -> Iterator[bpy.types.ID]:
    if name == SHAPE:
        if item.data is not None:
            yield item.data.copy()
        return
    owner = item if name == KEYS else item.data
    data = owner.animation_data if owner is not None else None
    if data is not None and data.action is not None:
        yield data.action.copy()


def _give(item: bpy.types.Object, name: str, kept: bpy.types.ID) -> None:
    """Gives an object the action or mesh that was kept, in place of the one that was built."""
    built: bpy.types.ID | None
    if name == SHAPE:
        built = item.data
        title = built.name if built is not None else kept.name
        item.data = kept
    else:
        data = (item if name == KEYS else item.data).animation_data_create()
        built = data.action
        title = built.name if built is not None else kept.name
        data.action = kept
        if getattr(kept, "slots", None) and data.action_slot is None:
            data.action_slot = kept.slots[0]
    if built is not None and built.users == 0:
        bpy.data.batch_remove([built])
    kept.name = title


def _ends_first(scene: bpy.types.Scene, values: Mapping[str, Any]) -> Any:
    """Blender moves a range's other end along: the end goes first where the range moves up."""
    up = values.get("frame_start", 0) > scene.frame_end
    return lambda name: (name == "frame_start") == up


def _set(scene: bpy.types.Scene, path: str, value: Any) -> None:
    owner, _, name = path.rpartition(".")
    target = scene.path_resolve(owner) if owner else scene
    if getattr(target, name) != value:
        setattr(target, name, value)
