"""A flat picture laid onto four corners that move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from bpy.types import NodeSocket

from ..engine.model import Floats, Ints
from ..errors import InputError
from ..homography import check_corners, frame_corners, homography
from ..session.clip_tracks import PREFIX
from . import versions, warp
from .blends import create_alpha_over_composite
from .clip import read_tracks
from .nodes import Builder, Value, feed, set_keys, tidy

PICTURE, BACKGROUND, OPACITY, IMAGE, PINNED = "Picture", "Background", "Opacity", "Image", "Pinned"

Corners = Sequence[Sequence[float]]
"""Four pairs in pixels: lower left, lower right, upper right, upper left."""


@dataclass(frozen=True)
class CornerPin:
    """What ``create_corner_pin_nodes`` built."""

    image: NodeSocket
    """The background with the picture on it."""
    pinned: NodeSocket
    """The picture alone, premultiplied."""
    nodes: tuple[bpy.types.Node, ...]
    """What was put into the tree: one node of a group, and one for an image that was given as such."""
    group: bpy.types.NodeTree
    frames: Ints
    """(n,) scene frames that have corners."""
    corners: Floats
    """(n, 4, 2) corners in pixels of the plate."""


def create_corner_pin_nodes(
    tree: bpy.types.NodeTree,
    background: Value,
    picture: NodeSocket | bpy.types.Image,
    clip: bpy.types.MovieClip | None = None,
    *,
    plane_track: str | None = None,
    tracks: Sequence[str] | None = None,
    corners: Corners | Mapping[int, Corners] | None = None,
    size: tuple[int, int] | None = None,
    opacity: Value = 1.0,
    blend: str = "over",
    live: bool = False,
    scene: bpy.types.Scene | None = None,
    name: str = "Corner Pin",
) -> CornerPin:
    """Lay a picture onto four corners of the plate, and that onto ``background``.

    The corners come from a ``plane_track`` of the clip, from four of its ``tracks``, or from ``corners``:
    four pairs in pixels, or such by footage frame. They run lower left, lower right, upper right, upper
    left; between frames they move evenly, before the first and after the last they stay. The whole picture,
    whatever its shape, fills them; they may lie outside the frame. ``size`` is the plate's in pixels, the
    clip's or the scene's where left out. Edges are smooth by how much of a pixel is covered. ``opacity`` 0
    to 1 and ``blend`` are factor and blend of create_alpha_over_composite. Again with the same name, the
    same nodes are set anew. ``live`` follows a plane track as it is changed, through Blender's own node:
    places to a third of one of the picture's pixels, filter and edges that node's, from Blender 4.5
    (before, it is shifted as well). Raises InputError for corners that cross or run the wrong way, for a
    track that is not there, where it is not said once, and only once, where the corners are, and for
    ``live`` where nothing can follow.
    """
    if live:
        check_live(plane_track)
    scene = scene or bpy.context.scene
    if size is None:
        size = tuple(clip.size) if clip else (scene.render.resolution_x, scene.render.resolution_y)
    frames, places = pin_corners(clip, plane_track=plane_track, tracks=tracks, corners=corners)
    build = Builder(tree, name)
    source = _source(build, picture)
    node = build.group("group", f"Tracked Shot {name}", name)
    group = node.node_tree
    _ensure_sockets(group)
    scene_frames = frames + (clip.frame_start - 1 if clip else 0)
    if live:
        _fill_live(group, clip, plane_track, blend)
    else:
        _fill(group, scene_frames, places, size, _picture_size(source, scene), blend, scene)
    for value, socket in ((source, PICTURE), (background, BACKGROUND), (opacity, OPACITY)):
        feed(tree, value, node.inputs[socket])
    build.finish(node.outputs[IMAGE])
    if build.added:
        after = background if isinstance(background, NodeSocket) else source
        x, y = versions.absolute_location(after.node)
        tidy(build.added, origin=(x + after.node.width + 40.0, y))
    return CornerPin(
        node.outputs[IMAGE], node.outputs[PINNED], tuple(build.nodes), group, scene_frames, places
    )


def _source(build: Builder, picture: NodeSocket | bpy.types.Image) -> NodeSocket:
    """Where the picture comes from: a node of its own for an image."""
    if not isinstance(picture, bpy.types.Image):
        return picture
    held = build.node("picture", "image", picture.name)
    held.image = picture
    return versions.output_socket(held, "image", "image")


def _ensure_sockets(group: bpy.types.NodeTree) -> None:
    for socket in (PICTURE, BACKGROUND):
        versions.ensure_group_socket(group, socket, "INPUT")
    versions.ensure_group_socket(group, OPACITY, "INPUT", kind="NodeSocketFloat")
    for socket in (IMAGE, PINNED):
        versions.ensure_group_socket(group, socket, "OUTPUT")


def check_live(plane_track: str | None) -> None:
    """Raises InputError where no node of this Blender can follow the corners exactly."""
    if plane_track is None:
        raise InputError("live, a corner pin can only follow a plane track")
    if not versions.EXACT_WARPS:
        raise InputError(
            f"a live corner pin needs Blender 4.5: the node of {versions.BLENDER_NAME} is shifted by "
            "parts of a pixel; without live the corners are keyed"
        )


def pin_corners(
    clip: bpy.types.MovieClip | None,
    *,
    plane_track: str | None = None,
    tracks: Sequence[str] | None = None,
    corners: Corners | Mapping[int, Corners] | None = None,
) -> tuple[Ints, Floats]:
    """Footage frames (n,) and corners (n, 4, 2) in pixels of the plate, from one of the three sources.

    Raises InputError as create_corner_pin_nodes does.
    """
    frames, places = _corners(clip, plane_track, tracks, corners)
    for frame, four in zip(frames.tolist(), places):
        check_corners(four, frame)
    return frames, places


def _corners(
    clip: bpy.types.MovieClip | None,
    plane_track: str | None,
    tracks: Sequence[str] | None,
    corners: Corners | Mapping[int, Corners] | None,
) -> tuple[Ints, Floats]:
    if sum(given is not None for given in (plane_track, tracks, corners)) != 1:
        raise InputError("a corner pin needs a plane track, four tracks or corners, and one of these only")
    if corners is not None:
        by_frame = corners if isinstance(corners, Mapping) else {1: corners}
        if not by_frame:
            raise InputError("a corner pin needs corners in at least one frame")
        frames = sorted(by_frame)
        fours = [check_corners(np.array(by_frame[frame], dtype=float), frame) for frame in frames]
        return np.array(frames, dtype=np.int32), np.array(fours)
    if clip is None:
        raise InputError("a corner pin by tracks needs the clip that has them")
    return _plane_corners(clip, plane_track) if plane_track is not None else _track_corners(clip, tracks)


def _plane_corners(clip: bpy.types.MovieClip, name: str) -> tuple[Ints, Floats]:
    plane = next((plane for plane in clip.tracking.plane_tracks if plane.name == name), None)
    markers = [marker for marker in plane.markers if not marker.mute] if plane is not None else []
    if not markers:
        raise InputError(f"the clip {clip.name} has no plane track '{name}' with markers")
    places = np.array([[corner[:] for corner in marker.corners] for marker in markers], dtype=np.float64)
    return np.array([marker.frame for marker in markers], dtype=np.int32), places * np.array(clip.size)


def _track_corners(clip: bpy.types.MovieClip, names: Sequence[str]) -> tuple[Ints, Floats]:
    if len(names) != 4 or len(set(names)) != 4:
        raise InputError("a corner pin needs four different tracks, one a corner")
    tracks = read_tracks(clip)
    bounds = tracks.bounds()
    rows = []
    for name in names:
        plain = name.removeprefix(PREFIX)
        if plain not in tracks.names:
            raise InputError(f"the clip {clip.name} has no track '{name}' with markers")
        number = tracks.names.index(plain)
        rows.append(slice(bounds[number], bounds[number + 1]))
    shared = set.intersection(*(set(tracks.frame[part].tolist()) for part in rows))
    if not shared:
        raise InputError(f"in no frame are all four tracks there: {', '.join(names)}")
    frames = np.array(sorted(shared), dtype=np.int32)
    places = [tracks.xy[part][np.searchsorted(tracks.frame[part], frames)] for part in rows]
    return frames, np.stack(places, axis=1)


def _picture_size(source: NodeSocket, scene: bpy.types.Scene) -> tuple[float, float]:
    """The picture's size as far as its node tells; the frame's where it does not."""
    held = getattr(source.node, "image", None) or getattr(source.node, "clip", None)
    if isinstance(held, bpy.types.Image | bpy.types.MovieClip) and held.size[0]:
        return float(held.size[0]), float(held.size[1])
    share = scene.render.resolution_percentage / 100.0
    return float(int(scene.render.resolution_x * share)), float(int(scene.render.resolution_y * share))


def _fill(
    group: bpy.types.NodeTree,
    frames: Ints,
    corners: Floats,
    size: tuple[int, int],
    picture_size: tuple[float, float],
    blend: str,
    scene: bpy.types.Scene,
) -> None:
    """Build the inside of the group."""
    build = Builder(group, "Inside")
    entry, end = build.node("input", "group input"), build.node("output", "group output")
    background = entry.outputs[BACKGROUND]
    place = warp.coordinates(build)
    unit = frame_corners(1.0, 1.0)
    matrices = np.array([homography(four / size, unit) for four in corners])
    image, keyed = warp.bend(
        build, entry.outputs[PICTURE], matrices, place=place, size=picture_size, extend=True
    )
    covered, more = _coverage(build, place, corners, size, scene)
    pinned = build.set_alpha(image, covered, "apply", role="cut", label="Cut Out")
    over = create_alpha_over_composite(
        group, background, pinned, factor=entry.outputs[OPACITY], blend=blend, name="Lay Over"
    )
    feed(group, over.image, end.inputs[IMAGE])
    feed(group, pinned, end.inputs[PINNED])
    build.finish(over.image)
    set_keys(group, frames, keyed + more)
    tidy([*build.nodes, *over.nodes])


def _fill_live(group: bpy.types.NodeTree, clip: bpy.types.MovieClip, plane_track: str, blend: str) -> None:
    """Build the inside of the group out of the node that follows a plane track."""
    owner = next(
        item for item in clip.tracking.objects if any(p.name == plane_track for p in item.plane_tracks)
    )
    build = Builder(group, "Inside")
    entry, end = build.node("input", "group input"), build.node("output", "group output")
    node = build.node("follow", "plane track deform", plane_track)
    node.clip, node.tracking_object, node.plane_track_name = clip, owner.name, plane_track
    feed(group, entry.outputs[PICTURE], versions.input_socket(node, "plane track deform", "image"))
    pinned = versions.output_socket(node, "plane track deform", "image")
    over = create_alpha_over_composite(
        group,
        entry.outputs[BACKGROUND],
        pinned,
        factor=entry.outputs[OPACITY],
        blend=blend,
        name="Lay Over",
    )
    feed(group, over.image, end.inputs[IMAGE])
    feed(group, pinned, end.inputs[PINNED])
    build.finish(over.image)
    set_keys(group, np.zeros(0, dtype=np.int32), [])
    tidy([*build.nodes, *over.nodes])


def _coverage(
    build: Builder,
    place: tuple[NodeSocket, NodeSocket],
    corners: Floats,
    size: tuple[int, int],
    scene: bpy.types.Scene,
) -> tuple[NodeSocket, warp.Keyed]:
    """How much of each pixel lies within the corners: one half more than the distance to the nearest side.

    Distances are keyed in heights of the frame, so that they hold at any render percentage.
    """
    _, height = warp.frame_size(build, scene)
    keyed: warp.Keyed = []
    nearest: NodeSocket | None = None
    for number in range(4):
        start, side = corners[:, number], corners[:, (number + 1) % 4] - corners[:, number]
        normal = np.column_stack([-side[:, 1], side[:, 0]])
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        values = (
            normal[:, 0] * size[0] / size[1],
            normal[:, 1],
            -np.sum(normal * start, axis=1) / size[1],
        )
        held = [build.value(f"side {number} {name}") for name in ("across", "up", "off")]
        keyed += [(socket, 0, value) for socket, value in zip(held, values)]
        terms = [
            build.math("multiply", along, factor, role=f"side {number} times {name}")
            for along, factor, name in zip(place, held, ("across", "up"))
        ]
        total = build.math("add", terms[0], terms[1], role=f"side {number} sum")
        distance = build.math("add", total, held[2], role=f"side {number} distance")
        if nearest is not None:
            distance = build.math("minimum", nearest, distance, role=f"side {number} nearest")
        nearest = distance
    pixels = build.math("multiply", nearest, height, role="distance in pixels")
    raised = build.math("add", pixels, 0.5, role="raised")
    above = build.math("maximum", raised, 0.0, role="not below")
    return build.math("minimum", above, 1.0, role="covered"), keyed
