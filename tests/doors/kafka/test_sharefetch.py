"""ShareFetch: which records are acquired, as which bytes, how long a request waits, and what a session is."""

import pytest
from tests.doors.kafka.client import batch_of, records_in
from tests.doors.kafka.sharers import ACCEPT, RELEASE, Sharer, acquired_in, another, sharer

from dragoman.kernel.api import (
    Address,
    Consume,
    DeclareQueue,
    Holder,
    Publish,
    SubscriptionSettings,
)
from dragoman.model.levels import AMQP091
from dragoman.wire.kafka.batch import TRANSACTIONAL


@pytest.mark.parametrize("version", [1, 2])
def test_records_are_acquired_once_and_come_in_their_batch(version: int) -> None:
    one = sharer(version=version)
    one.client.produce("t", batch_of(b"a", b"b", b"c"))
    answer = one.fetch()
    assert acquired_in(answer) == [(0, 2, 1)]
    assert answer["acquisition_lock_timeout_ms"] == 30_000
    part = answer["responses"][0]["partitions"][0]
    assert [record.value for record in records_in(part["records"])] == [b"a", b"b", b"c"]
    assert one.acquire() == []


def test_a_batch_that_is_acquired_in_parts_is_passed_on_whole_each_time() -> None:
    one = sharer()
    one.client.produce("t", batch_of(b"a", b"b", b"c"))
    assert one.acquire(max_records=2) == [(0, 1, 1)]
    answer = one.fetch(max_records=2)
    assert acquired_in(answer) == [(2, 2, 1)]
    assert len(records_in(answer["responses"][0]["partitions"][0]["records"])) == 3


def test_two_members_never_hold_the_same_record() -> None:
    one = sharer()
    two = another(one)
    assert one.parts() == two.parts()
    one.client.produce("t", batch_of(b"a", b"b", b"c"))
    assert one.acquire(max_records=1) == [(0, 0, 1)]
    assert two.acquire() == [(1, 2, 1)]


def test_bytes_end_what_is_acquired_behind_the_batch_that_reaches_them() -> None:
    one = sharer()
    for _ in range(3):
        one.client.produce("t", batch_of(b"x" * 1000))
    assert one.acquire(max_bytes=1500) == [(0, 1, 1)]


def test_a_request_parks_until_the_topic_has_grown() -> None:
    one = sharer()
    two = one.world.connect()
    one.client.post(78, 2, one.fetch_message(max_wait_ms=500))
    assert one.client.take() is None
    two.produce("t", batch_of(b"a"))
    answer = one.client.take()
    assert answer is not None
    assert acquired_in(answer) == [(0, 0, 1)]


def test_a_request_that_waits_in_vain_looks_once_more() -> None:
    one = sharer()
    two = another(one)
    one.client.produce("t", batch_of(b"a"))
    assert one.acquire() == [(0, 0, 1)]
    two.client.post(78, 2, two.fetch_message(max_wait_ms=60_000))
    assert one.acknowledge((0, 0, [RELEASE])) == 0
    assert two.client.take() is None
    one.world.advance(500)
    answer = two.client.take()
    assert answer is not None
    assert acquired_in(answer) == [(0, 0, 2)]


def test_a_lock_that_ends_makes_its_records_ready_for_others() -> None:
    one = sharer(share_record_lock_duration_ms="1000")
    two = another(one)
    one.client.produce("t", batch_of(b"a"))
    assert one.acquire() == [(0, 0, 1)]
    one.world.advance(999)
    assert two.acquire() == []
    one.world.advance(1)
    assert two.acquire() == [(0, 0, 2)]
    assert one.acknowledge((0, 0, [ACCEPT])) == 121


def test_a_record_is_handed_out_as_often_as_the_group_says() -> None:
    one = sharer(share_delivery_count_limit="2")
    one.client.produce("t", batch_of(b"a"))
    for count in (1, 2):
        assert one.acquire() == [(0, 0, count)]
        assert one.acknowledge((0, 0, [RELEASE])) == 0
    assert one.acquire() == []


def test_a_lost_connection_gives_back_what_it_held() -> None:
    one = sharer()
    two = another(one)
    one.client.produce("t", batch_of(b"a", b"b"))
    assert one.acquire() == [(0, 1, 1)]
    one.client.close()
    assert two.acquire() == [(0, 1, 2)]


def test_a_session_that_ends_gives_back_what_it_held() -> None:
    one = sharer()
    two = another(one)
    one.client.produce("t", batch_of(b"a", b"b"))
    assert one.acquire() == [(0, 1, 1)]
    answer = one.fetch((0, 0, [ACCEPT]), share_session_epoch=-1)
    assert answer["responses"][0]["partitions"][0]["acknowledge_error_code"] == 0
    assert two.acquire() == [(1, 1, 2)]
    assert one.fetch()["error_code"] == 122


def test_acknowledgements_come_with_a_fetch_but_not_with_the_first() -> None:
    one = sharer()
    one.client.produce("t", batch_of(b"a"))
    assert one.fetch((0, 0, [ACCEPT]))["error_code"] == 42
    one.epoch = 0
    one.acquire()
    part = one.fetch((0, 0, [ACCEPT]))["responses"][0]["partitions"][0]
    assert (part["acknowledge_error_code"], part["records"]) == (0, b"")
    part = one.fetch((0, 0, [ACCEPT]))["responses"][0]["partitions"][0]
    assert (part["error_code"], part["acknowledge_error_code"]) == (0, 121)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"share_session_epoch": 7}, 123),
        ({"member_id": "stranger"}, 122),
        ({"group_id": None}, 42),
        ({"member_id": ""}, 42),
    ],
)
def test_refusals_have_kafkas_codes(fields: dict[str, object], code: int) -> None:
    one = sharer()
    one.acquire()
    assert one.fetch(**fields)["error_code"] == code


def test_a_topic_that_the_group_does_not_read_is_not_there() -> None:
    one = sharer()
    topics = [
        {"topic_id": uuid, "partitions": [{"partition_index": at, "acknowledgement_batches": []}]}
        for uuid, at in ((bytes(15) + b"\1", 0), (one.parts()[0][0], 5))
    ]
    answer = one.fetch(topics=topics)
    codes = [topic["partitions"][0]["error_code"] for topic in answer["responses"]]
    assert codes == [100, 3]


def test_messages_of_another_protocol_come_as_a_batch_of_those_acquired() -> None:
    one = sharer()
    command = Publish("default", Address("t"), AMQP091, [b"not", b"to be", b"read"])
    one.client.session.publish(command)
    assert one.acquire(max_records=1) == [(0, 0, 1)]
    answer = one.fetch(max_records=2)
    assert acquired_in(answer) == [(1, 2, 1)]
    records = records_in(answer["responses"][0]["partitions"][0]["records"])
    assert [record.offset for record in records] == [1, 2]


def test_records_of_an_open_transaction_are_not_acquired() -> None:
    one = sharer()
    given = one.client.ask(22, 4, {"transactional_id": "x", "transaction_timeout_ms": 10_000})
    who = {"producer_id": given["producer_id"], "producer_epoch": given["producer_epoch"]}
    one.client.ask(
        24,
        3,
        {"transactional_id": "x", **who, "topics": [{"name": "t", "partitions": [0]}]},
    )
    batch = batch_of(b"a", **who, base_sequence=0, attributes=TRANSACTIONAL)
    one.client.produce("t", batch)
    one.client.produce("t", batch_of(b"b"))
    assert one.acquire() == [(1, 1, 1)]
    one.client.ask(26, 3, {"transactional_id": "x", **who, "committed": True})
    assert one.acquire() == [(0, 0, 1)]


# A queue that lets the group in


def let_in(one: Sharer) -> None:
    settings = SubscriptionSettings(share_group="g", lease_duration_ms=30_000)
    one.client.session.submit(DeclareQueue(name="t", settings=settings))


def rival(one: Sharer) -> Holder:
    """Another consumer of the queue, of whatever protocol."""
    holder: Holder = one.world.connect().session.submit(Consume(name="t", credit_max=10))
    return holder


def test_who_waits_at_a_queue_takes_turns_with_its_other_consumers() -> None:
    one = sharer()
    let_in(one)
    other = rival(one)
    two = one.world.connect()
    one.client.post(78, 2, one.fetch_message(max_wait_ms=500))
    two.produce("t", batch_of(b"a", b"b"))
    answer = one.client.take()
    assert answer is not None
    assert len(acquired_in(answer)) == 1
    assert other.leased == 1
    ((first, last, _),) = acquired_in(answer)
    assert one.acknowledge((first, last, [ACCEPT])) == 0


def test_what_comes_when_the_wait_is_over_goes_back_to_the_queue() -> None:
    one = sharer()
    let_in(one)
    one.client.post(78, 2, one.fetch_message(max_wait_ms=500))
    one.world.advance(500)
    answer = one.client.take()
    assert answer is not None
    assert acquired_in(answer) == []
    one.world.connect().produce("t", batch_of(b"a"))
    assert one.acquire() == [(0, 0, 1)]
