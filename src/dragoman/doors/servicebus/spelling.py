"""What Service Bus's clients are shown, and what their outcomes mean.

    accepted                          complete
    modified, delivery-failed         abandon: ready again, one delivery counted
    modified, undeliverable-here      defer: to be taken by its sequence number
    rejected                          dead-letter, with the reason and description of its error's info
    released                          ready again, nothing counted

What else stands in a rejection's info, and all of a modification's annotations, is set on the message as properties.

A lock runs to its end when its link closes; a session's messages are given back.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from struct import Struct
from typing import Any, Final

from dragoman.doors.servicebus.errors import LOCK_LOST, SESSION_LOCK_LOST
from dragoman.doors.servicebus.naming import named
from dragoman.doors.servicebus.tokens import sequence_of, write
from dragoman.doors.shared.amqp10.profile import Handout, Verdict
from dragoman.doors.shared.amqp10.showing import show
from dragoman.formats.amqp10values import Untranslatable, to_value
from dragoman.kernel.api import Session
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.errors import Error
from dragoman.wire.amqp10.messaging import (
    Accepted,
    DeliveryState,
    Modified,
    Rejected,
    Released,
)
from dragoman.wire.amqp10.values import Int, Symbol

_LONG: Final = b"\x81"
_TIMESTAMP: Final = b"\x83"
_pack: Final = Struct(">q").pack
SEQUENCE: Final = encode(Symbol("x-opt-sequence-number")) + _LONG
ENQUEUED: Final = encode(Symbol("x-opt-enqueued-time")) + _TIMESTAMP
LOCKED_UNTIL: Final = encode(Symbol("x-opt-locked-until")) + _TIMESTAMP
STATE: Final = encode(Symbol("x-opt-message-state"))
DEFERRED: Final = encode(Int(1))
SCHEDULED: Final = encode(Int(2))
COMPLETED: Final = Verdict("ack")
RELEASED_AGAIN: Final = Verdict("release")
ABANDONED: Final = Verdict("release", failed=True)
TOLD: Final = frozenset({"DeadLetterReason", "DeadLetterErrorDescription"})
"""What of an error's info becomes the reason."""


def annotated(
    stream: str,
    entry: bytes,
    fails: int,
    sequence: int,
    stored_ms: int,
    locked_until_ms: int = 0,
    state: bytes = b"",
    *,
    in_session: bool = False,
) -> bytes:
    """A message with Service Bus's annotations in front of its sender's, and with an id."""
    pairs = SEQUENCE + _pack(sequence) + ENQUEUED + _pack(stored_ms)
    count = 4
    if locked_until_ms:
        pairs += LOCKED_UNTIL + _pack(locked_until_ms)
        count += 2
    if state:
        pairs += STATE + state
        count += 2
    entry = named(entry, stream, sequence, in_session=in_session)
    return show(entry, fails, pairs, count)


class LockSpelling:
    """See `profile.Spelling`. `stream` is the name of what is read, behind its namespace's; `lease_ms` the length of a
    lock, 0 where messages are done when handed out.
    """

    def __init__(
        self, session: Session, stream: str, lease_ms: int, *, is_session: bool = False
    ) -> None:
        self._session = session
        self._stream = stream
        self._lease_ms = lease_ms
        self.gives_back = is_session
        self._is_session = is_session

    def spell(self, handout: Handout) -> Sequence[bytes]:
        """See `profile.Spelling`."""
        until_ms = self._session.wall_ms() + self._lease_ms if self._lease_ms else 0
        fails = handout.fails or [0] * len(handout.entries)
        stream, partition = self._stream, handout.partition
        return [
            annotated(
                stream,
                entry,
                failed,
                sequence_of(partition, offset),
                handout.block.stored_at(offset),
                until_ms,
                in_session=self._is_session,
            )
            for offset, (entry, failed) in enumerate(
                zip(handout.entries, fails, strict=False), handout.start
            )
        ]

    def tags(self, handout: Handout) -> Sequence[bytes] | None:
        """See `profile.Spelling`: lock tokens."""
        if handout.delivery is None:
            return None
        holder = handout.delivery.holder.id
        return [
            write(holder, handout.partition, offset) for offset in range(handout.start, handout.end)
        ]

    def judge(self, state: DeliveryState) -> Verdict | None:
        """See `profile.Spelling`."""
        match state:
            case Accepted():
                return COMPLETED
            case Rejected():
                return Verdict("reject", text=told(state.error), headers=modified(state.error))
            case Modified(undeliverable_here=True):
                return Verdict("defer", headers=headers_in(state.message_annotations))
            case Modified():
                headers = headers_in(state.message_annotations)
                return Verdict("release", failed=True, headers=headers) if headers else ABANDONED
            case Released() | None:
                return RELEASED_AGAIN
            case _:
                return None

    def echo(self, state: DeliveryState) -> DeliveryState:
        """See `profile.Spelling`: an error would be taken for a failure."""
        return Rejected() if type(state) is Rejected else state

    def lost(self, state: DeliveryState) -> DeliveryState:
        """See `profile.Spelling`."""
        condition = SESSION_LOCK_LOST if self._is_session else LOCK_LOST
        return Rejected(
            Error(condition, "The lock supplied is invalid: it has expired, or was settled.")
        )


def told(error: Any) -> str:
    """Reason and description of a dead letter, as the formats take them: two lines."""
    if not isinstance(error, Error):
        return ""
    info = error.info or {}
    reason = info.get("DeadLetterReason")
    description = info.get("DeadLetterErrorDescription", error.description)
    return f"{reason or ''}\n{description or ''}"


def modified(error: Any) -> dict[str, object] | None:
    """What a reader sets on a message that it dead-letters."""
    return headers_in(error.info if isinstance(error, Error) else None)


def headers_in(said: Mapping[Any, Any] | None) -> dict[str, object] | None:
    """Properties to modify, but for reason and description, and what no header can be."""
    found: dict[str, object] = {}
    for name, value in (said or {}).items():
        if str(name) in TOLD or value is None:
            continue
        with suppress(Untranslatable):
            found[str(name)] = to_value(value)
    return found or None
