"""How much there may be: of messages, streams and readers. Set by the operator, checked before anything changes.

`state.quotas` is what holds now; a number of 0 is no limit. What is there already stays when a quota is lowered.
"""

from typing import TYPE_CHECKING

import msgspec

from dragoman.kernel.commands import Publish
from dragoman.model.errors import MessageTooLarge, QuotaExceeded
from dragoman.model.limits import (
    DOCUMENTS_BYTES_PER_NAMESPACE_MAX,
    DOCUMENTS_PER_NAMESPACE_MAX,
    MESSAGE_BYTES_MAX,
    QUEUES_PER_NAMESPACE_MAX,
    STREAMS_PER_NAMESPACE_MAX,
)

if TYPE_CHECKING:
    from dragoman.kernel.entities import Stream
    from dragoman.kernel.state import State


class Quotas(msgspec.Struct, frozen=True):
    """The node's quotas. Bytes are of stored bodies, once per stream they are in."""

    message_bytes_max: int = MESSAGE_BYTES_MAX
    stored_bytes_max: int = 0
    streams_max: int = STREAMS_PER_NAMESPACE_MAX  # per namespace
    queues_max: int = QUEUES_PER_NAMESPACE_MAX  # leased subscriptions, per namespace
    documents_max: int = DOCUMENTS_PER_NAMESPACE_MAX
    documents_bytes_max: int = DOCUMENTS_BYTES_PER_NAMESPACE_MAX  # of their bodies, per namespace


class Usage:
    """How much there is; changed by `apply`, and by letting entries go."""

    __slots__ = ("documents", "queues", "stored_bytes", "streams")

    def __init__(self) -> None:
        self.stored_bytes = 0
        self.streams: dict[str, int] = {}  # per namespace
        self.queues: dict[str, int] = {}
        self.documents: dict[str, tuple[int, int]] = {}  # how many, and bytes of bodies

    def count_stream(self, namespace: str, change: int) -> None:
        """A stream came (1) or went (-1)."""
        self.streams[namespace] = self.streams.get(namespace, 0) + change
        if not self.streams[namespace]:
            del self.streams[namespace]

    def count_queue(self, namespace: str, change: int) -> None:
        """A leased subscription came (1) or went (-1)."""
        self.queues[namespace] = self.queues.get(namespace, 0) + change
        if not self.queues[namespace]:
            del self.queues[namespace]

    def count_document(self, namespace: str, change: int, size: int) -> None:
        """Documents came or went, and that many bytes of bodies."""
        count, total = self.documents.get(namespace, (0, 0))
        self.documents[namespace] = (count + change, total + size)
        if not count + change:
            del self.documents[namespace]


def check_stream(state: "State", namespace: str) -> None:
    """Raises QuotaExceeded when the namespace may not have one more stream."""
    most = state.quotas.streams_max
    if most and state.usage.streams.get(namespace, 0) >= most:
        raise QuotaExceeded(f"{namespace} has {most} streams, as many as it may")


def check_queue(state: "State", namespace: str) -> None:
    """Raises QuotaExceeded when the namespace may not have one more leased subscription."""
    most = state.quotas.queues_max
    if most and state.usage.queues.get(namespace, 0) >= most:
        raise QuotaExceeded(f"{namespace} has {most} queues and subscriptions, as many as it may")


def check_document(state: "State", namespace: str, *, is_new: bool, added_bytes: int) -> None:
    """Raises QuotaExceeded when the namespace may not have that document as well. What shrinks is always taken."""
    quotas = state.quotas
    count, size = state.usage.documents.get(namespace, (0, 0))
    if is_new and 0 < quotas.documents_max <= count:
        raise QuotaExceeded(f"{namespace} has {count} documents, as many as it may")
    if added_bytes > 0 and 0 < quotas.documents_bytes_max < size + added_bytes:
        raise QuotaExceeded(f"{namespace} has {size} bytes of documents, as many as it may")


def check_publish(state: "State", command: Publish) -> None:
    """Raises MessageTooLarge, QuotaExceeded."""
    largest = max(map(len, command.bodies))
    if 0 < state.quotas.message_bytes_max < largest:
        raise MessageTooLarge(f"{largest} bytes, {state.quotas.message_bytes_max} are taken")
    check_stored(state, command)


def check_stored(state: "State", command: Publish) -> None:
    """Raises QuotaExceeded when the messages would be more than may be stored: by the node, or by the stream that they
    are sent to.
    """
    check_node(state, command)
    check_target(state, command)


def check_node(state: "State", command: Publish) -> None:
    """Raises QuotaExceeded when the node would store more than it may."""
    most = state.quotas.stored_bytes_max
    if most and state.usage.stored_bytes + sum(map(len, command.bodies)) > most:
        raise QuotaExceeded(f"{most} bytes are stored, as many as may be")


def check_target(state: "State", command: Publish) -> None:
    """Raises QuotaExceeded when the stream that is named would store more than it may.

    What a route brings to a stream is not counted beforehand.
    """
    address = command.address
    stream = (
        None if address.is_route else state.streams_named.get((command.namespace, address.name))
    )
    if stream is not None and stream.settings.stored_bytes_max:
        _check_room(stream, sum(map(len, command.bodies)))


def _check_room(stream: "Stream", size: int) -> None:
    most = stream.settings.stored_bytes_max
    if sum([partition.size for partition in stream.partitions]) + size > most:
        raise QuotaExceeded(f"{stream.name} stores {most} bytes, as many as it may")
