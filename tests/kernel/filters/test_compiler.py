import pytest
from hypothesis import given, settings
from tests.kernel.filters.cases import PREDICATES, SEMANTICS, SOURCES, Source, outcome

from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.nodes import (
    DEPTH_MAX,
    NODES_MAX,
    And,
    Attribute,
    Compare,
    CompareOp,
    Exists,
    Header,
    Literal,
    Matches,
    Not,
    Or,
    Predicate,
    Semantics,
    Text,
    TextOp,
    Unknown,
    equals,
)
from dragoman.model.errors import InvalidArgument
from dragoman.model.message import Typed

A = Header("a")


@settings(max_examples=250, deadline=None)
@given(PREDICATES, SEMANTICS, SOURCES)
def test_a_compiled_filter_answers_as_the_slow_reading_of_its_predicate(
    predicate: Predicate, semantics: Semantics, source: Source
) -> None:
    found = compile_filter(predicate, semantics).matches(source)
    assert found is outcome(predicate, source, semantics)


@settings(max_examples=100, deadline=None)
@given(PREDICATES, SOURCES)
def test_headers_are_decoded_only_for_filters_that_read_one(
    predicate: Predicate, source: Source
) -> None:
    compiled = compile_filter(predicate)
    compiled.matches(source)
    assert source.headers_asked == compiled.needs_headers
    assert compiled.needs_fields == bool(
        compiled.headers or compiled.attributes or compiled.reads_body
    )


def test_what_a_filter_reads_is_known_without_a_message() -> None:
    compiled = compile_filter(
        And((equals(A, 1), Not(Exists(Attribute("subject"))), equals(Header("b"), 2)))
    )
    assert compiled.headers == {"a", "b"}
    assert compiled.attributes == {"subject"}


def test_true_is_not_one_and_text_is_not_bytes() -> None:
    assert not compile_filter(equals(A, 1)).matches(Source({"a": True}))
    assert not compile_filter(equals(A, True)).matches(Source({"a": 1}))
    assert not compile_filter(equals(A, "x")).matches(Source({"a": b"x"}))
    assert compile_filter(equals(A, 1)).matches(Source({"a": Typed("i8", 1)}))


def test_the_denial_of_something_missing_is_unknown_too() -> None:
    denied = Not(equals(A, 1))
    assert not compile_filter(denied).matches(Source())
    assert compile_filter(denied, Semantics(Unknown.MATCH)).matches(Source())
    assert compile_filter(denied).matches(Source({"a": 2}))


def test_a_null_header_is_there_unless_the_dialect_says_it_is_not() -> None:
    null = Source({"a": None})
    assert compile_filter(Exists(A)).matches(null)
    assert not compile_filter(Exists(A), Semantics(null_is_missing=True)).matches(null)
    assert compile_filter(equals(A, None)).matches(null)
    assert not compile_filter(equals(A, None), Semantics(null_is_missing=True)).matches(null)


def test_no_name_or_literal_becomes_code() -> None:
    evil = '"); __import__("os").system("true"); ("'
    predicate = Or((equals(Header(evil), evil), Text(TextOp.PREFIX, Attribute(evil), evil)))
    compiled = compile_filter(predicate)
    assert evil not in compiled.matches.__code__.co_consts
    assert compiled.matches.__globals__["__builtins__"] == {}
    assert compiled.matches(Source({evil: evil}))
    assert not compiled.matches(Source({"a": evil}))


def test_filters_of_one_shape_share_their_code() -> None:
    one = compile_filter(equals(A, "one"))
    two = compile_filter(equals(Header("b"), "two"))
    assert one.matches.__code__ is two.matches.__code__
    assert not one.matches(Source({"b": "two"}))


def test_the_deepest_and_the_widest_filter_compile() -> None:
    deep: Predicate = equals(A, 1)
    for _ in range((DEPTH_MAX - 2) // 2):
        deep = And((Not(deep), Exists(A)))
    assert isinstance(compile_filter(deep).matches(Source({"a": 1})), bool)
    wide = Or(tuple(Compare(CompareOp.LT, Literal(n), A) for n in range(NODES_MAX - 1)))
    assert compile_filter(wide, Semantics(Unknown.MATCH)).matches(Source({"a": 1}))


def test_a_pattern_is_for_the_whole_of_a_text_and_has_to_be_one() -> None:
    found = compile_filter(Matches(Header("h"), "a.c"))
    values = ["abc", "abcd", "a\nc", b"abc", "a\udcffc", None, 5]
    matched = [found.matches(Source(headers={"h": value})) for value in values]
    assert matched == [True, False, True, False, False, False, False]
    with pytest.raises(InvalidArgument, match="pattern"):
        compile_filter(Matches(Header("h"), "("))
