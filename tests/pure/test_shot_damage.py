"""Damaged shot files: every one gives errors with their places and exit status 2, and nothing else."""

from __future__ import annotations

import os
import random
import resource
import time
from pathlib import Path

import pytest

from addon import cli
from tests.pure.test_shotfile import EVERYTHING, EXAMPLE

FILES = int(os.environ.get("TRACKED_SHOT_DAMAGED", "150"))
"""How many files are damaged; the whole lot is 2,000."""
SECONDS, MEGABYTES = 2.0, 500.0


def damaged(text: str, rng: random.Random) -> bytes:
    """The text cut, flipped, with types swapped, deep or huge."""
    way = rng.randrange(7)
    data = bytearray(text.encode())
    if way == 0:
        return bytes(data[: rng.randrange(len(data))])
    if way == 1:
        for _ in range(rng.randrange(1, 6)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        return bytes(data)
    lines = text.splitlines()
    row = rng.randrange(len(lines))
    if way == 2:
        swaps = (
            "[]",
            "{a: 1}",
            "true",
            "no",
            "1e400",
            "-.inf",
            "'x'",
            "~",
            "1:2:3",
            "!!binary aa",
            "*x",
            "|",
            "? a",
        )
        lines[row] = lines[row].split(":")[0] + ": " + rng.choice(swaps)
    elif way == 3:
        depth = rng.randrange(20, 3000)
        lines[row] += " " + rng.choice(("[" * depth, "{a: " * depth, "- " * depth))
    elif way == 4:
        lines[row] = (
            lines[row].split(":")[0] + ": " + rng.choice(("9", "x ", "a, ", "1:")) * rng.randrange(10, 40_000)
        )
    elif way == 5:
        lines.insert(
            row, rng.choice((lines[row], "\t" + lines[row], "  " * 5 + lines[row], "%YAML 9.9", "..."))
        )
    else:
        rng.shuffle(lines)
    return "\n".join(lines).encode()


@pytest.mark.parametrize("part", range(4))
def test_damaged_files_give_errors_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], part: int
) -> None:
    rng = random.Random(20 + part)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said: list[str] = []
    for number in range(FILES // 4):
        shot, included = tmp_path / "shot.yaml", tmp_path / "show.yaml"
        text = damaged(EVERYTHING if number % 2 else EXAMPLE, rng)
        if number % 5 == 0:  # the damage is in an included file
            included.write_bytes(text)
            text = b"shot: {footage: {file: a.mp4}, include: show.yaml}"
        shot.write_bytes(text)
        start = time.process_time()
        status = cli.main(["validate", str(shot)])
        assert time.process_time() - start < SECONDS, text[:2000]
        lines = capsys.readouterr().err.splitlines()
        assert status == 2 and lines, text[:2000]
        for line in lines:
            place, _, message = line.partition(": error: ")
            file, row, column = place.rsplit(":", 2)
            assert file in (str(shot), str(included)) and int(row) > 0 and int(column) > 0, line
            assert message and len(line) < 1000
        said += lines
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown / 1024 < MEGABYTES
    only_missing = sum("there is no such file" in line for line in said)
    assert len(said) - only_missing > FILES // 8, "hardly anything was damaged"
