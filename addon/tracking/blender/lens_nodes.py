"""The lens in the compositor: pictures looked up through ST-maps, and the camera widened for it.

Why not Blender's own Movie Distortion node: it takes whatever picture it gets for the plate's frame, so that
it cannot bend a render with overscan, and from 4.5 it shifts the picture by half pixels that depend on the
lens (tests/blender/test_clip_lens.py measures both). Map UV looks up where it is told.

Its filters before 5.0 are Nearest, and Anisotropic, which is off by up to 0.3 px unless the map is the
identity. So there each pixel looks up the four around its source with Nearest and mixes them itself; from
5.0 Bilinear does the same. Either way an identity map returns the picture, but for the last bit.

A composite has the size of the render, which is the plate's: overscan is a wider view of the camera with as
many pixels, not a larger render.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..config import LensDistortionConfig
from ..engine.footage import open_footage
from ..engine.lens import PlateLens
from ..engine.model import Floats
from ..errors import FootageError, InputError
from ..exr import Float32
from ..overscan import StraightFrame, edge_centres, frame_of, frame_of_places, widened_frame
from ..stmap import DISTORT, UNDISTORT, StMap, bands
from ..stmap_in import ForeignMap, cropped_to_frame, read_stmap
from ..stmap_out import resampling_loss
from ..zoom import Zoom, plan_zoom
from . import versions, warp
from .clip_lens import clip_lens, zoom_lenses
from .nodes import MARK, Builder, Value, feed, set_keys, tidy

MEMORY = "tracked_shot_lens"
"""Custom property of a scene: what the lens workflow was made for, and the camera before and after."""

PART = "part"
"""Mark of the groups that this room makes."""
SNAP = 2e-4
"""Parts of a pixel so near to a whole one that 32 bits cannot tell them from it."""

_SENSOR = ("sensor_width", "sensor_height", "shift_x", "shift_y")


# --- What is to be done -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class LensPlan:
    """How a composite deals with the lens; nothing of Blender's is changed by making one."""

    workflow: str
    """``distort_cg``, ``undistort_plate`` or ``none``, which it is for a lens that bends nothing, too."""
    facts: dict[str, Any]
    """What it was made for, to compare with later."""
    lens: PlateLens | None = None
    """The lens before the frame at the render's size."""
    frame: StraightFrame | None = None
    zoom: Zoom | None = None
    """How the maps of a lens that zooms are mixed."""
    distort: Float32 | None = None
    """(3, rows, columns) the distort map of a file; None where it is made from the lens."""
    notes: tuple[str, ...] = ()
    """What the picture loses, or what was assumed, as sentences."""
    said: tuple[str, ...] = ()
    """What was found out, as lines."""

    def values(self, kind: str) -> Float32:
        """(3, rows, columns) u, v and blue of the map, rows down."""
        if kind == DISTORT and self.distort is not None:
            return self.distort
        assert self.lens is not None
        return self.values_of(self.lens, kind)

    def values_of(self, lens: PlateLens, kind: str) -> Float32:
        """As ``values``, for one of the lenses of a zoom."""
        assert self.frame is not None
        return np.concatenate([band for _, band in bands(StMap(lens, kind, self.frame))], axis=1)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of plate, render and maps."""
        assert self.lens is not None
        return self.lens.width, self.lens.height


NO_PLAN = LensPlan("none", {"workflow": "none"})


def plan_lens(
    clip: bpy.types.MovieClip | None,
    wanted: LensDistortionConfig,
    size: tuple[int, int],
    zoom: Mapping[int, PlateLens] | None = None,
) -> LensPlan:
    """How to bend pictures of ``size`` (the render's, in pixels) by the clip's lens or a file.

    ``zoom`` is the lens of each scene frame, where the camera's focal length is keyed.

    Raises InputError where there is no clip, the render has another shape than the plate or the file is no
    map for it, and FoldError where the lens folds over within the plate.
    """
    if wanted.workflow == "none":
        return NO_PLAN
    if clip is None:
        raise InputError(f"lens_distortion.workflow {wanted.workflow} needs a movie clip with its lens")
    plate = clip_lens(clip)
    if abs(plate.height * size[0] / plate.width - size[1]) > 1.0:
        raise InputError(
            f"the CG cannot be bent to the clip's lens: the render is {size[0]}x{size[1]}, "
            f"of another shape than the clip ({plate.width}x{plate.height})"
        )
    lens = plate if size == (plate.width, plate.height) else plate.resized(*size)
    share = None if isinstance(wanted.overscan, str) else float(wanted.overscan)
    facts = {"workflow": wanted.workflow, "clip": clip.name_full, "lens": _facts(plate), "size": list(size)}
    if wanted.use_st_map and wanted.st_map_path is not None:
        return _plan_of_file(wanted, plate, lens, facts, share)
    if plate.distortion.is_identity:
        return LensPlan("none", facts, notes=("The lens has no distortion: nothing is bent",))
    mixed = plan_zoom({at: one.resized(*size) for at, one in zoom.items()}) if zoom else None
    if mixed is None:
        frame = widened_frame(lens, share)
    else:
        facts["zoom"] = zoom_digest(zoom)
        frame = widened_frame(lens, share) if share is not None else _frame_of_all(lens, mixed.lenses)
    facts["frame"] = [frame.left, frame.bottom, frame.pitch]
    said = [f"Overscan: the camera's view is {100 * (frame.pitch - 1):.2g}% wider"]
    if mixed is not None:
        said.append(f"Zoom: {len(mixed.lenses)} maps are mixed, within {mixed.error_px:.4f} px of the lens")
    return LensPlan(
        wanted.workflow,
        facts,
        lens,
        frame,
        mixed,
        notes=_losses(wanted.workflow, clip, plate),
        said=tuple(said),
    )


def _frame_of_all(lens: PlateLens, lenses: Sequence[PlateLens]) -> StraightFrame:
    """The smallest frame that is enough for each of the lenses."""
    places = [one.undistort(edge_centres(lens)).T for one in lenses]
    return frame_of_places(lens, np.concatenate(places, axis=1))


def zoom_digest(zoom: Mapping[int, PlateLens]) -> str:
    """A word that changes with the focal lengths of a zoom."""
    said = repr([(frame, float(f"{zoom[frame].focal_px:.6g}")) for frame in sorted(zoom)])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _plan_of_file(
    wanted: LensDistortionConfig,
    plate: PlateLens,
    lens: PlateLens,
    facts: dict[str, Any],
    share: float | None,
) -> LensPlan:
    """The plan for a distort map from a file."""
    path = Path(bpy.path.abspath(wanted.st_map_path))
    if wanted.workflow != "distort_cg":
        raise InputError(f"{path}: {wanted.workflow} needs two maps, which it makes from the clip's lens")
    given = {
        "origin": wanted.st_map_origin,
        "centers": wanted.st_map_centers,
        "values": wanted.st_map_values,
    }
    foreign = read_stmap(
        path, (plate.width, plate.height), {name: value for name, value in given.items() if value}
    )
    if foreign.kind == UNDISTORT:
        raise InputError(f"{path}: is an undistort map; bending the CG needs the distort map")
    places = _places(cropped_to_frame(foreign), plate, lens)
    frame = widened_frame(lens, share) if share is not None else frame_of_places(lens, places)
    facts |= {"file": str(path), "changed": os.stat(path).st_mtime_ns}
    facts["frame"] = [frame.left, frame.bottom, frame.pitch]
    values = np.empty((3, lens.height, lens.width), np.float32)
    values[0] = (places[0] - frame.left) / (frame.pitch * frame.width)
    values[1] = (places[1] - frame.bottom) / (frame.pitch * frame.height)
    values[2] = ((values[:2] >= 0) & (values[:2] <= 1)).all(axis=0)
    facts["convention"] = foreign.text()
    return LensPlan(
        "distort_cg",
        facts,
        lens,
        frame,
        distort=values,
        notes=foreign.warnings,
        said=(f"ST-map {path.name}: {foreign.text()}",),
    )


def _places(foreign: ForeignMap, plate: PlateLens, lens: PlateLens) -> Floats:
    """(2, rows, columns) where the render's pixels look in the straight picture, in the render's pixels."""
    sides = foreign.source_overscan
    across, up = sides.size(plate.width, plate.height)
    u, v = foreign.values[:2].astype(float)
    shrink = np.array([lens.width / plate.width, lens.height / plate.height])
    places = np.stack([(u * across - sides.left) * shrink[0], (v * up - sides.bottom) * shrink[1]])
    if foreign.size != (lens.width, lens.height):
        import cv2

        size = lens.width, lens.height
        places = np.stack([cv2.resize(part, size, interpolation=cv2.INTER_LINEAR) for part in places])
    return places


def _losses(workflow: str, clip: bpy.types.MovieClip, plate: PlateLens) -> tuple[str, ...]:
    """What the plate loses by being resampled, measured in the middle of the clip."""
    if workflow != "undistort_plate":
        return ()
    text = "undistort_plate: the plate is resampled twice"
    try:
        footage = open_footage(bpy.path.abspath(clip.filepath))
        picture = footage.picture((footage.first + footage.last) // 2)
    except FootageError:
        return (f"{text} and loses fine detail; distort_cg keeps it",)
    if picture.shape[:2] != (plate.height, plate.width):
        return (f"{text} and loses fine detail; distort_cg keeps it",)
    loss = resampling_loss(picture, plate)
    return (
        f"{text}: its pixels change by {loss.mean:.1f} of 255 on average and its finest contrast falls by "
        f"{100 * loss.contrast:.0f}%; distort_cg keeps it",
    )


def _facts(lens: PlateLens) -> list[Any]:
    """A lens as JSON keeps it, to see later whether it changed; to the digits of Blender's numbers."""
    numbers = (lens.focal_px, *lens.center, lens.pixel_aspect, *lens.coefficients)
    return [lens.model, lens.width, lens.height, *(float(f"{number:.6g}") for number in numbers)]


# --- Nodes ------------------------------------------------------------------------------------------------


def bend(
    build: Builder, image: Value, plan: LensPlan, kind: str, *, role: str, whole: bool = False
) -> bpy.types.NodeSocket:
    """The picture looked up through a map of the plan (``DISTORT`` or ``UNDISTORT``); returns the socket.

    With ``whole`` each pixel is one of the picture's and no mixture, as data must be.
    """
    group = _plan_group(build.tree, plan, kind, whole)
    return _through(build, image, group, role, "Bent to the Lens" if kind == DISTORT else "Straightened")


def _through(
    build: Builder, image: Value, group: bpy.types.NodeTree, role: str, label: str
) -> bpy.types.NodeSocket:
    node = build.node(role, "group", label)
    node.node_tree = group
    feed(build.tree, image, node.inputs["Image"])
    return node.outputs["Image"]


def _plan_group(
    owner: bpy.types.NodeTree, plan: LensPlan, kind: str, whole: bool = False
) -> bpy.types.NodeTree:
    """The group that bends by this map; made once for all that a tree bends by it.

    With ``whole`` pixels are not mixed.
    """
    facts = json.dumps({**plan.facts, "kind": kind, "whole": whole}, sort_keys=True)
    for group in bpy.data.node_groups:
        if group.get(MARK) == PART and group.get(MEMORY) == facts:
            return group
    name = f"{owner.name} {kind.title()}{' Whole' if whole else ''}"
    if plan.zoom is not None or whole:
        group = _mixed_group(name, plan, kind, whole)
    else:
        group = map_group(name, plan.values(kind), plan.size)
    group[MEMORY] = facts
    return group


def _mixed_group(name: str, plan: LensPlan, kind: str, whole: bool) -> bpy.types.NodeTree:
    """A group that looks up at the places of one map, or of several, mixed by keyed shares."""
    group = versions.new_group(name)
    group[MARK] = PART
    for in_out in ("INPUT", "OUTPUT"):
        versions.ensure_group_socket(group, "Image", in_out)
    build = Builder(group, "Map")
    image = build.node("input", "group input").outputs["Image"]
    end = build.node("output", "group output")
    maps = [plan.values(kind)]
    if plan.zoom is not None:
        maps = [plan.values_of(lens, kind) for lens in plan.zoom.lenses]
    sums: list[bpy.types.NodeSocket] = []
    keyed: list[tuple[bpy.types.NodeSocket, int, Floats]] = []
    for number, values in enumerate(maps):
        apart = build.node(f"parts {number}", "separate color", "Across and Up")
        held = _image_socket(build, f"map {number}", map_image(f"{name} {number}", values))
        feed(group, held, versions.input_socket(apart, "separate color", "image"))
        places = [versions.output_socket(apart, "separate color", part) for part in ("red", "green")]
        if plan.zoom is not None:
            share = build.value(f"share {number}")
            keyed.append((share, 0, plan.zoom.weights[:, number]))
            places = [
                build.math("multiply", place, share, role=f"{axis} {number} share")
                for axis, place in zip("uv", places)
            ]
        sums = [
            build.math("add", total, place, role=f"{axis} {number} sum")
            for axis, total, place in zip("uv", sums, places)
        ] or places
    size = float(plan.size[0]), float(plan.size[1])
    look = warp.look_up_whole if whole else warp.look_up
    feed(group, look(build, image, sums[0], sums[1], size), end.inputs["Image"])
    if plan.zoom is not None:
        set_keys(group, plan.zoom.frames, keyed)
    tidy(build.nodes)
    return group


def map_group(name: str, values: Float32, source_size: tuple[int, int]) -> bpy.types.NodeTree:
    """A new group that looks a picture of that size in pixels up through a map (3, rows, columns).

    The map's rows go down.
    """
    group = versions.new_group(name)
    group[MARK] = PART
    versions.ensure_group_socket(group, "Image", "INPUT")
    versions.ensure_group_socket(group, "Image", "OUTPUT")
    build = Builder(group, "Map")
    image = build.node("input", "group input").outputs["Image"]
    end = build.node("output", "group output")
    if versions.MAP_UV_IS_BILINEAR:
        uv = _image_socket(build, "map", map_image(name, values))
        result = _look_up(build, image, uv, "map uv bilinear", "look up")
    else:
        result = _four_nearest(build, image, name, values, source_size)
    feed(group, result, end.inputs["Image"])
    tidy(build.nodes)
    return group


def _four_nearest(
    build: Builder, image: bpy.types.NodeSocket, name: str, values: Float32, source_size: tuple[int, int]
) -> bpy.types.NodeSocket:
    """Bilinear sampling out of Map UV's Nearest: the four pixels around a place, mixed by its parts."""
    size = np.array(source_size, dtype=float)[:, None, None]
    place = values[:2].astype(float) * size - 0.5
    first = np.floor(place + SNAP)
    parts = np.where(place - first < SNAP, 0.0, place - first)
    # A quarter into the pixel: 4.3 rounds to the nearest edge, the others take the pixel around the place.
    corner = np.concatenate([(first + 0.25) / size, values[2:]])
    weights = np.concatenate([parts, np.zeros_like(values[2:])])
    uv = _image_socket(build, "map", map_image(f"{name} Pixels", corner.astype(np.float32)))
    split = build.node("parts", "separate color", "Parts of a Pixel")
    feed(
        build.tree,
        _image_socket(build, "weights", map_image(f"{name} Parts", weights.astype(np.float32))),
        versions.input_socket(split, "separate color", "image"),
    )
    across, up = (versions.output_socket(split, "separate color", part) for part in ("red", "green"))
    rows = []
    for y in (0, 1):
        pixels = []
        for x in (0, 1):
            spot: bpy.types.NodeSocket = uv
            if x or y:
                step = (x / source_size[0], y / source_size[1], 0.0, 0.0)
                spot = build.mix("add", uv, step, role=f"pixel {x}{y}")
            seen = _look_up(build, image, spot, "map uv nearest", f"look up {x}{y}")
            alpha = build.node(f"alpha {x}{y}", "separate color")
            feed(build.tree, seen, versions.input_socket(alpha, "separate color", "image"))
            pixels.append((seen, versions.output_socket(alpha, "separate color", "alpha")))
        rows.append(_mixed(build, pixels[0], pixels[1], across, f"row {y}"))
    color, alpha_socket = _mixed(build, rows[0], rows[1], up, "rows")
    whole = build.node("whole", "set alpha", "With Its Alpha")
    versions.set_option(whole, "set alpha", "mode", "replace")
    feed(build.tree, color, versions.input_socket(whole, "set alpha", "image"))
    feed(build.tree, alpha_socket, versions.input_socket(whole, "set alpha", "alpha"))
    return versions.output_socket(whole, "set alpha", "image")


Pixel = tuple[bpy.types.NodeSocket, bpy.types.NodeSocket]
"""Colour, and alpha apart: Blender's Mix keeps the alpha of the first."""


def _mixed(build: Builder, one: Pixel, other: Pixel, part: bpy.types.NodeSocket, name: str) -> Pixel:
    return (
        build.mix("mix", one[0], other[0], part, role=f"{name} colour"),
        build.mix("mix", one[1], other[1], part, role=f"{name} alpha"),
    )


def _look_up(
    build: Builder, image: Value, uv: bpy.types.NodeSocket, meaning: str, role: str
) -> bpy.types.NodeSocket:
    node = build.node(role, meaning)
    for option, value in (("interpolation", "bilinear"), ("extension x", "clip"), ("extension y", "clip")):
        if versions.has_option(meaning, option):
            versions.set_option(node, meaning, option, value)
    feed(build.tree, image, versions.input_socket(node, meaning, "image"))
    feed(build.tree, uv, versions.input_socket(node, meaning, "uv"))
    return versions.output_socket(node, meaning, "image")


def _image_socket(build: Builder, role: str, image: bpy.types.Image) -> bpy.types.NodeSocket:
    node = build.node(role, "image", image.name)
    node.image = image
    return versions.output_socket(node, "image", "image")


def map_image(name: str, values: Float32) -> bpy.types.Image:
    """A map (3, rows, columns), rows down, as a picture inside the .blend with all its bits."""
    rows, columns = values.shape[1:]
    image = bpy.data.images.new(name, columns, rows, alpha=True, float_buffer=True, is_data=True)
    image.alpha_mode = "CHANNEL_PACKED"
    pixels = np.ones((rows, columns, 4), np.float32)
    pixels[..., :3] = np.moveaxis(values, 0, -1)[::-1]
    image.pixels.foreach_set(pixels.ravel())
    image.update()
    image.pack()
    image[MARK] = json.dumps({"kind": "lens map"})
    return image


def drop_unused() -> None:
    """Remove the groups and maps of ours that nothing uses any more."""
    for group in list(bpy.data.node_groups):
        if group.get(MARK) == PART and MEMORY in group and group.users == 0 and group.library is None:
            action = group.animation_data.action if group.animation_data else None
            bpy.data.node_groups.remove(group)
            if action is not None and MARK in action and action.users == 0:
                bpy.data.actions.remove(action)
    for image in list(bpy.data.images):
        if image.users == 0 and image.get(MARK) == json.dumps({"kind": "lens map"}):
            bpy.data.images.remove(image)


# --- The camera -------------------------------------------------------------------------------------------


def widen_camera(scene: bpy.types.Scene, plan: LensPlan) -> list[str]:
    """Give the scene's camera the plan's view, and remember the one before; what is in the way, as lines."""
    restore_camera(scene)
    if plan.workflow == "none":
        return []
    memory: dict[str, Any] = {"facts": plan.facts, "camera": "", "before": {}, "after": {}}
    notes = []
    camera = scene.camera
    wide = plan.frame is not None and plan.frame != frame_of(plan.lens)
    if wide and (camera is None or camera.type != "CAMERA"):
        notes.append("The scene has no camera: the CG has no overscan and is empty towards the frame's edge")
    elif wide:
        data = camera.data
        if data.library is not None:
            notes.append(f"The camera {camera.name} is linked: its view cannot be widened for the lens")
        else:
            memory["camera"] = data.name
            memory["before"] = {name: getattr(data, name) for name in _SENSOR}
            for name, value in _widened(data, plan).items():
                setattr(data, name, value)
            memory["after"] = {name: getattr(data, name) for name in _SENSOR}
            # The plate behind the viewport's camera stays as large beside the CG as it was.
            memory["plates"] = []
            for number, plate in _plates(data):
                before, plate.scale = plate.scale, plate.scale / plan.frame.pitch
                memory["plates"].append([number, before, plate.scale])
    if plan.zoom is None and camera is not None and any(np.ptp(keys) for keys in _zoom_keys(camera)):
        notes.append(
            "The camera zooms, but the CG is bent by one map from a file: it is off where the focal "
            "length is another"
        )
    scene[MEMORY] = json.dumps(memory, sort_keys=True)
    return notes


def _zoom_keys(camera: bpy.types.Object) -> list[list[float]]:
    """The values of the keys on a camera's focal length."""
    curves = [curve for curve in versions.curves_of(camera.data) if curve.data_path == "lens"]
    return [[key.co[1] for key in curve.keyframe_points] for curve in curves if len(curve.keyframe_points)]


def zoom_facts(scene: bpy.types.Scene, clip: bpy.types.MovieClip) -> str:
    """The digest of the zoom that a scene's camera has; empty for none."""
    zoom = zoom_lenses(scene, clip)
    focal = [lens.focal_px for lens in zoom.values()]
    return zoom_digest(zoom) if focal and max(focal) - min(focal) > 1e-6 * max(focal) else ""


def _widened(data: bpy.types.Camera, plan: LensPlan) -> dict[str, float]:
    """Sensor and shift with which the camera sees the plan's frame in place of the plate's.

    Shifts count in the side that the sensor is fitted to, widths of a pixel in both directions.
    """
    lens, frame = plan.lens, plan.frame
    assert lens is not None and frame is not None
    width, height = lens.width, lens.height / lens.pixel_aspect
    upright = data.sensor_fit == "VERTICAL" or (data.sensor_fit == "AUTO" and height > width)
    side = height if upright else width
    right = frame.left + 0.5 * frame.pitch * frame.width - 0.5 * lens.width
    up = (frame.bottom + 0.5 * frame.pitch * frame.height - 0.5 * lens.height) / lens.pixel_aspect
    return {
        "sensor_width": data.sensor_width * frame.pitch,
        "sensor_height": data.sensor_height * frame.pitch,
        "shift_x": (data.shift_x + right / side) / frame.pitch,
        "shift_y": (data.shift_y + up / side) / frame.pitch,
    }


def widened_view(
    scene: bpy.types.Scene, data: bpy.types.Camera
) -> tuple[dict[str, float], dict[str, float]] | None:
    """Sensor and shift of a camera before and after it was widened; None where it was not."""
    memory = _memory(scene)
    if memory is None or not memory["camera"] or bpy.data.cameras.get(memory["camera"]) != data:
        return None
    return memory["before"], memory["after"]


def restore_camera(scene: bpy.types.Scene) -> None:
    """Give the camera its view back, where nobody has changed it since, and forget the workflow."""
    memory = _memory(scene)
    if memory is None:
        return
    data = bpy.data.cameras.get(memory["camera"])
    if data is not None:
        for name, value in memory["after"].items():
            if getattr(data, name) == value:
                setattr(data, name, memory["before"][name])
        for number, before, after in memory.get("plates", ()):
            for found, plate in _plates(data):
                if found == number and plate.scale == after:
                    plate.scale = before
    del scene[MEMORY]


def _plates(data: bpy.types.Camera) -> list[tuple[int, bpy.types.CameraBackgroundImage]]:
    """The movie clips behind a camera in the viewport, with their numbers."""
    return [
        (number, plate) for number, plate in enumerate(data.background_images) if plate.source == "MOVIE_CLIP"
    ]


def lens_notes(scene: bpy.types.Scene, size: tuple[int, int]) -> list[str]:
    """What changed since the lens workflow was applied, as sentences; ``size`` is the render's now."""
    memory = _memory(scene)
    if memory is None:
        return []
    notes, facts = [], memory["facts"]
    if facts["size"] != list(size):
        notes.append(
            f"The render is {size[0]}x{size[1]} now, the lens maps are "
            f"{facts['size'][0]}x{facts['size'][1]}: apply again"
        )
    clip = bpy.data.movieclips.get(facts["clip"])
    if clip is None:
        notes.append(f"The clip {facts['clip']} whose lens the CG is bent to is gone")
    elif clip.size[0] and _facts(clip_lens(clip)) != facts["lens"]:
        notes.append(f"The lens of {clip.name} has changed since the CG was bent to it: apply again")
    elif clip.size[0] and "file" not in facts and facts.get("zoom", "") != zoom_facts(scene, clip):
        notes.append("The camera's zoom has changed since the CG was bent to it: apply again")
    if "file" in facts and not os.path.isfile(facts["file"]):
        notes.append(f"The ST-map {facts['file']} is gone; the composite keeps what was read of it")
    elif "file" in facts and os.stat(facts["file"]).st_mtime_ns != facts["changed"]:
        notes.append(f"The ST-map {facts['file']} has changed since it was read: apply again")
    if memory["camera"]:
        data = bpy.data.cameras.get(memory["camera"])
        if data is None or scene.camera is None or scene.camera.data != data:
            notes.append("The scene has another camera now than the one widened for the lens: apply again")
        elif any(getattr(data, name) != value for name, value in memory["after"].items()):
            notes.append(f"The sensor or shift of {data.name} was changed since it was widened: apply again")
    return notes


def _memory(scene: bpy.types.Scene) -> dict[str, Any] | None:
    text = scene.get(MEMORY)
    return json.loads(text) if isinstance(text, str) else None


# --- Any tree ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mapped:
    """What ``apply_stmap_distortion`` built."""

    image: bpy.types.NodeSocket
    node: bpy.types.Node
    found: ForeignMap
    """What the file was read as; ``found.text()`` says it in a line."""


def apply_stmap_distortion(
    tree: bpy.types.NodeTree,
    image: bpy.types.NodeSocket,
    st_map: str | os.PathLike[str],
    *,
    plate_size: tuple[int, int] | None = None,
    source_size: tuple[int, int] | None = None,
    origin: str | None = None,
    centers: str | None = None,
    values: str | None = None,
    name: str = "ST-Map",
) -> Mapped:
    """Look a picture up through an ST-map from a file, in anybody's compositor tree.

    The map's convention is found from its values; ``origin`` (bottom_left, top_left), ``centers`` (half,
    integer, corner) and ``values`` (uv, offset, offset_px) set it by hand. ``source_size`` is that of the
    picture in pixels, where it is not the one that the map was made for. Called again with the same name,
    the node is found again. Raises InputError for what is no ST-map.
    """
    given = {"origin": origin, "centers": centers, "values": values}
    found = read_stmap(
        bpy.path.abspath(os.fspath(st_map)), plate_size, {key: value for key, value in given.items() if value}
    )
    if source_size is None:
        source_size = found.source_overscan.size(*cropped_to_frame(found).size)
    build = Builder(tree, name)
    group = map_group(name, found.values, source_size)
    group[MEMORY] = "file"
    socket = _through(build, image, group, "map", found.path.name)
    build.finish(socket)
    drop_unused()
    return Mapped(socket, socket.node, found)
