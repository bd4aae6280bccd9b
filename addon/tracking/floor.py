"""Where the ground is: a plane under the camera, found among the bundles of a solve.

A solve has no up, no origin and no size of its own. The floor gives it all three, so
that an object put at the world's origin stands in front of the camera on the ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .engine.model import Bools, Floats

CAMERA_HEIGHT_M = 1.6
"""A guess, in metres: how high above the floor a person holds the camera. It sets the scale."""

CANDIDATES = 1500
"""Planes through three bundles that are tried; at 15 percent floor, one in 300 is all floor."""

TOLERANCE = 0.01
"""A bundle this far from a plane belongs to it, in parts of the median distance to the camera."""

MOST_TILT = np.radians(55.0)
"""A floor's normal is at most this far from the cameras' upright direction."""

LIKELY_SHARE = 0.15
"""A floor that has this share of all bundles, or more, is not one by chance: what stands on it has most."""

FEWEST = 8
"""A floor has at least this many bundles."""

LEAST_CONFIDENCE = 0.15
"""Below this the plane is taken for chance, and the fallback is used."""

FALLBACK_CONFIDENCE = 0.05

SURE_FLOOR = 0.5
"""A floor that is less sure than this is reported."""


@dataclass(frozen=True)
class Floor:
    """The ground of a solve."""

    matrix: Floats
    """(4, 4) similarity from solve space to a world in metres: floor z = 0, up +Z, the view along +Y."""
    confidence: float
    """0 ... 1; below LEAST_CONFIDENCE no plane was found and the floor is a guess."""
    inliers: Bools
    """(n,) which of the points lie on the floor."""


def find_floor(
    points: Floats,
    cameras: Floats,
    *,
    known: float | None = None,
    camera_height: float = CAMERA_HEIGHT_M,
    seed: int = 0,
) -> Floor:
    """The largest level plane below the ``cameras`` (c, 4, 4) among ``points`` (n, 3), by seeded RANSAC.

    ``known`` is how many metres one unit of solve space is, where somebody measured it;
    otherwise the mean height of the cameras above the floor becomes ``camera_height`` metres.
    The same input always gives the same floor. Raises ValueError for no cameras at all.
    """
    if not len(cameras):
        raise ValueError("a floor needs at least one camera")
    upright = upright_direction(cameras)
    finite = np.isfinite(points).all(axis=1)
    inliers = np.zeros(len(points), dtype=bool)
    plane = _best_plane(points[finite], cameras, upright, seed)
    if plane is not None:
        normal, height, tolerance = plane
        distance = np.abs(points[finite] @ normal - height)
        inliers[finite] = distance <= tolerance
        confidence = _confidence(distance, tolerance, float(normal @ upright))
        if confidence >= LEAST_CONFIDENCE:
            matrix = _world(points[inliers], cameras, normal, height, known, camera_height)
            return Floor(matrix, confidence, inliers)
    inliers[:] = False
    height = _guessed_height(points[finite], cameras, upright)
    matrix = _world(points[finite], cameras, upright, height, known, camera_height)
    return Floor(matrix, FALLBACK_CONFIDENCE, inliers)


def fit_floor(
    points: Floats,
    cameras: Floats,
    chosen: Bools,
    *,
    known: float | None = None,
    camera_height: float = CAMERA_HEIGHT_M,
) -> Floor:
    """The plane through the ``chosen`` (n,) of the ``points`` (n, 3), by least squares, as the floor.

    The origin is in their middle; up is the side on which the ``cameras`` (c, 4, 4) are. ``known`` and
    ``camera_height`` as for ``find_floor``. Raises ValueError for fewer than three points or a line of them.
    """
    on_plane = points[chosen]
    if len(on_plane) < 3:
        raise ValueError("a floor needs three points at least")
    middle = on_plane.mean(axis=0)
    _, sizes, axes = np.linalg.svd(on_plane - middle, full_matrices=False)
    if sizes[1] < 1e-6 * sizes[0]:
        raise ValueError("the points of the floor lie on a line")
    normal = axes[2] if (cameras[:, :3, 3].mean(axis=0) - middle) @ axes[2] > 0 else -axes[2]
    height = float(normal @ middle)
    matrix = _world(on_plane, cameras, normal, height, known, camera_height)
    matrix[:3, 3] = -matrix[:3, :3] @ middle
    return Floor(matrix, 1.0, chosen.copy())


def upright_direction(cameras: Floats) -> Floats:
    """(3,) unit vector that is up for whoever held the cameras (c, 4, 4).

    A camera is tilted up and down far more than it is rolled, so up is at right angles
    to the cameras' right axes; where these all point one way, the cameras' mean up decides.
    Of the two ways along it, up is the one towards the frame's top and, in a steep view
    of a table, back towards the camera.
    """
    right, up, back = cameras[:, :3, 0], cameras[:, :3, 1].mean(axis=0), cameras[:, :3, 2].mean(axis=0)
    weigh = 0.005 * np.outer(up, up) - right.T @ right / len(right)
    direction = np.linalg.eigh(weigh)[1][:, -1]
    return direction if direction @ (up + 0.5 * back) >= 0 else -direction


def _best_plane(
    points: Floats, cameras: Floats, upright: Floats, seed: int
) -> tuple[Floats, float, float] | None:
    """Normal (3,), height along it and tolerance of the best floor, or None where there is none to try."""
    if len(points) < FEWEST:
        return None
    places = cameras[:, :3, 3]
    tolerance = TOLERANCE * float(np.median(np.linalg.norm(points - np.median(places, axis=0), axis=1)))
    if tolerance <= 0:
        return None
    random = np.random.default_rng(seed)
    corners = points[random.integers(0, len(points), (CANDIDATES, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    usable = lengths > tolerance**2
    normals = normals[usable] / lengths[usable, None]
    normals *= np.where(normals @ upright < 0, -1.0, 1.0)[:, None]
    heights = np.einsum("ij,ij->i", normals, corners[usable, 0])
    fits = _scores(points, places, upright, normals, heights, tolerance)
    if not len(fits) or fits.max() < FEWEST / 2:
        return None
    best = int(fits.argmax())
    return _refined(points, places, upright, normals[best], float(heights[best]), tolerance)


def _scores(
    points: Floats, places: Floats, upright: Floats, normals: Floats, heights: Floats, tolerance: float
) -> Floats:
    """(k,) how good a floor each plane would be; negative for planes that cannot be one.

    Bundles on the plane count for it, bundles below it half against it (a table's top is no
    floor; a puddle's reflection must not hide one), and both less the more the plane leans.
    """
    distance = points @ normals.T - heights
    on_plane = np.sum(np.abs(distance) <= tolerance, axis=0)
    below = np.sum(distance < -2 * tolerance, axis=0)
    cosine = normals @ upright
    score = (on_plane - 0.5 * below) * cosine**2
    under_cameras = np.min(places @ normals.T - heights, axis=0) > 2 * tolerance
    return np.where(under_cameras & (cosine >= np.cos(MOST_TILT)), score, -1.0)


def _refined(
    points: Floats, places: Floats, upright: Floats, normal: Floats, height: float, tolerance: float
) -> tuple[Floats, float, float]:
    """The plane fitted to its bundles by least squares, and how far from it a bundle may lie.

    After each fit the tolerance follows the bundles' own scatter (2.5 standard deviations by the
    median), between a quarter and all of what it was: what merely touches the floor drops out.
    A fit that makes a worse floor ends it.
    """
    widest = tolerance
    score = _scores(points, places, upright, normal[None], np.array([height]), widest)[0]
    for _ in range(10):
        distance = np.abs(points @ normal - height)
        on_plane = points[distance <= tolerance]
        if len(on_plane) < FEWEST:
            break
        middle = on_plane.mean(axis=0)
        fitted = np.linalg.svd(on_plane - middle, full_matrices=False)[2][-1]
        fitted = fitted if fitted @ upright >= 0 else -fitted
        fitted_height = float(fitted @ middle)
        better = _scores(points, places, upright, fitted[None], np.array([fitted_height]), widest)[0]
        if better < 0.9 * score:
            break
        normal, height = fitted, fitted_height
        distance = np.abs(points @ normal - height)
        scatter = 1.4826 * float(np.median(distance[distance <= widest]))
        tolerance = float(np.clip(2.5 * scatter, 0.25 * widest, widest))
    return normal, height, tolerance


def _confidence(distance: Floats, tolerance: float, cosine: float) -> float:
    """0 ... 1 from how many bundles lie on the plane, how sharply, and how level it is.

    In a slab three times as thick, chance would leave a third of the bundles within the tolerance.
    """
    on_plane, near = int(np.sum(distance <= tolerance)), int(np.sum(distance <= 3 * tolerance))
    if on_plane < FEWEST:
        return 0.0
    sharp = (on_plane / near - 1 / 3) / (2 / 3)
    share = min(1.0, on_plane / len(distance) / LIKELY_SHARE)
    number = min(1.0, on_plane / 30)
    return float(np.clip(sharp * share * number * cosine**2, 0.0, 1.0))


def _guessed_height(points: Floats, cameras: Floats, upright: Floats) -> float:
    """Height along ``upright`` of a floor nobody can see: under nearly all bundles, and under the cameras."""
    places = cameras[:, :3, 3] @ upright
    if not len(points):
        return float(places.min()) - 1.0
    distance = float(np.median(np.linalg.norm(points - np.median(cameras[:, :3, 3], axis=0), axis=1)))
    lowest = float(np.percentile(points @ upright, 5.0))
    return min(lowest, float(places.min()) - 0.1 * distance)


def _world(
    near: Floats, cameras: Floats, normal: Floats, height: float, known: float | None, camera_height: float
) -> Floats:
    """(4, 4) similarity to the world whose floor is this plane, its origin by the points ``near`` (m, 3)."""
    places = cameras[:, :3, 3]
    origin = _looked_at(near, cameras, normal, height)
    forward = origin - places.mean(axis=0)
    forward -= normal * (forward @ normal)
    if np.linalg.norm(forward) < 1e-6 * np.linalg.norm(origin - places.mean(axis=0)):
        forward = cameras[:, :3, 1].mean(axis=0)  # it looks straight down: the frame's top is ahead
        forward -= normal * (forward @ normal)
    forward /= np.linalg.norm(forward)
    scale = known if known is not None else camera_height / float(np.mean(places @ normal - height))
    axes = np.array([np.cross(forward, normal), forward, normal])
    matrix = np.eye(4)
    matrix[:3, :3] = scale * axes
    matrix[:3, 3] = -scale * axes @ origin
    return matrix


def _looked_at(near: Floats, cameras: Floats, normal: Floats, height: float) -> Floats:
    """(3,) the point of the plane in the middle of what the cameras look at.

    Where most cameras' middle meets the floor at no more than twice the distance of the points
    ``near`` (m, 3), that is the place; a camera that looks above it gets the middle of the points.
    From there it goes to the middle of the nearest few points, for a table ends somewhere.
    """
    places, ahead = cameras[:, :3, 3], -cameras[:, :3, 2]
    above, sinking = places @ normal - height, -(ahead @ normal)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(sinking > 0, above / sinking, np.inf)
    usual = np.median(np.linalg.norm(near - places.mean(axis=0), axis=1)) if len(near) else np.inf
    hits = np.isfinite(distance) & (distance <= 2 * usual)
    if hits.sum() * 2 >= len(cameras):
        target = np.median(places[hits] + distance[hits, None] * ahead[hits], axis=0)
    elif len(near):
        target = np.median(near, axis=0)
    else:
        target = (places + 2 * above[:, None] * ahead).mean(axis=0)
    if len(near) >= FEWEST:
        few = max(FEWEST, len(near) // 10)
        nearest = np.argsort(np.linalg.norm(near - target, axis=1), kind="stable")[:few]
        target = near[nearest].mean(axis=0)
    return target - normal * (target @ normal - height)
