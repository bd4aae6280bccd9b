"""The data classes of a shot: reading and writing undo each other."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from addon.tracking import schema
from addon.tracking.config import (
    CompositeConfig,
    CompositeSection,
    CompositeShotConfig,
    FootageConfig,
    KnownDistance,
    LensConfig,
    ShadowConfig,
    TrackingShotConfig,
    first_of_sequence,
)
from addon.tracking.engine.model import LensStart
from addon.tracking.schema import ConfigError
from tools.make_docs import SHOT_FILE, shot_file_page

SECTIONS = sorted(schema.Section.__subclasses__(), key=lambda section: section.__name__)
"""Every data class of a shot file: a new one is tried as soon as it is there."""


def test_the_sections_are_found() -> None:
    assert {FootageConfig, TrackingShotConfig, CompositeShotConfig, CompositeSection} <= set(SECTIONS)
    assert len(SECTIONS) >= 16


def any_value(kind: schema.Kind, rng: random.Random) -> Any:
    """A plain value that the kind accepts."""
    if isinstance(kind, schema.Flag):
        return rng.random() < 0.5
    if isinstance(kind, schema.Integer):
        return rng.randint(int(kind.low), int(min(kind.high, kind.low + 1000)))
    if isinstance(kind, schema.Number):
        low = max(kind.low if kind.above is None else kind.above + 1e-6, -1000)
        return rng.uniform(low, min(kind.high, low + 1000))
    if isinstance(kind, schema.Choice):
        return rng.choice(kind.names)
    if isinstance(kind, schema.Text):
        return rng.choice(["a", "höhe", "no", "1", "with space", "x: y"])
    if isinstance(kind, schema.FrameRange):
        first = rng.randint(1, 50)
        return [first, first + rng.randint(0, 50)]
    if isinstance(kind, schema.ListOf):
        return [
            any_value(kind.kind, rng) for _ in range(rng.randint(kind.least, min(kind.most, kind.least + 2)))
        ]
    if isinstance(kind, schema.Either):
        return any_value(rng.choice(kind.kinds), rng)
    assert isinstance(kind, schema.Part)
    return any_section(kind.section, rng)


def any_section(section: type[schema.Section], rng: random.Random) -> dict[str, Any]:
    """Plain values for a section; about half of the keys, sometimes with a foreign one."""
    values = {
        name: any_value(spec.kind, rng)
        for name, spec in section.described().items()
        if spec.required or rng.random() < 0.5
    }
    if "version" in values:
        values["version"] = 1
    if rng.random() < 0.2:
        values["x-other"] = {"deep": [1, {"a": None}]}
    return values


@pytest.mark.parametrize("section", SECTIONS)
def test_reading_and_writing_undo_each_other(section: type[schema.Section]) -> None:
    rng = random.Random(section.__name__)
    read = 0
    for _ in range(150):
        values = any_section(section, rng)
        try:
            config = section.from_dict(values)
        except ConfigError:  # keys that cannot stand beside each other
            continue
        read += 1
        written = config.to_dict()
        inner = written["shot"] if section is CompositeShotConfig else written
        assert inner == values
        assert list(inner) == list(values)
        assert section.from_dict(written) == config
        assert section.from_dict(config.to_dict(full=True)) == config
    assert read >= 20


def test_made_in_python_and_changed() -> None:
    config = CompositeShotConfig(FootageConfig("a.mp4", frame_range=(3, 9)))
    assert config.to_dict() == {"shot": {"footage": {"file": "a.mp4", "frame_range": [3, 9]}}}
    config.tracking.preset = "fast"
    config.scene.scale = KnownDistance(["a", "b"], 2.0)
    config.composite.overrides["shadow"] = {"density": 0.5}
    again = CompositeShotConfig.from_dict(config.to_dict())
    assert again == config
    assert again.tracking.preset == "fast"
    again.composite.overrides["shadow"]["density"] = 0.1
    assert config.composite.overrides["shadow"]["density"] == 0.5


def test_a_written_default_that_is_changed_and_put_back_is_still_written() -> None:
    config = TrackingShotConfig.from_dict({"solve": True})
    assert config.to_dict() == {"solve": True}
    assert config == TrackingShotConfig()
    assert TrackingShotConfig().to_dict() == {}


def test_full_writing_has_every_key() -> None:
    assert set(CompositeConfig().to_dict(full=True)) == set(CompositeConfig.keys())
    assert CompositeConfig().to_dict(full=True)["shadow"] == {
        "density": 1.0,
        "color": [0.0, 0.0, 0.0],
        "softness": 0.0,
    }


def test_the_error_holds_all_findings() -> None:
    with pytest.raises(ConfigError) as caught:
        CompositeConfig.from_dict({"blend": "ad", "factor": 2, "shadow": {"colour": [0, 0, 0]}})
    assert [finding.path for finding in caught.value.findings] == [
        ("blend",),
        ("factor",),
        ("shadow", "colour"),
    ]
    assert "did you mean 'add'?" in str(caught.value)
    assert "did you mean 'color'?" in str(caught.value)


def test_findings_are_bounded() -> None:
    with pytest.raises(ConfigError) as caught:
        ShadowConfig.from_dict({f"densit{number}": 1 for number in range(20_000)})
    assert len(caught.value.findings) == schema.MOST_FINDINGS


def test_lens_start() -> None:
    assert LensConfig().start() == LensStart()
    known = LensConfig(focal_length_mm=35.0, sensor_width_mm=24.0, k1=0.1, refine=False)
    assert known.start() == LensStart(35.0, 24.0, "POLYNOMIAL", 0.1, 0.0, refine=False)
    with pytest.raises(ConfigError, match="focal_length_mm"):
        LensConfig.from_dict({"refine": False})


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("a_##.png", "a_02.png"),
        ("a_%02d.png", "a_02.png"),
        ("a_%d.png", "a_02.png"),
        ("a_###.png", "a_100.png"),
        ("a_####.png", None),
        ("b_##.png", None),
        ("a_02.png", "a_02.png"),
        ("odd#.png", "odd#.png"),
    ],
)
def test_first_of_sequence(tmp_path: Path, name: str, first: str | None) -> None:
    for there in ("a_10.png", "a_02.png", "a_100.png", "a_x.png", "odd#.png", "odd3.png"):
        (tmp_path / there).write_bytes(b"")
    found = first_of_sequence(tmp_path / name)
    assert found == (tmp_path / first if first else None)


def test_the_page_on_shot_files_is_current() -> None:
    assert SHOT_FILE.read_text(encoding="utf-8") == shot_file_page(), "run python -m tools.make_docs"
