"""A cube on the floor of a rendered courtyard, by our solve and by the true camera: it must not slide."""

from __future__ import annotations

import json

import numpy as np
import pytest

from addon.tracking import layout
from addon.tracking.engine.lens import PlateLens
from addon.tracking.floor import SURE_FLOOR, find_floor
from addon.tracking.presets import load_tracking_preset
from addon.tracking.session import create_session, run_session

CUBE = 0.4 * np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.0, 1.0)])


@pytest.fixture(scope="module")
def courtyard(footage, tmp_path_factory):
    """The clip's truth, its tracks and our solve from a lens that is not its own."""
    truth = json.loads((footage / "courtyard_handheld.json").read_text())
    session = create_session(
        footage / "courtyard_handheld.mp4",
        "courtyard",
        directory=tmp_path_factory.mktemp("courtyard"),
        settings=load_tracking_preset("fast"),
    )
    for _ in run_session(session):
        pass
    return truth, session.tracks(), session.solve()


def true_cameras(truth):
    return np.array([truth["camera_to_world"][str(frame)] for frame in range(1, truth["frames"] + 1)])


def true_place(truth, tracks, track):
    """(3,) where a track of the ground really lies: its markers' true rays, met with z = 0."""
    bend = truth["distortion"]
    lens = PlateLens(
        truth["width"], truth["height"], truth["focal_px"], coefficients=(bend["k1"], bend["k2"], 0.0)
    )
    rows = tracks.track == track
    straight = lens.undistort(tracks.xy[rows])
    middle = 0.5 * np.array([truth["width"], truth["height"]])
    cameras = true_cameras(truth)[tracks.frame[rows] - 1]
    local = np.column_stack([(straight - middle) / truth["focal_px"], -np.ones(len(straight))])
    rays = np.einsum("nij,nj->ni", cameras[:, :3, :3], local)
    places = cameras[:, :3, 3]
    return np.median(places - places[:, 2:] / rays[:, 2:] * rays, axis=0)


def aligned(cameras, truth):
    """(4, 4) the similarity that brings our camera path onto the true one (Umeyama 1991)."""
    ours, theirs = cameras[:, :3, 3], truth[:, :3, 3]
    turn = np.einsum("cij,ckj->ik", truth[:, :3, :3], cameras[:, :3, :3])
    left, _, right = np.linalg.svd(turn)
    turn = left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right
    start, end = (ours - ours.mean(axis=0)) @ turn.T, theirs - theirs.mean(axis=0)
    matrix = np.eye(4)
    matrix[:3, :3] = np.sum(start * end) / np.sum(start * start) * turn
    matrix[:3, 3] = theirs.mean(axis=0) - matrix[:3, :3] @ ours.mean(axis=0)
    return matrix


def seen(camera, focal_px, points):
    """(n, 2) pixels about the middle of a straight picture, and which lie before the camera."""
    local = (points - camera[:3, 3]) @ camera[:3, :3]
    return -focal_px * local[:, :2] / local[:, 2:], local[:, 2] < 0


@pytest.mark.once  # test_engine.py has this clip's figures, test_floor.py and test_layout.py the rest
def test_floor_scale_and_a_cube_that_does_not_slide(courtyard):
    truth, tracks, solve = courtyard
    assert len(solve.frames) == truth["frames"]
    names = [tracks.names[number] for number in solve.point_tracks]
    ground = np.flatnonzero(find_floor(solve.points, solve.cameras).inliers)
    ground = ground[np.argsort(solve.depth_sigmas[ground])][:40]  # as an artist would: well tracked ones
    apart = np.linalg.norm(solve.points[ground][:, None] - solve.points[ground][None], axis=2)
    ends = ground[list(np.unravel_index(apart.argmax(), apart.shape))]
    one, other = (true_place(truth, tracks, solve.point_tracks[end]) for end in ends)
    distance = float(np.linalg.norm(one - other))
    found = layout.laid_out(
        solve.points, solve.cameras, names, scale=([names[end] for end in ends], distance)
    )

    cameras = found.matrix @ solve.cameras
    cameras[:, :3, :3] /= np.cbrt(np.linalg.det(found.matrix[:3, :3]))
    to_truth = aligned(cameras, true_cameras(truth))
    scale = np.cbrt(np.linalg.det(to_truth[:3, :3]))
    tilt = np.degrees(np.arccos(min(1.0, to_truth[2, 2] / scale)))
    assert found.confidence > SURE_FLOOR
    assert tilt < 1.0
    assert abs(scale - 1) < 0.01

    cube = layout.apply(to_truth, CUBE)
    half = 0.5 * np.array([truth["width"], truth["height"]])
    slides = []
    for ours, theirs in zip(cameras, true_cameras(truth)):
        here, _ = seen(ours, solve.lens.focal_px, CUBE)
        there, before = seen(theirs, truth["focal_px"], cube)
        inside = before & np.all(np.abs(there) < half, axis=1)
        slides += np.linalg.norm(here - there, axis=1)[inside].tolist()
    sizes = f"floor {tilt:.4f} degrees, scale {scale - 1:+.3%}"
    print(f"{sizes}, slides {np.mean(slides):.3f}, at worst {max(slides):.3f} px")
    assert len(slides) > 500
    assert np.mean(slides) <= 0.5 and max(slides) <= 1.0
