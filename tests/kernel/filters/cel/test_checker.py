from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kernel.filters.cel.generator import Generator

from dragoman.kernel.filters.cel.checker import expression_of
from dragoman.kernel.filters.expressions import Constant, Name, Select, reads
from dragoman.kernel.filters.spelling import spell
from dragoman.kernel.filters.times import Duration
from dragoman.model.errors import InvalidArgument


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 + 1.0", r"column 3: no \+ for \(int, double\)"),
        ("true == 1", r"no == for \(bool, int\)"),
        ("x", "column 1: x is neither msg"),
        ("m", "m is asked for its members"),
        ("m.sbject", "m has no sbject, but app"),
        ("h.a.f(1)", "there is no function f"),
        ("size('a', 'b')", r"no size for \(string, string\)"),
        ("1 && true", "&& wants a bool, not int"),
        ("!1", "! wants a bool"),
        ("1 ? 2 : 3", r"\? wants a bool"),
        ("true ? 1 : 'a'", "one of int and string"),
        ("has(msg)", "has.. is asked of a member"),
        ("'a'.b", "string has no members"),
        ("[1].all(x.y, true)", "the name of a variable"),
        ("[1].all(x)", "another number of operands"),
        ("'a'.all(x, true)", "a loop is over a list or a map"),
        ("[1].exists(x, x + 1)", "exists wants a bool, not int"),
        ("[1].map(x, x) + x", "x is neither"),
        ("{1.5: 1}", "no key of a map is a double"),
        ("{'a': 1, 'a': 2}", "column 10: a key twice"),
        ("'a'.matches('(')", "a pattern: missing"),
        ("timestamp('yesterday')", "not a timestamp"),
        ("timestamp(0).getHours('Nowhere')", "no time zone is called Nowhere"),
        ("1 in ['a']", "no in for"),
        ("-'a'", "no - for"),
        ("optional.none()", "there is no function none"),
    ],
)
def test_what_could_only_be_an_error_is_refused_when_the_rule_is_made(text: str, said: str) -> None:
    with pytest.raises(InvalidArgument, match=r"CEL, line 1, column \d+: ") as refused:
        expression_of(text)
    assert refused.match(said)


def test_types_are_known_as_far_as_they_can_be() -> None:
    for text, kind in (
        ("msg.a", "dyn"),
        ("h.a", "dyn"),
        ("m.priority + 1", "int"),
        ("[1, 2].map(x, x * 2)", "list(int)"),
        ("{'a': 'b'}", "map(string, string)"),
        ("raw.size()", "int"),
        ("m.created_at", "timestamp"),
        ("type(1)", "type"),
        ("msg.a ? 1 : (2u == 2u ? 3 : 4)", "int"),
        ("msg.a ? timestamp(0) : null", "dyn"),
    ):
        assert str(expression_of(text).type) == kind, text


def test_constants_are_made_once() -> None:
    found = expression_of("duration('90s')")
    assert isinstance(found, Constant)
    assert found.value == Duration(90 * 10**9)
    assert isinstance(expression_of("[1, 'a']"), Constant)


def test_a_member_by_its_quoted_name_is_a_member() -> None:
    found = expression_of("h['x-y']")
    assert isinstance(found, Select)
    assert found.name == "x-y"
    assert isinstance(found.of, Name)


def test_a_loops_variable_hides_what_is_outside_of_it() -> None:
    assert reads(expression_of("[1].map(msg, msg)")) == set()
    assert reads(expression_of("[1].exists(m, m == 1)")) == set()
    assert reads(expression_of("'a' in h && h.b == m.subject && h.all(k, true)")) == {
        ("h", "a"), ("h", "b"), ("h", ""), ("m", "subject"),
    }  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1 << 32))
def test_what_is_spelled_is_read_back_as_the_same(seed: int) -> None:
    text = Generator(Random(seed)).any(3, {})
    try:
        found = expression_of(text)
    except InvalidArgument:
        return
    assert expression_of(spell(found)) == found
