"""What the solve is worth, in the Clip Editor's sidebar: verdict, what helps, errors, tracks by harm."""

from __future__ import annotations

import bpy

from .. import solve_list, watch
from ..words import said, say
from .base import VERDICT_ICONS, ClipPanel, letters, paragraph, values

ROWS = 5
BAR_LETTERS = 0.57
"""Letters of a mean width for a bar of the plot."""
BAD_HARM = 0.05
"""A track with more of the solve's squared error than this is marked."""


class TRACKED_SHOT_UL_tracks(bpy.types.UIList):
    """A line for each track of the solve: its error, or why it is left out."""

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
        split = layout.split(factor=0.58)
        if item.reason:
            split.active = False
            split.label(text=item.name, icon="X", translate=False)
            split.label(text=said(item.reason), translate=False)
            return
        bad = item.harm > BAD_HARM
        split.label(text=item.name, icon="ERROR" if bad else "DOT", translate=False)
        row = split.row()
        row.label(text=item.error, translate=False)
        row.label(text=f"{item.harm:.1%}", translate=False)


class _Solved(ClipPanel):
    """A panel that there is once the session is in the clip."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        clip = context.space_data.clip
        return super().poll(context) and clip is not None and clip.tracked_shot.taken_in


class TRACKED_SHOT_PT_solve(_Solved, bpy.types.Panel):
    """What the solve is worth."""

    bl_label = "Solve"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        memory = context.space_data.clip.tracked_shot
        state = watch.state_of(context.space_data.clip)
        if state is not None and state.native is not None:
            layout.label(text="Blender Is Solving", icon="TIME")
        elif state is not None and state.stale:
            box = layout.box().column()
            paragraph(box, context, say("The solve is stale: {what}", what=said(state.stale)), icon="ERROR")
            box.operator("tracked_shot.solve_again", icon="FILE_REFRESH")
        if not memory.verdict:
            layout.label(text="Tracked, not solved", icon="INFO")
            return
        column = layout.column(align=True)
        row = column.row()
        row.alert = memory.verdict in ("poor", "failed")
        icon = VERDICT_ICONS.get(memory.verdict, "QUESTION")
        row.label(text=say(memory.verdict.title()), icon=icon, translate=False)
        for reason in memory.reasons.splitlines()[:1]:
            draw_reason(column, context, reason)
        values(
            layout,
            (
                ("Average Error", f"{memory.average_error:.3f} px"),
                (
                    "Frames",
                    say("{count} of {all}", count=memory.frames_solved, all=memory.frames_wanted),
                ),
                ("Focal Length", said(memory.focal_text) or f"{memory.focal_length:.2f} mm"),
                *((("Sensor Width", f"{memory.sensor_width:.4g} mm"),) if memory.sensor_width else ()),
                ("Camera", said(memory.move_text)),
            ),
        )
        if memory.native_trouble:
            said_why = say("The camera will have keys: {why}", why=said(memory.native_trouble))
            paragraph(layout, context, said_why, icon="INFO")
        self.draw_plot(context)
        column = layout.column(align=True)
        column.operator("tracked_shot.show_worst_frame", icon="HIDE_OFF")
        column.operator("tracked_shot.solve_known_lens", text="Solve with Known Lens…", icon="CAMERA_DATA")
        layout.operator("tracked_shot.report_clip", text="Open Report", icon="URL")

    def draw_plot(self, context: bpy.types.Context) -> None:
        """The error over the clip as a line of bars, with its ends."""
        bars = solve_list.bars_of(context.space_data.clip, int(letters(context) * BAR_LETTERS))
        if not bars:
            return
        column = self.layout.column(align=True)
        row = column.row()
        row.active = False
        row.label(text="Error by Frame")
        row = column.row()
        row.active = False
        row.label(text=bars, translate=False)


def draw_reason(layout: bpy.types.UILayout, context: bpy.types.Context, reason: str) -> None:
    """Why the verdict is as it is, as a sentence."""
    text = said(reason)
    paragraph(layout, context, text[:1].upper() + text[1:], icon="BLANK1")


class TRACKED_SHOT_PT_solve_reasons(_Solved, bpy.types.Panel):
    """What else the verdict rests on."""

    bl_label = "Further Reasons"
    bl_parent_id = "TRACKED_SHOT_PT_solve"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return super().poll(context) and "\n" in context.space_data.clip.tracked_shot.reasons

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column()
        for reason in context.space_data.clip.tracked_shot.reasons.splitlines()[1:]:
            draw_reason(column, context, reason)


class TRACKED_SHOT_PT_solve_tracks(_Solved, bpy.types.Panel):
    """The tracks of the solve, the most harmful first."""

    bl_label = "Tracks by Harm"
    bl_parent_id = "TRACKED_SHOT_PT_solve"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        clip = context.space_data.clip
        rows = solve_list.rows_of(clip)
        if trouble := solve_list.trouble_of(clip):
            paragraph(layout, context, said(trouble), icon="INFO")
            return
        if rows is None or not len(rows.tracks):
            row = layout.row()
            row.active = False
            row.label(text="Reading the session", icon="TIME")
            return
        layout.template_list("TRACKED_SHOT_UL_tracks", "", rows, "tracks", rows, "index", rows=ROWS)
        column = layout.column(align=True)
        column.operator("tracked_shot.select_worst", text="Select Worst")
        column.operator("tracked_shot.switch_off_and_solve")
        if not 0 <= rows.index < len(rows.tracks):
            return
        chosen = rows.tracks[rows.index]
        column = layout.column(align=True)
        text = say("{markers} markers, frames {first} to {last}",
                   markers=chosen.markers, first=chosen.first, last=chosen.last)  # fmt: skip
        row = column.row()
        row.active = False
        row.label(text=text, translate=False)
        if chosen.reason:
            paragraph(column, context, say("Left out: {why}", why=said(chosen.reason)), icon="INFO")


class TRACKED_SHOT_PT_overlay(_Solved, bpy.types.Panel):
    """What is drawn over the clip."""

    bl_label = "Overlay"
    bl_parent_id = "TRACKED_SHOT_PT_solve"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.prop(context.scene.tracked_shot.overlay, "show", text="")

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        choice = context.scene.tracked_shot.overlay
        layout.active = choice.show
        column = layout.column(align=True)
        for name in ("tracks", "outliers", "coverage", "floor", "graph"):
            column.prop(choice, name)


CLASSES = (
    TRACKED_SHOT_UL_tracks,
    TRACKED_SHOT_PT_solve,
    TRACKED_SHOT_PT_solve_reasons,
    TRACKED_SHOT_PT_solve_tracks,
    TRACKED_SHOT_PT_overlay,
)
