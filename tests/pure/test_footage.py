"""Footage in: movies and image sequences, the same frame at the same number however it is reached."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from addon.tracking.engine import footage as footage_module
from addon.tracking.engine.footage import Footage, frame_checksum, identity, open_footage, to_8_bit
from addon.tracking.errors import FootageError

SHARED = Path(__file__).resolve().parents[3] / "shared" / "footage"
HEIGHT, WIDTH = 96, 128


def drawn(number: int) -> NDArray[np.uint8]:
    """A picture (HEIGHT, WIDTH, 3) that tells its number by a bar of bits along its top."""
    noise = np.random.default_rng(1).integers(60, 200, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
    picture = np.roll(cv2.resize(noise, (WIDTH, HEIGHT)), 2 * number, axis=1)
    for bit in range(8):
        picture[:16, bit * 16 : bit * 16 + 16] = 255 if number >> bit & 1 else 0
    return picture


def number_of(gray: NDArray[np.uint8]) -> int:
    return sum(1 << bit for bit in range(8) if gray[4:12, bit * 16 + 4 : bit * 16 + 12].mean() > 128)


def write_movie(path: Path, count: int, fourcc: str = "mp4v", fps: float = 24.0) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*fourcc), fps, (WIDTH, HEIGHT))
    assert writer.isOpened()
    for number in range(1, count + 1):
        writer.write(drawn(number))
    writer.release()
    return path


def write_sequence(folder: Path, numbers: list[int], name: str = "plate.{:04d}.png") -> Path:
    for number in numbers:
        assert cv2.imwrite(str(folder / name.format(number)), drawn(number % 256))
    return folder / name.format(numbers[0])


def shared_clip(name: str) -> Path:
    path = SHARED / f"{name}.mp4"
    if not path.is_file():
        pytest.skip(f"the shared footage {name}.mp4 is not here")
    return path


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    return open_footage(write_movie(tmp_path_factory.mktemp("movie") / "clip.mp4", 150))


def test_movie_is_measured(movie: Footage) -> None:
    assert (movie.kind, movie.count, movie.width, movie.height) == ("movie", 150, WIDTH, HEIGHT)
    assert (movie.fps, movie.rotation, movie.first, movie.last, movie.gaps) == (24.0, 0, 1, 150, ())
    assert np.allclose(movie.timestamps, np.arange(150) * 1000.0 / 24.0, atol=0.6)


def test_frames_come_in_order_from_the_first(movie: Footage) -> None:
    seen = [(frame, number_of(gray)) for frame, gray in movie.frames()]
    assert seen == [(frame, frame) for frame in range(1, 151)]


@pytest.mark.parametrize(
    ("start", "stop", "step"), [(1, 1, 1), (10, 20, 3), (140, 150, 1), (64, 100, 7), (65, 150, 40)]
)
def test_a_part_has_the_same_frames(movie: Footage, start: int, stop: int, step: int) -> None:
    seen = [(frame, number_of(gray)) for frame, gray in movie.frames(start, stop, step)]
    assert seen == [(frame, frame) for frame in range(start, stop + 1, step)]


def test_gray_is_opencvs_of_the_picture(movie: Footage) -> None:
    with closing(movie.frames(70, 70)) as frames:
        _, gray = next(frames)
    assert gray.dtype == np.uint8 and gray.shape == (HEIGHT, WIDTH)
    assert np.array_equal(gray, cv2.cvtColor(movie.picture(70), cv2.COLOR_BGR2GRAY))


def test_a_chosen_range_is_what_frames_gives(movie: Footage) -> None:
    part = open_footage(movie.path, first=20, last=25)
    assert [number_of(gray) for _, gray in part.frames()] == [20, 21, 22, 23, 24, 25]


@pytest.mark.parametrize(("first", "last"), [(1, 400), (0, 10), (151, 151)])
def test_range_outside_the_clip(movie: Footage, first: int, last: int) -> None:
    with pytest.raises(FootageError, match=rf"frame range {first}-{last} is outside the clip \(1-150\)"):
        open_footage(movie.path, first=first, last=last)
    with pytest.raises(FootageError, match="outside the clip"):
        movie.frames(first, last)


def test_range_that_ends_before_it_begins(movie: Footage) -> None:
    with pytest.raises(FootageError, match="frame range 20-10 ends before it begins"):
        open_footage(movie.path, first=20, last=10)


def test_closing_early_ends_the_thread(movie: Footage) -> None:
    frames = movie.frames()
    next(frames)
    assert [thread for thread in threading.enumerate() if thread.name == "footage"]
    frames.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "footage"]


def test_header_that_promises_too_much_is_not_believed(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "cut.avi", 120, "MJPG")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    found = open_footage(path)
    assert 40 < found.count < 70
    assert [number_of(gray) for _, gray in found.frames()] == list(range(1, found.count + 1))


def test_a_frame_that_cannot_be_read_is_named(movie: Footage, tmp_path: Path) -> None:
    short = open_footage(write_movie(tmp_path / "short.mp4", 20))
    pretended = footage_module.replace(short, count=30, last=30)
    with pytest.raises(FootageError, match="frame 21 cannot be read"):
        list(pretended.frames())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.mp4", None, "no such file"),
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"hello there\n" * 99, "not a movie"),
    ],
)
def test_what_is_no_movie_is_said_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(FootageError, match=message) as caught:
        open_footage(tmp_path / name)
    assert "\n" not in str(caught.value) and name in str(caught.value)
    assert caught.value.exit_status == 2


def test_opencv_writes_nothing_of_its_own_to_standard_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.mp4").write_bytes(b"hello there\n" * 99)
    (tmp_path / "text.0001.png").write_bytes(b"hello there\n" * 99)
    for name in ("text.mp4", "text.0001.png"):
        with pytest.raises(FootageError):
            open_footage(tmp_path / name)
    assert capfd.readouterr().err == ""


def test_a_folder_is_no_movie(tmp_path: Path) -> None:
    with pytest.raises(FootageError, match="a folder"):
        open_footage(tmp_path)


@pytest.mark.once  # the OpenCV that reads them is the same for both Pythons
@pytest.mark.parametrize(
    "name",
    ["courtyard_orbit", "courtyard_handheld", "kitchen_handheld", "desk_handheld", "desk_variable_rate",
     "poster", "box_turning", "phone_rotated"],
)  # fmt: skip
def test_any_start_gives_the_same_pictures_as_going_through(name: str) -> None:
    clip = open_footage(shared_clip(name))
    sums = {frame: frame_checksum(gray) for frame, gray in clip.frames()}
    assert list(sums) == list(range(1, clip.count + 1))
    for start in (clip.count * 2 // 3, clip.count):
        with closing(clip.frames(start)) as frames:
            frame, gray = next(frames)
        assert (frame, frame_checksum(gray)) == (start, sums[start])


def test_true_counts_of_odd_clips() -> None:
    names = ("desk_variable_rate", "box_turning", "phone_rotated")
    counts = {name: open_footage(shared_clip(name)).count for name in names}
    assert counts == {"desk_variable_rate": 331, "box_turning": 455, "phone_rotated": 39}


def test_rotation_flag_is_applied() -> None:
    path = shared_clip("phone_rotated")
    clip = open_footage(path)
    assert (clip.rotation, clip.width, clip.height) == (90, 720, 1280)
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
    found, upright = capture.read()
    assert found and np.array_equal(clip.picture(1), upright)


@pytest.mark.parametrize("given", ["plate.1001.png", "plate.####.png", "plate.%04d.png"])
def test_sequence_by_first_file_and_by_pattern(tmp_path: Path, given: str) -> None:
    write_sequence(tmp_path, list(range(1001, 1011)))
    write_sequence(tmp_path, [1, 2, 3], "other.{:04d}.png")
    found = open_footage(tmp_path / given)
    assert (found.kind, found.count, found.first_number, found.gaps) == ("sequence", 10, 1001, ())
    assert found.path == tmp_path / "plate.1001.png"
    seen = [(frame, number_of(gray)) for frame, gray in found.frames()]
    assert seen == [(frame, (1000 + frame) % 256) for frame in range(1, 11)]


def test_sequence_from_a_later_file_begins_there(tmp_path: Path) -> None:
    write_sequence(tmp_path, list(range(1, 21)))
    found = open_footage(tmp_path / "plate.0011.png", fps=25.0)
    assert (found.count, found.first_number, found.fps) == (10, 11, 25.0)


def test_sequence_past_its_digits(tmp_path: Path) -> None:
    write_sequence(tmp_path, [98, 99, 100, 101], "f{:02d}.png")
    assert open_footage(tmp_path / "f98.png").count == 4


def test_gaps_are_found_and_named(tmp_path: Path) -> None:
    first = write_sequence(tmp_path, [5, 6, 8, 9, 12])
    found = open_footage(first)
    assert (found.count, found.gaps) == (8, (7, 10, 11))
    with pytest.raises(FootageError, match="frame 3 cannot be read: there is no file number 7"):
        list(found.frames())
    assert [frame for frame, _ in found.frames(4, 5)] == [4, 5]


def test_sequence_errors_are_one_line(tmp_path: Path) -> None:
    first = write_sequence(tmp_path, [1, 2])
    (tmp_path / "plate.0002.png").write_bytes(b"")
    with pytest.raises(FootageError, match=r"0002\.png: the file is empty"):
        list(open_footage(first).frames())
    cv2.imwrite(str(tmp_path / "plate.0002.png"), np.zeros((10, 10, 3), np.uint8))
    with pytest.raises(FootageError, match="10x10 pixels in a sequence of 128x96"):
        list(open_footage(first).frames())
    for missing in ("none.0001.png", "none.####.png"):
        with pytest.raises(FootageError):
            open_footage(tmp_path / missing)


def test_float_and_16_bit_pictures_come_as_8_bit(tmp_path: Path) -> None:
    levels = np.linspace(0.0, 1.0, 256, dtype=np.float32)
    ramp = np.repeat(np.tile(levels, (16, 1))[..., None], 3, axis=2)
    linear = np.where(ramp <= 0.04045, ramp / 12.92, ((ramp + 0.055) / 1.055) ** 2.4).astype(np.float32)
    cv2.imwrite(str(tmp_path / "a.0001.exr"), linear)
    cv2.imwrite(str(tmp_path / "b.0001.png"), np.rint(ramp * 65535).astype(np.uint16))
    expected = np.rint(ramp * 255).astype(np.int16)
    for name in ("a.0001.exr", "b.0001.png"):
        picture = open_footage(tmp_path / name).picture(1)
        assert picture.dtype == np.uint8
        assert np.abs(picture.astype(np.int16) - expected).max() <= (1 if name.startswith("a") else 0)


def test_odd_float_values_are_tamed() -> None:
    odd = np.array([[np.nan, np.inf, -np.inf, -0.5, 7.0]], dtype=np.float32)
    assert to_8_bit(odd).tolist() == [[0, 255, 0, 0, 255]]


def test_identity_tells_clips_apart_and_moves_with_the_file(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "a.mp4", 12)
    one = identity(open_footage(path))
    assert identity(open_footage(path.rename(tmp_path / "b.mp4"))) == one
    other = identity(open_footage(write_movie(tmp_path / "c.mp4", 13)))
    assert other["sha256"] != one["sha256"] and other["count"] == 13
    first = write_sequence(tmp_path, [3, 4, 6])
    sequence = identity(open_footage(first))
    assert (sequence["first_number"], sequence["last_number"], sequence["count"]) == (3, 6, 4)
    assert sequence["gaps"] == [5]


def test_identity_reads_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "big.mp4"
    write_movie(path, 12)
    clip = open_footage(path)
    with path.open("ab") as stream:
        stream.truncate(64 << 20)
    read = 0
    plain_open: Callable = Path.open

    def counting_open(self: Path, *args: object, **options: object) -> object:
        stream = plain_open(self, *args, **options)
        plain_read = stream.read

        class Counted:
            def __enter__(self) -> Counted:
                return self

            def __exit__(self, *_: object) -> None:
                stream.close()

            def seek(self, at: int) -> None:
                stream.seek(at)

            def read(self, size: int) -> bytes:
                nonlocal read
                data = plain_read(size)
                read += len(data)
                return data

        return Counted()

    monkeypatch.setattr(Path, "open", counting_open)
    assert identity(clip)["bytes"] == 64 << 20
    assert 0 < read <= 3 << 20
