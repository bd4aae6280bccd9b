"""The lens of a movie clip, read from and written to Blender's tracking camera."""

from __future__ import annotations

from dataclasses import replace

import bpy

from ..engine.lens import COEFFICIENTS, PlateLens, plate_lens
from ..engine.model import Lens, LensStart
from ..errors import InputError
from . import versions

PREFIX = {"POLYNOMIAL": "", "DIVISION": "division_", "NUKE": "nuke_", "BROWN": "brown_"}
"""What stands before a coefficient's name among the camera's properties, by model."""
SAME_PX = 1e-3
"""A principal point no farther from the frame's middle, which Blender keeps in single precision, is there."""


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


def coefficient_properties(camera: bpy.types.MovieTrackingCamera) -> list[str]:
    """The camera's properties that hold the coefficients of its distortion model, as Blender has them."""
    model = camera.distortion_model
    names = (PREFIX[model] + name for name in COEFFICIENTS[model])
    return [name for name in names if hasattr(camera, name)]


def lens_properties(camera: bpy.types.MovieTrackingCamera) -> list[str]:
    """The camera's properties that make its lens, with the coefficients of all models that Blender has."""
    names = ["sensor_width", "focal_length", "pixel_aspect", "distortion_model", "principal_point"]
    names += [PREFIX[model] + name for model, numbers in COEFFICIENTS.items() for name in numbers]
    return [name for name in names if hasattr(camera, name)]


def set_clip_lens(clip: bpy.types.MovieClip, lens: Lens) -> None:
    """Gives the clip a solved lens. Raises InputError where this Blender lacks a term of its distortion."""
    check_terms(lens)
    camera = clip.tracking.camera
    camera.sensor_width = lens.sensor_width_mm
    camera.focal_length = lens.focal_length_mm
    right, up = plate_lens(lens).center
    camera.principal_point = (2 * right / lens.width - 1, 2 * up / lens.height - 1)
    camera.distortion_model = lens.model
    names = COEFFICIENTS[lens.model]
    values = (*lens.coefficients, *[0.0] * len(names))
    for name, value in zip(names, values):
        if hasattr(camera, PREFIX[lens.model] + name):
            setattr(camera, PREFIX[lens.model] + name, value)


def check_terms(lens: Lens | LensStart) -> None:
    """Raises InputError for a lens with a model or a coefficient that this Blender's clips do not have."""
    model = lens.distortion_model if isinstance(lens, LensStart) else lens.model
    if model not in PREFIX:
        raise InputError(f"Blender has no lens distortion model {model!r}")
    for name, value in zip(COEFFICIENTS[model], lens.coefficients):
        if value and PREFIX[model] + name not in bpy.types.MovieTrackingCamera.bl_rna.properties:
            raise InputError(f"this Blender's {model} distortion has no {name}")


def copy_lens(clip: bpy.types.MovieClip, target: bpy.types.MovieClip) -> None:
    """Gives another clip of the same picture the clip's lens, with all of its models' coefficients."""
    source, camera = clip.tracking.camera, target.tracking.camera
    for name in lens_properties(source):
        setattr(camera, name, getattr(source, name))


def start_of_clip(clip: bpy.types.MovieClip, *, refine: bool) -> LensStart:
    """The clip's lens for a solve, which keeps it as it is or, with ``refine``, only starts from it.

    Raises InputError for a clip without pixels or focal length.
    """
    camera, lens = clip.tracking.camera, clip_lens(clip)
    k1, k2, *more = lens.coefficients
    while more and not more[-1]:
        more.pop()
    middle = (0.5 * lens.width, 0.5 * lens.height)
    off = max(abs(at - half) for at, half in zip(lens.center, middle))
    return LensStart(
        focal_length_mm=camera.focal_length,
        sensor_width_mm=camera.sensor_width,
        distortion_model=lens.model,
        k1=k1,
        k2=k2,
        more=tuple(more),
        principal=lens.principal if off > SAME_PX else None,
        refine=refine,
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
