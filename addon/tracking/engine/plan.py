"""The whole job as one generator of steps: track, clean, solve; where that is thin, look and solve again.

Whoever runs it (a worker process, the command line, a test) iterates and keeps
what each step changed. Begun again from what was kept, it goes on after the last
step that was kept and ends with the same tracks and the same camera.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..errors import FootageError, SolveError
from .by_hand import FEWEST, HandTrack, pairs_of_few, with_hand
from .covers import on_the_cover
from .findings import mark
from .footage import Footage
from .masks import Masks, open_masks, with_mask
from .model import SURELY_MOVES, Bools, Floats, Ints, LensStart, Solve, TrackingSettings, Tracks
from .motion import Stillness, stillness
from .patches import doubts
from .reconstruct import solve_steps
from .second_look import is_better, look_again, thin_stretches
from .sizes import sizes_for
from .track import Markers, TrackChange, TrackState, collect_tracks, track_steps
from .verdict import judge, tells_no_lens
from .votes import MOVES, FramePair, epipolar_votes

log = logging.getLogger(__name__)

TRACK_SHARE = 0.75
CLEAN_SHARE = 0.8
LOOK_SHARE = 0.9
AGAIN_SHARE = 0.95
"""What of the job is done when tracks are chosen, when the camera is solved, and when a second look was
taken."""
POINTS_A_FRAME = 40
"""A frame that fewer long tracks reach into has shorter ones used, too,"""
SHORTEST = 3
"""down to this length."""
TAKEN_UP = ("good", "usable")
"""Verdicts of a solve that the next one may go on from."""
SHORT = "too short"
STUCK = "sticks to the frame"
COVER = "on what covers the lens"
NO_GAIN = "made the camera no better"
"""The reason of all tracks of second looks that were for nothing."""


@dataclass(frozen=True)
class Step:
    """What was done, how far the job is, and what has to be kept."""

    stage: str
    """track, clean, solve or look."""
    frame: int
    """Last footage frame that the stage has done; the clip's last where it is not about one frame."""
    done: float
    """Share of the whole job that is done, 0 to 1."""
    text: str
    tracks: int = 0
    """Tracks in view, or in use."""
    error_px: float | None = None
    change: TrackChange | None = None
    """New tracks and markers."""
    reasons: dict[int, str] | None = None
    """Tracks that were switched off, and why."""
    solve: Solve | None = None
    """The camera, in the last step."""


@dataclass(frozen=True)
class Look:
    """A second look at some frames that was taken."""

    frame: int
    """The last of them."""
    tracks: range
    """The numbers of the tracks that came of it."""


@dataclass
class Job:
    """What to do, and all that is known so far."""

    footage: Footage
    settings: TrackingSettings = field(default_factory=TrackingSettings)
    lens: LensStart = field(default_factory=LensStart)
    solve: bool = True
    follow: bool = True
    """False where nothing is tracked: the solve rests on the artist's tracks alone."""
    hand: list[HandTrack] = field(default_factory=list)
    """What the artist did to the tracks."""
    state: TrackState | None = None
    """Where tracking stands; None to begin."""
    markers: list[Markers] = field(default_factory=list)
    """All markers found so far."""
    doubts: list[Floats] = field(default_factory=list)
    """How unsure the patches of all tracks so far are (see Tracks.doubts), in the order of their numbers."""
    before: Solve | None = None
    """A camera that was solved from these tracks, before the artist did something to a few of them."""
    looks: list[Look] = field(default_factory=list)
    """Second looks that were taken already."""
    may_look: bool = True
    """False where there was a camera before: then the tracks are what they are,"""
    looks_count: bool = True
    """and this is False where that camera did without those of second looks."""


def run(job: Job) -> Iterator[Step]:
    """Does what is left of ``job``, in steps. Raises FootageError and SolveError."""
    footage, settings = job.footage, job.settings
    if job.state is None:
        sizes = sizes_for(footage.width, footage.height, settings)
        job.state = TrackState(sizes, footage.first, footage.first - 1)
    if job.follow:
        yield from _track(job, job.state)
    with_looks, without = _there(job, True), _there(job, False)
    if not job.solve:
        yield _chosen(job, _clean(job, without), 1.0)
        return
    before = job.before if job.before is not None and job.before.verdict in TAKEN_UP else None
    there = without if job.may_look or not job.looks_count else with_looks
    found = _clean(job, there)
    if before is not None:
        before = found.of_these(before, len(there))
    yield from _solved(job, found, before, (CLEAN_SHARE, LOOK_SHARE))
    if job.may_look and job.follow:
        found = yield from _improved(job, found)
    solve = found.of_all(job.state.count)
    yield Step("solve", footage.last, 1.0, "Solved", found.used, solve.average_error, solve=solve)


@dataclass
class _Found:
    """Tracks, and the camera solved from them."""

    tracks: Tracks
    """Over square pixels."""
    numbers: Ints
    """(n,) which of all the engine's tracks the first n of them are; the artist's come after those."""
    pairs: list[FramePair]
    still: Stillness
    solve: Solve | None = None

    @property
    def used(self) -> int:
        return int(self.tracks.enabled.sum())

    def of_all(self, count: int) -> Solve:
        """The camera, its points named by their tracks' places among all ``count`` of the engine's."""
        assert self.solve is not None
        own = np.arange(count, count + self.tracks.count - len(self.numbers))
        names = np.concatenate([self.numbers, own]).astype(np.int32)
        return replace(self.solve, point_tracks=names[self.solve.point_tracks])

    def of_these(self, solve: Solve, count: int) -> Solve:
        """The other way round: the points of a camera of all tracks by these; -1 for one that is not here."""
        names = np.full(count + self.tracks.count, -1, np.int32)
        names[self.numbers] = np.arange(len(self.numbers))
        own = np.arange(len(self.numbers), self.tracks.count)
        names[count : count + len(own)] = own
        known = np.where(solve.point_tracks < 0, -1, names[np.maximum(solve.point_tracks, 0)])
        return replace(solve, point_tracks=known.astype(np.int32))


def _there(job: Job, looks: bool) -> Bools:
    """(n,) which of the engine's tracks there are: all, or those that did not come of second ``looks``."""
    assert job.state is not None
    there = np.ones(job.state.count, bool)
    if not looks:
        for look in job.looks:
            there[look.tracks] = False
    return there


def _tracks(job: Job, there: Bools) -> Tracks:
    """The engine's tracks that are ``there`` and the artist's, over square pixels.

    What is not there leaves no trace: a job that was interrupted after a second look has to come to the very
    camera that it had before that.
    """
    footage, hand = job.footage, job.hand
    tracks = collect_tracks(job.markers, len(there), footage.width, footage.height, footage.count, job.doubts)
    if not there.all():
        place = np.cumsum(there) - 1
        tracks = tracks.subset(there)
        hand = [
            item if item.of is None else replace(item, of=int(place[item.of]))
            for item in hand
            if item.of is None or there[item.of]
        ]
    return with_hand(tracks, hand).in_square_pixels(job.lens.pixel_aspect)


def _clean(job: Job, there: Bools) -> _Found:
    """The tracks that are ``there``, those switched off that no solve must use."""
    tracks = _tracks(job, there)
    still = stillness(tracks)
    if job.settings.motion == SURELY_MOVES:
        still = replace(still, camera=False)
    pairs = clean(tracks, job.settings, still)
    return _Found(tracks, np.flatnonzero(there).astype(np.int32), pairs, still)


def _chosen(job: Job, found: _Found, done: float, stage: str = "clean") -> Step:
    """Says which tracks are switched off, and why."""
    reasons = {number: NO_GAIN for look in job.looks for number in look.tracks}
    for number, reason in zip(found.numbers.tolist(), found.tracks.reasons):
        reasons.pop(number, None)
        if reason:
            reasons[number] = reason
    text = "Outliers out" if stage == "clean" else "Tracks chosen"
    error = None if found.solve is None else found.solve.average_error
    return Step(stage, job.footage.last, done, text, found.used, error, reasons=reasons)


def _solved(
    job: Job, found: _Found, before: Solve | None, share: tuple[float, float], fresh: Bools | None = None
) -> Generator[Step, None, _Found]:
    """Solves what was cleaned, going on from ``before``, where that is given. Raises SolveError.

    ``fresh`` (count,) are tracks that came of a second look, if any.
    """
    footage, tracks = job.footage, found.tracks
    yield _chosen(job, found, share[0], "clean" if fresh is None else "solve")
    expected, done = job.settings.motion, share[0]
    for step in solve_steps(tracks, found.pairs, _start(job), found.still, before, fresh, expected):
        done = max(done, share[0] + (share[1] - share[0]) * step.done)  # a way that led nowhere counts, too
        if step.reasons is not None:
            tracks.reasons = [step.reasons.get(number, "") for number in range(tracks.count)]
        if step.result is None:
            yield Step("solve", footage.last, done, step.text, found.used, step.error_px)
            continue
        solve = _in_the_footage(judge(_in_the_range(step.result, footage), tracks, footage), job)
        found.solve = solve
        yield _chosen(job, found, done, "solve")
    return found


def _improved(job: Job, first: _Found) -> Generator[Step, None, _Found]:
    """Looks again where the camera rests on little, and solves again; gives whichever is better."""
    footage, state, solve = job.footage, job.state, first.solve
    assert state is not None and solve is not None
    stretches = thin_stretches(solve, first.tracks, footage.first, footage.last)
    try:
        masks = _masks(job) if stretches else None
    except FootageError as error:
        log.warning("no second look: %s", error)
        return first
    for number, stretch in enumerate(stretches):
        if stretch[1] in (look.frame for look in job.looks):
            continue
        begun = state.count
        change = look_again(footage, stretch, _in_use(job, first), state, job.settings, masks)
        job.markers.append(change.markers)
        job.doubts.append(doubts(change.keys.pixels))
        job.looks.append(Look(stretch[1], range(begun, state.count)))
        done = LOOK_SHARE + (AGAIN_SHARE - LOOK_SHARE) * (number + 1) / len(stretches)
        yield Step("look", stretch[1], done, "Looking again", state.count - begun, change=change)
    if not stretches:
        return first
    solve, second = first.of_all(state.count), _clean(job, _there(job, True))
    fresh = np.zeros(second.tracks.count, bool)
    fresh[: len(second.numbers)] = ~np.isin(second.numbers, first.numbers)
    before = second.of_these(solve, state.count)
    try:
        taken_up = before if before.verdict in TAKEN_UP else None
        yield from _solved(job, second, taken_up, (AGAIN_SHARE, 1.0), fresh)
    except SolveError as error:
        log.info("no camera after a second look: %s", error)
    if second.solve is not None and is_better(second.solve, before, second.tracks):
        return second
    yield _chosen(job, first, 1.0, "solve")
    return first


def _masks(job: Job) -> Masks | None:
    """The masks for a second look. Raises FootageError where they are gone, or others than the first ones."""
    settings, state = job.settings, job.state
    assert state is not None
    if not settings.mask:
        return None
    if settings.mask_print not in ("", with_mask(settings, Path(settings.mask)).mask_print):
        raise FootageError(f"{settings.mask}: not the mask that this session began with")
    return open_masks(settings.mask, job.footage, state.sizes)


def _in_use(job: Job, first: _Found) -> Tracks:
    """The tracks that the first solve rests on, and all of second looks so far, over square pixels."""
    there = _there(job, True)
    tracks = _tracks(job, there)
    keep = np.zeros(tracks.count, bool)
    keep[first.of_all(len(there)).point_tracks] = True
    for look in job.looks:
        keep[look.tracks] = True
    return tracks.subset(keep)


def _in_the_range(solve: Solve, footage: Footage) -> Solve:
    """Without the frames that were not tracked, in which a standing camera stands, too."""
    keep = (solve.frames >= footage.first) & (solve.frames <= footage.last)
    if keep.all():
        return solve
    return replace(
        solve,
        frames=solve.frames[keep],
        cameras=solve.cameras[keep],
        frame_errors=solve.frame_errors[keep],
        keyframes=(footage.first, footage.last),
    )


def _in_the_footage(solve: Solve, job: Job) -> Solve:
    """A solve from square pixels with its lens before the footage's own."""
    lens, aspect = solve.lens, job.lens.pixel_aspect
    principal = lens.principal and (lens.principal[0], lens.principal[1] * aspect)
    lens = replace(lens, height=job.footage.height, pixel_aspect=aspect, principal=principal)
    reasons = solve.reasons
    if job.lens.source and tells_no_lens(solve):
        said = mark("good", "focal_source", f"{lens.focal_length_mm:.1f}", job.lens.source)
        reasons = [*reasons, said.text]
    return replace(solve, lens=lens, reasons=reasons)


def _start(job: Job) -> LensStart:
    """The lens to start from; refined only where both the lens and the preset say so."""
    refine = job.lens.refine and job.settings.refine_focal_length
    return replace(
        job.lens,
        refine=refine,
        refine_distortion=refine and job.lens.refine_distortion and job.settings.refine_distortion,
        refine_principal=refine and (job.lens.refine_principal or job.settings.refine_principal_point),
    )


def _track(job: Job, state: TrackState) -> Iterator[Step]:
    footage = job.footage
    if state.frame >= footage.last:
        return
    total = footage.last - footage.first + 1
    masks = open_masks(job.settings.mask, footage, state.sizes) if job.settings.mask else None
    with closing(footage.frames(state.first_frame_needed(), footage.last)) as frames:
        for change in track_steps(frames, footage.last, state, job.settings, masks):
            job.markers.append(change.markers)
            job.doubts.append(doubts(change.keys.pixels))
            done = TRACK_SHARE * (change.frame - footage.first + 1) / total
            yield Step("track", change.frame, done, "Tracking", len(change.live_ids), change=change)


def _long_enough(tracks: Tracks, settings: TrackingSettings) -> Bools:
    """(count,) which tracks have as many markers as the settings ask for, or as can be had where they lie.

    Where few tracks are long (frames far apart, a fast stretch), shorter ones that reach into those frames
    are used, the longest first, so that no frame has more of them than it needs.
    """
    lengths = tracks.lengths()
    kept: Bools = lengths >= settings.min_length
    seen = np.bincount(tracks.frame, minlength=tracks.frames + 1) > 0
    for shorter in range(settings.min_length - 1, SHORTEST - 1, -1):
        in_frame = np.bincount(tracks.frame[kept[tracks.track]], minlength=tracks.frames + 1)
        thin = seen & (in_frame < POINTS_A_FRAME)
        if not thin.any():
            break
        reach = np.bincount(tracks.track[thin[tracks.frame]], minlength=tracks.count) > 0
        kept |= reach & (lengths == shorter)
    return kept


def clean(tracks: Tracks, settings: TrackingSettings, still: Stillness | None = None) -> list[FramePair]:
    """Switches off the tracks that a solve must not use; returns frame pairs with parallax, best first.

    What does not move in a picture that does is on the lens or was put over the picture. The artist's own
    tracks stay in use: how they fit the rest shows in the solve.
    """
    ours = ~tracks.own
    still = still or stillness(tracks)
    if not still.camera:
        for number in np.flatnonzero(still.tracks & ours):
            tracks.reasons[number] = STUCK
    for number in np.flatnonzero(on_the_cover(tracks) & ours):
        tracks.reasons[number] = COVER
    for number in np.flatnonzero(tracks.enabled & ours & ~_long_enough(tracks, settings)):
        tracks.reasons[number] = SHORT
    votes = epipolar_votes(tracks.subset(tracks.enabled))
    for number in np.flatnonzero(tracks.enabled)[~votes.agrees]:
        if ours[number]:
            tracks.reasons[number] = MOVES
    if not votes.pairs and (tracks.own & tracks.enabled).sum() >= FEWEST:
        return pairs_of_few(tracks.subset(tracks.enabled))
    return votes.pairs
