"""Words in the user's language: Blender's message catalogue, with the add-on's own entries in it.

What stands in a class (labels, descriptions) Blender translates by itself. ``say`` is for words that are put
together here; ``said`` for finished English sentences from rooms that know no Blender (errors, findings,
verdicts): they are known again by their pattern.
"""

from __future__ import annotations

import re
from functools import lru_cache

import bpy

from .translations import TEMPLATES

_HOLE = re.compile(r"\{[^{}]*\}")


def say(text: str, **values: object) -> str:
    """The text in the interface's language with the values put into its ``{names}``."""
    return bpy.app.translations.pgettext_iface(text).format(**values)


def said(text: str) -> str:
    """A finished English sentence in the language of reports; as it is where nobody translated it."""
    return _said(text, bpy.app.translations.locale)


@lru_cache(maxsize=2000)
def _said(text: str, _locale: str) -> str:
    translated: str = bpy.app.translations.pgettext_rpt(text)
    if translated != text or "\n" in text:
        return translated
    for template, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            other = bpy.app.translations.pgettext_rpt(template)
            return other if other == template else other.format(*map(said, found.groups()))
    return text


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Templates with the pattern of what they become; the most specific first."""
    found = []
    for template in sorted(TEMPLATES, key=lambda text: -len(_HOLE.sub("", text))):
        fixed = [re.escape(part) for part in _HOLE.split(template)]
        found.append((template, re.compile("(.*?)".join(fixed), re.DOTALL)))
    return found
