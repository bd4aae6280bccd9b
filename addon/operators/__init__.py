"""The buttons: each gathers its input, calls one function and reports."""

from . import clip, shot, tools, track

CLASSES = (*clip.CLASSES, *track.CLASSES, *shot.CLASSES, *tools.CLASSES)
