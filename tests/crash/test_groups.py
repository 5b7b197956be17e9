"""A classic group of librdkafka's, whose broker is killed in each phase of a rebalance: it goes on by itself.

Two members read four partitions, and a third comes and goes, until the broker is killed at a named point; then it is
started anew, on its port and its data. Soon afterwards all partitions are read again, each by one member. One group has
an eager assignor, one a cooperative one: each meets half of the points, and all in a longer run.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from tests.crash.broker import BrokerProcess
from tests.crash.kafka_load import settings

ROUNDS: Final = max(int(os.environ.get("DRAGOMAN_KILLS_EACH", "2")) // 2, 1)
POINTS: Final = {
    "range": ("JoinGroup:2", "Heartbeat:3", "SyncGroup:1", "LeaveGroup:1"),
    "cooperative-sticky": ("SyncGroup:1", "LeaveGroup:1", "JoinGroup:2", "Heartbeat:3"),
}
TOPIC, PARTITIONS = "shared-out", 4
SETTLED_S_MAX: Final = 30.0
KILLED_S_MAX: Final = 30.0


class Member:
    """A consumer on a thread of its own: what it reads, and from where."""

    def __init__(self, port: int, assignor: str) -> None:
        self.values: set[bytes] = set()
        self.parts: set[int] = set()
        self._is_over = threading.Event()
        options: dict[str, Any] = {
            "group.id": f"group-{assignor}",
            "auto.offset.reset": "earliest",
            "session.timeout.ms": 6_000,
            "heartbeat.interval.ms": 200,
            "partition.assignment.strategy": assignor,
        }
        self._consumer = Consumer(settings(port, **options))
        self._consumer.subscribe([TOPIC])
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_over.is_set():
            message = self._consumer.poll(0.05)
            if message is not None and message.error() is None:
                self.values.add(message.value() or b"")
            places: list[TopicPartition] = self._consumer.assignment()
            self.parts = {place.partition for place in places}
        self._consumer.close()

    def ask_to_leave(self) -> None:
        self._is_over.set()

    def has_left(self, within_s: float) -> bool:
        self._thread.join(within_s)
        return not self._thread.is_alive()


@contextmanager
def members(port: int, assignor: str) -> Iterator[list[Member]]:
    found = [Member(port, assignor) for _ in range(2)]
    try:
        yield found
    finally:
        for member in found:
            member.ask_to_leave()
        assert all(member.has_left(SETTLED_S_MAX) for member in found)


def come_and_go(broker: BrokerProcess, assignor: str) -> Member:
    """Until the broker is gone; the last guest, who may wait for a broker before it can leave."""
    until = time.monotonic() + KILLED_S_MAX
    while time.monotonic() < until:
        guest = Member(broker.port, assignor)
        time.sleep(0.4)  # in the middle of it all
        guest.ask_to_leave()
        while broker.is_alive() and not guest.has_left(0.05):
            assert time.monotonic() < until, "nobody may leave"
        if not broker.is_alive():
            return guest
    raise AssertionError("the point was not reached")


def settle(group: list[Member], producer: Producer, mark: str) -> float:
    """Seconds until each partition is one member's, and what is written now is read from all of them."""
    began = time.monotonic()
    values = [f"{mark}-{partition}".encode() for partition in range(PARTITIONS)]
    for partition, value in enumerate(values):
        producer.produce(TOPIC, value, partition=partition)
    while time.monotonic() < began + SETTLED_S_MAX:
        producer.poll(0.05)
        parts = sorted(part for member in group for part in member.parts)
        read = set[bytes]().union(*(member.values for member in group))
        if parts == list(range(PARTITIONS)) and read >= set(values):
            return time.monotonic() - began
    raise AssertionError(f"{mark}: stuck, {[member.parts for member in group]}")


@pytest.mark.crash
@pytest.mark.timeout(60 + 150 * ROUNDS)
@pytest.mark.parametrize("assignor", POINTS)
def test_a_group_goes_on_after_a_kill_in_any_phase_of_its_rebalance(
    tmp_path: Path, capsys: Any, assignor: str
) -> None:
    took: list[float] = []
    points = (POINTS[assignor] * ROUNDS)[: 2 * ROUNDS]
    with BrokerProcess(tmp_path / "data") as broker:
        broker.start()
        admin = AdminClient(settings(broker.port))
        admin.create_topics([NewTopic(TOPIC, PARTITIONS)])[TOPIC].result(10)
        producer = Producer(settings(broker.port))
        with members(broker.port, assignor) as group:
            settle(group, producer, "first")
            for number, point in enumerate(points):
                broker.kill()
                broker.start(f"decided.{point}")
                guest = come_and_go(broker, assignor)
                broker.start()
                assert guest.has_left(SETTLED_S_MAX)
                took.append(settle(group, producer, f"{point}-{number}"))
    with capsys.disabled():
        print(f"\n{assignor}: {len(took)} kills, settled within {max(took):.1f} s")
