"""The installed zip: on the command line from a clip to composited frames, and off again without a trace.

    python tools/check_zip.py [--zip ZIP]

Takes the Linux zip in dist/ (built where there is none), installs it into a clean user folder of each desktop
Blender that is found, and runs `blender --command tracked_shot` on a clip that it draws: validate, assemble,
render, status, a call that is wrong. Then, in a window where one can open, it reloads scripts, switches the
add-on off and on ten times and uninstalls it (tests/desktop/removal_steps.py). Ends with 1 where one of them
does not do what it should.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import environments
from blenders import DESKTOP_VERSIONS, REPOSITORY, Desktop, find_desktop, own_environment

SHOT = """shot:
  name: walls
  footage:
    file: walls.avi
  composite:
    mode: over_footage
    shadow_catcher: true
  render:
    samples: 2
"""
DRAW = "import sys; from pathlib import Path; from tests import drawn; drawn.draw_clip(Path(sys.argv[1]))"
REMOVAL = REPOSITORY / "tests" / "desktop" / "removal_steps.py"
TIMEOUT_SECONDS = 600


def main() -> int:
    """Checks the zip in every desktop Blender that is found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zip", type=Path)
    package = parser.parse_args().zip or _built()
    found = {version: find_desktop(version) for version in DESKTOP_VERSIONS}
    for version in [version for version, desktop in found.items() if desktop is None]:
        print(f"SKIPPED Blender {version}: not found", flush=True)
    environments.make("bpy-4.5")
    failed = False
    with ThreadPoolExecutor() as pool:
        asked = [(d, pool.submit(check, d, package.absolute())) for d in found.values() if d is not None]
        for desktop, checked in asked:
            wrong = checked.result()
            said = "; ".join(wrong) or "from clip to composite, and gone without a trace"
            print(f"Blender {desktop.version}: {said}", flush=True)
            failed |= bool(wrong)
    return int(failed)


def _built() -> Path:
    zips = sorted((REPOSITORY / "dist").glob("*linux-x64.zip"))
    if not zips:
        subprocess.run([sys.executable, str(REPOSITORY / "tools" / "build.py"), "linux-x64"], check=True)
        zips = sorted((REPOSITORY / "dist").glob("*linux-x64.zip"))
    return zips[-1]


def check(desktop: Desktop, package: Path) -> list[str]:
    """What went wrong with the zip in that Blender; empty where nothing did."""
    with tempfile.TemporaryDirectory(prefix="tracked-shot-zip-") as name:
        folder = Path(name)
        environment = own_environment(folder / "user")
        (folder / "user").mkdir()

        def run(*arguments: object) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [*desktop.background, "--command", *map(str, arguments)],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_SECONDS,
            )

        installed = run("extension", "install-file", "-r", "user_default", "-e", package)
        if installed.returncode:
            return [f"not installed: {installed.stdout[-300:]}{installed.stderr[-300:]}"]
        python = environments.python_of(environments.make("bpy-4.5"))
        subprocess.run([str(python), "-c", DRAW, str(folder / "walls.avi")], cwd=REPOSITORY, check=True)
        shot, blend, report = folder / "walls.yaml", folder / "walls.blend", folder / "report.json"
        shot.write_text(SHOT, encoding="utf-8")
        (folder / "wrong.yaml").write_text(SHOT.replace("mode:", "mod:"), encoding="utf-8")

        wrong: list[str] = []
        calls: list[tuple[int, str, list[object]]] = [
            (0, "nothing wrong", ["validate", shot]),
            (2, "did you mean", ["validate", folder / "wrong.yaml"]),
            (0, "solve: good", ["assemble", shot, "--json", report, "--require", "good"]),
            (0, "2 frames in", ["render", blend, "--frames", "1,40", "--output", folder / "out"]),
            (0, "solved, 100%", ["status", folder]),
            (0, "solve: good", ["track", folder / "walls.avi", "--session-dir", folder / "other"]),
        ]
        for status, said, arguments in calls:
            done = run("tracked_shot", *arguments)
            text = done.stdout + done.stderr
            if done.returncode != status or said not in text or "Traceback" in text:
                wrong.append(f"{arguments[0]}: status {done.returncode}, {text[-600:]!r}")
        if not wrong and json.loads(report.read_text())["solve"]["frames_solved"] != 40:
            wrong.append("the report does not tell of 40 solved frames")
        frames = sorted(file.name for file in (folder / "out").glob("*.png"))
        if not wrong and frames != ["walls_0001.png", "walls_0040.png"]:
            wrong.append(f"rendered {frames}")
        program = desktop.window or (*desktop.background, "--background")
        removed = subprocess.run(
            [*program, "--python", str(REMOVAL)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
        if removed.returncode:
            wrong.append(f"not off without a trace: {removed.stderr[-900:]}")
        return wrong


if __name__ == "__main__":
    sys.exit(main())
