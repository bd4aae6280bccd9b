"""Following points from frame to frame.

Pyramidal Lucas-Kanade from one frame to the next predicts where a point went; an
affine fit of the patch of the frame where the track began (its key frame) then
puts the point right, so that small errors do not add up. What does not look like
the key frame there, or lies far from the prediction, is lost: with that test, a
second prediction backwards changed nothing but the time. The fit is inverse
compositional (Baker and Matthews, Lucas-Kanade 20 Years On, 2004) with mean and
deviation removed, so it does not mind changes of light.

Image pixels in here: origin top left, centres at integers, y down.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .model import Bools, Ints
from .sizes import Sizes

Floats32 = NDArray[np.float32]
Gray = NDArray[np.uint8]

LK_LEVELS = 4
LK_STOP = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 15, 0.05)
FIT_ROUNDS = 6
FIT_STOP_PX = 0.01
FIT_STEP = 2.0
"""Largest change of a parameter in one round of the fit."""
FIT_REACH_PX = 3.0
"""The fit may move a point this far from where LK saw it."""
AREA_RANGE = (0.25, 4.0)
"""How much smaller or larger than in its key frame a patch may have become."""
DAMPING = 1e-2


@dataclass
class Patches:
    """What the affine fit needs of each patch, computed once from its key frame."""

    pixels: NDArray[np.uint8]
    """(n, s + 2, s + 2) the patch with one pixel around it, as it is kept on disk."""
    template: Floats32
    """(n, s * s) mean 0, deviation 1."""
    solver: Floats32
    """(n, s * s, 6) from a difference to the template to the step of the six affine parameters."""

    def take(self, index: NDArray[np.intp] | Bools) -> Patches:
        return Patches(self.pixels[index], self.template[index], self.solver[index])

    def join(self, other: Patches) -> Patches:
        return Patches(
            np.concatenate([self.pixels, other.pixels]),
            np.concatenate([self.template, other.template]),
            np.concatenate([self.solver, other.solver]),
        )


@dataclass
class Live:
    """The tracks that are in view, as they stand in the frame last seen."""

    ids: Ints
    """(n,) number of the track."""
    affine: Floats32
    """(n, 6) a b x c d y: key patch offsets (u, v) lie at (a u + b v + x, c u + d v + y)."""
    patches: Patches

    @property
    def points(self) -> Floats32:
        """(n, 2) middle of each patch."""
        return self.affine[:, [2, 5]]

    def take(self, index: NDArray[np.intp] | Bools) -> Live:
        return Live(self.ids[index], self.affine[index], self.patches.take(index))

    def join(self, other: Live) -> Live:
        return Live(
            np.concatenate([self.ids, other.ids]),
            np.concatenate([self.affine, other.affine]),
            self.patches.join(other.patches),
        )


def cut_pixels(gray: Gray, points: Floats32, half: int) -> NDArray[np.uint8]:
    """(n, s + 2, s + 2) patches of ``gray`` at whole-pixel ``points`` (n, 2), with one pixel around."""
    reach = np.arange(-half - 1, half + 2)
    columns = points[:, 0].astype(np.intp)[:, None] + reach
    rows = points[:, 1].astype(np.intp)[:, None] + reach
    return gray[rows[:, :, None], columns[:, None, :]]


def prepare_patches(pixels: NDArray[np.uint8]) -> Patches:
    """Templates and solvers of the key patches ``pixels`` (n, s + 2, s + 2)."""
    count, side = pixels.shape[0], pixels.shape[1] - 2
    values = pixels.astype(np.float32)
    template = values[:, 1:-1, 1:-1].reshape(count, side * side)
    dx = ((values[:, 1:-1, 2:] - values[:, 1:-1, :-2]) * 0.5).reshape(count, side * side)
    dy = ((values[:, 2:, 1:-1] - values[:, :-2, 1:-1]) * 0.5).reshape(count, side * side)
    u, v = _offsets(side)
    mean = template.mean(1, keepdims=True)
    deviation = template.std(1, keepdims=True) + np.float32(1e-6)
    steepest = np.stack([dx * u, dx * v, dx, dy * u, dy * v, dy], 2) / deviation[..., None]
    steepest -= steepest.mean(1, keepdims=True)
    normal = np.matmul(steepest.transpose(0, 2, 1), steepest) + DAMPING * np.eye(6, dtype=np.float32)
    return Patches(pixels, (template - mean) / deviation, np.matmul(steepest, np.linalg.inv(normal)))


def begin_tracks(gray: Gray, points: Floats32, ids: Ints, sizes: Sizes) -> Live:
    """Tracks that begin at whole-pixel ``points`` (n, 2) of the key frame ``gray``."""
    patches = prepare_patches(cut_pixels(gray, points, sizes.half_pattern))
    return Live(ids, resting_affine(points), patches)


def resting_affine(points: Floats32) -> Floats32:
    """(n, 6) the affine of patches that lie unchanged at ``points`` (n, 2)."""
    affine = np.zeros((len(points), 6), np.float32)
    affine[:, [0, 4]] = 1
    affine[:, [2, 5]] = points
    return affine


def no_tracks(sizes: Sizes) -> Live:
    """A Live without a track in it."""
    return begin_tracks(
        np.zeros((1, 1), np.uint8), np.zeros((0, 2), np.float32), np.zeros(0, np.int32), sizes
    )


def follow(source: Gray, target: Gray, live: Live, sizes: Sizes, correlation: float) -> Live:
    """The tracks of ``live``, which stand in ``source``, as they stand in ``target``; lost ones are left out.

    ``correlation`` is the least one with the key patch that counts as found.
    """
    if not len(live.ids):
        return live
    predicted, seen = _predict(source, target, live.points, sizes)
    affine = live.affine.copy()
    affine[:, [2, 5]] = predicted
    affine, fit = _refine(target.astype(np.float32), affine, live.patches, seen, sizes.half_pattern)
    points = affine[:, [2, 5]]
    height, width = target.shape
    border = sizes.border
    area = affine[:, 0] * affine[:, 4] - affine[:, 1] * affine[:, 3]
    found = (
        seen
        & (fit > correlation)
        & (np.hypot(*(points - predicted).T) < FIT_REACH_PX)
        & (points > border).all(1)
        & (points[:, 0] < width - border)
        & (points[:, 1] < height - border)
        & (area > AREA_RANGE[0])
        & (area < AREA_RANGE[1])
    )
    moved = Live(live.ids, affine, live.patches)
    return moved if found.all() else moved.take(found)


def _predict(source: Gray, target: Gray, points: Floats32, sizes: Sizes) -> tuple[Floats32, Bools]:
    """Where LK sees ``points`` (n, 2) in the target, and which it found at all."""
    window = (sizes.window, sizes.window)
    start = np.ascontiguousarray(points)[:, None]
    ahead, ok, _ = cv2.calcOpticalFlowPyrLK(
        source, target, start, None, winSize=window, maxLevel=LK_LEVELS, criteria=LK_STOP
    )
    seen = ok[:, 0] > 0
    return ahead[:, 0], seen


def _refine(
    image: Floats32, affine: Floats32, patches: Patches, seen: Bools, half: int
) -> tuple[Floats32, NDArray[np.float64]]:
    """Fits the key patches to ``image``; returns the affines (n, 6) and the correlations (n,)."""
    u, v = _offsets(2 * half + 1)
    fit = np.zeros(len(affine))
    rows = np.flatnonzero(seen)
    template, solver = patches.template[rows], patches.solver[rows]
    for _ in range(FIT_ROUNDS):
        if not len(rows):
            break
        now = affine[rows]
        x = now[:, 0:1] * u + now[:, 1:2] * v + now[:, 2:3]
        y = now[:, 3:4] * u + now[:, 4:5] * v + now[:, 5:6]
        values = cv2.remap(image, x, y, cv2.INTER_LINEAR)
        values -= values.mean(1, keepdims=True)
        values /= np.sqrt(np.einsum("nm,nm->n", values, values)[:, None] / len(u)) + np.float32(1e-6)
        values -= template
        fit[rows] = 1 - np.einsum("nm,nm->n", values, values) / (2 * len(u))
        step = np.clip(np.matmul(values[:, None, :], solver)[:, 0], -FIT_STEP, FIT_STEP)
        affine[rows] = _compose_inverse(now, step)
        moving = np.hypot(step[:, 2], step[:, 5]) >= FIT_STOP_PX
        rows = rows[moving]
        if not moving.all():
            template, solver = template[moving], solver[moving]
    return affine, fit


def _compose_inverse(affine: Floats32, step: Floats32) -> Floats32:
    """The affines (n, 6) after the inverse of the small warps ``step`` (n, 6) is taken first."""
    a, b, x, c, d, y = affine.T
    p, q, s = 1 + step[:, 0], step[:, 1], step[:, 2]
    r, t, w = step[:, 3], 1 + step[:, 4], step[:, 5]
    det = p * t - q * r
    ia, ib, ic, id_ = t / det, -q / det, -r / det, p / det
    ix, iy = -(ia * s + ib * w), -(ic * s + id_ * w)
    return np.stack(
        [
            a * ia + b * ic,
            a * ib + b * id_,
            a * ix + b * iy + x,
            c * ia + d * ic,
            c * ib + d * id_,
            c * ix + d * iy + y,
        ],
        1,
    )


def _offsets(side: int) -> tuple[Floats32, Floats32]:
    """(side * side,) horizontal and vertical offsets of a patch's pixels from its middle."""
    reach = np.arange(side, dtype=np.float32) - side // 2
    v, u = np.meshgrid(reach, reach, indexing="ij")
    return u.ravel(), v.ravel()
