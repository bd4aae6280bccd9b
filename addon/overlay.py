"""What is drawn over the clip: tracks by their error, what is left out, coverage, the floor, errors by frame.

All is triangles in one batch, in the pixels of the editor's region. What it is made of stands ready in
solve_list; the batch is made anew only where frame, view or choice changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from . import solve_list
from .tracking.solve_view import SolveView
from .words import said

Triangles = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Corners (n, 2) in pixels and colours (n, 4)."""

FLOOR_COLOR = (0.35, 0.75, 1.0, 0.55)
GRAPH_COLOR = (0.18, 0.9, 0.84, 0.8)
GRAPH_WORST = (1.0, 0.3, 0.3, 0.9)
GRAPH_BACK = (0.0, 0.0, 0.0, 0.45)
FRAME_COLOR = (1.0, 1.0, 1.0, 0.8)
EMPTY_COLOR = (1.0, 0.25, 0.2, 0.28)
DOT, CROSS, LINE = 3.5, 5.0, 1.2
"""Half sizes and widths, in pixels at UI scale 1."""
GRAPH_HEIGHT = 48.0
WORST = 2.5
"""Frames whose error is so many times the average are drawn red."""

_handle: list[Any] = []
_batches: dict[int, tuple[SolveView, Frame, Any]] = {}
"""By region: what the batch was made for, kept so that nothing else can take its place, and the batch."""


@dataclass(frozen=True)
class Frame:
    """Where the picture lies in the region, and what is wanted of it."""

    number: int
    """Footage frame."""
    origin: tuple[float, float]
    extent: tuple[float, float]
    """The picture's lower left corner and its size, in the region's pixels."""
    width: float
    """Of the region."""
    scale: float
    """Pixels a pixel of the interface."""
    tracks: bool = True
    outliers: bool = True
    coverage: bool = False
    floor: bool = False
    graph: bool = False


def hang() -> None:
    """Has it drawn in every Clip Editor; nothing without a window."""
    if not bpy.app.background:
        _handle.append(bpy.types.SpaceClipEditor.draw_handler_add(draw, (), "WINDOW", "POST_PIXEL"))


def take_off() -> None:
    """Ends that."""
    while _handle:
        bpy.types.SpaceClipEditor.draw_handler_remove(_handle.pop(), "WINDOW")
    _batches.clear()


def draw() -> None:
    """Draws the overlay of the region's clip, where it is switched on and there is something."""
    context = bpy.context
    space, region = context.space_data, context.region
    choice = context.scene.tracked_shot.overlay
    if not choice.show or space.clip is None or space.view != "CLIP":
        return
    view = solve_list.view_of(space.clip)
    if view is None:
        return
    frame = frame_of(context, space, region, choice)
    batch = _batch(region.as_pointer(), view, frame)
    if batch is not None:
        import gpu

        gpu.state.blend_set("ALPHA")
        batch.draw(gpu.shader.from_builtin("FLAT_COLOR"))
        gpu.state.blend_set("NONE")
    _draw_words(view, frame, space.clip)


def frame_of(context: bpy.types.Context, space: Any, region: Any, choice: Any) -> Frame:
    """What is shown in the region now."""
    # The view's corners come in whole pixels: taken far outside, the error is spread over many pictures.
    low = region.view2d.view_to_region(-9.5, -9.5, clip=False)
    high = region.view2d.view_to_region(10.5, 10.5, clip=False)
    extent = ((high[0] - low[0]) / 20.0, (high[1] - low[1]) / 20.0)
    middle = ((high[0] + low[0]) / 2.0, (high[1] + low[1]) / 2.0)
    return Frame(
        space.clip_user.frame_current - space.clip.frame_start + 1,
        (middle[0] - extent[0] / 2.0, middle[1] - extent[1] / 2.0),
        extent,
        region.width,
        context.preferences.system.ui_scale,
        choice.tracks,
        choice.outliers,
        choice.coverage,
        choice.floor,
        choice.graph,
    )


def _batch(region: int, view: SolveView, frame: Frame) -> Any:
    kept = _batches.get(region)
    if kept is None or kept[0] is not view or kept[1] != frame:
        corners, colors = triangles(view, frame)
        kept = (view, frame, _made(corners, colors) if len(corners) else None)
        _batches[region] = kept
    return kept[2]


def _made(corners: NDArray[np.float32], colors: NDArray[np.float32]) -> Any:
    import gpu

    types: Any = gpu.types
    form = types.GPUVertFormat()
    form.attr_add(id="pos", comp_type="F32", len=2, fetch_mode="FLOAT")
    form.attr_add(id="color", comp_type="F32", len=4, fetch_mode="FLOAT")
    buffer = types.GPUVertBuf(len=len(corners), format=form)
    buffer.attr_fill(id="pos", data=np.ascontiguousarray(corners, np.float32))
    buffer.attr_fill(id="color", data=np.ascontiguousarray(colors, np.float32))
    return types.GPUBatch(type="TRIS", buf=buffer)


# --- triangles ---------------------------------------------------------------


def triangles(view: SolveView, frame: Frame) -> Triangles:
    """All that is drawn in a frame; what lies on top comes last."""
    parts = [part for part in _parts(view, frame) if len(part[0])]
    if not parts:
        return np.zeros((0, 2), np.float32), np.zeros((0, 4), np.float32)
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _parts(view: SolveView, frame: Frame) -> Iterator[Triangles]:
    origin, extent = np.array(frame.origin, np.float32), np.array(frame.extent, np.float32)
    if frame.coverage:
        yield _coverage(view, origin, extent)
    if frame.floor:
        starts, ends = view.floor_lines(frame.number)
        yield _lines(origin + starts * extent, origin + ends * extent, FLOOR_COLOR, LINE * frame.scale)
    if frame.tracks or frame.outliers:
        here = view.at(frame.number)
        spots, tracks = origin + view.xy[here] * extent, view.track[here]
        used = view.used[tracks]
        if frame.outliers:
            yield _crosses(spots[~used], view.colors[tracks[~used]], frame.scale)
        if frame.tracks:
            yield _dots(spots[used], view.colors[tracks[used]], DOT * frame.scale)
    if frame.graph:
        yield from _graph(view, frame)


def _dots(spots: NDArray[np.float32], colors: NDArray[np.float32], half: float) -> Triangles:
    """Diamonds."""
    corner = np.array([(0, 1), (-1, 0), (1, 0), (1, 0), (-1, 0), (0, -1)], np.float32) * half
    return (spots[:, None] + corner).reshape(-1, 2), np.repeat(colors, 6, axis=0)


def _crosses(spots: NDArray[np.float32], colors: NDArray[np.float32], scale: float) -> Triangles:
    reach = np.array([(CROSS, CROSS), (CROSS, -CROSS)], np.float32) * scale
    starts = (spots[:, None] - reach).reshape(-1, 2)
    ends = (spots[:, None] + reach).reshape(-1, 2)
    return _lines(starts, ends, np.repeat(colors, 2, axis=0), LINE * scale)


def _lines(starts: NDArray[np.float32], ends: NDArray[np.float32], color: Any, width: float) -> Triangles:
    """Lines of that width in pixels, each as two triangles."""
    along = ends - starts
    length = np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    side = np.stack([-along[:, 1], along[:, 0]], 1) / length * (width / 2.0)
    a, b, c, d = starts - side, starts + side, ends + side, ends - side
    corners = np.stack([a, b, c, a, c, d], 1).reshape(-1, 2).astype(np.float32)
    colors = np.broadcast_to(np.asarray(color, np.float32), (len(starts), 4))
    return corners, np.repeat(colors, 6, axis=0)


def _boxes(low: NDArray[np.float32], high: NDArray[np.float32], colors: Any) -> Triangles:
    """Boxes from corners (n, 2) to (n, 2)."""
    left, bottom, right, top = low[:, 0], low[:, 1], high[:, 0], high[:, 1]
    x = np.stack([left, right, right, left, right, left], 1)
    y = np.stack([bottom, bottom, top, bottom, top, top], 1)
    colors = np.broadcast_to(np.asarray(colors, np.float32), (len(low), 4))
    return np.stack([x, y], 2).reshape(-1, 2).astype(np.float32), np.repeat(colors, 6, axis=0)


def _coverage(view: SolveView, origin: NDArray[np.float32], extent: NDArray[np.float32]) -> Triangles:
    """Red where hardly a frame has a track, clear where most have."""
    rows, columns = view.coverage.shape
    row, column = np.mgrid[0:rows, 0:columns]
    step = extent / np.array([columns, rows], np.float32)
    low = origin + np.stack([column.ravel(), (rows - 1 - row).ravel()], 1) * step
    colors = np.tile(np.array(EMPTY_COLOR, np.float32), (rows * columns, 1))
    colors[:, 3] *= 1.0 - np.clip(view.coverage.ravel(), 0.0, 1.0)
    return _boxes(low.astype(np.float32), (low + step - 1.0).astype(np.float32), colors)


def _graph(view: SolveView, frame: Frame) -> Iterator[Triangles]:
    """Errors by frame along the bottom of the region."""
    high, known = GRAPH_HEIGHT * frame.scale, np.isfinite(view.graph)
    if not known.any():
        return
    top = max(float(np.nanmax(view.graph)), 1e-9)
    yield _boxes(np.zeros((1, 2), np.float32), np.array([[frame.width, high + 4.0]], np.float32), GRAPH_BACK)
    step = frame.width / len(view.graph)
    at = np.flatnonzero(known)
    heights = view.graph[at] / top * high
    low = np.stack([at * step, np.zeros(len(at))], 1)
    ends = np.stack([(at + 1) * step - (1.0 if step > 3.0 else 0.0), np.maximum(heights, 1.0)], 1)
    red = view.graph[at] > WORST * view.average_error
    colors = np.where(red[:, None], np.array(GRAPH_WORST), np.array(GRAPH_COLOR))
    yield _boxes(low.astype(np.float32), ends.astype(np.float32), colors)
    if view.first <= frame.number <= view.last:
        x = (frame.number - view.first + 0.5) / (view.last - view.first + 1) * frame.width
        place = np.array([[x - frame.scale, 0.0]], np.float32)
        yield _boxes(place, np.array([[x + frame.scale, high + 4.0]], np.float32), FRAME_COLOR)


# --- words -------------------------------------------------------------------


def _draw_words(view: SolveView, frame: Frame, clip: bpy.types.MovieClip) -> None:
    """Why the chosen track is left out, or its error, beside it."""
    rows = solve_list.rows_of(clip)
    if rows is None or not 0 <= rows.index < min(len(rows.tracks), len(view.rows)):
        return
    row = view.rows[rows.index]
    here = view.at(frame.number)
    at = np.flatnonzero(view.track[here] == row.number)
    if not len(at):
        return
    import blf

    x, y = np.array(frame.origin) + view.xy[here][at[0]] * np.array(frame.extent)
    words = said(row.reason) if row.reason else f"{row.error:.2f} px"
    blf.size(0, 11.0 * frame.scale)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 3, 0.0, 0.0, 0.0, 0.9)
    blf.color(0, 1.0, 1.0, 1.0, 1.0)
    blf.position(0, x + 9.0 * frame.scale, y - 4.0 * frame.scale, 0)
    blf.draw(0, f"{row.name}: {words}")
    blf.disable(0, blf.SHADOW)
