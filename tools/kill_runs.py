"""Kills the tracking process at random moments, resumes, and compares with a run that was never interrupted.

    python tools/kill_runs.py [--runs 200] [--seed 1] [--command-line] [CLIP]

Each run tracks the clip (a drawn one where none is named) in a process of its own, kills it with SIGKILL at a
moment drawn at random over the length of a whole run, some runs twice, and lets another process finish. Its
tracks, reasons, cameras and lens must equal those of the uninterrupted run bit for bit. With
``--command-line`` the process is ``python -m addon track``, otherwise the worker that a window starts.
Needs NumPy and OpenCV. Ends with 0 where all runs came out equal.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the worker has it: the last bits depend on it
sys.path.insert(0, str(REPOSITORY))

from addon.tracking.session import (  # noqa: E402
    TrackingSessionManager,
    create_session,
    list_sessions,
    load_session,
    resume_tracking,
    start_worker,
)

TWICE = 0.3
"""Share of the runs that are killed a second time."""
TIMEOUT_SECONDS = 600


def differences(one: TrackingSessionManager, other: TrackingSessionManager) -> list[str]:
    """What two sessions do not have equal to the bit."""
    found = []
    a, b = one.tracks(), other.tracks()
    if a.track.tobytes() != b.track.tobytes() or a.frame.tobytes() != b.frame.tobytes():
        found.append("markers")
    if a.xy.tobytes() != b.xy.tobytes():
        found.append("positions")
    if a.reasons != b.reasons:
        found.append("reasons")
    first, second = one.solve(), other.solve()
    if first is None or second is None:
        return [*found, "no camera"]
    for name in ("cameras", "points", "frames", "frame_errors", "point_errors"):
        if getattr(first, name).tobytes() != getattr(second, name).tobytes():
            found.append(name)
    if first.lens != second.lens or first.average_error != second.average_error:
        found.append("lens")
    return found


def start(session: Path, clip: Path, command_line: bool) -> subprocess.Popen[bytes]:
    """A process at work on the session: the worker, or the command line."""
    if not command_line:
        return start_worker(session)
    command = [sys.executable, "-m", "addon", "resume", str(session)]
    return subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )


def one_run(
    clip: Path, folder: Path, whole_seconds: float, chance: random.Random, command_line: bool
) -> list[str]:
    """Tracks, kills and resumes once; the stages in which it was killed. Leaves the session in ``folder``."""
    session = create_session(clip, "run", directory=folder)
    stages = []
    for _ in range(2 if chance.random() < TWICE else 1):
        process = start(session.path, clip, command_line)
        try:
            process.wait(chance.uniform(0.0, whole_seconds))
            stages.append("finished before")
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            state = session.store.run_state()
            stages.append(state.stage or "start")
    if not session.status.finished:
        finish = start(session.path, clip, command_line)
        if finish.wait(TIMEOUT_SECONDS):
            raise RuntimeError(f"the resumed run ended with {finish.returncode}")
    return stages


def main() -> int:
    """Does the runs and says how many came out equal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--command-line", action="store_true")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    stages: Counter[str] = Counter()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="tracked-shot-kills-") as name:
        folder = Path(name)
        clip = options.clip
        if clip is None:
            from tests import drawn

            clip = folder / "walls.avi"
            drawn.draw_clip(clip)
        whole = create_session(clip, "whole", directory=folder / "whole")
        resume_tracking(whole)
        probe = create_session(clip, "probe", directory=folder / "whole")
        began = time.monotonic()
        start(probe.path, clip, options.command_line).wait(TIMEOUT_SECONDS)
        whole_seconds = time.monotonic() - began
        for number in range(1, options.runs + 1):
            here = folder / f"run-{number}"
            try:
                killed_in = one_run(clip, here, whole_seconds, chance, options.command_line)
                wrong = differences(whole, load_session(list_sessions(here)[0]))
            except Exception as error:
                killed_in, wrong = [], [f"{type(error).__name__}: {error}"]
            stages.update(killed_in)
            if wrong:
                failed += 1
                print(
                    f"run {number}: killed in {', '.join(killed_in) or '?'}: {', '.join(wrong)}", flush=True
                )
        print(f"a whole run takes {whole_seconds:.1f} s; killed in: {dict(stages)}")
        print(f"{options.runs - failed} of {options.runs} equal the run that was never interrupted")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
