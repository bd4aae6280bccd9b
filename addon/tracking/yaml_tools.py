"""YAML in and out: the one place that knows PyYAML.

Official Blenders have no PyYAML, so the extension carries its pure Python part as
``addon/_vendor/yaml``; run from source, the installed one is used. It is imported
when it is first needed, so that sessions and the engine work without it.

Reading is strict, because a shot file is handed round between people: plain values
only (no tags that make objects), one document, bounded size, depth and aliases, no
key twice. Every key and value comes with the place where it stands.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import InputError

MAX_BYTES = 256 * 1024
"""Largest file that is read; with the bound on values it keeps the worst text under a second."""
MAX_DEPTH = 32
MAX_VALUES = 20_000
"""Most values of one document, each alias counted with all that it stands for."""
MAX_NUMBER_DIGITS = 64
"""Longest number that is read; longer ones cost time and mean nothing."""

KeyPath = tuple[Any, ...]
"""Where a value hangs: keys of mappings and indices of lists, from the top."""

_TAG = "tag:yaml.org,2002:"
_OCTAL = re.compile(r"[-+]?0[0-9_]+$")


class YamlError(InputError):
    """The text cannot be read as YAML; ``line`` and ``column`` count from 1.

    ``file`` names the file where that is not the one that was asked for.
    """

    file = ""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.message = message
        self.line = line
        self.column = column


@dataclass(frozen=True)
class Place:
    """Line and column, both from 1, of a key and of its value (equal for an item of a list)."""

    key: tuple[int, int]
    value: tuple[int, int]
    file: str = ""
    """The file it stands in, where that is not the one that was read."""


@dataclass(frozen=True)
class Fault:
    """Something wrong at one place that does not keep the rest from being read."""

    path: KeyPath
    line: int
    column: int
    message: str
    surprise: bool = False
    """True where YAML 1.1 reads the text as something that its writer hardly meant."""


@dataclass
class Document:
    """A YAML text as plain values, with the place of each."""

    value: Any
    places: dict[KeyPath, Place] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Span:
    """Where a value stands in its text, in characters from its beginning, so that it can be exchanged."""

    start: int
    end: int
    """Behind the last character of the value; what follows, a comment say, is not part of it."""
    kind: str
    """``mapping``, ``list`` or ``scalar``."""
    flow: bool
    """Written with brackets on, as in ``{a: 1}``; a scalar counts as flow."""
    column: int
    """Of a mapping's first key, from 0; of anything else its own."""
    key_end: int = 0
    """Behind its key; 0 for the whole and for items of a list."""
    alias: bool = False
    """Written as ``*name``: the value itself stands elsewhere."""


def yaml_module() -> ModuleType:
    """PyYAML: the one that the extension carries, else the installed one.

    Raises InputError where there is neither.
    """
    try:
        from .._vendor import yaml
    except ImportError:
        try:
            import yaml
        except ImportError:
            raise InputError(
                "PyYAML is needed to read shot files and presets: install the packed extension, "
                "or run 'pip install PyYAML' for this Python"
            ) from None
    return yaml


def read_file(path: Path) -> Document:
    """Read a YAML file; raises YamlError, or InputError where the file cannot be read."""
    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError("there is no such file") from None
    except IsADirectoryError:
        raise InputError("this is a folder, not a file") from None
    except (OSError, ValueError) as error:
        raise InputError(f"the file cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return read_text(_decode(data))


def read_text(text: str) -> Document:
    """Read a YAML text of one document; raises YamlError at the first thing that stops the reading."""
    yaml = yaml_module()
    if len(text) > MAX_BYTES:
        raise YamlError(f"the file is larger than {MAX_BYTES // 1024} KB, which no such file needs to be")
    if text.startswith("\ufeff"):
        raise YamlError("the file begins with a byte order mark (BOM); save it as UTF-8 without one")
    try:
        loader = _loader_class()(text)
        try:
            node = loader.get_single_node()
            if node is None:
                raise YamlError("the file is empty")
            return _Builder(loader).document(node)
        finally:
            loader.dispose()
    except yaml.reader.ReaderError as error:
        line, column = _line_and_column(text, error.position)
        raise YamlError(
            f"the character {ord(text[error.position]):#06x} is not allowed", line, column
        ) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error) from None


def spans(text: str) -> dict[KeyPath, Span]:
    """Where each value of a readable text stands. What ``<<`` brings into a mapping has no place there.

    An entry of a mapping that is a merge is found under the key ``<<``.
    """
    yaml = yaml_module()
    found: dict[KeyPath, Span] = {}

    def look(node: Any, path: KeyPath, key_end: int) -> Span:
        if node.start_mark.index < key_end:
            return found.setdefault(path, _alias_span(text, key_end))
        is_map, is_list = isinstance(node, yaml.MappingNode), isinstance(node, yaml.SequenceNode)
        start, end, column = node.start_mark.index, node.end_mark.index, node.start_mark.column
        flow = not (is_map or is_list) or bool(node.flow_style)
        behind = key_end or start
        if is_map:
            for key, value in node.value:
                name = "<<" if key.tag == _TAG + "merge" else builder.scalar(key, ())
                last = look(value, (*path, name), key.end_mark.index)
                behind = max(behind, last.end)
        elif is_list:
            for index, item in enumerate(node.value):
                # An alias in a list has no key to find it by; nobody looks into lists.
                behind = max(behind, look(item, (*path, index), 0).end)
        if not flow:
            end = behind
        elif node.start_mark.index < end:
            end = start + len(text[start:end].rstrip())
        kind = "mapping" if is_map else "list" if is_list else "scalar"
        found[path] = Span(start, end, kind, flow, column, key_end)
        return found[path]

    loader = _loader_class()(text)
    builder = _Builder(loader)
    try:
        root = loader.get_single_node()
        if root is not None:
            look(root, (), 0)
    finally:
        loader.dispose()
    return found


def _alias_span(text: str, key_end: int) -> Span:
    match = re.compile(r"\s*:\s*(\*[^\s,\[\]{}]+)").match(text, key_end)
    start, end = match.span(1) if match else (key_end, key_end)
    return Span(start, end, "scalar", True, 0, key_end, alias=True)


def flow_text(value: Any) -> str:
    """A value on one line, so that it can stand anywhere in a YAML text."""
    text = yaml_module().safe_dump(
        [value], sort_keys=False, allow_unicode=True, default_flow_style=True, width=math.inf
    )
    return str(text).strip()[1:-1]


def write_text(value: Any) -> str:
    """Plain values as YAML, keys in the order in which they come."""
    return str(
        yaml_module().safe_dump(
            value, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100
        )
    )


def _decode(data: bytes) -> str:
    """Bytes of a file as text; raises YamlError with the place of the first byte that is not UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise YamlError("the file is UTF-16; save it as UTF-8")
    if len(data) > MAX_BYTES:
        raise YamlError(f"the file is larger than {MAX_BYTES // 1024} KB, which no such file needs to be")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _line_and_column(data[: error.start].decode("utf-8"), error.start)
        raise YamlError("the text is not UTF-8 from here on", line, column) from None


def _line_and_column(text: str, position: int) -> tuple[int, int]:
    before = text[:position]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _syntax_error(error: Any) -> YamlError:
    """PyYAML's complaint in words for somebody who does not know its insides."""
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "this is not YAML"
    if "'\\t'" in problem:
        problem = "there is a tab here; YAML is indented with spaces"
    elif "expected a single document" in f"{error.context} {problem}":
        problem = "a second document begins here (---); only one is read"
    elif error.context and error.problem:
        problem = f"{error.problem} ({error.context})"
    message = " ".join(str(problem).split())
    return YamlError(message, mark.line + 1, mark.column + 1) if mark else YamlError(message)


@cache
def _loader_class() -> type:
    """PyYAML's safe loader, told to stop at our depth and number of values.

    The check sits where nodes are composed: a deeper text would otherwise end in
    Python's own recursion limit.
    """
    yaml = yaml_module()

    class BoundedLoader(yaml.SafeLoader):  # type: ignore[name-defined]
        depth = 0
        count = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            self.depth += 1
            self.count += 1
            mark = self.peek_event().start_mark
            if self.depth > MAX_DEPTH:
                raise YamlError(f"nested deeper than {MAX_DEPTH} levels", mark.line + 1, mark.column + 1)
            if self.count > MAX_VALUES:
                raise YamlError(f"more than {MAX_VALUES} values", mark.line + 1, mark.column + 1)
            try:
                return super().compose_node(parent, index)
            finally:
                self.depth -= 1

    return BoundedLoader


class _Builder:
    """Makes plain values of PyYAML's nodes and remembers where they stood."""

    def __init__(self, loader: Any) -> None:
        self.loader = loader
        self.yaml = yaml_module()
        self.result = Document(None)
        self.count = 0

    def document(self, node: Any) -> Document:
        place = _start(node)
        self.result.places[()] = Place(place, place)
        self.result.value = self.build(node, (), 0)
        return self.result

    def build(self, node: Any, path: KeyPath, depth: int) -> Any:
        self.charge(node, depth)
        if isinstance(node, self.yaml.ScalarNode):
            return self.scalar(node, path)
        if isinstance(node, self.yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.item(child, (*path, index), depth) for index, child in enumerate(node.value)]
        if isinstance(node, self.yaml.MappingNode) and node.tag == _TAG + "map":
            values: dict[Any, Any] = {}
            for key, (key_node, value_node) in self.pairs(node, path, depth).items():
                here = (*path, key)
                self.result.places[here] = Place(_start(key_node), _start(value_node))
                values[key] = self.build(value_node, here, depth + 1)
            return values
        raise _refused_tag(node)

    def item(self, node: Any, path: KeyPath, depth: int) -> Any:
        self.result.places[path] = Place(_start(node), _start(node))
        return self.build(node, path, depth + 1)

    def pairs(self, node: Any, path: KeyPath, depth: int) -> dict[Any, tuple[Any, Any]]:
        """Key and value nodes of a mapping by key; what ``<<`` brings in gives way to the mapping's own."""
        own: dict[Any, tuple[Any, Any]] = {}
        merged: dict[Any, tuple[Any, Any]] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                for source in self.merge_sources(value_node):
                    self.charge(source, depth)
                    for key, pair in self.pairs(source, path, depth + 1).items():
                        merged.setdefault(key, pair)
                continue
            if not isinstance(key_node, self.yaml.ScalarNode):
                raise YamlError("a key must be a single word, not a list or a mapping", *_start(key_node))
            key = self.scalar(key_node, path)
            if key in own:
                self.fault((*path, key), key_node, f"the key '{key}' stands here a second time")
            own[key] = (key_node, value_node)
        return {**merged, **own}

    def merge_sources(self, node: Any) -> list[Any]:
        """The mappings that a ``<<`` names: one, or a list of them."""
        sources = node.value if isinstance(node, self.yaml.SequenceNode) else [node]
        for source in sources:
            if not isinstance(source, self.yaml.MappingNode):
                raise YamlError("<< must name a mapping, or a list of them", *_start(node))
        return list(sources)

    def charge(self, node: Any, depth: int) -> None:
        """Count one more value; raises YamlError where the aliases grow out of bounds."""
        self.count += 1
        if self.count > MAX_VALUES:
            raise YamlError(f"the aliases stand for more than {MAX_VALUES} values", *_start(node))
        if depth >= MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH} levels (an alias inside itself?)", *_start(node))

    def scalar(self, node: Any, path: KeyPath) -> Any:
        """A single value: text, number, truth value or None. Dates stay text."""
        kind = node.tag.removeprefix(_TAG)
        text = node.value
        if kind in ("str", "timestamp", "value"):
            return text
        if kind == "null":
            return None
        if kind == "bool" and text.lower() in self.loader.bool_values:
            value = self.loader.bool_values[text.lower()]
            if text.lower() not in ("true", "false"):
                meant = str(value).lower()
                self.surprise(path, node, f"'{text}' means {meant} in YAML: write {meant}, or quote it")
            return value
        if kind in ("int", "float"):
            return self.number(node, path, kind)
        raise _refused_tag(node)

    def number(self, node: Any, path: KeyPath, kind: str) -> int | float:
        text = node.value
        if len(text) > MAX_NUMBER_DIGITS:
            raise YamlError(f"a number of {len(text)} digits", *_start(node))
        try:
            construct = self.loader.construct_yaml_int if kind == "int" else self.loader.construct_yaml_float
            value = construct(node)
        except (ValueError, IndexError, OverflowError):
            raise YamlError(f"'{text}' is not a number", *_start(node)) from None
        if ":" in text:
            self.surprise(path, node, f"'{text}' means the number {value} in YAML (base 60): quote it")
        elif kind == "int" and _OCTAL.match(text):
            meant = f"'{text}' means the number {value} in YAML (octal)"
            self.surprise(path, node, f"{meant}: leave out the leading 0, or quote it")
        return value

    def fault(self, path: KeyPath, node: Any, message: str, surprise: bool = False) -> None:
        self.result.faults.append(Fault(path, *_start(node), message, surprise))

    def surprise(self, path: KeyPath, node: Any, message: str) -> None:
        self.fault(path, node, message, surprise=True)


def _start(node: Any) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _refused_tag(node: Any) -> YamlError:
    tag = " ".join(str(node.tag).replace(_TAG, "!!").split())[:60]
    return YamlError(f"the tag {tag} is not allowed: only plain values are read", *_start(node))
