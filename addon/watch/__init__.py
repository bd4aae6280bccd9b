"""What the panels show, kept ready: a timer looks at sessions, clips and composites, and drawing only reads.

The timer runs four times a second while a worker or an errand is at work and once a second otherwise. It
notices when the work is done and takes the tracks and the camera into the clip, when a worker died, and when
a clip is opened whose session waits. Here is what operators and panels may ask for.
"""

from .checks import check_again, checked, look_at_settings
from .composites import composite_of, look_at_composite
from .copies import begin_copy
from .own_tracks import checkpoint, restore
from .screen import doing, redraw
from .sessions import attach, begin, detach, known, session_of, stop
from .state import ClipState, state_of, work_of
from .taking import take_in

__all__ = [
    "ClipState",
    "attach",
    "begin",
    "begin_copy",
    "check_again",
    "checked",
    "checkpoint",
    "composite_of",
    "detach",
    "doing",
    "known",
    "look_at_composite",
    "look_at_settings",
    "redraw",
    "restore",
    "session_of",
    "state_of",
    "stop",
    "take_in",
    "work_of",
]
