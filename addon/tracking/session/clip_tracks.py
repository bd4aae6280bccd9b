"""The tracks of a clip as a session keeps them: the artist's own, and ours that the artist changed.

Positions are parts of the frame as Blender has them (32 bit, origin bottom left); pattern corners and the
search area are relative to the position; frames are the clip's. All is kept to the bit, so that what was
placed by hand comes back as it was.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .store import Store

Floats32 = NDArray[np.float32]

PREFIX = "ts:"
"""Our tracks' names in a clip begin with this; all others are the artist's."""

STAGE = "checkpoint"
"""What the log of steps calls a checkpoint of the clip's tracks."""


@dataclass(frozen=True, eq=False)
class ClipTrack:
    """One track with all its markers."""

    object: str
    """Name of the tracking object that it belongs to."""
    name: str
    settings: dict[str, Any]
    """Weight, colour, channels, motion model and the like: JSON values."""
    frames: NDArray[np.int32]
    """(n,) frames of the clip, ascending."""
    places: Floats32
    """(n, 2) in parts of the frame."""
    corners: Floats32
    """(n, 8) pattern: x and y of its four corners."""
    search: Floats32
    """(n, 4) search area: left, bottom, right, top."""
    keyed: NDArray[np.bool_]
    """(n,) set by hand, or a key of the tracker."""
    muted: NDArray[np.bool_]
    """(n,) switched off at this frame."""

    @property
    def ours(self) -> bool:
        """Put there by a session."""
        return self.name.startswith(PREFIX)

    def digest(self) -> str:
        """A text that changes with anything that is kept of the track."""
        return _digest(
            json.dumps([self.object, self.name, self.settings], sort_keys=True),
            self.frames,
            self.places,
            self.corners,
            self.search,
            self.keyed,
            self.muted,
        )

    def mark(self) -> str:
        """See ``track_mark``."""
        return track_mark(self.frames, self.places, self.muted, self.settings.get("weight", 1.0))


@dataclass(frozen=True, eq=False)
class ClipPlane:
    """One plane track with all its markers. Blender does not tell from which tracks it was made."""

    object: str
    name: str
    settings: dict[str, Any]
    frames: NDArray[np.int32]
    corners: Floats32
    """(n, 8) lower left, lower right, upper right, upper left, in parts of the frame."""
    muted: NDArray[np.bool_]

    def digest(self) -> str:
        """A text that changes with anything that is kept of the plane."""
        about = json.dumps([self.object, self.name, self.settings], sort_keys=True)
        return _digest(about, self.frames, self.corners, self.muted)


@dataclass(frozen=True)
class ClipSnapshot:
    """Tracks and planes of a clip at one time."""

    tracks: list[ClipTrack] = field(default_factory=list)
    planes: list[ClipPlane] = field(default_factory=list)


@dataclass(frozen=True)
class Differences:
    """What the artist did: to ours since they were taken in, to their own since the last checkpoint."""

    moved: tuple[str, ...] = ()
    muted: tuple[str, ...] = ()
    """Ours that were switched off, wholly or at some frames."""
    deleted: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    """The artist's own that no checkpoint has."""
    changed: tuple[str, ...] = ()
    """The artist's own that the checkpoint has otherwise."""
    lost: tuple[str, ...] = ()
    """The artist's own that the checkpoint has and the clip has not."""

    @property
    def ours(self) -> tuple[str, ...]:
        """Tracks of ours that taking in a session would put back as they were."""
        return (*self.moved, *self.muted, *self.deleted)

    def text(self) -> str:
        """What was done to ours, for the artist: "2 tracks moved, 1 deleted"."""
        return _counted(
            [
                (len(self.moved), "moved"),
                (len(self.muted), "switched off"),
                (len(self.deleted), "deleted"),
            ]
        )


def track_mark(frames: NDArray[np.int32], places: Floats32, muted: NDArray[np.bool_], weight: float) -> str:
    """Two digests with a dash between: of the places, and of what is switched off."""
    return f"{_digest(frames, places)}-{_digest(muted, np.float32(weight))}"


def compare_taken(marks: Mapping[str, str], now: Mapping[str, str]) -> Differences:
    """What became of ours: ``marks`` by name as they were taken in, ``now`` as they are in the clip."""
    marks = {name: mark for name, mark in marks.items() if name.startswith(PREFIX)}
    moved: list[str] = []
    muted: list[str] = []
    for name, mark in marks.items():
        if name not in now or now[name] == mark:
            continue
        same_places = now[name].partition("-")[0] == mark.partition("-")[0]
        (muted if same_places else moved).append(name)
    deleted = [name for name in marks if name not in now]
    return Differences(tuple(moved), tuple(muted), tuple(deleted))


def stale_text(marks: Mapping[str, str], now: Mapping[str, str], usable: Collection[str]) -> str:
    """What was done to the tracks since a solve, "2 tracks deleted, 1 added"; empty where nothing was.

    ``marks`` are by name as the solve counted them, ``now`` as they are in the clip; of those that are new
    only the ``usable`` ones would change a solve.
    """
    changed = [name for name, mark in marks.items() if name in now and now[name] != mark]
    moved = [name for name in changed if now[name].partition("-")[0] != marks[name].partition("-")[0]]
    return _counted(
        [
            (len(moved), "moved"),
            (len(changed) - len(moved), "switched off or on"),
            (sum(name not in now for name in marks), "deleted"),
            (sum(name in usable and name not in marks for name in now), "added"),
        ]
    )


def _counted(counts: list[tuple[int, str]]) -> str:
    """What was done to how many tracks: "2 tracks moved, 1 deleted"."""
    said = [f"{count} {word}" for count, word in counts if count]
    if said:
        first, _, rest = said[0].partition(" ")
        said[0] = f"{first} {'track' if first == '1' else 'tracks'} {rest}"
    return ", ".join(said)


def _digest(*parts: Any) -> str:
    value = 0
    for part in parts:
        data = part.encode() if isinstance(part, str) else np.ascontiguousarray(part).tobytes()
        value = zlib.crc32(data, zlib.crc32(len(data).to_bytes(8, "little"), value))
    return f"{value:08x}"


# --- in the session ----------------------------------------------------------


def save_snapshot(store: Store, snapshot: ClipSnapshot) -> int:
    """Makes the session hold just these tracks and planes; returns how many had changed.

    Only what differs is written, in one transaction.
    """
    started = time.monotonic()
    with store.connect() as db:
        changed = _save_kind(db, "track", {(t.object, t.name): t for t in snapshot.tracks}, _insert_track)
        changed += _save_kind(db, "plane", {(p.object, p.name): p for p in snapshot.planes}, _insert_plane)
        if changed:
            store.log_in(db, STAGE, f"{changed} tracks of the clip kept", time.monotonic() - started)
    return changed


def _save_kind(
    db: sqlite3.Connection,
    kind: str,
    wanted: Mapping[tuple[str, str], Any],
    insert: Callable[[sqlite3.Connection, Any], None],
) -> int:
    """Brings the rows of tracks or planes to ``wanted``, by object and name."""
    markers = "clip_marker" if kind == "track" else "clip_plane_marker"
    kept = {
        (row[1], row[2]): (row[0], row[3])
        for row in db.execute(f"SELECT id, object, name, digest FROM clip_{kind}").fetchall()
    }
    gone = [number for key, (number, _) in kept.items() if key not in wanted]
    fresh = []
    for key, item in wanted.items():
        number, digest = kept.get(key, (None, None))
        if digest == item.digest():
            continue
        if number is not None:
            gone.append(number)
        fresh.append(item)
    rows = [(number,) for number in gone]
    db.executemany(f"DELETE FROM {markers} WHERE {kind} = ?", rows)
    db.executemany(f"DELETE FROM clip_{kind} WHERE id = ?", rows)
    for item in fresh:
        insert(db, item)
    return max(len(fresh), len(gone))


def _insert_track(db: sqlite3.Connection, track: ClipTrack) -> None:
    number = db.execute(
        "INSERT INTO clip_track (object, name, settings, digest) VALUES (?, ?, ?, ?)",
        (track.object, track.name, json.dumps(track.settings, sort_keys=True), track.digest()),
    ).lastrowid
    _insert_markers(
        db,
        "clip_marker",
        number,
        track.frames,
        np.hstack([track.places, track.corners, track.search]),
        track.keyed,
        track.muted,
    )


def _insert_plane(db: sqlite3.Connection, plane: ClipPlane) -> None:
    number = db.execute(
        "INSERT INTO clip_plane (object, name, tracks, settings, digest) VALUES (?, ?, '[]', ?, ?)",
        (plane.object, plane.name, json.dumps(plane.settings, sort_keys=True), plane.digest()),
    ).lastrowid
    _insert_markers(db, "clip_plane_marker", number, plane.frames, plane.corners, plane.muted)


def _insert_markers(
    db: sqlite3.Connection,
    table: str,
    number: int | None,
    frames: NDArray[np.int32],
    floats: Floats32,
    *flags: NDArray[np.bool_],
) -> None:
    columns = [[number] * len(frames), frames.tolist(), *floats.T.tolist(), *(f.tolist() for f in flags)]
    places = ", ".join("?" * len(columns))
    db.executemany(f"INSERT INTO {table} VALUES ({places})", zip(*columns, strict=True))


def load_snapshot(store: Store) -> ClipSnapshot:
    """The tracks and planes of the clip as they were checkpointed last."""
    snapshot = ClipSnapshot()
    with store.connect() as db:
        rows = db.execute("SELECT id, object, name, settings FROM clip_track ORDER BY id").fetchall()
        for number, owner, name, settings in rows:
            table = _marker_rows(db, "clip_marker", "track", number, 17)
            frames, floats = table[:, 1].astype(np.int32), table[:, 2:16].astype(np.float32)
            keyed, muted = table[:, 16].astype(bool), table[:, 17].astype(bool)
            snapshot.tracks.append(
                ClipTrack(
                    owner,
                    name,
                    json.loads(settings),
                    frames,
                    floats[:, :2],
                    floats[:, 2:10],
                    floats[:, 10:],
                    keyed,
                    muted,
                )
            )
        rows = db.execute("SELECT id, object, name, settings FROM clip_plane ORDER BY id").fetchall()
        for number, owner, name, settings in rows:
            table = _marker_rows(db, "clip_plane_marker", "plane", number, 10)
            frames, corners = table[:, 1].astype(np.int32), table[:, 2:10].astype(np.float32)
            plane = ClipPlane(owner, name, json.loads(settings), frames, corners, table[:, 10].astype(bool))
            snapshot.planes.append(plane)
    return snapshot


def _marker_rows(
    db: sqlite3.Connection, table: str, column: str, number: int, width: int
) -> NDArray[np.float64]:
    rows = db.execute(f"SELECT * FROM {table} WHERE {column} = ? ORDER BY rowid", (number,)).fetchall()
    return np.array(rows, np.float64).reshape(-1, width + 1)


# --- from Blender, where there is one ----------------------------------------

ClipSource = Callable[[Path], "ClipSnapshot | None"]
_source: list[ClipSource] = []


def set_clip_source(source: ClipSource | None) -> None:
    """Says who can read the clip that shows a footage file; None where nobody can."""
    _source[:] = [] if source is None else [source]


def clip_source() -> ClipSource | None:
    """Who can read clips; None outside Blender."""
    return _source[0] if _source else None
