"""The shutter, measured in clips that were drawn with one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from addon.tracking.engine.model import Tracks
from addon.tracking.shutter import measure_shutter

SIZE = (400, 260)
FRAMES = 16


def shaken(shutter: float, shake: float = 9.0, noise: float = 2.0) -> tuple[list[np.ndarray], Tracks]:
    """A texture that is shaken before a camera whose shutter is open that long, and exact tracks of it."""
    random = np.random.default_rng(8)
    texture = cv2.GaussianBlur(random.random((500, 700)), (0, 0), 2.0)
    texture = np.clip(5 * (texture - 0.5) + 0.5, 0.02, 1).astype(np.float32)

    def off(time: float) -> np.ndarray:
        return np.array([shake * np.sin(0.9 * time), 0.6 * shake * np.sin(0.7 * time + 1)])

    pictures = []
    for frame in range(1, FRAMES + 1):
        light = np.zeros(SIZE[::-1], np.float32)
        steps = 24 if shutter else 1
        for part in (np.arange(steps) + 0.5) / steps - 0.5:
            x, y = off(frame + part * shutter)
            move = np.array([[1, 0, x - 150], [0, 1, y - 120.0]])
            light += cv2.warpAffine(texture, move, SIZE) / steps
        gray = 255 * light ** (1 / 2.2) + random.normal(0, noise, light.shape)
        pictures.append(np.repeat(np.clip(np.round(gray), 0, 255).astype(np.uint8)[..., None], 3, axis=2))
    homes = np.array([(x, y) for x in range(60, 360, 90) for y in range(70, 220, 60)], dtype=float)
    xy = np.array([[home + off(frame) for frame in range(1, FRAMES + 1)] for home in homes])
    xy[..., 1] = SIZE[1] - xy[..., 1]
    count = len(homes)
    tracks = Tracks(
        *SIZE,
        FRAMES,
        np.repeat(np.arange(count, dtype=np.int32), FRAMES),
        np.tile(np.arange(1, FRAMES + 1, dtype=np.int32), count),
        (xy + [0.5, -0.5]).reshape(-1, 2),
        [str(number) for number in range(count)],
    )
    return pictures, tracks


@pytest.mark.parametrize("shutter", [0.0, 0.25, 0.5, 0.9])
def test_a_drawn_shutter_is_found(shutter: float) -> None:
    pictures, tracks = shaken(shutter)
    found = measure_shutter(lambda frame: pictures[frame - 1], tracks)
    assert found is not None
    # Half a pixel of smear cannot be told from none.
    assert abs(found.frames - shutter) < (0.06 if shutter else 0.12), found


def test_what_hardly_moves_tells_nothing() -> None:
    pictures, tracks = shaken(0.5, shake=0.5)
    assert measure_shutter(lambda frame: pictures[frame - 1], tracks) is None
