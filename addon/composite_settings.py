"""What an artist sets over a composite preset, scene by scene, and the config that comes of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    StringProperty,
)

from .tracking.config import CompositeConfig, CompositeSection
from .tracking.presets import resolve_composite

FOUND = "found"
"""How an ST-map counts is told from its values."""
_COUNTING = ("st_map_origin", "st_map_centers", "st_map_values")


class TRACKED_SHOT_PG_composite(bpy.types.PropertyGroup):
    """What is set over the scene's preset; heeded as long as that preset is the one that it was set over."""

    over: StringProperty(options={"HIDDEN"}, description="The preset that these were filled from")
    applied: StringProperty(options={"HIDDEN"}, description="The values that the composite was built with")
    blend: EnumProperty(
        name="Blend",
        description="How the CG lies on the background",
        items=(
            ("over", "Over", "The CG covers the background"),
            ("multiply", "Multiply", "The CG darkens the background"),
            ("add", "Add", "The CG's light is added to the background"),
            ("screen", "Screen", "The CG lightens the background and never beyond white"),
        ),
    )
    factor: FloatProperty(name="Factor", description="How much of the CG is seen", min=0, max=1, default=1)
    view: EnumProperty(
        name="View",
        description="What is done about the scene's view transform",
        items=(
            ("plate_exact", "Plate Exact", "Set it so that the plate comes out as it was filmed"),
            (
                "view_matched",
                "View Matched",
                "Keep AgX or Filmic for the CG; the plate goes through its inverse and comes out as filmed",
            ),
            ("scene_referred", "Scene Referred", "Leave it as it is, for grading what is saved as EXR"),
        ),
    )
    background: EnumProperty(
        name="Background",
        description="What lies behind the CG",
        items=(
            ("footage", "Footage", "The filmed plate"),
            ("image", "Image", "A picture of your own"),
            ("color", "Color", "One color all over"),
            ("none", "None", "Nothing: the CG alone, with its alpha"),
        ),
    )
    background_image: StringProperty(
        name="Image", description="The picture behind the CG", subtype="FILE_PATH"
    )
    background_color: FloatVectorProperty(
        name="Color", description="The color behind the CG", subtype="COLOR", min=0, max=1
    )
    film_transparent: BoolProperty(
        name="Film Transparent", description="Render the sky transparent, so that the background is seen"
    )
    shadow_density: FloatProperty(
        name="Shadow",
        description="How dark the caught shadow is",
        min=0,
        max=1,
        default=1,
    )
    shadow_color: FloatVectorProperty(
        name="Color",
        description="What full shadow leaves of the plate",
        subtype="COLOR",
        min=0,
        max=1,
    )
    shadow_softness: FloatProperty(
        name="Softness",
        description="Blur of the caught shadow",
        subtype="PIXEL",
        min=0,
        max=200,
    )
    workflow: EnumProperty(
        name="Workflow",
        description="How the plate's lens and the straight CG come together",
        items=(
            ("distort_cg", "Distort CG", "Bend the CG to the plate's lens; the plate stays as it was filmed"),
            ("undistort_plate", "Undistort Plate", "Straighten the plate to the CG"),
            ("none", "None", "Leave both as they are"),
        ),
    )
    auto_overscan: BoolProperty(
        name="Automatic Overscan",
        description="See as much beyond the edge as the bent CG needs",
        default=True,
    )
    overscan: FloatProperty(
        name="Overscan",
        description="Share of the frame that is seen beyond each edge",
        subtype="FACTOR",
        min=0,
        max=1,
    )
    st_map: StringProperty(
        name="ST-Map",
        description="A distort map from another program, used in place of the clip's lens; empty: the lens",
        subtype="FILE_PATH",
    )
    st_map_origin: EnumProperty(
        name="Origin",
        description="Where the map's v counts from",
        items=(
            ("found", "Found", "Told from the map's values"),
            ("bottom_left", "Bottom Left", "v grows upwards"),
            ("top_left", "Top Left", "v grows downwards"),
        ),
    )
    st_map_centers: EnumProperty(
        name="First Pixel",
        description="What u the centre of the map's first pixel has",
        items=(
            ("found", "Found", "Told from the map where that can be; else half a pixel"),
            ("half", "Half a Pixel", "Pixel centers at one half"),
            ("integer", "Zero", "Pixel centers at whole numbers"),
            ("corner", "Zero to One", "0 at the first pixel's center and 1 at the last one's"),
        ),
    )
    st_map_values: EnumProperty(
        name="Values",
        description="What the map's pixels hold",
        items=(
            ("found", "Found", "Told from the map's values"),
            ("uv", "Places", "Where to look, 0 to 1 over the picture"),
            ("offset", "Offsets", "How far to look away, in pictures"),
            ("offset_px", "Offsets in Pixels", "How far to look away, in pixels"),
        ),
    )
    motion_blur: EnumProperty(
        name="Motion Blur",
        description="How far the CG is smeared by its movement",
        items=(
            ("scene", "As in Scene", "Leave the scene's motion blur as it is"),
            ("plate", "As the Plate", "Measure the plate's shutter and set the scene's to it"),
            ("shutter", "Shutter", "A shutter of your own"),
        ),
    )
    shutter: FloatProperty(
        name="Shutter", description="How long it is open, in frames", min=0.01, max=1, default=0.5
    )
    pin_live: BoolProperty(
        name="Live", description="Follow the plane track as it is changed, from Blender 4.5; off: keyed"
    )
    pin_track: StringProperty(
        name="Plane Track", description="The plane track that the picture is pinned to; empty: none"
    )
    pin_image: StringProperty(
        name="Image", description="The picture that is pinned to the plane track", subtype="FILE_PATH"
    )
    use_grain: BoolProperty(name="Grain", description="Give the CG the plate's grain")
    stabilize: BoolProperty(name="Stabilize", description="Hold the finished picture still by its tracks")
    use_lock: BoolProperty(name="Lock to a Frame", description="Bring all frames to one; off: smooth them")
    lock: IntProperty(
        name="Frame",
        description="Footage frame to lock to, 1 the first",
        min=1,
        default=1,
    )
    smooth: FloatProperty(
        name="Smooth",
        description="How much of the movement goes, but for a pan",
        min=0,
        max=1,
        default=0.5,
    )
    auto_scale: BoolProperty(name="Auto Scale", description="Enlarge until no black edge shows", default=True)


def fill(settings: TRACKED_SHOT_PG_composite, config: CompositeConfig) -> None:
    """Take the values of a preset over."""
    for name, value in _values(config).items():
        setattr(settings, name, value)
    settings.over = config.mode
    note_applied(settings)


def note_applied(settings: TRACKED_SHOT_PG_composite) -> None:
    """Remember that the composite stands as these say."""
    settings.applied = _said(settings)


def is_adjusted(settings: TRACKED_SHOT_PG_composite) -> bool:
    """Whether a value is another than when the composite was built."""
    return settings.applied != _said(settings)


def _said(settings: TRACKED_SHOT_PG_composite) -> str:
    values = [getattr(settings, name) for name in _values(CompositeConfig())]
    return repr([value if isinstance(value, str | int | float) else tuple(value) for value in values])


def composite_config(settings: TRACKED_SHOT_PG_composite, preset: str) -> CompositeConfig:
    """The preset with what was set over it; raises InputError where the preset is not there or broken."""
    config = resolve_composite(CompositeSection(mode=preset))
    if settings.over != preset:
        return config
    changed = {
        name: getattr(settings, name)
        for name, value in _values(config).items()
        if not _same(getattr(settings, name), value)
    }
    for name in ("blend", "factor", "view"):
        if name in changed:
            setattr(config, name, changed[name])
    shadow, steady = config.shadow, config.stabilization
    shadow.density = changed.get("shadow_density", shadow.density)
    shadow.softness = changed.get("shadow_softness", shadow.softness)
    if "shadow_color" in changed:
        shadow.color = tuple(changed["shadow_color"])
    steady.enabled = changed.get("stabilize", steady.enabled)
    steady.smooth = changed.get("smooth", steady.smooth)
    steady.auto_scale = changed.get("auto_scale", steady.auto_scale)
    if {"use_lock", "lock"} & set(changed):
        steady.lock = settings.lock if settings.use_lock else None
    _fill_background(config, changed)
    _fill_lens(config, settings, changed)
    _fill_pin(config, settings, changed)
    if {"motion_blur", "shutter"} & set(changed):
        number = round(settings.shutter, 6)
        config.motion_blur = {"scene": False, "plate": True, "shutter": number}[settings.motion_blur]
    if "use_grain" in changed:
        config.grain = settings.use_grain
    return config


def _fill_background(config: CompositeConfig, changed: dict[str, Any]) -> None:
    config.background_source = changed.get("background", config.background_source)
    config.film_transparent = changed.get("film_transparent", config.film_transparent)
    if "background_image" in changed:
        config.background_image = _path(changed["background_image"])
    if "background_color" in changed:
        config.background_color = (*changed["background_color"], 1.0)


def _fill_lens(config: CompositeConfig, settings: TRACKED_SHOT_PG_composite, changed: dict[str, Any]) -> None:
    config.lens_distortion.workflow = changed.get("workflow", config.lens_distortion.workflow)
    if {"auto_overscan", "overscan"} & set(changed):
        config.lens_distortion.overscan = "auto" if settings.auto_overscan else settings.overscan

    lens = config.lens_distortion
    if "st_map" in changed:
        lens.st_map_path = _path(changed["st_map"])
        lens.use_st_map = lens.st_map_path is not None
    for name in _COUNTING:
        if name in changed:
            setattr(lens, name, None if changed[name] == FOUND else changed[name])


def _fill_pin(config: CompositeConfig, settings: TRACKED_SHOT_PG_composite, changed: dict[str, Any]) -> None:
    if {"pin_track", "pin_image", "pin_live"} & set(changed):
        config.corner_pin = replace(
            config.corner_pin,
            plane_track=settings.pin_track or None,
            image=_path(settings.pin_image) if settings.pin_track else None,
            tracks=None if settings.pin_track else config.corner_pin.tracks,
            corners=None if settings.pin_track else config.corner_pin.corners,
            live=settings.pin_live and bool(settings.pin_track),
        )


def _path(text: str) -> str | None:
    """A path as a shot file has it: absolute; None for none."""
    return bpy.path.abspath(text) if text else None


def _values(config: CompositeConfig) -> dict[str, object]:
    """The config's values by the names that they have here."""
    shadow, steady, lens = config.shadow, config.stabilization, config.lens_distortion
    blur = config.motion_blur
    return {
        "st_map": lens.st_map_path or "",
        **{name: getattr(lens, name) or FOUND for name in _COUNTING},
        "motion_blur": ("plate" if blur else "scene") if isinstance(blur, bool) else "shutter",
        "shutter": 0.5 if isinstance(blur, bool) else float(blur),
        "pin_live": config.corner_pin.live,
        "blend": config.blend,
        "factor": config.factor,
        "view": config.view,
        "background": config.background_source,
        "background_image": config.background_image or "",
        "background_color": tuple(config.background_color[:3]),
        "film_transparent": config.film_transparent,
        "workflow": config.lens_distortion.workflow,
        "auto_overscan": config.lens_distortion.overscan == "auto",
        "overscan": 0.0 if config.lens_distortion.overscan == "auto" else config.lens_distortion.overscan,
        "pin_track": config.corner_pin.plane_track or "",
        "pin_image": config.corner_pin.image or "",
        "use_grain": bool(config.grain),
        "shadow_density": shadow.density,
        "shadow_color": tuple(shadow.color[:3]),
        "shadow_softness": shadow.softness,
        "stabilize": steady.enabled,
        "use_lock": steady.lock is not None,
        "lock": steady.lock or 1,
        "smooth": steady.smooth,
        "auto_scale": steady.auto_scale,
    }


def _same(now: Any, then: Any) -> bool:
    """Whether a value is what it was; Blender keeps numbers with half the digits."""
    if isinstance(then, tuple):
        return all(_same(one, other) for one, other in zip(now, then))
    if isinstance(then, float):
        return abs(float(now) - then) < 1e-6
    return now == then


CLASSES = (TRACKED_SHOT_PG_composite,)
