"""What a shot file says, as data classes.

Each class is one section; ``to_dict`` and ``from_dict`` undo each other. Paths stay as
they were written; ``CompositeShotConfig.resolve`` makes them absolute. Frames are footage
frames, 1 = first; colours are scene linear; lengths in millimetres where the name says so.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from .camera_files.path import COLMAP_FILES, ENDINGS
from .engine.lens import COEFFICIENTS
from .engine.model import SENSOR_MM, LensStart
from .files import absolute_path, moved_path
from .lens_metadata import start_of_footage
from .schema import (
    FOREIGN,
    Choice,
    Either,
    FilePath,
    Findings,
    Flag,
    FrameRange,
    Integer,
    Key,
    KeyPath,
    ListOf,
    Number,
    Part,
    PathOrName,
    Section,
    Text,
    change_paths,
    hint,
    key,
    markdown_table,
    part,
    show,
)
from .yaml_tools import Place

if TYPE_CHECKING:
    from .engine.footage import Footage

FORMAT_VERSION = 1
"""Version of the shot file's format that this code writes and the newest that it reads."""

LAST_SCENE_FRAME = 1_000_000
"""Blender's timeline ends a little after it."""

DEFAULT_TRACKING_PRESET = "balanced"
DEFAULT_COMPOSITE_PRESET = "over_footage"

_ENDINGS = ", ".join(ENDINGS)

_ALL_COEFFICIENTS = tuple(dict.fromkeys(name for names in COEFFICIENTS.values() for name in names))

BLENDS = ("over", "multiply", "add", "screen")
VIEWS = ("plate_exact", "view_matched", "scene_referred")
WORKFLOWS = ("distort_cg", "undistort_plate", "none")
PASSES = (
    "combined", "depth", "mist", "position", "normal", "vector", "uv", "object_index", "material_index",
    "diffuse_direct", "diffuse_indirect", "diffuse_color", "glossy_direct", "glossy_indirect", "glossy_color",
    "transmission_direct", "transmission_indirect", "transmission_color", "volume_direct", "volume_indirect",
    "emission", "environment", "ambient_occlusion", "shadow", "shadow_catcher",
    "cryptomatte_object", "cryptomatte_material", "cryptomatte_asset",
)  # fmt: skip
"""Render passes by the names of Blender's panels, in small letters."""

DATA_PASSES = (
    "depth", "mist", "position", "normal", "vector", "uv", "object_index", "material_index",
    "cryptomatte_object", "cryptomatte_material", "cryptomatte_asset",
)  # fmt: skip
"""Passes whose values must not be mixed."""

_NUMBER = Number()
_VECTOR = ListOf(_NUMBER, 3, 3, fixed=True, words="a list of three numbers, [x, y, z]")
_COLOR = ListOf(Number(low=0), 3, 4, fixed=True, words="a list of three or four numbers from 0, [r, g, b, a]")
_NAMES = ListOf(Text(), words="a list of names")
_PASS_LIST = ListOf(Choice(PASSES), words="a list of pass names")
_PATHS = Either((FilePath(), ListOf(FilePath(), words="a list of paths")))
_CORNERS = ListOf(
    ListOf(_NUMBER, 2, 2, fixed=True, words="a pair of numbers, [x, y]"),
    4,
    4,
    fixed=True,
    words="a list of four pairs [x, y]",
)


@dataclass
class FootageConfig(Section):
    """The filmed plate."""

    file: str = key(
        FilePath(),
        "The clip; of an image sequence the first file, or a pattern with `####` or `%04d`. "
        "Relative to the shot file.",
    )
    frame_range: tuple[int, int] | None = key(
        FrameRange(), "Footage frames to use, first and last, both included. Left out: the whole clip.", None
    )
    scene_start: int | None = key(
        Integer(-LAST_SCENE_FRAME, LAST_SCENE_FRAME),
        "Scene frame on which footage frame 1 lies. Left out: 1, or a sequence's own first number.",
        None,
    )
    color_space: str | None = key(
        Text(), "Blender's name of the footage's colour space. Left out: as Blender finds it.", None
    )
    fps: float | None = key(
        Number(above=0, high=1000), "Frames per second. Left out: as the file says; 24 for images.", None
    )
    pixel_aspect: float = key(Number(0.1, 10), "Width of a pixel over its height.", 1.0)


@dataclass
class LensConfig(Section):
    """What is known of the lens."""

    camera: str | None = key(
        Text(), "A camera that Blender has a preset for, which tells the sensor's width.", None
    )
    focal_length_mm: float | None = key(
        Number(1, 5000),
        "Focal length. Left out: found by the solve, which begins with what the footage's metadata says.",
        None,
    )
    sensor_width_mm: float = key(
        Number(0.5, 500), "Width of the sensor that the focal length refers to.", SENSOR_MM
    )
    distortion_model: str = key(Choice(tuple(COEFFICIENTS)), "Distortion model, as in Blender.", "POLYNOMIAL")
    k1: float = key(Number(-100, 100), "Radial coefficient.", 0.0)
    k2: float = key(Number(-100, 100), "Radial coefficient.", 0.0)
    k3: float = key(Number(-100, 100), "Radial coefficient of `POLYNOMIAL` and `BROWN`; kept as given.", 0.0)
    k4: float = key(Number(-100, 100), "Radial coefficient of `BROWN`; kept as given.", 0.0)
    p1: float = key(
        Number(-100, 100),
        "Tangential coefficient of `BROWN` and, from Blender 5.1, `NUKE`; kept as given.",
        0.0,
    )
    p2: float = key(Number(-100, 100), "As `p1`.", 0.0)
    principal_point: tuple[float, float] | None = key(
        ListOf(_NUMBER, 2, 2, fixed=True, words="a pair of numbers, [x, y]"),
        "Where the lens's axis meets the plate, in pixels from its lower left corner. Left out: the middle.",
        None,
    )
    refine: bool = key(
        Flag(), "`false` keeps the lens as it is given; `true` lets the solve refine it.", True
    )
    refine_principal_point: bool = key(
        Flag(), "`true` lets the solve look for the principal point, for plates that were cropped.", False
    )

    def check(self, path: KeyPath, findings: Findings) -> None:
        allowed = COEFFICIENTS[self.distortion_model]
        for name in _ALL_COEFFICIENTS:
            if name not in allowed and getattr(self, name):
                findings.add(
                    (*path, name),
                    f"is no coefficient of {self.distortion_model}, which has {', '.join(allowed)}",
                    at_key=True,
                )
        if not self.refine and self.focal_length_mm is None:
            findings.add((*path, "refine"), "cannot be false where no focal_length_mm is given")
        if not self.refine and self.refine_principal_point:
            findings.add((*path, "refine_principal_point"), "cannot be true where refine is false")

    def start(self) -> LensStart:
        """What the engine starts the solve from."""
        unknown = LensStart()
        return LensStart(
            focal_length_mm=unknown.focal_length_mm if self.focal_length_mm is None else self.focal_length_mm,
            sensor_width_mm=self.sensor_width_mm,
            distortion_model=self.distortion_model,
            k1=self.k1,
            k2=self.k2,
            more=self._more(),
            principal=self.principal_point,
            refine=self.refine,
            refine_principal=self.refine_principal_point,
        )

    def _more(self) -> tuple[float, ...]:
        """The coefficients after k2, but for zeros at the end."""
        more = [getattr(self, name) for name in COEFFICIENTS[self.distortion_model][2:]]
        while more and not more[-1]:
            more.pop()
        return tuple(more)


@dataclass
class TrackingShotConfig(Section):
    """How the plate is tracked."""

    enabled: bool = key(Flag(), "`false` leaves tracking out and uses what is there.", True)
    preset: str = key(Text(), "A tracking preset, built in or your own.", DEFAULT_TRACKING_PRESET)
    solve: bool = key(Flag(), "Whether the camera is solved after tracking.", True)
    session: str | None = key(
        FilePath(exists=False), "A session file to use. Left out: the one of this footage.", None
    )
    lens: LensConfig = part(LensConfig, "What is known of the lens.")
    mask: str | None = key(
        PathOrName(),
        "Where not to track: the name of a mask in the .blend (of its feather what covers half or more), or a"
        " picture, or the first file of a sequence, white there.",
        None,
    )


@dataclass
class CameraConfig(Section):
    """The camera in the scene."""

    from_tracking: bool = key(Flag(), "Whether the scene's camera follows the solve.", True)
    name: str = key(Text(), "Name of the camera object.", "Tracked Camera")
    bake: bool = key(
        Flag(), "`true` gives the camera keys; `false` leaves it live on the clip's solve.", False
    )
    import_file: str | None = key(
        FilePath(), "File of a camera from elsewhere, used in place of the solve.", None, name="import"
    )
    export_file: str | list[str] = key(
        Either(
            (
                FilePath(exists=False),
                ListOf(FilePath(exists=False), words="a list of paths"),
            )
        ),
        f"Files that the camera is written to, by their endings: {_ENDINGS}.",
        make=list,
        name="export",
    )

    @property
    def exports(self) -> list[str]:
        """The files that the camera is written to."""
        return [self.export_file] if isinstance(self.export_file, str) else self.export_file

    def check(self, path: KeyPath, findings: Findings) -> None:
        for name in self.exports:
            if Path(name).suffix.lower() not in ENDINGS:
                findings.add((*path, "export"), f"{name!r} has to end in {_ENDINGS}")
        source = Path(self.import_file or "a.chan")
        if source.suffix.lower() not in ENDINGS and source.name not in COLMAP_FILES:
            model = f"{_ENDINGS}, or be images.txt of a COLMAP model"
            findings.add((*path, "import"), f"{source.name!r} has to end in {model}")


@dataclass
class KnownDistance(Section):
    """A length measured on the set."""

    tracks: list[str] = key(ListOf(Text(), 2, 2, words="a list of two track names"), "Two tracks.")
    distance: float = key(Number(above=0), "What lies between them, in metres.")


@dataclass
class LightConfig(Section):
    """Where the light comes from."""

    direction: tuple[float, ...] | None = key(
        _VECTOR, "Direction in which the sun shines, in the scene.", None
    )
    hdri: str | None = key(FilePath(), "A picture of the surroundings that lights the scene.", None)

    def check(self, path: KeyPath, findings: Findings) -> None:
        if self.direction is not None and not any(self.direction):
            findings.add((*path, "direction"), "must not be zero in all three")


@dataclass
class SceneConfig(Section):
    """How the solve is laid into the scene."""

    floor: str | list[str] = key(
        Either((Choice(("auto", "none")), ListOf(Text(), 3, words="a list of at least three track names"))),
        "The floor: `auto` finds it, `none` leaves the solve as it is, or tracks that lie on it.",
        "auto",
    )
    origin: str | None = key(
        Text(), "The track that becomes the scene's origin. Left out: below the camera.", None
    )
    scale: float | KnownDistance | None = key(
        Either((Number(above=0), Part(KnownDistance))),
        "A factor on the solve, or a mapping of `tracks` (two names) and their `distance` in metres.",
        None,
    )
    point_cloud: str = key(
        Choice(("none", "empties", "mesh")),
        "The solved points in the scene: an empty each, or one mesh.",
        "none",
    )
    light: LightConfig = part(LightConfig, "Where the light comes from.")
    holdout: list[str] = key(_NAMES, "Objects that stand in for real ones: they hide CG, unseen.", make=list)


@dataclass
class CgConfig(Section):
    """What is put into the plate."""

    blend: str | None = key(
        FilePath(), "A .blend that the CG is taken from. Left out: a stand-in object.", None
    )
    collection: str | None = key(
        Text(), "The collection in it. Left out: the one that its scene shows.", None
    )
    motion_blur: bool | float = key(
        Either((Flag(), Number(0, 1))),
        "`true` blurs as the plate's shutter does; or a shutter in frames: `composite.motion_blur`.",
        False,
    )

    def check(self, path: KeyPath, findings: Findings) -> None:
        if self.collection is not None and self.blend is None:
            findings.add((*path, "collection"), "needs cg.blend, the file that holds it", at_key=True)


@dataclass
class ShadowConfig(Section):
    """The CG's shadow on the plate."""

    density: float = key(Number(0, 1), "How dark: 0 none, 1 as rendered.", 1.0)
    color: tuple[float, ...] = key(_COLOR, "Its colour.", (0.0, 0.0, 0.0))
    softness: float = key(Number(0, 1000), "Blur in pixels of the plate.", 0.0)


@dataclass
class LensDistortionConfig(Section):
    """How the lens of the plate and the straight CG come together."""

    workflow: str = key(
        Choice(WORKFLOWS),
        "`distort_cg` bends the CG to the plate, `undistort_plate` the plate to it.",
        "none",
    )
    use_st_map: bool = key(Flag(), "Through an ST-map in place of Blender's own node.", False)
    st_map_path: str | None = key(
        FilePath(), "ST-map from elsewhere. Left out: made from the solved lens.", None
    )
    st_map_origin: str | None = key(
        Choice(("bottom_left", "top_left")), "Where the map's v counts from. Left out: found.", None
    )
    st_map_centers: str | None = key(
        Choice(("half", "integer", "corner")),
        "What the first pixel's centre has: half a pixel, 0, or 0 with 1 for the last. Left out: found.",
        None,
    )
    st_map_values: str | None = key(
        Choice(("uv", "offset", "offset_px")),
        "Places, offsets in pictures, or offsets in pixels. Left out: found.",
        None,
    )
    nearest: list[str] = key(
        ListOf(Choice(DATA_PASSES), words="a list of passes that hold data"),
        "Data passes that are bent too, each pixel taken whole: further outputs of the composite's group.",
        make=list,
    )
    overscan: str | float = key(
        Either((Choice(("auto",)), Number(0, 1))), "Share of the frame rendered beyond each edge.", "auto"
    )

    def check(self, path: KeyPath, findings: Findings) -> None:
        if self.st_map_path is not None and not self.use_st_map:
            findings.add((*path, "st_map_path"), "is not used unless use_st_map is true", at_key=True)


@dataclass
class StabilizationConfig(Section):
    """Holding the picture still."""

    enabled: bool = key(Flag(), "Whether the picture is stabilised.", False)
    tracks: list[str] = key(
        _NAMES, "Tracks to hold still; empty: those that the solve trusts most.", make=list
    )
    lock: int | None = key(
        Integer(low=1), "Footage frame that the others are brought to. Left out: smoothed.", None
    )
    smooth: float = key(Number(0, 1), "How much of the movement goes, where nothing is locked.", 0.5)
    auto_scale: bool = key(Flag(), "Whether the picture is enlarged until no black edge shows.", True)


@dataclass
class CornerPinConfig(Section):
    """A picture put onto a flat thing in the plate.

    Corners run lower left, lower right, upper right, upper left.
    """

    plane_track: str | None = key(Text(), "A plane track of the clip.", None)
    tracks: list[str] | None = key(
        ListOf(Text(), 4, 4, words="a list of four track names"), "Four tracks, one a corner.", None
    )
    corners: tuple[tuple[float, ...], ...] | None = key(
        _CORNERS, "Four corners in pixels of the plate.", None
    )
    image: str | None = key(FilePath(), "The picture.", None)
    live: bool = key(
        Flag(), "`true` follows the plane track as it is changed, from Blender 4.5; otherwise keyed.", False
    )

    def check(self, path: KeyPath, findings: Findings) -> None:
        given = [name for name in ("plane_track", "tracks", "corners") if getattr(self, name) is not None]
        for name in given[1:]:
            findings.add(
                (*path, name), f"cannot stand beside {given[0]}: one of them says where", at_key=True
            )
        if self.image is not None and not given:
            findings.add((*path, "image"), "needs plane_track, tracks or corners, to say where", at_key=True)
        if self.live and self.plane_track is None:
            findings.add((*path, "live"), "needs plane_track: nothing else can be followed", at_key=True)


@dataclass
class CompositeConfig(Section):
    """How the CG and the plate become one picture; what a composite preset holds."""

    mode: str = key(Text(), "A composite preset, built in or your own.", DEFAULT_COMPOSITE_PRESET)
    description: str = key(Text(empty=True), "In a line, for menus.", "")
    blend: str = key(Choice(BLENDS), "How the CG lies on the background.", "over")
    factor: float = key(Number(0, 1), "How much of the CG is seen.", 1.0)
    background_source: str = key(
        Choice(("footage", "image", "color", "none")), "What lies behind the CG.", "footage"
    )
    background_image: str | None = key(FilePath(), "The picture, where `background_source` is `image`.", None)
    background_color: tuple[float, ...] = key(
        _COLOR, "The colour, where `background_source` is `color`.", (0.0, 0.0, 0.0, 1.0)
    )
    film_transparent: bool = key(Flag(), "Whether the render's sky is transparent.", True)
    shadow_catcher: bool = key(Flag(), "Whether a ground catches the CG's shadow.", False)
    passes: list[str] = key(
        _PASS_LIST,
        "Render passes that it needs; with `shadow_catcher` the shadow is multiplied into the plate.",
        make=lambda: ["combined"],
    )
    shadow: ShadowConfig = part(ShadowConfig, "The CG's shadow.")
    lens_distortion: LensDistortionConfig = part(LensDistortionConfig, "The plate's lens.")
    stabilization: StabilizationConfig = part(StabilizationConfig, "Holding the picture still.")
    corner_pin: CornerPinConfig = part(CornerPinConfig, "A picture on a flat thing in the plate.")
    view: str = key(
        Choice(VIEWS),
        "`plate_exact` sets the view so that the plate comes out as filmed; `view_matched` keeps AgX "
        "or Filmic for the CG and leads the plate through its inverse; `scene_referred` leaves the view "
        "as it is, for grading what is saved as EXR.",
        "plate_exact",
    )
    grain: bool | float = key(
        Either((Flag(), Number(0, 10))), "`true` gives the CG the plate's grain; or how much of it.", False
    )

    motion_blur: bool | float = key(
        Either((Flag(), Number(0, 1))),
        "`true` blurs the CG as the plate's shutter does, which is measured; or a shutter in frames.",
        False,
    )

    @property
    def name(self) -> str:
        """The preset's name; another word for ``mode``."""
        return self.mode


C = TypeVar("C", bound="CompositeSection")


@dataclass
class CompositeSection(Section):
    """The shot's ``composite`` section: a preset, and what the shot says over it.

    ``overrides`` is plain values with the keys of CompositeConfig; ``presets.resolve_composite``
    lays them over the preset.
    """

    mode: str = key(Text(), "A composite preset, built in or your own.", DEFAULT_COMPOSITE_PRESET)
    overrides: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def described(cls) -> dict[str, Key]:
        """Those of the preset."""
        return CompositeConfig.keys()

    @classmethod
    def read_keys(cls: type[C], values: Any, path: KeyPath, findings: Findings) -> C | None:
        tried = Findings(partial=True)
        whole = CompositeConfig.read_keys(values, path, tried)
        findings.extend(tried)
        if whole is None:
            return None
        section = cls(mode=whole.mode, foreign=whole.foreign)
        section.overrides = {name: value for name, value in whole.to_dict().items() if _overrides(name)}
        section.written = whole.written
        return section

    def to_dict(self, full: bool = False) -> dict[str, Any]:
        values = {**super().to_dict(full), **copy.deepcopy(self.overrides)}
        return {**{name: values[name] for name in self.written if name in values}, **values}

    def paths(self, path: KeyPath = ()) -> Iterator[tuple[KeyPath, FilePath, str]]:
        partial = CompositeConfig.read_keys(self.overrides, path, Findings(partial=True))
        return partial.paths(path) if partial is not None else iter(())


def _overrides(name: str) -> bool:
    return name != "mode" and not name.startswith(FOREIGN)


@dataclass
class RenderConfig(Section):
    """How frames are rendered."""

    engine: str | None = key(
        Choice(("cycles", "eevee", "workbench")),
        "Left out: `cycles`, or that of the scene built `into`.",
        None,
    )
    samples: int | None = key(Integer(1, 1_000_000), "Samples a pixel. Left out: as the scene has it.", None)
    passes: list[str] = key(_PASS_LIST, "Passes beyond those that the composite needs.", make=list)
    format: str = key(Choice(("exr", "png", "mp4")), "What is written.", "png")
    resolution_percentage: int = key(Integer(1, 1000), "Size of the frames, in percent of the plate's.", 100)


@dataclass(frozen=True)
class ShotSource:
    """Where a shot was read from: the file as it was named, and the place of every key in it."""

    file: str
    places: Mapping[KeyPath, Place]


@dataclass
class CompositeShotConfig(Section):
    """A whole shot, as a shot file has it under ``shot``."""

    footage: FootageConfig = key(Part(FootageConfig), "The filmed plate.")
    name: str = key(Text(), "Name of the shot.", "shot")
    version: int = key(Integer(low=1), "Version of this format.", FORMAT_VERSION)
    tracking: TrackingShotConfig = part(TrackingShotConfig, "How the plate is tracked.")
    camera: CameraConfig = part(CameraConfig, "The camera in the scene.")
    scene: SceneConfig = part(SceneConfig, "How the solve is laid into the scene.")
    cg: CgConfig = part(CgConfig, "What is put into the plate.")
    composite: CompositeSection = part(CompositeSection, "How it becomes one picture.")
    render: RenderConfig = part(RenderConfig, "How frames are rendered.")
    include: str | list[str] = key(
        _PATHS,
        "Shot files with shared settings, laid under this one; of several the later over the earlier. "
        "Paths in them are relative to them.",
        make=list,
    )
    hooks: str | list[str] = key(_PATHS, "Python files called before and after each stage.", make=list)
    into: str | None = key(FilePath(), "A .blend to build into. Left out: a new file.", None)
    beside: dict[str, Any] = field(default_factory=dict)
    """Foreign keys of the file that stand beside ``shot``."""
    base: Path | None = field(default=None, compare=False)
    """Absolute folder that paths are relative to: the shot file's. None: the current one."""
    source: ShotSource | None = field(default=None, compare=False, repr=False)
    """Where it was read from; None for a shot from Python."""
    included: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What the included files say, plain values: it is in the shot already, and is not written out again."""

    @classmethod
    def read(cls, values: Any, path: KeyPath, findings: Findings) -> CompositeShotConfig | None:
        """Reads both ``{"shot": {…}}`` and what stands under ``shot``."""
        if not isinstance(values, Mapping):
            findings.add(path, f"must be a mapping with the key 'shot', not {show(values)}")
            return None
        if "shot" not in values and not cls.keys().keys().isdisjoint(values):
            return super().read(values, path, findings)
        strangers = [name for name in values if name != "shot" and not str(name).startswith(FOREIGN)]
        for name in strangers:
            findings.add((*path, name), f"unknown key{_top_hint(name)}", at_key=True)
        if "shot" not in values:
            if not strangers:
                findings.add(path, "the key 'shot' is missing")
            return None
        config = super().read(values["shot"], (*path, "shot"), findings)
        if config is not None:
            config.beside = {name: copy.deepcopy(value) for name, value in values.items() if name != "shot"}
        return config

    def check(self, path: KeyPath, findings: Findings) -> None:
        if self.version > FORMAT_VERSION:
            findings.add(
                (*path, "version"),
                f"this Tracked Shot reads version {FORMAT_VERSION}; the file has {self.version}",
            )

    def to_dict(self, full: bool = False) -> dict[str, Any]:
        """The mapping as in the shot file, ``{"shot": {…}}``."""
        return {"shot": super().to_dict(full), **copy.deepcopy(self.beside)}

    def resolve(self, text: str) -> Path:
        """A path of the shot as an absolute one; raises InputError for a variable that is not set."""
        return absolute_path(text, self.base)

    def moved(self, folder: Path) -> CompositeShotConfig:
        """The same shot with its paths relative to another folder, for a shot file there."""
        old, new = self.base or Path.cwd(), Path(folder).absolute()
        if old == new:
            return self

        def move(_: KeyPath, text: str) -> str:
            return moved_path(text, old, new)

        values = self.to_dict()
        values["shot"] = change_paths(CompositeShotConfig, values["shot"], move)
        made = CompositeShotConfig.from_dict(values)
        made.base, made.included = new, change_paths(CompositeShotConfig, self.included, move)
        return made

    @property
    def scene_start(self) -> int:
        """Scene frame of footage frame 1: as it is given, else a sequence's own first number, else 1."""
        given = self.footage.scene_start
        return first_number(self.footage_path) if given is None else given

    def lens_start(self, footage: Footage) -> LensStart:
        """What is known of the lens before the solve: from the shot, else from the footage's metadata."""
        start = replace(self.tracking.lens.start(), pixel_aspect=self.footage.pixel_aspect)
        return start if self.tracking.lens.focal_length_mm is not None else start_of_footage(footage, start)

    @property
    def footage_path(self) -> Path:
        """The clip, absolute; of a sequence given as a pattern the first file that is there."""
        path = self.resolve(self.footage.file)
        return first_of_sequence(path) or path


def _top_hint(name: Any) -> str:
    """What was probably meant by a key that cannot stand beside ``shot``."""
    known = CompositeShotConfig.keys()
    if name in known:
        return "; it belongs under 'shot'"
    return hint(str(name), ["shot"])


def first_of_sequence(path: Path) -> Path | None:
    """The first file that fits ``shot_####.exr`` or ``shot_%04d.exr``; None where there is none.

    A file that really has that name comes first. More digits than the pattern asks for are
    taken where the number needs them, as ``printf`` would.
    """
    if path.exists():
        return path
    pattern = re.search(r"#+|%0?(\d*)d", path.name)
    if not pattern:
        return None
    digits = min(len(pattern.group()) if pattern.group()[0] == "#" else int(pattern.group(1) or 1), 99)
    before, after = path.name[: pattern.start()], path.name[pattern.end() :]
    number = re.compile(rf"{re.escape(before)}(\d{{{digits},}}){re.escape(after)}\Z")
    try:
        names = os.listdir(path.parent)
    except OSError:
        return None
    found = [(int(match.group(1)), name) for name in names if (match := number.match(name))]
    return path.parent / min(found)[1] if found else None


def first_number(path: Path) -> int:
    """The number in the name of a sequence's first file; 1 for a movie, and for a number that is no frame."""
    from .engine.footage import IMAGE_SUFFIXES  # late: it brings OpenCV, which few readers need

    number = re.search(r"(\d+)\D*$", path.stem)
    value = int(number.group(1)) if number and path.suffix.lower() in IMAGE_SUFFIXES else 1
    return value if value <= LAST_SCENE_FRAME else 1


def defaults_table() -> str:
    """Every key of a shot file with its values, default and meaning: a Markdown table a section."""
    parts = []
    for heading, section, note in _sections("shot", CompositeShotConfig):
        defaults = "as the preset says" if heading.startswith("shot.composite") else None
        parts.append(f"## `{heading}`\n\n{note}\n\n{markdown_table(section, defaults)}\n")
    return "\n".join(parts)


def _sections(heading: str, section: type[Section]) -> list[tuple[str, type[Section], str]]:
    """The section and those in it, in order, each with its place and what it is for."""
    if section is CompositeSection:
        section = CompositeConfig
    note = (section.__doc__ or "").split("\n\n")[0].replace("``", "`")
    found = [(heading, section, note)]
    for name, spec in section.keys().items():
        if isinstance(spec.kind, Part):
            found += _sections(f"{heading}.{name}", spec.kind.section)
    return found
