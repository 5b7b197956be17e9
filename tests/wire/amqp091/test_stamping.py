from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.wire.amqp091.strategies import tables

from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.outgoing import pack_entries, split_entry
from dragoman.wire.amqp091.properties import Properties, encode_header
from dragoman.wire.amqp091.stamping import STREAM_OFFSET, stamped

KEY = b"\x01e\x03key"
texts = st.sampled_from(["", "a", "text/plain"])
properties = st.fixed_dictionaries(
    {},
    optional={
        "content_type": texts,
        "content_encoding": texts,
        "headers": tables,
        "delivery_mode": st.integers(0, 255),
        "timestamp": st.integers(0, 2**63),
        "app_id": texts,
    },
)


def entry_of(values: dict[str, Any], body: bytes) -> bytes:
    return pack_entries(KEY, [encode_header(len(body), values)], [body])[0]


def read(entry: bytes) -> tuple[bytes, dict[str, Any], bytes]:
    key, header, body = split_entry(entry)
    found = Properties(header)
    assert found.body_bytes == len(body)
    return key, found.as_dict(), body


@given(st.lists(st.tuples(properties, st.binary(max_size=5)), max_size=4), st.integers(0, 2**62))
def test_a_stamp_is_one_more_header_and_nothing_else_changes(
    messages: list[tuple[dict[str, Any], bytes]], first: int
) -> None:
    messages = [message for message in messages for _ in range(2)]  # neighbours are alike
    entries = [entry_of(*message) for message in messages]
    offsets = list(range(first, first + len(entries)))
    found = stamped(entries, offsets)
    for entry, stamp, offset in zip(entries, found, offsets, strict=True):
        key, values, body = read(entry)
        again = read(stamp)
        headers = {**values.pop("headers", {}), STREAM_OFFSET: Field("l", offset)}
        assert again == (key, {**values, "headers": headers}, body)


def test_a_stamp_takes_the_place_of_what_a_publisher_wrote() -> None:
    values = {"headers": {"a": Field("I", 1), STREAM_OFFSET: Field("S", b"mine")}}
    (found,) = stamped([entry_of(values, b"m")], [7])
    assert read(found)[1] == {"headers": {"a": Field("I", 1), STREAM_OFFSET: Field("l", 7)}}
