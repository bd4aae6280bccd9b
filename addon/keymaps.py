"""Shortcuts that are offered in the preferences; none is set until the user chooses its keys.

Every key of the Clip Editor and the Compositor is Blender's own or the user's; ours would clash with one.
"""

from __future__ import annotations

import bpy

OFFERED = (
    ("Clip", "CLIP_EDITOR", "tracked_shot.track_solve"),
    ("Clip", "CLIP_EDITOR", "tracked_shot.pause"),
    ("Clip", "CLIP_EDITOR", "tracked_shot.resume"),
    ("Clip", "CLIP_EDITOR", "tracked_shot.setup_shot"),
    ("Clip", "CLIP_EDITOR", "tracked_shot.set_floor"),
    ("Clip", "CLIP_EDITOR", "tracked_shot.set_origin"),
    ("Clip", "CLIP_EDITOR", "tracked_shot.toggle_overlay"),
    ("Node Editor", "NODE_EDITOR", "tracked_shot.apply_composite"),
    ("Node Editor", "NODE_EDITOR", "tracked_shot.remove_composite"),
    ("Screen", "EMPTY", "tracked_shot.open_workspace"),
)
"""Keymap, its editor and the operator."""

_items: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def hang() -> None:
    """Offers them; nothing where Blender has no keys, without a window."""
    keys = bpy.context.window_manager.keyconfigs.addon
    if keys is None or bpy.app.background:
        return
    for name, space, operator in OFFERED:
        keymap = keys.keymaps.new(name=name, space_type=space)
        _items.append((keymap, keymap.keymap_items.new(operator, "NONE", "PRESS")))


def take_off() -> None:
    """Takes them back."""
    while _items:
        keymap, item = _items.pop()
        keymap.keymap_items.remove(item)


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The shortcuts as the preferences' keymap shows them, to be set there."""
    import rna_keymap_ui

    keys = context.window_manager.keyconfigs.user
    for name, space, operator in OFFERED:
        keymap = keys.keymaps.find(name, space_type=space) if keys is not None else None
        item = keymap.keymap_items.find_from_operator(operator) if keymap is not None else None
        if item is None:
            continue
        column = layout.column()
        column.context_pointer_set("keymap", keymap)
        rna_keymap_ui.draw_kmi(["ADDON", "USER", "DEFAULT"], keys, keymap, item, column, 0)
