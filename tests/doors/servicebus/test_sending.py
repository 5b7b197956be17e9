"""What clients send: one by one, in batches, for later."""

import pytest
from tests.doors.servicebus.client import World
from tests.doors.shared.amqp10.client import message, message_of

from dragoman.doors.servicebus.definitions import with_note
from dragoman.kernel.api import AlterStream, StreamSettings
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import ACCEPTED, Header, Rejected
from dragoman.wire.amqp10.performatives import Detach, Transfer
from dragoman.wire.amqp10.values import Described, Symbol, Timestamp, ULong

BATCH = 0x80013700


def batch(*messages: bytes) -> bytes:
    return b"".join(encode(Described(ULong(0x75), each)) for each in messages)


def test_a_batch_is_its_messages_with_one_outcome() -> None:
    world = World()
    world.queue()
    client = world.azure()
    client.sender()
    payload = batch(message(b"1"), message(b"2"))
    client.say(Transfer(0, client.next_id, b"t", BATCH), payload=payload)
    assert client.outcomes() == [(1, 1, ACCEPTED)]
    client.receiver()
    assert client.bodies() == [b"1", b"2"]


@pytest.mark.parametrize("payload", [batch(message(b"1"), b"\x40"), message(b"1"), b"\x40"])
def test_a_batch_with_something_else_in_it_is_rejected_whole(payload: bytes) -> None:
    world = World()
    world.queue()
    client = world.azure()
    client.sender()
    client.say(Transfer(0, client.next_id, b"t", BATCH), payload=payload)
    ((_, _, state),) = client.outcomes()
    assert isinstance(state, Rejected)
    assert world.info().ready == 0


def test_a_message_without_an_id_is_given_one() -> None:
    world = World()
    world.queue()
    client = world.azure()
    client.sender()
    client.send(message(b"a", application={"n": 1}), message(b"b", message_id="mine"))
    client.receiver()
    first, second = (message_of(frame.payload) for frame in client.transfers())
    assert first.id and second.id == "mine" and first.headers == [("n", 1)]


def test_a_duplicate_is_accepted_and_dropped() -> None:
    world = World()
    world.declare("q", stream=StreamSettings(dedup_window_ms=60_000))
    client = world.azure()
    client.sender()
    client.send(message(message_id="same"), message(message_id="same"), message(message_id="new"))
    assert all(state == ACCEPTED for _, _, state in client.outcomes())
    assert world.info().ready == 2


def test_a_message_for_later_comes_at_its_time() -> None:
    world = World()
    world.queue()
    client = world.azure()
    client.sender()
    due = Timestamp(world.clock.now_ms + 5_000)
    client.send(message(b"later", annotations={Symbol("x-opt-scheduled-enqueue-time"): due}))
    assert client.outcomes()[0][2] == ACCEPTED
    client.receiver()
    assert client.bodies() == []
    world.advance(5_000)
    assert client.bodies() == [b"later"]


def test_a_message_lives_as_long_as_it_says() -> None:
    world = World()
    world.queue()
    client = world.azure()
    client.sender()
    client.send(message(b"x", Header(ttl=1_000)))
    world.advance(1_001)
    assert (world.info().ready, world.info("q/dead").ready) == (0, 1)


def test_an_entity_of_sessions_takes_nothing_without_one() -> None:
    world = World()
    world.queue(order="session")
    client = world.azure()
    client.sender()
    client.send(message(), message(group_id="s"), message(message_id="x" * 129, group_id="s"))
    found = [state for _, _, state in client.outcomes()]
    assert [type(state) for state in found] == [Rejected, type(ACCEPTED), Rejected]
    assert found[0].error.condition == "amqp:not-allowed"


def altered(world: World, name: str, **stream: object) -> None:
    settings = StreamSettings(**stream)  # type: ignore[arg-type]
    world.kernel.submit(AlterStream(name=name, settings=settings), world.kernel.open_session())


def test_an_entity_that_is_full_refuses_until_there_is_room() -> None:
    world = World()
    world.declare("q", stream=StreamSettings(stored_bytes_max=400))
    client = world.azure()
    client.sender()
    client.send(message(b"x" * 200), message(b"y" * 200))
    states = [state for _, _, state in client.outcomes()]
    assert [type(state) for state in states] == [Rejected]
    assert states[0].error.condition == "amqp:resource-limit-exceeded"


def test_a_disk_that_is_full_is_a_busy_server() -> None:
    world = World()
    world.queue()
    client = world.azure()
    client.sender()
    world.kernel.state.is_full = True
    client.send(message(b"x"))
    ((_, _, state),) = client.outcomes()
    assert state.error.condition == "com.microsoft:server-busy"
    world.kernel.state.is_full = False
    client.send(message(b"x"))
    assert client.outcomes() == [(2, 2, ACCEPTED)]


def test_a_link_that_is_open_minds_what_becomes_of_its_entity() -> None:
    world = World()
    world.declare("q")
    client = world.azure()
    client.sender()
    altered(world, "q", dedup_window_ms=60_000)
    client.send(message(message_id="same"), message(message_id="same"))
    client.heard()
    assert world.info().ready == 1
    altered(world, "q", notes=with_note({}, {"Status": "SendDisabled"}))
    client.send(message(b"x"))
    error = client.told(Detach).error
    assert error is not None
    assert error.condition == "com.microsoft:entity-disabled"


def test_a_message_that_is_too_large_is_rejected_and_the_link_stays() -> None:
    world = World()
    world.declare("q", stream=StreamSettings(message_bytes_max=400))
    client = world.azure()
    client.sender()
    client.send(message(b"x" * 500), message(b"y"))
    (_, _, large), (_, _, small) = client.outcomes()
    assert large.error.condition == "amqp:link:message-size-exceeded"
    assert small == ACCEPTED
    client.send(message(b"x" * 900))
    error = client.told(Detach).error
    assert error is not None
    assert error.condition == "amqp:link:message-size-exceeded"
