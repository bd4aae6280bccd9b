"""Every word that a user may read has its German, none is left over, and Blender shows them."""

from __future__ import annotations

import ast
import re
from types import ModuleType

import bpy
import pytest

from addon import operators, panels, preferences, properties, translations, words
from addon.tracking.presets import list_composite_presets, list_tracking_presets
from addon.tracking.session import rows, store
from tests.words import ADDON, class_words, is_words, source_words

HOLES = re.compile(r"\{[^{}]*\}")


@pytest.fixture(scope="module")
def wanted(registered_addon: ModuleType) -> set[str]:
    classes = (*operators.CLASSES, *panels.CLASSES, *properties.CLASSES, *preferences.CLASSES)
    presets = [*list_composite_presets(), *list_tracking_presets()]
    about = {text for info in presets if info.built_in for text in (info.description,)}
    return class_words(classes) | source_words() | {text for text in about if is_words(text)}


def test_german_is_complete(wanted: set[str]) -> None:
    assert sorted(wanted - set(translations.LANGUAGES["de_DE"])) == []


def test_no_german_is_left_over(wanted: set[str]) -> None:
    kept = set(translations.LANGUAGES["de_DE"]) - set(translations.KEPT)
    assert sorted(kept - wanted) == []


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_holes_are_the_same(language: str) -> None:
    """A translation takes the values that the English takes, and no others."""
    for text, other in translations.LANGUAGES[language].items():
        count = len(re.findall(r"\{\}", text))
        if count:
            assert sorted(HOLES.findall(other)) in (["{}"] * count, [f"{{{n}}}" for n in range(count)]), text
        else:
            assert sorted(HOLES.findall(other)) == sorted(HOLES.findall(text)), text


def test_finished_sentences_are_known_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a room without Blender says comes out in the language, its values in place."""
    german = translations.LANGUAGES["de_DE"]
    monkeypatch.setattr(words, "_rpt", lambda text: german.get(text, text))
    words._said.cache_clear()
    try:
        said = words.said("the focal length is unsure: 28.1 to 35.2 mm; give it under Lens Known")
        assert "28.1" in said and "35.2" in said and said != "" and "Brennweite" in said
        assert words.said("Neither template nor word") == "Neither template nor word"
        parts = words.said("clip.mp4: Blender cannot read this clip; make an evenly timed copy")
        assert parts.startswith("clip.mp4: ") and "Blender cannot" not in parts
        damaged = words.said(f"a.tracksession: the session is damaged: {rows.HURT}; {store.RECOVER}")
        assert "Teile der Datei" in damaged and "rettet" in damaged
    finally:
        words._said.cache_clear()


def test_blender_has_the_words(registered_addon: ModuleType) -> None:
    if "de_DE" not in bpy.app.translations.locales:
        pytest.skip("this Blender comes without languages")
    view = bpy.context.preferences.view
    before = view.language, view.use_translate_interface
    try:
        view.language, view.use_translate_interface = "de_DE", True
        assert bpy.app.translations.pgettext_iface("Track & Solve") == "Verfolgen & Lösen"
        assert words.say("Tracking {frame} of {last}", frame=3, last=9) == "Verfolge 3 von 9"
        # What a dialog shows of its properties is looked up as any label is.
        assert bpy.app.translations.pgettext_iface("New Points Every") == "Neue Punkte alle"
    finally:
        view.language, view.use_translate_interface = before


def test_every_report_is_translated() -> None:
    """Blender does not translate what an operator reports, nor why it is greyed out: ``said`` does."""
    bare = [
        f"{file.name}:{node.lineno}"
        for file in sorted((ADDON / "operators").glob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in ("report", "poll_message_set")
        and node.args
        and getattr(getattr(node.args[-1], "func", None), "id", "") != "said"
    ]
    assert bare == []
