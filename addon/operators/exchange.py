"""2D tracks to and from other programs, as text files."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from .. import watch
from ..tracking.blender.clip import add_tracks, some_tracks
from ..tracking.track_text import EQUALIZER, TEXT
from ..tracking.track_text import read_tracks as read_file
from ..tracking.track_text import write_tracks as write_file
from ..words import said
from .base import DONE, STOPPED, ClipAction, chosen_file, clip_of, usual_folder

SUFFIX = ".txt"


class TRACKED_SHOT_OT_export_tracks(ClipAction, ExportHelper, bpy.types.Operator):
    """Writes the clip's tracks."""

    bl_idname = "tracked_shot.export_tracks"
    bl_label = "Export 2D Tracks"
    bl_description = "Write the clip's tracks as text for other programs: a line for each marker"
    bl_options = {"REGISTER"}

    filename_ext = SUFFIX
    filter_glob: StringProperty(default="*.txt", options={"HIDDEN", "SKIP_SAVE"})
    form: EnumProperty(
        name="Format",
        items=[
            (TEXT, "Text", "Name, frame, x and y, parted by tabs, after a header with the frame's size"),
            (EQUALIZER, "3DEqualizer", "What 3DEqualizer exports and imports as 2D tracks"),
        ],
        default=TEXT,
    )
    only_selected: BoolProperty(name="Only Selected", description="Leave out tracks that are not selected")
    only_enabled: BoolProperty(
        name="Only Enabled", description="Leave out tracks that have no weight in the solve"
    )
    first: IntProperty(name="First Frame", description="Number of the clip's first frame", default=1)

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        return "" if any(owner.tracks for owner in clip.tracking.objects) else "The clip has no tracks"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = str(usual_folder() / f"{Path(clip_of(context).name).stem}_tracks{SUFFIX}")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self, context: bpy.types.Context) -> set[str]:
        target = chosen_file(self, "Choose a file to write")
        if target is None:
            return STOPPED
        tracks = some_tracks(clip_of(context), selected=self.only_selected, enabled=self.only_enabled)
        write_file(tracks, target, self.form, first=self.first)
        self.report({"INFO"}, said(f"{tracks.count} tracks written: {target}"))
        return DONE


class TRACKED_SHOT_OT_import_tracks(ClipAction, ImportHelper, bpy.types.Operator):
    """Reads tracks into the clip."""

    bl_idname = "tracked_shot.import_tracks"
    bl_label = "Import 2D Tracks"
    bl_description = (
        "Add the tracks of a text file to the clip: name, frame, x and y a line, or what 3DEqualizer exports"
    )
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = SUFFIX
    filter_glob: StringProperty(default="*.txt", options={"HIDDEN", "SKIP_SAVE"})
    own_first: BoolProperty(
        name="Set First Frame", description="Say which number the clip's first frame has in the file"
    )
    first: IntProperty(
        name="First Frame", description="The number that the clip's first frame has in the file", default=1
    )

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        return "" if clip.frame_duration > 0 else "The clip has no frames"

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        row = layout.row(heading="First Frame")
        row.prop(self, "own_first", text="")
        value = row.row()
        value.active = self.own_first
        value.prop(self, "first", text="")

    def work(self, context: bpy.types.Context) -> set[str]:
        file = chosen_file(self, "Choose a file to read")
        if file is None:
            return STOPPED
        clip = clip_of(context)
        tracks = read_file(
            file,
            size=tuple(clip.size),
            frames=clip.frame_duration,
            first=self.first if self.own_first else None,
        )
        names = add_tracks(clip, tracks)
        self.report({"INFO"}, said(f"{len(names)} tracks added to {clip.name}"))
        return DONE


CLASSES = (TRACKED_SHOT_OT_export_tracks, TRACKED_SHOT_OT_import_tracks)
