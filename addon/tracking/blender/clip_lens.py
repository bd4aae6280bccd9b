"""The lens of a movie clip, read from and written to Blender's tracking camera."""

from __future__ import annotations

from dataclasses import replace

import bpy

from ..engine.lens import COEFFICIENTS, PlateLens
from ..errors import InputError
from . import versions

PREFIX = {"POLYNOMIAL": "", "DIVISION": "division_", "NUKE": "nuke_", "BROWN": "brown_"}
"""What stands before a coefficient's name among the camera's properties, by model."""


def clip_lens(clip: bpy.types.MovieClip) -> PlateLens:
    """The lens that the clip has now. Raises InputError for a clip without pixels or focal length."""
    camera = clip.tracking.camera
    width, height = clip.size
    if width < 1 or height < 1:
        raise InputError(f"the clip {clip.name} has no picture")
    prefix = PREFIX[camera.distortion_model]
    return PlateLens(
        width=width,
        height=height,
        focal_px=camera.focal_length_pixels,
        model=camera.distortion_model,
        # Nuke's p1 and p2 are in Blender from 5.1; before, the model has none.
        coefficients=tuple(
            getattr(camera, prefix + name, 0.0) for name in COEFFICIENTS[camera.distortion_model]
        ),
        principal=tuple(camera.principal_point_pixels),
        pixel_aspect=camera.pixel_aspect,
    )


def scene_clip(scene: bpy.types.Scene) -> bpy.types.MovieClip:
    """The clip that a scene is made for: its active one, or the only one of the file.

    Raises InputError where there is none, or several of which none is the scene's.
    """
    if scene.active_clip is not None:
        return scene.active_clip
    clips = list(bpy.data.movieclips)
    if len(clips) != 1:
        count = "no movie clip" if not clips else f"{len(clips)} movie clips and none of them active"
        raise InputError(f"the scene {scene.name} has {count}: choose one in its Scene properties")
    return clips[0]


def zoom_lenses(scene: bpy.types.Scene, clip: bpy.types.MovieClip) -> dict[int, PlateLens]:
    """The lens of each of the scene's frames, its focal length that of the camera's keys.

    A clip's own lens cannot be keyed; distortion is taken to stay as the clip has it. Empty where the
    scene's camera has no animated focal length.
    """
    camera = scene.camera
    if camera is None or camera.type != "CAMERA" or camera.data.animation_data is None:
        return {}
    data, lens = camera.data, clip_lens(clip)
    curve = next((c for c in versions.curves_of(data) if c.data_path == "lens"), None)
    if curve is None:
        return {}
    # The sensor may have been widened for overscan; focal length in pixels goes by what the clip has.
    per_mm = lens.width / clip.tracking.camera.sensor_width
    frames = range(scene.frame_start, scene.frame_end + 1)
    return {frame: replace(lens, focal_px=curve.evaluate(frame) * per_mm) for frame in frames}
