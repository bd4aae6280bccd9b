"""The shot in a file: opened and saved, tried and built."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from .. import jobs, watch
from ..tracking.errors import TrackedShotError
from ..tracking.session import TrackingSessionManager
from ..tracking.shotfile import ShotFileError
from ..words import said
from .base import DONE, STOPPED, ClipInSceneAction, SceneAction, chosen_file, clip_of, show_text

SUFFIX = ".yaml"
ERRORS = "Shot File Errors"
PLAN = "Shot File Dry Run"


class TRACKED_SHOT_OT_open_shot_file(SceneAction, ImportHelper, bpy.types.Operator):
    """Takes a shot file as the scene's."""

    bl_idname = "tracked_shot.open_shot_file"
    bl_label = "Open Shot File"
    bl_description = (
        "Choose the shot file of this scene. It is checked as a whole, and mistakes are shown with their "
        "lines; nothing is built yet"
    )
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = SUFFIX
    filter_glob: StringProperty(default="*.yaml;*.yml", options={"HIDDEN", "SKIP_SAVE"})

    def work(self, context: bpy.types.Context) -> set[str]:
        path = chosen_file(self, "Choose a shot file")
        if path is None:
            return STOPPED
        try:
            missing = jobs.open_shot_file(context.scene, path)
        except ShotFileError as error:
            self.tell(context, [str(problem) for problem in error.problems], "ERROR")
            return STOPPED
        self.tell(context, missing, "WARNING")
        if not missing:
            self.report({"INFO"}, said(f"Nothing wrong with {path.name}"))
        return DONE

    def tell(self, context: bpy.types.Context, lines: list[str], kind: str) -> None:
        """Reports what is wrong; several things as a text in a window, too."""
        if not lines:
            return
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        self.report({kind}, said(lines[0] + more))
        if len(lines) > 1:
            show_text(context, ERRORS, "\n".join(lines) + "\n")


class TRACKED_SHOT_OT_save_shot_file(ClipInSceneAction, ExportHelper, bpy.types.Operator):
    """Writes the scene's shot."""

    bl_idname = "tracked_shot.save_shot_file"
    bl_label = "Save Shot File"
    bl_description = (
        "Write clip, camera, light, composite and render settings of this scene as a shot file, which builds "
        "the same again. A file that is there keeps its comments and order"
    )
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = SUFFIX
    filter_glob: StringProperty(default="*.yaml;*.yml", options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = str(_usual_file(context))
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self, context: bpy.types.Context) -> set[str]:
        path = chosen_file(self, "Choose a file to write")
        if path is None:
            return STOPPED
        written = jobs.save_shot_file(context.scene, clip_of(context), path)
        if written.reason:
            text = f"{path.name} stays as it is ({written.reason}): written as {written.path.name}"
            self.report({"WARNING"}, said(text))
        elif written.changed:
            self.report({"INFO"}, said(f"Shot file written: {path.name}"))
        else:
            self.report({"INFO"}, said(f"{path.name} says so already"))
        return DONE


def _usual_file(context: bpy.types.Context) -> Path:
    """The scene's shot file, else one beside the .blend, else beside the footage."""
    if context.scene.tracked_shot.shot_file:
        return jobs.shot_path(context.scene)
    if bpy.data.filepath:
        return Path(bpy.data.filepath).with_suffix(SUFFIX)
    return jobs.footage_path(clip_of(context)).with_suffix(SUFFIX)


class _Assembly(SceneAction):
    """What works on the scene's shot file."""

    @classmethod
    def refusal(cls, context: bpy.types.Context) -> str:
        return "" if context.scene.tracked_shot.shot_file else "Open a shot file first"


class TRACKED_SHOT_OT_assemble_shot(_Assembly, bpy.types.Operator):
    """Builds the scene's shot file."""

    bl_idname = "tracked_shot.assemble_shot"
    bl_label = "Assemble Shot"
    bl_description = (
        "Build the shot of the shot file into this scene. Only what has changed since is built again, and "
        "what you changed by hand stays. Where there is tracking left to do, that is started first"
    )
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        config = jobs.shot_of(scene)
        to_track = jobs.shot_to_track(scene, config)
        if to_track is not None:
            return self.track(*to_track)
        try:
            result = jobs.assemble_shot(scene, config)
        except TrackedShotError as error:
            self.report({"ERROR"}, said(str(error)))
            return DONE  # with an undo step: what was built before it failed can be taken back
        watch.look_at_composite(scene)
        for warning in result.warnings:
            self.report({"WARNING"}, said(warning))
        self.report(
            {"INFO"}, said(f"Built: {', '.join(result.ran)}" if result.ran else "Nothing has changed")
        )
        return DONE

    def track(self, clip: bpy.types.MovieClip, session: TrackingSessionManager) -> set[str]:
        busy = watch.work_of(watch.known(clip))
        if busy:
            self.report({"WARNING"}, said(busy))
            return STOPPED
        watch.begin(clip, session)
        self.report({"INFO"}, said(f"Tracking {clip.name} first; press Assemble Shot again when it is done"))
        return DONE


class TRACKED_SHOT_OT_plan_shot(_Assembly, bpy.types.Operator):
    """Tells what building would do."""

    bl_idname = "tracked_shot.plan_shot"
    bl_label = "Dry Run"
    bl_description = "Show which stages Assemble Shot would build, and why. Nothing is changed"
    bl_options = {"REGISTER", "UNDO"}  # the text in which it is shown

    def work(self, context: bpy.types.Context) -> set[str]:
        plan = jobs.plan_shot(context.scene, jobs.shot_of(context.scene))
        lines = [f"{item.stage}: {'would run' if item.runs else 'stays'}: {item.why}" for item in plan]
        runs = sum(item.runs for item in plan)
        self.report({"INFO"}, said(f"{runs} of {len(plan)} stages would run"))
        show_text(context, PLAN, "\n".join(lines) + "\n")
        return DONE


CLASSES = (
    TRACKED_SHOT_OT_open_shot_file,
    TRACKED_SHOT_OT_save_shot_file,
    TRACKED_SHOT_OT_assemble_shot,
    TRACKED_SHOT_OT_plan_shot,
)
