"""Groups that the broker assigns (KIP-848), as confluent-kafka's consumers live in them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from tests.clients.kafka_work import DEADLINE_S, ENGINES, now, opened, serving

pytestmark = pytest.mark.clients


@pytest.fixture(params=ENGINES)
def bootstrap(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with serving(request.param, tmp_path) as address:
        yield address


def make(bootstrap: str, *names: str, partitions: int = 4) -> AdminClient:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    made = admin.create_topics([NewTopic(name, partitions, 1) for name in names])
    for name in names:
        made[name].result(DEADLINE_S)
    return admin


def member(bootstrap: str, **more: Any) -> Consumer:
    return opened(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "g",
            "group.protocol": "consumer",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            **more,
        }
    )


def poll_until(members: list[Consumer], sizes: list[int]) -> float:
    """Poll all until they have so many partitions each, in any order, none twice; how long that took."""
    began = now()
    while now() < began + DEADLINE_S:
        for each in members:
            each.poll(0.02)
        shares = [{(p.topic, p.partition) for p in each.assignment()} for each in members]
        if sorted(map(len, shares)) == sorted(sizes):
            assert len(set().union(*shares)) == sum(sizes)
            return now() - began
    raise AssertionError([each.assignment() for each in members])


def produce(bootstrap: str, topic: str, count: int) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    for number in range(count):
        producer.produce(topic, b"%d" % number, b"%d" % number)
    assert producer.flush(DEADLINE_S) == 0


def read(members: list[Consumer], count: int) -> list[bytes]:
    found: list[bytes] = []
    end = now() + DEADLINE_S
    while len(found) < count and now() < end:
        for each in members:
            message = each.poll(0.05)
            if message is not None:
                assert message.error() is None, message.error()
                found.append(message.value() or b"")
    return found


def test_members_come_and_go_and_every_record_is_read_once(bootstrap: str) -> None:
    admin = make(bootstrap, "t")
    one, two = member(bootstrap), member(bootstrap)
    one.subscribe(["t"])
    poll_until([one], [4])
    two.subscribe(["t"])
    took = poll_until([one, two], [2, 2])
    assert took < 3.0, took
    produce(bootstrap, "t", 40)
    found = read([one, two], 40)
    assert sorted(found, key=int) == [b"%d" % number for number in range(40)]
    one.commit(asynchronous=False)
    two.commit(asynchronous=False)
    info = admin.describe_consumer_groups(["g"])["g"].result(DEADLINE_S)
    assert (info.state.name, info.type.name, len(info.members)) == ("STABLE", "CONSUMER", 2)
    assert sorted(len(m.assignment.topic_partitions) for m in info.members) == [2, 2]
    listed = admin.list_consumer_groups().result(DEADLINE_S).valid
    assert [(g.group_id, g.type.name) for g in listed] == [("g", "CONSUMER")]
    two.close()
    poll_until([one], [4])
    one.close()
    wanted = [ConsumerGroupTopicPartitions("g", [TopicPartition("t", at) for at in range(4)])]
    offsets = admin.list_consumer_group_offsets(wanted)["g"].result(DEADLINE_S)
    assert sum(part.offset for part in offsets.topic_partitions) == 40
    admin.delete_consumer_groups(["g"])["g"].result(DEADLINE_S)


def test_a_pattern_takes_topics_that_come_later(bootstrap: str) -> None:
    make(bootstrap, "orders.eu", "other", partitions=2)
    one = member(bootstrap)
    one.subscribe(["^orders\\..*"])
    poll_until([one], [2])
    make(bootstrap, "orders.us", partitions=3)
    poll_until([one], [5])
    one.close()


def test_a_static_member_comes_back_to_what_it_had(bootstrap: str) -> None:
    make(bootstrap, "t")
    terms = {"group.instance.id": "left"}
    one, two = member(bootstrap, **terms), member(bootstrap, **{"group.instance.id": "right"})
    for each in (one, two):
        each.subscribe(["t"])
    poll_until([one, two], [2, 2])
    had = {(p.topic, p.partition) for p in one.assignment()}
    one.close()
    again = member(bootstrap, **terms)
    again.subscribe(["t"])
    poll_until([again, two], [2, 2])
    assert {(p.topic, p.partition) for p in again.assignment()} == had
    for each in (again, two):
        each.close()


@pytest.mark.parametrize(("first", "then"), [("classic", "consumer"), ("consumer", "classic")])
def test_an_empty_group_goes_on_as_the_other_kind(bootstrap: str, first: str, then: str) -> None:
    make(bootstrap, "t", partitions=1)
    produce(bootstrap, "t", 3)
    one = member(bootstrap, **{"group.protocol": first})
    one.subscribe(["t"])
    assert read([one], 3) == [b"0", b"1", b"2"]
    one.commit(asynchronous=False)
    one.close()
    two = member(bootstrap, **{"group.protocol": then})
    two.subscribe(["t"])
    produce(bootstrap, "t", 1)
    assert read([two], 1) == [b"0"]
    two.close()
