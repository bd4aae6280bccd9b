"""A mask of the .blend, drawn for the engine, beside what Blender's own Mask node makes of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import bpy
import cv2
import numpy as np
import pytest

from addon import cli, jobs
from addon.tracking import exr
from addon.tracking.blender import mask_pictures, versions
from addon.tracking.blender.clip import clip_editor
from addon.tracking.blender.mask_pictures import LONGEST, mask_mark, write_mask_pictures
from addon.tracking.engine.footage import open_footage
from addon.tracking.errors import FootageError, InputError
from addon.tracking.session import create_session, delete_session, list_sessions, load_session
from addon.tracking.shotfile import load_shot
from tests.blender.conftest import SHOT
from tests.blender.pixels import rendered, scene_of
from tests.blender.synthetic import draw_movie

CORNERS = np.array([[0.2, 0.35], [0.45, 0.35], [0.45, 0.6], [0.2, 0.6]])
FRAMES = 11
EDGE = 2
"""Pixels by which the outline in a small picture, fitted to the frame, may lie off."""


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
    covered = [compare(first, number, mask, size, tmp_path) for number in (1, 6, 11)]
    assert covered[0] + 0.1 < covered[1] < covered[2] - 0.1


def compare(first: Path, number: int, mask: bpy.types.Mask, size: tuple[int, int], folder: Path) -> float:
    """Where the masked part lies across the picture, 0 to 1; it must be as Blender's node draws it."""
    small = cv2.imread(str(first.with_name(f"mask_{number:05}.png")), 0)
    assert max(small.shape) <= LONGEST
    ours = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR) >= 128
    bpy.context.scene.frame_set(4 + number)
    theirs = node_picture(mask, size, folder / "node.exr") >= 0.5
    assert 0.03 < theirs.mean() < 0.4
    inner, outer = (
        change(theirs.astype(np.uint8), np.ones((2 * EDGE + 1,) * 2, np.uint8)) > 0
        for change in (cv2.erode, cv2.dilate)
    )
    assert (ours >= inner).all() and (ours <= outer).all()
    return float(ours.nonzero()[1].mean() / size[0])


def key_track(clip: bpy.types.MovieClip, name: str, ways: dict[int, np.ndarray]) -> None:
    track = clip.tracking.objects[0].tracks.new(name=name, frame=1)
    for frame, spot in ways.items():
        track.markers.insert_frame(frame, co=spot)
    clip.tracking.objects[0].tracks.active = track


def tie(clip: bpy.types.MovieClip, mask: bpy.types.Mask, frame: int) -> None:
    """Has the mask's chosen points follow the clip's active track from a scene frame on, as Ctrl P does."""
    with clip_editor(bpy.context, clip) as space:
        space.mode, space.mask = "MASK", mask
        space.clip_user.frame_current = frame
        assert bpy.ops.mask.parent_set() == {"FINISHED"}


WAY = {frame: np.array([0.1 + 0.03 * frame, 0.4 + 0.01 * frame]) for frame in range(1, FRAMES + 7)}
SQUARE = np.array([[0.0, 0.0], [0.2, 0.0], [0.2, 0.2], [0.0, 0.2]])


@pytest.mark.parametrize("plane", [False, True])
def test_points_that_follow_a_track_do_so(clip: bpy.types.MovieClip, tmp_path: Path, plane: bool) -> None:
    mask = bpy.data.masks.new("Tied")
    add_spline(mask.layers.new(name="Box"), CORNERS, "AUTO")
    footage = open_footage(draw_movie(tmp_path / "sized.mp4", 1280, 720, FRAMES))
    key_track(clip, "Way", WAY)
    objects = clip.tracking.objects[0]
    if plane:
        for corner in SQUARE:
            key_track(clip, f"Corner {corner}", {f: spot + corner for f, spot in WAY.items()})
        for track in objects.tracks:
            track.select = track.name.startswith("Corner")
        with clip_editor(bpy.context, clip) as space:
            space.mode = "TRACKING"
            assert bpy.ops.clip.create_plane_track() == {"FINISHED"}
        for frame, spot in WAY.items():
            objects.plane_tracks[0].markers.insert_frame(frame).corners = spot + SQUARE
    tie(clip, mask, 5)
    kind = mask.layers[0].splines[0].points[0].parent.type
    assert kind == ("PLANE_TRACK" if plane else "POINT_TRACK")
    first = write_mask_pictures(mask, clip, footage, tmp_path)
    assert len(list(first.parent.iterdir())) == FRAMES
    places = [compare(first, number, mask, (1280, 720), tmp_path) for number in (1, 6, 11)]
    assert np.diff(places) == pytest.approx([0.15, 0.15], abs=0.01)


def test_a_mask_is_another_one_where_its_tie_or_its_track_is(
    clip: bpy.types.MovieClip, tmp_path: Path
) -> None:
    mask = bpy.data.masks.new("Tied")
    add_spline(mask.layers.new(name="Box"), CORNERS, "VECTOR")
    footage = open_footage(jobs.footage_path(clip))
    seen = [mask_mark(mask, clip, footage)]
    key_track(clip, "Way", WAY)
    for frame in (5, 6):  # tied a frame later it lies elsewhere in all of them
        tie(clip, mask, frame)
        seen.append(mask_mark(mask, clip, footage))
    clip.tracking.objects[0].tracks["Way"].markers[4].co.y += 0.001
    seen.append(mask_mark(mask, clip, footage))
    assert len(set(seen)) == 4 and mask_mark(mask, clip, footage) == seen[-1]


def test_a_soft_edge_is_masked_where_it_covers_half(clip: bpy.types.MovieClip, tmp_path: Path) -> None:
    mask = bpy.data.masks.new("Soft")
    spline = add_spline(mask.layers.new(name="Box"), CORNERS[::-1], "VECTOR")  # its feather points outward
    mask.layers[0].falloff = "LINEAR"
    footage = open_footage(draw_movie(tmp_path / "sized.mp4", 1280, 720, FRAMES))
    hard = write_mask_pictures(mask, clip, footage, tmp_path)
    for point in spline.points:
        point.weight = 0.1
    soft = write_mask_pictures(mask, clip, footage, tmp_path)
    assert hard != soft
    assert len(list(soft.parent.iterdir())) == 1  # it stands still
    compare(soft, 1, mask, (1280, 720), tmp_path)
    across = [np.ptp((cv2.imread(str(path), 0) >= 128).nonzero()[1]) for path in (hard, soft)]
    assert across[1] - across[0] == pytest.approx(2 * 0.05 * 640, abs=3)


def test_what_stands_still_for_a_while_is_drawn_once(
    clip: bpy.types.MovieClip, mask: bpy.types.Mask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    footage = open_footage(draw_movie(tmp_path / "longer.mp4", 320, 180, 30))
    drawn: list[int] = []
    drawn_before = mask_pictures._drawn

    def note(mask: bpy.types.Mask, frames: Sequence[int], size: tuple[int, int]) -> Iterator[np.ndarray]:
        drawn.extend(frames)
        return drawn_before(mask, frames, size)

    monkeypatch.setattr(mask_pictures, "_drawn", note)
    first = write_mask_pictures(mask, clip, footage, tmp_path)
    late = write_mask_pictures(mask, clip, replace(footage, first=9), tmp_path / "late")
    assert drawn == [*range(5, 16), *range(13, 16)]  # keyed from 5 to 15; the clip begins at 5
    pictures = [path.read_bytes() for path in sorted(first.parent.iterdir())]
    assert len(pictures) == 30 and len(set(pictures[:11])) == 11 and len(set(pictures[10:])) == 1
    shorter = [path.read_bytes() for path in sorted(late.parent.iterdir())]
    assert shorter == [pictures[8]] * 8 + pictures[8:]


def test_other_add_ons_are_not_called_for_it_and_it_is_told_how_far_it_is(
    clip: bpy.types.MovieClip, mask: bpy.types.Mask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    handlers = bpy.app.handlers
    names = [name for name in dir(handlers) if name.startswith(("render_", "composite_", "frame_change_"))]
    lists = {name: getattr(handlers, name) for name in names}
    hung = {name: lambda *_, name=name: called.append(name) for name in lists}
    told: list[int] = []

    @contextmanager
    def progress(count: int) -> Iterator[Callable[[int], None]]:
        told.append(count)
        yield told.append
        told.append(-1)

    monkeypatch.setattr(mask_pictures, "_progress", progress)
    for name, one in lists.items():
        one.append(hung[name])
    before = {name: list(one) for name, one in lists.items()}
    try:
        write_mask_pictures(mask, clip, open_footage(jobs.footage_path(clip)), tmp_path)
        # Another add-on may move a mask as the frame changes; a render is none of its business.
        assert set(called) == {"frame_change_pre", "frame_change_post"}
        assert {name: list(one) for name, one in lists.items()} == before
        assert told == [FRAMES, *range(FRAMES), -1]
        called.clear()
        node_picture(mask, (32, 18), tmp_path / "theirs.exr")
        assert {"render_init", "render_pre", "render_post", "render_complete"} <= set(called)
        monkeypatch.setattr(mask_pictures, "_frame_marks", lambda *_: [b"a", b"b"])
        monkeypatch.setattr(mask_pictures.exr, "read", refuse)
        with pytest.raises(InputError, match="cannot be read"):
            write_mask_pictures(mask, clip, open_footage(jobs.footage_path(clip)), tmp_path / "other")
        assert {name: list(one) for name, one in lists.items()} == before
    finally:
        for name, one in lists.items():
            one.remove(hung[name])
    assert not [scene for scene in bpy.data.scenes if scene.name.startswith("Tracked Shot Mask")]


def refuse(*_: object) -> None:
    raise InputError("a.exr: cannot be read")


def test_a_clip_is_drawn_a_few_frames_at_a_time() -> None:
    runs = list(mask_pictures._runs([3, *range(10, 33), 40]))
    assert runs == [(3, 3), (10, 19), (20, 29), (30, 32), (40, 40)]


def test_what_was_rendered_and_where_the_scene_is_stay(
    clip: bpy.types.MovieClip, mask: bpy.types.Mask, tmp_path: Path
) -> None:
    scene = scene_of((32, 16))
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    node = tree.nodes.new("CompositorNodeRGB")
    node.outputs[0].default_value = (0.5, 0.25, 0.125, 1)
    tree.links.new(node.outputs[0], versions.make_output(tree).socket)
    rendered(scene, tmp_path / "before.exr")
    scene.frame_set(7)
    kinds = ("scenes", "node_groups", "masks", "images")
    before = {kind: getattr(bpy.data, kind).keys() for kind in kinds}
    users = mask.users
    write_mask_pictures(mask, clip, open_footage(jobs.footage_path(clip)), tmp_path)
    assert {kind: getattr(bpy.data, kind).keys() for kind in kinds} == before
    assert scene.frame_current == 7 and mask.users == users
    result = next(image for image in bpy.data.images if image.type == "RENDER_RESULT")
    result.save_render(str(tmp_path / "after.exr"), scene=scene)
    _, kept = exr.read(tmp_path / "after.exr", "RGB")
    assert kept.shape == (3, 16, 32)
    assert kept[:, 8, 16] == pytest.approx([0.5, 0.25, 0.125], abs=1e-3)


def test_anamorphic_pixels_count_as_the_clip_editor_shows_them(
    clip: bpy.types.MovieClip, tmp_path: Path
) -> None:
    mask = bpy.data.masks.new("Box")
    add_spline(mask.layers.new(name="Box"), CORNERS, "VECTOR")
    clip.tracking.camera.pixel_aspect = 2.0
    picture = cv2.imread(
        str(write_mask_pictures(mask, clip, open_footage(jobs.footage_path(clip)), tmp_path)), 0
    )
    assert picture.shape == (180, 640)
    rows, columns = (cv2.resize(picture, (320, 180)) >= 128).nonzero()
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


def test_pictures_that_are_gone_are_drawn_anew(clip: bpy.types.MovieClip, mask: bpy.types.Mask) -> None:
    clip.tracked_shot.mask = mask
    session = jobs.take_up(clip, open_footage(jobs.footage_path(clip)))
    picture = Path(session.settings().mask)
    shutil.rmtree(picture.parent)
    jobs.fit_mask(clip, session)
    assert picture.is_file() and session.settings().mask == str(picture)
    shutil.rmtree(picture.parent)
    mask.layers["Corner"].splines[0].points[0].co.x += 0.01
    with pytest.raises(FootageError, match="not the mask that this session began with"):
        jobs.fit_mask(clip, session)


def test_masks_go_with_the_last_session(clip: bpy.types.MovieClip, mask: bpy.types.Mask) -> None:
    clip.tracked_shot.mask = mask
    session = jobs.take_up(clip, open_footage(jobs.footage_path(clip)))
    delete_session(session.path)
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
    clip: bpy.types.MovieClip, mask: bpy.types.Mask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    footage = open_footage(jobs.footage_path(clip))
    with pytest.raises(InputError, match="in the mask Empty nothing is drawn"):
        write_mask_pictures(bpy.data.masks.new("Empty"), clip, footage, tmp_path)
    no_folder = tmp_path / "file"
    no_folder.write_text("")
    monkeypatch.setattr(mask_pictures.tempfile, "TemporaryDirectory", lambda **_: nullcontext(no_folder))
    with pytest.raises(InputError, match="Blender did not draw the mask Actor"):
        mask_pictures._drawn(mask, [5], (32, 18)).__next__()
    assert len(bpy.data.scenes) == 1


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
