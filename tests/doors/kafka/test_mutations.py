"""Topics made, grown and deleted against a quota of partitions a second."""

from typing import Any

import pytest
from tests.doors.kafka.client import Client, World
from tests.doors.kafka.test_clientquotas import alter, entity

QUOTA_EXCEEDED = 89


@pytest.fixture
def client() -> Client:
    client = World().connect()
    client.create("there", partitions=1)
    alter(client, entity(user=None), controller_mutation_rate=2.0)
    return client


def create(client: Client, names: list[str], version: int, partitions: int = 2) -> dict[str, Any]:
    topics = [
        {
            "name": name,
            "num_partitions": partitions,
            "replication_factor": 1,
            "assignments": [],
            "configs": [],
        }
        for name in names
    ]
    return client.ask(19, version, {"topics": topics, "validate_only": False, "timeout_ms": 9})


def wait(client: Client, answer: dict[str, Any]) -> None:
    assert answer["throttle_time_ms"] > 0
    client.world.advance(answer["throttle_time_ms"] + 1)


def test_what_is_too_much_is_refused_topic_by_topic_and_done_later(client: Client) -> None:
    answer = create(client, ["a", "b", "c"], 7)
    assert [topic["error_code"] for topic in answer["topics"]] == [0, 0, QUOTA_EXCEEDED]
    wait(client, answer)
    assert create(client, ["c"], 7)["topics"][0]["error_code"] == 0


def test_older_clients_are_served_and_wait(client: Client) -> None:
    answer = create(client, ["a", "b", "c"], 5)
    assert [topic["error_code"] for topic in answer["topics"]] == [0, 0, 0]
    client.post(3, 5, {"topics": None})
    assert client.take() is None
    wait(client, answer)
    assert client.take() is not None


def test_growing_and_deleting_count_too(client: Client) -> None:
    grown = {"name": "there", "count": 6, "assignments": None}
    answer = client.ask(37, 3, {"topics": [grown], "validate_only": False, "timeout_ms": 9})
    assert answer["results"][0]["error_code"] == 0
    wait(client, answer)
    client.world.advance(10_000)
    topics = [{"name": "there", "topic_id": bytes(16)}, {"name": "none", "topic_id": bytes(16)}]
    answer = client.ask(20, 6, {"topics": topics, "timeout_ms": 9})
    assert [topic["error_code"] for topic in answer["responses"]] == [0, QUOTA_EXCEEDED]


def test_trials_cost_nothing(client: Client) -> None:
    for _ in range(5):
        grown = {"name": "there", "count": 6, "assignments": None}
        answer = client.ask(37, 3, {"topics": [grown], "validate_only": True, "timeout_ms": 9})
        assert (answer["results"][0]["error_code"], answer["throttle_time_ms"]) == (0, 0)
