"""What all panels share: where they stand, and how words and states look."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from functools import lru_cache

import bpy

from .. import watch
from ..jobs import MINE, SESSION
from ..operators.base import clip_of
from ..tracking.blender import versions
from ..tracking.session import Progress, SessionStatus
from ..tracking.session.clip_tracks import Differences
from ..translations import OWN
from ..words import said, say

CATEGORY = "Tracked Shot"
SEVERITY_ICONS = {"error": "CANCEL", "warning": "ERROR", "info": "INFO"}
VERDICT_ICONS = {
    "good": versions.color_icon(4),
    "usable": versions.color_icon(3),
    "poor": versions.color_icon(2),
    "failed": versions.color_icon(1),
}
"""Green, yellow, orange, red."""
MAIN_SHARE = 0.62
"""How much of the row a main button has where the word that takes its work back stands beside it."""
LETTER_WIDTH = 6.6
"""Mean width of a letter in the sidebar at scale 1, in pixels."""


class ClipPanel:
    """A panel in the Clip Editor's sidebar."""

    bl_space_type = "CLIP_EDITOR"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_translation_context = OWN

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.space_data.view == "CLIP"


class CompositorPanel:
    """A panel in the Compositor's sidebar."""

    bl_space_type = "NODE_EDITOR"
    bl_region_type = "UI"
    bl_category = CATEGORY
    bl_translation_context = OWN

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return context.space_data.tree_type == "CompositorNodeTree"


def paragraph(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    text: str,
    *,
    icon: str = "NONE",
    dim: bool = False,
) -> None:
    """Text over as many lines as the sidebar's width asks for, the icon before the first.

    The text comes translated; Blender is not to look its lines up.
    """
    column = layout.column(align=True)
    column.scale_y = 0.75
    column.active = not dim
    indented = icon != "NONE"
    fits = letters(context) - (4 if indented else 0)
    for number, line in enumerate(_lines(text, fits)):
        column.label(
            text=line, icon=icon if number == 0 else ("BLANK1" if indented else "NONE"), translate=False
        )


@lru_cache(maxsize=500)
def _lines(text: str, fits: int) -> list[str]:
    """The text in lines of so many letters, kept: panels are drawn again and again with the same words."""
    return textwrap.wrap(text, fits) or [""]


def values(layout: bpy.types.UILayout, rows: Iterable[tuple[str, str]]) -> None:
    """Names and values in two columns, as Blender sets properties."""
    split = layout.column(align=True).split(factor=0.42, align=True)
    names, found = split.column(align=True), split.column(align=True)
    names.alignment = "RIGHT"
    names.active = False
    for name, value in rows:
        names.label(text=say(name), translate=False)
        found.label(text=value, translate=False)


def letters(context: bpy.types.Context) -> int:
    """How many letters of a mean width fit beside each other in the sidebar."""
    width = context.region.width / (LETTER_WIDTH * (context.preferences.system.ui_scale or 1.0))
    return max(12, int(width) - 6)


def draw_session(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What the clip's session is at, with what can be done about it; nothing where all is quiet."""
    clip = clip_of(context)
    state = watch.state_of(clip)
    if clip is None or state is None:
        return
    if state.running and state.progress is not None:
        _draw_running(layout, state)
    elif state.taking is not None:
        layout.label(text="Taking in the tracks", icon="TIME")
    elif state.missing:
        _draw_missing(layout, context, state)
    elif state.waiting and (state.begun or state.trouble):
        _draw_waiting(layout, context, state)
    elif state.differences is not None:
        _draw_differences(layout, context, state.differences)
    elif state.finished and not clip.tracked_shot.taken_in and not state.followed:
        box = layout.box().column()
        away = "Tracked while you were away" if clip.tracked_shot.session else "This clip was tracked before"
        box.label(text=away, icon="CHECKMARK")
        box.operator("tracked_shot.take_in", text="Take It In", icon="IMPORT")
    if state.trouble:
        box = layout.box().column(align=True)
        box.alert = True
        paragraph(box, context, said(state.trouble), icon="ERROR")
        if state.session is not None:
            row = box.row()
            row.alert = False
            row.operator("tracked_shot.open_log", icon="TEXT")
    if (state.lacking or state.older) and not state.running:
        box = layout.box().column()
        paragraph(box, context, _about_own_tracks(state.lacking), icon="INFO")
        row = box.row(align=True)
        row.operator("tracked_shot.restore_tracks", icon="LOOP_BACK")


def _about_own_tracks(lacking: int) -> str:
    """What the session keeps of the artist's own and the clip has not."""
    if lacking > 1:
        return say("{count} of your tracks are in the session, not in the clip", count=lacking)
    if lacking:
        return say("One of your tracks is in the session, not in the clip")
    return say("The session keeps other tracks of yours")


def _draw_running(layout: bpy.types.UILayout, state: watch.ClipState) -> None:
    progress = state.progress
    assert progress is not None
    column = layout.column(align=True)
    row = column.row(align=True)
    row.scale_y = 1.3
    row.progress(factor=progress.done, type="BAR", text=watch.doing(state))
    row.operator("tracked_shot.pause", text="", icon="PAUSE")
    row.operator("tracked_shot.cancel", text="", icon="X")
    if state.worker:
        row = column.row()
        row.active = False
        row.label(text=say("{process} is at work on it", process=said(state.worker)), translate=False)
    facts = [say("{count} tracks", count=progress.tracks)] if progress.tracks else []
    if progress.rate:
        facts.append(say("{rate} frames/s", rate=round(progress.rate)))
    if progress.seconds_left is not None:
        facts.append(say("{time} left", time=clock(progress.seconds_left)))
    row = column.row()
    row.active = False
    row.label(text="    ".join(facts) or say("Reading the footage"), translate=False)


def _draw_waiting(layout: bpy.types.UILayout, context: bpy.types.Context, state: watch.ClipState) -> None:
    progress = state.progress
    assert progress is not None
    box = layout.box().column()
    paused = progress.status is SessionStatus.PAUSED
    paragraph(box, context, _where(progress), icon="PAUSE" if paused else "ERROR")
    row = box.row(align=True)
    row.operator("tracked_shot.resume", text="Go On" if paused else "Resume", icon="PLAY")
    row.operator("tracked_shot.start_over", icon="FILE_REFRESH")
    row.operator("tracked_shot.show_frame", text="", icon="HIDE_OFF")


_STOPPED = {
    SessionStatus.PAUSED: (
        "Paused while solving",
        "Paused at the start",
        "Paused at frame {frame} of {last}",
    ),
    SessionStatus.FAILED: (
        "Failed while solving",
        "Failed at the start",
        "Failed at frame {frame} of {last}",
    ),
}
_INTERRUPTED = (
    "Interrupted while solving",
    "Interrupted at the start",
    "Interrupted at frame {frame} of {last}",
)


def _where(progress: Progress) -> str:
    """Where a session stands on which nobody works."""
    solving, start, frame = _STOPPED.get(progress.status, _INTERRUPTED)
    if progress.stage in ("clean", "solve", "look"):
        return say(solving)
    if progress.frame < progress.first:
        return say(start)
    return say(frame, frame=progress.frame, last=progress.last)


def _draw_missing(layout: bpy.types.UILayout, context: bpy.types.Context, state: watch.ClipState) -> None:
    box = layout.box().column()
    paragraph(box, context, say("The footage is not there: {name}", name=state.missing), icon="ERROR")
    box.operator("tracked_shot.find_footage", text="Find Footage…", icon="VIEWZOOM")


def _draw_differences(
    layout: bpy.types.UILayout, context: bpy.types.Context, differences: Differences
) -> None:
    box = layout.box().column()
    paragraph(
        box,
        context,
        say("Not taken in: you changed tracks ({changes})", changes=said(differences.text())),
        icon="QUESTION",
    )
    row = box.row(align=True)
    row.operator("tracked_shot.settle_changes", text="Keep Mine").changed = MINE
    row.operator("tracked_shot.settle_changes", text="Take the Session's").changed = SESSION


def clock(seconds: float) -> str:
    """A time as 0:07 or 12:30."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"
