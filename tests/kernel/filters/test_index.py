from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kernel.filters.cases import PREDICATES, SEMANTICS, SOURCES, Source

from dragoman.kernel.filters.compiler import CompiledFilter, compile_filter
from dragoman.kernel.filters.index import ANCHORS_MAX, Anchor, EqualityIndex, anchors_of
from dragoman.kernel.filters.nodes import (
    And,
    Compare,
    CompareOp,
    Exists,
    Header,
    In,
    Literal,
    Not,
    Or,
    Predicate,
    Semantics,
    equals,
)

A, B = Header("a"), Header("b")
FILTERS = st.builds(compile_filter, PREDICATES, SEMANTICS)
STEPS = st.lists(
    st.tuples(st.just("add"), st.integers(0, 9), FILTERS)
    | st.tuples(st.just("remove"), st.integers(0, 9), st.none()),
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.lists(SOURCES, min_size=1, max_size=4))
def test_the_index_finds_what_running_every_filter_finds_in_the_order_they_came(
    steps: list[tuple[str, int, CompiledFilter | None]], sources: list[Source]
) -> None:
    index = EqualityIndex()
    plain: dict[int, CompiledFilter] = {}
    for _, id_, filter_ in steps:
        known = plain.pop(id_, None)
        if filter_ is None:
            assert index.remove(id_) == (known is not None)
        else:
            plain[id_] = filter_
            index.add(id_, filter_)
    assert len(index) == len(plain)
    assert index.needs_fields == any(filter_.needs_fields for filter_ in plain.values())
    for source in sources:
        expected = [id_ for id_, filter_ in plain.items() if filter_.matches(source)]
        assert index.matches(source) == expected


def nobody(anchor: Anchor) -> int:
    return 0


class Counted(CompiledFilter):
    """Counts how often it is run."""

    __slots__ = ("runs",)

    def __init__(self, predicate: Predicate) -> None:
        plain = compile_filter(predicate)
        self.runs = 0

        def matches(source: object) -> bool:
            self.runs += 1
            return plain.matches(source)  # type: ignore[arg-type]

        super().__init__(predicate, plain.semantics, matches, [])


def test_filters_with_another_value_are_not_run() -> None:
    index = EqualityIndex()
    filters = [
        Counted(And((equals(A, n), Compare(CompareOp.LT, B, Literal(5))))) for n in range(1000)
    ]
    for n, filter_ in enumerate(filters):
        index.add(n, filter_)
    assert index.matches(Source({"a": 7, "b": 1})) == [7]
    assert [filter_.runs for filter_ in filters].count(0) == 999


def test_an_equality_that_all_filters_share_does_not_make_them_all_run() -> None:
    index = EqualityIndex()
    filters = [Counted(And((equals(B, "same"), equals(A, n)))) for n in range(100)]
    for n, filter_ in enumerate(filters):
        index.add(n, filter_)
    assert index.matches(Source({"a": 7, "b": "same"})) == [7]
    assert sum(filter_.runs for filter_ in filters) <= 2


def test_a_plain_equality_is_decided_without_running_anything() -> None:
    index = EqualityIndex()
    filters = [Counted(equals(A, 1)), Counted(Or((equals(A, 1), equals(B, 2)))), Counted(Exists(B))]
    for n, filter_ in enumerate(filters):
        index.add(n, filter_)
    assert index.matches(Source({"a": 1, "b": 2})) == [0, 1, 2]
    assert not any(filter_.runs for filter_ in filters)


def test_a_conjunction_is_found_by_its_equality_rather_than_a_presence() -> None:
    anchors = anchors_of(And((Exists(B), equals(A, 1))), Semantics(), nobody)
    assert anchors is not None
    assert anchors.conditions == ((A, 1),)
    assert not anchors.exact


def test_what_cannot_be_looked_up_has_no_anchors() -> None:
    many = In(A, tuple(map(Literal, range(ANCHORS_MAX + 1))))
    for predicate in (Not(equals(A, 1)), Or((equals(A, 1), Not(Exists(B)))), And(()), many):
        assert anchors_of(predicate, Semantics(), nobody) is None


def test_an_emptied_index_keeps_nothing() -> None:
    index = EqualityIndex()
    index.add("f", compile_filter(Or((equals(A, 1), equals(A, 1), Exists(B)))))
    assert index.remove("f")
    assert not index._headers
    assert index.matches(Source({"a": 1, "b": 1})) == []
