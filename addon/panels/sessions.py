"""The list of sessions in both sidebars, with what can be done with each."""

from __future__ import annotations

import bpy

from .. import session_list, watch
from ..operators.base import clip_of
from ..words import said, say
from .base import ClipPanel, CompositorPanel, paragraph

STATUS_ICONS = {
    "created": "DOT",
    "tracking": "TRACKER",
    "solving": "TRACKER",
    "tracked": "KEYFRAME",
    "paused": "PAUSE",
    "interrupted": "ERROR",
    "failed": "CANCEL",
    "damaged": "CANCEL",
    "solved": "CHECKMARK",
    "complete": "CHECKMARK",
}
ROWS = 3


class TRACKED_SHOT_UL_sessions(bpy.types.UIList):
    """A line for each session: name, share done, when."""

    def draw_item(
        self,
        _context: bpy.types.Context,
        layout: bpy.types.UILayout,
        _data: object,
        item: bpy.types.PropertyGroup,
        _icon: int,
        _active_data: object,
        _active_property: str,
    ) -> None:
        split = layout.split(factor=0.5)
        split.label(text=item.name, icon=STATUS_ICONS.get(item.status, "QUESTION"), translate=False)
        row = split.row()
        row.active = False
        row.label(text=f"{item.done:.0%}")
        row.label(text=item.when[5:10])


class _Sessions:
    """The list, and about the chosen session the rest."""

    bl_label = "All Sessions"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        listing = context.window_manager.tracked_shot
        row = layout.row()
        row.template_list(
            "TRACKED_SHOT_UL_sessions", "", listing, "sessions", listing, "session_index", rows=ROWS
        )
        side = row.column(align=True)
        side.operator("tracked_shot.refresh_sessions", text="", icon="FILE_REFRESH")
        side.operator("tracked_shot.reveal_session", text="", icon="FILE_FOLDER")
        side.operator("tracked_shot.delete_session", text="", icon="TRASH")
        chosen = session_list.chosen()
        if chosen is None:
            row = layout.row()
            row.active = False
            row.label(text="No session found", icon="INFO")
        else:
            self.draw_chosen(context, chosen)
        layout.operator("tracked_shot.checkpoint_tracks", icon="FILE_TICK")
        clip = clip_of(context)
        state = watch.state_of(clip)
        if state is not None and state.session is not None:
            paragraph(layout, context, say("This clip's session: {path}", path=state.session), dim=True)

    def draw_chosen(self, context: bpy.types.Context, chosen: bpy.types.PropertyGroup) -> None:
        """What is known of the session that is chosen, and what can be done with it."""
        layout = self.layout
        column = layout.column(align=True)
        column.active = False
        if chosen.footage:
            column.label(text=chosen.footage, icon="FILE_MOVIE", translate=False)
        status = say("At Work") if chosen.alive else say(chosen.status.title())
        at = f"{status} {said(chosen.at)}".strip()
        column.label(text=at, icon=STATUS_ICONS.get(chosen.status, "DOT"), translate=False)
        column.label(text=f"{chosen.when}    {chosen.size}", icon="TIME", translate=False)
        if chosen.trouble:
            paragraph(layout, context, said(chosen.trouble), icon="ERROR")
        row = layout.row(align=True)
        row.operator(
            "tracked_shot.take_up_session", text="Take Up" if chosen.finished else "Resume", icon="PLAY"
        )
        row.operator("tracked_shot.report_session", icon="TEXT")


class TRACKED_SHOT_PT_sessions(_Sessions, ClipPanel, bpy.types.Panel):
    """The sessions, in the Clip Editor."""

    bl_parent_id = "TRACKED_SHOT_PT_session"


class TRACKED_SHOT_PT_composite_sessions(_Sessions, CompositorPanel, bpy.types.Panel):
    """The sessions, in the Compositor."""

    bl_parent_id = "TRACKED_SHOT_PT_composite_session"


CLASSES = (TRACKED_SHOT_UL_sessions, TRACKED_SHOT_PT_sessions, TRACKED_SHOT_PT_composite_sessions)
