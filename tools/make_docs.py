"""Write the parts of the documentation that come from the code: ``python -m tools.make_docs``.

``docs/shot-file.md`` is made here from the declared keys; a test sees to it that it is current.
"""

from __future__ import annotations

from pathlib import Path

from addon.tracking.config import defaults_table

SHOT_FILE = Path(__file__).resolve().parent.parent / "docs" / "shot-file.md"

INTRODUCTION = """\
# The shot file

A shot file is YAML. Only `shot.footage.file` must be given; every other key has a default.
`validate` names all that is wrong with a file in one go, each with line and column.

```yaml
shot:
  name: composite_knob_hero
  footage:
    file: footage/knob_hero_4k.mp4   # relative to the shot file; first file of a sequence for images
    frame_range: [1, 150]            # footage frames, first and last, both included
  tracking:
    enabled: true
    preset: high_quality             # a tracking preset
    solve: true
  camera:
    from_tracking: true
  composite:
    mode: over_footage               # a composite preset
    shadow_catcher: true
```

- Paths are relative to the shot file. `${SHOW}` in a path is the environment variable `SHOW`; one that is
  not set is an error. Of an image sequence name the first file, or `plate.####.exr` or `plate.%04d.exr`.
- `include: ../show.yaml` (or a list) lays this file over another one, key by key; of several the later
  lies over the earlier. Paths in an included file are relative to that file, and it may include others, 8
  deep and 32 in all. An empty value (`mask:`) takes back what an included file says.
- Frames are footage frames: 1 is the first frame of the clip.
- A key that begins with `x-` belongs to somebody else's pipeline: it may stand anywhere and is kept.
  Any other unknown key is an error that names the nearest known one.
- An empty value (`session:`) is otherwise as good as leaving the key out.
- YAML reads `yes`, `no`, `on` and `off` as true and false, `1:30` as 90 and `010` as 8. Since that is
  hardly ever meant, it is an error here: write `true` or `false`, or put the text in quotes.
- A file may have 256 KB, 32 levels and 20,000 values (what an alias stands for counted each time);
  a key must not stand twice; tags that make objects are refused.
- `composite` names a preset in `mode`; the other keys there are laid over what the preset says.

<!-- Below here made from the code by tools/make_docs.py: change addon/tracking/config.py instead. -->

"""


def shot_file_page() -> str:
    """The text of docs/shot-file.md."""
    return INTRODUCTION + defaults_table()


if __name__ == "__main__":
    SHOT_FILE.write_text(shot_file_page(), encoding="utf-8")
