"""The log of finished frames."""

from __future__ import annotations

from pathlib import Path

from addon.cli.common import duration
from addon.tracking.render_log import RenderLog, is_whole

PNG = b"\x89PNG\r\n\x1a\n" + b"pixels" + b"\x00\x00\x00\x00IEND\xaeB`\x82"


def frame(folder: Path, number: int) -> Path:
    path = folder / f"shot_{number:04}.png"
    path.write_bytes(PNG)
    return path


def test_a_frame_is_finished_where_it_is_as_it_was_written(tmp_path: Path) -> None:
    log = RenderLog(tmp_path, "shot", "png", "this")
    file = frame(tmp_path, 1)
    assert not log.finished(1, [file])  # nobody has noted it
    log.note(1, [file])
    again = RenderLog(tmp_path, "shot", "png", "this")
    assert again.finished(1, [file])
    assert not again.finished(1, [file, frame(tmp_path, 2)])  # its other file was never written
    for damaged in (PNG[:-1], b"", PNG[:-4] + b"\x00\x00\x00\x00"):
        file.write_bytes(damaged)
        assert not again.finished(1, [file])
    file.unlink()
    assert not again.finished(1, [file])


def test_frames_of_something_else_do_not_count(tmp_path: Path) -> None:
    file = frame(tmp_path, 1)
    RenderLog(tmp_path, "shot", "png", "this").note(1, [file])
    assert RenderLog(tmp_path, "shot", "exr", "this").finished(1, [file]) is False
    assert RenderLog(tmp_path, "shot", "png", "that").finished(1, [file]) is False
    assert RenderLog(tmp_path, "shot", "png", "this").finished(1, [file]) is False  # begun anew in between


def test_without_a_word_for_it_nothing_is_finished(tmp_path: Path) -> None:
    file = frame(tmp_path, 1)
    log = RenderLog(tmp_path, "shot", "png", "")
    log.note(1, [file])
    assert not log.finished(1, [file])
    assert list(tmp_path.iterdir()) == [file]


def test_a_line_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    log = RenderLog(tmp_path, "shot", "png", "this")
    files = [frame(tmp_path, 1), frame(tmp_path, 2)]
    for number, file in enumerate(files, 1):
        log.note(number, [file])
    text = (tmp_path / ".shot.png.render").read_text()
    (tmp_path / ".shot.png.render").write_text(text[:-9])
    again = RenderLog(tmp_path, "shot", "png", "this")
    assert again.finished(1, files[:1]) and not again.finished(2, files[1:])


def test_pictures_with_no_end_or_beginning_are_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.exr"
    assert not is_whole(path)
    path.write_bytes(b"\x76\x2f\x31\x01 and more")
    assert is_whole(path)
    path.write_bytes(b"\x00" * 100)
    assert not is_whole(path)


def test_time_left_in_words() -> None:
    assert [duration(seconds) for seconds in (7.4, 60, 725, 11220)] == [
        "7 s",
        "1:00 min",
        "12:05 min",
        "3:07 h",
    ]
