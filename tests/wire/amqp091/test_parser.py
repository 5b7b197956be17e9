import struct
from itertools import pairwise

import pika.spec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.wire.amqp091.reference import assert_grouped, said_by, said_in

from dragoman.wire.amqp091 import outgoing
from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.events import AckRun, Event, Heartbeat, MethodEvent, PublishRun
from dragoman.wire.amqp091.frames import HEARTBEAT_FRAME, frame, method_frame
from dragoman.wire.amqp091.methodcodec import encode_method
from dragoman.wire.amqp091.methods import (
    BasicDeliver,
    BasicGetOk,
    BasicNack,
    BasicPublish,
    BasicReturn,
    ChannelOpen,
    ConnectionTuneOk,
    Method,
    QueueDeclare,
)
from dragoman.wire.amqp091.parser import FrameParser
from dragoman.wire.amqp091.properties import encode_header

FRAME_MAX = 4096
KEY = b"\x00\x01q"


def a_parser(message_bytes_max: int = 20_000) -> FrameParser:
    return FrameParser(FRAME_MAX, 100, message_bytes_max)


def content(channel: int, method: Method, header: bytes, body: bytes) -> list[bytes]:
    """The frames of one message."""
    frames = [method_frame(channel, method), frame(2, channel, header)]
    step = FRAME_MAX - 8
    return frames + [frame(3, channel, body[at : at + step]) for at in range(0, len(body), step)]


def publish(
    key: str = "q",
    body: bytes = b"body",
    channel: int = 1,
    mandatory: bool = False,
    immediate: bool = False,
) -> bytes:
    method = BasicPublish(routing_key=key, mandatory=mandatory, immediate=immediate)
    return b"".join(content(channel, method, encode_header(len(body), {}), body))


headers: st.SearchStrategy[dict[str, object]] = st.sampled_from(
    [{}, {"delivery_mode": 2}, {"delivery_mode": 1}, {"message_id": "a"}, {"message_id": "b"}]
)
bodies = st.one_of(
    st.sampled_from([b"", b"x", b"yy", b"\xce" * 9, b"z" * 4088, b"z" * 4089, b"w" * 9000]),
    st.binary(max_size=40),
)
content_methods = st.one_of(
    st.builds(
        BasicPublish,
        reserved_1=st.just(0),
        exchange=st.sampled_from(["", "e"]),
        routing_key=st.sampled_from(["", "q", "k.é"]),
        mandatory=st.booleans(),
        immediate=st.sampled_from([False, False, True]),
    ),
    st.sampled_from([BasicReturn(), BasicDeliver(consumer_tag="c"), BasicGetOk()]),
)


@st.composite
def messages(draw: st.DrawFn, channel: int) -> list[bytes]:
    body = draw(bodies)
    header = encode_header(len(body), draw(headers))
    return content(channel, draw(content_methods), header, body)


def talks(channel: int) -> st.SearchStrategy[list[bytes]]:
    """The frames that one channel sends, in order."""
    acks = st.builds(outgoing.ack, st.just(channel), st.integers(0, 6), st.booleans())
    others = st.sampled_from([QueueDeclare(queue="q"), BasicNack(delivery_tag=2), ChannelOpen()])
    things = st.one_of(
        messages(channel),
        messages(channel).flatmap(lambda m: st.integers(1, 4).map(lambda n: m * n)),
        acks.map(lambda raw: [raw]),
        st.integers(1, 5).map(lambda n: [outgoing.ack(channel, t + 1, False) for t in range(n)]),
        others.map(lambda method: [method_frame(channel, method)]),
        st.just([HEARTBEAT_FRAME]),
    )
    return st.lists(things, max_size=6).map(lambda parts: [f for part in parts for f in part])


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """The frames of two channels, woven together."""
    left, right = draw(talks(1)), draw(talks(2))
    turns = draw(st.lists(st.booleans(), min_size=len(left) + len(right), max_size=200))
    woven = []
    for turn in turns:
        queue = (left or right) if turn else (right or left)
        if queue:
            woven.append(queue.pop(0))
    return woven + left + right


def feed(parser: FrameParser, pieces: list[bytes]) -> list[Event]:
    return [event for piece in pieces for event in parser.receive(piece)]


@settings(max_examples=40)
@given(streams())
def test_a_whole_buffer_says_what_its_frames_say(frames: list[bytes]) -> None:
    stream = b"".join(frames)
    events = a_parser().receive(stream)
    assert said_by(events) == said_in(stream)
    assert_grouped(events)


@settings(max_examples=40)
@given(streams(), st.data())
def test_any_cut_of_the_stream_says_the_same(frames: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(frames)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    edges = [0, *cuts, len(stream)]
    pieces = [stream[start:stop] for start, stop in pairwise(edges)]
    assert said_by(feed(a_parser(), pieces)) == said_in(stream)


@settings(max_examples=40)
@given(streams().filter(lambda frames: sum(map(len, frames)) < 3000))
def test_one_byte_at_a_time_says_the_same(frames: list[bytes]) -> None:
    stream = b"".join(frames)
    pieces = [stream[at : at + 1] for at in range(len(stream))]
    assert said_by(feed(a_parser(), pieces)) == said_in(stream)


@settings(max_examples=40)
@given(streams(), st.integers(1, 20))
def test_a_tail_waits_for_the_rest(frames: list[bytes], cut: int) -> None:
    stream = b"".join(frames)
    last = publish("tail", b"tail" * 10)
    parser = a_parser()
    first = parser.receive(stream + last[:-cut])
    rest = parser.receive(last[-cut:])
    assert said_by(first) == said_in(stream)
    assert said_by(rest) == said_in(last)


@settings(max_examples=40)
@given(streams(), st.data())
def test_damaged_streams_end_in_an_amqp_error_or_say_something_else(
    frames: list[bytes], data: st.DataObject
) -> None:
    stream = bytearray(b"".join(frames) + publish())
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(stream)))
    parser = a_parser()
    events = feed(parser, [bytes(stream[:cut]), bytes(stream[cut:])])
    said_by(events)
    fatal = [
        event for event in events if isinstance(event, AmqpError) and event.is_connection_error
    ]
    assert len(fatal) <= 1
    assert parser.failed == bool(fatal)
    if fatal:
        assert events[-1] is fatal[0]
        assert parser.receive(publish()) == []


@given(st.binary(max_size=300))
@example(b"\x01\x00\x01\x00\x00\x00\x00\xce")
@example(b"\x01\x00\x01\x00\x00\x00\x0a\x00\x3c\x00\x28\x00\x00\x00\x00\x00\x00\xce")
def test_any_bytes_at_all_give_nothing_worse_than_an_amqp_error(data: bytes) -> None:
    said_by(a_parser().receive(data))


def test_publishes_with_one_key_are_one_run_and_another_key_starts_another() -> None:
    events = a_parser().receive(publish("a", b"1") + publish("a", b"22") + publish("b", b"3"))
    first, second = events
    assert isinstance(first, PublishRun)
    assert isinstance(second, PublishRun)
    assert (first.key_raw, first.bodies) == (b"\x00\x01a", [b"1", b"22"])
    assert (second.key_raw, second.bodies) == (b"\x00\x01b", [b"3"])
    assert outgoing.split_key(first.key_raw) == (b"", b"a")


def test_a_run_goes_on_after_a_message_of_several_frames() -> None:
    large = b"L" * 10_000
    data = publish(body=b"1") + publish(body=large) + publish(body=b"") + publish(body=b"2")
    (run,) = a_parser().receive(data)
    assert isinstance(run, PublishRun)
    assert run.bodies == [b"1", large, b"", b"2"]


def test_mandatory_and_immediate_are_told_and_split_runs() -> None:
    events = a_parser().receive(publish(mandatory=True) + publish(immediate=True))
    bits = [(e.mandatory, e.immediate) for e in events if isinstance(e, PublishRun)]
    assert bits == [(True, False), (False, True)]


def test_single_acks_of_neighbouring_tags_become_one_span() -> None:
    tags = [(1, False), (2, False), (3, False), (7, False), (9, True), (10, False), (0, True)]
    (run,) = a_parser().receive(b"".join(outgoing.ack(1, tag, many) for tag, many in tags))
    assert isinstance(run, AckRun)
    assert run.spans == [
        (1, 3, False),
        (7, 7, False),
        (9, 9, True),
        (10, 10, False),
        (0, 0, True),
    ]


def test_bytes_that_pika_writes_are_understood() -> None:
    method = pika.spec.Basic.Publish(exchange="e", routing_key="k", mandatory=True)
    header = pika.frame.Header(1, 4, pika.spec.BasicProperties(delivery_mode=2, headers={"a": 1}))
    data = pika.frame.Method(1, method).marshal() + header.marshal()
    data += pika.frame.Body(1, b"body").marshal() + pika.frame.Heartbeat().marshal()
    run, beat = a_parser().receive(data)
    assert isinstance(run, PublishRun)
    assert isinstance(beat, Heartbeat)
    assert (run.key_raw, run.mandatory, run.bodies) == (b"\x01e\x01k", True, [b"body"])
    assert run.headers == [header.marshal()[7:-1]]


def test_a_run_ends_at_the_first_bad_frame_end_and_keeps_what_was_good() -> None:
    for good in (publish(), outgoing.ack(1, 5, False)):
        run, error = a_parser().receive(good * 3 + good[:-1] + b"\x00" + good)
        assert isinstance(run, PublishRun | AckRun)
        assert isinstance(error, AmqpError)
        assert len(said_by([run])) == 3
        assert error.code == 501


def test_what_came_before_a_mistake_is_kept() -> None:
    events = a_parser().receive(publish() + b"\x09\x00\x00\x00\x00\x00\x00\xce" + publish())
    assert isinstance(events[0], PublishRun)
    assert isinstance(events[1], AmqpError)
    assert len(events) == 2


# Probed on RabbitMQ 3.10.8: the codes, and the class and method blamed.
H3 = encode_header(3, {})
PUB = method_frame(1, BasicPublish(routing_key="q"))
MISTAKES = {
    "bad frame end": (PUB[:-1] + b"\x00", (501, 0, 0)),
    "frame above frame-max": (struct.pack(">BHI", 3, 1, FRAME_MAX - 7), (501, 0, 0)),
    "unknown frame type": (frame(7, 1, b"abc"), (501, 0, 0)),
    "header without method": (frame(2, 1, H3), (505, 0, 0)),
    "body without method": (frame(3, 1, b"abc"), (505, 0, 0)),
    "method for header": (PUB + PUB, (505, 60, 40)),
    "ack for header": (PUB + outgoing.ack(1, 1, False), (505, 60, 40)),
    "body for header": (PUB + frame(3, 1, b"abc"), (505, 60, 40)),
    "method for body": (PUB + frame(2, 1, H3) + PUB, (505, 60, 40)),
    "header of another class": (PUB + frame(2, 1, b"\x00\x32" + H3[2:]), (505, 60, 40)),
    "header with a weight": (PUB + frame(2, 1, H3[:3] + b"\x01" + H3[4:]), (505, 60, 40)),
    "more body than promised": (PUB + frame(2, 1, H3) + frame(3, 1, b"abcd"), (501, 60, 40)),
    "header cut short": (PUB + frame(2, 1, b"\x00\x3c\x00"), (501, 0, 0)),
    "method frame without method": (frame(1, 1, b"\x00\x3c"), (501, 0, 0)),
    "key longer than the frame": (frame(1, 1, b"\x00\x3c\x00\x28\x00\x00\x09ab"), (501, 60, 40)),
    "octets after the bits": (frame(1, 1, encode_method(BasicPublish()) + b"z"), (501, 60, 40)),
    "short ack": (frame(1, 1, b"\x00\x3c\x00\x50\x00"), (501, 60, 80)),
    "publish on channel 0": (method_frame(0, BasicPublish()), (504, 60, 40)),
    "content on channel 0": (frame(2, 0, H3), (505, 0, 0)),
    "connection method on a channel": (method_frame(1, ConnectionTuneOk()), (503, 10, 31)),
    "channel above channel-max": (method_frame(101, ChannelOpen()), (504, 0, 0)),
    "publish above channel-max": (publish(channel=101), (504, 0, 0)),
    "heartbeat on a channel": (frame(8, 1, b""), (505, 0, 0)),
    "heartbeat with a payload": (frame(8, 0, b"abc"), (501, 0, 0)),
    "unknown method": (frame(1, 1, b"\x00\x3c\x03\xe7"), (503, 60, 999)),
}


@pytest.mark.parametrize(("data", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_gets_rabbitmqs_code_and_culprit(
    data: bytes, expected: tuple[int, int, int]
) -> None:
    parser = a_parser()
    error = parser.receive(data)[-1]
    assert isinstance(error, AmqpError)
    assert (error.code, error.class_id, error.method_id) == expected
    assert error.is_connection_error
    assert parser.failed


def test_the_largest_frame_is_allowed() -> None:
    (run,) = a_parser().receive(publish(body=bytes(FRAME_MAX - 8)))
    assert isinstance(run, PublishRun)


def test_a_frame_size_is_refused_before_its_bytes_come() -> None:
    (error,) = a_parser().receive(b"\x01\x00\x01\xff\xff\xff\xff")
    assert isinstance(error, AmqpError)
    assert error.code == 501


def test_a_message_above_the_limit_is_refused_on_its_channel_and_skipped() -> None:
    parser = a_parser(message_bytes_max=5000)
    events = parser.receive(publish(body=bytes(9000)) + publish(body=b"next"))
    error, run = events
    assert isinstance(error, AmqpError)
    assert (error.code, error.is_connection_error, error.channel) == (406, False, 1)
    assert error.text == "message size 9000 is larger than configured max size 5000"
    assert isinstance(run, PublishRun)
    assert run.bodies == [b"next"]


def test_a_method_may_follow_a_refused_header_at_once() -> None:
    parser = a_parser(message_bytes_max=2)
    data = PUB + frame(2, 1, H3) + method_frame(1, ChannelOpen())
    error, event = parser.receive(data)
    assert isinstance(error, AmqpError)
    assert isinstance(event, MethodEvent)


def test_a_small_message_above_a_smaller_limit_is_refused_too() -> None:
    (error,) = a_parser(message_bytes_max=2).receive(publish(body=b"abc"))
    assert isinstance(error, AmqpError)
    assert error.code == 406


def test_unfinished_contents_of_all_channels_together_are_bounded() -> None:
    parser = a_parser(message_bytes_max=4088)
    half = content(1, BasicPublish(), encode_header(4088, {}), bytes(4087))
    codes = []
    for channel in range(1, 12):
        pieces = [struct.pack(">BH", f[0], channel) + f[3:] for f in half]
        codes += [e.code for e in feed(parser, pieces) if isinstance(e, AmqpError)]
    assert codes == [506]


def test_a_closed_channels_unfinished_content_can_be_forgotten() -> None:
    parser = a_parser()
    parser.receive(PUB + frame(2, 1, H3))
    parser.forget_channel(1)
    parser.forget_channel(2)
    (event,) = parser.receive(method_frame(1, ChannelOpen()))
    assert isinstance(event, MethodEvent)


def test_limits_can_be_retuned_between_reads() -> None:
    parser = a_parser()
    parser.retune(8192, 200)
    whole = publish(body=b"")
    run, more = parser.receive(whole + publish(channel=150, body=b""))
    assert isinstance(run, PublishRun)
    assert isinstance(more, PublishRun)
    parser.retune(0, 0)
    assert parser.receive(struct.pack(">BHI", 3, 1, 2**31)) == []


def test_a_large_body_in_small_reads_costs_no_more_than_its_bytes() -> None:
    parser = FrameParser(131_072, 0, 1 << 24)
    body = bytes(1 << 20)
    header = encode_header(len(body), {})
    data = outgoing.publish_run(1, KEY, False, [header], [body], 131_072)
    events = feed(parser, [data[at : at + 1000] for at in range(0, len(data), 1000)])
    (run,) = events
    assert isinstance(run, PublishRun)
    assert run.bodies == [body]
    assert parser._tail == []
