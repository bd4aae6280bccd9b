"""Cameras out of and into Blender as files, by Blender's own exporters where it has them.

Whatever the format, a camera goes out as keys in a scene of its own, frame by frame as Blender works it out,
and comes in as ours with keys; nothing else of a file stays.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..camera_files import (
    ALEMBIC,
    CHAN,
    COLMAP,
    COLMAP_FILES,
    ENDINGS,
    FBX,
    USD,
    CameraFileError,
    CameraPath,
    read_chan,
    read_colmap,
    write_chan,
)
from ..engine.model import Ints
from ..errors import InputError
from . import lens_nodes, versions
from .camera import (
    CAMERA_MARK,
    FAR_CLIP_M,
    bake_cameras,
    bake_values,
    drop_keys,
    drop_solver,
    find_camera,
)
from .nodes import MARK
from .scene import all_ids, frame_kept, owned_collection, worked_out

IMPORTED = "tracked_shot_import"
"""Custom property of a camera of ours that came from a file: its name."""


def format_of(path: Path | str, *, out: bool) -> str:
    """The format of a file by its name; a folder, or one of its texts, is a COLMAP model.

    Raises InputError for an ending that is not known, or a format that this Blender lacks.
    """
    file = Path(path)
    if not out and (file.is_dir() or file.name in COLMAP_FILES):
        return COLMAP
    form = ENDINGS.get(file.suffix.lower())
    if form is None:
        known = ", ".join(ENDINGS)
        more = "" if out else ", or a folder with a COLMAP model"
        raise InputError(f"{file}: a camera's file ends in {known}{more}")
    lacking = versions.lacks_format(form)
    if lacking:
        raise InputError(f"{file}: {lacking}")
    return form


# --- out ------------------------------------------------------------------------


def export_camera(
    scene: bpy.types.Scene,
    path: Path | str,
    camera: bpy.types.Object | None = None,
    frames: Ints | None = None,
) -> list[str]:
    """Writes the scene's camera, or another, over ``frames`` (c,) or the scene's; what is lost, as sentences.

    The ending of the name says the format. Raises InputError where there is no camera or the file cannot be
    written; a file that was there is then as it was.
    """
    camera = camera or scene.camera
    if camera is None or camera.type != "CAMERA":
        raise InputError(f"the scene {scene.name} has no camera")
    if camera.data.type != "PERSP":
        raise InputError(f"{camera.name} has no perspective")
    form = format_of(path, out=True)
    file = Path(path).absolute()
    if not file.parent.is_dir():
        raise InputError(f"{file.parent}: no such folder")
    way = read_camera(scene, camera, frames)
    if form == CHAN:
        write_chan(file, way, height_to_width=_height_to_width(scene))
        return ["A .chan has no lens shift: it is left out"] if way.has_shift else []
    with _away(scene) as aside, _beside(file) as draft:
        thing = _as_keys(aside.scene, way, camera.name, scene)
        aside.run(_EXPORTERS[form], str(draft), thing)
    return []


def read_camera(scene: bpy.types.Scene, camera: bpy.types.Object, frames: Ints | None = None) -> CameraPath:
    """A camera of a scene at ``frames`` (c,), or all of its range, as Blender works it out.

    A view that the composite widened for overscan is taken as it was before.
    """
    if frames is None:
        frames = np.arange(scene.frame_start, scene.frame_end + 1, dtype=np.int32)
    widened = lens_nodes.widened_view(scene, camera.data)
    plain = widened[0] if widened is not None else {}
    cameras, lenses = [], []
    with frame_kept(scene):
        for frame in frames.tolist():
            scene.frame_set(frame)
            seen = worked_out(scene, camera)
            cameras.append(np.array(seen.matrix_world.normalized()))
            lenses.append(_lens(seen.data, scene, plain))
    values = np.array(lenses)
    sensor = float(values[0, 1])
    focals = values[:, 0] * sensor / values[:, 1]
    return CameraPath(frames, np.array(cameras), focals, sensor, values[:, 2:])


def _lens(data: bpy.types.Camera, scene: bpy.types.Scene, plain: dict[str, float]) -> tuple[float, ...]:
    """Focal length, sensor across the picture, and shifts in widths of the picture."""

    def value(name: str) -> float:
        return float(plain.get(name, getattr(data, name)))

    upright = _height_to_width(scene)
    if data.sensor_fit == "VERTICAL":
        across, side = value("sensor_height") / upright, upright
    elif data.sensor_fit == "AUTO" and upright > 1:
        across, side = value("sensor_width") / upright, upright
    else:
        across, side = value("sensor_width"), 1.0
    return data.lens, across, value("shift_x") * side, value("shift_y") * side


def _height_to_width(scene: bpy.types.Scene) -> float:
    """The picture's height over its width, as it is shown."""
    render = scene.render
    high = render.resolution_y * render.pixel_aspect_y
    return float(high / (render.resolution_x * render.pixel_aspect_x))


def _as_keys(aside: bpy.types.Scene, way: CameraPath, name: str, scene: bpy.types.Scene) -> bpy.types.Object:
    """A camera with keys in a scene that has the size, rate and frames of the other."""
    data = bpy.data.cameras.new(name)
    thing = bpy.data.objects.new(name, data)
    aside.collection.objects.link(thing)
    _key_way(thing, way)
    # Other programs fit to the height, too; where the fit is horizontal, Blender takes no notice of it.
    data.sensor_height = way.sensor_width_mm * _height_to_width(scene)
    for attribute in ("resolution_x", "resolution_y", "pixel_aspect_x", "pixel_aspect_y", "fps", "fps_base"):
        setattr(aside.render, attribute, getattr(scene.render, attribute))
    aside.frame_start, aside.frame_end = int(way.frames[0]), int(way.frames[-1])
    aside.frame_start = int(way.frames[0])  # the old end may have moved it
    aside.camera = thing
    aside.frame_set(aside.frame_start)
    return thing


def _key_way(camera: bpy.types.Object, way: CameraPath) -> None:
    data = camera.data
    data.type, data.sensor_fit, data.lens_unit = "PERSP", "HORIZONTAL", "MILLIMETERS"
    data.sensor_width = way.sensor_width_mm
    bake_cameras(camera, way.frames, way.cameras)
    tables = {"lens": way.focals_mm}
    if len(way.shifts):
        tables |= {"shift_x": way.shifts[:, 0], "shift_y": way.shifts[:, 1]}
    changing = {path: values for path, values in tables.items() if np.ptp(values) > 1e-6}
    for path, values in tables.items():
        setattr(data, path, float(values[0]))
    bake_values(data, way.frames, changing)


# --- in -------------------------------------------------------------------------


def import_camera(
    scene: bpy.types.Scene,
    path: Path | str,
    *,
    name: str = "Tracked Shot Camera",
    sensor_width_mm: float = 36.0,
    order: str = "ZXY",
) -> tuple[bpy.types.Object, CameraPath]:
    """Puts the camera of a file into the scene as ours, with keys; returns it, and what was read.

    The ending of the name says the format. ``sensor_width_mm`` is for formats that name none (.chan and
    COLMAP), ``order`` the rotation order of a .chan. The scene's size says how a .chan's field of view is
    meant. Raises InputError for a file that cannot be had or read; the scene is then as it was.
    """
    way = load_camera(scene, path, sensor_width_mm=sensor_width_mm, order=order)
    return put_camera(scene, way, name=name, source=Path(path).name), way


def load_camera(
    scene: bpy.types.Scene, path: Path | str, *, sensor_width_mm: float = 36.0, order: str = "ZXY"
) -> CameraPath:
    """The camera of a file; see ``import_camera``."""
    file = Path(path).absolute()
    if not file.exists():
        raise InputError(f"no such file: {file}")
    form = format_of(file, out=False)
    if form == CHAN:
        upright = _height_to_width(scene)
        return read_chan(file, sensor_width_mm=sensor_width_mm, height_to_width=upright, order=order)
    if form == COLMAP:
        return read_colmap(file, sensor_width_mm=sensor_width_mm)
    with _away(scene) as aside:
        aside.run(_IMPORTERS[form], str(file))
        found = [thing for thing in aside.scene.objects if thing.type == "CAMERA"]
        if not found:
            raise CameraFileError(f"{file}: there is no camera in it")
        frames, stretch = _range_of(aside.scene, found[0], form)
        way = _sampled(aside.scene, found[0], frames, stretch)
    if len(found) > 1:
        way = replace(way, notes=(f"{file.name} has {len(found)} cameras; {found[0].name} was taken",))
    return way


def _range_of(aside: bpy.types.Scene, camera: bpy.types.Object, form: str) -> tuple[Ints, float]:
    """The frames that the file has, and how many frames of the scene each of them takes.

    Alembic and USD give the scene their range. FBX has keys only, and Blender's importer places them by the
    whole frame rate, 24 for 23.976, of which it gives the scene the true one.
    """
    if form != FBX:
        return np.arange(aside.frame_start, aside.frame_end + 1, dtype=np.int32), 1.0
    stretch = aside.render.fps_base
    keys = [
        key.co[0]
        for owner in (camera, camera.data, *_parents(camera))
        for curve in versions.curves_of(owner)
        for key in curve.keyframe_points
    ]
    first, last = (round(end / stretch) for end in ((min(keys), max(keys)) if keys else (1.0, 1.0)))
    return np.arange(first, last + 1, dtype=np.int32), stretch


def _parents(thing: bpy.types.Object) -> Iterator[bpy.types.Object]:
    while thing.parent is not None:
        thing = thing.parent
        yield thing


def _sampled(aside: bpy.types.Scene, camera: bpy.types.Object, frames: Ints, stretch: float) -> CameraPath:
    """An imported camera at each frame. All three formats name the width of the picture's sensor."""
    cameras, lenses = [], []
    for frame in frames.tolist():
        whole = int(np.floor(frame * stretch))
        aside.frame_set(whole, subframe=min(frame * stretch - whole, 0.9999))
        seen = worked_out(aside, camera)
        cameras.append(np.array(seen.matrix_world.normalized()))
        data = seen.data
        # USD's importer fits an upright sensor to its height, and counts shifts in that.
        side = data.sensor_height / data.sensor_width if data.sensor_fit == "VERTICAL" else 1.0
        lenses.append((data.lens, data.sensor_width, data.shift_x * side, data.shift_y * side))
    values = np.array(lenses)
    sensor = float(values[0, 1])
    return CameraPath(frames, np.array(cameras), values[:, 0] * sensor / values[:, 1], sensor, values[:, 2:])


def put_camera(
    scene: bpy.types.Scene, way: CameraPath, *, name: str = "Tracked Shot Camera", source: str = ""
) -> bpy.types.Object:
    """The camera of ours in the scene goes this way from now on, by keys; made where there is none."""
    camera = find_camera(scene)
    if camera is None:
        camera = bpy.data.objects.new(name, bpy.data.cameras.new(name))
        camera[MARK] = CAMERA_MARK
        owned_collection(scene).objects.link(camera)
    drop_solver(camera)
    drop_keys(camera)
    if not len(way.focals_mm):
        across = _lens(camera.data, scene, {})
        way = replace(way, focals_mm=np.full(len(way.frames), across[0] * way.sensor_width_mm / across[1]))
    _key_way(camera, way)
    camera.data.clip_end = max(camera.data.clip_end, FAR_CLIP_M)
    camera[IMPORTED] = source
    scene.camera = camera
    scene.frame_set(scene.frame_current)
    return camera


# --- Blender's own exporters and importers -------------------------------------------------------


@dataclass(frozen=True)
class _Aside:
    """A scene that is there for a moment only."""

    scene: bpy.types.Scene

    def run(self, call: Any, file: str, *things: bpy.types.Object) -> None:
        """Runs an exporter or importer on this scene. Raises InputError with what Blender says against it."""
        layer = self.scene.view_layers[0]
        for thing in things:
            thing.select_set(True, view_layer=layer)
            layer.objects.active = thing
        with bpy.context.temp_override(
            scene=self.scene,
            view_layer=layer,
            collection=self.scene.collection,
            selected_objects=list(things),
        ):
            try:
                ended = call(file)
            except RuntimeError as error:
                raise InputError(f"{file}: {' '.join(str(error).removeprefix('Error: ').split())}") from None
        if "FINISHED" not in ended:
            raise InputError(f"{file}: Blender cannot read or write it")


@contextlib.contextmanager
def _away(scene: bpy.types.Scene) -> Iterator[_Aside]:
    """A scene aside, with the rate of the other; it goes again with all that came into the file meanwhile."""
    there = {item.as_pointer() for item in all_ids()}
    aside = bpy.data.scenes.new("Tracked Shot Camera File")
    aside.render.fps, aside.render.fps_base = scene.render.fps, scene.render.fps_base
    try:
        yield _Aside(aside)
    finally:
        bpy.data.batch_remove([item for item in all_ids() if item.as_pointer() not in there])


@contextlib.contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """A name beside a file to write to first; it takes the file's place only when all is there."""
    draft = file.with_name(f".{file.stem}.part{file.suffix}")
    try:
        yield draft
        if not draft.is_file() or not draft.stat().st_size:
            raise InputError(f"{file}: cannot be written")
        draft.replace(file)
    except OSError as error:
        raise InputError(f"{file}: cannot be written: {error.strerror or error}") from None
    finally:
        draft.unlink(missing_ok=True)


def _export_alembic(file: str) -> set[str]:
    scene = bpy.context.scene
    return bpy.ops.wm.alembic_export(
        filepath=file, selected=True, start=scene.frame_start, end=scene.frame_end, as_background_job=False
    )


def _export_usd(file: str) -> set[str]:
    return bpy.ops.wm.usd_export(
        filepath=file, selected_objects_only=True, export_animation=True, export_materials=False
    )


def _export_fbx(file: str) -> set[str]:
    return bpy.ops.export_scene.fbx(
        filepath=file,
        object_types={"CAMERA"},
        bake_anim_use_nla_strips=False,
        bake_anim_use_all_actions=False,
        bake_anim_simplify_factor=0.0,
    )


_EXPORTERS = {ALEMBIC: _export_alembic, USD: _export_usd, FBX: _export_fbx}
_IMPORTERS = {
    ALEMBIC: lambda file: bpy.ops.wm.alembic_import(filepath=file, as_background_job=False),
    USD: lambda file: bpy.ops.wm.usd_import(filepath=file),
    FBX: lambda file: bpy.ops.import_scene.fbx(filepath=file, anim_offset=0.0, use_custom_props=False),
}
