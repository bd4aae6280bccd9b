"""The sidebars: they draw what is known already and compute nothing."""

from . import clip_editor, compositor

CLASSES = (*clip_editor.CLASSES, *compositor.CLASSES)
