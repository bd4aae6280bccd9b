"""The verbs and their options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from ..tracking.errors import InputError
from . import footage, sessions, shots
from .common import (
    PROGRAM,
    json_option,
    require_option,
    scripts_option,
    session_options,
)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with a call in one line."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}; see '{self.prog} --help'")


class _Version(argparse.Action):
    """Says which add-on in which Blender this is, and ends; what that takes is loaded only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from ..tracking.session.versions import blender_version, product_version

        with suppress(ImportError):
            import bpy  # noqa: F401  # asked for its version where it is there
        blender = blender_version()
        print(f"Tracked Shot {product_version()}{f', Blender {blender}' if blender else ', without Blender'}")
        parser.exit()


def parser_of_verbs() -> argparse.ArgumentParser:
    """What reads a call; each verb's function is in ``run``. Raises InputError on a wrong call."""
    parser = _Parser(prog=PROGRAM, description="From a filmed plate to a tracked, composited shot.")
    parser.add_argument(
        "--version",
        action=_Version,
        nargs=0,
        help="tell the version of the add-on, and of Blender where it is there",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)

    def verb(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        made.set_defaults(run=run)
        return made

    _verbs_on_shots(verb)
    _verbs_on_sessions(verb)
    _verbs_on_footage(verb)
    return parser


Verb = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
"""Adds a verb by name, function and what it does; gives its parser."""


def _verbs_on_shots(verb: Verb) -> None:
    made = verb("assemble", shots.assemble, "track, solve and build a shot, and save the .blend")
    made.add_argument("shot", metavar="SHOT.yaml")
    made.add_argument(
        "--blend", metavar="OUT.blend", help="where to save (the shot's name beside the shot file)"
    )
    made.add_argument("--from", dest="start", metavar="STAGE", help="run this stage and all after it anew")
    made.add_argument("--dry-run", action="store_true", help="only say what would be done, and why")
    scripts_option(made)
    session_options(made)
    json_option(made)

    made = verb("render", shots.render, "render the composited frames of a shot or a .blend")
    made.add_argument("file", metavar="FILE", help="a shot file or a .blend")
    made.add_argument("--frames", metavar="A-B", help="scene frames, as 1-24 or 1,12,24 (the scene's range)")
    made.add_argument("--output", metavar="DIR", required=True)
    made.add_argument("--format", choices=("png", "exr", "mp4"), default=None)
    made.add_argument("--all", action="store_true", help="render frames that are finished, too")
    scripts_option(made)
    session_options(made)

    made = verb("validate", shots.validate, "tell all that is wrong with a shot file")
    made.add_argument("shot", metavar="SHOT.yaml")
    json_option(made)


def _verbs_on_sessions(verb: Verb) -> None:
    made = verb("status", sessions.status, "tell what each session holds and where it would go on")
    made.add_argument("session", metavar="SESSION_OR_DIR")
    json_option(made)

    made = verb("report", sessions.report, "tell what a session's solve is worth, with plots and pictures")
    made.add_argument("session", metavar="SESSION_OR_DIR", help="of a folder the newest session")
    made.add_argument(
        "--html", metavar="FILE", help="write a page (beside the session where nothing is named)"
    )
    made.add_argument("--markdown", metavar="FILE", help="write a report for people")
    json_option(made)

    made = verb("tracks", sessions.tracks, "write a session's 2D tracks as text for other programs")
    made.add_argument("session", metavar="SESSION")
    made.add_argument("--out", metavar="FILE", required=True)
    made.add_argument("--format", choices=("text", "3de"), default="text", help="one line a marker (text)")
    made.add_argument("--all", action="store_true", help="those that are switched off, too")
    made.add_argument("--first", type=int, default=1, metavar="N", help="number of the first frame (1)")

    made = verb("resume", sessions.resume, "go on with an interrupted session")
    made.add_argument("session", metavar="SESSION")
    made.add_argument("--footage", metavar="FILE_OR_DIR", help="where the footage lies now")
    made.add_argument("--mask", metavar="PICTURE", help="where the mask lies now")
    json_option(made)
    require_option(made)

    made = verb("merge", sessions.merge, "join two sessions of one clip into a third")
    made.add_argument("one", metavar="ONE")
    made.add_argument("other", metavar="OTHER")
    made.add_argument("--output", metavar="OUT", help="the session to write (beside the first)")

    made = verb("recover", sessions.recover, "save what can be read of a damaged session into a new one")
    made.add_argument("session", metavar="SESSION")
    made.add_argument("--output", metavar="OUT", help="the session to write (beside the damaged one)")

    made = verb("cleanup", sessions.cleanup, "delete old sessions that are done")
    made.add_argument("folder", metavar="DIR")
    made.add_argument("--days", type=float, default=30.0, help="nothing written for so long (30)")
    made.add_argument("--keep", type=int, default=5, help="the newest so many always stay (5)")
    made.add_argument("--unfinished", action="store_true", help="those that are not done, too")
    made.add_argument("--dry-run", action="store_true", help="only say which")


def _verbs_on_footage(verb: Verb) -> None:
    verb("presets", footage.presets, "list the tracking and composite presets")

    made = verb("track", sessions.track, "track and solve a clip without a Blender scene")
    made.add_argument("footage", metavar="FOOTAGE")
    made.add_argument("--preset", default=None, help="a tracking preset (balanced)")
    made.add_argument("--frames", metavar="A-B", help="footage frames, first and last")
    made.add_argument(
        "--mask", metavar="PICTURE", help="a picture, or a sequence's first file, white where not to track"
    )
    session_options(made)
    json_option(made)

    made = verb("stmap", footage.stmap, "write the ST-maps of a solved lens")
    made.add_argument("source", metavar="SOURCE", help="a shot file, a .blend or a session")
    made.add_argument("--undistort", metavar="U.exr", help="the map that straightens the plate")
    made.add_argument("--distort", metavar="D.exr", help="the map that bends the CG to the plate")
    made.add_argument(
        "--overscan",
        metavar="auto|none|SHARE",
        default="auto",
        help="how far the straight picture reaches beyond the plate (auto: as far as is needed)",
    )
    made.add_argument("--zip", action="store_true", help="pack the files: smaller, but slower to write")
    made.add_argument("--bits", type=int, default=32, help=argparse.SUPPRESS)
    made.add_argument("--session-dir", metavar="DIR", help="where a shot's session lies")
    json_option(made)

    made = verb(
        "even-copy", footage.even_copy, "make a lossless, evenly timed copy of a clip that Blender misreads"
    )
    made.add_argument("footage", metavar="FOOTAGE")
    made.add_argument("--output", metavar="OUT", help="the movie to write (beside the footage)")
