"""The scene room: what stands round the solved camera, all in one collection of our own.

The world is the floor's: z = 0 is the ground, +Z is up, lengths are metres.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
from mathutils import Euler, Matrix, Vector

from ..engine.model import Floats
from ..errors import InputError
from .catcher import catcher_material, drop_catcher_material
from .nodes import MARK

COLLECTION_NAME = "Tracked Shot"
COLLECTION_MARK = "collection"
CATCHER_MARK = "shadow_catcher"
SUN_MARK = "sun"
STAND_IN_MARK = "stand_in"
WORLD_MARK = "world"
HDRI_MARK = "surroundings"
WORLD_BEFORE = "tracked_shot_world_before"
"""Custom property of our world with a picture: the name of the scene's world before."""
CG_MARK = "cg"
CG_COLLECTION_MARK = "cg_collection"
CG_ROOT_MARK = "cg_root"

SAMPLED_FRAMES = 24
"""At how many frames of a shot the camera is asked what it sees."""

FARTHEST = 4.0
"""The ground ends this many times the camera's distance from the origin away from it."""

STAND_IN_SHARE = 0.15
"""Width of the stand-in in parts of the picture's width."""

_SUN_TURN = (math.radians(38.0), math.radians(12.0), math.radians(35.0))
_SUN_ANGLE = math.radians(6.0)
_SUN_STRENGTH = 3.0
_WORLD_COLOR = (0.75, 0.8, 0.85, 1.0)
_WORLD_STRENGTH = 0.4
_NOT_OWN_KINDS = {"libraries", "window_managers", "screens", "all_ids"}
"""Lists of bpy.data that hold no appended data, or (all_ids, from 5.2) what the other lists hold."""

_SOLID_TYPES = {"MESH", "CURVE", "SURFACE", "META", "FONT", "VOLUME", "CURVES", "POINTCLOUD"}
_STAND_IN_COLOR = (0.55, 0.53, 0.5, 1.0)


# --- our collection ---------------------------------------------------------


def owned_collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    """The collection that holds all we put into this scene; made where it is not there."""
    found = marked_collection(scene.collection, COLLECTION_MARK)
    if found is not None:
        return found
    collection = bpy.data.collections.new(COLLECTION_NAME)
    collection[MARK] = COLLECTION_MARK
    scene.collection.children.link(collection)
    return collection


def marked_collection(parent: bpy.types.Collection, mark: str) -> bpy.types.Collection | None:
    """The collection of ours below ``parent`` that bears this mark."""
    return next((item for item in parent.children_recursive if item.get(MARK) == mark), None)


def marked_object(scene: bpy.types.Scene, mark: str) -> bpy.types.Object | None:
    """The object of ours in the scene that bears this mark."""
    return next((item for item in scene.objects if item.get(MARK) == mark), None)


def new_object(scene: bpy.types.Scene, name: str, data: bpy.types.ID | None, mark: str) -> bpy.types.Object:
    """A new object of ours in our collection."""
    made = bpy.data.objects.new(name, data)
    made[MARK] = mark
    if data is not None:
        data[MARK] = mark
    owned_collection(scene).objects.link(made)
    return made


def _remove_marked(scene: bpy.types.Scene, mark: str) -> bool:
    """Takes the object of ours with that mark out of the file; True where there was one."""
    item = marked_object(scene, mark)
    if item is None:
        return False
    delete_object(item)
    return True


def delete_object(item: bpy.types.Object) -> None:
    """Deletes an object, and its data, keys and materials where they are ours alone."""
    parts: list[bpy.types.ID] = [part for part in (item.data, *_actions(item)) if part is not None]
    materials = [slot.material for slot in item.material_slots if slot.material is not None]
    parts += [material for material in materials if MARK in material]
    bpy.data.objects.remove(item)
    for part in dict.fromkeys(parts):
        if part.users == 0:
            bpy.data.batch_remove([part])


def _actions(item: bpy.types.Object) -> Iterator[bpy.types.Action | None]:
    for owner in (item, item.data):
        data = owner.animation_data if owner is not None else None
        if data is not None and data.action is not None and MARK in data.action:
            yield data.action


# --- what the camera sees ---------------------------------------------------


@dataclass(frozen=True)
class Views:
    """What the scene's camera sees, at a few frames of the shot."""

    rays: Floats
    """(r, 3) rays through the frame's edge in camera space, 1 long along the camera's axis."""
    places: Floats
    """(v, 3) the camera's place at each of the frames."""
    turns: Floats
    """(v, 3, 3) its axes in the world, as columns."""


def sampled_views(scene: bpy.types.Scene) -> Views:
    """What the scene's camera sees at up to 24 frames. Raises InputError where the scene has no camera."""
    camera = scene.camera
    if camera is None or camera.type != "CAMERA":
        raise InputError(f"the scene {scene.name} has no camera")
    corners = np.array(camera.data.view_frame(scene=scene))
    corners /= -corners[:, 2:]
    following = np.roll(corners, -1, axis=0)
    rays = np.concatenate([corners + part * (following - corners) for part in (0.0, 0.25, 0.5, 0.75)])
    count = min(scene.frame_end - scene.frame_start + 1, SAMPLED_FRAMES)
    frames = np.unique(np.linspace(scene.frame_start, scene.frame_end, count).round().astype(int))
    matrices = []
    with frame_kept(scene):
        for frame in frames.tolist():
            scene.frame_set(frame)
            matrices.append(np.array(worked_out(scene, camera).matrix_world.normalized()))
    cameras = np.array(matrices)
    return Views(rays, cameras[:, :3, 3], cameras[:, :3, :3])


@contextlib.contextmanager
def frame_kept(scene: bpy.types.Scene) -> Iterator[None]:
    """Go through frames of a scene, and back to where it was."""
    frame, part = scene.frame_current, scene.frame_subframe
    try:
        yield
    finally:
        scene.frame_set(frame, subframe=part)


def worked_out(scene: bpy.types.Scene, thing: bpy.types.Object) -> bpy.types.Object:
    """The object as Blender has worked it out for this scene, which need not be the one that is shown."""
    for layer in scene.view_layers:
        if thing.name in layer.objects and layer.depsgraph is not None:
            return thing.evaluated_get(layer.depsgraph)
    return thing


def seen_ground(views: Views) -> tuple[float, float, float, float]:
    """(least x, least y, greatest x, greatest y) of the ground z = 0 that the views see, and the origin.

    No farther from the origin than FARTHEST times the median camera; a ray over the horizon
    counts as far as that.
    """
    bound = FARTHEST * float(np.median(np.linalg.norm(views.places, axis=1)))
    rays = np.einsum("vij,rj->vri", views.turns, views.rays)
    height = np.broadcast_to(views.places[:, None, 2], rays.shape[:2])
    falling = rays[..., 2] * np.sign(height) < -1e-9
    length = np.full(falling.shape, np.inf)
    length[falling] = -height[falling] / rays[falling][:, 2]
    level = np.maximum(np.linalg.norm(rays[..., :2], axis=2), 1e-9)
    length = np.minimum(length, 2 * bound / level)
    ground = views.places[:, None, :2] + length[..., None] * rays[..., :2]
    ground = np.clip(np.vstack([ground.reshape(-1, 2), np.zeros((1, 2))]), -bound, bound)
    return (*ground.min(axis=0).tolist(), *ground.max(axis=0).tolist())


# --- ground and light -------------------------------------------------------


def setup_shadow_catcher(
    scene: bpy.types.Scene, *, size: float | None = None, light: bool = True, anew: bool = False
) -> bpy.types.Object:
    """A ground at z = 0 that shows nothing but the shadows on it; returns it.

    It covers what the scene's camera sees of the floor over the shot (bounded), or a square of
    ``size`` metres about the origin. The render's sky becomes transparent. With ``light``, a soft
    sun and, where the scene has no world, a gentle one are made; both are left as they are once
    they are there. It works in Cycles and in EEVEE. A second call changes nothing but the ground's extent,
    and how bright EEVEE takes its light for; with ``anew`` the ground's material is made anew, too.
    Raises InputError where neither a camera nor ``size`` is given.
    """
    if size is not None and size <= 0:
        raise InputError(f"the ground's size must be above 0, not {size}")
    if size is None:
        left, near, right, far = seen_ground(sampled_views(scene))
        margin = 0.1 * max(right - left, far - near)
        extent = (left - margin, near - margin, right + margin, far + margin)
    else:
        extent = (-0.5 * size, -0.5 * size, 0.5 * size, 0.5 * size)
    ground = marked_object(scene, CATCHER_MARK)
    if ground is None:
        ground = new_object(scene, "Shadow Catcher", bpy.data.meshes.new("Shadow Catcher"), CATCHER_MARK)
        ground.display_type = "WIRE"
    _lay_ground(ground.data, extent)
    ground.is_shadow_catcher = True
    scene.render.film_transparent = True
    if light:
        setup_light(scene)
    if anew:
        drop_catcher_material(ground)
    catcher_material(scene, ground)
    return ground


def remove_shadow_catcher(scene: bpy.types.Scene) -> bool:
    """Take our ground away again; True where there was one. The light stays."""
    return _remove_marked(scene, CATCHER_MARK)


def _lay_ground(mesh: bpy.types.Mesh, extent: tuple[float, float, float, float]) -> None:
    left, near, right, far = extent
    corners = [(left, near, 0.0), (right, near, 0.0), (right, far, 0.0), (left, far, 0.0)]
    mesh.clear_geometry()
    mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
    mesh.update()


def setup_light(scene: bpy.types.Scene, direction: tuple[float, ...] | None = None) -> bpy.types.Object:
    """Our sun, which gives a soft shadow, and a world if the scene has none; returns the sun.

    ``direction`` (3,) is the way the sunlight goes, in the scene; without one, a sun that is there
    already stays as the artist turned it.
    """
    sun = marked_object(scene, SUN_MARK)
    if sun is None:
        data = bpy.data.lights.new("Tracked Shot Sun", "SUN")
        data.energy = _SUN_STRENGTH
        data.angle = _SUN_ANGLE
        sun = new_object(scene, "Tracked Shot Sun", data, SUN_MARK)
        sun.rotation_euler = _SUN_TURN
        sun.location = (0.0, 0.0, 3.0)
    if direction is not None:
        sun.rotation_euler = Vector(direction).to_track_quat("-Z", "Y").to_euler()
    if scene.world is None:
        world = next((item for item in bpy.data.worlds if item.get(MARK) == WORLD_MARK), None)
        scene.world = world or _new_world()
    return sun


def turn_sun_back(scene: bpy.types.Scene) -> None:
    """Our sun, where there is one, shines as it did when it was made."""
    sun = marked_object(scene, SUN_MARK)
    if sun is not None:
        sun.rotation_euler = _SUN_TURN


def default_sun_direction() -> Vector:
    """The way the sunlight goes where nobody has chosen another."""
    return Euler(_SUN_TURN).to_matrix() @ Vector((0.0, 0.0, -1.0))


def remove_sun(scene: bpy.types.Scene) -> bool:
    """Take our sun away; True where there was one."""
    return _remove_marked(scene, SUN_MARK)


def setup_hdri(scene: bpy.types.Scene, path: Path | str | None) -> bpy.types.World | None:
    """Our world lights the scene by a picture of its surroundings; with None the world is what it was before.

    Raises InputError for a picture that Blender cannot read; the scene is then as it was.
    """
    world = scene.world if scene.world is not None and scene.world.get(MARK) == HDRI_MARK else None
    if path is None:
        if world is not None:
            scene.world = bpy.data.worlds.get(world[WORLD_BEFORE])
            drop_world(world)
        return scene.world
    file = Path(path)
    if not file.is_file():
        raise InputError(f"no such picture: {file}")
    image = bpy.data.images.load(str(file.absolute()), check_existing=True)
    if not image.size[0]:
        if image.users == 0:
            bpy.data.images.remove(image)
        raise InputError(f"{file}: Blender finds no picture in it")
    if world is None:
        world = bpy.data.worlds.new("Tracked Shot Surroundings")
        world[MARK] = HDRI_MARK
        world[WORLD_BEFORE] = scene.world.name if scene.world is not None else ""
        if world.node_tree is None:
            world.use_nodes = True
    _show_surroundings(world.node_tree, image)
    scene.world = world
    return world


def _show_surroundings(tree: bpy.types.NodeTree, image: bpy.types.Image) -> None:
    """The picture as the light of a world; what somebody has put between stays."""
    pictures = [node for node in tree.nodes if node.bl_idname == "ShaderNodeTexEnvironment"]
    if pictures:
        pictures[0].image = image
        return
    background = next((node for node in tree.nodes if node.bl_idname == "ShaderNodeBackground"), None)
    if background is None:
        background = tree.nodes.new("ShaderNodeBackground")
        end = tree.get_output_node("ALL") or tree.nodes.new("ShaderNodeOutputWorld")
        tree.links.new(background.outputs["Background"], end.inputs["Surface"])
    picture = tree.nodes.new("ShaderNodeTexEnvironment")
    picture.image = image
    picture.location = (background.location.x - 300, background.location.y)
    tree.links.new(picture.outputs["Color"], background.inputs["Color"])


def drop_world(world: bpy.types.World) -> None:
    """Take a world of ours out of the file, where nobody else uses it, and its picture."""
    if world.users:
        return
    pictures = [node.image for node in world.node_tree.nodes if node.bl_idname == "ShaderNodeTexEnvironment"]
    bpy.data.worlds.remove(world)
    bpy.data.batch_remove([image for image in pictures if image is not None and image.users == 0])


def _new_world() -> bpy.types.World:
    world = bpy.data.worlds.new("Tracked Shot World")
    world[MARK] = WORLD_MARK
    if world.node_tree is None:
        world.use_nodes = True
    background = next(node for node in world.node_tree.nodes if node.bl_idname == "ShaderNodeBackground")
    background.inputs["Color"].default_value = _WORLD_COLOR
    background.inputs["Strength"].default_value = _WORLD_STRENGTH
    return world


# --- CG ---------------------------------------------------------------------


def add_stand_in(scene: bpy.types.Scene, *, size: float | None = None) -> bpy.types.Object:
    """A cube with soft edges on the floor at the origin, for a shot that has no CG yet; returns it.

    ``size`` is its edge in metres; otherwise it fills about 0.15 of the picture's width at the
    origin's depth. Once it is there it is the artist's to move: a second call only returns it.
    Raises InputError where neither a camera nor ``size`` is given.
    """
    cube = marked_object(scene, STAND_IN_MARK)
    if cube is not None:
        return cube
    edge = size if size is not None else STAND_IN_SHARE * _view_width(sampled_views(scene))
    mesh = bpy.data.meshes.new("Stand-in")
    half = 0.5 * edge
    corners = [
        (x, y, z)
        for z in (0.0, edge)
        for x, y in ((-half, -half), (half, -half), (half, half), (-half, half))
    ]
    faces = [(3, 2, 1, 0), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
    mesh.from_pydata(corners, [], faces)
    mesh.update()
    mesh.materials.append(_stand_in_material())
    cube = new_object(scene, "Stand-in", mesh, STAND_IN_MARK)
    cube.rotation_euler.z = math.radians(25.0)
    bevel = cube.modifiers.new("Soft Edges", "BEVEL")
    bevel.width = 0.06 * edge
    bevel.segments = 4
    bevel.harden_normals = True
    mesh.shade_smooth()
    return cube


def _view_width(views: Views) -> float:
    """Median width of the picture, in metres, at the origin's depth; at its distance where it lies behind."""
    depth = np.einsum("vi,vi->v", views.places, views.turns[:, :, 2])
    depth = np.where(depth > 0, depth, np.linalg.norm(views.places, axis=1))
    return float(np.median(depth) * np.ptp(views.rays[:, 0]))


def _stand_in_material() -> bpy.types.Material:
    material = bpy.data.materials.new("Stand-in")
    material[MARK] = STAND_IN_MARK
    if material.node_tree is None:
        material.use_nodes = True
    material.diffuse_color = _STAND_IN_COLOR
    shader = next(node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    shader.inputs["Base Color"].default_value = _STAND_IN_COLOR
    shader.inputs["Roughness"].default_value = 0.45
    return material


def remove_stand_in(scene: bpy.types.Scene) -> bool:
    """Take our stand-in away, as when real CG has come; True where there was one."""
    return _remove_marked(scene, STAND_IN_MARK)


def append_cg(
    scene: bpy.types.Scene, blend_path: str | Path, collection: str | None = None
) -> bpy.types.Object:
    """Append a .blend's collections into ours and stand them on the floor at the origin.

    ``collection`` names one of them; otherwise all come that lie in no other, or, in a file
    without collections, all its objects. Everything hangs on an empty, which is returned: it is where
    the lowest point of the geometry touches the floor, and the artist may move it. What an earlier
    call appended is replaced, and the empty stays where it was moved to. Raises InputError for a file
    or collection that cannot be had; the scene is then as it was.
    """
    path = Path(bpy.path.abspath(str(blend_path)))
    if not path.is_file():
        raise InputError(f"no such file: {path}")
    kind, names = _choose(path, collection)
    remove_cg(scene)
    there = {item.as_pointer() for item in all_ids()}
    with bpy.data.libraries.load(str(path), link=False) as (_, into):
        setattr(into, kind, names)
    for item in all_ids():
        if item.as_pointer() not in there:
            item[MARK] = CG_MARK  # over a mark that a file of ours may have brought

    holder = marked_collection(scene.collection, CG_COLLECTION_MARK)
    if holder is None:
        holder = bpy.data.collections.new("Tracked Shot CG")
        holder[MARK] = CG_COLLECTION_MARK
        owned_collection(scene).children.link(holder)
    if kind == "collections":
        inner = {child for part in into.collections for child in part.children_recursive}
        for part in into.collections:
            if part not in inner:
                holder.children.link(part)
    else:
        for part in into.objects:
            holder.objects.link(part)
    return _stand_on_floor(scene, holder)


def _choose(path: Path, collection: str | None) -> tuple[str, list[str]]:
    """Kind and names of what is to be appended. Raises InputError where there is nothing of the sort."""
    try:
        with bpy.data.libraries.load(str(path), link=False) as (found, _):
            collections, objects = list(found.collections), list(found.objects)
    except OSError as error:
        raise InputError(f"not a .blend file that this Blender reads: {path}") from error
    if collection is not None:
        if collection not in collections:
            there = ", ".join(sorted(collections)) or "none"
            raise InputError(f"no collection {collection!r} in {path} (there: {there})")
        return "collections", [collection]
    if collections:
        return "collections", collections
    if objects:
        return "objects", objects
    raise InputError(f"nothing to append in {path}: it has no collections and no objects")


def _stand_on_floor(scene: bpy.types.Scene, holder: bpy.types.Collection) -> bpy.types.Object:
    """Hang what was appended on an empty, its lowest point at the empty's height; returns the empty."""
    parts = [part for part in holder.all_objects if part.get(MARK) == CG_MARK]
    for layer in scene.view_layers:
        layer.update()
    lowest = [
        (part.matrix_world @ Vector(corner)).z
        for part in parts
        if part.type in _SOLID_TYPES
        for corner in part.bound_box
    ]
    empty = marked_object(scene, CG_ROOT_MARK)
    if empty is None:
        empty = bpy.data.objects.new("CG", None)
        empty[MARK] = CG_ROOT_MARK
        empty.empty_display_size = 0.25
        holder.objects.link(empty)
    lift = Matrix.Translation((0.0, 0.0, -min(lowest, default=0.0)))
    for part in parts:
        if part.parent is None:
            part.parent = empty
            part.matrix_parent_inverse = lift
    return empty


def remove_cg(scene: bpy.types.Scene) -> None:
    """Remove what ``append_cg`` brought, and of its data what nobody else uses by now."""
    holder = marked_collection(scene.collection, CG_COLLECTION_MARK)
    if holder is None:
        return
    gone = [item for item in (*holder.all_objects, *holder.children_recursive) if item.get(MARK) == CG_MARK]
    for item in holder.all_objects:
        if item.get(MARK) not in (CG_MARK, CG_ROOT_MARK) and item.name not in holder.objects:
            holder.objects.link(item)  # the artist's own, in a collection that goes
    bpy.data.batch_remove(gone)
    while unused := [item for item in all_ids() if item.users == 0 and item.get(MARK) == CG_MARK]:
        bpy.data.batch_remove(unused)


def all_ids() -> Iterator[bpy.types.ID]:
    """Every datablock of the open .blend that may carry a mark."""
    for prop in bpy.data.bl_rna.properties:
        if prop.type == "COLLECTION" and prop.identifier not in _NOT_OWN_KINDS:
            yield from getattr(bpy.data, prop.identifier)
