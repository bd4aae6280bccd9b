"""ST-maps out: what is in the files, that overscan is enough and tight, and that maps undo each other."""

from __future__ import annotations

import itertools
import math
import tracemalloc
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from addon.tracking import exr
from addon.tracking.engine.lens import FoldError, PlateLens
from addon.tracking.errors import InputError
from addon.tracking.overscan import (
    NO_OVERSCAN,
    Overscan,
    find_overscan,
    frame_of,
    overscan_share,
    widened_frame,
)
from addon.tracking.stmap import DISTORT, UNDISTORT, StMap, bands
from addon.tracking.stmap_out import round_trip, write_stmap_sequence, write_stmaps
from tests.lenses import random_lenses

LENSES = {
    "POLYNOMIAL": PlateLens(320, 180, 300.0, "POLYNOMIAL", (-0.2, 0.08, 0.05), (150.0, 97.0)),
    "DIVISION": PlateLens(320, 180, 300.0, "DIVISION", (0.2, 0.08), (150.0, 97.0)),
    "BROWN": PlateLens(320, 180, 300.0, "BROWN", (-0.2, 0.08, 0.05, -0.02, 0.02, -0.03), (150.0, 97.0), 2.0),
    "NUKE": PlateLens(320, 180, 300.0, "NUKE", (-0.1, 0.03), (150.0, 97.0)),
}


def whole(map_: StMap) -> np.ndarray:
    """(3, rows, columns) of a map, rows down."""
    return np.concatenate([band for _, band in bands(map_)], axis=1)


def some_rows(map_: StMap) -> np.ndarray:
    """(3, rows, columns) of about twenty rows of a map, evenly apart, from the top."""
    height = map_.size[1]
    return np.concatenate([map_.rows(row, row + 1) for row in range(0, height, height // 20)], axis=1)


def centres(width: int, height: int) -> np.ndarray:
    """(height, width, 2) pixel centres, rows down, y up."""
    return np.stack(np.meshgrid(np.arange(width) + 0.5, height - np.arange(height) - 0.5), -1)


@pytest.mark.parametrize("model", LENSES)
@pytest.mark.parametrize("overscan", [NO_OVERSCAN, Overscan(12, 18, 4, 10)])
def test_values_are_where_the_lens_says(model: str, overscan: Overscan) -> None:
    lens = LENSES[model]
    width, height = overscan.size(lens.width, lens.height)
    corner = [overscan.left, overscan.bottom]
    u, v, blue = whole(StMap(lens, UNDISTORT, overscan)).astype(float)
    assert u.shape == (height, width)
    expected = lens.distort(centres(width, height) - corner) / [lens.width, lens.height]
    np.testing.assert_allclose(np.stack([u, v], -1), expected, atol=3e-7)
    assert np.array_equal(blue == 1, ((expected >= 0) & (expected <= 1)).all(axis=-1))

    u, v, blue = whole(StMap(lens, DISTORT, overscan)).astype(float)
    assert u.shape == (lens.height, lens.width)
    expected = (lens.undistort(centres(lens.width, lens.height)) + corner) / [width, height]
    np.testing.assert_allclose(np.stack([u, v], -1), expected, atol=3e-7)
    assert set(np.unique(blue)) <= {0.0, 1.0}


def test_no_distortion_gives_every_pixel_itself() -> None:
    for kind in (UNDISTORT, DISTORT):
        u, v, blue = whole(StMap(PlateLens(320, 180, 300.0), kind))
        x, y = np.moveaxis(centres(320, 180), -1, 0)
        assert np.array_equal(u, (x / 320).astype(np.float32))
        np.testing.assert_allclose(v, y / 180, rtol=1e-7)
        assert blue.all()
    assert v[0, 0] > 0.99, "the first row of the file is the top, and v is 1 there"


def test_interpolated_inverse_is_the_exact_one() -> None:
    worst = 0.0
    for lens in random_lenses(56, seed=3):
        kind = UNDISTORT if lens.model == "NUKE" else DISTORT
        found = some_rows(StMap(lens, kind))[:2, :, :: lens.width // 20]
        places = centres(lens.width, lens.height)[:: lens.height // 20, :: lens.width // 20]
        expected = lens.distort(places) if kind == UNDISTORT else lens.undistort(places)
        away = np.moveaxis(found.astype(float), 0, -1) * [lens.width, lens.height] - expected
        worst = max(worst, float(np.max(np.abs(away))))
    assert worst < 0.001


# --- overscan -----------------------------------------------------------------------------------


def empty_pixels(straight: np.ndarray, lens: PlateLens, overscan: Overscan) -> int:
    """How many places (n, 2) lie beyond the straight picture, or between it and nothing."""
    places = straight + [overscan.left, overscan.bottom]
    size = np.array(overscan.size(lens.width, lens.height))
    return int(np.sum(np.any((places < 0.5 - 1e-5) | (places > size - 0.5 + 1e-5), axis=-1)))


def plate_points(lens: PlateLens) -> np.ndarray:
    """Pixel centres: all along the edge, some within."""
    grid = centres(lens.width, lens.height)
    edge = np.concatenate([grid[0], grid[-1], grid[:, 0], grid[:, -1]])
    return np.concatenate([edge, grid[::31, ::29].reshape(-1, 2)])


@pytest.mark.once  # plain arithmetic; the next two look at the overscan of single lenses
def test_overscan_is_enough_and_the_next_smaller_even_size_is_not() -> None:
    needing = 0
    for lens in random_lenses(200):
        found = find_overscan(lens)
        straight = lens.undistort(plate_points(lens))
        assert empty_pixels(straight, lens, found) == 0
        bounds = np.concatenate([straight[np.argmin(straight, 0)], straight[np.argmax(straight, 0)]])
        sides = {"left": found.left, "right": found.right}, {"bottom": found.bottom, "top": found.top}
        for (low, high), size in zip(map(dict.items, sides), (lens.width, lens.height)):
            total = low[1] + high[1]
            if not total:
                continue
            needing += 1
            assert (size + total) % 2 == 0
            for first in range(total - 1):  # every way to have two pixels less
                less = {low[0]: first, high[0]: total - 2 - first}
                assert empty_pixels(bounds, lens, Overscan(**{**vars(found), **less})) > 0
    assert needing > 100


def test_overscan_looks_along_the_edge_and_not_at_the_corners_alone() -> None:
    # Pulled in at the corners, pushed out at the middle of each side: only the sides need overscan.
    lens = PlateLens(640, 480, 500.0, "POLYNOMIAL", (-0.35, 0.6))
    corners = lens.undistort(np.array([[0.5, 0.5], [639.5, 479.5]]))
    assert corners[0, 0] > 0.5 and corners[1, 0] < 639.5
    found = find_overscan(lens)
    assert found.left > 3 and found.right > 3
    assert empty_pixels(lens.undistort(plate_points(lens)), lens, found) == 0


def test_a_plate_that_needs_no_overscan_keeps_its_size() -> None:
    assert find_overscan(PlateLens(641, 361, 500.0)) == NO_OVERSCAN  # odd, and left odd
    assert find_overscan(PlateLens(640, 360, 500.0, "POLYNOMIAL", (0.1,))) == NO_OVERSCAN
    assert overscan_share(PlateLens(641, 360, 500.0), 0.1).size(641, 360) == (772, 432)


def test_a_widened_frame_covers_the_plate_with_as_many_pixels_and_no_more() -> None:
    widened = 0
    for lens in random_lenses(60, seed=5):
        frame = widened_frame(lens)
        assert (frame.width, frame.height) == (lens.width, lens.height)
        u, v, blue = some_rows(StMap(lens, DISTORT, frame))
        assert blue.all()
        places = lens.undistort(plate_points(lens)) - [frame.left, frame.bottom]
        size = np.array([lens.width, lens.height])
        assert np.all(places >= 0.5 * frame.pitch - 1e-5)
        assert np.all(places <= frame.pitch * (size - 0.5) + 1e-5)
        expected = (
            lens.undistort(centres(lens.width, lens.height)[:: lens.height // 20])
            - [frame.left, frame.bottom]
        ) / (frame.pitch * size)
        np.testing.assert_allclose(np.stack([u, v], -1), expected, atol=3e-7)
        if frame.pitch > 1:
            widened += 1
            reach = np.ptp(places, axis=0)
            assert np.any(reach > 0.9999 * frame.pitch * (size - 1))
    assert widened > 20
    assert widened_frame(PlateLens(640, 360, 500.0)) == frame_of(PlateLens(640, 360, 500.0))


def test_a_widened_frame_straightens_and_bends_again() -> None:
    lens = LENSES["BROWN"]
    frame = widened_frame(lens)
    assert frame.pitch > 1
    largest, _, _, points = round_trip(StMap(lens, UNDISTORT, frame), StMap(lens, DISTORT, frame))
    assert points == lens.width * lens.height
    assert largest < 0.005  # coarser pixels, read bilinearly, of a strong lens at 320 pixels


# --- files --------------------------------------------------------------------------------------


def test_files_are_what_they_promise_to_openexr_s_own_reader(tmp_path: Path) -> None:
    openexr = pytest.importorskip("OpenEXR", reason="needs OpenEXR's own Python package")
    lens, overscan = LENSES["BROWN"], find_overscan(LENSES["BROWN"])
    write_stmaps(lens, tmp_path / "u.exr", tmp_path / "d.exr", overscan=overscan, zipped=True)
    for kind, name in ((UNDISTORT, "u.exr"), (DISTORT, "d.exr")):
        expected = whole(StMap(lens, kind, overscan))
        with openexr.File(str(tmp_path / name), separate_channels=True) as file:
            header, channels = file.header(), file.channels()
            assert sorted(channels) == ["B", "G", "R"]
            for channel, values in zip("RGB", expected):
                assert channels[channel].pixels.dtype == np.float32
                assert np.array_equal(channels[channel].pixels, values)
            size = expected.shape[2] - 1, expected.shape[1] - 1
            for window in ("dataWindow", "displayWindow"):
                assert [tuple(corner) for corner in header[window]] == [(0, 0), size]
            assert header["trackedShotMap"] == kind
            assert header["trackedShotPlate"] == "320 180"


@pytest.mark.parametrize("model", LENSES)
def test_a_picture_comes_back_from_there_and_back(tmp_path: Path, model: str) -> None:
    """The files alone, through OpenCV's remap: the plate straightened and bent again is the plate."""
    lens, overscan = LENSES[model], find_overscan(LENSES[model])
    write_stmaps(lens, tmp_path / "u.exr", tmp_path / "d.exr", overscan=overscan)
    x, y = np.moveaxis(centres(lens.width, lens.height), -1, 0)
    plate = (np.sin(x / 17) + np.cos(y / 13)).astype(np.float32)

    def through(image: np.ndarray, path: Path) -> np.ndarray:
        _, (u, v, _) = exr.read(path, "RGB")
        rows, columns = image.shape
        return cv2.remap(image, u * columns - 0.5, rows - v * rows - 0.5, cv2.INTER_CUBIC)

    straight = through(plate, tmp_path / "u.exr")
    back = through(straight, tmp_path / "d.exr")
    inside = (slice(8, -8), slice(8, -8))
    assert np.max(np.abs(back - plate)[inside]) < 0.01
    assert np.max(np.abs(straight[: lens.height, : lens.width] - plate)[inside]) > 0.2


def test_report_measures_the_maps_that_were_written(tmp_path: Path) -> None:
    lens = LENSES["POLYNOMIAL"]
    report = write_stmaps(lens, tmp_path / "u.exr", tmp_path / "d.exr", overscan=find_overscan(lens))
    assert 0 < report.mean_px < report.largest_px < 0.001
    assert report.points > 50000
    assert "there and back 0.000" in report.text()
    assert report.to_dict()["straight_size"] == list(report.straight_size)
    # Without overscan, pixels at the edge of the plate have nothing to come back from.
    none = write_stmaps(lens, None, tmp_path / "d.exr")
    assert none.points < report.points


@pytest.mark.once  # the report of the test above is one of these
def test_two_hundred_lenses_there_and_back_through_the_maps(tmp_path: Path) -> None:
    lenses = [lens for lens in random_lenses(200) if lens.width <= 1920]
    worst = 0.0
    for lens in lenses[::4] + lenses[1::16]:
        overscan = find_overscan(lens)
        maps = StMap(lens, UNDISTORT, overscan), StMap(lens, DISTORT, overscan)
        largest, _, _, points = round_trip(*maps)
        assert points > 100000
        worst = max(worst, largest)
    assert worst < 0.002


def test_half_floats_are_refused_with_the_reason(tmp_path: Path) -> None:
    lens = PlateLens(4096, 2160, 4000.0, "POLYNOMIAL", (-0.1,))
    with pytest.raises(InputError, match=r"16 bits place a pixel of 4096 to within 1.00 px only"):
        write_stmaps(lens, tmp_path / "u.exr", None, bits=16)
    u = StMap(lens, UNDISTORT).rows(0, 4)[0].astype(float)
    assert 0.9 < np.max(np.abs(u.astype(np.float16) - u)) * 4096 <= 1.0
    assert not list(tmp_path.iterdir())


def test_calls_that_cannot_be_met(tmp_path: Path) -> None:
    lens = LENSES["POLYNOMIAL"]
    with pytest.raises(InputError, match=r"must end in \.exr"):
        write_stmaps(lens, tmp_path / "u.png", None)
    with pytest.raises(InputError, match="two files"):
        write_stmaps(lens, tmp_path / "u.exr", tmp_path / "u.exr")
    with pytest.raises(InputError, match="cannot be written"):
        write_stmaps(lens, tmp_path / "nowhere" / "u.exr", None)
    folding = PlateLens(1000, 1000, 500.0, "POLYNOMIAL", (-0.3,))
    for call in (lambda: find_overscan(folding), lambda: write_stmaps(folding, tmp_path / "u.exr", None)):
        with pytest.raises(FoldError, match="folds over 527 px"):
            call()
    assert not list(tmp_path.iterdir())


def test_beyond_the_fold_there_is_no_image() -> None:
    # The straight picture reaches past where this lens folds; the plate itself does not.
    lens = PlateLens(1000, 100, 500.0, "POLYNOMIAL", (-0.3,))
    wide = PlateLens(640, 100, 500.0, "POLYNOMIAL", (-0.3,))
    with pytest.raises(FoldError):
        find_overscan(lens)
    overscan = Overscan(300, 300, 0, 0)
    u, _, blue = whole(StMap(wide, UNDISTORT, overscan))
    x = np.arange(u.shape[1]) - 300 + 0.5 - 320
    beyond = np.abs(x) > wide.fold_radius_px
    assert beyond.any() and not blue[:, beyond].any()
    assert np.isfinite(u).all()


def test_memory_stays_small(tmp_path: Path) -> None:
    lens = PlateLens(4096, 2160, 4000.0, "POLYNOMIAL", (-0.1, 0.02))
    tracemalloc.start()
    write_stmaps(lens, tmp_path / "u.exr", tmp_path / "d.exr", workers=2)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6, f"{peak / 1e6:.0f} MB for a pair whose files have 106 MB each"
    assert math.isclose((tmp_path / "u.exr").stat().st_size, 4096 * 2160 * 12, rel_tol=0.01)


def test_bands_do_not_depend_on_the_number_of_threads() -> None:
    for lens, kind in itertools.product((LENSES["BROWN"], LENSES["NUKE"]), (UNDISTORT, DISTORT)):
        one = np.concatenate([band for _, band in bands(StMap(lens, kind), workers=1)], axis=1)
        four = np.concatenate([band for _, band in bands(StMap(lens, kind), workers=4)], axis=1)
        assert np.array_equal(one, four)


def test_a_zoom_gets_maps_where_its_lens_changes(tmp_path: Path) -> None:
    zoom = {9: 300.0, 10: 300.0, 11: 320.0, 12: 350.0, 13: 350.0, 14: 300.0}
    lenses = {frame: replace(LENSES["POLYNOMIAL"], focal_px=focal) for frame, focal in zoom.items()}
    done = write_stmap_sequence(lenses, tmp_path / "u.exr", tmp_path / "d.exr")
    assert done.frames == {9: 9, 10: 9, 11: 11, 12: 12, 13: 12, 14: 14}
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"{kind}.{frame:04d}.exr" for kind in "du" for frame in (9, 11, 12, 14)]
    assert done.files[12][DISTORT] == tmp_path / "d.0012.exr"
    sizes = {exr.read_header(path).data_window for path in tmp_path.glob("u.*")}
    assert len(sizes) == 1, "a sequence has one size"
    for lens in lenses.values():
        assert empty_pixels(lens.undistort(plate_points(lens)), lens, done.overscan) == 0
    assert (tmp_path / "d.0009.exr").read_bytes() == (tmp_path / "d.0014.exr").read_bytes()
    assert done.worst.largest_px < 0.001
    with pytest.raises(InputError, match="no frame"):
        write_stmap_sequence({}, None, tmp_path / "d.exr")
