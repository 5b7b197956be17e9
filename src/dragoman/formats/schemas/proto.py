"""Whether data is what a definition in Protocol Buffers says: in binary, and in its JSON.

Each definition has a pool of its own, so that two may give one name to different things. Data is judged by protobuf's
own reader, which bounds how deep it goes; how much it would make of little is judged before.
"""

from typing import Any, Final

from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from dragoman.formats.errors import FormatError
from dragoman.formats.pubsub import read_varint
from dragoman.formats.schemas.compiled import root_of
from dragoman.formats.schemas.compiledtext import read
from dragoman.formats.schemas.limits import (
    DEPTH_MAX,
    MEMORY_BYTES_MAX,
    PROTO_JSON_VALUES,
    Budget,
    SchemaMismatch,
)
from dragoman.formats.schemas.protosource import read_definition
from dragoman.model.errors import SchemaInvalid

TEXT_CHARS_MAX: Final = 500  # of what the library says
BYTES_PER_VALUE: Final = 64  # it reads fast
MESSAGE_BYTES: Final = 64  # that a message takes, about
FIELD_BYTES: Final = 16
SIZED: Final = 2


class Definition:
    """What a definition describes: the message's class, and what is needed to judge how much data would make of it.

    empty_bytes  that the widest message within takes when nothing is in it
    inner        by message: which of its fields are messages
    """

    __slots__ = ("empty_bytes", "inner", "message")

    def __init__(self, message: Any) -> None:
        self.message = message
        self.inner: dict[Any, dict[int, Any]] = {}
        left = [message.DESCRIPTOR]
        while left:
            descriptor = left.pop()
            if descriptor not in self.inner:
                self.inner[descriptor] = {
                    number: field.message_type
                    for number, field in descriptor.fields_by_number.items()
                    if field.message_type is not None
                }
                left += self.inner[descriptor].values()
        self.empty_bytes: int = max(_empty_bytes(descriptor) for descriptor in self.inner)


def read_message(text: str) -> Definition:
    """Source, or a compiled definition as text. Raises SchemaInvalid."""
    compiled = read(text)
    if compiled is not None:
        return Definition(GetMessageClass(root_of(compiled)))
    file = read_definition(text)
    pool = DescriptorPool()
    try:
        pool.AddSerializedFile(file.SerializeToString())
        found = pool.FindFileByName(file.name)
        (message,) = found.message_types_by_name.values()
        return Definition(GetMessageClass(message))
    except (TypeError, ValueError, KeyError) as error:
        raise SchemaInvalid(str(error)[:TEXT_CHARS_MAX]) from None


def check_binary(definition: Definition, data: bytes, budget: Budget) -> None:
    """Raises SchemaMismatch unless `data` is such a message, whole."""
    if len(data) // 2 * definition.empty_bytes > MEMORY_BYTES_MAX:
        _weigh(definition, data, budget)
    budget.take(1 + len(data) // BYTES_PER_VALUE)
    try:
        message = definition.message.FromString(data)
    except DecodeError as error:
        raise SchemaMismatch(str(error)[:TEXT_CHARS_MAX]) from None
    _check_whole(message)


def check_json(definition: Definition, data: bytes, budget: Budget) -> None:
    """Raises SchemaMismatch unless `data` is such a message in JSON, whole."""
    count = 1 + sum(data.count(mark) for mark in (b",", b"{", b"["))
    budget.take(count * PROTO_JSON_VALUES)
    if data.lstrip()[:1] != b"{":  # the reader takes an empty list for nothing
        raise SchemaMismatch("no object in JSON")
    try:
        empty = definition.message()
        message = json_format.Parse(data.decode(), empty, max_recursion_depth=DEPTH_MAX)
    except (json_format.ParseError, ValueError, TypeError, RecursionError) as error:
        raise SchemaMismatch(str(error)[:TEXT_CHARS_MAX]) from None
    _check_whole(message)


def _check_whole(message: Any) -> None:
    if not message.IsInitialized():
        missing = ", ".join(message.FindInitializationErrors())
        raise SchemaMismatch(f"required fields are missing: {missing:.300}")


# --- messages that take more than they weigh ---


def _empty_bytes(descriptor: Any) -> int:
    return MESSAGE_BYTES + FIELD_BYTES * len(descriptor.fields)


def _weigh(definition: Definition, data: bytes, budget: Budget) -> None:
    """Two bytes can be a message with a thousand fields: count before any is made. Raises SchemaMismatch."""
    weight = 0
    left = [(definition.message.DESCRIPTOR, 0, len(data))]
    while left:
        kind, at, end = left.pop()
        weight += _empty_bytes(kind)
        if weight > MEMORY_BYTES_MAX:
            raise SchemaMismatch("the data would take too much memory")
        known = definition.inner[kind]
        while at < end:
            budget.take(1)
            try:
                tag, at = read_varint(data, at)
                if tag & 7 != SIZED:
                    at = _behind(data, at, tag & 7)
                    continue
                length, at = read_varint(data, at)
            except (IndexError, FormatError):
                return  # the reader says so
            if tag >> 3 in known:
                left.append((known[tag >> 3], at, min(at + length, end)))
            at += length


def _behind(data: bytes, at: int, kind: int) -> int:
    """Where a field ends that is no message. Groups are looked into: their fields are fields."""
    if kind == 0:
        return read_varint(data, at)[1]
    return at + {1: 8, 5: 4}.get(kind, 0)
