"""A mask of the .blend as pictures for the engine: where a clip is not to be tracked.

Blender draws it, by the compositor's Mask node in a scene of its own: where a point that follows a track was
tied to it is not to be read from Python, and feathers are drawn by rules of their own. What the artist's
scene has rendered stays as it is. The time goes with the pixels (some 20 ms for 640 x 360, eight times that
for 1920 x 1080), so the pictures are small; the engine fits them to the frame and grows what is masked
anyway. The mask lies over the clip as the Clip Editor shows it. The window is held meanwhile: a render as a
job would show itself in a window, and there is only one at a time, which may be the artist's own.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from .. import exr
from ..engine.footage import Footage
from ..errors import InputError
from ..mask_files import digest, write_masks
from ..session.places import MASKS
from . import versions

LONGEST = 640
"""Pixels of a picture's longer side, at most."""
SAMPLE = 160
"""The same of those pictures by which ties to tracks are told from other ones."""
LEVELS = 15
"""Grays that are told from each other in those: none that another machine's rounding would change."""


AT_A_TIME = 10
"""Frames that are drawn between two words of how far it is; so many lie unpacked on the disk at most."""
_OF_RENDERS = (
    "render_init", "render_pre", "render_post", "render_write", "render_stats", "render_complete",
    "render_cancel", "composite_pre", "composite_post", "composite_cancel",
)  # fmt: skip
"""Lists of what add-ons have called for a render. What they have called for a new frame stays: an add-on may
move a mask by it."""


def write_mask_pictures(
    mask: bpy.types.Mask, clip: bpy.types.MovieClip, footage: Footage, folder: Path
) -> Path:
    """The pictures of the mask for each frame of the footage, beside the sessions in ``folder``.

    Gray is how much of a pixel is covered. Returns the first one's path, which is another one wherever the
    mask has changed. Raises InputError for a mask in which nothing is drawn, where Blender does not draw it,
    and where the pictures cannot be written.
    """
    marks = _frame_marks(mask, clip, footage)
    size = _size(clip, footage, LONGEST)

    def draw(wanted: Sequence[int]) -> Iterator[NDArray[np.uint8]]:
        frames = [_scene_frame(clip, footage, at + 1) for at in wanted]
        with _progress(len(frames)) as tell:
            for done, cover in enumerate(_drawn(mask, frames, size)):
                tell(done)
                yield (255 * cover).round().astype(np.uint8)

    about = f"{size[0]}x{size[1]}_{_mark(mask, clip, footage, marks)}"
    return write_masks(marks, draw, folder / MASKS, mask.name, about)


def mask_mark(mask: bpy.types.Mask, clip: bpy.types.MovieClip, footage: Footage) -> str:
    """A word that changes with the mask. Raises InputError as ``write_mask_pictures`` does."""
    return _mark(mask, clip, footage, _frame_marks(mask, clip, footage))


def _scene_frame(clip: bpy.types.MovieClip, footage: Footage, number: int) -> int:
    """The scene frame in which the mask of a footage frame is seen; before the first one it is that one's."""
    return int(clip.frame_start - clip.frame_offset + max(number, footage.first) - 1)


def _size(clip: bpy.types.MovieClip, footage: Footage, longest: int) -> tuple[int, int]:
    """Width and height of the frame as it is shown, in square pixels, made as small as that."""
    shown = np.array([footage.width * clip.tracking.camera.pixel_aspect, footage.height])
    width, height = np.maximum(1, np.rint(shown * min(1.0, longest / shown.max())).astype(int))
    return int(width), int(height)


# --- what tells masks apart -----------------------------------------------------------------------------


def _frame_marks(mask: bpy.types.Mask, clip: bpy.types.MovieClip, footage: Footage) -> list[bytes]:
    """A word for each footage frame from 1 to the last that is tracked: alike where the mask is.

    Raises InputError for a mask in which nothing is drawn.
    """
    if not _splines(mask):
        raise InputError(f"in the mask {mask.name} nothing is drawn")
    tied = bool(_parents(mask))
    scene = bpy.data.scenes.new("Tracked Shot Mask")
    try:
        marks = []
        for number in range(1, footage.last + 1):
            frame = _scene_frame(clip, footage, number)
            scene.frame_set(frame)
            now = mask.evaluated_get(scene.view_layers[0].depsgraph)
            marks.append(_shape(now) + (str(frame).encode() if tied else b""))
        return marks
    finally:
        bpy.data.scenes.remove(scene)


def _splines(mask: bpy.types.Mask) -> list[bpy.types.MaskSpline]:
    return [spline for layer in mask.layers if not layer.hide_render for spline in layer.splines]


def _shape(mask: bpy.types.Mask) -> bytes:
    """All of an evaluated mask that shows, but for what it follows."""
    parts = []
    for layer in mask.layers:
        if layer.hide_render:
            continue
        of_layer = (layer.blend, layer.alpha, layer.invert, layer.falloff)
        parts.append(repr((*of_layer, layer.use_fill_holes, layer.use_fill_overlap)).encode())
        for spline in layer.splines:
            of_spline = (spline.use_cyclic, spline.use_fill, spline.offset_mode, spline.weight_interpolation)
            parts.append(repr((*of_spline, spline.use_self_intersection_check)).encode())
            for name, numbers in (("handle_left", 2), ("co", 2), ("handle_right", 2), ("weight", 1)):
                values = np.empty(numbers * len(spline.points), np.float32)
                spline.points.foreach_get(name, values)
                parts.append(values.tobytes())
            feather = [[(one.u, one.weight) for one in point.feather_points] for point in spline.points]
            parts.append(json.dumps(feather).encode())
    return digest(parts).encode()


def _mark(mask: bpy.types.Mask, clip: bpy.types.MovieClip, footage: Footage, marks: Sequence[bytes]) -> str:
    """A word that changes with what the mask shows in any frame."""
    parts = list(marks)
    if parents := _parents(mask):
        parts += [_way(*parent) for parent in parents]
        # Where they were when points were tied to them shows in the picture alone.
        looks = sorted({1, (1 + footage.last) // 2, footage.last})
        frames = [_scene_frame(clip, footage, number) for number in looks]
        for cover in _drawn(mask, frames, _size(clip, footage, SAMPLE)):
            parts.append((LEVELS * cover).round().astype(np.uint8).tobytes())
    return digest(parts)


def _parents(mask: bpy.types.Mask) -> list[tuple[bpy.types.MovieClip, str, str, str]]:
    """What points follow: the clip, POINT_TRACK or PLANE_TRACK, the tracking object and the track."""
    found = {
        (point.parent.id, point.parent.type, point.parent.parent, point.parent.sub_parent): None
        for spline in _splines(mask)
        for point in spline.points
        if isinstance(point.parent.id, bpy.types.MovieClip)
    }
    return list(found)


def _way(clip: bpy.types.MovieClip, kind: str, owner: str, name: str) -> bytes:
    """Where a track, or a plane track, goes; nothing where it is not there."""
    head = [clip.name, clip.frame_start, clip.frame_offset, *clip.size, kind, owner, name]
    item = clip.tracking.objects.get(owner)
    tracks = () if item is None else item.plane_tracks if kind == "PLANE_TRACK" else item.tracks
    way = [
        (marker.frame, marker.mute, [list(corner) for corner in marker.corners])
        if kind == "PLANE_TRACK"
        else (marker.frame, marker.mute, list(marker.co))
        for track in tracks
        if track.name == name
        for marker in track.markers
    ]
    return json.dumps([*head, way]).encode()


# --- drawing --------------------------------------------------------------------------------------------


def _drawn(
    mask: bpy.types.Mask, frames: Sequence[int], size: tuple[int, int]
) -> Iterator[NDArray[np.float32]]:
    """(height, width) how much of each pixel the mask covers in the scene frames, which ascend.

    Raises InputError where Blender does not draw it, as while another render is running.
    """
    with _canvas(mask, size) as scene, tempfile.TemporaryDirectory() as folder:
        scene.render.filepath = str(Path(folder) / "#######")
        for first, last in _runs(frames):
            scene.frame_start, scene.frame_end = first, last
            wrong = ""
            try:
                with _nobody_else_called():
                    bpy.ops.render.render(animation=True, scene=scene.name)
            except RuntimeError as error:
                wrong = f": {' '.join(str(error).removeprefix('Error: ').split())}"
            for frame in range(first, last + 1):
                file = Path(scene.render.frame_path(frame=frame))
                if not file.is_file():
                    raise InputError(f"Blender did not draw the mask {mask.name}{wrong}")
                picture = exr.read(file, ["R"])[1]
                file.unlink()
                yield np.clip(picture[0], 0, 1)


@contextmanager
def _canvas(mask: bpy.types.Mask, size: tuple[int, int]) -> Iterator[bpy.types.Scene]:
    """A scene that renders nothing but the mask; gone afterwards."""
    scene = bpy.data.scenes.new("Tracked Shot Mask")
    try:
        tree = versions.hang_scene_tree(scene)
        tree.nodes.clear()
        node = versions.new_node(tree, "mask")
        node.mask = mask
        tree.links.new(versions.output_socket(node, "mask", "mask"), versions.make_output(tree).socket)
        render = scene.render
        render.resolution_x, render.resolution_y = size
        render.resolution_percentage = 100
        render.use_compositing, render.use_sequencer = True, False
        render.use_file_extension, render.use_overwrite, render.use_placeholder = True, True, False
        # Floats as they are: no view has a say in them.
        values = {"file_format": "OPEN_EXR", "color_mode": "RGB", "color_depth": "16", "exr_codec": "NONE"}
        versions.set_image_format(render.image_settings, values)
        yield scene
    finally:
        versions.take_off_scene_tree(scene)
        bpy.data.scenes.remove(scene)


@contextmanager
def _progress(count: int) -> Iterator[Callable[[int], None]]:
    """A number at the mouse of how many of so many are done: the window shows nothing else meanwhile."""
    manager = bpy.context.window_manager
    manager.progress_begin(0, count)
    try:
        yield manager.progress_update
    finally:
        manager.progress_end()


@contextmanager
def _nobody_else_called() -> Iterator[None]:
    """Keeps from other add-ons that something renders: it is none of the artist's renders."""
    lists = [getattr(bpy.app.handlers, name) for name in _OF_RENDERS if hasattr(bpy.app.handlers, name)]
    before = [list(one) for one in lists]
    try:
        for one in lists:
            one.clear()
        yield
    finally:
        for one, calls in zip(lists, before):
            one[:] = calls


def _runs(frames: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of frames that follow each other, a few in each."""
    first = None
    for at, frame in enumerate(frames):
        first = frame if first is None else first
        if at + 1 == len(frames) or frames[at + 1] != frame + 1 or frame - first + 1 == AT_A_TIME:
            yield first, frame
            first = None
