"""Configurations as they are described: values, where each comes from, and what it would be otherwise."""

from typing import Any

import pytest
from tests.doors.kafka.client import Client, World

from dragoman.doors.kafka.brokerconfigs import synonym_of
from dragoman.doors.kafka.configs import TABLE
from dragoman.doors.kafka.groupconfigs import TABLE as GROUPS
from dragoman.kernel.commands import CreateStream
from dragoman.kernel.settings import StreamSettings
from dragoman.model.levels import SYNCED

TOPIC, BROKER, GROUP = 2, 4, 32


def ask(client: Client, kind: int, name: str, version: int = 4, **more: Any) -> dict[str, Any]:
    resource = {"resource_type": kind, "resource_name": name, "configuration_keys": None}
    resource["configuration_keys"] = more.pop("keys", None)
    asked = {"resources": [resource], "include_synonyms": True, **more}
    found: dict[str, Any] = client.ask(32, version, asked)["results"][0]
    return found


def described(
    client: Client, kind: int = TOPIC, name: str = "t", **more: Any
) -> dict[str, dict[str, Any]]:
    result = ask(client, kind, name, **more)
    assert result["error_code"] == 0
    return {config["name"]: config for config in result["configs"]}


def synonyms(config: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(one["name"], one["value"], one["source"]) for one in config["synonyms"]]


def test_every_configuration_of_a_topic_has_a_source_a_type_and_what_it_would_be_otherwise() -> (
    None
):
    client = World().connect()
    client.create("t", retention_ms="1000", remote_storage_enable="false")
    found = described(client)
    assert found.keys() == TABLE.keys()
    for name, config in TABLE.items():
        assert found[name]["config_type"] == config.kind
        assert not found[name]["read_only"]
        if name not in {"retention.ms", "remote.storage.enable"}:
            assert found[name]["config_source"] == 5
            assert synonyms(found[name]) == [(synonym_of(name) or name, config.default, 5)]
    assert (found["retention.ms"]["value"], found["retention.ms"]["config_source"]) == ("1000", 1)
    assert synonyms(found["retention.ms"]) == [
        ("retention.ms", "1000", 1),
        ("log.retention.ms", "604800000", 5),
    ]
    assert synonyms(found["remote.storage.enable"]) == [("remote.storage.enable", "false", 1)]


def test_what_another_protocol_has_set_is_the_topics_own() -> None:
    client = World().connect()
    settings = StreamSettings(
        retention_ms=5000, level=SYNCED, compact=True, dirty_percent=20, message_bytes_max=7
    )
    client.world.kernel.submit(CreateStream(name="t", settings=settings), 0)
    own = {name: c["value"] for name, c in described(client).items() if c["config_source"] == 1}
    assert own == {
        "cleanup.policy": "compact,delete",
        "flush.messages": "1",
        "max.message.bytes": "7",
        "min.cleanable.dirty.ratio": "0.2",
        "retention.ms": "5000",
    }


def test_that_compaction_alone_ends_nothing_by_age_is_no_setting_of_its_age() -> None:
    client = World().connect()
    client.create("t", cleanup_policy="compact")
    assert described(client)["retention.ms"]["config_source"] == 5


def test_synonyms_and_documentation_are_told_to_whoever_asks() -> None:
    client = World().connect()
    client.create("t")
    for kind, name in ((TOPIC, "t"), (BROKER, "1"), (GROUP, "g")):
        plain = described(client, kind, name, include_synonyms=False)
        assert not any(config["synonyms"] or config["documentation"] for config in plain.values())
        full = described(client, kind, name, include_documentation=True)
        assert all(config["synonyms"] and config["documentation"] for config in full.values())
        some = described(client, kind, name, keys=["retention.ms", "node.id"])
        assert len(some) == (kind in {TOPIC, BROKER})
    assert ask(client, TOPIC, "t", version=1)["configs"][0]["config_source"] == 5


def test_a_groups_configurations_are_its_own_or_the_default() -> None:
    client = World().connect()
    change = {"name": "share.record.lock.duration.ms", "config_operation": 0, "value": "9000"}
    resource = {"resource_type": GROUP, "resource_name": "g", "configs": [change]}
    client.ask(44, 1, {"resources": [resource], "validate_only": False})
    found = described(client, GROUP, "g")
    assert found.keys() == GROUPS.keys()
    assert synonyms(found["share.record.lock.duration.ms"]) == [
        ("share.record.lock.duration.ms", "9000", 8),
        ("share.record.lock.duration.ms", "30000", 5),
    ]


def test_the_broker_has_what_the_operator_has_set_and_defaults_and_nothing_dynamic() -> None:
    client = World().connect()
    found = described(client, BROKER, "1")
    assert all(config["read_only"] for config in found.values())
    assert {config["config_source"] for config in found.values()} == {5}
    assert found["log.retention.ms"]["value"] == TABLE["retention.ms"].default
    client.world.node.reauthenticate_ms = 7_000
    config = described(client, BROKER, "1")["connections.max.reauth.ms"]
    assert (config["value"], config["config_source"]) == ("7000", 4)
    assert described(client, BROKER, "") == {}


@pytest.mark.parametrize(("kind", "name", "code"), [(BROKER, "2", 42), (8, "1", 42), (2, "no", 3)])
def test_what_is_not_there_is_not_described(kind: int, name: str, code: int) -> None:
    result = ask(World().connect(), kind, name)
    assert (result["error_code"], result["configs"]) == (code, [])
