"""The package's own promise: any format to any other, the same format untouched, nothing but FormatError."""

from itertools import product

import pytest

from dragoman import formats
from dragoman.formats.errors import FormatError
from dragoman.formats.options import RenderOptions
from dragoman.model import levels
from dragoman.model.message import Message

FORMATS = (
    levels.CANONICAL,
    levels.KAFKA,
    levels.AMQP091,
    levels.AMQP10,
    levels.SQS,
    levels.PUBSUB,
    levels.CLOUDEVENT,
    levels.EVENTGRID,
)


def message() -> Message:
    found = Message(b'{"cup":1}', [("tier", "gold")])
    found.content_type = "application/json"
    found.type = "order"
    found.id = "m-1"
    found.created_at_ms = 5_000
    return found


def entry_of(format_: int) -> bytes:
    (entry,) = formats.render([(message(), None)], format_, RenderOptions("orders", ids=["m-1"]))
    return entry


@pytest.mark.parametrize(("source", "target"), [*product(FORMATS, FORMATS)])
def test_every_format_is_translated_to_every_other(source: int, target: int) -> None:
    (entry,) = formats.translate(
        source, entry_of(source), target, RenderOptions("orders", ids=["m-1"])
    )
    found = formats.decode(target, entry)
    assert found.type == "order"
    assert dict(found.headers)["tier"] == "gold"
    assert found.id == "m-1"


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_format_is_the_same_object(format_: int) -> None:
    entry = entry_of(format_)
    assert formats.translate(format_, entry, format_, RenderOptions("q"))[0] is entry


def test_many_messages_are_one_batch_for_kafka_and_as_many_entries_elsewhere() -> None:
    three = [(message(), None)] * 3
    for format_ in FORMATS:
        entries = formats.render(three, format_, RenderOptions("q", ids=["a", "b", "c"]))
        assert len(entries) == (1 if format_ == levels.KAFKA else 3)
        assert sum(len(formats.decode_all(format_, entry)) for entry in entries) == 3


@pytest.mark.parametrize("format_", FORMATS)
def test_a_second_message_of_one_is_not_there(format_: int) -> None:
    with pytest.raises(FormatError):
        formats.decode(format_, entry_of(format_), 1)


def test_a_format_that_does_not_exist_is_refused() -> None:
    for ask in (
        lambda: formats.decode_all(99, b""),
        lambda: formats.render([(message(), None)], 99, RenderOptions("q")),
        lambda: formats.translate(99, b"", levels.KAFKA, RenderOptions("q")),
    ):
        with pytest.raises(FormatError, match="99"):
            ask()
