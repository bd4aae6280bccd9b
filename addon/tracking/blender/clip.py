"""The clip room: tracks and lens into Blender's movie clip, and its cameras out of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Generator, Iterator
from pathlib import Path
from typing import TypeVar

import bpy
import numpy as np

from ..engine.model import Bools, Floats, Ints, Solve, Tracks
from ..errors import FootageError, InputError, SolveError, TrackedShotError
from ..session.clip_tracks import PREFIX
from ..track_text import chosen

Outcome = TypeVar("Outcome")
Steps = Generator[None, bpy.types.MovieClip, Outcome]
"""Work on a clip in steps, each of which is sent the clip: an undo between two of them makes it anew."""

SWITCHED_OFF = "switched off"
"""Reason given for a track that has no weight in the clip."""

# --- the clip ---------------------------------------------------------------


def load_clip(
    path: str | Path, *, scene_start: int | None = None, color_space: str | None = None
) -> bpy.types.MovieClip:
    """The movie clip of a movie file, or of the image sequence that begins with this file.

    A clip of the same file that is already there is used again. ``scene_start`` is the
    scene frame of footage frame 1. Raises FootageError for a file that is missing, empty
    or holds no frames, InputError for an unknown colour space; the .blend then is as it was.
    """
    file = Path(bpy.path.abspath(str(path)))
    if not file.is_file():
        raise FootageError(f"no such footage: {file}")
    if file.stat().st_size == 0:
        raise FootageError(f"the footage is an empty file: {file}")
    known = find_clip(file)
    clip = known or bpy.data.movieclips.load(str(file.resolve()))
    try:
        # Of a file that is no picture Blender makes a clip of 256 by 256 pixels and no frames.
        if clip.frame_duration < 1:
            raise FootageError(f"Blender finds no picture in {file}")
        if color_space is not None and clip.colorspace_settings.name != color_space:
            _set_color_space(clip, color_space)
    except InputError:
        if known is None:
            bpy.data.movieclips.remove(clip)
        raise
    if scene_start is not None and clip.frame_start != scene_start:
        clip.frame_start = scene_start
    return clip


def find_clip(file: Path) -> bpy.types.MovieClip | None:
    """The clip of this file in the open .blend, if there is one."""
    wanted = os.path.realpath(file)
    for clip in bpy.data.movieclips:
        if clip.library is None and os.path.realpath(bpy.path.abspath(clip.filepath)) == wanted:
            return clip
    return None


def check_offset(clip: bpy.types.MovieClip) -> None:
    """Raises InputError for a clip whose markers would not lie on the footage's frames."""
    if clip.frame_offset:
        raise InputError(
            f"{clip.name} has a frame offset of {clip.frame_offset}; set it to 0 in Footage Settings"
        )


def _set_color_space(clip: bpy.types.MovieClip, name: str) -> None:
    try:
        clip.colorspace_settings.name = name
    except TypeError as error:
        raise InputError(f"this Blender has no colour space {name!r}") from error


# --- tracks -----------------------------------------------------------------


def put_tracks(
    clip: bpy.types.MovieClip,
    tracks: Tracks,
    solve: Solve | None = None,
    *,
    pattern: int = 21,
    keep: Collection[str] = (),
) -> int:
    """Write all tracks into the clip in place of ours that are there; returns how many.

    The artist's own tracks stay. A track that the solve must not use (it has a reason, or
    the given solve has no bundle for it) is written with weight 0: Blender then places its
    bundle, but the camera does not heed it. ``pattern`` is the side of the matched patch
    in pixels of a frame 960 wide, as in TrackingSettings. Tracks of ours named in ``keep`` (with
    the prefix) stay as they are in the clip, and stay away where they are not in it. Raises
    FootageError where the clip has another size than the footage that was tracked, InputError where it has a
    frame offset.
    """
    return at_once(clip, putting_tracks(clip, tracks, solve, pattern=pattern, keep=keep))


def check_fits(clip: bpy.types.MovieClip, tracks: Tracks) -> None:
    """Raises FootageError where the clip has another size than the tracks, InputError for a frame offset."""
    check_offset(clip)
    if tuple(clip.size) != (tracks.width, tracks.height):
        raise FootageError(
            f"the clip is {clip.size[0]}x{clip.size[1]} here, but {tracks.width}x{tracks.height} was tracked"
        )


def at_once(clip: bpy.types.MovieClip, steps: Steps[Outcome]) -> Outcome:
    """What comes of the steps, taken one after another."""
    try:
        next(steps)
        while True:
            steps.send(clip)
    except StopIteration as end:
        outcome: Outcome = end.value
        return outcome


def putting_tracks(
    clip: bpy.types.MovieClip,
    tracks: Tracks,
    solve: Solve | None = None,
    *,
    pattern: int = 21,
    keep: Collection[str] = (),
) -> Steps[int]:
    """The same a track a step. Raises TrackedShotError where tracks came or went between two steps."""
    check_fits(clip, tracks)
    remove_tracks(clip, keep=keep)
    used = tracks.enabled
    if solve is not None:
        solved = np.zeros(tracks.count, dtype=bool)
        solved[solve.point_tracks] = True
        used &= solved
    half = 0.5 * pattern * tracks.width / 960.0
    bounds = tracks.bounds()
    size = np.array([tracks.width, tracks.height], dtype=np.float64)
    written, there = 0, len(camera_object(clip).tracks)
    for number, name in enumerate(tracks.names):
        rows = slice(bounds[number], bounds[number + 1])
        frames = tracks.frame[rows]
        if not len(frames) or PREFIX + name in keep:
            continue
        track = _new_track(clip, PREFIX + name, frames, tracks.xy[rows] / size, half / size)
        track.weight = 1.0 if used[number] else 0.0
        written += 1
        clip = yield
        if len(camera_object(clip).tracks) != there + written:
            raise TrackedShotError(
                "tracks came or went while those of the session were taken in; take it in again"
            )
    return written


def add_tracks(clip: bpy.types.MovieClip, tracks: Tracks, *, pattern: int = 21) -> list[str]:
    """Add the tracks to the clip as the artist's own, selected; returns the names that they got.

    All that is there stays; a name that is taken gets a number. Tracks with a reason come with weight 0.
    ``pattern`` is as in ``put_tracks``, and so is what it raises.
    """
    check_offset(clip)
    if tuple(clip.size) != (tracks.width, tracks.height):
        raise FootageError(
            f"the clip is {clip.size[0]}x{clip.size[1]}, the tracks are for {tracks.width}x{tracks.height}"
        )
    for there in camera_object(clip).tracks:
        select_track(there, False)
    size = np.array([tracks.width, tracks.height], dtype=np.float64)
    half = 0.5 * pattern * tracks.width / 960.0
    bounds = tracks.bounds()
    names = []
    for number, name in enumerate(tracks.names):
        rows = slice(bounds[number], bounds[number + 1])
        if bounds[number] == bounds[number + 1]:
            continue
        # A name that begins with our mark would make it one of a session's, which come and go.
        track = _new_track(
            clip, name.removeprefix(PREFIX), tracks.frame[rows], tracks.xy[rows] / size, half / size
        )
        track.weight = 0.0 if tracks.reasons[number] else 1.0
        select_track(track, True)
        names.append(track.name)
    return names


def some_tracks(clip: bpy.types.MovieClip, *, selected: bool, enabled: bool) -> Tracks:
    """As ``read_tracks``; on wish only those that are selected, or that have weight in the solve."""
    tracks = read_tracks(clip)
    wanted = np.ones(tracks.count, dtype=bool)
    if selected:
        names = {track.name.removeprefix(PREFIX) for track in camera_object(clip).tracks if track.select}
        wanted &= np.array([name in names for name in tracks.names], dtype=bool)
    if enabled:
        wanted &= tracks.enabled
    return chosen(tracks, wanted)


def _new_track(
    clip: bpy.types.MovieClip, name: str, frames: Ints, co: Floats, half: Floats
) -> bpy.types.MovieTrackingTrack:
    """A track with a marker at each of ``frames`` (n,), ``co`` (n, 2) in parts of the frame.

    ``half`` (2,) is half the pattern's side. The search area is twice the pattern. A muted
    marker closes each run of frames, as Blender's own tracker leaves it.
    """
    edges = np.union1d(frames - 1, frames + 1)
    every = np.union1d(frames, edges[edges >= 1]).astype(np.int32)
    row = np.maximum(np.searchsorted(frames, every, side="right") - 1, 0)
    muted = frames[row] != every

    track = camera_object(clip).tracks.new(name=name, frame=int(every[0]))
    corners = (np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half).ravel()
    set_markers(
        track,
        every,
        co[row],
        np.tile(corners, (len(every), 1)),
        np.tile(np.concatenate([-2 * half, 2 * half]), (len(every), 1)),
        keyed=every == frames[0],
        muted=muted,
    )
    return track


def set_markers(
    track: bpy.types.MovieTrackingTrack | bpy.types.MovieTrackingPlaneTrack,
    frames: Ints,
    places: Floats | None = None,
    corners: Floats | None = None,
    search: Floats | None = None,
    *,
    keyed: Bools | None = None,
    muted: Bools,
) -> None:
    """Gives a track, or a plane track, markers at just these ``frames`` (n,), ascending.

    ``places`` (n, 2), ``corners`` (n, 8) of the pattern or the plane, ``search`` (n, 4) as left, bottom,
    right, top: all in parts of the frame, as Blender has them. A plane track has no places, search areas and
    keys.
    """
    markers = track.markers
    there = np.empty(len(markers), np.int32)
    markers.foreach_get("frame", there)
    insert = markers.insert_frame
    for frame in np.setdiff1d(frames, there).tolist():
        insert(frame)
    for frame in np.setdiff1d(there, frames).tolist():
        markers.delete_frame(frame)

    def write(name: str, values: Floats | Bools | None) -> None:
        if values is not None:
            markers.foreach_set(name, np.ascontiguousarray(values).ravel())

    def floats(values: Floats | None) -> Floats | None:
        return None if values is None else values.astype(np.float32)

    write("co", floats(places))
    write("corners" if places is None else "pattern_corners", floats(corners))
    if search is not None:
        write("search_min", floats(search[:, :2]))
        write("search_max", floats(search[:, 2:]))
    write("is_keyed", keyed)
    write("mute", muted)


def remove_tracks(clip: bpy.types.MovieClip, *, keep: Collection[str] = ()) -> int:
    """Take our tracks, but for those to ``keep``, out of the clip; returns how many went.

    The artist's tracks are left as they are.
    """
    tracks = camera_object(clip).tracks
    ours = [track for track in tracks if track.name.startswith(PREFIX) and track.name not in keep]
    if not ours:
        return 0
    names = {track.name for track in ours}
    # Tracks can only be removed by the operator, which takes those that are selected and not hidden.
    selected = [track.name for track in tracks if track.select and track.name not in names]
    with clip_editor(bpy.context, clip):
        for track in tracks:
            select_track(track, False)
        for track in ours:
            track.hide = False
            track.lock = False
            select_track(track, True)
        bpy.ops.clip.delete_track()
        for name in selected:
            tracks[name].select = True
    return len(ours)


def select_track(track: bpy.types.MovieTrackingTrack, state: bool) -> None:
    """Blender takes a track as selected where its point, pattern or search area is."""
    track.select = state
    track.select_anchor = state
    track.select_pattern = state
    track.select_search = state


def read_tracks(clip: bpy.types.MovieClip, *, ours_only: bool = False) -> Tracks:
    """The clip's tracks with all markers that are not muted; tracks without weight come switched off.

    Names of ours come back as they were given to ``put_tracks``; tracks without any marker are left out.
    """
    size = np.array(clip.size, dtype=np.float64)
    numbers, frames, places, names, reasons = [], [], [], [], []
    for track in camera_object(clip).tracks:
        if ours_only and not track.name.startswith(PREFIX):
            continue
        frame, co = _read_markers(track)
        if not len(frame):
            continue
        numbers.append(np.full(len(frame), len(names), dtype=np.int32))
        frames.append(frame)
        places.append(co * size + np.array(track.offset) * size)
        names.append(track.name.removeprefix(PREFIX))
        reasons.append("" if track.weight > 0 else SWITCHED_OFF)
    return Tracks(
        width=int(clip.size[0]),
        height=int(clip.size[1]),
        frames=clip.frame_duration,
        track=np.concatenate(numbers) if numbers else np.zeros(0, dtype=np.int32),
        frame=np.concatenate(frames) if frames else np.zeros(0, dtype=np.int32),
        xy=np.concatenate(places) if places else np.zeros((0, 2)),
        names=names,
        reasons=reasons,
    )


def _read_markers(track: bpy.types.MovieTrackingTrack) -> tuple[Ints, Floats]:
    """Frames (n,) and places (n, 2) in parts of the frame of the markers that are not muted."""
    count = len(track.markers)
    frame = np.zeros(count, dtype=np.int32)
    co = np.zeros(2 * count, dtype=np.float32)
    mute = np.zeros(count, dtype=bool)
    track.markers.foreach_get("frame", frame)
    track.markers.foreach_get("co", co)
    track.markers.foreach_get("mute", mute)
    return frame[~mute], co.reshape(-1, 2)[~mute].astype(np.float64)


# --- the clip's own cameras --------------------------------------------------


def native_cameras(clip: bpy.types.MovieClip) -> tuple[Ints, Floats]:
    """Footage frames (c,) and camera-to-world matrices (c, 4, 4) of the clip's reconstruction, by frame."""
    reconstruction = clip.tracking.reconstruction
    if not reconstruction.is_valid or not len(reconstruction.cameras):
        return np.zeros(0, dtype=np.int32), np.zeros((0, 4, 4))
    frames = np.array([camera.frame for camera in reconstruction.cameras], dtype=np.int32)
    matrices = np.array([camera.matrix for camera in reconstruction.cameras], dtype=np.float64)
    order = np.argsort(frames)
    return frames[order], matrices[order]


def native_points(clip: bpy.types.MovieClip) -> tuple[list[str], Floats]:
    """Names of the solved tracks, without our prefix, and their bundles (n, 3) in the clip's own solve."""
    solved = [track for track in camera_object(clip).tracks if track.has_bundle]
    points = np.array([tuple(track.bundle) for track in solved], dtype=np.float64).reshape(-1, 3)
    return [track.name.removeprefix(PREFIX) for track in solved], points


def native_to_solve(clip: bpy.types.MovieClip, solve: Solve) -> Floats:
    """(4, 4) similarity from the clip's own reconstruction to the space of our solve.

    Raises SolveError where the two have fewer than two frames in common.
    """
    frames, native = native_cameras(clip)
    _, rows, native_rows = np.intersect1d(solve.frames, frames, return_indices=True)
    if len(rows) < 2:
        raise SolveError("the clip's own solve has no camera in common with ours")
    return camera_similarity(native[native_rows], solve.cameras[rows])


def camera_similarity(source: Floats, target: Floats) -> Floats:
    """(4, 4) similarity that best takes cameras ``source`` (c, 4, 4) onto ``target`` (c, 4, 4).

    The turn is the mean of the cameras' own turns (Arun et al. 1987 gives the rotation
    nearest to a sum of matrices), so a straight path is enough; scale and shift are the
    least squares of the places. Scale is 1 for cameras that do not move.
    """
    turn = np.einsum("cij,ckj->ik", target[:, :3, :3], source[:, :3, :3])
    left, _, right = np.linalg.svd(turn)
    rotation = left @ np.diag([1.0, 1.0, np.linalg.det(left @ right)]) @ right
    from_middle, to_middle = source[:, :3, 3].mean(axis=0), target[:, :3, 3].mean(axis=0)
    start = (source[:, :3, 3] - from_middle) @ rotation.T
    end = target[:, :3, 3] - to_middle
    extent = float(np.sum(start * start))
    scale = float(np.sum(start * end)) / extent if extent > 0 else 1.0
    if scale <= 0:
        scale = 1.0
    result = np.eye(4)
    result[:3, :3] = scale * rotation
    result[:3, 3] = to_middle - scale * rotation @ from_middle
    return result


def move_cameras(similarity: Floats, cameras: Floats) -> Floats:
    """Cameras (c, 4, 4) in the space that ``similarity`` (4, 4) leads to, without its scale in their axes."""
    scale = np.cbrt(np.linalg.det(similarity[:3, :3]))
    moved = similarity @ cameras
    moved[:, :3, :3] /= scale
    return moved


# --- what Blender needs around an operator ----------------------------------


def camera_object(clip: bpy.types.MovieClip) -> bpy.types.MovieTrackingObject:
    """The tracking object that holds the tracks of the still world."""
    return next(item for item in clip.tracking.objects if item.is_camera)


@contextlib.contextmanager
def clip_editor(context: bpy.types.Context, clip: bpy.types.MovieClip) -> Iterator[bpy.types.SpaceClipEditor]:
    """Run clip operators as if in a Clip Editor that shows ``clip``; the window is put back afterwards.

    Blender run without a window and Blender as a module have a window's areas too.
    Raises SolveError where there is none.
    """
    window = context.window or next(iter(context.window_manager.windows), None)
    if window is None or not len(window.screen.areas):
        raise SolveError("Blender has no window area to run its clip operators in")
    areas = sorted(window.screen.areas, key=lambda area: area.type != "CLIP_EDITOR")
    area = areas[0]
    area_type = area.ui_type
    try:
        area.type = "CLIP_EDITOR"
        space = area.spaces.active
        kept = {name: getattr(space, name) for name in ("clip", "view", "mode")}
        try:
            space.clip, space.view, space.mode = clip, "CLIP", "TRACKING"
            region = next(region for region in area.regions if region.type == "WINDOW")
            with context.temp_override(window=window, area=area, region=region, space_data=space):
                yield space
        finally:
            for name, value in kept.items():
                setattr(space, name, value)
    finally:
        if area.ui_type != area_type:
            area.ui_type = area_type
