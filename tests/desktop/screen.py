"""A virtual screen with a Blender on it, for somebody who has only eyes, a mouse and a keyboard.

Words are found in the picture of the screen by Tesseract, and clicked with xdotool; nothing here speaks
Python to Blender. Needs NumPy, OpenCV, Xvfb, xdotool, ImageMagick and tesseract-ocr beside this program, not
beside Blender.
"""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

SIZE = 1600, 1000
ENLARGED = 3
"""The letters of Blender's interface are 8 pixels high; Tesseract likes 25."""
SURE = 30.0
RECIPES = (0.10, 0.06, None)
"""How a picture is made ready for reading: each letter against what is around it, brighter than that by so
much of white, and as it is."""
AROUND = 40
"""Pixels of the enlarged picture."""
LOOK_SECONDS = 0.3
"""Between two looks at a screen that is waited for."""
TAKEN_SECONDS = 3.0
"""A click that has shown nothing for so long was not taken."""
NEEDED = ("Xvfb", "openbox", "xdotool", "xwininfo", "import", "convert", "tesseract")


def missing_tools() -> list[str]:
    """What is needed here and not installed."""
    return [tool for tool in NEEDED if shutil.which(tool) is None]


@dataclass(frozen=True)
class Box:
    """A part of the screen in pixels, origin top left."""

    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> tuple[int, int]:
        """The spot that a click on it goes to."""
        return self.x + self.width // 2, self.y + self.height // 2


WHOLE = Box(0, 0, *SIZE)


@dataclass(frozen=True)
class Word:
    """A word on the screen."""

    text: str
    box: Box


class Page:
    """The words in a picture of a part of the screen, read by one recipe after another as needed."""

    def __init__(self, picture: bytes, box: Box, turned: int = 0) -> None:
        self._picture, self._box, self._turned = picture, box, turned
        self._words: list[list[Word]] = []

    def is_of(self, picture: bytes, box: Box, turned: int) -> bool:
        """Has all of this been read already?"""
        return (self._picture, self._box, self._turned) == (picture, box, turned)

    def find(self, text: str, nth: int = 0) -> Box | None:
        """Where these words stand one after another, the ``nth`` from the top; None where they do not."""
        wanted = _plain(text).split()
        for recipe in range(len(RECIPES)):
            if recipe == len(self._words):  # mostly the first does; else the others, side by side
                with ThreadPoolExecutor() as pool:
                    self._words += pool.map(self._read, range(recipe, len(RECIPES) if recipe else 1))
            found = sorted(_runs(self._words[recipe], wanted), key=lambda place: (place.y, place.x))
            if len(found) > nth:
                return found[nth]
        return None

    def said(self) -> str:
        """All that was read."""
        return " | ".join(" ".join(word.text for word in words) for words in self._words)

    def _read(self, recipe: int) -> list[Word]:
        ready = cv2.imencode(".pgm", made_ready(self._picture, self._turned, RECIPES[recipe]))[1].tobytes()
        table = _run(("tesseract", "-", "-", "--psm", "11", "tsv"), ready, OMP_THREAD_LIMIT="1").decode()
        rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
        return [word for row in rows if (word := _word(row, self._box, self._turned)) is not None]


def made_ready(picture: bytes, turned: int, brighter: float | None) -> np.ndarray:
    """A PPM picture enlarged, gray, turned clockwise, its letters dark on white (rows, columns)."""
    colours = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    gray = colours.astype(np.float32) @ np.array([0.0722, 0.7152, 0.2126], np.float32)
    gray = np.rot90(gray, -turned // 90)
    large = _enlarged(_enlarged(gray).T).T
    if brighter is None:
        return np.clip(255 - large, 0, 255).round().astype(np.uint8)
    around = cv2.blur(large, (AROUND, AROUND), borderType=cv2.BORDER_REPLICATE)
    return np.where(large > around + 255 * brighter, 0, 255).astype(np.uint8)


def _enlarged(rows: np.ndarray) -> np.ndarray:
    """(ENLARGED * n, m) of (n, m), by Mitchell's cubic filter: soft, and without rings beside the letters."""
    padded = np.pad(rows, ((2, 2), (0, 0)), mode="edge")
    out = np.empty((ENLARGED * len(rows), rows.shape[1]), np.float32)
    for phase in range(ENLARGED):
        away = np.abs(np.arange(-2, 3) - ((phase + 0.5) / ENLARGED - 0.5))
        near = (7 * away**3 - 12 * away**2 + 16 / 3) / 6
        far = (-7 / 3 * away**3 + 12 * away**2 - 20 * away + 32 / 3) / 6
        weights = np.where(away < 1, near, np.where(away < 2, far, 0))
        taps = (weight * padded[at : at + len(rows)] for at, weight in enumerate(weights))
        out[phase::ENLARGED] = sum(taps)
    return out


class NotSeenError(AssertionError):
    """What was looked for is not on the screen."""


class Screen:
    """A virtual screen; ``with Screen(...) as screen`` starts it and takes it down."""

    def __init__(self, number: int, pictures: Path) -> None:
        self.display, self.pictures = f":{number}", pictures
        self.environment = {**os.environ, "DISPLAY": self.display}
        self._server: subprocess.Popen[bytes] | None = None
        self._programs: list[subprocess.Popen[bytes]] = []
        self._page = Page(b"", WHOLE)

    def __enter__(self) -> Screen:
        width, height = SIZE
        command = ["Xvfb", self.display, "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._answers, 20, "the virtual screen starts")
        self.start(["openbox"], Path(os.devnull))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for program in self._programs:
            self.kill(program)
        assert self._server is not None
        self._server.terminate()
        self._server.wait()

    def _answers(self) -> bool:
        asked = subprocess.run(["xdotool", "getdisplaygeometry"], env=self.environment, capture_output=True)
        return asked.returncode == 0

    def start(self, command: Sequence[str], log: Path, **environment: str) -> subprocess.Popen[bytes]:
        """Start a program on this screen, its output into ``log``."""
        with log.open("ab") as output:
            program = subprocess.Popen(
                command,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._programs.append(program)
        return program

    def kill(self, program: subprocess.Popen[bytes]) -> None:
        """End it, and all that it started, with SIGKILL."""
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()

    # --- eyes ---

    def picture(self, name: str) -> Path:
        """A picture of the whole screen, kept."""
        file = self.pictures / f"{name}.png"
        self._run("import", "-window", "root", str(file))
        return file

    def look(self, box: Box) -> bytes:
        """The pixels of a part of the screen, three bytes each."""
        crop = f"{box.width}x{box.height}+{box.x}+{box.y}"
        return self._run("import", "-window", "root", "-crop", crop, "+repage", "-depth", "8", "rgb:-")

    def window(self, title: str) -> Box:
        """Where a window lies, by a part of its title, as soon as it is there and stands still."""
        until(lambda: self._windows(title), 20, f"the window {title!r} opens")
        before = None
        while (place := self._place(title)) != before:
            before = place
            time.sleep(LOOK_SECONDS)
        return place

    def _place(self, title: str) -> Box:
        facts = self._run("xwininfo", "-id", self._windows(title)[-1]).decode()
        names = "Absolute upper-left X", "Absolute upper-left Y", "Width", "Height"
        return Box(*(int(re.search(rf"{name}: +(-?\d+)", facts)[1]) for name in names))  # type: ignore[index]

    def closed(self, title: str, seconds: float) -> bool:
        """Is there no window of that title any more, within so long?"""
        ends = time.monotonic() + seconds
        while self._windows(title):
            if time.monotonic() > ends:
                return False
            time.sleep(0.2)
        return True

    def _windows(self, title: str) -> list[str]:
        command = ["xdotool", "search", "--onlyvisible", "--name", title]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True).stdout.split()

    def find(self, text: str, box: Box = WHOLE, *, turned: int = 0, nth: int = 0) -> Box:
        """Where these words stand one after another; the first from the top, or the ``nth`` after it.

        Case and signs do not count; ``turned`` clockwise (0, 90, 270 degrees) before reading. Raises
        NotSeenError.
        """
        page = self._read(box, turned)
        place = page.find(text, nth)
        if place is None:
            raise NotSeenError(f"{text!r} is not to be seen; there is: {page.said()}")
        return place

    def sees(self, *texts: str, box: Box = WHOLE) -> bool:
        """Is one of these there?"""
        page = self._read(box)
        return any(page.find(text) is not None for text in texts)

    def wait_for(self, *texts: str, box: Box = WHOLE, seconds: float = 60) -> str:
        """Wait until one of these is to be seen, and say which. Raises NotSeenError."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            page = self._read(box)
            for text in texts:
                if page.find(text) is not None:
                    return text
            time.sleep(LOOK_SECONDS)
        self.picture("not-seen")
        raise NotSeenError(f"none of {texts} within {seconds:g} s")

    def _read(self, box: Box, turned: int = 0) -> Page:
        """The words in a part of the screen; not read again where it is as it was at the last look."""
        picture = self._look(box)
        if not self._page.is_of(picture, box, turned):
            self._page = Page(picture, box, turned)
        return self._page

    def _look(self, box: Box) -> bytes:
        """A part of the screen as a PPM picture."""
        crop = f"{box.width}x{box.height}+{box.x}+{box.y}"
        return self._run("import", "-window", "root", "-crop", crop, "+repage", "ppm:-")

    # --- hands ---

    def click(self, spot: Box | tuple[int, int], button: int = 1, times: int = 1) -> None:
        """Move there and click."""
        self.hover(spot)
        for _ in range(times):
            self._run("xdotool", "click", str(button))
            time.sleep(0.1)
        time.sleep(0.2)

    def hover(self, spot: Box | tuple[int, int]) -> None:
        """Move the mouse there, as a hand does: not in one jump."""
        x, y = spot.middle if isinstance(spot, Box) else spot
        self._run("xdotool", "mousemove", str(x - 3), str(y - 2))
        time.sleep(0.05)
        self._run("xdotool", "mousemove", str(x), str(y))
        time.sleep(0.15)

    def click_on(self, text: str, box: Box = WHOLE, *, nth: int = 0, seconds: float = 8) -> Box:
        """Click on words, as soon as they are there."""
        ends = time.monotonic() + seconds
        while True:
            try:
                place = self.find(text, box, nth=nth)
            except NotSeenError:
                if time.monotonic() > ends:
                    self.picture("not-seen")
                    raise
                time.sleep(0.3)
                continue
            self.click(place)
            return place

    def click_until(self, text: str, box: Box, then: Sequence[str], there: Box, tries: int = 4) -> None:
        """Click on words until one of others is to be seen: a first click may only wake a window."""
        for _ in range(tries):
            self.click_on(text, box)
            ends = time.monotonic() + TAKEN_SECONDS
            while time.monotonic() < ends:
                if self.sees(*then, box=there):
                    return
                time.sleep(LOOK_SECONDS)
        self.picture("not-seen")
        raise NotSeenError(f"a click on {text!r} does not lead to {then!r}")

    def scroll(self, spot: Box | tuple[int, int], steps: int) -> None:
        """Turn the wheel there: down for positive steps."""
        self.hover(spot)
        for _ in range(abs(steps)):
            self._run("xdotool", "click", "5" if steps > 0 else "4")
            time.sleep(0.05)
        time.sleep(0.4)

    def key(self, *keys: str) -> None:
        """Press keys one after another, as xdotool calls them: "ctrl+s", "Return"."""
        for key in keys:
            self._run("xdotool", "key", key)
            time.sleep(0.15)

    def type(self, text: str) -> None:
        """Type on the keyboard."""
        self._run("xdotool", "type", "--delay", "12", text)
        time.sleep(0.15)

    def _run(self, *command: str) -> bytes:
        return _run(command, **self.environment)


def _run(command: Sequence[str], given: bytes | None = None, **environment: str) -> bytes:
    """The output of a program that is not to fail."""
    done = subprocess.run(command, env={**os.environ, **environment}, input=given, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def until(condition: object, seconds: float, what: str) -> None:
    """Wait until ``condition()`` holds; AssertionError where it does not come to that."""
    ends = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        if time.monotonic() > ends:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.2)


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^0-9a-z%]+", " ", text.lower()).split())


def _word(row: dict[str, str], box: Box, turned: int) -> Word | None:
    text = _plain(row["text"] or "")
    if not text or float(row["conf"]) < SURE:
        return None
    x, y, width, height = (int(row[key]) // ENLARGED for key in ("left", "top", "width", "height"))
    if turned == 90:  # clockwise: what was at the left edge is now at the top
        x, y, width, height = y, box.height - x - width, height, width
    elif turned == 270:
        x, y, width, height = box.width - y - height, x, height, width
    return Word(text, Box(box.x + x, box.y + y, width, height))


def _runs(words: list[Word], wanted: list[str]) -> Iterator[Box]:
    """Where the wanted words stand one after another."""
    parts = [(part, word) for word in words for part in word.text.split()]
    for start in range(len(parts) - len(wanted) + 1):
        run = parts[start : start + len(wanted)]
        if [part for part, _ in run] == wanted:
            boxes = [word.box for _, word in run]
            left, top = min(box.x for box in boxes), min(box.y for box in boxes)
            right = max(box.x + box.width for box in boxes)
            bottom = max(box.y + box.height for box in boxes)
            if bottom - top < 30 or len(wanted) == 1 or right - left < 30:
                yield Box(left, top, right - left, bottom - top)
