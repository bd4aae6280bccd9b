"""Kills tracking at random moments, goes on, and compares with a run that was never interrupted.

    python tools/kill_runs.py [--runs 200] [--seed 1] [--who worker command-line blender] [CLIP]

Each run tracks and solves the clip (a drawn one where none is named), is killed with SIGKILL at a moment
drawn at random over the length of a whole run, some in the middle of a transaction, some twice, and is then
finished by the same command. Its tracks, reasons, cameras and lens must equal those of the uninterrupted run
of the same kind bit for bit, and the clip's native solve to 1e-4 of the path where Blender took part.

worker is the process that a window starts, command-line ``python -m addon resume``, blender ``python -m addon
assemble`` in a Python that has bpy (left out where there is none). Needs NumPy and OpenCV. Ends with 0 where
all runs came out equal.

    python tools/kill_runs.py --across ONE OTHER --runs 3

begins in one Blender (a Python with bpy, or a Blender with the add-on), kills it, ends in the other, both
ways, and compares the camera paths.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as the worker has it: the last bits depend on it
sys.path.insert(0, str(REPOSITORY))

from addon.tracking.session import (  # noqa: E402
    TrackingSessionManager,
    create_session,
    list_sessions,
    load_session,
    start_worker,
)

TWICE = 0.3
"""Share of the runs that are killed a second time."""
IN_A_TRANSACTION = 0.3
"""Share of the kills that wait for a journal that is being written."""
TOO_LATE = "finished before"
"""Where a process was that ended by itself before it was killed; such a run is begun anew."""
TIMEOUT_SECONDS = 600
NATIVE_PART = 1e-4
"""How far native camera paths may differ, as a part of the path: Blender's solver is not bit for bit the same
twice."""
PATH_PART = 1e-4
"""The same of our own cameras where two Blenders, with two NumPys, share the work."""

SHOT = """shot:
  name: run
  footage: {{file: "{clip}"}}
  tracking: {{preset: balanced}}
"""
NATIVE = """
import json, sys
import bpy
sys.path.insert(0, {repository!r})
from addon.tracking.blender.clip import native_cameras
bpy.ops.wm.open_mainfile(filepath={blend!r})
frames, cameras = native_cameras(bpy.data.movieclips[0])
print("NATIVE" + json.dumps([frames.tolist(), cameras.tolist()]))
"""


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


@dataclass
class Work:
    """One job to kill: how it is begun, and gone on with by the same command."""

    who: str
    clip: Path
    folder: Path
    blender: str = sys.executable
    """The Python or Blender that builds where ``who`` is blender."""

    def begin(self) -> None:
        """Makes ready what the command needs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.who == "blender":
            self.shot.write_text(SHOT.format(clip=self.clip.as_posix()), encoding="utf-8")
        else:
            create_session(self.clip, "run", directory=self.folder)

    @property
    def shot(self) -> Path:
        return self.folder / "run.yaml"

    @property
    def blend(self) -> Path:
        return self.folder / "run.blend"

    def start(self) -> subprocess.Popen[bytes]:
        """A process at work."""
        if self.who == "worker":
            return start_worker(self.session_file())
        if self.who == "command-line":
            call = [sys.executable, "-m", "addon", "resume", str(self.session_file())]
        else:
            program = (
                [self.blender, "-m", "addon"]
                if "python" in Path(self.blender).name
                else [self.blender, "--background", "--command", "tracked_shot"]
            )
            call = [*program, "assemble", str(self.shot), "--blend", str(self.blend)]
            call += ["--session-dir", str(self.folder)]
        return subprocess.Popen(
            call,
            cwd=REPOSITORY,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a Blender may be a script's child: both are killed
        )

    def session_file(self) -> Path:
        return list_sessions(self.folder)[0]

    def stage(self) -> str:
        """What the session was doing; "before" where there is none yet."""
        files = list_sessions(self.folder)
        if not files:
            return "before"
        state = load_session(files[0]).store.run_state()
        if self.who == "blender" and state.status.finished:
            return "building"
        return state.stage or "start"

    def finished(self) -> bool:
        if self.who == "blender":
            return self.blend.exists()
        return load_session(self.session_file()).status.finished

    def finish(self) -> None:
        """Goes on to the end; raises RuntimeError where that fails."""
        status = self.start().wait(TIMEOUT_SECONDS)
        if status:
            raise RuntimeError(f"going on ended with {status}")

    def native(self) -> dict[int, list[float]]:
        """Where the clip's own solve in the saved file has its cameras, by frame; made comparable."""
        import numpy as np

        script = NATIVE.format(repository=str(REPOSITORY), blend=str(self.blend))
        said = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=True,
        ).stdout
        line = next(line for line in said.splitlines() if line.startswith("NATIVE"))
        frames, cameras = json.loads(line.removeprefix("NATIVE"))
        places = np.array(cameras)[:, :3, 3]
        return dict(zip(frames, places.tolist(), strict=True))


@dataclass
class Tally:
    """What came of the runs of one kind."""

    runs: int = 0
    equal: int = 0
    stages: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    """Of the run that was never interrupted."""


def in_a_transaction(folder: Path) -> bool:
    """Whether a session's journal in the folder holds something."""
    try:
        return any(file.stat().st_size > 0 for file in folder.glob("*-journal"))
    except FileNotFoundError:
        return False


def kill_once(work: Work, chance: random.Random, seconds: float) -> str:
    """Starts the work and kills it; returns where it was."""
    process = work.start()
    moment = time.monotonic() + chance.uniform(0.0, seconds)
    if chance.random() < IN_A_TRANSACTION:
        while process.poll() is None and not (time.monotonic() > moment and in_a_transaction(work.folder)):
            time.sleep(0.0001)
    else:
        while process.poll() is None and time.monotonic() < moment:
            time.sleep(0.001)
    if process.poll() is not None:
        return TOO_LATE
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    hot = " in a transaction" if in_a_transaction(work.folder) else ""
    return work.stage() + hot


def one_run(work: Work, seconds: float, chance: random.Random) -> list[str]:
    """Begins, kills and finishes one job; where it was killed."""
    twice = chance.random() < TWICE
    stages: list[str] = []
    while not stages:
        shutil.rmtree(work.folder, ignore_errors=True)
        work.begin()
        stage = kill_once(work, chance, seconds)
        if stage != TOO_LATE:
            stages.append(stage)
    if twice:
        stage = kill_once(work, chance, seconds)
        stages += [stage] if stage != TOO_LATE else []
    if not work.finished():
        work.finish()
    return stages


def path_apart(one: dict[int, list[float]], other: dict[int, list[float]]) -> float:
    """Largest distance of two camera paths after a similarity, as a part of the path's extent."""
    import numpy as np

    if one.keys() != other.keys():
        return float("inf")
    a, b = np.array([one[key] for key in sorted(one)]), np.array([other[key] for key in sorted(one)])
    a, b = a - a.mean(0), b - b.mean(0)
    u, sizes, vt = np.linalg.svd(b.T @ a)
    turn = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    fitted = (b @ u @ turn @ vt) * (sizes * np.diag(turn)).sum() / (b**2).sum()
    return float(np.linalg.norm(fitted - a, axis=1).max() / np.linalg.norm(np.ptp(a, axis=0)))


def places(session: TrackingSessionManager) -> dict[int, list[float]]:
    """Our camera's places by frame."""
    solve = session.solve()
    if solve is None:
        return {}
    return dict(zip(solve.frames.tolist(), solve.cameras[:, :3, 3].tolist(), strict=True))


def check(whole: Work, work: Work) -> list[str]:
    """What a resumed job has not as the uninterrupted one has it."""
    found = differences(load_session(whole.session_file()), load_session(work.session_file()))
    if work.who == "blender":
        apart = path_apart(whole.native(), work.native())
        if not apart <= NATIVE_PART:
            found.append(f"native solve ({apart:.2g} of the path)")
    return found


def kill_runs(who: str, clip: Path, folder: Path, runs: range, seed: int) -> Tally:
    """Does the runs of one kind; says which came out otherwise."""
    tally = Tally()
    whole = Work(who, clip, folder / f"whole-{who}")
    whole.begin()
    began = time.monotonic()
    whole.finish()
    tally.seconds = time.monotonic() - began
    for number in runs:
        work = Work(who, clip, folder / f"run-{number}")
        try:
            killed_in = one_run(work, tally.seconds, random.Random(f"{seed}-{number}"))
            wrong = check(whole, work)
        except Exception as error:
            killed_in, wrong = [], [f"{type(error).__name__}: {error}"]
        tally.runs += 1
        tally.equal += not wrong
        tally.stages.update(killed_in)
        if wrong:
            where = ", ".join(killed_in) or "?"
            print(f"{who}, seed {seed}, run {number}: killed in {where}: {', '.join(wrong)}", flush=True)
    return tally


def across(one: str, other: str, clip: Path, folder: Path, runs: int, seed: int) -> int:
    """Begins in one Blender and ends in the other, both ways; returns how many did not come out alike."""
    failed = 0
    for first, second in ((one, other), (other, one)):
        whole = Work(
            "blender", clip, folder / f"whole-{Path(first).name}-{len(list(folder.iterdir()))}", first
        )
        whole.begin()
        began = time.monotonic()
        whole.finish()
        seconds = time.monotonic() - began
        for number in range(runs):
            chance = random.Random(f"{seed}-{first}-{number}")
            work = Work("blender", clip, whole.folder / f"run-{number}", first)
            killed = "before"
            while killed.startswith("before") or killed == TOO_LATE:  # both are to have a part in it
                shutil.rmtree(work.folder, ignore_errors=True)
                work.begin()
                killed = kill_once(work, chance, seconds)
            work.blender = second
            work.blend.unlink(missing_ok=True)
            work.finish()
            session = load_session(work.session_file())
            apart = path_apart(places(load_session(whole.session_file())), places(session))
            wrote = [used.get("blender") or used["python"] for _, _, used in session.store.writers()]
            failed += not apart <= PATH_PART
            print(f"killed in {killed}, written by {' then '.join(wrote)}: path {100 * apart:.5f}% apart")
    return failed


def main() -> int:
    """Does the runs and says how many came out equal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", nargs="?", type=Path)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--who", nargs="+", choices=("worker", "command-line", "blender"))
    parser.add_argument("--across", nargs=2, metavar=("ONE", "OTHER"))
    options = parser.parse_args()
    kinds = options.who or ["worker", "command-line"]
    if options.who is None and importlib.util.find_spec("bpy"):
        kinds.append("blender")
    with tempfile.TemporaryDirectory(prefix="tracked-shot-kills-") as name:
        folder = Path(name)
        clip = options.clip
        if clip is None:
            from tests import drawn

            clip = folder / "walls.avi"
            drawn.draw_clip(clip)
        if options.across:
            one, other = options.across
            return 1 if across(one, other, clip, folder, options.runs, options.seed) else 0
        tallies = {}
        for at, who in enumerate(kinds):
            share = range(1 + at, options.runs + 1, len(kinds))
            tallies[who] = kill_runs(who, clip, folder, share, options.seed)
    for who, tally in tallies.items():
        print(
            f"{who}: {tally.equal} of {tally.runs} equal; a whole run takes {tally.seconds:.1f} s; killed in"
        )
        for stage, count in sorted(tally.stages.items()):
            print(f"  {count:4} {stage}")
    runs, equal = (sum(getattr(tally, key) for tally in tallies.values()) for key in ("runs", "equal"))
    print(f"{equal} of {runs} equal the run that was never interrupted")
    return 0 if equal == runs else 1


if __name__ == "__main__":
    sys.exit(main())
