"""Where a reader of a stream begins, and what of it it wants: the arguments of basic.consume.

    x-stream-offset             first, last, next (the default), an offset, a timestamp, or how long ago: `1h`
    x-stream-filter             values of header x-stream-filter-value, one or an array of them
    x-stream-match-unfiltered   messages without that header, too

RabbitMQ begins at chunks; here are no chunks: `last` is the last message, a time finds the first one of then or later.
RabbitMQ's filter lets through what lies in one chunk with what was asked for; this one is exact.
"""

from typing import Final

from dragoman.doors.amqp091.arguments import INTEGERS, age_ms, plain
from dragoman.doors.amqp091.errors import PRECONDITION_FAILED, Refused
from dragoman.kernel.api import FindTime, PartitionInfo, Session, StreamInfo
from dragoman.wire.amqp091.fieldtable import Field, FieldTable
from dragoman.wire.amqp091.outgoing import split_entry
from dragoman.wire.amqp091.properties import Properties

OFFSET: Final = "x-stream-offset"
FILTER: Final = "x-stream-filter"
UNFILTERED: Final = "x-stream-match-unfiltered"
FILTER_VALUE: Final = "x-stream-filter-value"
_FILTER_VALUE_RAW: Final = b"\x15x-stream-filter-value"


def places_of(
    session: Session, info: StreamInfo, arguments: FieldTable, vhost: str
) -> dict[int, int]:
    """The next offset of each partition. Raises Refused (406)."""
    field = arguments.get(OFFSET)
    if field is not None and field.letter in INTEGERS:
        return {at: max(field.value, one.start) for at, one in enumerate(info.partitions)}
    if field is not None and field.letter == "T":
        return _places_at(session, info, field.value * 1000)
    word = "next" if field is None else plain(field) if field.letter == "S" else ""
    if word in {"first", "last", "next"}:
        return {at: _named(word, one) for at, one in enumerate(info.partitions)}
    ago_ms = age_ms(word)
    if not ago_ms:
        text = (
            f"invalid arg '{OFFSET}' for queue '{info.name}' in vhost '{vhost}': invalid_offset_arg"
        )
        raise Refused(PRECONDITION_FAILED, text)
    return _places_at(session, info, session.wall_ms() - ago_ms)


def _named(word: str, partition: PartitionInfo) -> int:
    if word == "first":
        return partition.start
    return partition.end if word == "next" else max(partition.start, partition.committed - 1)


def _places_at(session: Session, info: StreamInfo, time_ms: int) -> dict[int, int]:
    """What was stored then or later; where nothing was, what comes next."""
    found: dict[int, int] = {}
    for at, one in enumerate(info.partitions):
        command = FindTime(
            namespace=info.namespace, name=info.name, partition=at, time_ms=time_ms, stored=True
        )
        offset, _ = session.submit(command)
        found[at] = offset if offset >= 0 else one.end
    return found


class Selection:
    """Which messages a reader wants."""

    __slots__ = ("_unfiltered", "_values")

    def __init__(self, values: frozenset[bytes], *, unfiltered: bool) -> None:
        self._values = values
        self._unfiltered = unfiltered

    def wants(self, entry: bytes) -> bool:
        """Judges a stored entry."""
        header = split_entry(entry)[1]
        if _FILTER_VALUE_RAW not in header:
            return self._unfiltered
        field = Properties(header).headers.get(FILTER_VALUE)
        if field is None or field.letter != "S":
            return self._unfiltered
        return field.value in self._values


def selection_of(arguments: FieldTable) -> Selection | None:
    """None for a reader that wants all."""
    field = arguments.get(FILTER)
    if field is None or field.letter not in {"S", "A"}:
        return None
    fields: list[Field] = field.value if field.letter == "A" else [field]
    unfiltered = arguments.get(UNFILTERED)
    return Selection(
        frozenset(one.value for one in fields if one.letter == "S"),
        unfiltered=unfiltered is not None and unfiltered.letter == "t" and unfiltered.value,
    )
