"""Rendered pictures joined as a movie: H.264 in an .mp4, by the encoder that Blender has."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import bpy

from ..errors import TrackedShotError
from . import versions

MOVIE_SUFFIX = ".mp4"


def join_frames(files: Sequence[Path], movie: Path, like: bpy.types.Scene) -> None:
    """Writes the pictures ``files``, of one folder, as a movie of the rate of the scene ``like``.

    As a whole or not at all. The encoder takes even sizes only: an odd one loses its last row or column.
    Raises TrackedShotError where Blender cannot write it.
    """
    part = movie.with_name(f".{movie.stem}.part{movie.suffix}")
    scene = bpy.data.scenes.new("Tracked Shot Movie")
    try:
        strip = versions.new_picture_strip(scene, files)
        width, height = _size(files[0])
        render = scene.render
        render.resolution_x, render.resolution_y = width - width % 2, height - height % 2
        render.resolution_percentage = 100
        render.fps, render.fps_base = like.render.fps, like.render.fps_base
        scene.frame_start, scene.frame_end = 1, len(files)
        # The pictures are finished: nothing is to be done to their colours again.
        scene.view_settings.view_transform = "Standard"
        scene.view_settings.look = "None"
        strip.colorspace_settings.name = "sRGB"
        versions.set_image_format(render.image_settings, {"file_format": "FFMPEG", "color_mode": "RGB"})
        render.ffmpeg.format, render.ffmpeg.codec = "MPEG4", "H264"
        render.ffmpeg.constant_rate_factor = "HIGH"
        render.use_sequencer, render.use_compositing = True, False
        render.use_file_extension, render.use_overwrite = False, True
        render.dither_intensity = 0.0
        render.filepath = str(part)
        bpy.ops.render.render(animation=True, scene=scene.name)
        if not part.is_file() or part.stat().st_size == 0:
            raise TrackedShotError(f"{movie}: the movie was not written")
        os.replace(part, movie)
    except (RuntimeError, OSError) as error:
        text = " ".join(str(error).removeprefix("Error: ").split())
        raise TrackedShotError(f"{movie}: the movie was not written: {text}") from error
    finally:
        bpy.data.scenes.remove(scene)
        part.unlink(missing_ok=True)


def _size(file: Path) -> tuple[int, int]:
    picture = bpy.data.images.load(str(file), check_existing=False)
    try:
        width, height = picture.size
    finally:
        bpy.data.images.remove(picture)
    return int(width), int(height)
