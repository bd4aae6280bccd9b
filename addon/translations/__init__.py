"""The add-on's words in other languages, for Blender's message catalogue. No bpy.

A language is a module with ``WORDS``: English to its own. An English text with holes (``{}`` or ``{name}``)
is a template; the translation has the same holes, in any order (``{1} … {0}``).
"""

from __future__ import annotations

from . import de

LANGUAGES: dict[str, dict[str, str]] = {"de_DE": de.WORDS}
"""By the name that Blender gives the language."""
CONTEXTS = ("*", "Operator")
"""Labels of operators are looked up in a context of their own."""
KEPT: tuple[str, ...] = ()
"""Words that are put together while drawing, so that the source does not have them as they are shown."""
TEMPLATES: tuple[str, ...] = tuple(text for text in de.WORDS if "{}" in text)
"""Sentences that come finished from rooms without Blender, with holes for their values."""


def catalogue() -> dict[str, dict[tuple[str, str], str]]:
    """All languages as ``bpy.app.translations.register`` takes them."""
    return {
        language: {(context, text): other for text, other in words.items() for context in CONTEXTS}
        for language, words in LANGUAGES.items()
    }
