"""Configurations described and changed through requests."""

import pytest
from tests.doors.kafka.client import Client, World
from tests.doors.kafka.test_configsources import described

from dragoman.model.levels import SYNCED


def alter(client: Client, *changes: tuple[str, int, str | None], kind: int = 2) -> int:
    configs = [{"name": n, "config_operation": op, "value": v} for n, op, v in changes]
    name = "t" if kind == 2 else "1"
    resource = {"resource_type": kind, "resource_name": name, "configs": configs}
    answer = client.ask(44, 1, {"resources": [resource], "validate_only": False})
    code: int = answer["responses"][0]["error_code"]
    return code


def test_configurations_change_what_the_stream_does() -> None:
    client = World().connect()
    client.create("t")
    assert alter(client, ("retention.ms", 0, "5000"), ("retention.bytes", 0, "100")) == 0
    assert alter(client, ("flush.messages", 0, "1"), ("max.message.bytes", 0, "77")) == 0
    settings = client.world.kernel.state.stream("default", "t").settings
    assert (settings.retention_ms, settings.retention_bytes) == (5000, 100)
    assert (settings.level, settings.message_bytes_max) == (SYNCED, 77)
    assert alter(client, ("retention.ms", 1, None)) == 0
    assert client.world.kernel.state.stream("default", "t").settings.retention_ms == 604_800_000


def test_compaction_alone_ends_nothing_by_age() -> None:
    client = World().connect()
    client.create("t", cleanup_policy="compact", retention_ms="5000")
    settings = client.world.kernel.state.stream("default", "t").settings
    assert settings.compact
    assert settings.retention_ms == -1
    assert alter(client, ("cleanup.policy", 2, "delete")) == 0
    assert described(client)["cleanup.policy"]["value"] == "compact,delete"
    assert client.world.kernel.state.stream("default", "t").settings.retention_ms == 5000
    assert alter(client, ("cleanup.policy", 3, "compact")) == 0
    assert not client.world.kernel.state.stream("default", "t").settings.compact


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("no.such.thing", "1"),
        ("retention.ms", "soon"),
        ("retention.ms", "-2"),
        ("retention.ms", None),
        ("cleanup.policy", "burn"),
        ("preallocate", "maybe"),
        ("min.cleanable.dirty.ratio", "2"),
        ("flush.messages", "0"),
        ("compression.type", "zip"),
        ("leader.replication.throttled.replicas", "x" * 5000),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused(name: str, value: str | None) -> None:
    client = World().connect()
    client.create("t")
    assert alter(client, (name, 0, value)) == 40


def test_alter_configs_puts_back_what_it_does_not_name() -> None:
    client = World().connect()
    client.create("t", retention_ms="1000", retention_bytes="5")
    config = {"name": "retention.ms", "value": "2000"}
    resource = {"resource_type": 2, "resource_name": "t", "configs": [config]}
    client.ask(33, 1, {"resources": [resource], "validate_only": False})
    found = described(client)
    assert found["retention.ms"]["value"] == "2000"
    assert found["retention.bytes"]["value"] == "-1"


def test_the_brokers_own_configuration_cannot_be_changed() -> None:
    client = World().connect()
    assert alter(client, ("log.retention.ms", 0, "1"), kind=4) == 40
