"""Makes the environments in .envs/ from the pins in requirements/, anew only when the pins change.

    python3.11 tools/environments.py bpy-4.5 lint desktop

`desktop` is a plain folder of packages to lay beside a desktop Blender; the others are
virtual environments. Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

import check_system
from blenders import ENVIRONMENTS, REPOSITORY

REQUIREMENTS = REPOSITORY / "requirements"
STAMP = ".made-from"


def pins(file: Path) -> str:
    """The text of a requirements file with those it names by -r put in their place."""
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        lines.append(pins(file.parent / line[3:].strip()) if line.startswith("-r ") else line)
    return "\n".join(lines)


def python_of(environment: Path) -> Path:
    """The environment's Python."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def make(name: str) -> Path:
    """The folder of the named environment, made or made anew where its pins have changed.

    Raises SystemExit with a message for the person where something is missing.
    """
    requirements = REQUIREMENTS / f"{name}.txt"
    if not requirements.is_file():
        raise SystemExit(f"no such environment: {name} (there is no {requirements.relative_to(REPOSITORY)})")
    is_module = name.startswith("bpy-")
    if is_module and sys.platform == "linux":
        missing = check_system.missing_libraries()
        if missing:
            raise SystemExit(check_system.advice(missing))
    environment = ENVIRONMENTS / name
    stamp = environment / STAMP
    made_from = hashlib.sha256(f"{pins(requirements)}\n{sys.version}".encode()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == made_from:
        return environment
    print(f"Making .envs/{name} (pinned in requirements/{name}.txt) ...", flush=True)
    started = time.monotonic()
    shutil.rmtree(environment, ignore_errors=True)
    if name == "desktop":
        _install(python_of(make("pip")), requirements, "--no-deps", "--target", str(environment))
    else:
        _create_venv(environment)
        _install(python_of(environment), requirements)
    if is_module and sys.platform == "linux":
        missing = check_system.missing_for_module(environment)
        if missing:
            raise SystemExit(check_system.advice(missing))
    stamp.write_text(made_from, encoding="utf-8")
    print(f"Made .envs/{name} in {time.monotonic() - started:.0f} s", flush=True)
    return environment


def _create_venv(environment: Path) -> None:
    try:
        venv.create(environment, with_pip=True, symlinks=sys.platform != "win32")
    except (subprocess.CalledProcessError, ImportError) as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SystemExit(
            f"This Python cannot make virtual environments ({error}).\n"
            f"Install what it lacks with:  apt-get update && apt-get install -y python{version}-venv"
        ) from error


def _install(python: Path, requirements: Path, *options: str) -> None:
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *options]
    status = subprocess.run([*command, "--requirement", str(requirements)]).returncode
    if status:
        raise SystemExit(f"pip could not install requirements/{requirements.name}: see above")


def main(names: list[str]) -> int:
    """Make each named environment."""
    if sys.version_info[:2] != (3, 11):
        print(
            f"Python 3.11 is needed, the only one that the bpy modules run on; "
            f"this is {sys.version.split()[0]}",
            file=sys.stderr,
        )
        return 1
    for name in names:
        make(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
