"""The drawn clip that most tests of sessions are about, a copy for each module, and its solved session."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from addon.tracking.session import TrackingSessionManager, create_session, resume_tracking
from tests import drawn


@pytest.fixture(scope="session")
def walls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A movie of 40 frames, 480 by 270, of a floor and walls that a camera passes."""
    path = tmp_path_factory.mktemp("walls") / "walls.avi"
    drawn.draw_clip(path)
    return path


@pytest.fixture(scope="module")
def clip(walls: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That movie, alone in a folder of this module."""
    return Path(shutil.copy(walls, tmp_path_factory.mktemp("clip")))


@pytest.fixture(scope="session")
def whole(walls: Path, tmp_path_factory: pytest.TempPathFactory) -> TrackingSessionManager:
    """A session of that movie, solved, never interrupted; tests write to copies of it only."""
    return resume_tracking(create_session(walls, "whole", directory=tmp_path_factory.mktemp("whole")))
