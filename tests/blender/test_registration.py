"""The add-on comes off without a trace, and every button explains itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import ModuleType

import bpy
import numpy as np
import pytest

from addon import (
    cli,
    keymaps,
    operators,
    overlay,
    panels,
    preferences,
    preset_items,
    properties,
    registration,
)
from addon.panels import menus
from addon.watch import timer


@pytest.fixture
def unregistered() -> Iterator[None]:
    """The add-on off during the test, and on again after it where it was."""
    was_on = bool(registration._hung)
    registration.unregister()
    yield
    registration.unregister()
    if was_on:
        registration.register()


def traces() -> dict[str, object]:
    """Everything of ours that can be found in Blender."""
    lists = {
        name: getattr(bpy.app.handlers, name) for name in ("load_post", "save_post", "load_pre", "save_pre")
    }
    classes = {*operators.CLASSES, *panels.CLASSES, *properties.CLASSES, *preferences.CLASSES}
    return {
        "classes": sorted(kind.__name__ for kind in classes if kind.is_registered),
        "found by name": sorted(name for name in dir(bpy.types) if name.startswith("TRACKED_SHOT_")),
        "handlers": {
            name: [f for f in found if f.__module__.startswith("addon.")] for name, found in lists.items()
        },
        "timer": bpy.app.timers.is_registered(timer.tick),
        "properties": [
            hasattr(kind, "tracked_shot")
            for kind in (bpy.types.Scene, bpy.types.MovieClip, bpy.types.WindowManager)
        ],
        "menu": registration.draw_track_menu in getattr(bpy.types.CLIP_MT_track.draw, "_draw_funcs", ()),
        "clip menu": registration.draw_clip_menu in getattr(bpy.types.CLIP_MT_clip.draw, "_draw_funcs", ()),
        "operators": sorted(dir(bpy.ops.tracked_shot)),
        "window menu": registration.draw_window_menu
        in getattr(bpy.types.TOPBAR_MT_window.draw, "_draw_funcs", ()),
        "words": bpy.app.translations.pgettext_iface("Tracks by Harm"),
        "keys": list(keymaps._items),
        "overlay": list(overlay._handle),
        "threads": [t.name for t in threading.enumerate() if t.name.startswith("Tracked Shot")],
        "command": list(registration._command),
        "hung": list(registration._hung),
    }


@pytest.mark.usefixtures("unregistered")
def test_ten_times_on_and_off_leaves_no_trace() -> None:
    before = traces()
    assert before["classes"] == before["hung"] == before["command"] == [] and not before["timer"]
    for _ in range(10):
        registration.register()
        on = traces()
        assert (
            on["timer"]
            and on["menu"]
            and on["clip menu"]
            and on["properties"] == [True] * 3
            and len(on["command"]) == 1
        )
        assert (
            len(on["classes"]) == len(operators.CLASSES) + len(panels.CLASSES) + len(properties.CLASSES) + 1
        )
        registration.unregister()
        assert traces() == before


def test_what_changes_the_file_can_be_undone() -> None:
    """Those named here change no datablock, or a kind that Blender does not undo; else files on disk."""
    leave_it = {
        "cancel", "cancel_copy", "check_clip", "copy_bug_report", "delete_session", "export_camera",
        "export_composite_preset", "export_tracking_preset", "export_tracks", "make_even_copy",
        "open_workspace", "pause", "refresh_presets", "refresh_sessions", "reveal_session", "write_stmaps",
    }  # fmt: skip
    undone = {kind.bl_idname for kind in operators.CLASSES if "UNDO" in kind.bl_options}
    assert {kind.bl_idname.partition(".")[2] for kind in operators.CLASSES} - leave_it == {
        name.partition(".")[2] for name in undone
    }


@pytest.mark.usefixtures("unregistered")
@pytest.mark.parametrize("place", [0, 5, len(registration.PARTS)])
def test_registration_that_fails_half_way_is_taken_back(place: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise LookupError("no such thing")

    before = traces()
    broken = registration.Part("broken", fail, lambda: None)
    monkeypatch.setattr(
        registration, "PARTS", (*registration.PARTS[:place], broken, *registration.PARTS[place:])
    )
    with pytest.raises(LookupError):
        registration.register()
    assert traces() == before


@pytest.mark.usefixtures("unregistered")
def test_a_part_that_cannot_come_off_keeps_no_other_from_going(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise LookupError("stuck")

    before = traces()
    stuck = registration.Part("stuck", lambda: None, fail)
    monkeypatch.setattr(registration, "PARTS", (*registration.PARTS, stuck))
    registration.register()
    registration.unregister()
    assert traces() == before
    assert "stuck could not be taken off" in caplog.text


def test_the_search_finds_every_operator() -> None:
    """The search looks through menus; ours, in Blender's Window menu, has all of them."""
    found = {kind for room in menus.ROOMS for module in room.modules for kind in module.CLASSES}
    assert found == set(operators.CLASSES)


def test_every_operator_explains_itself() -> None:
    for kind in operators.CLASSES:
        assert kind.bl_idname.startswith("tracked_shot."), kind
        assert len(kind.bl_description) > 20 and not kind.bl_description.endswith("."), kind
        assert kind.bl_label == kind.bl_label[0].upper() + kind.bl_label[1:], kind


def test_presets_are_remembered_by_name(blender_file: ModuleType) -> None:
    scene = bpy.context.scene
    assert scene.tracked_shot.composite_preset == "over_footage" and scene.tracked_shot.data_version == 0
    scene.tracked_shot.composite_preset = "additive_glow"
    assert scene.tracked_shot.composite_preset_name == "additive_glow"
    assert scene.tracked_shot.data_version == properties.DATA_VERSION


def test_a_menu_gives_back_the_preset_that_was_clicked(blender_file: ModuleType) -> None:
    """An open menu of Blender 4.3 keeps numbers as 32 bit floats: each has to come back as it was."""
    for kind in (preset_items.TRACKING, preset_items.COMPOSITE):
        items = preset_items.items(kind)(None, None)
        assert len({item[4] for item in items}) == len(items) > 5
        for name, *_, number in items:
            assert preset_items.name_of(kind, int(np.float32(number))) == name


def test_the_command_line_tells_its_version_and_blenders(
    blender_file: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"])
    assert ended.value.code == 0
    said = capfd.readouterr().out
    assert said.startswith("Tracked Shot ") and said.endswith(
        f", Blender {blender_file.app.version_string}\n"
    )
