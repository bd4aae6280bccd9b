"""A mask of the .blend, drawn for the engine, beside what Blender's own Mask node makes of it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import bpy
import cv2
import numpy as np
import pytest

from addon import cli, jobs
from addon.tracking.blender import versions
from addon.tracking.blender.clip import clip_editor
from addon.tracking.blender.mask_pictures import write_mask_pictures
from addon.tracking.engine.footage import open_footage
from addon.tracking.errors import InputError
from addon.tracking.session import create_session, list_sessions, load_session
from addon.tracking.shotfile import load_shot
from tests.blender.conftest import SHOT
from tests.blender.pixels import rendered, scene_of
from tests.blender.synthetic import draw_movie

CORNERS = np.array([[0.2, 0.35], [0.45, 0.35], [0.45, 0.6], [0.2, 0.6]])
FRAMES = 11
FULL = 0.004
"""Share of the picture that edges, which OpenCV fills to the outer pixel, may differ in."""


def add_spline(layer: bpy.types.MaskLayer, corners: np.ndarray, kind: str = "AUTO") -> bpy.types.MaskSpline:
    spline = layer.splines.new()
    spline.points.add(len(corners) - 1)
    spline.use_cyclic = True
    move(spline, corners, kind)
    return spline


def move(spline: bpy.types.MaskSpline, corners: np.ndarray, kind: str = "AUTO") -> None:
    for point, corner in zip(spline.points, corners):
        point.handle_type, point.co, point.select = kind, corner, True


def key_shape(clip: bpy.types.MovieClip, mask: bpy.types.Mask) -> None:
    with clip_editor(bpy.context, clip) as space:
        space.mode, space.mask = "MASK", mask
        assert bpy.ops.mask.shape_key_insert() == {"FINISHED"}


@pytest.fixture
def clip(blender_file: ModuleType, tmp_path: Path) -> bpy.types.MovieClip:
    clip = bpy.data.movieclips.load(str(draw_movie(tmp_path / "plate.mp4", 320, 180, FRAMES)))
    clip.frame_start = 5
    return clip


@pytest.fixture
def mask(clip: bpy.types.MovieClip) -> bpy.types.Mask:
    """A mask that moves over the clip's frames: rounded, with a hole, and a corner of it taken away."""
    mask = bpy.data.masks.new("Actor")
    layer = mask.layers.new(name="Round")
    spline, hole = add_spline(layer, CORNERS), add_spline(layer, CORNERS * 0.3 + 0.25, "VECTOR")
    for frame, shift in ((5, 0.0), (15, 0.3)):
        bpy.context.scene.frame_set(frame)
        move(spline, CORNERS + [shift, 0.0])
        move(hole, CORNERS * 0.3 + [0.25 + shift, 0.33], "VECTOR")
        key_shape(clip, mask)
    corner = mask.layers.new(name="Corner")
    add_spline(corner, CORNERS + [0.1, 0.15], "VECTOR")
    corner.blend, corner.alpha = "SUBTRACT", 0.9
    hidden = mask.layers.new(name="Hidden")
    add_spline(hidden, CORNERS * 2, "VECTOR")
    hidden.hide_render = True
    return mask


def node_picture(mask: bpy.types.Mask, size: tuple[int, int], path: Path) -> np.ndarray:
    """(height, width) what Blender's Mask node makes in the current frame, top row first."""
    scene = scene_of(size)
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    node = tree.nodes.new("CompositorNodeMask")
    node.mask = mask
    tree.links.new(node.outputs[0], versions.make_output(tree).socket)
    return rendered(scene, path)[::-1, :, 0]


@pytest.mark.parametrize("size", [(320, 180), (180, 320)])
def test_it_is_drawn_as_blenders_node_draws_it_in_every_frame(
    clip: bpy.types.MovieClip, mask: bpy.types.Mask, size: tuple[int, int], tmp_path: Path
) -> None:
    footage = open_footage(draw_movie(tmp_path / "sized.mp4", *size, FRAMES))
    first = write_mask_pictures(mask, clip, footage, tmp_path)
    assert len(list(first.parent.iterdir())) == FRAMES
    covered = []
    for number in (1, 6, 11):
        ours = cv2.imread(str(first.with_name(f"mask_{number:05}.png")), 0) >= 128
        bpy.context.scene.frame_set(4 + number)
        theirs = node_picture(mask, size, tmp_path / "node.exr") >= 0.5
        assert 0.03 < theirs.mean() < 0.2 and (ours != theirs).mean() < FULL * 320 / min(size)
        covered.append(ours.nonzero()[1].mean() / size[0])
    assert covered[0] + 0.1 < covered[1] < covered[2] - 0.1


def test_a_scene_of_its_own_is_gone_again_and_the_frame_stays(
    clip: bpy.types.MovieClip, mask: bpy.types.Mask, tmp_path: Path
) -> None:
    bpy.context.scene.frame_set(7)
    write_mask_pictures(mask, clip, open_footage(jobs.footage_path(clip)), tmp_path)
    assert len(bpy.data.scenes) == 1 and bpy.context.scene.frame_current == 7


def test_anamorphic_pixels_count_as_the_clip_editor_shows_them(
    clip: bpy.types.MovieClip, tmp_path: Path
) -> None:
    mask = bpy.data.masks.new("Box")
    add_spline(mask.layers.new(name="Box"), CORNERS, "VECTOR")
    clip.tracking.camera.pixel_aspect = 2.0
    picture = cv2.imread(
        str(write_mask_pictures(mask, clip, open_footage(jobs.footage_path(clip)), tmp_path)), 0
    )
    rows, columns = (picture > 0).nonzero()
    # The frame is shown 640 by 180: half a height from the middle is 90 of 640 pixels.
    assert (columns.min(), columns.max()) == pytest.approx((0.2 * 320, 0.45 * 320), abs=1)
    middle = 90 - (0.475 - 0.5) * 640
    assert (rows.min(), rows.max()) == pytest.approx((middle - 80, min(middle + 80, 179)), abs=1)


def test_a_session_knows_its_mask(clip: bpy.types.MovieClip, mask: bpy.types.Mask) -> None:
    footage = open_footage(jobs.footage_path(clip))
    bare = jobs.take_up(clip, footage)
    clip.tracked_shot.mask = mask
    masked = jobs.take_up(clip, footage)
    assert masked.path != bare.path and bare.settings().mask == ""
    picture = Path(masked.settings().mask)
    assert picture.is_file() and picture.parent.parent.parent == masked.path.parent
    assert jobs.take_up(clip, footage).path == masked.path
    assert load_session(masked.path).settings().mask == str(picture)  # as it is resumed with
    mask.layers["Corner"].splines[0].points[0].co.x += 0.01
    again = jobs.take_up(clip, footage)
    assert again.path not in (bare.path, masked.path)
    assert Path(again.settings().mask) != picture and picture.is_file()


def test_masks_go_with_the_last_session(clip: bpy.types.MovieClip, mask: bpy.types.Mask) -> None:
    clip.tracked_shot.mask = mask
    session = jobs.take_up(clip, open_footage(jobs.footage_path(clip)))
    jobs.delete_session(session.path)
    assert not session.path.parent.exists()


def test_pictures_that_were_painted_over_are_another_mask(tmp_path: Path) -> None:
    from addon.tracking.engine.masks import with_mask
    from addon.tracking.engine.model import TrackingSettings

    made = []
    for column in (10, 20):
        cv2.imwrite(str(tmp_path / "mask.png"), np.pad(np.full((9, 9), 255, np.uint8), column))
        made.append(with_mask(TrackingSettings(), tmp_path / "mask.png"))
    assert made[0] != made[1] and made[0].mask == made[1].mask
    footage = draw_movie(tmp_path / "clip.mp4", 64, 48, 5)
    assert load_session(create_session(footage, settings=made[0]).path).settings() == made[0]


def test_what_cannot_be_drawn_is_refused(
    clip: bpy.types.MovieClip, mask: bpy.types.Mask, tmp_path: Path
) -> None:
    footage = open_footage(jobs.footage_path(clip))
    with pytest.raises(InputError, match="in the mask Empty nothing is drawn"):
        write_mask_pictures(bpy.data.masks.new("Empty"), clip, footage, tmp_path)
    mask.layers[0].splines[0].points[0].parent.id = clip
    with pytest.raises(InputError, match="points of the mask Actor follow tracks"):
        write_mask_pictures(mask, clip, footage, tmp_path)


def test_a_shot_names_a_mask_of_its_blend(
    blender_file: ModuleType, shot: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with_it = SHOT.replace("preset: balanced", "preset: fast\n    mask: Actor\n    solve: false")
    shot.write_text(with_it)
    folder = shot.with_name("sessions")
    call = ["assemble", str(shot), "--session-dir", str(folder)]
    assert cli.main(call) == 2
    assert (
        "shot.yaml:7:11: error: tracking.mask: 'Actor' is neither a mask of the .blend nor"
        in capfd.readouterr().err
    )

    shot.write_text(with_it + "  into: base.blend\n")
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    mask = bpy.data.masks.new("Actor")
    mask.use_fake_user = True
    add_spline(mask.layers.new(name="Left"), np.array([[-1, -1], [0.5, -1], [0.5, 2], [-1, 2]]), "VECTOR")
    base = shot.with_name("base.blend")
    bpy.ops.wm.save_as_mainfile(filepath=str(base))
    assert cli.main(call) == 0
    (session,) = list_sessions(folder)
    tracks = load_session(session).tracks()
    assert tracks.count > 20 and tracks.xy[:, 0].min() > 0.5 * tracks.width
    assert "nothing has changed" in run_again(call, capfd)
    bpy.data.masks["Actor"].layers[0].splines[0].points[1].co.x = 0.6
    bpy.ops.wm.save_mainfile()
    assert "the mask" in run_again([*call, "--dry-run"], capfd)


def run_again(call: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    capfd.readouterr()
    assert cli.main(call) == 0
    return capfd.readouterr().out


def test_a_mask_goes_into_the_shot_file(
    clip: bpy.types.MovieClip, mask: bpy.types.Mask, tmp_path: Path
) -> None:
    clip.tracked_shot.mask = mask
    jobs.save_shot_file(bpy.context.scene, clip, tmp_path / "shot.yaml")
    assert load_shot(tmp_path / "shot.yaml").tracking.mask == "Actor"
