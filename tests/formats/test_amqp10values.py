"""AMQP 1.0's values and the envelope's say the same, or nothing."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from tests.formats.strategies import SCALARS
from tests.wire.amqp10.strategies import values

from dragoman.formats.amqp10values import Untranslatable, from_value, to_value
from dragoman.model.message import Typed, Value, identical, is_value
from dragoman.wire.amqp10.values import Array, Decimal32, Described, Symbol, UByte
from dragoman.wire.amqp10.values import identical as same


@given(SCALARS)
def test_a_scalar_comes_back_as_it_was(value: Value) -> None:
    try:
        found = from_value(value)
    except Untranslatable:
        return
    assert identical(to_value(found), value)


@given(values)
def test_any_value_of_amqp_is_one_of_the_envelope_or_has_no_counterpart(value: Any) -> None:
    try:
        found = to_value(value)
    except Untranslatable:
        return
    assert is_value(found) or isinstance(value, list | dict)
    if not isinstance(value, list | dict):
        assert same(from_value(found), value)


def test_widths_are_kept() -> None:
    assert to_value(UByte(3)) == Typed("u8", 3)
    assert type(from_value(Typed("symbol", "a"))) is Symbol


@pytest.mark.parametrize("value", [Decimal32(bytes(4)), Described(1, 2), Array(int, [1]), {1: 2}])
def test_what_has_no_counterpart_is_refused(value: Any) -> None:
    with pytest.raises(Untranslatable):
        to_value(value)


@pytest.mark.parametrize(
    "value",
    [Decimal(1), [1], {"a": 1}, "\udcff", Typed("timestamp", 1 << 70), Typed("symbol", "é")],
)
def test_what_amqp_cannot_say_is_refused(value: Value) -> None:
    with pytest.raises(Untranslatable):
        from_value(value)
