"""Hooks: who is called, when, and what is said of one that fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from addon.tracking import hooks
from addon.tracking.config import CompositeShotConfig
from addon.tracking.errors import InputError
from addon.tracking.shotfile import load_shot_dict


@pytest.fixture(autouse=True)
def nothing_registered() -> Iterator[None]:
    kept, hooks._registered[:] = list(hooks._registered), []
    yield
    hooks._registered[:] = kept


def shot(folder: Path, *texts: str) -> CompositeShotConfig:
    names = []
    for number, text in enumerate(texts):
        (folder / f"hook{number}.py").write_text(text)
        names.append(f"hook{number}.py")
    return load_shot_dict({"footage": {"file": "a.mp4"}, "hooks": names}, base=folder)


NOTES = """\
def before(data):
    data.result.append((data.when, data.stage, "all"))

def after_track(data):
    data.result.append((data.when, data.stage, data.config.name))

def _after_helper(): ...
"""


def test_files_are_called_in_order_and_only_where_allowed(tmp_path: Path) -> None:
    config = shot(tmp_path, NOTES, "def after_track(data):\n    print('second')\n    data.result.append(2)\n")
    said: list[object] = []
    found = hooks.load_hooks(config, allowed=True)
    for stage in ("footage", "track"):
        for when in ("before", "after"):
            found.call(when, stage, config, said)
    assert said == [
        ("before", "footage", "all"),
        ("before", "track", "all"),
        ("after", "track", "shot"),
        2,
    ]
    assert found.warning == ""
    refused = hooks.load_hooks(config)
    assert refused.calls == []
    assert "--allow-scripts" in refused.warning


def test_what_hooks_print_keeps_out_of_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = shot(tmp_path, "print('read')\ndef after(data):\n    print('called')\n")
    hooks.load_hooks(config, allowed=True).call("after", "solve", config, None)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "read\ncalled\n")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("def after_track(data):\n    x = 1\n    x.y\n", 3, "after track: AttributeError"),
        ("import json\ndef after(data):\n    json.loads('{')\n", 3, "JSONDecodeError"),
        ("def help(): raise ValueError('two\\nlines')\ndef after(d): help()\n", 1, "ValueError: two lines"),
        ("import sys\ndef after(data):\n    sys.exit(3)\n", 3, "SystemExit: 3"),
    ],
)
def test_one_that_fails_is_named_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    config = shot(tmp_path, text)
    found = hooks.load_hooks(config, allowed=True)
    with pytest.raises(hooks.HookError) as caught:
        found.call("after", "track", config, None)
    said = str(caught.value)
    assert said.startswith(f"{tmp_path / 'hook0.py'}:{line}: error: ") and words in said and "\n" not in said


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("def after(data)\n", 1, "expected ':'"),
        ("\nnone_such\n", 2, "NameError"),
        ("\n\ndef after_trak(data): ...\n", 3, "did you mean 'after_track'?"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_before_the_build(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    with pytest.raises(hooks.HookError) as caught:
        hooks.load_hooks(shot(tmp_path, text), allowed=True)
    assert str(caught.value).startswith(f"{tmp_path / 'hook0.py'}:{line}: error: ")
    assert words in str(caught.value)
    (tmp_path / "hook0.py").unlink()
    config = load_shot_dict({"footage": {"file": "a"}, "hooks": "hook0.py"}, base=tmp_path)
    with pytest.raises(hooks.HookError, match="cannot be read"):
        hooks.load_hooks(config, allowed=True)


def test_those_of_other_add_ons_run_without_being_allowed(tmp_path: Path) -> None:
    said = []

    def note(data: hooks.StageData) -> None:
        said.append((data.stage, data.when))

    hooks.register_hook("solve", "after", note)
    hooks.register_hook("solve", "after", note)
    hooks.register_hook("*", "before", note)
    config = shot(tmp_path)
    for when in ("before", "after"):
        for stage in ("track", "solve"):
            hooks.load_hooks(config).call(when, stage, config, None)
    assert said == [("track", "before"), ("solve", "before"), ("solve", "after")]
    hooks.unregister_hook(note)
    assert hooks.load_hooks(config).calls == []
    with pytest.raises(InputError, match="did you mean 'solve'"):
        hooks.register_hook("solv", "after", note)
    with pytest.raises(InputError, match="'before' or 'after'"):
        hooks.register_hook("solve", "then", note)
