from hypothesis import given, settings
from hypothesis import strategies as st
from tests.kernel.filters.cases import Source

from dragoman.kernel.filters.compiler import compile_filter
from dragoman.kernel.filters.nodes import Header, equals
from dragoman.kernel.routes.binding import Passage
from dragoman.kernel.routes.graph import resolve
from dragoman.kernel.routes.route import Route

GOLD = compile_filter(equals(Header("tier"), "gold"))


def fanout(*targets: str, alternate: str | None = None) -> Route:
    route = Route("fanout", alternate=alternate)
    for target in targets:
        route.bind(target, "")
    return route


def test_routes_hand_on_to_routes_and_a_target_comes_once() -> None:
    graph = {"x": fanout("y", "q1", "z"), "y": fanout("q1", "q2"), "z": fanout("q3", "q2")}
    found = resolve(graph, "x", "k")
    assert found.targets == ("q1", "q2", "q3")
    assert found.by_key


def test_a_cycle_ends() -> None:
    graph = {"x": fanout("y", "x"), "y": fanout("q", "x")}
    assert resolve(graph, "x", "k").targets == ("q",)
    assert resolve({"x": fanout("x")}, "x", "k").targets == ()


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 11)), max_size=40))
def test_every_target_that_can_be_reached_is_found_once(edges: list[tuple[int, int]]) -> None:
    graph = {number: Route("fanout") for number in range(6)}
    for source, target in edges:
        graph[source].bind(target, "")
    reached = {0}
    while True:
        further = reached | {target for source, target in edges if source in reached}
        if further == reached:
            break
        reached = further
    found = resolve(graph, 0, "k").targets
    assert len(found) == len(set(found))
    assert set(found) == {target for target in reached if target > 5}


def test_the_alternate_takes_what_nothing_matched() -> None:
    direct = Route("direct", alternate="rest")
    direct.bind("q", "known")
    graph = {"x": direct, "rest": fanout("unrouted")}
    assert resolve(graph, "x", "known").targets == ("q",)
    assert resolve(graph, "x", "other").targets == ("unrouted",)


def test_the_alternate_is_asked_when_filters_leave_nothing() -> None:
    direct = Route("direct", alternate="rest")
    direct.bind("q", "k", filter_=GOLD)
    graph = {"x": direct, "rest": fanout("unrouted")}
    assert resolve(graph, "x", "k", Source({"tier": "gold"})).targets == ("q",)
    assert resolve(graph, "x", "k", Source()).targets == ("unrouted",)


def test_a_match_that_leads_nowhere_is_still_a_match() -> None:
    graph = {"x": fanout("empty", alternate="rest"), "empty": fanout(), "rest": fanout("unrouted")}
    assert resolve(graph, "x", "k").targets == ()


def test_alternates_may_form_a_circle_or_be_missing() -> None:
    graph = {"x": fanout(alternate="y"), "y": fanout(alternate="x"), "z": fanout(alternate="gone")}
    assert resolve(graph, "x", "k").targets == ()
    assert resolve(graph, "z", "k").targets == ()


def test_fields_that_are_needed_and_not_given_leave_it_unresolved() -> None:
    headers = Route("headers")
    graph = {"x": fanout("q", "h"), "h": headers}
    assert resolve(graph, "x", "k").by_key
    headers.bind("gold", "", {"tier": "gold"})
    asked = resolve(graph, "x", "k")
    assert asked.unresolved
    assert not asked.by_key
    told = resolve(graph, "x", "k", Source({"tier": "gold"}))
    assert told.targets == ("q", "gold")
    assert not told.by_key
    assert not told.unresolved


def test_what_chance_decided_holds_for_one_message_only() -> None:
    lot = Route("random")
    graph = {"x": lot}
    lot.bind("q1", "")
    assert resolve(graph, "x", "k").by_key
    lot.bind("q2", "")
    drawn = [resolve(graph, "x", "k", None, salt) for salt in range(50)]
    assert {found.targets for found in drawn} == {("q1",), ("q2",)}
    assert not any(found.by_key or found.unresolved for found in drawn)


def test_routes_of_chance_in_a_row_draw_apart() -> None:
    first, left, right = Route("random"), Route("random"), Route("random")
    for route, targets in ((first, ("l", "r")), (left, ("1", "2")), (right, ("3", "4"))):
        for target in targets:
            route.bind(target, "")
    graph = {"x": first, "l": left, "r": right}
    drawn = {resolve(graph, "x", "k", None, salt).targets for salt in range(100)}
    assert drawn == {("1",), ("2",), ("3",), ("4",)}


def test_headers_to_set_add_up_along_the_way_and_the_first_way_counts() -> None:
    start, middle = Route("direct"), Route("fanout")
    start.bind("m", "k", headers_set=(("via", "m"),))
    start.bind("q1", "k")
    middle.bind("q2", "", headers_set=(("last", "1"),))
    middle.bind("q1", "")
    found = resolve({"x": start, "m": middle}, "x", "k")
    assert found.targets == ("q1", "q2")
    assert found.passages == {"q2": Passage((("via", "m"), ("last", "1")))}


def test_further_keys_add_targets_but_not_for_routes_that_choose_one() -> None:
    direct, lot = Route("direct"), Route("modulus-hash")
    for key in ("a", "b", "c"):
        direct.bind(f"q-{key}", key)
        lot.bind(f"h-{key}", "")
    graph = {"x": direct, "y": lot}
    assert resolve(graph, "x", "a", None, 0, ("b", "a")).targets == ("q-a", "q-b")
    assert len(resolve(graph, "y", "a", None, 0, ("b", "c")).targets) == 1
