"""A reader's places: what it takes, what is stepped over, what overtakes it."""

import pytest
from tests.runtime.engine import Engine

from dragoman.doors.shared.cursor import StreamCursor
from dragoman.kernel.api import (
    Address,
    Block,
    CreateStream,
    DeleteStream,
    DescribeStream,
    Publish,
    Session,
    StreamSettings,
    TrimStream,
)
from dragoman.model.errors import StreamNotFound
from dragoman.model.levels import CANONICAL


def streamed(count: int) -> tuple[Session, StreamCursor]:
    node = Engine().start()
    session = node.connect()
    session.submit(CreateStream(name="s", settings=StreamSettings(retention_ms=-1)))
    for _ in range(count):
        session.publish(Publish("default", Address("s"), CANONICAL, [b"x"]))
    node.settle()
    info = session.submit(DescribeStream(name="s"))
    return session, StreamCursor(session, "default", (info.id, "s"), {0: 0})


class Taker:
    """Takes `room` offsets in all."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.offsets: list[int] = []

    def send(self, block: Block, partition: int, start: int, end: int) -> int:
        stop = min(end, start + self.room)
        self.room -= stop - start
        self.offsets += range(start, stop)
        return stop


def test_it_goes_as_far_as_there_is_room_and_on_from_there() -> None:
    _, cursor = streamed(5)
    some, rest = Taker(3), Taker(9)
    assert cursor.read(0, some.send) == 3
    assert (some.offsets, cursor.places) == ([0, 1, 2], {0: 3})
    assert cursor.read(0, rest.send) == 2
    assert rest.offsets == [3, 4]
    assert cursor.read(0, rest.send) == 0


def test_overtaken_it_goes_on_where_the_stream_begins_and_waits_for_what_is_to_come() -> None:
    session, cursor = streamed(5)
    session.submit(TrimStream(name="s", partition=0, offset=4))
    assert cursor.read(0, Taker(9).send) == 4
    assert cursor.places == {0: 4}
    cursor.places[0] = 7
    assert cursor.read(0, Taker(9).send) == 0
    assert cursor.places == {0: 7}


def test_a_stream_made_anew_is_another_one() -> None:
    session, cursor = streamed(1)
    cursor.check()
    session.submit(DeleteStream(name="s"))
    session.submit(CreateStream(name="s"))
    with pytest.raises(StreamNotFound, match="anew"):
        cursor.check()
