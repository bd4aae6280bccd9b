"""Presets: those built in, the user's own, and broken ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from addon.tracking import presets
from addon.tracking.config import CompositeConfig, CompositeSection, ShadowConfig
from addon.tracking.engine.model import TrackingSettings
from addon.tracking.errors import InputError
from addon.tracking.schema import ConfigError

COMPOSITE = [
    "additive_glow",
    "over_footage",
    "over_plate",
    "screen_blend",
    "shadow_multiply",
    "stabilized",
    "with_distortion",
]
TRACKING = ["aerial", "architectural", "balanced", "fast", "handheld", "high_quality", "product"]


@pytest.fixture(autouse=True)
def no_user_folder() -> Iterator[None]:
    presets.set_user_folder(None)
    yield
    presets.set_user_folder(None)


def put(folder: Path, group: str, name: str, text: str) -> Path:
    path = folder / group / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_built_in_presets_are_there_and_sound() -> None:
    composite, tracking = presets.list_composite_presets(), presets.list_tracking_presets()
    assert [info.name for info in composite] == COMPOSITE
    assert [info.name for info in tracking] == TRACKING
    for info in composite + tracking:
        assert info.built_in
        assert not info.error
        assert info.description
        assert info.path.is_file()


def test_composite_presets_say_what_their_names_say() -> None:
    load = presets.load_composite_preset
    over = load("over_footage")
    assert (over.mode, over.name, over.blend, over.background_source) == ("over_footage",) * 2 + (
        "over",
        "footage",
    )
    assert over.film_transparent
    assert over.shadow_catcher
    assert not load("over_plate").shadow_catcher
    assert "shadow_catcher" in load("shadow_multiply").passes
    assert load("additive_glow").blend == "add"
    assert load("screen_blend").blend == "screen"
    assert load("with_distortion").lens_distortion.workflow == "distort_cg"
    assert load("stabilized").stabilization.enabled
    assert len({str(load(name).to_dict()) for name in COMPOSITE}) == len(COMPOSITE)


def test_tracking_presets() -> None:
    assert presets.load_tracking_preset() == presets.load_tracking_preset("balanced") == TrackingSettings()
    assert presets.load_tracking_preset("high_quality").density > TrackingSettings().density
    assert presets.load_tracking_preset("fast").density < TrackingSettings().density
    assert set(presets.TRACKING_KINDS) == set(TrackingSettings.__dataclass_fields__) - {"mask", "mask_print"}


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'over_footage'"):
        presets.load_composite_preset("over_fotage")
    with pytest.raises(InputError, match="did you mean 'high_quality'"):
        presets.load_tracking_preset("High Quality")
    with pytest.raises(InputError, match="no composite preset"):
        presets.load_composite_preset("../composite/over_footage")


def test_the_users_own_presets(tmp_path: Path) -> None:
    path = put(tmp_path, "composite", "mine", "description: mine\nblend: add\nshadow: {density: 0.5}\n")
    put(tmp_path, "tracking", "dense", "description: Very dense\ndensity: 500\n")
    presets.set_user_folder(tmp_path)
    config = CompositeConfig(blend="add", description="mine", shadow=ShadowConfig(density=0.5))
    config.mode = "mine"
    assert presets.load_composite_preset("mine") == config
    assert presets.load_tracking_preset("dense") == TrackingSettings(density=500)
    assert [info.name for info in presets.list_composite_presets()] == [*COMPOSITE, "mine"]
    info = presets.list_composite_presets()[-1]
    assert (info.path, info.built_in, info.description, info.error) == (path, False, "mine", "")
    assert presets.list_tracking_presets(tmp_path / "elsewhere")[-1].name == TRACKING[-1]


def test_broken_files_are_listed_and_stop_nothing(tmp_path: Path) -> None:
    put(tmp_path, "composite", "cut", "blend: [")
    put(tmp_path, "composite", "list", "- 1\n")
    put(tmp_path, "composite", "typo", "description: a\nblnd: add\n")
    put(tmp_path, "composite", "over_footage", "blend: add\n")
    put(tmp_path, "composite", "sound", "description: sound\n")
    (tmp_path / "composite" / "latin.yaml").write_bytes(b"description: caf\xe9\n")
    put(tmp_path, "tracking", "even", "pattern: 20\n")
    put(tmp_path, "tracking", "word", "density: many\n")
    infos = {info.name: info for info in presets.list_composite_presets(tmp_path) if not info.built_in}
    assert sorted(infos) == ["cut", "latin", "list", "over_footage", "sound", "typo"]
    assert not infos["sound"].error
    for name in ("cut", "latin", "list", "over_footage", "typo"):
        assert infos[name].error
        assert "\n" not in infos[name].error
    assert "typo.yaml:2:1: blnd: unknown key; did you mean 'blend'?" in infos["typo"].error
    assert presets.load_composite_preset("over_footage", tmp_path).blend == "over"
    with pytest.raises(InputError, match="unknown key"):
        presets.load_composite_preset("typo", tmp_path)
    errors = [info.error for info in presets.list_tracking_presets(tmp_path) if info.error]
    assert len(errors) == 2
    assert "pattern: must be odd" in errors[0]
    assert "even.yaml:1:10" in errors[0]
    assert "density: must be a whole number" in errors[1]


def test_a_shot_over_a_preset(tmp_path: Path) -> None:
    section = CompositeSection.from_dict(
        {"mode": "shadow_multiply", "shadow": {"density": 0.5}, "background_image": "clean.png"}
    )
    config = presets.resolve_composite(section, base=tmp_path)
    assert config.mode == "shadow_multiply"
    assert config.shadow == ShadowConfig(density=0.5)
    assert config.passes == ["combined", "shadow_catcher"]
    assert config.background_image == str(tmp_path / "clean.png")
    assert section.overrides["background_image"] == "clean.png"
    path = put(tmp_path, "composite", "pinned", "corner_pin: {plane_track: p, image: a.png}\n")
    pinned = presets.resolve_composite(CompositeSection("pinned"), tmp_path)
    assert pinned.corner_pin.image == str(path.parent / "a.png")
    clash = CompositeSection.from_dict({"mode": "pinned", "corner_pin": {"tracks": ["a", "b", "c", "d"]}})
    with pytest.raises(ConfigError, match="cannot stand beside plane_track"):
        presets.resolve_composite(clash, tmp_path)
