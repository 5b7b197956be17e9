"""What one client does wrong: the right condition, and nothing that its other links, or other clients, can notice."""

from typing import Any

import pytest
from tests.doors.shared.amqp10.client import Client, World, message
from tests.wire.amqp10.peer import Frame

from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.frames import frame
from dragoman.wire.amqp10.messaging import Source, Target
from dragoman.wire.amqp10.performatives import (
    Attach,
    Begin,
    Close,
    Detach,
    End,
    Flow,
    Transfer,
)
from dragoman.wire.amqp10.values import Described, ULong

DEEP = b"\x00\x53\x10" * 3_000 + b"\x45"
GIANT_LIST = b"\xd0\x00\x00\x00\x08\xff\xff\xff\xff\x40\x40\x40\x40"
GIANT_ARRAY = b"\xf0\x00\x00\x00\x05\xff\xff\xff\xff\x40"
NESTED_LISTS = b"\xc0\x02\x01" * 200 + b"\x45"
OPENING = b"\x00\x53\x10"


def raw(body: bytes, channel: int = 0) -> bytes:
    return (8 + len(body)).to_bytes(4, "big") + b"\x02\x00" + channel.to_bytes(2, "big") + body


def conditions(found: list[Frame]) -> list[tuple[str, str]]:
    """What ended, and why."""
    ends = [each.body for each in found if isinstance(each.body, Detach | End | Close)]
    return [(type(body).__name__, getattr(body.error, "condition", "")) for body in ends]


class Neighbourhood:
    """A client that misbehaves on channel 0; it has a link on channel 1 as well, and there is another client."""

    def __init__(self) -> None:
        self.world = World()
        for name in ("q", "same", "other"):
            self.world.declare(name)
        self.other = self.world.connect()
        self.other.sender("other")
        self.culprit: Client = self.world.connect()
        self.culprit.sender("q")
        begin = Begin(next_outgoing_id=0, incoming_window=100, outgoing_window=100)
        target = Attach("fine", 0, False, source=Source("me"), target=Target("same"))
        self.culprit.say(begin, target, channel=1)
        self.culprit.heard()

    def is_other_client_served(self) -> bool:
        before = self.world.info("other").ready
        self.other.send(message())
        return self.world.info("other").ready == before + 1

    def is_other_session_served(self) -> bool:
        before = self.world.info("same").ready
        self.culprit.say(Transfer(0, before, b"%d" % before), channel=1, payload=message())
        return self.world.info("same").ready == before + 1


@pytest.mark.parametrize(
    ("bad", "expected"),
    [
        (frame(0, Transfer(9, 0, b"t"), b"x"), ("End", "amqp:session:unattached-handle")),
        (frame(0, Detach(9)), ("End", "amqp:session:unattached-handle")),
        (frame(0, Transfer(0, None, None), b"x"), ("End", "amqp:invalid-field")),
        (frame(0, Transfer(0, 0, b"t" * 33), b"x"), ("End", "amqp:invalid-field")),
        (frame(0, Attach("again", 0, False)), ("End", "amqp:session:handle-in-use")),
        (frame(0, Attach("high", 300, False)), ("End", "amqp:session:handle-in-use")),
        (frame(0, Transfer(0, 0, b"t", resume=True), b"x"), ("Detach", "amqp:not-implemented")),
        (
            b"".join(frame(0, Transfer(0, n, b"%d" % n), b"") for n in range(1_001)),
            ("Detach", "amqp:link:transfer-limit-exceeded"),
        ),
        (
            b"".join(frame(0, Transfer(0, 0, b"t", more=True), bytes(60_000)) for _ in range(300)),
            ("Detach", "amqp:link:message-size-exceeded"),
        ),
    ],
)
def test_what_is_wrong_with_a_link_or_a_session_ends_that_alone(bad: bytes, expected: Any) -> None:
    place = Neighbourhood()
    place.culprit.give(bad)
    assert conditions(place.culprit.heard()) == [expected]
    assert place.is_other_session_served()
    assert place.is_other_client_served()


@pytest.mark.parametrize(
    "bad",
    [
        raw(DEEP),
        raw(OPENING + GIANT_LIST),
        raw(OPENING + GIANT_ARRAY),
        raw(b"\x00\x53\x12" + b"\xc0\xff\xff" + b"\x40" * 10),
        raw(b"\x00\x53\x13" + NESTED_LISTS),
        raw(b"\x00\x53\x14\xc0\x03\x01"),
        b"\x7f\xff\xff\xff\x02\x00\x00\x00",
        b"\x00\x00\x00\x04\x02\x00\x00\x00",
        b"\x00\x00\x00\x0c\xff\x00\x00\x00\x00\x00\x00\x00",
        b"\x00\x00\x00\x08\x02\x07\x00\x00",
        frame(77, Flow(incoming_window=1, next_outgoing_id=0, outgoing_window=1)),
        frame(0, Begin(next_outgoing_id=0, incoming_window=1, outgoing_window=1)),
    ],
)
def test_what_no_frame_may_hold_ends_the_connection_alone(bad: bytes) -> None:
    place = Neighbourhood()
    place.culprit.give(bad)
    (told,) = conditions(place.culprit.heard())
    assert told[0] == "Close"
    assert told[1] in (
        "amqp:decode-error",
        "amqp:connection:framing-error",
        "amqp:not-allowed",
    )
    assert place.culprit.is_closed
    assert place.is_other_client_served()


@pytest.mark.parametrize(
    "bad",
    [
        encode(Described(ULong(0x73), ["id"] * 14)) + message(),
        b"\x00\x53\x73" + GIANT_LIST,
        b"\x00\x53\x72\xd1\x00\x00\x00\x05\xff\xff\xff\xff\x40",
        b"\x00\x53\x72\xc1\x05\x02\xa3\x01x" + NESTED_LISTS,
        DEEP,
        b"\x00\x53\x75\xb0\xff\xff\xff\xff",
    ],
)
def test_a_message_that_is_none_is_rejected_alone(bad: bytes) -> None:
    place = Neighbourhood()
    place.culprit.send(message(b"before"))
    place.culprit.send(bad)
    place.culprit.send(message(b"after"))
    assert place.world.info("q").ready == 2
    assert conditions(place.culprit.heard()) == []
    assert place.is_other_session_served()
    assert place.is_other_client_served()
