"""Key patches: what a track looked like where it began, and fitting that to a picture.

The fit is inverse compositional (Baker and Matthews, Lucas-Kanade 20 Years On, 2004) with mean and deviation
removed, so it does not mind changes of light. Image pixels: origin top left, centres at integers, y down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from .model import Bools, Floats

Floats32 = NDArray[np.float32]
Gray = NDArray[np.uint8]

FIT_ROUNDS = 4
FIT_STOP_PX = 0.02
FIT_STEP = 2.0
"""Largest change of a parameter in one round of the fit."""
FIT_COPIED = 0.75
"""Those that still move are fitted on their own when they are less than this share."""
DAMPING = 1e-2
PREPARED_AT_ONCE = 256
"""Solvers take some kilobytes a patch, on large frames a hundred: so many are made at a time."""


@dataclass
class Patches:
    """What the affine fit needs of each patch, computed once from its key frame."""

    pixels: NDArray[np.uint8]
    """(n, s + 2, s + 2) the patch with one pixel around it, as it is kept on disk."""
    solver: Floats32
    """(n, 7, s * s) from a picture's values, mean 0 and deviation 1, to what the six affine parameters should
    be changed by, but for ``rest``, and in the last row to their correlation with the patch."""
    rest: Floats32
    """(n, 6) what ``solver`` gives for the patch itself."""
    spread: Floats32
    """(n,) pixels by which noise as strong as its contrast would shift the patch where it is weakest."""

    def take(self, index: NDArray[np.intp] | Bools) -> Patches:
        return Patches(self.pixels[index], self.solver[index], self.rest[index], self.spread[index])

    def join(self, other: Patches) -> Patches:
        return Patches(
            np.concatenate([self.pixels, other.pixels]),
            np.concatenate([self.solver, other.solver]),
            np.concatenate([self.rest, other.rest]),
            np.concatenate([self.spread, other.spread]),
        )


def cut_pixels(gray: Gray, points: Floats32, half: int) -> NDArray[np.uint8]:
    """(n, s + 2, s + 2) patches of ``gray`` at whole-pixel ``points`` (n, 2), with one pixel around."""
    reach = np.arange(-half - 1, half + 2)
    columns = points[:, 0].astype(np.intp)[:, None] + reach
    rows = points[:, 1].astype(np.intp)[:, None] + reach
    return gray[rows[:, :, None], columns[:, None, :]]


def prepare_patches(pixels: NDArray[np.uint8]) -> Patches:
    """Solvers of the key patches ``pixels`` (n, s + 2, s + 2)."""
    count, side = pixels.shape[0], pixels.shape[1] - 2
    values = pixels.astype(np.float32)
    template = values[:, 1:-1, 1:-1].reshape(count, side * side)
    dx = ((values[:, 1:-1, 2:] - values[:, 1:-1, :-2]) * 0.5).reshape(count, side * side)
    dy = ((values[:, 2:, 1:-1] - values[:, :-2, 1:-1]) * 0.5).reshape(count, side * side)
    u, v, _ = _grid(side)
    template = template - template.mean(1, keepdims=True)
    deviation = template.std(1, keepdims=True) + np.float32(1e-6)
    template /= deviation
    steepest = np.stack([dx * u, dx * v, dx, dy * u, dy * v, dy], 1) / deviation[:, None]
    steepest -= steepest.mean(2, keepdims=True)
    normal = np.matmul(steepest, steepest.transpose(0, 2, 1)) + DAMPING * np.eye(6, dtype=np.float32)
    inverse = np.linalg.inv(normal)
    step = np.matmul(inverse, steepest)
    rest = np.matmul(step, template[:, :, None])[:, :, 0]
    solver = np.concatenate([step, template[:, None] / np.float32(side * side)], 1)
    return Patches(pixels, solver, rest, _widest(inverse[:, 2, 2], inverse[:, 2, 5], inverse[:, 5, 5]))


def doubts(pixels: NDArray[np.uint8]) -> Floats:
    """(n,) by how many pixels noise of one gray level would shift key patches (n, s + 2, s + 2) at most."""
    found = [np.zeros(0)]
    for first in range(0, len(pixels), PREPARED_AT_ONCE):
        some = pixels[first : first + PREPARED_AT_ONCE]
        contrast = some[:, 1:-1, 1:-1].astype(np.float32).std((1, 2)) + np.float32(1e-6)
        found.append((prepare_patches(some).spread / contrast).astype(np.float64))
    return np.concatenate(found)


def _widest(xx: Floats32, xy: Floats32, yy: Floats32) -> Floats32:
    """(n,) the square root of the larger eigenvalue of the symmetric [[xx, xy], [xy, yy]]."""
    return np.sqrt((xx + yy) / 2 + np.hypot((xx - yy) / 2, xy))


def refine(
    image: Floats32, affine: Floats32, patches: Patches, seen: Bools, half: int
) -> tuple[Floats32, Floats32]:
    """Fits the key patches to ``image``; returns the affines (n, 6) and the correlations (n,)."""
    grid = _grid(2 * half + 1)
    fit = np.zeros(len(affine), np.float32)
    rows = np.flatnonzero(seen)
    solver, rest = patches.solver, patches.rest
    if len(rows) < len(affine):
        solver, rest = solver[rows], rest[rows]
    moving = np.ones(len(rows), bool)
    for _ in range(FIT_ROUNDS):
        if not len(rows):
            break
        now = affine[rows]
        values = cv2.remap(image, now[:, :3] @ grid, now[:, 3:] @ grid, cv2.INTER_LINEAR)
        values -= values.mean(1, keepdims=True)
        deviation = np.sqrt(np.einsum("nm,nm->n", values, values) / grid.shape[1]) + np.float32(1e-6)
        told = np.matmul(solver, values[:, :, None])[:, :, 0] / deviation[:, None]
        step = np.clip(told[:, :6] - rest, -FIT_STEP, FIT_STEP)
        still = rows[moving]
        fit[still] = told[moving, 6]
        affine[still] = _compose_inverse(now, step)[moving]
        moving &= np.hypot(step[:, 2], step[:, 5]) >= FIT_STOP_PX
        # Solvers are large: to work on with a few that are done takes less time than to copy the others.
        if np.count_nonzero(moving) < FIT_COPIED * len(rows):
            rows, solver, rest = rows[moving], solver[moving], rest[moving]
            moving = np.ones(len(rows), bool)
    return affine, fit


def _compose_inverse(affine: Floats32, step: Floats32) -> Floats32:
    """The affines (n, 6) after the inverse of the small warps ``step`` (n, 6) is taken first."""
    a, b, x, c, d, y = np.ascontiguousarray(affine.T)
    p, q, s, r, t, w = np.ascontiguousarray(step.T)
    p += 1
    t += 1
    det = p * t - q * r
    ia, ib, ic, id_ = t / det, -q / det, -r / det, p / det
    ix, iy = -(ia * s + ib * w), -(ic * s + id_ * w)
    out = np.empty_like(affine)
    out[:, 0], out[:, 1], out[:, 2] = a * ia + b * ic, a * ib + b * id_, a * ix + b * iy + x
    out[:, 3], out[:, 4], out[:, 5] = c * ia + d * ic, c * ib + d * id_, c * ix + d * iy + y
    return out


@cache
def _grid(side: int) -> Floats32:
    """(3, side * side) horizontal and vertical offsets of a patch's pixels from its middle, and ones."""
    reach = np.arange(side, dtype=np.float32) - side // 2
    v, u = np.meshgrid(reach, reach, indexing="ij")
    return np.stack([u.ravel(), v.ravel(), np.ones(side * side, np.float32)])
