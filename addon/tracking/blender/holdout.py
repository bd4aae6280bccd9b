"""Stand-ins for real things: objects that hide the CG behind them and are not seen themselves."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ..errors import InputError

HELD_OUT = "tracked_shot_holdout"
"""Custom property of an object that we made a holdout: whether it was one before."""


def set_holdout(scene: bpy.types.Scene, names: Sequence[str]) -> list[bpy.types.Object]:
    """Makes the objects of these names, and those in collections of these names, holdouts; returns them.

    What was one by our doing and is not named any more becomes what it was. Raises InputError for a name that
    is neither; nothing is changed then.
    """
    return hold_out(scene, named_objects(scene, names))


def named_objects(scene: bpy.types.Scene, names: Sequence[str]) -> list[bpy.types.Object]:
    """The objects and those in the collections of these names. Raises InputError for a name of neither."""
    wanted: dict[bpy.types.Object, None] = {}
    collections = {part.name: part for part in scene.collection.children_recursive}
    for name in names:
        if name in collections:
            wanted |= dict.fromkeys(collections[name].all_objects)
        elif name in scene.objects:
            wanted[scene.objects[name]] = None
        else:
            raise InputError(f"no object or collection {name!r} is in the scene {scene.name}")
    return list(wanted)


def hold_out(scene: bpy.types.Scene, wanted: Sequence[bpy.types.Object]) -> list[bpy.types.Object]:
    """Makes these objects holdouts, and no others of ours; returns those that can be one."""
    clear_holdout(scene, keep=wanted)
    kept = [thing for thing in wanted if thing.library is None]
    for thing in kept:
        if HELD_OUT not in thing:
            thing[HELD_OUT] = thing.is_holdout
        thing.is_holdout = True
    return kept


def clear_holdout(scene: bpy.types.Scene, keep: Sequence[bpy.types.Object] = ()) -> int:
    """Objects that we made holdouts become what they were; returns how many."""
    gone = [thing for thing in scene.objects if HELD_OUT in thing and thing not in keep]
    for thing in gone:
        thing.is_holdout = bool(thing[HELD_OUT])
        del thing[HELD_OUT]
    return len(gone)
