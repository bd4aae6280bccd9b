"""Are the system libraries there that the bpy modules open? Names the line that installs the missing ones.

    python tools/check_system.py [ENVIRONMENT]

With the folder of an environment that has bpy, its own libraries are looked through too.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

PACKAGES = {
    "libX11.so.6": "libx11-6",
    "libXi.so.6": "libxi6",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libGL.so.1": "libgl1",
}
"""Library as the loader knows it -> the Debian and Ubuntu package that has it."""


def missing_libraries(names: Iterable[str] = PACKAGES) -> list[str]:
    """Those of the libraries that this system's loader cannot open."""
    return [name for name in names if not _opens(name)]


def _opens(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def missing_for_module(environment: Path) -> list[str]:
    """What the loader does not find for the bpy module in that environment (Linux; else empty)."""
    missing: set[str] = set()
    for module in environment.glob("lib/python3*/site-packages/bpy/__init__*.so"):
        listed = subprocess.run(["ldd", str(module)], capture_output=True, text=True, check=True).stdout
        missing.update(re.findall(r"^\s*(\S+) => not found", listed, re.MULTILINE))
    return sorted(missing)


def advice(missing: list[str]) -> str:
    """What to tell the person: the libraries and the line that installs them."""
    lines = [f"Blender as a Python module needs system libraries that are missing: {', '.join(missing)}."]
    packages = [PACKAGES[name] for name in missing if name in PACKAGES]
    if packages:
        lines.append(f"Install them with:  apt-get update && apt-get install -y {' '.join(packages)}")
    unknown = [name for name in missing if name not in PACKAGES]
    if unknown:
        lines.append(f"Find the package with:  apt-file search {unknown[0]}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print what is missing; 0 where nothing is."""
    if sys.platform != "linux":
        return 0
    missing = missing_libraries()
    if not missing and arguments:
        missing = missing_for_module(Path(arguments[0]))
    if missing:
        print(advice(missing), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
