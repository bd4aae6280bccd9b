"""The lens of a movie clip, read from and written to Blender's tracking camera."""

from __future__ import annotations

import bpy

from ..engine.lens import COEFFICIENTS, PlateLens
from ..errors import InputError

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
