import math
from typing import Any

import pytest

from dragoman.kernel.filters.evaluation import (
    INT_MAX,
    INT_MIN,
    UINT_MAX,
    Budget,
    EvaluationError,
    OutOfBudget,
    divide,
    items,
    map_key,
    multiply,
    negate,
    new_key,
    remainder,
    size,
    subtract,
    type_of,
)
from dragoman.kernel.filters.expressions import UInt
from dragoman.kernel.filters.times import NS, Duration, Timestamp


def test_equality_knows_families() -> None:
    equal = Budget().equal
    assert equal(1, 1.0)
    assert equal(UInt(1), 1)
    assert equal([1, {"a": 2}], (1.0, {"a": UInt(2)}))
    for one, other in (
        (True, 1),
        ("a", b"a"),
        (None, 0),
        ([True], [1]),
        ({"a": 1}, {"b": 1}),
        ({}, []),
    ):
        assert not equal(one, other)
    assert not equal(math.nan, math.nan)
    assert not equal([math.nan], [math.nan])


def test_order_is_within_a_family() -> None:
    budget = Budget()
    assert budget.less(1, 1.5)
    assert budget.at_most(UInt(1), 1)
    assert budget.less("a", "b")
    assert budget.less(False, True)
    assert budget.less(Timestamp(0), Timestamp(1))
    assert not budget.less(math.nan, 1)
    assert not budget.at_most(1, math.nan)
    for one, other in ((1, "a"), (None, None), ([1], [2]), (Timestamp(0), Duration(1)), (True, 1)):
        with pytest.raises(EvaluationError):
            budget.less(one, other)


@pytest.mark.parametrize(
    ("reckon", "left", "right", "expected"),
    [
        (divide, -5, 2, -2),
        (divide, 5, -2, -2),
        (remainder, -5, 3, -2),
        (remainder, 5, -3, 2),
        (divide, 1.0, 0.0, math.inf),
        (divide, -1.0, 0.0, -math.inf),
        (subtract, Timestamp(NS), Timestamp(0), Duration(NS)),
        (subtract, Timestamp(NS), Duration(NS), Timestamp(0)),
        (multiply, UInt(3), UInt(4), UInt(12)),
        (multiply, 1e300, 1e300, math.inf),
    ],
)
def test_arithmetic_is_that_of_64_bits(reckon: Any, left: Any, right: Any, expected: Any) -> None:
    found = reckon(left, right)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("reckon", "left", "right"),
    [
        (divide, 1, 0), (remainder, 1, 0), (divide, INT_MIN, -1), (remainder, INT_MIN, -1), (multiply, INT_MAX, 2),
        (subtract, UInt(1), UInt(2)), (subtract, 1, 1.0), (multiply, 1, UInt(1)), (remainder, 1.0, 1.0),
        (subtract, "a", "b"), (subtract, True, True), (multiply, Duration(1), 2),
    ],
)  # fmt: skip
def test_what_leaves_the_64_bits_or_mixes_types_is_an_error(
    reckon: Any, left: Any, right: Any
) -> None:
    with pytest.raises(EvaluationError):
        reckon(left, right)


def test_what_is_added_is_of_one_kind() -> None:
    budget = Budget()
    assert budget.add("a", "b") == "ab"
    assert budget.add([1], ("b",)) == [1, "b"]
    assert budget.add(Duration(1), Timestamp(1)) == Timestamp(2)
    assert budget.add(Duration(1), Duration(1)) == Duration(2)
    for left, right in (
        (INT_MAX, 1),
        (UInt(UINT_MAX), UInt(1)),
        ("a", 1),
        ("a", b"b"),
        (Timestamp(1), Timestamp(1)),
    ):
        with pytest.raises(EvaluationError):
            budget.add(left, right)
    with pytest.raises(EvaluationError):
        negate(INT_MIN)
    with pytest.raises(EvaluationError):
        negate(UInt(1))


def test_a_truth_value_is_a_key_of_its_own() -> None:
    made = {new_key(True): "t", new_key(1): "one", new_key("a"): "a"}
    assert made[map_key(True)] == "t"
    assert made[map_key(1.0)] == made[map_key(UInt(1))] == "one"
    assert items(made) == [True, 1, "a"]
    assert Budget().contains(True, made)
    assert not Budget().contains(False, made)
    for key in (1.5, None, [1]):
        with pytest.raises(EvaluationError):
            new_key(key)


def test_members_are_there_or_an_error() -> None:
    index = Budget().index
    assert index([1, 2], 1.0) == index([1, 2], UInt(1)) == 2
    assert index({"a": 1}, "a") == 1
    for value, key in (
        ([1], 1),
        ([1], -1),
        ([1], "a"),
        ([1], True),
        ({"a": 1}, "b"),
        ("abc", 0),
        (None, "a"),
    ):
        with pytest.raises(EvaluationError):
            index(value, key)
    assert size("é😀") == 2
    with pytest.raises(EvaluationError):
        size(5)
    assert type_of({}).name == "map"


def test_work_is_counted_by_what_is_looked_at() -> None:
    budget = Budget(100)
    with pytest.raises(OutOfBudget):
        budget.equal(list(range(200)), list(range(200)))
    budget = Budget(100)
    with pytest.raises(OutOfBudget):
        budget.contains("x", ["a"] * 200)
    for _ in range(3):
        budget = Budget(100)
        with pytest.raises(OutOfBudget):
            budget.add("a" * 100_000, "b")
        with pytest.raises(OutOfBudget):
            Budget(100).matches("a" * 100_000, lambda _: True)
