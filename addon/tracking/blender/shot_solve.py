"""The stages of a shot from its footage to the solve: which session is taken up, what it is tracked with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy

from ..config import CompositeShotConfig
from ..engine.footage import Footage, identity, open_footage
from ..engine.masks import with_mask
from ..engine.model import LensStart
from ..errors import InputError, SessionError
from ..preflight import Finding, Preflight, check_footage
from ..presets import load_tracking_preset
from ..session import (
    TrackingSessionManager,
    create_session,
    find_session,
    find_tracked,
    load_session,
    run_session,
    solve_again,
)
from ..session.places import session_folder
from ..shotfile import ShotFileError, problem_at
from ..stages import digest
from .build import Build, BuildStep, Steps, load_shot_clip
from .by_hand import LEAST_TRACKS, solve_clip_again, usable
from .camera_presets import camera_preset
from .clip import camera_object, find_clip, native_cameras
from .clip_lens import check_terms
from .mask_pictures import mask_mark, write_mask_pictures
from .preflight import compare_with_blender

TRACKED_SHARE = 0.05, 0.85
"""The shares of a build that are done before and after tracking and solving."""


def footage_stage(build: Build) -> Steps:
    """The clip in the .blend, with what the shot says of it; footage that nobody can read stops here."""
    yield BuildStep("footage", 0.01, "Reading the footage")
    look_at_footage(build)
    known = find_clip(build.config.footage_path)
    build.result.clip = load_shot_clip(build.config)
    build.new_clip = known is None


def preflight_stage(build: Build) -> Steps:
    """Looks whether the footage can be used, and whether Blender shows the same frames of it."""
    yield BuildStep("preflight", 0.02, "Looking at the footage")
    _check_lens(build.config)
    preflight = look_at_footage(build)
    findings = preflight.findings + compare_with_blender(build.clip, build.footage)
    try:
        stop_on_errors(build.config, findings)
    except ShotFileError:
        if build.new_clip:
            bpy.data.movieclips.remove(build.clip)
            build.result.clip = None
        raise
    build.notes += [finding.message for finding in findings if finding.severity == "warning"]
    told, taken = build.footage.pixel_aspect, build.config.footage.pixel_aspect
    if told != 1 and abs(told - taken) > 1e-3:
        build.notes.append(f"the file's pixels are {told:g} times as wide as high, the shot takes {taken:g}")


def _check_lens(config: CompositeShotConfig) -> None:
    """Raises ShotFileError where this Blender lacks a term of the lens, before anything is tracked."""
    try:
        check_terms(config.tracking.lens.start())
    except InputError as error:
        path = ("tracking", "lens", "distortion_model")
        raise ShotFileError([problem_at(config.source, path, str(error))]) from None


def look_at_footage(build: Build) -> Preflight:
    """What the preflight says of the footage; raises ShotFileError, at its line, where it can't be read."""
    if build.preflight is None:
        config = build.config
        first, last = config.footage.frame_range or (1, None)
        build.preflight = check_footage(config.footage_path, first=first, last=last, fps=config.footage.fps)
        stop_on_errors(config, [item for item in build.preflight.errors if not item.fix])
    return build.preflight


def stop_on_errors(config: CompositeShotConfig, findings: list[Finding]) -> None:
    """Raises ShotFileError, at the footage's lines, where there is an error among the findings."""
    problems = []
    for finding in findings:
        if finding.severity == "error":
            key = "frame_range" if finding.code == "range" else "file"
            way_out = finding.fix_label.lower()
            fix = f"; {way_out}" if way_out and way_out not in finding.message else ""
            problems.append(problem_at(config.source, ("footage", key), finding.message + fix))
    if problems:
        raise ShotFileError(problems)


def track_stage(build: Build) -> Steps:
    """Finds or makes the session, and does what is left of its work, the solve too."""
    if not build.config.tracking.enabled:
        if build.config.tracking.session is not None:
            build.session = shot_session(build)
            build.result.session = build.session.path
        elif build.session is not None and build.session.follows:
            build.session = build.result.session = build.result.solve = None
        return
    build.session = shot_session(build)
    build.result.session = build.session.path
    if build.session.status.finished:
        build.session.check()
        yield BuildStep("track", TRACKED_SHARE[1], "Taking the tracks of the session that is there")
        return
    yield from _run(build.session)


def solve_stage(build: Build) -> Steps:
    """The camera of the session's tracks; solved again where the lens is another one, or where asked for."""
    build.result.solve = None
    config, session = build.config, build.session
    if not config.tracking.solve:
        return
    if not config.tracking.enabled:
        yield from _camera_as_it_is(build)
        return
    if session is None:
        return
    yield BuildStep("solve", TRACKED_SHARE[1], "Taking the camera")
    named = config.tracking.session is not None
    lens = session.lens() if named else _lens_start(build)
    anew = build.start == "solve"
    if session.lens() != lens and not anew:
        settings = session.settings()
        session = find_session(session.path.parent, build.footage, settings=settings, lens=lens) or session
    if anew or session.lens() != lens or session.solve() is None:
        session = solve_again(session, lens)
    build.session = session
    build.result.session = session.path
    if not session.status.finished:
        yield from _run(session)
    build.result.solve = session.solve()


def _camera_as_it_is(build: Build) -> Steps:
    """For a shot that is not tracked: the camera of the session that it names, else of the clip's tracks."""
    if build.config.tracking.session is not None and build.session is not None:
        build.result.solve = build.session.solve()
        if build.result.solve is None:
            build.notes.append(f"{build.session.path}: has no camera, and tracking is not enabled")
    elif has_tracks_to_solve(build):
        yield from _solve_by_hand(build)


def _solve_by_hand(build: Build) -> Steps:
    """The camera of the artist's tracks in the clip, where it has no solve of its own."""
    clip, config = build.clip, build.config
    footage = build.footage
    folder = session_folder(footage.path, blend=build.target, chosen=build.session_dir)
    lens = _lens_start(build) if config.tracking.lens.focal_length_mm is not None else None
    build.session = solve_clip_again(
        clip,
        lens,
        build.session,
        footage=footage,
        folder=folder,
        name=config.name,
        settings=load_tracking_preset(config.tracking.preset),
    )
    build.result.session = build.session.path
    yield from _run(build.session)
    build.result.solve = build.session.solve()


def has_tracks_to_solve(build: Build) -> bool:
    """Whether the shot's camera is to be solved from the tracks that somebody made in the clip."""
    tracking = build.config.tracking
    if tracking.enabled or not tracking.solve or tracking.session is not None:
        return False
    clip = find_clip(build.config.footage_path)
    if clip is None or sum(usable(track) for track in camera_object(clip).tracks) < LEAST_TRACKS:
        return False
    return build.session is not None or not len(native_cameras(clip)[0])


def _run(session: TrackingSessionManager) -> Steps:
    low, high = TRACKED_SHARE
    for step in run_session(session):
        stage = "solve" if step.stage in ("solve", "look") else "track"
        yield BuildStep(stage, low + (high - low) * step.done, step.text, step.frame)


def shot_session(build: Build) -> TrackingSessionManager:
    """The session that the shot names, else the newest of this footage and settings, else a new one.

    Raises ShotFileError where the named one is not there or of other footage.
    """
    config, footage = build.config, build.footage
    if config.tracking.session is not None:
        return _named_session(config, footage)
    folder = session_folder(footage.path, blend=build.target, chosen=build.session_dir)
    settings = with_mask(load_tracking_preset(config.tracking.preset), _mask(build, folder))
    lens, solve = _lens_start(build), config.tracking.solve
    if not build.anew:
        found = find_session(folder, footage, settings=settings, lens=lens, solve=solve)
        if found is not None:
            return found
        tracked = find_tracked(folder, footage, settings)
        if tracked is not None:
            return solve_again(tracked, lens) if solve else tracked
    return create_session(
        footage.path,
        config.name,
        directory=folder,
        frame_range=(footage.first, footage.last),
        settings=settings,
        lens=lens,
        solve=solve,
    )


def _named_session(config: CompositeShotConfig, footage: Footage) -> TrackingSessionManager:
    path = ("tracking", "session")
    try:
        session = load_session(config.resolve(str(config.tracking.session)))
    except SessionError as error:
        raise ShotFileError([problem_at(config.source, path, str(error))]) from None
    known = session.about["footage"]
    differs = [key for key, value in identity(footage).items() if known.get(key) != value]
    if differs:
        text = f"{session.path}: is of other footage than the shot's ({', '.join(differs)} differ)"
        raise ShotFileError([problem_at(config.source, path, text)])
    return session


def _lens_start(build: Build) -> LensStart:
    """What is known of the lens, with the sensor of the camera that the shot names.

    Raises ShotFileError for one that Blender has no preset for.
    """
    config, wanted = build.config, build.config.tracking.lens.camera
    if wanted is None:
        return config.lens_start(build.footage)
    try:
        preset = camera_preset(wanted)
    except InputError as error:
        path = ("tracking", "lens", "camera")
        raise ShotFileError([problem_at(config.source, path, str(error))]) from None
    lens = replace(config.tracking.lens, sensor_width_mm=preset.sensor_width_mm)
    if lens.focal_length_mm is None:
        lens.focal_length_mm = preset.focal_length_mm
    return replace(config, tracking=replace(config.tracking, lens=lens)).lens_start(build.footage)


def _mask(build: Build, folder: Path) -> Path | None:
    """The first picture of the shot's mask: one of the .blend is drawn for it, beside the sessions.

    Raises ShotFileError for one that is neither, or cannot be used.
    """
    config, mask = build.config, _mask_of_file(build.config)
    if not config.tracking.mask:
        return None
    try:
        if mask is not None:
            return write_mask_pictures(mask, build.clip, build.footage, folder)
        return open_footage(config.resolve(config.tracking.mask)).path
    except InputError as error:
        text = str(error)
        if mask is None and not Path(config.tracking.mask).suffix:
            text = f"{config.tracking.mask!r} is neither a mask of the .blend nor a picture"
        raise ShotFileError([problem_at(config.source, ("tracking", "mask"), text)]) from None


def _mask_of_file(config: CompositeShotConfig) -> bpy.types.Mask | None:
    """The mask of the open .blend that the shot names, if it names one."""
    return bpy.data.masks.get(config.tracking.mask or "")


def shot_mask_mark(build: Build) -> str:
    """A word that changes with the .blend's mask; empty where the shot names none, or it cannot be drawn."""
    mask, clip = _mask_of_file(build.config), find_clip(build.config.footage_path)
    if mask is None or clip is None or not build.config.tracking.enabled:
        return ""
    try:
        return mask_mark(mask, clip, build.footage)
    except InputError:  # the stage says what is wrong with it
        return ""


def solve_print(session: TrackingSessionManager | None) -> str:
    """A word that changes when a session is solved anew; empty where there is none."""
    solve = session.solve() if session is not None else None
    return digest([solve.cameras.tolist(), solve.lens.focal_length_mm]) if solve is not None else ""
