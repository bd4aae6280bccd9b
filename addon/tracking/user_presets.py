"""The user's own presets: saved, renamed, deleted, shared, for every kind of preset alike.

They are YAML files in the folder that ``presets.set_user_folder`` names. What is built in can be neither
overwritten nor renamed nor deleted; a file that would not load is not written. A broken file that is there
can be renamed and deleted like any other, it only cannot be used.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from . import yaml_tools
from .config import CompositeConfig
from .engine.model import TrackingSettings
from .errors import InputError
from .files import write_atomically
from .presets import (
    TRACKING_KINDS,
    PresetInfo,
    check_values,
    find_preset,
    list_composite_presets,
    list_tracking_presets,
    own_folder,
    preset_values,
)
from .schema import hint

TRACKING, COMPOSITE = "tracking", "composite"

_LISTS = {TRACKING: list_tracking_presets, COMPOSITE: list_composite_presets}
_NAME = re.compile(r"[\w][\w .+-]{0,63}")
_ENDS = " ."
"""What a file's name cannot end with everywhere."""


def own_presets(kind: str, user_folder: Path | None = None) -> list[PresetInfo]:
    """The user's own presets of that kind, by name; broken ones with their error."""
    return [info for info in _LISTS[kind](user_folder) if not info.built_in]


def save_preset(
    kind: str,
    name: str,
    value: TrackingSettings | CompositeConfig,
    description: str = "",
    *,
    replace: bool = False,
    user_folder: Path | None = None,
) -> Path:
    """Writes a preset of the user's own and returns its file.

    A composite's description is its own where none is given. A name that the user has already is overwritten
    only with ``replace``. Raises InputError for a name that is built in, taken or impossible, for values that
    would not load, and where nothing can be written.
    """
    if isinstance(value, CompositeConfig):
        values = value.to_dict()
        values.pop("mode", None)
    else:
        values = {key: getattr(value, key) for key in TRACKING_KINDS}  # a mask belongs to a clip
    if description:
        values.pop("description", None)
        values = {"description": description, **values}
    return _write(kind, name, values, replace, user_folder)


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


def export_preset(kind: str, name: str, path: Path, user_folder: Path | None = None) -> Path:
    """Writes a preset, built in or one's own, to a file that somebody else can import; returns its path.

    Pictures that it names are named by their whole paths. Raises InputError for a preset that is not there
    or broken.
    """
    path = Path(path)
    if path.suffix not in (".yaml", ".yml"):
        path = path.with_name(f"{path.name}.yaml")
    write_atomically(path, yaml_tools.write_text(preset_values(kind, find_preset(kind, name, user_folder))))
    return path


def import_preset(kind: str, path: Path, name: str = "", user_folder: Path | None = None) -> str:
    """Takes a preset from a file in as one's own, under the file's name where no other is given.

    Returns the name. Raises InputError, with the place in the file, for a file that is no such preset, and
    for a name that is built in, taken or impossible.
    """
    path = Path(path)
    return _write(kind, name or path.stem, preset_values(kind, path), False, user_folder).stem


def free_name(kind: str, wanted: str, user_folder: Path | None = None) -> str:
    """``wanted``, or with a number where there is a preset of that name."""
    name, number = wanted, 2
    while _find(kind, name, user_folder) is not None:
        name, number = f"{wanted} {number}", number + 1
    return name


def _write(kind: str, name: str, values: dict[str, Any], replace: bool, user_folder: Path | None) -> Path:
    name = name.strip()
    taken = _find(kind, name, user_folder)
    if taken is None or taken.built_in or not replace:
        _check_new(kind, name, user_folder)
    check_values(kind, values)
    path = own_folder(kind, user_folder) / f"{taken.name if taken else name}.yaml"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be made: {error.strerror or error}") from None
    write_atomically(path, yaml_tools.write_text(values))
    if taken is not None and taken.path != path:  # the same name with the other ending, .yml
        _remove(taken.path)
    return path


def _find(kind: str, name: str, user_folder: Path | None) -> PresetInfo | None:
    """The preset of that name, whatever its letters' case: many disks do not tell them apart."""
    wanted = name.casefold()
    return next((info for info in _LISTS[kind](user_folder) if info.name.casefold() == wanted), None)


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


def _remove(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise InputError(f"{path}: cannot be deleted: {error.strerror or error}") from None
