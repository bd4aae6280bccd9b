"""The buttons: each gathers its input, calls one function and reports."""

from . import cameras, clip, exchange, improve, lens, presets, scene, sessions, shot, shot_file, tools, track

CLASSES = (
    *clip.CLASSES,
    *track.CLASSES,
    *improve.CLASSES,
    *sessions.CLASSES,
    *exchange.CLASSES,
    *shot.CLASSES,
    *shot_file.CLASSES,
    *scene.CLASSES,
    *cameras.CLASSES,
    *lens.CLASSES,
    *presets.CLASSES,
    *tools.CLASSES,
)
