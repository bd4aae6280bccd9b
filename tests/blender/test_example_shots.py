"""The seven example shots: drawn, assembled and rendered."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from addon import cli


@pytest.fixture(scope="module")
def shots(repo: Path) -> Iterator[ModuleType]:
    sys.path.insert(0, str(repo / "examples"))
    yield importlib.import_module("shots")
    sys.path.remove(str(repo / "examples"))


@pytest.fixture(scope="module")
def folder(shots: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shots")
    shots.draw(folder)
    return folder


def plate(folder: Path, name: str, frame: int) -> np.ndarray:
    """What was filmed at a scene frame of a shot."""
    if name == "sequence_with_handles":
        return cv2.imread(str(folder / "footage" / f"plate.{frame}.png"))
    file = {
        "composite_knob_hero": "knob_hero_4k.mp4",
        "corner_pin": "locked_off.avi",
        "stabilised": "handheld.avi",
    }.get(name, f"{name}.avi")
    capture = cv2.VideoCapture(str(folder / "footage" / file))
    for _ in range(frame):
        picture = capture.read()[1]
    return picture


@pytest.mark.parametrize(
    "name",
    [
        "composite_knob_hero", "sequence_with_handles", "portrait", "locked_off", "st_map", "corner_pin",
        "stabilised",
    ],
)  # fmt: skip
def test_a_shot_is_assembled_and_rendered(
    name: str, blender_file: ModuleType, shots: ModuleType, folder: Path, capfd: pytest.CaptureFixture
) -> None:
    shot, out = str(folder / f"{name}.yaml"), folder / "frames"
    assert cli.main(["assemble", shot]) == 0
    scene = blender_file.context.scene
    scene.cycles.samples = 1
    scene.cycles.use_denoising = name == "composite_knob_hero"  # takes longer than all else of a small frame
    blender_file.ops.wm.save_mainfile()
    frame = shots.RENDERED[name][-1]
    more = ["--frames", str(frame), "--output", str(out)]
    assert cli.main(["render", str(folder / f"{name}.blend"), *more]) == 0
    assert "Traceback" not in capfd.readouterr().err
    [file] = out.glob(f"{name}_{frame:04}.*")
    assert file.suffix == (".exr" if name == "portrait" else ".png")
    picture, filmed = shots._picture(file).astype(int), plate(folder, name, frame).astype(int)
    assert picture.shape == filmed.shape
    same = np.abs(picture - filmed).max(axis=2) <= 3
    assert not same.all()  # something was put into it
    if name != "stabilised":
        assert same.mean() > 0.5  # and the rest is the plate
    else:
        assert same.mean() < 0.5
    tracked = name not in ("locked_off", "corner_pin")
    assert bool(list(folder.glob(f"{name}_tracking/*.tracksession"))) == tracked
    if name == "sequence_with_handles":
        again = blender_file.context.scene
        assert (again.frame_start, again.frame_end) == (1009, 1032)
    if name == "corner_pin":
        red = (picture[:, :, 2] > 150) & (picture[:, :, 0] < 90)
        rows, columns = np.nonzero(red)
        assert abs(columns.min() - 148) <= 2 and abs(columns.max() - 217) <= 2
        assert abs(rows.max() - (136 - 62)) <= 2
