"""The stages of a build: what goes into each, and which of them have to run.

A stage has a fingerprint of all that goes into it: its keys of the shot file (presets as what they
hold, files by their content), its version, and the fingerprints of the stages that it builds on. What a
build did is remembered as ``StageMemory`` a stage; a stage runs again when its fingerprint is another one.
What a stage does stands in ``blender/stages.py``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .config import CompositeShotConfig
from .engine.footage import IMAGE_SUFFIXES, identity, open_footage
from .errors import InputError
from .presets import load_tracking_preset, resolve_composite

MEMORY_VERSION = 1
_PART = 1 << 20
"""Bytes that are read of a file's head, middle and tail, to know it again."""
_GONE = "gone"


@dataclass(frozen=True)
class Stage:
    """A stage: its name, what goes into it, and what it builds on."""

    name: str
    version: int
    """Counted up when the stage would build something else from the same."""
    keys: tuple[str, ...]
    """Keys of the shot file, dotted; of a section all keys below it."""
    after: tuple[str, ...] = ()
    """Earlier stages whose outcome goes into it."""


_EVERY = ("hooks",)
"""Keys that go into every stage."""
_BUILDS = ("into", *_EVERY)
"""Keys that go into every stage that builds something in the .blend."""

STAGES: tuple[Stage, ...] = (
    Stage(
        "footage",
        1,
        ("footage.file", "footage.scene_start", "footage.color_space", "footage.pixel_aspect", *_BUILDS),
    ),
    Stage("preflight", 1, ("footage.file", "footage.frame_range", "footage.fps", *_BUILDS)),
    Stage(
        "track",
        1,
        ("footage.content", "footage.frame_range", "tracking.enabled", "tracking.preset", "tracking.session",
         "tracking.mask", *_EVERY),
    ),
    Stage("solve", 1, ("footage.pixel_aspect", "tracking.solve", "tracking.lens", *_EVERY), ("track",)),
    Stage(
        "camera",
        1,
        ("footage.file", "footage.scene_start", "footage.pixel_aspect", "camera", "scene.floor",
         "scene.origin", "scene.scale", *_BUILDS),
        ("solve",),
    ),
    Stage(
        "scene",
        1,
        ("composite.shadow_catcher", "scene.light", "scene.point_cloud", "render.engine", *_BUILDS),
        ("camera",),
    ),
    Stage("cg", 1, ("cg.blend", "cg.collection", "scene.holdout", *_BUILDS), ("camera",)),
    Stage(
        "composite",
        2,
        ("footage.file", "footage.scene_start", "composite", "cg.motion_blur", "render.engine",
         "render.resolution_percentage", *_BUILDS),
        ("camera",),
    ),
    Stage(
        "render_settings",
        1,
        ("footage.file", "footage.frame_range", "footage.scene_start", "footage.fps", "render",
         "composite.passes", *_BUILDS),
    ),
)  # fmt: skip
NAMES = tuple(stage.name for stage in STAGES)
_BY_NAME = {stage.name: stage for stage in STAGES}


@dataclass(frozen=True)
class StageMemory:
    """What is remembered of a stage that ran."""

    fingerprint: str
    parts: Mapping[str, str]
    """A digest of each thing that went in, by its key: tells afterwards what has changed."""
    warnings: tuple[str, ...] = ()
    """What it had to say; said again where it does not run."""


@dataclass(frozen=True)
class Decision:
    """Whether a stage runs, and why."""

    stage: str
    runs: bool
    why: str
    changed: tuple[str, ...] = ()
    """The keys that have another value than when it ran last."""
    kept: bool = False
    """It would run, but what it builds was changed by hand."""


@dataclass
class Memory:
    """What is remembered of a build, in the scene that was built and in its session."""

    stages: dict[str, StageMemory] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON values that ``from_dict`` reads back."""
        return {name: asdict(stage) for name, stage in self.stages.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Memory:
        """Reads it; stages of other names are passed over, they belong to another version."""
        memory = cls()
        for name, value in values.items():
            if name in _BY_NAME:
                memory.stages[name] = StageMemory(
                    value["fingerprint"], dict(value["parts"]), tuple(value["warnings"])
                )
        return memory


class Plan:
    """Decides, stage by stage, which have to run; the same for a build and for one that is only told.

    ``outcomes`` adds what else goes into a stage and is no key of the shot file (what a session has solved,
    the Blender at work). ``start`` is the first stage that is asked for whatever has changed, ``fresh`` asks
    for all.
    """

    def __init__(
        self,
        config: CompositeShotConfig,
        memory: Memory,
        *,
        outcomes: Callable[[str], Mapping[str, Any]] = lambda _: {},
        start: str | None = None,
        fresh: bool = False,
    ) -> None:
        if start is not None and start not in _BY_NAME:
            raise InputError(f"there is no stage {start!r}; known: {', '.join(NAMES)}")
        self._values = stage_values(config)
        self._after = {stage.name: _builds_on(stage, config) for stage in STAGES}
        self._outcomes = outcomes
        self._memory = memory
        self.asked: frozenset[str] = frozenset()
        """The stages that were asked for, whatever has changed."""
        if fresh or start is not None:
            self.asked = frozenset(NAMES[0 if fresh or start is None else NAMES.index(start) :])
        self._prints: dict[str, str] = {}
        self._ran: list[str] = []

    def decide(self, name: str, *, needed: str = "") -> Decision:
        """Whether the stage runs; asked in their order; ``needed`` says why it must all the same."""
        now = self.note(name)
        before = self._memory.stages.get(name)
        changed: tuple[str, ...] = ()
        if before is None:
            why = "was not built yet"
        elif name in self.asked:
            why = "asked for"
        else:
            changed = tuple(
                key for key in {**now.parts, **before.parts} if now.parts.get(key) != before.parts.get(key)
            )
            why = self._why(name, now, before, changed) or needed
        if why:
            self._ran.append(name)
        return Decision(name, bool(why), why or "nothing changed", changed)

    def note(self, name: str) -> StageMemory:
        """What is to be remembered of the stage as things are now, without its warnings."""
        stage = _BY_NAME[name]
        values = {**self._values[name], **self._outcomes(name)}
        parts = {key: digest(value) for key, value in values.items()}
        after = [self._prints[earlier] for earlier in self._after[name]]
        self._prints[name] = digest([stage.version, parts, after])
        return StageMemory(self._prints[name], parts)

    def _why(self, name: str, now: StageMemory, before: StageMemory, changed: Collection[str]) -> str:
        if changed:
            return f"{' and '.join(changed)} changed" if len(changed) < 3 else f"{len(changed)} keys changed"
        followed = [earlier for earlier in self._after[name] if earlier in self._ran]
        if followed:
            return f"follows from {' and '.join(followed)}"
        if now.fingerprint != before.fingerprint:
            return "an earlier stage has changed since"
        return ""


def decisions(config: CompositeShotConfig, memory: Memory, **options: Any) -> list[Decision]:
    """What each stage would do; the options are those of ``Plan``."""
    plan = Plan(config, memory, **options)
    return [plan.decide(name) for name in NAMES]


def _builds_on(stage: Stage, config: CompositeShotConfig) -> tuple[str, ...]:
    # Real CG stands on the floor wherever the camera is; the stand-in is as large as the camera sees it.
    if stage.name == "cg" and config.cg.blend is not None:
        return ()
    return stage.after


# --- what goes in ------------------------------------------------------------


def stage_values(config: CompositeShotConfig) -> dict[str, dict[str, Any]]:
    """By stage, what goes into it: plain values by their key.

    Raises InputError for a preset that is not there any more.
    """
    values = _flat(config.to_dict(full=True)["shot"])
    values = {key: value for key, value in values.items() if not _foreign(key)}
    values = {key: value for key, value in values.items() if not key.startswith("composite.")}
    composite = resolve_composite(config.composite, base=config.base).to_dict(full=True)
    values |= _flat({**composite, "description": None}, "composite.")
    values["tracking.preset"] = asdict(load_tracking_preset(config.tracking.preset))
    values["footage.content"] = footage_print(config.footage_path)
    values["footage.file"] = [str(config.footage_path), values["footage.content"]]
    hooks = [config.hooks] if isinstance(config.hooks, str) else config.hooks
    values["hooks"] = [_file(config, hook) for hook in hooks]
    for key in _FILES:
        if isinstance(values.get(key), str):
            values[key] = _file(config, values[key])
    if isinstance(values.get("tracking.mask"), str):
        values["tracking.mask"] = footage_print(config.resolve(values["tracking.mask"]))
    for key in ("camera.export", "tracking.session", "into"):
        if isinstance(values.get(key), str):
            values[key] = str(config.resolve(values[key]))
    return {stage.name: _chosen(values, stage.keys) for stage in STAGES}


_FILES = (
    "camera.import", "scene.light.hdri", "cg.blend", "composite.background_image",
    "composite.lens_distortion.st_map_path", "composite.corner_pin.image",
)  # fmt: skip
"""Keys that name a file of which the content goes in."""


def _chosen(values: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """The values of the keys and of all that lies below them."""
    wanted = tuple(keys)
    return {
        key: value
        for key, value in values.items()
        if key in wanted or any(key.startswith(f"{section}.") for section in wanted)
    }


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested mappings as one with dotted keys."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{before}{key}.")
        else:
            found[before + key] = value
    return found


def _foreign(key: str) -> bool:
    return any(part.startswith("x-") for part in key.split("."))


def _file(config: CompositeShotConfig, text: str) -> list[str]:
    """A file's place and content."""
    path = config.resolve(text)
    return [str(path), file_print(path)]


def file_print(path: Path) -> str:
    """What tells a file's content from another: size, head, middle and tail; "gone" where there is none."""
    try:
        size = path.stat().st_size
        found = hashlib.sha256(str(size).encode())
        with path.open("rb") as stream:
            for at in sorted({0, max(0, size // 2 - _PART // 2), max(0, size - _PART)}):
                stream.seek(at)
                found.update(stream.read(_PART))
    except OSError:
        return _GONE
    return found.hexdigest()[:24]


def footage_print(path: Path) -> Any:
    """The same of a movie or an image sequence, in JSON's kinds; a movie's frames are not counted for it."""
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        return file_print(path)
    try:
        return identity(open_footage(path))
    except InputError:
        return _GONE


def digest(value: Any) -> str:
    """A short word that changes with the value, which is made of JSON's kinds, paths and tuples."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]
