"""Lock tokens and sequence numbers.

lock token        16 bytes, shown as a GUID (little-endian): holder u64 | partition u16 | offset u48
sequence number   partition in the high 16 bits, offset + 1 in the low 48: the same across restarts
of what waits     1 in bit 62, then the schedule's stream in 26 bits, offset + 1 in the low 36: past all others
"""

from struct import Struct
from typing import Final
from uuid import UUID

OFFSET_BITS: Final = 48
SCHEDULED: Final = 1 << 62
SCHEDULE_BITS: Final = 36
_SCHEDULE_MASK: Final = (1 << SCHEDULE_BITS) - 1
_OFFSET_MASK: Final = (1 << OFFSET_BITS) - 1
_TOKEN: Final = Struct(">QHHI")
TOKEN_BYTES: Final = _TOKEN.size


class Lock:
    """What a lock token names."""

    __slots__ = ("holder", "offset", "partition")

    def __init__(self, holder: int, partition: int, offset: int) -> None:
        self.holder = holder
        self.partition = partition
        self.offset = offset


def write(holder: int, partition: int, offset: int) -> bytes:
    """A delivery tag that is the message's lock token."""
    return _TOKEN.pack(holder, partition, offset >> 32, offset & 0xFFFF_FFFF)


def read(token: UUID) -> Lock:
    """What a client gives back names. Any GUID names something; whether it is held is for the kernel to say."""
    holder, partition, high, low = _TOKEN.unpack(token.bytes_le)
    return Lock(holder, partition, high << 32 | low)


def sequence_of(partition: int, offset: int) -> int:
    """The sequence number of a message."""
    return partition << OFFSET_BITS | offset + 1


def place_of(sequence: int) -> tuple[int, int]:
    """Partition and offset; an offset of -1 is before all messages."""
    return sequence >> OFFSET_BITS, (sequence & _OFFSET_MASK) - 1


def scheduled_of(stream: int, offset: int) -> int:
    """The number of what waits for its time."""
    return SCHEDULED | stream << SCHEDULE_BITS | offset + 1


def schedule_at(number: int) -> tuple[int, int] | None:
    """Stream and offset of what waits; None where the number is none of these."""
    if not number & SCHEDULED:
        return None
    return (number ^ SCHEDULED) >> SCHEDULE_BITS, (number & _SCHEDULE_MASK) - 1
