"""Where a plate's lens is known from: a session's solve, or the solve of a shot's session."""

from __future__ import annotations

import os
from pathlib import Path

from ..config import CompositeShotConfig
from ..engine.footage import Footage, open_footage
from ..engine.lens import PlateLens, plate_lens
from ..errors import InputError
from ..presets import load_tracking_preset
from .manager import TrackingSessionManager, find_session, load_session
from .places import session_folder


def lens_of_session(session: TrackingSessionManager) -> PlateLens:
    """The solved lens of a session; InputError where it has none."""
    solve = session.solve()
    if solve is None:
        raise InputError(f"{session.path}: has no solve yet: resume it first")
    return plate_lens(solve.lens)


def lens_of_shot(config: CompositeShotConfig, session_dir: str | os.PathLike[str] | None = None) -> PlateLens:
    """The solved lens of a shot that was tracked.

    Raises InputError where no session of the shot has a solve; nothing is tracked for it.
    """
    if config.tracking.session is not None:
        session = load_session(config.resolve(config.tracking.session))
    else:
        first, last = config.footage.frame_range or (1, None)
        footage = open_footage(config.footage_path, first=first, last=last)
        chosen = None if session_dir is None else Path(session_dir).absolute()
        blend = config.resolve(config.into or f"{config.name}.blend")
        folders = dict.fromkeys(
            session_folder(footage.path.absolute(), blend=beside, chosen=chosen) for beside in (blend, None)
        )
        found = next(filter(None, (_session_in(folder, config, footage) for folder in folders)), None)
        if found is None:
            raise InputError(
                f"the shot {config.name} has no session in {' or '.join(map(str, folders))}:"
                " assemble it, or name the .blend"
            )
        session = found
    return lens_of_session(session)


def _session_in(folder: Path, config: CompositeShotConfig, footage: Footage) -> TrackingSessionManager | None:
    return find_session(
        folder,
        footage,
        settings=load_tracking_preset(config.tracking.preset),
        # A camera's sensor is known in Blender only, and tells no session of one shot from another.
        lens=None if config.tracking.lens.camera else config.lens_start(footage),
        solve=config.tracking.solve,
        any_mask=True,
    )
