"""A file that is saved while a solve comes into its clip: nothing half-done counts as the artist's doing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from addon import jobs, watch
from addon.tracking.blender import clip_state
from addon.tracking.blender.clip import PREFIX
from addon.tracking.blender.native import HUSHED
from addon.tracking.presets import load_tracking_preset
from addon.tracking.session import create_session, load_session, start_worker
from addon.tracking.session.clip_tracks import load_snapshot
from addon.watch import taking
from tests import drawn
from tests.desktop.test_undo import redo, step, undo
from tests.desktop.test_window import area, clip, lay_out, press

LONGEST_WAIT = 60.0


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A drawn clip and its session, solved, where the watcher finds it."""
    footage = tmp_path_factory.mktemp("drawn") / "drawn.avi"
    drawn.draw_clip(footage)
    session = create_session(
        footage,
        "drawn",
        directory=footage.parent / "drawn_tracking",
        settings=load_tracking_preset("balanced"),
    )
    # In a process of its own: beside a window's event loop it takes twice as long.
    assert start_worker(session.path).wait(120) == 0
    return footage, session.path


def own_track() -> Any:
    """A track of the artist's, on something that has no say in the solve."""
    track = clip().tracking.tracks.new(name="Mine", frame=1)
    for frame in range(2, 13):
        track.markers.insert_frame(frame, co=(0.3 + 0.01 * frame, 0.4))
    return track


def muted_of_own() -> list[bool]:
    return [marker.mute for marker in clip().tracking.tracks["Mine"].markers]


def save(path: Path) -> None:
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.wm.save_as_mainfile(filepath=str(path))


def load(path: Path) -> None:
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
        bpy.ops.wm.open_mainfile(filepath=str(path))


def ours() -> int:
    return sum(track.name.startswith(PREFIX) for track in clip().tracking.tracks)


def at_rest() -> bool:
    state = watch.state_of(clip())
    return state is not None and state.manager is not None and not watch.work_of(state)


@pytest.fixture
def taken(window: Any, solved: tuple[Path, Path]) -> int:
    """The clip in a Clip Editor with its session taken in, and a track of the artist's; how many are ours."""
    window.run(lay_out)

    def open_clip() -> None:
        area("CLIP_EDITOR").spaces.active.clip = bpy.data.movieclips.load(str(solved[0]))

    window.run(open_clip)
    window.wait_until(at_rest, LONGEST_WAIT)
    window.run(own_track)
    assert window.run(lambda: press("take_in")) == {"FINISHED"}
    window.wait_until(at_rest, LONGEST_WAIT)
    return int(window.run(ours))


def test_saved_in_the_middle_of_taking_in(
    window: Any, solved: tuple[Path, Path], taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "STEP_SECONDS", 1e-6)  # a track at a time, with time between them
    monkeypatch.setattr(taking, "BREATH_SECONDS", 0.03)

    def again() -> None:
        watch.state_of(clip()).followed = True  # as after Solve Again

    window.run(again)
    window.wait_until(lambda: 5 < ours() < taken - 5, LONGEST_WAIT)
    file = tmp_path / "half.blend"
    window.run(lambda: save(file))
    assert window.run(ours) < taken - 5, "saving does not wait for the rest"
    session = load_session(solved[1])
    kept = load_snapshot(session.store).tracks
    assert [track.name for track in kept] == ["Mine"], "none of ours is noted as changed"
    assert window.run(lambda: watch.state_of(clip()).stale) in ("", "1 track added"), "nor in the panel"
    monkeypatch.undo()
    window.wait_until(at_rest, LONGEST_WAIT)
    assert window.run(ours) == taken

    window.run(lambda: load(file))
    window.wait_until(lambda: clip() is not None and at_rest() and ours() == taken, LONGEST_WAIT)
    state = window.run(lambda: watch.state_of(clip()))
    assert state.differences is None and state.trouble == ""
    assert window.run(lambda: jobs.stale(clip(), session)) == "1 track added", "the artist's own alone"
    assert window.run(lambda: clip().tracking.reconstruction.is_valid)
    assert not any(window.run(muted_of_own))


def test_saved_while_blender_solves(
    window: Any, solved: tuple[Path, Path], taken: int, tmp_path: Path
) -> None:
    file = tmp_path / "solving.blend"
    seen: list[Any] = []

    def save_meanwhile() -> bool:
        if watch.state_of(clip()).native is None:
            return False
        save(file)
        seen.append(muted_of_own())  # also where Blender had just done and its copies were in the clip
        return True

    def again() -> None:
        watch.state_of(clip()).followed = True

    window.run(again)
    window.wait_until(save_meanwhile, LONGEST_WAIT)
    window.wait_until(at_rest, LONGEST_WAIT)
    assert not any(seen[0]), "what is not to have a say is not saved switched off"
    (mine,) = load_snapshot(load_session(solved[1]).store).tracks
    assert mine.name == "Mine" and not np.any(mine.muted)
    assert not window.run(lambda: clip().tracking.tracks["Mine"].has_bundle), "it has no say all the same"
    assert window.run(lambda: clip().tracked_shot.native_trouble) == ""

    window.run(lambda: load(file))
    window.wait_until(lambda: clip() is not None and at_rest(), LONGEST_WAIT)
    window.wait_until(lambda: clip().tracking.reconstruction.is_valid, LONGEST_WAIT)
    assert not any(window.run(muted_of_own)) and window.run(ours) == taken


def test_undone_to_where_blender_had_just_solved(window: Any, solved: tuple[Path, Path], taken: int) -> None:
    """Blender makes that step with the tracks as it solved them: without those that have no say."""

    def more() -> None:
        bpy.context.window_manager.windows[0].scene.frame_end = 77

    window.run(lambda: step(more))
    window.run(undo)
    assert window.run(lambda: bpy.context.window_manager.windows[0].scene.frame_end) != 77
    window.wait_until(lambda: not any(muted_of_own()), 5)
    window.wait_until(lambda: watch.state_of(clip()).stale == "1 track added", 10)
    assert not window.run(lambda: clip_state.is_half_taken(clip()) or HUSHED in clip())
    assert window.run(ours) == taken and window.run(lambda: clip().tracking.reconstruction.is_valid)
    window.run(redo)
    assert window.run(lambda: bpy.context.window_manager.windows[0].scene.frame_end) == 77
    assert not any(window.run(muted_of_own))
