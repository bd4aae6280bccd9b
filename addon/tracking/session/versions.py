"""Which programs write a session: part of what its last bits depend on."""

from __future__ import annotations

import os
import platform
import sys
import tomllib
from functools import cache
from pathlib import Path

import cv2
import numpy as np

BLENDER = "TRACKED_SHOT_BLENDER"
"""Tells a worker which Blender started it."""


@cache
def product_version() -> str:
    """The add-on's version, from its manifest; empty where that is missing."""
    package = Path(__file__).resolve().parents[2]
    for folder in (package, package.parent):  # installed; run from source
        manifest = folder / "blender_manifest.toml"
        if manifest.is_file():
            return str(tomllib.loads(manifest.read_text(encoding="utf-8")).get("version", ""))
    return ""


def blender_version() -> str:
    """The Blender that this process belongs to; empty where there is none."""
    bpy = sys.modules.get("bpy")
    return str(bpy.app.version_string) if bpy is not None else os.environ.get(BLENDER, "")


def versions() -> dict[str, str]:
    """The versions of all that a result depends on."""
    return {
        "tracked_shot": product_version(),
        "blender": blender_version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "machine": f"{sys.platform}-{platform.machine()}",
    }


def same_decoder(one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether two runs decode footage with the very same code."""
    return all(one.get(key) == other.get(key) for key in ("opencv", "machine"))
