"""Metadata and DescribeCluster: topics made in the same answer, the address, ids."""

from typing import Any

import pytest
from tests.doors.kafka.client import METADATA, NO_ID, Client, World

from dragoman.kernel.api import EVERYBODY, DeclareQueue, GetListing, Grant


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


def test_the_cluster_is_this_one_node() -> None:
    answer = World().connect().ask(60, 1, {"include_cluster_authorized_operations": False})
    assert answer["cluster_id"] == "cluster"
    assert [broker["broker_id"] for broker in answer["brokers"]] == [1]


def test_partitions_are_described_in_pages() -> None:
    client = World().connect()
    for name in ("a", "b", "c"):
        client.create(name, 3)
    cursor = None
    seen: list[tuple[str, int]] = []
    for _ in range(3):
        message: dict[str, object] = {"topics": [], "response_partition_limit": 4, "cursor": cursor}
        answer = client.ask(75, 0, message)
        seen += [
            (topic["name"], part["partition_index"])
            for topic in answer["topics"]
            for part in topic["partitions"]
        ]
        cursor = answer["next_cursor"]
    assert cursor is None
    assert seen == [(name, at) for name in "abc" for at in range(3)]


def test_a_topic_that_is_not_there_is_said_to_be_unknown() -> None:
    message: dict[str, object] = {
        "topics": [{"name": "none"}],
        "response_partition_limit": 9,
        "cursor": None,
    }
    [topic] = World().connect().ask(75, 0, message)["topics"]
    assert (topic["name"], topic["error_code"]) == ("none", 3)


def test_all_topics_are_told_as_they_are_now_however_often_they_are_asked_for() -> None:
    client = World().connect()
    client.create("a", 2)

    def told() -> list[tuple[str, int]]:
        asked = {"topics": None, "allow_auto_topic_creation": True}
        answer = client.ask(METADATA, 7, asked)
        return [(topic["name"], len(topic["partitions"])) for topic in answer["topics"]]

    assert told() == told() == [("a", 2)]
    client.create("b")
    assert told() == told() == [("a", 2), ("b", 1)]
    grow = {"topics": [{"name": "a", "count": 3, "assignments": None}], "timeout_ms": 0}
    client.ask(37, 3, {**grow, "validate_only": False})
    assert told() == [("a", 3), ("b", 1)]
    client.ask(20, 4, {"topic_names": ["b"], "timeout_ms": 0})
    assert told() == [("a", 3)]
    older = client.ask(METADATA, 1, {"topics": None})
    assert [topic["name"] for topic in older["topics"]] == ["a"]


def test_who_may_see_some_topics_is_told_them_from_bytes_that_are_kept_until_a_grant_comes() -> (
    None
):
    world = World()
    client = world.connect()
    for name in ("a", "b"):
        client.create(name)
    permissions = world.kernel.state.permissions

    def allow(pattern: str) -> None:
        grant = Grant(principal=EVERYBODY, kinds=("stream",), operations=("read",), name=pattern)
        permissions.add("default", pattern, grant)

    def told() -> list[str]:
        asked = {"topics": None, "allow_auto_topic_creation": True}
        return [topic["name"] for topic in client.ask(METADATA, 7, asked)["topics"]]

    world.kernel.state.guarded = True
    permissions.mark("default")
    assert told() == []
    allow("b")
    assert [told(), told()] == [["b"], ["b"]]
    kept = client.session.submit(GetListing()).kept
    assert len(kept) == 1
    kept.update(dict.fromkeys(kept, b"made before"))
    client.post(METADATA, 7, {"topics": None, "allow_auto_topic_creation": True})
    assert client.shell.data.startswith(b"made")
    client.shell.data = b""
    client.asked.clear()
    allow("a")
    assert told() == ["a", "b"]


def test_what_the_client_may_do_with_the_cluster_is_told_with_all_topics_too() -> None:
    client = World().connect()
    for asked in (False, True):
        message = {
            "topics": None,
            "include_topic_authorized_operations": False,
            "include_cluster_authorized_operations": asked,
        }
        bits = client.ask(METADATA, 8, message)["cluster_authorized_operations"]
        assert (bits > 0) is asked
