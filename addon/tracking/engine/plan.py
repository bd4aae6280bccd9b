"""The whole job as one generator of steps: track, clean, solve.

Whoever runs it (a worker process, the command line, a test) iterates and keeps
what each step changed. Begun again from what was kept, it goes on after the last
step that was kept and ends with the same tracks and the same camera.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

import numpy as np

from .by_hand import FEWEST, HandTrack, pairs_of_few, with_hand
from .covers import on_the_cover
from .findings import mark
from .footage import Footage
from .masks import open_masks
from .model import Bools, Floats, LensStart, Solve, TrackingSettings, Tracks
from .motion import Stillness, stillness
from .patches import doubts
from .reconstruct import solve_steps
from .sizes import sizes_for
from .track import Markers, TrackChange, TrackState, collect_tracks, track_steps
from .verdict import judge, tells_no_lens
from .votes import MOVES, FramePair, epipolar_votes

TRACK_SHARE = 0.75
CLEAN_SHARE = 0.8
POINTS_A_FRAME = 40
"""A frame that fewer long tracks reach into has shorter ones used, too,"""
SHORTEST = 3
"""down to this length."""
TAKEN_UP = ("good", "usable")
"""Verdicts of a solve that the next one may go on from."""
SHORT = "too short"
STUCK = "sticks to the frame"
COVER = "on what covers the lens"


@dataclass(frozen=True)
class Step:
    """What was done, how far the job is, and what has to be kept."""

    stage: str
    """track, clean or solve."""
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


def run(job: Job) -> Iterator[Step]:
    """Does what is left of ``job``, in steps. Raises FootageError and SolveError."""
    footage, settings = job.footage, job.settings
    if job.state is None:
        sizes = sizes_for(footage.width, footage.height, settings)
        job.state = TrackState(sizes, footage.first, footage.first - 1)
    if job.follow:
        yield from _track(job, job.state)
    tracks = collect_tracks(
        job.markers, job.state.count, footage.width, footage.height, footage.count, job.doubts
    )
    tracks = with_hand(tracks, job.hand).in_square_pixels(job.lens.pixel_aspect)
    still = stillness(tracks)
    pairs = clean(tracks, settings, still)
    reasons = {n: reason for n, reason in enumerate(tracks.reasons) if reason and not tracks.own[n]}
    used = int(tracks.enabled.sum())
    yield Step(
        "clean", footage.last, CLEAN_SHARE if job.solve else 1.0, "Outliers out", used, reasons=reasons
    )
    if not job.solve:
        return
    before = job.before if job.before is not None and job.before.verdict in TAKEN_UP else None
    for step in solve_steps(tracks, pairs, _start(job), still, before):
        done = CLEAN_SHARE + (1 - CLEAN_SHARE) * step.done
        if step.reasons is not None:
            tracks.reasons = [step.reasons.get(number, "") for number in range(tracks.count)]
            used = tracks.count - len(step.reasons)
            reasons = {n: reason for n, reason in step.reasons.items() if not tracks.own[n]}
            yield Step("solve", footage.last, done, "Tracks chosen", used, step.error_px, reasons=reasons)
        result = None
        if step.result:
            result = _in_the_footage(judge(_in_the_range(step.result, footage), tracks, footage), job)
        yield Step("solve", footage.last, done, step.text, used, step.error_px, solve=result)


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
