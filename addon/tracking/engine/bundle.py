"""Bundle adjustment: cameras, points and lens that fit the markers best together.

Levenberg-Marquardt with the points eliminated (Schur complement) and Huber's
loss; after Triggs, McLauchlan, Hartley and Fitzgibbon, Bundle Adjustment: A
Modern Synthesis, 2000. In here a point X is seen by camera (R, t) at
(x, y) = (R X + t)[:2] / (R X + t)[2], y down, and lies f (x, y) (1 + k1 r^2 + k2 r^4)
pixels from the middle of the frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .model import Bools, Floats

NEAREST = 1e-3
"""Points nearer to the camera than this, or behind it, carry no weight."""
LEAST_FOCAL_PX = 50.0
TRIES = 6
"""Times the damping is raised before a round gives up."""

Index = NDArray[np.intp]


@dataclass
class Rig:
    """Cameras, points and lens of one adjustment."""

    rotation: Floats
    """(c, 3, 3) world to camera."""
    translation: Floats
    """(c, 3)"""
    points: Floats
    """(p, 3)"""
    lens: Floats
    """(3,) focal length in pixels, k1, k2."""


@dataclass(frozen=True)
class Sights:
    """Which camera sees which point where; sorted by camera, each pair at most once."""

    camera: Index
    point: Index
    uv: Floats
    """(m, 2) pixels from the middle of the frame, y down."""


@dataclass
class Adjusted:
    """A rig after its adjustment."""

    rig: Rig
    errors: Floats
    """(m,) reprojection error of each sight, pixels."""
    rounds: int


def project(rig: Rig, sights: Sights) -> tuple[Floats, Floats]:
    """Where the rig sees its points: pixels (m, 2) from the middle, and depths (m,)."""
    seen = np.matmul(rig.rotation[sights.camera], rig.points[sights.point][:, :, None])[:, :, 0]
    seen += rig.translation[sights.camera]
    slopes = seen[:, :2] / seen[:, 2:]
    r2 = np.sum(slopes * slopes, axis=1, keepdims=True)
    focal, k1, k2 = rig.lens
    return focal * slopes * (1 + k1 * r2 + k2 * r2 * r2), seen[:, 2]


def sight_errors(rig: Rig, sights: Sights) -> Floats:
    """(m,) reprojection errors in pixels."""
    return np.hypot(*(project(rig, sights)[0] - sights.uv).T)


def rotations(vectors: Floats) -> Floats:
    """(n, 3, 3) rotation matrices of rotation vectors (n, 3): Rodrigues' formula."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    x, y, z = (vectors / np.maximum(angle[:, :, 0], 1e-12)).T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], 1).reshape(-1, 3, 3)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.matmul(cross, cross)


@dataclass
class _Derivatives:
    """Residuals and derivatives of every sight, already weighted."""

    residual: Floats  # (m, 2)
    camera: Floats  # (m, 2, 6) by rotation vector and translation
    point: Floats  # (m, 2, 3)
    lens: Floats  # (m, 2, 3)


def _derivatives(rig: Rig, sights: Sights, loss_px: float) -> _Derivatives:
    rotation = rig.rotation[sights.camera]
    turned = np.matmul(rotation, rig.points[sights.point][:, :, None])[:, :, 0]
    seen = turned + rig.translation[sights.camera]
    depth = seen[:, 2]
    x, y = seen[:, 0] / depth, seen[:, 1] / depth
    r2 = x * x + y * y
    focal, k1, k2 = rig.lens
    bend = 1 + k1 * r2 + k2 * r2 * r2
    slope = k1 + 2 * k2 * r2
    residual = np.stack([focal * bend * x, focal * bend * y], 1) - sights.uv
    size = np.sqrt(np.sum(residual * residual, axis=1))
    weight = np.sqrt(np.where(size < loss_px, 1.0, loss_px / np.maximum(size, 1e-9)))
    weight[depth <= NEAREST] = 0

    xx = focal * (bend + 2 * x * x * slope) * weight
    xy = focal * 2 * x * y * slope * weight
    yy = focal * (bend + 2 * y * y * slope) * weight
    by_seen = np.empty((len(x), 2, 3))
    by_seen[:, 0, 0], by_seen[:, 0, 1], by_seen[:, 0, 2] = xx, xy, -(xx * x + xy * y)
    by_seen[:, 1, 0], by_seen[:, 1, 1], by_seen[:, 1, 2] = xy, yy, -(xy * x + yy * y)
    by_seen /= depth[:, None, None]
    camera = np.empty((len(x), 2, 6))
    camera[:, :, 0] = by_seen[:, :, 2] * turned[:, None, 1] - by_seen[:, :, 1] * turned[:, None, 2]
    camera[:, :, 1] = by_seen[:, :, 0] * turned[:, None, 2] - by_seen[:, :, 2] * turned[:, None, 0]
    camera[:, :, 2] = by_seen[:, :, 1] * turned[:, None, 0] - by_seen[:, :, 0] * turned[:, None, 1]
    camera[:, :, 3:] = by_seen
    lens = np.empty((len(x), 2, 3))
    for row, value in enumerate((x * weight, y * weight)):
        lens[:, row, 0] = bend * value
        lens[:, row, 1] = focal * r2 * value
        lens[:, row, 2] = focal * r2 * r2 * value
    return _Derivatives(residual * weight[:, None], camera, np.matmul(by_seen, rotation), lens)


def _cost(rig: Rig, sights: Sights, loss_px: float) -> float:
    """Huber's loss over all sights."""
    size = sight_errors(rig, sights)
    return float(np.sum(np.where(size < loss_px, size * size, 2 * loss_px * size - loss_px * loss_px)))


class _Sums:
    """Adds values of sights up by camera or by point."""

    def __init__(self, index: Index, count: int) -> None:
        self.order = None if np.all(index[1:] >= index[:-1]) else np.argsort(index, kind="stable")
        ordered = index if self.order is None else index[self.order]
        self.present, self.starts = np.unique(ordered, return_index=True)
        self.count = count

    def __call__(self, values: Floats) -> Floats:
        if self.order is not None:
            values = values[self.order]
        out = np.zeros((self.count, *values.shape[1:]))
        out[self.present] = np.add.reduceat(values, self.starts, axis=0)
        return out


def adjust(
    rig: Rig,
    sights: Sights,
    *,
    rounds: int,
    loss_px: float,
    free_lens: tuple[bool, bool, bool],
    tolerance: float = 1e-7,
) -> Adjusted:
    """Moves cameras, points and the free lens terms until the markers fit.

    ``free_lens`` says which of focal length, k1 and k2 may change. The first
    camera stays where it is. Stops when a round gains less than ``tolerance``
    of the cost, or after ``rounds``.
    """
    cameras, count = len(rig.rotation), len(rig.points)
    by_camera, by_point = _Sums(sights.camera, cameras), _Sums(sights.point, count)
    free = np.concatenate([np.arange(6, 6 * cameras), 6 * cameras + np.flatnonzero(free_lens)])
    width = 6 * cameras + 3
    across = np.zeros((count, 3, width))  # points against cameras and lens; the same places every round
    places = _places(sights, width)
    cost = _cost(rig, sights, loss_px)
    damping, done = 1e-4, 0
    while done < rounds:
        done += 1
        d = _derivatives(rig, sights, loss_px)
        camera_t, point_t = d.camera.transpose(0, 2, 1), d.point.transpose(0, 2, 1)
        residual = d.residual[:, :, None]
        across.reshape(-1)[places] = np.matmul(point_t, d.camera).reshape(len(places), 18)
        across[:, :, -3:] = by_point(np.matmul(point_t, d.lens))
        normal = np.zeros((width, width))
        blocks = normal[:-3, :-3].reshape(cameras, 6, cameras, 6)
        every = np.arange(cameras)
        blocks[every, :, every, :] = by_camera(np.matmul(camera_t, d.camera))
        normal[:-3, -3:] = by_camera(np.matmul(camera_t, d.lens)).reshape(-1, 3)
        normal[-3:, :-3] = normal[:-3, -3:].T
        normal[-3:, -3:] = np.einsum("mki,mkj->ij", d.lens, d.lens)
        gradient = np.concatenate(
            [
                by_camera(np.matmul(camera_t, residual)[:, :, 0]).ravel(),
                np.einsum("mki,mk->i", d.lens, d.residual),
            ]
        )
        point_normal = by_point(np.matmul(point_t, d.point))
        point_gradient = by_point(np.matmul(point_t, residual)[:, :, 0])
        for _ in range(TRIES):
            step = _solve_step(normal, across, gradient, point_normal, point_gradient, damping, free)
            if step is not None:
                moved = _moved(rig, *step)
                moved_cost = _cost(moved, sights, loss_px)
                if moved_cost < cost and moved.lens[0] > LEAST_FOCAL_PX:
                    break
            damping *= 8
        else:
            break
        rig, gain, cost = moved, cost - moved_cost, moved_cost
        damping = max(damping / 8, 1e-9)
        if gain < tolerance * cost:
            break
    return Adjusted(rig, sight_errors(rig, sights), done)


def _places(sights: Sights, width: int) -> Index:
    """(m, 18) where each sight's point (3) times camera (6) goes in the flat (p, 3, width) array."""
    rows = (3 * sights.point[:, None] + np.arange(3)) * width
    columns = 6 * sights.camera[:, None] + np.arange(6)
    return (rows[:, :, None] + columns[:, None, :]).reshape(-1, 18)


def _solve_step(
    normal: Floats,
    across: Floats,
    gradient: Floats,
    point_normal: Floats,
    point_gradient: Floats,
    damping: float,
    free: Index,
) -> tuple[Floats, Floats] | None:
    """One damped step: of cameras and lens (6 c + 3,) and of points (p, 3), or None."""
    diagonal = np.einsum("pii->pi", point_normal)
    damped = point_normal + (1e-9 + damping * diagonal)[:, :, None] * np.eye(3)
    try:
        half = np.linalg.inv(np.linalg.cholesky(damped))  # half.T @ half is the inverse
        spread = np.matmul(half, across).reshape(-1, len(gradient))
        pulled = np.matmul(half, point_gradient[:, :, None]).ravel()
        reduced = normal + damping * np.diag(np.diag(normal) + 1e-9) - spread.T @ spread
        right = pulled @ spread - gradient
        change = np.zeros(len(gradient))
        change[free] = np.linalg.solve(reduced[np.ix_(free, free)], right[free])
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(change).all():
        return None
    rest = -point_gradient - np.matmul(across, change)
    point_change = np.matmul(half.transpose(0, 2, 1), np.matmul(half, rest[:, :, None]))
    return change, point_change[:, :, 0]


def _moved(rig: Rig, change: Floats, point_change: Floats) -> Rig:
    """The rig after a step."""
    cameras = change[:-3].reshape(-1, 6)
    return Rig(
        np.matmul(rotations(cameras[:, :3]), rig.rotation),
        rig.translation + cameras[:, 3:],
        rig.points + point_change,
        rig.lens + change[-3:],
    )


def hold_to_points(rig: Rig, sights: Sights, *, rounds: int, loss_px: float) -> Rig:
    """Fits every camera on its own to points that stay, all cameras at once.

    Six unknowns a camera, so time grows with the markers alone; used for the
    frames of a long clip that are not in its skeleton.
    """
    cameras = len(rig.rotation)
    by_camera = _Sums(sights.camera, cameras)
    damping = np.full(cameras, 1e-4)
    cost = _costs_by_camera(rig, sights, loss_px, by_camera)
    for _ in range(rounds):
        d = _derivatives(rig, sights, loss_px)
        camera_t = d.camera.transpose(0, 2, 1)
        normal = by_camera(np.matmul(camera_t, d.camera))
        gradient = by_camera(np.matmul(camera_t, d.residual[:, :, None]))
        diagonal = np.einsum("cii->ci", normal)
        damped = normal + (1e-9 + damping[:, None] * diagonal)[:, :, None] * np.eye(6)
        change = -np.linalg.solve(damped, gradient)[:, :, 0]
        moved = _moved(rig, np.append(change.ravel(), np.zeros(3)), np.zeros_like(rig.points))
        moved_cost = _costs_by_camera(moved, sights, loss_px, by_camera)
        better: Bools = moved_cost < cost
        rotation = np.where(better[:, None, None], moved.rotation, rig.rotation)
        translation = np.where(better[:, None], moved.translation, rig.translation)
        rig = Rig(rotation, translation, rig.points, rig.lens)
        gain = np.sum((cost - moved_cost)[better])
        cost = np.where(better, moved_cost, cost)
        damping = np.where(better, np.maximum(damping / 8, 1e-9), damping * 8)
        if better.all() and gain < 1e-6 * np.sum(cost):
            break
    return rig


def _costs_by_camera(rig: Rig, sights: Sights, loss_px: float, by_camera: _Sums) -> Floats:
    size = sight_errors(rig, sights)
    return by_camera(np.where(size < loss_px, size * size, 2 * loss_px * size - loss_px * loss_px))
