"""The artist's own tracks that a session keeps, as the rest of the product holds tracks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..engine.model import Tracks
from .clip_tracks import load_snapshot
from .manager import TrackingSessionManager

SWITCHED_OFF = "switched off"
"""Reason of a track that the artist gave no weight."""


def own_tracks(session: TrackingSessionManager) -> Tracks:
    """The artist's own tracks as they were checkpointed last, in pixels; markers that are muted are left out.

    Tracks of all the clip's tracking objects. Raises SessionError where the session cannot be read.
    """
    footage = session.about["footage"]
    size = np.array([footage["width"], footage["height"]], np.float64)
    numbers, frames, places = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)], [np.zeros((0, 2))]
    names: list[str] = []
    reasons: list[str] = []
    for kept in load_snapshot(session.store).tracks:
        there = ~kept.muted
        if kept.ours or not there.any():
            continue
        numbers.append(np.full(int(there.sum()), len(names), np.int32))
        frames.append(kept.frames[there])
        offset = np.array(kept.settings.get("offset", (0.0, 0.0)))
        places.append((kept.places[there].astype(np.float64) + offset) * size)
        names.append(kept.name)
        reasons.append("" if kept.settings.get("weight", 1.0) > 0 else SWITCHED_OFF)
    return Tracks(
        footage["width"],
        footage["height"],
        footage["count"],
        np.concatenate(numbers),
        np.concatenate(frames),
        np.concatenate(places),
        names,
        reasons,
    )


def joined(tracks: Tracks, more: Tracks) -> Tracks:
    """Both, those of ``more`` numbered on; the two have to be of frames of one size."""
    assert (tracks.width, tracks.height) == (more.width, more.height)
    return replace(
        tracks,
        track=np.concatenate([tracks.track, more.track + tracks.count]).astype(np.int32),
        frame=np.concatenate([tracks.frame, more.frame]),
        xy=np.concatenate([tracks.xy, more.xy]),
        names=[*tracks.names, *more.names],
        reasons=[*tracks.reasons, *more.reasons],
        own=np.concatenate([tracks.own, more.own]),
        weights=np.concatenate([tracks.weights, more.weights]),
        doubts=np.concatenate([tracks.doubts, more.doubts]),
    )
