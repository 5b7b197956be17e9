import pytest

from dragoman.wire.amqp091.contents import Contents, is_key, run_for
from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.events import Content, Event, PublishRun
from dragoman.wire.amqp091.methodcodec import encode_method
from dragoman.wire.amqp091.methods import BasicAck, BasicDeliver, BasicPublish
from dragoman.wire.amqp091.properties import encode_header


def test_a_method_without_content_is_left_to_others() -> None:
    assert not Contents(100).take(1, 1, encode_method(BasicAck()), [])


def test_a_content_is_complete_with_its_last_body() -> None:
    contents = Contents(100)
    events: list[Event] = []
    assert contents.take(1, 1, encode_method(BasicDeliver(consumer_tag="c")), events)
    assert contents.holds(1)
    contents.take(2, 1, encode_header(4, {}), events)
    contents.take(3, 1, b"ab", events)
    contents.take(3, 1, b"", events)
    assert events == []
    contents.take(3, 1, b"cd", events)
    (content,) = events
    assert isinstance(content, Content)
    assert content.body == b"abcd"
    assert content.method == BasicDeliver(consumer_tag="c")
    assert not contents.holds(1)


def test_contents_of_two_channels_do_not_mix() -> None:
    contents = Contents(100)
    events: list[Event] = []
    for channel in (1, 2):
        contents.take(1, channel, encode_method(BasicPublish(routing_key="k")), events)
    for channel in (1, 2):
        contents.take(2, channel, encode_header(1, {}), events)
    for channel in (2, 1):
        contents.take(3, channel, bytes([channel]), events)
    assert [(e.channel, e.bodies) for e in events if isinstance(e, PublishRun)] == [
        (2, [b"\x02"]),
        (1, [b"\x01"]),
    ]


def test_a_publish_whose_key_does_not_fit_is_refused_before_its_header() -> None:
    with pytest.raises(AmqpError):
        Contents(100).take(1, 1, b"\x00\x3c\x00\x28\x00\x00", [])


@pytest.mark.parametrize(
    ("raw", "good"),
    [(b"\x00\x00", True), (b"\x01e\x01k", True), (b"", False), (b"\x00", False), (b"\x02e", False),
     (b"\x01e\x02k", False), (b"\x00\x00\x00", False)],
)  # fmt: skip
def test_a_key_is_two_shortstrs_and_nothing_else(raw: bytes, good: bool) -> None:
    assert is_key(raw, 0, len(raw)) is good


def test_only_the_last_event_can_be_continued() -> None:
    run = PublishRun(1, b"\x00\x01q", False, False)
    assert run_for([run], 1, b"\x00\x01q", 0) is run
    assert run_for([run], 1, b"\x00\x01q", 1) is not run
    assert run_for([run], 2, b"\x00\x01q", 0) is not run
    assert run_for([run, AmqpError(501, "x")], 1, b"\x00\x01q", 0) is not run
