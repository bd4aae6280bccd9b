"""No button ends in a traceback: every operator of the class list, in every place where it does not belong.

New operators are covered as soon as they stand in ``operators.CLASSES``.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import bpy
import pytest

from addon import operators, panels
from addon.tracking.blender.clip_state import TAKEN
from addon.watch import timer

EDITORS = ("VIEW_3D", "CLIP_EDITOR", "NODE_EDITOR", "SEQUENCE_EDITOR", "TEXT_EDITOR", "PROPERTIES")
OUTCOMES = ({"FINISHED"}, {"CANCELLED"}, {"RUNNING_MODAL"}, {"INTERFACE"})


def no_clip(_folder: Path) -> None:
    """An empty file."""


def missing_footage(folder: Path) -> None:
    file = folder / "gone.mp4"
    file.write_bytes(b"")
    bpy.context.scene.active_clip = bpy.data.movieclips.load(str(file))
    file.unlink()


def text_as_footage(folder: Path) -> None:
    file = folder / "words.mp4"
    file.write_text("no film\n" * 100)
    bpy.context.scene.active_clip = bpy.data.movieclips.load(str(file))


def two_clips(folder: Path) -> None:
    text_as_footage(folder)
    first = bpy.context.scene.active_clip
    (folder / "more.mp4").write_text("no film either\n")
    bpy.data.movieclips.load(str(folder / "more.mp4"))
    bpy.context.scene.active_clip = first


def linked_clip(folder: Path) -> None:
    text_as_footage(folder)
    library = folder / "library.blend"
    clip = bpy.context.scene.active_clip
    bpy.data.libraries.write(str(library), {clip}, fake_user=True)
    bpy.data.movieclips.remove(clip)
    with bpy.data.libraries.load(str(library), link=True) as (there, here):
        here.movieclips = list(there.movieclips)
    bpy.context.scene.active_clip = here.movieclips[0]


def linked_scene(folder: Path) -> None:
    """The window shows a scene of another file, with a clip of this one."""
    library = folder / "scenes.blend"
    bpy.data.libraries.write(str(library), {bpy.context.scene}, fake_user=True)
    with bpy.data.libraries.load(str(library), link=True) as (there, here):
        here.scenes = list(there.scenes)
    bpy.context.window.scene = here.scenes[0]
    file = folder / "words.mp4"
    file.write_text("no film\n" * 100)
    bpy.data.movieclips.load(str(file))


def preset_that_is_gone(folder: Path) -> None:
    text_as_footage(folder)
    bpy.context.scene.active_clip.tracked_shot.tracking_preset_name = "deleted"
    bpy.context.scene.tracked_shot.composite_preset_name = "deleted"


def edit_mode(folder: Path) -> None:
    text_as_footage(folder)
    mesh = bpy.data.objects.new("Mesh", bpy.data.meshes.new("Mesh"))
    bpy.context.scene.collection.objects.link(mesh)
    bpy.context.view_layer.objects.active = mesh
    bpy.ops.object.mode_set(mode="EDIT")


def claims_of_a_solve(folder: Path) -> None:
    """A clip that remembers a session and a solve which are both gone, and no scene camera."""
    text_as_footage(folder)
    clip = bpy.context.scene.active_clip
    memory = clip.tracked_shot
    memory.session = str(folder / "gone.tracksession")
    clip[TAKEN] = json.dumps({"session": memory.session})
    memory.taken_in, memory.verdict = True, "good"
    bpy.context.scene.active_clip.tracking.tracks.new(name="Nose", frame=1)


WRONG = (
    no_clip,
    missing_footage,
    text_as_footage,
    two_clips,
    linked_clip,
    linked_scene,
    preset_that_is_gone,
    edit_mode,
    claims_of_a_solve,
)


def press(kind: type[bpy.types.Operator], *arguments: object) -> None:
    """Presses it where it may be; whatever comes of it has to be an outcome or a report."""
    module, name = kind.bl_idname.split(".")
    operator = getattr(getattr(bpy.ops, module), name)
    if not operator.poll():
        return
    try:
        outcome = operator(*arguments)
    except RuntimeError as error:
        assert "Traceback" not in str(error), (kind, error)
        assert str(error).startswith(("Error: ", "Warning: ")), (kind, error)
    else:
        assert outcome in OUTCOMES, (kind, outcome)


@pytest.mark.parametrize("wrong", WRONG, ids=[case.__name__ for case in WRONG])
def test_no_operator_ends_in_a_traceback(
    wrong, blender_file: ModuleType, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong(tmp_path)
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    before = area.type
    for editor in EDITORS:
        area.type = editor
        if editor == "CLIP_EDITOR":
            area.spaces.active.clip = next(iter(bpy.data.movieclips), None)
        for kind in operators.CLASSES:
            with bpy.context.temp_override(window=window, screen=window.screen, area=area):
                press(kind)
            started = [found for found in tmp_path.rglob("*.tracksession") if found.stat().st_size]
            assert not started or wrong is claims_of_a_solve, kind
    area.type = before
    if wrong is not linked_scene:
        assert bpy.context.scene.camera is None
    assert "Traceback" not in caplog.text and not [r for r in caplog.records if r.levelname == "CRITICAL"]


@pytest.mark.parametrize("wrong", WRONG, ids=[case.__name__ for case in WRONG])
def test_no_operator_needs_an_area(wrong, blender_file: ModuleType, tmp_path: Path) -> None:
    """As from a timer, a script or the command line: there is a window, and no editor."""
    wrong(tmp_path)
    window = bpy.context.window_manager.windows[0]
    for kind in operators.CLASSES:
        with bpy.context.temp_override(window=window, area=None, region=None):
            press(kind)


@pytest.mark.parametrize("wrong", WRONG, ids=[case.__name__ for case in WRONG])
def test_what_is_greyed_out_says_why(wrong, blender_file: ModuleType, tmp_path: Path) -> None:
    """Each poll that refuses hands Blender a message."""
    wrong(tmp_path)
    window = bpy.context.window_manager.windows[0]
    said: list[str] = []
    with bpy.context.temp_override(window=window, screen=window.screen):
        for kind in operators.CLASSES:
            if "poll" not in dir(kind) or not hasattr(kind.poll, "__func__"):
                continue
            said.clear()
            told = type("told", (kind,), {"poll_message_set": staticmethod(said.append)})
            if not kind.poll.__func__(told, bpy.context):
                assert said and said[0] and not said[0].endswith("."), (kind, said)


def chosen_preset(folder: Path) -> None:
    """Not wrong: it opens the panels of what is set over a composite preset."""
    text_as_footage(folder)
    bpy.context.scene.tracked_shot.composite_preset = "over_footage"


DRAWN = (*WRONG, chosen_preset)
ICONS = frozenset(bpy.types.UILayout.bl_rna.functions["prop"].parameters["icon"].enum_items.keys())


class _Layout:
    """Stands in for a layout where there is no window: it takes what a real one would take."""

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        def draw(*arguments: object, **options: object) -> _Layout:
            assert options.get("icon", "NONE") in ICONS, options
            if name.startswith("prop"):
                assert hasattr(arguments[0], str(arguments[1])), arguments
            if name == "prop_search":
                assert hasattr(arguments[2], str(arguments[3])), arguments
            return _Layout()

        return draw

    def __setattr__(self, name: str, value: object) -> None:
        pass


@pytest.mark.parametrize("wrong", DRAWN, ids=[case.__name__ for case in DRAWN])
def test_no_panel_ends_in_a_traceback(wrong, blender_file: ModuleType, tmp_path: Path) -> None:
    """Every panel and menu is drawn in its editor, wherever its poll lets it."""
    wrong(tmp_path)
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    before = area.type
    drawn = 0
    for editor in ("CLIP_EDITOR", "NODE_EDITOR"):
        area.type = editor
        if editor == "CLIP_EDITOR":
            area.spaces.active.clip = next(iter(bpy.data.movieclips), None)
            area.spaces.active.view = "CLIP"
        else:
            area.ui_type = "CompositorNodeTree"
        timer.look()
        region = next(region for region in area.regions if region.type in ("UI", "WINDOW"))
        with bpy.context.temp_override(window=window, screen=window.screen, area=area, region=region):
            for kind in panels.CLASSES:
                if not hasattr(kind, "draw") or getattr(kind, "bl_space_type", editor) != editor:
                    continue
                if hasattr(kind, "poll") and not kind.poll(bpy.context):
                    continue
                members: dict[str, object] = {}
                for base in reversed(kind.__mro__):
                    if base.__module__.startswith("addon"):
                        members.update({k: v for k, v in vars(base).items() if not k.startswith("__")})
                stand_in = type("StandIn", (), {**members, "layout": _Layout()})()
                stand_in.draw(bpy.context)
                drawn += 1
    area.type = before
    assert drawn > 8
