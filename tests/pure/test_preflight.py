"""The preflight says what is wrong with a clip, and its copies mend it."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest

from addon.tracking import preflight
from addon.tracking.engine.condition import interlacing
from addon.tracking.engine.footage import open_footage
from addon.tracking.errors import Cancelled, FootageError, TrackedShotError
from addon.tracking.preflight import (
    EVEN_COPY,
    IMAGE_SEQUENCE,
    Preflight,
    check_footage,
    copy_fix,
    make_even_copy,
    make_image_sequence,
    number_ranges,
)

SHARED = Path(__file__).resolve().parents[3] / "shared" / "footage"
HEIGHT, WIDTH = 240, 320


def shared_clip(name: str) -> Path:
    path = SHARED / f"{name}.mp4"
    if not path.is_file():
        pytest.skip(f"the shared footage {name}.mp4 is not here")
    return path


def drawn(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Soft blobs that move four pixels a frame."""
    noise = np.random.default_rng(3).integers(0, 255, (height // 20, width // 20, 3), dtype=np.uint8)
    return np.roll(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC), 4 * number, axis=1)


def write_movie(path: Path, count: int, fps: float = 24.0, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
    for number in range(count):
        writer.write(drawn(number, *size))
    writer.release()
    return path


def write_sequence(folder: Path, numbers: list[int]) -> Path:
    for number in numbers:
        assert cv2.imwrite(str(folder / f"plate.{number:04d}.png"), drawn(number))
    return folder / f"plate.{numbers[0]:04d}.png"


def codes(found: Preflight) -> dict[str, str]:
    return {finding.code: finding.severity for finding in found.findings}


def test_a_good_clip_has_nothing_to_say(tmp_path: Path) -> None:
    found = check_footage(write_movie(tmp_path / "good.mp4", 48))
    assert found.findings == [] and found.ok and found.fix is None
    assert (found.size, found.fps, found.frames) == ((WIDTH, HEIGHT), 24.0, 48)
    assert found.duration == pytest.approx(2.0, abs=0.01)
    assert found.color_space == "sRGB" and found.footage is not None


@pytest.mark.parametrize(
    "name", ["courtyard_orbit", "courtyard_handheld", "kitchen_handheld", "desk_handheld", "poster"]
)
def test_good_shared_clips_have_nothing_to_say(name: str) -> None:
    assert check_footage(shared_clip(name)).findings == []


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("none.mp4", None, "missing"),
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"some words\n" * 50, "unreadable"),
    ],
)
def test_what_is_no_clip(tmp_path: Path, name: str, content: bytes | None, code: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    found = check_footage(tmp_path / name)
    assert codes(found) == {code: "error"} and not found.ok
    assert "\n" not in found.findings[0].message and name in found.findings[0].message


def test_short_small_and_oddly_timed(tmp_path: Path) -> None:
    assert codes(check_footage(write_movie(tmp_path / "short.mp4", 7))) == {"too_short": "error"}
    assert codes(check_footage(write_movie(tmp_path / "small.mp4", 20, size=(160, 120)))) == {
        "small": "warning"
    }
    assert codes(check_footage(write_movie(tmp_path / "odd.mp4", 20, fps=66.0))) == {"odd_rate": "warning"}


def test_range_outside_the_clip(tmp_path: Path) -> None:
    found = check_footage(write_movie(tmp_path / "a.mp4", 20), last=400)
    assert codes(found) == {"range": "error"}
    assert "frame range 1-400 is outside the clip (1-20)" in found.findings[0].message


def test_gaps_hurt_where_they_are_in_the_range(tmp_path: Path) -> None:
    first = write_sequence(tmp_path, [*range(1001, 1011), *range(1012, 1015), *range(1017, 1030)])
    found = check_footage(first)
    assert codes(found) == {"gaps": "error"} and "missing: 1011, 1015-1016" in found.findings[0].message
    assert codes(check_footage(first, last=10)) == {"gaps": "warning"}


def test_empty_picture_in_a_sequence(tmp_path: Path) -> None:
    first = write_sequence(tmp_path, list(range(1, 13)))
    (tmp_path / "plate.0005.png").write_bytes(b"")
    found = check_footage(first)
    assert codes(found) == {"empty_pictures": "error"} and "at 5" in found.findings[0].message


def test_colour_space_of_exr(tmp_path: Path) -> None:
    for number in range(1, 10):
        cv2.imwrite(str(tmp_path / f"p{number:02d}.exr"), drawn(number).astype(np.float32) / 255.0)
    found = check_footage(tmp_path / "p01.exr")
    assert found.color_space == "Linear Rec.709" and found.findings == []


def test_interlaced_pictures_are_told_from_plain_ones(tmp_path: Path) -> None:
    one, two = (cv2.cvtColor(drawn(number), cv2.COLOR_BGR2GRAY) for number in (0, 3))
    woven = one.copy()
    woven[1::2] = two[1::2]
    assert interlacing(one) < 1.0 < interlacing(woven)
    for number in range(1, 10):
        cv2.imwrite(str(tmp_path / f"w{number:02d}.png"), woven)
    assert codes(check_footage(tmp_path / "w01.png")) == {"interlaced": "warning"}


@pytest.mark.once  # tests/blender/test_preflight.py mends them in every Blender
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("desk_variable_rate", {"uneven_timing": "warning", "odd_rate": "warning"}),
        ("box_turning", {"uneven_timing": "warning", "lost_frames": "warning"}),
        ("phone_rotated", {"rotation": "warning"}),
    ],
)
def test_odd_clips_are_named_and_mended(tmp_path: Path, name: str, expected: dict[str, str]) -> None:
    path = shared_clip(name)
    found = check_footage(path)
    assert codes(found) == expected
    assert found.fix == EVEN_COPY and found.warnings[0].fix_label == "Make an Evenly Timed Copy"

    seen: list[tuple[int, int]] = []
    copy = make_even_copy(path, tmp_path / "copy", on_progress=lambda done, total: seen.append((done, total)))
    assert [file.name for file in tmp_path.iterdir()] == ["copy.avi"] and copy == tmp_path / "copy.avi"
    assert seen == [(frame, found.frames) for frame in range(1, found.frames + 1)]
    mended = check_footage(copy)
    assert set(codes(mended)) <= {"odd_rate"} and mended.frames == found.frames and mended.size == found.size
    assert mended.footage is not None and mended.footage.seekable and found.footage is not None
    with closing(mended.footage.pictures()) as copies, closing(found.footage.pictures()) as originals:
        for (_, ours), (_, theirs) in zip(copies, originals, strict=True):
            assert np.array_equal(ours, theirs)


def test_odd_sides_take_an_image_sequence(tmp_path: Path) -> None:
    for number in range(1, 10):
        cv2.imwrite(str(tmp_path / f"p{number:02d}.png"), drawn(number)[:240, :317])
    original = open_footage(tmp_path / "p01.png")
    with pytest.raises(FootageError, match="317x240 pixels cannot be written; make an image sequence"):
        make_even_copy(original.path, tmp_path / "copy")
    assert copy_fix(original) == IMAGE_SEQUENCE and not (tmp_path / "copy.avi").exists()
    copy = open_footage(make_image_sequence(original.path, tmp_path / "frames"))
    assert copy.count == 9 and all(np.array_equal(copy.picture(k), original.picture(k)) for k in (1, 5, 9))


def test_image_sequence_holds_every_frame(tmp_path: Path) -> None:
    movie = open_footage(write_movie(tmp_path / "clip01.mp4", 12))
    first = make_image_sequence(movie.path, tmp_path / "frames")
    assert first == tmp_path / "frames" / "clip.0001.png"
    pictures = open_footage(first)
    assert pictures.count == 12 and all(
        np.array_equal(pictures.picture(k), movie.picture(k)) for k in range(1, 13)
    )
    with pytest.raises(TrackedShotError, match="something in it"):
        make_image_sequence(movie.path, tmp_path / "frames")


@pytest.mark.parametrize("make", [make_even_copy, make_image_sequence])
def test_nothing_half_made_is_left(tmp_path: Path, make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_movie(tmp_path / "clip.mp4", 20)
    out = tmp_path / "out"
    out.mkdir()

    def stop(done: int, total: int) -> None:
        if done == 5:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        make(path, out / "new.avi", on_progress=stop)
    assert list(out.iterdir()) == []
    usage = shutil.disk_usage(out)
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(TrackedShotError, match="free, the copy may need"):
        make(path, out / "new.avi")
    monkeypatch.undo()
    with pytest.raises(TrackedShotError, match="no such folder"):
        make(path, out / "deeper" / "new.avi")
    assert list(out.iterdir()) == []


def test_a_copy_that_stands_survives_a_failed_one(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "clip.mp4", 20)
    standing = make_even_copy(path, tmp_path / "copy.avi").read_bytes()

    def stop(done: int, total: int) -> None:
        raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        make_even_copy(path, tmp_path / "copy.avi", on_progress=stop)
    assert (tmp_path / "copy.avi").read_bytes() == standing


def test_a_copy_never_replaces_the_clip(tmp_path: Path) -> None:
    copy = make_even_copy(write_movie(tmp_path / "clip.mp4", 10), tmp_path / "copy")
    with pytest.raises(FootageError, match="replace the clip itself"):
        make_even_copy(copy, tmp_path / "copy")
    assert open_footage(copy).count == 10


def test_a_copy_cut_short_by_the_disk_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_movie(tmp_path / "clip.mp4", 20)
    whole = preflight._write_movie

    def cut(footage: object, part: Path, on_progress: object) -> None:
        whole(footage, part, on_progress)
        part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])

    monkeypatch.setattr(preflight, "_write_movie", cut)
    with pytest.raises(TrackedShotError, match="is the disk full"):
        make_even_copy(path, tmp_path / "copy")
    assert [file.name for file in tmp_path.iterdir()] == ["clip.mp4"]


def test_number_ranges() -> None:
    assert number_ranges([5]) == "5"
    assert number_ranges([1, 2, 3, 7, 9, 10]) == "1-3, 7, 9-10"
