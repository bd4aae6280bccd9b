"""Draws clips in a gray street, each from a camera that is known exactly.

    python benchmarks/city.py KIND [KIND …] [--folder DIR]

Writes KIND.avi and KIND.json, the truth as truth.py reads it; where both are there they are kept, unless this
drawing has changed since. The same kind always gives the same bits. The lens has Blender's polynomial
distortion; every clip has grain.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from quads import Floats, Picture, Pinhole, Place, Quad, draw
from scenery import city
from truth import nearest_rotation

FPS = 24
SENSOR_MM = 36.0
GRAIN = 2.5
"""Deviation of the grain, of 255."""
SAMPLES = 2
"""Pixels are drawn so many times as fine."""
OVERSCAN = 1.2
"""Size of the straight picture that is bent to the lens."""
SHARES = 6
"""Pictures that a rolling shutter's rows are mixed from."""
QUALITY = 90
"""Of the JPEG pictures in the clip."""
FOLDER = Path(tempfile.gettempdir()) / "tracked-shot-city"
SOURCES = ("city.py", "quads.py", "scenery.py")


@dataclass(frozen=True)
class Kind:
    """A kind of clip."""

    name: str
    what: str
    """The same in a few words."""
    path: Callable[[float], tuple[Place, Place]]
    """Where the camera is and what it looks at, metres, at a time in seconds."""
    focal_mm: float
    """On a sensor whose longer side is 36 mm."""
    distortion: tuple[float, float] = (0.0, 0.0)
    """k1 and k2 of Blender's polynomial model."""
    shutter: float = 0.0
    """Share of a frame's time that the shutter is open,"""
    exposures: int = 3
    """drawn so many times in it."""
    rolling: float = 0.0
    """Share of a frame's time from the first row to the last."""
    shake: Place = (0.0, 0.0, 0.0)
    """How far the hand shakes the camera, metres,"""
    turns: float = 0.0
    """and turns it, radians."""
    cars: tuple[tuple[float, float], ...] = ()
    """Of each car that drives: its place along the street in metres, and metres a second."""
    people: int = 0
    pavements: tuple[int, ...] = (-1, 1)
    """Where people walk."""
    frames: int = 60
    width: int = 960
    height: int = 540
    seed: int = 1
    """Of what is left to chance in the street, and of the grain."""

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.focal_mm / SENSOR_MM * max(self.width, self.height)

    def quads(self) -> list[Quad]:
        """The street of this kind."""
        return city(self.seed, list(self.cars), self.people, self.pavements)


def _street(seconds: float) -> tuple[Place, Place]:
    along = 0.53 * seconds
    return (4.8 + along, -6 + 1.6 * seconds, 1.65), (-4 + along, 20, 2.2)


def _drive(seconds: float) -> tuple[Place, Place]:
    along = 12 * seconds
    swing = 1.2 * math.sin(0.8 * seconds)
    return (1.4 + 0.1 * math.sin(1.07 * seconds), -10 + along, 1.3), (1.2 + swing, 60 + along, 1.8)


def _dolly(seconds: float) -> tuple[Place, Place]:
    return (5.9, -8 + 2.7 * seconds, 1.7), (4.5 - 1.7 * seconds, 40, 2.5)


def _straight(seconds: float) -> tuple[Place, Place]:
    return (5.9, -8 + 2.7 * seconds, 1.7), (3.5, 40, 2.5)


def _walk(seconds: float) -> tuple[Place, Place]:
    sway, bob = 0.05 * math.sin(6.2 * seconds), 0.035 * math.sin(12.5 * seconds)
    return (6.9 + sway, -5 + 1.2 * seconds, 1.65 + bob), (4.5, 25, 2.0)


def _tripod(seconds: float) -> tuple[Place, Place]:
    angle = math.radians(-18 + 15 * seconds)
    x, y = 5.5, -6.0
    height = 3.5 + 2 * math.sin(0.9 * seconds)
    return (x, y, 1.7), (x - 20 * math.sin(angle), y + 20 * math.cos(angle), height)


def _phone(seconds: float) -> tuple[Place, Place]:
    x, z = 6.4 + 0.6 * math.sin(1.5 * seconds), 1.5 + 0.15 * math.sin(1.8 * seconds)
    return (x, -3 + 0.75 * seconds, z), (2, 14, 2.6)


def _aerial(seconds: float) -> tuple[Place, Place]:
    return (-18 + 9 * seconds, -25 + 6 * seconds, 26), (0, 28 + 3 * seconds, 0)


BY_HAND: Mapping[str, Any] = {"shutter": 0.5, "shake": (0.03, 0.03, 0.02), "turns": 0.006}
CARS = ((12.0, 6.5), (30.0, -7.5), (48.0, 5.0), (55.0, -9.0))
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "street",
            "by hand past traffic, motion blur",
            _street,
            28,
            (-0.06, 0.01),
            **BY_HAND,
            cars=CARS,
            people=10,
        ),
        Kind(
            "drive",
            "from a car among cars, motion blur",
            _drive,
            24,
            (-0.1, 0.02),
            shutter=0.5,
            exposures=6,
            shake=(0.0, 0.0, 0.012),
            turns=0.003,
            cars=((10.0, 9.5), (20.0, -10.0), (46.0, 8.5), (60.0, -9.0)),
            people=10,
            seed=2,
        ),
        Kind("dolly", "a dolly that turns 6°, much barrel distortion", _dolly, 32, (-0.12, 0.03), seed=3),
        Kind(
            "straight", "the same without a turn: tells no focal length", _straight, 32, (-0.12, 0.03), seed=3
        ),
        Kind("tripod", "a pan over traffic", _tripod, 40, (-0.05, 0.0), cars=CARS, people=10, seed=4),
        Kind(
            "walk",
            "walking with a camera in the hand, motion blur",
            _walk,
            26,
            shutter=0.5,
            shake=(0.03, 0.0, 0.01),
            turns=0.012,
            cars=CARS,
            people=10,
            seed=5,
        ),
        Kind(
            "phone",
            "a phone held upright, rolling shutter",
            _phone,
            27,
            (0.03, -0.02),
            rolling=0.6,
            shake=(0.04, 0.0, 0.02),
            turns=0.02,
            cars=CARS,
            people=10,
            width=540,
            height=960,
            seed=6,
        ),
        Kind(
            "crowd",
            "by hand behind 26 people, motion blur",
            _street,
            35,
            (-0.08, 0.0),
            **BY_HAND,
            cars=(*CARS, (20.0, 7.0), (38.0, -6.0)),
            people=26,
            pavements=(1,),
            seed=7,
        ),
        Kind("aerial", "a drone over the roofs", _aerial, 24, shake=(0.0, 0.0, 0.05), turns=0.002, seed=8),
    )
}


def camera_at(kind: Kind, frame: float) -> Floats:
    """(4, 4) camera to world at a frame, counted from 1; between frames too."""
    place, target = (np.array(point, float) for point in kind.path((frame - 1) / FPS))
    shaken = _shake(kind.frames)
    rows = np.arange(len(shaken))
    hand = np.array([np.interp(frame, rows, column) for column in shaken.T])
    place = place + hand[:3] * kind.shake
    turned, _ = cv2.Rodrigues(kind.turns * hand[3:] * (1.0, 1.0, 0.7))
    camera = np.eye(4)
    camera[:3, :3] = _looking(target - place) @ turned
    camera[:3, 3] = place
    return camera


def _looking(direction: Floats) -> Floats:
    """(3, 3) rotation of a camera that looks along a direction, its horizon level."""
    back = -direction / np.linalg.norm(direction)
    right = np.cross((0, 0, 1), back)
    right = right / np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back], axis=1)


def _shake(frames: int) -> Floats:
    """(frames + 2, 6) how a hand shakes from frame 0 on: a slow part and a weaker quick one, deviation 1."""
    chance = np.random.default_rng(5)
    return np.stack(
        [_smooth(chance, frames + 2, 6) + 0.4 * _smooth(chance, frames + 2, 2) for _ in range(6)], 1
    )


def _smooth(chance: np.random.Generator, count: int, reach: int) -> Floats:
    """(count,) noise of deviation 1 in which values up to ``reach`` apart hang together."""
    weights = np.hanning(2 * reach + 1)
    noise = chance.normal(size=count + 2 * reach)
    return np.convolve(noise, weights / np.linalg.norm(weights), "valid")


def draw_clip(kind: Kind, file: Path, quads: Sequence[Quad]) -> None:
    """Writes a clip of some quads and, beside it, its truth."""
    cv2.setNumThreads(1)
    grain = np.random.default_rng(kind.seed)
    rays = _straight_rays(kind)
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (kind.width, kind.height))
    if not writer.isOpened():
        raise OSError(f"{file}: cannot be written")
    writer.set(cv2.VIDEOWRITER_PROP_QUALITY, QUALITY)
    for frame in range(1, kind.frames + 1):
        picture = cv2.remap(_exposure(kind, quads, frame), *rays, cv2.INTER_CUBIC)
        noisy = 255 * picture + GRAIN * grain.normal(size=picture.shape)
        writer.write(cv2.cvtColor(np.clip(noisy, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR))
    writer.release()
    file.with_suffix(".json").write_text(json.dumps(_truth(kind)))


def _exposure(kind: Kind, quads: Sequence[Quad], frame: int) -> Picture:
    """The straight picture of a frame: rows read one after another, or all over a time, or all at once."""
    if kind.rolling:
        times = frame + kind.rolling * np.linspace(-0.5, 0.5, SHARES)
        return _rolled([_straight_picture(kind, quads, float(time)) for time in times])
    return np.mean([_straight_picture(kind, quads, time) for time in _open_times(kind, frame)], axis=0)


def _open_times(kind: Kind, frame: int) -> list[float]:
    """When, in frames, the exposures are made whose mean is a frame; its own time where nothing blurs."""
    if not kind.shutter:
        return [float(frame)]
    shares = (np.arange(kind.exposures) + 0.5) / kind.exposures - 0.5
    return (frame + kind.shutter * shares).tolist()


def true_camera(kind: Kind, frame: int) -> Floats:
    """(4, 4) the mean camera of a frame's exposures, where a blurred point's middle is seen from."""
    mean = np.mean([camera_at(kind, time) for time in _open_times(kind, frame)], axis=0)
    mean[:3, :3] = nearest_rotation(mean[:3, :3])
    return np.asarray(mean)


def _rolled(pictures: list[Picture]) -> Picture:
    """Each row from the two pictures nearest to its own time, the first row from the first picture."""
    stack = np.stack(pictures)
    rows = np.arange(stack.shape[1])
    time = rows / (len(rows) - 1) * (len(pictures) - 1)
    before = np.minimum(time.astype(int), len(pictures) - 2)
    share = (time - before).astype(np.float32)[:, None]
    return np.asarray(stack[before, rows] * (1 - share) + stack[before + 1, rows] * share)


def _straight_size(kind: Kind) -> tuple[int, int]:
    """Width and height of the picture before the lens bends it, in the clip's pixels."""
    overscan = OVERSCAN if any(kind.distortion) else 1.0
    return 2 * round(kind.width * overscan / 2), 2 * round(kind.height * overscan / 2)


def _straight_picture(kind: Kind, quads: Sequence[Quad], frame: float) -> Picture:
    """What a pinhole camera sees at a frame, between frames too."""
    width, height = _straight_size(kind)
    view = Pinhole(camera_at(kind, frame), SAMPLES * kind.focal_px, SAMPLES * width, SAMPLES * height)
    fine = draw(quads, view, frame / FPS)
    return np.asarray(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA))


def _straight_rays(kind: Kind) -> tuple[Picture, Picture]:
    """Columns and rows of the straight picture that each pixel of the clip sees."""
    x, y = np.meshgrid(
        (np.arange(kind.width) + 0.5 - kind.width / 2) / kind.focal_px,
        (np.arange(kind.height) + 0.5 - kind.height / 2) / kind.focal_px,
    )
    k1, k2 = kind.distortion
    straight_x, straight_y = x, y
    for _ in range(40):  # straight times factor is bent, and the factor is near to 1
        squared = straight_x**2 + straight_y**2
        factor = 1 + (k1 + k2 * squared) * squared
        straight_x, straight_y = x / factor, y / factor
    width, height = _straight_size(kind)
    columns = straight_x * kind.focal_px + width / 2 - 0.5
    rows = straight_y * kind.focal_px + height / 2 - 0.5
    return columns.astype(np.float32), rows.astype(np.float32)


def _truth(kind: Kind) -> dict[str, object]:
    frames = range(1, kind.frames + 1)
    return {
        "name": kind.name,
        "width": kind.width,
        "height": kind.height,
        "frames": kind.frames,
        "fps": FPS,
        "focal_mm": kind.focal_px / kind.width * SENSOR_MM,
        "sensor_mm": SENSOR_MM,
        "focal_px": kind.focal_px,
        "distortion": {"model": "POLYNOMIAL", "k1": kind.distortion[0], "k2": kind.distortion[1]},
        "camera_to_world": {str(frame): true_camera(kind, frame).tolist() for frame in frames},
        "drawing": _drawing(),
    }


@cache
def _drawing() -> str:
    """What tells this drawing from an earlier one: its source."""
    here = Path(__file__).parent
    return hashlib.sha256(b"".join((here / name).read_bytes() for name in SOURCES)).hexdigest()


def clip_of(kind: Kind, folder: Path) -> Path:
    """The clip of a kind in a folder, drawn where it is not there as it is drawn now."""
    file = folder / f"{kind.name}.avi"
    truth = file.with_suffix(".json")
    if (
        not file.is_file()
        or not truth.is_file()
        or json.loads(truth.read_text()).get("drawing") != _drawing()
    ):
        folder.mkdir(parents=True, exist_ok=True)
        truth.unlink(missing_ok=True)  # it comes last: without it the clip is not whole
        draw_clip(kind, file, kind.quads())
    return file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="+", choices=tuple(KINDS), metavar="KIND", help=", ".join(KINDS))
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    for name in options.kinds:
        print(clip_of(KINDS[name], options.folder), flush=True)


if __name__ == "__main__":
    main()
