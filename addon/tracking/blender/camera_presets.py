"""Blender's camera presets for clips, its own and the user's: the sensor, sometimes the lens, by name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..errors import InputError
from ..schema import hint

FOLDER = "tracking_camera"
_SETTING = re.compile(
    r"^camera\.(sensor_width|focal_length|pixel_aspect|units)\s*=\s*(\S+)\s*$", re.MULTILINE
)
MOST_BYTES = 20_000


@dataclass(frozen=True)
class CameraPreset:
    """What a preset says of a camera."""

    name: str
    sensor_width_mm: float
    focal_length_mm: float | None = None
    """None where it says nothing of the lens."""


def camera_presets() -> list[CameraPreset]:
    """All presets that name a sensor, by name; files that do not are left out.

    The files are Python that sets the clip's camera. They are read, not run.
    """
    found: dict[str, CameraPreset] = {}
    for folder in bpy.utils.preset_paths(FOLDER):
        for file in sorted(Path(folder).glob("*.py")):
            preset = _read(file)
            if preset is not None:
                found[preset.name] = preset
    return [found[name] for name in sorted(found, key=str.casefold)]


def camera_preset(name: str) -> CameraPreset:
    """The preset of that name, in any case of letters. Raises InputError, naming the nearest, for another."""
    known = {preset.name: preset for preset in camera_presets()}
    for preset in known.values():
        if preset.name.casefold() == name.strip().casefold():
            return preset
    raise InputError(f"Blender has no camera preset '{name}'{hint(name, known)}")


def _read(file: Path) -> CameraPreset | None:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")[:MOST_BYTES]
    except OSError:  # gone meanwhile, or not ours to read: then it is no preset for us
        return None
    values = dict(_SETTING.findall(text))
    try:
        sensor = float(values["sensor_width"])
        focal = float(values["focal_length"]) if "focal_length" in values else None
    except (KeyError, ValueError):
        return None
    if focal is not None and "PIXELS" in values.get("units", ""):
        focal = None
    return CameraPreset(bpy.path.display_name(file.name, has_ext=True, title_case=False), sensor, focal)
