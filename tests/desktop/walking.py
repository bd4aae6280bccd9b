"""What the walks through a Blender with a window share: pressing buttons, waiting, taking pictures.

A walk is a generator; between two of its steps Blender draws, runs timers and takes events.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy

CATEGORY = "Tracked Shot"
VERSION = f"{bpy.app.version[0]}.{bpy.app.version[1]}"
WATCH = next(module for name, module in sys.modules.items() if name.endswith("tracked_shot.watch"))
"""The installed add-on's own knowledge; only read here."""
SHORT = {"CLIP_EDITOR": "panel", "NODE_EDITOR": "compositor"}
seen: dict[str, object] = {}
"""What a walk notes; written to a file at its end."""


def main_window() -> bpy.types.Window:
    return bpy.context.window_manager.windows[0]


def area(kind: str) -> bpy.types.Area:
    return next(item for item in main_window().screen.areas if item.type == kind)


def region(where: bpy.types.Area, kind: str) -> bpy.types.Region:
    return next(item for item in where.regions if item.type == kind)


def press(operator: str, editor: str = "CLIP_EDITOR", **options: object) -> set[str]:
    """Press a button as it would be pressed in the sidebar of that editor."""
    module, name = operator.split(".")
    where = area(editor)
    override = {"window": main_window(), "screen": main_window().screen, "area": where}
    with bpy.context.temp_override(**override, region=region(where, "UI")):
        return getattr(getattr(bpy.ops, module), name)("INVOKE_DEFAULT", True, **options)


def lay_out() -> None:
    """The largest editor becomes a Clip Editor on the left and a Compositor on the right."""
    window = main_window()
    big = max(window.screen.areas, key=lambda item: item.width * item.height)
    before = set(window.screen.areas)
    with bpy.context.temp_override(window=window, screen=window.screen, area=big):
        bpy.ops.screen.area_split(direction="VERTICAL", factor=0.5)
    (new,) = set(window.screen.areas) - before
    big.ui_type, new.ui_type = "CLIP_EDITOR", "CompositorNodeTree"


def show_tabs() -> None:
    """Open both sidebars on our tab."""
    for kind in ("CLIP_EDITOR", "NODE_EDITOR"):
        where = area(kind)
        where.spaces.active.show_region_ui = True
        region(where, "UI").active_panel_category = CATEGORY
        where.tag_redraw()


def picture(name: str, pictures: Path, editors: tuple[str, ...] = ("CLIP_EDITOR", "NODE_EDITOR")) -> None:
    """The window, and the sidebar of each of these editors alone."""
    whole = pictures / f"{name}-{VERSION}-window.png"
    subprocess.run(["import", "-window", "root", str(whole)], check=True)
    for kind in editors:
        bar = region(area(kind), "UI")
        box = f"{bar.width}x{bar.height}+{bar.x}+{main_window().height - bar.y - bar.height}"
        target = pictures / f"{SHORT[kind]}-{VERSION}-{name}.png"
        subprocess.run(["convert", str(whole), "-crop", box, "+repage", str(target)], check=True)


def click(spot: tuple[int, int], editor: str = "CLIP_EDITOR") -> None:
    """The left mouse button, so many pixels right of and below the top left of that editor's sidebar."""
    bar = region(area(editor), "UI")
    x, y = bar.x + spot[0], main_window().height - bar.y - bar.height + spot[1]
    subprocess.run(["xdotool", "mousemove", str(x), str(y), "click", "1"], check=True)


def until(condition: Callable[[], object], seconds: float, what: str) -> Iterator[None]:
    """Let Blender go on until it holds."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        yield


def pause(seconds: float) -> Iterator[None]:
    ends = time.monotonic() + seconds
    yield from until(lambda: time.monotonic() > ends, seconds + 10, "a pause")


def shown_clip() -> bpy.types.MovieClip:
    return area("CLIP_EDITOR").spaces.active.clip


def state():  # type: ignore[no-untyped-def]
    """What the watcher knows of the clip that is shown."""
    return WATCH.state_of(shown_clip())


def write(pictures: Path, name: str) -> None:
    """Writes what was seen so far."""
    text = json.dumps(seen, indent=1) + "\n"
    (pictures / f"{name}-{VERSION}.json").write_text(text, encoding="utf-8")


def start(walk: Iterator[None], pictures: Path, name: str) -> None:
    """Takes the walk; ends Blender with 0 where all of it was right, else with 1."""
    bpy.context.preferences.view.show_splash = False

    def leave(status: int) -> None:
        seen["status"] = status
        write(pictures, name)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)

    def go_on() -> float:
        try:
            next(walk)
        except StopIteration:
            leave(0)
        except BaseException:
            traceback.print_exc()
            leave(1)
        return 0.05

    bpy.app.timers.register(go_on, first_interval=2.0, persistent=True)
