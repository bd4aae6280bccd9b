"""What ST-maps cost: time and memory against plain NumPy, and against Blender's own distortion node.

    python benchmarks/stmap.py [WIDTH HEIGHT]

Both maps of one lens at 4096x2160 (unless said otherwise), whole and without files; plain NumPy evaluates the
same formula over the whole picture, for the inverse with five Newton steps from the pixel itself; in turns.
Memory is the largest of a process of its own. Where bpy is a module, a render-sized picture is bent by the
Movie Distortion node and by our maps.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the command line has it
sys.path.insert(0, str(REPOSITORY))

import numpy as np  # noqa: E402

from addon.tracking.engine.lens import PlateLens  # noqa: E402
from addon.tracking.overscan import find_overscan  # noqa: E402
from addon.tracking.stmap import DISTORT, UNDISTORT, StMap, bands  # noqa: E402
from addon.tracking.stmap_out import write_stmaps  # noqa: E402

TURNS = 5
K1, K2 = -0.1, 0.03


def lens_of(width: int, height: int) -> PlateLens:
    return PlateLens(width, height, float(width), "POLYNOMIAL", (K1, K2))


def plain(lens: PlateLens, kind: str) -> np.ndarray:
    """The map by whole arrays, as one would write it down."""
    sx, sy = lens.scale
    x = (np.arange(lens.width)[None, :] + 0.5 - lens.center[0]) / sx
    y = (lens.height - np.arange(lens.height)[:, None] - 0.5 - lens.center[1]) / sy
    s = x * x + y * y
    if kind == UNDISTORT:
        factor = 1 + s * (K1 + s * K2)
    else:
        target = np.sqrt(s)
        radius = target.copy()
        for _ in range(5):
            r2 = radius * radius
            missing = radius * (1 + r2 * (K1 + r2 * K2)) - target
            radius -= missing / (1 + r2 * (3 * K1 + r2 * 5 * K2))
        factor = radius / target
    u = (x * factor * sx + lens.center[0]) / lens.width
    v = (y * factor * sy + lens.center[1]) / lens.height
    inside = (u >= 0) & (u <= 1) & (v >= 0) & (v <= 1)
    return np.stack([u, v, inside]).astype(np.float32)


def made(lens: PlateLens, kind: str) -> None:
    for _ in bands(StMap(lens, kind)):
        pass


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def times(lens: PlateLens) -> None:
    print(f"{lens.width}x{lens.height}, {os.cpu_count()} cores, median of {TURNS} turns")
    for kind in (UNDISTORT, DISTORT):
        ours, theirs = [], []
        for _ in range(TURNS):
            ours.append(seconds(lambda kind=kind: made(lens, kind)))
            theirs.append(seconds(lambda kind=kind: plain(lens, kind)))
        mine, numpys = statistics.median(ours), statistics.median(theirs)
        print(f"{kind:10} ours {mine:.2f} s, plain NumPy {numpys:.2f} s: {mine / numpys:.2f} times")
    overscan = find_overscan(lens)
    with tempfile.TemporaryDirectory() as folder:
        for zipped in (False, True):
            took = [
                seconds(
                    lambda zipped=zipped: write_stmaps(
                        lens, f"{folder}/u.exr", f"{folder}/d.exr", overscan=overscan, zipped=zipped
                    )
                )
                for _ in range(TURNS)
            ]
            size = sum(file.stat().st_size for file in Path(folder).glob("*.exr")) / 1e6
            name = "ZIP" if zipped else "uncompressed"
            print(f"pair of files, {name}, report included: {statistics.median(took):.2f} s, {size:.0f} MB")


def memory(only: str, width: int, height: int) -> float:
    """The largest memory in MB of a process of its own that does only that."""
    call = [sys.executable, __file__, str(width), str(height), "--only", only]
    return float(subprocess.run(call, capture_output=True, text=True, check=True).stdout)


def do_only(only: str, lens: PlateLens) -> None:
    """In that process: do it, and print what it took."""
    if only == "ours":
        with tempfile.TemporaryDirectory() as folder:
            write_stmaps(lens, f"{folder}/u.exr", f"{folder}/d.exr")
    elif only == "plain":
        plain(lens, UNDISTORT)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def memories(width: int, height: int) -> None:
    nothing, ours, numpys = (memory(only, width, height) for only in ("nothing", "ours", "plain"))
    print(
        f"memory for {width}x{height}: ours {ours:.0f} MB for the pair, plain NumPy {numpys:.0f} MB for one "
        f"map, {nothing:.0f} MB before either"
    )


def in_blender(width: int, height: int) -> None:
    """One frame through the compositor: the Movie Distortion node, and our map made and looked up."""
    import bpy

    from addon.tracking.blender.lens_nodes import map_group
    from tests.blender.coordinates import clip_with_lens, composited, coordinate_image

    lens = lens_of(width, height)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bpy.ops.wm.read_factory_settings(use_empty=True)
        clip, picture = clip_with_lens(folder, lens), coordinate_image(width, height)

        def nothing(tree, source):  # type: ignore[no-untyped-def]
            return source

        def blenders(tree, source):  # type: ignore[no-untyped-def]
            node = tree.nodes.new("CompositorNodeMovieDistortion")
            node.clip = clip
            if "Type" in node.inputs:
                node.inputs["Type"].default_value = "Distort"
            else:
                node.distortion_type = "DISTORT"
            tree.links.new(source, node.inputs["Image"])
            return node.outputs["Image"]

        group = None

        def ours(tree, source):  # type: ignore[no-untyped-def]
            node = tree.nodes.new("CompositorNodeGroup")
            node.node_tree = group
            tree.links.new(source, node.inputs["Image"])
            return node.outputs["Image"]

        def make() -> None:
            nonlocal group
            values = np.concatenate([band for _, band in bands(StMap(lens, DISTORT))], axis=1)
            group = map_group("map", values, (width, height))

        built = seconds(make)
        found = {}
        for what, build in (("nothing", nothing), ("node", blenders), ("map", ours)):
            found[what] = statistics.median(
                seconds(lambda build=build: composited(folder, picture, build, (width, height)))
                for _ in range(3)
            )
        print(
            f"Blender {bpy.app.version_string}, a frame of {width}x{height}: Movie Distortion "
            f"{found['node'] - found['nothing']:.2f} s, our map {found['map'] - found['nothing']:.2f} s, "
            f"once {built:.2f} s to build it (reading and writing the frame left out)"
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("size", nargs="*", type=int, default=[4096, 2160], metavar="WIDTH HEIGHT")
    options.add_argument("--only", choices=("nothing", "ours", "plain"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    width, height = chosen.size
    if chosen.only:
        do_only(chosen.only, lens_of(width, height))
        return
    # Memory first: Linux counts for a new process what the one that began it had.
    memories(width, height)
    memories(2 * width, 2 * height)
    times(lens_of(width, height))
    if importlib.util.find_spec("bpy") is not None:
        in_blender(width, height)


if __name__ == "__main__":
    main()
