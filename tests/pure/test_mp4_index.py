"""What the index of an MP4 file says of its pictures: trusted only where it leaves no doubt."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from addon.tracking.engine import footage as footage_module
from addon.tracking.engine.footage import open_footage
from addon.tracking.engine.mp4_index import pictures_shown

SHARED = Path(__file__).resolve().parents[3] / "shared" / "footage"
STEP = 512
"""Units of the track from one picture to the next; a second has 12288."""


def box(kind: bytes, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def numbers(*values: int) -> bytes:
    return struct.pack(f">{len(values)}i", *values)


def edit_list(*edits: tuple[int, int], rate: int = 1 << 16) -> bytes:
    """Each edit's length in milliseconds and where it begins in units of the track."""
    listed = b"".join(numbers(length, begin, rate) for length, begin in edits)
    return box(b"edts", box(b"elst", numbers(0, len(edits)), listed))


def film(
    count: int = 48,
    edits: bytes = b"",
    *,
    codec: bytes = b"avc1",
    late: tuple[int, ...] = (),
    sizes: tuple[int, ...] = (),
    listed: int | None = None,
) -> bytes:
    """A video track; ``late`` are the composition offsets, one for each picture."""
    table = [
        box(b"stsd", numbers(0, 1), box(codec, bytes(78))),
        box(b"stts", numbers(0, 1, count, STEP)),
        box(b"stsz", numbers(0, 0 if sizes else 99, listed or count, *sizes)),
    ]
    if late:
        table.append(box(b"ctts", numbers(0, len(late), *(part for value in late for part in (1, value)))))
    media = box(
        b"mdia",
        box(b"mdhd", numbers(0, 0, 0, 24 * STEP, count * STEP, 0)),
        box(b"hdlr", numbers(0, 0), b"vide", bytes(12)),
        box(b"minf", box(b"stbl", *table)),
    )
    return box(b"trak", box(b"tkhd", bytes(84)), edits, media)


def movie(*tracks: bytes, more: bytes = b"") -> bytes:
    index = box(b"moov", box(b"mvhd", numbers(0, 0, 0, 1000, 2000, 0)), *tracks, more)
    return box(b"ftyp", b"isom", numbers(0)) + index + box(b"mdat", bytes(1000))


SOUND = box(b"trak", box(b"mdia", box(b"hdlr", numbers(0, 0), b"soun", bytes(12))))
LATE = tuple(STEP * steps for steps in (2, 5, 2, 0, 1) * 10)[:48]
"""Pictures decoded out of order, the first of them shown two steps late."""


@pytest.mark.parametrize(
    "tracks",
    [
        [film()],
        [SOUND, film(codec=b"hvc1")],
        [film(edits=edit_list((2000, 0)))],
        [film(edits=edit_list((500, -1), (2000, 0)))],
        [film(edits=edit_list((2125, 1024)), late=LATE)],
        [film(sizes=tuple(range(1, 49)))],
    ],
)
def test_an_index_without_doubt_is_counted(tmp_path: Path, tracks: list[bytes]) -> None:
    (tmp_path / "a.mp4").write_bytes(movie(*tracks))
    assert pictures_shown(tmp_path / "a.mp4") == 48


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF" + bytes(99),
        movie(SOUND),
        movie(film(), film()),
        movie(film(codec=b"mp4v")),
        movie(film(listed=47)),
        movie(film(sizes=(5,) * 47 + (0,))),
        movie(film(late=LATE[:40])),
        movie(film(), more=box(b"mvex")),
        movie(film()) + box(b"moof", bytes(8)),
        movie(film())[:-1],
        movie(film(edits=edit_list((1950, 0)))),
        movie(film(edits=edit_list((2000, STEP)))),
        movie(film(edits=edit_list((1000, 0), (1000, 24 * STEP)))),
        movie(film(edits=edit_list((2000, 0), rate=1 << 15))),
        movie(film(edits=edit_list((2000, 1024)), late=LATE)),
        movie(film(edits=box(b"edts", box(b"elst", numbers(0, 1))))),
    ],
)
def test_anything_else_is_in_doubt(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    assert pictures_shown(tmp_path / "a.mp4") == 0


# The same of a filmed clip, against what decoding gives


@pytest.fixture(scope="module")
def filmed() -> bytes:
    path = SHARED / "desk_handheld.mp4"
    if not path.is_file():
        pytest.skip("the shared footage is not here")
    return path.read_bytes()


def test_a_sure_end_is_not_decoded(filmed: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def seek(*_: object) -> bool:
        raise AssertionError("the end is decoded")

    monkeypatch.setattr(footage_module, "_seek", seek)
    (tmp_path / "a.mp4").write_bytes(filmed)
    assert open_footage(tmp_path / "a.mp4").count == 400


def cut_by_edit(data: bytearray, frames: int) -> None:
    """Ends the film's edit so many pictures early."""
    at = data.index(b"elst") + 4
    (length,) = struct.unpack_from(">I", data, at + 8)
    struct.pack_into(">I", data, at + 8, round(length * (400 - frames) / 400))


def zeros_at_the_end(data: bytearray, share: float) -> None:
    """As a download leaves it that was given its size beforehand."""
    end = data.index(b"moov") - 4
    begin = int(end * (1 - share))
    data[begin:end] = bytes(end - begin)


@pytest.mark.parametrize(("damage", "amount"), [(cut_by_edit, 3), (zeros_at_the_end, 0.2)])
def test_what_is_left_out_or_damaged_is_counted_by_decoding(
    filmed: bytes, tmp_path: Path, damage: object, amount: float
) -> None:
    data = bytearray(filmed)
    assert callable(damage)
    damage(data, amount)
    (tmp_path / "a.mp4").write_bytes(data)
    clip = open_footage(tmp_path / "a.mp4")
    decoded = footage_module._decoded_times(clip.path)
    assert clip.count == len(decoded) < 400
    assert np.array_equal(clip.timestamps, decoded)
