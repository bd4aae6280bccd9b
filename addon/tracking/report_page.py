"""A session's solve as one HTML page that needs nothing beside it: no script, no font, no other file.

The verdict in words, the numbers, plots, a few frames with the tracks on them, the worst tracks.
What is not known is said, not left out: a session without a camera, or without its footage, has a page, too.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import cv2
import numpy as np

from .engine.footage import Footage, Picture
from .engine.lens import named_coefficients
from .engine.model import Floats, Solve, Tracks
from .engine.verdict import LEAST_RAY_DEGREES
from .errors import FootageError
from .files import write_atomically
from .solve_facts import (
    FrameFacts,
    advice,
    coverage,
    frame_facts,
    ray_angles,
    seen_from_above,
    used_tracks,
    why_unused,
)
from .svg_plots import Line, bars, frame_plot, picture_map, plan_view

PICTURE_WIDTH = 1100
"""Pictures are made no wider than this, in pixels."""
JPEG_QUALITY = 80
TRAIL = 12
"""Frames of a track's way that are drawn behind it."""
WORST_TRACKS = 20
MOST_EXAMPLES = 3
ERROR_STEPS_PX = (0.1, 0.2, 0.4, 0.8)
"""Where a track's mean error, in a frame 960 pixels wide, comes to the next colour."""
ERROR_COLOURS = ("#2ee6d6", "#a6ec5b", "#ffd93b", "#ff9a3c", "#ff4d4d")
REASON_COLOURS = ("#ff7bf2", "#9db4ff", "#ffffff", "#c79bff", "#8fd3ff")
"""Of crosses, for the reasons why tracks are switched off, the most frequent one first."""

VERDICTS = {
    "good": "Good: build on this camera.",
    "usable": "Usable: the camera holds, with the limits named here.",
    "poor": "Poor: do not trust this camera before the faults named here are mended.",
    "failed": "Failed: this is no camera for the shot.",
}
NO_SOLVE = "No camera"
MOTIONS = {
    "general": "it travels and turns",
    "turns": "it turns where it stands, as on a tripod",
    "still": "it stands still",
}
"""The kinds of move that have words of their own; others are shown as the solve calls them."""


@dataclass(frozen=True)
class SolvePage:
    """What a page is made of."""

    title: str
    tracks: Tracks
    solve: Solve | None
    first: int
    last: int
    """Footage frames of the range that was to be tracked, both included."""
    state: str = ""
    """Where a session without a camera stands, or why it failed: one sentence."""
    unfinished: bool = False
    """True where tracking has not come to the end of the range."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """Further lines of the table of numbers: name, value."""
    footage: Footage | None = None
    """Where the pictures come from; None where there are none to be had."""
    no_footage: str = ""
    """Why there are no pictures."""


def write_page(page: SolvePage, path: Path | str) -> None:
    """Writes the page, as a whole or not at all; raises InputError where it cannot be written."""
    write_atomically(Path(path), page_html(page))


def page_html(page: SolvePage) -> str:
    """The whole page."""
    facts = frame_facts(page.tracks, page.solve, page.first, page.last)
    angles = ray_angles(page.tracks, page.solve) if page.solve is not None else np.empty(0)
    sections = [
        _verdict(page),
        _numbers(page, angles),
        _plots(page, facts, angles),
        _pictures(page, facts),
        _worst_tracks(page),
        _switched_off(page),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(page.title)}: solve</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(page.title)}</h1>\n"
        + "\n".join(part for part in sections if part)
        + "\n</main>\n</body>\n</html>\n"
    )


# --- words and numbers -------------------------------------------------------


def _verdict(page: SolvePage) -> str:
    solve = page.solve
    verdict = solve.verdict if solve is not None else "none"
    words = (
        VERDICTS.get(verdict, verdict)
        if solve is not None
        else f"{NO_SOLVE}: {page.state or 'nothing was solved yet'}."
    )
    lines = [
        f'<section class="verdict {escape(verdict, quote=True)}">',
        f"<p><strong>{escape(words)}</strong></p>",
    ]
    if solve is not None and page.state:
        lines.append(f"<p>{escape(_sentence(page.state))}</p>")
    reasons = solve.reasons if solve is not None else []
    helps = advice(page.tracks, solve, page.first, page.last, unfinished=page.unfinished)
    if said := dict.fromkeys([*reasons, *helps]):
        lines.append(f"<ul>{_items(list(said))}</ul>")
    return "".join([*lines, "</section>"])


def _numbers(page: SolvePage, angles: Floats) -> str:
    rows: dict[str, str] = {}
    solve, tracks = page.solve, page.tracks
    wanted = page.last - page.first + 1
    if solve is not None:
        error = solve.average_error
        rows["Average error"] = f"{error:.3f} px" if math.isfinite(error) else "not known"
        rows["Focal length"] = _focal(solve)
        rows["Frames with a camera"] = f"{len(solve.frames)} of {wanted}"
        rows["Camera's move"] = MOTIONS.get(solve.motion.lower(), solve.motion.replace("_", " "))
        rows["Tracks that hold it"] = f"{len(solve.points)} of {tracks.count}"
        if len(angles):
            rows["Parallax"] = f"half of the points are seen under more than {np.median(angles):.1f}°"
        if len(solve.frames):
            rows["Keyframes"] = f"{solve.keyframes[0]} and {solve.keyframes[1]}"
        rows["Lens"] = _lens(solve)
    else:
        rows["Frames to solve"] = str(wanted)
        rows["Tracks"] = f"{int(tracks.enabled.sum())} in use of {tracks.count}"
    rows["Markers"] = str(len(tracks.track))
    rows.update(page.facts)
    body = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows.items()
    )
    return f'<section><h2>Numbers</h2><table class="facts">{body}</table></section>'


def _focal(solve: Solve) -> str:
    focal = solve.lens.focal_length_mm
    if not math.isfinite(focal):
        return "not known"
    text = f"{focal:.3f} mm"
    if solve.focal_interval_mm is not None:
        low, high = solve.focal_interval_mm
        text += f", with 95% between {low:.3f} and {high:.3f} mm"
    if len(solve.frame_focals_px):
        each = solve.frame_focals_px * solve.lens.sensor_width_mm / solve.lens.width
        text += f"; it zooms from {each[0]:.2f} to {each[-1]:.2f} mm"
    return text


def _lens(solve: Solve) -> str:
    lens = solve.lens
    terms = [f"{name} {value:.6f}" for name, value in named_coefficients(lens).items()]
    if lens.principal is not None:
        terms.append("axis at {:.1f}, {:.1f} px".format(*lens.principal))
    return f"{lens.model.lower()}, {', '.join(terms)}, sensor {lens.sensor_width_mm:g} mm wide"


def _items(texts: list[str]) -> str:
    return "".join(f"<li>{escape(_sentence(text))}</li>" for text in texts)


def _sentence(text: str) -> str:
    """The text with a capital at its start and a stop at its end."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


# --- plots -------------------------------------------------------------------


def _plots(page: SolvePage, facts: FrameFacts, angles: Floats) -> str:
    if not len(page.tracks.track):
        return ""
    low = [
        _error_plot(facts),
        _tracks_plot(facts, solved=page.solve is not None),
        _focal_plot(facts),
        _uncertainty("Camera's place", facts.position, facts, "% of the path"),
        _uncertainty("Camera's rotation", facts.rotation, facts, "degrees"),
        _parallax(angles),
    ]
    high = [_coverage(page.tracks, page.solve), _path(page.solve) if page.solve is not None else ""]
    rows = "".join(f'<div class="plots">{"".join(row)}</div>' for row in (low, high))
    return f"<section><h2>Plots</h2>{rows}</section>"


def _error_plot(facts: FrameFacts) -> str:
    title = "Reprojection error per frame, px"
    drawing = frame_plot(title, facts.first, [Line("error", facts.errors)], "px", digits=3)
    return _figure(drawing, title if np.isfinite(facts.errors).all() else f"{title}; shaded: no camera")


def _tracks_plot(facts: FrameFacts, *, solved: bool) -> str:
    used = "hold the camera" if solved else "are in use"
    title = f"Tracks per frame: those that {used} (line), all (dashed)"
    lines = [Line("in use", facts.used), Line("all", facts.tracks, "line2")]
    return _figure(frame_plot(title, facts.first, lines, "tracks", digits=0, worst=False), title)


def _coverage(tracks: Tracks, solve: Solve | None) -> str:
    title = "Where tracks are in the picture: in what share of the frames a track in use is there"
    return _figure(picture_map(title, coverage(tracks, solve), "of the frames have a track here"), title)


def _figure(drawing: str, caption: str, style: str = "plot") -> str:
    if not drawing:
        return ""
    return f'<figure class="{style}"><figcaption>{escape(caption)}</figcaption>{drawing}</figure>'


def _uncertainty(what: str, values: Floats, facts: FrameFacts, unit: str) -> str:
    if not len(values):
        return ""
    title = f"{what}, how sure: one standard deviation"
    drawing = frame_plot(title, facts.first, [Line("uncertainty", values)], unit, digits=4)
    return _figure(drawing, f"{title}, {unit}")


def _focal_plot(facts: FrameFacts) -> str:
    if not len(facts.focal):
        return ""
    title = "Focal length per frame, mm"
    lines = [Line("focal length", facts.focal)]
    return _figure(frame_plot(title, facts.first, lines, "mm", digits=3, from_zero=False), title)


def _path(solve: Solve) -> str:
    title = "The camera's path and the points, seen from above; the dot is the first frame"
    return _figure(plan_view(title, *seen_from_above(solve)), title)


def _parallax(angles: Floats) -> str:
    if not len(angles):
        return ""
    widest = max(float(angles.max()), 2 * LEAST_RAY_DEGREES)
    step = next(size for size in (0.5, 1, 2, 5, 10, 20) if widest / size <= 16 or size == 20)
    edges = np.arange(0, widest + step, step)
    counts = np.histogram(angles, edges)[0]
    title = "Parallax: points by the angle under which the cameras see them, degrees"
    return _figure(bars(title, edges, counts, "degrees", "points"), title)


# --- pictures ----------------------------------------------------------------


def _pictures(page: SolvePage, facts: FrameFacts) -> str:
    heading = "<h2>Frames</h2>"
    if page.footage is None:
        why = page.no_footage or "the footage is not there"
        return f"<section>{heading}<p>{escape(_sentence(f'No pictures: {why}'))}</p></section>"
    painter = _Painter(page)
    figures, troubles = [], []
    for frame, names in chosen_frames(facts).items():
        try:
            picture = page.footage.picture(frame)
        except FootageError as trouble:
            troubles.append(f"<p>{escape(_sentence(f'Frame {frame} cannot be shown: {trouble}'))}</p>")
            continue
        error = facts.errors[frame - facts.first]
        about = f"Frame {frame}, {' and '.join(names)}"
        about += (
            f": {error:.3f} px" if np.isfinite(error) else ": no camera" if page.solve is not None else ""
        )
        about += f", {facts.used[frame - facts.first]:.0f} tracks in use"
        figures.append(_figure(painter.draw(frame, picture), about, "frame"))
    legend = [painter.legend()] if figures else []
    return "".join(["<section>", heading, *legend, *figures, *troubles, "</section>"])


def chosen_frames(facts: FrameFacts) -> dict[int, list[str]]:
    """The footage frames that are shown, ascending, with what each is: first, middle, last, worst.

    The worst has the largest error; where there is no camera, it is the one with the fewest tracks in use.
    """
    count = len(facts.used)
    errors = facts.errors
    worst = int(np.nanargmax(errors)) if np.isfinite(errors).any() else int(np.argmin(facts.used))
    name = "the largest error" if np.isfinite(errors).any() else "the fewest tracks"
    found: dict[int, list[str]] = {}
    for at, what in (
        (0, "the first"),
        ((count - 1) // 2, "the middle"),
        (count - 1, "the last"),
        (worst, name),
    ):
        found.setdefault(facts.first + at, []).append(what)
    return dict(sorted(found.items()))


class _Painter:
    """Draws tracks over pictures, coloured alike in all of them."""

    def __init__(self, page: SolvePage) -> None:
        self.tracks, self.solve = page.tracks, page.solve
        self.scale = max(1.0, max(page.tracks.width, page.tracks.height) / 960)
        self.used = used_tracks(page.tracks, page.solve)
        self.why = why_unused(page.tracks, page.solve)
        self.errors = np.full(page.tracks.count, np.nan)
        if page.solve is not None:
            self.errors[page.solve.point_tracks] = page.solve.point_errors
        reasons, counts = np.unique([why for why in self.why if why], return_counts=True)
        ordered = [str(reasons[at]) for at in np.argsort(-counts, kind="stable")]
        self.colours = {
            why: REASON_COLOURS[min(number, len(REASON_COLOURS) - 1)] for number, why in enumerate(ordered)
        }

    def draw(self, frame: int, picture: Picture) -> str:
        """The picture as JPEG within an SVG, with the tracks of that frame on it."""
        tracks = self.tracks
        width, height = tracks.width, tracks.height
        size = 0.0045 * max(width, height)
        parts = [
            f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="frame {frame} with its tracks">'
            f'<image width="{width}" height="{height}" href="{_jpeg(picture)}"/>'
            f'<g fill="none" stroke-width="{size / 3:.2f}">'
        ]
        bounds = tracks.bounds()
        rows = np.flatnonzero(tracks.frame == frame)
        # Those that are switched off first, so that the others lie above them.
        for row in rows[np.argsort(self.used[tracks.track[rows]], kind="stable")]:
            track = int(tracks.track[row])
            x, y = tracks.xy[row, 0], height - tracks.xy[row, 1]
            if self.used[track]:
                colour = self._error_colour(self.errors[track])
                before = slice(max(int(bounds[track]), int(row) - TRAIL), int(row) + 1)
                way = " ".join(f"{at[0]:.1f},{height - at[1]:.1f}" for at in tracks.xy[before])
                parts.append(
                    f'<g stroke="{colour}"><title>{escape(self._title(track))}</title>'
                    f'<polyline points="{way}" stroke-opacity="0.6"/>'
                    f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}"/></g>'
                )
            else:
                arm = 0.7 * size
                parts.append(
                    f'<g stroke="{self.colours[self.why[track]]}"><title>{escape(self._title(track))}</title>'
                    f'<path d="M{x - arm:.1f} {y - arm:.1f}l{2 * arm:.1f} {2 * arm:.1f}m0 {-2 * arm:.1f}'
                    f'l{-2 * arm:.1f} {2 * arm:.1f}"/></g>'
                )
        return "".join([*parts, "</g></svg>"])

    def legend(self) -> str:
        """What the colours mean."""
        entries = []
        if self.solve is not None:
            limits = [0.0, *(self.scale * step for step in ERROR_STEPS_PX), math.inf]
            for colour, low, high in zip(ERROR_COLOURS, limits, limits[1:]):
                text = f"{low:.2g} to {high:.2g} px" if math.isfinite(high) else f"{low:.2g} px and more"
                entries.append(f'<span><i class="ring" style="border-color:{colour}"></i>{text}</span>')
        else:
            entries.append(f'<span><i class="ring" style="border-color:{ERROR_COLOURS[0]}"></i>in use</span>')
        for why, colour in self.colours.items():
            entries.append(f'<span><i class="cross" style="color:{colour}">×</i>{escape(why)}</span>')
        return f'<p class="legend">{"".join(entries)}</p>'

    def _title(self, track: int) -> str:
        said = self.why[track]
        if not said:
            error = self.errors[track]
            said = f"{error:.3f} px" if np.isfinite(error) else "in use"
        return f"{self.tracks.names[track]}: {said}"

    def _error_colour(self, error: float) -> str:
        return ERROR_COLOURS[sum(error >= self.scale * step for step in ERROR_STEPS_PX)]


def _jpeg(picture: Picture) -> str:
    """The picture, no wider than PICTURE_WIDTH, as a data address."""
    height, width = picture.shape[:2]
    if width > PICTURE_WIDTH:
        size = (PICTURE_WIDTH, max(1, round(height * PICTURE_WIDTH / width)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise FootageError("the picture cannot be made a JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")


# --- tables ------------------------------------------------------------------


def _worst_tracks(page: SolvePage) -> str:
    solve, tracks = page.solve, page.tracks
    if solve is None or not len(solve.points):
        return ""
    bounds = tracks.bounds()
    sure = len(solve.depth_sigmas) == len(solve.points)
    rows = []
    for at in np.argsort(-np.nan_to_num(solve.point_errors), kind="stable")[:WORST_TRACKS]:
        track = int(solve.point_tracks[at])
        frames = tracks.frame[bounds[track] : bounds[track + 1]]
        cells = [tracks.names[track], f"{solve.point_errors[at]:.3f}", *_span(frames)]
        if sure:
            away = np.linalg.norm(solve.points[at] - solve.cameras[:, :3, 3].mean(axis=0))
            cells.append(f"{100 * solve.depth_sigmas[at] / away:.2f}%" if away > 0 else "")
        rows.append(cells)
    names = ["Track", "Error, px", "Frames", "Markers", *(["Depth, how sure"] if sure else [])]
    return f"<section><h2>Worst tracks in use</h2>{_table(names, rows)}</section>"


def _switched_off(page: SolvePage) -> str:
    """Reasons with how many tracks each, and the longest of them."""
    tracks = page.tracks
    why = why_unused(tracks, page.solve)
    if not any(why):
        return ""
    bounds, lengths = tracks.bounds(), tracks.lengths()
    by_reason: dict[str, list[int]] = {}
    for track, reason in enumerate(why):
        if reason:
            by_reason.setdefault(reason, []).append(track)
    rows = []
    for reason, members in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        longest = sorted(members, key=lambda track: -int(lengths[track]))[:MOST_EXAMPLES]
        examples = []
        for track in longest:
            frames = tracks.frame[bounds[track] : bounds[track + 1]]
            examples.append(f"{tracks.names[track]} ({_span(frames)[0]})")
        markers = int(lengths[members].sum())
        rows.append(
            [
                reason,
                str(len(members)),
                f"{len(members) / tracks.count:.0%}",
                str(markers),
                ", ".join(examples),
            ]
        )
    names = ["Reason", "Tracks", "Share", "Markers", "The longest"]
    return f"<section><h2>Switched off</h2>{_table(names, rows)}</section>"


def _span(frames: np.ndarray) -> list[str]:
    """First and last frame, and how many, as texts."""
    if not len(frames):
        return ["", "0"]
    return [f"{frames[0]} to {frames[-1]}", str(len(frames))]


def _table(names: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


STYLE = """
:root { color-scheme: light dark; --back: #fbfbfa; --card: #ffffff; --ink: #1d2126; --dim: #5b636e;
  --rule: #dfe2e6; --line: #1f6fb5; --gap: #f3d3d0; --good: #1f7a4a; --usable: #2467a8; --poor: #a35a00;
  --failed: #b3261e; --none: #5b636e; }
@media (prefers-color-scheme: dark) { :root { --back: #16181b; --card: #1f2226; --ink: #e6e8ea;
  --dim: #a2abb5; --rule: #383d44; --line: #6db3f2; --gap: #4a2b2a; --good: #62cf94;
  --usable: #7fb8f0; --poor: #f0a94e; --failed: #ff8a80; --none: #a2abb5; } }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 26px; margin: 0 0 16px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 28px 0 10px; }
.verdict { border-left: 6px solid var(--none); border-radius: 4px; background: var(--card);
  padding: 12px 18px; }
.verdict strong { font-size: 18px; color: var(--none); }
.verdict.good { border-color: var(--good); } .verdict.good strong { color: var(--good); }
.verdict.usable { border-color: var(--usable); } .verdict.usable strong { color: var(--usable); }
.verdict.poor { border-color: var(--poor); } .verdict.poor strong { color: var(--poor); }
.verdict.failed { border-color: var(--failed); } .verdict.failed strong { color: var(--failed); }
.verdict p { margin: 4px 0; } .verdict h2 { margin: 14px 0 4px; font-size: 15px; }
ul { margin: 4px 0; padding-left: 22px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 4px 18px 4px 0;
  border-bottom: 1px solid var(--rule); }
th { font-weight: 600; color: var(--dim); white-space: nowrap; }
td { overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 18px;
  align-items: start; margin-bottom: 18px; }
figure { margin: 0 0 18px; }
.plots figure { margin: 0; background: var(--card); padding: 10px; border-radius: 4px; }
figcaption { color: var(--dim); font-size: 13px; margin-bottom: 6px; }
svg { display: block; width: 100%; height: auto; max-height: 92vh; }
svg text { fill: var(--dim); font-size: 12px; } .right { text-anchor: end; } .middle { text-anchor: middle; }
.axis { stroke: var(--rule); } .gap { fill: var(--gap); } .touch { fill: transparent; }
.touch:hover { fill: var(--line); fill-opacity: 0.15; }
.line, .line2 { fill: none; stroke: var(--line); stroke-width: 1.8; }
.line2 { stroke: var(--dim); stroke-dasharray: 4 3; stroke-width: 1.3; }
.point { fill: var(--dim); fill-opacity: 0.55; } .start { fill: var(--line); }
.bar, .heat { fill: var(--line); } .empty { fill: var(--rule); fill-opacity: 0.5; }
.legend { background: #24272b; color: #f2f3f4; padding: 8px 12px; border-radius: 4px; font-size: 13px; }
.legend span { display: inline-block; margin-right: 18px; white-space: nowrap; }
.ring { display: inline-block; width: 8px; height: 8px; border: 2px solid; border-radius: 50%;
  margin-right: 6px; }
.cross { font-style: normal; font-weight: 700; margin-right: 6px; }
"""
