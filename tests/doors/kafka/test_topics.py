"""Topics created, grown, trimmed and deleted."""

from typing import Any

from tests.doors.kafka.client import METADATA, NO_ID, Client, World, batch_of


def metadata(client: Client, name: str) -> Any:
    message = {
        "topics": [{"name": name, "topic_id": NO_ID}],
        "include_topic_authorized_operations": False,
    }
    return client.ask(METADATA, 12, message)


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
