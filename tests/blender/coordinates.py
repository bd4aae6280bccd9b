"""Pictures whose pixels say where they are, through nodes of the compositor, and back as arrays.

Rows go up here, as Blender keeps them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bpy
import cv2
import numpy as np

from addon.tracking.blender import versions
from addon.tracking.engine.lens import COEFFICIENTS, PlateLens


def coordinate_image(width: int, height: int, name: str = "coordinates") -> bpy.types.Image:
    """x, y of each pixel's centre in red and green, 1 in blue and alpha, in 32 bits."""
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return float_image(np.stack([x, y, np.ones_like(x), np.ones_like(x)], -1), name)


def float_image(values: np.ndarray, name: str) -> bpy.types.Image:
    """An image datablock of (height, width, 4) linear values, row 0 at the bottom."""
    height, width = values.shape[:2]
    image = bpy.data.images.new(name, width, height, alpha=True, float_buffer=True, is_data=True)
    image.alpha_mode = "CHANNEL_PACKED"
    image.pixels.foreach_set(values.astype(np.float32).ravel())
    image.update()
    image.pack()
    return image


def clip_with_lens(folder: Path, lens: PlateLens, picture: np.ndarray | None = None) -> bpy.types.MovieClip:
    """A clip of one frame of the lens's size, with that lens; ``picture`` is (height, width, 3) of bytes."""
    path = folder / f"plate_{lens.width}x{lens.height}.png"
    plain = np.full((lens.height, lens.width, 3), 90, np.uint8)
    cv2.imwrite(str(path), plain if picture is None else picture)
    clip = bpy.data.movieclips.load(str(path))
    camera = clip.tracking.camera
    camera.sensor_width = 36.0
    camera.pixel_aspect = lens.pixel_aspect
    camera.focal_length_pixels = lens.focal_px
    camera.principal_point_pixels = lens.center
    camera.distortion_model = lens.model
    prefix = {"POLYNOMIAL": "", "DIVISION": "division_", "NUKE": "nuke_", "BROWN": "brown_"}[lens.model]
    for name, value in zip(COEFFICIENTS[lens.model], lens.coefficients):
        if hasattr(camera, prefix + name):
            setattr(camera, prefix + name, value)
        else:
            assert value == 0.0, f"this Blender has no {prefix}{name}"
    return clip


def composited(
    folder: Path,
    image: bpy.types.Image,
    build: Callable[[bpy.types.NodeTree, bpy.types.NodeSocket], bpy.types.NodeSocket],
    size: tuple[int, int],
) -> np.ndarray:
    """(height, width, 4) what the scene's compositor makes of an image, rendered at that size."""
    scene = bpy.context.scene
    render = scene.render
    render.resolution_x, render.resolution_y = size
    render.resolution_percentage = 100
    render.image_settings.file_format = "OPEN_EXR"
    render.image_settings.color_mode, render.image_settings.color_depth = "RGBA", "32"
    render.filepath = str(folder / "composited.exr")
    if scene.camera is None:
        scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
        scene.collection.objects.link(scene.camera)
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    end = versions.make_output(tree).socket
    node = versions.new_node(tree, "image")
    node.image = image
    tree.links.new(build(tree, versions.output_socket(node, "image", "image")), end)
    bpy.ops.render.render(write_still=True)
    found = bpy.data.images.load(render.filepath)
    values = np.empty(size[0] * size[1] * 4, np.float32)
    found.pixels.foreach_get(values)
    bpy.data.images.remove(found)
    return values.reshape(size[1], size[0], 4).astype(float)
