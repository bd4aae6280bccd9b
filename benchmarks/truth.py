"""How far found cameras are from true ones, as every benchmark here means it.

Path: RMSE of the centres after a similarity fit, in percent of the diagonal of the true path's box.
Rotation: the mean angle that is left after the best constant rotation, degrees.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TrueCamera:
    """A clip's true camera."""

    focal_mm: float
    """On a sensor 36 mm wide."""
    cameras: dict[int, Floats]
    """Footage frame to its (4, 4) camera to world."""

    @property
    def size(self) -> float:
        """The diagonal of the path's box, in the truth's units."""
        return float(np.linalg.norm(np.ptp([camera[:3, 3] for camera in self.cameras.values()], axis=0)))


def read_truth(clip: Path) -> TrueCamera | None:
    """What CLIP.json beside a clip holds; None where it has no camera."""
    file = clip.with_suffix(".json")
    values = json.loads(file.read_text()) if file.is_file() else {}
    if "camera_to_world" not in values:
        return None
    cameras = {int(frame): np.array(rows) for frame, rows in values["camera_to_world"].items()}
    return TrueCamera(values["focal_mm"] * 36.0 / values["sensor_mm"], cameras)


def nearest_rotation(matrix: Floats) -> Floats:
    """The rotation nearest to a (3, 3) matrix."""
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right)


def place_errors(cameras: Floats, true: Floats) -> tuple[Floats, float]:
    """(n,) distances of centres (n, 4, 4) from the true ones after a similarity fit, and the fit's scale.

    After Umeyama, Least-squares estimation of transformation parameters between two point patterns, 1991.
    """
    found, wanted = cameras[:, :3, 3], true[:, :3, 3]
    a, b = found - found.mean(0), wanted - wanted.mean(0)
    turned = a @ nearest_rotation(b.T @ a).T
    scale = float(np.sum(turned * b) / max(np.sum(a * a), 1e-30))
    return np.linalg.norm(scale * turned - b, axis=1), scale


def path_percent(cameras: dict[int, Floats], truth: TrueCamera) -> float | None:
    """The path's error in percent; None where there is no path or fewer than three frames have both."""
    frames = sorted(cameras.keys() & truth.cameras.keys())
    if len(frames) < 3 or truth.size == 0:
        return None
    found, true = (np.array([some[frame] for frame in frames]) for some in (cameras, truth.cameras))
    errors, _ = place_errors(found, true)
    return 100 * float(np.sqrt(np.mean(errors**2))) / truth.size


def rotation_degrees(cameras: dict[int, Floats], truth: TrueCamera) -> float | None:
    """The rotations' error in degrees; None where fewer than three frames have both cameras."""
    frames = sorted(cameras.keys() & truth.cameras.keys())
    if len(frames) < 3:
        return None
    found = [nearest_rotation(cameras[frame][:3, :3]) for frame in frames]
    true = [nearest_rotation(truth.cameras[frame][:3, :3]) for frame in frames]
    world = nearest_rotation(np.sum([b @ a.T for a, b in zip(found, true)], axis=0))
    chords = np.array([np.linalg.norm(world @ a - b) for a, b in zip(found, true)]) / 8**0.5
    return float(np.degrees(np.mean(2 * np.arcsin(np.clip(chords, 0, 1)))))
