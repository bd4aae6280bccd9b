"""How long Blender's window takes to answer while a clip is tracked, solved and taken in.

    python benchmarks/window.py [--version 5.2] [--footage CLIP] [--json FILE]

Starts a desktop Blender (tools/blenders.py says how one is found) with the workspace of this add-on, opens
the clip and presses Track & Solve. A timer that is due every 5 ms notes the gaps between its calls: whatever
holds up the window (drawing, the watcher, taking in tracks) shows as a gap. Told for each phase: the 50th and
the 99th percentile and the longest gap, in milliseconds, and the longest call of the add-on's own timer. For
comparison, too, a window in which the same sidebars are redrawn four times a second and nothing else goes on:
without a graphics card nearly all of a gap is drawing, so the window is small. Ends with 1 where the 99th
percentile is above 30 ms while the clip is tracked and solved, or above 300 ms while the solve comes into the
clip (Blender's own solve included), and above twice what the mere redraw takes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # Blender leaves a script's own folder out

from in_blender import DESKTOP_VERSIONS, REPOSITORY, go_on, in_windows, inside, leave

DEFAULT_FOOTAGE = REPOSITORY.parent / "shared" / "footage" / "courtyard_orbit.mp4"
TIMER_SECONDS = 0.005
PHASES = ("nothing", "tracking", "solving", "taking in", "after it")
LIMITS = {"tracking": 30.0, "solving": 30.0, "taking in": 300.0}
"""For the 99th percentile of a phase, in milliseconds."""
WINDOW = "1200", "750"
TIMEOUT_SECONDS = 420


def main() -> int:
    """Runs the measurement in the Blenders asked for."""
    parser = argparse.ArgumentParser(description="Gaps of a timer while a clip is tracked and solved.")
    parser.add_argument("--version", action="append", choices=DESKTOP_VERSIONS)
    parser.add_argument("--footage", type=Path, default=DEFAULT_FOOTAGE)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if not asked.footage.is_file():
        print(f"SKIPPED: no footage at {asked.footage} (--footage names another clip)")
        return 0
    results, failed = {}, False
    for version, folder in in_windows(
        __file__,
        asked.version,
        size=WINDOW,
        seconds=TIMEOUT_SECONDS,
        arguments=lambda folder: [str(folder), str(shutil.copy(asked.footage, folder))],
    ):
        gaps, ticks = json.loads((folder / "gaps.json").read_text(encoding="utf-8"))
        results[version] = {
            phase: {**told(gaps[phase]), "watcher": max(ticks[phase], default=0.0)}
            for phase in PHASES
            if gaps[phase]
        }
        print(f"\nBlender {version}, {asked.footage.name}: gaps of a timer that is due every 5 ms")
        failed |= show(results[version])
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return int(failed)


def told(gaps: list[float]) -> dict[str, float]:
    """Percentiles of the gaps, milliseconds, and how long the phase took, seconds."""
    ordered = sorted(gaps)
    return {
        "half": ordered[len(ordered) // 2],
        "p99": ordered[int(0.99 * (len(ordered) - 1))],
        "most": ordered[-1],
        "seconds": sum(ordered) / 1000,
    }


def show(phases: dict[str, dict[str, float]]) -> bool:
    """Prints a line a phase; whether any is over its limit."""
    failed = False
    redraw = phases["nothing"]["p99"]
    for phase, found in phases.items():
        over = phase in LIMITS and found["p99"] > max(LIMITS[phase], 2 * redraw)
        failed |= over
        print(
            f"{phase:<14} 50% {found['half']:6.1f} ms  99% {found['p99']:6.1f} ms  "
            f"longest {found['most']:7.1f} ms  in {found['seconds']:5.1f} s  "
            f"watcher at most {found['watcher']:6.1f} ms{'  OVER' if over else ''}"
        )
    return failed


# --- inside Blender ----------------------------------------------------------


def measure(folder: str, file: str) -> None:
    """Tracks and solves the clip, and writes the gaps of each phase into the folder."""
    import time

    import bpy

    import addon
    from addon import watch, workspace
    from addon.watch import pulse, taking, timer

    bpy.context.preferences.view.show_splash = False
    addon.register()
    gaps: dict[str, list[float]] = {phase: [] for phase in PHASES}
    last = [time.perf_counter()]
    ticks: dict[str, list[float]] = {phase: [] for phase in PHASES}
    phase, is_taking = [""], [False]

    def note() -> float:
        now = time.perf_counter()
        if phase[0]:
            gaps["taking in" if is_taking[0] else phase[0]].append(1000 * (now - last[0]))
        last[0], is_taking[0] = now, False
        return TIMER_SECONDS

    def noted(work):  # type: ignore[no-untyped-def]
        def run(*arguments: object) -> None:
            is_taking[0] = True
            work(*arguments)

        return run

    def timed_tick() -> float:
        started = time.perf_counter()
        pause = timer.tick()
        if phase[0]:
            ticks["taking in" if is_taking[0] else phase[0]].append(1000 * (time.perf_counter() - started))
        return pause

    pulse.stop()
    pulse.start(timed_tick, timer.BUSY_SECONDS)
    taking.go_on = noted(taking.go_on)
    taking.end_native = noted(taking.end_native)

    def phase_of(state: watch.ClipState) -> str:
        if state.taking is not None or state.native is not None:
            return "taking in"
        if state.running:
            return "solving" if state.progress.stage in ("clean", "solve") else "tracking"
        return phase[0]

    def walk():  # type: ignore[no-untyped-def]
        workspace.open_workspace(bpy.context.window_manager.windows[0])
        yield from pause(3.0)
        window = bpy.context.window_manager.windows[0]
        area = next(item for item in window.screen.areas if item.type == "CLIP_EDITOR")
        clip = bpy.data.movieclips.load(file)
        area.spaces.active.clip = clip
        while not (state := watch.state_of(clip)) or state.preflight is None:
            yield
        yield from pause(2.0)
        phase[0] = "nothing"
        for _ in range(16):
            watch.redraw()
            yield from pause(0.25)
        with bpy.context.temp_override(window=window, screen=window.screen, area=area):
            bpy.ops.tracked_shot.track_solve("INVOKE_DEFAULT", True)
        while not clip.tracked_shot.taken_in or state.native is not None:
            phase[0] = phase_of(state)
            yield
        phase[0] = "after it"
        yield from pause(4.0)
        Path(folder, "gaps.json").write_text(json.dumps([gaps, ticks]))
        leave(0)

    def pause(seconds: float):  # type: ignore[no-untyped-def]
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            yield

    bpy.app.timers.register(note, persistent=True)
    go_on(walk(), 0.01)


if __name__ == "__main__":
    if "--" in sys.argv:
        inside(measure)
    else:
        sys.exit(main())
