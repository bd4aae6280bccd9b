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
    assert set(presets.TRACKING_KINDS) == set(TrackingSettings.__dataclass_fields__)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'over_footage'"):
        presets.load_composite_preset("over_fotage")
    with pytest.raises(InputError, match="did you mean 'high_quality'"):
        presets.load_tracking_preset("High Quality")
    with pytest.raises(InputError, match="no composite preset"):
        presets.load_composite_preset("../composite/over_footage")


def test_the_users_own_presets(tmp_path: Path) -> None:
    config = CompositeConfig(blend="add", description="mine", shadow=ShadowConfig(density=0.5))
    with pytest.raises(InputError, match="no folder"):
        presets.save_composite_preset("mine", config)
    presets.set_user_folder(tmp_path / "not there yet")
    path = presets.save_composite_preset("mine", config)
    presets.save_tracking_preset("dense", TrackingSettings(density=500), "Very dense")
    loaded = presets.load_composite_preset("mine")
    config.mode = "mine"
    assert loaded == config
    assert presets.load_tracking_preset("dense") == TrackingSettings(density=500)
    assert [info.name for info in presets.list_composite_presets()] == [*COMPOSITE, "mine"]
    info = presets.list_composite_presets()[-1]
    assert (info.path, info.built_in, info.description, info.error) == (path, False, "mine", "")
    assert presets.list_tracking_presets(tmp_path)[-1].name == TRACKING[-1]


@pytest.mark.parametrize("name", ["over_footage", "", "a/b", "..", ".hidden", "a ", "x" * 99, "a\nb"])
def test_names_that_cannot_be_saved(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError):
        presets.save_composite_preset(name, CompositeConfig(), tmp_path)
    assert list(tmp_path.rglob("*.yaml")) == []


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


# --- Renaming, deleting, sharing --------------------------------------------------------------------------


def test_a_preset_of_ones_own_from_saving_to_deleting(tmp_path: Path) -> None:
    config = CompositeConfig(description="Mine", blend="screen", factor=0.5)
    presets.save_composite_preset("mine", config, tmp_path)
    path = presets.rename_preset("composite", "mine", "Glow of mine", tmp_path)
    assert path.name == "Glow of mine.yaml"
    own = [info.name for info in presets.list_composite_presets(tmp_path) if not info.built_in]
    assert own == ["Glow of mine"]
    loaded = presets.load_composite_preset("Glow of mine", tmp_path)
    assert (loaded.mode, loaded.blend, loaded.factor) == ("Glow of mine", "screen", 0.5)
    presets.delete_preset("composite", "Glow of mine", tmp_path)
    assert [info.built_in for info in presets.list_composite_presets(tmp_path)] == [True] * len(COMPOSITE)


@pytest.mark.parametrize("group", ["composite", "tracking"])
def test_shared_through_a_file(tmp_path: Path, group: str) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    if group == "composite":
        presets.save_composite_preset("mine", CompositeConfig(description="Mine", blend="add"), here)
    else:
        presets.save_tracking_preset("mine", TrackingSettings(pattern=31), "Mine", here)
    file = presets.export_preset(group, "mine", tmp_path / "for you", here)
    assert file.name == "for you.yaml"
    assert presets.import_preset(group, file, user_folder=there) == "for you"
    if group == "composite":
        assert presets.load_composite_preset("for you", there).blend == "add"
    else:
        assert presets.load_tracking_preset("for you", there).pattern == 31
    with pytest.raises(InputError, match="there is a .* preset 'for you' already"):
        presets.import_preset(group, file, user_folder=there)
    assert presets.import_preset(group, file, "another", there) == "another"


def test_a_shared_file_names_its_picture_wholly(tmp_path: Path) -> None:
    put(tmp_path, "composite", "mine", "background_source: image\nbackground_image: sky.png\n")
    (tmp_path / "out").mkdir()
    file = presets.export_preset("composite", "mine", tmp_path / "out" / "mine.yaml", tmp_path)
    presets.import_preset("composite", file, "yours", tmp_path / "there")
    loaded = presets.load_composite_preset("yours", tmp_path / "there")
    assert loaded.background_image == str(tmp_path / "composite" / "sky.png")


def test_built_in_ones_stay(tmp_path: Path) -> None:
    for change in (
        lambda: presets.rename_preset("composite", "over_plate", "mine", tmp_path),
        lambda: presets.delete_preset("composite", "over_plate", tmp_path),
        lambda: presets.save_composite_preset("over_plate", CompositeConfig(), tmp_path),
    ):
        with pytest.raises(InputError, match="'over_plate' is a built-in composite preset"):
            change()
    presets.save_composite_preset("mine", CompositeConfig(), tmp_path)
    with pytest.raises(InputError, match="built-in"):
        presets.rename_preset("composite", "mine", "over_plate", tmp_path)
    file = presets.export_preset("composite", "over_plate", tmp_path / "over_plate.yaml", tmp_path)
    with pytest.raises(InputError, match="built-in"):
        presets.import_preset("composite", file, user_folder=tmp_path)


def test_taken_and_missing_names(tmp_path: Path) -> None:
    for name in ("one", "two"):
        presets.save_composite_preset(name, CompositeConfig(description=name), tmp_path)
    with pytest.raises(InputError, match="'two' already"):
        presets.rename_preset("composite", "one", "two", tmp_path)
    assert presets.load_composite_preset("two", tmp_path).description == "two"
    with pytest.raises(InputError, match="did you mean 'one'"):
        presets.delete_preset("composite", "onne", tmp_path)
    with pytest.raises(InputError, match="cannot name a preset"):
        presets.rename_preset("composite", "one", "../one", tmp_path)


def test_a_broken_file_is_listed_refused_and_can_go(tmp_path: Path) -> None:
    path = put(tmp_path, "composite", "broken", "blend: sideways\n")
    with pytest.raises(InputError, match=r"broken\.yaml:1:8"):
        presets.import_preset("composite", path, "taken in", tmp_path / "there")
    assert not (tmp_path / "there").exists()
    info = next(info for info in presets.list_composite_presets(tmp_path) if info.name == "broken")
    assert "sideways" in info.error
    presets.rename_preset("composite", "broken", "old", tmp_path)
    presets.delete_preset("composite", "old", tmp_path)
    assert not path.exists()
