"""Moves that lay a solve into the world: level its floor, place its origin, give it a size.

Each is a (4, 4) similarity from the world as it is to the world as it shall be; world up is +Z and the
floor is z = 0. A solve has none of the three by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .engine.model import Floats
from .errors import InputError
from .floor import Floor, find_floor, fit_floor

ON_FLOOR = 0.01
"""A point this near the floor lies on it, in parts of the median distance to the camera."""


def level(points: Floats, places: Floats) -> Floats:
    """The move that makes the plane through ``points`` (n, 3) the floor, and their middle the origin.

    Up is the side on which the cameras ``places`` (c, 3) are. It turns by no more than it must, so that
    what lay to the right stays there; sizes stay. Raises InputError for fewer than three points, or a line.
    """
    try:
        floor = fit_floor(points, _cameras_at(places), np.ones(len(points), dtype=bool), known=1.0)
    except ValueError as error:
        raise InputError(str(error)) from None
    return level_to(floor.matrix[2, :3], points.mean(axis=0))


def level_to(up: Floats, origin: Floats) -> Floats:
    """The move that turns the unit vector ``up`` (3,) to +Z by the shortest way and ``origin`` (3,) to 0."""
    turn = _shortest_turn(up)
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = -turn @ origin
    return matrix


def _shortest_turn(up: Floats) -> Floats:
    """(3, 3) rotation that takes the unit vector ``up`` to +Z (Rodrigues' formula); half a turn about X
    where it points straight down.
    """
    x, y, z = up
    if z < -1 + 1e-9:
        return np.diag([1.0, -1.0, -1.0])
    cross = np.array([[0.0, 0.0, -x], [0.0, 0.0, -y], [x, y, 0.0]])
    return np.eye(3) + cross + cross @ cross / (1.0 + z)


def _cameras_at(places: Floats) -> Floats:
    cameras = np.tile(np.eye(4), (len(places), 1, 1))
    cameras[:, :3, 3] = places
    return cameras


def to_origin(point: Floats, *, floor_within: float = 0.0) -> Floats:
    """The move that brings ``point`` (3,) to the origin.

    A point no farther than ``floor_within`` from the floor lies on it but for its error: the floor then
    stays at its height.
    """
    matrix = np.eye(4)
    matrix[:3, 3] = -point
    if abs(point[2]) <= floor_within:
        matrix[2, 3] = 0.0
    return matrix


def along_x(point: Floats) -> Floats:
    """The turn about Z that brings ``point`` (3,) over the X axis. Raises InputError for one on that axis."""
    length = float(np.hypot(point[0], point[1]))
    if length < 1e-9:
        raise InputError("the point lies above the origin; choose one to its side")
    cosine, sine = point[0] / length, point[1] / length
    matrix = np.eye(4)
    matrix[:2, :2] = [[cosine, sine], [-sine, cosine]]
    return matrix


def scaled(factor: float) -> Floats:
    """The move that enlarges all about the origin. Raises InputError for a factor that is not above 0."""
    if not (np.isfinite(factor) and factor > 0):
        raise InputError(f"the scale must be above 0, not {factor:g}")
    matrix = np.eye(4)
    matrix[:3, :3] *= factor
    return matrix


def to_distance(one: Floats, other: Floats, metres: float) -> Floats:
    """The move after which two points (3,) are ``metres`` apart. Raises InputError where they coincide."""
    apart = float(np.linalg.norm(np.subtract(one, other)))
    if not apart > 0:
        raise InputError("the two points coincide")
    return scaled(metres / apart)


def to_height(height: float, metres: float) -> Floats:
    """The move after which what was ``height`` above the floor is ``metres``. InputError for 0 or less."""
    if not height > 0:
        raise InputError("the camera is not above the floor; set the floor first")
    return scaled(metres / height)


def apply(move: Floats, points: Floats) -> Floats:
    """Points (n, 3) after a move."""
    return points @ move[:3, :3].T + move[:3, 3]


def on_floor_within(points: Floats, places: Floats) -> float:
    """How near the floor a point must be to count as lying on it: see ON_FLOOR."""
    if not len(points) or not len(places):
        return 0.0
    return ON_FLOOR * float(np.median(np.linalg.norm(points - np.median(places, axis=0), axis=1)))


# --- as a shot file says it -----------------------------------------------------------------------


def laid_out(
    points: Floats,
    cameras: Floats,
    names: Sequence[str],
    *,
    floor: str | Sequence[str] = "auto",
    scale: float | tuple[Sequence[str], float] | None = None,
    origin: str | None = None,
) -> Floor | None:
    """The floor of a solve with scale and origin as a shot file gives them; None where it stays as it is.

    ``points`` (p, 3) and ``cameras`` (c, 4, 4) are the solve's, ``names`` (p,) the points' tracks.
    ``floor`` is ``auto``, ``none`` or tracks; ``scale`` a factor on the solve, or two tracks and the metres
    between them; without one, and with a floor, the camera's mean height is taken for that of a person's
    eyes. ``origin`` is a track. Raises LayoutError, with the key at fault, for a track that is not solved or
    a plane that is none.
    """
    known = _known_scale(points, names, scale)
    if floor == "none":
        if known is None and origin is None:
            return None
        nothing = np.zeros(len(points), dtype=bool)
        found = Floor(scaled(known or 1.0), 1.0, nothing)
    elif floor == "auto":
        found = find_floor(points, cameras, known=known)
    else:
        chosen = np.isin(names, _solved(names, list(floor), "floor"))
        try:
            found = fit_floor(points, cameras, chosen, known=known)
        except ValueError as error:
            raise LayoutError("floor", str(error)) from None
    if origin is None:
        return found
    _solved(names, [origin], "origin")
    world = apply(found.matrix, points)
    places = apply(found.matrix, cameras[:, :3, 3])
    within = on_floor_within(world, places) if floor != "none" else 0.0
    point = world[list(names).index(origin)]
    return replace(found, matrix=to_origin(point, floor_within=within) @ found.matrix)


class LayoutError(InputError):
    """The floor, scale or origin of a shot cannot be had; ``key`` is the one at fault."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def _known_scale(
    points: Floats, names: Sequence[str], scale: float | tuple[Sequence[str], float] | None
) -> float | None:
    """Metres a unit of the solve, None where nobody said."""
    if scale is None or isinstance(scale, (int, float)):
        return scale
    tracks, metres = scale
    _solved(names, tracks, "scale")
    ends = [points[list(names).index(name)] for name in tracks]
    try:
        return float(np.cbrt(np.linalg.det(to_distance(ends[0], ends[1], metres)[:3, :3])))
    except InputError as error:
        raise LayoutError("scale", str(error)) from None


def _solved(names: Sequence[str], wanted: Sequence[str], key: str) -> Sequence[str]:
    """``wanted`` again. Raises LayoutError for a track that has no point."""
    missing = [name for name in wanted if name not in names]
    if missing:
        raise LayoutError(key, f"no solved track is called {missing[0]!r}")
    return wanted
