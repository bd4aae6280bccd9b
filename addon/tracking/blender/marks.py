"""What we write onto things of Blender's as JSON: marks on nodes and groups, and a scene's memory."""

from __future__ import annotations

import json
from typing import Any

import bpy

from .nodes import MARK

MEMORY = "tracked_shot_composite"
"""Custom property of a scene: what was there before, as JSON."""


def to_json(value: Any) -> str:
    """JSON with its keys in order, so that equal values are equal texts."""
    return json.dumps(value, sort_keys=True)


def plain(value: Any) -> Any:
    """A value as it comes back from JSON, tuples as lists, to compare with a stored one."""
    return json.loads(to_json(value))


def mark_of(owner: Any) -> dict[str, Any] | None:
    """What our mark on a group or a node of the scene's tree says; None where there is none of that kind."""
    text = owner.get(MARK)
    if not isinstance(text, str) or not text.startswith("{"):
        return None  # nodes that a Builder made have plain words there
    return json.loads(text)


def memory_of(scene: bpy.types.Scene) -> dict[str, Any] | None:
    """What a scene was before our composite; None where it has none."""
    text = scene.get(MEMORY)
    return json.loads(text) if isinstance(text, str) else None


def store(owner: Any, name: str, value: Any) -> None:
    """Write a value as JSON into a custom property, unless it says so already."""
    text = to_json(value)
    if owner.get(name) != text:
        owner[name] = text
