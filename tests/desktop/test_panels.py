"""The sidebars, the overlay, the shortcuts and the workspace in a real window."""

from __future__ import annotations

import importlib.util
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

from addon import keymaps, overlay, panels, registration, solve_list, watch
from addon.tracking import create_session
from addon.tracking.session import start_worker
from addon.tracking.session.clip_tracks import PREFIX
from addon.watch import timer


def drawn() -> ModuleType:
    source = Path(__file__).resolve().parents[1] / "drawn.py"
    spec = importlib.util.spec_from_file_location("drawn", source)
    assert spec is not None and spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules["drawn"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def solved_footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn clip with a session beside it that is done."""
    file = tmp_path_factory.mktemp("drawn") / "drawn.avi"
    drawn().draw_clip(file, frames=24)
    # In a process of its own: beside a window's event loop it takes twice as long.
    assert start_worker(create_session(file, "drawn", directory=file.parent).path).wait(120) == 0
    return file


def area(kind: str) -> bpy.types.Area:
    return next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.ui_type == kind)


def press(name: str) -> set[str]:
    window = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window, screen=window.screen):
        return set(getattr(bpy.ops.tracked_shot, name)("INVOKE_DEFAULT", True))


def traces() -> dict[str, object]:
    """What of ours hangs in this Blender."""
    keys = bpy.context.window_manager.keyconfigs.addon
    return {
        "types": sorted(name for name in dir(bpy.types) if name.startswith("TRACKED_SHOT_")),
        "timer": bpy.app.timers.is_registered(timer.tick),
        "overlay": list(overlay._handle),
        "keys": [
            item.idname for m in keys.keymaps for item in m.keymap_items if item.idname.startswith("tracked_")
        ],
        "threads": [t.name for t in threading.enumerate() if t.name.startswith("Tracked Shot")],
        "commands": list(registration._command),
        "scene": hasattr(bpy.types.Scene, "tracked_shot"),
    }


def test_the_workspace_the_overlay_and_all_panels(
    window: Any, solved_footage: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert window.run(lambda: press("open_workspace")) == {"FINISHED"}
    wanted = {"CLIP_EDITOR", "VIEW_3D", "CompositorNodeTree", "TIMELINE"}

    def laid_out() -> bool:
        return {a.ui_type for a in bpy.context.window_manager.windows[0].screen.areas} == wanted

    window.wait_until(laid_out, 20)
    assert window.run(lambda: bpy.context.window_manager.windows[0].workspace.name) == "Tracked Shot"

    def open_clip() -> None:
        clip = bpy.data.movieclips.load(str(solved_footage))
        area("CLIP_EDITOR").spaces.active.clip = clip

    def solved() -> bool:
        state = watch.state_of(area("CLIP_EDITOR").spaces.active.clip)
        return state is not None and state.finished

    window.run(open_clip)
    window.wait_until(solved, 30)
    window.run(lambda: press("take_in"))
    window.wait_until(lambda: solve_list.view_of(area("CLIP_EDITOR").spaces.active.clip) is not None, 30)

    def show() -> None:
        choice = bpy.context.window_manager.windows[0].scene.tracked_shot.overlay
        choice.show = choice.coverage = choice.floor = choice.graph = True
        rows = solve_list.rows_of(area("CLIP_EDITOR").spaces.active.clip)
        assert len(rows.tracks) > 20
        rows.index = 0
        area("CLIP_EDITOR").tag_redraw()

    window.run(show)
    window.wait_until(lambda: any(batch is not None for _, _, batch in overlay._batches.values()), 20)
    chosen = window.run(
        lambda: [t.name for t in area("CLIP_EDITOR").spaces.active.clip.tracking.tracks if t.select]
    )
    first = window.run(lambda: solve_list.rows_of(area("CLIP_EDITOR").spaces.active.clip).tracks[0].name)
    assert chosen == [PREFIX + first]
    assert window.run(lambda: press("open_workspace")) == {"FINISHED"}  # it is there already
    assert window.run(lambda: len([w for w in bpy.data.workspaces if w.name.startswith("Tracked Shot")])) == 1
    said = capfd.readouterr()
    assert "Traceback" not in said.err + said.out


def test_ten_times_on_and_off_in_a_window(window: Any) -> None:
    def ten_times() -> list[dict[str, object]]:
        registration.unregister()
        found = [traces()]
        for _ in range(10):
            registration.register()
            assert len(overlay._handle) == 1 and len(traces()["keys"]) == len(keymaps.OFFERED)
            registration.unregister()
            found.append(traces())
        registration.register()
        return found

    found = window.run(ten_times)
    nothing = {"types": [], "timer": False, "overlay": [], "keys": [], "threads": [], "commands": []}
    assert all(traces_then == {**nothing, "scene": False} for traces_then in found), found[-1]
    assert window.run(lambda: len(panels.CLASSES)) > 10
