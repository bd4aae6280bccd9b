"""Runs pytest inside a Blender that is a program, and ends with pytest's status.

    blender --background --factory-startup --python tools/blender_pytest.py -- tests/blender
    blender --factory-startup --python tools/blender_pytest.py -- tests/desktop

With a window, pytest runs in a thread beside Blender's event loop, so that timers,
redraws and worker processes go on; `WINDOW_CALLS` carries what a test wants done in
the main thread (the `window` fixture in tests/conftest.py puts it there).

OpenCV, PyYAML and pytest come from .envs/desktop (tools/environments.py desktop).
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import bpy

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = REPOSITORY / ".envs" / "desktop"
POLL_SECONDS = 0.02

WINDOW_CALLS: queue.Queue[Callable[[], None]] = queue.Queue()


def own_arguments() -> list[str]:
    """What stands behind `--` on Blender's command line."""
    return sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else []


def find_packages() -> None:
    """Make the packages of .envs/desktop importable here and in processes started from here."""
    sys.path[:0] = [str(PACKAGES), str(REPOSITORY)]
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(PACKAGES)] + ([inherited] if inherited else []))


def run_and_leave() -> None:
    """Run pytest and end the process at once with its status.

    Blender's own way out would run the interpreter's end from inside a script; what the
    tests found stands by then, and a late crash there would only hide it.
    """
    status = 3  # pytest's own number for an internal error
    try:
        import pytest

        status = int(pytest.main(own_arguments()))
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def serve_window_calls() -> float:
    """Blender's timer: do in the main thread what the tests asked for; seconds until the next look."""
    while True:
        try:
            call = WINDOW_CALLS.get_nowait()
        except queue.Empty:
            return POLL_SECONDS
        call()


def main() -> None:
    """Run here and now without a window, in a thread with one."""
    os.chdir(REPOSITORY)
    find_packages()
    sys.modules["blender_pytest"] = sys.modules[__name__]
    if bpy.app.background:
        run_and_leave()
    bpy.app.timers.register(serve_window_calls, first_interval=0.5, persistent=True)
    threading.Thread(target=run_and_leave, name="pytest", daemon=True).start()


if __name__ == "__main__":
    main()
