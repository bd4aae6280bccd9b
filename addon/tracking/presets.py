"""Presets: one YAML file each, built in or the user's own.

A preset's name is its file's name. The user's folder has the subfolders ``composite`` and
``tracking``; names of built-in presets belong to those. A broken file of the user's is
listed with its error and stops nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from . import yaml_tools
from .config import DEFAULT_TRACKING_PRESET, CompositeConfig, CompositeSection
from .engine.model import TrackingSettings
from .errors import InputError
from .files import write_atomically
from .schema import Findings, Flag, Integer, Kind, Number, Text, dotted, hint, merged, show

BUILT_IN = Path(__file__).resolve().parent.parent / "presets"

TRACKING_KINDS: dict[str, Kind] = {
    "pattern": Integer(7, 101),
    "density": Integer(20, 5000),
    "redetect": Integer(1, 100),
    "correlation": Number(0.0, 0.999),
    "margin": Integer(0, 200),
    "ring": Integer(8, 500),
    "min_length": Integer(3, 1000),
    "refine_focal_length": Flag(),
    "refine_distortion": Flag(),
}
"""What each key of a tracking preset may be."""

_NAME = re.compile(r"[\w][\w .+-]{0,63}")
_user_folder: Path | None = None

Loaded = TypeVar("Loaded")


@dataclass(frozen=True)
class PresetInfo:
    """A preset as a menu lists it."""

    name: str
    description: str
    path: Path
    built_in: bool
    error: str = ""
    """One line on why it cannot be used; empty where it can."""


def set_user_folder(path: Path | None) -> None:
    """Say once where the user's own presets are; None for nowhere."""
    global _user_folder
    _user_folder = None if path is None else Path(path)


def list_composite_presets(user_folder: Path | None = None) -> list[PresetInfo]:
    """All composite presets, built-in ones first, each group by name."""
    return _list("composite", user_folder, lambda path: _read_composite(path).description)


def list_tracking_presets(user_folder: Path | None = None) -> list[PresetInfo]:
    """All tracking presets, built-in ones first, each group by name."""
    return _list("tracking", user_folder, lambda path: _read_tracking(path)[1])


def load_composite_preset(name: str, user_folder: Path | None = None) -> CompositeConfig:
    """The composite preset of that name; raises InputError, naming the nearest, where there is none."""
    return _read_composite(_find("composite", name, user_folder))


def load_tracking_preset(
    name: str = DEFAULT_TRACKING_PRESET, user_folder: Path | None = None
) -> TrackingSettings:
    """The tracking preset of that name; raises InputError, naming the nearest, where there is none."""
    return _read_tracking(_find("tracking", name, user_folder))[0]


def resolve_composite(
    section: CompositeSection, user_folder: Path | None = None, base: Path | None = None
) -> CompositeConfig:
    """The preset that a shot names with what the shot says laid over it, all paths absolute.

    ``base`` is the folder that the shot's paths are relative to, ``config.base`` of a shot; left
    out, the current one. A preset's own paths are relative to its file. Raises InputError for an
    unknown preset and ConfigError for what does not fit together.
    """
    path = _find("composite", section.mode, user_folder)
    under = _with_absolute_paths(_read_composite(path), path.parent)
    over = section.to_dict()
    for keys, _, text in section.paths():
        _put(over, keys, os.path.abspath((base or Path.cwd()) / text))
    return CompositeConfig.from_dict(merged(under, over))


def _with_absolute_paths(config: CompositeConfig, folder: Path) -> dict[str, Any]:
    """The config as plain values, its paths relative to ``folder`` made absolute."""
    values = config.to_dict()
    for keys, _, text in config.paths():
        _put(values, keys, os.path.abspath(folder / text))
    return values


def _put(values: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    """Set the value that hangs at ``keys`` in nested mappings."""
    for key in keys[:-1]:
        values = values[key]
    values[keys[-1]] = value


def save_composite_preset(name: str, config: CompositeConfig, user_folder: Path | None = None) -> Path:
    """Write a composite preset of the user's own; raises InputError for a built-in or impossible name."""
    values = config.to_dict()
    values.pop("mode", None)
    return _save("composite", name, values, user_folder)


def save_tracking_preset(
    name: str, settings: TrackingSettings, description: str = "", user_folder: Path | None = None
) -> Path:
    """Write a tracking preset of the user's own; raises InputError for a built-in or impossible name."""
    values = {item.name: getattr(settings, item.name) for item in fields(settings)}
    return _save(
        "tracking", name, {"description": description, **values} if description else values, user_folder
    )


def rename_preset(group: str, name: str, new_name: str, user_folder: Path | None = None) -> Path:
    """Give one of the user's own presets another name; ``group`` is "composite" or "tracking".

    A broken one can be renamed too. Returns the file's new path. Raises InputError for a built-in preset, an
    impossible name, and one that is taken.
    """
    old = _own(group, name, user_folder)
    new = _place(group, new_name, user_folder)
    if new_name != name and new_name in _files(new.parent):
        raise InputError(f"there is a {group} preset '{new_name}' already; choose another name")
    try:
        old.rename(new)
    except OSError as error:
        raise InputError(f"{old}: cannot be renamed: {error.strerror}") from None
    return new


def delete_preset(group: str, name: str, user_folder: Path | None = None) -> None:
    """Delete one of the user's own presets, broken or not; raises InputError for a built-in one."""
    path = _own(group, name, user_folder)
    try:
        path.unlink()
    except OSError as error:
        raise InputError(f"{path}: cannot be deleted: {error.strerror}") from None


def export_preset(group: str, name: str, path: Path, user_folder: Path | None = None) -> Path:
    """Write a preset, built in or one's own, to a file that somebody else can import; returns its path.

    Pictures that it names are named by their whole paths. Raises InputError for a preset that is not there
    or broken.
    """
    source = _find(group, name, user_folder)
    if group == "composite":
        values = _with_absolute_paths(_read_composite(source), source.parent)
        values.pop("mode", None)
    else:
        _read_tracking(source)
        values = yaml_tools.read_file(source).value
    path = Path(path)
    if path.suffix not in (".yaml", ".yml"):
        path = path.with_name(f"{path.name}.yaml")
    write_atomically(path, yaml_tools.write_text(values))
    return path


def import_preset(group: str, path: Path, name: str | None = None, user_folder: Path | None = None) -> str:
    """Take a preset from a file in as one's own, under the file's name where no other is given.

    Returns the name. Raises InputError, with the place in the file, for a file that is no such preset, and
    for a name that is built in or taken.
    """
    path = Path(path)
    name = path.stem if name is None else name
    if name in _files(_place(group, name, user_folder).parent):
        raise InputError(f"there is a {group} preset '{name}' already; give the new one another name")
    if group == "composite":
        values = _with_absolute_paths(_read_composite(path), path.resolve().parent)
        values.pop("mode", None)
    else:
        _read_tracking(path)
        values = yaml_tools.read_file(path).value
    _save(group, name, values, user_folder)
    return name


def _own(group: str, name: str, user_folder: Path | None) -> Path:
    """The file of one of the user's own presets; raises InputError for any other."""
    folder = user_folder or _user_folder
    own = _files(Path(folder) / group) if folder else {}
    if name in own:
        return own[name]
    if name in _files(BUILT_IN / group):
        raise InputError(f"'{name}' is a built-in {group} preset: it stays as it is")
    raise InputError(f"you have no {group} preset '{_line(name)}'{hint(str(name), own)}")


def _place(group: str, name: str, user_folder: Path | None) -> Path:
    """Where a preset of the user's own of that name lies; raises InputError for an impossible name."""
    folder = user_folder or _user_folder
    if folder is None:
        raise InputError("no folder for your own presets is set")
    if not _NAME.fullmatch(name) or name != name.strip():
        raise InputError(f"'{_line(name)}' cannot name a preset: use letters, digits, spaces, _ . + and -")
    if name in _files(BUILT_IN / group):
        raise InputError(f"'{name}' is a built-in {group} preset; choose another name")
    return Path(folder) / group / f"{name}.yaml"


def _save(group: str, name: str, values: dict[str, Any], user_folder: Path | None) -> Path:
    path = _place(group, name, user_folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be made: {error.strerror}") from None
    write_atomically(path, yaml_tools.write_text(values))
    return path


def _files(folder: Path) -> dict[str, Path]:
    """Preset files of a folder by their names, sorted; none where there is no such folder."""
    try:
        found = [path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.is_file()]
    except OSError:
        return {}
    return {path.stem: path for path in sorted(found) if not path.name.startswith(".")}


def _find(group: str, name: str, user_folder: Path | None) -> Path:
    """The file of a preset; built-in names come first. Raises InputError where there is none."""
    folder = user_folder or _user_folder
    own = _files(Path(folder) / group) if folder else {}
    known = {**own, **_files(BUILT_IN / group)}
    if name not in known:
        raise InputError(f"there is no {group} preset '{_line(name)}'{hint(str(name), known)}")
    return known[name]


def _list(group: str, user_folder: Path | None, describe: Callable[[Path], str]) -> list[PresetInfo]:
    built_in = _files(BUILT_IN / group)
    infos = [_info(path, True, describe) for path in built_in.values()]
    folder = user_folder or _user_folder
    for name, path in (_files(Path(folder) / group) if folder else {}).items():
        if name in built_in:
            error = f"'{name}' is a built-in {group} preset; give the file another name"
            infos.append(PresetInfo(name, "", path, False, error))
        else:
            infos.append(_info(path, False, describe))
    return infos


def _info(path: Path, built_in: bool, describe: Callable[[Path], str]) -> PresetInfo:
    try:
        return PresetInfo(path.stem, describe(path), path, built_in)
    except InputError as error:
        return PresetInfo(path.stem, "", path, built_in, str(error))


def _read_composite(path: Path) -> CompositeConfig:
    def build(values: Any, findings: Findings) -> CompositeConfig | None:
        return CompositeConfig.read(values, (), findings)

    config = _read(path, build)
    config.mode = path.stem
    return config


def _read_tracking(path: Path) -> tuple[TrackingSettings, str]:
    return _read(path, _build_tracking)


def _build_tracking(values: Any, findings: Findings) -> tuple[TrackingSettings, str] | None:
    """Settings and description from plain values; what is wrong goes to ``findings``."""
    if not isinstance(values, dict):
        findings.add((), f"must be a mapping of keys, not {show(values)}")
        return None
    known: dict[str, Kind] = {"description": Text(), **TRACKING_KINDS}
    read: dict[str, Any] = {}
    for name, value in values.items():
        if name in known:
            read[name] = known[name].read(value, (name,), findings)
        elif not str(name).startswith("x-"):
            findings.add((name,), f"unknown key{hint(str(name), known)}", at_key=True)
    if findings:
        return None
    description = read.pop("description", "")
    settings = TrackingSettings(**read)
    if settings.pattern % 2 == 0:
        findings.add(("pattern",), f"must be odd, not {settings.pattern}")
    if settings.ring < settings.redetect:
        findings.add(("ring",), f"must be at least redetect, {settings.redetect}, not {settings.ring}")
    return settings, description


def _read(path: Path, build: Callable[[Any, Findings], Loaded | None]) -> Loaded:
    """Read a preset file; raises InputError with the first thing wrong, in one line with its place."""
    try:
        document = yaml_tools.read_file(path)
    except yaml_tools.YamlError as error:
        raise InputError(f"{path}:{error}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    for fault in document.faults:
        raise InputError(f"{path}:{fault.line}:{fault.column}: {fault.message}")
    findings = Findings()
    result = build(document.value, findings)
    if findings or result is None:
        first = findings[0]
        place = document.places.get(first.path, document.places[()])
        line, column = place.key if first.at_key else place.value
        about = f"{dotted(first.path)}: " if first.path else ""
        raise InputError(f"{path}:{line}:{column}: {about}{first.message}")
    return result


def _line(name: Any) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in str(name)[:60])
