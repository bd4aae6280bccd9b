"""Presets: one YAML file each, built in or the user's own.

A preset's name is its file's name. The user's folder has the subfolders ``composite`` and
``tracking``; names of built-in presets belong to those. A broken file of the user's is
listed with its error and stops nothing. ``user_presets`` writes them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from . import yaml_tools
from .config import DEFAULT_TRACKING_PRESET, CompositeConfig, CompositeSection
from .engine.model import EXPECTED, TrackingSettings
from .errors import InputError
from .files import absolute_path
from .schema import Choice, Findings, Flag, Integer, Kind, Number, Text, dotted, hint, merged, show

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
    "refine_principal_point": Flag(),
    "motion": Choice(EXPECTED),
}
"""What each key of a tracking preset may be."""

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
    return _read_composite(find_preset("composite", name, user_folder))


def load_tracking_preset(
    name: str = DEFAULT_TRACKING_PRESET, user_folder: Path | None = None
) -> TrackingSettings:
    """The tracking preset of that name; raises InputError, naming the nearest, where there is none."""
    return _read_tracking(find_preset("tracking", name, user_folder))[0]


def resolve_composite(
    section: CompositeSection, user_folder: Path | None = None, base: Path | None = None
) -> CompositeConfig:
    """The preset that a shot names with what the shot says laid over it, all paths absolute.

    ``base`` is the folder that the shot's paths are relative to, ``config.base`` of a shot; left
    out, the current one. A preset's own paths are relative to its file. Raises InputError for an
    unknown preset and ConfigError for what does not fit together.
    """
    path = find_preset("composite", section.mode, user_folder)
    under = _with_absolute_paths(_read_composite(path), path.parent)
    over = section.to_dict()
    for keys, _, text in section.paths():
        _put(over, keys, str(absolute_path(text, base)))
    return CompositeConfig.from_dict(merged(under, over))


def composite_section(
    config: CompositeConfig,
    same: Callable[[Any, Any], bool] = lambda one, other: bool(one == other),
    user_folder: Path | None = None,
) -> CompositeSection:
    """The section of a shot that comes to this config: its preset, and what differs from that.

    ``same`` compares two values. What the preset says and the config leaves open cannot be said in a shot:
    it stays as the preset says. Raises InputError for a preset that is not there.
    """
    preset = resolve_composite(CompositeSection(mode=config.mode), user_folder)
    differs = _differences(preset.to_dict(full=True), config.to_dict(full=True), same)
    differs.pop("description", None)
    return CompositeSection.from_dict({"mode": config.mode, **differs})


def _differences(
    under: dict[str, Any], over: dict[str, Any], same: Callable[[Any, Any], bool]
) -> dict[str, Any]:
    """What has to be laid over ``under`` to come to ``over``."""
    found: dict[str, Any] = {}
    for name, value in over.items():
        if isinstance(value, dict):
            inner = _differences(under.get(name) or {}, value, same)
            found |= {name: inner} if inner else {}
        elif value is not None and not same(under.get(name), value):
            found[name] = value
    return found


def _with_absolute_paths(config: CompositeConfig, folder: Path) -> dict[str, Any]:
    """The config as plain values, its paths relative to ``folder`` made absolute."""
    values = config.to_dict()
    for keys, _, text in config.paths():
        _put(values, keys, str(absolute_path(text, folder)))
    return values


def _put(values: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    """Set the value that hangs at ``keys`` in nested mappings."""
    for key in keys[:-1]:
        values = values[key]
    values[keys[-1]] = value


def preset_values(group: str, path: Path) -> dict[str, Any]:
    """What a preset's file says, as plain values for another file; pictures are named by their whole paths.

    Raises InputError, with the place in the file, where it is no such preset.
    """
    if group == "composite":
        values = _with_absolute_paths(_read_composite(path), path.resolve().parent)
        values.pop("mode", None)
        return values
    _read_tracking(path)
    return dict(yaml_tools.read_file(path).value)


def check_values(group: str, values: dict[str, Any]) -> None:
    """Raises InputError with the first thing that is wrong with a preset's plain values."""
    findings = Findings()
    if group == "composite":
        CompositeConfig.read(values, (), findings)
    else:
        _build_tracking(values, findings)
    if findings:
        first = findings[0]
        raise InputError(f"{dotted(first.path)}: {first.message}" if first.path else first.message)


def own_folder(group: str, user_folder: Path | None = None) -> Path:
    """Where the user's own presets of a group lie. Raises InputError where no folder was set."""
    folder = user_folder or _user_folder
    if folder is None:
        raise InputError("no folder for your own presets is set")
    return Path(folder) / group


def _files(folder: Path) -> dict[str, Path]:
    """Preset files of a folder by their names, sorted; none where there is no such folder."""
    try:
        found = [path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.is_file()]
    except OSError:
        return {}
    return {path.stem: path for path in sorted(found) if not path.name.startswith(".")}


def find_preset(group: str, name: str, user_folder: Path | None) -> Path:
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
