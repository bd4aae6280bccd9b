"""The buttons: each gathers its input, calls one function and reports."""

from . import clip, exchange, lens, presets, scene, sessions, shot, shot_file, tools, track

CLASSES = (
    *clip.CLASSES,
    *track.CLASSES,
    *sessions.CLASSES,
    *exchange.CLASSES,
    *shot.CLASSES,
    *shot_file.CLASSES,
    *scene.CLASSES,
    *lens.CLASSES,
    *presets.CLASSES,
    *tools.CLASSES,
)
