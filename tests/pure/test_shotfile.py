"""Shot files: what loads, and that all that is wrong is said with its place."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from addon.tracking import presets, yaml_tools
from addon.tracking.config import CompositeShotConfig
from addon.tracking.errors import InputError
from addon.tracking.shot_write import save_shot
from addon.tracking.shotfile import (
    ShotFileError,
    check_shot,
    load_shot,
    load_shot_dict,
    problem_at,
)

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLE = (DOCS / "shot-file.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
"""The example of the documentation, word for word."""

EVERYTHING = """\
x-studio: &common {owner: lights, on: no}
shot:
  name: all
  version: 1
  hooks: [hooks/notify.py]
  into: scenes/base.blend
  footage: {file: plate_####.exr, frame_range: [1, 20], scene_start: 1001, color_space: ACEScg, fps: 23.976,
            pixel_aspect: 2}
  tracking:
    enabled: true
    preset: fast
    solve: true
    session: sessions/all.tracksession
    lens: {focal_length_mm: 35, sensor_width_mm: 24.9, distortion_model: BROWN, k1: 0.1, k2: -0.01, k3: 0.001,
           k4: 0, p1: 0.001, p2: 0, refine: false}
    mask: Actor
  camera: {from_tracking: true, name: Shot Camera, bake: true, import: cam.chan, export: out.abc}
  scene:
    floor: [a, b, c]
    origin: a
    scale: {tracks: [a, b], distance: 1.5}
    point_cloud: mesh
    light: {direction: [0, 0.5, -1], hdri: sky.exr}
    holdout: [table, wall]
  cg: {blend: cg.blend, collection: Hero, motion_blur: 0.5}
  composite:
    mode: shadow_multiply
    blend: add
    factor: 0.5
    background_source: image
    background_image: clean.png
    background_color: [0, 0, 0, 1]
    film_transparent: true
    shadow: {density: 0.8, color: [0, 0, 0.1], softness: 2}
    lens_distortion: {workflow: undistort_plate, use_st_map: true, st_map_path: st.exr, overscan: 0.1}
    stabilization: {enabled: true, tracks: [a], lock: 1, smooth: 0.3, auto_scale: false}
    corner_pin: {corners: [[0, 0], [9, 0], [9, 9], [0, 9]], image: poster.png}
    grain: true
    x-note: ours
  render: {engine: eevee, samples: 16, passes: [depth], format: exr, resolution_percentage: 50}
  x-farm: {<<: *common, pool: night}
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "shot.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def problems_of(folder: Path, text: str | bytes) -> list[tuple[int | None, int | None, str]]:
    with pytest.raises(ShotFileError) as caught:
        load_shot(write(folder, text))
    return [(problem.line, problem.column, problem.message) for problem in caught.value.problems]


def test_example_loads_as_it_stands(tmp_path: Path) -> None:
    config = load_shot(write(tmp_path, EXAMPLE))
    assert config.name == "composite_knob_hero"
    assert config.footage.file == "footage/knob_hero_4k.mp4"
    assert config.footage.frame_range == (1, 150)
    assert config.footage_path == tmp_path / "footage" / "knob_hero_4k.mp4"
    assert config.tracking.preset == "high_quality"
    assert config.composite.mode == "over_footage"
    assert presets.resolve_composite(config.composite).shadow_catcher is True
    assert config.to_dict() == yaml_tools.read_text(EXAMPLE).value


def test_only_the_footage_is_needed(tmp_path: Path) -> None:
    config = load_shot(write(tmp_path, "shot: {footage: {file: a.mp4}}"))
    assert config.tracking.preset == "balanced"
    assert config.composite.mode == "over_footage"
    assert config.to_dict() == {"shot": {"footage": {"file": "a.mp4"}}}


def test_every_key_is_read_and_written_back(tmp_path: Path) -> None:
    config = load_shot(write(tmp_path, EVERYTHING))
    values = yaml_tools.read_text(EVERYTHING).value
    assert config.beside == {"x-studio": {"owner": "lights", True: False}}
    assert config.to_dict() == values
    assert list(config.to_dict()["shot"]) == list(values["shot"])
    assert config.foreign == {"x-farm": {"owner": "lights", True: False, "pool": "night"}}
    assert config.camera.import_file == "cam.chan"
    again = tmp_path / "again" / "shot.yaml"
    again.parent.mkdir()
    save_shot(config, again)
    assert load_shot(again) == config.moved(again.parent)
    assert load_shot(again).footage_path == config.footage_path
    assert load_shot(again).moved(tmp_path) == config
    assert [path.name for path in again.parent.iterdir()] == ["shot.yaml"]


def test_every_declared_key_stands_in_the_file_with_everything() -> None:
    full = load_shot_dict(yaml_tools.read_text(EVERYTHING).value)
    names = set(full.to_dict()["shot"]) - {"x-farm"}
    assert names == set(CompositeShotConfig.keys()) - {"include"}
    for name in ("footage", "tracking", "camera", "scene", "cg", "render"):
        section = getattr(full, name)
        assert set(section.to_dict()) == set(type(section).keys()), name


def test_all_errors_in_one_go_with_places(tmp_path: Path) -> None:
    found = problems_of(
        tmp_path,
        "shot:\n"
        "  footage:\n"
        "    fil: a.mp4\n"
        "    frame_range: [20, 10]\n"
        "  trackin: {}\n"
        "  tracking:\n"
        "    enabled: yes\n"
        "    preset: high_qualty\n"
        "    lens: {focal_length_mm: 1e-3, distortion_model: polynomial}\n"
        "  composite:\n"
        "    mode: over_footge\n"
        "    shadow: {density: 3}\n"
        "  x-mine: {on: no}\n",
    )
    expected = [
        (3, 5, "did you mean 'file'?"),
        (4, 18, "the first frame, 20, comes after the last, 10"),
        (5, 3, "did you mean 'tracking'?"),
        (7, 14, "'yes' means true"),
        (8, 13, "did you mean 'high_quality'?"),
        (9, 29, "1.0e-3"),
        (9, 53, "did you mean 'POLYNOMIAL'?"),
        (11, 11, "did you mean 'over_footage'?"),
        (12, 23, "a number from 0 to 1, not 3"),
    ]
    assert [(line, column) for line, column, _ in found] == [(line, column) for line, column, _ in expected]
    for (_, _, message), (_, _, words) in zip(found, expected):
        assert words in message


def test_error_lines_are_as_promised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "shot:\n  footage:\n    file: a.mp4\n    frame_rnge: [1, 2]\n")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        load_shot("shot.yaml")
    message = "shot.yaml:4:5: error: footage.frame_rnge: unknown key; did you mean 'frame_range'?"
    assert str(caught.value) == message
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("shot:\n  name: a\n", 1, 1, "footage.file: is missing"),
        ("shot:\n  footage:\n    fps: 24\n", 2, 3, "footage.file: is missing"),
        ("shot:\n  footage:\n    file:\n", 3, 5, "footage.file: is missing"),
        ("shot: {footage: {file: 12}}", 1, 24, "must be a path, not 12 (put it in quotes)"),
        ("shot: {footage: {file: a, frame_range: [0, 5]}}", 1, 41, "at least 1, not 0"),
        ("shot: {footage: {file: a, frame_range: 5}}", 1, 40, "list of two frames"),
        ("shot: {footage: {file: a, fps: -1}}", 1, 32, "above 0"),
        ("shot: {footage: {file: a, fps: .nan}}", 1, 32, "not nan"),
        ("shot: {footage: {file: a, fps: true}}", 1, 32, "not true"),
        ("shot: {footage: {file: a}, version: 2}", 1, 37, "reads version 1"),
        ("shot: {footage: {file: a}, include: b.yaml}", 1, 37, "include: b.yaml: there is no such file"),
        ("shot: {footage: {file: a}, include: [3]}", 1, 38, "must be a path, not 3"),
        ("shot: {footage: {file: a}, include: '${TRACKED_SHOT_NO}/b'}", 1, 37, "include: the environment"),
        ("shot: {footage: {file: '${TRACKED_SHOT_NO}/a'}}", 1, 24, "variable TRACKED_SHOT_NO is not set"),
        ("shot: {footage: {file: '${A'}}", 1, 24, "write ${NAME}"),
        ("shot: {footage: {file: a}, hooks: [a, '${}']}", 1, 39, "write ${NAME}"),
        (
            "shot: {footage: {file: a}, composite: {mode: stabilized, background_image: '${NO_SUCH}'}}",
            1,
            76,
            "NO_SUCH is not set",
        ),
        ("shot: {footage: {file: a}}\nfootage: {}", 2, 1, "it belongs under 'shot'"),
        ("# mine\nname: a\nfootage: {file: a}\n", 2, 1, "the key 'shot' is missing; put it before this line"),
        ("shoot: {footage: {file: a}}", 1, 1, "did you mean 'shot'?"),
        ("[1, 2]", 1, 1, "must be a mapping"),
        ("shot: [1, 2]", 1, 7, "must be a mapping"),
        ("shot: {footage: {file: a}, tracking: {lens: {p1: 0.1}}}", 1, 46, "no coefficient of POLYNOMIAL"),
        ("shot: {footage: {file: a}, composite: {background_source: image}}", 1, 59, "no background_image"),
        ("shot: {footage: {file: a}, composite: {lens_distortion: {st_map_path: a}}}", 1, 58, "use_st_map"),
        ("shot: {footage: {file: a}, composite: {corner_pin: {image: a}}}", 1, 53, "to say where"),
        ("shot: {footage: {file: a}, scene: {scale: {tracks: [a], distance: 1}}}", 1, 52, "two track names"),
        ("shot:\n\tname: a\n", 2, 1, "tab"),
        ("\ufeffshot: {footage: {file: a}}", 1, 1, "byte order mark"),
        ("shot: {footage: {file: a}}".encode("utf-16"), 1, 1, "UTF-16"),
        (b"shot:\n  name: caf\xe9\n", 2, 12, "not UTF-8"),
        ("shot:\n  name: a\x01\n", 2, 10, "0x0001"),
        ("shot: {footage: {file: a, file: b}}", 1, 27, "a second time"),
        ("shot: {footage: {file: a}, name: 010}", 1, 34, "octal"),
        ("shot: {footage: {file: a, fps: 1:30}}", 1, 32, "base 60"),
        ("shot: {footage: {file: a}, on: 1}", 1, 28, "'on' means true"),
        ("shot: !!python/object:os.system {}", 1, 7, "not allowed"),
        ("shot: !!set {a, b}", 1, 7, "not allowed"),
        ("shot: {footage: {file: *b}}", 1, 24, "undefined alias"),
        ("shot: &a {footage: *a}", 1, 7, "an alias inside itself"),
        ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
        ("", 1, 1, "empty"),
        ("{}", 1, 1, "the key 'shot' is missing"),
        ("shot: {footage: [", 1, 18, "expected"),
        ("? [a]\n: b", 1, 3, "a key must be a single word"),
        ("[" * 40 + "]" * 40, 1, 33, "deeper than 32"),
        ("shot: " + "9" * 5000, 1, 7, "5000 digits"),
        ("shot: 'a" + "b" * yaml_tools.MAX_BYTES, 1, 1, "larger than"),
    ],
)
def test_one_error_and_its_place(
    tmp_path: Path, text: str | bytes, line: int, column: int, words: str
) -> None:
    found = problems_of(tmp_path, text)
    assert any((line, column) == place[:2] and words in place[2] for place in found), found
    assert all("\n" not in message and len(message) < 400 for _, _, message in found)


def test_surprises_inside_foreign_keys_are_left_alone(tmp_path: Path) -> None:
    config = load_shot(write(tmp_path, "shot:\n  footage: {file: a}\n  x-theirs: {on: no, at: 1:30}\n"))
    assert config.foreign == {"x-theirs": {True: False, "at": 90}}


def test_a_billion_laughs_is_refused_quickly(tmp_path: Path) -> None:
    lines = ["x-a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"x-a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    start = time.perf_counter()
    found = problems_of(tmp_path, "\n".join(lines))
    assert "aliases stand for more than" in found[0][2]
    assert time.perf_counter() - start < 2


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ShotFileError, match=r"none\.yaml: error: there is no such file"):
        load_shot(tmp_path / "none.yaml")
    with pytest.raises(ShotFileError, match="folder"):
        load_shot(tmp_path)


def test_check_shot_names_missing_files_at_their_lines(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "shot:\n  footage:\n    file: a.mp4\n  cg:\n    blend: cg.blend\n"
        "  composite:\n    corner_pin: {plane_track: p, image: poster.png}\n",
    )
    found = check_shot(load_shot(path))
    assert [(problem.line, problem.column) for problem in found] == [(3, 11), (5, 12), (7, 41)]
    assert str(found[0]) == f"{path}:3:11: error: footage.file: there is no such file: {tmp_path / 'a.mp4'}"
    for name in ("a.mp4", "cg.blend", "poster.png"):
        (tmp_path / name).write_bytes(b"x")
    assert check_shot(load_shot(path)) == []


@pytest.mark.parametrize("name", ["plate.1001.exr", "plate.####.exr", "plate.%04d.exr"])
def test_image_sequences(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, f"shot: {{footage: {{file: '{name}'}}}}")
    assert len(check_shot(load_shot(path))) == 1
    for number in (1003, 1001, 1002):
        (tmp_path / f"plate.{number}.exr").write_bytes(b"x")
    (tmp_path / "plate.12.exr").write_bytes(b"too few digits")
    config = load_shot(path)
    assert check_shot(config) == []
    assert config.footage_path == tmp_path / "plate.1001.exr"
    assert config.to_dict()["shot"]["footage"]["file"] == name


def test_problem_at_finds_the_nearest_place(tmp_path: Path) -> None:
    config = load_shot(write(tmp_path, "shot:\n  footage:\n    file: a.mp4\n    frame_range: [1, 9]\n"))
    at_value = problem_at(config.source, ("footage", "frame_range"), "is outside the clip")
    assert str(at_value).endswith("shot.yaml:4:18: error: footage.frame_range: is outside the clip")
    assert problem_at(config.source, ("footage", "fps"), "").line == 2
    assert problem_at(config.source, ("render", "samples"), "").line == 1


def test_from_python(tmp_path: Path) -> None:
    inner = {"footage": {"file": "a.mp4"}}
    config = load_shot_dict(inner, base=tmp_path)
    assert config == load_shot_dict({"shot": inner})
    assert config.footage_path == tmp_path / "a.mp4"
    with pytest.raises(ShotFileError) as caught:
        load_shot_dict({"shot": {"footage": {"file": 3}, "tracking": {"preset": "none such"}}})
    assert [problem.path for problem in caught.value.problems] == ["footage.file", "tracking.preset"]
    assert str(caught.value).startswith("footage.file: error: must be a path")


def test_without_pyyaml_the_error_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, EXAMPLE)
    for name in ("yaml", "addon._vendor", "addon._vendor.yaml"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match="PyYAML is needed"):
        load_shot(path)
