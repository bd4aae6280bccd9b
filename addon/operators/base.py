"""What all operators share: which clip is meant, and errors as reports."""

from __future__ import annotations

from pathlib import Path

import bpy

from .. import watch
from ..tracking.errors import TrackedShotError
from ..words import said

DONE = {"FINISHED"}
STOPPED = {"CANCELLED"}


def clip_of(context: bpy.types.Context) -> bpy.types.MovieClip | None:
    """The clip that is meant: the Clip Editor's; elsewhere the scene's, one shown, or the only one."""
    space = context.space_data
    if space is not None and space.type == "CLIP_EDITOR":
        return space.clip
    if context.scene is not None and context.scene.active_clip is not None:
        return context.scene.active_clip
    for area in context.screen.areas if context.screen is not None else ():
        if area.type == "CLIP_EDITOR" and area.spaces.active.clip is not None:
            return area.spaces.active.clip
    return bpy.data.movieclips[0] if len(bpy.data.movieclips) == 1 else None


def show_text(context: bpy.types.Context, name: str, words: str) -> None:
    """Puts the words into a text of that name, and shows it in a window of its own."""
    text = bpy.data.texts.get(name) or bpy.data.texts.new(name)
    text.from_string(words)
    text.cursor_set(0)
    if not bpy.app.background:
        space = _shown_text(context, text) or _text_window(context)
        space.text = text
        space.show_word_wrap = True
        space.top = 0


def _shown_text(context: bpy.types.Context, text: bpy.types.Text) -> bpy.types.SpaceTextEditor | None:
    """The editor that shows the text already, in whatever window."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "TEXT_EDITOR" and area.spaces.active.text == text:
                return area.spaces.active
    return None


def _text_window(context: bpy.types.Context) -> bpy.types.SpaceTextEditor:
    """A new window with nothing but a text editor."""
    bpy.ops.wm.window_new()
    area = context.window_manager.windows[-1].screen.areas[0]
    area.ui_type = "TEXT_EDITOR"
    return area.spaces.active


def chosen_file(operator: bpy.types.Operator, ask: str) -> Path | None:
    """The operator's file, absolute; None, with ``ask`` reported, where none was chosen."""
    if operator.filepath:
        return Path(bpy.path.abspath(operator.filepath))
    operator.report({"WARNING"}, said(ask))
    return None


def usual_folder() -> Path:
    """Where a file browser begins: beside the .blend, else at home."""
    return Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()


class Action:
    """An operator whose ``work`` may raise TrackedShotError, which becomes a report."""

    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            return self.work(context)
        except TrackedShotError as error:
            self.report({"ERROR"}, said(str(error)))
            return STOPPED
        finally:
            if not bpy.app.background:
                watch.look_at_settings()
                watch.redraw(views=True)

    def work(self, context: bpy.types.Context) -> set[str]:
        """Does it; raises TrackedShotError for what is in the way."""
        raise NotImplementedError

    @classmethod
    def answer(cls, why: str) -> bool:
        """What a poll returns: whether nothing is in the way; Blender shows what is."""
        if why:
            cls.poll_message_set(said(why))
        return not why


class ClipAction(Action):
    """An operator on a clip of this file."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        clip = clip_of(context)
        return cls.answer(about_clip(clip) or cls.refusal(clip, watch.state_of(clip)))

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        """Why it cannot be done with this clip now; empty where it can. Reads ready values only."""
        return ""


class ClipInSceneAction(ClipAction):
    """An operator on a clip and on the scene that is shown with it."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return super().poll(context) and cls.answer(about_scene(context) or cls.scene_refusal(context.scene))

    @classmethod
    def scene_refusal(cls, scene: bpy.types.Scene) -> str:
        """Why it cannot be done in this scene now; empty where it can."""
        return ""


def about_clip(clip: bpy.types.MovieClip | None) -> str:
    """Why nothing can be done with the clip; empty where it can."""
    if clip is None:
        return "Open a movie clip first"
    if clip.library is not None:
        return "The clip is linked from another file; make it local first"
    return "" if clip.filepath else "The clip has no file"


def about_scene(context: bpy.types.Context) -> str:
    """Why nothing can be done in the scene; empty where it can."""
    if context.scene is None:
        return "There is no scene"
    return "The scene is linked from another file" if context.scene.library is not None else ""


class SceneAction(Action):
    """An operator on the scene."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return cls.answer(about_scene(context) or cls.refusal(context))

    @classmethod
    def refusal(cls, context: bpy.types.Context) -> str:
        """Why it cannot be done now; empty where it can."""
        return ""
