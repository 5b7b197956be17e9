"""Groups that the broker assigns, through the door: heartbeats, errors, descriptions, offsets."""

from typing import Any

import pytest
from tests.doors.kafka.client import NO_ID, Client, World
from tests.doors.kafka.members import commit, join_message, joined, sync

from dragoman.wire.kafka.embedded import read_assignment, write_assignment

BEAT, DESCRIBE = 68, 69


def beat(client: Client, version: int = 1, **more: Any) -> dict[str, Any]:
    message = {
        "group_id": "g",
        "member_id": "m",
        "member_epoch": 0,
        "rebalance_timeout_ms": 60_000,
        "subscribed_topic_names": ["t"],
        "topic_partitions": [],
        **more,
    }
    return client.ask(BEAT, version, message)


def client_with_topic() -> Client:
    client = World().connect()
    client.create("t", 2)
    return client


@pytest.mark.parametrize("version", [0, 1])
def test_a_member_joins_beats_and_leaves(version: int) -> None:
    client = client_with_topic()
    answer = beat(client, version, member_id="" if version == 0 else "m")
    assert answer["error_code"] == 0
    [topic] = answer["assignment"]["topic_partitions"]
    assert topic["partitions"] == [0, 1]
    who = {"member_id": answer["member_id"], "member_epoch": answer["member_epoch"]}
    assert who["member_id"]
    again = beat(client, version, **who, subscribed_topic_names=None, topic_partitions=None)
    assert (again["error_code"], again["assignment"]) == (0, None)
    assert again["heartbeat_interval_ms"] == 250
    assert beat(client, version, **{**who, "member_epoch": -1})["member_epoch"] == -1
    assert beat(client, version, **who)["error_code"] == 25


def test_members_of_version_1_bring_their_id() -> None:
    assert beat(client_with_topic(), member_id="")["error_code"] == 42


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"group_id": ""}, 24),
        ({"member_epoch": 9}, 110),
        ({"member_id": "other", "member_epoch": 1}, 25),
        ({"instance_id": "i", "member_id": "n"}, 111),
        ({"server_assignor": "sticky"}, 112),
        ({"subscribed_topic_regex": "("}, 128),
    ],
)
def test_refusals_have_kafkas_codes_and_a_sentence(fields: dict[str, Any], code: int) -> None:
    client = client_with_topic()
    assert beat(client)["error_code"] == 0
    assert beat(client, member_id="s", instance_id="i")["error_code"] == 0
    answer = beat(client, **fields)
    assert answer["error_code"] == code
    assert answer["error_message"]


def test_a_group_is_described_listed_and_not_taken_for_a_classic_one() -> None:
    client = client_with_topic()
    beat(client, subscribed_topic_regex="t.*", rack_id="r")
    group = client.ask(DESCRIBE, 1, {"group_ids": ["g"], "include_authorized_operations": False})[
        "groups"
    ][0]
    assert (group["error_code"], group["group_state"], group["group_epoch"]) == (0, "Stable", 1)
    [member] = group["members"]
    assert (member["member_id"], member["rack_id"], member["member_type"]) == ("m", "r", 1)
    assert member["subscribed_topic_regex"] == "t.*"
    [topic] = member["assignment"]["topic_partitions"]
    assert (topic["topic_name"], topic["partitions"]) == ("t", [0, 1])
    assert member["target_assignment"] == member["assignment"]
    [listed] = client.ask(16, 5, {"states_filter": [], "types_filter": ["Consumer"]})["groups"]
    assert (listed["group_type"], listed["group_state"]) == ("consumer", "Stable")
    assert client.ask(16, 5, {"states_filter": [], "types_filter": ["classic"]})["groups"] == []
    assert (
        client.ask(15, 6, {"groups": ["g"], "include_authorized_operations": False})["groups"][0][
            "error_code"
        ]
        == 69
    )


def test_a_classic_group_is_not_found() -> None:
    client = client_with_topic()
    joined(client)
    groups = client.ask(
        DESCRIBE, 0, {"group_ids": ["g", "none"], "include_authorized_operations": False}
    )["groups"]
    assert [group["error_code"] for group in groups] == [69, 69]


def test_a_classic_group_whose_members_cannot_be_understood_is_not_taken_over() -> None:
    client = client_with_topic()
    joined(client, protocols=[{"name": "range", "metadata": b"?"}])
    assert beat(client)["error_code"] == 23


def test_a_group_changes_its_protocol_while_its_members_read() -> None:
    client = client_with_topic()
    other = client.world.connect()  # type: ignore[attr-defined]
    old = joined(client)
    sync(client, old, write_assignment((("t", (0, 1)),)))
    answer = beat(other)
    assert (answer["error_code"], answer["assignment"]["topic_partitions"]) == (0, [])
    who = {"group_id": "g", "member_id": old["member_id"], "generation_id": old["generation_id"]}
    assert client.ask(12, 3, who)["error_code"] == 27
    again = client.ask(11, 5, join_message(old["member_id"]))
    assert (again["error_code"], again["leader"], again["members"]) == (0, "", [])
    told = client.ask(14, 3, {**who, "generation_id": again["generation_id"], "assignments": []})
    assert read_assignment(told["assignment"]) == (("t", (0,)),)
    asked = {"group_ids": ["g"], "include_authorized_operations": False}
    [group] = client.ask(DESCRIBE, 1, asked)["groups"]
    assert [member["member_type"] for member in group["members"]] == [0, 1]
    beat(other, member_epoch=-1)
    who["generation_id"] = again["generation_id"]
    assert client.ask(12, 3, who)["error_code"] == 27
    client.post(11, 5, join_message(old["member_id"]))
    client.world.advance(50)
    last = client.take()
    assert last is not None
    assert last["leader"] == last["member_id"] == old["member_id"]


def test_offsets_are_committed_and_asked_for_at_the_members_epoch() -> None:
    client = client_with_topic()
    epoch = beat(client)["member_epoch"]
    assert commit(client, {"member_id": "m", "generation_id": epoch}, 5) == 0
    assert commit(client, {"member_id": "m", "generation_id": epoch + 1}, 5) == 113
    assert commit(client, {"member_id": "n", "generation_id": epoch}, 5) == 25
    topic = {"name": "t", "topic_id": NO_ID, "partition_indexes": [0]}
    for member_epoch, code in ((epoch, 0), (epoch + 3, 113)):
        group = {"group_id": "g", "member_id": "m", "member_epoch": member_epoch, "topics": [topic]}
        assert client.ask(9, 9, {"groups": [group]})["groups"][0]["error_code"] == code
    part = {"name": "t", "partitions": [{"partition_index": 0}]}
    answer = client.ask(47, 0, {"group_id": "g", "topics": [part]})
    assert answer["topics"][0]["partitions"][0]["error_code"] == 86


def test_a_topic_that_is_none_of_kafkas_is_not_meant_by_a_pattern() -> None:
    client = client_with_topic()
    client.world.kernel.state.streams_named["default", "a b"] = (
        client.world.kernel.state.streams_named["default", "t"]
    )
    del client.world.kernel.state.streams_named["default", "t"]
    answer = beat(client, subscribed_topic_names=[], subscribed_topic_regex=".*")
    assert answer["assignment"]["topic_partitions"] == []
