"""The command line: ``blender --command tracked_shot VERB …`` and ``python -m addon VERB …``.

Exit status: 0 done, 1 the job failed, 2 the input or the call is wrong, 3 done, but the solve is worse than
``--require`` asks, 130 or 143 interrupted with everything saved. Errors are one line each on
standard error; results go to standard output.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

from ..tracking.errors import Cancelled, TrackedShotError
from .common import say_error
from .parser import parser_of_verbs


def main(arguments: Sequence[str]) -> int:
    """Runs one verb; returns the exit status."""
    from ..tracking.session.worker import Interrupted, raise_on_signals

    raise_on_signals()
    try:
        options = parser_of_verbs().parse_args(list(arguments))
        return int(options.run(options))
    except Cancelled as stop:
        say_error(str(stop))
        return stop.exit_status
    except TrackedShotError as error:
        say_error(str(error))
        return error.exit_status
    except Interrupted as stop:
        say_error("interrupted; all finished steps are saved")
        return stop.exit_status
    except BrokenPipeError:
        return 1


def execute(arguments: Sequence[str]) -> int:
    """What ``blender --command tracked_shot`` calls; NumPy is loaded after this."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the worker, for the same reasons
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    status = main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    return status
