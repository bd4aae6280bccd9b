"""Which tracks do not belong to the still world: votes over many frame pairs.

Between two frames all points of a still world obey one epipolar geometry. Each
pair with enough motion finds it by MAGSAC++ (Barath et al., 2020) and every
track votes; one that fails too often is a mover, a slip or a reflection.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .model import Bools, Tracks

GAPS = (3, 6, 10, 16, 25, 40)
SHORT_GAPS = (1, 2, 3, 4, 6)
"""Where markers' tracks usually last no longer than twice the smallest of the gaps."""
STARTS = 40
"""How many frames pairs start from, at most about."""
LEAST_TRACKS = 25
LEAST_MOTION = 0.008
"""Least median motion between the frames of a pair, as a share of the width."""
EPIPOLAR_PX = 0.6
PLANE_PX = 2.0
LEAST_SHARE = 0.7
"""A track must agree with this share of its pairs."""


@dataclass(frozen=True)
class FramePair:
    """Two frames that see the same points from different places."""

    first: int
    second: int
    parallax: float
    """How badly a plane explains the motion, in pixels, less where few points tell."""


@dataclass
class Votes:
    """What the frame pairs said."""

    agrees: Bools
    """(count,) False for each track that fails too often; True where no pair could tell."""
    pairs: list[FramePair]
    """The pairs with the most parallax first."""


def epipolar_votes(tracks: Tracks) -> Votes:
    """Lets frame pairs over the whole clip vote on the tracks."""
    for_it = np.zeros(tracks.count, int)
    asked = np.zeros(tracks.count, int)
    pairs: list[FramePair] = []
    seen = _by_frame(tracks)
    lasting = np.median(tracks.lengths()[tracks.track]) if len(tracks.track) else 0
    gaps = SHORT_GAPS if lasting <= 2 * GAPS[0] else GAPS
    first, last = (int(tracks.frame.min()), int(tracks.frame.max())) if len(tracks.frame) else (1, 0)
    for start in range(first, last + 1, max(1, (last + 1 - first) // STARTS)):
        for gap in gaps:
            if start + gap > last:
                break
            vote = _pair(tracks, seen[start], seen[start + gap])
            if vote is None:
                continue
            common, inlier, parallax = vote
            asked[common] += 1
            for_it[common] += inlier
            pairs.append(FramePair(start, start + gap, parallax * min(1.0, inlier.sum() / 80)))
    pairs.sort(key=lambda pair: -pair.parallax)
    return Votes((asked == 0) | (for_it >= LEAST_SHARE * asked), pairs)


def _by_frame(tracks: Tracks) -> list[NDArray[np.intp]]:
    """For each footage frame the rows of its markers, by ascending track."""
    order = np.argsort(tracks.frame, kind="stable")
    ends = np.searchsorted(tracks.frame[order], np.arange(tracks.frames + 2))
    return [order[ends[number] : ends[number + 1]] for number in range(tracks.frames + 1)]


def _pair(
    tracks: Tracks, rows_a: NDArray[np.intp], rows_b: NDArray[np.intp]
) -> tuple[NDArray[np.int32], Bools, float] | None:
    """Tracks in both frames, which of them agree, parallax in pixels; None where the pair can't tell."""
    common, at_a, at_b = np.intersect1d(
        tracks.track[rows_a], tracks.track[rows_b], assume_unique=True, return_indices=True
    )
    if len(common) < LEAST_TRACKS:
        return None
    a, b = tracks.xy[rows_a[at_a]], tracks.xy[rows_b[at_b]]
    if np.median(np.hypot(*(a - b).T)) < LEAST_MOTION * tracks.width:
        return None
    try:
        matrix, mask = cv2.findFundamentalMat(a, b, cv2.USAC_MAGSAC, EPIPOLAR_PX, 0.999, 2000)
        plane, _ = cv2.findHomography(a, b, cv2.USAC_MAGSAC, PLANE_PX)
    except cv2.error:  # OpenCV raises on degenerate sets (all points on a line, a pure pan): no vote
        return None
    if matrix is None or matrix.shape != (3, 3) or plane is None:
        return None
    inlier = mask[:, 0] > 0
    if not inlier.any():
        return None
    moved = cv2.perspectiveTransform(a[None], plane)[0]
    return common, inlier, float(np.median(np.hypot(*(moved - b).T)[inlier]))
