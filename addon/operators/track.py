"""Tracking and solving: start it, stop it, go on with it, take in what it found."""

from __future__ import annotations

import bpy

from .. import jobs, watch
from ..tracking.errors import FootageError
from ..tracking.session import TrackingSessionManager
from .base import DONE, STOPPED, ClipAction, clip_of


class _Tracking(ClipAction):
    """What works on the clip's session."""

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if state is not None and state.running:
            return "The clip is being tracked"
        if state is not None and state.copying is not None:
            return "A copy of the clip is being made"
        return ""

    def go(self, context: bpy.types.Context, *, fresh: bool) -> set[str]:
        """Checks the clip, takes up its session, and starts what is left of the work."""
        clip = clip_of(context)
        state = watch.checked(clip)
        jobs.stop_on_errors(state.findings)
        if state.preflight is None or state.preflight.footage is None:
            raise FootageError(f"{state.path}: cannot be read")
        session = jobs.take_up(clip, state.preflight.footage, fresh=fresh)
        if session.status.finished:
            return self.take(clip, session)
        watch.begin(clip, session)
        return DONE

    def take(self, clip: bpy.types.MovieClip, session: TrackingSessionManager) -> set[str]:
        """Puts a session that is done into the clip."""
        taken = jobs.take_in(clip, session)
        watch.taken(clip, session)
        self.report({"INFO"}, f"{taken.tracks} tracks of the session {session.name} are in the clip")
        return DONE


class TRACKED_SHOT_OT_track_solve(_Tracking, bpy.types.Operator):
    """Starts or goes on with the clip's session."""

    bl_idname = "tracked_shot.track_solve"
    bl_label = "Track & Solve"
    bl_description = (
        "Track the whole clip and find its camera, in a process of its own; Blender can be used "
        "meanwhile. Goes on where a session with the same settings was left"
    )
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        return self.go(context, fresh=False)


class TRACKED_SHOT_OT_cancel(ClipAction, bpy.types.Operator):
    """Stops the clip's process."""

    bl_idname = "tracked_shot.cancel"
    bl_label = "Cancel Tracking"
    bl_description = "Stop tracking. All finished steps are saved; Resume goes on from there"

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        return "" if state is not None and state.running else "The clip is not being tracked"

    def work(self, context: bpy.types.Context) -> set[str]:
        watch.stop(clip_of(context))
        return DONE


class TRACKED_SHOT_OT_resume(_Tracking, bpy.types.Operator):
    """Goes on with an interrupted session."""

    bl_idname = "tracked_shot.resume"
    bl_label = "Resume Tracking"
    bl_description = "Go on with this clip's interrupted session, from its last saved step"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if state is None or not state.waiting:
            return "No session of this clip waits"
        return super().refusal(clip, state)

    def work(self, context: bpy.types.Context) -> set[str]:
        clip = clip_of(context)
        state = watch.known(clip)
        if state.manager is None:
            return STOPPED
        jobs.remember_session(clip, state.manager)
        watch.begin(clip, state.manager)
        return DONE


class TRACKED_SHOT_OT_start_over(_Tracking, bpy.types.Operator):
    """Begins a new session."""

    bl_idname = "tracked_shot.start_over"
    bl_label = "Start Over"
    bl_description = "Track the clip anew in a session of its own. The session there is stays on disk"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if state is None or state.session is None:
            return "There is no session of this clip yet"
        return super().refusal(clip, state)

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return set(
            context.window_manager.invoke_confirm(
                self,
                event,
                title="Start Over?",
                message="The clip is tracked anew from its first frame. The session there stays on disk.",
                confirm_text="Start Over",
            )
        )

    def work(self, context: bpy.types.Context) -> set[str]:
        return self.go(context, fresh=True)


class TRACKED_SHOT_OT_take_in(_Tracking, bpy.types.Operator):
    """Takes a session that is done into the clip."""

    bl_idname = "tracked_shot.take_in"
    bl_label = "Take In"
    bl_description = (
        "Put the tracks and the camera of the clip's session into the clip, in place of what an earlier"
        " session put there. Your own tracks stay"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if state is None or not state.finished:
            return "No session of this clip is done"
        return super().refusal(clip, state)

    def work(self, context: bpy.types.Context) -> set[str]:
        clip = clip_of(context)
        state = watch.known(clip)
        if state.manager is None:
            return STOPPED
        return self.take(clip, state.manager)


CLASSES = (
    TRACKED_SHOT_OT_track_solve,
    TRACKED_SHOT_OT_cancel,
    TRACKED_SHOT_OT_resume,
    TRACKED_SHOT_OT_start_over,
    TRACKED_SHOT_OT_take_in,
)
