"""The pictures in docs: the example shot with each built-in composite preset, and what a lens does to CG.

    python tools/preset_pictures.py [--blend shot.blend] [--lens | --sheet]
    blender --background --python tools/preset_pictures.py -- --blend shot.blend

Builds the shot into a temporary file where none is given (as ``assemble`` saves it), applies one preset after
the other to it, and writes a small picture of each into docs/presets/BLENDER. ``with_distortion`` gets the
example's plate bent by a lens, since the example has none; with ``--lens`` that is shown step by step in
docs/images/lens.jpg, and a sheet of all Blenders' pictures is put together in docs/presets/all.jpg;
``--sheet`` does that alone, with the pictures that are there.

Needs bpy, OpenCV and PyYAML, as tools/environments.py makes them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
SHOT = REPOSITORY / "examples" / "first_shot" / "shot.yaml"
MOVIE = REPOSITORY / "examples" / "first_shot" / "footage" / "yard.mp4"
PRESETS = REPOSITORY / "docs" / "presets"
WIDTH = 280
"""Of the pictures, in pixels."""
PERCENTAGE = 50
SAMPLES = 8
QUALITY = [1, 85]
"""Of the JPEGs (1 is OpenCV's word for it)."""
FRAME = 30
CROP = (slice(40, 198), slice(100, 380))
"""Rows and columns of the rendered frame that are shown."""
CELL, NAME_WIDTH, HEADER_HEIGHT = (200, 113), 150, 26
"""Of the sheet: a picture, the column with the presets' names, the row with the Blenders'."""
K1 = -0.2
BENT_SIZE = (832, 468)
"""Of the bent plate: what lies within the example's 960x540 after bending."""

sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / ".envs" / "desktop")]
if "bpy" in sys.modules and "--" in sys.argv:
    sys.argv = [sys.argv[0], *sys.argv[sys.argv.index("--") + 1 :]]


def build(blend: Path) -> None:
    """Track, solve and assemble the example into a .blend; raises CalledProcessError where that fails."""
    command = [sys.executable, "-m", "addon", "assemble", str(SHOT), "--blend", str(blend)]
    subprocess.run([*command, "--session-dir", str(blend.parent)], cwd=REPOSITORY, check=True)


def open_shot(blend: Path) -> tuple[Any, Any]:
    """Scene and clip of the shot, at the frame that is shown."""
    import bpy

    bpy.ops.wm.open_mainfile(filepath=str(blend), load_ui=False)
    scene: Any = bpy.data.scenes[0]
    clip: Any = bpy.data.movieclips[0]
    clip.filepath = str(MOVIE)
    scene.frame_set(FRAME)
    scene.render.resolution_percentage = PERCENTAGE
    scene.cycles.samples = SAMPLES
    return scene, clip


def rendered(scene: Any, folder: Path) -> Any:
    """The composite, 8-bit BGR."""
    import bpy
    import cv2

    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGB", "8"
    scene.render.filepath = str(folder / "picture.png")
    try:
        bpy.ops.render.render(write_still=True)
    except RuntimeError:  # a Blender that was built without its denoiser
        scene.cycles.use_denoising, scene.cycles.samples = False, 8 * SAMPLES
        bpy.ops.render.render(write_still=True)
    return cv2.imread(scene.render.filepath)


def write(picture: Any, path: Path, width: int = WIDTH) -> None:
    """Write a picture at that width as a JPEG."""
    import cv2

    path.parent.mkdir(parents=True, exist_ok=True)
    height = round(picture.shape[0] * width / picture.shape[1])
    cv2.imwrite(str(path), cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), QUALITY)


def bend_plate(scene: Any, clip: Any, folder: Path) -> Any:
    """The frame of the example as a lens would have filmed it, as a clip; camera and render fit it then."""
    import bpy
    import cv2
    import numpy as np

    from addon.tracking.blender.camera import set_camera_lens, set_frame_size
    from addon.tracking.blender.clip_lens import clip_lens
    from addon.tracking.engine.footage import open_footage

    picture = open_footage(MOVIE).picture(FRAME)
    straight = clip_lens(clip)
    cv2.imwrite(str(folder / "bent_0001.png"), np.zeros((*BENT_SIZE[::-1], 3), np.uint8))
    bent: Any = bpy.data.movieclips.load(str(folder / "bent_0001.png"))
    camera, was = bent.tracking.camera, clip.tracking.camera
    camera.sensor_width = was.sensor_width * BENT_SIZE[0] / straight.width
    camera.focal_length, camera.k1 = was.focal_length, K1
    lens = clip_lens(bent)
    grid = np.stack(np.meshgrid(np.arange(lens.width) + 0.5, lens.height - np.arange(lens.height) - 0.5), -1)
    places = straight.to_pixels(lens.to_slopes(lens.undistort(grid.reshape(-1, 2))))
    x = places[:, 0].reshape(grid.shape[:2]) - 0.5
    y = straight.height - places[:, 1].reshape(grid.shape[:2]) - 0.5
    plate = cv2.remap(picture, x.astype(np.float32), y.astype(np.float32), cv2.INTER_CUBIC)
    cv2.imwrite(str(folder / "bent_0001.png"), plate)
    bent.frame_start = FRAME
    set_camera_lens(scene.camera.data, bent)
    set_frame_size(scene, bent)
    return bent


def render_presets(blend: Path, output: Path) -> None:
    """Write NAME.jpg for each built-in composite preset."""
    from addon.tracking import presets
    from addon.tracking.blender.composite import composite_status, setup_shot_compositing
    from addon.tracking.config import CompositeSection

    scene, clip = open_shot(blend)
    bent = "with_distortion"
    names = [info.name for info in presets.list_composite_presets() if info.built_in]
    for name in sorted(names, key=lambda name: name == bent):  # the bent plate last: it changes the camera
        config = presets.resolve_composite(CompositeSection(mode=name))
        plate = bend_plate(scene, clip, blend.parent) if name == bent else clip
        setup_shot_compositing(scene, plate, config)
        for warning in composite_status(scene, config).warnings:
            print(f"{name}: {warning}")
        picture = rendered(scene, blend.parent)
        write(picture if name == bent else picture[CROP], output / f"{name}.jpg")


def render_lens(blend: Path, path: Path) -> None:
    """Write the straight CG, the bent CG and the composite, side by side, with a grid on the ground."""
    import bpy
    import numpy as np

    from addon.tracking.blender.composite import remove_shot_compositing, setup_shot_compositing
    from addon.tracking.blender.lens_workflow import setup_lens_distortion_workflow
    from addon.tracking.config import CompositeConfig

    scene, clip = open_shot(blend)
    bent = bend_plate(scene, clip, blend.parent)
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=10, y_subdivisions=10, size=5.0, location=(0, 0, 0.01))
    grid: Any = bpy.context.object
    wire = grid.modifiers.new("Wire", "WIREFRAME")
    wire.thickness = 0.035
    glow: Any = bpy.data.materials.new("Grid")
    glow.use_nodes = True
    surface = glow.node_tree.nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = (0.0, 0.0, 0.0, 1.0)
    surface.inputs["Emission Color"].default_value = (0.1, 0.8, 1.0, 1.0)
    surface.inputs["Emission Strength"].default_value = 1.0
    grid.data.materials.append(glow)
    remove_shot_compositing(scene)
    scene.view_settings.view_transform = "Standard"
    gray = CompositeConfig(background_source="color", background_color=(0.2, 0.2, 0.2, 1.0))
    pictures = []
    for config, workflow in ((gray, "none"), (gray, "distort_cg"), (CompositeConfig(), "distort_cg")):
        setup_shot_compositing(scene, bent, config)
        setup_lens_distortion_workflow(scene, bent, workflow)
        pictures.append(rendered(scene, blend.parent))
    gap = np.full((len(pictures[0]), 6, 3), 255, np.uint8)
    write(np.hstack([pictures[0], gap, pictures[1], gap, pictures[2]]), path, width=1000)


def sheet(folder: Path) -> None:
    """Put the pictures of all Blenders together: a row a preset, a column a Blender, each with its name."""
    import cv2
    import numpy as np

    blenders = sorted(path for path in folder.iterdir() if path.is_dir())
    names = sorted(path.name for path in blenders[0].glob("*.jpg"))

    def label(text: str, width: int, height: int) -> Any:
        cell = np.full((height, width, 3), 255, np.uint8)
        place = (8, height // 2 + 5)
        return cv2.putText(cell, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (40, 40, 40), 1, cv2.LINE_AA)

    heads = [label(blender.name, CELL[0], HEADER_HEIGHT) for blender in blenders]
    rows = [np.hstack([label("Blender", NAME_WIDTH, HEADER_HEIGHT), *heads])]
    for name in names:
        pictures = [cv2.resize(cv2.imread(str(blender / name)), CELL) for blender in blenders]
        rows.append(np.hstack([label(Path(name).stem, NAME_WIDTH, CELL[1]), *pictures]))
    cv2.imwrite(str(folder / "all.jpg"), np.vstack(rows), QUALITY)


def main() -> None:
    """Read the arguments and do what they ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blend", type=Path, help="the shot as assembled; left out: it is built")
    parser.add_argument("--lens", action="store_true", help="draw the lens's picture and the sheet")
    parser.add_argument("--sheet", action="store_true", help="draw the sheet alone, of what is there")
    wanted = parser.parse_args(sys.argv[1:])
    if wanted.sheet:
        sheet(PRESETS)
        return
    import bpy

    with tempfile.TemporaryDirectory(prefix="tracked-shot-") as folder:
        blend = Path(folder) / "shot.blend"
        if wanted.blend is None:
            build(blend)
        else:
            blend.write_bytes(wanted.blend.read_bytes())
        render_presets(blend, PRESETS / ".".join(map(str, bpy.app.version[:2])))
        if wanted.lens:
            render_lens(blend, REPOSITORY / "docs" / "images" / "lens.jpg")
            sheet(PRESETS)


if __name__ == "__main__":
    main()
