"""Lenses for tests: random ones of every model that do not fold over within a frame."""

from __future__ import annotations

import numpy as np

from addon.tracking.engine.lens import FoldError, PlateLens

SIZES = ((640, 480), (960, 540), (1280, 720), (1920, 1080), (2048, 858), (1080, 1920), (4096, 2160))
MODELS = ("POLYNOMIAL", "DIVISION", "BROWN", "NUKE")


def edge(width: int, height: int, step: float = 8.0) -> np.ndarray:
    """Points (n, 2) along the edge of a frame, corners included."""
    across = np.linspace(0, width, int(width / step) + 2)
    up = np.linspace(0, height, int(height / step) + 2)
    sides = [np.stack([across, np.full_like(across, at)], -1) for at in (0.0, height)]
    sides += [np.stack([np.full_like(up, at), up], -1) for at in (0.0, width)]
    return np.concatenate(sides)


def random_lens(rng: np.random.Generator, model: str, size: tuple[int, int]) -> PlateLens:
    """A lens of that model that bends the frame's corners by up to about a tenth, either way."""
    width, height = size
    while True:
        focal = width * rng.uniform(0.6, 2.5)
        reach = 0.5 * np.hypot(width, height) / focal  # slope of the corners
        bend = rng.uniform(-0.12, 0.12)
        shares = rng.dirichlet([3, 1, 0.5, 0.5]) * rng.choice([-1, 1], 4, p=[0.2, 0.8])
        if model == "NUKE":
            reach = np.hypot(width, height) / max(size)
        radial = [bend * share / reach ** (2 * power) for power, share in enumerate(shares, 1)]
        tangential = list(rng.uniform(-0.01, 0.01, 2) / reach)
        coefficients = {
            "POLYNOMIAL": radial[:3],
            "DIVISION": radial[:2],
            "BROWN": radial + tangential,
            "NUKE": radial[:2] + [0.0, 0.0] if rng.random() < 0.5 else radial[:2] + tangential,
        }[model]
        lens = PlateLens(
            width,
            height,
            focal,
            model,
            tuple(coefficients),
            (0.5 * width * (1 + rng.uniform(-0.04, 0.04)), 0.5 * height * (1 + rng.uniform(-0.04, 0.04))),
            float(rng.choice([1.0, 1.0, 1.0, 2.0, 0.9])),
        )
        try:
            straight = lens.undistort(edge(width, height))
            lens.distort(straight)
            lens.distort(edge(width, height))
        except FoldError:
            continue
        return lens


def random_lenses(count: int = 200, seed: int = 7) -> list[PlateLens]:
    """``count`` lenses, the models and frame sizes in turn."""
    rng = np.random.default_rng(seed)
    return [random_lens(rng, MODELS[k % 4], SIZES[(k // 4) % len(SIZES)]) for k in range(count)]
