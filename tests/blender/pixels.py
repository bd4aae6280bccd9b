"""Pictures in and out of the compositor, and what they must be, written from the formulas.

Pictures here are (height, width, 4), linear and premultiplied, their first row at the bottom, as places are.
"""

from __future__ import annotations

from pathlib import Path

import bpy
import cv2
import numpy as np


def scene_of(size: tuple[int, int]) -> bpy.types.Scene:
    """The scene, rendering nothing but its compositor at that size."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    return scene


def come_from(size: tuple[int, int]) -> np.ndarray:
    """A picture whose red and green are the place of each pixel's centre, opaque."""
    width, height = size
    picture = np.ones((height, width, 4))
    picture[..., 0] = (np.arange(width) + 0.5)[None, :]
    picture[..., 1] = (np.arange(height) + 0.5)[:, None]
    return picture


def input_picture(tree: bpy.types.NodeTree, path: Path, picture: np.ndarray) -> bpy.types.NodeSocket:
    """An Image node that gives exactly this picture."""
    cv2.imwrite(str(path), cv2.cvtColor(picture[::-1].astype(np.float32), cv2.COLOR_RGBA2BGRA))
    node = tree.nodes.new("CompositorNodeImage")
    node.image = bpy.data.images.load(str(path))
    node.image.colorspace_settings.name = "Non-Color"
    return node.outputs["Image"]


def blended(back: np.ndarray, front: np.ndarray, blend: str, factor: float) -> np.ndarray:
    """The formulas: linear background (h, w, 3) and premultiplied CG (h, w, 4) to the linear picture."""
    color, alpha = front[..., :3].astype(np.float64), front[..., 3:].astype(np.float64)
    whole = {
        "over": back * (1.0 - alpha) + color,
        "multiply": back * (1.0 - alpha) + back * color,
        "add": back + color,
        "screen": 1.0 - (1.0 - back) * (1.0 - color),
    }[blend]
    return back + factor * (whole - back)


def rendered(scene: bpy.types.Scene, path: Path) -> np.ndarray:
    """What the scene's compositor gives in the current frame."""
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "OPEN_EXR", "RGBA", "32"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)[::-1]


def bilinear(picture: np.ndarray, back: np.ndarray, size: tuple[int, int] | None = None) -> np.ndarray:
    """A picture seen through a homography ``back`` (3, 3), from places of the result to its own.

    Between the centres of four pixels all four count by their nearness; outside there is nothing.
    """
    high, wide = picture.shape[:2]
    width, height = size or (wide, high)
    y, x = np.mgrid[:height, :width] + 0.5
    whole = np.stack([x, y, np.ones_like(x)], axis=-1) @ back.T
    with np.errstate(divide="ignore", invalid="ignore"):
        u, v = whole[..., 0] / whole[..., 2] - 0.5, whole[..., 1] / whole[..., 2] - 0.5
    u, v = np.nan_to_num(u, nan=-9, posinf=-9, neginf=-9), np.nan_to_num(v, nan=-9, posinf=-9, neginf=-9)
    u, v = np.clip(u, -9, wide + 9), np.clip(v, -9, high + 9)
    padded = np.pad(picture, ((10, 11), (10, 11), (0, 0)))
    left, low = np.floor(u).astype(int), np.floor(v).astype(int)
    part_x, part_y = (u - left)[..., None], (v - low)[..., None]
    left, low = left + 10, low + 10
    lower = padded[low, left] * (1 - part_x) + padded[low, left + 1] * part_x
    upper = padded[low + 1, left] * (1 - part_x) + padded[low + 1, left + 1] * part_x
    result = lower * (1 - part_y) + upper * part_y
    result[whole[..., 2] <= 0] = 0.0
    return result
