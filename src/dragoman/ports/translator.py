"""What the kernel may ask about stored bytes, answered by `formats`: it never opens a body itself."""

from collections.abc import Mapping
from typing import Final, Protocol

NO_TOMBSTONE: Final = -1
TOMBSTONE: Final = 0


class FieldSource(Protocol):
    """What filters and header routes read of one message."""

    @property
    def headers(self) -> Mapping[str, object]:
        """Headers by name, typed; of duplicates the last. Decoded when first asked for."""
        ...

    def attribute(self, name: str) -> object:
        """A message attribute by its envelope name (`type`, `subject`, `correlation`...); None when absent. With
        `event:` before it, an attribute as CloudEvents has it (`event:type`, `event:tenant`): what the message says as
        an event, else the field or the header of that name.
        """
        ...

    def member(self, path: tuple[str, ...]) -> object:
        """What stands in the body's JSON under these names; None when nothing does. The body is parsed once."""
        ...


class Death:
    """Why and from where a message was given up, and the address it is republished to.

    at_ms      wall time
    text       what its last reader said about it
    attempts   how often it was tried; stored_ms: wall time of its publish; tried_ms: of the last try, 0 not known
    route_key  the key to republish with; empty keeps the message's own
    exchange   the route it goes through; empty when straight to a stream
    """

    __slots__ = (
        "at_ms",
        "attempts",
        "exchange",
        "queue",
        "reason",
        "route_key",
        "stored_ms",
        "text",
        "tried_ms",
    )

    def __init__(
        self,
        reason: str,
        queue: str,
        at_ms: int,
        route_key: str,
        text: str = "",
        exchange: str = "",
        *,
        attempts: int = 0,
        stored_ms: int = 0,
        tried_ms: int = 0,
    ) -> None:
        self.reason = reason
        self.queue = queue
        self.at_ms = at_ms
        self.route_key = route_key
        self.text = text
        self.attempts = attempts
        self.stored_ms = stored_ms
        self.tried_ms = tried_ms
        self.exchange = exchange


class Change:
    """What a message says otherwise; what is None goes.

    headers    by name, typed as in the envelope
    fields     by the envelope's name: text, but for `key`, bytes, and `priority`, a number
    body       another one, if `has_body`
    """

    __slots__ = ("body", "fields", "has_body", "headers")

    def __init__(self) -> None:
        self.headers: dict[str, object] = {}
        self.fields: dict[str, str | bytes | int | None] = {}
        self.has_body = False
        self.body: bytes | None = None


class Translator(Protocol):
    """Stored bytes, looked at and changed without knowing their protocol."""

    def fields(self, format: int, body: bytes, index: int) -> FieldSource:
        """The fields of message `index` of an entry. Raises InvalidArgument on bytes that cannot be read."""
        ...

    def open_batch(self, format: int, body: bytes) -> tuple[int, list[bytes]]:
        """A packed entry's messages as (format, bodies), each standing alone. Raises InvalidArgument."""
        ...

    def log_keys(self, format: int, body: bytes) -> list[tuple[int, bytes | None, int]]:
        """Of each message of an entry its offset from the first's, its key, and NO_TOMBSTONE; of one that says its key
        has no value any more, wall time at which it may go itself, TOMBSTONE when nobody has said so yet.
        Raises InvalidArgument.
        """
        ...

    def rebatch(
        self, format: int, entries: list[tuple[int, bytes]], kept: set[int], tombstone_ms: int
    ) -> bytes:
        """One packed entry of those messages whose offsets are in `kept`, out of (first offset, entry); its tombstones
        may go at `tombstone_ms`, unless that is TOMBSTONE. Raises InvalidArgument.
        """
        ...

    def packs(self, format: int) -> bool:
        """Whether entries of the format can be made one by `rebatch`."""
        ...

    def route_key(self, format: int, body: bytes) -> str:
        """The routing key the message was published with; empty when its protocol has none."""
        ...

    def further_keys(self, format: int, body: bytes) -> tuple[str, ...]:
        """More keys the message asks to be routed by (AMQP's CC and BCC)."""
        ...

    def payload_bytes(self, format: int, body: bytes) -> int:
        """How large a message is to its sender: its payload, where properties are stored beside it; else all of it."""
        ...

    def dead_letter(self, format: int, body: bytes, death: Death) -> tuple[int, bytes] | None:
        """The message as its dead-letter address gets it, history extended; None when it went in a circle without
        ever being rejected by a reader, and must be dropped.
        """
        ...

    def revived(self, format: int, body: bytes) -> tuple[str, bytes] | None:
        """A dead letter to be tried anew: the queue in which it died last, and its bytes without the history. None when
        it never died. Raises InvalidArgument.
        """
        ...

    def with_headers(
        self, format: int, body: bytes, headers: tuple[tuple[str, str], ...]
    ) -> tuple[int, bytes]:
        """The message with these headers set (a binding's assignments)."""
        ...

    def changed(
        self, format: int, body: bytes, change: Change, source: FieldSource | None = None
    ) -> tuple[int, bytes]:
        """The message as the change has it; `source` is what `fields` gave of it. Raises InvalidArgument."""
        ...
