"""Where a receiver begins: the selector of its attach, as a described string or a bare one.

    amqp.annotation.x-opt-offset           > | >=    'N' | '-1' | '@latest'
    amqp.annotation.x-opt-sequence-number  > | >=    'N' | '-1' | '@latest'
    amqp.annotation.x-opt-enqueued-time    > | >=    'milliseconds since 1970'

Quotes may be left out. An offset is a sequence number. Without a selector it begins with the first event.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from dragoman.kernel.api import FindTime, Session
from dragoman.model.errors import InvalidArgument, OffsetOutOfRange
from dragoman.wire.amqp10.values import Described

SELECTOR: Final = "apache.org:selector-filter:string"
LATEST: Final = "@latest"
EARLIEST: Final = "-1"
_FORM: Final = re.compile(
    r"\s*amqp\.annotation\.x-opt-(offset|sequence-number|enqueued-time)\s*(>=?)\s*'?(@latest|-?[0-9]{1,19})'?\s*"
)


class Place:
    """What a selector says."""

    __slots__ = ("is_inclusive", "kind", "value")

    def __init__(self, kind: str, value: str, *, is_inclusive: bool) -> None:
        self.kind = kind
        self.value = value
        self.is_inclusive = is_inclusive


BEGINNING: Final = Place("offset", EARLIEST, is_inclusive=False)


def place_in(filters: Mapping[Any, Any] | None) -> Place:
    """The place that an attach's filters name. Raises InvalidArgument."""
    said = (filters or {}).get(SELECTOR)
    value = said.value if type(said) is Described else said
    if value is None:
        return BEGINNING
    text = value.decode(errors="replace") if type(value) is bytes else value
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InvalidArgument(f"{text!r:.120} says no position")
    return Place(found[1], found[3], is_inclusive=found[2] == ">=")


def offset_at(
    session: Session, namespace: str, name: str, partition: int, known: Any, place: Place
) -> int:
    """The first offset to read; `known` is the partition's PartitionInfo. Raises OffsetOutOfRange, InvalidArgument."""
    if place.value == LATEST:
        return int(known.committed)
    number = int(place.value)
    if place.kind == "enqueued-time":
        time_ms = number if place.is_inclusive else number + 1
        command = FindTime(
            namespace=namespace, name=name, partition=partition, time_ms=time_ms, stored=True
        )
        offset, _ = session.submit(command)
        return int(known.committed if offset < 0 else offset)
    wanted = number if place.is_inclusive else number + 1
    if wanted > known.committed:
        raise OffsetOutOfRange(
            f"The supplied {place.kind} '{number}' is invalid."
            f" The last {place.kind} in the system is '{known.committed - 1}'"
        )
    return max(wanted, int(known.start))
