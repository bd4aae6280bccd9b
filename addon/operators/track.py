"""Tracking and solving: start it, stop it, go on with it, take in what it found."""

from __future__ import annotations

from itertools import islice

import bpy
from bpy.props import EnumProperty

from .. import jobs, watch
from ..tracking.blender.by_hand import LEAST_TRACKS
from ..tracking.blender.clip import camera_object
from ..tracking.session import TrackingSessionManager
from ..words import said
from .base import DONE, ClipAction, ClipInSceneAction, clip_of


class _Tracking(ClipAction):
    """What works on the clip's session."""

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if state is not None and (work := watch.work_of(state)):
            return work
        if state is not None and state.copying is not None:
            return "A copy of the clip is being made"
        return ""

    def go(self, context: bpy.types.Context, *, fresh: bool) -> set[str]:
        """Checks the clip, takes up its session, and starts what is left of the work."""
        clip = clip_of(context)
        state = watch.checked(clip)
        jobs.stop_on_errors(state.findings)
        session = jobs.take_up(clip, jobs.readable(state.preflight, state.path), fresh=fresh)
        if session.status.finished:
            return self.take(clip, session)
        watch.begin(clip, session)
        return DONE

    def take(
        self, clip: bpy.types.MovieClip, session: TrackingSessionManager, changed: str = jobs.ASK
    ) -> set[str]:
        """Puts a session that is done into the clip; asks first where the artist changed its tracks."""
        try:
            taken = watch.take_in(clip, session, changed)
        except jobs.ChangedByHand as question:
            watch.attach(clip, session).differences = question.differences
            self.report({"WARNING"}, said(str(question)))
            return DONE
        self.report({"INFO"}, said(f"{taken.tracks} tracks of the session {session.name} are in the clip"))
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


class SolvesAgain(_Tracking):
    """What finds the camera anew from the tracks that are there."""

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        # Counting them all would take longer the more there are.
        if next(islice(camera_object(clip).tracks, LEAST_TRACKS - 1, None), None) is None:
            return f"A camera takes {LEAST_TRACKS} tracks"
        return super().refusal(clip, state)

    def again(self, context: bpy.types.Context) -> set[str]:
        """Hands the clip's tracks over, and starts the solve."""
        clip = clip_of(context)
        state = watch.checked(clip)
        jobs.stop_on_errors(state.findings)
        watch.begin(clip, jobs.solve_again(clip, jobs.readable(state.preflight, state.path)))
        return DONE


class TRACKED_SHOT_OT_solve_again(SolvesAgain, bpy.types.Operator):
    """Solves from the tracks as they are."""

    bl_idname = "tracked_shot.solve_again"
    bl_label = "Solve Again"
    bl_description = (
        "Find the camera anew from the tracks as they are now, yours and those of the session, with their"
        " weights. Nothing is tracked. Where the clip has only tracks of yours, they alone are solved"
    )
    bl_options = {"REGISTER", "UNDO"}

    def work(self, context: bpy.types.Context) -> set[str]:
        return self.again(context)


class TRACKED_SHOT_OT_cancel(ClipAction, bpy.types.Operator):
    """Stops the clip's process."""

    bl_idname = "tracked_shot.cancel"
    bl_label = "Cancel Tracking"
    bl_description = "Stop tracking. All finished steps are saved; Resume goes on from there"

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        return "" if state is not None and state.running else "The clip is not being tracked"

    def work(self, context: bpy.types.Context) -> set[str]:
        watch.stop(clip_of(context), "cancel")
        return DONE


class TRACKED_SHOT_OT_pause(ClipAction, bpy.types.Operator):
    """Lets the clip's process rest."""

    bl_idname = "tracked_shot.pause"
    bl_label = "Pause Tracking"
    bl_description = "Stop tracking after the present step, which is saved; Go On goes on from there"

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if state is None or not state.running:
            return "The clip is not being tracked"
        return "It is stopping already" if state.asked else ""

    def work(self, context: bpy.types.Context) -> set[str]:
        watch.stop(clip_of(context), "pause")
        return DONE


class TRACKED_SHOT_OT_show_frame(ClipInSceneAction, bpy.types.Operator):
    """Goes to where the session stopped."""

    bl_idname = "tracked_shot.show_frame"
    bl_label = "Show"
    bl_description = "Go to the last frame that the clip's session has tracked"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if state is None or state.progress is None or state.progress.frame < state.progress.first:
            return "No frame of this clip was tracked yet"
        return ""

    def work(self, context: bpy.types.Context) -> set[str]:
        clip = clip_of(context)
        context.scene.frame_set(clip.frame_start + watch.session_of(clip).get_progress().frame - 1)
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
        if state.missing:
            return f"The footage is not there: {state.missing}. Find it first"
        return super().refusal(clip, state)

    def work(self, context: bpy.types.Context) -> set[str]:
        clip = clip_of(context)
        session = watch.session_of(clip)
        if jobs.footage_path(clip).exists():
            jobs.fit_session(clip, session)
            jobs.fit_mask(clip, session)
        jobs.remember_session(clip, session)
        watch.begin(clip, session)
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
        return self.take(clip, watch.session_of(clip))


class TRACKED_SHOT_OT_settle_changes(_Tracking, bpy.types.Operator):
    """Takes the session in after the artist has said what becomes of changed tracks."""

    bl_idname = "tracked_shot.settle_changes"
    bl_label = "Settle Changes"
    bl_description = "Take the session in, and say what becomes of the tracks that you changed"
    bl_options = {"UNDO"}

    changed: EnumProperty(
        name="Changed Tracks",
        items=[
            (jobs.MINE, "Keep Mine", "Take the rest in; what you moved, switched off or deleted stays so"),
            (jobs.SESSION, "Take the Session's", "Put the tracks back as the session has them"),
        ],
        options={"SKIP_SAVE"},
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, given: bpy.types.OperatorProperties) -> str:
        items = given.bl_rna.properties["changed"].enum_items
        return said(str(items[given.changed].description))

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        if state is None or state.differences is None:
            return "Nothing is to be decided for this clip"
        return super().refusal(clip, state)

    def work(self, context: bpy.types.Context) -> set[str]:
        clip = clip_of(context)
        return self.take(clip, watch.session_of(clip), self.changed)


CLASSES = (
    TRACKED_SHOT_OT_track_solve,
    TRACKED_SHOT_OT_solve_again,
    TRACKED_SHOT_OT_pause,
    TRACKED_SHOT_OT_cancel,
    TRACKED_SHOT_OT_show_frame,
    TRACKED_SHOT_OT_resume,
    TRACKED_SHOT_OT_start_over,
    TRACKED_SHOT_OT_take_in,
    TRACKED_SHOT_OT_settle_changes,
)
