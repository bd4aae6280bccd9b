"""Writing ST-maps to files, one pair or one a frame of a zoom, with a report on how exact they are."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from . import exr
from .engine.lens import PlateLens
from .errors import InputError
from .overscan import NO_OVERSCAN, Overscan, find_overscan, largest_overscan, widened_frame
from .stmap import DISTORT, UNDISTORT, StMap, bands, packed_bands

KIND = "trackedShotMap"
PLATE_SIZE = "trackedShotPlate"
OVERSCAN = "trackedShotOverscan"
"""Attributes in the file: which map it is, the plate's size, the overscan left, right, bottom, top."""

REPORT_STEPS = 400
"""The round trip is measured at about so many columns and rows of the plate, its edges included."""


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
                for _, _, blocks in packed_bands(maps[kind], writer.pack, workers):
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
        overscan = largest_overscan(found, lenses[changes[0]])
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
