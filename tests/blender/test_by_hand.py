"""Solving again from a clip's tracks as the artist left them, by the button."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import bpy
import numpy as np
import pytest

from addon import jobs, watch
from addon.operators.track import TRACKED_SHOT_OT_settle_changes
from addon.tracking.blender import camera_presets
from addon.tracking.blender.assemble import assemble_shot_with_tracking
from addon.tracking.blender.clip import (
    PREFIX,
    add_tracks,
    camera_object,
    clip_editor,
    load_clip,
    select_track,
)
from addon.tracking.blender.clip_state import forget_taken, taken_session
from addon.tracking.errors import InputError
from addon.tracking.session import TrackingSessionManager, load_session, resume_tracking
from addon.watch import sessions, timer, workers
from tests.blender.synthetic import make_shot
from tests.blender.test_operators import drawn


@pytest.fixture(scope="module")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> TrackingSessionManager:
    """A session of a drawn clip that is solved."""
    from addon.tracking.session import create_session

    file = tmp_path_factory.mktemp("hand") / "drawn.avi"
    drawn().draw_clip(file, frames=24)
    return resume_tracking(create_session(file, "drawn", directory=file.parent))


@pytest.fixture
def clip(
    blender_file: ModuleType, tracked: TrackingSessionManager, tmp_path: Path
) -> Iterator[bpy.types.MovieClip]:
    """The clip with the session's tracks in it; the session is a copy for this test alone."""
    footage = tmp_path / "drawn.avi"
    footage.write_bytes(tracked.footage_path().read_bytes())
    copy = tmp_path / "drawn.tracksession"
    copy.write_bytes(tracked.path.read_bytes())
    session = load_session(copy)
    session.relocate(footage)
    clip = bpy.data.movieclips.load(str(footage))
    bpy.context.scene.active_clip = clip
    watch.take_in(clip, session)
    yield clip
    timer.forget()


def delete(clip: bpy.types.MovieClip, names: list[str]) -> None:
    with clip_editor(bpy.context, clip):
        for track in clip.tracking.tracks:
            select_track(track, track.name in names)
        bpy.ops.clip.delete_track()


def by_hand(clip: bpy.types.MovieClip, like: str, name: str) -> bpy.types.MovieTrackingTrack:
    """A track of the artist's own that follows what one of ours does."""
    ours = clip.tracking.tracks[like]
    markers = [marker for marker in ours.markers if not marker.mute]
    own = clip.tracking.tracks.new(name=name, frame=markers[0].frame)
    for marker in markers:
        own.markers.insert_frame(marker.frame).co = marker.co
    return own


def solve_again(clip: bpy.types.MovieClip) -> TrackingSessionManager:
    """Presses the button, waits for the process, and takes in what it found."""
    assert bpy.ops.tracked_shot.solve_again() == {"FINISHED"}
    session = load_session(clip.tracked_shot.session)
    assert workers.started[session.path].wait(120) == 0
    sessions.follow(watch.state_of(clip))
    assert watch.state_of(clip).finished and watch.state_of(clip).followed
    watch.take_in(clip, session)
    return session


def stale(clip: bpy.types.MovieClip) -> str:
    return jobs.stale(clip, load_session(taken_session(clip)))


def test_what_the_artist_did_is_told_and_counted_in(clip: bpy.types.MovieClip) -> None:
    ours = [track.name for track in clip.tracking.tracks]
    assert all(name.startswith(PREFIX) for name in ours) and stale(clip) == ""
    delete(clip, ours[:2])
    tracks = clip.tracking.tracks
    tracks[ours[2]].weight = 0.0
    tracks[ours[3]].markers[2].co.x += 0.0001
    moved = [tuple(marker.co) for marker in tracks[ours[3]].markers]
    own = by_hand(clip, ours[4], "Mine")
    own.weight = 0.5
    by_hand(clip, ours[5], "No Say").weight = 0.0
    assert stale(clip) == "1 track moved, 1 switched off or on, 2 deleted, 1 added"

    session = solve_again(clip)
    solve, counted = session.solve(), session.tracks()
    used = [counted.names[number] for number in solve.point_tracks]
    assert "Mine" in used and counted.weights[counted.names.index("Mine")] == 0.5
    assert not {name.removeprefix(PREFIX) for name in ours[:3]} & set(used)
    assert ours[3].removeprefix(PREFIX) in used and stale(clip) == ""
    tracks = clip.tracking.tracks
    assert ours[0] not in tracks and tracks[ours[2]].weight == 0.0
    assert [tuple(marker.co) for marker in tracks[ours[3]].markers] == moved
    assert (tracks["Mine"].weight, tracks["No Say"].weight) == (0.5, 0.0)
    assert PREFIX + "Mine" not in tracks
    assert clip.tracked_shot.verdict in ("good", "usable") and not clip.tracked_shot.native_trouble
    assert clip.tracking.reconstruction.is_valid

    # What was done stays done in the next solve, and what is taken back is.
    tracks[ours[2]].weight = 1.0
    delete(clip, ["Mine"])
    assert stale(clip) == "1 track switched off or on, 1 deleted"
    session = solve_again(clip)
    used = [session.tracks().names[number] for number in session.solve().point_tracks]
    assert ours[2].removeprefix(PREFIX) in used and "Mine" not in used
    assert not {name.removeprefix(PREFIX) for name in ours[:2]} & set(used)


def test_what_was_solved_by_hand_is_kept_by_a_shot_file(clip: bpy.types.MovieClip) -> None:
    """Solve Again, then a build of the same footage: its tracks are the artist's, not the session's."""
    track = next(track for track in clip.tracking.tracks if len(track.markers) > 10)
    marker, name = track.markers[4], track.name
    marker.co.x += 0.01
    frame, place = marker.frame, tuple(marker.co)
    session = solve_again(clip)
    values = {
        "footage": {"file": str(jobs.footage_path(clip))},
        "tracking": {"session": str(session.path)},
    }
    before = session.path.read_bytes()
    result = assemble_shot_with_tracking({"shot": values}, scene=bpy.context.scene)
    assert result.clip == clip and result.solve is not None
    assert tuple(clip.tracking.tracks[name].markers.find_frame(frame).co) == place
    assert session.path.read_bytes() == before
    assert not [line for line in result.warnings if "by hand" in line]


def test_a_camera_from_the_artists_tracks_alone(clip: bpy.types.MovieClip) -> None:
    ours = sorted(
        (track.name for track in clip.tracking.tracks), key=lambda n: -len(clip.tracking.tracks[n].markers)
    )
    own = [by_hand(clip, name, f"Hand {number}").name for number, name in enumerate(ours[:10])]
    delete(clip, [track.name for track in clip.tracking.tracks if track.name not in own])
    memory = clip.tracked_shot
    memory.session = ""
    forget_taken(clip)
    memory.taken_in = False
    timer.forget()
    session = solve_again(clip)
    assert not session.follows and session.path.stem == "drawn_by_hand"
    assert memory.taken_in and memory.frames_solved == 24 and stale(clip) == ""
    assert abs(memory.focal_length - 30.0) < 1.5
    assert sorted(track.name for track in clip.tracking.tracks) == sorted(own)
    # The same session is solved again; Track & Solve takes another one.
    delete(clip, own[:1])
    assert solve_again(clip).path == session.path
    assert jobs.take_up(clip, watch.checked(clip).preflight.footage).path != session.path


def test_a_solve_of_blenders_own_is_improved(blender_file: ModuleType, tmp_path: Path) -> None:
    """Tracks made and solved with Blender's tools, with the wrong lens: Solve Again finds the right one."""
    shot = make_shot(tmp_path, frames=24)
    clip = load_clip(shot.movie)
    bpy.context.scene.active_clip = clip
    few = np.random.default_rng(2).permutation(np.flatnonzero(shot.tracks.lengths() >= 20))[:16]
    chosen = np.isin(np.arange(shot.tracks.count), few)
    names = add_tracks(clip, shot.tracks.subset(chosen))
    clip.tracking.camera.focal_length = 1.3 * shot.solve.lens.focal_px / clip.size[0] * 35.0
    clip.tracking.camera.sensor_width = 35.0
    camera_object(clip).keyframe_a, camera_object(clip).keyframe_b = 3, 20
    with clip_editor(bpy.context, clip):
        assert bpy.ops.clip.solve_camera() == {"FINISHED"}
    before = clip.tracking.reconstruction.average_error
    solve_again(clip)
    memory = clip.tracked_shot
    assert memory.frames_solved == 24 and memory.average_error < 0.1 * before
    assert memory.focal_length / 35.0 * clip.size[0] == pytest.approx(shot.solve.lens.focal_px, rel=0.01)
    assert not memory.native_trouble and sorted(track.name for track in clip.tracking.tracks) == sorted(names)
    assert clip.tracking.reconstruction.average_error < 0.1 * before


def test_the_artists_tracks_are_counted_in_where_it_is_tracked(clip: bpy.types.MovieClip) -> None:
    by_hand(clip, clip.tracking.tracks[4].name, "Mine")
    session = jobs.take_up(clip, watch.checked(clip).preflight.footage, fresh=True)
    resume_tracking(session)
    counted = session.tracks()
    assert counted.names[-1] == "Mine" and counted.own.sum() == 1
    assert counted.count - 1 in session.solve().point_tracks
    watch.take_in(clip, session)
    assert stale(clip) == ""


def test_too_few_tracks_are_refused(clip: bpy.types.MovieClip) -> None:
    for track in list(clip.tracking.tracks)[7:]:
        track.weight = 0.0
    with pytest.raises(RuntimeError, match="7 tracks that can be used; a camera takes 8"):
        bpy.ops.tracked_shot.solve_again()
    delete(clip, [track.name for track in clip.tracking.tracks])
    assert not bpy.ops.tracked_shot.solve_again.poll()


def test_tracks_without_a_say_are_hushed_while_blender_solves(
    clip: bpy.types.MovieClip,
) -> None:
    """A track on something that moves would spoil Blender's camera; ours does not rest on it."""
    own = by_hand(clip, clip.tracking.tracks[4].name, "Car")
    random = np.random.default_rng(1)
    for marker in own.markers:
        marker.co = np.array(marker.co) + random.normal(0, 0.05, 2)
        marker.mute = False
    watch.take_in(clip, load_session(clip.tracked_shot.session))
    assert not clip.tracked_shot.native_trouble
    car = camera_object(clip).tracks["Car"]
    assert car.weight == 1.0 and not any(marker.mute for marker in car.markers)


def test_what_helps_has_buttons(clip: bpy.types.MovieClip) -> None:
    """The worst tracks are selected, the worst frame is shown, and it is solved without those tracks."""
    assert not bpy.ops.tracked_shot.switch_off_and_solve.poll() or any(t.select for t in clip.tracking.tracks)
    session = load_session(clip.tracked_shot.session)
    solve, tracks = session.solve(), session.tracks()
    counts = tracks.lengths()[solve.point_tracks]
    assert bpy.ops.tracked_shot.select_worst(count=3) == {"FINISHED"}
    chosen = {track.name for track in clip.tracking.tracks if track.select}
    assert len(chosen) == 3 and clip.tracking.tracks.active.name in chosen
    harm = solve.point_errors * solve.point_errors * counts
    likely = {PREFIX + tracks.names[n] for n in solve.point_tracks[np.argsort(-harm)[:12]]}
    assert chosen <= likely

    scene = bpy.context.scene
    worst = int(solve.frames[np.argmax(solve.frame_errors)])
    assert bpy.ops.tracked_shot.show_worst_frame() == {"FINISHED"}
    assert scene.frame_current == clip.frame_start + worst - 1
    assert bpy.ops.tracked_shot.show_worst_frame() == {"FINISHED"}
    assert scene.frame_current != clip.frame_start + worst - 1

    assert bpy.ops.tracked_shot.switch_off_and_solve() == {"FINISHED"}
    assert {track.name for track in clip.tracking.tracks if track.weight == 0} == chosen
    assert workers.started[session.path].wait(120) == 0
    again = load_session(session.path)
    used = {PREFIX + again.tracks().names[number] for number in again.solve().point_tracks}
    assert not used & chosen and again.solve().average_error < solve.average_error


def test_the_principal_point_is_found_on_wish(clip: bpy.types.MovieClip) -> None:
    assert not clip.tracked_shot.find_axis
    clip.tracked_shot.find_axis = True
    session = solve_again(clip)
    found = session.solve().lens.principal
    assert session.lens().refine_principal and clip.tracked_shot.find_axis and found is not None
    width, height = clip.size
    assert found == pytest.approx((0.5 * width, 0.5 * height), abs=0.02 * width)
    assert tuple(clip.tracking.camera.principal_point_pixels) == pytest.approx(found, abs=1e-3)
    assert not clip.tracked_shot.native_trouble
    clip.tracked_shot.find_axis = False
    assert solve_again(clip).solve().lens.principal is None
    assert tuple(clip.tracking.camera.principal_point_pixels) == pytest.approx((0.5 * width, 0.5 * height))


def test_selecting_is_seen_at_once_by_the_button(clip: bpy.types.MovieClip) -> None:
    """Nobody is called where a track is selected: the button looks each time, at the camera's tracks."""
    poll = bpy.ops.tracked_shot.switch_off_and_solve.poll
    tracks = camera_object(clip).tracks
    for track in tracks:
        select_track(track, False)
    assert not poll()
    for other in (tracks[-1], tracks[3]):
        tracks.active = tracks[0]
        select_track(other, True)
        assert poll()
        other.weight = 0.0
        assert not poll(), "it has no weight already"
        other.weight = 1.0
        assert poll()
        tracks.active = other
        assert poll()
        select_track(other, False)
        assert not poll()
    car = clip.tracking.objects.new("Car")
    clip.tracking.objects.active = car
    wheel = car.tracks.new(name="Wheel", frame=1)
    car.tracks.active = wheel
    wheel.select = True
    assert not poll(), "that is none of the camera's"
    clip.tracking.objects.active = camera_object(clip)
    clip.tracking.objects.remove(car)


def test_each_way_to_settle_changes_says_what_it_does(clip: bpy.types.MovieClip) -> None:
    given = bpy.context.window_manager.operator_properties_last("tracked_shot.settle_changes")
    said = []
    for given.changed in (jobs.MINE, jobs.SESSION):
        said.append(TRACKED_SHOT_OT_settle_changes.description(bpy.context, given))
    assert said[0].startswith("Take the rest in") and said[1].startswith("Put the tracks back")


def test_too_few_would_be_left(clip: bpy.types.MovieClip) -> None:
    for track in list(clip.tracking.tracks)[9:]:
        track.weight = 0.0
    for number, track in enumerate(clip.tracking.tracks):
        select_track(track, number < 3)
    with pytest.raises(RuntimeError, match="6 tracks would be left; a camera takes 8"):
        bpy.ops.tracked_shot.switch_off_and_solve()
    assert sum(track.weight > 0 for track in clip.tracking.tracks) == 9


def test_a_known_lens_by_blenders_camera_presets(clip: bpy.types.MovieClip) -> None:
    presets = camera_presets.camera_presets()
    assert len(presets) > 20 and all(preset.sensor_width_mm > 1 for preset in presets)
    name = next(
        preset.name for preset in presets if preset.name.startswith("APS-C") and "(" not in preset.name
    )
    chosen = camera_presets.camera_preset(name.lower())
    with pytest.raises(InputError, match=f"no camera preset '{name}X'.*did you mean '{name}'"):
        camera_presets.camera_preset(f"{name}X")
    before = load_session(clip.tracked_shot.session)
    focal = 30.0 * chosen.sensor_width_mm / 36.0
    assert bpy.ops.tracked_shot.solve_known_lens(camera=name, focal_length=focal) == {"FINISHED"}
    session = load_session(clip.tracked_shot.session)
    assert session.path != before.path and clip.tracked_shot.lens_known
    start = session.lens()
    assert not start.refine and start.sensor_width_mm == pytest.approx(chosen.sensor_width_mm)
    assert workers.started[session.path].wait(120) == 0
    solve = load_session(session.path).solve()
    assert solve.lens.focal_px == pytest.approx(30.0 / 36.0 * clip.size[0], rel=1e-5)
    assert solve.focal_interval_mm is None


def test_a_camera_preset_is_read_and_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Mine_&_Yours.py").write_text(
        "exit()\ncamera.sensor_width = 12.5\ncamera.focal_length = 8\ncamera.units = 'MILLIMETERS'\n"
    )
    (tmp_path / "broken.py").write_text("camera.sensor_width = wide\n")
    (tmp_path / "pixels.py").write_text(
        "camera.sensor_width = 5\ncamera.focal_length=900\ncamera.units = 'PIXELS'\n"
    )
    monkeypatch.setattr(bpy.utils, "preset_paths", lambda _folder: [str(tmp_path)])
    found = camera_presets.camera_presets()
    assert [(item.sensor_width_mm, item.focal_length_mm) for item in found] == [(12.5, 8.0), (5.0, None)]
