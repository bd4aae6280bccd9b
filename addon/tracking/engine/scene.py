"""What is known of a clip while it is solved: markers, cameras, points and lens.

Pixels from the middle of the frame, y down; frames counted from 0. Cameras are world to camera,
looking along +Z, as computer vision has them; the product's own axes come in at the end.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import SolveError
from .bundle import (
    BEND,
    LENS_TERMS,
    PRINCIPAL,
    SHUTTER,
    Adjusted,
    Freedom,
    Index,
    Rig,
    Sights,
    adjust,
    robust_cost,
    sight_errors,
)
from .lens import bending_of
from .model import Bools, Floats, Lens, LensStart, Tracks

LEAST_POINTS = 8
"""Fewest points that a frame's camera may rest on,"""
LEAST_CHOSEN = 6
"""and where there are few tracks, each chosen by somebody: up to so many."""
FEW_TRACKS = 24
NONE: Floats = np.empty(0)
LEAST_PARALLAX = np.radians(0.7)
"""A point that is seen under less than this angle is far: it tells how the camera turns, not where it is."""
FARTHEST = 1e5
"""Nothing is put farther away than this, in units of the scene."""


def least_points(tracks: Tracks) -> int:
    """How many points a frame's camera may rest on."""
    return LEAST_CHOSEN if tracks.count <= FEW_TRACKS and tracks.own.all() else LEAST_POINTS


def principal_terms(lens: Lens | LensStart, tracks: Tracks) -> tuple[float, float]:
    """How far right of and below the middle the principal point lies, pixels as wide as high."""
    if lens.principal is None:
        return 0.0, 0.0
    across, up = lens.principal
    return across - tracks.width / 2, tracks.height / 2 - up / lens.pixel_aspect


class Scene:
    """The markers of a clip and all that is known of cameras, points and lens so far."""

    def __init__(self, tracks: Tracks, start: LensStart, focal_px: float) -> None:
        self.tracks = tracks
        self.track: Index = tracks.track.astype(np.intp)
        self.frame: Index = tracks.frame.astype(np.intp) - 1
        self.uv: Floats = (tracks.xy - [tracks.width / 2, tracks.height / 2]) * [1, -1]
        self.frames, self.count, self.width = tracks.frames, tracks.count, tracks.width
        self.rotation = np.tile(np.eye(3), (self.frames, 1, 1))
        self.translation = np.zeros((self.frames, 3))
        self.solved: Bools = np.zeros(self.frames, bool)
        self.points = np.full((self.count, 4), np.nan)
        """As a rig has them; not a number where unknown."""
        self.near: Bools = np.zeros(self.count, bool)
        """Points that are seen under LEAST_PARALLAX at least."""
        self.least = least_points(tracks)
        """Points that a frame's camera needs."""
        self.weights = tracks.weights
        self.dropped: Bools = np.zeros(self.count, bool)
        self.lens = np.zeros(LENS_TERMS)
        self.bending, bend = bending_of(
            start.distortion_model, start.coefficients, focal_px, tracks.width, tracks.height
        )
        self.lens[0], self.lens[BEND] = focal_px, bend
        self.lens[PRINCIPAL] = principal_terms(start, tracks)
        self.zooms = False
        """Whether each frame has a focal length of its own: ``zoom`` times the lens's."""
        self.zoom = np.ones(self.frames)
        self.late = _late(self.track, self.frame, self.uv, tracks.width, tracks.height)
        by_frame = np.argsort(self.frame, kind="stable")
        self.rows_of = np.split(by_frame, np.searchsorted(self.frame[by_frame], np.arange(1, self.frames)))
        self._ends = np.searchsorted(self.track, np.arange(self.count + 1))

    def rays(self, rows: Index) -> Floats:
        """(n, 2) slopes of the rays of markers."""
        uv = self.uv[rows] - self.late[rows] @ self.lens[SHUTTER] - self.lens[PRINCIPAL]
        focal = self.lens[0] * self.zoom[self.frame[rows], None]
        return self.bending.slopes(uv / focal, self.lens[BEND])

    def places(self, tracks: Index) -> Floats:
        """(n, 3) where the points of tracks are, those at infinity at FARTHEST."""
        return places(self.points[tracks])

    def shared_rows(self, frame: int, other: int) -> tuple[Index, Index]:
        """The markers of two frames whose tracks are in both and not dropped, in the same order."""
        rows, others = (
            rows[~self.dropped[self.track[rows]]] for rows in (self.rows_of[frame], self.rows_of[other])
        )
        _, at, at_other = np.intersect1d(
            self.track[rows], self.track[others], assume_unique=True, return_indices=True
        )
        return rows[at], others[at_other]

    def known_rows(self, frame: int) -> Index:
        """The frame's markers whose points are known; far ones only where near ones are too few."""
        rows = self.rows_of[frame]
        rows = rows[np.isfinite(self.points[self.track[rows], 0])]
        near = rows[self.near[self.track[rows]]]
        return near if len(near) >= 2 * self.least else rows

    def triangulate(self, which: Bools | None = None) -> None:
        """Finds the points of ``which`` tracks (count,), of all that are not dropped where none are given.

        Those that the solved frames do not see well enough become unknown.
        """
        which = ~self.dropped if which is None else which
        self.points[which | self.dropped] = np.nan
        self.near[which | self.dropped] = False
        rows = np.flatnonzero(self.solved[self.frame] & which[self.track])
        tracks, starts, counts = np.unique(self.track[rows], return_index=True, return_counts=True)
        rows = rows[np.repeat(counts >= 2, counts)]
        if not len(rows):
            return
        tracks, starts, owner = np.unique(self.track[rows], return_index=True, return_inverse=True)
        frames, slopes = self.frame[rows], self.rays(rows)
        matrix = np.concatenate([self.rotation[frames], self.translation[frames][:, :, None]], 2)
        lines = slopes[:, :, None] * matrix[:, 2:3] - matrix[:, :2]
        normal = np.add.reduceat(np.matmul(lines.transpose(0, 2, 1), lines), starts, axis=0)
        points = np.ascontiguousarray(np.linalg.eigh(normal)[1][:, :, 0])
        seen = np.einsum("ni,ni->n", matrix[:, 2], points[owner])
        points *= np.where(np.add.reduceat(np.sign(seen), starts) < 0, -1.0, 1.0)[:, None]
        seen = np.einsum("ni,ni->n", matrix[:, 2], points[owner])
        ok = (np.minimum.reduceat(seen, starts) > 0) & (points[:, 3] > -1 / FARTHEST)
        rig = Rig(self.rotation, self.translation, points, self.lens, self._zooms(), self.bending)
        errors = sight_errors(rig, Sights(frames, owner, self.uv[rows], self.late[rows]))
        mean = np.add.reduceat(errors, starts) / np.bincount(owner)
        ok &= mean < max(8.0, 0.01 * self.width)
        self.points[tracks[ok]] = points[ok]
        self.near[tracks] = ok & (self._parallax(places(points)[owner], frames, starts) > LEAST_PARALLAX)

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
        if len(rows) < self.least:
            return False
        points, rays = self.places(self.track[rows]), self.rays(rows)
        try:
            ok, turn, shift, inliers = cv2.solvePnPRansac(
                points,
                rays,
                np.eye(3),
                None,
                reprojectionError=6 / (self.lens[0] * self.zoom[frame]),
                iterationsCount=200,
                flags=cv2.SOLVEPNP_SQPNP,
            )
        except cv2.error:  # raised where a wrong lens has put all the points in one place
            return False
        if not ok or inliers is None or len(inliers) < self.least:
            return False
        pick = inliers[:, 0]
        _, turn, shift = cv2.solvePnP(points[pick], rays[pick], np.eye(3), None, turn, shift, True)
        return self._place(frame, turn, shift)

    def resect_near(self, frame: int, neighbour: int) -> bool:
        """The same, begun at the camera of a neighbouring frame."""
        rows = self.known_rows(frame)
        if len(rows) < self.least:
            return False
        points, rays = self.places(self.track[rows]), self.rays(rows)
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

    def track_errors(self) -> Floats:
        """(count,) root mean square of each track's reprojection errors, pixels; NaN without a point."""
        rows = np.flatnonzero(self.solved[self.frame] & np.isfinite(self.points[self.track, 0]))
        rig = Rig(self.rotation, self.translation, self.points, self.lens, self._zooms(), self.bending)
        errors = sight_errors(rig, Sights(self.frame[rows], self.track[rows], self.uv[rows], self.late[rows]))
        sums = np.bincount(self.track[rows], errors**2, self.count)
        counts = np.bincount(self.track[rows], minlength=self.count)
        return np.sqrt(np.divide(sums, counts, out=np.full(self.count, np.nan), where=counts > 0))

    def copy(self) -> tuple[Floats, ...]:
        """Cameras, points and lens as they stand, for ``restore``."""
        return (
            *(part.copy() for part in (self.rotation, self.translation, self.points, self.lens)),
            self.zoom.copy(),
        )

    def restore(self, copied: tuple[Floats, ...]) -> None:
        """Puts back what ``copy`` gave."""
        self.rotation, self.translation, self.points, self.lens, self.zoom = (part.copy() for part in copied)
        self.zooms = bool((self.zoom != 1.0).any())

    def mean_square(self, frames: Index, loss_px: float) -> float:
        """The mean of the residuals' squares as the loss has them, in the part that ``frames`` see."""
        rig, sights, _ = self.rig(frames)
        return robust_cost(rig, sights, loss_px) / max(len(sights.uv), 1)

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
        zoom = self._zooms(frames)
        rig = Rig(
            self.rotation[frames], self.translation[frames], self.points[used], self.lens, zoom, self.bending
        )
        weight = self.weights[self.track[rows]] if (self.weights != 1).any() else NONE
        return rig, Sights(number[self.frame[rows]], owner, self.uv[rows], self.late[rows], weight), used

    def _zooms(self, frames: Index | slice = slice(None)) -> Floats:
        return self.zoom[frames] if self.zooms else NONE

    def keep(self, frames: Index, tracks: Index, rig: Rig) -> None:
        """Takes an adjusted part back into the scene."""
        self.rotation[frames], self.translation[frames] = rig.rotation, rig.translation
        self.points[tracks], self.lens = rig.points, rig.lens
        if len(rig.zoom):
            self.zoom[frames] = rig.zoom
            self.zooms = True

    def spread_zoom(self) -> None:
        """Gives frames that are not solved the zoom between those of their solved neighbours."""
        solved = np.flatnonzero(self.solved)
        if self.zooms and len(solved):
            self.zoom = np.exp(np.interp(np.arange(self.frames), solved, np.log(self.zoom[solved])))

    def adjust(
        self,
        frames: Index,
        rounds: int,
        loss_px: float,
        freedom: Freedom,
        tolerance: float = 1e-7,
    ) -> tuple[Adjusted, Sights, Index]:
        """Adjusts the part of the scene that ``frames`` see."""
        rig, sights, tracks = self.rig(frames)
        if len(sights.uv) < 2 * self.least:
            raise SolveError("too few points are seen from more than one place")
        adjusted = adjust(rig, sights, rounds=rounds, loss_px=loss_px, freedom=freedom, tolerance=tolerance)
        self.keep(frames, tracks, adjusted.rig)
        return adjusted, sights, tracks


def places(points: Floats) -> Floats:
    """(n, 3) where points (n, 4) are, those at infinity at FARTHEST."""
    return points[:, :3] / np.maximum(points[:, 3:], 1 / FARTHEST)


def _late(track: Index, frame: Index, uv: Floats, width: int, height: int) -> Floats:
    """(n, 2, 2) what a shutter of one whole frame does to each marker: its speed times its row and column.

    Markers lie by track, then by frame; one without a neighbour in time has no speed.
    """
    next_to = (track[1:] == track[:-1]) & (frame[1:] == frame[:-1] + 1)
    step = np.where(next_to[:, None], uv[1:] - uv[:-1], 0.0)
    speed, count = np.zeros_like(uv), np.zeros(len(uv))
    speed[:-1] += step
    speed[1:] += step
    count[:-1] += next_to
    count[1:] += next_to
    speed /= np.maximum(count, 1)[:, None]
    return speed[:, :, None] * (uv[:, ::-1] / [height, width])[:, None, :]
