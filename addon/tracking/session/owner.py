"""Which process works on a session, and whether it still lives.

An owner is told by host, process number and the time at which that process
started, so that a number used again by another process is not taken for it.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

STALE_SECONDS = 120.0
"""An owner on another host that has given no sign for this long is taken for dead."""
PROCESSES = Path("/proc")
"""Where Linux tells of processes; other systems are asked through ps."""
BEAT_SECONDS = 20.0
"""How often an owner gives a sign, in however long a step it is."""


def this_process() -> str:
    """JSON that names this process."""
    return json.dumps(
        {"host": socket.gethostname(), "pid": os.getpid(), "started": process_started(os.getpid())}
    )


_runs: set[str] = set()
"""The runs of this process that are not at their end."""


def begin_run() -> str:
    """JSON that names a run of this process; ``end_run`` ends it."""
    run = os.urandom(8).hex()
    _runs.add(run)
    return json.dumps({**json.loads(this_process()), "run": run})


def end_run(owner: str) -> None:
    """The run is over, whether or not that could be written into its session."""
    _runs.discard(json.loads(owner)["run"])


def is_alive(owner: str, updated: float) -> bool:
    """True while the process named by ``owner`` runs; ``updated`` is when it wrote last, since 1970.

    Of a process on another host all that can be known is when it gave its last sign.
    """
    if not owner:
        return False
    who = json.loads(owner)
    if who["host"] != socket.gethostname():
        return time.time() - max(updated, who.get("beat", 0.0)) < STALE_SECONDS
    if who["pid"] == os.getpid() and "run" in who:
        return who["run"] in _runs
    started = process_started(who["pid"])
    return started is not None and started == who["started"]


def process_started(pid: int) -> str | None:
    """A text that names the start of process ``pid``; None where there is no such process."""
    if sys.platform == "win32":
        return _started_on_windows(pid)
    stat = PROCESSES / str(pid) / "stat"
    if (PROCESSES / "self").exists():
        try:
            # The name may hold spaces and brackets; what follows its last bracket is columns.
            columns = stat.read_text(errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if columns[0] == "Z" else columns[19]
    listed = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        env={**os.environ, "LC_ALL": "C"},  # else one process's words for a day may be another's
        capture_output=True,
        text=True,
        check=False,
    )
    return listed.stdout.strip() or None


def _started_on_windows(pid: int) -> str | None:
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    query, still_active = 0x1000, 259
    handle = kernel.OpenProcess(query, False, pid)
    if not handle:
        return None
    try:
        code = ctypes.c_ulong()
        if not kernel.GetExitCodeProcess(handle, ctypes.byref(code)) or code.value != still_active:
            return None
        times = [ctypes.c_ulonglong() for _ in range(4)]
        kernel.GetProcessTimes(handle, *(ctypes.byref(value) for value in times))
        return str(times[0].value)
    finally:
        kernel.CloseHandle(handle)
