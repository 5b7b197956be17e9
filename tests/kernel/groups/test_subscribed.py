"""Names and patterns, and which streams they mean."""

import pytest
from tests.kernel.groups.world import GroupWorld

from dragoman.kernel.groups.subscribed import PATTERN_BYTES_MAX, Lookup, compile_pattern
from dragoman.model.errors import InvalidPattern


def world() -> tuple[GroupWorld, Lookup]:
    made = GroupWorld()
    for name in ("orders.eu", "orders.us", "orders/dead"):
        made.stream(name)
    return made, Lookup(made.kernel.state, "default")


def test_a_pattern_means_names_that_match_it_as_a_whole_and_that_the_protocol_can_say() -> None:
    made, lookup = world()
    named = {stream.name: stream.id for stream in made.kernel.state.streams.values()}
    assert lookup.matching("orders.*", "") == set(named.values())
    assert lookup.matching("orders.*", "[a-z.]+") == {named["orders.eu"], named["orders.us"]}
    assert lookup.matching("orders", "") == frozenset()
    assert lookup.wanted(("orders.eu", "gone")) == {named["orders.eu"]}


@pytest.mark.parametrize("pattern", ["a(", "(?=a)", "x" * (PATTERN_BYTES_MAX + 1)])
def test_a_pattern_that_re2_does_not_know_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidPattern):
        compile_pattern(pattern)


def test_what_takes_others_for_ever_is_done_at_once() -> None:
    assert compile_pattern("(a*)*b").fullmatch("a" * 100_000) is None


def test_the_signature_changes_with_what_there_is() -> None:
    made, lookup = world()
    before = lookup.signature()
    made.stream("new")
    assert lookup.signature() != before
