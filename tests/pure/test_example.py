"""The bundled example fits together, and the demo's comparison measures what it says."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import yaml

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SHOT = EXAMPLES / "first_shot"
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def truth() -> dict:
    return json.loads((SHOT / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def demo() -> ModuleType:
    spec = importlib.util.spec_from_file_location("first_shot_demo", EXAMPLES / "demo.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def cameras(truth: dict) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The true cameras as a solve would give them."""
    frames = list(range(1, truth["frames"] + 1))
    matrices = np.array([truth["camera_to_world"][str(i)] for i in frames])
    return matrices, np.full(len(frames), truth["focal_mm"]), frames


def turned(angle: float) -> np.ndarray:
    """A rotation about an oblique axis, radians."""
    return cv2.Rodrigues(angle * np.array([0.6, -0.48, 0.64]))[0]


def test_clip_and_truth_agree(truth: dict) -> None:
    clip = cv2.VideoCapture(str(SHOT / "footage" / "yard.mp4"))
    assert clip.isOpened()
    sizes, times = set(), []
    while True:
        ok, picture = clip.read()
        if not ok:
            break
        sizes.add(picture.shape)
        times.append(clip.get(cv2.CAP_PROP_POS_MSEC))
    assert sizes == {(truth["height"], truth["width"], 3)}
    assert len(times) == truth["frames"] == len(truth["camera_to_world"])
    assert clip.get(cv2.CAP_PROP_FPS) == pytest.approx(truth["fps"])
    np.testing.assert_allclose(np.diff(times), 1000.0 / truth["fps"], atol=0.1)


def test_truth_holds_cameras_on_a_real_move(truth: dict) -> None:
    matrices, _, _ = cameras(truth)
    rotations = matrices[:, :3, :3]
    np.testing.assert_allclose(
        rotations @ rotations.transpose(0, 2, 1), np.tile(np.eye(3), (len(rotations), 1, 1)), atol=1e-5
    )
    assert truth["focal_px"] == pytest.approx(truth["focal_mm"] / truth["sensor_mm"] * truth["width"])
    steps = np.linalg.norm(np.diff(matrices[:, :3, 3], axis=0), axis=1)
    assert 1.5 < steps.sum() < 2.5
    assert steps.max() < 0.1


def test_origin_is_in_every_frame(truth: dict) -> None:
    """The CG stands at the origin, 0.55 m high at most: foot and head are in the picture."""
    matrices, _, _ = cameras(truth)
    for point in ([0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.55, 1.0]):
        seen = np.linalg.inv(matrices) @ np.array(point)
        assert (seen[:, 2] < 0).all()
        pixels = truth["focal_px"] * seen[:, :2] / -seen[:, 2:3] + (truth["width"] / 2, truth["height"] / 2)
        assert (pixels > 20).all() and (pixels < np.array([truth["width"], truth["height"]]) - 20).all()


def test_example_is_small() -> None:
    sizes = {
        path: path.stat().st_size
        for path in EXAMPLES.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sum(sizes.values()) <= 5 * MEGABYTE
    assert sizes[SHOT / "cg.blend"] <= 0.3 * MEGABYTE


def test_shot_file_names_what_is_there(truth: dict) -> None:
    shot = yaml.safe_load((SHOT / "shot.yaml").read_text(encoding="utf-8"))["shot"]
    assert (SHOT / shot["footage"]["file"]).is_file()
    assert (SHOT / shot["cg"]["blend"]).is_file()
    assert shot["footage"]["frame_range"] == [1, truth["frames"]]
    assert shot["tracking"]["preset"] == "balanced"
    assert shot["composite"] == {"mode": "over_footage", "shadow_catcher": True}


def test_comparison_is_blind_to_the_world_and_its_scale(demo: ModuleType, truth: dict) -> None:
    matrices, focal_mm, frames = cameras(truth)
    world = turned(1.1)
    moved = matrices.copy()
    moved[:, :3, :3] = world @ matrices[:, :3, :3]
    moved[:, :3, 3] = 7.5 * matrices[:, :3, 3] @ world.T + (3.0, -2.0, 1.0)
    result = demo.compare(moved, focal_mm, frames, truth)
    assert result.focal_error_percent == pytest.approx(0.0, abs=1e-9)
    assert result.path_error_percent == pytest.approx(0.0, abs=1e-4)
    assert result.rotation_degrees == pytest.approx(0.0, abs=1e-3)
    assert result.complaints() == []


def test_comparison_measures_what_is_wrong(demo: ModuleType, truth: dict) -> None:
    matrices, focal_mm, frames = cameras(truth)
    signs = np.where(np.arange(len(frames)) % 2, 1.0, -1.0)
    shaken = matrices.copy()
    shaken[:, 2, 3] += 0.01 * signs
    shaken[:, :3, :3] = np.array([turned(s * np.radians(0.5)) for s in signs]) @ matrices[:, :3, :3]
    result = demo.compare(shaken, focal_mm * 1.02, frames, truth)
    diagonal = np.linalg.norm(np.ptp(matrices[:, :3, 3], axis=0))
    assert result.focal_error_percent == pytest.approx(2.0)
    assert result.path_error_percent == pytest.approx(100 * 0.01 / diagonal, rel=0.05)
    assert result.rotation_degrees == pytest.approx(0.5, rel=0.05)
    assert len(result.complaints()) == 2


def test_missing_frames_and_nonsense_are_complaints(demo: ModuleType, truth: dict) -> None:
    matrices, focal_mm, frames = cameras(truth)
    result = demo.compare(matrices[5:], focal_mm[5:], frames[5:], truth)
    assert result.complaints() == [f"only {truth['frames'] - 5} of {truth['frames']} frames have a camera"]
    assert (
        len(replace(result, focal_error_percent=float("nan"), path_error_percent=float("nan")).complaints())
        == 3
    )
    with pytest.raises(ValueError, match="2 frames"):
        demo.compare(matrices[:2], focal_mm[:2], frames[:2], truth)
