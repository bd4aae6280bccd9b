"""A street of quads: houses with windows, road and pavement, trees and lamp posts, cars, people and clouds.

x is across the street, y along it, z up, in metres; the road's middle is x = 0, houses begin 10 m from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from quads import Picture, Place, Quad

TEXELS = 70
"""Texels a metre of houses and ground."""
CAR_TEXELS = 150
FIRST, LAST = -24.0, 150.0
"""Where the street begins and ends."""
TILE = 6
"""Length of a piece of road."""
STOREY = 3.0
WINDOW = 2.2
"""From one window to the next."""
LENGTH, WIDTH, HEIGHT = 4.2, 1.75, 1.4
"""A car's."""
PARKED = 3.0
LANE = 1.4
"""Across the street, of its cars' middles."""
Moves = Callable[[float], Place]
Chance = np.random.Generator


def city(seed: int, cars: list[tuple[float, float]], people: int, pavements: tuple[int, ...]) -> list[Quad]:
    """All there is.

    ``cars`` that drive have a place along the street and a speed in metres a second, those with a negative
    one on the left; ``people`` walk on the pavements -1 (left) and 1.
    """
    chance = np.random.default_rng(seed)
    return [
        _sky(),
        *_ground(),
        *_houses(chance),
        *_trees(chance),
        *_parked_cars(chance),
        *_traffic(cars),
        *_people(chance, people, pavements),
    ]


@cache
def _clouds(size: int, seed: int, rough: float = 0.75, first: int = 1) -> Picture:
    """(size, size) sum of noises of 2**first and more cells a side, mean 0, deviation 1.

    Each noise is ``rough`` times as strong as the one of half as many cells.
    """
    chance = np.random.default_rng(seed)
    total = np.zeros((size, size), np.float32)
    strength = 1.0
    for octave in range(first, size.bit_length()):
        cells = 2**octave
        noise = np.pad(chance.normal(size=(cells, cells)).astype(np.float32), ((1, 2), (1, 2)), mode="wrap")
        step = size // cells
        big = cv2.resize(noise, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        total += strength * big[step : step + size, step : step + size]
        strength *= rough
    return (total - total.mean()) / total.std()


def _surface(height: int, width: int, seed: int, brightness: float = 0.5, contrast: float = 0.12) -> Picture:
    """(height, width) a stained wall or ground."""
    chance = np.random.default_rng(seed)
    clouds = _clouds(1024, seed % 4)
    top, left = chance.integers(0, 1024, 2)
    rows, columns = (top + np.arange(height)) % 1024, (left + np.arange(width)) % 1024
    return np.clip(brightness + np.float32(contrast) * clouds[rows[:, None], columns], 0.02, 0.98)


def _sky() -> Quad:
    sky = np.clip(0.75 + 0.08 * _clouds(1024, 77, 0.6, 2), 0, 1)
    return Quad((-4000, 1500, -1900), (8000, 0, 0), (0, 0, 4000), np.tile(sky, (2, 2)))


# --- ground ----------------------------------------------------------------------------------------


def _ground() -> list[Quad]:
    quads = []
    for number, y in enumerate(range(int(FIRST), int(LAST), TILE)):
        quads.append(Quad((-4, y, 0), (8, 0, 0), (0, TILE, 0), _road(number)))
        for x in (-10, 4):
            quads.append(Quad((x, y, 0.1), (6, 0, 0), (0, TILE, 0), _pavement(number + 50)))
    return quads


def _road(seed: int) -> Picture:
    """A piece with its middle line and patches of other asphalt."""
    picture = _surface(TILE * TEXELS, 8 * TEXELS, seed, 0.3, 0.05)
    picture[TEXELS : int(3.5 * TEXELS), 4 * TEXELS - 5 : 4 * TEXELS + 5] = 0.85
    for patch in range(5):
        chance = np.random.default_rng(seed * 9 + patch)
        middle = (int(chance.integers(0, 8 * TEXELS)), int(chance.integers(0, TILE * TEXELS)))
        axes = (int(chance.integers(10, 60)), int(chance.integers(5, 30)))
        angle, brightness = chance.uniform(0, 180), chance.uniform(0.15, 0.4)
        cv2.ellipse(picture, middle, axes, angle, 0, 360, brightness, cv2.FILLED)
    return picture


def _pavement(seed: int) -> Picture:
    """Slabs of half a metre."""
    picture = _surface(TILE * TEXELS, 6 * TEXELS, seed, 0.55, 0.07)
    picture[:: TEXELS // 2] = 0.35
    picture[:, :: TEXELS // 2] = 0.35
    return picture


# --- houses ----------------------------------------------------------------------------------------


def _houses(chance: Chance) -> list[Quad]:
    """Two rows, with one house across the end."""
    quads = [Quad((-16, LAST, 0), (32, 0, 0), (0, 0, 14), _facade(32, 14, 999))]
    seed = 100
    for side in (-1, 1):
        y = FIRST
        while y < LAST:
            width, height, back = chance.uniform(7, 14), chance.uniform(6, 15), chance.uniform(0, 1)
            seed += 1
            quads += _house(side * (10 + back), y, side * 6, width - 0.2, height, seed)
            y += width
    return quads


def _house(x: float, y: float, depth: float, width: float, height: float, seed: int) -> list[Quad]:
    """Its front, the two sides that stick out over its neighbours, and a flat roof."""
    up = (0, 0, height)
    return [
        Quad((x, y, 0), (0, width, 0), up, _facade(width, height, seed)),
        Quad((x, y, 0), (depth, 0, 0), up, _wall(abs(depth), height, seed + 500)),
        Quad((x, y + width, 0), (depth, 0, 0), up, _wall(abs(depth), height, seed + 700)),
        Quad((x, y, height), (depth, 0, 0), (0, width, 0), _wall(abs(depth), width, seed + 900)),
    ]


def _wall(width: float, height: float, seed: int) -> Picture:
    """Plaster, or bricks for every third seed."""
    chance = np.random.default_rng(seed)
    brightness, contrast = chance.uniform(0.3, 0.65), chance.uniform(0.04, 0.12)
    picture = _surface(int(height * TEXELS), int(width * TEXELS), seed, brightness, contrast)
    if seed % 3 == 0:
        _lay_bricks(picture, chance)
    return np.clip(picture, 0, 1)


def _lay_bricks(picture: Picture, chance: Chance) -> None:
    for row, top in enumerate(range(0, picture.shape[0], 8)):
        course = picture[top : top + 8]
        for left in range(row % 2 * 12, picture.shape[1], 24):
            course[:, left : left + 24] *= chance.uniform(0.85, 1.1)
            course[:, left : left + 2] = 0.6
        course[:2] = 0.6


def _facade(width: float, height: float, seed: int) -> Picture:
    """A wall with a window every 2.2 m of every storey."""
    picture = _wall(width, height, seed)
    chance = np.random.default_rng(seed + 1000)
    for storey in range(int(height // STOREY)):
        for column in range(int(width // WINDOW)):
            top = picture.shape[0] - int((storey * STOREY + 2.6) * TEXELS)
            left = int((0.6 + column * WINDOW) * TEXELS)
            if top >= 4 and left + 1.1 * TEXELS + 6 <= picture.shape[1]:
                _put_window(picture, top, left, chance)
    return np.clip(picture, 0, 1)


def _put_window(picture: Picture, top: int, left: int, chance: Chance) -> None:
    """Dark panes with a bright frame and sill; two in five with a blind half down."""
    height, width = int(1.5 * TEXELS), int(1.1 * TEXELS)
    bottom, right, middle = top + height, left + width, left + width // 2
    panes = 0.12 + 0.08 * chance.random() + 0.1 * chance.random() * np.linspace(0, 1, height)
    picture[top:bottom, left:right] = panes[:, None]
    picture[top - 4 : top, left - 5 : right + 5] = 0.75
    picture[bottom : bottom + 6, left - 6 : right + 6] = 0.8
    picture[top:bottom, middle - 2 : middle + 2] = 0.7
    if chance.random() < 0.4:
        picture[top : top + height // 2, left:right] = chance.uniform(0.3, 0.7)


# --- trees and posts -------------------------------------------------------------------------------


def _trees(chance: Chance) -> list[Quad]:
    """Every 12 m a tree of two crossed quads, and a lamp post between two; none where the walkers begin."""
    quads = []
    for side in (-1, 1):
        for number, y in enumerate(range(int(FIRST) + 9, int(LAST) - 10, 12)):
            if side > 0 and y < 12:
                continue
            picture, mask = _tree(number * 2 + (side > 0))
            size, along = 3.6 * chance.uniform(0.8, 1.2), y + chance.uniform(-2, 2)
            x, up = side * 5.2, (0, 0, size * 1.25)
            quads += [
                Quad((x - size / 2, along, 0), (size, 0, 0), up, picture, mask),
                Quad((x, along - size / 2, 0), (0, size, 0), up, picture[:, ::-1], mask[:, ::-1]),
                Quad(
                    (side * 4.4 - 0.06, y + 5, 0),
                    (0.12, 0, 0),
                    (0, 0, 5),
                    _surface(350, 16, number, 0.2, 0.05),
                ),
            ]
    return quads


def _tree(seed: int) -> tuple[Picture, Picture]:
    """Its leaves and trunk, and where they are."""
    size = 256
    y, x = np.mgrid[:size, :size] / size - 0.5
    edge = 0.34 + 0.06 * _clouds(size, seed + 1, 0.7, 2)
    mask = (np.hypot(x, (y + 0.08) * 1.1) < edge).astype(np.float32)
    mask[int(0.6 * size) :, size // 2 - 7 : size // 2 + 7] = 1
    return np.clip(0.3 + 0.13 * _clouds(size, seed, 0.8, 2), 0, 1), mask


# --- cars and people -------------------------------------------------------------------------------


def _parked_cars(chance: Chance) -> list[Quad]:
    """A car on three of five places at both kerbs."""
    quads = []
    for side in (-1, 1):
        for y in range(int(FIRST) + 4, int(LAST) - 10, 7):
            if chance.random() < 0.6:
                quads += _car(side * PARKED, y, seed=y + side)
    return quads


def _traffic(cars: list[tuple[float, float]]) -> list[Quad]:
    quads = []
    for number, (y, speed) in enumerate(cars):
        quads += _car(math.copysign(LANE, speed), y, 300 + number, _along(speed))
    return quads


def _along(speed: float) -> Moves:
    return lambda seconds: (0.0, speed * seconds, 0.0)


def _car(x: float, y: float, seed: int, moves: Moves | None = None) -> list[Quad]:
    """Two sides, front, back and roof."""
    seed += 1000
    chance = np.random.default_rng(seed)
    paint, glass = chance.uniform(0.15, 0.8), 0.1 + 0.15 * chance.random()
    left, back, top = x - WIDTH / 2, y - LENGTH / 2, 0.1 + HEIGHT
    side, end = _car_side(paint, glass, seed), _car_end(paint, seed)
    roof = _surface(int(LENGTH * 80), int(WIDTH * 80), seed + 4, paint, 0.02)
    along, across, up = (0, LENGTH, 0), (WIDTH, 0, 0), (0, 0, HEIGHT)
    return [
        Quad((left, back, 0.1), along, up, side, moves=moves),
        Quad((left + WIDTH, back, 0.1), along, up, side, moves=moves),
        Quad((left, back, 0.1), across, up, end, moves=moves),
        Quad((left, back + LENGTH, 0.1), across, up, end, moves=moves),
        Quad((left, back, top), across, along, roof, moves=moves),
    ]


def _car_side(paint: float, glass: float, seed: int) -> Picture:
    """Windows and wheels."""
    height, width = int(HEIGHT * CAR_TEXELS), int(LENGTH * CAR_TEXELS)
    picture = _surface(height, width, seed, paint, 0.02)
    picture[: int(height * 0.42), int(width * 0.12) : int(width * 0.85)] = glass
    picture[: int(height * 0.4), int(width * 0.5) : int(width * 0.52)] = paint
    picture[int(height * 0.6) : int(height * 0.62)] *= 0.7
    for share in (0.2, 0.8):
        hub = (int(width * share), int(height * 0.84))
        cv2.circle(picture, hub, int(height * 0.2), 0.05, cv2.FILLED)
        cv2.circle(picture, hub, int(height * 0.1), 0.6, cv2.FILLED)
    return picture


def _car_end(paint: float, seed: int) -> Picture:
    """Window, lights and number plate."""
    height, width = int(HEIGHT * CAR_TEXELS), int(WIDTH * CAR_TEXELS)
    picture = _surface(height, width, seed + 3, paint, 0.02)
    picture[int(height * 0.08) : int(height * 0.42), int(width * 0.1) : int(width * 0.9)] = 0.12
    lights = picture[int(height * 0.55) : int(height * 0.68)]
    lights[:, : int(width * 0.2)] = lights[:, int(width * 0.8) :] = 0.9
    picture[int(height * 0.7) : int(height * 0.8), int(width * 0.3) : int(width * 0.7)] = 0.8
    return picture


def _people(chance: Chance, count: int, pavements: tuple[int, ...]) -> list[Quad]:
    """People who walk up or down the first 30 m of the pavements."""
    quads = []
    for number in range(count):
        picture, mask = _person(number)
        side, x, y = chance.choice(pavements), chance.uniform(6, 9), chance.uniform(1, 30)
        moves = _walk(1.3 * chance.choice((-1, 1)), number)
        quads.append(Quad((side * x - 0.32, y, 0.1), (0.64, 0, 0), (0, 0, 1.75), picture, mask, moves))
    return quads


def _walk(speed: float, phase: float) -> Moves:
    """Along the street, two steps a second, swaying a little."""
    return lambda seconds: (
        0.02 * math.sin(12 * seconds + phase),
        speed * seconds,
        0.03 * abs(math.sin(6.2 * seconds + phase)),
    )


def _person(seed: int) -> tuple[Picture, Picture]:
    """Head, jacket and trousers, and where they are."""
    picture, mask = _surface(220, 80, seed, 0.35, 0.15), np.zeros((220, 80), np.float32)
    cv2.circle(mask, (40, 22), 18, 1, cv2.FILLED)
    for corner, other in (((16, 42), (64, 130)), ((20, 130), (37, 218)), ((43, 130), (60, 218))):
        cv2.rectangle(mask, corner, other, 1, cv2.FILLED)
    picture[:42] = 0.6
    picture[130:] *= 0.6
    return picture, mask
