"""All that can be said against a solve: one table of codes, words and what helps.

The verdict, the panel, the report and the page say it in these words. They are short, since a sidebar is
narrow; what helps comes after a semicolon.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .model import Floats, Ints, Tracks

VERDICTS = ("good", "usable", "poor", "failed")

FEW_POINTS = 12
"""A camera that rests on fewer points is weak."""
TELLING = 10
"""Markers of a track that is long enough to tell whether it moves by itself."""
MANY_MOVERS = 0.6
"""Share of those that do not fit one still world."""

CUT_SHARE = 0.5
"""There may be a cut where fewer of the tracks go on into the next frame,"""
CUT_LEAST = 40
"""which has so many new ones, and as many were there before,"""
CUT_BESIDE = 0.8
"""while more go on in the frames beside."""

TABLE: dict[str, tuple[str, str]] = {
    "still": ("the camera stands still: no depth, and the given {} mm are kept", ""),
    "still_movers": (
        "the camera stands still, and {} of the tracks move",
        "there is no move to solve",
    ),
    "turns": ("the camera only turns: solved as on a tripod, without depth", ""),
    "turns_little": ("the camera turns by {} degrees only: its lens is a guess", "give it under Lens Known"),
    "parallax": ("points are seen under {} degrees only: depth is a guess", "a longer move would tell it"),
    "planar": ("nearly all points lie in one plane", "CG away from it is less sure"),
    "place": ("the camera's place is unsure in {}", "add tracks there, near and far"),
    "axis": (
        "the lens's axis seems to meet the picture at {}, {} px, not in the middle",
        "switch on Find Principal Point",
    ),
    "focal_unlikely": ("a focal length of {} mm is unlikely", "give it under Lens Known"),
    "focal_untold": (
        "the footage does not tell the focal length: {} mm stay",
        "give it under Lens Known",
    ),
    "focal_unsure": ("the focal length is unsure: {} to {} mm", "give it under Lens Known"),
    "focal_source": ("the focal length of {} mm is from the {}", ""),
    "error": ("average error {} px", "mask what moves, switch off the worst tracks"),
    "short": ("{} frames only: little to check the camera by", ""),
    "missing": ("no camera in {}", "add tracks that reach in from frames with one"),
    "covered": ("no camera in {}: there the lens is covered, or the picture blank", ""),
    "parts": ("the clip falls apart: {} share no points", "add 8 tracks across by hand"),
    "cut": ("most tracks end at once after {}: is there a cut?", "solve one side of it alone"),
    "few": ("{} points on average in {}", "add tracks there by hand"),
    "worse": ("errors far above the rest in {}", "look for blur, mask what moves"),
    "movers": ("{} of {} tracks do not fit one still world", "mask what moves"),
    "shutter": ("rolling shutter: {} take {} of a frame", "CG is exact in the middle of the picture only"),
    "unfinished": ("tracking is not done", "resume the session"),
    "nothing": (
        "nothing to follow in the picture: it is black, blank or out of focus",
        "try a denser preset, or tracks by hand",
    ),
    "unused": (
        "none of the {} tracks could be used (most of them: {})",
        "denoise or brighten the footage, try the preset handheld, or set tracks by hand",
    ),
    "coverage": ("tracks cover {} of the picture{}", "add some where it is empty and nothing moves"),
}
"""By code what is wrong, with places for numbers, and what helps; empty where nothing does."""


@dataclass(frozen=True)
class Mark:
    """A finding on a solve."""

    level: str
    """The best verdict that is left with it."""
    code: str
    what: str
    help: str

    @property
    def text(self) -> str:
        """Both in a line."""
        return f"{self.what}; {self.help}" if self.help else self.what


def mark(level: str, code: str, *values: object) -> Mark:
    """The finding of that code with the values in their places."""
    what, helps = TABLE[code]
    return Mark(level, code, what.format(*values), helps)


def frames_text(frames: list[int], most: int = 6) -> str:
    """Ascending frame numbers as "frame 3" or "frames 3, 7 to 9 and 2 more"."""
    runs: list[list[int]] = []
    for number in frames:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    said = ", ".join(str(a) if a == b else f"{a} to {b}" for a, b in runs[:most])
    more = len(runs) - most
    text = f"frame {said}" if len(frames) == 1 else f"frames {said}"
    return f"{text} and {more} more" if more > 0 else text


def few_points(frames: Ints, counts: Floats) -> Iterator[Mark]:
    """Where the camera rests on too few points: frames (n,) and how many each has (n,)."""
    few = counts < FEW_POINTS
    if few.any():
        yield mark("usable", "few", f"{counts[few].mean():.0f}", frames_text(frames[few].tolist()))


def movers(tracks: Tracks) -> Iterator[Mark]:
    """Whether most of the tracks that are long enough to tell do not fit one still world."""
    telling = tracks.lengths() >= TELLING
    moving = telling & np.array(["move" in reason for reason in tracks.reasons], bool)
    if moving.sum() > MANY_MOVERS * max(int(telling.sum()), 1):
        yield mark("usable", "movers", int(moving.sum()), int(telling.sum()))


def cuts(tracks: Tracks) -> Iterator[Mark]:
    """Where most tracks end from one frame to the next and others begin, all being well on both sides."""
    size = tracks.frames + 2
    seen = np.bincount(tracks.frame, minlength=size)
    begins = np.bincount(tracks.frame[np.flatnonzero(np.diff(tracks.track, prepend=-1))], minlength=size)
    go_on = (np.diff(tracks.track) == 0) & (np.diff(tracks.frame) == 1)
    on = np.bincount(tracks.frame[:-1][go_on], minlength=size)
    share = on[:-1] / np.maximum(np.minimum(seen[:-1], seen[1:]), 1)  # of each frame and the next
    cut = (share < CUT_SHARE) & (seen[:-1] >= CUT_LEAST) & (begins[1:] >= CUT_LEAST)
    cut[1:-1] &= (share[:-2] > CUT_BESIDE) & (share[2:] > CUT_BESIDE)
    if cut.any():
        yield mark("usable", "cut", frames_text(np.flatnonzero(cut).tolist()))
