"""Groups through the door: joining twice, parked answers, leaving."""

import pytest
from tests.doors.kafka.client import World
from tests.doors.kafka.members import SUBSCRIPTION, commit, join_message, joined, sync


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


def test_the_coordinator_is_this_node_for_groups_and_transactions() -> None:
    client = World().connect()
    found = client.ask(10, 2, {"key": "g", "key_type": 0})
    assert (found["error_code"], found["node_id"], found["port"]) == (0, 1, 9092)
    found = client.ask(10, 4, {"key_type": 0, "coordinator_keys": ["a", "b"]})
    assert [known["key"] for known in found["coordinators"]] == ["a", "b"]
    assert client.ask(10, 2, {"key": "x", "key_type": 1})["error_code"] == 0
    assert client.ask(10, 2, {"key": "x", "key_type": 2})["error_code"] == 42


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
