"""The shot file of what is in the open .blend: clip, camera, light, composite and render settings.

It begins with the shot file that is there, if any, and changes what the scene says otherwise. What a scene
does not tell, such as which tracks the floor was laid through, stays as the file has it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
from mathutils import Vector

from ..config import (
    COEFFICIENTS,
    CompositeConfig,
    CompositeShotConfig,
    FootageConfig,
    LensConfig,
    first_number,
)
from ..errors import InputError
from ..files import near_path
from ..presets import composite_section, resolve_composite
from ..schema import Section
from . import versions
from .camera import find_camera, is_baked, refresh
from .clip_lens import start_of_clip
from .composite import applied_config
from .holdout import HELD_OUT, named_objects
from .owned import MEMORY
from .scene import CATCHER_MARK, SUN_MARK, default_sun_direction, marked_object
from .stages import NEW_FILE_SAMPLES

_FORMATS = {"OPEN_EXR": "exr", "OPEN_EXR_MULTILAYER": "exr", "FFMPEG": "mp4", "PNG": "png"}
_LINEAR_SUFFIXES = {".exr", ".hdr"}
_SAME = 1e-5
"""Blender keeps numbers with half the digits."""


@dataclass(frozen=True)
class Chosen:
    """What was chosen in the panels, which only the add-on's own settings know."""

    tracking_preset: str | None = None
    composite: CompositeConfig | None = None
    """The preset with what was set over it; the applied composite goes before it."""
    lens_known: bool = False
    find_axis: bool = False
    mask: str | None = None
    """Name of the mask where nothing is tracked; None where none was chosen, and a file's own then stays."""
    tracked: bool = True
    """Whether the clip's tracks and camera come from a session of ours."""


def shot_from_scene(
    scene: bpy.types.Scene,
    clip: bpy.types.MovieClip,
    folder: Path,
    *,
    base: CompositeShotConfig | None = None,
    chosen: Chosen | None = None,
) -> CompositeShotConfig:
    """The shot as a shot file in ``folder`` says it.

    ``base`` is what is known of the shot already; it is changed, its paths relative to ``folder``. Raises
    InputError for a clip without a file.
    """
    chosen = chosen or Chosen()
    refresh(scene)
    plate = _clip_file(clip)
    if base is None:
        config = CompositeShotConfig(FootageConfig(near_path(plate, folder)), name=_name(scene))
        config.base = folder
    else:
        config = base.moved(folder)
        if config.footage_path != plate:
            config.footage.file = near_path(plate, folder)
    _footage(config, scene, clip)
    _tracking(config, clip, chosen, folder)
    _camera(config, scene)
    _light(config, scene)
    _holdout(config, scene)
    _composite(config, scene, chosen, folder)
    _render(config, scene)
    # Read once more, so that what comes out is a shot that loads, in every way.
    made = CompositeShotConfig.from_dict(config.to_dict())
    made.base, made.included = config.base, config.included
    return made


def _clip_file(clip: bpy.types.MovieClip) -> Path:
    if not clip.filepath:
        raise InputError(f"the clip {clip.name} has no file")
    return Path(bpy.path.abspath(clip.filepath, library=clip.library)).absolute()


def _name(scene: bpy.types.Scene) -> str:
    stem = Path(bpy.data.filepath).stem
    return scene.name if not stem or not re.fullmatch(r"Scene(\.\d+)?", scene.name) else stem


def _put(section: Section, name: str, value: Any, now: Any = None) -> None:
    """Sets a key unless it says so already; ``now`` is what it means where it is left out."""
    current = getattr(section, name)
    if not _same(now if current is None else current, value):
        setattr(section, name, value)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    numbers = isinstance(one, float) or isinstance(other, float)
    if numbers and isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=_SAME, abs_tol=_SAME)
    return type(one) is type(other) and one == other


def _holdout(config: CompositeShotConfig, scene: bpy.types.Scene) -> None:
    """The objects that hide the CG by our doing; names that mean the same stay as the file has them."""
    held = {item for item in scene.objects if HELD_OUT in item and item.is_holdout}
    if not held and MEMORY not in scene:
        return  # the shot was not built here: the scene tells nothing of the file's
    try:
        same = set(named_objects(scene, config.scene.holdout)) == held
    except InputError:  # a name of the file's is not there any more
        same = False
    if not same:
        config.scene.holdout = sorted(item.name for item in held)


def _short(value: float) -> float:
    """A number without the digits that Blender does not keep."""
    return float(f"{value:.6g}")


# --- section by section ------------------------------------------------------


def _footage(config: CompositeShotConfig, scene: bpy.types.Scene, clip: bpy.types.MovieClip) -> None:
    footage = config.footage
    is_sequence = clip.source == "SEQUENCE"
    _put(footage, "scene_start", clip.frame_start, now=first_number(config.footage_path))
    if find_camera(scene) is not None and clip.frame_duration > 0:
        to_footage = 1 - clip.frame_start + clip.frame_offset
        first = max(scene.frame_start + to_footage, 1)
        last = min(scene.frame_end + to_footage, clip.frame_duration)
        whole = (1, clip.frame_duration)
        if first <= last:
            _put(footage, "frame_range", (first, last), now=whole)
    if is_sequence:
        _put(footage, "fps", _short(scene.render.fps / scene.render.fps_base), now=24.0)
    linear = _clip_file(clip).suffix.lower() in _LINEAR_SUFFIXES
    usual = "Linear Rec.709" if linear else "sRGB"
    _put(footage, "color_space", clip.colorspace_settings.name, now=usual)
    _put(footage, "pixel_aspect", _short(clip.tracking.camera.pixel_aspect))


def _tracking(config: CompositeShotConfig, clip: bpy.types.MovieClip, chosen: Chosen, folder: Path) -> None:
    tracking = config.tracking
    if chosen.tracking_preset is not None:
        _put(tracking, "preset", chosen.tracking_preset)
    if clip.tracking.reconstruction.is_valid and not chosen.tracked:
        # The artist's own tracks and solve, which are nowhere but in this file.
        _put(tracking, "enabled", False)
        if config.into is None and bpy.data.filepath:
            config.into = near_path(Path(bpy.data.filepath), folder)
    if chosen.mask is not None:
        _put(tracking, "mask", chosen.mask)
    if chosen.lens_known:
        tracking.lens = _lens(clip, tracking.lens)
    elif tracking.lens.refine:
        _put(tracking.lens, "refine_principal_point", chosen.find_axis)


def _lens(clip: bpy.types.MovieClip, before: LensConfig) -> LensConfig:
    """The clip's lens, as it is kept in the solve."""
    start = start_of_clip(clip, refine=False)
    lens = LensConfig(
        foreign=before.foreign,
        focal_length_mm=_short(start.focal_length_mm),
        sensor_width_mm=_short(start.sensor_width_mm),
        distortion_model=start.distortion_model,
        principal_point=start.principal and (_short(start.principal[0]), _short(start.principal[1])),
        refine=False,
    )
    for name, value in zip(COEFFICIENTS[start.distortion_model], start.coefficients):
        setattr(lens, name, _short(value))
    same = all(_same(getattr(before, name), getattr(lens, name)) for name in list(LensConfig.keys()))
    return before if same else lens


def _camera(config: CompositeShotConfig, scene: bpy.types.Scene) -> None:
    camera = find_camera(scene)
    if camera is not None:
        if config.camera.import_file is None:
            _put(config.camera, "from_tracking", True)
        _put(config.camera, "name", camera.name)
        _put(config.camera, "bake", is_baked(camera))


def _light(config: CompositeShotConfig, scene: bpy.types.Scene) -> None:
    sun = marked_object(scene, SUN_MARK)
    if sun is None:
        return
    shines = (sun.matrix_world.to_3x3() @ Vector((0, 0, -1))).normalized()
    known = config.scene.light.direction
    before = Vector(known).normalized() if known is not None else default_sun_direction()
    if (shines - before).length > 1e-4:
        config.scene.light.direction = tuple(_short(value) for value in shines)


def _composite(config: CompositeShotConfig, scene: bpy.types.Scene, chosen: Chosen, folder: Path) -> None:
    wanted = applied_config(scene) or chosen.composite
    if wanted is None:
        return
    if find_camera(scene) is not None:
        wanted.shadow_catcher = marked_object(scene, CATCHER_MARK) is not None
    before = resolve_composite(config.composite, base=config.base)
    if config.cg.motion_blur is not False:
        before.motion_blur = config.cg.motion_blur
    section = composite_section(wanted, _same)
    if section.mode == config.composite.mode and _alike(before, wanted):
        return
    section.foreign = config.composite.foreign
    for path, _, text in section.paths():
        owner: Any = section.overrides
        for name in path[:-1]:
            owner = owner[name]
        owner[path[-1]] = near_path(Path(text), folder)
    config.composite = section


def _alike(one: CompositeConfig, other: CompositeConfig) -> bool:
    """Whether two composites are the same picture, whatever they are called."""
    left, right = one.to_dict(full=True), other.to_dict(full=True)
    return all(_deep_same(left[name], right[name]) for name in left if name not in ("mode", "description"))


def _deep_same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_deep_same(one[name], other[name]) for name in one)
    return _same(one, other)


def _render(config: CompositeShotConfig, scene: bpy.types.Scene) -> None:
    render, new = config.render, config.into is None
    engine = versions.engine_name(scene.render.engine)
    if engine is not None:
        _put(render, "engine", engine, now="cycles" if new else engine)
    if engine in ("cycles", "eevee"):
        samples = scene.cycles.samples if engine == "cycles" else scene.eevee.taa_render_samples
        _put(render, "samples", samples, now=NEW_FILE_SAMPLES if new else samples)
    written = _FORMATS.get(scene.render.image_settings.file_format)
    if written is not None:
        _put(render, "format", written)
    _put(render, "resolution_percentage", scene.render.resolution_percentage)
