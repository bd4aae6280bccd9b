"""What helps where a solve is not good: its worst tracks and frames, and what is tried before another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np

from ..tracking.blender.by_hand import LEAST_TRACKS, usable
from ..tracking.blender.clip import PREFIX, camera_object, select_track
from ..tracking.errors import InputError
from ..tracking.solve_view import SolveView


def select_worst(clip: bpy.types.MovieClip, view: SolveView, count: int) -> list[str]:
    """Selects the tracks that harm the solve most, and no others; their names in the clip, worst first."""
    worst = [row.name for row in view.rows if not row.reason]
    tracks = camera_object(clip).tracks
    there = [name for row in worst for name in (PREFIX + row, row) if name in tracks][:count]
    if not there:
        return []
    for track in tracks:
        select_track(track, track.name in there)
        track.hide = track.hide and track.name not in there
    tracks.active = tracks[there[0]]
    return there


def show_worst_frame(scene: bpy.types.Scene, clip: bpy.types.MovieClip, view: SolveView) -> float | None:
    """Goes to the frame with the largest error, from one of the worst to the next; its error in pixels.

    None where no frame has one.
    """
    if not view.worst_frames:
        return None
    frames = [clip.frame_start + frame - 1 for frame in view.worst_frames]
    at = frames.index(scene.frame_current) + 1 if scene.frame_current in frames else 0
    at %= len(frames)
    scene.frame_set(frames[at])
    return float(view.frame_errors[view.worst_frames[at] - view.first])


def some_selected(clip: bpy.types.MovieClip) -> bool:
    """Whether a track is selected that has weight; quick enough to be asked whenever a button is drawn.

    Selecting calls nobody, so that nothing can be kept: the active track answers mostly, else all are read at
    once.
    """
    camera = camera_object(clip)
    tracks = camera.tracks
    # Each object's collection says the active track of the object that is active.
    active = tracks.active if clip.tracking.objects.active == camera else None
    if active is not None and active.select and active.weight > 0:
        return True
    selected = np.zeros(len(tracks), bool)
    tracks.foreach_get("select", selected)
    if not selected.any():
        return False
    weights = np.zeros(len(tracks), np.float32)
    tracks.foreach_get("weight", weights)
    return bool((weights[selected] > 0).any())


@contextmanager
def without_selected(clip: bpy.types.MovieClip) -> Iterator[None]:
    """The selected tracks have no weight from now on; they have it back where what is tried then fails.

    Raises InputError where too few are left for a camera.
    """
    tracks = camera_object(clip).tracks
    off = {track.name: track.weight for track in tracks if track.select and track.weight > 0}
    left = sum(usable(track) for track in tracks if track.name not in off)
    if left < LEAST_TRACKS:
        raise InputError(f"{left} tracks would be left; a camera takes {LEAST_TRACKS}")
    for name in off:
        tracks[name].weight = 0.0
    try:
        yield
    except BaseException:
        for name, weight in off.items():
            tracks[name].weight = weight
        raise


@contextmanager
def with_known_lens(
    clip: bpy.types.MovieClip, *, sensor_width_mm: float | None, focal_length_mm: float | None
) -> Iterator[None]:
    """The clip's lens is known from now on, and is this one; as it was where what is tried then fails.

    None leaves a value as the clip has it.
    """
    camera, memory = clip.tracking.camera, clip.tracked_shot
    before = camera.sensor_width, camera.focal_length, memory.lens_known
    if sensor_width_mm is not None:
        camera.sensor_width = sensor_width_mm
    if focal_length_mm is not None:
        camera.focal_length = focal_length_mm
    memory.lens_known = True
    try:
        yield
    except BaseException:
        camera.sensor_width, camera.focal_length, memory.lens_known = before
        raise
