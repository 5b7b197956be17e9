"""What a message does not say of itself, and its stream does when it comes: to filters and actions that ask.

    stored_at    wall time, ms                              deliveries   0: nobody has had it
    sequence     its number: partition in the high 16 bits, offset + 1 in the low 48, as Service Bus's door spells it
    ttl          how long it is to live, ms; FOR_EVER_MS where nobody said

Of filters that ask for none of it messages are looked at as they are.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from dragoman.model.message import Typed
from dragoman.ports.translator import FieldSource

OFFSET_BITS: Final = 48
FOR_EVER_MS: Final = 922_337_203_685_477
"""The longest time that .NET knows, and Service Bus with it."""
ARRIVAL: Final = frozenset({"stored_at", "sequence", "ttl", "deliveries"})


class Place:
    """Where messages [offset, ...) of one publish come to: `expires_ms` as the command has it."""

    __slots__ = ("expires_ms", "offset", "partition", "stored_ms")

    def __init__(
        self, partition: int, offset: int, stored_ms: int, expires_ms: Sequence[int] | None
    ) -> None:
        self.partition = partition
        self.offset = offset
        self.stored_ms = stored_ms
        self.expires_ms = expires_ms

    def arrived(self, source: FieldSource, index: int) -> "Arrived":
        """The message at `offset` + `index`."""
        expires_ms = 0 if self.expires_ms is None else self.expires_ms[index]
        offset = self.offset + index
        return Arrived(
            source, self.partition << OFFSET_BITS | offset + 1, self.stored_ms, expires_ms
        )


class Arrived:
    """See `FieldSource`: a message that has come. `expires_ms` 0: never."""

    def __init__(self, source: FieldSource, sequence: int, stored_ms: int, expires_ms: int) -> None:
        self._source = source
        self._arrival: dict[str, object] = {
            "sequence": sequence,
            "stored_at": Typed("timestamp", stored_ms),
            "ttl": max(expires_ms - stored_ms, 0) if expires_ms else FOR_EVER_MS,
            "deliveries": 0,
        }

    @property
    def headers(self) -> Mapping[str, object]:
        """The message's."""
        return self._source.headers

    def attribute(self, name: str) -> object:
        """What its stream says, or else the message."""
        known = self._arrival.get(name)
        return self._source.attribute(name) if known is None else known

    def member(self, path: tuple[str, ...]) -> object:
        """The message's."""
        return self._source.member(path)
