"""The loss rule as a whole: whatever a message says survives any chain of protocols, unless an app changes it."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.formats.strategies import PLAIN_HEADERS, VALUES, messages

from dragoman import formats
from dragoman.formats.meta import META_NAME
from dragoman.formats.options import RenderOptions
from dragoman.formats.sqsvalues import is_legal
from dragoman.model.levels import (
    AMQP091,
    AMQP10,
    CANONICAL,
    CLOUDEVENT,
    EVENTGRID,
    KAFKA,
    PUBSUB,
    SQS,
)
from dragoman.model.message import CARRIED_FIELDS, Header, Message, Typed, differences

CARRIED = (*CARRIED_FIELDS, "headers")
FORMATS = st.sampled_from([KAFKA, AMQP091, AMQP10, SQS, PUBSUB, CLOUDEVENT, EVENTGRID])
EXAMPLES = 2 * settings().max_examples  # the profile says how hard to search


def hop(message: Message, format: int, now_ms: int = 0) -> Message:
    """Out to a protocol and in again, as a client that forwards what it got would do."""
    options = RenderOptions("orders", now_ms)
    (entry,) = formats.render([(message, None)], format, options)
    assert options.dropped_count == 0
    return formats.decode(format, entry, 0, now_ms)


def stated(message: Message) -> Message:
    """What every record, event and message of SQS and Pub/Sub states of itself: that it is kept."""
    message = message.copy()
    if message.durable is None:
        message.durable = True
    return message


@settings(max_examples=EXAMPLES)
@given(messages())
def test_a_message_survives_kafka(message: Message) -> None:
    assert differences(hop(message, KAFKA), stated(message), CARRIED) == []


@settings(max_examples=EXAMPLES)
@given(messages())
@example(Message(b"", [("a", "\udcc3\udca9"), ("\udcc3\udca9", "a"), ("a", Typed("u64", 1 << 63))]))
def test_a_message_survives_rabbitmq(message: Message) -> None:
    assert differences(hop(message, AMQP091), message, CARRIED) == []


@settings(max_examples=EXAMPLES)
@given(messages())
def test_a_message_survives_amqp_1_0(message: Message) -> None:
    assert differences(hop(message, AMQP10), message, CARRIED) == []


@given(messages())
def test_a_message_survives_as_a_cloud_event(message: Message) -> None:
    assert differences(hop(message, CLOUDEVENT), stated(message), CARRIED) == []


@given(messages())
def test_a_message_survives_in_event_grids_schema(message: Message) -> None:
    assert differences(hop(message, EVENTGRID), stated(message), CARRIED) == []


@settings(max_examples=EXAMPLES)
@given(messages())
def test_a_message_survives_sqs(message: Message) -> None:
    assert differences(hop(message, SQS), stated(message), CARRIED) == []


@settings(max_examples=EXAMPLES)
@given(messages())
def test_a_message_survives_pubsub(message: Message) -> None:
    assert differences(hop(message, PUBSUB), stated(message), CARRIED) == []


@settings(max_examples=EXAMPLES)
@given(messages(), st.lists(FORMATS, min_size=2, max_size=5))
def test_a_message_survives_a_chain_of_protocols(message: Message, chain: list[int]) -> None:
    found = message
    for each in chain:
        found = hop(found, each)
    expected = message if {AMQP091, AMQP10} >= set(chain) else stated(message)
    assert differences(found, expected, CARRIED) == []


@given(messages(), st.integers(0, 4_000_000_000_000))
def test_lives_and_delays_survive_whatever_the_time_is(message: Message, now_ms: int) -> None:
    assert differences(hop(message, AMQP091, now_ms), message, CARRIED) == []


@given(messages())
def test_the_canonical_form_keeps_everything(message: Message) -> None:
    message.user = "guest"
    message.origin = ("amqp091", "orders", -1, "x")
    assert hop(message, CANONICAL) == message


@given(messages(fields={}, headers=PLAIN_HEADERS), st.lists(FORMATS, min_size=2, max_size=4))
def test_the_quick_way_and_the_thorough_way_write_the_same_fields(
    message: Message, chain: list[int]
) -> None:
    quick = hop(message, chain[0])
    thorough = message.copy()
    thorough.expires_at_ms = 5_000  # no quick way for it in either protocol
    slow = hop(thorough, chain[0])
    slow.expires_at_ms = None
    assert differences(quick, slow, CARRIED) == []


@given(
    st.sampled_from([KAFKA, AMQP091, SQS, PUBSUB]),
    st.lists(st.tuples(st.sampled_from("abc"), VALUES), min_size=1, max_size=6),
)
def test_duplicates_and_types_come_back_in_order(format: int, headers: list[Header]) -> None:
    assert hop(Message(b"", headers), format) == stated_as(format, Message(b"", headers))


def stated_as(format: int, message: Message) -> Message:
    if format in (KAFKA, SQS, PUBSUB):
        return stated(message)
    message.origin = ("amqp091", "orders", -1, "")
    return message


@given(st.sampled_from([KAFKA, AMQP091, SQS, PUBSUB]), PLAIN_HEADERS)
def test_headers_that_are_text_need_no_meta(format: int, headers: list[Header]) -> None:
    ours = dict(headers)
    ours.pop("type", None)
    ours.pop("x-group-id", None)
    if format == SQS:  # never empty there, and of XML's characters
        ours = {name: text for name, text in ours.items() if text and is_legal(text)}
    (entry,) = formats.render(
        [(Message(b"x", list(ours.items())), None)], format, RenderOptions("q")
    )
    assert META_NAME.encode() not in entry
