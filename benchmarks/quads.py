"""Draws textured quads as a pinhole camera sees them, what is near over what is far."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Picture = NDArray[np.float32]
Place = tuple[float, float, float]

NEAR = 0.3
"""Nothing nearer than this is drawn, metres."""
NOTHING = 0.8
"""Brightness where there is no quad."""
SMALLEST = 16
"""Shortest side of the smallest picture of a pyramid."""


@dataclass(frozen=True)
class Quad:
    """A parallelogram with a picture on it."""

    corner: Place
    """Where the picture's lower left corner is, metres."""
    along: Place
    """From there to the lower right corner,"""
    up: Place
    """and to the upper left one."""
    picture: Picture
    """(h, w) brightness, 0 to 1."""
    mask: Picture | None = None
    """(h, w) of the same size, above 0.5 where the quad is to be seen; None for everywhere."""
    moves: Callable[[float], Place] | None = None
    """How far it has moved at a time in seconds; None where it stands."""
    pictures: list[Picture] = field(init=False)
    """The picture at full size, half of it, a quarter …"""
    masks: list[Picture] = field(init=False)
    """The mask likewise; empty without one."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "pictures", _pyramid(self.picture))
        object.__setattr__(self, "masks", [] if self.mask is None else _pyramid(self.mask))

    def corner_at(self, seconds: float) -> Floats:
        """(3,) the corner's place at a time."""
        corner = np.array(self.corner, float)
        return corner if self.moves is None else corner + self.moves(seconds)


@dataclass(frozen=True)
class Pinhole:
    """A camera without distortion, its principal point in the middle of the picture."""

    camera: Floats
    """(4, 4) camera to world, Blender's axes: it looks along -Z, Y up."""
    focal_px: float
    width: int
    height: int

    @property
    def projection(self) -> Floats:
        """(3, 3) from a direction in the world to (column, row, 1) times its depth."""
        to_pixels = [
            [self.focal_px, 0, 0.5 - self.width / 2],
            [0, -self.focal_px, 0.5 - self.height / 2],
            [0, 0, -1],
        ]
        return np.asarray(np.array(to_pixels) @ self.camera[:3, :3].T)


def draw(quads: Sequence[Quad], view: Pinhole, seconds: float) -> Picture:
    """(height, width) what a camera sees at a time, brightness 0 to 1."""
    picture = np.full((view.height, view.width), NOTHING, np.float32)
    nearness = np.zeros_like(picture)

    def distance(quad: Quad) -> float:
        middle = quad.corner_at(seconds) + (np.array(quad.along) + quad.up) / 2
        return float(np.linalg.norm(middle - view.camera[:3, 3]))

    for quad in sorted(quads, key=distance):  # what is hidden then needs no texture
        _draw_quad(picture, nearness, quad, view, seconds)
    return picture


def _draw_quad(picture: Picture, nearness: Picture, quad: Quad, view: Pinhole, seconds: float) -> None:
    """Puts a quad into the picture where it is nearer than what is there; nearness is 1 / depth."""
    away = quad.corner_at(seconds) - view.camera[:3, 3]
    to_pixels = view.projection @ np.stack([quad.along, quad.up, away], axis=1)
    outline = _before_the_camera(to_pixels)
    if len(outline) < 3 or abs(np.linalg.det(to_pixels)) < 1e-6:
        return
    spots = _project(to_pixels, outline)
    rows, columns = _box(spots, view)
    picture, nearness = picture[rows, columns], nearness[rows, columns]
    s, t, near = _on_the_quad(to_pixels, rows, columns)
    seen = (near > nearness) & (near < 1 / NEAR)
    if not seen.any():
        return
    depth = 1 / np.where(seen, near, 1.0)
    s *= depth
    t *= depth
    seen &= (s >= 0) & (s <= 1) & (t >= 0) & (t <= 1)
    level = _level(quad, outline, spots, view.width)
    if quad.masks:
        seen &= _look_up(quad.masks[level], s, t) > 0.5
    if seen.any():
        picture[seen] = _look_up(quad.pictures[level], s, t)[seen]
        nearness[seen] = near[seen]


def _box(spots: Floats, view: Pinhole) -> tuple[slice, slice]:
    """Rows and columns of the picture that some pixels lie in; empty where they are all outside."""
    size = (view.width, view.height)
    left, top = np.clip(np.floor(spots.min(axis=0)), 0, size).astype(int)
    right, bottom = np.clip(np.ceil(spots.max(axis=0)) + 1, 0, size).astype(int)
    return slice(top, bottom), slice(left, right)


def _on_the_quad(to_pixels: Floats, rows: slice, columns: slice) -> tuple[Floats, Floats, Floats]:
    """Each pixel's shares s and t of the quad's sides, divided by its depth, and 1 / depth.

    (column, row, 1) is the depth times to_pixels (s, t, 1); so all three are linear in column and row.
    """
    x = np.arange(columns.start, columns.stop)[None, :]
    y = np.arange(rows.start, rows.stop)[:, None]
    s, t, near = (a * x + (b * y + c) for a, b, c in np.linalg.inv(to_pixels))
    return s, t, near


def _pyramid(picture: Picture) -> list[Picture]:
    pictures = [np.ascontiguousarray(picture, np.float32)]
    while min(pictures[-1].shape) > SMALLEST:
        pictures.append(cv2.resize(pictures[-1], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
    return pictures


def _project(to_pixels: Floats, spots: Floats) -> Floats:
    """(n, 2) pixels of places on a quad, shares of its two sides."""
    columns_rows = np.c_[spots, np.ones(len(spots))] @ to_pixels.T
    return columns_rows[:, :2] / columns_rows[:, 2:]


def _before_the_camera(to_pixels: Floats) -> Floats:
    """(n, 2) the outline of what of a quad lies before the near plane, shares of its two sides."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    depths = np.c_[corners, np.ones(4)] @ to_pixels[2] - NEAR
    outline = []
    for one in range(4):
        other = (one + 1) % 4
        if depths[one] >= 0:
            outline.append(corners[one])
        if (depths[one] >= 0) != (depths[other] >= 0):
            share = depths[one] / (depths[one] - depths[other])
            outline.append(corners[one] + share * (corners[other] - corners[one]))
    return np.array(outline).reshape(-1, 2)


def _level(quad: Quad, outline: Floats, spots: Floats, width: int) -> int:
    """Which picture of the pyramid has about a texel a pixel, over all that is seen of a quad."""
    pixels = cv2.contourArea(np.clip(spots, -3 * width, 3 * width).astype(np.float32))
    texels = quad.picture.size * cv2.contourArea(outline.astype(np.float32))
    halvings = 0.5 * math.log2(max(texels, 1e-3) / max(pixels, 1.0))
    return min(max(round(halvings), 0), len(quad.pictures) - 1)


def _look_up(texture: Picture, s: Floats, t: Floats) -> Picture:
    """A texture's values at shares of its width and, from below, its height."""
    height, width = texture.shape
    columns, rows = (s * width - 0.5).astype(np.float32), ((1 - t) * height - 0.5).astype(np.float32)
    return np.asarray(cv2.remap(texture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
