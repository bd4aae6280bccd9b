"""How long a plate's shutter was open, from how far its moving things are smeared. NumPy and OpenCV.

A track's surroundings are seen once while it hardly moves and once while it is fast. Smeared evenly along the
way that the track went while the shutter was open, the first is the second; the shutter with which it comes
nearest, over many tracks, is the plate's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .engine.model import Floats, Ints, Tracks

USUAL_SHUTTER = 0.5
"""What most cameras are set to, in frames: a disc open over half a turn."""
FAST_PX = 4.0
"""Pixels a frame from which a thing is smeared enough to measure."""
SLOWER = 2.5
"""How many times slower the same thing must be in the sharp picture."""
APART = 12
"""Frames that may lie between the two."""
PAIRS = 8
"""How many pairs of frames are looked at, the fastest ones."""
HALF = 15
"""Half a side of the squares that are compared, in pixels."""
LONGEST = 1.2
STEP = 0.05
"""Shutters that are tried, in frames."""
ENOUGH = 12
"""Squares that must agree."""
MATCH = 0.15
"""Share of a square's contrast that may be left over where it was matched."""
SPREAD = 0.15
"""Half the middle half of what squares say, in frames, beyond which they do not agree."""
ROWS = 40
"""Tracks that are looked at in a pair of frames, evenly chosen."""
_REACH = 24


@dataclass(frozen=True)
class Shutter:
    """What the plate says of its shutter."""

    frames: float
    """How long it is open, in frames; 0.5 is what film people call 180 degrees."""
    squares: int
    """In how many squares it was measured."""
    spread: float
    """Half of the middle half of what they say."""


def measure_shutter(picture: Callable[[int], NDArray[np.uint8]], tracks: Tracks) -> Shutter | None:
    """The shutter of a plate; None where it moves too little or too evenly to tell.

    ``picture`` gives a footage frame (height, width, 3) of 8 bits; ``tracks`` are what moves in it.
    """
    curves = []
    for sharp, smeared, rows in _pairs(tracks):
        before, after = _light(picture(sharp)), _light(picture(smeared))
        for here, there, slow, fast in rows:
            curve = _leftovers(before, after, here, there, slow, fast)
            if curve is not None:
                curves.append(curve)
    if len(curves) < ENOUGH:
        return None
    left = np.array(curves)
    tried = np.arange(0.0, LONGEST + STEP / 2, STEP)
    single = tried[np.argmin(left, axis=1)]
    low, high = np.percentile(single, [25, 75])
    best = int(np.argmin(left.mean(axis=0)))
    # A parabola through the least of the mean and its neighbours.
    if 0 < best < len(tried) - 1:
        one, two, three = left.mean(axis=0)[best - 1 : best + 2]
        shift = 0.5 * (one - three) / max(one - 2 * two + three, 1e-12)
    else:
        shift = 0.0
    if best == len(tried) - 1 or 0.5 * (high - low) > SPREAD:
        return None
    return Shutter(float(tried[best] + STEP * shift), len(curves), float(0.5 * (high - low)))


Row = tuple[Floats, Floats, Floats, Floats]
"""A track's place in the sharp and in the smeared picture, and its speed there, pixels from the top left."""


def _pairs(tracks: Tracks) -> list[tuple[int, int, list[Row]]]:
    """Sharp frame, smeared frame, and the tracks to compare in them."""
    flip = np.array([1.0, -1.0])
    places = tracks.xy * flip + [0.0, tracks.height]
    bounds = tracks.bounds()
    seen: dict[int, dict[int, tuple[Floats, Floats]]] = {}  # by frame and track: place and speed
    for number in range(tracks.count):
        part = slice(bounds[number], bounds[number + 1])
        frames: Ints = tracks.frame[part]
        xy = places[part]
        for index in range(2, len(frames) - 2):
            if frames[index + 2] - frames[index - 2] == 4:
                # Shaking is quick: over three frames alone its speed would come out a tenth too low.
                speed = (8 * (xy[index + 1] - xy[index - 1]) - (xy[index + 2] - xy[index - 2])) / 12
                seen.setdefault(int(frames[index]), {})[number] = xy[index], speed
    usual = {
        frame: float(np.median([np.hypot(*speed) for _, speed in rows.values()]))
        for frame, rows in seen.items()
    }
    found: list[tuple[int, int, list[Row]]] = []
    for fast in sorted(usual, key=lambda frame: -usual[frame]):
        if usual[fast] < FAST_PX or len(found) == PAIRS:
            break
        near = [f for f in usual if abs(f - fast) <= APART and usual[f] * SLOWER <= usual[fast]]
        if not near:
            continue
        slow = min(near, key=lambda frame: (abs(frame - fast), frame))
        rows = [
            (seen[slow][number][0], place, seen[slow][number][1], speed)
            for number, (place, speed) in seen[fast].items()
            if number in seen[slow]
        ]
        found.append((slow, fast, rows[:: -(-len(rows) // ROWS) or 1]))
    return found


def _light(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Gray in about linear light, in which smearing adds up."""
    gray = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_BGR2GRAY) if picture.ndim == 3 else picture
    light: NDArray[np.float32] = (gray.astype(np.float32) / 255.0) ** 2.2
    return light


def _leftovers(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    here: Floats,
    there: Floats,
    slow: Floats,
    fast: Floats,
) -> Floats | None:
    """For each shutter that is tried, the share of a square's contrast that smearing does not explain."""
    gained = fast @ fast - slow @ slow  # lengths of smears add up as squares
    if gained < FAST_PX**2 or np.hypot(*fast) * LONGEST > 2 * _REACH:
        return None
    way = fast / np.hypot(*fast) * np.sqrt(gained)
    side = 2 * (HALF + _REACH) + 1
    wide = _square(before, here, side)
    target = _square(after, there, 2 * HALF + 1)
    if wide is None or target is None:
        return None
    contrast = float(target.var())
    if contrast < 1e-4:
        return None
    curve = []
    for shutter in np.arange(0.0, LONGEST + STEP / 2, STEP):
        smeared = _smeared(wide, shutter * way)[_REACH:-_REACH, _REACH:-_REACH]
        # What is left of the target's contrast after the best gain and offset: 1 - correlation squared.
        together = float(np.mean((smeared - smeared.mean()) * (target - target.mean())))
        curve.append(1.0 - together**2 / max(float(smeared.var()) * contrast, 1e-12))
    return np.array(curve) if min(curve) < MATCH else None


def _square(picture: NDArray[np.float32], place: Floats, side: int) -> NDArray[np.float32] | None:
    """The square about a place, between pixels; None where it reaches beyond the picture."""
    height, width = picture.shape
    half = side / 2 + 1
    if not (half < place[0] < width - half and half < place[1] < height - half):
        return None
    # getRectSubPix counts from pixel centres.
    square: NDArray[np.float32] = cv2.getRectSubPix(
        picture, (side, side), (float(place[0]) - 0.5, float(place[1]) - 0.5)
    )
    return square


def _smeared(picture: NDArray[np.float32], way: Floats) -> NDArray[np.float32]:
    """The picture's mean while it goes along a way that has its middle where it is."""
    count = max(1, int(np.ceil(2 * np.hypot(*way))))
    total = np.zeros_like(picture)
    for part in (np.arange(count) + 0.5) / count - 0.5:
        move = np.array([[1, 0, part * way[0]], [0, 1, part * way[1]]])
        total += cv2.warpAffine(picture, move, picture.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    return total / count
