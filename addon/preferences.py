"""What the user chose for all files."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from . import keymaps, preset_items
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
    keep_sessions: int = 0
    """How many finished sessions of a clip are kept; 0: all."""
    allow_scripts: bool = False
    """Whether the Python files that a shot file names as hooks may run."""


def choices() -> Choices:
    """The preferences, or what they are at first where the add-on runs from source."""
    chosen = _stored()
    if chosen is None:
        return Choices()
    folder = bpy.path.abspath(chosen.session_folder)
    return Choices(
        Path(folder) if folder else None, chosen.low_priority, chosen.keep_sessions, chosen.allow_scripts
    )


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


def set_log_level() -> None:
    """Has the add-on log as much as the preferences say."""
    chosen = _stored()
    logging.getLogger(PACKAGE).setLevel(chosen.log_level if chosen is not None else logging.NOTSET)


def _stored() -> TRACKED_SHOT_AP_preferences | None:
    addon = bpy.context.preferences.addons.get(PACKAGE)
    return addon.preferences if addon is not None else None


def _number(kind: str) -> Callable[[TRACKED_SHOT_AP_preferences], int]:
    """What reads a preset of that kind as its number in the menu."""

    def number(self: TRACKED_SHOT_AP_preferences) -> int:
        return preset_items.number_of(getattr(self, f"{kind}_preset_name") or _DEFAULTS[kind])

    return number


def _choose(kind: str) -> Callable[[TRACKED_SHOT_AP_preferences, int], None]:
    """What sets a preset of that kind by its number in the menu."""

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

    keep_sessions: IntProperty(
        name="Sessions to Keep",
        description="When a clip is tracked anew, delete its oldest finished sessions beyond this many. "
        "Those that clips of the open file use stay. 0: keep all",
        default=0,
        min=0,
        soft_max=20,
    )
    log_level: EnumProperty(
        name="Log Level",
        description="What the add-on writes to the console",
        items=(
            ("WARNING", "Warnings", "What went wrong"),
            ("INFO", "Information", "What was done, too"),
            ("DEBUG", "Everything", "All there is to tell, for looking for a fault"),
        ),
        update=lambda _self, _context: set_log_level(),
    )

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "session_folder", placeholder="Beside the .blend or the footage")
        layout.prop(self, "tracking_preset")
        layout.prop(self, "composite_preset")
        layout.prop(self, "keep_sessions")
        layout.prop(self, "low_priority")
        layout.prop(self, "allow_scripts")
        layout.prop(self, "log_level")
        row = layout.row()
        row.operator("tracked_shot.open_workspace", icon="WORKSPACE")
        row.operator("tracked_shot.refresh_presets", icon="FILE_REFRESH")
        row = layout.row()
        row.operator("tracked_shot.open_log", icon="TEXT")
        row.operator("tracked_shot.copy_bug_report", icon="COPYDOWN")
        header, body = layout.panel("tracked_shot_shortcuts", default_closed=True)
        header.label(text="Shortcuts")
        if body is not None:
            keymaps.draw(body, context)


CLASSES = (TRACKED_SHOT_AP_preferences,)
