"""Where the solved world lies in the scene, and what stands in it."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty, FloatProperty

from .. import jobs, watch
from ..tracking.blender import layout
from ..tracking.floor import SURE_FLOOR
from ..words import said
from .base import DONE, ClipAction, clip_of


class _LayoutAction(ClipAction):
    """An operator that moves the solved world, by the selected tracks or by a length."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if context.scene.library is not None:
            cls.poll_message_set(said("The scene is linked from another file"))
            return False
        if context.scene.camera is None:
            cls.poll_message_set(said("The scene has no camera that follows the clip; Set Up Shot makes one"))
            return False
        return True

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        solved = clip.tracking.reconstruction.is_valid or clip.tracked_shot.verdict
        return "" if solved else "The clip has no solved camera yet"

    def work(self, context: bpy.types.Context) -> set[str]:
        notes: list[str] = []
        clip = clip_of(context)
        world = jobs.world_of(context.scene, clip, notes)
        text = self.move(context.scene, world, layout.selected_names(clip))
        if text:
            context.scene.tracked_shot.floor_text = text
        for note in notes:
            self.report({"WARNING"}, said(note))
        return DONE

    def move(self, scene: bpy.types.Scene, world: layout.SolvedWorld, names: set[str]) -> str:
        """Moves the world; what there is to say of the floor now, empty where it stays."""
        raise NotImplementedError


class TRACKED_SHOT_OT_set_floor(_LayoutAction, bpy.types.Operator):
    """The floor by tracks."""

    bl_idname = "tracked_shot.set_floor"
    bl_label = "Set Floor"
    bl_description = (
        "Lay the world so that the selected tracks, three or more, are the floor, and their middle is the "
        "origin. The camera moves, or its parent; your scene stays where it is"
    )

    def move(self, scene: bpy.types.Scene, world: layout.SolvedWorld, names: set[str]) -> str:
        layout.set_floor(scene, world, names)
        return f"By {len(names)} tracks"


class TRACKED_SHOT_OT_find_floor(_LayoutAction, bpy.types.Operator):
    """The floor by itself."""

    bl_idname = "tracked_shot.find_floor"
    bl_label = "Find Floor"
    bl_description = (
        "Look for the largest level plane below the camera among all solved tracks and lay the world on it. "
        "The size stays as it is"
    )

    def move(self, scene: bpy.types.Scene, world: layout.SolvedWorld, names: set[str]) -> str:
        floor = layout.find_floor_again(scene, world)
        text = f"Found, {floor.confidence:.0%} sure"
        if floor.confidence < SURE_FLOOR:
            self.report(
                {"WARNING"}, said(f"No clear floor ({floor.confidence:.0%} sure): check where it lies")
            )
        else:
            self.report({"INFO"}, said(f"Floor {text[0].lower()}{text[1:]}"))
        return text


class TRACKED_SHOT_OT_set_origin(_LayoutAction, bpy.types.Operator):
    """The origin by a track."""

    bl_idname = "tracked_shot.set_origin"
    bl_label = "Set Origin"
    bl_description = (
        "Lay the world so that the selected track, or the middle of several, is the origin. The floor keeps "
        "its height where they lie on it"
    )

    def move(self, scene: bpy.types.Scene, world: layout.SolvedWorld, names: set[str]) -> str:
        layout.set_origin(scene, world, names)
        return ""


class TRACKED_SHOT_OT_set_x_axis(_LayoutAction, bpy.types.Operator):
    """The X axis by a track."""

    bl_idname = "tracked_shot.set_x_axis"
    bl_label = "Set X Axis"
    bl_description = "Turn the world about the Z axis so that the selected track lies over the X axis"

    def move(self, scene: bpy.types.Scene, world: layout.SolvedWorld, names: set[str]) -> str:
        layout.set_x_axis(scene, world, names)
        return ""


class TRACKED_SHOT_OT_set_scale(_LayoutAction, bpy.types.Operator):
    """The size by a known distance."""

    bl_idname = "tracked_shot.set_scale"
    bl_label = "Set Scale"
    bl_description = "Give the world its size by the known distance between the two selected tracks"

    distance: FloatProperty(
        name="Distance",
        description="What lies between the two tracks; left out, what the sidebar says",
        default=1.0,
        min=0.0001,
        subtype="DISTANCE",
        unit="LENGTH",
        options={"SKIP_SAVE"},
    )

    def move(self, scene: bpy.types.Scene, world: layout.SolvedWorld, names: set[str]) -> str:
        if not self.properties.is_property_set("distance"):
            self.distance = scene.tracked_shot.known_distance
        layout.set_scale(scene, world, names, self.distance)
        return ""


class TRACKED_SHOT_OT_set_camera_height(_LayoutAction, bpy.types.Operator):
    """The size by the camera's height."""

    bl_idname = "tracked_shot.set_camera_height"
    bl_label = "Set Scale by Camera Height"
    bl_description = "Give the world its size by the camera's height above the floor at the current frame"

    height: FloatProperty(
        name="Height",
        description="How high above the floor the camera was; left out, what the sidebar says",
        default=1.6,
        min=0.0001,
        subtype="DISTANCE",
        unit="LENGTH",
        options={"SKIP_SAVE"},
    )

    def move(self, scene: bpy.types.Scene, world: layout.SolvedWorld, names: set[str]) -> str:
        if not self.properties.is_property_set("height"):
            self.height = scene.tracked_shot.camera_height
        layout.set_camera_height(scene, world, self.height)
        return ""


class TRACKED_SHOT_OT_set_camera(_LayoutAction, bpy.types.Operator):
    """Live or baked."""

    bl_idname = "tracked_shot.set_camera"
    bl_label = "Set Camera"
    bl_description = "Choose whether the camera follows the clip's solve or has keys of its own; it stays put"

    mode: EnumProperty(
        name="Camera",
        items=[
            ("LIVE", "Live", "The camera follows the clip's solve, and changes with it"),
            ("BAKED", "Baked", "The camera has keys and needs neither clip nor solve any more"),
        ],
        default="BAKED",
    )

    def work(self, context: bpy.types.Context) -> set[str]:
        for note in jobs.set_camera(context.scene, clip_of(context), bake=self.mode == "BAKED"):
            self.report({"WARNING"}, said(note))
        return DONE


CLASSES = (
    TRACKED_SHOT_OT_set_floor,
    TRACKED_SHOT_OT_find_floor,
    TRACKED_SHOT_OT_set_origin,
    TRACKED_SHOT_OT_set_x_axis,
    TRACKED_SHOT_OT_set_scale,
    TRACKED_SHOT_OT_set_camera_height,
    TRACKED_SHOT_OT_set_camera,
)
