"""Each field of the envelope has its place in Kafka and in RabbitMQ (envelope, mapping table)."""

import struct

import pytest

from dragoman import formats
from dragoman.formats import kafka
from dragoman.formats.meta import META_NAME
from dragoman.formats.options import RenderOptions
from dragoman.model.levels import AMQP091, KAFKA
from dragoman.model.message import Dead, Delivery, Message, Typed
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.properties import Properties
from dragoman.wire.kafka.records import BatchBuilder, Record, read_records

NOW_MS = 1_700_000_000_500


def amqp(
    message: Message, delivery: Delivery | None = None, now_ms: int = 0
) -> tuple[Properties, bytes]:
    """What a RabbitMQ consumer of the stream `orders` sees: properties and body."""
    (entry,) = formats.render([(message, delivery)], AMQP091, RenderOptions("orders", now_ms))
    exchange_size = entry[0]
    key_at = 1 + exchange_size
    header_at = key_at + 1 + entry[key_at]
    size = struct.unpack_from(">I", entry, header_at)[0]
    return Properties(entry[header_at + 4 : header_at + 4 + size]), entry[header_at + 4 + size :]


def record(message: Message, delivery: Delivery | None = None) -> Record:
    """What a Kafka consumer sees."""
    (entry,) = formats.render([(message, delivery)], KAFKA, RenderOptions("orders"))
    (found,) = read_records(entry)
    return found


def headers_of(found: Record) -> dict[str, bytes | None]:
    return dict(found.headers)


def from_amqp(
    properties: dict[str, object], body: bytes = b"x", stored_ms: int = 0, key: str = "q"
) -> Message:
    from dragoman.wire.amqp091.properties import encode_header  # noqa: PLC0415

    header = encode_header(len(body), properties)
    entry = (
        b"\0" + bytes((len(key),)) + key.encode() + struct.pack(">I", len(header)) + header + body
    )
    return formats.decode(AMQP091, entry, 0, stored_ms)


def from_kafka(
    headers: list[tuple[str, bytes | None]],
    key: bytes | None = None,
    value: bytes | None = b"x",
    timestamp_ms: int = -1,
) -> Message:
    builder = BatchBuilder()
    builder.add(key, value, timestamp_ms, headers)
    return formats.decode(KAFKA, builder.build())


def text(value: str) -> Field:
    return Field("S", value.encode())


def said(**fields: object) -> Message:
    message = Message(b"x")
    for name, value in fields.items():
        setattr(message, name, value)
    return message


# Body, tombstones


def test_a_tombstone_is_an_empty_body_for_rabbitmq_and_null_again_for_kafka() -> None:
    properties, body = amqp(Message(None))
    assert body == b""
    assert META_NAME in properties.headers
    (entry,) = formats.render([(Message(None), None)], AMQP091, RenderOptions("q"))
    assert record(formats.decode(AMQP091, entry)).value is None


def test_an_empty_body_is_not_a_tombstone() -> None:
    assert record(Message(b"")).value == b""
    assert from_kafka([], value=b"").body == b""
    assert from_kafka([], value=None).body is None


# Fields that both spell


@pytest.mark.parametrize(
    ("field", "kafka_name", "amqp_name"),
    [
        ("content_type", "content-type", "content_type"),
        ("content_encoding", "content-encoding", "content_encoding"),
        ("id", "message-id", "message_id"),
        ("correlation", "correlation-id", "correlation_id"),
        ("reply_to", "reply-to", "reply_to"),
        ("type", "type", "type"),
        ("app", "app-id", "app_id"),
    ],
)
def test_text_fields_have_a_kafka_header_and_an_amqp_property(
    field: str, kafka_name: str, amqp_name: str
) -> None:
    message = said(**{field: "hällo"})
    assert record(message).headers == [(kafka_name, "hällo".encode())]
    properties, _ = amqp(message)
    assert properties.as_dict() == {amqp_name: "hällo"}
    assert getattr(from_kafka([(kafka_name, "hällo".encode())]), field) == "hällo"
    assert getattr(from_amqp({amqp_name: "hällo"}), field) == "hällo"
    assert from_kafka([(kafka_name, "hällo".encode())]).headers == []


def test_of_a_field_header_given_twice_the_second_stays_a_header() -> None:
    message = from_kafka([("type", b"a"), ("type", b"b")])
    assert (message.type, message.headers) == ("a", [("type", "b")])


def test_a_field_header_that_is_no_text_stays_a_header() -> None:
    assert from_kafka([("type", None), ("message-id", b"\xff")]).headers == [
        ("type", None),
        ("message-id", b"\xff"),
    ]


def test_a_text_longer_than_a_shortstr_travels_in_the_meta() -> None:
    message = said(content_type="x" * 256)
    properties, _ = amqp(message)
    assert properties.content_type is None
    assert META_NAME in properties.headers


def test_a_correlation_of_another_type_is_readable_text_in_kafka() -> None:
    assert headers_of(record(said(correlation=Typed("u64", 7))))["correlation-id"] == b"7"


# Key, group, dedup


def test_the_key_is_kafkas_key_and_rabbitmqs_header_x_partition_key() -> None:
    assert record(said(key=b"k")).key == b"k"
    assert amqp(said(key=b"k"))[0].headers == {"x-partition-key": text("k")}
    assert amqp(said(key=b"\xff"))[0].headers == {"x-partition-key": Field("x", b"\xff")}
    assert from_amqp({"headers": {"x-partition-key": text("k")}}).key == b"k"
    assert from_amqp({"headers": {"x-partition-key": Field("x", b"\xff")}}).key == b"\xff"
    assert from_kafka([], key=b"k").key == b"k"


def test_a_key_that_is_no_text_in_rabbitmq_stays_a_header() -> None:
    message = from_amqp({"headers": {"x-partition-key": Field("I", 7)}})
    assert (message.key, message.headers) == (None, [("x-partition-key", Typed("i32", 7))])


def test_the_group_is_rabbitmqs_header_x_group_id_and_kafkas_key_where_there_is_none() -> None:
    assert amqp(said(group="g"))[0].headers == {"x-group-id": text("g")}
    assert from_amqp({"headers": {"x-group-id": text("g")}}).group == "g"
    assert record(said(group="g")).key == b"g"
    assert record(said(group="g", key=b"k")).key == b"k"


def test_the_dedup_id_is_rabbitmqs_header_x_deduplication_header() -> None:
    assert amqp(said(dedup="d"))[0].headers == {"x-deduplication-header": text("d")}
    assert from_amqp({"headers": {"x-deduplication-header": text("d")}}).dedup == "d"
    assert META_NAME in headers_of(record(said(dedup="d")))


# Times


def test_the_senders_clock_is_kafkas_timestamp_in_ms() -> None:
    assert record(said(created_at_ms=NOW_MS)).timestamp_ms == NOW_MS
    assert from_kafka([], timestamp_ms=NOW_MS).created_at_ms == NOW_MS
    assert from_kafka([], timestamp_ms=-1).created_at_ms is None


def test_rabbitmqs_timestamp_is_floored_to_seconds_and_the_meta_keeps_the_rest() -> None:
    properties, _ = amqp(said(created_at_ms=NOW_MS))
    assert properties.timestamp_s == NOW_MS // 1000
    assert str(NOW_MS).encode() in properties.headers[META_NAME].value
    assert from_amqp({"timestamp": 1_700_000_000}).created_at_ms == 1_700_000_000_000


def test_a_time_of_whole_seconds_needs_no_meta() -> None:
    assert amqp(said(created_at_ms=1_700_000_000_000))[0].as_dict() == {"timestamp": 1_700_000_000}


def test_where_the_sender_gave_no_time_kafka_states_the_time_of_storing() -> None:
    found = record(from_amqp({"content_type": "a"}, stored_ms=NOW_MS))
    assert found.timestamp_ms == NOW_MS
    assert META_NAME not in headers_of(found)


def test_log_append_time_is_the_time_of_storing_not_of_sending() -> None:
    from dragoman.wire.kafka.batch import stamp_batch  # noqa: PLC0415

    builder = BatchBuilder()
    builder.add(None, b"x", 5, [])
    message = formats.decode(KAFKA, stamp_batch(builder.build(), NOW_MS))
    assert (message.created_at_ms, message.stored_at_us) == (None, NOW_MS * 1000)


def test_expiration_is_what_remains_at_delivery_and_absolute_when_stored() -> None:
    assert from_amqp({"expiration": "5000"}, stored_ms=NOW_MS).expires_at_ms == NOW_MS + 5000
    assert amqp(said(expires_at_ms=NOW_MS + 5000), now_ms=NOW_MS + 2000)[0].expiration == "3000"
    assert amqp(said(expires_at_ms=NOW_MS), now_ms=NOW_MS + 2000)[0].expiration == "0"
    assert META_NAME in headers_of(record(said(expires_at_ms=NOW_MS)))


def test_an_expiration_that_is_no_number_is_kept_for_rabbitmq_alone() -> None:
    message = from_amqp({"expiration": "soon"})
    assert message.expires_at_ms is None
    assert amqp(message)[0].expiration == "soon"


def test_a_delay_is_rabbitmqs_header_x_delay() -> None:
    assert (
        from_amqp({"headers": {"x-delay": Field("I", 5000)}}, stored_ms=NOW_MS).deliver_at_ms
        == NOW_MS + 5000
    )
    assert amqp(said(deliver_at_ms=NOW_MS + 100), now_ms=NOW_MS)[0].headers["x-delay"] == Field(
        "l", 100
    )
    assert "x-delay" not in amqp(said(deliver_at_ms=NOW_MS), now_ms=NOW_MS)[0].headers


# Priority, durability, user, what cannot be placed


def test_priority_is_rabbitmqs_and_travels_in_kafkas_meta() -> None:
    assert amqp(said(priority=9))[0].priority == 9
    assert from_amqp({"priority": 9}).priority == 9
    assert META_NAME in headers_of(record(said(priority=9)))


def test_durable_is_delivery_mode_and_a_kafka_record_always_is() -> None:
    assert from_amqp({"delivery_mode": 2}).durable is True
    assert from_amqp({"delivery_mode": 1}).durable is False
    assert from_amqp({}).durable is None
    assert amqp(from_kafka([]))[0].delivery_mode == 2
    assert record(from_amqp({"delivery_mode": 2})).headers == []
    assert record(from_amqp({})).headers == []
    assert META_NAME in headers_of(record(from_amqp({"delivery_mode": 1})))


def test_the_user_goes_to_rabbitmq_and_is_never_told_to_kafka() -> None:
    message = from_amqp({"user_id": "guest"})
    assert message.user == "guest"
    assert amqp(message)[0].user_id == "guest"
    assert record(message).headers == []


def test_what_has_no_place_is_kept_for_readers_of_the_same_protocol() -> None:
    given = {"cluster_id": "c", "delivery_mode": 7, "timestamp": 1 << 63}
    message = from_amqp(given)
    assert message.rest is not None
    assert amqp(message)[0].as_dict() == given
    again = from_kafka(record(message).headers)
    assert amqp(again)[0].as_dict()["cluster_id"] == "c"


# Events, traces


def test_cloudevents_attributes_change_their_prefix() -> None:
    message = from_kafka(
        [("ce_specversion", b"1.0"), ("ce_id", b"7"), ("content-type", b"a/b"), ("x", b"y")]
    )
    assert message.event == {"specversion": "1.0", "id": "7"}
    properties, _ = amqp(message)
    assert properties.content_type == "a/b"
    assert properties.headers["ce-id"] == text("7")
    assert properties.headers["x"] == text("y")
    back = from_amqp({"headers": {"ce-specversion": text("1.0"), "ce-type": text("t")}})
    assert record(back).headers == [("ce_specversion", b"1.0"), ("ce_type", b"t")]


def test_headers_that_look_like_cloudevents_without_a_specversion_stay_headers() -> None:
    message = from_kafka([("ce_id", b"7")])
    assert (message.event, message.headers) == (None, [("ce_id", "7")])
    assert record(message).headers == [("ce_id", b"7")]


def test_the_trace_context_keeps_its_headers() -> None:
    message = from_kafka([("traceparent", b"00-1"), ("tracestate", b"a=b")])
    assert message.trace == ("00-1", "a=b")
    assert amqp(message)[0].headers == {"traceparent": text("00-1"), "tracestate": text("a=b")}


# Headers


def test_typed_headers_are_readable_text_in_kafka() -> None:
    message = Message(
        b"",
        [("a", 149.9), ("b", True), ("c", Typed("i32", -3)), ("d", {"x": [1, None]}), ("e", None)],
    )
    found = headers_of(record(message))
    assert found["a"] == b"149.9"
    assert found["b"] == b"true"
    assert found["c"] == b"-3"
    assert found["d"] == b'{"x":[1,null]}'
    assert found["e"] is None


def test_null_and_binary_header_values_reach_rabbitmq() -> None:
    message = from_kafka([("n", None), ("b", b"\xff"), ("t", b"text")])
    assert amqp(message)[0].headers == {
        "n": Field("V", None),
        "b": Field("x", b"\xff"),
        "t": text("text"),
    }


def test_rabbitmqs_types_become_canonical_ones() -> None:
    table = {
        "t": Field("t", True), "b": Field("b", -1), "B": Field("B", 255), "s": Field("s", -2), "u": Field("u", 2),
        "I": Field("I", -3), "i": Field("i", 3), "l": Field("l", 4), "L": Field("L", 5), "f": Field("f", 0.5),
        "d": Field("d", 1.5), "D": Field("D", (2, 150)), "S": text("s"), "x": Field("x", b"x"), "T": Field("T", 9),
        "V": Field("V", None), "A": Field("A", [text("a")]), "F": Field("F", {"k": Field("I", 1)}),
    }  # fmt: skip
    found = dict(from_amqp({"headers": table}).headers)
    from decimal import Decimal  # noqa: PLC0415

    assert found == {
        "t": True, "b": Typed("i8", -1), "B": Typed("u8", 255), "s": Typed("i16", -2), "u": Typed("u16", 2),
        "I": Typed("i32", -3), "i": Typed("u32", 3), "l": 4, "L": 5, "f": Typed("f32", 0.5), "d": 1.5,
        "D": Decimal("1.50"), "S": "s", "x": b"x", "T": Typed("timestamp", 9000), "V": None, "A": ["a"],
        "F": {"k": Typed("i32", 1)},
    }  # fmt: skip
    assert {
        k: v for k, v in amqp(from_amqp({"headers": table}))[0].headers.items() if k != "L"
    } == {k: v for k, v in table.items() if k != "L"}


def test_of_duplicates_rabbitmq_sees_the_last() -> None:
    properties, _ = amqp(Message(b"", [("a", "1"), ("a", "2")]))
    assert properties.headers["a"] == text("2")


def test_a_header_name_longer_than_rabbitmq_takes_is_not_written() -> None:
    assert set(amqp(Message(b"", [("n" * 129, "1")]))[0].headers) == {META_NAME}


# Delivery state


def test_earlier_attempts_are_rabbitmqs_header_x_delivery_count() -> None:
    assert amqp(Message(b""), Delivery(3))[0].headers == {"x-delivery-count": Field("l", 2)}
    assert amqp(Message(b""), Delivery(1))[0].headers == {}


def test_a_dead_letter_tells_why_in_each_protocols_words() -> None:
    first = Dead("rejected", "orders", NOW_MS)
    dead = Dead("expired", "orders/dead", NOW_MS, "too old", 2, [first])
    table = amqp(Message(b""), Delivery(1, dead))[0].headers
    assert table["x-first-death-reason"] == text("rejected")
    assert table["x-last-death-queue"] == text("orders/dead")
    assert table["x-death"].value[0].value["count"] == Field("l", 2)
    found = headers_of(record(Message(b""), Delivery(1, dead)))
    assert found["__dlq.errors.topic"] == b"orders/dead"
    assert found["__dlq.errors.message"] == b"too old"
    assert found["__dlq.errors.delivery.count"] == b"2"


def test_delivery_state_replaces_a_header_of_its_name_and_gives_it_back() -> None:
    message = Message(b"", [("x-delivery-count", "mine")])
    (entry,) = formats.render([(message, Delivery(2))], AMQP091, RenderOptions("q"))
    again = formats.decode(AMQP091, entry)
    assert ("x-delivery-count", "mine") in again.headers


# Addresses and batches


def test_what_was_born_elsewhere_comes_from_the_default_exchange_by_the_streams_name() -> None:
    (entry,) = formats.render([(from_kafka([]), None)], AMQP091, RenderOptions("orders"))
    assert entry.startswith(b"\0\x06orders")


def test_what_was_born_in_rabbitmq_keeps_exchange_and_routing_key() -> None:
    message = from_amqp({}, key="a.b")
    message.origin = ("amqp091", "a.b", -1, "logs")
    (entry,) = formats.render([(message, None)], AMQP091, RenderOptions("orders"))
    assert entry.startswith(b"\x04logs\x03a.b")


def test_the_same_format_in_and_out_is_the_same_object() -> None:
    entry = b"whatever it is"
    assert formats.translate(KAFKA, entry, KAFKA, RenderOptions("q"))[0] is entry


def test_many_messages_become_one_batch_with_the_given_offsets() -> None:
    messages = [(Message(b"%d" % n), None) for n in range(3)]
    options = RenderOptions("q", base_offset=100, offset_deltas=[0, 2, 5])
    (entry,) = formats.render(messages, KAFKA, options)
    assert [(found.offset, found.value) for found in read_records(entry)] == [
        (100, b"0"),
        (102, b"1"),
        (105, b"2"),
    ]


def test_nothing_renders_to_nothing() -> None:
    assert formats.render([], KAFKA, RenderOptions("q")) == []


def test_a_kafka_batch_opens_to_all_its_messages_whatever_its_compression() -> None:
    for codec in range(5):
        builder = BatchBuilder()
        for n in range(10):
            builder.add(b"k", b"%d" % n, n, [("a", b"b")])
        entry = builder.build(codec)
        assert [message.body for message in formats.decode_all(KAFKA, entry)] == [
            b"%d" % n for n in range(10)
        ]
        assert formats.decode(KAFKA, entry, 7).created_at_ms == 7


def test_a_control_batch_holds_no_messages() -> None:
    from dragoman.wire.kafka.records import build_marker  # noqa: PLC0415

    marker = build_marker(
        is_commit=True, producer_id=1, producer_epoch=0, coordinator_epoch=0, timestamp_ms=0
    )
    assert formats.decode_all(KAFKA, marker) == []
    assert kafka.open_each(marker) == []
