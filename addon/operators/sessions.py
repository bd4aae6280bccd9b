"""Sessions beside the tracking itself: the list of them, footage that moved, tracks made by hand."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty

from .. import jobs, session_list, watch
from ..tracking.session import TrackingSessionManager, delete_session, export_session_report, load_session
from ..words import said
from .base import DONE, STOPPED, Action, ClipAction, about_clip, chosen_file, clip_of, show_text


class TRACKED_SHOT_OT_find_footage(ClipAction, bpy.types.Operator):
    """Says where footage is that was moved."""

    bl_idname = "tracked_shot.find_footage"
    bl_label = "Find Footage"
    bl_description = (
        "Choose where the footage of the clip's session is now: its file, or a folder to look in. It is "
        "known by its content; other footage is refused"
    )
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_folder: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_movie: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_image: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if state is None or state.session is None:
            return "The clip has no session yet"
        return watch.work_of(state)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self, context: bpy.types.Context) -> set[str]:
        clip = clip_of(context)
        session = watch.session_of(clip)
        place = chosen_file(self, "Choose the footage's file or folder")
        if place is None:
            return STOPPED
        # The file browser hands on a folder that is open in it, with a name that is not there.
        found = jobs.find_footage(clip, session, place if place.exists() else place.parent)
        jobs.remember_session(clip, session)
        watch.attach(clip, session)
        self.report({"INFO"}, said(f"The footage is {found}"))
        return DONE


# --- tracks made by hand -----------------------------------------------------


class TRACKED_SHOT_OT_checkpoint_tracks(ClipAction, bpy.types.Operator):
    """Keeps the artist's own tracks."""

    bl_idname = "tracked_shot.checkpoint_tracks"
    bl_label = "Checkpoint Tracks"
    bl_description = (
        "Keep the tracks that you made or changed, as they are now, in the clip's session; one is begun "
        "where there is none. Saving the file does the same"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        there = any(owner.tracks for owner in clip.tracking.objects)
        return "" if there or (state is not None and state.kept) else "The clip has no tracks"

    def work(self, context: bpy.types.Context) -> set[str]:
        clip = clip_of(context)
        state = watch.known(clip)
        if state.manager is None:
            footage = jobs.readable(watch.checked(clip).preflight, state.path)
            watch.attach(clip, jobs.take_up(clip, footage))
        changed = watch.checkpoint(clip)
        session_list.refresh()
        self.report(
            {"INFO"}, said(f"{changed} changed tracks kept" if changed else "All tracks were kept already")
        )
        return DONE


class TRACKED_SHOT_OT_restore_tracks(ClipAction, bpy.types.Operator):
    """Puts the artist's own tracks back."""

    bl_idname = "tracked_shot.restore_tracks"
    bl_label = "Restore Tracks"
    bl_description = (
        "Put the tracks that you made back as the clip's session keeps them: those that are gone, and those "
        "that differ. Tracks that are new since stay"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if state is None or not state.kept:
            return "The clip's session keeps no tracks made by hand"
        return "" if state.lacking or state.older else "All tracks that the session keeps are in the clip"

    def work(self, context: bpy.types.Context) -> set[str]:
        for trouble in watch.restore(clip_of(context)):
            self.report({"WARNING"}, said(trouble))
        return DONE


# --- the list ----------------------------------------------------------------


class _Listed(Action):
    """An operator on the session that is chosen in the list."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        row = session_list.chosen()
        why = "Choose a session in the list first" if row is None else cls.refusal(context, row)
        return cls.answer(why)

    @classmethod
    def refusal(cls, context: bpy.types.Context, row: bpy.types.PropertyGroup) -> str:
        """Why it cannot be done with this session; empty where it can."""
        return f"The session cannot be read: {row.trouble}" if row.trouble else ""


class TRACKED_SHOT_OT_refresh_sessions(Action, bpy.types.Operator):
    """Looks for sessions."""

    bl_idname = "tracked_shot.refresh_sessions"
    bl_label = "Refresh"
    bl_description = "Look again for sessions beside the clips, beside this file, and in the session folder"

    def work(self, _context: bpy.types.Context) -> set[str]:
        session_list.look_now()
        return DONE


class TRACKED_SHOT_OT_take_up_session(_Listed, bpy.types.Operator):
    """Makes a session of the list the clip's."""

    bl_idname = "tracked_shot.take_up_session"
    bl_label = "Take Up"
    bl_description = (
        "Make this session the clip's, where it is of the same footage; one that is not done goes on"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, context: bpy.types.Context, row: bpy.types.PropertyGroup) -> str:
        clip = clip_of(context)
        if clip is None:
            return "Open the session's clip first"
        state = watch.state_of(clip)
        work = watch.work_of(state) if state is not None else ""
        return about_clip(clip) or work or super().refusal(context, row)

    def work(self, context: bpy.types.Context) -> set[str]:
        clip, row = clip_of(context), session_list.chosen()
        session = load_session(row.path)
        jobs.fit_session(clip, session)
        jobs.fit_mask(clip, session)
        jobs.remember_session(clip, session)
        if session.status.finished:
            watch.attach(clip, session)
        else:
            watch.begin(clip, session)
        return DONE


class TRACKED_SHOT_OT_reveal_session(_Listed, bpy.types.Operator):
    """Opens a session's folder."""

    bl_idname = "tracked_shot.reveal_session"
    bl_label = "Reveal"
    bl_description = "Open the folder that the session's file is in"

    @classmethod
    def refusal(cls, context: bpy.types.Context, row: bpy.types.PropertyGroup) -> str:
        return "There is no window to open a folder from" if bpy.app.background else ""

    def work(self, _context: bpy.types.Context) -> set[str]:
        bpy.ops.wm.path_open(filepath=str(Path(session_list.chosen().path).parent))
        return DONE


class _Report:
    """Writes a session's report beside it and shows it."""

    bl_label = "Report"
    bl_description = (
        "Write what the session did beside it, as a page with plots and pictures that opens in the browser, "
        "as Markdown and as JSON"
    )
    bl_options = {"REGISTER", "UNDO"}

    def write(self, context: bpy.types.Context, session: TrackingSessionManager) -> set[str]:
        """Writes all three forms; the page is shown in the browser, where there is none the Markdown."""
        export_session_report(session, session.path.with_suffix(".json"))
        words = export_session_report(session, session.path.with_suffix(".md"))
        page = export_session_report(session, session.path.with_suffix(".html"))
        if bpy.app.background or not webbrowser.open(page.absolute().as_uri()):
            show_text(context, words.name, words.read_text(encoding="utf-8"))
        self.report({"INFO"}, said(f"Written: {page}"))
        return DONE


class TRACKED_SHOT_OT_report_session(_Report, _Listed, bpy.types.Operator):
    """Writes the report of the session that is chosen in the list."""

    bl_idname = "tracked_shot.report_session"

    def work(self, context: bpy.types.Context) -> set[str]:
        return self.write(context, load_session(session_list.chosen().path))


class TRACKED_SHOT_OT_report_clip(_Report, ClipAction, bpy.types.Operator):
    """Writes the report of the clip's session."""

    bl_idname = "tracked_shot.report_clip"

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        return "" if state is not None and state.session is not None else "The clip has no session yet"

    def work(self, context: bpy.types.Context) -> set[str]:
        return self.write(context, watch.session_of(clip_of(context)))


class TRACKED_SHOT_OT_delete_session(_Listed, bpy.types.Operator):
    """Deletes a session."""

    bl_idname = "tracked_shot.delete_session"
    bl_label = "Delete"
    bl_description = "Delete the session's file and its log from disk. What is in the clip stays"

    @classmethod
    def refusal(cls, context: bpy.types.Context, row: bpy.types.PropertyGroup) -> str:
        return "A process is at work on it; cancel that first" if row.alive else ""

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        row = session_list.chosen()
        return set(
            context.window_manager.invoke_confirm(
                self,
                event,
                title="Delete Session?",
                message=said(f"{row.path} is deleted from disk. This cannot be undone."),
                confirm_text="Delete",
            )
        )

    def work(self, _context: bpy.types.Context) -> set[str]:
        path = Path(session_list.chosen().path)
        delete_session(path)
        watch.detach(path)
        session_list.look_now()
        self.report({"INFO"}, said(f"Deleted: {path}"))
        return DONE


CLASSES = (
    TRACKED_SHOT_OT_find_footage,
    TRACKED_SHOT_OT_checkpoint_tracks,
    TRACKED_SHOT_OT_restore_tracks,
    TRACKED_SHOT_OT_refresh_sessions,
    TRACKED_SHOT_OT_take_up_session,
    TRACKED_SHOT_OT_reveal_session,
    TRACKED_SHOT_OT_report_session,
    TRACKED_SHOT_OT_report_clip,
    TRACKED_SHOT_OT_delete_session,
)
