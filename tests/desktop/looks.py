"""How the sidebars look: every UI scale, both themes, German, beside Blender's own tracking sidebar.

    python tests/desktop/looks.py [--version 5.2] [--footage CLIP] [--pictures DIR] [--only TEXT]

Runs from source in a desktop Blender (tools/blenders.py says how one is found). The clip is tracked and
solved once, in a session beside a copy of it in DIR; then the window is drawn in each look and cut into
pictures. They are for looking at: nothing is compared.
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

from blenders import DESKTOP_VERSIONS, find_desktop, own_environment  # noqa: E402

STEPS = Path(__file__).with_name("looks_steps.py")
DEFAULT_FOOTAGE = REPOSITORY.parent / "shared" / "footage" / "courtyard_orbit.mp4"
TIMEOUT_SECONDS = 420


def main() -> int:
    """Takes the pictures in every desktop Blender asked for."""
    parser = argparse.ArgumentParser(description="Pictures of the sidebars in every look.")
    parser.add_argument("--version", action="append", choices=DESKTOP_VERSIONS)
    parser.add_argument("--footage", type=Path, default=DEFAULT_FOOTAGE)
    parser.add_argument("--pictures", type=Path, default=REPOSITORY / "out" / "looks")
    parser.add_argument("--only", default="", help="take only looks whose name holds this")
    asked = parser.parse_args()
    pictures = asked.pictures.absolute()
    pictures.mkdir(parents=True, exist_ok=True)
    clip = pictures / asked.footage.name
    if not clip.exists():
        shutil.copy(asked.footage, clip)
    failed = False
    for version in asked.version or ["5.2"]:
        desktop = find_desktop(version)
        if desktop is None or desktop.window is None:
            print(f"SKIPPED Blender {version}: not found, or no screen to open a window on", flush=True)
            continue
        command = [*desktop.window, "--factory-startup", "--window-geometry", "0", "0", "1600", "1000"]
        command += ["--python", str(STEPS), "--", str(clip), str(pictures), asked.only]
        with tempfile.TemporaryDirectory(prefix="tracked-shot-looks-") as folder:
            environment = own_environment(folder)
            done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS)
        status = done.returncode
        print(f"Blender {version}: status {status}", flush=True)
        failed |= status != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
