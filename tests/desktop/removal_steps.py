"""Inside a Blender with the installed zip: reload scripts, switch off and on, uninstall; nothing may stay.

    blender --python tests/desktop/removal_steps.py

tools/check_zip.py starts it, with a window where one can open. Ends with 0 where all of it was right.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import addon_utils
import bpy

PACKAGE = "bl_ext.user_default.tracked_shot"
OURS = ("TRACKED_SHOT_", "tracked_shot.")
MENUS = (
    "CLIP_MT_track",
    "CLIP_MT_clip",
    "TOPBAR_MT_file_export",
    "TOPBAR_MT_file_import",
    "TOPBAR_MT_window",
)
HANDLERS = ("load_post", "save_post")
FOLDER = Path(bpy.utils.user_resource("EXTENSIONS")) / "user_default" / "tracked_shot"


def ours() -> dict[str, object]:
    """What of the add-on hangs in this Blender, as counts and names."""
    keys = bpy.context.window_manager.keyconfigs.addon
    return {
        "types": sorted(name for name in dir(bpy.types) if name.startswith(OURS[0])),
        "operators": sorted(dir(bpy.ops.tracked_shot)),
        "handlers": [
            sum("tracked_shot" in function.__module__ for function in getattr(bpy.app.handlers, name))
            for name in HANDLERS
        ],
        "menus": [
            sum(
                "tracked_shot" in f.__module__ for f in getattr(getattr(bpy.types, m).draw, "_draw_funcs", ())
            )
            for m in MENUS
        ],
        "keys": sum(i.idname.startswith(OURS[1]) for m in keys.keymaps for i in m.keymap_items)
        if keys
        else 0,
        "properties": [
            hasattr(kind, "tracked_shot")
            for kind in (bpy.types.Scene, bpy.types.MovieClip, bpy.types.WindowManager)
        ],
        "words": bpy.app.translations.pgettext_iface("Tracks by Harm"),
        "threads": [thread.name for thread in threading.enumerate() if "Tracked Shot" in thread.name],
    }


def others() -> set[str]:
    """All classes in Blender that are not the add-on's."""
    return {name for name in dir(bpy.types) if not name.startswith(OURS[0])}


def unlike(one: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    return {key: (value, other[key]) for key, value in one.items() if value != other[key]}


def part(name: str) -> ModuleType:
    return sys.modules[f"{PACKAGE}.{name}"]


def steps() -> Iterator[None]:
    """Each ends with a redraw, so that a panel that cannot be drawn any more shows."""
    show()
    yield
    before, blenders = ours(), others()
    assert len(before["types"]) > 50 and before["handlers"] == [1, 1] and before["menus"] == [1] * len(MENUS)
    ticks = [part("watch.timer").tick]
    for _ in range(0 if bpy.app.background else 3):
        yield from reload()
        assert ours() == before, unlike(before, ours())
        assert others() == blenders
        ticks.append(part("watch.timer").tick)
        assert sum(map(bpy.app.timers.is_registered, set(ticks))) == 1, "a timer stayed"
        assert len(part("overlay")._handle) == (not bpy.app.background)
    for _ in range(10):
        addon_utils.disable(PACKAGE)
        yield
        check_gone(blenders, ticks)
        addon_utils.enable(PACKAGE)
        ticks.append(part("watch.timer").tick)
        assert ours() == before, unlike(before, ours())
    repositories = bpy.context.preferences.extensions.repos
    index = next(i for i, item in enumerate(repositories) if item.module == "user_default")
    overlay = part("overlay")
    assert bpy.ops.extensions.package_uninstall(repo_index=index, pkg_id="tracked_shot") == {"FINISHED"}
    yield
    check_gone(blenders, ticks)
    assert not overlay._handle and not FOLDER.exists(), FOLDER
    assert PACKAGE not in bpy.context.preferences.addons


def reload() -> Iterator[None]:
    """Reload Scripts, and until it is done: Blender 5.2 does it later, and makes its own menus anew."""
    before, ends = bpy.types.CLIP_MT_track, time.monotonic() + 30
    bpy.ops.script.reload()
    while bpy.types.CLIP_MT_track is before:
        assert time.monotonic() < ends, "the scripts are not reloaded"
        yield
    yield


def check_gone(blenders: set[str], ticks: list[object]) -> None:
    """Nothing of the add-on is left, and all of Blender's own."""
    left = ours()
    assert not any(
        any(value) if isinstance(value, list) else value for value in {**left, "words": ""}.values()
    ), left
    assert others() == blenders, blenders ^ others()
    assert not any(map(bpy.app.timers.is_registered, ticks)), "a timer stayed"


def show() -> None:
    """Both editors, their sidebars open on our tab as far as Blender has drawn them."""
    if bpy.app.background:
        return
    bpy.context.preferences.view.show_splash = False
    areas = sorted(bpy.context.window_manager.windows[0].screen.areas, key=lambda a: -a.width * a.height)
    for area, kind in zip(areas, ("CLIP_EDITOR", "CompositorNodeTree")):
        area.ui_type = kind
        area.spaces.active.show_region_ui = True


def leave(status: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def go_on(walk: Iterator[None]) -> float:
    """Takes one step; ends Blender after the last one."""
    try:
        next(walk)
    except StopIteration:
        print("nothing of it is left", flush=True)
        leave(0)
    except BaseException:
        traceback.print_exc()
        leave(1)
    return 0.2


walk = steps()
if bpy.app.background:
    while True:
        go_on(walk)
bpy.app.timers.register(lambda: go_on(walk), first_interval=1.5, persistent=True)
