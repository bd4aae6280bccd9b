"""The menu of everything, which the search (F3) looks through; also in Blender's Window menu."""

from __future__ import annotations

from types import ModuleType

import bpy

from .. import operators


class TRACKED_SHOT_MT_all(bpy.types.Menu):
    """Every action, room by room."""

    bl_label = "Tracked Shot"

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        for room in ROOMS:
            layout.menu(room.__name__)


class _Room:
    """The actions of some rooms of operators."""

    modules: tuple[ModuleType, ...] = ()

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        for module in self.modules:
            for kind in module.CLASSES:
                layout.operator(kind.bl_idname)


class TRACKED_SHOT_MT_clip(_Room, bpy.types.Menu):
    """The clip and its tracks."""

    bl_label = "Clip"
    modules = (operators.clip, operators.exchange, operators.cameras, operators.lens)


class TRACKED_SHOT_MT_track(_Room, bpy.types.Menu):
    """Tracking and solving."""

    bl_label = "Track & Solve"
    modules = (operators.track, operators.improve)


class TRACKED_SHOT_MT_sessions(_Room, bpy.types.Menu):
    """Sessions."""

    bl_label = "Sessions"
    modules = (operators.sessions,)


class TRACKED_SHOT_MT_scene(_Room, bpy.types.Menu):
    """The shot in the scene."""

    bl_label = "Scene"
    modules = (operators.shot, operators.scene, operators.shot_file)


class TRACKED_SHOT_MT_presets(_Room, bpy.types.Menu):
    """Presets."""

    bl_label = "Presets"
    modules = (operators.presets,)


_NAMED = (
    TRACKED_SHOT_MT_clip,
    TRACKED_SHOT_MT_track,
    TRACKED_SHOT_MT_sessions,
    TRACKED_SHOT_MT_scene,
    TRACKED_SHOT_MT_presets,
)


class TRACKED_SHOT_MT_tools(_Room, bpy.types.Menu):
    """Workspace, overlay, log, and what no other room has."""

    bl_label = "Tools"
    modules = tuple(
        module
        for module in vars(operators).values()
        if isinstance(module, ModuleType)
        and hasattr(module, "CLASSES")
        and not any(module in room.modules for room in _NAMED)
    )


ROOMS = (*_NAMED, TRACKED_SHOT_MT_tools)
CLASSES = (TRACKED_SHOT_MT_all, *ROOMS)
