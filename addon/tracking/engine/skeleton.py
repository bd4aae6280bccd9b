"""The skeleton of a moving camera: frames spread over the clip, from which the others follow.

Two frames with parallax give a first guess; more are added one by one and adjusted together until they have
converged, with the lens free. Where that does not explain the tracks, other focal lengths are begun from.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from ..errors import SolveError
from .bundle import Freedom
from .certainty import NORMAL_95
from .model import Bools, LensStart, Tracks
from .parts import longest_part
from .scene import Scene, least_points
from .sizes import REFERENCE_SIDE
from .terms import SETTLED, how_sure
from .votes import FramePair

SKELETON_PARTS = 24
SHARED_LIFE = 0.4
"""The skeleton's frames lie no further apart than this share of what a marker's track usually lasts."""
SKELETON_PASSES = 3
SKELETON_STEPS = 80
"""Steps at most of the whole skeleton with the focal length free, before its distortion is looked at."""
ADJUSTED_AT = (4, 7, 12, 18, 30, 50, 80, 130, 210, 1 << 30)
"""The growing skeleton is adjusted when it has so many frames."""
ZOOM_MORE = 2.0
"""A lens that zooms must explain the tracks so many times better than one that does not."""
PAIRS_TRIED = 6
CONTENT_PX = 0.6
"""A skeleton with a smaller median error, on a frame 960 pixels wide, is taken without looking further."""
ALIKE = 0.02
"""Two skeletons are alike when they are as bad as each other within this share."""
UNSURE = 0.025
"""Where the focal length is less sure than this share of itself (95%), others are begun from, too:"""
ELSEWHERE = (2.5, 0.4)
"""so many times the one that was found."""
AS_MANY = 0.9
"""A skeleton from there must have at least so many times the frames, and the points."""
BELIEVED_PX = 1.0
"""A skeleton with a larger median error, on a frame 960 pixels wide, is not believed."""


def skeletons(
    tracks: Tracks, doubted: Bools, pairs: list[FramePair], start: LensStart, starts: list[float]
) -> Iterator[tuple[Scene, float]]:
    """Skeletons from one start after another, each better than the one before, until one can be believed."""
    scale = max(1.0, max(tracks.width, tracks.height) / REFERENCE_SIDE)
    best: tuple[float, Scene] | None = None
    part, pairs = longest_part(tracks, pairs, least_points(tracks))
    wanted = len(_skeleton_frames(tracks, pairs[0], part))
    kinds = (False, True) if start.refine else (False,)
    for zooms in kinds:  # most lenses do not zoom: only where none of them explains the tracks
        for focal, skipped in [
            (starts[0], 0),
            (starts[0], PAIRS_TRIED),
            *((focal, 0) for focal in starts[1:]),
        ]:
            scene = Scene(tracks, start, focal)
            scene.dropped |= doubted
            try:
                error = _skeleton(scene, pairs[skipped:], part, start, zooms)
            except SolveError:
                continue
            missing = 1 - scene.solved.sum() / wanted
            badness = (error / scale + 10 * missing) * (ZOOM_MORE if zooms else 1.0)
            alike = best is not None and abs(badness - best[0]) < ALIKE * badness
            if best is None or badness < best[0]:
                best = badness, scene
                yield scene, error
            if badness < CONTENT_PX or (alike and error / scale < CONTENT_PX):
                # Where two starts fit and lack the same frames, it is the tracks that end there.
                yield from _elsewhere(best[1], error, pairs, part, start)
                return
        if best is not None and best[0] < BELIEVED_PX:
            return
    if best is None:
        raise SolveError("no pair of frames leads to a camera: the tracks do not fit one still world")


def _elsewhere(
    scene: Scene, error: float, pairs: list[FramePair], part: Bools, start: LensStart
) -> Iterator[tuple[Scene, float]]:
    """Better skeletons than ``scene``, which is good but unsure of its focal length, from far other ones.

    A long lens looks much like a short one that bends: adjusting it ends at the nearer of the two.
    """
    if not start.refine or scene.zooms or not _is_unsure(scene, start):
        return
    doubted, first = scene.dropped, scene.lens[0]
    for factor in ELSEWHERE:
        other = Scene(scene.tracks, start, factor * first)
        other.dropped |= doubted
        try:
            found = _skeleton(other, pairs, part, start, False)
        except SolveError:
            continue
        as_many = other.solved.sum() >= AS_MANY * scene.solved.sum()
        as_many &= _points(other) >= AS_MANY * _points(scene)
        if found < (1 - ALIKE) * error and as_many:
            error = found
            yield other, found


def _points(scene: Scene) -> int:
    return int(np.isfinite(scene.points[:, 0]).sum())


def _is_unsure(scene: Scene, start: LensStart) -> bool:
    free = Freedom(start.refine, start.refine_distortion, start.refine_distortion)
    sure = how_sure(scene, np.flatnonzero(scene.solved), free, 0.5)
    return sure is None or NORMAL_95 * float(sure.lens[0]) > UNSURE * float(scene.lens[0])


def spacing(tracks: Tracks) -> int:
    """Frames between two of the skeleton: neighbours must share most of their tracks."""
    lengths = tracks.lengths()[tracks.track]
    usual = int(np.median(lengths)) if len(lengths) else 1
    return max(1, min(tracks.frames // SKELETON_PARTS, int(SHARED_LIFE * usual)))


def _skeleton_frames(tracks: Tracks, pair: FramePair, part: Bools) -> list[int]:
    """The skeleton's frames in a part of the clip, from 0; those between the first pair come first."""
    low, high = pair.first - 1, pair.second - 1
    inside = np.flatnonzero(part).tolist()
    spread = set(inside[:: spacing(tracks)]) | {inside[-1], low, high}
    return sorted(spread, key=lambda f: 0 if low < f < high else min(abs(f - low), abs(f - high)))


def _skeleton(scene: Scene, pairs: list[FramePair], part: Bools, start: LensStart, zooms: bool) -> float:
    """Solves the skeleton of a part of the clip; returns its median error in pixels. Raises SolveError."""
    if not pairs:
        raise SolveError("no other two frames show parallax")
    pair = _begin(scene, pairs)
    scene.triangulate()
    wanted = _skeleton_frames(scene.tracks, pair, part)
    due = iter(ADJUSTED_AT)
    at = next(due)
    for _ in range(SKELETON_PASSES):
        before = int(scene.solved.sum())
        for frame in wanted:
            if scene.solved[frame] or not _grow(scene, frame):
                continue
            count = int(scene.solved.sum())
            if count >= at:
                at = next(due)
                focal = start.refine and count > 5
                scene.triangulate()
                scene.adjust(
                    np.flatnonzero(scene.solved), 6, 2.0, Freedom(focal, False, False, zooms=zooms and focal)
                )
                scene.triangulate()
        if scene.solved[wanted].all() or scene.solved.sum() == before:
            break
    if scene.solved.sum() < 3:
        raise SolveError("no third frame fits the first two")
    frames = np.flatnonzero(scene.solved)
    scene.triangulate()
    # To convergence: a focal length that is still far off would be made up for by the distortion, and stay.
    scene.adjust(frames, SKELETON_STEPS, 2.0, Freedom(start.refine, False, False, zooms=zooms), SETTLED)
    scene.triangulate()
    bends, axis = start.refine_distortion, start.refine_principal
    free = Freedom(start.refine, bends, bends, zooms=zooms, principal=axis)
    adjusted, _, _ = scene.adjust(frames, 150, 0.5, free, SETTLED)
    if _points(scene) < scene.least:  # few enough points fit any cameras
        raise SolveError("hardly a point fits the cameras")
    return float(np.median(adjusted.errors))


def _grow(scene: Scene, frame: int) -> bool:
    """Adds a frame to the solved ones; points that came into view meanwhile help where too few are known."""
    if len(scene.known_rows(frame)) < scene.least:
        scene.triangulate()
    if scene.zooms:
        scene.zoom[frame] = scene.zoom[
            np.argmin(np.where(scene.solved, abs(np.arange(scene.frames) - frame), 1 << 30))
        ]
    return scene.resect(frame)


def _begin(scene: Scene, pairs: list[FramePair]) -> FramePair:
    """Places the two cameras of the pair that the most points support."""
    best = None
    for pair in pairs[:PAIRS_TRIED]:
        rows_a, rows_b = scene.shared_rows(pair.first - 1, pair.second - 1)
        a, b = scene.rays(rows_a), scene.rays(rows_b)
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
