"""A clip drawn for the tests: textured planes seen by a camera that is known exactly.

Each plane is warped by its homography, drawn at twice the size and averaged down. No lens distortion.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

TEXTURE = 700
TEXELS_PER_METRE = 140


@dataclass(frozen=True)
class Truth:
    width: int
    height: int
    focal_px: float
    cameras: np.ndarray
    """(frames, 4, 4) camera to world, Blender's axes."""

    @property
    def focal_mm(self) -> float:
        return self.focal_px * 36.0 / self.width


def draw_clip(
    path: Path, *, frames: int = 40, width: int = 480, height: int = 270, focal_mm: float = 30.0
) -> Truth:
    """Writes a lossless movie (.avi) of a sideways move over a floor with walls; returns the true camera."""
    truth = Truth(width, height, focal_mm * width / 36.0, _path(frames))
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"HFYU"), 24.0, (width, height))
    assert writer.isOpened()
    for camera in truth.cameras:
        writer.write(_picture(truth, camera))
    writer.release()
    return truth


def _path(frames: int) -> np.ndarray:
    """A handheld sideways move of 1.2 m that looks at one spot."""
    share = np.linspace(0, 1, frames)
    places = np.stack(
        [
            -0.6 + 1.2 * share,
            -4.0 + 0.25 * np.sin(2.1 * share * np.pi),
            1.6 + 0.12 * np.sin(3.3 * share * np.pi),
        ],
        1,
    )
    cameras = np.tile(np.eye(4), (frames, 1, 1))
    for row, place in enumerate(places):
        away = np.array([0.05 * np.sin(share[row] * 9), 0.6, 0.55]) - place
        back = -away / np.linalg.norm(away)
        right = np.cross([0, 0, 1], back)
        right /= np.linalg.norm(right)
        cameras[row, :3, :3] = np.stack([right, np.cross(back, right), back], 1)
        cameras[row, :3, 3] = place
    return cameras


def _planes() -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Corner, the two edges (metres) and texture of each plane, far ones first."""
    metres = TEXTURE / TEXELS_PER_METRE
    x, y, z = np.eye(3) * metres
    specs = [
        ([-metres, 4.0, 0.0], 2 * x, z),
        ([-metres, -1.2, 0.0], 2 * x, 1.1 * y),
        ([-1.7, 1.8, 0.0], 0.22 * x, 0.24 * z),
        ([0.7, 0.9, 0.0], 0.2 * x, 0.2 * z),
        ([-0.7, 0.3, 0.0], 0.12 * x, 0.11 * z),
    ]
    return [(np.array(corner), along, up, _texture(seed)) for seed, (corner, along, up) in enumerate(specs)]


def _texture(seed: int) -> np.ndarray:
    """(TEXTURE, TEXTURE) noise on many scales, with hard spots that make corners."""
    rng = np.random.default_rng(seed)
    out = np.zeros((TEXTURE, TEXTURE), np.float32)
    for cells, weight in ((6, 0.5), (24, 0.8), (80, 1.0), (200, 0.6)):
        noise = rng.random((cells, cells), np.float32)
        out += weight * cv2.resize(noise, (TEXTURE, TEXTURE), interpolation=cv2.INTER_CUBIC)
    out = (out - out.min()) / (out.max() - out.min())
    for _ in range(260):
        x, y = rng.integers(0, TEXTURE, 2)
        w, h = rng.integers(5, 26, 2)
        cv2.rectangle(out, (int(x), int(y)), (int(x + w), int(y + h)), float(rng.random()), -1)
    return (40 + 190 * out).astype(np.uint8)


def _picture(truth: Truth, camera: np.ndarray) -> np.ndarray:
    scale = 2
    size = (truth.width * scale, truth.height * scale)
    picture = np.full((size[1], size[0]), 110, np.uint8)
    world_to_camera = np.diag([1.0, -1.0, -1.0]) @ np.linalg.inv(camera)[:3]
    matrix = np.diag([truth.focal_px * scale, truth.focal_px * scale, 1.0])
    matrix[:2, 2] = truth.width * scale / 2, truth.height * scale / 2
    for corner, along, up, texture in _planes():
        # Texture pixel (u, v), centres at one half, to a point of the plane, to the picture.
        onto = np.stack([np.append(along / TEXTURE, 0), np.append(up / TEXTURE, 0), np.append(corner, 1)], 1)
        homography = matrix @ world_to_camera @ onto
        shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        back = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
        homography = back @ homography @ shift
        warped = cv2.warpPerspective(texture, homography, size, flags=cv2.INTER_LINEAR)
        there = cv2.warpPerspective(np.full_like(texture, 255), homography, size, flags=cv2.INTER_NEAREST)
        picture = np.where(there > 0, warped, picture)
    small = cv2.resize(picture, (truth.width, truth.height), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(small, cv2.COLOR_GRAY2BGR)


def path_error_percent(cameras: np.ndarray, true: np.ndarray) -> float:
    """RMSE of the centres after a similarity fit, in percent of the diagonal of the true path's box."""
    a, b = cameras[:, :3, 3], true[:, :3, 3]
    mean_a, mean_b = a.mean(0), b.mean(0)
    left, sizes, right = np.linalg.svd((b - mean_b).T @ (a - mean_a))
    flip = np.diag([1, 1, np.linalg.det(left @ right)])
    rotation = left @ flip @ right
    scale = np.sum(sizes * np.diag(flip)) / np.sum((a - mean_a) ** 2)
    rest = scale * (a - mean_a) @ rotation.T + mean_b - b
    return 100 * float(np.sqrt(np.mean(np.sum(rest**2, 1))) / np.linalg.norm(np.ptp(b, 0)))
