"""The usage example, word for word, in a folder with that footage and that shot file."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from addon.tracking.config import CompositeConfig
from addon.tracking.session import SessionStatus, load_session
from tests import drawn

USAGE = """
This runs as it stands, in a folder with that footage and that shot file:

```python
from addon.tracking import assemble_shot_with_tracking, create_session, load_composite_preset, load_shot

session = create_session("footage/shot.mp4", "hero_shot")
session.save_checkpoint(frame=50, operation="track_forward")
composite_config = load_composite_preset("over_footage")
config = load_shot("shot.yaml")
result = assemble_shot_with_tracking(config)      # or a dict as in the shot file
```
"""

SHOT = "shot:\n  name: hero\n  footage: {file: footage/shot.mp4}\n"


def test_the_usage_example_runs_word_for_word(
    blender_file: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "footage").mkdir()
    drawn.draw_clip(tmp_path / "footage" / "shot.mp4", frames=52, width=320, height=180, codec="mp4v")
    (tmp_path / "shot.yaml").write_text(SHOT)
    monkeypatch.chdir(tmp_path)
    code = USAGE.split("```python\n")[1].split("```")[0]
    names: dict[str, Any] = {}
    exec(compile(code, "usage", "exec"), names)

    result = names["result"]
    assert isinstance(names["composite_config"], CompositeConfig)
    assert names["composite_config"].mode == "over_footage"
    assert result.solve is not None and result.solve.verdict in ("good", "usable")
    assert len(result.solve.frames) == 52
    assert result.blend == tmp_path / "hero.blend" and result.blend.is_file()
    assert result.scene.camera is result.camera
    session = load_session(result.session)
    assert session.status is SessionStatus.SOLVED
    assert names["session"].path.is_file()
    # The dict of the comment does the same, and finds everything done.
    again = names["assemble_shot_with_tracking"](
        {"shot": {"name": "hero", "footage": {"file": "footage/shot.mp4"}}}
    )
    assert again.ran == () and again.blend == result.blend
