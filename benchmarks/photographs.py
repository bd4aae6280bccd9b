"""Draws clips from photographs, each from a camera that is known exactly.

    python benchmarks/photographs.py PICTURES {yard,motorcycle} [--folder DIR]

PICTURES is the folder ``skimage/data`` of scikit-image's wheel. Walls, ground and boards of "yard" are
photographs on planes, all CC0 or public domain. "motorcycle" is a stereo pair of the Middlebury benchmark,
whose depth OpenCV finds, on planes one behind the other; its makers let it be used and published where their
paper is named (Scharstein and others, High-resolution stereo datasets with subpixel-accurate ground truth,
2014). Writes KIND.avi and KIND.json, the truth as truth.py reads it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from city import FOLDER, FPS, GRAIN, QUALITY, Kind, camera_at
from quads import Floats, Picture, Pinhole, Place, Quad, draw

FOCAL_PX, BASELINE_M, OFFSET_PX = 994.978, 0.193001, 31.086
"""Of the stereo pair, as scikit-image has them: depth is focal length * baseline / (disparity + offset)."""
CENTRE = (311.193, 254.877)
DISPARITIES = 80
LAYERS = 60
BEHIND_PX = 13
"""What is farther goes on so far behind what is nearer."""


@dataclass(frozen=True)
class Surface:
    """A photograph on a plane."""

    corner: Place
    along: Place
    up: Place
    picture: Picture
    """(h, w, 3), 0 to 1."""
    mask: Picture | None = None

    def quad(self, channel: int) -> Quad:
        """One channel of it."""
        return Quad(self.corner, self.along, self.up, self.picture[:, :, channel], self.mask)


def read(file: Path) -> Picture:
    """(h, w, 3) a picture, 0 to 1. Raises FileNotFoundError."""
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if picture is None:
        raise FileNotFoundError(file)
    return picture.astype(np.float32) / 255


def yard(pictures: Path) -> list[Surface]:
    """A brick wall and another across, gravel and grass, and boards that stand before them."""
    brick, gravel, grass = (read(pictures / f"{name}.png") for name in ("brick", "gravel", "grass"))
    wall, ground = np.tile(np.rot90(brick), (1, 3, 1)), np.tile(gravel, (3, 3, 1))
    surfaces = [
        Surface((-5, 8, 0), (10, 0, 0), (0, 0, 3.3), wall),
        Surface((4.2, 1, 0), (0, 8, 0), (0, 0, 2.7), wall),
        Surface((-5, 1, 0), (10, 0, 0), (0, 7, 0), ground),
        Surface((-5, 6.6, 0.02), (9.2, 0, 0), (0, 1.4, 0), np.tile(grass, (1, 6, 1))),
    ]
    boards = (
        ("astronaut.png", (-2.4, 6.2), 1.2),
        ("chelsea.png", (0.9, 5.4), 1.0),
        ("coffee.png", (-0.9, 7.2), 1.3),
        ("rocket.jpg", (2.3, 6.6), 1.5),
    )
    for name, (x, y), width in boards:
        picture = read(pictures / name)
        height = width * picture.shape[0] / picture.shape[1]
        surfaces.append(Surface((x, y, 0), (width, 0.25, 0), (0, 0, height), picture))
    return surfaces


def motorcycle(pictures: Path) -> list[Surface]:
    """The left picture of the pair, each of its pixels at its depth."""
    left, right = (read(pictures / f"motorcycle_{side}.png") for side in ("left", "right"))
    depth = FOCAL_PX * BASELINE_M / (_disparity(left, right) + OFFSET_PX)
    high, wide = depth.shape
    near, far = np.percentile(depth, (0.5, 99.5))
    edges = 1 / np.linspace(1 / (1.001 * far), 1 / (0.999 * near), LAYERS + 1)
    kernel = np.ones((BEHIND_PX, BEHIND_PX), np.uint8)
    depth = np.clip(depth, near, far)
    surfaces = []
    for back, front in itertools.pairwise(edges):
        here = ((depth <= back) & (depth >= front)).astype(np.uint8)
        mask = here | (cv2.dilate(here, kernel) & (depth < front).astype(np.uint8))
        y = float(back + front) / 2
        metres = y / FOCAL_PX
        corner = (-CENTRE[0] * metres, y, 1.2 + (CENTRE[1] - high) * metres)
        surfaces.append(
            Surface(corner, (wide * metres, 0, 0), (0, 0, high * metres), left, mask.astype(np.float32))
        )
    return surfaces


def _disparity(left: Picture, right: Picture) -> Floats:
    """(h, w) by how many pixels the left picture lies to the right of the right one."""
    block = 5
    matcher = cv2.StereoSGBM.create(
        0, DISPARITIES, block, 8 * 3 * block**2, 32 * 3 * block**2, 1, 31, 10, 100, 2
    )
    found = matcher.compute(*((255 * picture).astype(np.uint8) for picture in (left, right)))
    unknown = (found < 0).astype(np.uint8)
    steps = np.clip(found / 16 * 255 / DISPARITIES, 0, 255).astype(np.uint8)
    filled = cv2.medianBlur(cv2.inpaint(steps, unknown, 3, cv2.INPAINT_TELEA), 7)
    return filled.astype(np.float64) * DISPARITIES / 255


def _through_the_yard(seconds: float) -> tuple[Place, Place]:
    return (-1.3 + 0.75 * seconds, -0.6 + 0.5 * seconds, 1.5 + 0.05 * math.sin(6 * seconds)), (0.2, 7, 0.8)


def _past_the_motorcycle(seconds: float) -> tuple[Place, Place]:
    angle = 2.1 * seconds
    return (0.28 * math.sin(angle), 0.1 - 0.1 * math.cos(angle), 1.2 + 0.09 * math.sin(1.7 * angle)), (
        0,
        2.7,
        1.15,
    )


@dataclass(frozen=True)
class PhotographKind:
    """A kind of clip, and what is in it."""

    kind: Kind
    surfaces: Callable[[Path], list[Surface]]


KINDS = {
    "yard": PhotographKind(
        Kind(
            "yard",
            "walking, photographs on planes",
            _through_the_yard,
            28,
            shake=(0.02, 0.02, 0.02),
            turns=0.01,
            frames=72,
        ),
        yard,
    ),
    "motorcycle": PhotographKind(
        Kind(
            "motorcycle",
            "a photograph with its own depth",
            _past_the_motorcycle,
            58,
            shake=(0.006, 0.006, 0.006),
            turns=0.003,
            frames=72,
        ),
        motorcycle,
    ),
}


def _before_one_another(surfaces: list[Surface]) -> Callable[[Pinhole], Picture]:
    """Draws surfaces that are all before the camera and in order, the farthest first."""

    def picture(view: Pinhole) -> Picture:
        size = (view.width, view.height)
        out = np.zeros((view.height, view.width, 3), np.float32)
        for surface in surfaces:
            high, wide = surface.picture.shape[:2]
            place, along, up = (np.array(part) for part in (surface.corner, surface.along, surface.up))
            corners = np.array([place + up, place + up + along, place + along, place]) - view.camera[:3, 3]
            spots = corners @ view.projection.T
            own = np.array([[0, 0], [wide, 0], [wide, high], [0, high]]) - 0.5
            matrix = cv2.getPerspectiveTransform(
                own.astype(np.float32), (spots[:, :2] / spots[:, 2:]).astype(np.float32)
            )
            mask = cv2.warpPerspective(surface.mask, matrix, size) > 0.5
            out[mask] = cv2.warpPerspective(surface.picture, matrix, size)[mask]
        return out

    return picture


def _by_depth(surfaces: list[Surface]) -> Callable[[Pinhole], Picture]:
    """Draws any surfaces."""
    channels = [[surface.quad(channel) for surface in surfaces] for channel in range(3)]
    return lambda view: np.stack([draw(quads, view, 0.0) for quads in channels], axis=2)


def draw_clip(some: PhotographKind, pictures: Path, file: Path) -> None:
    """Writes a clip and, beside it, its truth."""
    kind = some.kind
    surfaces = some.surfaces(pictures)
    masked = all(surface.mask is not None for surface in surfaces)
    drawn = (_before_one_another if masked else _by_depth)(surfaces)
    grain = np.random.default_rng(kind.seed)
    size = (kind.width, kind.height)
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), FPS, size)
    if not writer.isOpened():
        raise OSError(f"{file}: cannot be written")
    writer.set(cv2.VIDEOWRITER_PROP_QUALITY, QUALITY)
    cameras = {frame: camera_at(kind, frame) for frame in range(1, kind.frames + 1)}
    for camera in cameras.values():
        view = Pinhole(camera, 2 * kind.focal_px, 2 * kind.width, 2 * kind.height)
        picture = cv2.resize(drawn(view), size, interpolation=cv2.INTER_AREA)
        noisy = 255 * picture + GRAIN * grain.normal(size=picture.shape)
        writer.write(np.clip(noisy, 0, 255).astype(np.uint8))
    writer.release()
    truth = {
        "focal_mm": kind.focal_mm,
        "sensor_mm": 36.0,
        "camera_to_world": {str(frame): camera.tolist() for frame, camera in cameras.items()},
    }
    file.with_suffix(".json").write_text(json.dumps(truth))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path)
    parser.add_argument("kinds", nargs="+", choices=tuple(KINDS), metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.kinds:
        file = options.folder / f"{name}.avi"
        draw_clip(KINDS[name], options.pictures, file)
        print(file, flush=True)


if __name__ == "__main__":
    main()
