"""The Compositor's sidebar: the composite, and how the session goes."""

from __future__ import annotations

import bpy

from .. import preset_items, preset_pictures, watch
from ..composite_settings import is_adjusted
from ..operators.base import clip_of
from ..properties import chosen_preset
from ..tracking.blender.composite import CompositeStatus
from ..words import said, say
from .base import MAIN_SHARE, CompositorPanel, draw_session, paragraph
from .clip_editor import draw_preset, draw_preset_actions

PICTURE_SCALE = 5.5
"""Height of a preset's picture, in rows of buttons."""
WANTED = "the composite needs"
"""Words of a warning about a setting or pass that applying again would switch on."""


class TRACKED_SHOT_PT_composite(CompositorPanel, bpy.types.Panel):
    """Which composite the scene has, and which it could have."""

    bl_label = "Composite"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        scene = context.scene
        column = layout.column()
        column.enabled = scene.library is None
        picture = preset_pictures.icon(chosen_preset(scene.tracked_shot, preset_items.COMPOSITE))
        if picture:
            column.template_icon(icon_value=picture, scale=PICTURE_SCALE)
        draw_preset(column, context, preset_items.COMPOSITE, scene.tracked_shot, own=True)
        status = watch.composite_of(scene)
        row = layout.split(factor=MAIN_SHARE, align=True)
        row.scale_y = 1.5
        row.operator("tracked_shot.apply_composite", icon="NODE_COMPOSITING")
        row.operator("tracked_shot.remove_composite", text="Remove")
        if status is not None:
            self.draw_status(context, status, chosen_preset(scene.tracked_shot, preset_items.COMPOSITE))

    def draw_status(self, context: bpy.types.Context, status: CompositeStatus, chosen: str) -> None:
        """What stands in the tree, and what is to know of it."""
        layout = self.layout
        title = preset_items.title(status.preset)
        settings = context.scene.tracked_shot.composite_settings
        if not status.applied:
            text = say("Not in the tree") if status.warnings else say("Nothing applied yet")
        elif status.edited:
            text = say("{preset}, edited by hand", preset=title)
        elif status.preset == chosen and settings.over == chosen and is_adjusted(settings):
            text = say("{preset}, adjusted since: apply again", preset=title)
        else:
            text = say("{preset} is applied", preset=title)
        paragraph(layout, context, text, icon="CHECKMARK" if status.matches else "INFO")
        for warning in status.warnings:
            paragraph(layout, context, said(warning), icon="ERROR")
        if any(WANTED in warning for warning in status.warnings):
            layout.operator("tracked_shot.apply_composite", text="Enable What Is Needed", icon="RENDERLAYERS")


class TRACKED_SHOT_MT_composite_presets(bpy.types.Menu):
    """What else can be done with composite presets."""

    bl_label = "Composite Presets"

    def draw(self, _context: bpy.types.Context) -> None:
        draw_preset_actions(self.layout, preset_items.COMPOSITE)


class _Choices(CompositorPanel):
    """A part of what is set over the preset."""

    bl_parent_id = "TRACKED_SHOT_PT_composite"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not super().poll(context):
            return False
        memory = context.scene.tracked_shot
        return memory.composite_settings.over == chosen_preset(memory, preset_items.COMPOSITE)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.enabled = context.scene.library is None
        self.draw_choices(layout.column(), context.scene.tracked_shot.composite_settings, context)

    def draw_choices(
        self, column: bpy.types.UILayout, settings: bpy.types.PropertyGroup, context: bpy.types.Context
    ) -> None:
        raise NotImplementedError


class TRACKED_SHOT_PT_composite_blend(_Choices, bpy.types.Panel):
    """How CG and background come together."""

    bl_label = "Background & Blend"

    def draw_choices(
        self, column: bpy.types.UILayout, settings: bpy.types.PropertyGroup, _context: bpy.types.Context
    ) -> None:
        column.prop(settings, "background")
        if settings.background == "image":
            column.prop(settings, "background_image")
        elif settings.background == "color":
            column.prop(settings, "background_color")
        column.prop(settings, "blend")
        column.prop(settings, "factor", slider=True)
        column.prop(settings, "film_transparent")
        column.prop(settings, "use_grain")
        column.prop(settings, "motion_blur")
        if settings.motion_blur == "shutter":
            column.prop(settings, "shutter", slider=True)
        column.prop(settings, "view")


class TRACKED_SHOT_PT_composite_shadow(_Choices, bpy.types.Panel):
    """The caught shadow."""

    bl_label = "Shadow"

    def draw_choices(
        self, column: bpy.types.UILayout, settings: bpy.types.PropertyGroup, _context: bpy.types.Context
    ) -> None:
        column.prop(settings, "shadow_density", text="Density", slider=True)
        column.prop(settings, "shadow_color")
        column.prop(settings, "shadow_softness")


class TRACKED_SHOT_PT_composite_lens(_Choices, bpy.types.Panel):
    """The plate's lens."""

    bl_label = "Lens"

    def draw_choices(
        self, column: bpy.types.UILayout, settings: bpy.types.PropertyGroup, _context: bpy.types.Context
    ) -> None:
        column.prop(settings, "workflow")
        column = column.column()
        column.active = settings.workflow != "none"
        column.prop(settings, "auto_overscan")
        if not settings.auto_overscan:
            column.prop(settings, "overscan", slider=True)
        column.prop(settings, "st_map")
        if settings.st_map:
            column.prop(settings, "st_map_origin")
            column.prop(settings, "st_map_centers")
            column.prop(settings, "st_map_values")


class TRACKED_SHOT_PT_composite_steady(_Choices, bpy.types.Panel):
    """Holding the picture still."""

    bl_label = "Stabilization"

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.prop(context.scene.tracked_shot.composite_settings, "stabilize", text="")

    def draw_choices(
        self, column: bpy.types.UILayout, settings: bpy.types.PropertyGroup, _context: bpy.types.Context
    ) -> None:
        column.active = settings.stabilize
        column.prop(settings, "use_lock")
        column.prop(settings, "lock" if settings.use_lock else "smooth")
        column.prop(settings, "auto_scale")


class TRACKED_SHOT_PT_composite_pin(_Choices, bpy.types.Panel):
    """A picture on a flat thing."""

    bl_label = "Corner Pin"

    def draw_choices(
        self, column: bpy.types.UILayout, settings: bpy.types.PropertyGroup, context: bpy.types.Context
    ) -> None:
        clip = clip_of(context)
        if clip is None:
            column.prop(settings, "pin_track")
        else:
            column.prop_search(settings, "pin_track", clip.tracking, "plane_tracks", icon="TRACKER")
        column = column.column()
        column.active = bool(settings.pin_track)
        column.prop(settings, "pin_image")
        column.prop(settings, "pin_live")


class TRACKED_SHOT_PT_composite_settings(CompositorPanel, bpy.types.Panel):
    """What the composite set on the scene."""

    bl_label = "Scene Settings"
    bl_parent_id = "TRACKED_SHOT_PT_composite"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        status = watch.composite_of(context.scene)
        return super().poll(context) and status is not None and bool(status.settings)

    def draw(self, context: bpy.types.Context) -> None:
        status = watch.composite_of(context.scene)
        for line in status.settings if status is not None else ():
            paragraph(self.layout, context, said(line), dim=True)


class TRACKED_SHOT_PT_render(CompositorPanel, bpy.types.Panel):
    """The frames of the shot."""

    bl_label = "Render Shot"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        scene = context.scene
        column = layout.column(align=True)
        column.prop(scene, "frame_start", text="Frame Start")
        column.prop(scene, "frame_end", text="End")
        layout.prop(scene.render, "filepath", text="Output")
        row = layout.row(align=True)
        row.operator("render.render", text="Frame", icon="RENDER_STILL")
        row.operator("render.render", text="Shot", icon="RENDER_ANIMATION").animation = True


class TRACKED_SHOT_PT_composite_session(CompositorPanel, bpy.types.Panel):
    """How the clip's tracking goes."""

    bl_label = "Session"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return super().poll(context) and clip_of(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        clip = clip_of(context)
        row = layout.row()
        row.label(text=clip.name, icon="TRACKER", translate=False)
        memory = clip.tracked_shot
        if memory.taken_in and memory.verdict:
            row = layout.row()
            row.active = False
            worth = f"{say(memory.verdict.title())}, {memory.average_error:.3f} px"
            row.label(text=worth, icon="BLANK1", translate=False)
        draw_session(layout, context)


CLASSES = (
    TRACKED_SHOT_MT_composite_presets,
    TRACKED_SHOT_PT_composite,
    TRACKED_SHOT_PT_composite_blend,
    TRACKED_SHOT_PT_composite_shadow,
    TRACKED_SHOT_PT_composite_lens,
    TRACKED_SHOT_PT_composite_steady,
    TRACKED_SHOT_PT_composite_pin,
    TRACKED_SHOT_PT_composite_settings,
    TRACKED_SHOT_PT_render,
    TRACKED_SHOT_PT_composite_session,
)
