"""The user's own presets: a dialog to make one from the chosen one, renaming, deleting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from .. import preset_items, watch
from ..properties import DATA_VERSION, chosen_preset
from ..tracking.engine.model import TrackingSettings
from ..tracking.errors import TrackedShotError
from ..tracking.presets import TRACKING_KINDS, load_tracking_preset
from ..tracking.schema import Choice, Flag, Integer, Kind, Number
from ..tracking.user_presets import delete_preset, free_name, rename_preset, save_preset
from .base import DONE, STOPPED, ClipAction, clip_of

DIGITS = 6
"""Blender holds a number in 32 bits; what it shows is what is meant."""

LABELS = {
    "pattern": "Pattern Size",
    "redetect": "New Points Every",
    "correlation": "Least Correlation",
    "ring": "Frames in Memory",
    "min_length": "Shortest Track",
}
"""Names of settings that say more than their keys."""
DESCRIPTIONS = {
    "pattern": "Side of the patch that is matched, in pixels of a frame 960 wide; odd",
    "density": "Points wanted in view at once",
    "redetect": "Frames between two looks for new points",
    "correlation": "How alike a patch has to stay to the one where its track began",
    "margin": "Pixels kept free between a patch and the frame's edge",
    "ring": "Frames held in memory, and how far back a new point is followed",
    "min_length": "Tracks with fewer markers are left out of the solve",
    "refine_focal_length": "Find the focal length",
    "refine_distortion": "Find the lens distortion",
}


def setting_property(name: str, kind: Kind) -> Any:
    """The property of a dialog for a preset's key; None for a kind that a dialog has no room for."""
    words = {
        "name": LABELS.get(name, name.replace("_", " ").title()),
        "description": DESCRIPTIONS.get(name, ""),
    }
    if isinstance(kind, Flag):
        return BoolProperty(**words)
    if isinstance(kind, Integer):
        return IntProperty(min=int(kind.low), max=int(kind.high), **words)
    if isinstance(kind, Number):
        return FloatProperty(min=max(kind.low, -1e9), max=min(kind.high, 1e9), precision=3, step=1, **words)
    if isinstance(kind, Choice):
        return EnumProperty(
            items=[(word, word.replace("_", " ").title(), "") for word in kind.names], **words
        )
    return None


_SETTINGS = {name: made for name, kind in TRACKING_KINDS.items() if (made := setting_property(name, kind))}


class _TrackingPreset(ClipAction):
    """An operator on the tracking preset that is chosen for the clip."""

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        name = chosen_preset(clip.tracked_shot, preset_items.TRACKING)
        if not preset_items.is_known(preset_items.TRACKING, name):
            return f"There is no preset {name}"
        return ""

    def chosen(self, context: bpy.types.Context) -> str:
        """The name of the preset that is chosen for the clip."""
        return chosen_preset(clip_of(context).tracked_shot, preset_items.TRACKING)

    def choose(self, context: bpy.types.Context, name: str) -> None:
        """Reads the presets anew and chooses one."""
        preset_items.refresh()
        memory = clip_of(context).tracked_shot
        memory.tracking_preset_name = name
        memory.data_version = DATA_VERSION


class _OwnTrackingPreset(_TrackingPreset):
    """The same on one of the user's own."""

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        name = chosen_preset(clip.tracked_shot, preset_items.TRACKING)
        why = super().refusal(clip, state)
        if not why and not preset_items.is_own(preset_items.TRACKING, name):
            return f"{preset_items.title(name)} is built in; add one of your own first"
        return why


class _Dialog:
    """All settings of a tracking preset, to begin with those of the chosen one."""

    __annotations__ = {
        "description": StringProperty(
            name="Description", description="What it is for, in a line", maxlen=200, options={"SKIP_SAVE"}
        ),
        **_SETTINGS,
    }

    def show(self, context: bpy.types.Context, name: str) -> set[str]:
        """Opens the dialog with the preset's values."""
        try:
            settings = load_tracking_preset(name)
        except TrackedShotError as error:
            self.report({"ERROR"}, str(error))
            return STOPPED
        for key in _SETTINGS:
            setattr(self, key, getattr(settings, key))
        return set(context.window_manager.invoke_props_dialog(self, width=360, confirm_text="Save"))

    def settings(self, name: str) -> TrackingSettings:
        """The preset's settings with what was set here laid over them. Raises InputError."""
        given = {
            key: round(value, DIGITS) if isinstance(value := getattr(self, key), float) else value
            for key in _SETTINGS
            if self.properties.is_property_set(key)
        }
        return replace(load_tracking_preset(name), **given)

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        if "new_name" in self.bl_rna.properties:
            layout.prop(self, "new_name")
        layout.prop(self, "description")
        column = layout.column()
        for key in _SETTINGS:
            column.prop(self, key)


class TRACKED_SHOT_OT_add_tracking_preset(_Dialog, _TrackingPreset, bpy.types.Operator):
    """Makes a tracking preset of the user's own."""

    bl_idname = "tracked_shot.add_tracking_preset"
    bl_label = "Add Tracking Preset"
    bl_description = "Make a preset of your own, beginning with the settings of the chosen one"
    bl_options = {"UNDO"}

    new_name: StringProperty(name="Name", maxlen=64, options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        name = self.chosen(context)
        self.new_name = self.new_name or free_name(preset_items.TRACKING, f"my {name}"[:60])
        return self.show(context, name)

    def work(self, context: bpy.types.Context) -> set[str]:
        name = self.chosen(context)
        path = save_preset(preset_items.TRACKING, self.new_name, self.settings(name), self.description)
        self.choose(context, path.stem)
        self.report({"INFO"}, f"Saved: {path}")
        return DONE


class TRACKED_SHOT_OT_edit_tracking_preset(_Dialog, _OwnTrackingPreset, bpy.types.Operator):
    """Changes a tracking preset of the user's own."""

    bl_idname = "tracked_shot.edit_tracking_preset"
    bl_label = "Edit Tracking Preset"
    bl_description = "Change the settings of the chosen preset, which is your own"
    bl_options = {"UNDO"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        name = self.chosen(context)
        self.description = preset_items.description(preset_items.TRACKING, name)
        return self.show(context, name)

    def work(self, context: bpy.types.Context) -> set[str]:
        name = self.chosen(context)
        about = self.description
        if not self.properties.is_property_set("description"):
            about = preset_items.description(preset_items.TRACKING, name)
        path = save_preset(preset_items.TRACKING, name, self.settings(name), about, replace=True)
        self.choose(context, name)
        self.report({"INFO"}, f"Saved: {path}")
        return DONE


class TRACKED_SHOT_OT_rename_tracking_preset(_OwnTrackingPreset, bpy.types.Operator):
    """Renames a tracking preset of the user's own."""

    bl_idname = "tracked_shot.rename_tracking_preset"
    bl_label = "Rename Tracking Preset"
    bl_description = "Give the chosen preset, which is your own, another name. Clips of this file follow"
    bl_options = {"UNDO"}

    new_name: StringProperty(name="Name", maxlen=64, options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.new_name = self.chosen(context)
        return set(context.window_manager.invoke_props_dialog(self, confirm_text="Rename"))

    def work(self, context: bpy.types.Context) -> set[str]:
        old = self.chosen(context)
        new = rename_preset(preset_items.TRACKING, old, self.new_name).stem
        for clip in bpy.data.movieclips:
            if clip.library is None and clip.tracked_shot.tracking_preset_name == old:
                clip.tracked_shot.tracking_preset_name = new
        self.choose(context, new)
        return DONE


class TRACKED_SHOT_OT_delete_tracking_preset(_OwnTrackingPreset, bpy.types.Operator):
    """Deletes a tracking preset of the user's own."""

    bl_idname = "tracked_shot.delete_tracking_preset"
    bl_label = "Delete Tracking Preset"
    bl_description = "Delete the chosen preset, which is your own, from disk. This cannot be undone"
    bl_options = {"UNDO"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return set(
            context.window_manager.invoke_confirm(
                self,
                event,
                title="Delete Preset?",
                message=f"{self.chosen(context)} is deleted from disk. This cannot be undone.",
                confirm_text="Delete",
            )
        )

    def work(self, context: bpy.types.Context) -> set[str]:
        name = self.chosen(context)
        path = delete_preset(preset_items.TRACKING, name)
        for clip in bpy.data.movieclips:
            if clip.library is None and clip.tracked_shot.tracking_preset_name == name:
                clip.tracked_shot.tracking_preset_name = ""
        self.choose(context, "")
        self.report({"INFO"}, f"Deleted: {path}")
        return DONE


CLASSES = (
    TRACKED_SHOT_OT_add_tracking_preset,
    TRACKED_SHOT_OT_edit_tracking_preset,
    TRACKED_SHOT_OT_rename_tracking_preset,
    TRACKED_SHOT_OT_delete_tracking_preset,
)
