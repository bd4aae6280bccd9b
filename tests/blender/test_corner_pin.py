"""Corner pins by their pixels: against the formula, and against a clip whose poster's corners are known."""

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ.setdefault("OPENCV_IO_ENABLE_OPENEXR", "1")  # read by cv2 when it is imported

import bpy
import cv2
import numpy as np
import pytest

from addon.tracking.blender import versions
from addon.tracking.blender.clip import put_tracks
from addon.tracking.blender.corner_pin import CornerPin, create_corner_pin_nodes
from addon.tracking.blender.nodes import MARK
from addon.tracking.engine.model import Tracks
from addon.tracking.errors import InputError
from addon.tracking.homography import apply, frame_corners, homography
from tests.blender.pixels import bilinear, blended, come_from, input_picture, rendered, scene_of
from tests.blender.tree_dump import differences, dump_tree
from tests.conftest import empty_file

INSIDE = np.array([[20.3, 15.2], [170.7, 10.1], [160.2, 95.6], [31.1, 88.8]])
BEYOND = np.array([[-20.3, -15.2], [210.7, 20.1], [150.2, 125.6], [11.1, 98.8]])


@pytest.fixture(autouse=True)
def fresh_file() -> None:
    empty_file()


def card(size: tuple[int, int], seed: int) -> np.ndarray:
    """A smooth, opaque picture of that size."""
    random = np.random.default_rng(seed).random((size[1], size[0], 4))
    smooth = np.clip(6 * (cv2.GaussianBlur(random, (0, 0), 4.0) - 0.5) + 0.5, 0, 1)
    smooth[..., 3] = 1.0
    return smooth


def expected_pin(picture: np.ndarray, corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The formula: bilinear with the edge drawn on, times how much of a pixel lies within the corners."""
    high, wide = picture.shape[:2]
    width, height = size
    border = 40
    wider = np.pad(picture, ((border, border), (border, border), (0, 0)), mode="edge")
    back = np.linalg.inv(homography(frame_corners(wide, high), corners))
    seen = bilinear(wider, np.array([[1, 0, border], [0, 1, border], [0, 0, 1.0]]) @ back, size)
    y, x = np.mgrid[:height, :width] + 0.5
    nearest = np.full((height, width), np.inf)
    for start, end in zip(corners, np.roll(corners, -1, axis=0)):
        dx, dy = end - start
        nearest = np.minimum(nearest, (dx * (y - start[1]) - dy * (x - start[0])) / np.hypot(dx, dy))
    return seen * np.clip(nearest + 0.5, 0, 1)[..., None]


def build(
    scene: bpy.types.Scene, folder: Path, picture: np.ndarray, back: np.ndarray | None, **options: object
) -> CornerPin:
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    source = input_picture(tree, folder / "picture.exr", picture)
    behind = (0.0, 0.0, 0.0, 0.0) if back is None else input_picture(tree, folder / "back.exr", back)
    built = create_corner_pin_nodes(tree, behind, source, **options)
    tree.links.new(built.image, versions.make_output(tree).socket)
    return built


@pytest.mark.parametrize("corners", [INSIDE, BEYOND, frame_corners(193, 109)])
@pytest.mark.parametrize("picture_size", [(193, 109), (80, 120), (301, 77)])
def test_every_pixel_is_the_formula_s(
    tmp_path: Path, corners: np.ndarray, picture_size: tuple[int, int]
) -> None:
    size = (193, 109)
    scene = scene_of(size)
    picture, back = card(picture_size, 1), card(size, 2)
    build(scene, tmp_path, picture, back, corners=corners)
    front = expected_pin(picture, corners, size)
    got = rendered(scene, tmp_path / "out.exr")
    assert np.abs(got[..., :3] - blended(back[..., :3], front, "over", 1.0)).max() <= 1.0 / 255.0
    assert np.abs(got[..., 3] - 1.0).max() < 1e-6


@pytest.mark.parametrize("blend", ["over", "multiply", "add", "screen"])
def test_opacity_and_blend(tmp_path: Path, blend: str) -> None:
    size = (108, 193)  # portrait
    scene = scene_of(size)
    corners = np.array([[10.0, 22.0], [95.5, 4.0], [101.0, 170.2], [22.2, 188.0]])
    picture, back = card((64, 64), 1), card(size, 2)
    picture[:20, :, :] *= 0.3  # premultiplied, half clear
    build(scene, tmp_path, picture, back, corners=corners, opacity=0.6, blend=blend)
    front = expected_pin(picture, corners, size)
    got = rendered(scene, tmp_path / "out.exr")
    assert np.abs(got[..., :3] - blended(back[..., :3], front, blend, 0.6)).max() <= 1.0 / 255.0


def test_over_nothing_and_at_half_size(tmp_path: Path) -> None:
    size = (386, 218)
    scene = scene_of(size)
    scene.render.resolution_percentage = 50
    picture = card((120, 120), 3)
    build(scene, tmp_path, picture, None, corners=2 * INSIDE)
    got = rendered(scene, tmp_path / "out.exr")
    assert got.shape[:2] == (109, 193)
    assert np.abs(got - expected_pin(picture, INSIDE, (193, 109))).max() <= 1.0 / 255.0


def test_corners_move_with_the_frames(tmp_path: Path) -> None:
    size = (193, 109)
    scene = scene_of(size)
    moving = {frame: INSIDE + 1.7 * frame for frame in (1, 2, 5)}
    picture = card((90, 60), 3)
    built = build(scene, tmp_path, picture, None, corners=moving)
    assert built.frames.tolist() == [1, 2, 5]
    for frame in (1, 2, 5, 9):
        scene.frame_set(frame)
        got = rendered(scene, tmp_path / "out.exr")
        expected = expected_pin(picture, moving[min(frame, 5)], size)
        assert np.abs(got - expected).max() <= 1.0 / 255.0


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    scene = scene_of((193, 109))
    built = build(scene, tmp_path, card((90, 60), 3), card((193, 109), 2), corners=INSIDE)
    tree, node = versions.scene_tree(scene), built.nodes[0]

    def again(**options: object) -> CornerPin:
        sockets = [node.inputs[name].links[0].from_socket for name in ("Background", "Picture")]
        return create_corner_pin_nodes(tree, *sockets, **options)

    before = dump_tree(tree), dump_tree(built.group)
    assert again(corners=INSIDE).group == built.group
    assert differences(before, (dump_tree(tree), dump_tree(built.group))) == []
    again(corners=BEYOND, blend="screen")
    again(corners=INSIDE)
    after = dump_tree(tree), dump_tree(built.group)
    assert len(before[1]["nodes"]) == len(after[1]["nodes"])
    assert len([group for group in bpy.data.node_groups if MARK in group]) == 1


# --- Where the corners come from --------------------------------------------------------------------------


def clip_of(folder: Path, corners: np.ndarray) -> bpy.types.MovieClip:
    """A clip with four tracks and a plane track of them, at these corners (n, 4, 2)."""
    folder.mkdir()
    for frame in range(1, len(corners) + 1):
        cv2.imwrite(str(folder / f"plain_{frame:04d}.png"), np.full((109, 193, 3), frame, np.uint8))
    clip = bpy.data.movieclips.load(str(folder / "plain_0001.png"))
    count = len(corners)
    put_tracks(
        clip,
        Tracks(
            193,
            109,
            count,
            np.repeat(np.arange(4, dtype=np.int32), count),
            np.tile(np.arange(1, count + 1, dtype=np.int32), 4),
            corners.transpose(1, 0, 2).reshape(-1, 2),
            ["ll", "lr", "ur", "ul"],
        ),
    )
    return clip


def test_four_tracks(tmp_path: Path) -> None:
    corners = np.array([INSIDE + 0.9 * frame for frame in range(4)])
    clip = clip_of(tmp_path / "clip", corners)
    clip.frame_start = 21
    scene = scene_of((193, 109))
    built = build(scene, tmp_path, card((90, 60), 3), None, clip=clip, tracks=["ll", "lr", "ur", "ul"])
    assert built.frames.tolist() == [21, 22, 23, 24]
    np.testing.assert_allclose(built.corners, corners, atol=1e-4)
    with pytest.raises(InputError, match="corners in frame 1 cross"):
        build(scene, tmp_path, card((90, 60), 3), None, clip=clip, tracks=["ll", "lr", "ul", "ur"])
    with pytest.raises(InputError, match="no track 'nobody'"):
        build(scene, tmp_path, card((90, 60), 3), None, clip=clip, tracks=["ll", "lr", "ur", "nobody"])


def add_plane_track(clip: bpy.types.MovieClip, corners: np.ndarray) -> bpy.types.MovieTrackingPlaneTrack:
    """Blender's own plane track, its markers set by hand, in the order that its corners have."""
    from addon.tracking.blender.clip import clip_editor

    bpy.context.scene.frame_set(1)
    with clip_editor(bpy.context, clip):
        for track in clip.tracking.tracks:
            track.select = True
        bpy.ops.clip.create_plane_track()
    plane = clip.tracking.plane_tracks[0]
    for number, four in enumerate(corners):
        marker = plane.markers.find_frame(number + 1) or plane.markers.insert_frame(number + 1)
        marker.corners = four / (193, 109)
    return plane


def test_a_plane_track(tmp_path: Path) -> None:
    corners = np.array([INSIDE + 0.9 * frame for frame in range(3)])
    clip = clip_of(tmp_path / "clip", corners)
    scene = scene_of((193, 109))
    plane = add_plane_track(clip, corners)
    built = build(scene, tmp_path, card((90, 60), 3), None, clip=clip, plane_track=plane.name)
    assert built.frames[:3].tolist() == [1, 2, 3]  # Blender may add a marker behind the last
    np.testing.assert_allclose(built.corners[:3], corners, atol=1e-3)
    with pytest.raises(InputError, match="no plane track 'Wall'"):
        build(scene, tmp_path, card((90, 60), 3), None, clip=clip, plane_track="Wall")


def test_a_live_pin_follows_its_plane_track(tmp_path: Path) -> None:
    corners = np.array([INSIDE + 0.9 * frame for frame in range(3)])
    clip = clip_of(tmp_path / "clip", corners)
    scene = scene_of((193, 109))
    plane = add_plane_track(clip, corners)
    options = {"clip": clip, "plane_track": plane.name, "live": True}
    if not versions.EXACT_WARPS:
        with pytest.raises(InputError, match="needs Blender 4.5"):
            build(scene, tmp_path, card((90, 60), 3), None, **options)
        return
    # Blender's node samples an ellipse: another filter, which on a soft picture gives the same.
    smooth = cv2.GaussianBlur(card((90, 60), 3), (0, 0), 10.0)
    smooth[..., 3] = 1.0
    for moved in (0.0, 6.0):
        for number, four in enumerate(corners):
            plane.markers.find_frame(number + 1).corners = (four + (moved, 0.0)) / (193, 109)
        built = build(scene, tmp_path, smooth, None, **options)
        assert versions.curves_of(built.group) == []
        scene.frame_set(2)
        got, should = (
            rendered(scene, tmp_path / "out.exr"),
            expected_pin(smooth, corners[1] + (moved, 0.0), (193, 109)),
        )
        whole = cv2.erode((should[..., 3] == 1.0).astype(np.uint8), np.ones((5, 5))) > 0
        assert whole.mean() > 0.4
        assert np.abs(got - should)[whole].max() <= 2.0 / 255.0
        assert (got[..., 3][should[..., 3] == 0.0] < 0.5).all()
        built = build(scene, tmp_path, come_from((90, 60)), None, **options)
        places = bilinear(
            come_from((90, 60)),
            np.linalg.inv(homography(frame_corners(90, 60), corners[1] + (moved, 0.0))),
            (193, 109),
        )
        assert np.abs(rendered(scene, tmp_path / "out.exr") - places)[whole].max() <= 0.3
    with pytest.raises(InputError, match="can only follow a plane track"):
        build(scene, tmp_path, card((90, 60), 3), None, corners=INSIDE, live=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "one of these only"),
        ({"corners": INSIDE, "tracks": ["a", "b", "c", "d"]}, "one of these only"),
        ({"corners": INSIDE[[0, 2, 1, 3]]}, "cross"),
        ({"corners": INSIDE[::-1]}, "wrong way"),
        ({"corners": {}}, "at least one frame"),
        ({"plane_track": "Wall"}, "needs the clip"),
    ],
)
def test_refusals_leave_the_tree_alone(tmp_path: Path, options: dict, message: str) -> None:
    scene = scene_of((193, 109))
    tree = versions.hang_scene_tree(scene)
    before = dump_tree(tree)
    with pytest.raises(InputError, match=message):
        create_corner_pin_nodes(tree, (0.0, 0.0, 0.0, 0.0), bpy.data.images.new("p", 8, 8), **options)
    assert differences(before, dump_tree(tree)) == []


@pytest.mark.slow
def test_the_poster_s_corners_at_every_frame(footage: Path, tmp_path: Path) -> None:
    """The corners are found again in the rendered pixels, from where each pixel says that it came from.

    In every frame in Blender 4.5, in every sixth in the others, where it would take minutes; at half the
    clip's size, and to half a pixel of the whole one, as most of the time goes into the pixels.
    """
    truth = json.loads((footage / "poster.json").read_text())
    size = (truth["width"] // 2, truth["height"] // 2)
    corners = {int(frame): np.array(four) / 2 for frame, four in truth["corners"].items()}
    assert len(corners) == truth["frames"]
    scene = scene_of(size)
    build(scene, tmp_path, come_from((400, 300)), None, corners=corners)
    worst = 0.0
    every = 1 if bpy.app.version[:2] == (4, 5) else 6
    for frame, four in list(corners.items())[::every]:
        scene.frame_set(frame)
        got = rendered(scene, tmp_path / "out.exr")
        sure = got[..., 3] > 0.9999
        sure &= (np.abs(got[..., 0] - 200) < 199) & (np.abs(got[..., 1] - 150) < 149)
        y, x = np.nonzero(sure)
        step = max(1, len(x) // 3000)
        to, _ = cv2.findHomography(
            got[y, x, :2][::step].astype(float), np.column_stack([x, y])[::step] + 0.5, method=0
        )
        found = apply(to, frame_corners(400, 300))
        worst = max(worst, float(np.linalg.norm(found - four, axis=1).max()))
    print(f"largest distance from a true corner: {worst:.4f} px")
    assert worst <= 0.25
