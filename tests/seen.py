"""Tracks of points that a known camera sees, with noise, without a picture being drawn."""

from __future__ import annotations

import numpy as np

from addon.tracking.engine.model import Tracks


def cloud(count: int, seed: int = 1) -> np.ndarray:
    """(count, 3) points all around a camera at the middle, 3 to 12 m away."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, 3)) * [1, 1, 0.35]
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points * rng.uniform(3, 12, (count, 1))


def looking(yaw: np.ndarray, pitch: np.ndarray, places: np.ndarray | None = None) -> np.ndarray:
    """(n, 4, 4) cameras to world that look along +Y at yaw and pitch 0, radians; Z is up."""
    cameras = np.tile(np.eye(4), (len(yaw), 1, 1))
    for row, (turn, lift) in enumerate(zip(yaw, pitch)):
        ahead = np.array([-np.sin(turn) * np.cos(lift), np.cos(turn) * np.cos(lift), np.sin(lift)])
        right = np.cross(ahead, [0, 0, 1])
        right /= np.linalg.norm(right)
        cameras[row, :3, :3] = np.stack([right, np.cross(right, ahead), -ahead], 1)
    if places is not None:
        cameras[:, :3, 3] = places
    return cameras


def see(
    cameras: np.ndarray,
    points: np.ndarray,
    focals_px: np.ndarray | float,
    *,
    size: tuple[int, int] = (960, 540),
    k1: float = 0.0,
    noise_px: float = 0.1,
    seed: int = 2,
) -> Tracks:
    """Every point's markers in every frame where it lies in the picture."""
    rng = np.random.default_rng(seed)
    focals = np.broadcast_to(focals_px, len(cameras))
    track, frame, xy = [], [], []
    for number, (camera, focal) in enumerate(zip(cameras, focals), 1):
        local = (points - camera[:3, 3]) @ camera[:3, :3]
        with np.errstate(divide="ignore", invalid="ignore"):
            slopes = local[:, :2] / -local[:, 2:]
        bent = slopes * (1 + k1 * np.sum(slopes * slopes, axis=1, keepdims=True))
        spots = bent * focal + [size[0] / 2, size[1] / 2]
        inside = (local[:, 2] < -0.1) & (np.abs(slopes) < 1.2).all(1)
        inside &= ((spots > 4) & (spots < np.array(size) - 4)).all(1)
        for point in np.flatnonzero(inside):
            track.append(point)
            frame.append(number)
            xy.append(spots[point] + rng.normal(0, noise_px, 2))
    order = np.lexsort((frame, track))
    return Tracks(
        *size,
        len(cameras),
        np.array(track, np.int32)[order],
        np.array(frame, np.int32)[order],
        np.array(xy).reshape(-1, 2)[order],
        [f"Auto {number:05}" for number in range(len(points))],
    )
