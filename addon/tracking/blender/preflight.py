"""Whether Blender shows the same frames of a clip as the engine reads.

Pictures are read in Blender by an image texture on the clip's file, asked at a grid of points: that works in
every Blender, with and without a window, takes milliseconds a frame, and needs no scene, node tree or render.
Blender's images and clips find a frame of a movie by the same function, so they show the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import bpy
import numpy as np
from numpy.typing import NDArray

from ..engine.footage import Footage, Picture
from ..preflight import EVEN_COPY, IMAGE_SEQUENCE, Finding, copy_fix

Sample = NDArray[np.float64]
"""(_GRID, _GRID) gray levels, 0 to 255, top row first."""

_GRID = 24
_NEIGHBOURS = 2
_TOLERANCE = 0.3
"""Mean gray levels by which another frame has to fit better than the right one."""
_GRAY = (0.299, 0.587, 0.114)


def compare_with_blender(clip: bpy.types.MovieClip, footage: Footage) -> list[Finding]:
    """Findings, one at most, where Blender's frames of ``clip`` are not the engine's ``footage``.

    Size and number of frames are compared first, then a few pictures of a movie. Leaves no trace in the file.
    """
    size = (int(clip.size[0]), int(clip.size[1]))
    name = footage.path.name
    # A sequence's files can be mended only by hand; a copy of them would have the same gap.
    fix = copy_fix(footage) if footage.kind == "movie" else None
    way_out = {
        EVEN_COPY: "; make an evenly timed copy",
        IMAGE_SEQUENCE: "; make an image sequence",
        None: "",
    }[fix]
    if clip.frame_duration < 1:
        said = "Blender cannot read this clip"
        return [Finding("error", "blender_unreadable", f"{name}: {said}{way_out}", fix)]
    if size != (footage.width, footage.height):
        why = "the file's rotation flag" if footage.rotation else "another way to read the file"
        said = f"{size[0]}x{size[1]} pixels in Blender, {footage.width}x{footage.height} when tracked ({why})"
        return [Finding("error", "blender_size", f"{name}: {said}{way_out}", fix)]
    if clip.frame_duration != footage.count:
        said = f"Blender finds {clip.frame_duration} frames where {footage.count} are in the footage"
        return [Finding("error", "blender_frames", f"{name}: {said}{way_out}", fix)]
    if footage.kind == "sequence":
        return []
    wrong = other_frames(clip, footage)
    if not wrong:
        return []
    frame, shown = next(iter(wrong.items()))
    said = f"Blender shows other pictures than the footage has (at frame {frame} it shows frame {shown})"
    return [Finding("error", "blender_pictures", f"{name}: {said}{way_out}", fix)]


def other_frames(clip: bpy.types.MovieClip, footage: Footage) -> dict[int, int]:
    """Of a few footage frames those at which Blender shows another one, and which near one that is."""
    last = min(footage.count, clip.frame_duration)
    # Three are enough: uneven times show at once, drift at the end. Each costs a seek on both sides.
    looked_at = sorted({min(2, last), (last + 1) // 2, last})
    engine = _engine_samples(footage, looked_at)
    wrong = {}
    with _blender_samples(clip, footage) as sample:
        for frame in looked_at:
            shown = sample(frame)
            around = [near for near in range(frame - _NEIGHBOURS, frame + _NEIGHBOURS + 1) if near in engine]
            misfit = {near: float(np.abs(engine[near] - shown).mean()) for near in around}
            best = min(misfit, key=lambda near: misfit[near])
            if misfit[frame] > misfit[best] + _TOLERANCE:
                wrong[frame] = best
    return wrong


def _points(length: int) -> NDArray[np.intp]:
    """(_GRID,) pixels spread over ``length``."""
    return ((np.arange(_GRID) + 0.5) * length / _GRID).astype(np.intp)


def _engine_samples(footage: Footage, looked_at: list[int]) -> dict[int, Sample]:
    """The engine's pictures of the frames and their neighbours, at the grid's points."""
    rows, columns = _points(footage.height), _points(footage.width)

    def sampled(gray: Picture) -> Sample:
        return gray[np.ix_(rows, columns)].astype(np.float64)

    wanted = {near for at in looked_at for near in range(at - _NEIGHBOURS, at + _NEIGHBOURS + 1)}
    wanted &= set(range(1, footage.count + 1))
    # Where a seek cannot be trusted every one starts at the beginning: go through once instead.
    runs = _runs(sorted(wanted)) if footage.seekable else [(1, max(wanted))]
    samples = {}
    for start, stop in runs:
        with closing(footage.frames(start, stop)) as frames:
            samples.update({frame: sampled(gray) for frame, gray in frames if frame in wanted})
    return samples


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """First and last of each unbroken run of ascending numbers."""
    breaks = [at for at in range(1, len(numbers)) if numbers[at] != numbers[at - 1] + 1]
    return [
        (numbers[low], numbers[high - 1])
        for low, high in zip([0, *breaks], [*breaks, len(numbers)], strict=True)
    ]


@contextmanager
def _blender_samples(clip: bpy.types.MovieClip, footage: Footage) -> Iterator[Callable[[int], Sample]]:
    """A function from a footage frame to Blender's picture of it at the grid's points."""
    path = bpy.path.abspath(clip.filepath, library=clip.library)
    image = bpy.data.images.load(path, check_existing=False)
    try:
        image.colorspace_settings.is_data = True  # the file's own levels, as the engine has them
        texture = bpy.data.textures.new("Tracked Shot Preflight", "IMAGE")
        try:
            texture.image = image
            texture.use_interpolation = False
            texture.extension = "EXTEND"
            user = texture.image_user
            user.frame_start = 1
            user.frame_offset = 0
            user.frame_duration = clip.frame_duration
            across = (_points(footage.width) + 0.5) / footage.width * 2.0 - 1.0
            up = 1.0 - (_points(footage.height) + 0.5) / footage.height * 2.0

            def sample(frame: int) -> Sample:
                user.frame_current = frame
                colors = np.array([[texture.evaluate((x, y, 0.0))[:3] for x in across] for y in up])
                return colors @ np.array(_GRAY) * 255.0

            yield sample
        finally:
            bpy.data.textures.remove(texture)
    finally:
        bpy.data.images.remove(image)
