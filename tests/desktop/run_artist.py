"""An artist with eyes, mouse and keyboard goes from the zip to a rendered frame, and survives a crash.

    python tests/desktop/run_artist.py [--version 5.2] [--pictures DIR] [--zip ZIP] [--guide]

Real clicks on words that are read off the screen (screen.py), in a desktop Blender with a clean user folder;
the add-on is never called from Python. Installs the zip through the Preferences, opens the clip, picks a
preset, Track & Solve, models on meanwhile, kills Blender and the worker in mid-track, opens the file again,
Resume, Set Up Shot, a composite preset, Render. The rendered frame is compared with the plate by pixels. A
picture of each step is kept. Ends with 0 where all of it was right; what is missing is named
and skipped.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tools"))
sys.path.insert(0, str(Path(__file__).parent))

import environments  # noqa: E402

# screen.py needs NumPy and OpenCV, which the Python that starts this may not have.
OURS = environments.make("bpy-4.5")
if Path(sys.prefix).resolve() != OURS.resolve():
    os.execv(environments.python_of(OURS), [str(environments.python_of(OURS)), *sys.argv])

from blenders import DESKTOP_VERSIONS, Desktop, find_desktop, own_environment  # noqa: E402
from run_ui import built_zip  # noqa: E402
from screen import SIZE, Box, NotSeenError, Screen, missing_tools, until  # noqa: E402

EXAMPLE = REPOSITORY / "examples" / "first_shot" / "footage" / "yard.mp4"
GUIDE = REPOSITORY / "docs" / "guide" / "images"
GUIDE_PAGE = REPOSITORY / "docs" / "guide" / "first-shot.md"
TOP = Box(0, 18, SIZE[0], 32)
"""Blender's menus and workspace tabs, below the window's title."""
SIDEBAR, TABS = Box(1310, 60, 265, 910), Box(1560, 40, 40, 700)
"""Of an editor that fills the window."""
STRIP = 60
"""Height of the row of buttons below a file window."""
EDITED_TEXT, EDITED_NUMBER = 27, 50
"""A field of Blender's dark theme is darker than this while it is written in."""
TIMES = 3
"""How often the clip plays there and back: tracking it has to take as long as what is done meanwhile."""
THERE_AND_BACK = """
import sys, cv2
film, frames = cv2.VideoCapture(sys.argv[1]), []
while (read := film.read())[0]:
    frames.append(read[1])
size = frames[0].shape[1::-1]
out = cv2.VideoWriter(sys.argv[2], cv2.VideoWriter_fourcc(*"HFYU"), film.get(cv2.CAP_PROP_FPS), size)
for frame in (frames + frames[-2:0:-1]) * int(sys.argv[3]):
    out.write(frame)
out.release()
"""
COMPOSITOR_HEADER = Box(0, 40, SIZE[0], 470)
"""It is somewhere there in the workspace Compositing."""
OWN = "BLENDER_USER_RESOURCES", "MESA_SHADER_CACHE_DIR"
VIEW = (1010, 190)
"""A spot in the 3D view of the workspace Motion Tracking."""
NODES = (600, 650)
"""A spot in the node editor of the workspace Compositing, in every version."""
STILL_SECONDS = 5
"""A render whose picture has not changed for so long is done."""
COMPARE = """
import sys, cv2, numpy as np
plate = cv2.VideoCapture(sys.argv[1]).read()[1].astype(int)
frame = cv2.imread(sys.argv[2]).astype(int)
assert frame.shape == plate.shape, (frame.shape, plate.shape)
away = abs(frame - plate).max(2)
same, changed, hedge = (away <= 1).mean(), (away > 24).mean(), (away[:40, :600] <= 1).mean()
print(f"{same:.1%} of the pixels are the plate's, {changed:.1%} are CG and its shadow")
assert hedge > 0.99 and same > 0.6 and 0.005 < changed < 0.4
"""
PROPERTIES, RENDER_TAB = Box(1350, 200, 250, 780), (1339, 294)


def longer_clip(folder: Path) -> Path:
    """The example there and back again, so that there is time for other things while it is tracked."""
    target = folder / "yard.avi"
    subprocess.run([sys.executable, "-c", THERE_AND_BACK, str(EXAMPLE), str(target), str(TIMES)], check=True)
    return target


class Artist:
    """Somebody at the screen."""

    def __init__(self, screen: Screen, desktop: Desktop, folder: Path, package: Path) -> None:
        self.screen, self.desktop, self.folder, self.package = screen, desktop, folder, package
        self.clip = longer_clip(folder)
        self.blend = folder / "artist.blend"
        self.frame = folder / "frame.png"
        self.guide: Path | None = None
        """Where the pictures for the guide go."""
        self.samples = "8"
        """Of the rendered frame; more where the picture is to be shown."""
        self.blender: subprocess.Popen[bytes] | None = None
        self.steps = 0

    def picture(self, name: str) -> None:
        """A numbered picture of this step."""
        self.steps += 1
        self.screen.hover((SIZE[0] // 2, 8))
        seen = self.screen.picture(f"{self.desktop.version}-{self.steps:02d}-{name}")
        if self.guide is not None and f"images/{name}.jpg" in GUIDE_PAGE.read_text(encoding="utf-8"):
            self.guide.mkdir(parents=True, exist_ok=True)
            for_page = [str(seen), "-resize", "1000x", "-quality", "80", str(self.guide / f"{name}.jpg")]
            subprocess.run(["convert", *for_page], check=True)

    def start_blender(self, *arguments: str) -> None:
        """Blender from its icon, or from a file that is opened with it."""
        command = [*self.desktop.background, "--window-geometry", "0", "0", *map(str, SIZE), *arguments]
        log, user = self.folder / "blender.log", self.folder / "user"
        user.mkdir(exist_ok=True)
        own = own_environment(user)
        self.blender = self.screen.start(command, log, **{name: own[name] for name in OWN})
        self.screen.window("Blender")
        self.screen.wait_for("Window Help", "Modeling", box=TOP)

    def leave_splash(self) -> None:
        """Blender's greeting away."""
        self.screen.click((SIZE[0] // 3, SIZE[1] - 230))
        self.screen.key("Escape")

    # --- one thing after another ---

    def install(self) -> None:
        """The zip, through the Preferences."""
        screen = self.screen
        screen.click_on("Edit", TOP)
        screen.click_on("Preferences", Box(50, 20, 400, 400))
        window = screen.window("Preferences")
        screen.click_until("Get Extensions", window, ("Repositories",), window)
        arrow = window.x + window.width - 19, screen.find("Repositories", window).middle[1]
        screen.click(arrow)
        screen.click_on("Install from Disk", Box(arrow[0] - 190, arrow[1], 390, 300))
        self.choose_file(self.package)
        screen.wait_for("Tracked Shot", box=window, seconds=90)
        if screen.sees("Continue Offline", box=window):  # Blender asks that before it lists what is there
            screen.click_on("Continue Offline", window)
            screen.wait_for("Tracked Shot", box=window, seconds=30)
        self.picture("installed")
        screen.click((window.x + window.width // 2, window.y - 10))
        screen.key("alt+F4")

    def quit(self) -> None:
        """Ctrl Q; Blender keeps its preferences when it ends by itself."""
        assert self.blender is not None
        for seconds in (15, 15, 30):  # where another window has just gone, the first key may be lost
            self.screen.hover((SIZE[0] // 3, SIZE[1] // 2))
            self.screen.key("ctrl+q")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.blender.wait(seconds)
                return
        raise NotSeenError("Blender does not end")

    def choose_file(self, path: Path) -> None:
        """In Blender's file window: folder, name, the button."""
        screen = self.screen

        def beside(word: str, right: int, *, top: int = 0, height: int = STRIP) -> tuple[int, int]:
            """A spot so far right of a word of the window, wherever that lies by now."""
            for _ in range(5):  # it may be there, and not be drawn
                window = screen.window("Blender File View")
                strip = Box(window.x, window.y + (top or window.height - height), window.width, height)
                with contextlib.suppress(NotSeenError):
                    place = screen.find(word, strip)
                    return place.x + right, place.middle[1]
            raise NotSeenError(f"the file window shows no {word!r}")

        def folder() -> tuple[int, int]:
            x, y = beside("Date Modified", -150, top=40, height=2 * STRIP)
            return x, y - 40

        self.fill_in(folder, f"{path.parent}/")
        self.fill_in(lambda: beside("Cancel", -150), path.name)
        for _ in range(3):  # a first click may only end what was typed
            screen.click(beside("Cancel", 160))
            if screen.closed("Blender File View", 3):
                return
        raise NotSeenError("the file window does not close")

    def fill_in(
        self,
        where: Callable[[], tuple[int, int]],
        text: str,
        times: int = 1,
        edited: int = EDITED_TEXT,
    ) -> None:
        """A field: what stood there is replaced. A number wants two clicks."""
        for _ in range(5):  # the first click may only wake a window, or end what was typed before
            spot = where()
            self.screen.click(spot, times=times)
            seen = self.screen.look(Box(spot[0] - 30, spot[1] - 4, 60, 8))
            if sum(value < edited for value in seen) > len(seen) / 3:
                break
        else:
            raise NotSeenError(f"the field at {spot} cannot be written in")
        self.screen.key("ctrl+a")
        self.screen.type(text)
        self.screen.key("Return")

    def open_workspace(self) -> None:
        """Blender's own workspace for motion tracking."""
        screen = self.screen
        last = screen.find("Scripting", TOP)
        menu = Box(last.x - 110, 20, 500, 400)
        for _ in range(4):  # a first click may only wake the window
            screen.click((last.x + last.width + 24, last.middle[1]))
            if screen.sees("VFX", box=menu):
                break
        screen.click_on("VFX", menu)
        screen.click_on("Motion Tracking", Box(last.x - 110, 20, SIZE[0] - last.x + 110, 500))
        time.sleep(1)

    def open_clip(self) -> None:
        """The clip, by the button in the editor's header; the editor then fills the window."""
        screen = self.screen
        screen.click_on("Open", Box(400, 300, 500, 60))
        self.choose_file(self.clip)
        screen.wait_for("yard avi", box=Box(400, 300, 500, 60))
        self.fill_window()
        self.open_tab()
        screen.wait_for("Set Scene Rate", box=SIDEBAR)
        self.picture("clip")
        screen.click_on("Set Scene Rate", SIDEBAR)
        screen.wait_for("The footage is fine", box=SIDEBAR)

    def fill_window(self) -> None:
        """Ctrl Space over the Clip Editor: it fills the window, or goes back to its place."""
        self.screen.hover((SIZE[0] // 2, 600))
        self.screen.key("ctrl+space")
        time.sleep(1)

    def open_tab(self) -> None:
        """Our tab in the sidebar; a click on the open one would close it."""
        if self.screen.sees("Track & Solve", "Composite", box=SIDEBAR):
            return
        self.screen.click(self.screen.find("Tracked Shot", TABS, turned=270))
        time.sleep(0.5)

    def save(self) -> None:
        """Ctrl S, and a name."""
        self.screen.key("ctrl+s")
        self.choose_file(self.blend)
        until(self.blend.is_file, 20, "the file is saved")

    def choose(self, old: str, new: str, sign: str) -> None:
        """Another preset than ``old``; ``sign`` stands in the new one's description."""
        for _ in range(3):  # a first click may only wake the window
            spot = self.screen.click_on(old, SIDEBAR)
            time.sleep(0.5)
            self.screen.click_on(new, Box(spot.x - 60, 30, 260, SIZE[1] - 60))
            time.sleep(0.5)
            if self.screen.sees(sign, box=SIDEBAR):
                return
            self.screen.key("Escape")
        raise NotSeenError(f"{new} cannot be chosen")

    def track(self) -> None:
        """A preset, and the big button."""
        self.choose("Balanced", "Handheld", "shaking camera")
        self.picture("preset")
        self.screen.click_on("Track & Solve", SIDEBAR, nth=1)
        self.screen.wait_for("Tracking", box=SIDEBAR, seconds=30)
        self.picture("tracking")

    def model(self) -> None:
        """Meanwhile Blender's startup scene is cleared away in the 3D view: A, Delete."""
        self.fill_window()
        self.screen.hover(VIEW)
        self.screen.key("a", "Delete")
        time.sleep(1)
        self.picture("modelling")
        self.save_again()

    def save_again(self) -> None:
        """Ctrl S once more."""
        before = self.blend.stat().st_mtime_ns
        self.screen.key("ctrl+s")
        until(lambda: self.blend.stat().st_mtime_ns != before, 20, "the file is saved again")

    def crash(self) -> None:
        """Blender and the worker gone, in mid-track, without a word."""
        workers = self.workers()
        assert workers, "no worker is at work: the tracking was over before it could be killed"
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        assert self.blender is not None
        self.screen.kill(self.blender)
        until(lambda: not self.workers(), 20, "nothing of it is left")

    def workers(self) -> list[int]:
        """The processes that are at work on the session in the artist's folder."""
        asked = subprocess.run(
            ["pgrep", "-f", f"{self.folder}.*tracksession"], capture_output=True, text=True
        )
        return [int(number) for number in asked.stdout.split()]

    def resume(self) -> None:
        """The file is opened again: the panel says what happened, and goes on."""
        self.start_blender(str(self.blend))
        time.sleep(2)
        self.fill_window()
        self.open_tab()
        self.screen.wait_for("Interrupted", box=SIDEBAR)
        self.picture("interrupted")
        self.screen.click_on("Resume", SIDEBAR)
        said = self.screen.wait_for("Good", "Usable", "Poor", "Failed", box=SIDEBAR, seconds=300)
        self.screen.wait_for("Solve error", box=Box(900, 40, 700, 36), seconds=120)  # Blender's own is done
        self.picture("solved")
        assert said == "Good", f"the solve is called {said}"

    def set_up(self) -> None:
        """Camera, shadow catcher, stand-in, composite."""
        self.screen.scroll(SIDEBAR.middle, 30)
        self.screen.click_on("Set Up Shot", SIDEBAR)
        time.sleep(3)
        self.fill_window()
        self.look_through_the_camera()
        self.few_samples()

    def look_through_the_camera(self) -> None:
        """The 3D view fills the window, Numpad 0 and Home show what the camera sees; and back."""
        self.screen.hover(VIEW)
        for key in ("ctrl+space", "KP_0", "Home"):
            self.screen.key(key)
            time.sleep(2)  # the view glides there
        self.picture("shot")
        self.screen.hover(NODES)
        self.screen.key("ctrl+space")
        time.sleep(1)

    def few_samples(self) -> None:
        """Render properties: few samples, for a quick frame, and no denoising, which not every build has."""
        screen = self.screen
        screen.click(RENDER_TAB)
        time.sleep(1)
        place = screen.find("Max Samples", PROPERTIES, nth=1)
        self.picture("samples")
        self.fill_in(lambda: (place.x + 150, place.middle[1]), self.samples, times=2, edited=EDITED_NUMBER)
        denoise = screen.find("Denoise", PROPERTIES, nth=1)
        screen.click((denoise.x - 14, denoise.middle[1]))

    def composite(self) -> None:
        """Another preset, in the Compositor."""
        screen = self.screen
        screen.click_until("Compositing", TOP, ("Backdrop", "Use Nodes"), COMPOSITOR_HEADER)
        screen.hover(NODES)
        screen.key("ctrl+space")
        time.sleep(2)
        self.open_tab()
        self.choose("Over Footage", "Shadow Multiply", "multiplied")
        screen.click_on("Apply", SIDEBAR)
        screen.wait_for("Shadow Multiply is applied", box=SIDEBAR, seconds=20)
        self.picture("compositor")

    def render(self) -> None:
        """F12, and the picture saved from the window that opens."""
        screen = self.screen
        screen.hover(NODES)
        screen.key("F12")
        window = screen.window("Blender Render")
        seen, since = b"", time.monotonic()
        started = since
        while time.monotonic() - since < STILL_SECONDS:
            now = screen.look(window)
            if now != seen:
                seen, since = now, time.monotonic()
            assert time.monotonic() - started < 300, "the frame is not done within 300 s"
            time.sleep(1)
        self.picture("rendered")
        screen.hover(window)
        screen.key("alt+s")
        self.choose_file(self.frame)
        until(self.frame.is_file, 30, "the frame is saved")

    def check(self) -> str:
        """The frame is the plate where there is no CG, and there is CG."""
        done = subprocess.run(
            [sys.executable, "-c", COMPARE, str(self.clip), str(self.frame)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()


def walk(artist: Artist) -> None:
    """The whole story, and how long each part of it took."""
    for part in (
        artist.start_blender,
        artist.leave_splash,
        artist.install,
        artist.quit,
        artist.start_blender,
        artist.leave_splash,
        artist.open_workspace,
        artist.open_clip,
        artist.save,
        artist.track,
        artist.model,
        artist.crash,
        artist.resume,
        artist.set_up,
        artist.composite,
        artist.render,
        artist.check,
    ):
        began = time.monotonic()
        said = part()
        print(f"{time.monotonic() - began:5.1f} s  {part.__name__}  {said or ''}".rstrip(), flush=True)


def attempt(desktop: Desktop, asked: argparse.Namespace, package: Path, pictures: Path) -> bool:
    """Walk through one Blender; says how it went."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="artist-") as folder, Screen(asked.screen, pictures) as screen:
        artist = Artist(screen, desktop, Path(folder), package)
        if asked.guide:
            artist.guide, artist.samples = GUIDE, "64"
        try:
            walk(artist)
        except (AssertionError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            print(f"Blender {desktop.version}, after picture {artist.steps}: {error!r}", flush=True)
            print((artist.folder / "blender.log").read_text(errors="replace")[-2000:], flush=True)
            screen.picture(f"{desktop.version}-failed")
            return False
    print(f"Blender {desktop.version}: done in {time.monotonic() - started:.0f} s", flush=True)
    return True


def main() -> int:
    """Send the artist to every desktop Blender asked for."""
    parser = argparse.ArgumentParser(description="Real clicks from the installed zip to a rendered frame.")
    parser.add_argument("--version", action="append", choices=DESKTOP_VERSIONS)
    parser.add_argument("--pictures", type=Path, default=REPOSITORY / "out" / "artist")
    parser.add_argument("--zip", type=Path)
    parser.add_argument("--guide", action="store_true", help="take the pictures of docs/guide anew")
    parser.add_argument("--tries", type=int, default=1, help="how often the walk is begun until it succeeds")
    parser.add_argument("--screen", type=int, default=77, help="number of the virtual screen")
    asked = parser.parse_args()
    missing = missing_tools()
    if missing:
        print(f"SKIPPED: {', '.join(missing)} not installed")
        return 0
    pictures = asked.pictures.absolute()
    pictures.mkdir(parents=True, exist_ok=True)
    package = asked.zip.absolute() if asked.zip else built_zip()
    failed = 0
    for version in asked.version or DESKTOP_VERSIONS:
        desktop = find_desktop(version)
        if desktop is None:
            print(f"SKIPPED Blender {version}: not found", flush=True)
            continue
        failed += not any(attempt(desktop, asked, package, pictures) for _ in range(asked.tries))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
