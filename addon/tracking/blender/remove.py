"""A shot taken out of a scene again: what we put there goes, what we set becomes what it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy

from ..session.clip_tracks import PREFIX
from . import versions
from .clip import clip_editor, find_clip, native_cameras, remove_tracks
from .clip_lens import lens_properties
from .clip_state import forget_taken
from .composite import remove_shot_compositing
from .holdout import clear_holdout
from .nodes import MARK
from .owned import (
    BEFORE,
    MEMORY,
    SETTING_PATHS,
    SETTINGS,
    Look,
    as_named_here,
    delete_object,
    owned_objects,
)
from .scene import (
    CG_COLLECTION_MARK,
    COLLECTION_MARK,
    HDRI_MARK,
    WORLD_MARK,
    drop_world,
    marked_collection,
    remove_cg,
)
from .scene_settings import set_passes

_PATHS = (*SETTING_PATHS, "render.film_transparent")


def remember_before(scene: bpy.types.Scene, footage: Path) -> None:
    """Notes how the scene, and the clip of ``footage`` where it is there already, are before we change them.

    Once is enough: where it was noted before, that stays.
    """
    if BEFORE in scene:
        return
    clip = find_clip(footage)
    scene[BEFORE] = json.dumps(
        {
            "settings": {path: _value_or_unset(scene, path) for path in _PATHS if _has(scene, path)},
            "frame": scene.frame_current,
            "camera": scene.camera.name if scene.camera is not None else None,
            "world": scene.world.name if scene.world is not None else None,
            "active_clip": scene.active_clip.name if scene.active_clip is not None else None,
            "footage": str(footage),
            "clip": None if clip is None else _clip_values(clip),
            "tracks": clip is not None
            and any(track.name.startswith(PREFIX) for track in clip.tracking.tracks),
            "solved": clip is not None and bool(len(native_cameras(clip)[0])),
        }
    )


def remove_shot(scene: bpy.types.Scene) -> bool:
    """Takes all that we put into the scene out of it, gives back what we set; False where there was nothing.

    Settings that somebody changed since stay as they are, and so do the artist's objects, also those in our
    collections, the artist's tracks, ours that were in the clip before, and the session. A clip that we
    loaded goes where nobody else uses it.
    """
    look = _look(scene)
    set_passes(scene, ())
    there = remove_shot_compositing(scene)
    holder = marked_collection(scene.collection, COLLECTION_MARK)
    if holder is None and not there and BEFORE not in scene:
        return False
    before = json.loads(scene.get(BEFORE, "{}"))
    remove_cg(scene)
    clear_holdout(scene)
    for item in owned_objects(scene).values():
        delete_object(item)
    for mark in (CG_COLLECTION_MARK, COLLECTION_MARK):
        _drop_collection(scene, mark)
    _give_back(scene, before, look)
    for name in (BEFORE, MEMORY):
        if name in scene:
            del scene[name]
    return True


def _look(scene: bpy.types.Scene) -> Look:
    """How things of ours looked after the last build; empty where none is remembered."""
    try:
        found = json.loads(scene.get(MEMORY, "{}")).get("look", {})
    except (TypeError, ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}


def _drop_collection(scene: bpy.types.Scene, mark: str) -> None:
    """Takes a collection of ours away; what the artist has put into it moves up to the scene's own."""
    collection = marked_collection(scene.collection, mark)
    if collection is None:
        return
    above = scene.collection
    for item in collection.objects:
        if len(item.users_collection) == 1:
            above.objects.link(item)
    for child in collection.children:
        if child.name not in above.children:
            above.children.link(child)
    bpy.data.collections.remove(collection)


def _give_back(scene: bpy.types.Scene, before: Mapping[str, Any], look: Look) -> None:
    world = scene.world
    if world is not None and world.get(MARK) in (WORLD_MARK, HDRI_MARK):
        scene.world = bpy.data.worlds.get(before.get("world") or "")
        drop_world(world)
    if scene.camera is None:
        scene.camera = bpy.data.objects.get(before.get("camera") or "")
    set_by_us = as_named_here(look).get(SETTINGS, {})
    settings = dict(as_named_here({SETTINGS: before.get("settings", {})})[SETTINGS])
    start = settings.get("frame_start")
    for path in sorted(settings, key=lambda path: _order(path, start, scene)):
        value = scene.path_resolve(path) if _has(scene, path) else None
        if value is not None and (path not in set_by_us or set_by_us[path] == value):
            _set(scene, path, settings[path])
    if "frame" in before:
        scene.frame_set(before["frame"])
    if "footage" in before:
        _give_back_clip(scene, before)


def _order(path: str, start: int | None, scene: bpy.types.Scene) -> int:
    """Blender moves a range's other end along: the end goes first where the range moves up."""
    up = start is not None and start > scene.frame_end
    return int(path == "frame_start") if up else int(path == "frame_end")


def _give_back_clip(scene: bpy.types.Scene, before: Mapping[str, Any]) -> None:
    """The clip without our tracks, as it was; a clip that we loaded goes where nobody else uses it."""
    clip = find_clip(Path(before["footage"]))
    if scene.active_clip is not None and scene.active_clip == clip:
        scene.active_clip = bpy.data.movieclips.get(before["active_clip"] or "")
    if clip is None:
        return
    users = bpy.data.user_map(subset=[clip])  # type: ignore[call-arg]
    if before["clip"] is None and not users[clip]:
        bpy.data.movieclips.remove(clip)
        return
    if not before["tracks"]:
        remove_tracks(clip)
        forget_taken(clip)
    if not before["solved"] and len(native_cameras(clip)[0]):
        with clip_editor(bpy.context, clip):
            bpy.ops.clip.clear_solution()
    for path, value in (before["clip"] or {}).items():
        _set(clip, path, value)


def _clip_values(clip: bpy.types.MovieClip) -> dict[str, Any]:
    lens = [f"tracking.camera.{name}" for name in ("units", *lens_properties(clip.tracking.camera))]
    paths = ["frame_start", "colorspace_settings.name", *lens]
    return {path: _plain(clip.path_resolve(path)) for path in paths}


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else [float(part) for part in value]


def _has(scene: bpy.types.Scene, path: str) -> bool:
    return versions.has_setting(scene, path)


def _value_or_unset(scene: bpy.types.Scene, path: str) -> Any:
    """A setting's value; None for one of an add-on's that was never set and has its default."""
    owner, _, name = path.rpartition(".")
    target = scene.path_resolve(owner) if owner else scene
    return getattr(target, name) if target.is_property_set(name) else None


def _set(owner: bpy.types.ID, path: str, value: Any) -> None:
    before, _, name = path.rpartition(".")
    target = owner.path_resolve(before) if before else owner
    if value is None:
        target.property_unset(name)
    elif _plain(getattr(target, name)) != value:
        setattr(target, name, value)
