"""Writing shot files: anew, or into one that is there, with its comments and order as they were.

An update exchanges single values in the old text and adds keys where they belong. What comes of it is read
again and must be the shot that was to be written, and no comment may be lost; where that is not so, the
shot is written beside the old file, which stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import yaml_tools
from .config import CompositeShotConfig
from .errors import InputError
from .files import write_atomically
from .schema import FOREIGN, KeyPath
from .shotfile import load_shot_text
from .yaml_tools import Span

_COMMENT = re.compile(r"(^|\s)#[^\n]*\n", re.MULTILINE)


@dataclass(frozen=True)
class WrittenShot:
    """What came of writing a shot file."""

    path: Path
    """The file that holds the shot now."""
    changed: bool
    """False where the file said it all already; it was not written then."""
    reason: str = ""
    """Where it was written beside the old file, why that could not be updated; else empty."""


class _CannotUpdate(Exception):
    """Why the old text cannot be updated."""


def save_shot(config: CompositeShotConfig, path: Path) -> None:
    """Write a shot file anew, as a whole or not at all; raises InputError where it cannot be written.

    Paths are written relative to the file's folder; what included files say is left to them.
    """
    path = Path(path)
    write_atomically(path, yaml_tools.write_text(_own_values(config.moved(path.absolute().parent))))


def write_shot(config: CompositeShotConfig, path: Path, old_text: str | None = None) -> WrittenShot:
    """Write a shot into the file at ``path``, with the comments and the order of what stands there.

    ``old_text`` is that text where it is not to be read from the file. Where there is none, the file is
    written anew; where it cannot be updated safely, ``NAME.new.yaml`` is written beside it. Raises InputError
    where nothing can be written.
    """
    path = Path(path)
    if old_text is None:
        if not path.exists():
            save_shot(config, path)
            return WrittenShot(path, True)
        old_text = _read(path)
    moved = config.moved(path.absolute().parent)
    try:
        text = _updated(moved, path, old_text)
    except _CannotUpdate as error:
        beside = _free_name(path)
        save_shot(config, beside)
        return WrittenShot(beside, True, str(error))
    if text == old_text and path.exists():
        return WrittenShot(path, False)
    write_atomically(path, text)
    return WrittenShot(path, True)


def _read(path: Path) -> str:
    try:
        with open(path, "rb") as stream:
            return stream.read(yaml_tools.MAX_BYTES + 1).decode("utf-8", errors="surrogateescape")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None


def _free_name(path: Path) -> Path:
    for number in range(1, 1000):
        beside = path.with_name(f"{path.stem}.new{number if number > 1 else ''}{path.suffix or '.yaml'}")
        if not beside.exists():
            return beside
    raise InputError(f"{path}: a thousand new ones lie beside it")


# --- what is written ---------------------------------------------------------


def _own_values(config: CompositeShotConfig) -> dict[str, Any]:
    """The shot as plain values without what the included files say already."""
    values = config.to_dict()
    if config.included:
        given = CompositeShotConfig.keys()["include"]
        values["shot"] = {
            given.name: given.kind.write(config.include),
            **_beyond(values["shot"], config.included),
        }
    return values


def _beyond(values: Mapping[str, Any], under: Mapping[str, Any]) -> dict[str, Any]:
    """What ``values`` says other than ``under``; what it lacks of that is taken back with None."""
    result: dict[str, Any] = {}
    for name, value in values.items():
        if name not in under:
            result[name] = value
        elif isinstance(value, Mapping) and isinstance(under[name], Mapping):
            inner = _beyond(value, under[name])
            if inner:
                result[name] = inner
        elif not _same(value, under[name]):
            result[name] = value
    lacking = [name for name, value in under.items() if name not in values and value is not None]
    return {**result, **dict.fromkeys(lacking)}


def _same(one: Any, other: Any) -> bool:
    """Equal, and of one kind: true is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(value, other[name]) for name, value in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


class _Changes(dict[str, Any]):
    """What is to be changed in a mapping: values by their keys, _Changes for those below."""


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], full: Mapping[str, Any]) -> _Changes:
    """What leads from ``old`` to ``new``; ``full`` is ``new`` with all its defaults."""
    made = _Changes()
    for name, value in new.items():
        if name not in old:
            made[name] = value
    for name, before in old.items():
        if name not in new and name.startswith(FOREIGN):
            raise _CannotUpdate(f"'{name}' would have to be taken out")
        after = new[name] if name in new else full.get(name)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            below = full.get(name)
            inner = _changes(before, after, below if isinstance(below, Mapping) else {})
            if inner:
                made[name] = inner
        elif not _same(before, after):
            made[name] = after
    return made


# --- into the old text -------------------------------------------------------


def _updated(config: CompositeShotConfig, path: Path, text: str) -> str:
    """The old text with the shot in it. Raises _CannotUpdate."""
    before = _loaded(path, text, "the file has errors")
    changes = _changes(before.to_dict(), config.to_dict(), config.to_dict(full=True))
    if not changes:
        return text
    update = _Update(text)
    update.change((), changes)
    result = update.result()
    if _loaded(path, result, "a value could not be exchanged") != config:
        raise _CannotUpdate("a value could not be exchanged")
    return result


def _loaded(path: Path, text: str, otherwise: str) -> CompositeShotConfig:
    """The shot that the text would be if it stood at ``path``."""
    try:
        return load_shot_text(text, path)
    except InputError:
        raise _CannotUpdate(otherwise) from None


class _Update:
    """Gathers exchanges of single values in a YAML text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans = yaml_tools.spans(text)
        self.edits: list[tuple[int, int, str]] = []
        self.newline = "\r\n" if "\r\n" in text else "\n"

    def result(self) -> str:
        text = self.text
        # Backwards, so that the places of earlier ones stay; of two at one place the first that was asked for
        # comes first in the text.
        ordered = sorted(enumerate(self.edits), key=lambda edit: (edit[1][0], edit[0]), reverse=True)
        for _, (start, end, new) in ordered:
            if _COMMENT.search(text[start:end]):
                raise _CannotUpdate("a comment stands inside a value that changes")
            text = text[:start] + new + text[end:]
        return text

    def change(self, path: KeyPath, changes: _Changes) -> None:
        """Changes the mapping at ``path``."""
        added: dict[str, Any] = {}
        for name, value in changes.items():
            here = (*path, name)
            span = self.spans.get(here)
            if span is None:
                added[name] = _plain(value)
            elif isinstance(value, _Changes) and span.kind == "mapping" and not span.alias:
                self.change(here, value)
            elif isinstance(value, _Changes) and (span.alias or span.end > span.start):
                raise _CannotUpdate(f"'{name}' is shared with another place")
            else:
                self.exchange(span, _plain(value))
        if added:
            self.add(path, added)

    def exchange(self, span: Span, value: Any) -> None:
        new = _flow(value)
        lead = self.text[span.key_end : span.start]
        if span.start == span.end:
            # Nothing stands there: right behind the colon.
            colon = self.text.index(":", span.key_end) + 1
            self.edits.append((colon, colon, f" {new}"))
        elif not span.flow and "#" not in lead:
            colon = self.text.index(":", span.key_end) + 1
            self.edits.append((colon, span.end, f" {new}"))
        else:
            self.edits.append((span.start, span.end, new))

    def add(self, path: KeyPath, values: Mapping[str, Any]) -> None:
        """Adds keys at the end of the mapping at ``path``."""
        span = self.spans[path]
        if span.flow:
            inside = ", ".join(
                f"{yaml_tools.flow_text(name)}: {_flow(value)}" for name, value in values.items()
            )
            last = max((self.spans[below].end for below in self._entries(path)), default=0)
            at = last or span.start + 1
            self.edits.append((at, at, f", {inside}" if last else inside))
            return
        end = self.text.find("\n", span.end)
        at = len(self.text) if end < 0 else end - (self.newline == "\r\n")
        lines = [line for name, value in values.items() for line in _block(name, value)]
        block = "".join(f"{self.newline}{' ' * span.column}{line}" for line in lines)
        self.edits.append((at, at, block))

    def _entries(self, path: KeyPath) -> list[KeyPath]:
        return [below for below in self.spans if len(below) == len(path) + 1 and below[: len(path)] == path]


def _block(name: Any, value: Any) -> list[str]:
    """A key and its value as lines of a mapping."""
    if isinstance(value, Mapping):
        return yaml_tools.write_text({name: value}).rstrip("\n").split("\n")
    return [f"{_flow(name)}: {_flow(value)}"]


def _flow(value: Any) -> str:
    return "null" if value is None else yaml_tools.flow_text(value)


def _plain(value: Any) -> Any:
    """Changes below a key that is not there yet, as plain values."""
    if isinstance(value, _Changes):
        return {name: _plain(inner) for name, inner in value.items()}
    return value
