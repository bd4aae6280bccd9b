"""Blender's own solve of a clip whose camera we know.

It is there so that every tool an artist knows goes on working (bundles, errors, constraints, tracks set by
hand). It starts from our keyframes and our lens, and its camera is compared with ours before anybody relies
on it. In a window it runs as a job, so that the window stays alive; without one it runs at once.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Collection
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from ..engine.model import Floats, Solve
from ..engine.motion import STILL, TURNS
from ..quiet import ERRORS, silenced
from .clip import camera_object, camera_similarity, clip_editor, move_cameras, native_cameras
from .clip_lens import set_clip_lens

KEYFRAME_TRACKS = 8
"""Blender's solver is not started with fewer tracks in both keyframes."""
MOST_WIDE, MOST_LONG = 0.1, 50.0
"""Focal lengths, in widths of the frame, that it is started with."""

AGREE_PX = 0.1
"""Largest mean distance in a frame, in pixels, at which the native camera counts as ours."""

_SOLVER_SETTINGS = {
    "use_keyframe_selection": False,
    "use_tripod_solver": False,
    "refine_intrinsics_focal_length": False,
    "refine_intrinsics_principal_point": False,
    "refine_intrinsics_radial_distortion": False,
    "refine_intrinsics_tangential_distortion": False,
}


@dataclass(frozen=True)
class NativeResult:
    """What Blender's own solve came to, beside ours."""

    average_error: float
    """Blender's mean reprojection error, pixels; nan where it found no camera."""
    frames: int
    """Frames that have a native camera."""
    agrees: bool
    """The native camera shows our bundles where ours does, in every solved frame."""
    seconds: float
    path_percent: float = float("nan")
    """RMS distance of the two camera paths after a similarity, in percent of the path's RMS extent."""
    picture_px: float = float("nan")
    """Largest mean distance, over frames, of our bundles seen by both cameras, pixels."""
    reason: str = ""
    """Why it does not agree, empty where it does."""


_CAMERA = ("lens", "sensor_width", "sensor_height", "sensor_fit", "shift_x", "shift_y")
_RENDER = ("resolution_x", "resolution_y", "pixel_aspect_x", "pixel_aspect_y")
"""What Blender's solver writes into the scene's camera and its render settings, which may be anybody's."""


HUSHED = "tracked_shot_hushed"
"""Custom property of a clip while Blender solves it: which markers were muted before, by track, as JSON."""
JOB = "CLIP_OT_solve_camera"
JOB_STEP = 0.05
"""Seconds between two looks of Blender at a job in a window: it ends on events only."""


@dataclass
class NativeSolve:
    """One run of Blender's solver: begun, run at once or as a job, and ended.

    The clip's lens is left as the solve's and its keyframes as those used, so that solving again by hand
    begins there; everything else that is touched is put back in the end. No datablock is held between the
    calls: an undo while the job runs makes all of them anew.
    """

    solve: Solve
    heeded: Collection[str] | None = None
    """Names in the clip of the tracks that have a say; all of them where it is None."""
    unfit: str = ""
    """Why Blender's solver is not started at all; empty where it is."""
    refusal: str = ""
    begun: bool = False
    _started: float = 0.0
    _settings: dict[str, Any] = field(default_factory=dict)
    _active: str = ""

    def begin(self, clip: bpy.types.MovieClip) -> None:
        """Sets the clip up for Blender's solver."""
        self._started, self.begun = time.perf_counter(), True
        self._hush(clip)
        self.unfit = _unfit(clip, self.solve)
        if self.unfit:
            return
        set_clip_lens(clip, self.solve.lens)
        settings, camera = clip.tracking.settings, camera_object(clip)
        self._settings = {name: getattr(settings, name) for name in _SOLVER_SETTINGS}
        self._active = clip.tracking.objects.active.name
        for name, value in _SOLVER_SETTINGS.items():
            setattr(settings, name, value)
        settings.use_tripod_solver = self.solve.motion == TURNS
        clip.tracking.objects.active = camera
        camera.keyframe_a, camera.keyframe_b = sorted(self.solve.keyframes)

    def run(self, clip: bpy.types.MovieClip, context: bpy.types.Context) -> None:
        """Solves at once."""
        scene = context.scene
        scene_camera = scene.camera
        # Blender's solver writes lens and render size into the scene's camera, which may be anybody's.
        scene.camera = None
        try:
            with clip_editor(context, clip):
                bpy.ops.clip.clear_solution()
                try:
                    # Its log has a line with E for a point behind a camera. A window may have no such stream.
                    with silenced(ERRORS) if bpy.app.background else nullcontext():
                        bpy.ops.clip.solve_camera()
                except RuntimeError as error:
                    self.refusal = str(error).removeprefix("Error: ").strip()
        finally:
            scene.camera = scene_camera

    def put_back(self, clip: bpy.types.MovieClip) -> None:
        """The clip as it was, save for its lens and keyframes: Blender has a copy of what it solves from."""
        for name, value in self._settings.items():
            setattr(clip.tracking.settings, name, value)
        if self._active in clip.tracking.objects:
            clip.tracking.objects.active = clip.tracking.objects[self._active]
        self._settings, self._active = {}, ""
        unhush(clip)

    def end(self, clip: bpy.types.MovieClip) -> NativeResult:
        """Puts back what was set, and compares Blender's camera with ours."""
        self.put_back(clip)
        if HUSHED in clip:
            del clip[HUSHED]
        if self.unfit:
            return NativeResult(float("nan"), 0, False, 0.0, reason=self.unfit)
        return _compare(clip, self.solve, time.perf_counter() - self._started, self.refusal)

    def _hush(self, clip: bpy.types.MovieClip) -> None:
        """Mutes the tracks that are not to have a say: Blender's start heeds those without weight, too.

        Those that the artist gave no weight stay: that is how one gets a bundle without a say. The clip notes
        which markers were muted before: Blender puts its copies of the tracks, muted, into the clip when it
        has solved, and makes a step to undo of that before anybody can put them back.
        """
        unhush(clip)
        hushed = {}
        for track in camera_object(clip).tracks:
            if self.heeded is not None and track.name not in self.heeded and track.weight > 0:
                muted = np.empty(len(track.markers), bool)
                track.markers.foreach_get("mute", muted)
                track.markers.foreach_set("mute", np.ones(len(muted), bool))
                hushed[track.name] = [len(muted), np.packbits(muted).tobytes().hex()]
        if hushed:
            clip[HUSHED] = json.dumps(hushed)


def unhush(clip: bpy.types.MovieClip) -> None:
    """Markers of tracks that have no say in a solve are muted as they were before it; see ``_hush``."""
    tracks = camera_object(clip).tracks
    for name, (count, packed) in json.loads(clip.get(HUSHED, "{}")).items():
        if name in tracks and len(tracks[name].markers) == count:
            muted = np.unpackbits(np.frombuffer(bytes.fromhex(packed), np.uint8), count=count).astype(bool)
            tracks[name].markers.foreach_set("mute", muted)


def unhush_what_was_left(clip: bpy.types.MovieClip) -> None:
    """The same where no solve is at work: an undo led to the middle of one, or the file came from there."""
    if HUSHED in clip:
        unhush(clip)
        del clip[HUSHED]


class NativeJob:
    """Blender's solver at work in a window, which stays alive meanwhile."""

    def __init__(self, native: NativeSolve, context: bpy.types.Context, clip: bpy.types.MovieClip) -> None:
        """Starts it, once the run has begun.

        Raises LookupError where no Clip Editor of a window shows the clip, or Blender does not begin.
        """
        if bpy.app.background:
            raise LookupError("there is no window")
        window, area = _editor_of(context, clip)
        scene = window.scene
        self.native = native
        self._scene = scene.name
        self._kept = _kept(scene)
        region = next(region for region in area.regions if region.type == "WINDOW")
        with context.temp_override(window=window, area=area, region=region, space_data=area.spaces.active):
            bpy.ops.clip.clear_solution()
            try:
                started = bpy.ops.clip.solve_camera("INVOKE_DEFAULT")
            except RuntimeError as error:
                raise LookupError(str(error)) from error
        if "RUNNING_MODAL" not in started:
            raise LookupError("Blender has not begun to solve")
        native.put_back(clip)
        self._timer = context.window_manager.event_timer_add(JOB_STEP, window=window)

    @property
    def done(self) -> bool:
        """Whether Blender has ended it."""
        windows = bpy.context.window_manager.windows
        return not any(item.bl_idname == JOB for window in windows for item in window.modal_operators)

    def let_go(self) -> None:
        """Stops looking: the clip is no more."""
        bpy.context.window_manager.event_timer_remove(self._timer)

    def end(self, clip: bpy.types.MovieClip) -> NativeResult:
        """Puts back what was set, and compares Blender's camera with ours."""
        self.let_go()
        scene = bpy.data.scenes.get(self._scene)
        if scene is not None:
            _put_back(scene, self._kept)
        return self.native.end(clip)


def _editor_of(
    context: bpy.types.Context, clip: bpy.types.MovieClip
) -> tuple[bpy.types.Window, bpy.types.Area]:
    """A window and its Clip Editor that shows the clip. Raises LookupError where there is none."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            space = area.spaces.active
            if area.type != "CLIP_EDITOR" or space.clip != clip:
                continue
            if space.view == "CLIP" and space.mode == "TRACKING":
                return window, area
    raise LookupError("no Clip Editor shows the clip")


def _kept(scene: bpy.types.Scene) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """The scene's camera by name, and what Blender's solver writes into it and into the render settings."""
    camera = scene.camera.data if scene.camera is not None and scene.camera.type == "CAMERA" else None
    values = {name: getattr(camera, name) for name in _CAMERA} if camera is not None else {}
    return camera.name if camera is not None else "", values, {n: getattr(scene.render, n) for n in _RENDER}


def _put_back(scene: bpy.types.Scene, kept: tuple[str, dict[str, Any], dict[str, Any]]) -> None:
    name, values, render = kept
    camera = bpy.data.cameras.get(name)
    for owner, wanted in ((camera, values), (scene.render, render)):
        for key, value in wanted.items() if owner is not None else ():
            if getattr(owner, key) != value:
                setattr(owner, key, value)


def solve_native(
    clip: bpy.types.MovieClip,
    solve: Solve,
    context: bpy.types.Context | None = None,
    *,
    heeded: Collection[str] | None = None,
) -> NativeResult:
    """Lets Blender solve the clip once, at once, with the solve's lens and keyframes, and compares cameras.

    A solve that Blender refuses is no error: the result then says why and does not agree. Raises SolveError
    where there is no window to run Blender's solver in.
    """
    return run_native(NativeSolve(solve, heeded), clip, context or bpy.context)


def run_native(native: NativeSolve, clip: bpy.types.MovieClip, context: bpy.types.Context) -> NativeResult:
    """The same with a run that is prepared; one that is begun already is brought to its end."""
    try:
        if not native.begun:
            native.begin(clip)
        if not native.unfit:
            native.run(clip, context)
    finally:
        result = native.end(clip)
    return result


def _unfit(clip: bpy.types.MovieClip, solve: Solve) -> str:
    """Why Blender's solver must not be started with this solve: what it was not made for can end Blender."""
    lens = solve.lens
    numbers = lens.focal_px, *lens.coefficients, *(lens.principal or ())
    if not all(math.isfinite(value) for value in numbers):
        return "The lens is no lens"
    if not MOST_WIDE <= lens.focal_px / lens.width <= MOST_LONG:
        return f"A focal length of {lens.focal_length_mm:.0f} mm is nothing for Blender's solver"
    if len(solve.frame_focals_px):
        return "A clip has one lens, and this one zooms"
    if solve.motion == STILL:
        return "The camera stands still"
    if solve.motion == TURNS:
        return ""  # Blender's solver for a tripod needs no keyframes
    first, second = sorted(solve.keyframes)
    if first == second or not {first, second} <= set(solve.frames.tolist()):
        return "The solve has no two keyframes"
    shared = 0
    for track in camera_object(clip).tracks:
        ends = [track.markers.find_frame(frame, exact=True) for frame in (first, second)]
        shared += track.weight > 0 and all(marker is not None and not marker.mute for marker in ends)
    if shared < KEYFRAME_TRACKS:
        return f"Only {shared} tracks are seen in both keyframes; Blender's solver takes {KEYFRAME_TRACKS}"
    return ""


def _compare(clip: bpy.types.MovieClip, solve: Solve, seconds: float, refusal: str) -> NativeResult:
    frames, native = native_cameras(clip)
    if not len(frames):
        return NativeResult(float("nan"), 0, False, seconds, reason=refusal or "Blender found no camera")
    error = clip.tracking.reconstruction.average_error
    _, rows, native_rows = np.intersect1d(solve.frames, frames, return_indices=True)
    if len(rows) < 2:
        return NativeResult(error, len(frames), False, seconds, reason="Blender solved other frames")
    cameras = solve.cameras[rows]
    moved = move_cameras(camera_similarity(native[native_rows], cameras), native[native_rows])
    places, moved_places = cameras[:, :3, 3], moved[:, :3, 3]
    extent = np.sqrt(np.mean(np.sum((places - places.mean(axis=0)) ** 2, axis=1)))
    apart = np.sqrt(np.mean(np.sum((places - moved_places) ** 2, axis=1)))
    path_percent = 100.0 * float(apart / extent) if extent > 0 else float("nan")
    picture_px = _picture_distance(solve, cameras, moved)
    missing = len(solve.frames) - len(rows)
    if missing:
        reason = f"Blender found no camera for {missing} of {len(solve.frames)} frames"
    elif not picture_px <= AGREE_PX:
        reason = f"Blender's camera shows the scene {picture_px:.2f} px away from ours"
    else:
        reason = ""
    return NativeResult(error, len(frames), not reason, seconds, path_percent, picture_px, reason)


def _picture_distance(solve: Solve, cameras: Floats, others: Floats) -> float:
    """Largest mean distance in a frame, pixels, of the bundles seen by ``cameras`` and ``others`` (c, 4, 4).

    A bundle that either camera does not see (behind it, or far outside the frame) is not compared.
    """
    lens = solve.lens
    half = 0.5 * np.array([lens.width, lens.height / lens.pixel_aspect]) / lens.focal_px
    worst = 0.0
    for camera, other in zip(cameras, others):
        seen, other_seen = _view(camera, solve.points), _view(other, solve.points)
        with np.errstate(invalid="ignore"):
            inside = np.all(np.abs(seen) <= half, axis=1) & np.all(np.abs(other_seen) <= 2 * half, axis=1)
        if not inside.any():
            return float("inf")
        distance = np.linalg.norm(seen[inside] - other_seen[inside], axis=1).mean() * solve.lens.focal_px
        worst = max(worst, float(distance))
    return worst


def _view(camera: Floats, points: Floats) -> Floats:
    """(p, 2) straight image places in focal lengths of ``points`` (p, 3); nan behind the camera."""
    local = (points - camera[:3, 3]) @ camera[:3, :3]
    depth = np.where(local[:, 2] < 0, -local[:, 2], np.nan)
    return local[:, :2] / depth[:, None]
