"""The first eight bytes, and the limits that connection.tune settles.

The protocol header (AMQP 0-9-1 section 4.2.2) is `AMQP`, 0, then the version 0-9-1; whoever is sent
another one answers with its own and closes. Early clients spell 0-9-1 as 1, 1, 0, 9; RabbitMQ takes
that too.
"""

from enum import Enum
from typing import Final, NamedTuple

from dragoman.wire.amqp091.errors import NOT_ALLOWED, AmqpError
from dragoman.wire.amqp091.frames import FRAME_BYTES_MIN, PROTOCOL_HEADER

PROTOCOL_HEADER_BYTES: Final = 8
ACCEPTED_HEADERS: Final = (PROTOCOL_HEADER, b"AMQP\x01\x01\x00\x09")
TUNE_IDS: Final = (10, 31)


class HeaderMatch(Enum):
    """What the first bytes of a peer are."""

    INCOMPLETE = "could still become a header of ours"
    ACCEPTED = "AMQP 0-9-1"
    REFUSED = "another protocol, or another version"


def match_protocol_header(data: bytes) -> HeaderMatch:
    """Judge a peer's first bytes, up to eight of them; refuses as early as it can."""
    start = data[:PROTOCOL_HEADER_BYTES]
    if start in ACCEPTED_HEADERS:
        return HeaderMatch.ACCEPTED
    if any(header.startswith(start) for header in ACCEPTED_HEADERS):
        return HeaderMatch.INCOMPLETE
    return HeaderMatch.REFUSED


class Tuning(NamedTuple):
    """Limits of a connection. 0 means none; heartbeat in seconds."""

    channel_max: int
    frame_max: int
    heartbeat_s: int


DEFAULT_TUNING: Final = Tuning(channel_max=2047, frame_max=131_072, heartbeat_s=60)


def settle(offered: Tuning, chosen: Tuning) -> Tuning:
    """What a server obeys after the client's tune-ok, which may only lower what was offered.

    The heartbeat is the client's alone, in both directions (RabbitMQ).

    Raises:
        AmqpError: 530 for a frame-max or channel-max above the offer, or frames below the smallest.
    """
    if chosen.frame_max and chosen.frame_max < FRAME_BYTES_MIN:
        raise _refusal("frame_max", chosen.frame_max, "lower", "minimum", FRAME_BYTES_MIN)
    if _exceeds(chosen.frame_max, offered.frame_max):
        raise _refusal("frame_max", chosen.frame_max, "higher", "maximum", offered.frame_max)
    if _exceeds(chosen.channel_max, offered.channel_max):
        raise _refusal("channel_max", chosen.channel_max, "higher", "maximum", offered.channel_max)
    return chosen


def choose(offered: Tuning, wanted: Tuning) -> Tuning:
    """A client's answer to the server's offer: the lower of each, where 0 counts as no limit."""
    return Tuning(*(min(a, b) if a and b else a or b for a, b in zip(offered, wanted, strict=True)))


def _exceeds(chosen: int, offered: int) -> bool:
    return offered != 0 and (chosen == 0 or chosen > offered)


def _refusal(name: str, value: int, comparison: str, bound: str, limit: int) -> AmqpError:
    text = f"negotiated {name} = {value} is {comparison} than the {bound} allowed value ({limit})"
    return AmqpError(NOT_ALLOWED, text, *TUNE_IDS)
