"""What the overlay keeps between two redraws."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from addon import overlay
from addon.tracking.engine.model import Tracks
from addon.tracking.solve_view import SolveView, solve_view


def view_of_a_marker() -> SolveView:
    one = np.ones(1, dtype=np.int32)
    tracks = Tracks(64, 36, 1, one - 1, one, np.array([[32.0, 18.0]]), ["T"])
    return solve_view(tracks, None, 1, 1)


def test_a_batch_is_kept_for_the_very_view_that_it_was_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that is gone must not hand its place in memory, and its batch, to the next one."""
    monkeypatch.setattr(overlay, "_batches", {})
    monkeypatch.setattr(overlay, "_made", lambda corners, _colors: len(corners))
    frame = overlay.Frame(1, (0.0, 0.0), (64.0, 36.0), 64.0, 1.0)
    view = view_of_a_marker()
    seen = weakref.ref(view)
    first = overlay._batch(7, view, frame)
    assert first and overlay._batch(7, view, frame) == first
    del view
    gc.collect()
    assert seen() is not None
    overlay._batch(7, view_of_a_marker(), frame)
    gc.collect()
    assert seen() is None
