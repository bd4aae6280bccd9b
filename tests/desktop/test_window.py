"""Track & Solve in a real window, from source: the window stays alive and the solve comes in by itself."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import pytest

from addon import session_list, watch
from addon.tracking import create_session

LONGEST_WAIT = 180.0


@pytest.fixture(scope="module")
def footage_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn clip; tests/drawn.py knows its camera (30 mm)."""
    source = Path(__file__).resolve().parents[1] / "drawn.py"
    spec = importlib.util.spec_from_file_location("drawn", source)
    assert spec is not None and spec.loader is not None
    drawn: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules["drawn"] = drawn
    spec.loader.exec_module(drawn)
    file = tmp_path_factory.mktemp("drawn") / "drawn.avi"
    drawn.draw_clip(file, frames=24)
    return file


def area(kind: str) -> bpy.types.Area:
    return next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == kind)


def lay_out() -> None:
    """The largest editor becomes a Clip Editor and a Compositor."""
    window = bpy.context.window_manager.windows[0]
    big = max(window.screen.areas, key=lambda a: a.width * a.height)
    before = set(window.screen.areas)
    with bpy.context.temp_override(window=window, screen=window.screen, area=big):
        bpy.ops.screen.area_split(direction="VERTICAL", factor=0.5)
    (new,) = set(window.screen.areas) - before
    big.ui_type, new.ui_type = "CLIP_EDITOR", "CompositorNodeTree"


def show_sidebars() -> None:
    for kind in ("CLIP_EDITOR", "NODE_EDITOR"):
        area(kind).spaces.active.show_region_ui = True


def choose_tab() -> bool:
    """Our tab in both sidebars; False where one was not drawn yet: its tab cannot be chosen before."""
    for kind in ("CLIP_EDITOR", "NODE_EDITOR"):
        bar = next(region for region in area(kind).regions if region.type == "UI")
        try:
            bar.active_panel_category = "Tracked Shot"
        except AttributeError:
            area(kind).tag_redraw()
            return False
    return True


def press(name: str) -> set[str]:
    window, where = bpy.context.window_manager.windows[0], area("CLIP_EDITOR")
    bar = next(region for region in where.regions if region.type == "UI")
    with bpy.context.temp_override(window=window, screen=window.screen, area=where, region=bar):
        return getattr(bpy.ops.tracked_shot, name)(
            "INVOKE_DEFAULT", True
        )  # True: a step to undo, as by a click


def clip() -> bpy.types.MovieClip:
    return area("CLIP_EDITOR").spaces.active.clip


def test_track_cancel_resume_and_set_up(window: Any, footage_file: Path) -> None:
    window.run(lay_out)
    window.run(show_sidebars)
    window.wait_until(choose_tab, 20)

    def open_clip() -> None:
        area("CLIP_EDITOR").spaces.active.clip = bpy.data.movieclips.load(str(footage_file))

    window.run(open_clip)
    window.wait_until(lambda: watch.state_of(clip()) and watch.state_of(clip()).preflight, LONGEST_WAIT)
    assert not window.run(lambda: [f for f in watch.state_of(clip()).findings if f.severity == "error"])

    assert window.run(lambda: press("track_solve")) == {"FINISHED"}
    assert window.run(lambda: press("cancel")) == {"FINISHED"}
    window.wait_until(lambda: not watch.state_of(clip()).running, LONGEST_WAIT)
    assert window.run(lambda: watch.state_of(clip()).trouble) == ""
    if window.run(lambda: watch.state_of(clip()).waiting):  # else it was done before it could be stopped
        assert window.run(lambda: press("resume")) == {"FINISHED"}
    window.wait_until(lambda: clip().tracked_shot.taken_in, LONGEST_WAIT)
    window.wait_until(lambda: not watch.work_of(watch.state_of(clip())), LONGEST_WAIT)  # Blender's own solve
    assert window.run(lambda: clip().tracking.reconstruction.is_valid)
    # drawn with 30 mm on 36 mm; the clip keeps the sensor that it has
    solved = window.run(lambda: clip().tracked_shot.focal_length / clip().tracking.camera.sensor_width)
    assert 36.0 * solved == pytest.approx(30.0, abs=0.3)

    assert window.run(lambda: press("setup_shot")) == {"FINISHED"}
    assert window.run(lambda: bpy.context.window_manager.windows[0].scene.camera is not None)

    def undo() -> None:
        with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
            bpy.ops.ed.undo()

    window.run(undo)
    window.wait_until(lambda: bpy.context.window_manager.windows[0].scene.camera is None, 10)
    assert window.run(lambda: clip().tracked_shot.taken_in)


def rows() -> list[str]:
    return [row.name for row in bpy.context.window_manager.tracked_shot.sessions]


def test_the_list_of_sessions_fills_and_survives_another_file(
    window: Any, footage_file: Path, tmp_path: Path
) -> None:
    """The sessions beside the footage are listed without a click, also after the file was opened again."""
    for name in ("first", "second"):
        create_session(footage_file, name, directory=footage_file.parent / "drawn_tracking")
    window.run(lay_out)
    window.wait_until(lambda: session_list._at[0] > 0.0, 20)

    def open_clip() -> None:
        area("CLIP_EDITOR").spaces.active.clip = bpy.data.movieclips.load(str(footage_file))

    window.run(open_clip)
    window.wait_until(lambda: {"first", "second"} <= set(rows()), 6)  # sooner than the next look-up is due
    blend = tmp_path / "again.blend"

    def save_and_open() -> None:
        with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
            bpy.ops.wm.save_as_mainfile(filepath=str(blend))
            bpy.ops.wm.open_mainfile(filepath=str(blend), load_ui=False)

    window.run(save_and_open)
    window.wait_until(lambda: {"first", "second"} <= set(rows()), 30)
