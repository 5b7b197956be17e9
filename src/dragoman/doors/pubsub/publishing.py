"""Publish: messages are stored as the bytes they came in, once they are what Pub/Sub takes. Hot.

A message with nothing but data is recognised by its first bytes; others are taken apart to be checked, and packed anew
where a publisher said what only the broker says (message_id, publish_time), or said something twice.
"""

from typing import Any, Final

from dragoman.doors.pubsub.errors import check_within, invalid
from dragoman.doors.pubsub.finding import find_topic
from dragoman.doors.pubsub.guarding import Guard
from dragoman.doors.pubsub.names import PROTOCOL, TOPICS, Place, place_of
from dragoman.doors.pubsub.protos import PublishedBytes, PublishResponse
from dragoman.doors.pubsub.spelling import first_id
from dragoman.doors.pubsub.standing import Standing
from dragoman.doors.shared.grpc.call import Call, Reply
from dragoman.formats.errors import FormatError
from dragoman.formats.meta import META_NAME
from dragoman.formats.pubsub import PubsubMessage, read_varint, unpack
from dragoman.formats.pubsubwrite import (
    ATTRIBUTES_MAX,
    KEY_BYTES_MAX,
    NAME_BYTES_MAX,
    VALUE_BYTES_MAX,
    is_name,
)
from dragoman.formats.schemas.limits import Budget
from dragoman.kernel.api import Address, Publish, StreamHead
from dragoman.model.errors import PublishRefused
from dragoman.model.levels import APPLIED, PUBSUB

MESSAGES_MAX: Final = 1_000
BYTES_MAX: Final = 10_000_000
REQUEST_BYTES_MAX: Final = BYTES_MAX + (1 << 20)  # so that what is a little too large is told so
_META: Final = META_NAME.encode()
_DATA_TAG: Final = 0x0A
_EMPTY: Final = (
    "One or more messages in the publish request is empty. Each message must contain either non-empty data, or at"
    " least one attribute."
)


class Batch:
    """What is to be published: bodies, and the key of each. Of a topic with a schema, what each is of is said in it."""

    __slots__ = ("_budget", "_guard", "bodies", "has_keys", "keys")

    def __init__(self, guard: Guard | None = None) -> None:
        self._guard = guard
        self._budget = Budget()
        self.bodies: list[bytes] = []
        self.keys: list[bytes] = []
        self.has_keys = False

    def add(self, raw: bytes) -> None:
        """One message. Raises Status, FormatError."""
        key = b""
        if self._guard is not None or not is_only_data(raw):
            message = unpack(raw)
            check(message)
            key = message.ordering_key
            if not message.is_plain:
                raw = message.pack()
            if self._guard is not None:
                raw += self._guard.attributes(message.data, self._budget)
            if key:
                self.has_keys = True
        self.bodies.append(raw)
        self.keys.append(key)


def is_only_data(raw: bytes) -> bool:
    """Whether the message is nothing but data that is not empty."""
    size: int = len(raw)
    if size < 3 or raw[0] != _DATA_TAG:
        return False
    if raw[1] < 0x80:
        return raw[1] == size - 2
    if size < 12:
        return False
    length, at = read_varint(raw, 1)
    return at + length == size


def check(message: PubsubMessage) -> None:
    """Raises Status."""
    attributes = message.attributes
    if not message.data and not attributes:
        raise invalid(_EMPTY)
    if len(attributes) > ATTRIBUTES_MAX:
        check_within("attribute_count", len(attributes), 0, ATTRIBUTES_MAX)
    for name, value in attributes:
        _check_attribute(name, value)
    if message.ordering_key:
        check_within("ordering_key_size", len(message.ordering_key), 0, KEY_BYTES_MAX)
        _check_text("ordering key", message.ordering_key)


def _check_attribute(name: bytes, value: bytes) -> None:
    _check_text("attribute", name)
    _check_text("attribute", value)
    if not is_name(name):
        check_within("attribute_key_size", len(name), 1, NAME_BYTES_MAX)
        raise invalid(f"Attribute keys must not begin with goog (key={name.decode()}).")
    if len(value) > VALUE_BYTES_MAX and name != _META:
        check_within("attribute_value_size", len(value), 0, VALUE_BYTES_MAX)


def _check_text(what: str, raw: bytes) -> None:
    if raw.isascii():
        return
    try:
        raw.decode()
    except UnicodeDecodeError:
        raise invalid(f"An {what} that is not UTF-8.") from None


def read_batch(request: Any, guard: Guard | None = None) -> Batch:
    """The messages of a request. Raises Status."""
    messages = request.messages
    check_within("message_count", len(messages), 1, MESSAGES_MAX)
    batch = Batch(guard)
    size = 0
    try:
        for raw in messages:
            size += len(raw)
            batch.add(raw)
    except FormatError as error:
        raise invalid(f"A message that cannot be read: {error}.") from error
    if size > BYTES_MAX:
        check_within("request_size", size, 0, BYTES_MAX)
    return batch


def publish(standing: Standing, call: Call, raw: bytes) -> Reply:
    """See the API reference."""
    request = PublishedBytes.FromString(raw)
    place = place_of(request.topic, TOPICS)
    head = find_topic(call.session, place)
    guard = standing.guards.of(call, head)
    batch = read_batch(request, guard)
    published = _Published(call, place, head, is_guarded=guard is not None)
    if batch.has_keys and head.partition_count > 1:
        for body, key in zip(batch.bodies, batch.keys, strict=True):
            published.add([body], [key])
    else:
        published.add(batch.bodies, batch.keys if batch.has_keys else None)
    return published.reply()


class _Published:
    """Where a request's messages are."""

    __slots__ = ("_call", "_head", "_ids", "_is_guarded", "_level", "_place", "_position")

    def __init__(self, call: Call, place: Place, head: StreamHead, *, is_guarded: bool) -> None:
        self._call = call
        self._place = place
        self._is_guarded = is_guarded
        self._head = head
        self._ids: list[str] = []
        self._position = 0
        self._level = APPLIED

    def add(self, bodies: list[bytes], keys: list[bytes] | None) -> None:
        """Raises KernelError."""
        command = Publish(self._place.project, Address(self._head.name), PUBSUB, bodies)
        command.keys = keys
        command.is_vouched = self._is_guarded
        reply = self._call.session.publish(command)
        if reply.refused >= 0:
            raise PublishRefused(f"{PROTOCOL} topic {self._place.id} has no room")
        number = first_id(self._head.id, reply.partition) + reply.offset
        self._ids += [str(number + at) for at in range(len(bodies))]
        self._position = max(self._position, reply.position)
        self._level = max(self._level, reply.level)

    def reply(self) -> Reply:
        """The ids, to leave when the messages are as durable as the stream wants them."""
        return Reply(
            PublishResponse(message_ids=self._ids), position=self._position, level=self._level
        )
