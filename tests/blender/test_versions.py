"""What the tables of versions say of the running Blender, asked of Blender itself."""

from __future__ import annotations

import pytest

bpy = pytest.importorskip("bpy")

from addon.tracking.blender import versions  # noqa: E402
from addon.tracking.blender.versions.node_tables import KINDS  # noqa: E402

pytestmark = pytest.mark.usefixtures("blender_file")


@pytest.mark.parametrize("meaning", sorted(KINDS))
def test_a_node_has_all_that_the_tables_name(meaning: str) -> None:
    kinds = [kind for since, kind in KINDS[meaning].items() if since <= versions.BLENDER]
    if not kinds or kinds[-1] is None:
        with pytest.raises(KeyError):
            versions.node_kind(meaning)
        return
    in_scene = meaning == "render layers"
    tree = versions.hang_scene_tree(bpy.context.scene) if in_scene else versions.new_group("All Nodes")
    kind, node = versions.node_kind(meaning), versions.new_node(tree, meaning)
    for name in kind.inputs:
        assert versions.input_socket(node, meaning, name)
    for name in kind.outputs:
        assert versions.output_socket(node, meaning, name)
    for option, where in kind.options.items():
        for value in where.values:
            versions.set_option(node, meaning, option, value)  # raises where Blender knows no such value
            held = node.inputs[where.name].default_value if where.is_menu else getattr(node, where.name)
            assert held == where.values[value]


@pytest.mark.skipif(versions.BLENDER < (4, 4), reason="from 4.4 an action is kept for more than one thing")
def test_an_action_of_something_else_holds_no_curves() -> None:
    material = bpy.data.materials.new("Keyed")
    material.keyframe_insert("roughness", frame=1)
    empty = bpy.data.objects.new("Empty", None)
    empty.animation_data_create().action = material.animation_data.action
    assert len(versions.curves_of(material)) == 1
    assert empty.animation_data.action_slot is None and versions.curves_of(empty) == []
