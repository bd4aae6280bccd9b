"""The process that does a session's work beside Blender.

Started with the Python that Blender runs on; the footage and the session are all
it needs. It lives on when Blender ends, and Blender does not mind when it dies.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from ..errors import Cancelled, SessionFullError, TrackedShotError
from .manager import load_session
from .runner import run_session
from .versions import BLENDER, blender_version

log = logging.getLogger(__name__)


BLAS_THREADS = "OPENBLAS_NUM_THREADS"
"""NumPy's linear algebra runs in one thread here: its threads wait by spinning, which on a machine that also
renders took ten times as long; and the number of threads is part of what the last bits depend on."""


DISK_FULL = 4
"""Exit status of a worker that had no room to save: by then it may not be able to write why, either."""


class Interrupted(BaseException):
    """Raised in the main thread when the process is asked to end by a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.exit_status = 128 + number


def log_path(session: Path) -> Path:
    """The worker's log, beside its session."""
    return session.with_suffix(".log")


def start_worker(
    session: Path, *, python: str = sys.executable, low_priority: bool = False
) -> subprocess.Popen[bytes]:
    """Starts a process of its own that works on ``session`` until it is done."""
    package = Path(__file__).resolve().parents[2]
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join([str(package.parent), *_library_folders()])
    environment.setdefault(BLAS_THREADS, "1")
    environment[BLENDER] = blender_version()
    module = f"{package.name}.{__name__.split('.', __name__.count('.') - 2)[-1]}"
    command = [python, "-P", "-m", module, str(session)]
    if low_priority:
        command.append("--low-priority")
    options: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        options = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    # What was asked of an earlier worker does not hold; what is asked from now on does, however early.
    load_session(session).ask("")
    with log_path(session).open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=session.parent,
            **options,
        )


def _library_folders() -> list[str]:
    """The folders from which this process has OpenCV and NumPy, for the worker to have the same."""
    folders = []
    for name in ("cv2", "numpy"):
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin:
            folder = str(Path(spec.origin).parents[1])
            if folder not in folders:
                folders.append(folder)
    return folders


def raise_on_signals() -> None:
    """Lets SIGTERM and Ctrl+C end the work between two writes, with everything saved."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number)

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)


@contextmanager
def signals_held() -> Iterator[Callable[[], None]]:
    """Lets SIGTERM and Ctrl+C wait: what is given raises Interrupted for one that has come.

    An exception from within Blender's renderer is lost there, and the frames would go on. A second signal
    ends the process at once.
    """
    came: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        if came:
            os._exit(128 + number)
        came.append(number)

    def check() -> None:
        if came:
            raise Interrupted(came[0])

    before = {number: signal.signal(number, hold) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield check
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def main(arguments: list[str]) -> int:
    """Works on the session named first; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    raise_on_signals()
    if "--low-priority" in arguments and hasattr(os, "nice"):
        os.nice(10)
    try:
        session = load_session(arguments[0])
        log.info("at work on %s", session.path)
        for step in run_session(session, asked_before=True):
            log.info(
                "%3.0f%% %s %s frame %d, %d tracks",
                100 * step.done,
                step.stage,
                step.text,
                step.frame,
                step.tracks,
            )
    except Cancelled as stop:
        log.info("%s", stop)
        return stop.exit_status
    except SessionFullError as error:
        log.error("%s", error)
        return DISK_FULL
    except TrackedShotError as error:
        log.error("%s", error)
        return error.exit_status
    except Interrupted as stop:
        log.info("ended by %s; all finished steps are saved", stop)
        return stop.exit_status
    except Exception:
        log.exception("the worker failed")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
