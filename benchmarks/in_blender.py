"""What benchmarks share that measure inside a desktop Blender with a window: starting, walking, ending it.

Outside, ``in_windows`` starts one Blender after another with a script of its own; inside, the script hands
what it does to ``inside``, and a walk, a generator that goes on while Blender draws, to ``go_on``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "tools"))

from blenders import DESKTOP_VERSIONS, find_desktop, own_environment  # noqa: E402


def in_windows(
    script: str,
    versions: Sequence[str] | None,
    *,
    size: tuple[str, str],
    seconds: float,
    arguments: Callable[[Path], Sequence[str]],
) -> Iterator[tuple[str, Path]]:
    """Runs a script in each desktop Blender; gives its version and the folder into which it wrote.

    ``arguments`` are the script's, made of that folder, which is gone when the next one begins.
    """
    for version in versions or DESKTOP_VERSIONS:
        desktop = find_desktop(version)
        if desktop is None or desktop.window is None:
            print(f"SKIPPED Blender {version}: not found, or no screen to open a window on", flush=True)
            continue
        with tempfile.TemporaryDirectory(prefix=f"tracked-shot-{Path(script).stem}-") as folder:
            command = [*desktop.window, "--factory-startup", "--window-geometry", "0", "0", *size]
            command += ["--python", script, "--", *arguments(Path(folder))]
            environment = own_environment(folder)
            subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=seconds, check=True)
            yield version, Path(folder)


# --- inside Blender ----------------------------------------------------------


def inside(measure: Callable[..., None]) -> None:
    """Calls ``measure`` with the script's arguments, the add-on within reach; ends Blender where it fails."""
    sys.path.insert(0, str(REPOSITORY))
    import blender_pytest

    blender_pytest.find_packages()
    try:
        measure(*sys.argv[sys.argv.index("--") + 1 :])
    except BaseException:
        traceback.print_exc()
        leave(1)


def go_on(walk: Iterator[None], seconds: float) -> None:
    """Takes a step of the walk every so many seconds, with Blender's events and redraws between them.

    A walk ends Blender itself, with ``leave(0)``: one that comes to its end, or raises, has failed.
    """
    import bpy

    def step() -> float:
        try:
            next(walk)
        except BaseException:
            traceback.print_exc()
            leave(1)
        return seconds

    bpy.app.timers.register(step, first_interval=2.0, persistent=True)


def leave(status: int) -> None:
    """Ends Blender at once."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
