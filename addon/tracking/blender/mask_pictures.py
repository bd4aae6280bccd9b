"""A mask of the .blend as pictures for the engine: where a clip is not to be tracked.

Blender evaluates the mask at every frame of the clip, in a scene of its own with nothing in it, so shapes
that are keyed are right; outlines are drawn here (see mask_shapes.py), since rendering them through the
compositor takes some 70 ms a frame and leaves the artist's Render Result changed. The mask lies over the clip
as the Clip Editor shows it.
"""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from ..engine.footage import Footage
from ..errors import InputError
from ..mask_shapes import Layer, curve, from_mask_space, mask_print, write_masks
from ..session.places import MASKS


def write_mask_pictures(
    mask: bpy.types.Mask, clip: bpy.types.MovieClip, footage: Footage, folder: Path
) -> Path:
    """The pictures of the mask for each frame of the footage, beside the sessions in ``folder``.

    Returns the first one's path, which is another one wherever the mask has changed.
    Raises InputError for a mask in which nothing is drawn or whose points follow tracks, and where the
    pictures cannot be written.
    """
    return write_masks(
        mask_frames(mask, clip, footage),
        footage.width,
        footage.height,
        folder / MASKS,
        mask.name,
    )


def mask_mark(mask: bpy.types.Mask, clip: bpy.types.MovieClip, footage: Footage) -> str:
    """A word that changes with the mask. Raises InputError as ``write_mask_pictures`` does."""
    return mask_print(mask_frames(mask, clip, footage))


def mask_frames(mask: bpy.types.Mask, clip: bpy.types.MovieClip, footage: Footage) -> list[list[Layer]]:
    """The mask's layers in each footage frame from the first one, up to the last that is tracked."""
    _check(mask)
    size = np.array([footage.width, footage.height], float)
    shown = (footage.width * clip.tracking.camera.pixel_aspect, footage.height)
    scene = bpy.data.scenes.new("Tracked Shot Mask")
    try:
        found = []
        for frame in range(footage.last):
            scene.frame_set(clip.frame_start - clip.frame_offset + frame)
            now = mask.evaluated_get(scene.view_layers[0].depsgraph)
            found.append([_layer(layer, shown, size) for layer in now.layers if not layer.hide_render])
        return found
    finally:
        bpy.data.scenes.remove(scene)


def _check(mask: bpy.types.Mask) -> None:
    """Raises InputError for a mask that says nothing, or that cannot be drawn."""
    shown = [spline for layer in mask.layers if not layer.hide_render for spline in layer.splines]
    if not shown:
        raise InputError(f"in the mask {mask.name} nothing is drawn")
    # Where a track was when a point was tied to it is not to be read from Python.
    if any(point.parent.id is not None for spline in shown for point in spline.points):
        raise InputError(
            f"points of the mask {mask.name} follow tracks, which cannot be drawn; render it to pictures, and"
            " name the first one in a shot file"
        )


def _layer(layer: bpy.types.MaskLayer, shown: tuple[float, float], size: np.ndarray) -> Layer:
    """A layer as it is evaluated.

    The frame has ``size`` (2,) pixels and is ``shown`` (width, height) in square ones.
    """
    outlines = [
        from_mask_space(_outline(spline), *shown) * size / shown for spline in layer.splines if _fills(spline)
    ]
    return Layer(outlines, layer.blend, layer.alpha, layer.invert, layer.use_fill_holes)


def _fills(spline: bpy.types.MaskSpline) -> bool:
    return spline.use_fill and len(spline.points) > 1


def _outline(spline: bpy.types.MaskSpline) -> np.ndarray:
    """(n, 2) along the spline, in the mask's own space."""
    points = np.empty((len(spline.points), 3, 2), np.float32)
    for row, name in enumerate(("handle_left", "co", "handle_right")):
        spots = np.empty(2 * len(points), np.float32)
        spline.points.foreach_get(name, spots)
        points[:, row] = spots.reshape(-1, 2)
    return curve(points.astype(float), closed=spline.use_cyclic)
