"""What the timer looks at, one after the other, and what happens when a file is opened or saved."""

from __future__ import annotations

import logging

import bpy
from bpy.app.handlers import persistent

from .. import jobs, preset_items, session_list, solve_list
from . import checks, composites, copies, own_tracks, pulse, screen, sessions, taking, workers
from .state import clips

log = logging.getLogger(__name__)

BUSY_SECONDS = 0.25
IDLE_SECONDS = 1.0


def start() -> None:
    """Starts the timer."""
    pulse.start(tick, BUSY_SECONDS)


def stop() -> None:
    """Ends the timer, and drops all that was found out."""
    pulse.stop()
    for state in clips.values():
        if state.native is not None:
            state.native.let_go()
    forget()


def tick() -> float:
    """Looks at everything once; returns the seconds until it should look again."""
    try:
        look()
    except Exception:  # a timer that raises is never called again
        log.exception("the watcher failed")
    if any(state.taking is not None for state in clips.values()):
        return taking.BREATH_SECONDS
    return BUSY_SECONDS if any(state.busy for state in clips.values()) else IDLE_SECONDS


def look() -> None:
    """Looks at everything once."""
    there = {clip.session_uid: clip for clip in bpy.data.movieclips if clip.library is None and clip.filepath}
    for uid in [uid for uid in clips if uid not in there]:
        if (native := clips.pop(uid).native) is not None:
            native.let_go()
        solve_list.drop(uid)
    for clip in there.values():
        _look_at(clip)
    workers.let_go()
    checks.begin_checks()
    checks.look_at_settings()
    own_tracks.look_at_tracks()
    composites.look_at_composites()
    session_list.look(shown=screen.is_shown())
    if solve_list.look([space.clip for space in jobs.clip_spaces()]):
        screen.redraw(views=True)
    screen.redraw_if_changed()
    screen.show_status()


def _look_at(clip: bpy.types.MovieClip) -> None:
    """Looks at one clip: its session, what of it comes in, its footage."""
    state = sessions.known(clip)
    if state.native is not None and state.native.done:
        taking.end_native(clip, state)
    if state.taking is not None:
        taking.go_on(clip, state)
        return
    if state.native is None:
        jobs.unhush_what_was_left(clip)
    if state.running:
        sessions.follow(state)
    elif state.manager is not None:
        sessions.look_at_session(clip, state)
    if state.finished and not screen.somebody_is_busy():
        if state.followed:
            taking.begin_to_take_in(state)
        elif not state.half_looked_for:
            state.half_looked_for = True  # once: what goes wrong, or is undone, is not tried again
            if state.native is None and jobs.is_half_taken(clip):
                taking.begin_to_take_in(state, jobs.MINE)  # as was chosen when it began
    if state.copying is not None and state.copying.done:
        copies.end_copy(clip, state)
    if state.check is not None and state.check.done:
        checks.end_check(state)
    elif state.preflight is not None and not state.compared and not screen.somebody_is_busy():
        checks.try_to_compare(clip, state)


@persistent
def on_load(_file: str) -> None:
    """Another file: nothing that was known holds. Workers go on; their sessions are found again."""
    forget()
    if not bpy.app.background:
        preset_items.refresh()
        pulse.hurry()


@persistent
def before_save(_file: str) -> None:
    """What Blender's own solve, at work or just done, left switched off is not saved so."""
    for clip in bpy.data.movieclips:
        if clip.library is None:
            jobs.unhush(clip)


@persistent
def on_save(_file: str) -> None:
    """A good moment to see which presets there are, and to keep what the artist tracked by hand."""
    if not bpy.app.background:
        preset_items.refresh()
    for clip in bpy.data.movieclips:
        if clip.library is None and clip.tracked_shot.session:
            own_tracks.keep_tracks(clip)


def forget() -> None:
    """Drops all that was found out about the open file."""
    for state in clips.values():
        if state.copying is not None:
            state.copying.cancel()
    clips.clear()
    composites.forget()
    session_list.forget()
    solve_list.forget()
    screen.forget()
