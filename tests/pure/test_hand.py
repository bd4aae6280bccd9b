"""Solving from tracks as an artist left them: changed, deleted, their own, and nothing but their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from addon.tracking.engine.by_hand import DELETED, SWITCHED_OFF, HandTrack, with_hand
from addon.tracking.engine.footage import open_footage
from addon.tracking.engine.model import LensStart, Tracks
from addon.tracking.engine.motion import stillness
from addon.tracking.engine.plan import clean
from addon.tracking.engine.reconstruct import solve_steps
from addon.tracking.errors import SessionDamagedError, SessionError
from addon.tracking.session import (
    SessionStatus,
    TrackingSessionManager,
    create_session,
    find_session,
    load_session,
    resume_tracking,
    run_session,
)
from addon.tracking.session.again import solve_again
from addon.tracking.session.hand import hand_over, numbered_in, numbered_out, solved_hand, waiting_hand
from addon.tracking.session.salvage import recover

FOCAL_MM = 30.0


def three_tracks() -> Tracks:
    return Tracks(
        100,
        50,
        9,
        np.array([0, 0, 1, 1, 2], np.int32),
        np.array([1, 2, 4, 5, 9], np.int32),
        np.arange(10.0).reshape(5, 2),
        ["a", "b", "c"],
        ["", "", "slipped"],
    )


def test_the_tracks_as_the_artist_left_them() -> None:
    hand = [
        HandTrack("b", 1, np.array([5], np.int32), np.array([[50.0, 25.0]]), 0.5),
        HandTrack("a", 0, reason=DELETED),
        HandTrack("mine", None, np.array([1, 2, 12], np.int32), np.full((3, 2), 7.0), 0.25),
    ]
    found = with_hand(three_tracks(), hand)
    assert found.names == ["a", "b", "c", "mine"] and found.own.tolist() == [False, False, False, True]
    assert found.reasons == [DELETED, "", "slipped", ""]
    assert found.weights.tolist() == [1.0, 0.5, 1.0, 0.25]
    assert found.track.tolist() == [0, 0, 1, 2, 3, 3] and found.frame.tolist() == [1, 2, 5, 9, 1, 2]
    assert found.xy[2].tolist() == [50.0, 25.0]
    kept = found.subset(found.enabled)
    assert kept.own.tolist() == [False, True] and kept.weights.tolist() == [0.5, 0.25]
    same = with_hand(three_tracks(), [])
    assert same.names == ["a", "b", "c"] and (same.xy == three_tracks().xy).all()


def test_numbers_in_the_file_do_not_shift_when_tracks_come() -> None:
    numbers = np.array([0, 6, 7, 9], np.int32)
    stored = numbered_in(numbers, 7)
    assert stored.tolist() == [0, 6, -1, -3]
    assert numbered_out(stored, 7).tolist() == numbers.tolist()
    assert numbered_out(stored, 10).tolist() == [0, 6, 10, 12]


@pytest.fixture
def session(whole: TrackingSessionManager, tmp_path: Path) -> TrackingSessionManager:
    copy = tmp_path / "copy.tracksession"
    copy.write_bytes(whole.path.read_bytes())
    return load_session(copy)


def as_hand(tracks: Tracks, numbers: list[int], *, of: bool = False, weight: float = 1.0) -> list[HandTrack]:
    """Tracks of the engine as if an artist had set them."""
    bounds = tracks.bounds()
    return [
        HandTrack(
            tracks.names[n] if of else f"Mine {n}",
            n if of else None,
            tracks.frame[bounds[n] : bounds[n + 1]],
            tracks.xy[bounds[n] : bounds[n + 1]],
            weight,
        )
        for n in numbers
    ]


def test_deleted_changed_and_own_tracks_are_counted_in(session: TrackingSessionManager) -> None:
    tracks, before = session.tracks(), session.solve()
    assert before is not None
    used = before.point_tracks[np.argsort(-tracks.lengths()[before.point_tracks])].tolist()
    moved = as_hand(tracks, [used[2]], of=True)[0]
    hand = [
        HandTrack(tracks.names[used[0]], used[0], reason=DELETED),
        HandTrack(tracks.names[used[1]], used[1], reason=SWITCHED_OFF),
        HandTrack(moved.name, moved.of, moved.frames, moved.xy + [0.02, -0.01]),
        *as_hand(tracks, [used[3]]),
    ]
    assert solve_again(session, session.lens(), hand).path == session.path
    assert session.status is SessionStatus.INTERRUPTED and not solved_hand(session.store)
    stages = [step.stage for step in run_session(session)]
    assert "track" not in stages and session.status is SessionStatus.SOLVED
    reread = load_session(session.path)
    again, counted = reread.solve(), reread.tracks()
    assert again is not None and reread.store.verify() == []
    names = [counted.names[n] for n in again.point_tracks]
    assert f"Mine {used[3]}" in names and counted.own.sum() == 1 and counted.count == tracks.count + 1
    assert tracks.names[used[0]] not in names and tracks.names[used[1]] not in names
    assert counted.reasons[used[0]] == DELETED
    rows = counted.track == used[2]
    assert np.allclose(counted.xy[rows], moved.xy + [0.02, -0.01])
    assert abs(again.lens.focal_length_mm - before.lens.focal_length_mm) < 0.05
    # The next solve counts the same in, unless something else is handed over.
    assert [item.name for item in waiting_hand(reread.store)] == [item.name for item in hand]
    solve_again(reread, reread.lens(), [])
    assert [item.name for item in solved_hand(reread.store)] == [item.name for item in hand]
    resume_tracking(reread)
    assert not load_session(session.path).tracks().own.any()


def test_the_next_solve_goes_on_from_the_camera_that_is_there(session: TrackingSessionManager) -> None:
    before = session.solve()
    assert before is not None
    number = int(before.point_tracks[0])
    solve_again(session, session.lens(), [HandTrack(session.tracks().names[number], number, reason=DELETED)])
    steps = list(run_session(session))
    assert any("last camera" in step.text for step in steps)
    assert not any("Skeleton" in step.text for step in steps)
    again = load_session(session.path).solve()
    assert again is not None and number not in again.point_tracks
    assert abs(again.lens.focal_px / before.lens.focal_px - 1) < 5e-4
    assert again.average_error < 1.05 * before.average_error


def test_a_camera_that_the_tracks_do_not_bear_out_is_not_gone_on_from(
    session: TrackingSessionManager,
) -> None:
    tracks, true = session.tracks(), session.solve()
    assert true is not None
    wrong = true.cameras.copy()
    wrong[:, :3, 3] = wrong[::-1, :3, 3]  # driven backwards
    still = stillness(tracks)
    pairs = clean(tracks, session.settings(), still)
    steps = list(solve_steps(tracks, pairs, session.lens(), still, replace(true, cameras=wrong)))
    found = steps[-1].result
    assert found is not None
    assert abs(found.lens.focal_px / true.lens.focal_px - 1) < 5e-4
    assert found.average_error < 1.05 * true.average_error


def test_a_solve_from_the_artists_tracks_alone(
    session: TrackingSessionManager, clip: Path, tmp_path: Path
) -> None:
    tracks, before = session.tracks(), session.solve()
    assert before is not None
    longest = np.argsort(-tracks.lengths() * np.isin(np.arange(tracks.count), before.point_tracks))[:40]
    alone = create_session(clip, "alone", directory=tmp_path / "alone", follow=False)
    hand_over(alone.store, as_hand(tracks, longest.tolist()))
    assert "track" not in [step.stage for step in run_session(alone)]
    solve = alone.solve()
    assert solve is not None and alone.status is SessionStatus.SOLVED
    assert alone.tracks().count == 40 and len(solve.frames) == 40
    assert abs(solve.lens.focal_length_mm - FOCAL_MM) < 0.5
    # Whoever tracks this footage does not take up what has no tracks of the engine's.
    footage = open_footage(clip)
    assert find_session(alone.path.parent, footage, settings=alone.settings(), lens=alone.lens()) is None


def test_another_lens_counts_the_same_hand_in(session: TrackingSessionManager) -> None:
    hand = as_hand(session.tracks(), [int(session.solve().point_tracks[0])])
    resume_tracking(solve_again(session, session.lens(), hand))
    copy = solve_again(session, LensStart(focal_length_mm=FOCAL_MM, refine=False))
    assert copy.path != session.path and [item.name for item in waiting_hand(copy.store)] == [hand[0].name]
    resume_tracking(copy)
    assert copy.store.verify() == [] and copy.tracks().own.sum() == 1
    assert load_session(session.path).tracks().own.sum() == 1


def test_damage_is_noticed_and_what_was_handed_over_is_saved(session: TrackingSessionManager) -> None:
    hand = as_hand(session.tracks(), [int(session.solve().point_tracks[0])], weight=0.5)
    resume_tracking(solve_again(session, session.lens(), hand))
    path, salvage = recover(session.path)
    assert salvage.exact and not salvage.damage
    saved = load_session(path)
    assert saved.store.verify() == [] and saved.tracks().own.sum() == 1
    assert (saved.solve().point_tracks == session.solve().point_tracks).all()
    with session.store.connect() as db:
        db.execute("UPDATE hand_marker SET x = x + 1")
    with pytest.raises(SessionDamagedError, match="the artist's tracks of camera 2"):
        session.check()
    path, salvage = recover(session.path)
    assert salvage.damage and load_session(path).store.verify() == []


def test_what_is_not_tracked_yet_cannot_be_solved_again(clip: Path, tmp_path: Path) -> None:
    session = create_session(clip, "new", directory=tmp_path)
    with pytest.raises(SessionError, match="not tracked to its end"):
        solve_again(session, session.lens(), [])
