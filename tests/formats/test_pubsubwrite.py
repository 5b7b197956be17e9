"""Messages of other protocols as Pub/Sub shows them: fields in their native places, all else text."""

from hypothesis import given
from tests.formats.strategies import messages

from dragoman import formats
from dragoman.formats.meta import META_NAME
from dragoman.formats.options import RenderOptions
from dragoman.formats.pubsub import PubsubMessage, unpack
from dragoman.formats.pubsubwrite import ATTRIBUTES_MAX, is_name
from dragoman.model.levels import PUBSUB
from dragoman.model.message import Message, Typed


def shown(message: Message) -> tuple[PubsubMessage, dict[str, str]]:
    (entry,) = formats.render([(message, None)], PUBSUB, RenderOptions("orders"))
    raw = unpack(entry)
    return raw, {name.decode(): value.decode() for name, value in raw.attributes}


def test_every_field_has_its_place() -> None:
    message = Message(b"\xff", [("tier", "gold"), ("price", "149.9")])
    message.content_type = "text/plain"
    message.id = "m1"
    message.correlation = "c1"
    message.created_at_ms = 1714564800250
    message.group = "g"
    message.key = b"k"
    raw, found = shown(message)
    assert (raw.data, raw.ordering_key) == (b"\xff", b"g")
    assert found == {
        "content-type": "text/plain",
        "message-id": "m1",
        "correlation-id": "c1",
        "creation-time": "2024-05-01T12:00:00.250Z",
        "x-partition-key": "k",
        "tier": "gold",
        "price": "149.9",
    }


def test_values_that_are_no_text_are_shown_as_text_and_remembered() -> None:
    _, found = shown(Message(b"x", [("price", 149.9), ("n", Typed("u8", 3)), ("on", True)]))
    assert (found["price"], found["n"], found["on"]) == ("149.9", "3", "true")
    assert META_NAME in found


def test_a_message_without_a_group_is_ordered_by_its_key() -> None:
    message = Message(b"x")
    message.key = b"k"
    raw, found = shown(message)
    assert (raw.ordering_key, found) == (b"k", {"x-partition-key": "k"})
    message.key = b"\xff\xfe"
    assert shown(message)[0].ordering_key == b"__4"


def test_an_event_and_a_trace_are_attributes() -> None:
    message = Message(b"x")
    message.event = {"id": "1", "specversion": "1.0", "subject": ""}
    message.trace = ("00-a-b-01", "k=v")
    _, found = shown(message)
    assert found == {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-subject": "",
        "traceparent": "00-a-b-01",
        "tracestate": "k=v",
    }


def test_names_that_google_keeps_for_itself_are_not_written() -> None:
    _, found = shown(Message(b"x", [("google", "a"), ("googclient_x", "b"), ("", "c")]))
    assert set(found) == {"googclient_x", META_NAME}


@given(messages())
def test_what_is_written_is_allowed(message: Message) -> None:
    raw, found = shown(message)
    assert len(found) <= ATTRIBUTES_MAX
    assert all(is_name(name) for name, _ in raw.attributes)


def test_what_is_too_much_travels_in_one_attribute() -> None:
    many = Message(b"x", [(f"h{index}", "v") for index in range(105)])
    _, found = shown(many)
    assert len(found) == ATTRIBUTES_MAX
    (entry,) = formats.render([(many, None)], PUBSUB, RenderOptions("orders"))
    assert list(formats.decode(PUBSUB, entry).headers) == list(many.headers)
