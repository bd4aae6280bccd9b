"""What a scene and a clip remember: one group of properties each.

``data_version`` is 0 until something was remembered, then the version of this layout; a later
layout finds out by it what an older file meant.
"""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from . import preset_items
from .preferences import default_preset

DATA_VERSION = 1
NAME = "tracked_shot"
"""The property of Scene and MovieClip under which the groups hang."""


def _tracking_preset_number(self: TRACKED_SHOT_PG_clip) -> int:
    return preset_items.number_of(self.preset_name)


def _set_tracking_preset(self: TRACKED_SHOT_PG_clip, number: int) -> None:
    self.tracking_preset_name = preset_items.name_of(preset_items.TRACKING, number)
    self.data_version = DATA_VERSION


def _composite_preset_number(self: TRACKED_SHOT_PG_scene) -> int:
    return preset_items.number_of(self.preset_name)


def _set_composite_preset(self: TRACKED_SHOT_PG_scene, number: int) -> None:
    self.composite_preset_name = preset_items.name_of(preset_items.COMPOSITE, number)
    self.data_version = DATA_VERSION


class TRACKED_SHOT_PG_clip(bpy.types.PropertyGroup):
    """What a clip remembers of its tracking."""

    data_version: IntProperty(options={"HIDDEN"})
    tracking_preset_name: StringProperty(options={"HIDDEN"}, description="Empty: the preferences' default")
    tracking_preset: EnumProperty(
        name="Preset",
        description="How densely and how strictly to track",
        items=preset_items.items(preset_items.TRACKING),
        get=_tracking_preset_number,
        set=_set_tracking_preset,
    )
    lens_known: BoolProperty(
        name="Lens Known",
        description="Keep the clip's focal length, sensor width and distortion as they are; off: find them",
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
    native_trouble: StringProperty(
        description="Why Blender's own solve differs from ours; empty where it agrees", options={"HIDDEN"}
    )

    @property
    def preset_name(self) -> str:
        """The tracking preset's name, the preferences' default where none was chosen."""
        return self.tracking_preset_name or default_preset(preset_items.TRACKING)


class TRACKED_SHOT_PG_scene(bpy.types.PropertyGroup):
    """What a scene remembers of its composite."""

    data_version: IntProperty(options={"HIDDEN"})
    composite_preset_name: StringProperty(options={"HIDDEN"}, description="Empty: the preferences' default")
    composite_preset: EnumProperty(
        name="Preset",
        description="How the CG and the footage come together",
        items=preset_items.items(preset_items.COMPOSITE),
        get=_composite_preset_number,
        set=_set_composite_preset,
    )
    use_stand_in: BoolProperty(
        name="Stand-In",
        description="Put a cube on the floor, to see whether the camera holds, until there is CG",
        default=True,
    )

    @property
    def preset_name(self) -> str:
        """The composite preset's name, the preferences' default where none was chosen."""
        return self.composite_preset_name or default_preset(preset_items.COMPOSITE)


CLASSES = (TRACKED_SHOT_PG_clip, TRACKED_SHOT_PG_scene)


def hang() -> None:
    """Hangs the groups on clips and scenes."""
    bpy.types.MovieClip.tracked_shot = PointerProperty(type=TRACKED_SHOT_PG_clip)
    bpy.types.Scene.tracked_shot = PointerProperty(type=TRACKED_SHOT_PG_scene)


def take_off() -> None:
    """Takes the groups off again; what files hold in them stays there."""
    for owner in (bpy.types.Scene, bpy.types.MovieClip):
        if hasattr(owner, NAME):
            delattr(owner, NAME)
