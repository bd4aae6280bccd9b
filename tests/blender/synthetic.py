"""A shot that is known to the last digit: a camera walks round a few things on a floor.

Drawn and projected here, so that tests can ask of Blender exactly what was put in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from addon.tracking.engine.lens import plate_lens
from addon.tracking.engine.model import Floats, Lens, Solve, Tracks

FRAMES = 40
FLOOR_HEIGHT = -1.3
"""Height of the floor in solve space, where the camera walks at about 0."""


@dataclass
class Shot:
    """A movie and what was filmed with it."""

    movie: Path
    tracks: Tracks
    solve: Solve


def make_shot(
    folder: Path,
    width: int = 640,
    height: int = 360,
    frames: int = FRAMES,
    k1: float = 0.03,
    lens: Lens | None = None,
) -> Shot:
    """A plain movie of that size in ``folder``, exact tracks and the camera that saw them.

    Through ``lens``, or a polynomial one with that k1.
    """
    lens = lens or Lens(focal_px=0.9 * max(width, height), width=width, height=height, k1=k1, k2=-0.01)
    cameras = camera_walk(frames)
    points = scene_points()
    tracks, kept = see(points, cameras, lens)
    solve = Solve(
        lens=lens,
        frames=np.arange(1, frames + 1, dtype=np.int32),
        cameras=cameras,
        points=points[kept],
        point_tracks=np.arange(tracks.count, dtype=np.int32),
        point_errors=np.zeros(tracks.count),
        frame_errors=np.zeros(frames),
        average_error=0.0,
        keyframes=(3, frames - 5),
    )
    return Shot(draw_movie(folder / f"plate_{width}x{height}.mp4", width, height, frames), tracks, solve)


def scene_points(seed: int = 3) -> Floats:
    """(n, 3) points in solve space: a floor, and a box's worth of points above it."""
    random = np.random.default_rng(seed)
    floor = np.column_stack([random.uniform(-2, 2, (90, 2)), np.full(90, FLOOR_HEIGHT)])
    things = random.uniform([-1, -1, FLOOR_HEIGHT], [1, 1, FLOOR_HEIGHT + 1.2], (60, 3))
    return np.vstack([floor, things])


def camera_walk(frames: int) -> Floats:
    """(frames, 4, 4) cameras on an uneven arc that look at the things, a little off and rolled."""
    cameras = []
    for step in np.linspace(0.0, 1.0, frames):
        angle = -1.9 + 0.7 * step
        place = np.array([4.5 * np.cos(angle), 4.5 * np.sin(angle), 0.15 * np.sin(9 * step)])
        back = place - np.array([0.1 * np.sin(5 * step), 0.0, FLOOR_HEIGHT + 0.4])
        back /= np.linalg.norm(back)
        right = np.cross([0.03 * np.sin(7 * step), 0.0, 1.0], back)
        right /= np.linalg.norm(right)
        camera = np.eye(4)
        camera[:3, :3] = np.column_stack([right, np.cross(back, right), back])
        camera[:3, 3] = place
        cameras.append(camera)
    return np.array(cameras)


def see(points: Floats, cameras: Floats, lens: Lens) -> tuple[Tracks, np.ndarray]:
    """Exact tracks of ``points`` (n, 3) through the lens, and which of the points were seen (n,)."""
    places = np.array([project(points, camera, lens) for camera in cameras])
    size = np.array([lens.width, lens.height])
    inside = np.all((places > 2) & (places < size - 2), axis=2)
    kept = inside.sum(axis=0) >= 10
    rows = [(number, frame) for number, seen in enumerate(inside.T[kept]) for frame in np.flatnonzero(seen)]
    track, frame = np.array(rows, dtype=np.int32).T
    xy = places[frame, np.flatnonzero(kept)[track]]
    names = [f"{number:04d}" for number in range(int(kept.sum()))]
    return Tracks(lens.width, lens.height, len(cameras), track, frame + np.int32(1), xy, names), kept


def project(points: Floats, camera: Floats, lens: Lens, distort: bool = True) -> Floats:
    """(n, 2) pixels of ``points`` (n, 3) through the lens; nan behind the camera."""
    local = (points - camera[:3, 3]) @ camera[:3, :3]
    plane = local[:, :2] / np.where(local[:, 2:] < 0, -local[:, 2:], np.nan)
    plate = plate_lens(lens)
    if distort and plate.distortion.gives_rays:
        plane = plate.distortion.try_inverse(plane)[0]
    elif distort:
        plane = plate.distortion.formula(plane)
    return plate.to_pixels(plane)


def draw_movie(path: Path, width: int, height: int, frames: int, fps: float = 25.0) -> Path:
    """A grey movie whose frames differ, the smallest thing that Blender takes for footage."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (width, height))
    assert writer.isOpened(), "this OpenCV writes no mp4"
    for number in range(frames):
        image = np.full((height, width, 3), 90, np.uint8)
        cv2.circle(image, (width // 4 + 2 * number, height // 2), height // 8, (40, 160, 220), -1)
        writer.write(image)
    writer.release()
    return path


def datablocks() -> dict[str, int]:
    """How many datablocks of each kind the open .blend holds."""
    import bpy

    kinds = [
        prop.identifier
        for prop in bpy.data.bl_rna.properties
        if prop.type == "COLLECTION" and prop.identifier != "all_ids"
    ]
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}
