"""A message's parts, found without looking into them; what is stored of it, and what is shown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.amqp10.strategies import values

from dragoman.wire.amqp10.composites import to_bytes
from dragoman.wire.amqp10.decode import DecodeError, decode
from dragoman.wire.amqp10.encode import encode
from dragoman.wire.amqp10.messaging import Header, Properties
from dragoman.wire.amqp10.sections import (
    APPLICATION_PROPERTIES,
    DATA,
    DELIVERY_ANNOTATIONS,
    FOOTER,
    MESSAGE_ANNOTATIONS,
    PREFIX_BYTES,
    REPEATED_MAX,
    SEQUENCE,
    VALUE,
    merge_map,
    pack_entry,
    show_entry,
    slice_message,
    split_entry,
)
from dragoman.wire.amqp10.values import Described, Symbol, ULong


def section(code: int, value: Any) -> bytes:
    return encode(Described(ULong(code), value))


HEAD = to_bytes(Header(durable=True, priority=7))
DELIVERY = section(DELIVERY_ANNOTATIONS, {Symbol("x-hop"): 1})
ANNOTATIONS = section(MESSAGE_ANNOTATIONS, {Symbol("x-opt-partition-key"): "k"})
PROPERTIES_ = to_bytes(Properties("id", to="q"))
APPLICATION = section(APPLICATION_PROPERTIES, {"n": 1})
TAIL = section(FOOTER, {Symbol("sum"): b"1"})
BODIES: st.SearchStrategy[list[bytes]] = st.one_of(
    st.lists(st.binary(max_size=400).map(lambda data: section(DATA, data)), min_size=1, max_size=3),
    st.lists(
        st.lists(values, max_size=2).map(lambda item: section(SEQUENCE, item)),
        min_size=1,
        max_size=2,
    ),
    values.map(lambda value: [section(VALUE, value)]),
    st.just([]),
)


def optional(part: bytes) -> st.SearchStrategy[bytes]:
    return st.sampled_from([b"", part])


@given(
    optional(HEAD),
    optional(DELIVERY),
    optional(ANNOTATIONS),
    optional(PROPERTIES_),
    optional(APPLICATION),
    BODIES,
    optional(TAIL),
)
def test_parts_are_found_kept_and_shown_byte_for_byte(
    head: bytes,
    hop: bytes,
    annotations: bytes,
    properties: bytes,
    app: bytes,
    body: list[bytes],
    foot: bytes,
) -> None:
    bare = properties + app + b"".join(body)
    found = slice_message(head + hop + annotations + bare + foot)
    data = found.data
    assert data[found.annotations : found.properties] == annotations
    assert data[found.properties : found.application] == properties
    assert data[found.application : found.body] == app
    assert data[found.body : found.footer] == b"".join(body)
    assert data[found.footer :] == foot
    entry = pack_entry(found)
    again = split_entry(entry)
    assert entry[PREFIX_BYTES : again.annotations] == head
    assert entry[again.annotations : again.properties] == annotations
    assert entry[again.application : again.body] == app
    assert again.shape == found.shape
    assert show_entry(entry, b"H", b"A") == b"HA" + bare + foot


def test_sections_named_by_symbols_and_in_wide_forms_are_found() -> None:
    named = encode(Described(Symbol("amqp:data:binary"), b"body"))
    wide = b"\0\x80" + VALUE.to_bytes(8, "big") + encode("text")
    assert slice_message(named).shape == DATA
    assert slice_message(wide).shape == VALUE


def test_an_empty_list_is_a_header() -> None:
    found = slice_message(b"\0\x53\x70\x45" + section(DATA, b"x"))
    assert found.delivery == 4


@pytest.mark.parametrize(
    "data",
    [
        TAIL + HEAD,
        HEAD + HEAD,
        section(DATA, b"x") + section(VALUE, 1),
        section(VALUE, 1) + section(VALUE, 1),
        b"\x40",
        encode(Described(ULong(0x7F), 1)),
        encode(Described(ULong(DATA), "text")),
        encode(Described(True, b"x")),
        section(DATA, b"long enough")[:-1],
        b"\0\x53\x75\xb0\xff\xff\xff\xff",
        b"\0\x53",
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        slice_message(data)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    for read in (slice_message, split_entry):
        try:
            read(data)
        except DecodeError:
            continue


def test_what_is_no_entry_is_refused() -> None:
    entry = bytearray(pack_entry(slice_message(section(DATA, b"x"))))
    entry[0] = 9
    for data in (bytes(entry), b"", bytes(30)):
        with pytest.raises(DecodeError):
            split_entry(data)


@pytest.mark.parametrize("count", [0, 2, 300])
def test_maps_are_merged_without_being_read(count: int) -> None:
    stored = {Symbol(f"stored-{number}"): number for number in range(count)}
    section_ = section(MESSAGE_ANNOTATIONS, stored) if count else b""
    pairs = encode(Symbol("new")) + encode(1)
    merged, _ = decode(merge_map(MESSAGE_ANNOTATIONS, pairs, 2, section_))
    assert merged.value == {Symbol("new"): 1} | stored


def test_nothing_merged_with_nothing_is_nothing() -> None:
    assert merge_map(MESSAGE_ANNOTATIONS, b"", 0, b"") == b""


def test_a_body_has_so_many_sections_and_no_more() -> None:
    one = b"\x00\x53\x75\xa0\x00"
    assert slice_message(one * (REPEATED_MAX + 1)).footer == len(one) * (REPEATED_MAX + 1)
    with pytest.raises(DecodeError):
        slice_message(one * (REPEATED_MAX + 2))
