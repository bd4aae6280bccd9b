"""Where not to track: masks as pictures, white where points must neither begin nor be followed to.

One picture stands for the whole clip; of a sequence or a movie the frame of the same number counts, and its
last one for all frames after it. A mask of another size is fitted to the frame. It is grown by half a patch,
so that no patch in use sees what is masked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from .footage import Footage, identity, open_footage
from .model import Bools, TrackingSettings
from .sizes import Sizes

WHITE = 128
"""Gray levels from this on are masked: of a soft edge what is covered by half."""

Masks = Callable[[int], Bools]
"""From a footage frame to (height, width), True where it is masked; frames come in ascending order."""


def with_mask(settings: TrackingSettings, path: Path | None) -> TrackingSettings:
    """The settings with the mask in that file, or none. Raises FootageError where it cannot be read."""
    if path is None:
        return without_mask(settings)
    about = json.dumps(identity(open_footage(path)), sort_keys=True).encode()
    return replace(settings, mask=str(path.absolute()), mask_print=hashlib.sha256(about).hexdigest()[:12])


def without_mask(settings: TrackingSettings) -> TrackingSettings:
    """The settings for the whole picture."""
    return replace(settings, mask="", mask_print="")


def same_settings(one: TrackingSettings, other: TrackingSettings) -> bool:
    """Whether they ask for the same, wherever the mask lies: it is told by its content."""
    return _without_place(one) == _without_place(other)


def _without_place(settings: TrackingSettings) -> TrackingSettings:
    return replace(settings, mask="") if settings.mask_print else settings


def open_masks(path: str | Path, footage: Footage, sizes: Sizes) -> Masks:
    """The masks in the file, or in the sequence whose first file that is. Raises FootageError."""
    pictures = open_footage(path)
    reach = 2 * sizes.half_pattern + 1
    around = np.ones((reach, reach), np.uint8)
    held: dict[int, Bools] = {}

    def fitted(gray: np.ndarray) -> Bools:
        if gray.shape != (footage.height, footage.width):
            gray = cv2.resize(gray, (footage.width, footage.height), interpolation=cv2.INTER_LINEAR)
        grown: Bools = cv2.dilate((gray >= WHITE).astype(np.uint8), around) > 0
        return grown

    def masked() -> Iterator[tuple[int, Bools]]:
        with closing(pictures.frames(1, pictures.count)) as frames:
            for number, gray in frames:
                yield number, fitted(gray)

    coming = masked()

    def mask(number: int) -> Bools:
        number = min(number, pictures.count)
        while number not in held:
            found, picture = next(coming)
            if found <= number:
                held.clear()
            held[found] = picture
        return held[number]

    return mask
