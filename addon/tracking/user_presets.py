"""The user's own presets: saved, renamed, deleted, for every kind of preset alike.

They are YAML files in the folder that ``presets.set_user_folder`` names. What is built in can be neither
overwritten nor renamed nor deleted; a file that would not load is not written. A broken file that is there
can be renamed and deleted like any other, it only cannot be used.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import InputError
from .presets import (
    PresetInfo,
    list_composite_presets,
    list_tracking_presets,
    load_composite_preset,
    load_tracking_preset,
    save_composite_preset,
    save_tracking_preset,
)
from .schema import hint

TRACKING, COMPOSITE = "tracking", "composite"

_NAME = re.compile(r"[\w][\w .+-]{0,63}")
_ENDS = " ."
"""What a file's name cannot end with everywhere."""


@dataclass(frozen=True)
class _Kind:
    """How presets of a kind are listed, read and written."""

    listed: Callable[[Path | None], list[PresetInfo]]
    load: Callable[[str, Path | None], Any]
    save: Callable[[str, Any, str, Path | None], Path]


_KINDS = {
    TRACKING: _Kind(list_tracking_presets, load_tracking_preset, save_tracking_preset),
    COMPOSITE: _Kind(
        list_composite_presets,
        load_composite_preset,
        lambda name, config, _description, folder: save_composite_preset(name, config, folder),
    ),
}


def own_presets(kind: str, user_folder: Path | None = None) -> list[PresetInfo]:
    """The user's own presets of that kind, by name; broken ones with their error."""
    return [info for info in _KINDS[kind].listed(user_folder) if not info.built_in]


def save_preset(
    kind: str,
    name: str,
    value: Any,
    description: str = "",
    *,
    replace: bool = False,
    user_folder: Path | None = None,
) -> Path:
    """Writes a preset of the user's own and returns its file.

    ``value`` is TrackingSettings or a CompositeConfig (which has its own description). A name that the user
    has already is overwritten only with ``replace``. Raises InputError for a name that is built in, taken or
    impossible, for values that would not load, and where nothing can be written.
    """
    name = name.strip()
    taken = _find(kind, name, user_folder)
    if taken is None or taken.built_in or not replace:
        _check_new(kind, name, user_folder)
    _check_value(kind, value, description)
    path = _KINDS[kind].save(taken.name if taken else name, value, description, user_folder)
    if taken is not None and taken.path != path:  # the same name with the other ending, .yml
        _remove(taken.path)
    return path


def rename_preset(kind: str, old: str, new: str, user_folder: Path | None = None) -> Path:
    """Gives a preset of the user's own another name; returns its file.

    Raises InputError where it is built in or not there, and for a new name that is taken or impossible.
    """
    info = _own(kind, old, user_folder)
    new = new.strip()
    if new == info.name:
        return info.path
    if new.casefold() != info.name.casefold():
        _check_new(kind, new, user_folder)
    _check_name(new)
    path = info.path.with_name(f"{new}{info.path.suffix}")
    try:
        info.path.rename(path)
    except OSError as error:
        raise InputError(f"{info.path}: cannot be renamed: {error.strerror or error}") from None
    return path


def delete_preset(kind: str, name: str, user_folder: Path | None = None) -> Path:
    """Deletes a preset of the user's own; returns the file that is gone.

    Raises InputError where it is built in or not there, or cannot be deleted.
    """
    path = _own(kind, name, user_folder).path
    _remove(path)
    return path


def free_name(kind: str, wanted: str, user_folder: Path | None = None) -> str:
    """``wanted``, or with a number where there is a preset of that name."""
    name, number = wanted, 2
    while _find(kind, name, user_folder) is not None:
        name, number = f"{wanted} {number}", number + 1
    return name


def _find(kind: str, name: str, user_folder: Path | None) -> PresetInfo | None:
    """The preset of that name, whatever its letters' case: many disks do not tell them apart."""
    wanted = name.casefold()
    return next((info for info in _KINDS[kind].listed(user_folder) if info.name.casefold() == wanted), None)


def _own(kind: str, name: str, user_folder: Path | None) -> PresetInfo:
    """The user's own preset of just that name. Raises InputError."""
    own = own_presets(kind, user_folder)
    for info in own:
        if info.name == name:
            return info
    if _find(kind, name, user_folder) is not None:
        raise InputError(f"'{name}' is built in and stays as it is")
    raise InputError(f"you have no {kind} preset '{name}'{hint(name, [info.name for info in own])}")


def _check_new(kind: str, name: str, user_folder: Path | None) -> None:
    """Raises InputError for a name that no new preset can have."""
    _check_name(name)
    taken = _find(kind, name, user_folder)
    if taken is not None and taken.built_in:
        raise InputError(f"'{taken.name}' is a built-in {kind} preset; choose another name")
    if taken is not None:
        raise InputError(f"you have a {kind} preset '{taken.name}' already; choose another name")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name.endswith(tuple(_ENDS)):
        shown = "".join(letter if letter.isprintable() else " " for letter in name[:60])
        raise InputError(f"'{shown}' cannot name a preset: use letters, digits, spaces, _ . + and -")


def _check_value(kind: str, value: Any, description: str) -> None:
    """Raises InputError where the values, once written, would not load: tried in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        _KINDS[kind].save("trial", value, description, Path(folder))
        try:
            _KINDS[kind].load("trial", Path(folder))
        except InputError as error:
            # What is wrong, without the place in a file that nobody will see.
            raise InputError(str(error).partition(": ")[2]) from None


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise InputError(f"{path}: cannot be deleted: {error.strerror or error}") from None
