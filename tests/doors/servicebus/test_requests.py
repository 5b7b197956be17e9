"""What requests say, and what is none."""

from collections.abc import Callable
from typing import Any

import pytest

from dragoman.doors.servicebus.requests import Failed, items_in, number_in, numbers_in, text_in
from dragoman.wire.amqp10.values import Array, Int, Symbol


def test_what_is_said_is_found() -> None:
    assert items_in({"a": Array(int, [1, 2])}, "a") == items_in({"a": [1, 2]}, "a") == [1, 2]
    assert numbers_in({"a": Array(Int, [Int(1)])}, "a") == [1]
    assert [number_in(body, "a", 1) for body in ({"a": Int(3)}, {"a": "x"}, {})] == [3, 1, 1]
    assert text_in({"a": Symbol("x")}, "a") == "x"


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (items_in, {}),
        (items_in, {"a": "x"}),
        (numbers_in, {"a": ["x"]}),
        (numbers_in, {"a": [True]}),
        (text_in, {}),
        (text_in, {"a": 1}),
    ],
)
def test_what_is_not_is_refused(
    read: Callable[[dict[str, Any], str], Any], body: dict[str, Any]
) -> None:
    with pytest.raises(Failed) as refused:
        read(body, "a")
    assert refused.value.status == 400
