"""What helps where a solve is not good: the worst tracks and frames, and solving again without or with."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import EnumProperty, FloatProperty, IntProperty

from .. import jobs, solve_list, watch
from ..tracking.blender.camera_presets import CameraPreset, camera_presets
from ..words import said
from .base import DONE, STOPPED, ClipAction, ClipInSceneAction, clip_of
from .track import SolvesAgain

NO_PRESET = "-"
"""What the menu of cameras has for a sensor as it is."""
_presets: dict[str, CameraPreset] = {}
_items: list[tuple[str, str, str]] = []


class _Solved(ClipAction):
    """An operator on a solve that is in the clip."""

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        solved = clip.tracked_shot.taken_in and clip.tracked_shot.verdict
        return "" if solved else "The clip has no solve of ours yet"


class _SolvedInScene(_Solved, ClipInSceneAction):
    """One that shows something of it in the scene."""


class TRACKED_SHOT_OT_select_worst(_Solved, bpy.types.Operator):
    """Selects the tracks that harm the solve most."""

    bl_idname = "tracked_shot.select_worst"
    bl_label = "Select Worst Tracks"
    bl_description = (
        "Select the tracks with the largest share of the solve's error in the clip, and only those"
    )
    bl_options = {"REGISTER", "UNDO"}

    count: IntProperty(name="Tracks", description="How many", default=5, min=1, soft_max=50)

    def work(self, context: bpy.types.Context) -> set[str]:
        clip = clip_of(context)
        view = solve_list.look_now(clip)
        there = jobs.select_worst(clip, view, self.count) if view is not None else []
        if not there:
            self.report({"WARNING"}, said("None of the solve's tracks is in the clip"))
            return STOPPED
        self.report({"INFO"}, said(", ".join(there)))
        return DONE


class TRACKED_SHOT_OT_show_worst_frame(_SolvedInScene, bpy.types.Operator):
    """Goes to a frame with a large error."""

    bl_idname = "tracked_shot.show_worst_frame"
    bl_label = "Show Worst Frame"
    bl_description = "Go to the frame with the largest error; pressed again, to the next worst"
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        clip, scene = clip_of(context), context.scene
        view = solve_list.look_now(clip)
        error = jobs.show_worst_frame(scene, clip, view) if view is not None else None
        if error is None:
            self.report({"WARNING"}, said("No frame has an error to show"))
            return STOPPED
        self.report({"INFO"}, said(f"Frame {scene.frame_current}: {error:.2f} px"))
        return DONE


class TRACKED_SHOT_OT_switch_off_and_solve(SolvesAgain, bpy.types.Operator):
    """Solves without the selected tracks."""

    bl_idname = "tracked_shot.switch_off_and_solve"
    bl_label = "Switch Off & Solve Again"
    bl_description = (
        "Give the selected tracks no weight, and find the camera anew without them. They stay in the clip;"
        " with their weight back, the next Solve Again counts them in"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if refusal := super().refusal(clip, state):
            return refusal
        return "" if jobs.some_selected(clip) else "Select tracks that have weight first"

    def work(self, context: bpy.types.Context) -> set[str]:
        with jobs.without_selected(clip_of(context)):
            return self.again(context)


def _camera_items(_owner: Any, _context: Any) -> list[tuple[str, str, str]]:
    """The cameras that Blender knows; read once, Blender does not keep the strings."""
    if not _items:
        _presets.update({preset.name: preset for preset in camera_presets()})
        _items.append((NO_PRESET, "As It Is", "Keep the sensor that the clip has"))
        _items.extend((name, name, f"{preset.sensor_width_mm:g} mm") for name, preset in _presets.items())
    return _items


def _take_preset(self: bpy.types.OperatorProperties, _context: bpy.types.Context) -> None:
    """Shows the sensor of the camera that was chosen."""
    preset = _presets.get(self.camera)
    if preset is not None:
        self.sensor_width = preset.sensor_width_mm
        if preset.focal_length_mm is not None:
            self.focal_length = preset.focal_length_mm


class TRACKED_SHOT_OT_solve_known_lens(SolvesAgain, bpy.types.Operator):
    """Solves with a lens that is given."""

    bl_idname = "tracked_shot.solve_known_lens"
    bl_label = "Solve with Known Lens"
    bl_description = (
        "Give focal length and sensor, by Blender's camera presets or by hand, and find the camera anew with"
        " them from the tracks as they are. Nothing is tracked"
    )
    bl_options = {"REGISTER", "UNDO"}

    camera: EnumProperty(
        name="Camera", description="A camera that Blender knows", items=_camera_items, update=_take_preset
    )
    focal_length: FloatProperty(
        name="Focal Length", description="Millimetres", min=1.0, max=5000.0, soft_max=500.0, precision=2
    )
    sensor_width: FloatProperty(
        name="Sensor Width", description="Millimetres", min=1.0, max=500.0, soft_max=70.0, precision=2
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        camera = clip_of(context).tracking.camera
        self.camera = NO_PRESET
        self.focal_length, self.sensor_width = camera.focal_length, camera.sensor_width
        return set(context.window_manager.invoke_props_dialog(self, width=320, confirm_text="Solve"))

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "camera")
        layout.prop(self, "sensor_width")
        layout.prop(self, "focal_length")

    def work(self, context: bpy.types.Context) -> set[str]:
        _camera_items(None, None)
        given = {
            name: getattr(self, name)
            for name in ("sensor_width", "focal_length")
            if self.properties.is_property_set(name)
        }
        preset = _presets.get(self.camera)
        if preset is not None:
            given.setdefault("sensor_width", preset.sensor_width_mm)
        with jobs.with_known_lens(
            clip_of(context),
            sensor_width_mm=given.get("sensor_width"),
            focal_length_mm=given.get("focal_length"),
        ):
            return self.again(context)


CLASSES = (
    TRACKED_SHOT_OT_select_worst,
    TRACKED_SHOT_OT_show_worst_frame,
    TRACKED_SHOT_OT_switch_off_and_solve,
    TRACKED_SHOT_OT_solve_known_lens,
)
