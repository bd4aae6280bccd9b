"""Which stages of a build run, for every key of a shot file."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from addon.tracking.config import CompositeConfig, CompositeShotConfig
from addon.tracking.errors import InputError
from addon.tracking.schema import Part, Section
from addon.tracking.shotfile import load_shot_dict
from addon.tracking.stages import NAMES, STAGES, Memory, Plan, StageMemory, decisions
from tests import drawn

FOOTAGE, PREFLIGHT, TRACK, SOLVE, CAMERA, SCENE, CG, COMPOSITE, RENDER = NAMES
SOLVED_ANEW = (SOLVE, CAMERA, SCENE, CG, COMPOSITE)
PLACED_ANEW = (CAMERA, SCENE, CG, COMPOSITE)
ALL = NAMES

BASE: dict[str, Any] = {
    "name": "walls",
    "footage": {"file": "walls.avi", "frame_range": [1, 6]},
    "composite": {"corner_pin": {"corners": [[0, 0], [9, 0], [9, 9], [0, 9]]}},
}
LENS = {"distortion_model": "BROWN"}
LIGHT = {"light": {"direction": [0, 0, -1]}}
MAPPED = {"lens_distortion": {"use_st_map": True}}

# Each key of a shot file: another value for it, the stages that run then, what else the shot needs for it.
TABLE: dict[str, tuple[Any, tuple[str, ...]] | tuple[Any, tuple[str, ...], dict[str, Any]]] = {
    "name": ("other", ()),
    "version": (1, ()),
    "include": (None, ()),
    "hooks": ("hook.py", ALL),
    "into": ("other.blend", tuple(name for name in ALL if name not in (TRACK, SOLVE))),
    "footage.file": ("other.avi", ALL),
    "footage.frame_range": ([2, 6], (PREFLIGHT, TRACK, *SOLVED_ANEW, RENDER)),
    "footage.scene_start": (101, (FOOTAGE, *PLACED_ANEW, RENDER)),
    "footage.color_space": ("Non-Color", (FOOTAGE,)),
    "footage.fps": (25, (PREFLIGHT, RENDER)),
    "footage.pixel_aspect": (2.0, (FOOTAGE, *SOLVED_ANEW)),
    "tracking.enabled": (False, (TRACK, *SOLVED_ANEW)),
    "tracking.preset": ("fast", (TRACK, *SOLVED_ANEW)),
    "tracking.solve": (False, SOLVED_ANEW),
    "tracking.session": ("other.tracksession", (TRACK, *SOLVED_ANEW)),
    "tracking.mask": ("mask.png", (TRACK, *SOLVED_ANEW)),
    "tracking.lens.camera": ("Camera", SOLVED_ANEW),
    "tracking.lens.focal_length_mm": (35, SOLVED_ANEW),
    "tracking.lens.sensor_width_mm": (24, SOLVED_ANEW),
    "tracking.lens.distortion_model": ("DIVISION", SOLVED_ANEW),
    "tracking.lens.k1": (0.1, SOLVED_ANEW),
    "tracking.lens.k2": (0.1, SOLVED_ANEW),
    "tracking.lens.k3": (0.1, SOLVED_ANEW),
    "tracking.lens.k4": (0.1, SOLVED_ANEW, {"tracking": {"lens": LENS}}),
    "tracking.lens.p1": (0.1, SOLVED_ANEW, {"tracking": {"lens": LENS}}),
    "tracking.lens.p2": (0.1, SOLVED_ANEW, {"tracking": {"lens": LENS}}),
    "tracking.lens.principal_point": ([10, 8], SOLVED_ANEW),
    "tracking.lens.refine_principal_point": (True, SOLVED_ANEW),
    "tracking.lens.refine": (False, SOLVED_ANEW, {"tracking": {"lens": {"focal_length_mm": 30}}}),
    "camera.from_tracking": (False, PLACED_ANEW),
    "camera.name": ("Other", PLACED_ANEW),
    "camera.bake": (True, PLACED_ANEW),
    "camera.import": ("camera.chan", PLACED_ANEW),
    "camera.export": ("out.chan", PLACED_ANEW),
    "scene.floor": ("none", PLACED_ANEW),
    "scene.origin": ("T1", PLACED_ANEW),
    "scene.scale": (2, PLACED_ANEW),
    "scene.point_cloud": ("mesh", (SCENE,)),
    "scene.light.direction": ([0, 1, -1], (SCENE,), {"scene": LIGHT}),
    "scene.light.hdri": ("sky.hdr", (SCENE,)),
    "scene.holdout": (["Wall"], (CG,)),
    "cg.blend": ("cg.blend", (CG,)),
    "cg.collection": ("robot", (CG,), {"cg": {"blend": "cg.blend"}}),
    "cg.motion_blur": (True, (COMPOSITE,)),
    "composite.mode": ("additive_glow", (SCENE, COMPOSITE)),  # which has no shadow catcher
    "composite.description": ("a word", ()),
    "composite.blend": ("add", (COMPOSITE,)),
    "composite.factor": (0.5, (COMPOSITE,)),
    "composite.background_source": ("none", (COMPOSITE,)),
    "composite.background_image": ("back.png", (COMPOSITE,)),
    "composite.background_color": ([1, 0, 0], (COMPOSITE,)),
    "composite.film_transparent": (False, (COMPOSITE,)),
    "composite.shadow_catcher": (False, (SCENE, COMPOSITE)),
    "composite.passes": (["combined", "depth"], (COMPOSITE, RENDER)),
    "composite.shadow.density": (0.5, (COMPOSITE,)),
    "composite.shadow.color": ([0, 0, 0.1], (COMPOSITE,)),
    "composite.shadow.softness": (2, (COMPOSITE,)),
    "composite.lens_distortion.workflow": ("distort_cg", (COMPOSITE,)),
    "composite.lens_distortion.use_st_map": (True, (COMPOSITE,)),
    "composite.lens_distortion.st_map_path": ("map.exr", (COMPOSITE,), {"composite": MAPPED}),
    "composite.lens_distortion.st_map_origin": ("top_left", (COMPOSITE,)),
    "composite.lens_distortion.st_map_centers": ("integer", (COMPOSITE,)),
    "composite.lens_distortion.st_map_values": ("offset", (COMPOSITE,)),
    "composite.lens_distortion.nearest": (["depth"], (COMPOSITE,)),
    "composite.lens_distortion.overscan": (0.1, (COMPOSITE,)),
    "composite.stabilization.enabled": (True, (COMPOSITE,)),
    "composite.stabilization.tracks": (["T1"], (COMPOSITE,)),
    "composite.stabilization.lock": (2, (COMPOSITE,)),
    "composite.stabilization.smooth": (0.2, (COMPOSITE,)),
    "composite.stabilization.auto_scale": (False, (COMPOSITE,)),
    "composite.corner_pin.plane_track": ("Plane", (COMPOSITE,), {"composite": {"corner_pin": None}}),
    "composite.corner_pin.tracks": (["A", "B", "C", "D"], (COMPOSITE,), {"composite": {"corner_pin": None}}),
    "composite.corner_pin.corners": ([[1, 0], [9, 0], [9, 9], [0, 9]], (COMPOSITE,)),
    "composite.corner_pin.image": ("poster.png", (COMPOSITE,)),
    "composite.corner_pin.live": (
        True,
        (COMPOSITE,),
        {"composite": {"corner_pin": {"plane_track": "Plane"}}},
    ),
    "composite.view": ("scene_referred", (COMPOSITE,)),
    "composite.grain": (True, (COMPOSITE,)),
    "composite.motion_blur": (0.5, (COMPOSITE,)),
    "render.engine": ("eevee", (SCENE, COMPOSITE, RENDER)),
    "render.samples": (9, (RENDER,)),
    "render.passes": (["depth"], (RENDER,)),
    "render.format": ("exr", (RENDER,)),
    "render.resolution_percentage": (50, (COMPOSITE, RENDER)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the footage and the files that the table names."""
    folder = tmp_path_factory.mktemp("shot")
    for name, frames in (("walls.avi", 6), ("other.avi", 7)):
        drawn.draw_clip(folder / name, frames=frames, width=96, height=54, detail=0.5)
    for name in ("hook.py", "camera.chan", "sky.hdr", "cg.blend", "back.png", "map.exr", "poster.png"):
        (folder / name).write_text(name)
    return folder


def all_keys(section: type[Section], before: str = "") -> Iterator[str]:
    for name, spec in section.keys().items():
        if before == "" and name == "composite":
            yield from all_keys(CompositeConfig, "composite.")
        elif isinstance(spec.kind, Part):
            yield from all_keys(spec.kind.section, f"{before}{name}.")
        else:
            yield before + name


def put(values: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    values = copy.deepcopy(values)
    *sections, last = key.split(".")
    inner = values
    for section in sections:
        inner[section] = inner.get(section) or {}
        inner = inner[section]
    inner[last] = value
    return values


def shot(folder: Path, values: dict[str, Any]) -> CompositeShotConfig:
    return load_shot_dict(values, base=folder)


def built(config: CompositeShotConfig) -> Memory:
    """What is remembered after a build of the shot."""
    plan = Plan(config, Memory())
    return Memory({name: plan.note(name) for name in NAMES})


def runs(config: CompositeShotConfig, memory: Memory, **options: Any) -> tuple[str, ...]:
    return tuple(item.stage for item in decisions(config, memory, **options) if item.runs)


def test_every_key_of_a_shot_file_is_in_the_table() -> None:
    assert set(all_keys(CompositeShotConfig)) == set(TABLE)


@pytest.mark.parametrize("key", TABLE)
def test_another_value_runs_just_the_stages_that_it_goes_into(key: str, folder: Path) -> None:
    value, expected, *more = TABLE[key]
    values = BASE
    for section, under in (more[0] if more else {}).items():
        for name, given in under.items():
            values = put(values, f"{section}.{name}", given)
    memory = built(shot(folder, values))
    assert runs(shot(folder, values), memory) == ()
    assert runs(shot(folder, put(values, key, value)), memory) == expected


def test_a_file_of_another_content_counts_as_changed(folder: Path) -> None:
    values = put(BASE, "cg.blend", "cg.blend")
    memory = built(shot(folder, values))
    try:
        (folder / "cg.blend").write_text("other CG")
        (why,) = [item for item in decisions(shot(folder, values), memory) if item.runs]
    finally:
        (folder / "cg.blend").write_text("cg.blend")
    assert (why.stage, why.why, why.changed) == (CG, "cg.blend changed", ("cg.blend",))


def test_real_cg_stays_where_it_is_when_the_camera_changes(folder: Path) -> None:
    values = put(BASE, "cg.blend", "cg.blend")
    memory = built(shot(folder, values))
    assert runs(shot(folder, put(values, "camera.bake", True)), memory) == (CAMERA, SCENE, COMPOSITE)


def test_stages_can_be_asked_for(folder: Path) -> None:
    config = shot(folder, BASE)
    memory = built(config)
    assert runs(config, memory, fresh=True) == ALL
    assert runs(config, memory, start=CG) == (CG, COMPOSITE, RENDER)
    with pytest.raises(InputError, match="no stage 'cgi'"):
        Plan(config, memory, start="cgi")


def test_what_was_interrupted_after_a_stage_goes_on_with_the_next(folder: Path) -> None:
    config = shot(folder, BASE)
    memory = built(config)
    changed = shot(folder, put(BASE, "scene.floor", "none"))
    plan = Plan(changed, memory)
    for name in NAMES[:5]:
        plan.decide(name)
        memory.stages[name] = plan.note(name)
    assert runs(changed, memory) == (SCENE, CG, COMPOSITE)


def test_a_solve_made_in_between_is_taken_in(folder: Path) -> None:
    config = shot(folder, BASE)
    solve = {"the solve": "first"}
    plan = Plan(config, Memory(), outcomes=lambda name: solve if name == CAMERA else {})
    memory = Memory({name: plan.note(name) for name in NAMES})
    found = decisions(config, memory, outcomes=lambda name: {"the solve": "second"} if name == CAMERA else {})
    assert tuple(item.stage for item in found if item.runs) == PLACED_ANEW
    assert found[4].why == "the solve changed"


def test_a_stage_of_another_version_runs(folder: Path) -> None:
    config = shot(folder, BASE)
    memory = built(config)
    memory.stages[SCENE] = StageMemory("of an older version", memory.stages[SCENE].parts)
    assert runs(config, memory) == (SCENE,)


def test_memory_is_kept_as_json_and_strange_stages_are_passed_over(folder: Path) -> None:
    memory = built(shot(folder, BASE))
    assert Memory.from_dict(memory.to_dict()) == memory
    assert Memory.from_dict({**memory.to_dict(), "stage of tomorrow": {}}) == memory


def test_the_stages_are_those_of_the_shot_file_and_build_on_earlier_ones() -> None:
    assert NAMES == (
        "footage", "preflight", "track", "solve", "camera", "scene", "cg", "composite", "render_settings",
    )  # fmt: skip
    for number, stage in enumerate(STAGES):
        assert set(stage.after) <= set(NAMES[:number])
