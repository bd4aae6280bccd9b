"""The buttons on a clip of which we know the camera, pressed one after the other."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import bpy
import pytest

from addon import jobs, watch
from addon.tracking.session import list_sessions, run_session


def drawn() -> ModuleType:
    """tests/drawn.py, which draws a clip."""
    if "drawn" not in sys.modules:
        file = Path(__file__).resolve().parents[1] / "drawn.py"
        spec = importlib.util.spec_from_file_location("drawn", file)
        assert spec is not None and spec.loader is not None
        sys.modules["drawn"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["drawn"])
    return sys.modules["drawn"]


@pytest.fixture(scope="module")
def footage_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("drawn") / "drawn.avi"
    drawn().draw_clip(file)
    return file


@pytest.fixture
def clip(blender_file: ModuleType, footage_file: Path) -> bpy.types.MovieClip:
    """The drawn clip, opened in the only Clip Editor."""
    clip = bpy.data.movieclips.load(str(footage_file))
    bpy.context.scene.active_clip = clip
    return clip


def test_from_the_clip_to_the_shot_and_back(clip: bpy.types.MovieClip, footage_file: Path) -> None:
    assert not bpy.ops.tracked_shot.take_in.poll() and not bpy.ops.tracked_shot.setup_shot.poll()
    assert bpy.ops.tracked_shot.check_clip() == {"FINISHED"}
    assert not [finding for finding in watch.state_of(clip).findings if finding.severity == "error"]

    session = jobs.take_up(clip, watch.checked(clip).preflight.footage)
    assert clip.tracked_shot.session == str(session.path)
    for _ in run_session(session):
        pass
    assert bpy.ops.tracked_shot.track_solve() == {"FINISHED"}  # what is done is taken in, not tracked again
    assert len(list_sessions(footage_file.parent)) == 1
    memory = clip.tracked_shot
    assert memory.taken_in and memory.verdict in ("good", "usable") and memory.frames_solved == 40
    assert abs(memory.focal_length - 30.0) < 0.3
    assert clip.tracking.reconstruction.is_valid and not memory.native_trouble

    assert bpy.ops.tracked_shot.setup_shot() == {"FINISHED"}
    scene = bpy.context.scene
    assert scene.camera is not None and scene.render.film_transparent and scene.render.engine == "CYCLES"
    assert (scene.frame_start, scene.frame_end) == (1, 40)
    assert (scene.render.resolution_x, scene.render.resolution_y) == tuple(clip.size)
    assert watch.composite_of(scene).applied
    objects = sorted(item.name for item in bpy.data.objects)
    assert bpy.ops.tracked_shot.setup_shot() == {"FINISHED"}
    assert sorted(item.name for item in bpy.data.objects) == objects

    scene.tracked_shot.composite_preset = "over_plate"
    assert bpy.ops.tracked_shot.apply_composite() == {"FINISHED"}
    assert watch.composite_of(scene).preset == "over_plate"
    assert bpy.ops.tracked_shot.remove_composite() == {"FINISHED"}
    assert not watch.composite_of(scene).applied and not bpy.ops.tracked_shot.remove_composite.poll()


def test_a_session_is_found_again_without_the_files_memory(
    clip: bpy.types.MovieClip, footage_file: Path
) -> None:
    if not list_sessions(footage_file.parent):
        jobs.take_up(clip, watch.checked(clip).preflight.footage)
    clip.tracked_shot.session = ""
    watch.forget()
    state = watch.known(clip)
    assert state.session == list_sessions(footage_file.parent)[0]
    assert state.waiting or state.finished


def test_the_known_lens_is_kept(clip: bpy.types.MovieClip) -> None:
    camera = clip.tracking.camera
    camera.sensor_width, camera.focal_length, camera.k1 = 23.5, 18.0, 0.01
    assert jobs.lens_start(clip).refine
    clip.tracked_shot.lens_known = True
    lens = jobs.lens_start(clip)
    assert not lens.refine
    assert (lens.sensor_width_mm, lens.focal_length_mm, lens.k1) == pytest.approx((23.5, 18.0, 0.01))
    camera.distortion_model = "BROWN"
    with pytest.raises(RuntimeError, match="polynomial"):
        bpy.ops.tracked_shot.track_solve()
