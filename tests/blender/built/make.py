"""Writes the composite that test_built_elsewhere.py opens in other Blenders, as this one builds it.

python tests/blender/built/make.py                              with bpy as a module
blender --background --python tests/blender/built/make.py       a desktop Blender
"""

from __future__ import annotations

import sys
from pathlib import Path

import bpy

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / ".envs" / "desktop")]

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from addon.tracking import presets  # noqa: E402
from addon.tracking.blender import composite, versions  # noqa: E402
from addon.tracking.blender.camera import set_camera_lens  # noqa: E402

WIDTH, HEIGHT = 96, 54


def main() -> None:
    """Build it and save it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", 4, False
    scene.render.resolution_x, scene.render.resolution_y = WIDTH, HEIGHT
    plate = np.random.default_rng(4).integers(20, 230, (HEIGHT // 6, WIDTH // 6, 3)).astype(np.uint8)
    cv2.imwrite(str(HERE / "plate_0001.png"), cv2.resize(plate, (WIDTH, HEIGHT)))
    clip = bpy.data.movieclips.load(str(HERE / "plate_0001.png"))
    clip.tracking.camera.k1 = -0.08
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.location = (0.0, 0.0, 8.0)
    scene.collection.objects.link(camera)
    scene.camera = camera
    set_camera_lens(camera.data, clip)
    bpy.ops.mesh.primitive_plane_add(size=2.0, location=(0.5, 0.2, 0.0))
    material = bpy.data.materials.new("Light")
    material.use_nodes = True
    nodes = material.node_tree.nodes
    nodes.clear()
    light, end = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeOutputMaterial")
    light.inputs["Color"].default_value = (0.1, 0.4, 0.9, 1.0)
    material.node_tree.links.new(light.outputs[0], end.inputs["Surface"])
    bpy.context.object.data.materials.append(material)
    composite.setup_shot_compositing(scene, clip, presets.load_composite_preset("with_distortion"))
    path = HERE / f"{versions.BLENDER_NAME}.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True)
    clip.filepath = "//plate_0001.png"  # known as a place only now that the file has one
    bpy.ops.wm.save_mainfile(compress=True)
    path.with_suffix(".blend1").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
