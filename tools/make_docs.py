"""Write the parts of the documentation that come from the code: ``python -m tools.make_docs``.

``docs/shot-file.md`` and ``docs/shot.schema.json``, which editors read, are made here from the declared keys;
a test sees to it that they are current.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from addon.tracking.config import (
    FORMAT_VERSION,
    CompositeSection,
    CompositeShotConfig,
    FootageConfig,
    defaults_table,
)
from addon.tracking.presets import BUILT_IN
from addon.tracking.schema import (
    FOREIGN,
    Choice,
    Either,
    FilePath,
    Flag,
    FrameRange,
    Integer,
    Key,
    Kind,
    ListOf,
    Number,
    Part,
    Section,
    Text,
)

DOCS = Path(__file__).resolve().parent.parent / "docs"
SHOT_FILE = DOCS / "shot-file.md"
SCHEMA = DOCS / "shot.schema.json"

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

- `hooks` names Python files that a build runs where the user allows scripts from shot files (in the
  preferences, or with `--allow-scripts`). They define `before_track(data)`, `after_composite(data)` and so
  on for any stage, or `before(data)` and `after(data)` for all: `data` has `stage`, `when`, `config` (the
  shot) and `result` (scene, clip, camera, session, solve, as far as they are there). A stage that does not
  run calls none. One that fails is named with its line, the build stops, and the .blend on disk stays as it
  was. Add-ons hand in functions with `addon.tracking.register_hook("composite", "after", function)`; those
  always run.

An editor that knows YAML schemas (VS Code with the YAML extension, for one) completes and checks shot files
with [shot.schema.json](shot.schema.json) when a file begins with a line like
`# yaml-language-server: $schema=../docs/shot.schema.json`. `validate` sees more: what YAML makes of a text,
keys that do not go together, presets, variables, included files and files that are not there.

<!-- Below here made from the code by tools/make_docs.py: change addon/tracking/config.py instead. -->

"""


def shot_file_page() -> str:
    """The text of docs/shot-file.md."""
    return INTRODUCTION + defaults_table()


# --- the schema for editors --------------------------------------------------

_NOT_BLANK = r"\S"
_PATH = r"^(?=[\s\S]*\S)(?![\s\S]*\$\{(?![A-Za-z_][A-Za-z0-9_]*\}))"
"""Not blank, and what begins like a variable is one."""


def shot_schema() -> dict[str, Any]:
    """The text of docs/shot.schema.json: JSON Schema, draft 7, of what the loader takes."""
    shot = _object(CompositeShotConfig)
    # An included file may hold the footage, so that only a shot without one must.
    file = {"type": "object", "required": ["file"], "properties": {"file": {"type": "string"}}}
    shot["if"] = {"required": ["include"], "properties": {"include": {"type": ["string", "array"]}}}
    shot["then"] = {}
    shot["properties"]["version"]["maximum"] = FORMAT_VERSION
    shot["else"] = {"required": ["footage"], "properties": {"footage": file}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Tracked Shot: shot file",
        "type": "object",
        "required": ["shot"],
        "properties": {"shot": shot},
        "patternProperties": {f"^{FOREIGN}": {}},
        "additionalProperties": False,
    }


def schema_text() -> str:
    """The schema as it is written."""
    return json.dumps(shot_schema(), indent=1, ensure_ascii=False) + "\n"


def _object(section: type[Section], defaults: bool = True) -> dict[str, Any]:
    known = section.described()
    defaults = defaults and section is not CompositeSection
    made: dict[str, Any] = {
        "type": "object",
        "properties": {},
        "patternProperties": {f"^{FOREIGN}": {}},
        "additionalProperties": False,
    }
    for name, spec in known.items():
        made["properties"][name] = _property(spec, defaults)
    # What a shot must have may stand in an included file: see shot_schema.
    optional = section in (CompositeShotConfig, FootageConfig)
    required = [name for name, spec in known.items() if spec.required and not optional]
    if required:
        made["required"] = required
    return made


def _property(spec: Key, defaults: bool) -> dict[str, Any]:
    """One key; an empty value is as good as none, but for a key that must be there."""
    made = {"description": spec.doc, **_or_null(_kind(spec.kind, defaults), spec.required)}
    default = None if spec.required or isinstance(spec.kind, Part) or not defaults else spec.default()
    if default is not None:
        made["default"] = spec.kind.write(default)
    folder = {"preset": "tracking", "mode": "composite"}.get(spec.name)
    if folder is not None:
        made["examples"] = sorted(path.stem for path in (BUILT_IN / folder).glob("*.yaml"))
    return made


def _or_null(made: dict[str, Any], must: bool) -> dict[str, Any]:
    if must:
        return made
    if "anyOf" in made:
        return {"anyOf": [*made["anyOf"], {"type": "null"}]}
    return {
        **made,
        "type": [made["type"], "null"],
        **({"enum": [*made["enum"], None]} if "enum" in made else {}),
    }


def _kind(kind: Kind, defaults: bool) -> dict[str, Any]:
    """The schema of a value of that kind."""
    match kind:
        case Flag():
            return {"type": "boolean"}
        case Number():
            above = {} if kind.above is None else {"exclusiveMinimum": kind.above}
            return {"type": "number", **_bounds(kind.low, kind.high), **above}
        case Integer():
            return {"type": "integer", **_bounds(kind.low, kind.high)}
        case Choice():
            return {"type": "string", "enum": list(kind.names)}
        case FilePath():
            return {"type": "string", "pattern": _PATH}
        case Text():
            return {"type": "string", **({} if kind.empty else {"pattern": _NOT_BLANK})}
        case FrameRange():
            frame = {"type": "integer", "minimum": 1, "maximum": 10**9}
            return {"type": "array", "items": frame, "minItems": 2, "maxItems": 2}
        case ListOf():
            items = _kind(kind.kind, defaults)
            return {"type": "array", "items": items, "minItems": kind.least, "maxItems": kind.most}
        case Either():
            return {"anyOf": [_kind(choice, defaults) for choice in kind.kinds]}
        case Part():
            return _object(kind.section, defaults)
    raise TypeError(f"no schema for {kind!r}")


def _bounds(low: float, high: float) -> dict[str, float]:
    made = {}
    if low > -math.inf:
        made["minimum"] = low
    if high < math.inf:
        made["maximum"] = high
    return made


if __name__ == "__main__":
    SHOT_FILE.write_text(shot_file_page(), encoding="utf-8")
    SCHEMA.write_text(schema_text(), encoding="utf-8")
