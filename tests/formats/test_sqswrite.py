"""Messages of other protocols as SQS shows them: fields in their native places, ten attributes at most."""

from hypothesis import given
from tests.formats.strategies import messages

from dragoman import formats
from dragoman.formats import sqs
from dragoman.formats.meta import META_NAME
from dragoman.formats.options import RenderOptions
from dragoman.formats.sqswrite import ATTRIBUTES_MAX
from dragoman.model.levels import SQS
from dragoman.model.message import Dead, Delivery, Message, Typed


def shown(
    message: Message, delivery: Delivery | None = None
) -> tuple[sqs.SqsMessage, dict[str, tuple[str, bytes]]]:
    (entry,) = formats.render([(message, delivery)], SQS, RenderOptions("orders"))
    raw = sqs.unpack(entry)
    found = sqs.unpack_attributes(raw.attributes)
    return raw, {name.decode(): (kind.decode(), value) for name, kind, _, value in found}


def test_every_field_has_its_place() -> None:
    message = Message("hé".encode(), [("tier", "gold"), ("price", 149.9), ("raw", b"\xff")])
    message.content_type = "text/plain"
    message.id = "m1"
    message.correlation = "c1"
    message.created_at_ms = 1234
    message.group = "g"
    message.dedup = "d"
    message.key = b"k"
    message.durable = True
    raw, found = shown(message)
    assert (raw.id, raw.body, raw.group, raw.dedup) == (sqs.NO_ID, message.body, b"g", b"d")
    assert found == {
        "content-type": ("String", b"text/plain"),
        "message-id": ("String", b"m1"),
        "correlation-id": ("String", b"c1"),
        "creation-time": ("Number.timestamp", b"1234"),
        "x-partition-key": ("String", b"k"),
        "tier": ("String", b"gold"),
        "price": ("Number.f64", b"149.9"),
        "raw": ("Binary", b"\xff"),
    }


def test_a_body_that_is_no_text_goes_as_base64() -> None:
    for body, text in ((b"\xff\xfe", b"//4="), (b"a\0b", b"YQBi")):
        raw, found = shown(Message(body))
        assert (raw.body, found["dragoman-body"]) == (text, ("String", b"base64"))


def test_an_event_and_a_trace_are_attributes() -> None:
    message = Message(b"x")
    message.event = {"specversion": "1.0", "id": "1", "n": Typed("i32", 5)}
    message.trace = ("00-a-b-01", "k=v")
    _, found = shown(message)
    assert (found["ce-id"], found["ce-n"]) == (("String", b"1"), ("Number.i32", b"5"))
    assert (found["traceparent"], found["tracestate"]) == (
        ("String", b"00-a-b-01"),
        ("String", b"k=v"),
    )
    message.event["subject"] = ""  # what is never empty: none of the event is written
    _, found = shown(message)
    assert not any(name.startswith("ce-") for name in found)
    assert META_NAME in found


@given(messages())
def test_there_are_never_more_than_ten_attributes_and_all_are_allowed(message: Message) -> None:
    _, found = shown(message)
    assert len(found) <= ATTRIBUTES_MAX
    assert all(value for _, value in found.values())


def test_the_queue_of_a_dead_letter_is_known() -> None:
    dead = Delivery(1, Dead("rejected", "orders", 5))
    assert shown(Message(b"x"), dead)[0].source == b"orders"
    died = Message(b"x", [("x-death", [{"queue": "orders"}])])
    assert shown(died)[0].source == b"orders"
    odd = Message(b"x", [("x-death", [{"queue": 5}])])
    assert shown(odd)[0].source == b""


def test_a_group_that_sqs_cannot_show_is_not_shown() -> None:
    for group in ("", "a\0", "x" * 2_000, "\ud800"):
        message = Message(b"x")
        message.group = group
        assert shown(message)[0].group == b""
