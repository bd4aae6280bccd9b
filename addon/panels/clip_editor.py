"""The Clip Editor's sidebar: the clip, tracking it, what the solve is worth, the shot."""

from __future__ import annotations

import bpy

from .. import preset_items, watch
from ..properties import chosen_preset
from ..tracking.preflight import Finding
from .base import SEVERITY_ICONS, VERDICT_ICONS, ClipPanel, clock, draw_session, paragraph


class TRACKED_SHOT_PT_clip(ClipPanel, bpy.types.Panel):
    """What the clip is, and what is wrong with it."""

    bl_label = "Clip"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        clip = context.space_data.clip
        if clip is None:
            layout.label(text="Open a clip to begin", icon="TRACKER")
            layout.operator("clip.open", icon="FILE_FOLDER")
            return
        state = watch.state_of(clip)
        column = layout.column(align=True)
        column.label(text=clip.name, icon="FILE_MOVIE" if clip.source == "MOVIE" else "RENDERLAYERS")
        facts = f"{clip.size[0]} × {clip.size[1]}"
        if clip.source == "MOVIE" and clip.fps > 0:
            facts += f"    {clip.fps:g} fps" if clip.fps == round(clip.fps) else f"    {clip.fps:.2f} fps"
        row = column.row()
        row.active = False
        row.label(text=facts, icon="BLANK1")
        row = column.row()
        row.active = False
        seconds = f"    {clock(clip.frame_duration / clip.fps)}" if clip.fps > 0 else ""
        row.label(text=f"{clip.frame_duration} frames{seconds}", icon="BLANK1")
        if state is None or state.check is not None:
            layout.label(text="Looking at the footage", icon="TIME")
            return
        if not state.findings:
            row = layout.row()
            row.active = False
            row.label(text="The footage is fine", icon="CHECKMARK")
        for finding in state.findings:
            self.draw_finding(context, finding)
        if state.copying is not None:
            row = layout.row(align=True)
            row.progress(factor=state.copying.share, text=f"Copying {state.copying.share:.0%}")
            row.operator("tracked_shot.cancel_copy", text="", icon="X")
        else:
            self.draw_fix(state.findings)

    def draw_finding(self, context: bpy.types.Context, finding: Finding) -> None:
        """A finding as a short paragraph; the clip's name, which stands above, is left out."""
        text = finding.message.partition(": ")[2] or finding.message
        paragraph(self.layout, context, text[:1].upper() + text[1:], icon=SEVERITY_ICONS[finding.severity])

    def draw_fix(self, findings: tuple[Finding, ...]) -> None:
        """One button for what mends the clip, however many findings offer it."""
        finding = next((finding for finding in findings if finding.fix), None)
        if finding is not None:
            button = self.layout.operator(
                "tracked_shot.make_even_copy", text=finding.fix_label, icon="DUPLICATE"
            )
            button.kind = finding.fix


class TRACKED_SHOT_MT_tracking_presets(bpy.types.Menu):
    """What else can be done with tracking presets."""

    bl_label = "Tracking Presets"

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.operator("tracked_shot.edit_tracking_preset", text="Edit…", icon="GREASEPENCIL")
        draw_preset_actions(self.layout, preset_items.TRACKING)


class TRACKED_SHOT_PT_track(ClipPanel, bpy.types.Panel):
    """Tracking the clip and finding its camera."""

    bl_label = "Track & Solve"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        clip = context.space_data.clip
        if clip is None:
            layout.label(text="No clip")
            return
        state = watch.state_of(clip)
        running = state is not None and state.running
        if not running:
            draw_session(layout, context)
        settings = layout.column()
        settings.enabled = not running and clip.library is None
        settings.use_property_split = True
        settings.use_property_decorate = False
        memory = clip.tracked_shot
        draw_preset(settings, context, preset_items.TRACKING, memory, own=True)
        settings.prop(memory, "lens_known")
        if memory.lens_known:
            self.draw_lens(settings, clip)
        if running:
            draw_session(layout, context)
            return
        row = layout.row()
        row.scale_y = 1.5
        row.operator("tracked_shot.track_solve", icon="TRACKER")

    def draw_lens(self, layout: bpy.types.UILayout, clip: bpy.types.MovieClip) -> None:
        """The clip's own lens settings, as Blender has them."""
        camera = clip.tracking.camera
        column = layout.column(align=True)
        column.prop(camera, "focal_length")
        column.prop(camera, "sensor_width", text="Sensor Width")
        column.prop(camera, "k1")
        column.prop(camera, "k2")


class TRACKED_SHOT_PT_lens(ClipPanel, bpy.types.Panel):
    """The clip's lens for other programs."""

    bl_label = "Lens"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        clip = context.space_data.clip
        if clip is not None:
            row = layout.row()
            row.active = False
            row.label(text=clip.tracking.camera.distortion_model.title(), icon="CAMERA_DATA")
        layout.operator("tracked_shot.write_stmaps", icon="EXPORT")


class TRACKED_SHOT_PT_solve(ClipPanel, bpy.types.Panel):
    """What the solve is worth."""

    bl_label = "Solve"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        clip = context.space_data.clip
        return super().poll(context) and clip is not None and clip.tracked_shot.taken_in

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        memory = context.space_data.clip.tracked_shot
        if not memory.verdict:
            layout.label(text="Tracked, not solved", icon="INFO")
            return
        row = layout.row()
        row.alert = memory.verdict in ("poor", "failed")
        row.label(text=memory.verdict.title(), icon=VERDICT_ICONS.get(memory.verdict, "QUESTION"))
        for reason in memory.reasons.splitlines():
            paragraph(layout, context, reason[:1].upper() + reason[1:], icon="DOT")
        split = layout.column(align=True).split(factor=0.45, align=True)
        names, values = split.column(align=True), split.column(align=True)
        names.alignment = "RIGHT"
        for name, value in (
            ("Average Error", f"{memory.average_error:.3f} px"),
            ("Frames", f"{memory.frames_solved} of {memory.frames_wanted}"),
            ("Focal Length", memory.focal_text or f"{memory.focal_length:.2f} mm"),
            ("Camera", memory.move_text),
        ):
            names.label(text=name)
            values.label(text=value)
        if memory.native_trouble:
            paragraph(layout, context, f"The camera will have keys: {memory.native_trouble}", icon="INFO")
        layout.operator("tracked_shot.report_clip", icon="URL")


class TRACKED_SHOT_PT_shot(ClipPanel, bpy.types.Panel):
    """The solved shot in the scene."""

    bl_label = "Shot"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        memory = context.scene.tracked_shot
        column = layout.column()
        column.enabled = context.scene.library is None
        column.use_property_split = True
        column.use_property_decorate = False
        draw_preset(column, context, preset_items.COMPOSITE, memory, label="Composite")
        column.prop(memory, "use_stand_in")
        row = layout.row()
        row.scale_y = 1.5
        row.operator("tracked_shot.setup_shot", icon="OUTLINER_OB_CAMERA")
        paragraph(
            layout,
            context,
            "Makes camera, shadow catcher and composite; sets size, frames and Cycles",
            dim=True,
        )


def draw_preset(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    kind: str,
    memory: bpy.types.PropertyGroup,
    *,
    label: str = "Preset",
    own: bool = False,
) -> None:
    """The menu of presets of a kind, with what the chosen one is for; ``own``: with buttons for one's own."""
    name = chosen_preset(memory, kind)
    line = layout.row(align=True)
    row = line.row(align=True)
    row.use_property_split = True
    row.use_property_decorate = False
    if preset_items.is_known(kind, name):
        row.prop(memory, f"{kind}_preset", text=label)
    else:
        row.alert = True
        row.prop_menu_enum(memory, f"{kind}_preset", text=f"{name}: not there", icon="ERROR")
    if own:
        line.operator(f"tracked_shot.add_{kind}_preset", text="", icon="ADD")
        line.operator(f"tracked_shot.delete_{kind}_preset", text="", icon="REMOVE")
        line.menu(f"TRACKED_SHOT_MT_{kind}_presets", text="", icon="DOWNARROW_HLT")
    paragraph(layout, context, preset_items.description(kind, name), dim=True)
    layout.separator(factor=0.5)


def draw_preset_actions(layout: bpy.types.UILayout, kind: str) -> None:
    """What can be done with presets of a kind beside adding and deleting, which have buttons."""
    layout.operator_context = "INVOKE_DEFAULT"
    layout.operator(f"tracked_shot.rename_{kind}_preset", text="Rename…", icon="SORTALPHA")
    layout.separator()
    layout.operator(f"tracked_shot.import_{kind}_preset", text="Import…", icon="IMPORT")
    layout.operator(f"tracked_shot.export_{kind}_preset", text="Export…", icon="EXPORT")
    layout.separator()
    layout.operator("tracked_shot.refresh_presets", icon="FILE_REFRESH")


CLASSES = (
    TRACKED_SHOT_MT_tracking_presets,
    TRACKED_SHOT_PT_clip,
    TRACKED_SHOT_PT_track,
    TRACKED_SHOT_PT_solve,
    TRACKED_SHOT_PT_lens,
    TRACKED_SHOT_PT_shot,
)
