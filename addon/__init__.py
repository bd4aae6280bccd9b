"""Tracked Shot: from a filmed plate to a tracked, composited shot."""

from __future__ import annotations


def register() -> None:
    """Adds operators, panels, properties and the command line to Blender."""
    from . import registration

    registration.register()


def unregister() -> None:
    """Takes everything back, last first."""
    from . import registration

    registration.unregister()
