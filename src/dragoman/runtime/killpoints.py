"""Places where a test may have the process killed, as a power button would: no handler runs, nothing is flushed.

    DRAGOMAN_KILL_POINT=sync:3    the third time a frame was synced and nobody was told yet, SIGKILL

| name       | reached when                                                          |
|------------|-----------------------------------------------------------------------|
| append     | a frame was written and not synced                                    |
| sync       | a frame was synced; its confirms have not left                        |
| segment    | a checkpoint has appended an extent to a segment                      |
| checkpoint | its segments are synced; the state transaction has not begun          |
| recovery   | a frame of the journal was applied again, before anybody is served    |

Without the variable a point costs one look at a name of this module, once per frame or extent.
"""

import os
import signal
from typing import Final

VARIABLE: Final = "DRAGOMAN_KILL_POINT"
NAMES: Final = ("append", "sync", "segment", "checkpoint", "recovery")


class KillPoint:
    """The point that was asked for, and how often it is still passed."""

    def __init__(self, asked: str) -> None:
        """Raises ValueError for what is no NAME:COUNT of NAMES."""
        name, _, count = asked.partition(":")
        if name not in NAMES or not count.isdecimal() or int(count) < 1:
            raise ValueError(f"{VARIABLE}={asked}: expected one of {', '.join(NAMES)}, and :COUNT")
        self._name = name
        self._left = int(count)

    def reached(self, name: str) -> None:
        """Count; at the last one, end."""
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


_armed: KillPoint | None = KillPoint(os.environ[VARIABLE]) if VARIABLE in os.environ else None


def reached(name: str) -> None:
    """The process is at the point `name`."""
    if _armed is not None:
        _armed.reached(name)
