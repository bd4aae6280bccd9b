"""A camera from tracks.

A skeleton of frames spread over the clip (skeleton.py, or tripod.py where the camera only turns) says which
terms the lens has. The other frames are resected from its points; then everything is adjusted together, round
after round without the tracks that fit worst.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import SolveError
from .bundle import (
    BEND,
    PRINCIPAL,
    SHUTTER,
    Adjusted,
    Freedom,
    Index,
    Rig,
    Sights,
    hold_to_points,
    sight_errors,
)
from .certainty import NORMAL_95, certainty
from .lens import bending_of, solver_shares
from .model import ANY, SURELY_TURNS, Bools, Floats, Lens, LensStart, Solve, Tracks
from .motion import GENERAL, STILL, TURNS, Stillness
from .scene import Scene, places, principal_terms
from .sizes import REFERENCE_SIDE
from .skeleton import BELIEVED_PX, skeletons, spacing
from .terms import axis_elsewhere, choose_terms
from .tripod import TripodScene, tripod_skeleton
from .votes import MOVES, FramePair
from .weights import track_weights

WHOLE_CAMERAS = 200
"""Clips with more cameras are not adjusted whole: their frames are held to the skeleton's points."""
WORST_MEDIANS = (4.0, 2.5, 2.0)
"""Tracks with more than so many times the median error are dropped, in one round after another: while movers
still pull at the camera, the right tracks do not fit well either."""
WORST_FLOOR_PX = 0.12
LOSS_PX = 0.5
"""Residuals beyond this count less, on a frame 960 pixels wide,"""
LAST_LOSS_MEDIANS = 1.5
"""and in the last adjustment beyond so many times the median one,"""
LEAST_LOSS_PX = 0.03
TRIPOD_PARALLAX_PX = 12.0
"""With less parallax than this, bent by the lens or not, the camera may only turn."""
TRIPOD_SURE_PX = 0.1
"""A turning camera that leaves no more than this needs no other explanation."""
TRIPOD_MORE = 1.15
"""A moving camera must explain the tracks by so much better than a turning one."""
TRIPOD_DISTANCE = 10.0
"""Where the points of a camera that only turns are put, from it."""
AXIS_LOOK_PX = 0.15
"""A skeleton that fits no better than this, on a frame 960 pixels wide, may have its axis off the middle."""
MISFITS = "does not fit the camera"
"""The reason of tracks that the votes had let pass."""
BACK_SHARE = 0.7
"""Dropped ones that would have less than this share of that come back."""
MOST_ROUNDS = 8
STEADY = 0.005
"""The tracks in use are settled when less than this share of all changes in a round."""
ROUND_STEPS = 3
"""Steps of adjustment before tracks are judged; more of them changed no verdict, only the time."""
LEAST_SEEN = 4
"""Three points leave a camera several places (Grunert's problem, 1841); the fourth tells."""
LAST_STEPS = 25
NO_WORSE = 1.3
"""Times the error of the solve before; one that goes on from it and ends with more is begun anew."""
OTHER_STARTS_MM = (24.0, 35.0, 50.0, 85.0, 18.0)
"""Focal lengths, for a sensor 36 mm wide, to try when the given one leads nowhere."""


@dataclass(frozen=True)
class SolveStep:
    """How far a solve has come."""

    done: float
    """Share of the solve that is done, 0 to 1."""
    text: str
    error_px: float | None = None
    result: Solve | None = None
    """The camera, in the last step."""
    reasons: dict[int, str] | None = None
    """Of all tracks that are switched off now, in the last step: why."""


def solve_steps(
    tracks: Tracks,
    pairs: list[FramePair],
    start: LensStart,
    still: Stillness | None = None,
    before: Solve | None = None,
    fresh: Bools | None = None,
    expected: str = ANY,
) -> Iterator[SolveStep]:
    """Solves the camera for ``tracks``, whose switched-off ones are left out, in steps.

    ``pairs`` are frame pairs with parallax, best first (see votes); ``still`` what is known of tracks that
    do not move; ``before`` a good solve of the same tracks but for a few, from the same lens: it is gone on
    from, unless that ends worse; ``fresh`` (count,) the tracks that it knew nothing of. ``expected`` says
    what is known of the camera's motion, see TrackingSettings. The last step carries the Solve. Raises
    SolveError where no camera can be found.
    """
    if not start.refine:
        start = replace(start, refine_distortion=False)
    if still is not None and still.camera:
        yield SolveStep(0.5, "The camera stands still")
        yield SolveStep(1.0, "Solved", 0.0, standing(tracks, start, still))
        return
    doubted = np.array([reason == MOVES for reason in tracks.reasons], bool)
    keep = tracks.enabled | doubted
    numbers = np.flatnonzero(keep)
    job = _Work(
        tracks.subset(keep),
        pairs,
        start,
        max(1.0, max(tracks.width, tracks.height) / REFERENCE_SIDE),
        doubted[keep],
        expected,
    )
    news = np.zeros(len(numbers), bool) if fresh is None else fresh[numbers] & ~job.doubted
    if before is not None and _take_up(job, before, numbers, news):
        yield SolveStep(0.4, "Going on from the last camera", before.average_error)
        _look_at_axis(job, np.flatnonzero(job.found.solved)[:: spacing(job.tracks)], before.average_error)
        last = yield from _all_frames(job)
        if last[0].errors.mean() > NO_WORSE * before.average_error:
            job.scene, job.first_round, job.axis = None, 0, None
    if job.scene is None:
        yield from _from_nothing(job)
        last = yield from _all_frames(job)
    solve = _result(job, *last)
    solve.point_tracks = numbers[last[2]].astype(np.int32)
    yield SolveStep(1.0, "Solved", solve.average_error, solve, _reasons(tracks, numbers, job.found.dropped))


def _from_nothing(job: _Work) -> Iterator[SolveStep]:
    """Finds the skeleton, and which terms its lens has."""
    error = 0.0
    for error in _find_skeleton(job):
        yield SolveStep(0.3, "Skeleton solved", error)
    # What does not belong to the still world would be explained by the lens, or make it unsure.
    _choose_tracks(job, WORST_MEDIANS[0])
    frames = np.flatnonzero(job.found.solved)
    loss = LOSS_PX * job.scale
    job.free = choose_terms(job.found, frames, job.start, loss, moves=job.moves)
    _look_at_axis(job, frames, error)


def _look_at_axis(job: _Work, frames: Index, error: float) -> None:
    """Where the ``frames`` fit badly with the axis held in the middle, notes where it seems to be."""
    held = job.free.focal and not (job.free.principal or job.free.zooms)
    if held and error > AXIS_LOOK_PX * job.scale:
        job.axis = axis_elsewhere(job.found, frames, job.free, LOSS_PX * job.scale)


def _take_up(job: _Work, before: Solve, numbers: Index, news: Bools) -> bool:
    """Makes the scene that of ``before``, in which the job's tracks are ``numbers``; False where it can't be.

    Of the tracks that it has no points of, those that are ``news`` (count,) to it are tried. A camera that
    only turns, or a lens that zooms, is found anew.
    """
    if before.motion != GENERAL or len(before.frame_focals_px):
        return False
    lens, tracks = before.lens, job.tracks
    scene = Scene(tracks, job.start, lens.focal_px)
    scene.bending, bend = bending_of(
        lens.model, lens.coefficients, lens.focal_px, tracks.width, tracks.height
    )
    scene.lens[0], scene.lens[BEND] = lens.focal_px, bend
    scene.lens[SHUTTER] = before.shutter
    scene.lens[PRINCIPAL] = principal_terms(lens, tracks)
    frames = before.frames - 1
    scene.rotation[frames] = (before.cameras[:, :3, :3] * [1, -1, -1]).transpose(0, 2, 1)
    scene.translation[frames] = -np.matmul(scene.rotation[frames], before.cameras[:, :3, 3:])[:, :, 0]
    scene.solved[frames] = True
    known = np.isin(numbers, before.point_tracks)
    scene.dropped = ~(known | tracks.own | news)
    scene.triangulate()
    if np.isfinite(scene.points[:, 0]).sum() < scene.least:
        return False
    refine, bends = job.start.refine and before.focal_interval_mm is not None, job.start.refine_distortion
    told = refine and before.focal_interval_mm != (0.0, np.inf)
    rows, columns = before.shutter
    job.scene, job.first_round = scene, len(WORST_MEDIANS) - 1
    off_middle = job.start.refine_principal and lens.principal != job.start.principal
    job.free = Freedom(
        told,
        bends and lens.k1 != 0,
        bends and lens.k2 != 0,
        rows != 0,
        columns != 0,
        principal=off_middle,
        k3=bends and scene.bending.has_k3 and lens.more[:1] not in ((), job.start.more[:1]),
    )
    return True


def _reasons(tracks: Tracks, numbers: Index, dropped: Bools) -> dict[int, str]:
    """Why tracks are switched off after a solve of tracks ``numbers``, some of which it ``dropped``."""
    reasons = {number: reason for number, reason in enumerate(tracks.reasons) if reason}
    for number in numbers[~dropped].tolist():
        reasons.pop(number, None)
    for number in numbers[dropped].tolist():
        reasons.setdefault(number, MISFITS)
    return reasons


@dataclass
class _Work:
    """What is being solved, and how far it is."""

    tracks: Tracks
    """Those in use."""
    pairs: list[FramePair]
    start: LensStart
    scale: float
    """Of the frame against one 960 pixels wide."""
    doubted: Bools
    """(count,) True for tracks that the votes are against; the scene may take them back."""
    expected: str = ANY
    """What is known of the camera's motion."""
    scene: Scene | None = None
    free: Freedom = field(default_factory=Freedom)
    loss_px: float = LOSS_PX
    """Residuals beyond this counted less in the last adjustment."""
    axis: tuple[float, float] | None = None
    """Where the lens's axis seems to be, right of and below the middle, though it is held there."""
    first_round: int = 0
    """The round of all frames to begin with: the last ones where most of the tracks are chosen."""

    @property
    def found(self) -> Scene:
        """The scene, once there is one."""
        assert self.scene is not None
        return self.scene

    @property
    def moves(self) -> bool:
        """False for a camera that only turns."""
        return not isinstance(self.scene, TripodScene)

    def starts(self) -> list[float]:
        """Focal lengths in pixels to start from."""
        given = self.start.focal_length_mm / self.start.sensor_width_mm * self.tracks.width
        others = [mm / 36.0 * self.tracks.width for mm in OTHER_STARTS_MM] if self.start.refine else []
        return [given, *others]


def _find_skeleton(job: _Work) -> Iterator[float]:
    """Finds the skeleton of a turning or of a moving camera, whichever explains the tracks; yields its error.

    Raises SolveError where neither does.
    """
    turning: tuple[TripodScene, float] | None = None
    refusal = SolveError("the camera hardly moves, or too few points were found: no two frames show parallax")
    little = not job.pairs or job.pairs[0].parallax < TRIPOD_PARALLAX_PX * job.scale
    if job.expected == SURELY_TURNS or (job.expected == ANY and little):
        try:
            believed, sure = BELIEVED_PX * job.scale, TRIPOD_SURE_PX * job.scale
            turning = tripod_skeleton(job.tracks, job.doubted, job.start, job.starts(), believed, sure)
        except SolveError as error:
            refusal = error
    if turning is not None and (job.expected == SURELY_TURNS or turning[1] < TRIPOD_SURE_PX * job.scale):
        job.scene = turning[0]
        yield turning[1]
        return
    if job.expected == SURELY_TURNS:
        raise refusal
    moving: tuple[Scene, float] | None = None
    try:
        if job.pairs:
            for moving in skeletons(job.tracks, job.doubted, job.pairs, job.start, job.starts()):
                yield moving[1]
    except SolveError as error:
        refusal = error
    believed = BELIEVED_PX * job.scale if moving is None else TRIPOD_MORE * moving[1]
    if turning is not None and turning[1] < min(believed, BELIEVED_PX * job.scale):
        job.scene = turning[0]
        yield turning[1]
        return
    if moving is None:
        raise refusal
    job.scene = moving[0]


def _solve_rest(scene: Scene) -> None:
    """Resects all frames outside the skeleton, each from the nearest that is solved.

    As often as that leads on: points that come into view on the way carry the next frames.
    """
    while True:
        before = int(scene.solved.sum())
        _resect_all(scene)
        if before == scene.solved.sum() or scene.solved.all():
            break


def _resect_all(scene: Scene) -> None:
    """Resects all frames that are not solved and see enough points, the nearest to solved ones first."""
    scene.spread_zoom()
    solved, missing = np.flatnonzero(scene.solved), np.flatnonzero(~scene.solved)
    distance = np.abs(missing[:, None] - solved).min(1)
    for frame in missing[np.argsort(distance, kind="stable")]:
        known = np.flatnonzero(scene.solved)
        scene.resect_near(int(frame), int(known[np.argmin(np.abs(known - frame))]))
    scene.triangulate()


def _all_frames(job: _Work) -> Generator[SolveStep, None, tuple[Adjusted, Sights, Index]]:
    """Solves the frames that are not yet and adjusts all, tracks going out and coming back by how they fit.

    Returns the last adjustment, with what it saw and the tracks of its points.
    """
    yield SolveStep(0.4, "Solving all frames")
    _solve_rest(job.found)
    scene, loss = job.found, LOSS_PX * job.scale
    for turn in range(job.first_round, MOST_ROUNDS):
        adjusted, _, _ = _adjust_once(job, ROUND_STEPS, loss, 1e-3)
        done = 0.5 + 0.5 * turn / (MOST_ROUNDS + 1)
        yield SolveStep(done, "Adjusting all frames", float(adjusted.errors.mean()))
        strict = WORST_MEDIANS[min(turn, len(WORST_MEDIANS) - 1)]
        if _choose_tracks(job, strict) < STEADY * scene.count and turn >= len(WORST_MEDIANS) - 1:
            break
    drop_bare(scene)
    job.loss_px = min(loss, max(LEAST_LOSS_PX, LAST_LOSS_MEDIANS * float(np.median(adjusted.errors))))
    scene.weights = job.tracks.weights * _weights(scene)
    return _adjust_once(job, LAST_STEPS, job.loss_px, 1e-7)


def drop_bare(scene: Scene) -> None:
    """Frames that see too few points to have a camera, once tracks are chosen, have none."""
    rows = np.isfinite(scene.points[scene.track, 0]) & ~scene.dropped[scene.track]
    seen = np.bincount(scene.frame[rows], minlength=scene.frames)
    if (scene.solved & (seen >= LEAST_SEEN)).sum() >= 2:
        scene.solved &= seen >= LEAST_SEEN


def _weights(scene: Scene) -> Floats:
    """(count,) what each track counts, 1 where it is not in use."""
    scatter = scene.track_errors()
    used = np.isfinite(scatter) & ~scene.dropped
    lengths = np.bincount(scene.track[scene.solved[scene.frame]], minlength=scene.count).astype(np.float64)
    weights = np.ones(scene.count)
    weights[used] = track_weights(scatter[used], lengths[used], scene.tracks.doubts[used])
    return weights


def _choose_tracks(job: _Work, strict: float) -> int:
    """Drops tracks that do not fit the scene as it stands and takes back those that do; how many changed."""
    scene = job.found
    rms = scene.track_errors()
    used = np.isfinite(rms) & ~scene.dropped
    limit = max(float(np.median(rms[used])), WORST_FLOOR_PX * job.scale / strict)
    bad = used & ~job.tracks.own & (rms > strict * limit)
    scene.triangulate(scene.dropped | ~np.isfinite(scene.points[:, 0]))
    again = scene.dropped & (scene.track_errors() < BACK_SHARE * strict * limit)
    scene.dropped = (scene.dropped | bad) & ~again
    scene.points[scene.dropped] = np.nan
    return int(bad.sum() + again.sum())


def _skeleton_of(job: _Work) -> Index:
    """The frames that are adjusted together: all, or of a long clip some spread over it."""
    frames = np.flatnonzero(job.found.solved)
    if len(frames) <= WHOLE_CAMERAS:
        return frames
    count = max(WHOLE_CAMERAS // 2, len(frames) // spacing(job.tracks))
    return frames[np.unique(np.linspace(0, len(frames) - 1, count).round().astype(int))]


def _adjust_once(job: _Work, rounds: int, loss_px: float, tolerance: float) -> tuple[Adjusted, Sights, Index]:
    scene = job.found
    frames, pick = np.flatnonzero(scene.solved), _skeleton_of(job)
    adjusted, sights, ids = scene.adjust(pick, rounds, loss_px, job.free, tolerance)
    if len(frames) == len(pick):
        return adjusted, sights, ids
    known = np.zeros(scene.count, bool)
    known[ids] = True
    scene.points[~known] = np.nan
    rig, sights, tracks = scene.rig(frames)
    held = hold_to_points(rig, sights, rounds=rounds, loss_px=loss_px, freedom=job.free)
    scene.keep(frames, tracks, held)
    return Adjusted(held, sight_errors(held, sights), rounds), sights, tracks


def _result(job: _Work, adjusted: Adjusted, sights: Sights, ids: Index) -> Solve:
    """The scene as the product shows it: Blender's axes, pixels, frames from 1."""
    scene, rig = job.found, adjusted.rig
    frames = np.flatnonzero(scene.solved)
    cameras = np.tile(np.eye(4), (len(frames), 1, 1))
    back = rig.rotation.transpose(0, 2, 1)
    cameras[:, :3, :3] = back * [1, -1, -1]
    cameras[:, :3, 3] = -np.matmul(back, rig.translation[:, :, None])[:, :, 0]
    focals = rig.lens[0] * rig.zoom
    mean = np.bincount(sights.point, adjusted.errors) / np.bincount(sights.point)
    per_frame = np.bincount(sights.camera, adjusted.errors, len(frames)) / np.maximum(
        np.bincount(sights.camera, minlength=len(frames)), 1
    )
    solved = set((frames + 1).tolist())
    keyframes = next(
        ((pair.first, pair.second) for pair in job.pairs if pair.first in solved and pair.second in solved),
        (int(frames[0]) + 1, int(frames[-1]) + 1),
    )
    solve = Solve(
        _lens_of(rig, focals, job),
        (frames + 1).astype(np.int32),
        cameras,
        places(rig.points) if job.moves else rig.points[:, :3] * TRIPOD_DISTANCE,
        ids.astype(np.int32),
        mean,
        per_frame,
        float(adjusted.errors.mean()),
        keyframes,
        motion=GENERAL if job.moves else TURNS,
        frame_focals_px=focals,
        shutter=(float(rig.lens[SHUTTER][0]), float(rig.lens[SHUTTER][1])),
        axis_hint=job.axis and _in_plate(job.axis, job),
    )
    _add_certainty(job, solve, ids)
    return solve


def _lens_of(rig: Rig, focals: Floats, job: _Work) -> Lens:
    """The rig's lens as Blender has it; ``focals`` are each frame's focal length where the lens zooms."""
    width, height = job.tracks.width, job.tracks.height
    focal = float(rig.lens[0])
    shares = solver_shares(rig.bending.model, focal, width, height)
    whole = rig.bending.at(rig.lens[BEND].tolist())
    k1, k2, *more = (value / share for value, share in zip(whole.coefficients, shares))
    while more and not more[-1]:
        more.pop()
    if len(focals):  # a clip has one lens: the middle of the zoom
        focal = float(np.sqrt(focals.min() * focals.max()))
    right, below = rig.lens[PRINCIPAL]
    return Lens(
        focal,
        width,
        height,
        k1,
        k2,
        sensor_width_mm=job.start.sensor_width_mm,
        model=rig.bending.model,
        more=tuple(more),
        principal=(width / 2 + right, height / 2 - below) if right or below else None,
    )


def _in_plate(axis: tuple[float, float], job: _Work) -> tuple[float, float]:
    """The pixel of the plate that lies so far right of and below its middle, in pixels as wide as high."""
    right, below = axis
    return job.tracks.width / 2 + right, (job.tracks.height / 2 - below) * job.start.pixel_aspect


def _add_certainty(job: _Work, solve: Solve, ids: Index) -> None:
    """How sure the solve is, in it; left open where the markers do not determine it."""
    scene, pick = job.found, _skeleton_of(job)
    rig, sights, tracks = scene.rig(pick)
    try:
        sure = certainty(rig, sights, loss_px=job.loss_px, freedom=job.free)
    except np.linalg.LinAlgError:
        return
    sensor = solve.lens.sensor_width_mm / solve.lens.width
    if job.free.zooms:
        pass  # one interval says nothing of a zoom
    elif job.free.focal:
        spread = NORMAL_95 * float(sure.lens[0])
        solve.focal_interval_mm = (
            (solve.lens.focal_px - spread) * sensor,
            (solve.lens.focal_px + spread) * sensor,
        )
    elif job.start.refine:
        solve.focal_interval_mm = (0.0, np.inf)
    frames = solve.frames - 1
    solve.rotation_sigmas = np.interp(frames, pick, sure.rotation)
    if job.moves:
        solve.position_sigmas = np.interp(frames, pick, sure.position)
        depth = np.full(scene.count, np.inf)
        depth[tracks] = sure.depth
        solve.depth_sigmas = depth[ids]


def standing(tracks: Tracks, start: LensStart, still: Stillness) -> Solve:
    """A camera that stands still, with the focal length that was given: the footage tells none."""
    count = tracks.frames
    frames = np.arange(1, count + 1, dtype=np.int32)
    rows = still.tracks[tracks.track]
    numbers, owner = np.unique(tracks.track[rows], return_inverse=True)
    size = np.maximum(np.bincount(owner), 1)[:, None]
    middle = np.stack([np.bincount(owner, tracks.xy[rows][:, axis]) for axis in (0, 1)], 1) / size
    errors = np.hypot(*(tracks.xy[rows] - middle[owner]).T)
    focal = start.focal_length_mm / start.sensor_width_mm * tracks.width
    model, width, height = start.distortion_model, tracks.width, tracks.height
    principal = start.principal and (start.principal[0], start.principal[1] / start.pixel_aspect)
    lens = Lens(
        focal,
        width,
        height,
        start.k1,
        start.k2,
        start.sensor_width_mm,
        model,
        more=start.more,
        principal=principal,
    )
    bending, bend = bending_of(model, start.coefficients, focal, width, height)
    right, below = principal_terms(start, tracks)
    slopes = (middle - [width / 2 + right, height / 2 - below]) / focal
    slopes = bending.slopes(slopes * [1, -1], bend) * [1, -1]
    points = np.concatenate([slopes, -np.ones((len(slopes), 1))], 1) * TRIPOD_DISTANCE
    seen = np.bincount(tracks.frame[rows] - 1, minlength=count)
    return Solve(
        lens,
        frames,
        np.tile(np.eye(4), (count, 1, 1)),
        points,
        numbers.astype(np.int32),
        np.bincount(owner, errors) / size[:, 0],
        np.bincount(tracks.frame[rows] - 1, errors, count) / np.maximum(seen, 1),
        float(errors.mean()) if len(errors) else 0.0,
        (1, count),
        motion=STILL,
    )
