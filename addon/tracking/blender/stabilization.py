"""Nodes that hold a picture still, and ones that undo it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..engine.model import Bools, Floats, Tracks
from ..errors import InputError
from ..session.clip_tracks import PREFIX
from ..stabilize import Similarities, steady
from . import versions, warp
from .clip import read_tracks
from .nodes import Builder, feed, set_keys, tidy

IMAGE = "Image"


@dataclass(frozen=True)
class Stabilization:
    """What ``create_stabilization_nodes`` built."""

    image: bpy.types.NodeSocket
    """The steadied picture."""
    nodes: tuple[bpy.types.Node, ...]
    """What was put into the tree: one node of a group."""
    group: bpy.types.NodeTree
    motion: Similarities
    """The correction of each footage frame; of the nodes that undo it, the one that they undo."""


def create_stabilization_nodes(
    tree: bpy.types.NodeTree,
    image: bpy.types.NodeSocket,
    clip: bpy.types.MovieClip,
    *,
    tracks: Sequence[str] = (),
    lock: int | None = None,
    smooth: float = 12.0,
    strength: float = 1.0,
    rotation: bool = True,
    scale: bool = True,
    auto_scale: bool = True,
    inverse: bool = False,
    live: bool = False,
    scene: bpy.types.Scene | None = None,
    name: str = "Stabilize",
) -> Stabilization:
    """Hold ``image``, a picture of the clip at the render's size, still by the clip's tracks.

    ``tracks`` are names; none means those that the solve trusts most. One track gives the position, two or
    more position, rotation and scale about the frame's centre by a similarity fitted to all that are there
    in a frame. ``lock`` is the footage frame that the others are brought to; without it what changes faster
    than a Gaussian of ``smooth`` frames goes and a pan stays. ``strength`` 0 to 1 is how much of the
    correction is made; ``auto_scale`` enlarges until no black edge shows. ``inverse`` builds the exact
    opposite, which takes what was made on the steadied picture back to the plate. The values are keyed at
    every frame in a group that stands in the tree; ``live``, they follow one track as it is changed, which
    is to be locked, and the picture is shifted only. ``scene`` is whose frame size counts, the current one
    where left out. Again with the same name, the same nodes are set anew. Raises InputError for a track that
    is not there, where no track has markers, and where ``live`` is asked what only keys can do.
    """
    if live and (len(tracks) != 1 or lock is None or auto_scale):
        raise InputError(
            "live, a picture can only be shifted: give one track, a frame to lock to, and no automatic scale"
        )
    motion = steady(
        chosen_tracks(clip, tracks),
        lock=lock,
        smooth=smooth,
        strength=strength,
        rotation=rotation,
        scale=scale,
        auto_scale=auto_scale,
        aspect=clip_aspect(clip),
    )
    follow = _Followed(tracks[0], lock, strength) if live else None
    return add_stabilization(
        tree, image, clip, motion, inverse=inverse, scene=scene, name=name, follow=follow
    )


@dataclass(frozen=True)
class _Followed:
    """The track that live nodes follow."""

    track: str
    lock: int
    strength: float


def clip_aspect(clip: bpy.types.MovieClip) -> float:
    """Width of a pixel of the clip over its height."""
    return clip.display_aspect[0] / clip.display_aspect[1]


def add_stabilization(
    tree: bpy.types.NodeTree,
    image: bpy.types.NodeSocket,
    clip: bpy.types.MovieClip,
    motion: Similarities,
    *,
    inverse: bool = False,
    scene: bpy.types.Scene | None = None,
    name: str = "Stabilize",
    follow: _Followed | None = None,
) -> Stabilization:
    """The nodes of create_stabilization_nodes for a correction that is known already."""
    build = Builder(tree, name)
    node = build.group("group", f"Tracked Shot {name}", name)
    group = node.node_tree
    for in_out in ("INPUT", "OUTPUT"):
        versions.ensure_group_socket(group, IMAGE, in_out)
    scene = scene or bpy.context.scene
    if follow is None:
        fill_group(group, motion, clip, inverse, scene)
    else:
        _fill_live(group, follow, clip, inverse, scene)
    feed(tree, image, node.inputs[IMAGE])
    result = node.outputs[IMAGE]
    build.finish(result)
    if build.added:
        x, y = versions.absolute_location(image.node)
        tidy(build.added, origin=(x + image.node.width + 40.0, y))
    return Stabilization(result, tuple(build.nodes), group, motion)


def chosen_tracks(clip: bpy.types.MovieClip, names: Sequence[str]) -> Tracks:
    """The clip's tracks of these names, or the better half of those that the solve used, or all.

    Raises InputError for a name that no track with markers has.
    """
    tracks = read_tracks(clip)
    if names:
        wanted = [name.removeprefix(PREFIX) for name in names]
        missing = [name for name in wanted if name not in tracks.names]
        if missing:
            raise InputError(f"the clip {clip.name} has no track '{missing[0]}' with markers")
        return tracks.subset(np.array([name in wanted for name in tracks.names]))
    if not tracks.count:
        raise InputError(f"the clip {clip.name} has no tracks to stabilise by")
    return tracks.subset(_trusted(clip, tracks))


def _trusted(clip: bpy.types.MovieClip, tracks: Tracks) -> Bools:
    errors = {
        track.name.removeprefix(PREFIX): track.average_error
        for track in clip.tracking.tracks
        if track.has_bundle
    }
    found = np.array([errors.get(name, np.inf) for name in tracks.names])
    found[~tracks.enabled] = np.inf
    if np.isfinite(found).sum() >= 2:
        trusted: Bools = found <= np.median(found[np.isfinite(found)])
        return trusted
    return tracks.enabled if tracks.enabled.any() else np.ones(tracks.count, dtype=bool)


def fill_group(
    group: bpy.types.NodeTree,
    motion: Similarities,
    clip: bpy.types.MovieClip,
    inverse: bool,
    scene: bpy.types.Scene,
) -> None:
    """Build the inside of a group with an Image socket on both sides."""
    build = Builder(group, "Inside")
    entry, end = build.node("input", "group input"), build.node("output", "group output")
    source = entry.outputs[IMAGE]
    if not versions.EXACT_WARPS:
        matrices = warp.relative(motion.matrices(), motion.size)
        back = matrices if inverse else np.linalg.inv(matrices)
        place, size = warp.coordinates(build), warp.frame_size(build, scene)
        image, keyed = warp.bend(build, source, back, place=place, size=size)
    elif inverse:
        image, keyed = _undo_chain(build, source, motion)
        image = _in_frame(build, image, source)
    else:
        image, keyed = _chain(build, source, motion)
        image = _in_frame(build, image, source)
    feed(group, image, end.inputs[IMAGE])
    build.finish(image)
    set_keys(group, motion.frames + clip.frame_start - 1, keyed)
    tidy([*build.nodes])


def _fill_live(
    group: bpy.types.NodeTree,
    follow: _Followed,
    clip: bpy.types.MovieClip,
    inverse: bool,
    scene: bpy.types.Scene,
) -> None:
    """Build the inside of a group that shifts the picture by a track's own markers."""
    name = follow.track.removeprefix(PREFIX)
    owner, track = next(
        (item, track)
        for item in clip.tracking.objects
        for track in item.tracks
        if track.name.removeprefix(PREFIX) == name
    )
    home = track.markers.find_frame(follow.lock).co
    build = Builder(group, "Inside")
    entry, end = build.node("input", "group input"), build.node("output", "group output")
    position = build.node("track", "track position", track.name)
    position.clip, position.tracking_object, position.track_name = clip, owner.name, track.name
    versions.set_option(position, "track position", "mode", "absolute")
    frame = warp.frame_size(build, scene)
    parts = []
    for number, axis in enumerate(("x", "y")):
        place = versions.output_socket(position, "track position", axis)
        off = build.math("subtract", home[number] * clip.size[number], place, role=f"{axis} off")
        share = (-1.0 if inverse else 1.0) * follow.strength / clip.size[number]
        parts.append(build.math("multiply", off, share, role=f"{axis} part"))
    source = entry.outputs[IMAGE]
    if versions.EXACT_WARPS:
        moved = {
            axis: build.math("multiply", part, size, role=f"{axis} pixels")
            for axis, part, size in zip(("x", "y"), parts, frame)
        }
        image = _in_frame(build, build.sampled("translate", source, moved, role="translate"), source)
    else:
        place = tuple(
            build.math("subtract", along, part, role=f"from {axis}")
            for axis, along, part in zip(("x", "y"), warp.coordinates(build), parts)
        )
        image, values = warp.bend(build, source, np.eye(3)[None], place=place, size=frame)
        warp.set_values(values)
    feed(group, image, end.inputs[IMAGE])
    build.finish(image)
    set_keys(group, np.zeros(0, dtype=np.int32), [])
    tidy([*build.nodes])


def _chain(
    build: Builder, image: bpy.types.NodeSocket, motion: Similarities
) -> tuple[bpy.types.NodeSocket, warp.Keyed]:
    """Scale, Rotate, Translate: all turn about the frame's centre."""
    source = image
    image, keyed = _scale(build, image, motion.aspect * motion.scale, motion.scale, "scale")
    image = build.sampled("rotate", image, {}, role="rotate")
    keyed.append((_input(build, "rotate", "angle"), 0, motion.angle))
    if motion.aspect != 1.0:
        ones = np.ones(len(motion.frames))
        image, more = _scale(build, image, ones / motion.aspect, ones, "unsqueeze")
        keyed += more
    image, more = _translate(build, image, source, motion.shift / motion.size)
    return image, keyed + more


def _undo_chain(
    build: Builder, image: bpy.types.NodeSocket, motion: Similarities
) -> tuple[bpy.types.NodeSocket, warp.Keyed]:
    """Translate, Rotate, Scale: each the opposite of its like, in the opposite order."""
    image, keyed = _translate(build, image, image, -motion.shift / motion.size)
    if motion.aspect != 1.0:
        ones = np.ones(len(motion.frames))
        image, more = _scale(build, image, ones * motion.aspect, ones, "squeeze")
        keyed += more
    image = build.sampled("rotate", image, {}, role="rotate")
    keyed.append((_input(build, "rotate", "angle"), 0, -motion.angle))
    image, more = _scale(build, image, 1.0 / (motion.aspect * motion.scale), 1.0 / motion.scale, "scale")
    return image, keyed + more


def _in_frame(
    build: Builder, image: bpy.types.NodeSocket, source: bpy.types.NodeSocket
) -> bpy.types.NodeSocket:
    """The picture cut to the frame of ``source``: scaled and turned it has grown, and what follows sees."""
    clear = build.set_alpha(source, 0.0, "apply", role="frame", label="Empty Frame")
    return build.alpha_over(clear, image, 1.0, role="in frame", label="In the Frame")


def _input(build: Builder, meaning: str, name: str) -> bpy.types.NodeSocket:
    """An input of the node that was added last."""
    return versions.input_socket(build.nodes[-1], meaning, name)


def _scale(
    build: Builder, image: bpy.types.NodeSocket, x: Floats, y: Floats, role: str
) -> tuple[bpy.types.NodeSocket, warp.Keyed]:
    image = build.sampled("scale", image, {}, role=role)
    return image, [(_input(build, "scale", "x"), 0, x), (_input(build, "scale", "y"), 0, y)]


def _translate(
    build: Builder, image: bpy.types.NodeSocket, source: bpy.types.NodeSocket, shift: Floats
) -> tuple[bpy.types.NodeSocket, warp.Keyed]:
    """A shift (n, 2) in parts of the frame, which is ``source``: scaled and turned, a picture has grown."""
    pixels = build.node("pixels", "relative to pixel", "Shift in Pixels")
    feed(build.tree, source, versions.input_socket(pixels, "relative to pixel", "image"))
    held = versions.input_socket(pixels, "relative to pixel", "vector")
    apart = build.node("shift", "separate xyz", "Shift")
    feed(
        build.tree,
        versions.output_socket(pixels, "relative to pixel", "vector"),
        versions.input_socket(apart, "separate xyz", "vector"),
    )
    moved = {axis: versions.output_socket(apart, "separate xyz", axis) for axis in ("x", "y")}
    image = build.sampled("translate", image, moved, role="translate")
    return image, [(held, 0, shift[:, 0]), (held, 1, shift[:, 1])]
