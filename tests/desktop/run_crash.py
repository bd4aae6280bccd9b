"""Blender is killed in a real window while it tracks, comes back, and takes in what was tracked meanwhile.

    python tests/desktop/run_crash.py [--version 5.2] [--footage CLIP] [--pictures DIR] [--zip ZIP]

Needs a desktop Blender (tools/blenders.py says how one is found) and about two minutes: Blender saves by
itself once a minute at most, and the walk shows that it does so while a clip is tracked. Ends with 0 where
all was right; the steps are in crash_steps.py.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from run_ui import REPOSITORY, built_zip

sys.path.insert(0, str(REPOSITORY / "tools"))

from blenders import DESKTOP_VERSIONS, Desktop, find_desktop, own_environment

STEPS = Path(__file__).with_name("crash_steps.py")
DEFAULT_FOOTAGE = REPOSITORY.parent / "shared" / "footage" / "desk_handheld.mp4"
TIMEOUT_SECONDS = 420


def walk(desktop: Desktop, package: Path, footage: Path, pictures: Path) -> int:
    """Both parts in one user folder; the exit status."""
    assert desktop.window is not None
    with tempfile.TemporaryDirectory(prefix="tracked-shot-crash-") as folder:
        environment = own_environment(f"{folder}/user")
        Path(folder, "user").mkdir()
        clip = Path(shutil.copy(footage, folder))
        install = [*desktop.background, "--command", "extension", "install-file", "-r", "user_default", "-e"]
        subprocess.run([*install, str(package)], check=True, env=environment, stdin=subprocess.DEVNULL)
        window = [
            *desktop.window,
            "--window-geometry",
            "0",
            "0",
            "1600",
            "1000",
            "--python",
            str(STEPS),
            "--",
        ]
        arguments = [folder, str(clip), str(pictures)]
        first = subprocess.Popen([*window, "begin", *arguments], env=environment, stdin=subprocess.DEVNULL)
        asked = Path(folder, "kill-me")
        ends = time.monotonic() + TIMEOUT_SECONDS
        while first.poll() is None and not asked.exists() and time.monotonic() < ends:
            time.sleep(0.05)
        if not asked.exists():
            first.kill()
            return first.wait() or 1
        time.sleep(0.2)  # the number is written by now
        os.kill(int(asked.read_text(encoding="utf-8")), signal.SIGKILL)
        first.wait()
        print("Blender was killed", flush=True)
        wait_until_done(Path(folder))
        again = [*window, "return", *arguments]
        return subprocess.run(
            again, env=environment, stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS
        ).returncode


def wait_until_done(folder: Path) -> None:
    """Waits until the worker, which goes on without Blender, has solved.

    A session still at work would be followed, not offered.
    """
    (session,) = folder.rglob("*.tracksession")
    ends = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < ends:
        with closing(sqlite3.connect(f"file:{session}?mode=ro", uri=True)) as db:
            if db.execute("SELECT status FROM run").fetchone()[0] in ("solved", "complete"):
                return
        time.sleep(0.5)


def main() -> int:
    """Walks through every desktop Blender asked for."""
    parser = argparse.ArgumentParser(description="Kill Blender in mid-track, and come back.")
    parser.add_argument("--version", action="append", choices=DESKTOP_VERSIONS)
    parser.add_argument("--footage", type=Path, default=DEFAULT_FOOTAGE)
    parser.add_argument("--pictures", type=Path, default=REPOSITORY / "out" / "crash")
    parser.add_argument("--zip", type=Path)
    asked = parser.parse_args()
    pictures = asked.pictures.absolute()
    pictures.mkdir(parents=True, exist_ok=True)
    package = asked.zip.absolute() if asked.zip else built_zip()
    failed = False
    for version in asked.version or ["5.2"]:
        desktop = find_desktop(version)
        if desktop is None or desktop.window is None or not asked.footage.is_file():
            print(f"SKIPPED Blender {version}: no Blender, screen or footage", flush=True)
            continue
        status = walk(desktop, package, asked.footage.absolute(), pictures)
        for role in ("begin", "return"):
            found = pictures / f"crash-{role}-{version}.json"
            print(found.read_text(encoding="utf-8") if found.exists() else f"{role}: nothing written")
        print(f"Blender {version}: status {status}", flush=True)
        failed |= status != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
