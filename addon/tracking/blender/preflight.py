"""Whether Blender shows the same frames of a clip as the engine reads.

Pictures are read in Blender by an image texture on the clip's file, asked at a grid of points: that works in
every Blender, with and without a window, takes milliseconds a frame, and needs no scene, node tree or render.
Blender's images and clips find a frame of a movie by the same function, so they show the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

import bpy
import numpy as np
from numpy.typing import NDArray

from ..engine.footage import Footage, Picture
from ..preflight import EVEN_COPY, IMAGE_SEQUENCE, Finding, copy_fix, number_runs

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
    comparison = Comparison(clip, footage)
    while not comparison.done:
        comparison.step(clip)
    return comparison.findings


class Comparison:
    """The same a picture at a time, so that a window stays alive meanwhile."""

    def __init__(
        self, clip: bpy.types.MovieClip, footage: Footage, engine: Mapping[int, Sample] | None = None
    ) -> None:
        """``engine`` is what ``engine_samples`` gave, where that was asked already."""
        self._footage = footage
        self.findings = _other_clip(clip, footage)
        """Complete once it is done."""
        pictures = footage.kind == "movie" and not self.findings
        self._left = looked_at(footage) if pictures else []
        self._engine = engine_samples(footage) if pictures and engine is None else engine or {}

    @property
    def done(self) -> bool:
        """Whether all is compared."""
        return not self._left

    def step(self, clip: bpy.types.MovieClip) -> None:
        """Compares the next picture; one that differs ends it."""
        frame = self._left.pop(0)
        with _blender_samples(clip, self._footage) as sample:
            shown = sample(frame)
        around = [near for near in _around(frame) if near in self._engine]
        misfit = {near: float(np.abs(self._engine[near] - shown).mean()) for near in around}
        best = min(misfit, key=lambda near: misfit[near])
        if misfit[frame] > misfit[best] + _TOLERANCE:
            said = (
                f"Blender shows other pictures than the footage has (at frame {frame} it shows frame {best})"
            )
            self.findings.append(_finding("blender_pictures", said, self._footage))
            self._left.clear()


def looked_at(footage: Footage) -> list[int]:
    """The footage frames whose pictures are compared."""
    # Three are enough: uneven times show at once, drift at the end. Each costs a seek on both sides.
    return sorted({min(2, footage.count), (footage.count + 1) // 2, footage.count})


def _other_clip(clip: bpy.types.MovieClip, footage: Footage) -> list[Finding]:
    """Where the clip differs from the footage as a whole: it cannot be read, its size, its length."""
    size = (int(clip.size[0]), int(clip.size[1]))
    if clip.frame_duration < 1:
        return [_finding("blender_unreadable", "Blender cannot read this clip", footage)]
    if size != (footage.width, footage.height):
        why = "the file's rotation flag" if footage.rotation else "another way to read the file"
        said = f"{size[0]}x{size[1]} pixels in Blender, {footage.width}x{footage.height} when tracked ({why})"
        return [_finding("blender_size", said, footage)]
    if clip.frame_duration != footage.count:
        said = f"Blender finds {clip.frame_duration} frames where {footage.count} are in the footage"
        return [_finding("blender_frames", said, footage)]
    return []


_WAYS_OUT = {EVEN_COPY: "; make an evenly timed copy", IMAGE_SEQUENCE: "; make an image sequence", None: ""}


def _finding(code: str, said: str, footage: Footage) -> Finding:
    # A sequence's files can be mended only by hand; a copy of them would have the same gap.
    fix = copy_fix(footage) if footage.kind == "movie" else None
    return Finding("error", code, f"{footage.path.name}: {said}{_WAYS_OUT[fix]}", fix)


def _around(frame: int) -> range:
    return range(frame - _NEIGHBOURS, frame + _NEIGHBOURS + 1)


def _points(length: int) -> NDArray[np.intp]:
    """(_GRID,) pixels spread over ``length``."""
    return ((np.arange(_GRID) + 0.5) * length / _GRID).astype(np.intp)


def engine_samples(footage: Footage) -> dict[int, Sample]:
    """The engine's pictures of the frames that are compared, and of their neighbours, at the grid's points.

    Touches nothing of Blender's and takes its time: something for a thread. Raises FootageError.
    """
    rows, columns = _points(footage.height), _points(footage.width)

    def sampled(gray: Picture) -> Sample:
        return gray[np.ix_(rows, columns)].astype(np.float64)

    wanted = {near for at in looked_at(footage) for near in _around(at)} & set(range(1, footage.count + 1))
    # Where a seek cannot be trusted every one starts at the beginning: go through once instead.
    runs = number_runs(sorted(wanted)) if footage.seekable else [(1, max(wanted))]
    samples = {}
    for start, stop in runs:
        with closing(footage.frames(start, stop)) as frames:
            samples.update({frame: sampled(gray) for frame, gray in frames if frame in wanted})
    return samples


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
