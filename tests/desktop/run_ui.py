"""The installed zip in a real window: both sidebars from the clip to the composite, with pictures.

    python tests/desktop/run_ui.py [--version 5.2] [--footage CLIP] [--pictures DIR] [--zip ZIP]

Builds the zip (unless one is given), installs it into a clean user folder of each desktop Blender that is
found (tools/blenders.py says how), walks through ui_steps.py and says what was seen. Ends with 0 where all
Blenders were content; one that is not there is skipped, saying so.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))

from blenders import DESKTOP_VERSIONS, Desktop, find_desktop, own_environment  # noqa: E402

DEFAULT_FOOTAGE = REPOSITORY.parent / "shared" / "footage" / "courtyard_orbit.mp4"
UNEVEN_FOOTAGE = DEFAULT_FOOTAGE.with_name("desk_variable_rate.mp4")
STEPS = Path(__file__).with_name("ui_steps.py")
TIMEOUT_SECONDS = 900


def built_zip() -> Path:
    """A fresh zip for this machine."""
    subprocess.run([sys.executable, str(REPOSITORY / "tools" / "build.py"), "linux-x64"], check=True)
    return max((REPOSITORY / "dist").glob("*linux-x64.zip"), key=lambda file: file.stat().st_mtime)


def walk(desktop: Desktop, package: Path, footage: Path, pictures: Path) -> int:
    """Install the zip into a clean user folder and walk through the window; the exit status."""
    assert desktop.window is not None
    with tempfile.TemporaryDirectory(prefix="tracked-shot-ui-") as folder:
        environment = own_environment(f"{folder}/user")
        Path(folder, "user").mkdir()
        clips = [Path(shutil.copy(footage, folder))]
        if UNEVEN_FOOTAGE.is_file():
            clips.append(Path(shutil.copy(UNEVEN_FOOTAGE, folder)))
        else:
            print(f"SKIPPED mending uneven footage: no {UNEVEN_FOOTAGE}", flush=True)
        install = [*desktop.background, "--command", "extension", "install-file", "-r", "user_default", "-e"]
        subprocess.run([*install, str(package)], check=True, env=environment, stdin=subprocess.DEVNULL)
        command = [*desktop.window, "--window-geometry", "0", "0", "1600", "1000", "--python", str(STEPS)]
        done = subprocess.run(
            [*command, "--", str(clips[0]), str(pictures), *map(str, clips[1:])],
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=TIMEOUT_SECONDS,
        )
    return done.returncode


def main() -> int:
    """Walk through every desktop Blender asked for."""
    parser = argparse.ArgumentParser(description="Press the buttons of the installed zip in a real window.")
    parser.add_argument("--version", action="append", choices=DESKTOP_VERSIONS)
    parser.add_argument("--footage", type=Path, default=DEFAULT_FOOTAGE)
    parser.add_argument("--pictures", type=Path, default=REPOSITORY / "out" / "ui")
    parser.add_argument("--zip", type=Path)
    asked = parser.parse_args()
    if not asked.footage.is_file():
        print(f"SKIPPED: no footage at {asked.footage} (--footage names another clip)")
        return 0
    found = {version: find_desktop(version) for version in asked.version or DESKTOP_VERSIONS}
    pictures = asked.pictures.absolute()
    pictures.mkdir(parents=True, exist_ok=True)
    package = asked.zip.absolute() if asked.zip else built_zip()
    failed = 0
    for version, desktop in found.items():
        if desktop is None or desktop.window is None:
            print(f"SKIPPED Blender {version}: not found, or no screen to open a window on", flush=True)
            continue
        status = walk(desktop, package, asked.footage.absolute(), pictures)
        result = pictures / f"result-{version}.json"
        print(
            f"Blender {version}: status {status}", result.read_text() if result.exists() else "", flush=True
        )
        failed += status != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
