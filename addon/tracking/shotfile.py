"""Shot files: read and checked as a whole.

``load_shot`` reports all that is wrong in one go, each with line, column and the nearest
right word. It looks at the text and the presets only; ``check_shot`` also looks whether
the files that the shot names are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import presets, yaml_tools
from .config import CompositeSection, CompositeShotConfig, ShotSource, first_of_sequence
from .errors import InputError
from .files import expand_variables
from .schema import ConfigError, Finding, Findings, KeyPath, change_paths, dotted, one_line
from .shot_layers import Includes, Layer, Report, below, in_foreign, under_shot
from .yaml_tools import Document, Place


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a shot, and where: ``str()`` is the line for the person."""

    path: str
    """The shot file as it was named; the key's path where the shot came from Python."""
    line: int | None
    column: int | None
    message: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}:{self.column}"
        return f"{one_line(place, 400)}: error: {one_line(self.message, 400)}"


class ShotFileError(InputError):
    """A shot cannot be used; ``problems`` holds everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


def load_shot(path: str | Path, user_folder: Path | None = None) -> CompositeShotConfig:
    """Read a shot file; raises ShotFileError with all that is wrong with it.

    ``user_folder`` holds the user's own presets; left out, the one set with
    ``presets.set_user_folder``.
    """
    return _load(path, lambda: yaml_tools.read_file(Path(path)), user_folder)


def load_shot_text(text: str, path: str | Path, user_folder: Path | None = None) -> CompositeShotConfig:
    """Read a text as if it stood in the shot file at ``path``; raises ShotFileError."""
    return _load(path, lambda: yaml_tools.read_text(text), user_folder)


def _load(path: str | Path, read: Callable[[], Document], user_folder: Path | None) -> CompositeShotConfig:
    named = str(path)
    try:
        document = read()
    except yaml_tools.YamlError as error:
        raise ShotFileError([Problem(named, error.line, error.column, error.message)]) from None
    except InputError as error:
        raise ShotFileError([Problem(named, None, None, str(error))]) from None
    problems = [
        Problem(named, fault.line, fault.column, fault.message)
        for fault in document.faults
        if not (fault.surprise and in_foreign(fault.path))
    ]

    def report(place: Place, message: str) -> None:
        problems.append(Problem(place.file or named, *place.value, message))

    if (bare := _first_key_without_shot(document)) is not None:
        report(bare, "the key 'shot' is missing; put it before this line, and all of the shot under it")
    base = Path(path).absolute().parent
    value, places, included = _with_includes(document, base, report, Path(path), named)
    source = ShotSource(named, places)
    # What YAML has turned into another value is said once, not again as a wrong value.
    taken = {(problem.path, problem.line, problem.column) for problem in problems}
    config, findings = _read(value, user_folder)
    located = [problem_at(source, finding.path, finding.message, finding.at_key) for finding in findings]
    problems += [item for item in located if (item.path, item.line, item.column) not in taken]
    if problems or config is None:
        raise ShotFileError(_in_order(problems, named))
    config.base, config.source, config.included = base, source, included
    return config


def load_shot_dict(
    values: Mapping[str, Any], base: Path | None = None, user_folder: Path | None = None
) -> CompositeShotConfig:
    """Read the same from a mapping as in the shot file, with or without the outer ``shot``.

    Paths are relative to ``base``, or the current folder. Raises ShotFileError.
    """
    problems: list[Problem] = []

    def report(place: Place, message: str) -> None:
        if place.file:
            problems.append(Problem(place.file, *place.value, message))
        else:
            problems.append(Problem("include", None, None, message.removeprefix("include: ")))

    folder = Path.cwd() if base is None else Path(base).absolute()
    value, _, included = _with_includes(Document(values), folder, report)
    config, findings = _read(value, user_folder)
    problems += [problem_at(None, finding.path, finding.message, finding.at_key) for finding in findings]
    if problems or config is None:
        raise ShotFileError(problems)
    config.base, config.included = None if base is None else folder, included
    return config


def _with_includes(
    document: Document, base: Path, report: Report, file: Path | None = None, named: str = ""
) -> tuple[Any, Mapping[KeyPath, Place], dict[str, Any]]:
    """The document laid over what it includes, its places, and what came from the included files."""
    value, under = document.value, under_shot(document.value)
    inner = value["shot"] if under else value
    if not isinstance(inner, Mapping) or inner.get("include") is None:
        return value, document.places, {}
    own = Layer(dict(inner), below(document.places, under))
    included = Includes(base, report).read(inner, own.places, file, named)
    whole = own.over(included)
    places = {**document.places, **{(*under, *path): place for path, place in whole.places.items()}}
    return {**value, "shot": whole.values} if under else whole.values, places, included.values


def _first_key_without_shot(document: Document) -> Place | None:
    """Where the first of a shot's keys stands that should stand under ``shot``; None where all is well.

    Files that are included may do without, and so may shots from Python.
    """
    if not isinstance(document.value, Mapping) or under_shot(document.value):
        return None
    known = CompositeShotConfig.keys()
    keys = [
        document.places[(name,)].key
        for name in document.value
        if name in known and (name,) in document.places
    ]
    return Place(min(keys), min(keys)) if keys else None


def check_shot(config: CompositeShotConfig) -> list[Problem]:
    """What is wrong with a shot beyond its text: files that it names and that are not there."""
    problems = []
    for path, kind, text in config.paths():
        if kind.exists:
            try:
                message = _missing(config.resolve(text), sequence=path == ("footage", "file"))
            except InputError as error:
                message = str(error)
            if message:
                problems.append(problem_at(config.source, path, message))
    return _in_order(problems, config.source.file if config.source else "")


def problem_at(source: ShotSource | None, path: KeyPath, message: str, at_key: bool = False) -> Problem:
    """A problem with one key of a shot, at its line where the shot came from a file.

    ``path`` begins at the section, as in ``("footage", "frame_range")``, or with ``"shot"``.
    A key that does not stand in the file has the place of the section around it.
    """
    short = path[1:] if path[:1] == ("shot",) else path
    if source is None:
        return Problem(dotted(short) or "shot", None, None, message)
    file, line, column = _position(source, path, at_key)
    return Problem(file or source.file, line, column, f"{dotted(short)}: {message}" if short else message)


def _position(source: ShotSource, path: KeyPath, at_key: bool) -> tuple[str, int, int]:
    """File (empty: the shot's), line and column of a key, of its value, or of what is nearest around it.

    The file may have its keys under ``shot`` or do without it, and so may ``path``.
    """
    ways = [path, path[1:] if path[:1] == ("shot",) else ("shot", *path)]
    for way in ways:
        place = source.places.get(way)
        if place is not None:
            return place.file, *(place.key if at_key else place.value)
    for way in sorted(ways, key=len, reverse=True):
        for length in range(len(way) - 1, 0, -1):
            place = source.places.get(way[:length])
            if place is not None:
                return place.file, *place.key
    return "", *source.places[()].value


def _read(values: Any, user_folder: Path | None) -> tuple[CompositeShotConfig | None, list[Finding]]:
    """The shot, and all that is wrong with it."""
    findings = Findings()
    config = CompositeShotConfig.read(values, (), findings)
    shot = values.get("shot", values) if isinstance(values, Mapping) else None
    if isinstance(shot, Mapping):
        _check_variables(shot, findings)
        # From the plain values, so that a mistake elsewhere does not hide a wrong name.
        _check_tracking_preset(shot.get("tracking"), user_folder, findings)
        _check_composite(shot.get("composite"), user_folder, findings)
    return config, findings


def _check_variables(shot: Mapping[str, Any], findings: Findings) -> None:
    """Environment variables in paths that are not set; those of ``include`` were needed, and said, before."""

    def check(path: KeyPath, text: str) -> str:
        if path[0] != "include":
            _try(lambda: expand_variables(text), path, findings)
        return text

    change_paths(CompositeShotConfig, shot, check)


def _check_tracking_preset(tracking: Any, user_folder: Path | None, findings: Findings) -> None:
    name = tracking.get("preset") if isinstance(tracking, Mapping) else None
    if isinstance(name, str) and name.strip():
        _try(lambda: presets.load_tracking_preset(name, user_folder), ("tracking", "preset"), findings)


def _check_composite(composite: Any, user_folder: Path | None, findings: Findings) -> None:
    """The preset's name, and what comes of the preset and what the shot says over it."""
    name = composite.get("mode") if isinstance(composite, Mapping) else None
    if isinstance(name, str) and name.strip():
        path = ("composite", "mode")
        if not _try(lambda: presets.load_composite_preset(name, user_folder), path, findings):
            return
    section = CompositeSection.read(composite, (), Findings())
    if section is None:
        return
    try:
        result = presets.resolve_composite(section, user_folder)
    except ConfigError as error:
        for finding in error.findings:
            findings.add(("composite", *finding.path), finding.message, finding.at_key)
        return
    except InputError as error:
        # The shot's own variables are said at their places; what is left is in a preset of the user's.
        if all(finding.message != str(error) for finding in findings):
            findings.add(("composite", "mode"), str(error))
        return
    if result.background_source == "image" and result.background_image is None:
        findings.add(("composite", "background_source"), "is 'image', but no background_image is given")
    distortion = result.lens_distortion
    if distortion.st_map_path is not None and not distortion.use_st_map:
        unused = ("composite", "lens_distortion", "st_map_path")
        findings.add(unused, "is not used unless use_st_map is true", at_key=True)


def _try(load: Callable[[], object], path: KeyPath, findings: Findings) -> bool:
    """Call; what the call complains of goes to the findings. True where it does not."""
    try:
        load()
    except InputError as error:
        findings.add(path, str(error))
        return False
    return True


def _missing(path: Path, sequence: bool) -> str:
    """Why a file cannot be used, empty where it is there."""
    try:
        if path.is_dir():
            return f"is a folder, not a file: {path}"
        if path.is_file() or (sequence and first_of_sequence(path)):
            return ""
    except OSError as error:
        return f"cannot be looked at: {error.strerror or error}"
    return f"there is no such file: {path}"


def _in_order(problems: list[Problem], first: str = "") -> list[Problem]:
    """By file, ``first`` first, and place."""
    return sorted(problems, key=lambda one: (one.path != first, one.path, one.line or 0, one.column or 0))
