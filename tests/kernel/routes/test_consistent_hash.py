from collections import Counter

import pytest
from tests.kernel.filters.cases import Source
from tests.kernel.routes.made import bound, targets

from dragoman.kernel.filters.nodes import Header
from dragoman.kernel.routes.consistent_hash import WEIGHT_MAX, ConsistentHash, weight_of
from dragoman.model.errors import InvalidArgument

KEYS = [f"key-{number}" for number in range(6_000)]


def placed(route: ConsistentHash) -> dict[str, object]:
    return {key: targets(route.match(key, None, 0))[0] for key in KEYS}


def test_shares_are_proportional_to_weights() -> None:
    route = ConsistentHash()
    for target, weight in (("q1", "1"), ("q2", "1"), ("q3", "2"), ("q4", "2")):
        bound(route, target, weight)
    counts = Counter(placed(route).values())
    for target, share in (("q1", 1000), ("q2", 1000), ("q3", 2000), ("q4", 2000)):
        assert abs(counts[target] - share) < 0.15 * share


def test_a_binding_that_goes_moves_only_its_own_messages() -> None:
    route = ConsistentHash()
    bindings = [bound(route, f"q{number}", "1") for number in range(5)]
    before = placed(route)
    route.remove(bindings[2])
    after = placed(route)
    assert all(after[key] == target for key, target in before.items() if target != "q2")
    assert set(after.values()) == {"q0", "q1", "q3", "q4"}


def test_a_binding_that_comes_takes_from_all_and_moves_nothing_else() -> None:
    route = ConsistentHash()
    for number in range(4):
        bound(route, f"q{number}", "1")
    before = placed(route)
    bound(route, "new", "1")
    moved = {key: target for key, target in placed(route).items() if target != before[key]}
    assert set(moved.values()) == {"new"}
    assert {before[key] for key in moved} == {"q0", "q1", "q2", "q3"}


def test_bindings_made_in_another_order_place_messages_the_same() -> None:
    one, two = ConsistentHash(), ConsistentHash()
    for number in range(5):
        bound(one, f"q{number}", str(number + 1))
        bound(two, f"q{4 - number}", str(5 - number))
    assert placed(one) == placed(two)


def test_a_header_may_take_the_place_of_the_key() -> None:
    route = ConsistentHash(Header("customer"))
    for number in range(4):
        bound(route, f"q{number}", "1")
    assert route.needs_fields()
    found = {tuple(targets(route.match(key, Source({"customer": "c1"}), 0))) for key in KEYS[:50]}
    assert len(found) == 1
    assert route.match("k", Source(), 0) == route.match("other", Source(), 0)


def test_one_binding_takes_all_and_none_takes_nothing() -> None:
    route = ConsistentHash(Header("customer"))
    assert route.match("k", None, 0) == ()
    bound(route, "q", "7")
    assert not route.needs_fields()
    assert targets(route.match("k", None, 0)) == ["q"]


@pytest.mark.parametrize(
    "key", ["", "0", "-1", "1.5", "x", " 1", "\u0661", str(WEIGHT_MAX + 1), "1" * 5000]
)
def test_a_key_that_is_no_weight_is_refused(key: str) -> None:
    with pytest.raises(InvalidArgument):
        weight_of(key)
