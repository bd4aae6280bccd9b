"""How sure a solve is: the covariance of its adjustment.

Markers of one track err together (its patch drifts, its key frame was blurred), so residuals are no
independent throws. The covariance is therefore the robust one that takes whole tracks as its units
(Liang and Zeger, Longitudinal data analysis using generalized linear models, 1986): with H the normal
matrix and g_k the gradient of track k, ``H^-1 (sum g_k g_k^T) H^-1``. The points are eliminated, and what
a solve can't know (where the scene lies, how it is turned, how large it is) is taken out by inner
constraints on the camera centres (Triggs and others, Bundle Adjustment: A Modern Synthesis, 2000, 9.2),
as a similarity fit to the true path would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bundle import LENS_TERMS, Derivatives, Freedom, Layout, Normal, Rig, Sights, derivatives, tangents
from .model import Floats

NORMAL_95 = 1.959964
"""The 95% quantile of the normal distribution, both sides."""
SHARED = 1.5
"""By how much wider the deviations are made for what the tracks of a frame err together by (blur, noise
reduction, compression, a lens that is not quite the model), and for outliers left out, which no track alone
shows. Measured on sub-clips of rendered footage; benchmarks/certainty.py measures it anew."""


@dataclass(frozen=True)
class Certainty:
    """Standard deviations of what an adjustment found."""

    lens: Floats
    """(8,) of the lens's terms as the rig has them; 0 for a term that was held."""
    position: Floats
    """(c,) with 95% a camera lies within 1.96 times this of its place, in units of the rig."""
    rotation: Floats
    """(c,) the same of its rotation, radians."""
    depth: Floats
    """(p,) of each point's distance from the camera that sees it nearest to the middle of its track."""
    zoom: Floats
    """(c,) of the logarithm of each camera's zoom; empty where the lens does not zoom."""


def certainty(rig: Rig, sights: Sights, *, loss_px: float, freedom: Freedom) -> Certainty:
    """How sure the adjusted ``rig`` is; it has to be at its minimum.

    Raises LinAlgError where the markers do not determine the rig.
    """
    cameras = len(rig.rotation)
    layout = Layout(sights, cameras, len(rig.points), freedom)
    d = derivatives(rig, sights, loss_px, layout.columns)
    normal = layout.normal(d)
    reduced, _, half = normal.reduced(1e-9)
    places = _places_by_unknowns(rig, layout)
    held = np.concatenate([np.zeros(len(reduced) - LENS_TERMS, bool), ~freedom.lens])
    gauge = _gauge(rig, layout, places)
    gradients = _by_track(d, sights, layout, normal, half)
    spread = _solved(reduced, gauge, held, gradients)  # (p, n): what each track alone pulls the unknowns by
    scale = SHARED**2 * _small_sample(sights, layout, len(rig.points))
    lens = np.sqrt(scale * np.sum(spread[:, -LENS_TERMS:] ** 2, axis=0))
    blocks = spread[:, :-LENS_TERMS].reshape(len(spread), cameras, layout.block)
    turns = blocks[:, :, :3]
    zoom = np.sqrt(scale * np.sum(blocks[:, :, -1] ** 2, axis=0)) if freedom.zooms else np.empty(0)
    shifts = np.einsum("cij,kcj->kci", places, blocks) if freedom.moves else np.zeros_like(turns)
    point_covariance = scale * _noise(d, sights, layout) * np.matmul(half.transpose(0, 2, 1), half)
    return Certainty(
        lens, _radius(shifts, scale), _radius(turns, scale), _depths(rig, sights, point_covariance), zoom
    )


def _places_by_unknowns(rig: Rig, layout: Layout) -> Floats:
    """(c, 3, b) derivatives of each camera's centre ``-R^T t`` by its unknowns."""
    back = rig.rotation.transpose(0, 2, 1)
    x, y, z = rig.translation.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], 1).reshape(-1, 3, 3)
    whole = np.concatenate([-np.matmul(back, cross), -back, np.zeros((len(x), 3, 1))], 2)
    return whole[:, :, layout.columns]


def _gauge(rig: Rig, layout: Layout, places: Floats) -> Floats:
    """(g, n) what an adjustment can't know, as inner constraints: 7, or 3 of a camera that only turns."""
    cameras = len(rig.rotation)
    if not layout.freedom.moves:
        rows = np.zeros((3, layout.width))
        turned = rig.rotation.transpose(0, 2, 1)  # a turn in the camera's axes, seen in the world's
        rows[:, :-LENS_TERMS].reshape(3, cameras, layout.block)[:, :, :3] = turned.transpose(1, 0, 2)
        return rows / np.sqrt(cameras)
    centres = -np.matmul(rig.rotation.transpose(0, 2, 1), rig.translation[:, :, None])[:, :, 0]
    away = centres - centres.mean(0)
    size = np.sqrt(np.mean(np.sum(away * away, axis=1))) + 1e-12
    x, y, z = (away / size).T
    zero = np.zeros_like(x)
    moves = np.tile(np.eye(3), (cameras, 1, 1))
    turns = np.stack([zero, z, -y, -z, zero, x, y, -x, zero], 1).reshape(-1, 3, 3)
    grows = (away / size)[:, None, :]
    wanted = np.concatenate([moves, turns, grows], 1)  # (c, 7, 3) times a change of the centre
    rows = np.zeros((7, layout.width))
    by_unknowns = np.matmul(wanted, places)
    rows[:, :-LENS_TERMS] = by_unknowns.transpose(1, 0, 2).reshape(7, -1)
    return rows / np.sqrt(cameras)


def _solved(reduced: Floats, gauge: Floats, held: np.ndarray, right: Floats) -> Floats:
    """(p, n) the reduced normal equations solved for rows (p, n) under the gauge's constraints.

    What is held stays 0.
    """
    free = np.flatnonzero(~held)
    count, extra = len(free), len(gauge)
    weight = np.trace(reduced) / len(reduced)
    whole = np.zeros((count + extra, count + extra))
    whole[:count, :count] = reduced[np.ix_(free, free)]
    whole[:count, count:] = weight * gauge[:, free].T
    whole[count:, :count] = whole[:count, count:].T
    wanted = np.zeros((count + extra, len(right)))
    wanted[:count] = right[:, free].T
    out = np.zeros_like(right)
    out[:, free] = np.linalg.solve(whole, wanted)[:count].T
    return out


def _by_track(d: Derivatives, sights: Sights, layout: Layout, normal: Normal, half: Floats) -> Floats:
    """(p, n) each track's part of the gradient, its own point eliminated.

    Were every point exactly at its best, eliminating it would change nothing; a far one hardly ever is, and
    what it still pulls at its cameras would pass for doubt.
    """
    out = np.zeros((len(half), layout.width))
    block = layout.block
    columns = block * sights.camera[:, None] + np.arange(block)
    residual = d.rows[-4:-3]
    out[sights.point[:, None], columns] = (d.rows[:block] * residual).sum(1).T
    out[:, -LENS_TERMS:] = layout.by_point.products(residual, d.rows[block:-4])[:, 0]
    pulled = np.matmul(half, normal.point_gradient[:, :, None])
    order = normal.order
    out[order] -= np.matmul(np.matmul(half[order], normal.across).transpose(0, 2, 1), pulled[order])[:, :, 0]
    return out


def _small_sample(sights: Sights, layout: Layout, points: int) -> float:
    """By how much squared residuals are too small since so many unknowns were fitted to them."""
    values = 2 * len(sights.uv)
    unknowns = layout.width - LENS_TERMS + int(layout.freedom.lens.sum()) + 3 * points
    return values / max(values - unknowns, 1) * points / max(points - 1, 1)


def _noise(d: Derivatives, sights: Sights, layout: Layout) -> Floats:
    """(p, 1, 1) mean squared residual of each track, at least half of all tracks' together."""
    square = np.sum(d.residual**2, axis=1, keepdims=True) / 2
    count = np.maximum(layout.by_point(np.ones_like(square)), 1)
    own = layout.by_point(square) / count
    return np.maximum(own, 0.5 * float(square.mean()))[:, :, None]


def _radius(pulls: Floats, scale: float) -> Floats:
    """(c,) 1/1.96 of the radius that holds 95% of a normal cloud, from the pulls (k, c, 3) that spread it.

    Satterthwaite's approximation (An approximate distribution of estimates of variance components, 1946)
    with the chi-square quantile after Wilson and Hilferty, The distribution of chi-square, 1931.
    """
    covariance = scale * np.einsum("kci,kcj->cij", pulls, pulls)
    trace = np.einsum("cii->c", covariance)
    square = np.einsum("cij,cij->c", covariance, covariance)
    degrees = trace**2 / np.maximum(square, 1e-300)
    degrees = np.clip(degrees, 1, 3)
    share = 2 / (9 * degrees)
    quantile = degrees * (1 - share + 1.644854 * np.sqrt(share)) ** 3
    return np.sqrt(quantile * square / np.maximum(trace, 1e-300)) / NORMAL_95


def _depths(rig: Rig, sights: Sights, covariance: Floats) -> Floats:
    """(p,) standard deviations along the ray of the camera in the middle of each track."""
    order = np.lexsort((sights.camera, sights.point))
    count = np.bincount(sights.point, minlength=len(rig.points))
    middle = order[np.cumsum(count) - count + count // 2]
    rotation = rig.rotation[sights.camera[middle]]
    far = np.maximum(np.abs(rig.points[:, 3:]), 1e-12)
    spots = rig.points[:, :3] / far
    seen = np.matmul(rotation, spots[:, :, None])[:, :, 0] + rig.translation[sights.camera[middle]]
    ray = np.matmul(rotation.transpose(0, 2, 1), seen[:, :, None])[:, :, 0]
    ray /= np.maximum(np.linalg.norm(ray, axis=1, keepdims=True), 1e-12)
    along = tangents(rig.points)
    moves = (along[:, :3] - spots[:, :, None] * along[:, 3:]) / far[:, :, None]
    ray = np.einsum("pi,pij->pj", ray, moves)
    return np.sqrt(np.maximum(np.einsum("pi,pij,pj->p", ray, covariance, ray), 0))
