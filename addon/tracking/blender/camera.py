"""The camera room: a solved camera in the scene, live on the clip's own solve or as keys."""

from __future__ import annotations

import math

import bpy
import numpy as np
from mathutils import Matrix, Quaternion

from ..engine.model import Floats, Ints, Solve
from ..errors import SolveError
from ..floor import Floor
from .clip import move_cameras, native_cameras, native_to_solve
from .nodes import MARK
from .scene import owned_collection

CAMERA_MARK = "camera"
CONSTRAINT_NAME = "Tracked Shot Solve"

FAR_CLIP_M = 1000.0
"""The camera sees at least this far, in metres: a solved street is longer than the default."""


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
    camera's own transform lays that solve into the world. With ``bake`` it gets a key a solved
    frame instead, from ``solve``, or from the clip's own solve where none is given.
    ``floor`` is the floor of ``solve`` (of the clip's own solve where no ``solve`` is given);
    without one the world is the solve's own space, and a live camera that was moved stays so.
    ``set_scene`` also gives the scene the clip's frame range and rate.
    Raises SolveError where there is no solve to follow; the scene is then as it was.
    """
    frames, native = native_cameras(clip)
    if not len(frames) and not (bake and solve is not None):
        raise SolveError(f"the clip {clip.name} has no solved camera")
    to_world = floor.matrix if floor is not None else np.eye(4)
    own = to_world @ native_to_solve(clip, solve) if solve is not None and not bake else to_world

    camera = find_camera(scene)
    is_new = camera is None
    if camera is None:
        camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
        camera[MARK] = CAMERA_MARK
        owned_collection(scene).objects.link(camera)
    set_camera_lens(camera.data, clip, solve)
    if bake:
        _drop_constraint(camera)
        if solve is not None:
            frames, native = solve.frames, solve.cameras
        _bake(camera, frames + (clip.frame_start - 1), move_cameras(to_world, native))
        if solve is not None and len(solve.frame_focals_px):
            _bake_zoom(camera, frames + (clip.frame_start - 1), solve)
    else:
        was_baked = _drop_keys(camera)
        _follow(camera, clip)
        if is_new or was_baked or floor is not None:
            camera.matrix_basis = Matrix(own)
    _show_plate(camera.data, clip)
    camera.data.clip_end = max(camera.data.clip_end, FAR_CLIP_M)

    set_frame_size(scene, clip)
    if set_scene:
        set_frame_range(scene, clip)
    scene.camera = camera
    scene.active_clip = clip
    return camera


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


def _show_plate(data: bpy.types.Camera, clip: bpy.types.MovieClip) -> None:
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


def _drop_constraint(camera: bpy.types.Object) -> None:
    constraint = camera.constraints.get(CONSTRAINT_NAME)
    if constraint is not None:
        camera.constraints.remove(constraint)


def _bake(camera: bpy.types.Object, frames: Ints, cameras: Floats) -> None:
    """A key of place and turn at each scene frame of ``frames`` (c,) from world cameras (c, 4, 4)."""
    _drop_keys(camera)
    camera.matrix_basis = Matrix.Identity(4)
    camera.rotation_mode = "QUATERNION"
    before: Quaternion | None = None
    for frame, matrix in zip(frames.tolist(), cameras):
        place, turn, _ = Matrix(matrix).decompose()
        if before is not None:
            turn.make_compatible(before)
        camera.location, camera.rotation_quaternion = place, turn
        camera.keyframe_insert("location", frame=frame)
        camera.keyframe_insert("rotation_quaternion", frame=frame)
        before = turn
    camera.animation_data.action.name = f"{camera.name} Bake"
    camera.animation_data.action[MARK] = CAMERA_MARK


def _bake_zoom(camera: bpy.types.Object, frames: Ints, solve: Solve) -> None:
    """A key of the focal length at each scene frame of ``frames`` (c,)."""
    to_mm = solve.lens.sensor_width_mm / solve.lens.width
    for frame, focal_px in zip(frames.tolist(), solve.frame_focals_px.tolist()):
        camera.data.lens = focal_px * to_mm
        camera.data.keyframe_insert("lens", frame=frame)
    camera.data.animation_data.action.name = f"{camera.name} Zoom"
    camera.data.animation_data.action[MARK] = CAMERA_MARK


def _drop_keys(camera: bpy.types.Object) -> bool:
    """Take off the actions that we baked, and nobody else's; True where the camera itself had one."""
    zoom = camera.data.animation_data.action if camera.data.animation_data else None
    if zoom is not None and zoom.get(MARK) == CAMERA_MARK:
        camera.data.animation_data_clear()
        if zoom.users == 0:
            bpy.data.actions.remove(zoom)
    action = camera.animation_data.action if camera.animation_data else None
    if action is None or action.get(MARK) != CAMERA_MARK:
        return False
    camera.animation_data_clear()
    if action.users == 0:
        bpy.data.actions.remove(action)
    camera.matrix_basis = Matrix.Identity(4)
    return True
