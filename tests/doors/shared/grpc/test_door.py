"""One connection: what breaks HTTP/2's rules, time, pressure, leaving, deliveries that come too late."""

import pytest
from tests.doors.shared.grpc.client import Client, World
from tests.doors.shared.grpc.echo import Text
from tests.fakes import node
from tests.wire.http2.peer import HELLO, data, frames_of, headers

from dragoman.doors.shared.grpc import door as module
from dragoman.doors.shared.grpc import link
from dragoman.doors.shared.grpc.call import Reply
from dragoman.doors.shared.grpc.keepalive import ANSWER_MS, QUIET_MS
from dragoman.kernel.api import Address, DeclareQueue, DeleteQueue, Publish
from dragoman.model.levels import CANONICAL
from dragoman.wire.http2.errors import ENHANCE_YOUR_CALM, PROTOCOL_ERROR, SETTINGS_TIMEOUT
from dragoman.wire.http2.frames import CONTINUATION, GOAWAY, PING, frame


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def client(world: World) -> Client:
    return Client(world)


def goaway_of(sent: bytes) -> int | None:
    codes = [payload[4:8] for kind, _, _, payload in frames_of(sent) if kind == GOAWAY]
    return int.from_bytes(codes[0], "big") if codes else None


def test_what_breaks_a_rule_is_told_so_and_lingers_a_little(client: Client, world: World) -> None:
    client.say("wait")
    client.give(frame(CONTINUATION, 0, 1, b""))
    assert goaway_of(client.sent()) == PROTOCOL_ERROR
    assert world.echo.waiting[0].is_abandoned
    assert not client.is_closed
    client.give(headers(9))  # not looked at any more
    world.advance(module.LINGER_MS)
    assert client.is_closed


def test_a_preface_that_never_comes_whole_is_given_up(world: World) -> None:
    slow = node.Connection(world, world.make_door)
    slow.give(HELLO[:10])
    world.advance(module.AMID_MS)
    assert goaway_of(slow.sent()) == SETTINGS_TIMEOUT
    world.advance(module.LINGER_MS)
    assert slow.is_closed


def test_a_connection_without_calls_is_told_to_go(client: Client, world: World) -> None:
    client.say("hi")
    world.advance(module.IDLE_MS - 1)
    client.exchange()
    assert not client.is_closed
    world.advance(1)
    client.exchange()
    assert client.is_told_to_go and client.is_closed


def test_pings_without_reason_are_too_many(client: Client, world: World) -> None:
    for _ in range(4):
        world.clock.now_ms += 100
        client.give(frame(PING, 0, 0, bytes(8)))
    assert goaway_of(client.sent()) == ENHANCE_YOUR_CALM


def test_a_peer_that_says_nothing_is_asked_and_given_up(client: Client, world: World) -> None:
    client.call("Talk", Text(text="tick"))
    number = client.open("Talk")
    client.send(number, Text(text="a"))
    world.advance(QUIET_MS)
    assert (PING, 0, 0, bytes(8)) in frames_of(client.sent())
    world.advance(ANSWER_MS)
    assert client.is_closed
    assert world.echo.streams[-1].is_abandoned


def test_a_peer_that_does_not_take_its_answers_is_served_no_more_until_it_does(
    world: World,
) -> None:
    client = Client(world)
    client.acknowledges = False
    size = link.UNSENT_BYTES_MAX // 2
    for _ in range(3):
        client.say("large", data=bytes(size))
    assert len(world.echo.calls) == 3
    last = client.say("late")
    assert len(world.echo.calls) == 3
    assert not last.is_ended
    client.h2.increment_flow_control_window(1 << 24)
    for number in (1, 3, 5):
        client.h2.increment_flow_control_window(1 << 23, number)
    client.exchange()
    world.advance(1)
    client.exchange()
    assert last.texts == ["late"]


def test_a_peer_that_never_takes_them_is_given_up(world: World) -> None:
    client = Client(world)
    client.acknowledges = False
    client.say("large", data=bytes(1_000_000))
    for _ in range(4):
        world.advance(module.STALL_MS // 2)
    assert goaway_of(client.sent()) == ENHANCE_YOUR_CALM


def test_deliveries_for_a_call_that_is_over_go_back_to_their_queue(
    client: Client, world: World
) -> None:
    client.session.submit(DeclareQueue(name="q"))
    answer = client.say(
        "receive", headers=[(b"grpc-timeout", b"10m")]
    )  # its consumer is never cancelled
    world.advance(10)
    client.exchange()
    assert answer.is_ended
    client.session.publish(Publish("default", Address("q"), CANONICAL, [b"x"]))
    world.run()
    other = Client(world)
    again = other.say("receive")
    assert again.texts == ["delivered"]


def test_a_queue_that_goes_away_wakes_who_waits_for_it(client: Client, world: World) -> None:
    client.session.submit(DeclareQueue(name="q"))
    answer = client.say("receive")
    waiting = world.echo.waiting[0]
    waiting.reply = Reply(Text(text="gone"))
    client.session.submit(DeleteQueue(name="q"))
    world.run()
    client.exchange()
    assert answer.texts == ["gone"]


def test_leaving_with_nothing_open_closes_at_once(client: Client, world: World) -> None:
    client.door.shut("leaving")
    world.broker.touch(client.session)
    world.run()
    client.exchange()
    assert client.is_told_to_go and client.is_closed


def test_mutated_calls_never_fail_the_door(world: World) -> None:
    whole = headers(1) + data(1, b"\x00\x00\x00\x00\x04\x0a\x02hi", ends=True)
    for at in range(len(whole)):
        for byte in (0, 1, 0x7F, 0xFF, whole[at] ^ 0x10):
            client = node.Connection(world, world.make_door)
            client.give(HELLO + whole[:at] + bytes((byte,)) + whole[at + 1 :])
            client.close()
    assert world.faults == []
    assert Client(world).say("on").texts == ["on"]
