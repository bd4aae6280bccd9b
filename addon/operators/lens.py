"""The clip's lens as ST-maps for other programs."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty

from .. import watch
from ..tracking.blender.clip_lens import clip_lens
from ..tracking.overscan import NO_OVERSCAN, find_overscan
from ..tracking.stmap_out import write_stmaps
from ..words import said
from .base import DONE, STOPPED, ClipAction, chosen_file, clip_of

UNDISTORT_END, DISTORT_END = "_undistort.exr", "_distort.exr"


class TRACKED_SHOT_OT_write_stmaps(ClipAction, bpy.types.Operator):
    """Writes the maps."""

    bl_idname = "tracked_shot.write_stmaps"
    bl_label = "Write ST-Maps"
    bl_description = (
        "Write the clip's lens as two 32-bit EXR maps, NAME_undistort.exr and NAME_distort.exr, for "
        "programs that read ST-maps"
    )

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: StringProperty(default="*.exr", options={"HIDDEN", "SKIP_SAVE"})
    use_overscan: BoolProperty(
        name="Overscan",
        description="Make the straight picture as much larger as it takes to leave none of the plate empty",
        default=True,
    )
    use_zip: BoolProperty(
        name="ZIP", description="Pack the files: half the size, but much slower to write", default=False
    )

    @classmethod
    def refusal(cls, clip: bpy.types.MovieClip, state: watch.ClipState | None) -> str:
        return "" if clip.size[0] else "The clip has no picture"

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        folder = Path(bpy.path.abspath("//") or Path(bpy.path.abspath(clip_of(context).filepath)).parent)
        self.filepath = str(folder / f"{Path(clip_of(context).name).stem}.exr")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self, context: bpy.types.Context) -> set[str]:
        file = chosen_file(self, "Choose a file to write")
        if file is None:
            return STOPPED
        lens = clip_lens(clip_of(context))
        base = str(file).removesuffix(UNDISTORT_END).removesuffix(DISTORT_END).removesuffix(".exr")
        report = write_stmaps(
            lens,
            f"{base}{UNDISTORT_END}",
            f"{base}{DISTORT_END}",
            overscan=find_overscan(lens) if self.use_overscan else NO_OVERSCAN,
            zipped=self.use_zip,
        )
        text = report.text()
        self.report({"INFO"}, said(text[:1].upper() + text[1:]))
        return DONE


CLASSES = (TRACKED_SHOT_OT_write_stmaps,)
