"""Stand-ins for real things: objects that hide the CG behind them and are not seen themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import bpy

from ..errors import InputError

HELD_OUT = "tracked_shot_holdout"
"""Custom property of an object that we made a holdout: whether it was one before."""


def set_holdout(
    scene: bpy.types.Scene, names: Sequence[str], *, by_hand: Collection[str] = ()
) -> list[bpy.types.Object]:
    """Makes the objects of these names, and those in collections of these names, holdouts; returns them.

    What was one by our doing and is not named any more becomes what it was, save the objects called
    ``by_hand``, as far as they are there: the artist chose them. Raises InputError for a name that is neither
    object nor collection; nothing is changed then.
    """
    wanted = named_objects(scene, names)
    chosen = [item for item in scene.objects if item.name in by_hand and item not in wanted]
    return hold_out(scene, [*wanted, *chosen])


def named_objects(scene: bpy.types.Scene, names: Sequence[str]) -> list[bpy.types.Object]:
    """The objects and those in the collections of these names. Raises InputError for a name of neither."""
    wanted: dict[bpy.types.Object, None] = {}
    for name in names:
        found = _of_name(scene, name)
        if found is None:
            raise InputError(f"no object or collection {name!r} is in the scene {scene.name}")
        wanted |= dict.fromkeys(found)
    return list(wanted)


def is_named(item: bpy.types.Object, scene: bpy.types.Scene, names: Sequence[str]) -> bool:
    """Whether one of these names means the object; names that nothing bears count for nothing."""
    return any(item in (_of_name(scene, name) or ()) for name in names)


def _of_name(scene: bpy.types.Scene, name: str) -> list[bpy.types.Object] | None:
    """The collection's objects, else the object; None where neither is called so."""
    for part in scene.collection.children_recursive:
        if part.name == name:
            return list(part.all_objects)
    return [scene.objects[name]] if name in scene.objects else None


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
    """Objects that we made holdouts become what they were; returns how many.

    One that somebody has unticked since stays unticked.
    """
    gone = [thing for thing in scene.objects if HELD_OUT in thing and thing not in keep]
    for thing in gone:
        thing.is_holdout = thing.is_holdout and bool(thing[HELD_OUT])
        del thing[HELD_OUT]
    return len(gone)
