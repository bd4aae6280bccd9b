"""Which tracks do not belong to the still world: votes over windows of frames.

All points of a still world obey one epipolar geometry between two frames. But two frames are fooled easily:
one geometry can be found that suits much of what moves and of what stands, above all where one of them
is a plane (Chum and others, Two-view geometry estimation unaffected by a dominant plane, 2005). So several
frames vote at once: a track belongs to a group when it obeys the group's geometry in all of them. The first
group of a window begins with MAGSAC++ (Barath et al., 2020), the second with what the first leaves; groups of
different windows belong together where they share their tracks, and those with the most behind them over the
whole clip are the still world.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from .model import Bools, Floats, Tracks

GAPS = (3, 6, 10, 16, 25, 40)
SHORT_GAPS = (1, 2, 3, 4, 6)
"""Where markers' tracks usually last no longer than twice the smallest of the gaps."""
STARTS = 40
"""How many frames pairs start from, at most about."""
WINDOWS = 16
"""How many frames windows start from, at most about."""
REACHES = (40, 25, 16, 10, 6, 3)
"""Frames that a window may span."""
SHORT_SHARE = 0.4
"""The second, shorter window from each frame spans at most this share of the first."""
LEAST_TRACKS = 25
LEAST_GROUP = 12
LEAST_MOTION = 0.008
"""Least median motion between the frames of a pair, as a share of the width."""
EPIPOLAR_PX = 0.6
"""From which a group starts; it ends at"""
SIGMAS = 3.0
"""times the group's own deviation, which counts as no less and no more than"""
SIGMA_PX = (0.03, 1.0)
FIT_ROUNDS = 8
PLANE_PX = 2.0
FLAT_SIGMAS = 8.0
FLAT_SHARE = 0.85
"""A group with so many of its tracks within so many deviations of a plane's motion is flat,"""
FLAT_WEIGHT = 0.5
"""and counts less: the world has depth."""
HELD_SHARE = 0.6
"""A group of another window belongs to the tracks chosen so far when it holds so many of them."""
LEAST_COMMON = 5
MIXED_SHARE = 0.6
"""A group is mixed when it holds so many of the movers that its window sees."""
SEED_WINDOWS = 6
"""From the groups of so many windows the search for the still world begins."""
MOVES = "moves, or slipped"
"""The reason of tracks that do not belong to the still world."""
LEAST_SHARE = 0.8
"""A track must agree with this share of its windows; the solve takes those back that fit after all."""

Index = NDArray[np.intp]


@dataclass(frozen=True)
class FramePair:
    """Two frames that see the same points from different places."""

    first: int
    second: int
    parallax: float
    """How badly a plane explains the motion, in pixels, less where few points tell."""


@dataclass
class Votes:
    """What the windows said."""

    agrees: Bools
    """(count,) False for each track that fails too often; True where no window could tell."""
    pairs: list[FramePair]
    """The pairs with the most parallax first."""


@dataclass
class _Group:
    """Tracks of a window that move as one."""

    window: int
    members: Bools
    """(count,) of all tracks."""
    asked: Bools
    """(count,) those that the window sees."""
    weight: float


def epipolar_votes(tracks: Tracks) -> Votes:
    """Lets windows of frames over the whole clip vote on the tracks."""
    seen = _by_frame(tracks)
    groups = _groups(tracks, seen)
    still = _still(groups)
    agrees = _agrees(still) if still else np.ones(tracks.count, bool)
    return Votes(agrees, _pairs(tracks, seen, agrees))


def _by_frame(tracks: Tracks) -> list[Index]:
    """For each footage frame the rows of its markers, by ascending track."""
    order = np.argsort(tracks.frame, kind="stable")
    ends = np.searchsorted(tracks.frame[order], np.arange(tracks.frames + 2))
    return [order[ends[number] : ends[number + 1]] for number in range(tracks.frames + 1)]


def _range(tracks: Tracks) -> tuple[int, int]:
    """First and last frame with markers; an empty range where there is none."""
    return (int(tracks.frame.min()), int(tracks.frame.max())) if len(tracks.frame) else (1, 0)


# --- Groups of tracks -----------------------------------------------------------


def _groups(tracks: Tracks, seen: list[Index]) -> list[_Group]:
    """The groups of all windows, those of a window one after the other."""
    first, last = _range(tracks)
    groups: list[_Group] = []
    window = 0
    for start in range(first, last, max(1, (last - first) // WINDOWS)):
        most = 1 << 30
        for _ in range(2):
            reach = _reach(tracks, seen, start, last, most)
            if not reach:
                break
            groups += _groups_of(tracks, seen, start, reach, window)
            window += 1
            most = int(SHORT_SHARE * reach)
    return groups


def _reach(tracks: Tracks, seen: list[Index], start: int, last: int, most: int) -> int:
    """How far a window from ``start`` may reach: as many tracks do; 0 where none do, or nothing moves."""
    for reach in REACHES:
        if reach > most or start + reach > last:
            continue
        ids, a, b = _common(tracks, seen[start], seen[start + reach])
        if len(ids) >= max(LEAST_TRACKS, 0.5 * len(seen[start])) and _moved(tracks, a, b):
            return reach
    return 0


def _common(tracks: Tracks, rows_a: Index, rows_b: Index) -> tuple[Index, Floats, Floats]:
    """Tracks with markers in both rows, and where they are."""
    common, at_a, at_b = np.intersect1d(
        tracks.track[rows_a], tracks.track[rows_b], assume_unique=True, return_indices=True
    )
    return common.astype(np.intp), tracks.xy[rows_a[at_a]], tracks.xy[rows_b[at_b]]


def _moved(tracks: Tracks, a: Floats, b: Floats) -> bool:
    return bool(np.median(np.hypot(*(a - b).T)) >= LEAST_MOTION * tracks.width)


def _groups_of(tracks: Tracks, seen: list[Index], start: int, reach: int, window: int) -> list[_Group]:
    """The one or two groups of a window."""
    steps = sorted({max(1, round(reach * share)) for share in (0.34, 0.67, 1.0)})
    spots = np.full((len(steps) + 1, tracks.count, 2), np.nan)
    for row, step in enumerate([0, *steps]):
        rows = seen[start + step]
        spots[row, tracks.track[rows]] = tracks.xy[rows]
    known = np.isfinite(spots[:, :, 0])
    asked = known[0] & (known[1:].sum(0) >= min(2, len(steps)))
    ids = np.flatnonzero(asked)
    middle = np.array([tracks.width, tracks.height]) / 2
    spots = (spots[:, ids] - middle) / tracks.width
    left = np.ones(len(ids), bool)
    found: list[tuple[Bools, float]] = []
    lines = _Lines(spots)
    while len(found) < 2 and left.sum() >= LEAST_GROUP:
        fit = _fit(spots, lines, left, tracks.width)
        if fit is None:
            break
        found.append(fit)
        left &= ~fit[0]
    groups = []
    for members, sigma in found:
        shared = np.zeros_like(members)
        for others, _ in found:
            if others is not members:
                shared |= others
        whole = np.zeros(tracks.count, bool)
        whole[ids[members]] = True
        groups.append(_Group(window, whole, asked, _weight(spots, members, shared, sigma)))
    return groups


def _weight(spots: Floats, members: Bools, shared: Bools, sigma: float) -> float:
    """What a group weighs: its tracks and the area that they take, less where those of its own are flat."""
    own = members & ~shared
    flat = FLAT_WEIGHT if _is_flat(spots, own, sigma) else 1.0
    hull = cv2.contourArea(cv2.convexHull(spots[0, members].astype(np.float32)))
    return float((members & shared).sum() + flat * own.sum()) * float(np.sqrt(max(hull, 1e-6)))


def _fit(spots: Floats, lines: _Lines, left: Bools, width: int) -> tuple[Bools, float] | None:
    """A group that begins among the tracks that are ``left``: all that obey its geometries, their deviation.

    ``spots`` (k + 1, n, 2), the first frame's first, in widths.
    """
    begin = _begin(spots, left, width)
    if begin is None:
        return None
    weight = begin.astype(float)
    sigma = EPIPOLAR_PX / width
    low, high = (value / width for value in SIGMA_PX)
    for turn in range(FIT_ROUNDS):
        allowed = left if turn < FIT_ROUNDS // 2 else np.ones_like(left)
        miss = lines.misses(weight)
        inside = allowed & (miss < SIGMAS * sigma)
        if inside.sum() < LEAST_GROUP:
            return None
        sigma = float(np.clip(1.2 * np.median(miss[inside]), low, high))
        weight = np.where(allowed, 1 / (1 + (miss / (SIGMAS * sigma)) ** 2) ** 2, 0.0)
    members = miss < SIGMAS * sigma
    return (members, sigma) if members.sum() >= LEAST_GROUP else None


def _begin(spots: Floats, left: Bools, width: int) -> Bools | None:
    """Tracks that obey one geometry from the first frame to the last."""
    both = np.flatnonzero(left & np.isfinite(spots[-1, :, 0]))
    if len(both) < LEAST_GROUP:
        return None
    a, b = spots[0, both] * width, spots[-1, both] * width
    try:
        matrix, mask = cv2.findFundamentalMat(a, b, cv2.USAC_MAGSAC, EPIPOLAR_PX, 0.999, 1000)
    except cv2.error:  # OpenCV raises on degenerate sets (all points on a line, a pure pan): no vote
        return None
    if matrix is None or matrix.shape != (3, 3):
        return None
    out = np.zeros(len(left), bool)
    out[both[mask[:, 0] > 0]] = True
    return out if out.sum() >= LEAST_GROUP else None


class _Lines:
    """What is asked again and again of where a window's tracks are, ``spots`` (k + 1, n, 2)."""

    def __init__(self, spots: Floats) -> None:
        self.known = np.isfinite(spots[1:, :, 0])
        self.times = np.maximum(self.known.sum(0), 1)
        self.first = np.column_stack([spots[0], np.ones(spots.shape[1])])
        self.others = np.concatenate([np.nan_to_num(spots[1:]), np.ones((*self.known.shape, 1))], 2)
        pairs = self.others[:, :, :, None] * self.first[None, :, None, :]
        self.rows = pairs.reshape(*self.known.shape, 9)

    def misses(self, weight: Floats) -> Floats:
        """(n,) root mean square Sampson distance of each track from the geometries that fit best.

        ``weight`` (n,) is what each track counts in the fit.
        """
        given = weight * self.known
        slope = np.ones_like(given)
        for _ in range(2):  # the algebraic distance first, then as far from the Sampson one as it matters
            weighted = self.rows * (given / np.maximum(slope, 1e-12))[:, :, None]
            normal = np.matmul(self.rows.transpose(0, 2, 1), weighted)
            matrix = np.linalg.eigh(normal)[1][:, :, 0].reshape(-1, 3, 3)
            forth = np.matmul(self.first, matrix.transpose(0, 2, 1))
            back = np.matmul(self.others, matrix)
            slope = forth[:, :, 0] ** 2 + forth[:, :, 1] ** 2 + (back[:, :, 0] ** 2 + back[:, :, 1] ** 2)
        square = np.sum(self.others * forth, 2) ** 2 / np.maximum(slope, 1e-12) * self.known
        return np.sqrt(square.sum(0) / self.times)


def _is_flat(spots: Floats, members: Bools, sigma: float) -> bool:
    """Whether a plane's motion explains the group as well as its geometry does."""
    both = members & np.isfinite(spots[-1, :, 0])
    a, b = spots[0, both], spots[-1, both]
    try:
        plane, _ = cv2.findHomography(a, b, cv2.USAC_MAGSAC, FLAT_SIGMAS * sigma)
    except cv2.error:
        return True
    if plane is None:
        return True
    moved = cv2.perspectiveTransform(a[None], plane)[0]
    return bool(np.mean(np.hypot(*(moved - b).T) < FLAT_SIGMAS * sigma) > FLAT_SHARE)


def _still(groups: list[_Group]) -> list[_Group]:
    """The still world's group of each window that has one.

    Beginning with each group of those windows that tell two apart best, the one that holds the tracks chosen
    so far is taken in each window, or none; the beginning that gathers the most weight stands. Windows that
    see the chosen tracks and hold them together in none of their groups speak against it: what mixes two
    worlds weighs much where they cannot be told apart, and falls apart elsewhere.
    """
    windows: dict[int, list[_Group]] = {}
    for group in groups:
        windows.setdefault(group.window, []).append(group)
    telling = sorted(
        windows.values(), key=lambda some: (-(some[-1].weight if len(some) > 1 else 0.0), -some[0].weight)
    )
    best: tuple[float, list[_Group]] = (-1.0, [])
    for seed in [group for some in telling[:SEED_WINDOWS] for group in some]:
        chosen, refused = _gathered(seed, windows)
        agrees = _agrees(chosen)
        weight = sum(group.weight * np.mean(agrees[group.members]) for group in chosen)
        weight *= len(chosen) / (len(chosen) + refused)
        if weight > best[0]:
            best = weight, chosen
    return _unmixed(best[1], groups)


def _gathered(seed: _Group, windows: dict[int, list[_Group]]) -> tuple[list[_Group], int]:
    """The groups of other windows that belong to the seed's, and how many windows have none that does."""
    chosen, refused = [seed], 0
    votes = _vote(seed)
    for window in sorted(windows, key=lambda window: (abs(window - seed.window), window)):
        if window == seed.window:
            continue
        group = max(windows[window], key=lambda group: float(votes[group.members].sum()))
        wanted = group.asked & (votes > 0)
        if wanted.sum() < LEAST_COMMON:
            continue
        if (wanted & group.members).sum() >= HELD_SHARE * wanted.sum():
            chosen.append(group)
            votes += _vote(group)
        else:
            refused += 1
    return chosen, refused


def _unmixed(chosen: list[_Group], groups: list[_Group]) -> list[_Group]:
    """The chosen groups, but that those which also hold what other windows tell apart hold nothing.

    A window that cannot tell a mover from the still world has no say on a track that others tell; what only
    such windows see is left to the solve, which takes back what fits.
    """
    telling = [group for group in chosen if _tells_apart(group, groups)]
    if not telling:
        return chosen
    asked = np.sum([group.asked for group in telling], axis=0)
    inside = np.sum([group.members for group in telling], axis=0)
    movers = (asked > 0) & (inside < 0.5 * asked)
    found = []
    for group in chosen:
        seen = group.asked & movers
        mixed = (seen & group.members).sum() >= max(LEAST_COMMON, MIXED_SHARE * seen.sum())
        if not mixed:
            found.append(group)
            continue
        told = group.members & (asked > 0)
        found.append(replace(group, asked=group.asked & ~told, members=np.zeros_like(group.members)))
    return found


def _tells_apart(group: _Group, groups: list[_Group]) -> bool:
    """Whether its window has another group of which hardly a track is in this one."""
    others = [other for other in groups if other.window == group.window and other is not group]
    return any((other.members & ~group.members).sum() >= LEAST_GROUP for other in others)


def _agrees(chosen: list[_Group]) -> Bools:
    """(count,) tracks that are in nearly all of the groups that could hold them."""
    asked = np.sum([group.asked for group in chosen], axis=0)
    agree = np.sum([group.members for group in chosen], axis=0)
    return np.asarray((asked == 0) | (agree >= LEAST_SHARE * asked))


def _vote(group: _Group) -> Floats:
    """For its tracks, twice against the others: a window that cannot tell two groups apart holds both."""
    return np.where(group.members, 1.0, np.where(group.asked, -2.0, 0.0))


# --- Pairs with parallax ----------------------------------------------------------


def _pairs(tracks: Tracks, seen: list[Index], agrees: Bools) -> list[FramePair]:
    """Frame pairs over the whole clip, those with the most parallax first."""
    first, last = _range(tracks)
    lasting = np.median(tracks.lengths()[tracks.track]) if len(tracks.track) else 0
    gaps = SHORT_GAPS if lasting <= 2 * GAPS[0] else GAPS
    seen = [rows[agrees[tracks.track[rows]]] for rows in seen]
    pairs = []
    for start in range(first, last + 1, max(1, (last + 1 - first) // STARTS)):
        for gap in gaps:
            if start + gap > last:
                break
            pair = _pair(tracks, seen, start, gap)
            if pair is not None:
                pairs.append(pair)
    pairs.sort(key=lambda pair: -pair.parallax)
    return pairs


def _pair(tracks: Tracks, seen: list[Index], start: int, gap: int) -> FramePair | None:
    """The pair with its parallax; None where it can't tell."""
    common, a, b = _common(tracks, seen[start], seen[start + gap])
    if len(common) < LEAST_TRACKS or not _moved(tracks, a, b):
        return None
    try:
        plane, _ = cv2.findHomography(a, b, cv2.USAC_MAGSAC, PLANE_PX)
    except cv2.error:  # raised on degenerate sets
        return None
    if plane is None:
        return None
    moved = cv2.perspectiveTransform(a[None], plane)[0]
    parallax = float(np.median(np.hypot(*(moved - b).T)))
    return FramePair(start, start + gap, parallax * min(1.0, len(common) / 80))
