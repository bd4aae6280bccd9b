"""The Clip Editor's sidebar: the clip, its session, tracking it, the shot's lens."""

from __future__ import annotations

import bpy

from .. import preset_items, watch
from ..properties import chosen_preset
from ..tracking.blender.clip_lens import coefficient_properties
from ..tracking.preflight import GAPS, Finding
from ..words import said, say
from .base import SEVERITY_ICONS, ClipPanel, clock, draw_session, paragraph

FIX_ICONS = {"even_copy": "DUPLICATE", "image_sequence": "RENDERLAYERS"}


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
        self.draw_facts(clip)
        state = watch.state_of(clip)
        if state is None or state.check is not None:
            layout.label(text="Looking at the footage", icon="TIME")
            return
        for finding in state.findings:
            self.draw_finding(context, finding)
        self.draw_fixes(state)
        misfits = state.misfits.get(context.scene.session_uid, ())
        for misfit in misfits:
            paragraph(layout, context, said(misfit), icon="INFO")
        if misfits:
            layout.operator("tracked_shot.fit_scene", icon="SCENE_DATA")
        if state.other_space:
            paragraph(
                layout,
                context,
                say("Such files are usually {space}, this clip is set to {now}", space=state.other_space,
                    now=clip.colorspace_settings.name),
                icon="INFO",
            )  # fmt: skip
            layout.operator("tracked_shot.set_color_space", icon="COLOR")
        if state.other_aspect:
            told = say(
                "The file's pixels are {aspect} times as wide as high", aspect=f"{state.other_aspect:g}"
            )
            paragraph(layout, context, told, icon="INFO")
            layout.operator("tracked_shot.set_pixel_aspect", icon="FULLSCREEN_ENTER")
        if not (state.findings or misfits or state.other_space or state.other_aspect):
            row = layout.row()
            row.active = False
            row.label(text="The footage is fine", icon="CHECKMARK")

    def draw_facts(self, clip: bpy.types.MovieClip) -> None:
        """Name, size, rate and length."""
        column = self.layout.column(align=True)
        icon = "FILE_MOVIE" if clip.source == "MOVIE" else "RENDERLAYERS"
        row = column.row()
        row.label(text=clip.name, icon=icon, translate=False)
        row.operator("tracked_shot.check_clip", text="", icon="FILE_REFRESH", emboss=False)
        facts = f"{clip.size[0]} × {clip.size[1]}"
        if clip.source == "MOVIE" and clip.fps > 0:
            facts += f"    {clip.fps:g} fps" if clip.fps == round(clip.fps) else f"    {clip.fps:.2f} fps"
        length = say("{count} frames", count=clip.frame_duration)
        if clip.fps > 0:
            length += f"    {clock(clip.frame_duration / clip.fps)}"
        for text in (facts, length):
            row = column.row()
            row.active = False
            row.label(text=text, icon="BLANK1", translate=False)

    def draw_finding(self, context: bpy.types.Context, finding: Finding) -> None:
        """A finding as a short paragraph; the clip's name, which stands above, is left out."""
        message = said(finding.message)
        text = message.partition(": ")[2] or message
        paragraph(self.layout, context, text[:1].upper() + text[1:], icon=SEVERITY_ICONS[finding.severity])

    def draw_fixes(self, state: watch.ClipState) -> None:
        """A button for each thing that mends the clip, however many findings ask for it."""
        if state.copying is not None:
            row = self.layout.row(align=True)
            share = say("Copying {share}", share=f"{state.copying.share:.0%}")
            row.progress(factor=state.copying.share, text=share, translate=False)
            row.operator("tracked_shot.cancel_copy", text="", icon="X")
            return
        fixes = {finding.fix: finding.fix_label for finding in state.findings if finding.fix}
        for fix, label in fixes.items():
            button = self.layout.operator(
                "tracked_shot.make_even_copy", text=label, icon=FIX_ICONS.get(fix, "DUPLICATE")
            )
            button.kind = fix
        if any(finding.code == GAPS for finding in state.findings):
            self.layout.operator("tracked_shot.mark_gaps", icon="MARKER_HLT")


class TRACKED_SHOT_PT_session(ClipPanel, bpy.types.Panel):
    """What the clip's session is at."""

    bl_label = "Session"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        clip = context.space_data.clip
        state = watch.state_of(clip)
        if clip is None or state is None or state.session is None:
            row = layout.row()
            row.active = False
            row.label(text="No session of this clip yet", icon="INFO")
            return
        draw_session(layout, context)
        if state.finished:
            row = layout.row()
            row.active = False
            row.label(text=say("Done: {name}", name=state.session.stem), icon="CHECKMARK", translate=False)


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
        settings = layout.column()
        settings.enabled = not running and clip.library is None
        settings.use_property_split = True
        settings.use_property_decorate = False
        memory = clip.tracked_shot
        draw_preset(settings, context, preset_items.TRACKING, memory, own=True)
        settings.prop(memory, "mask")
        settings.prop(memory, "lens_known")
        if memory.lens_known:
            self.draw_lens(settings, clip)
        else:
            settings.prop(memory, "find_axis")
        if not running:
            row = layout.row()
            row.scale_y = 1.5
            row.operator("tracked_shot.track_solve", icon="TRACKER")

    def draw_lens(self, layout: bpy.types.UILayout, clip: bpy.types.MovieClip) -> None:
        """The clip's own lens settings, as Blender has them."""
        camera = clip.tracking.camera
        layout.popover("CLIP_PT_camera_presets", text="Camera Presets", icon="PRESET")
        column = layout.column(align=True)
        column.prop(camera, "focal_length")
        column.prop(camera, "sensor_width", text="Sensor Width")
        column = layout.column(align=True)
        column.prop(camera, "distortion_model", text="Distortion")
        for name in coefficient_properties(camera):
            column.prop(camera, name)
        layout.column(align=True).prop(camera, "principal_point")


class TRACKED_SHOT_PT_steps(ClipPanel, bpy.types.Panel):
    """Blender's own steps, one by one, for tracks of one's own."""

    bl_label = "Step by Step"
    bl_parent_id = "TRACKED_SHOT_PT_track"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return super().poll(context) and context.space_data.clip is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        paragraph(layout, context, say("Blender's own tools, for tracks of your own"), dim=True)
        column = layout.column(align=True)
        column.operator("clip.detect_features", text="Detect Features", icon="VIEWZOOM")
        row = column.row(align=True)
        back = row.operator("clip.track_markers", text="Track Backwards", icon="TRACKING_BACKWARDS")
        back.backwards, back.sequence = True, True
        on = row.operator("clip.track_markers", text="Track", icon="TRACKING_FORWARDS")
        on.backwards, on.sequence = False, True
        column.operator("clip.clean_tracks", icon="BRUSH_DATA")
        column.operator("tracked_shot.checkpoint_tracks", icon="FILE_TICK")
        column.operator("clip.solve_camera", text="Solve Camera Motion", icon="OUTLINER_OB_CAMERA")


class TRACKED_SHOT_PT_lens(ClipPanel, bpy.types.Panel):
    """The clip's lens for other programs."""

    bl_label = "Lens"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        clip = context.space_data.clip
        if clip is not None:
            camera = clip.tracking.camera
            column = layout.column()
            column.use_property_split = True
            column.use_property_decorate = False
            column.enabled = clip.library is None
            column.prop(camera, "distortion_model", text="Distortion")
        column = layout.column(align=True)
        column.operator("tracked_shot.write_stmaps", icon="EXPORT")
        column.operator("tracked_shot.export_camera", icon="EXPORT")
        column.operator("tracked_shot.import_camera", icon="IMPORT")


class TRACKED_SHOT_PT_shot_file(ClipPanel, bpy.types.Panel):
    """The shot as a file."""

    bl_label = "Shot File"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.prop(context.scene.tracked_shot, "shot_file", text="", placeholder="No shot file yet")
        row = layout.row(align=True)
        row.operator("tracked_shot.open_shot_file", text="Open…", icon="FILE_FOLDER")
        row.operator("tracked_shot.save_shot_file", text="Save…", icon="FILE_TICK")
        row = layout.row(align=True)
        row.scale_y = 1.5
        row.operator("tracked_shot.assemble_shot", icon="MODIFIER")
        row.operator("tracked_shot.plan_shot", text="", icon="VIEWZOOM")


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
        missing = say("{name}: not there", name=name)
        row.prop_menu_enum(memory, f"{kind}_preset", text=missing, icon="ERROR")
    if own:
        line.operator(f"tracked_shot.add_{kind}_preset", text="", icon="ADD")
        line.operator(f"tracked_shot.delete_{kind}_preset", text="", icon="REMOVE")
        line.menu(f"TRACKED_SHOT_MT_{kind}_presets", text="", icon="DOWNARROW_HLT")
    paragraph(layout, context, said(preset_items.description(kind, name)), dim=True)
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
    TRACKED_SHOT_PT_session,
    TRACKED_SHOT_PT_track,
    TRACKED_SHOT_PT_steps,
)
"""What stands above the solve."""
BELOW = (TRACKED_SHOT_PT_lens, TRACKED_SHOT_PT_shot_file)
