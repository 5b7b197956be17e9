"""Transactions through the door: what readers see and when, who is fenced."""

from typing import Any

import pytest
from tests.doors.kafka.client import PRODUCE, Client, World, batch_of, records_in

from dragoman.wire.kafka.batch import TRANSACTIONAL, read_batch_head


class Writer:
    """A transactional producer."""

    def __init__(self, client: Client, name: str = "tx", timeout_ms: int = 60_000) -> None:
        self.client = client
        self.name = name
        message = {"transactional_id": name, "transaction_timeout_ms": timeout_ms}
        self.me = client.ask(22, 4, message)
        self.sequence = 0
        self.moved: dict[str, int] = {}

    def who(self) -> dict[str, Any]:
        return {
            "transactional_id": self.name,
            "producer_id": self.me["producer_id"],
            "producer_epoch": self.me["producer_epoch"],
        }

    def add(self, topic: str, *partitions: int, version: int = 3) -> list[int]:
        topics = [{"name": topic, "partitions": list(partitions)}]
        answer = self.client.ask(24, version, {**self.who(), "topics": topics})
        results = answer["results_by_topic"][0]["results_by_partition"]
        return [result["partition_error_code"] for result in results]

    def write(self, topic: str, *values: bytes, version: int = 9) -> int:
        batch = batch_of(
            *values,
            attributes=TRANSACTIONAL,
            producer_id=self.me["producer_id"],
            producer_epoch=self.me["producer_epoch"],
            base_sequence=self.sequence,
        )
        part = {"index": 0, "records": batch}
        topics = [{"name": topic, "partition_data": [part]}]
        message = {
            "transactional_id": self.name,
            "acks": -1,
            "timeout_ms": 1000,
            "topic_data": topics,
        }
        answer = self.client.ask(PRODUCE, version, message)
        result = answer["responses"][0]["partition_responses"][0]
        code: int = result["error_code"]
        if code == 0:
            self.sequence += len(values)
        return code

    def end(self, *, commit: bool, version: int = 3) -> int:
        answer = self.client.ask(26, version, {**self.who(), "committed": commit})
        code: int = answer["error_code"]
        if version >= 5 and code == 0:
            self.moved = {field: answer[field] for field in ("producer_id", "producer_epoch")}
        return code

    def go_on(self) -> None:
        """Be who the last end said."""
        self.me, self.sequence = self.moved, 0


def isolated(client: Client, offset: int = 0) -> dict[str, Any]:
    return client.fetch("t", offset, isolation_level=1)


def start() -> tuple[Client, Writer]:
    client = World().connect()
    client.create("t")
    return client, Writer(client)


def test_isolated_readers_see_a_transaction_when_it_is_committed() -> None:
    client, writer = start()
    assert writer.add("t", 0) == [0]
    assert writer.write("t", b"a", b"b") == 0
    part = isolated(client)
    assert (part["records"] or b"", part["last_stable_offset"], part["high_watermark"]) == (
        b"",
        0,
        2,
    )
    assert client.values("t") == [b"a", b"b"]
    assert writer.end(commit=True) == 0
    part = isolated(client)
    assert (part["last_stable_offset"], part["high_watermark"]) == (3, 3)
    assert part["aborted_transactions"] == []


def test_the_latest_offset_of_isolated_readers_is_where_the_first_open_transaction_begins() -> None:
    client, writer = start()
    client.produce("t", batch_of(b"plain"))
    writer.add("t", 0)
    writer.write("t", b"open")
    assert [latest(client, level) for level in (0, 1)] == [2, 1]
    writer.end(commit=True)
    assert [latest(client, level) for level in (0, 1)] == [3, 3]


def latest(client: Client, isolation_level: int) -> int:
    topics = [{"name": "t", "partitions": [{"partition_index": 0, "timestamp": -1}]}]
    message = {"replica_id": -1, "isolation_level": isolation_level, "topics": topics}
    offset: int = client.ask(2, 7, message)["topics"][0]["partitions"][0]["offset"]
    return offset


def test_an_aborted_transaction_is_listed_for_isolated_readers() -> None:
    client, writer = start()
    writer.add("t", 0)
    writer.write("t", b"a")
    assert writer.end(commit=False) == 0
    aborted = isolated(client)["aborted_transactions"]
    assert aborted == [{"producer_id": writer.me["producer_id"], "first_offset": 0}]


def test_the_end_is_a_control_batch_that_says_which() -> None:
    client, writer = start()
    writer.add("t", 0)
    writer.write("t", b"a")
    writer.end(commit=True)
    data = client.fetch("t", 1)["records"]
    head = read_batch_head(data, 0, len(data))
    assert head.is_control
    assert head.base_offset == 1
    assert records_in(data)[0].key == b"\0\0\0\1"


def test_partitions_must_be_named_before_they_are_written_to() -> None:
    _, writer = start()
    assert writer.write("t", b"a") == 48


def test_naming_one_partition_that_is_not_there_names_none() -> None:
    _, writer = start()
    assert writer.add("t", 0, 7) == [55, 3]
    assert writer.write("t", b"a") == 48


def test_a_successor_fences_and_aborts() -> None:
    client, writer = start()
    writer.add("t", 0)
    writer.write("t", b"a")
    Writer(client)
    assert writer.write("t", b"b") == 47
    assert writer.end(commit=True) == 90
    assert writer.end(commit=True, version=1) == 47
    assert len(isolated(client)["aborted_transactions"]) == 1


def test_a_stranger_ends_nothing() -> None:
    _, writer = start()
    writer.me = {**writer.me, "producer_id": 999}
    assert writer.end(commit=True) == 49
    assert writer.add("t", 0) == [49]


def test_an_end_without_a_beginning_is_refused_and_the_same_end_twice_is_not() -> None:
    _, writer = start()
    assert writer.end(commit=True) == 48
    writer.add("t", 0)
    writer.write("t", b"a")
    assert writer.end(commit=True) == 0
    assert writer.end(commit=True) == 0


def test_a_transaction_open_too_long_is_aborted() -> None:
    client = World().connect()
    client.create("t")
    writer = Writer(client, timeout_ms=1_000)
    writer.add("t", 0)
    writer.write("t", b"a")
    client.world.advance(0)
    client.world.advance(1_001)
    assert len(isolated(client)["aborted_transactions"]) == 1
    assert writer.end(commit=True) == 90


def offsets(client: Client, *, stable: bool) -> tuple[int, int]:
    topics = [{"name": "t", "partition_indexes": [0]}]
    answer = client.ask(9, 7, {"group_id": "g", "topics": topics, "require_stable": stable})
    part = answer["topics"][0]["partitions"][0]
    return part["committed_offset"], part["error_code"]


@pytest.mark.parametrize(("commit", "offset"), [(True, 5), (False, -1)])
def test_offsets_of_a_transaction_move_with_its_end(commit: bool, offset: int) -> None:
    client, writer = start()
    assert client.ask(25, 3, {**writer.who(), "group_id": "g"})["error_code"] == 0
    part = {
        "partition_index": 0,
        "committed_offset": 5,
        "committed_leader_epoch": -1,
        "committed_metadata": "",
    }
    topics = [{"name": "t", "partitions": [part, {**part, "partition_index": 9}]}]
    message = {**writer.who(), "group_id": "g", "topics": topics}
    answer = client.ask(28, 3, message)["topics"][0]["partitions"]
    assert [result["error_code"] for result in answer] == [0, 3]
    assert offsets(client, stable=False) == (-1, 0)
    assert offsets(client, stable=True) == (-1, 88)
    assert writer.end(commit=commit) == 0
    assert offsets(client, stable=True) == (offset, 0)


def test_several_transactions_may_be_asked_for_at_once() -> None:
    client, writer = start()
    topics = [{"name": "t", "partitions": [0]}]
    given = {**writer.who(), "verify_only": False, "topics": topics}
    answer = client.ask(24, 4, {"transactions": [given]})
    found = answer["results_by_transaction"][0]["topic_results"][0]["results_by_partition"]
    assert found[0]["partition_error_code"] == 0


def test_an_end_of_the_second_kind_moves_the_epoch_and_fences_what_comes_late() -> None:
    client, writer = start()
    assert writer.write("t", b"a", version=12) == 0, "no partition was named before"
    assert writer.end(commit=True, version=5) == 0
    assert writer.moved == {"producer_id": writer.me["producer_id"], "producer_epoch": 1}
    assert writer.write("t", b"late", version=12) == 47
    writer.go_on()
    assert writer.write("t", b"b", version=12) == 0
    assert writer.end(commit=False, version=5) == 0
    writer.go_on()
    assert writer.who()["producer_epoch"] == 2
    assert isolated(client)["aborted_transactions"] == [
        {"producer_id": writer.me["producer_id"], "first_offset": 2}
    ]


def test_the_marker_of_the_second_kind_has_the_next_epoch() -> None:
    client, writer = start()
    writer.write("t", b"a", version=12)
    writer.end(commit=True, version=5)
    data = client.fetch("t", 1)["records"]
    assert read_batch_head(data, 0, len(data)).producer_epoch == 1


def test_an_end_whose_answer_got_lost_is_answered_again_with_the_same_identity() -> None:
    client, writer = start()
    writer.write("t", b"a", version=12)
    assert writer.end(commit=True, version=5) == 0
    told = writer.moved
    assert writer.end(commit=True, version=5) == 0
    assert writer.moved == told
    assert writer.end(commit=False, version=5) == 90, "but not with another outcome"
    assert isolated(client)["high_watermark"] == 2, "one marker"
    writer.go_on()
    writer.write("t", b"b", version=12)
    writer.me = {**writer.me, "producer_epoch": 0}
    assert writer.end(commit=True, version=5) == 90, "nor once the next one has begun"


def test_an_abort_of_the_second_kind_needs_nothing_open_and_a_commit_does() -> None:
    _, writer = start()
    assert writer.end(commit=True, version=5) == 48
    assert writer.end(commit=False, version=5) == 0
    writer.go_on()
    assert writer.who()["producer_epoch"] == 1
    assert writer.end(commit=False, version=5) == 0


def test_a_partition_that_is_not_there_is_not_added_by_a_batch() -> None:
    client, writer = start()
    assert writer.write("nowhere", b"a", version=12) == 3
    writer.name = "another"
    assert writer.write("t", b"a", version=12) == 59
    assert isolated(client)["high_watermark"] == 0


def test_markers_are_written_by_the_coordinator_alone() -> None:
    client, writer = start()
    marker = {
        "producer_id": writer.me["producer_id"],
        "producer_epoch": 0,
        "transaction_result": False,
        "topics": [{"name": "t", "partition_indexes": [0]}],
        "coordinator_epoch": 0,
    }
    answer = client.ask(27, 1, {"markers": [marker]})["markers"][0]
    assert answer["topics"][0]["partitions"] == [{"partition_index": 0, "error_code": 31}]
