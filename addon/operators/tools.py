"""What belongs to no clip: the presets' list and the log."""

from __future__ import annotations

import bpy

from .. import preset_items, watch
from ..tracking.session.worker import log_path
from .base import DONE, STOPPED, Action, ClipAction, clip_of, show_text

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
        state = watch.known(clip_of(context))
        file = log_path(state.session) if state.session is not None else None
        try:
            said = file.read_text(encoding="utf-8", errors="replace") if file is not None else ""
        except OSError as error:
            self.report({"WARNING"}, f"{file}: {error.strerror}")
            return STOPPED
        show_text(context, LOG_NAME, said)
        return DONE


CLASSES = (TRACKED_SHOT_OT_refresh_presets, TRACKED_SHOT_OT_open_log)
