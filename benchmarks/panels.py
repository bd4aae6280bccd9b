"""How long the panels and the overlay take to draw for 1,000 tracks over 5,000 frames, in a real window.

    python benchmarks/panels.py [--version 5.2] [--tracks 1000] [--frames 5000] [--json FILE]

Starts a desktop Blender (tools/blenders.py says how one is found), makes up a clip and its solve, opens all
panels and redraws the window. Told for each panel: milliseconds in its draw function; of the buttons, the
slowest to say whether they can be pressed, which Blender asks each time they are drawn; for the overlay:
milliseconds of a redraw of the same frame, and of one that is new, the batch made and drawn.
Ends with 1 where a panel takes more than 1 ms or the overlay more than 5 ms, by the median.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # Blender leaves a script's own folder out

from in_blender import DESKTOP_VERSIONS, go_on, in_windows, inside, leave

PANEL_MS, OVERLAY_MS = 1.0, 5.0
TIMEOUT_SECONDS = 300
REDRAWS = 40
SLOWEST = 3
"""Buttons that are told."""


def main() -> int:
    """Runs the measurement in the Blenders asked for."""
    parser = argparse.ArgumentParser(description="Draw times of the panels and the overlay.")
    parser.add_argument("--version", action="append", choices=DESKTOP_VERSIONS)
    parser.add_argument("--tracks", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=5000)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    results, failed = {}, False
    for version, folder in in_windows(
        __file__,
        asked.version,
        size=("1600", "1000"),
        seconds=TIMEOUT_SECONDS,
        arguments=lambda folder: [str(folder), str(asked.tracks), str(asked.frames)],
    ):
        found = json.loads((folder / "times.json").read_text(encoding="utf-8"))
        results[version] = found
        print(f"\nBlender {version}, {asked.tracks} tracks, {asked.frames} frames")
        for name, times in found.items():
            limit = OVERLAY_MS if name.startswith("overlay") else PANEL_MS
            over = times["median"] > limit
            failed |= over
            print(
                f"{name:<44} {times['median']:7.3f} ms  at most {times['most']:7.3f} ms  "
                f"{times['count']} times{'  OVER' if over else ''}"
            )
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return int(failed)


# --- inside Blender ----------------------------------------------------------


def measure(place: str, *numbers: str) -> None:
    """Draws so many tracks and frames, and writes the times into the folder."""
    folder, (count, frames) = Path(place), map(int, numbers)
    import bpy

    import addon
    from addon import operators, overlay, panels, solve_list
    from addon.tracking.blender.clip_state import TAKEN

    times: dict[str, list[float]] = {}
    polls: dict[str, list[float]] = {}
    for kind in operators.CLASSES:
        if hasattr(kind, "poll"):
            kind.poll = timed_poll(kind.poll, polls.setdefault(f"{kind.__name__}.poll", []))
    for kind in panels.CLASSES:
        if hasattr(kind, "bl_options"):
            kind.bl_options = set(kind.bl_options) - {"DEFAULT_CLOSED"}
        if "draw" in dir(kind) and issubclass(kind, bpy.types.Panel):
            kind.draw = timed_method(kind.draw, times.setdefault(kind.__name__, []))
    overlay.draw = timed(overlay.draw, times.setdefault("overlay", []))
    addon.register()
    bpy.context.preferences.view.show_splash = False
    clip = made_up_clip(folder, frames)
    view = made_up_view(count, frames)

    def prepare() -> None:
        window = bpy.context.window_manager.windows[0]
        big = max(window.screen.areas, key=lambda area: area.width * area.height)
        with bpy.context.temp_override(window=window, screen=window.screen, area=big):
            bpy.ops.screen.area_split(direction="VERTICAL", factor=0.5)
        areas = sorted(window.screen.areas, key=lambda area: -area.width * area.height)[:2]
        areas[0].ui_type, areas[1].ui_type = "CLIP_EDITOR", "CompositorNodeTree"
        areas[0].spaces.active.clip = clip
        for area in areas:
            area.spaces.active.show_region_ui = True
        choice = window.scene.tracked_shot.overlay
        choice.show = choice.tracks = choice.outliers = choice.coverage = choice.floor = choice.graph = True
        memory = clip.tracked_shot
        memory.taken_in, memory.verdict, memory.reasons = True, "usable", "a reason\nanother reason"
        memory.session = clip.filepath
        clip[TAKEN] = json.dumps({"session": clip.filepath})
        solve_list._known[clip.session_uid] = solve_list._Known(
            solve_list._key_of(solve_list._session_of(clip)), view
        )
        solve_list._fill(clip, view)
        solve_list.rows_of(clip).index = -1
        tracks = clip.tracking.tracks
        for row in view.rows:  # none of them chosen: a button that looks for one looks at all
            tracks.new(name=row.name, frame=1).select = False

    def walk():  # type: ignore[no-untyped-def]
        prepare()
        yield
        window = bpy.context.window_manager.windows[0]
        for area in window.screen.areas:
            if area.type in ("CLIP_EDITOR", "NODE_EDITOR"):
                yield from choose_tab(area)
        yield
        for found in (*times.values(), *polls.values()):
            found.clear()
        for name, moves in (("overlay, same frame", False), ("overlay, new frame", True)):
            times["overlay"].clear()
            for number in range(REDRAWS):
                if moves:
                    window.scene.frame_set(1 + number * 50)
                for area in window.screen.areas:
                    area.tag_redraw()
                    for region in area.regions:
                        region.tag_redraw()
                yield
            times[name] = times["overlay"].copy()
        del times["overlay"]
        asked = {name: found for name, found in polls.items() if found}
        for name in sorted(asked, key=lambda name: -told(asked[name])["median"])[:SLOWEST]:
            times[name] = asked[name]
        (folder / "times.json").write_text(json.dumps({n: told(t) for n, t in times.items() if t}))
        leave(0)

    go_on(walk(), 0.1)


def choose_tab(area):  # type: ignore[no-untyped-def]
    """Our tab in the editor's sidebar, which cannot be chosen before it was drawn."""
    bar = next(region for region in area.regions if region.type == "UI")
    for _ in range(100):
        try:
            bar.active_panel_category = "Tracked Shot"
            return
        except (AttributeError, TypeError):
            area.tag_redraw()
            yield


def timed_poll(poll, found: list[float]):  # type: ignore[no-untyped-def]
    """The same for an operator's poll, which is bound already."""
    run = timed(poll, found)
    return classmethod(lambda _kind, context: run(context))


def timed(draw, found: list[float]):  # type: ignore[no-untyped-def]
    """The function, its times in milliseconds noted."""
    import functools
    import time

    @functools.wraps(draw)
    def run(*arguments: object) -> object:
        started = time.perf_counter()
        answer = draw(*arguments)
        found.append(1000 * (time.perf_counter() - started))
        return answer

    return run


def timed_method(draw, found: list[float]):  # type: ignore[no-untyped-def]
    """The same for a panel's draw, which Blender wants with just these arguments."""
    run = timed(draw, found)

    def method(self, context) -> None:  # type: ignore[no-untyped-def]
        run(self, context)

    return method


def told(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {"median": ordered[len(ordered) // 2], "most": ordered[-1], "count": len(ordered)}


def made_up_clip(folder: Path, frames: int):  # type: ignore[no-untyped-def]
    """A gray movie of that many frames."""
    import bpy
    import cv2
    import numpy as np

    file = folder / "long.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 24.0, (320, 240))
    for _ in range(frames):
        writer.write(np.full((240, 320, 3), 90, np.uint8))
    writer.release()
    return bpy.data.movieclips.load(str(file))


def made_up_view(count: int, frames: int):  # type: ignore[no-untyped-def]
    """Every track in every frame, a tenth of them left out, under a camera that moves along."""
    import numpy as np

    from addon.tracking.engine.model import Lens, Solve, Tracks
    from addon.tracking.solve_view import solve_view

    rng = np.random.default_rng(1)
    used = count * 9 // 10
    points = np.column_stack([rng.uniform(-3, 3, used), rng.uniform(0, 6, used), np.zeros(used)])
    cameras = np.tile(np.eye(4), (frames, 1, 1))
    cameras[:, 1:3, 1:3] = [[0.5, -0.866], [0.866, 0.5]]
    cameras[:, :3, 3] = np.column_stack(
        [np.linspace(-1, 1, frames), np.full(frames, -3.0), np.full(frames, 2.0)]
    )
    tracks = Tracks(
        960,
        540,
        frames,
        np.repeat(np.arange(count, dtype=np.int32), frames),
        np.tile(np.arange(1, frames + 1, dtype=np.int32), count),
        rng.uniform(0, (960, 540), (count * frames, 2)),
        [f"TS {number:05}" for number in range(count)],
        [""] * used + ["moves against the still world"] * (count - used),
    )
    solve = Solve(
        Lens(800.0, 960, 540, k1=-0.1),
        np.arange(1, frames + 1, dtype=np.int32),
        cameras,
        points,
        np.arange(used, dtype=np.int32),
        rng.exponential(0.2, used),
        rng.exponential(0.2, frames),
        0.2,
        (1, frames),
    )
    return solve_view(tracks, solve, 1, frames)


if __name__ == "__main__":
    if "--" in sys.argv:
        inside(measure)
    else:
        sys.exit(main())
