"""Writing shot files: what is updated keeps its comments and order, and what cannot be is left as it is."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from addon.tracking import yaml_tools
from addon.tracking.config import CompositeShotConfig, KnownDistance
from addon.tracking.errors import InputError
from addon.tracking.shot_write import save_shot, write_shot
from addon.tracking.shotfile import load_shot, load_shot_dict
from tests.pure.test_shotfile import EVERYTHING, EXAMPLE

COMMENTED = """\
# The hero shot. Ask Ada before you change the lens.
shot:
  name: hero        # as in the tracker

  # filmed on Tuesday
  footage:
    file: plate.mp4
    frame_range: [1, 150]   # without the slate
  tracking: {preset: fast, mask:}
  scene:
    floor:
      - a
      - b
      - c
    # nothing yet
    holdout:
    - table
  composite:
    mode: over_footage
    shadow: {density: 0.5,   # soft
             softness: 2}
    x-look: warm # theirs
  render:
    samples: 64
x-farm: {pool: night}   # the farm's
"""


def update(folder: Path, text: str, change: Callable[[CompositeShotConfig], Any]) -> str:
    """The text after the change; asserts that nothing was written beside, and that it is the shot."""
    path = folder / "shot.yaml"
    path.write_bytes(text.encode())
    config = load_shot(path)
    change(config)
    done = write_shot(config, path)
    assert (done.path, done.reason) == (path, "")
    assert load_shot(path) == config
    assert comments(path.read_bytes().decode()) == comments(text)
    return path.read_bytes().decode()


def comments(text: str) -> list[str]:
    return re.findall(r"(?:^|\s)(#[^\r\n]*)", text, re.MULTILINE)


def set_to(**values: Any) -> Callable[[CompositeShotConfig], None]:
    def change(config: CompositeShotConfig) -> None:
        for name, value in values.items():
            *sections, last = name.split("__")
            owner: Any = config
            for section in sections:
                owner = getattr(owner, section)
            setattr(owner, last, value)

    return change


@pytest.mark.parametrize(
    ("change", "old", "new"),
    [
        (set_to(name="hero two"), "name: hero ", "name: hero two "),
        (set_to(name="no"), "name: hero ", "name: 'no' "),
        (set_to(footage__frame_range=(1001, 1100)), "[1, 150]", "[1001, 1100]"),
        (set_to(footage__frame_range=None), "[1, 150]", "null"),
        (set_to(footage__fps=23.976), "slate\n", "slate\n    fps: 23.976\n"),
        (set_to(tracking__preset="balanced"), "preset: fast", "preset: balanced"),
        (set_to(tracking__mask="m, {1}.png"), "mask:}", "mask: 'm, {1}.png'}"),
        (set_to(tracking__solve=False), "mask:}", "mask:, solve: false}"),
        (set_to(scene__floor="auto"), "floor:\n      - a\n      - b\n      - c\n", "floor: auto\n"),
        (set_to(scene__holdout=["wall"]), "holdout:\n    - table\n", "holdout: [wall]\n"),
        (set_to(scene__origin="a"), "    - table\n", "    - table\n    origin: a\n"),
        (set_to(render__samples=None), "samples: 64", "samples: null"),
        (set_to(render__engine="eevee"), "samples: 64\n", "samples: 64\n    engine: eevee\n"),
        (set_to(camera__bake=True), "samples: 64\n", "samples: 64\n  camera: {bake: true}\n"),
        (lambda c: c.composite.overrides["shadow"].update(density=1), "density: 0.5", "density: 1"),
        (lambda c: c.composite.overrides["shadow"].update(color=[1, 0, 0]), "softness: 2}",
         "softness: 2, color: [1, 0, 0]}"),
        (lambda c: c.composite.foreign.update({"x-look": {"a": 1}}), "x-look: warm", "x-look: {a: 1}"),
        (lambda c: c.beside.update({"x-more": 1}), "farm's\n", "farm's\nx-more: 1\n"),
        (set_to(scene__scale=KnownDistance(["a", "b"], 2.5), render__samples=8, cg__blend="cg.blend"),
         "    - table\n", "    - table\n    scale:\n      tracks: [a, b]\n      distance: 2.5\n"),
    ],
)  # fmt: skip
def test_one_value_changes_and_nothing_else(
    tmp_path: Path, change: Callable[[CompositeShotConfig], None], old: str, new: str
) -> None:
    text = update(tmp_path, COMMENTED, change)
    assert COMMENTED.count(old) == 1
    expected = COMMENTED.replace(old, new)
    if "scale" in new:
        expected = expected.replace("samples: 64\n", "samples: 8\n  cg: {blend: cg.blend}\n")
    assert text == expected
    crlf = update(tmp_path, COMMENTED.replace("\n", "\r\n"), change)
    assert crlf == expected.replace("\n", "\r\n")


def test_what_says_it_already_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "shot.yaml"
    path.write_text(COMMENTED)
    before = path.stat().st_mtime_ns
    config = load_shot(path)
    config.camera.bake = False
    assert not write_shot(config, path).changed
    assert not write_shot(load_shot_dict(config.to_dict(), base=tmp_path), path).changed
    assert path.stat().st_mtime_ns == before


def test_a_file_without_a_last_line_end_and_one_in_braces(tmp_path: Path) -> None:
    text = update(tmp_path, "shot:\n  footage: {file: a.mp4}", set_to(name="b"))
    assert text == "shot:\n  footage: {file: a.mp4}\n  name: b"
    text = update(tmp_path, "{shot: {footage: {file: a.mp4}}}", set_to(name="b"))
    assert text == "{shot: {footage: {file: a.mp4}, name: b}}"


def test_included_values_stay_in_their_file(tmp_path: Path) -> None:
    (tmp_path / "show.yaml").write_text("shot: {tracking: {preset: fast}, camera: {bake: true}, x-a: 1}\n")
    text = "shot:\n  include: show.yaml   # ours\n  footage: {file: a.mp4}\n"
    assert update(tmp_path, text, set_to(name="b")) == text + "  name: b\n"
    changed = update(tmp_path, text, set_to(tracking__preset="balanced", camera__bake=False))
    assert changed == text + "  tracking: {preset: balanced}\n  camera: {bake: false}\n"
    config = load_shot(tmp_path / "shot.yaml")
    config.camera.bake = True
    other = tmp_path / "sub" / "other.yaml"
    other.parent.mkdir()
    save_shot(config, other)
    assert yaml_tools.read_file(other).value == {
        "shot": {
            "include": "../show.yaml",
            "footage": {"file": "../a.mp4"},
            "tracking": {"preset": "balanced"},
        }
    }
    assert load_shot(other).moved(tmp_path) == config


@pytest.mark.parametrize(
    ("text", "change", "reason"),
    [
        ("shot: {footage: {file: a.mp4}, x-a: 1}", lambda c: c.foreign.clear(), "x-a"),
        ("x-b: &b {preset: fast}\nshot: {footage: {file: a}, tracking: *b}",
         set_to(tracking__preset="balanced"), "shared"),
        ("shot:\n  footage: {file: a}\n  scene:\n    holdout:\n    - a # one\n    - b\n",
         set_to(scene__holdout=["c"]), "comment"),
        ("shot: {footage: {file: a}, trackin: 1}", None, "errors"),
        ("shot: {footage: {file: &f a}, name: *f}", set_to(footage__file="b"), "value"),
        ("\tshot", None, "errors"),
        (b"shot: {name: \xff}", None, "errors"),
    ],
)  # fmt: skip
def test_what_cannot_be_updated_is_written_beside(
    tmp_path: Path, text: str | bytes, change: Callable[[CompositeShotConfig], None] | None, reason: str
) -> None:
    path = tmp_path / "shot.yaml"
    data = text if isinstance(text, bytes) else text.encode()
    path.write_bytes(data)
    config = load_shot(path) if change else load_shot_dict({"footage": {"file": "b.mp4"}}, base=tmp_path)
    if change:
        change(config)
    done = write_shot(config, path)
    assert done.path == tmp_path / "shot.new.yaml" and reason in done.reason
    assert load_shot(done.path) == config
    assert path.read_bytes() == data
    assert write_shot(config, path).path == tmp_path / "shot.new2.yaml"


def test_aliases_beside_what_changes_are_no_hindrance(tmp_path: Path) -> None:
    text = (
        "x-b: &b {preset: fast}\nshot:\n  footage: {file: a}\n  tracking: {<<: *b, solve: true}\n  x-c: *b\n"
    )
    assert "solve: false}" in update(tmp_path, text, set_to(tracking__solve=False))
    assert "preset: balanced}" in update(tmp_path, text, set_to(tracking__preset="balanced"))
    assert update(tmp_path, text, set_to(name="n")) == text + "  name: n\n"
    flow = "x-b: &b 1\nshot: {footage: {file: a}, x-c: *b}\n"
    assert update(tmp_path, flow, set_to(name="n")) == flow.replace("*b}", "*b, name: n}")


def test_shots_made_at_random_are_written_into_one_another(tmp_path: Path) -> None:
    """Whatever changes into whatever: the file is the new shot, or stays and the new one lies beside."""
    from tests.pure.test_config import any_section

    rng, updated = random.Random(5), 0
    path = tmp_path / "shot.yaml"
    for number in range(14):
        shots = []
        while len(shots) < 2:
            try:
                values = any_section(CompositeShotConfig, rng)
                values.pop("include", None)
                values.get("tracking", {}).pop("preset", None)
                values.get("composite", {}).pop("mode", None)
                shots.append(load_shot_dict(values, base=tmp_path))
            except InputError:
                continue
        old, new = shots
        text = yaml_tools.write_text(old.to_dict()) if number % 2 else yaml_tools.flow_text(old.to_dict())
        path.write_text(f"# one\n{text}\n# two\n")
        done = write_shot(new, path)
        updated += done.path == path
        assert load_shot(done.path) == new
        assert comments(path.read_text()) == ["# one", "# two"]
        if done.path != path:
            assert "taken out" in done.reason, done.reason
            done.path.unlink()
    assert updated >= 5


def test_moving_a_shot_keeps_what_its_paths_mean(tmp_path: Path) -> None:
    path = tmp_path / "a" / "shot.yaml"
    path.parent.mkdir()
    path.write_text(EVERYTHING)
    config = load_shot(path)
    moved = config.moved(tmp_path / "b" / "c")
    assert moved.footage.file == "../../a/plate_####.exr"
    assert moved.tracking.mask == "Actor"
    config.tracking.mask = "mask.png"
    moved = config.moved(tmp_path / "b" / "c")
    there = [config.resolve(text) for _, _, text in config.paths()]
    assert len(there) == 12
    assert [moved.resolve(text) for _, _, text in moved.paths()] == there
    assert moved.moved(path.parent) == config
    path.write_text(EXAMPLE)
    assert write_shot(load_shot(path), tmp_path / "new.yaml").changed
    assert load_shot(tmp_path / "new.yaml").footage.file == "a/footage/knob_hero_4k.mp4"
