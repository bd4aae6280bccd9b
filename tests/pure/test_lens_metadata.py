"""What metadata says of the lens: movies as phones write them, and pictures with EXIF."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from addon.tracking.engine.footage import open_footage
from addon.tracking.engine.model import LensStart
from addon.tracking.engine.plan import Job, run
from addon.tracking.lens_metadata import APPLE, lens_hint, start_of_footage
from tests import drawn


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def meta(value: bytes, kind: int = 21, *, full: bool = False) -> bytes:
    """A metadata box with Apple's key, the second of two; ``full`` as in an MP4, with a version."""
    keys = box(b"keys", struct.pack(">II", 0, 2), box(b"mdta", b"com.apple.x"), box(b"mdta", APPLE.encode()))
    other = box(struct.pack(">I", 1), box(b"data", struct.pack(">II", 1, 0), b"phone"))
    wanted = box(struct.pack(">I", 2), box(b"data", struct.pack(">II", kind, 0), value))
    return box(b"meta", b"\0" * 4 * full, box(b"hdlr", b"\0" * 24), keys, box(b"ilst", other, wanted))


@pytest.mark.parametrize(
    "moov",
    [
        meta(struct.pack(">i", 26)),
        box(b"trak", box(b"tkhd", b"\0" * 84), meta(b"26", 1, full=True)),
        box(b"trak", meta(struct.pack(">f", 26.0), 23)),
    ],
)
def test_a_phones_movie_tells_its_focal_length(tmp_path: Path, moov: bytes) -> None:
    """Beside the pictures, whose table is somewhere else in the file."""
    file = tmp_path / "phone.mov"
    file.write_bytes(box(b"ftyp", b"qt  ") + box(b"mdat", b"\0" * 99) + box(b"moov", moov))
    hint = lens_hint(file)
    assert hint is not None and hint.focal_35mm == 26.0 and hint.source == "metadata of the movie"
    for cut in range(len(file.read_bytes()) - 1, 4, -7):
        file.write_bytes(file.read_bytes()[:cut])
        lens_hint(file)  # one that was cut short raises nothing


def exif(order: str, *tags: tuple[int, int, int, int]) -> bytes:
    """A TIFF structure with these tags (tag, kind, value, second value) in its EXIF directory."""
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    head += struct.pack(f"{order}HHHIII", 1, 0x8769, 4, 1, 26, 0)
    rows, far = b"", b""
    after = 26 + 2 + 12 * len(tags) + 4
    for tag, kind, value, under in tags:
        if kind == 5:
            rows += struct.pack(f"{order}HHII", tag, kind, 1, after + len(far))
            far += struct.pack(f"{order}II", value, under)
        else:
            small = (
                struct.pack(f"{order}H", value) + b"\0\0" if kind == 3 else struct.pack(f"{order}I", value)
            )
            rows += struct.pack(f"{order}HHI", tag, kind, 1) + small
    return head + struct.pack(f"{order}H", len(tags)) + rows + b"\0" * 4 + far


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pictures_exif_tells_it(tmp_path: Path, order: str) -> None:
    on_film = exif(order, (0x920A, 5, 57, 10), (0xA405, 3, 26, 0))
    # 18.5 mm before a sensor of 6000 pixels, 2551 of them to a centimetre: 23.52 mm wide.
    by_sensor = exif(
        order, (0x920A, 5, 185, 10), (0xA002, 4, 6000, 0), (0xA20E, 5, 2551, 1), (0xA210, 3, 3, 0)
    )
    for data, focal in ((on_film, 26.0), (by_sensor, 18.5 * 36 / 23.52)):
        picture = cv2.imencode(".jpg", np.zeros((8, 8), np.uint8))[1].tobytes()
        block = b"Exif\0\0" + data
        jpeg = picture[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + picture[2:]
        png = cv2.imencode(".png", np.zeros((8, 8), np.uint8))[1].tobytes()
        png = png[:33] + struct.pack(">I4s", len(data), b"eXIf") + data + b"\0" * 4 + png[33:]
        for name, content in (("a.jpg", jpeg), ("a.png", png), ("a.tif", data)):
            (tmp_path / name).write_bytes(content)
            hint = lens_hint(tmp_path / name)
            assert hint is not None and hint.focal_35mm == pytest.approx(focal, rel=1e-3), name
    assert lens_hint(tmp_path / "none.jpg") is None


def test_the_solve_begins_there_and_says_so_where_it_stays(tmp_path: Path) -> None:
    """A camera that stands still tells nothing of its lens: what the phone wrote is what there is."""
    drawn.draw_clip(tmp_path / "still.avi", frames=10, width=180, height=320, cameras=drawn.standing(10))
    writer = cv2.VideoWriter(str(tmp_path / "still.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 24.0, (180, 320))
    for _, picture in open_footage(tmp_path / "still.avi").pictures():
        writer.write(picture)
    writer.release()
    plain = (tmp_path / "still.mp4").read_bytes()
    assert lens_hint(tmp_path / "still.mp4") is None
    at = plain.index(b"moov") - 4
    size = struct.unpack_from(">I", plain, at)[0]
    assert at + size == len(plain), "OpenCV puts the table last, so that it can grow"
    told = meta(struct.pack(">i", 26))
    file = tmp_path / "told.mp4"
    file.write_bytes(plain[:at] + struct.pack(">I", size + len(told)) + plain[at + 4 :] + told)
    footage = open_footage(file)
    start = start_of_footage(footage, LensStart(sensor_width_mm=20.0))
    # 26 mm belong to 36 mm along the longer side, which is the height here.
    assert start.focal_length_mm / 20.0 * 180 == pytest.approx(26.0 / 36.0 * 320)
    solve = list(run(Job(footage, lens=start)))[-1].solve
    assert solve is not None and solve.motion == "still"
    assert solve.reasons[-1] == "the focal length of 25.7 mm is from the metadata of the movie"
    known = LensStart(50.0, refine=False)
    assert start_of_footage(footage, known) == known
