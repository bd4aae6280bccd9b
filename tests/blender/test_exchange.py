"""2D tracks out of a clip and into one, by the buttons."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import bpy
import cv2
import numpy as np
import pytest

from addon.tracking.blender.clip import PREFIX, add_tracks, put_tracks, read_tracks, remove_tracks
from addon.tracking.engine.model import Tracks
from addon.tracking.errors import FootageError

SIZE, FRAMES = (160, 90), 12


@pytest.fixture
def clip(blender_file: ModuleType, tmp_path: Path) -> bpy.types.MovieClip:
    path = tmp_path / "gray.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"HFYU"), 24.0, SIZE)
    for level in range(FRAMES):
        writer.write(np.full((SIZE[1], SIZE[0], 3), 10 * level, np.uint8))
    writer.release()
    clip = bpy.data.movieclips.load(str(path))
    bpy.context.scene.active_clip = clip
    return clip


def make_tracks(names: list[str], reasons: list[str]) -> Tracks:
    rng = np.random.default_rng(2)
    frames = [[1, 2, 3, 7, 8], [4, 5, 12]]
    track = np.repeat([0, 1], [len(found) for found in frames]).astype(np.int32)
    frame = np.concatenate(frames).astype(np.int32)
    xy = rng.uniform([5, 5], [155, 85], (8, 2))
    return Tracks(*SIZE, FRAMES, track, frame, xy, names, reasons)


@pytest.mark.parametrize("form", ["text", "3de"])
def test_out_and_in_gives_the_same_tracks(clip: bpy.types.MovieClip, tmp_path: Path, form: str) -> None:
    assert not bpy.ops.tracked_shot.export_tracks.poll()
    tracks = make_tracks(["Nose", "Ear"], ["", "no"])
    add_tracks(clip, tracks)
    before = read_tracks(clip)
    path = str(tmp_path / "tracks.txt")
    assert bpy.ops.tracked_shot.export_tracks(filepath=path, form=form, first=101) == {"FINISHED"}
    for track in clip.tracking.tracks:
        track.name = f"old {track.name}"
    given = {} if form == "text" else {"own_first": True, "first": 101}
    assert bpy.ops.tracked_shot.import_tracks(filepath=path, **given) == {"FINISHED"}
    assert [track.name for track in clip.tracking.tracks] == ["old Nose", "old Ear", "Nose", "Ear"]
    assert [track.select for track in clip.tracking.tracks] == [False, False, True, True]
    after = read_tracks(clip).subset(np.array([False, False, True, True]))
    assert np.array_equal(after.frame, before.frame) and np.array_equal(after.track, before.track)
    assert np.abs(after.xy - before.xy).max() < 2e-5  # Blender keeps 32 bits
    assert np.abs(after.xy - tracks.xy).max() < 2e-5
    weights = [track.weight for track in clip.tracking.tracks][2:]
    assert weights == ([1.0, 0.0] if form == "text" else [1.0, 1.0])


def test_only_what_is_chosen_is_written(clip: bpy.types.MovieClip, tmp_path: Path) -> None:
    add_tracks(clip, make_tracks(["Nose", "Ear"], ["", "no"]))
    clip.tracking.tracks["Nose"].select = False
    path = tmp_path / "tracks.txt"
    assert bpy.ops.tracked_shot.export_tracks(filepath=str(path), only_selected=True) == {"FINISHED"}
    assert "Ear\t4" in path.read_text() and "Nose" not in path.read_text()
    assert bpy.ops.tracked_shot.export_tracks(filepath=str(path), only_enabled=True) == {"FINISHED"}
    assert "Nose\t1" in path.read_text() and "Ear" not in path.read_text()
    with pytest.raises(RuntimeError, match="no such tracks to write"):
        bpy.ops.tracked_shot.export_tracks(filepath=str(path), only_enabled=True, only_selected=True)


def test_what_comes_in_is_the_artists_own(clip: bpy.types.MovieClip, tmp_path: Path) -> None:
    put_tracks(clip, make_tracks(["Auto 1", "Auto 2"], ["", ""]))
    names = add_tracks(clip, make_tracks([f"{PREFIX}Auto 1", "Auto 1"], ["", ""]))
    assert names == ["Auto 1", "Auto 1.001"]
    assert remove_tracks(clip) == 2
    assert [track.name for track in clip.tracking.tracks] == names
    with pytest.raises(FootageError, match="160x90"):
        add_tracks(
            clip, Tracks(80, 45, 1, np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 2)), [])
        )


def test_a_wrong_file_leaves_the_clip_as_it_was(clip: bpy.types.MovieClip, tmp_path: Path) -> None:
    path = tmp_path / "tracks.txt"
    path.write_text("# size 160 90\nNose\t1\t2\t3\nNose\t13\t2\t3\n")
    with pytest.raises(RuntimeError, match=r"tracks\.txt:3: error: frame 13 is after the last one, 12"):
        bpy.ops.tracked_shot.import_tracks(filepath=str(path))
    assert not len(clip.tracking.tracks)


def test_importing_can_be_undone(clip: bpy.types.MovieClip, tmp_path: Path) -> None:
    path = tmp_path / "tracks.txt"
    path.write_text("# size 160 90\nNose\t1\t2\t3\n")
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.tracked_shot.import_tracks("EXEC_DEFAULT", True, filepath=str(path)) == {"FINISHED"}
    name = clip.name
    bpy.ops.ed.undo()
    assert len(bpy.data.movieclips[name].tracking.tracks) == 0
    bpy.ops.ed.redo()
    assert len(bpy.data.movieclips[name].tracking.tracks) == 1
