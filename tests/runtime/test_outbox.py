"""What a delivery waits for, watched from outside: a trace of what the journal did and of what doors were told.

WAITS      the table, as it was promised: who reads -> what has happened to which of its records before
leaves     the check, on the trace alone; the runtime is not asked
"""

import random
from collections.abc import Sequence
from typing import Any, Final

import pytest
from tests.runtime.node import TestNode, ack

from dragoman.kernel.commands import Consume, DeclareQueue, Lease, Publish, Settle
from dragoman.kernel.framing import decode
from dragoman.kernel.leases.commands import AcceptSession, LeaseDeferred, SetSessionState
from dragoman.kernel.leases.lease import Delivery
from dragoman.kernel.records import Leased, Published, Settled
from dragoman.kernel.settings import Address, StreamSettings, SubscriptionSettings
from dragoman.model.levels import APPLIED, CANONICAL, SYNCED, WRITTEN
from dragoman.runtime.session import BrokerSession
from dragoman.storage.memory.log import MemoryLog
from dragoman.storage.memory.segments import MemorySegments
from dragoman.storage.memory.state import MemoryState

WAITS: Final[dict[str, tuple[dict[str, Any], bool, int | None, bool]]] = {
    # reader: (settings, no_ack, level of the message (None: its stream's), whether the lease is synced)
    "any other": ({}, False, None, False),
    "by priority": ({"order": "priority", "priorities": 3}, False, None, False),
    "early": ({"early": True}, False, APPLIED, False),
    "early, no ack": ({"early": True}, True, APPLIED, False),
    "no ack": ({}, True, SYNCED, True),
    "by key": ({"order": "key"}, False, SYNCED, True),
    "by key, early": ({"order": "key", "early": True}, False, SYNCED, True),
    "single active": ({"single_active": True}, False, SYNCED, True),
    "exactly once": ({"exactly_once": True}, False, SYNCED, True),
}
LEVELS: Final = (WRITTEN, SYNCED)


class Trace:
    """How far each message and each lease has come, by (partition, offset)."""

    def __init__(self) -> None:
        self.published: dict[tuple[int, int], int] = {}
        self.leased: dict[tuple[int, int], int] = {}
        self.written = self.synced = 0

    def append(self, position: int, payload: bytes) -> None:
        for record in decode(payload):
            if isinstance(record, Published):
                for target in record.targets:
                    for at in range(len(record.bodies)):
                        self.published[target.partition, target.offset + at] = position
            elif isinstance(record, Leased):
                for offset in range(record.start, record.end):
                    self.leased[record.partition, offset] = position
            elif isinstance(record, Settled) and record.holder == 0:
                for start, end in record.runs:
                    for offset in range(start, end):
                        self.leased[record.partition, offset] = position
        self.written = position

    def reached(self, level: int) -> int:
        return (1 << 60, self.written, self.synced)[level]


class TracedLog:
    """Tells a trace what the journal has done."""

    def __init__(self) -> None:
        self._log = MemoryLog()
        self.trace = Trace()
        self.open = self._log.open
        self.read = self._log.read
        self.trim = self._log.trim
        self.close = self._log.close

    def append(self, expected: int, buffers: Sequence[bytes]) -> int:
        position = self._log.append(expected, buffers)
        self.trace.append(position, b"".join(buffers))
        return position

    def sync(self) -> int:
        self.trace.synced = self._log.sync()
        return self.trace.synced


class Readers:
    """A node with one queue, and clients that check what they are given."""

    def __init__(self, reader: str, level: int, partitions: int = 1) -> None:
        settings, self.no_ack, message, self.lease_synced = WAITS[reader]
        self.level = level if message is None else message
        log = TracedLog()
        self.trace = log.trace
        self.node = TestNode(log, MemorySegments(), MemoryState())
        self.writer = self.node.connect()
        self.count = 0
        stream = StreamSettings(level=level, partitions=partitions)
        self.writer.submit(
            DeclareQueue(name="q", settings=SubscriptionSettings(**settings), stream=stream)
        )
        for partition in self.node.kernel.state.stream("default", "q").partitions:
            partition.reserved = partition.safe = 1_000  # else they all wait for the disk
        self.node.settle()

    def connect(self) -> BrokerSession:
        session = self.node.connect()
        door = self.node.doors[session.id]
        deliver = door.deliver

        def check(deliveries: list[Delivery]) -> None:
            for delivery in deliveries:
                self.leaves(delivery)
            deliver(deliveries)

        door.deliver = check  # type: ignore[method-assign]
        return session

    def leaves(self, delivery: Delivery) -> None:
        """The delivery leaves the process: what it promises must have happened."""
        for offset in range(delivery.start, delivery.end):
            message = self.trace.published.get((delivery.partition, offset), 1 << 59)
            assert message <= self.trace.reached(self.level), (offset, "not safe itself")
            if self.lease_synced:
                lease = self.trace.leased.get((delivery.partition, offset), 1 << 59)
                assert lease <= self.trace.synced, (offset, "its lease is not safe")
        self.count += delivery.end - delivery.start

    def publish(self, *bodies: bytes, partition: int = 0) -> None:
        command = Publish("default", Address("q"), CANONICAL, list(bodies))
        command.partition = partition
        command.keys = [b"key"] * len(bodies)
        self.writer.publish(command)

    def pull(self, session: BrokerSession, command: Any) -> list[tuple[Delivery, int, int]]:
        """What a reply holds, with what it depends on; it leaves as soon as that is said to be reached."""
        deliveries = session.submit(command)
        position, level = session.depends_on(deliveries)
        return [(delivery, position, level) for delivery in deliveries]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("reader", WAITS)
def test_a_delivery_leaves_once_all_it_stands_on_is_safe_and_not_before(
    reader: str, level: int
) -> None:
    readers = Readers(reader, level)
    session = readers.connect()
    session.submit(Consume(name="q", credit_max=10, no_ack=readers.no_ack))
    readers.publish(b"1", b"2")
    readers.node.turn()
    assert readers.count == (2 if readers.level == APPLIED else 0)
    readers.node.settle()
    assert readers.count == 2


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("reader", WAITS)
def test_a_reply_with_deliveries_depends_on_the_same(reader: str, level: int) -> None:
    readers = Readers(reader, level)
    session = readers.connect()
    readers.publish(b"1", b"2")
    command = Lease(name="q", count_max=2, no_ack=readers.no_ack)
    replies = readers.pull(session, command)
    assert replies
    for delivery, position, wanted in replies:
        assert wanted == (SYNCED if readers.lease_synced else readers.level)
        session.want(position, wanted)
        is_early = session.reached(wanted) >= position
        assert is_early == (readers.level == APPLIED)
        readers.node.settle()
        assert session.reached(wanted) >= position
        readers.leaves(delivery)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("reader", WAITS)
def test_leases_of_what_is_safe_already_ride_along_but_where_the_lease_counts(
    reader: str, level: int
) -> None:
    readers = Readers(reader, level)
    session = readers.connect()
    readers.publish(b"1")
    readers.node.settle()
    ((_, position, wanted),) = readers.pull(session, Lease(name="q", no_ack=readers.no_ack))
    assert (session.reached(wanted) >= position) == (not readers.lease_synced)


def test_deferred_messages_are_leased_as_safely_as_others() -> None:
    readers = Readers("by key", WRITTEN)
    session = readers.connect()
    readers.publish(b"1")
    readers.node.settle()
    (delivery,) = session.submit(Lease(name="q"))
    session.settle(_settle(delivery, "defer"))
    readers.node.settle()
    ((again, position, level),) = readers.pull(session, LeaseDeferred(name="q", offsets=[0]))
    assert session.reached(level) < position
    session.want(position, level)
    readers.node.settle()
    assert session.reached(level) >= position
    readers.leaves(again)


def test_a_session_with_state_is_shown_once_the_state_is_safe() -> None:
    readers = Readers("by key", WRITTEN)
    writer = readers.writer
    writer.submit(DeclareQueue(name="s", settings=SubscriptionSettings(order="session")))
    first = writer.submit(AcceptSession(name="s", key=b"k"))
    assert writer.depends_on(first)[1] == APPLIED, "nothing to be shown"
    writer.submit(SetSessionState(holder=first.holder.id, state=b"half way"))
    readers.node.broker.close(writer)
    session = readers.connect()
    lock = session.submit(AcceptSession(name="s", key=b"k"))
    position, level = session.depends_on(lock)
    assert lock.state == b"half way"
    assert level == SYNCED
    assert session.reached(level) < position
    readers.node.turn()
    session.want(position, level)
    readers.node.settle()
    assert session.reached(level) >= position


def test_what_waits_for_its_partition_leaves_in_order_as_the_partition_grows() -> None:
    readers = Readers("any other", WRITTEN, partitions=2)
    session = readers.connect()
    session.submit(Consume(name="q", credit_max=100))
    for number in range(10):
        readers.publish(b"%d" % number, partition=number % 2)
        readers.node.turn()  # the journal stands still after the first
    assert readers.count == 0
    readers.node.settle()
    for partition in range(2):
        found = [
            d.start for d in readers.node.doors[session.id].deliveries if d.partition == partition
        ]
        assert found == sorted(found)
    assert readers.count == 10


@pytest.mark.parametrize("reader", ["any other", "early", "exactly once"])
def test_all_that_a_turn_hands_to_a_receiver_that_waits_once_leaves_together(reader: str) -> None:
    readers = Readers(reader, WRITTEN, partitions=2)
    session = readers.connect()
    readers.publish(b"0")
    readers.node.settle()
    (returned,) = session.submit(Lease(name="q"))
    readers.node.settle()
    calls: list[list[bytes]] = []
    session.door.deliver = (  # type: ignore[method-assign]
        lambda deliveries: calls.append([body for d in deliveries for body in d.bodies])
    )
    session.submit(Consume(name="q", credit_max=10, lease_duration_ms=1_000, once=True))
    session.settle(_settle(returned, "release"))  # safe already
    readers.publish(b"1")  # not yet
    readers.publish(b"2", partition=1)
    readers.node.settle()
    readers.publish(b"3")
    readers.node.settle()
    assert [sorted(call) for call in calls] == [[b"0", b"1", b"2"]]


def test_what_waits_for_a_connection_or_a_queue_that_is_gone_is_dropped() -> None:
    readers = Readers("exactly once", WRITTEN)
    session, other = readers.connect(), readers.connect()
    for each in (session, other):
        each.submit(Consume(name="q", credit_max=1))
    readers.publish(b"1", b"2")
    readers.node.turn()
    readers.node.broker.close(session)
    readers.node.settle()
    assert readers.count == 1
    assert not readers.node.doors[session.id].deliveries


@pytest.mark.parametrize("seed", range(12))
def test_no_delivery_ever_leaves_too_soon_and_none_is_forgotten(seed: int) -> None:
    chance = random.Random(seed)
    reader = chance.choice(list(WAITS))
    readers = Readers(reader, chance.choice(LEVELS), partitions=chance.choice([1, 3]))
    node, sessions, published = readers.node, [readers.connect() for _ in range(3)], 0
    for session in sessions:
        session.submit(Consume(name="q", credit_max=chance.choice([1, 5]), no_ack=readers.no_ack))
    for _ in range(200):
        choice = chance.random()
        if choice < 0.3:
            bodies = [b"x"] * chance.randint(1, 4)
            readers.publish(*bodies, partition=chance.randrange(len(_partitions(readers))))
            published += len(bodies)
        elif choice < 0.5:
            node.turn()
        elif choice < 0.75:
            node.journal.run_one()
        else:
            _acknowledge(node, chance.choice(sessions))
    for _ in range(published):
        node.settle()
        for session in sessions:
            _acknowledge(node, session)
    assert readers.count == published


def _partitions(readers: Readers) -> list[Any]:
    return readers.node.kernel.state.streams_named["default", "q"].partitions


def _acknowledge(node: TestNode, session: BrokerSession) -> None:
    for delivery in node.deliveries(session):
        if not delivery.holder.no_ack:
            ack(session, delivery)


def _settle(delivery: Delivery, outcome: Any) -> Any:
    run = (delivery.start, delivery.end)
    return Settle(
        delivery.holder.subscription.id, delivery.partition, delivery.holder.id, [run], outcome
    )
