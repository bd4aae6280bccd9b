"""What a developer asks first of somebody who reports a bug, as text."""

from __future__ import annotations

import platform
from pathlib import Path

import bpy
import cv2
import numpy as np

from . import watch
from .tracking.session.worker import log_path

LOG_LINES = 40


def words(clip: bpy.types.MovieClip | None) -> str:
    """Versions, the clip, its session and the end of its log; home folders are left out."""
    lines = [
        f"Tracked Shot {_version()}, Blender {bpy.app.version_string} ({bpy.app.build_hash.decode()})",
        f"{platform.platform()}, Python {platform.python_version()}",
        f"NumPy {np.__version__}, OpenCV {cv2.__version__}",
    ]
    state = watch.state_of(clip)
    if clip is not None:
        space = clip.colorspace_settings.name
        lines.append(
            f"Clip: {clip.source.lower()}, {clip.size[0]}x{clip.size[1]}, "
            f"{clip.frame_duration} frames, {space}"
        )
        memory = clip.tracked_shot
        lines.append(f"Solve: {memory.verdict or 'none'}, {memory.average_error:.3f} px, {memory.reasons!r}")
    if state is not None:
        lines += [f"Finding: {finding.code}: {finding.message}" for finding in state.findings]
        lines.append(f"Session: {state.progress}")
        if state.trouble:
            lines.append(f"Trouble: {state.trouble}")
        lines += _log(state.session)
    return "\n".join(lines).replace(str(Path.home()), "~") + "\n"


def _version() -> str:
    manifest = Path(__file__).with_name("blender_manifest.toml")
    file = manifest if manifest.is_file() else manifest.parents[1] / manifest.name
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        name, _, value = line.partition("=")
        if name.strip() == "version":
            return value.strip().strip('"')
    return "of unknown version"


def _log(session: Path | None) -> list[str]:
    file = log_path(session) if session is not None else None
    if file is None or not file.is_file():
        return []
    said = file.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
    return ["Log:", *(f"  {line}" for line in said)]
