"""2D tracks as text: what is written comes back, and what is wrong is named with its line."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from addon import cli
from addon.tracking.engine.model import Tracks
from addon.tracking.errors import InputError
from addon.tracking.session import create_session, load_session, run_session
from addon.tracking.session.clip_tracks import PREFIX, ClipSnapshot, ClipTrack, save_snapshot
from addon.tracking.solve_facts import used_tracks
from addon.tracking.track_text import (
    FORMATS,
    TrackTextError,
    chosen,
    from_text,
    read_tracks,
    to_3de,
    to_text,
    write_tracks,
)
from tests import drawn

PLAIN = (
    "# 2D tracks, version 1\n# size 100 50\n# first 1\nNose\t1\t10.5\t20.25\nNose\t2\t11\t21\nEar\t2\t3\t4\n"
)


def make_tracks(count: int = 12, frames: int = 30) -> Tracks:
    rng = np.random.default_rng(1)
    lengths = rng.integers(1, frames, count)
    track = np.repeat(np.arange(count), lengths).astype(np.int32)
    frame = np.concatenate([np.arange(1, length + 1) for length in lengths]).astype(np.int32)
    xy = rng.uniform([0, 0], [960, 540], (len(track), 2))
    names = [f"Track of Zoë {number}" for number in range(count)]
    return Tracks(960, 540, frames, track, frame, xy, names, ["", "too short"] + [""] * (count - 2))


def same(one: Tracks, other: Tracks) -> None:
    assert (one.width, one.height) == (other.width, other.height)
    assert np.array_equal(one.track, other.track) and np.array_equal(one.frame, other.frame)
    assert np.abs(one.xy - other.xy).max() <= 5.1e-7


@pytest.mark.parametrize("first", [1, 1001, -5])
def test_what_is_written_comes_back(first: int) -> None:
    tracks = make_tracks()
    read = from_text(to_text(tracks, first=first), size=(960, 540), frames=30)
    same(tracks, read)
    assert (read.names, read.reasons) == (tracks.names, tracks.reasons)
    again = from_text(to_3de(tracks, first=first), size=(960, 540), frames=30, first=first)
    same(tracks, again)
    assert again.names[3] == "Track_of_Zoë_3"


def test_the_forms_are_as_documented() -> None:
    tracks = from_text(PLAIN)
    assert to_text(tracks, first=5).splitlines() == [
        "# 2D tracks, version 1",
        "# size 100 50",
        "# frames 2",
        "# first 5",
        "# name\tframe\tx\ty",
        "Nose\t5\t10.500000\t20.250000",
        "Nose\t6\t11.000000\t21.000000",
        "Ear\t6\t3.000000\t4.000000",
    ]
    assert to_3de(tracks).splitlines() == [
        *("2", "Nose", "0", "2", "1 10.500000 20.250000", "2 11.000000 21.000000"),
        *("Ear", "0", "1", "2 3.000000 4.000000"),
    ]


def test_files_from_elsewhere_are_read() -> None:
    text = "\ufeff\r\n# made by hand\r\n# size 100 50\r\nleft ear 1 2 3\r\n\r\n  nose 1 4.5e1 5  \r\n"
    tracks = from_text(text.lstrip("\ufeff"))
    assert tracks.names == ["left ear", "nose"] and tracks.xy.tolist() == [[2.0, 3.0], [45.0, 5.0]]
    # Markers may come in any order.
    mixed = from_text("# size 9 9\nb\t2\t1\t1\na\t1\t2\t2\nb\t1\t3\t3\n")
    assert mixed.frame.tolist() == [1, 2, 1] and mixed.xy[0].tolist() == [3.0, 3.0]


def test_a_proxys_tracks_are_scaled_and_other_pictures_refused() -> None:
    tracks = from_text(PLAIN, size=(400, 200))
    assert tracks.xy[0].tolist() == [42.0, 81.0] and (tracks.width, tracks.height) == (400, 200)
    assert from_text(PLAIN, size=(1920, 961)).height == 961  # rounded to whole pixels somewhere
    with pytest.raises(TrackTextError, match="made for a frame of 100x50, the clip has 100x60"):
        from_text(PLAIN, size=(100, 60))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t: error: there is no marker in it"),
        ("# size 9 9\n", "t: error: there is no marker in it"),
        ("a\t1\t2\t3\n", "t: error: it does not say the size of the frame"),
        ("# size 9 x\na\t1\t2\t3\n", "t:1: error: a size has to be a whole number from 1 on, not 'x'"),
        ("# size 9 9\na\t1\t2\n", "t:2: error: not a marker: name, frame, x and y"),
        ("# size 9 9\na 1 2\n", "t:2: error: not a marker"),
        ("# size 9 9\n\na\tx\t2\t3\n", "t:3: error: 'x' is no frame number"),
        ("# size 9 9\na\t1.5\t2\t3\n", "t:2: error: '1.5' is no frame number"),
        ("# size 9 9\na\t1\tnan\t3\n", "t:2: error: nan is no place in a picture"),
        ("# size 9 9\na\t1\t1e30\t3\n", "t:2: error: 1e30 is no place in a picture"),
        ("# size 9 9\na\t1\t2\tthree\n", "t:2: error: 'three' is no number"),
        ("# size 9 9\na\t0\t2\t3\n", "t:2: error: frame 0 is before the first one, 1"),
        ("# size 9 9\n# first 1001\na\t1011\t2\t3\n", "t:3: error: frame 1011 is after the last one, 1010"),
        ("# size 9 9\na\t1\t2\t3\na\t1\t2\t3\n", "t:3: error: the track has a marker at frame 1 already"),
        ("# size 9 9\n \t1\t2\t3\n", "t:2: error: "),
        ("# 2D tracks, version 2\n", "t:1: error: version 2 of the form is not known"),
        ("# size 9 9\na\t1\t2\t3\n# first 7\n", "t:3: error: 'first' has to stand before"),
        ("1\na\n0\n2\n1 2 3\n", "t:6: error: the file ends where a marker is wanted"),
        ("1\na\nred\n", "t:3: error: a point's colour has to be a whole number"),
        ("1\na\n0\n1\n1 2\n", "t:5: error: not a marker: frame, x and y"),
        ("1\na\n0\n1\n1 2 3\nb\n", "t:6: error: there is more than the points"),
        ("2\na\n0\n1\n1 2 3\na\n", "t:6: error: there is a point 'a' already"),
        ("1\na\n0\n1\n1 2 3\n", "t: error: it does not say the size"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, message: str) -> None:
    with pytest.raises(TrackTextError) as caught:
        from_text(text, "t", frames=10)
    assert str(caught.value).startswith(message) and "\n" not in str(caught.value)


def test_garbled_files_end_in_one_line() -> None:
    rng = random.Random(5)
    whole = to_text(make_tracks(3, 8)) + to_3de(make_tracks(2, 4))
    for _ in range(400):
        letters = list(rng.choice([whole, to_3de(make_tracks(3, 5)), PLAIN]))
        for _ in range(rng.randint(1, 8)):
            letters[rng.randrange(len(letters))] = rng.choice("\t\n #0-.x\0é9")
        try:
            tracks = from_text("".join(letters), "t", size=(960, 540))
        except TrackTextError as error:
            assert len(str(error).splitlines()) == 1
        else:
            assert np.isfinite(tracks.xy).all() and tracks.frame.min() >= 1


def test_names_are_made_fit_and_stay_apart(tmp_path: Path) -> None:
    tracks = replace(make_tracks(5), names=["a\tb", "a b", "a_b", "# c", "\n"], reasons=[""] * 5)
    for form in FORMATS:
        write_tracks(tracks, tmp_path / "t.txt", form)
        read = read_tracks(tmp_path / "t.txt", size=(960, 540))
        same(tracks, read)
        assert len(set(read.names)) == 5
    assert from_text(to_text(tracks)).names == ["a b", "a b.001", "a_b.002", "c", "Track 5"]


def test_files_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_tracks(tmp_path / "none.txt")
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(TrackTextError, match="not a text in UTF-8"):
        read_tracks(tmp_path / "bad.txt")
    with pytest.raises(InputError, match="cannot be written"):
        write_tracks(make_tracks(), tmp_path / "none" / "t.txt")
    with pytest.raises(InputError, match="no such tracks"):
        chosen(make_tracks(), np.zeros(12, bool))


def test_the_verb_writes_what_the_camera_rests_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn.draw_clip(tmp_path / "walls.avi", frames=24)
    path = create_session(tmp_path / "walls.avi", "walls", directory=tmp_path).path
    assert cli.main(["tracks", str(path), "--out", str(tmp_path / "t.txt")]) == 2
    assert "there are no such tracks to write" in capsys.readouterr().err
    for _ in run_session(load_session(path)):
        pass
    session = load_session(path)
    tracks = session.tracks()
    assert cli.main(["tracks", str(path), "--out", str(tmp_path / "t.txt")]) == 0
    used = tracks.subset(used_tracks(tracks, session.solve()))
    same(used, read_tracks(tmp_path / "t.txt"))
    out = str(tmp_path / "all.txt")
    assert cli.main(["tracks", str(path), "--out", out, "--all", "--format", "3de", "--first", "101"]) == 0
    same(tracks, read_tracks(out, size=(tracks.width, tracks.height), first=101))
    assert cli.main(["tracks", str(path), "--out", out, "--format", "nuke"]) == 2


def test_frames_beyond_all_reason_are_refused() -> None:
    with pytest.raises(TrackTextError, match="t:2: error: 99999999999 is no frame of a clip"):
        from_text("# size 9 9\na\t99999999999\t2\t3\n", "t")


def test_tracks_made_by_hand_are_written_along(tmp_path: Path) -> None:
    drawn.draw_clip(tmp_path / "walls.avi", frames=6)
    session = create_session(tmp_path / "walls.avi", "walls", directory=tmp_path, solve=False)

    def by_hand(name: str, **settings: object) -> ClipTrack:
        flags = np.array([True, False, False])
        places = np.array([[0.5, 0.25], [0.6, 0.3], [0.6, 0.3]], np.float32)
        wide = np.zeros((3, 8), np.float32)
        frames = np.array([2, 3, 4], np.int32)
        return ClipTrack(
            "Camera", name, settings, frames, places, wide, wide[:, :4], flags, np.array([False, False, True])
        )

    snapshot = ClipSnapshot(
        [by_hand("Nose", offset=[0.1, 0.0]), by_hand("Ear", weight=0.0), by_hand(f"{PREFIX}Auto 00001")]
    )
    save_snapshot(session.store, snapshot)
    out = tmp_path / "t.txt"
    assert cli.main(["tracks", str(session.path), "--out", str(out)]) == 0
    read = read_tracks(out)
    assert read.names == ["Nose"] and read.frame.tolist() == [2, 3]
    assert read.xy.ravel() == pytest.approx([0.6 * 480, 0.25 * 270, 0.7 * 480, 0.3 * 270], abs=1e-4)
    assert cli.main(["tracks", str(session.path), "--out", str(out), "--all"]) == 0
    assert (read_tracks(out).names, read_tracks(out).reasons) == (["Nose", "Ear"], ["", "switched off"])
    for _ in run_session(load_session(session.path)):
        pass
    assert cli.main(["tracks", str(session.path), "--out", str(out), "--all"]) == 0
    both = read_tracks(out)
    assert both.names[0] == "Auto 00001" and both.names[-2:] == ["Nose", "Ear"]
    assert both.count == load_session(session.path).tracks().count + 2
