"""The add-on's words in other languages, for Blender's message catalogue. No bpy.

A language is a module with ``WORDS``: English to its own. An English text with holes (``{}`` or ``{name}``)
is a template; the translation has the same holes, in any order (``{1} … {0}``).
"""

from __future__ import annotations

from . import de

LANGUAGES: dict[str, dict[str, str]] = {"de_DE": de.WORDS}
"""By the name that Blender gives the language."""
OWN = "Tracked Shot"
CONTEXTS = ("*", "Operator", OWN)
"""Labels of operators are looked up in a context of their own. Where Blender has a word, too, its own wins:
what must be ours (what ``say`` says, headers of panels) is looked up in ours."""
KEPT: tuple[str, ...] = (
    "Good", "Usable", "Poor", "Failed",
    "Created", "Tracking", "Tracked", "Paused", "Interrupted", "Solving", "Solved", "Complete", "Damaged",
    "Paused while solving", "Paused at the start", "Paused at frame {frame} of {last}",
    "Failed while solving", "Failed at the start", "Failed at frame {frame} of {last}",
    "Interrupted while solving", "Interrupted at the start", "Interrupted at frame {frame} of {last}",
    "Cleaning Tracks", "Looking Again", "Starting", "frame {} of {}", "Process {}", "Process {} on {}",
    "Average Error", "Frames", "Focal Length", "Camera",
    "moves", "turns where it stands", "stands still", "zooms, {} to {} mm", "{} mm, as given",
    "{} mm, not told",
    "too short", "moves, or slipped", "sticks to the frame", "on what covers the lens",
    "left out by the solve", "made the camera no better",
    "parts of the file are lost or hold something else", "'tracked_shot recover' saves what can be read",
    "Found, {} sure", "By {} tracks", "rows", "columns", "on", "off",
)  # fmt: skip
"""Words that are put together elsewhere, so that the source does not have them as they are shown."""
TEMPLATES: tuple[str, ...] = tuple(text for text in de.WORDS if "{}" in text)
"""Sentences that come finished from rooms without Blender, with holes for their values."""


def catalogue() -> dict[str, dict[tuple[str, str], str]]:
    """All languages as ``bpy.app.translations.register`` takes them."""
    return {
        language: {(context, text): other for text, other in words.items() for context in CONTEXTS}
        for language, words in LANGUAGES.items()
    }
