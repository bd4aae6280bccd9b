"""Clips drawn for the tests: textured planes seen by a camera that is known exactly.

Each plane is warped by its homography and drawn at twice the size; a lens that bends then bends the picture,
and it is averaged down.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache
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
    """The first frame's."""
    cameras: np.ndarray
    """(frames, 4, 4) camera to world, Blender's axes."""
    focals_px: np.ndarray
    """(frames,) each frame's focal length."""
    k1: float = 0.0
    """Of Blender's polynomial model."""

    @property
    def focal_mm(self) -> float:
        return self.focal_px * 36.0 / self.width


@dataclass(frozen=True)
class Plane:
    """A textured rectangle."""

    corner: np.ndarray
    along: np.ndarray
    """An edge from the corner, metres."""
    up: np.ndarray
    """The other one."""
    texture: np.ndarray
    """(n, n) gray."""


def draw_clip(
    path: Path,
    *,
    frames: int = 40,
    width: int = 480,
    height: int = 270,
    focal_mm: float | np.ndarray = 30.0,
    cameras: np.ndarray | None = None,
    k1: float = 0.0,
    noise: float = 0.0,
    black: Collection[int] = (),
    cover: range = range(0),
    slide: int = 0,
    mover: tuple[Plane, np.ndarray] | None = None,
    planes: list[Plane] | Callable[[int], list[Plane]] | None = None,
    codec: str = "HFYU",
    detail: float = 2,
) -> Truth:
    """Writes a movie (.avi), lossless unless told otherwise; returns the true camera.

    Seen is a floor with walls, or ``planes``, far ones first, which may be a function of the row (0 = first);
    without ``cameras`` (frames, 4, 4) in a sideways move. ``focal_mm`` may be (frames,), for a sensor 36 mm
    wide. ``noise`` in gray values, ``black`` footage frames with nothing in them, ``cover`` those in which
    something with a texture moves before the lens, which comes in and goes over ``slide`` more. ``mover`` is
    a plane before all others, with how far it has been carried in each frame (frames, 3). ``detail`` is how
    many times its size a picture is drawn at; less than 1 is quick, and soft.
    """
    if cameras is None:
        cameras = sideways(frames)
    focals = np.broadcast_to(np.asarray(focal_mm) * width / 36.0, len(cameras))
    truth = Truth(width, height, float(focals[0]), cameras, focals, k1)
    still = _planes() if planes is None else planes
    rng = np.random.default_rng(11)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 24.0, (width, height))
    assert writer.isOpened()
    for row in range(len(cameras)):
        seen = still(row) if callable(still) else still
        if mover is not None:
            plane, shifts = mover
            seen = [*seen, replace(plane, corner=plane.corner + shifts[row])]
        picture = _picture(truth, row, seen, detail)
        if noise:
            picture = np.clip(picture + rng.normal(0, noise, picture.shape), 0, 255).round().astype(np.uint8)
        if cover:
            picture = _behind_cover(picture, row + 1, cover, slide)
        if row + 1 in black:
            picture = np.zeros_like(picture)
        writer.write(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    writer.release()
    return truth


def _behind_cover(picture: np.ndarray, frame: int, cover: range, slide: int) -> np.ndarray:
    """The picture of a footage frame behind what moves past the lens, which comes from the right."""
    height, width = picture.shape
    since, left = frame - cover.start + slide, cover.stop - 1 - frame + slide
    if since < 0 or left < 0:
        return picture
    cloth = cv2.resize(texture_of(91), (3 * width, 3 * width), interpolation=cv2.INTER_CUBIC)
    x, y = round(0.2 * width + 0.03 * width * since), round(0.2 * width + 0.012 * width * since)
    out = picture.copy()
    part = slice(width - width * (since + 1) // (slide + 1) if since < slide else 0, None)
    if left < slide:
        part = slice(None, width * (left + 1) // (slide + 1))
    out[:, part] = cloth[y : y + height, x : x + width][:, part]
    return out


def looking_at(places: np.ndarray, spots: np.ndarray) -> np.ndarray:
    """(n, 4, 4) cameras to world at ``places`` (n, 3) that look at ``spots`` (n, 3), upright."""
    cameras = np.tile(np.eye(4), (len(places), 1, 1))
    for camera, place, spot in zip(cameras, places, spots):
        back = (place - spot) / np.linalg.norm(place - spot)
        right = np.cross([0, 0, 1], back)
        right /= np.linalg.norm(right)
        camera[:3, :3] = np.stack([right, np.cross(back, right), back], 1)
        camera[:3, 3] = place
    return cameras


def dolly(frames: int = 40) -> np.ndarray:
    """(frames, 4, 4) cameras of a move of 2.4 m straight ahead, with a walker's small shakes."""
    share = np.linspace(0, 1, frames)
    bob = 0.03 * np.sin(19 * share)
    places = np.stack([-0.1 + 0.2 * share + 0.5 * bob, -4.6 + 2.4 * share, 1.4 + bob], 1)
    spots = np.stack([0.1 * np.sin(5 * share), 4.0 + 0 * share, 1.1 + 0.1 * np.sin(7 * share)], 1)
    return looking_at(places, spots)


def pan(frames: int = 40, degrees: float = 24.0) -> np.ndarray:
    """(frames, 4, 4) cameras of a tripod's head that turns."""
    turn = np.radians(degrees) * np.linspace(-0.5, 0.5, frames)
    place = np.array([0.0, -3.0, 1.5])
    ahead = np.stack([np.sin(turn), np.cos(turn), 0.05 * np.sin(5 * turn) - 0.05], 1)
    return looking_at(np.tile(place, (frames, 1)), place + 5 * ahead)


def standing(frames: int = 40) -> np.ndarray:
    """(frames, 4, 4) cameras that neither move nor turn."""
    return np.repeat(sideways(3)[1:2], frames, axis=0)


def sliding_plane(frames: int = 40) -> tuple[Plane, np.ndarray]:
    """A board over the right half of what the sideways move sees, pushed along beside the camera."""
    share = np.linspace(0, 1, frames)
    board = Plane(
        np.array([-0.2, -1.6, -1.5]), np.array([4.0, 0.0, 0.0]), np.array([0.0, 0.0, 5.0]), texture_of(77)
    )
    shifts = np.stack([0.75 * share, 0 * share, 0.35 * np.sin(4 * share)], 1)
    return board, shifts


def sideways(frames: int) -> np.ndarray:
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
    spots = np.stack([0.05 * np.sin(9 * share), 0.6 + 0 * share, 0.55 + 0 * share], 1)
    return looking_at(places, spots)


def _planes() -> list[Plane]:
    """The floor and the walls, far ones first."""
    metres = TEXTURE / TEXELS_PER_METRE
    x, y, z = np.eye(3) * metres
    specs = [
        ([-metres, 4.0, 0.0], 2 * x, z),
        ([-metres, -1.2, 0.0], 2 * x, 1.1 * y),
        ([-1.7, 1.8, 0.0], 0.22 * x, 0.24 * z),
        ([0.7, 0.9, 0.0], 0.2 * x, 0.2 * z),
        ([-0.7, 0.3, 0.0], 0.12 * x, 0.11 * z),
    ]
    return [
        Plane(np.array(corner), along, up, texture_of(seed)) for seed, (corner, along, up) in enumerate(specs)
    ]


@cache
def texture_of(seed: int) -> np.ndarray:
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


def _picture(truth: Truth, row: int, planes: list[Plane], scale: float) -> np.ndarray:
    """(height, width) gray picture of a frame, 0 = the first."""
    size = np.round(np.array([truth.width, truth.height]) * scale).astype(int)
    focal = truth.focals_px[row] * scale
    bent = _straightened(*size.tolist(), focal, truth.k1) if truth.k1 else None
    canvas = size if bent is None else size + 2 * bent[1]
    picture = np.full(canvas[::-1], 110, np.uint8)
    world_to_camera = np.diag([1.0, -1.0, -1.0]) @ np.linalg.inv(truth.cameras[row])[:3]
    matrix = np.diag([focal, focal, 1.0])
    matrix[:2, 2] = canvas / 2
    for plane in planes:
        # Texture pixel (u, v), centres at one half, to a point of the plane, to the picture.
        texels = len(plane.texture)
        edges = [np.append(plane.along / texels, 0), np.append(plane.up / texels, 0)]
        onto = np.stack([*edges, np.append(plane.corner, 1)], 1)
        homography = matrix @ world_to_camera @ onto
        shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        back = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
        homography = back @ homography @ shift
        solid = np.full_like(plane.texture, 255)
        warped = cv2.warpPerspective(plane.texture, homography, canvas.tolist(), flags=cv2.INTER_LINEAR)
        there = cv2.warpPerspective(solid, homography, canvas.tolist(), flags=cv2.INTER_NEAREST)
        picture = np.where(there > 0, warped, picture)
    if bent is not None:
        picture = cv2.remap(picture, bent[0], None, cv2.INTER_LINEAR)
    way = cv2.INTER_AREA if scale >= 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, (truth.width, truth.height), interpolation=way)


@cache
def _straightened(width: int, height: int, focal: float, k1: float) -> tuple[np.ndarray, int]:
    """(height, width, 2) where each pixel of a bent picture lies in the straight one; that one's margin."""
    middle = (np.array([width, height]) - 1) / 2
    points = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1) - middle
    bent = np.linalg.norm(points, axis=2, keepdims=True) / focal
    straight = bent.copy()
    for _ in range(10):  # Newton's method on the radius
        straight -= (straight * (1 + k1 * straight**2) - bent) / (1 + 3 * k1 * straight**2)
    assert np.abs(straight * (1 + k1 * straight**2) - bent).max() < 1e-9
    spots = points * np.divide(straight, bent, out=np.ones_like(bent), where=bent > 0) + middle
    margin = max(0, int(np.ceil(-spots.min())) + 2)
    return (spots + margin).astype(np.float32), margin


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


def plain_board(frames: range, share: float, count: int = 40) -> Callable[[int], list[Plane]]:
    """What ``draw_clip`` takes as planes: the usual ones, and in some frames a board close to the lens.

    It has one gray only and hides ``share`` of the picture, from the right, of the ``sideways`` move.
    """
    cameras = sideways(count)
    gray = np.full((64, 64), 115, texture_of(0).dtype)

    def planes(row: int) -> list[Plane]:
        if row + 1 not in frames:
            return _planes()
        right, up, back = cameras[row, :3, :3].T
        near = cameras[row, :3, 3] - 0.5 * back
        left = 0.5 * 18 / 30 * (1 - 2 * share)
        return [*_planes(), Plane(near + left * right - up, 2 * right, 2 * up, gray)]

    return planes
