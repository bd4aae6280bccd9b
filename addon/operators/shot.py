"""The shot in the scene, and its composite."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty

from .. import jobs, watch
from ..composite_settings import composite_config, note_applied
from ..preset_items import COMPOSITE
from ..properties import chosen_preset, fill_composite_settings
from ..tracking.blender.composite import remove_shot_compositing, setup_shot_compositing
from ..tracking.blender.remove import remove_shot
from ..words import said
from .base import DONE, STOPPED, ClipInSceneAction, SceneAction, clip_of


class TRACKED_SHOT_OT_setup_shot(ClipInSceneAction, bpy.types.Operator):
    """Builds the shot in the scene."""

    bl_idname = "tracked_shot.setup_shot"
    bl_label = "Set Up Shot"
    bl_description = (
        "Give the scene the solved camera with the footage behind it, a shadow catcher, the composite, "
        "and the clip's size, rate and frames. Again, it brings these up to date"
    )
    bl_options = {"REGISTER", "UNDO"}

    use_catcher: BoolProperty(
        name="Shadow Catcher",
        description="A ground that shows only the shadows on it, with a soft sun; sets the engine to Cycles",
        default=True,
    )
    use_stand_in: BoolProperty(
        name="Stand-In", description="A cube on the floor, to see whether the camera holds", default=True
    )

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if state is not None and state.native is not None:
            return "Blender is solving the clip"
        solved = clip.tracking.reconstruction.is_valid or clip.tracked_shot.verdict
        return "" if solved else "The clip has no solved camera yet"

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.use_stand_in = context.scene.tracked_shot.use_stand_in
        return self.execute(context)

    def work(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        notes = jobs.set_up_shot(
            scene, clip_of(context), stand_in=self.use_stand_in, catcher=self.use_catcher
        )
        for note in notes + list(watch.look_at_composite(scene).warnings):
            self.report({"WARNING"}, said(note))
        return DONE


class TRACKED_SHOT_OT_apply_composite(SceneAction, bpy.types.Operator):
    """Builds the composite."""

    bl_idname = "tracked_shot.apply_composite"
    bl_label = "Apply"
    bl_description = (
        "Build the chosen composite into the scene's compositor tree, in a node group of its own. Your "
        "nodes stay as they are; another preset changes only that group"
    )
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        memory = scene.tracked_shot
        chosen = chosen_preset(memory, COMPOSITE)
        setup_shot_compositing(scene, clip_of(context), composite_config(memory.composite_settings, chosen))
        if memory.composite_settings.over != chosen:
            fill_composite_settings(memory)
        note_applied(memory.composite_settings)
        watch.look_at_composite(scene)
        return DONE


class TRACKED_SHOT_OT_remove_composite(SceneAction, bpy.types.Operator):
    """Takes the composite out."""

    bl_idname = "tracked_shot.remove_composite"
    bl_label = "Remove Composite"
    bl_description = (
        "Take the composite out again: the compositor tree and the scene's settings become what they were"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, context: bpy.types.Context) -> str:
        status = watch.composite_of(context.scene)
        there = status is not None and (status.applied or status.settings or status.warnings)
        return "" if there else "No composite of Tracked Shot is in this scene"

    def work(self, context: bpy.types.Context) -> set[str]:
        removed = remove_shot_compositing(context.scene)
        watch.look_at_composite(context.scene)
        if not removed:
            self.report({"WARNING"}, said("No composite of Tracked Shot is in this scene"))
            return STOPPED
        return DONE


class TRACKED_SHOT_OT_remove_shot(SceneAction, bpy.types.Operator):
    """Takes the shot out."""

    bl_idname = "tracked_shot.remove_shot"
    bl_label = "Remove Shot"
    bl_description = (
        "Take all of Tracked Shot out of the scene: camera, shadow catcher, light, CG and composite. What it "
        "set in the scene becomes what it was; your objects, and the session, stay"
    )
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        removed = remove_shot(scene)
        watch.look_at_composite(scene)
        if not removed:
            self.report({"WARNING"}, said("Nothing of Tracked Shot is in this scene"))
            return STOPPED
        return DONE


CLASSES = (
    TRACKED_SHOT_OT_setup_shot,
    TRACKED_SHOT_OT_remove_shot,
    TRACKED_SHOT_OT_apply_composite,
    TRACKED_SHOT_OT_remove_composite,
)
