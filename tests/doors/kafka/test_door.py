"""The connection itself: versions, order of answers, what is parked, what arrives broken."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.doors.kafka.client import FETCH, METADATA, World, batch_of, frame_of, records_in
from tests.wire.kafka.messages import SeededMessages

from dragoman.doors.kafka.apis import TABLE
from dragoman.wire.kafka.codec import decode_response
from dragoman.wire.kafka.schema import APIS

ALL_TOPICS = {"topics": None, "include_topic_authorized_operations": False}


def test_api_versions_tells_exactly_what_is_served() -> None:
    client = World().connect()
    for version in range(5):
        message = {"client_software_name": "x", "client_software_version": "1"}
        answer = client.ask(18, version, message)
        told = {
            api["api_key"]: (api["min_version"], api["max_version"]) for api in answer["api_keys"]
        }
        assert answer["error_code"] == 0
        assert told == {key: (api.low, api.high) for key, api in TABLE.items()}


def test_api_versions_asked_too_high_are_answered_in_the_oldest_body() -> None:
    client = World().connect()
    body = b"\x00\x12\x00\x7f" + (7).to_bytes(4, "big") + b"\xff\xff\0"
    client.give(len(body).to_bytes(4, "big") + body)
    data = client.shell.data
    assert data[4:8] == (7).to_bytes(4, "big")
    answer = decode_response(18, 0, data, 8, len(data))
    assert answer["error_code"] == 35
    assert len(answer["api_keys"]) == len(TABLE)
    assert not client.shell.is_closed


def test_produce_is_advertised_from_version_0_and_refused_below_3() -> None:
    assert TABLE[0].low == 0
    client = World().connect()
    client.create("t")
    assert client.produce_one("t", batch_of(b"x"), version=2)["error_code"] == 35
    assert client.values("t") == []


@pytest.mark.parametrize("key", [4, 71, 999])
def test_an_api_that_is_not_served_ends_the_connection(key: int) -> None:
    client = World().connect()
    body = key.to_bytes(2, "big") + b"\0\0" + bytes(4) + b"\xff\xff"
    client.give(len(body).to_bytes(4, "big") + body)
    assert client.shell.is_closed
    assert client.shell.data == b""


def test_a_request_may_come_byte_by_byte_and_several_at_once() -> None:
    client = World().connect()
    one = frame_of(METADATA, 5, 1, ALL_TOPICS)
    for byte in one[:-1]:
        client.give(bytes([byte]))
    assert client.shell.data == b""
    client.asked += [(METADATA, 5, 1), (METADATA, 5, 2)]
    client.give(one[-1:] + frame_of(METADATA, 5, 2, ALL_TOPICS))
    assert client.take() is not None
    assert client.take() is not None


def test_bytes_behind_a_request_are_ignored() -> None:
    client = World().connect()
    frame = frame_of(METADATA, 13, 1, ALL_TOPICS)[4:] + bytes(3)
    client.asked.append((METADATA, 13, 1))
    client.give(len(frame).to_bytes(4, "big") + frame)
    answer = client.take()
    assert answer is not None
    assert answer["cluster_id"] == "cluster"


def test_a_parked_fetch_holds_what_is_behind_it() -> None:
    world = World()
    client, writer = world.connect(), world.connect()
    client.create("t")
    client.post(FETCH, 12, client.fetch_message("t", 0, max_wait_ms=500))
    client.post(METADATA, 5, ALL_TOPICS)
    assert client.take() is None
    writer.produce("t", batch_of(b"x"))
    first = client.take()
    assert first is not None
    assert [r.value for r in records_in(first["responses"][0]["partitions"][0]["records"])] == [
        b"x"
    ]
    second = client.take()
    assert second is not None
    assert second["topics"][0]["name"] == "t"


def test_a_long_poll_ends_with_nothing_when_its_time_is_over() -> None:
    world = World()
    client = world.connect()
    client.create("t")
    client.post(FETCH, 12, client.fetch_message("t", 0, max_wait_ms=500))
    world.advance(499)
    assert client.take() is None
    world.advance(1)
    answer = client.take()
    assert answer is not None
    assert answer["responses"][0]["partitions"][0]["records"] in (b"", None)


def test_more_requests_than_are_kept_behind_a_parked_one_end_the_connection() -> None:
    world = World()
    client = world.connect()
    client.create("t")
    client.post(FETCH, 12, client.fetch_message("t", 0, max_wait_ms=500))
    client.give(frame_of(METADATA, 5, 2, ALL_TOPICS) * 10_001)
    assert client.shell.is_closed


def test_a_frame_of_impossible_length_ends_the_connection_after_what_came_before() -> None:
    client = World().connect()
    client.asked.append((METADATA, 5, 1))
    client.give(frame_of(METADATA, 5, 1, ALL_TOPICS) + b"\x7f\xff\xff\xff")
    assert client.take() is not None
    assert client.shell.is_closed


def test_the_broker_leaving_closes_the_connection() -> None:
    client = World().connect()
    client.door.shut("bye")
    assert client.door.is_closing()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    client = World().connect()
    client.give(data)
    _expect_frames(client.shell.data)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(TABLE)), st.data())
def test_a_request_with_arbitrary_body_is_answered_or_ends_the_connection(
    key: int, data: st.DataObject
) -> None:
    api = TABLE[key]
    version = data.draw(st.integers(api.low, api.high))
    body = data.draw(st.binary(max_size=120))
    client = World().connect()
    head = key.to_bytes(2, "big") + version.to_bytes(2, "big") + bytes(4) + b"\xff\xff"
    if version >= APIS[key].flexible_from:
        head += b"\0"
    frame = head + body
    client.give(len(frame).to_bytes(4, "big") + frame)
    client.world.advance(400_000)
    _expect_frames(client.shell.data)


def _expect_frames(data: bytes) -> None:
    pos = 0
    while pos < len(data):
        pos += 4 + int.from_bytes(data[pos : pos + 4], "big")
    assert pos == len(data)


SERVED = [
    (key, version)
    for key in sorted(TABLE)
    for version in range(TABLE[key].low, TABLE[key].high + 1)
]


@pytest.mark.parametrize(("key", "version"), SERVED)
def test_every_request_of_every_version_is_answered_as_its_version_says(
    key: int, version: int
) -> None:
    for seed in range(12):
        client = World().connect()
        client.create("t")
        message = SeededMessages(seed, is_tame=True).make("request", key, version)
        if key == 0 and message["acks"] == 0:
            message["acks"] = 1
        client.post(key, version, message)
        client.world.advance(400_000)
        assert client.take() is not None, message
        assert client.shell.data == b""
