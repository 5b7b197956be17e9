"""Streaming calls of all kinds: order, room, durability, endings of either side."""

import pytest
from tests.doors.shared.grpc.client import Client, World
from tests.doors.shared.grpc.echo import Text

from dragoman.doors.shared.grpc.streaming import FLOOD_BYTES_MAX, ROOM_BYTES_MAX
from dragoman.kernel.api import Address, Consume, DeclareQueue, Publish
from dragoman.model.levels import CANONICAL, SYNCED
from dragoman.wire.grpc.codes import (
    ABORTED,
    DEADLINE_EXCEEDED,
    FAILED_PRECONDITION,
    INTERNAL,
    RESOURCE_EXHAUSTED,
    UNAVAILABLE,
)
from dragoman.wire.grpc.messages import encode_message
from dragoman.wire.http2.settings import STREAM_WINDOW_BYTES


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def client(world: World) -> Client:
    return Client(world)


def test_one_request_many_responses(client: Client) -> None:
    answer = client.call("Split", Text(text="x", count=5))
    assert [message.count for message in answer.messages] == [4, 3, 2, 1, 0]
    assert answer.trailers == {b"grpc-status": b"0", b"x-split": b"5"}


def test_many_requests_one_response(client: Client) -> None:
    assert client.call("Join", Text(text="a"), Text(text="b")).texts == ["a b"]


def test_both_sides_talk_and_the_head_leaves_at_once(client: Client) -> None:
    number = client.open("Talk")
    client.exchange()
    answer = client.answers[number]
    assert answer.head[b":status"] == b"200"
    assert client.send(number, Text(text="a")).texts == ["a"]
    assert client.send(number, Text(text="b"), Text(text="c")).texts == ["a", "b", "c"]
    assert not answer.is_ended
    client.raw(number, b"", ends=True)
    assert (answer.status, answer.is_ended) == (0, True)


def test_the_server_may_end_first_with_a_status(client: Client, world: World) -> None:
    number = client.open("Talk")
    answer = client.send(number, Text(text="bye"))
    assert (answer.texts, answer.status, answer.message) == (
        ["bye"],
        FAILED_PRECONDITION,
        "said bye",
    )
    assert b"grpc-status-details-bin" in answer.trailers
    assert not client.door._link.waiting and not client.door._wire.streams
    assert client.say("on").texts == ["on"]


def test_a_handler_that_refuses_does_so_alone_or_behind_what_was_sent(
    client: Client, world: World
) -> None:
    assert (
        client.call("Talk", headers=[(b"x-refuse", b"1")]).head[b"grpc-status"] == b"%d" % ABORTED
    )
    number = client.open("Talk")
    client.send(number, Text(text="a"))
    answer = client.send(number, Text(text="fail"), Text(text="late"))
    assert (answer.texts, answer.status, answer.message) == (["a"], ABORTED, "as asked")
    assert world.echo.streams[-1].is_abandoned
    answer = client.call("Talk", Text(text="broken"))
    assert answer.status == INTERNAL and len(world.faults) == 1


def test_cancelling_and_losing_abandon(client: Client, world: World) -> None:
    client.send(client.open("Talk"), Text(text="a"))
    client.cancel(1)
    client.send(client.open("Talk"), Text(text="a"))
    client.door.lost()
    assert [stream.is_abandoned for stream in world.echo.streams] == [True, True]
    assert not client.door._link.tags


def test_deadlines_end_them(client: Client, world: World) -> None:
    number = client.open("Talk", [(b"grpc-timeout", b"1S")])
    answer = client.send(number, Text(text="a"))
    world.advance(1_000)
    client.exchange()
    assert (answer.texts, answer.status) == (["a"], DEADLINE_EXCEEDED)
    assert world.echo.streams[0].is_abandoned


def test_time_is_told_when_it_was_asked_for(client: Client, world: World) -> None:
    answer = client.send(client.open("Talk"), Text(text="tick"))
    world.advance(999)
    client.exchange()
    assert answer.texts == []
    world.advance(1)
    client.exchange()
    assert answer.texts == ["tock"]


def test_the_broker_leaves(client: Client, world: World) -> None:
    answer = client.send(client.open("Talk"), Text(text="a"))
    client.door.shut("leaving")
    world.broker.touch(client.session)
    world.run()
    client.exchange()
    assert (answer.status, client.is_closed) == (UNAVAILABLE, True)
    assert world.echo.streams[0].is_abandoned


def test_deliveries_find_their_stream(client: Client, world: World) -> None:
    answer = client.send(client.open("Talk"), Text(text="a"))
    session = client.session
    session.submit(DeclareQueue(name="q"))
    session.submit(
        Consume(name="q", tag=world.echo.streams[0], credit_max=10, lease_duration_ms=60_000)
    )
    session.publish(Publish("default", Address("q"), CANONICAL, [b"x"]))
    world.run()
    client.exchange()
    assert answer.texts == ["a", "delivered"]


def test_what_waits_for_the_journal_keeps_its_order(client: Client, world: World) -> None:
    answer = client.send(client.open("Talk"))
    sender = world.echo.streams[0].sender
    world.commit.far = 0
    sender.send(Text(text="durable"), position=1, level=SYNCED)
    sender.send(Text(text="behind it"))
    sender.finish()
    world.broker.touch(client.session)
    world.run()
    client.exchange()
    assert (answer.texts, answer.is_ended) == ([], False)
    world.progress()
    client.exchange()
    assert (answer.texts, answer.status) == (["durable", "behind it"], 0)


# --- room ---


def test_a_reader_that_is_slow_is_sent_no_more_than_its_window(world: World) -> None:
    client = Client(world, window=10_000)
    client.acknowledges = False
    answer = client.call("Split", Text(text="x", count=500, data=bytes(1_000)))
    assert len(answer.data) == 10_000
    sending = client.door._wire.sending
    assert sending.unsent_bytes < 2_000
    client.acknowledges = True
    client.h2.acknowledge_received_data(10_000, 1)
    client.exchange()
    assert (len(answer.messages), answer.status) == (500, 0)
    assert sending.unsent_bytes == 0 and not client.door._link.thirsty


def test_a_reader_that_takes_everything_is_bounded_by_us(world: World) -> None:
    client = Client(world, window=(1 << 31) - 1)
    client.h2.increment_flow_control_window((1 << 31) - 1 - 65_535)
    client.exchange()
    number = client.open("Split")
    client.h2.send_data(number, b"")
    client.exchange()
    sender = world.echo.streams[0].sender
    sent = 0
    while sender.room_bytes() > 0 and sent < 10 * ROOM_BYTES_MAX:
        world.commit.far = 0
        sender.send(Text(data=bytes(10_000)), position=1, level=SYNCED)
        sent += 10_000
    assert sent <= ROOM_BYTES_MAX + 10_000


# --- wrong requests ---


def test_what_is_no_message_ends_the_call(client: Client, world: World) -> None:
    assert client.raw(client.open("Talk"), b"\x00\x00\x00\x00\x01\xff").status == INTERNAL
    assert client.raw(client.open("Talk"), b"\x00\xff\xff\xff\xff").status == RESOURCE_EXHAUSTED
    assert client.raw(client.open("Talk"), b"\x00\x00\x00\x00\x05ab", ends=True).status == INTERNAL
    assert all(stream.is_abandoned for stream in world.echo.streams)
    assert client.door._link.collected_bytes == 0


def test_server_streaming_takes_exactly_one_request(client: Client) -> None:
    assert client.call("Split").status == INTERNAL
    assert client.call("Split", Text(), Text()).status == INTERNAL


def test_what_is_found_wrong_late_leaves_nothing_behind(client: Client) -> None:
    number = client.open("Talk")
    client.raw(number, b"\x02\x00\x00\x00")
    assert client.raw(number, b"\x00").status == INTERNAL
    assert client.door._link.collected_bytes == 0


def test_a_client_that_asks_and_takes_nothing_is_not_heard_until_it_does(world: World) -> None:
    client = Client(world, window=10_000)
    client.acknowledges = False
    number = client.open("Talk")
    text = Text(text="x", data=bytes(10_000))
    size = len(encode_message(text.SerializeToString()))
    sent = 0
    while client.h2.local_flow_control_window(number) > size:
        client.send(number, text)
        sent += 1
    stream = client.door._wire.streams[number]
    assert FLOOD_BYTES_MAX < stream.queued_bytes < FLOOD_BYTES_MAX + 2 * size
    assert len(world.echo.streams[0].texts) < sent
    client.acknowledges = True
    client.h2.acknowledge_received_data(10_000, number)
    client.exchange()
    answer = client.send(number, ends=True)
    assert (len(answer.messages), answer.status) == (sent, 0)
    assert client.door._link.collected_bytes == 0
    assert client.h2.local_flow_control_window(number) > STREAM_WINDOW_BYTES // 2


def test_requests_that_wait_go_with_their_call(world: World) -> None:
    client = Client(world, window=10_000)
    client.acknowledges = False
    number = client.open("Talk")
    text = Text(text="x", data=bytes(10_000))
    for _ in range(120):
        client.send(number, text)
    assert client.door._link.collected_bytes > 0
    client.cancel(number)
    assert client.door._link.collected_bytes == 0
    assert not client.door._link.thirsty
