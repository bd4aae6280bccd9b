"""Rendering: frames that are finished, cut short or of another scene; movies; passes."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from addon import cli
from addon.tracking.blender.render import render_steps
from addon.tracking.blender.scene import setup_hdri
from addon.tracking.render_log import is_whole


@pytest.fixture
def blend(blender_file: ModuleType, tmp_path: Path) -> Path:
    """A small saved scene."""
    bpy = blender_file
    scene = bpy.context.scene
    scene.name = "Small"
    for data in (bpy.data.cameras.new("Camera"), bpy.data.lights.new("Sun", "SUN")):
        item = bpy.data.objects.new(data.name, data)
        item.location.z = 4
        scene.collection.objects.link(item)
    scene.camera = bpy.data.objects["Camera"]
    mesh = bpy.data.meshes.new("Card")
    mesh.from_pydata([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], [], [(0, 1, 2, 3)])
    card = bpy.data.objects.new("Card", mesh)
    scene.collection.objects.link(card)
    for frame, x in ((1, -1.0), (4, 1.0)):
        card.location.x = x
        card.keyframe_insert("location", frame=frame)
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.render.resolution_x, scene.render.resolution_y = 49, 31  # odd: the movie's encoder takes even sizes
    scene.frame_start, scene.frame_end = 1, 4
    path = tmp_path / "small.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def render(blend: Path, *more: str) -> Path:
    out = blend.with_name("out")
    assert cli.main(["render", str(blend), "--output", str(out), *more]) == 0
    return out


def times(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if not path.name.startswith(".")}


def test_an_interrupted_render_goes_on_with_what_is_missing(
    blend: Path, capfd: pytest.CaptureFixture, blender_file: ModuleType
) -> None:
    out = render(blend, "--frames", "1-2")
    before = times(out)
    assert sorted(before) == ["Small_0001.png", "Small_0002.png"]
    whole = (out / "Small_0002.png").read_bytes()
    picture = cv2.imread(str(out / "Small_0002.png"))
    (out / "Small_0002.png").write_bytes(whole[:-20])  # cut short
    assert not is_whole(out / "Small_0002.png")
    (out / ".Small_0003.part.png").write_bytes(whole[:50])  # what a kill leaves
    capfd.readouterr()
    render(blend)
    said = capfd.readouterr()
    assert f"4 frames in {out}, 1 of them finished before" in said.out
    assert "Traceback" not in said.err
    after = times(out)
    assert sorted(after) == [f"Small_{number:04}.png" for number in range(1, 5)]
    assert after["Small_0001.png"] == before["Small_0001.png"]
    assert np.array_equal(cv2.imread(str(out / "Small_0002.png")), picture)
    assert not list(out.glob(".*part*"))
    render(blend)
    assert times(out) == after
    render(blend, "--all", "--frames", "1")
    assert times(out)["Small_0001.png"] > after["Small_0001.png"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_render_after_the_frame_under_way(
    blend: Path, blender_file: ModuleType, repo: Path, number: signal.Signals
) -> None:
    if blender_file.app.binary_path:
        pytest.skip("needs a Python that imports bpy")
    scene = blender_file.context.scene
    scene.cycles.samples, scene.frame_end = 100, 200  # long enough to be under way when the signal comes
    scene.render.resolution_x, scene.render.resolution_y = 160, 90
    blender_file.ops.wm.save_mainfile()
    out = blend.with_name("out")
    call = [sys.executable, "-m", "addon", "render", str(blend), "--output", str(out)]
    with subprocess.Popen(call, cwd=repo, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not (out / "Small_0001.png").is_file() and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(number)
        said = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + number
    assert "interrupted" in said and "Traceback" not in said
    frames = sorted(out.glob("*.png"))
    assert 1 <= len(frames) < 100 and all(is_whole(frame) for frame in frames)


def test_frames_of_a_scene_that_has_changed_are_rendered_anew(blend: Path, blender_file: ModuleType) -> None:
    out = render(blend, "--frames", "1,2")
    before = times(out)
    blender_file.context.scene.objects["Card"].scale.x = 0.2
    blender_file.ops.wm.save_mainfile()
    render(blend, "--frames", "1")
    render(blend, "--frames", "1,2")  # frame 2 is still of the old scene
    after = times(out)
    assert all(after[name] > before[name] for name in before)


def test_frames_with_a_picture_that_has_changed_are_rendered_anew(
    blend: Path, blender_file: ModuleType
) -> None:
    picture = blend.with_name("sky.hdr")
    assert cv2.imwrite(str(picture), np.full((8, 16, 3), 0.5, np.float32))
    setup_hdri(blender_file.context.scene, picture)
    blender_file.ops.wm.save_mainfile()
    out = render(blend, "--frames", "1")
    before = times(out)
    render(blend, "--frames", "1")
    assert times(out) == before
    assert cv2.imwrite(str(picture), np.full((8, 16, 3), 0.7, np.float32))
    render(blend, "--frames", "1")
    assert times(out) != before


def test_a_frame_that_fails_leaves_no_half_file(blend: Path, blender_file: ModuleType) -> None:
    scene = blender_file.context.scene
    steps = render_steps(scene, [1, 2], blend.with_name("out"), made_from="this")
    next(steps)
    steps.close()
    left = [path.name for path in blend.with_name("out").iterdir()]
    assert sorted(left) == [".Small.png.render", "Small_0001.png"]


def test_a_movie_is_joined_from_its_frames(blend: Path, capfd: pytest.CaptureFixture) -> None:
    out = render(blend, "--format", "mp4", "--frames", "1-3")
    movie = out / "Small.mp4"
    assert list(times(out)) == ["Small.mp4"]
    capture = cv2.VideoCapture(str(movie))
    pictures = []
    while (read := capture.read())[0]:
        pictures.append(read[1])
    assert [picture.shape for picture in pictures] == [(30, 48, 3)] * 3
    assert capture.get(cv2.CAP_PROP_FPS) == 24
    frames = render(blend, "--frames", "1-3")
    for number, picture in enumerate(pictures, 1):
        whole = cv2.imread(str(frames / f"Small_{number:04}.png")).astype(int)
        apart = min(abs(whole[y : y + 30, x : x + 48] - picture).mean() for x in (0, 1) for y in (0, 1))
        assert apart < 8
    before = times(out)["Small.mp4"]
    capfd.readouterr()
    render(blend, "--format", "mp4", "--frames", "1-3")
    assert f"3 frames in {movie}, finished before" in capfd.readouterr().out
    assert times(out)["Small.mp4"] == before


def test_passes_are_written_beside_the_frames(blend: Path, blender_file: ModuleType) -> None:
    scene = blender_file.context.scene
    scene.view_layers[0].use_pass_z = True
    out = blend.with_name("out")
    [step] = render_steps(scene, [2], out, format="exr", passes=True, name="shot")
    assert sorted(times(out)) == ["shot_0002.exr", "shot_passes_0002.exr"]
    assert b"Depth.Z" in (out / "shot_passes_0002.exr").read_bytes()[:4000]
    assert scene.render.image_settings.file_format == "PNG"
    assert step.path == out / "shot_0002.exr"
