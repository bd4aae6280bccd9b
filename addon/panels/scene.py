"""The solved shot in the scene, in the Clip Editor's sidebar."""

from __future__ import annotations

import bpy

from .. import preset_items
from ..words import say
from .base import ClipPanel, paragraph
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
        row = layout.row()
        row.scale_y = 1.5
        row.operator("tracked_shot.setup_shot", icon="OUTLINER_OB_CAMERA")
        paragraph(
            layout,
            context,
            say("Makes camera, shadow catcher and composite; sets size, frames and Cycles"),
            dim=True,
        )


CLASSES = (TRACKED_SHOT_PT_shot,)
