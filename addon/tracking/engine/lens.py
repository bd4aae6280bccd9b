"""The lens: from a ray to the pixel where it lies, and back.

Blender's polynomial model (libmv's, after Brown, Close-range camera calibration,
1971, radial part): with x, y the ray's slopes and r^2 = x^2 + y^2, the image
point in focal lengths from the middle is (x, y) (1 + k1 r^2 + k2 r^4).
"""

from __future__ import annotations

import numpy as np

from .model import Floats

NEWTON_ROUNDS = 20
NEWTON_STOP = 1e-12


def distort(slopes: Floats, k1: float, k2: float) -> Floats:
    """Image points (n, 2) in focal lengths of rays with ``slopes`` (n, 2)."""
    r2 = np.sum(slopes * slopes, axis=-1, keepdims=True)
    return slopes * (1 + k1 * r2 + k2 * r2 * r2)


def undistort(points: Floats, k1: float, k2: float) -> Floats:
    """Slopes (n, 2) of the rays that lie at image ``points`` (n, 2) in focal lengths.

    Newton's method on the radius. Where the model folds over, the answer is the
    nearest the iteration comes; such points lie outside what the lens can image.
    """
    if k1 == 0 and k2 == 0:
        return points.copy()
    target = np.sqrt(np.sum(points * points, axis=-1))
    radius = target.copy()
    for _ in range(NEWTON_ROUNDS):
        r2 = radius * radius
        value = radius * (1 + k1 * r2 + k2 * r2 * r2) - target
        slope = 1 + 3 * k1 * r2 + 5 * k2 * r2 * r2
        step = value / np.where(np.abs(slope) < 1e-3, 1e-3, slope)
        radius = np.clip(radius - step, 0, 10 * target + 1e-9)
        if np.max(np.abs(step), initial=0.0) < NEWTON_STOP:
            break
    ratio = np.divide(radius, target, out=np.ones_like(target), where=target > 1e-12)
    return points * ratio[..., None]
