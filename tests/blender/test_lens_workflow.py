"""The lens workflow by its pixels: where the CG lands, that none is empty, that the plate is the plate."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")  # read by cv2 when it is imported

import bpy
import cv2
import numpy as np
import pytest

from addon.tracking import exr
from addon.tracking.blender import composite, versions
from addon.tracking.blender.camera import set_camera_lens, set_frame_size
from addon.tracking.blender.clip_lens import clip_lens, set_clip_lens, zoom_lenses
from addon.tracking.blender.lens_workflow import setup_lens_distortion_workflow
from addon.tracking.blender.nodes import MARK
from addon.tracking.config import CompositeConfig
from addon.tracking.engine.lens import PlateLens
from addon.tracking.errors import InputError
from addon.tracking.overscan import NO_OVERSCAN, find_overscan
from addon.tracking.session import create_session, run_session
from addon.tracking.stmap_out import write_stmaps
from tests.blender.coordinates import clip_with_lens
from tests.blender.tree_dump import differences, dump_scene
from tests.conftest import empty_file

HANDHELD = PlateLens(480, 270, 373.333, "POLYNOMIAL", (-0.12, 0.02))
"""The lens of the clip courtyard_handheld, at half its size."""
LENSES = {
    "handheld": HANDHELD,
    "off axis": PlateLens(480, 270, 400.0, "BROWN", (-0.2, 0.05, 0, 0, 0.004, -0.003), (228.0, 146.0)),
    "outwards": PlateLens(480, 270, 400.0, "DIVISION", (-0.15, 0.0)),
    "nuke": PlateLens(480, 270, 400.0, "NUKE", (-0.08, 0.01), (246.0, 130.0)),
}
MOST_PX = 0.3


@pytest.fixture(autouse=True)
def fresh_file() -> None:
    empty_file()


def make_shot(folder: Path, lens: PlateLens) -> tuple[bpy.types.Scene, bpy.types.MovieClip]:
    """A scene that renders before a clip of noise, with the camera that the clip's lens asks for."""
    noise = np.random.default_rng(5).integers(0, 90, (lens.height, lens.width, 3)).astype(np.uint8)
    clip = clip_with_lens(folder, lens, noise)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 8, False
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    set_camera_lens(camera.data, clip)
    set_frame_size(scene, clip)
    return scene, clip


def add_emitter(x: float, y: float, size: float, vertices: int = 24) -> None:
    """A white disc before the camera, at those slopes."""
    material = bpy.data.materials.get("light") or bpy.data.materials.new("light")
    material.use_nodes = True
    material.node_tree.nodes.clear()
    emission = material.node_tree.nodes.new("ShaderNodeEmission")
    output = material.node_tree.nodes.new("ShaderNodeOutputMaterial")
    material.node_tree.links.new(emission.outputs[0], output.inputs[0])
    bpy.ops.mesh.primitive_circle_add(
        vertices=vertices, radius=size, fill_type="NGON", location=(10 * x, 10 * y, -10)
    )
    bpy.context.object.data.materials.append(material)


def rendered(scene: bpy.types.Scene, path: Path) -> np.ndarray:
    """(height, width, 4) 8-bit RGBA, row 0 at the bottom."""
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGBA", "8"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGRA2RGBA)[::-1]


def targets(lens: PlateLens) -> np.ndarray:
    """(n, 2) pixels of the plate at which CG is put: all over it, up to the corners."""
    grid = np.meshgrid(np.linspace(7, lens.width - 7, 5), np.linspace(7, lens.height - 7, 4))
    return np.stack(grid, -1).reshape(-1, 2)


def found_at(picture: np.ndarray, plate: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Where the disc nearest to a place lies in the picture, by its light over the plate's."""
    light = picture[..., :3].astype(float).mean(axis=2) - plate[..., :3].astype(float).mean(axis=2)
    # In linear light a pixel that is half covered counts half.
    light = np.clip(light, 0, None)
    reach = 13
    x, y = np.meshgrid(np.arange(light.shape[1]) + 0.5, np.arange(light.shape[0]) + 0.5)
    weight = light * (np.hypot(x - place[0], y - place[1]) < reach)
    return np.array([np.sum(x * weight), np.sum(y * weight)]) / max(weight.sum(), 1e-9)


def distances(scene: bpy.types.Scene, folder: Path, lens: PlateLens) -> np.ndarray:
    """How far each disc lies from where the plate has its place, pixels; far where it is not there at all."""
    picture = rendered(scene, folder / "with.png")
    for item in bpy.data.objects:
        item.hide_render = item.type == "MESH"
    samples, scene.cycles.samples = scene.cycles.samples, 1  # of nothing, one is as good as many
    plate = rendered(scene, folder / "without.png")
    scene.cycles.samples = samples
    for item in bpy.data.objects:
        item.hide_render = False
    return np.array([np.hypot(*(found_at(picture, plate, place) - place)) for place in targets(lens)])


@pytest.mark.parametrize("workflow", ["distort_cg", "undistort_plate"])
@pytest.mark.parametrize("name", LENSES)
def test_cg_lands_where_the_plate_has_it(name: str, workflow: str, tmp_path: Path) -> None:
    scene, clip = make_shot(tmp_path, LENSES[name])
    lens = clip_lens(clip)
    for place in lens.to_slopes(lens.undistort(targets(lens))):
        add_emitter(*place, size=10 * 4 / lens.focal_px)
    setup_lens_distortion_workflow(scene, clip, workflow)
    assert distances(scene, tmp_path, lens).max() < MOST_PX
    setup_lens_distortion_workflow(scene, clip, "none")
    assert distances(scene, tmp_path, lens).max() > 3.0, "without the lens the corners must be off"


def test_a_map_from_a_file_lands_there_too(tmp_path: Path) -> None:
    scene, clip = make_shot(tmp_path, LENSES["off axis"])
    lens = clip_lens(clip)
    write_stmaps(lens, None, tmp_path / "d.exr", overscan=find_overscan(lens))
    for place in lens.to_slopes(lens.undistort(targets(lens))):
        add_emitter(*place, size=10 * 4 / lens.focal_px)
    setup_lens_distortion_workflow(scene, clip, st_map_path=str(tmp_path / "d.exr"))
    assert distances(scene, tmp_path, lens).max() < MOST_PX
    status = composite.composite_status(scene)
    assert status.warnings == ()
    assert any("origin bottom left" in line for line in status.settings)


@pytest.mark.parametrize("workflow", ["distort_cg", "undistort_plate"])
@pytest.mark.parametrize("name", LENSES)
def test_no_pixel_is_empty_under_cg_that_fills_the_view(name: str, workflow: str, tmp_path: Path) -> None:
    scene, clip = make_shot(tmp_path, LENSES[name])
    add_emitter(0, 0, size=40.0, vertices=4)
    setup_lens_distortion_workflow(scene, clip, workflow)
    picture = rendered(scene, tmp_path / "full.png")
    assert picture[..., :3].min() >= 254
    if find_overscan(clip_lens(clip)) != NO_OVERSCAN:
        setup_lens_distortion_workflow(scene, clip, workflow, overscan=0.0)
        assert rendered(scene, tmp_path / "less.png")[..., :3].min() < 100, "without overscan some are"


def test_plate_is_untouched_where_there_is_no_cg(tmp_path: Path) -> None:
    scene, clip = make_shot(tmp_path, HANDHELD)
    add_emitter(0.1, 0.1, size=0.6)
    composite.setup_shot_compositing(scene, clip, CompositeConfig())
    plain = rendered(scene, tmp_path / "plain.png")
    setup_lens_distortion_workflow(scene, clip)
    bent = rendered(scene, tmp_path / "bent.png")
    plate = cv2.cvtColor(cv2.imread(clip.filepath), cv2.COLOR_BGR2RGB)[::-1]
    free = np.ones(plate.shape[:2], bool)
    y, x = np.nonzero(np.any(bent[..., :3] != plate, axis=2) | np.any(plain[..., :3] != plate, axis=2))
    free[y.min() : y.max() + 1, x.min() : x.max() + 1] = False
    assert free.mean() > 0.9
    assert np.array_equal(bent[free], plain[free])
    assert not np.array_equal(bent, plain)


def test_a_lens_without_distortion_changes_nothing(tmp_path: Path) -> None:
    scene, clip = make_shot(tmp_path, PlateLens(480, 270, 400.0))
    add_emitter(0.1, 0.1, size=0.6)
    composite.setup_shot_compositing(scene, clip, CompositeConfig())
    plain, groups = rendered(scene, tmp_path / "plain.png"), len(bpy.data.node_groups)
    setup_lens_distortion_workflow(scene, clip)
    assert np.array_equal(rendered(scene, tmp_path / "bent.png"), plain)
    assert len(bpy.data.node_groups) == groups and not bpy.data.images.get("map")
    assert any("no distortion" in warning for warning in composite.composite_status(scene).warnings)


@pytest.mark.parametrize("workflow", ["distort_cg", "undistort_plate"])
def test_removing_gives_back_camera_and_file(workflow: str, tmp_path: Path) -> None:
    scene, clip = make_shot(tmp_path, LENSES["off axis"])
    camera = scene.camera.data
    plate = camera.background_images.new()
    plate.source, plate.clip = "MOVIE_CLIP", clip

    def view() -> tuple[float, ...]:
        sensor = camera.sensor_width, camera.sensor_height, camera.shift_x, camera.shift_y, camera.lens
        return (*sensor, plate.scale)

    versions.hang_scene_tree(scene)  # before 5.0 a tree once made can't be taken away
    before, was = dump_scene(scene), view()
    counts = {kind: len(getattr(bpy.data, kind)) for kind in ("images", "node_groups")}
    size = scene.render.resolution_x, scene.render.resolution_y
    setup_lens_distortion_workflow(scene, clip, workflow)
    once, wide = dump_scene(scene), view()
    assert wide[0] > was[0] and wide[0] * wide[-1] == pytest.approx(was[0])
    assert (scene.render.resolution_x, scene.render.resolution_y) == size
    setup_lens_distortion_workflow(scene, clip, workflow)
    assert view() == wide and differences(once, dump_scene(scene)) == []
    assert composite.composite_status(scene).matches
    composite.remove_shot_compositing(scene)
    assert view() == was
    assert differences(before, dump_scene(scene)) == []
    assert {kind: len(getattr(bpy.data, kind)) for kind in counts} == counts


def test_what_changes_afterwards_is_told_by_the_status(tmp_path: Path) -> None:
    scene, clip = make_shot(tmp_path, HANDHELD)
    setup_lens_distortion_workflow(scene, clip)
    assert composite.composite_status(scene).warnings == ()
    scene.render.resolution_percentage = 50
    assert any("The render is 240x135 now" in line for line in composite.composite_status(scene).warnings)
    setup_lens_distortion_workflow(scene, clip)
    assert not any("render is" in line for line in composite.composite_status(scene).warnings)
    scene.render.resolution_percentage, scene.render.resolution_x = 100, 400
    assert any("The render is 400x270 now" in line for line in composite.composite_status(scene).warnings)
    clip.tracking.camera.k1 = -0.1
    assert any("The lens of" in line for line in composite.composite_status(scene).warnings)


def test_a_workflow_that_cannot_be_leaves_all_as_it_was(tmp_path: Path) -> None:
    scene, clip = make_shot(tmp_path, HANDHELD)
    before = dump_scene(scene)
    for change in ({"k1": -9.0}, {}):
        for name, value in change.items():
            setattr(clip.tracking.camera, name, value)
        wanted = {} if change else {"st_map_path": str(tmp_path / "gone.exr")}
        with pytest.raises(InputError):
            setup_lens_distortion_workflow(scene, clip, **wanted)
        assert differences(before, dump_scene(scene)) == []
        clip.tracking.camera.k1 = HANDHELD.coefficients[0]


def test_the_shadow_pass_bends_with_the_cg(tmp_path: Path) -> None:
    scene, clip = make_shot(tmp_path, HANDHELD)
    config = CompositeConfig.from_dict({"passes": ["combined", "shadow_catcher"]})
    composite.setup_shot_compositing(scene, clip, config)
    group = setup_lens_distortion_workflow(scene, clip)
    fed = {
        node.inputs["Image"].links[0].from_socket.name: node
        for node in group.nodes
        if node.bl_idname == "CompositorNodeGroup"
    }
    assert {"CG", "Shadow"} == set(fed)
    assert fed["CG"].node_tree == fed["Shadow"].node_tree, "one map for both"
    assert replace(composite.applied_config(scene), lens_distortion=config.lens_distortion) == config


def test_depth_and_ids_bend_whole_on_wish(tmp_path: Path) -> None:
    """What comes out of the group are values that the render has; a mixture would be others."""
    scene, clip = make_shot(tmp_path, HANDHELD)
    add_emitter(0.1, 0.1, size=1.0)
    bpy.context.object.pass_index = 7
    add_emitter(-0.3, -0.2, size=0.8)
    bpy.context.object.location.z = -14.0
    scene.view_layers[0].use_pass_z = True  # the user's own: it stays on when ours goes
    wanted = ["depth", "object_index", "cryptomatte_object"]
    group = setup_lens_distortion_workflow(scene, clip, nearest=wanted)
    assert composite.composite_status(scene).warnings == ()
    tree = versions.scene_tree(scene)
    node = next(node for node in tree.nodes if getattr(node, "node_tree", None) == group)
    assert len([output for output in node.outputs if output.name.startswith("CryptoObject")]) >= 2
    layers = next(node for node in tree.nodes if node.bl_idname == "CompositorNodeRLayers")
    end = versions.picture_inputs(tree)[0]
    kept = end.links[0].from_socket
    for output in [o for o in node.outputs if o.name not in ("Image", "Plate")][:3]:
        straight, bent = [], []
        for socket, into in (
            (next(o for o in layers.outputs if o.name == output.name), straight),
            (output, bent),
        ):
            tree.links.new(socket, end)
            into.append(exact(scene, tmp_path / "data.exr"))
        values = np.unique(straight[0][..., :3])
        assert set(np.unique(bent[0][..., :3])) <= {*values.tolist(), 0.0}, output.name
        assert not np.array_equal(bent[0], straight[0])
        tree.links.new(kept, end)
    viewer = tree.nodes.new("CompositorNodeViewer")
    tree.links.new(node.outputs["Depth"], viewer.inputs["Image"])
    setup_lens_distortion_workflow(scene, clip)
    assert [o.name for o in node.outputs if o.name] == ["Image", "Plate"], "no longer asked for"
    setup_lens_distortion_workflow(scene, clip, nearest=["depth"])
    tree.links.new(node.outputs["Depth"], viewer.inputs["Image"])
    composite.remove_shot_compositing(scene)
    assert viewer.inputs["Image"].links[0].from_node == layers


def exact(scene: bpy.types.Scene, path: Path) -> np.ndarray:
    """(height, width, 4) what the compositor gives, with all its bits."""
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "OPEN_EXR", "RGBA", "32"
    scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_a_zoom_goes_through_the_workflow_and_leaves_nothing(tmp_path: Path) -> None:
    scene, clip = make_shot(tmp_path, HANDHELD)
    versions.hang_scene_tree(scene)
    scene.frame_start, scene.frame_end = 1, 5
    for frame, share in ((1, 1.0), (5, 1.6)):
        scene.camera.data.lens = share * clip.tracking.camera.focal_length
        scene.camera.data.keyframe_insert("lens", frame=frame)
    scene.frame_set(4)
    before, actions = dump_scene(scene), len(bpy.data.actions)
    setup_lens_distortion_workflow(scene, clip)
    status = composite.composite_status(scene)
    assert status.warnings == () and any(line.startswith("Zoom: ") for line in status.settings)
    once = dump_scene(scene)
    setup_lens_distortion_workflow(scene, clip)
    assert differences(once, dump_scene(scene)) == []
    lens = zoom_lenses(scene, clip)[4]
    scene.cycles.samples = 64  # noise moves a disc's middle by as much as it may be off
    for place in lens.to_slopes(lens.undistort(targets(lens))):
        add_emitter(*place, size=10 * 4 / lens.focal_px)
    scene.frame_set(4)
    # Seen by small discs; test_lens_nodes.py has the same to a hundredth of a pixel.
    assert distances(scene, tmp_path, lens).max() < 0.4
    composite.remove_shot_compositing(scene)
    assert differences(before["tree"], dump_scene(scene)["tree"]) == []
    assert len(bpy.data.actions) == actions
    assert not [group for group in bpy.data.node_groups if group.get(MARK)]


def test_straightening_the_plate_says_what_it_costs(tmp_path: Path) -> None:
    """The number in the warning is the one that the rendered picture shows."""
    scene, clip = make_shot(tmp_path, HANDHELD)
    setup_lens_distortion_workflow(scene, clip, "undistort_plate")
    (line,) = composite.composite_status(scene).warnings
    said = re.search(r"change by ([\d.]+) of 255 on average and its finest contrast falls by (\d+)%", line)
    plate = cv2.cvtColor(cv2.imread(clip.filepath), cv2.COLOR_BGR2RGB)[::-1].astype(float)
    there = rendered(scene, tmp_path / "there.png")[..., :3].astype(float)
    mean = np.abs(there - plate).mean()
    contrast = 1 - np.abs(np.diff(there, axis=1)).mean() / np.abs(np.diff(plate, axis=1)).mean()
    # The nodes mix in linear light, the measure in display values.
    assert mean == pytest.approx(float(said[1]), rel=0.2)
    assert 100 * contrast == pytest.approx(float(said[2]), abs=6)


def test_how_a_map_counts_is_set_by_hand(tmp_path: Path) -> None:
    scene, clip = make_shot(tmp_path, LENSES["off axis"])
    lens = clip_lens(clip)
    write_stmaps(lens, None, tmp_path / "d.exr", overscan=find_overscan(lens))
    _, values = exr.read(tmp_path / "d.exr", "RGB")
    with exr.Writer(tmp_path / "plain.exr", lens.width, lens.height) as writer:
        writer.write(writer.pack(values))
    setup_lens_distortion_workflow(scene, clip, st_map_path=str(tmp_path / "plain.exr"))
    status = composite.composite_status(scene)
    assert any("(centers assumed)" in line for line in status.settings)
    setup_lens_distortion_workflow(
        scene, clip, st_map_path=str(tmp_path / "plain.exr"), centers="integer", origin="bottom_left"
    )
    status = composite.composite_status(scene)
    assert any("pixel centres at whole numbers" in line and "assumed" not in line for line in status.settings)


@pytest.mark.slow
def test_cg_at_the_bundles_of_a_handheld_clip_lands_on_its_markers(footage: Path, tmp_path: Path) -> None:
    """The whole way with the lens that was solved: footage, tracks, camera, overscan, maps, pixels."""
    clip_path = footage / "courtyard_handheld.mp4"
    session = create_session(clip_path, "handheld", directory=tmp_path, frame_range=(1, 60))
    for _ in run_session(session):
        pass
    solve, tracks = session.solve(), session.tracks()
    assert abs(solve.lens.k1 + 0.12) < 0.03, "the clip has barrel distortion"
    scene = bpy.context.scene
    clip = bpy.data.movieclips.load(str(clip_path))
    set_clip_lens(clip, solve.lens)
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 8, False
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    set_camera_lens(camera.data, clip, solve)
    set_frame_size(scene, clip)

    # Bundles seen in one frame, as its camera sees them, and the markers where the plate has them.
    frame = int(solve.frames[len(solve.frames) // 2])
    local = np.linalg.inv(solve.cameras[len(solve.frames) // 2])
    rows = np.flatnonzero((tracks.frame == frame) & np.isin(tracks.track, solve.point_tracks))
    bundle = {int(track): point for track, point in zip(solve.point_tracks, solve.points)}
    points = np.array([bundle[int(track)] for track in tracks.track[rows]])
    seen = points @ local[:3, :3].T + local[:3, 3]
    slopes, markers = seen[:, :2] / -seen[:, 2:], tracks.xy[rows]
    lens = clip_lens(clip)
    residual = np.hypot(*(lens.distort(lens.to_pixels(slopes)) - markers).T)
    away = np.hypot(*(markers - lens.center).T)
    chosen: list[int] = []
    for row in np.argsort(-away):  # from the corners inwards, apart from one another
        apart = all(np.hypot(*(markers[row] - markers[other])) > 40 for other in chosen)
        if residual[row] < 0.1 and apart and len(chosen) < 30:
            chosen.append(int(row))
    assert len(chosen) >= 20 and away[chosen].max() > 0.85 * np.hypot(*lens.center)
    for row in chosen:
        add_emitter(*slopes[row], size=10 * 4 / lens.focal_px)
    # Over black, so that only the discs are looked at.
    config = CompositeConfig.from_dict({"background_source": "color", "background_color": [0, 0, 0]})
    composite.setup_shot_compositing(scene, clip, config)

    def distances() -> np.ndarray:
        picture = rendered(scene, tmp_path / "discs.png")
        black = np.zeros_like(picture)
        return np.array(
            [np.hypot(*(found_at(picture, black, markers[row]) - markers[row])) for row in chosen]
        )

    setup_lens_distortion_workflow(scene, clip)
    bent = distances()
    setup_lens_distortion_workflow(scene, clip, "none")
    straight = distances()
    assert bent.max() < MOST_PX, f"off by up to {bent.max():.2f} px"
    assert straight.max() > 5.0 and np.median(straight) > 1.0, "without the lens they are not there"
