"""Entities by their paths.

    QUEUE                              the queue of that name; a topic, for those that send
    TOPIC/Subscriptions/NAME           a subscription of the stream
    either/$DeadLetterQueue            where its dead letters go
    either/$Transfer/$DeadLetterQueue  where what it could not forward goes
    any of them/$management            its requests

What is fixed of a path counts in any case (`/subscriptions/`); names count as they are.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from dragoman.doors.servicebus.definitions import (
    STATUS,
    note_of,
    path_of_subscription,
    transfer_letters_of,
)
from dragoman.doors.servicebus.errors import DISABLED
from dragoman.doors.shared.amqp10.addresses import path_of
from dragoman.doors.shared.amqp10.profile import Peer, Refused
from dragoman.kernel.api import DescribeQueue, QueueInfo
from dragoman.model.errors import SubscriptionNotFound

MANAGEMENT: Final = "$management"
DEAD_LETTERS: Final = "$deadletterqueue"
TRANSFERS: Final = "$transfer"
SUBSCRIPTIONS: Final = "subscriptions"
SESSIONS: Final = "session"  # the order of an entity that requires sessions


class Entity:
    """What is received from: a subscription of a stream; empty is the queue's own. `path` is as the client wrote it."""

    __slots__ = ("info", "name", "path", "subscription")

    def __init__(self, path: str, info: QueueInfo, name: str, subscription: str) -> None:
        self.path = path
        self.info = info
        self.name = name
        self.subscription = subscription

    @property
    def has_sessions(self) -> bool:
        """Whether it requires sessions."""
        return self.info.settings.order == SESSIONS

    def stream(self) -> str:
        """What it reads, for good: the stream's name behind its namespace's."""
        return f"{self.info.namespace}/{self.name}"


def base_of(address: str) -> tuple[str, bool]:
    """The path of the entity, and whether its requests are meant."""
    path = path_of(address).strip("/")
    if path.lower().endswith("/" + MANAGEMENT):
        return path[: -len(MANAGEMENT) - 1], True
    return path, False


def find(peer: Peer, path: str) -> Entity:
    """What is received from under a path. Raises SubscriptionNotFound."""
    parts = path.split("/")
    dead = parts[-1].lower() == DEAD_LETTERS
    if dead:
        parts.pop()
    transfer = dead and parts[-1:] != [] and parts[-1].lower() == TRANSFERS
    if transfer:
        parts.pop()
    subscription = ""
    if len(parts) >= 3 and parts[-2].lower() == SUBSCRIPTIONS:
        subscription = parts[-1]
        parts = parts[:-2]
    name = "/".join(parts)
    info = _describe(peer, name, subscription)
    if transfer:
        base = path_of_subscription(name, subscription) if subscription else name
        name, subscription = transfer_letters_of(base), ""
        info = _describe(peer, name, "")
    elif dead:
        letters = info.settings.dead_letter
        if letters is None or letters.is_route:
            raise SubscriptionNotFound(path)
        name, subscription = letters.name, ""
        info = _describe(peer, name, "")
    return Entity(path, info, name, subscription)


def check_open(notes: Mapping[str, str], closed: Sequence[str]) -> None:
    """Whether an entity with these notes has none of the statuses `closed`. Raises Refused."""
    status = note_of(notes).get(STATUS, "") if notes else ""
    if status in closed:
        raise Refused(
            DISABLED, f"Messaging entity is currently disabled. Entity status = {status}."
        )


def _describe(peer: Peer, name: str, subscription: str) -> QueueInfo:
    command = DescribeQueue(namespace=peer.namespace, name=name, subscription=subscription)
    info: QueueInfo = peer.session.submit(command)
    return info
