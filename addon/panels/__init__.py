"""The sidebars: they draw what is known already and compute nothing."""

from . import clip_editor, compositor, menus, scene, sessions, solve

# A sidebar shows its panels in the order in which they are registered.
CLASSES = (
    *clip_editor.CLASSES,
    *solve.CLASSES,
    *scene.CLASSES,
    *clip_editor.BELOW,
    *compositor.CLASSES,
    *sessions.CLASSES,
    *menus.CLASSES,
)
