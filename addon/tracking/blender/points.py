"""The solved points in the scene, as one mesh or as an empty each: to place things by, never rendered."""

from __future__ import annotations

import bpy

from ..engine.model import Floats
from ..errors import InputError
from .nodes import MARK
from .scene import marked_object, new_object, owned_collection

POINTS_MARK = "point_cloud"
POINT_MARK = "point"
NONE, EMPTIES, MESH = "none", "empties", "mesh"

MOST_EMPTIES = 5000
"""More objects than this make Blender slow: they come as a mesh only."""


def setup_point_cloud(
    scene: bpy.types.Scene, kind: str, names: list[str], points: Floats
) -> bpy.types.Object | None:
    """The ``points`` (n, 3) of the tracks ``names`` (n,) in the scene, in place of those that are there.

    ``kind`` is ``mesh`` (one object of vertices), ``empties`` (one a track, on a common empty) or ``none``
    (what is there goes). Returns the object that all hang on. Raises InputError for too many empties.
    """
    if kind == EMPTIES and len(points) > MOST_EMPTIES:
        raise InputError(f"{len(points)} points are too many for an empty each; take the mesh")
    remove_point_cloud(scene)
    if kind == NONE:
        return None
    if kind == MESH:
        mesh = bpy.data.meshes.new("Track Points")
        mesh.from_pydata(points.tolist(), [], [])
        root = new_object(scene, "Track Points", mesh, POINTS_MARK)
    else:
        root = new_object(scene, "Track Points", None, POINTS_MARK)
        root.empty_display_size = 0.1
        holder = owned_collection(scene)
        for name, place in zip(names, points.tolist()):
            point = bpy.data.objects.new(name, None)
            point[MARK] = POINT_MARK
            point.location, point.parent = place, root
            point.empty_display_type, point.empty_display_size = "SPHERE", 0.02
            holder.objects.link(point)
    root.hide_render = True
    return root


def remove_point_cloud(scene: bpy.types.Scene) -> bool:
    """Takes our points out of the scene; True where there were some."""
    root = marked_object(scene, POINTS_MARK)
    if root is None:
        return False
    mesh = root.data
    bpy.data.batch_remove([root, *(point for point in root.children if point.get(MARK) == POINT_MARK)])
    if mesh is not None and mesh.users == 0:
        bpy.data.meshes.remove(mesh)
    return True
