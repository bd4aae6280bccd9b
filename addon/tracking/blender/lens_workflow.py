"""The lens workflow of a scene's composite, set apart from all else that the composite is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import bpy

from ..config import CompositeConfig, LensDistortionConfig
from .composite import applied_config, setup_shot_compositing


def setup_lens_distortion_workflow(
    scene: bpy.types.Scene,
    clip: bpy.types.MovieClip | None,
    workflow: str = "distort_cg",
    *,
    use_st_map: bool = False,
    st_map_path: str | None = None,
    overscan: str | float = "auto",
    origin: str | None = None,
    centers: str | None = None,
    values: str | None = None,
    nearest: Sequence[str] = (),
) -> bpy.types.NodeTree:
    """Bring plate and CG together through the clip's lens, or a distort map; returns the composite's group.

    ``distort_cg`` bends the CG and its shadow to the plate, whose pixels stay as they are.
    ``undistort_plate`` straightens the plate, lays the CG over it and bends the picture again, at the cost of
    resampling the plate twice. ``none`` takes either out. The camera's view is widened as far as the lens
    asks for, or by ``overscan``, a share of the frame beyond each edge; render size and plate keep theirs,
    and ``remove_shot_compositing`` gives the camera its view back. The composite that stands in the scene is
    kept in all else; where there is none, the plain one is made. Where the scene's camera zooms, so do the
    maps of the lens. ``origin``, ``centers`` and ``values`` say by hand how the file counts, as for
    ``apply_stmap_distortion``. ``nearest`` names data passes (depth, vector, cryptomatte_object …) that are
    bent too, each pixel taken whole: they are further outputs of the group.

    Raises InputError, with everything as it was, where there is no clip, the render has another shape than
    the plate or the file is no distort map, and FoldError where the lens folds over within the plate.
    """
    wanted = LensDistortionConfig(
        workflow=workflow,
        use_st_map=use_st_map or st_map_path is not None,
        st_map_path=st_map_path,
        st_map_origin=origin,
        st_map_centers=centers,
        st_map_values=values,
        nearest=list(nearest),
        overscan=overscan,
    )
    config = applied_config(scene) or CompositeConfig()
    return setup_shot_compositing(scene, clip, replace(config, lens_distortion=wanted))
