"""What is known of each clip of the open file, as plain values that drawing may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..errands import Errand
from ..tracking.blender.native import NativeJob
from ..tracking.blender.preflight import Comparison, Sample
from ..tracking.preflight import Finding, Preflight
from ..tracking.session import Progress, SessionStatus, TrackingSessionManager
from ..tracking.session.clip_tracks import Differences

if TYPE_CHECKING:
    from .taking import Taking


@dataclass
class ClipState:
    """What is known of a clip, as plain values."""

    path: Path
    """The footage that this was found for."""
    preflight: Preflight | None = None
    findings: tuple[Finding, ...] = ()
    compared: bool = False
    """Whether Blender's frames were compared with the engine's, too."""
    comparison: Comparison | None = field(default=None, repr=False)
    """That, while it goes on."""
    samples: Mapping[int, Sample] | None = field(default=None, repr=False)
    """The engine's pictures for it, where they were read already."""
    misfits: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """What of a scene that a window shows is not as in the clip, by the scene's session_uid."""
    other_space: str = ""
    """The colour space in which such files usually are, where the clip has another."""
    other_aspect: float = 0.0
    """The shape of pixels that the file tells, where the clip has another."""
    session: Path | None = None
    progress: Progress | None = None
    running: bool = False
    """A process is at work on the session."""
    worker: str = ""
    """Which process that is, where it was not started from here."""
    asked: str = ""
    """pause or cancel, where the process was asked to and has not yet."""
    asked_at: float = 0.0
    followed: bool = False
    """Seen at work while this file was open: what it finds is taken in without asking."""
    trouble: str = ""
    """What went wrong last, in one line."""
    unread: str = ""
    """Why the session could not be looked at last; empty where it could."""
    missing: str = ""
    """The footage that is not at its place: its file's name."""
    differences: Differences | None = None
    """What the artist did to the tracks, while it is to be decided what becomes of it."""
    kept: frozenset[tuple[str, str]] | None = None
    """The artist's own tracks that the session keeps, by object and name; None until that was looked up."""
    lacking: int = 0
    """How many of them the clip has not."""
    older: bool = False
    """The file came with other tracks of the artist's than the session keeps; neither was chosen."""
    stale: str = ""
    """What was done to the tracks since the solve in the clip counted them in; empty where nothing was."""
    stale_at: float = 0.0
    """When that is to be looked at next, by the monotonic clock."""
    native: NativeJob | None = field(default=None, repr=False)
    """Blender's own solve of the clip, at work."""
    taking: Taking | None = field(default=None, repr=False)
    """The session, on its way into the clip."""
    check: Errand | None = None
    copying: Errand | None = None
    manager: TrackingSessionManager | None = field(default=None, repr=False)
    half_looked_for: bool = False
    """It was seen whether the file came with the session half taken in."""
    looked_for: bool = False
    """The disk was searched for a session of the clip's."""

    def drop_session(self) -> None:
        """Forgets the session; what is known of the footage, and a copy that is being made of it, stay."""
        nothing = ClipState(self.path)
        for name in OF_SESSION:
            setattr(self, name, getattr(nothing, name))

    @property
    def waiting(self) -> bool:
        """A session is there that was begun and is neither done nor at work."""
        return self.progress is not None and not self.running and not self.progress.status.finished

    @property
    def begun(self) -> bool:
        """Something of the session's work is done, or was tried."""
        return self.progress is not None and self.progress.status is not SessionStatus.CREATED

    @property
    def finished(self) -> bool:
        """A session is there that is done."""
        return self.progress is not None and not self.running and self.progress.status.finished

    @property
    def busy(self) -> bool:
        """Something goes on that the panels show."""
        at_work = (self.check, self.copying, self.native, self.taking)
        comparing = self.preflight is not None and not self.compared
        return self.running or comparing or any(item is not None for item in at_work)

    @property
    def shown(self) -> tuple[object, ...]:
        """All of it on which what the panels show depends, to be compared with what it was before."""
        return (
            self.progress,
            self.running,
            self.trouble,
            self.missing,
            self.worker,
            self.asked,
            self.differences,
            self.lacking,
            self.older,
            self.stale,
            self.native is None,
            self.taking is None,
            self.findings,
            self.compared,
            dict(self.misfits),
            self.other_space,
            self.other_aspect,
            self.copying and self.copying.share,
            self.check is None,
        )


OF_SESSION = (
    "session", "manager", "looked_for", "progress", "running", "worker", "asked", "asked_at", "followed",
    "trouble", "unread", "missing", "differences", "kept", "lacking", "older", "stale", "stale_at",
    "half_looked_for",
)  # fmt: skip
"""What of a clip's state is of its session."""
clips: dict[int, ClipState] = {}
"""By the clip's session_uid, which renaming and undo leave alone."""


def state_of(clip: bpy.types.MovieClip | None) -> ClipState | None:
    """What is known of the clip; reads nothing."""
    return clips.get(clip.session_uid) if clip is not None else None


def work_of(state: ClipState) -> str:
    """Why the clip cannot be worked on now: which process does; empty where none does."""
    if state.native is not None:
        return "Blender is solving the clip"
    if state.taking is not None:
        return "The tracks are being taken in"
    if not state.running:
        return ""
    return (
        f"{state.worker} is at work on this clip's session" if state.worker else "The clip is being tracked"
    )
