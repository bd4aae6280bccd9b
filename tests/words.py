"""Every word of the add-on that a user may read, gathered from its classes and its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ADDON = Path(__file__).resolve().parents[1] / "addon"
DRAWN = ("text", "title", "message", "confirm_text", "heading", "placeholder", "text_ctxt")
"""Arguments of layouts and dialogs."""
SENTENCES = (
    "tracking/engine/findings.py",
    "tracking/preflight.py",
    "tracking/blender/preflight.py",
    "tracking/blender/scene_settings.py",
)
"""Rooms whose sentences reach the panels whole: all that they say counts."""
NO_ERRORS_OF_OURS = (
    "ValueError",
    "TypeError",
    "KeyError",
    "RuntimeError",
    "NotImplementedError",
    "LookupError",
)
REFUSALS = ("refusal", "scene_refusal", "about", "about_clip", "about_scene", "poll")
"""Functions that return why something can't be done."""
UNSEEN = (
    "translations", "cli/", "report_page.py", "__main__.py",
    "yaml_tools.py", "schema.py", "config.py", "shotfile.py", "shot_layers.py", "shot_write.py", "hooks.py",
    "exr.py", "overscan.py", "stmap.py", "stmap_in.py", "stmap_out.py", "track_text.py", "stabilize.py",
    "engine/lens.py", "render.py",
    "salvage.py", "library.py", "stages.py", "shot_solve.py", "blender/build.py", "commands.py",
    "tracking/files.py", "tracking/camera_files/",
)  # fmt: skip
"""The command line, the report page, and what is said of a file's lines: English, as the files' own words."""


def templates_of(node: ast.expr | None) -> Iterator[str]:
    """The texts that an expression may come to, ``{}`` for what is put in; none where that is not known."""
    if isinstance(node, ast.IfExp):
        yield from templates_of(node.body)
        yield from templates_of(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from templates_of(value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)  # type: ignore[misc]


def is_words(text: str) -> bool:
    """Whether there is something to translate in it."""
    return bool(re.search(r"[^\W\d_]{2}", re.sub(r"\{[^{}]*\}", "", text)))


def source_words() -> set[str]:
    """What the source says: drawn, reported, refused, raised."""
    found: set[str] = set()
    for file in sorted(ADDON.rglob("*.py")):
        name = file.relative_to(ADDON).as_posix()
        if name.startswith(UNSEEN) or name.endswith(UNSEEN):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        found.update(
            _in_module(
                tree, seen=name.startswith(("panels/", "operators/", "watch/", "jobs/")) or "/" not in name
            )
        )
        literals = set(_literals(tree))
        if name in SENTENCES:
            found.update(text for text in literals if " " in text.strip())
        elif name.startswith(("tracking/blender/", "watch/", "jobs/", "solve_list.py")):
            found.update(text for text in literals if _SENTENCE.match(text) and "%" not in text)
    return {text for text in found if is_words(text)}


def _in_module(tree: ast.Module, *, seen: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            kind = getattr(node.exc.func, "id", "")
            if kind.endswith("Error") and kind not in NO_ERRORS_OF_OURS:
                yield from templates_of(node.exc.args[0])
        elif isinstance(node, ast.Call):
            yield from _in_call(node, seen=seen)
        elif isinstance(node, ast.FunctionDef) and seen and node.name in REFUSALS:
            yield from _refusals(node)


def _in_call(node: ast.Call, *, seen: bool) -> Iterator[str]:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name in ("report", "chosen_file") and len(node.args) > 1:
        yield from templates_of(node.args[1])
    if name in ("say", "said", "answer") and node.args:
        yield from templates_of(node.args[0])
    for keyword in node.keywords if seen else ():
        if keyword.arg in DRAWN:
            yield from templates_of(keyword.value)


def _refusals(node: ast.FunctionDef) -> Iterator[str]:
    """What a poll may give as its reason: returned, or kept in ``why``."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Return) or (
            isinstance(inner, ast.Assign) and getattr(inner.targets[0], "id", "") == "why"
        ):
            yield from templates_of(inner.value)


_SENTENCE = re.compile(r"(?:[A-Z]|\{\})\S*(?: \S+){3}")
"""Four words or more with a capital: a note or a trouble, and neither a key nor the name of a node."""


def _literals(tree: ast.Module) -> Iterator[str]:
    """All literals, docstrings aside."""
    aside = {
        id(statement.value)
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in aside | inside:
            yield from templates_of(node)


def class_words(classes: Iterable[type]) -> set[str]:
    """Labels, descriptions, properties and enum items of registered classes."""
    found: set[str] = set()
    for kind in classes:
        found.update((getattr(kind, "bl_label", ""), getattr(kind, "bl_description", "")))
        for prop in _properties(kind):
            if prop.is_hidden or prop.identifier not in _annotations(kind):
                continue
            if prop.name == prop.identifier:  # a row's value, which no layout draws as a property
                continue
            found.update((prop.name, prop.description))
            if prop.type == "ENUM" and prop.identifier not in ("tracking_preset", "composite_preset"):
                for item in prop.enum_items_static:
                    found.update((item.name, item.description) if item.name != item.identifier else ())
    return {text for text in found if is_words(text)}


def _properties(kind: Any) -> Iterable[Any]:
    """An operator's own properties stand in the type that Blender makes of it, not in its class."""
    import bpy

    if not issubclass(kind, bpy.types.Operator):
        return list(kind.bl_rna.properties)
    room, name = kind.bl_idname.split(".")
    return list(getattr(getattr(bpy.ops, room), name).get_rna_type().properties)


def _annotations(kind: type) -> set[str]:
    """Names of the properties that are ours, and not of Blender's helpers."""
    ours = [base for base in kind.__mro__ if not base.__module__.startswith("bpy")]
    return {name for base in ours for name in vars(base).get("__annotations__", {})}
