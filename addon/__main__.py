"""``python -m addon VERB …``: the command line where bpy is a module, or without it."""

import sys

from .cli import execute

if __name__ == "__main__":
    sys.exit(execute(sys.argv[1:]))
