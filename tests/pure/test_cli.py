"""The command line without Blender: what it prints, and how bad input ends."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from addon import cli
from addon.cli import common
from addon.tracking import exr
from addon.tracking.errors import InputError
from addon.tracking.session import TrackingSessionManager, list_sessions
from tests import drawn

REPOSITORY = Path(__file__).resolve().parents[2]


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "addon", *map(str, arguments)],
        cwd=cwd or REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def files_in(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def shot_file(folder: Path, footage: str = "walls.avi", more: str = "") -> Path:
    path = folder / "shot.yaml"
    path.write_text(f"shot:\n  footage:\n    file: {footage}\n{more}")
    return path


def test_validate_writes_what_is_wrong_as_json(clip: Path, tmp_path: Path) -> None:
    shot = shot_file(tmp_path, "gone.avi", "  trackin: {}\n  tracking: {preset: fsat}\n")
    report = tmp_path / "report.json"
    done = run("validate", shot, "--json", report)
    assert done.returncode == 2
    values = json.loads(report.read_text())
    assert [(row["line"], row["column"]) for row in values["errors"]] == [(4, 3), (5, 22)]
    assert [
        f"{row['file']}:{row['line']}:{row['column']}: error: {row['message']}" for row in values["errors"]
    ] == (done.stderr.splitlines())
    assert run("validate", shot_file(tmp_path, clip.as_posix()), "--json", report).returncode == 0
    assert json.loads(report.read_text())["errors"] == []


def test_tracking_a_clip_needs_no_blender(clip: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = run("track", clip, "--session-dir", tmp_path, "--json", report, "--require", "good")
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
    assert "solve: good" in done.stdout
    values = json.loads(report.read_text())
    assert values["version"] == 1
    assert values["tracking"]["frames_tracked"] == 40
    assert values["tracking"]["resumed_at"] is None
    assert values["solve"]["frames_solved"] == 40
    assert values["solve"]["focal_length_mm"] == pytest.approx(30.0, rel=2e-3)
    listed = run("status", tmp_path, "--json", tmp_path / "status.json")
    assert "solved, 100%" in listed.stdout
    assert json.loads((tmp_path / "status.json").read_text())["sessions"][0]["status"] == "solved"
    again = run("track", clip, "--session-dir", tmp_path)
    assert again.returncode == 0
    assert len(list(tmp_path.glob("*.tracksession"))) == 1


def test_a_run_that_was_cut_short_is_gone_on_with(clip: Path, tmp_path: Path) -> None:
    started = subprocess.Popen(
        [sys.executable, "-m", "addon", "track", str(clip), "--session-dir", str(tmp_path)],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    from addon.tracking.session import load_session

    while started.poll() is None:
        sessions = list_sessions(tmp_path)
        if sessions and load_session(sessions[0]).tracked_to() >= 10:
            break
    started.terminate()
    _, said = started.communicate(timeout=60)
    assert started.returncode == 143
    assert "all finished steps are saved" in said
    report = tmp_path / "report.json"
    done = run("resume", list_sessions(tmp_path)[0], "--json", report)
    assert done.returncode == 0
    assert json.loads(report.read_text())["tracking"]["resumed_at"] >= 10


BAD_SHOTS = {
    "missing": ("gone.avi", "", "3:11: error: footage.file: there is no such file"),
    "zero bytes": ("empty.mp4", "", "3:11: error: footage.file: "),
    "a text": ("text.mp4", "", "3:11: error: footage.file: "),
    "a wrong key": ("walls.avi", "  composit:\n    mode: over_footage\n", "4:3: error: "),
    "a range outside": ("walls.avi", "    frame_range: [1, 900]\n", "4:18: error: footage.frame_range: "),
    "a range backwards": ("walls.avi", "    frame_range: [9, 2]\n", "4:18: error: footage.frame_range: "),
}


@pytest.mark.parametrize("name", BAD_SHOTS)
def test_a_bad_shot_is_one_line_with_its_place(name: str, clip: Path, tmp_path: Path) -> None:
    footage, more, expected = BAD_SHOTS[name]
    (tmp_path / "walls.avi").write_bytes(clip.read_bytes())
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("not a movie\n" * 50)
    shot = shot_file(tmp_path, footage, more)
    before = files_in(tmp_path)
    done = run("validate", shot)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stderr.startswith(f"{shot}:{expected}")
    assert files_in(tmp_path) == before


def test_a_good_shot_is_said_to_be_good(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "walls.avi").write_bytes(clip.read_bytes())
    done = run("validate", shot_file(tmp_path))
    assert (done.returncode, done.stdout.strip().endswith("nothing wrong")) == (0, True)


BAD_CALLS = {
    "no verb": [],
    "an unknown verb": ["polish"],
    "no footage": ["track", "gone.mp4"],
    "an unknown preset": ["track", "gone.mp4", "--preset", "balancd"],
    "a range that is none": ["track", "gone.mp4", "--frames", "one-two"],
    "a missing shot": ["validate", "gone.yaml"],
    "a missing session": ["resume", "gone.tracksession"],
    "no session folder": ["status", "gone"],
    "the status of a clip": ["status", "README.md"],
    "the report of a shot": ["report", "examples/first_shot/shot.yaml"],
    "the tracks of a shot": ["tracks", "examples/first_shot/shot.yaml", "--out", "gone.txt"],
    "a recovery of a shot": ["recover", "examples/first_shot/shot.yaml"],
    "a render of nothing": ["render", "gone.blend", "--output", "out"],
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_a_bad_call_is_one_line_and_status_2(
    name: str, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    status = cli.main(BAD_CALLS[name])
    said = capsys.readouterr()
    assert status == 2
    assert len(said.err.strip().splitlines()) == 1
    assert "error: " in said.err
    assert not said.out


def test_the_version_is_that_of_the_manifest() -> None:
    version = tomllib.loads((REPOSITORY / "blender_manifest.toml").read_text())["version"]
    script = "import sys; sys.modules['bpy'] = None; from addon import cli; sys.exit(cli.main(['--version']))"
    call = [sys.executable, "-c", script]
    done = subprocess.run(call, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, f"Tracked Shot {version}, without Blender\n")


def test_presets_are_listed(capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["presets"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("tracking: balanced: ") for line in lines)
    assert any(line.startswith("composite: over_footage: ") for line in lines)


def test_frames_are_read_as_ranges_and_lists() -> None:
    assert common.parse_frames("1-3,7,2") == [1, 2, 3, 7]
    for text in ("", "a", "5-2", "1,,2"):
        with pytest.raises(InputError):
            common.parse_frames(text)


def test_progress_is_one_line_on_a_terminal_and_lines_now_and_then_in_a_log(monkeypatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen, log = Terminal(), io.StringIO()
    for stream in (screen, log):
        with common.Progress(stream) as progress:
            for frame in range(1, 101):
                progress.show(frame / 100, "Tracking", frame)
    assert screen.getvalue().count("\n") == 1
    assert screen.getvalue().count("\r") == 100
    assert log.getvalue().splitlines() == ["  1% Tracking, frame 1", "100% Tracking, frame 100"]


def test_a_solve_worse_than_required_ends_with_3(capsys: pytest.CaptureFixture) -> None:
    assert common.required("good", "good") == 0
    assert common.required("usable", "good") == 0
    assert common.required(None, "failed") == 0
    assert common.required("good", "usable") == 3
    assert common.required("usable", None) == 3
    assert "not usable" in capsys.readouterr().err


def test_an_even_copy_has_every_frame(clip: Path, tmp_path: Path) -> None:
    from addon.tracking.engine.footage import open_footage

    done = run("even-copy", clip, "--output", tmp_path / "copy.avi")
    assert done.returncode == 0
    assert open_footage(tmp_path / "copy.avi").count == 40


def test_stmaps_of_a_session_and_of_its_shot(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "walls.avi").write_bytes(clip.read_bytes())
    shot = shot_file(tmp_path)
    maps = ("--undistort", tmp_path / "u.exr", "--distort", tmp_path / "d.exr")
    early = run("stmap", shot, *maps)
    assert early.returncode == 2
    assert "has no session in" in early.stderr and len(early.stderr.splitlines()) == 1
    assert run("track", tmp_path / "walls.avi").returncode == 0
    done = run("stmap", shot, *maps, "--json", tmp_path / "r.json")
    assert (done.returncode, done.stderr) == (0, "")
    assert "there and back 0.000" in done.stdout and f"saved: {tmp_path / 'd.exr'}" in done.stdout
    report = json.loads((tmp_path / "r.json").read_text())["stmap"]
    assert report["plate_size"] == [480, 270]
    assert report["round_trip"]["largest_px"] < 0.001
    header = exr.read_header(tmp_path / "u.exr")
    assert [exr.width(header.data_window), exr.height(header.data_window)] == report["straight_size"]
    session = list_sessions(tmp_path)[0]
    again = run("stmap", session, "--distort", tmp_path / "d2.exr", "--overscan", "auto")
    assert again.returncode == 0
    assert (tmp_path / "d2.exr").read_bytes() == (tmp_path / "d.exr").read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "name a file to write"),
        (("--distort", "d.png"), "must end in .exr"),
        (("--distort", "d.exr", "--overscan", "lots"), "'lots' is no overscan"),
        (("--distort", "d.exr", "--overscan", "1.5"), "'1.5' is no overscan"),
        (("--distort", "d.exr", "--bits", "16"), "not written as half floats: 16 bits place a pixel"),
    ],
)
def test_stmap_calls_that_are_wrong(
    options: tuple[str, ...], message: str, whole: TrackingSessionManager, tmp_path: Path
) -> None:
    done = run("stmap", whole.path, *(str(tmp_path / o) if o.startswith("d.") else o for o in options))
    assert done.returncode == 2
    assert message in done.stderr and len(done.stderr.splitlines()) == 1
    assert files_in(tmp_path) == set()


def test_track_needs_no_bpy(tmp_path: Path) -> None:
    clip, report = tmp_path / "walls.avi", tmp_path / "report.json"
    drawn.draw_clip(clip, frames=12, width=240, height=136)
    script = (
        "import sys; sys.modules['bpy'] = None\n"  # importing it raises ImportError, as where it is not there
        "from addon import cli\n"
        "status = cli.main(sys.argv[1:])\n"
        "loaded = [name for name in sys.modules if name.startswith('addon.tracking.blender')]\n"
        "sys.exit(status if not loaded else f'loaded {loaded}')\n"
    )
    call = [sys.executable, "-c", script, "track", str(clip), "--preset", "fast", "--json", str(report)]
    done = subprocess.run(call, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(report.read_text())["tracking"]["tracks"] > 20
    refused = subprocess.run(
        [sys.executable, "-c", script, "assemble", str(tmp_path / "none.yaml")],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert refused.returncode == 2 and "Traceback" not in refused.stderr
