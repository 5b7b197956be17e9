"""Deliveries as ReceivedMessages, in bytes: nothing of a message is read that came from Pub/Sub. Hot.

    ReceivedMessage   ack_id = 1, message = 2, delivery_attempt = 3
    PubsubMessage     what is stored, then message_id = 3, publish_time = 4

A message's id is a number that follows from its stream and its place there; whoever published it was told the same.
"""

from typing import Final

from dragoman.doors.shared.receipts import Receipts
from dragoman.doors.shared.rendered import entries_of
from dragoman.formats.pubsub import varint
from dragoman.kernel.api import Delivery, Session
from dragoman.model.levels import PUBSUB

_PARTITION_SHIFT: Final = 44
_STREAM_SHIFT: Final = 58


def first_id(stream: int, partition: int) -> int:
    """The id of the message at offset 0 of a partition; those behind it are counted up."""
    return (stream << _STREAM_SHIFT) + (partition << _PARTITION_SHIFT) + 1


def timestamp_bytes(ms: int) -> bytes:
    """A google.protobuf.Timestamp."""
    seconds, rest = divmod(ms, 1000)
    if not rest:
        return b"\x08" + varint(seconds)
    return b"\x08" + varint(seconds) + b"\x10" + varint(rest * 1_000_000)


def spell(
    receipts: Receipts, session: Session, delivery: Delivery, *, attempts: bool
) -> list[bytes]:
    """Its messages, each as the field `received_messages = 1` of a response."""
    entries = entries_of(delivery, PUBSUB, session.wall_ms())
    block = delivery.block
    ids = receipts.write(session, delivery)
    tries = delivery.tries
    stream = delivery.holder.subscription.stream.id
    number: int = first_id(stream, delivery.partition) + delivery.start
    stored_ms: int = -1
    time: bytes = b""
    found: list[bytes] = []
    for at, entry in enumerate(entries):
        ms: int = block.stored_at(delivery.start + at)
        if ms != stored_ms:
            stored_ms = ms
            stamp = timestamp_bytes(ms)
            time = b"\x22" + varint(len(stamp)) + stamp
        message_id = b"%d" % number
        ack_id = ids[at].encode()
        tail: bytes = b""
        if attempts:
            tail = b"\x18" + varint(1 if tries is None else tries[at] + 1)
        size = len(entry) + 2 + len(message_id) + len(time)
        head = b"\x0a" + varint(len(ack_id)) + ack_id + b"\x12" + varint(size)
        whole = len(head) + size + len(tail)
        found.append(
            b"".join(
                (
                    b"\x0a",
                    varint(whole),
                    head,
                    entry,
                    b"\x1a",
                    varint(len(message_id)),
                    message_id,
                    time,
                    tail,
                )
            )
        )
        number += 1
    return found
