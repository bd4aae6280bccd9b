"""Shot files that include others, and environment variables in their paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from addon.tracking import presets, yaml_tools
from addon.tracking.shotfile import ShotFileError, check_shot, load_shot, load_shot_dict


def write(folder: Path, text: str) -> Path:
    path = folder / "shot.yaml"
    path.write_text(text)
    return path


def put(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "shot.yaml"


def test_included_files_lie_under_the_shot(tmp_path: Path) -> None:
    path = put(
        tmp_path / "shots",
        shot_yaml="shot:\n  include: [../show/show.yaml, lens.yaml]\n  footage: {file: a.mp4}\n"
        "  tracking:\n    mask:\n  composite: {factor: 0.5}\n",
        lens_yaml="shot: {tracking: {preset: fast, lens: {k1: 0.1}}}\nx-note: theirs\n",
    )
    put(
        tmp_path / "show",
        show_yaml="include: deep/base.yaml\nname: show\ntracking: {preset: handheld, mask: m.png}\n"
        "x-farm: {pool: night}\n",
        deep__base_yaml="shot:\n  scene: {light: {hdri: sky.exr}}\n  cg: {blend: '${HOME}/cg.blend'}\n"
        "  name: base\n  composite: {factor: 1, grain: true}\n  hooks: notify.py\n",
    )
    config = load_shot(path)
    assert config.to_dict()["shot"] == {
        "include": ["../show/show.yaml", "lens.yaml"],
        "footage": {"file": "a.mp4"},
        "tracking": {"preset": "fast", "lens": {"k1": 0.1}},
        "composite": {"factor": 0.5, "grain": True},
        "name": "show",
        "x-farm": {"pool": "night"},
        "scene": {"light": {"hdri": "../show/deep/sky.exr"}},
        "cg": {"blend": "${HOME}/cg.blend"},
        "hooks": "../show/deep/notify.py",
    }
    assert config.tracking.mask is None
    assert config.resolve(config.hooks) == tmp_path / "show" / "deep" / "notify.py"
    values = {"include": "../show/show.yaml", "footage": {"file": "a.mp4"}}
    assert load_shot_dict(values, base=path.parent).name == "show"


def test_what_is_wrong_in_an_included_file_is_said_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(
        tmp_path,
        shot_yaml="shot:\n  footage: {file: a.mp4, fps: 0}\n"
        "  include: [sub/one.yaml, two.yaml, three.yaml]\n",
        sub__one_yaml="shot:\n  tracking:\n    preset: fsat\n    solv: true\n"
        "    session: ${TRACKED_SHOT_NO}/s\n",
        two_yaml="shot: {render: {samples: many}, x-a: {on: 1}}\nrender: {samples: 2}\n",
        three_yaml="shot: [1]\n",
    )
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ShotFileError) as caught:
        load_shot("shot.yaml")
    one, two = "sub/one.yaml", "two.yaml"
    assert [(each.path, each.line, each.column) for each in caught.value.problems] == [
        ("shot.yaml", 2, 31), (one, 3, 13), (one, 4, 5), (one, 5, 14), ("three.yaml", 1, 7),
        (two, 1, 26), (two, 2, 1),
    ]  # fmt: skip
    assert str(caught.value).splitlines()[1] == (
        "sub/one.yaml:3:13: error: tracking.preset: there is no tracking preset 'fsat'; did you mean 'fast'?"
    )


@pytest.mark.parametrize(
    ("included", "file", "words"),
    [
        ("include: shot.yaml", "a.yaml", "circle: shot.yaml"),
        ("shot: {include: a.yaml}", "a.yaml", "circle: a.yaml"),
        ("shot: {include: 3}", "a.yaml", "must be a path"),
        ("shot:\n\ttab", "a.yaml", "tab"),
        ("a: &a [*a]", "a.yaml", "alias inside itself"),
        ("name: x\nname: y", "a.yaml", "a second time"),
        ("include: b/no.yaml", "a.yaml", "there is no such file"),
        ("x: " + "y" * yaml_tools.MAX_BYTES, "shot.yaml", "larger than 256 KB together"),
    ],
)
def test_included_files_that_cannot_be_used(tmp_path: Path, included: str, file: str, words: str) -> None:
    path = put(tmp_path, shot_yaml="shot: {footage: {file: a}, include: a.yaml}", a_yaml=included)
    with pytest.raises(ShotFileError) as caught:
        load_shot(path)
    first = caught.value.problems[0]
    assert (Path(first.path).name, first.line is not None) == (file, True)
    assert words in first.message and len(caught.value.problems) == 1, caught.value.problems


def test_a_long_row_of_included_files_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        put(tmp_path, **{f"f{number}_yaml": f"include: f{number + 1}.yaml\n"})
    with pytest.raises(ShotFileError, match=r"f7\.yaml:1:10: error: include: goes deeper than 8 files"):
        load_shot(put(tmp_path, shot_yaml="shot: {footage: {file: a}, include: f0.yaml}"))
    put(tmp_path, a_yaml="include: [b.yaml, b.yaml]", b_yaml="include: [c.yaml, c.yaml]", c_yaml="name: c")
    assert load_shot(put(tmp_path, shot_yaml="shot: {footage: {file: a}, include: a.yaml}")).name == "c"
    put(tmp_path, full_yaml="x-a: [" + "a," * 9000 + "]")
    read, reads = yaml_tools.read_file, []
    monkeypatch.setattr(yaml_tools, "read_file", lambda path: reads.append(path) or read(path))
    with pytest.raises(ShotFileError, match="more than 20000 values together"):
        load_shot(put(tmp_path, shot_yaml=f"shot: {{footage: {{file: a}}, include: [{'full.yaml, ' * 14}]}}"))
    # Nothing is read beyond the limit.
    assert [path.name for path in reads].count("full.yaml") == 3
    many = ", ".join(["c.yaml"] * 40)
    with pytest.raises(ShotFileError, match="more than 32 files"):
        load_shot(put(tmp_path, shot_yaml=f"shot: {{footage: {{file: a}}, include: [{many}]}}"))


def test_environment_variables_in_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKED_SHOT_SHOW", str(tmp_path))
    monkeypatch.setenv("TRACKED_SHOT_TAKE", "take 2")
    monkeypatch.setenv("TRACKED_SHOT_EMPTY", "")
    text = (
        "shot: {footage: {file: '${TRACKED_SHOT_SHOW}/x/${TRACKED_SHOT_TAKE}.mp4'}, "
        "tracking: {mask: 'm${N}'}}"
    )
    config = load_shot(write(tmp_path, text))
    assert config.footage_path == tmp_path / "x" / "take 2.mp4"
    assert config.to_dict()["shot"]["footage"]["file"].startswith("${TRACKED_SHOT_SHOW}/")
    assert config.tracking.mask == "m${N}"  # a name, not a path
    picture = load_shot(
        write(
            tmp_path,
            "shot: {footage: {file: a}, composite: {background_source: image, background_image: "
            "'${TRACKED_SHOT_SHOW}/b.png'}}",
        )
    )
    resolved = presets.resolve_composite(picture.composite, base=picture.base)
    assert resolved.background_image == str(tmp_path / "b.png")
    with pytest.raises(ShotFileError, match="TRACKED_SHOT_EMPTY is empty"):
        load_shot(write(tmp_path, "shot: {footage: {file: '${TRACKED_SHOT_EMPTY}/a'}}"))
    monkeypatch.delenv("TRACKED_SHOT_TAKE")
    assert "TRACKED_SHOT_TAKE is not set" in check_shot(config)[0].message


def test_errors_stay_on_one_line(tmp_path: Path) -> None:
    text = 'shot: {footage: {file: "a\\nb"}, include: ["c\\nd"], hooks: "' + "x" * 2000 + '"}'
    with pytest.raises(ShotFileError) as caught:
        load_shot(write(tmp_path, text))
    assert len(str(caught.value).splitlines()) == len(caught.value.problems) == 1
    (tmp_path / "c\nd").write_text("nam: x")
    with pytest.raises(ShotFileError) as caught:
        load_shot(write(tmp_path, text))
    assert len(str(caught.value).splitlines()) == len(caught.value.problems) == 1
    (tmp_path / "c\nd").write_text("name: x")
    said = [str(problem) for problem in check_shot(load_shot(write(tmp_path, text)))]
    assert len(said) == 2 and all("\n" not in line and len(line) < 600 for line in said)
