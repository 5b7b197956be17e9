"""Event Hubs' limits, where they are asked for, each with its error; none where they are not."""

from typing import Any

import pytest
from tests.doors.kafka.client import Client, World
from tests.doors.kafka.members import commit, join_message

from dragoman.doors.kafka.clientlimits import EVENT_HUBS, WAIT_MAX_MS, ClientLimits

LONG = "g" * 257


def limited() -> Client:
    client = World().connect()
    client.door._talk.limits = ClientLimits(EVENT_HUBS)
    client.create("t", 2)
    return client


def throttled(client: Client, version: int = 8, **more: Any) -> int:
    """The throttle time of a commit, which is taken."""
    part = {"partition_index": 0, "committed_offset": 1, "committed_metadata": ""}
    topics = [{"name": "t", "partitions": [part]}]
    message = {"group_id": "g", "generation_id_or_member_epoch": -1, "member_id": "", **more}
    answer = client.ask(8, version, {**message, "topics": topics})
    assert answer["topics"][0]["partitions"][0]["error_code"] == 0
    throttle_ms: int = answer.get("throttle_time_ms", 0)
    return throttle_ms


def test_kafka_itself_has_none_of_them_but_names_have_an_end() -> None:
    client = World().connect()
    client.create("t")
    assert commit(client, None, 1, group_id="g" * 1_024) == 0
    assert commit(client, None, 1, group_id="g" * 1_025) == 24
    assert [commit(client, None, 1, group_id=LONG, metadata="x" * 4_096) for _ in range(9)] == [
        0
    ] * 9


@pytest.mark.parametrize(("length", "code"), [(256, 79), (257, 24)])
def test_a_group_has_a_name_of_256_characters_at_most(length: int, code: int) -> None:
    name = "g" * length
    client = limited()
    assert client.ask(11, 5, join_message(group_id=name))["error_code"] == code
    taken = 24 if code == 24 else 0
    fetched = client.ask(9, 7, {"group_id": name, "topics": None, "require_stable": False})
    assert fetched["error_code"] == taken
    assert commit(client, None, 1, group_id=name) == taken
    assert client.ask(28, 3, _transactional(name))["topics"][0]["partitions"][0]["error_code"] == (
        taken or 49
    )


def _transactional(group: str) -> dict[str, Any]:
    part = {"partition_index": 0, "committed_offset": 1, "committed_metadata": ""}
    return {
        "transactional_id": "w",
        "group_id": group,
        "producer_id": 1,
        "producer_epoch": 0,
        "generation_id": -1,
        "member_id": "",
        "topics": [{"name": "t", "partitions": [part]}],
    }


@pytest.mark.parametrize(("length", "code"), [(1_024, 0), (1_025, 12)])
def test_with_an_offset_1024_bytes_are_said_at_most(length: int, code: int) -> None:
    assert commit(limited(), None, 1, metadata="x" * length) == code


def test_the_fifth_commit_of_a_second_is_taken_and_its_client_waits() -> None:
    client = limited()
    assert [throttled(client) for _ in range(4)] == [0, 0, 0, 0]
    throttle_ms = throttled(client)
    assert throttle_ms == 251
    client.post(3, 5, {"topics": None})
    client.world.advance(throttle_ms - 1)
    assert client.take() is None
    client.world.advance(1)
    assert client.take() is not None
    client.world.advance(2_000)
    assert throttled(client) == 0


def test_other_groups_and_partitions_have_their_own_four() -> None:
    client = limited()
    for _ in range(4):
        assert throttled(client) == 0
        assert throttled(client, group_id="other") == 0
        assert commit(client, None, 1, partition=1) == 0
    assert client.door._talk.muted_until_ms == 0


def test_connections_of_a_group_share_them_and_past_what_clients_wait_a_commit_is_refused() -> None:
    first = limited()
    limits = first.door._talk.limits
    clients = [Client(first.world) for _ in range(4 + WAIT_MAX_MS // 250)]
    for each in clients:
        each.door._talk.limits = limits
        throttled(each)
    refused = Client(first.world)
    refused.door._talk.limits = limits
    assert commit(refused, None, 2) == 44
    assert commit(refused, None, 2) == 44  # which was not counted either
    assert refused.door._talk.muted_until_ms == 0


def test_who_knows_of_no_throttle_time_waits_all_the_same() -> None:
    client = limited()
    for _ in range(5):
        throttled(client, version=2)
    assert client.door._talk.muted_until_ms > client.session.elapsed_ms()
