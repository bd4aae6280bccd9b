"""The lens: from a ray to the pixel where it lies, and back.

The four models of Blender's movie clip camera, as its library libmv defines them
(libmv, simple_pipeline/distortion_models.h). With x, y a ray's slopes, s = x^2 + y^2 and the
image point in focal lengths from the principal point:

* POLYNOMIAL: (x, y) (1 + k1 s + k2 s^2 + k3 s^3). Brown, Decentering Distortion of Lenses, 1966,
  the radial part.
* DIVISION: (x, y) / (1 + k1 s + k2 s^2). After Fitzgibbon, Simultaneous linear estimation of
  multiple view geometry and lens distortion, 2001; but libmv takes s of the ray, not of the image.
* BROWN: (x, y) (1 + k1 s + k2 s^2 + k3 s^3 + k4 s^4)
  + (p1 (s + 2 x^2) + 2 p2 x y, p2 (s + 2 y^2) + 2 p1 x y). Brown, as above.
* NUKE, the other way about: with the image point (x, y) in halves of the frame's longer side,
  the ray is x / (1 + k1 s + k2 s^2 + p1 y^2), y / (1 + k1 s + k2 s^2 + p2 x^2). Foundry, Nuke's
  LensDistortion; p1 and p2 are in Blender from 5.1.

y is up. ``Bending`` is the solver's form, whose k1, k2 and k3 change while it looks for them; ``PlateLens``
has all of it, in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ..errors import InputError
from .model import Bools, Floats, Lens

NEWTON_ROUNDS = 20
NEWTON_STOP = 1e-12

COEFFICIENTS: dict[str, tuple[str, ...]] = {
    "POLYNOMIAL": ("k1", "k2", "k3"),
    "DIVISION": ("k1", "k2"),
    "BROWN": ("k1", "k2", "k3", "k4", "p1", "p2"),
    "NUKE": ("k1", "k2", "p1", "p2"),
}
"""The coefficients of each model, in the order in which the functions here take them."""

RESIDUAL = 1e-10
"""An inverse whose image is further than this from the point, in focal lengths, counts as not found."""
INVERSE_ROUNDS = 60
"""Newton takes 4 to 6; near a fold it is halving that decides, and 60 halvings exhaust a double."""

_DIRECTIONS = 180
_REACH = 8.0
"""How far a fold of a lens with tangential terms is searched, in focal lengths: 83 degrees off the axis."""
_STEPS = 2000


class FoldError(InputError):
    """A point lies where the lens model has folded over: no ray, or more than one, would be seen there."""

    def __init__(self, message: str, radius: float) -> None:
        super().__init__(message)
        self.radius = radius
        """Where the model folds, in the units of what raised: focal lengths, or pixels."""


# --- The solver's short form --------------------------------------------------------------------


def bend(model: str, k1: float, k2: float, s: Floats) -> Floats:
    """What a lens multiplies a ray's slopes by to give its image point; ``s`` the slopes' squared radius.

    Any shape. k1 and k2 are for focal lengths, those of NUKE too. A ray beyond NUKE's fold is put near it.
    """
    if model == "NUKE":
        return _nuke(k1, k2, s)[0]
    value = (k1 + k2 * s) * s
    return 1 / (1 + value) if model == "DIVISION" else 1 + value


def bend_derivatives(model: str, k1: float, k2: float, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """``bend`` with its derivatives by the squared radius, by k1 and by k2."""
    if model == "NUKE":
        return _nuke(k1, k2, s)
    if model == "DIVISION":
        factor = 1 / (1 + (k1 + k2 * s) * s)
        down = -factor * factor
        return factor, down * (k1 + 2 * k2 * s), down * s, down * s * s
    return 1 + (k1 + k2 * s) * s, k1 + 2 * k2 * s, s, s * s


def _nuke(k1: float, k2: float, s: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """As ``bend_derivatives``: with q the image's squared radius and D = 1 + k1 q + k2 q^2, s = q / D^2."""
    q = s.copy()
    for _ in range(NEWTON_ROUNDS):
        below = 1 + (k1 + k2 * q) * q
        rising = below - 2 * q * (k1 + 2 * k2 * q)  # D^3 times the derivative of s by q
        step = (q - s * below * below) * below / np.where(np.abs(rising) < 1e-3, 1e-3, rising)
        q = np.clip(q - step, 0, 10 * s + 1e-9)
        if np.max(np.abs(step), initial=0.0) < NEWTON_STOP:
            break
    below = 1 + (k1 + k2 * q) * q
    slope = k1 + 2 * k2 * q
    rising = below - 2 * q * slope
    rising = np.where(np.abs(rising) < 1e-3, 1e-3, rising)
    by_k1 = q * below / rising
    return below, slope * below**3 / rising, by_k1, q * by_k1


def distort(slopes: Floats, k1: float, k2: float, model: str = "POLYNOMIAL") -> Floats:
    """Image points (..., 2) in focal lengths of rays with ``slopes`` (..., 2)."""
    return slopes * bend(model, k1, k2, np.sum(slopes * slopes, axis=-1))[..., None]


def undistort(points: Floats, k1: float, k2: float, model: str = "POLYNOMIAL") -> Floats:
    """Slopes (..., 2) of the rays that lie at image ``points`` (..., 2) in focal lengths.

    Newton's method on the radius. Where the model folds over, the answer is the
    nearest the iteration comes; such points lie outside what the lens can image.
    """
    if k1 == 0 and k2 == 0:
        return points.copy()
    if model == "NUKE":
        return points / (1 + (k1 + k2 * (q := np.sum(points * points, axis=-1, keepdims=True))) * q)
    target = np.sqrt(np.sum(points * points, axis=-1))
    radius = target.copy()
    for _ in range(NEWTON_ROUNDS):
        s = radius * radius
        factor, by_s, _, _ = bend_derivatives(model, k1, k2, s)
        slope = factor + 2 * s * by_s
        step = (radius * factor - target) / np.where(np.abs(slope) < 1e-3, 1e-3, slope)
        radius = np.clip(radius - step, 0, 10 * target + 1e-9)
        if np.max(np.abs(step), initial=0.0) < NEWTON_STOP:
            break
    ratio = np.divide(radius, target, out=np.ones_like(radius), where=target > 1e-12)
    return points * ratio[..., None]


Bend = Sequence[float] | Floats
"""k1, k2 and k3 for focal lengths."""


@dataclass(frozen=True)
class Bent:
    """Image points of rays as a lens bends them, with their derivatives; in focal lengths."""

    x: Floats
    """(n,)"""
    y: Floats
    """(n,)"""
    by_slopes: tuple[Floats, Floats, Floats, Floats]
    """Each (n,): x by the ray's x and y, then y by them."""
    by_bend: tuple[tuple[Floats, Floats], ...]
    """x and y, each (n,), by k1, by k2 and, where the model has one, by k3."""


@dataclass(frozen=True)
class Bending:
    """A lens's distortion for focal lengths, y down: a solve may change k1, k2 and k3, never the rest.

    ``bend`` are these three; k3 is nothing in models that have none.
    """

    model: str = "POLYNOMIAL"
    rest: tuple[float, ...] = ()
    """The other coefficients in the order of ``COEFFICIENTS``; those left out at the end are zero."""

    @property
    def has_k3(self) -> bool:
        """Whether the model has a k3."""
        return "k3" in COEFFICIENTS[self.model]

    def _is_short(self, bend: Bend) -> bool:
        """Whether k1 and k2 are all there is, so that points move only outwards or inwards."""
        return not (bend[2] or any(self.rest))

    def at(self, bend: Bend) -> Distortion:
        """The whole distortion."""
        return Distortion(self.model, (*bend[: 3 if self.has_k3 else 2], *self.rest))

    def image(self, slopes: Floats, bend: Bend) -> Floats:
        """Image points (n, 2) of rays with ``slopes`` (n, 2); beyond a fold, near what it would be."""
        radial = distort(slopes, bend[0], bend[1], self.model)
        if self._is_short(bend):
            return radial
        whole = self.at(bend)
        if not whole.gives_rays:
            return whole.formula(slopes)
        points, found = whole.try_inverse(slopes)
        return np.where(found[:, None], points, radial)

    def derivatives(self, x: Floats, y: Floats, bend: Bend) -> Bent:
        """The image points of rays with slopes x and y (n,), and how they change."""
        if self._is_short(bend):
            s = x * x + y * y
            factor, slope, *by = bend_derivatives(self.model, bend[0], bend[1], s)
            across = 2 * x * y * slope
            by_slopes = factor + 2 * x * x * slope, across, across, factor + 2 * y * y * slope
            if self.has_k3:
                by.append(by[1] * s)
            return Bent(factor * x, factor * y, by_slopes, tuple((one * x, one * y) for one in by))
        slopes = np.stack([x, y], 1)
        whole, points = self.at(bend), self.image(slopes, bend)
        at = points if whole.gives_rays else slopes
        j, by_k = whole.formula_by_point(at), whole.formula_by_coefficients(at)
        if whole.gives_rays:  # the ray stays while point and coefficient change: J dp + F dk = 0
            j = np.linalg.inv(j)
            by_k = -np.matmul(j, by_k)
        by_slopes = j[:, 0, 0], j[:, 0, 1], j[:, 1, 0], j[:, 1, 1]
        by_bend = ((by_k[:, 0, number], by_k[:, 1, number]) for number in range(3 if self.has_k3 else 2))
        return Bent(points[:, 0], points[:, 1], by_slopes, tuple(by_bend))

    def slopes(self, points: Floats, bend: Bend) -> Floats:
        """Slopes (n, 2) of the rays that lie at image ``points`` (n, 2); beyond a fold, the nearest."""
        radial = undistort(points, bend[0], bend[1], self.model)
        if self._is_short(bend):
            return radial
        whole = self.at(bend)
        if whole.gives_rays:
            return whole.formula(points)
        slopes, found = whole.try_inverse(points)
        return np.where(found[:, None], slopes, radial)


def nuke_shares(model: str, focal_px: float, width: float, height: float) -> tuple[float, ...]:
    """What each of the model's coefficients is multiplied by to be for focal lengths; 1 but for NUKE.

    ``focal_px`` and the frame's size are in pixels as wide as high.
    """
    if model != "NUKE":
        return (1.0,) * len(COEFFICIENTS[model])
    share = (focal_px / (0.5 * max(width, height))) ** 2
    return share, share**2, share, share


def solver_shares(model: str, focal_px: float, width: float, height: float) -> tuple[float, ...]:
    """What each coefficient is multiplied by to be the solver's: for focal lengths, y down."""
    shares = nuke_shares(model, focal_px, width, height)
    return (*shares[:-1], -shares[-1]) if model == "BROWN" else shares  # p2 goes with y


def bending_of(
    model: str, coefficients: tuple[float, ...], focal_px: float, width: float, height: float
) -> tuple[Bending, Bend]:
    """The solver's form of a lens's distortion as Blender has it, and its k1, k2 and k3."""
    shares = solver_shares(model, focal_px, width, height)
    k1, k2, *rest = (value * share for value, share in zip(coefficients, shares))
    k3 = rest.pop(0) if rest and "k3" in COEFFICIENTS[model] else 0.0
    return Bending(model, tuple(rest)), (k1, k2, k3)


# --- Any model, in focal lengths ----------------------------------------------------------------


@dataclass(frozen=True)
class Distortion:
    """A distortion model with its coefficients, about the principal point, in focal lengths.

    NUKE's coefficients here are for focal lengths too: Nuke's own times (f / half the longer
    side)^2 for k1, p1 and p2, and to the fourth power for k2.
    """

    model: str
    coefficients: tuple[float, ...]
    """In the order of ``COEFFICIENTS``; those left out at the end are zero."""

    def __post_init__(self) -> None:
        if self.model not in COEFFICIENTS:
            raise InputError(
                f"unknown lens distortion model {self.model!r}: one of {', '.join(COEFFICIENTS)}"
            )
        count = len(COEFFICIENTS[self.model])
        if len(self.coefficients) > count:
            raise InputError(f"{self.model} has {count} coefficients, not {len(self.coefficients)}")
        if not all(math.isfinite(value) for value in self.coefficients):
            raise InputError(f"a coefficient of the lens's {self.model} distortion is not a number")
        padded = tuple(float(value) for value in self.coefficients)
        object.__setattr__(self, "coefficients", padded + (0.0,) * (count - len(padded)))

    @property
    def is_identity(self) -> bool:
        """Whether the lens bends nothing."""
        return not any(self.coefficients)

    @property
    def is_radial(self) -> bool:
        """Whether points move only along the line through the principal point."""
        return not any(self.coefficients[_radial_count(self.model) :])

    @property
    def gives_rays(self) -> bool:
        """Whether the model's formula leads from the image to the ray (NUKE), not from ray to image."""
        return self.model == "NUKE"

    def distort(self, slopes: Floats) -> Floats:
        """Image points (..., 2) of rays with ``slopes`` (..., 2).

        Raises FoldError where NUKE's formula cannot be inverted.
        """
        return self.invert_formula(slopes) if self.gives_rays else self.formula(slopes)

    def undistort(self, points: Floats) -> Floats:
        """Slopes (..., 2) of the rays seen at image ``points`` (..., 2); FoldError where there is none."""
        return self.formula(points) if self.gives_rays else self.invert_formula(points)

    def distort_by_slopes(self, slopes: Floats) -> Floats:
        """Derivatives (..., 2, 2) of ``distort``: row the image's coordinate, column the slope's."""
        if not self.gives_rays:
            return self.formula_by_point(slopes)
        return np.linalg.inv(self.formula_by_point(self.invert_formula(slopes)))

    def distort_by_coefficients(self, slopes: Floats) -> Floats:
        """Derivatives (..., 2, c) of ``distort`` by each of the model's coefficients."""
        if not self.gives_rays:
            return self.formula_by_coefficients(slopes)
        points = self.invert_formula(slopes)
        # The ray stays while point and coefficient change: J dp + F dk = 0.
        return -np.linalg.solve(self.formula_by_point(points), self.formula_by_coefficients(points))

    # The model's own formula, in whichever direction it leads

    def factor(self, s: Floats) -> Floats:
        """What the radial part multiplies a point at squared radius ``s`` by; any shape."""
        numbers = list(self.coefficients[: _radial_count(self.model)])
        while len(numbers) > 1 and numbers[-1] == 0.0:
            numbers.pop()
        value = numbers.pop() * s
        while numbers:
            value = (value + numbers.pop()) * s
        return 1 / (1 + value) if _divides(self.model) else 1 + value

    def formula(self, points: Floats) -> Floats:
        """The formula at ``points`` (..., 2)."""
        return np.stack(self.formula_parts(points[..., 0], points[..., 1]), -1)

    def formula_parts(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """The formula at x and y apart, of any shapes that go together: a row and a column make a grid."""
        xx, yy = x * x, y * y
        factor = self.factor(xx + yy)
        if self.is_radial:
            return x * factor, y * factor
        p1, p2 = self.coefficients[-2:]
        if _divides(self.model):
            return x / (1 / factor + p1 * yy), y / (1 / factor + p2 * xx)
        xy = 2 * x * y
        return x * factor + p1 * (3 * xx + yy) + p2 * xy, y * factor + p2 * (3 * yy + xx) + p1 * xy

    def formula_by_point(self, points: Floats) -> Floats:
        """Derivatives (..., 2, 2) of the formula: row its coordinate, column the point's."""
        x, y, xx, yy = _parts(points)
        s = xx + yy
        numbers = self.coefficients[: _radial_count(self.model)]
        value, slope = np.zeros_like(s), np.zeros_like(s)
        for power, number in reversed(list(enumerate(numbers, 1))):
            slope = slope * s + power * number
            value = (value + number) * s
        value = 1 + value
        out = np.empty((*s.shape, 2, 2))
        if _divides(self.model):
            p1, p2 = self.coefficients[-2:] if _has_tangential(self.model) else (0.0, 0.0)
            below_x, below_y = value + p1 * yy, value + p2 * xx
            out[..., 0, 0] = (below_x - 2 * xx * slope) / below_x**2
            out[..., 0, 1] = -2 * x * y * (slope + p1) / below_x**2
            out[..., 1, 0] = -2 * x * y * (slope + p2) / below_y**2
            out[..., 1, 1] = (below_y - 2 * yy * slope) / below_y**2
            return out
        across = 2 * x * y * slope
        out[..., 0, 0] = value + 2 * xx * slope
        out[..., 1, 1] = value + 2 * yy * slope
        if _has_tangential(self.model):
            p1, p2 = self.coefficients[-2:]
            out[..., 0, 0] += 6 * p1 * x + 2 * p2 * y
            out[..., 1, 1] += 6 * p2 * y + 2 * p1 * x
            across = across + 2 * p1 * y + 2 * p2 * x
        out[..., 0, 1] = across
        out[..., 1, 0] = across
        return out

    def formula_by_coefficients(self, points: Floats) -> Floats:
        """Derivatives (..., 2, c) of the formula by each coefficient."""
        x, y, xx, yy = _parts(points)
        s = xx + yy
        radial = _radial_count(self.model)
        out = np.empty((*s.shape, 2, len(self.coefficients)))
        if _divides(self.model):
            p1, p2 = self.coefficients[-2:] if _has_tangential(self.model) else (0.0, 0.0)
            below = 1 / self.factor(s)
            by_x, by_y = -x / (below + p1 * yy) ** 2, -y / (below + p2 * xx) ** 2
            tangential = ((by_x * yy, np.zeros_like(s)), (np.zeros_like(s), by_y * xx))
        else:
            by_x, by_y = x, y
            tangential = ((s + 2 * xx, 2 * x * y), (2 * x * y, s + 2 * yy))
        for power in range(radial):
            out[..., 0, power] = by_x * s ** (power + 1)
            out[..., 1, power] = by_y * s ** (power + 1)
        if _has_tangential(self.model):
            for column, (across, up) in enumerate(tangential, radial):
                out[..., 0, column], out[..., 1, column] = across, up
        return out

    def invert_formula(self, values: Floats) -> Floats:
        """The points (..., 2) at which the formula gives ``values`` (..., 2), on the side of the axis.

        The images of the points found are within ``RESIDUAL`` of the values. Raises FoldError,
        with the radius of the fold, where a value has no such point.
        """
        points, found = self.try_inverse(values)
        if not np.all(found):
            radius = fold_radius(self)
            raise FoldError(
                f"the lens's {self.model} distortion folds over at {radius:.4g} focal lengths from the "
                f"axis: {np.count_nonzero(~found)} of {found.size} points have no ray of their own",
                radius,
            )
        return points

    def try_inverse(self, values: Floats) -> tuple[Floats, Bools]:
        """As ``invert_formula``, but never raises: points (..., 2) and (...) which of them were found.

        Points that were not found are nan.
        """
        if self.is_identity:
            return values.copy(), np.isfinite(values).all(axis=-1)
        target = np.sqrt(np.sum(values * values, axis=-1))
        radial = Distortion(self.model, self.coefficients[: _radial_count(self.model)])
        radius = _invert_radius(radial, target)
        if self.is_radial:
            ratio = np.divide(radius, target, out=np.ones_like(target), where=target > 0)
            points = values * ratio[..., None]
            away = np.abs(radius * self.factor(radius * radius) - target)
            found = away <= RESIDUAL  # False for nan
        else:
            start = np.where(np.isfinite(radius), radius, 0.5 * target)
            ratio = np.divide(start, target, out=np.ones_like(target), where=target > 0)
            points, found = self._newton(values * ratio[..., None], values)
        points[~found] = np.nan
        return points, found

    def try_formula(self, points: Floats) -> tuple[Floats, Bools]:
        """The formula at ``points`` (..., 2), and (...) which of them lie on this side of the fold."""
        folds = _folds(self)
        s = np.sum(points * points, axis=-1)
        if np.all(s < np.min(folds) ** 2):
            return self.formula(points), np.ones(s.shape, dtype=bool)
        limit = np.interp(np.arctan2(points[..., 1], points[..., 0]), _angles(), folds)
        with np.errstate(all="ignore"):  # at a pole
            return self.formula(points), s < limit * limit

    def _newton(self, points: Floats, values: Floats) -> tuple[Floats, Bools]:
        """Newton's method in the plane, kept on the near side of the fold; and which have converged."""
        points = self._before_fold(points)
        away = np.full(points.shape[:-1], np.inf)
        with np.errstate(all="ignore"):  # points beyond the fold may run anywhere: found tells
            for _ in range(INVERSE_ROUNDS):
                missing = values - self.formula(points)
                now = np.sqrt(np.sum(missing * missing, axis=-1))
                if not np.any((now < away) & (now > 0.01 * RESIDUAL)):
                    break
                away = np.fmin(away, now)
                j = self.formula_by_point(points)
                area = j[..., 0, 0] * j[..., 1, 1] - j[..., 0, 1] * j[..., 1, 0]
                area = np.where(np.abs(area) < 1e-12, 1e-12, area)
                step_x = (j[..., 1, 1] * missing[..., 0] - j[..., 0, 1] * missing[..., 1]) / area
                step_y = (j[..., 0, 0] * missing[..., 1] - j[..., 1, 0] * missing[..., 0]) / area
                points = self._before_fold(points + np.stack([step_x, step_y], -1))
            missing = values - self.formula(points)
            away = np.sqrt(np.sum(missing * missing, axis=-1))
        return points, away <= RESIDUAL

    def _before_fold(self, points: Floats) -> Floats:
        """Points beyond the fold drawn back to just before it."""
        folds = _folds(self)
        if not np.any(np.isfinite(folds)):
            return points
        turn = np.arctan2(points[..., 1], points[..., 0])
        limit = np.interp(turn, _angles(), folds) * (1 - 1e-6)
        radius = np.sqrt(np.sum(points * points, axis=-1))
        shrink = np.divide(limit, radius, out=np.ones_like(radius), where=radius > limit)
        return points * shrink[..., None]


def fold_radius(distortion: Distortion) -> float:
    """The smallest radius, in focal lengths, at which the model's formula turns back on itself.

    There the determinant of its derivatives is zero, or a division model has its pole; inf where
    it never does. For NUKE this is a radius in the image, for the others one of rays. Exact for
    radial models; with tangential terms, the nearest over 180 directions, searched to 83 degrees.
    """
    return float(np.min(_folds(distortion)))


def _parts(points: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """x, y, x^2 and y^2 of points (..., 2), each (...)."""
    x: Floats = points[..., 0]
    y: Floats = points[..., 1]
    return x, y, x * x, y * y


def _radial_count(model: str) -> int:
    return sum(name.startswith("k") for name in COEFFICIENTS[model])


def _has_tangential(model: str) -> bool:
    return _radial_count(model) < len(COEFFICIENTS[model])


def _divides(model: str) -> bool:
    return model in ("DIVISION", "NUKE")


def _angles() -> Floats:
    """Directions of ``_folds``, the first again at the end so that it can be interpolated."""
    return np.linspace(-math.pi, math.pi, _DIRECTIONS + 1)


@lru_cache(maxsize=64)
def _folds(distortion: Distortion) -> Floats:
    """(directions + 1,) the radius of the fold in each of ``_angles``."""
    if distortion.is_radial:
        return np.full(_DIRECTIONS + 1, _radial_fold(distortion))
    along = np.stack([np.cos(_angles()), np.sin(_angles())], -1)

    def area(radius: Floats) -> Floats:
        with np.errstate(all="ignore"):  # a pole of the division is a fold too
            j = distortion.formula_by_point(along[:, None, :] * radius[..., None])
            value = j[..., 0, 0] * j[..., 1, 1] - j[..., 0, 1] * j[..., 1, 0]
        return np.where(np.isfinite(value), value, -1.0)

    steps = np.linspace(0, _REACH, _STEPS + 1)
    turned = area(np.broadcast_to(steps, (len(along), len(steps)))) <= 0
    if _divides(distortion.model):
        # Beyond a pole the sign may be right again: the formula's own sign tells.
        numbers = distortion.formula(along[:, None, :] * steps[None, :, None])
        turned |= np.sum(numbers * along[:, None, :], axis=-1) < 0
    first = np.argmax(turned, axis=1)
    folds = np.where(turned.any(axis=1), steps[np.maximum(first - 1, 0)], np.inf)
    low, high = folds.copy(), np.where(np.isfinite(folds), steps[first], np.inf)
    for _ in range(50):
        middle = np.where(np.isfinite(low), 0.5 * (low + high), 0.0)
        before = area(middle[:, None])[:, 0] > 0
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    folds = np.where(np.isfinite(folds), low, np.inf)
    folds.setflags(write=False)
    return folds


def _radial_fold(distortion: Distortion) -> float:
    """The smallest positive root of the derivative of r factor(r^2), and the pole of a division."""
    numbers = distortion.coefficients[: _radial_count(distortion.model)]
    if _divides(distortion.model):
        # D - 2 s D' for the fold, D for the pole
        polynomials = [
            [1.0] + [(1 - 2 * power) * number for power, number in enumerate(numbers, 1)],
            [1.0, *numbers],
        ]
    else:
        polynomials = [[1.0] + [(1 + 2 * power) * number for power, number in enumerate(numbers, 1)]]
    smallest = math.inf
    for polynomial in polynomials:
        roots = np.roots(np.trim_zeros(polynomial[::-1], "f"))
        real = roots.real[(np.abs(roots.imag) < 1e-9 * (1 + np.abs(roots))) & (roots.real > 0)]
        smallest = min(smallest, float(np.min(real, initial=math.inf)))
    return math.sqrt(smallest)


def _invert_radius(radial: Distortion, target: Floats) -> Floats:
    """(...) the radius that the radial formula takes to ``target`` (...); nan beyond the fold.

    Newton's method, with halving where a step would leave the interval that holds the answer.
    """
    fold = _radial_fold(radial)
    low, high = np.zeros_like(target), np.full_like(target, fold)
    radius = np.minimum(target, 0.999 * fold) if math.isfinite(fold) else target.copy()
    with np.errstate(all="ignore"):  # at a pole the value is infinite, which is right
        for _ in range(INVERSE_ROUNDS):
            s = radius * radius
            factor = radial.factor(s)
            missing = target - radius * factor
            low = np.where(missing > 0, radius, low)
            high = np.where(missing < 0, radius, high)
            step = missing / _radial_slope(radial, s, factor)
            moved = radius + step
            outside = ~((moved >= low) & (moved <= high))
            middle = np.where(np.isfinite(high), 0.5 * (low + high), 2 * radius)
            moved = np.where(outside, middle, moved)
            done = np.abs(missing) <= 0.01 * RESIDUAL
            moved = np.where(done, radius, moved)
            if np.all(done | (moved == radius)):
                break
            radius = moved
        away = np.abs(radius * radial.factor(radius * radius) - target)
    return np.where(away <= RESIDUAL, radius, np.nan)


def _radial_slope(radial: Distortion, s: Floats, factor: Floats) -> Floats:
    """The derivative of r factor(r^2) by r, at s = r^2."""
    numbers = radial.coefficients[: _radial_count(radial.model)]
    slope = np.zeros_like(s)
    for power, number in reversed(list(enumerate(numbers, 1))):
        slope = slope * s + power * number
    if _divides(radial.model):
        slope = -slope * factor * factor
    return factor + 2 * s * slope


# --- A lens before a frame, in pixels -----------------------------------------------------------


@dataclass(frozen=True)
class PlateLens:
    """A lens before the frame of a plate, as Blender's movie clip camera has it.

    Pixels have their origin at the bottom left corner, edges at integers, y up. The straight
    picture is what a camera without distortion would see with the same focal length and
    principal point: straight pixel = principal point + focal length * slope.
    """

    width: int
    height: int
    focal_px: float
    """Focal length in widths of a pixel."""
    model: str = "POLYNOMIAL"
    coefficients: tuple[float, ...] = ()
    """In the order of ``COEFFICIENTS``, as Blender has them; those left out at the end are zero."""
    principal: tuple[float, float] | None = None
    """The principal point in pixels; None for the middle of the frame."""
    pixel_aspect: float = 1.0
    """Width of a pixel over its height."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise InputError(f"a lens needs a frame to lie before, not one of {self.width}x{self.height}")
        if not (math.isfinite(self.focal_px) and self.focal_px > 0):
            raise InputError(f"a lens cannot have a focal length of {self.focal_px:g} pixels")
        if not (math.isfinite(self.pixel_aspect) and self.pixel_aspect > 0):
            raise InputError(f"pixels cannot have an aspect of {self.pixel_aspect:g}")
        if not all(math.isfinite(value) for value in self.center):
            raise InputError("the lens's principal point is not a number")
        _ = self.distortion  # says what is wrong with model and coefficients

    @property
    def center(self) -> tuple[float, float]:
        """The principal point in pixels."""
        return self.principal if self.principal is not None else (0.5 * self.width, 0.5 * self.height)

    @property
    def distortion(self) -> Distortion:
        """The distortion in focal lengths."""
        own = Distortion(self.model, self.coefficients)
        if self.model != "NUKE":
            return own
        # libmv normalises by half of the longer side, heights in widths of a pixel.
        shares = nuke_shares("NUKE", self.focal_px, self.width, self.height / self.pixel_aspect)
        return Distortion("NUKE", tuple(value * share for value, share in zip(own.coefficients, shares)))

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels in a focal length, across and up."""
        return self.focal_px, self.focal_px * self.pixel_aspect

    def to_slopes(self, pixels: Floats) -> Floats:
        """Pixels (..., 2) as slopes (..., 2) or, for the plate's pixels, image points in focal lengths."""
        return (pixels - np.array(self.center)) / np.array(self.scale)

    def to_pixels(self, slopes: Floats) -> Floats:
        """Slopes or image points in focal lengths (..., 2) as pixels (..., 2)."""
        return slopes * np.array(self.scale) + np.array(self.center)

    def distort(self, straight: Floats) -> Floats:
        """Where in the plate lies what the straight picture has at pixels ``straight`` (..., 2).

        Raises FoldError, radius in pixels, where the model folds over before it reaches a point.
        """
        return self._mapped(straight, inverse=self.distortion.gives_rays)

    def undistort(self, plate: Floats) -> Floats:
        """Where in the straight picture lies what the plate has at pixels ``plate`` (..., 2).

        Raises FoldError, radius in pixels, where the model folds over before it reaches a point.
        """
        return self._mapped(plate, inverse=not self.distortion.gives_rays)

    def distort_by_pixel(self, straight: Floats) -> Floats:
        """Derivatives (..., 2, 2) of ``distort``: row the plate's coordinate, column the straight one's."""
        scale = np.array(self.scale)
        return self.distortion.distort_by_slopes(self.to_slopes(straight)) * scale[:, None] / scale

    def resized(self, width: int, height: int) -> PlateLens:
        """The same lens before the same picture at another size in pixels."""
        across, up = width / self.width, height / self.height
        return replace(
            self,
            width=width,
            height=height,
            focal_px=self.focal_px * across,
            principal=(self.center[0] * across, self.center[1] * up),
            pixel_aspect=self.pixel_aspect * up / across,
        )

    @property
    def fold_radius_px(self) -> float:
        """How far from the principal point, in widths of a pixel, the model folds over; inf for never."""
        return fold_radius(self.distortion) * self.focal_px

    def _mapped(self, pixels: Floats, inverse: bool) -> Floats:
        distortion = self.distortion
        if distortion.is_identity:
            return np.array(pixels, dtype=float)
        points = self.to_slopes(pixels)
        mapped, found = distortion.try_inverse(points) if inverse else distortion.try_formula(points)
        if not np.all(found):
            lost = self.to_slopes(np.asarray(pixels)[~found])
            reach = float(np.min(np.sqrt(np.sum(lost * lost, axis=-1)))) * self.focal_px
            raise FoldError(self._fold_message(inverse, reach), self.fold_radius_px)
        return self.to_pixels(mapped)

    def _fold_message(self, inverse: bool, reach: float) -> str:
        pictures = ("plate", "straight picture")
        folded, other = pictures if self.distortion.gives_rays else pictures[::-1]
        return (
            f"the lens's {self.model} distortion folds over {self.fold_radius_px:.0f} px from the principal "
            f"point of the {folded}: nothing is to be had for the {other if inverse else folded} "
            f"{reach:.0f} px from it (frame {self.width}x{self.height}, focal length {self.focal_px:.0f} px)"
        )


def plate_lens(lens: Lens) -> PlateLens:
    """A solved lens with its distortion, in pixels."""
    return PlateLens(
        width=lens.width,
        height=lens.height,
        focal_px=lens.focal_px,
        model=lens.model,
        coefficients=lens.coefficients,
        principal=lens.principal,
        pixel_aspect=lens.pixel_aspect,
    )


def named_coefficients(lens: Lens) -> dict[str, float]:
    """A solved lens's coefficients by their names: k1 and k2, and of the others those that are not zero."""
    named = zip(COEFFICIENTS[lens.model], lens.coefficients)
    return {name: value for name, value in named if value or name in ("k1", "k2")}
