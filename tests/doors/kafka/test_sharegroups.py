"""Share groups through the door: heartbeats, assignment, errors, descriptions, and what they are beside other groups."""

from typing import Any

import pytest
from tests.doors.kafka.client import World, batch_of
from tests.doors.kafka.members import commit, join_message
from tests.doors.kafka.sharers import DESCRIBE, Sharer, another, group_config, sharer

LIST, DELETE = 16, 42


def described(one: Sharer, group: str = "g") -> dict[str, Any]:
    message = {"group_ids": [group], "include_authorized_operations": False}
    found: dict[str, Any] = one.client.ask(DESCRIBE, 1, message)["groups"][0]
    return found


def test_a_member_joins_beats_and_leaves() -> None:
    one = sharer(partitions=3)
    assert one.beaten["heartbeat_interval_ms"] == 5_000
    assert [at for _, at in one.parts()] == [0, 1, 2]
    epoch = one.beaten["member_epoch"]
    again = one.beat(epoch)
    assert (again["error_code"], again["member_epoch"], again["assignment"]) == (0, epoch, None)
    assert one.beat(-1)["member_epoch"] == -1
    assert one.beat(epoch)["error_code"] == 25


def test_members_share_partitions_and_more_members_than_partitions_share_one() -> None:
    one = sharer(partitions=2)
    two = another(one)
    three = another(one, "o")
    one.beat(one.beaten["member_epoch"])
    shares = [[at for _, at in each.parts()] for each in (one, two, three)]
    assert sorted(map(len, shares)) == [1, 1, 1]
    assert set().union(*shares) == {0, 1}


def test_a_silent_member_is_out() -> None:
    one = sharer(partitions=2, share_session_timeout_ms="2000", share_heartbeat_interval_ms="500")
    two = another(one)
    assert two.beaten["heartbeat_interval_ms"] == 500
    one.world.advance(1_500)
    two.beat(two.beaten["member_epoch"])
    one.world.advance(500)
    two.beat(two.beaten["member_epoch"])
    assert len(two.parts()) == 2
    assert one.beat(one.beaten["member_epoch"])["error_code"] == 25


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"group_id": ""}, 24),
        ({"group_id": "g" * 250}, 24),
        ({"epoch": 9}, 110),
        ({"epoch": -2}, 42),
        ({"member_id": "other", "epoch": 1}, 25),
        ({"member_id": ""}, 42),
        ({"subscribed_topic_names": []}, 42),
    ],
)
def test_refusals_have_kafkas_codes_and_a_sentence(fields: dict[str, Any], code: int) -> None:
    answer = sharer().beat(fields.pop("epoch", 0), **fields)
    assert answer["error_code"] == code
    assert answer["error_message"]


def test_a_topic_that_comes_later_is_read_from_then_on() -> None:
    one = sharer()
    one.beat(0, subscribed_topic_names=["t", "later"])
    assert len(one.parts()) == 1
    one.client.create("later", 2)
    one.beat(one.beaten["member_epoch"])
    assert len(one.parts()) == 3


def test_a_group_is_described_listed_and_not_taken_for_another_kind() -> None:
    one = sharer()
    group = described(one)
    assert (group["error_code"], group["group_state"]) == (0, "Stable")
    assert (group["assignor_name"], group["group_epoch"]) == ("simple", 1)
    [member] = group["members"]
    assert (member["member_id"], member["subscribed_topic_names"]) == ("m", ["t"])
    [topic] = member["assignment"]["topic_partitions"]
    assert (topic["topic_name"], topic["partitions"]) == ("t", [0])
    [listed] = one.client.ask(LIST, 5, {"states_filter": ["stable"], "types_filter": ["Share"]})[
        "groups"
    ]
    assert (listed["group_type"], listed["protocol_type"]) == ("share", "share")
    asked = {"groups": ["g"], "include_authorized_operations": False}
    assert one.client.ask(15, 6, asked)["groups"][0]["error_code"] == 69
    assert one.client.ask(11, 9, join_message())["error_code"] == 23
    assert commit(one.client, None, 1) == 23
    assert described(one, "none")["error_code"] == 69


def test_a_group_of_another_kind_is_no_share_group() -> None:
    world = World()
    one = Sharer(world)
    one.client.create("t")
    assert commit(one.client, None, 1) == 0
    assert one.beat()["error_code"] == 69
    assert described(one)["error_code"] == 69


def test_a_group_is_deleted_once_nobody_is_in_it() -> None:
    one = sharer()
    delete = {"groups_names": ["g"]}
    assert one.client.ask(DELETE, 2, delete)["results"][0]["error_code"] == 68
    one.client.produce("t", batch_of(b"a"))
    one.acquire()
    one.beat(-1)
    assert described(one)["group_state"] == "Empty"
    assert one.client.ask(DELETE, 2, delete)["results"][0]["error_code"] == 0
    assert one.client.ask(LIST, 5, {"states_filter": [], "types_filter": []})["groups"] == []


@pytest.mark.parametrize(
    ("reset", "expected"),
    [("latest", []), ("earliest", [(0, 0, 1)]), ("by_duration:PT1H", [(0, 0, 1)])],
)
def test_a_group_begins_where_its_configuration_says(reset: str, expected: list[Any]) -> None:
    one = Sharer(World())
    one.client.create("t")
    one.client.produce("t", batch_of(b"a"))
    assert group_config(one.client, "share.auto.offset.reset", reset) == 0
    one.world.advance(60_000)
    one.beat()
    assert one.acquire() == expected


def test_a_group_begins_with_what_is_young_enough() -> None:
    one = Sharer(World())
    one.client.create("t")
    one.client.produce("t", batch_of(b"a"))
    one.world.advance(7_200_000)
    one.client.produce("t", batch_of(b"b"))
    group_config(one.client, "share.auto.offset.reset", "by_duration:PT1H")
    one.beat()
    assert one.acquire() == [(1, 1, 1)]
