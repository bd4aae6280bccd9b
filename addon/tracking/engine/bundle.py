"""Bundle adjustment: cameras, points and lens that fit the markers best together.

Levenberg-Marquardt with the points eliminated (Schur complement) and Huber's
loss; after Triggs, McLauchlan, Hartley and Fitzgibbon, Bundle Adjustment: A
Modern Synthesis, 2000. In here a point (X, w), four numbers of length 1, is seen by camera (R, t) along
(x, y, z) = R X + w t, y down, and lies f (x, y) / z as the lens bends it (see lens.py) pixels from the
principal point. A far point has a small w, one at infinity none, so that what shows no parallax still
tells how the camera turns (Hartley and Zisserman, Multiple View Geometry, 2004, A6.9). A rolling shutter
takes the rows one after another; to first order a marker is then displaced by its own speed in the picture
times the time of its row (compare Hedborg and others, Rolling shutter bundle adjustment, 2012), which is
linear in the shutter's time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .lens import Bending
from .model import Bools, Floats

NEAREST = 1e-6
"""Points nearer to the camera than this, or behind it, carry no weight."""
LEAST_FOCAL_PX = 50.0
TRIES = 6
"""Times the damping is raised before a round gives up."""

LENS_TERMS = 8
BEND = [1, 2, 7]
SHUTTER = slice(3, 5)
PRINCIPAL = slice(5, 7)
"""Where k1, k2 and k3, the shutter's times and the principal point stand among the terms."""

Index = NDArray[np.intp]


@dataclass
class Rig:
    """Cameras, points and lens of one adjustment."""

    rotation: Floats
    """(c, 3, 3) world to camera."""
    translation: Floats
    """(c, 3)"""
    points: Floats
    """(p, 4) of length 1."""
    lens: Floats
    """(8,) focal length in pixels, k1, k2, the shutter's time down the rows and across the columns, how
    many pixels right of and below the frame's middle the principal point lies, and k3."""
    zoom: Floats = field(default_factory=lambda: np.empty(0))
    """(c,) by how much each camera's focal length is longer than the lens's; empty where all are alike."""
    bending: Bending = field(default_factory=Bending)
    """What there is of the lens's distortion beside k1, k2 and k3; all for focal lengths."""

    def focals(self, camera: Index) -> Floats:
        """(n,) focal length in pixels of each of the cameras."""
        return self.lens[0] * (self.zoom[camera] if len(self.zoom) else np.ones(len(camera)))


@dataclass(frozen=True)
class Freedom:
    """What an adjustment may change."""

    focal: bool = True
    k1: bool = True
    k2: bool = True
    rows: bool = False
    """Whether the rows may be taken one after another: a rolling shutter."""
    columns: bool = False
    """The same of the columns: the footage of a phone held upright."""
    moves: bool = True
    """False for a camera that only turns: places stay, and points count as directions."""
    zooms: bool = False
    """True where each frame has a focal length of its own; the lens's own then stays."""
    principal: bool = False
    """Whether the principal point may move."""
    k3: bool = False

    @property
    def lens(self) -> Bools:
        """(8,) which terms of the lens are free."""
        focal, axis = self.focal and not self.zooms, self.principal
        return np.array([focal, self.k1, self.k2, self.rows, self.columns, axis, axis, self.k3])

    @property
    def unknowns(self) -> Index:
        """Which of a camera's seven unknowns (rotation vector, translation, zoom) are free."""
        return np.flatnonzero([True] * 3 + [self.moves] * 3 + [self.zooms])


@dataclass(frozen=True)
class Sights:
    """Which camera sees which point where; sorted by camera, each pair at most once."""

    camera: Index
    point: Index
    uv: Floats
    """(m, 2) pixels from the middle of the frame, y down."""
    late: Floats = field(default_factory=lambda: np.empty((0, 2, 2)))
    """(m, 2, 2) pixels by which each marker is displaced where a shutter takes a whole frame's time over
    the rows, ``[:, :, 0]``, or the columns, ``[:, :, 1]``; empty where no shutter is looked at."""
    weight: Floats = field(default_factory=lambda: np.empty(0))
    """(m,) how much each counts; empty where all count alike."""


@dataclass
class Adjusted:
    """A rig after its adjustment."""

    rig: Rig
    errors: Floats
    """(m,) reprojection error of each sight, pixels."""
    rounds: int


def unit(points: Floats) -> Floats:
    """Points (p, 3) or (p, 4) as the rig has them: (p, 4) of length 1."""
    if points.shape[1] == 3:
        points = np.concatenate([points, np.ones((len(points), 1))], 1)
    length: Floats = np.linalg.norm(points, axis=1, keepdims=True)
    return points / length


def project(rig: Rig, sights: Sights) -> tuple[Floats, Floats]:
    """Where the rig sees its points: pixels (m, 2) from the middle, and depths (m,), times the points' w."""
    points = rig.points[sights.point]
    seen = np.matmul(rig.rotation[sights.camera], points[:, :3, None])[:, :, 0]
    seen += points[:, 3:] * rig.translation[sights.camera]
    slopes = seen[:, :2] / seen[:, 2:]
    landed = rig.bending.image(slopes, rig.lens[BEND]) * rig.focals(sights.camera)[:, None]
    landed += rig.lens[PRINCIPAL]
    if len(sights.late) and rig.lens[SHUTTER].any():
        landed += sights.late @ rig.lens[SHUTTER]
    return landed, seen[:, 2]


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
class Derivatives:
    """Residuals and derivatives of every sight, already weighted."""

    residual: Floats
    """(m, 2)"""
    camera: Floats
    """(m, 2, b) by the camera's free unknowns."""
    point: Floats
    """(m, 2, 3) along the point's ``tangents``."""
    lens: Floats
    """(m, 2, 8)"""


def derivatives(rig: Rig, sights: Sights, loss_px: float, columns: Index) -> Derivatives:
    """Residuals and derivatives by ``columns`` of a camera's seven unknowns, by points and by the lens."""
    rotation, points = rig.rotation[sights.camera], rig.points[sights.point]
    turned = np.matmul(rotation, points[:, :3, None])[:, :, 0]
    translation = rig.translation[sights.camera]
    seen = turned + points[:, 3:] * translation
    depth = seen[:, 2]
    x, y = seen[:, 0] / depth, seen[:, 1] / depth
    focal = rig.focals(sights.camera)
    bent = rig.bending.derivatives(x, y, rig.lens[BEND])
    landed = np.stack([focal * bent.x, focal * bent.y], 1)
    residual = landed - sights.uv + rig.lens[PRINCIPAL]
    if len(sights.late):
        residual += sights.late @ rig.lens[SHUTTER]
    size = np.sqrt(np.sum(residual * residual, axis=1))
    weight = np.sqrt(np.where(size < loss_px, 1.0, loss_px / np.maximum(size, 1e-9)))
    weight[depth <= NEAREST] = 0
    if len(sights.weight):
        weight *= np.sqrt(sights.weight)

    weighted = focal * weight
    xx, xy, yx, yy = (weighted * part for part in bent.by_slopes)
    by_seen = np.empty((len(x), 2, 3))
    by_seen[:, 0, 0], by_seen[:, 0, 1], by_seen[:, 0, 2] = xx, xy, -(xx * x + xy * y)
    by_seen[:, 1, 0], by_seen[:, 1, 1], by_seen[:, 1, 2] = yx, yy, -(yx * x + yy * y)
    by_seen /= depth[:, None, None]
    camera = np.empty((len(x), 2, 7 if 6 in columns else 6))
    camera[:, :, 0] = by_seen[:, :, 2] * turned[:, None, 1] - by_seen[:, :, 1] * turned[:, None, 2]
    camera[:, :, 1] = by_seen[:, :, 0] * turned[:, None, 2] - by_seen[:, :, 2] * turned[:, None, 0]
    camera[:, :, 2] = by_seen[:, :, 1] * turned[:, None, 0] - by_seen[:, :, 0] * turned[:, None, 1]
    camera[:, :, 3:6] = by_seen * points[:, None, 3:]
    if camera.shape[2] == 7:
        camera[:, :, 6] = landed * weight[:, None]  # by the zoom's logarithm
    if len(columns) != camera.shape[2]:
        camera = camera[:, :, columns]
    lens = np.zeros((len(x), 2, LENS_TERMS))
    if len(sights.late):
        lens[:, :, SHUTTER] = sights.late * weight[:, None, None]
    lens[:, :, 0] = landed * (weight / rig.lens[0])[:, None]
    for row in (0, 1):
        for column, by in zip(BEND, bent.by_bend):
            lens[:, row, column] = weighted * by[row]
        lens[:, row, PRINCIPAL.start + row] = weight
    whole = np.concatenate([rotation, translation[:, :, None]], 2)
    along = np.matmul(whole, tangents(rig.points)[sights.point])
    return Derivatives(residual * weight[:, None], camera, np.matmul(by_seen, along), lens)


def tangents(points: Floats) -> Floats:
    """(p, 4, 3) the three directions in which points (p, 4) of length 1 can move.

    They are the columns of Householder's reflection that takes the last axis to the point.
    """
    mirror = points.copy()
    mirror[:, 3] += np.where(points[:, 3] < 0, -1.0, 1.0)
    mirror /= np.linalg.norm(mirror, axis=1, keepdims=True)
    return np.eye(4)[:, :3] - 2 * mirror[:, :, None] * mirror[:, None, :3]


def robust_cost(rig: Rig, sights: Sights, loss_px: float) -> float:
    """Huber's loss over all sights."""
    return float(np.sum(_losses(rig, sights, loss_px)))


def _losses(rig: Rig, sights: Sights, loss_px: float) -> Floats:
    """(m,) Huber's loss of each sight."""
    size = sight_errors(rig, sights)
    loss: Floats = np.where(size < loss_px, size * size, 2 * loss_px * size - loss_px * loss_px)
    return loss * sights.weight if len(sights.weight) else loss


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


@dataclass
class Normal:
    """The normal equations of one linearisation, cameras and lens apart from the points.

    With c cameras of b unknowns and p points, n = b c + 8.
    """

    cameras: Floats
    """(n, n) cameras and lens."""
    gradient: Floats
    """(n,)"""
    across: Floats
    """(p, 3, n) points against cameras and lens."""
    points: Floats
    """(p, 3, 3)"""
    point_gradient: Floats
    """(p, 3)"""

    def reduced(self, damping: float) -> tuple[Floats, Floats, Floats]:
        """The points eliminated: (n, n) and (n,) of what is left, and (p, 3, 3) what brings the points back.

        Raises LinAlgError where a point rests on nothing.
        """
        diagonal = np.einsum("pii->pi", self.points)
        damped = self.points + (1e-9 + damping * diagonal)[:, :, None] * np.eye(3)
        half = np.linalg.inv(np.linalg.cholesky(damped))  # half.T @ half is the inverse
        spread = np.matmul(half, self.across).reshape(-1, len(self.gradient))
        pulled = np.matmul(half, self.point_gradient[:, :, None]).ravel()
        own = self.cameras + damping * np.diag(np.diag(self.cameras) + 1e-9)
        return own - spread.T @ spread, pulled @ spread - self.gradient, half


class Layout:
    """Where things go in the normal equations of one set of sights; the same in every round."""

    def __init__(self, sights: Sights, cameras: int, points: int, freedom: Freedom) -> None:
        self.cameras, self.freedom, self.columns = cameras, freedom, freedom.unknowns
        self.block = len(self.columns)
        self.width = self.block * cameras + LENS_TERMS
        self.by_camera, self.by_point = _Sums(sights.camera, cameras), _Sums(sights.point, points)
        self._across = np.zeros((points, 3, self.width))
        rows = (3 * sights.point[:, None] + np.arange(3)) * self.width
        columns = self.block * sights.camera[:, None] + np.arange(self.block)
        self._places: Index = (rows[:, :, None] + columns[:, None, :]).reshape(len(rows), -1)

    def free(self) -> Index:
        """Which unknowns an adjustment moves: the first camera's pose stays, its zoom may change."""
        first = np.zeros(self.block, bool)
        first[self.columns == 6] = True
        rest = np.ones(self.block * (self.cameras - 1), bool)
        return np.flatnonzero(np.concatenate([first, rest, self.freedom.lens]))

    def normal(self, d: Derivatives) -> Normal:
        """The normal equations of the derivatives. ``across`` is overwritten by the next call."""
        block, cameras = self.block, self.cameras
        camera_t, point_t = d.camera.transpose(0, 2, 1), d.point.transpose(0, 2, 1)
        residual = d.residual[:, :, None]
        across = self._across
        across.reshape(-1)[self._places] = np.matmul(point_t, d.camera).reshape(len(self._places), 3 * block)
        across[:, :, -LENS_TERMS:] = self.by_point(np.matmul(point_t, d.lens))
        normal = np.zeros((self.width, self.width))
        blocks = normal[:-LENS_TERMS, :-LENS_TERMS].reshape(cameras, block, cameras, block)
        every = np.arange(cameras)
        blocks[every, :, every, :] = self.by_camera(np.matmul(camera_t, d.camera))
        normal[:-LENS_TERMS, -LENS_TERMS:] = self.by_camera(np.matmul(camera_t, d.lens)).reshape(
            -1, LENS_TERMS
        )
        normal[-LENS_TERMS:, :-LENS_TERMS] = normal[:-LENS_TERMS, -LENS_TERMS:].T
        normal[-LENS_TERMS:, -LENS_TERMS:] = np.einsum("mki,mkj->ij", d.lens, d.lens)
        gradient = np.concatenate(
            [
                self.by_camera(np.matmul(camera_t, residual)[:, :, 0]).ravel(),
                np.einsum("mki,mk->i", d.lens, d.residual),
            ]
        )
        return Normal(
            normal,
            gradient,
            across,
            self.by_point(np.matmul(point_t, d.point)),
            self.by_point(np.matmul(point_t, residual)[:, :, 0]),
        )

    def whole(self, change: Floats) -> Floats:
        """(c, 7) the change of all of a camera's unknowns from that of the free ones (b c,)."""
        out = np.zeros((self.cameras, 7))
        out[:, self.columns] = change.reshape(self.cameras, self.block)
        return out


def adjust(
    rig: Rig,
    sights: Sights,
    *,
    rounds: int,
    loss_px: float,
    freedom: Freedom,
    tolerance: float = 1e-7,
) -> Adjusted:
    """Moves cameras, points and lens, as far as ``freedom`` lets them, until the markers fit.

    The first camera stays where it is. Stops when a round gains less than ``tolerance``
    of the cost, or after ``rounds``.
    """
    layout = Layout(sights, len(rig.rotation), len(rig.points), freedom)
    if freedom.zooms and not len(rig.zoom):
        rig = replace(rig, zoom=np.ones(len(rig.rotation)))
    cost = robust_cost(rig, sights, loss_px)
    damping, done = 1e-4, 0
    while done < rounds:
        done += 1
        normal = layout.normal(derivatives(rig, sights, loss_px, layout.columns))
        for _ in range(TRIES):
            better = _better(rig, sights, layout, normal, damping, loss_px, cost)
            if better is not None:
                break
            damping *= 8
        else:
            break
        rig, gain, cost = better[0], cost - better[1], better[1]
        damping = max(damping / 8, 1e-9)
        if gain < tolerance * cost:
            break
    return Adjusted(rig, sight_errors(rig, sights), done)


def _better(
    rig: Rig, sights: Sights, layout: Layout, normal: Normal, damping: float, loss_px: float, cost: float
) -> tuple[Rig, float] | None:
    """The rig after one damped step and its cost, or None where that is no less than ``cost``.

    Along a long, bent valley (a camera that drives ahead, whose focal length and depths go together) a step
    may fail only since the points do not follow it exactly; they are then fitted to the cameras once more
    (embedded point iterations: Jeong and others, Pushing the envelope of modern methods for bundle
    adjustment, 2012).
    """
    step = _solve_step(normal, damping, layout.free())
    if step is None:
        return None
    moved = _moved(rig, layout.whole(step[0][:-LENS_TERMS]), step[0][-LENS_TERMS:], step[1])
    if moved.lens[0] <= LEAST_FOCAL_PX:
        return None
    if not layout.freedom.moves:  # directions: without a move nothing is nearer than infinity
        moved.points[:, 3] = 0.0
        moved.points = unit(moved.points)
    moved_cost = robust_cost(moved, sights, loss_px)
    if moved_cost >= cost and layout.freedom.moves:
        moved = _points_fitted(moved, sights, layout, loss_px)
        moved_cost = robust_cost(moved, sights, loss_px)
    return (moved, moved_cost) if moved_cost < cost else None


def _points_fitted(rig: Rig, sights: Sights, layout: Layout, loss_px: float) -> Rig:
    """The rig after one step of its points alone."""
    d = derivatives(rig, sights, loss_px, layout.columns)
    point_t = d.point.transpose(0, 2, 1)
    normal = layout.by_point(np.matmul(point_t, d.point))
    gradient = layout.by_point(np.matmul(point_t, d.residual[:, :, None]))
    damped = normal + (1e-9 + 1e-6 * np.einsum("pii->pi", normal))[:, :, None] * np.eye(3)
    still = np.zeros((len(rig.rotation), 7))
    return _moved(rig, still, np.zeros(LENS_TERMS), -np.linalg.solve(damped, gradient)[:, :, 0])


def _solve_step(normal: Normal, damping: float, free: Index) -> tuple[Floats, Floats] | None:
    """One damped step: of cameras and lens (n,) and of points (p, 3), or None."""
    try:
        reduced, right, half = normal.reduced(damping)
        change = np.zeros(len(right))
        change[free] = np.linalg.solve(reduced[np.ix_(free, free)], right[free])
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(change).all():
        return None
    rest = -normal.point_gradient - np.matmul(normal.across, change)
    point_change = np.matmul(half.transpose(0, 2, 1), np.matmul(half, rest[:, :, None]))
    return change, point_change[:, :, 0]


def _moved(rig: Rig, cameras: Floats, lens: Floats, points: Floats) -> Rig:
    """The rig after a step: cameras (c, 7), lens (8,), points (p, 3) along their tangents, or none."""
    moved = rig.points
    if len(points):
        moved = unit(moved + np.matmul(tangents(moved), points[:, :, None])[:, :, 0])
    return replace(
        rig,
        rotation=np.matmul(rotations(cameras[:, :3]), rig.rotation),
        translation=rig.translation + cameras[:, 3:6],
        points=moved,
        lens=rig.lens + lens,
        zoom=rig.zoom * (1 + cameras[:, 6]) if len(rig.zoom) else rig.zoom,
    )


def hold_to_points(rig: Rig, sights: Sights, *, rounds: int, loss_px: float, freedom: Freedom) -> Rig:
    """Fits every camera on its own to points that stay, all cameras at once.

    At most seven unknowns a camera, so time grows with the markers alone; used for the
    frames of a long clip that are not in its skeleton.
    """
    cameras, columns = len(rig.rotation), freedom.unknowns
    if freedom.zooms and not len(rig.zoom):
        rig = replace(rig, zoom=np.ones(cameras))
    by_camera = _Sums(sights.camera, cameras)
    damping = np.full(cameras, 1e-4)
    cost = _costs_by_camera(rig, sights, loss_px, by_camera)
    for _ in range(rounds):
        d = derivatives(rig, sights, loss_px, columns)
        camera_t = d.camera.transpose(0, 2, 1)
        normal = by_camera(np.matmul(camera_t, d.camera))
        gradient = by_camera(np.matmul(camera_t, d.residual[:, :, None]))
        diagonal = np.einsum("cii->ci", normal)
        damped = normal + (1e-9 + damping[:, None] * diagonal)[:, :, None] * np.eye(len(columns))
        change = np.zeros((cameras, 7))
        change[:, columns] = -np.linalg.solve(damped, gradient)[:, :, 0]
        moved = _moved(rig, change, np.zeros(LENS_TERMS), np.empty((0, 3)))
        moved_cost = _costs_by_camera(moved, sights, loss_px, by_camera)
        better: Bools = moved_cost < cost
        rotation = np.where(better[:, None, None], moved.rotation, rig.rotation)
        translation = np.where(better[:, None], moved.translation, rig.translation)
        zoom = np.where(better, moved.zoom, rig.zoom) if len(rig.zoom) else rig.zoom
        rig = replace(rig, rotation=rotation, translation=translation, zoom=zoom)
        gain = np.sum((cost - moved_cost)[better])
        cost = np.where(better, moved_cost, cost)
        damping = np.where(better, np.maximum(damping / 8, 1e-9), damping * 8)
        if better.all() and gain < 1e-6 * np.sum(cost):
            break
    return rig


def _costs_by_camera(rig: Rig, sights: Sights, loss_px: float, by_camera: _Sums) -> Floats:
    return by_camera(_losses(rig, sights, loss_px))
