from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kernel.filters.cases import Source
from tests.kernel.routes.made import targets

from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.nodes import Header, equals
from dragoman.kernel.routes.route import KINDS, Route
from dragoman.kernel.settings import RouteKind
from dragoman.model.errors import InvalidArgument

GOLD = compile_filter(equals(Header("tier"), "gold"))
NAMES = st.tuples(
    st.sampled_from(["q1", "q2", "q3"]),
    st.sampled_from(["1", "2"]),
    st.sampled_from([{}, {"a": 1}, {"a": True}]),
)


def test_every_kind_the_settings_name_can_be_made() -> None:
    assert set(KINDS) == set(get_args(RouteKind))


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=30, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from(["bind", "unbind", "forget"]), NAMES), max_size=20))
def test_binding_twice_is_binding_once_in_every_kind(
    kind: str, steps: list[tuple[str, tuple[str, str, dict[str, object]]]]
) -> None:
    route = Route(kind)
    live: list[tuple[str, str, str]] = []
    for step, (target, key, arguments) in steps:
        name = (target, key, repr(arguments))
        if step == "bind":
            assert route.bind(target, key, arguments) == (name not in live)
            live = live if name in live else [*live, name]
        elif step == "unbind":
            assert route.unbind(target, key, arguments) == (name in live)
            live = [known for known in live if known != name]
        else:
            assert route.forget(target) == sum(known[0] == target for known in live)
            live = [known for known in live if known[0] != target]
        assert [(b.target, b.key, repr(b.arguments)) for b in route] == live
        found = targets(route.match("1", Source({"a": 1}), 0))
        assert set(found) <= {known[0] for known in live}
    assert len(route) == len(live)


def test_what_cannot_be_bound_changes_nothing() -> None:
    route = Route("consistent-hash")
    with pytest.raises(InvalidArgument):
        route.bind("q", "heavy")
    assert len(route) == 0
    assert route.find("q", "heavy") is None
    assert route.match("k", None, 0) == ()


def test_a_filter_narrows_what_the_key_has_matched() -> None:
    route = Route("direct")
    route.bind("all", "k")
    assert not route.needs_fields
    route.bind("gold", "k", filter_=GOLD)
    assert route.needs_fields
    assert targets(route.match("k", Source({"tier": "gold"}), 0)) == ["all", "gold"]
    assert targets(route.match("k", Source(), 0)) == ["all"]
    route.unbind("gold", "k")
    assert not route.needs_fields


def test_the_bindings_of_a_target_can_be_asked_for() -> None:
    route = Route("direct")
    route.bind("q", "a")
    route.bind("other", "a")
    route.bind("q", "b", headers_set=(("via", "b"),))
    assert [binding.key for binding in route.bindings_to("q")] == ["a", "b"]
    found = route.find("q", "b")
    assert found is not None
    assert found.headers_set == (("via", "b"),)
    assert route.bindings_to("absent") == []


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["", "x", "y", "z"])), max_size=40),
    st.sampled_from("ab"),
    st.sampled_from(["x", "y", "w"]),
)
def test_many_filters_are_found_as_if_each_were_run(
    bound: list[tuple[str, str]], key: str, value: str
) -> None:
    for kind in ("fanout", "direct", "topic"):
        route = Route(kind)
        for number, (own, wanted) in enumerate(bound):
            filter_ = compile_filter(equals(Header("h"), wanted)) if wanted else None
            route.bind(number, own, filter_=filter_)
        for gone in range(0, len(bound), 7):
            route.forget(gone)
        source = Source({"h": value})
        expected = [
            number
            for number, (own, wanted) in enumerate(bound)
            if number % 7 and (kind == "fanout" or own == key) and wanted in ("", value)
        ]
        for _ in range(2):
            assert [each.target for each in route.match(key, source, 0)] == expected
