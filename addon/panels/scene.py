"""The solved shot in the scene, in the Clip Editor's sidebar: set it up, lay it out."""

from __future__ import annotations

import bpy

from .. import preset_items
from ..tracking.blender.owned import BEFORE
from ..words import said, say
from .base import MAIN_SHARE, ClipPanel, paragraph
from .clip_editor import draw_preset


class TRACKED_SHOT_PT_shot(ClipPanel, bpy.types.Panel):
    """The solved shot in the scene."""

    bl_label = "Scene"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        memory = context.scene.tracked_shot
        column = layout.column()
        column.enabled = context.scene.library is None
        column.use_property_split = True
        column.use_property_decorate = False
        draw_preset(column, context, preset_items.COMPOSITE, memory, label="Composite")
        column.prop(memory, "use_stand_in")
        there = BEFORE in context.scene
        row = layout.split(factor=MAIN_SHARE, align=True) if there else layout.row()
        row.scale_y = 1.5
        row.operator("tracked_shot.setup_shot", icon="OUTLINER_OB_CAMERA")
        if there:
            row.operator("tracked_shot.remove_shot", text="Remove")
        paragraph(
            layout,
            context,
            say("Makes camera, shadow catcher and composite; sets size, frames and Cycles"),
            dim=True,
        )
        if context.scene.camera is not None:
            row = layout.row(align=True)
            row.operator("tracked_shot.set_camera", text="Live Camera", icon="CON_CAMERASOLVER").mode = "LIVE"
            row.operator("tracked_shot.set_camera", text="Bake Camera", icon="KEYFRAME").mode = "BAKED"


class TRACKED_SHOT_PT_layout(ClipPanel, bpy.types.Panel):
    """Where the solved world lies."""

    bl_label = "Floor, Origin, Scale"
    bl_parent_id = "TRACKED_SHOT_PT_shot"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        memory = context.scene.tracked_shot
        paragraph(layout, context, say("By the tracks that are selected"), dim=True)
        column = layout.column(align=True)
        row = column.row(align=True)
        row.operator("tracked_shot.set_floor", text="Floor", icon="VIEW_PERSPECTIVE")
        row.operator("tracked_shot.find_floor", text="Find", icon="VIEWZOOM")
        row = column.row(align=True)
        row.operator("tracked_shot.set_origin", text="Origin", icon="OBJECT_ORIGIN")
        row.operator("tracked_shot.set_x_axis", text="X Axis", icon="ORIENTATION_GLOBAL")
        if memory.floor_text:
            paragraph(layout, context, say("Floor: {how}", how=said(memory.floor_text)), dim=True)
        column = layout.column(align=True)
        row = column.row(align=True)
        row.prop(memory, "known_distance")
        row.operator("tracked_shot.set_scale", text="", icon="CHECKMARK")
        row = column.row(align=True)
        row.prop(memory, "camera_height")
        row.operator("tracked_shot.set_camera_height", text="", icon="CHECKMARK")


class TRACKED_SHOT_PT_light(ClipPanel, bpy.types.Panel):
    """What stands in the scene beside the camera."""

    bl_label = "Shadow, Light, Points"
    bl_parent_id = "TRACKED_SHOT_PT_shot"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, _context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        row = column.row(align=True)
        row.operator("tracked_shot.setup_shadow_catcher", icon="MESH_PLANE")
        row.operator("tracked_shot.remove_shadow_catcher", text="", icon="TRASH")
        column.operator("tracked_shot.stand_in", icon="MESH_CUBE")
        column.operator("tracked_shot.set_holdout", icon="HOLDOUT_ON")
        column = self.layout.column(align=True)
        column.operator("tracked_shot.sun_from_shadow", icon="LIGHT_SUN")
        column.operator("tracked_shot.set_hdri", icon="WORLD")
        self.layout.operator("tracked_shot.point_cloud", icon="OUTLINER_OB_POINTCLOUD")


CLASSES = (TRACKED_SHOT_PT_shot, TRACKED_SHOT_PT_layout, TRACKED_SHOT_PT_light)
