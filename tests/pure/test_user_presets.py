"""The user's own presets: saved, renamed, deleted, shared, and what must not happen to the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from addon.tracking import presets
from addon.tracking.config import CompositeConfig
from addon.tracking.engine.model import TrackingSettings
from addon.tracking.errors import InputError
from addon.tracking.user_presets import (
    COMPOSITE,
    TRACKING,
    delete_preset,
    export_preset,
    free_name,
    import_preset,
    own_presets,
    rename_preset,
    save_preset,
)

DENSE = TrackingSettings(density=321, correlation=0.75)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    presets.set_user_folder(tmp_path)
    yield tmp_path
    presets.set_user_folder(None)


def names(kind: str = TRACKING) -> list[str]:
    return [info.name for info in own_presets(kind)]


def test_saved_renamed_and_deleted(folder: Path) -> None:
    path = save_preset(TRACKING, " Night shots ", DENSE, "for the dark")
    assert path == folder / "tracking" / "Night shots.yaml"
    assert presets.load_tracking_preset("Night shots") == DENSE
    assert [(info.name, info.description) for info in own_presets(TRACKING)] == [
        ("Night shots", "for the dark")
    ]
    renamed = rename_preset(TRACKING, "Night shots", "night")
    assert renamed.name == "night.yaml" and names() == ["night"]
    assert presets.load_tracking_preset("night") == DENSE
    assert delete_preset(TRACKING, "night") == renamed and not renamed.exists()
    assert names() == []


def test_both_kinds_are_served() -> None:
    config = CompositeConfig(blend="add", description="mine")
    save_preset(COMPOSITE, "glow", config)
    save_preset(TRACKING, "glow", DENSE)
    assert presets.load_composite_preset("glow").blend == "add"
    delete_preset(TRACKING, "glow")
    assert names() == [] and names(COMPOSITE) == ["glow"]
    assert own_presets(COMPOSITE)[0].description == "mine"


def test_what_is_built_in_stays(folder: Path) -> None:
    before = {info.name: info.path.read_bytes() for info in presets.list_tracking_presets() if info.built_in}
    save_preset(TRACKING, "mine", DENSE)
    for name in ("fast", "Fast", "FAST"):
        with pytest.raises(InputError, match="'fast' is a built-in tracking preset"):
            save_preset(TRACKING, name, DENSE, replace=True)
        with pytest.raises(InputError, match="'fast' is a built-in tracking preset"):
            rename_preset(TRACKING, "mine", name)
    with pytest.raises(InputError, match="'fast' is built in and stays"):
        delete_preset(TRACKING, "fast")
    with pytest.raises(InputError, match="'fast' is built in and stays"):
        rename_preset(TRACKING, "fast", "quick")
    after = {info.name: info.path.read_bytes() for info in presets.list_tracking_presets() if info.built_in}
    assert after == before and names() == ["mine"]


def test_a_name_that_is_taken_is_overwritten_only_when_asked() -> None:
    save_preset(TRACKING, "mine", DENSE)
    with pytest.raises(InputError, match="you have a tracking preset 'mine' already"):
        save_preset(TRACKING, "Mine", TrackingSettings())
    assert presets.load_tracking_preset("mine") == DENSE
    save_preset(TRACKING, "mine", TrackingSettings(), replace=True)
    assert presets.load_tracking_preset("mine") == TrackingSettings() and names() == ["mine"]
    save_preset(TRACKING, "other", DENSE)
    with pytest.raises(InputError, match="'other' already"):
        rename_preset(TRACKING, "mine", "other")
    assert presets.load_tracking_preset("other") == DENSE
    assert rename_preset(TRACKING, "mine", "mine").stem == "mine"
    assert rename_preset(TRACKING, "mine", "Mine").stem == "Mine" and names() == ["Mine", "other"]
    assert free_name(TRACKING, "mine") == "mine 2" and free_name(TRACKING, "new") == "new"


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\nb", ".hidden", "x" * 65, "a:b", "end.", "-x"])
def test_impossible_names(name: str, folder: Path) -> None:
    save_preset(TRACKING, "mine", DENSE)
    before = sorted(folder.rglob("*"))
    with pytest.raises(InputError) as caught:
        save_preset(TRACKING, name, DENSE)
    assert len(str(caught.value).splitlines()) == 1 and "cannot name a preset" in str(caught.value)
    with pytest.raises(InputError, match="cannot name a preset"):
        rename_preset(TRACKING, "mine", name)
    assert sorted(folder.rglob("*")) == before


def test_values_that_would_not_load_are_not_written(folder: Path) -> None:
    save_preset(TRACKING, "mine", DENSE)
    with pytest.raises(InputError, match=r"^pattern: must be odd, not 20$"):
        save_preset(TRACKING, "mine", TrackingSettings(pattern=20), replace=True)
    with pytest.raises(InputError, match=r"^density: must be a whole number from 20 to 5000, not 3$"):
        save_preset(TRACKING, "thin", TrackingSettings(density=3))
    assert names() == ["mine"] and presets.load_tracking_preset("mine") == DENSE


def test_broken_files_are_listed_and_can_be_cleared_away(folder: Path) -> None:
    save_preset(TRACKING, "mine", DENSE)
    (folder / "tracking" / "typo.yaml").write_text("patern: 21\n")
    (folder / "tracking" / "cut.yml").write_text("pattern: [21\n")
    found = {info.name: info.error for info in own_presets(TRACKING)}
    assert found["mine"] == ""
    assert "typo.yaml:1:1: patern: unknown key; did you mean 'pattern'?" in found["typo"]
    assert "cut.yml:2:" in found["cut"]
    rename_preset(TRACKING, "cut", "cut off")
    assert (folder / "tracking" / "cut off.yml").exists()
    delete_preset(TRACKING, "typo")
    assert names() == ["cut off", "mine"]
    save_preset(TRACKING, "cut off", DENSE, replace=True)  # mended: one file of the name, not two
    assert names() == ["cut off", "mine"] and not (folder / "tracking" / "cut off.yml").exists()


def test_a_file_in_the_place_of_a_built_in_one(folder: Path) -> None:
    (folder / "tracking").mkdir()
    (folder / "tracking" / "fast.yaml").write_text("density: 30\n")
    assert "built-in" in own_presets(TRACKING)[0].error
    assert presets.load_tracking_preset("fast").density != 30
    rename_preset(TRACKING, "fast", "faster")
    assert presets.load_tracking_preset("faster").density == 30


def test_what_is_not_there_gets_the_nearest() -> None:
    save_preset(TRACKING, "night", DENSE)
    with pytest.raises(InputError, match="you have no tracking preset 'nigth'; did you mean 'night'"):
        delete_preset(TRACKING, "nigth")


def test_a_folder_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tracking").write_text("a file where the folder should be")
    with pytest.raises(InputError, match="cannot be made"):
        save_preset(TRACKING, "mine", DENSE)
    (folder / "tracking").unlink()
    save_preset(TRACKING, "mine", DENSE)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(InputError, match=r"mine\.yaml: cannot be renamed: Permission denied"):
        rename_preset(TRACKING, "mine", "other")
    with pytest.raises(InputError, match=r"mine\.yaml: cannot be deleted: Permission denied"):
        delete_preset(TRACKING, "mine")
    assert names() == ["mine"]


def test_without_a_folder() -> None:
    presets.set_user_folder(None)
    with pytest.raises(InputError, match="no folder for your own presets"):
        save_preset(TRACKING, "mine", DENSE)
    assert own_presets(TRACKING) == []


@pytest.mark.parametrize("kind", [COMPOSITE, TRACKING])
def test_shared_through_a_file(kind: str, tmp_path: Path) -> None:
    there = tmp_path / "there"
    value = CompositeConfig(description="Mine", blend="add") if kind == COMPOSITE else DENSE
    save_preset(kind, "mine", value, "Mine")
    file = export_preset(kind, "mine", tmp_path / "for you")
    assert file.name == "for you.yaml"
    assert import_preset(kind, file, user_folder=there) == "for you"
    assert own_presets(kind, there)[0].description == "Mine"
    if kind == COMPOSITE:
        assert presets.load_composite_preset("for you", there).blend == "add"
    else:
        assert presets.load_tracking_preset("for you", there) == DENSE
    with pytest.raises(InputError, match=f"you have a {kind} preset 'for you' already"):
        import_preset(kind, file, "For You", there)
    assert import_preset(kind, file, "another", there) == "another"


def test_a_built_in_one_is_shared_under_another_name(tmp_path: Path) -> None:
    file = export_preset(COMPOSITE, "over_plate", tmp_path / "over_plate.yaml")
    with pytest.raises(InputError, match="'over_plate' is a built-in composite preset"):
        import_preset(COMPOSITE, file)
    assert import_preset(COMPOSITE, file, "plain") == "plain"
    before, after = presets.load_composite_preset("over_plate"), presets.load_composite_preset("plain")
    after.mode = before.mode
    assert after == before


def test_a_shared_file_names_its_picture_wholly(folder: Path, tmp_path: Path) -> None:
    (folder / "composite").mkdir()
    (folder / "composite" / "mine.yaml").write_text("background_source: image\nbackground_image: sky.png\n")
    (tmp_path / "out").mkdir()
    file = export_preset(COMPOSITE, "mine", tmp_path / "out" / "mine.yaml")
    import_preset(COMPOSITE, file, "yours", tmp_path / "there")
    loaded = presets.load_composite_preset("yours", tmp_path / "there")
    assert loaded.background_image == str(folder / "composite" / "sky.png")


def test_what_is_no_preset_is_not_taken_in(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("blend: sideways\n")
    with pytest.raises(InputError, match=r"broken\.yaml:1:8"):
        import_preset(COMPOSITE, file, "taken in")
    with pytest.raises(InputError, match=r"unknown key"):
        import_preset(TRACKING, file)
    with pytest.raises(InputError, match="there is no composite preset 'over_plat'; did you mean"):
        export_preset(COMPOSITE, "over_plat", tmp_path / "out.yaml")
    assert names() == names(COMPOSITE) == [] and not (tmp_path / "out.yaml").exists()
