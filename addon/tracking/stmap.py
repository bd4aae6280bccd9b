"""ST-maps out: the lens as pictures that say for every pixel where to look.

A map is a 32-bit float EXR: u in red, v in green, blue 1 where there is image and 0 elsewhere. u and
v count from the bottom left corner of the picture that is looked up, in its widths and heights, so that
the centre of its first pixel is at half a pixel. The *undistort* map has the straight picture's size and
looks up the plate; the *distort* map has the plate's size and looks up the straight picture. The straight
picture may be larger than the plate (overscan); both say in attributes of their own by how much.

Rows go down here, as in the file; pixels are counted from the bottom left, as everywhere else.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from . import exr
from .engine.lens import PlateLens
from .engine.model import Floats
from .overscan import NO_OVERSCAN, Overscan, StraightFrame, frame_of

UNDISTORT, DISTORT = "undistort", "distort"

BAND = 32
"""Rows made at a time: what a core's cache holds of a 4K row's working arrays. A multiple of ZIP's 16."""
INVERSE_ERROR = 2e-5
"""Pixels by which the map may miss the exact inverse. A tenth of what 32 bits resolve of u at 4K."""


class StMap:
    """One map of a lens, its values made row by row."""

    def __init__(self, lens: PlateLens, kind: str, straight: Overscan | StraightFrame = NO_OVERSCAN) -> None:
        """``kind`` is ``UNDISTORT`` or ``DISTORT``; raises FoldError where the lens folds in the frame."""
        self.kind = kind
        frame = straight if isinstance(straight, StraightFrame) else frame_of(lens, straight)
        plate = lens.width, lens.height
        corner = np.array([frame.left, frame.bottom])
        if kind == DISTORT:
            self.size, self.source_size = plate, (frame.width, frame.height)
            self._start, self._pitch = np.zeros(2), 1.0
            self._origin, self._extent = corner, frame.pitch * np.array(self.source_size, dtype=float)
            lens.undistort(np.array([[0.0, 0.0], [plate[0], 0.0], [0.0, plate[1]], plate]))  # or FoldError
        else:
            self.size, self.source_size = (frame.width, frame.height), plate
            self._start, self._pitch = corner, frame.pitch
            self._origin, self._extent = np.zeros(2), np.array(plate, dtype=float)
        self._lens = lens
        self._distortion = lens.distortion
        self._center, self._scale = np.array(lens.center), np.array(lens.scale)
        inverse = (kind == DISTORT) != self._distortion.gives_rays
        self._grid = _InverseGrid(self) if inverse and not self._distortion.is_identity else None
        self._reach = self._lens.fold_radius_px / self._lens.focal_px

    def rows(self, first: int, last: int) -> exr.Float32:
        """u, v and blue (3, last - first, width) of rows ``first`` to ``last``, counted from the top."""
        width, height = self.size
        x = self._pitch * (np.arange(width) + 0.5) + self._start[0]
        y = self._pitch * (height - np.arange(first, last) - 0.5) + self._start[1]
        if self._distortion.is_identity:
            px, py = np.broadcast_arrays(x[None, :], y[:, None])
        elif self._grid is not None and self._grid.complete:
            px, py = self._grid.rows(first, last)
        else:
            px, py = self._exact(x[None, :], y[:, None])
        return self._values(px, py)

    def at(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> Floats:
        """(n, 2) the source's pixels looked up by the pixels in columns and rows from the bottom, exactly.

        Rounded to 32 bits, as in the file.
        """
        px, py = self._exact(
            self._pitch * (columns + 0.5) + self._start[0], self._pitch * (rows + 0.5) + self._start[1]
        )
        return self._values(px, py)[:2].T * np.array(self.source_size, dtype=float)

    def _exact(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Where x and y, pixels before the lens, look; nan beyond the fold."""
        sx, sy = (x - self._center[0]) / self._scale[0], (y - self._center[1]) / self._scale[1]
        if self._distortion.is_identity:
            across, up = np.broadcast_arrays(x, y)
            return across, up
        if self._grid is None and np.max(sx * sx) + np.max(sy * sy) < self._reach**2:
            tx, ty = self._distortion.formula_parts(sx, sy)
        else:
            points = np.stack(np.broadcast_arrays(sx, sy), -1)
            if self._grid is None:
                mapped, found = self._distortion.try_formula(points)
                mapped[~found] = np.nan
            else:
                mapped, _ = self._distortion.try_inverse(points)
            tx, ty = mapped[..., 0], mapped[..., 1]
        tx = tx * self._scale[0] + self._center[0]
        ty = ty * self._scale[1] + self._center[1]
        return tx, ty

    def _values(self, px: Floats, py: Floats) -> exr.Float32:
        """u, v and blue, first axis, of places in pixels before the lens."""
        out = np.empty((3, *px.shape), np.float32)
        for channel, (place, origin, extent) in enumerate(zip((px, py), self._origin, self._extent)):
            np.multiply(
                place - origin if origin else place, 1 / extent, out=out[channel], casting="same_kind"
            )
        inside = (out[:2] >= 0).all(axis=0)
        inside &= (out[:2] <= 1).all(axis=0)
        out[2] = inside
        if not inside.all():
            np.nan_to_num(out[:2], copy=False, nan=0.0)
        return out


class _InverseGrid:
    """The inverse at every few pixels, by Newton, and in between by cubic interpolation.

    The inverse of a lens is far smoother than its pixels are small: between points 8 pixels apart,
    Lagrange's four-point formula is exact to 1e-5 px. The spacing is halved until it is.
    """

    def __init__(self, owner: StMap) -> None:
        self._owner = owner
        self.complete = False
        step = 16
        while step > 1:
            step //= 2
            self._lay(step)
            if self.complete and self._error() <= INVERSE_ERROR:
                return
        self.complete = False  # at one pixel there is nothing left between the points

    def _lay(self, step: int) -> None:
        """Solve for the points of a grid that reaches one step beyond the picture on each side."""
        owner = self._owner
        self._step = step
        width, height = owner.size
        self._columns = -(-width // step)
        x = owner._start[0] + owner._pitch * (0.5 + step * (np.arange(self._columns + 3) - 1))
        y = owner._start[1] + owner._pitch * (0.5 + step * (np.arange(-(-height // step) + 3) - 1))
        px, py = _exact_inverse(owner, x[None, :], y[:, None])
        self._points = np.stack([px, py])
        self.complete = bool(np.isfinite(self._points).all())
        phase = np.arange(step) / step
        self._weights = _lagrange(phase)

    def rows(self, first: int, last: int) -> tuple[Floats, Floats]:
        """Rows ``first`` to ``last`` from the top."""
        width, height = self._owner.size
        up = height - 1 - np.arange(first, last)  # rows from the bottom
        cell, phase = np.divmod(up, self._step)
        weights = self._weights[:, phase]  # (4, rows)
        across = sum(weights[k][None, :, None] * self._points[:, cell + k] for k in range(4))
        window = np.lib.stride_tricks.sliding_window_view(across, 4, axis=2)[:, :, : self._columns]
        filled = np.matmul(window, self._weights)  # (2, rows, columns, step)
        flat = filled.reshape(2, len(up), -1)[:, :, :width]
        return flat[0], flat[1]

    def _error(self) -> float:
        """How far the interpolation misses, in pixels, looked at where the lens bends most and elsewhere."""
        width, height = self._owner.size
        worst = 0.0
        pitch, start = self._owner._pitch, self._owner._start
        x = pitch * (np.arange(width) + 0.5) + start[0]
        for row in {0, self._step // 2, height // 2, height - 1 - self._step // 2, height - 1}:
            row = min(max(row, 0), height - 1)
            px, py = self.rows(row, row + 1)
            y = np.array([pitch * (height - row - 0.5) + start[1]])
            ex, ey = _exact_inverse(self._owner, x[None, ::3], y[:, None])
            worst = max(worst, float(np.max(np.abs(px[:, ::3] - ex))), float(np.max(np.abs(py[:, ::3] - ey))))
        return worst


def _exact_inverse(owner: StMap, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    sx, sy = (x - owner._center[0]) / owner._scale[0], (y - owner._center[1]) / owner._scale[1]
    points, _ = owner._distortion.try_inverse(np.stack(np.broadcast_arrays(sx, sy), -1))
    places = points * owner._scale + owner._center
    return places[..., 0], places[..., 1]


def _lagrange(t: Floats) -> Floats:
    """(4, n) weights of the points at -1, 0, 1 and 2 for a place ``t`` (n,) between 0 and 1."""
    return np.stack(
        [
            -t * (t - 1) * (t - 2) / 6,
            (t + 1) * (t - 1) * (t - 2) / 2,
            -(t + 1) * t * (t - 2) / 2,
            (t + 1) * t * (t - 1) / 6,
        ]
    )


def bands(map_: StMap, workers: int | None = None) -> Iterator[tuple[int, exr.Float32]]:
    """The map from the top in bands of ``BAND`` rows: the first row's number and (3, rows, width)."""
    for first, band, _ in packed_bands(map_, None, workers):
        yield first, band


def packed_bands(
    map_: StMap, pack: Callable[[exr.Float32], list[bytes]] | None, workers: int | None
) -> Iterator[tuple[int, exr.Float32, list[bytes]]]:
    """Bands made by several threads (NumPy and zlib let go of Python's lock), handed on in order."""
    workers = workers or min(4, os.cpu_count() or 1)
    height = map_.size[1]

    def make(first: int) -> tuple[int, exr.Float32, list[bytes]]:
        band = map_.rows(first, min(first + BAND, height))
        return first, band, pack(band) if pack else []

    waiting: deque[Future[tuple[int, exr.Float32, list[bytes]]]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for first in range(0, height, BAND):
            waiting.append(pool.submit(make, first))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
