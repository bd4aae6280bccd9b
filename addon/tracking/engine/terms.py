"""Which terms of the lens and of the shutter the footage supports: those that it can tell from nothing.

All are let free on the skeleton, whose covariance says how far each lies from zero; what can't be told
from zero is held there, since a term that explains noise takes the focal length with it. The two terms of the
distortion are one curve: they stay or go together, unless k2 could be anything.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .bundle import BEND, PRINCIPAL, Freedom, Index
from .certainty import NORMAL_95, Certainty, certainty
from .lens import bending_of
from .model import LensStart
from .scene import Scene, principal_terms

SURE = 4.0
"""A term counts from so many standard deviations on,"""
MISSED = 0.005
"""or where the squared residuals grow by this share without it: noise alone lets them grow by less."""
VAGUE_BEND = 0.02
"""A k2 whose standard deviation moves the frame's corner by more than this share of its radius is untold."""
LEAST_SHUTTER = 0.08
"""A shutter that takes less than this share of a frame is none."""
LONGEST_SHUTTER = 1.5
LEAST_GAIN = 0.02
"""A shutter must take this share off the squared residuals: markers that lag do a little of the same."""
ROUNDS = 60
SETTLED = 1e-5
"""A skeleton is at its best where a step takes less than this share off the cost."""
LEAST_FOCAL_KNOWN = 0.3
"""Where the focal length is less sure than this share of itself (95%), the footage does not tell it."""
DOUBTFUL = 0.08
"""From this share on another focal length is tried,"""
OTHER_FOCAL = 0.75
"""so many times the one that was found."""
ZOOM_GAIN = 0.5
"""A lens zooms where a focal length for each frame leaves less than this share of the squared residuals,"""
LEAST_ZOOM = 0.02
"""and they differ by at least this share."""
LEAST_PRINCIPAL_KNOWN = 0.02
"""A principal point that is less sure than this share of the frame's width (95%) stays where it was given."""
LEAST_AXIS_GAIN = 0.25
"""One that takes this share off the squared residuals is elsewhere; on plates that were not cropped it took
9% at most, and that through a fisheye."""
LEAST_K3_GAIN = 0.1
"""A k3 must take this share off the squared residuals: what noise alone gives it, an extrapolation ruins."""
NAMES = ("focal", "k1", "k2", "rows", "columns", "right", "below", "k3")


def choose_terms(
    scene: Scene, frames: Index, start: LensStart, loss_px: float, *, moves: bool = True
) -> Freedom:
    """What of the lens is left free from here on; the scene is adjusted with it.

    ``frames`` (from 0) are solved and adjusted already. A distortion that was given is refined, not judged.
    """
    given_focal_px = start.focal_length_mm / start.sensor_width_mm * scene.width
    given = any(start.coefficients)
    freedom = Freedom(
        start.refine,
        start.refine_distortion,
        start.refine_distortion,
        moves=moves,
        zooms=scene.zooms,
        principal=start.refine_principal,
    )
    if freedom.principal:
        scene.adjust(frames, ROUNDS, loss_px, freedom, SETTLED)
    if start.refine and not scene.zooms:
        freedom = _with_zoom(scene, frames, freedom, loss_px)
    freedom = _with_shutter(scene, frames, freedom, loss_px)
    if start.refine_distortion and not given:
        freedom = _with_bend(scene, frames, freedom, loss_px)
        if freedom.k1 and freedom.k2 and scene.bending.has_k3:
            freedom = _with_k3(scene, frames, freedom, loss_px)
    if freedom.focal and not freedom.zooms and not _tells_focal(scene, frames, freedom, loss_px):
        freedom = replace(freedom, focal=False, k1=False, k2=False, k3=False)
        scene.lens = scene.lens.copy()
        _, bend = bending_of(
            start.distortion_model, start.coefficients, given_focal_px, scene.width, scene.tracks.height
        )
        scene.lens[0], scene.lens[BEND] = given_focal_px, bend
        scene.adjust(frames, 2 * ROUNDS, loss_px, freedom)
    if freedom.principal and not _tells_principal(scene, frames, freedom, loss_px):
        freedom = replace(freedom, principal=False)
        scene.lens = scene.lens.copy()
        scene.lens[PRINCIPAL] = principal_terms(start, scene.tracks)
        scene.adjust(frames, ROUNDS, loss_px, freedom, SETTLED)
    return freedom


def axis_elsewhere(
    scene: Scene, frames: Index, freedom: Freedom, loss_px: float
) -> tuple[float, float] | None:
    """Where the lens's axis seems to be, right of and below the middle in pixels, though it was held there.

    None where another place would not explain the markers much better. The scene stays as it is.
    """
    before, cost = scene.copy(), scene.mean_square(frames, loss_px)
    tried = replace(freedom, principal=True)
    scene.adjust(frames, ROUNDS, loss_px, tried, SETTLED)
    better = scene.mean_square(frames, loss_px) < (1 - LEAST_AXIS_GAIN) * cost
    found = scene.lens[PRINCIPAL].tolist()
    told = better and _tells_principal(scene, frames, tried, loss_px)
    scene.restore(before)
    return (found[0], found[1]) if told else None


def _tells_principal(scene: Scene, frames: Index, freedom: Freedom, loss_px: float) -> bool:
    sure = how_sure(scene, frames, freedom, loss_px)
    if sure is None:
        return False
    return bool(NORMAL_95 * sure.lens[PRINCIPAL].max() < LEAST_PRINCIPAL_KNOWN * scene.width)


def _with_bend(scene: Scene, frames: Index, freedom: Freedom, loss_px: float) -> Freedom:
    """With both terms of the distortion where the footage shows any; ``freedom`` has them free.

    Where k1 is needed k2 stays, too, though it may well be nothing: without it the focal length would make up
    for it, and look sure. Only where it could be anything is it held.
    """
    sure = how_sure(scene, frames, freedom, loss_px)
    if sure is None or _sigmas(scene, sure, "k2") >= SURE:
        return freedom
    both, cost = scene.copy(), scene.mean_square(frames, loss_px)
    corner = np.hypot(scene.width, scene.tracks.height) / 2 / scene.lens[0]
    vague = float(sure.lens[NAMES.index("k2")]) * corner**4 > VAGUE_BEND
    without_k2 = _held(scene, freedom, "k2")
    scene.adjust(frames, ROUNDS, loss_px, without_k2, SETTLED)
    one = scene.copy()
    sure = how_sure(scene, frames, without_k2, loss_px)
    needed = sure is None or _sigmas(scene, sure, "k1") >= SURE
    if not needed:
        without = _held(scene, without_k2, "k1")
        scene.adjust(frames, ROUNDS, loss_px, without, SETTLED)
        if scene.mean_square(frames, loss_px) <= (1 + MISSED) * cost:
            return without
    scene.restore(one if vague else both)
    return without_k2 if vague else freedom


def _with_k3(scene: Scene, frames: Index, freedom: Freedom, loss_px: float) -> Freedom:
    """With the third term of the distortion where the first two leave much that it explains: a fisheye."""
    before, cost = scene.copy(), scene.mean_square(frames, loss_px)
    tried = replace(freedom, k3=True)
    scene.adjust(frames, ROUNDS, loss_px, tried, SETTLED)
    if scene.mean_square(frames, loss_px) < (1 - LEAST_K3_GAIN) * cost:
        sure = how_sure(scene, frames, tried, loss_px)
        if sure is not None and _sigmas(scene, sure, "k3") >= SURE:
            return tried
    scene.restore(before)
    return freedom


def _tells_focal(scene: Scene, frames: Index, freedom: Freedom, loss_px: float) -> bool:
    """Whether the footage tells the focal length: another one must not do as well.

    A camera that drives straight ahead goes with nearly any; how sure one looks beside its neighbours then
    says little, and one farther off is tried.
    """
    sure = how_sure(scene, frames, freedom, loss_px)
    spread = NORMAL_95 * float(sure.lens[0]) / scene.lens[0] if sure is not None else np.inf
    if spread < DOUBTFUL:
        return True
    if spread > LEAST_FOCAL_KNOWN:
        return False
    before, cost = scene.copy(), scene.mean_square(frames, loss_px)
    scene.lens = scene.lens * np.where(np.arange(len(scene.lens)) == 0, OTHER_FOCAL, 1.0)
    scene.adjust(frames, ROUNDS, loss_px, replace(freedom, focal=False), SETTLED)
    missed = scene.mean_square(frames, loss_px) / cost - 1
    scene.restore(before)
    return missed > MISSED


def _with_zoom(scene: Scene, frames: Index, freedom: Freedom, loss_px: float) -> Freedom:
    """With a focal length for each frame where that explains much that one for all does not."""
    # One for all that is not at its best yet would lose to anything, and mislead what is chosen from it.
    scene.adjust(frames, ROUNDS, loss_px, freedom, SETTLED / 100)
    before = scene.copy()
    cost = scene.mean_square(frames, loss_px)
    tried = replace(freedom, zooms=True)
    scene.adjust(frames, ROUNDS, loss_px, tried, SETTLED)
    if (
        scene.mean_square(frames, loss_px) < ZOOM_GAIN * cost
        and np.ptp(np.log(scene.zoom[frames])) > LEAST_ZOOM
    ):
        return tried
    scene.restore(before)
    return freedom


def _with_shutter(scene: Scene, frames: Index, freedom: Freedom, loss_px: float) -> Freedom:
    """With a rolling shutter where there is one, down the rows or across the columns."""
    before = scene.copy()
    cost = scene.mean_square(frames, loss_px)
    tried = replace(freedom, rows=True, columns=True)
    scene.adjust(frames, ROUNDS, loss_px, tried, SETTLED)
    sure = how_sure(scene, frames, tried, loss_px)
    for name in ("rows", "columns"):
        value = abs(scene.lens[NAMES.index(name)])
        if sure is None or not LEAST_SHUTTER < value < LONGEST_SHUTTER or _sigmas(scene, sure, name) < SURE:
            tried = replace(tried, **{name: False})
    if sure is not None and tried.rows and tried.columns:
        # A sensor is read in one direction; the other follows from the scene.
        weaker = "rows" if _sigmas(scene, sure, "rows") < _sigmas(scene, sure, "columns") else "columns"
        tried = replace(tried, **{weaker: False})
    scene.restore(before)
    if not (tried.rows or tried.columns):
        return freedom
    scene.adjust(frames, ROUNDS, loss_px, tried, SETTLED)
    if scene.mean_square(frames, loss_px) > (1 - LEAST_GAIN) * cost:
        scene.restore(before)
        return freedom
    return tried


def _held(scene: Scene, freedom: Freedom, name: str) -> Freedom:
    scene.lens = scene.lens.copy()
    scene.lens[NAMES.index(name)] = 0.0
    return replace(freedom, **{name: False})


def how_sure(scene: Scene, frames: Index, freedom: Freedom, loss_px: float) -> Certainty | None:
    """How sure the part that ``frames`` see is; None where the markers do not determine it."""
    rig, sights, _ = scene.rig(frames)
    try:
        return certainty(rig, sights, loss_px=loss_px, freedom=freedom)
    except np.linalg.LinAlgError:
        return None


def _sigmas(scene: Scene, sure: Certainty, name: str) -> float:
    """How many standard deviations a term lies from zero."""
    number = NAMES.index(name)
    return abs(float(scene.lens[number])) / max(float(sure.lens[number]), 1e-12)
