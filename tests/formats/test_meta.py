"""What the meta restores, what an app's edit does to it, and what it refuses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman import formats
from dragoman.formats.errors import TooLarge
from dragoman.formats.meta import (
    META_BYTES_MAX,
    META_NAME,
    describe_created_at,
    describe_loss,
    read_meta,
)
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import AMQP091, KAFKA
from dragoman.model.message import Message, Typed
from dragoman.wire.kafka.records import BatchBuilder, read_records

TYPED = [("a", Typed("i32", 1)), ("b", 2.5), ("content-type", "reserved"), ("c", "text")]


def kafka_headers(message: Message) -> list[tuple[str, bytes | None]]:
    (entry,) = formats.render([(message, None)], KAFKA, RenderOptions("q"))
    return read_records(entry)[0].headers


def from_kafka(
    headers: list[tuple[str, bytes | None]], value: bytes | None = b"x", key: bytes | None = None
) -> Message:
    builder = BatchBuilder()
    builder.add(key, value, -1, headers)
    return formats.decode(KAFKA, builder.build())


def test_an_edited_kafka_header_wins_over_the_meta() -> None:
    headers = [
        (name, b"7" if name == "a" else value)
        for name, value in kafka_headers(Message(b"x", TYPED))
    ]
    assert from_kafka(headers).headers == [
        ("a", "7"),
        ("b", 2.5),
        ("content-type", "reserved"),
        ("c", "text"),
    ]


def test_a_removed_kafka_header_stays_removed() -> None:
    headers = [pair for pair in kafka_headers(Message(b"x", TYPED)) if pair[0] != "a"]
    assert from_kafka(headers).headers == [("b", 2.5), ("c", "text"), ("content-type", "reserved")]


def test_headers_in_another_order_keep_their_types() -> None:
    headers = kafka_headers(Message(b"x", [("a", Typed("i32", 1)), ("b", 2.5), ("a", "1")]))
    found = dict(from_kafka(headers[::-1]).headers)
    assert found["b"] == 2.5
    assert sorted(
        map(repr, [value for name, value in from_kafka(headers[::-1]).headers if name == "a"])
    ) == [
        "'1'",
        "Typed('i32', 1)",
    ]


def test_an_added_header_is_kept() -> None:
    found = from_kafka([*kafka_headers(Message(b"x", TYPED)), ("new", b"1")])
    assert found.headers == [*TYPED, ("new", "1")]


def test_a_field_set_by_an_app_wins_over_the_meta() -> None:
    message = Message(b"x")
    message.group = "g"
    headers = kafka_headers(message)
    assert from_kafka(headers, key=b"g").group == "g"
    edited = from_kafka(headers, key=b"other")
    assert (edited.key, edited.group) == (b"other", "g")


def test_a_body_put_where_a_tombstone_was_stays() -> None:
    (entry,) = formats.render([(Message(None), None)], AMQP091, RenderOptions("q"))
    assert formats.decode(AMQP091, entry).body is None
    size = int.from_bytes(entry[3:7])
    edited = entry[: 7 + 4] + (1).to_bytes(8) + entry[7 + 12 : 7 + size] + b"y"
    assert formats.decode(AMQP091, edited).body == b"y"


def test_the_user_and_the_origin_are_not_taken_from_a_client() -> None:
    meta = {
        "f": [
            ["user", None, ["str", "admin"]],
            ["origin", None, ["list", []]],
            ["type", None, ["str", "t"]],
        ]
    }
    message = from_kafka([(META_NAME, json.dumps(meta).encode())])
    assert (message.user, message.origin, message.type, message.headers) == (None, None, "t", [])


@pytest.mark.parametrize(
    "meta",
    [
        "", "1", "[]", "null", '{"h":1}', '{"h":[1]}', '{"h":[[-1,"a",null,["str","x"]]]}', '{"h":[[0,"a",null,["i8",300]]]}',
        '{"h":[[0,"a",null,["what",1]]]}', '{"h":[[0,"a",null,["bytes","%"]]]}', '{"f":[["type"]]}', '{"f":[["type",1,["str","x"]]]}',
        '{"h":[[0,"a",null,["uuid","x"]]]}', '{"h":[[0,"a",null,["decimal","NaN"]]]}', '{"h":[[0,"a",null,["char","xx"]]]}',
        "[" * 8000, '{"h":[[0,"a",null,' + '["list",[' * 60 + "]]" * 60 + "]]}", "{" + " " * META_BYTES_MAX + "}", "\x00",
    ],
)  # fmt: skip
def test_what_is_no_meta_of_ours_stays_a_header(meta: str) -> None:
    assert read_meta(meta) is None
    assert from_kafka([(META_NAME, meta.encode())]).headers == [(META_NAME, meta)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("priority", ["i64", 256]), ("priority", ["str", "9"]), ("created_at_ms", ["str", "now"]), ("shape", ["str", "odd"]),
        ("shape", ["null", None]), ("trace", ["list", []]), ("event", ["map", [["a", ["list", []]]]]), ("key", ["str", "k"]),
        ("durable", ["i64", 1]), ("rest", ["map", [["amqp091", ["str", ""]]]]), ("headers", ["list", []]), ("nothing", ["str", "x"]),
    ],
)  # fmt: skip
def test_an_entry_that_does_not_suit_its_field_is_ignored(field: str, value: list[object]) -> None:
    found = read_meta(json.dumps({"f": [[field, None, value]], "new": 1}))
    assert found == ([], [])


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_meta_at_all_is_read_or_refused(meta: bytes | str) -> None:
    found = read_meta(meta)
    assert found is None or isinstance(found, tuple)


def test_a_meta_of_many_entries_costs_no_more_than_its_size() -> None:
    entry = [0, "a", "00000000", ["null", None]]
    meta = json.dumps({"h": [entry] * 200}, separators=(",", ":"))
    message = from_kafka([(META_NAME, meta.encode()), *[("a", b"x")] * 5000])
    assert len(message.headers) == 5000


def large() -> Message:
    return Message(b"x", [("a", list(range(2000)))])


def test_a_meta_past_its_limit_is_left_out_where_limits_are_relaxed() -> None:
    options = RenderOptions("q")
    (entry,) = formats.render([(large(), None)], KAFKA, options)
    assert [name for name, _ in read_records(entry)[0].headers] == ["a"]
    assert options.dropped_count == 1


@pytest.mark.parametrize("format_", [KAFKA, AMQP091])
def test_a_meta_past_its_limit_is_an_error_where_limits_are_strict(format_: int) -> None:
    message = Message(b"x", [("u", [Typed("u64", 1 << 63)] * 2000)])
    with pytest.raises(TooLarge) as caught:
        formats.render(
            [(Message(b""), None), (message, None)], format_, RenderOptions("q", strict=True)
        )
    assert caught.value.index == 1
    assert caught.value.meta_bytes > META_BYTES_MAX


@pytest.mark.parametrize("format_", [KAFKA, AMQP091])
def test_a_route_that_carries_nothing_drops_and_counts(format_: int) -> None:
    message = Message(b"x", [("u", Typed("u64", 1 << 63))])
    message.created_at_ms = 1
    options = RenderOptions("q", carry=False)
    plain = Message(b"x")
    plain.created_at_ms = 1
    (entry, *_) = formats.render([(message, None), (plain, None)], format_, options)
    assert META_NAME.encode() not in entry
    assert options.dropped_count == (2 if format_ == AMQP091 else 1)


def test_the_quick_meta_of_a_time_is_the_thorough_one() -> None:
    message, parsed = Message(), Message()
    message.created_at_ms, parsed.created_at_ms = 1_700_000_000_123, 1_700_000_000_000
    assert describe_loss(message, parsed, ()) == describe_created_at(1_700_000_000_123)


def test_what_differs_in_nothing_needs_no_meta() -> None:
    assert describe_loss(Message(), Message(), ()) is None
