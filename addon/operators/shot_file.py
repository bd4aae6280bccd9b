"""The shot in a file: opened and saved."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from .. import jobs
from ..tracking.shotfile import ShotFileError
from .base import DONE, STOPPED, ClipAction, SceneAction, clip_of, show_text

SUFFIX = ".yaml"
ERRORS = "Shot File Errors"


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
        if not self.filepath:
            self.report({"WARNING"}, "Choose a shot file")
            return STOPPED
        path = Path(bpy.path.abspath(self.filepath))
        try:
            missing = jobs.open_shot_file(context.scene, path)
        except ShotFileError as error:
            self.tell(context, [str(problem) for problem in error.problems], "ERROR")
            return STOPPED
        self.tell(context, missing, "WARNING")
        if not missing:
            self.report({"INFO"}, f"Nothing wrong with {path.name}")
        return DONE

    def tell(self, context: bpy.types.Context, lines: list[str], kind: str) -> None:
        """Reports what is wrong; several things as a text in a window, too."""
        if not lines:
            return
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        self.report({kind}, lines[0] + more)
        if len(lines) > 1:
            show_text(context, ERRORS, "\n".join(lines) + "\n")


class TRACKED_SHOT_OT_save_shot_file(ClipAction, ExportHelper, bpy.types.Operator):
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

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        if context.scene.library is not None:
            cls.poll_message_set("The scene is linked from another file")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = str(_usual_file(context))
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self, context: bpy.types.Context) -> set[str]:
        if not self.filepath:
            self.report({"WARNING"}, "Choose a file to write")
            return STOPPED
        path = Path(bpy.path.abspath(self.filepath))
        written = jobs.save_shot_file(context.scene, clip_of(context), path)
        if written.reason:
            text = f"{path.name} stays as it is ({written.reason}): written as {written.path.name}"
            self.report({"WARNING"}, text)
        elif written.changed:
            self.report({"INFO"}, f"Shot file written: {path.name}")
        else:
            self.report({"INFO"}, f"{path.name} says so already")
        return DONE


def _usual_file(context: bpy.types.Context) -> Path:
    """The scene's shot file, else one beside the .blend, else beside the footage."""
    remembered = context.scene.tracked_shot.shot_file
    if remembered:
        return Path(bpy.path.abspath(remembered))
    if bpy.data.filepath:
        return Path(bpy.data.filepath).with_suffix(SUFFIX)
    return jobs.footage_path(clip_of(context)).with_suffix(SUFFIX)


CLASSES = (TRACKED_SHOT_OT_open_shot_file, TRACKED_SHOT_OT_save_shot_file)
