"""Unary calls: answered, refused, waiting, too late, in pieces, packed, wrong."""

import gzip

import pytest
from google.rpc import error_details_pb2, status_pb2
from tests.doors.shared.grpc.client import Client, World
from tests.doors.shared.grpc.echo import Text

from dragoman.doors.shared.grpc.call import REQUEST_BYTES_MAX, Reply
from dragoman.doors.shared.grpc.link import REQUEST_MS
from dragoman.kernel.api import Address, DeclareQueue, Publish
from dragoman.model.levels import CANONICAL
from dragoman.wire.grpc.codes import (
    CANCELLED,
    DEADLINE_EXCEEDED,
    FAILED_PRECONDITION,
    INTERNAL,
    INVALID_ARGUMENT,
    RESOURCE_EXHAUSTED,
    UNAVAILABLE,
    UNIMPLEMENTED,
)
from dragoman.wire.grpc.messages import encode_message
from dragoman.wire.grpc.metadata import decode_binary


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def client(world: World) -> Client:
    return Client(world)


def test_a_call_is_answered(client: Client) -> None:
    answer = client.say("hi", count=3)
    assert answer.head == {b":status": b"200", b"content-type": b"application/grpc"}
    assert [(message.text, message.count) for message in answer.messages] == [("hi", 3)]
    assert answer.trailers == {b"grpc-status": b"0"}
    assert answer.is_ended
    assert client.door._link.collected_bytes == 0


def test_calls_are_answered_as_they_come_to_be(client: Client) -> None:
    first = client.open("Say")
    assert client.say("second").texts == ["second"]
    assert client.send(first, Text(text="first"), ends=True).texts == ["first"]


def test_a_status_has_its_words_its_details_and_its_trailers(client: Client) -> None:
    answer = client.say("fail")
    assert (answer.status, answer.message) == (FAILED_PRECONDITION, "as asked: 100 %25 %C3%BC")
    assert answer.head[b"x-why"] == b"because"
    status = status_pb2.Status.FromString(decode_binary(answer.head[b"grpc-status-details-bin"]))
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info) and info.reason == "ASKED"


def test_a_fault_of_ours_is_answered_and_told_to_the_operator(client: Client, world: World) -> None:
    answer = client.say("broken")
    assert answer.status == INTERNAL
    assert "planted" not in answer.message
    assert [str(fault) for fault in world.faults] == ["'planted'"]
    assert client.say("on").texts == ["on"]


def test_a_service_that_fails_to_refuse_is_answered_for(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.echo, "refuse", lambda *_: 1 / 0)
    assert client.say("broken").status == INTERNAL
    assert isinstance(world.faults[0], ZeroDivisionError)


def test_metadata_comes_and_goes(client: Client) -> None:
    answer = client.say("metadata", headers=[(b"x-data-bin", b"AAEC")])
    assert answer.messages[0].data == b"\0\1\2"
    assert answer.trailers == {b"grpc-status": b"0", b"x-back-bin": b"AAEC", b"x-back": b"yes"}
    assert client.say("metadata", headers=[(b"x-data-bin", b"!")]).status == INVALID_ARGUMENT


def test_an_answer_waits_for_the_journal(client: Client, world: World) -> None:
    world.commit.far = 0
    answer = client.say("durable")
    assert not answer.is_ended
    assert client.say("other").texts == ["other"]
    world.progress()
    client.exchange()
    assert answer.texts == ["durable"]


def test_an_answer_that_nobody_waits_for_any_more_is_dropped(client: Client, world: World) -> None:
    world.commit.far = 0
    answer = client.say("durable")
    client.cancel(1)
    world.progress()
    client.exchange()
    assert answer.data == b""
    assert client.door._link.outbox.size_bytes == 0


# --- those that wait ---


def test_one_that_waits_is_answered_when_something_happens(client: Client, world: World) -> None:
    answer = client.say("wait")
    (waiting,) = world.echo.waiting
    assert not answer.is_ended
    waiting.reply = Reply(Text(text="now"))
    world.broker.on_progress()
    client.door.progressed()
    world.broker.touch(client.session)
    world.run()
    client.exchange()
    assert answer.texts == ["now"]
    assert not waiting.is_abandoned


def test_its_own_deadline_is_asked_about(client: Client, world: World) -> None:
    answer = client.say("wait")
    world.advance(60_000)
    client.exchange()
    assert answer.texts == ["expired"]


def test_the_clients_deadline_ends_it(client: Client, world: World) -> None:
    answer = client.say("wait", headers=[(b"grpc-timeout", b"100m")])
    assert world.echo.calls[0].deadline_ms == world.clock.now_ms + 100
    world.advance(100)
    client.exchange()
    assert answer.status == DEADLINE_EXCEEDED
    assert world.echo.waiting[0].is_abandoned
    assert not client.door._link.timed and not client.door._link.waiting


def test_cancelling_abandons_it(client: Client, world: World) -> None:
    client.say("wait")
    client.cancel(1)
    assert world.echo.waiting[0].is_abandoned
    assert not client.door._link.waiting


def test_thousands_of_cancelled_calls_leave_nothing_behind(client: Client, world: World) -> None:
    for number in range(3_000):
        client.say("wait")
        client.cancel(1 + 2 * number)
        world.clock.now_ms += 10
        world.echo.waiting.clear()
        world.echo.calls.clear()
    link = client.door._link
    assert not (
        link.waiting or link.timed or link.tags or link.wire.streams or link.collected_bytes
    )
    assert client.say("on").texts == ["on"]


def test_a_call_cancelled_with_the_bytes_that_began_it_is_answered_to_nobody(
    client: Client,
) -> None:
    number = client.open("Say")
    client.h2.send_data(number, encode_message(Text(text="x").SerializeToString()), end_stream=True)
    client.h2.reset_stream(number, 8)
    client.exchange()
    assert client.say("on").texts == ["on"]


def test_deliveries_find_the_call_that_asked_for_them(client: Client, world: World) -> None:
    client.session.submit(DeclareQueue(name="q"))
    first, second = client.say("receive"), client.say("wait")
    client.session.publish(Publish("default", Address("q"), CANONICAL, [b"x"]))
    world.run()
    client.exchange()
    assert first.texts == ["delivered"]
    assert not second.is_ended


def test_a_connection_that_is_lost_abandons_them(client: Client, world: World) -> None:
    client.say("wait")
    client.door.lost()
    assert world.echo.waiting[0].is_abandoned


def test_the_broker_leaves(client: Client, world: World) -> None:
    waits, half = client.say("wait"), client.send(client.open("Say"))
    client.door.shut("leaving")
    client.world.broker.touch(client.session)
    world.run()
    client.exchange()
    assert waits.texts == ["expired"]
    assert half.status == UNAVAILABLE
    assert client.is_told_to_go and client.is_closed


# --- in pieces, packed, wrong ---


def test_a_request_in_pieces_is_one(client: Client) -> None:
    whole = encode_message(Text(text="pieces").SerializeToString())
    number = client.open("Say")
    for at in range(len(whole)):
        client.raw(number, whole[at : at + 1])
    answer = client.raw(number, b"", ends=True)
    assert answer.texts == ["pieces"]
    assert client.door._link.collected_bytes == 0


def test_a_packed_request_is_answered_packed_if_it_may_be(client: Client) -> None:
    body = Text(text="x", data=bytes(10_000)).SerializeToString()
    data = b"\x01" + len(gzip.compress(body)).to_bytes(4, "big") + gzip.compress(body)
    number = client.open(
        "Say", [(b"grpc-encoding", b"gzip"), (b"grpc-accept-encoding", b"identity, gzip")]
    )
    answer = client.raw(number, data, ends=True)
    assert answer.head[b"grpc-encoding"] == b"gzip"
    assert len(answer.data) < 1_000
    assert answer.texts == ["x"]
    number = client.open("Say", [(b"grpc-encoding", b"gzip")])
    assert b"grpc-encoding" not in client.raw(number, data, ends=True).head


def test_a_bomb_is_not_unpacked(client: Client) -> None:
    packed = gzip.compress(bytes(REQUEST_BYTES_MAX + 1))
    number = client.open("Say", [(b"grpc-encoding", b"gzip")])
    answer = client.raw(number, b"\x01" + len(packed).to_bytes(4, "big") + packed, ends=True)
    assert answer.status == RESOURCE_EXHAUSTED


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", INTERNAL),
        (b"\x00\x00\x00\x00\x05abc", INTERNAL),
        (b"\x00\x00\x00\x00\x01\xff", INTERNAL),
        (b"\x02\x00\x00\x00\x00", INTERNAL),
        (b"\x01\x00\x00\x00\x00", INTERNAL),
        (bytes(10), INTERNAL),
        (b"\x00\xff\xff\xff\xff", RESOURCE_EXHAUSTED),
    ],
)
def test_what_is_no_request_is_refused(client: Client, data: bytes, code: int) -> None:
    answer = client.raw(client.open("Say"), data, ends=True)
    assert (answer.status, answer.is_ended) == (code, True)
    assert client.door._link.collected_bytes == 0
    assert client.say("on").texts == ["on"]


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/dragoman.tests.echo.Echo/Nothing", [], UNIMPLEMENTED),
        ("/nobody", [], UNIMPLEMENTED),
        ("/dragoman.tests.echo.Echo/Say", [(b"grpc-encoding", b"lzma")], UNIMPLEMENTED),
        ("/dragoman.tests.echo.Echo/Say", [(b"grpc-timeout", b"soon")], INTERNAL),
    ],
)
def test_what_cannot_be_served_is_refused_before_it_is_read(
    client: Client, path: str, headers: list[tuple[bytes, bytes]], code: int
) -> None:
    number = client.begin(path, [(b"content-type", b"application/grpc+proto"), *headers])
    client.exchange()
    assert client.answers[number].status == code
    assert client.say("on").texts == ["on"]


def test_a_request_that_never_comes_whole_is_given_up(client: Client, world: World) -> None:
    answer = client.send(client.open("Say"))
    world.advance(REQUEST_MS + 1)
    client.exchange()
    assert answer.status == CANCELLED


def test_trailers_end_a_request(client: Client) -> None:
    number = client.open("Say")
    client.h2.send_data(number, encode_message(Text(text="x").SerializeToString()))
    client.h2.send_headers(number, [(b"x", b"y")], end_stream=True)
    client.exchange()
    assert client.answers[number].texts == ["x"]


def test_what_is_found_wrong_late_leaves_nothing_behind(client: Client) -> None:
    number = client.open("Say")
    client.raw(number, b"\x02\x00\x00\x00")
    assert client.raw(number, b"\x00").status == INTERNAL
    assert client.door._link.collected_bytes == 0
