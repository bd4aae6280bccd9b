"""A lens that zooms, as a few maps that are mixed: another mix each frame. Plain NumPy.

Where a pixel looks depends on the focal length f through 1/f² alone, and smoothly. Between the focal lengths
of a zoom, places are therefore interpolated from those at a few of them (Lagrange's formula at Chebyshev's
points), as many as it takes to be right within a hundredth of a pixel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .engine.lens import PlateLens
from .engine.model import Floats, Ints
from .overscan import edge_centres

ENOUGH_PX = 0.005
MOST = 9
"""Maps that are mixed at most."""
_TESTED = 24
"""Focal lengths at which the mix is compared with the lens."""


@dataclass(frozen=True)
class Zoom:
    """Lenses whose maps are mixed, and how much of each a frame takes."""

    lenses: tuple[PlateLens, ...]
    frames: Ints
    """(n,) scene frames."""
    weights: Floats
    """(n, k) shares of the k lenses' maps; they add up to 1."""
    error_px: float
    """How far the mix is off at worst, at the plate's edge."""


def plan_zoom(lenses: Mapping[int, PlateLens]) -> Zoom | None:
    """The mix for the lens of each scene frame; None where it never changes.

    The lenses differ in focal length only. Raises FoldError where one of them folds over within the plate.
    """
    frames = np.array(sorted(lenses), dtype=np.int32)
    focal = np.array([lenses[int(frame)].focal_px for frame in frames])
    if not len(frames) or np.ptp(focal) < 1e-6 * focal.max():
        return None
    lens = lenses[int(frames[0])]
    along = focal**-2.0
    low, high = along.min(), along.max()
    tested = np.linspace(low, high, _TESTED)
    edge = edge_centres(lens)[:: max(1, (lens.width + lens.height) // 300)]
    exact = np.array([_both_ways(replace(lens, focal_px=float(at**-0.5)), edge) for at in tested])
    for count in range(2, MOST + 1):
        points = 0.5 * (low + high) - 0.5 * (high - low) * np.cos(np.pi * np.arange(count) / (count - 1))
        basis = tuple(replace(lens, focal_px=float(at**-0.5)) for at in points)
        made = np.array([_both_ways(one, edge) for one in basis])
        mixed = np.tensordot(lagrange(points, tested), made, axes=1)
        error = float(np.abs(mixed - exact).max())
        if error < ENOUGH_PX:
            break
    return Zoom(basis, frames, lagrange(points, along), error)


def lagrange(points: Floats, at: Floats) -> Floats:
    """(n, k) weights of values at ``points`` (k,) for places ``at`` (n,)."""
    weights = np.ones((len(at), len(points)))
    for number, point in enumerate(points):
        for other in np.delete(points, number):
            weights[:, number] *= (at - other) / (point - other)
    return weights


def _both_ways(lens: PlateLens, places: Floats) -> Floats:
    return np.stack([lens.undistort(places), lens.distort(places)])
