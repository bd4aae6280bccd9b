"""The scene's shot as a file: read, written, planned and built."""

from __future__ import annotations

import logging
from pathlib import Path

import bpy

from ..composite_settings import composite_config
from ..preferences import choices
from ..preset_items import COMPOSITE, TRACKING
from ..properties import DATA_VERSION, chosen_preset
from ..tracking.blender.assemble import assemble_shot_with_tracking
from ..tracking.blender.assemble import plan_shot as plan_build
from ..tracking.blender.build import Build, ShotResult, load_shot_clip
from ..tracking.blender.shot_from_scene import Chosen, shot_from_scene
from ..tracking.blender.shot_solve import look_at_footage, shot_session
from ..tracking.config import CompositeShotConfig
from ..tracking.session import TrackingSessionManager
from ..tracking.shot_write import WrittenShot, write_shot
from ..tracking.shotfile import ShotFileError, check_shot, load_shot
from ..tracking.stages import Decision
from .sessions import blend_path, new_session_folder, remember_session

log = logging.getLogger(__name__)


def open_shot_file(scene: bpy.types.Scene, path: Path) -> list[str]:
    """Remembers a shot file as the scene's; what is wrong with the files it names, a line each.

    Raises ShotFileError, with a line for each mistake, where it cannot be read; the scene then keeps the one
    that it has.
    """
    config = load_shot(path)
    scene.tracked_shot.shot_file = str(path)
    scene.tracked_shot.data_version = DATA_VERSION
    return [str(problem) for problem in check_shot(config)]


def save_shot_file(scene: bpy.types.Scene, clip: bpy.types.MovieClip, path: Path) -> WrittenShot:
    """Writes the scene's shot into a shot file, which is the scene's from then on.

    A file that is there keeps its comments and order, and what the scene does not tell. Raises InputError
    where nothing can be written.
    """
    memory = clip.tracked_shot
    chosen = Chosen(
        tracking_preset=chosen_preset(memory, TRACKING),
        composite=composite_config(
            scene.tracked_shot.composite_settings, chosen_preset(scene.tracked_shot, COMPOSITE)
        ),
        lens_known=memory.lens_known,
        find_axis=memory.find_axis,
        mask=memory.mask.name if memory.mask is not None else None,
        tracked=memory.taken_in,
    )
    base = _shot_before(scene, path)
    written = write_shot(shot_from_scene(scene, clip, path.parent, base=base, chosen=chosen), path)
    scene.tracked_shot.shot_file = str(written.path)
    scene.tracked_shot.data_version = DATA_VERSION
    return written


def shot_to_track(
    scene: bpy.types.Scene, config: CompositeShotConfig
) -> tuple[bpy.types.MovieClip, TrackingSessionManager] | None:
    """The shot's clip and its session where there is tracking left to do; None where it can be built at once.

    Raises ShotFileError for footage that cannot be used, SessionError where no session can be made.
    """
    if not config.tracking.enabled or config.tracking.session is not None:
        return None
    build = Build(config, scene, ShotResult(scene=scene), session_dir=new_session_folder(config.footage_path))
    look_at_footage(build)
    session = shot_session(build)
    if session.status.finished:
        return None
    clip = load_shot_clip(config)
    remember_session(clip, session)
    return clip, session


def assemble_shot(scene: bpy.types.Scene, config: CompositeShotConfig) -> ShotResult:
    """Builds the shot into the scene, as far as it has changed. Raises TrackedShotError."""
    return assemble_shot_with_tracking(
        config,
        scene=scene,
        session_dir=new_session_folder(config.footage_path),
        allow_scripts=choices().allow_scripts,
    )


def plan_shot(scene: bpy.types.Scene, config: CompositeShotConfig) -> list[Decision]:
    """What ``assemble_shot`` would do, stage by stage; nothing is changed. Raises TrackedShotError."""
    return plan_build(config, scene=scene, allow_scripts=choices().allow_scripts)


def shot_of(scene: bpy.types.Scene) -> CompositeShotConfig:
    """The shot in the scene's shot file. Raises ShotFileError."""
    return load_shot(shot_path(scene))


def shot_path(scene: bpy.types.Scene) -> Path:
    """The scene's shot file; where it was moved along with the .blend, the one of that name beside it."""
    path = Path(bpy.path.abspath(scene.tracked_shot.shot_file))
    blend = blend_path()
    moved = blend.parent / path.name if blend is not None else path
    return moved if not path.exists() and moved.is_file() else path


def _shot_before(scene: bpy.types.Scene, path: Path) -> CompositeShotConfig | None:
    """The shot that the file holds already, else that of the scene's own shot file, if they can be read."""
    for file in (path, shot_path(scene)):
        if file.is_file():
            try:
                return load_shot(file)
            except ShotFileError as error:  # it is left as it is, and the shot is written beside it
                log.info("%s", error)
    return None
