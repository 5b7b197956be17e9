"""Arithmetic between values of messages."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.filters.cases import VALUES

from dragoman.kernel.filters.reckoning import (
    SIGNS,
    TEXT_CHARS_MAX,
    WHOLE_MAX,
    WHOLE_MIN,
    reckon,
)
from dragoman.kernel.filters.values import MISSING
from dragoman.model.message import Typed


@pytest.mark.parametrize(
    ("left", "sign", "right", "found"),
    [
        (2, "+", 3, 5),
        (2, "-", 3, -1),
        (2, "*", 1.5, 3.0),
        (7, "/", 2, 3),
        (-7, "/", 2, -3),
        (7, "/", 2.0, 3.5),
        (-7, "%", 2, -1),
        (7, "%", -2, 1),
        (7.5, "%", 2, 1.5),
        (Typed("i32", 2), "+", Decimal("0.5"), 2.5),
        ("a", "+", "b", "ab"),
        ("a", "+", 1, "a1"),
        (1.0, "+", "a", "1a"),
        ("a", "+", True, "aTrue"),
    ],
)
def test_numbers_are_reckoned_and_texts_joined(
    left: object, sign: str, right: object, found: object
) -> None:
    assert reckon(sign, left, right) == found
    assert type(reckon(sign, left, right)) is type(found)


@pytest.mark.parametrize(
    ("left", "sign", "right"),
    [
        (1, "/", 0),
        (1, "%", 0),
        (1.0, "/", 0.0),
        (MISSING, "+", 1),
        (1, "+", MISSING),
        (None, "+", 1),
        (True, "+", 1),
        ("a", "*", 2),
        ("a", "-", "a"),
        (b"a", "+", b"b"),
        (WHOLE_MAX, "+", 1),
        (WHOLE_MIN, "-", 1),
        (WHOLE_MIN, "/", -1),
        (1e308, "*", 10),
        (float("inf"), "-", float("inf")),
        ("a" * TEXT_CHARS_MAX, "+", "b"),
    ],
)
def test_what_comes_to_nothing_is_unknown(left: object, sign: str, right: object) -> None:
    assert reckon(sign, left, right) is MISSING


@given(VALUES, st.sampled_from(SIGNS), VALUES)
def test_no_two_values_are_a_fault(left: object, sign: str, right: object) -> None:
    found = reckon(sign, left, right)
    assert found is MISSING or type(found) in (int, float, str)
