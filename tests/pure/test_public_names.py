"""The public names of addon.tracking: loaded when asked for, and no sooner."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import addon.tracking as tracking

REPOSITORY = Path(__file__).resolve().parents[2]


def test_importing_loads_no_room() -> None:
    code = (
        "import sys, addon.tracking\n"
        "rooms = [name for name in sys.modules if name.startswith('addon.tracking.')]\n"
        "assert not rooms, rooms\n"
        "assert not {'bpy', 'yaml', 'numpy', 'cv2'} & set(sys.modules)\n"
        "addon.tracking.load_shot, addon.tracking.list_composite_presets, addon.tracking.ShotReport\n"
        "assert not {'bpy', 'yaml', 'cv2'} & set(sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


def test_names_are_the_rooms_own() -> None:
    from addon.tracking.config import CompositeConfig
    from addon.tracking.shotfile import load_shot

    assert tracking.load_shot is load_shot
    assert tracking.CompositeConfig is CompositeConfig


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match=r"module 'addon\.tracking' has no attribute 'load_shoot'"):
        tracking.load_shoot  # noqa: B018
    with pytest.raises(ImportError):
        from addon.tracking import load_shoot  # noqa: F401


def test_dir_and_all_agree() -> None:
    assert set(tracking.__all__) <= set(dir(tracking))
    assert len(tracking.__all__) == len(set(tracking.__all__))


@pytest.mark.parametrize("name", tracking.__all__)
def test_every_name_is_there(name: str) -> None:
    room = tracking._ROOM_OF[name]
    if importlib.util.find_spec("bpy") is None and room in (".assemble", *_blender_rooms()):
        pytest.skip("needs bpy")
    assert getattr(tracking, name) is not None


def _blender_rooms() -> list[str]:
    return [room for room in tracking._ROOMS if room.startswith(".blender.")]
