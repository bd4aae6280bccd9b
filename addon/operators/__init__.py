"""The buttons: each gathers its input, calls one function and reports."""

from . import clip, presets, sessions, shot, tools, track

CLASSES = (*clip.CLASSES, *track.CLASSES, *sessions.CLASSES, *shot.CLASSES, *presets.CLASSES, *tools.CLASSES)
