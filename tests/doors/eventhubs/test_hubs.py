import pytest
from tests.doors.eventhubs.client import Public, World, refusal_of

from dragoman.doors.eventhubs.hubs import PARTITIONS, RETENTION_MS, partition_in
from dragoman.kernel.api import AlterStream, CreateStream, SetAlias, StreamSettings
from dragoman.model.errors import PartitionNotFound
from dragoman.wire.amqp10.performatives import Attach


def test_a_hub_is_made_when_it_is_first_used() -> None:
    world = World()
    client = world.client()
    assert isinstance(client.sender("h")[0], Attach)
    settings = world.hub_info().settings
    assert (settings.partitions, settings.retention_ms) == (PARTITIONS, RETENTION_MS)
    assert settings.header_values == "amqp"


@pytest.mark.parametrize("name", ["a b", "-x", "x" * 257, "ä"])
def test_but_only_one_with_the_name_of_a_hub(name: str) -> None:
    client = World().client()
    assert refusal_of(client.sender(name)) == "com.microsoft:argument-error"


def test_and_not_where_others_come() -> None:
    client = Public().client()
    assert refusal_of(client.sender("h")) == "amqp:not-found"
    assert refusal_of(client.read()) == "amqp:not-found"


def test_a_stream_of_any_protocol_is_a_hub_by_its_alias_too() -> None:
    world = Public()
    session = world.kernel.open_session()
    world.kernel.submit(CreateStream(name="Or/ders", settings=StreamSettings(2)), session)
    command = SetAlias(name="Or/ders", protocol="eventhubs", alias="orders")
    world.kernel.submit(command, session)
    client = world.client()
    assert isinstance(client.sender("orders")[0], Attach)
    assert isinstance(client.read(1, hub="orders")[0], Attach)


def test_groups_are_those_that_were_declared_and_the_default_one() -> None:
    world = World()
    world.hub(groups=("Audit", "b"))
    client = world.client()
    for handle, group in enumerate(("$default", "audit", "b"), 1):
        assert isinstance(client.read(group=group, handle=handle)[0], Attach)
    assert refusal_of(client.read(group="c", handle=9)) != ""


def test_groups_are_any_where_none_were() -> None:
    world = World()
    world.hub()
    client = world.client()
    assert isinstance(client.read(group="whatever")[0], Attach)
    assert refusal_of(client.read(group="x" * 51, handle=9)) == "amqp:not-found"


@pytest.mark.parametrize("text", ["", "4", "-1", "x", "00000000", "\u0661"])
def test_a_partition_is_one_of_the_hubs(text: str) -> None:
    with pytest.raises(PartitionNotFound):
        partition_in(text, 4)


def test_partitions_that_were_added_are_there_at_once() -> None:
    world = World()
    world.hub(partitions=1)
    client = world.client()
    client.sender("h")
    settings = world.hub_info().settings
    wider = StreamSettings(2, retention_ms=settings.retention_ms)
    world.kernel.submit(AlterStream(name="h", settings=wider), world.kernel.open_session())
    assert isinstance(client.read(1)[0], Attach)
