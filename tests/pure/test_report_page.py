"""The page of a solve: whole in itself, well formed, and saying what is so."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from addon import cli
from addon.tracking.engine.findings import TABLE, frames_text, mark
from addon.tracking.engine.footage import open_footage
from addon.tracking.engine.model import Lens, Solve, Tracks
from addon.tracking.engine.verdict import marks_of
from addon.tracking.errors import InputError
from addon.tracking.report import ShotReport, quality_section, solve_section
from addon.tracking.report_page import SolvePage, chosen_frames, page_html, write_page
from addon.tracking.session import create_session, export_session_report, load_session, run_session
from addon.tracking.session.report import session_page
from addon.tracking.solve_facts import (
    advice,
    coverage,
    focal_text,
    frame_facts,
    ray_angles,
    seen_from_above,
    why_unused,
)
from addon.tracking.svg_plots import Line, frame_plot, frame_ticks, nice_ticks, plan_view, ticks_between
from tests import drawn

FRAMES = 20
WIDTH, HEIGHT = 320, 180


class Reader(HTMLParser):
    """Which elements there are, what stands in them, whether each is closed, and every address named."""

    VOID = {"meta", "br", "img", "link", "hr"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.counts: Counter[str] = Counter()
        self.addresses: list[str] = []
        self.classes: Counter[str] = Counter()
        self.said: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open
        self.text = " ".join(" ".join(self.said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] += 1
        for name, value in attrs:
            if name in ("href", "src", "xlink:href", "srcset", "action"):
                self.addresses.append(value or "")
            if name == "class":
                self.classes.update((value or "").split())
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, (tag, self.open[-5:])
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.said.append(data)


def make_tracks(count: int = 30, frames: int = FRAMES) -> Tracks:
    rng = np.random.default_rng(3)
    starts = rng.uniform([10, 10], [WIDTH - 10, HEIGHT - 10], (count, 2))
    track = np.repeat(np.arange(count), frames)
    frame = np.tile(np.arange(1, frames + 1), count)
    xy = starts[track] + np.stack([0.2 * frame, 0.1 * frame], 1)
    names = [f"Auto {number:05}" for number in range(count)]
    reasons = [""] * (count - 2) + ["too short", "moves <or> slipped"]
    return Tracks(WIDTH, HEIGHT, frames, track.astype(np.int32), frame.astype(np.int32), xy, names, reasons)


def make_solve(tracks: Tracks, frames: int = FRAMES) -> Solve:
    used = np.flatnonzero(tracks.enabled).astype(np.int32)
    cameras = np.tile(np.eye(4), (frames, 1, 1))
    cameras[:, 0, 3] = np.linspace(-1, 1, frames)
    points = np.stack(
        [np.linspace(-2, 2, len(used)), np.linspace(-1, 1, len(used)), np.full(len(used), -5.0)], 1
    )
    errors = np.full(frames, 0.1)
    errors[13] = 0.9
    return Solve(
        lens=Lens(focal_px=300.0, width=WIDTH, height=HEIGHT),
        frames=np.arange(1, frames + 1, dtype=np.int32),
        cameras=cameras,
        points=points,
        point_tracks=used,
        point_errors=np.linspace(0.05, 1.2, len(used)),
        frame_errors=errors,
        average_error=0.14,
        keyframes=(3, 12),
        verdict="usable",
        reasons=["frames 14: something & nothing <b>"],
        focal_interval_mm=(33.0, 34.5),
    )


def make_page(**changes: object) -> SolvePage:
    tracks = make_tracks()
    page = SolvePage("hero <shot>", tracks, make_solve(tracks), 1, FRAMES, no_footage="it is on another disk")
    return replace(page, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "walls.avi"
    drawn.draw_clip(path, frames=24)
    return path


@pytest.fixture(scope="module")
def session_file(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    session = create_session(clip, "walls", directory=tmp_path_factory.mktemp("session"))
    for _ in run_session(session):
        pass
    return session.path


def test_the_page_is_whole_and_asks_for_nothing() -> None:
    page = Reader(page_html(make_page()))
    assert page.addresses == []
    assert not {"script", "link", "iframe", "img", "object"} & set(page.counts)
    assert page.counts["h1"] == page.counts["title"] - page.counts["title"] + 1
    assert "url(" not in page_html(make_page()) and "http" not in page_html(make_page())
    assert "prefers-color-scheme: dark" in page_html(make_page())


def test_verdict_numbers_and_help_are_said() -> None:
    page = Reader(page_html(make_page()))
    assert page.text.count("hero <shot>") == 2
    for words in (
        "Usable: the camera holds",
        "Frames 14: something & nothing <b>.",
        "0.140 px",
        "33.750 mm, with 95% between 33.000 and 34.500 mm",
        "20 of 20",
        "28 of 30",
        "3 and 12",
        "No pictures: it is on another disk.",
        "moves <or> slipped",
    ):
        assert words in page.text, words
    assert page.classes["usable"] == 1


def test_worst_tracks_come_first_with_their_errors() -> None:
    text = Reader(page_html(make_page())).text
    assert text.index("Auto 00027 1.200 1 to 20 20") < text.index("Auto 00026 1.157")
    assert "Auto 00000" not in text[text.index("Worst tracks") : text.index("Switched off")]


def test_uncertainty_is_shown_where_the_solve_has_it() -> None:
    page = make_page()
    assert page.solve is not None
    assert "how sure" not in page_html(page)
    sure = replace(
        page.solve,
        position_sigmas=np.full(FRAMES, 0.004),
        rotation_sigmas=np.full(FRAMES, np.radians(0.02)),
        depth_sigmas=np.full(len(page.solve.points), 0.05),
    )
    text = Reader(page_html(replace(page, solve=sure))).text
    assert "Camera's place, how sure: one standard deviation, % of the path" in text
    assert "frame 5: uncertainty 0.2000 % of the path" in text  # 0.004 of a path 2 long
    assert "frame 5: uncertainty 0.0200 degrees" in text
    assert "Depth, how sure" in text


def test_without_a_camera_the_page_says_so_and_why() -> None:
    page = Reader(page_html(make_page(solve=None, state="no two frames see enough of the same points")))
    assert "No camera: no two frames see enough of the same points." in page.text
    assert "28 in use of 30" in page.text and "Worst tracks" not in page.text
    empty = Tracks(WIDTH, HEIGHT, FRAMES, np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, 2)), [])
    bare = Reader(page_html(make_page(tracks=empty, solve=None)))
    assert "Nothing to follow in the picture" in bare.text and bare.counts["svg"] == 0


def test_a_failed_solve_with_missing_cameras_is_shown() -> None:
    page = make_page()
    assert page.solve is not None
    part = replace(
        page.solve,
        verdict="failed",
        reasons=[mark("failed", "missing", frames_text([*range(8, 21)])).text],
        frames=page.solve.frames[:7],
        cameras=page.solve.cameras[:7],
        frame_errors=page.solve.frame_errors[:7],
    )
    read = Reader(page_html(replace(page, solve=part)))
    assert read.classes["failed"] == 1 and read.classes["gap"] == 1
    assert "No camera in frames 8 to 20; add tracks" in read.text and "7 of 20" in read.text


def test_pictures_hold_the_tracks_of_their_frame(clip: Path, session_file: Path) -> None:
    page = session_page(load_session(session_file))
    text = page_html(page)
    read = Reader(text)
    frames = chosen_frames(frame_facts(page.tracks, page.solve, 1, 24))
    assert {1, 12, 24} <= set(frames) and read.counts["image"] == len(frames) == read.classes["frame"]
    assert all(address.startswith("data:image/jpeg;base64,") for address in read.addresses)
    assert page.solve is not None
    rows = page.tracks.frame == 12
    used = np.isin(page.tracks.track[rows], page.solve.point_tracks)
    drawing = next(part for part in text.split("<svg") if "frame 12 with its tracks" in part)
    svg = ElementTree.fromstring("<svg" + drawing[: drawing.index("</svg>") + 6])
    assert len(svg.findall(".//circle")) == used.sum() > 20
    assert len(svg.findall(".//path")) == (~used).sum()
    # The picture is frame 12 of the footage, and a circle lies where its track does.
    image = svg.find(".//image")
    assert image is not None
    data = np.frombuffer(base64.b64decode(image.get("href", "").partition(",")[2]), np.uint8)
    true = open_footage(clip).picture(12).astype(float)
    assert np.abs(cv2.imdecode(data, cv2.IMREAD_COLOR) - true).mean() < 6
    track = int(page.tracks.track[rows][used][0])
    x, y = page.tracks.xy[rows][used][0]
    circle = next(
        group.find("circle")
        for group in svg.iter("g")
        if group.findtext("title", "").startswith(f"{page.tracks.names[track]}:")
    )
    assert circle is not None
    assert (float(circle.get("cx", "")), float(circle.get("cy", ""))) == pytest.approx((x, 270 - y), abs=0.06)


def test_missing_or_other_footage_is_said(clip: Path, session_file: Path, tmp_path: Path) -> None:
    moved = tmp_path / "walls.tracksession"
    moved.write_bytes(session_file.read_bytes())
    session = load_session(moved)
    before = moved.read_bytes()
    known = dict(session.about["footage"])
    session.change_about("test", footage={**known, "path": str(tmp_path / "gone.avi"), "relative": ""})
    assert "gone.avi: no such file" in Reader(page_html(session_page(session))).text
    drawn.draw_clip(tmp_path / "gone.avi", frames=5)
    now = moved.read_bytes()
    assert "gone.avi is not the footage that was tracked" in Reader(page_html(session_page(session))).text
    assert now != before and moved.read_bytes() == now  # a report changes nothing in the session


def test_export_goes_by_the_files_name(session_file: Path, tmp_path: Path) -> None:
    session = load_session(session_file)
    page = export_session_report(session, tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert export_session_report(session, tmp_path / "r.md").read_text(encoding="utf-8").startswith("# walls")
    with pytest.raises(InputError, match="cannot be written"):
        write_page(make_page(), tmp_path / "none" / "r.html")


def test_the_verb(session_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "s"
    folder.mkdir()
    (folder / "walls.tracksession").write_bytes(session_file.read_bytes())
    assert cli.main(["report", str(folder)]) == 0
    assert (folder / "walls.html").is_file() and "solve: " in capsys.readouterr().out
    targets = {"--html": tmp_path / "a.htm", "--markdown": tmp_path / "a.md", "--json": tmp_path / "a.json"}
    options = [str(part) for pair in targets.items() for part in pair]
    assert cli.main(["report", str(folder / "walls.tracksession"), *options]) == 0
    assert all(target.is_file() for target in targets.values())
    assert cli.main(["report", str(tmp_path / "none")]) == 2
    assert cli.main(["report", str(tmp_path)]) == 2
    assert cli.main(["report", str(folder), "--html", str(tmp_path / "no" / "such" / "a.html")]) in (1, 2)
    assert "error" in capsys.readouterr().err


def test_a_session_that_only_began_has_a_page(clip: Path, tmp_path: Path) -> None:
    session = create_session(clip, "begun", directory=tmp_path)
    read = Reader(page_html(session_page(session)))
    assert "No camera: the session has not begun. " in read.text
    assert "Tracking is not done; resume the session." in read.text
    assert read.counts["image"] == 3  # the footage is there to be seen all the same


def test_advice_follows_what_is_measured() -> None:
    tracks = make_tracks(60)
    solve = make_solve(tracks)
    depth = solve.points + np.random.default_rng(2).normal(0, 0.3, solve.points.shape)  # off one plane
    good = replace(solve, points=depth, frame_errors=np.full(FRAMES, 0.1), focal_interval_mm=(33.7, 33.8))

    def said(tracks: Tracks, solve: Solve) -> str:
        reasons = [found.text for found in marks_of(solve, tracks, 1, FRAMES)]
        return "\n".join(advice(tracks, replace(solve, reasons=reasons), 1, FRAMES))

    assert said(tracks, good) == ""
    unsure = replace(good, focal_interval_mm=(32.0, 35.0))
    assert said(tracks, unsure) == "the focal length is unsure: 32.0 to 35.0 mm; give it under Lens Known"
    still = replace(good, cameras=np.tile(np.eye(4), (FRAMES, 1, 1)))
    assert "depth is a guess; a longer move would tell it" in said(tracks, still)
    assert "depth" not in said(tracks, replace(still, motion="turns"))
    few = tracks.subset(np.arange(60) < 8)
    weak = replace(make_solve(few), frame_errors=np.full(FRAMES, 0.1))
    assert "8 points on average in frames 1 to 20; add tracks there by hand" in said(few, weak)
    assert "least on the right" in said(replace(tracks, xy=tracks.xy * [0.3, 1.0]), good)
    none = replace(tracks, reasons=["too short"] * 59 + ["blurred"])
    (line,) = advice(none, None, 1, FRAMES)
    assert line.startswith("none of the 60 tracks could be used (most of them: too short); denoise")


def test_every_finding_is_short_and_says_what_is_wrong() -> None:
    for code, (what, helps) in TABLE.items():
        assert len(what) <= 75 and len(helps) <= 85 and "; " not in what + helps, code
        assert what[0] in "{abcdefghijklmnopqrstuvwxyz" and not what.endswith(".") and "{" not in helps, code


def test_the_facts_are_right() -> None:
    tracks = make_tracks(3)
    solve = make_solve(tracks)
    assert why_unused(tracks, solve) == ["", "too short", "moves <or> slipped"]
    angles = ray_angles(tracks, solve)
    point = solve.points[0]
    ends = [point - [-1, 0, 0], point - [1, 0, 0]]
    true = np.degrees(np.arccos(ends[0] @ ends[1] / np.linalg.norm(ends[0]) / np.linalg.norm(ends[1])))
    assert angles[0] == pytest.approx(true, rel=1e-6)
    one = replace(tracks, xy=np.tile([WIDTH - 1.0, HEIGHT - 1.0], (60, 1)))
    shares = coverage(one, None)
    assert shares[0, -1] == 1.0 and shares.sum() == 1.0  # top right corner, in all frames
    upright = replace(one, width=HEIGHT, height=WIDTH, xy=one.xy[:, ::-1])
    assert coverage(upright, None).shape == (16, 9) and coverage(upright, None)[0, -1] == 1.0
    assert any("tracks cover 8%" in said for said in advice(upright, None, 1, FRAMES))


def test_plots_of_long_clips_stay_small_and_keep_the_worst() -> None:
    values = np.full(5000, 0.1)
    values[3210] = 2.5
    text = frame_plot("errors", 1, [Line("error", values)], "px")
    ElementTree.fromstring(text)
    assert len(text) < 120_000 and "frames 3207 to 3220: error 2.50 px" in text
    values[1000:2000] = np.nan
    broken = frame_plot("errors", 1, [Line("error", values)], "px")
    assert broken.count("<polyline") == 2 and broken.count('class="gap"') == 1
    assert frame_plot("none", 1, [Line("error", np.full(9, np.nan))], "px") == ""


@pytest.mark.parametrize("top", [1e-9, 0.06, 0.25, 1.0, 3.0, 7.5, 144.0, 123456.0])
def test_ticks_are_round_and_reach_the_top(top: float) -> None:
    ticks = nice_ticks(top)
    assert ticks[0] == 0 and ticks[-1] >= top * (1 - 1e-9) and 2 <= len(ticks) <= 5
    frames = frame_ticks(7, 7 + int(top))
    assert frames[0] == 7 and frames == sorted(set(frames)) and len(frames) <= 11


def test_a_zoom_has_its_focal_length_per_frame() -> None:
    page = make_page()
    assert page.solve is not None
    zoom = replace(page.solve, frame_focals_px=np.linspace(300, 360, FRAMES))
    text = Reader(page_html(replace(page, solve=zoom))).text
    assert "it zooms from 33.75 to 40.50 mm" in text
    assert "frame 20: focal length 40.500 mm" in text
    assert "Focal length per frame" not in Reader(page_html(page)).text


def test_the_view_from_above() -> None:
    tracks = make_tracks()
    solve = make_solve(tracks)
    path, points = seen_from_above(solve)
    assert np.allclose(path[:, 0], np.linspace(-1, 1, FRAMES)) and np.allclose(path[:, 1], 0)
    assert np.allclose(points[:, 1], 5)  # in front of the camera is up on the page
    far = np.concatenate([points, [[1e6, 1e6]]])
    drawing = ElementTree.fromstring(plan_view("view", path, far))
    places = [(float(c.get("cx", "")), float(c.get("cy", ""))) for c in drawing.iter("circle")]
    assert all(0 <= x <= 720 and 0 <= y <= 400 for x, y in places) and len(places) > 20
    assert np.ptp([x for x, _ in places]) > 100  # one point far away does not make a speck of the rest
    assert plan_view("view", np.zeros((0, 2)), points) == ""


def test_a_solve_of_nothing_has_a_page() -> None:
    page = make_page()
    assert page.solve is not None
    none = replace(
        page.solve,
        lens=replace(page.solve.lens, focal_px=float("nan")),
        frames=np.zeros(0, np.int32),
        cameras=np.zeros((0, 4, 4)),
        points=np.zeros((0, 3)),
        point_tracks=np.zeros(0, np.int32),
        point_errors=np.zeros(0),
        frame_errors=np.zeros(0),
        average_error=float("nan"),
        focal_interval_mm=None,
        verdict="failed",
    )
    text = Reader(page_html(replace(page, solve=none))).text
    assert "Failed: this is no camera" in text and " nan" not in text
    assert "0 of 20" in text and "not known" in text


@pytest.mark.parametrize(("low", "high"), [(33.7, 40.5), (35.0, 35.0), (-2.0, 3.0), (24.999, 25.001)])
def test_a_scale_between_two_numbers_holds_both(low: float, high: float) -> None:
    ticks = ticks_between(low, high)
    assert ticks[0] <= low + 1e-9 and ticks[-1] >= high - 1e-9 and 2 <= len(ticks) <= 7


def test_the_report_for_programs_says_how_far_to_trust(session_file: Path, tmp_path: Path) -> None:
    session = load_session(session_file)
    values = json.loads(export_session_report(session, tmp_path / "r.json").read_text(encoding="utf-8"))[
        "solve"
    ]
    solve, tracks = session.solve(), session.tracks()
    assert solve is not None
    assert values["tracks_used"] == len(solve.points) == len(values["track_errors_px"])
    assert values["tracks_used"] + sum(values["tracks_unused"].values()) == tracks.count
    assert values["parallax_degrees"] == pytest.approx(np.median(ray_angles(tracks, solve)), abs=0.01)
    assert 0.3 < values["coverage"] <= 1 and values["motion"] == solve.motion
    assert (values["position_sigmas_percent"] is None) == (len(solve.position_sigmas) == 0)

    page = make_page()
    assert page.solve is not None
    sure = replace(page.solve, position_sigmas=np.full(FRAMES, 0.004))
    section = {**solve_section(sure, 1.0), **quality_section(page.tracks, sure, 1, FRAMES)}
    assert section["focal_interval_mm"] == [33.0, 34.5]
    assert section["position_sigmas_percent"]["5"] == 0.2 and section["rotation_sigmas_degrees"] is None
    assert section["tracks_unused"] == {"moves <or> slipped": 1, "too short": 1}
    text = ShotReport("hero", solve=section).to_markdown()
    assert "Camera's move: general" in text and text.count("- frames 14: something & nothing <b>") == 1
    assert "Focal length: 33.75 mm (between 33.0 and 34.5)" in text


def test_the_focal_length_is_said_with_how_sure_it_is() -> None:
    lens = Lens(800.0, 960, 540)
    none = np.zeros(0)
    solve = Solve(lens, none.astype(np.int32), none, none, none.astype(np.int32), none, none, 0.1, (1, 2))
    assert focal_text(solve) == "30.00 mm, as given"
    assert focal_text(replace(solve, focal_interval_mm=(29.9, 30.1))) == "30.00 ± 0.10 mm"
    assert focal_text(replace(solve, focal_interval_mm=(0.0, np.inf))) == "30.00 mm, not told"
    assert focal_text(replace(solve, frame_focals_px=np.array([800.0, 1000.0]))) == "zooms, 30.0 to 37.5 mm"
