"""The connection as a whole: channels, bad input, faults, cuts anywhere."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.doors.amqp091.client import Client, World, raw_key

from dragoman.doors.amqp091.door import METHODS_MAX, SLICE_BYTES
from dragoman.kernel.api import DescribeQueue
from dragoman.wire.amqp091 import methods as m
from dragoman.wire.amqp091.frames import PROTOCOL_HEADER, method_frame
from dragoman.wire.amqp091.outgoing import publish_run
from dragoman.wire.amqp091.properties import encode_header


def conversation(*, close: bool = True) -> bytes:
    """A whole client's bytes, pipelined."""
    frames = [
        PROTOCOL_HEADER,
        method_frame(0, m.ConnectionStartOk({}, "PLAIN", b"\0guest\0guest")),
        method_frame(0, m.ConnectionTuneOk(10, 4096, 0)),
        method_frame(0, m.ConnectionOpen("/")),
        method_frame(1, m.ChannelOpen()),
        method_frame(1, m.QueueDeclare(queue="q")),
        method_frame(1, m.ConfirmSelect()),
        publish_run(1, raw_key("", "q"), False, [encode_header(3, {})] * 3, [b"abc"] * 3, 4096),
        method_frame(1, m.BasicConsume(queue="q", consumer_tag="t")),
        method_frame(1, m.BasicAck(2, True)),
    ]
    if close:
        frames.append(method_frame(0, m.ConnectionClose(200, "bye", 0, 0)))
    return b"".join(frames)


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def test_a_pipelined_conversation_is_answered_in_order() -> None:
    client = World().connect(hello=False)
    client.wire.data_to_send()
    client.give(conversation(close=False))
    kinds = [type(found).__name__ for _, found in client.read()]
    assert kinds[:8] == [
        "ConnectionStart",
        "ConnectionTune",
        "ConnectionOpenOk",
        "ChannelOpenOk",
        "QueueDeclareOk",
        "ConfirmSelectOk",
        "BasicConsumeOk",
        "ChannelClose",  # tags 1 and 2 were not delivered yet when they were acknowledged
    ]


def answers_of_a_turn(client: Client) -> list[Any]:
    """One turn, and no more."""
    client.world.broker.timers.check()
    calls, client.world.scheduler.calls = client.world.scheduler.calls, []
    for call in calls:
        call()
    return [answer for _, answer in client.read()]


def served_a_turn(client: Client) -> list[int]:
    """How many answers come with each turn of the broker, until none does."""
    counts = [len(answers_of_a_turn(client))]
    while counts[-1]:
        counts.append(len(answers_of_a_turn(client)))
    return counts


def test_many_methods_in_one_read_take_their_turns_and_nothing_more_is_read_until_then() -> None:
    client = World().connect()
    client.declare("q")
    asked = 5 * METHODS_MAX
    data = method_frame(1, m.QueueDeclare(queue="q", passive=True)) * asked
    client.world.broker.begin_turn()
    client.door.receive(data)
    assert client.door.is_full()
    client.door.receive(data)
    assert client.door.is_full()
    client.world.broker.touch(client.session)
    counts = served_a_turn(client)
    assert sum(counts) == 2 * asked
    assert max(counts) == METHODS_MAX
    assert not client.door.is_full()


def test_what_comes_behind_many_methods_stays_behind_them() -> None:
    client = World().connect()
    for name in ("q", "end"):
        client.declare(name)
    frames = [method_frame(1, m.QueuePurge(queue="q"))] * (SLICE_BYTES // 10)
    publish_last = publish_run(1, raw_key("", "end"), False, [encode_header(1, {})], [b"x"], 4096)
    client.world.broker.begin_turn()
    client.door.receive(b"".join(frames) + publish_last)
    assert client.door.is_full()
    client.door.receive(method_frame(1, m.QueueDeclare(queue="end", passive=True)))
    client.world.broker.touch(client.session)
    answers = answers_of_a_turn(client)
    while more := answers_of_a_turn(client):
        answers += more
    assert len(answers) == len(frames) + 1
    assert answers[-1].message_count == 1


def test_publishes_and_acks_are_not_counted_as_methods() -> None:
    client = World().connect()
    client.declare("q")
    count = 4 * METHODS_MAX
    run = publish_run(
        1, raw_key("", "q"), False, [encode_header(1, {})] * count, [b"x"] * count, 4096
    )
    client.door.receive(run + method_frame(1, m.QueueDeclare(queue="q", passive=True)))
    assert not client.door.is_full()
    client.world.broker.touch(client.session)
    client.world.run()
    assert client.expect(m.QueueDeclareOk).message_count == count


@given(st.lists(st.integers(0, 1 << 20), max_size=12))
def test_wherever_the_bytes_are_cut_the_end_is_the_same(cuts: list[int]) -> None:
    whole, cut = World().connect(hello=False), World().connect(hello=False)
    data = conversation().replace(method_frame(1, m.BasicAck(2, True)), b"")
    whole.give(data)
    for piece in pieces_of(data, cuts):
        if piece:
            cut.give(piece)
    assert whole.shell.is_closed
    assert cut.shell.is_closed
    assert len(cut.world.kernel.state.holders) == 0
    for client in (whole, cut):
        info = client.session.submit(DescribeQueue(name="q"))
        assert (info.ready, info.leased, info.consumers) == (3, 0, 0)


@given(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=40), st.booleans())
def test_whatever_bytes_come_nothing_is_raised_and_another_client_is_served(
    at: int, noise: bytes, insert: bool
) -> None:
    world = World()
    client = world.connect(hello=False)
    data = conversation(close=False)
    at %= len(data)
    client.give(data[:at] + noise + data[at + (0 if insert else len(noise)) :])
    client.give(noise)
    other = world.connect()
    other.declare("other")
    other.publish(b"1", key="other")
    assert other.get("other") is not None


def test_after_a_connection_error_nothing_is_heard_but_the_close() -> None:
    world = World()
    client = world.connect()
    client.declare()
    client.send(1, m.ChannelOpen(), m.QueueDelete(queue="q"))
    client.publish(b"1")
    client.send(2, m.ChannelOpen())
    assert client.ended()[0] == 504
    client.nothing()
    assert not client.shell.is_closed
    client.send(0, m.ConnectionCloseOk())
    assert client.shell.is_closed
    assert world.connect().declare().message_count == 0


def test_a_client_that_never_answers_the_close_is_cut_off() -> None:
    world = World()
    client = world.connect()
    client.send(1, m.ChannelOpen())
    world.advance(5_000)
    assert client.shell.is_closed


def test_a_close_crossing_ours_is_answered() -> None:
    client = World().connect()
    client.send(1, m.ChannelOpen())
    client.ended()
    client.ask(m.ConnectionClose(200, "", 0, 0), m.ConnectionCloseOk, 0)
    assert client.shell.is_closed


def test_a_fault_of_ours_ends_this_connection_and_no_other() -> None:
    world = World()
    client, other = world.connect(), world.connect()

    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    client.door._channels[1].link.session = Broken()
    client.send(1, m.QueuePurge(queue="q"))
    assert client.ended()[0] == 541
    assert client.shell.is_closed
    other.declare()


def test_a_fault_while_delivering_ends_this_connection_alone() -> None:
    world = World()
    client, other = world.connect(), world.connect()
    client.declare()
    client.consume()
    client.door._channels[1].tag_next = 1 << 70  # no frame has room for it
    other.publish(b"1")
    assert client.ended()[0] == 541
    client.close()
    assert other.get() is not None


def test_no_command_of_this_door_is_promised_by_a_ticket() -> None:
    client = World().connect()
    client.door.answered(1, None)
    client.nothing()
