"""Following points from frame to frame.

Pyramidal Lucas-Kanade from one frame to the next, on a smaller picture, predicts
where a point went; an affine fit of the patch of the frame where the track began
(its key frame) then puts the point right, so that small errors do not add up.
What does not look like the key frame there, or lies far from the prediction, is
looked for once more from where the motion of the others puts it; and when many
are lost at once (motion blur, a flash, something before the lens), they wait a few
frames for their patch to come back. The fit is inverse compositional (Baker and
Matthews, Lucas-Kanade 20 Years On, 2004) with mean and deviation removed, so it
does not mind changes of light.

A track keeps its one key frame. A new key where the view has changed would carry that
moment's error on (tried as soon as it has, and only when the first key fails: paths
were as far off or farther, tracks no longer). Instead the track ends in its time, and
a new one begins there as a point of its own, without drift.

Image pixels in here: origin top left, centres at integers, y down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from .model import Bools, Ints
from .patches import Floats32, Gray, Patches, cut_pixels, prepare_patches, refine
from .predict import View, moved, predict
from .sizes import Sizes

FIT_REACH_PX = 3.0
"""The fit may move a point this far from where LK saw it, times the sizes' scale."""
AREA_RANGE = (0.25, 4.0)
"""How much smaller or larger than in its key frame a patch may have become."""
UNSURE_PX = 1.2
"""A patch whose ``spread`` is larger is not begun: it has a direction (along an edge) in which it slides."""
AGAIN_SHARE = 0.08
"""Where more are lost from one frame to the next than so many always are, they are looked for again."""
SEARCH_PX = 10
"""A track that has waited is looked for so far around its place, times the sizes' scale."""
EVENT_SHARE = 0.15
"""When so many are lost from one frame to the next, they wait"""
PATIENCE = 5
"""for at most so many frames,"""
COVERED = 12
"""or so many, when all are lost at once."""
CHANCE_SHARE = 0.1
"""So many look found by chance when something with a texture is held before the lens."""
BACK_SHARE, BACK_LEAST = 0.2, 8
"""So many of those that were put aside, and at least so many tracks, have to be found for them to be back."""


@dataclass
class Live:
    """The tracks that are in view, or wait to be, as they stand in the frame last seen."""

    ids: Ints
    """(n,) number of the track."""
    affine: Floats32
    """(n, 6) a b x c d y: key patch offsets (u, v) lie at (a u + b v + x, c u + d v + y)."""
    patches: Patches
    missed: Ints
    """(n,) for how many frames each has not been found; 0 for one that is in view."""

    @property
    def points(self) -> Floats32:
        """(n, 2) middle of each patch."""
        return self.affine[:, [2, 5]]

    def in_view(self) -> Live:
        """Those that do not wait."""
        return self.take(self.missed == 0) if self.missed.any() else self

    def take(self, index: NDArray[np.intp] | Bools) -> Live:
        return Live(self.ids[index], self.affine[index], self.patches.take(index), self.missed[index])

    def join(self, other: Live) -> Live:
        return Live(
            np.concatenate([self.ids, other.ids]),
            np.concatenate([self.affine, other.affine]),
            self.patches.join(other.patches),
            np.concatenate([self.missed, other.missed]),
        )


def begin_tracks(gray: Gray, points: Floats32, first: int, sizes: Sizes) -> Live:
    """Tracks that begin at whole-pixel ``points`` (n, 2) of the key frame ``gray``, numbered from ``first``.

    Points that can't be placed in every direction are left out.
    """
    patches = prepare_patches(cut_pixels(gray, points, sizes.half_pattern))
    sure = patches.spread < UNSURE_PX
    ids = np.arange(first, first + int(sure.sum()), dtype=np.int32)
    return resting_tracks(ids, points[sure], patches.take(sure))


def resting_tracks(ids: Ints, points: Floats32, patches: Patches) -> Live:
    """Tracks as they stand in the frame in which they began."""
    return Live(ids, resting_affine(points), patches, np.zeros(len(ids), np.int32))


def resting_affine(points: Floats32) -> Floats32:
    """(n, 6) the affine of patches that lie unchanged at ``points`` (n, 2)."""
    affine = np.zeros((len(points), 6), np.float32)
    affine[:, [0, 4]] = 1
    affine[:, [2, 5]] = points
    return affine


def no_tracks(sizes: Sizes) -> Live:
    """A Live without a track in it."""
    return begin_tracks(np.zeros((1, 1), np.uint8), np.zeros((0, 2), np.float32), 0, sizes)


def follow(source: View, target: View, live: Live, sizes: Sizes, correlation: float) -> Live:
    """The tracks of ``live``, which stand in ``source``, as they stand in ``target``.

    ``correlation`` is the least one with the key patch that counts as found. Lost ones are left out, but for
    those that wait; where none is found, the lens is covered, and all wait where they stand.
    """
    if not len(live.ids):
        return live
    affine, found, seen = _look(source, target, live, None, sizes, correlation)
    if found.all() or (found.mean() > 1 - AGAIN_SHARE and not live.missed.any()):
        return replace(live, affine=affine, missed=np.zeros_like(live.missed)).take(found)
    lost = np.flatnonzero(~found)
    guess = moved(source, target, live.points, seen, found & (live.missed == 0), sizes)[lost]
    inside = _inside(guess, target.gray, sizes)
    lost, guess = lost[inside], guess[inside]
    affine[lost], found[lost] = _look_again(source, target, live.take(lost), guess, sizes, correlation)
    missed = np.where(found, 0, live.missed + 1).astype(np.int32)
    if not found.any():
        return replace(live, missed=missed).take(missed <= COVERED)
    event = (missed == 1).sum() > EVENT_SHARE * (live.missed == 0).sum()
    waits = ~found & (missed <= PATIENCE) & ((missed > 1) | event)
    waits &= np.isin(np.arange(len(found)), lost)
    return Live(live.ids, affine, live.patches, missed).take(found | waits)


def put_aside(before: Live, after: Live) -> Live:
    """What ``follow`` made of ``before``, but where nearly all are lost: then all wait where they stood.

    Something is held before the lens; the few that seem found are so by chance.
    """
    found = int((after.missed == 0).sum())
    if not found or found >= CHANCE_SHARE * len(before.ids):
        return after
    return replace(before, missed=before.missed + 1).take(before.missed < COVERED)


def come_back(source: View, target: View, live: Live, sizes: Sizes, correlation: float) -> Live:
    """Tracks put aside, which stand in ``source``, the last picture before a cover, as the target has them.

    Where too few are found the lens is still covered: all go on waiting where they stand.
    """
    affine, found, seen = _look(source, target, live, None, sizes, correlation)
    lost = np.flatnonzero(~found)
    guess = moved(source, target, live.points, seen, found, sizes)[lost]
    inside = _inside(guess, target.gray, sizes)
    lost, guess = lost[inside], guess[inside]
    affine[lost], found[lost] = _look_again(source, target, live.take(lost), guess, sizes, correlation)
    if found.sum() < max(BACK_LEAST, BACK_SHARE * len(found)):
        found[:] = False
    missed = np.where(found, 0, live.missed + 1).astype(np.int32)
    affine[~found] = live.affine[~found]
    return replace(live, affine=affine, missed=missed).take(missed <= COVERED)


def _look_again(
    source: View, target: View, live: Live, guess: Floats32, sizes: Sizes, correlation: float
) -> tuple[Floats32, Bools]:
    """Where lost tracks (n) stand by a second look around ``guess`` (n, 2), and which were found by it.

    The affines (n, 6) of the others are as they were, at ``guess``.
    """
    affine = live.affine.copy()
    affine[:, [2, 5]] = guess
    found = np.zeros(len(guess), bool)
    if not len(guess):
        return affine, found
    looked, found, _ = _look(source, target, live, guess, sizes, correlation)
    affine[found] = looked[found]
    waited = np.flatnonzero(~found & (live.missed > 0))
    if len(waited):
        late = live.take(waited)
        looked, back = _fit(
            target, late, _search(target.gray, late, guess[waited], sizes), sizes, correlation
        )
        affine[waited[back]], found[waited[back]] = looked[back], True
    return affine, found


def _look(
    source: View, target: View, live: Live, guess: Floats32 | None, sizes: Sizes, correlation: float
) -> tuple[Floats32, Bools, Floats32]:
    """Where the tracks (n) stand in the target, affines (n, 6), which were found (n,), and LK's word (n, 2).

    ``guess`` (n, 2): where they are likely to be; None for where they were.
    """
    predicted, seen = predict(source, target, live.points, guess, sizes)
    affine, found = _fit(target, live, predicted, sizes, correlation, seen)
    return affine, found, predicted


def _fit(
    target: View, live: Live, predicted: Floats32, sizes: Sizes, correlation: float, seen: Bools | None = None
) -> tuple[Floats32, Bools]:
    """Fits the patches near ``predicted`` (n, 2): affines (n, 6) and which look like their key frame (n,)."""
    affine = live.affine.copy()
    affine[:, [2, 5]] = predicted
    seen = np.ones(len(affine), bool) if seen is None else seen
    affine, fit = refine(target.gray.astype(np.float32), affine, live.patches, seen, sizes.half_pattern)
    points = affine[:, [2, 5]]
    area = affine[:, 0] * affine[:, 4] - affine[:, 1] * affine[:, 3]
    found = (
        seen
        & (fit > correlation)
        & (np.hypot(*(points - predicted).T) < FIT_REACH_PX * sizes.scale)
        & _inside(points, target.gray, sizes)
        & (area > AREA_RANGE[0])
        & (area < AREA_RANGE[1])
    )
    return affine, found


def _search(gray: Gray, live: Live, guess: Floats32, sizes: Sizes) -> Floats32:
    """(n, 2) whole pixels around ``guess`` (n, 2) where each track's key patch fits best."""
    half = sizes.half_pattern
    reach = half + round(SEARCH_PX * sizes.scale)
    spots = np.empty_like(guess)
    for row, (x, y) in enumerate(np.rint(guess).astype(int)):
        left, top = max(x - reach, 0), max(y - reach, 0)
        match = cv2.matchTemplate(
            gray[top : y + reach + 1, left : x + reach + 1],
            live.patches.pixels[row, 1:-1, 1:-1],
            cv2.TM_CCOEFF_NORMED,
        )
        down, across = np.unravel_index(int(match.argmax()), match.shape)
        spots[row] = left + across + half, top + down + half
    return spots


def _inside(points: Floats32, gray: Gray, sizes: Sizes) -> Bools:
    """Which ``points`` (n, 2) keep clear of the picture's edge."""
    height, width = gray.shape
    border = sizes.border
    return (points > border).all(1) & (points[:, 0] < width - border) & (points[:, 1] < height - border)
