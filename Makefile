# make demo       build the example shot and say where the pictures are
# make test       pure and Blender tests on bpy 4.5
# make test-all   the same on bpy 4.2, 4.5, 5.0 and on desktop Blender 4.3 and 5.2 where found
# make dist       one extension zip a platform in dist/ (PLATFORM=linux-x64 for one)
# make lint       ruff and mypy
# make format     lay out the code as `make lint` wants it
# make clean      remove all that these made, environments included
#
# On a machine with only Python 3.11 each of them sets up what it needs, in .envs/.

PYTHON := $(shell for python in python3.11 python3; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	&& echo "$$python" && break; done)
PLATFORM ?=
PYTEST ?=
export PYTEST

.PHONY: demo test test-all dist lint format clean env python

demo: env
	.envs/bpy-4.5/bin/python examples/demo.py

test: env
	$(PYTHON) tools/run_matrix.py bpy-4.5 "--pytest=$$PYTEST"

test-all: python
	$(PYTHON) tools/run_matrix.py --all "--pytest=$$PYTEST"

dist: python
	$(PYTHON) tools/build.py $(PLATFORM)

lint: python
	$(PYTHON) tools/environments.py lint
	.envs/lint/bin/ruff check .
	.envs/lint/bin/ruff format --check .
	.envs/lint/bin/mypy

format: python
	$(PYTHON) tools/environments.py lint
	.envs/lint/bin/ruff check --fix-only --quiet .
	.envs/lint/bin/ruff format .

env: python
	$(PYTHON) tools/environments.py bpy-4.5

python:
	@test -n "$(PYTHON)" || { \
		echo "Python 3.11 is needed (Blender's Python modules run on no other). Install it with:" >&2; \
		echo "  apt-get update && apt-get install -y python3.11 python3.11-venv" >&2; exit 1; }

clean:
	rm -rf .envs .cache .reports dist out .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
