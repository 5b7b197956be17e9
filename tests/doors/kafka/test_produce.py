"""Produce: what is taken, what is refused and how, when it is answered."""

from typing import Any

import pytest
from tests.doors.kafka.client import PRODUCE, Client, World, batch_of, records_in

from dragoman.doors.kafka.configs import MESSAGE_BYTES_MAX
from dragoman.wire.kafka.batch import CONTROL, LOG_APPEND_TIME, TRANSACTIONAL, read_batch_head

NOW_MS = 1_700_000_000_000


def client_with_topic(**configs: Any) -> Client:
    client = World().connect()
    assert client.create("t", **configs)["error_code"] == 0
    return client


def test_what_was_produced_is_read_back_byte_for_byte() -> None:
    client = client_with_topic()
    batches = [batch_of(b"a", b"b", key=b"k"), batch_of(b"c" * 10_000)]
    answers = client.produce("t", *batches)
    assert [answer["base_offset"] for answer in answers] == [0, 2]
    data = client.fetch("t", 0)["records"]
    first = len(batches[0])
    assert data[16:first] == batches[0][16:]
    assert data[first + 16 :] == batches[1][16:]
    assert [record.offset for record in records_in(data)] == [0, 1, 2]
    assert read_batch_head(data, 0, len(data)).leader_epoch == 1


@pytest.mark.parametrize("version", range(3, 14))
def test_every_version_appends(version: int) -> None:
    client = client_with_topic()
    topic: dict[str, Any] = {"name": "t"}
    if version >= 13:
        topic = {"topic_id": client.ask(3, 12, all_topics())["topics"][0]["topic_id"]}
    part = {"index": 0, "records": batch_of(b"x")}
    message = {"acks": 1, "timeout_ms": 1, "topic_data": [{**topic, "partition_data": [part]}]}
    answer = client.ask(PRODUCE, version, message)
    assert answer["responses"][0]["partition_responses"][0]["error_code"] == 0
    assert client.values("t") == [b"x"]


def test_an_unknown_topic_id_is_told_as_such() -> None:
    part = {"index": 0, "records": batch_of(b"x")}
    topics = [{"topic_id": b"\7" * 16, "partition_data": [part]}]
    message = {"acks": 1, "timeout_ms": 1, "topic_data": topics}
    answer = client_with_topic().ask(PRODUCE, 13, message)
    assert answer["responses"][0]["partition_responses"][0]["error_code"] == 100


def all_topics() -> dict[str, Any]:
    return {"topics": None, "include_topic_authorized_operations": False}


def damaged() -> bytes:
    good = bytearray(batch_of(b"hello"))
    good[-1] ^= 1
    return bytes(good)


@pytest.mark.parametrize(
    ("batch", "code"),
    [
        (b"", 87),
        (damaged(), 2),
        (batch_of(b"x")[:-1], 2),
        (batch_of(b"x") + b"y", 87),
        (batch_of(b"x") * 2, 87),
        (batch_of(b"x")[:16] + b"\1" + batch_of(b"x")[17:], 43),
        (batch_of(b"x")[:16] + b"\3" + batch_of(b"x")[17:], 87),
        (batch_of(b"x", attributes=CONTROL), 87),
        (batch_of(b"x", attributes=LOG_APPEND_TIME), 32),
        (batch_of(b"x", attributes=TRANSACTIONAL), 87),
        (
            batch_of(
                b"x", attributes=TRANSACTIONAL, producer_id=1, producer_epoch=0, base_sequence=0
            ),
            59,
        ),
        (batch_of(b"x", at_ms=NOW_MS + 3_600_001), 32),
        (batch_of(b"x" * MESSAGE_BYTES_MAX), 10),
    ],
)
def test_a_batch_that_breaks_a_rule_is_refused_with_its_code(batch: bytes, code: int) -> None:
    client = client_with_topic()
    answer = client.produce_one("t", batch)
    assert answer["error_code"] == code
    assert answer["error_message"]
    assert client.values("t") == []


def test_one_bad_partition_does_not_spoil_the_others() -> None:
    client = World().connect()
    client.create("t", 2)
    parts = [
        {"index": 0, "records": damaged()},
        {"index": 1, "records": batch_of(b"x")},
        {"index": 2, "records": batch_of(b"x")},
    ]
    topics = [
        {"name": "t", "partition_data": parts},
        {"name": "missing", "partition_data": parts[1:2]},
    ]
    answer = client.ask(PRODUCE, 9, {"acks": -1, "timeout_ms": 1, "topic_data": topics})
    codes = [p["error_code"] for t in answer["responses"] for p in t["partition_responses"]]
    assert codes == [2, 0, 3, 3]


def test_acks_other_than_minus_1_0_and_1_are_refused() -> None:
    assert client_with_topic().produce_one("t", batch_of(b"x"), acks=2)["error_code"] == 21


def test_acks_0_is_not_answered() -> None:
    client = client_with_topic()
    part = {"index": 0, "records": batch_of(b"x")}
    topics = [{"name": "t", "partition_data": [part]}]
    client.post(PRODUCE, 9, {"acks": 0, "timeout_ms": 1, "topic_data": topics})
    client.asked.clear()
    assert client.shell.data == b""
    assert client.values("t") == [b"x"]


def test_a_refusal_with_acks_0_ends_the_connection() -> None:
    client = client_with_topic()
    part = {"index": 5, "records": batch_of(b"x")}
    topics = [{"name": "t", "partition_data": [part]}]
    client.post(PRODUCE, 9, {"acks": 0, "timeout_ms": 1, "topic_data": topics})
    assert client.shell.data == b""
    assert client.shell.is_closed


def sequenced(sequence: int, *values: bytes, epoch: int = 0) -> bytes:
    return batch_of(*values, producer_id=7, producer_epoch=epoch, base_sequence=sequence)


def test_a_repeated_batch_is_answered_with_its_old_offset_and_not_stored_again() -> None:
    client = client_with_topic()
    first = sequenced(0, b"a", b"b")
    answers = client.produce("t", first, sequenced(2, b"c"), first, sequenced(2, b"c"))
    assert [(a["error_code"], a["base_offset"]) for a in answers] == [(0, 0), (0, 2)] * 2
    assert client.values("t") == [b"a", b"b", b"c"]


def test_gaps_old_epochs_and_strangers_are_refused() -> None:
    client = client_with_topic()
    answers = client.produce(
        "t",
        sequenced(5, b"stranger"),
        sequenced(0, b"a", epoch=1),
        sequenced(2, b"gap", epoch=1),
        sequenced(1, b"old", epoch=0),
    )
    assert [answer["error_code"] for answer in answers] == [59, 0, 45, 47]


def test_log_append_time_puts_the_brokers_time_on_all_records() -> None:
    client = client_with_topic(message_timestamp_type="LogAppendTime")
    answer = client.produce_one("t", batch_of(b"a", b"b", at_ms=1))
    assert answer["log_append_time_ms"] == NOW_MS
    found = records_in(client.fetch("t", 0)["records"])
    assert [record.timestamp_ms for record in found] == [NOW_MS, NOW_MS]


def test_a_compacted_topic_takes_no_record_without_a_key() -> None:
    client = client_with_topic(cleanup_policy="compact")
    answer = client.produce_one("t", batch_of(b"a", b"b"))
    assert answer["error_code"] == 87
    assert [fault["batch_index"] for fault in answer["record_errors"]] == [0, 1]
    assert client.produce_one("t", batch_of(b"a", key=b"k"))["error_code"] == 0


def test_records_of_a_time_that_the_topic_does_not_take_are_named_each() -> None:
    limits = {"message_timestamp_before_max_ms": "1000", "message_timestamp_after_max_ms": "500"}
    client = client_with_topic(**limits)
    good = batch_of(b"a", b"b", at_ms=NOW_MS - 1000, step_ms=1500)
    assert client.produce_one("t", good)["error_code"] == 0
    for values, at_ms, step_ms, faults in (
        ((b"a", b"b", b"c"), NOW_MS, 400, [2]),
        ((b"a", b"b", b"c"), NOW_MS - 2000, 900, [0, 1]),
        ((b"a",), NOW_MS + 501, 0, [0]),
    ):
        for codec in (0, 4):
            batch = batch_of(*values, at_ms=at_ms, step_ms=step_ms, codec=codec)
            answer = client.produce_one("t", batch)
            assert (answer["error_code"], answer["base_offset"]) == (32, -1)
            assert [fault["batch_index"] for fault in answer["record_errors"]] == faults
            assert all(
                "between" in fault["batch_index_error_message"] for fault in answer["record_errors"]
            )
    assert client.values("t") == [b"a", b"b"]


def test_a_smaller_limit_counts_at_once_for_connections_that_already_write() -> None:
    client = client_with_topic()
    assert client.produce_one("t", batch_of(b"x" * 500))["error_code"] == 0
    config = {"name": "max.message.bytes", "config_operation": 0, "value": "300"}
    resource = {"resource_type": 2, "resource_name": "t", "configs": [config]}
    answer = client.ask(44, 1, {"resources": [resource], "validate_only": False})
    assert answer["responses"][0]["error_code"] == 0
    assert client.produce_one("t", batch_of(b"x" * 500))["error_code"] == 10


def test_zstd_needs_a_version_that_knows_it() -> None:
    client = client_with_topic()
    batch = batch_of(b"x" * 100, codec=4)
    assert client.produce_one("t", batch, version=6)["error_code"] == 76
    assert client.produce_one("t", batch, version=7)["error_code"] == 0
    message = client.fetch_message("t", 0)
    assert client.ask(1, 9, message)["responses"][0]["partitions"][0]["error_code"] == 76
    assert client.ask(1, 10, message)["responses"][0]["partitions"][0]["error_code"] == 0


def test_answers_wait_for_the_journal_in_the_order_of_their_requests() -> None:
    client = client_with_topic()
    world = client.world
    reached = [0]
    commit = world.broker.commit
    commit.reached = lambda level: reached[0] if level else 1 << 62  # type: ignore[method-assign]
    commit.position = lambda: 1  # type: ignore[method-assign]
    commit.gathering = lambda: 1  # type: ignore[method-assign]
    part = {"index": 0, "records": batch_of(b"x")}
    topics = [{"name": "t", "partition_data": [part]}]
    client.post(PRODUCE, 9, {"acks": -1, "timeout_ms": 1, "topic_data": topics})
    client.post(3, 5, all_topics())
    assert client.shell.data == b""
    reached[0] = 1
    world.broker.on_progress()
    world.run()
    first, second = client.take(), client.take()
    assert first is not None
    assert second is not None
    assert first["responses"][0]["partition_responses"][0]["error_code"] == 0
    assert second["topics"][0]["name"] == "t"


def test_a_single_record_is_a_plain_entry_that_others_can_join() -> None:
    client = client_with_topic()
    client.produce("t", *[batch_of(bytes([65 + index])) for index in range(3)])
    blocks = client.world.kernel.state.stream("default", "t").partitions[0].blocks
    assert len(blocks) == 1
    assert client.values("t") == [b"A", b"B", b"C"]
