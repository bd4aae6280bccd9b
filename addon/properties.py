"""What a scene and a clip remember, and the list that the window shows: one group of properties each.

``data_version`` is 0 until something was remembered, then the version of this layout; a later
layout finds out by it what an older file meant.
"""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from . import composite_settings, preset_items
from .composite_settings import TRACKED_SHOT_PG_composite
from .preferences import default_preset
from .solve_list import choose
from .tracking.errors import InputError
from .tracking.presets import load_composite_preset

DATA_VERSION = 1
NAME = "tracked_shot"
"""The property of Scene, MovieClip and WindowManager under which the groups hang."""


def chosen_preset(memory: bpy.types.PropertyGroup, kind: str) -> str:
    """The name of the preset chosen in a clip's or scene's group, else the preferences' default."""
    return getattr(memory, f"{kind}_preset_name") or default_preset(kind)


def preset_menu(kind: str, description: str) -> Any:
    """A menu of the presets of that kind over the name that the group remembers."""

    def number(self: bpy.types.PropertyGroup) -> int:
        return preset_items.number_of(chosen_preset(self, kind))

    def choose(self: bpy.types.PropertyGroup, chosen: int) -> None:
        setattr(self, f"{kind}_preset_name", preset_items.name_of(kind, chosen))
        self.data_version = DATA_VERSION
        if kind == preset_items.COMPOSITE:
            fill_composite_settings(self)

    return EnumProperty(
        name="Preset", description=description, items=preset_items.items(kind), get=number, set=choose
    )


def fill_composite_settings(memory: bpy.types.PropertyGroup) -> None:
    """Show what the chosen composite preset says; nothing where it is broken, which its description tells."""
    memory.composite_settings.over = ""
    try:
        config = load_composite_preset(chosen_preset(memory, preset_items.COMPOSITE))
    except InputError:
        return
    composite_settings.fill(memory.composite_settings, config)


class TRACKED_SHOT_PG_clip(bpy.types.PropertyGroup):
    """What a clip remembers of its tracking."""

    data_version: IntProperty(options={"HIDDEN"})
    tracking_preset_name: StringProperty(options={"HIDDEN"}, description="Empty: the preferences' default")
    lens_known: BoolProperty(
        name="Lens Known",
        description="Keep the clip's focal length, sensor width and distortion as they are; off: find them",
    )
    find_axis: BoolProperty(
        name="Find Principal Point",
        description="Find where the lens's axis meets the picture, too: for plates that were cropped"
        " to one side",
    )
    mask: PointerProperty(
        type=bpy.types.Mask,
        name="Mask",
        description="Where nothing is to be tracked: within this mask's shapes, such as round what moves."
        " Of its feather what covers half or more counts",
    )
    session: StringProperty(
        name="Session", description="The file that holds this clip's tracks and camera", options={"HIDDEN"}
    )
    taken_in: BoolProperty(description="The session's tracks and camera are in the clip", options={"HIDDEN"})
    verdict: StringProperty(description="good, usable, poor or failed", options={"HIDDEN"})
    reasons: StringProperty(description="Why, a line each", options={"HIDDEN"})
    average_error: FloatProperty(description="Pixels", options={"HIDDEN"})
    frames_solved: IntProperty(options={"HIDDEN"})
    frames_wanted: IntProperty(options={"HIDDEN"})
    focal_length: FloatProperty(description="Millimetres", options={"HIDDEN"})
    sensor_width: FloatProperty(
        description="Width of the sensor that the focal length refers to, in millimetres", options={"HIDDEN"}
    )
    focal_text: StringProperty(description="The focal length and how sure it is", options={"HIDDEN"})
    move_text: StringProperty(description="What kind of move the camera makes", options={"HIDDEN"})
    native_trouble: StringProperty(
        description="Why Blender's own solve differs from ours; empty where it agrees", options={"HIDDEN"}
    )


class TRACKED_SHOT_PG_overlay(bpy.types.PropertyGroup):
    """What is drawn over the clip."""

    show: BoolProperty(
        name="Overlay", description="Draw what the solve is worth over the clip", default=False
    )
    tracks: BoolProperty(
        name="Tracks by Error", description="A dot for each track, from cyan (exact) to red", default=True
    )
    outliers: BoolProperty(
        name="Left Out",
        description="A cross for each track that the solve leaves out; the chosen one says why",
        default=True,
    )
    coverage: BoolProperty(name="Coverage", description="Red where few frames have a track", default=False)
    floor: BoolProperty(
        name="Solved Floor", description="A grid on the ground that was found in the solve", default=True
    )
    graph: BoolProperty(
        name="Error by Frame",
        description="The error of each frame along the bottom of the view, red where it is far above average",
        default=True,
    )


class TRACKED_SHOT_PG_scene(bpy.types.PropertyGroup):
    """What a scene remembers of its composite."""

    data_version: IntProperty(options={"HIDDEN"})
    composite_preset_name: StringProperty(options={"HIDDEN"}, description="Empty: the preferences' default")
    composite_settings: PointerProperty(type=TRACKED_SHOT_PG_composite)
    shot_file: StringProperty(
        name="Shot File",
        description="The YAML file that this scene's shot is written in",
        subtype="FILE_PATH",
    )
    overlay: PointerProperty(type=TRACKED_SHOT_PG_overlay)
    use_stand_in: BoolProperty(
        name="Stand-In",
        description="Put a cube on the floor, to see whether the camera holds, until there is CG",
        default=True,
    )
    known_distance: FloatProperty(
        name="Distance",
        description="What lies between the two selected tracks",
        default=1.0,
        min=0.0001,
        subtype="DISTANCE",
        unit="LENGTH",
    )
    camera_height: FloatProperty(
        name="Camera Height",
        description="How high above the floor the camera was at the current frame",
        default=1.6,
        min=0.0001,
        subtype="DISTANCE",
        unit="LENGTH",
    )
    floor_text: StringProperty(description="How the floor came about, and how sure it is", options={"HIDDEN"})


class TRACKED_SHOT_PG_session(bpy.types.PropertyGroup):
    """A row of the list of sessions, ready to be shown; the row's own ``name`` is the session's."""

    path: StringProperty()
    footage: StringProperty(description="The clip's file name")
    status: StringProperty()
    done: FloatProperty(description="Share of the whole job, 0 to 1")
    at: StringProperty(description="How far it is, in words")
    when: StringProperty(description="When it was written to last")
    size: StringProperty()
    finished: BoolProperty()
    alive: BoolProperty(description="A process is at work on it")
    trouble: StringProperty(description="Why it cannot be read")


class TRACKED_SHOT_PG_track(bpy.types.PropertyGroup):
    """A row of the list of tracks, ready to be shown; the row's own ``name`` is the track's."""

    error: StringProperty(description="Mean reprojection error in pixels; empty where it is left out")
    harm: FloatProperty(description="Share of the solve's squared error that is this track's")
    markers: IntProperty()
    first: IntProperty(description="Footage frame of its first marker")
    last: IntProperty(description="Footage frame of its last marker")
    reason: StringProperty(description="Why the solve leaves it out")


class TRACKED_SHOT_PG_solve(bpy.types.PropertyGroup):
    """The tracks of a clip's solve; its own ``name`` is the clip's session_uid."""

    tracks: CollectionProperty(type=TRACKED_SHOT_PG_track, options={"SKIP_SAVE"})
    index: IntProperty(name="Track", options={"SKIP_SAVE"}, default=-1, update=choose)


class TRACKED_SHOT_PG_window(bpy.types.PropertyGroup):
    """What is listed in the sidebars; found out anew in every run of Blender."""

    sessions: CollectionProperty(type=TRACKED_SHOT_PG_session, options={"SKIP_SAVE"})
    session_index: IntProperty(name="Session", options={"SKIP_SAVE"})
    solves: CollectionProperty(type=TRACKED_SHOT_PG_solve, options={"SKIP_SAVE"})


CLASSES = (
    *composite_settings.CLASSES,
    TRACKED_SHOT_PG_clip,
    TRACKED_SHOT_PG_overlay,
    TRACKED_SHOT_PG_scene,
    TRACKED_SHOT_PG_session,
    TRACKED_SHOT_PG_track,
    TRACKED_SHOT_PG_solve,
    TRACKED_SHOT_PG_window,
)


def hang() -> None:
    """Hangs the groups on clips, scenes and the window manager.

    The menus come after their classes: Blender 4.2 as a module crashes at its end over a group that was
    registered with functions in it.
    """
    TRACKED_SHOT_PG_clip.tracking_preset = preset_menu(
        preset_items.TRACKING, "How densely and how strictly to track"
    )
    TRACKED_SHOT_PG_scene.composite_preset = preset_menu(
        preset_items.COMPOSITE, "How the CG and the footage come together"
    )
    bpy.types.MovieClip.tracked_shot = PointerProperty(type=TRACKED_SHOT_PG_clip)
    bpy.types.Scene.tracked_shot = PointerProperty(type=TRACKED_SHOT_PG_scene)
    bpy.types.WindowManager.tracked_shot = PointerProperty(type=TRACKED_SHOT_PG_window)


def take_off() -> None:
    """Takes the groups off again; what files hold in them stays there."""
    for owner in (bpy.types.WindowManager, bpy.types.Scene, bpy.types.MovieClip):
        if hasattr(owner, NAME):
            delattr(owner, NAME)
    for group, menu in (
        (TRACKED_SHOT_PG_scene, "composite_preset"),
        (TRACKED_SHOT_PG_clip, "tracking_preset"),
    ):
        if hasattr(group, menu):
            delattr(group, menu)
