"""The solved shot in the scene: camera, floor, shadow catcher and composite."""

from __future__ import annotations

import bpy
import numpy as np

from ..composite_settings import composite_config
from ..preset_items import COMPOSITE
from ..properties import chosen_preset
from ..tracking.blender import versions
from ..tracking.blender.camera import apply_solved_camera, solve_by_native
from ..tracking.blender.clip import native_cameras
from ..tracking.blender.composite import check_compositing, setup_shot_compositing
from ..tracking.blender.layout import SolvedWorld, clip_names, kept_layout, solved_world
from ..tracking.blender.remove import remember_before
from ..tracking.blender.scene import add_stand_in, setup_shadow_catcher
from ..tracking.engine.model import Solve
from ..tracking.errors import TrackedShotError
from ..tracking.floor import SURE_FLOOR, Floor, find_floor
from ..tracking.session import load_session
from .clip import footage_path


def set_up_shot(
    scene: bpy.types.Scene, clip: bpy.types.MovieClip, *, stand_in: bool, catcher: bool
) -> list[str]:
    """The clip's camera, shadow catcher, stand-in, composite and settings; what to know, as sentences.

    Raises SolveError where the clip has no solved camera, InputError where the composite cannot be built.
    """
    notes: list[str] = []
    solve = _solve_of(clip, notes)
    bake = solve is not None and bool(clip.tracked_shot.native_trouble)
    config = composite_config(
        scene.tracked_shot.composite_settings, chosen_preset(scene.tracked_shot, COMPOSITE)
    )
    solve_by_native(clip, solve, bake=bake)
    check_compositing(scene, clip, config, tuple(clip.size))
    remember_before(scene, footage_path(clip))
    if bake:
        notes.append(f"The camera has keys and does not follow the clip: {clip.tracked_shot.native_trouble}")
    floor = kept_layout(scene, clip, solve)
    if floor is None:
        floor = _floor(clip, solve)
        scene.tracked_shot.floor_text = f"Found, {floor.confidence:.0%} sure"
        if floor.confidence < SURE_FLOOR:
            notes.append("No clear floor was found: check where it lies, or set it by tracks")
    apply_solved_camera(scene, clip, solve=solve, bake=bake, floor=floor)
    setup_shot_compositing(scene, clip, config)
    if catcher:
        setup_shadow_catcher(scene)
        # EEVEE has no shadow catcher.
        scene.render.engine = versions.engine_idname("cycles")
    if stand_in:
        add_stand_in(scene)
    return notes


def _solve_of(clip: bpy.types.MovieClip, notes: list[str]) -> Solve | None:
    """Our solve of the clip from its session; None where that is gone, and the clip's own then has to do."""
    if not clip.tracked_shot.taken_in:
        return None
    try:
        return load_session(clip.tracked_shot.session).solve()
    except TrackedShotError as error:
        notes.append(f"The clip's own solve was used: {error}")
        return None


def world_of(scene: bpy.types.Scene, clip: bpy.types.MovieClip, notes: list[str]) -> SolvedWorld:
    """What was solved of the clip, as it lies in the scene. Raises SolveError where that is nothing."""
    solve = _solve_of(clip, notes)
    names = clip_names(load_session(clip.tracked_shot.session).tracks(), solve) if solve is not None else None
    return solved_world(scene, clip, solve, names)


def set_camera(scene: bpy.types.Scene, clip: bpy.types.MovieClip, *, bake: bool) -> list[str]:
    """The camera becomes live or baked where it stands; what to know, as sentences.

    Raises SolveError where there is no such camera.
    """
    notes: list[str] = []
    world = world_of(scene, clip, notes)
    solve = _solve_of(clip, [])
    if not bake and clip.tracked_shot.native_trouble:
        notes.append(f"The camera follows Blender's own solve: {clip.tracked_shot.native_trouble}")
    floor = Floor(world.to_world, 1.0, np.zeros(0, dtype=bool))
    apply_solved_camera(scene, clip, solve=solve, bake=bake, floor=floor, set_scene=False)
    return notes


def _floor(clip: bpy.types.MovieClip, solve: Solve | None) -> Floor:
    """The floor of the solve, or of the clip's own where there is none."""
    if solve is not None:
        return find_floor(solve.points, solve.cameras)
    bundles = [tuple(track.bundle) for track in clip.tracking.tracks if track.has_bundle]
    return find_floor(np.array(bundles, dtype=np.float64).reshape(-1, 3), native_cameras(clip)[1])
