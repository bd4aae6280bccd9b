"""The drawn street that solves are measured in: the same bits each time, each point in its true place."""

from __future__ import annotations

import importlib
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from addon.tracking.engine.footage import open_footage
from addon.tracking.engine.lens import distort


@pytest.fixture
def city(repo: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(repo / "benchmarks"))
    return importlib.import_module("city")


def pictures(clip: Path) -> list[np.ndarray]:
    footage = open_footage(clip)
    return [picture for _, picture in footage.frames(footage.first, footage.last)]


def test_a_kind_is_drawn_with_the_same_bits_twice(
    city: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("scenery"), "LAST", 18.0)  # a short street is drawn sooner
    kind = replace(city.KINDS["street"], frames=2, width=192, height=108)
    one, other = city.clip_of(kind, tmp_path / "one"), city.clip_of(kind, tmp_path / "other")
    assert one.read_bytes() == other.read_bytes()
    assert one.with_suffix(".json").read_bytes() == other.with_suffix(".json").read_bytes()
    assert np.std(pictures(one)[0]) > 20  # of 255: there is a street
    before = one.stat().st_mtime_ns
    city.clip_of(kind, tmp_path / "one")
    assert one.stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["dolly", "phone"])
def test_a_point_is_drawn_where_its_truth_says(city: ModuleType, tmp_path: Path, name: str) -> None:
    """A bright spot far out in the picture, in a clip of nothing but it and a dark wall."""
    kind = city.KINDS[name]
    kind = replace(kind, frames=2, rolling=0.0, width=kind.width // 2, height=kind.height // 2)
    camera = city.camera_at(kind, 1)
    point = camera[:3, 3] + camera[:3, :3] @ (3.0, 2.5, -10.0)
    across, up = 0.8 * camera[:3, 0], 0.8 * camera[:3, 1]  # facing the camera: its middle is its centroid
    spot = np.outer(np.hanning(64), np.hanning(64)).astype(np.float32)
    dark = np.zeros((32, 32), np.float32)
    quads = [
        city.Quad(point - (across + up) / 2, across, up, spot),
        city.Quad((-500, point[1] + 5, -500), (1000, 0, 0), (0, 0, 1000), dark),
    ]
    clip = tmp_path / "clip.avi"
    city.draw_clip(kind, clip, quads)
    truth = json.loads(clip.with_suffix(".json").read_text())
    for frame, picture in enumerate(pictures(clip), start=1):
        camera = np.array(truth["camera_to_world"][str(frame)])
        x, y, z = camera[:3, :3].T @ (point - camera[:3, 3])
        slopes = distort(np.array([x / -z, y / -z]), truth["distortion"]["k1"], truth["distortion"]["k2"])
        wanted = np.array((kind.width, kind.height)) / 2 + truth["focal_px"] * slopes * (1, -1)
        moments = cv2.moments(np.where(picture > 20, picture, 0))
        found = np.array((moments["m10"], moments["m01"])) / moments["m00"] + 0.5
        assert np.hypot(*(found - (kind.width / 2, kind.height / 2))) > 100  # where the lens bends
        assert found == pytest.approx(wanted, abs=0.06)
