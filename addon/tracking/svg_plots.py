"""Plots as inline SVG: lines over the frames, a map of the picture, bars. No script, no outside file.

Colours come from the page's style sheet (classes ``line``, ``line2``, ``bar``, ``heat``, ``axis``, ``gap``),
so that one drawing reads in light and dark. What the mouse rests on says its number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WIDTH, HEIGHT = 720, 190
"""Size of a plot in its own units, which a browser scales to the page."""
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 26
VIEW, VIEW_MARGIN = (720, 400), 20
"""Size of a view from above, and what stays free at its edge."""
MOST_POINTS = 600
MOST_COLUMNS = 360
"""Longer clips are drawn with several frames to a column."""


@dataclass(frozen=True)
class Line:
    """One value a frame."""

    name: str
    values: Floats
    """(n,) not a number where there is none."""
    style: str = "line"
    """Class of the style sheet."""


def frame_plot(
    title: str,
    first: int,
    lines: Sequence[Line],
    unit: str,
    *,
    digits: int = 2,
    worst: bool = True,
    from_zero: bool = True,
) -> str:
    """Lines over footage frames, ``first`` being that of the lines' first value.

    Frames in which the first line has no value are shaded. On a long clip a column holds several frames and
    shows the largest value among them, the smallest where ``worst`` is False. The scale begins at zero unless
    told otherwise. Empty where there is no value.
    """
    if not any(np.isfinite(line.values).any() for line in lines):
        return ""
    frames = len(lines[0].values)
    step = max(1, math.ceil(frames / MOST_COLUMNS))
    reduced = [_columns(line.values, step, largest=worst) for line in lines]
    top = max(float(np.nanmax(values)) for values in reduced if np.isfinite(values).any())
    low = 0.0 if from_zero else min(float(np.nanmin(v)) for v in reduced if np.isfinite(v).any())
    scale = _Scale(first, frames, step, nice_ticks(top) if from_zero else ticks_between(low, top))
    parts = [_opening(title), *_gaps(scale, reduced[0]), *_axes(scale)]
    for line, values in zip(lines, reduced):
        parts += _polylines(scale, values, line.style)
    parts += _touches(scale, lines, reduced, f".{digits}f", unit)
    return "".join([*parts, "</svg>"])


@dataclass(frozen=True)
class _Scale:
    """Where a plot over the frames has its columns and values."""

    first: int
    """Footage frame of the first column."""
    frames: int
    step: int
    """Frames in a column."""
    ticks: Sequence[float]

    @property
    def columns(self) -> int:
        return math.ceil(self.frames / self.step)

    @property
    def across(self) -> float:
        """Width of a column."""
        return (WIDTH - LEFT - RIGHT) / self.columns

    def left(self, column: float) -> float:
        """Where a column begins."""
        return LEFT + column * self.across

    def x(self, column: float) -> float:
        """The middle of a column."""
        return LEFT + (column + 0.5) * self.across

    def y(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.ticks[-1] - value) / (self.ticks[-1] - self.ticks[0])


def _gaps(scale: _Scale, values: Floats) -> Iterator[str]:
    """Shades the columns without a value."""
    for start, stop in _runs(~np.isfinite(values)):
        yield f'<rect class="gap" {_upright(scale.left(start), (stop - start) * scale.across)}/>'


def _axes(scale: _Scale) -> Iterator[str]:
    for tick in scale.ticks:
        at = scale.y(tick)
        yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        yield f'<text class="right" x="{LEFT - 6}" y="{at + 4:.1f}">{tick:g}</text>'
    for frame in frame_ticks(scale.first, scale.first + scale.frames - 1):
        at = scale.x((frame - scale.first) // scale.step)
        yield f'<text class="middle" x="{at:.1f}" y="{HEIGHT - 8}">{frame}</text>'


def _polylines(scale: _Scale, values: Floats, style: str) -> Iterator[str]:
    """A line for each run of columns that have a value."""
    for start, stop in _runs(np.isfinite(values)):
        places = [(float(at), at) for at in range(start, stop)]
        if len(places) == 1:  # a line of one place would not be seen
            places = [(start - 0.4, start), (start + 0.4, start)]
        points = " ".join(f"{scale.x(at):.1f},{scale.y(values[column]):.1f}" for at, column in places)
        yield f'<polyline class="{style}" points="{points}"/>'


def _touches(
    scale: _Scale, lines: Sequence[Line], reduced: Sequence[Floats], form: str, unit: str
) -> Iterator[str]:
    """What the mouse rests on says its numbers, a column each."""
    for column in range(scale.columns):
        begin = scale.first + column * scale.step
        end = min(begin + scale.step, scale.first + scale.frames) - 1
        name = f"frame {begin}" if begin == end else f"frames {begin} to {end}"
        said = [
            f"{line.name} {values[column]:{form}} {unit}".strip()
            for line, values in zip(lines, reduced)
            if np.isfinite(values[column])
        ]
        yield (
            f'<rect class="touch" {_upright(scale.left(column), scale.across)}>'
            f"<title>{escape(name)}: {escape(', '.join(said) or 'none')}</title></rect>"
        )


def picture_map(title: str, shares: Floats, words: str) -> str:
    """A map of the picture: ``shares`` (rows, columns), 0 to 1, the top row first; ``words`` say of what."""
    rows, columns = shares.shape
    side = 32
    parts = [_opening(title, columns * side, rows * side)]
    for row in range(rows):
        for column in range(columns):
            share = float(shares[row, column])
            style = f'class="heat" fill-opacity="{0.12 + 0.88 * share:.2f}"' if share > 0 else 'class="empty"'
            parts.append(
                f'<rect {style} x="{column * side + 1}" y="{row * side + 1}" width="{side - 2}"'
                f' height="{side - 2}" rx="2"><title>{share:.0%} {escape(words)}</title></rect>'
            )
    return "".join([*parts, "</svg>"])


def bars(title: str, edges: Floats, counts: NDArray[np.int64], unit: str, what: str) -> str:
    """A histogram: ``counts`` (n,) between ``edges`` (n + 1,); ``what`` names the things counted."""
    top = max(1, int(counts.max(initial=0)))
    across = (WIDTH - LEFT - RIGHT) / len(counts)
    high = HEIGHT - TOP - BOTTOM
    parts = [_opening(title)]
    for tick in nice_ticks(top):
        if tick <= top:
            at = TOP + high * (1 - tick / top)
            parts.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
            parts.append(f'<text class="right" x="{LEFT - 6}" y="{at + 4:.1f}">{tick:g}</text>')
    for number, count in enumerate(counts):
        tall = high * float(count) / top
        parts.append(
            f'<rect class="bar" x="{LEFT + number * across + 1:.1f}" y="{TOP + high - tall:.1f}"'
            f' width="{across - 2:.1f}" height="{tall:.1f}"><title>{edges[number]:g} to {edges[number + 1]:g}'
            f" {escape(unit)}: {int(count)} {escape(what)}</title></rect>"
        )
    for number, edge in enumerate(edges):
        parts.append(
            f'<text class="middle" x="{LEFT + number * across:.1f}" y="{HEIGHT - 8}">{edge:g}</text>'
        )
    return "".join([*parts, "</svg>"])


def plan_view(title: str, path: Floats, points: Floats) -> str:
    """A path (n, 2) with its start marked, over points (m, 2), in one scale; empty where there is no path."""
    if not len(path):
        return ""
    shown = path
    if len(points):
        # A few points far away would make all the rest a speck.
        low, high = np.percentile(points, [5, 95], axis=0)
        points = points[np.all((points >= low) & (points <= high), axis=1)]
        shown = np.concatenate([path, points])
    low, high = shown.min(axis=0), shown.max(axis=0)
    scale = min(
        (VIEW[0] - 2 * VIEW_MARGIN) / max(high[0] - low[0], 1e-12),
        (VIEW[1] - 2 * VIEW_MARGIN) / max(high[1] - low[1], 1e-12),
    )
    middle = (low + high) / 2

    def place(at: Floats) -> tuple[float, float]:
        x, y = (at - middle) * scale
        return VIEW[0] / 2 + float(x), VIEW[1] / 2 - float(y)

    parts = [_opening(title, *VIEW)]
    for at in points[:: max(1, len(points) // MOST_POINTS)]:
        x, y = place(at)
        parts.append(f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="1.8"/>')
    way = " ".join("{:.1f},{:.1f}".format(*place(at)) for at in path)
    x, y = place(path[0])
    parts.append(f'<polyline class="line" points="{way}"/>')
    parts.append(f'<circle class="start" cx="{x:.1f}" cy="{y:.1f}" r="5"><title>first frame</title></circle>')
    return "".join([*parts, "</svg>"])


def nice_ticks(top: float, most: int = 4) -> list[float]:
    """Round numbers from 0 to ``top`` or the next above it, at most ``most`` steps."""
    if not math.isfinite(top) or top <= 0:
        return [0.0, 1.0]
    rough = top / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(
        power * factor for factor in (1, 2, 2.5, 5, 10, 20) if power * factor * most >= top * (1 - 1e-9)
    )
    return [round(step * number, 12) for number in range(math.ceil(top / step - 1e-9) + 1)]


def ticks_between(low: float, high: float) -> list[float]:
    """Round numbers from ``low`` or the next below it to ``high`` or the next above it."""
    step = nice_ticks(max(high - low, 1e-3 * abs(high), 1e-9))[1]
    start = math.floor(low / step + 1e-9)
    stop = max(start + 1, math.ceil(high / step - 1e-9))
    return [round(step * number, 12) for number in range(start, stop + 1)]


def frame_ticks(first: int, last: int, most: int = 8) -> list[int]:
    """The first frame and round ones after it."""
    step = max(1, round(nice_ticks(max(1, last - first), most)[1]))
    ticks = [frame for frame in range(first - first % step, last + 1, step) if frame > first + step // 2]
    return [first, *ticks]


def _opening(title: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title, quote=True)}">'


def _upright(left: float, width: float) -> str:
    """Place and size of a rectangle as high as the plot."""
    return f'x="{left:.2f}" y="{TOP}" width="{width:.2f}" height="{HEIGHT - TOP - BOTTOM}"'


def _columns(values: Floats, step: int, *, largest: bool) -> Floats:
    """One value for every ``step`` frames: the largest or smallest that is a number."""
    padded = np.full(math.ceil(len(values) / step) * step, np.nan)
    padded[: len(values)] = values
    rows = padded.reshape(-1, step)
    there = np.isfinite(rows)
    filled = np.where(there, rows, -np.inf if largest else np.inf)
    picked = filled.max(axis=1) if largest else filled.min(axis=1)
    return np.where(there.any(axis=1), picked, np.nan)


def _runs(wanted: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and end (not included) of each unbroken run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], wanted, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2])]
