"""Tracked Shot for scripts: the public names, each loaded when it is first asked for.

Sessions, presets, shot files and the engine work without Blender; a name from a Blender
room imports bpy the first time it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_ROOMS = {
    ".errors": ("Cancelled", "FootageError", "InputError", "SessionError", "SolveError", "TrackedShotError"),
    ".engine.model": ("Lens", "LensStart", "Solve", "TrackingSettings", "Tracks"),
    ".config": (
        "CameraConfig",
        "CgConfig",
        "CompositeConfig",
        "CompositeShotConfig",
        "FootageConfig",
        "LensConfig",
        "RenderConfig",
        "SceneConfig",
        "TrackingShotConfig",
    ),
    ".shotfile": ("Problem", "ShotFileError", "check_shot", "load_shot", "load_shot_dict"),
    ".shot_write": ("WrittenShot", "save_shot", "write_shot"),
    ".presets": (
        "PresetInfo",
        "list_composite_presets",
        "list_tracking_presets",
        "load_composite_preset",
        "load_tracking_preset",
        "resolve_composite",
    ),
    ".hooks": ("StageData", "register_hook", "unregister_hook"),
    ".user_presets": ("delete_preset", "export_preset", "import_preset", "rename_preset", "save_preset"),
    ".report": ("ShotReport",),
    ".session": (
        "SessionStatus",
        "TrackingSessionManager",
        "cleanup_old_sessions",
        "create_session",
        "export_session_report",
        "list_sessions",
        "load_session",
        "merge_sessions",
        "resume_tracking",
    ),
    ".blender.camera": ("apply_solved_camera",),
    ".blender.blends": ("create_alpha_over_composite", "create_shadow_composite"),
    ".blender.composite": ("setup_shot_compositing",),
    ".blender.corner_pin": ("create_corner_pin_nodes",),
    ".blender.lens_nodes": ("apply_stmap_distortion",),
    ".blender.lens_workflow": ("setup_lens_distortion_workflow",),
    ".blender.stabilization": ("create_stabilization_nodes",),
    ".blender.remove": ("remove_shot",),
    ".blender.scene": ("setup_shadow_catcher",),
    ".blender.assemble": ("assemble_shot_with_tracking",),
}
"""Which room each public name lives in."""

_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = sorted(_ROOM_OF)


def __getattr__(name: str) -> Any:
    """Load a public name from its room; raises AttributeError for any other."""
    room = _ROOM_OF.get(name)
    if room is None:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(room, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
