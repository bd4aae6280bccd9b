"""What holds for the repository as a whole: one version, one way of imports, nothing of anybody's machine."""

from __future__ import annotations

import ast
import importlib
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

TEXT_SUFFIXES = {".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".json", ".cfg", ""}
GENERATED = {"demo", "dist", "out", "__pycache__"}
ROOMS_WITH_BPY = {"jobs", "operators", "panels", "watch"}
FILES_WITH_BPY = {
    "preset_items.py",
    "composite_settings.py",
    "registration.py",
    "session_list.py",
    "solve_list.py",
    "overlay.py",
    "bug_report.py",
    "words.py",
    "keymaps.py",
    "workspace.py",
    "preset_pictures.py",
    "properties.py",
    "preferences.py",
}
PLATFORMS = ("linux-x64", "linux-arm64", "windows-x64", "macos-arm64", "macos-x64")


def own_files(repo: Path) -> Iterator[Path]:
    """The repository's text files, without what tools leave in it (their folders begin with a dot)."""
    for file in sorted(repo.rglob("*")):
        rooms = file.relative_to(repo).parts[:-1]
        left_by_tools = any(room in GENERATED or (room.startswith(".") and room != ".ci") for room in rooms)
        left_by_git = rooms == () and file.name == ".git"  # in a linked work tree it names the other's place
        if file.is_file() and file.suffix in TEXT_SUFFIXES and not (left_by_tools or left_by_git):
            yield file


def addon_modules(repo: Path) -> list[Path]:
    return sorted((repo / "addon").rglob("*.py"))


def is_pure(repo: Path, module: Path) -> bool:
    """Must this module of the add-on do without bpy?"""
    rooms = module.relative_to(repo / "addon").parts
    if rooms[0] in ROOMS_WITH_BPY or rooms[0] in FILES_WITH_BPY:
        return False
    return rooms[:2] != ("tracking", "blender")


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Every absolute import below a syntax tree: the module's name, the statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or "", node


def within_functions(tree: ast.AST) -> set[ast.AST]:
    """All nodes that stand inside a function."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {inner for function in functions for inner in ast.walk(function)}


@pytest.fixture(scope="module")
def build(repo: Path) -> Iterator[ModuleType]:
    """tools/build.py as a module."""
    sys.path.insert(0, str(repo / "tools"))
    yield importlib.import_module("build")
    sys.path.remove(str(repo / "tools"))


def test_there_is_an_addon_to_look_at(repo: Path) -> None:
    assert len(addon_modules(repo)) > 5


def test_imports_inside_the_addon_are_relative(repo: Path) -> None:
    absolute = [
        f"{module.relative_to(repo)}:{statement.lineno}"
        for module in addon_modules(repo)
        for name, statement in imports(ast.parse(module.read_text(encoding="utf-8")))
        if name.partition(".")[0] in {"addon", "bl_ext", "tracked_shot"}
    ]
    assert absolute == []


def rooms_of_the_table(repo: Path) -> list[list[str]]:
    """The rooms of the add-on in CONTRIBUTING.md's table, a list a row; the topmost first."""
    lines = (repo / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    rows = [
        re.findall(r"`(addon/[^`]*)`", line.split("|")[1]) for line in lines if line.startswith("| `addon/")
    ]
    return [row for row in rows if row != ["addon/presets/"]]


def modules_imported(file: Path) -> Iterator[Path]:
    """The modules of the add-on that one of it imports, wherever in it that stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        place = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
        if place.with_suffix(".py").is_file():
            yield place.with_suffix(".py")
            continue
        for name in (alias.name for alias in node.names):
            module = place / f"{name}.py"
            package = place / name / "__init__.py"
            yield next((file for file in (module, package) if file.is_file()), place / "__init__.py")


def test_imports_go_down_the_table_of_rooms(repo: Path) -> None:
    table = rooms_of_the_table(repo)

    def row(file: Path) -> int:
        name = file.relative_to(repo).as_posix()
        fits = [
            (len(room), number)
            for number, rooms in enumerate(table)
            for room in rooms
            if name == room or (room.endswith("/") and name.startswith(room))
        ]
        assert fits, f"{name} stands in no room of the table"
        return max(fits)[1]

    modules = [file for file in addon_modules(repo) if "_vendor" not in file.parts]
    upward = [
        f"{file.relative_to(repo)} imports {other.relative_to(repo)}"
        for file in modules
        for other in modules_imported(file)
        if "_vendor" not in other.parts and row(other) < row(file)
    ]
    assert len(table) > 10 and upward == []


def test_pure_rooms_never_import_bpy(repo: Path) -> None:
    package_face = {repo / "addon" / "__init__.py", repo / "addon" / "__main__.py"}
    package_face |= set((repo / "addon" / "cli").glob("*.py"))
    found = [
        f"{module.relative_to(repo)}:{statement.lineno}"
        for module in addon_modules(repo)
        if is_pure(repo, module) and module not in package_face
        for name, statement in imports(ast.parse(module.read_text(encoding="utf-8")))
        if name.partition(".")[0] in {"bpy", "bpy_extras", "mathutils", "gpu", "bl_ui"}
    ]
    assert found == []


@pytest.mark.parametrize(
    "name", ["__init__.py", "cli/__init__.py", "cli/common.py", "__main__.py", "tracking/__init__.py"]
)
def test_the_face_imports_bpy_only_inside_functions(repo: Path, name: str) -> None:
    tree = ast.parse((repo / "addon" / name).read_text(encoding="utf-8"))
    inside = within_functions(tree)
    at_import = [
        statement.lineno
        for module, statement in imports(tree)
        if module.partition(".")[0] == "bpy" and statement not in inside
    ]
    assert at_import == []


def test_no_file_names_a_place_on_somebodys_machine(repo: Path) -> None:
    # Put together here so that this file does not find itself.
    starts = ["/" + "work/", "/" + "home/", "/" + "Users/", "C:" + "\\Users"]
    places = re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, starts)) + ")")
    found = [
        f"{file.relative_to(repo)}:{number}"
        for file in own_files(repo)
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if places.search(line)
    ]
    assert found == []


def test_every_requirement_is_pinned(repo: Path) -> None:
    loose = [
        f"{file.name}: {line}"
        for file in (repo / "requirements").glob("*.txt")
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip() and not re.match(r"#|-r \S+\.txt$|\S+==\S+|\s+--hash=sha256:", line)
    ]
    assert loose == []


def test_the_bundled_opencv_is_the_one_that_is_tested(repo: Path) -> None:
    pins = {
        name: re.findall(r"opencv-python-headless==(\S+)", (repo / "requirements" / name).read_text())
        for name in ("common.txt", "desktop.txt", "bundled-opencv.txt")
    }
    assert len({tuple(versions) for versions in pins.values()}) == 1
    assert pins["common.txt"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_platforms_manifest_says_the_same_but_for_platform_and_wheel(
    repo: Path, build: ModuleType, platform: str
) -> None:
    text = (repo / "blender_manifest.toml").read_text(encoding="utf-8")
    whole, part = tomllib.loads(text), tomllib.loads(build.manifest_for(text, platform))
    assert part.pop("platforms") == [platform]
    (wheel,) = part.pop("wheels")
    assert wheel in whole.pop("wheels")
    assert sorted(whole.pop("platforms")) == sorted(PLATFORMS)
    assert part == whole


def test_the_manifest_of_an_unknown_platform_is_refused(repo: Path, build: ModuleType) -> None:
    text = (repo / "blender_manifest.toml").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="solaris"):
        build.manifest_for(text, "solaris")


def test_as_many_hashes_as_wheels_are_pinned(repo: Path, build: ModuleType) -> None:
    manifest = tomllib.loads((repo / "blender_manifest.toml").read_text(encoding="utf-8"))
    assert len(build.pinned_hashes(repo / "requirements" / "bundled-opencv.txt")) == len(manifest["wheels"])


def test_the_version_stands_in_the_changelog(repo: Path) -> None:
    version = tomllib.loads((repo / "blender_manifest.toml").read_text(encoding="utf-8"))["version"]
    assert f"## [{version}]" in (repo / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_same_folder_packs_to_the_same_bytes(build: ModuleType, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, names in ((first, ("b.py", "a.py")), (second, ("a.py", "b.py"))):
        (folder / "inner").mkdir(parents=True)
        for name in names:
            (folder / "inner" / name).write_text(f"# {name}\n")
        build.write_zip(folder, folder.with_suffix(".zip"))
    assert first.with_suffix(".zip").read_bytes() == second.with_suffix(".zip").read_bytes()
    with zipfile.ZipFile(first.with_suffix(".zip")) as archive:
        assert archive.namelist() == ["inner/a.py", "inner/b.py"]
        assert {entry.date_time for entry in archive.infolist()} == {build.FIXED_TIME}


def test_only_pure_python_of_pyyaml_goes_in(build: ModuleType, tmp_path: Path) -> None:
    wheel = tmp_path / "pyyaml-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("yaml/__init__.py", "yaml/cyaml.py", "yaml/_yaml.so", "_yaml/__init__.py"):
            archive.writestr(name, "")
        archive.writestr("pyyaml-1.dist-info/licenses/LICENSE", "MIT")
    build.add_yaml(tmp_path / "stage", wheel)
    staged = {path.relative_to(tmp_path / "stage").as_posix() for path in (tmp_path / "stage").rglob("*.*")}
    assert staged == {"_vendor/__init__.py", "_vendor/yaml/__init__.py"}
    assert (tmp_path / "stage" / "_vendor" / "yaml" / "LICENSE").read_text() == "MIT"
