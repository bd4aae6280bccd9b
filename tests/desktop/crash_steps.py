"""Blender is killed while a clip is tracked, and comes back: the steps inside a Blender with a window.

    blender --python tests/desktop/crash_steps.py -- begin|return FOLDER FOOTAGE PICTURES

run_crash.py starts it twice. "begin" starts to track, goes on modelling until Blender has saved by itself,
and then waits to be killed; "return" opens the file again, takes in what was tracked meanwhile, kills a
worker and resumes it. What was seen goes to PICTURES/crash-ROLE-VERSION.json.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import bpy

sys.path.append(str(Path(__file__).parent))

import walking
from walking import area, lay_out, pause, press, seen, show_tabs, shown_clip, state, until

ROLE, FOLDER, FOOTAGE, PICTURES = sys.argv[sys.argv.index("--") + 1 :]
BLEND = Path(FOLDER) / "shot.blend"
AUTOSAVE_MINUTES = 1
LEAD_SECONDS = 50.0
"""Tracking starts so long after the last save: Blender saves by itself while it goes on."""
SESSIONS_HEADER = (60, 212)
"""Where the header of the folded Sessions panel is in the sidebar's last picture, from its top left."""


def autosaves() -> list[Path]:
    """The files that Blender saved by itself in this run."""
    return [
        file for file in Path(tempfile.gettempdir()).glob("*_autosave.blend") if file.stat().st_mtime > began
    ]


def begin() -> Iterator[None]:
    """Track, model meanwhile, be saved by Blender; then it is over."""
    filepaths = bpy.context.preferences.filepaths
    filepaths.use_auto_save_temporary_files = True
    filepaths.auto_save_time = AUTOSAVE_MINUTES
    lay_out()
    yield from pause(1.0)
    area("CLIP_EDITOR").spaces.active.clip = bpy.data.movieclips.load(FOOTAGE)
    yield from until(lambda: state() and state().preflight, 60, "the footage is looked at")
    show_tabs()
    shown_clip().tracked_shot.tracking_preset = "high_quality"
    assert press("tracked_shot.track_solve") == {"FINISHED"}
    assert press("tracked_shot.pause") == {"FINISHED"}
    yield from until(lambda: not state().running, 60, "it pauses")
    seen["status_when_paused"] = state().progress.status.value
    bpy.ops.wm.save_as_mainfile(filepath=str(BLEND))
    saved = time.monotonic()
    filepaths.auto_save_time = AUTOSAVE_MINUTES + 1
    filepaths.auto_save_time = AUTOSAVE_MINUTES
    yield from until(lambda: time.monotonic() - saved > LEAD_SECONDS, LEAD_SECONDS + 10, "a while")
    walking.picture("paused", Path(PICTURES), ("CLIP_EDITOR",))
    assert press("tracked_shot.resume") == {"FINISHED"}
    made = 0
    while not autosaves():
        assert state().progress is None or not state().trouble
        bpy.ops.mesh.primitive_cube_add(location=(made * 0.1, 0, 0))
        bpy.ops.ed.undo_push(message="a cube")
        made += 1
        yield from pause(1.0)
        seen.setdefault("tracking_while_modelling", state().running)
    seen["cubes_made"] = made
    seen["autosave"] = autosaves()[0].name
    seen["status_at_the_autosave"] = state().progress.status.value
    seen["alive_at_the_autosave"] = state().progress.alive
    walking.picture("working", Path(PICTURES), ("CLIP_EDITOR",))
    walking.write(Path(PICTURES), "crash-begin")
    Path(FOLDER, "kill-me").write_text(str(os.getpid()), encoding="utf-8")
    yield from pause(600.0)


def come_back() -> Iterator[None]:
    """What was tracked while Blender was gone is offered; a killed worker is, too."""
    bpy.ops.wm.open_mainfile(filepath=str(BLEND))
    yield from until(lambda: state() and state().finished, 20, "the session is found again")
    yield from pause(1.0)
    show_tabs()
    yield from pause(1.0)
    assert not shown_clip().tracked_shot.taken_in
    walking.picture("away", Path(PICTURES), ("CLIP_EDITOR",))
    assert press("tracked_shot.take_in") == {"FINISHED"}
    yield from until(lambda: state().native is None, 60, "Blender has solved")
    seen["verdict"] = shown_clip().tracked_shot.verdict
    yield from pause(1.0)
    shown_clip().tracked_shot.tracking_preset = "balanced"
    assert press("tracked_shot.track_solve") == {"FINISHED"}
    yield from until(lambda: state().progress.frame >= 40 and state().progress.alive, 120, "it tracks")
    os.kill(json.loads(state().manager.store.run_state().owner)["pid"], signal.SIGKILL)
    killed = time.monotonic()
    yield from until(lambda: state().waiting, 5, "a killed worker is noticed")
    seen["seconds_to_notice"] = round(time.monotonic() - killed, 2)
    yield from pause(1.0)
    walking.picture("killed", Path(PICTURES), ("CLIP_EDITOR",))
    rows = bpy.context.window_manager.tracked_shot.sessions
    yield from until(lambda: any(row.status == "interrupted" for row in rows), 20, "the list tells it too")
    seen["sessions_listed"] = [f"{row.name}: {row.status}" for row in rows]
    assert press("tracked_shot.resume") == {"FINISHED"}
    yield from until(lambda: state().progress.alive and not state().waiting, 30, "it goes on")
    yield from until(lambda: shown_clip().tracked_shot.taken_in and not state().running, 300, "it is done")
    seen["verdict_resumed"] = shown_clip().tracked_shot.verdict
    yield from pause(1.0)
    assert press("tracked_shot.fit_scene") == {"FINISHED"}
    yield from pause(1.0)
    walking.picture("resumed", Path(PICTURES), ("CLIP_EDITOR",))
    walking.click(SESSIONS_HEADER)
    yield from pause(1.0)
    walking.picture("sessions", Path(PICTURES), ("CLIP_EDITOR",))


began = time.time()
walking.start({"begin": begin, "return": come_back}[ROLE](), Path(PICTURES), f"crash-{ROLE}")
