"""A walk through both sidebars, inside a Blender with a window: presses the buttons, takes the pictures.

    blender --python tests/desktop/ui_steps.py -- FOOTAGE PICTURES [UNEVEN_FOOTAGE]

run_ui.py starts it. Each step is a generator's; between two steps Blender draws, runs timers and takes
events. What was seen goes to PICTURES/result.json; the exit status is 0 where all of it was right.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import bpy

sys.path.append(str(Path(__file__).parent))

import walking
from walking import (
    VERSION,
    WATCH,
    area,
    lay_out,
    main_window,
    pause,
    press,
    seen,
    show_tabs,
    shown_clip,
    state,
    until,
)

FOOTAGE, PICTURES, *UNEVEN = (Path(text) for text in sys.argv[sys.argv.index("--") + 1 :])
BLEND = FOOTAGE.with_name("walk.blend")


def picture(name: str) -> None:
    """Both editors, and each sidebar alone."""
    walking.picture(name, PICTURES)


def frames() -> int:
    """How far the clip that is shown is tracked."""
    return state().progress.frame


def steps() -> Iterator[None]:
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    lay_out()
    yield from pause(1.0)
    show_tabs()
    yield from pause(1.0)
    picture("empty")
    if UNEVEN:
        yield from mend(UNEVEN[0])
    yield from open_clip(FOOTAGE)
    picture("before")
    yield from track()
    yield from shot()
    yield from away()


def open_clip(path: Path) -> Iterator[None]:
    """A clip in the Clip Editor, looked over by itself."""
    area("CLIP_EDITOR").spaces.active.clip = bpy.data.movieclips.load(str(path))
    yield from until(lambda: state() and state().preflight, 60, "the footage is looked at")
    yield from pause(1.0)
    show_tabs()
    yield from pause(0.5)


def mend(path: Path) -> Iterator[None]:
    """Footage that Blender misreads is refused, and mended by the button that the panel offers."""
    yield from open_clip(path)
    picture("findings")
    uneven = shown_clip()
    try:
        press("tracked_shot.track_solve")
    except RuntimeError as error:
        seen["refusal"] = str(error).strip()
    assert "refusal" in seen, "uneven footage was tracked"
    assert press("tracked_shot.make_even_copy", kind="even_copy") == {"FINISHED"}
    yield from until(
        lambda: state().copying is not None and state().copying.share > 0.3, 60, "the copying goes on"
    )
    yield from pause(0.3)
    picture("copying")
    yield from until(lambda: shown_clip() != uneven, 120, "the copy is shown")
    yield from until(lambda: state() and state().preflight, 60, "the copy is looked at")
    press("tracked_shot.check_clip")
    seen["copy"] = [finding.code for finding in state().findings]
    assert not [finding for finding in state().findings if finding.severity == "error"]
    yield from pause(0.5)
    picture("mended")


def track() -> Iterator[None]:
    """Track & Solve, Cancel, Resume, a killed worker, Resume; the solve comes in by itself."""
    length = shown_clip().frame_duration
    started = time.monotonic()
    assert press("tracked_shot.track_solve") == {"FINISHED"}
    seen["seconds_to_start"] = round(time.monotonic() - started, 2)
    yield from until(lambda: frames() >= length // 4, 120, "a quarter is tracked")
    yield from pause(0.5)
    picture("during")
    assert press("tracked_shot.cancel") == {"FINISHED"}
    yield from until(lambda: state().waiting, 30, "the tracking stops")
    yield from pause(0.5)
    picture("cancelled")
    cancelled_at = seen["cancelled_at"] = frames()
    assert not bpy.ops.tracked_shot.take_in.poll()

    assert press("tracked_shot.resume") == {"FINISHED"}
    yield from until(lambda: state().progress.alive and frames() > cancelled_at, 120, "it goes on")
    worker = json.loads(state().manager.store.run_state().owner)["pid"]
    os.kill(worker, signal.SIGKILL)
    killed = time.monotonic()
    yield from until(lambda: state().waiting, 5, "a killed worker is noticed")
    seen["seconds_to_notice"] = round(time.monotonic() - killed, 2)
    yield from pause(0.5)
    picture("interrupted")

    assert press("tracked_shot.resume") == {"FINISHED"}
    gaps = [0.0]
    last = [time.monotonic()]

    def in_the_clip() -> bool:
        now = time.monotonic()
        gaps.append(now - last[0])
        last[0] = now
        return shown_clip().tracked_shot.taken_in

    yield from until(in_the_clip, 300, "the solve is taken in")
    yield from until(lambda: state().native is None, 60, "Blender has solved")
    memory = shown_clip().tracked_shot
    seen["longest_gap"] = round(max(gaps), 2)
    seen["verdict"] = memory.verdict
    seen["average_error"] = round(memory.average_error, 4)
    seen["focal_length"] = round(memory.focal_length, 3)
    assert not memory.native_trouble, memory.native_trouble
    assert shown_clip().tracking.reconstruction.is_valid
    yield from pause(1.5)
    picture("after")


def shot() -> Iterator[None]:
    """Set Up Shot, Remove, another preset, and one rendered frame."""
    assert press("tracked_shot.setup_shot") == {"FINISHED"}
    scene = main_window().scene
    assert scene.camera is not None and scene.active_clip == shown_clip()
    yield from pause(2.0)
    picture("shot")
    assert WATCH.composite_of(scene).applied and WATCH.composite_of(scene).matches
    assert press("tracked_shot.remove_composite", "NODE_EDITOR") == {"FINISHED"}
    assert not WATCH.composite_of(scene).applied
    scene.tracked_shot.composite_preset = "additive_glow"
    assert press("tracked_shot.apply_composite", "NODE_EDITOR") == {"FINISHED"}
    assert WATCH.composite_of(scene).preset == "additive_glow"
    yield from pause(1.0)
    picture("applied")
    scene.tracked_shot.composite_preset = "over_footage"
    assert press("tracked_shot.apply_composite", "NODE_EDITOR") == {"FINISHED"}
    yield from render(scene)


def away() -> Iterator[None]:
    """Another file is opened while a worker is at work; back again, the panel offers what it found."""
    clip = shown_clip()
    clip.tracked_shot.tracking_preset = "fast"
    assert press("tracked_shot.track_solve") == {"FINISHED"}
    manager = state().manager
    bpy.ops.wm.save_as_mainfile(filepath=str(BLEND))
    bpy.ops.wm.read_homefile(app_template="")
    yield from until(lambda: manager.status.finished, 300, "the worker goes on without its file")
    yield from until(lambda: not manager.get_progress().alive, 30, "the worker ends")
    bpy.ops.wm.open_mainfile(filepath=str(BLEND))
    yield from until(lambda: state() and state().finished, 10, "the session is found again")
    yield from pause(1.0)
    show_tabs()
    yield from pause(0.5)
    assert not shown_clip().tracked_shot.taken_in
    picture("away")
    assert press("tracked_shot.take_in") == {"FINISHED"}
    assert shown_clip().tracked_shot.taken_in
    seen["verdict_fast"] = shown_clip().tracked_shot.verdict


def render(scene: bpy.types.Scene) -> Iterator[None]:
    """One composited frame, small, to see that the line leads to its end."""
    scene.cycles.samples = 4
    scene.cycles.use_denoising = False
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(PICTURES / f"frame-{VERSION}.png")
    bpy.ops.render.render(write_still=True)
    assert Path(scene.render.filepath).stat().st_size > 10_000
    yield


walking.start(steps(), PICTURES, "result")
