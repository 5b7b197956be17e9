"""A filter shown as CEL takes the same messages: each dialect's, and any predicate at all."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.kernel.filters.cases import PREDICATES, SEMANTICS, Source

from dragoman.kernel.filters.amqp import headers_filter
from dragoman.kernel.filters.cel.filter import cel_filter
from dragoman.kernel.filters.compiler import PLAIN, compile_filter
from dragoman.kernel.filters.eventgrid import eventgrid_filter
from dragoman.kernel.filters.nodes import (
    Header,
    In,
    Literal,
    Member,
    Not,
    Or,
    Predicate,
    Semantics,
    Unknown,
)
from dragoman.kernel.filters.pubsub import pubsub_filter
from dragoman.kernel.filters.servicebus import SEMANTICS as SERVICEBUS
from dragoman.kernel.filters.servicebus import servicebus_filter
from dragoman.kernel.filters.shown import as_cel

JSON = (
    st.none()
    | st.booleans()
    | st.sampled_from([0, 1, 2, 0.5, "", "a", "ab", "AB", [], [1, "a"], {"a": "a"}])
)
HEADERS = JSON | st.sampled_from([b"", b"a"])


class Body(Source):
    """With a body that is parsed as the product's is."""

    body: object = None

    def member(self, path: tuple[str, ...]) -> object:
        found = self.body
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        return found


@st.composite
def messages(draw: st.DrawFn) -> Body:
    names = st.sampled_from(["a", "b", "x-c"])
    found = Body(draw(st.dictionaries(names, HEADERS)), {"subject": draw(st.none() | st.just("a"))})
    found.body = draw(
        st.dictionaries(st.sampled_from(["a", "b"]), JSON | st.fixed_dictionaries({"b": JSON}))
    )
    return found


def shown_alike(predicate: Predicate, semantics: Semantics, source: Source) -> None:
    shown = as_cel(predicate, semantics)
    again = compile_filter(cel_filter({"expression": shown}))
    assert again.matches(source) is compile_filter(predicate, semantics).matches(source), shown


def is_spellable(text: str) -> bool:
    """CEL has neither decimals, nor prefixes of bytes, nor attributes that no message has."""
    odd = ("Attribute(", "Decimal(", "part=b'", str(1 << 70), "inf")
    return not any(each in text for each in odd)


@settings(max_examples=100, deadline=None)
@given(PREDICATES, SEMANTICS, messages())
def test_any_predicate_is_shown_as_what_takes_the_same(
    predicate: Predicate, semantics: Semantics, source: Body
) -> None:
    assume(is_spellable(repr(predicate)))
    shown_alike(predicate, semantics, source)


DIALECTS = [
    (headers_filter({"x-match": "any", "a": 1, "b": None}), PLAIN),
    (headers_filter({"a": "a", "b": True}), PLAIN),
    (pubsub_filter({"expression": 'attributes:a AND NOT hasPrefix(attributes.b, "a")'}), PLAIN),
    (pubsub_filter({"expression": 'attributes.a != "a" OR attributes."x-c" = "ab"'}), PLAIN),
    (eventgrid_filter({"subjectBeginsWith": "A", "filters": [
        {"operatorType": "StringIn", "key": "data.a", "values": ["A", "ab"]},
        {"operatorType": "NumberNotInRange", "key": "data.b", "values": [[0, 1], [5, 6]]},
    ]}), PLAIN),
    (eventgrid_filter({"advancedFilters": [
        {"operatorType": "StringNotContains", "key": "data.a.b", "values": ["B"]},
        {"operatorType": "IsNullOrUndefined", "key": "data.b"},
    ]}), PLAIN),
    *((servicebus_filter({"rules": [{"name": "r", "kind": "sql", "expression": text}]}), SERVICEBUS) for text in (
        "a = 'a' AND NOT b LIKE 'a%b_'", "a IN (1, 'a') OR b IS NULL", "NOT (a <> 1) AND EXISTS([x-c])", "a < b OR NOT a >= 1",
        "sys.Label = 'a' OR b NOT IN ('a', 'ab')", "a + 1 > b * 2 OR a + b LIKE 'a%' OR NOT a - b = 0",
    )),
    (servicebus_filter({"rules": [
        {"name": "c", "kind": "correlation", "fields": {"label": "x"}, "properties": {"a": 1}}, {"name": "f", "kind": "false"},
    ]}), SERVICEBUS),
]  # fmt: skip


@pytest.mark.parametrize(("predicate", "semantics"), DIALECTS)
@settings(max_examples=25, deadline=None)
@given(source=messages())
def test_every_dialect_is_shown_as_what_takes_the_same(
    predicate: Predicate, semantics: Semantics, source: Body
) -> None:
    shown_alike(predicate, semantics, source)


def test_it_reads_as_one_would_write_it() -> None:
    sql = {
        "name": "r",
        "kind": "sql",
        "expression": "tier = 'gold' AND (n > 3 OR sys.Label LIKE 'a%')",
    }
    assert as_cel(servicebus_filter({"rules": [sql]}), SERVICEBUS) == (
        '(h.tier == "gold" && (h.n > 3 || m.type.startsWith("a")))'
    )
    assert as_cel(headers_filter({"a": None, "b": 1}), PLAIN) == '("a" in h && h.b == 1)'


def test_null_in_a_list_is_no_header_where_null_is_missing() -> None:
    predicate = In(Header("a"), (Literal(None), Literal(1)))
    for semantics in (Semantics(Unknown.NO_MATCH, True), Semantics(Unknown.NO_MATCH, False)):
        for headers in ({"a": None}, {"a": 1}, {}):
            shown_alike(predicate, semantics, Source(headers, {}, {}))


def test_null_within_a_body_is_as_good_as_nothing() -> None:
    source = Body({}, {}, {})
    source.body = {"a": None}
    among = In(Member(("a",)), (Literal(None),))
    for predicate in (among, Not(Not(among)), Or((In(Header("a"), ()), among))):
        shown_alike(predicate, PLAIN, source)
