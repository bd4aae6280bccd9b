"""Tracking a clip in steps: detect, follow, follow back.

One pass over the frames. New points are looked for every few frames; the last
frames are held in a ring, and now and then all points that are new since the
last time are followed back through it, so that a point is known from the frame
where it came into view. Memory and time per frame do not grow with the clip.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .condition import condition
from .detect import detect_corners
from .follow import COVERED, Live, begin_tracks, come_back, follow, no_tracks, put_aside, resting_tracks
from .masks import Masks
from .model import Bools, Floats, Ints, TrackingSettings, Tracks
from .patches import Floats32, Gray, prepare_patches
from .predict import View, view
from .sizes import Sizes

NOWHERE: Floats32 = np.zeros((0, 2), np.float32)


@dataclass
class KeyPatches:
    """Where tracks began, and what they looked like there. Image pixels."""

    ids: Ints
    frames: Ints
    points: Floats32
    """(n, 2) whole pixels."""
    pixels: NDArray[np.uint8]
    """(n, s + 2, s + 2) patch with one pixel around it."""


@dataclass
class Markers:
    """Positions found in one step. Image pixels: origin top left, centres at integers."""

    tracks: Ints
    frames: Ints
    points: Floats32


@dataclass
class TrackChange:
    """All that one step of tracking changed: what has to be written for the step to be safe."""

    frame: int
    """The last frame that is done."""
    keys: KeyPatches
    markers: Markers
    live_ids: Ints
    live_affine: Floats32


@dataclass
class TrackState:
    """Where tracking stands between two steps; enough to go on as if nothing had happened."""

    sizes: Sizes
    first: int = 1
    """First frame that is tracked."""
    frame: int = 0
    """Last frame that is done; below ``first`` before anything is."""
    count: int = 0
    """Tracks begun so far."""
    live: Live = field(init=False)
    fresh: list[tuple[int, Live]] = field(default_factory=list)
    """Tracks begun since the last pass back: key frame, and the tracks as they are there."""
    swept: int = 0
    """Frame of a pass back made at the end of the clip when it was shorter; 0 where there was none."""
    covers: set[int] = field(default_factory=set)
    """Frames in which all that was in view was lost, and put aside to be looked for where it stood."""

    def __post_init__(self) -> None:
        self.live = no_tracks(self.sizes)

    @classmethod
    def restore(
        cls,
        sizes: Sizes,
        first: int,
        frame: int,
        count: int,
        keys: KeyPatches,
        live_ids: Ints,
        live_affine: Floats32,
        swept: int = 0,
        markers: Iterable[Markers] = (),
    ) -> TrackState:
        """The state after ``frame``, from the keys of all tracks that are live or begun since the last pass.

        ``keys.ids`` ascend; ``live_ids`` (n,) and ``live_affine`` (n, 6) as the step gave them; ``markers``
        are all that were found so far, and tell which tracks wait.
        """
        state = cls(sizes, first, frame, count, swept=swept)
        rows = np.searchsorted(keys.ids, live_ids)
        last = np.full(count, frame, np.int32)
        parts = list(markers)
        for part in parts:
            last[part.tracks] = 0
        for part in parts:
            np.maximum.at(last, part.tracks, part.frames)
        state.live = Live(live_ids, live_affine, prepare_patches(keys.pixels[rows]), frame - last[live_ids])
        if state.live.missed.any():
            state.covers = _covers(frame, parts)
        since = state.last_sweep()
        for key_frame in sorted({int(number) for number in keys.frames if number > since}):
            pick = keys.frames == key_frame
            patches = prepare_patches(keys.pixels[pick])
            state.fresh.append((key_frame, resting_tracks(keys.ids[pick], keys.points[pick], patches)))
        return state

    def last_sweep(self) -> int:
        """The frame of the last pass back; below ``first`` where there was none."""
        done = max(0, self.frame - self.first + 1)
        return max(self.swept, self.first - 1 + done // self.sizes.sweep * self.sizes.sweep)

    def first_frame_needed(self) -> int:
        """The frame from which footage must be read to go on: the ring has to be filled again."""
        return max(self.first, self.frame - self.sizes.ring + 1)


class _Recorder:
    """Gathers what a step finds."""

    def __init__(self) -> None:
        self.keys: list[tuple[int, Live]] = []
        self.seen: list[tuple[int, Ints, Floats32]] = []

    def see(self, frame: int, live: Live) -> None:
        live = live.in_view()
        self.seen.append((frame, live.ids, live.points))

    def change(self, state: TrackState) -> TrackChange:
        side = 2 * state.sizes.half_pattern + 3
        frames = [np.full(len(ids), frame, np.int32) for frame, ids, _ in self.seen]
        key_frames = [np.full(len(live.ids), frame, np.int32) for frame, live in self.keys]
        none, spot = np.zeros(0, np.int32), np.zeros((0, 2), np.float32)
        return TrackChange(
            state.frame,
            KeyPatches(
                np.concatenate([none, *(live.ids for _, live in self.keys)]),
                np.concatenate([none, *key_frames]),
                np.concatenate([spot, *(live.points for _, live in self.keys)]),
                np.concatenate(
                    [np.zeros((0, side, side), np.uint8), *(live.patches.pixels for _, live in self.keys)]
                ),
            ),
            Markers(
                np.concatenate([none, *(ids for _, ids, _ in self.seen)]),
                np.concatenate([none, *frames]),
                np.concatenate([spot, *(points for _, _, points in self.seen)]),
            ),
            state.live.ids,
            state.live.affine,
        )


def track_steps(
    frames: Iterable[tuple[int, Gray]],
    last: int,
    state: TrackState,
    settings: TrackingSettings,
    masks: Masks | None = None,
    taken: Mapping[int, Floats32] | None = None,
) -> Iterator[TrackChange]:
    """Tracks up to frame ``last``, one change a step; ``state`` goes along.

    ``frames`` yields (footage frame, gray (H, W)) from ``state.first_frame_needed()`` on; ``masks`` says
    where in a frame nothing is tracked, ``taken`` by frame the points (n, 2) near which none is begun.
    """
    sizes = state.sizes
    ring: deque[tuple[int, View]] = deque(maxlen=sizes.ring)
    hidden: dict[int, Bools | None] = {}
    found = _Recorder()
    for number, picture in frames:
        if number > last:
            break
        now = view(condition(picture), sizes)
        hidden[number] = masks(number) if masks is not None else None
        hidden.pop(number - sizes.ring, None)
        if number <= state.frame:
            ring.append((number, now))
            continue
        if ring:
            live = _followed(ring, number, now, state, settings.correlation)
            live = _seen(live, hidden[number])
            if not (live.missed == 0).any() and (state.live.missed == 0).any():
                state.covers.add(number)
            state.live = live
            found.see(number, state.live)
        ring.append((number, now))
        state.frame = number
        done = number - state.first + 1
        there = taken.get(number, NOWHERE) if taken else NOWHERE
        followed = len(state.live.in_view().ids) + len(there)
        if (done - 1) % settings.redetect == 0 or followed < settings.density // 3:
            _begin(number, now.gray, state, found, hidden[number], there)
        if done % sizes.sweep == 0 or number == last:
            _sweep_back(ring, state, settings, found, hidden)
        if done % settings.redetect == 0 or number == last:
            yield found.change(state)
            found = _Recorder()


def _followed(
    ring: deque[tuple[int, View]], number: int, now: View, state: TrackState, correlation: float
) -> Live:
    """The tracks as they stand in frame ``number``.

    What was put aside is looked for from the picture before the lens was covered, all else from the one
    before this or, where all wait, from the last in which any was seen.
    """
    live, sizes = state.live, state.sizes
    back: list[Live] = []
    behind = _behind(live, number, state.covers)
    all_wait = len(behind) > 0 and behind.min() > 0 and (live.missed == live.missed[0]).all()
    if behind.any() and not all_wait:
        for cover in np.unique(behind[behind > 0]).tolist():
            source = ring[cover - number - 1][1]
            back.append(come_back(source, now, live.take(behind == cover), sizes, correlation))
        live = live.take(behind == 0)
    source = ring[-1 - min(_covered(live), len(ring) - 1)][1]
    live = put_aside(live, follow(source, now, live, sizes, correlation))
    if not back:
        return live
    for part in back:
        live = live.join(part)
    return live.take(np.argsort(live.ids))


def _behind(live: Live, number: int, covers: Collection[int]) -> Ints:
    """(n,) the frame in which the lens was covered before each track that waits; 0 for the others.

    They are as they stand before frame ``number`` is looked at.
    """
    behind = np.zeros(len(live.ids), np.int32)
    for cover in sorted(covers, reverse=True):
        behind[(live.missed > 0) & (number - live.missed <= cover)] = cover
    return behind


def _covers(frame: int, markers: Iterable[Markers]) -> set[int]:
    """The frames up to ``frame`` in which all in view was lost, of those that still matter.

    Told from ``markers`` in the order in which they were found: in a frame first of all come tracks that were
    begun before it, then those that begin in it; what is followed back comes later.
    """
    parts = list(markers)
    ids = np.concatenate([np.zeros(0, np.int32), *(part.tracks for part in parts)])
    frames = np.concatenate([np.zeros(0, np.int32), *(part.frames for part in parts)])
    covers = set()
    for number in range(frame - COVERED, frame + 1):
        later = np.flatnonzero(frames >= number)
        first = int(later[0]) if len(later) else len(frames)
        if not (frames[:first] == number - 1).any():
            continue
        here = first < len(frames) and frames[first] == number
        if not here or ids[first] > ids[:first].max():
            covers.add(number)
    return covers


def _covered(live: Live) -> int:
    """For how many pictures nothing was seen: the tracks stand in the one before those."""
    return int(live.missed.min()) if len(live.ids) else 0


def _seen(live: Live, masked: Bools | None) -> Live:
    """The tracks that no mask hides; those under one are lost."""
    if masked is None or not len(live.ids):
        return live
    x, y = live.points.round().astype(np.intp).T
    hidden = masked[y, x]
    return live.take(~hidden) if hidden.any() else live


def _begin(
    number: int, gray: Gray, state: TrackState, found: _Recorder, masked: Bools | None, taken: Floats32
) -> None:
    """Begins tracks where the frame has room for them, beside those followed and the points ``taken``."""
    there = np.concatenate([state.live.points, taken])
    points = detect_corners(gray, there, state.sizes, masked)
    if not len(points):
        return
    new = begin_tracks(gray, points, state.count, state.sizes)
    state.count += len(new.ids)
    state.fresh.append((number, new))
    state.live = state.live.join(new)
    found.keys.append((number, new))
    found.see(number, new)


def _sweep_back(
    ring: deque[tuple[int, View]],
    state: TrackState,
    settings: TrackingSettings,
    found: _Recorder,
    hidden: Mapping[int, Bools | None],
) -> None:
    """Follows the tracks that are new since the last pass back as far as the ring reaches."""
    begun = dict(state.fresh)
    state.fresh = []
    carried = no_tracks(state.sizes)
    pictures = list(ring)
    for (number, now), (before, earlier) in zip(reversed(pictures), reversed(pictures[:-1]), strict=False):
        if number in begun:
            carried = carried.join(begun[number])
        carried = _seen(follow(now, earlier, carried, state.sizes, settings.correlation), hidden[before])
        if len(carried.ids):
            found.see(before, carried)


def joined(changes: Sequence[TrackChange]) -> TrackChange:
    """Steps that follow each other as one."""
    keys, markers = [change.keys for change in changes], [change.markers for change in changes]
    return replace(
        changes[-1],
        keys=KeyPatches(
            np.concatenate([part.ids for part in keys]),
            np.concatenate([part.frames for part in keys]),
            np.concatenate([part.points for part in keys]),
            np.concatenate([part.pixels for part in keys]),
        ),
        markers=Markers(
            np.concatenate([part.tracks for part in markers]),
            np.concatenate([part.frames for part in markers]),
            np.concatenate([part.points for part in markers]),
        ),
    )


def collect_tracks(
    markers: Iterable[Markers],
    count: int,
    width: int,
    height: int,
    frames: int,
    doubts: Iterable[Floats] = (),
) -> Tracks:
    """All markers of ``count`` tracks in the product's pixels: origin bottom left, centres at one half.

    ``doubts`` are those of their patches in the order of the tracks' numbers, in any number of pieces; where
    they are not of all tracks, which is whose is not known.
    """
    parts = list(markers)
    track = np.concatenate([np.zeros(0, np.int32), *(part.tracks for part in parts)])
    frame = np.concatenate([np.zeros(0, np.int32), *(part.frames for part in parts)])
    points = np.concatenate([np.zeros((0, 2), np.float32), *(part.points for part in parts)]).astype(
        np.float64
    )
    order = np.lexsort((frame, track))
    xy = np.stack([points[:, 0] + 0.5, height - 0.5 - points[:, 1]], 1)
    found = Tracks(width, height, frames, track[order], frame[order], xy[order], track_names(count))
    known = np.concatenate([np.zeros(0), *doubts])
    return replace(found, doubts=known) if len(known) == count else found


def track_names(count: int) -> list[str]:
    """What ``count`` tracks are called, by their numbers."""
    return [f"Auto {number + 1:05}" for number in range(count)]
