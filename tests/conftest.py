"""What all tests share: where things are, which Blender this is, a fresh file, a window's main thread.

tests/pure     run anywhere;
tests/blender  need bpy, as a module or inside a desktop Blender;
tests/desktop  need a desktop Blender with a window (tools/blender_pytest.py).
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NoReturn, TypeVar

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FOOTAGE = REPOSITORY.parent / "shared" / "footage"
Result = TypeVar("Result")


def has_bpy() -> bool:
    """Is this Python a Blender, or one with the bpy module?"""
    return importlib.util.find_spec("bpy") is not None


def has_window() -> bool:
    """Is this a Blender with a window, its event loop running beside the tests?"""
    if not has_bpy():
        return False
    import bpy

    return not bpy.app.background and "blender_pytest" in sys.modules


# --- what runs where -----------------------------------------------------------------------------


class _SkippedModule(pytest.Module):
    """A test module that this Python cannot even import: reported as one skip, with the reason."""

    reason = ""

    def collect(self) -> NoReturn:
        pytest.skip(self.reason, allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Skip, without importing them, the modules of tests/blender and tests/desktop out of place."""
    rooms = module_path.relative_to(REPOSITORY).parts if module_path.is_relative_to(REPOSITORY) else ()
    reason = ""
    if rooms[:2] == ("tests", "blender") and not has_bpy():
        reason = "needs bpy: run it with `make test`"
    elif rooms[:2] == ("tests", "desktop") and not has_window():
        reason = "needs a desktop Blender with a window: run it with `make test-all`"
    if not reason:
        return None
    skipped: _SkippedModule = _SkippedModule.from_parent(parent, path=module_path)
    skipped.reason = reason
    return skipped


# --- places --------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def repo() -> Path:
    """The repository's folder."""
    return REPOSITORY


@pytest.fixture(scope="session")
def footage() -> Path:
    """The folder of the shared clips, beside the repository; skips the test where there is none."""
    if not FOOTAGE.is_dir():
        pytest.skip("needs the shared footage, a folder ../shared/footage beside the repository")
    return FOOTAGE


# --- Blender -------------------------------------------------------------------------------------


def empty_file() -> None:
    """Put a factory-empty file into Blender (main thread only). For fixtures of a module's own.

    Preferences are made the factory's again where something has changed them: that takes six times as long.
    """
    import bpy

    if bpy.context.preferences.is_dirty or has_window():
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.preferences.is_dirty = False  # Blender calls what it has just reset changed
    else:
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)


@pytest.fixture(scope="session")
def registered_addon() -> Iterator[ModuleType]:
    """The add-on, registered once for all tests of this process and unregistered at the end."""
    pytest.importorskip("bpy")
    addon = importlib.import_module("addon")
    in_main_thread(addon.register)
    yield addon
    in_main_thread(addon.unregister)


@pytest.fixture
def blender_file(registered_addon: ModuleType) -> ModuleType:
    """bpy, with a fresh factory-empty file in it and the add-on registered."""
    import bpy

    in_main_thread(empty_file)
    return bpy


def in_main_thread(call: Callable[[], Result], timeout: float = 120.0) -> Result:
    """What `call` returns or raises, done in Blender's main thread; at once where the tests run there."""
    if not has_window():
        return call()
    window_calls = sys.modules["blender_pytest"].WINDOW_CALLS
    done = threading.Event()
    outcome: dict[str, Result | BaseException] = {}

    def perform() -> None:
        try:
            outcome["returned"] = call()
        except BaseException as error:
            outcome["raised"] = error
        finally:
            done.set()

    window_calls.put(perform)
    if not done.wait(timeout):
        raise TimeoutError(f"Blender's main thread did not come to {call!r} within {timeout:g} s")
    if "raised" in outcome:
        raise outcome["raised"]
    return outcome["returned"]


class Window:
    """A window whose event loop runs on beside the test.

    Everything that touches bpy goes through `run`; between two calls Blender draws,
    runs its timers and takes events.
    """

    def run(self, call: Callable[[], Result], timeout: float = 120.0) -> Result:
        """Do `call` in Blender's main thread and hand back what it returns or raises."""
        return in_main_thread(call, timeout)

    def wait_until(self, condition: Callable[[], bool], timeout: float, every: float = 0.1) -> None:
        """Let Blender go on until `condition`, asked in its main thread, is true; TimeoutError if never."""
        give_up = time.monotonic() + timeout
        while not self.run(condition):
            if time.monotonic() > give_up:
                raise TimeoutError(f"{condition!r} was not true within {timeout:g} s")
            time.sleep(every)


@pytest.fixture
def window(blender_file: ModuleType) -> Window:
    """A desktop Blender's window, a fresh file in it; for tests/desktop."""
    return Window()
