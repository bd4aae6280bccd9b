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
PARTS_A_LIFE, MOST_PARTS = 1.4, 8
"""Into how many parts the cameras are split for the time that a point is seen, and at most."""
TRIES = 6
"""Times the damping is raised before a round gives up."""

SOLVED_AT_ONCE = 64
"""Rows of a triangle that are solved together."""

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
    rotation, translation, points = _of_each(rig, sights)
    seen = _turned(rotation, points)
    seen += points[3] * translation
    slopes = (seen[:2] / seen[2]).T
    landed = rig.bending.image(slopes, rig.lens[BEND]) * rig.focals(sights.camera)[:, None]
    landed += rig.lens[PRINCIPAL]
    if len(sights.late) and rig.lens[SHUTTER].any():
        landed += sights.late @ rig.lens[SHUTTER]
    return landed, seen[2]


def _of_each(rig: Rig, sights: Sights) -> tuple[Floats, Floats, Floats]:
    """Of each sight the rotation (3, 3, m), the translation (3, m) and the point (4, m)."""
    rotation = _taken(rig.rotation.reshape(-1, 9), sights.camera).reshape(3, 3, -1)
    return rotation, _taken(rig.translation, sights.camera), _taken(rig.points, sights.point)


def _taken(values: Floats, index: Index) -> Floats:
    """(k, m) rows of ``values`` (n, k), the numbers of one kind side by side: sums over them are fast."""
    return np.take(np.ascontiguousarray(values.T), index, axis=1)


def _turned(rotation: Floats, points: Floats) -> Floats:
    """(3, m) the first three numbers of ``points`` (4, m) turned by ``rotation`` (3, 3, m)."""
    return rotation[:, 0] * points[0] + rotation[:, 1] * points[1] + rotation[:, 2] * points[2]


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

    rows: Floats
    """(b + 12, 2, m) by the camera's b free unknowns and by the lens's 8 terms, the residual, and by the
    point's 3 tangents."""

    @property
    def camera(self) -> Floats:
        """(m, 2, b) by the camera's free unknowns."""
        return self.rows[: -LENS_TERMS - 4].transpose(2, 1, 0)

    @property
    def lens(self) -> Floats:
        """(m, 2, 8) by the lens's terms."""
        return self.rows[-LENS_TERMS - 4 : -4].transpose(2, 1, 0)

    @property
    def residual(self) -> Floats:
        """(m, 2) pixels."""
        return self.rows[-4].T

    @property
    def point(self) -> Floats:
        """(m, 2, 3) along the point's ``tangents``."""
        return self.rows[-3:].transpose(2, 1, 0)


def derivatives(rig: Rig, sights: Sights, loss_px: float, columns: Index) -> Derivatives:
    """Residuals and derivatives by ``columns`` of a camera's seven unknowns, by points and by the lens."""
    rotation, translation, points = _of_each(rig, sights)
    turned = _turned(rotation, points)
    seen = turned + points[3] * translation
    depth = seen[2]
    x, y = seen[:2] / depth
    focal = rig.focals(sights.camera)
    bent = rig.bending.derivatives(x, y, rig.lens[BEND])
    landed = np.stack([focal * bent.x, focal * bent.y])
    residual = landed - sights.uv.T + rig.lens[PRINCIPAL][:, None]
    if len(sights.late) and rig.lens[SHUTTER].any():
        residual += (sights.late @ rig.lens[SHUTTER]).T
    size = np.sqrt(residual[0] ** 2 + residual[1] ** 2)
    weight = np.sqrt(np.where(size < loss_px, 1.0, loss_px / np.maximum(size, 1e-9)))
    weight[depth <= NEAREST] = 0
    if len(sights.weight):
        weight *= np.sqrt(sights.weight)

    weighted = focal * weight
    by_seen = np.empty((2, 3, len(x)))
    for row, (by_x, by_y) in enumerate((bent.by_slopes[:2], bent.by_slopes[2:])):
        scale = weighted / depth
        by_seen[row, 0], by_seen[row, 1] = scale * by_x, scale * by_y
        by_seen[row, 2] = -(by_seen[row, 0] * x + by_seen[row, 1] * y)
    rows = np.zeros((len(columns) + LENS_TERMS + 4, 2, len(x)))
    for row, unknown in enumerate(columns.tolist()):
        if unknown < 3:
            one, other = (unknown + 1) % 3, (unknown + 2) % 3
            rows[row] = by_seen[:, other] * turned[one] - by_seen[:, one] * turned[other]
        elif unknown < 6:
            rows[row] = by_seen[:, unknown - 3] * points[3]
        else:
            rows[row] = landed * weight  # by the zoom's logarithm
    lens = rows[len(columns) : -4]
    lens[0] = landed * (weight / rig.lens[0])
    for column, by in zip(BEND, bent.by_bend):
        lens[column, 0], lens[column, 1] = weighted * by[0], weighted * by[1]
    if len(sights.late):
        lens[SHUTTER] = sights.late.T * weight
    lens[PRINCIPAL.start, 0] = lens[PRINCIPAL.start + 1, 1] = weight
    rows[-4] = residual * weight
    rows[-3:] = _along(rig, sights, by_seen, rotation, translation)
    return Derivatives(rows)


def _along(rig: Rig, sights: Sights, by_seen: Floats, rotation: Floats, translation: Floats) -> Floats:
    """(3, 2, m) derivatives along the points' ``tangents`` from those by what is seen (2, 3, m)."""
    by_place = by_seen[:, 0, None] * rotation[0]
    for row in (1, 2):
        by_place += by_seen[:, row, None] * rotation[row]
    by_w = by_seen[:, 0] * translation[0] + by_seen[:, 1] * translation[1] + by_seen[:, 2] * translation[2]
    mirror = _taken(_mirrors(rig.points), sights.point)
    twice = by_w * mirror[3]
    for row in (0, 1, 2):
        twice += by_place[:, row] * mirror[row]
    twice *= 2
    return by_place.transpose(1, 0, 2) - twice * mirror[:3, None]


def tangents(points: Floats) -> Floats:
    """(p, 4, 3) the three directions in which points (p, 4) of length 1 can move.

    They are the columns of Householder's reflection that takes the last axis to the point.
    """
    mirror = _mirrors(points)
    return np.eye(4)[:, :3] - 2 * mirror[:, :, None] * mirror[:, None, :3]


def _mirrors(points: Floats) -> Floats:
    """(p, 4) the directions, of length 1, of the ``tangents``' reflections."""
    mirror = points.copy()
    mirror[:, 3] += np.where(points[:, 3] < 0, -1.0, 1.0)
    length: Floats = np.linalg.norm(mirror, axis=1, keepdims=True)
    return mirror / length


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

    def products(self, rows: Floats, others: Floats) -> Floats:
        """(count, k, l) sums of the products of ``rows`` (k, 2, m) with ``others`` (l, 2, m)."""
        out = np.zeros((self.count, 2, len(rows), len(others)))
        if self.order is not None:
            rows, others = (np.take(values, self.order, axis=2) for values in (rows, others))
        rows, others = rows.transpose(1, 0, 2), others.transpose(1, 2, 0)
        ends = [*self.starts[1:].tolist(), rows.shape[2]]
        for number, begin, end in zip(self.present.tolist(), self.starts.tolist(), ends):
            np.matmul(rows[:, :, begin:end], others[:, begin:end], out=out[number])
        return out.sum(1)


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
    """(p, 3, n) points, in the layout's ``order``, against cameras and lens."""
    points: Floats
    """(p, 3, 3)"""
    point_gradient: Floats
    """(p, 3)"""
    order: Index
    """(p,) which point each of ``across`` is."""
    spans: list[tuple[slice, slice]]
    """Points of ``across``, and the columns of the cameras that see any of them."""

    def reduced(self, damping: float) -> tuple[Floats, Floats, Floats]:
        """The points eliminated: (n, n) and (n,) of what is left, and (p, 3, 3) what brings the points back.

        Raises LinAlgError where a point rests on nothing.
        """
        diagonal = np.einsum("pii->pi", self.points)
        damped = self.points + (1e-9 + damping * diagonal)[:, :, None] * np.eye(3)
        half = np.linalg.inv(np.linalg.cholesky(damped))  # half.T @ half is the inverse
        spread = np.matmul(half[self.order], self.across)
        pulled = np.matmul(half, self.point_gradient[:, :, None])[self.order].ravel()
        left = self.cameras.copy()
        np.einsum("ii->i", left)[:] += damping * (np.diag(self.cameras) + 1e-9)
        for points, columns in self.spans:
            part = spread[points].reshape(-1, len(left))[:, columns]
            left[columns, columns] -= part.T @ part
        spread = spread.reshape(-1, len(left))
        lens = spread.T @ spread[:, -LENS_TERMS:]
        left[:, -LENS_TERMS:] -= lens
        left[-LENS_TERMS:, :-LENS_TERMS] -= lens[:-LENS_TERMS].T
        return left, pulled @ spread - self.gradient, half


class Layout:
    """Where things go in the normal equations of one set of sights; the same in every round."""

    def __init__(self, sights: Sights, cameras: int, points: int, freedom: Freedom) -> None:
        self.cameras, self.freedom, self.columns = cameras, freedom, freedom.unknowns
        self.block = len(self.columns)
        self.width = self.block * cameras + LENS_TERMS
        self.by_camera, self.by_point = _Sums(sights.camera, cameras), _Sums(sights.point, points)
        self.order, self._spans = self._parts(sights, points)
        rank = np.argsort(self.order)
        self._across = np.zeros((points, 3, self.width))
        # Where the first of a point's three rows meets the first of a camera's columns, and so on.
        self._places: Index = 3 * self.width * rank[sights.point] + self.block * sights.camera
        self._places = self._places + np.arange(self.block)[:, None]

    def _parts(self, sights: Sights, points: int) -> tuple[Index, list[tuple[slice, slice]]]:
        """The points by the part of the clip in which they are seen, and of each part the cameras' columns.

        Most points are seen by a share of the cameras; what they have to do with the others need not be added
        up. Parts are about as long as a point is seen: with more of them, sums overlap too often.
        """
        if not len(sights.point):
            return np.arange(points), []
        cameras = sights.camera if self.by_point.order is None else sights.camera[self.by_point.order]
        first, last = np.zeros(points, np.intp), np.zeros(points, np.intp)
        first[self.by_point.present] = cameras[self.by_point.starts]
        last[self.by_point.present] = cameras[np.append(self.by_point.starts[1:], len(cameras)) - 1]
        seen = float(np.mean(last - first + 1))
        count = min(MOST_PARTS, max(1, round(PARTS_A_LIFE * self.cameras / seen)))
        ends = np.linspace(0, self.cameras, count + 1).round().astype(np.intp)
        begin, end = (np.searchsorted(ends, camera, side="right") - 1 for camera in (first, last))
        order = np.lexsort((end, begin))
        starts = np.flatnonzero(np.diff(begin[order] * count + end[order], prepend=-1)).tolist()
        spans = []
        for low, high in zip(starts, [*starts[1:], points]):
            columns = self.block * ends[[begin[order[low]], end[order[low]] + 1]]
            spans.append((slice(low, high), slice(*columns.tolist())))
        return order, spans

    def free(self) -> Index:
        """Which unknowns an adjustment moves: the first camera's pose stays, its zoom may change."""
        first = np.zeros(self.block, bool)
        first[self.columns == 6] = True
        rest = np.ones(self.block * (self.cameras - 1), bool)
        return np.flatnonzero(np.concatenate([first, rest, self.freedom.lens]))

    def normal(self, d: Derivatives) -> Normal:
        """The normal equations of the derivatives. ``across`` is overwritten by the next call."""
        block, cameras = self.block, self.cameras
        camera, point = d.rows[:block], d.rows[-3:]
        across = self._across
        flat = across.reshape(-1)
        for row in range(3):
            flat[row * self.width :][self._places] = (
                camera[:, 0] * point[row, 0] + camera[:, 1] * point[row, 1]
            )
        by_point = self.by_point.products(d.rows[-3:], d.rows[block:])
        across[:, :, -LENS_TERMS:] = by_point[self.order, :, :LENS_TERMS]
        by_camera = self.by_camera.products(d.rows[:-3], d.rows[:-3])
        normal = np.zeros((self.width, self.width))
        blocks = normal[:-LENS_TERMS, :-LENS_TERMS].reshape(cameras, block, cameras, block)
        every = np.arange(cameras)
        blocks[every, :, every, :] = by_camera[:, :block, :block]
        normal[:-LENS_TERMS, -LENS_TERMS:] = by_camera[:, :block, block:-1].reshape(-1, LENS_TERMS)
        normal[-LENS_TERMS:, :-LENS_TERMS] = normal[:-LENS_TERMS, -LENS_TERMS:].T
        lens = by_camera[:, block:].sum(0)
        normal[-LENS_TERMS:, -LENS_TERMS:] = lens[:-1, block:-1]
        gradient = np.concatenate([by_camera[:, :block, -1].ravel(), lens[:-1, -1]])
        points, point_gradient = by_point[:, :, -3:], by_point[:, :, LENS_TERMS]
        return Normal(normal, gradient, across, points, point_gradient, self.order, self._spans)

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
    sums = layout.by_point.products(d.rows[-3:], d.rows[-4:])
    gradient, normal = sums[:, :, :1], sums[:, :, 1:]
    damped = normal + (1e-9 + 1e-6 * np.einsum("pii->pi", normal))[:, :, None] * np.eye(3)
    still = np.zeros((len(rig.rotation), 7))
    return _moved(rig, still, np.zeros(LENS_TERMS), -np.linalg.solve(damped, gradient)[:, :, 0])


def _solve_step(normal: Normal, damping: float, free: Index) -> tuple[Floats, Floats] | None:
    """One damped step: of cameras and lens (n,) and of points (p, 3), or None."""
    try:
        reduced, right, half = normal.reduced(damping)
        held = np.setdiff1d(np.arange(len(right)), free)
        reduced[held], reduced[:, held], right[held] = 0.0, 0.0, 0.0
        reduced[held, held] = 1.0
        change = _solved(reduced, right)
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(change).all():
        return None
    pulled = np.empty_like(normal.point_gradient)
    pulled[normal.order] = np.matmul(normal.across, change)
    rest = -normal.point_gradient - pulled
    point_change = np.matmul(half.transpose(0, 2, 1), np.matmul(half, rest[:, :, None]))
    return change, point_change[:, :, 0]


def _solved(matrix: Floats, right: Floats) -> Floats:
    """(n,) the solution of symmetric equations: Cholesky's, or where rounding left no positive ones, LU's."""
    try:
        lower = np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return np.linalg.solve(matrix, right)
    out = right.copy()
    parts = [slice(begin, begin + SOLVED_AT_ONCE) for begin in range(0, len(right), SOLVED_AT_ONCE)]
    for part in parts:
        known = slice(0, part.start)
        out[part] = np.linalg.solve(lower[part, part], out[part] - lower[part, known] @ out[known])
    for part in reversed(parts):
        known = slice(part.stop, None)
        out[part] = np.linalg.solve(lower[part, part].T, out[part] - lower[known, part].T @ out[known])
    return out


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
        sums = by_camera.products(d.rows[: len(columns)], d.rows[:-3])
        normal, gradient = sums[:, :, : len(columns)], sums[:, :, -1:]
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
