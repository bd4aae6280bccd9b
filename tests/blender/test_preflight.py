"""Blender's frames against the engine's, and the fix that brings them together."""

from __future__ import annotations

from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

from addon.tracking.blender.preflight import compare_with_blender
from addon.tracking.engine.footage import open_footage
from addon.tracking.preflight import EVEN_COPY, check_footage, make_even_copy, make_image_sequence

SHARED = Path(__file__).resolve().parents[3] / "shared" / "footage"


def shared_clip(name: str) -> Path:
    path = SHARED / f"{name}.mp4"
    if not path.is_file():
        pytest.skip(f"the shared footage {name}.mp4 is not here")
    return path


def load(path: Path) -> bpy.types.MovieClip:
    return bpy.data.movieclips.load(str(path))


@pytest.fixture
def drawn_clip(tmp_path: Path) -> Path:
    """24 frames that each look quite unlike the others."""
    path = tmp_path / "drawn.mp4"
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), 24.0, (320, 240))
    rng = np.random.default_rng(5)
    for _ in range(24):
        writer.write(cv2.resize(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8), (320, 240)))
    writer.release()
    return path


def data_names() -> dict[str, list[str]]:
    kinds = ("images", "textures", "scenes", "movieclips", "node_groups")
    return {kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in kinds}


def test_even_clip_is_the_same_on_both_sides_and_nothing_stays_behind(drawn_clip: Path) -> None:
    clip = load(drawn_clip)
    before = data_names()
    footage = open_footage(drawn_clip)
    assert compare_with_blender(clip, footage) == []
    assert data_names() == before


def test_other_pictures_are_noticed(drawn_clip: Path, tmp_path: Path) -> None:
    """The engine's side is a copy whose frames 10 to 23 are the clip's 11 to 24."""
    first = make_image_sequence(drawn_clip, tmp_path / "frames")
    for number in range(10, 24):
        later = first.parent / f"drawn.{number + 1:04d}.png"
        (first.parent / f"drawn.{number:04d}.png").write_bytes(later.read_bytes())
    moved = open_footage(make_even_copy(first, tmp_path / "moved"))
    found = compare_with_blender(load(drawn_clip), moved)
    assert [(finding.code, finding.fix) for finding in found] == [("blender_pictures", EVEN_COPY)]
    assert "at frame 12 it shows frame 11" in found[0].message


def test_image_sequence_is_the_same_on_both_sides(drawn_clip: Path, tmp_path: Path) -> None:
    first = make_image_sequence(drawn_clip, tmp_path / "frames")
    assert compare_with_blender(load(first), open_footage(first)) == []


def test_gap_in_a_sequence_is_said(drawn_clip: Path, tmp_path: Path) -> None:
    first = make_image_sequence(drawn_clip, tmp_path / "frames")
    (first.parent / "drawn.0012.png").unlink()
    found = compare_with_blender(load(first), open_footage(first))
    assert [(finding.code, finding.fix) for finding in found] == [("blender_frames", None)]


def test_unreadable_clip_is_said(drawn_clip: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    found = compare_with_blender(load(empty), open_footage(drawn_clip))
    assert [finding.code for finding in found] == ["blender_unreadable"]


@pytest.mark.parametrize("name", ["courtyard_orbit", "kitchen_handheld", "desk_handheld", "poster"])
def test_good_shared_clips_are_the_same_on_both_sides(name: str) -> None:
    path = shared_clip(name)
    assert compare_with_blender(load(path), open_footage(path)) == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("desk_variable_rate", "blender_frames"),
        ("box_turning", "blender_pictures"),
        ("phone_rotated", "blender_size"),
    ],
)
def test_odd_clips_part_and_the_fix_brings_them_together(tmp_path: Path, name: str, code: str) -> None:
    path = shared_clip(name)
    found = check_footage(path)
    assert found.fix == EVEN_COPY
    # From 4.5 on Blender turns a clip by its rotation flag itself.
    parted = [] if code == "blender_size" and bpy.app.version >= (4, 5) else [(code, EVEN_COPY)]
    said = compare_with_blender(load(path), found.footage)
    assert [(finding.code, finding.fix) for finding in said] == parted
    copy = make_even_copy(path, tmp_path / "copy")
    footage, clip = open_footage(copy), load(copy)
    assert clip.frame_duration == footage.count == found.frames
    assert tuple(clip.size) == (footage.width, footage.height) == found.size
    assert compare_with_blender(clip, footage) == []
