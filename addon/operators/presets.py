"""The user's own presets, tracking and composite: added, edited, renamed, deleted, shared as files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from .. import composite_settings, preset_items, watch
from ..preset_items import COMPOSITE, TRACKING
from ..properties import DATA_VERSION, chosen_preset
from ..tracking.engine.model import TrackingSettings
from ..tracking.errors import TrackedShotError
from ..tracking.presets import TRACKING_KINDS, load_tracking_preset
from ..tracking.schema import Choice, Flag, Integer, Kind, Number
from ..tracking.user_presets import (
    delete_preset,
    export_preset,
    free_name,
    import_preset,
    rename_preset,
    save_preset,
)
from ..words import said
from .base import DONE, STOPPED, ClipAction, SceneAction, chosen_file, clip_of, usual_folder

SUFFIX = ".yaml"
DIGITS = 6
"""Blender holds a number in 32 bits; what it shows is what is meant."""

LABELS = {
    "pattern": "Pattern Size",
    "redetect": "New Points Every",
    "correlation": "Least Correlation",
    "ring": "Frames in Memory",
    "min_length": "Shortest Track",
    "motion": "Camera",
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
    "refine_principal_point": "Find where the lens's axis meets the picture; for plates that were cropped",
    "motion": "What the camera is known to do: anything, move, or only turn where it stands, as on a tripod",
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


# --- whose preset it is ------------------------------------------------------


class _Chosen:
    """What the operators of both kinds do with the preset that is chosen."""

    kind = ""
    own_only = False
    """Whether the chosen preset has to be one of the user's own."""

    @classmethod
    def about(cls, memory: bpy.types.PropertyGroup) -> str:
        """Why nothing can be done with the chosen preset; empty where it can."""
        name = chosen_preset(memory, cls.kind)
        if not preset_items.is_known(cls.kind, name):
            return f"There is no preset {name}"
        if cls.own_only and not preset_items.is_own(cls.kind, name):
            return f"{preset_items.title(name)} is built in; add one of your own first"
        return ""

    def memory(self, context: bpy.types.Context) -> bpy.types.PropertyGroup:
        """Where the choice is remembered."""
        raise NotImplementedError

    def users(self) -> Iterator[bpy.types.PropertyGroup]:
        """Every place in this file that may name a preset of this kind."""
        raise NotImplementedError

    def chosen(self, context: bpy.types.Context) -> str:
        return chosen_preset(self.memory(context), self.kind)

    def choose(self, context: bpy.types.Context, name: str) -> None:
        """Reads the presets anew and chooses one."""
        preset_items.refresh()
        memory = self.memory(context)
        if name and self.kind == COMPOSITE:
            memory.composite_preset = name  # shows its values, too
        else:
            setattr(memory, f"{self.kind}_preset_name", name)
        memory.data_version = DATA_VERSION

    def follow(self, old: str, new: str) -> None:
        """Lets all that names the preset ``old`` name ``new``."""
        for memory in self.users():
            if getattr(memory, f"{self.kind}_preset_name") == old:
                setattr(memory, f"{self.kind}_preset_name", new)


class _ClipPreset(_Chosen, ClipAction):
    """An operator on the tracking preset that is chosen for the clip."""

    kind = TRACKING

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        return cls.about(clip.tracked_shot)

    def memory(self, context: bpy.types.Context) -> bpy.types.PropertyGroup:
        return clip_of(context).tracked_shot

    def users(self) -> Iterator[bpy.types.PropertyGroup]:
        return (clip.tracked_shot for clip in bpy.data.movieclips if clip.library is None)


class _ScenePreset(_Chosen, SceneAction):
    """An operator on the composite preset that is chosen for the scene."""

    kind = COMPOSITE

    @classmethod
    def refusal(cls, context: bpy.types.Context) -> str:
        return cls.about(context.scene.tracked_shot)

    def memory(self, context: bpy.types.Context) -> bpy.types.PropertyGroup:
        return context.scene.tracked_shot

    def users(self) -> Iterator[bpy.types.PropertyGroup]:
        return (scene.tracked_shot for scene in bpy.data.scenes if scene.library is None)


# --- what is done with it ----------------------------------------------------


class _Dialog:
    """All settings of a tracking preset, to begin with those of the chosen one."""

    heads: tuple[str, ...] = ("description",)
    """What is asked for above the settings."""
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
            self.report({"ERROR"}, said(str(error)))
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
        for name in self.heads:
            layout.prop(self, name)
        column = layout.column()
        for key in _SETTINGS:
            column.prop(self, key)


class _Rename:
    bl_options = {"UNDO"}
    own_only = True

    new_name: StringProperty(name="Name", maxlen=64, options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.new_name = self.chosen(context)
        return set(context.window_manager.invoke_props_dialog(self, confirm_text="Rename"))

    def work(self, context: bpy.types.Context) -> set[str]:
        old = self.chosen(context)
        new = rename_preset(self.kind, old, self.new_name).stem
        preset_items.refresh()
        self.follow(old, new)
        self.choose(context, new)
        return DONE


class _Delete:
    bl_description = "Delete the chosen preset, which is your own, from disk. This cannot be undone"
    bl_options = {"UNDO"}
    own_only = True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return set(
            context.window_manager.invoke_confirm(
                self,
                event,
                title="Delete Preset?",
                message=said(f"{self.chosen(context)} is deleted from disk. This cannot be undone."),
                confirm_text="Delete",
            )
        )

    def work(self, context: bpy.types.Context) -> set[str]:
        name = self.chosen(context)
        path = delete_preset(self.kind, name)
        self.follow(name, "")
        self.choose(context, "")
        self.report({"INFO"}, said(f"Deleted: {path}"))
        return DONE


class _Export(ExportHelper):
    bl_description = "Write the chosen preset to a file, to give it to somebody"
    bl_options = {"REGISTER"}
    filename_ext = SUFFIX

    filter_glob: StringProperty(default="*.yaml;*.yml", options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.filepath = str(usual_folder() / f"{self.chosen(context)}{SUFFIX}")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self, context: bpy.types.Context) -> set[str]:
        file = chosen_file(self, "Choose a file to write")
        if file is None:
            return STOPPED
        path = export_preset(self.kind, self.chosen(context), file)
        self.report({"INFO"}, said(f"Written: {path}"))
        return DONE


class _Import(ImportHelper):
    bl_description = "Take a preset in from a file that somebody gave you, as one of your own"
    bl_options = {"REGISTER", "UNDO"}
    filename_ext = SUFFIX

    filter_glob: StringProperty(default="*.yaml;*.yml", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def about(cls, memory: bpy.types.PropertyGroup) -> str:
        return ""  # whatever is chosen

    def work(self, context: bpy.types.Context) -> set[str]:
        file = chosen_file(self, "Choose a file to read")
        if file is None:
            return STOPPED
        name = import_preset(self.kind, file)
        self.choose(context, name)
        self.report({"INFO"}, said(f"Preset added: {name}"))
        return DONE


# --- tracking presets --------------------------------------------------------


class TRACKED_SHOT_OT_add_tracking_preset(_Dialog, _ClipPreset, bpy.types.Operator):
    """Makes a tracking preset of the user's own."""

    bl_idname = "tracked_shot.add_tracking_preset"
    bl_label = "Add Tracking Preset"
    bl_description = "Make a preset of your own, beginning with the settings of the chosen one"
    bl_options = {"UNDO"}

    heads = ("new_name", "description")
    new_name: StringProperty(name="Name", maxlen=64, options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        name = self.chosen(context)
        self.new_name = self.new_name or free_name(TRACKING, f"my {name}"[:60])
        return self.show(context, name)

    def work(self, context: bpy.types.Context) -> set[str]:
        name = self.chosen(context)
        path = save_preset(TRACKING, self.new_name, self.settings(name), self.description)
        self.choose(context, path.stem)
        self.report({"INFO"}, said(f"Saved: {path}"))
        return DONE


class TRACKED_SHOT_OT_edit_tracking_preset(_Dialog, _ClipPreset, bpy.types.Operator):
    """Changes a tracking preset of the user's own."""

    bl_idname = "tracked_shot.edit_tracking_preset"
    bl_label = "Edit Tracking Preset"
    bl_description = "Change the settings of the chosen preset, which is your own"
    bl_options = {"UNDO"}

    own_only = True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        name = self.chosen(context)
        self.description = preset_items.description(TRACKING, name)
        return self.show(context, name)

    def work(self, context: bpy.types.Context) -> set[str]:
        name = self.chosen(context)
        about = self.description
        if not self.properties.is_property_set("description"):
            about = preset_items.description(TRACKING, name)
        path = save_preset(TRACKING, name, self.settings(name), about, replace=True)
        self.choose(context, name)
        self.report({"INFO"}, said(f"Saved: {path}"))
        return DONE


class TRACKED_SHOT_OT_rename_tracking_preset(_Rename, _ClipPreset, bpy.types.Operator):
    """Renames a tracking preset of the user's own."""

    bl_idname = "tracked_shot.rename_tracking_preset"
    bl_label = "Rename Tracking Preset"
    bl_description = "Give the chosen preset, which is your own, another name. Clips of this file follow"


class TRACKED_SHOT_OT_delete_tracking_preset(_Delete, _ClipPreset, bpy.types.Operator):
    """Deletes a tracking preset of the user's own."""

    bl_idname = "tracked_shot.delete_tracking_preset"
    bl_label = "Delete Tracking Preset"


class TRACKED_SHOT_OT_export_tracking_preset(_Export, _ClipPreset, bpy.types.Operator):
    """Writes the chosen tracking preset to a file."""

    bl_idname = "tracked_shot.export_tracking_preset"
    bl_label = "Export Tracking Preset"


class TRACKED_SHOT_OT_import_tracking_preset(_Import, _ClipPreset, bpy.types.Operator):
    """Takes a tracking preset in from a file."""

    bl_idname = "tracked_shot.import_tracking_preset"
    bl_label = "Import Tracking Preset"


# --- composite presets -------------------------------------------------------


class TRACKED_SHOT_OT_add_composite_preset(_ScenePreset, bpy.types.Operator):
    """Saves the preset and what was set over it under a name of its own."""

    bl_idname = "tracked_shot.add_composite_preset"
    bl_label = "Add Composite Preset"
    bl_description = (
        "Save the chosen preset, with what is set over it under Adjust, as a preset of your own. "
        "The name of the chosen one, where that is yours, overwrites it"
    )
    bl_options = {"UNDO"}

    new_name: StringProperty(name="Name", maxlen=64, options={"SKIP_SAVE"})
    description: StringProperty(
        name="Description", description="What it is for, in a line", maxlen=200, options={"SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        name = self.chosen(context)
        own = preset_items.is_own(COMPOSITE, name)
        self.new_name = name if own else free_name(COMPOSITE, f"my {name}"[:60])
        self.description = preset_items.description(COMPOSITE, name) if own else ""
        return set(context.window_manager.invoke_props_dialog(self, width=360, confirm_text="Save"))

    def work(self, context: bpy.types.Context) -> set[str]:
        name = self.chosen(context)
        config = composite_settings.composite_config(self.memory(context).composite_settings, name)
        config.description = self.description
        path = save_preset(COMPOSITE, self.new_name, config, replace=self.new_name.strip() == name)
        self.choose(context, path.stem)
        self.report({"INFO"}, said(f"Saved: {path}"))
        return DONE


class TRACKED_SHOT_OT_rename_composite_preset(_Rename, _ScenePreset, bpy.types.Operator):
    """Renames a composite preset of the user's own."""

    bl_idname = "tracked_shot.rename_composite_preset"
    bl_label = "Rename Composite Preset"
    bl_description = "Give the chosen preset, which is your own, another name. Scenes of this file follow"


class TRACKED_SHOT_OT_delete_composite_preset(_Delete, _ScenePreset, bpy.types.Operator):
    """Deletes a composite preset of the user's own."""

    bl_idname = "tracked_shot.delete_composite_preset"
    bl_label = "Delete Composite Preset"


class TRACKED_SHOT_OT_export_composite_preset(_Export, _ScenePreset, bpy.types.Operator):
    """Writes the chosen composite preset to a file."""

    bl_idname = "tracked_shot.export_composite_preset"
    bl_label = "Export Composite Preset"


class TRACKED_SHOT_OT_import_composite_preset(_Import, _ScenePreset, bpy.types.Operator):
    """Takes a composite preset in from a file."""

    bl_idname = "tracked_shot.import_composite_preset"
    bl_label = "Import Composite Preset"


CLASSES = (
    TRACKED_SHOT_OT_add_tracking_preset,
    TRACKED_SHOT_OT_edit_tracking_preset,
    TRACKED_SHOT_OT_rename_tracking_preset,
    TRACKED_SHOT_OT_delete_tracking_preset,
    TRACKED_SHOT_OT_export_tracking_preset,
    TRACKED_SHOT_OT_import_tracking_preset,
    TRACKED_SHOT_OT_add_composite_preset,
    TRACKED_SHOT_OT_rename_composite_preset,
    TRACKED_SHOT_OT_delete_composite_preset,
    TRACKED_SHOT_OT_export_composite_preset,
    TRACKED_SHOT_OT_import_composite_preset,
)
