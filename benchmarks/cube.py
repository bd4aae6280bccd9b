"""Puts a cube on the ground of a clip and shows it in a few frames side by side, to be judged by eye.

    python benchmarks/cube.py CLIP SHEET.jpg --frames 1 70 140 [--at FRAME X Y] [--size SHARE]
                              [--ground FRAME X Y WIDTH HEIGHT] [--preset NAME]

Tracks and solves the clip from 30 mm and finds the ground by itself, as Set Up Shot does, or puts it through
the points that are seen in a box of a frame. The cube stands where the ray through a pixel of a frame meets
the ground, else at its origin; its edge is a share of how far it is from that frame's camera. It is drawn
through the solved lens. Where CLIP.json holds the true camera, it is said how far the cube slides against it:
by how far its lower corners are from where the true camera would see them.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the worker has it
sys.path.insert(0, str(REPOSITORY))

import cv2  # noqa: E402
import numpy as np  # noqa: E402
from truth import nearest_rotation, place_errors, read_truth  # noqa: E402

from addon.tracking.engine.footage import open_footage  # noqa: E402
from addon.tracking.engine.lens import FoldError, plate_lens  # noqa: E402
from addon.tracking.engine.model import Floats, LensStart, Solve  # noqa: E402
from addon.tracking.engine.plan import Job, run  # noqa: E402
from addon.tracking.floor import Floor, find_floor, fit_floor  # noqa: E402
from addon.tracking.presets import load_tracking_preset  # noqa: E402

FACES = ((0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7))
LIGHT = np.array([0.35, -0.5, 0.8])
PAINT = np.array([90, 150, 235])
"""Blue, green and red of the cube in full light."""
EDGE = 24
"""Pieces that an edge is drawn in, since a lens bends it."""
FINE = 16
"""Shares of a pixel in which OpenCV draws."""
WIDTH = 420
QUALITY = 82


def solved(clip: Path, preset: str) -> Solve:
    """The camera of a clip. Raises SolveError."""
    *_, last = run(Job(open_footage(clip), load_tracking_preset(preset), lens=LensStart(30.0)))
    assert last.solve is not None
    return last.solve


def floor_of(solve: Solve, box: list[float] | None) -> Floor:
    """The ground, found or through the points that lie in a ``box`` (frame, column, row, width, height)."""
    if box is None:
        return find_floor(solve.points, solve.cameras)
    camera = camera_of(solve, int(box[0]))
    local = (solve.points - camera[:3, 3]) @ camera[:3, :3]
    lens = solve.lens
    widest = np.hypot(lens.width, lens.height) / 2 / lens.focal_px  # beyond it a lens may fold over
    ahead = np.flatnonzero((local[:, 2] < 0) & (np.hypot(*local[:, :2].T) < -widest * local[:, 2]))
    spots = seen(solve, camera, solve.points[ahead])
    if spots is None:
        raise ValueError(f"the lens folds over in frame {int(box[0])}")
    inside = (spots >= box[1:3]).all(axis=1) & (spots <= np.add(box[1:3], box[3:])).all(axis=1)
    return fit_floor(solve.points, solve.cameras, np.isin(np.arange(len(solve.points)), ahead[inside]))


def spot_on_floor(solve: Solve, matrix: Floats, at: tuple[float, float, float] | None) -> Floats:
    """(3,) where the cube stands, in the world of the floor: the origin, or below a pixel of a frame."""
    if at is None:
        return np.zeros(3)
    frame, x, y = at
    lens = plate_lens(solve.lens)
    pixel = lens.undistort(np.array([[x, lens.height - y]]))
    camera = matrix @ camera_of(solve, int(frame))
    ray = camera[:3, :3] @ np.array([*lens.to_slopes(pixel)[0], -1.0])
    return np.asarray(camera[:3, 3] - ray * camera[2, 3] / ray[2])


def camera_of(solve: Solve, frame: int) -> Floats:
    """(4, 4) camera to solve space. Raises ValueError where the frame has none."""
    rows = np.flatnonzero(solve.frames == frame)
    if not len(rows):
        raise ValueError(f"frame {frame} has no camera")
    return np.asarray(solve.cameras[rows[0]])


def cube_at(foot: Floats, size: float) -> Floats:
    """(8, 3) corners of a cube that stands on the floor, the lower ones first."""
    turn = np.radians(25.0)
    square = size / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    square = square @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    low = np.column_stack([square, np.zeros(4)]) + foot
    return np.concatenate([low, low + [0, 0, size]])


def seen(solve: Solve, camera: Floats, points: Floats) -> Floats | None:
    """(n, 2) columns and rows of ``points`` (n, 3); None behind the camera, or where the lens folds."""
    local = (points - camera[:3, 3]) @ np.linalg.inv(camera[:3, :3]).T
    if (local[:, 2] >= -1e-6).any():
        return None
    lens = plate_lens(solve.lens)
    try:
        pixels = lens.distort(lens.to_pixels(local[:, :2] / -local[:, 2:]))
    except FoldError:
        return None
    return np.column_stack([pixels[:, 0], lens.height - pixels[:, 1]])


def draw_cube(picture: np.ndarray, solve: Solve, camera: Floats, corners: Floats) -> None:
    """Draws the faces that the camera sees, what is farther first."""
    middle = corners.mean(axis=0)
    faces = sorted(FACES, key=lambda face: -np.linalg.norm(corners[list(face)].mean(axis=0) - camera[:3, 3]))
    for face in faces:
        corner = corners[list(face)]
        outward = corner.mean(axis=0) - middle
        if outward @ (camera[:3, 3] - corner.mean(axis=0)) <= 0:
            continue
        outline = np.concatenate(
            [np.linspace(a, b, EDGE, endpoint=False) for a, b in zip(corner, np.roll(corner, -1, axis=0))]
        )
        spots = seen(solve, camera, outline)
        if spots is None:
            continue
        light = 0.35 + 0.65 * max(
            0.0, float(outward @ LIGHT / np.linalg.norm(outward) / np.linalg.norm(LIGHT))
        )
        fixed = np.rint((spots - 0.5) * FINE).astype(np.int32)
        shift = FINE.bit_length() - 1
        cv2.fillPoly(picture, [fixed], (light * PAINT).tolist(), cv2.LINE_AA, shift)
        cv2.polylines(picture, [fixed], True, (30, 30, 30), 1, cv2.LINE_AA, shift)


def slides(solve: Solve, matrix: Floats, corners: Floats, clip: Path) -> Floats | None:
    """(c,) pixels that the cube's foot is off in each frame against the true camera; None without a truth."""
    truth = read_truth(clip)
    if truth is None:
        return None
    frames = [frame for frame in solve.frames.tolist() if frame in truth.cameras]
    found = np.array([matrix @ camera_of(solve, frame) for frame in frames])
    true = np.array([truth.cameras[frame] for frame in frames])
    found_turns = np.array([nearest_rotation(camera[:3, :3]) for camera in found])
    turn = nearest_rotation(np.sum(true[:, :3, :3] @ found_turns.transpose(0, 2, 1), axis=0))
    _, scale = place_errors(found, true)
    shift = true[:, :3, 3].mean(0) - scale * turn @ found[:, :3, 3].mean(0)
    foot = scale * corners[:4] @ turn.T + shift
    focal_px = truth.focal_mm / 36.0 * solve.lens.width
    off = []
    for one, other in zip(found, true):
        local = (foot - other[:3, 3]) @ other[:3, :3]
        own = (corners[:4] - one[:3, 3]) @ np.linalg.inv(one[:3, :3]).T
        if (local[:, 2] < 0).all() and (own[:, 2] < 0).all():
            a, b = local[:, :2] / -local[:, 2:] * focal_px, own[:, :2] / -own[:, 2:] * solve.lens.focal_px
            off.append(np.hypot(*(a - b).T).mean())
    return np.array(off)


def sheet(clip: Path, solve: Solve, matrix: Floats, corners: Floats, frames: list[int]) -> np.ndarray:
    """The frames beside each other with the cube in them."""
    capture, pictures = cv2.VideoCapture(str(clip)), {}
    for number in range(1, max(frames) + 1):
        read, picture = capture.read()
        if not read:
            raise ValueError(f"{clip} has no frame {number}")
        if number in frames:
            draw_cube(picture, solve, matrix @ camera_of(solve, number), corners)
            size = (WIDTH, round(WIDTH * picture.shape[0] / picture.shape[1]))
            picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
            for colour, thick in (((0, 0, 0), 3), ((255, 255, 255), 1)):
                place = (8, size[1] - 10)
                cv2.putText(picture, f"frame {number}", place, 0, 0.5, colour, thick, cv2.LINE_AA)
            pictures[number] = picture
    return np.hstack([pictures[number] for number in frames])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--frames", nargs="+", type=int, required=True)
    parser.add_argument("--at", nargs=3, type=float, metavar=("FRAME", "X", "Y"))
    parser.add_argument("--ground", nargs=5, type=float, metavar=("FRAME", "X", "Y", "WIDTH", "HEIGHT"))
    parser.add_argument("--size", type=float, default=0.15)
    parser.add_argument("--preset", default="high_quality")
    options = parser.parse_args()
    solve = solved(options.clip, options.preset)
    floor = floor_of(solve, options.ground)
    foot = spot_on_floor(solve, floor.matrix, options.at)
    first = int(options.at[0]) if options.at else options.frames[0]
    distance = np.linalg.norm((floor.matrix @ camera_of(solve, first))[:3, 3] - foot)
    corners = cube_at(foot, options.size * float(distance))
    picture = sheet(options.clip, solve, floor.matrix, corners, options.frames)
    if not cv2.imwrite(str(options.sheet), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY]):
        raise OSError(f"{options.sheet}: cannot be written")
    line = (
        f"{len(solve.frames)} frames, {solve.average_error:.3f} px, {solve.lens.focal_length_mm:.2f} mm, "
        f"{solve.verdict}; ground {floor.confidence:.2f} sure"
    )
    off = slides(solve, floor.matrix, corners, options.clip)
    if off is not None and len(off):
        line += f"; the cube slides {off.mean():.2f} px on average, {off.max():.2f} px at worst"
    print(line)
    for reason in solve.reasons:
        print("  " + reason)


if __name__ == "__main__":
    main()
