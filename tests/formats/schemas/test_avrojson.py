import io
import json
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.formats.schemas.avro import read_schema
from dragoman.formats.schemas.avrojson import to_json
from dragoman.formats.schemas.limits import SchemaMismatch
from dragoman.ports.schemas import Source

ORDER: dict[str, Any] = {
    "type": "record",
    "name": "Order",
    "fields": [
        {"name": "n", "type": "long"},
        {"name": "i", "type": "int"},
        {"name": "d", "type": "double"},
        {"name": "b", "type": "boolean"},
        {"name": "t", "type": ["null", "string"]},
        {"name": "l", "type": {"type": "array", "items": "string"}},
        {"name": "m", "type": {"type": "map", "values": "long"}},
        {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"]}},
        {"name": "next", "type": ["null", "Order"]},
    ],
}
VALUES = st.fixed_dictionaries(
    {
        "n": st.integers(-(1 << 63), (1 << 63) - 1),
        "i": st.integers(-(1 << 31), (1 << 31) - 1),
        "d": st.floats(allow_nan=False, allow_infinity=False),
        "b": st.booleans(),
        "t": st.none() | st.text(max_size=5),
        "l": st.lists(st.text(max_size=3), max_size=3),
        "m": st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=3),
        "e": st.sampled_from("AB"),
        "next": st.none(),
    }
)


def written(schema: Any, value: Any) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), value)
    return out.getvalue()


@given(VALUES, VALUES)
def test_what_fastavro_writes_is_read_as_plain_json(value: Any, inner: Any) -> None:
    value = {**value, "next": inner}
    node = read_schema(Source(json.dumps(ORDER)))
    assert json.loads(to_json(node, written(ORDER, value))) == value


def test_bytes_are_base64_and_what_is_no_number_is_null() -> None:
    for schema, value, told in (
        ("bytes", b"\xff", b'"/w=="'),
        ({"type": "fixed", "name": "F", "size": 1}, b"\0", b'"AA=="'),
        ("float", float("nan"), b"null"),
        ("double", float("inf"), b"null"),
        ("null", None, b"null"),
    ):
        node = read_schema(Source(json.dumps(schema)))
        assert to_json(node, written(schema, value)) == told


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"type": "array", "items": "null"}, b"\xfe\xff\xff\xff\x0f\0"),
        ({"type": "array", "items": "null"}, b"\xff" * 9 + b"\x01"),
        ("string", b"\x02\xff"),
        ("string", b"\x7f"),
        ("long", b"\x02\x02"),
        (["null"], b"\x02"),
        (ORDER, b"\0\0" + b"\0" * 8 + b"\0\0\0\0\0\x02"),
    ],
)
def test_data_that_is_not_so_or_a_bomb_is_told(schema: Any, data: bytes) -> None:
    node = read_schema(Source(json.dumps(schema)))
    with pytest.raises(SchemaMismatch):
        to_json(node, data)
