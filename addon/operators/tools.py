"""What belongs to no clip: the presets' list and the log."""

from __future__ import annotations

import bpy

from .. import bug_report, preset_items, watch, workspace
from ..tracking.session.worker import log_path
from ..words import said
from .base import DONE, STOPPED, Action, ClipAction, SceneAction, clip_of, show_text

LOG_NAME = "Tracked Shot Log"


class TRACKED_SHOT_OT_refresh_presets(Action, bpy.types.Operator):
    """Reads the presets again."""

    bl_idname = "tracked_shot.refresh_presets"
    bl_label = "Refresh Presets"
    bl_description = "Read the presets from disk again, built in and your own"

    def work(self, _context: bpy.types.Context) -> set[str]:
        preset_items.refresh()
        return DONE


class TRACKED_SHOT_OT_open_log(ClipAction, bpy.types.Operator):
    """Shows the worker's log."""

    bl_idname = "tracked_shot.open_log"
    bl_label = "Open Log"
    bl_description = "Open the log of the clip's tracking process as a text"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        return "" if state is not None and state.session is not None else "The clip has no session yet"

    def work(self, context: bpy.types.Context) -> set[str]:
        file = log_path(watch.session_of(clip_of(context)).path)
        try:
            words = file.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            self.report({"WARNING"}, said(f"{file}: {error.strerror}"))
            return STOPPED
        show_text(context, LOG_NAME, words)
        return DONE


class TRACKED_SHOT_OT_copy_bug_report(Action, bpy.types.Operator):
    """Puts what a developer asks first into the clipboard."""

    bl_idname = "tracked_shot.copy_bug_report"
    bl_label = "Copy Bug Report"
    bl_description = (
        "Copy versions, the clip and its session, and the end of the session's log, to be pasted into a bug "
        "report. Nothing is sent anywhere"
    )

    def work(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.clipboard = bug_report.words(clip_of(context))
        self.report({"INFO"}, said("The report is in the clipboard"))
        return DONE


class TRACKED_SHOT_OT_open_workspace(Action, bpy.types.Operator):
    """Shows the workspace for a shot."""

    bl_idname = "tracked_shot.open_workspace"
    bl_label = "Tracked Shot Workspace"
    bl_description = "Show a workspace with the clip, the scene and the compositor; it is made once a file"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        there = context.window is not None and not bpy.app.background
        return cls.answer("" if there else "There is no window to show it in")

    def work(self, context: bpy.types.Context) -> set[str]:
        workspace.open_workspace(context.window)
        return DONE


class TRACKED_SHOT_OT_toggle_overlay(SceneAction, bpy.types.Operator):
    """Switches the overlay."""

    bl_idname = "tracked_shot.toggle_overlay"
    bl_label = "Toggle Overlay"
    bl_description = "Show or hide what the solve is worth over the clip"
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        overlay = context.scene.tracked_shot.overlay
        overlay.show = not overlay.show
        return DONE


CLASSES = (
    TRACKED_SHOT_OT_refresh_presets,
    TRACKED_SHOT_OT_open_log,
    TRACKED_SHOT_OT_copy_bug_report,
    TRACKED_SHOT_OT_open_workspace,
    TRACKED_SHOT_OT_toggle_overlay,
)
