"""The clip as its file is: whether it can be used, a mended copy of it, and the scene made as it is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import bpy

from ..preferences import user_folder
from ..tracking.blender.camera import set_frame_range
from ..tracking.blender.clip import load_clip
from ..tracking.blender.clip_lens import copy_lens
from ..tracking.engine.footage import Footage
from ..tracking.errors import FootageError
from ..tracking.preflight import Finding, Preflight, number_runs
from ..tracking.session.places import can_write, footage_name


def footage_path(clip: bpy.types.MovieClip) -> Path:
    """The clip's file, absolute; an image sequence's first one."""
    return Path(bpy.path.abspath(clip.filepath, library=clip.library)).absolute()


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, the gravest first."""
    return tuple(sorted(findings, key=lambda finding: ("error", "warning", "info").index(finding.severity)))


def stop_on_errors(findings: tuple[Finding, ...]) -> None:
    """Raises FootageError with the first error among the findings."""
    for finding in findings:
        if finding.severity == "error":
            raise FootageError(finding.message)


def readable(preflight: Preflight | None, path: Path) -> Footage:
    """The footage that was looked over. Raises FootageError where it cannot be read."""
    if preflight is None or preflight.footage is None:
        raise FootageError(f"{path}: cannot be read")
    return preflight.footage


def copy_target(path: Path) -> Path:
    """Where a mended copy of the footage is written: beside it, else in the user's own data folder."""
    folder = path.parent
    if not can_write(folder):
        folder = user_folder("copies")
        folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{footage_name(path)}_even.avi"


def show_copy(clip: bpy.types.MovieClip, file: Path) -> bpy.types.MovieClip:
    """Loads the mended copy and shows it wherever the clip was shown; the clip itself stays in the file."""
    copy = load_clip(file, scene_start=clip.frame_start, color_space=clip.colorspace_settings.name)
    copy.tracked_shot.tracking_preset_name = clip.tracked_shot.tracking_preset_name
    copy.tracked_shot.lens_known = clip.tracked_shot.lens_known
    copy.tracked_shot.find_axis = clip.tracked_shot.find_axis
    copy.tracked_shot.mask = clip.tracked_shot.mask
    copy_lens(clip, copy)
    for scene in bpy.data.scenes:
        if scene.active_clip == clip and scene.library is None:
            scene.active_clip = copy
    for space in clip_spaces():
        if space.clip == clip:
            space.clip = copy
    return copy


def misfits(scene: bpy.types.Scene, clip: bpy.types.MovieClip) -> list[str]:
    """What of the scene is not as in the clip, as short sentences: its rate, its frames."""
    found = []
    rate = scene.render.fps / scene.render.fps_base
    if clip.source == "MOVIE" and clip.fps > 0 and abs(rate - clip.fps) > 0.005:
        found.append(f"The scene has {rate:g} frames a second")
    first, last = clip.frame_start, clip.frame_start + clip.frame_duration - 1
    if clip.frame_duration > 0 and (scene.frame_start, scene.frame_end) != (first, last):
        found.append(f"The scene has frames {scene.frame_start} to {scene.frame_end}")
    return found


def fit_scene(scene: bpy.types.Scene, clip: bpy.types.MovieClip) -> None:
    """Gives the scene the clip's rate and frames; nothing where Blender finds no frames in it."""
    if clip.frame_duration > 0:
        set_frame_range(scene, clip)


def mark_gaps(scene: bpy.types.Scene, clip: bpy.types.MovieClip, footage: Footage) -> int:
    """A timeline marker where each run of missing pictures begins, unless one is there; how many runs."""
    there = {marker.frame for marker in scene.timeline_markers}
    runs = number_runs(footage.gaps)
    for low, high in runs:
        frame = clip.frame_start + low - footage.first_number
        if frame not in there:
            scene.timeline_markers.new(f"Gap {low}-{high}" if high > low else f"Gap {low}", frame=frame)
    return len(runs)


def other_color_space(clip: bpy.types.MovieClip, preflight: Preflight | None) -> str:
    """The colour space in which such files usually are, where the clip has another; else empty."""
    if preflight is None or preflight.footage is None:
        return ""
    same = clip.colorspace_settings.name == preflight.color_space
    return "" if same else preflight.color_space


def other_pixel_aspect(clip: bpy.types.MovieClip, preflight: Preflight | None) -> float:
    """The shape of pixels that the footage's header tells, where the clip has another; else 0."""
    if preflight is None or preflight.footage is None:
        return 0.0
    told = preflight.footage.pixel_aspect
    return told if told != 1 and abs(told - clip.tracking.camera.pixel_aspect) > 1e-3 else 0.0


def clip_spaces() -> list[bpy.types.SpaceClipEditor]:
    """Every Clip Editor of every window."""
    return [
        area.spaces.active
        for window in bpy.context.window_manager.windows
        for area in window.screen.areas
        if area.type == "CLIP_EDITOR"
    ]
