"""The pictures in docs/presets: the example shot with each built-in composite preset.

    python tools/preset_pictures.py [--frame 30] [--output docs/presets]

Needs bpy as a module, OpenCV and PyYAML, as tools/environments.py makes them. Builds the shot into a
temporary file, applies one preset after the other to it, and writes a small PNG of each.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
SHOT = REPOSITORY / "examples" / "first_shot" / "shot.yaml"
WIDTH = 320
"""Of the pictures, in pixels."""
LEVELS = 9
"""How hard PNG is pressed, of 9."""

sys.path.insert(0, str(REPOSITORY))


def build(blend: Path) -> None:
    """Track, solve and assemble the example into a .blend; raises CalledProcessError where that fails."""
    command = [sys.executable, "-m", "addon", "assemble", str(SHOT), "--blend", str(blend)]
    subprocess.run([*command, "--session-dir", str(blend.parent)], cwd=REPOSITORY, check=True)


def render_presets(blend: Path, frame: int, output: Path) -> None:
    """Write NAME.png for each built-in composite preset, rendered at a scene frame."""
    import bpy
    import cv2

    from addon.tracking import presets
    from addon.tracking.blender.composite import composite_status, setup_shot_compositing
    from addon.tracking.config import CompositeSection

    bpy.ops.wm.open_mainfile(filepath=str(blend), load_ui=False)
    scene = bpy.data.scenes[0]
    clip = bpy.data.movieclips[0]
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "PNG", "RGB", "8"
    output.mkdir(parents=True, exist_ok=True)
    for info in presets.list_composite_presets():
        config = presets.resolve_composite(CompositeSection(mode=info.name))
        setup_shot_compositing(scene, clip, config)
        for warning in composite_status(scene, config).warnings:
            print(f"{info.name}: {warning}")
        scene.frame_set(frame)
        path = blend.parent / f"{info.name}.png"
        scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        picture = cv2.imread(str(path))
        height = round(picture.shape[0] * WIDTH / picture.shape[1])
        small = cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(output / path.name), small, [cv2.IMWRITE_PNG_COMPRESSION, LEVELS])


def main() -> None:
    """Read the arguments and do both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frame", type=int, default=30, help="scene frame that is rendered")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "docs" / "presets")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tracked-shot-") as folder:
        blend = Path(folder) / "shot.blend"
        build(blend)
        render_presets(blend, wanted.frame, wanted.output)


if __name__ == "__main__":
    main()
