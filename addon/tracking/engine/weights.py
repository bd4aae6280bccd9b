"""How much each track counts in the last adjustment: by its patch, and by how it fits.

A track's markers scatter by the noise of the footage times how unsure its patch is (flat ones and edges are),
and by what no patch tells: light that moves, a bend of the surface. How much there is of both shows in all
tracks together; each track's own scatter then counts the more against that the longer the track is.
"""

from __future__ import annotations

import numpy as np

from .model import Floats

SHARES = np.linspace(0.0, 1.0, 21)
"""Of the usual track's variance, what may be its patch's: tried one after another."""
LEAST_TOLD = 20
"""With fewer tracks whose patch is known the scatter of each is all there is to go by."""
WORTH_MARKERS = 15.0
"""What the patch says counts as much as the scatter of so many markers."""
RANGE = (0.3, 3.0)
"""Least and most that a track counts, where the usual one counts 1."""


def track_weights(scatter: Floats, lengths: Floats, doubts: Floats) -> Floats:
    """(n,) what tracks count that scatter by ``scatter`` pixels (rms) over ``lengths`` markers.

    ``doubts`` are those of their patches, see Tracks. By inverse variance; with the scatter alone for it few
    tracks that happen to fit would carry the camera, and the focal lengths of pieces of rendered clips come
    out farther from the truth (benchmarks/certainty.py).
    """
    if not len(scatter):
        return np.ones(0)
    found = np.maximum(scatter, 1e-6) ** 2
    told = np.isfinite(doubts)
    if told.sum() >= LEAST_TOLD:
        expected = _by_patch(found[told], doubts[told] ** 2)
        worth = WORTH_MARKERS / (WORTH_MARKERS + lengths[told])
        found[told] = worth * expected + (1 - worth) * found[told]
    weights: Floats = np.clip(np.median(found) / found, *RANGE)
    return weights


def _by_patch(variance: Floats, doubt: Floats) -> Floats:
    """(n,) the variance of tracks with squared doubts ``doubt``, as ``variance`` has it on the whole.

    It is some for all tracks and some by the patch; the mixture under which the logarithms lie closest
    together is taken, by their median, so that movers have no say.
    """
    relative = doubt / np.median(doubt)
    best, expected = np.inf, variance
    for share in SHARES:
        shape = 1 - share + share * relative
        log = np.log(variance) - np.log(np.maximum(shape, 1e-9))
        middle = np.median(log)
        apart = float(np.median(np.abs(log - middle)))
        if apart < best:
            best, expected = apart, np.exp(middle) * shape
    return np.asarray(expected)
