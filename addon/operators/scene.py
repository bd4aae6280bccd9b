"""Where the solved world lies in the scene, and what stands in it."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty
from bpy_extras.io_utils import ImportHelper

from .. import jobs, watch
from ..tracking.blender import layout
from ..tracking.blender.holdout import hold_out
from ..tracking.blender.points import setup_point_cloud
from ..tracking.blender.scene import (
    add_stand_in,
    remove_shadow_catcher,
    remove_stand_in,
    setup_hdri,
    setup_shadow_catcher,
)
from ..tracking.floor import SURE_FLOOR
from ..tracking.session.clip_tracks import PREFIX
from ..words import said
from .base import DONE, STOPPED, ClipInSceneAction, SceneAction, chosen_file, clip_of


class _LayoutAction(ClipInSceneAction):
    """An operator that moves the solved world, by the selected tracks or by a length."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def scene_refusal(cls, scene: bpy.types.Scene) -> str:
        there = scene.camera is not None
        return "" if there else "The scene has no camera that follows the clip; Set Up Shot makes one"

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


def _length(name: str, description: str, default: float) -> Any:
    """A property that is a length, in metres."""
    return FloatProperty(
        name=name,
        description=description,
        default=default,
        min=0.0001,
        subtype="DISTANCE",
        unit="LENGTH",
        options={"SKIP_SAVE"},
    )


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

    distance: _length("Distance", "What lies between the two tracks; left out, what the sidebar says", 1.0)

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

    height: _length("Height", "How high above the floor the camera was; left out, what the sidebar says", 1.6)

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


class TRACKED_SHOT_OT_point_cloud(_LayoutAction, bpy.types.Operator):
    """The solved points."""

    bl_idname = "tracked_shot.point_cloud"
    bl_label = "Point Cloud"
    bl_description = "Put the solved points into the scene, to place things by; they are not rendered"

    kind: EnumProperty(
        name="As",
        items=[
            ("mesh", "Mesh", "One mesh of vertices"),
            ("empties", "Empties", "An empty a track, with its name"),
            ("none", "None", "Take the points out again"),
        ],
        default="mesh",
    )

    def move(self, scene: bpy.types.Scene, world: layout.SolvedWorld, names: set[str]) -> str:
        plain = [name.removeprefix(PREFIX) for name in world.names]
        setup_point_cloud(scene, self.kind, plain, world.points)
        return ""


class TRACKED_SHOT_OT_sun_from_shadow(_LayoutAction, bpy.types.Operator):
    """The light by a shadow."""

    bl_idname = "tracked_shot.sun_from_shadow"
    bl_label = "Sun from Shadow"
    bl_description = (
        "Turn the sun by two selected tracks: the top of a thing, and where its shadow ends. The higher one "
        "counts as the top"
    )

    def move(self, scene: bpy.types.Scene, world: layout.SolvedWorld, names: set[str]) -> str:
        layout.set_sun(scene, world, names)
        return ""


class TRACKED_SHOT_OT_setup_shadow_catcher(SceneAction, bpy.types.Operator):
    """The ground."""

    bl_idname = "tracked_shot.setup_shadow_catcher"
    bl_label = "Shadow Catcher"
    bl_description = (
        "Make a ground that shows only the shadows on it, as large as the camera sees, with a soft sun where "
        "there is none of ours. Again, it is fitted to what the camera sees and how the light is now"
    )
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        setup_shadow_catcher(context.scene)
        return DONE


class TRACKED_SHOT_OT_remove_shadow_catcher(SceneAction, bpy.types.Operator):
    """No ground."""

    bl_idname = "tracked_shot.remove_shadow_catcher"
    bl_label = "Remove Shadow Catcher"
    bl_description = "Take the ground that catches shadows out of the scene; the light stays"
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        if not remove_shadow_catcher(context.scene):
            self.report({"WARNING"}, said("No shadow catcher of Tracked Shot is in this scene"))
            return STOPPED
        return DONE


class TRACKED_SHOT_OT_stand_in(SceneAction, bpy.types.Operator):
    """The stand-in."""

    bl_idname = "tracked_shot.stand_in"
    bl_label = "Stand-In"
    bl_description = "Put a cube on the floor, to see whether the camera holds; again, take it away"
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        if not remove_stand_in(context.scene):
            add_stand_in(context.scene)
        return DONE


class TRACKED_SHOT_OT_set_holdout(SceneAction, bpy.types.Operator):
    """Stand-ins for real things."""

    bl_idname = "tracked_shot.set_holdout"
    bl_label = "Set Holdout"
    bl_description = (
        "Have the selected objects stand for real things: they hide the CG behind them and are not seen "
        "themselves. With nothing selected, there are none"
    )
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        chosen = [item for item in context.view_layer.objects if item.select_get() and item.type == "MESH"]
        count = len(hold_out(context.scene, chosen))
        self.report({"INFO"}, said(f"{count} objects hide the CG" if count else "No object hides the CG"))
        return DONE


class TRACKED_SHOT_OT_set_hdri(SceneAction, ImportHelper, bpy.types.Operator):
    """Light from a picture."""

    bl_idname = "tracked_shot.set_hdri"
    bl_label = "Light from HDRI"
    bl_description = "Light the scene by a picture of its surroundings, in a world of its own"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: StringProperty(default="*.hdr;*.exr;*.jpg;*.png", options={"HIDDEN", "SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> set[str]:
        file = chosen_file(self, "Choose a picture")
        if file is None:
            return STOPPED
        setup_hdri(context.scene, file)
        return DONE


CLASSES = (
    TRACKED_SHOT_OT_point_cloud,
    TRACKED_SHOT_OT_sun_from_shadow,
    TRACKED_SHOT_OT_setup_shadow_catcher,
    TRACKED_SHOT_OT_remove_shadow_catcher,
    TRACKED_SHOT_OT_stand_in,
    TRACKED_SHOT_OT_set_holdout,
    TRACKED_SHOT_OT_set_hdri,
    TRACKED_SHOT_OT_set_floor,
    TRACKED_SHOT_OT_find_floor,
    TRACKED_SHOT_OT_set_origin,
    TRACKED_SHOT_OT_set_x_axis,
    TRACKED_SHOT_OT_set_scale,
    TRACKED_SHOT_OT_set_camera_height,
    TRACKED_SHOT_OT_set_camera,
)
