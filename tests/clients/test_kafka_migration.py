"""Groups that go from the classic protocol to KIP-848's and back while they read, as confluent-kafka's members live it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from tests.clients.kafka_work import DEADLINE_S, now, opened, serving

pytestmark = pytest.mark.clients

PARTITIONS = 4


@pytest.fixture
def bootstrap(tmp_path: Path) -> Iterator[str]:
    with serving("memory", tmp_path) as address:
        admin = AdminClient({"bootstrap.servers": address})
        admin.create_topics([NewTopic("t", PARTITIONS, 1)])["t"].result(DEADLINE_S)
        yield address


def member(bootstrap: str, protocol: str, strategy: str = "range") -> Consumer:
    settings: dict[str, Any] = {
        "bootstrap.servers": bootstrap,
        "group.id": "g",
        "group.protocol": protocol,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
    if protocol == "classic":
        settings |= {
            "partition.assignment.strategy": strategy,
            "heartbeat.interval.ms": 200,
            "session.timeout.ms": 6000,
        }
    made = opened(settings)
    made.subscribe(["t"])
    return made


class Readers:
    """Members, and the values that they have committed."""

    def __init__(self) -> None:
        self.members: list[Consumer] = []
        self.seen: list[bytes] = []

    def poll(self) -> None:
        for each in self.members:
            message = each.poll(0.02)
            if message is not None and message.error() is None:
                each.commit(message=message, asynchronous=False)
                self.seen.append(message.value() or b"")

    def until(self, *sizes: int) -> None:
        """Poll until they have so many partitions each, in any order, and none twice."""
        deadline = now() + DEADLINE_S
        while now() < deadline:
            self.poll()
            shares = [{p.partition for p in each.assignment()} for each in self.members]
            if sorted(map(len, shares)) == sorted(sizes):
                assert set().union(*shares) == set(range(PARTITIONS))
                return
        raise AssertionError([each.assignment() for each in self.members])

    def leave(self, which: Consumer) -> None:
        self.members.remove(which)
        which.close()


@pytest.mark.parametrize("strategy", ["range", "cooperative-sticky"])
def test_a_group_is_rolled_to_the_new_protocol_and_back_and_reads_each_record_once(
    bootstrap: str, strategy: str
) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    sent: list[bytes] = []

    def produce() -> None:
        for _ in range(8):
            value = f"value-{len(sent)}".encode()
            producer.produce("t", value, partition=len(sent) % PARTITIONS)
            sent.append(value)
        assert producer.flush(DEADLINE_S) == 0

    readers = Readers()
    readers.members += [member(bootstrap, "classic", strategy) for _ in range(2)]
    readers.until(2, 2)
    for protocol in ("consumer", "classic"):
        for goes in list(readers.members):
            produce()
            readers.members.append(member(bootstrap, protocol, strategy))
            readers.until(1, 1, 2)
            readers.leave(goes)
            readers.until(2, 2)
    deadline = now() + DEADLINE_S
    while len(readers.seen) < len(sent) and now() < deadline:
        readers.poll()
    assert sorted(readers.seen) == sorted(sent)
    for each in readers.members:
        each.close()
