from contextlib import suppress

import pytest
from tests.kernel.rules.cases import AVRO, ORDER, Rules, said

from dragoman.kernel.api import (
    AlterStream,
    DeleteRule,
    DeleteSchema,
    DeleteSubject,
    RegisterSchema,
    StreamSchema,
    StreamSettings,
)
from dragoman.model.errors import InvalidArgument, MessageInvalid

PROTO = 'syntax = "proto3"; message Order { int64 total = 1; } message Other { string name = 1; }'


def framed(id_: int, data: bytes) -> bytes:
    return b"\0" + id_.to_bytes(4) + data


def test_a_subject_that_changes_is_looked_at_anew() -> None:
    rules = Rules()
    rules.schema()
    rules.rule(schema="order")
    rules.publish({"total": 1})
    rules.submit(RegisterSchema(subject="order", kind="json", text="false", revision="2"))
    with pytest.raises(MessageInvalid):
        rules.publish({"total": 1})
    rules.submit(DeleteSchema(subject="order", version=2))
    rules.publish({"total": 1})
    rules.rule(schema="order", schema_version=1)
    rules.publish({"total": 1})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\xff", "no JSON"),
        (b"[" * 5_000, "no JSON"),
        (b"null", "not of type"),
        (b'{"total": 1e999}', ""),
        (b'{"total": ' + b"9" * 5_000 + b"}", ""),
        (b'{"total": "' + b"x" * 10_000 + b'"}', "not of type"),
        (b'{"total": "' + b"x" * 100_000 + b'"}', "not as the schema says"),
    ],
)
def test_whatever_a_body_is_it_is_judged(body: bytes, why: str) -> None:
    rules = Rules()
    rules.schema()
    rules.rule(schema="order", bad="drop")
    rules.publish(said(body))
    rule = rules.world.kernel.state.rules.find("default", "r")
    assert why in rule.counts.fault
    assert len(rule.counts.fault) < 600


def test_a_tombstone_is_as_any_schema_says() -> None:
    rules = Rules()
    rules.schema()
    rules.rule(schema="order")
    tombstone = said(b"")
    tombstone.body = None
    rules.publish(tombstone)


def test_a_frame_says_a_version_of_the_subject_and_its_data_is_judged_by_that() -> None:
    rules = Rules()
    first = rules.schema(AVRO, "avro")
    other = rules.schema('"string"', "avro", "other")
    proto = rules.schema(PROTO, "protobuf", "proto")
    rules.schema(ORDER, "json", "json")
    rules.rule(schema="order", encoding="framed")
    rules.publish(said(framed(first, b"\x02")))
    for body, why in (
        (framed(first, b"\x02\x02"), "left over"),
        (framed(other, b"\x02a"), f"{other} is the id of no version of order"),
        (framed(999, b"\x02"), "999 is the id of no version"),
        (b"\0\0", "no frame"),
        (b"\1" + framed(first, b"\x02")[1:], "no frame"),
    ):
        with pytest.raises(MessageInvalid, match=why):
            rules.publish(said(body))
    rules.rule(schema="proto", encoding="framed")
    rules.publish(said(framed(proto, b"\0\x08\x07")), said(framed(proto, b"\2\2\x0a\x01a")))
    for body in (b"\2\4\x08\x07", b"\2", b"\xff" * 12, b"\2\2\x0a\x05a", b"\3\2"):
        with pytest.raises(MessageInvalid):
            rules.publish(said(framed(proto, body)))


def test_by_header_only_the_version_is_looked_at() -> None:
    rules = Rules()
    first = rules.schema()
    rules.rule(schema="order", by="header")
    rules.publish(said(framed(first, b"rubbish")), said(b"rubbish", {"schema-id": str(first)}))
    rules.publish(said(b"", {"schema-id": first}), said(b"", {"schema-id": str(first).encode()}))
    for message in (said(b"rubbish"), said(b"", {"schema-id": "1x"}), said(b"", {"schema-id": 99})):
        with pytest.raises(MessageInvalid):
            rules.publish(message)


def test_framed_avro_becomes_json() -> None:
    rules = Rules()
    first = rules.schema(AVRO, "avro")
    rules.rule(schema="order", encoding="framed", decode=True, check="msg.total > 0", bad="drop")
    rules.publish(said(framed(first, b"\x0e")), said(framed(first, b"\x0d")))
    (message,) = rules.stored()
    assert (message.body, message.content_type) == (b'{"total":7}', "application/json")
    rules.rule(decode=True, bad="drop")
    rules.publish(said(framed(first, b"\x10")), said(framed(first, b"")), said(framed(9, b"")))
    assert rules.values() == [{"total": 7}, {"total": 8}]


@pytest.mark.parametrize(
    ("kind", "text"), [("avro", AVRO), ("protobuf", PROTO.partition(" message Other")[0])]
)
def test_bodies_without_a_frame_are_in_binary_or_in_json(kind: str, text: str) -> None:
    rules = Rules()
    rules.schema(text, kind)
    rules.rule(schema="order", encoding="binary")
    rules.publish(said(b"\x02" if kind == "avro" else b"\x08\x02"))
    with pytest.raises(MessageInvalid):
        rules.publish(said({"total": 1}))
    rules.rule(schema="order")
    rules.publish({"total": 1})
    with pytest.raises(MessageInvalid):
        rules.publish({"total": {}})


def test_bombs_are_bad_messages() -> None:
    rules = Rules()
    rules.schema('{"type": "array", "items": "null"}', "avro", "nulls")
    rules.schema('syntax = "proto3"; message M { repeated M m = 1; }', "protobuf", "deep")
    rules.rule(schema="nulls", encoding="binary", bad="drop")
    rules.publish(said(b"\xfe\xff\xff\xff\x0f"))
    rules.rule(schema="deep", encoding="binary", bad="drop")
    nested = b""
    for _ in range(200):
        nested = b"\x0a" + bytes([len(nested) & 0x7F | 0x80, len(nested) >> 7]) + nested
    rules.publish(said(nested))
    rules.rule(schema="deep", bad="drop")
    rules.publish(said({"m": [{}] * 2_000}))
    assert rules.values() == []
    assert "more than" in rules.world.kernel.state.rules.find("default", "r").counts.fault


def test_any_version_of_a_range_will_do() -> None:
    rules = Rules()
    for at, text in enumerate(('{"const": 1}', '{"const": 2}', '{"const": 3}'), 1):
        rules.submit(RegisterSchema(subject="order", kind="json", text=text, revision=str(at)))

    def taken() -> list[int]:
        found = []
        for value in (1, 2, 3):
            with suppress(MessageInvalid):
                rules.publish(value)
                found.append(value)
        return found

    for first, last, wanted in ((1, 0, [1, 2, 3]), (2, 0, [2, 3]), (1, 2, [1, 2]), (2, 2, [2])):
        rules.rule(schema="order", schema_first=first, schema_version=last)
        assert taken() == wanted
    rules.submit(DeleteSchema(subject="order", version=2))
    assert taken() == []
    for wrong in (
        {"schema_first": 3, "schema_version": 2},
        {"schema_first": -1},
        {"schema_first": 1, "by": "header"},
        {"schema_first": 1, "encoding": "framed"},
        {"schema_first": 1, "schema": "", "check": "true"},
    ):
        with pytest.raises(InvalidArgument):
            rules.rule("wrong", **{"schema": "order", **wrong})


def test_what_a_stream_says_of_its_schema_is_judged_until_it_says_otherwise() -> None:
    rules = Rules()
    rules.schema()
    settings = StreamSettings(message_schema=StreamSchema("default", "order"))
    rules.submit(AlterStream(name="orders", settings=settings))
    rules.rule("late", check="msg.total < 9")
    rules.publish({"total": 1})
    for total, why in (("much", r"rule schema order: body/total"), (9, "rule late")):
        with pytest.raises(MessageInvalid, match=why):
            rules.publish({"total": total})
    rules.publish({"total": "much"}, to="billing")
    rules.publish({"total": -1}, is_vouched=True)
    with pytest.raises(MessageInvalid, match="rule late"):
        rules.publish({"total": 9}, is_vouched=True)
    rules.submit(DeleteRule(name="late"))
    rules.publish({"total": "much"}, is_vouched=True)
    rules.submit(DeleteSubject(subject="order"))
    with pytest.raises(MessageInvalid, match="order"):
        rules.publish({"total": 1})
    rules.submit(AlterStream(name="orders", settings=StreamSettings()))
    rules.publish({"total": "much"})
