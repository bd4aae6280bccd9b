"""A build at work: the shot, where it goes, and what its stages have made so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import bpy

from ..config import CompositeConfig, CompositeShotConfig
from ..engine.footage import Footage, open_footage
from ..engine.model import Solve
from ..floor import Floor
from ..preflight import Preflight
from ..presets import resolve_composite
from ..report import ShotReport
from ..session import TrackingSessionManager
from .camera import find_camera
from .clip import check_offset, find_clip, load_clip
from .native import NativeResult


@dataclass(frozen=True)
class BuildStep:
    """What a build has just done, and how far it is."""

    stage: str
    done: float
    """Share of the whole build, 0 to 1."""
    text: str
    frame: int = 0
    """Last footage frame that is done, while tracking."""


@dataclass
class ShotResult:
    """What a build came to."""

    scene: bpy.types.Scene | None = None
    clip: bpy.types.MovieClip | None = None
    camera: bpy.types.Object | None = None
    session: Path | None = None
    blend: Path | None = None
    """Where it lies, None where it was not saved anywhere."""
    solve: Solve | None = None
    native: NativeResult | None = None
    """Blender's own solve beside ours; None where the camera was not built this time."""
    floor: Floor | None = None
    warnings: list[str] = field(default_factory=list)
    report: ShotReport | None = None
    ran: tuple[str, ...] = ()
    """The stages that ran; none where nothing has changed since the build before."""


@dataclass
class Build:
    """A build at work: the shot, where it goes, and what the stages so far have made."""

    config: CompositeShotConfig
    scene: bpy.types.Scene
    result: ShotResult
    target: Path | None = None
    """Where the .blend will be saved."""
    session_dir: Path | None = None
    start: str | None = None
    """The stage that was asked for, with all after it."""
    asked: frozenset[str] = frozenset()
    """The stages that were asked for, whatever has changed."""
    anew: bool = False
    """Whether it is tracked anew where a session could be taken up."""
    changed: frozenset[str] = frozenset()
    """The keys of the stage at work that have another value than when it ran last."""
    held_by_hand: frozenset[str] = frozenset()
    """Names of the objects that the artist made holdouts by our button and no shot file names."""
    runs_hooks: bool = False
    """Whether the hooks that the shot names are called."""
    solve_before: str = ""
    """What told the solve from others that the build before took from a session that is gone now."""
    session: TrackingSessionManager | None = None
    notes: list[str] = field(default_factory=list)
    """What the stage at work has to say: warnings, in plain words."""
    preflight: Preflight | None = None
    new_clip: bool = False
    """Whether the clip came into the file in this build."""
    _footage: Footage | None = None
    _composite: CompositeConfig | None = None

    @property
    def footage(self) -> Footage:
        """The footage in the shot's range; opened and counted when it is first asked for."""
        if self._footage is None and self.preflight is not None:
            self._footage = self.preflight.footage
        if self._footage is None:
            first, last = self.config.footage.frame_range or (1, None)
            self._footage = open_footage(
                self.config.footage_path, first=first, last=last, fps=self.config.footage.fps
            )
        return self._footage

    @property
    def clip(self) -> bpy.types.MovieClip:
        """The shot's clip in the open file; loaded where it is not there yet."""
        if self.result.clip is None:
            self.result.clip = find_clip(self.config.footage_path) or load_shot_clip(self.config)
        return self.result.clip

    @property
    def composite(self) -> CompositeConfig:
        """The preset with what the shot says over it."""
        if self._composite is None:
            found = resolve_composite(self.config.composite, base=self.config.base)
            blur = self.config.cg.motion_blur
            self._composite = found if blur is False else replace(found, motion_blur=blur)
        return self._composite

    def anew_or_changed(self, stage: str, key: str) -> bool:
        """Whether the stage was asked for, or the key changed: then what it no longer wants goes."""
        return stage in self.asked or key in self.changed

    def find_again(self) -> None:
        """What is there of the stages that do not run this time."""
        self.result.clip = self.clip
        if self.result.camera is None:
            self.result.camera = find_camera(self.scene)


def load_shot_clip(config: CompositeShotConfig) -> bpy.types.MovieClip:
    """The shot's footage as a clip, with the scene start, colour space and pixel aspect of the shot file.

    Raises InputError where the .blend has it with a frame offset.
    """
    clip = load_clip(
        config.footage_path, scene_start=config.scene_start, color_space=config.footage.color_space
    )
    check_offset(clip)
    clip.tracking.camera.pixel_aspect = config.footage.pixel_aspect
    return clip


Steps = Iterator[BuildStep]
