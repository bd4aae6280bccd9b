"""Words in the user's language: Blender's message catalogue, with the add-on's own entries in it.

What stands in a class (labels, descriptions) Blender translates by itself. ``say`` is for words that are put
together here; ``said`` for finished English sentences from rooms that know no Blender (errors, findings,
verdicts): they are known again by their pattern.
"""

from __future__ import annotations

import re
from functools import lru_cache

import bpy

from .translations import OWN, TEMPLATES

_HOLE = re.compile(r"\{[^{}]*\}")


def say(text: str, **values: object) -> str:
    """The text in the interface's language with the values put into its ``{names}``."""
    return str(bpy.app.translations.pgettext_iface(text, OWN)).format(**values)


def said(text: str) -> str:
    """A finished English sentence in the language of reports; as it is where nobody translated it."""
    return _said(text, bpy.app.translations.locale)


def _rpt(text: str) -> str:
    return str(bpy.app.translations.pgettext_rpt(text))


@lru_cache(maxsize=2000)
def _said(text: str, locale: str) -> str:
    if (translated := _rpt(text)) != text:
        return translated
    for template, pattern in _patterns():
        if "; " in text and "; " not in template:
            continue  # two sentences are not one with a short pattern
        found = pattern.fullmatch(text)
        if found is not None and (other := _rpt(template)) != template:
            return other.format(*(_said(value, locale) for value in found.groups()))
    # A sentence may be put together of others: "clip.mp4: what is wrong; what helps".
    for seam in ("; ", ": "):
        first, _, second = text.partition(seam)
        if second:
            return _said(first, locale) + seam + _said(second, locale)
    return text


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Templates with the pattern of what they become; the most specific first."""
    found = []
    for template in sorted(TEMPLATES, key=lambda text: -len(_HOLE.sub("", text))):
        fixed = [re.escape(part) for part in _HOLE.split(template)]
        found.append((template, re.compile("(.*?)".join(fixed), re.DOTALL)))
    return found
