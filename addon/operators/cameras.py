"""The camera to and from other programs, as files."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ..tracking.blender import camera_io
from ..tracking.camera_files.chan import ORDERS
from ..words import said
from .base import DONE, STOPPED, SceneAction, chosen_file, usual_folder

_GLOB = ";".join(f"*{ending}" for ending in camera_io.ENDINGS)
_FORMATS = (
    (".chan", "Nuke", "A line a frame: place, angles and field of view (.chan)"),
    (".abc", "Alembic", "Blender's own Alembic exporter (.abc)"),
    (".fbx", "FBX", "Blender's own FBX exporter (.fbx)"),
    (".usdc", "USD", "Blender's own USD exporter (.usdc; .usda for text)"),
)


class TRACKED_SHOT_OT_export_camera(SceneAction, ExportHelper, bpy.types.Operator):
    """Writes the scene's camera."""

    bl_idname = "tracked_shot.export_camera"
    bl_label = "Export Camera"
    bl_description = "Write the scene's camera over the scene's frames for other programs"
    bl_options = {"REGISTER"}

    filename_ext = ".chan"
    filter_glob: StringProperty(default=_GLOB, options={"HIDDEN", "SKIP_SAVE"})
    form: EnumProperty(name="Format", items=_FORMATS, default=".chan")

    @classmethod
    def refusal(cls, context: bpy.types.Context) -> str:
        camera = context.scene.camera
        return "" if camera is not None and camera.type == "CAMERA" else "The scene has no camera"

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = str(usual_folder() / f"{context.scene.camera.name}{self.form}")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        path = Path(self.filepath)
        if path.suffix.lower() == self.form or not path.name:
            return False
        known = path.suffix.lower() in camera_io.ENDINGS
        self.filepath = str(path.with_suffix(self.form) if known else path.with_name(path.name + self.form))
        return True

    def work(self, context: bpy.types.Context) -> set[str]:
        file = chosen_file(self, "Choose a file to write")
        if file is None:
            return STOPPED
        for note in camera_io.export_camera(context.scene, file):
            self.report({"WARNING"}, said(note))
        self.report({"INFO"}, said(f"Camera written: {file}"))
        return DONE


class TRACKED_SHOT_OT_import_camera(SceneAction, ImportHelper, bpy.types.Operator):
    """Reads a camera into the scene."""

    bl_idname = "tracked_shot.import_camera"
    bl_label = "Import Camera"
    bl_description = (
        "Give the scene the camera of a file, as keys: a .chan, Alembic, FBX or USD file, or images.txt of a "
        "COLMAP model. It takes the place of the solved one"
    )
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = ".chan"
    filter_glob: StringProperty(default=f"{_GLOB};images.txt", options={"HIDDEN", "SKIP_SAVE"})
    sensor_width: FloatProperty(
        name="Sensor Width",
        description="Width of the sensor in millimetres, which .chan files and COLMAP do not say",
        default=36.0,
        min=0.5,
        max=500.0,
    )
    order: EnumProperty(
        name="Rotation Order",
        description="The rotation order of the Nuke node that wrote a .chan",
        items=[(order, order, "") for order in ORDERS],
        default="ZXY",
    )

    def work(self, context: bpy.types.Context) -> set[str]:
        file = chosen_file(self, "Choose a file to read")
        if file is None:
            return STOPPED
        camera, way = camera_io.import_camera(
            context.scene,
            file,
            sensor_width_mm=self.sensor_width,
            order=self.order,
        )
        for note in way.notes:
            self.report({"WARNING"}, said(note))
        self.report({"INFO"}, said(f"{camera.name} has {len(way.frames)} frames of {file.name}"))
        return DONE


CLASSES = (TRACKED_SHOT_OT_export_camera, TRACKED_SHOT_OT_import_camera)
