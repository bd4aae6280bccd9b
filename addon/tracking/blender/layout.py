"""The layout room: the solved world is moved under the scene's camera, so that the scene stays where it is.

As Blender's own Set Floor does, it moves the camera that follows the clip, or its parent where it has one;
a camera with keys of ours gets its keys moved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix

from .. import layout
from ..engine.model import Floats, Ints, Solve, Tracks
from ..errors import InputError, SolveError
from ..floor import Floor, find_floor
from ..session.clip_tracks import PREFIX
from . import versions
from .camera import find_camera, is_baked, refresh, scene_frames, solver_of
from .clip import camera_similarity, move_cameras, native_cameras, native_to_solve
from .points import POINTS_MARK
from .scene import (
    CATCHER_MARK,
    SAMPLED_FRAMES,
    frame_kept,
    marked_object,
    setup_light,
    setup_shadow_catcher,
    worked_out,
)

LAID_OUT = "tracked_shot_layout"
"""Custom property of a camera that was laid out by hand: which solve, and how it lies in the world."""


@dataclass(frozen=True)
class SolvedWorld:
    """What was solved, as it lies in the scene now."""

    camera: bpy.types.Object
    names: list[str]
    """(n,) tracks, as the clip names them."""
    points: Floats
    """(n, 3) their points."""
    cameras: Floats
    """(c, 4, 4) camera to world."""
    to_world: Floats
    """(4, 4) similarity from the space of the solve that ``mark`` tells."""
    mark: str
    """See ``solve_mark``."""

    def chosen(self, names: set[str]) -> Floats:
        """(m, 3) points of the tracks of these names. Raises InputError for one that is not solved."""
        for name in sorted(names):
            if name not in self.names:
                raise InputError(f"the track {name} has no solved point; choose others")
        return self.points[[name in names for name in self.names]]


def solved_world(
    scene: bpy.types.Scene,
    clip: bpy.types.MovieClip,
    solve: Solve | None = None,
    names: list[str] | None = None,
) -> SolvedWorld:
    """What was solved, in the scene. ``solve`` is ours and ``names`` (p,) those of its points in the clip.

    A live camera's world is that of the clip's own solve, as Blender shows it; a baked one's is that of
    ``solve``, or the clip's own where there is none. Raises SolveError where the scene has no camera of
    this clip, or nothing is solved.
    """
    camera = clip_camera(scene, clip)
    native_frames, native = native_cameras(clip)
    live = solver_of(camera, clip) is not None
    if solve is None or names is None:
        solve = None
        if not len(native):
            raise SolveError(f"{clip.name} has no solved camera")
    if live:
        native_to_world = np.array(_before_constraints(camera))
        names, points = _bundles(clip)
        points = layout.apply(native_to_world, points)
        to_world = native_to_world
        if solve is not None:
            to_world = native_to_world @ np.linalg.inv(native_to_solve(clip, solve))
    elif solve is not None:
        to_world = _similarity(scene, camera, scene_frames(clip, solve.frames), solve.cameras)
        points = layout.apply(to_world, solve.points)
    else:
        to_world = _similarity(scene, camera, native_frames + (clip.frame_start - 1), native)
        names, points = _bundles(clip)
        points = layout.apply(to_world, points)
    assert names is not None
    cameras = move_cameras(to_world, native if solve is None else solve.cameras)
    return SolvedWorld(camera, names, points, cameras, to_world, solve_mark(clip, solve))


def _bundles(clip: bpy.types.MovieClip) -> tuple[list[str], Floats]:
    """Names and points (n, 3) of the clip's own solve, in its own space."""
    solved = [track for track in clip.tracking.objects[0].tracks if track.has_bundle]
    points = np.array([tuple(track.bundle) for track in solved], dtype=np.float64).reshape(-1, 3)
    return [track.name for track in solved], points


def solve_mark(clip: bpy.types.MovieClip, solve: Solve | None) -> str:
    """Tells one solve from another: ours by its cameras, else the clip's own by its."""
    cameras = native_cameras(clip)[1] if solve is None else solve.cameras
    return hashlib.sha256(np.ascontiguousarray(cameras).tobytes()).hexdigest()[:16]


def clip_camera(scene: bpy.types.Scene, clip: bpy.types.MovieClip) -> bpy.types.Object:
    """The camera that shows this clip: ours, else the scene's that follows it. Raises SolveError for none."""
    camera = find_camera(scene)
    if camera is not None:
        return camera
    camera = scene.camera
    if camera is not None and camera.type == "CAMERA" and solver_of(camera, clip) is not None:
        return camera
    raise SolveError("The scene has no camera that follows the clip; Set Up Shot makes one")


def _before_constraints(camera: bpy.types.Object) -> Matrix:
    """Where a camera stands in the world without its constraints: the space of the solve."""
    if camera.parent is None:
        return camera.matrix_basis.copy()
    return camera.parent.matrix_world @ camera.matrix_parent_inverse @ camera.matrix_basis


def _similarity(scene: bpy.types.Scene, camera: bpy.types.Object, frames: Ints, cameras: Floats) -> Floats:
    """(4, 4) from the space of the ``cameras`` (c, 4, 4) to where the camera stands in the scene by its keys.

    A few of the scene ``frames`` (c,) tell it: the artist's whole scene is worked out for each.
    """
    few = np.unique(np.linspace(0, len(frames) - 1, SAMPLED_FRAMES).round().astype(int))
    return camera_similarity(cameras[few], _seen(scene, camera, frames[few]))


def _seen(scene: bpy.types.Scene, camera: bpy.types.Object, frames: Ints) -> Floats:
    """(c, 4, 4) where the camera stands in the scene at the scene frames (c,)."""
    matrices = []
    with frame_kept(scene):
        for frame in frames.tolist():
            scene.frame_set(frame)
            matrices.append(np.array(worked_out(scene, camera).matrix_world.normalized()))
    return np.array(matrices)


def selected_names(clip: bpy.types.MovieClip) -> set[str]:
    """The camera's tracks that are selected and not hidden."""
    return {track.name for track in clip.tracking.objects[0].tracks if track.select and not track.hide}


# --- moving the world ---------------------------------------------------------


def move_world(scene: bpy.types.Scene, world: SolvedWorld, move: Floats) -> None:
    """Moves the solved world by a similarity (4, 4): the camera, or its parent, and what hangs on the floor.

    The camera remembers that it was laid out by hand. Raises InputError where the camera or its parent
    has keys that are not ours.
    """
    camera = world.camera
    if camera.parent is not None:
        parent = camera.parent
        if versions.curves_of(parent):
            raise InputError(f"{parent.name}, which the camera hangs on, has keys and cannot be moved")
        parent.matrix_world = Matrix(move) @ parent.matrix_world
    elif is_baked(camera):
        _move_keys(camera, move)
    elif any(curve.data_path in _PLACED for curve in versions.curves_of(camera)):
        raise InputError(f"{camera.name} has keys that are not Tracked Shot's; parent it to an empty first")
    else:
        camera.matrix_basis = Matrix(move) @ camera.matrix_basis
    camera[LAID_OUT] = {"solve": world.mark, "world": (move @ world.to_world).ravel().tolist()}
    points = marked_object(scene, POINTS_MARK)
    if points is not None:
        points.matrix_world = Matrix(move) @ points.matrix_world
    refresh(scene)
    if marked_object(scene, CATCHER_MARK) is not None:
        setup_shadow_catcher(scene, light=False)


_PLACED = ("location", "rotation_euler", "rotation_quaternion", "rotation_axis_angle")


def _move_keys(camera: bpy.types.Object, move: Floats) -> None:
    """Moves keys of place and quaternion, each kind on frames of its own; what lies between moves along."""
    scale = float(np.cbrt(np.linalg.det(move[:3, :3])))
    turn = np.array(Matrix(move[:3, :3] / scale).to_quaternion())
    places, turns = _keys_of(camera, "location"), _keys_of(camera, "rotation_quaternion")
    _set_keys(*places, lambda rows: layout.apply(move, rows))
    _set_keys(*turns, lambda rows: rows @ _times(turn).T)


def _keys_of(camera: bpy.types.Object, path: str) -> tuple[list[bpy.types.FCurve], list[Floats]]:
    """The curves of a property, and the keys (k, 2) of each: frame and value.

    Raises InputError where they do not all stand on the same frames.
    """
    curves = [curve for curve in versions.curves_of(camera) if curve.data_path == path]
    curves.sort(key=lambda curve: curve.array_index)
    tables = []
    for curve in curves:
        flat = np.empty(2 * len(curve.keyframe_points))
        curve.keyframe_points.foreach_get("co", flat)
        tables.append(flat.reshape(-1, 2))
    if any(len(table) != len(tables[0]) or np.any(table[:, 0] != tables[0][:, 0]) for table in tables):
        raise InputError(f"the keys of {camera.name} were changed; bake the camera again first")
    return curves, tables


def _set_keys(
    curves: list[bpy.types.FCurve], tables: list[Floats], change: Callable[[Floats], Floats]
) -> None:
    """Gives each key the value that ``change`` makes of the values (k, c) of all curves."""
    if not curves:
        return
    values = change(np.column_stack([table[:, 1] for table in tables]))
    for curve, table, column in zip(curves, tables, values.T):
        table[:, 1] = column
        curve.keyframe_points.foreach_set("co", table.ravel())
        curve.update()


def _times(turn: Floats) -> Floats:
    """(4, 4) matrix that multiplies a quaternion (w, x, y, z) by ``turn`` from the left."""
    w, x, y, z = turn
    return np.array([[w, -x, -y, -z], [x, w, -z, y], [y, z, w, -x], [z, -y, x, w]])


# --- what the artist asks for ---------------------------------------------------


def set_floor(scene: bpy.types.Scene, world: SolvedWorld, names: set[str]) -> None:
    """The plane through three tracks or more becomes the floor, their middle the origin; sizes stay."""
    if len(names) < 3:
        raise InputError(f"select three tracks or more on the floor, not {len(names)}")
    move_world(scene, world, layout.level(world.chosen(names), world.cameras[:, :3, 3]))


def find_floor_again(scene: bpy.types.Scene, world: SolvedWorld) -> Floor:
    """The floor is looked for in all solved points; returns it, which says how sure it is. Sizes stay."""
    found = find_floor(world.points, world.cameras, known=1.0)
    move_world(scene, world, found.matrix)
    return found


def set_origin(scene: bpy.types.Scene, world: SolvedWorld, names: set[str]) -> None:
    """The middle of the tracks becomes the origin; the floor keeps its height where they lie on it."""
    if not names:
        raise InputError("select the track that shall be the origin")
    within = layout.on_floor_within(world.points, world.cameras[:, :3, 3])
    move = layout.to_origin(world.chosen(names).mean(axis=0), floor_within=within)
    move_world(scene, world, move)


def set_x_axis(scene: bpy.types.Scene, world: SolvedWorld, names: set[str]) -> None:
    """The track comes to lie over the X axis."""
    if len(names) != 1:
        raise InputError(f"select one track that shall lie on the X axis, not {len(names)}")
    move_world(scene, world, layout.along_x(world.chosen(names)[0]))


def set_scale(scene: bpy.types.Scene, world: SolvedWorld, names: set[str], metres: float) -> None:
    """Two tracks come to be that far apart."""
    if len(names) != 2:
        raise InputError(f"select two tracks whose distance you know, not {len(names)}")
    one, other = world.chosen(names)
    move_world(scene, world, layout.to_distance(one, other, metres))


def set_camera_height(scene: bpy.types.Scene, world: SolvedWorld, metres: float) -> None:
    """The camera comes to be that high above the floor, at the current frame."""
    height = world.camera.matrix_world.translation.z
    move_world(scene, world, layout.to_height(height, metres))


def set_sun(scene: bpy.types.Scene, world: SolvedWorld, names: set[str]) -> None:
    """The sun comes to shine along two tracks: from a thing's top, the higher one, to its shadow's end."""
    if len(names) != 2:
        raise InputError(f"select two tracks, a thing's top and its shadow's end, not {len(names)}")
    low, high = sorted(world.chosen(names).tolist(), key=lambda point: point[2])
    setup_light(scene, tuple(a - b for a, b in zip(low, high)))


def kept_layout(scene: bpy.types.Scene, clip: bpy.types.MovieClip, solve: Solve | None) -> Floor | None:
    """How the artist laid this solve out; None where they did not, or the solve is another one."""
    camera = find_camera(scene)
    kept = camera.get(LAID_OUT) if camera is not None else None
    if kept is None or kept["solve"] != solve_mark(clip, solve):
        return None
    return Floor(np.array(list(kept["world"])).reshape(4, 4), 1.0, np.zeros(0, dtype=bool))


def clip_names(tracks: Tracks, solve: Solve) -> list[str]:
    """The names in the clip of the tracks of a session's solve, one a point."""
    return [PREFIX + tracks.names[number] for number in solve.point_tracks]
