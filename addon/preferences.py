"""What the user chose for all files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from . import preset_items
from .tracking.config import DEFAULT_COMPOSITE_PRESET, DEFAULT_TRACKING_PRESET

PACKAGE = __package__ or ""
_DEFAULTS = {preset_items.TRACKING: DEFAULT_TRACKING_PRESET, preset_items.COMPOSITE: DEFAULT_COMPOSITE_PRESET}


@dataclass(frozen=True)
class Choices:
    """The preferences as plain values."""

    session_folder: Path | None = None
    """Where sessions lie; None: beside the .blend or the footage."""
    low_priority: bool = True
    """Whether the worker process gives way to other programs."""
    allow_scripts: bool = False
    """Whether the Python files that a shot file names as hooks may run."""


def choices() -> Choices:
    """The preferences, or what they are at first where the add-on runs from source."""
    chosen = _stored()
    if chosen is None:
        return Choices()
    folder = bpy.path.abspath(chosen.session_folder)
    return Choices(Path(folder) if folder else None, chosen.low_priority, chosen.allow_scripts)


def default_preset(kind: str) -> str:
    """The name of the preset that is taken where none was chosen."""
    chosen = _stored()
    name = getattr(chosen, f"{kind}_preset_name") if chosen is not None else ""
    return name or _DEFAULTS[kind]


def user_folder(name: str) -> Path:
    """Where the user's own data of that name lies; it need not be there yet."""
    try:
        return Path(bpy.utils.extension_path_user(PACKAGE, path=name, create=False))
    except ValueError:  # run from source, or not installed as an extension
        return Path(bpy.utils.user_resource("DATAFILES", path="tracked_shot", create=False)) / name


def _stored() -> TRACKED_SHOT_AP_preferences | None:
    addon = bpy.context.preferences.addons.get(PACKAGE)
    return addon.preferences if addon is not None else None


def _number(kind: str):  # type: ignore[no-untyped-def]
    def number(self: TRACKED_SHOT_AP_preferences) -> int:
        return preset_items.number_of(getattr(self, f"{kind}_preset_name") or _DEFAULTS[kind])

    return number


def _choose(kind: str):  # type: ignore[no-untyped-def]
    def choose(self: TRACKED_SHOT_AP_preferences, number: int) -> None:
        setattr(self, f"{kind}_preset_name", preset_items.name_of(kind, number))

    return choose


class TRACKED_SHOT_AP_preferences(bpy.types.AddonPreferences):
    """The add-on's page in Blender's preferences."""

    bl_idname = PACKAGE

    session_folder: StringProperty(
        name="Session Folder",
        description="Where sessions are kept; empty: beside the saved .blend, or beside the footage",
        subtype="DIR_PATH",
    )
    tracking_preset_name: StringProperty(options={"HIDDEN"})
    composite_preset_name: StringProperty(options={"HIDDEN"})
    tracking_preset: EnumProperty(
        name="Tracking Preset",
        description="The tracking preset of clips for which none was chosen",
        items=preset_items.items(preset_items.TRACKING),
        get=_number(preset_items.TRACKING),
        set=_choose(preset_items.TRACKING),
    )
    composite_preset: EnumProperty(
        name="Composite Preset",
        description="The composite preset of scenes for which none was chosen",
        items=preset_items.items(preset_items.COMPOSITE),
        get=_number(preset_items.COMPOSITE),
        set=_choose(preset_items.COMPOSITE),
    )
    low_priority: BoolProperty(
        name="Low Priority",
        description="Let the tracking process give way to Blender and other programs",
        default=True,
    )
    allow_scripts: BoolProperty(
        name="Scripts From Shot Files",
        description="Run the Python files that a shot file names as hooks. They can do all that you can: "
        "allow it only where you know where your shot files come from",
        default=False,
    )

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "session_folder", placeholder="Beside the .blend or the footage")
        layout.prop(self, "tracking_preset")
        layout.prop(self, "composite_preset")
        layout.prop(self, "low_priority")
        layout.prop(self, "allow_scripts")
        row = layout.row()
        row.operator("tracked_shot.refresh_presets", icon="FILE_REFRESH")
        row.operator("tracked_shot.open_log", icon="TEXT")


CLASSES = (TRACKED_SHOT_AP_preferences,)
