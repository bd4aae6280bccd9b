"""One undo takes back one click: apply, another preset, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np

from tests.blender.tree_dump import differences, dump_scene
from tests.desktop.test_window import area, lay_out, press

TEXT = "Their Own"


def set_the_stage(picture: Path) -> None:
    """A clip in the editor, nodes of the user's in the compositor, and an undo step to come back to."""
    from addon.tracking.blender import versions

    cv2.imwrite(str(picture), np.full((60, 100, 3), 90, np.uint8))
    clip = bpy.data.movieclips.load(str(picture))
    area("CLIP_EDITOR").spaces.active.clip = clip
    scene = bpy.context.window_manager.windows[0].scene
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    layers = versions.new_node(tree, "render layers")
    blur = tree.nodes.new("CompositorNodeBlur")
    blur.label = TEXT
    tree.links.new(layers.outputs["Image"], blur.inputs["Image"])
    tree.links.new(blur.outputs["Image"], versions.make_output(tree).socket)


def choose(preset: str) -> None:
    bpy.context.window_manager.windows[0].scene.tracked_shot.composite_preset = preset


def dumped() -> Any:
    """The scene without what only says which preset is chosen."""
    scene = bpy.context.window_manager.windows[0].scene
    dump = dump_scene(scene)
    dump["custom"].pop("tracked_shot", None)  # up to 4.5 an add-on's properties are among the custom ones
    return dump, scene.render.film_transparent, scene.view_settings.view_transform


def step(work: Any) -> None:
    """Do it, as a step of its own in the undo history."""
    work()
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.ed.undo_push(message="Test")


def undo() -> None:
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.ed.undo()


def redo() -> None:
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.ed.redo()


def test_one_undo_takes_back_one_click(window: Any, tmp_path: Path) -> None:
    window.run(lay_out)
    window.run(lambda: step(lambda: set_the_stage(tmp_path / "plate.png")))
    window.run(lambda: step(lambda: choose("over_plate")))
    before = window.run(dumped)
    assert window.run(lambda: press("apply_composite")) == {"FINISHED"}
    over = window.run(dumped)
    assert differences(before, over)
    window.run(undo)
    assert differences(before, window.run(dumped)) == []
    window.run(redo)
    assert differences(over, window.run(dumped)) == []

    window.run(lambda: step(lambda: choose("additive_glow")))
    assert window.run(lambda: press("apply_composite")) == {"FINISHED"}
    added = window.run(dumped)
    assert differences(over, added)
    window.run(undo)
    assert differences(over, window.run(dumped)) == []
    window.run(redo)

    assert window.run(lambda: press("remove_composite")) == {"FINISHED"}
    assert differences(before, window.run(dumped)) == []
    window.run(undo)
    assert differences(added, window.run(dumped)) == []
