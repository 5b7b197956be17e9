"""What consumers tell each other through a classic group, which carries it as bytes: subscriptions and assignments.

    subscription   version topics user_data [owned@1+ [generation@2+ [rack@3+]]]
    assignment     version partitions user_data

A reader of an older version reads what it knows and passes over the rest; so does this one.
"""

import struct
from typing import Final

from dragoman.wire.kafka.errors import KafkaCodecError

Partitions = tuple[tuple[str, tuple[int, ...]], ...]  # by topic

OWNED_FROM: Final = 1  # version of a subscription
ASSIGNMENT_VERSION: Final = 0  # all of them have the same fields
_NO_USER_DATA: Final = b"\xff\xff\xff\xff"


class Subscription:
    """Topics that a consumer wants to read, and partitions that it reads now, as far as it says so."""

    __slots__ = ("owned", "topics")

    def __init__(self, topics: tuple[str, ...], owned: Partitions) -> None:
        self.topics = topics
        self.owned = owned


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, form: struct.Struct) -> int:
        end = self._at + form.size
        if end > len(self._data):
            raise KafkaCodecError("the consumers' own message ends too soon")
        (value,) = form.unpack_from(self._data, self._at)
        self._at = end
        return int(value)

    def count(self) -> int:
        """Of an array, which has no more items than there are bytes left."""
        value = self.number(_INT)
        if value > len(self._data) - self._at:
            raise KafkaCodecError("the consumers' own message ends too soon")
        return max(value, 0)

    def skip(self, size: int) -> bytes:
        """Bytes; none for a negative size, which is null."""
        start, self._at = self._at, self._at + max(size, 0)
        if self._at > len(self._data):
            raise KafkaCodecError("the consumers' own message ends too soon")
        return self._data[start : self._at]

    def text(self) -> str:
        try:
            return self.skip(self.number(_SHORT)).decode()
        except UnicodeDecodeError as error:
            raise KafkaCodecError("a topic is not UTF-8") from error

    def partitions(self) -> Partitions:
        return tuple(
            (self.text(), tuple(self.number(_INT) for _ in range(self.count())))
            for _ in range(self.count())
        )


_SHORT: Final = struct.Struct(">h")
_INT: Final = struct.Struct(">i")


def read_subscription(data: bytes) -> Subscription:
    """Raises KafkaCodecError."""
    reader = _Reader(data)
    version = reader.number(_SHORT)
    topics = tuple(reader.text() for _ in range(reader.count()))
    reader.skip(reader.number(_INT))
    return Subscription(topics, reader.partitions() if version >= OWNED_FROM else ())


def read_assignment(data: bytes) -> Partitions:
    """Raises KafkaCodecError."""
    reader = _Reader(data)
    reader.number(_SHORT)
    return reader.partitions()


def write_assignment(partitions: Partitions) -> bytes:
    """An assignment without user data."""
    out = [_SHORT.pack(ASSIGNMENT_VERSION), _INT.pack(len(partitions))]
    for topic, indexes in partitions:
        name = topic.encode()
        out += [_SHORT.pack(len(name)), name, _INT.pack(len(indexes))]
        out += map(_INT.pack, indexes)
    return b"".join([*out, _NO_USER_DATA])
