"""The render room: composited frames of a scene as files, one at a time, or joined as a movie.

A frame is written under another name and moved into place, so that a file that is there is whole; a log
beside the frames says which were made from what is rendered now, and those are not rendered again.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from ..errors import InputError, TrackedShotError
from ..render_log import RenderLog
from ..stages import digest, file_print, footage_print
from . import versions
from .movie import MOVIE_SUFFIX, join_frames

ENGINES = ("cycles", "eevee", "workbench")

_PNG = {"file_format": "PNG", "color_mode": "RGB", "color_depth": "8", "compression": 15}
_FORMATS = {
    "png": (".png", _PNG),
    "exr": (
        ".exr",
        {"file_format": "OPEN_EXR", "color_mode": "RGBA", "color_depth": "16", "exr_codec": "ZIP"},
    ),
    "mp4": (".png", _PNG),
}
_PASSES = {"file_format": "OPEN_EXR_MULTILAYER", "color_depth": "32", "exr_codec": "ZIP"}
"""Every pass of every view layer in one file: 32 bits, since a depth needs them."""
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


def file_and_linked(blend: Path) -> str:
    """What tells the open .blend, which is saved as ``blend``, and the files that it links from others.

    Pictures, movies, libraries and the like count by their content, image sequences by their first, middle
    and last file.
    """
    runs = [item for item in (*bpy.data.movieclips, *bpy.data.images) if item.source == "SEQUENCE"]
    files = {Path(bpy.path.abspath(item.filepath, library=item.library)): footage_print for item in runs}
    for name in bpy.utils.blend_paths(absolute=True, packed=False, local=False):
        files.setdefault(Path(name), file_print)
    linked = sorted([file.name, digest(print_of(file))] for file, print_of in files.items())
    return digest([file_print(blend), linked])


class Rendered(NamedTuple):
    """A frame that is done."""

    frame: int
    path: Path
    skipped: bool
    """It was there already."""


@dataclass(frozen=True)
class _Job:
    """What is rendered, and where to."""

    frames: list[int]
    folder: Path
    stem: str
    format: str
    engine: str | None
    samples: int | None
    resolution_percentage: int | None
    passes: bool
    log: RenderLog

    def files(self, frame: int) -> list[Path]:
        """The files of a frame: the picture, and the one with its passes where they are wanted."""
        number = f"{frame:04d}"
        names = [f"{self.stem}_{number}{_FORMATS[self.format][0]}"]
        names += [f"{self.stem}_passes_{number}.exr"] if self.passes else []
        return [self.folder / name for name in names]


def render_frames(
    scene: bpy.types.Scene,
    frames: Iterable[int],
    output_dir: str | Path,
    *,
    on_frame: Callable[[int, Path], None] | None = None,
    **options: Any,
) -> list[Path]:
    """Render all the frames as ``render_steps`` does; ``on_frame`` hears of each that is done."""
    paths = []
    for step in render_steps(scene, frames, output_dir, **options):
        paths.append(step.path)
        if on_frame is not None:
            on_frame(step.frame, step.path)
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
    passes: bool = False,
    made_from: str = "",
) -> Iterator[Rendered]:
    """Render composited scene ``frames`` to NAME_0001.png and so on, a step a frame.

    ``format`` is png, exr or mp4: a movie's frames are pictures in a folder NAME_frames until all are there
    and are joined; the last step is the movie. ``name`` is the scene's where it is left out. ``engine``
    (cycles, eevee, workbench), ``samples`` and ``resolution_percentage`` are the scene's where left out.
    ``passes`` also writes all passes of the view layers, as NAME_passes_0001.exr. ``made_from`` tells what is
    rendered from anything else (a digest of the .blend): frames that are there, whole and made from the same
    are not rendered again; left out, all are rendered. A Blender built without a denoiser renders without
    one. All settings are put back when the last step is taken or the generator is closed. Raises InputError
    for a folder that cannot be written to, no frames, or an unknown format or engine, before anything is
    touched; TrackedShotError for a frame that Blender cannot render.
    """
    wanted = list(frames)
    if not wanted:
        raise InputError("there are no frames to render")
    if format not in _FORMATS:
        raise InputError(f"frames are written as {', '.join(_FORMATS)}, not as {format!r}")
    if engine is not None and engine not in ENGINES:
        raise InputError(f"no render engine {engine!r} (there: {', '.join(ENGINES)})")
    if scene.camera is None:
        raise InputError(f"the scene {scene.name} has no camera to render with")
    folder = writable_folder(output_dir)
    stem = re.sub(r"[^\w.-]+", "_", name or scene.name)
    if made_from:
        made_from = digest([made_from, format, engine, samples, resolution_percentage, passes])
    if format == "mp4":
        return _movie_steps(scene, wanted, folder, stem, made_from, engine, samples, resolution_percentage)
    log = RenderLog(folder, stem, format, made_from)
    job = _Job(wanted, folder, stem, format, engine, samples, resolution_percentage, passes, log)
    return _steps(scene, job)


def _movie_steps(
    scene: bpy.types.Scene,
    frames: list[int],
    folder: Path,
    stem: str,
    made_from: str,
    engine: str | None,
    samples: int | None,
    resolution_percentage: int | None,
) -> Iterator[Rendered]:
    """The frames as pictures, then the movie of them; the pictures go when it is there."""
    movie = folder / f"{stem}{MOVIE_SUFFIX}"
    log = RenderLog(folder, stem, "mp4", digest([made_from, frames]) if made_from else "")
    if log.finished(frames[-1], [movie]):
        yield Rendered(frames[-1], movie, True)
        return
    pictures = writable_folder(folder / f"{stem}_frames")
    inner = RenderLog(pictures, stem, "png", made_from)
    job = _Job(frames, pictures, stem, "mp4", engine, samples, resolution_percentage, False, inner)
    done = []
    for step in _steps(scene, job):
        done.append(step.path)
        yield step
    join_frames(done, movie, scene)
    log.note(frames[-1], [movie])
    for path in done:
        path.unlink(missing_ok=True)
    inner.forget()
    with contextlib.suppress(OSError):  # frames of another range are still in it
        pictures.rmdir()
    yield Rendered(frames[-1], movie, False)


def _steps(scene: bpy.types.Scene, job: _Job) -> Iterator[Rendered]:
    render = scene.render
    with _settings_kept(scene):
        render.use_compositing = True
        render.use_sequencer = False
        render.use_file_extension = False
        render.use_overwrite = True
        render.use_placeholder = False
        if job.engine is not None:
            render.engine = versions.engine_idname(job.engine)
        if job.resolution_percentage is not None:
            render.resolution_percentage = job.resolution_percentage
        if job.samples is not None:
            for owner, key in _sample_settings(scene):
                setattr(owner, key, job.samples)
        if not _can_denoise() and hasattr(scene, "cycles"):
            scene.cycles.use_denoising = False
        for frame in job.frames:
            files = job.files(frame)
            skipped = job.log.finished(frame, files)
            if not skipped:
                _render(scene, job, frame, files)
                job.log.note(frame, files)
            yield Rendered(frame, files[0], skipped)


def _render(scene: bpy.types.Scene, job: _Job, frame: int, files: list[Path]) -> None:
    """Renders one frame into its files: under other names first, so that no half one bears the right name."""
    parts = [path.with_name(f".{path.stem}.part{path.suffix}") for path in files]
    render = scene.render
    try:
        versions.set_image_format(render.image_settings, _FORMATS[job.format][1])
        scene.frame_set(frame)
        render.filepath = str(parts[0])
        bpy.ops.render.render(write_still=True, scene=scene.name)
        if job.passes:
            versions.set_image_format(render.image_settings, _PASSES)
            _result().save_render(str(parts[1]), scene=scene)
        for part, path in zip(parts, files):
            if not part.is_file():
                raise TrackedShotError(f"frame {frame} was rendered, but {path} was not written")
            os.replace(part, path)
    except (RuntimeError, OSError) as error:
        raise TrackedShotError(f"frame {frame} was not rendered: {_one_line(error)}") from error
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _result() -> bpy.types.Image:
    """What Blender has rendered last."""
    return next(image for image in bpy.data.images if image.type == "RENDER_RESULT")


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
