"""What resources are called: `projects/P/locations/L/queues/Q`, and `/tasks/T` behind it.

A project is a namespace of the same name; all locations are this one place, and told as they were asked for.
"""

import re
from typing import Final, NamedTuple

from dragoman.doors.cloudtasks.errors import invalid

PROTOCOL: Final = "cloudtasks"
NAME_CHARS_MAX: Final = 2_048
_PARENT: Final = re.compile(
    r"projects/([A-Za-z0-9][A-Za-z0-9_.:-]{0,62})/locations/([A-Za-z0-9-]{1,63})", re.ASCII
)
_QUEUE: Final = re.compile(r"[A-Za-z0-9-]{1,100}", re.ASCII)
_TASK: Final = re.compile(r"[A-Za-z0-9_-]{1,500}", re.ASCII)


class Location(NamedTuple):
    """Where queues are."""

    project: str
    location: str


class Queue(NamedTuple):
    """A queue by its project and its own name; `location` is how it was asked for."""

    project: str
    location: str
    id: str

    def __str__(self) -> str:
        return f"projects/{self.project}/locations/{self.location}/queues/{self.id}"


def location_of(text: str) -> Location:
    """From `projects/P/locations/L`. Raises Status."""
    match = _PARENT.fullmatch(text)
    if match is None:
        raise _bad("location", text)
    return Location(match[1], match[2])


def queue_of(text: str) -> Queue:
    """From `projects/P/locations/L/queues/Q`. Raises Status."""
    parent, _, id_ = text.partition("/queues/")
    match = _PARENT.fullmatch(parent)
    if match is None or not _QUEUE.fullmatch(id_):
        raise _bad("queue", text)
    return Queue(match[1], match[2], id_)


def task_of(text: str) -> tuple[Queue, str]:
    """(its queue, its own name). Raises Status."""
    queue, _, id_ = text.partition("/tasks/")
    if not _TASK.fullmatch(id_):
        raise _bad("task", text)
    return queue_of(queue), id_


def _bad(kind: str, text: str) -> Exception:
    return invalid(
        f"Invalid resource field value in the request: not the name of a {kind}: {text[:NAME_CHARS_MAX]!r}"
    )
