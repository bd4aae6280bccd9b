"""ST-maps from elsewhere: every convention gives the same map, and what is none is said in one line."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from addon.tracking import exr
from addon.tracking.engine.lens import PlateLens
from addon.tracking.errors import InputError
from addon.tracking.overscan import Overscan, find_overscan
from addon.tracking.stmap import DISTORT, UNDISTORT, StMap, bands
from addon.tracking.stmap_in import Convention, read_stmap, write_converted
from addon.tracking.stmap_out import write_stmaps

WIDTH, HEIGHT = 160, 90
LENS = PlateLens(WIDTH, HEIGHT, 150.0, "POLYNOMIAL", (-0.15, 0.03), (76.0, 48.0))
IDENTITY = PlateLens(WIDTH, HEIGHT, 150.0)
CONVENTIONS = [
    Convention(),
    Convention("top_left"),
    Convention("bottom_left", "integer"),
    Convention("top_left", "corner"),
    Convention("bottom_left", "half", "offset"),
    Convention("top_left", "half", "offset"),
    Convention("top_left", "half", "offset_px"),
]


def ours(lens: PlateLens, kind: str = DISTORT, overscan: Overscan | None = None) -> np.ndarray:
    map_ = StMap(lens, kind, overscan or Overscan())
    return np.concatenate([band for _, band in bands(map_)], axis=1)


def drawn(values: np.ndarray, convention: Convention) -> np.ndarray:
    """Our map (3, rows, columns) as another program would have it."""
    x, y = values[0].astype(float) * WIDTH, values[1].astype(float) * HEIGHT
    if convention.values != "uv":
        x = x - (np.arange(WIDTH) + 0.5)
        y = y - (HEIGHT - np.arange(HEIGHT) - 0.5)[:, None]
        y = -y if convention.origin == "top_left" else y
        scale = (1, 1) if convention.values == "offset_px" else (WIDTH, HEIGHT)
        return np.stack([x / scale[0], y / scale[1], np.zeros_like(x)])
    y = HEIGHT - y if convention.origin == "top_left" else y
    if convention.centers == "half":
        u, v = x / WIDTH, y / HEIGHT
    elif convention.centers == "integer":
        u, v = (x - 0.5) / WIDTH, (y - 0.5) / HEIGHT
    else:
        u, v = (x - 0.5) / (WIDTH - 1), (y - 0.5) / (HEIGHT - 1)
    return np.stack([u, v, np.zeros_like(u)])


def write(path: Path, values: np.ndarray, channels: str = "RGB") -> Path:
    with exr.Writer(path, values.shape[2], values.shape[1], channels) as writer:
        writer.write(writer.pack(values.astype(np.float32)))
    return path


@pytest.mark.parametrize("convention", CONVENTIONS, ids=Convention.text)
def test_any_convention_gives_the_same_map(convention: Convention, tmp_path: Path) -> None:
    expected = ours(LENS)
    path = write(tmp_path / "a.exr", drawn(expected, convention))
    by_hand = {} if convention.centers == "half" else {"centers": convention.centers}
    found = read_stmap(path, (WIDTH, HEIGHT), by_hand)
    assert found.convention == convention
    away = np.abs(found.values[:2] - expected[:2]) * [[[WIDTH]], [[HEIGHT]]]
    assert away.max() < 1e-3
    assert np.array_equal(found.values[2], expected[2])
    # where the map cannot tell, it says what was taken for granted
    told = read_stmap(path, (WIDTH, HEIGHT))
    assert ("centers" in told.assumed) == (convention.values == "uv")
    assert found.converted == (convention != Convention())


@pytest.mark.parametrize("convention", CONVENTIONS[:4], ids=Convention.text)
def test_a_near_identity_map_tells_all(convention: Convention, tmp_path: Path) -> None:
    weak = PlateLens(WIDTH, HEIGHT, 150.0, "POLYNOMIAL", (0.001,))
    for lens in (IDENTITY, weak):
        path = write(tmp_path / "a.exr", drawn(ours(lens), convention))
        found = read_stmap(path, (WIDTH, HEIGHT))
        assert (found.convention, found.assumed) == (convention, ())


@pytest.mark.parametrize("name", ["u.exr", "d.exr"])
def test_our_own_files_say_what_they_are(name: str, tmp_path: Path) -> None:
    overscan = find_overscan(LENS)
    write_stmaps(LENS, tmp_path / "u.exr", tmp_path / "d.exr", overscan=overscan)
    found = read_stmap(tmp_path / name, (WIDTH, HEIGHT))
    assert found.kind == (UNDISTORT if name == "u.exr" else DISTORT)
    assert {found.overscan, found.source_overscan} == {overscan, Overscan()}
    assert (found.assumed, found.converted) == ((), False)
    assert np.array_equal(found.values, ours(LENS, found.kind, overscan))


def test_overscan_told_by_windows_and_by_size(tmp_path: Path) -> None:
    openexr = pytest.importorskip("OpenEXR", reason="needs OpenEXR's own Python package")
    overscan = Overscan(6, 6, 4, 4)
    values = ours(LENS, UNDISTORT, overscan)
    by_size = read_stmap(write(tmp_path / "size.exr", values), (WIDTH, HEIGHT))
    header = {
        "compression": openexr.ZIP_COMPRESSION,
        "type": openexr.scanlineimage,
        "dataWindow": (np.array([-6, -4], np.int32), np.array([WIDTH + 5, HEIGHT + 3], np.int32)),
        "displayWindow": (np.array([0, 0], np.int32), np.array([WIDTH - 1, HEIGHT - 1], np.int32)),
    }
    with openexr.File(header, dict(zip("RGB", values.copy()))) as file:
        file.write(str(tmp_path / "windows.exr"))
    by_windows = read_stmap(tmp_path / "windows.exr", (WIDTH, HEIGHT))
    for found in (by_size, by_windows):
        assert found.overscan == overscan
        np.testing.assert_allclose(found.values, values, atol=1e-7)


def test_a_data_window_smaller_than_the_frame_leaves_the_rest_empty(tmp_path: Path) -> None:
    openexr = pytest.importorskip("OpenEXR", reason="needs OpenEXR's own Python package")
    values = ours(IDENTITY)[:, 10:, 20:]
    header = {
        "compression": openexr.ZIP_COMPRESSION,
        "type": openexr.scanlineimage,
        "dataWindow": (np.array([20, 10], np.int32), np.array([WIDTH - 1, HEIGHT - 1], np.int32)),
        "displayWindow": (np.array([0, 0], np.int32), np.array([WIDTH - 1, HEIGHT - 1], np.int32)),
    }
    with openexr.File(header, {name: plane.copy() for name, plane in zip("RGB", values)}) as file:
        file.write(str(tmp_path / "a.exr"))
    found = read_stmap(tmp_path / "a.exr", (WIDTH, HEIGHT))
    assert found.size == (WIDTH, HEIGHT)
    assert not found.values[2, :10].any() and not found.values[2, :, :20].any()
    np.testing.assert_allclose(found.values[:, 10:, 20:], values, atol=1e-7)


def test_a_half_float_map_is_taken_with_a_warning(tmp_path: Path) -> None:
    openexr = pytest.importorskip("OpenEXR", reason="needs OpenEXR's own Python package")
    header = {"compression": openexr.ZIP_COMPRESSION, "type": openexr.scanlineimage}
    half = ours(LENS).astype(np.float16)
    with openexr.File(header, {name: plane.copy() for name, plane in zip("RGB", half)}) as file:
        file.write(str(tmp_path / "a.exr"))
    found = read_stmap(tmp_path / "a.exr", (WIDTH, HEIGHT))
    assert found.warnings == ("a.exr has 16-bit floats: its pixels are placed to within 0.04 px only",)


def test_a_converted_map_reads_as_ours(tmp_path: Path) -> None:
    path = write(tmp_path / "a.exr", drawn(ours(LENS), Convention("top_left")))
    found = read_stmap(path, (WIDTH, HEIGHT))
    again = read_stmap(write_converted(found, tmp_path / "b.exr"), (WIDTH, HEIGHT))
    assert again.convention == Convention()
    assert np.array_equal(again.values, found.values)


def test_what_is_no_map_is_said_in_one_line(tmp_path: Path) -> None:
    good = drawn(ours(LENS), Convention())
    holed = good.copy()
    holed[0, 7, 5] = np.nan
    cv2.imwrite(str(tmp_path / "eight.png"), np.zeros((9, 16, 3), np.uint8))
    cases = {
        "is a PNG: an ST-map needs the 32-bit floats": tmp_path / "eight.png",
        "no such file": tmp_path / "gone.exr",
        "1 pixels are not numbers, the first at 5, 7": write(tmp_path / "nan.exr", holed),
        "of another aspect than the plate": write(tmp_path / "square.exr", good[:, :, 30:120]),
        "lacks the channel R and G": write(tmp_path / "alpha.exr", good[:2], "AZ"),
        "lacks the channel G": write(tmp_path / "red.exr", good[:1], "R"),
        "does not look like an ST-map": write(tmp_path / "steep.exr", good * 0.3),
    }
    (tmp_path / "map.tif").write_bytes(b"II*\0 and so on")
    cases["is a tif, no OpenEXR"] = tmp_path / "map.tif"
    for message, path in cases.items():
        with pytest.raises(InputError, match=message) as caught:
            read_stmap(path, (WIDTH, HEIGHT))
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(InputError, match="unknown origin of an ST-map 'middle'"):
        read_stmap(tmp_path / "nan.exr", None, {"origin": "middle"})


def test_whole_numbers_are_refused(tmp_path: Path) -> None:
    openexr = pytest.importorskip("OpenEXR", reason="needs OpenEXR's own Python package")
    header = {"compression": openexr.ZIP_COMPRESSION, "type": openexr.scanlineimage}
    plane = np.arange(WIDTH * HEIGHT, dtype=np.uint32).reshape(HEIGHT, WIDTH)
    with openexr.File(header, {"R": plane, "G": plane}) as file:
        file.write(str(tmp_path / "a.exr"))
    with pytest.raises(InputError, match="has whole numbers in R and G"):
        read_stmap(tmp_path / "a.exr")
