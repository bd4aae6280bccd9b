"""Sessions as scripts and panels see them."""

from __future__ import annotations

import json
import logging
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..engine.by_hand import with_hand
from ..engine.footage import Footage, identity, open_footage
from ..engine.masks import same_settings, without_mask
from ..engine.model import LensStart, Solve, TrackingSettings, Tracks
from ..engine.patches import doubts
from ..engine.plan import Job
from ..engine.sizes import sizes_for, with_patches_of
from ..engine.track import TrackState, collect_tracks, track_names
from ..errors import SessionDamagedError, SessionError
from . import owner, source
from .clip_tracks import clip_source, save_snapshot
from .hand import last_before_hand, numbered_in, numbered_out, solved_hand, waiting_hand
from .mask_source import follow_mask, mask_about
from .places import free_path, session_folder, session_path
from .source import footage_about, take_in_growth
from .status import SessionStatus
from .store import RECOVER, SUFFIX, RunState, Store

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Progress:
    """How far a session is; read in a millisecond."""

    status: SessionStatus
    stage: str
    """track, clean or solve, or the name of a checkpoint by hand."""
    frame: int
    """Last footage frame that is done."""
    first: int
    last: int
    """Footage frames of the range that is tracked."""
    done: float
    """Share of the whole job, 0 to 1."""
    text: str
    tracks: int
    error_px: float | None
    rate: float | None
    """Frames a second of the present run while it tracks."""
    seconds_left: float | None
    alive: bool
    """True while the process that works on it runs."""


@dataclass(frozen=True)
class ResumePoint:
    """Where a session goes on."""

    operation: str
    frame: int


class TrackingSessionManager:
    """One session file: what it holds, how far it is, and where it goes on."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._about: dict[str, Any] | None = None

    @property
    def path(self) -> Path:
        return self.store.path

    @property
    def about(self) -> dict[str, Any]:
        """Name, footage, range, settings and lens as the session was made with."""
        if self._about is None:
            self._about = self.store.about()
        return self._about

    @property
    def name(self) -> str:
        return str(self.about["name"])

    @property
    def status(self) -> SessionStatus:
        """The status; a session whose process died while it worked is interrupted."""
        return _true_status(self.store.run_state())

    def save_checkpoint(self, frame: int, operation: str) -> None:
        """Notes that ``operation`` has come to footage ``frame``; in Blender also keeps the clip's tracks.

        Those are the artist's own tracks and planes of the clip that shows this footage, as they are now.
        """
        started = time.time()
        read = clip_source()
        snapshot = read(self.footage_path()) if read is not None else None
        if snapshot is not None:
            save_snapshot(self.store, snapshot)
        self.store.log_step(operation, frame, f"{operation} at frame {frame}", time.time() - started)

    def get_progress(self) -> Progress:
        state = self.store.run_state()
        alive = owner.is_alive(state.owner, state.updated)
        first, last = self.about["range"] or (1, self.about["footage"].get("count", 0))
        rate, left = None, None
        who = json.loads(state.owner) if state.owner else {}
        if alive and "at" in who:
            spent = state.updated - who["at"]
            gained = state.done - who["done"]
            if spent > 0 and gained > 0:
                left = max(0.0, spent / gained * (1 - state.done) - (time.time() - state.updated))
                if state.stage == "track":
                    rate = (state.frame - who["frame"]) / spent
        return Progress(
            _true_status(state),
            state.stage,
            state.frame,
            first,
            last,
            state.done,
            state.text,
            state.tracks,
            state.error_px,
            rate,
            left,
            alive,
        )

    def get_resume_point(self) -> ResumePoint:
        """The operation and frame after which the session goes on."""
        state = self.store.run_state()
        return ResumePoint(state.stage or "track", state.frame)

    def change_about(self, text: str, **values: Any) -> None:
        """Sets facts of what the session is about; ``text`` says why, for the log of steps."""
        self.store.change_about(text, **values)
        self._about = None

    def relocate(self, place: str | os.PathLike[str]) -> Path:
        """Finds footage that was moved: ``place`` is the file, or a folder in which it is looked for.

        Returns its path, which the session remembers. Raises FootageError where it is not there.
        """
        return source.relocate(self, Path(place))

    def footage_path(self) -> Path:
        """Where the footage is: the path as given, or relative to the session where that leads nowhere."""
        footage = self.about["footage"]
        given = Path(footage["path"])
        if given.exists() or not footage.get("relative"):
            return given
        beside = self.path.parent / footage["relative"]
        return beside if beside.exists() else given

    def settings(self) -> TrackingSettings:
        return TrackingSettings(**self.about["settings"])

    def lens(self) -> LensStart:
        return LensStart(**self.about["lens"])

    def names(self) -> list[str]:
        """What the engine's tracks are called, by their numbers."""
        return track_names(self.store.track_count())

    def tracks(self) -> Tracks:
        """All tracks so far, with the reasons of those that are switched off.

        Where there is a camera they are as it counts them: the artist's own that it was given, and ours with
        what the artist had changed.
        """
        footage = self.about["footage"]
        if "width" not in footage:
            raise SessionError(f"{self.path}: nothing has been tracked in this session yet")
        tracks = collect_tracks(
            [self.store.markers()],
            self.store.track_count(),
            footage["width"],
            footage["height"],
            footage["count"],
        )
        for number, reason in self.store.reasons().items():
            tracks.reasons[number] = reason
        return with_hand(tracks, solved_hand(self.store))

    def solve(self) -> Solve | None:
        """The newest camera, None where there is none yet; its points are of what ``tracks`` gives."""
        solve = self.store.last_solve()
        if solve is None:
            return None
        return replace(solve, point_tracks=numbered_out(solve.point_tracks, self.store.track_count()))

    def add_solve(self, solve: Solve, text: str, frame: int, seconds: float, **run: Any) -> None:
        """Writes a camera of the tracks that the job had, beside those that were found before."""
        numbers = numbered_in(solve.point_tracks, self.store.track_count())
        self.store.add_solve(replace(solve, point_tracks=numbers), text, frame, seconds, **run)

    @property
    def follows(self) -> bool:
        """False where nothing is tracked: its solve rests on the artist's tracks alone."""
        return bool(self.about.get("follow", True))

    def seconds_by_stage(self) -> dict[str, float]:
        """How long each stage worked, over all runs."""
        spent: dict[str, float] = {}
        for _, seconds, stage, _, _ in self.store.steps():
            spent[stage] = spent.get(stage, 0.0) + seconds
        return spent

    def checkpoints(self) -> int:
        """How many steps were saved."""
        return len(self.store.steps())

    def ask(self, what: str) -> None:
        """Asks the process at work to "pause" or "cancel"; "" takes that back."""
        self.store.change_run(asked=what)

    def job(self, footage: Footage) -> Job:
        """The engine's job as far as the session holds it."""
        job = Job(
            footage,
            self.settings(),
            self.lens(),
            solve=self.about["solve"],
            follow=self.follows,
            hand=waiting_hand(self.store),
            before=last_before_hand(self.store),
        )
        count = self.store.track_count()
        if count or job.hand:
            self.check()
        job.looks = self.store.looks()
        last = self.store.last_solve()
        if last is not None:
            job.may_look = False
            looked = [number for look in job.looks for number in look.tracks]
            job.looks_count = bool(np.isin(looked, last.point_tracks).any())
        if not count:
            return job
        sizes = sizes_for(footage.width, footage.height, job.settings)
        frame = self.tracked_to()
        swept = int(self.about.get("swept", 0))
        since = TrackState(sizes, footage.first, frame, count, swept=swept).last_sweep()
        keys, live_ids, live_affine = self.store.following(since, 2 * sizes.half_pattern + 3)
        sizes = with_patches_of(sizes, keys.pixels.shape[1], job.settings)
        job.markers = [self.store.markers()]
        job.doubts = [doubts(group.pixels) for group in self.store.keys_by_size()]
        job.state = TrackState.restore(
            sizes, footage.first, frame, count, keys, live_ids, live_affine, swept=swept, markers=job.markers
        )
        return job

    def check(self) -> None:
        """Raises SessionDamagedError where anything in the file is not as it was written; reads all of it."""
        wrong = self.store.verify()
        if wrong:
            raise SessionDamagedError(f"{self.path}: the session is damaged: {wrong[0]}; {RECOVER}")

    def tracked_to(self) -> int:
        """The last footage frame that the engine has tracked; below the range's first where there is none."""
        with self.store.connect() as db:
            row = db.execute("SELECT max(frame) FROM step WHERE stage = 'track'").fetchone()
        first = (self.about["range"] or (1, 0))[0]
        return int(row[0]) if row[0] is not None else first - 1


def _true_status(state: RunState) -> SessionStatus:
    if state.status.running and not owner.is_alive(state.owner, state.updated):
        return SessionStatus.INTERRUPTED
    return state.status


def create_session(
    footage: str | os.PathLike[str],
    name: str | None = None,
    *,
    directory: str | os.PathLike[str] | None = None,
    blend: str | os.PathLike[str] | None = None,
    fallback: str | os.PathLike[str] | None = None,
    frame_range: tuple[int, int] | None = None,
    settings: TrackingSettings | None = None,
    lens: LensStart | None = None,
    solve: bool = True,
    follow: bool = True,
) -> TrackingSessionManager:
    """Makes a session for ``footage`` and returns it.

    It lies in ``directory``, else beside ``blend``, else beside the footage, else in ``fallback``. A name
    that is taken gets a number. Without ``follow`` nothing is tracked: it is solved from the tracks that are
    handed over (see hand.py). Raises FootageError for footage that can't be read, SessionError where the
    session can't be written.
    """
    first, last = frame_range or (1, None)
    opened = open_footage(footage, first=first, last=last)
    folder = session_folder(
        opened.path.absolute(),
        blend=Path(blend) if blend else None,
        chosen=Path(directory) if directory else None,
        fallback=Path(fallback) if fallback else None,
    )
    name = name or opened.path.stem
    path = free_path(session_path(folder, name))
    settings = settings or TrackingSettings()
    about = {
        "name": name,
        "range": (opened.first, opened.last),
        "footage": footage_about(opened, path),
        "settings": asdict(settings),
        **mask_about(settings, opened.path, path),
        "lens": asdict(lens or LensStart()),
        "solve": solve,
        "created": time.time(),
    }
    if not follow:
        about["follow"] = False
    return TrackingSessionManager(Store.create(path, about))


def load_session(path: str | os.PathLike[str]) -> TrackingSessionManager:
    """Opens a session file. Raises SessionError where it is missing, damaged or of a newer format."""
    return TrackingSessionManager(Store.open(Path(path)))


def list_sessions(folder: str | os.PathLike[str]) -> list[Path]:
    """The session files in ``folder`` and its ``…_tracking`` folders, newest first."""
    folder = Path(folder)
    changed: dict[Path, float] = {}
    for path in (*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*_tracking/*{SUFFIX}")):
        try:
            changed[path] = path.stat().st_mtime
        except OSError as error:  # deleted just now, or a link that leads nowhere
            log.info("%s", error)
    return sorted(changed, key=lambda path: -changed[path])


def find_session(
    folder: str | os.PathLike[str],
    footage: Footage,
    *,
    settings: TrackingSettings,
    lens: LensStart | None,
    solve: bool = True,
    any_mask: bool = False,
) -> TrackingSessionManager | None:
    """The newest session in ``folder`` of this very footage and range, made with the same settings.

    The same mask may lie elsewhere; where it is gone from its place the session takes the new one. With
    ``any_mask`` its mask may be another one, without ``lens`` its lens. One of a shorter version of the
    footage, which was to be tracked to its end, goes on to the new end.
    Files that can't be read are passed over: they belong to somebody else, or ``status`` tells what is wrong.
    """
    known = identity(footage)
    for path in list_sessions(folder):
        try:
            session = load_session(path)
            made = without_mask(session.settings()) if any_mask else session.settings()
            same = same_settings(made, settings) and session.about["solve"] == solve
            same = same and lens in (None, session.lens())
        except (SessionError, KeyError, TypeError):
            continue
        if same and session.follows and _is_of(session, footage, known):
            follow_mask(session, settings)
            return session
    return None


def _is_of(session: TrackingSessionManager, footage: Footage, known: dict[str, Any]) -> bool:
    """Whether the session is of this footage (``known`` is its identity) and range, or can grow to them."""
    if all(session.about["footage"].get(key) == value for key, value in known.items()):
        return bool(session.about["range"] == [footage.first, footage.last])
    whole = footage.last == footage.count and session.about["range"][0] == footage.first
    return whole and take_in_growth(session, footage)


def take_up_session(
    footage: Footage,
    name: str,
    folder: str | os.PathLike[str],
    *,
    settings: TrackingSettings,
    lens: LensStart,
    solve: bool = True,
    fresh: bool = False,
) -> TrackingSessionManager:
    """The session in ``folder`` to go on with, or a new one; ``fresh`` always makes a new one."""
    found = None if fresh else find_session(folder, footage, settings=settings, lens=lens, solve=solve)
    if found is not None:
        return found
    return create_session(
        footage.path,
        name,
        directory=folder,
        frame_range=(footage.first, footage.last),
        settings=settings,
        lens=lens,
        solve=solve,
    )
