"""Values are compared by type, width and order; messages by all they say."""

import uuid
from decimal import Decimal

import pytest

from dragoman.model.message import (
    CARRIED_FIELDS,
    FIELDS,
    VALUE_DEPTH_MAX,
    Delivery,
    Message,
    Typed,
    Value,
    depth_of,
    differences,
    identical,
    is_value,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True), (1, 1.0), (0.0, -0.0), ("a", b"a"), (1, Typed("i32", 1)), (Typed("i32", 1), Typed("u32", 1)),
        (Decimal("1.5"), Decimal("1.50")), ([1], [True]), ([1, 2], [2, 1]), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), (None, ""),
        (uuid.UUID(int=1), uuid.UUID(int=2)), ([1], [1, 2]), ({"a": 1}, {"a": 1.0}),
    ],
)  # fmt: skip
def test_values_that_look_alike_are_not_identical(one: Value, other: Value) -> None:
    assert not identical(one, other)
    assert identical(one, one)
    assert identical(other, other)


def test_a_nan_is_identical_to_a_nan() -> None:
    assert identical(float("nan"), float("nan"))
    assert Typed("f32", float("nan")) == Typed("f32", float("nan"))


@pytest.mark.parametrize(
    "value",
    [1 << 63, Typed("i8", 128), Typed("u8", -1), Typed("i64", 1), Typed("char", ""), Typed("symbol", b""), Typed("what", 1),
     Typed("i8", True), Typed("f32", 1), Decimal("NaN"), (1,), {1: 2}, object(), [object()], {"a": 1 << 64}],
)  # fmt: skip
def test_what_is_outside_the_closed_set_is_no_value(value: Value) -> None:
    assert not is_value(value)


def nested(depth: int) -> Value:
    value: Value = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def test_depth_counts_lists_and_maps_inside_each_other() -> None:
    assert [depth_of(nested(depth)) for depth in range(4)] == [0, 1, 2, 3]
    assert is_value(nested(VALUE_DEPTH_MAX))
    assert not is_value(nested(VALUE_DEPTH_MAX + 1))
    assert depth_of(nested(100)) == VALUE_DEPTH_MAX + 1


def test_a_copy_is_equal_and_apart() -> None:
    message = Message(b"x", [("a", 1)])
    message.type = "t"
    copy = message.copy()
    assert copy == message
    copy.type = "u"
    assert message.type == "t"
    assert differences(copy, message) == ["type"]
    assert copy != message
    assert message != "message"


def test_headers_as_list_or_tuple_count_alike() -> None:
    assert Message(b"", [("a", 1)]) == Message(b"", (("a", 1),))


def test_a_message_shows_what_it_says_and_no_more() -> None:
    assert repr(Message(b"x", [("a", 1)])) == "Message(body=b'x', headers=[('a', 1)])"


def test_every_field_is_named_once() -> None:
    assert set(FIELDS) == set(getattr(Message, "__slots__", FIELDS))  # a compiled class has none
    assert all(hasattr(Message(), name) for name in FIELDS)
    assert len(set(FIELDS)) == len(FIELDS)
    assert {"user", "origin", "stored_at_us"}.isdisjoint(CARRIED_FIELDS)


def test_a_delivery_starts_as_the_first_attempt() -> None:
    assert Delivery().count == 1
    assert Delivery().dead is None


def test_typed_values_can_be_keys() -> None:
    assert {Typed("i32", 1): "a"}[Typed("i32", 1)] == "a"
    assert repr(Typed("i32", 1)) == "Typed('i32', 1)"
