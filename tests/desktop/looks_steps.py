"""The looks of the sidebars, inside a Blender with a window; looks.py starts it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import bpy

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(REPOSITORY / "tools")]

import blender_pytest  # noqa: E402

CLIP, PICTURES, ONLY = sys.argv[sys.argv.index("--") + 1 :]
OPEN = (
    "TRACKED_SHOT_PT_solve_tracks", "TRACKED_SHOT_PT_overlay", "TRACKED_SHOT_PT_layout",
    "TRACKED_SHOT_PT_lens",
    "TRACKED_SHOT_PT_shot_file", "TRACKED_SHOT_PT_light", "TRACKED_SHOT_PT_sessions", "TRACKED_SHOT_PT_steps",
    "TRACKED_SHOT_PT_composite_blend", "TRACKED_SHOT_PT_composite_shadow", "TRACKED_SHOT_PT_composite_lens",
    "TRACKED_SHOT_PT_composite_steady", "TRACKED_SHOT_PT_composite_pin", "TRACKED_SHOT_PT_composite_settings",
)  # fmt: skip
"""Panels that begin closed and are shown open."""
LOOKS = {
    "dark-1": {},
    "own": {"tab": "Track"},
    "dark-0.7": {"scale": 0.7},
    "dark-2": {"scale": 2.0},
    "light-1": {"theme": "Blender_Light"},
    "german-1": {"language": "de_DE"},
    "lens": {"lens": True},
    "workspace": {},
}
"""By name, what is set beside the defaults; asked for alone, "workspace" has the panels as they begin."""

blender_pytest.find_packages()
import addon  # noqa: E402
from addon import panels, solve_list, workspace  # noqa: E402

for kind in panels.CLASSES:
    if kind.__name__ in OPEN and ONLY != "workspace":
        kind.bl_options = set(kind.bl_options) - {"DEFAULT_CLOSED"}
bpy.context.preferences.view.show_splash = False
addon.register()
sys.modules["tracked_shot.watch"] = sys.modules["addon.watch"]  # where walking looks for it

import walking  # noqa: E402
from walking import area, pause, press, region, shown_clip, state, until  # noqa: E402


def load_theme(name: str) -> None:
    """One of the themes that Blender comes with."""
    for folder in bpy.utils.preset_paths("interface_theme"):
        file = Path(folder) / f"{name}.xml"
        if file.is_file():
            bpy.ops.script.execute_preset(
                filepath=str(file), menu_idname="USERPREF_MT_interface_theme_presets"
            )


def steps() -> Iterator[None]:
    workspace.open_workspace(walking.main_window())
    wanted = {"CLIP_EDITOR", "NODE_EDITOR", "VIEW_3D"}
    yield from until(
        lambda: wanted <= {item.type for item in walking.main_window().screen.areas}, 30, "it is laid out"
    )
    yield from pause(2.0)
    walking.show_tabs()
    area("CLIP_EDITOR").spaces.active.clip = bpy.data.movieclips.load(CLIP)
    yield from until(lambda: state() and state().preflight, 60, "the footage is looked at")
    if not state().finished:
        press("tracked_shot.track_solve")
    yield from until(lambda: state().finished and not state().running, 300, "it is solved")
    if not (shown_clip().tracked_shot.taken_in or state().followed or state().taking):
        press("tracked_shot.take_in")
    yield from until(lambda: shown_clip().tracked_shot.taken_in, 60, "it is taken in")
    yield from until(lambda: state().taking is None and state().native is None, 60, "Blender has solved")
    for name in ("Cube", "Light"):  # of Blender's startup scene: they would stand in the shot
        bpy.data.objects.remove(bpy.data.objects[name])
    press("tracked_shot.setup_shot")
    area("VIEW_3D").spaces.active.region_3d.view_perspective = "CAMERA"
    with bpy.context.temp_override(
        window=walking.main_window(), area=area("CLIP_EDITOR"), region=region(area("CLIP_EDITOR"), "WINDOW")
    ):
        bpy.ops.clip.view_all(fit_view=True)
    area("CLIP_EDITOR").spaces.active.show_region_toolbar = False
    overlay = walking.main_window().scene.tracked_shot.overlay
    overlay.show = overlay.coverage = True
    scene = walking.main_window().scene
    scene.tracked_shot.composite_preset = "over_footage"
    solve_list.rows_of(shown_clip()).index = 0
    with bpy.context.temp_override(
        window=walking.main_window(), area=area("CLIP_EDITOR"), region=region(area("CLIP_EDITOR"), "WINDOW")
    ):
        bpy.ops.clip.view_zoom_ratio(ratio=0.5)
        bpy.ops.screen.frame_offset(delta=59)
    yield from pause(2.0)
    for name, look in LOOKS.items():
        if ONLY in name:
            yield from take(name, **look)
    yield from fill_with_compositor()
    for name, look in LOOKS.items():
        if ONLY in name and name not in ("own", "lens"):
            yield from take(f"whole-{name}", editors=("NODE_EDITOR",), **look)


def fill_with_compositor() -> Iterator[None]:
    """The Compositor over the whole window: its panels are longer than its place."""
    where = area("NODE_EDITOR")
    with bpy.context.temp_override(window=walking.main_window(), area=where, region=where.regions[0]):
        bpy.ops.screen.screen_full_area()
    yield from pause(1.0)


def take(
    name: str,
    scale: float = 1.0,
    theme: str = "",
    language: str = "en_US",
    tab: str = "Tracked Shot",
    editors: tuple[str, ...] = ("CLIP_EDITOR", "NODE_EDITOR"),
    lens: bool = False,
) -> Iterator[None]:
    """A picture of the sidebars of these editors, the first from top to end, in one look."""
    view = bpy.context.preferences.view
    view.ui_scale, view.language = scale, language
    view.use_translate_interface = view.use_translate_tooltips = True
    if theme:
        load_theme(theme)
    clip = shown_clip()
    clip.tracked_shot.lens_known = lens
    if lens:
        clip.tracking.camera.distortion_model = "BROWN"
    yield from pause(1.0)
    for kind in editors:
        bar = region(area(kind), "UI")
        for wanted in (tab, "Tracked Shot"):
            try:
                bar.active_panel_category = wanted
                break
            except (AttributeError, TypeError):
                continue
        area(kind).tag_redraw()
    yield from pause(1.0)
    walking.picture(name, Path(PICTURES), editors)
    first = area(editors[0])
    bar = region(first, "UI")
    for page in range(1, 3):
        with bpy.context.temp_override(window=walking.main_window(), area=first, region=bar):
            for _ in range(20):
                bpy.ops.view2d.scroll_down("INVOKE_DEFAULT", deltay=-40)
        yield from pause(0.6)
        walking.picture(f"{name}-{page}", Path(PICTURES), editors[:1])
    with bpy.context.temp_override(window=walking.main_window(), area=first, region=bar):
        for _ in range(60):
            bpy.ops.view2d.scroll_up("INVOKE_DEFAULT", deltay=40)
    if theme:
        bpy.ops.preferences.reset_default_theme()


walking.start(steps(), Path(PICTURES), "looks")
