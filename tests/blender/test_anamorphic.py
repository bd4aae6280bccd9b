"""A plate with pixels twice as wide as high: solved, in Blender's clip, and through the scene's camera."""

from __future__ import annotations

import struct
from pathlib import Path
from types import ModuleType

import bpy
import cv2
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from addon import jobs, watch
from addon.tracking.engine.footage import open_footage
from addon.tracking.engine.lens import plate_lens
from addon.tracking.engine.model import LensStart
from addon.tracking.session import TrackingSessionManager, create_session, resume_tracking
from tests import drawn
from tests.blender.synthetic import draw_movie

FRAMES, WIDTH, HEIGHT = 24, 320, 270


@pytest.fixture(scope="module")
def squeezed(tmp_path_factory: pytest.TempPathFactory) -> tuple[TrackingSessionManager, drawn.Truth]:
    """A solved session of a drawn clip of 640 by 270 whose pixels were squeezed to half their width."""
    folder = tmp_path_factory.mktemp("squeezed")
    truth = drawn.draw_clip(folder / "wide.avi", frames=FRAMES, width=2 * WIDTH, height=HEIGHT, k1=-0.06)
    writer = cv2.VideoWriter(
        str(folder / "plate.avi"), cv2.VideoWriter.fourcc(*"HFYU"), 24.0, (WIDTH, HEIGHT)
    )
    for _, picture in open_footage(folder / "wide.avi").pictures():
        writer.write(cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))
    writer.release()
    session = create_session(folder / "plate.avi", directory=folder, lens=LensStart(pixel_aspect=2.0))
    return resume_tracking(session), truth


def test_the_true_lens_and_path_are_found(squeezed: tuple[TrackingSessionManager, drawn.Truth]) -> None:
    session, truth = squeezed
    solve = session.solve()
    assert solve is not None and len(solve.frames) == FRAMES
    assert (solve.lens.width, solve.lens.height, solve.lens.pixel_aspect) == (WIDTH, HEIGHT, 2.0)
    assert solve.lens.focal_length_mm == pytest.approx(truth.focal_mm, rel=0.002)
    assert solve.lens.k1 == pytest.approx(truth.k1, abs=0.003)
    assert drawn.path_error_percent(solve.cameras, truth.cameras) < 0.05


def test_blenders_solve_and_camera_show_it_where_the_plate_has_it(
    blender_file: ModuleType, squeezed: tuple[TrackingSessionManager, drawn.Truth]
) -> None:
    session, _ = squeezed
    clip = bpy.data.movieclips.load(str(session.footage_path()))
    clip.tracking.camera.pixel_aspect, clip.frame_start = 2.0, 11
    assert jobs.lens_start(clip).pixel_aspect == 2.0
    watch.take_in(clip, session)
    assert clip.tracked_shot.native_trouble == ""
    scene = bpy.context.scene
    assert not [
        note for note in jobs.set_up_shot(scene, clip, stand_in=False, catcher=False) if "keys" in note
    ]
    world = jobs.world_of(scene, clip, [])
    tracks, solve = session.tracks(), session.solve()
    size = np.array([WIDTH, HEIGHT])
    straight = plate_lens(solve.lens).undistort(tracks.xy)
    for frame in (1, 12, FRAMES):
        scene.frame_set(10 + frame)
        seen = tracks.frame == frame
        off = []
        for number, place in zip(tracks.track[seen], straight[seen]):
            at = np.flatnonzero(solve.point_tracks == number)
            if len(at):
                spot = world_to_camera_view(scene, scene.camera, Vector(world.points[at[0]]))
                off.append(np.linalg.norm(np.array(spot[:2]) * size - place))
        assert len(off) > 20 and np.median(off) < 0.15


def test_another_aspect_is_another_solve_of_the_same_tracks(
    blender_file: ModuleType, squeezed: tuple[TrackingSessionManager, drawn.Truth], tmp_path: Path
) -> None:
    from addon.tracking.engine.plan import Job, run

    session, truth = squeezed
    job = session.job(open_footage(session.footage_path()))
    square = [step.solve for step in run(Job(job.footage, markers=job.markers, state=job.state))][-1]
    assert square is not None and square.lens.focal_length_mm != pytest.approx(truth.focal_mm, rel=0.02)


def with_wide_pixels(movie: bytes, wide: int, high: int) -> bytes:
    """An MP4 as OpenCV writes it with a pixel aspect box in its picture track (ISO 14496-12, 12.1.4)."""
    entry = movie.index(b"mp4v", movie.index(b"stsd")) - 4
    size = struct.unpack_from(">I", movie, entry)[0]
    grown = bytearray(movie)
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"mp4v"):
        at = movie.rindex(kind, 0, entry + 8) - 4
        struct.pack_into(">I", grown, at, struct.unpack_from(">I", movie, at)[0] + 16)
    return (
        bytes(grown[: entry + size]) + struct.pack(">I4sII", 16, b"pasp", wide, high) + grown[entry + size :]
    )


def test_pixels_that_the_file_says_are_wide_are_told(blender_file: ModuleType, tmp_path: Path) -> None:
    plain = draw_movie(tmp_path / "plain.mp4", 320, 240, 6)
    assert open_footage(plain).pixel_aspect == 1.0
    file = tmp_path / "wide.mp4"
    file.write_bytes(with_wide_pixels(plain.read_bytes(), 2, 1))
    assert open_footage(file).pixel_aspect == 2.0
    clip = bpy.data.movieclips.load(str(file))
    bpy.context.scene.active_clip = clip
    assert bpy.ops.tracked_shot.check_clip() == {"FINISHED"}
    preflight = watch.known(clip).preflight
    assert jobs.other_pixel_aspect(clip, preflight) == 2.0
    assert bpy.ops.tracked_shot.set_pixel_aspect() == {"FINISHED"}
    assert clip.tracking.camera.pixel_aspect == 2.0 and jobs.other_pixel_aspect(clip, preflight) == 0.0
    assert not bpy.ops.tracked_shot.set_pixel_aspect.poll()
