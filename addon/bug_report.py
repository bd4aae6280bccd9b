"""What a developer asks first of somebody who reports a bug, as text."""

from __future__ import annotations

import platform
from pathlib import Path

import bpy
import cv2
import numpy as np

from . import watch
from .tracking.session.versions import product_version
from .tracking.session.worker import log_path

LOG_LINES = 40


def words(clip: bpy.types.MovieClip | None) -> str:
    """Versions, the clip, its session and the end of its log; home folders are left out."""
    version = product_version() or "of unknown version"
    lines = [
        f"Tracked Shot {version}, Blender {bpy.app.version_string} ({bpy.app.build_hash.decode()})",
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


def _log(session: Path | None) -> list[str]:
    file = log_path(session) if session is not None else None
    if file is None or not file.is_file():
        return []
    said = file.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:]
    return ["Log:", *(f"  {line}" for line in said)]
