"""What applying a composite costs: a tree of 500 nodes, 1,000 frames of keys, and keys one by one beside it.

    python benchmarks/composite.py [--nodes 500] [--frames 1000] [--tracks 40]

Needs bpy as a module. Applies the preset ``stabilized`` in a tree of that many nodes, again, another preset,
and takes it out; then writes the same keys with a loop of ``keyframe_insert``, as most scripts do.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

import bpy  # noqa: E402
import cv2  # noqa: E402
import numpy as np  # noqa: E402

from addon.tracking import presets  # noqa: E402
from addon.tracking.blender import composite, versions  # noqa: E402
from addon.tracking.blender.clip import put_tracks  # noqa: E402
from addon.tracking.engine.model import Tracks  # noqa: E402

SIZE = (320, 180)
ROUNDS = 5


def big_tree(scene: bpy.types.Scene, count: int) -> None:
    """A chain of that many nodes from the render to the output."""
    tree = versions.hang_scene_tree(scene)
    tree.nodes.clear()
    node = versions.new_node(tree, "render layers")
    socket = node.outputs["Image"]
    for number in range(count - 2):
        node = tree.nodes.new(("CompositorNodeBlur", "CompositorNodeHueSat")[number % 2])
        node.location = (200.0 * (number % 25), -300.0 * (number // 25))
        tree.links.new(socket, node.inputs["Image"])
        socket = node.outputs["Image"]
    tree.links.new(socket, versions.make_output(tree).socket)


def tracked_clip(folder: Path, frames: int, count: int) -> bpy.types.MovieClip:
    """A clip of plain frames and tracks that shake with it, coming and going."""
    path = folder / "clip.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 25.0, SIZE)
    for frame in range(frames):
        writer.write(np.full((SIZE[1], SIZE[0], 3), frame % 250, np.uint8))
    writer.release()
    clip = bpy.data.movieclips.load(str(path))
    random = np.random.default_rng(1)
    time_ = np.arange(frames)
    turn = np.exp(0.02 * np.sin(0.03 * time_) + 0.02j * np.sin(0.9 * time_))
    place = 5 * np.sin(1.1 * time_) + 3j * np.cos(0.7 * time_)
    points = random.uniform(-120, 120, count) + 1j * random.uniform(-70, 70, count)
    track, frame, xy = [], [], []
    for number, point in enumerate(points):
        start = int(random.integers(0, max(1, frames // 2)))
        seen = time_[start : start + frames // 2]
        where = turn[seen] * point + place[seen] + random.normal(0, 0.1, (2, len(seen))).T @ (1, 1j)
        track.append(np.full(len(seen), number, np.int32))
        frame.append((seen + 1).astype(np.int32))
        xy.append(np.column_stack([where.real + SIZE[0] / 2, where.imag + SIZE[1] / 2]))
    names = [f"{number:04d}" for number in range(count)]
    put_tracks(
        clip,
        Tracks(*SIZE, frames, np.concatenate(track), np.concatenate(frame), np.concatenate(xy), names),
    )
    return clip


def timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def key_by_key(frames: int) -> None:
    """Five values keyed at each frame with keyframe_insert."""
    group = versions.new_group("One by one")
    scale, rotate, translate = (versions.new_node(group, name) for name in ("scale", "rotate", "translate"))
    sockets = [
        versions.input_socket(scale, "scale", "x"),
        versions.input_socket(scale, "scale", "y"),
        versions.input_socket(rotate, "rotate", "angle"),
        versions.input_socket(translate, "translate", "x"),
        versions.input_socket(translate, "translate", "y"),
    ]
    for frame in range(1, frames + 1):
        for socket in sockets:
            socket.default_value = 0.001 * frame
            socket.keyframe_insert("default_value", frame=frame)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--nodes", type=int, default=500)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--tracks", type=int, default=40)
    wanted = parser.parse_args()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = SIZE
    big_tree(scene, wanted.nodes)
    config = presets.load_composite_preset("stabilized")
    other = presets.load_composite_preset("over_plate")
    rows: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        clip = tracked_clip(Path(folder), wanted.frames, wanted.tracks)
        for _ in range(ROUNDS):
            for name, call in (
                ("apply", lambda: composite.setup_shot_compositing(scene, clip, config)),
                ("apply again", lambda: composite.setup_shot_compositing(scene, clip, config)),
                ("ask for its status", lambda: composite.composite_status(scene, config)),
                ("another preset", lambda: composite.setup_shot_compositing(scene, clip, other)),
                ("remove", lambda: composite.remove_shot_compositing(scene)),
                ("the keys with keyframe_insert", lambda: key_by_key(wanted.frames)),
            ):
                rows.setdefault(name, []).append(timed(call))
    print(
        f"Blender {bpy.app.version_string}, {wanted.nodes} nodes, {wanted.frames} frames, median of {ROUNDS}"
    )
    for name, seconds in rows.items():
        print(f"{name:32} {statistics.median(seconds):7.3f} s   worst {max(seconds):7.3f} s")


if __name__ == "__main__":
    main()
