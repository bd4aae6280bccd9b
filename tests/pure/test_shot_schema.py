"""The schema for editors: current, and of one mind with the loader."""

from __future__ import annotations

import copy
import random
import re
from pathlib import Path
from typing import Any

import pytest

from addon.tracking import yaml_tools
from addon.tracking.config import CompositeShotConfig
from addon.tracking.schema import Findings
from addon.tracking.shotfile import ShotFileError, load_shot
from tests.pure.test_config import any_section
from tests.pure.test_shotfile import EVERYTHING, EXAMPLE
from tools.make_docs import SCHEMA, schema_text, shot_schema

KNOWN = {
    "$schema", "title", "description", "default", "examples", "type", "enum", "pattern", "minimum", "maximum",
    "exclusiveMinimum", "items", "minItems", "maxItems", "properties", "patternProperties",
    "additionalProperties", "required", "anyOf", "if", "then", "else",
}  # fmt: skip


def has_type(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    kinds = {"string": str, "object": dict, "array": list, "null": type(None), "number": (int, float)}
    if name == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return name in kinds and isinstance(value, kinds[name])


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """JSON Schema, as much of it as the schema uses; any other word of it fails the test."""
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(has_type(value, name) for name in types):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "anyOf" in schema and not any(fits(value, one) for one in schema["anyOf"]):
        return False
    if "if" in schema:
        branch = "then" if fits(value, schema["if"]) else "else"
        if not fits(value, schema[branch]):
            return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return schema.get("minimum", value) <= value <= schema.get("maximum", value) and value > schema.get(
            "exclusiveMinimum", value - 1
        )
    if isinstance(value, list):
        return schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)) and all(
            fits(item, schema.get("items", {})) for item in value
        )
    return not isinstance(value, dict) or _object_fits(value, schema)


def _object_fits(value: dict[str, Any], schema: dict[str, Any]) -> bool:
    if any(name not in value for name in schema.get("required", ())):
        return False
    for name, item in value.items():
        rules = [rule for known, rule in schema.get("properties", {}).items() if known == name]
        rules += [
            rule for known, rule in schema.get("patternProperties", {}).items() if re.search(known, name)
        ]
        if not all(fits(item, rule) for rule in rules):
            return False
        if not rules and schema.get("additionalProperties", True) is False:
            return False
    return True


def loads(folder: Path, text: str) -> bool:
    (folder / "shot.yaml").write_text(text)
    try:
        load_shot(folder / "shot.yaml")
    except ShotFileError:
        return False
    return True


def test_the_schema_is_current() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run python -m tools.make_docs"


GOOD = [
    EXAMPLE,
    "shot: {footage: {file: a}}",
    "shot: {footage: {file: a, fps:}, tracking:, render: {engine:, samples: 4}}",
    "shot: {include: show.yaml}",
    "shot: {include: show.yaml, footage: {fps: 24}}",
    "shot: {footage: {file: '${HOME}/a'}, hooks: [a.py, b.py], x-a: {any: [1, {thing: 2}]}}\nx-b: 1",
    "shot: {footage: {file: a}, scene: {floor: [a, b, c], scale: {tracks: [a, b], distance: 2}}}",
    "shot: {footage: {file: a}, scene: {floor: auto, scale: 2}, cg: {motion_blur: true}}",
    "shot: {footage: {file: a}, cg: {motion_blur: 0.5}, composite: {grain: true, passes: []}}",
    "shot: {footage: {file: a, frame_range: [1.0, 5]}, composite: {lens_distortion: {overscan: auto}}}",
    "shot: {footage: {file: a}, composite: {corner_pin: {corners: [[0, 0], [1, 0], [1, 1], [0, 1]]}}}",
]
BAD = [
    "shot: {}",
    "shot:",
    "[]",
    "shot: {footage: {fps: 24}}",
    "shot: {footage: {file:}}",
    "shot: {footage: a.mp4}",
    "shot: {include: show.yaml, footage: {file:, fps: 24}}",
    "shot: {include: show.yaml, footage:}",
    "shot: {footage: {file: ''}}",
    "shot: {footage: {file: '${'}}",
    "shot: {footage: {file: 3}}",
    "shot: {footage: {file: a, fps: 0}}",
    "shot: {footage: {file: a, fps: '24'}}",
    "shot: {footage: {file: a, frame_range: [0, 5]}}",
    "shot: {footage: {file: a, frame_range: [1, 2, 3]}}",
    "shot: {footage: {file: a, frame_range: [1.5, 2]}}",
    "shot: {footage: {file: a}, version: 2}",
    "shot: {footage: {file: a}, trackin: {}}",
    "shot: {footage: {file: a}, trackin:}",
    "shot: {footage: {file: a}, tracking: {lens: {distortion_model: polynomial}}}",
    "shot: {footage: {file: a}, scene: {floor: ground}}",
    "shot: {footage: {file: a}, scene: {floor: [a, b]}}",
    "shot: {footage: {file: a}, scene: {scale: {tracks: [a, b]}}}",
    "shot: {footage: {file: a}, scene: {scale: {tracks: [a, b], distance: 0}}}",
    "shot: {footage: {file: a}, cg: {motion_blur: 3}}",
    "shot: {footage: {file: a}, composite: {shadow: {color: [0, 0]}}}",
    "shot: {footage: {file: a}, composite: {passes: [deepth]}}",
    "shot: {footage: {file: a}, camera: {bake: 1}}",
    "shot: {footage: {file: a}, include: 3}",
    "shot: {footage: {file: a}}\nrender: {}",
]


@pytest.mark.parametrize("text", GOOD + BAD)
def test_good_and_bad_files_are_judged_alike(tmp_path: Path, text: str) -> None:
    (tmp_path / "show.yaml").write_text("shot: {footage: {file: plate.mp4}}")
    good = text in GOOD
    assert loads(tmp_path, text) is good
    assert fits(yaml_tools.read_text(text).value, shot_schema()) is good


JUNK = [None, True, 0, -3, 2.5, 1e12, "", "no such", [], ["a"], [1, 2, 3], {}, {"a": 1}, {"x-a": 1}]


def changed(values: dict[str, Any], rng: random.Random) -> None:
    """Puts junk somewhere into the values, or takes something out."""
    here: Any = values
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(here[key], (dict, list)) and here[key] and rng.random() < 0.7:
            here = here[key]
            continue
        way = rng.randrange(4)
        if way == 0 and isinstance(here, dict):
            here[f"{key}s"] = here.pop(key)
        elif way == 1:
            del here[key]
        else:
            here[key] = copy.deepcopy(rng.choice(JUNK))
        return


def test_files_made_at_random_are_judged_alike() -> None:
    rng, schema, good = random.Random(8), shot_schema(), 0
    for _ in range(300):
        values = {"shot": any_section(CompositeShotConfig, rng)}
        values["shot"].pop("include", None)  # read before, by the loader
        for _ in range(rng.choice((0, 1, 1, 2))):
            changed(values, rng)
        # What the schema cannot say, keys held against each other, is left out.
        findings = Findings(partial=True)
        loader = CompositeShotConfig.read(copy.deepcopy(values), (), findings) is not None and not findings
        loader = loader and "shot" in values
        assert fits(values, schema) is loader, (values, findings)
        good += loader
    assert 60 < good < 240


def test_the_file_with_every_key_fits() -> None:
    values = yaml_tools.read_text(EVERYTHING).value
    values["x-studio"] = values["shot"]["x-farm"] = {}  # JSON knows no key that is true or false
    assert fits(values, shot_schema())
