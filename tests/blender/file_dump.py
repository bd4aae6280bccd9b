"""Everything in the open .blend as plain values, ours left out: with equal dumps nothing else has changed."""

from __future__ import annotations

from typing import Any

import bpy

from addon.tracking.blender.nodes import MARK
from tests.blender.tree_dump import dump_scene, dump_tree, plain, properties

_ROOMS_LEFT_OUT = {"libraries", "window_managers", "screens", "all_ids", "workspaces", "brushes", "palettes"}
_SKIP = {
    "rna_type", "users", "use_extra_user", "is_evaluated", "original", "session_uid", "id_data", "preview",
    "is_runtime_data", "tag", "select", "bound_box", "depsgraph",
}  # fmt: skip


def dump_file(*, ours: bool = False) -> dict[str, Any]:
    """Every datablock that bears no mark of ours, with its parts, by kind and name; ``ours``: those, too."""
    found: dict[str, Any] = {}
    for prop in bpy.data.bl_rna.properties:
        if prop.type == "COLLECTION" and prop.identifier not in _ROOMS_LEFT_OUT:
            for item in getattr(bpy.data, prop.identifier):
                if (ours or MARK not in item) and not (item.id_type == "IMAGE" and item.source == "VIEWER"):
                    found[f"{prop.identifier}/{item.name_full}"] = dump_id(item)
    return found


def dump_id(item: bpy.types.ID) -> dict[str, Any]:
    found = properties(item, _SKIP)
    if isinstance(item, bpy.types.Scene):
        return found | dump_scene(item) | {"layers": [dump_layer(layer) for layer in item.view_layers]}
    if isinstance(item, bpy.types.NodeTree):
        return found | {"tree": dump_tree(item)}
    if isinstance(item, bpy.types.Collection):
        return found | {
            "objects": sorted(part.name for part in item.objects if MARK not in part),
            "children": sorted(part.name for part in item.children if MARK not in part),
        }
    if isinstance(item, bpy.types.Object):
        found["constraints"] = [properties(part) for part in item.constraints]
        found["modifiers"] = [properties(part) for part in item.modifiers]
        found["materials"] = [plain(slot.material) for slot in item.material_slots]
        found["collections"] = sorted(part.name for part in item.users_collection)
    if isinstance(item, bpy.types.Mesh):
        found["vertices"] = [tuple(vertex.co) for vertex in item.vertices]
    if isinstance(item, bpy.types.MovieClip):
        found["lens"] = properties(item.tracking.camera)
        found["tracks"] = [
            (track.name, properties(track), [tuple(marker.co) for marker in track.markers])
            for track in item.tracking.tracks
        ]
        found["solved"] = len(item.tracking.reconstruction.cameras)
    data = getattr(item, "animation_data", None)
    if data is not None:
        found["action"] = plain(data.action)
        found["drivers"] = [
            (curve.data_path, curve.array_index, curve.driver.expression) for curve in data.drivers
        ]
    return found


def dump_layer(layer: bpy.types.ViewLayer) -> dict[str, Any]:
    return properties(layer, _SKIP) | {
        "cycles": properties(layer.cycles) if hasattr(layer, "cycles") else None,
        "collections": _dump_layer_collection(layer.layer_collection),
    }


def _dump_layer_collection(layer: bpy.types.LayerCollection) -> tuple[Any, ...]:
    inner = sorted(layer.children, key=lambda child: child.name)
    return (
        layer.name,
        layer.exclude,
        layer.holdout,
        layer.indirect_only,
        [_dump_layer_collection(child) for child in inner if MARK not in child.collection],
    )
