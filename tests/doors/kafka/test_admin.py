"""Metadata, topics, configurations, offsets by time, access lists, producer ids."""

from typing import Any

import pytest
from tests.doors.kafka.client import METADATA, NO_ID, Client, World, batch_of

from dragoman.doors.kafka.configs import BROKER, TABLE, check_config
from dragoman.doors.kafka.errors import Refused
from dragoman.kernel.api import DeclareQueue
from dragoman.model.levels import SYNCED


def metadata(client: Client, *names: str, version: int = 12, **more: Any) -> dict[str, Any]:
    topics = [{"name": name, "topic_id": NO_ID} for name in names]
    message = {
        "topics": topics,
        "include_topic_authorized_operations": False,
        "include_cluster_authorized_operations": False,
        **more,
    }
    return client.ask(METADATA, version, message)


@pytest.mark.parametrize("version", [1, 4, 9, 13])
def test_a_missing_topic_is_made_in_the_same_answer(version: int) -> None:
    client = World().connect()
    topic = metadata(client, "fresh", version=version)["topics"][0]
    assert topic["error_code"] == 0
    assert [part["leader_id"] for part in topic["partitions"]] == [1]


def test_a_missing_topic_is_not_made_when_the_client_says_no() -> None:
    client = World().connect()
    topic = metadata(client, "fresh", allow_auto_topic_creation=False)["topics"][0]
    assert (topic["error_code"], topic["name"]) == (3, "fresh")
    assert client.world.kernel.state.streams == {}


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "ü", "x" * 250])
def test_a_name_that_no_topic_may_have_is_refused(name: str) -> None:
    client = World().connect()
    assert metadata(client, name)["topics"][0]["error_code"] == 17
    assert client.create(name)["error_code"] == 17


def test_the_address_is_the_one_the_client_came_to_unless_told_otherwise() -> None:
    world = World()
    client = world.connect()
    broker = metadata(client)["brokers"][0]
    assert (broker["host"], broker["port"]) == ("10.0.0.1", 9092)
    world.node.told = ("broker.example", 19092)
    broker = metadata(client)["brokers"][0]
    assert (broker["host"], broker["port"]) == ("broker.example", 19092)


def test_all_topics_are_asked_for_by_null_or_in_version_0_by_none() -> None:
    client = World().connect()
    client.create("a")
    client.session.submit(DeclareQueue(name="not a topic's name"))
    assert [t["name"] for t in client.ask(METADATA, 0, {"topics": []})["topics"]] == ["a"]
    assert metadata(client, version=5)["topics"] == []
    found = client.ask(METADATA, 5, {"topics": None})["topics"]
    assert [topic["name"] for topic in found] == ["a"]


def test_a_topic_is_found_by_its_id_and_made_again_has_another() -> None:
    client = World().connect()
    first = client.create("t")["topic_id"]
    message = {
        "topics": [{"name": None, "topic_id": first}],
        "include_topic_authorized_operations": False,
    }
    assert client.ask(METADATA, 12, message)["topics"][0]["name"] == "t"
    client.ask(20, 6, {"topics": [{"name": None, "topic_id": first}], "timeout_ms": 1})
    assert client.create("t")["topic_id"] != first
    assert client.ask(METADATA, 12, message)["topics"][0]["error_code"] == 100


def test_topics_are_created_once_with_any_replication_factor() -> None:
    client = World().connect()
    made = client.create("t", 3)
    assert (made["error_code"], made["num_partitions"], made["replication_factor"]) == (0, 3, 1)
    assert client.create("t")["error_code"] == 36
    assert client.create("u", -1)["num_partitions"] == 1
    assert client.create("v", 0)["error_code"] == 37


def test_a_trial_creates_nothing() -> None:
    client = World().connect()
    topic = {
        "name": "t",
        "num_partitions": 1,
        "replication_factor": 1,
        "assignments": [],
        "configs": [],
    }
    answer = client.ask(19, 5, {"topics": [topic], "validate_only": True})
    assert answer["topics"][0]["error_code"] == 0
    assert client.world.kernel.state.streams == {}


def test_a_topic_named_twice_is_refused_twice() -> None:
    client = World().connect()
    topic = {
        "name": "t",
        "num_partitions": 1,
        "replication_factor": 1,
        "assignments": [],
        "configs": [],
    }
    answer = client.ask(19, 5, {"topics": [topic, topic]})
    assert [found["error_code"] for found in answer["topics"]] == [42, 42]


def test_partitions_follow_an_assignment() -> None:
    client = World().connect()
    topic = {
        "name": "t",
        "num_partitions": -1,
        "replication_factor": -1,
        "assignments": [{"partition_index": i, "broker_ids": [1]} for i in (1, 0)],
        "configs": [],
    }
    assert client.ask(19, 5, {"topics": [topic]})["topics"][0]["num_partitions"] == 2
    topic["name"], topic["assignments"] = "u", [{"partition_index": 1, "broker_ids": [1]}]
    assert client.ask(19, 5, {"topics": [topic]})["topics"][0]["error_code"] == 39


def test_partitions_grow_and_never_shrink() -> None:
    client = World().connect()
    client.create("t", 2)

    def grow(count: int) -> int:
        topic = {"name": "t", "count": count, "assignments": None}
        message = {"topics": [topic], "timeout_ms": 1, "validate_only": False}
        code: int = client.ask(37, 3, message)["results"][0]["error_code"]
        return code

    assert [grow(2), grow(1), grow(4)] == [37, 37, 0]
    assert len(metadata(client, "t")["topics"][0]["partitions"]) == 4
    assert client.produce_one("t", batch_of(b"x"), partition=3)["error_code"] == 0


def test_deleting_what_is_not_there_is_told() -> None:
    client = World().connect()
    answer = client.ask(20, 5, {"topic_names": ["t"], "timeout_ms": 1})
    assert answer["responses"][0]["error_code"] == 3


def alter(client: Client, *changes: tuple[str, int, str | None], kind: int = 2) -> int:
    configs = [{"name": n, "config_operation": op, "value": v} for n, op, v in changes]
    name = "t" if kind == 2 else "1"
    resource = {"resource_type": kind, "resource_name": name, "configs": configs}
    answer = client.ask(44, 1, {"resources": [resource], "validate_only": False})
    code: int = answer["responses"][0]["error_code"]
    return code


def described(client: Client, kind: int = 2) -> dict[str, dict[str, Any]]:
    name = "t" if kind == 2 else "1"
    resource = {"resource_type": kind, "resource_name": name, "configuration_keys": None}
    answer = client.ask(32, 4, {"resources": [resource], "include_synonyms": True})
    result = answer["results"][0]
    assert result["error_code"] == 0
    return {config["name"]: config for config in result["configs"]}


def test_every_configuration_is_described_with_source_default_and_type() -> None:
    client = World().connect()
    client.create("t", retention_ms="1000")
    found = described(client)
    assert found.keys() == TABLE.keys()
    for name, config in TABLE.items():
        assert found[name]["config_type"] == config.kind
        assert found[name]["synonyms"][-1]["value"] == config.default
    assert (found["retention.ms"]["value"], found["retention.ms"]["config_source"]) == ("1000", 1)
    assert found["retention.bytes"]["config_source"] == 5


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


def test_every_default_would_be_taken() -> None:
    for config in TABLE.values():
        if not config.words or config.default:
            assert check_config(config.name, config.default) == config.default
    with pytest.raises(Refused):
        check_config("", "x")


def test_alter_configs_puts_back_what_it_does_not_name() -> None:
    client = World().connect()
    client.create("t", retention_ms="1000", retention_bytes="5")
    config = {"name": "retention.ms", "value": "2000"}
    resource = {"resource_type": 2, "resource_name": "t", "configs": [config]}
    client.ask(33, 1, {"resources": [resource], "validate_only": False})
    found = described(client)
    assert found["retention.ms"]["value"] == "2000"
    assert found["retention.bytes"]["value"] == "-1"


def test_the_brokers_own_configuration_is_shown_and_cannot_be_changed() -> None:
    client = World().connect()
    assert described(client, kind=4).keys() == BROKER.keys()
    assert alter(client, ("log.retention.ms", 0, "1"), kind=4) == 40


def offsets(client: Client, time_ms: int, version: int = 7) -> tuple[int, int]:
    part = {"partition_index": 0, "timestamp": time_ms}
    message = {
        "replica_id": -1,
        "isolation_level": 0,
        "topics": [{"name": "t", "partitions": [part]}],
    }
    found = client.ask(2, version, message)["topics"][0]["partitions"][0]
    assert found["error_code"] == 0
    return found["offset"], found["timestamp"]


def test_offsets_by_time_are_exact_inside_a_batch() -> None:
    client = World().connect()
    client.create("t")
    start = 1_699_999_000_000
    client.produce(
        "t",
        batch_of(b"a", b"b", b"c", at_ms=start),
        batch_of(b"d", b"e", at_ms=start - 500, codec=3),
        batch_of(b"f", at_ms=start + 100),
    )
    assert offsets(client, start + 1) == (1, start + 1)
    assert offsets(client, start - 600) == (0, start)
    assert offsets(client, start + 3) == (5, start + 100)
    assert offsets(client, start + 101) == (-1, -1)
    assert offsets(client, -1) == (6, -1)
    assert offsets(client, -2) == (0, -1)
    assert offsets(client, -3) == (5, start + 100)
    assert offsets(client, -4) == (0, -1)
    assert offsets(client, -5, 9) == (-1, -1)


def test_offsets_of_what_is_not_there_are_refused() -> None:
    client = World().connect()
    client.create("t")
    for name, index, code in (("t", 1, 3), ("u", 0, 3)):
        part = {"partition_index": index, "timestamp": -1}
        message = {
            "replica_id": -1,
            "isolation_level": 0,
            "topics": [{"name": name, "partitions": [part]}],
        }
        found = client.ask(2, 7, message)["topics"][0]["partitions"][0]
        assert found["error_code"] == code


def test_the_end_of_this_leader_epoch_is_the_end_of_the_log() -> None:
    client = World().connect()
    client.create("t")
    client.produce("t", batch_of(b"a"))
    for epoch, expected in ((1, (1, 1)), (0, (1, 1)), (5, (-1, -1))):
        part = {"partition": 0, "leader_epoch": epoch}
        found = client.ask(23, 4, {"topics": [{"topic": "t", "partitions": [part]}]})
        result = found["topics"][0]["partitions"][0]
        assert (result["leader_epoch"], result["end_offset"]) == expected


def test_access_lists_are_answered_security_disabled() -> None:
    client = World().connect()
    filters = {
        "resource_type_filter": 1,
        "resource_name_filter": None,
        "principal_filter": None,
        "host_filter": None,
        "operation": 1,
        "permission_type": 1,
    }
    assert client.ask(29, 2, filters)["error_code"] == 54
    assert client.ask(31, 2, {"filters": [filters]})["filter_results"][0]["error_code"] == 54


def init_producer(client: Client, **more: Any) -> dict[str, Any]:
    message = {"transactional_id": None, "transaction_timeout_ms": 1000, **more}
    return client.ask(22, 4, message)


def test_producer_ids_are_new_each_time_and_epochs_go_up() -> None:
    client = World().connect()
    one, two = init_producer(client), init_producer(client)
    assert one["producer_id"] != two["producer_id"]
    again = init_producer(client, producer_id=one["producer_id"], producer_epoch=0)
    assert (again["producer_id"], again["producer_epoch"]) == (one["producer_id"], 1)
    last = init_producer(client, producer_id=one["producer_id"], producer_epoch=32767)
    assert last["producer_id"] not in (one["producer_id"], two["producer_id"])


def test_transactional_ids_are_refused() -> None:
    assert init_producer(World().connect(), transactional_id="tx")["error_code"] == 53


def test_the_cluster_is_this_one_node() -> None:
    answer = World().connect().ask(60, 1, {"include_cluster_authorized_operations": False})
    assert answer["cluster_id"] == "cluster"
    assert [broker["broker_id"] for broker in answer["brokers"]] == [1]
