"""Random histories of a session file against a plain model in memory, with the work cut off at every write.

A cut is what a power cut leaves: the file and its journal as they lie on the disk in the middle of a
transaction, with a cache so small that pages have gone to the file already. Opened again, the file must
hold what the last finished transaction left, and nothing of the one that was cut.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from addon.tracking.engine.model import Lens, Solve
from addon.tracking.engine.track import KeyPatches, Markers, TrackChange
from addon.tracking.session import SessionStatus
from addon.tracking.session.clip_tracks import ClipSnapshot, ClipTrack, load_snapshot, save_snapshot
from addon.tracking.session.status import ALLOWED
from addon.tracking.session.store import Store

HISTORIES = int(os.environ.get("TRACKED_SHOT_HISTORIES", "6"))
ACTIONS = 14
SIDE = 7


@dataclass
class Model:
    """What the file should hold."""

    status: SessionStatus = SessionStatus.CREATED
    frame: int = 0
    tracks: list[tuple[Any, ...]] = field(default_factory=list)
    markers: list[tuple[Any, ...]] = field(default_factory=list)
    live: list[tuple[Any, ...]] = field(default_factory=list)
    checksums: dict[int, int] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    hand: dict[str, str] = field(default_factory=dict)
    """Digests of the clip's tracks by name."""
    errors: list[float] = field(default_factory=list)
    """Average error of each camera that was found."""
    steps: int = 0

    def copy(self) -> Model:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Model(**{name: v.copy() if hasattr(v, "copy") else v for name, v in values.items()})


def read(store: Store) -> Model:
    """What the file holds, through the calls that the product reads it by."""
    state = store.run_state()
    keys = [
        key
        for group in store.keys_by_size()
        for key in zip(group.ids, group.frames, group.points, group.pixels)
    ]
    markers = store.markers()
    _, ids, affine = store.following(0, SIDE) if keys else (None, [], [])
    solve = store.last_solve()
    with store.connect() as db:
        errors = [row[0] for row in db.execute("SELECT average_error FROM solve ORDER BY id")]
    if errors:
        assert solve is not None and solve.average_error == errors[-1]
    return Model(
        state.status,
        state.frame,
        [(int(i), int(f), tuple(p.tolist()), pixels.tobytes()) for i, f, p, pixels in keys],
        list(zip(markers.tracks.tolist(), markers.frames.tolist(), map(tuple, markers.points.tolist()))),
        [(int(i), tuple(a.tolist())) for i, a in zip(ids, affine)],
        store.checksums(),
        store.reasons(),
        {track.name: track.digest() for track in load_snapshot(store).tracks},
        errors,
        len(store.steps()),
    )


# --- what can happen to a session --------------------------------------------

Action = Callable[[Store], None]


def tracking(chance: random.Random, model: Model) -> Action:
    """A step of tracking; the model gets it at once."""
    rng = np.random.default_rng(chance.getrandbits(32))
    frame, begun = model.frame + chance.randint(1, 10), chance.randint(0, 30)
    ids = np.arange(len(model.tracks), len(model.tracks) + begun, dtype=np.int32)
    count = len(ids) + len(model.tracks)
    seen = rng.integers(0, count, chance.randint(0, 400) if count else 0).astype(np.int32)
    live = np.unique(seen)
    change = TrackChange(
        frame,
        KeyPatches(
            ids,
            np.full(begun, frame, np.int32),
            rng.random((begun, 2)).astype(np.float32),
            rng.integers(0, 255, (begun, SIDE, SIDE), dtype=np.uint8),
        ),
        Markers(seen, np.full(len(seen), frame, np.int32), rng.random((len(seen), 2)).astype(np.float32)),
        live,
        rng.random((len(live), 6)).astype(np.float32),
    )
    sums = {number: chance.getrandbits(32) for number in range(model.frame + 1, frame + 1)}
    model.status, model.frame, model.steps = SessionStatus.TRACKING, frame, model.steps + 1
    for at in range(begun):
        point = tuple(change.keys.points[at].tolist())
        model.tracks.append((int(ids[at]), frame, point, change.keys.pixels[at].tobytes()))
    model.markers += zip(seen.tolist(), [frame] * len(seen), map(tuple, change.markers.points.tolist()))
    model.live = [(int(i), tuple(a.tolist())) for i, a in zip(live, change.live_affine)]
    model.checksums |= sums
    return lambda store: store.add_tracking(change, "Tracking", 0.1, sums, status=SessionStatus.TRACKING)


def cleaning(chance: random.Random, model: Model) -> Action:
    """Other tracks are switched off than before."""
    chosen = {
        track[0]: chance.choice(["too short", "moves"]) for track in model.tracks if chance.random() < 0.3
    }
    model.reasons, model.steps = chosen, model.steps + 1
    frame = model.frame
    return lambda store: store.set_reasons(chosen, "Outliers out", frame, 0.1)


def by_hand(chance: random.Random, model: Model) -> Action:
    """The artist's tracks as they are now: some new, some changed, some gone."""
    tracks = []
    for name in chance.sample("ABCDEF", chance.randint(0, 6)):
        count = chance.randint(1, 60)
        rng = np.random.default_rng(chance.randint(0, 3))
        tracks.append(
            ClipTrack(
                "Camera",
                name,
                {"weight": chance.choice([0.5, 1.0])},
                np.arange(1, count + 1, dtype=np.int32),
                rng.random((count, 2)).astype(np.float32),
                rng.random((count, 8)).astype(np.float32),
                rng.random((count, 4)).astype(np.float32),
                rng.random(count) < 0.5,
                rng.random(count) < 0.1,
            )
        )
    wanted = {track.name: track.digest() for track in tracks}
    if wanted != model.hand:
        model.steps += 1
    model.hand = wanted
    return lambda store: _save_tracks(store, tracks)


def _save_tracks(store: Store, tracks: list[ClipTrack]) -> None:
    save_snapshot(store, ClipSnapshot(tracks))


def solving(chance: random.Random, model: Model) -> Action:
    """Another camera."""
    rng = np.random.default_rng(chance.getrandbits(32))
    frames, points = chance.randint(2, 40), chance.randint(0, 50)
    solve = Solve(
        Lens(900.0 + chance.random(), 960, 540),
        np.arange(1, frames + 1, dtype=np.int32),
        rng.random((frames, 4, 4)),
        rng.random((points, 3)),
        np.arange(points, dtype=np.int32),
        rng.random(points),
        rng.random(frames),
        chance.random(),
        (1, frames),
        "good",
        [],
        position_sigmas=rng.random(frames) if chance.random() < 0.5 else np.empty(0),
    )
    model.errors.append(solve.average_error)
    model.steps += 1
    frame = model.frame
    return lambda store: store.add_solve(solve, "Camera", frame, 0.1)


def changing(chance: random.Random, model: Model) -> Action:
    """Another status, of those that may follow."""
    status = chance.choice(sorted(ALLOWED[model.status]))
    model.status = status
    return lambda store: _change(store, status)


def _change(store: Store, status: SessionStatus) -> None:
    store.change_run(status=status)


KINDS = (tracking, tracking, tracking, cleaning, by_hand, by_hand, solving, changing)


# --- cutting it off ----------------------------------------------------------


class CutStore(Store):
    """Keeps a copy of the file and its journal after each statement that writes."""

    cuts: list[Path]

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        with super().connect() as db:
            db.execute("PRAGMA cache_size = 2")
            db.execute("PRAGMA cache_spill = 2")
            db.set_trace_callback(self._cut)
            yield db
            db.set_trace_callback(None)

    def _cut(self, statement: str) -> None:
        """Called before each statement: what the one before has left on the disk."""
        journal = self.path.with_name(f"{self.path.name}-journal")
        if not journal.exists() or not journal.stat().st_size:
            return
        if statement.startswith("COMMIT") or len(self.cuts) < 3 or random.random() < 0.02:
            folder = self.path.parent / f"cut-{len(self.cuts)}"
            folder.mkdir()
            shutil.copy(self.path, folder)
            shutil.copy(journal, folder)
            self.cuts.append(folder / self.path.name)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_a_history_cut_off_at_any_write_holds_its_last_finished_step(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    random.seed(seed)
    store = CutStore.create(tmp_path / "s.tracksession", {"name": "s"})
    assert isinstance(store, CutStore)
    model = Model()
    cuts = 0
    for _ in range(ACTIONS):
        possible = KINDS
        if SessionStatus.TRACKING not in (*ALLOWED[model.status], model.status):
            possible = tuple(kind for kind in KINDS if kind is not tracking)
        before = model.copy()
        action = chance.choice(possible)(chance, model)
        store.cuts = []
        action(store)
        for cut in store.cuts:
            left = Store.open(cut)
            assert left.verify() == []
            assert read(left) == before
            shutil.rmtree(cut.parent)
            cuts += 1
        assert store.verify() == []
        assert read(Store.open(store.path)) == model
    assert cuts > ACTIONS / 2


def test_a_write_that_fails_leaves_the_last_finished_step(tmp_path: Path) -> None:
    """Every statement of a step is refused in turn, as by a disk that fails."""
    chance = random.Random(1)
    model = Model()
    first, second = tracking(chance, model), None
    store = Store.create(tmp_path / "s.tracksession", {"name": "s"})
    first(store)
    before = model.copy()
    second = tracking(chance, model)
    refused = 0
    while True:
        failing = _Failing(store.path, refused)
        try:
            second(failing)
            break
        except sqlite3.OperationalError:
            refused += 1
            assert read(Store.open(store.path)) == before
    assert refused >= 5
    assert read(Store.open(store.path)) == model


class _Failing(Store):
    """Lets so many statements of a transaction through, then fails."""

    def __init__(self, path: Path, lets: int) -> None:
        super().__init__(path)
        self.lets = lets

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, factory=_FailingConnection)) as db, db:
            db.lets = self.lets
            yield db


class _FailingConnection(sqlite3.Connection):
    lets = 0

    def _count(self, statement: str) -> None:
        if not statement.lstrip().startswith("SELECT"):
            if self.lets == 0:
                raise sqlite3.OperationalError("disk I/O error")
            self.lets -= 1

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        self._count(statement)
        return super().execute(statement, *values)

    def executemany(self, statement: str, rows: Any) -> sqlite3.Cursor:
        self._count(statement)
        return super().executemany(statement, rows)
