"""Hubs by their names: streams, whoever made them. One that is not there is made, where clients may do so.

What only this door understands is kept in the stream's notes:

    eventhubs.created-ms         when the hub was made; of what other protocols made nobody knows
    eventhubs.consumer-groups    names, one a line: no others but `$Default` are there; without the note any is
"""

from typing import Final

from dragoman.doors.eventhubs.addresses import DEFAULT_GROUP
from dragoman.kernel.api import (
    CreateStream,
    FindStream,
    Resolve,
    Session,
    StreamHead,
    StreamSettings,
)
from dragoman.model.errors import (
    GroupNotFound,
    InvalidArgument,
    PartitionNotFound,
    StreamNotFound,
)
from dragoman.model.names import RULES

PROTOCOL: Final = "eventhubs"
PARTITIONS: Final = 4
RETENTION_MS: Final = 7 * 24 * 3_600_000
NAME_CHARS_MAX: Final = 256
GROUP_CHARS_MAX: Final = 50
CREATED: Final = "eventhubs.created-ms"
CONSUMER_GROUPS: Final = "eventhubs.consumer-groups"


def hub_settings(
    now_ms: int, partitions: int = PARTITIONS, groups: tuple[str, ...] | None = None
) -> StreamSettings:
    """What a new hub is: its headers are as Event Hubs has them."""
    notes = {CREATED: str(now_ms)}
    if groups is not None:
        notes[CONSUMER_GROUPS] = "\n".join(groups)
    return StreamSettings(
        partitions=partitions, retention_ms=RETENTION_MS, header_values="amqp", notes=notes
    )


def find(session: Session, namespace: str, name: str, *, creates: bool) -> StreamHead:
    """The hub. Raises StreamNotFound, InvalidArgument."""
    try:
        head: StreamHead = session.submit(FindStream(namespace=namespace, name=name))
    except StreamNotFound:
        known = _named(session, namespace, name) if not creates else _made(session, namespace, name)
        head = session.submit(FindStream(namespace=namespace, name=known))
    return head


def _named(session: Session, namespace: str, name: str) -> str:
    """What a stream is called in the catalogue that is called `name` here. Raises StreamNotFound."""
    known: str = session.submit(Resolve(namespace=namespace, protocol=PROTOCOL, name=name))
    return known


def _made(session: Session, namespace: str, name: str) -> str:
    """As `_named`; what is not there is made. Raises InvalidArgument."""
    try:
        return _named(session, namespace, name)
    except StreamNotFound:
        if not is_hub_name(name):
            raise InvalidArgument(f"{name[:40]!r} is no name of an event hub") from None
        settings = hub_settings(session.wall_ms())
        session.submit(CreateStream(namespace=namespace, name=name, settings=settings, attach=True))
        return name


def is_hub_name(name: str) -> bool:
    """Whether a hub may be called so; case counts here."""
    return len(name) <= NAME_CHARS_MAX and RULES[PROTOCOL].whole.fullmatch(name) is not None


def partition_in(text: str, count: int) -> int:
    """A partition by its id. Raises PartitionNotFound."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) < count):
        raise PartitionNotFound(
            f"The specified partition {text[:40]!r} is invalid: it should be between 0 and {count - 1}."
        )
    return int(text)


def check_group(head: StreamHead, group: str) -> None:
    """Whether the hub has the consumer group. Raises GroupNotFound."""
    declared = head.settings.notes.get(CONSUMER_GROUPS)
    known = group.lower() == DEFAULT_GROUP.lower() or (
        declared is None or group.lower() in declared.lower().split("\n")
    )
    if not known or not 0 < len(group) <= GROUP_CHARS_MAX:
        raise GroupNotFound(f"{head.name} has no consumer group {group[:60]!r}")


def created_ms(head: StreamHead) -> int:
    """When the hub was made, 0 where nobody knows."""
    text = head.settings.notes.get(CREATED, "")
    return int(text) if text.isdecimal() else 0
