"""What operators ask of a cluster, as one node answers it."""

from typing import Any

import pytest
from tests.doors.kafka.client import Client, World, batch_of


def start() -> Client:
    client = World().connect()
    client.create("t", partitions=2)
    return client


def test_no_leader_needs_to_be_elected() -> None:
    client = start()
    topics = [{"topic": "t", "partitions": [0, 9]}, {"topic": "none", "partitions": [0]}]
    asked: dict[str, Any] = {"election_type": 0, "topic_partitions": topics}
    first, second = client.ask(43, 2, asked)["replica_election_results"]
    assert [part["error_code"] for part in first["partition_result"]] == [84, 3]
    assert [part["error_code"] for part in second["partition_result"]] == [3]
    asked["topic_partitions"] = None
    assert client.ask(43, 2, asked)["replica_election_results"] == []


@pytest.mark.parametrize(
    ("replicas", "index", "code"),
    [([1], 0, 0), ([2], 0, 39), ([1, 2], 0, 39), (None, 0, 85), ([1], 5, 3)],
)
def test_replicas_stay_where_they_are(replicas: list[int] | None, index: int, code: int) -> None:
    client = start()
    part = {"partition_index": index, "replicas": replicas}
    answer = client.ask(45, 1, {"topics": [{"name": "t", "partitions": [part]}]})
    assert answer["responses"][0]["partitions"][0]["error_code"] == code
    assert client.ask(46, 0, {"topics": None})["topics"] == []


def test_the_log_directory_has_the_bytes_of_every_partition() -> None:
    client = start()
    batch = batch_of(b"value")
    client.produce("t", batch)
    (place,) = client.ask(35, 4, {"topics": None})["results"]
    sizes = {
        part["partition_index"]: part["partition_size"] for part in place["topics"][0]["partitions"]
    }
    assert sizes == {0: len(batch), 1: 0}
    some = [{"topic": "t", "partitions": [1]}, {"topic": "none", "partitions": [0]}]
    (place,) = client.ask(35, 1, {"topics": some})["results"]
    assert [topic["name"] for topic in place["topics"]] == ["t"]
    assert len(place["topics"][0]["partitions"]) == 1


def test_there_is_no_other_log_directory() -> None:
    dirs = [{"path": "/x", "topics": [{"name": "t", "partitions": [0]}]}]
    answer = start().ask(34, 2, {"dirs": dirs})
    assert answer["results"][0]["partitions"][0]["error_code"] == 57


@pytest.mark.parametrize(
    ("feature", "level", "code"),
    [
        ("transaction.version", 2, 0),
        ("transaction.version", 1, 96),
        ("transaction.version", 3, 95),
        ("no.version", 1, 95),
    ],
)
def test_features_stay_at_their_levels(feature: str, level: int, code: int) -> None:
    client = start()
    update = {"feature": feature, "max_version_level": level}
    answer = client.ask(57, 1, {"feature_updates": [update]})
    assert (answer["error_code"], answer["results"][0]["error_code"]) == (code, code)


def test_resources_that_have_configurations_are_listed() -> None:
    client = start()
    answer = client.ask(74, 1, {"resource_types": []})
    found = [(row["resource_type"], row["resource_name"]) for row in answer["config_resources"]]
    assert found == [(2, "t"), (4, "1")]
    assert len(client.ask(74, 1, {"resource_types": [4]})["config_resources"]) == 1
    assert client.ask(74, 0, {})["config_resources"] == [], "no client metrics"
