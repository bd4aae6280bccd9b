"""The report in a real window: the page goes to the browser, and where there is none a text is shown."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np
import pytest

from addon import watch
from addon.tracking import create_session


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A session beside its clip, which is named so that an address has to be quoted."""
    clip = tmp_path / "gray clip.avi"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"HFYU"), 24.0, (160, 90))
    for level in range(12):
        writer.write(np.full((90, 160, 3), 10 * level, np.uint8))
    writer.release()
    return create_session(clip, "gray clip", directory=tmp_path / "gray clip_tracking").path


def editor() -> bpy.types.Area:
    window = bpy.context.window_manager.windows[0]
    return max(window.screen.areas, key=lambda area: area.width * area.height)


def press() -> set[str]:
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=editor()):
        return set(bpy.ops.tracked_shot.report_clip("INVOKE_DEFAULT", True))


def test_the_page_is_shown(window: Any, session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    there = [True]

    def browser(address: str, *_: object, **__: object) -> bool:
        opened.append(address)
        return there[0]

    monkeypatch.setattr(webbrowser, "open", browser)

    def open_clip() -> None:
        editor().ui_type = "CLIP_EDITOR"
        clip = session.parent.parent / "gray clip.avi"
        editor().spaces.active.clip = bpy.data.movieclips.load(str(clip))

    def known() -> bool:
        state = watch.state_of(editor().spaces.active.clip)
        return state is not None and state.session is not None

    window.run(open_clip)
    window.wait_until(known, 30)
    assert window.run(press) == {"FINISHED"}
    page = session.with_suffix(".html")
    assert opened == [page.absolute().as_uri()] and "%20" in opened[0] and page.is_file()
    assert window.run(lambda: len(bpy.context.window_manager.windows)) == 1

    there[0] = False  # no browser on this machine
    assert window.run(press) == {"FINISHED"} and len(opened) == 2
    windows = window.run(lambda: [w.screen.areas[0].type for w in bpy.context.window_manager.windows])
    assert windows[1:] == ["TEXT_EDITOR"]

    def close() -> None:
        with bpy.context.temp_override(window=bpy.context.window_manager.windows[-1]):
            bpy.ops.wm.window_close()

    window.run(close)
