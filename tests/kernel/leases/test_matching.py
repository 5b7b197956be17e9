"""Filters of many subscriptions, looked up together."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.kernel.filters.cases import Source as FakeFields

from dragoman.kernel.filters.compiler import CompiledFilter, compile_filter
from dragoman.kernel.filters.servicebus import SEMANTICS, servicebus_filter
from dragoman.kernel.leases.matching import FEW, Matching, parts_of


def rules(*made: dict[str, Any]) -> CompiledFilter:
    named = [{"name": str(number), **rule} for number, rule in enumerate(made)]
    return compile_filter(servicebus_filter({"rules": named}), SEMANTICS)


def correlation(**properties: Any) -> dict[str, Any]:
    return {"kind": "correlation", "properties": properties}


def test_each_rule_stands_on_its_own_and_a_subscription_takes_a_message_once() -> None:
    filter_ = rules(correlation(n=1), correlation(m=1))
    assert len(parts_of(filter_)) == 2
    matching = Matching()
    matching.set(7, filter_)
    assert matching.takers(FakeFields({"n": 1, "m": 1})) == [7]


def test_filters_are_replaced_and_dropped() -> None:
    matching = Matching()
    for number in range(3 * FEW):
        matching.set(number, rules(correlation(n=number)))
    assert matching.takers(FakeFields({"n": 5})) == [5]
    matching.set(5, rules(correlation(n=6)))
    assert matching.takers(FakeFields({"n": 5})) == []
    assert matching.takers(FakeFields({"n": 6})) == [6, 5]
    matching.drop(6)
    matching.drop(99)
    assert matching.takers(FakeFields({"n": 6})) == [5]


def test_many_correlation_filters_are_not_asked_one_by_one() -> None:
    asked: list[str] = []

    class Watched(FakeFields):
        def attribute(self, name: str) -> object:
            asked.append(name)
            return super().attribute(name)

    matching = Matching()
    for number in range(500):
        rule = {"kind": "correlation", "fields": {"label": f"l{number}", "to": "t"}}
        matching.set(number, rules(rule))
    assert matching.takers(Watched({}, {"type": "l7", "to": "t"})) == [7]
    assert len(asked) < 20


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), min_size=1, max_size=3),
        max_size=20,
    ),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2)),
)
def test_what_is_looked_up_is_what_each_filter_says(
    made: list[list[tuple[str, int]]], headers: dict[str, int]
) -> None:
    matching = Matching()
    filters = {
        number: rules(*(correlation(**{name: value}) for name, value in each))
        for number, each in enumerate(made)
    }
    for number, filter_ in filters.items():
        matching.set(number, filter_)
    source = FakeFields(headers)
    expected = [number for number, filter_ in filters.items() if filter_.matches(source)]
    assert sorted(matching.takers(source)) == expected
