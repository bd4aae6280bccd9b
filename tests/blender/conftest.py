"""A drawn clip, its solved session and a shot file beside them, for all tests that build shots."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests import drawn

SHOT = """shot:
  name: walls
  footage:
    file: walls.avi
  tracking:
    preset: balanced
  composite:
    mode: over_footage
    shadow_catcher: true
  render:
    samples: 4
"""


@pytest.fixture(scope="session")
def drawn_clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, drawn.Truth]:
    path = tmp_path_factory.mktemp("clip") / "walls.avi"
    return path, drawn.draw_clip(path)


@pytest.fixture
def shot(drawn_clip: tuple[Path, drawn.Truth], tmp_path: Path) -> Path:
    """A shot file with its footage beside it."""
    os.link(drawn_clip[0], tmp_path / "walls.avi")
    path = tmp_path / "shot.yaml"
    path.write_text(SHOT)
    return path


@pytest.fixture(scope="session")
def solved_folder(drawn_clip: tuple[Path, drawn.Truth], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a solved session of the drawn clip, to spare tests the tracking."""
    from addon.tracking.presets import load_tracking_preset
    from addon.tracking.session import create_session, resume_tracking

    folder = tmp_path_factory.mktemp("sessions")
    settings = load_tracking_preset("balanced")
    resume_tracking(create_session(drawn_clip[0], "walls", directory=folder, settings=settings))
    return folder
