"""The artist's tracks are kept in the session to the bit, and what the artist did to ours is seen."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from addon import registration  # noqa: E402
from addon.tracking.blender import clip_state  # noqa: E402
from addon.tracking.blender.clip import PREFIX, load_clip, put_tracks  # noqa: E402
from addon.tracking.blender.take_in import take_in  # noqa: E402
from addon.tracking.session import create_session  # noqa: E402
from addon.tracking.session.clip_tracks import load_snapshot  # noqa: E402
from tests.blender.synthetic import make_shot  # noqa: E402
from tests.conftest import empty_file  # noqa: E402


@pytest.fixture(scope="module")
def shot(tmp_path_factory):
    return make_shot(tmp_path_factory.mktemp("shot"), 320, 180)


@pytest.fixture
def clip(shot):
    empty_file()
    return load_clip(shot.movie)


@pytest.fixture(autouse=True, scope="module")
def properties():
    registered = hasattr(bpy.types.MovieClip, "tracked_shot")
    if not registered:
        registration.register()
    yield
    if not registered:
        registration.unregister()


@pytest.fixture
def session(shot, tmp_path):
    return create_session(shot.movie, "hand", directory=tmp_path)


def hand_track(clip, name="Nose", frames=(3, 4, 5, 9), owner=None):
    """A track as an artist would leave it: odd places, a pattern that is no square, settings changed."""
    owner = owner or clip.tracking.objects[0]
    track = owner.tracks.new(name=name, frame=frames[0])
    for at, frame in enumerate(frames):
        marker = track.markers[0] if at == 0 else track.markers.insert_frame(frame)
        marker.co = (0.1 + 0.0371 * at, 0.2 + 0.0113 * at)
        marker.pattern_corners = [(-0.02, -0.03), (0.021, -0.029), (0.02, 0.033), (-0.019, 0.03)]
        marker.search_min, marker.search_max = (-0.07, -0.08), (0.09, 0.06)
    track.markers[1].mute = True
    track.weight, track.weight_stab, track.margin, track.correlation_min = 0.37, 0.81, 7, 0.66
    track.use_custom_color, track.color, track.offset = True, (0.1, 0.7, 0.3), (0.011, -0.007)
    track.motion_model, track.pattern_match, track.frames_limit = "Affine", "PREV_FRAME", 12
    track.use_blue_channel, track.use_normalization, track.use_brute, track.lock = False, True, False, True
    return track


def digests(clip):
    snapshot = clip_state.read_clip(clip)
    return [item.digest() for item in (*snapshot.tracks, *snapshot.planes)]


def delete(clip, name):
    """As the artist would: select it, delete it."""
    with clip_state.clip_editor(bpy.context, clip):
        for track in clip.tracking.tracks:
            clip_state.select_track(track, track.name == name)
        bpy.ops.clip.delete_track()


def test_a_checkpoint_gives_back_every_bit(clip, session, shot):
    hand_track(clip)
    hand_track(clip, "Bus", (1, 2), clip.tracking.objects.new("Bus"))
    before = digests(clip)
    assert clip_state.checkpoint_clip(clip, session) == 2
    empty_file()
    fresh = load_clip(shot.movie)
    assert fresh.tracking.tracks.keys() == []
    assert clip_state.restore_clip(fresh, session) == []
    assert digests(fresh) == before
    bus = fresh.tracking.objects["Bus"].tracks["Bus"]
    assert tuple(bus.markers[1].co) == tuple(np.float32([0.1371, 0.2113]))
    assert not bus.use_blue_channel and bus.markers[1].mute


def test_a_checkpoint_writes_only_what_changed(clip, session):
    nose = hand_track(clip)
    hand_track(clip, "Ear")
    assert clip_state.checkpoint_clip(clip, session) == 2
    assert clip_state.checkpoint_clip(clip, session) == 0
    nose.markers[2].co.x += 0.001
    assert clip_state.checkpoint_clip(clip, session) == 1
    delete(clip, "Ear")
    assert clip_state.checkpoint_clip(clip, session) == 1
    assert [track.name for track in load_snapshot(session.store).tracks] == ["Nose"]


def test_save_checkpoint_takes_in_the_tracks_of_the_open_file(clip, session):
    hand_track(clip)
    session.save_checkpoint(frame=5, operation="track_forward")
    assert [track.name for track in load_snapshot(session.store).tracks] == ["Nose"]
    assert session.get_resume_point().operation == "track_forward"


def test_what_changed_of_the_artists_own_is_told(clip, session):
    nose = hand_track(clip)
    hand_track(clip, "Ear")
    hand_track(clip, "Chin")
    clip_state.checkpoint_clip(clip, session)
    nose.weight = 0.5
    delete(clip, "Ear")
    hand_track(clip, "Eye")
    found = clip_state.clip_differences(clip, session)
    assert (found.added, found.changed, found.lost) == (("Eye",), ("Nose",), ("Ear",))
    assert not found.ours
    clip_state.restore_clip(clip, session)
    found = clip_state.clip_differences(clip, session)
    assert (found.added, found.changed, found.lost) == (("Eye",), (), ())
    assert nose.weight == np.float32(0.37)


def test_what_the_artist_did_to_ours_is_seen_and_kept(clip, session, shot):
    take_in(clip, shot.tracks, None)
    clip_state.note_taken(clip, session)
    assert not clip_state.clip_differences(clip, session).ours
    names = [track.name for track in clip.tracking.tracks][:4]
    moved, muted, off, gone = (clip.tracking.tracks[name] for name in names)
    moved.markers[1].co.x += 0.01
    muted.markers[2].mute = True
    off.weight = 0.0
    delete(clip, gone.name)
    found = clip_state.clip_differences(clip, session)
    assert (found.moved, found.muted, found.deleted) == ((names[0],), (names[1], names[2]), (names[3],))
    assert found.text() == "1 track moved, 2 switched off, 1 deleted"
    place = tuple(clip.tracking.tracks[names[0]].markers[1].co)
    take_in(clip, shot.tracks, None, keep=found.ours)
    assert tuple(clip.tracking.tracks[names[0]].markers[1].co) == place
    assert clip.tracking.tracks[names[2]].weight == 0.0
    assert names[3] not in clip.tracking.tracks
    assert len(clip.tracking.tracks) == len(shot.tracks.names) - 1
    take_in(clip, shot.tracks, None)
    assert not clip_state.clip_differences(clip, session).ours


def test_ours_that_the_artist_changed_are_part_of_a_checkpoint(clip, session, shot):
    take_in(clip, shot.tracks, None)
    clip_state.note_taken(clip, session)
    clip.tracking.tracks[0].markers[1].co.x += 0.01
    clip_state.checkpoint_clip(clip, session)
    assert [track.name for track in load_snapshot(session.store).tracks] == [clip.tracking.tracks[0].name]


def test_a_selection_is_left_as_it_was(clip, session, shot):
    hand_track(clip)
    put_tracks(clip, shot.tracks)
    clip_state.note_taken(clip, session)
    for track in clip.tracking.tracks:
        clip_state.select_track(track, track.name.endswith("3") or track.name == "Nose")
    before = [track.name for track in clip.tracking.tracks if track.select]
    clip_state.checkpoint_clip(clip, session)
    clip_state.clip_differences(clip, session)
    assert [track.name for track in clip.tracking.tracks if track.select] == before
    assert PREFIX + shot.tracks.names[0] in clip.tracking.tracks


def test_a_plane_track_comes_back(clip, session):
    for name, place in zip("ABCD", [(0.3, 0.3), (0.6, 0.3), (0.6, 0.6), (0.3, 0.6)], strict=True):
        track = clip.tracking.tracks.new(name=name, frame=1)
        for frame in range(1, 11):
            marker = track.markers.insert_frame(frame) if frame > 1 else track.markers[0]
            marker.co = (place[0] + 0.005 * frame, place[1])
    with clip_state.clip_editor(bpy.context, clip) as space:
        space.clip_user.frame_current = 1
        for track in clip.tracking.tracks:
            clip_state.select_track(track, True)
        bpy.ops.clip.create_plane_track()
    plane = clip.tracking.plane_tracks[0]
    plane.name, plane.image_opacity = "Poster", 0.4
    before = digests(clip)
    clip_state.checkpoint_clip(clip, session)
    with clip_state.clip_editor(bpy.context, clip):
        for track in clip.tracking.tracks:
            clip_state.select_track(track, False)
        plane.select = True
        bpy.ops.clip.delete_track()
    assert len(clip.tracking.plane_tracks) == 0
    assert clip_state.restore_clip(clip, session) == []
    assert clip.tracking.plane_tracks[0].name == "Poster"
    assert digests(clip) == before
