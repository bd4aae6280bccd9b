"""A camera that turns where it stands: no parallax, so points are directions.

The same adjustment as for a moving camera with the places held; the first guess chains the frames of a
skeleton by the turn that carries the rays of one to those of the next (Kabsch, A solution for the best
rotation to relate two sets of vectors, 1976).
"""

from __future__ import annotations

import numpy as np

from ..errors import SolveError
from .bundle import Freedom, Index
from .model import Bools, Floats, LensStart, Tracks
from .scene import Scene

PARTS = 30
LOSS_PX = 0.5
REWEIGHTED = 8
ROUNDS = 60
ZOOM_LESS = 0.5
"""A focal length for each frame must leave less than this share of the error."""
CONTENT = 0.3
"""Share of the error that can be believed below which no other focal length is tried."""
ZOOM_LOOK = 60.0
"""Times that error up to which a zoom is looked for."""
HOPELESS = 8.0
"""Times the error that can be believed from which on no other focal length is tried."""


class TripodScene(Scene):
    """The scene of a camera that turns where it stands; its points are directions of length 1."""

    def directions(self, rows: Index) -> Floats:
        """(n, 3) rays of markers, of length 1, in the camera's axes."""
        rays = np.concatenate([self.rays(rows), np.ones((len(rows), 1))], 1)
        unit: Floats = rays / np.linalg.norm(rays, axis=1, keepdims=True)
        return unit

    def triangulate(self, which: Bools | None = None) -> None:
        """Each point is the mean of the directions in which the solved frames see it."""
        which = ~self.dropped if which is None else which
        self.points[which | self.dropped] = np.nan
        rows = np.flatnonzero(self.solved[self.frame] & which[self.track])
        seen = np.matmul(
            self.rotation[self.frame[rows]].transpose(0, 2, 1), self.directions(rows)[:, :, None]
        )
        total = np.zeros((self.count, 3))
        np.add.at(total, self.track[rows], seen[:, :, 0])
        known = np.bincount(self.track[rows], minlength=self.count) >= 2
        length = np.linalg.norm(total, axis=1)
        known &= length > 1e-9
        self.points[known, :3] = total[known] / length[known, None]
        self.points[known, 3] = 0.0

    def resect(self, frame: int) -> bool:
        """Finds the turn of a frame from the directions that it sees; False where there are too few."""
        rows = self.known_rows(frame)
        if len(rows) < self.least:
            return False
        self.rotation[frame] = turn_between(self.points[self.track[rows], :3], self.directions(rows))
        self.solved[frame] = True
        return True

    def resect_near(self, frame: int, _neighbour: int) -> bool:
        return self.resect(frame)


def turn_between(source: Floats, target: Floats) -> Floats:
    """(3, 3) the rotation that carries directions (n, 3) onto others, those that fit badly counting less."""
    weight = np.ones(len(source))
    turn = np.eye(3)
    for _ in range(REWEIGHTED):
        left, _, right = np.linalg.svd((target * weight[:, None]).T @ source)
        turn = left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right
        miss = np.linalg.norm(target - source @ turn.T, axis=1)
        weight = 1 / np.maximum(miss, 0.5 * np.median(miss) + 1e-9)
    return turn


def tripod_skeleton(
    tracks: Tracks,
    doubted: Bools,
    start: LensStart,
    focals_px: list[float],
    believed_px: float,
    sure_px: float,
) -> tuple[TripodScene, float]:
    """The best skeleton of a turning camera over the focal lengths to start from, and its median error.

    A start that leaves more than ``believed_px`` is not adjusted to the end, and no other one is tried after
    one that is good (CONTENT) or hopeless. One that leaves more than ``sure_px`` is tried with a zoom, too.
    Raises SolveError where no two frames share enough points.
    """
    best: tuple[float, TripodScene] | None = None
    for focal in focals_px:
        scene = TripodScene(tracks, start, focal)
        scene.dropped |= doubted
        frames = _chain(scene)
        if len(frames) < 3:
            raise SolveError("too few points stay in view from frame to frame")
        scene.triangulate()
        adjusted, _, _ = scene.adjust(frames, 12, 2.0, Freedom(start.refine, False, False, moves=False))
        error = float(np.median(adjusted.errors))
        if error < believed_px:
            freedom = Freedom(start.refine, start.refine_distortion, start.refine_distortion, moves=False)
            adjusted, _, _ = scene.adjust(frames, ROUNDS, LOSS_PX, freedom)
            error = float(np.median(adjusted.errors))
        if best is None or error < best[0]:
            best = error, scene
        if error < CONTENT * believed_px or error > HOPELESS * believed_px:
            break
    assert best is not None
    error, scene = best
    if start.refine and sure_px < error < ZOOM_LOOK * believed_px:
        # What one focal length bent itself to in order to explain a zoom may lead astray: begin anew, too.
        fresh = TripodScene(tracks, start, focals_px[0])
        fresh.dropped |= doubted
        frames = _chain(fresh)
        fresh.triangulate()
        found = _zoomed(fresh, frames, start, error)
        if found < error:
            return fresh, found
        error = _zoomed(scene, np.flatnonzero(scene.solved), start, error)
    return scene, error


def _zoomed(scene: TripodScene, frames: Index, start: LensStart, error: float) -> float:
    """Tries a focal length for each frame; the median error that is left, pixels."""
    before = scene.copy()
    scene.adjust(frames, 20, 2.0, Freedom(True, False, False, moves=False, zooms=True))
    freedom = Freedom(True, start.refine_distortion, start.refine_distortion, moves=False, zooms=True)
    adjusted, _, _ = scene.adjust(frames, ROUNDS, LOSS_PX, freedom)
    zoomed = float(np.median(adjusted.errors))
    if zoomed < ZOOM_LESS * error:
        return zoomed
    scene.restore(before)
    return error


def _chain(scene: TripodScene) -> Index:
    """Turns frame after frame of the skeleton, from the middle to both ends; the frames that were reached."""
    step = max(1, scene.frames // PARTS)
    middle = scene.frames // 2
    scene.solved[middle] = True
    for direction in (1, -1):
        last = middle
        for frame in range(
            middle + direction * step, scene.frames if direction > 0 else -1, direction * step
        ):
            rows_a, rows_b = scene.shared_rows(last, frame)
            if len(rows_a) < scene.least:
                continue  # a blurred frame; the next one may share more with the last good one
            turn = turn_between(scene.directions(rows_a), scene.directions(rows_b))
            scene.rotation[frame] = turn @ scene.rotation[last]
            scene.solved[frame] = True
            last = frame
    return np.flatnonzero(scene.solved)
