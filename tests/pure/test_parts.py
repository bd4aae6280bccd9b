"""Clips that fall apart, and which lens terms a drive needs."""

from __future__ import annotations

import numpy as np
import pytest

from addon.tracking.engine.findings import cuts
from addon.tracking.engine.model import Tracks
from addon.tracking.engine.parts import longest_part, parts_of
from addon.tracking.engine.votes import FramePair


def tracks_over(spans: list[tuple[int, int]], frames: int) -> Tracks:
    """A track for each (first, last) frame."""
    track = np.concatenate([np.full(last - first + 1, n) for n, (first, last) in enumerate(spans)])
    frame = np.concatenate([np.arange(first, last + 1) for first, last in spans])
    return Tracks(
        960,
        540,
        frames,
        track.astype(np.int32),
        frame.astype(np.int32),
        np.zeros((len(track), 2)),
        [str(n) for n in range(len(spans))],
    )


def test_a_clip_falls_apart_where_too_few_tracks_go_on() -> None:
    tracks = tracks_over([(1, 10)] * 20 + [(14, 40)] * 20 + [(8, 20)] * 7, 40)
    part = parts_of(tracks)
    assert (part[:10] == part[0]).all()
    assert (part[13:] == part[13]).all()
    assert part[9] != part[13]
    assert len(set(part[10:13])) == 3  # frames that nothing is seen in are on their own


def test_a_clip_that_holds_together_is_one_part() -> None:
    tracks = tracks_over([(1, 25)] * 8 + [(20, 40)] * 8, 40)
    assert (parts_of(tracks) == 0).all()


def test_the_longest_part_keeps_its_pairs_alone() -> None:
    tracks = tracks_over([(1, 10)] * 20 + [(14, 40)] * 20, 40)
    best, other, third = (
        FramePair(a, b, parallax) for a, b, parallax in ((1, 9, 40.0), (14, 30, 20.0), (15, 40, 9.0))
    )
    inside, pairs = longest_part(tracks, [best, other, third])
    assert pairs == [other, third]
    assert np.flatnonzero(inside).tolist() == list(range(13, 40))


def cut_text(spans: list[tuple[int, int]]) -> str:
    return "\n".join(mark.what for mark in cuts(tracks_over(spans, 40)))


def test_a_cut_is_told_where_most_tracks_end_at_once() -> None:
    beside = [(1, 40)] * 15
    assert cut_text(beside + [(1, 18)] * 60 + [(19, 40)] * 60) == (
        "most tracks end at once after frame 18: is there a cut?"
    )


@pytest.mark.parametrize(
    "spans",
    (
        [(1, 40)] * 60,  # all goes on
        [(1, 40)] * 90 + [(1, 18)] * 60 + [(19, 40)] * 60,  # more go on than end
        [(1, 18)] * 60 + [(24, 40)] * 60,  # black frames between
        [(n, n + 1) for n in range(1, 40) for _ in range(45)],  # no track lasts anywhere
        [(1, 18)] * 9 + [(19, 40)] * 9,  # few tracks tell nothing
    ),
)
def test_what_is_no_cut(spans: list[tuple[int, int]]) -> None:
    assert cut_text(spans) == ""
