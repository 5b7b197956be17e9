"""Receivers: owners and their levels, and what they read."""

from typing import Any

import pytest
from tests.doors.eventhubs.client import Client, World, refusal_of
from tests.doors.shared.amqp10.client import message

from dragoman.wire.amqp10.performatives import Attach, Detach
from dragoman.wire.amqp10.values import Symbol

EPOCH = Symbol("com.microsoft:epoch")


def filled(count: int = 2) -> tuple[World, Client]:
    world = World()
    world.hub(partitions=2)
    client = world.client()
    client.sender("h/Partitions/0")
    client.send(*[message(b"%d" % number) for number in range(count)])
    client.heard()
    return world, client


def owned(level: Any) -> dict[Any, Any]:
    return {EPOCH: level}


def ended(client: Client) -> list[str]:
    bodies = [frame.body for frame in client.heard()]
    return [str(body.error.condition) for body in bodies if isinstance(body, Detach)]


def test_the_same_level_or_a_higher_one_takes_the_partition_over() -> None:
    world, first = filled()
    first.read(properties=owned(1))
    assert first.numbers() == [0, 1]
    second = world.client()
    assert refusal_of(second.read(properties=owned(0))) == "amqp:link:stolen"
    assert ended(first) == []
    before = first
    for level in (1, 2):
        client = world.client()
        assert isinstance(client.read(properties=owned(level), handle=2)[0], Attach)
        assert client.numbers() == [0, 1]
        assert ended(before) == ["amqp:link:stolen"]
        before = client


def test_one_without_a_level_ends_where_an_owner_comes_and_is_kept_out() -> None:
    world, first = filled()
    first.read()
    first.heard()
    owner = world.client()
    owner.read(properties=owned(0))
    assert ended(first) == ["amqp:link:stolen"]
    assert refusal_of(first.read(handle=5)) == "amqp:link:stolen"
    owner.close()
    assert isinstance(first.read(handle=6)[0], Attach)


def test_groups_and_partitions_have_owners_of_their_own() -> None:
    _world, first = filled()
    first.read(properties=owned(9))
    first.heard()
    assert isinstance(first.read(properties=owned(0), group="other", handle=2)[0], Attach)
    first.heard()
    assert isinstance(first.read(1, properties=owned(0), handle=3)[0], Attach)
    assert ended(first) == []


def test_a_link_that_is_detached_owns_nothing() -> None:
    _world, first = filled()
    first.read(properties=owned(9))
    first.say(Detach(1, True))
    first.heard()
    assert isinstance(first.read(properties=owned(0), handle=2)[0], Attach)


def test_so_many_read_a_partition_without_a_level() -> None:
    _world, client = filled()
    for handle in range(1, 6):
        client.read(handle=handle)
    assert refusal_of(client.read(handle=7)) == "amqp:resource-limit-exceeded"


@pytest.mark.parametrize("level", [-1, "x", True])
def test_what_is_no_level_is_refused(level: object) -> None:
    _world, client = filled()
    assert refusal_of(client.read(properties=owned(level))) == "com.microsoft:argument-error"


def test_events_come_as_they_are_stored_and_as_credit_allows() -> None:
    _world, client = filled(5)
    client.read(credit=2)
    assert client.numbers() == [0, 1]
    client.credit(2, count=2)
    assert client.numbers() == [2, 3]
    client.credit(10, count=4)
    assert client.numbers() == [4]
    client.send(message(b"new"))
    assert client.numbers() == [5]


def test_every_group_and_receiver_reads_all() -> None:
    _world, client = filled(3)
    for handle, group in enumerate(("a", "a", "b"), 1):
        client.read(handle=handle, group=group)
        assert client.numbers() == [0, 1, 2]


def test_a_partition_or_group_that_is_not_there_is_refused() -> None:
    _world, client = filled()
    assert refusal_of(client.read(2)) == "com.microsoft:argument-out-of-range"
    assert refusal_of(client.read(group="", handle=3)) == "amqp:not-found"
