"""Runs the tests in one Blender after another and says what ran in which.

    python tools/run_matrix.py bpy-4.5                 one
    python tools/run_matrix.py --all                   three modules, and the desktop Blenders found
    python tools/run_matrix.py --once                  the same, pure tests on oldest and newest Python alone
    python tools/run_matrix.py --sum                   runs nothing: adds up the reports that are there

The runs without a window go side by side, one a core and two at most, the small ones last, so that all end
together; a window has the machine for itself.
pytest's output of a single run is shown as it comes, that of several when each ends; output and counts are
kept in .reports/. After more than one run a table follows, and a closing line like pytest's for all together.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import environments
from blenders import DESKTOP_VERSIONS, MODULES, REPOSITORY, Desktop, find_desktop, own_environment

REPORTS = REPOSITORY / ".reports"
FIRST = "bpy-4.5"
EVERYWHERE = ("tests/pure", "tests/blender")
NEWEST = "desktop-5.2"
"""The pure tests know no Blender: with --once they run in FIRST (oldest Python) and here (newest)."""
IN_BOTH = ("-m", "not once")
"""Which of them run in NEWEST, too."""
PARTS = 4
"""Into so many runs those are divided."""
WITH_A_WINDOW = ("tests/desktop",)
NO_TESTS_COLLECTED = 5
SIDE_BY_SIDE = min(2, os.cpu_count() or 1)


@dataclass(frozen=True)
class Run:
    """One pytest run: its name, its command (pytest's arguments to be added) and its folders."""

    name: str
    command: tuple[str, ...]
    folders: tuple[str, ...]
    alone: bool = False
    """A window answers late where another run keeps the machine busy."""
    options: tuple[str, ...] = ()
    """For pytest."""


@dataclass
class Counts:
    """What pytest counted in a run, or in several together."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    seconds: float = 0.0

    def add(self, other: Counts) -> None:
        """Count another run's in."""
        self.passed += other.passed
        self.failed += other.failed
        self.errors += other.errors
        self.skipped += other.skipped
        self.seconds += other.seconds

    def said(self) -> str:
        """As pytest puts it: "1 failed, 20 passed, 3 skipped"."""
        parts = [(self.failed, "failed"), (self.passed, "passed"), (self.skipped, "skipped")]
        words = [f"{count} {word}" for count, word in parts if count]
        if self.errors:
            words.append(f"{self.errors} error{'s' if self.errors > 1 else ''}")
        return ", ".join(words) or "no tests ran"


def counts_in(report: Path) -> Counts:
    """The counts in a JUnit report of pytest's."""
    counts = Counts()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        failed, errors, skipped, total = (
            int(suite.get(name, "0")) for name in ("failures", "errors", "skipped", "tests")
        )
        counts.add(
            Counts(total - failed - errors - skipped, failed, errors, skipped, float(suite.get("time", "0")))
        )
    return counts


def holds_tests(folder: str) -> bool:
    """Is there a test module in that folder of the repository?"""
    return any((REPOSITORY / folder).rglob("test_*.py"))


def module_runs(name: str, folders: Sequence[str]) -> list[Run]:
    """The runs in a bpy module, one a folder, its environment made first where needed."""
    python = environments.python_of(environments.make(name))
    return _runs(name, (str(python), "-m", "pytest"), folders)


def desktop_runs(desktop: Desktop, folders: Sequence[str]) -> list[Run]:
    """The runs in a desktop Blender: in the background, and in a window where one can open."""
    environments.make("desktop")
    script = ("--factory-startup", "--python-exit-code", "3", "--python", "tools/blender_pytest.py", "--")
    runs = _runs(desktop.name, (*desktop.background, "--background", *script), folders)
    if not any(map(holds_tests, WITH_A_WINDOW)):
        return runs
    if desktop.window:
        command = (*desktop.window, *script)
        runs.append(Run(f"{desktop.name}-window", command, WITH_A_WINDOW, alone=True))
    else:
        print(f"SKIPPED {desktop.name}-window: no screen to open a window on (install xvfb)", flush=True)
    return runs


def _runs(name: str, command: tuple[str, ...], folders: Sequence[str]) -> list[Run]:
    return [
        Run(f"{name}-{Path(folder).name}", command, (folder,)) for folder in folders if holds_tests(folder)
    ]


def in_parts(run: Run, count: int) -> list[Run]:
    """The run divided into so many by its test modules, neighbours together: they share what is drawn."""
    files = sorted(
        file.relative_to(REPOSITORY).as_posix()
        for folder in run.folders
        for file in (REPOSITORY / folder).rglob("test_*.py")
    )
    bounds = [len(files) * part // count for part in range(count + 1)]
    return [
        replace(run, name=f"{run.name}-{part}", folders=tuple(files[first:last]))
        for part, (first, last) in enumerate(pairwise(bounds), 1)
        if first < last
    ]


def perform_all(runs: Sequence[Run], options: Sequence[str]) -> bool:
    """Run them, side by side where they can be; true where pytest was content with each."""
    REPORTS.mkdir(exist_ok=True)
    if len(runs) == 1:
        print(_title(runs[0]), flush=True)
        return perform(runs[0], options, None)
    names = ", ".join(run.name for run in runs)
    print(f"Running {names}; what each says stands in .reports/NAME.log, and here when it ends", flush=True)
    content = []
    for group, width in (([r for r in runs if not r.alone], SIDE_BY_SIDE), ([r for r in runs if r.alone], 1)):
        with ThreadPoolExecutor(width) as pool:
            asked = {pool.submit(perform, run, options, REPORTS / f"{run.name}.log"): run for run in group}
            for done in as_completed(asked):
                content.append(done.result())
                run = asked[done]
                text = (REPORTS / f"{run.name}.log").read_text(encoding="utf-8", errors="replace")
                print(f"{_title(run)}\n{text}", end="", flush=True)
    return all(content)


def _title(run: Run) -> str:
    return f"\n######## {run.name}: {' '.join((*run.folders, *run.options))}"


def perform(run: Run, options: Sequence[str], log: Path | None) -> bool:
    """Run it, its output into ``log`` or as it comes; true where pytest was content."""
    report = REPORTS / f"{run.name}.xml"
    report.unlink(missing_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="tracked-shot-") as user_folder,
        nullcontext() if log is None else log.open("wb") as output,
    ):
        environment = own_environment(user_folder)
        if log is not None:  # two runs whose threads wait for each other take far longer than one
            environment.setdefault("OPENBLAS_NUM_THREADS", "1")
        command = [*run.command, *run.folders, f"--junitxml={report}", *run.options, *options]
        status = subprocess.run(
            command,
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
        ).returncode
    if not report.exists():
        _report_crash(report, run.name, status)
    elif status not in (0, 1, NO_TESTS_COLLECTED):
        print(f"{run.name} ended with status {status}", file=sys.stderr, flush=True)
    return status == 0 or (status == NO_TESTS_COLLECTED and bool(options))


def _report_crash(report: Path, name: str, status: int) -> None:
    """Stand in for the report of a run that ended before pytest could write one: one error."""
    print(f"{name} ended with status {status} before pytest did", file=sys.stderr, flush=True)
    suite = ElementTree.Element("testsuite", name=name, tests="1", errors="1", failures="0", skipped="0")
    ElementTree.ElementTree(suite).write(report)


def closing_line(total: Counts) -> str:
    """All runs together in the form of pytest's last line, 80 columns wide."""
    minutes, seconds = divmod(round(total.seconds), 60)
    text = f" {total.said()} in {total.seconds:.2f}s"
    if total.seconds >= 60:
        text += f" ({minutes // 60}:{minutes % 60:02}:{seconds:02})"
    return f"{text} ".center(80, "=")


def summary(reports: Sequence[Path], elapsed: float | None = None) -> Counts:
    """Print a table of the runs and the closing line; the counts of all together."""
    total = Counts()
    print(f"\n{'where':<22} {'passed':>7} {'failed':>7} {'errors':>7} {'skipped':>8} {'seconds':>8}")
    for report in reports:
        counts = counts_in(report)
        total.add(counts)
        print(
            f"{report.stem:<22} {counts.passed:>7} {counts.failed:>7} {counts.errors:>7} "
            f"{counts.skipped:>8} {counts.seconds:>8.1f}"
        )
    if elapsed is not None:
        total.seconds = elapsed
    print(closing_line(total), flush=True)
    return total


def planned_runs(names: Sequence[str], *, pure_once: bool = False) -> list[Run]:
    """The runs for those names (bpy-4.2, desktop-5.2), their environments made; says which is not there.

    With ``pure_once`` those of FIRST and NEWEST alone hold the pure tests.
    """
    desktops = {name: find_desktop(name.removeprefix("desktop-")) for name in names if name not in MODULES}
    wanted = {name if name in MODULES else "desktop" for name in names if desktops.get(name, True)}
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(environments.make, sorted(wanted)))
    runs: list[Run] = []
    for name in names:
        folders = EVERYWHERE[1:] if pure_once and name not in (FIRST, NEWEST) else EVERYWHERE
        if name in MODULES:
            runs += module_runs(name, folders)
            continue
        desktop = desktops[name]
        if desktop is None:
            variable = f"BLENDER_{name.removeprefix('desktop-').replace('.', '_')}"
            print(f"SKIPPED {name}: not found ({variable} may hold its command)", flush=True)
        else:
            runs += desktop_runs(desktop, folders)
    return runs


def once(runs: Sequence[Run]) -> list[Run]:
    """The runs with NEWEST's pure tests last, in parts, and without those that are marked "once"."""
    name = f"{NEWEST}-pure"
    kept = [run for run in runs if run.name != name]
    for run in runs:
        if run.name == name:
            kept += in_parts(replace(run, options=IN_BOTH), PARTS)
    return kept


def is_test(option: str) -> bool:
    """Does it name tests: a file or folder of them, or one of a file's?"""
    return not option.startswith("-") and (REPOSITORY / option.partition("::")[0]).exists()


def narrowed(runs: list[Run], options: Sequence[str]) -> list[Run]:
    """The runs with the tests that are named alone, where any are; a run without any of them is left out."""
    tests = [option for option in options if is_test(option)]
    if not tests:
        return runs
    kept = []
    for run in runs:
        wanted = tuple(test for test in tests if test.startswith(run.folders))
        if wanted:
            kept.append(replace(run, folders=wanted))
    return kept


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; 0 where every run was content."""
    everything = [*MODULES, *(f"desktop-{version}" for version in DESKTOP_VERSIONS)]
    parser = argparse.ArgumentParser(description="Run the tests in several Blenders.")
    parser.add_argument("names", nargs="*", metavar="BLENDER", help=f"of {', '.join(everything)}")
    parser.add_argument("--all", action="store_true", help="every Blender that is found")
    parser.add_argument("--once", action="store_true", help="the same, pure tests on two Pythons alone")
    parser.add_argument("--sum", action="store_true", help="add up the reports in .reports/")
    parser.add_argument("--seconds", type=float, help="with --sum: how long all of it took")
    parser.add_argument("--pytest", default="", help="more for pytest: --pytest='-k camera', or test files")
    asked = parser.parse_args(arguments)
    if asked.sum:
        total = summary(sorted(REPORTS.glob("*.xml")), asked.seconds)
        return 0 if total.passed and not (total.failed or total.errors) else 1
    names = asked.names or [FIRST]
    if asked.all or asked.once:
        names = [FIRST, *(name for name in everything if name != FIRST)]
    unknown = [name for name in names if name not in everything]
    if unknown:
        parser.error(f"no such Blender: {unknown[0]} (there are {', '.join(everything)})")
    started = time.monotonic()
    options = shlex.split(asked.pytest)
    runs = narrowed(planned_runs(names, pure_once=asked.once), options)
    tests = [option for option in options if is_test(option)]
    options = [option for option in options if not is_test(option)]
    if asked.once and not tests:
        runs = once(runs)
    content = perform_all(runs, options)
    if len(runs) > 1:
        summary([REPORTS / f"{run.name}.xml" for run in runs], time.monotonic() - started)
    return 0 if content else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
