"""The render room: composited frames of a scene as files, one at a time."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import bpy

from ..errors import InputError, TrackedShotError
from . import versions

ENGINES = ("cycles", "eevee", "workbench")

_FORMATS = {
    "png": (".png", {"file_format": "PNG", "color_mode": "RGB", "color_depth": "8"}),
    "exr": (
        ".exr",
        {"file_format": "OPEN_EXR", "color_mode": "RGBA", "color_depth": "16", "exr_codec": "ZIP"},
    ),
}
_RENDER_SETTINGS = (
    "filepath",
    "engine",
    "resolution_percentage",
    "use_compositing",
    "use_sequencer",
    "use_file_extension",
    "use_overwrite",
    "use_placeholder",
)


def render_frames(
    scene: bpy.types.Scene,
    frames: Iterable[int],
    output_dir: str | Path,
    *,
    on_frame: Callable[[int, Path], None] | None = None,
    **options: Any,
) -> list[Path]:
    """Render all the frames as ``render_steps`` does; ``on_frame`` hears of each that is written."""
    paths = []
    for frame, path in render_steps(scene, frames, output_dir, **options):
        paths.append(path)
        if on_frame is not None:
            on_frame(frame, path)
    return paths


def render_steps(
    scene: bpy.types.Scene,
    frames: Iterable[int],
    output_dir: str | Path,
    *,
    format: str = "png",
    name: str | None = None,
    engine: str | None = None,
    samples: int | None = None,
    resolution_percentage: int | None = None,
) -> Iterator[tuple[int, Path]]:
    """Render composited scene ``frames`` to NAME_0001.png and so on, a step a frame: (frame, file).

    ``format`` is png or exr (mp4 is for whoever joins the frames); ``name`` is the scene's where it is
    left out. ``engine`` (cycles, eevee, workbench), ``samples`` and ``resolution_percentage`` are the
    scene's where left out. A Blender built without a denoiser renders without one. All settings are put
    back when the last step is taken or the generator is closed. Raises InputError for a folder that
    cannot be written to, no frames, or an unknown format or engine, before anything is touched;
    TrackedShotError for a frame that Blender cannot render.
    """
    wanted = list(frames)
    if not wanted:
        raise InputError("there are no frames to render")
    if format not in _FORMATS:
        raise InputError(f"frames are written as {' or '.join(_FORMATS)}, not as {format!r}")
    if engine is not None and engine not in ENGINES:
        raise InputError(f"no render engine {engine!r} (there: {', '.join(ENGINES)})")
    if scene.camera is None:
        raise InputError(f"the scene {scene.name} has no camera to render with")
    folder = writable_folder(output_dir)
    stem = re.sub(r"[^\w.-]+", "_", name or scene.name)
    suffix, image_settings = _FORMATS[format]
    return _steps(
        scene, wanted, folder / stem, suffix, image_settings, engine, samples, resolution_percentage
    )


def _steps(
    scene: bpy.types.Scene,
    frames: list[int],
    base: Path,
    suffix: str,
    image_settings: dict[str, str],
    engine: str | None,
    samples: int | None,
    resolution_percentage: int | None,
) -> Iterator[tuple[int, Path]]:
    render = scene.render
    with _settings_kept(scene):
        for key, value in image_settings.items():
            setattr(render.image_settings, key, value)
        render.use_compositing = True
        render.use_sequencer = False
        render.use_file_extension = False
        render.use_overwrite = True
        render.use_placeholder = False
        if engine is not None:
            render.engine = versions.engine_idname(engine)
        if resolution_percentage is not None:
            render.resolution_percentage = resolution_percentage
        if samples is not None:
            for owner, key in _sample_settings(scene):
                setattr(owner, key, samples)
        if not _can_denoise() and hasattr(scene, "cycles"):
            scene.cycles.use_denoising = False
        for frame in frames:
            path = base.with_name(f"{base.name}_{frame:04d}{suffix}")
            scene.frame_set(frame)
            render.filepath = str(path)
            try:
                bpy.ops.render.render(write_still=True, scene=scene.name)
            except RuntimeError as error:
                raise TrackedShotError(f"frame {frame} was not rendered: {_one_line(error)}") from error
            if not path.is_file():
                raise TrackedShotError(f"frame {frame} was rendered, but {path} was not written")
            yield frame, path


def writable_folder(path: str | Path) -> Path:
    """The folder, made where it is not there. Raises InputError where no file can be written into it."""
    folder = Path(bpy.path.abspath(str(path))).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, probe = tempfile.mkstemp(dir=folder)
        os.close(handle)
        os.unlink(probe)
    except OSError as error:
        raise InputError(f"frames cannot be written to {folder}: {error.strerror}") from error
    return folder


@contextlib.contextmanager
def _settings_kept(scene: bpy.types.Scene) -> Iterator[None]:
    """Put back all that rendering a frame touches in the scene."""
    render, image = scene.render, scene.render.image_settings
    kept = {key: getattr(render, key) for key in _RENDER_SETTINGS}
    names = [
        prop.identifier
        for prop in image.bl_rna.properties
        if not prop.is_readonly and prop.type in ("BOOLEAN", "ENUM", "FLOAT", "INT", "STRING")
    ]
    # media_type (from 5.0) decides which formats there are, and the format which colours and depths.
    first = ("media_type", "file_format", "color_mode")
    names = [key for key in first if key in names] + [key for key in names if key not in first]
    image_kept = {key: getattr(image, key) for key in names}
    engines = _sample_settings(scene)
    if hasattr(scene, "cycles"):
        engines.append((scene.cycles, "use_denoising"))
    engines_kept = [(owner, key, getattr(owner, key)) for owner, key in engines]
    frame, part = scene.frame_current, scene.frame_subframe
    try:
        yield
    finally:
        for key, value in kept.items():
            setattr(render, key, value)
        for key, value in image_kept.items():
            if getattr(image, key) != value:
                setattr(image, key, value)
        for owner, key, value in engines_kept:
            setattr(owner, key, value)
        scene.frame_set(frame, subframe=part)


def _sample_settings(scene: bpy.types.Scene) -> list[tuple[bpy.types.bpy_struct, str]]:
    """Where each engine keeps its samples; Cycles is an add-on that may be switched off."""
    settings = [(scene.eevee, "taa_render_samples")]
    if hasattr(scene, "cycles"):
        settings.append((scene.cycles, "samples"))
    return settings


def _can_denoise() -> bool:
    """False in a Blender built without a denoiser: Cycles fails there where it is asked to use one."""
    try:
        import _cycles
    except ImportError:
        return False
    return _cycles.with_openimagedenoise


def _one_line(error: Exception) -> str:
    return " ".join(str(error).removeprefix("Error: ").split())
