"""What clients send: where it goes, what is noted on it, what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.eventhubs.client import Client, World, annotations_of, batch, refusal_of
from tests.doors.shared.amqp10.client import message

from dragoman.doors.eventhubs.hashing import partition_of
from dragoman.kernel.api import DeleteStream
from dragoman.wire.amqp10.messaging import ACCEPTED, Rejected
from dragoman.wire.amqp10.performatives import Attach
from dragoman.wire.amqp10.values import Symbol

KEY = Symbol("x-opt-partition-key")


def sender(address: str = "h", partitions: int = 4) -> tuple[World, Client]:
    world = World()
    world.hub(partitions=partitions)
    client = world.client()
    client.sender(address)
    return world, client


def ends(world: World) -> list[int]:
    return [known.end for known in world.hub_info().partitions]


def test_a_key_has_its_partition() -> None:
    world, client = sender()
    for key in ("k1", "alphabet", "a", "teleportation"):
        before = ends(world)
        client.send(message(annotations={KEY: key}))
        after = ends(world)
        assert after[partition_of(key, 4)] == before[partition_of(key, 4)] + 1
    assert [state for _, _, state in client.outcomes()] == [ACCEPTED] * 4


@given(st.lists(st.sampled_from(["", "k1", "alphabet", "a", "b", "c"]), max_size=20))
def test_messages_that_came_together_go_where_each_would(keys: list[str]) -> None:
    _world, client = sender()
    said = [
        message(b"%d" % at, annotations={KEY: key} if key else None) for at, key in enumerate(keys)
    ]
    if said:
        client.send(*said)
    assert len(client.outcomes()) <= max(1, len(keys))
    for index in range(4):
        client.read(index, handle=10 + index, credit=100)
        read = [int(body or b"") for body in client.bodies()]
        assert read == sorted(read)
        assert {at for at, key in enumerate(keys) if key and partition_of(key, 4) == index} <= {
            *read
        }


def test_a_batch_is_in_one_partition_with_its_key_on_each_event() -> None:
    _world, client = sender()
    client.send_batch(batch(message(b"1"), message(b"2"), message(b"3"), key="k1"))
    assert client.outcomes() == [(0, 0, ACCEPTED)]
    client.read(partition_of("k1", 4))
    frames = client.transfers()
    assert [annotations_of(frame)["x-opt-partition-key"] for frame in frames] == ["k1"] * 3


def test_the_key_that_all_events_of_a_batch_have_leads_them() -> None:
    world, client = sender()
    client.send_batch(batch(*[message(annotations={KEY: "alphabet"})] * 2))
    assert ends(world)[partition_of("alphabet", 4)] == 2
    client.send_batch(batch(message(annotations={KEY: "a"}), message(annotations={KEY: "b"})))
    assert sum(ends(world)) == 4


def test_without_a_key_partitions_take_turns_batch_by_batch() -> None:
    world, client = sender()
    for _ in range(4):
        client.send_batch(batch(message(), message()))
    assert ends(world) == [2, 2, 2, 2]


def test_to_a_partition() -> None:
    world, client = sender("h/Partitions/3")
    client.send(message(b"x"))
    client.send_batch(batch(message(), message()))
    assert ends(world) == [0, 0, 0, 3]
    client.send(message(annotations={KEY: "k"}))
    _, _, state = client.outcomes()[-1]
    assert isinstance(state, Rejected) and state.error is not None
    assert state.error.condition == "amqp:not-allowed"


def test_a_publishers_name_is_its_key() -> None:
    _world, client = sender("h/Publishers/sensor-7")
    client.send(message(b"x"), message(b"y", annotations={KEY: "sensor-7"}))
    client.read(partition_of("sensor-7", 4))
    for frame in client.transfers():
        said = annotations_of(frame)
        assert (said["x-opt-publisher"], said["x-opt-partition-key"]) == ("sensor-7", "sensor-7")
    client.send(message(annotations={KEY: "other"}))
    assert isinstance(client.outcomes()[-1][2], Rejected)


@pytest.mark.parametrize(
    "payload",
    [
        batch(message(b"1"), b"\x40"),
        message(b"1"),
        b"\x40",
        batch(),
        batch(message(), key="k" * 129),
    ],
)
def test_a_batch_with_something_else_in_it_is_rejected_whole(payload: bytes) -> None:
    world, client = sender()
    client.send_batch(payload)
    ((_, _, state),) = client.outcomes()
    assert isinstance(state, Rejected)
    assert sum(ends(world)) == 0
    client.send(message())
    assert client.outcomes()[-1][2] == ACCEPTED


def test_a_partition_that_is_not_there_is_refused() -> None:
    world = World()
    world.hub(partitions=2)
    client = world.client()
    assert refusal_of(client.sender("h/Partitions/2")) == "com.microsoft:argument-out-of-range"
    assert isinstance(client.sender("h/Partitions/1", 1)[0], Attach)


def test_a_hub_that_is_gone_ends_the_link() -> None:
    world, client = sender()
    world.kernel.submit(DeleteStream(name="h"), world.kernel.open_session())
    client.send(message())
    assert refusal_of([frame.body for frame in client.heard()]) == "amqp:not-found"
