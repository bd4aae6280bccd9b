"""Masks drawn from outlines, as Blender fills them, and kept as pictures that the engine reads.

Outlines are in pixels: origin bottom left, edges at integers, y up. Feathering is left out: the engine wants
a yes or a no, and grows what is masked by half a patch anyway.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from .engine.model import Floats
from .errors import InputError

PARTS = 24
"""Straight pieces that stand for one segment of a curve."""
BITS = 6
"""Corners are drawn to 1/64 of a pixel."""
FAR = 30_000.0
"""Corners further out than so many pixels are pulled in: OpenCV counts in 32 bits."""
FIRST = "mask_00001.png"
_NO_NAME = re.compile(r"[^\w-]+")


@dataclass
class Layer:
    """A layer of a mask in one frame."""

    outlines: list[Floats] = field(default_factory=list)
    """(n, 2) each, closed."""
    blend: str = "MERGE_ADD"
    """How it comes over those below it, in Blender's words."""
    alpha: float = 1.0
    invert: bool = False
    holes: bool = True
    """An outline within another one cuts a hole."""


def curve(points: Floats, *, closed: bool = True) -> Floats:
    """(m, 2) along the Bezier curve through ``points`` (n, 3, 2): left handle, point, right handle.

    One that is not ``closed`` ends at its last point; filled, a straight line closes it.
    """
    after = np.roll(points, -1, axis=0)
    controls = np.stack([points[:, 1], points[:, 2], after[:, 0], after[:, 1]], 1)
    t = np.arange(PARTS) / PARTS
    weights = np.stack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], 1)
    along = np.einsum("tk,nkc->ntc", weights, controls).reshape(-1, 2)
    return along if closed else along[: 1 - PARTS]


def from_mask_space(points: Floats, width: float, height: float) -> Floats:
    """(..., 2) pixels of points in a mask's own space, in which the longer side of the frame is 1.

    ``width`` and ``height`` are the frame's as it is shown, so that its pixels are square.
    """
    longer = max(width, height)
    return (points - 0.5) * longer + 0.5 * np.array([width, height])


def draw(layers: Sequence[Layer], width: int, height: int) -> np.ndarray:
    """(height, width) 8 bit, top row first: 255 where the layers, the lowest first, come to one.

    The formulas are those with which Blender's rasteriser lays one layer over another.
    """
    value = np.zeros((height, width), np.float32)
    for layer in layers:
        over = _filled(layer, width, height) * (1.0 if layer.blend == "REPLACE" else layer.alpha)
        if layer.invert:
            over = 1 - over
        value = np.clip(_laid_over(layer, value, over), 0, 1)
    return (255 * value).round().astype(np.uint8)


def _laid_over(layer: Layer, value: np.ndarray, over: np.ndarray) -> np.ndarray:
    match layer.blend:
        case "MERGE_ADD":
            return value + over * (1 - value)
        case "MERGE_SUBTRACT":
            return value - over * value
        case "ADD":
            return value + over
        case "SUBTRACT":
            return value - over
        case "LIGHTEN":
            return np.maximum(value, over)
        case "DARKEN":
            return np.minimum(value, over)
        case "MUL":
            return value * over
        case "REPLACE":
            return value * (1 - layer.alpha) + over * layer.alpha
        case "DIFFERENCE":
            return np.abs(value - over)
    raise ValueError(f"{layer.blend} is no way to lay mask layers over each other")


def _filled(layer: Layer, width: int, height: int) -> np.ndarray:
    """(height, width) 1 within the outlines."""
    picture = np.zeros((height, width), np.uint8)
    corners = [_corners(outline, height) for outline in layer.outlines if len(outline) > 2]
    for part in [corners] if layer.holes else [[outline] for outline in corners]:
        if part:
            cv2.fillPoly(picture, part, 1, shift=BITS)
    return picture.astype(np.float32)


def _corners(outline: Floats, height: int) -> np.ndarray:
    """An outline as OpenCV draws it: y down, the first pixel's centre at 0."""
    spots = np.stack([outline[:, 0] - 0.5, height - 0.5 - outline[:, 1]], 1)
    return np.rint(np.clip(spots, -FAR, FAR) * (1 << BITS)).astype(np.int32)


def write_masks(frames: Sequence[Sequence[Layer]], width: int, height: int, folder: Path, name: str) -> Path:
    """Writes the mask of every footage frame (the first first) as pictures; returns the first one's path.

    They lie in a folder of their own, called by ``name`` and by what is in them: other masks never take their
    place, and the same ones are not drawn again. Where all frames are alike there is one picture. Raises
    InputError where they cannot be written.
    """
    marks = [_mark(layers) for layers in frames]
    count = 1 if len(set(marks)) == 1 else len(frames)
    place = folder / f"{_NO_NAME.sub('_', name)}_{width}x{height}_{mask_print(frames)}"
    first = place / FIRST
    if first.is_file():
        return first
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".masks.") as part:
            half = Path(part) / "pictures"  # all of them are there, or none
            half.mkdir()
            picture = b""
            for at in range(count):
                if not at or marks[at] != marks[at - 1]:
                    picture = cv2.imencode(".png", draw(frames[at], width, height))[1].tobytes()
                (half / f"mask_{at + 1:05}.png").write_bytes(picture)
            half.rename(place)
    except OSError as error:
        raise InputError(f"{place}: the mask cannot be written: {error.strerror or error}") from None
    return first


def mask_print(frames: Sequence[Sequence[Layer]]) -> str:
    """A word that changes with the masks."""
    return hashlib.sha256(b"".join(_mark(layers) for layers in frames)).hexdigest()[:12]


def _mark(layers: Sequence[Layer]) -> bytes:
    """What tells the masks of two frames apart."""
    found = hashlib.sha256()
    for layer in layers:
        found.update(f"{layer.blend} {layer.alpha} {layer.invert} {layer.holes}".encode())
        for outline in layer.outlines:
            found.update(str(len(outline)).encode() + outline.astype(np.float32).tobytes())
    return found.digest()
