"""Places where a test may have the process killed, as a power button would: no handler runs, nothing is flushed.

    DRAGOMAN_KILL_POINT=sync:3    the third time a frame was synced and nobody was told yet, SIGKILL

| name            | reached when                                                          |
|-----------------|-----------------------------------------------------------------------|
| append          | a frame was written and not synced                                    |
| sync            | a frame was synced; its confirms have not left                        |
| segment         | a checkpoint has appended an extent to a segment                      |
| checkpoint      | its segments are synced; the state transaction has not begun          |
| recovery        | a frame of the journal was applied again, before anybody is served    |
| decided.COMMAND | a command was carried out in memory; nothing of it is written         |
| written.COMMAND | the frame behind such a command was written; nobody was told          |

COMMAND is one of COMMANDS, the phases of a transaction and of a rebalance. Without the variable a point costs one look
at a name of this module, once per frame, extent or command.
"""

import os
import signal
from typing import Final

VARIABLE: Final = "DRAGOMAN_KILL_POINT"
NAMES: Final = ("append", "sync", "segment", "checkpoint", "recovery")
TRANSACTION: Final = ("InitProducer", "AddToTransaction", "AddCursors", "EndTransaction")
REBALANCE: Final = ("JoinGroup", "SyncGroup", "Heartbeat", "CommitCursors", "LeaveGroup", "Beat")
"""Of these only CommitCursors writes anything: members are not logged."""
COMMANDS: Final = (*TRANSACTION, *REBALANCE)
PHASES: Final = tuple(f"{when}.{name}" for when in ("decided", "written") for name in COMMANDS)


class KillPoint:
    """The point that was asked for, and how often it is still passed."""

    def __init__(self, asked: str) -> None:
        """Raises ValueError for what is no NAME:COUNT of NAMES or PHASES."""
        name, _, count = asked.partition(":")
        if name not in (*NAMES, *PHASES) or not count.isdecimal() or int(count) < 1:
            known = ", ".join((*NAMES, *PHASES))
            raise ValueError(f"{VARIABLE}={asked}: expected one of {known}, and :COUNT")
        self._name = name
        self._left = int(count)
        self._is_decided = False  # the command was; it is in no frame yet
        self._is_handed = False  # it is in the frame that is being written

    def reached(self, name: str) -> None:
        """Count; at the last one, end."""
        if name == self._name:
            self._pass()
        elif name == "append" and self._is_handed:
            self._is_handed = False
            self._pass()

    def decided(self, command: str) -> None:
        when, _, wanted = self._name.partition(".")
        if wanted != command:
            return
        if when == "decided":
            self._pass()
        else:
            self._is_decided = True

    def handed(self) -> None:
        if self._is_decided:
            self._is_decided, self._is_handed = False, True

    def _pass(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


_armed: KillPoint | None = KillPoint(os.environ[VARIABLE]) if VARIABLE in os.environ else None


def reached(name: str) -> None:
    """The process is at the point `name`."""
    if _armed is not None:
        _armed.reached(name)


def decided(command: object) -> None:
    """A command was carried out in memory."""
    if _armed is not None:
        _armed.decided(type(command).__name__)


def handed() -> None:
    """All that was decided so far is in the frame that is written next."""
    if _armed is not None:
        _armed.handed()
