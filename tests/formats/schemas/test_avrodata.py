"""Avro data is judged as fastavro reads and writes it."""

import json
from contextlib import suppress
from io import BytesIO, StringIO
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.schemas.reading import read_text

from dragoman.formats.schemas.avrodata import check_binary, check_json
from dragoman.formats.schemas.limits import Budget, SchemaMismatch

SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "count", "type": "int"},
        {"name": "total", "type": "long"},
        {"name": "price", "type": "double"},
        {"name": "rate", "type": "float"},
        {"name": "paid", "type": "boolean"},
        {"name": "note", "type": ["null", "string", {"type": "array", "items": "int"}]},
        {"name": "tags", "type": {"type": "map", "values": "string"}},
        {"name": "raw", "type": "bytes"},
        {"name": "mark", "type": {"type": "fixed", "name": "Mark", "size": 3}},
        {"name": "tier", "type": {"type": "enum", "name": "Tier", "symbols": ["GOLD", "TIN"]}},
        {"name": "parent", "type": ["null", "Order"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    ],
}
PARSED = fastavro.parse_schema(SCHEMA)
NODE = read_text(json.dumps(SCHEMA))
TEXT = st.text(st.characters(codec="utf-8"), max_size=5)
ORDERS: Any = st.deferred(
    lambda: st.fixed_dictionaries(
        {
            "id": TEXT,
            "count": st.integers(-(1 << 31), (1 << 31) - 1),
            "total": st.integers(-(1 << 63), (1 << 63) - 1),
            "price": st.floats(allow_nan=False, allow_infinity=False),
            "rate": st.floats(width=32, allow_nan=False, allow_infinity=False),
            "paid": st.booleans(),
            "note": st.none() | TEXT | st.lists(st.integers(-9, 9), max_size=3),
            "tags": st.dictionaries(TEXT.filter(bool), TEXT, max_size=2),
            "raw": st.binary(max_size=4),
            "mark": st.binary(min_size=3, max_size=3),
            "tier": st.sampled_from(["GOLD", "TIN"]),
            "parent": st.none() | ORDERS,
            "at": st.integers(0, 1 << 40),
        }
    )
)


def binary(value: Any, schema: Any = PARSED) -> bytes:
    out = BytesIO()
    fastavro.schemaless_writer(out, schema, value)
    return out.getvalue()


def passes(node: Any, data: bytes, *, is_json: bool = False, values: int = 10_000) -> bool:
    try:
        (check_json if is_json else check_binary)(node, data, Budget(values))
    except SchemaMismatch:
        return False
    return True


@given(ORDERS)
def test_what_fastavro_writes_passes_in_both_encodings(order: Any) -> None:
    raw = binary(order)
    assert passes(NODE, raw)
    assert not passes(NODE, raw + b"\0")
    assert not passes(NODE, raw[:-1])
    text = StringIO()
    fastavro.json_writer(text, PARSED, [{**order, "parent": None}])  # deeper it loses its way
    assert passes(NODE, text.getvalue().encode(), is_json=True)


@given(ORDERS, st.integers(0), st.binary(min_size=1, max_size=2))
def test_mutated_data_passes_only_if_fastavro_reads_it(order: Any, at: int, other: bytes) -> None:
    raw = binary({**order, "parent": None})
    at %= len(raw)
    mutated = raw[:at] + other + raw[at + 1 :]
    if passes(NODE, mutated):
        with suppress(OverflowError, ValueError):  # a time that is none
            fastavro.schemaless_reader(BytesIO(mutated), PARSED, None)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ('"int"', b"2147483648"),
        ('"int"', b"true"),
        ('"int"', b"1.5"),
        ('"long"', b"9223372036854775808"),
        ('"boolean"', b"0"),
        ('"null"', b"0"),
        ('"string"', b"1"),
        ('"double"', b"{}"),
        ('"double"', b'"1"'),
        ('"bytes"', '"€"'.encode()),
        ('{"type":"fixed","name":"F","size":2}', b'"a"'),
        ('{"type":"enum","name":"E","symbols":["A"]}', b'"B"'),
        ('["null","int"]', b"1"),
        ('["null","int"]', b'{"long":1}'),
        ('["null","int"]', b'{"int":1,"b":2}'),
        ('{"type":"array","items":"int"}', b"{}"),
        ('{"type":"map","values":"int"}', b"[]"),
        ('{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}', b"{}"),
        ('{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}', b'{"a":1,"b":2}'),
        ('{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}', b"[1]"),
        ('"int"', b""),
        ('"int"', b"\xff"),
        ('"int"', b"[" * 100_000),
    ],
)
def test_json_that_is_something_else_does_not_pass(schema: str, value: bytes) -> None:
    assert not passes(read_text(schema), value, is_json=True)


@pytest.mark.parametrize(
    ("schema", "raw"),
    [
        ('"int"', b"\x80\x80\x80\x80\x80\x01"),
        ('"long"', b"\xff" * 11),
        ('"boolean"', b"\x02"),
        ('"string"', b"\x02\xff"),
        ('"string"', b"\x01"),
        ('"bytes"', b"\xfe\xff\xff\xff\x0f"),
        ('["null","int"]', b"\x04"),
        ('["null","int"]', b"\x01"),
        ('{"type":"enum","name":"E","symbols":["A"]}', b"\x02"),
        ('{"type":"array","items":"int"}', b"\x02\x02"),
    ],
)
def test_binary_that_is_something_else_does_not_pass(schema: str, raw: bytes) -> None:
    assert not passes(read_text(schema), raw)


def test_a_million_elements_of_no_bytes_and_a_type_within_itself_are_counted() -> None:
    nulls = read_text('{"type":"array","items":"null"}')
    assert passes(nulls, b"\x08\0")
    assert not passes(nulls, b"\xfe\xff\xff\xff\xff\x0f\0")
    chain = read_text('{"type":"record","name":"R","fields":[{"name":"r","type":["null","R"]}]}')
    assert passes(chain, b"\x02\x02\x00")
    assert not passes(chain, b"\x02" * 1_000_000)
    assert not passes(chain, b'{"r":{"R":' * 100_000, is_json=True)
    assert not passes(
        read_text('{"type":"array","items":"int"}'), b"[1,1,1]", is_json=True, values=3
    )
