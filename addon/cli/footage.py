"""Verbs on lenses and footage: stmap, even-copy, and the list of presets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..tracking.errors import InputError
from .common import (
    Progress,
    blender_quiet,
    blender_room,
    check_report_path,
)

if TYPE_CHECKING:
    from ..tracking.engine.lens import PlateLens
    from ..tracking.overscan import Overscan


def stmap(options: argparse.Namespace) -> int:
    """Writes the ST-maps of a lens and says how far they undo each other."""
    import json

    from ..tracking.files import write_atomically
    from ..tracking.stmap_out import write_stmap_sequence, write_stmaps

    if not (options.undistort or options.distort):
        raise InputError("name a file to write: --undistort U.exr, --distort D.exr or both")
    check_report_path(options.json)
    lens, zoom = _lens_of(Path(options.source), options.session_dir)
    overscan = None if zoom and options.overscan == "auto" else parse_overscan(options.overscan, lens)
    written: list[Path] = []
    if zoom and options.bits == 32:
        with Progress() as progress:
            sequence = write_stmap_sequence(
                zoom,
                options.undistort,
                options.distort,
                overscan=overscan,
                zipped=options.zip,
                on_frame=lambda frame: progress.show(0.0, "Wrote the ST-maps", frame),
            )
        report, frames = sequence.worst, sequence.frames
        written = [path for paths in sequence.files.values() for path in paths.values()]
    else:
        report = write_stmaps(
            lens, options.undistort, options.distort, overscan=overscan, bits=options.bits, zipped=options.zip
        )
        frames = {}
        written = [path for path in (report.undistort, report.distort) if path is not None]
    if options.json:
        write_atomically(
            Path(options.json),
            json.dumps({"version": 1, "stmap": {**report.to_dict(), "frames": frames}}, indent=1) + "\n",
        )
    print(report.text())
    for path in written:
        print(f"saved: {path}")
    return 0


def _lens_of(path: Path, session_dir: str | None) -> tuple[PlateLens, dict[int, PlateLens]]:
    """The lens of a .blend's clip, a session or a shot, and by frame where the .blend's camera zooms.

    Raises InputError where there is none.
    """
    from ..tracking.session import load_session
    from ..tracking.session.lens_sources import lens_of_session, lens_of_shot
    from ..tracking.shotfile import load_shot

    if not path.is_file():
        raise InputError(f"{path}: no such file")
    if path.suffix.lower() == ".blend":
        blender = blender_room("stmap")
        with blender_quiet():
            scene = blender.open_scene(path)
            clip = blender.scene_clip(scene)
            return blender.clip_lens(clip), blender.zoom_lenses(scene, clip)
    if path.suffix.lower() == ".tracksession":
        return lens_of_session(load_session(path)), {}
    return lens_of_shot(load_shot(path), session_dir), {}


def parse_overscan(text: str, lens: PlateLens) -> Overscan:
    """The overscan of "auto", "none" or a share of the frame as "0.1" or "10%". Raises InputError."""
    from ..tracking.overscan import NO_OVERSCAN, find_overscan, overscan_share

    if text == "auto":
        return find_overscan(lens)
    if text == "none":
        return NO_OVERSCAN
    try:
        share = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InputError(f"'{text}' is no overscan: auto, none, or a share of the frame from 0 to 1")
    return overscan_share(lens, share)


def presets(_options: argparse.Namespace) -> int:
    """Lists the presets."""
    from ..tracking.presets import list_composite_presets, list_tracking_presets

    for kind, infos in (("tracking", list_tracking_presets()), ("composite", list_composite_presets())):
        for info in infos:
            own = "" if info.built_in else " (your own)"
            print(f"{kind}: {info.name}{own}: {info.error or info.description}")
    return 0


def even_copy(options: argparse.Namespace) -> int:
    """Writes an evenly timed copy of a clip."""
    from ..tracking.preflight import make_even_copy

    footage = Path(options.footage)
    with Progress() as progress:
        out = make_even_copy(
            footage,
            options.output or footage.with_name(f"{footage.stem}_even.avi"),
            on_progress=lambda frame, frames: progress.show(frame / frames, "Copying", frame),
        )
    print(f"saved: {out}")
    return 0
