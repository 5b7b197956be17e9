from typing import Any

import pytest

from dragoman.kernel.filters.nodes import (
    DEPTH_MAX,
    LITERAL_BYTES_MAX,
    NAME_CHARS_MAX,
    NODES_MAX,
    And,
    Exists,
    Header,
    In,
    Literal,
    Not,
    Predicate,
    check,
    equals,
    fields_of,
)
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import VALUE_DEPTH_MAX, Typed

A = Header("a")


def nested(levels: int) -> Predicate:
    node: Predicate = Exists(A)
    for _ in range(levels - 1):
        node = Not(node)
    return node


def test_a_filter_may_be_as_deep_as_the_bound_and_no_deeper() -> None:
    check(nested(DEPTH_MAX))
    with pytest.raises(InvalidArgument):
        check(nested(DEPTH_MAX + 1))
    with pytest.raises(InvalidArgument):
        check(nested(100_000))


def test_a_filter_has_at_most_so_many_terms() -> None:
    check(And((Exists(A),) * (NODES_MAX - 1)))
    check(In(A, (Literal(1),) * (NODES_MAX - 1)))
    with pytest.raises(InvalidArgument):
        check(And((Exists(A),) * NODES_MAX))
    with pytest.raises(InvalidArgument):
        check(In(A, (Literal(1),) * NODES_MAX))
    with pytest.raises(InvalidArgument):
        check(And((And((Exists(A),) * 500),) * 500))


def test_names_and_literals_are_bounded() -> None:
    check(equals(A, "x" * (LITERAL_BYTES_MAX - 1)))
    with pytest.raises(InvalidArgument):
        check(equals(A, "x" * LITERAL_BYTES_MAX))
    with pytest.raises(InvalidArgument):
        check(equals(A, ["x" * LITERAL_BYTES_MAX]))
    with pytest.raises(InvalidArgument):
        check(Exists(Header("n" * (NAME_CHARS_MAX + 1))))


def test_nan_and_strangers_are_no_literals() -> None:
    for value in (float("nan"), [float("nan")], {"a": Typed("f32", float("nan"))}, object(), {1}):
        with pytest.raises(InvalidArgument):
            check(equals(A, value))
    too_deep: Any = 1
    for _ in range(VALUE_DEPTH_MAX + 1):
        too_deep = [too_deep]
    with pytest.raises(InvalidArgument):
        check(equals(A, too_deep))


def test_literals_are_equal_when_filters_would_find_them_equal() -> None:
    assert Literal(1) == Literal(Typed("u8", 1))
    assert Literal(1) != Literal(True)
    assert len({equals(A, 1), equals(A, True), equals(A, 1.0), equals(A, "1")}) == 3


def test_the_fields_of_a_filter_are_those_of_its_parts() -> None:
    predicate = And((equals(A, 1), Not(Exists(Header("b")))))
    assert list(fields_of(predicate)) == [A, Header("b")]
