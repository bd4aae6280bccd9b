"""The values that pass between the rooms of the engine and out of it.

Conventions, as everywhere in the product: pixels have their origin at the bottom
left corner of the frame, edges at integers and centres at one half, y up. Frames
are footage frames, 1 = first. A camera is a 4x4 camera-to-world matrix in
Blender's axes (it looks along -Z, Y is up). Angles are radians, focal lengths
millimetres where the name says ``_mm`` and pixels where it says ``_px``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

ANY, SURELY_MOVES, SURELY_TURNS = EXPECTED = ("any", "moves", "turns")
"""What a camera may be known to do: nothing is known; it moves; it only turns where it stands."""

SENSOR_MM = 36.0
"""Width of the sensor that a focal length in millimetres refers to unless told otherwise."""


@dataclass(frozen=True)
class TrackingSettings:
    """How densely and how strictly to track; what a tracking preset holds.

    Lengths in pixels are meant for a frame 960 pixels wide and scale with it.
    """

    pattern: int = 21
    """Side of the square patch that is matched, in pixels; odd."""
    density: int = 170
    """Points wanted in view at once."""
    redetect: int = 10
    """Frames between two looks for new points; also the length of a step that is saved."""
    correlation: float = 0.8
    """Least correlation of a patch with the one of its key frame, -1 to 1."""
    margin: int = 4
    """Pixels kept free between a patch and the frame's edge."""
    ring: int = 80
    """Frames held in memory, and how far back a new point is followed."""
    min_length: int = 8
    """Tracks with fewer markers are left out of the solve."""
    refine_focal_length: bool = True
    refine_distortion: bool = True
    refine_principal_point: bool = False
    motion: str = ANY
    """What is known of the camera's motion, one of EXPECTED; where nothing is, the tracks tell."""
    mask: str = ""
    """Picture, or first file of a sequence, that is white where nothing is to be tracked; empty for none.

    It belongs to a clip, so it is no key of a preset.
    """
    mask_print: str = ""
    """What tells the mask from another one in the same place; see ``masks.with_mask``."""


@dataclass(frozen=True)
class LensStart:
    """What is known of the lens before the solve."""

    focal_length_mm: float = 30.0
    sensor_width_mm: float = SENSOR_MM
    distortion_model: str = "POLYNOMIAL"
    k1: float = 0.0
    k2: float = 0.0
    more: tuple[float, ...] = ()
    """The model's coefficients after k2 in the order of lens.COEFFICIENTS; they stay as they are given."""
    principal: tuple[float, float] | None = None
    """The principal point in pixels of the plate; None for the middle of the frame."""
    refine: bool = True
    """False where the lens is known and must be kept as it is."""
    refine_distortion: bool = True
    """False where k1 and k2 must stay though the focal length may change."""
    refine_principal: bool = False
    """True where the principal point is to be looked for."""
    pixel_aspect: float = 1.0
    """Width of a pixel over its height; the plate of an anamorphic lens that was not stretched has 2."""
    source: str = ""
    """Where the focal length comes from, where that is the clip's metadata."""

    def __post_init__(self) -> None:
        _as_tuples(self)

    @property
    def coefficients(self) -> tuple[float, ...]:
        """Those of the model in the order of lens.COEFFICIENTS; zeros at the end may be left out."""
        return self.k1, self.k2, *self.more


@dataclass(frozen=True)
class Lens:
    """A solved lens with its distortion about the principal point.

    The coefficients are those of Blender's clip camera in the same ``model`` (see lens.py).
    """

    focal_px: float
    width: int
    height: int
    k1: float = 0.0
    k2: float = 0.0
    sensor_width_mm: float = SENSOR_MM
    model: str = "POLYNOMIAL"
    pixel_aspect: float = 1.0
    """Width of a pixel over its height; ``focal_px`` is in widths."""
    more: tuple[float, ...] = ()
    """The coefficients after k2 in the order of lens.COEFFICIENTS, as they were given."""
    principal: tuple[float, float] | None = None
    """The principal point in pixels; None for the middle of the frame."""

    def __post_init__(self) -> None:
        _as_tuples(self)

    @property
    def focal_length_mm(self) -> float:
        return self.focal_px * self.sensor_width_mm / self.width

    @property
    def coefficients(self) -> tuple[float, ...]:
        """Those of the model in the order of lens.COEFFICIENTS; zeros at the end may be left out."""
        return self.k1, self.k2, *self.more


def _as_tuples(lens: Lens | LensStart) -> None:
    """A lens that was read from JSON has lists, and could not be compared with one that was not."""
    object.__setattr__(lens, "more", tuple(float(value) for value in lens.more))
    if lens.principal is not None:
        across, up = lens.principal
        object.__setattr__(lens, "principal", (float(across), float(up)))


@dataclass
class Tracks:
    """All markers of all tracks: one row a marker, sorted by track, then by frame."""

    width: int
    height: int
    frames: int
    """Length of the footage that was tracked, in frames."""
    track: Ints
    """(n,) which track the marker belongs to, 0 ... count-1."""
    frame: Ints
    """(n,) footage frame of the marker."""
    xy: Floats
    """(n, 2) position in pixels."""
    names: list[str]
    """A name a track."""
    reasons: list[str] = field(default_factory=list)
    """A word a track: why it is switched off, empty where it is in use."""
    own: Bools = field(default_factory=lambda: np.zeros(0, bool))
    """(count,) True for tracks that the artist made by hand."""
    weights: Floats = field(default_factory=lambda: np.zeros(0))
    """(count,) how much each counts in a solve, 0 to 1."""
    doubts: Floats = field(default_factory=lambda: np.zeros(0))
    """(count,) by how many pixels noise of one gray level would shift the patch of each track; NaN where that
    is not known, as of the artist's own."""

    def __post_init__(self) -> None:
        if not self.reasons:
            self.reasons = [""] * len(self.names)
        if not len(self.own):
            self.own = np.zeros(len(self.names), bool)
        if not len(self.weights):
            self.weights = np.ones(len(self.names))
        if not len(self.doubts):
            self.doubts = np.full(len(self.names), np.nan)

    @property
    def count(self) -> int:
        return len(self.names)

    @property
    def enabled(self) -> Bools:
        """(count,) True for each track that the solve uses."""
        return np.array([not reason for reason in self.reasons], dtype=bool)

    def bounds(self) -> NDArray[np.intp]:
        """(count+1,) rows of track k are ``bounds[k]`` to ``bounds[k + 1]``."""
        return np.searchsorted(self.track, np.arange(self.count + 1))

    def lengths(self) -> NDArray[np.intp]:
        """(count,) number of markers of each track."""
        return np.bincount(self.track, minlength=self.count)

    def in_square_pixels(self, pixel_aspect: float) -> Tracks:
        """The same over a frame of square pixels, whose height need be no whole number."""
        if pixel_aspect == 1:
            return self
        high = self.height / pixel_aspect
        return replace(self, height=high, xy=self.xy / [1.0, pixel_aspect])  # type: ignore[arg-type]

    def subset(self, keep: Bools) -> Tracks:
        """The tracks for which ``keep`` (count,) is true, numbered anew."""
        rows = keep[self.track]
        number = np.cumsum(keep) - 1
        return replace(
            self,
            track=number[self.track[rows]].astype(np.int32),
            frame=self.frame[rows],
            xy=self.xy[rows],
            names=[name for name, kept in zip(self.names, keep) if kept],
            reasons=[reason for reason, kept in zip(self.reasons, keep) if kept],
            own=self.own[keep],
            weights=self.weights[keep],
            doubts=self.doubts[keep],
        )


@dataclass
class Solve:
    """A camera for the footage, with what it was found from."""

    lens: Lens
    frames: Ints
    """(c,) footage frames that have a camera, ascending."""
    cameras: Floats
    """(c, 4, 4) camera to world."""
    points: Floats
    """(p, 3) bundle of each track in ``point_tracks``."""
    point_tracks: Ints
    """(p,) index of the track in the Tracks that were solved."""
    point_errors: Floats
    """(p,) mean reprojection error of the track, pixels."""
    frame_errors: Floats
    """(c,) mean reprojection error of the frame, pixels."""
    average_error: float
    """Mean reprojection error over all markers used, pixels."""
    keyframes: tuple[int, int]
    """The two frames with which a native solve should start."""
    verdict: str = "usable"
    """good, usable, poor or failed."""
    reasons: list[str] = field(default_factory=list)
    """Why the verdict is what it is, in words for the artist."""
    motion: str = "general"
    """What kind of move the camera makes, as the solve found it (see motion.py)."""
    focal_interval_mm: tuple[float, float] | None = None
    """Within which the focal length lies with 95%; None where it was given or that is not known, 0 to
    infinity where the footage does not tell it."""
    position_sigmas: Floats = field(default_factory=lambda: np.empty(0))
    """(c,) how sure each camera's place is, in scene units; empty where that is not known."""
    rotation_sigmas: Floats = field(default_factory=lambda: np.empty(0))
    """(c,) the same of its rotation, radians."""
    depth_sigmas: Floats = field(default_factory=lambda: np.empty(0))
    """(p,) the same of each bundle's depth, scene units."""
    frame_focals_px: Floats = field(default_factory=lambda: np.empty(0))
    """(c,) focal length of each frame where the lens zooms; empty where it does not."""
    axis_hint: tuple[float, float] | None = None
    """Where in the plate, in pixels, the principal point seems to be, though it was held elsewhere; a session
    keeps it in the reasons alone."""
    shutter: tuple[float, float] = (0.0, 0.0)
    """Share of a frame's time that a rolling shutter takes down the rows and across the columns; 0 for none.

    Errors are those that are left once it is allowed for; cameras are those of the middle of the frame.
    """
