"""What an artist did to the tracks, as a solve counts it in: tracks of their own, ours that they changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from .model import Floats, Ints, Tracks

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
    )
