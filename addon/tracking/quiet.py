"""Keeping what Blender itself prints out of what we print."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

OUTPUT, ERRORS = 1, 2
"""The process's standard output and standard error."""


@contextmanager
def silenced(descriptor: int) -> Iterator[None]:
    """Sends what is written to OUTPUT or ERRORS nowhere, C and C++ code's, too."""
    stream = sys.stdout if descriptor == OUTPUT else sys.stderr
    stream.flush()
    kept = os.dup(descriptor)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), descriptor)
        yield
    finally:
        stream.flush()
        os.dup2(kept, descriptor)
        os.close(kept)
