import pytest
from hypothesis import given
from tests.wire.amqp10.strategies import values

from dragoman.wire.amqp10.decode import decode_whole
from dragoman.wire.amqp10.encode import NotEncodable, encode
from dragoman.wire.amqp10.values import (
    Array,
    Char,
    Decimal32,
    Int,
    Symbol,
    UByte,
    UInt,
    ULong,
    identical,
)


@given(values)
def test_what_is_written_is_read_again(value: object) -> None:
    assert identical(decode_whole(encode(value)), value)


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (None, "40"),
        (UInt(0), "43"),
        (UInt(255), "52ff"),
        (UInt(256), "7000000100"),
        (ULong(0), "44"),
        (ULong(36), "5324"),
        (Int(-1), "54ff"),
        (-129, "81ffffffffffffff7f"),
        ("a", "a10161"),
        (Symbol("a"), "a30161"),
        ([], "45"),
        ({}, "c10100"),
        ([True, False], "c003024142"),
        (Array(Symbol, [Symbol("x"), Symbol("yz")]), "e00d02b3000000017800000002797a"),
    ],
)
def test_each_value_takes_its_shortest_form(value: object, data: str) -> None:
    assert encode(value).hex() == data


@pytest.mark.parametrize(
    "value",
    [
        object(),
        UByte(256),
        UInt(-1),
        1 << 63,
        Symbol("é"),
        "\ud800",
        Char("ab"),
        Decimal32(b"abc"),
        Array(UInt, [1]),
        Array(object, []),
        {1: object()},
    ],
)
def test_what_is_no_value_is_refused(value: object) -> None:
    with pytest.raises(NotEncodable):
        encode(value)


def test_a_list_in_itself_is_refused() -> None:
    value: list[object] = []
    value.append(value)
    with pytest.raises(NotEncodable, match="too deep"):
        encode(value)
    inner = Array(Array, [])
    inner.items = [inner]
    with pytest.raises(NotEncodable, match="too deep"):
        encode(inner)
