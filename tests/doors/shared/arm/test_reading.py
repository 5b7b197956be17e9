"""Members of properties: absent, right and of every wrong type."""

from collections.abc import Callable
from typing import Any

import pytest

from dragoman.doors.shared.arm.errors import ArmError
from dragoman.doors.shared.arm.reading import (
    list_in,
    object_in,
    shortened,
    text_in,
    whole_in,
    word_in,
)

VALUES: tuple[Any, ...] = (True, 0, 1.5, 1 << 70, "", "x", [], [1, 2], {}, {"a": []})
Reader = Callable[[dict[str, Any]], Any]
READERS: tuple[tuple[Reader, Any, tuple[Any, ...]], ...] = (
    (lambda told: object_in(told, "m"), {}, ({}, {"a": []})),
    (lambda told: list_in(told, "m", 1), [], ([],)),
    (lambda told: word_in(told, "m", ("x", "y"), "y"), "y", ("x",)),
    (lambda told: whole_in(told, "m", 3, 0, 5), 3, (0,)),
)


@pytest.mark.parametrize(("read", "default", "good"), READERS)
def test_what_is_said_is_of_its_type_or_refused(
    read: Reader, default: Any, good: tuple[Any, ...]
) -> None:
    assert read({}) == read({"m": None}) == default
    for value in VALUES:
        if any(value is one or (type(value) is type(one) and value == one) for one in good):
            assert read({"m": value}) == value
        else:
            with pytest.raises(ArmError) as refused:
                read({"m": value})
            assert refused.value.status == 400


@pytest.mark.parametrize("value", [None, "", 5, [], {}])
def test_a_text_that_must_be_there_is_none_of_these(value: Any) -> None:
    with pytest.raises(ArmError, match=r"^Name is missing\.$"):
        text_in({"name": value}, "name")
    assert text_in({"name": "a"}, "name") == "a"


def test_what_is_shown_of_a_value_is_short() -> None:
    assert len(shortened(["x" * 1_000])) == 60
