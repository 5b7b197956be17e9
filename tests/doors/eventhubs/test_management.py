import pytest
from tests.doors.eventhubs.client import Public, World
from tests.doors.shared.amqp10.client import message

from dragoman.wire.amqp10.values import Array

HUB = "com.microsoft:eventhub"
PARTITION = "com.microsoft:partition"


def test_a_hub_says_its_partitions() -> None:
    world = World()
    world.hub(partitions=3)
    status, body = world.client().ask(HUB)
    assert status == 200
    assert body["name"] == "h"
    assert body["created_at"] == world.clock.now_ms
    assert body["partition_count"] == 3
    assert body["partition_ids"] == Array(str, ["0", "1", "2"])


def test_a_partition_says_what_is_in_it() -> None:
    world = World()
    world.hub(partitions=2)
    client = world.client()
    _, before = client.ask(PARTITION, partition="1")
    assert before["is_partition_empty"] is True
    assert (before["last_enqueued_sequence_number"], before["last_enqueued_offset"]) == (-1, "-1")
    client.sender("h/Partitions/1")
    client.send(message(b"1"), message(b"2"))
    world.advance(5)
    _, after = client.ask(PARTITION, partition="1")
    assert after["begin_sequence_number"] == 0
    assert after["is_partition_empty"] is False
    assert (after["last_enqueued_sequence_number"], after["last_enqueued_offset"]) == (1, "1")
    assert after["last_enqueued_time_utc"] == world.clock.now_ms - 5
    assert client.ask(PARTITION, partition="0")[1]["is_partition_empty"] is True


def test_asking_is_using() -> None:
    assert World().client().ask(HUB)[0] == 200
    assert Public().client().ask(HUB) == (404, "amqp:not-found")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"kind": "com.microsoft:other"}, (501, "amqp:not-implemented")),
        ({"kind": HUB, "operation": "WRITE"}, (501, "amqp:not-implemented")),
        ({"kind": HUB, "name": None}, (400, "com.microsoft:argument-error")),
        ({"kind": PARTITION, "partition": "9"}, (400, "com.microsoft:argument-out-of-range")),
        ({"kind": PARTITION, "partition": 0}, (400, "com.microsoft:argument-error")),
        ({"kind": HUB, "name": "a b"}, (400, "com.microsoft:argument-error")),
    ],
)
def test_what_it_cannot_answer_is_refused(
    asked: dict[str, object], answer: tuple[int, str]
) -> None:
    world = World()
    world.hub()
    assert world.client().ask(**asked) == answer  # type: ignore[arg-type]


def test_a_hub_is_not_shown_to_who_has_not_claimed_it() -> None:
    world = World({"key": b"secret"})
    world.hub()
    client = world.client()
    assert client.ask(HUB) == (401, "amqp:unauthorized-access")
    client.door._peer.claims["sb://x/h"] = 0
    assert client.ask(HUB)[0] == 200
    assert client.ask(HUB, "other") == (401, "amqp:unauthorized-access")
    client.door._peer.claims["sb://x/other/$management"] = 0
    assert client.ask(HUB, "other") == (200, client.ask(HUB, "other")[1])
