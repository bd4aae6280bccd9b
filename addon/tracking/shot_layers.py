"""A shot file and the files that it includes, read as one.

Each file's values are laid over those of the files that it includes, key by key and all the way down, and
each value keeps the place where it stands. An empty value takes back what an included file says.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import yaml_tools
from .config import CompositeShotConfig
from .errors import InputError
from .files import absolute_path, moved_path
from .schema import FOREIGN, Findings, KeyPath, change_paths, hint, show
from .yaml_tools import Document, Place, YamlError

MAX_DEPTH = 8
"""How many files may include one another in a row."""
MAX_FILES = 32
"""How many files one shot file may bring in."""
MAX_SUM = yaml_tools.MAX_BYTES
"""How large all included files together may be, in bytes; in values they may be as many as one file."""

Report = Callable[[Place, str], None]
"""Takes a place (its ``file`` empty for the shot file itself) and what is wrong there."""


@dataclass
class Layer:
    """What stands under ``shot``, and where; paths begin at the section."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[KeyPath, Place] = field(default_factory=dict)

    def over(self, under: Layer) -> Layer:
        """The layer laid over another."""
        cut: set[KeyPath] = set()
        values = _merged(under.values, self.values, (), cut)
        kept = {
            path: place
            for path, place in under.places.items()
            if not any(path[:length] in cut for length in range(1, len(path) + 1))
        }
        return Layer(values, {**kept, **self.places})


def _merged(under: Mapping[Any, Any], over: Mapping[Any, Any], path: KeyPath, cut: set[KeyPath]) -> Any:
    """Two mappings as one; the paths at which nothing is left of ``under`` go to ``cut``."""
    result = {**over, **{name: value for name, value in under.items() if name not in over}}
    for name, value in over.items():
        if name in under:
            if isinstance(value, Mapping) and isinstance(under[name], Mapping):
                result[name] = _merged(under[name], value, (*path, name), cut)
            else:
                cut.add((*path, name))
    return result


@dataclass
class Includes:
    """Reads the files that a shot file includes, and those that they include."""

    folder: Path
    """The shot file's own, absolute; what is read has its paths relative to it."""
    report: Report
    files: int = 0
    size: int = 0
    values: int = 0
    stopped: bool = False
    """A limit was passed, which is said once; nothing more is read."""

    def read(self, inner: Any, places: Mapping[KeyPath, Place], file: Path | None, shown: str = "") -> Layer:
        """All that ``inner``, the values under ``shot``, includes, as one layer.

        ``file`` is the shot file that it comes from, if any, ``shown`` what it is called in messages.
        """
        chain = [] if file is None else [os.path.realpath(file)]
        return self._included(inner, places, self.folder, os.path.dirname(shown), chain)

    def _included(
        self, inner: Any, places: Mapping[KeyPath, Place], folder: Path, shown: str, chain: list[str]
    ) -> Layer:
        """``folder`` is where ``inner`` was read from, ``shown`` that folder as messages name it."""
        layer = Layer()
        for path, text in _texts(inner):
            if self.stopped:
                break
            place = places.get(path) or places.get(path[:1]) or Place((1, 1), (1, 1))
            try:
                layer = self._file(text, folder, shown, chain).over(layer)
            except YamlError as error:
                self.report(
                    Place((error.line, error.column), (error.line, error.column), error.file), error.message
                )
            except InputError as error:
                self.report(place, f"include: {error}")
        return layer

    def _file(self, text: str, folder: Path, shown: str, chain: list[str]) -> Layer:
        """One file with all that it includes. Raises InputError where it cannot be read at all."""
        path = absolute_path(text, folder)
        name = os.path.normpath(os.path.join(shown, text))
        real = os.path.realpath(path)
        if real in chain:
            raise InputError(f"goes round in a circle: {text} is read already")
        if len(chain) > MAX_DEPTH:
            raise InputError(f"goes deeper than {MAX_DEPTH} files")
        self.files += 1
        self._limit(self.files, MAX_FILES, f"brings in more than {MAX_FILES} files")
        document = self._read(path, text, name)
        self.values += len(document.places)
        most = yaml_tools.MAX_VALUES
        self._limit(self.values, most, f"the included files hold more than {most} values together")
        inner, places = self._inside(document, name)
        if not isinstance(inner, Mapping):
            return Layer()
        self._check(inner, places)
        own = dict(
            change_paths(CompositeShotConfig, inner, lambda _, old: moved_path(old, path.parent, self.folder))
        )
        own.pop("include", None)
        found = self._included(inner, places, path.parent, os.path.dirname(name), [*chain, real])
        return Layer(own, places).over(found)

    def _limit(self, value: int, most: int, message: str) -> None:
        if value > most:
            self.stopped = True
            raise InputError(message)

    def _read(self, path: Path, text: str, name: str) -> Document:
        with suppress(OSError, ValueError):  # said by read_file in better words
            self.size += path.stat().st_size
        self._limit(self.size, MAX_SUM, f"the included files are larger than {MAX_SUM // 1024} KB together")
        try:
            return yaml_tools.read_file(path)
        except YamlError as error:
            error.file = name
            raise
        except InputError as error:
            raise InputError(f"{text}: {error}") from None

    def _inside(self, document: Document, name: str) -> tuple[Any, dict[KeyPath, Place]]:
        """What stands under ``shot`` or, in a file without it, at the top; what is wrong is reported."""
        for fault in document.faults:
            if not (fault.surprise and in_foreign(fault.path)):
                self.report(
                    Place((fault.line, fault.column), (fault.line, fault.column), name), fault.message
                )
        places = {path: replace(place, file=name) for path, place in document.places.items()}
        value, under = document.value, under_shot(document.value)
        inner = value["shot"] if under else value
        if not isinstance(inner, Mapping):
            self.report(places[under], f"must be a mapping of keys, not {show(inner)}")
        for stranger in value if under else ():
            if stranger != "shot" and not str(stranger).startswith(FOREIGN):
                here = replace(places[(stranger,)], value=places[(stranger,)].key)
                self.report(here, f"{stranger}: unknown key{hint(str(stranger), ['shot'])}")
        return inner, below(places, under)

    def _check(self, inner: Mapping[Any, Any], places: Mapping[KeyPath, Place]) -> None:
        """What an included file's own ``include`` is; it is not handed on, so nobody else would say it."""
        findings = Findings()
        if inner.get("include") is not None:
            CompositeShotConfig.keys()["include"].kind.read(inner["include"], ("include",), findings)
        for finding in findings:
            self.report(places.get(finding.path, places[("include",)]), f"include: {finding.message}")


def _at(line: int, column: int, file: str) -> Place:
    return Place((line, column), (line, column), file)


def below(places: Mapping[KeyPath, Place], under: KeyPath) -> dict[KeyPath, Place]:
    """The places of all that stands below a path, by the paths from there on."""
    return {path[len(under) :]: place for path, place in places.items() if path[: len(under)] == under}


def under_shot(value: Any) -> KeyPath:
    """Where a file's keys stand: ``("shot",)``, or ``()`` where it has them at the top."""
    return ("shot",) if isinstance(value, Mapping) and "shot" in value else ()


def in_foreign(path: KeyPath) -> bool:
    """Whether something stands in a section of somebody else's."""
    return any(isinstance(part, str) and part.startswith(FOREIGN) for part in path)


def _texts(inner: Any) -> list[tuple[KeyPath, str]]:
    """The paths under ``include``; what is no path is left to the schema to refuse."""
    named = inner.get("include") if isinstance(inner, Mapping) else None
    if isinstance(named, (list, tuple)):
        every: list[tuple[KeyPath, Any]] = [(("include", at), text) for at, text in enumerate(named)]
    else:
        every = [(("include",), named)]
    paths = [(path, os.fspath(text)) for path, text in every if isinstance(text, (str, os.PathLike))]
    return [(path, text) for path, text in paths if text.strip()]
