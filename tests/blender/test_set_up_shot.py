"""Set Up Shot: whole in one press, and nothing of it where something is in the way."""

from __future__ import annotations

import math
from pathlib import Path
from types import ModuleType

import bpy
import pytest

from addon import jobs
from addon.jobs import shot as shot_jobs
from addon.tracking.blender.clip import load_clip, put_tracks
from addon.tracking.blender.composite import composite_status
from addon.tracking.blender.native import solve_native
from addon.tracking.blender.owned import BEFORE
from addon.tracking.errors import InputError, SolveError, TrackedShotError
from tests.blender.file_dump import dump_file
from tests.blender.synthetic import Shot, make_shot


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Shot:
    """Upright, unlike a new scene, and with a lens that bends."""
    return make_shot(tmp_path_factory.mktemp("shot"), 360, 640, k1=-0.05)


def clip_of(shot: Shot, *, native: bool = True) -> bpy.types.MovieClip:
    clip = load_clip(shot.movie)
    put_tracks(clip, shot.tracks, shot.solve)
    if native:
        assert solve_native(clip, shot.solve).agrees
    return clip


def test_a_bent_composite_of_a_clip_of_another_shape_than_the_scene(
    blender_file: ModuleType, shot: Shot
) -> None:
    scene, clip = bpy.context.scene, clip_of(shot)
    assert clip.tracking.camera.k1 != 0
    scene.tracked_shot.composite_preset = "with_distortion"
    jobs.set_up_shot(scene, clip, stand_in=True, catcher=True)
    assert (scene.render.resolution_x, scene.render.resolution_y) == (360, 640)
    lens = shot.solve.lens
    assert scene.camera.data.angle_x > 1.0001 * 2 * math.atan(0.5 * lens.width / lens.focal_px)  # overscan
    assert composite_status(scene).matches


@pytest.mark.parametrize("native", [True, False])
def test_what_cannot_be_set_up_leaves_the_file_as_it_was(
    blender_file: ModuleType, shot: Shot, monkeypatch: pytest.MonkeyPatch, native: bool
) -> None:
    """No picture for the background; Blender's own solve taken out of the clip since."""
    scene, clip = bpy.context.scene, clip_of(shot, native=native)
    memory = scene.tracked_shot
    memory.composite_preset = "over_footage"
    error: type[TrackedShotError] = SolveError
    if native:
        memory.composite_settings.background = "image"
        memory.composite_settings.background_image = str(Path(shot.movie).with_name("nowhere.png"))
        error = InputError
    monkeypatch.setattr(shot_jobs, "_solve_of", lambda clip, notes: shot.solve)
    before = dump_file(ours=True)
    with pytest.raises(error, match="not there" if native else "take its session in again"):
        jobs.set_up_shot(scene, clip, stand_in=True, catcher=True)
    assert dump_file(ours=True) == before and BEFORE not in scene
