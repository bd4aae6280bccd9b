"""Builds the extension: one zip a platform in dist/, the same bytes every time from the same tree.

    python tools/build.py                  all platforms of blender_manifest.toml
    python tools/build.py linux-x64        one

Each zip holds what is in addon/ beside the manifest (Blender wants `__init__.py` there), the
licence, OpenCV's wheel for that platform and PyYAML's pure Python part as `_vendor/yaml`.
Wheels are pinned by hash in requirements/bundled-*.txt and kept in .cache/wheels. Each zip is
then checked by `extension validate` in the desktop Blenders that are found.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import environments
from blenders import DESKTOP_VERSIONS, REPOSITORY, find_desktop

MANIFEST = REPOSITORY / "blender_manifest.toml"
DIST = REPOSITORY / "dist"
CACHE = REPOSITORY / ".cache" / "wheels"
WHEEL_TAGS = {
    "linux-x64": "manylinux2014_x86_64",
    "linux-arm64": "manylinux2014_aarch64",
    "windows-x64": "win_amd64",
    "macos-arm64": "macosx_13_0_arm64",
    "macos-x64": "macosx_13_0_x86_64",
}
"""Blender's name of a platform -> the tag that its wheel's name ends with."""

FIXED_TIME = (1980, 1, 1, 0, 0, 0)
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")


def manifest_for(text: str, platform: str) -> str:
    """The manifest's text with only that platform and its wheel in it.

    Raises ValueError where the manifest does not name exactly one wheel for it.
    """
    manifest = tomllib.loads(text)
    if platform not in manifest["platforms"]:
        raise ValueError(f"{MANIFEST.name} has no platform {platform!r} (it has {manifest['platforms']})")
    wheels = [wheel for wheel in manifest["wheels"] if wheel.endswith(f"{WHEEL_TAGS[platform]}.whl")]
    if len(wheels) != 1:
        raise ValueError(f"{MANIFEST.name} names {len(wheels)} wheels for {platform}, not one")
    return _with_list(_with_list(text, "platforms", platform), "wheels", wheels[0])


def _with_list(text: str, key: str, only: str) -> str:
    """The TOML text with `key`'s list, written over several lines, replaced by a list of one."""
    changed, count = re.subn(rf"^{key} = \[\n.*?^\]$", f'{key} = ["{only}"]', text, flags=re.M | re.S)
    if count != 1:
        raise ValueError(f"{MANIFEST.name}: expected one list {key!r} over several lines, found {count}")
    return changed


def pinned_hashes(requirements: Path) -> frozenset[str]:
    """The sha256 sums that a requirements file allows."""
    return frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", requirements.read_text(encoding="utf-8")))


def wheel(requirements: Path, platform_tag: str, abi: str) -> Path:
    """The pinned wheel with that tag in its name, from the cache or downloaded into it.

    Raises RuntimeError where pip does not find it or its sum is not a pinned one.
    """
    allowed = pinned_hashes(requirements)
    cached = _cached(requirements, platform_tag, allowed)
    if cached is None:
        _download(requirements, platform_tag, abi)
        cached = _cached(requirements, platform_tag, allowed)
    if cached is None:
        raise RuntimeError(f"no wheel for {platform_tag} has a sum that is pinned in {requirements.name}")
    return cached


def _cached(requirements: Path, platform_tag: str, allowed: frozenset[str]) -> Path | None:
    folder = CACHE / requirements.stem
    for file in sorted(folder.glob(f"*{platform_tag}*.whl")):
        if hashlib.sha256(file.read_bytes()).hexdigest() in allowed:
            return file
    return None


def _download(requirements: Path, platform_tag: str, abi: str) -> None:
    python = environments.python_of(environments.make("pip"))
    command = [str(python), "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement", str(requirements)]
    command += ["--python-version=3.11", "--implementation=cp", f"--abi={abi}", f"--platform={platform_tag}"]
    command += ["--dest", str(CACHE / requirements.stem)]
    status = subprocess.run(command).returncode
    if status:
        raise RuntimeError(f"pip could not download {requirements.name} for {platform_tag}: see above")


def add_yaml(stage: Path, pyyaml: Path) -> None:
    """Put PyYAML's pure Python part and its licence into the staged `_vendor`."""
    vendor = stage / "_vendor"
    (vendor / "yaml").mkdir(parents=True)
    (vendor / "__init__.py").write_text(
        '"""Packages of others that Blender does not bring, as they came."""\n', encoding="utf-8"
    )
    with zipfile.ZipFile(pyyaml) as archive:
        for name in archive.namelist():
            # cyaml.py is the door to the compiled part, which binds to one Python version.
            if name.startswith("yaml/") and name.endswith(".py") and name != "yaml/cyaml.py":
                (vendor / name).write_bytes(archive.read(name))
            elif name.endswith("/licenses/LICENSE"):
                (vendor / "yaml" / "LICENSE").write_bytes(archive.read(name))
    if not (vendor / "yaml" / "LICENSE").exists():
        raise RuntimeError(f"{pyyaml.name} has no licence file where it was expected")


def stage_extension(stage: Path, platform: str) -> None:
    """Lay out in that folder, not there yet, what the platform's zip holds."""
    shutil.copytree(REPOSITORY / "addon", stage, ignore=LEFT_OUT)
    if not (stage / "__init__.py").is_file():
        raise RuntimeError("addon/__init__.py is not there: that would be no extension")
    manifest = manifest_for(MANIFEST.read_text(encoding="utf-8"), platform)
    (stage / MANIFEST.name).write_text(manifest, encoding="utf-8", newline="\n")
    shutil.copy(REPOSITORY / "LICENSE", stage)
    requirements = environments.REQUIREMENTS
    add_yaml(stage, wheel(requirements / "bundled-pyyaml.txt", "manylinux2014_x86_64", "cp311"))
    opencv = wheel(requirements / "bundled-opencv.txt", WHEEL_TAGS[platform], "abi3")
    (named,) = tomllib.loads(manifest)["wheels"]
    if Path(named).name != opencv.name:
        raise RuntimeError(f"{MANIFEST.name} names {named}, but {opencv.name} is what is pinned")
    (stage / "wheels").mkdir()
    shutil.copy(opencv, stage / "wheels")


def write_zip(stage: Path, target: Path) -> None:
    """Pack the staged folder: names sorted, times and modes fixed, so that the bytes repeat."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(path for path in stage.rglob("*") if path.is_file()):
            info = zipfile.ZipInfo(file.relative_to(stage).as_posix(), FIXED_TIME)
            info.compress_type = zipfile.ZIP_STORED if file.suffix == ".whl" else zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            info.create_system = 3  # Unix, wherever this runs
            archive.writestr(info, file.read_bytes())


def build(platform: str) -> Path:
    """Build that platform's zip and hand back where it is."""
    manifest = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    target = DIST / f"{manifest['id']}-{manifest['version']}-{platform}.zip"
    with tempfile.TemporaryDirectory(prefix="tracked-shot-") as folder:
        stage = Path(folder) / "stage"
        stage_extension(stage, platform)
        write_zip(stage, target)
    return target


def validate(package: Path) -> bool:
    """Have the desktop Blenders that are found check the zip; false where one of them objects."""
    content = True
    for version in DESKTOP_VERSIONS:
        desktop = find_desktop(version)
        if desktop is None:
            print(f"  not validated in Blender {version}: not found", flush=True)
            continue
        command = [*desktop.background, "--command", "extension", "validate", str(package)]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            print(f"  refused by Blender {version}:\n{done.stdout}{done.stderr}", file=sys.stderr, flush=True)
            content = False
        else:
            print(f"  validated by Blender {version}", flush=True)
    return content


def main(platforms: Sequence[str]) -> int:
    """Build and check the zips asked for, all of them where none is named."""
    known = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))["platforms"]
    for platform in platforms:
        if platform not in known:
            print(f"no such platform: {platform} (there are {', '.join(known)})", file=sys.stderr)
            return 2
    content = True
    for platform in platforms or known:
        try:
            package = build(platform)
        except (RuntimeError, ValueError) as error:
            print(f"{platform}: {error}", file=sys.stderr)
            return 1
        print(f"{package.relative_to(REPOSITORY)}  {package.stat().st_size / 1e6:.1f} MB", flush=True)
        content = validate(package) and content
    return 0 if content else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
