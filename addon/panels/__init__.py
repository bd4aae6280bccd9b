"""The sidebars: they draw what is known already and compute nothing."""

from . import clip_editor, compositor, sessions

CLASSES = (*clip_editor.CLASSES, *compositor.CLASSES, *sessions.CLASSES)
