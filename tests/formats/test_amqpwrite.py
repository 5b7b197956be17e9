from datetime import UTC, datetime
from typing import Any

import pytest
from tests.formats.amqp_entries import entry_of, parts_of

from dragoman.formats import amqp091
from dragoman.formats.amqpwrite import death_table, delivery_headers, is_text, render
from dragoman.formats.options import RenderOptions
from dragoman.model.message import Dead, Delivery, Message, Typed

MOMENT = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
NOW_MS = 1_700_000_000_000


def written(message: Message, delivery: Delivery | None = None) -> dict[str, Any]:
    """The properties that pamqp reads of a message."""
    (entry,) = render([(message, delivery)], RenderOptions("orders", NOW_MS))
    return parts_of(entry)[2]


def said(**fields: object) -> Message:
    message = Message(b"x")
    for name, value in fields.items():
        setattr(message, name, value)
    return message


EVERY_FIELD = {
    "content_type": "text/plain",
    "content_encoding": "gzip",
    "headers": [("tier", "gold")],
    "durable": True,
    "priority": 7,
    "correlation": "c",
    "reply_to": "r",
    "id": "m",
    "created_at_ms": round(MOMENT.timestamp()) * 1000,
    "type": "t",
    "user": "u",
    "app": "a",
}
EVERY_PROPERTY = {
    "content_type": "text/plain",
    "content_encoding": "gzip",
    "headers": {"tier": "gold"},
    "delivery_mode": 2,
    "priority": 7,
    "correlation_id": "c",
    "reply_to": "r",
    "message_id": "m",
    "timestamp": MOMENT,
    "message_type": "t",
    "user_id": "u",
    "app_id": "a",
}


def test_pamqp_reads_every_property_of_a_plain_message() -> None:
    assert written(said(**EVERY_FIELD)) == EVERY_PROPERTY


def test_pamqp_reads_the_same_of_one_that_took_the_slow_way() -> None:
    more = said(**EVERY_FIELD, group="g", expires_at_ms=NOW_MS + 5_000)
    assert written(more) == {
        **EVERY_PROPERTY,
        "expiration": "5000",
        "headers": {"tier": "gold", "x-group-id": "g"},
    }


def test_what_was_born_elsewhere_comes_through_the_default_exchange() -> None:
    (entry,) = render([(Message(b"body"), None)], RenderOptions("orders"))
    assert parts_of(entry) == ("", "orders", {}, b"body")


def test_what_was_born_in_rabbitmq_keeps_its_way() -> None:
    message = amqp091.decode(entry_of(b"body", "logs", "app.error"))
    (entry,) = render([(message, None)], RenderOptions("orders"))
    assert parts_of(entry) == ("logs", "app.error", {}, b"body")


def test_a_life_that_is_over_has_nothing_left_and_one_too_long_for_the_property_is_in_the_meta() -> (
    None
):
    assert written(said(expires_at_ms=NOW_MS - 1))["expiration"] == "0"
    long = written(said(expires_at_ms=NOW_MS + (1 << 32)))
    assert "expiration" not in long
    assert "dragoman-meta" in long["headers"]


def test_a_batch_is_written_one_by_one_and_in_order() -> None:
    entries = render([(Message(b"%d" % n), None) for n in range(3)], RenderOptions("q"))
    assert [parts_of(entry)[3] for entry in entries] == [b"0", b"1", b"2"]


def test_the_first_attempt_says_nothing_and_later_ones_how_many_came_before() -> None:
    assert delivery_headers(None) == []
    assert delivery_headers(Delivery(count=1)) == []
    assert delivery_headers(Delivery(count=3)) == [("x-delivery-count", 2)]


def test_a_dead_letter_tells_its_first_and_last_death() -> None:
    first = Dead("rejected", "one", 1_000, count=2)
    last = Dead("expired", "two", 2_000)
    last.history = (first,)
    found = dict(delivery_headers(Delivery(count=1, dead=last)))
    assert found["x-death"] == [death_table(last), death_table(first)]
    assert (found["x-first-death-reason"], found["x-first-death-queue"]) == ("rejected", "one")
    assert (found["x-last-death-reason"], found["x-last-death-queue"]) == ("expired", "two")


def test_a_death_names_the_way_that_the_message_came() -> None:
    dead = Dead("rejected", "q", 5_000)
    table = death_table(dead, "logs", "app.error")
    assert (table["exchange"], table["routing-keys"]) == ("logs", ["app.error"])
    assert table["time"] == Typed("timestamp", 5_000)
    assert death_table(dead)["routing-keys"] == ["q"]


@pytest.mark.parametrize(
    ("raw", "is_so"), [(b"", True), (b"abc", True), ("é".encode(), True), (b"\xff", False)]
)
def test_text_is_told_from_bytes(raw: bytes, is_so: bool) -> None:
    assert is_text(raw) == is_so


def test_the_key_is_text_where_it_can_be_and_bytes_where_not() -> None:
    assert written(said(key=b"k"))["headers"] == {"x-partition-key": "k"}
    assert written(said(key=b"\xff"))["headers"] == {"x-partition-key": b"\xff"}
