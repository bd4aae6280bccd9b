"""Lengths that follow from the size of the frame.

Settings are written for a frame 960 pixels on its longer side. On larger frames
patches, cells and margins grow with the picture, so that the same detail is
followed. On smaller ones patches shrink with the root of it, down to 17 pixels: one
that stayed as it is would see more of the scene bend, one that shrank with the picture
would hold too little (benchmarks/solve.py: the path of a filmed kitchen, 640 pixels
wide, is 3% nearer to the truth). All else stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from .model import TrackingSettings

REFERENCE_SIDE = 960
LK_SIDE = 480
"""The longer side of the picture that LK looks at, at most one and a half times more."""
RING_BYTES = 384 * 1024 * 1024
"""Memory that the frames held for following back may take."""
RING_LEAST = 20
LEAST_HALF = 8
"""A patch of fewer pixels on either side of its middle is only taken where the settings ask for it."""


@dataclass(frozen=True)
class Sizes:
    """Pixels and frame counts for one clip."""

    half_pattern: int
    """The patch reaches this far from its middle; its side is ``2 * half_pattern + 1``."""
    border: int
    """Nearest that a point may come to the frame's edge."""
    cell: int
    """Side of the square in which one point is wanted."""
    scale: float
    """How much larger the frame is than the one that settings are written for; at least 1."""
    halvings: int
    """How often the picture is halved for the LK prediction."""
    window: int
    """Side of the window of the pyramidal LK prediction, in the halved picture; odd."""
    ring: int
    """Frames held in memory."""
    sweep: int
    """Frames between two passes that follow new points back; a multiple of ``redetect``."""


def sizes_for(width: int, height: int, settings: TrackingSettings) -> Sizes:
    """The sizes for a clip of ``width`` by ``height`` pixels."""
    scale = max(1.0, max(width, height) / REFERENCE_SIDE)
    small = math.sqrt(min(1.0, max(width, height) / REFERENCE_SIDE))
    half = max(round(settings.pattern * scale * small) // 2, min(LEAST_HALF, settings.pattern // 2))
    cell = max(round(40 * scale), int((width * height / settings.density) ** 0.5))
    halvings = max(0, round(math.log2(max(width, height) / LK_SIDE)))
    window = 2 * round(10 * scale / 2**halvings) + 1 if halvings else 15
    ring = max(RING_LEAST, min(settings.ring, RING_BYTES // (width * height)))
    sweep = max(1, ring // 2 // settings.redetect) * settings.redetect
    return Sizes(half, half + settings.margin, cell, scale, halvings, window, ring, sweep)


def with_patches_of(sizes: Sizes, side: int, settings: TrackingSettings) -> Sizes:
    """The sizes for tracks whose kept patches are ``side`` pixels wide, one around them included.

    What was begun by another version of this add-on goes on as it began.
    """
    half = (side - 3) // 2
    return replace(sizes, half_pattern=half, border=half + settings.margin)
