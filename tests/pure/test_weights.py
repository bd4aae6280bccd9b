"""What tracks count: by how they fit, and by what their patches say of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from addon.tracking.engine.by_hand import HandTrack, with_hand
from addon.tracking.engine.patches import cut_pixels, doubts, prepare_patches, refine
from addon.tracking.engine.track import Markers, collect_tracks
from addon.tracking.engine.weights import RANGE, track_weights

HALF = 10


def _scene(chance: np.random.Generator, contrast: float) -> np.ndarray:
    """A picture of blurred noise in which patches are worth something."""
    picture = cv2.GaussianBlur(chance.normal(0, 1, (400, 400)).astype(np.float32), (0, 0), 3)
    return np.clip(128 + contrast * picture / picture.std(), 0, 255)


@pytest.mark.parametrize(("contrast", "noise"), [(50.0, 4.0), (20.0, 4.0), (50.0, 1.5)])
def test_a_patchs_doubt_is_what_noise_does_to_it(contrast: float, noise: float) -> None:
    """Fitted to many pictures with other noise each time, patches scatter as far as their doubt says."""
    chance = np.random.default_rng(4)
    clean = _scene(chance, contrast)
    points = chance.integers(40, 360, (60, 2)).astype(np.float32)
    pixels = cut_pixels(clean.round().astype(np.uint8), points, HALF)
    patches, expected = prepare_patches(pixels), noise * doubts(pixels)
    found = []
    for _ in range(40):
        affine = np.zeros((len(points), 6), np.float32)
        affine[:, [0, 4]], affine[:, [2, 5]] = 1, points
        noisy = (clean + chance.normal(0, noise, clean.shape)).astype(np.float32)
        affine, _ = refine(noisy, affine, patches, np.ones(len(points), bool), HALF)
        found.append(affine[:, [2, 5]])
    cloud = np.array(found) - np.mean(found, 0)
    widest = np.sqrt([np.linalg.eigvalsh(np.cov(one.T))[-1] for one in cloud.transpose(1, 0, 2)])
    assert np.median(widest / expected) == pytest.approx(1, abs=0.25)
    assert np.corrcoef(np.log(widest), np.log(expected))[0, 1] > 0.8


def test_a_short_track_counts_by_its_patch_and_a_long_one_by_how_it_fits() -> None:
    """Of two that fit alike by chance the one with the worse patch counts less, the more so when short."""
    chance = np.random.default_rng(1)
    doubt = np.repeat([0.005, 0.02], 100)
    scatter = 10 * doubt * np.exp(chance.normal(0, 0.1, 200))
    scatter[[0, 100, 199]] = 0.1
    lengths = np.full(200, 30.0)
    lengths[100], lengths[199] = 5.0, 500.0
    weights = track_weights(scatter, lengths, doubt)
    assert weights[1:100].mean() > 4 * weights[101:199].mean()
    assert weights[100] < weights[0] / 2
    assert weights[100] < weights[199] / 1.5
    assert np.median(weights[1:100]) <= RANGE[1] and weights.min() >= RANGE[0]


def test_patches_that_tell_nothing_change_nothing() -> None:
    """Where tracks scatter as they like, whatever their patches, how each fits is what counts."""
    chance = np.random.default_rng(2)
    scatter = np.exp(chance.normal(-2, 0.4, 400))
    lengths, doubt = np.full(400, 1000.0), np.exp(chance.normal(-4, 0.4, 400))
    told = track_weights(scatter, lengths, doubt)
    alone = track_weights(scatter, lengths, np.full(400, np.nan))
    assert np.median(np.abs(told / alone - 1)) < 0.05


def test_movers_have_no_say_in_what_patches_are_worth() -> None:
    """A tenth of the tracks that fit a hundred times worse shift the weights of the others by little."""
    chance = np.random.default_rng(3)
    doubt = np.exp(chance.normal(-4, 0.6, 300))
    scatter = 10 * doubt * np.exp(chance.normal(0, 0.1, 300))
    lengths = np.full(300, 20.0)
    before = track_weights(scatter, lengths, doubt)
    scatter[:30] *= 100
    after = track_weights(scatter, lengths, doubt)
    assert np.allclose(after[30:], before[30:], rtol=0.35)
    assert (after[:30] == RANGE[0]).all()


def test_no_track_at_all() -> None:
    assert track_weights(np.zeros(0), np.zeros(0), np.zeros(0)).shape == (0,)


def test_doubts_go_with_their_tracks() -> None:
    """They follow the numbers; the artist's own tracks have none."""
    one = np.arange(1, 4, dtype=np.int32)
    markers = Markers(one - 1, one, np.ones((3, 2), np.float32))
    pieces = [np.array([0.1]), np.zeros(0), np.array([0.2, 0.3])]
    tracks = collect_tracks([markers], 3, 100, 80, 5, pieces)
    own = HandTrack("Mine", frames=one, xy=np.ones((3, 2)))
    both = with_hand(tracks, [own])
    assert both.doubts[:3].tolist() == [0.1, 0.2, 0.3] and np.isnan(both.doubts[3])
    assert both.subset(np.array([False, True, True, True])).doubts[:2].tolist() == [0.2, 0.3]
    assert np.isnan(collect_tracks([markers], 3, 100, 80, 5).doubts).all()
