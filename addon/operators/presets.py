"""Composite presets of the user's own: saved, renamed, deleted, shared."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from .. import composite_settings, preset_items, watch
from ..preset_items import COMPOSITE
from ..properties import chosen_preset
from ..tracking import presets
from .base import DONE, STOPPED, SceneAction


class OwnPreset(SceneAction):
    """An operator on the scene's preset, which must be one of the user's own."""

    @classmethod
    def refusal(cls, context: bpy.types.Context) -> str:
        name = chosen_preset(context.scene.tracked_shot, COMPOSITE)
        if preset_items.is_own(COMPOSITE, name):
            return ""
        return (
            "Built-in presets stay as they are"
            if preset_items.is_known(COMPOSITE, name)
            else "It is not there"
        )


class TRACKED_SHOT_OT_save_composite_preset(SceneAction, bpy.types.Operator):
    """Saves the preset and what was set over it under a name of its own."""

    bl_idname = "tracked_shot.save_composite_preset"
    bl_label = "Save as Preset"
    bl_description = "Save the preset, with what is set over it here, as a preset of your own"
    bl_options = {"REGISTER", "UNDO"}

    name: StringProperty(name="Name", description="Letters, digits, spaces, _ . + and -")
    description: StringProperty(name="Description", description="In a line, for the menu")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        chosen = chosen_preset(context.scene.tracked_shot, COMPOSITE)
        if preset_items.is_own(COMPOSITE, chosen):
            self.name, self.description = chosen, preset_items.description(COMPOSITE, chosen)
        return context.window_manager.invoke_props_dialog(self)

    def work(self, context: bpy.types.Context) -> set[str]:
        memory = context.scene.tracked_shot
        config = composite_settings.composite_config(
            memory.composite_settings, chosen_preset(memory, COMPOSITE)
        )
        config.description = self.description
        presets.save_composite_preset(self.name, config)
        preset_items.refresh()
        memory.composite_preset = self.name
        return DONE


class TRACKED_SHOT_OT_rename_composite_preset(OwnPreset, bpy.types.Operator):
    """Renames the scene's preset."""

    bl_idname = "tracked_shot.rename_composite_preset"
    bl_label = "Rename Preset"
    bl_description = "Give this preset of yours another name"
    bl_options = {"REGISTER", "UNDO"}

    name: StringProperty(name="Name")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.name = chosen_preset(context.scene.tracked_shot, COMPOSITE)
        return context.window_manager.invoke_props_dialog(self)

    def work(self, context: bpy.types.Context) -> set[str]:
        memory = context.scene.tracked_shot
        presets.rename_preset(COMPOSITE, chosen_preset(memory, COMPOSITE), self.name)
        preset_items.refresh()
        memory.composite_preset = self.name
        return DONE


class TRACKED_SHOT_OT_delete_composite_preset(OwnPreset, bpy.types.Operator):
    """Deletes the scene's preset."""

    bl_idname = "tracked_shot.delete_composite_preset"
    bl_label = "Delete Preset"
    bl_description = "Delete this preset of yours from disk; what is built with it stays"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    def work(self, context: bpy.types.Context) -> set[str]:
        memory = context.scene.tracked_shot
        presets.delete_preset(COMPOSITE, chosen_preset(memory, COMPOSITE))
        preset_items.refresh()
        memory.composite_preset_name = ""
        return DONE


class TRACKED_SHOT_OT_export_composite_preset(SceneAction, bpy.types.Operator):
    """Writes the scene's preset to a file."""

    bl_idname = "tracked_shot.export_composite_preset"
    bl_label = "Export Preset"
    bl_description = "Write this preset to a file, to give it to somebody"

    filepath: StringProperty(subtype="FILE_PATH")
    filter_glob: StringProperty(default="*.yaml;*.yml", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.filepath = f"{chosen_preset(context.scene.tracked_shot, COMPOSITE)}.yaml"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self, context: bpy.types.Context) -> set[str]:
        if not self.filepath:
            self.report({"ERROR"}, "No file was named")
            return STOPPED
        chosen = chosen_preset(context.scene.tracked_shot, COMPOSITE)
        path = presets.export_preset(COMPOSITE, chosen, Path(bpy.path.abspath(self.filepath)))
        self.report({"INFO"}, f"Written to {path}")
        return DONE


class TRACKED_SHOT_OT_import_composite_preset(SceneAction, bpy.types.Operator):
    """Takes a preset in from a file."""

    bl_idname = "tracked_shot.import_composite_preset"
    bl_label = "Import Preset"
    bl_description = "Take a preset in from a file that somebody gave you"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(subtype="FILE_PATH")
    filter_glob: StringProperty(default="*.yaml;*.yml", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self, context: bpy.types.Context) -> set[str]:
        if not self.filepath:
            self.report({"ERROR"}, "No file was named")
            return STOPPED
        name = presets.import_preset(COMPOSITE, Path(bpy.path.abspath(self.filepath)))
        preset_items.refresh()
        context.scene.tracked_shot.composite_preset = name
        watch.look_at_composite(context.scene)
        return DONE


CLASSES = (
    TRACKED_SHOT_OT_save_composite_preset,
    TRACKED_SHOT_OT_rename_composite_preset,
    TRACKED_SHOT_OT_delete_composite_preset,
    TRACKED_SHOT_OT_export_composite_preset,
    TRACKED_SHOT_OT_import_composite_preset,
)
