"""What each stage of a build does in Blender.

``tracking/stages.py`` says what goes into a stage and when it runs; here stands, by the same names, what it
does. A stage is a generator over ``BuildStep``: it reads what it needs from the ``Build``, changes the open
file, and leaves in the ``Build`` what later stages need. What a stage needs of one that did not run this time
is found again by the ``Build`` itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..config import CompositeShotConfig, KnownDistance
from ..engine.model import Floats, Tracks
from ..errors import InputError, SolveError
from ..floor import SURE_FLOOR, Floor
from ..layout import LayoutError, laid_out
from ..session.clip_tracks import PREFIX
from ..shotfile import ShotFileError, problem_at
from ..stages import digest
from . import versions
from .build import Build, BuildStep, Steps
from .camera import apply_solved_camera, set_frame_range, set_frame_size, show_plate
from .camera_io import export_camera, load_camera, put_camera
from .clip import find_clip, native_cameras, native_points
from .clip_state import track_marks
from .composite import composite_status, setup_shot_compositing
from .holdout import set_holdout
from .layout import clip_names, solved_world
from .points import NONE, remove_point_cloud, setup_point_cloud
from .scene import (
    add_stand_in,
    append_cg,
    remove_shadow_catcher,
    remove_stand_in,
    remove_sun,
    setup_hdri,
    setup_light,
    setup_shadow_catcher,
    turn_sun_back,
)
from .scene_settings import set_passes
from .shot_solve import (
    TRACKED_SHARE,
    footage_stage,
    has_tracks_to_solve,
    preflight_stage,
    shot_mask_mark,
    solve_print,
    solve_stage,
    track_stage,
)
from .take_in import take_in_session

NEW_FILE_SAMPLES = 128
"""Samples a pixel in a new file: Blender's own 4096 would take minutes a frame."""


# --- into the scene ----------------------------------------------------------


def camera_stage(build: Build) -> Steps:
    """Tracks and the camera, where there is one, into the clip; it into the scene and files."""
    tracks = None
    if build.session is not None:
        yield BuildStep("camera", TRACKED_SHARE[1], "Tracks into the clip")
        tracks = build.session.tracks()
        build.result.native = take_in_session(
            build.clip, build.session, build.result.solve, keep="camera" not in build.asked
        )
    if build.config.camera.import_file is not None:
        yield from _camera_of_file(build)
    elif build.config.camera.from_tracking and tracks is not None:
        yield from _camera_of_session(build, tracks)
    elif build.config.camera.from_tracking:
        yield from _camera_of_clip(build)
    _export_camera(build)


def _camera_of_session(build: Build, tracks: Tracks) -> Steps:
    config, result, clip = build.config, build.result, build.clip
    solve = result.solve
    if solve is None:
        return
    yield BuildStep("camera", 0.9, "The camera into the scene")
    bake = config.camera.bake
    if result.native is not None and not result.native.agrees:
        build.notes.append(
            f"the camera has keys from our solve and does not follow Blender's own: {result.native.reason}"
        )
        bake = True
    names = [tracks.names[number] for number in solve.point_tracks]
    result.floor = shot_floor(config, names, solve.points, solve.cameras)
    _say_floor(build)
    result.camera = apply_solved_camera(
        build.scene, clip, solve=solve, bake=bake, name=config.camera.name, floor=result.floor
    )


def _camera_of_clip(build: Build) -> Steps:
    """The camera of the solve that the clip has, for a shot that is not tracked here."""
    clip = build.clip
    frames, cameras = native_cameras(clip)
    if not len(frames):
        build.notes.append(f"the clip {clip.name} has no solved camera, and tracking is not enabled")
        return
    yield BuildStep("camera", 0.9, "The camera of the clip's own solve into the scene")
    names, points = native_points(clip)
    build.result.floor = shot_floor(build.config, names, points, cameras)
    _say_floor(build)
    build.result.camera = apply_solved_camera(
        build.scene,
        clip,
        bake=build.config.camera.bake,
        name=build.config.camera.name,
        floor=build.result.floor,
    )


def _camera_of_file(build: Build) -> Steps:
    """A camera from elsewhere. A cloud of points that came with it lays it out; else it stands as it was."""
    config, scene, clip = build.config, build.scene, build.clip
    yield BuildStep("camera", 0.9, "The camera of a file into the scene")
    file = config.resolve(str(config.camera.import_file))
    set_frame_size(scene, clip)
    set_frame_range(scene, clip)
    try:
        way = load_camera(scene, file, sensor_width_mm=config.tracking.lens.sensor_width_mm)
    except InputError as error:
        raise ShotFileError([problem_at(config.source, ("camera", "import"), str(error))]) from None
    build.notes += way.notes
    if len(way.points):
        build.result.floor = shot_floor(config, [""] * len(way.points), way.points, way.cameras)
        _say_floor(build)
    if build.result.floor is not None:
        way = way.moved(build.result.floor.matrix)
    build.result.camera = put_camera(scene, way, name=config.camera.name, source=file.name)
    show_plate(build.result.camera.data, clip)
    scene.active_clip = clip


def _export_camera(build: Build) -> None:
    """Writes the camera over the shot's frames to the files that the shot names."""
    config, first = build.config, build.clip.frame_start - 1
    if not config.camera.exports or build.scene.camera is None:
        return
    frames = np.arange(first + build.footage.first, first + build.footage.last + 1, dtype=np.int32)
    for name in config.camera.exports:
        try:
            build.notes += export_camera(build.scene, config.resolve(name), frames=frames)
        except InputError as error:
            raise ShotFileError([problem_at(config.source, ("camera", "export"), str(error))]) from None


def _say_floor(build: Build) -> None:
    if build.result.floor is not None and build.result.floor.confidence < SURE_FLOOR:
        build.notes.append("no clear floor was found: check where the ground lies")


def shot_floor(
    config: CompositeShotConfig, names: list[str], points: Floats, cameras: Floats
) -> Floor | None:
    """Floor, origin and scale that the shot asks for, from points (n, 3) with their tracks' names and cameras
    (c, 4, 4).

    Raises ShotFileError for tracks that are unsolved or no plane.
    """
    wanted = config.scene
    scale = wanted.scale
    if isinstance(scale, KnownDistance):
        scale = (scale.tracks, scale.distance)
    try:
        return laid_out(points, cameras, names, floor=wanted.floor, scale=scale, origin=wanted.origin)
    except LayoutError as error:
        raise ShotFileError([problem_at(config.source, ("scene", error.key), str(error))]) from None


def scene_stage(build: Build) -> Steps:
    """What stands round the camera: light, ground and points."""
    yield BuildStep("scene", 0.92, "Setting up the scene")
    config, scene = build.config, build.scene
    choose_engine(config, scene)
    light = config.scene.light
    try:
        setup_hdri(scene, None if light.hdri is None else config.resolve(light.hdri))
    except InputError as error:
        raise ShotFileError([problem_at(config.source, ("scene", "light", "hdri"), str(error))]) from None
    if light.direction is not None:
        setup_light(scene, light.direction)
    elif light.hdri is not None:
        remove_sun(scene)
    elif build.anew_or_changed("scene", "scene.light.direction"):
        turn_sun_back(scene)
    if build.composite.shadow_catcher and scene.camera is not None:
        setup_shadow_catcher(scene, light=light.hdri is None, anew="scene" in build.asked)
    elif build.anew_or_changed("scene", "composite.shadow_catcher"):
        remove_shadow_catcher(scene)
    _point_cloud(build)


def _point_cloud(build: Build) -> None:
    """The solved points in the scene, where the shot asks for them."""
    kind, solve, names = build.config.scene.point_cloud, build.result.solve, None
    if kind == NONE:
        remove_point_cloud(build.scene)
        return
    if build.session is not None and solve is not None:
        names = clip_names(build.session.tracks(), solve)
    try:
        world = solved_world(build.scene, build.clip, solve, names)
        plain = [name.removeprefix(PREFIX) for name in world.names]
        setup_point_cloud(build.scene, kind, plain, world.points)
    except (InputError, SolveError) as error:
        build.notes.append(f"no point cloud: {error}")


def cg_stage(build: Build) -> Steps:
    """The shot's CG, or a stand-in where it names none and there is a camera to see it."""
    yield BuildStep("cg", 0.94, "Placing the CG")
    config, scene = build.config, build.scene
    if config.cg.blend is not None:
        remove_stand_in(scene)
        append_cg(scene, config.resolve(config.cg.blend), config.cg.collection)
    elif config.into is None and scene.camera is not None:
        add_stand_in(scene)
    try:
        set_holdout(scene, config.scene.holdout, by_hand=build.held_by_hand)
    except InputError as error:
        raise ShotFileError([problem_at(config.source, ("scene", "holdout"), str(error))]) from None


def composite_stage(build: Build) -> Steps:
    """The compositor tree; it has to know who renders, and how large."""
    yield BuildStep("composite", 0.96, "Building the composite")
    choose_engine(build.config, build.scene)
    build.scene.render.resolution_percentage = build.config.render.resolution_percentage
    setup_shot_compositing(build.scene, build.clip, build.composite)
    build.notes += composite_status(build.scene).warnings


def choose_engine(config: CompositeShotConfig, scene: bpy.types.Scene) -> None:
    """The engine that the shot asks for; a new file's is Cycles."""
    engine = config.render.engine or ("cycles" if config.into is None else None)
    if engine is not None:
        scene.render.engine = versions.engine_idname(engine)


def render_settings_stage(build: Build) -> Steps:
    """Samples and the frames of the shot."""
    yield BuildStep("render_settings", 0.98, "Setting up the render")
    render, scene, footage = build.config.render, build.scene, build.footage
    samples = render.samples or (NEW_FILE_SAMPLES if build.config.into is None else None)
    if samples is not None:
        scene.cycles.samples = samples
        scene.eevee.taa_render_samples = samples
    build.notes += set_passes(scene, render.passes)
    clip = build.clip
    scene.frame_start = clip.frame_start + footage.first - 1
    scene.frame_end = clip.frame_start + footage.last - 1
    scene.frame_start = clip.frame_start + footage.first - 1  # the old end may have moved it
    scene.frame_set(scene.frame_start)


WORK: Mapping[str, Callable[[Build], Steps]] = {
    "footage": footage_stage,
    "preflight": preflight_stage,
    "track": track_stage,
    "solve": solve_stage,
    "camera": camera_stage,
    "scene": scene_stage,
    "cg": cg_stage,
    "composite": composite_stage,
    "render_settings": render_settings_stage,
}
"""What each stage does, by its name."""


def outcomes(build: Build) -> Callable[[str], Mapping[str, Any]]:
    """What goes into a stage beside the shot file, for ``stages.Plan``."""

    def of(stage: str) -> Mapping[str, Any]:
        found: dict[str, Any] = {"running the hooks": True} if build.runs_hooks else {}
        if stage == "track" and (mark := shot_mask_mark(build)):
            found["the mask"] = mark
        if stage == "solve" and has_tracks_to_solve(build):
            found["the clip's tracks"] = digest(track_marks(build.clip))
        if stage == "camera":
            found["the solve"] = _solve_print(build)
        if stage == "composite":
            found["Blender"] = versions.BLENDER_NAME
        return found

    return of


def _solve_print(build: Build) -> str:
    if build.session is not None:
        return solve_print(build.session)
    if build.config.tracking.enabled:
        return build.solve_before
    clip = find_clip(build.config.footage_path)
    return digest(native_cameras(clip)[1].tolist()) if clip is not None else ""


def absolute(path: str | os.PathLike[str] | None) -> Path | None:
    """The path made absolute, None for none."""
    return None if path is None else Path(path).absolute()
