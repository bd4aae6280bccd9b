"""Where the Blenders are that this repository is tested in.

Three are Python modules (`bpy` from the package registry, each in an environment
of its own, Python 3.11 only); two are desktop programs, used where they are found.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
ENVIRONMENTS = REPOSITORY / ".envs"
MODULES = ("bpy-4.2", "bpy-4.5", "bpy-5.0")
DESKTOP_VERSIONS = ("4.3", "5.2")
SHARED_RUN = REPOSITORY.parent / "shared" / "blender" / "run"


@dataclass(frozen=True)
class Desktop:
    """One desktop Blender: the commands that start it, to which its own arguments are added."""

    version: str
    background: tuple[str, ...]
    window: tuple[str, ...] | None
    """None where there is no screen, real or virtual, to open a window on."""

    @property
    def name(self) -> str:
        return f"desktop-{self.version}"


def find_desktop(version: str) -> Desktop | None:
    """The desktop Blender of that version ("4.3"), or None where there is none.

    The environment variable BLENDER_4_3 (BLENDER_5_2) holds a command; without it,
    the repository's neighbour ../shared/blender/run is tried.
    """
    given = os.environ.get(f"BLENDER_{version.replace('.', '_')}")
    if given:
        command = tuple(shlex.split(given))
        return Desktop(version, command, _on_a_screen(command))
    if SHARED_RUN.is_file() and Path(f"/opt/blender-{version}/.ready").exists():
        run = (str(SHARED_RUN), version)
        return Desktop(version, (*run, "blender"), (*run, "--display", "blender"))
    return None


def own_environment(folder: str | Path) -> dict[str, str]:
    """The environment of a Blender with a user folder and a shader cache of its own.

    Mesa's cache is mapped into memory by all programs that draw; one can die of what another does to it.
    """
    cache = str(Path(folder) / "shaders")
    return {**os.environ, "BLENDER_USER_RESOURCES": str(folder), "MESA_SHADER_CACHE_DIR": cache}


def _on_a_screen(command: tuple[str, ...]) -> tuple[str, ...] | None:
    """The command as it opens a window here: as it is, on a virtual screen, or not at all."""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform != "linux":
        return command
    if shutil.which("xvfb-run"):
        return ("xvfb-run", "--auto-servernum", "--server-args=-screen 0 1600x1000x24", *command)
    return None
