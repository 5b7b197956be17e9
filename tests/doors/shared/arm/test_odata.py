"""Filters on names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.odata import DEPTH_MAX, FILTER_CHARS_MAX, name_filter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name eq 'orders'", True),
        ("namE EQ 'ORDERS'", True),
        ("name ne 'orders'", False),
        ("contains(name, 'der')", True),
        ("contains(name,'x')", False),
        ("not contains(name, 'x')", True),
        ("name eq 'a' or name eq 'orders'", True),
        ("name eq 'a' or name eq 'orders' and name ne 'orders'", False),
        ("(name eq 'a' or name eq 'orders') and not (name eq 'b')", True),
        ("name ne 'it''s'", True),
    ],
)
def test_a_filter_passes_names(text: str, expected: bool) -> None:
    assert name_filter(text)("Orders") is expected


@pytest.mark.parametrize(
    "text",
    [
        "", "name", "name eq", "name eq orders", "name eq 'a", "location eq 'x'", "name eq 'a' 'b'", "name eq 5",
        "contains(name)", "contains(name 'a')", "contains(name,'a'", "(name eq 'a'", "name eq 'a')", "not",
        "name gt 'a'", "name eq 'a' and", "x" * (FILTER_CHARS_MAX + 1), "(" * (DEPTH_MAX + 2) + "name eq 'a'",
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(ArmError):
        name_filter(text)


@given(st.text(alphabet="name eq'()contains,or and not x", max_size=60))
def test_any_text_is_a_filter_or_refused(text: str) -> None:
    try:
        found = name_filter(text)
    except ArmError:
        return
    assert found("x") in (True, False)
