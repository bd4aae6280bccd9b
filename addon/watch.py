"""What the panels show, kept ready: a timer looks at sessions, clips and composites, and drawing only reads.

The timer runs four times a second while a worker or an errand is at work and once a second otherwise. It
notices when the work is done and takes the tracks and the camera into the clip, when a worker died, and when
a clip is opened whose session waits.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import jobs, preset_items, session_list, solve_list
from .errands import Errand
from .preferences import choices
from .tracking.blender.clip import Steps, at_once
from .tracking.blender.composite import CompositeStatus, composite_status
from .tracking.blender.native import NativeJob, run_native
from .tracking.blender.preflight import Comparison, Sample, engine_samples
from .tracking.errors import SessionError, TrackedShotError
from .tracking.preflight import (
    EVEN_COPY,
    Finding,
    Preflight,
    check_footage,
    make_even_copy,
    make_image_sequence,
)
from .tracking.session import Progress, SessionStatus, TrackingSessionManager, start_worker
from .tracking.session.clip_tracks import Differences
from .tracking.session.worker import DISK_FULL, log_path
from .words import say

log = logging.getLogger(__name__)

BUSY_SECONDS = 0.25
IDLE_SECONDS = 1.0
STEP_SECONDS, BREATH_SECONDS = 0.012, 0.005
"""How long tracks are taken in at a time, and how long the window then has for itself."""
CANCEL_SECONDS = 3.0
"""A worker that was asked to stop and is in a long step is ended after this time; its steps are saved."""
STALE_SHARE = 50.0
"""Looking whether the tracks changed takes one part in so many of the time, at most."""
CLEAN_EXITS = (0, 130, 143)
ERROR_EXITS = (1, 2)
"""A worker that ends with one of these has said why in its log."""


@dataclass
class Taking:
    """A session that is being taken into its clip, a few milliseconds a tick."""

    session: TrackingSessionManager
    reading: Errand
    """Tracks and solve out of it."""
    steps: Steps[jobs.TakingIn] | None = None

    def go_on(self, clip: bpy.types.MovieClip) -> jobs.TakingIn | None:
        """Takes some steps; what came of all of them after the last. Raises as ``jobs.take_in`` does."""
        ends = time.perf_counter() + STEP_SECONDS
        try:
            if self.steps is None:
                self.steps = jobs.taking_in(clip, self.session, self.reading.result)
                next(self.steps)
            while time.perf_counter() < ends:
                self.steps.send(clip)
        except StopIteration as end:
            begun: jobs.TakingIn = end.value
            return begun
        return None


@dataclass
class ClipState:
    """What is known of a clip, as plain values."""

    path: Path
    """The footage that this was found for."""
    preflight: Preflight | None = None
    findings: tuple[Finding, ...] = ()
    compared: bool = False
    """Whether Blender's frames were compared with the engine's, too."""
    comparison: Comparison | None = field(default=None, repr=False)
    """That, while it goes on."""
    samples: Mapping[int, Sample] | None = field(default=None, repr=False)
    """The engine's pictures for it, where they were read already."""
    misfits: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """What of a scene that a window shows is not as in the clip, by the scene's session_uid."""
    other_space: str = ""
    """The colour space in which such files usually are, where the clip has another."""
    other_aspect: float = 0.0
    """The shape of pixels that the file tells, where the clip has another."""
    session: Path | None = None
    progress: Progress | None = None
    running: bool = False
    """A process is at work on the session."""
    worker: str = ""
    """Which process that is, where it was not started from here."""
    asked: str = ""
    """pause or cancel, where the process was asked to and has not yet."""
    asked_at: float = 0.0
    followed: bool = False
    """Seen at work while this file was open: what it finds is taken in without asking."""
    trouble: str = ""
    """What went wrong last, in one line."""
    missing: str = ""
    """The footage that is not at its place: its file's name."""
    differences: Differences | None = None
    """What the artist did to the tracks, while it is to be decided what becomes of it."""
    kept: frozenset[tuple[str, str]] | None = None
    """The artist's own tracks that the session keeps, by object and name; None until that was looked up."""
    lacking: int = 0
    """How many of them the clip has not."""
    older: bool = False
    """The file came with other tracks of the artist's than the session keeps; neither was chosen."""
    stale: str = ""
    """What was done to the tracks since the solve in the clip counted them in; empty where nothing was."""
    stale_at: float = 0.0
    """When that is to be looked at next, by the monotonic clock."""
    native: NativeJob | None = field(default=None, repr=False)
    """Blender's own solve of the clip, at work."""
    taking: Taking | None = field(default=None, repr=False)
    """The session, on its way into the clip."""
    check: Errand | None = None
    copying: Errand | None = None
    manager: TrackingSessionManager | None = field(default=None, repr=False)

    @property
    def waiting(self) -> bool:
        """A session is there that was begun and is neither done nor at work."""
        return self.progress is not None and not self.running and not self.progress.status.finished

    @property
    def begun(self) -> bool:
        """Something of the session's work is done, or was tried."""
        return self.progress is not None and self.progress.status is not SessionStatus.CREATED

    @property
    def finished(self) -> bool:
        """A session is there that is done."""
        return self.progress is not None and not self.running and self.progress.status.finished

    @property
    def busy(self) -> bool:
        """Something goes on that the panels show."""
        at_work = (self.check, self.copying, self.native, self.taking)
        comparing = self.preflight is not None and not self.compared
        return self.running or comparing or any(item is not None for item in at_work)


_clips: dict[int, ClipState] = {}
"""By the clip's session_uid, which renaming and undo leave alone."""
_composites: dict[int, CompositeStatus] = {}
_workers: dict[Path, subprocess.Popen[bytes]] = {}
_shown: list[Any] = []
_composites_at = [0.0]
_status = [""]
"""What the status bar says of us."""


# --- what panels and operators ask -------------------------------------------


def state_of(clip: bpy.types.MovieClip | None) -> ClipState | None:
    """What is known of the clip; reads nothing."""
    return _clips.get(clip.session_uid) if clip is not None else None


def composite_of(scene: bpy.types.Scene) -> CompositeStatus | None:
    """The scene's composite as it was found last; None where nobody looked yet."""
    return _composites.get(scene.session_uid)


def look_at_composite(scene: bpy.types.Scene) -> CompositeStatus:
    """Reads the scene's composite anew."""
    status = composite_status(scene)
    _composites[scene.session_uid] = status
    return status


# --- what operators start ----------------------------------------------------


def known(clip: bpy.types.MovieClip) -> ClipState:
    """The clip's state, looked up on disk where it was not yet, or its file is another one now."""
    path = jobs.footage_path(clip)
    state = _clips.get(clip.session_uid)
    if state is None or state.path != path:
        state = ClipState(path)
        _clips[clip.session_uid] = state
        session = jobs.clip_session(clip)
        if session is not None:
            _attach(state, session)
            state.followed = state.running
    return state


def work_of(state: ClipState) -> str:
    """Why the clip cannot be worked on now: which process does; empty where none does."""
    if state.native is not None:
        return "Blender is solving the clip"
    if state.taking is not None:
        return "The tracks are being taken in"
    if not state.running:
        return ""
    return (
        f"{state.worker} is at work on this clip's session" if state.worker else "The clip is being tracked"
    )


def checked(clip: bpy.types.MovieClip) -> ClipState:
    """The clip's state with all findings there; looks them up where that was not done yet."""
    state = known(clip)
    if state.check is not None:
        state.check.wait()
        _end_check(state)
    if state.preflight is None:
        state.preflight = check_footage(state.path)
    while not state.compared:
        _compare(clip, state)
    return state


def check_again(clip: bpy.types.MovieClip) -> ClipState:
    """Forgets what was found wrong with the clip and looks again."""
    state = known(clip)
    state.preflight, state.findings, state.compared = None, (), False
    state.comparison = state.samples = None
    return checked(clip)


def attach(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> ClipState:
    """Makes the session the clip's, as it is."""
    state = known(clip)
    _attach(state, session)
    state.followed, state.trouble, state.differences = False, "", None
    hurry()
    return state


def detach(session: Path) -> None:
    """Forgets a session that is no more."""
    for uid in [uid for uid, state in _clips.items() if state.session == session]:
        del _clips[uid]
    hurry()


def begin(clip: bpy.types.MovieClip, session: TrackingSessionManager) -> None:
    """Starts a process that works on the session, unless one does, and watches it."""
    state = attach(clip, session)
    state.followed, state.asked = True, ""
    session_list.refresh()
    if not state.running:
        jobs.drop_old_sessions(session, choices().keep_sessions)
        _workers[session.path] = start_worker(session.path, low_priority=choices().low_priority)
        state.running = True
    hurry()


def stop(clip: bpy.types.MovieClip, how: str) -> None:
    """Asks the process at work on the clip's session to "pause" or to "cancel"."""
    state = known(clip)
    if state.manager is not None:
        state.manager.ask(how)
        state.asked, state.asked_at = how, time.monotonic()
    hurry()


def take_in(
    clip: bpy.types.MovieClip, session: TrackingSessionManager, changed: str = jobs.ASK
) -> jobs.TakingIn:
    """Takes the session into the clip. In a window Blender's own solve is still at work afterwards.

    Raises as ``jobs.take_in`` does.
    """
    begun = at_once(clip, jobs.taking_in(clip, session, jobs.found_in(session), changed=changed))
    state = known(clip)
    _attach(state, session)
    _begin_native(clip, state, begun)
    return begun


def checkpoint(clip: bpy.types.MovieClip) -> int:
    """Keeps the clip's tracks in its session as they are; returns how many had changed.

    Raises SessionError where they can't be written.
    """
    state = known(clip)
    assert state.manager is not None
    changed = jobs.checkpoint(clip, state.manager)
    state.kept, state.older = jobs.kept_names(state.manager), False
    _compare_tracks(clip, state)
    return changed


def restore(clip: bpy.types.MovieClip) -> list[str]:
    """Puts the artist's own tracks back as the session keeps them; what cannot be, as sentences."""
    state = known(clip)
    assert state.manager is not None
    troubles = jobs.restore(clip, state.manager)
    state.older = False
    _compare_tracks(clip, state)
    return troubles


def begin_copy(clip: bpy.types.MovieClip, fix: str) -> None:
    """Starts to write a copy of the footage that Blender reads right; it is shown when it is done."""
    state = known(clip)
    source, target = state.path, jobs.copy_target(state.path)

    def work(errand: Errand) -> Path:
        if fix == EVEN_COPY:
            return make_even_copy(source, target, on_progress=errand.step)
        return make_image_sequence(source, target.with_suffix(""), on_progress=errand.step)

    state.trouble = ""
    state.copying = Errand(work)
    hurry()


def hurry() -> None:
    """Has the timer look at once."""
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
        bpy.app.timers.register(tick, first_interval=0.05, persistent=True)


# --- the timer ---------------------------------------------------------------


def tick() -> float:
    """Looks at everything once; returns the seconds until it should look again."""
    try:
        _look()
    except Exception:  # a timer that raises is never called again
        log.exception("the watcher failed")
    if any(state.taking is not None for state in _clips.values()):
        return BREATH_SECONDS
    return BUSY_SECONDS if any(state.busy for state in _clips.values()) else IDLE_SECONDS


def _look() -> None:
    clips = {clip.session_uid: clip for clip in bpy.data.movieclips if clip.library is None and clip.filepath}
    for uid in [uid for uid in _clips if uid not in clips]:
        if (native := _clips.pop(uid).native) is not None:
            native.let_go()
        solve_list.drop(uid)
    for clip in clips.values():
        state = known(clip)
        if state.native is not None and state.native.done:
            _end_native(clip, state)
        if state.taking is not None:
            _go_on_taking_in(clip, state)
            continue
        if state.running:
            _follow(state)
        elif state.manager is not None:
            _look_at_session(clip, state)
        if state.finished and state.followed and not _somebody_is_busy():
            _begin_to_take_in(state)
        if state.copying is not None and state.copying.done:
            _end_copy(clip, state)
        if state.check is not None and state.check.done:
            _end_check(state)
        elif state.preflight is not None and not state.compared and not _somebody_is_busy():
            _try_to_compare(clip, state)
    _let_go_of_workers()
    _begin_checks()
    look_at_settings()
    _look_at_tracks()
    _look_at_composites()
    session_list.look(shown=_is_shown())
    if solve_list.look([space.clip for space in jobs.clip_spaces()]):
        redraw(views=True)
    _redraw_if_changed()
    _show_status()


def _attach(state: ClipState, session: TrackingSessionManager) -> None:
    """Makes the session the one that the state tells of."""
    if state.session != session.path:
        state.kept, state.lacking, state.older = None, 0, False
    state.manager, state.session = session, session.path
    state.progress = session.get_progress()
    state.running = state.progress.alive or _is_at_work(session.path)
    state.worker = _foreign_worker(session) if state.progress.alive else ""
    state.missing = ""
    if not state.path.exists() and not session.footage_path().exists():
        state.missing = Path(session.about["footage"]["path"]).name


def _foreign_worker(session: TrackingSessionManager) -> str:
    """The process at work on the session, in words; empty where it was started from here."""
    who = _owner(session)
    worker = _workers.get(session.path)
    if not who or (worker is not None and worker.pid == who["pid"] and who["host"] == socket.gethostname()):
        return ""
    place = "" if who["host"] == socket.gethostname() else f" on {who['host']}"
    return f"Process {who['pid']}{place}"


def _owner(session: TrackingSessionManager) -> dict[str, Any]:
    owner = session.store.run_state().owner
    return json.loads(owner) if owner else {}


def _is_at_work(session: Path) -> bool:
    worker = _workers.get(session)
    return worker is not None and worker.poll() is None


def _follow(state: ClipState) -> None:
    """Reads how far the session is, and what became of its process."""
    assert state.manager is not None and state.session is not None
    try:
        _attach(state, state.manager)
    except TrackedShotError as error:
        state.running, state.trouble = False, str(error)
        return
    worker = _workers.get(state.session)
    if state.running:
        if state.asked == "cancel" and time.monotonic() - state.asked_at > CANCEL_SECONDS:
            _end(state.manager)
        return
    asked, state.asked = state.asked, ""
    code = _workers.pop(state.session).returncode if worker is not None else None
    session_list.refresh()
    if state.progress.status is SessionStatus.FAILED:
        state.trouble = state.progress.text
    elif code == DISK_FULL:
        state.trouble = (
            "The disk with the session is full. All earlier steps are saved: make room, then Resume"
        )
    elif not state.progress.status.finished and not asked and code not in CLEAN_EXITS:
        ended = "The tracking process ended unexpectedly; all finished steps are saved"
        state.trouble = (_last_error(state.session) if code in ERROR_EXITS else "") or ended


def _end(session: TrackingSessionManager) -> None:
    """Ends the process at work on the session, where it runs on this computer; whoever started it."""
    who = _owner(session)
    if who and who["host"] == socket.gethostname() and who["pid"] != os.getpid():
        try:
            os.kill(who["pid"], signal.SIGTERM)
        except ProcessLookupError:  # it came to its end by itself meanwhile
            log.info("process %d is gone already", who["pid"])


def _last_error(session: Path) -> str:
    """What the worker wrote last into its log, where that is why it gave up."""
    try:
        lines = log_path(session).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        log.warning("%s", error)
        return ""
    _, found, said = (lines[-1] if lines else "").partition(" ERROR ")
    return said if found else ""


def _let_go_of_workers() -> None:
    """Forgets the workers that ended while no clip showed their session."""
    followed = {state.session for state in _clips.values() if state.running}
    for session in [path for path, worker in _workers.items() if worker.poll() is not None]:
        if session not in followed:
            del _workers[session]


def _look_at_session(clip: bpy.types.MovieClip, state: ClipState) -> None:
    """Looks at a session on which nobody worked just now: somebody may have begun to, elsewhere."""
    assert state.manager is not None
    if not state.manager.path.is_file():
        del _clips[clip.session_uid]
        return
    try:
        _attach(state, state.manager)
        if state.running:
            state.followed = True
        if state.kept is None:
            state.kept = jobs.kept_names(state.manager)
            state.older = bool(state.kept) and jobs.differs_from_kept(clip, state.manager)
    except TrackedShotError as error:
        state.kept = state.kept or frozenset()
        state.trouble = str(error)
        return
    _compare_tracks(clip, state)


def _compare_tracks(clip: bpy.types.MovieClip, state: ClipState) -> None:
    state.lacking = len(state.kept - jobs.track_names(clip)) if state.kept else 0


def _somebody_is_busy() -> bool:
    """Rendering, or in the middle of something with the mouse: no time to change the file."""
    windows = bpy.context.window_manager.windows
    return bpy.app.is_job_running("RENDER") or any(len(window.modal_operators) for window in windows)


def _begin_to_take_in(state: ClipState) -> None:
    """Begins to take a session that is done into its clip."""
    session = state.manager
    assert session is not None
    state.followed = False
    state.taking = Taking(session, Errand(lambda _errand: jobs.found_in(session)))


def _go_on_taking_in(clip: bpy.types.MovieClip, state: ClipState) -> None:
    """Takes some more of it in; in the end that is a step which can be undone."""
    taking = state.taking
    assert taking is not None
    if not taking.reading.done or _somebody_is_busy():
        return
    state.taking = None  # whatever goes wrong from here on is not tried again
    with _in_a_window():
        try:
            if taking.reading.result is None:
                raise SessionError(taking.reading.error)
            begun = taking.go_on(clip)
            if begun is None:
                state.taking = taking
                return
            _begin_native(clip, state, begun)
        except jobs.ChangedByHand as changed:
            state.differences = changed.differences
            return
        except TrackedShotError as error:
            state.trouble = str(error)
            return
        if state.native is None:  # else Blender itself makes the step, when it has solved
            bpy.ops.ed.undo_push(message="Take In Solve")
    redraw(views=True)


def _begin_native(clip: bpy.types.MovieClip, state: ClipState, begun: jobs.TakingIn) -> None:
    """Has Blender solve the clip for itself, as a job where there is a window."""
    state.followed, state.trouble, state.differences, state.stale_at = False, "", None, 0.0
    native = begun.native
    if native is None:
        return
    native.begin(clip)
    if not native.unfit:
        try:
            state.native = NativeJob(native, bpy.context, clip)
            hurry()
            return
        except LookupError as error:
            log.info("Blender's solve runs at once: %s", error)
    jobs.end_take_in(clip, run_native(native, clip, bpy.context))


def _end_native(clip: bpy.types.MovieClip, state: ClipState) -> None:
    """Takes in what came of Blender's own solve."""
    native, state.native = state.native, None
    assert native is not None
    with _in_a_window():
        jobs.end_take_in(clip, native.end(clip))
    redraw(views=True)


def _look_at_tracks() -> None:
    """Sees whether the tracks of the clips that a Clip Editor shows are still those that were solved.

    It takes 10 to 30 ms with some hundred tracks, so it is done the less often the longer it takes.
    """
    now = time.monotonic()
    for space in jobs.clip_spaces():
        state = state_of(space.clip)
        if state is None or state.manager is None or state.running or now < state.stale_at:
            continue
        state.stale = ""
        if space.clip.tracked_shot.taken_in and not state.waiting:
            try:
                state.stale = jobs.stale(space.clip, state.manager)
            except TrackedShotError as error:
                log.info("%s", error)  # what is wrong with the session is said where it is looked at
        done = time.monotonic()
        state.stale_at = done + max(IDLE_SECONDS, STALE_SHARE * (done - now))


def _end_copy(clip: bpy.types.MovieClip, state: ClipState) -> None:
    errand, state.copying = state.copying, None
    assert errand is not None
    if errand.result is None:
        state.trouble = errand.error
        return
    with _in_a_window():
        try:
            jobs.show_copy(clip, errand.result)
        except TrackedShotError as error:
            state.trouble = str(error)
            return
        bpy.ops.ed.undo_push(message="Show Evenly Timed Copy")
    redraw(views=True)


def _begin_checks() -> None:
    """Looks over the clips that a Clip Editor shows and nobody looked at yet."""
    for space in jobs.clip_spaces():
        state = state_of(space.clip)
        if state is not None and state.preflight is None and state.check is None:
            state.check = Errand(_check_of(state.path))


def look_at_settings() -> None:
    """Sees what of the scenes that the windows show, and of the clips in them, is not as the footage is."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            clip = area.spaces.active.clip if area.type == "CLIP_EDITOR" else None
            state = state_of(clip)
            if state is not None:
                state.misfits[window.scene.session_uid] = tuple(jobs.misfits(window.scene, clip))
                state.other_space = jobs.other_color_space(clip, state.preflight)
                state.other_aspect = jobs.other_pixel_aspect(clip, state.preflight)


def _check_of(path: Path) -> Callable[[Errand], tuple[Preflight, Mapping[int, Sample] | None]]:
    def work(_errand: Errand) -> tuple[Preflight, Mapping[int, Sample] | None]:
        found = check_footage(path)
        movie = found.footage is not None and found.footage.kind == "movie"
        return found, engine_samples(found.footage) if movie else None

    return work


def _end_check(state: ClipState) -> None:
    errand, state.check = state.check, None
    assert errand is not None
    # check_footage does not raise for bad footage; what else went wrong must not be tried again and again.
    found, samples = errand.result or (Preflight([Finding("error", "unreadable", errand.error)]), None)
    state.preflight, state.samples, state.comparison = found, samples, None
    state.findings, state.compared = tuple(found.findings), False


def _try_to_compare(clip: bpy.types.MovieClip, state: ClipState) -> None:
    try:
        _compare(clip, state)
    except TrackedShotError as error:
        state.findings, state.compared = (Finding("error", "unreadable", str(error)),), True


def _compare(clip: bpy.types.MovieClip, state: ClipState) -> None:
    """Compares one picture of Blender's with the engine's, and after the last one has all findings."""
    assert state.preflight is not None
    found = list(state.preflight.findings)
    if state.preflight.footage is not None:
        if state.comparison is None:
            state.comparison = Comparison(clip, state.preflight.footage, state.samples)
        if not state.comparison.done:
            state.comparison.step(clip)
        if not state.comparison.done:
            return
        found += state.comparison.findings
    state.findings, state.compared = jobs.in_order(found), True
    state.comparison = state.samples = None


def _look_at_composites() -> None:
    """Reads the composites of the scenes that a Compositor shows, once a second."""
    if time.monotonic() - _composites_at[0] < IDLE_SECONDS:
        return
    _composites_at[0] = time.monotonic()
    for window in bpy.context.window_manager.windows:
        if any(area.ui_type == "CompositorNodeTree" for area in window.screen.areas):
            look_at_composite(window.scene)


def _redraw_if_changed() -> None:
    now = [
        [
            (
                uid,
                s.progress,
                s.running,
                s.trouble,
                s.missing,
                s.worker,
                s.asked,
                s.differences,
                s.lacking,
                s.older,
                s.stale,
                s.native is None,
                s.taking is None,
                s.findings,
                s.compared,
                dict(s.misfits),
                s.other_space,
                s.other_aspect,
                s.copying and s.copying.share,
                s.check is None,
            )
            for uid, s in _clips.items()
        ],
        dict(_composites),
        [row.path + row.status + row.when for row in bpy.context.window_manager.tracked_shot.sessions],
    ]
    if now != _shown:
        _shown[:] = now
        redraw()


def _show_status() -> None:
    """A line in the status bar while a clip is tracked; nothing of it where none is."""
    text = next((line for state in _clips.values() if (line := status_line(state))), "")
    if text == _status[0] or bpy.app.background:
        return
    _status[0] = text
    for window in bpy.context.window_manager.windows:
        with bpy.context.temp_override(window=window, screen=window.screen):
            window.workspace.status_text_set(text or None)


def status_line(state: ClipState) -> str:
    """What the status bar says of a clip; empty where nobody works on it."""
    at_work = state.running and state.progress is not None
    return f"{state.path.name}: {doing(state)}" if at_work else ""


def doing(state: ClipState) -> str:
    """What the clip's process does just now, in the user's language."""
    progress = state.progress
    assert progress is not None
    if state.asked:
        return say("Pausing") if state.asked == "pause" else say("Stopping")
    if progress.stage == "track" and progress.frame >= progress.first:
        return say("Tracking {frame} of {last}", frame=progress.frame, last=progress.last)
    return say({"clean": "Cleaning Tracks", "solve": "Solving"}.get(progress.stage, "Starting"))


def _is_shown() -> bool:
    """Whether any window shows an editor in whose sidebar we are."""
    return any(
        area.type in ("CLIP_EDITOR", "NODE_EDITOR")
        for window in bpy.context.window_manager.windows
        for area in window.screen.areas
    )


def redraw(*, views: bool = False) -> None:
    """Draws the sidebars anew in which our panels may be; with ``views`` what is beside them, too."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("CLIP_EDITOR", "NODE_EDITOR"):
                for region in area.regions:
                    if views or region.type == "UI":
                        region.tag_redraw()


@contextmanager
def _in_a_window() -> Iterator[None]:
    """Gives operators a window: a timer has none."""
    window = bpy.context.window or bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window, screen=window.screen):
        yield


# --- handlers ----------------------------------------------------------------


@persistent
def on_load(_file: str) -> None:
    """Another file: nothing that was known holds. Workers go on; their sessions are found again."""
    forget()
    if not bpy.app.background:
        preset_items.refresh()
        hurry()


@persistent
def on_save(_file: str) -> None:
    """A good moment to see which presets there are, and to keep what the artist tracked by hand."""
    if not bpy.app.background:
        preset_items.refresh()
    for clip in bpy.data.movieclips:
        if clip.library is None and clip.tracked_shot.session:
            _keep_tracks(clip)


def _keep_tracks(clip: bpy.types.MovieClip) -> None:
    """Checkpoints the clip's tracks, unless the session keeps other ones that nobody decided on yet."""
    try:
        state = known(clip)
        if state.manager is None or not state.manager.path.is_file():
            return
        if state.kept is None:
            _look_at_session(clip, state)
        if not state.older:
            checkpoint(clip)
    except TrackedShotError as error:
        log.warning("%s: the tracks were not kept: %s", clip.name, error)
        if (known_state := state_of(clip)) is not None:
            known_state.trouble = str(error)


def forget() -> None:
    """Drops all that was found out about the open file."""
    for state in _clips.values():
        if state.copying is not None:
            state.copying.cancel()
    _clips.clear()
    _composites.clear()
    _shown.clear()
    session_list.forget()
    solve_list.forget()
    _composites_at[0] = 0.0
    _show_status()
