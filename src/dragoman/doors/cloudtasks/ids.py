"""What a task is called that nobody named: by where it is, so that nothing is kept for its name.

    at-PARTITION-OFFSET        its message's place in the queue
    due-MS-STREAM-OFFSET       one that waits: when it is due, and the id of its message among those that wait

The second stays the task's name when its message has come to the queue, and is written in it. Names of these forms are
refused to clients.
"""

import re
from typing import Final, NamedTuple

_ID: Final = re.compile(r"at-(\d{1,9})-(\d{1,18})|due-(\d{1,15})-(\d{1,18})-(\d{1,14})", re.ASCII)


class Place(NamedTuple):
    """Of a message in its queue."""

    partition: int
    offset: int


class Waiting(NamedTuple):
    """A message that waits for its time, a wall time."""

    due_ms: int
    stream: int
    offset: int


def spell(place: Place | Waiting) -> str:
    """The id."""
    return ("at-" if isinstance(place, Place) else "due-") + "-".join(map(str, place))


def read(text: str) -> Place | Waiting | None:
    """What an id says; None for one that a client made up."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    if match[1] is not None:
        return Place(int(match[1]), int(match[2]))
    return Waiting(int(match[3]), int(match[4]), int(match[5]))
