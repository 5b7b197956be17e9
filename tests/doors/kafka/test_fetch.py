"""Fetch: bytes limits, offsets, long polls, messages of other protocols."""

from typing import Any

import pytest
from tests.doors.kafka.client import FETCH, Client, World, batch_of, records_in

from dragoman.kernel.api import Address, DeclareQueue, Publish
from dragoman.model.levels import AMQP091, CANONICAL


def client_with(*batches: bytes) -> Client:
    client = World().connect()
    client.create("t")
    client.produce("t", *batches)
    return client


@pytest.mark.parametrize("version", range(4, 19))
def test_every_version_reads(version: int) -> None:
    client = client_with(batch_of(b"a", b"b"))
    message = client.fetch_message("t", 0)
    if version >= 13:
        topics = client.ask(3, 12, {"topics": None, "include_topic_authorized_operations": False})
        message["topics"][0]["topic_id"] = topics["topics"][0]["topic_id"]
    part = client.ask(FETCH, version, message)["responses"][0]["partitions"][0]
    assert part["error_code"] == 0
    assert (part["high_watermark"], part["last_stable_offset"]) == (2, 2)
    assert [record.value for record in records_in(part["records"])] == [b"a", b"b"]


def test_an_unknown_topic_id_is_told_as_such() -> None:
    client = client_with()
    message = client.fetch_message("t", 0)
    message["topics"][0]["topic_id"] = b"\7" * 16
    assert client.ask(FETCH, 13, message)["responses"][0]["partitions"][0]["error_code"] == 100


@pytest.mark.parametrize(
    ("offset", "more", "code"),
    [
        (-1, {}, 1),
        (3, {}, 1),
        (2, {}, 0),
        (0, {"partition": 1}, 3),
        (0, {"epoch": 0}, 74),
        (0, {"epoch": 2}, 75),
        (0, {"epoch": 1}, 0),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_code(
    offset: int, more: dict[str, Any], code: int
) -> None:
    client = client_with(batch_of(b"a", b"b"))
    assert client.fetch("t", offset, **more)["error_code"] == code


def two_lives() -> Client:
    """Two records of life 1, one of life 3."""
    client = client_with(batch_of(b"a"), batch_of(b"b"))
    client.begin_life(3)
    client.produce("t", batch_of(b"c"))
    return client


def test_batches_name_the_life_of_the_store_that_wrote_them() -> None:
    part = two_lives().fetch("t", 0)
    epochs = [int.from_bytes(part["records"][12:16], "big")]
    assert epochs == [1]
    part = two_lives().fetch("t", 2)
    assert int.from_bytes(part["records"][12:16], "big") == 3


@pytest.mark.parametrize(
    ("offset", "last_epoch", "diverging"),
    [
        (2, 1, None),  # at its end
        (3, 1, (1, 2)),  # further than that epoch went: a power cut took what it read
        (3, 2, (1, 2)),  # nothing is known of that epoch
        (3, 3, None),
        (4, 3, (3, 3)),
    ],
)
def test_a_reader_whose_log_was_cut_is_told_where(
    offset: int, last_epoch: int, diverging: tuple[int, int] | None
) -> None:
    client = two_lives()
    message = client.fetch_message("t", offset)
    message["topics"][0]["partitions"][0]["last_fetched_epoch"] = last_epoch
    part = client.ask(FETCH, 12, message)["responses"][0]["partitions"][0]
    found = part["diverging_epoch"]
    told = None if found["epoch"] < 0 else (found["epoch"], found["end_offset"])
    assert (part["error_code"], told) == (0, diverging)


def test_after_a_power_cut_an_epoch_ends_before_what_may_have_been_lost() -> None:
    client = client_with(batch_of(b"a"), batch_of(b"b"))
    client.begin_life(2, lost=True)
    client.produce("t", batch_of(b"c"))
    message = client.fetch_message("t", 5)  # it had read what is gone
    message["topics"][0]["partitions"][0]["last_fetched_epoch"] = 1
    part = client.ask(FETCH, 12, message)["responses"][0]["partitions"][0]
    assert part["diverging_epoch"] == {"epoch": 1, "end_offset": 2}
    assert part["high_watermark"] == -1


def test_a_reader_of_an_epoch_to_come_is_nowhere() -> None:
    client = two_lives()
    message = client.fetch_message("t", 0)
    message["topics"][0]["partitions"][0]["last_fetched_epoch"] = 9
    assert client.ask(FETCH, 12, message)["responses"][0]["partitions"][0]["error_code"] == 1


def test_an_error_is_answered_at_once_however_long_the_poll() -> None:
    client = client_with()
    assert client.fetch("missing", 0, max_wait_ms=10_000)["error_code"] == 3


def test_the_first_batch_comes_whole_however_small_the_limit() -> None:
    client = client_with(batch_of(b"a" * 1000, b"b"), batch_of(b"c", b"d"))
    part = client.fetch("t", 0, partition_max_bytes=10)
    assert [record.offset for record in records_in(part["records"])] == [0, 1]


def test_the_limit_of_the_answer_counts_over_all_partitions() -> None:
    client = World().connect()
    client.create("t", 2)
    for partition in (0, 1):
        client.produce("t", batch_of(b"x" * 1000, b"y"), partition=partition)
    message = client.fetch_message("t", 0, max_bytes=1500)
    parts = message["topics"][0]["partitions"]
    parts.append({**parts[0], "partition": 1})
    one, two = client.ask(FETCH, 12, message)["responses"][0]["partitions"]
    assert records_in(one["records"])
    assert not two["records"]
    assert two["high_watermark"] == 2


def test_a_poll_for_more_than_there_is_waits_until_there_is_enough() -> None:
    client = client_with(batch_of(b"a"))
    size = len(batch_of(b"a"))
    client.post(FETCH, 12, client.fetch_message("t", 0, max_wait_ms=500, min_bytes=2 * size))
    assert client.take() is None
    Client(client.world).produce("t", batch_of(b"b"))
    answer = client.take()
    assert answer is not None
    records = records_in(answer["responses"][0]["partitions"][0]["records"])
    assert [record.value for record in records] == [b"a", b"b"]


def test_a_batch_may_begin_before_the_offset_asked_for() -> None:
    client = client_with(batch_of(b"a", b"b", b"c"))
    records = records_in(client.fetch("t", 1)["records"])
    assert [record.offset for record in records] == [0, 1, 2]


def test_isolated_readers_are_told_of_no_aborted_transactions() -> None:
    client = client_with(batch_of(b"a"))
    assert client.fetch("t", 0, isolation_level=1)["aborted_transactions"] == []
    assert client.fetch("t", 0)["aborted_transactions"] is None


def test_a_fetch_of_nothing_is_answered_with_nothing() -> None:
    client = client_with()
    message = {**client.fetch_message("t", 0, max_wait_ms=1000), "topics": []}
    assert client.ask(FETCH, 12, message)["responses"] == []


def test_trimmed_offsets_are_out_of_range_and_the_start_is_told() -> None:
    client = client_with(batch_of(b"a"), batch_of(b"b", b"c"))
    part = {"partition_index": 0, "offset": 1}
    trim = {"topics": [{"name": "t", "partitions": [part]}], "timeout_ms": 1}
    answer = client.ask(21, 2, trim)["topics"][0]["partitions"][0]
    assert (answer["error_code"], answer["low_watermark"]) == (0, 1)
    assert client.fetch("t", 0)["error_code"] == 1
    assert client.fetch("t", 1)["log_start_offset"] == 1


@pytest.mark.parametrize("format_", [AMQP091, CANONICAL])
def test_entries_that_cannot_be_read_come_as_the_bytes_they_are(format_: int) -> None:
    client = World().connect()
    client.session.submit(DeclareQueue(name="q"))
    client.session.publish(Publish("default", Address("q"), format_, [b"\xff\xff", b"\xfe"]))
    client.world.advance(0)
    records = records_in(client.fetch("q", 0)["records"])
    assert [(record.offset, record.value) for record in records] == [(0, b"\xff\xff"), (1, b"\xfe")]


def test_messages_of_other_protocols_are_rendered_once_and_kept() -> None:
    client = World().connect()
    client.session.submit(DeclareQueue(name="q"))
    client.session.publish(Publish("default", Address("q"), CANONICAL, [b"\xff", b"\xfe"]))
    client.world.advance(0)
    first = client.fetch("q", 0)["records"]
    block = client.world.kernel.state.stream("default", "q").partitions[0].blocks[0]
    assert block.rendered is not None
    assert client.fetch("q", 1)["records"] == first


def test_what_is_handed_to_a_reader_is_counted_once_however_often_it_was_looked_for() -> None:
    batch = batch_of(b"a", b"b", b"c")
    client = client_with(batch)
    traffic = client.world.broker.meters.of("other")
    client.fetch("t", 1)
    assert (traffic.delivered, traffic.delivered_bytes) == (2, len(batch))
    client.fetch("t", 3)
    assert traffic.delivered == 2
    assert (traffic.published, traffic.published_bytes) == (3, len(batch))
