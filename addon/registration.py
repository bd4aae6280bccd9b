"""Everything the add-on hangs into Blender, in one ordered list that is undone in reverse."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import bpy

from . import (
    cli,
    keymaps,
    operators,
    overlay,
    panels,
    preferences,
    preset_items,
    preset_pictures,
    properties,
    translations,
)
from .tracking.presets import set_user_folder
from .watch import timer

log = logging.getLogger(__name__)
COMMAND = "tracked_shot"


@dataclass(frozen=True)
class Part:
    """Something that is hung into Blender, and how it comes off again."""

    name: str
    add: Callable[[], Any]
    remove: Callable[[], Any]


def register() -> None:
    """Hangs everything in; where a part fails, what was hung before it comes off and the error goes on."""
    if _hung:
        raise RuntimeError("Tracked Shot is registered already")
    try:
        for part in PARTS:
            part.add()
            _hung.append(part)
    except Exception:
        unregister()
        raise


def unregister() -> None:
    """Takes off what was hung in, last first; a part that fails is logged and keeps no other from going."""
    while _hung:
        part = _hung.pop()
        try:
            part.remove()
        except Exception:
            log.exception("%s could not be taken off", part.name)


def _class(kind: type) -> Part:
    return Part(
        kind.__name__, lambda: bpy.utils.register_class(kind), lambda: bpy.utils.unregister_class(kind)
    )


def _handler(name: str, function: Callable[..., None]) -> Part:
    listed: list[Callable[..., None]] = getattr(bpy.app.handlers, name)
    return Part(f"handler {name}", lambda: listed.append(function), lambda: listed.remove(function))


def _menu(name: str, draw: Callable[..., None]) -> Part:
    # Asked for by name: Reload Scripts makes Blender's menus anew, and this module stays.
    return Part(
        f"menu {name}",
        lambda: getattr(bpy.types, name).append(draw),
        lambda: getattr(bpy.types, name).remove(draw),
    )


def _find_presets() -> None:
    set_user_folder(preferences.user_folder("presets"))
    preset_items.refresh()


def _forget_presets() -> None:
    preset_items.clear()
    set_user_folder(None)


def _add_command() -> None:
    _command.append(bpy.utils.register_cli_command(COMMAND, cli.execute))


def _remove_command() -> None:
    bpy.utils.unregister_cli_command(_command.pop())


def _add_words() -> None:
    bpy.app.translations.register(COMMAND, translations.catalogue())


def _remove_words() -> None:
    bpy.app.translations.unregister(COMMAND)


def draw_track_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """The Clip Editor's Track menu: what starts, and what ends it."""
    self.layout.separator()
    self.layout.operator("tracked_shot.track_solve", icon="TRACKER")
    self.layout.operator("tracked_shot.setup_shot")
    self.layout.operator("tracked_shot.remove_shot")


def draw_clip_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """The Clip Editor's Clip menu: tracks to and from other programs."""
    self.layout.separator()
    self.layout.operator("tracked_shot.import_tracks", text="Import 2D Tracks…", icon="IMPORT")
    self.layout.operator("tracked_shot.export_tracks", text="Export 2D Tracks…", icon="EXPORT")


def draw_export_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """File > Export: the scene's camera."""
    self.layout.operator("tracked_shot.export_camera", text="Tracked Shot Camera (.chan/.abc/.fbx/.usd)")


def draw_import_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """File > Import: a camera from elsewhere."""
    self.layout.operator(
        "tracked_shot.import_camera", text="Tracked Shot Camera (.chan/.abc/.fbx/.usd/COLMAP)"
    )


def draw_window_menu(self: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """The Window menu, which the search looks through from every editor."""
    self.layout.separator()
    self.layout.menu("TRACKED_SHOT_MT_all", icon="TRACKER")


_hung: list[Part] = []
_command: list[Any] = []

PARTS: tuple[Part, ...] = (
    Part("words", _add_words, _remove_words),
    Part("presets", _find_presets, _forget_presets),
    Part("pictures of presets", preset_pictures.load, preset_pictures.forget),
    *map(_class, preferences.CLASSES),
    Part("log level", preferences.set_log_level, lambda: None),
    *map(_class, properties.CLASSES),
    Part("properties", properties.hang, properties.take_off),
    *map(_class, operators.CLASSES),
    *map(_class, panels.CLASSES),
    _menu("CLIP_MT_track", draw_track_menu),
    _menu("CLIP_MT_clip", draw_clip_menu),
    _menu("TOPBAR_MT_file_export", draw_export_menu),
    _menu("TOPBAR_MT_file_import", draw_import_menu),
    _menu("TOPBAR_MT_window", draw_window_menu),
    _handler("load_post", timer.on_load),
    _handler("save_pre", timer.before_save),
    _handler("save_post", timer.on_save),
    Part("shortcuts", keymaps.hang, keymaps.take_off),
    Part("overlay", overlay.hang, overlay.take_off),
    Part("timer", timer.start, timer.stop),
    Part("command line", _add_command, _remove_command),
)
