"""Limits set by the management API: of a virtual host (connections, queues), of a user (connections, channels). Cold.

A document each, of the default namespace: VHOST's are `vhost/VHOST`, USER's `user/USER`. A negative number is no limit.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from dragoman.doors.amqp091.errors import NOT_ALLOWED, PRECONDITION_FAILED, Refused
from dragoman.doors.amqp091.link import Link
from dragoman.doors.amqp091.traits import DIRECT_REPLY
from dragoman.doors.shared.asbroker import as_broker
from dragoman.kernel.api import (
    DeleteDocument,
    Document,
    ListDocuments,
    ListQueues,
    PutDocument,
    Session,
)

KIND: Final = "amqp091.limits"
OF_VHOST: Final = "vhost"
OF_USER: Final = "user"
MAX_CONNECTIONS: Final = "max-connections"
MAX_QUEUES: Final = "max-queues"
MAX_CHANNELS: Final = "max-channels"
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    OF_VHOST: (MAX_CONNECTIONS, MAX_QUEUES),
    OF_USER: (MAX_CONNECTIONS, MAX_CHANNELS),
}
Values = dict[str, int]


def all_of(session: Session, of: str) -> dict[str, Values]:
    """By name, those that have any."""
    found: list[Document] = session.submit(ListDocuments(kind=KIND, prefix=f"{of}/"))
    return {one.name.removeprefix(f"{of}/"): msgspec.json.decode(one.body) for one in found}


def values_of(session: Session, of: str, name: str) -> Values:
    """What is set for one. One look, as a rule at nothing."""
    document = f"{of}/{name}"
    found: list[Document] = session.submit(ListDocuments(kind=KIND, prefix=document, count_max=1))
    if not found or found[0].name != document:
        return {}
    values: Values = msgspec.json.decode(found[0].body)
    return values


def put(session: Session, of: str, name: str, values: Values) -> None:
    """These and no others. Raises KernelError."""
    document = f"{of}/{name}"
    if values:
        body = msgspec.json.encode(values)
        session.submit(PutDocument(kind=KIND, name=document, body=body))
    elif values_of(session, of, name):
        session.submit(DeleteDocument(kind=KIND, name=document))


def reached(most: int | None, count: int) -> bool:
    """Whether there may be no more than `count`."""
    return most is not None and 0 <= most <= count


def check_queue(link: Link, name: str) -> None:
    """Whether the virtual host may have one queue more. Raises Refused (406)."""
    most = values_of(link.session, OF_VHOST, link.vhost).get(MAX_QUEUES)
    if most is None or most < 0:
        return
    with as_broker(link.session, link.principal, link.connection.peer[0]):
        found = link.session.submit(ListQueues(namespace=link.namespace))
    count = sum(not info.name.startswith(DIRECT_REPLY) for info in found)
    if reached(most, count):
        text = f"cannot declare queue '{name}': queue limit in vhost '{link.vhost}' ({most}) is reached"
        raise Refused(PRECONDITION_FAILED, text)


def check_connection(link: Link, vhost: str, in_vhost: int, of_user: int) -> None:
    """Whether one more may be open. Raises Refused (530)."""
    most = values_of(link.session, OF_VHOST, vhost).get(MAX_CONNECTIONS)
    if reached(most, in_vhost):
        text = f"access to vhost '{vhost}' refused for user '{link.principal}'"
        raise Refused(NOT_ALLOWED, f"{text}: connection limit ({most}) is reached")
    most = values_of(link.session, OF_USER, link.principal).get(MAX_CONNECTIONS)
    if reached(most, of_user):
        text = f"connection refused for user '{link.principal}'"
        raise Refused(NOT_ALLOWED, f"{text}: user connection limit ({most}) is reached")


def max_channels(link: Link) -> int | None:
    """How many channels the user may have open."""
    most = values_of(link.session, OF_USER, link.principal).get(MAX_CHANNELS)
    return None if most is None or most < 0 else most
