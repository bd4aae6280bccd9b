"""Holding a picture still: the movement of tracks in, a similarity a frame out. Plain NumPy.

Places are pixels with the origin at the bottom left. A similarity turns and enlarges about the centre of the
frame and then shifts, the way the compositor's nodes do. Complex numbers stand for places relative to that
centre, so that one multiplication turns and enlarges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .engine.model import Bools, Floats, Ints, Tracks
from .errors import InputError

Complexes = NDArray[np.complex128]

MOST_ZOOM = 4.0
"""The picture is never enlarged more than this to hide black edges."""

_SWEEPS = 100
_SETTLED = 1e-5
"""Largest change in pixels at which the fit counts as done."""


@dataclass(frozen=True)
class Similarities:
    """Where each frame's picture goes: ``place' = centre + scale * turn(place - centre) + shift``.

    With a pixel ``aspect`` (width over height) other than 1, turning and scaling are those of the picture
    as it is seen: across, places are multiplied by it first and divided by it last.
    """

    frames: Ints
    """(n,) footage frames, one after another without a gap."""
    shift: Floats
    """(n, 2) pixels."""
    angle: Floats
    """(n,) radians, counter-clockwise."""
    scale: Floats
    """(n,) with the zoom that hides black edges in it."""
    size: tuple[int, int]
    """Width and height of the picture in pixels."""
    aspect: float = 1.0
    zoom: float = 1.0
    """What the picture was enlarged by so that no black edge shows; 1 for not at all."""
    covered: bool = True
    """False where even the largest zoom would show a black edge, or none was asked for."""

    def matrices(self) -> Floats:
        """(n, 3, 3) matrices that take homogeneous pixels of a frame's picture to where they go."""
        width, height = self.size
        turned = self.scale * np.exp(1j * self.angle)
        matrices = np.zeros((len(self.frames), 3, 3))
        matrices[:, 0, 0] = matrices[:, 1, 1] = turned.real
        matrices[:, 0, 1] = -turned.imag / self.aspect
        matrices[:, 1, 0] = turned.imag * self.aspect
        matrices[:, 2, 2] = 1.0
        centre = np.array([width / 2.0, height / 2.0])
        matrices[:, :2, 2] = centre + self.shift - matrices[:, :2, :2] @ centre
        return matrices

    def move(self, frame: int, places: Floats) -> Floats:
        """Where ``places`` (m, 2) of a frame's picture go; (m, 2)."""
        matrix = self.matrices()[int(np.clip(frame - self.frames[0], 0, len(self.frames) - 1))]
        return np.asarray(places) @ matrix[:2, :2].T + matrix[:2, 2]


def steady(
    tracks: Tracks,
    *,
    lock: int | None = None,
    smooth: float = 12.0,
    strength: float = 1.0,
    rotation: bool = True,
    scale: bool = True,
    auto_scale: bool = True,
    aspect: float = 1.0,
) -> Similarities:
    """The similarities that hold a picture still, from its tracks.

    One track gives the position; of two or more a similarity is fitted to all that are there in a frame,
    without ``rotation`` or ``scale`` where these are switched off. With a footage frame to ``lock`` to,
    all are brought to that one; else the movement is smoothed by a Gaussian of ``smooth`` frames, which
    leaves a steady pan as it is. ``strength`` 0 to 1 is how much of the correction is made. ``auto_scale``
    enlarges until no black edge shows. ``aspect`` is the width of a pixel over its height. Raises
    InputError where there is no marker, or none in the frame to lock to.
    """
    if not len(tracks.frame):
        raise InputError("stabilising needs at least one track with markers")
    if lock is not None and not (tracks.frame == lock).any():
        raise InputError(f"none of the tracks has a marker in frame {lock}, to lock to")
    if smooth < 0 or not 0 <= strength <= 1:
        raise InputError("smooth must be at least 0 frames, and strength from 0 to 1")
    size = (tracks.width, tracks.height)
    frames, turn, place = follow(tracks, lock, rotation=rotation, scale=scale, aspect=aspect)
    if lock is not None:
        smooth_turn, smooth_place = np.ones_like(turn), np.zeros_like(place)
    else:
        logs = low_pass(_logs(turn), smooth)
        smooth_turn, smooth_place = np.exp(logs), low_pass(place, smooth)
    correction = smooth_turn / turn
    shift = np.multiply(strength, smooth_place - correction * place, dtype=np.complex128)
    correction = np.exp(strength * _logs(correction))
    zoom = covering_zoom(correction, shift, size, aspect) if auto_scale else 1.0
    covered = auto_scale and zoom <= MOST_ZOOM
    zoom = min(zoom, MOST_ZOOM)
    return Similarities(
        frames=frames,
        shift=zoom * np.column_stack([shift.real / aspect, shift.imag]),
        angle=np.unwrap(np.angle(correction)),
        scale=zoom * np.abs(correction),
        size=size,
        aspect=aspect,
        zoom=zoom,
        covered=covered,
    )


def smoothing_frames(share: float, rate: float) -> float:
    """How many frames to smooth by so that ``share`` of the movement goes, at a rate of frames a second.

    0 is nothing, 0.5 half a second, 1 all but a steady pan.
    """
    return 0.5 * rate * share / (1.0 - share) if share < 1.0 else 1e6


def follow(
    tracks: Tracks,
    reference: int | None = None,
    *,
    rotation: bool = True,
    scale: bool = True,
    aspect: float = 1.0,
) -> tuple[Ints, Complexes, Complexes]:
    """How the picture moves: frames (n,), and a turn and a place (n,) each so that ``z = turn * q + place``.

    z is where a point is seen, q one place a point, the same in all frames; both relative to the centre.
    In the ``reference`` frame, or the one with most tracks, z is q. Tracks may come and go: the squared
    distances of all their markers are made smallest together. A frame with a single marker takes its turn
    from its neighbours, one without any its place too.
    """
    frames = np.arange(tracks.frame.min(), tracks.frame.max() + 1, dtype=np.int32)
    frame = (tracks.frame - frames[0]).astype(np.intp)
    names, track = np.unique(tracks.track, return_inverse=True)
    places = tracks.xy - np.array([tracks.width, tracks.height]) / 2.0
    seen = aspect * places[:, 0] + 1j * places[:, 1]
    counts = np.bincount(frame, minlength=len(frames))
    base = int(np.argmax(counts)) if reference is None else int(reference) - int(frames[0])
    fit = _Fit(frame, track, seen, len(frames), len(names), rotation, scale, base)
    fit.start()
    fit.settle()
    return frames, fit.turn, fit.place


class _Fit:
    """The movement and the points' own places, improved in turns; rows are markers."""

    def __init__(
        self,
        frame: NDArray[np.intp],
        track: NDArray[np.intp],
        seen: Complexes,
        frames: int,
        tracks: int,
        rotation: bool,
        scale: bool,
        base: int,
    ) -> None:
        self.frame, self.track, self.seen, self.base = frame, track, seen, base
        self.rotation, self.scale = rotation, scale
        self.turn = np.ones(frames, dtype=np.complex128)
        self.place = np.zeros(frames, dtype=np.complex128)
        self.point = np.zeros(tracks, dtype=np.complex128)

    def start(self) -> None:
        """Go outwards from the base frame, each frame after the points that are known by then."""
        order = np.argsort(self.frame, kind="stable")
        bounds = np.searchsorted(self.frame[order], np.arange(len(self.turn) + 1))
        known = np.zeros(len(self.point))
        later, earlier = range(self.base, len(self.turn)), range(self.base - 1, -1, -1)
        for direction in (later, earlier):
            before = self.base
            for number in direction:
                rows = order[bounds[number] : bounds[number + 1]]
                track, seen = self.track[rows], self.seen[rows]
                old = known[track] > 0
                self.turn[number], self.place[number] = self.turn[before], self.place[before]
                if number != self.base and old.any():
                    point = self.point[track[old]]
                    self._place_frame(number, point, seen[old])
                found = (seen - self.place[number]) / self.turn[number]
                self.point[track] = (self.point[track] * known[track] + found) / (known[track] + 1)
                known[track] += 1
                before = number

    def _place_frame(self, number: int, point: Complexes, seen: Complexes) -> None:
        here, there = point.mean(), seen.mean()
        spread = float(np.sum(np.abs(point - here) ** 2))
        if spread > 1.0 and len(point) > 1:
            both = np.sum(np.conj(point - here) * (seen - there)) / spread
            self.turn[number] = self._allowed(np.array([both]))[0]
        self.place[number] = there - self.turn[number] * here

    def _allowed(self, turn: Complexes) -> Complexes:
        """The turn without what is switched off."""
        if self.rotation and self.scale:
            return turn
        if self.rotation:
            return turn / np.maximum(np.abs(turn), 1e-12)
        if self.scale:
            return np.maximum(turn.real, 1e-6).astype(np.complex128)
        return np.ones_like(turn)

    def settle(self) -> None:
        """Points and frames in turns until nothing moves; frames that know too little follow the others."""
        count = np.bincount(self.frame, minlength=len(self.turn))
        reach = float(np.abs(self.seen).max()) + 1.0
        for _ in range(_SWEEPS):
            turn, place = self.turn.copy(), self.place.copy()
            self._points()
            self._frames(count)
            if np.abs(self.turn - turn).max() * reach + np.abs(self.place - place).max() < _SETTLED:
                break

    def _points(self) -> None:
        turn = self.turn[self.frame]
        pulled = np.conj(turn) * (self.seen - self.place[self.frame])
        self.point = _sums(self.track, pulled, len(self.point)) / np.bincount(
            self.track, np.abs(turn) ** 2, len(self.point)
        )

    def _frames(self, count: Ints) -> None:
        total = len(self.turn)
        whole = np.maximum(count, 1)
        point = self.point[self.track]
        here = _sums(self.frame, point, total) / whole
        there = _sums(self.frame, self.seen, total) / whole
        off = point - here[self.frame]
        spread = np.bincount(self.frame, np.abs(off) ** 2, total)
        both = _sums(self.frame, np.conj(off) * (self.seen - there[self.frame]), total)
        sure = (count > 1) & (spread > 1.0)
        if sure.any():
            turn = np.ones(total, dtype=np.complex128)
            turn[sure] = self._allowed(both[sure] / spread[sure])
            self.turn = np.exp(_filled(_logs(turn), sure))
        self.place = there - self.turn * here
        if not count.all():
            self.place = _filled(self.place, count > 0)
        # The base frame is where points are at home.
        turn, place = self.turn[self.base], self.place[self.base]
        self.place = self.place - self.turn / turn * place
        self.turn = self.turn / turn


def _sums(index: NDArray[np.intp], values: Complexes, length: int) -> Complexes:
    sums: Complexes = np.bincount(index, values.real, length) + 1j * np.bincount(index, values.imag, length)
    return sums


def _filled(values: Complexes, known: Bools) -> Complexes:
    """Values where they are known, and in between on the straight line from one to the next."""
    at, where = np.arange(len(values)), np.flatnonzero(known)
    filled: Complexes = np.interp(at, where, values.real[where]) + 1j * np.interp(
        at, where, values.imag[where]
    )
    return filled


def _logs(turn: Complexes) -> Complexes:
    """Logarithms whose angle runs on over half a turn."""
    logs: Complexes = np.log(np.abs(turn)) + 1j * np.unwrap(np.angle(turn))
    return logs


def low_pass(values: Complexes, sigma: float) -> Complexes:
    """Values (n,) without what changes fast: a Gaussian of ``sigma`` frames, straight lines kept to the ends.

    A straight line is fitted about each frame with Gaussian weights; inside that is the Gaussian's mean.
    What repeats in fewer than ``2.9 * sigma`` frames falls to a tenth or less.
    """
    count = len(values)
    if sigma <= 0 or count < 3:
        return values.copy()
    reach = int(min(count - 1, np.ceil(4.0 * sigma)))
    steps = np.arange(-reach, reach + 1, dtype=np.float64)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)

    def sums(kernel: Floats, of: Complexes) -> Complexes:
        whole: Complexes = np.convolve(of, kernel[::-1])[reach : reach + count]
        return whole

    ones = np.ones(count, dtype=np.complex128)
    s0, s1, s2 = (sums(weights * steps**power, ones).real for power in (0, 1, 2))
    v0, v1 = sums(weights, values), sums(weights * steps, values)
    return np.divide(s2 * v0 - s1 * v1, s0 * s2 - s1 * s1, dtype=np.complex128)


def covering_zoom(turn: Complexes, shift: Complexes, size: tuple[int, int], aspect: float = 1.0) -> float:
    """The least enlargement, at least 1, with which no frame shows what lies outside its picture.

    ``turn`` and ``shift`` (n,) are those of the frames before the zoom, relative to the centre; infinite
    where a shift alone is larger than the picture. All pixels' centres must fall inside the outermost
    pixels' centres, so that no sampling reaches beyond the edge.
    """
    half = np.array([aspect * (size[0] - 1), size[1] - 1]) / 2.0
    least = 0.0
    moved: Complexes = shift / turn
    for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        corner: Complexes = (x * half[0] + 1j * y * half[1]) / turn
        for edge, reach, off in (
            (half[0], corner.real, moved.real),
            (half[1], corner.imag, moved.imag),
        ):
            # |reach / zoom - off| must be at most the edge
            room = edge + np.sign(reach) * off
            if (room <= 0).any():
                return float("inf")
            least = max(least, float((np.abs(reach) / room).max()))
    return max(1.0, least)
