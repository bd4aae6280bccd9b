"""Solves for tests that need a camera and points, and no footage."""

from __future__ import annotations

import numpy as np

from addon.tracking.engine.model import Floats, Lens, Solve


def plain_solve(points: Floats, cameras: Floats, *, width: int = 640, height: int = 360) -> Solve:
    """An exact solve of these ``points`` (p, 3) and ``cameras`` (c, 4, 4), frames from 1."""
    return Solve(
        lens=Lens(focal_px=0.9 * max(width, height), width=width, height=height),
        frames=np.arange(1, len(cameras) + 1, dtype=np.int32),
        cameras=cameras,
        points=points,
        point_tracks=np.arange(len(points), dtype=np.int32),
        point_errors=np.zeros(len(points)),
        frame_errors=np.zeros(len(cameras)),
        average_error=0.0,
        keyframes=(1, len(cameras)),
    )
