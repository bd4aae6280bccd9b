"""The camera room: a solved camera in the scene, live on the clip's own solve or as keys."""

from __future__ import annotations

import math
from collections.abc import Mapping

import bpy
import numpy as np
from mathutils import Matrix

from ..engine.model import Floats, Ints, Solve
from ..errors import SolveError
from ..floor import Floor
from ..keys import needed_keys, without_flips
from . import lens_nodes, versions
from .clip import move_cameras, native_cameras, native_to_solve
from .nodes import MARK
from .scene import owned_collection

CAMERA_MARK = "camera"
CONSTRAINT_NAME = "Tracked Shot Solve"

FAR_CLIP_M = 1000.0
"""The camera sees at least this far, in metres: a solved street is longer than the default."""

SAME_PLACE, SAME_TURN, SAME_LENS = 1e-6, 5e-7, 1e-6
"""Keys are needless that change the place by less, in parts of its largest coordinate, a quaternion's
numbers, or the focal length, in parts of itself: about a thousandth of a pixel."""


def apply_solved_camera(
    scene: bpy.types.Scene,
    clip: bpy.types.MovieClip,
    *,
    solve: Solve | None = None,
    bake: bool = False,
    name: str = "Tracked Shot Camera",
    floor: Floor | None = None,
    set_scene: bool = True,
) -> bpy.types.Object:
    """Put the solved camera into ``scene``, or bring ours that is there up to date; returns it.

    Live (the default): a Camera Solver constraint follows the clip's own solve, and the
    camera's own transform lays that solve into the world. With ``bake`` it gets keys instead, from
    ``solve``, or from the clip's own solve where none is given: one a solved frame, but for those
    that the straight line between others says as well. A zoom's focal lengths are keys in both.
    ``floor`` is the floor of ``solve`` (of the clip's own solve where no ``solve`` is given);
    without one the world is the solve's own space, and a live camera that was moved stays so.
    ``set_scene`` also gives the scene the clip's frame range and rate.
    Raises SolveError where there is no solve to follow; the scene is then as it was.
    """
    frames, native = native_cameras(clip)
    to_world = floor.matrix if floor is not None else np.eye(4)
    own = to_world @ solve_by_native(clip, solve, bake=bake)

    camera = find_camera(scene)
    is_new = camera is None
    if camera is None:
        camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
        camera[MARK] = camera.data[MARK] = CAMERA_MARK
        owned_collection(scene).objects.link(camera)
    was_baked = drop_keys(camera)
    _give_lens(scene, camera.data, clip, solve)
    if bake:
        drop_solver(camera)
        if solve is not None:
            frames, native = scene_frames(clip, solve.frames), solve.cameras
        else:
            frames = frames + (clip.frame_start - 1)
        camera.matrix_basis = Matrix.Identity(4)
        bake_cameras(camera, frames, move_cameras(to_world, native))
    else:
        _follow(camera, clip)
        if is_new or was_baked or floor is not None:
            camera.matrix_basis = Matrix(own)
    if solve is not None and len(solve.frame_focals_px):
        focals = solve.frame_focals_px * solve.lens.sensor_width_mm / solve.lens.width
        bake_values(camera.data, scene_frames(clip, solve.frames), {"lens": focals})
    show_plate(camera.data, clip)
    camera.data.clip_end = max(camera.data.clip_end, FAR_CLIP_M)

    set_frame_size(scene, clip)
    if set_scene:
        set_frame_range(scene, clip)
    scene.camera = camera
    scene.active_clip = clip
    return camera


def solve_by_native(clip: bpy.types.MovieClip, solve: Solve | None, *, bake: bool) -> Floats:
    """(4, 4) from the space of the cameras that ``apply_solved_camera`` shows to that of ``solve``.

    Raises SolveError where the clip has no solve that it could show.
    """
    if bake and solve is not None:
        return np.eye(4)
    if len(native_cameras(clip)[0]):
        return native_to_solve(clip, solve) if solve is not None else np.eye(4)
    if solve is None:
        raise SolveError(f"{clip.name} has no solved camera yet; track and solve it first")
    raise SolveError(f"{clip.name} has lost Blender's own solve; take its session in again")


def find_camera(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """Our camera in the scene, by its mark."""
    return next(
        (item for item in scene.objects if item.type == "CAMERA" and item.get(MARK) == CAMERA_MARK), None
    )


# --- lens and frame ---------------------------------------------------------


def set_camera_lens(data: bpy.types.Camera, clip: bpy.types.MovieClip, solve: Solve | None = None) -> None:
    """Give a camera the lens of the solve, or the clip's; distortion is the compositor's work.

    A clip's sensor width always belongs to the frame's width, so the fit is horizontal for
    portrait too. The shift moves the frame against the lens's axis: it is the principal point's
    distance from the frame's middle, in frame widths, the other way.
    """
    lens = clip.tracking.camera
    width, height = clip.size
    data.type = "PERSP"
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = solve.lens.sensor_width_mm if solve is not None else lens.sensor_width
    data.lens_unit = "MILLIMETERS"
    data.lens = solve.lens.focal_length_mm if solve is not None else lens.focal_length
    right, up = lens.principal_point_pixels
    data.shift_x = (0.5 * width - right) / width
    data.shift_y = (0.5 * height - up) / (width * lens.pixel_aspect)


def _give_lens(
    scene: bpy.types.Scene, data: bpy.types.Camera, clip: bpy.types.MovieClip, solve: Solve | None
) -> None:
    """The lens of the solve; a view that the composite widened for overscan stays as wide."""
    widened = lens_nodes.widened_view(scene, data)
    set_camera_lens(data, clip, solve)
    if widened is None:
        return
    plain, wide = widened
    if all(math.isclose(getattr(data, name), value, abs_tol=1e-6) for name, value in plain.items()):
        for name, value in wide.items():
            setattr(data, name, value)


def set_frame_size(scene: bpy.types.Scene, clip: bpy.types.MovieClip) -> None:
    """Render at the clip's size and pixel aspect (at the percentage the scene has)."""
    render = scene.render
    render.resolution_x, render.resolution_y = clip.size
    # Blender takes no aspect below 1: narrow pixels are said by their height.
    aspect = clip.tracking.camera.pixel_aspect
    render.pixel_aspect_x, render.pixel_aspect_y = max(aspect, 1.0), max(1.0 / aspect, 1.0)


def set_frame_range(scene: bpy.types.Scene, clip: bpy.types.MovieClip) -> None:
    """Give the scene the clip's frames and rate; an image sequence has no rate of its own."""
    first, last = clip.frame_start, clip.frame_start + clip.frame_duration - 1
    scene.frame_start, scene.frame_end = first, last
    # Again: where the old end lay before the new start, Blender moved one of the two.
    scene.frame_start = first
    if not first <= scene.frame_current <= last:
        scene.frame_set(first)
    if clip.source == "MOVIE" and clip.fps > 0:
        scene.render.fps = max(1, round(clip.fps))
        base = scene.render.fps / clip.fps
        scene.render.fps_base = 1.0 if math.isclose(base, 1.0, abs_tol=1e-5) else base


def show_plate(data: bpy.types.Camera, clip: bpy.types.MovieClip) -> None:
    """The clip, as it was filmed, behind what the camera sees in the viewport."""
    plate = next((item for item in data.background_images if item.source == "MOVIE_CLIP"), None)
    if plate is None:
        plate = data.background_images.new()
        plate.source = "MOVIE_CLIP"
        plate.alpha = 1.0
        plate.frame_method = "STRETCH"
        data.show_background_images = True
    plate.clip = clip
    plate.clip_user.use_render_undistorted = False


# --- live and baked ---------------------------------------------------------


def _follow(camera: bpy.types.Object, clip: bpy.types.MovieClip) -> None:
    constraint = camera.constraints.get(CONSTRAINT_NAME)
    if constraint is None:
        constraint = camera.constraints.new("CAMERA_SOLVER")
        constraint.name = CONSTRAINT_NAME
    constraint.use_active_clip = False
    constraint.clip = clip


def drop_solver(camera: bpy.types.Object) -> None:
    """Take off the constraint by which ours follows the clip."""
    constraint = camera.constraints.get(CONSTRAINT_NAME)
    if constraint is not None:
        camera.constraints.remove(constraint)


def solver_of(camera: bpy.types.Object, clip: bpy.types.MovieClip) -> bpy.types.Constraint | None:
    """The constraint, of whosever making, by which a camera follows this clip; None where it does not."""
    for constraint in camera.constraints:
        follows = constraint.type == "CAMERA_SOLVER" and not constraint.mute
        if follows and (constraint.use_active_clip or constraint.clip == clip):
            return constraint
    return None


def scene_frames(clip: bpy.types.MovieClip, frames: Ints) -> Ints:
    """The scene frames at which Blender shows the footage ``frames`` (c,) of the clip."""
    return frames + (clip.frame_start - 1 - clip.frame_offset)


def bake_cameras(camera: bpy.types.Object, frames: Ints, cameras: Floats) -> None:
    """Keys of place and turn at the scene ``frames`` (c,) from world cameras (c, 4, 4), none needless.

    Keys that were ours go. They run straight from one to the next, so that a move of the world
    moves what lies between them, too.
    """
    turns = without_flips(np.array([tuple(Matrix(matrix).to_quaternion()) for matrix in cameras]))
    places = np.ascontiguousarray(cameras[:, :3, 3])
    camera.rotation_mode = "QUATERNION"
    curves = _own_curves(camera, "Bake")
    _key(curves, "location", frames, places, SAME_PLACE * float(np.abs(places).max()))
    _key(curves, "rotation_quaternion", frames, turns, SAME_TURN)


def bake_values(data: bpy.types.Camera, frames: Ints, tables: Mapping[str, Floats]) -> None:
    """Keys of a camera's properties, as its focal length, at scene ``frames`` (c,), none needless."""
    if not tables:
        return
    curves = _own_curves(data, "Zoom")
    for path, values in tables.items():
        _key(curves, path, frames, values[:, None], SAME_LENS * float(np.abs(values).max()))


def _own_curves(owner: bpy.types.ID, word: str) -> bpy.types.bpy_prop_collection:
    """Curves of an action of ours, empty; an action of the artist's that was there stays in the file."""
    there = owner.animation_data.action if owner.animation_data else None
    if there is not None and there.get(MARK) is None:
        there.use_fake_user = True
    curves = versions.fresh_curves(owner, f"{owner.name} {word}", MARK)
    owner.animation_data.action[MARK] = CAMERA_MARK
    return curves


def _key(
    curves: bpy.types.bpy_prop_collection, path: str, frames: Ints, values: Floats, tolerance: float
) -> None:
    """Straight keys of ``values`` (c, k), those of all k at the same frames."""
    needed = needed_keys(frames.astype(np.float64), values, tolerance)
    for index, column in enumerate(values[needed].T):
        curve = curves.new(path, index=index)
        curve.keyframe_points.add(int(needed.sum()))
        curve.keyframe_points.foreach_set("co", np.column_stack([frames[needed], column]).ravel())
        for key in curve.keyframe_points:
            key.interpolation = "LINEAR"
        curve.update()


def is_baked(camera: bpy.types.Object) -> bool:
    """Whether the camera has keys of ours."""
    action = camera.animation_data.action if camera.animation_data else None
    return action is not None and action.get(MARK) == CAMERA_MARK


def drop_keys(camera: bpy.types.Object) -> bool:
    """Take off the actions that we baked, and nobody else's; True where the camera itself had one."""
    was_baked = is_baked(camera)
    for owner in (camera, camera.data):
        action = owner.animation_data.action if owner.animation_data else None
        if action is None or action.get(MARK) != CAMERA_MARK:
            continue
        owner.animation_data.action = None
        if action.users == 0:
            bpy.data.actions.remove(action)
    if was_baked:
        camera.matrix_basis = Matrix.Identity(4)
    return was_baked


def refresh(scene: bpy.types.Scene) -> None:
    """Has Blender work out anew where things of the scene are."""
    for layer in scene.view_layers:
        layer.update()
