from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.kernel.filters.conversions import CONVERSIONS
from dragoman.kernel.filters.evaluation import EvaluationError
from dragoman.kernel.filters.expressions import UInt
from dragoman.kernel.filters.times import NS, Duration, Timestamp


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        ("int", -1.9, -1), ("int", " +01 ", 1), ("int", UInt(3), 3), ("int", Timestamp(-1), -1), ("int", Decimal("2.5"), 2),
        ("uint", 1.9, UInt(1)), ("uint", "+1", UInt(1)), ("double", " .5 ", 0.5), ("double", "-Infinity", float("-inf")),
        ("double", 3, 3.0), ("string", 1.0, "1"), ("string", 1e6, "1e+06"), ("string", 123456.7, "123456.7"),
        ("string", 1234567.5, "1.2345675e+06"), ("string", -0.0, "-0"), ("string", 1e-5, "1e-05"), ("string", 5e-324, "5e-324"),
        ("string", True, "true"), ("string", UInt(7), "7"), ("string", b"\xc3\xa9", "é"), ("string", Duration(NS), "1s"),
        ("string", UUID(int=1), "00000000-0000-0000-0000-000000000001"), ("bytes", "é", b"\xc3\xa9"), ("bool", "T", True),
        ("bool", "FALSE", False), ("timestamp", 5, Timestamp(5 * NS)), ("duration", "1m", Duration(60 * NS)),
        ("lower", "ÄB", "äb"), ("lowerAscii", "ÄB", "Äb"), ("upperAscii", "äb", "äB"), ("getHours", Timestamp(0), 0),
    ],
)  # fmt: skip
def test_conversions_are_those_of_the_other_implementations(
    function: str, value: Any, expected: Any
) -> None:
    found = CONVERSIONS[function](value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("int", ""), ("int", "1.5"), ("int", "0x1"), ("int", "٣"), ("int", "1" * 100), ("int", 1e300), ("int", float("nan")),
        ("int", 9223372036854775808.0), ("int", None), ("int", UInt(1 << 63)), ("uint", -1), ("uint", "-1"), ("uint", -0.5),
        ("double", "1_0"), ("double", ""), ("double", "1e"), ("double", "0x10"), ("double", None), ("string", None),
        ("string", [1]), ("string", b"\xff"), ("string", 1 << 70), ("bytes", 1), ("bytes", "\udc00"), ("bool", "yes"),
        ("bool", 1), ("timestamp", "now"), ("timestamp", 1 << 60), ("timestamp", 1.5), ("duration", 5), ("duration", "5"),
        ("lower", 1), ("lowerAscii", b"A"), ("getHours", "x"), ("getFullYear", Duration(1)),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_an_error(function: str, value: Any) -> None:
    with pytest.raises(EvaluationError):
        CONVERSIONS[function](value)


@given(st.floats())
def test_a_double_is_read_back_as_it_is_spelled(value: float) -> None:
    found = CONVERSIONS["double"](CONVERSIONS["string"](value))
    assert found == value or (found != found and value != value)  # noqa: PLR0124 - NaN
