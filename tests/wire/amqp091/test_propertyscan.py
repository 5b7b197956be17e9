import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.amqp091.strategies import tables
from tests.wire.amqp091.test_properties import properties

from dragoman.wire.amqp091 import propertyscan
from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.fieldtable import FieldTable, decode_table, encode_table
from dragoman.wire.amqp091.properties import encode_header
from dragoman.wire.amqp091.propertyscan import PropertyScan, check_table, scan_properties


@given(properties)
def test_the_scan_finds_what_was_written(values: dict[str, Any]) -> None:
    payload = encode_header(7, values)
    scan = scan_properties(payload)
    assert scan.delivery_mode == values.get("delivery_mode", 0)
    assert scan.priority == values.get("priority", 0)
    assert scan.expiration == values.get("expiration", "").encode(errors="surrogateescape")
    assert scan.user_id == values.get("user_id", "").encode(errors="surrogateescape")
    headers = encode_table(values["headers"])[4:] if "headers" in values else b""
    assert payload[scan.headers_start : scan.headers_end] == headers
    assert bool(scan.flags & propertyscan.HEADERS) == ("headers" in values)


@given(properties, st.data())
def test_cut_or_lengthened_properties_are_refused(
    values: dict[str, Any], data: st.DataObject
) -> None:
    payload = encode_header(7, values)
    cut = data.draw(st.integers(0, len(payload) - 1))
    for raw in (payload[:cut], payload + b"\x00"):
        with pytest.raises(AmqpError) as caught:
            scan_properties(raw)
        assert caught.value.code == 502


@given(st.binary(min_size=2, max_size=40))
def test_any_bytes_are_properties_or_a_syntax_error(raw: bytes) -> None:
    try:
        scan = scan_properties(struct.pack(">HHQ", 60, 0, 0) + raw)
    except AmqpError as error:
        _assert_syntax_error(error)
    else:
        assert isinstance(scan, PropertyScan)


@given(properties, st.text(max_size=20))
def test_reply_to_is_found_among_the_others(values: dict[str, Any], name: str) -> None:
    raw = name.encode(errors="surrogateescape")
    payload = encode_header(0, {**values, "reply_to": name})
    start, end = propertyscan.reply_to_span(payload)
    assert payload[start:end] == bytes([len(raw)]) + raw
    other = payload[:start] + b"\5other" + payload[end:]
    assert other == encode_header(0, {**values, "reply_to": "other"})


@pytest.mark.parametrize("flags", [1, 2, 0x8001])
def test_flags_that_no_property_owns_are_refused(flags: int) -> None:
    with pytest.raises(AmqpError, match="flags"):
        scan_properties(struct.pack(">HHQHB", 60, 0, 0, flags, 0))


@given(tables)
def test_a_good_table_passes_the_check(table: FieldTable) -> None:
    raw = encode_table(table)
    check_table(raw, 4, len(raw))
    for cut in range(4, len(raw)):
        if raw[4:cut]:
            _check_agrees_with_decoding(raw[4:cut])


@given(st.binary(max_size=40))
def test_the_check_judges_as_decoding_does(body: bytes) -> None:
    _check_agrees_with_decoding(body)


def _check_agrees_with_decoding(body: bytes) -> None:
    raw = struct.pack(">I", len(body)) + body
    checked = decoded = True
    try:
        check_table(raw, 4, len(raw))
    except AmqpError:
        checked = False
    try:
        decode_table(raw, 0)
    except AmqpError as error:
        decoded = "twice" in error.text  # the check does not look for repeated names
    assert checked == decoded


def test_deep_nesting_is_refused_without_exhausting_the_stack() -> None:
    body = b""
    for _ in range(3000):
        body = b"\x01aF" + struct.pack(">I", len(body)) + body
    with pytest.raises(AmqpError, match="deep"):
        check_table(body, 0, len(body))


def _assert_syntax_error(error: AmqpError) -> None:
    assert error.code == 502
