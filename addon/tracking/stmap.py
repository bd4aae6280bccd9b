"""ST-maps out: the lens as pictures that say for every pixel where to look.

A map is a 32-bit float EXR: u in red, v in green, blue 1 where there is image and 0 elsewhere. u and
v count from the bottom left corner of the picture that is looked up, in its widths and heights, so that
the centre of its first pixel is at half a pixel. The *undistort* map has the straight picture's size and
looks up the plate; the *distort* map has the plate's size and looks up the straight picture. The straight
picture may be larger than the plate (overscan); both say in attributes of their own by how much.

Rows go down here, as in the file; pixels are counted from the bottom left, as everywhere else.
"""

from __future__ import annotations

import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import exr
from .engine.lens import PlateLens
from .engine.model import Floats
from .errors import InputError

UNDISTORT, DISTORT = "undistort", "distort"

KIND = "trackedShotMap"
PLATE_SIZE = "trackedShotPlate"
OVERSCAN = "trackedShotOverscan"
"""Attributes in the file: which map it is, the plate's size, the overscan left, right, bottom, top."""

BAND = 32
"""Rows made at a time: what a core's cache holds of a 4K row's working arrays. A multiple of ZIP's 16."""
SLACK = 1e-6
"""Pixels by which a straight picture may fall short at its edge; less than any filter or file can tell."""
INVERSE_ERROR = 2e-5
"""Pixels by which the map may miss the exact inverse. A tenth of what 32 bits resolve of u at 4K."""
REPORT_STEPS = 400
"""The round trip is measured at about so many columns and rows of the plate, its edges included."""


@dataclass(frozen=True)
class Overscan:
    """How many pixels the straight picture has beyond each edge of the plate."""

    left: int = 0
    right: int = 0
    bottom: int = 0
    top: int = 0

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the straight picture of a plate of that size."""
        return width + self.left + self.right, height + self.bottom + self.top


NO_OVERSCAN = Overscan()


@dataclass(frozen=True)
class StraightFrame:
    """A frame on the straight picture that is rendered with a number of pixels of its own.

    Where a render must keep the plate's size (Blender writes a composite at the size of the render), the
    straight picture's overscan comes from a wider view with the same number of pixels, each a little larger.
    """

    left: float
    bottom: float
    """The frame's corner, in pixels of the plate."""
    pitch: float
    """Side of one of its pixels, in pixels of the plate."""
    width: int
    height: int
    """Its size in its own pixels."""


def frame_of(lens: PlateLens, overscan: Overscan = NO_OVERSCAN) -> StraightFrame:
    """The plate's frame and overscan around it, in the plate's pixels."""
    size = overscan.size(lens.width, lens.height)
    return StraightFrame(-float(overscan.left), -float(overscan.bottom), 1.0, *size)


def widened_frame(lens: PlateLens, share: float | None = None) -> StraightFrame:
    """The smallest frame of the plate's shape and number of pixels that leaves none of the plate empty.

    With ``share``, that share of the plate beyond each edge instead. Found as by ``find_overscan``; the
    frame may lie off the plate's middle. Raises FoldError where the lens folds over within the plate.
    """
    size = np.array([lens.width, lens.height], dtype=float)
    if share is not None:
        left, bottom = -share * size
        return StraightFrame(float(left), float(bottom), 1.0 + 2 * share, lens.width, lens.height)
    return frame_of_places(lens, lens.undistort(edge_centres(lens)).T)


def frame_of_places(lens: PlateLens, places: Floats) -> StraightFrame:
    """The smallest frame of the plate's shape and number of pixels with all ``places`` (2, ...) inside.

    Places are in pixels of the plate, and inside is where a bilinear filter finds four full pixels.
    """
    size = np.array([lens.width, lens.height], dtype=float)
    flat = places.reshape(2, -1)
    low, high = flat.min(axis=1), flat.max(axis=1)
    if np.all(low >= 0.5 - SLACK) and np.all(high <= size - 0.5 + SLACK):
        return frame_of(lens)
    pitch = max(1.0, float(np.max((high - low) / np.maximum(size - 1, 1))))
    # As near the plate's middle as it can lie with all that is needed half a pixel inside.
    centred = -0.5 * (pitch - 1) * size
    left, bottom = np.clip(centred, high - pitch * (size - 0.5), low - 0.5 * pitch)
    return StraightFrame(float(left), float(bottom), pitch, lens.width, lens.height)


def edge_centres(lens: PlateLens) -> Floats:
    """(n, 2) the centres of the pixels along the plate's edge."""
    across, up = np.arange(lens.width) + 0.5, np.arange(lens.height) + 0.5
    return np.concatenate(
        [np.stack([across, np.full_like(across, at)], -1) for at in (0.5, lens.height - 0.5)]
        + [np.stack([np.full_like(up, at), up], -1) for at in (0.5, lens.width - 0.5)]
    )


def find_overscan(lens: PlateLens) -> Overscan:
    """The smallest overscan with which bending the straight picture leaves no pixel of the plate empty.

    Every pixel's centre along the plate's edge is followed into the straight picture: the edge goes to
    the edge, so the farthest of them bound it all. Enough is as far as a bilinear filter needs full
    pixels: centres from half a pixel inside. Where a side needs any, width and height are rounded up to
    even. Raises FoldError where the lens folds over within the frame.
    """
    straight = lens.undistort(edge_centres(lens))
    low = 0.5 - straight.min(axis=0)
    high = straight.max(axis=0) - (np.array([lens.width, lens.height]) - 0.5)
    left, right = _even(lens.width, low[0], high[0])
    bottom, top = _even(lens.height, low[1], high[1])
    return Overscan(left, right, bottom, top)


def overscan_share(lens: PlateLens, share: float) -> Overscan:
    """The overscan of that share of the frame beyond each edge; width and height come out even."""
    left, right = _even(lens.width, share * lens.width, share * lens.width)
    bottom, top = _even(lens.height, share * lens.height, share * lens.height)
    return Overscan(left, right, bottom, top)


def _even(size: int, before: float, after: float) -> tuple[int, int]:
    """Whole pixels that cover what is needed before and after, the whole rounded up to even."""
    first, last = max(0, math.ceil(before - SLACK)), max(0, math.ceil(after - SLACK))
    if first + last and (size + first + last) % 2:
        if before > after:
            first += 1
        else:
            last += 1
    return first, last


# --- The maps' values ---------------------------------------------------------------------------


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
            return np.broadcast_arrays(x, y)  # type: ignore[return-value]
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
    for first, band, _ in _packed_bands(map_, None, workers):
        yield first, band


def _packed_bands(
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


# --- Writing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MapReport:
    """What was written, and how far the two maps are from undoing each other."""

    undistort: Path | None
    distort: Path | None
    plate_size: tuple[int, int]
    straight_size: tuple[int, int]
    overscan: Overscan
    largest_px: float
    """Largest distance between a plate's pixel and where it comes back to, in pixels of the plate."""
    mean_px: float
    worst_at: tuple[float, float]
    """Pixel of the plate with the largest, from the bottom left."""
    points: int
    """At how many pixels it was measured."""
    seconds: float

    def to_dict(self) -> dict[str, object]:
        """Plain values for a report in JSON."""
        sides = self.overscan
        return {
            "undistort": str(self.undistort) if self.undistort else None,
            "distort": str(self.distort) if self.distort else None,
            "plate_size": list(self.plate_size),
            "straight_size": list(self.straight_size),
            "overscan": [sides.left, sides.right, sides.bottom, sides.top],
            "round_trip": {
                "largest_px": self.largest_px,
                "mean_px": self.mean_px,
                "worst_at": list(self.worst_at),
                "points": self.points,
            },
            "seconds": round(self.seconds, 3),
        }

    def text(self) -> str:
        """The report in one line."""
        width, height = self.straight_size
        return (
            f"straight picture {width}x{height} for a plate of {self.plate_size[0]}x{self.plate_size[1]}; "
            f"there and back {self.largest_px:.5f} px at worst (at {self.worst_at[0]:.1f}, "
            f"{self.worst_at[1]:.1f}), {self.mean_px:.5f} px on average"
        )


def write_stmaps(
    lens: PlateLens,
    undistort: Path | str | None,
    distort: Path | str | None,
    *,
    overscan: Overscan = NO_OVERSCAN,
    bits: int = 32,
    zipped: bool = False,
    workers: int | None = None,
) -> MapReport:
    """Write one map or both as EXR and measure how far they undo each other.

    Files are uncompressed unless ``zipped``: that makes them less than half as large and takes several
    times as long. Raises InputError for ``bits`` other than 32 and for what cannot be
    written, FoldError where the lens folds over within the frame.
    """
    started = time.monotonic()
    if bits != 32:
        raise InputError(half_refusal(max(lens.width, lens.height), bits))
    paths = {UNDISTORT: undistort, DISTORT: distort}
    for kind, path in paths.items():
        if path is not None and Path(path).suffix.lower() != ".exr":
            raise InputError(f"{path}: the {kind} map is an OpenEXR file, its name must end in .exr")
    if undistort is not None and distort is not None and Path(undistort) == Path(distort):
        raise InputError(f"{undistort}: the two maps need two files")
    maps = {kind: StMap(lens, kind, overscan) for kind in paths}
    with ExitStack() as files:
        for kind, path in paths.items():
            if path is not None:
                writer = files.enter_context(
                    exr.Writer(
                        path,
                        *maps[kind].size,
                        compression=exr.ZIP if zipped else exr.NONE,
                        strings=_attributes(lens, kind, overscan),
                    )
                )
                for _, _, blocks in _packed_bands(maps[kind], writer.pack, workers):
                    writer.write(blocks)
    largest, mean, place, points = round_trip(maps[UNDISTORT], maps[DISTORT])
    return MapReport(
        Path(undistort) if undistort is not None else None,
        Path(distort) if distort is not None else None,
        (lens.width, lens.height),
        overscan.size(lens.width, lens.height),
        overscan,
        largest,
        mean,
        place,
        points,
        time.monotonic() - started,
    )


@dataclass(frozen=True)
class SequenceReport:
    """What was written for a lens that changes."""

    files: dict[int, dict[str, Path]]
    """The maps, by frame and kind; frames whose lens is that of the frame before have none of their own."""
    frames: dict[int, int]
    """For every frame the one whose maps it uses."""
    overscan: Overscan
    worst: MapReport
    """The report of the frame that comes back worst."""


def write_stmap_sequence(
    lenses: Mapping[int, PlateLens],
    undistort: Path | str | None,
    distort: Path | str | None,
    *,
    overscan: Overscan | None = None,
    zipped: bool = False,
    on_frame: Callable[[int], None] | None = None,
) -> SequenceReport:
    """Write maps for a lens that changes over frames, as in a zoom: ``d.exr`` becomes ``d.0012.exr``.

    ``lenses`` gives the lens of every frame. A frame whose lens is that of the frame before gets no maps.
    All have one size: with ``overscan`` None, what the most demanding frame needs. Raises InputError where
    there is no frame, and as ``write_stmaps`` does.
    """
    if not lenses:
        raise InputError("no frame to write ST-maps for")
    frames: dict[int, int] = {}
    changes: list[int] = []
    for frame in sorted(lenses):
        if not changes or lenses[frame] != lenses[changes[-1]]:
            changes.append(frame)
        frames[frame] = changes[-1]
    if overscan is None:
        found = [find_overscan(lenses[frame]) for frame in changes]
        overscan = _largest(found, lenses[changes[0]])
    files: dict[int, dict[str, Path]] = {}
    worst: MapReport | None = None
    for frame in changes:
        paths = {kind: numbered(path, frame) for kind, path in ((UNDISTORT, undistort), (DISTORT, distort))}
        report = write_stmaps(
            lenses[frame], paths[UNDISTORT], paths[DISTORT], overscan=overscan, zipped=zipped
        )
        files[frame] = {kind: path for kind, path in paths.items() if path is not None}
        if worst is None or report.largest_px > worst.largest_px:
            worst = report
        if on_frame is not None:
            on_frame(frame)
    assert worst is not None
    return SequenceReport(files, frames, overscan, worst)


def _largest(found: list[Overscan], lens: PlateLens) -> Overscan:
    """The overscan that is enough for all, width and height even where any side needs some."""
    left, right = _even(lens.width, max(o.left for o in found), max(o.right for o in found))
    bottom, top = _even(lens.height, max(o.bottom for o in found), max(o.top for o in found))
    return Overscan(left, right, bottom, top)


def numbered(path: Path | str | None, frame: int) -> Path | None:
    """The file of a frame: ``d.exr`` is ``d.0012.exr`` for frame 12."""
    return None if path is None else Path(path).with_suffix(f".{frame:04d}{Path(path).suffix}")


def half_refusal(size: int, bits: int = 16) -> str:
    """Why a map of that many pixels is not written with 16 bits."""
    if bits != 16:
        return f"ST-maps are written with 32 bits a channel, not {bits}"
    # A half float has 11 bits: between 0.5 and 1 its steps are 2^-11.
    return (
        f"ST-maps are not written as half floats: 16 bits place a pixel of {size} "
        f"to within {size * 2.0**-12:.2f} px only; 32 bits to within {size * 2.0**-25:.5f} px"
    )


def _attributes(lens: PlateLens, kind: str, overscan: Overscan) -> dict[str, str]:
    sides = overscan
    return {
        KIND: kind,
        PLATE_SIZE: f"{lens.width} {lens.height}",
        OVERSCAN: f"{sides.left} {sides.right} {sides.bottom} {sides.top}",
    }


def round_trip(undistort: StMap, distort: StMap) -> tuple[float, float, tuple[float, float], int]:
    """Largest and mean error in pixels, where the largest is, and at how many pixels it was measured.

    From a pixel of the plate by the distort map to the straight picture, and from there by the undistort
    map, read between its four nearest pixels, to the plate again; with the 32 bits that the files have.
    Pixels that the straight picture does not reach do not count.
    """
    width, height = distort.size
    columns = np.unique(np.linspace(0, width - 1, min(width, REPORT_STEPS)).round().astype(np.intp))
    rows = np.unique(np.linspace(0, height - 1, min(height, REPORT_STEPS)).round().astype(np.intp))
    grid = np.stack([part.ravel() for part in np.meshgrid(columns, rows)], -1)
    across, up = undistort.size
    straight = np.concatenate(
        [distort.rows(height - 1 - row, height - row)[:2, 0, columns].T for row in rows]
    )
    straight = straight.astype(float) * distort.source_size - 0.5
    # A thousandth of a pixel, for the rounding to 32 bits of what lies right at the edge.
    reached = np.all((straight >= -1e-3) & (straight <= np.array([across, up]) - 1 + 1e-3), axis=1)
    grid, straight = grid[reached], straight[reached]
    if not len(grid):
        return math.nan, math.nan, (math.nan, math.nan), 0
    low = np.clip(np.floor(straight), 0, np.maximum(np.array([across, up]) - 2, 0)).astype(np.intp)
    share = straight - low
    back = np.zeros_like(straight)
    for right in (0, 1):
        for above in (0, 1):
            weight = np.where(right, share[:, 0], 1 - share[:, 0]) * np.where(
                above, share[:, 1], 1 - share[:, 1]
            )
            corner = np.minimum(low + [right, above], np.array([across, up]) - 1)
            back += weight[:, None] * undistort.at(corner[:, 0], corner[:, 1])
    away = np.hypot(*(back - (grid + 0.5)).T)
    worst = int(np.argmax(away))
    place = float(grid[worst, 0]) + 0.5, float(grid[worst, 1]) + 0.5
    return float(away[worst]), float(away.mean()), place, len(grid)


@dataclass(frozen=True)
class Loss:
    """What a picture loses by being straightened and bent again."""

    mean: float
    """How far its 8-bit values are off on average."""
    contrast: float
    """Share of its finest contrast, that between neighbouring pixels, that is gone."""


def resampling_loss(picture: NDArray[np.uint8], lens: PlateLens) -> Loss:
    """The loss of a plate (height, width, 3) of 8 bits that goes through both maps, bilinearly."""
    import cv2

    frame = widened_frame(lens)
    there = picture.astype(np.float32)
    for kind in (UNDISTORT, DISTORT):
        map_ = StMap(lens, kind, frame)
        values = np.concatenate([band for _, band in bands(map_)], axis=1)
        width, height = map_.source_size
        x = values[0] * width - 0.5
        y = (1 - values[1]) * height - 0.5
        there = cv2.remap(there, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    fine = [float(np.abs(np.diff(part.astype(np.float32), axis=1)).mean()) for part in (picture, there)]
    return Loss(float(np.abs(there - picture).mean()), 1.0 - fine[1] / max(fine[0], 1e-9))
