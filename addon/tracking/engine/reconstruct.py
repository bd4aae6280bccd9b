"""A camera from tracks.

Two frames with parallax give a first guess; a skeleton of frames spread over
the clip is added to it and adjusted until it has converged, with the lens free
(stopped early, the focal length can be far off while the error looks small).
The other frames are resected from its points; then everything is adjusted
together, round after round without the tracks that fit worst.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..errors import SolveError
from .bundle import Adjusted, Index, Rig, Sights, adjust, hold_to_points, sight_errors
from .lens import undistort
from .model import Bools, Floats, Lens, LensStart, Solve, Tracks
from .sizes import REFERENCE_SIDE
from .votes import FramePair

SKELETON_PARTS = 24
WHOLE_CAMERAS = 200
"""Clips with more cameras are not adjusted whole: their frames are held to the skeleton's points."""
PAIRS_TRIED = 6
LEAST_POINTS = 8
"""Fewest points that a frame's camera may rest on."""
LEAST_PARALLAX = np.radians(0.7)
"""A point must be seen under at least this angle."""
WORST_MEDIANS = 2.5
"""Tracks with more than this many times the median error are dropped."""
WORST_FLOOR_PX = 0.12
DROP_ROUNDS = 3
DROP_ROUND_STEPS = 3
"""Rounds of adjustment before tracks are judged; more of them changed no verdict, only the time."""
OTHER_STARTS_MM = (24.0, 35.0, 50.0, 85.0, 18.0)
"""Focal lengths, for a sensor 36 mm wide, to try when the given one leads nowhere."""
GOOD_ENOUGH_PX = 1.0
"""A skeleton with a larger median error, on a frame 960 pixels wide, is not believed."""


@dataclass(frozen=True)
class SolveStep:
    """How far a solve has come."""

    done: float
    """Share of the solve that is done, 0 to 1."""
    text: str
    error_px: float | None = None
    result: Solve | None = None
    """The camera, in the last step."""


class _Scene:
    """The markers of a clip and all that is known of cameras, points and lens so far.

    Pixels from the middle of the frame, y down; frames counted from 0.
    """

    def __init__(self, tracks: Tracks, start: LensStart, focal_px: float) -> None:
        self.track: Index = tracks.track.astype(np.intp)
        self.frame: Index = tracks.frame.astype(np.intp) - 1
        self.uv: Floats = (tracks.xy - [tracks.width / 2, tracks.height / 2]) * [1, -1]
        self.frames, self.count, self.width = tracks.frames, tracks.count, tracks.width
        self.rotation = np.tile(np.eye(3), (self.frames, 1, 1))
        self.translation = np.zeros((self.frames, 3))
        self.solved: Bools = np.zeros(self.frames, bool)
        self.points = np.full((self.count, 3), np.nan)
        self.dropped: Bools = np.zeros(self.count, bool)
        self.lens = np.array([focal_px, start.k1, start.k2])
        by_frame = np.argsort(self.frame, kind="stable")
        self.rows_of = np.split(by_frame, np.searchsorted(self.frame[by_frame], np.arange(1, self.frames)))
        self._ends = np.searchsorted(self.track, np.arange(self.count + 1))

    def rays(self, rows: Index) -> Floats:
        """(n, 2) slopes of the rays of markers."""
        return undistort(self.uv[rows] / self.lens[0], self.lens[1], self.lens[2])

    def known_rows(self, frame: int) -> Index:
        """The frame's markers whose points are known."""
        rows = self.rows_of[frame]
        return rows[np.isfinite(self.points[self.track[rows], 0])]

    def triangulate(self) -> None:
        """Finds all points that the solved frames see well enough; the others become unknown."""
        self.points[:] = np.nan
        rows = np.flatnonzero(self.solved[self.frame] & ~self.dropped[self.track])
        tracks, starts, counts = np.unique(self.track[rows], return_index=True, return_counts=True)
        rows = rows[np.repeat(counts >= 2, counts)]
        if not len(rows):
            return
        tracks, starts, owner = np.unique(self.track[rows], return_index=True, return_inverse=True)
        frames, slopes = self.frame[rows], self.rays(rows)
        matrix = np.concatenate([self.rotation[frames], self.translation[frames][:, :, None]], 2)
        lines = slopes[:, :, None] * matrix[:, 2:3] - matrix[:, :2]
        normal = np.add.reduceat(np.matmul(lines.transpose(0, 2, 1), lines), starts, axis=0)
        vectors = np.linalg.eigh(normal)[1][:, :, 0]
        weight = vectors[:, 3:]
        finite = np.abs(weight[:, 0]) > 1e-9
        points = vectors[:, :3] / np.where(np.abs(weight) > 1e-9, weight, 1)
        seen = np.matmul(self.rotation[frames], points[owner][:, :, None])[:, :, 0] + self.translation[frames]
        nearest = np.minimum.reduceat(seen[:, 2], starts)
        ok = finite & (nearest > 0) & (self._parallax(points[owner], frames, starts) > LEAST_PARALLAX)
        rig = Rig(self.rotation, self.translation, points, self.lens)
        errors = sight_errors(rig, Sights(frames, owner, self.uv[rows]))
        mean = np.add.reduceat(errors, starts) / np.bincount(owner)
        ok &= mean < max(8.0, 0.01 * self.width)
        self.points[tracks[ok]] = points[ok]

    def _parallax(self, points: Floats, frames: Index, starts: Index) -> Floats:
        """The widest angle between the first sight of each point and the others, radians."""
        centres = -np.matmul(self.rotation.transpose(0, 2, 1), self.translation[:, :, None])[:, :, 0]
        toward = points - centres[frames]
        toward /= np.maximum(np.linalg.norm(toward, axis=1, keepdims=True), 1e-12)
        first = np.repeat(toward[starts], np.diff(np.append(starts, len(toward))), axis=0)
        chord = np.linalg.norm(toward - first, axis=1)
        far: Floats = np.maximum.reduceat(chord, starts)
        return 2.0 * np.arcsin(np.clip(far / 2, 0, 1)).astype(np.float64)

    def resect(self, frame: int) -> bool:
        """Finds the camera of a frame from the points that it sees; False where there are too few."""
        rows = self.known_rows(frame)
        if len(rows) < LEAST_POINTS:
            return False
        points, rays = self.points[self.track[rows]], self.rays(rows)
        ok, turn, shift, inliers = cv2.solvePnPRansac(
            points,
            rays,
            np.eye(3),
            None,
            reprojectionError=6 / self.lens[0],
            iterationsCount=200,
            flags=cv2.SOLVEPNP_SQPNP,
        )
        if not ok or inliers is None or len(inliers) < LEAST_POINTS:
            return False
        pick = inliers[:, 0]
        _, turn, shift = cv2.solvePnP(points[pick], rays[pick], np.eye(3), None, turn, shift, True)
        return self._place(frame, turn, shift)

    def resect_near(self, frame: int, neighbour: int) -> bool:
        """The same, begun at the camera of a neighbouring frame."""
        rows = self.known_rows(frame)
        if len(rows) < LEAST_POINTS:
            return False
        points, rays = self.points[self.track[rows]], self.rays(rows)
        turn = cv2.Rodrigues(self.rotation[neighbour])[0]
        shift = self.translation[neighbour].copy()
        _, turn, shift = cv2.solvePnP(points, rays, np.eye(3), None, turn, shift, True)
        return self._place(frame, turn, shift)

    def _place(self, frame: int, turn: Floats, shift: Floats) -> bool:
        if not (np.isfinite(turn).all() and np.isfinite(shift).all()):
            return False
        self.rotation[frame], self.translation[frame] = cv2.Rodrigues(turn)[0], shift.ravel()
        self.solved[frame] = True
        return True

    def rig(self, frames: Index, *, shared: int = 2) -> tuple[Rig, Sights, Index]:
        """The part of the scene that ``frames`` see, with the tracks of its points.

        Points seen by fewer than ``shared`` of the frames are left out.
        """
        number = np.full(self.frames, -1)
        number[frames] = np.arange(len(frames))
        rows = np.flatnonzero((number[self.frame] >= 0) & np.isfinite(self.points[self.track, 0]))
        enough = np.bincount(self.track[rows], minlength=self.count) >= shared
        rows = rows[enough[self.track[rows]]]
        rows = rows[np.argsort(self.frame[rows], kind="stable")]
        used, owner = np.unique(self.track[rows], return_inverse=True)
        rig = Rig(self.rotation[frames], self.translation[frames], self.points[used], self.lens)
        return rig, Sights(number[self.frame[rows]], owner, self.uv[rows]), used

    def keep(self, frames: Index, tracks: Index, rig: Rig) -> None:
        """Takes an adjusted part back into the scene."""
        self.rotation[frames], self.translation[frames] = rig.rotation, rig.translation
        self.points[tracks], self.lens = rig.points, rig.lens

    def adjust(
        self,
        frames: Index,
        rounds: int,
        loss_px: float,
        free_lens: tuple[bool, bool, bool],
        tolerance: float = 1e-7,
    ) -> tuple[Adjusted, Sights, Index]:
        """Adjusts the part of the scene that ``frames`` see."""
        rig, sights, tracks = self.rig(frames)
        if len(sights.uv) < 2 * LEAST_POINTS:
            raise SolveError("too few points are seen from more than one place")
        adjusted = adjust(
            rig, sights, rounds=rounds, loss_px=loss_px, free_lens=free_lens, tolerance=tolerance
        )
        self.keep(frames, tracks, adjusted.rig)
        return adjusted, sights, tracks


def solve_steps(tracks: Tracks, pairs: list[FramePair], start: LensStart) -> Iterator[SolveStep]:
    """Solves the camera for ``tracks``, whose switched-off ones are left out, in steps.

    ``pairs`` are frame pairs with parallax, best first (see votes). The last
    step carries the Solve. Raises SolveError where no camera can be found.
    """
    if not pairs:
        raise SolveError("the camera hardly moves, or too few points were found: no two frames show parallax")
    if not start.refine:
        start = replace(start, refine_distortion=False)
    keep = tracks.enabled
    used = tracks.subset(keep)
    focal_px = start.focal_length_mm / start.sensor_width_mm * tracks.width
    free = (start.refine, start.refine_distortion, start.refine_distortion)
    scene: _Scene | None = None
    for better, error in _skeletons(used, pairs, start, focal_px):
        scene = better
        yield SolveStep(0.3, "Skeleton solved", error)
    assert scene is not None
    yield SolveStep(0.4, "Solving all frames")
    _solve_rest(scene)
    last = None
    for last in _adjust_all(scene, free):
        yield SolveStep(0.5 + 0.5 * last[3], "Adjusting all frames", float(last[0].errors.mean()))
    assert last is not None
    adjusted, sights, ids, _ = last
    numbers = np.flatnonzero(keep)[ids]
    yield SolveStep(
        1.0, "Solved", float(adjusted.errors.mean()), _result(tracks, scene, adjusted, sights, numbers, pairs)
    )


def _skeletons(
    tracks: Tracks, pairs: list[FramePair], start: LensStart, focal_px: float
) -> Iterator[tuple[_Scene, float]]:
    """Skeletons from one start after another, each better than the one before, until one can be believed."""
    scale = max(1.0, max(tracks.width, tracks.height) / REFERENCE_SIDE)
    starts = [focal_px]
    if start.refine:
        starts += [mm / 36.0 * tracks.width for mm in OTHER_STARTS_MM]
    best: tuple[float, _Scene] | None = None
    for focal in starts:
        scene = _Scene(tracks, start, focal)
        try:
            error = _skeleton(scene, pairs, start)
        except SolveError:
            continue
        missing = 1 - scene.solved.sum() / len(_skeleton_frames(tracks.frames, pairs[0]))
        badness = error / scale + 10 * missing
        if best is None or badness < best[0]:
            best = badness, scene
            yield scene, error
        if badness < GOOD_ENOUGH_PX:
            return
    if best is None:
        raise SolveError("no pair of frames leads to a camera: the tracks do not fit one still world")


def _skeleton_frames(frames: int, pair: FramePair) -> list[int]:
    """The skeleton's frames, from 0, those between the first pair and next to it first."""
    low, high = pair.first - 1, pair.second - 1
    spread = set(range(0, frames, max(1, frames // SKELETON_PARTS))) | {frames - 1, low, high}
    return sorted(spread, key=lambda f: 0 if low < f < high else min(abs(f - low), abs(f - high)))


def _skeleton(scene: _Scene, pairs: list[FramePair], start: LensStart) -> float:
    """Solves the skeleton; returns its median error in pixels. Raises SolveError."""
    pair = _begin(scene, pairs)
    scene.triangulate()
    for frame in _skeleton_frames(scene.frames, pair):
        if scene.solved[frame] or not scene.resect(frame):
            continue
        count = int(scene.solved.sum())
        if count in (4, 7, 12, 18):
            scene.triangulate()
            scene.adjust(np.flatnonzero(scene.solved), 6, 2.0, (start.refine and count > 5, False, False))
            scene.triangulate()
    if scene.solved.sum() < 3:
        raise SolveError("no third frame fits the first two")
    frames = np.flatnonzero(scene.solved)
    scene.triangulate()
    scene.adjust(frames, 12, 2.0, (start.refine, False, False))
    scene.triangulate()
    adjusted, _, _ = scene.adjust(
        frames, 150, 0.5, (start.refine, start.refine_distortion, start.refine_distortion)
    )
    return float(np.median(adjusted.errors))


def _begin(scene: _Scene, pairs: list[FramePair]) -> FramePair:
    """Places the two cameras of the pair that the most points support."""
    best = None
    for pair in pairs[:PAIRS_TRIED]:
        rows_a, rows_b = scene.rows_of[pair.first - 1], scene.rows_of[pair.second - 1]
        _, at_a, at_b = np.intersect1d(
            scene.track[rows_a], scene.track[rows_b], assume_unique=True, return_indices=True
        )
        a, b = scene.rays(rows_a[at_a]), scene.rays(rows_b[at_b])
        try:
            essential, mask = cv2.findEssentialMat(
                a, b, np.eye(3), method=cv2.USAC_MAGSAC, prob=0.999, threshold=1.5 / scene.lens[0]
            )
            if essential is None or essential.shape != (3, 3):
                continue
            support, turn, shift, _ = cv2.recoverPose(essential, a, b, np.eye(3), mask=mask)
        except cv2.error:  # raised on degenerate sets; another pair may do
            continue
        if best is None or support > best[0]:
            best = support, pair, turn, shift
    if best is None:
        raise SolveError("no two frames show the same points from different places")
    _, pair, turn, shift = best
    scene.solved[[pair.first - 1, pair.second - 1]] = True
    scene.rotation[pair.second - 1], scene.translation[pair.second - 1] = turn, shift[:, 0]
    return pair


def _solve_rest(scene: _Scene) -> None:
    """Resects all frames outside the skeleton, each from the nearest that is solved."""
    solved = np.flatnonzero(scene.solved)
    distance = np.abs(np.arange(scene.frames)[:, None] - solved).min(1)
    for frame in np.argsort(distance, kind="stable"):
        if scene.solved[frame]:
            continue
        known = np.flatnonzero(scene.solved)
        scene.resect_near(int(frame), int(known[np.argmin(np.abs(known - frame))]))
    scene.triangulate()


def _adjust_all(
    scene: _Scene, free_lens: tuple[bool, bool, bool]
) -> Iterator[tuple[Adjusted, Sights, Index, float]]:
    """Adjusts everything, dropping the tracks that fit worst; the last one yielded stands."""
    for turn in range(DROP_ROUNDS):
        adjusted, sights, ids = _adjust_once(scene, DROP_ROUND_STEPS, free_lens, 1e-3)
        rms = np.sqrt(
            np.bincount(sights.point, adjusted.errors**2) / np.maximum(np.bincount(sights.point), 1)
        )
        bad = ids[rms > max(WORST_MEDIANS * np.median(rms), WORST_FLOOR_PX)]
        yield adjusted, sights, ids, turn / (DROP_ROUNDS + 1)
        if len(bad) < 3:
            break
        scene.dropped[bad] = True
        scene.points[bad] = np.nan
    yield (*_adjust_once(scene, 8, free_lens, 1e-7), 1.0)


def _adjust_once(
    scene: _Scene, rounds: int, free_lens: tuple[bool, bool, bool], tolerance: float
) -> tuple[Adjusted, Sights, Index]:
    frames = np.flatnonzero(scene.solved)
    if len(frames) <= WHOLE_CAMERAS:
        return scene.adjust(frames, rounds, 0.5, free_lens, tolerance)
    pick = frames[np.unique(np.linspace(0, len(frames) - 1, WHOLE_CAMERAS // 2).round().astype(int))]
    _, _, ids = scene.adjust(pick, rounds, 0.5, free_lens, tolerance)
    known = np.zeros(scene.count, bool)
    known[ids] = True
    scene.points[~known] = np.nan
    rig, sights, tracks = scene.rig(frames)
    held = hold_to_points(rig, sights, rounds=rounds, loss_px=0.5)
    scene.keep(frames, tracks, held)
    return Adjusted(held, sight_errors(held, sights), rounds), sights, tracks


def _result(
    tracks: Tracks, scene: _Scene, adjusted: Adjusted, sights: Sights, ids: Index, pairs: list[FramePair]
) -> Solve:
    """The scene as the product shows it: Blender's axes, pixels, frames from 1."""
    frames = np.flatnonzero(scene.solved)
    rig = adjusted.rig
    cameras = np.tile(np.eye(4), (len(frames), 1, 1))
    back = rig.rotation.transpose(0, 2, 1)
    cameras[:, :3, :3] = back * [1, -1, -1]
    cameras[:, :3, 3] = -np.matmul(back, rig.translation[:, :, None])[:, :, 0]
    focal, k1, k2 = (float(value) for value in rig.lens)
    mean = np.bincount(sights.point, adjusted.errors) / np.bincount(sights.point)
    per_frame = np.bincount(sights.camera, adjusted.errors, len(frames)) / np.maximum(
        np.bincount(sights.camera, minlength=len(frames)), 1
    )
    solved = set((frames + 1).tolist())
    keyframes = next(
        ((pair.first, pair.second) for pair in pairs if pair.first in solved and pair.second in solved),
        (int(frames[0]) + 1, int(frames[-1]) + 1),
    )
    return Solve(
        Lens(focal, tracks.width, tracks.height, k1, k2),
        (frames + 1).astype(np.int32),
        cameras,
        rig.points,
        ids.astype(np.int32),
        mean,
        per_frame,
        float(adjusted.errors.mean()),
        keyframes,
    )
