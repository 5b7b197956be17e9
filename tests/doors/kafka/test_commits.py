"""Offsets of groups: committed, read back, deleted."""

import pytest
from tests.doors.kafka.client import NO_ID, World
from tests.doors.kafka.members import SUBSCRIPTION, commit, joined, sync

from dragoman.doors.kafka.commits import subscribed_topics


def test_commits_are_read_back_by_name_by_id_and_all_at_once() -> None:
    client = World().connect()
    uuid = client.create("t", 2)["topic_id"]
    assert commit(client, None, 5) == 0
    assert commit(client, None, 5, partition=2) == 3
    assert commit(client, None, 5, metadata="x" * 4097) == 12
    topics = [{"name": "t", "partition_indexes": [0, 1]}]
    found = client.ask(9, 7, {"group_id": "g", "topics": topics})["topics"][0]["partitions"]
    assert [(p["committed_offset"], p["metadata"]) for p in found] == [(5, "note"), (-1, "")]
    found = client.ask(9, 2, {"group_id": "g", "topics": None})["topics"]
    assert [(topic["name"], len(topic["partitions"])) for topic in found] == [("t", 1)]
    group = {"group_id": "g", "topics": [{"topic_id": uuid, "partition_indexes": [0]}]}
    found = client.ask(9, 10, {"groups": [group]})["groups"][0]["topics"]
    assert found[0]["partitions"][0]["committed_offset"] == 5
    group["topics"] = [{"topic_id": b"\7" * 16, "partition_indexes": [0]}]
    found = client.ask(9, 10, {"groups": [group]})["groups"][0]["topics"]
    assert found[0]["partitions"][0]["error_code"] == 100


def test_commits_by_topic_id_find_their_topic() -> None:
    client = World().connect()
    uuid = client.create("t")["topic_id"]
    part = {"partition_index": 0, "committed_offset": 3, "committed_metadata": None}
    topics = [{"topic_id": uuid, "partitions": [part]}, {"topic_id": NO_ID, "partitions": [part]}]
    answer = client.ask(8, 10, {"group_id": "g", "member_id": "", "topics": topics})
    codes = [topic["partitions"][0]["error_code"] for topic in answer["topics"]]
    assert codes == [0, 100]


def test_offsets_of_a_topic_that_is_being_read_are_not_deleted() -> None:
    client = World().connect()
    client.create("t")
    answer = joined(client)
    sync(client, answer)
    commit(client, answer, 5)
    ask = {"group_id": "g", "topics": [{"name": "t", "partitions": [{"partition_index": 0}]}]}
    assert client.ask(47, 0, ask)["topics"][0]["partitions"][0]["error_code"] == 86
    client.ask(13, 1, {"group_id": "g", "member_id": answer["member_id"]})
    assert client.ask(47, 0, ask)["topics"][0]["partitions"][0]["error_code"] == 0
    found = client.ask(9, 2, {"group_id": "g", "topics": None})["topics"]
    assert found == []


@pytest.mark.parametrize(
    ("metadata", "topics"),
    [
        (SUBSCRIPTION, ["t"]),
        (b"", []),
        (b"\0\1\0\0\0\5\0\1t", []),
        (b"\0\1\x7f\xff\xff\xff", []),
        (b"\0\1\0\0\0\1\xff\xfft", []),
    ],
)
def test_topics_are_read_out_of_a_subscription_or_none(metadata: bytes, topics: list[str]) -> None:
    assert subscribed_topics(metadata) == topics
