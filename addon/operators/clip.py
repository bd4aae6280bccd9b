"""Looking the footage over and mending it."""

from __future__ import annotations

import bpy
from bpy.props import EnumProperty

from .. import jobs, watch
from ..tracking.preflight import EVEN_COPY, FIX_LABELS, IMAGE_SEQUENCE
from ..words import said
from .base import DONE, STOPPED, ClipAction, ClipInSceneAction, clip_of


class TRACKED_SHOT_OT_check_clip(ClipAction, bpy.types.Operator):
    """Looks the clip over again."""

    bl_idname = "tracked_shot.check_clip"
    bl_label = "Check Footage"
    bl_description = (
        "Look the footage over: its size, rate and timing, and whether Blender shows the frames that are "
        "in it"
    )

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        return "The footage is being looked at" if state is not None and state.check is not None else ""

    def work(self, context: bpy.types.Context) -> set[str]:
        state = watch.check_again(clip_of(context))
        count = len(state.findings)
        if count > 1:
            self.report({"WARNING"}, said(f"{count} things to know; see the Clip panel"))
        elif count:
            self.report({"WARNING"}, said("One thing to know; see the Clip panel"))
        else:
            self.report({"INFO"}, said("Nothing is wrong with the footage"))
        return DONE


class TRACKED_SHOT_OT_make_even_copy(ClipAction, bpy.types.Operator):
    """Mends footage that Blender misreads."""

    bl_idname = "tracked_shot.make_even_copy"
    bl_label = "Make an Evenly Timed Copy"
    bl_description = (
        "Write a copy of the footage that is upright and evenly timed, without loss, beside it, and "
        "show that instead. The clip and its file stay as they are"
    )

    kind: EnumProperty(
        name="Kind",
        items=[
            (EVEN_COPY, FIX_LABELS[EVEN_COPY], "One movie file"),
            (IMAGE_SEQUENCE, FIX_LABELS[IMAGE_SEQUENCE], "A folder of pictures"),
        ],
        options={"SKIP_SAVE"},
    )

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if clip.source == "SEQUENCE":
            return "An image sequence is evenly timed already"
        if state is not None and state.copying is not None:
            return "A copy is being made"
        if state is not None and state.running:
            return "The clip is being tracked; cancel that first"
        return ""

    def work(self, context: bpy.types.Context) -> set[str]:
        watch.begin_copy(clip_of(context), self.kind)
        return DONE


class TRACKED_SHOT_OT_cancel_copy(ClipAction, bpy.types.Operator):
    """Stops the copy being made."""

    bl_idname = "tracked_shot.cancel_copy"
    bl_label = "Cancel"
    bl_description = "Stop making the copy; what was written of it is removed"

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        return "" if state is not None and state.copying is not None else "No copy is being made"

    def work(self, context: bpy.types.Context) -> set[str]:
        state = watch.state_of(clip_of(context))
        if state is None or state.copying is None:
            return STOPPED
        state.copying.cancel()
        return DONE


class TRACKED_SHOT_OT_fit_scene(ClipInSceneAction, bpy.types.Operator):
    """Makes the scene as long and as fast as the clip."""

    bl_idname = "tracked_shot.fit_scene"
    bl_label = "Set Scene Rate & Frames"
    bl_description = "Give the scene the clip's frame rate, first and last frame"
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        jobs.fit_scene(context.scene, clip_of(context))
        return DONE


class TRACKED_SHOT_OT_mark_gaps(ClipInSceneAction, bpy.types.Operator):
    """Shows on the timeline where pictures are missing."""

    bl_idname = "tracked_shot.mark_gaps"
    bl_label = "Mark Gaps"
    bl_description = "Put a marker on the timeline at each place where pictures of the sequence are missing"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        footage = state.preflight.footage if state is not None and state.preflight is not None else None
        return "" if footage is not None and footage.gaps else "No picture of the clip is known to be missing"

    def work(self, context: bpy.types.Context) -> set[str]:
        clip = clip_of(context)
        footage = jobs.readable(watch.known(clip).preflight, jobs.footage_path(clip))
        count = jobs.mark_gaps(context.scene, clip, footage)
        self.report({"INFO"}, said(f"{count} gaps marked" if count > 1 else "One gap marked"))
        return DONE


class TRACKED_SHOT_OT_set_color_space(ClipAction, bpy.types.Operator):
    """Gives the clip the colour space that its files usually have."""

    bl_idname = "tracked_shot.set_color_space"
    bl_label = "Set Color Space"
    bl_description = "Set the clip's colour space to the one that files of this kind usually have"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        guess = jobs.other_color_space(clip, state.preflight if state is not None else None)
        return "" if guess else "The clip has the colour space that its file asks for"

    def work(self, context: bpy.types.Context) -> set[str]:
        clip = clip_of(context)
        clip.colorspace_settings.name = jobs.other_color_space(clip, watch.known(clip).preflight)
        return DONE


class TRACKED_SHOT_OT_set_pixel_aspect(ClipAction, bpy.types.Operator):
    """Gives the clip the shape of pixels that its file tells."""

    bl_idname = "tracked_shot.set_pixel_aspect"
    bl_label = "Set Pixel Aspect"
    bl_description = (
        "Take the pixels to be as wide as the file says: an anamorphic plate that is taken for square is"
        " solved with the wrong lens"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        other = jobs.other_pixel_aspect(clip, state.preflight if state is not None else None)
        return "" if other else "The clip's pixels are as its file says"

    def work(self, context: bpy.types.Context) -> set[str]:
        clip = clip_of(context)
        clip.tracking.camera.pixel_aspect = jobs.other_pixel_aspect(clip, watch.known(clip).preflight)
        return DONE


CLASSES = (
    TRACKED_SHOT_OT_check_clip,
    TRACKED_SHOT_OT_make_even_copy,
    TRACKED_SHOT_OT_cancel_copy,
    TRACKED_SHOT_OT_fit_scene,
    TRACKED_SHOT_OT_mark_gaps,
    TRACKED_SHOT_OT_set_color_space,
    TRACKED_SHOT_OT_set_pixel_aspect,
)
