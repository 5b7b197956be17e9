from typing import Any

import pika.spec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.wire.amqp091.strategies import names, tables

from dragoman.wire.amqp091.errors import AmqpError
from dragoman.wire.amqp091.fieldtable import Field
from dragoman.wire.amqp091.properties import FIELDS, Properties, encode_header, with_body_bytes

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "shortstr": names,
    "octet": st.integers(0, 255),
    "timestamp": st.integers(0, 2**64 - 1),
    "table": tables,
}
properties = st.fixed_dictionaries(
    {}, optional={name: VALUES[kind] for name, (_flag, kind) in FIELDS.items()}
)


@given(properties, st.integers(0, 2**64 - 1))
def test_properties_come_back_as_they_were(values: dict[str, Any], body_bytes: int) -> None:
    payload = encode_header(body_bytes, values)
    read = Properties(payload)
    assert read.as_dict() == values
    assert read.body_bytes == body_bytes
    assert encode_header(body_bytes, read.as_dict()) == payload


def test_absent_properties_read_as_none() -> None:
    read = Properties(encode_header(0, {}))
    assert [getattr(read, name) for name in ("content_type", "priority", "timestamp_s")] == [
        None
    ] * 3
    assert read.headers == {}


def test_pika_writes_the_same_header() -> None:
    plain: dict[str, Any] = {
        "content_type": "text/plain",
        "content_encoding": "utf-8",
        "delivery_mode": 2,
        "priority": 5,
        "correlation_id": "c",
        "reply_to": "r",
        "expiration": "60000",
        "message_id": "m",
        "timestamp": 1_700_000_000,
        "type": "t",
        "user_id": "guest",
        "app_id": "a",
        "cluster_id": "k",
    }
    peer = pika.spec.BasicProperties(headers={"n": 1, "s": "x"}, **plain)
    headers = {"n": Field("I", 1), "s": Field("S", b"x")}
    payload = encode_header(3, {**plain, "headers": headers})
    assert payload[12:] == b"".join(peer.encode())
    read = pika.spec.BasicProperties()
    read.decode(payload, 12)
    assert read == peer


def test_a_header_that_does_not_hold_up_is_refused_at_once() -> None:
    for payload in (b"", bytes(13), encode_header(0, {"priority": 1})[:-1]):
        with pytest.raises(AmqpError):
            Properties(payload)


def test_what_is_no_property_or_does_not_fit_is_not_encoded() -> None:
    with pytest.raises(KeyError):
        encode_header(0, {"colour": "red"})
    with pytest.raises(ValueError, match="octet"):
        encode_header(0, {"priority": 256})
    with pytest.raises(ValueError, match="shortstr"):
        encode_header(0, {"type": "t" * 256})


def test_a_header_may_be_kept_for_a_body_of_another_size() -> None:
    payload = encode_header(3, {"priority": 1})
    assert with_body_bytes(payload, 9) == encode_header(9, {"priority": 1})
