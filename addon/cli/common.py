"""What the verbs share: their options, progress, frame numbers, and how a verdict becomes an exit status."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TextIO

from ..tracking.errors import InputError

if TYPE_CHECKING:
    from ..tracking.engine.model import Solve

PROGRAM = "tracked_shot"
LOG_SECONDS = 10.0
"""Where standard error is no terminal, progress is a line this often."""
WORSE_THAN_REQUIRED = 3
VERDICTS = ("good", "usable", "poor", "failed")


def say_error(text: str) -> None:
    """Writes errors a line each; those that name their place already are written as they are."""
    for line in text.splitlines():
        print(line if ": error: " in line else f"{PROGRAM}: error: {line}", file=sys.stderr)


def scripts_option(parser: argparse.ArgumentParser) -> None:
    """The option that lets a shot's hooks run."""
    parser.add_argument(
        "--allow-scripts", action="store_true", help="run the hooks that the shot file names (Python files)"
    )


def session_options(parser: argparse.ArgumentParser) -> None:
    """Where the session lies, whether it is begun anew, and what verdict is asked for."""
    parser.add_argument("--session-dir", metavar="DIR", help="where the session lies")
    parser.add_argument("--fresh", action="store_true", help="track anew, whatever session is there")
    require_option(parser)


def require_option(parser: argparse.ArgumentParser) -> None:
    """The option that makes a bad verdict an exit status."""
    parser.add_argument("--require", choices=("good", "usable"), help="exit with 3 where the solve is worse")


def json_option(parser: argparse.ArgumentParser) -> None:
    """The option for a report that programs read."""
    parser.add_argument("--json", metavar="FILE", help="write a report")


def blender_room(verb: str) -> ModuleType:
    """The Blender rooms; raises InputError where this Python has no Blender."""
    try:
        import bpy  # noqa: F401
    except ImportError:
        raise InputError(f"{verb} needs Blender: run it as blender --command {PROGRAM} {verb} …") from None
    from ..tracking.blender import commands

    return commands


def scripts_allowed(options: argparse.Namespace) -> bool:
    """Whether a shot's hooks may run: asked for in the call, or allowed in the preferences."""
    from ..preferences import choices

    return bool(options.allow_scripts) or choices().allow_scripts


def blender_quiet() -> AbstractContextManager[None]:
    """Keeps what Blender itself prints (every sample of a render) out of our standard output."""
    from ..tracking.quiet import OUTPUT, silenced

    return silenced(OUTPUT)


def check_report_path(path: str | None) -> None:
    """Raises InputError where the report could not be written at the end of the work."""
    from ..tracking.session.places import can_write

    if path is not None and (Path(path).is_dir() or not can_write(Path(path).absolute().parent)):
        raise InputError(f"{path}: the report can't be written there")


def required(wanted: str | None, verdict: str | None) -> int:
    """0, or 3 where the verdict is worse than what was asked for."""
    if wanted is None:
        return 0
    if verdict is None or VERDICTS.index(verdict) > VERDICTS.index(wanted):
        print(f"the solve is {verdict or 'missing'}, not {wanted}", file=sys.stderr)
        return WORSE_THAN_REQUIRED
    return 0


def solve_line(solve: Solve) -> str:
    """What a solve is, in a line."""
    reasons = f" ({'; '.join(solve.reasons)})" if solve.reasons else ""
    return (
        f"solve: {solve.verdict}{reasons}, {solve.average_error:.3f} px over {len(solve.frames)} frames,"
        f" {solve.lens.focal_length_mm:.2f} mm on a {solve.lens.sensor_width_mm:.4g} mm sensor"
    )


def parse_range(text: str) -> tuple[int, int]:
    """First and last of "A-B", or of a single number. Raises InputError."""
    first, dash, last = text.strip().partition("-")
    try:
        low = int(first)
        high = int(last) if dash else low
    except ValueError:
        raise InputError(f"'{text}' is no frame range: write it as 1-24") from None
    if high < low:
        raise InputError(f"the frame range {text} ends before it begins")
    return low, high


def parse_frames(text: str) -> list[int]:
    """The frames of "1-24" or "1,12,20-24", each once, in the order given. Raises InputError."""
    frames: dict[int, None] = {}
    for part in text.split(","):
        low, high = parse_range(part)
        frames.update(dict.fromkeys(range(low, high + 1)))
    return list(frames)


def duration(seconds: float) -> str:
    """Seconds as 45 s, 12:05 min or 3:07 h."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"


class Progress:
    """Progress on standard error: a line that updates on a terminal, a line now and then in a log."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self._said = 0.0
        self._width = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self.terminal and self._width:
            self.stream.write("\n")

    def show(self, done: float, text: str, frame: int = 0, left: float | None = None) -> None:
        """Says how far the work is: ``done`` is a share, ``frame`` the last one done, 0 for none.

        ``left`` is how many seconds the rest will take, where that is known.
        """
        line = f"{done:4.0%} {text}" + (f", frame {frame}" if frame else "")
        line += f", {duration(left)} left" if left is not None and done < 1 else ""
        if self.terminal:
            self.stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        elif done >= 1 or time.monotonic() - self._said >= LOG_SECONDS:
            self.stream.write(line + "\n")
            self._said = time.monotonic()
        self.stream.flush()
