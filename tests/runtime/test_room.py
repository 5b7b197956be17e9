"""A node on a disk that has no room for a while."""

from collections.abc import Sequence
from typing import Any

import pytest
from tests.fakes.node import ManualScheduler
from tests.runtime.node import TestNode, ack, declare, publish

from dragoman.kernel.commands import Consume
from dragoman.model.errors import StorageFull
from dragoman.model.levels import SYNCED
from dragoman.ports.storage import Full
from dragoman.runtime.room import FREE_BYTES_MIN, Room
from dragoman.storage.memory.log import MemoryLog
from dragoman.storage.memory.segments import MemorySegments
from dragoman.storage.memory.state import MemoryState

RESERVE_BYTES = 1 << 20


class Engine:
    """An engine part that may refuse; everything else is the real one's."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class TightLog(Engine):
    """Has `room` for so many frames, one more in its reserve."""

    def __init__(self) -> None:
        super().__init__(MemoryLog())
        self.room = 1_000
        self.reserve_held = True

    def append(self, expected: int, buffers: Sequence[bytes]) -> Any:
        if self.room == 0:
            raise Full("no room")
        self.room -= 1
        return self._real.append(expected, buffers)

    def release_reserve(self) -> None:
        if self.reserve_held:
            self.reserve_held = False
            self.room += 1

    def restore_reserve(self) -> None:
        self.reserve_held = True


class TightSegments(Engine):
    """Refuses the append whose number is `refuse_at`."""

    def __init__(self) -> None:
        super().__init__(MemorySegments())
        self.refuse_at = -1
        self.appends = 0

    def append(self, segment: int, expected_end: int, buffers: Sequence[bytes]) -> Any:
        if self.appends == self.refuse_at:
            raise Full("no room")
        self.appends += 1
        return self._real.append(segment, expected_end, buffers)


class Tight:
    """A node, its tight disk, and its room."""

    def __init__(self) -> None:
        self.log, self.segments, self.state = TightLog(), TightSegments(), MemoryState()
        self.node = TestNode(self.log, self.segments, self.state)
        self.node.commit._reserve = self.log
        self.free = 10 * FREE_BYTES_MIN
        self.room = Room(
            self.node.kernel.state,
            self.node.commit,
            self.node.checkpointer,
            ManualScheduler(),
            lambda: self.free,
            RESERVE_BYTES,
        )
        self.node.commit.on_full = self.node.checkpointer.on_full = self.room.refused

    @property
    def is_full(self) -> bool:
        return self.node.kernel.state.is_full

    def look(self) -> None:
        self.room.look()
        self.node.settle()


def test_publishes_are_refused_below_the_bound_and_taken_again_above_it() -> None:
    tight = Tight()
    session = tight.node.connect()
    declare(session, "orders")
    tight.free = FREE_BYTES_MIN - 1
    tight.look()
    with pytest.raises(StorageFull):
        publish(session, "orders", b"1")
    tight.free = FREE_BYTES_MIN
    tight.look()
    publish(session, "orders", b"2")


def test_settling_goes_on_while_the_disk_is_full() -> None:
    tight = Tight()
    session = tight.node.connect()
    declare(session, "orders")
    publish(session, "orders", b"1")
    session.submit(Consume(name="orders", credit_max=1))
    tight.node.settle()
    tight.log.room = 0
    tight.free = 0
    tight.look()
    ack(session, tight.node.deliveries(session)[0])
    tight.node.settle()
    assert not tight.log.reserve_held
    assert tight.node.commit.reached(SYNCED) >= 0
    tight.node = TestNode(tight.log, tight.segments, tight.state)
    again = tight.node.connect()
    again.submit(Consume(name="orders", credit_max=1))
    tight.node.settle()
    assert tight.node.deliveries(again) == []


def test_a_refused_frame_is_written_from_the_reserve_before_any_other() -> None:
    tight = Tight()
    session = tight.node.connect()
    declare(session, "orders")
    tight.node.settle()
    tight.log.room = 0
    position = publish(session, "orders", b"1").position
    tight.node.settle()
    assert tight.is_full
    assert not tight.log.reserve_held
    assert tight.node.commit.written >= position


def test_a_frame_refused_without_a_reserve_waits_for_room_and_confirms_nothing_before() -> None:
    tight = Tight()
    session = tight.node.connect()
    declare(session, "orders")
    tight.node.settle()
    tight.log.room, tight.log.reserve_held = 0, False
    position = publish(session, "orders", b"1").position
    tight.free = 0
    tight.node.settle()
    for _ in range(3):
        tight.look()
        assert tight.node.commit.is_refused
        assert tight.node.commit.reached(SYNCED) < position
    tight.log.room, tight.free = 100, 10 * FREE_BYTES_MIN
    tight.look()
    assert not tight.is_full
    assert tight.log.reserve_held
    assert tight.node.commit.written >= position
    assert publish(session, "orders", b"2").position > position


def test_publishes_stay_refused_until_there_is_room_for_the_reserve_too() -> None:
    tight = Tight()
    session = tight.node.connect()
    declare(session, "orders")
    tight.node.settle()
    tight.log.room = 0
    publish(session, "orders", b"1")
    tight.node.settle()
    tight.log.room, tight.free = 100, FREE_BYTES_MIN + RESERVE_BYTES - 1
    tight.look()
    assert tight.is_full
    tight.free += 1
    tight.look()
    assert not tight.is_full


def test_a_checkpoint_refused_in_its_middle_goes_on_there_when_there_is_room() -> None:
    tight = Tight()
    node = tight.node
    session = node.connect()
    names = [f"queue-{number}" for number in range(5)]
    for name in names:
        declare(session, name)
        publish(session, name, name.encode())
    node.settle()
    tight.segments.refuse_at = 2
    node.checkpointer.begin()
    node.settle()
    assert tight.is_full
    assert node.checkpointer.is_refused
    assert node.checkpointer.count == 0
    tight.segments.refuse_at = -1
    tight.look()
    assert node.checkpointer.count == 1
    assert tight.segments.appends == len(names), "nothing is appended twice"
    tight.look()
    assert not tight.is_full
    again = TestNode(tight.log, tight.segments, tight.state)
    reader = again.connect()
    for name in names:
        reader.submit(Consume(name=name, credit_max=1))
        again.settle()
        assert [body for d in again.deliveries(reader) for body in d.bodies] == [name.encode()]
