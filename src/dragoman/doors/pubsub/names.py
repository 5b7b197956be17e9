"""What resources are called: `projects/P/topics/T`, and so subscriptions, snapshots and schemas.

A project is a namespace, of the same name. A topic that is deleted while subscriptions still have messages of it is
called `_deleted-topic_`.
"""

import re
from typing import Final, NamedTuple

from dragoman.doors.pubsub.errors import invalid

PROTOCOL: Final = "pubsub"
TOPICS: Final = "topics"
SUBSCRIPTIONS: Final = "subscriptions"
SNAPSHOTS: Final = "snapshots"
SCHEMAS: Final = "schemas"
DELETED_TOPIC: Final = "_deleted-topic_"
NAME_CHARS_MAX: Final = 1_024
_PROJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}", re.ASCII)
_ID: Final = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9_.~+%-]{2,254}", re.ASCII)


class Place(NamedTuple):
    """A resource by its project and its own name. A project is a namespace."""

    project: str
    id: str


def place_of(text: str, kind: str) -> Place:
    """The resource of that kind that a name means. Raises Status."""
    parts = text.split("/") if len(text) <= NAME_CHARS_MAX else []
    if len(parts) != 4 or parts[0] != "projects" or parts[2] != kind or not parts[3]:
        raise bad_name(text)
    if not _PROJECT.fullmatch(parts[1]):
        raise bad_name(text)
    return Place(parts[1], parts[3])


def new_place(text: str, kind: str) -> Place:
    """As `place_of`, of something that is to be made: its name must be one that Pub/Sub allows. Raises Status."""
    place = place_of(text, kind)
    if not _ID.fullmatch(place.id):
        raise bad_name(text)
    return place


def project_of(text: str) -> str:
    """From `projects/P`. Raises Status."""
    _, _, project = text.partition("projects/")
    if text != f"projects/{project}" or not _PROJECT.fullmatch(project):
        raise invalid(f"Invalid project name given (name={text[:NAME_CHARS_MAX]}).")
    return project


def bad_name(text: str) -> Exception:
    """A Status."""
    return invalid(
        f"Invalid resource name given (name={text[:NAME_CHARS_MAX]}). Refer to"
        " https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names for more information."
    )


def topic_name(place: Place) -> str:
    """In full."""
    return f"projects/{place.project}/{TOPICS}/{place.id}"


def subscription_name(place: Place) -> str:
    """In full."""
    return f"projects/{place.project}/{SUBSCRIPTIONS}/{place.id}"


def schema_name(place: Place) -> str:
    """In full."""
    return f"projects/{place.project}/{SCHEMAS}/{place.id}"


def snapshot_name(place: Place) -> str:
    """In full."""
    return f"projects/{place.project}/{SNAPSHOTS}/{place.id}"
