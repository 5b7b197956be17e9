"""The kernel's questions about stored bytes, answered for every format."""

import pytest

from dragoman import formats
from dragoman.formats.amqpedit import AmqpMessage
from dragoman.formats.options import RenderOptions
from dragoman.formats.translator import FormatTranslator
from dragoman.model.levels import AMQP091, AMQP10, CANONICAL, KAFKA, SQS
from dragoman.model.message import Message
from dragoman.ports.translator import Change
from dragoman.wire.kafka.records import BatchBuilder, read_records

ASK = FormatTranslator()
FORMATS = (AMQP091, AMQP10, KAFKA, SQS, CANONICAL)


def message() -> Message:
    found = Message(b"x", [("a", "1"), ("b", "2")])
    found.type = "t"
    found.created_at_ms = 5000
    found.durable = True
    return found


def entry_of(format_: int) -> bytes:
    return formats.render([(message(), None)], format_, RenderOptions("key"))[0]


@pytest.mark.parametrize("format_", FORMATS)
def test_headers_and_attributes_are_found(format_: int) -> None:
    fields = ASK.fields(format_, entry_of(format_), 0)
    assert {name: fields.headers[name] for name in "ab"} == {"a": "1", "b": "2"}
    assert fields.attribute("type") == "t"
    assert fields.attribute("created_at") == 5000
    assert fields.attribute("copy") is None
    assert fields.attribute("nothing") is None


def test_headers_that_the_envelope_takes_for_fields_are_there_for_filters() -> None:
    given = Message(b"x")
    given.key = b"k"
    given.event = {"specversion": "1.0", "type": "t"}
    (entry,) = formats.render([(given, None)], AMQP091, RenderOptions("key"))
    found = ASK.fields(AMQP091, entry, 0).headers
    assert (found["x-partition-key"], found["ce-type"]) == ("k", "t")


def test_a_batch_opens_to_batches_of_one() -> None:
    builder = BatchBuilder()
    for n in range(3):
        builder.add(b"k", b"%d" % n, n, [("a", b"\xff"), ("type", b"t")])
    format_, bodies = ASK.open_batch(KAFKA, builder.build(4))
    assert format_ == KAFKA
    found = [read_records(body)[0] for body in bodies]
    assert [(one.key, one.value, one.timestamp_ms) for one in found] == [
        (b"k", b"%d" % n, n) for n in range(3)
    ]
    assert found[0].headers == [("a", b"\xff"), ("type", b"t")]


def test_only_rabbitmqs_messages_have_a_routing_key() -> None:
    assert [ASK.route_key(format_, entry_of(format_)) for format_ in FORMATS] == [
        "key",
        "",
        "",
        "",
        "",
    ]


@pytest.mark.parametrize("format_", FORMATS)
def test_headers_are_set_and_all_else_is_kept(format_: int) -> None:
    same, changed = ASK.with_headers(format_, entry_of(format_), (("b", "two"), ("c", "3")))
    assert same == format_
    found = formats.decode(format_, changed)
    assert sorted(found.headers) == [("a", "1"), ("b", "two"), ("c", "3")]
    assert (found.type, found.created_at_ms, found.body) == ("t", 5000, b"x")


@pytest.mark.parametrize("format_", FORMATS)
def test_an_action_changes_headers_and_fields_of_any_message(format_: int) -> None:
    change = Change()
    change.headers = {"b": 5, "a": None, "c": True}
    change.fields = {"type": "other", "group": "s"}
    now, changed = ASK.changed(format_, entry_of(format_), change)
    assert now == (AMQP10 if format_ == AMQP10 else CANONICAL)
    found = formats.decode(now, changed)
    assert sorted(found.headers) == [("b", 5), ("c", True)]
    assert (found.type, found.group, found.body) == ("other", "s", b"x")


def test_an_amqp_message_taken_apart_and_put_together_is_the_same_bytes() -> None:
    entry = entry_of(AMQP091)
    assert AmqpMessage(entry).encode() == entry
    apart = AmqpMessage(entry)
    apart.set_header("new", 1)
    apart.remove_header("new")
    assert apart.encode() == entry
    assert apart.header("nothing") is None
