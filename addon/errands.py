"""Small pure jobs beside the window: looking a clip over, copying it.

An errand runs a function that never touches bpy in a thread of its own; the watcher picks up what
came of it. Long work on a session is no errand: it has a process of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from .tracking.errors import Cancelled, TrackedShotError

log = logging.getLogger(__name__)


class Errand:
    """A function at work; ``result`` or ``error`` stand when ``done`` is true."""

    def __init__(self, work: Callable[[Errand], Any]) -> None:
        self.share = 0.0
        """How much of it is done, 0 to 1."""
        self.result: Any = None
        self.error = ""
        """Why it failed, in one line; empty where it did not."""
        self._work = work
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="Tracked Shot errand", daemon=True)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def cancel(self) -> None:
        """Asks it to stop at its next step."""
        self._stop.set()

    def step(self, done: int, of: int) -> None:
        """For the function: notes how far it is; raises Cancelled where it was asked to stop."""
        self.share = done / max(of, 1)
        if self._stop.is_set():
            raise Cancelled("cancelled")

    def wait(self, seconds: float | None = None) -> None:
        """Waits until it is done, or that long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self.result = self._work(self)
        except TrackedShotError as error:
            self.error = str(error)
        except Exception as error:
            log.exception("an errand failed")
            self.error = f"{type(error).__name__}: {error}"
