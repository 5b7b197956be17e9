import pytest
from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.amqp import SEMANTICS, headers_filter
from dragoman.kernel.filters.compiler import compile_filter
from dragoman.model.errors import InvalidArgument


def passes(arguments: dict[str, object], headers: dict[str, object]) -> bool:
    return compile_filter(headers_filter(arguments), SEMANTICS).matches(Source(headers))


@pytest.mark.parametrize(
    ("kind", "headers", "expected"),
    [
        ("all", {"a": 1, "b": "two"}, True),
        ("all", {"a": 1}, False),
        ("any", {"a": 1}, True),
        ("any", {"a": 2}, False),
        ("all-with-x", {"a": 1, "b": "two"}, False),
        ("all-with-x", {"a": 1, "b": "two", "x-c": True}, True),
        ("any-with-x", {"x-c": True}, True),
        ("any", {"x-c": True}, False),
    ],
)
def test_x_match_says_how_many_headers_and_which(
    kind: str, headers: dict[str, object], expected: bool
) -> None:
    assert passes({"x-match": kind, "a": 1, "b": "two", "x-c": True}, headers) is expected


def test_without_x_match_all_have_to_match() -> None:
    assert passes({"a": 1, "b": 2}, {"a": 1, "b": 2})
    assert not passes({"a": 1, "b": 2}, {"a": 1})


def test_a_void_argument_asks_for_presence_only() -> None:
    assert passes({"a": None}, {"a": "whatever"})
    assert passes({"a": None}, {"a": None})
    assert not passes({"a": None}, {"b": 1})


def test_nothing_to_match_is_met_by_all_and_never_by_any() -> None:
    assert passes({}, {})
    assert passes({"x-match": "all", "x-other": 1}, {})
    assert not passes({"x-match": "any"}, {"a": 1})


@pytest.mark.parametrize("kind", ["", "ALL", "none", 1, None, b"all", ["all"]])
def test_any_other_x_match_is_refused(kind: object) -> None:
    with pytest.raises(InvalidArgument):
        headers_filter({"x-match": kind, "a": 1})
