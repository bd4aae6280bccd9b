"""Data classes that read themselves from plain mappings and say all that is wrong with them.

A class derives from Section and declares its keys with ``key(kind, doc, default)``. From that one
declaration come the reading with every error in one go, the writing, and the documentation.
"""

from __future__ import annotations

import copy
import difflib
import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

from .errors import InputError

KeyPath = tuple[Any, ...]
"""Where a value hangs: keys of mappings and indices of lists, from the top."""

MOST_FINDINGS = 100
"""More than these are not gathered: nobody reads on, and a garbled file would take long."""

FOREIGN = "x-"
"""Keys that begin so belong to somebody else's pipeline; they are kept and left alone."""

S = TypeVar("S", bound="Section")


@dataclass(frozen=True)
class Finding:
    """One thing wrong with a mapping."""

    path: KeyPath
    message: str
    at_key: bool = False
    """True where the key itself is at fault, not its value."""

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.message}" if self.path else self.message


class ConfigError(InputError):
    """A mapping does not fit; ``findings`` holds all that is wrong with it."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = findings


class Findings(list[Finding]):
    """A list that stops growing at MOST_FINDINGS.

    ``partial`` says that what is read will be laid over something else, so that keys are
    not held against each other yet.
    """

    def __init__(self, partial: bool = False) -> None:
        super().__init__()
        self.partial = partial

    def add(self, path: KeyPath, message: str, at_key: bool = False) -> None:
        if len(self) < MOST_FINDINGS:
            self.append(Finding(path, message, at_key))


def dotted(path: KeyPath) -> str:
    """``footage.frame_range[0]`` for a path, on one line."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return one_line(text.removeprefix("."), 120)


def show(value: Any) -> str:
    """A value as its writer knows it, short and on one line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"the text '{one_line(value, 40)}'" if value else "an empty text"
    if isinstance(value, (int, float)):
        return _number_text(value)
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, or None where none is."""
    by_fold = {name.casefold(): name for name in known}
    if len(word) > 64:
        return None
    close = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.5)
    return by_fold[close[0]] if close else None


def hint(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'file'?``, or the words that are known where they are few, or nothing."""
    names = list(known)
    match = nearest(word, names)
    if match:
        return f"; did you mean '{match}'?"
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 8 else ""


def one_line(text: str, most: int) -> str:
    """The text on one line, cut where it is longer than ``most``."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: most + 1])
    return line if len(text) <= most else line[: most - 1] + "…"


def _number_text(value: int | float) -> str:
    if isinstance(value, int) and abs(value) >= 10**15:
        return "a very large number"
    return f"{value:g}" if isinstance(value, float) else str(value)


class Kind:
    """What a value must be: reads it from plain values and writes it back."""

    what = "anything"
    """In words, to stand after "must be"."""

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        """The value as the data class holds it; what is wrong goes to ``findings``."""
        raise NotImplementedError

    def write(self, value: Any, full: bool = False) -> Any:
        """The value as it stands in a file; ``full`` as in Section.to_dict."""
        return value

    def refuse(self, value: Any, path: KeyPath, findings: Findings, note: str = "") -> Any:
        """Report a value that does not fit; gives None, to stand in its place."""
        findings.add(path, f"must be {self.what}, not {show(value)}{note}")
        return None


class Flag(Kind):
    """True or false."""

    what = "true or false"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> bool | None:
        if isinstance(value, bool):
            return value
        return self.refuse(value, path, findings)


@dataclass(frozen=True)
class Number(Kind):
    """A number within bounds, both included, ``above`` left out. Read as float."""

    low: float = -math.inf
    high: float = math.inf
    above: float | None = None

    @property
    def what(self) -> str:  # type: ignore[override]
        return "a number" + _bounds(self.low, self.high, self.above)

    def read(self, value: Any, path: KeyPath, findings: Findings) -> float | None:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300
        if is_number and self.low <= value <= self.high and (self.above is None or value > self.above):
            return float(value)
        return self.refuse(value, path, findings, _number_note(value))


@dataclass(frozen=True)
class Integer(Kind):
    """A whole number within bounds, both included."""

    low: float = -(10**9)
    high: float = 10**9

    @property
    def what(self) -> str:  # type: ignore[override]
        low = self.low if self.low > -(10**9) else -math.inf
        return "a whole number" + _bounds(low, self.high if self.high < 10**9 else math.inf, None)

    def read(self, value: Any, path: KeyPath, findings: Findings) -> int | None:
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if is_whole and not isinstance(value, bool) and self.low <= value <= self.high:
            return int(value)
        return self.refuse(value, path, findings, _number_note(value))


def _bounds(low: float, high: float, above: float | None) -> str:
    if above is not None:
        return f" above {above:.9g}" + (f", at most {high:.9g}" if high < math.inf else "")
    if low > -math.inf and high < math.inf:
        return f" from {low:.9g} to {high:.9g}"
    if low > -math.inf:
        return f", at least {low:.9g}"
    return f", at most {high:.9g}" if high < math.inf else ""


def _number_note(value: Any) -> str:
    """YAML 1.1 reads 1e-3 as text, which nobody expects."""
    if isinstance(value, str) and re.fullmatch(
        r"[-+]?[0-9]+[eE][-+]?[0-9]+|[-+]?[0-9]*\.[0-9]*[eE][0-9]+", value
    ):
        return " (YAML wants a point and a sign: 1.0e-3)"
    if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9]+(\.[0-9]*)?", value):
        return " (leave out the quotes)"
    return ""


@dataclass(frozen=True)
class Text(Kind):
    """A text, ``empty`` where it may be so."""

    empty: bool = False
    what = "a text"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> str | None:
        if isinstance(value, str) and (self.empty or value.strip()) and "\0" not in value:
            return value
        note = " (put it in quotes)" if isinstance(value, (bool, int, float)) else ""
        return self.refuse(value, path, findings, note)


@dataclass(frozen=True)
class FilePath(Text):
    """A path, relative to the shot file; ``exists`` where the file must be there before the work begins."""

    exists: bool = True
    what = "a path"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> str | None:
        return super().read(os.fspath(value) if isinstance(value, os.PathLike) else value, path, findings)


@dataclass(frozen=True)
class PathOrName(FilePath):
    """A path, or the name of something in a .blend, which has no suffix."""

    exists: bool = False
    what = "a text"


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words."""

    names: tuple[str, ...]

    @property
    def what(self) -> str:  # type: ignore[override]
        if len(self.names) == 1:
            return self.names[0]
        if len(self.names) > 8:
            return f"a known word ({self.names[0]}, {self.names[1]} …)"
        return f"{', '.join(self.names[:-1])} or {self.names[-1]}"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> str | None:
        if isinstance(value, str) and value in self.names:
            return value
        match = nearest(value, self.names) if isinstance(value, str) else None
        return self.refuse(value, path, findings, f"; did you mean '{match}'?" if match else "")


@dataclass(frozen=True)
class ListOf(Kind):
    """A list of one kind, of ``least`` to ``most`` items; ``fixed`` ones are held as a tuple."""

    kind: Kind
    least: int = 0
    most: int = 10_000
    fixed: bool = False
    words: str = ""

    @property
    def what(self) -> str:  # type: ignore[override]
        return self.words or "a list"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        if not isinstance(value, (list, tuple)) or not self.least <= len(value) <= self.most:
            return self.refuse(value, path, findings)
        items = [self.kind.read(item, (*path, index), findings) for index, item in enumerate(value)]
        return tuple(items) if self.fixed else items

    def write(self, value: Any, full: bool = False) -> Any:
        return [self.kind.write(item, full) for item in value]


class FrameRange(Kind):
    """First and last footage frame, both included, from 1."""

    what = "a list of two frames, [first, last], counted from 1"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> tuple[int, int] | None:
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            return self.refuse(value, path, findings)
        before = len(findings)
        frame = Integer(low=1)
        first, last = (frame.read(item, (*path, index), findings) for index, item in enumerate(value))
        if len(findings) > before or first is None or last is None:
            return None
        if first > last:
            findings.add(path, f"the first frame, {first}, comes after the last, {last}")
            return None
        return first, last

    def write(self, value: Any, full: bool = False) -> Any:
        return list(value)


@dataclass(frozen=True)
class Either(Kind):
    """The first of several kinds that the value fits."""

    kinds: tuple[Kind, ...]

    @property
    def what(self) -> str:  # type: ignore[override]
        return ", or ".join(kind.what for kind in self.kinds)

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        for kind in self.kinds:
            fits = (Mapping,) if isinstance(kind, Part) else (list, tuple) if isinstance(kind, ListOf) else ()
            if isinstance(value, fits):
                return kind.read(value, path, findings)
            tried = Findings(findings.partial)
            result = kind.read(value, path, tried)
            if not tried:
                return result
        return self.refuse(value, path, findings)

    def write(self, value: Any, full: bool = False) -> Any:
        if isinstance(value, Section):
            return value.to_dict(full)
        for kind in self.kinds:
            tried = Findings()
            kind.read(value, (), tried)
            if not tried:
                return kind.write(value, full)
        return value


@dataclass(frozen=True)
class Part(Kind):
    """A mapping with a class of its own."""

    section: type[Section]
    what = "a mapping of keys"

    def read(self, value: Any, path: KeyPath, findings: Findings) -> Any:
        return self.section.read(value, path, findings)

    def write(self, value: Any, full: bool = False) -> Any:
        return value.to_dict(full)


@dataclass(frozen=True)
class Key:
    """A declared key: its name in the file, the attribute that holds it, and what it may be."""

    name: str
    attribute: str
    kind: Kind
    doc: str
    required: bool
    default: Callable[[], Any]


def key(
    kind: Kind, doc: str, default: Any = MISSING, *, name: str = "", make: Callable[[], Any] | None = None
) -> Any:
    """Declare a key of a Section; without ``default`` and ``make`` it must be given.

    ``name`` is the key in the file where Python cannot have it as a name.
    """
    metadata = {"kind": kind, "doc": doc, "name": name}
    if make is not None:
        return field(default_factory=make, metadata=metadata)
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def part(section: type[Section], doc: str) -> Any:
    """Declare a mapping with a class of its own, whose keys all have defaults."""
    return key(Part(section), doc, make=section)


@dataclass(kw_only=True)
class Section:
    """A mapping with known keys. Subclasses are dataclasses whose fields come from key() and part()."""

    foreign: dict[str, Any] = field(default_factory=dict)
    """Keys that begin with ``x-``, as they came."""
    written: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)
    """Keys in the order in which they were written, so that writing gives back what was read."""

    @classmethod
    def keys(cls) -> dict[str, Key]:
        """The declared keys by their name in the file."""
        found = {}
        for item in fields(cls):
            if "kind" not in item.metadata:
                continue
            name = item.metadata["name"] or item.name
            required = item.default is MISSING and item.default_factory is MISSING
            default = item.default_factory if item.default_factory is not MISSING else _constant(item.default)
            found[name] = Key(name, item.name, item.metadata["kind"], item.metadata["doc"], required, default)
        return found

    @classmethod
    def described(cls) -> dict[str, Key]:
        """The keys that a file may have here; those that are declared, unless a subclass knows of more."""
        return cls.keys()

    @classmethod
    def from_dict(cls: type[S], values: Mapping[str, Any]) -> S:
        """Read plain values; raises ConfigError with all that is wrong. Undoes ``to_dict``."""
        findings = Findings()
        section = cls.read(values, (), findings)
        if findings or section is None:
            raise ConfigError(findings)
        return section

    @classmethod
    def read(cls: type[S], values: Any, path: KeyPath, findings: Findings) -> S | None:
        """As ``from_dict``, but what is wrong goes to ``findings``; None where something is."""
        before = len(findings)
        section = cls.read_keys(values, path, findings)
        if section is not None and not findings.partial:
            section.check(path, findings)
        return section if len(findings) == before else None

    @classmethod
    def read_keys(cls: type[S], values: Any, path: KeyPath, findings: Findings) -> S | None:
        """Each key by itself; ``None`` as a value is as good as leaving the key out."""
        values = {} if values is None else values
        if not isinstance(values, Mapping):
            findings.add(path, f"must be a mapping of keys, not {show(values)}")
            return None
        before = len(findings)
        known = cls.keys()
        given = {name: value for name, value in values.items() if value is not None}
        meant = cls._unknown_keys(values, known, path, findings)
        arguments = {}
        for name, spec in known.items():
            if name in given:
                arguments[spec.attribute] = spec.kind.read(given[name], (*path, name), findings)
            elif spec.required and name not in meant:
                arguments[spec.attribute] = None
                if isinstance(spec.kind, Part):
                    spec.kind.read({}, (*path, name), findings)
                else:
                    findings.add((*path, name), "is missing", at_key=True)
        if len(findings) > before:
            return None
        foreign = {name: copy.deepcopy(value) for name, value in values.items() if _is_foreign(name)}
        section = cls(foreign=foreign, **arguments)
        section.written = tuple(name for name in values if name in given or name in foreign)
        return section

    @staticmethod
    def _unknown_keys(
        given: Mapping[str, Any], known: Mapping[str, Key], path: KeyPath, findings: Findings
    ) -> set[str]:
        """Report the keys that nobody knows; gives back the known ones that were probably meant."""
        meant = set()
        for name in given:
            if name in known or _is_foreign(name) or len(findings) >= MOST_FINDINGS:
                continue
            findings.add((*path, name), f"unknown key{hint(str(name), known)}", at_key=True)
            match = nearest(str(name), known)
            if match:
                meant.add(match)
        return meant

    def check(self, path: KeyPath, findings: Findings) -> None:
        """What is wrong between keys that are each right by themselves. Subclasses say."""

    def to_dict(self, full: bool = False) -> dict[str, Any]:
        """Plain values that ``from_dict`` reads back to an equal object.

        Holds the keys that were read or that differ from their default; with ``full`` all of them.
        """
        values: dict[str, Any] = {}
        for name, spec in self.keys().items():
            value = getattr(self, spec.attribute)
            if value is None:
                if full:
                    values[name] = None
            elif full or spec.required or name in self.written or value != spec.default():
                values[name] = spec.kind.write(value, full)
        values.update(copy.deepcopy(self.foreign))
        first = {name: values[name] for name in self.written if name in values}
        return {**first, **values}

    def paths(self, path: KeyPath = ()) -> Iterator[tuple[KeyPath, FilePath, str]]:
        """Every file path that is given: where it stands, its kind, the text."""
        for name, spec in self.keys().items():
            yield from _paths_of(spec.kind, getattr(self, spec.attribute), (*path, name))


def _paths_of(kind: Kind, value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, FilePath, str]]:
    if isinstance(value, Section):
        yield from value.paths(path)
    elif isinstance(kind, FilePath) and isinstance(value, str):
        yield path, kind, value
    elif isinstance(kind, Either):
        for choice in kind.kinds:
            yield from _paths_of(choice, value, path)
    elif isinstance(kind, ListOf) and isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _paths_of(kind.kind, item, (*path, index))


def change_paths(section: type[Section], values: Any, change: Callable[[KeyPath, str], str]) -> Any:
    """Plain values of a section with ``change`` done to every path in them; what does not fit stays as it is.

    ``change`` is told where the path stands and what is written there.
    """
    return _change_paths(Part(section), values, (), change)


def _change_paths(kind: Kind, value: Any, path: KeyPath, change: Callable[[KeyPath, str], str]) -> Any:
    if isinstance(kind, FilePath) and isinstance(value, str):
        is_name = isinstance(kind, PathOrName) and not os.path.splitext(value)[1]
        return value if is_name or not value.strip() else change(path, value)
    if isinstance(kind, Either):
        for choice in kind.kinds:
            value = _change_paths(choice, value, path, change)
    elif isinstance(kind, ListOf) and isinstance(value, (list, tuple)):
        return [_change_paths(kind.kind, item, (*path, index), change) for index, item in enumerate(value)]
    elif isinstance(kind, Part) and isinstance(value, Mapping):
        known = kind.section.described()
        return {
            name: _change_paths(known[name].kind, item, (*path, name), change) if name in known else item
            for name, item in value.items()
        }
    return value


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value


def _is_foreign(name: Any) -> bool:
    return isinstance(name, str) and name.startswith(FOREIGN)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Two mappings as one, key by key and all the way down; ``over`` wins."""
    result = dict(under)
    for name, value in over.items():
        if isinstance(value, Mapping) and isinstance(result.get(name), Mapping):
            result[name] = merged(result[name], value)
        else:
            result[name] = copy.deepcopy(value)
    return result


def markdown_table(section: type[Section], defaults: str | None = None) -> str:
    """The keys of a section as a Markdown table; ``defaults`` in place of each default where given."""
    rows = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    for name, spec in section.keys().items():
        if isinstance(spec.kind, Part):
            what, default = "a mapping, see below", ""
        else:
            what = spec.kind.what
            default = "must be given" if spec.required else defaults or _default_text(spec)
        rows.append(f"| `{name}` | {what} | {default} | {spec.doc} |".replace("…", "..."))
    return "\n".join(rows)


def _default_text(spec: Key) -> str:
    value = spec.default()
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, (list, tuple)):
        return (
            "`[" + ", ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in value) + "]`"
        )
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
