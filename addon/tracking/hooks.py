"""Hooks: somebody else's Python, called before and after each stage of a build.

There are two kinds. Files that a shot names under ``hooks`` define functions ``before_track(data)``,
``after_composite(data)`` and so on for any stage, or ``before(data)`` and ``after(data)`` for all of them;
they run only where the user allows scripts from shot files. Functions that another add-on hands to
``register_hook`` are code that the user has installed, and run always.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from .config import CompositeShotConfig
from .errors import InputError, TrackedShotError
from .schema import nearest
from .stages import NAMES as STAGES

BEFORE, AFTER = "before", "after"
EVERY = "*"
"""Stands for every stage."""
NOT_ALLOWED = (
    "hooks are named but not run: allow scripts from shot files in the preferences, or with --allow-scripts"
)


@dataclass(frozen=True)
class StageData:
    """What a hook is called with."""

    stage: str
    when: str
    """``before`` or ``after``."""
    config: CompositeShotConfig
    """The shot."""
    result: Any
    """What the build has come to so far: scene, clip, camera, session, solve, warnings."""


Hook = Callable[[StageData], object]


class HookError(TrackedShotError):
    """A hook has failed; the message names its file and line."""


@dataclass
class Hooks:
    """The hooks of one build, in the order in which they are called."""

    calls: list[tuple[str, str, Hook]] = field(default_factory=list)
    """Stage (or EVERY), when, and the function."""
    warning: str = ""
    """What the user should know: that there are hooks which were not run."""

    def call(self, when: str, stage: str, config: CompositeShotConfig, result: Any) -> None:
        """Calls those that asked for this stage; raises HookError for the first that fails.

        What they print goes to standard error: standard output belongs to the command line.
        """
        data = StageData(stage, when, config, result)
        for wanted, moment, function in self.calls:
            if moment == when and wanted in (stage, EVERY):
                try:
                    with redirect_stdout(sys.stderr):
                        function(data)
                except (Exception, SystemExit) as error:
                    raise HookError(_complaint(error, function, f"{when} {stage}")) from error


_registered: list[tuple[str, str, Hook]] = []


def register_hook(stage: str, when: str, function: Hook) -> None:
    """Have ``function(data)`` called in every build, ``when`` ("before" or "after") the stage is done.

    ``stage`` is one of STAGES or ``"*"`` for all. For add-ons: call it in your ``register`` and
    ``unregister_hook`` in your ``unregister``. A second time changes nothing. Raises InputError for a stage
    or a moment that there is not.
    """
    if stage != EVERY and stage not in STAGES:
        match = nearest(str(stage), STAGES)
        raise InputError(f"there is no stage '{stage}'" + (f"; did you mean '{match}'?" if match else ""))
    if when not in (BEFORE, AFTER):
        raise InputError(f"a hook is called 'before' or 'after' a stage, not '{when}'")
    if not callable(function):
        raise InputError("a hook must be a function")
    if (stage, when, function) not in _registered:
        _registered.append((stage, when, function))


def unregister_hook(function: Hook) -> None:
    """Take a function out again, of whatever stages; nothing where it is not in."""
    _registered[:] = [entry for entry in _registered if entry[2] is not function]


def load_hooks(config: CompositeShotConfig, allowed: bool = False) -> Hooks:
    """The hooks for a build of this shot: registered ones, then those of the shot's files in their order.

    The files are run here, before anything is built, and only where ``allowed``. Raises HookError, with file
    and line, for a file that cannot be run.
    """
    found = Hooks(list(_registered))
    named = [config.hooks] if isinstance(config.hooks, str) else list(config.hooks)
    if named and not allowed:
        found.warning = NOT_ALLOWED
        return found
    for number, text in enumerate(named):
        found.calls += _from_file(config.resolve(text), number)
    return found


def _from_file(path: Path, number: int) -> Iterable[tuple[str, str, Hook]]:
    module = ModuleType(f"tracked_shot_hooks_{number}")
    module.__file__ = str(path)
    try:
        code = compile(path.read_bytes(), str(path), "exec")
        with redirect_stdout(sys.stderr):
            exec(code, module.__dict__)
    except OSError as error:
        raise HookError(f"{path}: error: cannot be read: {error.strerror or error}") from None
    except SyntaxError as error:
        raise HookError(f"{path}:{error.lineno or 1}: error: {error.msg}") from None
    except (Exception, SystemExit) as error:
        raise HookError(_complaint(error, None, "reading the hooks", str(path))) from error
    return [_entry(path, name, value) for name, value in vars(module).items() if _is_hook(name, value)]


def _is_hook(name: str, value: Any) -> bool:
    return callable(value) and name.partition("_")[0] in (BEFORE, AFTER)


def _entry(path: Path, name: str, function: Hook) -> tuple[str, str, Hook]:
    when, _, stage = name.partition("_")
    if stage and stage not in STAGES:
        match = nearest(stage, STAGES)
        line = getattr(getattr(function, "__code__", None), "co_firstlineno", 1)
        hint = f"; did you mean '{when}_{match}'?" if match else f" ({', '.join(STAGES)})"
        raise HookError(f"{path}:{line}: error: '{name}' is for no stage{hint}")
    return stage or EVERY, when, function


def _complaint(error: BaseException, function: Hook | None, doing: str, file: str = "") -> str:
    """One line: where in the hook's own file it happened, and what."""
    code = getattr(function, "__code__", None)
    file = file or (code.co_filename if code is not None else "")
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    line = frames[-1].lineno if frames else getattr(code, "co_firstlineno", None)
    text = " ".join(str(error).split())
    said = type(error).__name__ + (f": {text}" if text else "")
    place = f"{file}:{line}" if line else file or getattr(function, "__qualname__", repr(function))
    return f"{place}: error: in the hook {doing}: {said}"
