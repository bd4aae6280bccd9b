"""Stabilising by its pixels: a picture that tells of every pixel where it came from, and a drawn clip."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")  # read by cv2 when it is imported

import bpy
import cv2
import numpy as np
import pytest

from addon.tracking.blender import versions
from addon.tracking.blender.clip import put_tracks
from addon.tracking.blender.nodes import MARK
from addon.tracking.blender.stabilization import Stabilization, create_stabilization_nodes
from addon.tracking.engine.model import Tracks
from addon.tracking.errors import InputError
from tests.blender.pixels import bilinear, come_from, input_picture, rendered, scene_of
from tests.blender.tree_dump import differences, dump_tree
from tests.conftest import empty_file

FRAMES = 6
SIZES = [(193, 109), (108, 193)]


@pytest.fixture(autouse=True)
def fresh_file() -> None:
    empty_file()


def motion(frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Turns and places of a shaking camera, complex (frames,)."""
    time = np.arange(frames)
    place = 6.3 * np.sin(1.9 * time) + 1j * (4.7 * np.cos(2.3 * time) - 4.7)
    return np.exp(0.06 * np.sin(0.8 * time) + 0.07j * np.sin(1.1 * time)), place


def tracked_clip(
    folder: Path, size: tuple[int, int], points: int = 5, frames: int = FRAMES, aspect: float = 1.0
) -> bpy.types.MovieClip:
    """A clip of plain frames whose tracks move exactly as ``motion`` says."""
    width, height = size
    folder.mkdir(exist_ok=True)
    for frame in range(1, frames + 1):
        cv2.imwrite(str(folder / f"plain_{frame:04d}.png"), np.full((height, width, 3), frame, np.uint8))
    clip = bpy.data.movieclips.load(str(folder / "plain_0001.png"))
    clip.display_aspect = (aspect, 1.0)
    random = np.random.default_rng(4)
    places = random.uniform(-0.35, 0.35, (points, 2)) * size * np.array([aspect, 1.0])
    turn, place = motion(frames)
    seen = turn[None, :] * (places[:, :1] + 1j * places[:, 1:]) + place[None, :]
    xy = np.stack([seen.real / aspect + width / 2, seen.imag + height / 2], axis=2).reshape(-1, 2)
    put_tracks(
        clip,
        Tracks(
            width,
            height,
            frames,
            np.repeat(np.arange(points, dtype=np.int32), frames),
            np.tile(np.arange(1, frames + 1, dtype=np.int32), points),
            xy,
            [f"point {number}" for number in range(points)],
        ),
    )
    return clip


def build(
    scene: bpy.types.Scene, clip: bpy.types.MovieClip, picture: np.ndarray, folder: Path, **options: object
) -> Stabilization:
    """The picture steadied and at the scene's output."""
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    image = input_picture(tree, folder / "source.exr", picture)
    built = create_stabilization_nodes(tree, image, clip, **options)
    tree.links.new(built.image, versions.make_output(tree).socket)
    return built


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("inverse", [False, True])
def test_every_pixel_comes_from_where_the_fit_says(
    size: tuple[int, int], inverse: bool, tmp_path: Path
) -> None:
    scene = scene_of(size)
    clip = tracked_clip(tmp_path / "clip", size)
    clip.frame_start = 11
    built = build(scene, clip, come_from(size), tmp_path, lock=2, inverse=inverse)
    for frame in range(1, FRAMES + 1):
        scene.frame_set(frame + 10)
        matrix = built.motion.matrices()[frame - 1]
        expected = bilinear(come_from(size), matrix if inverse else np.linalg.inv(matrix))
        got = rendered(scene, tmp_path / "out.exr")
        np.testing.assert_allclose(got, expected, atol=0.02)  # values are pixels' places


def test_a_card_comes_out_to_a_two_hundred_and_fifty_fifth(tmp_path: Path) -> None:
    size = SIZES[0]
    scene = scene_of(size)
    card = cv2.GaussianBlur(np.random.default_rng(6).random((size[1], size[0], 4)), (0, 0), 3.0)
    card = np.clip(4 * (card - 0.5) + 0.5, 0, 1)
    card[..., 3] = 1.0
    built = build(scene, tracked_clip(tmp_path / "clip", size), card, tmp_path, smooth=2.0)
    assert built.motion.covered
    for frame in range(1, FRAMES + 1):
        scene.frame_set(frame)
        got = rendered(scene, tmp_path / "out.exr")
        expected = bilinear(card, np.linalg.inv(built.motion.matrices()[frame - 1]))
        assert np.abs(got - expected).max() <= 1.0 / 255.0
        assert got[..., 3].min() > 0.999  # the automatic scale leaves no black edge


def test_render_percentage(tmp_path: Path) -> None:
    """What was built for the whole size holds at half of it."""
    size, half = (386, 218), (193, 109)
    scene = scene_of(size)
    built = build(scene, tracked_clip(tmp_path / "clip", size), come_from(half), tmp_path, lock=1)
    scene.render.resolution_percentage = 50
    for frame in (2, 5):
        scene.frame_set(frame)
        got = rendered(scene, tmp_path / "out.exr")
        shrink = np.diag([0.5, 0.5, 1.0])
        matrix = shrink @ built.motion.matrices()[frame - 1] @ np.linalg.inv(shrink)
        sure = bilinear(come_from(half), np.linalg.inv(matrix))[..., 3] == 1.0
        assert sure.mean() > 0.95  # the zoom is counted in whole-size pixels
        expected = bilinear(come_from(half), np.linalg.inv(matrix))
        assert np.abs(got - expected)[sure].max() < 0.02


@pytest.mark.parametrize("inverse", [False, True])
def test_pixels_that_are_not_square(tmp_path: Path, inverse: bool) -> None:
    size = SIZES[0]
    scene = scene_of(size)
    clip = tracked_clip(tmp_path / "clip", size, aspect=1.5)
    built = build(scene, clip, come_from(size), tmp_path, lock=1, auto_scale=False, inverse=inverse)
    assert built.motion.aspect == 1.5
    for frame in (3, 6):
        scene.frame_set(frame)
        matrix = built.motion.matrices()[frame - 1]
        expected = bilinear(come_from(size), matrix if inverse else np.linalg.inv(matrix))
        np.testing.assert_allclose(rendered(scene, tmp_path / "out.exr"), expected, atol=0.02)


def test_undone_it_is_the_plate_again(tmp_path: Path) -> None:
    size = (961, 541)
    scene = scene_of(size)
    clip = tracked_clip(tmp_path / "clip", size)
    built = build(scene, clip, come_from(size), tmp_path, lock=1, name="There")
    tree = versions.scene_tree(scene)
    back = create_stabilization_nodes(tree, built.image, clip, lock=1, inverse=True, name="Back")
    tree.links.new(back.image, versions.picture_inputs(tree)[0])
    for frame in (2, 4):
        scene.frame_set(frame)
        got = rendered(scene, tmp_path / "out.exr")
        sure = got[..., 3] > 0.9999
        assert sure.mean() > 0.6
        assert np.abs(got - come_from(size))[sure][:, :2].max() <= 0.05


def test_a_drawn_clip_stands_still(tmp_path: Path) -> None:
    """A soft dot is drawn where the tracks are: measured in the rendered picture it does not move."""
    size, frames = (320, 180), 8
    scene = scene_of(size)
    clip = tracked_clip(tmp_path / "clip", size, frames=frames)
    tracks = [[marker.co[:] for marker in track.markers][:frames] for track in clip.tracking.tracks]
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    folder = tmp_path / "dots"
    folder.mkdir()
    for frame in range(frames):
        card = np.zeros((size[1], size[0], 4), np.float32)
        card[..., 3] = 1.0
        for markers in tracks:
            dx, dy = x - markers[frame][0] * size[0], y - markers[frame][1] * size[1]
            card[::-1, :, :3] += np.exp(-(dx**2 + dy**2) / (2 * 3.0**2))[..., None].astype(np.float32)
        cv2.imwrite(str(folder / f"dot_{frame + 1:04d}.exr"), card)
    drawn = bpy.data.movieclips.load(str(folder / "dot_0001.exr"))
    drawn.colorspace_settings.name = "Non-Color"
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    node = tree.nodes.new("CompositorNodeMovieClip")
    node.clip = drawn
    built = create_stabilization_nodes(tree, node.outputs["Image"], clip, lock=3, auto_scale=False)
    tree.links.new(built.image, versions.make_output(tree).socket)
    places = []
    for frame in range(1, frames + 1):
        scene.frame_set(frame)
        light = rendered(scene, tmp_path / "out.exr")[..., 0].astype(float)
        found = []
        for markers in tracks:
            near = np.hypot(x - markers[2][0] * size[0], y - markers[2][1] * size[1]) < 9
            found.append([(light * near * axis).sum() / (light * near).sum() for axis in (x, y)])
        places.append(found)
    rest = np.array(places) - np.array(places)[2]
    assert np.abs(rest).max() <= 0.1


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    size = SIZES[0]
    scene = scene_of(size)
    clip = tracked_clip(tmp_path / "clip", size)
    built = build(scene, clip, come_from(size), tmp_path, lock=2)
    tree = versions.scene_tree(scene)

    def everything() -> tuple[object, ...]:
        keys = [
            (curve.data_path, curve.array_index, [point.co[:] for point in curve.keyframe_points])
            for curve in versions.curves_of(built.group)
        ]
        counts = (len(bpy.data.node_groups), len(bpy.data.actions))
        return dump_tree(tree), dump_tree(built.group), keys, counts

    before = everything()
    again = create_stabilization_nodes(
        tree, next(node for node in tree.nodes if MARK not in node and node.outputs).outputs[0], clip, lock=2
    )
    assert again.group == built.group
    assert differences(before, everything()) == []
    smoothed = create_stabilization_nodes(tree, built.nodes[0].inputs[0].links[0].from_socket, clip, smooth=3)
    assert smoothed.group == built.group
    assert everything()[2] != before[2]


def test_refusals(tmp_path: Path) -> None:
    size = SIZES[0]
    scene = scene_of(size)
    clip = tracked_clip(tmp_path / "clip", size)
    with pytest.raises(InputError, match="no track 'nobody'"):
        build(scene, clip, come_from(size), tmp_path, tracks=["nobody"])
    bare = bpy.data.movieclips.load(str(tmp_path / "clip" / "plain_0002.png"))
    with pytest.raises(InputError, match="no tracks"):
        build(scene, bare, come_from(size), tmp_path)
    assert not [group for group in bpy.data.node_groups if MARK in group]


def test_one_track_and_named_tracks(tmp_path: Path) -> None:
    size = SIZES[0]
    clip = tracked_clip(tmp_path / "clip", size)
    built = build(
        scene_of(size), clip, come_from(size), tmp_path, lock=1, tracks=["point 3"], auto_scale=False
    )
    assert (built.motion.angle == 0).all()
    track = next(track for track in clip.tracking.tracks if track.name.endswith("point 3"))
    for frame in range(1, FRAMES + 1):
        here = np.array([track.markers.find_frame(frame).co[:]]) * size
        there = np.array([track.markers.find_frame(1).co[:]]) * size
        np.testing.assert_allclose(built.motion.move(frame, here), there, atol=1e-6)


@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("percentage", [100, 50])
def test_live_nodes_follow_the_track_as_it_is_changed(tmp_path: Path, inverse: bool, percentage: int) -> None:
    size = (386, 218)
    scene = scene_of(size)
    scene.render.resolution_percentage = percentage
    share = percentage / 100
    inside = (int(size[0] * share), int(size[1] * share))
    clip = tracked_clip(tmp_path / "clip", size)
    options = {"tracks": ["point 2"], "lock": 2, "auto_scale": False, "inverse": inverse}
    built = build(scene, clip, come_from(inside), tmp_path, live=True, **options)
    assert versions.curves_of(built.group) == []
    markers = next(track for track in clip.tracking.tracks if track.name.endswith("point 2")).markers
    for moved in (0.0, 0.01):
        markers[4].co[0] += moved  # footage frame 5
        for frame in (1, 5):
            scene.frame_set(frame)
            off = share * (np.array(markers[1].co) - np.array(markers[frame - 1].co)) * size
            back = np.eye(3)
            back[:2, 2] = off if inverse else -off
            got = rendered(scene, tmp_path / "out.exr")
            np.testing.assert_allclose(got, bilinear(come_from(inside), back), atol=0.02)
    with pytest.raises(InputError, match="can only be shifted"):
        create_stabilization_nodes(built.nodes[0].id_data, built.image, clip, live=True)
