"""Events as Event Hubs' receivers are shown them: number, offset and time in front of what their senders said.

A receiver that asked for them gets the partition's last number, offset and time beside each event.
"""

from collections.abc import Sequence
from struct import Struct
from typing import Final

from dragoman.doors.eventhubs.last import last_of
from dragoman.doors.shared.amqp10.profile import Handout, Verdict
from dragoman.doors.shared.amqp10.showing import header_of
from dragoman.kernel.api import DescribeStream, Session, StreamHead, StreamInfo
from dragoman.wire.amqp10.encode import encode, encode_string
from dragoman.wire.amqp10.messaging import DeliveryState
from dragoman.wire.amqp10.sections import (
    DELIVERY_ANNOTATIONS,
    MESSAGE_ANNOTATIONS,
    merge_map,
    show_entry,
    split_entry,
)
from dragoman.wire.amqp10.values import Described, Symbol, Timestamp, ULong

_pack: Final = Struct(">q").pack
SEQUENCE: Final = encode(Symbol("x-opt-sequence-number")) + b"\x81"  # a long
OFFSET: Final = encode(Symbol("x-opt-offset"))
ENQUEUED: Final = encode(Symbol("x-opt-enqueued-time")) + b"\x83"  # a timestamp
PAIRS: Final = 6  # names and values of these three


class EventSpelling:
    """See `profile.Spelling`. `tells_last`: with what the partition's last event is."""

    gives_back = False

    def __init__(
        self, session: Session, namespace: str, hub: StreamHead, *, tells_last: bool
    ) -> None:
        self._session = session
        self._namespace = namespace
        self._hub = hub
        self._tells_last = tells_last

    def spell(self, handout: Handout) -> Sequence[bytes]:
        """See `profile.Spelling`."""
        block = handout.block
        beside = self._last(handout.partition) if self._tells_last else b""
        return [
            annotated(entry, offset, block.stored_at(offset), beside)
            for offset, entry in enumerate(handout.entries, handout.start)
        ]

    def _last(self, partition: int) -> bytes:
        """Delivery annotations."""
        info: StreamInfo = self._session.submit(
            DescribeStream(namespace=self._namespace, name=self._hub.name)
        )
        known = info.partitions[partition]
        last = last_of(self._session, self._namespace, self._hub.name, partition, known)
        said = {
            Symbol("last_enqueued_sequence_number"): last.sequence,
            Symbol("last_enqueued_offset"): str(last.sequence),
            Symbol("last_enqueued_time_utc"): Timestamp(last.stored_ms),
            Symbol("runtime_info_retrieval_time_utc"): Timestamp(self._session.wall_ms()),
        }
        return encode(Described(ULong(DELIVERY_ANNOTATIONS), said))

    def tags(self, handout: Handout) -> Sequence[bytes] | None:
        """See `profile.Spelling`."""
        return None

    def judge(self, state: DeliveryState) -> Verdict | None:
        """See `profile.Spelling`: nothing is held by a cursor."""
        return None

    def echo(self, state: DeliveryState) -> DeliveryState:
        """See `profile.Spelling`."""
        return state

    def lost(self, state: DeliveryState) -> DeliveryState:
        """See `profile.Spelling`."""
        return state


def annotated(entry: bytes, offset: int, stored_ms: int, beside: bytes = b"") -> bytes:
    """An event with the service's annotations; `beside` are delivery annotations, encoded."""
    parts = split_entry(entry)
    pairs = SEQUENCE + _pack(offset) + OFFSET + encode_string(str(offset))
    pairs += ENQUEUED + _pack(stored_ms)
    stored = entry[parts.annotations : parts.properties]
    annotations = merge_map(MESSAGE_ANNOTATIONS, pairs, PAIRS, stored)
    return show_entry(entry, header_of(entry, parts, 0) + beside, annotations)
