"""Second looks: where few points are, more are looked for, and the camera is solved again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from addon.tracking.engine.by_hand import HandTrack
from addon.tracking.engine.footage import Footage, open_footage
from addon.tracking.engine.model import LensStart, Solve, Tracks
from addon.tracking.engine.plan import NO_GAIN, Job, Step, run
from addon.tracking.engine.second_look import AROUND, LONGEST, is_better, look_again, thin_stretches
from addon.tracking.engine.track import collect_tracks
from addon.tracking.engine.verdict import points_in_frames
from addon.tracking.errors import Cancelled
from addon.tracking.session import (
    TrackingSessionManager,
    create_session,
    load_session,
    run_session,
    solve_again,
)
from addon.tracking.session.status import SessionStatus
from tests import drawn

BEFORE_THE_LENS = range(14, 27)


def _draw(folder: Path, share: float) -> tuple[Path, drawn.Truth]:
    path = folder / "board.avi"
    return path, drawn.draw_clip(path, planes=drawn.plain_board(BEFORE_THE_LENS, share))


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, drawn.Truth]:
    """A clip with a plain board before the lens for a while: what is beside it has few points."""
    return _draw(tmp_path_factory.mktemp("board"), 0.7)


@pytest.fixture(scope="module")
def looked(
    board: tuple[Path, drawn.Truth], tmp_path_factory: pytest.TempPathFactory
) -> TrackingSessionManager:
    """A session of it that was never interrupted."""
    session = create_session(board[0], "looked", directory=tmp_path_factory.mktemp("looked"))
    for _ in run_session(session):
        pass
    return session


def _work(footage: Footage, **how: object) -> tuple[Job, list[Step]]:
    job = Job(footage, **how)  # type: ignore[arg-type]
    return job, list(run(job))


def _solve(steps: list[Step]) -> Solve:
    assert steps[-1].solve is not None
    return steps[-1].solve


def test_thin_frames_are_looked_at_again_and_the_camera_is_better(
    board: tuple[Path, drawn.Truth], looked: TrackingSessionManager
) -> None:
    path, truth = board
    _, steps = _work(open_footage(path), may_look=False)
    before, after = _solve(steps), looked.solve()
    assert after is not None
    looks = looked.store.looks()
    assert [look.frame for look in looks] == [BEFORE_THE_LENS[-1] + AROUND]
    tracks = looked.tracks()
    thin = np.isin(after.frames, BEFORE_THE_LENS)
    first = tracks.subset(np.arange(tracks.count) < looks[0].tracks.start)
    assert points_in_frames(after, tracks)[thin].min() > 1.3 * points_in_frames(before, first)[thin].min()
    assert np.isin(after.point_tracks, looks[0].tracks).sum() > 20
    assert (before.verdict, after.verdict) == ("usable", "good")
    errors = [drawn.path_error_percent(solve.cameras, truth.cameras) for solve in (before, after)]
    assert errors[1] < errors[0] < 0.1
    done = [step[0] for step in looked.store.steps()]
    assert done == sorted(done)
    assert {"track", "clean", "solve", "look"} == {step[2] for step in looked.store.steps()}
    assert looked.store.verify() == []


def test_the_share_that_is_done_only_grows(board: tuple[Path, drawn.Truth]) -> None:
    _, steps = _work(open_footage(board[0]))
    done = [step.done for step in steps]
    assert done == sorted(done) and done[-1] == 1.0
    assert [step.solve is not None for step in steps] == [False] * (len(steps) - 1) + [True]


def test_a_job_that_ends_after_the_look_comes_to_the_same_camera(
    board: tuple[Path, drawn.Truth], looked: TrackingSessionManager, tmp_path: Path
) -> None:
    """The first solve is done again, from the tracks that were there then, and the look is not."""
    session = create_session(board[0], "ended", directory=tmp_path)
    work = run_session(session)
    for step in work:
        if step.stage == "look":
            break
    work.close()
    assert session.status is SessionStatus.INTERRUPTED
    assert session.store.last_solve() is None
    assert load_session(session.path).store.verify() == []
    stages = [step.stage for step in run_session(session)]
    assert "track" not in stages and "look" not in stages
    one, other = session.solve(), looked.solve()
    assert one is not None and other is not None
    assert (one.cameras == other.cameras).all() and one.lens == other.lens
    assert (one.point_tracks == other.point_tracks).all()
    assert session.tracks().reasons == looked.tracks().reasons


def test_pausing_is_heeded_after_the_look(board: tuple[Path, drawn.Truth], tmp_path: Path) -> None:
    session = create_session(board[0], "paused", directory=tmp_path)
    work = run_session(session)
    with pytest.raises(Cancelled):
        for step in work:
            if step.stage == "look":
                session.ask("pause")
    assert session.status is SessionStatus.PAUSED


def test_solving_again_takes_no_third_look(looked: TrackingSessionManager) -> None:
    """A track that was deleted by hand is left out; those of the look stay in use."""
    number = int(looked.store.looks()[0].tracks[0])
    solve_again(looked, looked.lens(), [HandTrack("deleted", number, reason="deleted by hand")])
    stages = [step.stage for step in run_session(looked)]
    assert "look" not in stages and "track" not in stages
    solve = looked.solve()
    assert solve is not None and solve.verdict == "good"
    assert number not in solve.point_tracks
    assert np.isin(solve.point_tracks, looked.store.looks()[0].tracks).sum() > 20


def test_from_another_lens_the_look_that_was_taken_counts(
    looked: TrackingSessionManager,
) -> None:
    copy = solve_again(looked, LensStart(24.0), [])
    assert copy.path != looked.path
    stages = [step.stage for step in run_session(copy)]
    assert "look" not in stages
    one, other = copy.solve(), looked.solve()
    assert one is not None and other is not None
    assert one.lens.focal_length_mm == pytest.approx(other.lens.focal_length_mm, rel=1e-3)


def test_tracks_of_the_artist_keep_their_places(board: tuple[Path, drawn.Truth]) -> None:
    """They are numbered after the engine's, of which there are more after the look."""
    footage = open_footage(board[0])
    job, _ = _work(footage, solve=False)
    assert job.state is not None
    own = []
    for number in range(3):
        frames = np.concatenate([part.frames[part.tracks == number] for part in job.markers])
        points = np.concatenate([part.points[part.tracks == number] for part in job.markers])
        order = np.argsort(frames)
        xy = np.stack([points[:, 0] + 0.5, footage.height - 0.5 - points[:, 1]], 1)[order]
        own.append(HandTrack(f"Mine {number}", frames=frames[order], xy=xy.astype(np.float64)))
    job, steps = _work(footage, hand=own)
    assert job.looks and job.state is not None
    solve = _solve(steps)
    places = {int(track): point for track, point in zip(solve.point_tracks, solve.points)}
    for number in range(3):
        assert np.allclose(places[job.state.count + number], places[number], atol=0.02)


def test_a_look_that_gains_nothing_leaves_the_camera(tmp_path: Path) -> None:
    """Its tracks are switched off, and stay so when the artist solves again."""
    path, _ = _draw(tmp_path, 0.8)
    session = create_session(path, "nothing", directory=tmp_path)
    assert [step.stage for step in run_session(session)].count("look") == 1
    found = session.solve()
    assert found is not None
    _, steps = _work(open_footage(path), may_look=False)
    assert (found.cameras == _solve(steps).cameras).all()
    look = session.store.looks()[0].tracks
    assert {session.tracks().reasons[number] for number in look} == {NO_GAIN}
    solve_again(session, session.lens(), [HandTrack("deleted", 0, reason="deleted by hand")])
    for _ in run_session(session):
        pass
    again = session.solve()
    assert again is not None and not np.isin(again.point_tracks, look).any()
    assert {session.tracks().reasons[number] for number in look} == {NO_GAIN}


# --- which frames ------------------------------------------------------------


def _made(counts: list[int], missing: tuple[int, ...] = (), wide: bool = True) -> tuple[Solve, Tracks]:
    """A solve of frames with so many points each; every marker is a track of its own."""
    frame = np.repeat(np.arange(1, len(counts) + 1), counts).astype(np.int32)
    chance = np.random.default_rng(5)
    xy = chance.uniform(0, 1, (len(frame), 2)) * ([960, 540] if wide else [100, 100])
    track = np.arange(len(frame), dtype=np.int32)
    tracks = Tracks(960, 540, len(counts), track, frame, xy, [str(n) for n in track])
    frames = np.array([n for n in range(1, len(counts) + 1) if n not in missing], np.int32)
    none = np.zeros(len(frames))
    cameras = np.tile(np.eye(4), (len(frames), 1, 1))
    cameras[:, 0, 3] = frames
    solve = Solve(
        lens=None,  # type: ignore[arg-type]
        frames=frames,
        cameras=cameras,
        points=np.zeros((len(track), 3)),
        point_tracks=track,
        point_errors=np.zeros(len(track)),
        frame_errors=none,
        average_error=0.1,
        keyframes=(1, len(counts)),
        position_sigmas=none + 0.01,
    )
    return solve, tracks


def test_stretches_reach_beyond_what_is_thin_but_not_beyond_the_range() -> None:
    counts = [90] * 30 + [20] * 3 + [90] * 30 + [10] + [90] * 36
    assert thin_stretches(*_made(counts), 1, 100) == [(31 - AROUND, 33 + AROUND), (64 - AROUND, 64 + AROUND)]
    assert thin_stretches(*_made(counts), 25, 70) == [(25, 33 + AROUND), (64 - AROUND, 70)]
    assert thin_stretches(*_made([90] * 100), 1, 100) == []


def test_a_frame_without_a_camera_and_one_with_points_in_a_corner_are_thin() -> None:
    assert thin_stretches(*_made([90] * 60, missing=(30,)), 1, 60) == [(30 - AROUND, 30 + AROUND)]
    poor = replace(_made([90] * 60, wide=False)[0], verdict="poor")
    assert thin_stretches(poor, _made([90] * 60, wide=False)[1], 1, 60) == [(1, 60)]


def test_a_good_solve_that_is_thin_all_over_has_all_there_is() -> None:
    solve, tracks = _made([25] * 60)
    assert thin_stretches(replace(solve, verdict="good"), tracks, 1, 60) == []
    assert thin_stretches(replace(solve, verdict="usable"), tracks, 1, 60) == [(1, 60)]
    assert thin_stretches(replace(solve, motion="still"), tracks, 1, 60) == []


def test_long_stretches_are_looked_at_in_pieces() -> None:
    found = thin_stretches(*_made([20] * 250), 1, 250)
    assert [frame for one in found for frame in range(one[0], one[1] + 1)] == list(range(1, 251))
    assert max(last - first + 1 for first, last in found) <= LONGEST


def test_better_is_no_worse_in_anything_and_better_in_something() -> None:
    first, _ = _made([90] * 20 + [20] * 5 + [90] * 20, missing=(22,))
    more, tracks = _made([90] * 20 + [60] * 5 + [90] * 20)
    first = replace(first, point_tracks=np.arange(first.point_tracks.size, dtype=np.int32))
    assert is_better(more, first, tracks)
    assert not is_better(more, more, tracks)
    assert not is_better(replace(more, verdict="poor"), first, tracks)
    assert not is_better(replace(more, average_error=0.14), first, tracks)
    assert not is_better(replace(more, motion="turns"), first, tracks)
    assert not is_better(replace(more, position_sigmas=more.position_sigmas * 1.5), first, tracks)
    assert is_better(replace(more, position_sigmas=more.position_sigmas * 0.9), more, tracks)
    assert not is_better(replace(more, position_sigmas=np.empty(0)), first, tracks), "how sure is not known"


def test_another_part_of_the_clip_is_no_better_camera() -> None:
    """Two solves that share no frame can't be compared; the first one stays."""
    counts = [90] * 40
    first, _ = _made(counts, missing=tuple(range(16, 41)))
    second, tracks = _made(counts, missing=tuple(range(1, 16)))
    assert not is_better(second, first, tracks)


def test_without_its_mask_no_second_look_is_taken(
    board: tuple[Path, drawn.Truth], caplog: pytest.LogCaptureFixture
) -> None:
    """What was tracked with a mask that is gone is solved; nothing is tracked where it may have been."""
    footage = open_footage(board[0])
    job, _ = _work(footage, solve=False)
    gone = replace(job.settings, mask=str(board[0].with_name("gone.png")))
    known = {"state": job.state, "markers": job.markers, "doubts": job.doubts, "settings": gone}
    with caplog.at_level("WARNING"):
        _, steps = _work(footage, **known)
    assert "look" not in {step.stage for step in steps}
    assert "no second look" in caplog.text and "gone.png" in caplog.text
    _, plain = _work(footage, may_look=False)
    assert (_solve(steps).cameras == _solve(plain).cameras).all()


def test_new_tracks_begin_beside_those_in_use_only(board: tuple[Path, drawn.Truth]) -> None:
    footage = open_footage(board[0])
    job, steps = _work(footage, may_look=False)
    assert job.state is not None
    solve = _solve(steps)
    used = np.zeros(job.state.count, bool)
    used[solve.point_tracks] = True
    tracks = collect_tracks(job.markers, job.state.count, footage.width, footage.height, footage.count)
    kept = tracks.subset(used)
    before = job.state.count
    change = look_again(footage, (10, 30), kept, job.state, job.settings)
    assert change.keys.ids.tolist() == list(range(before, job.state.count))
    assert change.keys.frames.min() >= 10 and change.markers.frames.max() <= 30
    assert (change.live_ids == job.state.live.ids).all()
    for frame in (10, 20, 30):
        here = kept.xy[kept.frame == frame]
        there = np.stack([here[:, 0] - 0.5, footage.height - 0.5 - here[:, 1]], 1)
        begun = change.keys.points[change.keys.frames == frame]
        if len(begun) and len(there):
            apart = np.linalg.norm(begun[:, None] - there[None], axis=2)
            assert apart.min() > 8
