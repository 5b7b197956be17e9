"""Groups through the door: joining twice, parked answers, commits, admin."""

from typing import Any

import pytest
from tests.doors.kafka.client import NO_ID, Client, World

from dragoman.doors.kafka.commits import subscribed_topics

SUBSCRIPTION = b"\0\1" + b"\0\0\0\1" + b"\0\1t" + b"\xff\xff\xff\xff"


def join_message(member_id: str = "", **more: Any) -> dict[str, Any]:
    return {
        "group_id": "g",
        "session_timeout_ms": 10_000,
        "rebalance_timeout_ms": 60_000,
        "member_id": member_id,
        "protocol_type": "consumer",
        "protocols": [{"name": "range", "metadata": SUBSCRIPTION}],
        **more,
    }


def joined(client: Client, version: int = 5) -> dict[str, Any]:
    """A member, alone and stable."""
    member_id = ""
    if version >= 4:
        refusal = client.ask(11, version, join_message())
        assert refusal["error_code"] == 79
        member_id = refusal["member_id"]
    client.post(11, version, join_message(member_id))
    assert client.take() is None
    client.world.advance(50)
    answer = client.take()
    assert answer is not None
    assert answer["error_code"] == 0
    return answer


def sync(client: Client, answer: dict[str, Any], assignment: bytes = b"all") -> dict[str, Any]:
    message = {
        "group_id": "g",
        "generation_id": answer["generation_id"],
        "member_id": answer["member_id"],
        "assignments": [{"member_id": answer["member_id"], "assignment": assignment}],
    }
    return client.ask(14, 3, message)


def commit(client: Client, answer: dict[str, Any] | None, offset: int, **more: Any) -> int:
    part = {
        "partition_index": more.pop("partition", 0),
        "committed_offset": offset,
        "committed_metadata": more.pop("metadata", "note"),
    }
    message = {
        "group_id": "g",
        "generation_id_or_member_epoch": -1 if answer is None else answer["generation_id"],
        "member_id": "" if answer is None else answer["member_id"],
        "topics": [{"name": "t", "topic_id": NO_ID, "partitions": [part]}],
        **more,
    }
    found = client.ask(8, 8, message)["topics"][0]["partitions"][0]
    code: int = found["error_code"]
    return code


@pytest.mark.parametrize("version", range(10))
def test_every_version_of_a_join_makes_a_member(version: int) -> None:
    client = World().connect()
    answer = joined(client, version)
    assert answer["leader"] == answer["member_id"]
    assert answer["members"][0]["metadata"] == SUBSCRIPTION


def test_a_member_joins_syncs_beats_commits_and_leaves() -> None:
    client = World().connect()
    client.create("t")
    answer = joined(client)
    assert sync(client, answer)["assignment"] == b"all"
    who = {
        "group_id": "g",
        "generation_id": answer["generation_id"],
        "member_id": answer["member_id"],
    }
    assert client.ask(12, 4, who)["error_code"] == 0
    assert client.ask(12, 4, {**who, "generation_id": 9})["error_code"] == 22
    assert commit(client, answer, 5) == 0
    leave = {
        "group_id": "g",
        "members": [{"member_id": answer["member_id"], "group_instance_id": None}],
    }
    assert client.ask(13, 4, leave)["members"][0]["error_code"] == 0
    assert client.ask(13, 4, leave)["members"][0]["error_code"] == 25
    assert client.ask(12, 4, who)["error_code"] == 25


def test_a_second_member_is_answered_when_the_first_joins_again() -> None:
    world = World()
    one, two = world.connect(), world.connect()
    first = joined(one)
    sync(one, first)
    member_id = two.ask(11, 5, join_message())["member_id"]
    two.post(11, 5, join_message(member_id))
    assert two.take() is None
    beat = {
        "group_id": "g",
        "generation_id": first["generation_id"],
        "member_id": first["member_id"],
    }
    assert one.ask(12, 3, beat)["error_code"] == 27
    again = one.ask(11, 5, join_message(first["member_id"]))
    assert len(again["members"]) == 2
    answer = two.take()
    assert answer is not None
    assert answer["generation_id"] == again["generation_id"] == 2


def test_an_empty_group_name_is_refused() -> None:
    client = World().connect()
    assert client.ask(11, 5, join_message(group_id=""))["error_code"] == 24
    message = {"group_id": "", "generation_id": 1, "member_id": "", "assignments": []}
    assert client.ask(14, 3, message)["error_code"] == 24


def test_the_coordinator_is_this_node_for_groups_only() -> None:
    client = World().connect()
    found = client.ask(10, 2, {"key": "g", "key_type": 0})
    assert (found["error_code"], found["node_id"], found["port"]) == (0, 1, 9092)
    found = client.ask(10, 4, {"key_type": 0, "coordinator_keys": ["a", "b"]})
    assert [known["key"] for known in found["coordinators"]] == ["a", "b"]
    assert client.ask(10, 2, {"key": "x", "key_type": 1})["error_code"] == 42


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


def test_groups_are_listed_described_and_deleted() -> None:
    client = World().connect()
    client.create("t")
    answer = joined(client)
    sync(client, answer)
    listed = client.ask(16, 5, {"states_filter": ["stable"], "types_filter": []})["groups"]
    assert [(g["group_id"], g["group_state"], g["group_type"]) for g in listed] == [
        ("g", "Stable", "classic")
    ]
    assert client.ask(16, 5, {"states_filter": ["Empty"], "types_filter": []})["groups"] == []
    assert client.ask(16, 5, {"states_filter": [], "types_filter": ["share"]})["groups"] == []
    ask = {"groups": ["g", "h"], "include_authorized_operations": False}
    known, missing = client.ask(15, 5, ask)["groups"]
    assert known["members"][0]["member_assignment"] == b"all"
    assert known["protocol_data"] == "range"
    assert missing["group_state"] == "Dead"
    assert client.ask(15, 6, ask)["groups"][1]["error_code"] == 69
    assert client.ask(42, 2, {"groups_names": ["g"]})["results"][0]["error_code"] == 68
    client.ask(13, 1, {"group_id": "g", "member_id": answer["member_id"]})
    assert client.ask(42, 2, {"groups_names": ["g"]})["results"][0]["error_code"] == 0
    assert client.ask(42, 2, {"groups_names": ["g"]})["results"][0]["error_code"] == 69


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


def test_a_member_that_goes_silent_is_out_after_its_session() -> None:
    world = World()
    client = world.connect()
    answer = joined(client)
    sync(client, answer)
    world.advance(10_001)
    beat = {
        "group_id": "g",
        "generation_id": answer["generation_id"],
        "member_id": answer["member_id"],
    }
    assert client.ask(12, 3, beat)["error_code"] == 25
