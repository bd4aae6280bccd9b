"""The presets as Blender's menus list them: read from disk now and then, never while drawing.

Blender does not keep the strings of a menu whose items come from a function, so the lists live here.
A preset is remembered by its name; the number that Blender wants is made from the name, so that it
stays the same whatever other presets come and go.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

from .tracking.presets import PresetInfo, list_composite_presets, list_tracking_presets

TRACKING = "tracking"
COMPOSITE = "composite"

Item = tuple[str, str, str, str, int]

_LISTS: dict[str, Callable[[], list[PresetInfo]]] = {
    TRACKING: list_tracking_presets,
    COMPOSITE: list_composite_presets,
}
_items: dict[str, list[Item]] = {TRACKING: [], COMPOSITE: []}
_own: dict[str, set[str]] = {TRACKING: set(), COMPOSITE: set()}


def refresh() -> None:
    """Reads the presets, built in and the user's own, from disk."""
    for kind, listed in _LISTS.items():
        infos = listed()
        _items[kind] = [_item(info) for info in infos]
        _own[kind] = {info.name for info in infos if not info.built_in}


def clear() -> None:
    """Forgets what was read."""
    for kind in _items:
        _items[kind] = []
        _own[kind] = set()


def items(kind: str) -> Callable[[Any, Any], list[Item]]:
    """The function that an EnumProperty of that kind of preset takes its items from."""

    def listed(_owner: Any, _context: Any) -> list[Item]:
        return _items[kind]

    return listed


def number_of(name: str) -> int:
    """The number of the preset of that name in a menu.

    Up to Blender 4.3 at least an open menu keeps its numbers as floats, which hold 24 bits exactly.
    """
    return zlib.crc32(name.encode()) & 0xFFFFFF


def name_of(kind: str, number: int) -> str:
    """The name of the preset with that number; empty where there is none."""
    return next((item[0] for item in _items[kind] if item[4] == number), "")


def is_known(kind: str, name: str) -> bool:
    """Whether there is a preset of that name."""
    return any(item[0] == name for item in _items[kind])


def is_own(kind: str, name: str) -> bool:
    """Whether the preset of that name is the user's own, broken or not."""
    return name in _own[kind]


def description(kind: str, name: str) -> str:
    """What the preset is for, or why it cannot be used; empty for one that is not there."""
    return next((item[2] for item in _items[kind] if item[0] == name), "")


def title(name: str) -> str:
    """A preset's name as a menu shows it."""
    return name.replace("_", " ").title() if name.islower() else name


def _item(info: PresetInfo) -> Item:
    icon = "ERROR" if info.error else "NONE"
    return (info.name, title(info.name), info.error or info.description, icon, number_of(info.name))
