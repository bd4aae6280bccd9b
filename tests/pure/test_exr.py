"""EXR files: what is written is what others read, and what is wrong with a file is said in one line."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from addon.tracking import exr
from addon.tracking.errors import InputError


def picture(columns: int = 67, rows: int = 37) -> np.ndarray:
    """(3, rows, columns) of floats, some beyond what half floats hold."""
    random = np.random.default_rng(4)
    smooth = np.linspace(-0.1, 1.1, columns)[None, None] + np.arange(rows)[None, :, None] * 1e-5
    return (smooth + random.normal(0, 1e-6, (3, rows, columns))).astype(np.float32) * [[[1]], [[2]], [[3e5]]]


def write(path: Path, image: np.ndarray, compression: int, band: int = 32) -> None:
    rows, columns = image.shape[1:]
    with exr.Writer(path, columns, rows, compression=compression, strings={"kind": "test"}) as writer:
        for first in range(0, rows, band):
            writer.write(writer.pack(image[:, first : first + band].astype(np.float32)))


@pytest.mark.parametrize("compression", [exr.NONE, exr.ZIP])
def test_there_and_back(tmp_path: Path, compression: int) -> None:
    image = picture().astype(np.float32)
    write(tmp_path / "a.exr", image, compression)
    header, found = exr.read(tmp_path / "a.exr", "RGB")
    assert np.array_equal(found, image)
    assert header.channels == (("B", 2), ("G", 2), ("R", 2))
    assert header.data_window == header.display_window == (0, 0, 66, 36)
    assert header.strings == {"kind": "test"}
    assert [file.name for file in tmp_path.iterdir()] == ["a.exr"]


@pytest.mark.parametrize("compression", [exr.NONE, exr.ZIP])
def test_openexr_s_own_reader_reads_what_we_write(tmp_path: Path, compression: int) -> None:
    openexr = pytest.importorskip("OpenEXR", reason="needs OpenEXR's own Python package")
    image = picture().astype(np.float32)
    write(tmp_path / "a.exr", image, compression)
    with openexr.File(str(tmp_path / "a.exr"), separate_channels=True) as file:
        header, channels = file.header(), file.channels()
        assert set(channels) == {"R", "G", "B"}
        for name, expected in zip("RGB", image):
            assert channels[name].pixels.dtype == np.float32
            assert np.array_equal(channels[name].pixels, expected)
        for window in ("dataWindow", "displayWindow"):
            low, high = header[window]
            assert (tuple(low), tuple(high)) == ((0, 0), (66, 36))
        assert header["kind"] == "test"


@pytest.mark.parametrize("packing", ["NO", "ZIPS", "ZIP", "PIZ"])
@pytest.mark.parametrize("kind", [np.float32, np.float16])
def test_files_that_openexr_writes_are_read(tmp_path: Path, packing: str, kind: type) -> None:
    openexr = pytest.importorskip("OpenEXR", reason="needs OpenEXR's own Python package")
    image = np.clip(picture(), -1, 2).astype(kind)
    header = {
        "compression": getattr(openexr, f"{packing}_COMPRESSION"),
        "type": openexr.scanlineimage,
    }
    windows = {"dataWindow": (-5, -3, 61, 33), "displayWindow": (0, 0, 56, 30)}
    if packing == "PIZ":  # read by OpenCV, which takes only files whose two windows agree
        windows = dict.fromkeys(windows, (0, 0, 66, 36))
    for name, window in windows.items():
        header[name] = np.array(window[:2], np.int32), np.array(window[2:], np.int32)
    with openexr.File(header, dict(zip("RGB", image.copy()))) as file:
        file.write(str(tmp_path / "a.exr"))
    found_header, found = exr.read(tmp_path / "a.exr", "RGB")
    assert np.array_equal(found, image.astype(np.float32))
    assert found_header.data_window == windows["dataWindow"]
    assert found_header.display_window == windows["displayWindow"]
    assert {number for _, number in found_header.channels} == {2 if kind is np.float32 else 1}


def test_rows_that_lie_in_another_order_are_read_all_the_same(tmp_path: Path) -> None:
    """Rows that are not packed are read in one go where they follow each other; they need not.

    They say themselves which they are.
    """
    image = picture().astype(np.float32)
    write(tmp_path / "a.exr", image, exr.NONE)
    data = bytearray((tmp_path / "a.exr").read_bytes())
    rows, size = image.shape[1], 8 + image.shape[0] * image.shape[2] * 4
    table = len(data) - rows * (size + 8)
    offsets = np.frombuffer(bytes(data[table : table + 8 * rows]), "<u8").copy()
    one, other = (slice(int(offsets[at]), int(offsets[at]) + size) for at in (2, 5))
    data[one], data[other] = data[other], data[one]
    (tmp_path / "b.exr").write_bytes(data)
    assert np.array_equal(exr.read(tmp_path / "b.exr", "RGB")[1], image)
    offsets[[2, 5]] = offsets[[5, 2]]
    data[table : table + 8 * rows] = offsets.tobytes()
    (tmp_path / "c.exr").write_bytes(data)
    assert np.array_equal(exr.read(tmp_path / "c.exr", "RGB")[1], image)
    for whole in (data, (tmp_path / "a.exr").read_bytes()):
        (tmp_path / "d.exr").write_bytes(whole[:-5])
        with pytest.raises(InputError, match="damaged or cut off"):
            exr.read(tmp_path / "d.exr", "RGB")


def test_a_file_left_half_written_does_not_appear(tmp_path: Path) -> None:
    (tmp_path / "a.exr").write_bytes(b"old")
    with pytest.raises(RuntimeError), exr.Writer(tmp_path / "a.exr", 8, 8) as writer:
        writer.write(writer.pack(np.zeros((3, 4, 8), np.float32)))
        raise RuntimeError
    assert (tmp_path / "a.exr").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(InputError, match="cannot be written"):
        exr.Writer(tmp_path / "nowhere" / "a.exr", 8, 8)


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    good = tmp_path / "a.exr"
    write(good, picture(), exr.ZIP)
    data = good.read_bytes()
    bad = tmp_path / "b.exr"
    cases = {
        "is no OpenEXR file": b"\x89PNG\r\n\x1a\n and more",
        "is tiled": struct.pack("<ii", exr.MAGIC, 2 | 0x200) + data[8:],
        "several parts": struct.pack("<ii", exr.MAGIC, 2 | 0x1000) + data[8:],
        "header is damaged": data[:40],
        "damaged or cut off": data[:-200],
    }
    for message, content in cases.items():
        bad.write_bytes(content)
        with pytest.raises(InputError, match=message) as caught:
            exr.read(bad, "RG")
        assert str(bad) in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(InputError, match="has no channel Z, only B, G, R"):
        exr.read(good, "RZ")
    with pytest.raises(InputError, match="No such file"):
        exr.read(tmp_path / "c.exr", "RG")


def test_no_byte_changed_in_a_header_brings_the_reader_down(tmp_path: Path) -> None:
    good = tmp_path / "a.exr"
    write(good, picture(9, 5), exr.ZIP)
    data = good.read_bytes()
    random = np.random.default_rng(8)
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] = random.integers(256)
        (tmp_path / "b.exr").write_bytes(changed)
        try:
            exr.read(tmp_path / "b.exr", "RG")
        except InputError as error:
            assert "\n" not in str(error)
