"""What an artist did to the tracks, as a solve counts it in: tracks of their own, ours that they changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from .model import Floats, Ints, Tracks
from .votes import FramePair

FEWEST = 8
"""Tracks that a camera can be found from, and that two frames must share to begin with."""
SPREAD = 12
"""Frames that pairs of a few tracks are made of."""
MOST_PAIRS = 12
SWITCHED_OFF = "switched off by hand"
DELETED = "deleted by hand"


@dataclass(frozen=True, eq=False)
class HandTrack:
    """A track as the artist left it."""

    name: str
    of: int | None = None
    """Which of the engine's tracks it is; None for one of the artist's own."""
    frames: Ints = field(default_factory=lambda: np.zeros(0, np.int32))
    """(n,) footage frames of its markers, ascending; none where it is not to be used."""
    xy: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    """(n, 2) pixels."""
    weight: float = 1.0
    """How much it counts, 0 to 1."""
    reason: str = ""
    """Why it is not to be used; empty where it is."""


def with_hand(tracks: Tracks, hand: Sequence[HandTrack]) -> Tracks:
    """The tracks as the artist left them; the artist's own ones come after the engine's, in their order.

    Markers outside the footage are left out.
    """
    own = [item for item in hand if item.of is None]
    changed = {item.of: item for item in hand if item.of is not None and not item.reason}
    rows = ~np.isin(tracks.track, np.array(list(changed), np.int32))
    track, frame, xy = [tracks.track[rows]], [tracks.frame[rows]], [tracks.xy[rows]]
    for number, item in [*changed.items(), *enumerate(own, tracks.count)]:
        inside = (item.frames >= 1) & (item.frames <= tracks.frames)
        track.append(np.full(int(inside.sum()), number, np.int32))
        frame.append(item.frames[inside])
        xy.append(item.xy[inside])
    owner, frames = np.concatenate(track), np.concatenate(frame)
    order = np.lexsort((frames, owner))
    weights = np.concatenate([tracks.weights, [item.weight for item in own]])
    reasons = [*tracks.reasons, *(item.reason for item in own)]
    for item in hand:
        if item.of is not None:
            weights[item.of] = item.weight
            reasons[item.of] = item.reason or reasons[item.of]
    return replace(
        tracks,
        track=owner[order],
        frame=frames[order].astype(np.int32),
        xy=np.concatenate(xy)[order],
        names=[*tracks.names, *(item.name for item in own)],
        reasons=reasons,
        own=np.concatenate([tracks.own, np.ones(len(own), bool)]),
        weights=weights,
        doubts=np.concatenate([tracks.doubts, np.full(len(own), np.nan)]),
    )


def pairs_of_few(tracks: Tracks) -> list[FramePair]:
    """Frame pairs over the whole clip for tracks too few to vote on, those with the most parallax first.

    The parallax is what the homography with the least squares leaves, in pixels. A handful of tracks that
    somebody chose needs no vote, and lasts: frames further apart than votes look at tell more.
    """
    numbers = np.unique(tracks.frame)
    frames = numbers[np.unique(np.linspace(0, len(numbers) - 1, SPREAD).astype(int))] if len(numbers) else []
    places = {int(frame): np.flatnonzero(tracks.frame == frame) for frame in frames}
    pairs = []
    for first, rows in places.items():
        for second, others in places.items():
            _, at, at_other = np.intersect1d(tracks.track[rows], tracks.track[others], return_indices=True)
            if second <= first or len(at) < FEWEST:
                continue
            a, b = tracks.xy[rows[at]], tracks.xy[others[at_other]]
            plane, _ = cv2.findHomography(a, b)
            if plane is not None:
                left = np.hypot(*(cv2.perspectiveTransform(a[None], plane)[0] - b).T)
                freedom = 1 - 8 / (2 * len(a) + 1)
                pairs.append(FramePair(first, second, float(np.sqrt(np.mean(left**2) / freedom))))
    return sorted(pairs, key=lambda pair: -pair.parallax)[:MOST_PAIRS]
