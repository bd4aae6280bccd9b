"""Animation keys: which of them are needless, because the straight line between others says the same."""

from __future__ import annotations

import numpy as np

from .engine.model import Bools, Floats


def needed_keys(frames: Floats, values: Floats, tolerance: float) -> Bools:
    """(n,) which keys at ``frames`` (n,), ascending, tell all ``values`` (n, k) to within ``tolerance``.

    Between two kept keys values run straight. The first and the last are always kept. The key farthest
    from the line through its neighbours is kept until none is too far (Douglas and Peucker 1973, over time).
    """
    count = len(frames)
    kept = np.zeros(count, dtype=bool)
    kept[[0, -1]] = True
    spans = [(0, count - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        share = (frames[first + 1 : last] - frames[first]) / (frames[last] - frames[first])
        line = values[first] + share[:, None] * (values[last] - values[first])
        off = np.abs(values[first + 1 : last] - line).max(axis=1)
        worst = int(off.argmax())
        if off[worst] > tolerance:
            middle = first + 1 + worst
            kept[middle] = True
            spans += [(first, middle), (middle, last)]
    return kept


def without_flips(quaternions: Floats) -> Floats:
    """(n, 4) the same turns, each with the sign that is nearer to the one before (q and -q turn alike)."""
    dots = np.einsum("ij,ij->i", quaternions[1:], quaternions[:-1])
    signs = np.concatenate([[1.0], np.cumprod(np.where(dots < 0, -1.0, 1.0))])
    return quaternions * signs[:, None]
