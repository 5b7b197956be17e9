"""What operators see of producers and transactions."""

from typing import Any

import pytest
from tests.doors.kafka.client import Client
from tests.doors.kafka.test_transactions import Writer, start

from dragoman.doors.kafka.inspection import STATES


def listed(client: Client, version: int = 2, **filters: Any) -> list[tuple[str, str]]:
    asked = {"state_filters": [], "producer_id_filters": [], **filters}
    answer = client.ask(66, version, asked)
    assert answer["error_code"] == 0
    return [
        (row["transactional_id"], row["transaction_state"]) for row in answer["transaction_states"]
    ]


def test_transactions_are_listed_as_they_stand_and_by_filters() -> None:
    client, writer = start()
    done = Writer(client, "done")
    undone = Writer(client, "undone")
    Writer(client, "fresh")
    for each in (writer, done, undone):
        each.add("t", 0)
    done.end(commit=True)
    undone.end(commit=False)
    everything = [
        ("done", "CompleteCommit"),
        ("fresh", "Empty"),
        ("tx", "Ongoing"),
        ("undone", "CompleteAbort"),
    ]
    assert listed(client) == everything
    assert listed(client, 0, state_filters=["Ongoing", "Empty"]) == everything[1:3]
    assert listed(client, producer_id_filters=[done.me["producer_id"]]) == everything[:1]
    assert listed(client, transactional_id_pattern=".*done") == [everything[0], everything[3]]
    assert listed(client, duration_filter=1000) == []
    client.world.advance(1_001)
    assert listed(client, duration_filter=1000) == [everything[2]]


def test_a_state_that_kafka_does_not_have_and_a_pattern_that_is_none_are_said_to_be_so() -> None:
    client, _ = start()
    answer = client.ask(66, 1, {"state_filters": ["Empty", "Odd"], "producer_id_filters": []})
    assert answer["unknown_state_filters"] == ["Odd"]
    bad = {"state_filters": [], "producer_id_filters": [], "transactional_id_pattern": "("}
    assert client.ask(66, 2, bad)["error_code"] == 128


def test_a_transaction_is_described_with_the_partitions_it_writes_to() -> None:
    client, writer = start()
    client.create("u", partitions=3)
    writer.add("u", 2, 0)
    first, second = client.ask(65, 0, {"transactional_ids": ["tx", "none"]})["transaction_states"]
    assert first["transaction_state"] == "Ongoing"
    assert first["topics"] == [{"topic": "u", "partitions": [0, 2]}]
    assert (first["producer_id"], first["producer_epoch"]) == (writer.me["producer_id"], 0)
    assert first["transaction_timeout_ms"] == 60_000
    assert first["transaction_start_time_ms"] > 0
    assert second["error_code"] == 105


@pytest.mark.parametrize(("index", "code"), [(0, 0), (7, 3)])
def test_producers_of_a_partition_are_described(index: int, code: int) -> None:
    client, writer = start()
    writer.add("t", 0)
    writer.write("t", b"a", b"b")
    asked = {"topics": [{"name": "t", "partition_indexes": [index]}]}
    found = client.ask(61, 0, asked)["topics"][0]["partitions"][0]
    assert found["error_code"] == code
    if code == 0:
        (row,) = found["active_producers"]
        assert (row["producer_id"], row["last_sequence"]) == (writer.me["producer_id"], 1)
        assert row["current_txn_start_offset"] == 0
        assert row["last_timestamp"] > 0
        writer.end(commit=True)
        (row,) = client.ask(61, 0, asked)["topics"][0]["partitions"][0]["active_producers"]
        assert row["current_txn_start_offset"] == -1


def test_states_are_named_once() -> None:
    assert len(set(STATES)) == len(STATES)
